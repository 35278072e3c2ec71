/* Boxes in words.
 *
 * A box is described in the words of the side that permits it. Boxes that read alike and have the
 * same reasons are one flow; then flows that differ in nothing but their services are joined, then
 * those that differ in nothing but their destinations, then sources. Boxes are disjoint, so a flow
 * is exactly the union of its boxes. */
#include "azure/legal.h"
#include "azure/platform.h"
#include "prove/change_impl.h"

#include <string.h>

/* ---- reasons ---- */

/* The addresses a leaf stands for; NULL where they are not known, or depend on who looks. */
static const struct mln_ipset *leaf_set(const struct mln_leaf *leaf, enum mln_family family)
{
    switch (leaf->kind) {
    case MLN_LEAF_ZONE:
        return leaf->zone->addresses[family];
    case MLN_LEAF_NETWORK:
        return leaf->network->space[family];
    case MLN_LEAF_EXTERNAL:
        return leaf->external->addresses[family];
    case MLN_LEAF_ENDPOINT:
        return leaf->endpoint->addresses[family];
    default:
        return NULL;
    }
}

static bool side_speaks_of(const struct mln_side_set *side, const struct mln_ipset *set)
{
    for (size_t i = 0; i < side->len; i++) {
        const struct mln_ipset *its = leaf_set(&side->parts[i].leaf, set->family);
        if (!its || mln_ipset_overlaps(its, set))
            return true;
    }
    return false;
}

/* A rule may be merged from those of several intents: which of them speak of the box? */
static bool speaks_of(const struct mln_intent *intent, const struct mln_box *box)
{
    bool service = false;
    for (size_t i = 0; i < intent->services.len && !service; i++) {
        const struct mln_service_item *item = &intent->services.items[i];
        service = item->protos & box->protos && mln_portset_overlaps(item->sport, box->sport) &&
                  mln_portset_overlaps(item->dport, box->dport);
    }
    return service && side_speaks_of(intent->from, box->src) &&
           side_speaks_of(intent->to, box->dst);
}

static bool same_reason(const struct mln_change_reason *x, const struct mln_change_reason *y)
{
    if (x->side != y->side || x->allow != y->allow || x->intent != y->intent ||
        x->by_default != y->by_default)
        return false;
    return x->intent || x->by_default ||
           (x->rule == y->rule && x->azure == y->azure && x->nsg == y->nsg);
}

static void add_reason(struct finder *f, struct mln_change_reason_vec *reasons,
                       struct mln_change_reason reason)
{
    for (size_t i = 0; i < reasons->len; i++)
        if (same_reason(&reasons->data[i], &reason))
            return;
    mln_vec_push(arena_of(f), reasons, reason);
}

static void add_cause(struct finder *f, const struct mln_diff_box *box,
                      const struct mln_diff_cause *cause, struct mln_change_reason_vec *reasons)
{
    struct mln_change_reason reason = {.side = cause->side,
                                       .allow = cause->allow,
                                       .rule = cause->rule,
                                       .azure = cause->azure,
                                       .zone = cause->zone,
                                       .nsg = cause->nsg,
                                       .direction = cause->direction};
    size_t count = cause->rule ? cause->rule->intent_count : 0;
    reason.by_default =
        (cause->rule || cause->azure) && count == 0 && f->subjects[cause->side].is_policy;
    for (size_t i = 0; i < count; i++) {
        reason.intent = cause->rule->intents[i];
        if (count == 1 || speaks_of(reason.intent, &box->box))
            add_reason(f, reasons, reason);
    }
    if (count == 0)
        add_reason(f, reasons, reason);
}

/* What permits where it is permitted, what denies where it is denied. */
static struct mln_change_reason_vec reasons_of(struct finder *f, const struct mln_diff_box *box)
{
    struct mln_change_reason_vec reasons = {0};
    for (size_t i = 0; i < box->causes.len; i++) {
        const struct mln_diff_cause *cause = &box->causes.data[i];
        if (cause->allow == (box->added == (cause->side == MLN_NEW)))
            add_cause(f, box, cause, &reasons);
    }
    return reasons;
}

/* ---- words ---- */

struct wording {
    struct finder *f;
    const struct mln_diff_box *box;
    const struct mln_diff_side *side;     /* that permits */
    int number;                           /* of the side */
    int speaker;                          /* in whose words */
    const struct mln_zone *place, *other; /* the end's zone on that side, and the other end's */
    bool is_src;
    bool end_to_end;
    bool tells_family; /* what was said of an end is of the box's family alone */
};

