/* The proof by the second engine: what the policy permits and what the rules permit as decision
 * diagrams, which are one number exactly when the sets are one.
 *
 * The search of proof.c walks through both at once, so it may meet every pair of a state of the
 * policy and a state of the rules; a diagram is built for each by itself. Policies with hundreds of
 * denies that overlap and of allows that override some of them are where that tells.
 *
 * The policy in sets, as language.md decides: with F, D and A what forbids, denies and allows match
 * (exceptions taken out), A(g) the allows that override the same denies and D(g) the denies they do
 * not override,
 *
 *     permitted = (union over g of A(g) - D(g)) - F  +  default - (F + D + A)
 *
 * A(g) - D(g) is one list: the denies of D(g) before the allows of A(g). Matches with exceptions
 * stay out of the lists and are put together by themselves. Unions are kept as what is not in them.
 */
#include "prove/proof_impl.h"

#include "net/diagram.h"

enum part { FORBIDS, DENIES, ALLOWS, DEFAULTS, EXCEPTIONS, RULES, UNIVERSE, PARTS };

struct item {
    const struct mln_piece *piece; /* NULL: a default, a rule */
    size_t match;                  /* among `matches` */
    size_t exceptions;             /* the first of them; they stand in a row */
    size_t exception_count;
};

struct picture {
    struct mln_arena *arena;
    const struct mln_plane *plane;
    MLN_VEC(struct mln_match) matches;
    MLN_VEC(struct item) items[PARTS];
    size_t first[PARTS + 1]; /* the matches of a part stand in a row */
    struct mln_diagrams *diagrams;
    uint64_t *allows;  /* per match: for lists of policy and rules */
    uint64_t *all;     /* every match: a list of these is their union */
    uint64_t *members; /* scratch */
    size_t words;
};

/* ---- collecting ---- */

static enum part part_of(const struct mln_piece *piece)
{
    switch (piece->end->intent->verb) {
    case MLN_VERB_FORBID:
        return FORBIDS;
    case MLN_VERB_DENY:
        return DENIES;
    default:
        return ALLOWS;
    }
}

static void add(struct picture *pic, enum part part, struct item item,
                const struct mln_match *match)
{
    item.match = pic->matches.len;
    mln_vec_push(pic->arena, &pic->items[part], item);
    mln_vec_push(pic->arena, &pic->matches, *match);
}

static void add_intents(struct picture *pic, const struct mln_problem *p, enum part part)
{
    enum mln_family family = pic->plane->family;
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_piece *piece = p->pieces.data[i];
        int match = piece->match[family];
        if (match >= 0 && part_of(piece) == part)
            add(pic, part, (struct item){.piece = piece}, &pic->plane->matches.data[match]);
    }
}

static void add_exceptions(struct picture *pic, enum part part)
{
    enum mln_family family = pic->plane->family;
    for (size_t i = 0; i < pic->items[part].len; i++) {
        struct item *item = &pic->items[part].data[i];
        item->exceptions = pic->matches.len;
        item->exception_count = item->piece->minus_len[family];
        for (size_t k = 0; k < item->exception_count; k++) {
            int gone = item->piece->minus[family][k];
            mln_vec_push(pic->arena, &pic->matches, pic->plane->matches.data[gone]);
        }
    }
}

static void collect(struct picture *pic, const struct mln_problem *p,
                    const struct mln_rules_entry_vec *entries)
{
    for (int part = FORBIDS; part <= ALLOWS; part++) {
        pic->first[part] = pic->matches.len;
        add_intents(pic, p, (enum part)part);
    }
    pic->first[DEFAULTS] = pic->matches.len;
    for (size_t i = 0; i < pic->plane->default_matches.len; i++) {
        int match = pic->plane->default_matches.data[i];
        add(pic, DEFAULTS, (struct item){0}, &pic->plane->matches.data[match]);
    }
    pic->first[EXCEPTIONS] = pic->matches.len;
    for (int part = FORBIDS; part <= ALLOWS; part++)
        add_exceptions(pic, (enum part)part);
    pic->first[RULES] = pic->matches.len;
    for (size_t i = 0; i < entries->len; i++)
        add(pic, RULES, (struct item){0}, &entries->data[i].match);
    pic->first[UNIVERSE] = pic->matches.len;
    add(pic, UNIVERSE, (struct item){0}, &pic->plane->matches.data[pic->plane->universe]);
    pic->first[PARTS] = pic->matches.len;
}

