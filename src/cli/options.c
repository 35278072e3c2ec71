/* The option table and its parser.
 *
 * Parsing is our own because getopt_long accepts abbreviations, which would make every new option a
 * break for somebody's script, and cannot suggest. A row says how an option is spelt, what help
 * says about it, which commands take it and, through `set`, what it does; nothing else knows about
 * the option. */
#include "cli/options.h"
#include "base/map.h"
#include "cli/cli.h"
#include "cli/setters.h"
#include <string.h>

const char *const mln_option_group_names[MLN_GROUP_COUNT] = {
    [MLN_GROUP_INPUT] = "Input",
    [MLN_GROUP_OUTPUT] = "Output",
    [MLN_GROUP_ASSERTIONS] = "Assertions",
    [MLN_GROUP_QUESTIONS] = "Questions",
    [MLN_GROUP_COMPARISON] = "Comparison",
    [MLN_GROUP_DEPENDENCIES] = "Dependencies, as in gcc",
    [MLN_GROUP_DIAGNOSTICS] = "Diagnostics",
    [MLN_GROUP_GENERAL] = "General",
};

#define INPUT MLN_GROUP_INPUT, MLN_FOR_POLICIES | MLN_FOR_DOC
#define TAGS \
    MLN_GROUP_INPUT, \
        MLN_FOR_POLICIES | MLN_FOR_DOC | MLN_FOR_EXPLAIN | MLN_FOR_TAGS | MLN_FOR_ALLOWLIST
#define LISTS MLN_GROUP_INPUT, MLN_FOR_ALLOWLIST
#define MACOS MLN_GROUP_INPUT, MLN_FOR_POLICIES | MLN_FOR_ALLOWLIST
#define FITTED MLN_GROUP_OUTPUT, MLN_FOR_ALLOWLIST
#define WIDENED MLN_GROUP_OUTPUT, MLN_FOR_ALLOWLIST | MLN_FOR_POLICIES
#define TODAY MLN_GROUP_INPUT, MLN_FOR_POLICIES | MLN_FOR_DOC | MLN_FOR_TAGS
#define OUTPUT MLN_GROUP_OUTPUT, MLN_FOR_COMPILE
#define TABLES MLN_GROUP_OUTPUT, MLN_FOR_POLICIES
#define CHECKED MLN_GROUP_OUTPUT, MLN_FOR_COMPILE | MLN_FOR_CHECK
#define ASSERTIONS MLN_GROUP_ASSERTIONS, MLN_FOR_TEST
#define QUERY MLN_GROUP_QUESTIONS, MLN_FOR_QUERY
#define REACH MLN_GROUP_QUESTIONS, MLN_FOR_REACH
#define DIFF MLN_GROUP_COMPARISON, MLN_FOR_DIFF
#define VERIFY MLN_GROUP_COMPARISON, MLN_FOR_VERIFY
#define DEPENDENCIES MLN_GROUP_DEPENDENCIES, MLN_FOR_COMPILE
#define DIAGNOSTICS \
    MLN_GROUP_DIAGNOSTICS, \
        MLN_FOR_POLICIES | MLN_FOR_DOC | MLN_FOR_EXPLAIN | MLN_FOR_TAGS | MLN_FOR_ALLOWLIST
#define GENERAL MLN_GROUP_GENERAL, MLN_FOR_ALL
#define NEEDED MLN_TAKES_VALUE
#define FLAG NULL, MLN_TAKES_NONE

