/* The resources of a template as JSON, so that one reader serves templates and deployed resources.
 *
 * Before, what is unknown is settled. In a name, an id or a location it stays, in braces. In a
 * field that decides which packets a rule matches it cannot: the rule is reported and left out. An
 * unknown list of rules is reported as such. */
#include "import/arm_template.h"
#include "import/canonical.h"
#include "import/network.h"
#include "import/nsg_group.h"

#include <string.h>
#include <strings.h>

#define RENDER_STEPS 4 /* a value as JSON costs about as much as four others */

struct rendering {
    struct mln_eval *e;
    struct mln_origins *origins;
    struct mln_map *incomplete;
};

/* ---- JSON ---- */

static cJSON *render(struct rendering *r, const struct mln_datum *datum, const cJSON *origin);

static cJSON *render_container(struct rendering *r, const struct mln_datum *datum,
                               const cJSON *origin)
{
    bool object = datum->kind == MLN_DATUM_OBJECT;
    cJSON *json = object ? cJSON_CreateObject() : cJSON_CreateArray();
    struct mln_map *seen = object ? mln_map_new(r->e->ctx->arena) : NULL;
    for (size_t i = 0; i < datum->count && r->e->steps; i++) {
        const char *key = object ? mln_canonical_key(datum->keys[i]) : NULL;
        if (object && mln_map_get(seen, key))
            continue;
        cJSON *item = render(r, datum->items[i], origin);
        if (object) {
            mln_map_put(seen, key, item);
            cJSON_AddItemToObject(json, key, item);
        } else
            cJSON_AddItemToArray(json, item);
    }
    return json;
}

/* `origin` serves values that stand nowhere in the text. */
static cJSON *render(struct rendering *r, const struct mln_datum *datum, const cJSON *origin)
{
    cJSON *json;
    origin = datum->origin ? datum->origin : origin;
    mln_eval_spend(r->e, RENDER_STEPS + datum->length / 8);
    switch (datum->kind) {
    case MLN_DATUM_LIST:
    case MLN_DATUM_OBJECT:
        json = render_container(r, datum, origin);
        break;
    case MLN_DATUM_NULL:
        json = cJSON_CreateNull();
        break;
    case MLN_DATUM_BOOL:
        json = cJSON_CreateBool(datum->truth);
        break;
    case MLN_DATUM_NUMBER:
        json = cJSON_CreateNumber((double)datum->number);
        break;
    default:
        json = cJSON_CreateString(mln_datum_as_text(r->e, datum));
    }
    mln_origin_put(r->origins, json, origin, datum->unknown);
    return json;
}

static void add_text(struct rendering *r, cJSON *json, const char *key, const char *text,
                     const cJSON *origin, bool unknown)
{
    cJSON *item = cJSON_AddStringToObject(json, key, text);
    mln_origin_put(r->origins, item, origin, unknown);
}

/* ---- what a rule needs ---- */

/* The others, "description" and "provisioningState" say, may be unknown. */
static const char *const rule_fields[] = {
    "priority",
    "direction",
    "access",
    "protocol",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
    "sourceApplicationSecurityGroups",
    "sourcePortRange",
    "sourcePortRanges",
    "destinationAddressPrefix",
    "destinationAddressPrefixes",
    "destinationApplicationSecurityGroups",
    "destinationPortRange",
    "destinationPortRanges",
};

static bool is_groups(const char *key)
{
    return strcasecmp(key, "sourceApplicationSecurityGroups") == 0 ||
           strcasecmp(key, "destinationApplicationSecurityGroups") == 0;
}

/* The ids of groups may have unknown parts: equal ids are one group. */
static const struct mln_datum *unknown_group(const struct mln_datum *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->unknown)
            return list->items[i];
    return list->unknown ? list : NULL;
}

static const struct mln_datum *unknown_field(struct mln_eval *e, const struct mln_datum *fields,
                                             const char **which)
{
    if (fields->unknown)
        return fields;
    for (size_t i = 0; i < sizeof rule_fields / sizeof *rule_fields; i++) {
        const struct mln_datum *value = mln_datum_get(fields, rule_fields[i]);
        *which = rule_fields[i];
        value = !value              ? NULL
                : is_groups(*which) ? unknown_group(value)
                                    : mln_datum_find_unknown(e, value);
        if (value)
            return value;
    }
    return NULL;
}

static void say_why(struct rendering *r, struct mln_diag *diag, const struct mln_datum *unknown)
{
    const char *why = unknown->why ? unknown->why : "the template is too large";
    mln_diag_note(diag, "%s%s%s: %s", unknown->kind == MLN_DATUM_TEXT ? "" : "{",
                  unknown->text ? unknown->text : "", unknown->kind == MLN_DATUM_TEXT ? "" : "}",
                  why);
    if (strncmp(why, "parameter ", 10) == 0)
        mln_diag_help(diag, "give the parameter a value with --param or --params");
    (void)r;
}

static struct mln_span span_of(struct rendering *r, const struct mln_datum *datum,
                               const cJSON *otherwise)
{
    return mln_document_span(r->e->document, datum->origin ? datum->origin : otherwise);
}

static const char *rule_name(struct rendering *r, const struct mln_datum *rule)
{
    const struct mln_datum *name = mln_datum_get(rule, "name");
    const char *text = name ? mln_datum_as_text(r->e, name) : NULL;
    return text ? text : "";
}

