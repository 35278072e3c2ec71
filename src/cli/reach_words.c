/* Which part of the packets between two ends a service may use, in the words of the policy. */
#include "cli/reach_words.h"

#include "cli/rule_text.h"
#include "prove/words.h"

#include <string.h>

enum { MOST_PREFIXES = 6, MOST_BOXES = 6, MOST_REWORDED = 64 };

struct mln_reach_words {
    struct mln_arena *arena;
    const struct mln_reach_table *table;
    struct mln_words *words;
};

struct mln_reach_words *mln_reach_words_new(struct mln_arena *arena,
                                            const struct mln_reach_table *table)
{
    struct mln_reach_words *w = MLN_NEW(arena, struct mln_reach_words);
    *w = (struct mln_reach_words){arena, table, mln_words_new(arena, table->subject.model)};
    return w;
}

/* ---- addresses ---- */

/* A box of the cell between two ends. */
struct wording {
    struct mln_reach_words *w;
    const struct mln_reach_end *ends[2]; /* source, destination */
    const struct mln_reach_box *box;
    bool tells_family; /* what was said is of the box's family alone */
};

/* All addresses of an end as the other one sees it; NULL: it has no name for them. */
static const struct mln_ipset *all_of(const struct mln_reach_end *end,
                                      const struct mln_reach_end *other, enum mln_family family)
{
    switch (end->kind) {
    case MLN_REACH_ZONE:
    case MLN_REACH_ASG:
        return end->zone->addresses[family];
    case MLN_REACH_EXTERNAL:
        return end->external->addresses[family];
    case MLN_REACH_ENDPOINT:
        return end->endpoint->addresses[family];
    case MLN_REACH_TAG:
        if (end->tag->kind == MLN_TAG_INTERNET && other->zone)
            return other->zone->internet[family];
        if (end->tag->kind == MLN_TAG_VIRTUAL_NETWORK && other->zone)
            return other->zone->virtual_network[family];
        return end->tag->prefixes[family];
    case MLN_REACH_PUBLIC:
        break;
    }
    return NULL;
}

/* The tags with known prefixes that the rules at the two ends name. */
static void collect_tags(const struct wording *g, bool source, struct mln_words_view *view)
{
    MLN_VEC(const struct mln_tag *) tags = {0};
    for (int e = 0; e < 2; e++) {
        const struct mln_zone *zone = g->ends[e]->zone;
        const struct mln_nsg *nsg = zone ? zone->nsg : NULL;
        const struct mln_rule_vec *rules = nsg ? &g->w->table->subject.deployed[nsg->index]
                                                      .rules[e == 0 ? MLN_OUTBOUND : MLN_INBOUND]
                                               : NULL;
        for (size_t i = 0; rules && i < rules->len; i++) {
            const struct mln_rule_side *side = source ? &rules->data[i]->src : &rules->data[i]->dst;
            bool known = side->kind == MLN_SIDE_TAG && side->tag->prefixes[g->box->family];
            for (size_t k = 0; known && k < tags.len; k++)
                known = tags.data[k] != side->tag;
            if (known)
                mln_vec_push(g->w->arena, &tags, side->tag);
        }
    }
    view->tags = tags.data;
    view->tag_count = tags.len;
}

/* NULL: all addresses of the end. */
static const char *addresses_text(struct wording *g, bool source)
{
    static const struct mln_zone nowhere; /* no zone's name fits */
    const struct mln_reach_end *end = g->ends[!source];
    const struct mln_ipset *set = source ? g->box->src : g->box->dst;
    const struct mln_ipset *all = set ? all_of(end, g->ends[source], g->box->family) : NULL;
    bool tells = false;
    struct mln_words_view view = {.zone = end->zone ? end->zone : &nowhere,
                                  .universe = all,
                                  .all = end->name,
                                  .most = MOST_PREFIXES,
                                  .tells_family = &tells};
    if (!set)
        return NULL;
    if (!all || !all->len) {
        g->tells_family = true;
        return mln_addresses_text(g->w->arena, set, MOST_PREFIXES);
    }
    collect_tags(g, source, &view);
    const char *text = mln_words_addresses(g->w->words, &view, set);
    g->tells_family |= tells;
    return strcmp(text, end->name) == 0 ? NULL : text;
}

