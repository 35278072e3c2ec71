/* The parts of a side: which are the same, and what they weigh together. */
#include "policy/build.h"

/* What a leaf that is no prefix stands for. */
static const void *named_by(const struct mln_leaf *leaf)
{
    switch (leaf->kind) {
    case MLN_LEAF_NETWORK:
        return leaf->network;
    case MLN_LEAF_ZONE:
        return leaf->zone;
    case MLN_LEAF_ASG:
        return leaf->asg;
    case MLN_LEAF_EXTERNAL:
        return leaf->external;
    case MLN_LEAF_TAG:
        return leaf->tag;
    case MLN_LEAF_RESOURCE:
        return leaf->resource;
    case MLN_LEAF_ENDPOINT:
        return leaf->endpoint;
    case MLN_LEAF_HOSTED_AGENTS:
        return leaf->geography;
    case MLN_LEAF_ANY:
    case MLN_LEAF_PREFIX:
        break;
    }
    return NULL;
}

/* Groups that hold one group twice would double with every level. */
static bool same_part(const struct mln_side_part *x, const struct mln_side_part *y)
{
    const struct mln_leaf *p = &x->leaf, *q = &y->leaf;
    if (p->kind != q->kind || named_by(p) != named_by(q) || x->minus_len != y->minus_len)
        return false;
    if (p->kind == MLN_LEAF_PREFIX &&
        (p->prefix.family != q->prefix.family || p->prefix.length != q->prefix.length ||
         mln_ip_cmp(p->prefix.ip, q->prefix.ip) != 0))
        return false;
    for (size_t i = 0; i < x->minus_len; i++)
        if (x->minus[i] != y->minus[i])
            return false;
    return true;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t hash_part(const struct mln_side_part *part)
{
    const struct mln_leaf *leaf = &part->leaf;
    uint64_t hash = mix((uint64_t)leaf->kind + 1, (uint64_t)(uintptr_t)named_by(leaf));
    if (leaf->kind == MLN_LEAF_PREFIX)
        hash = mix(mix(mix(hash, leaf->prefix.ip.lo), leaf->prefix.ip.hi), leaf->prefix.length);
    for (size_t i = 0; i < part->minus_len; i++)
        hash = mix(hash, (uint64_t)(uintptr_t)part->minus[i]);
    return hash;
}

/* Only equality decides, so the result does not depend on where things lie in memory. */
void mln_parts_drop_repeated(struct mln_build *b, struct mln_part_vec *parts)
{
    if (parts->len < 2)
        return;
    size_t size = 4;
    while (size < parts->len * 2)
        size *= 2;
    size_t *slots = MLN_NEW_ARRAY(b->arena, size_t, size), kept = 0;
    for (size_t i = 0; i < parts->len; i++) {
        size_t slot = (size_t)hash_part(&parts->data[i]) & (size - 1);
        while (slots[slot] && !same_part(&parts->data[slots[slot] - 1], &parts->data[i]))
            slot = (slot + 1) & (size - 1);
        if (slots[slot])
            continue;
        parts->data[kept] = parts->data[i];
        slots[slot] = ++kept;
    }
    parts->len = kept;
}

struct mln_side_set *mln_parts_set(struct mln_build *b, const struct mln_part_vec *parts)
{
    struct mln_side_set *set = MLN_NEW(b->arena, struct mln_side_set);
    *set = (struct mln_side_set){.parts = parts->data, .len = parts->len};
    for (size_t i = 0; i < parts->len; i++) {
        set->weight++;
        for (size_t m = 0; m < parts->data[i].minus_len; m++)
            set->weight += parts->data[i].minus[m]->weight;
    }
    if (set->weight > MLN_SIDE_WEIGHT)
        set->weight = MLN_SIDE_WEIGHT + 1; /* no overflow further up */
    return set;
}
