/* mlnsgc tags: what the files of its parts share. */
#ifndef MLN_CLI_TAGS_H
#define MLN_CLI_TAGS_H

#include "cli/cli.h"
#include "cli/tabular.h"
#include "import/tagfile.h"

/* A service-tag file, or the catalogue, which knows no prefixes. */
struct mln_tag_source {
    const char *path; /* NULL: the catalogue */
    struct mln_tagfile file;
};

/* Reads `path`, else the file of --tags, else takes the catalogue. False after reporting. */
bool mln_tag_source_open(struct mln_cli *cli, const char *path, struct mln_tag_source *source);

MLN_VEC_TYPE(mln_tag_vec, const struct mln_tag *);
/* The tags that --only names, all without it, by name without regard to case; the virtual ones are
 * in no file and left out. Nothing is said about names that match nothing. */
struct mln_tag_vec mln_tag_source_select(struct mln_cli *cli, const struct mln_tag_source *source);
/* Reports every --only that names no tag of either; `other` may be NULL. False when there is one.
 */
bool mln_tag_source_check_only(struct mln_cli *cli, const struct mln_tag_source *source,
                               const struct mln_tag_source *other);
/* Reports that there is no such tag, with the name that may be meant. */
void mln_tag_source_unknown(struct mln_cli *cli, const struct mln_tag_source *source,
                            const char *name);

/* "API NSG UDR"; "" when the tag has no feature. */
const char *mln_tag_features_text(struct mln_arena *arena, unsigned features);
/* Addresses of the set, as digits. */
const char *mln_ipset_size_text(struct mln_arena *arena, const struct mln_ipset *set);
/* The members "cloud" and "change_number" of a JSON object. */
void mln_tag_source_json(const struct mln_tag_source *source, struct mln_json *json);

/* The parts. Operands are those behind the part's name. */
void mln_tags_list(struct mln_cli *cli, const char *const *operands, size_t count);
void mln_tags_show(struct mln_cli *cli, const char *const *operands, size_t count);
void mln_tags_find_address(struct mln_cli *cli, const char *const *operands, size_t count);
void mln_tags_diff(struct mln_cli *cli, const char *const *operands, size_t count);
void mln_tags_check(struct mln_cli *cli, const char *const *operands, size_t count);

/* Prints the table in the format asked for; in JSON as the member `key` beside what is known of the
 * file. */
void mln_tags_print_table(struct mln_cli *cli, const struct mln_tag_source *source, const char *key,
                          const struct mln_tabular *table);
/* Prints what a part wrote. */
void mln_tags_print(struct mln_cli *cli, const struct mln_buf *out);

#endif
