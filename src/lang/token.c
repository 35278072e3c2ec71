/* Between scanner and grammar: braces are counted here, and here a mistake is got over.
 *
 * Each open brace remembers what its body may hold. After a mistake the grammar gives up what it
 * had begun and the tokens up to the next that begins something AT THE SAME DEPTH are dropped: a
 * word that may begin a statement or item there and is the first of its line, the '{' of a body
 * that was announced, the '}' of the enclosing body, the end of the file. A body that belongs to
 * nothing is dropped whole. So one mistake costs one statement, and the bodies of statements with a
 * bad head are still read.
 *
 * A '}' that was forgotten shows when a statement that cannot stand in the body begins a line that
 * is indented no more than the line of the '{'. Then, and at the end of the file, the missing '}'
 * are delivered as if written, so that the grammar always sees balanced braces. */
#include "lang/parse.h"

#include <parser.h>
#include <string.h>

int mln_scan(MLN_YYSTYPE *value, MLN_YYLTYPE *span, void *scanner);
int mln_yylex(MLN_YYSTYPE *value, MLN_YYLTYPE *span, struct mln_parse *st);

/* --- what may begin where --- */

bool mln_token_is_statement(int kind)
{
    return kind >= IMPORT && kind <= ASSERT;
}

static bool is_one_of(int kind, const short *kinds)
{
    while (*kinds && *kinds != kind)
        kinds++;
    return *kinds != 0;
}

bool mln_token_begins(int kind, enum mln_place_kind place)
{
    static const short network[] = {REGION, RESOURCE_GROUP, SUBSCRIPTION, ID, EXISTING, DNS, ZONE,
                                    ASG,    DEFAULT,        WHEN,         0};
    static const short zone[] = {NSG,     SUBNET, ROLE,     SERVICE_ENDPOINT, DELEGATION, ROUTE,
                                 OVERLAY, EGRESS, EXISTING, DEFAULT,          WHEN,       0};
    static const short peer[] = {GATEWAY, 0};
    static const short resource[] = {ENDPOINT, REGION, NAME_KEY, ID,   RESOURCE_GROUP,
                                     SKU,      PUBLIC, WIDEN,    WHEN, 0};
    static const short kind_items[] = {
        TYPE, API, TAG, SERVICE_ENDPOINT, PREREQUISITE, ENDPOINT, FIREWALL, WHEN, 0};
    static const short kind_endpoint[] = {ID, PORTS, DNS, 0};
    static const short *const items[] = {
        [MLN_IN_NETWORK] = network, [MLN_IN_ZONE] = zone,
        [MLN_IN_PEER] = peer,       [MLN_IN_RESOURCE] = resource,
        [MLN_IN_KIND] = kind_items, [MLN_IN_KIND_ENDPOINT] = kind_endpoint,
    };
    if (place == MLN_IN_FILE || place == MLN_IN_TEMPLATE)
        return mln_token_is_statement(kind) && kind != ZONE;
    if (place == MLN_IN_FIREWALL)
        return kind == NAME;
    return place != MLN_IN_NOTHING && is_one_of(kind, items[place]);
}

/* The innermost brace, below any parentheses. */
static unsigned brace_depth(const struct mln_parse *st)
{
    unsigned depth = st->depth;
    while (depth > 0 && st->open[depth].token.kind == '(')
        depth--;
    return depth;
}

const struct mln_open *mln_parse_open(const struct mln_parse *st)
{
    return &st->open[brace_depth(st)];
}

/* What a '{' would open after this token; other words change nothing. */
static enum mln_place_kind head_of(const struct mln_parse *st, int kind)
{
    switch (kind) {
    case NETWORK:
        return MLN_IN_NETWORK;
    case ZONE:
        return MLN_IN_ZONE;
    case PEER:
        return MLN_IN_PEER;
    case RESOURCE:
        return MLN_IN_RESOURCE;
    case KIND:
        return MLN_IN_KIND;
    case TEMPLATE:
        return MLN_IN_TEMPLATE;
    case WHEN:
    case ELSE:
        return mln_parse_open(st)->place;
    case ENDPOINT:
        return mln_parse_open(st)->place == MLN_IN_KIND ? MLN_IN_KIND_ENDPOINT : st->head;
    case FIREWALL:
        return mln_parse_open(st)->place == MLN_IN_KIND ? MLN_IN_FIREWALL : st->head;
    default:
        return mln_token_is_statement(kind) ? MLN_IN_NOTHING : st->head;
    }
}

