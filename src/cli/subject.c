/* Reading what a question is asked about. */
#include "cli/subject.h"

#include "base/file.h"
#include "base/map.h"

#include <string.h>

/* --- policies --- */

/* Read back, a rule has forgotten which intents it is for; its name tells. */
static void remember_intents(struct mln_arena *scratch, const struct mln_rule_vec *rules,
                             const struct mln_rule_vec *made)
{
    struct mln_map *by_name = mln_map_new(scratch);
    for (size_t i = 0; i < made->len; i++)
        mln_map_put(by_name, made->data[i]->name, made->data[i]);
    for (size_t i = 0; i < rules->len; i++) {
        const struct mln_rule *rule = mln_map_get(by_name, rules->data[i]->name);
        if (!rule)
            continue;
        rules->data[i]->intents = rule->intents;
        rules->data[i]->intent_count = rule->intent_count;
    }
}

struct mln_nsg_rules *mln_compilation_deploy(struct mln_cli *cli, const struct mln_compilation *c)
{
    struct mln_arena *a = cli->ctx.arena, *scratch = mln_arena_new();
    struct mln_nsg_rules *deployed = MLN_NEW_ARRAY(a, struct mln_nsg_rules, c->model->nsgs.len + 1);
    for (size_t i = 0; deployed && i < c->tables.len; i++) {
        const struct mln_table *table = c->tables.data[i];
        struct mln_ctx aside = {a, cli->ctx.names, mln_diags_new(a)};
        struct mln_imported_nsg *nsg = mln_compilation_read_back(c, &aside, table);
        for (int d = 0; nsg && d < MLN_DIRECTIONS; d++) {
            remember_intents(scratch, &nsg->rules[d], &table->rules[d]);
            deployed[table->nsg->index].rules[d] = nsg->rules[d];
        }
        if (!nsg) {
            mln_cli_fail(cli, MLN_EXIT_FAULT, "the JSON of NSG '%s' cannot be read back",
                         table->nsg->name);
            deployed = NULL;
        }
    }
    mln_arena_free(scratch);
    return deployed;
}

static void tell_params(struct mln_cli *cli, const struct mln_inputs *inputs,
                        struct mln_subject *subject)
{
    subject->params_used = MLN_NEW_ARRAY(cli->ctx.arena, bool, inputs->params.len + 1);
    for (size_t i = 0; i < inputs->params.len; i++)
        subject->params_used[i] = subject->compilation->options.params[i].used;
    mln_question_params(&cli->ctx, subject->model, &subject->params);
}

static void load_policy(struct mln_cli *cli, const struct mln_inputs *inputs, const char *text,
                        size_t length, struct mln_subject *subject)
{
    struct mln_compilation *c = MLN_NEW(cli->ctx.arena, struct mln_compilation);
    mln_compilation_run_text(cli, inputs, c, subject->path, text, length);
    subject->kind = MLN_SUBJECT_POLICY;
    subject->compilation = c;
    subject->model = c->model;
    if (c->model)
        tell_params(cli, inputs, subject);
    if (!c->good || !c->model)
        return;
    subject->deployed = mln_compilation_deploy(cli, c);
    subject->good = subject->deployed != NULL;
    for (size_t i = 0; subject->good && i < c->model->nsgs.len; i++) {
        struct mln_subject_nsg nsg = {.nsg = c->model->nsgs.data[i]};
        for (int d = 0; d < MLN_DIRECTIONS; d++)
            nsg.rules[d] = subject->deployed[i].rules[d];
        mln_vec_push(cli->ctx.arena, &subject->nsgs, nsg);
    }
}

/* --- which it is --- */

/* Nothing at all, which a command that failed has written, is no policy unless it is called one. */
static bool is_json(const char *path, const char *text, size_t length)
{
    return mln_text_is_json(text, length) || mln_path_ends_in(path, ".json") ||
           (strspn(text, " \t\r\n") == length && !mln_path_ends_in(path, ".mlp"));
}

bool mln_subject_open(struct mln_cli *cli, const char *path, struct mln_subject *subject)
{
    *subject = (struct mln_subject){.path = path};
    subject->text = mln_cli_read(cli, path, &subject->length);
    if (subject->text && is_json(path, subject->text, subject->length))
        subject->kind = MLN_SUBJECT_NSGS;
    return subject->text != NULL;
}

/* As a policy does by itself. */
static bool declares_params(struct mln_cli *cli, const struct mln_inputs *inputs,
                            const struct mln_subject *subject)
{
    const char *name = strcmp(subject->path, "-") == 0 ? "<stdin>" : subject->path;
    return mln_params_check(cli, (const char *const[]){name, name},
                            (const struct mln_inputs *const[]){inputs, inputs},
                            (const struct mln_subject *const[]){subject, subject});
}

void mln_subject_read(struct mln_cli *cli, const struct mln_inputs *inputs,
                      struct mln_subject *subject)
{
    const struct mln_subject_text text = {subject->path, subject->text, subject->length};
    if (subject->kind == MLN_SUBJECT_POLICY)
        load_policy(cli, inputs, text.text, text.length, subject);
    else
        mln_subject_load_json(cli, inputs, &text, 1, subject);
    if (subject->kind != MLN_SUBJECT_POLICY && subject->good && !inputs->params_shared)
        subject->good = declares_params(cli, inputs, subject);
}

void mln_subject_load(struct mln_cli *cli, const struct mln_inputs *inputs, const char *path,
                      struct mln_subject *subject)
{
    if (mln_subject_open(cli, path, subject))
        mln_subject_read(cli, inputs, subject);
}

void mln_subject_load_deployed(struct mln_cli *cli, const struct mln_inputs *inputs,
                               const char *const *paths, size_t count, struct mln_subject *subject)
{
    struct mln_subject_text *texts = MLN_NEW_ARRAY(cli->ctx.arena, struct mln_subject_text, count);
    bool good = true;
    if (count == 1 && mln_path_ends_in(paths[0], ".mlp")) {
        mln_subject_load(cli, inputs, paths[0], subject);
        return;
    }
    *subject = (struct mln_subject){.path = paths[0]};
    for (size_t i = 0; i < count; i++) {
        texts[i].path = paths[i];
        texts[i].text = mln_cli_read(cli, paths[i], &texts[i].length);
        good &= texts[i].text != NULL;
    }
    if (good)
        mln_subject_load_json(cli, inputs, texts, count, subject);
}

struct mln_span mln_subject_place(const struct mln_subject *subject, const struct mln_rule *rule)
{
    if (rule->intent_count)
        return rule->intents[0]->span;
    for (size_t i = 0; i < subject->nsgs.len; i++) {
        const struct mln_subject_nsg *nsg = &subject->nsgs.data[i];
        for (size_t k = 0; nsg->places[rule->direction] && k < nsg->rules[rule->direction].len; k++)
            if (nsg->rules[rule->direction].data[k] == rule)
                return nsg->places[rule->direction][k];
    }
    return (struct mln_span){0};
}
