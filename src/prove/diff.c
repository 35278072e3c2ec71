/* One comparison: the lists of both sides over one set of atoms, one diagram a list.
 *
 * What a hop's rules match is cut to the side's sources and destinations first. That leaves the
 * matches that can meet at all (few, between two zones), and makes "permitted" mean "inside, and
 * permitted by every hop": a packet outside lies in no match, so it is denied. Addresses that a
 * side's places hold but a hop does not govern pass it by one allow behind its rules.
 *
 * Who is responsible for a box is asked of the other engine: does rule r decide some packet of the
 * box, that is, is there a packet in both that no rule before r matches? The unknown sets that the
 * box keeps out of are matches of their own in that question. */
#include "azure/platform.h"
#include "prove/diff_impl.h"

#include <string.h>
#include <strings.h>

void mln_diff_sets_init(struct mln_diff_sets *sets, struct mln_arena *arena)
{
    *sets = (struct mln_diff_sets){.arena = arena, .numbers = mln_map_new(arena)};
}

/* ---- unknown sets ---- */

static uint32_t number_of(struct mln_diff_sets *sets, const char *name, bool is_asg)
{
    char *key = mln_printf(sets->arena, "%c%s", is_asg ? 'a' : 't', name);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    struct mln_map_entry *entry = mln_map_slot(sets->numbers, key, strlen(key));
    if (!entry->value) {
        struct mln_diff_set set = {name, is_asg};
        mln_vec_push(sets->arena, &sets->list, set);
        uintptr_t number = sets->list.len;
        entry->value = (void *)number;
    }
    return (uint32_t)(uintptr_t)entry->value - 1;
}

static const uint32_t *renumber(struct comparison *c, const struct mln_model *model,
                                const uint32_t *vars, size_t count)
{
    uint32_t *out = MLN_NEW_ARRAY(c->ctx.arena, uint32_t, count);
    size_t tags = mln_tags_count(model->options->tags);
    for (size_t i = 0; i < count; i++)
        out[i] = vars[i] < tags
                     ? number_of(c->sets, mln_tags_at(model->options->tags, vars[i])->name, false)
                     : number_of(c->sets, model->asgs.data[vars[i] - tags]->name, true);
    return out;
}

/* ---- matches ---- */

static const struct mln_ipset *cut(struct comparison *c, const struct mln_ipset *set,
                                   const struct mln_ipset *to)
{
    if (!set || mln_ipset_covers(set, to))
        return to;
    if (mln_ipset_is_all(to) || mln_ipset_covers(to, set))
        return set;
    return mln_ipset_intersect(c->ctx.arena, set, to);
}

static void add_match(struct comparison *c, struct list *list, struct mln_match match,
                      const struct mln_rules_entry *entry)
{
    mln_vec_push(c->ctx.arena, &c->matches, match);
    mln_vec_push(c->ctx.arena, &list->entries, *entry);
    list->count++;
}

/* An ASG that the model does not know may hold any address of any zone. */
static bool is_foreign_asg(const struct mln_model *model, const struct mln_rule_side *side)
{
    if (side->kind != MLN_SIDE_ASG)
        return false;
    for (size_t i = 0; i < model->asgs.len; i++)
        if (strcasecmp(model->asgs.data[i]->name, side->asg->name) == 0)
            return false;
    return true;
}

static void open_foreign_asgs(struct comparison *c, const struct mln_model *model,
                              const struct mln_rule *rule, struct mln_match *match)
{
    const struct mln_rule_side *sides[] = {&rule->src, &rule->dst};
    for (int s = 0; s < 2; s++) {
        if (!is_foreign_asg(model, sides[s]))
            continue;
        uint32_t *var = MLN_NEW(c->ctx.arena, uint32_t);
        *var = number_of(c->sets, sides[s]->asg->name, true);
        if (s == 0)
            match->src = NULL, match->src_vars = var, match->src_var_count = 1;
        else
            match->dst = mln_ipset_subtract(c->ctx.arena, mln_ipset_all(c->ctx.arena, c->family),
                                            mln_azure_platform_space(c->ctx.arena, c->family)),
            match->dst_vars = var, match->dst_var_count = 1;
    }
}

