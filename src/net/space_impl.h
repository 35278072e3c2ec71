/* What a space is made of. Internal to net/: space.c builds it, search.c searches it. */
#ifndef MLN_NET_SPACE_IMPL_H
#define MLN_NET_SPACE_IMPL_H

#include "net/field.h"
#include "net/memo.h"
#include "net/space.h"

/* In the order in which a search decides them; the unknown sets come after the last. */
enum mln_field_kind {
    MLN_FIELD_PROTO,
    MLN_FIELD_DPORT,
    MLN_FIELD_DST,
    MLN_FIELD_SRC,
    MLN_FIELD_SPORT,
    MLN_FIELD_COUNT
};

/* An unknown set on one side: a field with two values. */
struct mln_variable {
    uint32_t number; /* the caller's */
    bool is_src;
    uint64_t *named; /* matches that name it */
};

/* A node of the search that is being branched on. */
struct mln_frame {
    size_t level;          /* index into `open` */
    size_t next, count;    /* the choice to try next; the one being tried is next - 1 */
    const uint32_t *atoms; /* the choices; NULL for a variable */
};

/* Working memory of a search, made with the space and reused by every search in it.
 * A level is OPEN when some match that overlaps `within` does not cover it there: only open levels
 * are branched on. Level k is field open[k], or variable open[k] - MLN_FIELD_COUNT. */
struct mln_scratch {
    uint32_t *open;
    size_t open_count;
    const uint64_t *
        *cover; /* per open level: matches that hold all of it (of a variable: do not name it) */
    uint64_t *full; /* per open level and one more: matches that hold all of it and all behind it */
    uint64_t *alive; /* per depth of the search */
    uint64_t *sure, *column;
    struct mln_frame *frames;
    uint64_t *marks;                     /* over the atoms of a field; clear between uses */
    uint32_t *gathered[MLN_FIELD_COUNT]; /* choices of the one frame that branches on the field */
    uint32_t *local[MLN_FIELD_COUNT];    /* choices that serve every such frame of a search */
    size_t local_count[MLN_FIELD_COUNT]; /* 0: not worked out */
    struct mln_memo memo;
};

struct mln_space {
    struct mln_arena *arena;
    enum mln_family family;
    size_t match_count, words, variable_count;
    uint64_t *live;                    /* matches that hold a packet at all */
    uint32_t *set_of[MLN_FIELD_COUNT]; /* per match; MLN_INDEX_NONE for one that is not live */
    struct mln_field fields[MLN_FIELD_COUNT];
    struct mln_variable *variables; /* in the order of the first match that names them */
    struct mln_scratch scratch;
};

#endif
