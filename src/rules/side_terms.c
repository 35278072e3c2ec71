/* Sides that are seen again: hundreds of intents name the same zone, tag or prefix, and at one zone
 * the terms of that are the same for all of them. Only sides of one leaf are kept, and only leaves
 * whose terms neither depend on the intent nor are reported about. */
#include "net/index.h"
#include "rules/end.h"

struct key {
    const struct mln_zone *zone;
    const void *way;    /* through an appliance's NSG; or NULL */
    const void *object; /* what the leaf names; NULL for `any` and a prefix */
    struct mln_ip ip;   /* of a prefix */
    uint32_t rest;      /* everything else: see key_of */
};

struct seen {
    struct key key;
    struct mln_term_vec terms;
};

struct mln_side_terms {
    struct mln_ctx *ctx;
    struct mln_arena *scratch;
    const struct mln_model *model;
    struct mln_index index;
    MLN_VEC(struct seen) sides;
};

struct mln_side_terms *mln_side_terms_new(struct mln_ctx *ctx, struct mln_arena *scratch,
                                          const struct mln_model *model)
{
    struct mln_side_terms *seen = MLN_NEW(scratch, struct mln_side_terms);
    seen->ctx = ctx;
    seen->scratch = scratch;
    seen->model = model;
    mln_index_init(&seen->index, scratch, 256);
    return seen;
}

/* false: the terms depend on more than the key says. */
static bool name_leaf(const struct mln_leaf *leaf, const struct mln_zone *zone, struct key *key)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        return true;
    case MLN_LEAF_NETWORK:
        key->object = leaf->network;
        return true;
    case MLN_LEAF_ZONE:
        key->object = leaf->zone;
        return true;
    case MLN_LEAF_EXTERNAL:
        key->object = leaf->external;
        return true;
    case MLN_LEAF_TAG:
        key->object = leaf->tag;
        return true;
    case MLN_LEAF_PREFIX:
        key->ip = leaf->prefix.ip;
        return true;
    case MLN_LEAF_ASG: /* of another network: reported */
        key->object = leaf->asg;
        return leaf->asg->zone->network == zone->network;
    default:
        return false;
    }
}

/* A side whose terms are wanted: at the zone's own NSG, or on the way through another's. */
struct wanted {
    const struct mln_intent *intent;
    const struct mln_side_set *side;
    const struct mln_zone *zone, *at; /* at: of the other NSG; or NULL */
    const struct mln_ipset *const *through;
    enum mln_direction direction;
    bool near;
};

static bool key_of(const struct wanted *w, struct key *key)
{
    if (w->side->len != 1 || w->side->parts[0].minus_len)
        return false;
    const struct mln_leaf *leaf = &w->side->parts[0].leaf;
    *key = (struct key){.zone = w->zone, .way = w->through};
    key->rest = (uint32_t)leaf->kind << 16 | (uint32_t)leaf->through_group << 2 |
                (uint32_t)w->direction << 1 | w->near;
    if (leaf->kind == MLN_LEAF_PREFIX)
        key->rest |= (uint32_t)leaf->prefix.family << 3 | (uint32_t)leaf->prefix.length << 8;
    return name_leaf(leaf, w->zone, key);
}

static bool same_key(const struct key *x, const struct key *y)
{
    return x->zone == y->zone && x->way == y->way && x->object == y->object && x->rest == y->rest &&
           mln_ip_cmp(x->ip, y->ip) == 0;
}

static uint64_t hash_key(const struct key *key)
{
    uint64_t hash = mln_hash_word(key->rest, (uintptr_t)key->zone);
    hash = mln_hash_word(hash, (uintptr_t)key->object ^ (uintptr_t)key->way);
    return mln_mix(mln_hash_word(mln_hash_word(hash, key->ip.hi), key->ip.lo));
}

static void make(struct mln_side_terms *seen, const struct wanted *w, struct mln_term_vec *out)
{
    if (w->at)
        mln_transit_terms(seen->ctx, seen->model, w->intent, w->side, w->zone, w->at, w->through,
                          w->near, out);
    else
        mln_terms(seen->ctx, seen->model, w->intent, w->side, w->zone, w->direction, w->near, out);
}

static void find(struct mln_side_terms *seen, const struct wanted *w, struct mln_term_vec *out)
{
    struct key key;
    if (!key_of(w, &key)) {
        make(seen, w, out);
        return;
    }
    uint64_t hash = hash_key(&key);
    size_t at = mln_index_start(&seen->index, hash);
    for (uint32_t id; (id = mln_index_next(&seen->index, hash, &at)) != MLN_INDEX_NONE;)
        if (same_key(&seen->sides.data[id].key, &key)) {
            *out = seen->sides.data[id].terms;
            return;
        }
    struct seen side_here = {.key = key};
    make(seen, w, &side_here.terms);
    side_here.terms.cap = side_here.terms.len; /* whoever adds to his list makes it his own */
    mln_index_put(&seen->index, hash, (uint32_t)seen->sides.len);
    mln_vec_push(seen->scratch, &seen->sides, side_here);
    *out = side_here.terms;
}

void mln_side_terms_find(struct mln_side_terms *seen, const struct mln_intent *intent,
                         const struct mln_side_set *side, const struct mln_zone *zone,
                         enum mln_direction direction, bool near, struct mln_term_vec *out)
{
    find(seen,
         &(struct wanted){
             .intent = intent, .side = side, .zone = zone, .direction = direction, .near = near},
         out);
}

void mln_side_terms_cross(struct mln_side_terms *seen, const struct mln_intent *intent,
                          const struct mln_side_set *side, const struct mln_zone *zone,
                          const struct mln_zone *at,
                          const struct mln_ipset *const through[MLN_FAMILIES], bool near,
                          struct mln_term_vec *out)
{
    find(seen,
         &(struct wanted){.intent = intent,
                          .side = side,
                          .zone = zone,
                          .at = at,
                          .through = through,
                          .near = near},
         out);
}
