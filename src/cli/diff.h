/* What diff and verify share: two subjects, what differs between them, and the forms it is printed
 * in. */
#ifndef MLN_CLI_DIFF_H
#define MLN_CLI_DIFF_H

#include "cli/subject.h"
#include "prove/change.h"

struct mln_diff_report {
    struct mln_cli *cli;
    const char *names[MLN_SIDES]; /* "old.mlp", "live.json" */
    const struct mln_subject *subjects[MLN_SIDES];
    const char *words[MLN_SIDES]; /* what the sides are: "old", "new"; "policy", "live" */
    struct mln_change change;
    bool good;  /* both subjects were understood, and the change was worked out */
    bool exact; /* rules count, too */
    bool drift; /* verify: the new side is what is deployed */
};

/* Compares what was loaded; gives up with a diagnostic. `both` good. */
void mln_diff_run(struct mln_diff_report *report, const char *const *ignored, size_t ignored_count);
/* The answer: 0 for equal, 1 for different. */
void mln_diff_judge(const struct mln_diff_report *report);
void mln_diff_print(
    const struct mln_diff_report *report); /* on standard output, as --format says */

/* What differs, in numbers. */
struct mln_diff_counts {
    size_t added, removed; /* flows */
    size_t rules[3];       /* by enum mln_change_kind */
    size_t notes, firewalls;
};
struct mln_diff_counts mln_diff_count(const struct mln_change *change);
/* "2 newly permitted, 1 newly denied; 3 rules changed" or "no difference". */
const char *mln_diff_summary(const struct mln_diff_report *report);
/* Who is responsible, in one line: "new.mlp:8:1: allow https from agents to models". */
const char *mln_diff_reason(const struct mln_diff_report *report,
                            const struct mln_change_reason *reason);
/* "at NSG 'nsg-x', inbound"; NULL for a flow end to end. */
/* "https", "https over IPv6". */
const char *mln_diff_services(const struct mln_diff_report *report,
                              const struct mln_change_flow *flow);
/* That it hangs on an address that is not known; NULL: it does not. */
const char *mln_diff_hangs(const struct mln_diff_report *report,
                           const struct mln_change_flow *flow);
/* What of the places was taken from the other side; NULL: nothing. */
const char *mln_diff_taken(const struct mln_diff_report *report);
const char *mln_diff_where(const struct mln_diff_report *report,
                           const struct mln_change_flow *flow);
const char *mln_diff_direction(enum mln_direction direction); /* "inbound", "outbound" */
/* "12 prefixes let in now (3,072 addresses): 20.0.0.0/24, ..." for one side; `most` prefixes. */
const char *mln_diff_prefixes(const struct mln_diff_report *report,
                              const struct mln_change_firewall *firewall, int side, size_t most);

void mln_diff_print_text(const struct mln_diff_report *report, struct mln_buf *out);
void mln_diff_print_md(const struct mln_diff_report *report, struct mln_buf *out);
void mln_diff_print_json(const struct mln_diff_report *report, struct mln_buf *out);

#endif
