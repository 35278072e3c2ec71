/* All questions about a rule are one (first_match.h): is there a packet of it, in no rule of ABOVE,
 * whose first match in BELOW is not GOOD?
 *
 *     shadowed      above = all earlier, below = none                          none found
 *     redundant     above = all earlier, below = kept later, good = its action none found
 *     contradicted  above = none, below = all earlier, good = its action       found
 *     covering set  above = what it holds so far, below = none                 the packet's first
 *                                                                              earlier rule joins
 *     replaced by   as redundant, good = what it holds so far                  likewise
 *     conflicting   above = none, below = all earlier, good = all but those of the other action
 * that neither hold it nor lie in it                              found
 *
 * Removal goes from the last rule to the first. A rule that is kept has a packet that no earlier
 * rule meets and that the kept rules behind it decide otherwise; removing earlier rules later does
 * not change that, so one pass is complete. */
#include "prove/redundant.h"

#include "prove/first_match.h"

#include <stdlib.h>
#include <string.h>

struct plane {
    struct mln_rules_entry_vec entries; /* those of the list, then Azure's */
    struct mln_space *space;
    size_t words;
    uint64_t *allows, *kept;        /* kept: not found useless so far */
    uint64_t *above, *below, *good; /* of the question under way */
    uint64_t *overlap, *cover;
    const struct mln_tags *tags;
    const struct mln_rules_view *view;
    const struct mln_ipset *private; /* address space */
};

struct audit {
    const struct mln_redundancy_question *question;
    struct mln_arena *arena, *scratch;
    struct mln_redundancy *out;
    struct plane *planes;
    size_t plane_count;
    size_t rule_entries; /* entries that are of the list; the same in every plane */
    size_t *listed;      /* per entry of the list: its listed rule */
};

/* --- the question --- */

static struct mln_first_question question_of(const struct plane *p, bool none_is_good)
{
    return (struct mln_first_question){p->above, p->below, p->good, none_is_good, p->words};
}

static enum mln_found find_in(struct audit *a, struct plane *p, size_t rule, bool none_is_good,
                              struct mln_packet *packet)
{
    struct mln_first_question question = question_of(p, none_is_good);
    enum mln_found all = MLN_NONE;
    for (size_t e = a->out->first[rule]; e < a->out->first[rule + 1]; e++) {
        enum mln_found found = mln_first_find(p->space, e, &question, packet, &a->out->steps);
        if (found == MLN_FOUND)
            return found;
        if (found == MLN_GAVE_UP)
            all = found;
    }
    return all;
}

static void clear(const struct plane *p, uint64_t *set)
{
    memset(set, 0, p->words * sizeof *set);
}

static void set_range(uint64_t *set, size_t from, size_t to)
{
    for (; from < to && from % 64 != 0; from++)
        mln_bit_set(set, from);
    for (; from + 64 <= to; from += 64)
        set[from / 64] = UINT64_MAX;
    for (; from < to; from++)
        mln_bit_set(set, from);
}

static void use_earlier_as(struct audit *a, const struct plane *p, uint64_t *set, size_t rule)
{
    clear(p, set);
    set_range(set, 0, a->out->first[rule]);
}

static void use_own_action(struct audit *a, struct plane *p, size_t rule)
{
    bool allow = a->out->rules[rule]->action == MLN_ALLOW;
    for (size_t w = 0; w < p->words; w++)
        p->good[w] = allow ? p->allows[w] : ~p->allows[w];
}

/* --- who decides a packet --- */

/* The first entry of [from, to) among `set` that matches; `to` when none does. */
static size_t first_match(const struct plane *p, const struct mln_packet *packet,
                          const uint64_t *set, size_t from, size_t to)
{
    for (size_t e = mln_bits_first(set, from, to); e < to; e = mln_bits_first(set, e + 1, to))
        if (mln_packet_matches(packet, &p->entries.data[e].match))
            return e;
    return to;
}

static struct mln_listed listed_at(const struct audit *a, const struct plane *p, size_t entry)
{
    if (entry < a->rule_entries) {
        size_t rule = a->listed[entry];
        return (struct mln_listed){.rule = a->out->rules[rule], .index = rule};
    }
    return (struct mln_listed){.azure = p->entries.data[entry].azure, .index = SIZE_MAX};
}

/* Adds the rule that an entry belongs to, with all its entries, to a set of the plane. */
static void join(const struct audit *a, uint64_t *set, size_t entry)
{
    if (entry >= a->rule_entries)
        mln_bit_set(set, entry);
    else
        set_range(set, a->out->first[a->listed[entry]], a->out->first[a->listed[entry] + 1]);
}

