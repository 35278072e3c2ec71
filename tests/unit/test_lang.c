/* The parser: every statement, item and clause as a dumped tree; spans; literals; values; modules.
 * What wrong policies give is in tests/golden/errors/. */
#include "lang/lang.h"

#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct parsed {
    struct mln_arena *arena;
    struct mln_ctx ctx;
    struct mln_file *file;
    const char *text;
};

static struct parsed parse(const char *text)
{
    struct parsed p = {.arena = mln_arena_new(), .text = text};
    p.ctx = (struct mln_ctx){p.arena, mln_names_new(p.arena), mln_diags_new(p.arena)};
    uint32_t source = mln_source_add(p.ctx.diags, "t.mlp", "t.mlp", text, strlen(text), false);
    p.file = mln_parse(&p.ctx, source);
    return p;
}

static const char *dumped(const struct parsed *p)
{
    struct mln_buf out;
    mln_buf_init(&out, p->arena);
    mln_buf_add(&out, "");
    mln_ast_dump(p->file, &out);
    mln_diags_render(p->ctx.diags, MLN_FORMAT_SHORT, false, &out);
    return out.data;
}

/* The text parses without a report and is dumped as `tree`. */
static void expect(const char *text, const char *tree)
{
    struct parsed p = parse(text);
    const char *actual = dumped(&p);
    if (strcmp(actual, tree) != 0)
        printf("# %s\n# wanted:\n%s# got:\n%s", text, tree, actual);
    CU_ASSERT_STRING_EQUAL(actual, tree);
    mln_arena_free(p.arena);
}

/* --- statements --- */

static void reads_imports_and_params(void)
{
    expect("", "");
    expect("# only a comment", "");
    expect("import bastion", "import bastion\n");
    expect("import azure/machine-learning as aml", "import azure/machine-learning as aml\n");
    expect("import \"../common.mlp\"", "import \"../common.mlp\"\n");
    expect("import \"c.mlp\" as c", "import as c \"c.mlp\"\n");
    expect("param a param b = 3 param c=westeurope",
           "param a\nparam b = 3\nparam c = westeurope\n");
    expect("param v = (a, 1, 2-3, \"s\", 10.0.0.0/8, 2027-01-31, any, $x, (b))",
           "param v = (a, 1, 2-3, \"s\", 10.0.0.0/8, 2027-01-31, any, $x, (b))\n");
}

static void reads_networks(void)
{
    expect("network n 10.0.0.0/16, fd00::/64, $more", "network n 10.0.0.0/16, fd00::/64, $more\n");
    expect("network n 10.0.0.0/16 {\n"
           "region westeurope resource-group \"rg\" subscription \"sub\" id \"/x\" existing\n"
           "dns 10.0.0.4, 10.0.0.5 default inbound deny\n"
           "zone a 10.0.1.0/24 asg web in a\n"
           "when $p = 1 { zone b 10.0.2.0/24 } else when $q { default azure } else { existing }\n"
           "}",
           "network n 10.0.0.0/16\n"
           "  region westeurope\n"
           "  resource-group \"rg\"\n"
           "  subscription \"sub\"\n"
           "  id \"/x\"\n"
           "  existing\n"
           "  dns 10.0.0.4, 10.0.0.5\n"
           "  default inbound deny\n"
           "  zone a 10.0.1.0/24\n"
           "  asg web in a\n"
           "  when p = 1\n"
           "    zone b 10.0.2.0/24\n"
           "  else\n"
           "    when q\n"
           "      default azure\n"
           "    else\n"
           "      existing\n");
    expect("network n 10.0.0.0/8 { region \"West Europe\" region $r id $i }",
           "network n 10.0.0.0/8\n  region \"West Europe\"\n  region $r\n  id $i\n");
}

