/* Templates: symbols, the order of deployment, and the JSON document.
 *
 * Order. A resource is added behind everything it refers to, so the template's order is one in
 * which it can be deployed, and there is no cycle. What must come before a resource is what its
 * values refer to, its parent, and what the back end says besides. Of those, one that another one
 * already waits for need not be written: resource manager waits for it anyway. Whether X waits for
 * Y is read from bit sets, one for each resource, filled in the template's order: the union of the
 * sets of its dependencies, and these. That costs resources^2 / 64 words; a template that Azure
 * takes has 800 resources at most. */
#include "emit/template.h"

#include "emit/api.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct mln_template *mln_template_new(struct mln_arena *arena)
{
    struct mln_template *t = MLN_NEW(arena, struct mln_template);
    t->arena = arena;
    t->symbols = mln_map_new(arena);
    t->param_places = mln_map_new(arena);
    return t;
}

/* ---- names ---- */

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_symbol(struct mln_template *t, const char *symbol)
{
    char *key = mln_strdup(t->arena, symbol);
    for (char *c = key; *c; c++)
        *c = lower(*c);
    if (mln_map_get(t->symbols, key))
        return false;
    mln_map_put(t->symbols, key, t);
    return true;
}

/* "ml-west" -> "MlWest" behind a prefix, "mlWest" without one; "1st" -> "_1st". */
static void add_camel(struct mln_buf *out, const char *text)
{
    bool upper = out->len > 0;
    if (!upper && *text >= '0' && *text <= '9')
        mln_buf_char(out, '_');
    for (; *text; text++) {
        if (!is_plain(*text)) {
            upper = out->len > 0;
            continue;
        }
        mln_buf_char(out, upper ? (char)toupper((unsigned char)*text) : *text);
        upper = false;
    }
}

const char *mln_template_symbol(struct mln_template *t, const char *prefix, const char *text)
{
    struct mln_buf buf;
    mln_buf_init(&buf, t->arena);
    mln_buf_add(&buf, prefix);
    add_camel(&buf, text);
    const char *symbol = buf.data;
    for (unsigned count = 2; !take_symbol(t, symbol); count++)
        symbol = mln_printf(t->arena, "%s_%u", buf.data, count);
    return symbol;
}

/* ---- parts ---- */

const struct mln_template_parameter *mln_template_find_param(const struct mln_template *t,
                                                             const char *name)
{
    uintptr_t place = (uintptr_t)mln_map_get(t->param_places, name);
    return place ? &t->params.data[place - 1] : NULL;
}

struct mln_tree *mln_template_param(struct mln_template *t, const char *name, const char *type,
                                    struct mln_tree *value, const char *description)
{
    if (mln_template_find_param(t, name))
        return mln_tree_param(t->arena, name);
    struct mln_template_parameter param = {
        .name = name, .type = type, .value = value, .description = description};
    take_symbol(t, name);
    mln_vec_push(t->arena, &t->params, param);
    mln_map_put(t->param_places, name, (void *)(uintptr_t)t->params.len);
    return mln_tree_param(t->arena, name);
}

struct mln_template_resource *mln_template_add(struct mln_template *t,
                                               const struct mln_template_scope *scope,
                                               const char *symbol, const char *type,
                                               const char *name)
{
    struct mln_template_resource *resource = MLN_NEW(t->arena, struct mln_template_resource);
    resource->symbol = symbol;
    resource->type = type;
    resource->api = mln_api_version(type);
    resource->scope = scope;
    resource->owner = t;
    resource->index = (uint32_t)t->resources.len;
    resource->body = mln_tree_object(t->arena);
    mln_vec_push(t->arena, &resource->name, mln_tree_string(t->arena, name));
    mln_vec_push(t->arena, &t->resources, resource);
    return resource;
}

void mln_template_output(struct mln_template *t, const struct mln_template_scope *scope,
                         const char *name, const char *type, struct mln_tree *value)
{
    struct mln_template_output output = {name, type, value, scope};
    mln_vec_push(t->arena, &t->outputs, output);
}

/* ---- order ---- */

/* What a resource refers to: each once, by a stamp on what was met. */
struct finder {
    struct mln_template *t;
    uint32_t *stamps; /* by index: the last resource that refers to it, + 1 */
    struct mln_template_resource *resource;
};

static void found(struct finder *f, const struct mln_template_resource *other)
{
    if (other->owner != f->t || f->stamps[other->index] == f->resource->index + 1)
        return;
    assert(other->index < f->resource->index); /* added behind everything it refers to */
    f->stamps[other->index] = f->resource->index + 1;
    mln_vec_push(f->t->arena, &f->resource->refers, f->t->resources.data[other->index]);
}

