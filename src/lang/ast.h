/* The tree of one .mlp file, as written: nothing is looked up, folded or expanded. Every node is in the
 * arena and carries its span. Names are interned; a dotted name is one word ("ml.endpoints"), parts that
 * are parameters stay as written ("Storage.$region"). Lists are singly linked in source order. A part that
 * could not be understood is POISON, reported already: later stages stay silent about it. */
#ifndef MLN_LANG_AST_H
#define MLN_LANG_AST_H

#include "diag/ctx.h"
#include "net/ip.h"
#include "net/port.h"

struct mln_word {
    const char *text; /* interned; NULL when absent */
    struct mln_span span;
};

struct mln_date {
    int year, month, day; /* a real calendar date */
};

enum mln_value_kind {
    MLN_VALUE_POISON,
    MLN_VALUE_NAME,   /* text; may hold "$param" parts */
    MLN_VALUE_PARAM,  /* text without the "$"; may be "ALIAS.NAME" */
    MLN_VALUE_NUMBER, /* lo */
    MLN_VALUE_RANGE,  /* lo, hi; lo <= hi */
    MLN_VALUE_STRING, /* text: escapes decoded, but "${name}" still inside; a literal "$" that came from "\$" is
                         the byte 0x01 so that expansion can tell them apart */
    MLN_VALUE_PREFIX,
    MLN_VALUE_DATE,
    MLN_VALUE_ANY,
    MLN_VALUE_LIST, /* ( VALUE, ... ) as an argument or parameter value: items */
    MLN_VALUE_SIDE, /* ( SIDE ) as a term: side */
};

/* What a value holds besides its kind depends on the kind alone. */
struct mln_value {
    enum mln_value_kind kind;
    struct mln_span span;
    struct mln_value *next;
    union {
        const char *text; /* NULL in POISON */
        struct {
            uint32_t lo, hi; /* NUMBER: both the number */
        };
        struct mln_prefix prefix;
        struct mln_date date;
        struct mln_value *items;
        struct mln_side *side;
    };
};

/* TERM{, TERM} [except TERM{, TERM}]; a term is NAME, PARAM, PREFIX, ANY, SIDE or POISON. */
struct mln_side {
    struct mln_span span;
    struct mln_value *terms;
    struct mln_value *except; /* NULL when there is none */
};

enum mln_service_kind {
    MLN_SERVICE_POISON,
    MLN_SERVICE_PROTO, /* tcp, udp, icmp, esp, ah, any: proto, source, port */
    MLN_SERVICE_NAME,  /* a named service: name */
    MLN_SERVICE_PARAM, /* $name: its value is a service name or a port (then `proto` binds it) or a list */
};

/* Bare ports of the flat list are bound already: `tcp 80, 443` is two items of proto tcp. */
struct mln_service {
    enum mln_service_kind kind;
    struct mln_span span;
    unsigned proto; /* enum mln_proto, or MLN_PROTO_COUNT for any. PARAM, POISON: the protocol that a
                       bare port here would bind to, or -1u when there is none before it */
    union {
        struct {
            struct mln_value *source, *port; /* PROTO: NUMBER, RANGE or PARAM; NULL = every port */
        };
        const char *name; /* NAME, PARAM: interned, without the "$" */
    };
    struct mln_service *next;
};

/* Of a statement without any, `clauses` is mln_no_clauses: it is never NULL. */
struct mln_clauses {
    struct mln_word as, overrides;  /* overrides: the first of the names */
    struct mln_value *override_names; /* all of them: NAME, the text as written, "$p" included */
    struct mln_value *until;   /* DATE or PARAM */
    struct mln_value *owner;   /* STRING or PARAM */
    struct mln_value *because; /* STRING or PARAM */
};
extern const struct mln_clauses mln_no_clauses;

enum mln_verb { MLN_VERB_ALLOW, MLN_VERB_DENY, MLN_VERB_FORBID, MLN_VERB_ASSERT_ALLOW, MLN_VERB_ASSERT_DENY };

enum mln_default_kind { MLN_DEFAULT_UNSET, MLN_DEFAULT_DENY, MLN_DEFAULT_ALLOW, MLN_DEFAULT_AZURE };

/* One node type for statements and for items inside braces; which kinds may stand where is the grammar's. */
enum mln_node_kind {
    MLN_NODE_POISON,
    /* statements */
    MLN_NODE_IMPORT, MLN_NODE_PARAM, MLN_NODE_NETWORK, MLN_NODE_ZONE, MLN_NODE_ASG, MLN_NODE_EXTERNAL,
    MLN_NODE_PEER, MLN_NODE_CONNECT, MLN_NODE_GROUP, MLN_NODE_SERVICE, MLN_NODE_RESOURCE, MLN_NODE_KIND,
    MLN_NODE_GEOGRAPHY, MLN_NODE_TEMPLATE, MLN_NODE_APPLY, MLN_NODE_WHEN, MLN_NODE_DEFAULT,
    MLN_NODE_INTENT, /* allow, deny, forbid, assert allow, assert deny */
    /* items */
    MLN_NODE_ITEM, /* KEY VALUE...: see enum mln_item */
    MLN_NODE_ROUTE, MLN_NODE_ENDPOINT, MLN_NODE_FIREWALL,
};

