/* One short function an option. */
#include "cli/setters.h"
#include "base/buf.h"
#include "base/map.h"
#include "lang/lang.h"
#include "rules/passes.h"
#include <assert.h>
#include <string.h>

enum { BACKEND_MAX = 32 };

/* The index of `value` among `count` names; `count` when it is none of them, and then *mistake
 * lists them. */
static size_t choose(struct mln_ctx *ctx, const char *value, const char *const *names, size_t count,
                     const char **mistake)
{
    *mistake = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(value, names[i]) == 0)
            return i;
    struct mln_buf text;
    mln_buf_init(&text, ctx->arena);
    mln_buf_printf(&text, "'%s' is none of:", value);
    for (size_t i = 0; i < count; i++)
        mln_buf_printf(&text, "%s %s", i ? "," : "", names[i]);
    *mistake = text.data;
    return count;
}

/* A decimal number of at most `max`, and nothing behind it. */
static bool number(const char *text, size_t length, unsigned max, unsigned *out)
{
    unsigned long value = 0;
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned long)(text[i] - '0');
        if (value > max)
            return false;
    }
    *out = (unsigned)value;
    return true;
}

#define FLAG_SETTER(setter, field) \
    MLN_SETTER(setter) \
    { \
        (void)ctx; \
        (void)value; \
        options->field = true; \
        return NULL; \
    }
#define TEXT_SETTER(setter, field) \
    MLN_SETTER(setter) \
    { \
        (void)ctx; \
        options->field = value; \
        return NULL; \
    }

TEXT_SETTER(tags, tags)
TEXT_SETTER(old_tags, old_tags)
TEXT_SETTER(new_tags, new_tags)
TEXT_SETTER(output, output)
TEXT_SETTER(nsg, nsg)
TEXT_SETTER(lock, lock)
TEXT_SETTER(deps_file, deps_file)
FLAG_SETTER(exact, exact)
FLAG_SETTER(prune, prune)
FLAG_SETTER(locked, locked)
FLAG_SETTER(relock, relock)
FLAG_SETTER(no_prove, no_prove)
FLAG_SETTER(coverage, coverage)
FLAG_SETTER(deps_only, deps_only)
FLAG_SETTER(deps, deps)
FLAG_SETTER(deps_phony, deps_phony)
FLAG_SETTER(quiet, quiet)
FLAG_SETTER(verbose, verbose)
FLAG_SETTER(help, help)
FLAG_SETTER(version, version)

MLN_SETTER(include)
{
    mln_vec_push(ctx->arena, &options->include_dirs, value);
    return NULL;
}

MLN_SETTER(deps_target)
{
    mln_vec_push(ctx->arena, &options->deps_targets, value);
    return NULL;
}

/* NAME=TEXT. The message of a usage error, or NULL. */
static const char *split_param(struct mln_ctx *ctx, const char *value,
                               struct mln_param_option *param)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return mln_printf(ctx->arena, "'%s' is not of the form NAME=TEXT", value);
    param->name = mln_strndup(ctx->arena, value, (size_t)(equals - value));
    param->text = equals + 1;
    return NULL;
}

#define PARAM_SETTER(setter, list) \
    MLN_SETTER(setter) \
    { \
        struct mln_param_option param = {0}; \
        const char *mistake = split_param(ctx, value, &param); \
        if (!mistake) \
            mln_vec_push(ctx->arena, &options->list, param); \
        return mistake; \
    }

PARAM_SETTER(param, params)
PARAM_SETTER(old_param, old_params)
PARAM_SETTER(new_param, new_params)

MLN_SETTER(live)
{
    mln_vec_push(ctx->arena, &options->live, value);
    return NULL;
}

MLN_SETTER(ignore)
{
    mln_vec_push(ctx->arena, &options->ignore, value);
    return NULL;
}

MLN_SETTER(params)
{
    struct mln_param_option param = {.is_file = true, .text = value};
    mln_vec_push(ctx->arena, &options->params, param);
    return NULL;
}

MLN_SETTER(cloud)
{
    const char *mistake;
    options->cloud = (enum mln_cloud)choose(ctx, value, mln_cloud_names, MLN_CLOUD_COUNT, &mistake);
    options->cloud_given = true;
    return mistake;
}

MLN_SETTER(today)
{
    struct mln_value *date = mln_parse_value(ctx, value);
    if (!date || date->kind != MLN_VALUE_DATE)
        return mln_printf(ctx->arena, "'%s' is not a date of the form YYYY-MM-DD", value);
    options->today = date->date;
    options->today_given = true;
    return NULL;
}

