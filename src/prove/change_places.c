/* What belongs together on the two sides. */
#include "prove/change_impl.h"

#include <string.h>
#include <strings.h>

#define NO_PARTNER SIZE_MAX

/* Partners by index, from the old side to the new and back. */
struct pairing {
    size_t *of[MLN_SIDES];
    size_t count[MLN_SIDES];
};

static struct pairing pairing_new(struct mln_arena *a, size_t old, size_t new)
{
    struct pairing p = {.count = {old, new}};
    for (int s = 0; s < MLN_SIDES; s++) {
        p.of[s] = MLN_NEW_ARRAY(a, size_t, p.count[s] + 1);
        for (size_t i = 0; i < p.count[s]; i++)
            p.of[s][i] = NO_PARTNER;
    }
    return p;
}

static void pair_up(struct pairing *p, size_t old, size_t new)
{
    p->of[MLN_OLD][old] = new;
    p->of[MLN_NEW][new] = old;
}

/* A key NULL: none. */
typedef const char *key_of(struct finder *f, int side, size_t i);

/* By key the first one without a partner, and whether there are several. */
struct holder {
    size_t first;
    bool several;
};

static struct mln_map *holders_of(struct finder *f, struct mln_arena *scratch,
                                  const struct pairing *p, int side, key_of *key)
{
    struct mln_map *map = mln_map_new(scratch);
    for (size_t i = 0; i < p->count[side]; i++) {
        const char *text = p->of[side][i] == NO_PARTNER ? key(f, side, i) : NULL;
        struct mln_map_entry *entry = text ? mln_map_slot(map, text, strlen(text)) : NULL;
        struct holder *holder = entry ? entry->value : NULL;
        if (holder) {
            holder->several = true;
        } else if (entry) {
            holder = MLN_NEW(scratch, struct holder);
            holder->first = i;
            entry->value = holder;
        }
    }
    return map;
}

/* Pairs those without a partner whose keys are equal; several of one key in their order where
 * `in_turn`, else not at all. */
static void pair_by_key(struct finder *f, struct pairing *p, key_of *key, bool in_turn)
{
    for (bool again = true; again;) {
        struct mln_arena *scratch = mln_arena_new();
        const struct mln_map *olds = holders_of(f, scratch, p, MLN_OLD, key);
        const struct mln_map *news = holders_of(f, scratch, p, MLN_NEW, key);
        again = false;
        for (size_t i = 0; i < olds->len; i++) {
            const struct mln_map_entry *entry = &olds->entries[i];
            const struct holder *old = entry->value;
            const struct holder *new = mln_map_get_n(news, entry->key, entry->length);
            if (!new || (!in_turn && (old->several || new->several)))
                continue;
            pair_up(p, old->first, new->first);
            again |= old->several && new->several;
        }
        mln_arena_free(scratch);
    }
}

