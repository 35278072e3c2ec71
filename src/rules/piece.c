/* What tells the rules of one intent apart in one NSG: "Storage.WestEurope", "udp", "v6". It
 * depends on the intent and the zone alone, so it does not change when other intents come or go. */
#include "rules/end.h"

#include <string.h>

/* Most pieces have no word or one: a text is made for the others only. */
struct words {
    const char *list[4 + MLN_PROTO_COUNT];
    size_t count;
};

static void add_word(struct words *words, const char *word)
{
    words->list[words->count++] = word;
}

static const char *join(struct mln_arena *arena, const struct words *words)
{
    if (words->count < 2)
        return words->count ? words->list[0] : NULL;
    struct mln_buf out;
    mln_buf_init(&out, arena);
    for (size_t i = 0; i < words->count; i++) {
        if (i)
            mln_buf_char(&out, '-');
        mln_buf_add(&out, words->list[i]);
    }
    return out.data;
}

static const char *side_word(const struct mln_term *term)
{
    switch (term->side.kind) {
    case MLN_SIDE_ANY:
        return "any";
    case MLN_SIDE_TAG:
        return term->side.tag->name;
    case MLN_SIDE_ASG:
        return term->side.asg->name;
    case MLN_SIDE_PREFIXES:
        break;
    }
    if (term->side.tag) /* expanded */
        return term->side.tag->name;
    return term->by_name ? "prefixes" : "networks";
}

static bool both_families(const struct mln_problem *p, const struct mln_end *end)
{
    bool seen[MLN_FAMILIES] = {false};
    for (size_t i = 0; i < end->far.len; i++)
        for (int f = 0; f < MLN_FAMILIES; f++)
            seen[f] |= end->far.data[i].set[f]->len > 0 && p->ends->zone->addresses[f]->len > 0;
    return seen[MLN_IPV4] && seen[MLN_IPV6];
}

static size_t service_count(const struct mln_end *end)
{
    size_t most = end->intent->services.len;
    for (size_t i = 0; i < end->far.len; i++)
        if (end->far.data[i].services && end->far.data[i].services->len > most)
            most = end->far.data[i].services->len;
    return most;
}

/* NULL when the intent makes one rule here. */
const char *mln_piece_name(const struct mln_problem *p, const struct mln_piece *piece)
{
    const struct mln_end *end = piece->end;
    struct words out = {.count = 0};
    if (p->ends->nsg && (p->ends->through[MLN_IPV4] || p->ends->nsg->zones.len > 1))
        add_word(&out, p->ends->through[MLN_IPV4]
                           ? mln_printf(p->ctx->arena, "from-%s", p->ends->zone->display)
                           : p->ends->zone->display);
    if (end && end->near.len > 1)
        add_word(&out, side_word(piece->near));
    if (end && (end->far.len > 1 || piece->far->side.kind != end->far.data[0].side.kind))
        add_word(&out, side_word(piece->far));
    if (end && service_count(end) > 1)
        for (unsigned i = 0; i < MLN_PROTO_COUNT; i++)
            if (piece->item.protos == MLN_PROTO_BIT(i))
                add_word(&out, mln_proto_names[i]);
    if (end && piece->families == 1u << MLN_IPV6 && both_families(p, end))
        add_word(&out, "v6");
    return join(p->ctx->arena, &out);
}
