/* libFuzzer entry for the JSON readers: the first byte chooses between a service-tag file and NSGs.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Isrc tests/fuzz/fuzz_json.c \
 *           libmlnsgc.a libmlngen.a libmlnsgc.a -lcjson -o fuzz_json
 *
 * What a reader refuses must come with an error, and what the scan accepts cJSON must accept too.
 */
#include "import/nsg.h"
#include "import/tagfile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_disagreement(const struct mln_diags *diags)
{
    for (size_t i = 0; i < diags->list.len; i++)
        if (strcmp(diags->list.data[i]->message, "the text cannot be read as JSON") == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct mln_arena *arena = mln_arena_new();
    struct mln_ctx ctx = {arena, mln_names_new(arena), mln_diags_new(arena)};
    char *text = mln_strndup(arena, (const char *)data + 1, size - 1);
    bool good;
    if (data[0] % 2) {
        struct mln_imported_nsg_vec nsgs = {0};
        struct mln_tags *tags = mln_tags_new(&ctx, MLN_CLOUD_PUBLIC, false);
        mln_tags_finish(tags);
        good = mln_nsg_read(&ctx, tags, "fuzz.json", text, size - 1, &nsgs);
    } else
        good = mln_tagfile_read(&ctx, "fuzz.json", text, size - 1) != NULL;
    if ((!good && ctx.diags->errors == 0) || is_disagreement(ctx.diags))
        abort();
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_diags_render(ctx.diags, MLN_FORMAT_JSON, false, &out);
    mln_arena_free(arena);
    return 0;
}
