/* Protocols and ports in the words of a policy: its services, and else the language's own. */
#include "prove/words_impl.h"

/* A service that is one product of protocols and ports: the ports that each protocol of it has. */
static bool is_product(const struct mln_services *s, unsigned *protos,
                       const struct mln_portset **ports)
{
    *protos = 0;
    for (size_t i = 0; i < s->len; i++) {
        const struct mln_service_item *item = &s->items[i];
        if (!mln_portset_is_all(item->sport) || (i && !mln_portset_equal(item->dport, *ports)))
            return false;
        *protos |= mln_protos_with_ports(item->protos, item->sport, item->dport);
        *ports = item->dport;
    }
    return s->len > 0;
}

static uint64_t hash_service(unsigned protos, const struct mln_portset *ports)
{
    uint64_t hash = protos;
    for (size_t i = 0; i < ports->len; i++)
        hash = mln_hash_word(hash, (uint64_t)ports->ranges[i].lo << 16 | ports->ranges[i].hi);
    return mln_mix(hash);
}

static const char *service_named(const struct mln_words *w, unsigned protos,
                                 const struct mln_portset *dport)
{
    uint64_t hash = hash_service(protos, dport);
    size_t at = mln_index_start(&w->by_service, hash);
    for (uint32_t id; (id = mln_index_next(&w->by_service, hash, &at)) != MLN_INDEX_NONE;)
        if (w->services.data[id].protos == protos &&
            mln_portset_equal(w->services.data[id].ports, dport))
            return w->services.data[id].name;
    return NULL;
}

/* Of two names for one service the first declared is used. */
void mln_words_collect_services(struct mln_words *w)
{
    struct mln_declared_vec declared = {0};
    mln_declared_services(w->model, w->arena, &declared);
    mln_index_init(&w->by_service, w->arena, 256);
    for (size_t i = 0; i < declared.len; i++) {
        struct named_service service = {.name = declared.data[i].name};
        if (!is_product(declared.data[i].services, &service.protos, &service.ports) ||
            service_named(w, service.protos, service.ports))
            continue;
        mln_index_put(&w->by_service, hash_service(service.protos, service.ports),
                      (uint32_t)w->services.len);
        mln_vec_push(w->arena, &w->services, service);
    }
}

static void add_ports(struct mln_buf *out, const struct mln_port_range *r)
{
    mln_buf_printf(out, r->lo == r->hi ? " %u" : " %u-%u", r->lo, r->hi);
}

/* tcp and udp with ports are what `any` with ports means. */
static void add_protocols(struct mln_buf *out, unsigned protos, bool ports)
{
    const unsigned with_ports = MLN_PROTO_BIT(MLN_PROTO_TCP) | MLN_PROTO_BIT(MLN_PROTO_UDP);
    if (protos == MLN_PROTOS_ALL || (ports && protos == with_ports)) {
        mln_buf_add(out, "any");
        return;
    }
    bool first = true;
    for (unsigned p = 0; p < MLN_PROTO_COUNT; p++)
        if (protos & MLN_PROTO_BIT(p)) {
            mln_buf_printf(out, "%s%s", first ? "" : ", ",
                           p == MLN_PROTO_OTHER ? "other protocols" : mln_proto_names[p]);
            first = false;
        }
}

static void add_range(struct mln_words *w, struct mln_buf *out, unsigned protos,
                      const struct mln_portset *sport, const struct mln_port_range *dport)
{
    struct mln_port_range *copy = MLN_NEW(w->arena, struct mln_port_range);
    *copy = *dport;
    const char *name = mln_portset_is_all(sport)
                           ? service_named(w, protos, mln_portset_from_ranges(w->arena, copy, 1))
                           : NULL;
    if (out->len)
        mln_buf_add(out, ", ");
    if (name) {
        mln_buf_add(out, name);
        return;
    }
    add_protocols(out, protos, true);
    for (size_t i = 0; !mln_portset_is_all(sport) && i < sport->len; i++) {
        mln_buf_add(out, i ? "," : " source");
        add_ports(out, &sport->ranges[i]);
    }
    if (dport->lo != 0 || dport->hi != UINT16_MAX)
        add_ports(out, dport);
}

const char *mln_words_service(struct mln_words *w, unsigned protos, const struct mln_portset *sport,
                              const struct mln_portset *dport)
{
    struct mln_buf out;
    mln_buf_init(&out, w->arena);
    bool all = mln_portset_is_all(sport) && mln_portset_is_all(dport);
    const char *name = mln_portset_is_all(sport) ? service_named(w, protos, dport) : NULL;
    if (all)
        add_protocols(&out, protos, false);
    else if (name)
        mln_buf_add(&out, name);
    else
        for (size_t i = 0; i < dport->len; i++)
            add_range(w, &out, protos, sport, &dport->ranges[i]);
    return out.data;
}
