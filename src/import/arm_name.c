#include "import/arm_name.h"

#include "import/arm_template.h"

#include <string.h>

/* ---- names and ids ---- */

/* Parts between '/', not counting those inside of braces. */
size_t mln_arm_name_parts(const char *name)
{
    size_t parts = 1;
    for (int depth = 0; *name; name++) {
        depth += (*name == '{') - (*name == '}');
        parts += *name == '/' && depth <= 0;
    }
    return parts;
}

static const char *part_end(const char *name)
{
    for (int depth = 0; *name; name++) {
        depth += (*name == '{') - (*name == '}');
        if (*name == '/' && depth <= 0)
            break;
    }
    return name;
}

const char *mln_arm_name_last(const char *name)
{
    for (const char *end = part_end(name); *end; end = part_end(name))
        name = end + 1;
    return name;
}

/* "" when the name has not as many parts as the type. */
const char *mln_arm_id(struct mln_eval *e, const char *base, const char *type, const char *name)
{
    struct mln_buf out;
    const char *slash = strchr(type, '/');
    if (!slash || mln_arm_name_parts(name) + 1 != mln_arm_name_parts(type))
        return "";
    mln_buf_init(&out, e->ctx->arena);
    mln_buf_printf(&out, "%s/providers/%.*s", base, (int)(slash - type), type);
    while (slash) {
        const char *end = strchr(slash + 1, '/'), *name_end = part_end(name);
        size_t length = end ? (size_t)(end - slash - 1) : strlen(slash + 1);
        mln_buf_printf(&out, "/%.*s/%.*s", (int)length, slash + 1, (int)(name_end - name), name);
        name = *name_end ? name_end + 1 : name_end;
        slash = end;
    }
    return out.data;
}

/* Without the last type and name. */
const char *mln_arm_parent_id(struct mln_eval *e, const char *id, const char *name)
{
    size_t length = strlen(id) - strlen(mln_arm_name_last(name));
    for (length -= length > 0; length > 0 && id[length - 1] != '/'; length--)
        ;
    return mln_strndup(e->ctx->arena, id, length ? length - 1 : 0);
}

/* ---- finding the template ---- */

static bool is_template(const cJSON *json)
{
    const char *schema = mln_loose_text(json, "$schema");
    const cJSON *resources = mln_loose_member(json, "resources");
    if (!cJSON_IsObject(json) || mln_loose_text(json, "type"))
        return false;
    return cJSON_IsArray(resources) || cJSON_IsObject(resources) ||
           (schema && strstr(schema, "eploymentTemplate.json"));
}

const cJSON *mln_arm_template_find(const cJSON *root, const cJSON **wrapper)
{
    static const char *const inside[] = {"template", "mainTemplate"};
    const cJSON *value = mln_loose_member(root, "value");
    root = cJSON_IsObject(value) ? value : root;
    const cJSON *holders[] = {root, mln_loose_member(root, "properties")};
    *wrapper = NULL;
    if (is_template(root))
        return root;
    for (int h = 0; h < 2; h++)
        for (int i = 0; i < 2; i++)
            if (is_template(mln_loose_member(holders[h], inside[i]))) {
                *wrapper = holders[h];
                return mln_loose_member(holders[h], inside[i]);
            }
    return NULL;
}
