/* The model: names resolved, parameters replaced, conditions decided, templates applied, and what
 * zones reach. */
#include "policies.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define NETWORK "network n 10.0.0.0/16 { zone a 10.0.1.0/24 zone b 10.0.2.0/24 }\n"

/* --- seeing the model --- */

static void add_side(struct mln_buf *out, const struct mln_side_set *side);

static void add_leaf(struct mln_buf *out, const struct mln_leaf *leaf)
{
    char text[MLN_IP_TEXT];
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        mln_buf_add(out, "any");
        break;
    case MLN_LEAF_NETWORK:
        mln_buf_printf(out, "%s/", leaf->network->name);
        break;
    case MLN_LEAF_ZONE:
        mln_buf_add(out, leaf->zone->display);
        break;
    case MLN_LEAF_ASG:
        mln_buf_printf(out, "asg:%s", leaf->asg->name);
        break;
    case MLN_LEAF_EXTERNAL:
        mln_buf_printf(out, "external:%s", leaf->external->name);
        break;
    case MLN_LEAF_PREFIX:
        mln_buf_add(out, mln_prefix_text(&leaf->prefix, text));
        break;
    case MLN_LEAF_TAG:
        mln_buf_printf(out, "tag:%s", leaf->tag->name);
        break;
    case MLN_LEAF_RESOURCE:
        mln_buf_printf(out, "resource:%s", leaf->resource->name);
        break;
    case MLN_LEAF_ENDPOINT:
        mln_buf_printf(out, "endpoint:%s", leaf->endpoint->sub->name);
        break;
    case MLN_LEAF_HOSTED_AGENTS:
        mln_buf_printf(out, "agents:%s", leaf->geography->name);
        break;
    }
}

/* "a -(b c)": parts behind one another, what is cut in brackets. */
static void add_side(struct mln_buf *out, const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++) {
        mln_buf_add(out, i ? " " : "");
        add_leaf(out, &side->parts[i].leaf);
        for (size_t k = 0; k < side->parts[i].minus_len; k++) {
            mln_buf_add(out, " -(");
            add_side(out, side->parts[i].minus[k]);
            mln_buf_add(out, ")");
        }
    }
}

static void add_ports(struct mln_buf *out, const struct mln_portset *ports)
{
    if (mln_portset_is_all(ports))
        mln_buf_add(out, "*");
    for (size_t i = 0; !mln_portset_is_all(ports) && i < ports->len; i++) {
        mln_buf_printf(out, "%s%u", i ? "," : "", ports->ranges[i].lo);
        if (ports->ranges[i].hi != ports->ranges[i].lo)
            mln_buf_printf(out, "-%u", ports->ranges[i].hi);
    }
}

/* "tcp/443 udp:67/68": items as they are kept. */
static void add_services(struct mln_buf *out, const struct mln_services *services)
{
    for (size_t i = 0; i < services->len; i++) {
        const struct mln_service_item *item = &services->items[i];
        mln_buf_add(out, i ? " " : "");
        for (unsigned p = 0; p < MLN_PROTO_COUNT; p++)
            if (item->protos == MLN_PROTO_BIT(p))
                mln_buf_add(out, mln_proto_names[p]);
        if (item->protos == MLN_PROTOS_ALL)
            mln_buf_add(out, "any");
        if (!mln_portset_is_all(item->sport))
            mln_buf_add(out, ":");
        if (!mln_portset_is_all(item->sport))
            add_ports(out, item->sport);
        mln_buf_add(out, "/");
        add_ports(out, item->dport);
    }
}

/* All intents: "allow tcp/443 a > b; ..." */
static const char *intents(const struct policy *p)
{
    static const char *const verbs[] = {
        [MLN_VERB_ALLOW] = "allow", [MLN_VERB_DENY] = "deny", [MLN_VERB_FORBID] = "forbid"};
    struct mln_buf out;
    mln_buf_init(&out, p->ctx.arena);
    mln_buf_add(&out, "");
    for (size_t i = 0; p->model && i < p->model->intents.len; i++) {
        const struct mln_intent *intent = p->model->intents.data[i];
        mln_buf_printf(&out, "%s%s ", i ? "; " : "", verbs[intent->verb]);
        add_services(&out, &intent->services);
        mln_buf_add(&out, " ");
        add_side(&out, intent->from);
        mln_buf_add(&out, " > ");
        add_side(&out, intent->to);
    }
    return out.data;
}

static void expect(const char *text, const struct policy_module *modules, const char *params,
                   const char *wanted)
{
    struct policy *p = policy_build(text, modules, params);
    CU_ASSERT(policy_good(p));
    const char *got = intents(p);
    CU_ASSERT_STRING_EQUAL(got, wanted);
    if (strcmp(got, wanted) != 0)
        printf("# got: %s\n", got);
    policy_free(p);
}