static void reads_zones(void)
{
    expect("network n 10.0.0.0/16 { zone a 10.0.1.0/24 {\n"
           "nsg none subnet \"AzureBastionSubnet\" role bastion default outbound azure\n"
           "service-endpoint Microsoft.Storage, Microsoft.Sql only models, \"/id\"\n"
           "service-endpoint Microsoft.KeyVault delegation \"Microsoft.Web/serverFarms\"\n"
           "route 0.0.0.0/0 to appliance 10.0.0.4 route Storage.$region to internet\n"
           "route 10.9.0.0/16 to none route $p to gateway\n"
           "overlay 10.244.0.0/16 egress 20.0.0.1, 20.0.0.2 existing\n"
           "when $p { nsg x } } }",
           "network n 10.0.0.0/16\n"
           "  zone a 10.0.1.0/24\n"
           "    nsg none\n"
           "    subnet \"AzureBastionSubnet\"\n"
           "    role bastion\n"
           "    default outbound azure\n"
           "    service-endpoint Microsoft.Storage, Microsoft.Sql only models, \"/id\"\n"
           "    service-endpoint Microsoft.KeyVault\n"
           "    delegation \"Microsoft.Web/serverFarms\"\n"
           "    route 0.0.0.0/0 to appliance 10.0.0.4\n"
           "    route Storage.$region to internet\n"
           "    route 10.9.0.0/16 to none\n"
           "    route $p to gateway\n"
           "    overlay 10.244.0.0/16\n"
           "    egress 20.0.0.1, 20.0.0.2\n"
           "    existing\n"
           "    when p\n"
           "      nsg x\n");
}

static void reads_small_statements(void)
{
    expect("asg web in n.a", "asg web in n.a\n");
    expect("external e 198.51.100.0/24, \"www.example.com\", $x",
           "external e 198.51.100.0/24, \"www.example.com\", $x\n");
    expect("peer a with b peer c with d { gateway d }",
           "peer a with b\npeer c with d\n  gateway d\n");
    expect("connect e to n via site-to-site connect e to n via point-to-site connect e to n via "
           "expressroute",
           "connect e to n via site-to-site\nconnect e to n via point-to-site\n"
           "connect e to n via expressroute\n");
    expect("group g = a, 10.0.0.1, (b, any except c), $x except d, ($y)",
           "group g = (a, 10.0.0.1, (b, any except c), $x except d, ($y))\n");
    expect("geography g = westeurope, northeurope", "geography g = westeurope, northeurope\n");
    expect("default deny default inbound allow default outbound azure",
           "default deny\ndefault inbound allow\ndefault outbound azure\n");
}

static void reads_resources(void)
{
    expect("resource r storage-account resource s key-vault {\n"
           "endpoint vault in a at 10.0.0.4, $p endpoint x in $z region eu name \"s1\" id \"/s\"\n"
           "resource-group \"rg\" sku Premium public no widen yes when $p { public yes } }",
           "resource r storage-account\n"
           "resource s key-vault\n"
           "  endpoint vault in a 10.0.0.4, $p\n"
           "  endpoint x in $z\n"
           "  region eu\n"
           "  name \"s1\"\n"
           "  id \"/s\"\n"
           "  resource-group \"rg\"\n"
           "  sku Premium\n"
           "  public no\n"
           "  widen yes\n"
           "  when p\n"
           "    public yes\n");
    expect("kind k { type \"T\" api \"2024\" tag Storage service-endpoint Microsoft.Storage "
           "prerequisite \"p\"\n"
           "endpoint e { id \"e\" ports tcp 443, 445 dns \"a\", \"b\" }\n"
           "firewall \"ipRules\" { entry value limit 400 same-region no default-action \"x\" }\n"
           "when $cloud = public { tag X } else { tag Y } }",
           "kind k\n"
           "  type \"T\"\n"
           "  api \"2024\"\n"
           "  tag Storage\n"
           "  service-endpoint Microsoft.Storage\n"
           "  prerequisite \"p\"\n"
           "  endpoint e\n"
           "    id \"e\"\n"
           "    ports tcp:443, tcp:445\n"
           "    dns \"a\", \"b\"\n"
           "  firewall \"ipRules\"\n"
           "    entry value\n"
           "    limit 400\n"
           "    same-region no\n"
           "    default-action \"x\"\n"
           "  when cloud = public\n"
           "    tag X\n"
           "  else\n"
           "    tag Y\n");
}