static int compare_listed(const void *x, const void *y)
{
    const struct mln_listed *p = x, *q = y;
    if (p->index != q->index)
        return p->index < q->index ? -1 : 1;
    return p->azure == q->azure ? 0 : p->azure < q->azure ? -1 : 1;
}

/* Notes one more; false when it is there already or there are too many. */
static bool note(struct audit *a, struct mln_listed_vec *list, bool *more, struct mln_listed one)
{
    for (size_t i = 0; i < list->len; i++)
        if (compare_listed(&list->data[i], &one) == 0)
            return true;
    if (list->len == MLN_COVER_MOST) {
        *more = true;
        return false;
    }
    mln_vec_push(a->arena, list, one);
    return true;
}

static void sort_listed(struct mln_listed_vec *list)
{
    if (list->len > 1)
        qsort(list->data, list->len, sizeof *list->data, compare_listed);
}

/* --- packets that people recognise --- */

/* Of a subnet that nothing is known of, an address that stands for the Internet is no good example:
 * a private one is, where the same rules meet it. */
static void bring_home(const struct plane *p, struct mln_packet *packet)
{
    static const struct mln_ip private[MLN_FAMILIES] = {
        [MLN_IPV4] = {.lo = 0x0a000004}, [MLN_IPV6] = {.hi = UINT64_C(0xfd00) << 48, .lo = 4}};
    bool inbound = p->view->direction == MLN_INBOUND;
    struct mln_ip home = private[packet->family], *ours = inbound ? &packet->dst : &packet->src;
    if (!p->view->zone->unplaced || mln_ipset_contains(p->private, *ours))
        return;
    const struct mln_ipset *last = NULL;
    for (size_t i = 0; i < p->entries.len; i++) {
        const struct mln_match *match = &p->entries.data[i].match;
        const struct mln_ipset *near = inbound ? match->dst : match->src;
        if (near != last && mln_ipset_contains(near, *ours) != mln_ipset_contains(near, home))
            return;
        last = near;
    }
    *ours = home;
}

/* --- questions about one rule in one plane --- */

static enum mln_found find_reached(struct audit *a, struct plane *p, size_t rule,
                                   struct mln_packet *packet)
{
    use_earlier_as(a, p, p->above, rule);
    clear(p, p->below);
    return find_in(a, p, rule, false, packet);
}

/* later: which of the rules behind it there are. */
static void ask_behind(struct audit *a, struct plane *p, size_t rule, const uint64_t *later)
{
    use_earlier_as(a, p, p->above, rule);
    memcpy(p->below, later, p->words * sizeof *later);
    mln_bits_clear(p->below, 0, a->out->first[rule + 1]);
}

static enum mln_found find_changed(struct audit *a, struct plane *p, size_t rule,
                                   const uint64_t *later, struct mln_packet *packet)
{
    ask_behind(a, p, rule, later);
    use_own_action(a, p, rule);
    return find_in(a, p, rule, false, packet);
}

/* Is there a packet on which an earlier rule of the other action has its way? */
static void look_for_contradiction(struct audit *a, struct plane *p, size_t rule,
                                   struct mln_rule_verdict *v)
{
    clear(p, p->above);
    use_earlier_as(a, p, p->below, rule);
    use_own_action(a, p, rule);
    if (v->contradicted || find_in(a, p, rule, true, &v->disputed) != MLN_FOUND)
        return;
    size_t end = a->out->first[rule];
    size_t entry = first_match(p, &v->disputed, p->below, 0, end);
    v->contradicted = entry < end;
    bring_home(p, &v->disputed);
    if (v->contradicted)
        v->against = listed_at(a, p, entry);
}

/* Is the rule covered when the plane's `above` is all there is? */
static bool is_covered(struct audit *a, struct plane *p, size_t rule)
{
    clear(p, p->below);
    return find_in(a, p, rule, false, NULL) == MLN_NONE;
}

/* --- the covering rules --- */

static void cover_in_plane(struct audit *a, struct plane *p, size_t rule,
                           struct mln_rule_verdict *v)
{
    size_t end = a->out->first[rule];
    struct mln_packet packet;
    uint64_t *earlier = p->good; /* not asked for with an empty `below` */
    use_earlier_as(a, p, earlier, rule);
    clear(p, p->above);
    clear(p, p->below);
    for (size_t i = 0; i < v->by.len; i++)
        set_range(p->above, a->out->first[v->by.data[i].index],
                  a->out->first[v->by.data[i].index + 1]);
    while (!v->by_more && find_in(a, p, rule, false, &packet) == MLN_FOUND) {
        size_t entry = first_match(p, &packet, earlier, 0, end);
        if (entry == end || !note(a, &v->by, &v->by_more, listed_at(a, p, entry)))
            return;
        join(a, p->above, entry);
    }
}

