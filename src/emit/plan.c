/* The plan: names, peerings, resource groups. Subnets, endpoints and DNS have files of their own.
 */
#include "emit/plan_impl.h"

#include "base/stable_hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- names ---- */

struct mln_plan_names mln_plan_names_new(struct mln_arena *arena, size_t max)
{
    return (struct mln_plan_names){arena, mln_map_new(arena), max};
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Legal characters and ends; a text that is too long ends in its hash. */
static char *fit(struct mln_arena *arena, const char *text, size_t max)
{
    char *name = mln_printf(arena, "%s%s", is_alnum(text[0]) ? "" : "x", text);
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if (!is_alnum(name[i]) && !strchr("._-", name[i]))
            name[i] = '-';
    if (length > max) {
        unsigned hash = (unsigned)mln_stable_hash(text, strlen(text));
        return mln_printf(arena, "%.*s-%08x", (int)(max - 9), name, hash);
    }
    if (name[length - 1] == '.' || name[length - 1] == '-')
        name[length - 1] = '_';
    return name;
}

static char *lower(struct mln_arena *arena, const char *text)
{
    char *key = mln_strdup(arena, text);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    return key;
}

const char *mln_plan_name_in(struct mln_plan_names *names, struct mln_plan_group group,
                             const char *text)
{
    const char *wanted = text;
    const char *prefix =
        mln_printf(names->arena, "%s/%s", group.subscription ? group.subscription : "",
                   group.name ? group.name : "");
    for (unsigned n = 2;; n++) {
        const char *name = fit(names->arena, wanted, names->max);
        char *key = lower(names->arena, mln_printf(names->arena, "%s/%s", prefix, name));
        if (!mln_map_get(names->taken, key)) {
            mln_map_put(names->taken, key, names);
            return name;
        }
        wanted = mln_printf(names->arena, "%s-%u", text, n);
    }
}

const char *mln_plan_name(struct mln_plan_names *names, const char *text)
{
    return mln_plan_name_in(names, (struct mln_plan_group){NULL, NULL}, text);
}

/* ---- resources ---- */

enum mln_plan_known mln_plan_resource_known(const struct mln_resource *resource)
{
    if (resource->id)
        return MLN_PLAN_ID;
    /* The id of a resource inside another one needs that one's name, too. */
    const char *slash = strchr(resource->kind->type, '/');
    bool plain = slash && !strchr(slash + 1, '/');
    return resource->azure_name && plain ? MLN_PLAN_NAME : MLN_PLAN_ASKED;
}

/* ---- peerings ---- */

bool mln_plan_forwards(const struct mln_network *network)
{
    for (size_t i = 0; i < network->zones.len; i++)
        if (network->zones.data[i]->hosts_appliance)
            return true;
    return false;
}

static void add_peering(struct mln_arena *arena, struct mln_plan *plan,
                        struct mln_plan_names *names, const bool *forwarding,
                        const struct mln_peering *peering, bool back)
{
    const struct mln_network *from = back ? peering->b : peering->a;
    const struct mln_network *to = back ? peering->a : peering->b;
    if (from->existing)
        return;
    const char *text = mln_printf(arena, "%s-to-%s", from->name, to->name);
    struct mln_plan_peering half = {
        .name = mln_plan_name_in(names, (struct mln_plan_group){NULL, from->name}, text),
        .from = from,
        .to = to,
        .forwarded = forwarding[to->index],
        .transit = peering->gateway == from,
        .remote_gateway = peering->gateway == to,
    };
    mln_vec_push(arena, &plan->peerings, half);
}

static void add_peerings(struct mln_arena *arena, struct mln_plan *plan)
{
    const struct mln_model *model = plan->model;
    struct mln_plan_names names = mln_plan_names_new(arena, 80);
    bool *forwarding = MLN_NEW_ARRAY(arena, bool, model->networks.len);
    for (size_t i = 0; i < model->networks.len; i++)
        forwarding[i] = mln_plan_forwards(model->networks.data[i]);
    for (size_t i = 0; i < model->peerings.len; i++) {
        add_peering(arena, plan, &names, forwarding, &model->peerings.data[i], false);
        add_peering(arena, plan, &names, forwarding, &model->peerings.data[i], true);
    }
}

/* ---- resource groups ---- */

struct mln_plan_group mln_plan_group_of(const struct mln_network *network)
{
    return (struct mln_plan_group){network->subscription, network->resource_group};
}

static int compare_texts(const char *x, const char *y)
{
    if (!x || !y)
        return (x != NULL) - (y != NULL);
    return strcasecmp(x, y);
}

int mln_plan_group_compare(struct mln_plan_group x, struct mln_plan_group y)
{
    int order = compare_texts(x.subscription, y.subscription);
    return order ? order : compare_texts(x.name, y.name);
}

static int by_group(const void *x, const void *y)
{
    return mln_plan_group_compare(*(const struct mln_plan_group *)x,
                                  *(const struct mln_plan_group *)y);
}

/* Its id is made from the group that is deployed to. */
static bool lies_here(const struct mln_resource *resource)
{
    return mln_plan_resource_known(resource) == MLN_PLAN_NAME && !resource->resource_group &&
           resource->endpoints.len == 0;
}

static void add_groups(struct mln_arena *arena, struct mln_plan *plan)
{
    const struct mln_model *model = plan->model;
    MLN_VEC(struct mln_plan_group) all = {0};
    for (size_t i = 0; i < model->networks.len; i++)
        if (!model->networks.data[i]->existing || !model->networks.data[i]->resource_group)
            mln_vec_push(arena, &all, mln_plan_group_of(model->networks.data[i]));
    for (size_t i = 0; i < model->zones.len; i++)
        if (model->zones.data[i]->nsg)
            mln_vec_push(arena, &all, mln_plan_group_of(model->zones.data[i]->network));
    for (size_t i = 0; i < model->asgs.len; i++)
        mln_vec_push(arena, &all, mln_plan_group_of(model->asgs.data[i]->zone->network));
    for (size_t i = 0; i < plan->endpoints.len; i++)
        mln_vec_push(arena, &all, plan->endpoints.data[i]->group);
    for (size_t i = 0; i < model->resources.len; i++)
        if (lies_here(model->resources.data[i]))
            mln_vec_push(arena, &all, ((struct mln_plan_group){NULL, NULL}));
    if (all.len > 1)
        qsort(all.data, all.len, sizeof *all.data, by_group);
    for (size_t i = 0; i < all.len; i++)
        if (i == 0 || mln_plan_group_compare(all.data[i - 1], all.data[i]) != 0)
            mln_vec_push(arena, &plan->groups, all.data[i]);
}

size_t mln_plan_group_index(const struct mln_plan *plan, struct mln_plan_group group)
{
    size_t lo = 0, hi = plan->groups.len;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        if (mln_plan_group_compare(plan->groups.data[middle], group) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    assert(lo < plan->groups.len && mln_plan_group_compare(plan->groups.data[lo], group) == 0);
    return lo;
}

/* ---- all ---- */

struct mln_plan *mln_plan_new(struct mln_arena *arena, const struct mln_model *model,
                              const struct mln_table_vec *tables)
{
    struct mln_plan *plan = MLN_NEW(arena, struct mln_plan);
    plan->model = model;
    mln_plan_add_subnets(arena, plan, tables);
    add_peerings(arena, plan);
    mln_plan_add_endpoints(arena, plan);
    mln_plan_add_dns(arena, plan);
    add_groups(arena, plan);
    return plan;
}