/* --- open braces --- */

static void pop(struct mln_parse *st)
{
    st->nesting -= 1 + st->open[st->depth].chain;
    st->depth--;
}

static void stop_too_deep(struct mln_parse *st, const struct mln_token *token)
{
    struct mln_diag *diag = mln_lex_report(st, MLN_D_TOO_DEEP, token->span,
                                           "nested more than %d levels deep", MLN_MAX_NESTING);
    if (diag)
        mln_diag_note(diag, "the rest of the file is not read");
    st->stopped = true;
}

static void push(struct mln_parse *st, const struct mln_token *token, enum mln_place_kind place)
{
    if (st->nesting >= MLN_MAX_NESTING) {
        stop_too_deep(st, token);
        return;
    }
    st->nesting++;
    st->open[++st->depth] = (struct mln_open){.token = *token, .place = place};
}

/* `else when` nests in the tree though not in the text. */
static void count_chain(struct mln_parse *st, const struct mln_token *token)
{
    struct mln_open *open = &st->open[brace_depth(st)];
    if (st->last->kind != ELSE) {
        st->nesting -= open->chain;
        open->chain = 0;
    } else if (st->nesting >= MLN_MAX_NESTING) {
        stop_too_deep(st, token);
    } else {
        open->chain++;
        st->nesting++;
    }
}

static void drop_parentheses(struct mln_parse *st)
{
    while (st->open[st->depth].token.kind == '(')
        pop(st);
}

static void inject_close(struct mln_parse *st)
{
    if (st->open[st->depth].place != MLN_IN_NOTHING)
        st->inject++;
    pop(st);
    drop_parentheses(st);
}

/* --- forgotten '}' --- */

/* For the first token of a line. */
static bool shows_missing_close(const struct mln_parse *st, const struct mln_token *token)
{
    const struct mln_open *open = &st->open[st->depth];
    return open->token.kind == '{' && mln_token_is_statement(token->kind) &&
           !mln_token_begins(token->kind, open->place) && token->indent <= open->token.indent;
}

static void hold(struct mln_parse *st, const struct mln_token *token)
{
    st->held = *token;
    st->holding = true;
}

static void report_unclosed(struct mln_parse *st, const struct mln_token *token)
{
    struct mln_diag *diag =
        token->kind ? mln_lex_report(st, MLN_D_UNCLOSED, token->span, "expected '}' before '%s'",
                                     mln_parse_text(st, token->span))
                    : mln_lex_report(st, MLN_D_UNCLOSED, token->span,
                                     "expected '}' before the end of the file");
    if (diag)
        mln_diag_label(diag, st->open[st->depth].token.span, "this '{' is never closed");
    st->poison = (struct mln_span){0};
}

static void close_forgotten(struct mln_parse *st, const struct mln_token *token)
{
    report_unclosed(st, token);
    while (shows_missing_close(st, token))
        inject_close(st);
    hold(st, token);
}

static void close_at_end(struct mln_parse *st, const struct mln_token *token)
{
    drop_parentheses(st);
    if (st->depth == 0)
        return;
    report_unclosed(st, token);
    while (st->depth > 0)
        inject_close(st);
    hold(st, token);
}

/* --- every token --- */

static void close_brace(struct mln_parse *st, struct mln_token *token)
{
    drop_parentheses(st);
    if (st->depth > 0) {
        pop(st);
        return;
    }
    mln_lex_report(st, MLN_D_UNOPENED, token->span, "this '}' closes nothing");
    token->kind = -1;
}

/* Keeps account of a token; a kind of -1 afterwards: not for the grammar. */
static void track(struct mln_parse *st, struct mln_token *token)
{
    st->head_before = st->head;
    switch (token->kind) {
    case '{':
        push(st, token, st->head);
        st->head = MLN_IN_NOTHING;
        return;
    case '(':
        push(st, token, MLN_IN_NOTHING);
        return;
    case ')':
        if (st->open[st->depth].token.kind == '(')
            pop(st);
        return;
    case '}':
        close_brace(st, token);
        st->head = MLN_IN_NOTHING;
        return;
    case END:
        close_at_end(st, token);
        return;
    default:
        break;
    }
    if (token->first && shows_missing_close(st, token))
        close_forgotten(st, token);
    else if (token->kind == WHEN)
        count_chain(st, token);
    st->head = head_of(st, token->kind);
}

