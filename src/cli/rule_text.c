/* Fields of rules and packets in words. */
#include "cli/rule_text.h"

#include <string.h>

enum { MOST_PREFIXES = 4 };

const char *mln_ports_text(struct mln_arena *a, const struct mln_portset *ports)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    if (mln_portset_is_all(ports))
        return "any";
    for (size_t i = 0; i < ports->len; i++) {
        mln_buf_printf(&out, "%s%u", i ? ", " : "", ports->ranges[i].lo);
        if (ports->ranges[i].hi != ports->ranges[i].lo)
            mln_buf_printf(&out, "-%u", ports->ranges[i].hi);
    }
    return out.data ? out.data : "none";
}

const char *mln_addresses_text(struct mln_arena *a, const struct mln_ipset *set, size_t most)
{
    char text[MLN_IP_TEXT];
    struct mln_prefix *prefixes;
    size_t len = mln_ipset_prefixes(a, set, &prefixes);
    struct mln_buf out;
    mln_buf_init(&out, a);
    for (size_t i = 0; i < len && i < most; i++)
        mln_buf_printf(&out, "%s%s", i ? ", " : "", mln_prefix_text(&prefixes[i], text));
    if (len > most)
        mln_buf_printf(&out, " and %zu more", len - most);
    return out.data ? out.data : "no address";
}

static bool has_ports(const struct mln_packet *packet)
{
    return packet->proto == MLN_PROTO_TCP || packet->proto == MLN_PROTO_UDP;
}

static const char *port_text(struct mln_arena *a, const struct mln_packet *packet, uint16_t port)
{
    return has_ports(packet) ? mln_printf(a, "%u", port) : "none";
}

const char *mln_packet_field(struct mln_arena *a, const struct mln_packet *packet,
                             enum mln_query_field field)
{
    char text[MLN_IP_TEXT];
    switch (field) {
    case MLN_FIELD_PROTOCOL:
        return mln_proto_names[packet->proto];
    case MLN_FIELD_SOURCE:
        return mln_strdup(a, mln_ip_text(packet->family, packet->src, text));
    case MLN_FIELD_SOURCE_PORT:
        return port_text(a, packet, packet->sport);
    case MLN_FIELD_DESTINATION:
        return mln_strdup(a, mln_ip_text(packet->family, packet->dst, text));
    case MLN_FIELD_DESTINATION_PORT:
        return port_text(a, packet, packet->dport);
    case MLN_QUERY_FIELDS:
        break;
    }
    return "";
}

static const char *side_text(struct mln_arena *a, const struct mln_rule_side *side)
{
    switch (side->kind) {
    case MLN_SIDE_TAG:
        return mln_printf(a, "in %s", side->tag->name);
    case MLN_SIDE_ASG:
        return mln_printf(a, "in the ASG %s", side->asg->name);
    case MLN_SIDE_PREFIXES:
        return mln_printf(a, "in %s", mln_addresses_text(a, side->prefixes, MOST_PREFIXES));
    case MLN_SIDE_ANY:
        break;
    }
    return "any address that rules filter";
}

static const char *azure_side(struct mln_arena *a, const char *side)
{
    return strcmp(side, "*") == 0 ? "any address that rules filter" : mln_printf(a, "in %s", side);
}

const char *mln_step_field(struct mln_arena *a, const struct mln_query_step *step,
                           enum mln_query_field field)
{
    const struct mln_rule *rule = step->rule;
    bool source = field == MLN_FIELD_SOURCE;
    if (!rule)
        return step->azure ? azure_side(a, source ? step->azure->src : step->azure->dst)
                           : "a platform address";
    switch (field) {
    case MLN_FIELD_PROTOCOL:
        return rule->proto == MLN_PROTO_ANY ? "any" : mln_proto_names[rule->proto];
    case MLN_FIELD_SOURCE:
        return side_text(a, &rule->src);
    case MLN_FIELD_SOURCE_PORT:
        return mln_ports_text(a, rule->sport);
    case MLN_FIELD_DESTINATION:
        return side_text(a, &rule->dst);
    case MLN_FIELD_DESTINATION_PORT:
        return mln_ports_text(a, rule->dport);
    case MLN_QUERY_FIELDS:
        break;
    }
    return "";
}
