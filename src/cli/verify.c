/* mlnsgc verify: does what is deployed say what the policy says? */
#include "cli/diff.h"

#include "cli/report.h"

#include <string.h>

static bool options_agree(struct mln_cli *cli)
{
    const struct mln_options *options = &cli->options;
    size_t stdins = 0;
    for (size_t i = 0; i < options->live.len; i++)
        stdins += strcmp(options->live.data[i], "-") == 0;
    for (size_t i = 0; i < options->inputs.len; i++)
        stdins += strcmp(options->inputs.data[i], "-") == 0;
    if (options->inputs.len > 1)
        mln_cli_usage(cli, "verify takes one policy, not %zu; what is deployed goes to --live",
                      options->inputs.len);
    else if (options->live.len == 0)
        mln_cli_usage(cli, "verify needs --live=FILE");
    else if (stdins > 1)
        mln_cli_usage(cli, "standard input can be read only once");
    else
        return mln_inputs_agree(cli);
    return false;
}

static const char *live_name(struct mln_cli *cli)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    for (size_t i = 0; i < cli->options.live.len; i++)
        mln_buf_printf(&out, "%s%s", i ? ", " : "", cli->options.live.data[i]);
    return out.data;
}

void mln_verify_command(struct mln_cli *cli)
{
    if (!options_agree(cli))
        return;
    mln_report_configure(cli);
    const struct mln_options *options = &cli->options;
    struct mln_subject policy = {0}, live = {0};
    struct mln_inputs inputs;
    struct mln_diff_report report = {.cli = cli,
                                     .words = {"policy", "live"},
                                     .names = {options->inputs.data[0], live_name(cli)},
                                     .subjects = {&policy, &live},
                                     .exact = options->exact,
                                     .drift = true};
    bool good = mln_inputs_read(cli, &inputs);
    if (good) {
        inputs.params_shared = true;
        mln_subject_load(cli, &inputs, options->inputs.data[0], &policy);
        inputs.places = policy.good ? policy.model : NULL; /* a template tells less of them */
        mln_subject_load_deployed(cli, &inputs, options->live.data, options->live.len, &live);
        good =
            mln_params_check(cli, report.names,
                             (const struct mln_inputs *const[]){&inputs, &inputs}, report.subjects);
    }
    if (good && policy.good && live.good)
        mln_diff_run(&report, options->ignore.data, options->ignore.len);
    mln_diff_judge(&report);
    mln_diff_print(&report);
    mln_report_finish(cli, stderr);
}
