#include "import/nsg_rule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct mln_diag *mln_nsg_refused(struct mln_nsg_reader *r, const cJSON *value,
                                 enum mln_azure_error error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = mln_vprintf(r->ctx->arena, format, args);
    va_end(args);
    struct mln_span span = mln_document_span(r->document, value);
    if (error == MLN_AZURE_ERROR_COUNT)
        return mln_report(r->ctx->diags, MLN_D_AZURE_REFUSES, span, "%s", message);
    return mln_report(r->ctx->diags, MLN_D_AZURE_REFUSES, span, "%s (%s)", message,
                      mln_azure_error_codes[error]);
}

struct mln_diag *mln_nsg_odd(struct mln_nsg_reader *r, const cJSON *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = mln_vprintf(r->ctx->arena, format, args);
    va_end(args);
    return mln_report(r->ctx->diags, MLN_D_IMPORT_ODD, mln_document_span(r->document, value), "%s",
                      message);
}

struct mln_span mln_nsg_place(struct mln_nsg_reader *r, const cJSON *value)
{
    return r->places ? mln_document_span(r->document, value) : (struct mln_span){0};
}

/* ---- members ---- */

static const char *const field_names[] = {
    [MLN_FIELD_DESCRIPTION] = "description",
    [MLN_FIELD_PROTOCOL] = "protocol",
    [MLN_FIELD_SOURCE_PORT] = "sourcePortRange",
    [MLN_FIELD_SOURCE_PORTS] = "sourcePortRanges",
    [MLN_FIELD_DESTINATION_PORT] = "destinationPortRange",
    [MLN_FIELD_DESTINATION_PORTS] = "destinationPortRanges",
    [MLN_FIELD_SOURCE_PREFIX] = "sourceAddressPrefix",
    [MLN_FIELD_SOURCE_PREFIXES] = "sourceAddressPrefixes",
    [MLN_FIELD_SOURCE_GROUPS] = "sourceApplicationSecurityGroups",
    [MLN_FIELD_DESTINATION_PREFIX] = "destinationAddressPrefix",
    [MLN_FIELD_DESTINATION_PREFIXES] = "destinationAddressPrefixes",
    [MLN_FIELD_DESTINATION_GROUPS] = "destinationApplicationSecurityGroups",
    [MLN_FIELD_ACCESS] = "access",
    [MLN_FIELD_PRIORITY] = "priority",
    [MLN_FIELD_DIRECTION] = "direction",
};
static_assert(sizeof field_names / sizeof *field_names == MLN_RULE_FIELDS, "a field has no name");

/* Members mostly come in one order, so the search for each goes on where the last one was found. */
static struct mln_rule_fields fields_of(const cJSON *object)
{
    struct mln_rule_fields fields = {.object = object};
    size_t at = 0;
    for (const cJSON *m = cJSON_IsObject(object) ? object->child : NULL; m; m = m->next) {
        size_t tried = 0;
        for (; tried < MLN_RULE_FIELDS && strcmp(field_names[at], m->string) != 0; tried++)
            at = at + 1 < MLN_RULE_FIELDS ? at + 1 : 0;
        if (tried < MLN_RULE_FIELDS && !fields.at[at] && !cJSON_IsNull(m))
            fields.at[at] = m;
    }
    return fields;
}

/* ---- ports ---- */

#define PORT_MAX 65535u

/* Digits to a number; NULL when there is none up to PORT_MAX. */
static const char *read_port(const char *text, unsigned *port)
{
    const char *start = text;
    for (*port = 0; *text >= '0' && *text <= '9' && *port <= PORT_MAX; text++)
        *port = *port * 10 + (unsigned)(*text - '0');
    return text == start || *port > PORT_MAX ? NULL : text;
}

/* "*", "443" or "5000-5010", with blanks around it or not. */
static bool parse_ports(const char *text, struct mln_port_range *range)
{
    const char *at = text + strspn(text, " ");
    unsigned lo = 0, hi = PORT_MAX;
    if (*at == '*') {
        at++;
    } else {
        at = read_port(at, &lo);
        hi = lo;
        if (at && *at == '-')
            at = read_port(at + 1, &hi);
    }
    if (!at || at[strspn(at, " ")] || lo > hi)
        return false;
    *range = (struct mln_port_range){.lo = (uint16_t)lo, .hi = (uint16_t)hi};
    return true;
}

/* A string, or a bare number, which Azure takes for one. NULL for anything else. */
static const char *text_of(struct mln_nsg_reader *r, const cJSON *value)
{
    if (cJSON_IsNumber(value) && value->valuedouble == value->valueint)
        return mln_printf(r->ctx->arena, "%d", value->valueint);
    return cJSON_GetStringValue(value);
}

