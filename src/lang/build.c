/* Builders for the small parts of the tree: words, values, services, sides, clauses. */
#include "lang/parse.h"

#include <assert.h>
#include <string.h>

/* --- words --- */

struct mln_word mln_word_none(void)
{
    return (struct mln_word){0};
}

static const char *text_at(struct mln_parse *st, uint32_t lo, uint32_t hi)
{
    return mln_intern_n(st->ctx->names, st->text + lo, hi - lo);
}

struct mln_word mln_word_at(struct mln_parse *st, struct mln_span span)
{
    if (span.lo == span.hi)
        return mln_word_none();
    return (struct mln_word){.text = text_at(st, span.lo, span.hi), .span = span};
}

/* --- values --- */

struct mln_values mln_values_none(void)
{
    return (struct mln_values){0};
}

struct mln_values mln_values_one(struct mln_value *value)
{
    value->next = value;
    return (struct mln_values){value};
}

struct mln_values mln_values_add(struct mln_values list, struct mln_value *value)
{
    value->next = list.last->next;
    list.last->next = value;
    return (struct mln_values){value};
}

struct mln_value *mln_values_first(struct mln_values list)
{
    struct mln_value *first = list.last ? list.last->next : NULL;
    if (first)
        list.last->next = NULL;
    return first;
}

struct mln_values mln_values_poison(struct mln_parse *st, struct mln_span span)
{
    return mln_values_one(mln_make_value(st, span, MLN_VALUE_POISON));
}

struct mln_value *mln_make_value(struct mln_parse *st, struct mln_span span,
                                 enum mln_value_kind kind)
{
    struct mln_value *value = MLN_NEW(st->ctx->arena, struct mln_value);
    value->kind = kind;
    value->span = span;
    return value;
}

void mln_value_poison(struct mln_value *value)
{
    value->kind = MLN_VALUE_POISON;
    value->text = NULL;
}

struct mln_value *mln_make_any(struct mln_parse *st, struct mln_span span)
{
    return mln_make_value(st, span, MLN_VALUE_ANY);
}

struct mln_value *mln_make_list(struct mln_parse *st, struct mln_span span, struct mln_values items)
{
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_LIST);
    value->items = mln_values_first(items);
    return value;
}

struct mln_value *mln_make_side_value(struct mln_parse *st, struct mln_span span,
                                      struct mln_side *side)
{
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_SIDE);
    value->side = side;
    return value;
}

/* "$p" is a parameter, "$p.rest" a name of which a parameter is a part. */
static bool is_parameter(const struct mln_parse *st, struct mln_span span)
{
    const char *text = st->text + span.lo;
    return text[0] == '$' && memchr(text, '.', span.hi - span.lo) == NULL;
}

struct mln_value *mln_make_name_value(struct mln_parse *st, struct mln_span span)
{
    bool param = is_parameter(st, span);
    struct mln_value *value = mln_make_value(st, span, param ? MLN_VALUE_PARAM : MLN_VALUE_NAME);
    value->text = text_at(st, span.lo + param, span.hi);
    return value;
}

/* Where no name may stand, "$p.rest" is the parameter of an imported file. */
struct mln_value *mln_make_param_value(struct mln_parse *st, struct mln_span span)
{
    struct mln_value *value = mln_make_value(st, span, MLN_VALUE_PARAM);
    value->text = text_at(st, span.lo + 1, span.hi);
    return value;
}

struct mln_value *mln_port_value(struct mln_parse *st, struct mln_value *value)
{
    if (value->kind == MLN_VALUE_POISON || value->hi <= 65535)
        return value;
    mln_lex_report(st, MLN_D_BAD_NUMBER, value->span, "port %u is beyond 65535", value->hi);
    mln_value_poison(value);
    return value;
}

/* --- sides --- */

struct mln_side *mln_make_side(struct mln_parse *st, struct mln_span span, struct mln_values terms,
                               struct mln_values except)
{
    struct mln_side *side = MLN_NEW(st->ctx->arena, struct mln_side);
    side->span = span;
    side->terms = mln_values_first(terms);
    side->except = mln_values_first(except);
    return side;
}

/* --- services --- */

#define UNBOUND (-1u)

static struct mln_service *make_service(struct mln_parse *st, struct mln_span span,
                                        enum mln_service_kind kind)
{
    struct mln_service *service = MLN_NEW(st->ctx->arena, struct mln_service);
    service->kind = kind;
    service->span = span;
    service->proto = UNBOUND;
    return service;
}

struct mln_services mln_services_none(void)
{
    return (struct mln_services){NULL};
}

struct mln_service *mln_services_first(struct mln_services list)
{
    struct mln_service *first = list.last ? list.last->next : NULL;
    if (first)
        list.last->next = NULL;
    return first;
}

struct mln_service *mln_make_proto(struct mln_parse *st, struct mln_span span, unsigned proto,
                                   struct mln_value *source, struct mln_value *port)
{
    struct mln_service *service = make_service(st, span, MLN_SERVICE_PROTO);
    service->proto = proto;
    service->source = source;
    service->port = port;
    return service;
}

