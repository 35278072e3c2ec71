/* The matrix for programs: one document, whatever happened. Pairs between which nothing may pass
 * are left out. */
#include "base/json.h"
#include "cli/reach.h"

static void add_ports(struct mln_json *j, const struct mln_portset *ports)
{
    mln_json_array(j);
    for (size_t i = 0; i < ports->len; i++) {
        char text[16];
        struct mln_port_range r = ports->ranges[i];
        snprintf(text, sizeof text, r.lo == r.hi ? "%u" : "%u-%u", r.lo, r.hi);
        mln_json_string(j, text);
    }
    mln_json_end_array(j);
}

/* By name, and as ports; a protocol without ports has none. */
static void add_traffic(struct mln_cli *cli, struct mln_json *j,
                        const struct mln_reach_table *table, const struct mln_traffic *traffic)
{
    struct mln_text_vec names = {0};
    mln_traffic_names(cli->ctx.arena, &table->names, traffic, &names);
    mln_json_key(j, "services");
    mln_json_array(j);
    for (size_t i = 0; i < names.len; i++)
        mln_json_string(j, names.data[i]);
    mln_json_end_array(j);
    mln_json_key(j, "protocols");
    mln_json_object(j);
    for (int p = 0; p < MLN_PROTO_COUNT; p++) {
        if (!traffic->ports[p]->len)
            continue;
        mln_json_key(j, mln_proto_names[p]);
        if (p == MLN_PROTO_TCP || p == MLN_PROTO_UDP)
            add_ports(j, traffic->ports[p]);
        else
            mln_json_bool(j, true);
    }
    mln_json_end_object(j);
}

static void add_set(struct mln_cli *cli, struct mln_json *j, const char *key,
                    const struct mln_ipset *set)
{
    if (!set)
        return;
    char text[MLN_IP_TEXT];
    struct mln_prefix *prefixes;
    size_t count = mln_ipset_prefixes(cli->ctx.arena, set, &prefixes);
    mln_json_key(j, key);
    mln_json_array(j);
    for (size_t i = 0; i < count; i++)
        mln_json_string(j, mln_prefix_text(&prefixes[i], text));
    mln_json_end_array(j);
}

static void add_members(struct mln_json *j, const char *key, const struct mln_reach_box *box,
                        bool source, bool in)
{
    bool any = false;
    for (size_t i = 0; i < box->members.len; i++) {
        const struct mln_reach_member *m = &box->members.data[i];
        if (m->source != source || m->in != in)
            continue;
        if (!any) {
            mln_json_key(j, key);
            mln_json_array(j);
        }
        any = true;
        mln_json_string(j, m->tag ? m->tag->name : m->asg->name);
    }
    if (any)
        mln_json_end_array(j);
}

static void add_box(struct mln_cli *cli, struct mln_json *j, const struct mln_reach_box *box)
{
    mln_json_object(j);
    mln_json_pair(j, "family", box->family == MLN_IPV4 ? "IPv4" : "IPv6");
    add_set(cli, j, "sources", box->src);
    add_members(j, "source_in", box, true, true);
    add_members(j, "source_not_in", box, true, false);
    add_set(cli, j, "destinations", box->dst);
    add_members(j, "destination_in", box, false, true);
    add_members(j, "destination_not_in", box, false, false);
    if (box->sport) {
        mln_json_key(j, "source_ports");
        add_ports(j, box->sport);
    }
    mln_json_end_object(j);
}

static void add_part(struct mln_cli *cli, struct mln_json *j, const struct mln_reach_table *table,
                     const struct mln_reach_part *part)
{
    mln_json_object(j);
    add_traffic(cli, j, table, &part->traffic);
    mln_json_key(j, "packets");
    mln_json_array(j);
    for (size_t i = 0; i < part->boxes.len; i++)
        add_box(cli, j, &part->boxes.data[i]);
    mln_json_end_array(j);
    mln_json_pair(j, "note", part->note);
    mln_json_end_object(j);
}

static void add_pair(struct mln_cli *cli, struct mln_json *j, const struct mln_reach_table *table,
                     size_t i, size_t k)
{
    const struct mln_reach_cell *cell = &table->cells[i * table->to.len + k];
    if (mln_traffic_is_empty(&cell->all) && !cell->parts.len)
        return;
    mln_json_object(j);
    mln_json_pair(j, "from", table->from.data[i].name);
    mln_json_pair(j, "to", table->to.data[k].name);
    add_traffic(cli, j, table, &cell->all);
    mln_json_key(j, "parts");
    mln_json_array(j);
    for (size_t p = 0; p < cell->parts.len; p++)
        add_part(cli, j, table, &cell->parts.data[p]);
    mln_json_end_array(j);
    mln_json_end_object(j);
}

static void add_ends(struct mln_json *j, const char *key, const struct mln_reach_end_vec *ends)
{
    mln_json_key(j, key);
    mln_json_array(j);
    for (size_t i = 0; i < ends->len; i++)
        mln_json_string(j, ends->data[i].name);
    mln_json_end_array(j);
}

static void add_table(struct mln_cli *cli, struct mln_json *j, const struct mln_reach_table *table)
{
    mln_json_object(j);
    mln_json_pair(j, "input", table->path);
    mln_json_key(j, "valid");
    mln_json_bool(j, table->good);
    if (table->good) {
        add_ends(j, "from", &table->from);
        add_ends(j, "to", &table->to);
        mln_json_key(j, "pairs");
        mln_json_array(j);
        for (size_t i = 0; i < table->from.len; i++) {
            struct mln_cli aside = mln_reach_aside(cli);
            for (size_t k = 0; k < table->to.len; k++)
                add_pair(&aside, j, table, i, k);
            mln_arena_free(aside.ctx.arena);
        }
        mln_json_end_array(j);
    }
    mln_json_end_object(j);
}

void mln_reach_print_json(struct mln_cli *cli, const struct mln_reach_table_vec *tables,
                          struct mln_buf *out)
{
    struct mln_json json;
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_key(&json, "reach");
    mln_json_array(&json);
    for (size_t i = 0; i < tables->len; i++)
        add_table(cli, &json, tables->data[i]);
    mln_json_end_array(&json);
    mln_json_end_object(&json);
    mln_buf_char(out, '\n');
}
