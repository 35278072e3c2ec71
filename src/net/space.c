/* Building a space: every field's sets are collected and cut into atoms, unknown sets become
 * variables.
 *
 * A policy has hundreds of spaces of a few dozen matches each, so everything here costs in
 * proportion to the matches and the distinct sets of this one space, and what only the building
 * needs is thrown away. */
#include "net/space_impl.h"

#include <assert.h>
#include <string.h>

#define IPV4(a, b, c, d) \
    { \
        .lo = (uint64_t)(a) << 24 | (b) << 16 | (c) << 8 | (d) \
    }

static const struct mln_ip common_ports[] = {{.lo = 443}, {.lo = 22}, {.lo = 80}};
static const struct mln_ip first_ephemeral[] = {{.lo = 49152}}; /* RFC 6335 */
/* Addresses for documentation stand for "somewhere outside": RFC 5737 and RFC 3849. */
static const struct mln_ip outside_v4[] = {IPV4(203, 0, 113, 5)};
static const struct mln_ip outside_v6[] = {{.hi = UINT64_C(0x20010db8) << 32, .lo = 5}};

#define PORT_TASTE(list, count) \
    { \
        .favourites = (list), .favourite_count = (count), .favourites_first = true, \
        .shun_zero = true \
    }
#define ADDRESS_TASTE(list) \
    { \
        .favourites = (list), .favourite_count = 1, .second = true, .shun_zero = true \
    }

static const struct mln_taste proto_taste; /* in the order of enum mln_proto */
static const struct mln_taste dport_taste = PORT_TASTE(common_ports, 3);
static const struct mln_taste sport_taste = PORT_TASTE(first_ephemeral, 1);
static const struct mln_taste address_tastes[MLN_FAMILIES] = {
    [MLN_IPV4] = ADDRESS_TASTE(outside_v4),
    [MLN_IPV6] = ADDRESS_TASTE(outside_v6),
};

static const struct mln_taste *taste_of(enum mln_field_kind kind, enum mln_family family)
{
    switch (kind) {
    case MLN_FIELD_PROTO:
        return &proto_taste;
    case MLN_FIELD_DPORT:
        return &dport_taste;
    case MLN_FIELD_SPORT:
        return &sport_taste;
    default:
        return &address_tastes[family];
    }
}

static struct mln_ip line_end(enum mln_field_kind kind, enum mln_family family)
{
    switch (kind) {
    case MLN_FIELD_PROTO:
        return (struct mln_ip){.lo = MLN_PROTO_COUNT - 1};
    case MLN_FIELD_DPORT:
    case MLN_FIELD_SPORT:
        return (struct mln_ip){.lo = UINT16_MAX};
    default:
        return mln_ip_max(family);
    }
}

/* ---- a match's set in a field ---- */

static bool is_live(const struct mln_match *m)
{
    return (m->protos & MLN_PROTOS_ALL) != 0 && (!m->src || m->src->len > 0) &&
           (!m->dst || m->dst->len > 0) && (!m->sport || m->sport->len > 0) &&
           (!m->dport || m->dport->len > 0);
}

static uint32_t address_set(struct mln_collector *c, const struct mln_ipset *set)
{
    if (!set)
        return MLN_SET_ALL;
    uint32_t number = mln_collector_find(c, (uintptr_t)set);
    return number != MLN_INDEX_NONE ? number
                                    : mln_collector_add(c, (uintptr_t)set, set->ranges, set->len);
}

static uint32_t port_set(struct mln_collector *c, const struct mln_portset *set)
{
    if (!set)
        return MLN_SET_ALL;
    uint32_t number = mln_collector_find(c, (uintptr_t)set);
    if (number != MLN_INDEX_NONE)
        return number;
    struct mln_range *ranges = MLN_NEW_ARRAY(c->scratch, struct mln_range, set->len);
    for (size_t i = 0; i < set->len; i++)
        ranges[i] = (struct mln_range){{.lo = set->ranges[i].lo}, {.lo = set->ranges[i].hi}};
    return mln_collector_add(c, (uintptr_t)set, ranges, set->len);
}

