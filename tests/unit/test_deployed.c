/* What is deployed: networks, what comes twice, what refers to what. Templates: tests/conformance.
 */
#include "import/deployed.h"
#include "lang/lang.h"
#include "unit.h"

#include <string.h>

struct reading {
    struct mln_ctx ctx;
    struct mln_deployed deployed;
    bool good;
};

static struct reading read_text(const char *text)
{
    struct mln_arena *arena = mln_arena_new();
    struct reading r = {.ctx = {arena, mln_names_new(arena), mln_diags_new(arena)}};
    size_t length = 0;
    const char *table = mln_stdlib_get("azure/tags-public.tsv", &length);
    struct mln_tags *tags = mln_tags_catalogue(&r.ctx, MLN_CLOUD_PUBLIC, table, length);
    r.good =
        mln_deployed_read(&r.ctx, tags, "deployed.json", text, strlen(text), NULL, &r.deployed);
    return r;
}

static size_t count_of(const struct reading *r, enum mln_diag_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < r->ctx.diags->list.len; i++)
        count += r->ctx.diags->list.data[i]->id == id;
    return count;
}

#define RULE(name, priority) \
    "\"name\": \"" name "\", \"properties\": {\"priority\": " #priority \
    ", \"direction\": \"Inbound\", \"access\": \"Allow\", \"protocol\": \"Tcp\", " \
    "\"sourceAddressPrefix\": \"*\", \"sourcePortRange\": \"*\", " \
    "\"destinationAddressPrefix\": \"*\", \"destinationPortRange\": \"22\"}"
#define ID "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"
#define NSG_ID ID "networkSecurityGroups/web"

static const char nsg_and_child[] =
    "[{\"type\": \"Microsoft.Network/networkSecurityGroups/securityRules\", "
    "  \"id\": \"" NSG_ID "/securityRules/ssh\", " RULE(
        "SSH", 300) "},"
                    " {\"type\": \"Microsoft.Network/networkSecurityGroups/securityRules\", "
                    "  \"id\": \"" NSG_ID "/securityRules/other\", " RULE(
                        "other", 200) "},"
                                      " {\"Type\": \"microsoft.network/NetworkSecurityGroups\", "
                                      "\"Name\": \"web\", \"Id\": \"" NSG_ID
                                      "\", \"Properties\": {\"SecurityRules\": [{" RULE(
                                          "ssh", 100) "}, {" RULE("more", 400) "}]}}]";

static void a_rule_by_itself_replaces_the_one_inside(void)
{
    struct reading r = read_text(nsg_and_child);
    CU_ASSERT(r.good);
    CU_ASSERT_EQUAL(count_of(&r, MLN_D_RULE_TWICE), 1);
    CU_ASSERT_EQUAL_FATAL(r.deployed.nsgs.len, 1);
    const struct mln_rule_vec *rules = &r.deployed.nsgs.data[0]->rules[MLN_INBOUND];
    CU_ASSERT_EQUAL_FATAL(rules->len, 3);
    CU_ASSERT_STRING_EQUAL(rules->data[0]->name, "other");
    CU_ASSERT_EQUAL(rules->data[1]->priority, 300);
    CU_ASSERT_STRING_EQUAL(rules->data[2]->name, "more");
    mln_arena_free(r.ctx.arena);
}

