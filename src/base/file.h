/* Files: whole reads, atomic writes. */
#ifndef MLN_BASE_FILE_H
#define MLN_BASE_FILE_H

#include "base/arena.h"
#include <stdbool.h>

/* Reads a whole file ("-" is standard input) into the arena; NUL-terminated, *length excludes the
 * NUL. NULL on failure, with errno set; a directory is EISDIR, more than 2^31 - 1 bytes (spans
 * hold 32-bit offsets) EFBIG. NUL bytes inside are kept. */
char *mln_file_read(struct mln_arena *arena, const char *path, size_t *length);

/* A file appears whole or not at all: written to a temporary beside it, flushed, then renamed.
 * Staged writes let a command write all its temporaries first and rename only when every one is
 * good. A file that holds the same bytes already stays, and only its time is set, as make wants it.
 * A symbolic link stays and the file it leads to is replaced; what is no regular file (/dev/null, a
 * pipe) is written in place on commit. New files get mode 0666 less the umask. */
struct mln_staged;
struct mln_staged *mln_staged_new(struct mln_arena *arena);
/* Writes the temporary for `path`; creates missing parent directories when `make_dirs`.
 * 0, or an errno value; then nothing of this file is left behind. `data` is not kept. */
int mln_staged_add(struct mln_staged *staged, const char *path, const void *data, size_t length,
                   bool make_dirs);
/* Renames all; 0 or the errno of the first failure (*failed names the path). */
int mln_staged_commit(struct mln_staged *staged, const char **failed);
/* Removes every temporary not renamed yet (directories made are left). */
void mln_staged_abort(struct mln_staged *staged);

bool mln_file_exists(const char *path);
/* "dir/file.mlp" -> "dir" (or "."); "dir/file.mlp" -> "file" */
const char *mln_path_dir(struct mln_arena *arena, const char *path);
const char *mln_path_stem(struct mln_arena *arena, const char *path);
const char *mln_path_join(struct mln_arena *arena, const char *dir, const char *name);

#endif
