/* The spelling of firewalls, from the data of kinds. A property path such as
 * "properties.networkAcls.ipRules" is walked from the body of the resource; what does not exist on
 * the way is made. */
#include "emit/firewall.h"

#include <assert.h>
#include <string.h>

/* ---- entries ---- */

static bool is(const struct mln_kind *kind, const char *key, const char *value)
{
    const char *text = mln_kind_firewall_text(kind, key);
    return text && strcmp(text, value) == 0;
}

/* A single address is written with its length, unless the service refuses that. */
static const char *prefix_text(struct mln_arena *a, const struct mln_kind *kind,
                               const struct mln_prefix *prefix)
{
    char text[MLN_IP_TEXT];
    bool host = prefix->length == (prefix->family == MLN_IPV4 ? 32 : 128);
    mln_prefix_text(prefix, text);
    if (host && mln_kind_firewall_number(kind, "smallest", 0) == 0)
        return mln_printf(a, "%s/%u", text, prefix->length);
    return mln_strdup(a, text);
}

static const char *range_text(struct mln_arena *a, const struct mln_range *range)
{
    char lo[MLN_IP_TEXT], hi[MLN_IP_TEXT];
    return mln_printf(a, "%s-%s", mln_ip_text(MLN_IPV4, range->lo, lo),
                      mln_ip_text(MLN_IPV4, range->hi, hi));
}

static void add_fit(struct mln_arena *a, const struct mln_kind *kind, const struct mln_fit *fit,
                    struct mln_firewall_entry_vec *out)
{
    for (size_t i = 0; fit && i < fit->len; i++) {
        struct mln_firewall_entry entry = {.family = fit->family};
        if (fit->ranges)
            entry.range = fit->ranges[i];
        else
            entry.range =
                (struct mln_range){fit->prefixes[i].ip, mln_prefix_last(&fit->prefixes[i])};
        entry.text =
            fit->ranges ? range_text(a, &entry.range) : prefix_text(a, kind, &fit->prefixes[i]);
        mln_vec_push(a, out, entry);
    }
}

void mln_firewall_entries(struct mln_arena *arena, const struct mln_firewall *firewall,
                          struct mln_firewall_entry_vec *out)
{
    if (firewall->failed || !firewall->known)
        return;
    for (size_t i = 0; i < firewall->tags.len; i++) {
        const struct mln_tag *tag = firewall->tags.data[i];
        mln_vec_push(arena, out, ((struct mln_firewall_entry){.text = tag->name, .tag = tag}));
    }
    for (int f = 0; f < MLN_FAMILIES; f++)
        add_fit(arena, firewall->resource->kind, firewall->fit[f], out);
}

/* ---- packed entries ---- */

struct packed {
    const char *text; /* one entry, or several with commas between */
    bool tag;
};
MLN_VEC_TYPE(packed_vec, struct packed);

static size_t per_entry(const struct mln_kind *kind, bool tag)
{
    long n = mln_kind_firewall_number(kind, tag ? "service-tags" : "per-entry", 1);
    return n > 1 ? (size_t)n : 1;
}

static void pack(struct mln_arena *a, const struct mln_kind *kind,
                 const struct mln_firewall_entry_vec *entries, struct packed_vec *out)
{
    struct mln_buf text;
    size_t held = 0;
    for (size_t i = 0; i < entries->len; i++) {
        bool tag = entries->data[i].tag != NULL;
        if (held == 0)
            mln_buf_init(&text, a);
        mln_buf_printf(&text, "%s%s", held ? "," : "", entries->data[i].text);
        held++;
        bool last = i + 1 == entries->len || (entries->data[i + 1].tag != NULL) != tag;
        if (!last && held < per_entry(kind, tag))
            continue;
        mln_vec_push(a, out, ((struct packed){text.data, tag}));
        held = 0;
    }
}

static bool zones_in_list(const struct mln_kind *kind)
{
    return kind->firewall && is(kind, "network-rules", kind->firewall);
}

