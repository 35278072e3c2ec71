/* Services: what a list of items means, as a canonical set of (protocol, source ports, destination
 * ports). */
#include "policy/build.h"

#include <string.h>

static void add_item(struct mln_arena *a, struct mln_services *out, size_t *cap, unsigned protos,
                     const struct mln_portset *sport, const struct mln_portset *dport)
{
    for (size_t i = 0; i < out->len; i++) {
        struct mln_service_item *item = &out->items[i];
        if (item->protos != protos || !mln_portset_equal(item->sport, sport))
            continue;
        item->dport = mln_portset_union(a, item->dport, dport);
        return;
    }
    if (out->len == *cap)
        out->items = mln_vec_grow(a, out->items, out->len, cap, sizeof *out->items);
    out->items[out->len++] = (struct mln_service_item){protos, sport, dport};
}

static int compare_items(const struct mln_service_item *x, const struct mln_service_item *y)
{
    if (x->protos != y->protos)
        return x->protos < y->protos ? -1 : 1;
    for (size_t i = 0; i < x->sport->len && i < y->sport->len; i++) {
        struct mln_port_range p = x->sport->ranges[i], q = y->sport->ranges[i];
        if (p.lo != q.lo)
            return p.lo < q.lo ? -1 : 1;
        if (p.hi != q.hi)
            return p.hi < q.hi ? -1 : 1;
    }
    return (x->sport->len > y->sport->len) - (x->sport->len < y->sport->len);
}

/* A service has few (protocol, source ports) combinations: insertion sort. */
static void sort_items(struct mln_services *services)
{
    for (size_t i = 1; i < services->len; i++) {
        struct mln_service_item item = services->items[i];
        size_t k = i;
        for (; k > 0 && compare_items(&item, &services->items[k - 1]) < 0; k--)
            services->items[k] = services->items[k - 1];
        services->items[k] = item;
    }
}

static const struct mln_portset *ports_of(struct mln_build *b, struct mln_scope *scope,
                                          struct mln_value *value, bool *good);

MLN_VEC_TYPE(range_vec, struct mln_port_range);

static bool add_ranges(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                       struct range_vec *ranges)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    if (arg.value->kind == MLN_VALUE_LIST) {
        bool good = true;
        for (struct mln_value *v = arg.value->items; v; v = v->next)
            good &= add_ranges(b, arg.scope, v, ranges);
        return good;
    }
    struct mln_port_range range;
    if (!mln_eval_port(b, scope, value, &range))
        return false;
    mln_vec_push(b->arena, ranges, range);
    return true;
}

static const struct mln_portset *all_ports(struct mln_build *b)
{
    if (!b->all_ports)
        b->all_ports = mln_portset_all(b->arena);
    return b->all_ports;
}

static const struct mln_portset *ports_of(struct mln_build *b, struct mln_scope *scope,
                                          struct mln_value *value, bool *good)
{
    if (!value)
        return all_ports(b);
    struct range_vec ranges = {0};
    *good &= add_ranges(b, scope, value, &ranges);
    return mln_portset_from_ranges(b->arena, ranges.data, ranges.len);
}

struct service_list {
    struct mln_services out;
    size_t cap;
};

static bool add_services(struct mln_build *b, struct mln_scope *scope, struct mln_service *list,
                         struct service_list *out);

static void add_all(struct mln_build *b, const struct mln_services *from, struct service_list *out)
{
    for (size_t i = 0; i < from->len; i++)
        add_item(b->arena, &out->out, &out->cap, from->items[i].protos, from->items[i].sport,
                 from->items[i].dport);
}

static bool add_symbol(struct mln_build *b, struct mln_symbol *symbol, struct mln_span span,
                       struct service_list *out)
{
    if (symbol->state == MLN_IN_WORK) {
        mln_report(b->ctx->diags, MLN_D_RECURSIVE, symbol->span,
                   "service '%s' is defined through itself", symbol->name);
        symbol->state = MLN_BROKEN;
    }
    if (symbol->state == MLN_UNSEEN) {
        if (b->depth++ > MLN_MAX_NESTING) {
            mln_report(b->ctx->diags, MLN_D_RECURSIVE, span,
                       "services are nested too deeply at '%s'", symbol->name);
            symbol->state = MLN_BROKEN;
        } else {
            symbol->state = MLN_IN_WORK;
            struct service_list own = {0};
            bool good = add_services(b, symbol->scope, symbol->node->services, &own);
            sort_items(&own.out);
            symbol->u.services = MLN_NEW(b->arena, struct mln_services);
            *symbol->u.services = own.out;
            symbol->state = good && symbol->state != MLN_BROKEN ? MLN_DONE : MLN_BROKEN;
        }
        b->depth--;
    }
    if (symbol->state != MLN_DONE)
        return false;
    add_all(b, symbol->u.services, out);
    return true;
}

