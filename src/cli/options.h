/* Options: one table for parsing, --help, the manual page and completion. */
#ifndef MLN_CLI_OPTIONS_H
#define MLN_CLI_OPTIONS_H

#include "base/vec.h"
#include "diag/ctx.h"
#include "emit/backend.h"
#include "net/fit.h"
#include "policy/model.h"

struct mln_cli;
struct mln_options;

enum mln_command_bit {
    MLN_FOR_COMPILE = 1,
    MLN_FOR_CHECK = 2,
    MLN_FOR_HELP = 4,
    MLN_FOR_VERSION = 8,
    MLN_FOR_TEST = 16,
    MLN_FOR_LINT = 32,
    MLN_FOR_QUERY = 64,
    MLN_FOR_REACH = 128,
    MLN_FOR_DIFF = 256,
    MLN_FOR_VERIFY = 512,
    MLN_FOR_TAGS = 1024,
    MLN_FOR_ALLOWLIST = 2048,
    MLN_FOR_EXPLAIN = 4096,
    MLN_FOR_DOC = 8192,
    MLN_FOR_SUBJECTS = MLN_FOR_LINT | MLN_FOR_QUERY | MLN_FOR_REACH | MLN_FOR_DIFF |
                       MLN_FOR_VERIFY, /* asks about policies and
                                                                        deployed NSGs */
    MLN_FOR_POLICIES = MLN_FOR_COMPILE | MLN_FOR_CHECK | MLN_FOR_TEST |
                       MLN_FOR_SUBJECTS, /* whatever reads policies */
    MLN_FOR_ALL = 0x3fff,
};

enum mln_option_group {
    MLN_GROUP_INPUT,
    MLN_GROUP_OUTPUT,
    MLN_GROUP_ASSERTIONS,
    MLN_GROUP_QUESTIONS,
    MLN_GROUP_COMPARISON,
    MLN_GROUP_DEPENDENCIES,
    MLN_GROUP_DIAGNOSTICS,
    MLN_GROUP_GENERAL,
    MLN_GROUP_COUNT
};
extern const char *const mln_option_group_names[MLN_GROUP_COUNT];

enum mln_takes {
    MLN_TAKES_NONE,
    MLN_TAKES_VALUE,    /* "-o FILE" "-oFILE" "--tags FILE" "--tags=FILE" */
    MLN_TAKES_ATTACHED, /* "-Wno-SLUG" only */
    MLN_TAKES_OPTIONAL, /* "-Werror" or "-Werror=SLUG" */
};

struct mln_option {
    const char *brief; /* with its dash: "-o", "-MD"; NULL when there is none */
    const char *name;  /* with its dashes: "--output"; NULL when there is none */
    const char *value; /* as help shows it: "FILE", "auto|always|never"; NULL when it takes none */
    enum mln_takes form;
    enum mln_option_group group;
    unsigned commands; /* set of enum mln_command_bit */
    const char *help;
    /* Stores the value (NULL for MLN_TAKES_NONE and a left out optional one). NULL when it is fine,
     * else the message of a usage error. */
    const char *(*set)(struct mln_ctx *ctx, struct mln_options *options, const char *value);
};
/* In the order of help; NULL at the end. */
const struct mln_option *mln_option_at(size_t index);

/* --family; the default comes first. */
enum mln_list_family { MLN_LIST_IPV4, MLN_LIST_IPV6, MLN_LIST_BOTH };

enum mln_fail_on { MLN_FAIL_ON_ERROR, MLN_FAIL_ON_WARNING, MLN_FAIL_ON_NOTE, MLN_FAIL_ON_NEVER };
enum mln_expect { MLN_EXPECT_NOTHING, MLN_EXPECT_ALLOW, MLN_EXPECT_DENY };
enum mln_color { MLN_COLOR_AUTO, MLN_COLOR_ALWAYS, MLN_COLOR_NEVER };

