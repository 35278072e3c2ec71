/* Layer diag: places, reporting, the forms of output. */
#include "unit.h"

#include "diag/diag.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* One error and one warning of the catalogue stand for all. */
#define ERROR_ID MLN_D_UNKNOWN_NAME
#define WARNING_ID MLN_D_HIDES_TAG
#define ERROR_TAIL " [MLP0201 unknown-name]\n"
#define WARNING_TAIL " [MLP0207 hides-tag]\n"

static struct mln_diags *diags_new(void)
{
    return mln_diags_new(mln_arena_new());
}

static void diags_free(struct mln_diags *diags)
{
    mln_arena_free(diags->arena);
}

static uint32_t add(struct mln_diags *diags, const char *name, const char *text)
{
    return mln_source_add(diags, name, name, text, strlen(text), false);
}

/* The span of the first occurrence of a word in a source. */
static struct mln_span word(const struct mln_diags *diags, uint32_t file, const char *text)
{
    const struct mln_source *source = mln_source_get(diags, file);
    const char *at = strstr(source->text, text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    uint32_t lo = (uint32_t)(at - source->text);
    return (struct mln_span){.file = file, .lo = lo, .hi = lo + (uint32_t)strlen(text)};
}

static const char *rendered(struct mln_diags *diags, enum mln_message_format format, bool color)
{
    struct mln_buf out;
    mln_buf_init(&out, diags->arena);
    mln_diags_render(diags, format, color, &out);
    return out.data;
}

#define TEXT(diags) rendered((diags), MLN_FORMAT_TEXT, false)

static bool is_slug(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-')
            return false;
    }
    return *text != '\0';
}

static void catalogue_is_sorted_and_whole(void)
{
    for (size_t i = 0; i < MLN_D_COUNT; i++) {
        const struct mln_diag_info *info = &mln_diag_catalogue[i];
        CU_ASSERT_EQUAL(strlen(info->code), 4);
        CU_ASSERT_EQUAL(strspn(info->code, "0123456789"), 4);
        CU_ASSERT_TRUE(i == 0 || strcmp(mln_diag_catalogue[i - 1].code, info->code) < 0);
        CU_ASSERT_TRUE(is_slug(info->slug));
        CU_ASSERT_TRUE(strlen(info->explain) > 40);
        CU_ASSERT_EQUAL(mln_diag_by_slug(info->slug), i); /* also: no slug twice */
    }
    CU_ASSERT_EQUAL(mln_diag_by_slug("no-such-slug"), MLN_D_COUNT);
}

static void check_place(struct mln_diags *diags, uint32_t file, uint32_t offset, unsigned line,
                        unsigned column)
{
    struct mln_place place = mln_place_of(diags, file, offset);
    CU_ASSERT_EQUAL(place.line, line);
    CU_ASSERT_EQUAL(place.column, column);
}

static void places_count_characters(void)
{
    struct mln_diags *diags = diags_new();
    uint32_t file = add(diags, "a.mlp", "ab\n\xc3\xa9\xe4\xb8\xad x\n\xff\xfey\n");
    check_place(diags, file, 0, 1, 1);
    check_place(diags, file, 2, 1, 3); /* the line break is of its line */
    check_place(diags, file, 3, 2, 1);
    check_place(diags, file, 4, 2, 1); /* inside a character */
    check_place(diags, file, 5, 2, 2);
    check_place(diags, file, 9, 2, 4);
    check_place(diags, file, 13, 3, 3); /* each bad byte is one */
    check_place(diags, file, 15, 4, 1);
    check_place(diags, file, 99, 4, 1);
    check_place(diags, 0, 5, 0, 0);
    uint32_t empty = add(diags, "b.mlp", "");
    check_place(diags, empty, 0, 1, 1);
    CU_ASSERT_PTR_NULL(mln_source_get(diags, 0));
    CU_ASSERT_PTR_NULL(mln_source_get(diags, 3));
    CU_ASSERT_STRING_EQUAL(mln_source_get(diags, file)->name, "a.mlp");
    diags_free(diags);
}

