/* Layer base: arena, containers, JSON, SHA-256, files, suggestions. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/names.h"
#include "base/sha256.h"
#include "base/stable_hash.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void arena_aligns_and_zeroes(void)
{
    struct mln_arena *arena = mln_arena_new();
    bool aligned = true, zero = true;
    for (size_t size = 0; size < 3000; size++) {
        unsigned char *object = mln_alloc(arena, size);
        aligned = aligned && (uintptr_t)object % _Alignof(max_align_t) == 0;
        for (size_t i = 0; i < size; i++)
            zero = zero && object[i] == 0;
        memset(object, 0xa5, size);
        mln_strndup(arena, "odd", size % 4); /* strings between objects disturb neither */
    }
    CU_ASSERT_TRUE(aligned);
    CU_ASSERT_TRUE(zero);
    CU_ASSERT_TRUE(mln_arena_used(arena) >= 3000 * 2999 / 2);
    mln_arena_free(arena);
    mln_arena_free(NULL);
}

/* Small objects, long strings and objects larger than a chunk, each written all over: none may
 * touch another, and all come zeroed, whatever size the arena was made for. */
static void check_objects_apart(struct mln_arena *arena)
{
    enum { COUNT = 20000 };
    char *texts[COUNT];
    size_t *numbers[COUNT], wrong = 0;
    for (size_t i = 0; i < COUNT; i++) {
        texts[i] = mln_printf(arena, "text %zu", i);
        numbers[i] = MLN_NEW_ARRAY(arena, size_t, 1 + i % 7);
        for (size_t k = 0; k <= i % 7; k++)
            wrong += numbers[i][k] != 0;
        *numbers[i] = i;
        if (i % 2500 == 0) {
            size_t size = (size_t)1 << (16 + i / 2500); /* 64 kB to 8 MB */
            unsigned char *large = mln_alloc(arena, size);
            wrong += large[0] != 0 || memcmp(large, large + 1, size - 1) != 0;
            memset(large, 0xff, size);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        char text[32];
        snprintf(text, sizeof(text), "text %zu", i);
        wrong += strcmp(texts[i], text) != 0 || *numbers[i] != i;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_PTR_NOT_EQUAL(mln_alloc(arena, 0), mln_alloc(arena, 0));
}

static void arena_keeps_objects_apart(void)
{
    static const size_t expected[] = {0, 1, 100000, (size_t)2 << 20, SIZE_MAX};
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        struct mln_arena *arena = mln_arena_new_for(expected[i]);
        check_objects_apart(arena);
        mln_arena_free(arena);
    }
}

/* What was written before must not shine through, whatever chunk is kept. */
static void arena_is_reset(void)
{
    struct mln_arena *arena = mln_arena_new();
    mln_arena_reset(arena); /* nothing in it yet */
    for (int round = 0; round < 3; round++) {
        check_objects_apart(arena);
        mln_arena_reset(arena);
        CU_ASSERT_EQUAL(mln_arena_used(arena), 0);
    }
    for (size_t size = 1; size <= (size_t)4 << 20; size *= 4) { /* small chunks are kept, too */
        struct mln_arena *small = mln_arena_new();
        memset(mln_alloc(small, size), 0xff, size);
        memset(mln_strndup(small, "", 0), 0xff, 1);
        mln_arena_reset(small);
        unsigned char *again = mln_alloc(small, size);
        CU_ASSERT_TRUE(again[0] == 0 && memcmp(again, again + 1, size - 1) == 0);
        mln_arena_free(small);
    }
    mln_arena_free(arena);
}

static void arena_prints_long_text(void)
{
    struct mln_arena *arena = mln_arena_new();
    for (int width = 250; width < 260; width++)
        CU_ASSERT_EQUAL(strlen(mln_printf(arena, "%*d", width, 1)), (size_t)width);
    CU_ASSERT_STRING_EQUAL(mln_strndup(arena, "policy", 3), "pol");
    CU_ASSERT_STRING_EQUAL(mln_strdup(arena, ""), "");
    mln_arena_free(arena);
}

static void vec_grows(void)
{
    struct mln_arena *arena = mln_arena_new();
    MLN_VEC(int) numbers = {0};
    for (int i = 0; i < 1000; i++)
        mln_vec_push(arena, &numbers, i);
    int wrong = 0;
    for (int i = 0; i < 1000; i++)
        wrong += numbers.data[i] != i;
    CU_ASSERT_EQUAL(numbers.len, 1000);
    CU_ASSERT_EQUAL(wrong, 0);
    mln_arena_free(arena);
}

static void buf_stays_terminated(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_buf buf;
    mln_buf_init(&buf, arena);
    CU_ASSERT_STRING_EQUAL(buf.data, "");
    for (int i = 0; i < 500; i++) {
        mln_buf_char(&buf, 'x');
        CU_ASSERT_EQUAL_FATAL(buf.data[buf.len], '\0');
    }
    mln_buf_printf(&buf, "%*s", 3000, "end");
    CU_ASSERT_EQUAL(buf.len, 3500);
    CU_ASSERT_STRING_EQUAL(buf.data + 3497, "end");
    mln_buf_add_n(&buf, "a\0b", 3);
    CU_ASSERT_EQUAL(buf.len, 3503);
    CU_ASSERT_EQUAL(memcmp(buf.data + 3500, "a\0b", 4), 0);
    mln_arena_free(arena);
}

static void map_keeps_insertion_order(void)
{
    enum { COUNT = 100000 };
    struct mln_arena *arena = mln_arena_new();
    struct mln_map *map = mln_map_new(arena);
    static int values[COUNT];
    char key[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof(key), "key-%d", i * 7919 % COUNT);
        mln_map_put(map, key, &values[i]);
    }
    size_t wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof(key), "key-%d", i * 7919 % COUNT);
        wrong += mln_map_get(map, key) != &values[i];
        wrong += strcmp(map->entries[i].key, key) != 0;
    }
    CU_ASSERT_EQUAL(map->len, COUNT);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_PTR_NULL(mln_map_get(map, "key-"));
    CU_ASSERT_PTR_NULL(mln_map_get(map, ""));
    mln_arena_free(arena);
}

