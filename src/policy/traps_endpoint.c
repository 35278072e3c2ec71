/* Room for private endpoints, network policies that nobody sets, what a registry must be. */
#include "policy/traps.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- addresses --- */

/* Azure keeps the first four addresses of a subnet and the last [azure-docs,
 * virtual-networks-faq.md]. */
enum { RESERVED_LOW = 4, RESERVED = 5 };

/* The least number of addresses a private endpoint takes; more for replicas and regions. */
static const struct {
    const char *type, *group;
    size_t addresses;
} known_needs[] = {
    /* The registry and the data endpoint of its region [azure-management-docs,
     * container-registry-private-link.md]. */
    {"Microsoft.ContainerRegistry/registries", "registry", 2},
    /* The workspace, its notebooks and its online endpoints [AML-DNS how-to-custom-dns.md]. */
    {"Microsoft.MachineLearningServices/workspaces", "amlworkspace", 3},
};

static size_t least_addresses(const struct mln_endpoint *endpoint)
{
    for (size_t i = 0; i < sizeof known_needs / sizeof *known_needs; i++)
        if (strcasecmp(endpoint->resource->kind->type, known_needs[i].type) == 0 &&
            strcasecmp(endpoint->sub->group, known_needs[i].group) == 0)
            return known_needs[i].addresses;
    return 1;
}

/* At most a subnet's worth: a wider prefix could not lie in the zone. */
static size_t given_addresses(const struct mln_endpoint *endpoint)
{
    size_t count = 0;
    for (size_t i = 0; i < endpoint->at.len; i++) {
        const struct mln_prefix *p = &endpoint->at.data[i];
        if (p->family == MLN_IPV4 && p->length >= 8)
            count += (size_t)1 << (32 - p->length);
    }
    return count;
}

static size_t needed(const struct mln_endpoint *endpoint)
{
    size_t least = least_addresses(endpoint), given = given_addresses(endpoint);
    return given > least ? given : least;
}

/* What is left of the zone's IPv4 prefixes; SIZE_MAX for a zone with plenty, or without any. */
static size_t room_of(const struct mln_zone *zone)
{
    size_t room = 0, prefixes = 0;
    for (size_t i = 0; i < zone->prefixes.len; i++) {
        const struct mln_prefix *p = &zone->prefixes.data[i];
        if (p->family != MLN_IPV4)
            continue;
        if (p->length < 8)
            return SIZE_MAX;
        prefixes++;
        size_t size = (size_t)1 << (32 - p->length);
        room += size > RESERVED ? size - RESERVED : 0;
    }
    return prefixes ? room : SIZE_MAX;
}

static void check_room(struct mln_build *b)
{
    const struct mln_model *m = b->model;
    size_t *wanted = MLN_NEW_ARRAY(b->arena, size_t, m->zones.len + 1);
    const struct mln_endpoint **last =
        MLN_NEW_ARRAY(b->arena, const struct mln_endpoint *, m->zones.len + 1);
    for (size_t i = 0; i < b->endpoints.len; i++) {
        wanted[b->endpoints.data[i]->zone->index] += needed(b->endpoints.data[i]);
        last[b->endpoints.data[i]->zone->index] = b->endpoints.data[i];
    }
    for (size_t i = 0; i < m->zones.len; i++) {
        const struct mln_zone *zone = m->zones.data[i];
        size_t room = room_of(zone);
        if (wanted[i] <= room)
            continue;
        struct mln_diag *diag =
            mln_report(b->ctx->diags, MLN_D_ENDPOINT_ROOM, last[i]->span,
                       "zone '%s' has room for %zu addresses, but its private endpoints take %zu",
                       zone->display, room, wanted[i]);
        mln_diag_label(diag, zone->prefixes.span, "of each prefix Azure keeps %d addresses",
                       RESERVED);
        mln_diag_note(diag, "an endpoint of a registry takes 2 addresses and 1 for each replica, "
                            "one of a workspace 3, others 1");
        mln_diag_help(diag, "give the zone a shorter prefix");
    }
}

/* Does the prefix given hold an address that Azure keeps? */
static bool is_reserved(const struct mln_zone *zone, const struct mln_prefix *given)
{
    uint64_t first = given->ip.lo, last = mln_prefix_last(given).lo;
    for (size_t i = 0; i < zone->prefixes.len; i++) {
        const struct mln_prefix *p = &zone->prefixes.data[i];
        uint64_t low = p->ip.lo, high = mln_prefix_last(p).lo;
        if (p->family == MLN_IPV4 && given->family == MLN_IPV4 && first <= high && last >= low)
            return first < low + RESERVED_LOW || last >= high;
    }
    return false;
}

/* An address of `at`, to find those that are given twice. */
struct taken {
    const struct mln_zone *zone;
    const struct mln_prefix *address;
    const struct mln_endpoint *endpoint;
    size_t order;
};
MLN_VEC_TYPE(taken_vec, struct taken);

static int compare_taken(const void *x, const void *y)
{
    const struct taken *p = x, *q = y;
    if (p->zone->index != q->zone->index)
        return p->zone->index < q->zone->index ? -1 : 1;
    if (p->address->family != q->address->family)
        return p->address->family < q->address->family ? -1 : 1;
    int order = mln_ip_cmp(p->address->ip, q->address->ip);
    return order ? order : p->order < q->order ? -1 : p->order > q->order;
}

