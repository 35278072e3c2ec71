/* Back ends: what turns finished rule tables into files. One file a back end, one line in
 * registry.c. */
#ifndef MLN_EMIT_BACKEND_H
#define MLN_EMIT_BACKEND_H

#include "base/buf.h"
#include "diag/ctx.h"
#include "rules/table.h"

struct mln_artefact {
    const char *name; /* of the file, without a directory */
    const char *content;
    size_t length;
};
MLN_VEC_TYPE(mln_artefact_vec, struct mln_artefact);

/* --arm-scope: what a template holds besides the NSGs and their security groups. */
enum mln_arm_scope {
    MLN_ARM_ALL,     /* networks, private endpoints, DNS */
    MLN_ARM_NETWORK, /* networks */
    MLN_ARM_NSG,     /* nothing */
};

/* Adds a file with a copy of the text, so that the buffer may live in an arena that goes. */
void mln_artefact_add(struct mln_arena *arena, struct mln_artefact_vec *out, const char *name,
                      const struct mln_buf *content);

struct mln_nsg_documents; /* emit/nsg.h */

struct mln_emit_input {
    const struct mln_model *model;
    const struct mln_table_vec *tables; /* named and numbered; only the NSGs that are asked for */
    bool partial;                       /* these are not all of the model's */
    enum mln_arm_scope arm_scope;
    struct mln_nsg_documents *documents; /* of these tables, for back ends that write them */
};

struct mln_backend {
    const char *name; /* as in --emit */
    const char *help; /* one line: what it writes */
    bool lists; /* it writes the lists of resource firewalls, so all of them have to be known */
    /* Reports what is wrong with what it would write, such as a name too long; errors keep anything
     * from being written. Back ends that share a check are checked once. NULL: nothing can be. */
    void (*check)(struct mln_ctx *ctx, const struct mln_emit_input *input);
    /* Appends its files in a fixed order. Reports nothing: the passes and `check` found no error.
     */
    void (*emit)(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out);
};

/* NULL when there is none of that name. */
const struct mln_backend *mln_backend_find(const char *name);
/* In the order of the manual; NULL at the end. */
const struct mln_backend *mln_backend_at(size_t index);

#endif