/* hop NULL: the match is cut to what it decides. */
static void add_entry(struct comparison *c, const struct mln_diff_side *side,
                      const struct mln_diff_hop *hop, struct list *list,
                      const struct mln_rules_entry *entry)
{
    struct mln_match match = entry->match;
    const struct mln_ipset *own = hop ? hop->own[c->family] : NULL;
    bool out = hop && hop->direction == MLN_OUTBOUND;
    if (!mln_way_settle(c->ctx.arena, side->model, side->ends, &match))
        return;
    match.src_vars = renumber(c, side->model, match.src_vars, match.src_var_count);
    match.dst_vars = renumber(c, side->model, match.dst_vars, match.dst_var_count);
    if (entry->rule)
        open_foreign_asgs(c, side->model, entry->rule, &match);
    match.src = cut(c, match.src, side->src[c->family]);
    match.dst = cut(c, match.dst, side->dst[c->family]);
    if (own && out)
        match.src = cut(c, match.src, own);
    if (own && !out)
        match.dst = cut(c, match.dst, own);
    if (match.protos && match.src->len && match.dst->len)
        add_match(c, list, match, entry);
}

static void add_pass(struct comparison *c, struct list *list, const struct mln_ipset *src,
                     const struct mln_ipset *dst)
{
    static const uint32_t no_vars[1] = {0};
    const struct mln_rules_entry pass = {.allow = true};
    const struct mln_match match = {
        .src = src, .dst = dst, .src_vars = no_vars, .dst_vars = no_vars, .protos = MLN_PROTOS_ALL};
    if (src->len && dst->len)
        add_match(c, list, match, &pass);
}

/* What a zone without an NSG holds passes. What a zone does not hold passes it on the way to or
 * from what the other one holds; what neither holds is in no question. */
static void add_passing(struct comparison *c, const struct mln_diff_side *side, size_t at,
                        struct list *list)
{
    const struct mln_diff_hop *hop = &side->hops[at], *other = &side->hops[1 - at];
    const struct mln_ipset *src = side->src[c->family], *dst = side->dst[c->family];
    const struct mln_ipset *own = hop->own[c->family], *far = other->own[c->family];
    bool out = hop->direction == MLN_OUTBOUND;
    if (!hop->rules)
        add_pass(c, list, own && out ? cut(c, own, src) : src,
                 own && !out ? cut(c, own, dst) : dst);
    if (!own || side->hop_count < 2 || !far)
        return;
    if (out)
        add_pass(c, list, mln_ipset_subtract(c->ctx.arena, src, own), cut(c, far, dst));
    else
        add_pass(c, list, cut(c, far, src), mln_ipset_subtract(c->ctx.arena, dst, own));
}

static void add_hop(struct comparison *c, int number, size_t at)
{
    const struct mln_diff_side *side = &c->sides[number];
    const struct mln_diff_hop *hop = &side->hops[at];
    struct list *list = &c->lists[number][at];
    list->first = c->matches.len;
    if (hop->rules) {
        const struct mln_rules_view view = {.ctx = &c->ctx,
                                            .model = side->model,
                                            .zone = hop->zone,
                                            .direction = hop->direction,
                                            .family = c->family};
        struct mln_rules_entry_vec entries = {0};
        mln_rules_entries(&view, hop->rules, &entries);
        for (size_t i = 0; i < entries.len; i++)
            add_entry(c, side, hop, list, &entries.data[i]);
    }
    add_passing(c, side, at, list);
}

/* A list beside those of the ends, cut to the side's packets; the others pass it. */
static void add_more(struct comparison *c, int number, size_t at)
{
    const struct mln_diff_side *side = &c->sides[number];
    struct list *list = &c->lists[number][side->hop_count + at];
    struct mln_way_list rules;
    mln_way_entries(&c->ctx, side->model, side->deployed, &side->more.data[at], c->family, &rules);
    list->first = c->matches.len;
    for (size_t i = 0; i < rules.entries.len; i++)
        add_entry(c, side, NULL, list, &rules.entries.data[i]);
}

static bool holds_packets(const struct comparison *c, int number)
{
    const struct mln_diff_side *side = &c->sides[number];
    return side->src[c->family] && side->dst[c->family] && side->src[c->family]->len &&
           side->dst[c->family]->len;
}

/* Without a hop, everything inside passes. */
static void add_side(struct comparison *c, int number)
{
    if (!holds_packets(c, number))
        return;
    const struct mln_diff_side *side = &c->sides[number];
    c->list_count[number] = side->hop_count + side->more.len;
    c->lists[number] = MLN_NEW_ARRAY(c->ctx.arena, struct list, c->list_count[number] + 1);
    for (size_t h = 0; h < side->hop_count; h++)
        add_hop(c, number, h);
    for (size_t h = 0; h < side->more.len; h++)
        add_more(c, number, h);
    if (side->hop_count == 0) {
        c->list_count[number] = 1;
        c->lists[number][0].first = c->matches.len;
        add_passing(c, side, 0, &c->lists[number][0]);
    }
}