/* Reports the first unknown field; one mistake gives one message. */
static bool rule_known(struct rendering *r, const struct mln_datum *rule, const char *name,
                       const struct mln_datum *fields, const char *nsg, const cJSON *origin)
{
    const char *which = NULL;
    const struct mln_datum *unknown = rule->unknown ? rule : unknown_field(r->e, fields, &which);
    if (!unknown)
        return true;
    struct mln_diag *diag =
        which && unknown != fields
            ? mln_report(r->e->ctx->diags, MLN_D_RULE_UNKNOWN, span_of(r, unknown, origin),
                         "rule '%s' of NSG '%s' is left out: its %s is not known", name, nsg, which)
            : mln_report(r->e->ctx->diags, MLN_D_RULE_UNKNOWN, span_of(r, unknown, origin),
                         "a rule of NSG '%s' is left out: it is not known", nsg);
    say_why(r, diag, unknown);
    return false;
}

static const struct mln_datum *fields_of(const struct mln_datum *rule)
{
    const struct mln_datum *fields = mln_datum_get(rule, "properties");
    return fields && fields->kind != MLN_DATUM_NULL ? fields : rule;
}

static void mark_incomplete(struct rendering *r, const char *id)
{
    mln_map_put(r->incomplete, mln_eval_folded(r->e, id), r);
}

/* ---- NSGs ---- */

/* The rules that are known. */
static const struct mln_datum *known_rules(struct rendering *r, const struct mln_datum *rules,
                                           const struct mln_arm_template_resource *resource)
{
    struct mln_datum_vec items = {0};
    const cJSON *origin = rules->origin ? rules->origin : resource->json;
    for (size_t i = 0; i < rules->count; i++) {
        const struct mln_datum *rule = rules->items[i];
        if (rule_known(r, rule, rule_name(r, rule), fields_of(rule), resource->name,
                       rule->origin ? rule->origin : origin))
            mln_vec_push(r->e->ctx->arena, &items, rule);
        else
            mark_incomplete(r, resource->id);
    }
    return mln_datum_at(r->e, mln_datum_list(r->e, items.data, items.len), origin);
}

static void report_rules(struct rendering *r, const struct mln_datum *unknown,
                         const struct mln_arm_template_resource *resource)
{
    struct mln_diag *diag =
        mln_report(r->e->ctx->diags, MLN_D_RULE_UNKNOWN, span_of(r, unknown, resource->json),
                   "the rules of NSG '%s' are not known", resource->name);
    say_why(r, diag, unknown);
    mark_incomplete(r, resource->id);
}

/* The properties of an NSG with the rules that are known. */
static const struct mln_datum *settle_nsg(struct rendering *r,
                                          const struct mln_arm_template_resource *resource)
{
    static const char *const keys[] = {"securityRules"};
    const struct mln_datum *rules = mln_datum_get(resource->properties, "securityRules");
    const struct mln_datum *unknown = resource->properties->unknown ? resource->properties : rules;
    const struct mln_datum **items = MLN_NEW_ARRAY(r->e->ctx->arena, const struct mln_datum *, 1);
    if (unknown && unknown->unknown) {
        report_rules(r, unknown, resource);
        return mln_datum_object(r->e, keys, items, 0);
    }
    if (rules && rules->kind != MLN_DATUM_LIST)
        return resource->properties; /* the reader says what is wrong */
    items[0] = rules ? known_rules(r, rules, resource) : NULL;
    return mln_datum_object(r->e, keys, items, rules != NULL);
}

/* ---- resources ---- */

static bool is_rule(const struct mln_arm_template_resource *resource)
{
    return strcmp(resource->type, MLN_NSG_RULE_TYPE) == 0;
}

/* The name of the NSG in the id of a rule. */
static const char *nsg_name(const struct mln_arm_template_resource *resource)
{
    const char *slash = resource->parent_id ? strrchr(resource->parent_id, '/') : NULL;
    return slash ? slash + 1 : "";
}

static cJSON *render_resource(struct rendering *r, const struct mln_arm_template_resource *resource)
{
    const struct mln_datum *properties = resource->properties;
    const cJSON *name = mln_loose_member(resource->json, "name");
    if (is_rule(resource) && !rule_known(r, properties, resource->name, properties,
                                         nsg_name(resource), resource->json)) {
        mark_incomplete(r, resource->parent_id ? resource->parent_id : "");
        return NULL;
    }
    if (strcmp(resource->type, MLN_NSG_TYPE) == 0)
        properties = settle_nsg(r, resource);
    cJSON *json = cJSON_CreateObject();
    mln_origin_put(r->origins, json, resource->json, false);
    add_text(r, json, "type", resource->type, resource->json, false);
    add_text(r, json, "name", resource->name, name ? name : resource->json, resource->unknown_name);
    add_text(r, json, "id", resource->id, resource->json, true);
    if (resource->many)
        cJSON_AddTrueToObject(json, MLN_NIC_MANY);
    if (resource->location && mln_datum_as_text(r->e, resource->location))
        cJSON_AddItemToObject(json, "location", render(r, resource->location, resource->json));
    if (properties->kind != MLN_DATUM_NULL)
        cJSON_AddItemToObject(json, "properties", render(r, properties, resource->json));
    return json;
}

cJSON *mln_arm_template_render(struct mln_eval *e,
                               const struct mln_arm_template_resource_vec *resources,
                               struct mln_map *incomplete)
{
    struct rendering r = {e, mln_origins_new(e->ctx->arena), incomplete};
    cJSON *list = cJSON_CreateArray();
    e->document->origins = r.origins;
    mln_origin_put(r.origins, list, e->document->root, false);
    for (size_t i = 0; i < resources->len; i++) {
        cJSON *json = render_resource(&r, &resources->data[i]);
        if (json)
            cJSON_AddItemToArray(list, json);
    }
    if (e->steps == 0)
        mln_report(e->ctx->diags, MLN_D_TEMPLATE_TOO_LARGE,
                   mln_document_span(e->document, e->document->root),
                   "the template is too large when its expressions are evaluated");
    return list;
}
