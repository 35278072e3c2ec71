/* Words shared by everything that decides about flows. */
#ifndef MLN_NET_FLOW_H
#define MLN_NET_FLOW_H

enum mln_action { MLN_ALLOW, MLN_DENY };
enum mln_direction { MLN_INBOUND, MLN_OUTBOUND };
#define MLN_DIRECTIONS 2

#endif
