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

/* The members of a rule's JSON that say something, found in one pass. */
enum mln_rule_field {
    MLN_FIELD_DESCRIPTION,
    MLN_FIELD_PROTOCOL,
    MLN_FIELD_SOURCE_PORT,
    MLN_FIELD_SOURCE_PORTS,
    MLN_FIELD_DESTINATION_PORT,
    MLN_FIELD_DESTINATION_PORTS,
    MLN_FIELD_SOURCE_PREFIX,
    MLN_FIELD_SOURCE_PREFIXES,
    MLN_FIELD_SOURCE_GROUPS,
    MLN_FIELD_DESTINATION_PREFIX,
    MLN_FIELD_DESTINATION_PREFIXES,
    MLN_FIELD_DESTINATION_GROUPS,
    MLN_FIELD_ACCESS,
    MLN_FIELD_PRIORITY,
    MLN_FIELD_DIRECTION,
    MLN_RULE_FIELDS
};
struct mln_rule_fields {
    const cJSON *object;              /* whose members they are */
    const cJSON *at[MLN_RULE_FIELDS]; /* NULL: absent or null */
};

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
/* side 0 is the source, 1 the destination. */
bool mln_nsg_read_side(struct mln_nsg_reader *r, const struct mln_rule_fields *fields, int side,
                       struct mln_read_rule *rule);

#endif
