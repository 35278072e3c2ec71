/* What only a template shows to be wrong: names that Azure refuses, a service endpoint policy about
 * nothing, and what the plan has to tell. */
#include "azure/legal.h"
#include "emit/assemble.h"
#include "emit/plan.h"

#include <string.h>

struct check {
    struct mln_ctx *ctx;
    const struct mln_emit_input *input;
    const struct mln_plan *plan; /* NULL with MLN_ARM_NSG */
};

/* ---- names ---- */

static void refuse_name(const struct check *c, struct mln_span span, const char *what,
                        const char *name, const char *rule)
{
    struct mln_diag *diag = mln_report(c->ctx->diags, MLN_D_TEMPLATE_NAME, span,
                                       "'%s' is not a name Azure accepts for %s", name, what);
    mln_diag_note(diag, "%s", rule);
}

#define NAME_RULE \
    "letters, digits, '_', '.', '-', beginning with a letter or digit and ending with a letter, " \
    "a " \
    "digit or '_'"

static void check_network_name(const struct check *c, const struct mln_network *network)
{
    size_t length = strlen(network->name);
    if (!mln_azure_name_ok(network->name) || length < 2 || length > 64)
        refuse_name(c, network->span, "a virtual network", network->name,
                    "2 to 64 characters: " NAME_RULE);
}

/* Word characters, '-', '.', '(' and ')'; no '.' at the end. What is beyond ASCII may be a letter.
 */
static bool group_name_ok(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && c < 0x80 && !strchr("_-.()", c))
            return false;
    }
    return length > 0 && length <= 90 && name[length - 1] != '.';
}

static void check_network(const struct check *c, const struct mln_network *network)
{
    if (c->plan && !network->existing)
        check_network_name(c, network);
    if (network->resource_group && !group_name_ok(network->resource_group))
        refuse_name(c, network->span, "a resource group", network->resource_group,
                    "1 to 90 characters: letters, digits, '_', '-', '.', '(' and ')', not ending "
                    "with '.'");
}

static void check_names(const struct check *c)
{
    for (size_t i = 0; i < c->input->model->networks.len; i++)
        check_network(c, c->input->model->networks.data[i]);
    for (size_t i = 0; i < c->input->model->zones.len; i++) {
        const struct mln_zone *zone = c->input->model->zones.data[i];
        if (c->plan && !zone->existing && !mln_azure_name_ok(zone->subnet))
            refuse_name(c, zone->span, "a subnet", zone->subnet, "1 to 80 characters: " NAME_RULE);
    }
}

/* ---- service endpoint policies ---- */

static void check_only(const struct check *c, const struct mln_plan_only *only)
{
    for (size_t i = 0; i < only->ids.len; i++)
        if (only->ids.data[i][0] != '/')
            mln_report(c->ctx->diags, MLN_D_ONLY_WHAT, only->zone->span,
                       "zone '%s': '%s' behind 'only' is neither a resource of the policy nor a "
                       "resource id",
                       only->zone->name, only->ids.data[i]);
}

void mln_assemble_check(struct mln_ctx *ctx, const struct mln_emit_input *input)
{
    struct mln_arena *scratch = mln_arena_new();
    struct check c = {.ctx = ctx, .input = input};
    if (input->arm_scope != MLN_ARM_NSG)
        c.plan = mln_plan_new(scratch, input->model, input->tables);
    check_names(&c);
    for (size_t i = 0; c.plan && i < c.plan->only.len; i++)
        check_only(&c, c.plan->only.data[i]);
    if (input->arm_scope == MLN_ARM_ALL)
        mln_plan_check(ctx, input->model);
    mln_arena_free(scratch);
}
