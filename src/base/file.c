#include "base/file.h"

#include "base/buf.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 << 10)
#define LARGEST_FILE ((size_t)INT32_MAX) /* spans hold 32-bit offsets */
#define TEMPORARY_TRIES 10000

struct staged_file {
    const char *path;      /* as given, for messages */
    const char *target;    /* where links lead */
    const char *temporary; /* NULL: the target is no regular file, and is written on commit */
    const char *data;      /* only without a temporary */
    size_t length;
    bool same; /* the file holds these bytes already */
    bool done;
};

struct mln_staged {
    struct mln_arena *arena;
    const char *made; /* the last directory that was made, or there, with its '/'; NULL: none */
    MLN_VEC(struct staged_file) files;
};

/* Reads up to `size` bytes; fewer only at the end of the file. Negative on failure. */
static ssize_t read_fully(int fd, char *into, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(fd, into + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

/* A regular file is read by one call into a block of its size; a pipe, or a file that grows while
 * it is read, doubles the block. */
static char *read_all(struct mln_arena *arena, int fd, size_t expected, size_t *length)
{
    size_t cap = expected + 1, len = 0;
    char *data = mln_alloc(arena, cap + 1);
    for (;;) {
        ssize_t got = read_fully(fd, data + len, cap - len);
        if (got < 0)
            return NULL;
        len += (size_t)got;
        if (len > LARGEST_FILE) {
            errno = EFBIG;
            return NULL;
        }
        if (len < cap)
            break;
        cap = cap < READ_STEP ? READ_STEP : cap * 2;
        char *grown = mln_alloc(arena, cap + 1);
        memcpy(grown, data, len);
        data = grown;
    }
    data[len] = '\0';
    *length = len;
    return data;
}

static char *read_open(struct mln_arena *arena, int fd, size_t *length)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return NULL;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    size_t expected = READ_STEP;
    if (S_ISREG(status.st_mode)) {
        if (status.st_size > (off_t)LARGEST_FILE) {
            errno = EFBIG;
            return NULL;
        }
        expected = (size_t)status.st_size;
    }
    return read_all(arena, fd, expected, length);
}

char *mln_file_read(struct mln_arena *arena, const char *path, size_t *length)
{
    if (strcmp(path, "-") == 0)
        return read_open(arena, STDIN_FILENO, length);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = read_open(arena, fd, length);
    int error = errno;
    close(fd);
    errno = error;
    return text;
}

struct mln_staged *mln_staged_new(struct mln_arena *arena)
{
    struct mln_staged *staged = MLN_NEW(arena, struct mln_staged);
    staged->arena = arena;
    return staged;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, data, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        data += put;
        length -= (size_t)put;
    }
    return 0;
}

/* Writes and closes; a failed close is a failed write (quotas and network file systems say so
 * late). */
static int write_and_close(int fd, const char *data, size_t length)
{
    int error = write_all(fd, data, length);
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error;
}