static void map_replaces_and_takes_bytes(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_map *map = mln_map_new(arena);
    int one, two;
    mln_map_put(map, "a", &one);
    mln_map_put(map, "a", &two);
    CU_ASSERT_PTR_EQUAL(mln_map_get(map, "a"), &two);
    CU_ASSERT_EQUAL(map->len, 1);
    mln_map_put_n(map, "a\0", 2, &one);
    mln_map_put_n(map, "", 0, &one);
    CU_ASSERT_EQUAL(map->len, 3);
    CU_ASSERT_PTR_EQUAL(mln_map_get(map, "a"), &two);
    CU_ASSERT_PTR_EQUAL(mln_map_get_n(map, "a\0", 2), &one);
    CU_ASSERT_PTR_EQUAL(mln_map_get(map, ""), &one);
    CU_ASSERT_PTR_NULL(mln_map_slot(map, "new", 3)->value);
    CU_ASSERT_EQUAL(map->len, 4);
    mln_arena_free(arena);
}

static void names_are_unique(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_names *names = mln_names_new(arena);
    const char *first = mln_intern(names, "agents");
    char key[32];
    size_t wrong = 0;
    for (int i = 0; i < 50000; i++) {
        snprintf(key, sizeof(key), "n%d", i);
        const char *name = mln_intern(names, key);
        wrong += strcmp(name, key) != 0 || mln_intern_n(names, key, strlen(key)) != name;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_PTR_EQUAL(mln_intern_n(names, "agents!", 6), first);
    CU_ASSERT_PTR_NOT_EQUAL(mln_intern(names, "Agents"), first);
    CU_ASSERT_STRING_EQUAL(mln_intern(names, ""), "");
    mln_arena_free(arena);
}

static void utf8_decodes(void)
{
    static const struct {
        const char *text;
        size_t size;
        uint32_t character;
    } cases[] = {
        {"a", 1, 'a'},
        {"\xc3\xa9", 2, 0xe9},
        {"\xe2\x82\xac", 3, 0x20ac},
        {"\xf0\x9f\x98\x80", 4, 0x1f600},
        {"\x80", 1, MLN_UTF8_BAD},
        {"\xc0\xaf", 1, MLN_UTF8_BAD},
        {"\xe0\x80\xaf", 1, MLN_UTF8_BAD},
        {"\xed\xa0\x80", 1, MLN_UTF8_BAD},
        {"\xf4\x90\x80\x80", 1, MLN_UTF8_BAD},
        {"\xe2\x82", 1, MLN_UTF8_BAD},
        {"\xff", 1, MLN_UTF8_BAD},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t character;
        size_t size = mln_utf8_decode(cases[i].text, strlen(cases[i].text), &character);
        CU_ASSERT_EQUAL(size, cases[i].size);
        CU_ASSERT_EQUAL(character, cases[i].character);
    }
    CU_ASSERT_TRUE(mln_utf8_is_control(0x1b) && mln_utf8_is_control(0x9b));
    CU_ASSERT_TRUE(mln_utf8_is_control(0x202e) && mln_utf8_is_control(0x2066));
    CU_ASSERT_TRUE(mln_utf8_is_control(0xfffe) && mln_utf8_is_control(0xffff));
    CU_ASSERT_FALSE(mln_utf8_is_control(0xfffd) || mln_utf8_is_control(0xfffc));
    CU_ASSERT_FALSE(mln_utf8_is_control('a') || mln_utf8_is_control(0xe9));
    CU_ASSERT_EQUAL(mln_utf8_width(0x4e2d), 2);
    CU_ASSERT_EQUAL(mln_utf8_width(0x301), 0);
    CU_ASSERT_EQUAL(mln_utf8_width(0xe9), 1);
}

/* Of 64-bit arithmetic by hand: names that were written once hold these values. */
static void stable_hashes_never_change(void)
{
    CU_ASSERT_EQUAL(mln_stable_hash("", 0), UINT64_C(0xd34402edf2a39352));
    CU_ASSERT_EQUAL(mln_stable_hash("a", 1), UINT64_C(0xe5091994c77febb8));
    CU_ASSERT_EQUAL(mln_stable_hash("storage", 7), UINT64_C(0xb075e34352271445));
    CU_ASSERT_EQUAL(mln_stable_hash("storage-account", 15), UINT64_C(0xefd529e38e62ca1c));
    CU_ASSERT_EQUAL(mln_stable_hash("\xff\0\xff", 3), UINT64_C(0x15f5d42f30f59e64));
}

static const char *json_of(struct mln_arena *arena, const char *text)
{
    struct mln_buf buf;
    struct mln_json json;
    mln_buf_init(&buf, arena);
    mln_json_init(&json, &buf, true);
    mln_json_string(&json, text);
    return buf.data;
}

static void json_escapes(void)
{
    struct mln_arena *arena = mln_arena_new();
    CU_ASSERT_STRING_EQUAL(json_of(arena, ""), "\"\"");
    CU_ASSERT_STRING_EQUAL(json_of(arena, "a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    CU_ASSERT_STRING_EQUAL(json_of(arena, "\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
    CU_ASSERT_STRING_EQUAL(json_of(arena, "\x01\x1b\x7f"), "\"\\u0001\\u001b\\u007f\"");
    CU_ASSERT_STRING_EQUAL(json_of(arena, "\xc2\x9b"), "\"\\u009b\"");
    CU_ASSERT_STRING_EQUAL(json_of(arena, "\xe2\x80\xae"), "\"\\u202e\"");
    CU_ASSERT_STRING_EQUAL(json_of(arena, "\xf3\xa0\x80\x81"), "\"\\udb40\\udc01\"");
    CU_ASSERT_STRING_EQUAL(json_of(arena, "\xc3\xa9\xff"), "\"\xc3\xa9\xef\xbf\xbd\"");
    mln_arena_free(arena);
}

/* One odd byte anywhere in texts of all lengths, after which everything may follow. */
static void json_plain_stops_at_the_first_odd_byte(void)
{
    static const char odd[] = {'"', '\\', '\0', '\n', 0x1f, 0x7f, (char)0x80, (char)0xff};
    static const char plain[] = " !#[]^~}a";
    bool right = true;
    for (size_t length = 0; length <= 40; length++)
        for (size_t at = 0; at <= length; at++)
            for (size_t k = 0; k < sizeof odd; k++) {
                char text[40];
                for (size_t i = 0; i < length; i++)
                    text[i] =
                        i < at ? plain[(i + k) % (sizeof plain - 1)] : odd[(i + k) % sizeof odd];
                right &= mln_json_plain(text, length) == at;
            }
    CU_ASSERT_TRUE(right);
}

static void write_sample(struct mln_json *json)
{
    mln_json_object(json);
    mln_json_pair(json, "name", "x");
    mln_json_pair(json, "absent", NULL);
    mln_json_key(json, "list");
    mln_json_array(json);
    mln_json_number(json, -5);
    mln_json_bool(json, true);
    mln_json_null(json);
    mln_json_object(json);
    mln_json_end_object(json);
    mln_json_end_array(json);
    mln_json_key(json, "empty");
    mln_json_array(json);
    mln_json_end_array(json);
    mln_json_end_object(json);
}

static void json_indents(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_buf buf;
    struct mln_json json;
    mln_buf_init(&buf, arena);
    mln_json_init(&json, &buf, false);
    write_sample(&json);
    CU_ASSERT_STRING_EQUAL(buf.data, "{\n  \"name\": \"x\",\n  \"list\": [\n    -5,\n    true,\n"
                                     "    null,\n    {}\n  ],\n  \"empty\": []\n}");
    mln_buf_init(&buf, arena);
    mln_json_init(&json, &buf, true);
    write_sample(&json);
    CU_ASSERT_STRING_EQUAL(buf.data, "{\"name\":\"x\",\"list\":[-5,true,null,{}],\"empty\":[]}");
    mln_arena_free(arena);
}

static void sha256_agrees_with_the_standard(void)
{
    char hex[65];
    mln_sha256_hex("", 0, hex);
    CU_ASSERT_STRING_EQUAL(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    mln_sha256_hex("abc", 3, hex);
    CU_ASSERT_STRING_EQUAL(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    mln_sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    CU_ASSERT_STRING_EQUAL(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *many = malloc(1000000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(many);
    memset(many, 'a', 1000000);
    mln_sha256_hex(many, 1000000, hex);
    free(many);
    CU_ASSERT_STRING_EQUAL(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static const char *closest(const char *name)
{
    static const char *const names[] = {"agents", "models", "bastion", "vault", "jump-host"};
    return mln_closest(name, names, sizeof(names) / sizeof(names[0]));
}

static void suggestions_are_close(void)
{
    CU_ASSERT_STRING_EQUAL(closest("agnets"), "agents"); /* a swap costs one */
    CU_ASSERT_STRING_EQUAL(closest("AGENTS"), "agents");
    CU_ASSERT_STRING_EQUAL(closest("agent"), "agents");
    CU_ASSERT_STRING_EQUAL(closest("valut"), "vault");
    CU_ASSERT_STRING_EQUAL(closest("jmup-hots"), "jump-host"); /* two swaps */
    CU_ASSERT_STRING_EQUAL(closest("bastoin"), "bastion");
    CU_ASSERT_PTR_NULL(closest("agtxyz"));
    CU_ASSERT_PTR_NULL(closest("internet"));
    CU_ASSERT_PTR_NULL(closest(""));
    CU_ASSERT_PTR_NULL(mln_closest("x", NULL, 0));
    static const char *const tied[] = {"cab", "cat", "car"};
    CU_ASSERT_STRING_EQUAL(mln_closest("caz", tied, 3), "cab"); /* the first of equals */
    CU_ASSERT_STRING_EQUAL(mln_closest("car", tied, 3), "car");
    static const char *const single[] = {"a", "B"};
    CU_ASSERT_PTR_NULL(mln_closest("x", single, 2)); /* all of it would be another */
    CU_ASSERT_STRING_EQUAL(mln_closest("b", single, 2), "B");
    CU_ASSERT_STRING_EQUAL(mln_closest("ax", single, 2), "a");
}

static void paths_are_split(void)
{
    struct mln_arena *arena = mln_arena_new();
    CU_ASSERT_STRING_EQUAL(mln_path_dir(arena, "dir/file.mlp"), "dir");
    CU_ASSERT_STRING_EQUAL(mln_path_dir(arena, "file.mlp"), ".");
    CU_ASSERT_STRING_EQUAL(mln_path_dir(arena, "/file.mlp"), "/");
    CU_ASSERT_STRING_EQUAL(mln_path_dir(arena, "a//b"), "a");
    CU_ASSERT_STRING_EQUAL(mln_path_stem(arena, "dir/file.mlp"), "file");
    CU_ASSERT_STRING_EQUAL(mln_path_stem(arena, "d.ir/file"), "file");
    CU_ASSERT_STRING_EQUAL(mln_path_stem(arena, ".mlp"), ".mlp");
    CU_ASSERT_STRING_EQUAL(mln_path_join(arena, "dir", "x"), "dir/x");
    CU_ASSERT_STRING_EQUAL(mln_path_join(arena, "dir/", "x"), "dir/x");
    CU_ASSERT_STRING_EQUAL(mln_path_join(arena, ".", "x"), "x");
    CU_ASSERT_STRING_EQUAL(mln_path_join(arena, "dir", "/x"), "/x");
    mln_arena_free(arena);
}

/* A directory of its own for one test. */
struct scratch {
    struct mln_arena *arena;
    char dir[64];
};

static struct scratch scratch_new(void)
{
    struct scratch scratch = {.arena = mln_arena_new()};
    snprintf(scratch.dir, sizeof(scratch.dir), "unit-base-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scratch.dir));
    return scratch;
}

/* Entries of a directory besides "." and "..". */
static int entries_of(const char *path)
{
    DIR *dir = opendir(path);
    int count = -2;
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static const char *inside(const struct scratch *scratch, const char *name)
{
    return mln_path_join(scratch->arena, scratch->dir, name);
}

static const char *content(const struct scratch *scratch, const char *name)
{
    size_t length;
    const char *text = mln_file_read(scratch->arena, inside(scratch, name), &length);
    return text == NULL ? "(unreadable)" : text;
}

static void scratch_free(struct scratch *scratch, const char *const *names)
{
    for (; *names != NULL; names++)
        CU_ASSERT_EQUAL(remove(inside(scratch, *names)), 0);
    CU_ASSERT_EQUAL(rmdir(scratch->dir), 0);
    mln_arena_free(scratch->arena);
}

static void staged_files_appear_on_commit(void)
{
    struct scratch scratch = scratch_new();
    struct mln_staged *staged = mln_staged_new(scratch.arena);
    const char *failed = NULL;
    mode_t mask = umask(027);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "one"), "first", 5, false), 0);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "a/b/two"), "second", 6, true), 0);
    umask(mask);
    CU_ASSERT_FALSE(mln_file_exists(inside(&scratch, "one")));
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), 0);
    mln_staged_abort(staged); /* nothing left to remove */
    CU_ASSERT_STRING_EQUAL(content(&scratch, "one"), "first");
    CU_ASSERT_STRING_EQUAL(content(&scratch, "a/b/two"), "second");
    struct stat status;
    CU_ASSERT_EQUAL(stat(inside(&scratch, "one"), &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0640);
    CU_ASSERT_EQUAL(entries_of(scratch.dir), 2);
    scratch_free(&scratch, (const char *const[]){"one", "a/b/two", "a/b", "a", NULL});
}

static void stage_one(struct scratch *scratch, const char *text)
{
    const char *failed = NULL;
    struct mln_staged *staged = mln_staged_new(scratch->arena);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(scratch, "one"), text, strlen(text), false), 0);
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), 0);
    mln_staged_abort(staged);
}

