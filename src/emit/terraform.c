/* The Terraform back end: the order of resources, and the two files. */
#include "emit/assemble.h"
#include "emit/terraform_impl.h"

/* With --nsg only that group, and the application security groups, which its rules may name. */
static void write_resources(struct mln_terraform *t, enum mln_arm_scope scope)
{
    mln_terraform_write_asgs(t);
    mln_terraform_write_nsgs(t);
    if (scope != MLN_ARM_NSG)
        mln_terraform_write_networks(t);
    if (scope == MLN_ARM_ALL) {
        mln_terraform_write_dns(t);
        mln_terraform_write_endpoints(t);
        mln_terraform_write_firewalls(t);
        mln_terraform_write_outputs(t);
    }
}

static void emit(struct mln_ctx *ctx, const struct mln_emit_input *input,
                 struct mln_artefact_vec *out)
{
    struct mln_arena *scratch = mln_arena_new();
    struct mln_buf resources, main_file, variables;
    mln_buf_init(&resources, scratch);
    mln_buf_init(&main_file, scratch);
    mln_buf_init(&variables, scratch);
    struct mln_terraform t = {
        .arena = scratch,
        .model = input->model,
        .plan = mln_plan_new(scratch, input->model, input->tables),
        .tables = input->tables,
    };
    mln_terraform_names(&t);
    mln_hcl_init(&t.hcl, &resources);
    write_resources(&t, input->arm_scope);
    mln_terraform_write_head(&t, &main_file);
    if (resources.len) {
        mln_buf_char(&main_file, '\n');
        mln_buf_add_n(&main_file, resources.data, resources.len);
    }
    mln_terraform_write_variables(&t, &variables);
    mln_artefact_add(ctx->arena, out, "main.tf", &main_file);
    mln_artefact_add(ctx->arena, out, "variables.tf", &variables);
    mln_arena_free(scratch);
}

const struct mln_backend mln_backend_terraform = {
    .name = "terraform",
    .help = "the whole network for Terraform, provider azurerm 4 (main.tf, variables.tf)",
    .lists = true,
    .check = mln_assemble_check,
    .emit = emit,
};