static void reads_templates(void)
{
    expect("template t() { } apply t()", "template t()\napply t()\n");
    expect("template t($a, $b = 443, $c = (x, y)) { allow tcp $b from $a to any when $c { default "
           "deny } }",
           "template t($a, $b = 443, $c = (x, y))\n"
           "  allow tcp:$b from ($a) to (any)\n"
           "  when c\n"
           "    default deny\n");
    expect(
        "apply aml.t(a, (b, c), zone = d, any = any, $p = 3) as x overrides y, z until 2027-01-31",
        "apply aml.t(a, (b, c), zone = d, any = any, p = 3) as x overrides y, z until "
        "2027-01-31\n");
}

static void reads_services(void)
{
    expect(
        "service s = tcp 80, 443, udp source 1-2 53, 54, any, 7, icmp, esp, ah, ssh, any 9",
        "service s = tcp:80, tcp:443, udp<1-2:53, udp:54, any, any:7, icmp, esp, ah, ssh, any:9\n");
    expect("service s = tcp, udp source 5, tcp source $a $b, $c, $m.x, tcp $m.y",
           "service s = tcp, udp<5, tcp<$a:$b, tcp$c, $m.x, tcp:$m.y\n");
    expect("service s = $p, tcp 1, $q, 2", "service s = $p, tcp:1, tcp$q, tcp:2\n");
}

static void reads_intents(void)
{
    expect("allow https from a to b deny any within a, b forbid tcp 22, ssh from any to 10.0.0.0/8 "
           "except c",
           "allow https from (a) to (b)\n"
           "deny any within (a, b)\n"
           "forbid tcp:22, ssh from (any) to (10.0.0.0/8 except c)\n");
    expect("assert deny ssh from Internet to any assert allow icmp within a as x",
           "assert deny ssh from (Internet) to (any)\nassert allow icmp within (a) as x\n");
    expect("allow ssh from a to b because \"x\" owner $o until $d overrides p, q as n",
           "allow ssh from (a) to (b) as n overrides p, q until $d owner $o because \"x\"\n");
}

static void reads_conditions(void)
{
    expect("when $a { allow ssh within x } else when $m.b = (1, 2) { } else { default deny }",
           "when a\n  allow ssh within (x)\nelse\n  when m.b = (1, 2)\n  else\n    default deny\n");
}

/* --- words --- */

static void leaves_soft_words_free(void)
{
    static const char *const words[] = {
        "region",       "resource-group",
        "subscription", "id",
        "existing",     "dns",
        "nsg",          "subnet",
        "role",         "only",
        "delegation",   "route",
        "overlay",      "egress",
        "appliance",    "internet",
        "none",         "gateway",
        "in",           "at",
        "with",         "via",
        "site-to-site", "point-to-site",
        "azure",        "expressroute",
        "inbound",      "outbound",
        "source",       "endpoint",
        "name",         "sku",
        "public",       "widen",
        "type",         "api",
        "tag",          "service-endpoint",
        "prerequisite", "ports",
        "firewall",     "yes",
        "no",           "entry",
        "limit",        "allow-all",
        "any.x",        "to_",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[512], tree[512];
        const char *w = words[i];
        snprintf(text, sizeof text,
                 "network %s 10.0.0.0/8 { zone %s 10.0.0.0/9 { role %s nsg %s } region %s }"
                 " asg %s in %s peer %s with %s allow %s from %s to %s as %s param %s = %s",
                 w, w, w, w, w, w, w, w, w, w, w, w, w, w, w);
        snprintf(
            tree, sizeof tree,
            "network %s 10.0.0.0/8\n  zone %s 10.0.0.0/9\n    role %s\n    nsg %s\n  region %s\n"
            "asg %s in %s\npeer %s with %s\nallow %s from (%s) to (%s) as %s\nparam %s = %s\n",
            w, w, w, w, w, w, w, w, w, w, w, w, w, w, w);
        expect(text, tree);
    }
}

