/* The `firewall` block of a kind: what its items are, and whether back ends can rely on them. What
 * the items mean is told at the top of stdlib/azure/kinds.mlp. */
#include "policy/build.h"

#include <string.h>

/* --- reading items --- */

static struct mln_firewall_key firewall_key(struct mln_build *b, struct mln_scope *scope,
                                            const struct mln_node *item, struct mln_arg arg)
{
    struct mln_firewall_key key = {.key = item->key.text, .value = arg.value};
    if (arg.value->kind == MLN_VALUE_POISON)
        return key;
    bool list = arg.value->kind == MLN_VALUE_LIST;
    struct mln_value *first = list ? arg.value->items : item->values;
    for (struct mln_value *v = first; v; v = list ? v->next : NULL) {
        const char *text = mln_eval_text(b, list ? arg.scope : scope, v, "a text");
        if (text)
            mln_vec_push(b->arena, &key.list, text);
    }
    key.text = !list && key.list.len ? key.list.data[0] : NULL;
    return key;
}

const struct mln_firewall_key *mln_kind_firewall_key(const struct mln_kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->firewall_keys.len; i++)
        if (strcmp(kind->firewall_keys.data[i].key, key) == 0)
            return &kind->firewall_keys.data[i];
    return NULL;
}

const char *mln_kind_firewall_text(const struct mln_kind *kind, const char *key)
{
    const struct mln_firewall_key *found = mln_kind_firewall_key(kind, key);
    return found ? found->text : NULL;
}

long mln_kind_firewall_number(const struct mln_kind *kind, const char *key, long absent)
{
    const struct mln_firewall_key *found = mln_kind_firewall_key(kind, key);
    return found && found->value->kind == MLN_VALUE_NUMBER ? (long)found->value->lo : absent;
}

bool mln_kind_firewall_yes(const struct mln_kind *kind, const char *key)
{
    const char *text = mln_kind_firewall_text(kind, key);
    return text && strcmp(text, "yes") == 0;
}

/* --- checks --- */

enum item_sort { ITEM_TEXT, ITEM_NUMBER, ITEM_YES_NO, ITEM_PATH };
static const struct {
    const char *key;
    enum item_sort sort;
    uint32_t least, most; /* of a number */
} known_items[] = {
    {"entry", ITEM_TEXT, 0, 0},
    {"limit", ITEM_NUMBER, 1, 1000000},
    {"per-entry", ITEM_NUMBER, 1, 1000},
    {"smallest", ITEM_NUMBER, 16, 32}, /* net/fit.h: at most 16 bits below an address */
    {"service-tags", ITEM_NUMBER, 1, 1000},
    {"default-action", ITEM_PATH, 0, 0},
    {"public-access", ITEM_PATH, 0, 0},
    {"server-access", ITEM_TEXT, 0, 0}, /* of another resource than the other paths */
    {"bypass", ITEM_PATH, 0, 0},
    {"own-api", ITEM_TEXT, 0, 0},
    {"child", ITEM_TEXT, 0, 0},
    {"child-name", ITEM_TEXT, 0, 0},
    {"also", ITEM_PATH, 0, 0},
    {"also-default", ITEM_PATH, 0, 0},
    {"also-shared", ITEM_PATH, 0, 0},
    {"same-region", ITEM_YES_NO, 0, 0},
    {"after-create", ITEM_YES_NO, 0, 0},
    {"families", ITEM_TEXT, 0, 0},
    {"network-rules", ITEM_PATH, 0, 0},
    {"network-entry", ITEM_TEXT, 0, 0},
    {"network-switch", ITEM_PATH, 0, 0},
    {"method", ITEM_TEXT, 0, 0},
    {"command", ITEM_TEXT, 0, 0},
};
enum { KNOWN_ITEMS = sizeof known_items / sizeof *known_items };

static size_t find_item(const char *key)
{
    size_t i = 0;
    while (i < KNOWN_ITEMS && strcmp(known_items[i].key, key) != 0)
        i++;
    return i;
}

static bool unknown_item(struct mln_build *b, const struct mln_node *item)
{
    const char *names[KNOWN_ITEMS];
    for (size_t i = 0; i < KNOWN_ITEMS; i++)
        names[i] = known_items[i].key;
    struct mln_diag *diag = mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, item->key.span,
                                       "a firewall has no item '%s'", item->key.text);
    const char *near = mln_closest(item->key.text, names, KNOWN_ITEMS);
    if (near)
        mln_diag_inline(diag, "did you mean '%s'?", near);
    else
        mln_diag_help(diag, "'mlnsgc doc azure/kinds' tells what there is");
    return false;
}

