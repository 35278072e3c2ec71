/* Values of templates and templates: ARM's escaping, expressions, and the order of deployment. */
#include "emit/template.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const char *as_json(struct mln_arena *a, const struct mln_tree *tree, bool plain)
{
    struct mln_buf out;
    struct mln_json json;
    mln_buf_init(&out, a);
    mln_json_init(&json, &out, true);
    mln_tree_write_json(tree, &json, plain);
    return out.data;
}

static bool equal(const char *got, const char *wanted)
{
    if (strcmp(got, wanted) == 0)
        return true;
    printf("# got %s, wanted %s\n", got, wanted);
    return false;
}

static void literals_are_json(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_tree *object = mln_tree_object(a), *array = mln_tree_set_array(a, object, "a");
    mln_tree_push(a, array, mln_tree_null(a));
    mln_tree_push(a, array, mln_tree_bool(a, true));
    mln_tree_push(a, array, mln_tree_integer(a, -7));
    mln_tree_text(a, object, "b", "it's \"c\"");
    mln_tree_text(a, object, "left out", NULL);
    mln_tree_set_object(a, object, "d");
    CU_ASSERT_TRUE(equal(as_json(a, object, false),
                         "{\"a\":[null,true,-7],\"b\":\"it's \\\"c\\\"\",\"d\":{}}"));
    CU_ASSERT_PTR_EQUAL(mln_tree_get(object, "a"), array);
    CU_ASSERT_PTR_NULL(mln_tree_get(object, "left out"));
    CU_ASSERT_PTR_NULL(mln_tree_get(array, "a"));
    mln_arena_free(a);
}

static void a_text_is_never_taken_for_an_expression(void)
{
    static const char *const cases[][2] = {
        {"[parameters('x')]", "\"[[parameters('x')]\""},
        {"[]", "\"[[]\""},
        {"[[x]", "\"[[[x]\""},
        {"[audited] by hand", "\"[audited] by hand\""}, /* not one: it has text behind */
        {"[", "\"[\""},
        {"", "\"\""},
        {"x]", "\"x]\""},
    };
    struct mln_arena *a = mln_arena_new();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mln_tree *tree = mln_tree_string(a, cases[i][0]);
        CU_ASSERT_TRUE(equal(as_json(a, tree, false), cases[i][1]));
        CU_ASSERT_TRUE(equal(as_json(a, tree, true), mln_printf(a, "\"%s\"", cases[i][0])));
    }
    mln_arena_free(a);
}

static void expressions_have_one_pair_of_brackets(void)
{
    struct mln_arena *a = mln_arena_new();
    struct mln_tree *group = mln_tree_call(a, "resourceGroup", 0);
    struct mln_tree *call = mln_tree_call(a, "format", 4, mln_tree_string(a, "it's {0} {1} {2}"),
                                          mln_tree_property(a, group, "location"),
                                          mln_tree_param(a, "p"), mln_tree_variable(a, "v"));
    CU_ASSERT_TRUE(equal(as_json(a, call, false),
                         "\"[format('it''s {0} {1} {2}', resourceGroup().location, "
                         "parameters('p'), variables('v'))]\""));
    CU_ASSERT_TRUE(mln_tree_is_expression(call));
    CU_ASSERT_FALSE(mln_tree_is_expression(mln_tree_string(a, "x")));
    mln_arena_free(a);
}

static struct mln_template_resource *add(struct mln_template *t, const char *name,
                                         struct mln_template_resource *x,
                                         struct mln_template_resource *y)
{
    struct mln_template_resource *r = mln_template_add(t, NULL, name, "A/b", name);
    if (x)
        mln_tree_set(t->arena, r->body, "x", mln_tree_id(t->arena, x));
    if (y)
        mln_tree_set(t->arena, r->body, "y", mln_tree_child_id(t->arena, y, "c", "n"));
    return r;
}