static void find_allows(struct comparison *c)
{
    c->allows = MLN_NEW_ARRAY(c->ctx.arena, uint64_t, c->matches.len / 64 + 1);
    for (int s = 0; s < MLN_SIDES; s++)
        for (size_t h = 0; h < c->list_count[s]; h++)
            for (size_t i = 0; i < c->lists[s][h].count; i++)
                if (c->lists[s][h].entries.data[i].allow)
                    mln_bit_set(c->allows, c->lists[s][h].first + i);
}

/* ---- the same lists ---- */

static bool same_addresses(const struct mln_ipset *x, const struct mln_ipset *y)
{
    return x == y || mln_ipset_equal(x, y);
}

static bool same_ports(const struct mln_portset *x, const struct mln_portset *y)
{
    return x == y || (x && y && mln_portset_equal(x, y));
}

bool mln_diff_same_match(const struct mln_match *x, const struct mln_match *y)
{
    return x->protos == y->protos && x->src_var_count == y->src_var_count &&
           x->dst_var_count == y->dst_var_count && same_ports(x->sport, y->sport) &&
           same_ports(x->dport, y->dport) && same_addresses(x->src, y->src) &&
           same_addresses(x->dst, y->dst) &&
           memcmp(x->src_vars, y->src_vars, x->src_var_count * sizeof *x->src_vars) == 0 &&
           memcmp(x->dst_vars, y->dst_vars, x->dst_var_count * sizeof *x->dst_vars) == 0;
}

static uint64_t mixed(uint64_t hash, const void *data, size_t length)
{
    return hash * 31 + mln_hash_bytes(data, length);
}

uint64_t mln_diff_hash_match(const struct mln_match *x)
{
    uint64_t hash = x->protos;
    hash = mixed(hash, x->src->ranges, x->src->len * sizeof *x->src->ranges);
    hash = mixed(hash, x->dst->ranges, x->dst->len * sizeof *x->dst->ranges);
    if (x->sport)
        hash = mixed(hash, x->sport->ranges, x->sport->len * sizeof *x->sport->ranges);
    if (x->dport)
        hash = mixed(hash, x->dport->ranges, x->dport->len * sizeof *x->dport->ranges);
    hash = mixed(hash, x->src_vars, x->src_var_count * sizeof *x->src_vars);
    return mixed(hash, x->dst_vars, x->dst_var_count * sizeof *x->dst_vars);
}

/* Most ends of most comparisons have not changed at all; that is seen without a diagram. */
static bool is_unchanged(const struct comparison *c)
{
    if (c->list_count[MLN_OLD] != c->list_count[MLN_NEW])
        return false;
    for (size_t h = 0; h < c->list_count[MLN_OLD]; h++) {
        const struct list *old = &c->lists[MLN_OLD][h], *new = &c->lists[MLN_NEW][h];
        if (old->count != new->count)
            return false;
        for (size_t i = 0; i < old->count; i++)
            if (old->entries.data[i].allow != new->entries.data[i].allow ||
                !mln_diff_same_match(&c->matches.data[old->first + i],
                                     &c->matches.data[new->first + i]))
                return false;
    }
    return true;
}

/* ---- the comparison ---- */

enum { LONG_LISTS = 200 }; /* matches of both sides */

static mln_diagram permitted(struct comparison *c, struct mln_diagrams *d, int side)
{
    mln_diagram all = c->list_count[side] ? MLN_DIAGRAM_ALL : MLN_DIAGRAM_NONE;
    for (size_t h = 0; h < c->list_count[side]; h++)
        all = mln_diagram_and(
            d, all,
            mln_diagram_of_list(d, c->lists[side][h].first, c->lists[side][h].count, c->allows));
    return all;
}

void mln_diff_take_boxes(struct comparison *c, struct mln_diagrams *d, mln_diagram set, bool added,
                         struct mln_diff *out)
{
    struct mln_box_vec boxes = {0};
    if (!mln_diagram_boxes(d, set, MLN_DIFF_BOXES, &boxes))
        out->more = true;
    for (size_t i = 0; i < boxes.len; i++) {
        struct mln_diff_box box = {.box = boxes.data[i], .added = added};
        mln_vec_push(c->ctx.arena, &c->found, box);
    }
}