static const char *folded(struct finder *f, const char *text)
{
    char *key = mln_strdup(arena_of(f), text);
    for (char *c = key; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return key;
}

/* ---- keys ---- */

static const struct mln_zone *zone_at(const struct finder *f, int side, size_t i)
{
    return f->zones[side].data[i];
}

static const char *zone_name(struct finder *f, int side, size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    return zone->nic ? NULL
                     : folded(f, mln_printf(arena_of(f), "%s/%s", zone->network->name, zone->name));
}

static const char *addresses_text(struct finder *f, const struct mln_zone *zone)
{
    struct mln_buf text;
    mln_buf_init(&text, arena_of(f));
    for (int fam = 0; fam < MLN_FAMILIES; fam++)
        mln_words_prefixes(arena_of(f), zone->addresses[fam], 0, &text);
    return text.data;
}

static const char *zone_addresses(struct finder *f, int side, size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    return zone->nic ? NULL : addresses_text(f, zone);
}

static const char *zone_subnet(struct finder *f, int side, size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    return zone->subnet && !zone->nic
               ? folded(f, mln_printf(arena_of(f), "%s/%s", zone->network->name, zone->subnet))
               : NULL;
}

static const char *zone_nsg(struct finder *f, int side, size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    return zone->nsg && !zone->nic ? folded(f, zone->nsg->name) : NULL;
}

/* ---- network interfaces ---- */

static bool floats(const struct mln_zone *zone)
{
    return zone->nic->floating[MLN_IPV4] || zone->nic->floating[MLN_IPV6];
}

/* One with another address is another one: the packets to each are governed otherwise than before.
 */
static const char *nic_name(struct finder *f, int side, size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    return zone->nic
               ? folded(f, mln_printf(arena_of(f), "%s/%s/%s", zone->network->name, zone->name,
                                      floats(zone) ? "" : addresses_text(f, zone)))
               : NULL;
}

/* An address that only one side tells. */
static const char *nic_told(struct finder *f, int side, size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    bool told = false;
    for (size_t k = 0; zone->nic && k < f->zones[1 - side].len; k++) {
        const struct mln_zone *other = zone_at(f, 1 - side, k);
        told |= other->nic && strcasecmp(other->name, zone->name) == 0 &&
                strcasecmp(other->network->name, zone->network->name) == 0 &&
                floats(zone) != floats(other);
    }
    return told ? folded(f, mln_printf(arena_of(f), "%s/%s", zone->network->name, zone->name))
                : NULL;
}

static const char *nic_addresses(struct finder *f, int side, size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    return zone->nic && !floats(zone) ? addresses_text(f, zone) : NULL;
}

static const char *nsg_name(struct finder *f, int side, size_t i)
{
    return folded(f, f->subjects[side].model->nsgs.data[i]->name);
}

/* The only one that is left. */
static const char *the_one(struct finder *f, int side, size_t i)
{
    (void)f, (void)side, (void)i;
    return "";
}

static bool has_places(const struct mln_nsg *nsg)
{
    return nsg->zones.len && !nsg->zones.data[0]->unplaced;
}

/* ---- notes ---- */

void mln_change_note(struct finder *f, enum mln_change_kind kind, const char *what,
                     const char *name, bool traffic, const char *text)
{
    struct mln_change_note added = {kind, what, name, text, traffic};
    if (!mln_change_ignores(f->options, name))
        mln_vec_push(arena_of(f), &f->out->notes, added);
}

static const char *word_of(const struct mln_zone *zone)
{
    return zone->nic ? "network interface" : "zone";
}

static void note_lone_zone(struct finder *f, int side, const struct mln_zone *zone)
{
    const char *name = zone->nsg ? zone->nsg->name : zone->unread;
    const char *governed =
        name ? mln_printf(arena_of(f), "governed by NSG '%s'", name) : "without an NSG";
    if (zone->nic)
        mln_change_note_lone_nic(f, side, zone);
    else
        mln_change_note(f, side == MLN_NEW ? MLN_CHANGE_ADDED : MLN_CHANGE_REMOVED, "zone",
                        zone->display, false,
                        mln_printf(arena_of(f), "zone '%s' is %s (%s)", zone->display,
                                   side == MLN_NEW ? "new" : "gone", governed));
}

bool mln_change_same_unread(const struct mln_zone *old, const struct mln_zone *new)
{
    const char *before = unread_nsg(old), *now = unread_nsg(new);
    return before == now || (before && now && strcasecmp(before, now) == 0);
}

/* NSGs of which no rule is known: what they permit cannot be compared. */
static void note_unread(struct finder *f, const struct mln_zone *old, const struct mln_zone *new)
{
    const char *before = unread_nsg(old), *now = unread_nsg(new);
    const struct mln_zone *named = is_stand_in(new) ? old : new;
    if (!mln_change_same_unread(old, new))
        mln_change_note(f, MLN_CHANGE_CHANGED, "zone", named->display, true,
                        mln_printf(arena_of(f),
                                   "%s '%s' %s NSG '%s', which is not in the text: what it "
                                   "permits is not compared",
                                   word_of(named), named->display, now ? "has" : "had",
                                   now ? now : before));
}

/* What a policy calls a zone is not what Azure calls its subnet. */
static bool is_subnet_of(const struct finder *f, const struct mln_zone *old,
                         const struct mln_zone *new)
{
    bool policies = f->subjects[MLN_OLD].is_policy && f->subjects[MLN_NEW].is_policy;
    return !policies && old->subnet && new->subnet && strcasecmp(old->subnet, new->subnet) == 0;
}

static void note_pair(struct finder *f, const struct mln_zone *old, const struct mln_zone *new)
{
    struct mln_arena *a = arena_of(f);
    if (is_stand_in(old) || is_stand_in(new)) {
        note_lone_zone(f, is_stand_in(old) ? MLN_NEW : MLN_OLD, is_stand_in(old) ? new : old);
        return;
    }
    if (strcmp(old->display, new->display) != 0 && !is_subnet_of(f, old, new))
        mln_change_note(
            f, MLN_CHANGE_CHANGED, "zone", new->display, false,
            mln_printf(a, "%s '%s' is called '%s' now", word_of(old), old->display, new->display));
    for (int fam = 0; !new->nic &&fam < MLN_FAMILIES; fam++)
        if (!mln_ipset_equal(old->addresses[fam], new->addresses[fam])) {
            mln_change_note(f, MLN_CHANGE_CHANGED, "zone", new->display, false,
                            mln_printf(a, "zone '%s' has other addresses", new->display));
            break;
        }
    if (!own_nsg(old) != !own_nsg(new) && !unread_nsg(old) && !unread_nsg(new))
        mln_change_note(
            f, MLN_CHANGE_CHANGED, "zone", new->display, false,
            mln_printf(a, "%s '%s' %s", word_of(new), new->display,
                       own_nsg(new) ? "is governed by an NSG now" : "has no NSG any more"));
}

/* ---- ends ---- */

static struct end_side end_side_of(struct finder *f, int rules_of, const struct mln_model *model,
                                   const struct mln_zone *zone, const struct mln_nsg *nsg,
                                   enum mln_direction direction)
{
    struct end_side side = {.model = model, .zone = zone, .nsg = nsg};
    if (nsg)
        side.rules = &f->deployed[rules_of][nsg->index].rules[direction];
    return side;
}

static void add_ends(struct finder *f, size_t place, const struct end_side *make[MLN_SIDES])
{
    for (int d = 0; d < MLN_DIRECTIONS; d++) {
        struct end end = {.direction = (enum mln_direction)d, .place = place};
        for (int s = 0; s < MLN_SIDES; s++)
            end.side[s] = end_side_of(f, s, make[s]->model, make[s]->zone, make[s]->nsg,
                                      (enum mln_direction)d);
        if (!end.side[MLN_OLD].nsg && !end.side[MLN_NEW].nsg)
            return;
        mln_vec_push(arena_of(f), &f->ends, end);
    }
}

/* ---- both sides tell places ---- */

static void add_place(struct finder *f, const struct mln_zone *old, const struct mln_zone *new)
{
    const struct mln_model *models[MLN_SIDES] = {f->subjects[MLN_OLD].model,
                                                 f->subjects[MLN_NEW].model};
    struct mln_change_place place = {{old, new}};
    mln_vec_push(arena_of(f), &f->out->places, place);
    if (!old || !new) {
        note_lone_zone(f, new ? MLN_NEW : MLN_OLD, new ? new : old);
        return;
    }
    if (f->options->drift && !is_stand_in(old))
        return; /* NSGs one by one; of interfaces there is more to say when it is known */
    if (!f->options->drift) {
        note_pair(f, old, new);
        note_unread(f, old, new);
    }
    struct end_side sides[MLN_SIDES] = {{models[MLN_OLD], old, own_nsg(old), NULL},
                                        {models[MLN_NEW], new, own_nsg(new), NULL}};
    const struct end_side *make[MLN_SIDES] = {&sides[MLN_OLD], &sides[MLN_NEW]};
    if (mln_change_same_unread(old, new))
        add_ends(f, f->out->places.len - 1, make);
}

static void match_zones(struct finder *f, struct pairing *zones)
{
    pair_by_key(f, zones, zone_name, false);
    pair_by_key(f, zones, zone_subnet, false);
    pair_by_key(f, zones, zone_addresses, false);
    pair_by_key(f, zones, zone_nsg, false);
    pair_by_key(f, zones, nic_name, false);
    pair_by_key(f, zones, nic_told, false);
    pair_by_key(f, zones, nic_addresses, false);
}

static size_t index_of(const struct finder *f, int side, const struct mln_zone *zone)
{
    for (size_t i = 0; i < f->zones[side].len; i++)
        if (f->zones[side].data[i] == zone)
            return i;
    return NO_PARTNER;
}

/* The zone that an interface without a partner meets on the other side; NULL: its subnet has none
 * there either. */
static const struct mln_zone *partner(struct finder *f, const struct pairing *zones, int side,
                                      size_t i)
{
    const struct mln_zone *zone = zone_at(f, side, i);
    size_t other = zones->of[side][i];
    if (other != NO_PARTNER)
        return zone_at(f, 1 - side, other);
    size_t subnet = zone->nic ? index_of(f, side, zone->nic->subnet) : NO_PARTNER;
    other = subnet == NO_PARTNER ? NO_PARTNER : zones->of[side][subnet];
    return other == NO_PARTNER
               ? NULL
               : mln_change_stand_in(f, 1 - side, zone, zone_at(f, 1 - side, other));
}

static void match_places(struct finder *f, struct pairing *nsgs)
{
    struct pairing zones = pairing_new(arena_of(f), f->zones[MLN_OLD].len, f->zones[MLN_NEW].len);
    match_zones(f, &zones);
    for (size_t i = 0; i < f->zones[MLN_OLD].len; i++)
        add_place(f, zone_at(f, MLN_OLD, i), partner(f, &zones, MLN_OLD, i));
    for (size_t i = 0; i < f->zones[MLN_NEW].len; i++)
        if (zones.of[MLN_NEW][i] == NO_PARTNER)
            add_place(f, partner(f, &zones, MLN_NEW, i), zone_at(f, MLN_NEW, i));
    for (size_t i = 0; i < f->out->places.len; i++) {
        const struct mln_change_place *place = &f->out->places.data[i];
        const struct mln_nsg *old = place->zone[0] ? own_nsg(place->zone[0]) : NULL;
        const struct mln_nsg *new = place->zone[1] ? own_nsg(place->zone[1]) : NULL;
        if (old && new && nsgs->of[MLN_OLD][old->index] == NO_PARTNER &&
            nsgs->of[MLN_NEW][new->index] == NO_PARTNER)
            pair_up(nsgs, old->index, new->index);
    }
}

/* ---- one side tells no places ---- */

/* From where two NSGs are looked at: the zones of the one that tells them, else each from its own
 * stand-in. */
static void add_nsg_ends(struct finder *f, const struct mln_nsg *old, const struct mln_nsg *new)
{
    const struct mln_nsg *nsgs[MLN_SIDES] = {old, new};
    int eyes = has_places(old) || !has_places(new) ? MLN_OLD : MLN_NEW;
    bool placed = has_places(nsgs[eyes]);
    for (size_t i = 0; i < nsgs[eyes]->zones.len; i++) {
        struct end_side sides[MLN_SIDES];
        const struct end_side *make[MLN_SIDES];
        for (int s = 0; s < MLN_SIDES; s++) {
            int from = placed ? eyes : s;
            sides[s] = (struct end_side){f->subjects[from].model, nsgs[from]->zones.data[i],
                                         nsgs[s], NULL};
            make[s] = &sides[s];
        }
        add_ends(f, SIZE_MAX, make);
    }
}

/* ---- NSGs ---- */

static void note_lone_nsg(struct finder *f, int side, const struct mln_nsg *nsg)
{
    struct mln_arena *a = arena_of(f);
    bool traffic =
        f->options->drift || !(f->placed[MLN_OLD] && f->placed[MLN_NEW]) || !has_places(nsg);
    const char *is[MLN_SIDES] = {f->options->drift ? "not deployed" : "gone",
                                 f->options->drift ? "deployed, but not in the policy" : "new"};
    mln_change_note(f, side == MLN_NEW ? MLN_CHANGE_ADDED : MLN_CHANGE_REMOVED, "nsg", nsg->name,
                    traffic, mln_printf(a, "NSG '%s' is %s", nsg->name, is[side]));
}

static void compare_rules(struct finder *f, const struct mln_nsg *old, const struct mln_nsg *new)
{
    const struct mln_rule_vec *rules[MLN_SIDES][MLN_DIRECTIONS];
    const struct mln_nsg *nsgs[MLN_SIDES] = {old, new};
    for (int s = 0; s < MLN_SIDES; s++)
        for (int d = 0; d < MLN_DIRECTIONS; d++)
            rules[s][d] = &f->deployed[s][nsgs[s]->index].rules[d];
    if (strcasecmp(old->name, new->name) != 0)
        mln_change_note(
            f, MLN_CHANGE_CHANGED, "nsg", new->name, false,
            mln_printf(arena_of(f), "NSG '%s' is called '%s' now", old->name, new->name));
    mln_change_rules(f, new->name, rules[MLN_OLD], rules[MLN_NEW]);
}

static bool is_ignored(const struct finder *f, const struct mln_nsg *nsg)
{
    return mln_change_ignores(f->options, nsg->name);
}

/* What a plain interface may do is told of its subnet. */
static bool is_place(const struct mln_zone *zone)
{
    return !zone->unplaced && !(zone->nic && mln_nic_is_plain(zone->nic));
}

void mln_change_match(struct finder *f)
{
    const struct mln_model *old = f->subjects[MLN_OLD].model, *new = f->subjects[MLN_NEW].model;
    struct pairing nsgs = pairing_new(arena_of(f), old->nsgs.len, new->nsgs.len);
    bool places = f->placed[MLN_OLD] && f->placed[MLN_NEW];
    for (int s = 0; s < MLN_SIDES; s++)
        for (size_t i = 0; i < f->subjects[s].model->zones.len; i++)
            if (is_place(f->subjects[s].model->zones.data[i]))
                mln_vec_push(arena_of(f), &f->zones[s], f->subjects[s].model->zones.data[i]);
    pair_by_key(f, &nsgs, nsg_name, true);
    if (places)
        match_places(f, &nsgs);
    else if (old->nsgs.len == 1 && new->nsgs.len == 1)
        pair_by_key(f, &nsgs, the_one, false);
    for (size_t i = 0; i < old->nsgs.len; i++) {
        const struct mln_nsg *its = old->nsgs.data[i];
        if (nsgs.of[MLN_OLD][i] == NO_PARTNER) {
            note_lone_nsg(f, MLN_OLD, its);
            continue;
        }
        const struct mln_nsg *other = new->nsgs.data[nsgs.of[MLN_OLD][i]];
        if (is_ignored(f, its) || is_ignored(f, other))
            continue;
        if (!places || f->options->drift || !has_places(its) || !has_places(other))
            add_nsg_ends(f, its, other);
        compare_rules(f, its, other);
    }
    for (size_t i = 0; i < new->nsgs.len; i++)
        if (nsgs.of[MLN_NEW][i] == NO_PARTNER)
            note_lone_nsg(f, MLN_NEW, new->nsgs.data[i]);
}
