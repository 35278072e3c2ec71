#include "import/json_node.h"

#include "import/escape.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void mln_json_maker_init(struct mln_json_maker *maker, struct mln_arena *arena, const char *text,
                         size_t length)
{
    *maker = (struct mln_json_maker){
        .arena = arena, .text = text, .copy = mln_strndup(arena, text, length)};
}

/* cJSON's lists: the first child's `prev` is the last one. */
struct mln_json_node *mln_json_node_begin(struct mln_json_maker *maker, const char *at,
                                          struct mln_json_node *parent, struct mln_json_node *last)
{
    struct mln_json_node *node = MLN_NEW(maker->arena, struct mln_json_node);
    node->extent.lo = node->extent.hi = (uint32_t)(at - maker->text);
    node->json.string = maker->key;
    maker->key = NULL;
    if (!parent) {
        maker->root = &node->json;
        return node;
    }
    if (last) {
        last->json.next = &node->json;
        node->json.prev = &last->json;
    } else {
        parent->json.child = &node->json;
    }
    parent->json.child->prev = &node->json;
    return node;
}

char *mln_json_node_text(struct mln_json_maker *maker, const char *from, const char *to,
                         bool escaped)
{
    char *text = maker->copy + (from - maker->text);
    size_t length = escaped ? mln_json_unescape(from, to, text) : (size_t)(to - from);
    text[length] = '\0';
    return text;
}

/* As cJSON reads it: a double, and an int that stays at its ends for what lies beyond. */
static void read_number(cJSON *json, const char *from, const char *to)
{
    enum { EXACT = 15 }; /* digits that a double and 64 bits hold exactly */
    const char *digits = from + (*from == '-'), *at = digits;
    long long value = 0;
    json->type = cJSON_Number;
    while (at < to && at - digits < EXACT && *at >= '0' && *at <= '9')
        value = value * 10 + (*at++ - '0');
    json->valuedouble = at < to ? strtod(from, NULL) : (double)value;
    if (*from == '-' && at == to)
        json->valuedouble = -json->valuedouble;
    json->valueint = json->valuedouble >= INT_MAX   ? INT_MAX
                     : json->valuedouble <= INT_MIN ? INT_MIN
                                                    : (int)json->valuedouble;
}

void mln_json_node_scalar(struct mln_json_maker *maker, struct mln_json_node *node,
                          const char *from, const char *to, bool escaped)
{
    cJSON *json = &node->json;
    switch (*from) {
    case '"':
        json->type = cJSON_String;
        json->valuestring = mln_json_node_text(maker, from + 1, to - 1, escaped);
        break;
    case 't':
        json->type = cJSON_True;
        json->valueint = 1; /* as cJSON's parser leaves it */
        break;
    case 'f':
        json->type = cJSON_False;
        break;
    case 'n':
        json->type = cJSON_NULL;
        break;
    default:
        read_number(json, from, to);
    }
}
