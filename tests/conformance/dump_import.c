/* Shows what the importer reads: one line of JSON for each file, for tests.
 *
 *     dump_import [--param NAME=TEXT]... [--params FILE] [--repeat N] FILE...
 *
 * --repeat reads each file N times and shows nothing, to measure. */
#include "azure/legal.h"
#include "base/file.h"
#include "base/json.h"
#include "import/deployed.h"
#include "lang/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    struct mln_arena *arena;
    MLN_VEC(struct mln_deployed_param) list;
    const char *params;
    int repeat;
};

static void put_prefixes(struct mln_json *json, const char *key, const struct mln_prefix *prefixes,
                         size_t count)
{
    char text[MLN_IP_TEXT];
    mln_json_key(json, key);
    mln_json_array(json);
    for (size_t i = 0; i < count; i++)
        mln_json_string(json, mln_prefix_text(&prefixes[i], text));
    mln_json_end_array(json);
}

static void put_side(struct mln_json *json, const char *key, const struct mln_rule_side *side)
{
    struct mln_prefix *prefixes = NULL;
    switch (side->kind) {
    case MLN_SIDE_ANY:
        mln_json_pair(json, key, "*");
        break;
    case MLN_SIDE_TAG:
        mln_json_pair(json, key, side->tag->name);
        break;
    case MLN_SIDE_ASG:
        mln_json_key(json, key);
        mln_json_object(json);
        mln_json_pair(json, "asg", side->asg->name);
        mln_json_end_object(json);
        break;
    case MLN_SIDE_PREFIXES: {
        size_t count = mln_ipset_prefixes(json->out->arena, side->prefixes, &prefixes);
        put_prefixes(json, key, prefixes, count);
    }
    }
}

static void put_ports(struct mln_json *json, const char *key, const struct mln_portset *ports)
{
    mln_json_key(json, key);
    mln_json_array(json);
    for (size_t i = 0; i < ports->len; i++) {
        mln_json_array(json);
        mln_json_number(json, ports->ranges[i].lo);
        mln_json_number(json, ports->ranges[i].hi);
        mln_json_end_array(json);
    }
    mln_json_end_array(json);
}

static void put_rule(struct mln_json *json, const struct mln_rule *rule)
{
    mln_json_object(json);
    mln_json_pair(json, "name", rule->name);
    mln_json_pair(json, "direction", mln_azure_direction_name(rule->direction));
    mln_json_key(json, "priority");
    mln_json_number(json, rule->priority);
    mln_json_pair(json, "access", mln_azure_access_name(rule->action));
    mln_json_pair(json, "protocol", mln_azure_protocol_name(rule->proto));
    put_side(json, "source", &rule->src);
    put_side(json, "destination", &rule->dst);
    put_ports(json, "sourcePorts", rule->sport);
    put_ports(json, "destinationPorts", rule->dport);
    mln_json_pair(json, "description", rule->description);
    mln_json_end_object(json);
}

