/* mlnsgc explain: what the parts of the command share. */
#ifndef MLN_CLI_EXPLAIN_H
#define MLN_CLI_EXPLAIN_H

#include "base/page.h"
#include "cli/pipeline.h"

/* explain_tag.c: the service tag of that name, in any spelling; false when there is none. */
bool mln_explain_tag(struct mln_cli *cli, const struct mln_inputs *inputs, const char *name,
                     struct mln_page *page);

#endif
