/* From the way to a node to a packet of it. */
#include "net/search.h"

/* Which of the two values an unknown set has: as `within` says, or as the stack says, else out. */
static bool is_in(const struct mln_search *q, size_t v)
{
    if (q->within_match != SIZE_MAX && mln_bit(q->space->variables[v].named, q->within_match))
        return true;
    for (size_t d = 0; d < q->depth; d++)
        if (q->s->open[q->s->frames[d].level] == MLN_FIELD_COUNT + v)
            return q->s->frames[d].next == 2;
    return false;
}

/* The numbers of a side's unknown sets that are in; NULL when there is none, as in nearly every
 * packet. */
static const uint32_t *joined(const struct mln_search *q, bool is_src, size_t *count)
{
    const struct mln_space *space = q->space;
    uint32_t *numbers = NULL;
    *count = 0;
    for (size_t v = 0; v < space->variable_count; v++) {
        if (space->variables[v].is_src != is_src || !is_in(q, v))
            continue;
        if (!numbers)
            numbers = MLN_NEW_ARRAY(space->arena, uint32_t, space->variable_count - v);
        numbers[(*count)++] = space->variables[v].number;
    }
    return numbers;
}

static uint32_t chosen_atom(const struct mln_frame *frame)
{
    return frame->atoms[frame->next - 1];
}

/* Fields the stack has not decided may have any value inside `within`: the most typical one. */
void mln_search_witness(const struct mln_search *q, struct mln_packet *packet)
{
    struct mln_ip value[MLN_FIELD_COUNT];
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++) {
        const struct mln_field *field = &q->space->fields[f];
        value[f] = field->typical[field->members[field->first[q->within[f]]]];
    }
    for (size_t d = 0; d < q->depth; d++) {
        uint32_t f = q->s->open[q->s->frames[d].level];
        if (!mln_level_is_variable(f))
            value[f] = q->space->fields[f].typical[chosen_atom(&q->s->frames[d])];
    }
    *packet = (struct mln_packet){
        .family = q->space->family,
        .src = value[MLN_FIELD_SRC],
        .dst = value[MLN_FIELD_DST],
        .proto = (enum mln_proto)value[MLN_FIELD_PROTO].lo,
        .sport = (uint16_t)value[MLN_FIELD_SPORT].lo,
        .dport = (uint16_t)value[MLN_FIELD_DPORT].lo,
    };
    packet->src_vars = joined(q, true, &packet->src_var_count);
    packet->dst_vars = joined(q, false, &packet->dst_var_count);
}
