/* Everything is keyed by its id in lower case, because a network may come whole, in pieces (a
 * subnet as a resource of its own) or not at all (a subnet of a network that is elsewhere). */
#include "import/network_impl.h"

#include <string.h>
#include <strings.h>

const char *const mln_next_hop_names[MLN_NEXT_HOP_COUNT] = {
    [MLN_NEXT_HOP_LOCAL] = "VnetLocal",   [MLN_NEXT_HOP_GATEWAY] = "VirtualNetworkGateway",
    [MLN_NEXT_HOP_INTERNET] = "Internet", [MLN_NEXT_HOP_APPLIANCE] = "VirtualAppliance",
    [MLN_NEXT_HOP_NONE] = "None",
};

struct mln_networks *mln_networks_new(struct mln_nsg_reader *r, struct mln_deployed *out)
{
    struct mln_networks *n = MLN_NEW(r->ctx->arena, struct mln_networks);
    n->r = r;
    n->out = out;
    n->networks = mln_map_new(r->ctx->arena);
    n->subnets = mln_map_new(r->ctx->arena);
    n->nics = mln_map_new(r->ctx->arena);
    n->tables = mln_map_new(r->ctx->arena);
    n->peerings = mln_map_new(r->ctx->arena);
    n->routes = mln_map_new(r->ctx->arena);
    return n;
}

/* ---- texts and ids ---- */

const char *mln_net_folded(struct mln_networks *n, const char *id)
{
    char *key = mln_strdup(n->r->ctx->arena, id);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return key;
}

const char *mln_net_text(struct mln_networks *n, const cJSON *json, const char *key)
{
    const char *text = mln_member_text(json, key);
    return text ? mln_strdup(n->r->ctx->arena, text) : "";
}

const cJSON *mln_net_fields(const cJSON *json)
{
    const cJSON *fields = mln_member(json, "properties");
    return fields ? fields : json;
}

const char *mln_net_reference(struct mln_networks *n, const cJSON *fields, const char *key)
{
    const cJSON *json = mln_member(fields, key);
    const char *id = mln_member_text(json, "id");
    if (json && !cJSON_IsObject(json) && !cJSON_IsNull(json) &&
        mln_origin_unknown(n->r->document->origins, json))
        return "{unknown}";
    return id && *id ? mln_strdup(n->r->ctx->arena, id) : NULL;
}

const char *mln_net_id_name(struct mln_networks *n, const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash ? mln_intern(n->r->ctx->names, slash + 1) : "";
}

/* "/.../virtualNetworks/v/subnets/s" without its last two parts; "" when it has none. */
static const char *parent_of(struct mln_networks *n, const char *id)
{
    size_t length = strlen(id);
    for (int parts = 0; parts < 2; parts++) {
        while (length > 0 && id[length - 1] != '/')
            length--;
        length -= length > 0;
    }
    return mln_strndup(n->r->ctx->arena, id, length);
}

/* The id of an inner resource that gives only its name. */
static const char *inner_id(struct mln_networks *n, const cJSON *json, const char *parent,
                            const char *collection)
{
    const char *id = mln_member_text(json, "id"), *name = mln_member_text(json, "name");
    if (id && *id)
        return mln_strdup(n->r->ctx->arena, id);
    return mln_printf(n->r->ctx->arena, "%s/%s/%s", parent, collection, name ? name : "");
}

/* ---- prefixes ---- */

MLN_VEC_TYPE(prefixes, struct mln_prefix);

/* false: not known, or reported. */
static bool read_prefix(struct mln_networks *n, const cJSON *json, struct mln_prefix *prefix)
{
    const char *text = cJSON_GetStringValue(json);
    char fixed[MLN_IP_TEXT];
    if (mln_origin_unknown(n->r->document->origins, json))
        return false;
    enum mln_prefix_error error =
        text ? mln_prefix_parse(text, strlen(text), prefix) : MLN_PREFIX_SYNTAX;
    if (error == MLN_PREFIX_HOST_BITS)
        mln_nsg_odd(n->r, json, "'%s' has host bits set; it is read as %s", text,
                    mln_prefix_text(prefix, fixed));
    else if (error != MLN_PREFIX_OK)
        mln_document_complain(n->r->document, json, "an address prefix must be like 10.0.0.0/16");
    return error == MLN_PREFIX_OK || error == MLN_PREFIX_HOST_BITS;
}

