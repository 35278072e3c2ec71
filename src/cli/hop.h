/* What decided a packet, as people read it: shared by mlnsgc test and mlnsgc query. */
#ifndef MLN_CLI_HOP_H
#define MLN_CLI_HOP_H

#include "cli/subject.h"

/* "policy.mlp:30:1"; "" for file 0. */
const char *mln_place_text(struct mln_cli *cli, struct mln_span span);
/* The statement on one line, comments left out. */
const char *mln_statement_text(struct mln_cli *cli, struct mln_span span);
/* What is not printable escaped. */
const char *mln_safe_text(struct mln_cli *cli, const char *text);

/* Does the intent speak of the packet's service? A rule may be merged from those of several. */
bool mln_intent_speaks_of(const struct mln_intent *intent, const struct mln_packet *packet);

/* Where a rule comes from, lines indented by `indent` blanks: the intents behind it that speak of
 * the packet, or its place in the JSON. `subject` may be NULL for a policy. */
void mln_origin_print(struct mln_cli *cli, const struct mln_subject *subject,
                      const struct mln_rule *rule, const struct mln_packet *packet, int indent,
                      struct mln_buf *out);
/* "    out of 'jump', NSG nsg-jump: permitted by rule R (priority 100)", and where R comes from. */
void mln_hop_print(struct mln_cli *cli, const struct mln_subject *subject,
                   const struct mln_assert_hop *hop, const struct mln_packet *packet,
                   struct mln_buf *out);
/* What leaves the packet open: tags, addresses of network interfaces, NSGs that were not read. */
void mln_open_print(struct mln_cli *cli, const struct mln_counterexample *c, struct mln_buf *out);
/* "tcp 10.0.1.1:49152 -> 10.0.2.1:22; destination not in the ASG web" and a line break. */
void mln_counterexample_print(struct mln_cli *cli, const struct mln_counterexample *at,
                              struct mln_buf *out);

#endif
