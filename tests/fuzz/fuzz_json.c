/* libFuzzer entry for the JSON readers: the first byte chooses between a service-tag file, NSGs,
 * and whatever is deployed, templates among it.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Isrc tests/fuzz/fuzz_json.c \
 *           libmlnsgc.a libmlngen.a libmlnsgc.a -lcjson -o fuzz_json
 *
 * What a reader refuses must come with an error, and the tree that the scan makes must be the one
 * that cJSON's parser makes. */
#include "import/deployed.h"
#include "import/json_node.h"
#include "import/nsg.h"
#include "import/tagfile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The scan's own tree against the one of cJSON's parser, which takes no more than the scan does but
 * for its depth. */
static bool is_disagreement(struct mln_arena *arena, const char *text, size_t length)
{
    cJSON *made;
    if (mln_scan_tree(arena, text, length, &made).message)
        return false;
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true);
    bool same = parsed && cJSON_Compare(made, parsed, true);
    cJSON_Delete(parsed);
    return !same;
}

static struct mln_tags *empty_tags(struct mln_ctx *ctx)
{
    struct mln_tags *tags = mln_tags_new(ctx, MLN_CLOUD_PUBLIC, false);
    mln_tags_finish(tags);
    return tags;
}

/* Before a line with "%%" the text, behind it a parameter file. */
static bool read_deployed(struct mln_ctx *ctx, const char *text, size_t length)
{
    struct mln_deployed deployed = {0};
    struct mln_deployed_param list[] = {{.name = "x", .text = "[1]"}, {.name = "y", .text = "yes"}};
    struct mln_deployed_params params = {.list = list, .count = 2};
    const char *file = strstr(text, "\n%%\n");
    if (file) {
        params.file_name = "params.json";
        params.file_text = file + 4;
        params.file_length = length - (size_t)(file + 4 - text);
        length = (size_t)(file - text);
        text = mln_strndup(ctx->arena, text, length);
    }
    return mln_deployed_read(ctx, empty_tags(ctx), "fuzz.json", text, length, &params, &deployed);
}

static bool read_text(struct mln_ctx *ctx, char which, const char *text, size_t length)
{
    struct mln_imported_nsg_vec nsgs = {0};
    switch (which) {
    case 'n':
        return mln_nsg_read(ctx, empty_tags(ctx), "fuzz.json", text, length, &nsgs);
    case 't':
        return mln_tagfile_read(ctx, "fuzz.json", text, length) != NULL;
    default:
        return read_deployed(ctx, text, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct mln_arena *arena = mln_arena_new();
    struct mln_ctx ctx = {arena, mln_names_new(arena), mln_diags_new(arena)};
    const char *text = mln_strndup(arena, (const char *)data + 1, size - 1);
    bool good = read_text(&ctx, (char)data[0], text, size - 1);
    if ((!good && ctx.diags->errors == 0) || is_disagreement(arena, text, size - 1))
        abort();
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_diags_render(ctx.diags, MLN_FORMAT_JSON, false, &out);
    mln_arena_free(arena);
    return 0;
}
