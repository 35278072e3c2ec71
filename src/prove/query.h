/* Questions about traffic: may it pass, what decides it, and what would have to differ?
 *
 * A question is an assertion whose verdict nobody promised (policy/question.h): all packets of it
 * are asked, so it may name single addresses as well as sets. */
#ifndef MLN_PROVE_QUERY_H
#define MLN_PROVE_QUERY_H

#include "prove/assert.h"

enum mln_query_verdict {
    MLN_QUERY_ALLOWED,   /* every packet passes, end to end */
    MLN_QUERY_DENIED,    /* none does */
    MLN_QUERY_MIXED,     /* some do and some do not, whatever tags hold */
    MLN_QUERY_UNDECIDED, /* tags without known contents decide, or the search gave up */
    MLN_QUERY_NO_PATH,   /* there is no such packet: no path joins the ends, or neither end lies in
                            a network, or the ends have nothing in common */
    MLN_QUERY_VERDICTS
};
extern const char *const mln_query_verdict_names[MLN_QUERY_VERDICTS]; /* "allowed" ... "no path" */

struct mln_query_answer {
    enum mln_query_verdict verdict;
    /* A packet that passes, one that does not, one that tags decide; NULL where there is none or
     * none is shown by a packet. Both of the first two only when MIXED. */
    const struct mln_counterexample *passes, *stopped, *open;
    MLN_VEC(const char *) reasons; /* what the firewalls of resources decide; why it is open */
};

/* `world->question` and `witnesses` are set here. */
struct mln_query_answer mln_query_decide(const struct mln_assert_world *world,
                                         const struct mln_intent *question);

/* The fields of a rule, in the order in which they are compared. */
enum mln_query_field {
    MLN_FIELD_PROTOCOL,
    MLN_FIELD_SOURCE,
    MLN_FIELD_SOURCE_PORT,
    MLN_FIELD_DESTINATION,
    MLN_FIELD_DESTINATION_PORT,
    MLN_QUERY_FIELDS
};
extern const char *const mln_query_field_names[MLN_QUERY_FIELDS]; /* "protocol" "source" ... */

/* A rule that was looked at: which of its fields the packet does not match. */
struct mln_query_step {
    const struct mln_rule *rule; /* or */
    const struct mln_azure_default_rule
        *azure; /* both NULL: what Azure lets pass to its platform */
    bool allow;
    unsigned differ; /* set of 1 << enum mln_query_field; 0: the rule matches */
};
MLN_VEC_TYPE(mln_query_step_vec, struct mln_query_step);

/* Every rule of the hop's NSG in the order of evaluation, up to the one that decides, which is the
 * last. */
void mln_query_trace(const struct mln_assert_world *world, const struct mln_assert_hop *hop,
                     const struct mln_packet *packet, struct mln_query_step_vec *out);

/* Names the unknown sets (tags, ASGs) that are all that keeps a rule from a packet before another
 * one decides it at a hop: the packet stands for those that are not in them. */
void mln_query_outside(const struct mln_assert_world *world, struct mln_counterexample *at);

/* For a packet that the hop's NSG denies: its own allow rules that differ in the fewest fields, in
 * the order of the list, at most `most`. One that differs in none stands behind a rule that denies.
 * Rules that no change of just those fields would let decide are left out. */
struct mln_query_hint {
    struct mln_query_step step;
    struct mln_packet instead; /* a packet that differs in these fields alone and passes here */
};
MLN_VEC_TYPE(mln_query_hint_vec, struct mln_query_hint);
void mln_query_hints(const struct mln_assert_world *world, const struct mln_assert_hop *hop,
                     const struct mln_packet *packet, size_t most, struct mln_query_hint_vec *out);

#endif