/* Places far into long lines rest on checkpoints: compare with counting from the start. */
static void places_agree_on_long_lines(void)
{
    static const char *const parts[] = {"a", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80",
                                        "\xff"};
    struct mln_diags *diags = diags_new();
    struct mln_buf text;
    mln_buf_init(&text, diags->arena);
    for (size_t i = 0; i < 3000; i++)
        mln_buf_add(&text, i == 1700 ? "\n" : parts[i * i % 5]);
    uint32_t file = add(diags, "a.mlp", text.data);
    unsigned line = 1, column = 1, wrong = 0;
    for (size_t i = 0, at = 0; i < 3000; i++) {
        struct mln_place place = mln_place_of(diags, file, (uint32_t)at);
        wrong += place.line != line || place.column != column;
        at += i == 1700 ? 1 : strlen(parts[i * i % 5]);
        column = i == 1700 ? 1 : column + 1;
        line += i == 1700;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    diags_free(diags);
}

static void text_is_as_documented(void)
{
    struct mln_diags *diags = diags_new();
    uint32_t policy =
        add(diags, "policy.mlp", "\n\n\n\n\n\n\n  allow https from agnets to models\n");
    uint32_t hub = add(diags, "hub.mlp", "\n\n\n\n\nzone agents\n");
    struct mln_diag *diag =
        mln_report(diags, ERROR_ID, word(diags, policy, "agnets"), "unknown name '%s'", "agnets");
    mln_diag_inline(diag, "did you mean '%s'?", "agents");
    mln_diag_label(diag, word(diags, hub, "agents"), "'agents' is declared here");
    CU_ASSERT_STRING_EQUAL(TEXT(diags), "policy.mlp:8:20: error: unknown name 'agnets'" ERROR_TAIL
                                        "    8 |   allow https from agnets to models\n"
                                        "      |                    ^~~~~~ did you mean 'agents'?\n"
                                        "hub.mlp:6:6: note: 'agents' is declared here\n");
    CU_ASSERT_STRING_EQUAL(rendered(diags, MLN_FORMAT_SHORT, false),
                           "policy.mlp:8:20: error: unknown name 'agnets'" ERROR_TAIL);
    diags_free(diags);
}

static void notes_and_labels_follow(void)
{
    struct mln_diags *diags = diags_new();
    uint32_t file = add(diags, "a.mlp", "allow ssh from a to b\nzone a\n");
    struct mln_diag *diag = mln_report(diags, WARNING_ID, word(diags, file, "ssh"), "swallowed");
    mln_diag_note(diag, "3 addresses\n2 ports");
    mln_diag_help(diag, "remove it");
    mln_diag_label(diag, word(diags, file, "from a"), "this side");
    mln_diag_label(diag, word(diags, file, "zone"), "declared here");
    mln_diag_label(diag, (struct mln_span){0}, "given by an option");
    CU_ASSERT_STRING_EQUAL(TEXT(diags), "a.mlp:1:7: warning: swallowed" WARNING_TAIL
                                        "    1 | allow ssh from a to b\n"
                                        "      |       ^~~\n"
                                        "      |           ------ this side\n"
                                        "a.mlp:2:1: note: declared here\n"
                                        "mlnsgc: note: given by an option\n"
                                        "      = note: 3 addresses\n"
                                        "              2 ports\n"
                                        "      = help: remove it\n");
    diags_free(diags);
}

static void no_place_no_source_line(void)
{
    struct mln_diags *diags = diags_new();
    CU_ASSERT_STRING_EQUAL(TEXT(diags), "");
    mln_diag_help(mln_report(diags, ERROR_ID, (struct mln_span){0}, "bad option"), "try -h");
    CU_ASSERT_STRING_EQUAL(TEXT(diags),
                           "mlnsgc: error: bad option" ERROR_TAIL "      = help: try -h\n");
    diags_free(diags);
}

static const char *underlined(const char *text, const char *what)
{
    struct mln_diags *diags = diags_new();
    static char kept[1024];
    uint32_t file = add(diags, "a", text);
    mln_report(diags, ERROR_ID, word(diags, file, what), "m");
    snprintf(kept, sizeof(kept), "%s", strchr(TEXT(diags), '\n') + 1);
    diags_free(diags);
    return kept;
}

static void underlines_are_aligned(void)
{
    CU_ASSERT_STRING_EQUAL(underlined("\tab\tcd", "cd"), "    1 |         ab      cd\n"
                                                         "      |                 ^~\n");
    CU_ASSERT_STRING_EQUAL(underlined("a\tb", "\t"), "    1 | a       b\n"
                                                     "      |  ^~~~~~~\n");
    CU_ASSERT_STRING_EQUAL(underlined("\xe4\xb8\xad\xc3\xa9 x", "x"),
                           "    1 | \xe4\xb8\xad\xc3\xa9 x\n"
                           "      |     ^\n");
    CU_ASSERT_STRING_EQUAL(underlined("e\xcc\x81\xe4\xb8\xad x", "\xe4\xb8\xad"),
                           "    1 | e\xcc\x81\xe4\xb8\xad x\n"
                           "      |  ^~\n");
    CU_ASSERT_STRING_EQUAL(underlined("one two\r\nthree\r\n", "two\r\nthree"), "    1 | one two\n"
                                                                               "      |     ^~~\n");
    CU_ASSERT_STRING_EQUAL(underlined("one\n", "\n"), "    1 | one\n"
                                                      "      |    ^\n");
    CU_ASSERT_STRING_EQUAL(underlined("one\n", ""), "    1 | one\n"
                                                    "      | ^\n");
}

static void end_of_file_is_a_place(void)
{
    struct mln_diags *diags = diags_new();
    uint32_t file = add(diags, "a", "zone x {\n");
    mln_report(diags, ERROR_ID, (struct mln_span){file, 9, 9}, "missing '}'");
    CU_ASSERT_STRING_EQUAL(TEXT(diags), "a:2:1: error: missing '}'" ERROR_TAIL "    2 |\n"
                                        "      | ^\n");
    diags_free(diags);
}

static void control_characters_are_shown(void)
{
    CU_ASSERT_STRING_EQUAL(underlined("\x1b[31m \x7f\xff x", "x"),
                           "    1 | \\x1b[31m \\x7f\\xff x\n"
                           "      |                   ^\n");
    CU_ASSERT_STRING_EQUAL(underlined("\xe2\x80\xae\xc2\x9b x", "\xe2\x80\xae"),
                           "    1 | <U+202E><U+009B> x\n"
                           "      | ^~~~~~~~\n");
    struct mln_diags *diags = diags_new();
    uint32_t file = add(diags, "a\n\x1b.mlp", "x");
    struct mln_diag *diag = mln_report(diags, ERROR_ID, (struct mln_span){file, 0, 1}, "no \x1b\n");
    mln_diag_inline(diag, "\x07");
    mln_diag_note(diag, "\xe2\x81\xa6");
    CU_ASSERT_STRING_EQUAL(TEXT(diags),
                           "a\\x0a\\x1b.mlp:1:1: error: no \\x1b\\x0a" ERROR_TAIL "    1 | x\n"
                           "      | ^ \\x07\n"
                           "      = note: <U+2066>\n");
    CU_ASSERT_PTR_NULL(strchr(rendered(diags, MLN_FORMAT_JSON, true), '\x1b'));
    diags_free(diags);
}

/* The line "01234...": `length` characters, of which lo..hi are marked. */
static void check_window(uint32_t length, uint32_t lo, uint32_t hi, const char *first, size_t caret,
                         bool cut_right)
{
    struct mln_diags *diags = diags_new();
    char *text = mln_alloc(diags->arena, length + 1);
    for (uint32_t i = 0; i < length; i++)
        text[i] = (char)('0' + i % 10);
    mln_report(diags, ERROR_ID, (struct mln_span){add(diags, "a", text), lo, hi}, "m");
    const char *line = strchr(TEXT(diags), '\n') + 1;
    const char *marks = strchr(line, '\n') + 1;
    CU_ASSERT_EQUAL(strncmp(line + 8, first, strlen(first)), 0);
    CU_ASSERT_EQUAL(strncmp(marks - 4, "...\n", 4) == 0, cut_right);
    CU_ASSERT_EQUAL((size_t)(strchr(marks, '^') - marks), caret + 8);
    CU_ASSERT_EQUAL(line[8 + caret], '0' + (char)(lo % 10));
    CU_ASSERT_TRUE(marks - line <= 8 + 100 + 1);
    CU_ASSERT_TRUE(strlen(marks) <= 8 + 100 + 1);
    diags_free(diags);
}

static void long_lines_are_cut(void)
{
    check_window(100, 90, 95, "0123", 90, false);
    check_window(101, 90, 95, "...0123", 43, false);
    check_window(500, 3, 6, "0123", 3, true);
    check_window(500, 40, 41, "0123", 40, true);
    check_window(500, 41, 42, "...1234", 43, true);
    check_window(1000000, 500000, 700000, "...0123", 43, true);
    check_window(1000000, 999990, 1000000, "...0123", 43, false);
}

static void color_surrounds(void)
{
    struct mln_diags *diags = diags_new();
    uint32_t file = add(diags, "a", "x");
    mln_report(diags, ERROR_ID, (struct mln_span){file, 0, 1}, "m");
    CU_ASSERT_STRING_EQUAL(rendered(diags, MLN_FORMAT_TEXT, true),
                           "\033[1ma:1:1:\033[0m \033[1;31merror:\033[0m \033[1mm\033[0m" ERROR_TAIL
                           "    1 | x\n"
                           "      | \033[1;31m^\033[0m\n");
    diags_free(diags);
}

static void json_has_everything(void)
{
    struct mln_diags *diags = diags_new();
    CU_ASSERT_STRING_EQUAL(rendered(diags, MLN_FORMAT_JSON, false),
                           "{\n  \"diagnostics\": []\n}\n");
    uint32_t file = add(diags, "a.mlp", "x\n\xc3\xa9 y\n");
    struct mln_diag *diag = mln_report(diags, ERROR_ID, word(diags, file, "y"), "m");
    mln_diag_inline(diag, "l");
    mln_diag_label(diag, (struct mln_span){0}, "r");
    mln_diag_note(diag, "n");
    mln_diag_help(diag, "h");
    CU_ASSERT_STRING_EQUAL(rendered(diags, MLN_FORMAT_JSON, false),
                           "{\n"
                           "  \"diagnostics\": [\n"
                           "    {\n"
                           "      \"code\": \"MLP0201\",\n"
                           "      \"slug\": \"unknown-name\",\n"
                           "      \"severity\": \"error\",\n"
                           "      \"message\": \"m\",\n"
                           "      \"file\": \"a.mlp\",\n"
                           "      \"range\": {\n"
                           "        \"start\": {\n"
                           "          \"line\": 2,\n"
                           "          \"column\": 3,\n"
                           "          \"offset\": 5\n"
                           "        },\n"
                           "        \"end\": {\n"
                           "          \"line\": 2,\n"
                           "          \"column\": 4,\n"
                           "          \"offset\": 6\n"
                           "        }\n"
                           "      },\n"
                           "      \"label\": \"l\",\n"
                           "      \"related\": [\n"
                           "        {\n"
                           "          \"message\": \"r\",\n"
                           "          \"file\": null,\n"
                           "          \"range\": null\n"
                           "        }\n"
                           "      ],\n"
                           "      \"notes\": [\n"
                           "        \"n\"\n"
                           "      ],\n"
                           "      \"help\": [\n"
                           "        \"h\"\n"
                           "      ]\n"
                           "    }\n"
                           "  ]\n"
                           "}\n");
    diags_free(diags);
}

static void order_is_by_source_and_position(void)
{
    struct mln_diags *diags = diags_new();
    uint32_t one = add(diags, "one", "abc"), two = add(diags, "two", "abc");
    mln_report(diags, ERROR_ID, (struct mln_span){two, 0, 1}, "d");
    mln_report(diags, ERROR_ID, (struct mln_span){one, 2, 3}, "c");
    mln_report(diags, WARNING_ID, (struct mln_span){one, 1, 2}, "a");
    mln_report(diags, ERROR_ID, (struct mln_span){one, 1, 2}, "b");
    mln_report(diags, ERROR_ID, (struct mln_span){0}, "first");
    CU_ASSERT_STRING_EQUAL(rendered(diags, MLN_FORMAT_SHORT, false),
                           "mlnsgc: error: first" ERROR_TAIL "one:1:2: warning: a" WARNING_TAIL
                           "one:1:2: error: b" ERROR_TAIL "one:1:3: error: c" ERROR_TAIL
                           "two:1:1: error: d" ERROR_TAIL);
    diags_free(diags);
}

static void repetitions_are_left_out(void)
{
    struct mln_diags *diags = diags_new();
    struct mln_span span = {add(diags, "a", "abc"), 0, 1};
    mln_report(diags, ERROR_ID, span, "m");
    struct mln_diag *again = mln_report(diags, ERROR_ID, span, "m");
    mln_diag_note(again, "lost");
    mln_diag_at_most(again, MLN_WARNING);
    CU_ASSERT_EQUAL(diags->errors, 1);
    CU_ASSERT_EQUAL(diags->list.len, 1);
    mln_report(diags, ERROR_ID, span, "other");
    mln_report(diags, WARNING_ID, span, "m");
    span.hi = 2;
    mln_report(diags, ERROR_ID, span, "m");
    CU_ASSERT_EQUAL(diags->errors, 3);
    CU_ASSERT_EQUAL(diags->warnings, 1);
    CU_ASSERT_PTR_NULL(strstr(TEXT(diags), "lost"));
    diags_free(diags);
}

static void errors_beyond_the_limit_are_counted(void)
{
    struct mln_diags *diags = diags_new();
    uint32_t file = add(diags, "a", "abcdef");
    diags->max_errors = 2;
    for (uint32_t i = 0; i < 5; i++)
        mln_report(diags, ERROR_ID, (struct mln_span){file, i, i + 1}, "m");
    mln_report(diags, WARNING_ID, (struct mln_span){file, 5, 6}, "w");
    CU_ASSERT_EQUAL(diags->errors, 5);
    CU_ASSERT_STRING_EQUAL(rendered(diags, MLN_FORMAT_SHORT, false),
                           "a:1:1: error: m" ERROR_TAIL "a:1:2: error: m" ERROR_TAIL
                           "a:1:6: warning: w" WARNING_TAIL
                           "mlnsgc: note: 3 more errors not shown\n");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(rendered(diags, MLN_FORMAT_JSON, false), "],\n  \"errors_not_shown\": 3\n}\n"));
    diags_free(diags);
}