/* Exactly one error, and this one. */
static void expect_error(const char *text, const struct policy_module *modules, const char *params,
                         enum mln_diag_id id)
{
    struct policy *p = policy_build(text, modules, params);
    bool right = policy_reports(p, id) == 1 && p->ctx.diags->errors == 1;
    CU_ASSERT(right);
    if (!right)
        printf("# not as expected: %s\n", text);
    if (!right)
        policy_good(p);
    policy_free(p);
}

/* --- names and modules --- */

static const struct policy_module library[] = {
    {"lib.mlp", "param size = 5\n"
                "group servers = 10.9.0.0/24, 10.9.1.0/24\n"
                "service odd = tcp 4711\n"
                "service safe = https\n"
                "service sized = tcp $size\n"
                "template reach($zone, $what = odd) { allow $what from $zone to servers }\n"},
    {"again.mlp", "import \"lib.mlp\"\n"},
    {"other.mlp", "service odd = tcp 4712\n"},
    {"default.mlp", "default allow\n"},
    {NULL, NULL},
};

static void an_alias_stands_before_imported_names(void)
{
    expect("import \"lib.mlp\" as lib\n" NETWORK "allow lib.odd from a to lib.servers\n", library,
           NULL, "allow tcp/4711 a > 10.9.0.0/24 10.9.1.0/24");
    expect("import \"lib.mlp\" as lib\n" NETWORK "apply lib.reach(a)\n", library, NULL,
           "allow tcp/4711 a > 10.9.0.0/24 10.9.1.0/24");
    expect_error("import \"lib.mlp\" as lib\n" NETWORK "allow odd from a to b\n", library, NULL,
                 MLN_D_UNKNOWN_NAME);
    expect_error("import \"lib.mlp\" as lib\n" NETWORK "allow https from a to lib\n", library, NULL,
                 MLN_D_WRONG_KIND);
}

static void imported_names_stand_alone_without_an_alias(void)
{
    expect("import \"lib.mlp\"\n" NETWORK "allow odd from a to servers\n", library, NULL,
           "allow tcp/4711 a > 10.9.0.0/24 10.9.1.0/24");
    expect("import \"lib.mlp\"\nimport \"again.mlp\"\n" NETWORK "allow odd from a to b\n", library,
           NULL, "allow tcp/4711 a > b");
    expect_error("import \"lib.mlp\"\nimport \"other.mlp\"\n" NETWORK "allow ssh from a to b\n",
                 library, NULL, MLN_D_DUPLICATE_NAME);
    expect_error("import \"lib.mlp\"\n" NETWORK "service odd = tcp 1\n", library, NULL,
                 MLN_D_DUPLICATE_NAME);
    expect("import \"lib.mlp\"\nimport \"other.mlp\" as other\n" NETWORK
           "allow other.odd from a to b\n",
           library, NULL, "allow tcp/4712 a > b");
}

/* What the prelude declares gives way, but only where the policy's own name is seen. */
static void own_names_hide_the_prelude(void)
{
    expect(NETWORK "allow https from a to b\n", NULL, NULL, "allow tcp/443 a > b");
    expect("import \"lib.mlp\" as lib\nservice https = tcp 8443\n" NETWORK
           "allow https from a to b\nallow lib.safe from a to b\n",
           library, NULL, "allow tcp/8443 a > b; allow tcp/443 a > b");
}

static void names_that_clash_are_errors(void)
{
    expect_error(NETWORK "group x = a\ngroup x = b\n", NULL, NULL, MLN_D_DUPLICATE_NAME);
    expect_error(NETWORK "group x = a\nexternal X 203.0.113.0/24\n", NULL, NULL, MLN_D_CASE_CLASH);
    expect_error("network Internet 10.0.0.0/16\n", NULL, NULL, MLN_D_RESERVED_NAME);
    expect_error("group virtualnetwork = 10.0.0.0/8\n", NULL, NULL, MLN_D_RESERVED_NAME);
    expect_error(NETWORK "allow https from a to c\n", NULL, NULL, MLN_D_UNKNOWN_NAME);
    expect_error(NETWORK "allow a from a to b\n", NULL, NULL, MLN_D_WRONG_KIND);
    expect_error("import \"default.mlp\"\n" NETWORK, library, NULL, MLN_D_DEFAULT_IN_MODULE);
    /* the three spaces do not meet */
    expect(NETWORK "service x = tcp 7\ngroup x = b\nallow x from a to x as x\n", NULL, NULL,
           "allow tcp/7 a > b");
}

static void a_declared_name_hides_a_tag(void)
{
    struct policy *p = policy_build(NETWORK "group Storage = b\n"
                                            "allow https from a to Storage\n"
                                            "allow https from a to Storage.westeurope\n",
                                    NULL, NULL);
    CU_ASSERT(policy_good(p));
    CU_ASSERT_EQUAL(policy_reports(p, MLN_D_HIDES_TAG), 1);
    CU_ASSERT_STRING_EQUAL(intents(p),
                           "allow tcp/443 a > b; allow tcp/443 a > tag:Storage.WestEurope");
    policy_free(p);
}

