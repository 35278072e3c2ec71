/* Values of a template while its expressions are evaluated.
 *
 * JSON's values, and the unknown: what only a deployment can tell. A text may hold unknown parts,
 * in braces: "nsg-{uniqueString(resourceGroup().id)}". Such a text compares as unknown with others,
 * and as equal with the same text: functions of templates give the same value for the same
 * arguments. Data are never changed after they are made, so they are shared freely. */
#ifndef MLN_IMPORT_DATUM_H
#define MLN_IMPORT_DATUM_H

#include "import/json.h"

enum mln_datum_kind {
    MLN_DATUM_NULL,
    MLN_DATUM_BOOL,
    MLN_DATUM_NUMBER,
    MLN_DATUM_TEXT,
    MLN_DATUM_LIST,
    MLN_DATUM_OBJECT,
    MLN_DATUM_UNKNOWN
};

struct mln_datum {
    enum mln_datum_kind kind;
    bool unknown; /* MLN_DATUM_UNKNOWN, or a text with unknown parts */
    bool truth;
    int64_t number;
    const char *text; /* the text; of the unknown what stands in the braces */
    size_t length;
    const char *spelling; /* how an unknown text is named inside of others; NULL: by itself */
    const char *why;      /* unknown: the reason, for people */
    const struct mln_datum *const *items;
    const char *const *keys; /* of an object, one for each item */
    size_t count;
    unsigned height;             /* containers in containers; bounded, deeper ones are unknown */
    const struct mln_map *index; /* of a large object: folded key -> item */
    const cJSON *origin;         /* what in the text made it; NULL: nothing */
};

/* What one evaluation shares: its memory and its bounds. */
struct mln_eval {
    struct mln_ctx *ctx;
    struct mln_document *document;
    size_t steps;    /* left; every value made and every byte copied costs */
    unsigned depth;  /* of what is being evaluated */
    unsigned serial; /* for unknown values that are like no other */
};

/* Takes steps; false when there are none left, and then for ever. */
bool mln_eval_spend(struct mln_eval *e, size_t steps);

const struct mln_datum *mln_datum_null(struct mln_eval *e);
const struct mln_datum *mln_datum_bool(struct mln_eval *e, bool truth);
const struct mln_datum *mln_datum_number(struct mln_eval *e, int64_t number);
/* The text is copied. */
const struct mln_datum *mln_datum_text(struct mln_eval *e, const char *text, size_t length);
/* The arrays are taken over. */
const struct mln_datum *mln_datum_list(struct mln_eval *e, const struct mln_datum *const *items,
                                       size_t count);
const struct mln_datum *mln_datum_object(struct mln_eval *e, const char *const *keys,
                                         const struct mln_datum *const *items, size_t count);
/* `text` names the value; `why` is for people. */
const struct mln_datum *mln_datum_unknown(struct mln_eval *e, const char *text, const char *why);
/* A text with parts in braces. */
const struct mln_datum *mln_datum_symbolic(struct mln_eval *e, const char *text,
                                           const char *spelling, const char *why);
/* The same value, made by `origin`. */
const struct mln_datum *mln_datum_at(struct mln_eval *e, const struct mln_datum *datum,
                                     const cJSON *origin);
/* JSON without expressions; origins are kept when `own` (the tree is the document's). */
const struct mln_datum *mln_datum_json(struct mln_eval *e, const cJSON *json, bool own);

/* The item of an object, case ignored; NULL when it has none or is no object. */
const struct mln_datum *mln_datum_get(const struct mln_datum *object, const char *key);
/* An object, a list or a text with nothing in it; null. */
bool mln_datum_empty(const struct mln_datum *datum);

/* How the value is named inside of an unknown one. */
const char *mln_datum_label(struct mln_eval *e, const struct mln_datum *datum);
/* The text of a scalar, unknown ones in braces; NULL for lists and objects. */
const char *mln_datum_as_text(struct mln_eval *e, const struct mln_datum *datum);

enum mln_truth { MLN_NO, MLN_YES, MLN_MAYBE };
enum mln_truth mln_datum_equal(struct mln_eval *e, const struct mln_datum *a,
                               const struct mln_datum *b);
/* The first unknown value in it, itself included; NULL when all is known. */
const struct mln_datum *mln_datum_find_unknown(struct mln_eval *e, const struct mln_datum *datum);

/* As JSON; NULL when something in it is unknown. */
const char *mln_datum_write(struct mln_eval *e, const struct mln_datum *datum);

#endif
