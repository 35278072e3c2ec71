/* What is open to the Internet. */
#include "base/buf.h"
#include "cli/lint.h"
#include "prove/exposure.h"

#include <assert.h>

static const enum mln_diag_id ids[MLN_EXPOSURE_CLASSES] = {
    [MLN_EXPOSES_MANAGEMENT] = MLN_D_MANAGEMENT_OPEN,
    [MLN_EXPOSES_DATA] = MLN_D_DATA_OPEN,
    [MLN_EXPOSES_AMPLIFIER] = MLN_D_AMPLIFIER_OPEN,
    [MLN_EXPOSES_EVERYTHING] = MLN_D_EVERY_PORT_OPEN,
    [MLN_EXPOSES_PORTS] = MLN_D_PORT_OPEN,
};
static_assert(sizeof ids / sizeof *ids == MLN_EXPOSURE_CLASSES, "an id for each class");

static void add_range(struct mln_buf *out, struct mln_port_range range)
{
    if (range.lo == range.hi)
        mln_buf_printf(out, "%u", range.lo);
    else
        mln_buf_printf(out, "%u-%u", range.lo, range.hi);
}

/* "ssh (22) and rdp (3389)" */
static const char *services_text(const struct mln_lint *lint, const struct mln_exposure *e)
{
    struct mln_buf out;
    mln_buf_init(&out, lint->ctx->arena);
    for (size_t i = 0; i < e->services.len; i++) {
        const struct mln_risky_service *s = e->services.data[i];
        mln_buf_printf(&out, "%s%s (",
                       i == 0                     ? ""
                       : i + 1 == e->services.len ? " and "
                                                  : ", ",
                       s->name);
        add_range(&out, s->ports);
        mln_buf_printf(&out, ")");
    }
    return out.data ? out.data : "";
}

/* "tcp 443", "any 80, 443" */
static const char *ports_text(const struct mln_lint *lint, const struct mln_rule *rule)
{
    struct mln_buf out;
    mln_buf_init(&out, lint->ctx->arena);
    mln_buf_printf(&out, "%s ",
                   rule->proto == MLN_PROTO_ANY ? "any" : mln_proto_names[rule->proto]);
    for (size_t i = 0; i < rule->dport->len; i++) {
        mln_buf_printf(&out, "%s", i ? ", " : "");
        add_range(&out, rule->dport->ranges[i]);
    }
    return out.data;
}

static const char *what(const struct mln_lint *lint, const struct mln_exposure *e)
{
    switch (e->class) {
    case MLN_EXPOSES_EVERYTHING:
        return e->rule->proto == MLN_PROTO_ANY
                   ? "every port"
                   : mln_printf(lint->ctx->arena, "every %s port", mln_proto_names[e->rule->proto]);
    case MLN_EXPOSES_PORTS:
        return ports_text(lint, e->rule);
    default:
        return services_text(lint, e);
    }
}

static void add_help(struct mln_diag *diag, enum mln_exposure_class class)
{
    if (class == MLN_EXPOSES_MANAGEMENT)
        mln_diag_help(diag, "let in the addresses of administrators only, or reach the host "
                            "through Azure Bastion or a VPN");
    else if (class == MLN_EXPOSES_DATA)
        mln_diag_help(diag, "let in the networks that use it, or reach it through a private "
                            "endpoint");
    else if (class == MLN_EXPOSES_AMPLIFIER)
        mln_diag_help(diag, "let in the clients that use it only");
    else if (class == MLN_EXPOSES_EVERYTHING)
        mln_diag_help(diag, "name the ports that are served, and who may reach them");
}

/* `stopped` NULL: nothing else stops it. */
static void report(const struct mln_lint *lint, const struct mln_exposure *e,
                   const struct mln_nsg *stopped)
{
    /* What the library opens to the Internet is what its template is for. */
    if (e->class == MLN_EXPOSES_PORTS && mln_lint_is_library(e->rule))
        return;
    struct mln_span span = mln_lint_place(lint, e->rule);
    if (!span.file) /* a default of the policy */
        span = lint->nsg->nsg->span;
    struct mln_diag *diag =
        mln_report(lint->ctx->diags, ids[e->class], span, "%s opens %s to the Internet",
                   mln_lint_rule(lint, e->rule), what(lint, e));
    mln_diag_note(diag, "for instance %s", mln_packet_text(lint->ctx->arena, &e->packet));
    if (stopped) {
        mln_diag_note(diag, "NSG '%s' of the subnet stops it all", stopped->name);
        mln_diag_at_most(diag, MLN_NOTE);
        return;
    }
    if (lint->nsg->incomplete)
        mln_diag_note(diag, "another rule of this NSG is not known; it may say otherwise");
    add_help(diag, e->class);
}

/* What comes to a network interface has passed its subnet's NSG; NULL where none is known. */
static const struct mln_nsg *beside(const struct mln_zone *zone)
{
    return zone->nic ? zone->nsg : NULL;
}

static bool is_among(const struct mln_exposure_vec *all, const struct mln_exposure *e)
{
    for (size_t i = 0; i < all->len; i++)
        if (all->data[i].rule == e->rule && all->data[i].class == e->class)
            return true;
    return false;
}

/* What the NSG opens by itself is worth a note where the subnet's stops it. */
static void lint_zone(const struct mln_lint *lint, const struct mln_zone *zone)
{
    const struct mln_nsg *other = beside(zone);
    const struct mln_rules_view view = {
        .ctx = lint->ctx, .model = lint->subject->model, .zone = zone};
    struct mln_exposure_vec alone = {0}, both = {0};
    const struct mln_rule_vec *rules = &lint->nsg->rules[MLN_INBOUND];
    mln_exposures_find(lint->ctx, &view, rules, NULL, &alone);
    if (other)
        mln_exposures_find(lint->ctx, &view, rules,
                           &lint->subject->deployed[other->index].rules[MLN_INBOUND], &both);
    for (size_t i = 0; i < alone.len; i++)
        if (!other)
            report(lint, &alone.data[i], NULL);
        else if (!is_among(&both, &alone.data[i]))
            report(lint, &alone.data[i], other);
    for (size_t i = 0; i < both.len; i++)
        report(lint, &both.data[i], NULL);
}

void mln_lint_exposure(const struct mln_lint *lint)
{
    for (size_t i = 0; i < lint->nsg->nsg->zones.len; i++)
        lint_zone(lint, lint->nsg->nsg->zones.data[i]);
}
