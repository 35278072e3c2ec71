/* The proof on every compile. What is proved is the JSON that goes out: each NSG is written, read
 * back by the reader for deployed NSGs, and compared with the policy. */
#include "cli/pipeline.h"
#include "prove/proof.h"

struct mln_imported_nsg *mln_compilation_read_back(const struct mln_compilation *c,
                                                   struct mln_ctx *aside,
                                                   const struct mln_table *table)
{
    struct mln_imported_nsg_vec nsgs = {0};
    const struct mln_artefact *file = mln_nsg_document(c->documents, table);
    bool good = mln_nsg_read_own(aside, c->options.tags, table->nsg->name, file->content,
                                 file->length, &nsgs);
    return good && nsgs.len == 1 && !mln_diags_failed(aside->diags) ? nsgs.data[0] : NULL;
}

static void report_failure(struct mln_cli *cli, const struct mln_table *table,
                           const struct mln_proof *proof)
{
    struct mln_diag *diag =
        mln_report(cli->ctx.diags, MLN_D_PROOF_FAILED, table->nsg->span,
                   "fault in mlnsgc: NSG '%s' would %s %s at zone '%s', which the policy %s",
                   table->nsg->name, proof->policy_permits ? "stop" : "permit",
                   proof->direction == MLN_INBOUND ? "an inbound packet" : "an outbound packet",
                   proof->zone->display, proof->policy_permits ? "permits" : "denies");
    mln_diag_note(diag, "the packet: %s", mln_packet_text(cli->ctx.arena, &proof->packet));
    mln_diag_note(diag, "decided by %s",
                  proof->rule ? proof->rule->name : "one of Azure's default rules");
    mln_cli_raise(cli, MLN_EXIT_FAULT);
}

static void prove_table(struct mln_cli *cli, struct mln_ctx *aside, const struct mln_compilation *c,
                        const struct mln_table *table)
{
    struct mln_imported_nsg *nsg = mln_compilation_read_back(c, aside, table);
    if (!nsg) {
        mln_report(cli->ctx.diags, MLN_D_PROOF_FAILED, table->nsg->span,
                   "fault in mlnsgc: the JSON of NSG '%s' cannot be read back", table->nsg->name);
        mln_cli_raise(cli, MLN_EXIT_FAULT);
        return;
    }
    struct mln_proof proof;
    switch (
        mln_prove_nsg(aside, c->lowered, table->nsg, nsg->rules, MLN_PROOF_BOXES_FIRST, &proof)) {
    case MLN_PROOF_HOLDS:
        break;
    case MLN_PROOF_FAILS:
        report_failure(cli, table, &proof);
        break;
    case MLN_PROOF_GAVE_UP:
        mln_report(cli->ctx.diags, MLN_D_PROOF_GAVE_UP, table->nsg->span,
                   "gave up proving NSG '%s'", table->nsg->name);
        break;
    }
}

void mln_compilation_prove(struct mln_cli *cli, const struct mln_compilation *c)
{
    struct mln_arena *arena = mln_arena_new(); /* of one NSG after the other */
    for (size_t i = 0; i < c->tables.len; i++) {
        struct mln_ctx aside = {arena, cli->ctx.names, mln_diags_new(arena)};
        prove_table(cli, &aside, c, c->tables.data[i]);
        mln_arena_reset(arena);
    }
    mln_arena_free(arena);
}