/* The same bytes leave the file where it is and set its time; others replace it. */
static void staged_files_that_are_there_stay(void)
{
    struct scratch scratch = scratch_new();
    const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    struct stat first, second, third;
    stage_one(&scratch, "the same");
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, inside(&scratch, "one"), old, 0), 0);
    CU_ASSERT_EQUAL(stat(inside(&scratch, "one"), &first), 0);
    stage_one(&scratch, "the same");
    CU_ASSERT_EQUAL(stat(inside(&scratch, "one"), &second), 0);
    CU_ASSERT_EQUAL(first.st_ino, second.st_ino);
    CU_ASSERT_TRUE(second.st_mtim.tv_sec > first.st_mtim.tv_sec);
    stage_one(&scratch, "the sane");
    CU_ASSERT_EQUAL(stat(inside(&scratch, "one"), &third), 0);
    CU_ASSERT_NOT_EQUAL(second.st_ino, third.st_ino);
    CU_ASSERT_STRING_EQUAL(content(&scratch, "one"), "the sane");
    scratch_free(&scratch, (const char *const[]){"one", NULL});
}

static void staged_files_vanish_on_abort(void)
{
    struct scratch scratch = scratch_new();
    struct mln_staged *staged = mln_staged_new(scratch.arena);
    const char *failed = NULL;
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "one"), "old", 3, false), 0);
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), 0);
    staged = mln_staged_new(scratch.arena);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "one"), "new", 3, false), 0);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "two"), "new", 3, false), 0);
    CU_ASSERT_EQUAL(entries_of(scratch.dir), 3);
    mln_staged_abort(staged);
    CU_ASSERT_EQUAL(entries_of(scratch.dir), 1);
    CU_ASSERT_STRING_EQUAL(content(&scratch, "one"), "old");
    scratch_free(&scratch, (const char *const[]){"one", NULL});
}

