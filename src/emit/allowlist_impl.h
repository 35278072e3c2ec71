/* What the files of the allowlist back end share. Internal to emit/. */
#ifndef MLN_EMIT_ALLOWLIST_IMPL_H
#define MLN_EMIT_ALLOWLIST_IMPL_H

#include "emit/firewall.h"

/* An entry with what it lets in. */
struct mln_allowlist_row {
    struct mln_firewall_entry entry;
    struct mln_count addresses, extra, strangers;
    struct mln_buf sources; /* names with ';' between */
};

/* One resource's list, ready to be written. */
struct mln_allowlist {
    struct mln_arena *arena;
    const struct mln_firewall *firewall;
    const struct mln_kind *kind;
    const char *name; /* of the resource in Azure, as far as the policy knows */
    struct mln_allowlist_row *rows;
    size_t len, entries;                          /* rows; entries as the service counts them */
    struct mln_count addresses, extra, strangers; /* IPv4 */
    size_t lossless;
    struct mln_firewall_part_vec parts;
};

/* "400 entries, of 400 at most": facts about the list, one a line without line ends, for comments.
 */
MLN_VEC_TYPE(mln_lines, const char *);
void mln_allowlist_facts(const struct mln_allowlist *list, struct mln_lines *out);

/* allowlist_rows.c: fills rows and len. */
void mln_allowlist_make_rows(struct mln_allowlist *list, const struct mln_tags *tags);

/* allowlist_script.c */
void mln_allowlist_script(const struct mln_allowlist *list, struct mln_buf *out);

#endif
