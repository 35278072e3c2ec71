/* Syntax errors: what was expected and what was found, in the words of the language. */
#include "lang/parse.h"

#include "base/map.h"
#include "base/utf8.h"

#include <parser.h>
#include <string.h>

enum { MOST_LISTED = 6, MOST_QUOTED = 40 };

/* --- showing the source --- */

const char *mln_parse_text(struct mln_parse *st, struct mln_span span)
{
    struct mln_buf out;
    mln_buf_init(&out, st->ctx->arena);
    uint32_t shown = 0;
    for (uint32_t at = span.lo; at < span.hi; shown++) {
        uint32_t character = 0;
        size_t length = mln_utf8_decode(st->text + at, span.hi - at, &character);
        if (shown == MOST_QUOTED) {
            mln_buf_add(&out, "...");
            break;
        }
        if (character == MLN_UTF8_BAD || mln_utf8_is_control(character))
            mln_buf_printf(&out, "\\x%02x", (unsigned char)st->text[at]);
        else
            mln_buf_add_n(&out, st->text + at, length);
        at += (uint32_t)length;
    }
    return out.len ? out.data : "";
}

const char *mln_parse_quote(struct mln_parse *st, struct mln_span span)
{
    return mln_printf(st->ctx->arena, "'%s'", mln_parse_text(st, span));
}

/* A string is shown with its own quotes. */
static const char *token_text(struct mln_parse *st, const struct mln_token *token)
{
    return token->kind == STRING ? mln_parse_text(st, token->span)
                                 : mln_parse_quote(st, token->span);
}

static const char *found_text(struct mln_parse *st)
{
    const struct mln_token *token = st->last;
    if (token->kind == END)
        return st->part ? "nothing" : "the end of the file";
    if (token->span.lo == token->span.hi)
        return "the end of the body";
    return token_text(st, token);
}

/* --- what was expected --- */

struct expected {
    const char *const *names;
    int count;
};

static bool has(const struct expected *e, const char *name)
{
    for (int i = 0; i < e->count; i++)
        if (strcmp(e->names[i], name) == 0)
            return true;
    return false;
}

static bool is_in(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

static const char *const statement_words[] = {
    "'import'",   "'param'",     "'network'", "'zone'",    "'asg'",     "'external'",
    "'peer'",     "'connect'",   "'group'",   "'service'", "'kind'",    "'resource'",
    "'template'", "'geography'", "'apply'",   "'when'",    "'default'", "'allow'",
    "'deny'",     "'forbid'",    "'assert'",  NULL};
bool mln_syntax_begins_statement(const char *text, uint32_t length)
{
    for (const char *const *word = statement_words; *word; word++) {
        size_t n = strlen(*word) - 2;
        if (length >= n && memcmp(text, *word + 1, n) == 0 && (length == n || text[n] == ' '))
            return true;
    }
    return length > 0 && (text[0] == '}' || text[0] == '#');
}

static const char *const clause_words[] = {"'as'",    "'overrides'", "'until'",
                                           "'owner'", "'because'",   NULL};
static const char *const service_words[] = {"'tcp'",       "'udp'",  "'icmp'",   "'esp'",
                                            "'ah'",        "'any'",  "a number", "a range",
                                            "a parameter", "a name", NULL};
static const char *const side_words[] = {"a name", "an address",  "'any'",
                                         "'('",    "a parameter", NULL};
static const char *const value_words[] = {"a name",     "a number", "a range", "a date",
                                          "a string",   "'any'",    "'('",     "a parameter",
                                          "an address", NULL};
static const char *const port_words[] = {"a number", "a range", "a parameter", NULL};

/* Words that always come together are one thing to the reader. */
static const struct group {
    const char *sign, *sign2; /* both are expected: so is the whole group */
    const char *const *words;
    const char *name;
} groups[] = {
    {"'import'", "'allow'", statement_words, "a statement"},
    {"'as'", "'because'", clause_words, "a clause"},
    {"'tcp'", "'esp'", service_words, "a service"},
    {"a date", "a string", value_words, "a value"},
    {"an address", "'('", side_words, "a name, an address, 'any' or '('"},
    {"a number", "a range", port_words, "a port"},
};

static bool applies(const struct group *group, const struct expected *e)
{
    return has(e, group->sign) && has(e, group->sign2);
}

static const char *group_of(const char *name, const struct expected *e)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (applies(&groups[i], e) && is_in(name, groups[i].words))
            return groups[i].name;
    return NULL;
}

static const char *place_name(enum mln_place_kind place)
{
    static const char *const names[] = {
        [MLN_IN_FILE] = "a file",         [MLN_IN_TEMPLATE] = "a template",
        [MLN_IN_NETWORK] = "a network",   [MLN_IN_ZONE] = "a zone",
        [MLN_IN_PEER] = "a peering",      [MLN_IN_RESOURCE] = "a resource",
        [MLN_IN_KIND] = "a kind",         [MLN_IN_KIND_ENDPOINT] = "an endpoint",
        [MLN_IN_FIREWALL] = "a firewall", [MLN_IN_NOTHING] = "this body",
    };
    return names[place];
}

