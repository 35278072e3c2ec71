/* Functions of templates: address arithmetic [azure-docs template-functions-cidr.md]. */
#include "import/eval.h"

#include "net/ip.h"

#include <string.h>

typedef const struct mln_datum *result;

static bool prefix_arg(struct mln_call *call, struct mln_prefix *prefix)
{
    const struct mln_datum *text = mln_call_arg(call, 0, MLN_DATUM_TEXT);
    if (!text)
        return false;
    enum mln_prefix_error error = mln_prefix_parse(text->text, text->length, prefix);
    return error == MLN_PREFIX_OK || error == MLN_PREFIX_HOST_BITS;
}

static unsigned width_of(const struct mln_prefix *prefix)
{
    return prefix->family == MLN_IPV4 ? 32 : 128;
}

/* ip + (n << shift), shift < 128 */
static struct mln_ip add_shifted(struct mln_ip ip, uint64_t n, unsigned shift)
{
    struct mln_ip more = {0};
    if (shift >= 64)
        more.hi = n << (shift - 64);
    else {
        more.lo = n << shift;
        more.hi = shift ? n >> (64 - shift) : 0;
    }
    ip.lo += more.lo;
    ip.hi += more.hi + (ip.lo < more.lo);
    return ip;
}

/* Always with its length, which mln_prefix_text leaves out at a host. */
static result cidr_text(struct mln_call *call, enum mln_family family, struct mln_ip ip,
                        unsigned length)
{
    char text[MLN_IP_TEXT];
    const char *cidr =
        mln_printf(call->e->ctx->arena, "%s/%u", mln_ip_text(family, ip, text), length);
    return mln_datum_text(call->e, cidr, strlen(cidr));
}

static result ip_text(struct mln_call *call, enum mln_family family, struct mln_ip ip)
{
    char text[MLN_IP_TEXT];
    mln_ip_text(family, ip, text);
    return mln_datum_text(call->e, text, strlen(text));
}

/* cidrSubnet('10.0.0.0/16', 24, 3) is '10.0.3.0/24' */
static result run_cidrsubnet(struct mln_call *call)
{
    struct mln_prefix prefix;
    const struct mln_datum *length = mln_call_arg(call, 1, MLN_DATUM_NUMBER);
    const struct mln_datum *index = mln_call_arg(call, 2, MLN_DATUM_NUMBER);
    if (!prefix_arg(call, &prefix) || !length || !index || length->number < prefix.length ||
        length->number > width_of(&prefix) || index->number < 0)
        return mln_call_wrong(call, "a network, a longer length and an index");
    unsigned more = (unsigned)length->number - prefix.length;
    if (more < 63 && index->number >= (int64_t)1 << more)
        return mln_call_unknown(call, "the network has fewer subnets");
    unsigned shift = width_of(&prefix) - (unsigned)length->number;
    struct mln_ip ip =
        shift < 128 ? add_shifted(prefix.ip, (uint64_t)index->number, shift) : prefix.ip;
    return cidr_text(call, prefix.family, ip, (unsigned)length->number);
}

/* cidrHost('10.0.0.0/24', 0) is '10.0.0.1', the first usable one; of IPv6 it is the first */
static result run_cidrhost(struct mln_call *call)
{
    struct mln_prefix prefix;
    const struct mln_datum *index = mln_call_arg(call, 1, MLN_DATUM_NUMBER);
    if (!prefix_arg(call, &prefix) || !index || index->number < 0)
        return mln_call_wrong(call, "a network and an index");
    bool skip = prefix.family == MLN_IPV4 && prefix.length < 31;
    struct mln_ip ip = add_shifted(prefix.ip, (uint64_t)index->number + skip, 0);
    if (mln_ip_cmp(ip, mln_prefix_last(&prefix)) > 0)
        return mln_call_unknown(call, "the network has fewer addresses");
    return ip_text(call, prefix.family, ip);
}

static struct mln_ip mask_of(const struct mln_prefix *prefix)
{
    struct mln_prefix all = {.family = prefix->family, .length = prefix->length};
    struct mln_ip last = mln_prefix_last(&all), max = mln_ip_max(prefix->family);
    return (struct mln_ip){max.hi & ~last.hi, max.lo & ~last.lo};
}

/* IPv6 has no broadcast address, and all of its addresses are usable. */
static result run_parsecidr(struct mln_call *call)
{
    static const char *const keys[] = {"network",    "netmask", "firstUsable",
                                       "lastUsable", "cidr",    "broadcast"};
    struct mln_prefix prefix;
    if (!prefix_arg(call, &prefix))
        return mln_call_wrong(call, "a network");
    struct mln_ip last = mln_prefix_last(&prefix);
    bool v4 = prefix.family == MLN_IPV4, whole = !v4 || prefix.length >= 31;
    const struct mln_datum **items =
        MLN_NEW_ARRAY(call->e->ctx->arena, const struct mln_datum *, 6);
    items[0] = ip_text(call, prefix.family, prefix.ip);
    items[1] = ip_text(call, prefix.family, mask_of(&prefix));
    items[2] = ip_text(call, prefix.family, whole ? prefix.ip : mln_ip_next(prefix.ip));
    items[3] = ip_text(call, prefix.family, whole ? last : mln_ip_prev(last));
    items[4] = mln_datum_number(call->e, prefix.length);
    items[5] = ip_text(call, prefix.family, last);
    return mln_datum_object(call->e, keys, items, v4 ? 6 : 5);
}

const struct mln_function mln_functions_cidr[] = {
    {"cidrhost", 2, 2, 0, run_cidrhost},
    {"cidrsubnet", 3, 3, 0, run_cidrsubnet},
    {"parsecidr", 1, 1, 0, run_parsecidr},
};
const size_t mln_functions_cidr_count = sizeof mln_functions_cidr / sizeof *mln_functions_cidr;
