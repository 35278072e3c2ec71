/* Fuzzing the parser: any bytes give a tree or at least one error, never a crash. The tree is
 * dumped and the diagnostics are rendered, so that every span and text is looked at.
 *
 *     clang -fsanitize=fuzzer,address,undefined ...     libFuzzer calls LLVMFuzzerTestOneInput
 *     cc -DSTANDALONE ...  fuzz_parse FILE...           reads files, for other fuzzers and old
 * finds */
#include "lang/lang.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Spans lie within the text, and a node within what holds it. */
static void check_nodes(const struct mln_node *node, uint32_t lo, uint32_t hi)
{
    for (; node; node = node->next) {
        if (node->span.lo > node->span.hi || node->span.lo < lo || node->span.hi > hi)
            abort();
        check_nodes(node->body, node->span.lo, node->span.hi);
        check_nodes(node->orelse, node->span.lo, node->span.hi);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_ctx ctx = {
        .arena = arena, .names = mln_names_new(arena), .diags = mln_diags_new(arena)};
    char *text = mln_strndup(arena, "", 0);
    if (size > 0) {
        text = mln_alloc(arena, size + 1);
        for (size_t i = 0; i < size; i++)
            text[i] = (char)data[i];
    }
    uint32_t source = mln_source_add(ctx.diags, "fuzz.mlp", NULL, text, size, false);
    struct mln_file *file = mln_parse(&ctx, source);
    check_nodes(file->nodes, 0, (uint32_t)size);
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_ast_dump(file, &out);
    mln_diags_render(ctx.diags, MLN_FORMAT_TEXT, false, &out);
    mln_parse_value(&ctx, text);
    mln_arena_free(arena);
    return 0;
}

#ifdef STANDALONE
#include "base/file.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    struct mln_arena *arena = mln_arena_new();
    for (int i = 1; i < argc; i++) {
        size_t length;
        char *text = mln_file_read(arena, argv[i], &length);
        if (text)
            LLVMFuzzerTestOneInput((const uint8_t *)text, length);
        else
            perror(argv[i]);
    }
    mln_arena_free(arena);
    return 0;
}
#endif
