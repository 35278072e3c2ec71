/* Services: what a list of items means, as a canonical set of (protocol, source ports, destination
 * ports). */
#include "policy/build.h"

#include <stdlib.h>
#include <string.h>

MLN_VEC_TYPE(range_vec, struct mln_port_range);

/* Items as they are met. They are united when all are there: a list may have thousands of ports. */
MLN_VEC_TYPE(service_list, struct mln_service_item);

static void add_item(struct mln_arena *a, struct service_list *out, unsigned protos,
                     const struct mln_portset *sport, const struct mln_portset *dport)
{
    struct mln_service_item item = {protos, sport, dport};
    mln_vec_push(a, out, item);
}

/* By protocols and source ports. */
static int compare_items(const void *a, const void *b)
{
    const struct mln_service_item *x = a, *y = b;
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

static const struct mln_portset *union_of(struct mln_arena *a, const struct mln_service_item *items,
                                          size_t count)
{
    struct range_vec ranges = {0};
    if (count == 1)
        return items->dport;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < items[i].dport->len; k++)
            mln_vec_push(a, &ranges, items[i].dport->ranges[k]);
    return mln_portset_from_ranges(a, ranges.data, ranges.len);
}

/* Sorted, and one item for each protocols and source ports. */
static struct mln_services canonical(struct mln_arena *a, struct service_list *list)
{
    size_t kept = 0;
    if (list->len > 1)
        qsort(list->data, list->len, sizeof *list->data, compare_items);
    for (size_t begin = 0, end; begin < list->len; begin = end) {
        for (end = begin + 1; end < list->len; end++)
            if (compare_items(&list->data[begin], &list->data[end]) != 0)
                break;
        struct mln_service_item item = list->data[begin];
        item.dport = union_of(a, &list->data[begin], end - begin);
        list->data[kept++] = item;
    }
    return (struct mln_services){list->data, kept};
}

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

static bool add_services(struct mln_build *b, struct mln_scope *scope, struct mln_service *list,
                         struct service_list *out);

static void add_all(struct mln_build *b, const struct mln_services *from, struct service_list *out)
{
    for (size_t i = 0; i < from->len; i++)
        add_item(b->arena, out, from->items[i].protos, from->items[i].sport, from->items[i].dport);
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
            symbol->u.services = MLN_NEW(b->arena, struct mln_services);
            *symbol->u.services = canonical(b->arena, &own);
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
        return name &&
               add_named(b, where, name, arg.value->span.file ? arg.value->span : value->span, out);
    case MLN_VALUE_ANY:
        add_item(b->arena, out, MLN_PROTOS_ALL, all_ports(b), all_ports(b));
        return true;
    case MLN_VALUE_NUMBER:
    case MLN_VALUE_RANGE:
        if (proto <= MLN_PROTO_COUNT) {
            const struct mln_portset *ports = ports_of(b, arg.scope, arg.value, &good);
            if (good)
                add_item(b->arena, out,
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
            add_item(b->arena, out, protos, sport, dport);
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
    *out = canonical(b->arena, &list);
    if (plain && good)
        plain->services = *out;
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
                add_item(a, &out, protos, sport, dport);
        }
    return canonical(a, &out);
}

struct mln_services mln_services_union(struct mln_arena *a, const struct mln_services *x,
                                       const struct mln_services *y)
{
    struct service_list out = {0};
    const struct mln_services *const both[] = {x, y};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < both[s]->len; i++)
            add_item(a, &out, both[s]->items[i].protos, both[s]->items[i].sport,
                     both[s]->items[i].dport);
    return canonical(a, &out);
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
