/* What a list has to let in: regions of Azure by name or by geography, and GitHub's agents for
 * macOS. Nothing is left out in silence: a name that gives no addresses is an error. */
#include "azure/tag.h"
#include "cli/allowlist.h"
#include "cli/library.h"
#include "cli/pipeline.h"
#include "import/github_meta.h"
#include "rules/firewall.h"

#include <string.h>
#include <strings.h>

#define NOWHERE ((struct mln_span){0})

/* ---- regions ---- */

/* False when it is there already. */
static bool add_region(struct mln_allow_job *job, const struct mln_tag *tag)
{
    for (size_t i = 0; i < job->regions.len; i++)
        if (job->regions.data[i] == tag)
            return false;
    mln_vec_push(job->cli->ctx.arena, &job->regions, tag);
    return true;
}

/* "AzureDevOps", "AzureDevOps.WestEurope": people take the service's tag for that of the agents. */
static bool is_devops(struct mln_allow_job *job, const char *name)
{
    if (strncasecmp(name, "AzureDevOps", 11) != 0)
        return false;
    struct mln_diag *diag = mln_report(job->cli->ctx.diags, MLN_D_DEVOPS_NOT_AGENTS, NOWHERE,
                                       "the service tag AzureDevOps does not hold hosted agents");
    mln_diag_note(diag, "it holds the addresses of the service itself");
    mln_diag_help(diag, "name the geography of the organisation: --geography=europe");
    return true;
}

static const struct mln_tag *region_tag(struct mln_allow_job *job, const char *name)
{
    struct mln_diags *diags = job->cli->ctx.diags;
    const struct mln_regions *regions = mln_tags_regions(job->tags);
    const struct mln_region *region = mln_regions_find(regions, name);
    if (!region) {
        const struct mln_region *near = mln_regions_closest(regions, name);
        struct mln_diag *diag =
            mln_report(diags, MLN_D_UNKNOWN_REGION, NOWHERE, "there is no region '%s'", name);
        if (near)
            mln_diag_help(diag, "did you mean '%s'?", near->arm);
        else if (mln_tags_cloud(job->tags) != MLN_CLOUD_PUBLIC)
            mln_diag_note(diag, "the service-tag file is of the cloud '%s'",
                          mln_cloud_names[mln_tags_cloud(job->tags)]);
        return NULL;
    }
    const struct mln_tag *tag = mln_agents_tag(job->tags, region->arm);
    if (!tag) {
        struct mln_diag *diag =
            mln_report(diags, MLN_D_AGENT_REGION, NOWHERE,
                       "the service-tag file has no tag AzureCloud.%s", region->arm);
        mln_diag_help(diag, "take a newer file, or one that is not abridged");
    }
    return tag;
}

static void add_source(struct mln_allow_job *job, const char *name,
                       const struct mln_ipset *const sets[MLN_FAMILIES])
{
    struct mln_allow_source source = {.name = name, .set = {sets[MLN_IPV4], sets[MLN_IPV6]}};
    mln_vec_push(job->cli->ctx.arena, &job->sources, source);
}

/* ---- geographies ---- */

static const struct mln_geography *find_geography(struct mln_allow_job *job, const char *name)
{
    const struct mln_geography *found = mln_library_geography(job->model, name);
    size_t count = job->model->geographies.len;
    const char **names = MLN_NEW_ARRAY(job->cli->ctx.arena, const char *, count);
    if (found || is_devops(job, name))
        return found;
    for (size_t i = 0; i < count; i++)
        names[i] = job->model->geographies.data[i]->name;
    const char *near = mln_closest(name, names, count);
    struct mln_diag *diag = mln_report(job->cli->ctx.diags, MLN_D_UNKNOWN_GEOGRAPHY, NOWHERE,
                                       "there is no geography '%s'", name);
    if (near)
        mln_diag_help(diag, "did you mean '%s'?", near);
    else
        for (size_t i = 0; i < count; i++)
            mln_diag_note(diag, "%s", names[i]);
    return NULL;
}

/* The region under another spelling counts too. */
static bool geography_has(const struct mln_allow_job *job, const struct mln_geography *geography,
                          const struct mln_tag *tag)
{
    for (size_t i = 0; i < geography->regions.len; i++)
        if (mln_agents_tag(job->tags, geography->regions.data[i]) == tag)
            return true;
    return false;
}

static bool is_fallback_of(const struct mln_geography *g, const struct mln_geography *of)
{
    size_t length = strlen(of->name);
    return strncmp(g->name, of->name, length) == 0 && g->name[length] == '-';
}

