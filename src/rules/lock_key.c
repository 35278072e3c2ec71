/* Keys of rules: what stays the same about a rule from one compilation to the next. */
#include "base/map.h"
#include "rules/lock.h"

static void add_text(struct mln_buf *buf, const char *text)
{
    if (text)
        mln_buf_add(buf, text);
    mln_buf_char(buf, '\0');
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

static void add_side(struct mln_buf *buf, const struct mln_rule_side *side)
{
    char text[MLN_IP_TEXT];
    switch (side->kind) {
    case MLN_SIDE_ANY:
        add_text(buf, "*");
        break;
    case MLN_SIDE_TAG:
        add_text(buf, side->tag->name);
        break;
    case MLN_SIDE_ASG:
        add_text(buf, side->asg->name);
        break;
    case MLN_SIDE_PREFIXES:
        for (size_t i = 0; i < side->prefixes->len; i++) {
            const struct mln_range *range = &side->prefixes->ranges[i];
            add_text(buf, mln_ip_text(side->prefixes->family, range->lo, text));
            add_text(buf, mln_ip_text(side->prefixes->family, range->hi, text));
        }
        break;
    }
    mln_buf_char(buf, '\n');
}

static void add_ports(struct mln_buf *buf, const struct mln_portset *ports)
{
    for (size_t i = 0; i < ports->len; i++)
        mln_buf_printf(buf, "%u-%u ", ports->ranges[i].lo, ports->ranges[i].hi);
    mln_buf_char(buf, '\n');
}

/* `buf` is emptied and used for the text that is hashed. */
static struct mln_rule_key key_of(const struct mln_rule *rule, struct mln_buf *buf)
{
    struct mln_rule_key key;
    buf->len = 0;
    add_text(buf, verb_of(rule));
    add_text(buf, rule->base_name);
    add_text(buf, rule->piece);
    mln_buf_printf(buf, "%u", rule->proto);
    key.id = mln_hash_bytes(buf->data, buf->len);
    buf->len = 0;
    mln_buf_printf(buf, "%u %u\n", rule->rank, rule->families);
    add_side(buf, &rule->src);
    add_side(buf, &rule->dst);
    add_ports(buf, rule->sport);
    add_ports(buf, rule->dport);
    key.content = (uint32_t)mln_hash_bytes(buf->data, buf->len);
    return key;
}

void mln_lock_identify(struct mln_arena *arena, struct mln_table *table)
{
    struct mln_buf buf;
    mln_buf_init(&buf, arena);
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++) {
            struct mln_rule *rule = table->rules[direction].data[i];
            if (rule->key_count > 0)
                continue;
            struct mln_rule_key *key = MLN_NEW(arena, struct mln_rule_key);
            *key = key_of(rule, &buf);
            rule->keys = key;
            rule->key_count = 1;
        }
}
