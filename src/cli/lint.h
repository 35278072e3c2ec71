/* mlnsgc lint, in parts: lint.c goes through the inputs, the others say what they find. Findings
 * are diagnostics of the 07xx range, at the rule's place in the JSON or at the intent behind it. */
#ifndef MLN_CLI_LINT_H
#define MLN_CLI_LINT_H

#include "cli/subject.h"

/* One NSG under the glass. What is worked out lives in `ctx`, whose arena is freed afterwards; its
 * diagnostics are those of the run. */
struct mln_lint {
    struct mln_cli *cli;
    struct mln_ctx *ctx;
    const struct mln_subject *subject;
    const struct mln_subject_nsg *nsg;
};

/* Where people can do something about a rule: its place in the JSON, the intent behind it, or the
 * statement that applies the library's template. File 0: nowhere (a default of the policy). */
struct mln_span mln_lint_place(const struct mln_lint *lint, const struct mln_rule *rule);
/* "rule 'web' (inbound, priority 200) of NSG 'nsg-web'" */
const char *mln_lint_rule(const struct mln_lint *lint, const struct mln_rule *rule);
bool mln_lint_is_policy(const struct mln_lint *lint);
/* Does it come from the standard library alone? */
bool mln_lint_is_library(const struct mln_rule *rule);

void mln_lint_redundancy(const struct mln_lint *lint);
void mln_lint_exposure(const struct mln_lint *lint);
void mln_lint_needs(const struct mln_lint *lint);
/* Of a policy as a whole. */
void mln_lint_places(struct mln_cli *cli, const struct mln_model *model);

#endif
