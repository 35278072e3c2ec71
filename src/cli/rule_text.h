/* Fields of rules and packets in words. */
#ifndef MLN_CLI_RULE_TEXT_H
#define MLN_CLI_RULE_TEXT_H

#include "prove/query.h"

/* "443", "10.0.1.4", "tcp"; "none" for the port of a protocol without ports. */
const char *mln_packet_field(struct mln_arena *a, const struct mln_packet *packet,
                             enum mln_query_field field);
/* What the rule wants there: "22", "in 10.0.0.0/24 or 10.1.0.0/16", "in Storage", "udp"; not safe
 * to print as it is. */
const char *mln_step_field(struct mln_arena *a, const struct mln_query_step *step,
                           enum mln_query_field field);
/* "80, 443, 8000-8999"; "any" for all of them. */
const char *mln_ports_text(struct mln_arena *a, const struct mln_portset *ports);
/* The first `most` prefixes of a set: "10.0.0.0/24, 10.1.0.0/16 and 3 more". */
const char *mln_addresses_text(struct mln_arena *a, const struct mln_ipset *set, size_t most);

#endif
