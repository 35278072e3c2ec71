#include "base/file.h"

#include <string.h>

const char *mln_path_dir(struct mln_arena *arena, const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] != '/')
        length--;
    if (length == 0)
        return ".";
    while (length > 1 && path[length - 1] == '/')
        length--;
    return mln_strndup(arena, path, length);
}

const char *mln_path_stem(struct mln_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(base, '.');
    return mln_strndup(arena, base,
                       dot == NULL || dot == base ? strlen(base) : (size_t)(dot - base));
}

const char *mln_path_join(struct mln_arena *arena, const char *dir, const char *name)
{
    size_t length = strlen(dir);
    if (name[0] == '/' || length == 0 || strcmp(dir, ".") == 0)
        return mln_strdup(arena, name);
    return mln_printf(arena, "%s%s%s", dir, dir[length - 1] == '/' ? "" : "/", name);
}
