/* Labels, references and the first attributes of resources.
 *
 * A label keeps the name's letters and digits; every other character becomes '_', and one that
 * begins with a digit gets a '_' in front. A label that is taken already, by a name that differs
 * from this one in such characters or in case, gets eight digits of its name's hash, so that it
 * does not depend on how many others there are: a label that changes makes Terraform destroy and
 * create. */
#include "base/map.h"
#include "base/stable_hash.h"
#include "emit/terraform_impl.h"

#include <string.h>

static char *identifier(struct mln_arena *arena, const char *text)
{
    char *label = mln_printf(arena, "%s%s", text[0] >= '0' && text[0] <= '9' ? "_" : "", text);
    for (char *p = label; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!letter && !(*p >= '0' && *p <= '9'))
            *p = '_';
    }
    return label;
}

static bool take(struct mln_terraform *t, const char *type, const char *label)
{
    char *key = mln_printf(t->arena, "%s/%s", type, label);
    for (char *p = key; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    if (mln_map_get(t->taken, key))
        return false;
    mln_map_put(t->taken, key, t);
    return true;
}

const char *mln_terraform_label(struct mln_terraform *t, const char *type, const char *text)
{
    const char *plain = identifier(t->arena, text), *label = plain;
    uint64_t hash = mln_stable_hash(text, strlen(text));
    while (!take(t, type, label)) {
        label = mln_printf(t->arena, "%s_%08x", plain, (unsigned)hash);
        hash = mln_stable_hash(&hash, sizeof hash);
    }
    return label;
}

/* ---- all labels ---- */

static struct mln_terraform_name *new_names(struct mln_terraform *t, size_t count)
{
    return MLN_NEW_ARRAY(t->arena, struct mln_terraform_name, count);
}

static void name_network(struct mln_terraform *t, const struct mln_network *network)
{
    t->networks[network->index].label =
        mln_terraform_label(t, "azurerm_virtual_network", network->name);
    for (size_t i = 0; i < network->zones.len; i++) {
        const struct mln_zone *zone = network->zones.data[i];
        t->zones[zone->index].label = mln_terraform_label(
            t, "azurerm_subnet", mln_printf(t->arena, "%s_%s", network->name, zone->name));
    }
}

static void name_groups(struct mln_terraform *t)
{
    t->groups = new_names(t, t->plan->groups.len);
    for (size_t i = 0; i < t->plan->groups.len; i++) {
        const char *name = t->plan->groups.data[i].name;
        bool only = t->plan->groups.len == 1;
        t->groups[i].label =
            mln_terraform_label(t, "variable",
                                only || !name ? "resource_group_name"
                                              : mln_printf(t->arena, "resource_group_%s", name));
    }
}

void mln_terraform_names(struct mln_terraform *t)
{
    const struct mln_model *model = t->model;
    t->taken = mln_map_new(t->arena);
    t->aliases = mln_map_new(t->arena);
    t->networks = new_names(t, model->networks.len);
    t->zones = new_names(t, model->zones.len);
    t->nsgs = new_names(t, model->nsgs.len);
    t->asgs = new_names(t, model->asgs.len);
    t->endpoints = new_names(t, t->plan->endpoints.len);
    t->dns = new_names(t, t->plan->dns.len);
    t->resources = new_names(t, model->resources.len);
    take(t, "variable", "location");
    take(t, "variable", "remote_gateways_exist");
    take(t, "variable", "subscription_id");
    name_groups(t);
    for (size_t i = 0; i < model->networks.len; i++)
        name_network(t, model->networks.data[i]);
    for (size_t i = 0; i < model->nsgs.len; i++)
        t->nsgs[i].label =
            mln_terraform_label(t, "azurerm_network_security_group", model->nsgs.data[i]->name);
    for (size_t i = 0; i < model->asgs.len; i++)
        t->asgs[i].label =
            mln_terraform_label(t, "azurerm_application_security_group", model->asgs.data[i]->name);
    for (size_t i = 0; i < model->resources.len; i++)
        t->resources[i].label = mln_terraform_label(
            t, "variable", mln_printf(t->arena, "%s_id", model->resources.data[i]->name));
    for (size_t i = 0; i < t->plan->endpoints.len; i++)
        t->endpoints[i].label =
            mln_terraform_label(t, "azurerm_private_endpoint", t->plan->endpoints.data[i]->name);
    for (size_t i = 0; i < t->plan->dns.len; i++)
        t->dns[i].label =
            mln_terraform_label(t, "azurerm_private_dns_zone", t->plan->dns.data[i]->name);
}

/* ---- references ---- */

const char *mln_terraform_reference(struct mln_terraform *t, const char *type, const char *label,
                                    const char *attribute)
{
    return mln_printf(t->arena, "%s.%s.%s", type, label, attribute);
}

static const char *quoted(struct mln_terraform *t, const char *text)
{
    struct mln_buf buf;
    mln_buf_init(&buf, t->arena);
    mln_hcl_quote(&buf, text, false);
    return buf.data;
}

const char *mln_terraform_network_id(struct mln_terraform *t, const struct mln_network *network)
{
    struct mln_terraform_name *name = &t->networks[network->index];
    if (!network->existing)
        return mln_terraform_reference(t, "azurerm_virtual_network", name->label, "id");
    if (network->id)
        return quoted(t, network->id);
    name->used = true;
    return mln_terraform_reference(t, "data.azurerm_virtual_network", name->label, "id");
}

const char *mln_terraform_subnet_id(struct mln_terraform *t, const struct mln_zone *zone)
{
    struct mln_terraform_name *name = &t->zones[zone->index];
    if (!zone->existing)
        return mln_terraform_reference(t, "azurerm_subnet", name->label, "id");
    if (zone->network->existing && zone->network->id)
        return quoted(t, mln_printf(t->arena, "%s/subnets/%s", zone->network->id, zone->subnet));
    name->used = true;
    return mln_terraform_reference(t, "data.azurerm_subnet", name->label, "id");
}

const char *mln_terraform_asg_id(struct mln_terraform *t, const struct mln_asg *asg)
{
    return mln_terraform_reference(t, "azurerm_application_security_group",
                                   t->asgs[asg->index].label, "id");
}

static const char *group_variable(struct mln_terraform *t, struct mln_plan_group group)
{
    struct mln_terraform_name *name = &t->groups[mln_plan_group_index(t->plan, group)];
    name->used = true;
    return mln_printf(t->arena, "var.%s", name->label);
}

/* "/subscriptions/.../resourceGroups/.../providers/TYPE/NAME" */
static const char *built_id(struct mln_terraform *t, const struct mln_resource *resource,
                            struct mln_plan_group group)
{
    struct mln_buf id;
    mln_buf_init(&id, t->arena);
    mln_buf_add(&id, "\"/subscriptions/");
    if (group.subscription)
        mln_hcl_quote(&id, group.subscription, true);
    else
        mln_buf_add(&id, "${data.azurerm_client_config.current.subscription_id}");
    t->client |= !group.subscription;
    mln_buf_add(&id, "/resourceGroups/");
    if (resource->resource_group)
        mln_hcl_quote(&id, resource->resource_group, true);
    else
        mln_buf_printf(&id, "${%s}", group_variable(t, group));
    mln_buf_add(&id, "/providers/");
    mln_hcl_quote(&id, resource->kind->type, true);
    mln_buf_char(&id, '/');
    mln_hcl_quote(&id, resource->azure_name, true);
    mln_buf_char(&id, '"');
    return id.data;
}

const char *mln_terraform_resource_id(struct mln_terraform *t, const struct mln_resource *resource,
                                      struct mln_plan_group group)
{
    switch (mln_plan_resource_known(resource)) {
    case MLN_PLAN_ID:
        return quoted(t, resource->id);
    case MLN_PLAN_NAME:
        return built_id(t, resource, group);
    case MLN_PLAN_ASKED:
        break;
    }
    t->resources[resource->index].used = true;
    return mln_printf(t->arena, "var.%s", t->resources[resource->index].label);
}

const char *mln_terraform_in_region(struct mln_terraform *t, const char *text)
{
    const char *hole = strstr(text, "{region}");
    if (!hole)
        return quoted(t, text);
    struct mln_buf buf;
    mln_buf_init(&buf, t->arena);
    t->location = true;
    mln_buf_char(&buf, '"');
    mln_hcl_quote(&buf, mln_strndup(t->arena, text, (size_t)(hole - text)), true);
    mln_buf_add(&buf, "${var.location}");
    mln_hcl_quote(&buf, hole + strlen("{region}"), true);
    mln_buf_char(&buf, '"');
    return buf.data;
}

/* ---- first attributes ---- */

void mln_terraform_provider(struct mln_terraform *t, struct mln_plan_group group)
{
    if (!group.subscription)
        return;
    const char *alias = mln_map_get(t->aliases, group.subscription);
    if (!alias) {
        alias = mln_terraform_label(t, "provider",
                                    mln_printf(t->arena, "subscription_%s", group.subscription));
        mln_map_put(t->aliases, group.subscription, (void *)(uintptr_t)alias);
        mln_vec_push(t->arena, &t->subscriptions, group.subscription);
    }
    mln_hcl_expression(&t->hcl, "provider", mln_printf(t->arena, "azurerm.%s", alias));
}

void mln_terraform_group(struct mln_terraform *t, struct mln_plan_group group)
{
    mln_hcl_expression(&t->hcl, "resource_group_name", group_variable(t, group));
}

void mln_terraform_begin(struct mln_terraform *t, const char *type, const char *label,
                         const char *name, struct mln_plan_group group)
{
    mln_hcl_block(&t->hcl, "resource", type, label);
    mln_terraform_provider(t, group);
    mln_hcl_text(&t->hcl, "name", name);
    mln_terraform_group(t, group);
}

void mln_terraform_location(struct mln_terraform *t, const char *region)
{
    t->location |= !region;
    if (region)
        mln_hcl_text(&t->hcl, "location", region);
    else
        mln_hcl_expression(&t->hcl, "location", "var.location");
}
