/* Which rules to name: those that cover a shadowed rule, those that take a redundant one's place. A
 * set of rules grows by the one that decides the packet found, until none is found; of a cover what
 * the rest covers as well is left out again, so none of it can be spared. */
#include "prove/redundant_impl.h"

#include <stdlib.h>
#include <string.h>

/* --- lists of rules --- */

/* Adds the rule that an entry belongs to, with all its entries, to a set of the plane. */
static void join(const struct mln_audit *a, uint64_t *set, size_t entry)
{
    if (entry >= a->rule_entries)
        mln_bit_set(set, entry);
    else
        mln_audit_set_range(set, a->out->first[a->listed[entry]],
                            a->out->first[a->listed[entry] + 1]);
}

static int compare_listed(const void *x, const void *y)
{
    const struct mln_listed *p = x, *q = y;
    if (p->index != q->index)
        return p->index < q->index ? -1 : 1;
    return p->azure == q->azure ? 0 : p->azure < q->azure ? -1 : 1;
}

/* Notes one more; false when it is there already or there are too many. */
static bool note(struct mln_audit *a, struct mln_listed_vec *list, bool *more,
                 struct mln_listed one)
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

/* --- shadowed --- */

/* Is there a packet on which an earlier rule of the other action has its way? */
static void look_for_contradiction(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                                   struct mln_rule_verdict *v)
{
    mln_audit_clear(p, p->above);
    mln_audit_use_earlier(a, p, p->below, rule);
    mln_audit_use_own_action(a, p, rule);
    if (v->contradicted || mln_audit_find(a, p, rule, true, &v->disputed) != MLN_FOUND)
        return;
    size_t end = a->out->first[rule];
    size_t entry = mln_audit_first_match(p, &v->disputed, p->below, 0, end);
    v->contradicted = entry < end;
    mln_audit_bring_home(p, &v->disputed);
    if (v->contradicted)
        v->against = mln_audit_listed_at(a, p, entry);
}

/* Is the rule covered when the plane's `above` is all there is? */
static bool is_covered(struct mln_audit *a, struct mln_audit_plane *p, size_t rule)
{
    mln_audit_clear(p, p->below);
    return mln_audit_find(a, p, rule, false, NULL) == MLN_NONE;
}

/* --- the covering rules --- */

static void cover_in_plane(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                           struct mln_rule_verdict *v)
{
    size_t end = a->out->first[rule];
    struct mln_packet packet;
    uint64_t *earlier = p->good; /* not asked for with an empty `below` */
    mln_audit_use_earlier(a, p, earlier, rule);
    mln_audit_clear(p, p->above);
    mln_audit_clear(p, p->below);
    for (size_t i = 0; i < v->by.len; i++)
        mln_audit_set_range(p->above, a->out->first[v->by.data[i].index],
                            a->out->first[v->by.data[i].index + 1]);
    while (!v->by_more && mln_audit_find(a, p, rule, false, &packet) == MLN_FOUND) {
        size_t entry = mln_audit_first_match(p, &packet, earlier, 0, end);
        if (entry == end || !note(a, &v->by, &v->by_more, mln_audit_listed_at(a, p, entry)))
            return;
        join(a, p->above, entry);
    }
}

/* The first rule that alone holds all of it, in every plane where it has a packet. Its name says
 * more than that of three others. */
static bool find_single_cover(struct mln_audit *a, size_t rule, struct mln_rule_verdict *v)
{
    size_t first = a->out->first[rule];
    uint64_t *common = a->planes[0].good; /* entries of the list are numbered alike in all planes */
    if (a->out->first[rule + 1] != first + 1)
        return false;
    mln_audit_clear(&a->planes[0], common);
    mln_audit_set_range(common, 0, first);
    for (size_t i = 0; i < a->plane_count; i++) {
        struct mln_audit_plane *p = &a->planes[i];
        mln_space_relation(p->space, first, p->overlap, p->cover);
        for (size_t w = 0; mln_bit(p->cover, first) && w < p->words; w++)
            common[w] &= p->cover[w];
    }
    size_t entry = mln_bits_first(common, 0, first);
    if (entry == first)
        return false;
    mln_vec_push(a->arena, &v->by, mln_audit_listed_at(a, &a->planes[0], entry));
    return true;
}

