/* Evaluating the expressions of an ARM template; shared by eval.c, functions*.c and arm_template.c.
 *
 * [azure-docs azure-resource-manager/templates: template-expressions, template-functions] What
 * cannot be evaluated is unknown, with the reason; nobody is told unless something of concern needs
 * it. */
#ifndef MLN_IMPORT_EVAL_H
#define MLN_IMPORT_EVAL_H

#include "base/map.h"
#include "import/datum.h"
#include "import/expr.h"

/* How often Azure lets a loop run [azure-docs copy-resources.md]. */
#define MLN_COPY_MAX 800

/* A value that is worked out when it is first asked for. */
struct mln_lazy {
    const cJSON *json; /* the definition */
    bool loop;         /* ... is that of a copy loop */
    const struct mln_datum *value;
    bool busy; /* being worked out: it needs itself */
};

/* A template, or the body of a user's function. */
struct mln_scope {
    struct mln_eval *eval;
    struct mln_arm_template *template; /* what looks up deployments; see arm_template.h */
    const char *label;          /* "" outside; else "NAME: ", which tells unknown values apart */
    struct mln_map *parameters; /* folded name -> struct mln_lazy */
    struct mln_map *variables;
    const cJSON *functions;        /* of users; or NULL */
    const struct mln_datum *group; /* name of the resource group; NULL: the deployment's */
    const struct mln_datum *subscription;
};

/* A copy loop or the parameter of a lambda that is being evaluated. */
struct mln_loop {
    const char *name;
    bool resource; /* copyIndex() without a name means this one */
    int64_t index;
    const struct mln_datum *local; /* of a lambda */
    const struct mln_loop *outer;
};

struct mln_env {
    struct mln_scope *scope;
    const struct mln_loop *loop;
};

/* Any JSON value, expressions in it evaluated. NULL gives null. */
const struct mln_datum *mln_eval_json(const struct mln_env *env, const cJSON *json);
const struct mln_datum *mln_eval_expr(const struct mln_env *env, const struct mln_expr *expr);
const struct mln_datum *mln_eval_lazy(struct mln_scope *scope, struct mln_lazy *lazy,
                                      const char *kind, const char *name);
/* The variables of a template with their loops. */
void mln_eval_variables(struct mln_scope *scope, const cJSON *variables);

/* How often a loop runs; false after setting *why. */
bool mln_eval_count(const struct mln_env *env, const cJSON *json, size_t *count, const char **why);

/* A function at work. */
struct mln_call {
    struct mln_eval *e;
    const struct mln_env *env;
    const struct mln_expr *expr;
    const struct mln_datum **args; /* evaluated, unless the function is lazy */
    size_t count;
};

enum {
    MLN_FUNCTION_LAZY = 1, /* evaluates its arguments itself */
    MLN_FUNCTION_LOOSE = 2 /* can do with unknown arguments; the others become unknown */
};

struct mln_function {
    const char *name; /* in lower case */
    unsigned char min, max;
    unsigned char flags;
    const struct mln_datum *(*run)(struct mln_call *call);
};
#define MLN_ARGS_MAX 255

/* One table a theme, each sorted. */
extern const struct mln_function mln_functions_logic[], mln_functions_text[], mln_functions_list[],
    mln_functions_azure[], mln_functions_cidr[], mln_functions_lambda[];
extern const size_t mln_functions_logic_count, mln_functions_text_count, mln_functions_list_count,
    mln_functions_azure_count, mln_functions_cidr_count, mln_functions_lambda_count;

const struct mln_datum *mln_eval_call(const struct mln_env *env, const struct mln_expr *expr);
/* "name(arguments)", which names the value in others. */
const char *mln_call_text(struct mln_call *call);
/* The unknown value of that name. */
const struct mln_datum *mln_call_unknown(struct mln_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Unknown because this argument is. */
const struct mln_datum *mln_call_because(struct mln_call *call, const struct mln_datum *arg);
/* An argument of that kind; else NULL. */
const struct mln_datum *mln_call_arg(struct mln_call *call, size_t at, enum mln_datum_kind kind);
const struct mln_datum *mln_call_wrong(struct mln_call *call, const char *wanted);

/* A growing list of data. */
MLN_VEC_TYPE(mln_datum_vec, const struct mln_datum *);

/* Members of a value; NULL base is not allowed. */
const struct mln_datum *mln_eval_member(struct mln_eval *e, const struct mln_datum *base,
                                        const char *name, bool safe);

char *mln_eval_folded(struct mln_eval *e, const char *text);
/* The member of a JSON object, case ignored; NULL when absent or null. */
const cJSON *mln_loose_member(const cJSON *object, const char *key);
const char *mln_loose_text(const cJSON *object, const char *key);

/* Text of the id of a resource in a group: functions_azure.c. */
const char *mln_group_id(const struct mln_scope *scope);

/* What reference() gives for a deployment of this template; NULL when it is none: arm_template.c */
const struct mln_datum *mln_arm_template_reference(const struct mln_env *env, const char *name);
/* A resource of the template by its symbolic name: an object with id, name, type; NULL when there
 * is none. */
const struct mln_datum *mln_arm_template_info(const struct mln_env *env, const char *symbol);

#endif