static void refuses_reserved_words(void)
{
    static const char *const words[] = {
        "import", "param",   "network",  "zone",      "asg",       "external", "peer",    "connect",
        "group",  "service", "resource", "kind",      "geography", "template", "apply",   "when",
        "else",   "default", "allow",    "deny",      "forbid",    "assert",   "from",    "to",
        "within", "except",  "as",       "overrides", "until",     "owner",    "because", "any",
        "tcp",    "udp",     "icmp",     "esp",       "ah",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[64];
        snprintf(text, sizeof text, "external %s 192.0.2.0/24", words[i]);
        struct parsed p = parse(text);
        CU_ASSERT_EQUAL(p.ctx.diags->errors, 1);
        mln_arena_free(p.arena);
    }
}

static void reads_names_with_parameters(void)
{
    expect("group g = Storage.$region, $net.endpoints, $p, a.b.$c.d, _x-1",
           "group g = (Storage.$region, $net.endpoints, $p, a.b.$c.d, _x-1)\n");
    expect("network n 10.0.0.0/8 { zone abcd 10.0.0.0/9 } external e fd00::, abcd::1, ::, "
           "2001:db8::/32",
           "network n 10.0.0.0/8\n  zone abcd 10.0.0.0/9\nexternal e fd00::, abcd::1, ::, "
           "2001:db8::/32\n");
}

static void decodes_strings(void)
{
    struct parsed p = parse("param s = \"a\\\"b\\\\c\\n\\t\\${x} ${y.z}é $\"");
    CU_ASSERT_STRING_EQUAL(p.file->nodes->values->text, "a\"b\\c\n\t\x01{x} ${y.z}\xc3\xa9 $");
    CU_ASSERT_EQUAL(p.ctx.diags->errors, 0);
    mln_arena_free(p.arena);
}

static void skips_mark_and_line_ends(void)
{
    expect("\xef\xbb\xbf# x\r\nparam a\r\n\tparam b\f\v= 1\r", "param a\nparam b = 1\n");
}

/* --- spans --- */

static bool spans_text(const struct parsed *p, struct mln_span span, const char *text)
{
    size_t length = span.hi - span.lo;
    return span.file == p->file->source && length == strlen(text) &&
           memcmp(p->text + span.lo, text, length) == 0;
}

static void gives_exact_spans(void)
{
    struct parsed p =
        parse("  network n 10.0.0.0/8 {\n zone a 10.0.0.0/9 { nsg x }\n}\n"
              "allow tcp 80, 443 from a, (b except c) to $d as r because \"é\" # end\n");
    const struct mln_node *network = p.file->nodes, *zone = network->body, *intent = network->next;
    CU_ASSERT_EQUAL(p.ctx.diags->errors, 0);
    CU_ASSERT(spans_text(&p, mln_node_keyword(network), "network"));
    CU_ASSERT(spans_text(&p, network->name.span, "n"));
    CU_ASSERT(
        spans_text(&p, network->span, "network n 10.0.0.0/8 {\n zone a 10.0.0.0/9 { nsg x }\n}"));
    CU_ASSERT(spans_text(&p, zone->span, "zone a 10.0.0.0/9 { nsg x }"));
    CU_ASSERT(spans_text(&p, zone->values->span, "10.0.0.0/9"));
    CU_ASSERT(spans_text(&p, zone->body->span, "nsg x"));
    CU_ASSERT(spans_text(&p, intent->span,
                         "allow tcp 80, 443 from a, (b except c) to $d as r because \"é\""));
    CU_ASSERT(spans_text(&p, intent->services->span, "tcp 80"));
    CU_ASSERT(spans_text(&p, intent->services->next->span, "443"));
    CU_ASSERT(spans_text(&p, intent->from->span, "a, (b except c)"));
    CU_ASSERT(spans_text(&p, intent->from->terms->next->span, "(b except c)"));
    CU_ASSERT(spans_text(&p, intent->to->terms->span, "$d"));
    CU_ASSERT(spans_text(&p, intent->clauses->as.span, "r"));
    CU_ASSERT(spans_text(&p, intent->clauses->because->span, "\"é\""));
    mln_arena_free(p.arena);
}

