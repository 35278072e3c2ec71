/* A strict look at a JSON text: RFC 8259 to the letter. Nothing is built here; import/json_node.h
 * has the same scan make the values. */
#ifndef MLN_IMPORT_SCAN_H
#define MLN_IMPORT_SCAN_H

#include "base/vec.h"
#include <stdbool.h>
#include <stdint.h>

/* Containers within containers; what Azure writes has fewer than ten. */
#define MLN_SCAN_DEPTH 100

struct mln_extent {
    uint32_t lo, hi;
};
MLN_VEC_TYPE(mln_extent_vec, struct mln_extent);

struct mln_scan_fault {
    const char *message; /* NULL: the text is fine. In the arena or static. */
    struct mln_extent where;
    bool duplicate; /* an object has the key twice; `first` is where it stood before */
    struct mln_extent first;
};

/* Checks the whole text: grammar, UTF-8, no raw control characters, no "\u0000", no lone
 * surrogates, no key twice in an object (escapes resolved), depth, numbers of a sane length,
 * nothing behind the value. A UTF-8 byte order mark at the start is skipped. Stops at the first
 * fault. Cost: linear (n log n in the keys of one object). `values`, unless NULL, receives the
 * extent of every value with at most `depth` containers around it, in the order they begin. */
struct mln_scan_fault mln_scan_json(struct mln_arena *arena, const char *text, size_t length,
                                    struct mln_extent_vec *values, size_t depth);

#endif
