/* Places, statements, and what decided a packet. */
#include "cli/hop.h"

#include "diag/render.h"

#include <string.h>

/* ---- places and statements ---- */

const char *mln_place_text(struct mln_cli *cli, struct mln_span span)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, span.file);
    if (!source)
        return "";
    struct mln_place place = mln_place_of(cli->ctx.diags, span.file, span.lo);
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_render_safe(&out, source->name, strlen(source->name));
    mln_buf_printf(&out, ":%u:%u", place.line, place.column);
    return out.data;
}

/* The length of a blank, a line end or a comment. */
static size_t gap(const char *text, size_t length)
{
    if (strchr(" \t\r\n", *text))
        return 1;
    const char *end = *text == '#' ? memchr(text, '\n', length) : text;
    return end ? (size_t)(end - text) : length;
}

const char *mln_statement_text(struct mln_cli *cli, struct mln_span span)
{
    const struct mln_source *source = mln_source_get(cli->ctx.diags, span.file);
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    bool quoted = false, blank = false;
    for (size_t at = span.lo, size; source && at < span.hi; at += size) {
        size = quoted ? 0 : gap(source->text + at, span.hi - at);
        if (size) {
            blank = out.len > 0;
            continue;
        }
        if (blank)
            mln_buf_char(&out, ' ');
        blank = false;
        if (source->text[at] == '"' && (at == span.lo || source->text[at - 1] != '\\'))
            quoted = !quoted;
        mln_render_char(&out, source->text + at, span.hi - at, &size);
    }
    return out.data ? out.data : "";
}

const char *mln_safe_text(struct mln_cli *cli, const char *text)
{
    struct mln_buf out;
    mln_buf_init(&out, cli->ctx.arena);
    mln_render_safe(&out, text, strlen(text));
    return out.data ? out.data : "";
}

/* ---- what decided ---- */

bool mln_intent_speaks_of(const struct mln_intent *intent, const struct mln_packet *packet)
{
    for (size_t i = 0; i < intent->services.len; i++) {
        const struct mln_service_item *item = &intent->services.items[i];
        if (item->protos & MLN_PROTO_BIT(packet->proto) &&
            mln_portset_contains(item->sport, packet->sport) &&
            mln_portset_contains(item->dport, packet->dport))
            return true;
    }
    return false;
}

void mln_origin_print(struct mln_cli *cli, const struct mln_subject *subject,
                      const struct mln_rule *rule, const struct mln_packet *packet, int indent,
                      struct mln_buf *out)
{
    if (subject && subject->kind != MLN_SUBJECT_POLICY) {
        mln_buf_printf(out, "%*s%s\n", indent, "",
                       mln_place_text(cli, mln_subject_place(subject, rule)));
        return;
    }
    if (rule->intent_count == 0)
        mln_buf_printf(out, "%*sthe default; no intent speaks of the packet\n", indent, "");
    for (size_t i = 0; i < rule->intent_count; i++) {
        struct mln_span span = rule->intents[i]->span;
        if (rule->intent_count == 1 || mln_intent_speaks_of(rule->intents[i], packet))
            mln_buf_printf(out, "%*s%s: %s\n", indent, "", mln_place_text(cli, span),
                           mln_statement_text(cli, span));
    }
}

void mln_hop_print(struct mln_cli *cli, const struct mln_subject *subject,
                   const struct mln_assert_hop *hop, const struct mln_packet *packet,
                   struct mln_buf *out)
{
    if (hop->zone->unplaced)
        mln_buf_printf(out, "    %s, NSG ",
                       hop->direction == MLN_OUTBOUND ? "outbound" : "inbound");
    else
        mln_buf_printf(out, "    %s '%s', NSG ", hop->direction == MLN_OUTBOUND ? "out of" : "into",
                       mln_safe_text(cli, hop->zone->display));
    mln_buf_printf(out, "%s: %s by ", mln_safe_text(cli, hop->nsg->name),
                   hop->action == MLN_ALLOW ? "permitted" : "denied");
    if (hop->azure)
        mln_buf_printf(out, "Azure's default rule %s (priority %u)\n", hop->azure->name,
                       hop->azure->priority);
    else if (!hop->rule)
        mln_buf_add(out, "Azure, which filters no platform address unless a rule names it\n");
    else {
        mln_buf_printf(out, "rule %s (priority %u)\n", mln_safe_text(cli, hop->rule->name),
                       hop->rule->priority);
        mln_origin_print(cli, subject, hop->rule, packet, 8, out);
    }
}

void mln_counterexample_print(struct mln_cli *cli, const struct mln_counterexample *at,
                              struct mln_buf *out)
{
    const char *const ends[2] = {"source", "destination"};
    const char *const in[2] = {at->source_in, at->destination_in};
    const char *const out_of[2] = {at->source_out, at->destination_out};
    mln_buf_add(out, mln_packet_text(cli->ctx.arena, &at->packet));
    for (int i = 0; i < 2; i++) {
        if (in[i] || out_of[i])
            mln_buf_printf(out, "; %s", ends[i]);
        if (in[i])
            mln_buf_printf(out, " in %s", mln_safe_text(cli, in[i]));
        if (out_of[i])
            mln_buf_printf(out, "%s not in %s", in[i] ? "," : "", mln_safe_text(cli, out_of[i]));
    }
    mln_buf_char(out, '\n');
}

static void print_open_tags(const struct mln_counterexample *c, struct mln_buf *out)
{
    bool service = false;
    mln_buf_add(out, "    it depends on what these service tags hold:");
    for (size_t i = 0; i < c->tags.len; i++) {
        mln_buf_printf(out, "%s %s", i ? "," : "", c->tags.data[i]->name);
        service |= c->tags.data[i]->kind == MLN_TAG_SERVICE;
    }
    mln_buf_add(out, service ? "; give --tags=FILE\n"
                             : ", which an NSG without its network does not tell\n");
}

/* Whose address it may be. */
static void print_open_nics(struct mln_cli *cli, const struct mln_counterexample *c,
                            struct mln_buf *out)
{
    for (int end = 0; end < 2; end++) {
        if (!c->nics[end].len)
            continue;
        mln_buf_printf(out, "    it depends on the address that Azure chose for");
        for (size_t i = 0; i < c->nics[end].len; i++)
            mln_buf_printf(out, "%s '%s'", i ? "," : "",
                           mln_safe_text(cli, c->nics[end].data[i]->display));
        mln_buf_printf(out, ": it may be that of the %s\n", end ? "destination" : "source");
    }
}

void mln_open_print(struct mln_cli *cli, const struct mln_counterexample *c, struct mln_buf *out)
{
    if (c->tags.len)
        print_open_tags(c, out);
    print_open_nics(cli, c, out);
    for (size_t i = 0; i < c->unread.len; i++)
        mln_buf_printf(out, "    it depends on NSG '%s', whose rules are not in this text\n",
                       mln_safe_text(cli, c->unread.data[i]));
}
