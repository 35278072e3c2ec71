/* Finding the NSGs in a text and putting their rules together. */
#include "import/nsg.h"

#include "import/nsg_rule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A rule as read, with what the checks of the whole NSG need. */
struct entry {
    struct mln_read_rule rule;
    const cJSON *json;
};

/* An NSG while it is read. */
struct group {
    struct mln_imported_nsg *nsg;
    const cJSON *json;
    MLN_VEC(struct entry) entries;
};

/* Groups are on the heap of the arena one by one: bare rules of one NSG may be scattered over the
 * file. */
struct groups {
    struct mln_nsg_reader *reader;
    MLN_VEC(struct group *) list;
    struct mln_map *by_id; /* of those made for bare rules: folded id of the NSG -> struct group */
};

/* ---- rules ---- */

static unsigned side_families(const struct mln_rule_side *side)
{
    if (side->kind != MLN_SIDE_PREFIXES)
        return 1u << MLN_IPV4 | 1u << MLN_IPV6;
    return 1u << side->prefixes->family;
}

/* Azure wants one family in all prefixes of a rule, on both sides together. */
static void check_families(struct mln_nsg_reader *r, const struct entry *entry)
{
    unsigned seen = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < entry->rule.sides[side].len; i++)
            if (entry->rule.sides[side].data[i].kind == MLN_SIDE_PREFIXES)
                seen |= side_families(&entry->rule.sides[side].data[i]);
    if (seen == (1u << MLN_IPV4 | 1u << MLN_IPV6))
        mln_nsg_refused(r, entry->json, MLN_AZURE_FAMILIES,
                        "rule '%s' mixes IPv4 and IPv6 addresses", entry->rule.name);
}

static void add_rule(struct mln_nsg_reader *r, struct mln_imported_nsg *nsg,
                     const struct entry *entry, struct mln_rule_side src, struct mln_rule_side dst)
{
    const struct mln_read_rule *read = &entry->rule;
    unsigned families = side_families(&src) & side_families(&dst);
    if (!families)
        return;
    struct mln_rule *rule = MLN_NEW(r->ctx->arena, struct mln_rule);
    *rule = (struct mln_rule){
        .direction = read->direction,
        .action = read->action,
        .proto = read->proto,
        .src = src,
        .dst = dst,
        .sport = read->ports[0],
        .dport = read->ports[1],
        .families = families,
        .base_name = read->name,
        .stratum = read->priority, /* its place in the order is fixed */
        .name = read->name,
        .description = read->description,
        .priority = read->priority,
    };
    mln_vec_push(r->ctx->arena, &nsg->rules[read->direction], rule);
    mln_vec_push(r->ctx->arena, &nsg->places[read->direction], mln_nsg_place(r, entry->json));
}

/* One rule for each pair of alternatives. */
static void add_rules(struct mln_nsg_reader *r, struct mln_imported_nsg *nsg,
                      const struct entry *entry)
{
    const struct mln_rule_side_vec *src = &entry->rule.sides[0], *dst = &entry->rule.sides[1];
    check_families(r, entry);
    for (size_t i = 0; i < src->len; i++)
        for (size_t k = 0; k < dst->len; k++)
            add_rule(r, nsg, entry, src->data[i], dst->data[k]);
}

/* ---- the NSG as a whole ---- */

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->rule.direction != y->rule.direction)
        return x->rule.direction < y->rule.direction ? -1 : 1;
    return x->rule.priority < y->rule.priority ? -1 : x->rule.priority > y->rule.priority;
}

/* Stable, for rules that wrongly share a priority: the order written decides. */
static void sort_entries(struct mln_arena *arena, struct entry *entries, size_t count)
{
    struct entry *from = entries, *to = MLN_NEW_ARRAY(arena, struct entry, count);
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t lo = 0; lo < count; lo += 2 * width) {
            size_t mid = lo + width < count ? lo + width : count;
            size_t hi = lo + 2 * width < count ? lo + 2 * width : count;
            for (size_t i = lo, j = mid, k = lo; k < hi; k++)
                to[k] = j == hi || (i < mid && compare_entries(&from[i], &from[j]) <= 0)
                            ? from[i++]
                            : from[j++];
        }
        struct entry *other = from;
        from = to;
        to = other;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
}

static void check_conflicts(struct mln_nsg_reader *r, const struct group *group)
{
    for (size_t i = 1; i < group->entries.len; i++) {
        const struct entry *first = &group->entries.data[i - 1], *second = &group->entries.data[i];
        if (compare_entries(first, second) != 0)
            continue;
        struct mln_diag *diag = mln_nsg_refused(
            r, second->json, MLN_AZURE_RULE_CONFLICT,
            "rules '%s' and '%s' are both %s with priority %u", first->rule.name, second->rule.name,
            mln_azure_direction_name(first->rule.direction), first->rule.priority);
        mln_diag_label(diag, mln_document_span(r->document, first->json), "'%s' is here",
                       first->rule.name);
    }
}

