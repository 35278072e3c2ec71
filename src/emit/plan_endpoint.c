/* Private endpoints of the plan, with the members that fixed addresses belong to.
 *
 * A group ("registry") has one member or several, each with an address of its own, and Azure takes
 * fixed addresses only for all of them, by name. The names are the service's; those known here come
 * from the answers it gave: [terraform-provider-azurerm#18443] vault, [#21781] registry,
 * [Azure/bicep#7119] sites. One address whose member is not in the table goes to the member that is
 * called like the group, as for "sites" and storage. */
#include "emit/plan_impl.h"

#include <string.h>

enum { MEMBERS_MAX = 4 };

struct group_members {
    const char *type, *group;
    const char *members[MEMBERS_MAX];
    size_t min; /* so many of them, from the first, are enough */
};

static const struct group_members known_members[] = {
    {"Microsoft.KeyVault/vaults", "vault", {"default"}, 1},
    /* Replicas add a member each, by the names of their regions, which no policy says. */
    {"Microsoft.ContainerRegistry/registries",
     "registry",
     {"registry", "registry_data_{region}"},
     2},
    /* Older workspaces have no member "models". */
    {"Microsoft.MachineLearningServices/workspaces",
     "amlworkspace",
     {"default", "notebook", "inference", "models"},
     3},
    {"Microsoft.CognitiveServices/accounts", "account", {"default", "secondary", "third"}, 1},
};

static const struct group_members *find_members(const struct mln_endpoint *endpoint)
{
    for (size_t i = 0; i < sizeof known_members / sizeof *known_members; i++)
        if (strcmp(known_members[i].type, endpoint->resource->kind->type) == 0 &&
            strcmp(known_members[i].group, endpoint->sub->group) == 0)
            return &known_members[i];
    return NULL;
}

/* The name of member `index` of `count`; NULL when it is not known. */
static const char *member_of(const struct group_members *known, const struct mln_endpoint *endpoint,
                             size_t index, size_t count)
{
    if (!known)
        return count == 1 ? endpoint->sub->group : NULL;
    return count >= known->min && count <= MEMBERS_MAX ? known->members[index] : NULL;
}

/* How many single addresses `at` gives, MEMBERS_MAX + 1 for more than anything has. */
static size_t count_addresses(const struct mln_prefix_list *at)
{
    size_t count = 0;
    for (size_t i = 0; i < at->len; i++) {
        unsigned host = (at->data[i].family == MLN_IPV4 ? 32u : 128u) - at->data[i].length;
        count += host > 2 ? MEMBERS_MAX + 1 : (size_t)1 << host;
    }
    return count > MEMBERS_MAX ? MEMBERS_MAX + 1 : count;
}

static bool members_known(const struct mln_endpoint *endpoint, size_t count)
{
    return count == 0 || member_of(find_members(endpoint), endpoint, count - 1, count);
}

static const char *in_region(struct mln_arena *arena, const char *text, const char *region)
{
    const char *hole = strstr(text, "{region}");
    if (!hole || !region)
        return text;
    return mln_printf(arena, "%.*s%s%s", (int)(hole - text), text, region,
                      hole + strlen("{region}"));
}

static void add_addresses(struct mln_arena *arena, struct mln_plan_endpoint *planned)
{
    const struct mln_endpoint *endpoint = planned->endpoint;
    const struct group_members *known = find_members(endpoint);
    size_t count = count_addresses(&endpoint->at), index = 0;
    const char *region = endpoint->resource->region ? endpoint->resource->region : planned->region;
    planned->members_unknown = !members_known(endpoint, count);
    if (planned->members_unknown)
        return;
    for (size_t i = 0; i < endpoint->at.len; i++) {
        const struct mln_prefix *prefix = &endpoint->at.data[i];
        struct mln_ip last = mln_prefix_last(prefix);
        for (struct mln_ip ip = prefix->ip;; ip = mln_ip_next(ip)) {
            char text[MLN_IP_TEXT];
            struct mln_plan_address address = {
                .name = mln_printf(arena, "ip-%zu", index + 1),
                .member = in_region(arena, member_of(known, endpoint, index, count), region),
                .address = mln_strdup(arena, mln_ip_text(prefix->family, ip, text)),
            };
            mln_vec_push(arena, &planned->addresses, address);
            index++;
            if (mln_ip_cmp(ip, last) == 0)
                break;
        }
    }
}

/* Does the resource have the same sub-resource in another zone? */
static bool several(const struct mln_endpoint *endpoint)
{
    const struct mln_resource *resource = endpoint->resource;
    for (size_t i = 0; i < resource->endpoints.len; i++)
        if (resource->endpoints.data[i] != endpoint &&
            resource->endpoints.data[i]->sub == endpoint->sub)
            return true;
    return false;
}

/* azure-aks-docs, private-clusters.md: the API server's endpoint comes with the cluster, which
 * takes a private DNS zone of one's own (privateDNSZone). */
static bool by_service(const struct mln_endpoint *endpoint)
{
    const char *type = endpoint->resource->kind->type;
    return type && strcmp(type, "Microsoft.ContainerService/managedClusters") == 0;
}

static void add_endpoint(struct mln_arena *arena, struct mln_plan *plan,
                         struct mln_plan_names *names, const struct mln_endpoint *endpoint)
{
    const struct mln_network *network = endpoint->zone->network;
    const char *text = mln_printf(arena, "pe-%s-%s", endpoint->resource->name, endpoint->sub->name);
    if (several(endpoint))
        text = mln_printf(arena, "%s-%s", text, endpoint->zone->display);
    struct mln_plan_endpoint *planned = MLN_NEW(arena, struct mln_plan_endpoint);
    planned->group = mln_plan_group_of(network);
    planned->name = mln_plan_name_in(names, planned->group, text);
    planned->endpoint = endpoint;
    planned->by_service = by_service(endpoint);
    planned->subnet = plan->subnets.data[endpoint->zone->index];
    planned->region = network->region;
    add_addresses(arena, planned);
    mln_vec_push(arena, &plan->endpoints, planned);
}

void mln_plan_add_endpoints(struct mln_arena *arena, struct mln_plan *plan)
{
    struct mln_plan_names names = mln_plan_names_new(arena, 64);
    for (size_t i = 0; i < plan->model->resources.len; i++) {
        const struct mln_resource *resource = plan->model->resources.data[i];
        for (size_t k = 0; k < resource->endpoints.len; k++)
            add_endpoint(arena, plan, &names, resource->endpoints.data[k]);
    }
}

/* ---- what is to be told ---- */

static void check_endpoint(struct mln_ctx *ctx, const struct mln_endpoint *endpoint)
{
    if (by_service(endpoint) || members_known(endpoint, count_addresses(&endpoint->at)))
        return;
    const struct group_members *known = find_members(endpoint);
    struct mln_diag *diag =
        mln_report(ctx->diags, MLN_D_ENDPOINT_MEMBERS, endpoint->at.span,
                   "Azure chooses the addresses of the private endpoint of '%s', not 'at'",
                   endpoint->resource->name);
    if (known && known->min > 1)
        mln_diag_note(diag, "an endpoint '%s' has %zu members or more, with an address each",
                      endpoint->sub->name, known->min);
}

void mln_plan_check(struct mln_ctx *ctx, const struct mln_model *model)
{
    for (size_t i = 0; i < model->resources.len; i++)
        for (size_t k = 0; k < model->resources.data[i]->endpoints.len; k++)
            check_endpoint(ctx, model->resources.data[i]->endpoints.data[k]);
}
