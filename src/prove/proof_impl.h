/* What the engines of the proof share. Internal to prove/. */
#ifndef MLN_PROVE_PROOF_IMPL_H
#define MLN_PROVE_PROOF_IMPL_H

#include "prove/proof.h"
#include "prove/rules_space.h"

/* proof_boxes.c: are the two equal box by box? true is a proof; false says nothing. Nothing is
 * sealed, and the plane's matches are those of the policy alone. */
bool mln_prove_by_boxes(struct mln_ctx *ctx, const struct mln_problem *p,
                        const struct mln_plane *plane, const struct mln_rules_entry_vec *entries,
                        uint64_t *steps);

/* proof_diagram.c: compares the policy at this end with the rules by diagrams. The plane's own
 * matches need not be sealed, nor hold those of the rules. In *packet one that tells them apart,
 * when there is one; its sets live in ctx->arena. */
enum mln_proof_result mln_prove_by_diagrams(struct mln_ctx *ctx, const struct mln_problem *p,
                                            const struct mln_plane *plane,
                                            const struct mln_rules_entry_vec *entries,
                                            struct mln_packet *packet, uint64_t *steps);

#endif
