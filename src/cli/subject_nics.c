/* Network interfaces of a JSON text as zones inside those of their subnets. */
#include "cli/subject_impl.h"

#include <string.h>
#include <strings.h>

static const char *folded(const struct placing *p, const char *text)
{
    char *key = mln_strdup(p->ctx->arena, text);
    for (char *c = key; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return key;
}

static bool lies_in(const struct mln_zone *zone, const struct mln_prefix *address)
{
    for (size_t i = 0; i < zone->prefixes.len; i++) {
        const struct mln_prefix *p = &zone->prefixes.data[i];
        if (p->family == address->family && mln_ip_cmp(p->ip, address->ip) <= 0 &&
            mln_ip_cmp(address->ip, mln_prefix_last(p)) <= 0)
            return true;
    }
    return false;
}

/* --- where an interface lies --- */

/* ".../virtualNetworks/NET/subnets/SUB"; NULL: the names are not known. */
static const char *names_of(const struct placing *p, const char *id, const char **subnet)
{
    static const char before[] = "/virtualnetworks/", between[] = "/subnets/";
    const char *network = id ? strcasestr(id, before) : NULL;
    const char *slash = network ? strcasestr(network, between) : NULL;
    if (!slash || strchr(network, '{'))
        return NULL;
    network += sizeof before - 1;
    *subnet = slash + sizeof between - 1;
    return mln_strndup(p->ctx->arena, network, (size_t)(slash - network));
}

/* The policy's places go by their names: an address may be in several networks. */
static struct mln_zone *zone_by_id(const struct placing *p, const struct mln_deployed_ip *ip)
{
    const char *subnet, *network = names_of(p, ip->subnet_id, &subnet);
    struct mln_zone *zone =
        network ? mln_places_zone(mln_places_network(p->subject->model, network), subnet) : NULL;
    return zone && ip->known && !lies_in(zone, &ip->address) ? NULL : zone;
}

static struct mln_zone *zone_of(const struct placing *p, const struct mln_deployed_ip *ip)
{
    if (p->places)
        return zone_by_id(p, ip);
    for (size_t i = 0; ip->subnet && i < p->subnets.len; i++)
        if (p->subnets.data[i].subnet == ip->subnet)
            return p->subnets.data[i].zone;
    return NULL;
}

/* --- one interface --- */

/* What the names of a network's subnets and interfaces are called in `names`. */
static const char *own_key(const struct placing *p, const struct mln_network *network,
                           const char *name)
{
    return mln_printf(p->ctx->arena, "%u/%s", network->index, name);
}

/* One by which it can be told from the subnets and interfaces of its network. */
static const char *nic_name(const struct placing *p, const struct mln_deployed_nic *nic,
                            const struct mln_network *network)
{
    const char *name = *nic->name ? nic->name : "nic";
    while (mln_map_get(p->names, own_key(p, network, name)))
        name = mln_printf(p->ctx->arena, "%s-nic", name);
    return name;
}

/* verify leaves out NSGs that --ignore names. */
static bool is_ignored(const struct placing *p, const char *nsg_id)
{
    const struct mln_options *options = &p->cli->options;
    const struct mln_change_options change = {.ignored = options->ignore.data,
                                              .ignored_count = options->ignore.len};
    const char *slash = nsg_id ? strrchr(nsg_id, '/') : NULL;
    return slash && mln_change_ignores(&change, slash + 1);
}

/* --- crowds --- */

/* Where so many interfaces have something of their own, nobody wants to read of each one, and ways
 * between each two are too many: those that are alike are one place. */
enum { CROWD = 32 };

struct crowd {
    struct mln_zone *zone;
    uint32_t others;
    MLN_VEC(struct mln_prefix) all;
};

static void find_crowds(struct placing *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->deployed->nics.len; i++)
        count += p->deployed->nics.data[i]->nsg_id || p->deployed->nics.data[i]->asgs.len;
    if (p->places && count > CROWD)
        p->crowds = mln_map_new(p->ctx->arena);
}

/* What stands on the way of others is looked at by itself. */
static bool is_appliance(const struct placing *p, const struct mln_prefix *address)
{
    for (size_t i = 0; i < p->places->zones.len; i++) {
        const struct mln_zone *zone = p->places->zones.data[i];
        for (size_t k = 0; k < zone->routes.len; k++)
            if (zone->routes.data[k].hop == MLN_HOP_APPLIANCE &&
                zone->routes.data[k].next_hop.family == address->family &&
                mln_ip_cmp(zone->routes.data[k].next_hop.ip, address->ip) == 0)
                return true;
    }
    return false;
}

/* Of interfaces of the subnet with this NSG and these ASGs; NULL: it is looked at by itself. */
static struct crowd *crowd_of(const struct placing *p, const struct mln_deployed_nic *read,
                              const struct mln_zone *subnet, const struct mln_nic *nic,
                              const struct mln_prefix *known, size_t count)
{
    struct mln_buf key;
    if (!p->crowds || nic->many)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (is_appliance(p, &known[i]))
            return NULL;
    mln_buf_init(&key, p->ctx->arena);
    mln_buf_printf(&key, "%u %d %d %d %s", subnet->index, nic->floating[MLN_IPV4],
                   nic->floating[MLN_IPV6], nic->asgs_known,
                   read->nsg_id ? folded(p, read->nsg_id) : "");
    for (size_t i = 0; i < nic->asgs.len; i++)
        mln_buf_printf(&key, " %s", folded(p, nic->asgs.data[i]));
    struct mln_map_entry *entry = mln_map_slot(p->crowds, key.data, key.len);
    if (!entry->value)
        entry->value = MLN_NEW(p->ctx->arena, struct crowd);
    return entry->value;
}

