/* What form a text has, and the two walks over its resources: NSGs and networks first, then what
 * belongs to them by its id. */
#include "import/deployed.h"

#include "import/arm_template.h"
#include "import/canonical.h"
#include "import/network.h"
#include "import/nsg_group.h"
#include "import/relaxed.h"
#include "import/shape.h"

#include <string.h>
#include <strings.h>

enum kind {
    KIND_NETWORK,
    KIND_SUBNET,
    KIND_PEERING,
    KIND_TABLE,
    KIND_ROUTE,
    KIND_NSG,
    KIND_RULE,
    KIND_NIC,
    KIND_MACHINE,
    KIND_SCALE_SET,
    KIND_OTHER
};

static const char *const types[KIND_OTHER] = {
    [KIND_NETWORK] = MLN_NETWORK_TYPE, [KIND_SUBNET] = MLN_SUBNET_TYPE,
    [KIND_PEERING] = MLN_PEERING_TYPE, [KIND_TABLE] = MLN_ROUTE_TABLE_TYPE,
    [KIND_ROUTE] = MLN_ROUTE_TYPE,     [KIND_NSG] = MLN_NSG_TYPE,
    [KIND_RULE] = MLN_NSG_RULE_TYPE,   [KIND_NIC] = MLN_NIC_TYPE,
    [KIND_MACHINE] = MLN_MACHINE_TYPE, [KIND_SCALE_SET] = MLN_SCALE_SET_TYPE,
};

/* What an id without a type says. */
static const struct {
    const char *part;
    enum kind kind;
} id_parts[] = {
    {"/subnets/", KIND_SUBNET},
    {"/virtualnetworkpeerings/", KIND_PEERING},
    {"/routes/", KIND_ROUTE},
};

#define NIC_PART "/networkinterfaces/"

struct reader {
    struct mln_nsg_reader nsg;
    struct mln_nsg_groups *groups;
    struct mln_networks *networks;
    struct mln_eval *eval;
    bool several;
    size_t found; /* resources of concern; alone, interfaces and machines are not */
};

/* ---- what a resource is ---- */

static bool contains_folded(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, length) == 0)
            return true;
    return false;
}

static enum kind kind_by_members(const cJSON *json)
{
    const char *id = mln_member_text(json, "id");
    const cJSON *fields = mln_member(json, "properties");
    fields = fields ? fields : json;
    for (size_t i = 0; id && i < sizeof id_parts / sizeof *id_parts; i++)
        if (contains_folded(id, id_parts[i].part))
            return id_parts[i].kind;
    if (mln_member(fields, "ipConfigurations") && contains_folded(id ? id : "", NIC_PART))
        return KIND_NIC;
    if (mln_member(fields, "addressSpace"))
        return KIND_NETWORK;
    if (mln_member(fields, "routes"))
        return KIND_TABLE;
    switch (mln_nsg_shape_of(json)) {
    case MLN_SHAPE_NSG:
        return KIND_NSG;
    case MLN_SHAPE_RULE:
        return KIND_RULE;
    case MLN_SHAPE_NEITHER:
        break;
    }
    return KIND_OTHER;
}

static enum kind kind_of(const cJSON *json)
{
    const char *type = mln_member_text(json, "type");
    if (!type)
        return kind_by_members(json);
    for (int kind = 0; kind < KIND_OTHER; kind++)
        if (strcasecmp(type, types[kind]) == 0)
            return (enum kind)kind;
    return KIND_OTHER;
}

/* ---- the walks ---- */

/* Resources of other types may have any shape, if that is what they are. */
static void check_shape(struct reader *d, const cJSON *json)
{
    const cJSON *type = mln_member(json, "type");
    if (kind_of(json) != KIND_OTHER || (type && !cJSON_IsString(type)))
        mln_shape_check(d->nsg.document, json);
}

/* First what others may belong to, then what belongs to it. */
static void add_resource(struct reader *d, const cJSON *json, bool second)
{
    enum kind kind = kind_of(json);
    bool inner =
        kind == KIND_SUBNET || kind == KIND_PEERING || kind == KIND_ROUTE || kind == KIND_RULE;
    if (kind == KIND_OTHER || inner != second)
        return;
    d->found += d->several || (kind != KIND_NIC && kind != KIND_MACHINE && kind != KIND_SCALE_SET);
    switch (kind) {
    case KIND_NETWORK:
        mln_networks_add_network(d->networks, json);
        break;
    case KIND_SUBNET:
        mln_networks_add_subnet(d->networks, json);
        break;
    case KIND_PEERING:
        mln_networks_add_peering(d->networks, json);
        break;
    case KIND_TABLE:
        mln_networks_add_route_table(d->networks, json);
        break;
    case KIND_ROUTE:
        mln_networks_add_route(d->networks, json);
        break;
    case KIND_NIC:
        mln_networks_add_nic(d->networks, json);
        break;
    case KIND_MACHINE:
    case KIND_SCALE_SET:
        mln_networks_add_machine(d->networks, json, kind == KIND_SCALE_SET);
        break;
    default:
        mln_nsg_groups_add(d->groups, json, kind == KIND_NSG ? MLN_SHAPE_NSG : MLN_SHAPE_RULE);
    }
}

