#include "import/origin.h"

#include "base/map.h"

struct origin {
    const cJSON *from;
    bool unknown;
};

struct mln_origins {
    struct mln_arena *arena;
    struct mln_map *map; /* address of the value made -> struct origin */
};

struct mln_origins *mln_origins_new(struct mln_arena *arena)
{
    struct mln_origins *origins = MLN_NEW(arena, struct mln_origins);
    origins->arena = arena;
    origins->map = mln_map_new(arena);
    return origins;
}

void mln_origin_put(struct mln_origins *origins, const cJSON *made, const cJSON *from, bool unknown)
{
    struct origin *origin = MLN_NEW(origins->arena, struct origin);
    *origin = (struct origin){from, unknown};
    mln_map_put_n(origins->map, &made, sizeof made, origin);
}

static const struct origin *find(const struct mln_origins *origins, const cJSON *value)
{
    return origins && value ? mln_map_get_n(origins->map, &value, sizeof value) : NULL;
}

const cJSON *mln_origin_of(const struct mln_origins *origins, const cJSON *value)
{
    const struct origin *origin = find(origins, value);
    return origin ? origin->from : value;
}

bool mln_origin_unknown(const struct mln_origins *origins, const cJSON *value)
{
    const struct origin *origin = find(origins, value);
    return origin && origin->unknown;
}