static void names_and_ids_follow_the_type(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    struct mln_template_resource *vnet = mln_template_add(t, NULL, "v", "N/vnets", "ml");
    struct mln_template_resource *peering =
        mln_template_add(t, NULL, "p", "N/vnets/peerings", "ml");
    mln_vec_push(t->arena, &peering->name, mln_tree_string(t->arena, "to-hub"));
    peering->parent = vnet;
    CU_ASSERT_TRUE(equal(as_json(t->arena, mln_tree_id(t->arena, peering), false),
                         "\"[resourceId('N/vnets/peerings', 'ml', 'to-hub')]\""));
    CU_ASSERT_TRUE(
        equal(as_json(t->arena, mln_tree_child_id(t->arena, vnet, "subnets", "s"), false),
              "\"[resourceId('N/vnets/subnets', 'ml', 's')]\""));
    mln_template_finish(t);
    CU_ASSERT_EQUAL(peering->refers.len, 1);
    struct mln_buf out;
    struct mln_json json;
    mln_buf_init(&out, t->arena);
    mln_json_init(&json, &out, true);
    mln_template_write_resource(peering, &json);
    CU_ASSERT_TRUE(equal(out.data, "{\"type\":\"N/vnets/peerings\",\"name\":"
                                   "\"ml/to-hub\",\"dependsOn\":[\"[resourceId('N/vnets', "
                                   "'ml')]\"]}"));
    peering->name.data[1] = mln_tree_param(t->arena, "p");
    mln_buf_init(&out, t->arena);
    mln_json_init(&json, &out, true);
    mln_template_write_resource(peering, &json);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "\"[format('{0}/{1}', 'ml', parameters('p'))]\""));
    mln_arena_free(t->arena);
}

static void what_is_waited_for_anyway_is_not_said(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    struct mln_template_resource *a = add(t, "a", NULL, NULL), *b = add(t, "b", a, NULL);
    struct mln_template_resource *c = add(t, "c", a, b), *d = add(t, "d", a, NULL);
    mln_vec_push(t->arena, &d->after, c);
    mln_template_finish(t);
    CU_ASSERT_EQUAL(a->depends.len, 0);
    CU_ASSERT_EQUAL_FATAL(b->depends.len, 1);
    CU_ASSERT_EQUAL_FATAL(c->depends.len, 1);
    CU_ASSERT_PTR_EQUAL(c->depends.data[0], b); /* which waits for a */
    CU_ASSERT_EQUAL(c->refers.len, 2);
    CU_ASSERT_EQUAL_FATAL(d->depends.len, 1);
    CU_ASSERT_PTR_EQUAL(d->depends.data[0], c);
    CU_ASSERT_EQUAL(d->refers.len, 1);
    mln_arena_free(t->arena);
}

static void symbols_are_identifiers_and_unique(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    CU_ASSERT_STRING_EQUAL(mln_template_symbol(t, "vnet", "ml-west.2"), "vnetMlWest2");
    CU_ASSERT_STRING_EQUAL(mln_template_symbol(t, "vnet", "ml_west-2"), "vnetMlWest2_2");
    CU_ASSERT_STRING_EQUAL(mln_template_symbol(t, "", "nsg-ml"), "nsgMl");
    mln_template_param(t, "NSGJUMP", "string", NULL, NULL);
    CU_ASSERT_STRING_EQUAL(mln_template_symbol(t, "nsg", "jump"), "nsgJump_2");
    mln_arena_free(t->arena);
}

static void a_parameter_is_declared_once(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    struct mln_tree *first = mln_template_param(t, "p", "string", NULL, "What it is.");
    struct mln_tree *again = mln_template_param(t, "p", "string", NULL, "What it is.");
    CU_ASSERT_EQUAL(t->params.len, 1);
    CU_ASSERT_STRING_EQUAL(first->text, again->text);
    mln_arena_free(t->arena);
}

/* ---- splitting ---- */

static struct mln_template_resource *add_in(struct mln_template *t,
                                            const struct mln_template_scope *scope,
                                            const char *name, struct mln_template_resource *x,
                                            struct mln_template_resource *y)
{
    struct mln_template_resource *r = mln_template_add(t, scope, name, "A/b", name);
    if (x)
        mln_tree_set(t->arena, r->body, "x", mln_tree_id(t->arena, x));
    if (y)
        mln_tree_set(t->arena, r->body, "y", mln_tree_id(t->arena, y));
    return r;
}