static const char *folded(struct mln_arena *arena, const char *text)
{
    char *key = mln_strdup(arena, text);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return key;
}

static void check_names(struct mln_nsg_reader *r, const struct group *group)
{
    struct mln_map *names = mln_map_new(r->ctx->arena);
    for (size_t i = 0; i < group->entries.len; i++) {
        struct entry *entry = &group->entries.data[i];
        const char *key = folded(r->ctx->arena, entry->rule.name);
        const struct entry *other = mln_map_get(names, key);
        mln_map_put(names, key, entry);
        if (!other)
            continue;
        struct mln_diag *diag = mln_nsg_refused(r, entry->json, MLN_AZURE_ERROR_COUNT,
                                                "two rules are called '%s'", entry->rule.name);
        mln_diag_label(diag, mln_document_span(r->document, other->json), "the other rule");
    }
}

static void check_limits(struct mln_nsg_reader *r, const struct group *group)
{
    size_t addresses[2] = {0}, asgs = 0;
    for (size_t i = 0; i < group->entries.len; i++) {
        const struct mln_rule_load *load = &group->entries.data[i].rule.load;
        for (int side = 0; side < 2; side++)
            addresses[side] += load->addresses[side];
        asgs += load->asgs;
    }
    if (group->entries.len > MLN_AZURE_RULES_MAX)
        mln_nsg_refused(r, group->json, MLN_AZURE_TOO_MANY_RULES, "%zu rules; an NSG takes %d",
                        group->entries.len, MLN_AZURE_RULES_MAX);
    for (int side = 0; side < 2; side++)
        if (addresses[side] > MLN_AZURE_ADDRESSES_MAX)
            mln_nsg_refused(r, group->json, MLN_AZURE_TOO_MANY_ADDRESSES,
                            "%zu %s addresses; an NSG takes %d", addresses[side],
                            side == 0 ? "source" : "destination", MLN_AZURE_ADDRESSES_MAX);
    if (asgs > MLN_AZURE_NSG_ASGS_MAX)
        mln_nsg_refused(r, group->json, MLN_AZURE_TOO_MANY_ASGS,
                        "%zu application security groups; the rules of an NSG take %d", asgs,
                        MLN_AZURE_NSG_ASGS_MAX);
}

static void finish_group(struct mln_nsg_reader *r, struct group *group)
{
    check_limits(r, group);
    check_names(r, group);
    sort_entries(r->ctx->arena, group->entries.data, group->entries.len);
    check_conflicts(r, group);
    for (size_t i = 0; i < group->entries.len; i++)
        add_rules(r, group->nsg, &group->entries.data[i]);
}

/* ---- shapes ---- */

static struct group *new_group(struct groups *groups, const cJSON *json)
{
    struct mln_nsg_reader *r = groups->reader;
    struct group *group = MLN_NEW(r->ctx->arena, struct group);
    group->json = json;
    group->nsg = MLN_NEW(r->ctx->arena, struct mln_imported_nsg);
    group->nsg->name = "";
    group->nsg->span = mln_nsg_place(r, json);
    mln_vec_push(r->ctx->arena, &groups->list, group);
    return group;
}

static void read_entry(struct mln_nsg_reader *r, struct group *group, const cJSON *json)
{
    struct entry entry = {.json = json};
    if (mln_nsg_read_rule(r, json, &entry.rule))
        mln_vec_push(r->ctx->arena, &group->entries, entry);
}

static const char *own_text(struct mln_nsg_reader *r, const cJSON *object, const char *key)
{
    const char *text = mln_member_text(object, key);
    return text && *text ? mln_strdup(r->ctx->arena, text) : NULL;
}

#define NSG_TYPE "Microsoft.Network/networkSecurityGroups"
#define RULE_TYPE NSG_TYPE "/securityRules"

static void read_nsg(struct groups *groups, const cJSON *json)
{
    struct mln_nsg_reader *r = groups->reader;
    struct group *group = new_group(groups, json);
    const char *name = mln_member_text(json, "name");
    group->nsg->name = name ? mln_intern(r->ctx->names, name) : "";
    group->nsg->id = own_text(r, json, "id");
    group->nsg->location = own_text(r, json, "location");
    if (name && !mln_azure_name_ok(name))
        mln_nsg_refused(r, mln_member(json, "name"), MLN_AZURE_INVALID_NAME,
                        "'%s' is not a name Azure accepts", name);
    const cJSON *fields = mln_member(json, "properties");
    fields = fields ? fields : json;
    const cJSON *defaults = mln_member(fields, "defaultSecurityRules");
    group->nsg->has_default_rules = cJSON_IsArray(defaults) && defaults->child;
    const cJSON *rules = mln_member(fields, "securityRules");
    if (rules && !cJSON_IsArray(rules))
        mln_document_complain(r->document, rules, "'securityRules' must be a list, not %s",
                              mln_json_type_name(rules));
    for (const cJSON *rule = cJSON_IsArray(rules) ? rules->child : NULL; rule; rule = rule->next)
        read_entry(r, group, rule);
}