static enum mln_severity severity_with(enum mln_diag_id id, enum mln_warn warn, bool all_errors,
                                       bool *suppressed)
{
    struct mln_diags *diags = diags_new();
    diags->warn[id] = warn;
    diags->warnings_are_errors = all_errors;
    struct mln_diag *diag = mln_report(diags, id, (struct mln_span){0}, "m");
    enum mln_severity severity = diag->severity;
    *suppressed = diag->suppressed;
    CU_ASSERT_EQUAL(diags->errors, severity == MLN_ERROR);
    CU_ASSERT_EQUAL(diags->warnings, severity == MLN_WARNING && !*suppressed);
    CU_ASSERT_EQUAL(mln_diags_failed(diags), severity == MLN_ERROR);
    diags_free(diags);
    return severity;
}

static void warning_options_apply(void)
{
    bool off;
    CU_ASSERT_EQUAL(severity_with(WARNING_ID, MLN_WARN_DEFAULT, false, &off), MLN_WARNING);
    CU_ASSERT_FALSE(off);
    CU_ASSERT_EQUAL(severity_with(WARNING_ID, MLN_WARN_OFF, false, &off), MLN_WARNING);
    CU_ASSERT_TRUE(off);
    CU_ASSERT_EQUAL(severity_with(WARNING_ID, MLN_WARN_OFF, true, &off), MLN_WARNING);
    CU_ASSERT_TRUE(off);
    CU_ASSERT_EQUAL(severity_with(WARNING_ID, MLN_WARN_ERROR, false, &off), MLN_ERROR);
    CU_ASSERT_FALSE(off);
    CU_ASSERT_EQUAL(severity_with(WARNING_ID, MLN_WARN_DEFAULT, true, &off), MLN_ERROR);
    CU_ASSERT_FALSE(off);
    CU_ASSERT_EQUAL(severity_with(ERROR_ID, MLN_WARN_OFF, false, &off), MLN_ERROR);
    CU_ASSERT_FALSE(off);
}

