/* Which API version each resource type is written with. */
#ifndef MLN_EMIT_API_H
#define MLN_EMIT_API_H

/* "2024-05-01"; NULL for a type that no back end writes. */
const char *mln_api_version(const char *type);

#endif