/* "/subscriptions/.../networkSecurityGroups/NAME/securityRules/RULE" without its end; NULL when it
 * is none. */
static const char *parent_id(struct mln_arena *arena, const char *id)
{
    static const char mark[] = "/securityRules/";
    for (const char *at = id ? strchr(id, '/') : NULL; at; at = strchr(at + 1, '/'))
        if (strncasecmp(at, mark, sizeof mark - 1) == 0)
            return mln_strndup(arena, id, (size_t)(at - id));
    return NULL;
}

/* A rule by itself belongs to the NSG that its id names. */
static void read_bare_rule(struct groups *groups, const cJSON *json)
{
    struct mln_nsg_reader *r = groups->reader;
    const char *id = parent_id(r->ctx->arena, mln_member_text(json, "id"));
    const char *key = id ? folded(r->ctx->arena, id) : "";
    struct group *group = mln_map_get(groups->by_id, key);
    if (!group) {
        const char *slash = id ? strrchr(id, '/') : NULL;
        group = new_group(groups, json);
        group->nsg->id = id;
        group->nsg->name = mln_intern(r->ctx->names, slash ? slash + 1 : "");
        mln_map_put(groups->by_id, key, group);
    }
    read_entry(r, group, json);
}

enum shape { SHAPE_NSG, SHAPE_RULE, SHAPE_NEITHER };

/* The type says it where there is one; a PUT body has none and is known by its members. */
static enum shape shape_of(const cJSON *json)
{
    const char *type = mln_member_text(json, "type");
    const cJSON *fields = mln_member(json, "properties");
    if (type)
        return strcasecmp(type, NSG_TYPE) == 0    ? SHAPE_NSG
               : strcasecmp(type, RULE_TYPE) == 0 ? SHAPE_RULE
                                                  : SHAPE_NEITHER;
    fields = fields ? fields : json;
    if (mln_member(fields, "securityRules"))
        return SHAPE_NSG;
    if (mln_member(fields, "direction") && mln_member(fields, "access"))
        return SHAPE_RULE;
    return cJSON_IsObject(json) && (mln_member(json, "location") ||
                                    (mln_member(json, "properties") && !fields->child))
               ? SHAPE_NSG
               : SHAPE_NEITHER;
}

static bool read_one(struct groups *groups, const cJSON *json)
{
    switch (shape_of(json)) {
    case SHAPE_NSG:
        read_nsg(groups, json);
        return true;
    case SHAPE_RULE:
        read_bare_rule(groups, json);
        return true;
    case SHAPE_NEITHER:
        break;
    }
    struct mln_document *document = groups->reader->document;
    const char *type = mln_member_text(json, "type");
    struct mln_diag *diag =
        mln_report(groups->reader->ctx->diags, MLN_D_NOT_AN_NSG, mln_document_span(document, json),
                   "this is not a network security group");
    if (type)
        mln_diag_note(diag, "its type is '%s'", type);
    return false;
}

/* What `az` and REST wrap lists and new NSGs in. */
static const cJSON *unwrap(const cJSON *root)
{
    const cJSON *list = mln_member(root, "value"), *fresh = mln_member(root, "NewNSG");
    return cJSON_IsArray(list) ? list : cJSON_IsObject(fresh) ? fresh : root;
}

static bool read_root(struct groups *groups, const cJSON *root)
{
    bool good = true;
    root = unwrap(root);
    if (!cJSON_IsArray(root))
        return read_one(groups, root);
    for (const cJSON *item = root->child; item; item = item->next)
        good &= read_one(groups, item);
    return good;
}

static bool read_text(struct mln_ctx *ctx, struct mln_tags *tags, const char *name,
                      const char *text, size_t length, bool places,
                      struct mln_imported_nsg_vec *out)
{
    const char *path = strcmp(name, "-") == 0 ? NULL : name;
    uint32_t file = mln_source_add(ctx->diags, name, path, text, length, false);
    struct mln_nsg_reader reader = {.ctx = ctx,
                                    .tags = tags,
                                    .asgs = mln_map_new(ctx->arena),
                                    .document = mln_document_read(ctx, file),
                                    .places = places};
    if (!reader.document)
        return false;
    struct groups groups = {.reader = &reader, .by_id = mln_map_new(ctx->arena)};
    bool good = read_root(&groups, reader.document->root);
    for (size_t i = 0; i < groups.list.len; i++) {
        finish_group(&reader, groups.list.data[i]);
        mln_vec_push(ctx->arena, out, groups.list.data[i]->nsg);
    }
    mln_document_close(reader.document);
    return good;
}

bool mln_nsg_read(struct mln_ctx *ctx, struct mln_tags *tags, const char *name, const char *text,
                  size_t length, struct mln_imported_nsg_vec *out)
{
    return read_text(ctx, tags, name, text, length, true, out);
}

bool mln_nsg_read_own(struct mln_ctx *ctx, struct mln_tags *tags, const char *name,
                      const char *text, size_t length, struct mln_imported_nsg_vec *out)
{
    return read_text(ctx, tags, name, text, length, false, out);
}
