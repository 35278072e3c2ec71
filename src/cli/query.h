/* What mlnsgc query was asked and found, and the forms it is printed in. */
#ifndef MLN_CLI_QUERY_H
#define MLN_CLI_QUERY_H

#include "cli/subject.h"
#include "policy/question.h"
#include "prove/query.h"

/* One packet that is shown, with what every NSG on its way does. */
struct mln_query_packet {
    const struct mln_counterexample *at;
    enum mln_query_verdict verdict;    /* ALLOWED, DENIED or UNDECIDED */
    struct mln_query_step_vec *traces; /* by hop; empty without --trace */
    struct mln_query_hint_vec *hints;  /* by hop that denies */
};

/* One input. */
struct mln_query_result {
    const char *path;
    struct mln_subject subject;
    bool answered; /* else it was no good, or the question was not understood */
    struct mln_query_answer answer;
    MLN_VEC(struct mln_query_packet) packets;
};

struct mln_query_report {
    struct mln_question_words words; /* as the language has them */
    MLN_VEC(struct mln_query_result) results;
};

/* Splits --from, --to and --proto into words of the language; a mistake is a usage error and gives
 * false. */
bool mln_query_words(struct mln_cli *cli, struct mln_question_words *words);
/* Does the verdict meet --expect? "no path" is as good as denied; mixed and undecided meet nothing.
 */
bool mln_query_expected(const struct mln_cli *cli, enum mln_query_verdict verdict);

void mln_query_print_text(struct mln_cli *cli, const struct mln_query_report *report,
                          struct mln_buf *out);
void mln_query_print_json(struct mln_cli *cli, const struct mln_query_report *report,
                          struct mln_buf *out);

#endif
