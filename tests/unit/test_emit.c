/* NSG JSON: every form of every field, byte for byte. */
#include "emit/nsg.h"
#include "tables.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const char *emitted(struct bench *b)
{
    struct mln_buf out;
    mln_buf_init(&out, b->ctx.arena);
    mln_emit_nsg(b->ctx.arena, &b->table, &out);
    return out.data;
}

static struct mln_rule *named_rule(struct bench *b, enum mln_direction direction, const char *name,
                                   unsigned priority)
{
    struct mln_rule *rule =
        bench_rule(b, direction, 3, bench_intent(b, MLN_VERB_ALLOW, name, priority));
    rule->name = name;
    rule->priority = priority;
    return rule;
}

static bool has(const char *text, const char *part)
{
    if (strstr(text, part))
        return true;
    printf("# no %s in:\n%s", part, text);
    return false;
}

static void whole_document(void)
{
    struct bench *b = bench_new();
    struct mln_rule *rule = named_rule(b, MLN_INBOUND, "allow-ssh", 2000);
    rule->description = "break-glass (policy.mlp:21)";
    rule->proto = MLN_PROTO_TCP;
    rule->src = bench_prefixes(b, "10.30.1.0/27 10.30.2.4");
    rule->dst = bench_prefixes(b, "10.20.1.0/24");
    rule->families = 1u << MLN_IPV4;
    rule->dport = bench_ports(b, 22, 22);
    rule = named_rule(b, MLN_OUTBOUND, "deny-rest", 4096);
    rule->action = MLN_DENY;
    CU_ASSERT_STRING_EQUAL(emitted(b),
                           "{\n"
                           "  \"name\": \"nsg-a\",\n"
                           "  \"type\": \"Microsoft.Network/networkSecurityGroups\",\n"
                           "  \"location\": \"westeurope\",\n"
                           "  \"properties\": {\n"
                           "    \"securityRules\": [\n"
                           "      {\n"
                           "        \"name\": \"allow-ssh\",\n"
                           "        \"properties\": {\n"
                           "          \"description\": \"break-glass (policy.mlp:21)\",\n"
                           "          \"protocol\": \"Tcp\",\n"
                           "          \"sourcePortRange\": \"*\",\n"
                           "          \"destinationPortRange\": \"22\",\n"
                           "          \"sourceAddressPrefixes\": [\n"
                           "            \"10.30.1.0/27\",\n"
                           "            \"10.30.2.4/32\"\n"
                           "          ],\n"
                           "          \"destinationAddressPrefix\": \"10.20.1.0/24\",\n"
                           "          \"access\": \"Allow\",\n"
                           "          \"priority\": 2000,\n"
                           "          \"direction\": \"Inbound\"\n"
                           "        }\n"
                           "      },\n"
                           "      {\n"
                           "        \"name\": \"deny-rest\",\n"
                           "        \"properties\": {\n"
                           "          \"protocol\": \"*\",\n"
                           "          \"sourcePortRange\": \"*\",\n"
                           "          \"destinationPortRange\": \"*\",\n"
                           "          \"sourceAddressPrefix\": \"*\",\n"
                           "          \"destinationAddressPrefix\": \"*\",\n"
                           "          \"access\": \"Deny\",\n"
                           "          \"priority\": 4096,\n"
                           "          \"direction\": \"Outbound\"\n"
                           "        }\n"
                           "      }\n"
                           "    ]\n"
                           "  }\n"
                           "}\n");
    bench_free(b);
}

static void nothing_known_nothing_said(void)
{
    struct bench *b = bench_new();
    b->nsg.region = NULL;
    CU_ASSERT_STRING_EQUAL(emitted(b), "{\n"
                                       "  \"name\": \"nsg-a\",\n"
                                       "  \"type\": \"Microsoft.Network/networkSecurityGroups\",\n"
                                       "  \"properties\": {\n"
                                       "    \"securityRules\": []\n"
                                       "  }\n"
                                       "}\n");
    bench_free(b);
}

static void protocols_have_azures_spelling(void)
{
    static const char *const spellings[] = {
        [MLN_PROTO_TCP] = "\"protocol\": \"Tcp\"",   [MLN_PROTO_UDP] = "\"protocol\": \"Udp\"",
        [MLN_PROTO_ICMP] = "\"protocol\": \"Icmp\"", [MLN_PROTO_ESP] = "\"protocol\": \"Esp\"",
        [MLN_PROTO_AH] = "\"protocol\": \"Ah\"",     [MLN_PROTO_ANY] = "\"protocol\": \"*\""};
    struct bench *b = bench_new();
    struct mln_rule *rule = named_rule(b, MLN_INBOUND, "x", 100);
    for (unsigned proto = 0; proto <= MLN_PROTO_ANY; proto++) {
        rule->proto = proto;
        if (spellings[proto])
            CU_ASSERT(has(emitted(b), spellings[proto]));
    }
    bench_free(b);
}

