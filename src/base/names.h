/* Interned names: equal text gives the same pointer, so names compare with ==. */
#ifndef MLN_BASE_NAMES_H
#define MLN_BASE_NAMES_H

#include "base/arena.h"

struct mln_names;

struct mln_names *mln_names_new(struct mln_arena *arena);
const char *mln_intern(struct mln_names *names, const char *text);
const char *mln_intern_n(struct mln_names *names, const char *text, size_t length);

#endif
