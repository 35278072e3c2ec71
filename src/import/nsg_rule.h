/* One security rule of an NSG's JSON; shared by nsg.c, nsg_rule.c and nsg_side.c. */
#ifndef MLN_IMPORT_NSG_RULE_H
#define MLN_IMPORT_NSG_RULE_H

#include "azure/legal.h"
#include "base/map.h"
#include "import/json.h"
#include "import/nsg.h"

/* What a file's NSGs share. */
struct mln_nsg_reader {
    struct mln_ctx *ctx;
    struct mln_document *document;
    struct mln_tags *tags;
    struct mln_map *asgs; /* lower-case id -> struct mln_asg */
    bool places;          /* of what is read, not only of what is wrong with it */
};

/* The place of something that is read. */
struct mln_span mln_nsg_place(struct mln_nsg_reader *r, const cJSON *value);

/* A side as alternatives: any, one tag, one ASG, or prefixes of one family each. */
MLN_VEC_TYPE(mln_rule_side_vec, struct mln_rule_side);

/* What one rule counts towards the limits of its NSG. */
struct mln_rule_load {
    size_t addresses[2]; /* [0] source, [1] destination */
};

struct mln_read_rule {
    const char *name, *description;
    enum mln_direction direction;
    enum mln_action action;
    unsigned proto, priority;
    struct mln_rule_side_vec sides[2]; /* source, destination */
    const struct mln_portset *ports[2];
    struct mln_rule_load load;
};

/* Reports azure-refuses with Azure's own code. */
struct mln_diag *mln_nsg_refused(struct mln_nsg_reader *r, const cJSON *value,
                                 enum mln_azure_error error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct mln_diag *mln_nsg_odd(struct mln_nsg_reader *r, const cJSON *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* false after reporting: the rule must be left out. */
bool mln_nsg_read_rule(struct mln_nsg_reader *r, const cJSON *json, struct mln_read_rule *rule);
/* side 0 is the source, 1 the destination; `fields` holds the members. */
bool mln_nsg_read_side(struct mln_nsg_reader *r, const cJSON *fields, int side,
                       struct mln_read_rule *rule);

#endif
