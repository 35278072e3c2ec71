/* A lock file in memory: shared by reading (lock.c), finding rules in it (lock_match.c) and writing
 * and comparing (lock_write.c). */
#ifndef MLN_RULES_LOCK_FILE_H
#define MLN_RULES_LOCK_FILE_H

#include "base/map.h"
#include "rules/lock.h"

struct mln_lock {
    MLN_VEC(struct mln_lock_entry *) entries; /* in the order of the file */
    struct mln_map *by_rule;  /* NSG, direction and both numbers of the key -> first entry */
    struct mln_map *by_id;    /* the same with the first number only */
    struct mln_map *by_place; /* NSG, direction and priority -> entry */
    struct mln_map *by_name;  /* NSG and name, in lower case -> entry */
    uint32_t source;          /* 0: no file */
    uint32_t length;
};

#define MLN_LOCK_HEADER "# mlnsgc lock 1"
extern const char *const mln_lock_directions[MLN_DIRECTIONS]; /* "inbound" "outbound" */

/* Fills the maps by which rules are found, from all entries. */
void mln_lock_index(struct mln_lock *lock);

#endif