static const char *const item_words[] = {"'region'",
                                         "'resource-group'",
                                         "'subscription'",
                                         "'id'",
                                         "'existing'",
                                         "'dns'",
                                         "'nsg'",
                                         "'subnet'",
                                         "'role'",
                                         "'overlay'",
                                         "'egress'",
                                         "'service-endpoint'",
                                         "'name'",
                                         "'delegation'",
                                         "'route'",
                                         "'endpoint'",
                                         "'prerequisite'",
                                         "'firewall'",
                                         "'sku'",
                                         "'public'",
                                         "'widen'",
                                         "'type'",
                                         "'api'",
                                         "'tag'",
                                         "'ports'",
                                         "'zone'",
                                         "'asg'",
                                         "'default'",
                                         "'when'",
                                         "'gateway'",
                                         NULL};

/* Inside the body of a declaration: its items may come next. */
static bool expects_item(const struct mln_parse *st, const struct expected *e)
{
    return mln_parse_open(st)->place > MLN_IN_TEMPLATE && has(e, "'}'");
}

static const char *name_after(const struct mln_parse *st)
{
    const struct mln_token *before = st->before;
    switch (before->kind) {
    case IN:
        return "a zone";
    case WITH:
    case PEER:
    case GATEWAY:
        return "a network";
    case NETWORK:
        return "a name for the network";
    case ZONE:
        return "a name for the zone";
    case TEMPLATE:
        return "a name for the template";
    case APPLY:
        return "a template";
    case AS:
        return "a name";
    case CONNECT:
        return "an external";
    case OVERRIDES:
        return "the name of a deny";
    default:
        return st->begun.kind == RESOURCE && before->kind != RESOURCE ? "a kind of resource"
                                                                      : "a name";
    }
}

/* What to call one expected token; NULL: it goes without saying. */
static const char *wording(const struct mln_parse *st, const struct expected *e, const char *name)
{
    if (expects_item(st, e) && (is_in(name, item_words) || is_in(name, statement_words)))
        return "an item";
    const char *group = group_of(name, e);
    if (group)
        return group;
    if (strcmp(name, "a name") == 0)
        return name_after(st);
    if (strcmp(name, "the end of the file") == 0 ||
        (strcmp(name, "a parameter") == 0 && e->count > 1) ||
        (strcmp(name, "'}'") == 0 && has(e, "'import'")))
        return NULL;
    return name;
}

static int choose(const struct mln_parse *st, const struct expected *e,
                  const char *out[MOST_LISTED + 1])
{
    int n = 0;
    for (int i = 0; i < e->count && n <= MOST_LISTED; i++) {
        const char *name = wording(st, e, e->names[i]);
        bool known = name == NULL;
        for (int k = 0; k < n && !known; k++)
            known = strcmp(out[k], name) == 0;
        if (!known)
            out[n++] = name;
    }
    return n;
}

static const char *list_expected(struct mln_parse *st, const struct expected *e)
{
    if (has(e, "a date") && has(e, "'import'"))
        return has(e, "')'") ? "an argument or ')'" : "an argument";
    if (st->last->first && has(e, "'import'"))
        return "a statement";
    if (st->last->first && expects_item(st, e))
        return "an item or '}'";
    const char *chosen[MOST_LISTED + 1];
    int n = choose(st, e, chosen);
    struct mln_buf out;
    mln_buf_init(&out, st->ctx->arena);
    if (n == 0 || n > MOST_LISTED)
        return NULL;
    for (int i = 0; i < n; i++)
        mln_buf_printf(&out, "%s%s", i == 0 ? "" : i == n - 1 ? " or " : ", ", chosen[i]);
    return out.data;
}

/* --- advice --- */

