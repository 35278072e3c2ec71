#include "azure/platform.h"

static const struct mln_ip wire_server = {0, 0xa83f8110}; /* 168.63.129.16 */
static const struct mln_ip metadata = {0, 0xa9fea9fe};    /* 169.254.169.254 */
static const struct mln_ip licensing_stand_in = {0, 1};   /* 0.0.0.1: no packet has it */

static const struct mln_ipset *hosts(struct mln_arena *a, enum mln_family family,
                                     const struct mln_ip *ips, size_t count)
{
    struct mln_range ranges[3] = {0};
    for (size_t i = 0; i < count; i++)
        ranges[i] = (struct mln_range){ips[i], ips[i]};
    return mln_ipset_from_ranges(a, family, ranges, family == MLN_IPV4 ? count : 0);
}

const struct mln_ipset *mln_azure_wire_server(struct mln_arena *a, enum mln_family family)
{
    return hosts(a, family, &wire_server, 1);
}

const struct mln_ipset *mln_azure_platform_space(struct mln_arena *a, enum mln_family family)
{
    const struct mln_ip all[] = {wire_server, metadata, licensing_stand_in};
    return hosts(a, family, all, 3);
}

const struct mln_ipset *mln_azure_platform_tag(struct mln_arena *a, enum mln_tag_kind kind,
                                               enum mln_family family)
{
    switch (kind) {
    case MLN_TAG_PLATFORM_DNS:
        return hosts(a, family, &wire_server, 1);
    case MLN_TAG_PLATFORM_IMDS:
        return hosts(a, family, &metadata, 1);
    case MLN_TAG_PLATFORM_LKM:
        return hosts(a, family, &licensing_stand_in, 1);
    default:
        return hosts(a, family, &wire_server, 0);
    }
}
