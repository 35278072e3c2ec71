/* The proof: rules permit exactly what the policy permits.
 *
 * For each zone an NSG governs, in each direction and family: the packets that the rules permit,
 * first match by priority and then Azure's default rules, are the packets that the policy permits
 * there. Service tags and ASGs without known contents are unknown sets, so the proof holds for
 * whatever they hold. */
#ifndef MLN_PROVE_PROOF_H
#define MLN_PROVE_PROOF_H

#include "net/space.h"
#include "rules/lower.h"

enum mln_proof_result { MLN_PROOF_HOLDS, MLN_PROOF_FAILS, MLN_PROOF_GAVE_UP };

/* Most lists say box by box what the policy says, which needs no search. The packet search is quick
 * where rules are few or simple, and finds a typical packet. Where it gives up, decision diagrams
 * follow. Tests hold each against the others. */
enum mln_proof_engine { MLN_PROOF_BOXES_FIRST, MLN_PROOF_SEARCH_FIRST, MLN_PROOF_DIAGRAMS };

struct mln_proof {
    const struct mln_zone *zone; /* where it fails */
    enum mln_direction direction;
    struct mln_packet packet;
    bool policy_permits;         /* and the rules do not, or the reverse */
    const struct mln_rule *rule; /* that decides the packet; NULL: one of Azure's default rules */
    uint64_t steps;
};

/* Everything the proof needs on its way goes into ctx->arena, which may be one that is freed
 * afterwards; so do the packet's sets in *proof.
 *
 * Proves one NSG. `rules` are those that will be deployed, read back from what was emitted: by
 * priority within a direction. `lowered` must come from the same policy. */
enum mln_proof_result mln_prove_nsg(struct mln_ctx *ctx, const struct mln_lowered *lowered,
                                    const struct mln_nsg *nsg,
                                    const struct mln_rule_vec rules[MLN_DIRECTIONS],
                                    enum mln_proof_engine engine, struct mln_proof *proof);

#endif