static bool check_item(struct mln_build *b, const struct mln_node *item,
                       const struct mln_firewall_key *key)
{
    size_t i = find_item(key->key);
    if (i == KNOWN_ITEMS)
        return unknown_item(b, item);
    if (key->value->kind == MLN_VALUE_POISON)
        return false;
    bool number = key->value->kind == MLN_VALUE_NUMBER;
    if (known_items[i].sort != ITEM_NUMBER) {
        bool word = key->text && (strcmp(key->text, "yes") == 0 || strcmp(key->text, "no") == 0);
        if (key->text && (known_items[i].sort != ITEM_YES_NO || word))
            return true;
        mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, item->values->span, "'%s' takes %s", key->key,
                   known_items[i].sort == ITEM_YES_NO ? "yes or no" : "one text");
        return false;
    }
    if (number && key->value->lo >= known_items[i].least && key->value->lo <= known_items[i].most)
        return true;
    mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, item->values->span,
               "'%s' is a number from %u to %u", key->key, (unsigned)known_items[i].least,
               (unsigned)known_items[i].most);
    return false;
}

/* The ways of writing one entry. */
static const char *const entry_forms[] = {"text",    "value",   "value-allow",
                                          "ip-mask", "address", "restriction",
                                          "ingress", "range",   "access-list"};

static bool check_entry(struct mln_build *b, const struct mln_kind *kind, struct mln_span span)
{
    for (size_t i = 0; i < sizeof entry_forms / sizeof *entry_forms; i++) {
        if (!kind->firewall_entry || strcmp(kind->firewall_entry, entry_forms[i]) != 0)
            continue;
        if (strcmp(entry_forms[i], "range") != 0 || mln_kind_firewall_text(kind, "child"))
            return true;
        mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, span,
                   "a firewall with 'entry range' needs 'child', the type of a rule");
        return false;
    }
    struct mln_diag *diag =
        mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, span,
                   kind->firewall_entry ? "a firewall has no entries of the form '%s'"
                                        : "a firewall needs 'entry', the form of its entries%s",
                   kind->firewall_entry ? kind->firewall_entry : "");
    mln_diag_help(diag, "the forms are text, value, value-allow, ip-mask, address, restriction, "
                        "ingress, range and access-list");
    return false;
}

static bool is_path(const char *path)
{
    return strncmp(path, "properties.", 11) == 0 && path[11] && !strstr(path, "..") &&
           path[strlen(path) - 1] != '.';
}

/* One lies inside the other: a value cannot be both. */
static bool nested(const char *x, const char *y)
{
    size_t length = strlen(x);
    return strncmp(x, y, length) == 0 && (y[length] == '.' || y[length] == '\0');
}

/* Properties of one resource, each in a place of its own. (Subnets may stand in the list itself.)
 */
static bool check_paths(struct mln_build *b, const struct mln_kind *kind, struct mln_span span)
{
    const char *paths[KNOWN_ITEMS + 1] = {kind->firewall};
    size_t count = 1;
    const char *entry = kind->firewall_entry;
    if (strcmp(entry, "range") == 0 || strcmp(entry, "access-list") == 0)
        return true;
    for (size_t i = 0; i < KNOWN_ITEMS; i++) {
        const char *path = mln_kind_firewall_text(kind, known_items[i].key);
        if (known_items[i].sort == ITEM_PATH && path && strcmp(path, kind->firewall) != 0)
            paths[count++] = path;
    }
    for (size_t i = 0; i < count; i++) {
        bool bad = !is_path(paths[i]);
        for (size_t k = 0; k < count; k++)
            bad |= k != i && nested(paths[k], paths[i]);
        if (!bad)
            continue;
        mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, span,
                   is_path(paths[i]) ? "the property '%s' of the firewall lies in another one"
                                     : "'%s' is no path of a property: properties.NAME.NAME",
                   paths[i]);
        return false;
    }
    return true;
}

void mln_build_firewall(struct mln_build *b, struct mln_kind *kind, struct mln_scope *scope,
                        struct mln_node *node)
{
    bool good = true;
    if (node->values)
        kind->firewall = mln_eval_text(b, scope, node->values, "a property path");
    struct mln_active_vec items = {0};
    mln_expand_items(b, scope, node->body, &items);
    for (size_t i = 0; i < items.len; i++) {
        struct mln_node *item = items.data[i].node;
        if (item->kind != MLN_NODE_ITEM || !item->key.text || !item->values)
            continue;
        struct mln_arg arg = mln_eval(b, scope, item->values);
        struct mln_firewall_key key = firewall_key(b, scope, item, arg);
        mln_vec_push(b->arena, &kind->firewall_keys, key);
        good &= check_item(b, item, &key);
        if (strcmp(key.key, "entry") == 0)
            kind->firewall_entry = key.text;
        else if (strcmp(key.key, "limit") == 0 && arg.value->kind == MLN_VALUE_NUMBER)
            kind->firewall_limit = (long)arg.value->lo;
    }
    if (kind->firewall && good)
        good = check_entry(b, kind, node->span) && check_paths(b, kind, node->span);
    if (!good)
        kind->firewall = NULL; /* reported: nothing is made of it */
}