static const char topology[] =
    "[{\"type\": \"Microsoft.Network/virtualNetworks/subnets\", \"name\": \"b\", "
    "  \"id\": \"" ID "virtualNetworks/hub/subnets/b\", "
    "  \"properties\": {\"addressPrefixes\": [\"10.1.1.0/24\", \"fd00::/64\"]}},"
    " {\"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"hub\", \"location\": \"x\", "
    "  \"id\": \"" ID "virtualNetworks/hub\", \"properties\": {"
    "   \"addressSpace\": {\"addressPrefixes\": [\"10.1.0.0/16\"]}, \"subnets\": ["
    "    {\"name\": \"a\", \"properties\": {\"addressPrefix\": \"10.1.0.0/24\", "
    "     \"networkSecurityGroup\": {\"id\": \"" ID "NETWORKSECURITYGROUPS/WEB\"}, "
    "     \"routeTable\": {\"id\": \"" ID "routeTables/rt\"}}},"
    "    {\"name\": \"b\", \"properties\": {\"addressPrefix\": \"10.1.1.0/24\"}}],"
    "   \"virtualNetworkPeerings\": [{\"name\": \"p\", \"properties\": {\"peeringState\": "
    "     \"Connected\", \"useRemoteGateways\": true, \"remoteVirtualNetwork\": {\"id\": \"" ID
    "virtualNetworks/spoke\"}, \"remoteAddressSpace\": {\"addressPrefixes\": [\"10.2.0.0/16\"]}}}]"
    "}},"
    " {\"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"spoke\", "
    "  \"id\": \"" ID "virtualNetworks/spoke\", \"properties\": {}},"
    " {\"type\": \"Microsoft.Network/networkSecurityGroups\", \"name\": \"web\", \"id\": \"" NSG_ID
    "\"},"
    " {\"type\": \"Microsoft.Network/routeTables\", \"name\": \"rt\", "
    "  \"id\": \"" ID "routeTables/rt\", \"properties\": {\"routes\": ["
    "   {\"name\": \"out\", \"properties\": {\"addressPrefix\": \"0.0.0.0/0\", \"nextHopType\": "
    "     \"VirtualAppliance\", \"nextHopIpAddress\": \"10.1.0.4\"}},"
    "   {\"name\": \"tag\", \"properties\": {\"addressPrefix\": \"Storage\", \"nextHopType\": "
    "     \"Internet\"}}]}},"
    " {\"type\": \"Microsoft.Compute/virtualMachines\", \"name\": \"vm\"}]";

static void networks_are_joined_by_id(void)
{
    struct reading r = read_text(topology);
    CU_ASSERT(r.good);
    CU_ASSERT_EQUAL(r.ctx.diags->list.len, 0);
    CU_ASSERT_EQUAL_FATAL(r.deployed.networks.len, 2);
    const struct mln_deployed_network *hub = r.deployed.networks.data[0];
    CU_ASSERT_STRING_EQUAL(hub->name, "hub");
    CU_ASSERT_EQUAL(hub->prefixes.len, 1);
    CU_ASSERT_EQUAL_FATAL(hub->subnets.len, 2);
    CU_ASSERT_EQUAL(hub->subnets.data[0]->nsg, 0);
    CU_ASSERT_EQUAL(hub->subnets.data[1]->nsg, MLN_DEPLOYED_NONE);
    CU_ASSERT_EQUAL(hub->subnets.data[1]->prefixes.len, 2);
    CU_ASSERT_EQUAL_FATAL(hub->peerings.len, 1);
    CU_ASSERT_EQUAL(hub->peerings.data[0].remote, 1);
    CU_ASSERT(hub->peerings.data[0].use_remote_gateways && hub->peerings.data[0].connected);
    const struct mln_deployed_route_table *table = hub->subnets.data[0]->routes;
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    CU_ASSERT_EQUAL_FATAL(table->routes.len, 2);
    CU_ASSERT(table->routes.data[0].has_appliance);
    CU_ASSERT_STRING_EQUAL(table->routes.data[1].tag->name, "Storage");
    struct mln_deployed_subnet_vec bound = mln_deployed_bound(r.ctx.arena, &r.deployed, 0);
    CU_ASSERT_EQUAL_FATAL(bound.len, 1);
    CU_ASSERT_PTR_EQUAL(bound.data[0], hub->subnets.data[0]);
    mln_arena_free(r.ctx.arena);
}

void suite_deployed(void)
{
    UNIT_SUITE("deployed");
    UNIT_TEST(a_rule_by_itself_replaces_the_one_inside);
    UNIT_TEST(networks_are_joined_by_id);
}
