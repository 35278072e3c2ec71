/* The lock file: which priority and name each rule has, so that it keeps them for ever.
 *
 * A text, one line a rule, meant to be committed beside the policy and to merge like source:
 *
 *     # mlnsgc lock 1
 *     nsg-training inbound 2000 allow-ssh-jump-training 0f3c9a5be1d27784.5b1d09aa
 *
 * NSG, direction, priority, name and key, separated by one space; sorted by NSG, direction (inbound
 * first) and priority. Lines that begin with '#' and empty lines are ignored. The key is two
 * hexadecimal numbers: the first hashes what the policy calls the rule (verb, name of the intent,
 * the piece of it that the rule is, protocol), the second what the rule matched before merging, and
 * its rank. Files, lines, the order of statements and what other intents add to a rule by merging
 * are in neither.
 *
 * A rule of this compilation is the one of a line when the keys are equal; failing that, when the
 * first numbers are. All lowered rules inside a merged one count, so a rule keeps its line when an
 * intent that sorts before its own merges with it. A line whose rule is gone is dropped and its
 * priority is free. */
#ifndef MLN_RULES_LOCK_H
#define MLN_RULES_LOCK_H

#include "diag/ctx.h"
#include "rules/table.h"

struct mln_lock;

struct mln_lock_entry {
    const char *nsg, *name;
    enum mln_direction direction;
    unsigned priority; /* 100..4096 */
    struct mln_rule_key key;
    struct mln_span span; /* the line */
    bool taken;           /* by a rule of this compilation */
    struct mln_lock_entry *next_same,
        *next_id; /* the next line with the same key, or first half of it */
};

/* A lock without lines: no file yet, or --relock. */
struct mln_lock *mln_lock_new(struct mln_ctx *ctx);

/* Reads a lock file. The text is added to the sources under `path`, so diagnostics have places and
 * depfiles name it. Malformed lines are errors (lock-malformed) and left out. Never NULL. */
struct mln_lock *mln_lock_read(struct mln_ctx *ctx, const char *path, const char *text,
                               size_t length);

/* Lines tell NSGs apart by name (ignoring case, as Azure does), so two policies with an NSG of one
 * name cannot share a lock: error lock-shared, and false. To be asked before writing. */
bool mln_lock_distinct(struct mln_ctx *ctx, const struct mln_table_vec *tables);

/* The text for the rules of `tables`, numbered and named; deterministic. The caller joins the
 * tables of all policies that share the file. */
void mln_lock_write(struct mln_arena *arena, const struct mln_table_vec *tables,
                    struct mln_buf *out);

/* --locked: error lock-out-of-date, with the first differences, when a rule of the tables has no
 * line, a line no rule, or a priority or name differs. The second half of keys does not count: it
 * changes with an address of a zone while nothing that the lock promises does. */
void mln_lock_check(struct mln_ctx *ctx, const struct mln_lock *lock,
                    const struct mln_table_vec *tables);

/* ---- for the passes ---- */

/* FNV-1a, 64 bits: the hash of everything that is written out and must never change. */
uint64_t mln_lock_hash(const void *data, size_t length);

/* Fills keys of rules that have none, from the lowered rule: before merging, so that united rules
 * keep the keys of all that went into them. */
void mln_lock_identify(struct mln_arena *arena, struct mln_table *table);
/* The key of the lowered rule that names the rule; worked out when it was not kept. */
struct mln_rule_key mln_lock_key(const struct mln_rule *rule);
/* Finds the line of each merged rule, which has its keys, and stores it in rule->locked. */
void mln_lock_match(struct mln_lock *lock, struct mln_table *table);

#endif
