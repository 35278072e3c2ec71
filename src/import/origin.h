/* Where values come from that were made by evaluating expressions: they stand nowhere in the text,
 * so what is said about them points to the value that made them. */
#ifndef MLN_IMPORT_ORIGIN_H
#define MLN_IMPORT_ORIGIN_H

#include "base/arena.h"
#include <stdbool.h>

#include <cjson/cJSON.h>

struct mln_origins;
struct mln_origins *mln_origins_new(struct mln_arena *arena);

/* `from` stands in the text. `unknown`: the value, or a part of its text, is not known. */
void mln_origin_put(struct mln_origins *origins, const cJSON *made, const cJSON *from,
                    bool unknown);
/* The value of the text behind a value; one that stands there itself is its own. origins may be
 * NULL. */
const cJSON *mln_origin_of(const struct mln_origins *origins, const cJSON *value);
bool mln_origin_unknown(const struct mln_origins *origins, const cJSON *value);

#endif
