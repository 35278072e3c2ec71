/* The command line: what one run of mlnsgc is made of. */
#ifndef MLN_CLI_CLI_H
#define MLN_CLI_CLI_H

#include "cli/options.h"
#include "diag/ctx.h"
#include <stdio.h>

/* The exit status of every command; the highest of all inputs wins [sysexits.h]. */
enum mln_exit {
    MLN_EXIT_OK = 0,       /* done; the answer is yes, clean, equal */
    MLN_EXIT_NO = 1,       /* done; the answer is no */
    MLN_EXIT_INVALID = 2,  /* the policy or other input data is invalid */
    MLN_EXIT_USAGE = 64,   /* called wrongly */
    MLN_EXIT_NOINPUT = 66, /* an input cannot be opened */
    MLN_EXIT_FAULT = 70,   /* a fault in mlnsgc itself */
    MLN_EXIT_CREATE = 73,  /* an output cannot be created */
    MLN_EXIT_IO = 74,      /* reading or writing failed */
};

struct mln_cli {
    struct mln_ctx ctx;
    const struct mln_command *command;
    struct mln_options options;
    enum mln_exit status; /* so far; raised by mln_cli_raise */
};

/* A command. `run` does the work and raises the status; it never exits. */
struct mln_command {
    const char *name;
    unsigned bit;         /* which options it takes: enum mln_command_bit */
    const char *synopsis; /* behind the name: "[OPTIONS] FILE|-..." */
    const char *summary;  /* one line */
    const char *text;     /* paragraph for --help; NULL when there is no more to say */
    bool takes_files;     /* at least one operand is needed */
    void (*run)(struct mln_cli *cli);
};

/* In the order of `mlnsgc help`; NULL at the end. */
const struct mln_command *mln_command_at(size_t index);
const struct mln_command *mln_command_find(const char *name);
/* The command meant by an unknown name; NULL when none is close. */
const char *mln_command_suggest(const char *name);

void mln_compile_command(struct mln_cli *cli);
void mln_check_command(struct mln_cli *cli);
void mln_lint_command(struct mln_cli *cli);
void mln_test_command(struct mln_cli *cli);
void mln_explain_command(struct mln_cli *cli);
void mln_doc_command(struct mln_cli *cli);
void mln_query_command(struct mln_cli *cli);
void mln_reach_command(struct mln_cli *cli);
void mln_tags_command(struct mln_cli *cli);
void mln_diff_command(struct mln_cli *cli);
void mln_verify_command(struct mln_cli *cli);
void mln_allowlist_command(struct mln_cli *cli);
void mln_help_command(struct mln_cli *cli);
void mln_version_command(struct mln_cli *cli);

/* The status becomes the higher of the two. */
void mln_cli_raise(struct mln_cli *cli, enum mln_exit status);
/* "mlnsgc: MESSAGE" on standard error, control characters escaped, and the status raised. */
void mln_cli_fail(struct mln_cli *cli, enum mln_exit status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As above with status MLN_EXIT_USAGE and a line that points to the help. */
void mln_cli_usage(struct mln_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes to a stream; a failure raises MLN_EXIT_IO and is said once. */
void mln_cli_write(struct mln_cli *cli, FILE *stream, const char *data, size_t length);

/* help.c: into `out`, from the tables of commands and options. */
void mln_help_overview(struct mln_buf *out);
void mln_help_short(struct mln_buf *out);
void mln_help_for(struct mln_buf *out, const struct mln_command *command);

#endif
