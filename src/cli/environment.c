/* Defaults, and what the environment says where no option spoke. */
#include "base/buf.h"
#include "cli/cli.h"
#include "rules/passes.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void mln_options_init(struct mln_options *options)
{
    *options = (struct mln_options){
        .low = MLN_PRIORITY_LOW, .high = MLN_PRIORITY_HIGH, .max_errors = 100, .witnesses = 1};
}

/* Directories behind those of -I; an empty entry is no directory. */
static void add_module_path(struct mln_cli *cli, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, ":");
        if (length > 0)
            mln_vec_push(cli->ctx.arena, &cli->options.include_dirs,
                         mln_strndup(cli->ctx.arena, path, length));
        path += length + (path[length] == ':');
    }
}

/* Seconds since 1970 as reproducible builds give them. */
static bool parse_epoch(const char *text, time_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = (time_t)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value < 253402300800;
}

static bool set_today(struct mln_cli *cli)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = time(NULL);
    if (epoch && *epoch && !parse_epoch(epoch, &now)) {
        mln_cli_usage(cli, "SOURCE_DATE_EPOCH is not a number of seconds: '%s'", epoch);
        return false;
    }
    struct tm day;
    gmtime_r(&now, &day);
    cli->options.today =
        (struct mln_date){.year = day.tm_year + 1900, .month = day.tm_mon + 1, .day = day.tm_mday};
    return true;
}

bool mln_options_environment(struct mln_cli *cli)
{
    const char *path = getenv("MLNSGC_PATH");
    const char *tags = getenv("MLNSGC_TAGS");
    if (path)
        add_module_path(cli, path);
    if (!cli->options.tags && tags && *tags)
        cli->options.tags = tags;
    return cli->options.today_given || set_today(cli);
}