/* A set of protocols is the runs of ones in its mask; the mask is its identity. */
static uint32_t proto_set(struct mln_collector *c, unsigned protos)
{
    protos &= MLN_PROTOS_ALL;
    uint32_t number = mln_collector_find(c, protos);
    if (number != MLN_INDEX_NONE)
        return number;
    struct mln_range *ranges = MLN_NEW_ARRAY(c->scratch, struct mln_range, MLN_PROTO_COUNT);
    size_t len = 0;
    for (unsigned p = 0; p < MLN_PROTO_COUNT; p++) {
        if (!(protos & MLN_PROTO_BIT(p)))
            continue;
        if (p > 0 && (protos & MLN_PROTO_BIT(p - 1)))
            ranges[len - 1].hi.lo = p;
        else
            ranges[len++] = (struct mln_range){{.lo = p}, {.lo = p}};
    }
    return mln_collector_add(c, protos, ranges, len);
}

static uint32_t set_in_field(struct mln_collector *c, enum mln_field_kind kind,
                             const struct mln_match *m)
{
    switch (kind) {
    case MLN_FIELD_PROTO:
        return proto_set(c, m->protos);
    case MLN_FIELD_DPORT:
        return port_set(c, m->dport);
    case MLN_FIELD_SPORT:
        return port_set(c, m->sport);
    case MLN_FIELD_DST:
        return address_set(c, m->dst);
    default:
        return address_set(c, m->src);
    }
}

static void cut_field(struct mln_space *space, struct mln_arena *temporary,
                      enum mln_field_kind kind, const struct mln_match *matches)
{
    struct mln_collector c;
    mln_collector_init(&c, temporary, line_end(kind, space->family));
    uint32_t *set_of = MLN_NEW_ARRAY(space->arena, uint32_t, space->match_count);
    for (size_t i = 0; i < space->match_count; i++)
        set_of[i] = mln_bit(space->live, i) ? set_in_field(&c, kind, &matches[i]) : MLN_INDEX_NONE;
    space->set_of[kind] = set_of;
    mln_field_cut(&space->fields[kind], space->arena, &c, taste_of(kind, space->family), set_of,
                  space->match_count);
}

/* ---- unknown sets ---- */

static size_t most_variables(const struct mln_match *matches, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += matches[i].src_var_count + matches[i].dst_var_count;
    return most;
}

static struct mln_variable *variable_for(struct mln_space *space, struct mln_index *index,
                                         bool is_src, uint32_t number)
{
    uint64_t hash = mln_mix((uint64_t)number << 1 | is_src);
    size_t at = mln_index_start(index, hash);
    for (uint32_t id; (id = mln_index_next(index, hash, &at)) != MLN_INDEX_NONE;)
        if (space->variables[id].number == number && space->variables[id].is_src == is_src)
            return &space->variables[id];
    mln_index_put(index, hash, (uint32_t)space->variable_count);
    struct mln_variable *v = &space->variables[space->variable_count++];
    *v = (struct mln_variable){.number = number,
                               .is_src = is_src,
                               .named = MLN_NEW_ARRAY(space->arena, uint64_t, space->words)};
    return v;
}

static void name_variables(struct mln_space *space, struct mln_arena *temporary,
                           const struct mln_match *matches)
{
    size_t most = most_variables(matches, space->match_count);
    if (most == 0)
        return;
    struct mln_index index;
    mln_index_init(&index, temporary, 32);
    space->variables = MLN_NEW_ARRAY(temporary, struct mln_variable, most);
    for (size_t i = 0; i < space->match_count; i++) {
        if (!mln_bit(space->live, i))
            continue;
        for (size_t v = 0; v < matches[i].dst_var_count; v++)
            mln_bit_set(variable_for(space, &index, false, matches[i].dst_vars[v])->named, i);
        for (size_t v = 0; v < matches[i].src_var_count; v++)
            mln_bit_set(variable_for(space, &index, true, matches[i].src_vars[v])->named, i);
    }
    struct mln_variable *kept =
        MLN_NEW_ARRAY(space->arena, struct mln_variable, space->variable_count);
    memcpy(kept, space->variables, space->variable_count * sizeof *kept);
    space->variables = kept;
}

