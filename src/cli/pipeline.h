/* From the files named on the command line to rule tables; every command that reads policies starts
 * here. */
#ifndef MLN_CLI_PIPELINE_H
#define MLN_CLI_PIPELINE_H

#include "cli/cli.h"
#include "emit/nsg.h"
#include "import/nsg.h"
#include "lang/lang.h"
#include "rules/lock.h"
#include "rules/lower.h"

/* What all policies of one run share. */
struct mln_inputs {
    struct mln_tags *tags;
    enum mln_cloud cloud;
    MLN_VEC(struct mln_param_setting) params;
    size_t own_params;  /* the last of them: of one side of diff alone */
    bool params_shared; /* with the other side, which may declare those that this one does not */
    const struct mln_prefix *macos; /* of --github-meta; NULL without */
    size_t macos_count;
    struct mln_lock *lock;       /* NULL without --lock */
    const char *lock_text;       /* as it is on disk; NULL when there is no such file yet */
    MLN_VEC(const char *) files; /* read beside the policies, for depfiles */
    /* Of JSON. A policy whose places are taken for those of the text, which then tells rules and
     * interfaces alone; one that knows what the text does not tell of its places; NULL: none. */
    const struct mln_model *places, *known;
};

/* Reads the service tags, parameters and lock file that the options name. False when something is
 * wrong with them: reported, and no policy can be compiled. */
bool mln_inputs_read(struct mln_cli *cli, struct mln_inputs *inputs);

/* The embedded catalogue of service tags; NULL after failing. */
struct mln_tags *mln_cli_catalogue(struct mln_cli *cli, enum mln_cloud cloud);

struct mln_compilation {
    const char *path; /* of the policy, as given */
    struct mln_module_vec modules;
    struct mln_policy_options options;
    struct mln_model *model;             /* NULL when it was not reached */
    struct mln_lowered *lowered;         /* NULL when it was not reached */
    struct mln_table_vec tables;         /* empty when it was not reached */
    struct mln_nsg_documents *documents; /* of the tables; NULL when they were not reached */
    bool good;                           /* everything was reached without an error */
};

/* JSON begins with '{' or '[', perhaps behind comments, as templates may; a policy never does. */
bool mln_text_is_json(const char *text, size_t length);
bool mln_path_ends_in(const char *path, const char *suffix);
/* The policy and its modules only. */
void mln_compilation_load(struct mln_cli *cli, struct mln_compilation *compilation,
                          const char *path);
/* Everything up to the finished rule tables. A stage is not begun when one before it found errors
 * that would only be repeated in other words. */
void mln_compilation_run(struct mln_cli *cli, const struct mln_inputs *inputs,
                         struct mln_compilation *compilation, const char *path);

/* The same for a text that was read already. */
void mln_compilation_run_text(struct mln_cli *cli, const struct mln_inputs *inputs,
                              struct mln_compilation *compilation, const char *path,
                              const char *text, size_t length);
/* What the command line says about how policies are read, with a copy of the parameters: each
 * policy marks those it uses. */
struct mln_policy_options mln_policy_options(struct mln_cli *cli, const struct mln_inputs *inputs);

/* Do the options for what is read agree? A usage error otherwise (compile.c). */
bool mln_inputs_agree(struct mln_cli *cli);

/* The JSON of one of its tables as rules again (prove.c): what is deployed. Places and complaints
 * concern nobody but us, so `aside` has diagnostics of its own. NULL when it cannot be read back.
 */
struct mln_imported_nsg *mln_compilation_read_back(const struct mln_compilation *c,
                                                   struct mln_ctx *aside,
                                                   const struct mln_table *table);

/* Proves the JSON of every table against the policy (prove.c); a difference is reported and raises
 * the status to MLN_EXIT_FAULT. */
void mln_compilation_prove(struct mln_cli *cli, const struct mln_compilation *c);

/* --verbose: "mlnsgc: WHAT: 1.2 ms" with the time since *since (seconds, monotonic), which is then
 * now. */
void mln_cli_tell_time(const struct mln_cli *cli, const char *what, const char *path,
                       double *since);
double mln_cli_clock(void);

/* Reports cannot-read for errno `error` and raises the status. */
void mln_cli_cannot_read(struct mln_cli *cli, const char *path, int error);
/* Reads a whole file named by an option; NULL after reporting. */
char *mln_cli_read(struct mln_cli *cli, const char *path, size_t *length);

/* params.c: adds the settings of a --params file. Mistakes are reported. */
void mln_params_read(struct mln_cli *cli, struct mln_inputs *inputs, const char *path);

#endif
