/* What a model has names for. Internal to words*.c. */
#ifndef MLN_PROVE_WORDS_IMPL_H
#define MLN_PROVE_WORDS_IMPL_H

#include "net/index.h"
#include "policy/declared.h"
#include "prove/words.h"

struct thing {
    const char *name;
    const struct mln_zone *zone; /* when it is one */
    const struct mln_ipset *set[MLN_FAMILIES];
};

/* A service that is one product of protocols and destination ports. */
struct named_service {
    const char *name;
    unsigned protos; /* that the ports leave */
    const struct mln_portset *ports;
};

struct mln_words {
    struct mln_arena *arena;
    const struct mln_model *model;
    MLN_VEC(struct thing) things;
    MLN_VEC(struct named_service) services;
    struct mln_index by_service; /* into services */
};

void mln_words_collect_services(struct mln_words *w);

#endif
