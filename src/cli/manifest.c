/* MANIFEST: one line a file, "SHA256  NAME  POLICY", sorted by name. The form is what sha256sum -c
 * reads, with the policy's name behind. */
#include "base/sha256.h"
#include "cli/output.h"
#include <stdlib.h>
#include <string.h>

enum { HASH_LENGTH = 64 };

static bool plain_name(const char *name)
{
    return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strcmp(name, "MANIFEST") != 0;
}

/* The name in "SHA256  NAME  POLICY"; NULL when the line is something else. */
static const char *name_of(struct mln_arena *arena, const char *line)
{
    if (strlen(line) < HASH_LENGTH + 2 || strspn(line, "0123456789abcdef") != HASH_LENGTH ||
        strncmp(line + HASH_LENGTH, "  ", 2) != 0)
        return NULL;
    const char *name = line + HASH_LENGTH + 2;
    const char *end = strstr(name, "  ");
    name = mln_strndup(arena, name, end ? (size_t)(end - name) : strlen(name));
    return plain_name(name) ? name : NULL;
}

struct mln_manifest mln_manifest_parse(struct mln_arena *arena, const char *text)
{
    struct mln_manifest manifest = {0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        struct mln_manifest_line line = {.line = mln_strndup(arena, text, length)};
        line.name = name_of(arena, line.line);
        if (line.name)
            mln_vec_push(arena, &manifest, line);
        text += length + (text[length] == '\n');
    }
    return manifest;
}

static bool writes(const struct mln_product *product, const char *name)
{
    for (size_t i = 0; i < product->files.len; i++)
        if (strcmp(product->files.data[i].name, name) == 0)
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    const struct mln_manifest_line *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static struct mln_manifest_line describe(struct mln_arena *arena, const struct mln_artefact *file,
                                         const char *policy)
{
    char hash[HASH_LENGTH + 1];
    mln_sha256_hex(file->content, file->length, hash);
    return (struct mln_manifest_line){
        .name = file->name, .line = mln_printf(arena, "%s  %s  %s", hash, file->name, policy)};
}

/* A file name may hold anything but '/'; the list is one line a file. */
static const char *on_one_line(struct mln_arena *arena, const char *policy)
{
    char *text = mln_strdup(arena, policy);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    return text;
}

void mln_manifest_write(struct mln_arena *arena, const struct mln_product *product,
                        const struct mln_manifest *kept, struct mln_buf *out)
{
    struct mln_manifest lines = {0};
    const char *policy = on_one_line(arena, product->policy);
    for (size_t i = 0; i < product->files.len; i++)
        mln_vec_push(arena, &lines, describe(arena, &product->files.data[i], policy));
    for (size_t i = 0; i < kept->len; i++)
        if (!writes(product, kept->data[i].name))
            mln_vec_push(arena, &lines, kept->data[i]);
    if (lines.len)
        qsort(lines.data, lines.len, sizeof(*lines.data), by_name);
    for (size_t i = 0; i < lines.len; i++)
        mln_buf_printf(out, "%s\n", lines.data[i].line);
}
