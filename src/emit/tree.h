/* Values of templates: JSON's values, and expressions kept as structure instead of text, so that
 * one value is printed as ARM JSON ("[parameters('location')]"), as Bicep and as Terraform.
 *
 *     struct mln_tree *subnet = mln_tree_object(a);
 *     mln_tree_text(a, subnet, "name", zone->subnet);
 *     mln_tree_set(a, subnet, "id", mln_tree_call(a, "concat", 2, mln_tree_param(a, "prefix"),
 *                                                 mln_tree_string(a, "/x")));
 *
 * A value belongs to its arena and may stand in several places; it is not changed once it is
 * shared. Texts are not copied. Keys keep the order in which they are set. */
#ifndef MLN_EMIT_TREE_H
#define MLN_EMIT_TREE_H

#include "base/json.h"
#include "base/vec.h"

struct mln_template_resource; /* emit/template.h */

enum mln_tree_kind {
    MLN_TREE_NULL,
    MLN_TREE_BOOL,
    MLN_TREE_INTEGER,
    MLN_TREE_STRING,
    MLN_TREE_ARRAY,
    MLN_TREE_OBJECT,
    /* Expressions: */
    MLN_TREE_PARAM,    /* a parameter of the template: `text` */
    MLN_TREE_VARIABLE, /* a variable of the template: `text` */
    MLN_TREE_CALL,     /* a function of ARM's template language: `text`, arguments are `items` */
    MLN_TREE_PROPERTY, /* property `text` of the expression `base` */
    MLN_TREE_ID,       /* the id of `resource`; with `items`, of a child that is written inline:
                          its type below the resource's is `text` ("subnets"), its name segments
                          are `items` */
};

struct mln_tree;
struct mln_tree_member {
    const char *key;
    struct mln_tree *value;
};

struct mln_tree {
    enum mln_tree_kind kind;
    bool boolean;
    long long integer;
    const char *text;
    MLN_VEC(struct mln_tree *) items;             /* ARRAY, CALL, ID */
    MLN_VEC(struct mln_tree_member) members;      /* OBJECT */
    const struct mln_tree *base;                  /* PROPERTY */
    const struct mln_template_resource *resource; /* ID */
    /* ID of a resource that lies elsewhere than the template: subscription and group, which
     * mln_template_split fills. */
    MLN_VEC(struct mln_tree *) elsewhere;
};

/* ---- plain values ---- */

struct mln_tree *mln_tree_null(struct mln_arena *a);
struct mln_tree *mln_tree_bool(struct mln_arena *a, bool value);
struct mln_tree *mln_tree_integer(struct mln_arena *a, long long value);
struct mln_tree *mln_tree_string(struct mln_arena *a, const char *text);
struct mln_tree *mln_tree_array(struct mln_arena *a);
struct mln_tree *mln_tree_object(struct mln_arena *a);

/* Room for as many members at once, where there will be a known number of them. */
void mln_tree_expect(struct mln_arena *a, struct mln_tree *object, size_t count);
/* Appends to an array. */
void mln_tree_push(struct mln_arena *a, struct mln_tree *array, struct mln_tree *value);
/* Adds a member to an object, which has none of that key. */
void mln_tree_set(struct mln_arena *a, struct mln_tree *object, const char *key,
                  struct mln_tree *value);
/* The same with a string; nothing when text is NULL. */
void mln_tree_text(struct mln_arena *a, struct mln_tree *object, const char *key, const char *text);
/* The same with a new object or array, which is returned. */
struct mln_tree *mln_tree_set_object(struct mln_arena *a, struct mln_tree *object, const char *key);
struct mln_tree *mln_tree_set_array(struct mln_arena *a, struct mln_tree *object, const char *key);
/* The member's value; NULL when the object has none of that key (or is not an object). */
struct mln_tree *mln_tree_get(const struct mln_tree *object, const char *key);

/* ---- expressions ---- */

struct mln_tree *mln_tree_param(struct mln_arena *a, const char *name);
struct mln_tree *mln_tree_variable(struct mln_arena *a, const char *name);
/* A function call; `count` arguments of type struct mln_tree * follow. */
struct mln_tree *mln_tree_call(struct mln_arena *a, const char *function, size_t count, ...);
struct mln_tree *mln_tree_property(struct mln_arena *a, const struct mln_tree *base,
                                   const char *name);
/* The id of a resource of this template. */
struct mln_tree *mln_tree_id(struct mln_arena *a, const struct mln_template_resource *resource);
/* The id of its child written inline: mln_tree_child_id(a, vnet, "subnets", "jump"). */
struct mln_tree *mln_tree_child_id(struct mln_arena *a,
                                   const struct mln_template_resource *resource, const char *type,
                                   const char *name);

bool mln_tree_is_expression(const struct mln_tree *tree);

/* ---- as ARM JSON ---- */

/* The value at the writer's place. Expressions are "[...]", quotes in their strings doubled; a
 * literal string that begins with '[' and ends with ']' gets a second '[', which is how a template
 * says that it is not an expression (learn.microsoft.com, "Syntax and expressions in ARM
 * templates": escape characters). With `plain`, strings are written as they are, and there is no
 * expression: the form of a REST body. */
void mln_tree_write_json(const struct mln_tree *tree, struct mln_json *json, bool plain);
/* The expression's text without brackets: "resourceId('Microsoft.Network/virtualNetworks', 'ml')".
 * Of a string, its quoted form. */
void mln_tree_write_expression(const struct mln_tree *tree, struct mln_buf *out);

#endif
