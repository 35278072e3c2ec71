#include "policies.h"

#include "import/tagfile.h"

#include "azure/platform.h"
#include "rules/passes.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- compiling --- */

static void write_module(const char *dir, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

static void remove_module(const char *dir, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
}

/* Modules are files to the loader; they are gone again before the test looks at anything. */
static void load(struct policy *p, const char *text, const struct policy_module *modules)
{
    char dir[] = "unit-policy-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_module(dir, "policy.mlp", text);
    for (const struct policy_module *m = modules; m && m->name; m++)
        write_module(dir, m->name, m->text);
    const char *path = mln_printf(p->ctx.arena, "%s/policy.mlp", dir);
    const struct mln_load_options options = {0};
    int error = 0;
    mln_load(&p->ctx, path, &options, &p->modules, &error);
    remove_module(dir, "policy.mlp");
    for (const struct policy_module *m = modules; m && m->name; m++)
        remove_module(dir, m->name);
    rmdir(dir);
}

static void set_params(struct policy *p, const char *params)
{
    MLN_VEC(struct mln_param_setting) list = {0};
    char *copy = mln_strdup(p->ctx.arena, params), *rest = NULL;
    for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
        char *sign = strchr(one, '=');
        *sign = '\0';
        struct mln_param_setting setting = {.name = one, .text = sign + 1};
        mln_vec_push(p->ctx.arena, &list, setting);
    }
    p->options.params = list.data;
    p->options.param_count = list.len;
}

static struct mln_tags *catalogue(struct policy *p)
{
    size_t length;
    const char *table = mln_stdlib_get("azure/tags-public.tsv", &length);
    return mln_tags_catalogue(&p->ctx, MLN_CLOUD_PUBLIC, table, length);
}

static struct policy *build(const char *text, const struct policy_module *modules,
                            const char *params, const char *tagfile)
{
    struct mln_arena *arena = mln_arena_new();
    struct policy *p = MLN_NEW(arena, struct policy);
    p->ctx = (struct mln_ctx){
        .arena = arena, .names = mln_names_new(arena), .diags = mln_diags_new(arena)};
    load(p, text, modules);
    p->options = (struct mln_policy_options){
        .expand = MLN_EXPAND_NEVER,
        .tags = tagfile ? mln_tagfile_read(&p->ctx, "tags.json", tagfile, strlen(tagfile))
                        : catalogue(p),
        .today = {2026, 11, 1},
    };
    if (params)
        set_params(p, params);
    if (!mln_diags_failed(p->ctx.diags))
        p->model = mln_policy_build(&p->ctx, &p->modules, &p->options);
    return p;
}

struct policy *policy_build(const char *text, const struct policy_module *modules,
                            const char *params)
{
    return build(text, modules, params, NULL);
}

static struct policy *compile(const char *text, const char *tagfile)
{
    struct policy *p = build(text, NULL, NULL, tagfile);
    if (!mln_diags_failed(p->ctx.diags))
        p->lowered = mln_lower(&p->ctx, p->model);
    return p;
}

struct policy *policy_compile(const char *text)
{
    return compile(text, NULL);
}

struct policy *policy_finish_with(const char *text, const char *tagfile)
{
    struct policy *p = compile(text, tagfile);
    if (p->lowered && !mln_diags_failed(p->ctx.diags))
        mln_passes_run(&p->ctx, &p->lowered->tables, NULL, NULL);
    return p;
}

struct policy *policy_finish(const char *text)
{
    return policy_finish_with(text, NULL);
}

void policy_free(struct policy *policy)
{
    mln_arena_free(policy->ctx.arena);
}

/* --- looking --- */

struct mln_zone *policy_zone(const struct policy *policy, const char *name)
{
    for (size_t i = 0; policy->model && i < policy->model->zones.len; i++)
        if (strcmp(policy->model->zones.data[i]->display, name) == 0)
            return policy->model->zones.data[i];
    return NULL;
}

struct mln_intent *policy_intent(const struct policy *policy, const char *name)
{
    for (size_t i = 0; policy->model && i < policy->model->intents.len; i++)
        if (strcmp(policy->model->intents.data[i]->name, name) == 0)
            return policy->model->intents.data[i];
    return NULL;
}

unsigned policy_reports(const struct policy *policy, enum mln_diag_id id)
{
    unsigned count = 0;
    for (size_t i = 0; i < policy->ctx.diags->list.len; i++)
        count += policy->ctx.diags->list.data[i]->id == id;
    return count;
}

bool policy_good(const struct policy *policy)
{
    struct mln_buf text;
    if (!mln_diags_failed(policy->ctx.diags))
        return true;
    mln_buf_init(&text, policy->ctx.arena);
    mln_diags_render(policy->ctx.diags, MLN_FORMAT_SHORT, false, &text);
    for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n"))
        printf("# %s\n", line);
    return false;
}