static void mark(struct picture *pic, const struct mln_rules_entry_vec *entries)
{
    pic->words = (pic->matches.len + 63) / 64;
    pic->allows = MLN_NEW_ARRAY(pic->arena, uint64_t, pic->words);
    pic->all = MLN_NEW_ARRAY(pic->arena, uint64_t, pic->words);
    pic->members = MLN_NEW_ARRAY(pic->arena, uint64_t, pic->words);
    for (size_t i = 0; i < pic->matches.len; i++)
        mln_bit_set(pic->all, i);
    for (size_t i = 0; i < pic->items[ALLOWS].len; i++)
        mln_bit_set(pic->allows, pic->items[ALLOWS].data[i].match);
    for (size_t i = 0; i < entries->len; i++)
        if (entries->data[i].allow)
            mln_bit_set(pic->allows, pic->items[RULES].data[i].match);
}

/* ---- sets ---- */

static mln_diagram minus(struct picture *pic, mln_diagram a, mln_diagram b)
{
    return mln_diagram_without(pic->diagrams, a, b);
}

static mln_diagram union_of(struct picture *pic, size_t first, size_t count)
{
    return mln_diagram_of_list(pic->diagrams, first, count, pic->all);
}

/* What the item matches with its exceptions taken out. */
static mln_diagram item_set(struct picture *pic, const struct item *item)
{
    return minus(pic, union_of(pic, item->match, 1),
                 union_of(pic, item->exceptions, item->exception_count));
}

/* Everything that no item of the part matches. */
static mln_diagram none_of(struct picture *pic, enum part part)
{
    mln_bits_clear(pic->members, 0, pic->words * 64);
    for (size_t i = 0; i < pic->items[part].len; i++)
        if (pic->items[part].data[i].exception_count == 0)
            mln_bit_set(pic->members, pic->items[part].data[i].match);
    size_t first = pic->first[part], count = pic->items[part].len;
    mln_diagram plain = mln_diagram_of_members(pic->diagrams, first, count, pic->members, pic->all);
    mln_diagram rest = minus(pic, MLN_DIAGRAM_ALL, plain);
    for (size_t i = 0; i < pic->items[part].len; i++)
        if (pic->items[part].data[i].exception_count)
            rest = minus(pic, rest, item_set(pic, &pic->items[part].data[i]));
    return rest;
}

/* ---- the policy ---- */

static bool opposes(const struct item *deny, const struct mln_intent *allow)
{
    for (size_t i = 0; i < allow->overrides.len; i++)
        if (allow->overrides.data[i] == deny->piece->end->intent)
            return false;
    return true;
}

/* Takes from `set` the denies with exceptions that the allow does not override. */
static mln_diagram without_cut_denies(struct picture *pic, mln_diagram set,
                                      const struct mln_intent *allow)
{
    for (size_t i = 0; i < pic->items[DENIES].len; i++) {
        const struct item *deny = &pic->items[DENIES].data[i];
        if (deny->exception_count && opposes(deny, allow))
            set = minus(pic, set, item_set(pic, deny));
    }
    return set;
}

static void choose_denies(struct picture *pic, const struct mln_intent *allow)
{
    mln_bits_clear(pic->members, 0, pic->words * 64);
    for (size_t i = 0; i < pic->items[DENIES].len; i++) {
        const struct item *deny = &pic->items[DENIES].data[i];
        if (deny->exception_count == 0 && opposes(deny, allow))
            mln_bit_set(pic->members, deny->match);
    }
}

/* A(g) - D(g) for the group of the first allow in [from, ...) is taken from `rest`; `done` marks
 * its members. */
static mln_diagram without_group(struct picture *pic, mln_diagram rest, size_t from, bool *done)
{
    const struct item *items = pic->items[ALLOWS].data;
    const struct mln_intent *intent = items[from].piece->end->intent;
    size_t first = pic->first[DENIES], count = pic->first[DEFAULTS] - first;
    choose_denies(pic, intent);
    mln_diagram denies =
        mln_diagram_of_members(pic->diagrams, first, count, pic->members, pic->all);
    for (size_t i = from; i < pic->items[ALLOWS].len; i++) {
        if (done[i] || !mln_same_overrides(intent, items[i].piece->end->intent))
            continue;
        done[i] = true;
        if (items[i].exception_count)
            rest = minus(
                pic, rest,
                without_cut_denies(pic, minus(pic, item_set(pic, &items[i]), denies), intent));
        else
            mln_bit_set(pic->members, items[i].match);
    }
    mln_diagram list =
        mln_diagram_of_members(pic->diagrams, first, count, pic->members, pic->allows);
    return minus(pic, rest, without_cut_denies(pic, list, intent));
}

