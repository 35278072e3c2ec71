/* Make rules with what a run read, as gcc's -M options write them. */
#include "cli/output.h"
#include <string.h>

void mln_dependencies_add(struct mln_cli *cli, struct mln_dependencies *deps, const char *file)
{
    for (size_t i = 0; i < deps->files.len; i++)
        if (strcmp(deps->files.data[i], file) == 0)
            return;
    mln_vec_push(cli->ctx.arena, &deps->files, file);
}

/* Make reads "\ " as a blank, "\#" as '#' and "$$" as '$'; backslashes before a blank are doubled.
 */
static void add_escaped(struct mln_buf *out, const char *path)
{
    for (const char *c = path; *c; c++) {
        if (*c == ' ' || *c == '\t') {
            for (const char *back = c; back > path && back[-1] == '\\'; back--)
                mln_buf_char(out, '\\');
            mln_buf_char(out, '\\');
        } else if (*c == '#')
            mln_buf_char(out, '\\');
        else if (*c == '$')
            mln_buf_char(out, '$');
        mln_buf_char(out, *c);
    }
}

static void add_targets(const struct mln_cli *cli, const struct mln_dependencies *deps,
                        struct mln_buf *out)
{
    /* -MT is taken as it stands, so that it may hold variables. */
    for (size_t i = 0; i < cli->options.deps_targets.len; i++)
        mln_buf_printf(out, "%s%s", i ? " " : "", cli->options.deps_targets.data[i]);
    if (cli->options.deps_targets.len)
        return;
    for (size_t i = 0; i < deps->targets.len; i++) {
        mln_buf_add(out, i ? " \\\n" : "");
        add_escaped(out, deps->targets.data[i]);
    }
}

void mln_dependencies_rule(const struct mln_cli *cli, const struct mln_dependencies *deps,
                           struct mln_buf *out)
{
    add_targets(cli, deps, out);
    mln_buf_char(out, ':');
    for (size_t i = 0; i < deps->files.len; i++) {
        mln_buf_add(out, i ? " \\\n  " : " ");
        add_escaped(out, deps->files.data[i]);
    }
    mln_buf_char(out, '\n');
    for (size_t i = 1; cli->options.deps_phony && i < deps->files.len; i++) {
        add_escaped(out, deps->files.data[i]);
        mln_buf_add(out, ":\n");
    }
}
