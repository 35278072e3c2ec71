/* Resources that are reached by their public side: their own firewall decides, not an NSG.
 *
 * It lets in what the model records (rules/resources.c): public IPv4 addresses, zones with a
 * service endpoint, tags and hosted agents. A zone that it lets in still passes the zone's NSG, to
 * the kind's service tag. Where the record does not settle the matter, the assertion is undecided
 * and the reason says what is missing. */
#include "prove/assert_impl.h"
#include "rules/firewall.h"

struct judge {
    const struct mln_assert_world *world;
    const struct mln_intent *assertion;
    struct mln_assert_outcome *outcome;
    bool *asked;
};

static struct mln_arena *arena(const struct judge *j)
{
    return j->world->ctx->arena;
}

static bool is_resource(const struct mln_leaf *leaf)
{
    return leaf->kind == MLN_LEAF_RESOURCE || leaf->kind == MLN_LEAF_ENDPOINT;
}

bool mln_assert_is_public(const struct mln_leaf *leaf, const struct mln_zone *zone)
{
    if (leaf->kind != MLN_LEAF_RESOURCE)
        return false;
    for (size_t i = 0; i < leaf->resource->endpoints.len; i++)
        if (mln_zones_joined(zone, leaf->resource->endpoints.data[i]->zone))
            return false;
    return true;
}

bool mln_assert_public_way(struct mln_arena *scratch, const struct mln_tags *tags,
                           const struct mln_intent *assertion, const struct mln_zone *zone)
{
    for (size_t i = 0; i < assertion->to->len; i++) {
        const struct mln_leaf *leaf = &assertion->to->parts[i].leaf;
        if (leaf->kind == MLN_LEAF_RESOURCE && mln_assert_is_public(leaf, zone) &&
            mln_way_of_zone(scratch, tags, leaf->resource, zone) == MLN_WAY_OPEN)
            return true;
    }
    return false;
}

/* --- verdicts --- */

static void fail(struct judge *j, const char *reason)
{
    mln_vec_push(arena(j), &j->outcome->reasons, reason);
    j->outcome->result = MLN_ASSERT_FAILS;
}

static void leave_open(struct judge *j, const char *reason)
{
    mln_vec_push(arena(j), &j->outcome->reasons, reason);
    if (j->outcome->result == MLN_ASSERT_HOLDS)
        j->outcome->result = MLN_ASSERT_UNDECIDED;
}

/* `nsg`: an NSG still has its say where the firewall is open. */
static void judge(struct judge *j, enum mln_way way, const char *source,
                  const struct mln_resource *r, bool nsg)
{
    bool allow = j->assertion->verb == MLN_VERB_ASSERT_ALLOW;
    *j->asked = true;
    if (way == MLN_WAY_UNSURE)
        leave_open(j, mln_printf(arena(j), "whether the firewall of '%s' lets %s in cannot be told",
                                 r->name, source));
    else if (way == MLN_WAY_NONE && allow)
        fail(j, mln_printf(arena(j), "the firewall of '%s' does not let %s in", r->name, source));
    else if (way == MLN_WAY_SOME)
        fail(j, mln_printf(arena(j), "the firewall of '%s' lets a part of %s in, not all", r->name,
                           source));
    else if (way == MLN_WAY_OPEN && !allow && !nsg)
        fail(j, mln_printf(arena(j), "the firewall of '%s' lets %s in, and no NSG has a say",
                           r->name, source));
}

/* Pairs that come from any, a network or a group, and have no way, are left out. */
static bool is_broad(const struct mln_leaf *leaf)
{
    return leaf->through_group || leaf->kind == MLN_LEAF_ANY || leaf->kind == MLN_LEAF_NETWORK;
}

static void from_zone(struct judge *j, const struct mln_leaf *from, const struct mln_zone *zone,
                      const struct mln_leaf *to)
{
    if (!mln_assert_is_public(to, zone))
        return;
    enum mln_way way =
        mln_way_of_zone(arena(j), j->world->model->options->tags, to->resource, zone);
    bool allow = j->assertion->verb == MLN_VERB_ASSERT_ALLOW;
    if (way == MLN_WAY_NONE && allow && is_broad(from))
        return;
    const char *unknown =
        way == MLN_WAY_UNSURE && !zone->egress.len ? ", whose egress is not declared," : "";
    judge(j, way, mln_printf(arena(j), "zone '%s'%s", zone->display, unknown), to->resource,
          zone->nsg != NULL);
}

/* The part of a source that no path joins with an endpoint of the resource. */
static const struct mln_ipset *outsiders(struct judge *j, const struct mln_ipset *set,
                                         const struct mln_resource *r)
{
    struct mln_arena *a = arena(j);
    set = mln_ipset_subtract(a, set, mln_azure_private_space(a, MLN_IPV4));
    for (size_t i = 0; i < r->endpoints.len; i++)
        set = mln_ipset_subtract(a, set, r->endpoints.data[i]->zone->network->near[MLN_IPV4]);
    return set;
}

static void from_addresses(struct judge *j, const struct mln_ipset *set, const char *name,
                           const struct mln_resource *r)
{
    const struct mln_ipset *left = outsiders(j, set, r);
    if (left->len)
        judge(j, mln_way_of_addresses(arena(j), j->world->model->options->tags, r, left), name, r,
              false);
}

/* Anybody on the internet: in when the resource is open to all, out when its firewall lets nobody
 * in. */