static bool read_port_text(struct mln_nsg_reader *r, const cJSON *json,
                           struct mln_port_range *range)
{
    const char *text = text_of(r, json);
    if (!text) {
        mln_document_complain(r->document, json, "a port must be a string, not %s",
                              mln_json_type_name(json));
        return false;
    }
    if (!parse_ports(text, range)) {
        mln_nsg_refused(r, json, MLN_AZURE_INVALID_PORT,
                        "'%s' is not a port from 0 to 65535, a range of them or '*'", text);
        return false;
    }
    if (strchr(text, ' '))
        mln_nsg_odd(r, json, "blanks around the port '%s'", text);
    return true;
}

static const struct {
    const char *word;
    enum mln_rule_field one, many;
} port_fields[2] = {
    {"source", MLN_FIELD_SOURCE_PORT, MLN_FIELD_SOURCE_PORTS},
    {"destination", MLN_FIELD_DESTINATION_PORT, MLN_FIELD_DESTINATION_PORTS},
};

static bool is_empty(const cJSON *value)
{
    return !value || (cJSON_IsString(value) && !*value->valuestring) ||
           (cJSON_IsArray(value) && !value->child);
}

static bool check_port_fields(struct mln_nsg_reader *r, const struct mln_rule_fields *fields,
                              int side, const cJSON *one, const cJSON *many,
                              const struct mln_read_rule *rule)
{
    if (many && !cJSON_IsArray(many)) {
        mln_document_complain(r->document, many, "'%s' must be a list, not %s", many->string,
                              mln_json_type_name(many));
        return false;
    }
    if (!one && !many)
        mln_nsg_refused(r, fields->object, MLN_AZURE_PARAMETERS_MISSING, "rule '%s' has no %s port",
                        rule->name, port_fields[side].word);
    if (one && many)
        mln_nsg_refused(r, many, MLN_AZURE_ERROR_COUNT,
                        "rule '%s' gives its %s ports in two fields; Azure wants exactly one",
                        rule->name, port_fields[side].word);
    return one || many;
}

static bool read_ports(struct mln_nsg_reader *r, const struct mln_rule_fields *fields, int side,
                       struct mln_read_rule *rule)
{
    const cJSON *one = fields->at[port_fields[side].one];
    const cJSON *many = fields->at[port_fields[side].many];
    one = is_empty(one) ? NULL : one;
    many = is_empty(many) ? NULL : many;
    if (!check_port_fields(r, fields, side, one, many, rule))
        return false;
    MLN_VEC(struct mln_port_range) ranges = {0};
    struct mln_port_range range;
    bool good = !one || read_port_text(r, one, &range);
    if (one && good)
        mln_vec_push(r->ctx->arena, &ranges, range);
    for (const cJSON *item = many ? many->child : NULL; item; item = item->next) {
        if (read_port_text(r, item, &range))
            mln_vec_push(r->ctx->arena, &ranges, range);
        else
            good = false;
    }
    rule->ports[side] = mln_portset_from_ranges(r->ctx->arena, ranges.data, ranges.len);
    return good;
}

/* Azure keeps ports in a rule for a protocol that has none; what it does with them is not
 * documented. */
static void drop_meaningless_ports(struct mln_nsg_reader *r, const struct mln_rule_fields *fields,
                                   struct mln_read_rule *rule)
{
    if (rule->proto != MLN_PROTO_ICMP && rule->proto != MLN_PROTO_ESP &&
        rule->proto != MLN_PROTO_AH)
        return;
    for (int side = 0; side < 2; side++) {
        if (!mln_portset_is_all(rule->ports[side]))
            mln_nsg_odd(r, fields->object,
                        "rule '%s' has ports, but its protocol has none: they are read as '*'",
                        rule->name);
        rule->ports[side] = mln_portset_all(r->ctx->arena);
    }
}

/* ---- the other fields ---- */

/* A whole number, or a string that is one. */
static bool whole_number(const cJSON *json, long *value)
{
    if (cJSON_IsNumber(json)) {
        *value = json->valueint;
        return json->valuedouble == json->valueint;
    }
    const char *text = cJSON_GetStringValue(json);
    char *end = NULL;
    *value = text ? strtol(text, &end, 10) : 0;
    return text && end != text && !*end;
}

static bool read_priority(struct mln_nsg_reader *r, const struct mln_rule_fields *fields,
                          struct mln_read_rule *rule)
{
    const cJSON *json = fields->at[MLN_FIELD_PRIORITY];
    long value;
    if (!whole_number(json, &value)) {
        mln_document_complain(r->document, json ? json : fields->object,
                              "the 'priority' of rule '%s' must be a whole number", rule->name);
        return false;
    }
    if (value < MLN_AZURE_PRIORITY_MIN || value > MLN_AZURE_PRIORITY_MAX)
        mln_nsg_refused(r, json, MLN_AZURE_INVALID_PRIORITY, "the priority %ld is not in %d-%d",
                        value, MLN_AZURE_PRIORITY_MIN, MLN_AZURE_PRIORITY_MAX);
    rule->priority = value < 0 ? 0 : value > 1000000 ? 1000000u : (unsigned)value;
    return true;
}

