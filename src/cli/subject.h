/* What a question is asked about: a policy, network security groups as JSON, or an ARM template.
 *
 * query, reach, diff, verify and lint look at all of them alike: a model of the places, and the
 * rules of each NSG, which for a policy are read back from the JSON that compile would write. A
 * JSON text begins with '{' or '['; a policy never does.
 *
 * An NSG without places (JSON that tells of no subnet) governs a zone of its own name that may hold
 * any address (`unplaced`); which private addresses are in VirtualNetwork is unknown there, as it
 * is for service tags without a file, and what is public is Internet. */
#ifndef MLN_CLI_SUBJECT_H
#define MLN_CLI_SUBJECT_H

#include "cli/pipeline.h"
#include "policy/places.h"
#include "policy/question.h"
#include "prove/assert.h"
#include "prove/change.h"

enum mln_subject_kind { MLN_SUBJECT_POLICY, MLN_SUBJECT_NSGS, MLN_SUBJECT_TEMPLATE };

struct mln_subject_nsg {
    const struct mln_nsg *nsg; /* in the model, with the zones it governs: may be none in a
                                  template; never NULL */
    struct mln_rule_vec rules[MLN_DIRECTIONS];     /* by priority; intents known for a policy */
    const struct mln_span *places[MLN_DIRECTIONS]; /* of each rule in the JSON; NULL for a policy */
    bool incomplete; /* a rule of the JSON is left out because it is not known; reported */
};

struct mln_subject {
    const char *path;
    const char *text; /* of one operand */
    size_t length;
    enum mln_subject_kind kind;
    /* Read without an error. Otherwise a policy has no nsgs and perhaps no model; JSON has those
     * that could be read. */
    bool good;
    struct mln_compilation *compilation;  /* of a policy; else NULL */
    struct mln_model *model;              /* without intents when it is no policy */
    MLN_VEC(struct mln_subject_nsg) nsgs; /* as model->nsgs */
    const struct mln_nsg_rules *deployed; /* the same rules, as questions want them */
    /* Of the parameters of its inputs those that it declares, and the names of all that it does;
     * NULL: not known. */
    bool *params_used;
    struct mln_param_names params;
    struct mln_taken_vec taken; /* what of the places the other side's policy tells, not the text */
    struct mln_change_nic_vec elsewhere; /* interfaces in no zone of the policy that tells places */
};

/* Reads one operand; mistakes are reported. Everything lives in the arena of the run. In two steps,
 * its text (false: it cannot be read), from which its kind is known, policy or not; and what it
 * says. */
bool mln_subject_open(struct mln_cli *cli, const char *path, struct mln_subject *subject);
void mln_subject_read(struct mln_cli *cli, const struct mln_inputs *inputs,
                      struct mln_subject *subject);
void mln_subject_load(struct mln_cli *cli, const struct mln_inputs *inputs, const char *path,
                      struct mln_subject *subject);

/* subject_json.c: the same for JSON texts, which together are one subject. */
struct mln_subject_text {
    const char *path, *text;
    size_t length;
};
void mln_subject_load_json(struct mln_cli *cli, const struct mln_inputs *inputs,
                           const struct mln_subject_text *texts, size_t count,
                           struct mln_subject *subject);
/* One file of any kind, or several of JSON as one subject. */
void mln_subject_load_deployed(struct mln_cli *cli, const struct mln_inputs *inputs,
                               const char *const *paths, size_t count, struct mln_subject *subject);

/* params_used.c: both sides of a comparison were read with params_shared. A parameter must be
 * declared by one of them, one of a side's own by that side. false after reporting. */
bool mln_params_check(struct mln_cli *cli, const char *const names[2],
                      const struct mln_inputs *const inputs[2],
                      const struct mln_subject *const subjects[2]);

/* Where a rule comes from: the first intent behind it, or its place in the JSON; file 0 for a rule
 * of a policy's `default`. */
struct mln_span mln_subject_place(const struct mln_subject *subject, const struct mln_rule *rule);

/* The JSON of every table of a policy as rules again, by index of the NSG, with the intents behind
 * them. NULL after reporting a fault. */
struct mln_nsg_rules *mln_compilation_deploy(struct mln_cli *cli, const struct mln_compilation *c);

#endif