size_t mln_firewall_entry_count(const struct mln_firewall *firewall)
{
    const struct mln_kind *kind = firewall->resource->kind;
    size_t tags = per_entry(kind, true), held = per_entry(kind, false), prefixes = 0;
    for (int f = 0; f < MLN_FAMILIES; f++)
        prefixes += firewall->fit[f] ? firewall->fit[f]->len : 0;
    return (firewall->tags.len + tags - 1) / tags + (prefixes + held - 1) / held +
           (zones_in_list(kind) ? firewall->zones.len : 0);
}

/* ---- trees ---- */

/* Puts a value where the path says; what is there stays. */
static void put(struct mln_arena *a, struct mln_tree *body, const char *path,
                struct mln_tree *value)
{
    const char *dot;
    if (!path)
        return;
    for (; (dot = strchr(path, '.')); path = dot + 1) {
        const char *key = mln_strndup(a, path, (size_t)(dot - path));
        struct mln_tree *next = mln_tree_get(body, key);
        body = next ? next : mln_tree_set_object(a, body, key);
    }
    if (!mln_tree_get(body, path))
        mln_tree_set(a, body, path, value);
}

static void put_text(struct mln_arena *a, const struct mln_kind *kind, struct mln_tree *body,
                     const char *key, const char *text)
{
    put(a, body, mln_kind_firewall_text(kind, key), mln_tree_string(a, text));
}

static struct mln_tree *pair(struct mln_arena *a, const char *key, const char *text, bool allow)
{
    struct mln_tree *object = mln_tree_object(a);
    mln_tree_text(a, object, key, text);
    if (allow)
        mln_tree_text(a, object, "action", "Allow");
    return object;
}

/* App Service: {"ipAddress", "action", "priority", "name", "tag"}; Container Apps: {"name",
 * "ipAddressRange", "action"}. Priorities begin at 100, as Azure's own examples do. */
static struct mln_tree *named(struct mln_arena *a, const char *form, const char *text, bool tag,
                              size_t number)
{
    struct mln_tree *object = mln_tree_object(a);
    const char *name = mln_printf(a, "allow-%03zu", number + 1);
    bool restriction = strcmp(form, "restriction") == 0;
    mln_tree_text(a, object, "name", name);
    mln_tree_text(a, object, restriction ? "ipAddress" : "ipAddressRange", text);
    mln_tree_text(a, object, "action", "Allow");
    if (restriction) {
        mln_tree_set(a, object, "priority", mln_tree_integer(a, 100 + (long long)number));
        mln_tree_text(a, object, "tag", tag ? "ServiceTag" : "Default");
    }
    return object;
}

static struct mln_tree *entry_tree(struct mln_arena *a, const char *form,
                                   const struct packed *entry, size_t number)
{
    if (strcmp(form, "text") == 0)
        return mln_tree_string(a, entry->text);
    if (strcmp(form, "value") == 0)
        return pair(a, "value", entry->text, false);
    if (strcmp(form, "value-allow") == 0)
        return pair(a, "value", entry->text, true);
    if (strcmp(form, "ip-mask") == 0)
        return pair(a, "ipMask", entry->text, true);
    if (strcmp(form, "address") == 0)
        return pair(a, "ipAddressOrRange", entry->text, false);
    return named(a, form, entry->text, entry->tag, number);
}

/* ---- subnets ---- */

const char *mln_subnet_placeholder(struct mln_arena *arena, const struct mln_zone *zone)
{
    const struct mln_network *network = zone->network;
    if (network->id)
        return mln_printf(arena, "%s/subnets/%s", network->id, zone->subnet);
    return mln_printf(
        arena,
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/virtualNetworks/%s"
        "/subnets/%s",
        network->subscription ? network->subscription : "SUBSCRIPTION",
        network->resource_group ? network->resource_group : "RESOURCE-GROUP", network->name,
        zone->subnet);
}

struct speller {
    struct mln_arena *arena;
    const struct mln_firewall *firewall;
    const struct mln_kind *kind;
    mln_subnet_id *subnet_id;
    void *context;
    struct mln_firewall_part_vec *out;
};