/* One or a list of them. A set that is not known wholly is not known. */
static void read_prefixes(struct mln_networks *n, const cJSON *json, struct prefixes *out)
{
    struct mln_prefix prefix;
    out->len = 0;
    if (cJSON_IsString(json) && *json->valuestring && read_prefix(n, json, &prefix))
        mln_vec_push(n->r->ctx->arena, out, prefix);
    for (const cJSON *item = cJSON_IsArray(json) ? json->child : NULL; item; item = item->next) {
        if (!read_prefix(n, item, &prefix)) {
            out->len = 0;
            return;
        }
        mln_vec_push(n->r->ctx->arena, out, prefix);
    }
}

#define READ_PREFIXES(n, json, vec) \
    do { \
        struct prefixes list_ = {0}; \
        read_prefixes((n), (json), &list_); \
        (vec)->data = list_.data; \
        (vec)->len = list_.len; \
        (vec)->cap = list_.cap; \
    } while (0)

/* ---- networks and subnets ---- */

static struct mln_deployed_network *find_network(struct mln_networks *n, const char *id,
                                                 struct mln_span span)
{
    const char *key = mln_net_folded(n, id);
    struct mln_deployed_network *network = *id ? mln_map_get(n->networks, key) : NULL;
    if (network)
        return network;
    network = MLN_NEW(n->r->ctx->arena, struct mln_deployed_network);
    network->id = id;
    network->name = mln_net_id_name(n, id);
    network->span = span;
    mln_vec_push(n->r->ctx->arena, &n->out->networks, network);
    if (*id)
        mln_map_put(n->networks, key, network);
    return network;
}

static struct mln_deployed_subnet *find_subnet(struct mln_networks *n, const char *id,
                                               struct mln_deployed_network *network)
{
    const char *key = mln_net_folded(n, id);
    struct mln_deployed_subnet *subnet = *network->id ? mln_map_get(n->subnets, key) : NULL;
    if (subnet)
        return subnet;
    subnet = MLN_NEW(n->r->ctx->arena, struct mln_deployed_subnet);
    subnet->network = network;
    mln_vec_push(n->r->ctx->arena, &network->subnets, subnet);
    mln_map_put(n->subnets, key, subnet);
    return subnet;
}

static void read_subnet(struct mln_networks *n, struct mln_deployed_network *network,
                        const cJSON *json)
{
    const char *id = inner_id(n, json, network->id, "subnets");
    struct mln_deployed_subnet *subnet = find_subnet(n, id, network);
    const cJSON *fields = mln_net_fields(json);
    const cJSON *many = mln_member(fields, "addressPrefixes");
    subnet->id = id;
    subnet->name = mln_net_id_name(n, id);
    subnet->span = mln_nsg_place(n->r, json);
    subnet->nsg = MLN_DEPLOYED_NONE;
    subnet->nsg_id = mln_net_reference(n, fields, "networkSecurityGroup");
    subnet->routes_id = mln_net_reference(n, fields, "routeTable");
    READ_PREFIXES(n,
                  cJSON_IsArray(many) && many->child ? many : mln_member(fields, "addressPrefix"),
                  &subnet->prefixes);
}

void mln_networks_add_subnet(struct mln_networks *n, const cJSON *json)
{
    const char *parent = parent_of(n, mln_net_text(n, json, "id"));
    read_subnet(n, find_network(n, parent, mln_nsg_place(n->r, json)), json);
}

/* ---- peerings ---- */

bool mln_net_is_true(const cJSON *fields, const char *key)
{
    return cJSON_IsTrue(mln_member(fields, key));
}

static struct mln_deployed_peering *
find_peering(struct mln_networks *n, struct mln_deployed_network *network, const char *id)
{
    struct mln_deployed_peering fresh = {.name = mln_net_id_name(n, id)};
    const char *key = mln_net_folded(n, id);
    uintptr_t index = (uintptr_t)mln_map_get(n->peerings, key);
    if (!index || !*network->id) {
        mln_vec_push(n->r->ctx->arena, &network->peerings, fresh);
        index = network->peerings.len;
        mln_map_put(n->peerings, key, (void *)index);
    }
    return &network->peerings.data[index - 1];
}