/* ---- parts ---- */

/* A regional tag goes without its global one. */
static bool implied(const struct mln_reach_box *box, const struct mln_reach_member *member)
{
    for (size_t i = 0; i < box->members.len; i++) {
        const struct mln_reach_member *other = &box->members.data[i];
        if (member->in && other->in && other->source == member->source && other->tag &&
            other->tag->parent && other->tag->parent == member->tag)
            return true;
    }
    return false;
}

static const char *member_name(const struct mln_reach_member *member)
{
    return member->tag ? member->tag->name : member->asg->name;
}

/* "to 10.0.0.0/24 in Storage not in Sql" */
static void add_side(struct wording *g, bool source, struct mln_buf *out)
{
    const char *addresses = addresses_text(g, source);
    const struct mln_reach_box *box = g->box;
    size_t start = out->len;
    bool members = false;
    for (size_t i = 0; i < box->members.len; i++)
        members |= box->members.data[i].source == source;
    if (addresses)
        mln_buf_printf(out, members && strstr(addresses, " except ") ? "(%s)" : "%s", addresses);
    for (int in = 1; in >= 0; in--)
        for (size_t i = 0; i < box->members.len; i++) {
            const struct mln_reach_member *m = &box->members.data[i];
            if (m->source != source || m->in != (in == 1) || implied(box, m))
                continue;
            if (m->in)
                mln_buf_printf(out, "%s%s", out->len > start ? " in " : "", member_name(m));
            else
                mln_buf_printf(out, "%s not in %s", out->len > start ? "" : "all", member_name(m));
        }
}

static const char *side_text(struct wording *g, bool source)
{
    struct mln_buf out;
    mln_buf_init(&out, g->w->arena);
    add_side(g, source, &out);
    return out.len ? out.data : NULL;
}

/* Without its family. */
static const char *box_text(struct wording *g)
{
    struct mln_arena *a = g->w->arena;
    struct mln_buf out;
    mln_buf_init(&out, a);
    const char *from = side_text(g, true), *to = side_text(g, false);
    if (from)
        mln_buf_printf(&out, "from %s", from);
    if (to)
        mln_buf_printf(&out, "%sto %s", out.len ? " " : "", to);
    if (g->box->sport)
        mln_buf_printf(&out, "%swith source port %s", out.len ? " " : "",
                       mln_ports_text(a, g->box->sport));
    return out.data ? out.data : "";
}

/* ---- fewer words ---- */

static bool same_member(const struct mln_reach_member *x, const struct mln_reach_member *y)
{
    return x->source == y->source && x->tag == y->tag && x->asg == y->asg;
}

/* Is every packet of `inner`, put into the set that `turned` is about, in `outer`? */
static bool box_holds(const struct mln_reach_box *outer, const struct mln_reach_box *inner,
                      const struct mln_reach_member *turned)
{
    if (outer->family != inner->family ||
        (outer->src && !(inner->src && mln_ipset_covers(outer->src, inner->src))) ||
        (outer->dst && !(inner->dst && mln_ipset_covers(outer->dst, inner->dst))) ||
        (outer->sport && !(inner->sport && mln_portset_covers(outer->sport, inner->sport))))
        return false;
    for (size_t i = 0; i < outer->members.len; i++) {
        const struct mln_reach_member *m = &outer->members.data[i];
        bool held = m->in && same_member(m, turned);
        for (size_t k = 0; k < inner->members.len && !held; k++)
            held = inner->members.data[k].in == m->in && same_member(&inner->members.data[k], m) &&
                   !same_member(m, turned);
        if (!held)
            return false;
    }
    return true;
}

/* Takes away the first "not in" whose other half another box holds anyway. */
static bool drop_member(struct mln_reach_box *boxes, size_t count, size_t at)
{
    struct mln_reach_box *box = &boxes[at];
    for (size_t i = 0; i < box->members.len; i++)
        for (size_t k = 0; k < count && !box->members.data[i].in; k++)
            if (k != at && box_holds(&boxes[k], box, &box->members.data[i])) {
                memmove(&box->members.data[i], &box->members.data[i + 1],
                        (box->members.len - i - 1) * sizeof *box->members.data);
                box->members.len--;
                return true;
            }
    return false;
}

