/* GitHub's metadata (api.github.com/meta): of all that, where Microsoft-hosted agents for macOS
 * come from. They run in GitHub's network [azure-devops-docs, pipelines/agents/hosted.md]. */
#ifndef MLN_IMPORT_GITHUB_META_H
#define MLN_IMPORT_GITHUB_META_H

#include "diag/ctx.h"
#include "net/ip.h"

/* The prefixes of `actions_macos`, in their order; at least one. False after reporting, with a
 * place in the file: nothing is skipped. */
bool mln_github_meta_read(struct mln_ctx *ctx, const char *path, const char *text, size_t length,
                          const struct mln_prefix **prefixes, size_t *count);

#endif
