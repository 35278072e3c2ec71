/* Diagnostics as the command line shows them. */
#ifndef MLN_CLI_REPORT_H
#define MLN_CLI_REPORT_H

#include "cli/cli.h"

/* What -W options say, told to the list before anything is reported. */
void mln_report_configure(struct mln_cli *cli);
/* Writes the --report files, prints the diagnostics to `stream`, and raises the status by what was
 * found. */
void mln_report_finish(struct mln_cli *cli, FILE *stream);

#endif