static bool add_named(struct mln_build *b, struct mln_scope *scope, const char *name,
                      struct mln_span span, struct service_list *out)
{
    const char *rest;
    struct mln_symbol *symbol = mln_scope_find(b, scope, MLN_NAMES_SERVICE, name, &rest);
    if (symbol && !rest)
        return add_symbol(b, symbol, span, out);
    mln_scope_unknown(b, scope, MLN_NAMES_SERVICE, span, "service", name);
    return false;
}

/* The value of "$p" in a list of services: a service's name, a port for the protocol before it, or
 * a list. */
static bool add_value(struct mln_build *b, struct mln_scope *scope, struct mln_value *value,
                      unsigned proto, struct service_list *out)
{
    struct mln_arg arg = mln_eval(b, scope, value);
    struct mln_scope *where;
    const char *name;
    bool good = true;
    switch (arg.value->kind) {
    case MLN_VALUE_LIST:
        for (struct mln_value *v = arg.value->items; v; v = v->next)
            good &= add_value(b, arg.scope, v, proto, out);
        return good;
    case MLN_VALUE_NAME:
        name = mln_eval_name(b, arg, &where);
        return name && add_named(b, where, name, value->span, out);
    case MLN_VALUE_ANY:
        add_item(b->arena, &out->out, &out->cap, MLN_PROTOS_ALL, all_ports(b), all_ports(b));
        return true;
    case MLN_VALUE_NUMBER:
    case MLN_VALUE_RANGE:
        if (proto <= MLN_PROTO_COUNT) {
            const struct mln_portset *ports = ports_of(b, arg.scope, arg.value, &good);
            if (good)
                add_item(b->arena, &out->out, &out->cap,
                         proto == MLN_PROTO_COUNT ? MLN_PROTOS_ALL : MLN_PROTO_BIT(proto),
                         all_ports(b), ports);
            return good;
        }
        /* fall through */
    default:
        if (arg.value->kind != MLN_VALUE_POISON)
            mln_report(b->ctx->diags, MLN_D_WRONG_VALUE, value->span,
                       "expected a service, found '%s'%s", mln_value_text(b, arg.value),
                       arg.value->kind == MLN_VALUE_NUMBER || arg.value->kind == MLN_VALUE_RANGE
                           ? "; a port needs tcp or udp before it"
                           : "");
        return false;
    }
}

static bool add_service(struct mln_build *b, struct mln_scope *scope, struct mln_service *service,
                        struct service_list *out)
{
    bool good = true;
    switch (service->kind) {
    case MLN_SERVICE_PROTO: {
        const struct mln_portset *sport = ports_of(b, scope, service->source, &good);
        const struct mln_portset *dport = ports_of(b, scope, service->port, &good);
        unsigned protos =
            service->proto == MLN_PROTO_COUNT ? MLN_PROTOS_ALL : MLN_PROTO_BIT(service->proto);
        if (good)
            add_item(b->arena, &out->out, &out->cap, protos, sport, dport);
        return good;
    }
    case MLN_SERVICE_NAME: {
        struct mln_value value = {
            .kind = MLN_VALUE_NAME, .span = service->span, .text = service->name};
        return add_value(b, scope, &value, -1u, out);
    }
    case MLN_SERVICE_PARAM: {
        struct mln_value value = {
            .kind = MLN_VALUE_PARAM, .span = service->span, .text = service->name};
        return add_value(b, scope, &value, service->proto, out);
    }
    case MLN_SERVICE_POISON:
        break;
    }
    return false;
}

static bool add_services(struct mln_build *b, struct mln_scope *scope, struct mln_service *list,
                         struct service_list *out)
{
    bool good = list != NULL;
    for (struct mln_service *s = list; s; s = s->next)
        good &= add_service(b, scope, s, out);
    return good;
}

/* The service that an intent of one protocol and one port asks for, made once for all of them; NULL
 * when the list says more. */
