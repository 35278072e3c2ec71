/* The NSG of an appliance on the way, for one packet.
 *
 * Azure takes the route with the longest prefix that holds the destination; of equal ones the
 * user's [virtual-networks-udr-overview.md]. The address spaces of the network and its peers are
 * routes of the system. The NSG on the appliance's subnet meets the packet twice, coming in and
 * going out, with its addresses unchanged. */
#include "prove/query.h"

#include "prove/rules_space.h"

static int longest(const struct mln_prefix_list *list, const struct mln_packet *packet)
{
    int best = -1;
    for (size_t i = 0; i < list->len; i++) {
        const struct mln_prefix *p = &list->data[i];
        if (p->family == packet->family && mln_ip_cmp(p->ip, packet->dst) <= 0 &&
            mln_ip_cmp(packet->dst, mln_prefix_last(p)) <= 0 && p->length > best)
            best = p->length;
    }
    return best;
}

/* What the system's own routes know of the destination. */
static int system_route(const struct mln_network *network, const struct mln_packet *packet)
{
    int best = longest(&network->prefixes, packet);
    for (size_t i = 0; i < network->peers.len; i++) {
        int peer = longest(&network->peers.data[i]->prefixes, packet);
        best = peer > best ? peer : best;
    }
    return best;
}

static const struct mln_zone *appliance_for(const struct mln_zone *zone,
                                            const struct mln_packet *packet)
{
    int best = system_route(zone->network, packet);
    const struct mln_zone *appliance = NULL;
    for (size_t i = 0; i < zone->routes.len; i++) {
        struct mln_route *route = &zone->routes.data[i];
        const struct mln_prefix_list one = {&route->prefix, route->tag ? 0 : 1, route->span};
        int length = longest(&one, packet);
        if (length < 0 || length < best)
            continue;
        best = length;
        appliance = route->hop == MLN_HOP_APPLIANCE ? route->appliance : NULL;
    }
    return appliance;
}

static struct mln_assert_hop decide(const struct mln_assert_world *world,
                                    const struct mln_zone *zone, enum mln_direction direction,
                                    const struct mln_packet *packet)
{
    struct mln_assert_hop hop = {.zone = zone, .direction = direction, .action = MLN_DENY};
    struct mln_rules_entry_vec entries = {0};
    const struct mln_rules_view view = {.ctx = world->ctx,
                                        .model = world->model,
                                        .zone = zone,
                                        .direction = direction,
                                        .family = packet->family};
    mln_rules_entries(&view, &world->deployed[zone->nsg->index].rules[direction], &entries);
    for (size_t i = 0; i < entries.len; i++)
        if (mln_packet_matches(packet, &entries.data[i].match)) {
            hop.action = entries.data[i].allow ? MLN_ALLOW : MLN_DENY;
            hop.rule = entries.data[i].rule;
            hop.azure = entries.data[i].azure;
            break;
        }
    return hop;
}

size_t mln_query_transit(const struct mln_assert_world *world, const struct mln_counterexample *at,
                         struct mln_assert_hop hops[2])
{
    const struct mln_zone *from = at->zones[0], *to = at->zones[1];
    const struct mln_zone *appliance = from ? appliance_for(from, &at->packet) : NULL;
    if (!appliance || !appliance->nsg || appliance == from || appliance == to)
        return 0;
    hops[0] = decide(world, appliance, MLN_INBOUND, &at->packet);
    hops[1] = decide(world, appliance, MLN_OUTBOUND, &at->packet);
    return 2;
}