/* The first rule that alone holds all of it, in every plane where it has a packet. Its name says
 * more than that of three others. */
static bool find_single_cover(struct audit *a, size_t rule, struct mln_rule_verdict *v)
{
    size_t first = a->out->first[rule];
    uint64_t *common = a->planes[0].good; /* entries of the list are numbered alike in all planes */
    if (a->out->first[rule + 1] != first + 1)
        return false;
    clear(&a->planes[0], common);
    set_range(common, 0, first);
    for (size_t i = 0; i < a->plane_count; i++) {
        struct plane *p = &a->planes[i];
        mln_space_relation(p->space, first, p->overlap, p->cover);
        for (size_t w = 0; mln_bit(p->cover, first) && w < p->words; w++)
            common[w] &= p->cover[w];
    }
    size_t entry = mln_bits_first(common, 0, first);
    if (entry == first)
        return false;
    mln_vec_push(a->arena, &v->by, listed_at(a, &a->planes[0], entry));
    return true;
}

/* Leaves out, one after the other, what the rest covers as well. */
static void prune_cover(struct audit *a, size_t rule, struct mln_rule_verdict *v)
{
    for (size_t out = v->by.len; out-- > 0 && v->by.len > 1;) {
        bool needed = false;
        for (size_t i = 0; i < a->plane_count && !needed; i++) {
            struct plane *p = &a->planes[i];
            clear(p, p->above);
            for (size_t k = 0; k < v->by.len; k++)
                if (k != out)
                    set_range(p->above, a->out->first[v->by.data[k].index],
                              a->out->first[v->by.data[k].index + 1]);
            needed = !is_covered(a, p, rule);
        }
        if (needed)
            continue;
        memmove(&v->by.data[out], &v->by.data[out + 1], (v->by.len - out - 1) * sizeof *v->by.data);
        v->by.len--;
    }
}

static void explain_shadowed(struct audit *a, size_t rule, struct mln_rule_verdict *v)
{
    for (size_t i = 0; i < a->plane_count; i++)
        look_for_contradiction(a, &a->planes[i], rule, v);
    v->empty = true;
    for (size_t i = 0; i < a->plane_count && v->empty; i++) {
        struct plane *p = &a->planes[i];
        clear(p, p->above), clear(p, p->below);
        v->empty = find_in(a, p, rule, false, &v->packet) != MLN_FOUND;
        if (!v->empty)
            bring_home(p, &v->packet);
    }
    if (v->empty || find_single_cover(a, rule, v))
        return;
    for (size_t i = 0; i < a->plane_count; i++)
        cover_in_plane(a, &a->planes[i], rule, v);
    sort_listed(&v->by);
    if (!v->by_more)
        prune_cover(a, rule, v);
}

/* --- what takes a redundant rule's place --- */

static void replace_in_plane(struct audit *a, struct plane *p, size_t rule,
                             struct mln_rule_verdict *v)
{
    struct mln_packet packet;
    ask_behind(a, p, rule, p->kept);
    clear(p, p->good);
    for (bool first = v->by.len == 0; find_in(a, p, rule, true, &packet) == MLN_FOUND;
         first = false) {
        size_t entry = first_match(p, &packet, p->below, 0, p->entries.len);
        if (first) {
            v->packet = packet;
            bring_home(p, &v->packet);
        }
        if (entry == p->entries.len || !note(a, &v->by, &v->by_more, listed_at(a, p, entry)))
            return;
        join(a, p->good, entry);
    }
}

/* With the rules that were found useless before still there, does its removal change anything? Then
 * those that would step in must go too. */
static void find_companions(struct audit *a, struct plane *p, size_t rule,
                            struct mln_rule_verdict *v)
{
    uint64_t *later = p->cover; /* free here */
    struct mln_packet packet;
    bool more = false;
    memset(later, 0xff, p->words * sizeof *later);
    mln_bits_clear(later, p->entries.len, p->words * 64);
    for (size_t i = 0; i < v->together.len; i++)
        mln_bits_clear(later, a->out->first[v->together.data[i].index],
                       a->out->first[v->together.data[i].index + 1]);
    while (!more && find_changed(a, p, rule, later, &packet) == MLN_FOUND) {
        size_t entry = first_match(p, &packet, p->below, 0, p->entries.len);
        if (entry >= a->rule_entries || !note(a, &v->together, &more, listed_at(a, p, entry)))
            return;
        mln_bits_clear(later, a->out->first[a->listed[entry]], a->out->first[a->listed[entry] + 1]);
    }
}