/* Leaves out, one after the other, what the rest covers as well. */
static void prune_cover(struct mln_audit *a, size_t rule, struct mln_rule_verdict *v)
{
    for (size_t out = v->by.len; out-- > 0 && v->by.len > 1;) {
        bool needed = false;
        for (size_t i = 0; i < a->plane_count && !needed; i++) {
            struct mln_audit_plane *p = &a->planes[i];
            mln_audit_clear(p, p->above);
            for (size_t k = 0; k < v->by.len; k++)
                if (k != out)
                    mln_audit_set_range(p->above, a->out->first[v->by.data[k].index],
                                        a->out->first[v->by.data[k].index + 1]);
            needed = !is_covered(a, p, rule);
        }
        if (needed)
            continue;
        memmove(&v->by.data[out], &v->by.data[out + 1], (v->by.len - out - 1) * sizeof *v->by.data);
        v->by.len--;
    }
}

void mln_audit_explain_shadowed(struct mln_audit *a, size_t rule, struct mln_rule_verdict *v)
{
    for (size_t i = 0; i < a->plane_count; i++)
        look_for_contradiction(a, &a->planes[i], rule, v);
    v->empty = true;
    for (size_t i = 0; i < a->plane_count && v->empty; i++) {
        struct mln_audit_plane *p = &a->planes[i];
        mln_audit_clear(p, p->above), mln_audit_clear(p, p->below);
        v->empty = mln_audit_find(a, p, rule, false, &v->packet) != MLN_FOUND;
        if (!v->empty)
            mln_audit_bring_home(p, &v->packet);
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

static void replace_in_plane(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                             struct mln_rule_verdict *v)
{
    struct mln_packet packet;
    mln_audit_ask_behind(a, p, rule, p->kept);
    mln_audit_clear(p, p->good);
    for (bool first = v->by.len == 0; mln_audit_find(a, p, rule, true, &packet) == MLN_FOUND;
         first = false) {
        size_t entry = mln_audit_first_match(p, &packet, p->below, 0, p->entries.len);
        if (first) {
            v->packet = packet;
            mln_audit_bring_home(p, &v->packet);
        }
        if (entry == p->entries.len ||
            !note(a, &v->by, &v->by_more, mln_audit_listed_at(a, p, entry)))
            return;
        join(a, p->good, entry);
    }
}

/* --- what must go with it --- */

/* All but what goes already. */
static uint64_t *what_stays(struct mln_audit *a, struct mln_audit_plane *p,
                            const struct mln_rule_verdict *v)
{
    uint64_t *stays = p->cover; /* free here */
    memset(stays, 0xff, p->words * sizeof *stays);
    mln_bits_clear(stays, p->entries.len, p->words * 64);
    for (size_t i = 0; i < v->together.len; i++)
        mln_bits_clear(stays, a->out->first[v->together.data[i].index],
                       a->out->first[v->together.data[i].index + 1]);
    return stays;
}

/* Adds the rules that would step in for packets of `gone` and decide them otherwise; true when
 * there was one. They are useless ones: against those that are kept, nothing changes. */
static bool add_companions(struct mln_audit *a, struct mln_audit_plane *p, size_t gone,
                           struct mln_rule_verdict *v)
{
    struct mln_packet packet;
    bool any = false;
    while (!v->together_more &&
           mln_audit_find_changed(a, p, gone, what_stays(a, p, v), &packet) == MLN_FOUND) {
        size_t entry = mln_audit_first_match(p, &packet, p->below, 0, p->entries.len);
        if (entry >= a->rule_entries ||
            !note(a, &v->together, &v->together_more, mln_audit_listed_at(a, p, entry)))
            break;
        any = true;
    }
    return any;
}

/* With the rules that were found useless before still there, does its removal change anything? Then
 * those that would step in must go too, and what would step in for these. */
static void find_companions(struct mln_audit *a, size_t rule, struct mln_rule_verdict *v)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < a->plane_count; i++) {
            again |= add_companions(a, &a->planes[i], rule, v);
            for (size_t k = 0; k < v->together.len; k++)
                again |= add_companions(a, &a->planes[i], v->together.data[k].index, v);
        }
    }
}

void mln_audit_explain_redundant(struct mln_audit *a, size_t rule, struct mln_rule_verdict *v)
{
    for (size_t i = 0; i < a->plane_count; i++)
        replace_in_plane(a, &a->planes[i], rule, v);
    find_companions(a, rule, v);
    sort_listed(&v->by);
    sort_listed(&v->together);
}