static void put_nsg(struct mln_json *json, struct mln_diags *diags,
                    const struct mln_imported_nsg *nsg)
{
    mln_json_object(json);
    mln_json_pair(json, "name", nsg->name);
    mln_json_pair(json, "id", nsg->id);
    mln_json_pair(json, "location", nsg->location);
    mln_json_key(json, "incomplete");
    mln_json_bool(json, nsg->incomplete);
    mln_json_key(json, "line");
    mln_json_number(json, nsg->span.file ? mln_line_of(diags, nsg->span.file, nsg->span.lo) : 0);
    mln_json_key(json, "rules");
    mln_json_array(json);
    for (int direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < nsg->rules[direction].len; i++)
            put_rule(json, nsg->rules[direction].data[i]);
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void put_subnet(struct mln_json *json, const struct mln_deployed_subnet *subnet)
{
    mln_json_object(json);
    mln_json_pair(json, "name", subnet->name);
    mln_json_pair(json, "id", subnet->id);
    put_prefixes(json, "prefixes", subnet->prefixes.data, subnet->prefixes.len);
    mln_json_pair(json, "nsgId", subnet->nsg_id);
    mln_json_key(json, "nsg");
    mln_json_number(json, subnet->nsg == MLN_DEPLOYED_NONE ? -1 : (long long)subnet->nsg);
    mln_json_pair(json, "routes", subnet->routes ? subnet->routes->name : subnet->routes_id);
    mln_json_end_object(json);
}

static void put_peering(struct mln_json *json, const struct mln_deployed_peering *peering)
{
    mln_json_object(json);
    mln_json_pair(json, "name", peering->name);
    mln_json_pair(json, "remoteId", peering->remote_id);
    mln_json_key(json, "remote");
    mln_json_number(json, peering->remote == MLN_DEPLOYED_NONE ? -1 : (long long)peering->remote);
    put_prefixes(json, "prefixes", peering->prefixes.data, peering->prefixes.len);
    mln_json_key(json, "useRemoteGateways");
    mln_json_bool(json, peering->use_remote_gateways);
    mln_json_key(json, "connected");
    mln_json_bool(json, peering->connected);
    mln_json_end_object(json);
}

static void put_network(struct mln_json *json, const struct mln_deployed_network *network)
{
    mln_json_object(json);
    mln_json_pair(json, "name", network->name);
    mln_json_pair(json, "id", network->id);
    mln_json_pair(json, "location", network->location);
    put_prefixes(json, "prefixes", network->prefixes.data, network->prefixes.len);
    mln_json_key(json, "subnets");
    mln_json_array(json);
    for (size_t i = 0; i < network->subnets.len; i++)
        put_subnet(json, network->subnets.data[i]);
    mln_json_end_array(json);
    mln_json_key(json, "peerings");
    mln_json_array(json);
    for (size_t i = 0; i < network->peerings.len; i++)
        put_peering(json, &network->peerings.data[i]);
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void put_table(struct mln_json *json, const struct mln_deployed_route_table *table)
{
    mln_json_object(json);
    mln_json_pair(json, "name", table->name);
    mln_json_key(json, "incomplete");
    mln_json_bool(json, table->incomplete);
    mln_json_key(json, "routes");
    mln_json_array(json);
    for (size_t i = 0; i < table->routes.len; i++) {
        const struct mln_deployed_route *route = &table->routes.data[i];
        char to[MLN_IP_TEXT], hop[MLN_IP_TEXT];
        mln_json_object(json);
        mln_json_pair(json, "name", route->name);
        mln_json_pair(json, "to",
                      route->tag ? route->tag->name : mln_prefix_text(&route->prefix, to));
        mln_json_pair(json, "hop", mln_next_hop_names[route->hop]);
        mln_json_pair(json, "appliance",
                      route->has_appliance ? mln_prefix_text(&route->appliance, hop) : NULL);
        mln_json_end_object(json);
    }
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void put_ip(struct mln_json *json, const struct mln_deployed_ip *ip)
{
    char text[MLN_IP_TEXT];
    mln_json_object(json);
    mln_json_pair(json, "family", ip->family == MLN_IPV6 ? "IPv6" : "IPv4");
    mln_json_pair(json, "address", ip->known ? mln_prefix_text(&ip->address, text) : NULL);
    mln_json_pair(json, "subnet", ip->subnet ? ip->subnet->name : NULL);
    mln_json_end_object(json);
}

static void put_nic(struct mln_json *json, const struct mln_deployed_nic *nic)
{
    mln_json_object(json);
    mln_json_pair(json, "name", nic->name);
    mln_json_pair(json, "nsgId", nic->nsg_id);
    mln_json_key(json, "nsg");
    mln_json_number(json, nic->nsg == MLN_DEPLOYED_NONE ? -1 : (long long)nic->nsg);
    mln_json_key(json, "many");
    mln_json_bool(json, nic->many);
    mln_json_key(json, "ips");
    mln_json_array(json);
    for (size_t i = 0; i < nic->ips.len; i++)
        put_ip(json, &nic->ips.data[i]);
    mln_json_end_array(json);
    mln_json_key(json, "asgsKnown");
    mln_json_bool(json, nic->asgs_known);
    mln_json_key(json, "asgs");
    mln_json_array(json);
    for (size_t i = 0; i < nic->asgs.len; i++)
        mln_json_string(json, nic->asgs.data[i]);
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void put_diag(struct mln_json *json, struct mln_diags *diags, const struct mln_diag *diag)
{
    static const char *const words[] = {"note", "warning", "error"};
    mln_json_object(json);
    mln_json_pair(json, "slug", mln_diag_catalogue[diag->id].slug);
    mln_json_pair(json, "severity", words[diag->severity]);
    mln_json_pair(json, "message", diag->message);
    mln_json_key(json, "line");
    mln_json_number(json, diag->span.file ? mln_line_of(diags, diag->span.file, diag->span.lo) : 0);
    mln_json_end_object(json);
}

static void put_file(struct mln_json *json, const char *path, bool good, struct mln_diags *diags,
                     const struct mln_deployed *deployed)
{
    mln_json_object(json);
    mln_json_pair(json, "file", path);
    mln_json_key(json, "good");
    mln_json_bool(json, good);
    mln_json_key(json, "template");
    mln_json_bool(json, deployed->from_template);
    mln_json_key(json, "diagnostics");
    mln_json_array(json);
    for (size_t i = 0; i < diags->list.len; i++)
        put_diag(json, diags, diags->list.data[i]);
    mln_json_end_array(json);
    mln_json_key(json, "nsgs");
    mln_json_array(json);
    for (size_t i = 0; i < deployed->nsgs.len; i++)
        put_nsg(json, diags, deployed->nsgs.data[i]);
    mln_json_end_array(json);
    mln_json_key(json, "networks");
    mln_json_array(json);
    for (size_t i = 0; i < deployed->networks.len; i++)
        put_network(json, deployed->networks.data[i]);
    mln_json_end_array(json);
    mln_json_key(json, "routeTables");
    mln_json_array(json);
    for (size_t i = 0; i < deployed->route_tables.len; i++)
        put_table(json, deployed->route_tables.data[i]);
    mln_json_end_array(json);
    mln_json_key(json, "interfaces");
    mln_json_array(json);
    for (size_t i = 0; i < deployed->nics.len; i++)
        put_nic(json, deployed->nics.data[i]);
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void dump(const struct options *options, const char *path, const char *text, size_t length,
                 const char *params, size_t params_length)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_ctx ctx = {arena, mln_names_new(arena), mln_diags_new(arena)};
    size_t size;
    const char *table = mln_stdlib_get("azure/tags-public.tsv", &size);
    struct mln_tags *tags = mln_tags_catalogue(&ctx, MLN_CLOUD_PUBLIC, table, size);
    struct mln_deployed_params given = {.file_name = options->params,
                                        .file_text = params,
                                        .file_length = params_length,
                                        .list = options->list.data,
                                        .count = options->list.len};
    struct mln_deployed deployed = {0};
    bool good = mln_deployed_read(&ctx, tags, path, text, length, &given, &deployed);
    struct mln_buf out;
    struct mln_json json;
    mln_buf_init(&out, arena);
    mln_json_init(&json, &out, true);
    put_file(&json, path, good, ctx.diags, &deployed);
    if (!options->repeat)
        printf("%.*s\n", (int)out.len, out.data);
    mln_arena_free(arena);
}

static void read_file(const struct options *options, const char *path)
{
    size_t length = 0, params_length = 0;
    char *text = mln_file_read(options->arena, path, &length);
    char *params =
        options->params ? mln_file_read(options->arena, options->params, &params_length) : NULL;
    if (!text || (options->params && !params)) {
        fprintf(stderr, "dump_import: cannot read %s\n", text ? options->params : path);
        exit(66);
    }
    for (int i = 0; i == 0 || i < options->repeat; i++)
        dump(options, path, text, length, params, params_length);
}

static void add_param(struct options *options, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals)
        exit(64);
    *equals = '\0';
    struct mln_deployed_param param = {.name = text, .text = equals + 1};
    mln_vec_push(options->arena, &options->list, param);
}

int main(int argc, char **argv)
{
    struct options options = {.arena = mln_arena_new()};
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--param") == 0)
            add_param(&options, argv[at + 1]);
        else if (strcmp(argv[at], "--params") == 0)
            options.params = argv[at + 1];
        else if (strcmp(argv[at], "--repeat") == 0)
            options.repeat = atoi(argv[at + 1]);
        else
            return 64;
    }
    for (; at < argc; at++)
        read_file(&options, argv[at]);
    mln_arena_free(options.arena);
    return 0;
}