static void collect_tags(const struct wording *w, struct mln_words_view *view)
{
    MLN_VEC(const struct mln_tag *) tags = {0};
    for (size_t i = 0; i < w->box->causes.len; i++) {
        const struct mln_rule *rule = w->box->causes.data[i].rule;
        const struct mln_rule_side *side = rule ? w->is_src ? &rule->src : &rule->dst : NULL;
        if (w->box->causes.data[i].side == w->number && side && side->kind == MLN_SIDE_TAG &&
            side->tag->prefixes[w->box->box.family])
            mln_vec_push(arena_of(w->f), &tags, side->tag);
    }
    view->tags = tags.data;
    view->tag_count = tags.len;
}

/* Is the tag a part of another one that is named, or does it go without saying? */
static bool is_implied(const struct wording *w, const struct mln_tags *tags, const char *name)
{
    const struct mln_box *box = &w->box->box;
    const struct mln_tag *tag = mln_tags_find(tags, name);
    for (size_t i = 0; tag && i < box->var_count; i++) {
        const struct mln_diff_set *set = &w->f->out->sets.list.data[box->vars[i].number];
        const struct mln_tag *other = set->is_asg ? NULL : mln_tags_find(tags, set->name);
        if (box->vars[i].is_src != w->is_src || !box->vars[i].in || !other || other == tag)
            continue;
        if (other->parent == tag ||
            (tag->kind == MLN_TAG_INTERNET && other->kind == MLN_TAG_SERVICE))
            return true;
    }
    return false;
}

/* The names of the unknown sets that the end is in, or is out of. */
static const char *set_names(const struct wording *w, bool in)
{
    const struct mln_box *box = &w->box->box;
    struct mln_buf text;
    mln_buf_init(&text, arena_of(w->f));
    for (size_t i = 0; i < box->var_count; i++) {
        const char *name = w->f->out->sets.list.data[box->vars[i].number].name;
        if (box->vars[i].is_src != w->is_src || box->vars[i].in != in ||
            (in && is_implied(w, w->side->model->options->tags, name)))
            continue;
        mln_buf_printf(&text, "%s%s", text.len == 0 ? "" : in ? " and " : ", ", name);
    }
    return text.len ? text.data : NULL;
}

/* Tags lie in public address space, as the other end sees the Internet, ASGs in a zone: then they
 * need no addresses. */
static bool is_whole(const struct wording *w, const struct mln_ipset *set)
{
    struct mln_arena *a = arena_of(w->f);
    enum mln_family family = w->box->box.family;
    const struct mln_ipset *all = w->is_src ? w->side->src[family] : w->side->dst[family];
    if (all && w->other)
        all = mln_ipset_intersect(a, all, w->other->internet[family]);
    if (all) {
        all = mln_ipset_subtract(a, all, mln_azure_private_space(a, family));
        all = mln_ipset_subtract(a, all, mln_azure_platform_space(a, family));
    }
    return !all || mln_ipset_covers(set, all);
}

static const char *end_words(struct wording *w)
{
    bool tells = false;
    const struct mln_box *box = &w->box->box;
    const struct mln_ipset *set = w->is_src ? box->src : box->dst;
    struct mln_words_view view = {.zone = w->place,
                                  .seen_from = w->place ? NULL : w->other,
                                  .universe = w->place && !w->place->unplaced ? NULL
                                              : w->is_src ? w->side->src[box->family]
                                                          : w->side->dst[box->family],
                                  .all = w->end_to_end && !w->place ? "any outside" : NULL,
                                  .most = w->f->options->prefixes,
                                  .tells_family = &tells};
    collect_tags(w, &view);
    const char *in = set_names(w, true), *out = set_names(w, false);
    const char *text = in;
    if (!in || !is_whole(w, set)) {
        const char *addresses = mln_words_addresses(w->f->words[w->speaker], &view, set);
        text = in ? mln_printf(arena_of(w->f), "%s in %s", in, addresses) : addresses;
    }
    if (w->place && w->place->nic && w->place->nic->floating[box->family] &&
        strcmp(text, w->place->display) != 0)
        text = mln_printf(arena_of(w->f), "%s at %s", w->place->display, text);
    w->tells_family |= tells;
    if (!out)
        return text;
    const char *more = strstr(text, " except ") ? "," : " except"; /* all of them at once */
    return mln_printf(arena_of(w->f), "%s%s %s", text, more, out);
}