static void staged_errors_leave_nothing(void)
{
    struct scratch scratch = scratch_new();
    struct mln_staged *staged = mln_staged_new(scratch.arena);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "no/one"), "x", 1, false), ENOENT);
    CU_ASSERT_EQUAL(mln_staged_add(staged, scratch.dir, "x", 1, false), EISDIR);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "dir/"), "x", 1, false), EISDIR);
    CU_ASSERT_EQUAL(mln_staged_add(staged, "", "x", 1, false), ENOENT);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "file"), "x", 1, false), 0);
    const char *failed = NULL;
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), 0);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "file/y"), "x", 1, true), ENOTDIR);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "late"), "x", 1, true), 0);
    CU_ASSERT_EQUAL(mkdir(inside(&scratch, "late"), 0777), 0);
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), EISDIR);
    CU_ASSERT_STRING_EQUAL(failed, inside(&scratch, "late"));
    mln_staged_abort(staged);
    CU_ASSERT_EQUAL(entries_of(scratch.dir), 2);
    scratch_free(&scratch, (const char *const[]){"file", "late", NULL});
}

static void staged_writes_follow_links_and_spare_devices(void)
{
    struct scratch scratch = scratch_new();
    struct mln_staged *staged = mln_staged_new(scratch.arena);
    const char *failed = NULL;
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "real"), "old", 3, false), 0);
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), 0);
    CU_ASSERT_EQUAL(symlink("real", inside(&scratch, "link")), 0);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "link"), "new", 3, false), 0);
    CU_ASSERT_EQUAL(mln_staged_add(staged, "/dev/null", "gone", 4, false), 0);
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), 0);
    CU_ASSERT_STRING_EQUAL(content(&scratch, "real"), "new");
    struct stat status;
    CU_ASSERT_EQUAL(lstat(inside(&scratch, "link"), &status), 0);
    CU_ASSERT_TRUE(S_ISLNK(status.st_mode));
    CU_ASSERT_EQUAL(stat("/dev/null", &status), 0);
    CU_ASSERT_TRUE(S_ISCHR(status.st_mode));
    scratch_free(&scratch, (const char *const[]){"link", "real", NULL});
}

