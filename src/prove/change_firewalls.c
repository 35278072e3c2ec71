/* What the firewalls of PaaS resources let in, resource by resource, by the lists that compile
 * writes: addresses (with the contents of tags and of hosted agents where they are known, and what
 * a widened list lets in beside), zones by their service endpoint, tags by name, everybody. */
#include "prove/change_impl.h"
#include "rules/firewall.h"

#include <string.h>
#include <strings.h>

struct entry {
    const struct mln_firewall *firewall;        /* NULL: no such resource */
    const struct mln_ipset *sets[MLN_FAMILIES]; /* never NULL */
    MLN_VEC(const char *) openings; /* "zone 'a'", "tag Storage", ... whatever has no addresses */
};

static void open_for(struct finder *f, struct entry *entry, const char *opening)
{
    mln_vec_push(arena_of(f), &entry->openings, opening);
}

static struct entry entry_of(struct finder *f, const struct mln_resource *r)
{
    struct mln_arena *a = arena_of(f);
    struct entry entry = {.firewall = r ? r->firewall : NULL};
    const struct mln_firewall *wall = entry.firewall;
    bool listed = wall && wall->state == MLN_FIREWALL_LISTED;
    for (int i = 0; i < MLN_FAMILIES; i++)
        entry.sets[i] = listed && wall->known && wall->lets_in[i]
                            ? wall->lets_in[i]
                            : mln_ipset_empty(a, (enum mln_family)i);
    if (wall && wall->state == MLN_FIREWALL_OPEN)
        open_for(f, &entry, "everybody");
    for (size_t i = 0; listed && i < wall->zones.len; i++)
        open_for(f, &entry, mln_printf(a, "zone '%s'", wall->zones.data[i]->display));
    for (size_t i = 0; listed && i < wall->tags.len; i++)
        open_for(f, &entry, mln_printf(a, "tag %s", wall->tags.data[i]->name));
    for (size_t i = 0; listed && !wall->known && i < wall->sources.len; i++)
        open_for(f, &entry, wall->sources.data[i]->name);
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
    for (size_t i = 0; i < set->len; i++) {
        const struct mln_range *r = &set->ranges[i];
        count += ((double)r->hi.hi - (double)r->lo.hi) * 18446744073709551616.0 +
                 ((double)r->hi.lo - (double)r->lo.lo) + 1;
    }
    return count;
}

/* Whom the addresses belong to: the sources that hold some of them. */
static void name_sources(struct finder *f, const struct entry *entry,
                         const struct mln_ipset *const only[MLN_FAMILIES],
                         struct mln_change_firewall *out, int side)
{
    const struct mln_firewall *wall = entry->firewall;
    for (size_t i = 0; wall && i < wall->sources.len; i++) {
        const struct mln_firewall_source *source = wall->sources.data[i];
        for (int k = 0; k < MLN_FAMILIES; k++)
            if (source->set[k] && mln_ipset_overlaps(source->set[k], only[k])) {
                mln_vec_push(arena_of(f), &out->sources[side], source->name);
                break;
            }
    }
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
    bool differs = false;
    for (int s = 0; s < MLN_SIDES; s++)
        entries[s] = entry_of(f, resources[s]);
    for (int s = 0; s < MLN_SIDES; s++) {
        for (int k = 0; k < MLN_FAMILIES; k++) {
            change.only[s][k] = mln_ipset_subtract(a, entries[s].sets[k], entries[1 - s].sets[k]);
            change.count[s] += count_of(change.only[s][k]);
        }
        name_sources(f, &entries[s], change.only[s], &change, s);
        differs |= change.count[s] > 0;
    }
    add_openings(f, entries, &change);
    if (differs || change.openings.len)
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
    if (!f->subjects[MLN_OLD].is_policy || !f->subjects[MLN_NEW].is_policy)
        return; /* only a policy tells what firewalls let in */
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