static void tags_are_found_in_any_spelling(void)
{
    expect(NETWORK "allow https from a to storage.WESTEUROPE, sql, AzureCloud.francecentral\n",
           NULL, NULL,
           "allow tcp/443 a > tag:Storage.WestEurope tag:Sql tag:AzureCloud.centralfrance");
    expect_error(NETWORK "allow https from a to Storage.atlantis\n", NULL, NULL, MLN_D_UNKNOWN_TAG);
}

static void a_zone_name_of_two_networks_needs_its_network(void)
{
#define TWO \
    "network x 10.0.0.0/16 { zone s 10.0.1.0/24 }\nnetwork y 10.1.0.0/16 { zone s 10.1.1.0/24 " \
    "}\npeer x with y\n"
    expect(TWO "allow ssh from x.s to y.s\n", NULL, NULL, "allow tcp/22 x.s > y.s");
    expect_error(TWO "allow ssh from s to y.s\n", NULL, NULL, MLN_D_AMBIGUOUS_NAME);
    expect("param net = y\n" TWO "allow ssh from x.s to $net.s\n", NULL, NULL,
           "allow tcp/22 x.s > y.s");
}

/* --- parameters --- */

static void parameters_are_values_of_any_kind(void)
{
    expect(
        "param hosts = (10.9.0.4, 10.9.0.8)\nparam ports = (22, 8000-8010)\nparam region = "
        "westeurope\n"
        "param what = (ssh, http)\n" NETWORK "allow tcp $ports from $hosts to a\nallow $what from "
        "a to Storage.$region\nallow udp $ports from b to a\n",
        NULL, NULL,
        "allow tcp/22,8000-8010 10.9.0.4 10.9.0.8 > a; allow tcp/22,80 a > tag:Storage.WestEurope; "
        "allow udp/22,8000-8010 b > a");
    expect("param where = b\nparam too = $where\n" NETWORK "allow ssh from a to $too\n", NULL, NULL,
           "allow tcp/22 a > b");
    expect("param space = (10.4.0.0/16, 10.5.0.0/16)\nnetwork m $space { zone z 10.5.1.0/24 }\n"
           "allow ssh from m to z\n",
           NULL, NULL, "allow tcp/22 m/ > z");
}

static void parameters_come_from_outside(void)
{
    expect("param port = 22\nparam who\n" NETWORK "allow tcp $port from $who to b\n", NULL,
           "port=2222 who=a", "allow tcp/2222 a > b");
    expect("import \"lib.mlp\" as lib\n" NETWORK "allow lib.sized from a to b\n", library,
           "lib.size=7", "allow tcp/7 a > b");
    expect("import \"lib.mlp\" as lib\n" NETWORK "allow tcp $lib.size from a to b\n", library, NULL,
           "allow tcp/5 a > b");
    expect_error("param who\n" NETWORK "allow ssh from $who to b\n", NULL, NULL,
                 MLN_D_MISSING_PARAM);
    expect_error(NETWORK, NULL, "port=22", MLN_D_UNKNOWN_PARAM);
    expect_error(NETWORK "allow tcp $port from a to b\n", NULL, NULL, MLN_D_UNKNOWN_PARAM);
    expect_error("param x = $y\nparam y = $x\n" NETWORK, NULL, NULL, MLN_D_RECURSIVE);
}

