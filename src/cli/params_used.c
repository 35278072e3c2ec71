/* Parameters that nobody declares. Of two sides, what one declares, the other need not; a text that
 * is read alone is both sides. */
#include "cli/subject.h"

#include "base/map.h"

#include <string.h>

/* Which sides a parameter is given to. */
struct given {
    const char *name;
    bool to[2];
};

static bool declares(const struct mln_subject *subject, const char *name)
{
    for (size_t i = 0; i < subject->params.len; i++)
        if (strcmp(subject->params.data[i], name) == 0)
            return true;
    return false;
}

static const char *closest(struct mln_cli *cli, const struct given *given,
                           const struct mln_subject *const subjects[2])
{
    struct mln_param_names names = {0};
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; given->to[s] && i < subjects[s]->params.len; i++)
            mln_vec_push(cli->ctx.arena, &names, subjects[s]->params.data[i]);
    return mln_closest(given->name, names.data, names.len);
}

static void complain(struct mln_cli *cli, const struct given *given, const char *const names[2],
                     const struct mln_subject *const subjects[2])
{
    const char *first = names[!given->to[0]], *second = names[given->to[1]];
    const char *close = closest(cli, given, subjects);
    struct mln_diag *diag =
        strcmp(first, second) == 0
            ? mln_report(cli->ctx.diags, MLN_D_UNKNOWN_PARAM, (struct mln_span){0},
                         "'%s' declares no parameter '%s'", first, given->name)
            : mln_report(cli->ctx.diags, MLN_D_UNKNOWN_PARAM, (struct mln_span){0},
                         "neither '%s' nor '%s' declares a parameter '%s'", first, second,
                         given->name);
    int other = given->to[0]; /* of one that is given to one side alone */
    if (given->to[0] != given->to[1] && declares(subjects[other], given->name))
        mln_diag_help(diag, "'%s' does: give it with --%s-param", names[other],
                      other ? "new" : "old");
    else if (close)
        mln_diag_help(diag, "did you mean '%s'?", close);
}

/* Was the name said before? A later one of a name is the one that counts. */
static bool is_again(const struct mln_inputs *inputs, size_t from, size_t number)
{
    for (size_t i = from; i < number; i++)
        if (strcmp(inputs->params.data[i].name, inputs->params.data[number].name) == 0)
            return true;
    return false;
}

static size_t common_of(const struct mln_inputs *inputs)
{
    return inputs->params.len - inputs->own_params;
}

bool mln_params_check(struct mln_cli *cli, const char *const names[2],
                      const struct mln_inputs *const inputs[2],
                      const struct mln_subject *const subjects[2])
{
    unsigned errors = cli->ctx.diags->errors;
    size_t common = common_of(inputs[0]);
    if (!subjects[0]->params_used || !subjects[1]->params_used)
        return true; /* something else is wrong, and said */
    for (size_t i = 0; i < common; i++)
        if (!subjects[0]->params_used[i] && !subjects[1]->params_used[i] &&
            !is_again(inputs[0], 0, i))
            complain(cli, &(struct given){inputs[0]->params.data[i].name, {true, true}}, names,
                     subjects);
    for (int s = 0; s < 2; s++)
        for (size_t i = common; i < inputs[s]->params.len; i++)
            if (!subjects[s]->params_used[i] && !is_again(inputs[s], common, i))
                complain(cli, &(struct given){inputs[s]->params.data[i].name, {s == 0, s == 1}},
                         names, subjects);
    return cli->ctx.diags->errors == errors;
}
