/* mlnsgc allowlist: what the files of the command share. */
#ifndef MLN_CLI_ALLOWLIST_H
#define MLN_CLI_ALLOWLIST_H

#include "cli/cli.h"
#include "net/fit.h"

/* One named part of what has to get in. */
struct mln_allow_source {
    const char *name; /* "hosted-agents.europe", "AzureCloud.westeurope", "actions_macos" */
    const struct mln_ipset *set[MLN_FAMILIES];
};

struct mln_allow_job {
    struct mln_cli *cli;
    const struct mln_model *model; /* kinds and geographies */
    struct mln_tags *tags;
    MLN_VEC(const struct mln_tag *) regions; /* AzureCloud.REGION, each once */
    MLN_VEC(struct mln_allow_source) sources;
    const struct mln_ipset *wanted[MLN_FAMILIES], *azure[MLN_FAMILIES];
    /* Where it goes. */
    struct mln_kind *kind; /* of --for; else NULL */
    bool takes_ranges;
    size_t limit;                            /* prefixes or ranges; 0: none */
    unsigned longest;                        /* as in struct mln_fit_options */
    const struct mln_fit *fit[MLN_FAMILIES]; /* NULL: the family is not asked for */
};

/* allowlist_sources.c: regions, sources and wanted. False after reporting. */
bool mln_allow_gather(struct mln_allow_job *job);
/* The addresses of agents for macOS, from GitHub's metadata. False after reporting. */
bool mln_allow_read_meta(struct mln_allow_job *job, const char *path);

/* allowlist_print.c: the list in the form that the options name; without lists, for machine formats
 * the document that says so. */
void mln_allow_print(const struct mln_allow_job *job, struct mln_buf *out);

#endif