static struct mln_plain_service *plain_service(struct mln_build *b, const struct mln_service *list)
{
    if (!list || list->next || list->kind != MLN_SERVICE_PROTO || list->source || !list->port ||
        (list->port->kind != MLN_VALUE_NUMBER && list->port->kind != MLN_VALUE_RANGE))
        return NULL;
    struct {
        uint32_t proto, lo, hi;
    } key = {list->proto, list->port->lo, list->port->hi};
    if (!b->plain_services)
        b->plain_services = mln_map_new(b->arena);
    struct mln_map_entry *entry = mln_map_slot(b->plain_services, &key, sizeof key);
    if (!entry->value)
        entry->value = MLN_NEW(b->arena, struct mln_plain_service);
    return entry->value;
}

bool mln_build_services(struct mln_build *b, struct mln_scope *scope, struct mln_service *services,
                        struct mln_services *out)
{
    struct service_list list = {0};
    struct mln_plain_service *plain = plain_service(b, services);
    if (plain && plain->services.len > 0) {
        *out = plain->services;
        return true;
    }
    bool good = add_services(b, scope, services, &list);
    sort_items(&list.out);
    *out = list.out;
    if (plain && good)
        plain->services = list.out;
    return good;
}

struct mln_services mln_services_intersect(struct mln_arena *a, const struct mln_services *x,
                                           const struct mln_services *y)
{
    struct service_list out = {0};
    for (size_t i = 0; i < x->len; i++)
        for (size_t k = 0; k < y->len; k++) {
            const struct mln_service_item *p = &x->items[i], *q = &y->items[k];
            unsigned protos = p->protos & q->protos;
            const struct mln_portset *sport = mln_portset_intersect(a, p->sport, q->sport);
            const struct mln_portset *dport = mln_portset_intersect(a, p->dport, q->dport);
            if (protos && sport->len && dport->len)
                add_item(a, &out.out, &out.cap, protos, sport, dport);
        }
    sort_items(&out.out);
    return out.out;
}

struct mln_services mln_services_union(struct mln_arena *a, const struct mln_services *x,
                                       const struct mln_services *y)
{
    struct service_list out = {0};
    const struct mln_services *const both[] = {x, y};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < both[s]->len; i++)
            add_item(a, &out.out, &out.cap, both[s]->items[i].protos, both[s]->items[i].sport,
                     both[s]->items[i].dport);
    sort_items(&out.out);
    return out.out;
}

static void add_port_text(struct mln_buf *out, const struct mln_value *value)
{
    if (value->kind == MLN_VALUE_NUMBER)
        mln_buf_printf(out, "-%u", value->lo);
    else if (value->kind == MLN_VALUE_RANGE)
        mln_buf_printf(out, "-%u-%u", value->lo, value->hi);
    else
        mln_buf_printf(out, "-%s", value->text ? value->text : "");
}

static const char *make_text(struct mln_arena *a, const struct mln_service *services)
{
    struct mln_buf out;
    mln_buf_init(&out, a);
    mln_buf_add(&out, "");
    unsigned last = -1u;
    for (const struct mln_service *s = services; s; s = s->next) {
        bool plain = s->kind == MLN_SERVICE_PROTO;
        bool same = plain && !s->source && s->proto == last && s->port;
        if (out.len > 0 && !same)
            mln_buf_char(&out, '_');
        if (plain && !same)
            mln_buf_add(&out, s->proto == MLN_PROTO_COUNT ? "any" : mln_proto_names[s->proto]);
        else if (!plain && s->name)
            mln_buf_add(&out, s->name);
        if (plain && s->source) {
            mln_buf_add(&out, "-from");
            add_port_text(&out, s->source);
        }
        if (plain && s->port)
            add_port_text(&out, s->port);
        last = plain && !s->source ? s->proto : -1u;
    }
    return out.data;
}

/* "https", "tcp-80-443", "udp-53_icmp": the service as it stands in names of rules. */
const char *mln_services_text(struct mln_build *b, const struct mln_service *services)
{
    struct mln_plain_service *plain = plain_service(b, services);
    if (!plain)
        return make_text(b->arena, services);
    if (!plain->text)
        plain->text = make_text(b->arena, services);
    return plain->text;
}

void mln_resolve_service(struct mln_build *b, struct mln_scope *scope, struct mln_node *node)
{
    const char *rest;
    struct mln_symbol *symbol =
        node->name.text ? mln_scope_find(b, scope, MLN_NAMES_SERVICE, node->name.text, &rest)
                        : NULL;
    struct service_list unused = {0};
    if (symbol && symbol->node == node && !symbol->library)
        add_symbol(b, symbol, node->span, &unused);
}

const struct mln_services *mln_services_of(struct mln_build *b, struct mln_symbol *symbol)
{
    struct service_list unused = {0};
    return add_symbol(b, symbol, symbol->span, &unused) ? symbol->u.services : NULL;
}