static void what_two_groups_need_of_each_other_comes_in_rounds(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    const struct mln_template_scope one = {NULL, "one"}, two = {"sub", "two"};
    struct mln_template_resource *a = add_in(t, &one, "a", NULL, NULL);
    struct mln_template_resource *b = add_in(t, &two, "b", NULL, NULL);
    struct mln_template_resource *ab = add_in(t, &one, "ab", a, b);
    struct mln_template_resource *ba = add_in(t, &two, "ba", b, a);
    struct mln_template_vec parts = mln_template_split(t);
    CU_ASSERT_EQUAL_FATAL(parts.len, 3);
    CU_ASSERT_PTR_EQUAL(parts.data[0]->scope, &one);
    CU_ASSERT_PTR_EQUAL(parts.data[1]->scope, &two);
    CU_ASSERT_PTR_EQUAL(parts.data[2]->scope, &one);
    CU_ASSERT_PTR_EQUAL(a->owner, parts.data[0]);
    CU_ASSERT_PTR_EQUAL(ab->owner, parts.data[2]);
    CU_ASSERT_PTR_EQUAL(ba->owner, parts.data[1]);
    CU_ASSERT_EQUAL(ab->depends.len, 0); /* both are there by then */
    CU_ASSERT_EQUAL_FATAL(ba->depends.len, 1);
    CU_ASSERT_PTR_EQUAL(ba->depends.data[0], b);
    CU_ASSERT_TRUE(equal(as_json(t->arena, ab->body, false),
                         "{\"x\":\"[resourceId('A/b', 'a')]\","
                         "\"y\":\"[resourceId('sub', 'two', 'A/b', 'b')]\"}"));
    /* Nobody says which subscription `one` is deployed to. */
    CU_ASSERT_TRUE(equal(as_json(t->arena, mln_tree_get(ba->body, "y"), false),
                         "\"[resourceId(parameters('mainSubscription'), 'one', 'A/b', 'a')]\""));
    CU_ASSERT_EQUAL(parts.data[1]->params.len, 1);
    CU_ASSERT_EQUAL(parts.data[2]->params.len, 0);
    mln_arena_free(t->arena);
}

static void the_group_that_nobody_names_is_asked_for(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    const struct mln_template_scope none = {NULL, NULL}, named = {NULL, "g"};
    struct mln_template_resource *a = add_in(t, &none, "a", NULL, NULL);
    struct mln_template_resource *b = add_in(t, &named, "b", a, NULL);
    struct mln_template_vec parts = mln_template_split(t);
    CU_ASSERT_EQUAL_FATAL(parts.len, 2);
    CU_ASSERT_TRUE(equal(as_json(t->arena, mln_tree_get(b->body, "x"), false),
                         "\"[resourceId(parameters('mainResourceGroup'), 'A/b', 'a')]\""));
    CU_ASSERT_EQUAL_FATAL(parts.data[1]->params.len, 1);
    CU_ASSERT_STRING_EQUAL(parts.data[1]->params.data[0].name, "mainResourceGroup");
    mln_arena_free(t->arena);
}

/* `count` resources with a body of `bytes` bytes, each with a parameter of its own if so wanted. */
static struct mln_template_vec split_many(struct mln_template *t, size_t count, size_t bytes,
                                          bool params)
{
    static const struct mln_template_scope scope;
    char *text = mln_alloc(t->arena, bytes + 1);
    memset(text, 'x', bytes);
    for (size_t i = 0; i < count; i++) {
        const char *name = mln_printf(t->arena, "r%zu", i);
        struct mln_template_resource *r = mln_template_add(t, &scope, name, "A/b", name);
        mln_tree_text(t->arena, r->body, "text", text);
        if (params)
            mln_tree_set(t->arena, r->body, "p",
                         mln_template_param(t, mln_printf(t->arena, "p%zu", i), "string", NULL,
                                            "What it is."));
    }
    return mln_template_split(t);
}

static size_t most_resources(const struct mln_template_vec *parts, size_t *sum)
{
    size_t most = *sum = 0;
    for (size_t i = 0; i < parts->len; i++) {
        most = parts->data[i]->resources.len > most ? parts->data[i]->resources.len : most;
        *sum += parts->data[i]->resources.len;
    }
    return most;
}

