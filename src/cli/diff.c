/* mlnsgc diff: what changes in permitted traffic between two policies, or NSGs, or two weeks of
 * service tags. */
#include "cli/diff.h"

#include "cli/report.h"

#include <string.h>

#define PREFIXES 6 /* written out in words before they are counted */

/* ---- the comparison ---- */

static void tell_gave_up(struct mln_diff_report *report)
{
    const struct mln_change *change = &report->change;
    for (size_t i = 0; i < change->gave_up.len; i++)
        mln_report(report->cli->ctx.diags, MLN_D_DIFF_GAVE_UP, (struct mln_span){0},
                   "gave up comparing %s: its rules cut addresses and ports into too many parts",
                   change->gave_up.data[i]);
}

void mln_diff_run(struct mln_diff_report *report, const char *const *ignored, size_t ignored_count)
{
    struct mln_change_subject subjects[MLN_SIDES];
    const struct mln_change_options options = {.ignored = ignored,
                                               .ignored_count = ignored_count,
                                               .prefixes = PREFIXES,
                                               .drift = report->drift};
    double clock = mln_cli_clock();
    for (int s = 0; s < MLN_SIDES; s++)
        subjects[s] = (struct mln_change_subject){.model = report->subjects[s]->model,
                                                  .deployed = report->subjects[s]->deployed,
                                                  .elsewhere = &report->subjects[s]->elsewhere,
                                                  .is_policy = report->subjects[s]->kind ==
                                                               MLN_SUBJECT_POLICY};
    mln_change_find(&report->cli->ctx, subjects, &options, &report->change);
    report->good = true;
    tell_gave_up(report);
    mln_cli_tell_time(report->cli, "diff", report->names[MLN_NEW], &clock);
}

void mln_diff_judge(const struct mln_diff_report *report)
{
    const struct mln_change *change = &report->change;
    if (report->good && (change->traffic || (report->exact && change->rules.len)))
        mln_cli_raise(report->cli, MLN_EXIT_NO);
}

void mln_diff_print(const struct mln_diff_report *report)
{
    struct mln_buf out;
    mln_buf_init(&out, report->cli->ctx.arena);
    if (report->cli->options.format == MLN_PRINT_JSON)
        mln_diff_print_json(report, &out);
    else if (report->good && report->cli->options.format == MLN_PRINT_MD)
        mln_diff_print_md(report, &out);
    else if (report->good)
        mln_diff_print_text(report, &out);
    mln_cli_write(report->cli, stdout, out.data, out.len);
}

/* ---- the two sides ---- */

static bool has_own_inputs(const struct mln_options *options)
{
    return options->old_tags || options->new_tags || options->old_params.len ||
           options->new_params.len;
}

static bool options_agree(struct mln_cli *cli)
{
    const struct mln_options *options = &cli->options;
    if (options->inputs.len > 2)
        mln_cli_usage(cli, "diff takes two files, OLD and NEW, not %zu", options->inputs.len);
    else if (options->inputs.len == 1 && !has_own_inputs(options))
        mln_cli_usage(cli, "diff needs two files, or one with --old-tags, --new-tags, --old-param "
                           "or --new-param");
    else if (!options->old_tags != !options->new_tags && !options->tags)
        mln_cli_usage(cli, "%s needs %s or --tags", options->new_tags ? "--new-tags" : "--old-tags",
                      options->new_tags ? "--old-tags" : "--new-tags");
    else
        return mln_inputs_agree(cli);
    return false;
}

/* The options as one side has them: its own tags instead of the common ones, its own parameters
 * behind them. */
static bool read_inputs(struct mln_cli *cli, int side, struct mln_inputs *inputs)
{
    const struct mln_options common = cli->options;
    const char *tags = side == MLN_OLD ? common.old_tags : common.new_tags;
    if (tags)
        cli->options.tags = tags;
    for (size_t i = 0; side == MLN_OLD && i < common.old_params.len; i++)
        mln_vec_push(cli->ctx.arena, &cli->options.params, common.old_params.data[i]);
    for (size_t i = 0; side == MLN_NEW && i < common.new_params.len; i++)
        mln_vec_push(cli->ctx.arena, &cli->options.params, common.new_params.data[i]);
    bool good = mln_inputs_read(cli, inputs);
    inputs->own_params = side == MLN_OLD ? common.old_params.len : common.new_params.len;
    inputs->params_shared = true;
    cli->options = common;
    return good;
}

/* Rules that tell no places are looked at with the tags of the side that does. */
static bool tags_agree(struct mln_cli *cli, const struct mln_subject subjects[MLN_SIDES])
{
    bool policies = subjects[MLN_OLD].kind == MLN_SUBJECT_POLICY &&
                    subjects[MLN_NEW].kind == MLN_SUBJECT_POLICY;
    if (policies || (!cli->options.old_tags && !cli->options.new_tags))
        return true;
    mln_cli_usage(cli, "--old-tags and --new-tags are for policies on both sides");
    return false;
}

/* Policies first: what they know of the places completes what JSON tells. */
static bool read_subjects(struct mln_cli *cli, struct mln_inputs inputs[MLN_SIDES],
                          struct mln_subject subjects[MLN_SIDES])
{
    bool good = true;
    for (int json = 0; json < 2; json++)
        for (int s = 0; s < MLN_SIDES; s++) {
            struct mln_subject *subject = &subjects[s], *other = &subjects[1 - s];
            if (!subject->text || (subject->kind != MLN_SUBJECT_POLICY) != json)
                continue;
            if (json && other->kind == MLN_SUBJECT_POLICY && other->good)
                inputs[s].known = other->model;
            mln_subject_read(cli, &inputs[s], subject);
            good &= subject->good;
        }
    return good;
}

void mln_diff_command(struct mln_cli *cli)
{
    if (!options_agree(cli))
        return;
    mln_report_configure(cli);
    struct mln_subject subjects[MLN_SIDES] = {0};
    struct mln_inputs inputs[MLN_SIDES] = {0};
    struct mln_diff_report report = {.cli = cli, .words = {"old", "new"}};
    bool good = true;
    for (int s = 0; s < MLN_SIDES; s++) {
        const char *path = cli->options.inputs.data[s < (int)cli->options.inputs.len ? s : 0];
        report.names[s] = path;
        report.subjects[s] = &subjects[s];
        good &= read_inputs(cli, s, &inputs[s]) && mln_subject_open(cli, path, &subjects[s]);
    }
    good &= read_subjects(cli, inputs, subjects);
    good &= mln_params_check(cli, report.names,
                             (const struct mln_inputs *const[]){&inputs[0], &inputs[1]},
                             report.subjects);
    if (good && tags_agree(cli, subjects))
        mln_diff_run(&report, NULL, 0);
    mln_diff_judge(&report);
    mln_diff_print(&report);
    mln_report_finish(cli, stderr);
}
