/* Inside the parser: what the generated scanner and grammar share with the code that serves them.
 *
 *   lexer.l     finds tokens            -> literal.c makes and checks literals, odd.c judges odd
 * words token.c     between the two: counts braces, and after a mistake skips to where something
 * begins parser.y    builds through build.c and build_node.c; tells syntax.c what it expected
 *   parse.c     the face: mln_parse and its likes for parts of a statement */
#ifndef MLN_LANG_PARSE_H
#define MLN_LANG_PARSE_H

#include "lang/ast.h"
#include "lang/lang.h"

/* Where a token stands: decides what may begin there. */
enum mln_place_kind {
    MLN_IN_FILE,
    MLN_IN_TEMPLATE,
    MLN_IN_NETWORK,
    MLN_IN_ZONE,
    MLN_IN_PEER,
    MLN_IN_RESOURCE,
    MLN_IN_KIND,
    MLN_IN_KIND_ENDPOINT,
    MLN_IN_FIREWALL,
    MLN_IN_NOTHING, /* a brace that opens no body: skipped to its end */
};

/* A token as the grammar got it. */
struct mln_token {
    int kind; /* of the grammar; 0 at the end */
    struct mln_span span;
    bool first;       /* on its line */
    uint32_t indent;  /* bytes before the first word of its line */
    bool after_stray; /* a character without meaning, told of, stands before it */
};

/* An open brace or parenthesis. */
struct mln_open {
    struct mln_token token;
    enum mln_place_kind place; /* '{': of its body */
    unsigned chain;            /* `else when` after `else when` at this level */
};

struct mln_parse {
    struct mln_ctx *ctx;
    uint32_t file;
    char *text; /* the scanner's buffer: the source, with harmless bytes for those that are none of
                   a text */
    uint32_t length;
    uint32_t at;         /* where the scanner is */
    uint32_t line_start; /* of the line it is in */
    bool first;          /* nothing but white space so far on that line */
    uint32_t indent;
    void *scanner;

    int start;        /* the token the grammar gets first */
    bool part;        /* a part of a statement is read, not a file */
    struct mln_token tokens[3];
    struct mln_token *last, *before; /* what the grammar got */
    struct mln_token *next;          /* what it gets next, while it is looked at */
    unsigned delivered;              /* how many tokens it got */
    unsigned failed, recovered; /* `delivered` when it last failed, and when that was got over */
    enum mln_place_kind head,
        head_before; /* body that a '{' now, or before the last token, would open */
    struct mln_open open[MLN_MAX_NESTING + 1]; /* [0] is the file */
    unsigned depth;                            /* of `open`, the file being 0 */
    unsigned nesting;                          /* depth and chains */
    struct mln_token held; /* delivered when the injected '}' are; carries no value */
    bool holding;
    unsigned inject;        /* how many '}' to deliver that were not written */
    struct mln_token begun; /* the word that began the statement or item at hand */
    bool skipping;          /* after a mistake: the next token delivered must begin something ... */
    unsigned skip_depth;    /* ... at this depth of `open` */
    bool cut_short;         /* the last mistake: something is missing before this line */
    bool stopped;           /* nothing more is read or said */
    struct mln_span poison; /* the last token that a mistake was reported for */
    bool bracket_open;      /* a '[' was told of: its ']' is no second mistake */
    bool stray;             /* a character without meaning was told of just now */
    uint32_t mended_at;     /* of the last ':' told of */

    struct mln_node *nodes; /* results */
    struct mln_value *value;
    struct mln_side *side;
    struct mln_service *services;
};

/* --- lists, appended to at the end ---
 *
 * In the making a list is known by its last element, whose `next` is the first; NULL is the empty
 * one. What the grammar hands on is copied with every symbol, so nothing of it is more than a
 * pointer. mln_..._first opens the ring and gives the finished list. */

struct mln_values {
    struct mln_value *last;
};
struct mln_nodes {
    struct mln_node *last;
};
struct mln_services {
    struct mln_service *last;
};
struct mln_arguments {
    struct mln_argument *last;
};
struct mln_template_params {
    struct mln_template_param *last;
};

/* --- small results of the grammar --- */

struct mln_direction_words {
    bool inbound, outbound, written;
};
struct mln_else {
    struct mln_node *nodes;
};

enum mln_clause { MLN_CLAUSE_UNTIL, MLN_CLAUSE_OWNER, MLN_CLAUSE_BECAUSE };

/* --- scanner (lexer.l) --- */

/* The text ends in two NUL bytes that `size` counts. NULL when memory runs out. */
void *mln_scanner_new(struct mln_parse *parse, char *text, size_t size);
void mln_scanner_free(void *scanner);

/* --- literal.c, odd.c: called by the scanner --- */

