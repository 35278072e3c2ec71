/* The addresses of a rule: which of the three fields speaks, and what each text in it is.
 *
 * Azure echoes "" and [] beside the field that counts, so emptiness means absence. In the singular
 * field stands
 * '*', a tag or one prefix; in the plural one prefixes only. What breaks these rules is reported
 * and still given its plain meaning, so that findings about the rest of the NSG do not depend on
 * it. */
#include "import/nsg_rule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A prefix with the value that says it. */
struct item {
    struct mln_prefix prefix;
    const cJSON *json;
};

struct side {
    struct mln_nsg_reader *r;
    struct mln_rule_side_vec *out;
    MLN_VEC(struct item) items;
    size_t count; /* addresses as Azure counts them */
};

static void add_side(struct side *s, struct mln_rule_side side)
{
    mln_vec_push(s->r->ctx->arena, s->out, side);
}

/* ---- one text ---- */

/* "10.0.0.300" is an address that is none; "111" Azure takes for a name. */
static bool is_tag_text(const char *text)
{
    bool address = strchr("0123456789", *text) && strchr(text, '.');
    return !address && strlen(text) <= 120 &&
           text[strspn(text,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == 0;
}

static bool spelled_otherwise(const char *text, const struct mln_tag *tag)
{
    char a[MLN_SQUASH_MAX], b[MLN_SQUASH_MAX];
    return strcmp(mln_squash(text, a), mln_squash(tag->name, b)) != 0;
}

static void warn_tag(struct side *s, const cJSON *json, const char *text, const char *meant)
{
    struct mln_diag *diag = mln_report(
        s->r->ctx->diags, MLN_D_UNKNOWN_DEPLOYED_TAG, mln_document_span(s->r->document, json),
        "'%s' is no service tag of the cloud '%s' that a security rule can name", text,
        mln_cloud_names[mln_tags_cloud(s->r->tags)]);
    mln_diag_note(diag, "Azure refuses a name it does not know (%s)",
                  mln_azure_error_codes[MLN_AZURE_INVALID_PREFIX]);
    if (meant)
        mln_diag_help(diag, "the tag is called %s", meant);
}

static void add_tag(struct side *s, const cJSON *json, const char *text)
{
    const struct mln_tag *tag = mln_tags_find(s->r->tags, text);
    if (!tag) {
        warn_tag(s, json, text, mln_tags_suggest(s->r->tags, text));
        tag = mln_tags_add_unknown(s->r->tags, text);
    } else if (!mln_tag_in_nsg(tag) || spelled_otherwise(text, tag))
        warn_tag(s, json, text, mln_tags_suggest(s->r->tags, text));
    add_side(s, (struct mln_rule_side){.kind = MLN_SIDE_TAG, .tag = tag});
}

static void add_prefix(struct side *s, const cJSON *json, struct mln_prefix prefix)
{
    struct item item = {prefix, json};
    mln_vec_push(s->r->ctx->arena, &s->items, item);
}

/* '*', a prefix or a tag; false after reporting when it is none of them. */
static bool read_address(struct side *s, const cJSON *json, bool plural)
{
    const char *text = json->valuestring;
    struct mln_prefix prefix;
    char fixed[MLN_IP_TEXT];
    enum mln_prefix_error error = mln_prefix_parse(text, strlen(text), &prefix);
    bool any = strcmp(text, "*") == 0;
    s->count++;
    if (error == MLN_PREFIX_HOST_BITS)
        mln_nsg_odd(s->r, json, "'%s' has host bits set; it is read as %s", text,
                    mln_prefix_text(&prefix, fixed));
    if (error == MLN_PREFIX_OK || error == MLN_PREFIX_HOST_BITS) {
        add_prefix(s, json, prefix);
        return true;
    }
    if (!any &&
        (error == MLN_PREFIX_LENGTH || strcasecmp(text, "any") == 0 || !is_tag_text(text))) {
        mln_nsg_refused(s->r, json, MLN_AZURE_INVALID_PREFIX,
                        "'%s' is no address prefix and no service tag", text);
        return false;
    }
    if (plural)
        mln_nsg_refused(s->r, json, MLN_AZURE_TAG_IN_LIST,
                        "'%s' stands in a list, which takes only prefixes", text);
    if (any)
        add_side(s, (struct mln_rule_side){.kind = MLN_SIDE_ANY});
    else
        add_tag(s, json, text);
    return true;
}

/* ---- prefixes together ---- */

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->prefix.family != y->prefix.family)
        return x->prefix.family < y->prefix.family ? -1 : 1;
    int order = mln_ip_cmp(x->prefix.ip, y->prefix.ip);
    return order ? order : (int)x->prefix.length - (int)y->prefix.length;
}

/* Sorted, a prefix that lies in another one follows it; the first such pair is reported, as Azure
 * does. */
static void check_overlap(struct side *s)
{
    for (size_t i = 1; i < s->items.len; i++) {
        const struct item *outer = &s->items.data[i - 1], *inner = &s->items.data[i];
        struct mln_ip last = mln_prefix_last(&outer->prefix);
        char a[MLN_IP_TEXT], b[MLN_IP_TEXT];
        if (outer->prefix.family != inner->prefix.family || mln_ip_cmp(inner->prefix.ip, last) > 0)
            continue;
        struct mln_diag *diag =
            mln_nsg_refused(s->r, inner->json, MLN_AZURE_OVERLAP, "%s overlaps %s in one list",
                            mln_prefix_text(&inner->prefix, b), mln_prefix_text(&outer->prefix, a));
        mln_diag_label(diag, mln_document_span(s->r->document, outer->json), "the other prefix");
        return;
    }
}

