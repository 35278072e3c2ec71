/* Writers of Terraform and Bicep: what stands for itself, and the form of lines. */
#include "emit/bicep.h"
#include "emit/hcl.h"
#include "unit.h"

#include <string.h>

static const char *hcl_quoted(struct mln_arena *arena, const char *text)
{
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_hcl_quote(&out, text, false);
    return out.data;
}

static void hcl_strings_stand_for_themselves(void)
{
    static const struct {
        const char *text, *quoted;
    } cases[] = {
        {"", "\"\""},
        {"plain \xc3\xa9\xe4\xb8\xad", "\"plain \xc3\xa9\xe4\xb8\xad\""},
        {"\"\\\n\r\t", "\"\\\"\\\\\\n\\r\\t\""},
        {"${a} %{b}", "\"$${a} %%{b}\""},
        {"$ % $a {} $", "\"$ % $a {} $\""},
        /* The sign behind a sign would be taken for the escape of another one. */
        {"$${a} %%{b} $%{c}", "\"$\\u0024{a} %\\u0025{b} $\\u0025{c}\""},
        {"\x01\x7f\xe2\x80\xae", "\"\\u0001\\u007f\\u202e\""},
        {"\xff\xc0", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    struct mln_arena *arena = mln_arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_STRING_EQUAL(hcl_quoted(arena, cases[i].text), cases[i].quoted);
    mln_arena_free(arena);
}

static void hcl_lines_are_as_fmt_leaves_them(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_buf out;
    struct mln_hcl hcl;
    mln_buf_init(&out, arena);
    mln_hcl_init(&hcl, &out);
    mln_hcl_block(&hcl, "resource", "azurerm_subnet", "a");
    mln_hcl_text(&hcl, "name", "a");
    mln_hcl_text(&hcl, "left_out", NULL);
    mln_hcl_number(&hcl, "priority", 100);
    mln_hcl_list(&hcl, "short");
    mln_hcl_item_text(&hcl, "x");
    mln_hcl_item_expression(&hcl, "y.id");
    mln_hcl_end_list(&hcl);
    mln_hcl_list(&hcl, "long");
    mln_hcl_item_text(&hcl, "0123456789012345678901234567890123456789");
    mln_hcl_item_text(&hcl, "0123456789012345678901234567890123456789");
    mln_hcl_end_list(&hcl);
    mln_hcl_bool(&hcl, "on", true);
    mln_hcl_block(&hcl, "inner", NULL, NULL);
    mln_hcl_end(&hcl);
    mln_hcl_empty_block(&hcl, "features", NULL, NULL);
    mln_hcl_end(&hcl);
    mln_hcl_comment(&hcl, "the end");
    CU_ASSERT_STRING_EQUAL(out.data, "resource \"azurerm_subnet\" \"a\" {\n"
                                     "  name     = \"a\"\n"
                                     "  priority = 100\n"
                                     "  short    = [\"x\", y.id]\n"
                                     "  long = [\n"
                                     "    \"0123456789012345678901234567890123456789\",\n"
                                     "    \"0123456789012345678901234567890123456789\",\n"
                                     "  ]\n"
                                     "  on = true\n"
                                     "\n"
                                     "  inner {\n"
                                     "  }\n"
                                     "\n"
                                     "  features {}\n"
                                     "}\n"
                                     "\n"
                                     "# the end\n");
    mln_arena_free(arena);
}

static const char *bicep(struct mln_arena *arena, const struct mln_tree *tree)
{
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_bicep_value(tree, 0, &out);
    return out.data;
}

static void bicep_strings_stand_for_themselves(void)
{
    static const struct {
        const char *text, *quoted;
    } cases[] = {
        {"", "''"},
        {"it's", "'it\\'s'"},
        {"a\\b\n\r\t", "'a\\\\b\\n\\r\\t'"},
        {"${a} $b $", "'\\${a} $b $'"},
        {"$${a}", "'$\\${a}'"},
        {"\"double\" [x]", "'\"double\" [x]'"},
        {"\x01\xe2\x80\xae\xff", "'\\u{1}\\u{202e}\xef\xbf\xbd'"},
    };
    struct mln_arena *arena = mln_arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_STRING_EQUAL(bicep(arena, mln_tree_string(arena, cases[i].text)),
                               cases[i].quoted);
    mln_arena_free(arena);
}

static void bicep_has_symbols_for_expressions(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_template_resource vnet = {.symbol = "vnetMl", .type = "M.N/virtualNetworks"};
    struct mln_tree *form = mln_tree_string(a, "it's {0}/${x}/{1}");
    struct mln_tree *here = mln_tree_call(a, "resourceGroup", 0);
    CU_ASSERT_STRING_EQUAL(bicep(a, mln_tree_param(a, "location")), "location");
    CU_ASSERT_STRING_EQUAL(bicep(a, mln_tree_property(a, here, "location")),
                           "resourceGroup().location");
    CU_ASSERT_STRING_EQUAL(bicep(a, mln_tree_id(a, &vnet)), "vnetMl.id");
    CU_ASSERT_STRING_EQUAL(bicep(a, mln_tree_child_id(a, &vnet, "subnets", "it's")),
                           "'${vnetMl.id}/subnets/it\\'s'");
    struct mln_tree *call = mln_tree_call(a, "format", 3, mln_tree_string(a, "a{0}/b's/{1}"),
                                          mln_tree_param(a, "x"), mln_tree_string(a, "${y}"));
    CU_ASSERT_STRING_EQUAL(bicep(a, call), "'a${x}/b\\'s/\\${y}'");
    call = mln_tree_call(a, "resourceId", 2, form, mln_tree_integer(a, -1));
    CU_ASSERT_STRING_EQUAL(bicep(a, call), "resourceId('it\\'s {0}/\\${x}/{1}', -1)");
    mln_arena_free(a);
}

static void bicep_lines(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_tree *object = mln_tree_object(a), *list = mln_tree_set_array(a, object, "odd-key");
    mln_tree_push(a, list, mln_tree_null(a));
    mln_tree_push(a, list, mln_tree_object(a));
    list = mln_tree_set_array(a, object, "_2");
    mln_tree_push(a, list, mln_tree_string(a, "80"));
    mln_tree_push(a, list, mln_tree_bool(a, false));
    mln_tree_set_array(a, object, "3");
    CU_ASSERT_STRING_EQUAL(bicep(a, object), "{\n"
                                             "  'odd-key': [\n"
                                             "    null\n"
                                             "    {}\n"
                                             "  ]\n"
                                             "  _2: ['80', false]\n"
                                             "  '3': []\n"
                                             "}");
    mln_arena_free(a);
}

void suite_syntax(void)
{
    UNIT_SUITE("syntax");
    UNIT_TEST(hcl_strings_stand_for_themselves);
    UNIT_TEST(hcl_lines_are_as_fmt_leaves_them);
    UNIT_TEST(bicep_strings_stand_for_themselves);
    UNIT_TEST(bicep_has_symbols_for_expressions);
    UNIT_TEST(bicep_lines);
}