static const char *add_backend(struct mln_ctx *ctx, struct mln_options *options, const char *name)
{
    const char *names[BACKEND_MAX];
    size_t count = 0;
    while (count < BACKEND_MAX && mln_backend_at(count)) {
        names[count] = mln_backend_at(count)->name;
        count++;
    }
    const char *mistake;
    size_t chosen = choose(ctx, name, names, count, &mistake);
    for (size_t i = 0; !mistake && i < options->emit.len; i++)
        if (options->emit.data[i] == mln_backend_at(chosen))
            return NULL;
    if (!mistake)
        mln_vec_push(ctx->arena, &options->emit, mln_backend_at(chosen));
    return mistake;
}

MLN_SETTER(emit)
{
    for (const char *at = value;; at++) {
        size_t length = strcspn(at, ",");
        const char *mistake = add_backend(ctx, options, mln_strndup(ctx->arena, at, length));
        at += length;
        if (mistake || *at == '\0')
            return mistake;
    }
}

MLN_SETTER(arm_scope)
{
    static const char *const words[] = {
        [MLN_ARM_ALL] = "all", [MLN_ARM_NETWORK] = "network", [MLN_ARM_NSG] = "nsg"};
    const char *mistake;
    options->arm_scope = (enum mln_arm_scope)choose(ctx, value, words, 3, &mistake);
    return mistake;
}

MLN_SETTER(expand)
{
    static const char *const words[] = {[MLN_EXPAND_NEVER] = "never",
                                        [MLN_EXPAND_AGENTS] = "agents",
                                        [MLN_EXPAND_ALWAYS] = "always"};
    const char *mistake;
    options->expand = (enum mln_expand)choose(ctx, value, words, 3, &mistake);
    return mistake;
}

MLN_SETTER(priorities)
{
    size_t length = strcspn(value, "-");
    unsigned low, high;
    if (value[length] != '-' || !number(value, length, MLN_PRIORITY_HIGH, &low) ||
        !number(value + length + 1, strlen(value + length + 1), MLN_PRIORITY_HIGH, &high) ||
        low < MLN_PRIORITY_LOW || low > high)
        return mln_printf(ctx->arena, "'%s' is not a range LOW-HIGH within %d-%d", value,
                          MLN_PRIORITY_LOW, MLN_PRIORITY_HIGH);
    options->low = low;
    options->high = high;
    return NULL;
}

MLN_SETTER(keep)
{
    mln_vec_push(ctx->arena, &options->keep, value);
    return NULL;
}

MLN_SETTER(format)
{
    static const char *const words[] = {
        [MLN_PRINT_TEXT] = "text",   [MLN_PRINT_TAP] = "tap", [MLN_PRINT_JUNIT] = "junit",
        [MLN_PRINT_JSON] = "json",   [MLN_PRINT_MD] = "md",   [MLN_PRINT_CSV] = "csv",
        [MLN_PRINT_LINES] = "lines", [MLN_PRINT_ARM] = "arm", [MLN_PRINT_CLI] = "cli",
        [MLN_PRINT_MAN] = "man"};
    static_assert(sizeof(words) / sizeof(*words) == MLN_PRINT_COUNT, "a word for each format");
    const char *mistake;
    options->format = (enum mln_format)choose(ctx, value, words, MLN_PRINT_COUNT, &mistake);
    options->format_given = true;
    return mistake;
}

MLN_SETTER(from)
{
    (void)ctx;
    options->from = value;
    return NULL;
}

MLN_SETTER(to)
{
    (void)ctx;
    options->to = value;
    return NULL;
}

MLN_SETTER(proto)
{
    (void)ctx;
    options->proto = value;
    return NULL;
}

MLN_SETTER(trace)
{
    (void)ctx, (void)value;
    options->trace = true;
    return NULL;
}

MLN_SETTER(expect)
{
    static const char *const words[] = {"allow", "deny"};
    const char *mistake;
    size_t chosen = choose(ctx, value, words, 2, &mistake);
    options->expect = chosen ? MLN_EXPECT_DENY : MLN_EXPECT_ALLOW;
    return mistake;
}

MLN_SETTER(only)
{
    mln_vec_push(ctx->arena, &options->only, value);
    return NULL;
}

MLN_SETTER(geography)
{
    mln_vec_push(ctx->arena, &options->geographies, value);
    return NULL;
}

MLN_SETTER(region)
{
    mln_vec_push(ctx->arena, &options->regions, value);
    return NULL;
}

MLN_SETTER(kind)
{
    (void)ctx;
    options->kind = value;
    return NULL;
}

#define LIST_MAX 1000000
MLN_SETTER(max)
{
    if (!number(value, strlen(value), LIST_MAX, &options->max) || options->max == 0)
        return mln_printf(ctx->arena, "'%s' is not a number from 1 to %d", value, LIST_MAX);
    return NULL;
}

MLN_SETTER(widen)
{
    (void)ctx, (void)value;
    options->widen = true;
    return NULL;
}