/* What a command prints on standard output. Which of them a command knows, the value of its row of
 * --format says. */
enum mln_format {
    MLN_PRINT_TEXT,
    MLN_PRINT_TAP,
    MLN_PRINT_JUNIT,
    MLN_PRINT_JSON,
    MLN_PRINT_MD,
    MLN_PRINT_CSV,
    MLN_PRINT_LINES,
    MLN_PRINT_ARM,
    MLN_PRINT_CLI,
    MLN_PRINT_MAN,
    MLN_PRINT_COUNT
};

/* --param and --params in the order given; a later one wins. */
struct mln_param_option {
    bool is_file;
    const char *name, *text; /* text: the value, or the file's path */
};
struct mln_report_option {
    enum mln_message_format format;
    const char *path;
};
struct mln_warn_option {
    enum mln_diag_id id;
    enum mln_warn warn;
};

struct mln_options {
    MLN_VEC(const char *) inputs;
    bool help, version, quiet, verbose;
    /* input */
    MLN_VEC(const char *) include_dirs; /* -I, then MLNSGC_PATH */
    const char *tags;                   /* NULL: the catalogue */
    const char *old_tags, *new_tags;    /* diff: of one side; NULL: as `tags` */
    bool cloud_given;
    enum mln_cloud cloud;
    MLN_VEC(struct mln_param_option) params;
    MLN_VEC(struct mln_param_option)
    old_params, new_params;       /* diff: behind `params`, of one side */
    MLN_VEC(const char *) live;   /* verify: what is deployed */
    MLN_VEC(const char *) ignore; /* verify: NSGs and rules left out */
    bool exact;                   /* verify: rules count, too */
    struct mln_date today;
    bool today_given;
    const char *lock; /* NULL: none */
    bool locked, relock;
    bool no_prove;
    /* output */
    const char *output;                       /* NULL: the current directory */
    MLN_VEC(const struct mln_backend *) emit; /* empty: the default, see compile.c */
    enum mln_arm_scope arm_scope;
    const char *nsg;    /* NULL: every one */
    unsigned low, high; /* priorities */
    bool prune;
    enum mln_expand expand;
    /* assertions */
    MLN_VEC(const char *) keep; /* -k; empty: every assertion */
    enum mln_format format;
    bool format_given;
    unsigned witnesses;
    bool coverage;
    bool threshold_given;
    unsigned threshold; /* percent */
    /* questions */
    const char *from, *to, *proto; /* NULL: not given */
    bool trace;
    enum mln_expect expect;
    /* service tags */
    MLN_VEC(const char *) only; /* names or patterns; empty: every tag */
    /* allowlist */
    MLN_VEC(const char *) geographies;
    MLN_VEC(const char *) regions;
    const char *kind; /* --for; NULL: none */
    unsigned max;     /* 0: no limit */
    bool widen;
    enum mln_fit_cost cost;
    enum mln_list_family family;
    const char *github_meta; /* NULL: none */
    /* dependencies */
    bool deps_only, deps, deps_phony; /* -M -MD -MP */
    const char *deps_file;
    MLN_VEC(const char *) deps_targets;
    /* diagnostics */
    enum mln_message_format message_format;
    MLN_VEC(struct mln_report_option) reports;
    MLN_VEC(struct mln_warn_option) warns;
    bool warnings_are_errors;
    unsigned max_errors;
    enum mln_fail_on fail_on;
    bool fail_on_given;
    enum mln_color color;
};

void mln_options_init(struct mln_options *options);
/* Parses the arguments behind the command's name; a mistake is a usage error on `cli`. */
bool mln_options_parse(struct mln_cli *cli, int argc, char **argv);
/* What the environment adds where no option spoke: MLNSGC_PATH, MLNSGC_TAGS, SOURCE_DATE_EPOCH,
 * else the clock. */
bool mln_options_environment(struct mln_cli *cli);

#endif