static void check_fixed_addresses(struct mln_build *b)
{
    struct taken_vec all = {0};
    char text[MLN_IP_TEXT];
    for (size_t i = 0; i < b->endpoints.len; i++) {
        const struct mln_endpoint *e = b->endpoints.data[i];
        for (size_t k = 0; k < e->at.len; k++) {
            struct taken one = {e->zone, &e->at.data[k], e, all.len};
            mln_vec_push(b->arena, &all, one);
            if (!is_reserved(e->zone, one.address))
                continue;
            struct mln_diag *diag =
                mln_report(b->ctx->diags, MLN_D_ENDPOINT_ADDRESS, e->at.span,
                           "Azure keeps %s of zone '%s' for itself",
                           mln_ip_text(MLN_IPV4, one.address->ip, text), e->zone->display);
            mln_diag_help(diag, "the first four addresses of a subnet and the last are reserved");
        }
    }
    if (all.len > 1)
        qsort(all.data, all.len, sizeof *all.data, compare_taken);
    for (size_t i = 1; i < all.len; i++) {
        const struct taken *p = &all.data[i - 1], *q = &all.data[i];
        if (p->zone != q->zone || p->address->family != q->address->family ||
            mln_ip_cmp(mln_prefix_last(p->address), q->address->ip) < 0)
            continue;
        struct mln_diag *diag =
            mln_report(b->ctx->diags, MLN_D_ENDPOINT_ADDRESS, q->endpoint->at.span,
                       "two private endpoints have the address %s",
                       mln_ip_text(q->address->family, q->address->ip, text));
        mln_diag_label(diag, p->endpoint->at.span, "the other one");
    }
}

/* --- NSGs that are no-ops --- */

/* Network policies are a property of the subnet, and an existing one is not written [PEPOL]. */
static void check_policies(struct mln_build *b, const struct mln_endpoint *endpoint)
{
    const struct mln_zone *zone = endpoint->zone;
    if (!zone->nsg || !(zone->existing || zone->network->existing))
        return;
    struct mln_diag *diag =
        mln_report(b->ctx->diags, MLN_D_ENDPOINT_RULES_IGNORED, zone->span,
                   "unless the existing subnet of zone '%s' says otherwise, its NSG does not apply "
                   "to the private endpoints in it",
                   zone->display);
    mln_diag_label(diag, endpoint->span, "an endpoint lies in it");
    mln_diag_note(diag, "Azure ignores the NSG there while privateEndpointNetworkPolicies is "
                        "Disabled, which is the default, and an existing subnet is not written");
    mln_diag_help(diag,
                  "az network vnet subnet update --vnet-name %s --name %s "
                  "--private-endpoint-network-policies NetworkSecurityGroupEnabled; then "
                  "-Wno-endpoint-rules-ignored",
                  zone->network->name, zone->subnet);
}

/* --- registries --- */

static bool is_of_type(const struct mln_resource *resource, const char *type)
{
    return resource->kind->type && strcasecmp(resource->kind->type, type) == 0;
}

#define REGISTRY "Microsoft.ContainerRegistry/registries"
#define WORKSPACE "Microsoft.MachineLearningServices/workspaces"

static bool is_private(const struct mln_resource *resource)
{
    return resource->is_public == MLN_PUBLIC_NO ||
           (resource->is_public == MLN_PUBLIC_UNSET && resource->endpoints.len > 0);
}

static void check_premium(struct mln_build *b, const struct mln_resource *resource)
{
    if (!is_of_type(resource, REGISTRY) || !resource->sku ||
        strcasecmp(resource->sku, "Premium") == 0)
        return;
    if (resource->endpoints.len == 0 && resource->is_public != MLN_PUBLIC_NO)
        return;
    struct mln_diag *diag = mln_report(
        b->ctx->diags, MLN_D_REGISTRY_NOT_PREMIUM,
        resource->endpoints.len ? resource->endpoints.data[0]->span : resource->span,
        "registry '%s' has SKU %s, which has %s", resource->name, resource->sku,
        resource->endpoints.len ? "no private endpoints" : "no firewall: it cannot be closed");
    mln_diag_help(diag, "sku Premium");
}

static bool has_workspace(const struct mln_model *model)
{
    for (size_t i = 0; i < model->resources.len; i++)
        if (is_of_type(model->resources.data[i], WORKSPACE))
            return true;
    return false;
}

static bool has_compute(const struct mln_model *model)
{
    for (size_t i = 0; i < model->zones.len; i++)
        if (model->zones.data[i]->role == MLN_ROLE_ML_COMPUTE)
            return true;
    return false;
}

/* A workspace builds its images with ACR Tasks, which cannot reach a closed registry; then it needs
 * a compute cluster for it [WORKSPACE]. */
static void check_image_build(struct mln_build *b)
{
    if (!has_workspace(b->model) || has_compute(b->model))
        return;
    for (size_t i = 0; i < b->model->resources.len; i++) {
        const struct mln_resource *resource = b->model->resources.data[i];
        if (!is_of_type(resource, REGISTRY) || !is_private(resource))
            continue;
        struct mln_diag *diag = mln_report(
            b->ctx->diags, MLN_D_NO_IMAGE_BUILD, resource->span,
            "nothing can build images for the workspace: registry '%s' is closed to the public, "
            "and no zone has the role ml-compute",
            resource->name);
        mln_diag_note(diag, "a workspace builds images with tasks of the registry, which reach it "
                            "from outside, or on a compute cluster of its own "
                            "(image_build_compute)");
        mln_diag_help(diag, "add a zone of role ml-compute with azure/machine-learning: "
                            "image-build; or -Wno-no-image-build when images come ready-made");
    }
}

void mln_traps_endpoints(struct mln_build *b)
{
    check_room(b);
    check_fixed_addresses(b);
    for (size_t i = 0; i < b->endpoints.len; i++)
        check_policies(b, b->endpoints.data[i]);
    for (size_t i = 0; i < b->model->resources.len; i++)
        check_premium(b, b->model->resources.data[i]);
    check_image_build(b);
}
