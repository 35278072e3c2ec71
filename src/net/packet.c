/* A packet as people write one. */
#include "net/space.h"

#include <stdio.h>

static char *end_text(const struct mln_packet *packet, struct mln_ip ip, unsigned port, char *out)
{
    char text[MLN_IP_TEXT];
    bool v6 = packet->family == MLN_IPV6;
    bool ports = packet->proto == MLN_PROTO_TCP || packet->proto == MLN_PROTO_UDP;
    mln_ip_text(packet->family, ip, text);
    int n = sprintf(out, v6 ? "[%s]" : "%s", text);
    if (ports)
        sprintf(out + n, ":%u", port);
    return out;
}

char *mln_packet_text(struct mln_arena *arena, const struct mln_packet *packet)
{
    char src[MLN_IP_TEXT + 16], dst[MLN_IP_TEXT + 16];
    return mln_printf(arena, "%s %s -> %s", mln_proto_names[packet->proto],
                      end_text(packet, packet->src, packet->sport, src),
                      end_text(packet, packet->dst, packet->dport, dst));
}
