/* What the firewalls of PaaS resources let in, resource by resource: public addresses (with the
 * contents of tags and of hosted agents' regions where they are known), zones by their service
 * endpoint, everybody. */
#include "prove/change_impl.h"
#include "rules/firewall.h"

#include <string.h>
#include <strings.h>

struct entry {
    const struct mln_ipset *set;    /* addresses that are known */
    MLN_VEC(const char *) openings; /* "zone 'a'", "tag Storage", ... whatever has no addresses */
};

static void open_for(struct finder *f, struct entry *entry, const char *opening)
{
    for (size_t i = 0; i < entry->openings.len; i++)
        if (strcmp(entry->openings.data[i], opening) == 0)
            return;
    mln_vec_push(arena_of(f), &entry->openings, opening);
}

static void add_tag(struct finder *f, struct entry *entry, const struct mln_tag *tag,
                    const char *otherwise)
{
    if (tag && tag->prefixes[MLN_IPV4])
        entry->set = mln_ipset_union(arena_of(f), entry->set, tag->prefixes[MLN_IPV4]);
    else
        open_for(f, entry, otherwise);
}

static struct entry entry_of(struct finder *f, const struct mln_model *model,
                             const struct mln_resource *r)
{
    struct mln_arena *a = arena_of(f);
    const struct mln_tags *tags = model->options->tags;
    const struct mln_tag *cloud = mln_tags_find(tags, "AzureCloud");
    struct entry entry = {.set = r && r->firewall_sources ? r->firewall_sources
                                                          : mln_ipset_empty(a, MLN_IPV4)};
    if (!r)
        return entry;
    if (r->is_public == MLN_PUBLIC_YES)
        open_for(f, &entry, "everybody");
    for (size_t i = 0; i < r->firewall_zones.len; i++)
        open_for(f, &entry, mln_printf(a, "zone '%s'", r->firewall_zones.data[i]->display));
    if (r->firewall && r->firewall->known && !r->firewall->failed) {
        entry.set = r->firewall->lets_in[MLN_IPV4]; /* the list as it is written */
        for (size_t i = 0; i < r->firewall->tags.len; i++)
            add_tag(f, &entry, r->firewall->tags.data[i],
                    mln_printf(a, "tag %s", r->firewall->tags.data[i]->name));
        return entry;
    }
    for (size_t i = 0; i < r->firewall_tags.len; i++)
        add_tag(f, &entry, r->firewall_tags.data[i],
                mln_printf(a, "tag %s", r->firewall_tags.data[i]->name));
    for (size_t i = 0; i < r->firewall_agents.len; i++) {
        const struct mln_geography *geography = r->firewall_agents.data[i];
        for (size_t k = 0; k < geography->regions.len; k++)
            add_tag(f, &entry,
                    cloud ? mln_tags_regional(tags, cloud, geography->regions.data[k]) : NULL,
                    mln_printf(a, "hosted-agents.%s", geography->name));
    }
    return entry;
}

static bool lists(const struct entry *entry, const char *opening)
{
    for (size_t i = 0; i < entry->openings.len; i++)
        if (strcmp(entry->openings.data[i], opening) == 0)
            return true;
    return false;
}

static double count_of(const struct mln_ipset *set)
{
    double count = 0;
    for (size_t i = 0; i < set->len; i++)
        count += (double)(set->ranges[i].hi.lo - set->ranges[i].lo.lo) + 1;
    return count;
}

/* Who is let in on one side only. */
static void add_openings(struct finder *f, const struct entry entries[MLN_SIDES],
                         struct mln_change_firewall *out)
{
    for (int s = 0; s < MLN_SIDES; s++)
        for (size_t i = 0; i < entries[s].openings.len; i++) {
            const char *opening = entries[s].openings.data[i];
            if (lists(&entries[1 - s], opening))
                continue;
            const char *text = mln_printf(arena_of(f), "%s %s", opening,
                                          s == MLN_NEW ? "is let in now" : "is no longer let in");
            mln_vec_push(arena_of(f), &out->openings, text);
        }
}

static void compare(struct finder *f, const char *name,
                    const struct mln_resource *const resources[MLN_SIDES])
{
    struct mln_arena *a = arena_of(f);
    struct entry entries[MLN_SIDES];
    struct mln_change_firewall change = {.resource = name};
    for (int s = 0; s < MLN_SIDES; s++)
        entries[s] = entry_of(f, f->subjects[s].model, resources[s]);
    for (int s = 0; s < MLN_SIDES; s++) {
        change.only[s] = mln_ipset_subtract(a, entries[s].set, entries[1 - s].set);
        change.count[s] = count_of(change.only[s]);
    }
    add_openings(f, entries, &change);
    if (change.only[MLN_OLD]->len || change.only[MLN_NEW]->len || change.openings.len)
        mln_vec_push(a, &f->out->firewalls, change);
}

static const struct mln_resource *find(const struct mln_model *model, const char *name)
{
    for (size_t i = 0; i < model->resources.len; i++)
        if (strcasecmp(model->resources.data[i]->name, name) == 0)
            return model->resources.data[i];
    return NULL;
}

void mln_change_firewalls(struct finder *f)
{
    const struct mln_model *old = f->subjects[MLN_OLD].model, *new = f->subjects[MLN_NEW].model;
    if (!f->out->end_to_end)
        return; /* one side tells of no resources at all */
    for (size_t i = 0; i < new->resources.len; i++) {
        const struct mln_resource *its = new->resources.data[i];
        const struct mln_resource *pair[MLN_SIDES] = {find(old, its->name), its};
        compare(f, its->name, pair);
    }
    for (size_t i = 0; i < old->resources.len; i++) {
        const struct mln_resource *its = old->resources.data[i];
        const struct mln_resource *pair[MLN_SIDES] = {its, NULL};
        if (!find(new, its->name))
            compare(f, its->name, pair);
    }
}