/* Old and new as whole diagrams. false when they are too much. */
static bool compare_whole(struct comparison *c, uint64_t limit, struct mln_diff *out)
{
    struct mln_diagrams *d =
        mln_diagrams_new(c->ctx.arena, c->family, c->matches.data, c->matches.len, limit);
    mln_diagram old = permitted(c, d, MLN_OLD), new = permitted(c, d, MLN_NEW);
    mln_diagram added = mln_diagram_without(d, new, old), gone = mln_diagram_without(d, old, new);
    out->steps += mln_diagrams_steps(d);
    if (added == MLN_DIAGRAM_GAVE_UP || gone == MLN_DIAGRAM_GAVE_UP)
        return false;
    mln_diff_take_boxes(c, d, added, true, out);
    mln_diff_take_boxes(c, d, gone, false, out);
    return true;
}

/* Of long lists the rules that changed come first: after an edit that is far less. Of short ones
 * the whole gives fewer boxes. Where all is too much, one packet tells that there is a difference,
 * or the search for it that there is none. */
static bool compare_lists(struct comparison *c, uint64_t limit, struct mln_diff *out)
{
    static bool (*const ways[2][3])(struct comparison *, uint64_t, struct mln_diff *) = {
        {compare_whole, mln_diff_compare_changed, mln_diff_find_packet},
        {mln_diff_compare_changed, compare_whole, mln_diff_find_packet},
    };
    bool more = out->more; /* of the other family */
    for (int i = 0; i < 3; i++) {
        c->found.len = 0;
        out->more = more;
        if (ways[c->matches.len > LONG_LISTS][i](c, limit, out))
            return true;
    }
    return false;
}

static void compare_family(struct comparison *c, uint64_t limit, struct mln_diff *out)
{
    for (int s = 0; s < MLN_SIDES; s++)
        add_side(c, s);
    if (c->matches.len == 0 || is_unchanged(c))
        return;
    find_allows(c);
    out->gave_up = !compare_lists(c, limit, out);
    if (!out->gave_up)
        mln_diff_find_causes(c);
}

/* ---- results ---- */

static const struct mln_ipset *keep_addresses(struct mln_arena *a, const struct mln_ipset *set)
{
    return mln_ipset_from_ranges(a, set->family, set->ranges, set->len);
}

static const struct mln_portset *keep_ports(struct mln_arena *a, const struct mln_portset *set)
{
    return mln_portset_from_ranges(a, set->ranges, set->len);
}

static void keep_box(struct mln_arena *a, const struct mln_diff_box *found, struct mln_diff *out)
{
    struct mln_diff_box kept = *found;
    struct mln_box_var *vars = MLN_NEW_ARRAY(a, struct mln_box_var, kept.box.var_count);
    if (kept.box.var_count)
        memcpy(vars, kept.box.vars, kept.box.var_count * sizeof *vars);
    kept.box.vars = vars;
    kept.box.src = keep_addresses(a, kept.box.src);
    kept.box.dst = keep_addresses(a, kept.box.dst);
    kept.box.sport = keep_ports(a, kept.box.sport);
    kept.box.dport = keep_ports(a, kept.box.dport);
    kept.causes = (struct mln_diff_cause_vec){0};
    for (size_t i = 0; i < found->causes.len; i++)
        mln_vec_push(a, &kept.causes, found->causes.data[i]);
    mln_vec_push(a, &out->boxes, kept);
}

void mln_diff_compare(struct mln_ctx *ctx, struct mln_diff_sets *sets,
                      const struct mln_diff_side sides[MLN_SIDES], uint64_t limit,
                      struct mln_diff *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct comparison planes[MLN_FAMILIES];
    *out = (struct mln_diff){0};
    for (int f = 0; f < MLN_FAMILIES && !out->gave_up; f++) {
        planes[f] = (struct comparison){.ctx = {scratch, ctx->names, ctx->diags},
                                        .sets = sets,
                                        .sides = sides,
                                        .family = (enum mln_family)f};
        compare_family(&planes[f], limit, out);
    }
    for (int added = 1; added >= 0 && !out->gave_up; added--)
        for (int f = 0; f < MLN_FAMILIES; f++)
            for (size_t i = 0; i < planes[f].found.len; i++)
                if (planes[f].found.data[i].added == added)
                    keep_box(ctx->arena, &planes[f].found.data[i], out);
    mln_arena_free(scratch);
}