/* ---- flows ---- */

static bool lacks_name(const struct mln_zone *zone)
{
    return !zone || is_stand_in(zone);
}

/* In the words of the side that has them, unless only the other one knows the zone. */
static const char *describe_end(struct wording *w,
                                const struct mln_zone *const places[2][MLN_SIDES], bool is_src)
{
    int end = is_src ? 0 : 1, s = w->number;
    w->is_src = is_src;
    w->speaker = w->f->speaker[s];
    if (lacks_name(places[end][w->speaker]) && !lacks_name(places[end][1 - w->speaker]))
        w->speaker = 1 - w->speaker;
    w->place = places[end][w->speaker];
    w->other = places[1 - end][s];
    return end_words(w);
}

/* Does the side have such packets of the other family? ICMP is of IPv4 alone. */
static bool has_other_family(const struct mln_diff_side *side, const struct mln_box *box)
{
    const struct mln_ipset *src = side->src[1 - box->family], *dst = side->dst[1 - box->family];
    if (box->protos == MLN_PROTO_BIT(MLN_PROTO_ICMP))
        return false;
    return src && src->len && dst && dst->len;
}

static void describe(struct finder *f, const struct mln_diff_box *box,
                     const struct mln_diff_side sides[MLN_SIDES],
                     const struct mln_zone *const places[2][MLN_SIDES], bool end_to_end,
                     struct mln_change_flow *flow)
{
    int s = box->added ? MLN_NEW : MLN_OLD;
    struct wording w = {
        .f = f, .box = box, .side = &sides[s], .number = s, .end_to_end = end_to_end};
    flow->from = describe_end(&w, places, true);
    flow->to = describe_end(&w, places, false);
    flow->services =
        mln_words_service(f->words[f->speaker[s]], box->box.protos, box->box.sport, box->box.dport);
    flow->of_either = !w.tells_family && has_other_family(&sides[s], &box->box);
}

/* An interface whose address is not known on either side, when some of the addresses that it may
 * have would fare otherwise. */
static void find_hangs(struct finder *f, const struct mln_diff_box *box,
                       const struct mln_diff_side *side,
                       const struct mln_zone *const places[2][MLN_SIDES],
                       struct mln_change_flow *flow)
{
    int family = box->box.family;
    for (int end = 0; end < 2; end++) {
        const struct mln_ipset *all = end ? side->dst[family] : side->src[family];
        const struct mln_zone *nic = NULL;
        bool floats = true;
        for (int s = 0; s < MLN_SIDES; s++) {
            const struct mln_zone *zone = places[end][s];
            nic = zone && zone->nic ? zone : nic;
            floats &= !zone || (zone->nic && zone->nic->floating[family]);
        }
        if (nic && floats && !mln_ipset_covers(end ? box->box.dst : box->box.src, all))
            mln_vec_push(arena_of(f), &flow->hangs_on, nic);
    }
}

void mln_change_add(struct finder *f, const struct mln_diff *diff,
                    const struct mln_diff_side sides[MLN_SIDES],
                    const struct mln_zone *const places[2][MLN_SIDES], const struct end *end,
                    struct mln_change_flow_vec *out)
{
    for (size_t i = 0; i < diff->boxes.len; i++) {
        const struct mln_diff_box *box = &diff->boxes.data[i];
        int s = box->added ? MLN_NEW : MLN_OLD;
        struct mln_change_flow flow = {.added = box->added, .reasons = reasons_of(f, box)};
        describe(f, box, sides, places, !end, &flow);
        find_hangs(f, box, &sides[s], places, &flow);
        if (end) {
            flow.nsg = end->side[s].nsg ? end->side[s].nsg : end->side[1 - s].nsg;
            flow.direction = end->direction;
            flow.unplaced = end->place == SIZE_MAX;
        }
        for (int k = 0; k < MLN_SIDES; k++)
            flow.outside[k] = box->outside[k];
        mln_vec_push(arena_of(f), &flow.boxes, box);
        mln_vec_push(arena_of(f), out, flow);
    }
}

/* ---- joining ---- */

enum part { SERVICES, TO, FROM, PARTS };

static void add_key(struct mln_buf *key, const void *what)
{
    mln_buf_add_n(key, (const char *)&what, sizeof what);
}

static void add_reason_key(struct mln_buf *key, const struct mln_change_reason *r)
{
    mln_buf_printf(key, "%d%d%d", r->side, r->allow, r->by_default);
    add_key(key, r->intent);
    if (r->intent || r->by_default)
        return;
    add_key(key, r->rule);
    add_key(key, r->azure);
    add_key(key, r->nsg);
}