static void ports_are_one_or_many(void)
{
    struct bench *b = bench_new();
    struct mln_rule *rule = named_rule(b, MLN_INBOUND, "x", 100);
    struct mln_port_range ranges[] = {{8080, 8080}, {5701, 5710}, {0, 0}};
    rule->proto = MLN_PROTO_UDP;
    rule->sport = bench_ports(b, 5000, 5010);
    rule->dport = mln_portset_from_ranges(b->ctx.arena, ranges, 3);
    const char *text = emitted(b);
    CU_ASSERT(has(text, "\"sourcePortRange\": \"5000-5010\",\n"));
    CU_ASSERT(has(text, "\"destinationPortRanges\": [\n"
                        "            \"0\",\n"
                        "            \"5701-5710\",\n"
                        "            \"8080\"\n"
                        "          ],\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "destinationPortRange\""));
    CU_ASSERT_PTR_NULL(strstr(text, "sourcePortRanges"));
    bench_free(b);
}

static void sides_have_one_form(void)
{
    struct bench *b = bench_new();
    struct mln_rule *rule = named_rule(b, MLN_INBOUND, "x", 100);
    rule->src = (struct mln_rule_side){.kind = MLN_SIDE_TAG, .tag = &b->tags[0]};
    rule->dst = bench_prefixes(b, "fd00::/64 fd00:0:0:1::4");
    rule->families = 1u << MLN_IPV6;
    const char *text = emitted(b);
    CU_ASSERT(has(text, "\"sourceAddressPrefix\": \"Storage.WestEurope\",\n"));
    CU_ASSERT(has(text, "\"destinationAddressPrefixes\": [\n"
                        "            \"fd00::/64\",\n"
                        "            \"fd00:0:0:1::4/128\"\n"
                        "          ],\n"));
    rule->src = bench_prefixes(b, "::/0");
    CU_ASSERT(has(emitted(b), "\"sourceAddressPrefix\": \"::/0\",\n"));
    bench_free(b);
}

static void groups_are_resource_ids(void)
{
    struct bench *b = bench_new();
    struct mln_rule *rule = named_rule(b, MLN_INBOUND, "x", 100);
    rule->src = (struct mln_rule_side){.kind = MLN_SIDE_ASG, .asg = &b->asgs[0]};
    rule->dst = (struct mln_rule_side){.kind = MLN_SIDE_ASG, .asg = &b->asgs[1]};
    const char *text = emitted(b);
    CU_ASSERT(has(text,
                  "\"sourceApplicationSecurityGroups\": [\n"
                  "            {\n"
                  "              \"id\": \"/subscriptions/SUBSCRIPTION/resourceGroups/"
                  "RESOURCE-GROUP/providers/Microsoft.Network/applicationSecurityGroups/web\"\n"
                  "            }\n"
                  "          ],\n"));
    CU_ASSERT(has(text, "\"destinationApplicationSecurityGroups\": [\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "AddressPrefix"));
    b->network.subscription = "00000000-0000-0000-0000-000000000001";
    b->network.resource_group = "rg-net";
    CU_ASSERT(has(emitted(b), "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/"
                              "rg-net/providers/Microsoft.Network/applicationSecurityGroups/web"));
    bench_free(b);
}

static void rules_are_sorted(void)
{
    struct bench *b = bench_new();
    named_rule(b, MLN_OUTBOUND, "d", 100);
    named_rule(b, MLN_INBOUND, "c", 300);
    named_rule(b, MLN_INBOUND, "b", 200);
    const char *text = emitted(b);
    const char *first = strstr(text, "\"name\": \"b\""), *second = strstr(text, "\"name\": \"c\"");
    const char *third = strstr(text, "\"name\": \"d\"");
    CU_ASSERT(first && first < second && second < third);
    bench_free(b);
}

static void the_registry_finds_back_ends(void)
{
    struct bench *b = bench_new();
    const struct mln_backend *backend = mln_backend_find("nsg");
    struct mln_table_vec tables = {0};
    struct mln_artefact_vec files = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(backend);
    CU_ASSERT_PTR_NULL(mln_backend_find("nsgx"));
    CU_ASSERT_PTR_NOT_NULL(mln_backend_at(0));
    CU_ASSERT_PTR_NULL(mln_backend_at(1000));
    mln_vec_push(b->ctx.arena, &tables, &b->table);
    struct mln_nsg_documents *documents = mln_nsg_documents_new(b->ctx.arena, 1);
    backend->emit(&b->ctx, &(struct mln_emit_input){.tables = &tables, .documents = documents},
                  &files);
    CU_ASSERT_EQUAL_FATAL(files.len, 1);
    CU_ASSERT_PTR_EQUAL(files.data[0].content, mln_nsg_document(documents, &b->table)->content);
    CU_ASSERT_STRING_EQUAL(files.data[0].content, emitted(b));
    CU_ASSERT_STRING_EQUAL(files.data[0].name, "nsg-a.nsg.json");
    CU_ASSERT_EQUAL(files.data[0].length, strlen(files.data[0].content));
    bench_free(b);
}

void suite_emit(void)
{
    UNIT_SUITE("emit");
    UNIT_TEST(whole_document);
    UNIT_TEST(nothing_known_nothing_said);
    UNIT_TEST(protocols_have_azures_spelling);
    UNIT_TEST(ports_are_one_or_many);
    UNIT_TEST(sides_have_one_form);
    UNIT_TEST(groups_are_resource_ids);
    UNIT_TEST(rules_are_sorted);
    UNIT_TEST(the_registry_finds_back_ends);
}
