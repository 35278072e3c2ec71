/* All rules as a table for reviewers. */
#ifndef MLN_EMIT_CSV_H
#define MLN_EMIT_CSV_H

#include "emit/backend.h"

/* rules.csv, RFC 4180: a header, then one line a rule, NSGs by name, Inbound first, then priority;
 * lines end in CR LF. Several values of a cell are separated by blanks. A cell never begins with
 * what a spreadsheet takes for a formula: it gets an apostrophe in front [owasp.org, CSV
 * injection]. */
extern const struct mln_backend mln_backend_csv;

#endif