/* As deep as the value, which a back end built. */
static void find_in(struct finder *f, const struct mln_tree *tree)
{
    if (tree->resource)
        found(f, tree->resource);
    if (tree->base)
        find_in(f, tree->base);
    for (size_t i = 0; i < tree->items.len; i++)
        find_in(f, tree->items.data[i]);
    for (size_t i = 0; i < tree->members.len; i++)
        find_in(f, tree->members.data[i].value);
}

static int by_index(const void *x, const void *y)
{
    const struct mln_template_resource *p = *(struct mln_template_resource *const *)x,
                                       *q = *(struct mln_template_resource *const *)y;
    return p->index < q->index ? -1 : p->index > q->index;
}

static void find_references(struct finder *f)
{
    struct mln_template_resource *resource = f->resource;
    resource->refers.len = 0;
    find_in(f, resource->body);
    for (size_t i = 0; i < resource->name.len; i++)
        find_in(f, resource->name.data[i]);
    if (resource->location)
        find_in(f, resource->location);
    if (resource->parent)
        found(f, resource->parent);
    if (resource->refers.len > 1)
        qsort(resource->refers.data, resource->refers.len, sizeof *resource->refers.data, by_index);
}

void mln_template_find_references(struct mln_template *t)
{
    struct mln_arena *scratch = mln_arena_new();
    struct finder f = {.t = t, .stamps = MLN_NEW_ARRAY(scratch, uint32_t, t->resources.len)};
    for (size_t i = 0; i < t->resources.len; i++) {
        f.resource = t->resources.data[i];
        find_references(&f);
    }
    mln_arena_free(scratch);
}

/* Sets of resources, one bit each by index. */
struct order {
    struct mln_template *t;
    size_t words;
    uint64_t *waits;  /* resource i waits for those of waits[i * words ...], directly or not */
    uint64_t *direct; /* of the resource at hand */
};

static void mark(uint64_t *set, size_t index)
{
    set[index / 64] |= UINT64_C(1) << index % 64;
}

static bool is_marked(const uint64_t *set, size_t index)
{
    return set[index / 64] >> index % 64 & 1;
}

static void mark_direct(struct order *o, const struct mln_template_resource *resource)
{
    memset(o->direct, 0, o->words * sizeof(*o->direct));
    for (size_t i = 0; i < resource->refers.len; i++)
        mark(o->direct, resource->refers.data[i]->index);
    for (size_t i = 0; i < resource->after.len; i++)
        if (resource->after.data[i]->owner == o->t)
            mark(o->direct, resource->after.data[i]->index);
}

/* From the last to the first: what is already waited for needs no line. */
static void keep_needed(struct order *o, struct mln_template_resource *resource)
{
    uint64_t *waits = o->waits + resource->index * o->words;
    resource->depends.len = 0;
    for (size_t i = resource->index; i-- > 0;) {
        if (!is_marked(o->direct, i))
            continue;
        if (is_marked(waits, i))
            o->direct[i / 64] &= ~(UINT64_C(1) << i % 64);
        for (size_t w = 0; w < o->words; w++)
            waits[w] |= o->waits[i * o->words + w];
        mark(waits, i);
    }
    for (size_t i = 0; i < resource->index; i++)
        if (is_marked(o->direct, i))
            mln_vec_push(o->t->arena, &resource->depends, o->t->resources.data[i]);
}

void mln_template_finish(struct mln_template *t)
{
    mln_template_find_references(t);
    struct mln_arena *scratch = mln_arena_new();
    struct order o = {.t = t, .words = t->resources.len / 64 + 1};
    o.direct = MLN_NEW_ARRAY(scratch, uint64_t, o.words);
    o.waits = mln_alloc_array(scratch, t->resources.len * o.words, sizeof(*o.waits));
    for (size_t i = 0; i < t->resources.len; i++) {
        mark_direct(&o, t->resources.data[i]);
        keep_needed(&o, t->resources.data[i]);
    }
    mln_arena_free(scratch);
}

/* ---- JSON ---- */

static bool all_strings(const struct mln_template_resource *resource)
{
    for (size_t i = 0; i < resource->name.len; i++)
        if (resource->name.data[i]->kind != MLN_TREE_STRING)
            return false;
    return true;
}