void mln_lex_line(struct mln_parse *st, uint32_t line_start);
struct mln_value *mln_lex_poison(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_lex_number(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_lex_range(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_lex_date(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_lex_prefix(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_lex_string(struct mln_parse *st, struct mln_span span);
/* The length of what belongs to a string that does not end on its line. */
uint32_t mln_lex_unterminated(struct mln_parse *st, struct mln_span span);
void mln_lex_single_quotes(struct mln_parse *st, struct mln_span span);
/* The length of a string in typographic quotes, to the last of them in the span; 0 when there is
 * only the one that it begins with. */
uint32_t mln_lex_curly_quotes(struct mln_parse *st, struct mln_span span);
void mln_lex_comment(struct mln_parse *st, struct mln_span span);
void mln_lex_braced(struct mln_parse *st, struct mln_span span);
void mln_lex_star(struct mln_parse *st, struct mln_span span);
void mln_lex_stray(struct mln_parse *st, struct mln_span span);

/* How much of the span, which begins with a word, is that word. */
uint32_t mln_lex_word_length(const struct mln_parse *st, struct mln_span span);
/* A word that is no token: reported. What it was meant to be; AGAIN: the text was mended, scan once
 * more. */
enum mln_odd { MLN_ODD_WORD, MLN_ODD_PREFIX, MLN_ODD_RANGE, MLN_ODD_DATE, MLN_ODD_AGAIN };
enum mln_odd mln_lex_odd(struct mln_parse *st, struct mln_span span, struct mln_value **value);

/* Reports, unless nothing more is to be said; remembers the token so that the grammar stays silent
 * about it. NULL when nothing was reported. */
struct mln_diag *mln_lex_report(struct mln_parse *st, enum mln_diag_id id, struct mln_span span,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* --- token.c --- */

/* May the token begin a statement or an item at this place? */
bool mln_token_begins(int kind, enum mln_place_kind place);
bool mln_token_is_statement(int kind);
/* The innermost open brace; its kind is 0 for the file. */
const struct mln_open *mln_parse_open(const struct mln_parse *st);
/* After a mistake: what becomes of the token that the grammar holds. */
enum mln_recovery { MLN_KEEP_TOKEN, MLN_DROP_TOKEN, MLN_GIVE_UP };
enum mln_recovery mln_parse_recover(struct mln_parse *st);

/* --- syntax.c --- */

/* expected: names of tokens as the grammar has them: "'from'", "a name". */
void mln_syntax_error(struct mln_parse *st, struct mln_span span, const char *const *expected,
                      int count);
/* Does a line that goes on like this begin a statement, close a body or hold a comment? */
bool mln_syntax_begins_statement(const char *text, uint32_t length);
void mln_syntax_exhausted(struct mln_parse *st, struct mln_span span);
/* The text of a span, fit for a message: control characters escaped, cut when long. */
const char *mln_parse_text(struct mln_parse *st, struct mln_span span);
/* The same in quotes. */
const char *mln_parse_quote(struct mln_parse *st, struct mln_span span);

/* --- build.c: words, values, services, sides, clauses --- */

struct mln_word mln_word_none(void);
/* None when the span is empty. */
struct mln_word mln_word_at(struct mln_parse *st, struct mln_span span);
void mln_value_poison(struct mln_value *value);
struct mln_values mln_values_none(void);
struct mln_value *mln_values_first(struct mln_values list);
struct mln_values mln_values_one(struct mln_value *value);
struct mln_values mln_values_add(struct mln_values list, struct mln_value *value);
struct mln_values mln_values_poison(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_make_value(struct mln_parse *st, struct mln_span span,
                                 enum mln_value_kind kind);
struct mln_value *mln_make_any(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_make_list(struct mln_parse *st, struct mln_span span,
                                struct mln_values items);
struct mln_value *mln_make_side_value(struct mln_parse *st, struct mln_span span,
                                      struct mln_side *side);
struct mln_value *mln_make_name_value(struct mln_parse *st, struct mln_span span);
struct mln_value *mln_make_param_value(struct mln_parse *st, struct mln_span span);
/* A number or range used as a port: poison, reported, when beyond 65535. */
struct mln_value *mln_port_value(struct mln_parse *st, struct mln_value *value);
struct mln_side *mln_make_side(struct mln_parse *st, struct mln_span span, struct mln_values terms,
                               struct mln_values except);
struct mln_services mln_services_none(void);
struct mln_service *mln_services_first(struct mln_services list);
/* Binds a bare port or parameter to the protocol before it. */
struct mln_services mln_services_add(struct mln_parse *st, struct mln_services list,
                                     struct mln_service *service);
struct mln_service *mln_make_proto(struct mln_parse *st, struct mln_span span, unsigned proto,
                                   struct mln_value *source, struct mln_value *port);
struct mln_service *mln_make_bare_port(struct mln_parse *st, struct mln_span span,
                                       struct mln_value *port);
struct mln_service *mln_make_service_name(struct mln_parse *st, struct mln_span span);
struct mln_service *mln_make_service_poison(struct mln_parse *st, struct mln_span span);
/* NULL: none so far. */
struct mln_clauses *mln_clause_as(struct mln_parse *st, struct mln_clauses *clauses,
                                  struct mln_span keyword, struct mln_word name);
struct mln_clauses *mln_clause_overrides(struct mln_parse *st, struct mln_clauses *clauses,
                                         struct mln_span keyword, struct mln_values names);
struct mln_clauses *mln_clause_value(struct mln_parse *st, struct mln_clauses *clauses,
                                     struct mln_span keyword, enum mln_clause clause,
                                     struct mln_value *value);

/* --- build_node.c: statements and items --- */

struct mln_nodes mln_nodes_none(void);
struct mln_node *mln_nodes_first(struct mln_nodes list);
/* A node of NULL (a mistake) adds nothing. */
struct mln_nodes mln_nodes_add(struct mln_nodes list, struct mln_node *node);
struct mln_node *mln_make_import(struct mln_parse *st, struct mln_span span,
                                 struct mln_span keyword, struct mln_word module,
                                 struct mln_value *file, struct mln_word alias);
struct mln_node *mln_make_param(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_word name, struct mln_value *value);
/* A name, values and a body. */
struct mln_node *mln_make_block(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                enum mln_node_kind kind, struct mln_word name,
                                struct mln_values values, struct mln_nodes body);
/* Two names, values and a body. */
struct mln_node *mln_make_pair(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                               enum mln_node_kind kind, struct mln_word name, struct mln_word name2,
                               struct mln_values values, struct mln_nodes body);
struct mln_node *mln_make_connect(struct mln_parse *st, struct mln_span span,
                                  struct mln_span keyword, struct mln_word external,
                                  struct mln_word network, enum mln_via via);
struct mln_node *mln_make_group(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_word name, struct mln_side *side);
struct mln_node *mln_make_service(struct mln_parse *st, struct mln_span span,
                                  struct mln_span keyword, struct mln_word name,
                                  struct mln_services services);
struct mln_node *mln_make_template(struct mln_parse *st, struct mln_span span,
                                   struct mln_span keyword, struct mln_word name,
                                   struct mln_template_params params, struct mln_nodes body);
struct mln_node *mln_make_apply(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_word name, struct mln_arguments arguments,
                                const struct mln_clauses *clauses);
/* `to` NULL: within `from`. */
struct mln_node *mln_make_intent(struct mln_parse *st, struct mln_span span,
                                 struct mln_span keyword, enum mln_verb verb,
                                 struct mln_services services, struct mln_side *from,
                                 struct mln_side *to, const struct mln_clauses *clauses);
struct mln_node *mln_make_default(struct mln_parse *st, struct mln_span span,
                                  struct mln_span keyword, struct mln_direction_words direction,
                                  enum mln_default_kind kind);
/* A WHEN node with its condition alone, and the rest of it; `otherwise` NULL: there is no else. */
struct mln_node *mln_make_condition(struct mln_parse *st, struct mln_span param,
                                    struct mln_value *value);
struct mln_node *mln_finish_when(struct mln_node *when, struct mln_span span,
                                 struct mln_span keyword, struct mln_nodes body,
                                 const struct mln_else *otherwise);
struct mln_else *mln_make_else(struct mln_parse *st, struct mln_node *nodes);
struct mln_node *mln_make_item(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                               enum mln_item item, struct mln_values values);
struct mln_node *mln_make_service_endpoint(struct mln_parse *st, struct mln_span span,
                                           struct mln_span keyword, struct mln_values names,
                                           struct mln_values only);
/* A ROUTE node with its hop alone, and the rest of it. */
struct mln_node *mln_make_hop(struct mln_parse *st, struct mln_span span, enum mln_hop hop,
                              struct mln_value *address);
struct mln_node *mln_finish_route(struct mln_node *route, struct mln_span span,
                                  struct mln_span keyword, struct mln_value *destination);
struct mln_node *mln_make_ports(struct mln_parse *st, struct mln_span span, struct mln_span keyword,
                                struct mln_services services);
struct mln_node *mln_make_firewall_item(struct mln_parse *st, struct mln_span span,
                                        struct mln_word key, struct mln_value *value);
struct mln_argument *mln_make_argument(struct mln_parse *st, struct mln_word name,
                                       struct mln_value *value);
struct mln_arguments mln_arguments_add(struct mln_arguments list, struct mln_argument *argument);
struct mln_template_param *mln_make_template_param(struct mln_parse *st, struct mln_span span,
                                                   struct mln_value *value);
struct mln_template_params mln_params_add(struct mln_template_params list,
                                          struct mln_template_param *param);

#endif
