/* Sides that are seen again: hundreds of intents name the same zone, tag or prefix, and at one zone
 * the terms of that are the same for all of them. Only sides of one leaf are kept, and only leaves
 * whose terms neither depend on the intent nor are reported about. */
#include "net/index.h"
#include "rules/end.h"

struct key {
    const struct mln_zone *zone;
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

static bool key_of(const struct mln_side_set *side, const struct mln_zone *zone,
                   enum mln_direction direction, bool near, struct key *key)
{
    if (side->len != 1 || side->parts[0].minus_len)
        return false;
    const struct mln_leaf *leaf = &side->parts[0].leaf;
    *key = (struct key){.zone = zone};
    key->rest = (uint32_t)leaf->kind << 16 | (uint32_t)leaf->through_group << 2 |
                (uint32_t)direction << 1 | near;
    if (leaf->kind == MLN_LEAF_PREFIX)
        key->rest |= (uint32_t)leaf->prefix.family << 3 | (uint32_t)leaf->prefix.length << 8;
    return name_leaf(leaf, zone, key);
}

static bool same_key(const struct key *x, const struct key *y)
{
    return x->zone == y->zone && x->object == y->object && x->rest == y->rest &&
           mln_ip_cmp(x->ip, y->ip) == 0;
}

static uint64_t hash_key(const struct key *key)
{
    uint64_t hash = mln_hash_word(key->rest, (uintptr_t)key->zone);
    hash = mln_hash_word(hash, (uintptr_t)key->object);
    return mln_mix(mln_hash_word(mln_hash_word(hash, key->ip.hi), key->ip.lo));
}

void mln_side_terms_find(struct mln_side_terms *seen, const struct mln_intent *intent,
                         const struct mln_side_set *side, const struct mln_zone *zone,
                         enum mln_direction direction, bool near, struct mln_term_vec *out)
{
    struct key key;
    if (!key_of(side, zone, direction, near, &key)) {
        mln_terms(seen->ctx, seen->model, intent, side, zone, direction, near, out);
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
    mln_terms(seen->ctx, seen->model, intent, side, zone, direction, near, &side_here.terms);
    side_here.terms.cap = side_here.terms.len; /* whoever adds to his list makes it his own */
    mln_index_put(&seen->index, hash, (uint32_t)seen->sides.len);
    mln_vec_push(seen->scratch, &seen->sides, side_here);
    *out = side_here.terms;
}
