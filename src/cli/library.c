#include "cli/library.h"

#include "cli/pipeline.h"

#include <string.h>

const struct mln_model *mln_library_model(struct mln_cli *cli, struct mln_tags *tags,
                                          enum mln_cloud cloud)
{
    const struct mln_load_options load = {.include_dirs = cli->options.include_dirs.data,
                                          .include_count = cli->options.include_dirs.len};
    const struct mln_inputs inputs = {.tags = tags, .cloud = cloud};
    unsigned errors = cli->ctx.diags->errors;
    struct mln_module_vec modules = {0};
    mln_load_text(&cli->ctx, "<library>", "", 0, &load, &modules);
    if (cli->ctx.diags->errors != errors)
        return NULL;
    struct mln_policy_options *options = MLN_NEW(cli->ctx.arena, struct mln_policy_options);
    *options = mln_policy_options(cli, &inputs);
    struct mln_model *model = mln_policy_build(&cli->ctx, &modules, options);
    return cli->ctx.diags->errors == errors ? model : NULL;
}

const struct mln_geography *mln_library_geography(const struct mln_model *model, const char *name)
{
    for (size_t i = 0; i < model->geographies.len; i++)
        if (strcmp(model->geographies.data[i]->name, name) == 0)
            return model->geographies.data[i];
    return NULL;
}

struct mln_kind *mln_library_kind(const struct mln_model *model, const char *name)
{
    for (size_t i = 0; i < model->kinds.len; i++)
        if (strcmp(model->kinds.data[i]->name, name) == 0)
            return model->kinds.data[i];
    return NULL;
}