static void no_template_is_larger_than_azure_takes(void)
{
    size_t sum;
    struct mln_template *t = mln_template_new(mln_arena_new());
    struct mln_template_vec parts = split_many(t, 2 * MLN_TEMPLATE_RESOURCES_MAX + 1, 1, false);
    CU_ASSERT_EQUAL(parts.len, 3);
    CU_ASSERT_EQUAL(most_resources(&parts, &sum), MLN_TEMPLATE_RESOURCES_MAX);
    CU_ASSERT_EQUAL(sum, 2 * MLN_TEMPLATE_RESOURCES_MAX + 1);
    mln_arena_free(t->arena);

    t = mln_template_new(mln_arena_new());
    parts = split_many(t, MLN_TEMPLATE_PARAMS_MAX + 1, 1, true);
    CU_ASSERT_EQUAL(parts.len, 2);
    CU_ASSERT_TRUE(parts.data[0]->params.len <= MLN_TEMPLATE_PARAMS_MAX);
    CU_ASSERT_EQUAL(parts.data[0]->params.len + parts.data[1]->params.len,
                    MLN_TEMPLATE_PARAMS_MAX + 1);
    mln_arena_free(t->arena);

    t = mln_template_new(mln_arena_new());
    parts = split_many(t, 20, MLN_TEMPLATE_BYTES_MAX / 8, false);
    CU_ASSERT_TRUE(parts.len > 2);
    most_resources(&parts, &sum);
    CU_ASSERT_EQUAL(sum, 20);
    for (size_t i = 0; i < parts.len; i++) {
        struct mln_buf text;
        mln_buf_init(&text, t->arena);
        mln_template_write_json(parts.data[i], &text);
        CU_ASSERT_TRUE(text.len < MLN_TEMPLATE_BYTES_MAX);
    }
    mln_arena_free(t->arena);
}

static void outputs_stand_in_the_last_template_of_their_scope(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    const struct mln_template_scope here = {NULL, "here"}, nowhere = {NULL, "nowhere"};
    add_in(t, &here, "a", NULL, NULL);
    struct mln_tree *first = mln_tree_array(t->arena), *second = mln_tree_array(t->arena);
    mln_tree_push(t->arena, first, mln_tree_string(t->arena, "x"));
    mln_tree_push(t->arena, second, mln_tree_string(t->arena, "y"));
    mln_template_output(t, &here, "list", "array", first);
    mln_template_output(t, &nowhere, "list", "array", second);
    struct mln_template_vec parts = mln_template_split(t);
    CU_ASSERT_EQUAL_FATAL(parts.len, 1);
    CU_ASSERT_EQUAL_FATAL(parts.data[0]->outputs.len, 1);
    CU_ASSERT_TRUE(
        equal(as_json(t->arena, parts.data[0]->outputs.data[0].value, false), "[\"x\",\"y\"]"));
    mln_arena_free(t->arena);
}

static void nothing_is_a_template_too(void)
{
    struct mln_template *t = mln_template_new(mln_arena_new());
    struct mln_template_vec parts = mln_template_split(t);
    CU_ASSERT_EQUAL_FATAL(parts.len, 1);
    CU_ASSERT_EQUAL(parts.data[0]->resources.len, 0);
    mln_arena_free(t->arena);
}

void suite_template(void)
{
    UNIT_SUITE("template");
    UNIT_TEST(literals_are_json);
    UNIT_TEST(a_text_is_never_taken_for_an_expression);
    UNIT_TEST(expressions_have_one_pair_of_brackets);
    UNIT_TEST(names_and_ids_follow_the_type);
    UNIT_TEST(what_is_waited_for_anyway_is_not_said);
    UNIT_TEST(symbols_are_identifiers_and_unique);
    UNIT_TEST(a_parameter_is_declared_once);
    UNIT_TEST(what_two_groups_need_of_each_other_comes_in_rounds);
    UNIT_TEST(the_group_that_nobody_names_is_asked_for);
    UNIT_TEST(no_template_is_larger_than_azure_takes);
    UNIT_TEST(outputs_stand_in_the_last_template_of_their_scope);
    UNIT_TEST(nothing_is_a_template_too);
}