/* "a/b", or an expression that makes it. */
static struct mln_tree *whole_name(struct mln_arena *a,
                                   const struct mln_template_resource *resource)
{
    if (resource->name.len == 1)
        return resource->name.data[0];
    struct mln_buf text;
    mln_buf_init(&text, a);
    bool plain = all_strings(resource);
    for (size_t i = 0; i < resource->name.len; i++) {
        mln_buf_add(&text, i > 0 ? "/" : "");
        if (plain)
            mln_buf_add(&text, resource->name.data[i]->text);
        else
            mln_buf_printf(&text, "{%zu}", i);
    }
    struct mln_tree *form = mln_tree_string(a, text.data);
    if (plain)
        return form;
    struct mln_tree *format = mln_tree_call(a, "format", 1, form);
    for (size_t i = 0; i < resource->name.len; i++)
        mln_vec_push(a, &format->items, resource->name.data[i]);
    return format;
}

static void write_depends(const struct mln_template_resource *resource, struct mln_json *json)
{
    if (resource->depends.len == 0)
        return;
    mln_json_key(json, "dependsOn");
    mln_json_array(json);
    for (size_t i = 0; i < resource->depends.len; i++) {
        struct mln_tree id = {.kind = MLN_TREE_ID, .resource = resource->depends.data[i]};
        mln_tree_write_json(&id, json, false);
    }
    mln_json_end_array(json);
}

void mln_template_write_resource(const struct mln_template_resource *resource,
                                 struct mln_json *json)
{
    struct mln_arena *scratch = mln_arena_new();
    mln_json_object(json);
    mln_json_pair(json, "type", resource->type);
    mln_json_pair(json, "apiVersion", resource->api);
    mln_json_key(json, "name");
    mln_tree_write_json(whole_name(scratch, resource), json, false);
    if (resource->location) {
        mln_json_key(json, "location");
        mln_tree_write_json(resource->location, json, false);
    }
    write_depends(resource, json);
    for (size_t i = 0; i < resource->body->members.len; i++) {
        mln_json_key(json, resource->body->members.data[i].key);
        mln_tree_write_json(resource->body->members.data[i].value, json, false);
    }
    mln_json_end_object(json);
    mln_arena_free(scratch);
}

static void write_params(const struct mln_template *t, struct mln_json *json)
{
    if (t->params.len == 0)
        return;
    mln_json_key(json, "parameters");
    mln_json_object(json);
    for (size_t i = 0; i < t->params.len; i++) {
        const struct mln_template_parameter *param = &t->params.data[i];
        mln_json_key(json, param->name);
        mln_json_object(json);
        mln_json_pair(json, "type", param->type);
        if (param->value) {
            mln_json_key(json, "defaultValue");
            mln_tree_write_json(param->value, json, false);
        }
        if (param->description) {
            mln_json_key(json, "metadata");
            mln_json_object(json);
            mln_json_pair(json, "description", param->description);
            mln_json_end_object(json);
        }
        mln_json_end_object(json);
    }
    mln_json_end_object(json);
}

static void write_variables(const struct mln_template *t, struct mln_json *json)
{
    if (t->variables.len == 0)
        return;
    mln_json_key(json, "variables");
    mln_json_object(json);
    for (size_t i = 0; i < t->variables.len; i++) {
        mln_json_key(json, t->variables.data[i].name);
        mln_tree_write_json(t->variables.data[i].value, json, false);
    }
    mln_json_end_object(json);
}

static void write_outputs(const struct mln_template *t, struct mln_json *json)
{
    if (t->outputs.len == 0)
        return;
    mln_json_key(json, "outputs");
    mln_json_object(json);
    for (size_t i = 0; i < t->outputs.len; i++) {
        mln_json_key(json, t->outputs.data[i].name);
        mln_json_object(json);
        mln_json_pair(json, "type", t->outputs.data[i].type);
        mln_json_key(json, "value");
        mln_tree_write_json(t->outputs.data[i].value, json, false);
        mln_json_end_object(json);
    }
    mln_json_end_object(json);
}

void mln_template_write_json(const struct mln_template *t, struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_pair(&json, "$schema",
                  "https://schema.management.azure.com/schemas/2019-04-01/"
                  "deploymentTemplate.json#");
    mln_json_pair(&json, "contentVersion", "1.0.0.0");
    write_params(t, &json);
    write_variables(t, &json);
    mln_json_key(&json, "resources");
    mln_json_array(&json);
    for (size_t i = 0; i < t->resources.len; i++)
        mln_template_write_resource(t->resources.data[i], &json);
    mln_json_end_array(&json);
    write_outputs(t, &json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}