static void add_prefixes(struct side *s)
{
    struct mln_arena *arena = s->r->ctx->arena;
    if (!s->items.len)
        return;
    if (s->items.len > 1)
        qsort(s->items.data, s->items.len, sizeof *s->items.data, compare_items);
    check_overlap(s);
    struct mln_prefix *prefixes = MLN_NEW_ARRAY(arena, struct mln_prefix, s->items.len);
    for (size_t i = 0; i < s->items.len; i++)
        prefixes[i] = s->items.data[i].prefix;
    for (int family = 0; family < MLN_FAMILIES; family++) {
        const struct mln_ipset *set =
            mln_ipset_from_prefixes(arena, (enum mln_family)family, prefixes, s->items.len);
        if (set->len)
            add_side(s, (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES, .prefixes = set});
    }
}

/* ---- application security groups ---- */

static const struct mln_asg *find_asg(struct mln_nsg_reader *r, const cJSON *json, const char *id)
{
    char *key = mln_strdup(r->ctx->arena, id);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    struct mln_asg *asg = mln_map_get(r->asgs, key);
    if (asg)
        return asg;
    const char *slash = strrchr(id, '/');
    asg = MLN_NEW(r->ctx->arena, struct mln_asg);
    asg->name = mln_intern(r->ctx->names, slash ? slash + 1 : id);
    asg->span = mln_nsg_place(r, json);
    asg->index = (uint32_t)r->asgs->len;
    mln_map_put(r->asgs, key, asg);
    return asg;
}

static bool read_asgs(struct side *s, const cJSON *list)
{
    size_t count = 0;
    for (const cJSON *item = list->child; item; item = item->next, count++) {
        const char *id = mln_member_text(item, "id");
        if (!id || !*id) {
            mln_document_complain(s->r->document, item,
                                  "an application security group must be an object with an 'id'");
            return false;
        }
        add_side(s, (struct mln_rule_side){.kind = MLN_SIDE_ASG,
                                           .asg = find_asg(s->r, mln_member(item, "id"), id)});
    }
    if (count > MLN_AZURE_RULE_ASGS_MAX)
        mln_nsg_refused(s->r, list, MLN_AZURE_TOO_MANY_ASGS,
                        "%zu application security groups on one side; a rule takes %d", count,
                        MLN_AZURE_RULE_ASGS_MAX);
    return true;
}

/* ---- the side ---- */

/* The value when it says something: not "", not []. */
static const cJSON *filled(const cJSON *value)
{
    if ((cJSON_IsString(value) && !*value->valuestring) || (cJSON_IsArray(value) && !value->child))
        return NULL;
    return value;
}

static bool read_list(struct side *s, const cJSON *list)
{
    bool good = true;
    for (const cJSON *item = list->child; item; item = item->next) {
        if (cJSON_IsString(item))
            good &= read_address(s, item, true);
        else {
            mln_document_complain(s->r->document, item,
                                  "an address prefix must be a string, not %s",
                                  mln_json_type_name(item));
            good = false;
        }
    }
    return good;
}

static bool check_types(struct side *s, const cJSON *one, const cJSON *many, const cJSON *groups)
{
    const cJSON *wrong = one && !cJSON_IsString(one)        ? one
                         : many && !cJSON_IsArray(many)     ? many
                         : groups && !cJSON_IsArray(groups) ? groups
                                                            : NULL;
    if (wrong)
        mln_document_complain(s->r->document, wrong, "'%s' must be %s, not %s", wrong->string,
                              wrong == one ? "a string" : "a list", mln_json_type_name(wrong));
    return !wrong;
}

static const struct {
    const char *word;
    enum mln_rule_field one, many, groups;
} field_names[2] = {
    {"source", MLN_FIELD_SOURCE_PREFIX, MLN_FIELD_SOURCE_PREFIXES, MLN_FIELD_SOURCE_GROUPS},
    {"destination", MLN_FIELD_DESTINATION_PREFIX, MLN_FIELD_DESTINATION_PREFIXES,
     MLN_FIELD_DESTINATION_GROUPS},
};

bool mln_nsg_read_side(struct mln_nsg_reader *r, const struct mln_rule_fields *fields, int side,
                       struct mln_read_rule *rule)
{
    struct side s = {.r = r, .out = &rule->sides[side]};
    const cJSON *one = filled(fields->at[field_names[side].one]);
    const cJSON *many = filled(fields->at[field_names[side].many]);
    const cJSON *groups = filled(fields->at[field_names[side].groups]);
    if (!check_types(&s, one, many, groups))
        return false;
    if (!one && !many && !groups) {
        mln_nsg_refused(r, fields->object, MLN_AZURE_PARAMETERS_MISSING, "rule '%s' has no %s",
                        rule->name, field_names[side].word);
        return false;
    }
    if (!!one + !!many + !!groups > 1)
        mln_nsg_refused(r, many ? many : groups, MLN_AZURE_ERROR_COUNT,
                        "rule '%s' gives its %s in several fields; Azure wants exactly one",
                        rule->name, field_names[side].word);
    bool good = !one || read_address(&s, one, false);
    good &= !many || read_list(&s, many);
    good &= !groups || read_asgs(&s, groups);
    add_prefixes(&s);
    rule->load.addresses[side] = s.count;
    return good && rule->sides[side].len > 0;
}