/* Items that are a key and plain values. The values are in `values`. */
enum mln_item {
    MLN_ITEM_REGION, MLN_ITEM_RESOURCE_GROUP, MLN_ITEM_SUBSCRIPTION, MLN_ITEM_ID, MLN_ITEM_EXISTING /* no value */,
    MLN_ITEM_DNS, MLN_ITEM_NSG /* NAME; `none` is a name */, MLN_ITEM_SUBNET, MLN_ITEM_ROLE,
    MLN_ITEM_SERVICE_ENDPOINT, /* values: names; only: names or strings, or NULL */
    MLN_ITEM_DELEGATION, MLN_ITEM_OVERLAY, MLN_ITEM_EGRESS, MLN_ITEM_NAME, MLN_ITEM_SKU, MLN_ITEM_PUBLIC,
    MLN_ITEM_WIDEN, MLN_ITEM_GATEWAY /* of a peer: whose gateway */, MLN_ITEM_TYPE, MLN_ITEM_API, MLN_ITEM_TAG,
    MLN_ITEM_PREREQUISITE, MLN_ITEM_PORTS /* services */, MLN_ITEM_OTHER /* firewall keys: `key` */
};

enum mln_hop { MLN_HOP_APPLIANCE, MLN_HOP_INTERNET, MLN_HOP_NONE, MLN_HOP_GATEWAY };
enum mln_via { MLN_VIA_SITE_TO_SITE, MLN_VIA_POINT_TO_SITE, MLN_VIA_EXPRESSROUTE };

struct mln_template_param {
    struct mln_word name;        /* without the "$" */
    struct mln_value *value;     /* default, or NULL */
    struct mln_template_param *next;
};

struct mln_argument {
    struct mln_word name; /* text NULL: positional */
    struct mln_value *value;
    struct mln_argument *next;
};

/* Most nodes are intents, so what other kinds need lies in the same room: a member belongs to the
 * kinds that are told beside it, and only to them. */
struct mln_node {
    enum mln_node_kind kind;
    struct mln_span span;         /* the whole node */
    uint32_t keyword_length;      /* of its first word: see mln_node_keyword */
    union {
        enum mln_item item;                 /* MLN_NODE_ITEM */
        enum mln_verb verb;                 /* intent, assertion */
        enum mln_default_kind default_kind; /* default */
        enum mln_hop hop;                   /* route */
        enum mln_via via;                   /* connect */
    };
    bool has_else;                          /* when */
    bool within;                            /* intent, assertion */
    bool for_inbound, for_outbound;         /* default: both when no direction was written */
    bool has_direction;                     /* default */
    struct mln_node *next;

    union {
        struct mln_word name; /* declared name; module of import (NAME form); template of apply; ASG;
                                 when: the parameter, without the "$"; NULL for all others but items */
        struct mln_word key;  /* the item's or firewall key's word */
    };
    union {
        struct mln_node *body;        /* items or statements in braces; `then` of when */
        struct mln_service *services; /* service, intent, kind endpoint's ports */
    };
    union {
        struct mln_value *values;  /* all but group, apply, intent: prefixes, item values, names of
                                      geography, external's prefixes and strings, value of param
                                      (NULL = required), STRING of an import by file, destination of
                                      route (PREFIX, NAME or PARAM), what when compares with or NULL */
        struct mln_argument *arguments; /* apply */
        struct mln_side *side;          /* group */
        struct mln_side *from;          /* intent, assertion */
    };
    union {
        struct mln_value *only;            /* of service-endpoint */
        struct mln_node *orelse;           /* `else` of when: statements/items, or one WHEN node */
        struct mln_template_param *params; /* template */
        struct mln_value *next_hop;        /* route: appliance address */
        struct mln_side *to;               /* intent, assertion; `within SIDE`: the same as from */
    };
    union {
        struct mln_word name2; /* `in ZONE` (asg, endpoint), KIND of resource, second network of peer,
                                  NETWORK of connect, `as NAME` of import */
        const struct mln_clauses *clauses; /* intent, assertion, apply; never NULL */
    };
};

/* NULL for kinds without one. */
static inline struct mln_node *mln_node_body(const struct mln_node *node)
{
    bool services = node->kind == MLN_NODE_SERVICE || node->kind == MLN_NODE_INTENT ||
                    node->kind == MLN_NODE_ITEM;
    return services ? NULL : node->body;
}

static inline struct mln_span mln_node_keyword(const struct mln_node *node)
{
    struct mln_span span = node->span;
    span.hi = span.lo + node->keyword_length;
    return span;
}

struct mln_file {
    uint32_t source; /* in diags->sources */
    bool lost;       /* a statement or a part of one is left out: not parsed, or not loaded; reported */
    bool refused;    /* a default is left out; reported: all names are there, but no packet is judged */
    struct mln_node *nodes;
};

#endif
