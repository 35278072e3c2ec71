/* Putting the rules of an NSG together.
 *
 * Rules come from the NSG's own list and from resources of their own (children in templates and
 * exports, answers of `az network nsg rule show`). A rule that comes both ways is one rule: an
 * export of Azure's writes it twice. Where the two differ the resource of its own wins, because it
 * is deployed after the NSG. */
#include "import/nsg_group.h"

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
    struct mln_map *by_name; /* of the NSG's own list: folded name -> index + 1; made late */
};

/* Groups are on the heap of the arena one by one: bare rules of one NSG may be scattered over the
 * file. */
struct mln_nsg_groups {
    struct mln_nsg_reader *reader;
    MLN_VEC(struct group *) list;
    struct mln_map *by_id; /* folded id of the NSG -> struct group */
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
        struct mln_map_entry *slot = mln_map_slot(names, key, strlen(key));
        const struct entry *other = slot->value;
        slot->value = entry;
        if (!other)
            continue;
        struct mln_diag *diag = mln_nsg_refused(r, entry->json, MLN_AZURE_ERROR_COUNT,
                                                "two rules are called '%s'", entry->rule.name);
        mln_diag_label(diag, mln_document_span(r->document, other->json), "the other rule");
    }
}

/* What Azure limits is how many there are, not how often they are named. */
static size_t count_asgs(struct mln_nsg_reader *r, const struct group *group)
{
    bool *seen = MLN_NEW_ARRAY(r->ctx->arena, bool, r->asgs->len);
    size_t count = 0;
    for (size_t i = 0; i < group->entries.len; i++)
        for (int side = 0; side < 2; side++) {
            const struct mln_rule_side_vec *sides = &group->entries.data[i].rule.sides[side];
            for (size_t k = 0; k < sides->len; k++) {
                if (sides->data[k].kind != MLN_SIDE_ASG || seen[sides->data[k].asg->index])
                    continue;
                seen[sides->data[k].asg->index] = true;
                count++;
            }
        }
    return count;
}