static void severity_can_be_capped(void)
{
    struct mln_diags *diags = diags_new();
    struct mln_diag *diag = mln_report(diags, ERROR_ID, (struct mln_span){0}, "m");
    mln_diag_at_most(diag, MLN_WARNING);
    CU_ASSERT_EQUAL(diags->errors, 0);
    CU_ASSERT_EQUAL(diags->warnings, 1);
    mln_diag_at_most(diag, MLN_ERROR); /* never raises */
    CU_ASSERT_STRING_EQUAL(TEXT(diags), "mlnsgc: warning: m" ERROR_TAIL);
    diags->warn[ERROR_ID] = MLN_WARN_OFF;
    diag = mln_report(diags, ERROR_ID, (struct mln_span){0}, "n");
    CU_ASSERT_FALSE(diag->suppressed);
    mln_diag_at_most(diag, MLN_WARNING); /* now a warning, and warnings of it are off */
    CU_ASSERT_TRUE(diag->suppressed);
    CU_ASSERT_EQUAL(diags->errors, 0);
    CU_ASSERT_EQUAL(diags->warnings, 1);
    diags_free(diags);
}

void suite_diag(void)
{
    UNIT_SUITE("diag");
    UNIT_TEST(catalogue_is_sorted_and_whole);
    UNIT_TEST(places_count_characters);
    UNIT_TEST(places_agree_on_long_lines);
    UNIT_TEST(text_is_as_documented);
    UNIT_TEST(notes_and_labels_follow);
    UNIT_TEST(no_place_no_source_line);
    UNIT_TEST(underlines_are_aligned);
    UNIT_TEST(end_of_file_is_a_place);
    UNIT_TEST(control_characters_are_shown);
    UNIT_TEST(long_lines_are_cut);
    UNIT_TEST(color_surrounds);
    UNIT_TEST(json_has_everything);
    UNIT_TEST(order_is_by_source_and_position);
    UNIT_TEST(repetitions_are_left_out);
    UNIT_TEST(errors_beyond_the_limit_are_counted);
    UNIT_TEST(warning_options_apply);
    UNIT_TEST(severity_can_be_capped);
}