static struct mln_tree *zone_tree(const struct speller *s, const struct mln_zone *zone,
                                  size_t number)
{
    struct mln_arena *a = s->arena;
    struct mln_tree *id = s->subnet_id(s->context, zone), *object = mln_tree_object(a);
    if (is(s->kind, "network-entry", "restriction")) {
        mln_tree_text(a, object, "name", mln_printf(a, "allow-%03zu", number + 1));
        mln_tree_set(a, object, "vnetSubnetResourceId", id);
        mln_tree_text(a, object, "action", "Allow");
        mln_tree_set(a, object, "priority", mln_tree_integer(a, 100 + (long long)number));
        mln_tree_text(a, object, "tag", "Default");
    } else if (is(s->kind, "network-entry", "subnet")) {
        mln_tree_set(a, mln_tree_set_object(a, object, "subnet"), "id", id);
    } else {
        mln_tree_set(a, object, "id", id);
        if (is(s->kind, "network-entry", "id-allow"))
            mln_tree_text(a, object, "action", "Allow");
    }
    return object;
}

static struct mln_tree *zones_tree(const struct speller *s)
{
    struct mln_tree *array = mln_tree_array(s->arena);
    for (size_t i = 0; i < s->firewall->zones.len; i++)
        mln_tree_push(s->arena, array, zone_tree(s, s->firewall->zones.data[i], i));
    return array;
}

/* ---- the list ---- */

static struct mln_tree *list_tree(const struct speller *s, const struct packed_vec *entries)
{
    struct mln_tree *array = mln_tree_array(s->arena);
    for (size_t i = 0; i < entries->len; i++)
        mln_tree_push(s->arena, array,
                      entry_tree(s->arena, s->kind->firewall_entry, &entries->data[i], i));
    for (size_t i = 0; zones_in_list(s->kind) && i < s->firewall->zones.len; i++)
        mln_tree_push(s->arena, array, zone_tree(s, s->firewall->zones.data[i], entries->len + i));
    return array;
}

static const char *api_of(const struct mln_kind *kind)
{
    const char *own = mln_kind_firewall_text(kind, "own-api");
    return own ? own : kind->api;
}

static void add_part(const struct speller *s, const char *type, const char *child,
                     struct mln_tree *body)
{
    const struct mln_firewall_part part = {.type = type,
                                           .api = api_of(s->kind),
                                           .child = child,
                                           .whole = child != NULL,
                                           .properties = mln_tree_get(body, "properties")};
    mln_vec_push(s->arena, s->out, part);
}

/* The property, with what makes it count: a default that denies, and a public side that is on. */
static void spell_property(const struct speller *s, const struct packed_vec *entries)
{
    struct mln_arena *a = s->arena;
    const struct mln_kind *kind = s->kind;
    struct mln_tree *body = mln_tree_object(a);
    enum mln_firewall_state state = s->firewall->state;
    const char *child = mln_kind_firewall_text(kind, "child"),
               *other = mln_kind_firewall_text(kind, "network-rules");
    put_text(a, kind, body, "public-access", state == MLN_FIREWALL_CLOSED ? "Disabled" : "Enabled");
    put_text(a, kind, body, "bypass", "AzureServices");
    const char *action = state == MLN_FIREWALL_OPEN ? "Allow" : "Deny";
    put_text(a, kind, body, "default-action", action);
    struct mln_tree *list = list_tree(s, entries);
    put(a, body, kind->firewall, list);
    if (mln_kind_firewall_text(kind, "also")) {
        put(a, body, mln_kind_firewall_text(kind, "also-shared"), mln_tree_bool(a, false));
        put_text(a, kind, body, "also-default", action);
        put(a, body, mln_kind_firewall_text(kind, "also"), list);
    }
    if (other && !zones_in_list(kind)) {
        if (s->firewall->zones.len)
            put(a, body, mln_kind_firewall_text(kind, "network-switch"), mln_tree_bool(a, true));
        put(a, body, other, zones_tree(s));
    }
    if (child)
        add_part(s, child, mln_kind_firewall_text(kind, "child-name"), body);
    else
        add_part(s, kind->type, NULL, body);
}