static void explain_redundant(struct audit *a, size_t rule, struct mln_rule_verdict *v)
{
    for (size_t i = 0; i < a->plane_count; i++)
        replace_in_plane(a, &a->planes[i], rule, v);
    for (size_t i = 0; i < a->plane_count; i++)
        find_companions(a, &a->planes[i], rule, v);
    sort_listed(&v->by);
    sort_listed(&v->together);
}

/* --- conflicts --- */

/* The entries before the rule that have the other action, overlap one of its entries, and neither
 * hold it nor lie in it. False when there is none. */
static bool rivals(struct audit *a, struct plane *p, size_t entry, uint64_t *out)
{
    mln_space_relation(p->space, entry, p->overlap, p->cover);
    bool allow = p->entries.data[entry].allow, any = false;
    size_t end = a->out->first[a->listed[entry]];
    memset(out, 0xff, p->words * sizeof *out);
    for (size_t e = mln_bits_first(p->overlap, 0, end); e < end;
         e = mln_bits_first(p->overlap, e + 1, end)) {
        if (p->entries.data[e].allow == allow || mln_bit(p->cover, e) ||
            mln_match_covers(&p->entries.data[entry].match, &p->entries.data[e].match))
            continue;
        mln_bit_clear(out, e);
        any = true;
    }
    return any;
}

/* Needs the packet two unrelated unknown sets at one end, or a public address in VirtualNetwork? */
static bool far_fetched(const struct plane *p, struct mln_ip ip, const uint32_t *vars, size_t count)
{
    size_t unrelated = 0;
    for (size_t i = 0; i < count; i++) {
        const struct mln_tag *tag =
            vars[i] < mln_tags_count(p->tags) ? mln_tags_at(p->tags, vars[i]) : NULL;
        bool is_parent = false;
        for (size_t k = 0; k < count && tag; k++)
            if (vars[k] < mln_tags_count(p->tags) && mln_tags_at(p->tags, vars[k])->parent == tag)
                is_parent = true;
        unrelated += !is_parent;
        if (tag && tag->kind == MLN_TAG_VIRTUAL_NETWORK && !mln_ipset_contains(p->private, ip))
            return true;
    }
    return unrelated > 1;
}

static bool is_plausible(const struct plane *p, const struct mln_packet *packet)
{
    return !far_fetched(p, packet->src, packet->src_vars, packet->src_var_count) &&
           !far_fetched(p, packet->dst, packet->dst_vars, packet->dst_var_count);
}

static void look_for_conflict(struct audit *a, struct plane *p, size_t rule,
                              struct mln_rule_verdict *v)
{
    struct mln_first_question question = question_of(p, true);
    for (size_t e = a->out->first[rule]; e < a->out->first[rule + 1] && !v->conflicting; e++) {
        if (!rivals(a, p, e, p->good))
            continue;
        clear(p, p->above);
        use_earlier_as(a, p, p->below, rule);
        if (mln_first_find(p->space, e, &question, &v->disputed, &a->out->steps) != MLN_FOUND ||
            !is_plausible(p, &v->disputed))
            continue;
        size_t end = a->out->first[rule];
        size_t entry = first_match(p, &v->disputed, p->below, 0, end);
        v->conflicting = entry < end;
        bring_home(p, &v->disputed);
        if (v->conflicting)
            v->against = listed_at(a, p, entry);
    }
}

/* --- the pass --- */

static void drop(struct audit *a, size_t rule)
{
    for (size_t i = 0; i < a->plane_count; i++)
        mln_bits_clear(a->planes[i].kept, a->out->first[rule], a->out->first[rule + 1]);
}

/* The answer over all planes: found anywhere, else given up anywhere. */
static enum mln_found everywhere(struct audit *a, size_t rule, bool reached)
{
    enum mln_found all = MLN_NONE;
    for (size_t i = 0; i < a->plane_count && all != MLN_FOUND; i++) {
        struct plane *p = &a->planes[i];
        enum mln_found found =
            reached ? find_reached(a, p, rule, NULL) : find_changed(a, p, rule, p->kept, NULL);
        if (found != MLN_NONE)
            all = found;
    }
    return all;
}

static void judge(struct audit *a, size_t rule)
{
    struct mln_rule_verdict *v = &a->out->verdicts[rule];
    enum mln_found changed = everywhere(a, rule, false);
    v->gave_up = changed == MLN_GAVE_UP;
    if (changed != MLN_NONE)
        return;
    enum mln_found reached = everywhere(a, rule, true);
    v->useless = reached == MLN_NONE ? MLN_RULE_SHADOWED : MLN_RULE_REDUNDANT;
    drop(a, rule);
    if (v->useless == MLN_RULE_SHADOWED)
        explain_shadowed(a, rule, v);
    else
        explain_redundant(a, rule, v);
}