static void from_internet(struct judge *j, const char *name, const struct mln_resource *r)
{
    bool allow = j->assertion->verb == MLN_VERB_ASSERT_ALLOW;
    if (allow && r->endpoints.len && r->is_public != MLN_PUBLIC_YES)
        return; /* the pairs with a path are asked for */
    if (r->is_public == MLN_PUBLIC_YES)
        judge(j, MLN_WAY_OPEN, name, r, false);
    else if (mln_way_is_closed(r) || allow)
        judge(j, MLN_WAY_NONE, name, r, false);
    else if (r->firewall_sources || r->firewall_tags.len || r->firewall_agents.len)
        judge(j, MLN_WAY_OPEN, mln_printf(arena(j), "a part of %s", name), r, false);
    else
        judge(j, MLN_WAY_NONE, name, r, false); /* zones with a service endpoint only */
}

static void from_tag(struct judge *j, const struct mln_tag *tag, const struct mln_resource *r)
{
    if (tag->kind == MLN_TAG_VIRTUAL_NETWORK || tag->kind == MLN_TAG_LOAD_BALANCER)
        return;
    if (tag->kind != MLN_TAG_SERVICE) {
        from_internet(j, tag->name, r);
        return;
    }
    for (size_t i = 0; i < r->firewall_tags.len; i++)
        if (r->firewall_tags.data[i] == tag || r->firewall_tags.data[i] == tag->parent) {
            judge(j, r->is_public == MLN_PUBLIC_NO ? MLN_WAY_NONE : MLN_WAY_OPEN, tag->name, r,
                  false);
            return;
        }
    if (tag->prefixes[MLN_IPV4])
        from_addresses(j, tag->prefixes[MLN_IPV4], tag->name, r);
    else
        judge(j,
              r->is_public == MLN_PUBLIC_YES ? MLN_WAY_OPEN
              : mln_way_is_closed(r)         ? MLN_WAY_NONE
                                             : MLN_WAY_UNSURE,
              tag->name, r, false);
}

/* All the addresses of hosted agents; NULL when some are not known. */
static const struct mln_ipset *agents(struct judge *j, const struct mln_geography *geography)
{
    struct mln_let_in entry = {mln_ipset_empty(arena(j), MLN_IPV4), true};
    for (size_t i = 0; i < geography->regions.len; i++)
        mln_let_in_tag(arena(j), &entry,
                       mln_agents_tag(j->world->model->options->tags, geography->regions.data[i]));
    return entry.exact ? entry.set : NULL;
}

static void from_hosted(struct judge *j, const struct mln_geography *geography,
                        const struct mln_resource *r)
{
    const struct mln_ipset *known = agents(j, geography);
    if (known && r->firewall && r->firewall->known) {
        from_addresses(j, known, mln_printf(arena(j), "hosted-agents.%s", geography->name), r);
        return;
    }
    enum mln_way way = r->is_public == MLN_PUBLIC_YES ? MLN_WAY_OPEN
                       : mln_way_is_closed(r)         ? MLN_WAY_NONE
                                                      : MLN_WAY_UNSURE;
    for (size_t i = 0; way == MLN_WAY_UNSURE && i < r->firewall_agents.len; i++)
        if (r->firewall_agents.data[i] == geography)
            way = MLN_WAY_OPEN;
    judge(j, way, mln_printf(arena(j), "hosted-agents.%s", geography->name), r, false);
}

static void from_leaf(struct judge *j, const struct mln_leaf *from, const struct mln_leaf *to)
{
    char text[MLN_IP_TEXT];
    const struct mln_resource *r = to->resource;
    switch (from->kind) {
    case MLN_LEAF_ZONE:
    case MLN_LEAF_ASG:
        from_zone(j, from, from->zone, to);
        break;
    case MLN_LEAF_NETWORK:
        for (size_t i = 0; i < from->network->zones.len; i++)
            from_zone(j, from, from->network->zones.data[i], to);
        break;
    case MLN_LEAF_ANY:
        for (size_t i = 0; i < j->world->model->zones.len; i++)
            from_zone(j, from, j->world->model->zones.data[i], to);
        from_internet(j, "any address", r);
        break;
    case MLN_LEAF_EXTERNAL:
        from_addresses(j, from->external->addresses[MLN_IPV4],
                       mln_printf(arena(j), "external '%s'", from->external->name), r);
        break;
    case MLN_LEAF_PREFIX:
        from_addresses(j, mln_ipset_from_prefixes(arena(j), MLN_IPV4, &from->prefix, 1),
                       mln_strdup(arena(j), mln_prefix_text(&from->prefix, text)), r);
        break;
    case MLN_LEAF_TAG:
        from_tag(j, from->tag, r);
        break;
    case MLN_LEAF_HOSTED_AGENTS:
        from_hosted(j, from->geography, r);
        break;
    default:
        break;
    }
}

void mln_assert_firewalls(const struct mln_assert_world *world, const struct mln_intent *assertion,
                          struct mln_assert_outcome *outcome, bool *asked)
{
    struct judge j = {world, assertion, outcome, asked};
    for (size_t t = 0; t < assertion->to->len; t++) {
        const struct mln_leaf *to = &assertion->to->parts[t].leaf;
        for (size_t f = 0; is_resource(to) && f < assertion->from->len; f++)
            from_leaf(&j, &assertion->from->parts[f].leaf, to);
    }
}
