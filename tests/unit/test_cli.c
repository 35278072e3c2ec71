/* The option parser, MANIFEST and dependency rules. */
#include "cli/cli.h"
#include "cli/output.h"
#include "unit.h"
#include <string.h>

static struct mln_cli new_cli(const char *command)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_cli cli = {
        .ctx = {.arena = arena, .names = mln_names_new(arena), .diags = mln_diags_new(arena)},
        .command = mln_command_find(command),
    };
    mln_options_init(&cli.options);
    return cli;
}

static void free_cli(struct mln_cli *cli)
{
    mln_arena_free(cli->ctx.arena);
}

static void options_in_every_spelling(void)
{
    char *arguments[] = {"a.mlp",        "-I",      "one",
                         "-Itwo",        "--tags",  "t1",
                         "--tags=t2",    "-vq",     "-MD",
                         "-MFx",         "--param", "a=b=c",
                         "-Wno-expired", "-Werror", "-Werror=expires-soon",
                         "--",           "-o",      "-"};
    struct mln_cli cli = new_cli("compile");
    CU_ASSERT_TRUE_FATAL(
        mln_options_parse(&cli, sizeof(arguments) / sizeof(*arguments), arguments));
    const struct mln_options *options = &cli.options;
    CU_ASSERT_EQUAL(options->include_dirs.len, 2);
    CU_ASSERT_STRING_EQUAL(options->include_dirs.data[1], "two");
    CU_ASSERT_STRING_EQUAL(options->tags, "t2");
    CU_ASSERT_TRUE(options->verbose && options->quiet && options->deps && !options->deps_only);
    CU_ASSERT_STRING_EQUAL(options->deps_file, "x");
    CU_ASSERT_STRING_EQUAL(options->params.data[0].name, "a");
    CU_ASSERT_STRING_EQUAL(options->params.data[0].text, "b=c");
    CU_ASSERT_EQUAL(options->warns.len, 2);
    CU_ASSERT_EQUAL(options->warns.data[0].id, MLN_D_EXPIRED);
    CU_ASSERT_EQUAL(options->warns.data[0].warn, MLN_WARN_OFF);
    CU_ASSERT_EQUAL(options->warns.data[1].warn, MLN_WARN_ERROR);
    CU_ASSERT_TRUE(options->warnings_are_errors);
    CU_ASSERT_EQUAL(options->inputs.len, 3);
    CU_ASSERT_STRING_EQUAL(options->inputs.data[1], "-o");
    free_cli(&cli);
}

static void every_option_is_well_formed(void)
{
    const struct mln_option *option;
    for (size_t i = 0; (option = mln_option_at(i)); i++) {
        CU_ASSERT_TRUE(option->brief || option->name);
        CU_ASSERT_TRUE(!option->brief || (option->brief[0] == '-' && option->brief[1] != '-'));
        CU_ASSERT_TRUE(!option->name || strncmp(option->name, "--", 2) == 0);
        CU_ASSERT_EQUAL(option->value == NULL, option->form == MLN_TAKES_NONE);
        CU_ASSERT_TRUE(option->commands && option->help && option->set);
        for (size_t j = 0; j < i; j++) {
            const struct mln_option *other = mln_option_at(j);
            bool apart = (option->commands & other->commands) == 0; /* a row for each command */
            CU_ASSERT_TRUE(!option->name || !other->name || apart ||
                           strcmp(option->name, other->name) != 0);
            CU_ASSERT_TRUE(!option->brief || !other->brief || apart ||
                           strcmp(option->brief, other->brief) != 0);
        }
    }
}

static void output_modes(void)
{
    static const struct {
        const char *output;
        enum mln_output_mode mode;
    } cases[] = {
        {NULL, MLN_OUTPUT_DIRECTORY},    {"-", MLN_OUTPUT_STDOUT},
        {"build", MLN_OUTPUT_DIRECTORY}, {"no-such-directory/x.json", MLN_OUTPUT_FILE},
        {".json", MLN_OUTPUT_DIRECTORY}, {"x.json/", MLN_OUTPUT_DIRECTORY},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mln_options options = {.output = cases[i].output};
        CU_ASSERT_EQUAL(mln_output_mode(&options), cases[i].mode);
    }
}

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void manifest_names_stay_in_their_directory(void)
{
    static const char text[] =
        HASH "  good.json  a.mlp\n" HASH "  ../up.json  a.mlp\n" HASH "  a/b.json  a.mlp\n" HASH
             "  ..  a.mlp\n" HASH "  .  a.mlp\n" HASH "  MANIFEST  a.mlp\n" HASH
             "    a.mlp\nshort\n\n" HASH "  last.json";
    struct mln_arena *arena = mln_arena_new();
    struct mln_manifest manifest = mln_manifest_parse(arena, text);
    CU_ASSERT_EQUAL_FATAL(manifest.len, 2);
    CU_ASSERT_STRING_EQUAL(manifest.data[0].name, "good.json");
    CU_ASSERT_STRING_EQUAL(manifest.data[1].name, "last.json");
    mln_arena_free(arena);
}

static void manifest_is_sorted_and_keeps_other_lines(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_product product = {.policy = "a\nb.mlp"};
    const struct mln_artefact z = {"z.json", "", 0}, m = {"m.json", "", 0};
    mln_vec_push(arena, &product.files, z);
    mln_vec_push(arena, &product.files, m);
    struct mln_manifest kept =
        mln_manifest_parse(arena, HASH "  a.json  x\n" HASH "  m.json  old\n");
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_manifest_write(arena, &product, &kept, &out);
    CU_ASSERT_STRING_EQUAL(out.data, HASH "  a.json  x\n" HASH "  m.json  a?b.mlp\n" HASH
                                          "  z.json  a?b.mlp\n");
    mln_arena_free(arena);
}

static void rules_are_escaped_for_make(void)
{
    struct mln_cli cli = new_cli("compile");
    struct mln_dependencies deps = {0};
    mln_dependencies_add(&cli, &deps, "policy.mlp");
    mln_dependencies_add(&cli, &deps, "a b\\ c#$");
    mln_dependencies_add(&cli, &deps, "policy.mlp");
    mln_vec_push(cli.ctx.arena, &deps.targets, "out/x y");
    struct mln_buf out;
    mln_buf_init(&out, cli.ctx.arena);
    cli.options.deps_phony = true;
    mln_dependencies_rule(&cli, &deps, &out);
    CU_ASSERT_STRING_EQUAL(out.data,
                           "out/x\\ y: policy.mlp \\\n  a\\ b\\\\\\ c\\#$$\na\\ b\\\\\\ c\\#$$:\n");
    free_cli(&cli);
}

static void help_fits_the_width(void)
{
    struct mln_cli cli = new_cli("compile");
    struct mln_buf out;
    mln_buf_init(&out, cli.ctx.arena);
    mln_help_overview(&out);
    for (size_t i = 0; mln_command_at(i); i++)
        mln_help_for(&out, mln_command_at(i));
    for (const char *line = out.data; *line; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        CU_ASSERT_TRUE(length <= 80);
        CU_ASSERT_TRUE(length == 0 || line[length - 1] != ' ');
    }
    free_cli(&cli);
}

void suite_cli(void)
{
    UNIT_SUITE("cli");
    UNIT_TEST(options_in_every_spelling);
    UNIT_TEST(every_option_is_well_formed);
    UNIT_TEST(output_modes);
    UNIT_TEST(manifest_names_stay_in_their_directory);
    UNIT_TEST(manifest_is_sorted_and_keeps_other_lines);
    UNIT_TEST(rules_are_escaped_for_make);
    UNIT_TEST(help_fits_the_width);
}
