/* What the standard library says where there is no policy to say it in: kinds and geographies. */
#ifndef MLN_CLI_LIBRARY_H
#define MLN_CLI_LIBRARY_H

#include "cli/cli.h"

/* The model of an empty policy: kinds and geographies of the prelude, and what modules of the same
 * name under -I make of them. NULL after reporting. */
const struct mln_model *mln_library_model(struct mln_cli *cli, struct mln_tags *tags,
                                          enum mln_cloud cloud);
/* NULL when there is none of that name. */
const struct mln_geography *mln_library_geography(const struct mln_model *model, const char *name);
struct mln_kind *mln_library_kind(const struct mln_model *model, const char *name);

#endif
