/* Writing the lock file, and comparing one with what would be written. */
#include "rules/lock_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- may the tables share a file? ---- */

static int by_nsg(const void *a, const void *b)
{
    const struct mln_table *x = *(struct mln_table *const *)a, *y = *(struct mln_table *const *)b;
    return strcasecmp(x->nsg->name, y->nsg->name);
}

bool mln_lock_distinct(struct mln_ctx *ctx, const struct mln_table_vec *tables)
{
    struct mln_table **sorted = MLN_NEW_ARRAY(ctx->arena, struct mln_table *, tables->len);
    bool distinct = true;
    for (size_t i = 0; i < tables->len; i++)
        sorted[i] = tables->data[i];
    qsort(sorted, tables->len, sizeof(*sorted), by_nsg);
    for (size_t i = 1; i < tables->len; i++) {
        const struct mln_nsg *a = sorted[i - 1]->nsg, *b = sorted[i]->nsg;
        if (strcasecmp(a->name, b->name) != 0)
            continue;
        struct mln_diag *diag = mln_report(ctx->diags, MLN_D_LOCK_SHARED, b->span,
                                           "two policies that share a lock file have a network "
                                           "security group '%s'",
                                           b->name);
        mln_diag_label(diag, a->span, "the other one");
        mln_diag_help(diag, "compile them one by one, each with a lock file of its own");
        distinct = false;
    }
    return distinct;
}

/* ---- writing ---- */

struct line {
    const struct mln_nsg *nsg;
    const struct mln_rule *rule;
};
MLN_VEC_TYPE(lines, struct line);

static int by_line(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int nsgs = strcmp(x->nsg->name, y->nsg->name);
    if (nsgs)
        return nsgs;
    if (x->rule->direction != y->rule->direction)
        return x->rule->direction < y->rule->direction ? -1 : 1;
    return x->rule->priority < y->rule->priority ? -1 : x->rule->priority > y->rule->priority;
}

static struct lines sorted_lines(struct mln_arena *arena, const struct mln_table_vec *tables)
{
    struct lines lines = {0};
    for (size_t t = 0; t < tables->len; t++)
        for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
            for (size_t i = 0; i < tables->data[t]->rules[direction].len; i++) {
                struct line line = {.nsg = tables->data[t]->nsg,
                                    .rule = tables->data[t]->rules[direction].data[i]};
                mln_vec_push(arena, &lines, line);
            }
    if (lines.len > 0)
        qsort(lines.data, lines.len, sizeof(*lines.data), by_line);
    return lines;
}

void mln_lock_write(struct mln_arena *arena, const struct mln_table_vec *tables,
                    struct mln_buf *out)
{
    struct lines lines = sorted_lines(arena, tables);
    mln_buf_printf(out, "%s\n", MLN_LOCK_HEADER);
    for (size_t i = 0; i < lines.len; i++) {
        const struct mln_rule *rule = lines.data[i].rule;
        struct mln_rule_key key = mln_lock_key(rule);
        mln_buf_printf(out, "%s %s %u %s %016llx.%08x\n", lines.data[i].nsg->name,
                       mln_lock_directions[rule->direction], rule->priority, rule->name,
                       (unsigned long long)key.id, key.content);
    }
}

/* ---- comparing ---- */

enum { SHOWN = 5 };

/* The one diagnostic, made when the first difference is found; `count` goes on. */
struct differences {
    struct mln_ctx *ctx;
    const struct mln_lock *lock;
    struct mln_diag *diag;
    unsigned count;
};

static struct mln_diag *difference(struct differences *differences)
{
    if (!differences->diag) {
        struct mln_span span = {.file = differences->lock->source,
                                .hi = differences->lock->length < sizeof(MLN_LOCK_HEADER) - 1
                                          ? differences->lock->length
                                          : sizeof(MLN_LOCK_HEADER) - 1};
        differences->diag = mln_report(differences->ctx->diags, MLN_D_LOCK_OUT_OF_DATE, span,
                                       "the lock file does not match the policy");
    }
    return differences->count++ < SHOWN ? differences->diag : NULL;
}

static void compare_rule(struct differences *differences, const struct mln_nsg *nsg,
                         const struct mln_rule *rule)
{
    const struct mln_lock_entry *entry = rule->locked;
    const char *direction = mln_lock_directions[rule->direction];
    struct mln_diag *diag = NULL;
    if (entry && entry->priority == rule->priority && strcmp(entry->name, rule->name) == 0 &&
        entry->key.id == mln_lock_key(rule).id)
        return;
    diag = difference(differences);
    if (!diag)
        return;
    if (!entry)
        mln_diag_note(diag, "%s rule '%s' of '%s' is not in it", direction, rule->name, nsg->name);
    else if (entry->priority != rule->priority)
        mln_diag_note(diag, "%s rule '%s' of '%s' has priority %u there and gets %u", direction,
                      rule->name, nsg->name, entry->priority, rule->priority);
    else
        mln_diag_note(diag, "%s rule '%s' of '%s' has another key or name", direction, rule->name,
                      nsg->name);
}

void mln_lock_check(struct mln_ctx *ctx, const struct mln_lock *lock,
                    const struct mln_table_vec *tables)
{
    struct differences differences = {.ctx = ctx, .lock = lock};
    for (size_t t = 0; t < tables->len; t++)
        for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
            for (size_t i = 0; i < tables->data[t]->rules[direction].len; i++)
                compare_rule(&differences, tables->data[t]->nsg,
                             tables->data[t]->rules[direction].data[i]);
    for (size_t i = 0; i < lock->entries.len; i++) {
        const struct mln_lock_entry *entry = lock->entries.data[i];
        struct mln_diag *diag = entry->taken ? NULL : difference(&differences);
        if (diag)
            mln_diag_label(diag, entry->span, "no rule of the policy");
    }
    if (differences.count > SHOWN)
        mln_diag_note(differences.diag, "and %u more", differences.count - SHOWN);
    if (differences.diag)
        mln_diag_help(differences.diag,
                      "compile with --lock instead of --locked and commit the file");
}
