/* Which NSG governs which zone, what a role fixes of a subnet, and the names of all of them. */
#include "azure/legal.h"
#include "azure/platform.h"
#include "policy/build.h"

#include <stdlib.h>
#include <string.h>

void mln_name_zones(struct mln_build *b)
{
    struct mln_map *count = mln_map_new(b->arena);
    for (size_t i = 0; i < b->model->zones.len; i++) {
        struct mln_map_entry *entry = mln_map_slot(count, b->model->zones.data[i]->name,
                                                   strlen(b->model->zones.data[i]->name));
        entry->value = (void *)((uintptr_t)entry->value + 1);
    }
    for (size_t i = 0; i < b->model->zones.len; i++) {
        struct mln_zone *zone = b->model->zones.data[i];
        if ((uintptr_t)mln_map_get(count, zone->name) > 1)
            zone->display = mln_printf(b->arena, "%s.%s", zone->network->name, zone->name);
    }
}

static const char *nsg_name(struct mln_build *b, const struct mln_zone *zone)
{
    if (zone->nsg_name)
        return zone->nsg_name;
    bool shared_name = zone->display != zone->name;
    return mln_intern(b->ctx->names, shared_name ? mln_printf(b->arena, "nsg-%s-%s",
                                                              zone->network->name, zone->name)
                                                 : mln_printf(b->arena, "nsg-%s", zone->name));
}

static bool same_text(const char *x, const char *y)
{
    return x == y || (x && y && strcmp(x, y) == 0);
}

static void check_shared(struct mln_build *b, const struct mln_nsg *nsg,
                         const struct mln_zone *zone)
{
    const struct mln_zone *first = nsg->zones.data[0];
    bool region = same_text(nsg->region, zone->network->region);
    bool group = same_text(nsg->resource_group, zone->network->resource_group);
    if (region && group)
        return;
    struct mln_diag *diag = mln_report(
        b->ctx->diags, MLN_D_NSG_SHARED, zone->nsg_span.file ? zone->nsg_span : zone->span,
        "zones '%s' and '%s' share the NSG '%s' but not the %s", first->display, zone->display,
        nsg->name, region ? "resource group" : "region");
    mln_diag_label(diag, first->span, "'%s' is declared here", first->display);
}

static void govern(struct mln_build *b, struct mln_zone *zone, struct mln_map *by_name)
{
    const struct mln_azure_subnet_rule *rule = mln_azure_subnet_rule(mln_role_names[zone->role]);
    bool admitted = !rule || rule->admits_nsg;
    if (!admitted && zone->nsg_name)
        mln_report(b->ctx->diags, MLN_D_ROLE_NO_NSG, zone->nsg_span,
                   "Azure takes no NSG on the subnet of a %s", mln_role_names[zone->role]);
    if (!admitted || zone->nsg_none || (zone->existing && !zone->nsg_name))
        return;
    const char *name = nsg_name(b, zone);
    if (!mln_azure_name_ok(name)) {
        mln_report(b->ctx->diags, MLN_D_AZURE_NAME,
                   zone->nsg_span.file ? zone->nsg_span : zone->span,
                   "'%s' is not a name Azure accepts for an NSG", name);
        return;
    }
    /* Azure compares names without regard to case. */
    char *key = mln_strdup(b->arena, name);
    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    struct mln_nsg *nsg = mln_map_get(by_name, key);
    if (nsg && strcmp(nsg->name, name) != 0) {
        struct mln_diag *diag = mln_report(
            b->ctx->diags, MLN_D_CASE_CLASH, zone->nsg_span.file ? zone->nsg_span : zone->span,
            "the NSG names '%s' and '%s' differ only by case", name, nsg->name);
        mln_diag_label(diag, nsg->span, "'%s' is named here", nsg->name);
        return;
    }
    if (!nsg) {
        nsg = MLN_NEW(b->arena, struct mln_nsg);
        *nsg = (struct mln_nsg){.name = name,
                                .span = zone->nsg_span.file ? zone->nsg_span : zone->span,
                                .region = zone->network->region,
                                .resource_group = zone->network->resource_group};
        mln_map_put(by_name, key, nsg);
        mln_vec_push(b->arena, &b->model->nsgs, nsg);
    } else
        check_shared(b, nsg, zone);
    mln_vec_push(b->arena, &nsg->zones, zone);
    zone->nsg = nsg;
}