static const struct mln_option options[] = {
    {"-I", NULL, "DIR", NEEDED, INPUT, "look for modules in DIR (also MLNSGC_PATH)",
     mln_set_include},
    {NULL, "--param", "NAME=TEXT", NEEDED, INPUT, "give the parameter NAME a value", mln_set_param},
    {NULL, "--params", "FILE", NEEDED, INPUT, "read parameters: NAME=TEXT lines, or a JSON object",
     mln_set_params},
    {NULL, "--tags", "FILE", NEEDED, TAGS, "read a service-tag file (also MLNSGC_TAGS)",
     mln_set_tags},
    {NULL, "--cloud", "public|usgov|china", NEEDED, TAGS, "which of Azure's clouds", mln_set_cloud},
    {NULL, "--today", "YYYY-MM-DD", NEEDED, TODAY, "the day that 'until' is compared with",
     mln_set_today},

    {"-o", NULL, "DIR|FILE|-", NEEDED, OUTPUT,
     "where to write: a directory (default '.'), one .json file, "
     "or standard output",
     mln_set_output},
    {NULL, "--emit", "KIND[,...]", NEEDED, CHECKED,
     "what to write: nsg, arm, snippet, allowlist, csv, bicep, terraform (default "
     "nsg,arm,allowlist)",
     mln_set_emit},
    {NULL, "--arm-scope", "nsg|network|all", NEEDED, CHECKED,
     "what a template holds: NSGs alone, networks too, or everything (default)", mln_set_arm_scope},
    {NULL, "--nsg", "NAME", NEEDED, OUTPUT, "only this network security group", mln_set_nsg},
    {NULL, "--prune", FLAG, OUTPUT,
     "remove what the previous MANIFEST lists and this run does not write", mln_set_prune},
    {NULL, "--lock", "FILE", NEEDED, TABLES, "keep names and priorities recorded in FILE",
     mln_set_lock},
    {NULL, "--locked", FLAG, CHECKED, "fail when the lock file would change", mln_set_locked},
    {NULL, "--relock", FLAG, OUTPUT, "make the lock file anew", mln_set_relock},
    {NULL, "--expand-tags", "never|agents|always", NEEDED, TABLES,
     "write service tags as prefixes (needs --tags)", mln_set_expand},
    {NULL, "--priorities", "LOW-HIGH", NEEDED, TABLES, "priorities to use (default 100-4096)",
     mln_set_priorities},
    {NULL, "--no-prove", FLAG, TABLES, "do not prove that the rules mean what the policy says",
     mln_set_no_prove},

    {NULL, "--geography", "NAME", NEEDED, LISTS,
     "let in Microsoft-hosted agents of this geography: europe, united-states, ...",
     mln_set_geography},
    {NULL, "--region", "NAME", NEEDED, LISTS, "let in this region of Azure", mln_set_region},
    {NULL, "--github-meta", "FILE", NEEDED, MACOS,
     "let in agents for macOS too, from GitHub's metadata", mln_set_github_meta},
    {NULL, "--for", "KIND", NEEDED, FITTED,
     "limit and form of this kind of resource: storage-account, key-vault, ...", mln_set_kind},
    {NULL, "--max", "N", NEEDED, FITTED, "at most N entries", mln_set_max},
    {NULL, "--widen", FLAG, FITTED, "let in further addresses where the list would be too long",
     mln_set_widen},
    {NULL, "--cost", "strangers|total", NEEDED, WIDENED,
     "which further addresses a list that is widened has the fewest of: those outside of Azure "
     "(default), or all",
     mln_set_cost},
    {NULL, "--family", "4|6|both", NEEDED, FITTED, "addresses of which family (default 4)",
     mln_set_family},
    {NULL, "--format", "lines|csv|json|arm|cli", NEEDED, FITTED,
     "what to print (default lines); arm and cli need --for", mln_set_format},
    {"-o", NULL, "FILE|-", NEEDED, FITTED, "where to write (default standard output)",
     mln_set_output},
    {NULL, "--only", "NAME", NEEDED, MLN_GROUP_INPUT, MLN_FOR_TAGS,
     "only this service tag, or those like a pattern ('Storage.*')", mln_set_only},
    {NULL, "--format", "text|json|csv|md|lines", NEEDED, MLN_GROUP_OUTPUT, MLN_FOR_TAGS,
     "what to print (default text)", mln_set_format},

    {"-k", NULL, "PATTERN", NEEDED, ASSERTIONS,
     "only assertions whose name or text holds PATTERN, or is like it when it has wildcards",
     mln_set_keep},
    {NULL, "--format", "text|tap|junit", NEEDED, ASSERTIONS,
     "the form of the report (default text)", mln_set_format},
    {NULL, "--format", "text|md", NEEDED, MLN_GROUP_OUTPUT, MLN_FOR_EXPLAIN,
     "plain text (default) or Markdown", mln_set_format},
    {NULL, "--format", "md|text|man", NEEDED, MLN_GROUP_OUTPUT, MLN_FOR_DOC,
     "Markdown (default), plain text, or a manual page", mln_set_format},
    {NULL, "--witnesses", "N", NEEDED, ASSERTIONS,
     "show up to N packets for an assertion that fails (default 1)", mln_set_witnesses},
    {NULL, "--coverage", FLAG, ASSERTIONS, "show which intents decided no assertion",
     mln_set_coverage},
    {NULL, "--threshold", "PERCENT", NEEDED, ASSERTIONS,
     "fail when fewer of the intents decided some assertion", mln_set_threshold},

    {NULL, "--from", "A[:PORT]", NEEDED, QUERY,
     "where the packets come from: an address, or a name", mln_set_from},
    {NULL, "--to", "B[:PORT]", NEEDED, QUERY, "where they go to", mln_set_to},
    {NULL, "--proto", "PROTOCOL", NEEDED, QUERY,
     "tcp, udp, icmp, esp, ah, any (the default) or a service", mln_set_proto},
    {NULL, "--trace", FLAG, QUERY, "show why each rule before the deciding one does not match",
     mln_set_trace},
    {NULL, "--expect", "allow|deny", NEEDED, QUERY, "exit 1 when the answer is another",
     mln_set_expect},
    {NULL, "--format", "text|json", NEEDED, QUERY, "the form of the answer (default text)",
     mln_set_format},
    {NULL, "--old-tags", "FILE", NEEDED, DIFF, "the service-tag file of the old side",
     mln_set_old_tags},
    {NULL, "--new-tags", "FILE", NEEDED, DIFF, "the service-tag file of the new side",
     mln_set_new_tags},
    {NULL, "--old-param", "NAME=TEXT", NEEDED, DIFF, "a parameter of the old side",
     mln_set_old_param},
    {NULL, "--new-param", "NAME=TEXT", NEEDED, DIFF, "a parameter of the new side",
     mln_set_new_param},
    {NULL, "--live", "FILE", NEEDED, VERIFY,
     "what is deployed, as JSON; may be given several times", mln_set_live},
    {NULL, "--ignore", "GLOB", NEEDED, VERIFY,
     "leave out NSGs and rules of such names; may be given several times", mln_set_ignore},
    {NULL, "--exact", FLAG, VERIFY, "exit 1 for differences in rules alone, too", mln_set_exact},
    {NULL, "--format", "text|md|json", NEEDED, MLN_GROUP_COMPARISON, MLN_FOR_DIFF | MLN_FOR_VERIFY,
     "the form of the report (default text)", mln_set_format},
    {NULL, "--from", "NAMES", NEEDED, REACH, "only these rows: what packets come from",
     mln_set_from},
    {NULL, "--to", "NAMES", NEEDED, REACH, "only these columns: what they go to", mln_set_to},
    {NULL, "--format", "text|md|csv|json", NEEDED, REACH, "the form of the matrix (default text)",
     mln_set_format},

    {"-M", NULL, FLAG, DEPENDENCIES, "print a make rule with the files read, write nothing else",
     mln_set_deps_only},
    {"-MD", NULL, FLAG, DEPENDENCIES, "write the rule as a side effect", mln_set_deps},
    {"-MP", NULL, FLAG, DEPENDENCIES, "add an empty rule for each file read", mln_set_deps_phony},
    {"-MF", NULL, "FILE", NEEDED, DEPENDENCIES, "write the rule to FILE", mln_set_deps_file},
    {"-MT", NULL, "TARGET", NEEDED, DEPENDENCIES,
     "the target of the rule (default: what is written)", mln_set_deps_target},

    {"-W", NULL, "SLUG", NEEDED, DIAGNOSTICS, "turn a warning on", mln_set_warn},
    {"-Wno-", NULL, "SLUG", MLN_TAKES_ATTACHED, DIAGNOSTICS, "turn a warning or note off",
     mln_set_warn_off},
    {"-Werror", NULL, "SLUG", MLN_TAKES_OPTIONAL, DIAGNOSTICS, "make warnings, or this one, errors",
     mln_set_warn_error},
    {NULL, "--max-errors", "N", NEEDED, DIAGNOSTICS, "show at most N errors (0: all)",
     mln_set_max_errors},
    {NULL, "--fail-on", "error|warning|note|never", NEEDED, MLN_GROUP_DIAGNOSTICS,
     MLN_FOR_POLICIES & ~MLN_FOR_LINT,
     "exit 1 when there are findings of this severity (default error)", mln_set_fail_on},
    {NULL, "--fail-on", "error|warning|note|never", NEEDED, MLN_GROUP_DIAGNOSTICS, MLN_FOR_LINT,
     "exit 1 when there are findings of this severity (default warning)", mln_set_fail_on},
    {NULL, "--message-format", "text|short|json", NEEDED, DIAGNOSTICS,
     "how diagnostics are printed", mln_set_message_format},
    {NULL, "--report", "FORMAT:FILE", NEEDED, DIAGNOSTICS, "also write them to FILE in this format",
     mln_set_report},
    {NULL, "--color", "auto|always|never", NEEDED, DIAGNOSTICS,
     "color on terminals (also NO_COLOR)", mln_set_color},

    {"-q", "--quiet", FLAG, DIAGNOSTICS, "show errors only", mln_set_quiet},
    {"-v", "--verbose", FLAG, DIAGNOSTICS, "tell times and sizes on standard error",
     mln_set_verbose},
    {"-h", "--help", FLAG, GENERAL, "show this help", mln_set_help},
    {"-V", "--version", FLAG, GENERAL, "show the version", mln_set_version},
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

const struct mln_option *mln_option_at(size_t index)
{
    return index < OPTION_COUNT ? &options[index] : NULL;
}

/* An option that means something else to different commands has a row for each of them: the
 * command's own goes before any other. */
static const struct mln_option *find_name(const char *name, size_t length, unsigned command)
{
    const struct mln_option *found = NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (options[i].name && strlen(options[i].name) == length &&
            memcmp(options[i].name, name, length) == 0 && (!found || options[i].commands & command))
            found = &options[i];
    return found;
}

/* Whether "-Xrest" can be the option spelt "-X": what follows must be a value, or more flags. */
static bool admits_rest(const struct mln_option *option, const char *rest)
{
    switch (option->form) {
    case MLN_TAKES_VALUE:
        return true;
    case MLN_TAKES_ATTACHED:
        return *rest != '\0';
    case MLN_TAKES_OPTIONAL:
        return *rest == '\0' || *rest == '=';
    case MLN_TAKES_NONE:
        break;
    }
    return *rest == '\0' || strlen(option->brief) == 2;
}

/* The longest spelling that begins the argument wins: "-MD" is not "-M" with something behind. */
static const struct mln_option *find_brief(const char *argument, unsigned command)
{
    const struct mln_option *best = NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *brief = options[i].brief;
        if (!brief || strncmp(argument, brief, strlen(brief)) != 0 ||
            !admits_rest(&options[i], argument + strlen(brief)))
            continue;
        bool longer = !best || strlen(brief) > strlen(best->brief);
        bool own = best && strcmp(brief, best->brief) == 0 && options[i].commands & command;
        if (longer || own)
            best = &options[i];
    }
    return best;
}

