/* Network security groups as REST bodies. */
#include "emit/nsg.h"

#include "emit/rule_tree.h"

#include <assert.h>

const char *mln_asg_id(struct mln_arena *arena, const struct mln_asg *asg)
{
    const struct mln_network *network = asg->zone->network;
    return mln_printf(arena,
                      "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/"
                      "applicationSecurityGroups/%s",
                      network->subscription ? network->subscription : "SUBSCRIPTION",
                      network->resource_group ? network->resource_group : "RESOURCE-GROUP",
                      asg->name);
}

static struct mln_tree *placeholder(const struct mln_asg_namer *namer, const struct mln_asg *asg)
{
    return mln_tree_string(namer->arena, mln_asg_id(namer->arena, asg));
}

void mln_emit_security_rules(struct mln_arena *arena, const struct mln_table *table,
                             struct mln_json *json)
{
    const struct mln_asg_namer namer = {.id = placeholder, .arena = arena};
    mln_tree_write_json(mln_rules_tree(arena, table, &namer), json, true);
}

void mln_emit_nsg(struct mln_arena *arena, const struct mln_table *table, struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_pair(&json, "name", table->nsg->name);
    mln_json_pair(&json, "type", "Microsoft.Network/networkSecurityGroups");
    mln_json_pair(&json, "location", table->nsg->region);
    mln_json_key(&json, "properties");
    mln_json_object(&json);
    mln_json_key(&json, "securityRules");
    mln_emit_security_rules(arena, table, &json);
    mln_json_end_object(&json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}

/* ---- documents ---- */

struct mln_nsg_documents {
    struct mln_arena *arena;
    size_t count;
    struct mln_artefact *by_index; /* `content` NULL: not made yet */
};

struct mln_nsg_documents *mln_nsg_documents_new(struct mln_arena *arena, size_t count)
{
    struct mln_nsg_documents *documents = MLN_NEW(arena, struct mln_nsg_documents);
    *documents = (struct mln_nsg_documents){
        .arena = arena,
        .count = count,
        .by_index = MLN_NEW_ARRAY(arena, struct mln_artefact, count),
    };
    return documents;
}

static struct mln_artefact make(struct mln_arena *arena, const struct mln_table *table)
{
    struct mln_arena *scratch = mln_arena_new(); /* trees and outgrown blocks go with it */
    struct mln_buf text;
    mln_buf_init(&text, scratch);
    mln_emit_nsg(scratch, table, &text);
    struct mln_artefact file = {
        .name = mln_printf(arena, "%s.nsg.json", table->nsg->name),
        .content = mln_strndup(arena, text.data, text.len),
        .length = text.len,
    };
    mln_arena_free(scratch);
    return file;
}

const struct mln_artefact *mln_nsg_document(struct mln_nsg_documents *documents,
                                            const struct mln_table *table)
{
    assert(table->nsg->index < documents->count);
    struct mln_artefact *file = &documents->by_index[table->nsg->index];
    if (!file->content)
        *file = make(documents->arena, table);
    return file;
}

/* ---- the back end ---- */

static void emit(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out)
{
    for (size_t i = 0; i < input->tables->len; i++)
        mln_vec_push(ctx->arena, out, *mln_nsg_document(input->documents, input->tables->data[i]));
}

const struct mln_backend mln_backend_nsg = {
    .name = "nsg",
    .help = "one network security group a file, as its REST body (NSGNAME.nsg.json)",
    .emit = emit,
};