/* The boxes of a part are disjoint; for people they may overlap, which takes fewer words: "A or B"
 * in place of "A or B not in A". */
static struct mln_reach_box *overlapping(struct mln_arena *a, const struct mln_reach_part *part)
{
    size_t count = part->boxes.len;
    struct mln_reach_box *boxes = MLN_NEW_ARRAY(a, struct mln_reach_box, count);
    for (size_t i = 0; i < count; i++) {
        boxes[i] = part->boxes.data[i];
        boxes[i].members.data = MLN_NEW_ARRAY(a, struct mln_reach_member, boxes[i].members.len);
        for (size_t k = 0; k < boxes[i].members.len; k++)
            boxes[i].members.data[k] = part->boxes.data[i].members.data[k];
    }
    for (bool again = count <= MOST_REWORDED; again;) {
        again = false;
        for (size_t i = 0; i < count; i++)
            again |= drop_member(boxes, count, i);
    }
    return boxes;
}

/* Each text once; the family is said where it is all that tells, or where the other family has no
 * such box. */
static void boxes_text(struct mln_reach_words *w, const struct mln_reach_pair *pair,
                       const struct mln_reach_part *part, struct mln_text_vec *out)
{
    struct mln_arena *a = w->arena;
    const struct mln_traffic icmp = mln_traffic_of(a, MLN_PROTO_BIT(MLN_PROTO_ICMP), NULL);
    bool both = pair->cell->family[MLN_IPV4] && pair->cell->family[MLN_IPV6] &&
                !mln_traffic_equal(&part->traffic, &icmp); /* which IPv6 does not have */
    size_t count = part->boxes.len;
    const char **texts = MLN_NEW_ARRAY(a, const char *, count);
    bool *plain = MLN_NEW_ARRAY(a, bool, count);
    const struct mln_reach_box *boxes = overlapping(a, part);
    for (size_t i = 0; i < count; i++) {
        struct wording g = {w, {pair->from, pair->to}, &boxes[i], false};
        texts[i] = box_text(&g);
        plain[i] = !both || g.tells_family;
    }
    for (size_t i = 0; i < count; i++) {
        bool repeated = false;
        for (size_t k = 0; k < i; k++)
            repeated |= strcmp(texts[k], texts[i]) == 0;
        for (size_t k = i + 1; !plain[i] && k < count; k++)
            plain[i] = boxes[k].family != boxes[i].family && strcmp(texts[k], texts[i]) == 0;
        const char *text = texts[i];
        if (!plain[i])
            text = mln_printf(a, "%s%sover %s", text, *text ? " " : "",
                              boxes[i].family == MLN_IPV4 ? "IPv4" : "IPv6");
        if (!repeated)
            mln_vec_push(a, out, text);
    }
}

static const char *part_text(struct mln_reach_words *w, const struct mln_reach_pair *pair,
                             const struct mln_reach_part *part)
{
    struct mln_buf out;
    mln_buf_init(&out, w->arena);
    struct mln_text_vec texts = {0};
    boxes_text(w, pair, part, &texts);
    for (size_t i = 0; i < texts.len && i < MOST_BOXES; i++)
        mln_buf_printf(&out, "%s%s", i ? " or " : "", texts.data[i]);
    if (texts.len > MOST_BOXES)
        mln_buf_printf(&out, " or %zu more", texts.len - MOST_BOXES);
    if (part->note)
        mln_buf_printf(&out, "%s%s", out.len ? "; " : "", part->note);
    return out.data ? out.data : "";
}

void mln_reach_phrases(struct mln_reach_words *w, const struct mln_reach_pair *pair,
                       struct mln_reach_phrase_vec *out)
{
    for (size_t i = 0; i < pair->cell->parts.len; i++) {
        const struct mln_reach_part *part = &pair->cell->parts.data[i];
        struct mln_reach_phrase phrase = {part->traffic, part->boxes.len > 0,
                                          part_text(w, pair, part)};
        size_t k = 0;
        while (k < out->len &&
               (out->data[k].only != phrase.only || strcmp(out->data[k].where, phrase.where) != 0))
            k++;
        if (k == out->len)
            mln_vec_push(w->arena, out, phrase);
        else
            out->data[k].traffic =
                mln_traffic_union(w->arena, &out->data[k].traffic, &phrase.traffic);
    }
}