MLN_SETTER(cost)
{
    static const char *const words[] = {
        [MLN_FIT_STRANGERS] = "strangers", [MLN_FIT_TOTAL] = "total"};
    const char *mistake;
    options->cost = (enum mln_fit_cost)choose(ctx, value, words, 2, &mistake);
    return mistake;
}

MLN_SETTER(family)
{
    static const char *const words[] = {
        [MLN_LIST_IPV4] = "4", [MLN_LIST_IPV6] = "6", [MLN_LIST_BOTH] = "both"};
    const char *mistake;
    options->family = (enum mln_list_family)choose(ctx, value, words, 3, &mistake);
    return mistake;
}

MLN_SETTER(github_meta)
{
    (void)ctx;
    options->github_meta = value;
    return NULL;
}

MLN_SETTER(witnesses)
{
    if (!number(value, strlen(value), 1000, &options->witnesses) || options->witnesses == 0)
        return mln_printf(ctx->arena, "'%s' is not a number from 1 to 1000", value);
    return NULL;
}

MLN_SETTER(threshold)
{
    options->threshold_given = true;
    if (!number(value, strlen(value), 100, &options->threshold))
        return mln_printf(ctx->arena, "'%s' is not a number from 0 to 100", value);
    return NULL;
}

static const char *unknown_slug(struct mln_ctx *ctx, const char *slug)
{
    const char *slugs[MLN_D_COUNT];
    for (size_t i = 0; i < MLN_D_COUNT; i++)
        slugs[i] = mln_diag_catalogue[i].slug;
    const char *near = mln_closest(slug, slugs, MLN_D_COUNT);
    if (near)
        return mln_printf(ctx->arena, "unknown diagnostic '%s'; did you mean '%s'?", slug, near);
    return mln_printf(ctx->arena, "unknown diagnostic '%s'", slug);
}

static const char *add_warn(struct mln_ctx *ctx, struct mln_options *options, const char *slug,
                            enum mln_warn warn)
{
    struct mln_warn_option option = {.id = mln_diag_by_slug(slug), .warn = warn};
    if (option.id == MLN_D_COUNT)
        return unknown_slug(ctx, slug);
    if (warn == MLN_WARN_OFF && mln_diag_catalogue[option.id].severity == MLN_ERROR)
        return mln_printf(ctx->arena, "'%s' is an error and cannot be turned off", slug);
    mln_vec_push(ctx->arena, &options->warns, option);
    return NULL;
}

MLN_SETTER(warn)
{
    return add_warn(ctx, options, value, MLN_WARN_ON);
}

MLN_SETTER(warn_off)
{
    return add_warn(ctx, options, value, MLN_WARN_OFF);
}

MLN_SETTER(warn_error)
{
    if (value)
        return add_warn(ctx, options, value, MLN_WARN_ERROR);
    options->warnings_are_errors = true;
    return NULL;
}

MLN_SETTER(max_errors)
{
    if (!number(value, strlen(value), 1000000, &options->max_errors))
        return mln_printf(ctx->arena, "'%s' is not a number from 0 to 1000000", value);
    return NULL;
}

MLN_SETTER(fail_on)
{
    static const char *const words[] = {
        [MLN_FAIL_ON_ERROR] = "error",
        [MLN_FAIL_ON_WARNING] = "warning",
        [MLN_FAIL_ON_NOTE] = "note",
        [MLN_FAIL_ON_NEVER] = "never",
    };
    const char *mistake;
    options->fail_on_given = true;
    options->fail_on = (enum mln_fail_on)choose(ctx, value, words, 4, &mistake);
    return mistake;
}

static const char *const formats[] = {
    [MLN_FORMAT_TEXT] = "text", [MLN_FORMAT_SHORT] = "short", [MLN_FORMAT_JSON] = "json"};

MLN_SETTER(message_format)
{
    const char *mistake;
    options->message_format = (enum mln_message_format)choose(ctx, value, formats, 3, &mistake);
    return mistake;
}

MLN_SETTER(report)
{
    size_t length = strcspn(value, ":");
    if (value[length] == '\0' || value[length + 1] == '\0')
        return mln_printf(ctx->arena, "'%s' is not of the form FORMAT:FILE", value);
    const char *mistake;
    struct mln_report_option report = {.path = value + length + 1};
    report.format = (enum mln_message_format)choose(ctx, mln_strndup(ctx->arena, value, length),
                                                    formats, 3, &mistake);
    if (!mistake)
        mln_vec_push(ctx->arena, &options->reports, report);
    return mistake;
}

MLN_SETTER(color)
{
    static const char *const words[] = {
        [MLN_COLOR_AUTO] = "auto", [MLN_COLOR_ALWAYS] = "always", [MLN_COLOR_NEVER] = "never"};
    const char *mistake;
    options->color = (enum mln_color)choose(ctx, value, words, 3, &mistake);
    return mistake;
}