static void check_limits(struct mln_nsg_reader *r, const struct group *group)
{
    size_t addresses[2] = {0}, asgs = count_asgs(r, group);
    for (size_t i = 0; i < group->entries.len; i++) {
        const struct mln_rule_load *load = &group->entries.data[i].rule.load;
        for (int side = 0; side < 2; side++)
            addresses[side] += load->addresses[side];
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

/* ---- rules from outside ---- */

static bool same_side(const struct mln_rule_side *a, const struct mln_rule_side *b)
{
    return a->kind == b->kind &&
           (a->kind != MLN_SIDE_PREFIXES || mln_ipset_equal(a->prefixes, b->prefixes)) &&
           (a->kind != MLN_SIDE_TAG || a->tag == b->tag) &&
           (a->kind != MLN_SIDE_ASG || a->asg == b->asg);
}

static bool same_rule(const struct mln_read_rule *a, const struct mln_read_rule *b)
{
    bool same = a->direction == b->direction && a->action == b->action && a->proto == b->proto &&
                a->priority == b->priority;
    for (int side = 0; side < 2 && same; side++) {
        same = a->sides[side].len == b->sides[side].len &&
               mln_portset_equal(a->ports[side], b->ports[side]);
        for (size_t i = 0; same && i < a->sides[side].len; i++)
            same = same_side(&a->sides[side].data[i], &b->sides[side].data[i]);
    }
    return same;
}

/* Only rules of the NSG's own list may be met again. */
static void index_names(struct mln_arena *arena, struct group *group)
{
    group->by_name = mln_map_new(arena);
    for (size_t i = 0; i < group->entries.len; i++)
        mln_map_put(group->by_name, folded(arena, group->entries.data[i].rule.name),
                    (void *)(uintptr_t)(i + 1));
}

static void merge_entry(struct mln_nsg_reader *r, struct group *group, const struct entry *entry)
{
    if (!group->by_name)
        index_names(r->ctx->arena, group);
    const void *index = mln_map_get(group->by_name, folded(r->ctx->arena, entry->rule.name));
    if (!index) {
        mln_vec_push(r->ctx->arena, &group->entries, *entry);
        return;
    }
    struct entry *other = &group->entries.data[(uintptr_t)index - 1];
    if (!same_rule(&other->rule, &entry->rule)) {
        struct mln_diag *diag =
            mln_report(r->ctx->diags, MLN_D_RULE_TWICE, mln_document_span(r->document, entry->json),
                       "rule '%s' is written twice, with two meanings", entry->rule.name);
        mln_diag_label(diag, mln_document_span(r->document, other->json), "the other one");
        mln_diag_note(diag, "the resource of its own is deployed last; it is the one read");
    }
    *other = *entry;
}

/* ---- shapes ---- */

static struct group *new_group(struct mln_nsg_groups *groups, const cJSON *json)
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

static const char *own_text(struct mln_nsg_reader *r, const cJSON *object, const char *key)
{
    const char *text = mln_member_text(object, key);
    return text && *text ? mln_strdup(r->ctx->arena, text) : NULL;
}

static void read_own_rules(struct mln_nsg_reader *r, struct group *group, const cJSON *rules)
{
    if (rules && !cJSON_IsArray(rules))
        mln_document_complain(r->document, rules, "'securityRules' must be a list, not %s",
                              mln_json_type_name(rules));
    for (const cJSON *rule = cJSON_IsArray(rules) ? rules->child : NULL; rule; rule = rule->next) {
        struct entry entry = {.json = rule};
        if (mln_nsg_read_rule(r, rule, &entry.rule))
            mln_vec_push(r->ctx->arena, &group->entries, entry);
        else
            group->nsg->incomplete = true;
    }
}

static struct group *read_nsg(struct mln_nsg_groups *groups, const cJSON *json)
{
    struct mln_nsg_reader *r = groups->reader;
    struct group *group = new_group(groups, json);
    const char *name = mln_member_text(json, "name");
    group->nsg->name = name ? mln_intern(r->ctx->names, name) : "";
    group->nsg->id = own_text(r, json, "id");
    group->nsg->location = own_text(r, json, "location");
    if (group->nsg->id)
        mln_map_put(groups->by_id, folded(r->ctx->arena, group->nsg->id), group);
    if (name && !mln_azure_name_ok(name) &&
        !mln_origin_unknown(r->document->origins, mln_member(json, "name")))
        mln_nsg_refused(r, mln_member(json, "name"), MLN_AZURE_INVALID_NAME,
                        "'%s' is not a name Azure accepts", name);
    const cJSON *fields = mln_member(json, "properties");
    fields = fields ? fields : json;
    const cJSON *defaults = mln_member(fields, "defaultSecurityRules");
    group->nsg->has_default_rules = cJSON_IsArray(defaults) && defaults->child;
    read_own_rules(r, group, mln_member(fields, "securityRules"));
    return group;
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
static struct group *read_bare_rule(struct mln_nsg_groups *groups, const cJSON *json)
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
    struct entry entry = {.json = json};
    if (mln_nsg_read_rule(r, json, &entry.rule))
        merge_entry(r, group, &entry);
    else
        group->nsg->incomplete = true;
    return group;
}

enum mln_nsg_shape mln_nsg_shape_of(const cJSON *json)
{
    const char *type = mln_member_text(json, "type");
    const cJSON *fields = mln_member(json, "properties");
    if (type)
        return strcasecmp(type, MLN_NSG_TYPE) == 0        ? MLN_SHAPE_NSG
               : strcasecmp(type, MLN_NSG_RULE_TYPE) == 0 ? MLN_SHAPE_RULE
                                                          : MLN_SHAPE_NEITHER;
    fields = fields ? fields : json;
    if (mln_member(fields, "securityRules"))
        return MLN_SHAPE_NSG;
    if (mln_member(fields, "direction") && mln_member(fields, "access"))
        return MLN_SHAPE_RULE;
    return cJSON_IsObject(json) && (mln_member(json, "location") ||
                                    (mln_member(json, "properties") && !fields->child))
               ? MLN_SHAPE_NSG
               : MLN_SHAPE_NEITHER;
}

struct mln_nsg_groups *mln_nsg_groups_new(struct mln_nsg_reader *r)
{
    struct mln_nsg_groups *groups = MLN_NEW(r->ctx->arena, struct mln_nsg_groups);
    groups->reader = r;
    groups->by_id = mln_map_new(r->ctx->arena);
    return groups;
}

struct mln_imported_nsg *mln_nsg_groups_add(struct mln_nsg_groups *groups, const cJSON *json,
                                            enum mln_nsg_shape shape)
{
    return (shape == MLN_SHAPE_NSG ? read_nsg(groups, json) : read_bare_rule(groups, json))->nsg;
}

/* Of earlier texts: folded id -> index + 1. What a later one says of an NSG takes its place. */
static struct mln_map *numbers_by_id(struct mln_arena *arena,
                                     const struct mln_imported_nsg_vec *nsgs)
{
    struct mln_map *map = mln_map_new(arena);
    for (size_t i = 0; i < nsgs->len; i++)
        if (nsgs->data[i]->id)
            mln_map_put(map, folded(arena, nsgs->data[i]->id), (void *)(uintptr_t)(i + 1));
    return map;
}

void mln_nsg_groups_finish(struct mln_nsg_groups *groups, struct mln_imported_nsg_vec *out)
{
    struct mln_arena *arena = groups->reader->ctx->arena;
    const struct mln_map *before = numbers_by_id(arena, out);
    for (size_t i = 0; i < groups->list.len; i++) {
        struct mln_imported_nsg *nsg = groups->list.data[i]->nsg;
        const void *number = nsg->id ? mln_map_get(before, folded(arena, nsg->id)) : NULL;
        finish_group(groups->reader, groups->list.data[i]);
        if (number)
            out->data[(uintptr_t)number - 1] = nsg;
        else
            mln_vec_push(arena, out, nsg);
    }
}
