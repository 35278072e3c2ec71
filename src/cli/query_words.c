/* --from, --to and --proto as words of the language.
 *
 * A port stands behind an end's last colon, unless the end is an IPv6 address without brackets. The
 * language has ports with the services: `tcp source 1024 443`. */
#include "cli/query.h"

#include <string.h>

struct end {
    const char *side;
    const char *ports; /* "443", "80,8000-8999"; NULL: not given */
};

static size_t count(const char *text, char c)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

/* Without brackets, in which IPv6 addresses stand before a port. */
static const char *unbracketed(struct mln_arena *a, const char *text)
{
    char *out = mln_strdup(a, text), *to = out;
    for (const char *from = text; *from; from++)
        if (*from != '[' && *from != ']')
            *to++ = *from;
    *to = '\0';
    return out;
}

static struct end split(struct mln_arena *a, const char *text)
{
    const char *bracket = strrchr(text, ']');
    const char *colon = strchr(bracket ? bracket : text, ':');
    if (!bracket && count(text, ':') > 1)
        colon = NULL; /* an IPv6 address */
    struct end end = {.side = text};
    if (colon) {
        end.side = mln_strndup(a, text, (size_t)(colon - text));
        end.ports = colon + 1;
    }
    end.side = unbracketed(a, end.side);
    return end;
}

/* One item of a comma list, without blanks around it; *rest is behind it. */
static const char *next_item(struct mln_arena *a, const char **rest)
{
    const char *start = *rest + strspn(*rest, " ");
    size_t length = strcspn(start, ",");
    *rest = start + length + (start[length] == ',');
    while (length && start[length - 1] == ' ')
        length--;
    return mln_strndup(a, start, length);
}

/* The number at *text, which is moved behind it; 0..65536, which stands for all that are beyond. */
static bool read_port(const char **text, unsigned *port)
{
    size_t digits = strspn(*text, "0123456789");
    *port = 0;
    for (size_t i = 0; i < digits && *port <= UINT16_MAX; i++)
        *port = *port * 10 + (unsigned)((*text)[i] - '0');
    *text += digits;
    return digits > 0;
}

/* A number or a range, one of those in `all`. */
static bool check_port(struct mln_cli *cli, const char *option, const char *item, const char *all)
{
    const char *rest = item;
    unsigned low, high;
    bool good = read_port(&rest, &low);
    high = low;
    if (good && *rest == '-') {
        rest++;
        good = read_port(&rest, &high);
    }
    if (!good || *rest)
        mln_cli_usage(cli, "%s: '%s' is not a port", option, *item ? item : all);
    else if (low > UINT16_MAX || high > UINT16_MAX)
        mln_cli_usage(cli, "%s: port %s is beyond 65535", option, item);
    else if (low > high)
        mln_cli_usage(cli, "%s: the range %s runs backwards", option, item);
    else
        return true;
    return false;
}

static bool check_ports(struct mln_cli *cli, const char *option, const char *ports)
{
    const char *rest = ports;
    do
        if (!check_port(cli, option, next_item(cli->ctx.arena, &rest), ports))
            return false;
    while (*rest || (rest > ports && rest[-1] == ','));
    return true;
}

static bool check_end(struct mln_cli *cli, const char *option, const struct end *end)
{
    if (end->ports && !check_ports(cli, option, end->ports))
        return false;
    if (end->side[strspn(end->side, " \t")] == '\0') {
        mln_cli_usage(cli, "%s: an address or a name is missing", option);
        return false;
    }
    return true;
}

static void add_service(struct mln_buf *out, const char *proto, const char *source,
                        const char *port)
{
    mln_buf_printf(out, "%s%s", out->len ? ", " : "", proto);
    if (source)
        mln_buf_printf(out, " source %s", source);
    if (port)
        mln_buf_printf(out, " %s", port);
}

/* A protocol for each source port and each destination port. */
static void add_ports(struct mln_arena *a, struct mln_buf *out, const char *proto,
                      const char *sources, const char *ports)
{
    const char *rest = sources;
    do {
        const char *source = rest ? next_item(a, &rest) : NULL, *inner = ports;
        do
            add_service(out, proto, source, inner ? next_item(a, &inner) : NULL);
        while (inner && *inner);
    } while (rest && *rest);
}

static bool add_proto(struct mln_cli *cli, struct mln_buf *out, const char *proto,
                      const char *sources, const char *ports)
{
    struct mln_arena *a = cli->ctx.arena;
    bool both = strcmp(proto, "any") == 0,
         ported = strcmp(proto, "tcp") == 0 || strcmp(proto, "udp") == 0;
    if (!*proto) {
        mln_cli_usage(cli, "--proto: a protocol or service is missing");
        return false;
    }
    if ((sources || ports) && !both && !ported) {
        mln_cli_usage(cli, "'%s' has no port of its own to give: leave the port out", proto);
        return false;
    }
    if (both && sources) { /* the language has a source port for tcp and udp only */
        add_ports(a, out, "tcp", sources, ports);
        add_ports(a, out, "udp", sources, ports);
    } else
        add_ports(a, out, proto, sources, ports);
    return true;
}

bool mln_query_words(struct mln_cli *cli, struct mln_question_words *words)
{
    struct mln_arena *a = cli->ctx.arena;
    const struct mln_options *o = &cli->options;
    if (!o->from || !o->to) {
        mln_cli_usage(cli, "%s is missing", o->from ? "--to" : "--from");
        return false;
    }
    struct end from = split(a, o->from), to = split(a, o->to);
    struct mln_buf services;
    mln_buf_init(&services, a);
    if (!check_end(cli, "--from", &from) || !check_end(cli, "--to", &to))
        return false;
    const char *rest = o->proto ? o->proto : "any";
    do
        if (!add_proto(cli, &services, next_item(a, &rest), from.ports, to.ports))
            return false;
    while (*rest);
    *words = (struct mln_question_words){services.data, from.side, to.side};
    return true;
}