/* ---- the space ---- */

static void make_scratch(struct mln_space *space)
{
    struct mln_scratch *s = &space->scratch;
    size_t levels = MLN_FIELD_COUNT + space->variable_count;
    s->open = MLN_NEW_ARRAY(space->arena, uint32_t, levels);
    s->cover = MLN_NEW_ARRAY(space->arena, const uint64_t *, levels);
    s->frames = MLN_NEW_ARRAY(space->arena, struct mln_frame, levels);
    s->full = MLN_NEW_ARRAY(space->arena, uint64_t, (levels + 1) * space->words);
    s->alive = MLN_NEW_ARRAY(space->arena, uint64_t, (levels + 1) * space->words);
    s->sure = MLN_NEW_ARRAY(space->arena, uint64_t, space->words);
    s->column = MLN_NEW_ARRAY(space->arena, uint64_t, space->words);
    size_t most = 0;
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++) {
        size_t atoms = space->fields[f].atom_count;
        s->local[f] = MLN_NEW_ARRAY(space->arena, uint32_t, atoms);
        s->gathered[f] = MLN_NEW_ARRAY(space->arena, uint32_t, atoms);
        most = atoms > most ? atoms : most;
    }
    s->marks = MLN_NEW_ARRAY(space->arena, uint64_t, (most + 63) / 64);
    mln_memo_init(&s->memo, space->arena, space->words);
}

/* Bytes that the building takes for a match whose sets are all its own; most share them, so from
 * some hundred matches on the arena shows what is needed. */
enum { MATCH_EXPECTED = 500, MOST_EXPECTED = 256 << 10 };

struct mln_space *mln_space_new(struct mln_arena *arena, enum mln_family family,
                                const struct mln_match *matches, size_t count)
{
    struct mln_space *space = MLN_NEW(arena, struct mln_space);
    size_t expected = count * MATCH_EXPECTED;
    struct mln_arena *temporary =
        mln_arena_new_for(expected < MOST_EXPECTED ? expected : MOST_EXPECTED);
    space->arena = arena;
    space->family = family;
    space->match_count = count;
    space->words = (count + 63) / 64;
    space->live = MLN_NEW_ARRAY(arena, uint64_t, space->words);
    for (size_t i = 0; i < count; i++)
        if (is_live(&matches[i]))
            mln_bit_set(space->live, i);
    for (enum mln_field_kind kind = 0; kind < MLN_FIELD_COUNT; kind++)
        cut_field(space, temporary, kind, matches);
    name_variables(space, temporary, matches);
    make_scratch(space);
    mln_arena_free(temporary);
    return space;
}

size_t mln_space_words(const struct mln_space *space)
{
    return space->words;
}

void mln_bits_clear(uint64_t *set, size_t from, size_t to)
{
    for (; from < to && from % 64 != 0; from++)
        mln_bit_clear(set, from);
    for (; from + 64 <= to; from += 64)
        set[from / 64] = 0;
    for (; from < to; from++)
        mln_bit_clear(set, from);
}

size_t mln_bits_first(const uint64_t *set, size_t from, size_t to)
{
    for (size_t i = from; i < to; i = (i / 64 + 1) * 64) {
        uint64_t left = set[i / 64] >> (i % 64);
        if (left != 0) {
            i += (size_t)__builtin_ctzll(left);
            return i < to ? i : to;
        }
    }
    return to;
}

void mln_bits_first_match(uint64_t *alive, const uint64_t *sure, size_t from, size_t to)
{
    size_t first = mln_bits_first(sure, from, to);
    if (first < to)
        mln_bits_clear(alive, first + 1, to);
}