/* --- mistakes --- */

static void goes_on_after_mistakes(void)
{
    struct parsed p =
        parse("network n 10.0.0.0/33 {\n    zone a\n    regio eu\n    zone b 10.0.0.0/24\n}\n"
              "allow ssh form b to b\nallow ssh within b\n");
    struct mln_buf out;
    mln_buf_init(&out, p.arena);
    mln_ast_dump(p.file, &out);
    CU_ASSERT_STRING_EQUAL(out.data,
                           "network n ?\n  zone a ?\n  zone b 10.0.0.0/24\nallow ssh within (b)\n");
    CU_ASSERT_EQUAL(p.ctx.diags->errors, 4);
    mln_arena_free(p.arena);
}

static struct parsed parse_nested(int levels)
{
    char *text = calloc(1, 2 * (size_t)levels + 32);
    strcpy(text, "group g = ");
    memset(text + strlen(text), '(', (size_t)levels);
    strcat(text, "a");
    memset(text + strlen(text), ')', (size_t)levels);
    struct parsed p = parse(text);
    free(text);
    return p;
}

static void bounds_nesting(void)
{
    struct parsed p = parse_nested(MLN_MAX_NESTING);
    CU_ASSERT_EQUAL(p.ctx.diags->errors, 0);
    mln_arena_free(p.arena);
    p = parse_nested(MLN_MAX_NESTING + 1);
    CU_ASSERT_EQUAL(p.ctx.diags->errors, 1);
    CU_ASSERT_EQUAL(p.ctx.diags->list.data[0]->id, MLN_D_TOO_DEEP);
    mln_arena_free(p.arena);
}

/* The size is looked at before the text is. */
static void refuses_huge_files(void)
{
    struct parsed p = parse("");
    uint32_t source = mln_source_add(p.ctx.diags, "huge.mlp", NULL, "# ", 2, false);
    p.ctx.diags->sources.data[source - 1]->length = INT_MAX;
    mln_parse(&p.ctx, source);
    CU_ASSERT_EQUAL(p.ctx.diags->errors, 1);
    CU_ASSERT_EQUAL(p.ctx.diags->list.data[0]->id, MLN_D_TOO_COMPLEX);
    CU_ASSERT_STRING_EQUAL(mln_diag_catalogue[MLN_D_TOO_COMPLEX].slug, "too-complex");
    mln_arena_free(p.arena);
}

/* --- values from outside --- */

static void reads_single_values(void)
{
    struct parsed p = parse("");
    struct mln_value *value = mln_parse_value(&p.ctx, "(westeurope, 10.0.0.0/8)");
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    CU_ASSERT_EQUAL(value->kind, MLN_VALUE_LIST);
    CU_ASSERT_EQUAL(value->items->kind, MLN_VALUE_NAME);
    CU_ASSERT_EQUAL(value->items->next->kind, MLN_VALUE_PREFIX);
    CU_ASSERT_EQUAL(value->span.file, 0);
    CU_ASSERT_PTR_NOT_NULL(mln_parse_value(&p.ctx, " 2027-01-31 # day"));
    static const char *const bad[] = {"",    "a b",   "10.0.0.1/8", "2027-02-30", "(a",
                                      "\"x", "allow", ";",          "a\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_PTR_NULL(mln_parse_value(&p.ctx, bad[i]));
    CU_ASSERT_EQUAL(p.ctx.diags->list.len, 0);
    mln_arena_free(p.arena);
}

/* --- modules --- */

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *dir, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    CU_ASSERT_EQUAL(remove(path), 0);
}

