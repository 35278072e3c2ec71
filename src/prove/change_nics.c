/* Network interfaces in a comparison: those that one side alone has. */
#include "prove/change_impl.h"

#include <string.h>
#include <strings.h>

/* ---- stand-ins ---- */

/* A policy says in which zone an ASG is, not which interfaces are in it: what the other side tells
 * of that holds for both, as far as the zone agrees. */
static void join_asgs(struct finder *f, int side, const struct mln_nic *nic, struct mln_nic *its)
{
    const struct mln_model *model = f->subjects[side].model;
    its->asgs_known = nic->asgs_known;
    for (size_t i = 0; i < nic->asgs.len; i++)
        for (size_t k = 0; k < model->asgs.len; k++)
            if (strcasecmp(nic->asgs.data[i], model->asgs.data[k]->name) == 0 &&
                model->asgs.data[k]->zone == its->subnet)
                mln_vec_push(arena_of(f), &its->asgs, nic->asgs.data[i]);
}

const struct mln_zone *mln_change_stand_in(struct finder *f, int side, const struct mln_zone *nic,
                                           const struct mln_zone *subnet)
{
    struct mln_zone *zone = MLN_NEW(arena_of(f), struct mln_zone);
    struct mln_nic *its = MLN_NEW(arena_of(f), struct mln_nic);
    *zone = *subnet;
    *its = (struct mln_nic){.subnet = subnet, .many = nic->nic->many};
    if (f->subjects[side].is_policy)
        join_asgs(f, side, nic->nic, its);
    zone->name = nic->name;
    zone->display = nic->display;
    zone->nic = its;
    zone->nics.len = 0;
    zone->index = UINT32_MAX;
    for (int fam = 0; fam < MLN_FAMILIES; fam++) {
        its->floating[fam] = nic->nic->floating[fam];
        zone->addresses[fam] =
            its->floating[fam]
                ? subnet->hosts[fam]
                : mln_ipset_intersect(arena_of(f), nic->addresses[fam], subnet->addresses[fam]);
        zone->hosts[fam] = zone->addresses[fam];
    }
    return zone;
}

/* ---- notes ---- */

/* An interface without an NSG is not told of. */
void mln_change_note_lone_nic(struct finder *f, int side, const struct mln_zone *zone)
{
    struct mln_arena *a = arena_of(f);
    const struct mln_nsg *nsg = own_nsg(zone);
    const char *name = nsg ? nsg->name : unread_nsg(zone);
    if (!name && f->subjects[1 - side].is_policy)
        return; /* which has no interfaces: no wonder */
    const char *text = side == MLN_NEW ? "is in application security groups now"
                                       : "is in no application security group any more";
    if (name && side == MLN_NEW)
        text = mln_printf(a, "has an NSG of its own now, '%s'", name);
    else if (name)
        text = mln_printf(a, "has no NSG of its own any more; it was '%s'", name);
    mln_change_note(f, side == MLN_NEW ? MLN_CHANGE_ADDED : MLN_CHANGE_REMOVED, "zone",
                    zone->display, false,
                    mln_printf(a, "network interface '%s' %s", zone->display, text));
}

static const char *names_text(struct finder *f, const struct mln_nic *nic)
{
    struct mln_buf out;
    mln_buf_init(&out, arena_of(f));
    for (size_t i = 0; i < nic->asgs.len; i++)
        mln_buf_printf(&out, "%s'%s'", i ? ", " : "", nic->asgs.data[i]);
    return out.len ? out.data : "none";
}

static const char *place_text(struct finder *f, const struct mln_zone *zone)
{
    return mln_printf(arena_of(f), "network interface%s '%s' in zone '%s'",
                      zone->nic->others ? "s" : "", zone->display, zone->nic->subnet->display);
}

static const char *own_nsg_text(struct finder *f, size_t place, const struct mln_zone *zone)
{
    struct mln_arena *a = arena_of(f);
    const char *of = place_text(f, zone), *has = zone->nic->others ? "have" : "has";
    if (zone->nic->unread)
        return mln_printf(a,
                          "%s %s NSG '%s', which is not in the text: what it changes is undecided",
                          of, has, zone->nic->unread);
    of = mln_printf(a, "%s %s an NSG of %s own, '%s'", of, has, zone->nic->others ? "their" : "its",
                    zone->nic->nsg->name);
    if (zone->nic->subnet->unread)
        return mln_printf(a, "%s: what it changes is undecided, since NSG '%s' is not in the text",
                          of, zone->nic->subnet->unread);
    if (mln_change_is_dark(f, place))
        return of;
    return f->moved[place] ? of : mln_printf(a, "%s; it changes no traffic", of);
}

/* In its own zone's groups, the policy has it in or out; in others it may be what nobody expects.
 */
static bool may_be_elsewhere(struct finder *f, const struct mln_zone *zone)
{
    const struct mln_model *model = f->subjects[MLN_NEW].model;
    for (size_t i = 0; i < model->asgs.len; i++)
        if (model->asgs.data[i]->zone != zone->nic->subnet)
            return true;
    return false;
}

static void note_nic(struct finder *f, size_t place, const struct mln_zone *zone)
{
    if (zone->nic->nsg || zone->nic->unread)
        mln_change_note(f, MLN_CHANGE_ADDED, "zone", zone->display, true,
                        own_nsg_text(f, place, zone));
    else if (f->moved[place] && zone->nic->asgs.len)
        mln_change_note(f, MLN_CHANGE_ADDED, "zone", zone->display, false,
                        mln_printf(arena_of(f), "%s %s in application security groups: %s",
                                   place_text(f, zone), zone->nic->others ? "are" : "is",
                                   names_text(f, zone->nic)));
    if (!zone->nic->asgs_known && may_be_elsewhere(f, zone))
        mln_change_note(f, MLN_CHANGE_ADDED, "zone", zone->display, true,
                        mln_printf(arena_of(f),
                                   "which application security groups %s %s in is not known: what "
                                   "that changes is undecided",
                                   place_text(f, zone), zone->nic->others ? "are" : "is"));
}

static void note_elsewhere(struct finder *f, const struct mln_change_nic *nic)
{
    const char *text =
        nic->where ? mln_printf(arena_of(f),
                                "network interface '%s' with NSG '%s' lies in no zone of the "
                                "policy, but in %s",
                                nic->name, nic->nsg, nic->where)
                   : mln_printf(arena_of(f),
                                "network interface '%s' has NSG '%s' and lies in a subnet that is "
                                "not known: what that changes is undecided",
                                nic->name, nic->nsg);
    mln_change_note(f, MLN_CHANGE_ADDED, "zone", nic->name, !nic->where, text);
}

void mln_change_note_nics(struct finder *f)
{
    const struct mln_change_nic_vec *elsewhere = f->subjects[MLN_NEW].elsewhere;
    for (size_t i = 0; i < f->out->places.len; i++)
        if (is_stand_in(f->out->places.data[i].zone[MLN_OLD]))
            note_nic(f, i, f->out->places.data[i].zone[MLN_NEW]);
    for (size_t i = 0; elsewhere && i < elsewhere->len; i++)
        note_elsewhere(f, &elsewhere->data[i]);
}