static void read_peering(struct mln_networks *n, struct mln_deployed_network *network,
                         const cJSON *json)
{
    const cJSON *fields = mln_net_fields(json);
    const char *state = mln_member_text(fields, "peeringState");
    const char *id = inner_id(n, json, network->id, "virtualNetworkPeerings");
    struct mln_deployed_peering *peering = find_peering(n, network, id);
    const cJSON *space = mln_member(fields, "remoteVirtualNetworkAddressSpace");
    space = space ? space : mln_member(fields, "remoteAddressSpace");
    peering->span = mln_nsg_place(n->r, json);
    peering->remote = MLN_DEPLOYED_NONE;
    peering->remote_id = mln_net_reference(n, fields, "remoteVirtualNetwork");
    peering->use_remote_gateways = mln_net_is_true(fields, "useRemoteGateways");
    peering->allow_gateway_transit = mln_net_is_true(fields, "allowGatewayTransit");
    peering->connected = !state || strcasecmp(state, "Connected") == 0;
    READ_PREFIXES(n, mln_member(space, "addressPrefixes"), &peering->prefixes);
}

void mln_networks_add_peering(struct mln_networks *n, const cJSON *json)
{
    const char *parent = parent_of(n, mln_net_text(n, json, "id"));
    read_peering(n, find_network(n, parent, mln_nsg_place(n->r, json)), json);
}

static const cJSON *items(const cJSON *fields, const char *key)
{
    const cJSON *list = mln_member(fields, key);
    return cJSON_IsArray(list) ? list->child : NULL;
}

void mln_networks_add_network(struct mln_networks *n, const cJSON *json)
{
    const cJSON *fields = mln_net_fields(json);
    struct mln_deployed_network *network =
        find_network(n, mln_net_text(n, json, "id"), mln_nsg_place(n->r, json));
    const char *location = mln_member_text(json, "location");
    network->span = mln_nsg_place(n->r, json);
    network->name = mln_net_text(n, json, "name");
    network->location = location ? mln_strdup(n->r->ctx->arena, location) : NULL;
    READ_PREFIXES(n, mln_member(mln_member(fields, "addressSpace"), "addressPrefixes"),
                  &network->prefixes);
    for (const cJSON *item = items(fields, "subnets"); item; item = item->next)
        read_subnet(n, network, item);
    for (const cJSON *item = items(fields, "virtualNetworkPeerings"); item; item = item->next)
        read_peering(n, network, item);
}

/* ---- routes ---- */

static struct mln_deployed_route_table *find_table(struct mln_networks *n, const char *id,
                                                   struct mln_span span)
{
    const char *key = mln_net_folded(n, id);
    struct mln_deployed_route_table *table = *id ? mln_map_get(n->tables, key) : NULL;
    if (table)
        return table;
    table = MLN_NEW(n->r->ctx->arena, struct mln_deployed_route_table);
    table->id = id;
    table->name = mln_net_id_name(n, id);
    table->span = span;
    mln_vec_push(n->r->ctx->arena, &n->out->route_tables, table);
    if (*id)
        mln_map_put(n->tables, key, table);
    return table;
}

static bool read_hop(struct mln_networks *n, const cJSON *fields, struct mln_deployed_route *route)
{
    const cJSON *json = mln_member(fields, "nextHopType");
    const char *text = cJSON_GetStringValue(json);
    for (int hop = 0; text && hop < MLN_NEXT_HOP_COUNT; hop++)
        if (strcasecmp(text, mln_next_hop_names[hop]) == 0) {
            route->hop = (enum mln_next_hop)hop;
            return true;
        }
    if (!mln_origin_unknown(n->r->document->origins, json))
        mln_document_complain(n->r->document, json ? json : fields,
                              "the 'nextHopType' of a route is VirtualNetworkGateway, VnetLocal, "
                              "Internet, VirtualAppliance or None");
    return false;
}

/* A route may go to a service tag in the place of a prefix. */
static bool read_destination(struct mln_networks *n, const cJSON *fields,
                             struct mln_deployed_route *route)
{
    const cJSON *json = mln_member(fields, "addressPrefix");
    const char *text = cJSON_GetStringValue(json);
    if (text && !mln_origin_unknown(n->r->document->origins, json)) {
        route->tag = mln_tags_find(n->r->tags, text);
        if (route->tag)
            return true;
    }
    return json ? read_prefix(n, json, &route->prefix)
                : (mln_document_complain(n->r->document, fields, "a route has no 'addressPrefix'"),
                   false);
}

static void put_route(struct mln_networks *n, struct mln_deployed_route_table *table,
                      const char *id, struct mln_deployed_route route)
{
    const char *key = mln_net_folded(n, id);
    uintptr_t index = (uintptr_t)mln_map_get(n->routes, key);
    if (index && *table->id) {
        table->routes.data[index - 1] = route;
        return;
    }
    mln_vec_push(n->r->ctx->arena, &table->routes, route);
    mln_map_put(n->routes, key, (void *)(uintptr_t)table->routes.len);
}

