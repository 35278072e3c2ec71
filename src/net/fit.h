/* Address sets written as lists with a limit.
 *
 * A firewall takes so many entries and no more. The fewest entries that make up exactly a set are
 * unique (`lossless`); when they exceed the limit, the list that is returned covers the set and the
 * fewest addresses besides: a minimum, not an approximation. Two things can be counted:
 *
 *   extra      addresses of the list that the set does not hold
 *   strangers  those of them that the `preferred` set does not hold either
 *
 * MLN_FIT_STRANGERS takes the fewest strangers and among those lists the fewest extra addresses;
 * MLN_FIT_TOTAL the reverse. Among equals the result is fixed, so it depends on the arguments
 * alone. */
#ifndef MLN_NET_FIT_H
#define MLN_NET_FIT_H

#include "net/count.h"

enum mln_fit_cost { MLN_FIT_STRANGERS, MLN_FIT_TOTAL };

struct mln_fit_options {
    size_t limit; /* most entries; 0: no limit */
    enum mln_fit_cost cost;
    const struct mln_ipset *preferred; /* NULL: every extra address is a stranger */
    const struct mln_ipset *barred;    /* no entry may hold any of it; NULL: nothing is barred */
    /* Prefixes longer than this cannot be entries: each of their addresses is one, written alone.
     * 30 for Azure Storage, where a /31 is two entries. 0: any length is an entry. Ranges ignore
     * it. At most 16 bits below an address. */
    unsigned longest;
};

enum mln_fit_status {
    MLN_FIT_OK,
    MLN_FIT_TOO_MANY, /* more entries than the limit however far they are widened: barred space
                         keeps them apart. `fewest` says how many it takes */
    MLN_FIT_BARRED,   /* the set itself holds barred addresses */
};

struct mln_fit {
    enum mln_fit_status status; /* other than OK: there are no entries */
    enum mln_family family;
    size_t len;                  /* entries, in address order, disjoint */
    struct mln_prefix *prefixes; /* of mln_fit_prefixes; canonical, host bits clear */
    struct mln_range *ranges;    /* of mln_fit_ranges */
    size_t lossless;             /* entries that the exact list takes */
    size_t fewest;               /* entries that any list takes within what is barred */
    struct mln_count addresses;  /* of the set */
    struct mln_count extra, strangers;
};

/* The set as prefixes. O(N log N + N min(limit, lossless - limit)) steps for a lossless list of N,
 * and memory O(N log N) for the tries of real sets. */
const struct mln_fit *mln_fit_prefixes(struct mln_arena *a, const struct mln_ipset *set,
                                       const struct mln_fit_options *options);
/* The set as ranges from a first to a last address. O(N log N). */
const struct mln_fit *mln_fit_ranges(struct mln_arena *a, const struct mln_ipset *set,
                                     const struct mln_fit_options *options);

/* The entries of either as a set. */
const struct mln_ipset *mln_fit_set(struct mln_arena *a, const struct mln_fit *fit);

#endif