/* The first one gave the place its name; once all are known, so are its addresses. */
static void finish_crowds(struct placing *p)
{
    for (size_t i = 0; p->crowds && i < p->crowds->len; i++) {
        const struct crowd *crowd = p->crowds->entries[i].value;
        struct mln_zone *zone = crowd->zone;
        if (!crowd->others)
            continue;
        zone->prefixes =
            mln_places_nic_prefixes(p->ctx, zone->nic, crowd->all.data, crowd->all.len, zone->span);
        zone->nic->many = true;
        zone->nic->others = crowd->others;
        zone->name = zone->display = mln_printf(p->ctx->arena, "%s and %u other%s", zone->name,
                                                crowd->others, crowd->others == 1 ? "" : "s");
    }
}

/* --- one interface in one subnet --- */

/* The interface as far as it lies in this subnet. */
static void add_nic_in(struct placing *p, const struct mln_deployed_nic *read,
                       struct mln_zone *subnet)
{
    struct mln_arena *a = p->ctx->arena;
    struct mln_nic nic = {.many = read->many, .asgs_known = read->asgs_known};
    MLN_VEC(struct mln_prefix) known = {0};
    for (size_t i = 0; i < read->ips.len; i++) {
        const struct mln_deployed_ip *ip = &read->ips.data[i];
        if (zone_of(p, ip) != subnet)
            continue;
        if (ip->known && lies_in(subnet, &ip->address))
            mln_vec_push(a, &known, ip->address);
        else
            nic.floating[ip->family] = true;
    }
    for (size_t i = 0; i < read->asgs.len; i++)
        mln_vec_push(a, &nic.asgs, read->asgs.data[i]);
    struct crowd *crowd = crowd_of(p, read, subnet, &nic, known.data, known.len);
    for (size_t i = 0; crowd && i < known.len; i++)
        mln_vec_push(a, &crowd->all, known.data[i]);
    if (crowd && crowd->zone) {
        crowd->others++;
        return;
    }
    struct mln_nsg *nsg = is_ignored(p, read->nsg_id)
                              ? NULL
                              : mln_placing_nsg(p, read->nsg, read->nsg_id, &nic.unread);
    struct mln_zone *zone =
        mln_places_add_nic(p->ctx, p->subject->model, subnet, nic_name(p, read, subnet->network),
                           read->span, known.data, known.len, &nic);
    mln_map_put(p->names, own_key(p, zone->network, zone->name), zone);
    if (crowd)
        crowd->zone = zone;
    if (nsg)
        mln_places_govern_nic(p->ctx, nsg, zone);
}

/* --- all of them --- */

/* In no zone of the policy, or nobody knows where. */
static void note_elsewhere(struct placing *p, const struct mln_deployed_nic *nic)
{
    const char *subnet = NULL, *slash = strrchr(nic->nsg_id, '/'), *network = NULL;
    if (nic->ips.len)
        network = names_of(p, nic->ips.data[0].subnet_id, &subnet);
    struct mln_change_nic note = {.name = *nic->name ? nic->name : "nic",
                                  .nsg = slash ? slash + 1 : nic->nsg_id};
    char text[MLN_IP_TEXT];
    if (network)
        note.where = mln_printf(p->ctx->arena, "'%s/%s'", network, subnet);
    if (network && nic->ips.data[0].known)
        note.where = mln_printf(p->ctx->arena, "%s at %s", note.where,
                                mln_prefix_text(&nic->ips.data[0].address, text));
    mln_vec_push(p->ctx->arena, &p->subject->elsewhere, note);
}

static bool is_first_in(const struct placing *p, const struct mln_deployed_nic *nic, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (zone_of(p, &nic->ips.data[i]) == zone_of(p, &nic->ips.data[number]))
            return false;
    return true;
}

static void add_nic(struct placing *p, const struct mln_deployed_nic *nic)
{
    bool placed = false;
    for (size_t k = 0; k < nic->ips.len; k++) {
        struct mln_zone *subnet = zone_of(p, &nic->ips.data[k]);
        if (subnet && is_first_in(p, nic, k))
            add_nic_in(p, nic, subnet);
        placed |= subnet != NULL;
    }
    if (p->places && !placed && nic->nsg_id && !is_ignored(p, nic->nsg_id))
        note_elsewhere(p, nic);
}

/* One that several texts tell of is added once, as the last one tells it. */
static struct mln_map *last_by_id(const struct placing *p)
{
    struct mln_map *map = mln_map_new(p->ctx->arena);
    for (size_t i = 0; i < p->deployed->nics.len; i++)
        mln_map_put(map, folded(p, p->deployed->nics.data[i]->id), p->deployed->nics.data[i]);
    return map;
}

void mln_placing_nics(struct placing *p)
{
    const struct mln_model *model = p->subject->model;
    p->names = mln_map_new(p->ctx->arena);
    for (size_t i = 0; i < model->zones.len; i++) {
        struct mln_zone *zone = model->zones.data[i];
        mln_map_put(p->names, own_key(p, zone->network, zone->name), zone);
    }
    const struct mln_map *last = last_by_id(p);
    find_crowds(p);
    for (size_t i = 0; i < p->deployed->nics.len; i++) {
        const struct mln_deployed_nic *nic = p->deployed->nics.data[i];
        if (!*nic->id || mln_map_get(last, folded(p, nic->id)) == nic)
            add_nic(p, nic);
    }
    finish_crowds(p);
}