static const char *closest_name(const char *name, unsigned command)
{
    const char *names[OPTION_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (options[i].name && options[i].commands & command)
            names[count++] = options[i].name;
    return mln_closest(name, names, count);
}

static bool unknown_option(struct mln_cli *cli, const char *name)
{
    const char *near = closest_name(name, cli->command->bit);
    if (near)
        mln_cli_usage(cli, "unknown option '%s'; did you mean '%s'?", name, near);
    else
        mln_cli_usage(cli, "unknown option '%s'", name);
    return false;
}

/* Is the value one of "text|tap|junit"? */
static bool is_alternative(const char *alternatives, const char *value)
{
    for (const char *at = alternatives; *at;) {
        size_t length = strcspn(at, "|");
        if (strlen(value) == length && memcmp(at, value, length) == 0)
            return true;
        at += length + (at[length] == '|');
    }
    return false;
}

/* NULL when it is fine, else the message. */
static const char *set_value(struct mln_cli *cli, const struct mln_option *option,
                             const char *value)
{
    if (option->set == mln_set_format && !is_alternative(option->value, value))
        return mln_printf(cli->ctx.arena, "'%s' is none of: %s", value, option->value);
    return option->set(&cli->ctx, &cli->options, value);
}

static bool apply(struct mln_cli *cli, const struct mln_option *option, const char *spelling,
                  const char *value)
{
    if (!(option->commands & cli->command->bit)) {
        mln_cli_usage(cli, "'%s' is no option of '%s'", spelling, cli->command->name);
        return false;
    }
    const char *mistake = set_value(cli, option, value);
    if (mistake)
        mln_cli_usage(cli, "%s: %s", spelling, mistake);
    return mistake == NULL;
}

/* The arguments not read yet. */
struct cursor {
    char **at, **end;
};

static bool apply_next(struct mln_cli *cli, const struct mln_option *option, const char *spelling,
                       struct cursor *cursor)
{
    if (cursor->at == cursor->end) {
        mln_cli_usage(cli, "'%s' needs a value: %s", spelling, option->value);
        return false;
    }
    return apply(cli, option, spelling, *cursor->at++);
}

static bool parse_long(struct mln_cli *cli, const char *argument, struct cursor *cursor)
{
    size_t length = strcspn(argument, "=");
    const char *spelling = mln_strndup(cli->ctx.arena, argument, length);
    const struct mln_option *option = find_name(argument, length, cli->command->bit);
    if (!option)
        return unknown_option(cli, spelling);
    const char *value = argument[length] == '=' ? argument + length + 1 : NULL;
    if (value && option->form == MLN_TAKES_NONE) {
        mln_cli_usage(cli, "'%s' takes no value", spelling);
        return false;
    }
    if (value || option->form == MLN_TAKES_NONE)
        return apply(cli, option, spelling, value);
    return apply_next(cli, option, spelling, cursor);
}

/* One argument may hold several flags: "-qM" is no such, "-vq" is. */
static bool parse_short(struct mln_cli *cli, const char *argument, struct cursor *cursor)
{
    const struct mln_option *option = find_brief(argument, cli->command->bit);
    if (!option)
        return unknown_option(cli, argument);
    const char *rest = argument + strlen(option->brief);
    switch (option->form) {
    case MLN_TAKES_VALUE:
        return *rest ? apply(cli, option, option->brief, rest)
                     : apply_next(cli, option, option->brief, cursor);
    case MLN_TAKES_ATTACHED:
        return apply(cli, option, option->brief, rest);
    case MLN_TAKES_OPTIONAL:
        return apply(cli, option, option->brief, *rest ? rest + 1 : NULL);
    case MLN_TAKES_NONE:
        break;
    }
    if (!apply(cli, option, option->brief, NULL))
        return false;
    return !*rest || parse_short(cli, mln_printf(cli->ctx.arena, "-%s", rest), cursor);
}

bool mln_options_parse(struct mln_cli *cli, int argc, char **argv)
{
    struct cursor cursor = {argv, argv + argc};
    bool only_operands = false;
    while (cursor.at < cursor.end) {
        const char *argument = *cursor.at++;
        bool good = true;
        if (only_operands || argument[0] != '-' || argument[1] == '\0')
            mln_vec_push(cli->ctx.arena, &cli->options.inputs, argument);
        else if (strcmp(argument, "--") == 0)
            only_operands = true;
        else if (argument[1] == '-')
            good = parse_long(cli, argument, &cursor);
        else
            good = parse_short(cli, argument, &cursor);
        if (!good)
            return false;
    }
    return true;
}