/* ---- one child resource a range ---- */

/* Names say what the rule holds, so that a rule that stays keeps its name: letters, digits and
 * dashes are legal everywhere. */
static const char *range_name(struct mln_arena *a, const struct mln_range *range)
{
    char lo[MLN_IP_TEXT], hi[MLN_IP_TEXT];
    char *name = mln_printf(a, "allow-%s-to-%s", mln_ip_text(MLN_IPV4, range->lo, lo),
                            mln_ip_text(MLN_IPV4, range->hi, hi));
    for (char *c = name; *c; c++)
        if (*c == '.')
            *c = '-';
    return name;
}

static void add_range(const struct speller *s, const struct mln_range *range)
{
    struct mln_arena *a = s->arena;
    struct mln_tree *body = mln_tree_object(a);
    struct mln_tree *properties = mln_tree_set_object(a, body, "properties");
    char text[MLN_IP_TEXT];
    mln_tree_text(a, properties, "startIpAddress",
                  mln_strdup(a, mln_ip_text(MLN_IPV4, range->lo, text)));
    mln_tree_text(a, properties, "endIpAddress",
                  mln_strdup(a, mln_ip_text(MLN_IPV4, range->hi, text)));
    add_part(s, mln_kind_firewall_text(s->kind, "child"), range_name(a, range), body);
}

static void spell_ranges(const struct speller *s, const struct mln_firewall_entry_vec *entries)
{
    struct mln_arena *a = s->arena;
    const struct mln_range all = {{0, 0}, mln_ip_max(MLN_IPV4)};
    for (size_t i = 0; i < entries->len; i++)
        add_range(s, &entries->data[i].range);
    if (s->firewall->state == MLN_FIREWALL_OPEN)
        add_range(s, &all);
    const char *type = mln_kind_firewall_text(s->kind, "network-rules");
    for (size_t i = 0; type && i < s->firewall->zones.len; i++) {
        const struct mln_zone *zone = s->firewall->zones.data[i];
        struct mln_tree *body = mln_tree_object(a);
        mln_tree_set(a, mln_tree_set_object(a, body, "properties"), "virtualNetworkSubnetId",
                     s->subnet_id(s->context, zone));
        add_part(s, type, mln_printf(a, "allow-%s-%s", zone->network->name, zone->name), body);
    }
}

/* Where the rules are resources of their own, the server's public side is a property of the server:
 * written where the policy closes or opens it. */
static void spell_server(const struct speller *s)
{
    const char *path = mln_kind_firewall_text(s->kind, "server-access");
    if (!path || s->firewall->state == MLN_FIREWALL_LISTED)
        return;
    struct mln_tree *body = mln_tree_object(s->arena);
    bool closed = s->firewall->state == MLN_FIREWALL_CLOSED;
    put(s->arena, body, path, mln_tree_string(s->arena, closed ? "Disabled" : "Enabled"));
    add_part(s, s->kind->type, NULL, body);
}

bool mln_firewall_is_rest(const struct mln_firewall *firewall)
{
    const struct mln_kind *kind = firewall->resource->kind;
    return kind->firewall && strcmp(kind->firewall_entry, "access-list") == 0;
}

void mln_firewall_spell(struct mln_arena *arena, const struct mln_firewall *firewall,
                        mln_subnet_id *subnet_id, void *context, struct mln_firewall_part_vec *out)
{
    const struct mln_kind *kind = firewall->resource->kind;
    const struct speller s = {arena, firewall, kind, subnet_id, context, out};
    if (!kind->firewall || firewall->failed || !firewall->known || mln_firewall_is_rest(firewall))
        return;
    struct mln_firewall_entry_vec entries = {0};
    mln_firewall_entries(arena, firewall, &entries);
    spell_server(&s);
    if (strcmp(kind->firewall_entry, "range") == 0) {
        spell_ranges(&s, &entries);
        return;
    }
    struct packed_vec packed = {0};
    pack(arena, kind, &entries, &packed);
    spell_property(&s, &packed);
}