/* --- setting up --- */

static bool same_security_rule(const struct mln_rule *x, const struct mln_rule *y)
{
    return x->priority == y->priority && x->name && y->name && strcmp(x->name, y->name) == 0;
}

static void list_rules(struct audit *a)
{
    const struct mln_rule_vec *rules = a->question->rules;
    struct mln_redundancy *out = a->out;
    out->rules = MLN_NEW_ARRAY(a->arena, const struct mln_rule *, rules->len);
    out->first = MLN_NEW_ARRAY(a->arena, size_t, rules->len + 1);
    a->listed = MLN_NEW_ARRAY(a->scratch, size_t, rules->len);
    for (size_t e = 0; e < rules->len; e++) {
        if (e == 0 || !same_security_rule(rules->data[e - 1], rules->data[e])) {
            out->first[out->count] = e;
            out->rules[out->count++] = rules->data[e];
        }
        a->listed[e] = out->count - 1;
    }
    out->first[out->count] = rules->len;
    out->verdicts = MLN_NEW_ARRAY(a->arena, struct mln_rule_verdict, out->count);
    a->rule_entries = rules->len;
}

/* Equal sets are cut once: rules mostly write `*` or one set at the near end. */
static void cut_to_near(struct audit *a, struct plane *p, const struct mln_ipset *near)
{
    const struct mln_ipset *last = NULL, *cut = NULL;
    bool inbound = p->view->direction == MLN_INBOUND;
    for (size_t i = 0; i < p->entries.len; i++) {
        struct mln_match *match = &p->entries.data[i].match;
        const struct mln_ipset **side = inbound ? &match->dst : &match->src;
        if (!*side) {
            *side = near;
            continue;
        }
        if (!last || !mln_ipset_equal(*side, last)) {
            last = *side;
            cut = mln_ipset_covers(near, last) ? last : mln_ipset_intersect(a->scratch, last, near);
        }
        *side = cut;
    }
}

static void make_plane(struct audit *a, const struct mln_redundancy_view *from)
{
    struct plane *p = &a->planes[a->plane_count];
    struct mln_ctx ctx = *a->question->ctx;
    ctx.arena = a->scratch;
    const struct mln_rules_view *view = &from->at;
    struct mln_rules_view own = *view;
    own.ctx = &ctx;
    mln_rules_entries(&own, a->question->rules, &p->entries);
    p->view = view;
    if (from->near)
        cut_to_near(a, p, from->near);
    struct mln_match *matches = MLN_NEW_ARRAY(a->scratch, struct mln_match, p->entries.len);
    for (size_t i = 0; i < p->entries.len; i++)
        matches[i] = p->entries.data[i].match;
    p->space = mln_space_new(a->arena, view->family, matches, p->entries.len);
    p->words = mln_space_words(p->space);
    p->private = mln_azure_private_space(a->scratch, view->family);
    p->tags = view->model->options->tags;
    uint64_t **const sets[] = {&p->allows, &p->kept,    &p->above, &p->below,
                               &p->good,   &p->overlap, &p->cover};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        *sets[i] = MLN_NEW_ARRAY(a->scratch, uint64_t, p->words);
    set_range(p->kept, 0, p->entries.len);
    for (size_t i = 0; i < p->entries.len; i++)
        if (p->entries.data[i].allow)
            mln_bit_set(p->allows, i);
    a->plane_count++;
}

struct mln_redundancy *mln_redundancy_find(const struct mln_redundancy_question *question)
{
    struct audit a = {.question = question,
                      .arena = question->ctx->arena,
                      .scratch = mln_arena_new(),
                      .out = MLN_NEW(question->ctx->arena, struct mln_redundancy)};
    list_rules(&a);
    a.planes = MLN_NEW_ARRAY(a.scratch, struct plane, question->view_count);
    for (size_t i = 0; i < question->view_count; i++)
        make_plane(&a, &question->views[i]);
    for (size_t rule = a.out->count; rule-- > 0;)
        judge(&a, rule);
    for (size_t rule = 0; question->conflicts && rule < a.out->count; rule++)
        for (size_t i = 0; i < a.plane_count; i++) {
            struct mln_rule_verdict *v = &a.out->verdicts[rule];
            if (v->useless == MLN_RULE_USEFUL && !v->conflicting)
                look_for_conflict(&a, &a.planes[i], rule, v);
        }
    mln_arena_free(a.scratch);
    return a.out;
}