struct mln_service *mln_make_bare_port(struct mln_parse *st, struct mln_span span,
                                       struct mln_value *port)
{
    return mln_make_proto(st, span, UNBOUND, NULL, port);
}

struct mln_service *mln_make_service_name(struct mln_parse *st, struct mln_span span)
{
    bool param = is_parameter(st, span);
    struct mln_service *service =
        make_service(st, span, param ? MLN_SERVICE_PARAM : MLN_SERVICE_NAME);
    service->name = text_at(st, span.lo + param, span.hi);
    return service;
}

struct mln_service *mln_make_service_poison(struct mln_parse *st, struct mln_span span)
{
    return make_service(st, span, MLN_SERVICE_POISON);
}

static void report_unbound(struct mln_parse *st, const struct mln_service *service)
{
    const char *port = mln_parse_text(st, service->span);
    struct mln_diag *diag = mln_lex_report(st, MLN_D_BARE_PORT, service->span,
                                           "port %s stands after no protocol", port);
    if (diag)
        mln_diag_help(diag, "write 'tcp %s', 'udp %s' or 'any %s'", port, port, port);
}

/* tcp, udp and any bind the ports after them; a parameter may hold a port and leaves the binding,
 * and so does a mistake: both keep it. */
static unsigned binding_after(const struct mln_service *service)
{
    if (service == NULL || service->kind == MLN_SERVICE_NAME)
        return UNBOUND;
    if (service->kind != MLN_SERVICE_PROTO)
        return service->proto;
    bool ported = service->proto == MLN_PROTO_TCP || service->proto == MLN_PROTO_UDP ||
                  service->proto == MLN_PROTO_COUNT;
    return ported ? service->proto : UNBOUND;
}

static void bind_port(struct mln_parse *st, struct mln_service *service, unsigned bind)
{
    service->proto = bind;
    if (service->port->kind != MLN_VALUE_POISON && bind != UNBOUND)
        return;
    if (service->port->kind != MLN_VALUE_POISON)
        report_unbound(st, service);
    service->kind = MLN_SERVICE_POISON;
}

struct mln_services mln_services_add(struct mln_parse *st, struct mln_services list,
                                     struct mln_service *service)
{
    unsigned bind = binding_after(list.last);
    if (service->kind == MLN_SERVICE_PROTO && service->proto == UNBOUND)
        bind_port(st, service, bind);
    else if (service->kind == MLN_SERVICE_PARAM || service->kind == MLN_SERVICE_POISON)
        service->proto = bind;
    service->next = list.last ? list.last->next : service;
    if (list.last)
        list.last->next = service;
    return (struct mln_services){service};
}

/* --- clauses --- */

const struct mln_clauses mln_no_clauses = {0};

static struct mln_clauses *some(struct mln_parse *st, struct mln_clauses *clauses)
{
    return clauses ? clauses : MLN_NEW(st->ctx->arena, struct mln_clauses);
}

static bool is_new(struct mln_parse *st, bool present, struct mln_span keyword)
{
    if (present)
        mln_lex_report(st, MLN_D_REPEATED_CLAUSE, keyword,
                       "'%s' is written twice for one statement", mln_parse_text(st, keyword));
    return !present;
}

struct mln_clauses *mln_clause_as(struct mln_parse *st, struct mln_clauses *clauses,
                                  struct mln_span keyword, struct mln_word name)
{
    clauses = some(st, clauses);
    if (is_new(st, clauses->as.text != NULL, keyword))
        clauses->as = name;
    return clauses;
}

static void as_written(struct mln_parse *st, struct mln_value *name)
{
    name->kind = MLN_VALUE_NAME;
    name->text = mln_word_at(st, name->span).text;
}

struct mln_clauses *mln_clause_overrides(struct mln_parse *st, struct mln_clauses *clauses,
                                         struct mln_span keyword, struct mln_values names)
{
    clauses = some(st, clauses);
    if (!is_new(st, clauses->override_names != NULL, keyword))
        return clauses;
    clauses->override_names = mln_values_first(names);
    for (struct mln_value *name = clauses->override_names; name; name = name->next)
        as_written(st, name);
    const struct mln_value *first = clauses->override_names;
    clauses->overrides = (struct mln_word){first->text, first->span};
    return clauses;
}

struct mln_clauses *mln_clause_value(struct mln_parse *st, struct mln_clauses *clauses,
                                     struct mln_span keyword, enum mln_clause clause,
                                     struct mln_value *value)
{
    clauses = some(st, clauses);
    struct mln_value **place = clause == MLN_CLAUSE_UNTIL   ? &clauses->until
                               : clause == MLN_CLAUSE_OWNER ? &clauses->owner
                                                            : &clauses->because;
    if (is_new(st, *place != NULL, keyword))
        *place = value;
    return clauses;
}