static void files_are_read_whole(void)
{
    struct scratch scratch = scratch_new();
    struct mln_staged *staged = mln_staged_new(scratch.arena);
    const char *failed = NULL;
    size_t length = 300000;
    char *data = mln_alloc(scratch.arena, length);
    memset(data, 'x', length);
    data[length / 2] = '\0';
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "large"), data, length, false), 0);
    CU_ASSERT_EQUAL(mln_staged_add(staged, inside(&scratch, "empty"), "", 0, false), 0);
    CU_ASSERT_EQUAL(mln_staged_commit(staged, &failed), 0);
    size_t got = 0;
    char *text = mln_file_read(scratch.arena, inside(&scratch, "large"), &got);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL_FATAL(got, length);
    CU_ASSERT_EQUAL(memcmp(text, data, length), 0);
    CU_ASSERT_EQUAL(text[length], '\0');
    text = mln_file_read(scratch.arena, inside(&scratch, "empty"), &got);
    CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT_EQUAL(got, 0);
    CU_ASSERT_PTR_NULL(mln_file_read(scratch.arena, scratch.dir, &got));
    CU_ASSERT_EQUAL(errno, EISDIR);
    CU_ASSERT_PTR_NULL(mln_file_read(scratch.arena, inside(&scratch, "none"), &got));
    CU_ASSERT_EQUAL(errno, ENOENT);
    scratch_free(&scratch, (const char *const[]){"large", "empty", NULL});
}