static void note_geography(struct mln_allow_job *job, const struct mln_geography *geography)
{
    struct mln_diags *diags = job->cli->ctx.diags;
    for (size_t i = 0; i < job->model->geographies.len; i++) {
        const struct mln_geography *g = job->model->geographies.data[i];
        if (!is_fallback_of(g, geography))
            continue;
        struct mln_diag *diag =
            mln_report(diags, MLN_D_AGENT_FALLBACK, NOWHERE,
                       "agents of some organisations in '%s' run in regions outside of it when it "
                       "is short of room",
                       geography->name);
        mln_diag_help(diag, "take --geography=%s where that concerns you", g->name);
    }
    if (job->cli->options.github_meta)
        return;
    struct mln_diag *diag =
        mln_report(diags, MLN_D_MACOS_AGENTS, NOWHERE, "agents for macOS are not in the list");
    mln_diag_note(diag, "they run in GitHub's network, which no service tag holds");
    mln_diag_help(diag, "add them from GitHub's metadata: --github-meta=FILE");
}

static bool add_geography(struct mln_allow_job *job, const char *name)
{
    struct mln_arena *a = job->cli->ctx.arena;
    const struct mln_geography *geography = find_geography(job, name);
    const struct mln_ipset *sets[MLN_FAMILIES];
    bool good = geography != NULL;
    for (int f = 0; f < MLN_FAMILIES; f++)
        sets[f] = mln_ipset_empty(a, (enum mln_family)f);
    for (size_t i = 0; geography && i < geography->regions.len; i++) {
        const struct mln_tag *tag = region_tag(job, geography->regions.data[i]);
        good &= tag != NULL;
        if (!tag)
            continue;
        add_region(job, tag);
        for (int f = 0; f < MLN_FAMILIES; f++)
            sets[f] = mln_ipset_union(a, sets[f], tag->prefixes[f]);
    }
    if (!good)
        return false;
    add_source(job, mln_printf(a, "hosted-agents.%s", geography->name), sets);
    note_geography(job, geography);
    return true;
}

/* Does it stand in for another that is short of room? */
static bool is_fallback(const struct mln_allow_job *job, const struct mln_geography *g)
{
    for (size_t i = 0; i < job->model->geographies.len; i++)
        if (is_fallback_of(g, job->model->geographies.data[i]))
            return true;
    return false;
}

/* A single region is right for many things, but not for hosted agents. */
static void note_partial(struct mln_allow_job *job)
{
    for (size_t i = 0; i < job->model->geographies.len; i++) {
        const struct mln_geography *g = job->model->geographies.data[i];
        size_t present = 0;
        const struct mln_tag *first = NULL;
        for (size_t k = 0; !is_fallback(job, g) && k < job->regions.len; k++)
            if (geography_has(job, g, job->regions.data[k])) {
                first = first ? first : job->regions.data[k];
                present++;
            }
        if (!first || present >= g->regions.len)
            continue;
        struct mln_diag *diag =
            mln_report(job->cli->ctx.diags, MLN_D_PARTIAL_GEOGRAPHY, NOWHERE,
                       "hosted agents of an organisation in '%s' run in any region of '%s'",
                       first->region, g->name);
        mln_diag_help(diag, "if the list is for them, take --geography=%s", g->name);
        return;
    }
}

static bool add_single(struct mln_allow_job *job, const char *name)
{
    const struct mln_tag *tag = is_devops(job, name) ? NULL : region_tag(job, name);
    if (!tag)
        return false;
    if (add_region(job, tag))
        add_source(job, tag->name, tag->prefixes);
    return true;
}

bool mln_allow_gather(struct mln_allow_job *job)
{
    const struct mln_options *options = &job->cli->options;
    struct mln_arena *a = job->cli->ctx.arena;
    const struct mln_tag *cloud = mln_tags_find(job->tags, "AzureCloud");
    bool good = true;
    for (size_t i = 0; i < options->geographies.len; i++)
        good &= add_geography(job, options->geographies.data[i]);
    for (size_t i = 0; i < options->regions.len; i++)
        good &= add_single(job, options->regions.data[i]);
    if (good && options->geographies.len == 0)
        note_partial(job);
    if (options->github_meta)
        good &= mln_allow_read_meta(job, options->github_meta);
    for (int f = 0; good && f < MLN_FAMILIES; f++) {
        job->azure[f] = cloud->prefixes[f];
        job->wanted[f] = mln_ipset_empty(a, (enum mln_family)f);
        for (size_t i = 0; i < job->sources.len; i++)
            job->wanted[f] = mln_ipset_union(a, job->wanted[f], job->sources.data[i].set[f]);
    }
    return good;
}

/* ---- GitHub's metadata ---- */

bool mln_allow_read_meta(struct mln_allow_job *job, const char *path)
{
    struct mln_arena *a = job->cli->ctx.arena;
    const struct mln_prefix *prefixes = NULL;
    const struct mln_ipset *sets[MLN_FAMILIES];
    size_t length, count = 0;
    char *text = mln_cli_read(job->cli, path, &length);
    bool good = text && mln_github_meta_read(&job->cli->ctx, path, text, length, &prefixes, &count);
    for (int f = 0; f < MLN_FAMILIES; f++)
        sets[f] = mln_ipset_from_prefixes(a, (enum mln_family)f, prefixes, good ? count : 0);
    if (prefixes)
        add_source(job, "actions_macos", sets);
    return good;
}