static const char *synonym(const char *word)
{
    static const char *const pairs[][2] = {
        {"permit", "'allow'"},    {"accept", "'allow'"},    {"pass", "'allow'"},
        {"grant", "'allow'"},     {"block", "'deny'"},      {"drop", "'deny'"},
        {"reject", "'deny'"},     {"refuse", "'deny'"},     {"vnet", "'network'"},
        {"subnet", "'zone'"},     {"include", "'import'"},  {"use", "'import'"},
        {"var", "'param'"},       {"variable", "'param'"},  {"let", "'param'"},
        {"if", "'when'"},         {"elif", "'else'"},       {"expect", "'assert'"},
        {"location", "'region'"}, {"all", "'any'"},         {"host", "'external'"},
        {"ip", "'any'"},          {"parameter", "'param'"}, {"module", "'template'"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(word, pairs[i][0]) == 0)
            return pairs[i][1];
    return NULL;
}

static bool is_word(const struct mln_token *token)
{
    return token->kind == NAME || (token->kind >= IMPORT && token->kind <= FIREWALL);
}

/* A keyword that the word found is nearly, or means elsewhere. */
static const char *suggestion(struct mln_parse *st, const struct expected *e)
{
    if (!is_word(st->last))
        return NULL;
    const char *word = mln_parse_text(st, st->last->span);
    const char *other = synonym(word);
    if (other && has(e, other))
        return other;
    const char **words = MLN_NEW_ARRAY(st->ctx->arena, const char *, (size_t)e->count + 1);
    size_t n = 0;
    for (int i = 0; i < e->count; i++)
        if (e->names[i][0] == '\'' && strlen(e->names[i]) > 3)
            words[n++] = e->names[i];
    const char *close = mln_closest(mln_parse_quote(st, st->last->span), words, n);
    return close && strlen(word) > 2 ? close : NULL;
}

static const char *advice(struct mln_parse *st, const struct expected *e)
{
    int found = st->last->kind, before = st->before->kind;
    if (before == ',')
        return "a ',' stands only between the parts of a list";
    if (found == ',')
        return "nothing ends a statement or an item: leave the ',' out";
    if (found == '=')
        return "a key and its value stand side by side, without '='";
    if (found == STRING && (has(e, "a name") || has(e, "an address")))
        return "names and addresses are written without quotes";
    if (found == NAME && has(e, "a string"))
        return "a text stands in double quotes";
    if (found == TO && has(e, "'from'"))
        return "'from' comes first: from SOURCE to DESTINATION";
    if ((found == FROM || found == WITHIN) && has(e, "'tcp'") && has(e, "a name"))
        return "name a service; 'any' is every service";
    if (has(e, "'from'") && found == NAME)
        return "the ends are written 'from SOURCE to DESTINATION'";
    if (before == APPLY || (has(e, "'('") && e->count <= 2))
        return "arguments stand in parentheses, which may be empty";
    if (st->before->kind == WHEN)
        return "a condition asks a parameter: '$name' or '$name = VALUE'";
    if (found == ELSE)
        return "an 'else' follows the '}' of a 'when'";
    return NULL;
}

/* A statement or an item that has its place, but elsewhere. */
static bool report_misplaced(struct mln_parse *st, const struct expected *e)
{
    enum mln_place_kind place = mln_parse_open(st)->place;
    const char *word = mln_parse_text(st, st->last->span);
    bool begins = has(e, "'import'") || expects_item(st, e);
    if (!begins || !mln_token_is_statement(st->last->kind) || place == MLN_IN_NOTHING)
        return false;
    bool file = place == MLN_IN_FILE || place == MLN_IN_TEMPLATE;
    struct mln_diag *diag =
        file ? mln_lex_report(st, MLN_D_MISPLACED, st->last->span, "a %s stands inside a network",
                              word)
             : mln_lex_report(st, MLN_D_MISPLACED, st->last->span, "'%s' cannot stand inside %s",
                              word, place_name(place));
    if (diag && !file)
        mln_diag_label(diag, mln_parse_open(st)->token.span, "the body begins here");
    return true;
}

/* --- reports --- */

/* Said already, by the scanner or for the same token. */
static bool is_said(struct mln_parse *st, struct mln_span span)
{
    bool again = st->failed == st->delivered && !st->cut_short;
    bool poison = st->poison.hi && st->poison.lo == span.lo;
    bool stray = st->last->after_stray && !st->last->first;
    bool mended = st->mended_at && st->mended_at == st->before->span.hi;
    st->failed = st->delivered;
    st->cut_short = false;
    return st->stopped || again || poison || stray || mended;
}

/* Something is missing at the end of a line: that is where to look, not at what the next line
 * begins with. */
static bool is_cut_short(const struct mln_parse *st, const struct expected *e)
{
    bool next_line =
        st->last->first || st->last->kind == END || st->last->span.lo == st->last->span.hi;
    bool whole = has(e, "'import'") && !has(e, "a date");
    return next_line && !whole && !expects_item(st, e) && st->before->span.hi > st->before->span.lo;
}

static struct mln_diag *report_expected(struct mln_parse *st, struct mln_span span,
                                        const struct expected *e)
{
    const char *wanted = list_expected(st, e);
    if (wanted && is_cut_short(st, e)) {
        st->cut_short = true;
        span.lo = span.hi = st->before->span.hi;
        return mln_lex_report(st, MLN_D_SYNTAX, span, "expected %s after %s", wanted,
                              token_text(st, st->before));
    }
    if (wanted)
        return mln_lex_report(st, MLN_D_SYNTAX, span, "expected %s, found %s", wanted,
                              found_text(st));
    return mln_lex_report(st, MLN_D_SYNTAX, span, "%s cannot stand here", found_text(st));
}

void mln_syntax_error(struct mln_parse *st, struct mln_span span, const char *const *expected,
                      int count)
{
    const struct expected e = {expected, count};
    if (is_said(st, span) || report_misplaced(st, &e))
        return;
    struct mln_diag *diag = report_expected(st, span, &e);
    if (diag == NULL)
        return;
    st->poison = (struct mln_span){0};
    const char *close = suggestion(st, &e), *hint = close ? NULL : advice(st, &e);
    if (close)
        mln_diag_inline(diag, "did you mean %s?", close);
    if (hint)
        mln_diag_help(diag, "%s", hint);
}

void mln_syntax_exhausted(struct mln_parse *st, struct mln_span span)
{
    mln_lex_report(st, MLN_D_TOO_COMPLEX, span, "the parser ran out of room");
}