void suite_base(void)
{
    UNIT_SUITE("base");
    UNIT_TEST(arena_aligns_and_zeroes);
    UNIT_TEST(arena_keeps_objects_apart);
    UNIT_TEST(arena_is_reset);
    UNIT_TEST(arena_prints_long_text);
    UNIT_TEST(vec_grows);
    UNIT_TEST(buf_stays_terminated);
    UNIT_TEST(map_keeps_insertion_order);
    UNIT_TEST(map_replaces_and_takes_bytes);
    UNIT_TEST(names_are_unique);
    UNIT_TEST(utf8_decodes);
    UNIT_TEST(stable_hashes_never_change);
    UNIT_TEST(json_escapes);
    UNIT_TEST(json_plain_stops_at_the_first_odd_byte);
    UNIT_TEST(json_indents);
    UNIT_TEST(sha256_agrees_with_the_standard);
    UNIT_TEST(suggestions_are_close);
    UNIT_TEST(paths_are_split);
    UNIT_TEST(staged_files_appear_on_commit);
    UNIT_TEST(staged_files_that_are_there_stay);
    UNIT_TEST(staged_files_vanish_on_abort);
    UNIT_TEST(staged_errors_leave_nothing);
    UNIT_TEST(staged_writes_follow_links_and_spare_devices);
    UNIT_TEST(files_are_read_whole);
}
