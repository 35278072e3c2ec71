/* mlnsgc doc: what the parts of the command share. */
#ifndef MLN_CLI_DOC_H
#define MLN_CLI_DOC_H

#include "base/page.h"
#include "cli/pipeline.h"

/* doc_policy.c: a compiled policy: its parts in tables, and every intent with its reason. */
void mln_doc_policy(struct mln_cli *cli, const struct mln_compilation *policy,
                    struct mln_page *page);

#endif