static void strings_hold_parameters(void)
{
    struct policy *p =
        policy_build("param team = \"data ${step}\"\nparam step = 2\nparam lot = \"rg-${team}-x\"\n"
                     "network n 10.0.0.0/16 { resource-group $lot zone a 10.0.1.0/24 }\n"
                     "allow ssh from n to a because \"${team}: \\${price} \\$5\" as x\n",
                     NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    CU_ASSERT_STRING_EQUAL(policy_intent(p, "x")->because, "data 2: ${price} $5");
    CU_ASSERT_STRING_EQUAL(policy_zone(p, "a")->network->resource_group, "rg-data 2-x");
    policy_free(p);
    expect_error(NETWORK "allow ssh from a to b because \"${nobody}\"\n", NULL, NULL,
                 MLN_D_UNKNOWN_PARAM);
    expect_error("param x = \"a ${x}\"\n" NETWORK "allow ssh from a to b because $x\n", NULL, NULL,
                 MLN_D_RECURSIVE);
    expect_error("param x = \"${y}\"\nparam y = $x\n" NETWORK
                 "allow ssh from a to b because \"${x}\"\n",
                 NULL, NULL, MLN_D_RECURSIVE);
}

static void conditions_choose_one_branch(void)
{
#define CHAIN \
    "param env = dev\n" NETWORK "when $env = prod { allow https from a to b }\n" \
    "else when $env = test { allow http from a to b }\nelse { allow ssh from a to b }\n"
    expect(CHAIN, NULL, NULL, "allow tcp/22 a > b");
    expect(CHAIN, NULL, "env=test", "allow tcp/80 a > b");
    expect(CHAIN, NULL, "env=prod", "allow tcp/443 a > b");
    expect("param on = no\n" NETWORK
           "when $on { allow ssh from a to b } else { allow http from a to b }\n",
           NULL, NULL, "allow tcp/80 a > b");
    expect("param on = no\n" NETWORK
           "when $on { allow ssh from a to b } else { allow http from a to b }\n",
           NULL, "on=yes", "allow tcp/22 a > b");
    expect("param env = dev\nnetwork n 10.0.0.0/16 { zone a 10.0.1.0/24 when $env = dev { zone d "
           "10.0.3.0/24 } }\n"
           "when $cloud = public { when $env = dev { allow ssh from a to d } }\n",
           NULL, NULL, "allow tcp/22 a > d");
    expect_error(NETWORK "when $env = prod { allow ssh from a to b }\n", NULL, NULL,
                 MLN_D_UNKNOWN_PARAM);
}

/* --- templates --- */

static void names_of_an_application_are_private(void)
{
#define SERVE \
    "template serve($zone, $port = 443) {\n group peers = n except $zone\n service own = tcp " \
    "$port\n" \
    " allow own from peers to $zone as in\n}\n" NETWORK
    expect(SERVE "apply serve(a)\napply serve(b, 80)\n", NULL, NULL,
           "allow tcp/443 n/ -(a) > a; allow tcp/80 n/ -(b) > b");
    expect(SERVE "apply serve(a) as web\nallow web.own from b to web.peers\n", NULL, NULL,
           "allow tcp/443 n/ -(a) > a; allow tcp/443 b > n/ -(a)");
    expect(SERVE "apply serve(port = 80, zone = a)\n", NULL, NULL, "allow tcp/80 n/ -(a) > a");
    expect_error(SERVE "apply serve(a)\nallow own from b to a\n", NULL, NULL, MLN_D_UNKNOWN_NAME);
    expect_error(SERVE "apply serve()\n", NULL, NULL, MLN_D_TEMPLATE_ARGUMENTS);
    expect_error(SERVE "apply serve(a, 1, 2)\n", NULL, NULL, MLN_D_TEMPLATE_ARGUMENTS);
    expect_error(SERVE "apply serve(a, zone = b)\n", NULL, NULL, MLN_D_TEMPLATE_ARGUMENTS);
    expect_error("template x() { apply y() }\ntemplate y() { apply x() }\napply x()\n", NULL, NULL,
                 MLN_D_APPLY_RECURSION);
}

/* A name given as an argument means what it means where `apply` stands, whatever the template calls
 * its own. */
static void arguments_mean_what_the_caller_means(void)
{
    expect("template t($where, $what) { group a = 10.99.0.0/24\n service ssh = tcp 2222\n"
           " allow $what from a to $where\n allow ssh from a to $where }\n" NETWORK
           "apply t(a, ssh)\n",
           NULL, NULL, "allow tcp/22 10.99.0.0/24 > a; allow tcp/2222 10.99.0.0/24 > a");
    expect(
        "template inner($x) { group a = 10.98.0.0/24\n allow ssh from a to $x }\n"
        "template outer($x) { group a = 10.97.0.0/24\n apply inner($x)\n apply inner(a) }\n" NETWORK
        "apply outer(a)\n",
        NULL, NULL, "allow tcp/22 10.98.0.0/24 > a; allow tcp/22 10.98.0.0/24 > 10.97.0.0/24");
    /* and a template's own names are its module's, not the caller's */
    expect("import \"lib.mlp\" as lib\n" NETWORK
           "group servers = b\nservice odd = tcp 9\napply lib.reach(a)\n"
           "apply lib.reach(a, odd)\n",
           library, NULL,
           "allow tcp/4711 a > 10.9.0.0/24 10.9.1.0/24; allow tcp/9 a > 10.9.0.0/24 10.9.1.0/24");
}

static void clauses_of_an_application_go_to_its_intents(void)
{
    struct policy *p = policy_build(
        "template t($z) {\n allow ssh from $z to b as one owner \"own\"\n"
        " allow http from $z to b as two until 2026-12-24\n deny rdp from $z to b as "
        "three\n}\n" NETWORK "deny any from a to b as closed\n"
        "apply t(a) overrides closed until 2027-06-30 owner \"outer\" because \"asked\"\n",
        NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    const struct mln_intent *one = policy_intent(p, "one"), *two = policy_intent(p, "two"),
                            *three = policy_intent(p, "three");
    CU_ASSERT_FATAL(one && two && three);
    CU_ASSERT_STRING_EQUAL(one->owner, "own");
    CU_ASSERT_STRING_EQUAL(two->owner, "outer");
    CU_ASSERT_STRING_EQUAL(one->because, "asked");
    CU_ASSERT_EQUAL(one->overrides.len, 1);
    CU_ASSERT_EQUAL(two->overrides.len, 1);
    CU_ASSERT_PTR_EQUAL(one->overrides.data[0], policy_intent(p, "closed"));
    CU_ASSERT_EQUAL(three->overrides.len, 0);
    CU_ASSERT_EQUAL(one->until.year, 2027);
    CU_ASSERT_EQUAL(two->until.month, 12);
    CU_ASSERT_FALSE(three->has_until);
    CU_ASSERT_STRING_EQUAL(one->frame->template_name, "t");
    policy_free(p);
}

static void networks_of_an_application_are_global(void)
{
    expect(
        "template spoke($name, $space, $zone) { network sp $space { zone work $zone } }\n" NETWORK
        "apply spoke(x, 10.5.0.0/16, 10.5.1.0/24)\npeer n with sp\nallow ssh from a to work\n",
        NULL, NULL, "allow tcp/22 a > work");
}

static void an_allow_that_ended_is_left_out(void)
{
    struct policy *p = policy_build(NETWORK "allow ssh from a to b until 2026-10-31\n"
                                            "allow http from a to b until 2026-11-01\n"
                                            "allow https from a to b until 2026-12-02\n",
                                    NULL, NULL);
    CU_ASSERT(policy_good(p));
    CU_ASSERT_STRING_EQUAL(intents(p), "allow tcp/80 a > b; allow tcp/443 a > b");
    CU_ASSERT_EQUAL(policy_reports(p, MLN_D_EXPIRED), 1);
    CU_ASSERT_EQUAL(policy_reports(p, MLN_D_EXPIRES_SOON), 1);
    policy_free(p);
}

/* --- sides and services --- */

static void groups_are_flattened_with_their_exceptions(void)
{
    expect(
        NETWORK "group most = n except a\ngroup all = most, 10.7.0.0/16, Internet\n"
                "allow ssh from all except (most except b), 10.7.1.0/24 to a\n",
        NULL, NULL,
        "allow tcp/22 n/ -(a) -(n/ -(a) -(b) 10.7.1.0/24) 10.7.0.0/16 -(n/ -(a) -(b) 10.7.1.0/24) "
        "tag:Internet -(n/ -(a) -(b) 10.7.1.0/24) > a");
    expect(NETWORK "group late = later\ngroup later = b\nallow ssh from a to (late, (10.7.0.0/16 "
                   "except 10.7.1.0/24))\n",
           NULL, NULL, "allow tcp/22 a > b 10.7.0.0/16 -(10.7.1.0/24)");
    expect_error(NETWORK "group x = y\ngroup y = x\n", NULL, NULL, MLN_D_RECURSIVE);
}

static void services_are_canonical(void)
{
    expect(NETWORK
           "service mix = udp 53, tcp 80, 443, 81-90, http, tcp source 1-9 22, icmp, tcp 85-95\n"
           "allow mix from a to b\n",
           NULL, NULL, "allow tcp/80-95,443 tcp:1-9/22 udp/53 icmp/* a > b");
    expect(NETWORK "allow any 53, tcp, tcp 22 from a to b\n", NULL, NULL,
           "allow tcp/* any/53 a > b");
    expect(
        NETWORK
        "allow tcp 1-10, 11-20, 30 from a to b\nallow esp, ah from a to b\nallow any from a to b\n",
        NULL, NULL, "allow tcp/1-20,30 a > b; allow esp/* ah/* a > b; allow any/* a > b");
    expect_error(NETWORK "service x = y\nservice y = x\n", NULL, NULL, MLN_D_RECURSIVE);
}

/* --- what zones reach --- */

static bool holds(const struct mln_ipset *const set[MLN_FAMILIES], const char *text)
{
    struct mln_prefix prefix;
    mln_prefix_parse(text, strlen(text), &prefix);
    const struct mln_ipset *one;
    struct mln_arena *arena = mln_arena_new();
    one = mln_ipset_from_prefixes(arena, prefix.family, &prefix, 1);
    bool all = mln_ipset_covers(set[prefix.family], one);
    mln_arena_free(arena);
    return all;
}

#define HUB \
    "network hub 10.0.0.0/16 { zone h 10.0.1.0/24 }\n" \
    "network one 10.1.0.0/16, fd01::/56 { zone s 10.1.1.0/24, fd01::/64 }\n" \
    "network two 10.2.0.0/16 { zone t 10.2.1.0/24 }\n" \
    "external office 192.168.0.0/16, 198.51.100.0/24\nconnect office to hub via expressroute\n"

/* "allow tcp 1, tcp 3, ... from b to a": the set grows port by port, and nothing with the square of
 * it. */
static void long_lists_of_ports_cost_little(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_buf text;
    mln_buf_init(&text, a);
    mln_buf_add(&text, NETWORK "allow ");
    for (unsigned port = 1; port < 40000; port += 2)
        mln_buf_printf(&text, "tcp %u, ", port);
    for (unsigned port = 1; port < 20000; port += 2)
        mln_buf_printf(&text, "udp source %u 7, ", port);
    mln_buf_add(&text, "icmp from b to a as r\n");
    struct policy *p = policy_build(text.data, NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    const struct mln_services *services = &policy_intent(p, "r")->services;
    CU_ASSERT_EQUAL(services->len, 1 + 10000 + 1);
    CU_ASSERT_EQUAL(services->items[0].dport->len, 20000);
    CU_ASSERT(mln_arena_used(p->ctx.arena) < 60u << 20);
    policy_free(p);
    mln_arena_free(a);
}

static void peering_joins_two_networks_and_no_third(void)
{
    struct policy *p = policy_build(HUB "peer hub with one\npeer two with hub\n", NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    const struct mln_zone *h = policy_zone(p, "h"), *s = policy_zone(p, "s"),
                          *t = policy_zone(p, "t");
    CU_ASSERT(mln_zones_joined(h, s) && mln_zones_joined(s, h) && mln_zones_joined(h, t));
    CU_ASSERT(!mln_zones_joined(s, t) && !mln_zones_joined(t, s));
    CU_ASSERT(holds(s->virtual_network, "10.0.0.0/16") && holds(s->virtual_network, "10.1.0.0/16"));
    CU_ASSERT(holds(h->virtual_network, "fd01::/56") && !holds(t->virtual_network, "fd01::"));
    CU_ASSERT(!holds(s->virtual_network, "10.2.0.0") && holds(s->virtual_network, "168.63.129.16"));
    CU_ASSERT(!holds(s->joined[MLN_OUTBOUND], "10.2.1.4") &&
              holds(s->joined[MLN_OUTBOUND], "10.0.1.4"));
    CU_ASSERT(holds(s->joined[MLN_INBOUND], "203.0.113.9") &&
              !holds(s->joined[MLN_INBOUND], "172.16.0.1"));
    CU_ASSERT(!holds(s->internet, "10.0.0.0") && holds(s->internet, "10.2.0.0/16"));
    CU_ASSERT(holds(s->internet, "8.8.8.8") && !holds(s->internet, "168.63.129.16"));
    policy_free(p);
}

static void a_gateway_serves_those_it_is_lent_to(void)
{
    struct policy *p =
        policy_build(HUB "peer hub with one { gateway hub }\npeer two with hub\n", NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    const struct mln_zone *h = policy_zone(p, "h"), *s = policy_zone(p, "s"),
                          *t = policy_zone(p, "t");
    CU_ASSERT(holds(h->virtual_network, "192.168.0.0/16") &&
              holds(s->virtual_network, "192.168.0.0/16"));
    CU_ASSERT(!holds(t->virtual_network, "192.168.0.0") &&
              !holds(t->joined[MLN_OUTBOUND], "192.168.0.0"));
    CU_ASSERT(holds(s->joined[MLN_INBOUND], "192.168.0.0/16"));
    /* a public prefix of the office is in both tags, a private one only in VirtualNetwork */
    CU_ASSERT(holds(s->internet, "198.51.100.0/24") &&
              holds(s->virtual_network, "198.51.100.0/24"));
    CU_ASSERT(!holds(s->internet, "192.168.0.0") && !holds(t->virtual_network, "198.51.100.0"));
    policy_free(p);
    expect_error(HUB "peer hub with one { gateway two }\n", NULL, NULL, MLN_D_BAD_GATEWAY);
    expect_error(HUB "peer hub with one { gateway hub }\npeer two with one { gateway two }\n", NULL,
                 NULL, MLN_D_BAD_GATEWAY);
}

static void routes_widen_virtual_network(void)
{
    struct policy *p = policy_build(
        "network n 10.0.0.0/16 {\n zone all 10.0.1.0/24 { route 0.0.0.0/0 to appliance 10.0.9.4 }\n"
        " zone some 10.0.2.0/24 { route 172.20.0.0/16 to gateway route 198.51.100.0/24 to internet "
        "}\n"
        " zone none 10.0.3.0/24\n zone nva 10.0.9.0/28 { nsg none }\n}\n",
        NULL, NULL);
    if (!p->model || !policy_zone(p, "some"))
        policy_good(p);
    const struct mln_zone *all = policy_zone(p, "all"), *some = policy_zone(p, "some");
    CU_ASSERT_FATAL(all && some);
    CU_ASSERT(holds(all->virtual_network, "0.0.0.0/0") && holds(all->internet, "8.8.8.8"));
    CU_ASSERT(!holds(all->internet, "192.168.0.1") && !holds(all->internet, "10.0.0.0"));
    CU_ASSERT(holds(some->virtual_network, "172.20.0.0/16") &&
              !holds(some->internet, "172.20.0.0"));
    CU_ASSERT(holds(some->virtual_network, "198.51.100.0/24") &&
              holds(some->internet, "198.51.100.0/24"));
    CU_ASSERT(!holds(some->virtual_network, "8.8.8.8") && holds(some->internet, "172.21.0.0/16"));
    CU_ASSERT(policy_zone(p, "nva")->hosts_appliance && !all->hosts_appliance);
    policy_free(p);
}

/* Through the appliance in the hub the two spokes meet; the way back needs a route of its own. */
static void an_appliance_joins_what_routes_lead_to(void)
{
    struct policy *p =
        policy_build("network hub 10.0.0.0/16 { zone nva 10.0.9.0/28 { nsg none } }\n"
                     "network one 10.1.0.0/16 { zone s 10.1.1.0/24 { route 10.2.1.0/24 to "
                     "appliance 10.0.9.4 } zone s2 10.1.2.0/24 }\n"
                     "network two 10.2.0.0/16 { zone t 10.2.1.0/24 zone t2 10.2.2.0/24 }\n"
                     "peer hub with one\npeer hub with two\n",
                     NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    const struct mln_zone *s = policy_zone(p, "s"), *t = policy_zone(p, "t");
    CU_ASSERT(mln_zones_joined(s, t) && !mln_zones_joined(t, s));
    CU_ASSERT(!mln_zones_joined(s, policy_zone(p, "t2")) &&
              !mln_zones_joined(policy_zone(p, "s2"), t));
    CU_ASSERT(holds(s->joined[MLN_OUTBOUND], "10.2.1.0/24") &&
              !holds(s->joined[MLN_OUTBOUND], "10.2.2.0"));
    CU_ASSERT(holds(t->joined[MLN_INBOUND], "10.1.1.0/24") &&
              !holds(t->joined[MLN_INBOUND], "10.1.2.0"));
    CU_ASSERT(!holds(t->joined[MLN_OUTBOUND], "10.1.1.0"));
    policy_free(p);
    expect_error("network n 10.0.0.0/16 { zone a 10.0.1.0/24 { route 10.9.0.0/16 to appliance "
                 "10.0.9.4 } }\n",
                 NULL, NULL, MLN_D_BAD_ROUTE);
}

static void pods_are_of_the_zone_and_in_no_tag(void)
{
    struct policy *p = policy_build("network n 10.0.0.0/16 { zone k 10.0.1.0/24 { overlay "
                                    "10.244.0.0/16 } zone a 10.0.2.0/24 }\n",
                                    NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    const struct mln_zone *k = policy_zone(p, "k"), *a = policy_zone(p, "a");
    CU_ASSERT(holds(k->addresses, "10.244.0.0/16") && holds(k->network->space, "10.244.0.0/16"));
    CU_ASSERT(!holds(k->network->addresses, "10.244.0.0") &&
              holds(a->joined[MLN_OUTBOUND], "10.244.0.0/16"));
    CU_ASSERT(!holds(a->virtual_network, "10.244.0.0") && !holds(a->internet, "10.244.0.0"));
    policy_free(p);
}

/* --- network security groups and defaults --- */

static void zones_are_governed_by_name(void)
{
    struct policy *p = policy_build(
        "network x 10.0.0.0/16 { zone s 10.0.1.0/24 zone only 10.0.2.0/24 zone free 10.0.3.0/24 { "
        "nsg none }\n"
        " zone p 10.0.4.0/24 { nsg both } zone gw 10.0.5.0/27 { role gateway } }\n"
        "network y 10.1.0.0/16 { zone s 10.1.1.0/24 zone q 10.1.2.0/24 { nsg both } }\n"
        "network z 10.2.0.0/16 { id \"/subscriptions/1/x\" existing zone old 10.2.1.0/24 zone kept "
        "10.2.2.0/24 { nsg mine } }\n",
        NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    static const char *const names[] = {"both", "mine", "nsg-only", "nsg-x-s", "nsg-y-s"};
    CU_ASSERT_EQUAL_FATAL(p->model->nsgs.len, 5);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(p->model->nsgs.data[i]->name, names[i]);
        CU_ASSERT_EQUAL(p->model->nsgs.data[i]->index, i);
    }
    CU_ASSERT_EQUAL(p->model->nsgs.data[0]->zones.len, 2);
    CU_ASSERT_PTR_EQUAL(policy_zone(p, "p")->nsg, policy_zone(p, "q")->nsg);
    CU_ASSERT_PTR_NULL(policy_zone(p, "free")->nsg);
    CU_ASSERT_PTR_NULL(policy_zone(p, "gw")->nsg);
    CU_ASSERT_PTR_NULL(policy_zone(p, "old")->nsg);
    CU_ASSERT_STRING_EQUAL(policy_zone(p, "gw")->subnet, "GatewaySubnet");
    policy_free(p);
    expect_error("network x 10.0.0.0/16 { region westeurope zone p 10.0.4.0/24 { nsg both } }\n"
                 "network y 10.1.0.0/16 { region eastus zone q 10.1.2.0/24 { nsg both } }\n",
                 NULL, NULL, MLN_D_NSG_SHARED);
    expect_error("network x 10.0.0.0/16 { zone p 10.0.4.0/24 { nsg both } zone q 10.0.5.0/24 { nsg "
                 "BOTH } }\n",
                 NULL, NULL, MLN_D_CASE_CLASH);
    expect_error("network x 10.0.0.0/16 { zone g 10.0.4.0/24 { role gateway nsg mine } }\n", NULL,
                 NULL, MLN_D_ROLE_NO_NSG);
}

static void check_defaults(const struct policy *p, const char *zone, enum mln_default_kind in,
                           enum mln_default_kind out)
{
    CU_ASSERT_EQUAL(policy_zone(p, zone)->defaults[MLN_INBOUND], in);
    CU_ASSERT_EQUAL(policy_zone(p, zone)->defaults[MLN_OUTBOUND], out);
}

static void the_innermost_default_wins(void)
{
    struct policy *p =
        policy_build("default azure\ndefault outbound allow\n"
                     "network x 10.0.0.0/16 { zone top 10.0.1.0/24 }\n"
                     "network y 10.1.0.0/16 { default inbound deny\n zone net 10.1.1.0/24\n"
                     " zone own 10.1.2.0/24 { default azure }\n"
                     " zone mixed 10.1.3.0/24 { default outbound deny default azure } }\n",
                     NULL, NULL);
    CU_ASSERT_FATAL(policy_good(p));
    check_defaults(p, "top", MLN_DEFAULT_AZURE, MLN_DEFAULT_ALLOW);
    check_defaults(p, "net", MLN_DEFAULT_DENY, MLN_DEFAULT_ALLOW);
    check_defaults(p, "own", MLN_DEFAULT_AZURE, MLN_DEFAULT_AZURE);
    check_defaults(p, "mixed", MLN_DEFAULT_AZURE, MLN_DEFAULT_DENY);
    policy_free(p);
    p = policy_build(NETWORK, NULL, NULL);
    check_defaults(p, "a", MLN_DEFAULT_DENY, MLN_DEFAULT_DENY);
    policy_free(p);
    expect_error("default deny\ndefault allow\n" NETWORK, NULL, NULL, MLN_D_DEFAULT_CONFLICT);
    expect_error("network n 10.0.0.0/16 { zone a 10.0.1.0/24 { default inbound deny default "
                 "inbound azure } }\n",
                 NULL, NULL, MLN_D_DEFAULT_CONFLICT);
}

void suite_policy(void)
{
    UNIT_SUITE("policy");
    UNIT_TEST(an_alias_stands_before_imported_names);
    UNIT_TEST(imported_names_stand_alone_without_an_alias);
    UNIT_TEST(own_names_hide_the_prelude);
    UNIT_TEST(names_that_clash_are_errors);
    UNIT_TEST(a_declared_name_hides_a_tag);
    UNIT_TEST(tags_are_found_in_any_spelling);
    UNIT_TEST(a_zone_name_of_two_networks_needs_its_network);
    UNIT_TEST(parameters_are_values_of_any_kind);
    UNIT_TEST(parameters_come_from_outside);
    UNIT_TEST(strings_hold_parameters);
    UNIT_TEST(conditions_choose_one_branch);
    UNIT_TEST(names_of_an_application_are_private);
    UNIT_TEST(arguments_mean_what_the_caller_means);
    UNIT_TEST(clauses_of_an_application_go_to_its_intents);
    UNIT_TEST(networks_of_an_application_are_global);
    UNIT_TEST(an_allow_that_ended_is_left_out);
    UNIT_TEST(groups_are_flattened_with_their_exceptions);
    UNIT_TEST(services_are_canonical);
    UNIT_TEST(long_lists_of_ports_cost_little);
    UNIT_TEST(peering_joins_two_networks_and_no_third);
    UNIT_TEST(a_gateway_serves_those_it_is_lent_to);
    UNIT_TEST(routes_widen_virtual_network);
    UNIT_TEST(an_appliance_joins_what_routes_lead_to);
    UNIT_TEST(pods_are_of_the_zone_and_in_no_tag);
    UNIT_TEST(zones_are_governed_by_name);
    UNIT_TEST(the_innermost_default_wins);
}