static int make_one_dir(const char *path)
{
    if (mkdir(path, 0777) == 0)
        return 0;
    int error = errno;
    struct stat status;
    if (stat(path, &status) == 0)
        return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
    return error;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Files mostly come one directory after the other, so the last one is known to be there. */
static int make_parents(struct mln_staged *staged, const char *path)
{
    size_t length = (size_t)(base_of(path) - path);
    if (staged->made && strlen(staged->made) == length && memcmp(path, staged->made, length) == 0)
        return 0;
    char *copy = mln_strndup(staged->arena, path, length);
    for (char *slash = copy + strspn(copy, "/"); (slash = strchr(slash, '/')) != NULL;) {
        *slash = '\0';
        int error = make_one_dir(copy);
        if (error != 0)
            return error;
        *slash++ = '/';
        slash += strspn(slash, "/");
    }
    staged->made = copy;
    return 0;
}

/* Opens ".NAME.N" beside the target for writing. open() with O_EXCL rather than mkstemp: it applies
 * the umask, which cannot be read without changing it for the whole process. */
static int open_temporary(struct mln_arena *arena, struct staged_file *file)
{
    const char *base = base_of(file->target);
    size_t dir = (size_t)(base - file->target);
    unsigned seed = (unsigned)getpid() * 2654435761U;
    for (unsigned i = 0; i < TEMPORARY_TRIES; i++) {
        char *name = mln_printf(arena, "%.*s.%.200s.%06x", (int)dir, file->target, base,
                                (seed + i) & 0xffffff);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0) {
            file->temporary = name;
            return fd;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static int write_temporary(struct mln_arena *arena, struct staged_file *file)
{
    int fd = open_temporary(arena, file);
    if (fd < 0)
        return errno;
    int error = write_and_close(fd, file->data, file->length);
    if (error != 0)
        unlink(file->temporary);
    file->data = NULL; /* the caller's */
    return error;
}

/* A link keeps pointing where it points: what is replaced is the file at its end. */
static int resolve_link(struct mln_arena *arena, struct staged_file *file)
{
    char *real = realpath(file->target, NULL);
    if (real == NULL)
        return errno;
    file->target = mln_strdup(arena, real);
    free(real);
    return 0;
}

/* Does a regular file hold these bytes, and may its time be set? */
static bool holds(const char *path, const char *data, size_t length)
{
    char block[16 << 10];
    int fd = access(path, W_OK) == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = fd < 0 ? -1 : 0;
    for (size_t at = 0; got >= 0 && at < length; at += (size_t)got) {
        got = read_fully(fd, block, sizeof(block) < length - at ? sizeof(block) : length - at);
        if (got <= 0 || memcmp(block, data + at, (size_t)got) != 0)
            got = -1;
    }
    if (fd >= 0)
        close(fd);
    return got >= 0;
}

static int stage(struct mln_staged *staged, struct staged_file *file)
{
    struct stat status;
    bool exists = lstat(file->target, &status) == 0;
    if (exists && S_ISLNK(status.st_mode)) {
        int error = resolve_link(staged->arena, file);
        if (error != 0)
            return error;
        exists = stat(file->target, &status) == 0;
    }
    if (exists && S_ISREG(status.st_mode) && status.st_size == (off_t)file->length &&
        holds(file->target, file->data, file->length)) {
        file->same = true;
        return 0;
    }
    if (!exists || S_ISREG(status.st_mode))
        return write_temporary(staged->arena, file);
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    /* /dev/null, a pipe: renaming over it would destroy it, so it is written in place, last. */
    if (access(file->target, W_OK) != 0)
        return errno;
    file->data = mln_strndup(staged->arena, file->data, file->length);
    return 0;
}

int mln_staged_add(struct mln_staged *staged, const char *path, const void *data, size_t length,
                   bool make_dirs)
{
    if (*base_of(path) == '\0')
        return *path == '\0' ? ENOENT : EISDIR;
    struct staged_file file = {
        .path = mln_strdup(staged->arena, path),
        .data = data,
        .length = length,
    };
    file.target = file.path;
    int error = make_dirs ? make_parents(staged, path) : 0;
    if (error == 0)
        error = stage(staged, &file);
    if (error == 0)
        mln_vec_push(staged->arena, &staged->files, file);
    return error;
}

static int finish(const struct staged_file *file)
{
    if (file->same)
        return utimensat(AT_FDCWD, file->target, NULL, 0) == 0 ? 0 : errno;
    if (file->temporary != NULL)
        return rename(file->temporary, file->target) == 0 ? 0 : errno;
    int fd = open(file->target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? errno : write_and_close(fd, file->data, file->length);
}

int mln_staged_commit(struct mln_staged *staged, const char **failed)
{
    for (size_t i = 0; i < staged->files.len; i++) {
        struct staged_file *file = &staged->files.data[i];
        if (file->done)
            continue;
        int error = finish(file);
        if (error != 0) {
            *failed = file->path;
            return error;
        }
        file->done = true;
    }
    return 0;
}

void mln_staged_abort(struct mln_staged *staged)
{
    for (size_t i = 0; i < staged->files.len; i++) {
        struct staged_file *file = &staged->files.data[i];
        if (!file->done && file->temporary != NULL)
            unlink(file->temporary);
        file->done = true;
    }
}

bool mln_file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}
