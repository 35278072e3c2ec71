/* Network security groups as Azure writes them: the front end for what is deployed.
 *
 * Read are the body of a REST PUT or GET, the flattened form of `az network nsg show`, what
 * `compile --emit=nsg` writes, a single security rule, and lists of all of these ([...] or
 * {"value": [...]}). Singular and plural fields, null, "" and [] for absent, and words in any case
 * mean the same.
 *
 * One security rule with several application security groups on a side, or with a mixture Azure
 * would not take, becomes several struct mln_rule of one name and priority: together they match
 * what it says. */
#ifndef MLN_IMPORT_NSG_H
#define MLN_IMPORT_NSG_H

#include "azure/tag.h"
#include "rules/table.h"

struct mln_imported_nsg {
    const char *name;          /* "" when nothing tells it */
    const char *id, *location; /* as written, or NULL */
    struct mln_span span;
    struct mln_rule_vec rules[MLN_DIRECTIONS]; /* by priority; equal ones in the order written */
    MLN_VEC(struct mln_span) places[MLN_DIRECTIONS]; /* of each rule; file 0 after read_own */
    bool has_default_rules; /* the file lists them; they are not among the rules */
    bool incomplete; /* a rule is left out because it is not known or not understood; reported */
};
MLN_VEC_TYPE(mln_imported_nsg_vec, struct mln_imported_nsg *);

/* Reads every NSG of the text and adds it to *out. false after reporting when the text as a whole
 * is none; a rule that cannot be understood is reported and left out, what Azure would refuse is
 * reported with Azure's own error code and kept. Tags that `tags` does not know are added to it,
 * without prefixes. `name` is the file as the user named it; the text is added to the sources. */
bool mln_nsg_read(struct mln_ctx *ctx, struct mln_tags *tags, const char *name, const char *text,
                  size_t length, struct mln_imported_nsg_vec *out);
/* The same for what this program wrote and nobody will be shown: NSGs, rules and groups have no
 * places, which are a sixth of the time of reading. */
bool mln_nsg_read_own(struct mln_ctx *ctx, struct mln_tags *tags, const char *name,
                      const char *text, size_t length, struct mln_imported_nsg_vec *out);

#endif