static void read_route(struct mln_networks *n, struct mln_deployed_route_table *table,
                       const cJSON *json)
{
    const cJSON *fields = mln_net_fields(json), *hop_ip = mln_member(fields, "nextHopIpAddress");
    const char *id = inner_id(n, json, table->id, "routes");
    struct mln_deployed_route route = {.name = mln_net_id_name(n, id),
                                       .span = mln_nsg_place(n->r, json)};
    if (!read_hop(n, fields, &route) || !read_destination(n, fields, &route)) {
        table->incomplete = true;
        return;
    }
    if (cJSON_IsString(hop_ip) && *hop_ip->valuestring && route.hop == MLN_NEXT_HOP_APPLIANCE)
        route.has_appliance = read_prefix(n, hop_ip, &route.appliance);
    put_route(n, table, id, route);
}

void mln_networks_add_route(struct mln_networks *n, const cJSON *json)
{
    const char *parent = parent_of(n, mln_net_text(n, json, "id"));
    read_route(n, find_table(n, parent, mln_nsg_place(n->r, json)), json);
}

void mln_networks_add_route_table(struct mln_networks *n, const cJSON *json)
{
    struct mln_deployed_route_table *table =
        find_table(n, mln_net_text(n, json, "id"), mln_nsg_place(n->r, json));
    const cJSON *routes = mln_member(mln_net_fields(json), "routes");
    table->span = mln_nsg_place(n->r, json);
    table->name = mln_net_text(n, json, "name");
    table->incomplete = routes && !cJSON_IsArray(routes);
    for (const cJSON *item = cJSON_IsArray(routes) ? routes->child : NULL; item; item = item->next)
        read_route(n, table, item);
}

/* ---- binding ---- */

size_t mln_net_index(struct mln_networks *n, const struct mln_map *map, const char *id)
{
    const void *index = id ? mln_map_get(map, mln_net_folded(n, id)) : NULL;
    return index ? (uintptr_t)index - 1 : MLN_DEPLOYED_NONE;
}

static void bind_network(struct mln_networks *n, struct mln_deployed_network *network,
                         const struct mln_map *nsgs, const struct mln_map *networks)
{
    for (size_t i = 0; i < network->subnets.len; i++) {
        struct mln_deployed_subnet *subnet = network->subnets.data[i];
        subnet->nsg = mln_net_index(n, nsgs, subnet->nsg_id);
        if (subnet->routes_id)
            subnet->routes = mln_map_get(n->tables, mln_net_folded(n, subnet->routes_id));
    }
    for (size_t i = 0; i < network->peerings.len; i++)
        network->peerings.data[i].remote =
            mln_net_index(n, networks, network->peerings.data[i].remote_id);
}

void mln_networks_bind(struct mln_networks *n)
{
    struct mln_map *nsgs = mln_map_new(n->r->ctx->arena);
    struct mln_map *networks = mln_map_new(n->r->ctx->arena);
    for (size_t i = 0; i < n->out->nsgs.len; i++)
        if (n->out->nsgs.data[i]->id)
            mln_map_put(nsgs, mln_net_folded(n, n->out->nsgs.data[i]->id),
                        (void *)(uintptr_t)(i + 1));
    for (size_t i = 0; i < n->out->networks.len; i++)
        if (*n->out->networks.data[i]->id)
            mln_map_put(networks, mln_net_folded(n, n->out->networks.data[i]->id),
                        (void *)(uintptr_t)(i + 1));
    for (size_t i = 0; i < n->out->networks.len; i++)
        bind_network(n, n->out->networks.data[i], nsgs, networks);
    mln_nics_bind(n, nsgs);
}

struct mln_deployed_subnet_vec mln_deployed_bound(struct mln_arena *arena,
                                                  const struct mln_deployed *deployed, size_t nsg)
{
    struct mln_deployed_subnet_vec out = {0};
    for (size_t i = 0; i < deployed->networks.len; i++)
        for (size_t k = 0; k < deployed->networks.data[i]->subnets.len; k++)
            if (deployed->networks.data[i]->subnets.data[k]->nsg == nsg)
                mln_vec_push(arena, &out, deployed->networks.data[i]->subnets.data[k]);
    return out;
}