/* Everything of the flow but one part; all of it for PARTS. */
static void make_key(const struct mln_change_flow *flow, enum part without, struct mln_buf *key)
{
    const char *texts[PARTS] = {flow->services, flow->to, flow->from};
    key->len = 0;
    mln_buf_printf(key, "%d%d%d%d", flow->added, flow->outside[0], flow->outside[1],
                   flow->direction);
    add_key(key, flow->nsg);
    add_key(key, flow->over);
    for (size_t i = 0; i < flow->hangs_on.len; i++)
        add_key(key, flow->hangs_on.data[i]);
    for (int p = 0; p < PARTS; p++)
        if (p != (int)without) {
            mln_buf_add(key, texts[p]);
            mln_buf_char(key, ';');
        }
    for (size_t i = 0; i < flow->reasons.len; i++)
        add_reason_key(key, &flow->reasons.data[i]);
}

/* The texts of flows that become one are put together at the end: one at a time, thousands of them
 * would be written again and again. */
MLN_VEC_TYPE(text_vec, const char *);

static const char **text_of(struct mln_change_flow *flow, enum part part)
{
    return part == SERVICES ? &flow->services : part == TO ? &flow->to : &flow->from;
}

/* Would what stands beside it be read as a part of it? */
static bool reaches_on(const char *text)
{
    return strstr(text, " except ") || (strstr(text, " in ") && strchr(text, ','));
}

/* In brackets, as in a policy, where it would not be clear what an exception is one of. */
static const char *join_texts(struct mln_arena *a, const struct text_vec *texts)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    for (size_t i = 0; i < texts->len; i++)
        mln_buf_printf(&out, reaches_on(texts->data[i]) ? "%s(%s)" : "%s%s", i ? ", " : "",
                       texts->data[i]);
    return out.data;
}

static void join_boxes(struct finder *f, struct mln_change_flow *into,
                       const struct mln_change_flow *flow)
{
    for (size_t i = 0; i < flow->boxes.len; i++)
        mln_vec_push(arena_of(f), &into->boxes, flow->boxes.data[i]);
}

static void join_part(struct finder *f, struct mln_change_flow_vec *flows, enum part part)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_map *seen = mln_map_new(scratch);
    struct text_vec *texts = MLN_NEW_ARRAY(scratch, struct text_vec, flows->len); /* of each kept */
    struct mln_buf key;
    size_t kept = 0;
    mln_buf_init(&key, scratch);
    for (size_t i = 0; i < flows->len; i++) {
        struct mln_change_flow *flow = &flows->data[i];
        make_key(flow, part, &key);
        struct mln_map_entry *entry = mln_map_slot(seen, key.data, key.len);
        bool known = entry->value != NULL;
        if (!known)
            entry->value = (void *)(uintptr_t)(kept + 1);
        size_t at = (uintptr_t)entry->value - 1;
        if (part != PARTS)
            mln_vec_push(scratch, &texts[at], *text_of(flow, part));
        if (known)
            join_boxes(f, &flows->data[at], flow);
        else
            flows->data[kept++] = *flow;
    }
    flows->len = kept;
    for (size_t i = 0; i < kept; i++)
        if (texts[i].len > 1)
            *text_of(&flows->data[i], part) = join_texts(arena_of(f), &texts[i]);
    mln_arena_free(scratch);
}

/* Of flows that read alike for both families: those of one alone. */
static void tell_families(struct mln_change_flow_vec *flows)
{
    for (size_t i = 0; i < flows->len; i++) {
        struct mln_change_flow *flow = &flows->data[i];
        bool has[MLN_FAMILIES] = {false, false};
        for (size_t k = 0; k < flow->boxes.len; k++)
            has[flow->boxes.data[k]->box.family] = true;
        if (flow->of_either && has[MLN_IPV4] != has[MLN_IPV6])
            flow->over = has[MLN_IPV4] ? "IPv4" : "IPv6";
    }
}

void mln_change_join(struct finder *f, struct mln_change_flow_vec *flows)
{
    join_part(f, flows, PARTS);
    tell_families(flows);
    join_part(f, flows, SERVICES);
    for (size_t i = 0; i < flows->len; i++)
        mln_change_reword(f, &flows->data[i]);
    join_part(f, flows, TO);
    join_part(f, flows, FROM);
}
