/* Services by name. */
#ifndef MLN_CLI_TRAFFIC_TEXT_H
#define MLN_CLI_TRAFFIC_TEXT_H

#include "net/traffic.h"
#include "policy/model.h"

struct mln_service_name {
    const char *name;
    struct mln_traffic traffic;
    unsigned rank; /* names of a lower rank go first */
    size_t order;
};
MLN_VEC_TYPE(mln_service_name_vec, struct mln_service_name);
MLN_VEC_TYPE(mln_text_vec, const char *);

/* The names that a policy knows, in the order in which they are tried. */
void mln_service_names_make(struct mln_ctx *ctx, struct mln_model *model,
                            struct mln_service_name_vec *out);

/* "https", "tcp 8443", "icmp", "any": names, then ports, that make up exactly the services. */
void mln_traffic_names(struct mln_arena *a, const struct mln_service_name_vec *names,
                       const struct mln_traffic *traffic, struct mln_text_vec *out);
/* The same in one text, as `any except ...` where that is shorter. */
const char *mln_traffic_text(struct mln_arena *a, const struct mln_service_name_vec *names,
                             const struct mln_traffic *traffic);

#endif
