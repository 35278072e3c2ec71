/* What is known about a service tag: from the catalogues, and from --tags=FILE where one is given.
 */
#include "cli/explain.h"
#include "lang/lang.h"
#include <string.h>

/* What the virtual tags mean [azure-docs, service-tags-overview.md]. */
static const char *const virtual_texts[] = {
    [MLN_TAG_VIRTUAL_NETWORK] =
        "What a subnet can reach inside: the address space of its network, directly peered "
        "networks, what is connected through a gateway, prefixes of user-defined routes (a route "
        "of 0.0.0.0/0 makes it everything) and 168.63.129.16. It means something else for each "
        "subnet; no file lists it.",
    [MLN_TAG_INTERNET] =
        "Everything that is not private address space of the networks, Azure's own public "
        "addresses included, so every service tag lies within it. No file lists it.",
    [MLN_TAG_LOAD_BALANCER] =
        "The source of Azure's health probes, 168.63.129.16; not the traffic that a load balancer "
        "forwards. No file lists it.",
    [MLN_TAG_PLATFORM_DNS] =
        "Azure's own name servers. They pass every network security group unless a rule denies "
        "this tag. No file lists it.",
    [MLN_TAG_PLATFORM_IMDS] =
        "The instance metadata service, 169.254.169.254. It passes every network security group "
        "unless a rule denies this tag. No file lists it.",
    [MLN_TAG_PLATFORM_LKM] =
        "Windows licensing, the key management service. It passes every network security group "
        "unless a rule denies this tag. No file lists it.",
};

static void count_regions(const struct mln_tags *tags, const struct mln_tag *tag, size_t *count,
                          size_t *in_nsg)
{
    for (size_t i = 0; i < mln_tags_count(tags); i++) {
        const struct mln_tag *other = mln_tags_at(tags, i);
        if (other->parent == tag) {
            ++*count;
            *in_nsg += mln_tag_in_nsg(other);
        }
    }
}

static void say_place(struct mln_cli *cli, const struct mln_inputs *inputs,
                      const struct mln_tag *tag, struct mln_page *page)
{
    struct mln_arena *arena = cli->ctx.arena;
    size_t regions = 0, in_nsg = 0;
    count_regions(inputs->tags, tag, &regions, &in_nsg);
    if (tag->parent)
        mln_page_item(page, "Part of", mln_printf(arena, "%s", tag->parent->name));
    if (tag->region)
        mln_page_item(page, "Region", tag->region);
    if (regions)
        mln_page_item(
            page, "Regional tags",
            mln_printf(arena, "%zu, of which %zu may stand in a security rule", regions, in_nsg));
    const char *better = mln_tag_in_nsg(tag) ? NULL : mln_tags_suggest(inputs->tags, tag->name);
    mln_page_item(page, "In rules",
                  mln_tag_in_nsg(tag) ? "yes"
                  : better            ? mln_printf(arena, "no; use %s", better)
                                      : "no");
}

/* The clouds whose published list holds the tag. */
static void say_clouds(struct mln_cli *cli, const struct mln_tag *tag, struct mln_page *page)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    for (int cloud = 0; cloud < MLN_CLOUD_COUNT; cloud++) {
        const char *name = mln_cloud_names[cloud];
        size_t length;
        const char *path = mln_printf(cli->ctx.arena, "azure/tags-%s.tsv", name);
        const char *table = mln_stdlib_get(path, &length);
        struct mln_tags *tags = mln_tags_catalogue(&cli->ctx, (enum mln_cloud)cloud, table, length);
        if (tags && mln_tags_find(tags, tag->name))
            mln_buf_printf(&out, "%s%s", out.len ? ", " : "", name);
    }
    mln_page_item(page, "Clouds", out.len ? out.data : "none of the embedded lists");
}

static void say_prefixes(struct mln_cli *cli, const struct mln_tag *tag, struct mln_page *page)
{
    static const char *const titles[] = {"IPv4 ranges", "IPv6 ranges"};
    for (int family = 0; family < MLN_FAMILIES; family++)
        if (tag->prefixes[family])
            mln_page_item(page, titles[family],
                          mln_printf(cli->ctx.arena, "%zu in '%s'", tag->prefixes[family]->len,
                                     cli->options.tags));
}

bool mln_explain_tag(struct mln_cli *cli, const struct mln_inputs *inputs, const char *name,
                     struct mln_page *page)
{
    const struct mln_tag *tag = mln_tags_find(inputs->tags, name);
    if (!tag)
        return false;
    mln_page_heading(page, 1, mln_printf(cli->ctx.arena, "%s (service tag)", tag->name));
    if (tag->kind != MLN_TAG_SERVICE) {
        mln_page_text(page, virtual_texts[tag->kind]);
        return true;
    }
    say_place(cli, inputs, tag, page);
    say_clouds(cli, tag, page);
    say_prefixes(cli, tag, page);
    mln_page_end(page);
    return true;
}