/* Azure's names of security groups: legal, and one of each in a resource group. A template that
 * declares one and is applied twice would make two of a name. */
static void check_asgs(struct mln_build *b)
{
    struct mln_map *by_name = mln_map_new(b->arena);
    for (size_t i = 0; i < b->model->asgs.len; i++) {
        struct mln_asg *asg = b->model->asgs.data[i];
        const struct mln_network *network = asg->zone->network;
        if (!mln_azure_name_ok(asg->name))
            mln_report(b->ctx->diags, MLN_D_AZURE_NAME, asg->span,
                       "'%s' is not a name Azure accepts for an application security group",
                       asg->name);
        char *key =
            mln_printf(b->arena, "%s/%s/%s", network->subscription ? network->subscription : "",
                       network->resource_group ? network->resource_group : "", asg->name);
        for (char *p = key; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p + 32);
        const struct mln_asg *first = mln_map_get(by_name, key);
        if (!first) {
            mln_map_put(by_name, key, asg);
            continue;
        }
        struct mln_diag *diag = mln_report(
            b->ctx->diags, MLN_D_ASG_TWICE, asg->span,
            "a second application security group '%s' in the same resource group", asg->name);
        mln_diag_label(diag, first->span, "the first is here, in zone '%s'", first->zone->display);
    }
}

static int compare_nsgs(const void *x, const void *y)
{
    const struct mln_nsg *const *p = x, *const *q = y;
    return strcmp((*p)->name, (*q)->name);
}

/* What a role fixes: the subnet's name and its least size. */
static void check_role(struct mln_build *b, struct mln_zone *zone)
{
    const struct mln_azure_subnet_rule *rule = mln_azure_subnet_rule(mln_role_names[zone->role]);
    if (!rule)
        return;
    if (rule->subnet_name) {
        if (zone->subnet != zone->name && strcmp(zone->subnet, rule->subnet_name) != 0)
            mln_report(b->ctx->diags, MLN_D_AZURE_NAME, zone->role_span,
                       "the subnet of a %s is called %s, not '%s'", mln_role_names[zone->role],
                       rule->subnet_name, zone->subnet);
        zone->subnet = rule->subnet_name;
    }
    for (size_t i = 0; i < zone->prefixes.len; i++) {
        const struct mln_prefix *p = &zone->prefixes.data[i];
        char text[MLN_IP_TEXT];
        if (p->family != MLN_IPV4 || rule->max_prefix_length == 0 ||
            p->length <= rule->max_prefix_length)
            continue;
        struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_ROLE_SIZE, zone->prefixes.span,
                                           "zone '%s': %s is too small for a %s", zone->name,
                                           mln_prefix_text(p, text), mln_role_names[zone->role]);
        mln_diag_note(diag, "Azure wants at least a /%u", rule->max_prefix_length);
    }
}

void mln_govern_zones(struct mln_build *b)
{
    struct mln_model *m = b->model;
    struct mln_map *by_name = mln_map_new(b->arena);
    check_asgs(b);
    for (size_t i = 0; i < m->zones.len; i++) {
        check_role(b, m->zones.data[i]);
        govern(b, m->zones.data[i], by_name);
    }
    if (m->nsgs.len > 1)
        qsort(m->nsgs.data, m->nsgs.len, sizeof *m->nsgs.data, compare_nsgs);
    for (size_t i = 0; i < m->nsgs.len; i++)
        m->nsgs.data[i]->index = (uint32_t)i;
}
