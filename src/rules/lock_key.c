/* Keys of rules: what stays the same about a rule from one compilation to the next.
 *
 * Keys are written into lock files, so they must be the same on every machine and in every later
 * version: the hash is FNV-1a over bytes spelled out here, independent of byte order, of the values
 * of enumerators and of the hash tables of base. A test holds one key in place. */
#include "rules/lock.h"

#include <string.h>

static const uint64_t start = UINT64_C(0xcbf29ce484222325);

static uint64_t add_bytes(uint64_t hash, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t mln_lock_hash(const void *data, size_t length)
{
    return add_bytes(start, data, length);
}

/* With its end, so that "ab" "c" and "a" "bc" differ. NULL counts as "". */
static uint64_t add_text(uint64_t hash, const char *text)
{
    return text ? add_bytes(hash, text, strlen(text) + 1) : add_bytes(hash, "", 1);
}

/* Powers of the prime: a byte of zero only multiplies, so several do it at once. */
static const uint64_t powers[9] = {
    0x0000000000000001, 0x00000100000001b3, 0x000366000002e329,
    0x08a97b0004e7feab, 0x9ffaac085635bc91, 0x0caee32a7d4f6a63,
    0xdc966432edf1c639, 0xc5527b8a51d3d2db, 0x1efac7090aef4a21,
};

/* The eight bytes, the highest first. Most numbers begin with zeros. */
static uint64_t add_number(uint64_t hash, uint64_t number)
{
    unsigned zeros = number == 0 ? 8 : (unsigned)__builtin_clzll(number) / 8;
    hash *= powers[zeros];
    for (unsigned i = zeros; i < 8; i++)
        hash = (hash ^ (number >> (56 - 8 * i) & 0xff)) * powers[1];
    return hash;
}

static const char *verb_of(const struct mln_rule *rule)
{
    if (rule->intent_count == 0)
        return rule->action == MLN_ALLOW ? "default-allow" : "default-deny";
    switch (rule->intents[0]->verb) {
    case MLN_VERB_ALLOW:
        return "allow";
    case MLN_VERB_FORBID:
        return "forbid";
    default:
        return "deny";
    }
}

static uint64_t add_prefixes(uint64_t hash, const struct mln_ipset *set)
{
    hash = add_text(hash, set->family == MLN_IPV4 ? "4" : "6");
    for (size_t i = 0; i < set->len; i++) {
        hash = add_number(add_number(hash, set->ranges[i].lo.hi), set->ranges[i].lo.lo);
        hash = add_number(add_number(hash, set->ranges[i].hi.hi), set->ranges[i].hi.lo);
    }
    return add_text(hash, NULL);
}

static uint64_t add_side(uint64_t hash, const struct mln_rule_side *side)
{
    switch (side->kind) {
    case MLN_SIDE_TAG:
        return add_text(add_text(hash, "tag"), side->tag->name);
    case MLN_SIDE_ASG:
        return add_text(add_text(hash, "asg"), side->asg->name);
    case MLN_SIDE_PREFIXES:
        return add_prefixes(hash, side->prefixes);
    default:
        return add_text(hash, "*");
    }
}

static uint64_t add_ports(uint64_t hash, const struct mln_portset *ports)
{
    for (size_t i = 0; i < ports->len; i++)
        hash = add_number(hash, (uint64_t)ports->ranges[i].lo << 16 | ports->ranges[i].hi);
    return add_text(hash, NULL);
}

static struct mln_rule_key key_of(const struct mln_rule *rule)
{
    uint64_t id = add_text(start, verb_of(rule));
    id = add_text(add_text(id, rule->base_name), rule->piece);
    id = add_text(id, rule->proto == MLN_PROTO_ANY ? "any" : mln_proto_names[rule->proto]);
    uint64_t content = add_number(add_number(start, rule->rank), rule->families);
    content = add_side(add_side(content, &rule->src), &rule->dst);
    content = add_ports(add_ports(content, rule->sport), rule->dport);
    return (struct mln_rule_key){.id = id, .content = (uint32_t)(content ^ content >> 32)};
}

struct mln_rule_key mln_lock_key(const struct mln_rule *rule)
{
    return rule->key_count > 0 ? rule->keys[0] : key_of(rule->lowered ? rule->lowered : rule);
}

void mln_lock_identify(struct mln_arena *arena, struct mln_table *table)
{
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++) {
            struct mln_rule *rule = table->rules[direction].data[i];
            if (rule->key_count > 0)
                continue;
            struct mln_rule_key *key = MLN_NEW(arena, struct mln_rule_key);
            *key = mln_lock_key(rule);
            rule->keys = key;
            rule->key_count = 1;
        }
}