/* The next token, which is built where it stays: tokens are many and copies cost. */
static struct mln_token *scan(struct mln_parse *st, MLN_YYSTYPE *value)
{
    struct mln_token *token = st->next;
    token->span.file = st->file;
    token->kind = st->stopped ? END : mln_scan(value, &token->span, st->scanner);
    if (token->kind == END)
        token->span.lo = token->span.hi = st->length;
    if (st->first)
        st->indent = token->span.lo - st->line_start;
    token->first = st->first;
    token->indent = st->indent;
    token->after_stray = st->stray;
    st->first = st->stray = false;
    return token;
}

/* Gives st->next to the grammar. */
static int deliver(struct mln_parse *st, MLN_YYLTYPE *span)
{
    struct mln_token *token = st->next;
    st->next = st->before;
    st->before = st->last;
    st->last = token;
    if (token->first &&
        (token->kind == '}' || mln_token_begins(token->kind, mln_parse_open(st)->place)))
        st->begun = *token;
    st->delivered++;
    *span = token->span;
    return token->kind;
}

/* A '}' as if written behind the last token. */
static int deliver_close(struct mln_parse *st, MLN_YYLTYPE *span)
{
    *st->next = (struct mln_token){.kind = '}', .span = st->last->span, .indent = st->last->indent};
    st->next->span.lo = st->next->span.hi;
    st->inject--;
    return deliver(st, span);
}

/* --- after a mistake --- */

/* A line indented like the statement at hand begins another, if with a word of no meaning. */
static bool begins_like(const struct mln_parse *st, const struct mln_token *token)
{
    bool word = token->kind == NAME || token->kind == BADWORD ||
                (token->kind >= NUMBER && token->kind <= STRING) ||
                (token->kind >= REGION && token->kind <= FIREWALL);
    return token->first && word && token->indent <= st->begun.indent;
}

static bool lands(struct mln_parse *st, const struct mln_token *token)
{
    if (token->kind == END)
        return true;
    if (st->depth != st->skip_depth)
        return false;
    if (token->kind == '{')
        return st->head != MLN_IN_NOTHING;
    return token->kind == '}' || begins_like(st, token) ||
           (token->first && (mln_token_begins(token->kind, st->open[st->depth].place) ||
                             shows_missing_close(st, token)));
}

static struct mln_token *skip(struct mln_parse *st, MLN_YYSTYPE *value)
{
    struct mln_token *token = scan(st, value);
    while (!lands(st, token)) {
        if (token->kind == '{')
            push(st, token, MLN_IN_NOTHING);
        else if (token->kind == '}')
            pop(st);
        token = scan(st, value);
    }
    st->skipping = false;
    return token;
}

static bool begins_here(struct mln_parse *st, const struct mln_token *token)
{
    if (token->kind == END || token->kind == '}')
        return true;
    if (token->kind == '{')
        return st->open[st->depth].place != MLN_IN_NOTHING;
    return token->first && mln_token_begins(token->kind, mln_parse_open(st)->place);
}

enum mln_recovery mln_parse_recover(struct mln_parse *st)
{
    const struct mln_token *token = st->last;
    bool again = st->recovered == st->delivered;
    st->recovered = st->delivered;
    drop_parentheses(st);
    if (again && token->kind == END)
        return MLN_GIVE_UP;
    if (!again && (begins_here(st, token) || (st->cut_short && begins_like(st, token))))
        return MLN_KEEP_TOKEN;
    st->skipping = true;
    st->skip_depth = st->depth;
    if (token->kind == '{') {
        st->open[st->depth].place = MLN_IN_NOTHING;
        st->skip_depth--;
    } else if (token->kind != '}') {
        st->head = st->head_before;
    }
    return MLN_DROP_TOKEN;
}

/* --- the grammar's lexer --- */

static int deliver_start(struct mln_parse *st, MLN_YYLTYPE *span)
{
    *st->next = (struct mln_token){.kind = st->start, .span = {.file = st->file}};
    st->start = 0;
    return deliver(st, span);
}

int mln_yylex(MLN_YYSTYPE *value, MLN_YYLTYPE *span, struct mln_parse *st)
{
    if (st->start)
        return deliver_start(st, span);
    struct mln_token *token;
    do {
        if (st->inject)
            return deliver_close(st, span);
        if (st->holding) {
            st->holding = false;
            *st->next = st->held;
            return deliver(st, span);
        }
        token = st->skipping ? skip(st, value) : scan(st, value);
        track(st, token);
    } while (token->kind < 0 || st->inject || st->holding);
    return deliver(st, span);
}
