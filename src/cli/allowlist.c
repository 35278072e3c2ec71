/* mlnsgc allowlist: address ranges for a firewall, fitted to its limit, without a policy.
 *
 * What the list has to let in is gathered (allowlist_sources.c), written in as few entries as it
 * takes (net/fit.h), and printed (allowlist_print.c). Where a kind of the standard library is
 * named, its `firewall` block says how many entries it takes and of what form. */
#include "cli/allowlist.h"

#include "azure/legal.h"
#include "base/file.h"
#include "cli/library.h"
#include "cli/pipeline.h"
#include "cli/report.h"
#include "rules/firewall.h"

#include <errno.h>
#include <string.h>

#define NOWHERE ((struct mln_span){0})

/* ---- the kind ---- */

static void unknown_kind(struct mln_allow_job *job, const char *name)
{
    size_t count = job->model->kinds.len;
    const char **names = MLN_NEW_ARRAY(job->cli->ctx.arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        names[i] = job->model->kinds.data[i]->name;
    const char *near = mln_closest(name, names, count);
    struct mln_diag *diag = mln_report(job->cli->ctx.diags, MLN_D_UNKNOWN_KIND, NOWHERE,
                                       "there is no kind of resource '%s'", name);
    if (near)
        mln_diag_help(diag, "did you mean '%s'?", near);
}

/* Requests from the service's own region come from private addresses, whatever the list says. */
static void note_region(struct mln_allow_job *job)
{
    const char *effect = mln_kind_firewall_text(job->kind, "same-region");
    if (!effect || strcmp(effect, "no") != 0)
        return;
    struct mln_diag *diag = mln_report(
        job->cli->ctx.diags, MLN_D_REGION_MATTERS, NOWHERE,
        "the list does nothing for requests from the region of the %s itself", job->kind->name);
    mln_diag_note(diag, "they arrive from private addresses, which no list holds");
    mln_diag_help(diag, "keep it out of these regions, or use a private endpoint");
}

static bool takes_family(struct mln_allow_job *job)
{
    const char *families = mln_kind_firewall_text(job->kind, "families");
    bool both = families && strcmp(families, "both") == 0;
    if (both || job->cli->options.family == MLN_LIST_IPV4)
        return true;
    mln_report(job->cli->ctx.diags, MLN_D_FAMILY_NOT_TAKEN, NOWHERE,
               "the firewall of a %s takes IPv4 alone", job->kind->name);
    return false;
}

static bool choose_kind(struct mln_allow_job *job)
{
    const char *name = job->cli->options.kind;
    job->limit = job->cli->options.max;
    if (!name)
        return true;
    job->kind = mln_library_kind(job->model, name);
    if (!job->kind) {
        unknown_kind(job, name);
        return false;
    }
    if (!job->kind->firewall) {
        mln_report(job->cli->ctx.diags, MLN_D_NO_FIREWALL, NOWHERE,
                   "mlnsgc knows no firewall of a %s", name);
        return false;
    }
    long packed = mln_kind_firewall_number(job->kind, "per-entry", 1);
    if (job->kind->firewall_limit > 0)
        job->limit = (size_t)job->kind->firewall_limit * (size_t)(packed > 1 ? packed : 1);
    job->takes_ranges =
        job->kind->firewall_entry && strcmp(job->kind->firewall_entry, "range") == 0;
    job->longest = (unsigned)mln_kind_firewall_number(job->kind, "smallest", 0);
    note_region(job);
    return takes_family(job);
}

/* ---- the list ---- */

static const struct mln_fit *fit(const struct mln_allow_job *job, int f, size_t limit)
{
    struct mln_arena *a = job->cli->ctx.arena;
    const struct mln_fit_options options = {
        .limit = limit,
        .cost = job->cli->options.cost,
        .preferred = job->azure[f],
        .barred = mln_azure_private_space(a, (enum mln_family)f),
        .longest = f == MLN_IPV4 ? job->longest : 0,
    };
    return job->takes_ranges ? mln_fit_ranges(a, job->wanted[f], &options)
                             : mln_fit_prefixes(a, job->wanted[f], &options);
}

static bool wants(const struct mln_allow_job *job, int f)
{
    enum mln_list_family family = job->cli->options.family;
    return family == MLN_LIST_BOTH || (family == MLN_LIST_IPV6) == (f == MLN_IPV6);
}

static const char *text_of(const struct mln_allow_job *job, struct mln_count count)
{
    char text[MLN_COUNT_TEXT];
    return mln_strdup(job->cli->ctx.arena, mln_count_text(count, text));
}

/* What the limit is a limit of, and a verb. */
static const char *receiver(const struct mln_allow_job *job)
{
    return job->kind
               ? mln_printf(job->cli->ctx.arena, "the firewall of a %s takes", job->kind->name)
               : "--max allows";
}

static void report_limit(struct mln_allow_job *job, size_t entries, const struct mln_fit *wide)
{
    struct mln_diag *diag = mln_report(job->cli->ctx.diags, MLN_D_ALLOWLIST_LIMIT, NOWHERE,
                                       "the exact list has %zu entries, but %s %zu", entries,
                                       receiver(job), job->limit);
    if (wide && wide->status == MLN_FIT_OK)
        mln_diag_help(diag,
                      "--widen makes it %zu entries, which let in %s further addresses, %s of them "
                      "outside of Azure",
                      wide->len, text_of(job, wide->extra), text_of(job, wide->strangers));
    else if (!wide)
        mln_diag_help(diag, "make a list for each family, with --family=4, --family=6 and a limit "
                            "of its own: there is no telling which of the two to widen");
    mln_diag_help(diag, "or use a private endpoint, or run the jobs in a network of your own");
}

static void report_narrow(struct mln_allow_job *job, const struct mln_fit *wide)
{
    struct mln_diag *diag =
        mln_report(job->cli->ctx.diags, MLN_D_ALLOWLIST_NARROW, NOWHERE,
                   "no list of %zu entries leaves private addresses out", job->limit);
    mln_diag_note(diag, "it takes %zu entries, and %zu at the least however they are widened",
                  wide->lossless, wide->fewest);
}

static void note_widened(struct mln_allow_job *job, const struct mln_fit *wide)
{
    struct mln_diag *diag = mln_report(
        job->cli->ctx.diags, MLN_D_ALLOWLIST_WIDENED, NOWHERE,
        "the list was widened from %zu to %zu entries: it lets in %s further addresses, "
        "%s of them outside of Azure",
        wide->lossless, wide->len, text_of(job, wide->extra), text_of(job, wide->strangers));
    mln_diag_note(diag, "no list of %zu entries lets in fewer %s", wide->len,
                  job->cli->options.cost == MLN_FIT_TOTAL ? "further addresses"
                                                          : "addresses outside of Azure");
}

/* The longer of the two lists is widened; the other is written as it is. */
static void fit_lists(struct mln_allow_job *job)
{
    size_t entries = 0;
    int long_one = MLN_IPV4;
    for (int f = 0; f < MLN_FAMILIES; f++) {
        if (!wants(job, f))
            continue;
        job->fit[f] = fit(job, f, 0);
        if (job->fit[f]->status == MLN_FIT_BARRED) {
            mln_report(job->cli->ctx.diags, MLN_D_LIST_PRIVATE, NOWHERE,
                       "private addresses are among those that the list has to let in");
            return;
        }
        entries += job->fit[f]->len;
        if (!job->fit[long_one] || job->fit[f]->len > job->fit[long_one]->len)
            long_one = f;
    }
    if (!job->limit || entries <= job->limit)
        return;
    size_t others = entries - job->fit[long_one]->len;
    size_t room = job->limit > others ? job->limit - others : 0;
    const struct mln_fit *wide = room ? fit(job, long_one, room) : NULL;
    if (!job->cli->options.widen || !wide)
        report_limit(job, entries, wide);
    else if (wide->status != MLN_FIT_OK)
        report_narrow(job, wide);
    else
        note_widened(job, wide);
    job->fit[long_one] = wide;
}

/* ---- the command ---- */

/* False after a usage error. */
static bool agree(struct mln_cli *cli)
{
    const struct mln_options *o = &cli->options;
    bool needs_kind = o->format == MLN_PRINT_ARM || o->format == MLN_PRINT_CLI;
    if (o->inputs.len > 0)
        mln_cli_usage(cli, "allowlist takes no operand: '%s'", o->inputs.data[0]);
    else if (o->geographies.len == 0 && o->regions.len == 0)
        mln_cli_usage(cli, "of what? --geography=NAME or --region=NAME");
    else if (!o->tags)
        mln_cli_usage(cli, "addresses are in a service-tag file: --tags=FILE");
    else if (o->kind && o->max)
        mln_cli_usage(cli, "--for knows its limit: --max is for what it does not know");
    else if (o->widen && !o->kind && !o->max)
        mln_cli_usage(cli, "--widen is for a limit: --for=KIND or --max=N");
    else if (needs_kind && !o->kind)
        mln_cli_usage(cli, "this form is of a kind of resource: --for=KIND");
    else
        return true;
    return false;
}

static void write_out(struct mln_cli *cli, const struct mln_buf *out)
{
    const char *path = cli->options.output, *failed;
    if (!path || strcmp(path, "-") == 0) {
        mln_cli_write(cli, stdout, out->data, out->len);
        return;
    }
    struct mln_staged *staged = mln_staged_new(cli->ctx.arena);
    int error = mln_staged_add(staged, path, out->len ? out->data : "", out->len, true);
    if (!error)
        error = mln_staged_commit(staged, &failed);
    if (error) {
        mln_report(cli->ctx.diags, MLN_D_CANNOT_WRITE, NOWHERE, "cannot write '%s': %s", path,
                   strerror(error));
        mln_cli_raise(cli, MLN_EXIT_CREATE);
    }
    mln_staged_abort(staged);
}

static bool make_list(struct mln_allow_job *job)
{
    struct mln_cli *cli = job->cli;
    struct mln_inputs inputs;
    if (!mln_inputs_read(cli, &inputs))
        return false;
    double clock = mln_cli_clock();
    job->tags = inputs.tags;
    job->model = mln_library_model(cli, inputs.tags, inputs.cloud);
    if (!job->model || !mln_allow_gather(job) || !choose_kind(job))
        return false;
    mln_cli_tell_time(cli, "gather", "", &clock);
    fit_lists(job);
    mln_cli_tell_time(cli, "fit", "", &clock);
    return !mln_diags_failed(cli->ctx.diags);
}

void mln_allowlist_command(struct mln_cli *cli)
{
    struct mln_allow_job job = {.cli = cli};
    struct mln_buf out;
    if (!agree(cli))
        return;
    mln_report_configure(cli);
    mln_buf_init(&out, cli->ctx.arena);
    bool good = make_list(&job);
    if (!good)
        for (int f = 0; f < MLN_FAMILIES; f++)
            job.fit[f] = NULL;
    mln_allow_print(&job, &out);
    bool to_file = cli->options.output && strcmp(cli->options.output, "-") != 0;
    if (out.len > 0 && (good || !to_file))
        write_out(cli, &out);
    else if (good)
        write_out(cli, &out);
    mln_report_finish(cli, stderr);
}