/* A word that must be there; NULL after reporting. */
static const char *read_word(struct mln_nsg_reader *r, const struct mln_rule_fields *fields,
                             enum mln_rule_field field, const struct mln_read_rule *rule)
{
    const cJSON *json = fields->at[field];
    if (!cJSON_IsString(json))
        mln_document_complain(r->document, json ? json : fields->object,
                              "the '%s' of rule '%s' must be a string, not %s", field_names[field],
                              rule->name, mln_json_type_name(json));
    return cJSON_GetStringValue(json);
}

static bool bad_word(struct mln_nsg_reader *r, const struct mln_rule_fields *fields,
                     enum mln_rule_field field, const char *choices)
{
    const cJSON *json = fields->at[field];
    mln_document_complain(r->document, json, "the '%s' of a rule is %s, not '%s'",
                          field_names[field], choices, json->valuestring);
    return false;
}

static bool read_words(struct mln_nsg_reader *r, const struct mln_rule_fields *fields,
                       struct mln_read_rule *rule)
{
    const char *direction = read_word(r, fields, MLN_FIELD_DIRECTION, rule);
    const char *access = read_word(r, fields, MLN_FIELD_ACCESS, rule);
    const char *protocol = read_word(r, fields, MLN_FIELD_PROTOCOL, rule);
    if (!direction || !access || !protocol)
        return false;
    return (mln_azure_direction_parse(direction, &rule->direction) ||
            bad_word(r, fields, MLN_FIELD_DIRECTION, "Inbound or Outbound")) &&
           (mln_azure_access_parse(access, &rule->action) ||
            bad_word(r, fields, MLN_FIELD_ACCESS, "Allow or Deny")) &&
           (mln_azure_protocol_parse(protocol, &rule->proto) ||
            bad_word(r, fields, MLN_FIELD_PROTOCOL, "Tcp, Udp, Icmp, Esp, Ah or *"));
}

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void read_description(struct mln_nsg_reader *r, const struct mln_rule_fields *fields,
                             struct mln_read_rule *rule)
{
    const cJSON *json = fields->at[MLN_FIELD_DESCRIPTION];
    if (is_empty(json))
        return;
    if (!cJSON_IsString(json)) {
        mln_document_complain(r->document, json,
                              "the 'description' of rule '%s' must be a string, not %s", rule->name,
                              mln_json_type_name(json));
        return;
    }
    rule->description = mln_strdup(r->ctx->arena, json->valuestring);
    size_t length = count_characters(rule->description);
    if (length > MLN_AZURE_DESCRIPTION_MAX)
        mln_nsg_refused(r, json, MLN_AZURE_DESCRIPTION_TOO_LONG,
                        "the description has %zu characters; a rule takes %d", length,
                        MLN_AZURE_DESCRIPTION_MAX);
}

static bool read_name(struct mln_nsg_reader *r, const cJSON *json, struct mln_read_rule *rule)
{
    const cJSON *name = mln_member(json, "name");
    if (!cJSON_IsString(name)) {
        mln_document_complain(r->document, name ? name : json,
                              "the 'name' of a rule must be a string, not %s",
                              mln_json_type_name(name));
        return false;
    }
    const char *own = strrchr(name->valuestring, '/'); /* "NSG/RULE" of a rule by itself */
    own = own && mln_member(json, "type") ? own + 1 : name->valuestring;
    rule->name = mln_intern(r->ctx->names, own);
    if (!mln_azure_name_ok(rule->name) && !mln_origin_unknown(r->document->origins, name))
        mln_nsg_refused(r, name, MLN_AZURE_INVALID_NAME, "'%s' is not a name Azure accepts",
                        rule->name);
    return true;
}

bool mln_nsg_read_rule(struct mln_nsg_reader *r, const cJSON *json, struct mln_read_rule *rule)
{
    if (!cJSON_IsObject(json)) {
        mln_document_complain(r->document, json, "a security rule must be an object, not %s",
                              mln_json_type_name(json));
        return false;
    }
    *rule = (struct mln_read_rule){0};
    const cJSON *properties = mln_member(json, "properties");
    const struct mln_rule_fields fields = fields_of(properties ? properties : json);
    if (!read_name(r, json, rule) || !read_priority(r, &fields, rule) ||
        !read_words(r, &fields, rule))
        return false;
    read_description(r, &fields, rule);
    bool good = true;
    for (int side = 0; side < 2; side++) {
        good &= mln_nsg_read_side(r, &fields, side, rule);
        good &= read_ports(r, &fields, side, rule);
    }
    if (good)
        drop_meaningless_ports(r, &fields, rule);
    return good;
}
