/* What mlnsgc reach found, and the forms it is printed in. */
#ifndef MLN_CLI_REACH_H
#define MLN_CLI_REACH_H

#include "cli/subject.h"
#include "cli/traffic_text.h"
#include "prove/reach.h"

MLN_VEC_TYPE(mln_reach_end_vec, struct mln_reach_end);

/* One input: a cell for each row and column. */
struct mln_reach_table {
    const char *path;
    struct mln_subject subject;
    bool good; /* else there are no ends */
    struct mln_reach_end_vec from, to;
    struct mln_reach_cell *cells; /* row by row */
    struct mln_service_name_vec names;
};
MLN_VEC_TYPE(mln_reach_table_vec, struct mln_reach_table *);

/* The rows and columns that --from and --to ask for; false after reporting. */
bool mln_reach_ends(struct mln_cli *cli, struct mln_reach_table *table);

/* The run with an arena of its own, for the texts of one row; the caller frees it. */
struct mln_cli mln_reach_aside(const struct mln_cli *cli);

void mln_reach_print_text(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                          struct mln_buf *out);
void mln_reach_print_md(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                        struct mln_buf *out);
void mln_reach_print_csv(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                         struct mln_buf *out);
void mln_reach_print_json(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                          struct mln_buf *out);

#endif