static void reads_each_module_once(void)
{
    char dir[] = "unit-lang-XXXXXX", path[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_file(
        dir, "main.mlp",
        "import \"one.mlp\" import \"./two.mlp\" as t import own/bastion import azure/sql\n");
    write_file(dir, "one.mlp", "import \"two.mlp\"\n");
    write_file(dir, "two.mlp", "param x = 1\n");
    snprintf(path, sizeof path, "%s/own", dir);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    write_file(dir, "own/bastion.mlp", "param y = 2\n");
    struct parsed p = parse("");
    const char *dirs[] = {dir};
    struct mln_load_options options = {.include_dirs = dirs, .include_count = 1};
    struct mln_module_vec modules = {0};
    int error = 0;
    snprintf(path, sizeof path, "%s/main.mlp", dir);
    struct mln_module *root = mln_load(&p.ctx, path, &options, &modules, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(p.ctx.diags->errors, 0);
    CU_ASSERT_EQUAL_FATAL(root->imports.len, 4);
    const struct mln_import *import = root->imports.data;
    CU_ASSERT_PTR_EQUAL(import[0].module->imports.data[0].module, import[1].module);
    CU_ASSERT_STRING_EQUAL(import[1].alias, "t");
    CU_ASSERT_FALSE(import[2].module->library);
    CU_ASSERT_TRUE(import[3].module->library);
    CU_ASSERT_STRING_EQUAL(import[3].module->display, "<stdlib>/azure/sql.mlp");
    CU_ASSERT_PTR_EQUAL(modules.data[modules.len - 1], root);
    for (size_t i = 0; i < modules.len; i++) {
        CU_ASSERT_EQUAL(modules.data[i]->index, i);
        for (size_t k = 0; k < modules.data[i]->imports.len; k++)
            CU_ASSERT(modules.data[i]->imports.data[k].module->index < i);
    }
    CU_ASSERT_PTR_NULL(mln_load(&p.ctx, "/nonexistent/x.mlp", &options, &modules, &error));
    CU_ASSERT_EQUAL(error, 2);
    mln_arena_free(p.arena);
    static const char *const made[] = {"main.mlp", "one.mlp", "two.mlp", "own/bastion.mlp", "own"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        remove_file(dir, made[i]);
    CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void parses_the_whole_library(void)
{
    struct parsed p = parse("");
    size_t count = 0, length;
    const char *path;
    for (size_t i = 0; (path = mln_stdlib_path(i)) != NULL; i++) {
        const char *text = mln_stdlib_get(path, &length);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        if (i > 0)
            CU_ASSERT(strcmp(mln_stdlib_path(i - 1), path) < 0);
        if (strstr(path, ".mlp"))
            mln_parse(&p.ctx, mln_source_add(p.ctx.diags, path, NULL, text, length, true));
        count++;
    }
    CU_ASSERT(count > 10);
    CU_ASSERT_EQUAL(p.ctx.diags->list.len, 0);
    CU_ASSERT_PTR_NULL(mln_stdlib_get("azure/nothing.mlp", &length));
    mln_arena_free(p.arena);
}

void suite_lang(void)
{
    UNIT_SUITE("lang");
    UNIT_TEST(reads_imports_and_params);
    UNIT_TEST(reads_networks);
    UNIT_TEST(reads_zones);
    UNIT_TEST(reads_small_statements);
    UNIT_TEST(reads_resources);
    UNIT_TEST(reads_templates);
    UNIT_TEST(reads_services);
    UNIT_TEST(reads_intents);
    UNIT_TEST(reads_conditions);
    UNIT_TEST(leaves_soft_words_free);
    UNIT_TEST(refuses_reserved_words);
    UNIT_TEST(reads_names_with_parameters);
    UNIT_TEST(decodes_strings);
    UNIT_TEST(skips_mark_and_line_ends);
    UNIT_TEST(gives_exact_spans);
    UNIT_TEST(goes_on_after_mistakes);
    UNIT_TEST(bounds_nesting);
    UNIT_TEST(refuses_huge_files);
    UNIT_TEST(reads_single_values);
    UNIT_TEST(reads_each_module_once);
    UNIT_TEST(parses_the_whole_library);
}