/* A resource and the resources inside it, whose types are whole in what tools list. */
static void walk(struct reader *d, const cJSON *json, bool second)
{
    if (!second)
        check_shape(d, json);
    add_resource(d, json, second);
    const cJSON *inner = mln_member(json, "resources");
    for (inner = cJSON_IsArray(inner) ? inner->child : NULL; inner; inner = inner->next)
        if (mln_member_text(inner, "type"))
            walk(d, inner, second);
}

static void walk_list(struct reader *d, const cJSON *json)
{
    for (const cJSON *item = cJSON_IsArray(json) ? json->child : NULL; item; item = item->next)
        if (!cJSON_IsObject(item))
            mln_shape_check(d->nsg.document, item);
    for (int second = 0; second < 2; second++) {
        if (!cJSON_IsArray(json))
            walk(d, json, second);
        for (const cJSON *item = cJSON_IsArray(json) ? json->child : NULL; item; item = item->next)
            walk(d, item, second);
    }
}

/* ---- the form of the text ---- */

/* What `az` and REST wrap lists and new resources in. */
static const cJSON *unwrap(const cJSON *root)
{
    static const char *const wraps[] = {"NewNSG", "newVNet", "newRouteTable", "value"};
    for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
        const cJSON *inner = mln_member(root, wraps[i]);
        if (cJSON_IsObject(inner) || cJSON_IsArray(inner))
            return inner;
    }
    return root;
}

static void warn_of_pages(struct reader *d)
{
    const cJSON *next = mln_member(d->nsg.document->root, "nextLink");
    if (cJSON_IsString(next) && *next->valuestring)
        mln_report(d->nsg.ctx->diags, MLN_D_ONE_PAGE, mln_document_span(d->nsg.document, next),
                   "this is one page of several: 'nextLink' names the next");
}

static bool is_empty_list(const cJSON *root)
{
    return cJSON_IsArray(root) && !root->child;
}

static bool complain_nothing(struct reader *d, const cJSON *root)
{
    const char *type = mln_member_text(root, "type");
    struct mln_diag *diag =
        mln_report(d->nsg.ctx->diags, MLN_D_NOT_AN_NSG, mln_document_span(d->nsg.document, root),
                   "there is no network security group and no network in this text");
    if (type)
        mln_diag_note(diag, "its type is '%s'", type);
    return false;
}

static void mark_incomplete(struct reader *d, struct mln_deployed *out, struct mln_map *incomplete)
{
    for (size_t i = 0; i < out->nsgs.len; i++) {
        const char *id = out->nsgs.data[i]->id;
        if (id && mln_map_get(incomplete, mln_eval_folded(d->eval, id)))
            out->nsgs.data[i]->incomplete = true;
    }
}

/* A template without a resource of concern is read all the same: there is nothing wrong with it. */
static void read_template(struct reader *d, const cJSON *json, const cJSON *wrapper,
                          struct mln_deployed_params *params, struct mln_deployed *out)
{
    struct mln_arm_template_resource_vec resources = {0};
    struct mln_map *incomplete = mln_map_new(d->nsg.ctx->arena);
    mln_arm_template_resources(d->eval, json, wrapper, params, &resources);
    cJSON *list = mln_arm_template_render(d->eval, &resources, incomplete);
    walk_list(d, list);
    mln_nsg_groups_finish(d->groups, &out->nsgs);
    mark_incomplete(d, out, incomplete);
    mln_networks_bind(d->networks);
    out->from_template = true;
    cJSON_Delete(list);
}

static bool read_resources(struct reader *d, struct mln_deployed *out)
{
    mln_canonical_keys(d->nsg.document->root);
    const cJSON *root = unwrap(d->nsg.document->root);
    warn_of_pages(d);
    walk_list(d, root);
    mln_nsg_groups_finish(d->groups, &out->nsgs);
    mln_networks_bind(d->networks);
    return d->found || is_empty_list(root) || complain_nothing(d, root);
}

/* An evaluation that needs more than this is no template but a bomb. */
#define STEPS_MAX ((size_t)1 << 22)

bool mln_deployed_read(struct mln_ctx *ctx, struct mln_tags *tags, const char *name,
                       const char *text, size_t length, struct mln_deployed_params *params,
                       struct mln_deployed *out)
{
    struct mln_document *document = mln_relaxed_read(ctx, name, text, length);
    if (!document)
        return false;
    struct reader d = {
        .nsg = {.ctx = ctx,
                .tags = tags,
                .asgs = mln_map_new(ctx->arena),
                .document = document,
                .places = true},
        .several = out->several,
        .eval = &(struct mln_eval){.ctx = ctx, .document = document, .steps = STEPS_MAX},
    };
    const cJSON *wrapper, *template = mln_arm_template_find(document->root, &wrapper);
    bool good = true;
    d.groups = mln_nsg_groups_new(&d.nsg);
    d.networks = mln_networks_new(&d.nsg, out);
    if (template)
        read_template(&d, template, wrapper, params, out);
    else
        good = read_resources(&d, out);
    return good;
}
