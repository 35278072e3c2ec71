/* Network interfaces: where they lie, which NSG they have, which ASGs they are in. */
#include "import/network_impl.h"

#include <string.h>
#include <strings.h>

static const cJSON *items(const cJSON *fields, const char *key)
{
    const cJSON *list = mln_member(fields, key);
    return cJSON_IsArray(list) ? list->child : NULL;
}

/* ---- addresses ---- */

static bool is_ipv6(const cJSON *fields)
{
    const char *version = mln_member_text(fields, "privateIPAddressVersion");
    return version && strcasecmp(version, "IPv6") == 0;
}

/* A whole address; anything else is none that is known. */
static bool read_address(struct mln_networks *n, const cJSON *json, struct mln_deployed_ip *ip)
{
    const char *text = cJSON_GetStringValue(json);
    if (!text || mln_origin_unknown(n->r->document->origins, json) || strchr(text, '/') ||
        mln_prefix_parse(text, strlen(text), &ip->address) != MLN_PREFIX_OK)
        return false;
    ip->family = ip->address.family;
    return true;
}

static void read_asgs(struct mln_networks *n, const cJSON *fields, struct mln_deployed_nic *nic)
{
    const cJSON *list = mln_member(fields, "applicationSecurityGroups");
    if (mln_origin_unknown(n->r->document->origins, list))
        nic->asgs_known = false;
    for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item; item = item->next) {
        const char *id = mln_member_text(item, "id");
        const char *slash = id ? strrchr(id, '/') : NULL;
        if (slash)
            mln_vec_push(n->r->ctx->arena, &nic->asgs, mln_intern(n->r->ctx->names, slash + 1));
        else
            nic->asgs_known = false;
    }
}

static void read_ip(struct mln_networks *n, const cJSON *json, struct mln_deployed_nic *nic)
{
    const cJSON *fields = mln_net_fields(json);
    struct mln_deployed_ip ip = {.family = is_ipv6(fields) ? MLN_IPV6 : MLN_IPV4};
    ip.subnet_id = mln_net_reference(n, fields, "subnet");
    ip.known = read_address(n, mln_member(fields, "privateIPAddress"), &ip);
    if (ip.subnet_id)
        mln_vec_push(n->r->ctx->arena, &nic->ips, ip);
    read_asgs(n, fields, nic);
}

static bool is_unknown(const struct mln_networks *n, const cJSON *json)
{
    return json && mln_origin_unknown(n->r->document->origins, json);
}

/* ---- interfaces ---- */

static struct mln_deployed_nic *find_nic(struct mln_networks *n, const char *id)
{
    const char *key = mln_net_folded(n, id);
    struct mln_deployed_nic *nic = *id ? mln_map_get(n->nics, key) : NULL;
    if (nic)
        return nic;
    nic = MLN_NEW(n->r->ctx->arena, struct mln_deployed_nic);
    mln_vec_push(n->r->ctx->arena, &n->out->nics, nic);
    if (*id)
        mln_map_put(n->nics, key, nic);
    return nic;
}

static struct mln_deployed_nic *read_nic(struct mln_networks *n, const char *id, const char *name,
                                         const cJSON *json)
{
    const cJSON *fields = mln_net_fields(json);
    struct mln_deployed_nic *nic = find_nic(n, id);
    *nic =
        (struct mln_deployed_nic){.id = id,
                                  .name = mln_intern(n->r->ctx->names, name),
                                  .span = mln_nsg_place(n->r, json),
                                  .nsg = MLN_DEPLOYED_NONE,
                                  .nsg_id = mln_net_reference(n, fields, "networkSecurityGroup")};
    nic->many = mln_net_is_true(json, MLN_NIC_MANY);
    nic->asgs_known = !is_unknown(n, mln_member(fields, "ipConfigurations"));
    for (const cJSON *item = items(fields, "ipConfigurations"); item; item = item->next)
        read_ip(n, item, nic);
    return nic;
}

void mln_networks_add_nic(struct mln_networks *n, const cJSON *json)
{
    const char *name = mln_net_text(n, json, "name"), *id = mln_net_text(n, json, "id");
    read_nic(n, id, *name ? name : mln_net_id_name(n, id), json);
}

void mln_networks_add_machine(struct mln_networks *n, const cJSON *json, bool many)
{
    const cJSON *fields = mln_net_fields(json);
    const cJSON *profile = mln_member(fields, "virtualMachineProfile");
    const cJSON *network = mln_member(profile ? profile : fields, "networkProfile");
    const cJSON *first = items(network, "networkInterfaceConfigurations");
    const char *name = mln_net_text(n, json, "name"), *id = mln_net_text(n, json, "id");
    for (const cJSON *item = first; item; item = item->next) {
        const char *own = mln_net_text(n, item, "name");
        const char *both = mln_printf(n->r->ctx->arena, "%s-%s", name, own);
        const char *its = *id ? mln_printf(n->r->ctx->arena, "%s/%s", id, own) : "";
        struct mln_deployed_nic *nic = read_nic(n, its, first->next ? both : name, item);
        nic->many |= many || mln_net_is_true(json, MLN_NIC_MANY);
    }
}

/* ---- binding ---- */

/* Of all texts that were read: folded id -> the subnet. */
static struct mln_map *subnets_by_id(struct mln_networks *n)
{
    struct mln_map *map = mln_map_new(n->r->ctx->arena);
    for (size_t i = 0; i < n->out->networks.len; i++) {
        const struct mln_deployed_network *network = n->out->networks.data[i];
        for (size_t k = 0; k < network->subnets.len; k++)
            if (*network->subnets.data[k]->id)
                mln_map_put(map, mln_net_folded(n, network->subnets.data[k]->id),
                            network->subnets.data[k]);
    }
    return map;
}

void mln_nics_bind(struct mln_networks *n, const struct mln_map *nsgs)
{
    const struct mln_map *subnets = subnets_by_id(n);
    for (size_t i = 0; i < n->out->nics.len; i++) {
        struct mln_deployed_nic *nic = n->out->nics.data[i];
        nic->nsg = mln_net_index(n, nsgs, nic->nsg_id);
        for (size_t k = 0; k < nic->ips.len; k++)
            nic->ips.data[k].subnet =
                mln_map_get(subnets, mln_net_folded(n, nic->ips.data[k].subnet_id));
    }
}
