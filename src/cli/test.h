/* What mlnsgc test found, and the forms it is printed in. */
#ifndef MLN_CLI_TEST_H
#define MLN_CLI_TEST_H

#include "cli/pipeline.h"
#include "prove/assert.h"

struct mln_test_case {
    const struct mln_intent *assertion;
    const char *text;  /* as written, on one line: "assert deny ssh from Internet to any" */
    const char *place; /* "policy.mlp:30:1" */
    struct mln_assert_outcome outcome;
};

/* The assertions of one policy. */
struct mln_test_suite {
    const char *path;
    bool invalid;       /* the policy is no good; there are no cases */
    const char *errors; /* that say so, a line each; "" else */
    MLN_VEC(struct mln_test_case) cases;
    /* With --coverage or --threshold. */
    size_t intents, covered;
    MLN_VEC(const struct mln_intent *) uncovered;
};

struct mln_test_report {
    MLN_VEC(struct mln_test_suite) suites;
    size_t held, failed, undecided, invalid;
    bool coverage;
    size_t intents, covered; /* of all suites */
    bool below;              /* the threshold */
};

/* What is not printable is escaped in all of these. */
void mln_test_print_text(struct mln_cli *cli, const struct mln_test_report *report,
                         struct mln_buf *out);
void mln_test_print_tap(struct mln_cli *cli, const struct mln_test_report *report,
                        struct mln_buf *out);
void mln_test_print_junit(struct mln_cli *cli, const struct mln_test_report *report,
                          struct mln_buf *out);

/* Why a case does not hold, in lines indented by four blanks; nothing when it does. */
void mln_test_explain(struct mln_cli *cli, const struct mln_test_case *test, struct mln_buf *out);
const char *
mln_test_result(const struct mln_test_case *test); /* "holds", "fails", "is undecided" */
/* "7 of 9 intents decide some assertion (77%)" */
char *mln_test_coverage(struct mln_cli *cli, const struct mln_test_report *report);
unsigned mln_test_percent(size_t part, size_t whole); /* rounded down; 100 of nothing */

#endif
