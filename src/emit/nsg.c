/* Network security groups as REST bodies. */
#include "emit/nsg.h"

#include "emit/rule_tree.h"

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

/* ---- the back end ---- */

static void add_artefact(struct mln_arena *arena, const struct mln_table *table,
                         struct mln_artefact_vec *out)
{
    struct mln_arena *scratch = mln_arena_new(); /* the buffer's outgrown blocks go with it */
    struct mln_buf buf;
    mln_buf_init(&buf, scratch);
    mln_emit_nsg(scratch, table, &buf);
    mln_artefact_add(arena, out, mln_printf(arena, "%s.nsg.json", table->nsg->name), &buf);
    mln_arena_free(scratch);
}

static void emit(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out)
{
    for (size_t i = 0; i < input->tables->len; i++)
        add_artefact(ctx->arena, input->tables->data[i], out);
}

const struct mln_backend mln_backend_nsg = {
    .name = "nsg",
    .help = "one network security group a file, as its REST body (NSGNAME.nsg.json)",
    .emit = emit,
};
