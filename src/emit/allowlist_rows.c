/* The entries of a list with what each lets in: sizes, what nobody asked for, and for whom it is.
 */
#include "emit/allowlist_impl.h"

static size_t first_from(const struct mln_allowlist *list, struct mln_ip lo)
{
    size_t from = 0, to = list->len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (!list->rows[middle].entry.tag && mln_ip_cmp(list->rows[middle].entry.range.hi, lo) >= 0)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

static struct mln_range overlap(const struct mln_range *x, const struct mln_range *y)
{
    return (struct mln_range){mln_ip_cmp(x->lo, y->lo) > 0 ? x->lo : y->lo,
                              mln_ip_cmp(x->hi, y->hi) < 0 ? x->hi : y->hi};
}

/* IPv4 rows come first behind the tags, in address order, so the rows that a range meets are found
 * by halving. */
static void count_into(struct mln_allowlist *list, const struct mln_ipset *set, bool strangers)
{
    for (size_t i = 0; i < set->len; i++)
        for (size_t k = first_from(list, set->ranges[i].lo); k < list->len; k++) {
            struct mln_allowlist_row *row = &list->rows[k];
            if (row->entry.family != MLN_IPV4 ||
                mln_ip_cmp(row->entry.range.lo, set->ranges[i].hi) > 0)
                break;
            struct mln_range both = overlap(&row->entry.range, &set->ranges[i]);
            struct mln_count *sum = strangers ? &row->strangers : &row->extra;
            *sum = mln_count_add(*sum, mln_count_range(both.lo, both.hi));
        }
}

static void name_source(struct mln_allowlist_row *row, const char *name, const char **last)
{
    if (*last == name)
        return;
    *last = name;
    mln_buf_printf(&row->sources, "%s%s", row->sources.len ? ";" : "", name);
}

static void name_sources(struct mln_allowlist *list, size_t v4)
{
    const char **last = MLN_NEW_ARRAY(list->arena, const char *, list->len + 1);
    struct mln_allowlist four = *list;
    four.len = v4;
    for (size_t s = 0; s < list->firewall->sources.len; s++) {
        const struct mln_firewall_source *source = list->firewall->sources.data[s];
        const struct mln_ipset *set = source->set[MLN_IPV4];
        for (size_t i = 0; set && i < set->len; i++)
            for (size_t k = first_from(&four, set->ranges[i].lo); k < v4; k++) {
                if (mln_ip_cmp(list->rows[k].entry.range.lo, set->ranges[i].hi) > 0)
                    break;
                name_source(&list->rows[k], source->name, &last[k]);
            }
        const struct mln_ipset *six = source->set[MLN_IPV6];
        for (size_t k = v4; six && six->len && k < list->len; k++) {
            const struct mln_ipset one = {MLN_IPV6, 1, &list->rows[k].entry.range};
            if (mln_ipset_overlaps(six, &one))
                name_source(&list->rows[k], source->name, &last[k]);
        }
    }
}

void mln_allowlist_make_rows(struct mln_allowlist *list, const struct mln_tags *tags)
{
    struct mln_arena *a = list->arena;
    const struct mln_firewall *fw = list->firewall;
    struct mln_firewall_entry_vec entries = {0};
    mln_firewall_entries(a, fw, &entries);
    list->rows = MLN_NEW_ARRAY(a, struct mln_allowlist_row, entries.len + 1);
    list->len = entries.len;
    size_t v4 = 0;
    for (size_t i = 0; i < entries.len; i++) {
        struct mln_allowlist_row *row = &list->rows[i];
        *row = (struct mln_allowlist_row){.entry = entries.data[i]};
        mln_buf_init(&row->sources, a);
        if (!row->entry.tag)
            row->addresses = mln_count_range(row->entry.range.lo, row->entry.range.hi);
        if (row->entry.tag || row->entry.family == MLN_IPV4)
            v4 = i + 1;
    }
    const struct mln_tag *cloud = mln_tags_find(tags, "AzureCloud");
    const struct mln_ipset *extra =
        mln_ipset_subtract(a, fw->lets_in[MLN_IPV4], fw->wanted[MLN_IPV4]);
    struct mln_allowlist four = *list;
    four.len = v4;
    count_into(&four, extra, false);
    if (cloud && cloud->prefixes[MLN_IPV4])
        extra = mln_ipset_subtract(a, extra, cloud->prefixes[MLN_IPV4]);
    count_into(&four, extra, true);
    name_sources(list, v4);
}
