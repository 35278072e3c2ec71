/* A table of keys. Only known members are gone into: what else a resource holds, its tags above
 * all, may have any shape. */
#include "import/shape.h"

#include <stdlib.h>
#include <string.h>

enum type { TEXT, TRUTH, OBJECT, LIST /* of objects */, TEXTS /* a list of texts, or one */ };

static const char *const type_names[] = {
    [TEXT] = "a string", [TRUTH] = "true or false", [OBJECT] = "an object",
    [LIST] = "a list",   [TEXTS] = "a list",
};

/* Sorted. */
static const struct shape {
    const char *key;
    enum type type;
} shapes[] = {
    {"addressPrefix", TEXT},
    {"addressPrefixes", TEXTS},
    {"addressSpace", OBJECT},
    {"allowGatewayTransit", TRUTH},
    {"applicationSecurityGroups", LIST},
    {"id", TEXT},
    {"ipConfigurations", LIST},
    {"location", TEXT},
    {"name", TEXT},
    {"networkInterfaceConfigurations", LIST},
    {"networkProfile", OBJECT},
    {"networkSecurityGroup", OBJECT},
    {"nextHopIpAddress", TEXT},
    {"peeringState", TEXT},
    {"privateIPAddress", TEXT},
    {"privateIPAddressVersion", TEXT},
    {"properties", OBJECT},
    {"remoteAddressSpace", OBJECT},
    {"remoteVirtualNetwork", OBJECT},
    {"remoteVirtualNetworkAddressSpace", OBJECT},
    {"resourceGroup", TEXT},
    {"routeTable", OBJECT},
    {"routes", LIST},
    {"subnet", OBJECT},
    {"subnets", LIST},
    {"type", TEXT},
    {"useRemoteGateways", TRUTH},
    {"virtualMachineProfile", OBJECT},
    {"virtualNetworkPeerings", LIST},
};

static int compare(const void *key, const void *shape)
{
    return strcmp(key, ((const struct shape *)shape)->key);
}

static bool is_absent(const struct mln_document *document, const cJSON *value)
{
    return cJSON_IsNull(value) || (cJSON_IsString(value) && !*value->valuestring) ||
           (cJSON_IsArray(value) && !value->child) || mln_origin_unknown(document->origins, value);
}

static bool is_of(const cJSON *value, enum type type)
{
    switch (type) {
    case TEXT:
        return cJSON_IsString(value);
    case TRUTH:
        return cJSON_IsBool(value);
    case OBJECT:
        return cJSON_IsObject(value);
    case LIST:
        return cJSON_IsArray(value);
    case TEXTS:
        break;
    }
    return cJSON_IsArray(value) || cJSON_IsString(value);
}

static void check_members(struct mln_document *document, const cJSON *object);

static void check_items(struct mln_document *document, const cJSON *list)
{
    for (const cJSON *item = list->child; item; item = item->next) {
        if (cJSON_IsObject(item))
            check_members(document, item);
        else if (!mln_origin_unknown(document->origins, item))
            mln_document_complain(document, item, "an item of '%s' must be an object, not %s",
                                  list->string, mln_json_type_name(item));
    }
}

static void check_member(struct mln_document *document, const cJSON *member,
                         const struct shape *shape)
{
    if (is_absent(document, member))
        return;
    if (!is_of(member, shape->type))
        mln_document_complain(document, member, "'%s' must be %s, not %s", member->string,
                              type_names[shape->type], mln_json_type_name(member));
    else if (shape->type == OBJECT)
        check_members(document, member);
    else if (shape->type == LIST)
        check_items(document, member);
}

/* No deeper than the text, whose depth the scan bounds. */
static void check_members(struct mln_document *document, const cJSON *object)
{
    for (const cJSON *member = object->child; member; member = member->next) {
        const struct shape *shape = bsearch(member->string, shapes, sizeof shapes / sizeof *shapes,
                                            sizeof *shapes, compare);
        if (shape)
            check_member(document, member, shape);
    }
}

void mln_shape_check(struct mln_document *document, const cJSON *resource)
{
    if (cJSON_IsObject(resource))
        check_members(document, resource);
    else
        mln_document_complain(document, resource, "a resource must be an object, not %s",
                              mln_json_type_name(resource));
}