/* What the policy permits. */
static mln_diagram policy_set(struct picture *pic)
{
    size_t count = pic->items[ALLOWS].len;
    bool *done = MLN_NEW_ARRAY(pic->arena, bool, count + 1);
    mln_diagram not_allowed = MLN_DIAGRAM_ALL;
    for (size_t i = 0; i < count; i++)
        if (!done[i])
            not_allowed = without_group(pic, not_allowed, i, done);
    mln_diagram not_forbidden = none_of(pic, FORBIDS);
    mln_diagram allowed = minus(pic, not_forbidden, not_allowed);
    mln_diagram unnamed = mln_diagram_and(pic->diagrams, not_forbidden, none_of(pic, DENIES));
    unnamed = mln_diagram_and(pic->diagrams, unnamed, none_of(pic, ALLOWS));
    mln_diagram by_default = minus(pic, unnamed, none_of(pic, DEFAULTS));
    mln_diagram neither = minus(pic, minus(pic, MLN_DIAGRAM_ALL, allowed), by_default);
    return minus(pic, MLN_DIAGRAM_ALL, neither);
}

/* ---- the answer ---- */

static struct mln_ip typical(const struct mln_ipset *set)
{
    const struct mln_range *range = &set->ranges[0];
    return mln_ip_cmp(range->lo, range->hi) < 0 ? mln_ip_next(range->lo) : range->lo;
}

static struct mln_packet packet_of(struct mln_arena *arena, const struct mln_box *box)
{
    struct mln_packet packet = {.family = box->family,
                                .src = typical(box->src),
                                .dst = typical(box->dst),
                                .proto = (enum mln_proto)__builtin_ctz(box->protos),
                                .sport = box->sport->ranges[0].lo,
                                .dport = box->dport->ranges[0].lo};
    uint32_t *in[2] = {MLN_NEW_ARRAY(arena, uint32_t, box->var_count + 1),
                       MLN_NEW_ARRAY(arena, uint32_t, box->var_count + 1)};
    packet.src_vars = in[0];
    packet.dst_vars = in[1];
    for (size_t i = 0; i < box->var_count; i++) {
        const struct mln_box_var *var = &box->vars[i];
        if (var->in && var->is_src)
            in[0][packet.src_var_count++] = var->number;
        else if (var->in)
            in[1][packet.dst_var_count++] = var->number;
    }
    return packet;
}

/* The packets of one that are not in the other, and the reverse. */
static enum mln_proof_result compare(struct picture *pic, mln_diagram policy, mln_diagram rules,
                                     struct mln_packet *packet)
{
    mln_diagram universe = union_of(pic, pic->first[UNIVERSE], 1);
    mln_diagram sides[] = {minus(pic, policy, rules), minus(pic, rules, policy)};
    for (int i = 0; i < 2; i++) {
        mln_diagram found = mln_diagram_and(pic->diagrams, sides[i], universe);
        struct mln_box_vec boxes = {0};
        if (found == MLN_DIAGRAM_GAVE_UP)
            return MLN_PROOF_GAVE_UP;
        if (found == MLN_DIAGRAM_NONE)
            continue;
        mln_diagram_boxes(pic->diagrams, found, 1, &boxes);
        *packet = packet_of(pic->arena, &boxes.data[0]);
        return MLN_PROOF_FAILS;
    }
    return MLN_PROOF_HOLDS;
}

enum mln_proof_result mln_prove_by_diagrams(struct mln_ctx *ctx, const struct mln_problem *p,
                                            const struct mln_plane *plane,
                                            const struct mln_rules_entry_vec *entries,
                                            struct mln_packet *packet, uint64_t *steps)
{
    struct picture pic = {.arena = ctx->arena, .plane = plane};
    collect(&pic, p, entries);
    mark(&pic, entries);
    pic.diagrams =
        mln_diagrams_new(ctx->arena, plane->family, pic.matches.data, pic.matches.len, 0);
    mln_diagram policy = policy_set(&pic);
    mln_diagram rules =
        mln_diagram_of_list(pic.diagrams, pic.first[RULES], entries->len, pic.allows);
    enum mln_proof_result result = compare(&pic, policy, rules, packet);
    *steps += mln_diagrams_steps(pic.diagrams);
    return result;
}
