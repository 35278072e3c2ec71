/* Service tags, regions and what Azure accepts. The published lists are checked row by row where
 * the shared tables are at hand (MLNSGC_SHARED, or ../shared beside the sources). */
#include "azure/legal.h"
#include "azure/platform.h"
#include "azure/tag.h"
#include "base/file.h"
#include "lang/lang.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_paths[MLN_CLOUD_COUNT] = {
    "azure/tags-public.tsv", "azure/tags-usgov.tsv", "azure/tags-china.tsv"};

static struct mln_ctx new_ctx(void)
{
    struct mln_arena *arena = mln_arena_new();
    return (struct mln_ctx){arena, mln_names_new(arena), mln_diags_new(arena)};
}

static struct mln_tags *catalogue(struct mln_ctx *ctx, enum mln_cloud cloud)
{
    size_t length = 0;
    const char *table = mln_stdlib_get(table_paths[cloud], &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    return mln_tags_catalogue(ctx, cloud, table, length);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- look-ups ---- */

static const struct {
    const char *name, *tag, *region;
} lookups[] = {
    {"Storage", "Storage", NULL},
    {"storage", "Storage", NULL},
    {"STORAGE.WESTEUROPE", "Storage.WestEurope", "westeurope"},
    {"Storage.West Europe", "Storage.WestEurope", "westeurope"},
    {"Storage.west-europe", "Storage.WestEurope", "westeurope"},
    {"Storage.francecentral", "Storage.FranceCentral", "francecentral"},
    {"Storage.centralfrance", "Storage.FranceCentral", "francecentral"},
    {"AzureCloud.francecentral", "AzureCloud.centralfrance", "francecentral"},
    {"AzureCloud.norwayeast", "AzureCloud.norwaye", "norwayeast"},
    {"azurecloud.CHILECENTRAL", "AzureCloud.chilec", "chilecentral"},
    {"AzureCloud.brazilne", "AzureCloud.brazilne", "brazilne"},
    {"Storage.EastUS2Stage", "Storage.EastUS2Stage", "eastus2"},
    {"AzureFrontDoor.FrontEnd", "AzureFrontDoor.Frontend", NULL},
    {"AzureMonitor.Core", "AzureMonitor.Core", NULL},
    {"virtualnetwork", "VirtualNetwork", NULL},
    {"INTERNET", "Internet", NULL},
    {"AzureLoadBalancer", "AzureLoadBalancer", NULL},
    {"azureplatformdns", "AzurePlatformDNS", NULL},
    {"AzurePlatformIMDS", "AzurePlatformIMDS", NULL},
    {"AzurePlatformLKM", "AzurePlatformLKM", NULL},
    {"AzureContainerAppsService", "AzureContainerAppsService", NULL},
    {"Storage.", NULL, NULL},
    {".WestEurope", NULL, NULL},
    {"", NULL, NULL},
    {"Storage.WestEurope.WestEurope", NULL, NULL},
    {"Storage.Narnia", NULL, NULL},
    {"VirtualNetwork.WestEurope", NULL, NULL},
    {"AzureActiveDirectory.WestEurope", NULL, NULL},
    {"Keyvault.WestEurope", NULL, NULL},
};

static void finds_tags(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = catalogue(&ctx, MLN_CLOUD_PUBLIC);
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
        const struct mln_tag *tag = mln_tags_find(tags, lookups[i].name);
        CU_ASSERT_TRUE(same(tag ? tag->name : NULL, lookups[i].tag));
        CU_ASSERT_TRUE(same(tag ? tag->region : NULL, lookups[i].region));
    }
    char *long_name = mln_alloc(ctx.arena, 5000);
    memset(long_name, 'x', 4999);
    CU_ASSERT_PTR_NULL(mln_tags_find(tags, long_name));
    long_name[2000] = '.';
    CU_ASSERT_PTR_NULL(mln_tags_find(tags, long_name));
    CU_ASSERT_PTR_NULL(mln_tags_suggest(tags, long_name));
    mln_arena_free(ctx.arena);
}

static void finds_regional_tags(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = catalogue(&ctx, MLN_CLOUD_PUBLIC);
    const struct mln_tag *storage = mln_tags_find(tags, "Storage");
    const struct mln_tag *regional = mln_tags_regional(tags, storage, "eastus2");
    CU_ASSERT_STRING_EQUAL(regional->name, "Storage.EastUS2");
    CU_ASSERT_PTR_EQUAL(regional->parent, storage);
    CU_ASSERT_PTR_NULL(storage->parent);
    CU_ASSERT_PTR_NULL(mln_tags_regional(tags, storage, "brazilne"));
    CU_ASSERT_PTR_NULL(mln_tags_regional(tags, storage, "nowhere"));
    CU_ASSERT_PTR_NULL(mln_tags_regional(tags, regional, "eastus2"));
    CU_ASSERT_PTR_NULL(mln_tags_regional(tags, mln_tags_find(tags, "AzureDatabricks"), "eastus2"));
    mln_arena_free(ctx.arena);
}

static void knows_regions(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = catalogue(&ctx, MLN_CLOUD_PUBLIC);
    CU_ASSERT_STRING_EQUAL(mln_region_canonical(tags, "West Europe"), "westeurope");
    CU_ASSERT_STRING_EQUAL(mln_region_canonical(tags, "centralfrance"), "francecentral");
    CU_ASSERT_STRING_EQUAL(mln_region_canonical(tags, "GermanyWestCentral"), "germanywestcentral");
    CU_ASSERT_PTR_NULL(mln_region_canonical(tags, "uswest"));
    CU_ASSERT_PTR_NULL(mln_region_canonical(tags, ""));
    CU_ASSERT_PTR_EQUAL(mln_region_canonical(tags, "WESTEUROPE"),
                        mln_intern(ctx.names, "westeurope"));
    CU_ASSERT_EQUAL(mln_tags_regions(tags)->list.len, 75);
    mln_arena_free(ctx.arena);
}

static void numbers_are_dense(void)
{
    struct mln_ctx ctx = new_ctx();
    for (int cloud = 0; cloud < MLN_CLOUD_COUNT; cloud++) {
        struct mln_tags *tags = catalogue(&ctx, (enum mln_cloud)cloud);
        for (size_t i = 0; i < mln_tags_count(tags); i++) {
            const struct mln_tag *tag = mln_tags_at(tags, i);
            if (tag->number != i || mln_tags_find(tags, tag->name) != tag ||
                (tag->region && !tag->parent))
                CU_FAIL("a tag is not in its place");
        }
        CU_ASSERT_FALSE(mln_tags_have_prefixes(tags));
        CU_ASSERT_EQUAL(mln_tags_cloud(tags), (enum mln_cloud)cloud);
    }
    mln_arena_free(ctx.arena);
}

static void says_what_an_nsg_takes(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = catalogue(&ctx, MLN_CLOUD_PUBLIC);
    CU_ASSERT_TRUE(mln_tag_in_nsg(mln_tags_find(tags, "Internet")));
    CU_ASSERT_TRUE(mln_tag_in_nsg(mln_tags_find(tags, "BatchNodeManagement.WestUS")));
    CU_ASSERT_FALSE(mln_tag_in_nsg(mln_tags_find(tags, "BatchNodeManagement.AustraliaCentral2")));
    CU_ASSERT_FALSE(mln_tag_in_nsg(mln_tags_find(tags, "AzureMachineLearning.EastUS")));
    CU_ASSERT_FALSE(mln_tag_in_nsg(mln_tags_find(catalogue(&ctx, MLN_CLOUD_CHINA), "LogicApps")));
    mln_arena_free(ctx.arena);
}

static void keeps_unknown_tags(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = catalogue(&ctx, MLN_CLOUD_PUBLIC);
    size_t count = mln_tags_count(tags);
    const struct mln_tag *tag = mln_tags_add_unknown(tags, "CorpNetPublic");
    CU_ASSERT_EQUAL(tag->number, count);
    CU_ASSERT_PTR_EQUAL(mln_tags_add_unknown(tags, "corpnetpublic"), tag);
    CU_ASSERT_PTR_EQUAL(mln_tags_add_unknown(tags, "Storage"), mln_tags_find(tags, "Storage"));
    CU_ASSERT_EQUAL(mln_tags_count(tags), count + 1);
    mln_arena_free(ctx.arena);
}

/* ---- suggestions ---- */

static const struct {
    const char *name, *tag;
} suggestions[] = {
    {"Frontdoor.FirstParty", "AzureFrontDoor.FirstParty"},
    {"Keyvault.westeurope", "AzureKeyVault.WestEurope"},
    {"Keyvault", "AzureKeyVault"},
    {"BatchNodeManagement.uswest", "BatchNodeManagement.WestUS"},
    {"BatchNodeManagement.uswest2", "BatchNodeManagement.WestUS2"},
    {"AzureMachineLearning.EastUS", "AzureMachineLearning"},
    {"MachineLearning.eastus", "AzureMachineLearning"},
    {"AzureAD", "AzureActiveDirectory"},
    {"EntraID", "AzureActiveDirectory"},
    {"MicrosoftEntraID", "AzureActiveDirectory"},
    {"AAD", "AzureActiveDirectory"},
    {"AzureActiveDirectory.ServiceEndpoint", "AzureActiveDirectory"},
    {"ACR", "AzureContainerRegistry"},
    {"ACR.westeurope", "AzureContainerRegistry.WestEurope"},
    {"MCR", "MicrosoftContainerRegistry"},
    {"ARM", "AzureResourceManager"},
    {"AFD.FirstParty", "AzureFrontDoor.FirstParty"},
    {"VIRTUAL_NETWORK", "VirtualNetwork"},
    {"AZURE_LOADBALANCER", "AzureLoadBalancer"},
    {"INTERNET", "Internet"},
    {"AzureStorage", "Storage"},
    {"AzureSql.eastus", "Sql.EastUS"},
    {"Storrage.westeurope", "Storage.WestEurope"},
    {"Storage.weseurope", "Storage.WestEurope"},
    {"virtualnetwrk", "VirtualNetwork"},
    {"AzureMonitor.Cor", "AzureMonitor.Core"},
    {"CosmosDB", "AzureCosmosDB"},
    {"Storage.narnia", NULL},
    {"agents", NULL},
    {"bar.baz", NULL},
    {"", NULL},
    {".", NULL},
};

static void suggests_tags(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = catalogue(&ctx, MLN_CLOUD_PUBLIC);
    for (size_t i = 0; i < sizeof suggestions / sizeof *suggestions; i++) {
        const char *found = mln_tags_suggest(tags, suggestions[i].name);
        if (!same(found, suggestions[i].tag))
            printf("# %s: %s\n", suggestions[i].name, found ? found : "nothing");
        CU_ASSERT_TRUE(same(found, suggestions[i].tag));
    }
    mln_arena_free(ctx.arena);
}

/* Never a tag that an NSG refuses, and never a name that is unknown. */
static void suggests_only_usable_tags(void)
{
    struct mln_ctx ctx = new_ctx();
    for (int cloud = 0; cloud < MLN_CLOUD_COUNT; cloud++) {
        struct mln_tags *tags = catalogue(&ctx, (enum mln_cloud)cloud);
        for (size_t i = 0; i < mln_tags_count(tags); i += 7) {
            char name[160];
            snprintf(name, sizeof name, "%s%s", i % 2 ? "x" : "", mln_tags_at(tags, i)->name);
            const char *found = mln_tags_suggest(tags, name);
            if (found && !mln_tag_in_nsg(mln_tags_find(tags, found)))
                CU_FAIL("a tag was suggested that an NSG refuses");
        }
    }
    CU_PASS("looked at every seventh tag of each cloud");
    mln_arena_free(ctx.arena);
}

/* ---- the published lists ---- */

static char *shared_file(struct mln_arena *arena, const char *path, size_t *length)
{
    const char *root = getenv("MLNSGC_SHARED");
    return mln_file_read(
        arena, mln_printf(arena, "%s/%s", root ? root : TEST_SRCDIR "/../shared", path), length);
}

static unsigned features_of(const char *text)
{
    return (strstr(text, "API") ? MLN_FEATURE_API : 0u) |
           (strstr(text, "NSG") ? MLN_FEATURE_NSG : 0u) |
           (strstr(text, "UDR") ? MLN_FEATURE_UDR : 0u) |
           (strstr(text, "FW") ? MLN_FEATURE_FW : 0u) |
           (strstr(text, "VSE") ? MLN_FEATURE_VSE : 0u);
}

/* name, region, regionId, systemService, networkFeatures, ... */
static bool row_matches(const struct mln_tags *tags, char *line)
{
    char *fields[5] = {0};
    for (size_t i = 0; i < 5 && line; i++)
        fields[i] = strsep(&line, "\t");
    const struct mln_tag *tag = fields[4] ? mln_tags_find(tags, fields[0]) : NULL;
    return tag && strcmp(tag->name, fields[0]) == 0 && tag->features == features_of(fields[4]) &&
           same(tag->region, *fields[1] ? mln_region_canonical(tags, fields[1]) : NULL) &&
           !tag->region == !*fields[1];
}

static void check_published(enum mln_cloud cloud, const char *path, size_t extra)
{
    struct mln_ctx ctx = new_ctx();
    size_t length, rows = 0;
    char *text = shared_file(ctx.arena, path, &length);
    if (!text) {
        mln_arena_free(ctx.arena);
        UNIT_SKIP("the shared tables are not here");
    }
    struct mln_tags *tags = catalogue(&ctx, cloud);
    for (char *line; (line = strsep(&text, "\n"));) {
        if (!*line || *line == '#' || strncmp(line, "name\t", 5) == 0)
            continue;
        rows++;
        if (!row_matches(tags, line))
            CU_FAIL("a published tag differs from the catalogue's");
    }
    CU_ASSERT_EQUAL(mln_tags_count(tags), rows + extra);
    mln_arena_free(ctx.arena);
}

/* Beyond the published: six virtual tags, and in the public cloud AzureContainerAppsService with 73
 * regions. */
static void has_every_public_tag(void)
{
    check_published(MLN_CLOUD_PUBLIC, "azure/tables/service-tags-Public.tsv", 6 + 74);
}

static void has_every_usgov_tag(void)
{
    check_published(MLN_CLOUD_USGOV, "azure/tables/service-tags-AzureGovernment.tsv", 6);
}

static void has_every_china_tag(void)
{
    check_published(MLN_CLOUD_CHINA, "azure/tables/service-tags-China.tsv", 6);
}

/* ---- legality ---- */

static void judges_names(void)
{
    static const char *const good[] = {"a", "nsg-1", "A.b_c-d_", "0", "rule_"};
    static const char *const bad[] = {"", "-a", "a-", "a.", "_a", "a b", "a/b", "\xc3\xa4", "a\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CU_ASSERT_TRUE(mln_azure_name_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_FALSE(mln_azure_name_ok(bad[i]));
    char name[82];
    memset(name, 'a', sizeof name);
    name[80] = 0;
    CU_ASSERT_TRUE(mln_azure_name_ok(name));
    name[80] = 'a';
    name[81] = 0;
    CU_ASSERT_FALSE(mln_azure_name_ok(name));
}

static void reads_azures_words(void)
{
    unsigned proto;
    enum mln_action action;
    enum mln_direction direction;
    for (unsigned p = 0; p <= MLN_PROTO_COUNT; p++)
        if (p != MLN_PROTO_OTHER)
            CU_ASSERT_TRUE(mln_azure_protocol_parse(mln_azure_protocol_name(p), &proto) &&
                           proto == p);
    CU_ASSERT_TRUE(mln_azure_protocol_parse("TCP", &proto) && proto == MLN_PROTO_TCP);
    CU_ASSERT_FALSE(mln_azure_protocol_parse("any", &proto));
    CU_ASSERT_PTR_NULL(mln_azure_protocol_name(MLN_PROTO_OTHER));
    CU_ASSERT_TRUE(mln_azure_access_parse("deny", &action) && action == MLN_DENY);
    CU_ASSERT_TRUE(mln_azure_access_parse("ALLOW", &action) && action == MLN_ALLOW);
    CU_ASSERT_FALSE(mln_azure_access_parse("Drop", &action));
    CU_ASSERT_TRUE(mln_azure_direction_parse("outbound", &direction) && direction == MLN_OUTBOUND);
    CU_ASSERT_TRUE(mln_azure_direction_parse("Inbound", &direction) && direction == MLN_INBOUND);
    CU_ASSERT_FALSE(mln_azure_direction_parse("Inwards", &direction));
}

static bool holds(const struct mln_ipset *set, const char *text)
{
    struct mln_prefix prefix;
    CU_ASSERT_EQUAL(mln_prefix_parse(text, strlen(text), &prefix), MLN_PREFIX_OK);
    return mln_ipset_contains(set, prefix.ip);
}

static void knows_special_addresses(void)
{
    struct mln_arena *arena = mln_arena_new();
    const struct mln_ipset *v4 = mln_azure_private_space(arena, MLN_IPV4);
    const struct mln_ipset *v6 = mln_azure_private_space(arena, MLN_IPV6);
    static const char *const private4[] = {"10.1.2.3",        "172.31.255.255",  "100.127.0.1",
                                           "255.255.255.255", "169.254.169.254", "127.0.0.1"};
    static const char *const public4[] = {"172.32.0.0", "100.128.0.0", "168.63.129.16", "8.8.8.8",
                                          "11.0.0.0"};
    for (size_t i = 0; i < sizeof private4 / sizeof *private4; i++)
        CU_ASSERT_TRUE(holds(v4, private4[i]));
    for (size_t i = 0; i < sizeof public4 / sizeof *public4; i++)
        CU_ASSERT_FALSE(holds(v4, public4[i]));
    CU_ASSERT_TRUE(holds(v6, "fd00::1") && holds(v6, "::1") && holds(v6, "fe80::1") &&
                   holds(v6, "ff02::1"));
    CU_ASSERT_FALSE(holds(v6, "2603:1030::1") || holds(v6, "::2"));
    CU_ASSERT_EQUAL(mln_azure_platform_space(arena, MLN_IPV4)->len, 3);
    CU_ASSERT_EQUAL(mln_azure_platform_space(arena, MLN_IPV6)->len, 0);
    mln_arena_free(arena);
}

static void has_its_tables_whole(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = catalogue(&ctx, MLN_CLOUD_PUBLIC);
    for (size_t i = 0; i < MLN_AZURE_ERROR_COUNT; i++)
        CU_ASSERT_PTR_NOT_NULL(mln_azure_error_codes[i]);
    for (size_t i = 0; i < MLN_AZURE_DEFAULT_RULES; i++) {
        const struct mln_azure_default_rule *rule = &mln_azure_default_rules[i];
        CU_ASSERT_TRUE(strcmp(rule->src, "*") == 0 || mln_tags_find(tags, rule->src));
        CU_ASSERT_TRUE(strcmp(rule->dst, "*") == 0 || mln_tags_find(tags, rule->dst));
        CU_ASSERT_TRUE(rule->priority > MLN_AZURE_PRIORITY_MAX);
    }
    CU_ASSERT_EQUAL(mln_azure_subnet_rule("bastion")->max_prefix_length, 26);
    CU_ASSERT_TRUE(mln_azure_subnet_rule("bastion")->admits_nsg);
    CU_ASSERT_FALSE(mln_azure_subnet_rule("gateway")->admits_nsg);
    CU_ASSERT_PTR_NULL(mln_azure_subnet_rule("plain"));
    mln_arena_free(ctx.arena);
}

void suite_azure(void)
{
    UNIT_SUITE("azure");
    UNIT_TEST(finds_tags);
    UNIT_TEST(finds_regional_tags);
    UNIT_TEST(knows_regions);
    UNIT_TEST(numbers_are_dense);
    UNIT_TEST(says_what_an_nsg_takes);
    UNIT_TEST(keeps_unknown_tags);
    UNIT_TEST(suggests_tags);
    UNIT_TEST(suggests_only_usable_tags);
    UNIT_TEST(has_every_public_tag);
    UNIT_TEST(has_every_usgov_tag);
    UNIT_TEST(has_every_china_tag);
    UNIT_TEST(judges_names);
    UNIT_TEST(reads_azures_words);
    UNIT_TEST(knows_special_addresses);
    UNIT_TEST(has_its_tables_whole);
}
