/* Private DNS zones of the plan: which endpoints share one, and the links of each.
 *
 * Each endpoint wants some names. For one name, endpoints are united when their groups are the same
 * or a network reaches both; what is united transitively shares a zone. Groups of two zones of one
 * name therefore differ, and no network is linked to both. Cost: the wants, sorted, times the
 * networks. */
#include "emit/plan_impl.h"

#include <stdlib.h>
#include <string.h>

struct want {
    const char *name;
    bool open;
    struct mln_plan_endpoint *endpoint;
    size_t index;  /* of the endpoint */
    size_t order;  /* among the zones of the endpoint */
    size_t parent; /* union-find, among the wants of one name */
    struct mln_plan_dns *zone;
    uint64_t *linked; /* of a root: networks from which its endpoints are reached */
};
MLN_VEC_TYPE(want_vec, struct want);

static const char *dns_name(struct mln_arena *arena, const struct mln_plan_endpoint *endpoint,
                            const char *text, bool *open)
{
    const char *hole = strstr(text, "{region}");
    const char *region = endpoint->endpoint->resource->region ? endpoint->endpoint->resource->region
                                                              : endpoint->region;
    *open = hole && !region;
    if (!hole || !region)
        return text;
    return mln_printf(arena, "%.*s%s%s", (int)(hole - text), text, region,
                      hole + strlen("{region}"));
}

static int by_name(const void *x, const void *y)
{
    const struct want *p = x, *q = y;
    int order = strcmp(p->name, q->name);
    if (order == 0 && p->index != q->index)
        order = p->index < q->index ? -1 : 1;
    return order;
}

static struct want_vec collect(struct mln_arena *arena, const struct mln_plan *plan)
{
    struct want_vec wants = {0};
    for (size_t i = 0; i < plan->endpoints.len; i++) {
        struct mln_plan_endpoint *endpoint = plan->endpoints.data[i];
        const struct mln_kind_endpoint *sub = endpoint->endpoint->sub;
        for (size_t k = 0; k < sub->dns.len; k++) {
            struct want want = {.endpoint = endpoint, .index = i, .order = k};
            want.name = dns_name(arena, endpoint, sub->dns.data[k], &want.open);
            mln_vec_push(arena, &wants, want);
        }
    }
    if (wants.len > 1)
        qsort(wants.data, wants.len, sizeof *wants.data, by_name);
    return wants;
}

/* ---- union-find over the wants of one name ---- */

static size_t root_of(struct want *wants, size_t i)
{
    while (wants[i].parent != i) {
        wants[i].parent = wants[wants[i].parent].parent;
        i = wants[i].parent;
    }
    return i;
}

/* The smaller index stays the root: it is the first endpoint. */
static void unite(struct want *wants, size_t x, size_t y)
{
    x = root_of(wants, x);
    y = root_of(wants, y);
    if (x < y)
        wants[y].parent = x;
    else
        wants[x].parent = y;
}

static const char *group_key(struct mln_arena *arena, struct mln_plan_group group)
{
    char *key = mln_printf(arena, "%s/%s", group.subscription ? group.subscription : "",
                           group.name ? group.name : "");
    for (char *p = key; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    return key;
}

static void unite_name(struct mln_arena *arena, const struct mln_model *model, struct want *wants,
                       size_t count, uint64_t *const *networks)
{
    size_t *seen = MLN_NEW_ARRAY(arena, size_t, model->networks.len); /* want + 1 */
    struct mln_map *groups = mln_map_new(arena);
    for (size_t i = 0; i < count; i++)
        wants[i].parent = i;
    for (size_t i = 0; i < count; i++) {
        const char *key = group_key(arena, wants[i].endpoint->group);
        const struct want *same = mln_map_get(groups, key);
        if (same)
            unite(wants, i, (size_t)(same - wants));
        else
            mln_map_put(groups, key, &wants[i]);
        for (size_t n = 0; n < model->networks.len; n++) {
            if (!mln_plan_bit(networks[wants[i].index], n))
                continue;
            if (seen[n])
                unite(wants, i, seen[n] - 1);
            seen[n] = i + 1;
        }
    }
}

/* ---- zones ---- */

static void add_links(struct mln_arena *arena, const struct mln_model *model,
                      struct mln_plan_dns *zone, const uint64_t *linked)
{
    struct mln_plan_names names = mln_plan_names_new(arena, 80);
    for (size_t n = 0; n < model->networks.len; n++)
        if (mln_plan_bit(linked, n)) {
            const struct mln_network *network = model->networks.data[n];
            struct mln_plan_link link = {mln_plan_name(&names, network->name), network};
            mln_vec_push(arena, &zone->links, link);
        }
}

static struct mln_plan_dns *new_zone(struct mln_arena *arena, struct mln_plan *plan,
                                     const struct want *want)
{
    struct mln_plan_dns *zone = MLN_NEW(arena, struct mln_plan_dns);
    zone->name = want->name;
    zone->open = want->open;
    zone->group = want->endpoint->group;
    mln_vec_push(arena, &plan->dns, zone);
    return zone;
}

static void add_zones(struct mln_arena *arena, struct mln_plan *plan, struct want *wants,
                      size_t count, uint64_t *const *networks)
{
    size_t words = mln_plan_words(plan->model->networks.len);
    unite_name(arena, plan->model, wants, count, networks);
    for (size_t i = 0; i < count; i++) {
        struct want *root = &wants[root_of(wants, i)]; /* itself, or before it */
        if (root == &wants[i]) {
            root->zone = new_zone(arena, plan, root);
            root->linked = MLN_NEW_ARRAY(arena, uint64_t, words);
        }
        wants[i].zone = root->zone;
        for (size_t w = 0; w < words; w++)
            root->linked[w] |= networks[wants[i].index][w];
    }
    for (size_t i = 0; i < count; i++)
        if (wants[i].parent == i)
            add_links(arena, plan->model, wants[i].zone, wants[i].linked);
}

static int by_order(const void *x, const void *y)
{
    const struct want *p = x, *q = y;
    if (p->index != q->index)
        return p->index < q->index ? -1 : 1;
    return p->order < q->order ? -1 : p->order > q->order;
}

static int by_name_and_group(const void *x, const void *y)
{
    const struct mln_plan_dns *p = *(struct mln_plan_dns *const *)x,
                              *q = *(struct mln_plan_dns *const *)y;
    int order = strcmp(p->name, q->name);
    return order ? order : mln_plan_group_compare(p->group, q->group);
}

void mln_plan_add_dns(struct mln_arena *arena, struct mln_plan *plan)
{
    struct want_vec wants = collect(arena, plan);
    uint64_t **networks = mln_plan_reach(arena, plan);
    for (size_t begin = 0, end; begin < wants.len; begin = end) {
        for (end = begin + 1;
             end < wants.len && strcmp(wants.data[begin].name, wants.data[end].name) == 0;)
            end++;
        add_zones(arena, plan, wants.data + begin, end - begin, networks);
    }
    if (plan->dns.len > 1)
        qsort(plan->dns.data, plan->dns.len, sizeof *plan->dns.data, by_name_and_group);
    for (size_t i = 0; i < plan->dns.len; i++)
        plan->dns.data[i]->index = (uint32_t)i;
    if (wants.len > 1)
        qsort(wants.data, wants.len, sizeof *wants.data, by_order);
    for (size_t i = 0; i < wants.len; i++)
        mln_vec_push(arena, &wants.data[i].endpoint->dns, wants.data[i].zone);
}
