/* The JSON readers: the strict scan, service-tag files and NSGs. Real files are read where the
 * shared data are at hand (MLNSGC_SHARED, or ../shared beside the sources). */
#include "azure/legal.h"
#include "base/file.h"
#include "import/json.h"
#include "import/json_node.h"
#include "import/nsg.h"
#include "import/scan.h"
#include "import/tagfile.h"
#include "lang/lang.h"
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mln_ctx new_ctx(void)
{
    struct mln_arena *arena = mln_arena_new();
    return (struct mln_ctx){arena, mln_names_new(arena), mln_diags_new(arena)};
}

static const char *shared_path(struct mln_arena *arena, const char *path)
{
    const char *root = getenv("MLNSGC_SHARED");
    return mln_printf(arena, "%s/%s", root ? root : TEST_SRCDIR "/../shared", path);
}

static struct mln_tags *public_tags(struct mln_ctx *ctx)
{
    size_t length = 0;
    const char *table = mln_stdlib_get("azure/tags-public.tsv", &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    return mln_tags_catalogue(ctx, MLN_CLOUD_PUBLIC, table, length);
}

/* ---- the scan ---- */

static const char *const good_json[] = {
    "{}",
    "[]",
    " [1, -0, 0.5, 1e9, -1.5E-3] ",
    "\"\\u00e9\\ud83d\\ude00\\n\\/\"",
    "\xef\xbb\xbf{\"a\": 1}",
    "{\"a\": {\"a\": [{\"a\": null}]}, \"b\": true, \"A\": false}",
    "\r\n\t 1\r\n",
    "\"\xc3\xa9\xf0\x9f\x98\x80\"",
    "[0, -1, 123456789012345, -123456789012345, 1234567890123456, 9007199254740993]",
    "[2147483647, 2147483648, -2147483648, -2147483649, 1e400, -1e400, 1e-400, 0.1, 4.35e2]",
    "{\"\\u006eame\": {\"x\": [], \"y\": {}, \"\": \"\"}, \"z\": [true, null]}",
    "[[\"\\t\\\\\", \"b\"], [[[]], {}], \"\"]",
};

/* The text, where the fault is, and a part of the message. */
static const struct {
    const char *text;
    unsigned at;
    const char *message;
} bad_json[] = {
    {"", 0, "empty"},
    {"  ", 2, "empty"},
    {"\xef\xbb\xbf", 3, "empty"},
    {"{", 1, "cut off"},
    {"[1, 2", 5, "cut off"},
    {"[1, ", 4, "cut off"},
    {"{\"a\": \"b", 6, "cut off"},
    {"[1,]", 3, "a value is expected"},
    {"{\"a\": 1,}", 8, "a key in double quotes"},
    {"{a: 1}", 1, "a key in double quotes"},
    {"{\"a\" 1}", 5, "':' is expected"},
    {"[1 2]", 3, "',' or ']'"},
    {"{\"a\": 1 \"b\": 2}", 8, "',' or '}'"},
    {"[1}", 2, "',' or ']'"},
    {"{} x", 3, "nothing may follow"},
    {"[1] [2]", 4, "nothing may follow"},
    {"// c\n{}", 0, "a value is expected"},
    {"{\"a\": 1, \"b\": 2, \"a\": 3}", 17, "stands twice"},
    {"{\"a\": 1, \"\\u0061\": 3}", 9, "stands twice"},
    {"{\"\\/\": 1, \"/\": 3}", 10, "stands twice"},
    {"\"a\nb\"", 2, "raw control character"},
    {"\"a\tb\"", 2, "raw control character"},
    {"\"\\x\"", 1, "unknown escape"},
    {"\"\\u12\"", 1, "four hexadecimal"},
    {"\"\\u0000\"", 1, "NUL"},
    {"\"\\ud800\"", 1, "surrogate"},
    {"\"\\ud800\\u0041\"", 1, "surrogate"},
    {"\"\\udc00\"", 1, "surrogate"},
    {"\"\xff\"", 1, "not UTF-8"},
    {"\"\xc0\x80\"", 1, "not UTF-8"},
    {"\"\xed\xa0\x80\"", 1, "not UTF-8"},
    {"01", 0, "not a number"},
    {"1.", 0, "not a number"},
    {"-", 0, "not a number"},
    {"1e", 0, "not a number"},
    {"+1", 0, "a value is expected"},
    {"NaN", 0, "a value is expected"},
    {"tru", 0, "a value is expected"},
    {"1234567890123456789012345678901234567890123456789012345678901", 0, "too long"},
};

static void accepts_json(void)
{
    struct mln_arena *arena = mln_arena_new();
    for (size_t i = 0; i < sizeof good_json / sizeof *good_json; i++) {
        struct mln_scan_fault fault =
            mln_scan_json(arena, good_json[i], strlen(good_json[i]), NULL, 0);
        CU_ASSERT_PTR_NULL(fault.message);
    }
    mln_arena_free(arena);
}

/* cJSON's own parser is the oracle: the same values in the same order, with the same links. */
static bool same_tree(const cJSON *a, const cJSON *b)
{
    if ((a->type & 0xff) != (b->type & 0xff) || a->valueint != b->valueint ||
        memcmp(&a->valuedouble, &b->valuedouble, sizeof a->valuedouble) != 0 ||
        !a->valuestring != !b->valuestring || !a->string != !b->string ||
        (a->valuestring && strcmp(a->valuestring, b->valuestring) != 0) ||
        (a->string && strcmp(a->string, b->string) != 0))
        return false;
    const cJSON *x = a->child, *y = b->child, *last = NULL;
    for (; x && y; last = x, x = x->next, y = y->next)
        if (!same_tree(x, y) || (last && x->prev != last))
            return false;
    return !x && !y && (!last || a->child->prev == last);
}

static void makes_the_tree_that_cjson_makes(void)
{
    struct mln_arena *arena = mln_arena_new();
    for (size_t i = 0; i < sizeof good_json / sizeof *good_json; i++) {
        cJSON *made,
            *parsed = cJSON_ParseWithLengthOpts(good_json[i], strlen(good_json[i]) + 1, NULL, true);
        CU_ASSERT_PTR_NULL(mln_scan_tree(arena, good_json[i], strlen(good_json[i]), &made).message);
        CU_ASSERT_PTR_NOT_NULL_FATAL(made);
        CU_ASSERT_PTR_NOT_NULL_FATAL(parsed);
        CU_ASSERT_TRUE(same_tree(made, parsed));
        cJSON_Delete(parsed);
    }
    cJSON *none = NULL;
    CU_ASSERT_PTR_NOT_NULL(mln_scan_tree(arena, "[1, ", 4, &none).message);
    CU_ASSERT_PTR_NULL(none);
    mln_arena_free(arena);
}

static void refuses_what_is_not_json(void)
{
    struct mln_arena *arena = mln_arena_new();
    for (size_t i = 0; i < sizeof bad_json / sizeof *bad_json; i++) {
        struct mln_scan_fault fault =
            mln_scan_json(arena, bad_json[i].text, strlen(bad_json[i].text), NULL, 0);
        bool right = fault.message && strstr(fault.message, bad_json[i].message) &&
                     fault.where.lo == bad_json[i].at;
        if (!right)
            printf("# %s: %s at %u\n", bad_json[i].text, fault.message ? fault.message : "fine",
                   fault.where.lo);
        CU_ASSERT_TRUE(right);
    }
    CU_ASSERT_PTR_NOT_NULL(mln_scan_json(arena, "[\0]", 3, NULL, 0).message);
    CU_ASSERT_PTR_NOT_NULL(mln_scan_json(arena, "\"a\0b\"", 5, NULL, 0).message);
    mln_arena_free(arena);
}

static void bounds_depth(void)
{
    struct mln_arena *arena = mln_arena_new();
    size_t length = 100000;
    char *text = mln_alloc(arena, length + 1);
    memset(text, '[', length);
    struct mln_scan_fault fault = mln_scan_json(arena, text, length, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fault.message);
    CU_ASSERT_PTR_NOT_NULL(strstr(fault.message, "too deep"));
    CU_ASSERT_EQUAL(fault.where.lo, MLN_SCAN_DEPTH);
    memset(text + MLN_SCAN_DEPTH, ']', MLN_SCAN_DEPTH);
    CU_ASSERT_PTR_NULL(mln_scan_json(arena, text, 2 * (size_t)MLN_SCAN_DEPTH, NULL, 0).message);
    mln_arena_free(arena);
}

/* Many keys take the sorted path; the later of two equal ones is named. */
static void finds_a_key_among_many(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_buf text;
    mln_buf_init(&text, arena);
    mln_buf_char(&text, '{');
    for (int i = 0; i < 5000; i++)
        mln_buf_printf(&text, "\"k%d\":%d,", i, i);
    size_t at = text.len;
    mln_buf_add(&text, "\"k17\":0}");
    struct mln_scan_fault fault = mln_scan_json(arena, text.data, text.len, NULL, 0);
    CU_ASSERT_TRUE(fault.duplicate);
    CU_ASSERT_EQUAL(fault.where.lo, at);
    CU_ASSERT_EQUAL(memcmp(text.data + fault.first.lo, "\"k17\"", 5), 0);
    mln_arena_free(arena);
}

static void values_have_places(void)
{
    static const char text[] = "\xef\xbb\xbf{\"a\": [1, {\"b\": \"x\"}], \"c\": null}";
    struct mln_ctx ctx = new_ctx();
    uint32_t file = mln_source_add(ctx.diags, "t.json", NULL, text, sizeof text - 1, false);
    struct mln_document *document = mln_document_read(&ctx, file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(document);
    const cJSON *list = mln_member(document->root, "a");
    const cJSON *b = mln_member(list->child->next, "b");
    struct mln_span span = mln_document_span(document, b);
    CU_ASSERT_EQUAL(memcmp(text + span.lo, "\"x\"", 3), 0);
    CU_ASSERT_EQUAL(span.hi - span.lo, 3);
    CU_ASSERT_EQUAL(mln_document_span(document, NULL).lo, 3);
    CU_ASSERT_EQUAL(text[mln_document_span(document, list).lo], '[');
    CU_ASSERT_PTR_NULL(mln_member(document->root, "c"));
    CU_ASSERT_PTR_NULL(mln_member(document->root, "A"));
    CU_ASSERT_STRING_EQUAL(mln_member_text(list->child->next, "b"), "x");
    mln_arena_free(ctx.arena);
}

/* ---- service-tag files ---- */

static struct mln_tags *read_tags(struct mln_ctx *ctx, const char *text)
{
    return mln_tagfile_read(ctx, "tags.json", text, strlen(text));
}

#define TAG(name, region, id, prefixes, features) \
    "{\"name\": \"" name "\", \"id\": \"" name \
    "\", \"properties\": {\"changeNumber\": 1, \"region\": \"" region "\", \"regionId\": " id \
    ", \"platform\": \"Azure\", \"systemService\": \"\", \"addressPrefixes\": [" prefixes \
    "], \"networkFeatures\": " features "}}"
#define FILE_OF(cloud, tags) \
    "{\"changeNumber\": 1, \"cloud\": \"" cloud "\", \"values\": [" tags "]}"

static void reads_the_download(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = read_tags(
        &ctx,
        FILE_OF(
            "Public",
            TAG("Storage.FranceCentral", "centralfrance", "19",
                "\"20.1.0.0/16\", \"2603:1000::/40\", \"20.0.0.0/16\"",
                "[\"API\", \"NSG\"]") ",\r\n" TAG("AzureCloud.centralfrance", "centralfrance", "19",
                                                  "",
                                                  "null") "," TAG("Storage", "", "0",
                                                                  "\"20.0.0.0/15\"",
                                                                  "[\"NSG\", \"NEW\"]") "," TAG("Az"
                                                                                                "ur"
                                                                                                "eC"
                                                                                                "lo"
                                                                                                "ud"
                                                                                                ".m"
                                                                                                "ar"
                                                                                                "s"
                                                                                                "n",
                                                                                                "ma"
                                                                                                "rs"
                                                                                                "n",
                                                                                                "90"
                                                                                                "1",
                                                                                                "\""
                                                                                                "1."
                                                                                                "2."
                                                                                                "3."
                                                                                                "4/"
                                                                                                "32"
                                                                                                "\"",
                                                                                                "["
                                                                                                "\""
                                                                                                "NS"
                                                                                                "G"
                                                                                                "\""
                                                                                                "]") "," TAG("Storage.MarsNorth",
                                                                                                             "marsn",
                                                                                                             "901",
                                                                                                             "",
                                                                                                             "null")));
    CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
    CU_ASSERT_TRUE(mln_tags_have_prefixes(tags));
    CU_ASSERT_EQUAL(mln_tags_count(tags), 5 + 6);
    const struct mln_tag *regional = mln_tags_find(tags, "storage.francecentral");
    CU_ASSERT_PTR_NOT_NULL_FATAL(regional);
    CU_ASSERT_STRING_EQUAL(regional->name, "Storage.FranceCentral");
    CU_ASSERT_STRING_EQUAL(regional->region, "francecentral");
    CU_ASSERT_EQUAL(regional->features, MLN_FEATURE_API | MLN_FEATURE_NSG);
    CU_ASSERT_PTR_EQUAL(regional->parent, mln_tags_find(tags, "Storage"));
    CU_ASSERT_EQUAL(regional->prefixes[MLN_IPV4]->len, 1);
    CU_ASSERT_EQUAL(regional->prefixes[MLN_IPV6]->len, 1);
    CU_ASSERT_TRUE(
        mln_ipset_equal(regional->prefixes[MLN_IPV4], regional->parent->prefixes[MLN_IPV4]));
    const struct mln_tag *cloud = mln_tags_find(tags, "AzureCloud.francecentral");
    CU_ASSERT_TRUE(cloud && cloud->features == 0 && cloud->prefixes[MLN_IPV4]->len == 0);
    CU_ASSERT_STRING_EQUAL(mln_tags_find(tags, "AzureCloud.marsnorth")->name, "AzureCloud.marsn");
    CU_ASSERT_STRING_EQUAL(mln_region_canonical(tags, "marsn"), "marsnorth");
    CU_ASSERT_PTR_NOT_NULL(mln_tags_find(tags, "VirtualNetwork"));
    CU_ASSERT_PTR_NULL(mln_tags_find(tags, "AzureKeyVault"));
    CU_ASSERT_EQUAL(ctx.diags->errors, 0);
    mln_arena_free(ctx.arena);
}

static void reads_the_rest_answer(void)
{
    struct mln_ctx ctx = new_ctx();
    struct mln_tags *tags = read_tags(
        &ctx,
        "{\"name\": \"Public\", \"id\": "
        "\"/subscriptions/x/providers/Microsoft.Network/serviceTags/Public\", "
        "\"type\": \"Microsoft.Network/serviceTags\", \"changeNumber\": \"63\", \"cloud\": "
        "\"Public\", "
        "\"nextLink\": \"\", \"values\": [{\"name\": \"AzureCloud.centralfrance\", \"id\": \"\", "
        "\"serviceTagChangeNumber\": \"7\", \"properties\": {\"changeNumber\": \"7\", \"region\": "
        "\"centralfrance\", \"state\": \"GA\", \"systemService\": \"\", \"addressPrefixes\": "
        "[\"20.1.0.0/16\"]}}, "
        "{\"name\": \"AzureMachineLearning.EastUS\", \"properties\": {\"region\": \"eastus\", "
        "\"addressPrefixes\": []}}, {\"name\": \"BrandNew\", \"properties\": {\"addressPrefixes\": "
        "[]}}]}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
    CU_ASSERT_TRUE(mln_tag_in_nsg(mln_tags_find(tags, "AzureCloud.francecentral")));
    CU_ASSERT_FALSE(mln_tag_in_nsg(mln_tags_find(tags, "AzureMachineLearning.eastus")));
    CU_ASSERT_TRUE(mln_tag_in_nsg(mln_tags_find(tags, "BrandNew")));
    CU_ASSERT_PTR_NULL(mln_tags_find(tags, "BrandNew")->region);
    mln_arena_free(ctx.arena);
}

/* The list of tags is found under its key alone, however the file is written. */
#define PREFIX_TAG(before, list) \
    "{\"cloud\": \"Public\", \"values\": [{\"name\": \"Sql\", \"properties\": {" before \
    "\"addressPrefixes\"" list ", \"networkFeatures\": [\"NSG\"]}}]}"

/* The list of prefixes is read from the text where it is plain, from the tree where it is not. */
static void reads_prefixes_however_they_are_written(void)
{
    static const char *const texts[] = {
        PREFIX_TAG("", ": [\"10.1.0.0/16\", \"10.2.0.0/16\"]"),
        PREFIX_TAG("", ":[\r\n\"10.2.0.0/16\"\t,\"10.1.0.0/16\"\n]"),
        PREFIX_TAG("", ": [\"10.1.0.0\\/16\", \"10.2.0.0/16\"]"),
        PREFIX_TAG("\"x\": \"addressPrefixes\", ", ": [\"10.1.0.0/16\", \"10.2.0.0/16\"]"),
        PREFIX_TAG("\"x\": {\"addressPrefixes\": [\"10.9.0.0/16\"]}, ",
                   ": [\"10.1.0.0/16\", \"10.2.0.0/16\"]"),
        PREFIX_TAG("\"x\": \"no \\\"addressPrefixes\\\": [\", ",
                   ": [\"10.1.0.0/16\", \"10.2.0.0/16\"]"),
    };
    static const char *const bad[] = {
        PREFIX_TAG("", ": [\"10.1.0.0/16\", 5]"),
        PREFIX_TAG("", ": [\"10.1.0.0/16\", null]"),
        PREFIX_TAG("", ": [\"10.1.0.1/16\"]"),
        PREFIX_TAG("", ": [\"10.1.0.0/16 \"]"),
        PREFIX_TAG("", ": [\"10.1.0.0/16\", [\"10.2.0.0/16\"]]"),
        PREFIX_TAG("", ": [\"]\"]"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mln_ctx ctx = new_ctx();
        struct mln_tags *tags = read_tags(&ctx, texts[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
        const struct mln_ipset *set = mln_tags_find(tags, "Sql")->prefixes[MLN_IPV4];
        CU_ASSERT_EQUAL(mln_ipset_prefix_count(set), 2);
        CU_ASSERT_EQUAL(ctx.diags->list.len, 0);
        mln_arena_free(ctx.arena);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mln_ctx ctx = new_ctx();
        CU_ASSERT_PTR_NULL(read_tags(&ctx, bad[i]));
        CU_ASSERT_EQUAL(ctx.diags->errors, 1);
        mln_arena_free(ctx.arena);
    }
}

static void finds_the_list_of_tags(void)
{
    static const char *const files[] = {
        "{\"x\": {\"values\": [7]}, \"cloud\": \"Public\", \"values\" : [%s], \"z\": [[]]}",
        "{\"x\": [\"values\", [7]], \"y\": \"values\", \"values\":[%s], \"cloud\": \"Public\"}",
        "{\"va\\u006cues\": [%s], \"cloud\": \"Public\"}",
        "\xef\xbb\xbf{\r\n\"values\"\r\n:\r\n[%s]\r\n,\"cloud\": \"Public\"}\r\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct mln_ctx ctx = new_ctx();
        const char *entry = TAG("Storage", "", "0", "\"20.0.0.0/15\"", "[\"NSG\"]");
        char text[1000];
        const char *hole = strstr(files[i], "%s");
        snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - files[i]), files[i], entry, hole + 2);
        struct mln_tags *tags = read_tags(&ctx, text);
        CU_ASSERT_TRUE(tags && mln_tags_count(tags) == 7 && ctx.diags->list.len == 0);
        mln_arena_free(ctx.arena);
    }
    struct mln_ctx ctx = new_ctx();
    CU_ASSERT_PTR_NULL(
        read_tags(&ctx, "{\"x\": {\"values\": [{}]}, \"cloud\": \"Public\", \"values\": []}"));
    CU_ASSERT_EQUAL(ctx.diags->errors, 1);
    mln_arena_free(ctx.arena);
}

/* '@' marks where the error points to; it is taken out before reading. */
static const char *const bad_files[] = {
    "@",
    "@[]",
    "@{}",
    "{\"cloud\": @7, \"values\": []}",
    "{\"cloud\": @\"AzureGermany\", \"values\": [{}]}",
    "@{\"cloud\": \"Public\"}",
    "{\"cloud\": \"Public\", \"values\": @{}}",
    "{\"cloud\": \"Public\", \"values\": @[]}",
    "{\"cloud\": \"Public\", \"nextLink\": @\"https://x\", \"values\": [" TAG("A", "", "0", "",
                                                                              "null") "]}",
    FILE_OF("Public", "@7"),
    FILE_OF("Public", "@{}"),
    FILE_OF("Public", "@{\"name\": \"A\"}"),
    FILE_OF("Public", "{\"name\": @7, \"properties\": {\"addressPrefixes\": []}}"),
    FILE_OF("Public", "{\"name\": @\"a b\", \"properties\": {\"addressPrefixes\": []}}"),
    FILE_OF("Public", "{\"name\": @\"\\u001b[1m\", \"properties\": {\"addressPrefixes\": []}}"),
    FILE_OF("Public", "{\"name\": \"A\", \"properties\": @[]}"),
    FILE_OF("Public", "{\"name\": \"A\", \"properties\": @{\"networkFeatures\": []}}"),
    FILE_OF("Public", "{\"name\": \"A\", \"properties\": {\"addressPrefixes\": @\"1.2.3.4\", "
                      "\"networkFeatures\": null}}"),
    FILE_OF("Public",
            "{\"name\": \"A\", \"properties\": {\"region\": @5, \"addressPrefixes\": []}}"),
    FILE_OF("Public",
            "{\"name\": \"A\", \"properties\": {\"regionId\": @\"5\", \"addressPrefixes\": []}}"),
    FILE_OF("Public",
            "{\"name\": \"A\", \"properties\": {\"regionId\": @1.5, \"addressPrefixes\": []}}"),
    FILE_OF("Public", TAG("A", "", "0", "", "@\"NSG\"")),
    FILE_OF("Public", TAG("A", "", "0", "", "[@1]")),
    FILE_OF("Public", TAG("A", "", "0", "@\"1.2.3.4/33\"", "null")),
    FILE_OF("Public", TAG("A", "", "0", "\"1.2.3.0/24\", @\"1.2.3.4/24\"", "null")),
    FILE_OF("Public", TAG("A", "", "0", "@\"1.2.3\"", "null")),
    FILE_OF("Public", TAG("A", "", "0", "@\"\"", "null")),
    FILE_OF("Public", TAG("A", "", "0", "@null", "null")),
    FILE_OF("Public", TAG("A", "", "0", "@[]", "null")),
    FILE_OF("Public", TAG("A", "", "0", "\"1.2.3.4\\u00e9\"", "null")),
    FILE_OF("Public",
            TAG("A", "", "0", "", "null") ", {\"name\": @\"a\", \"properties\": "
                                          "{\"addressPrefixes\": [], \"networkFeatures\": null}}"),
    FILE_OF("Public", TAG("A", "", "0", "", "null") ", {\"name\": \"B\", @\"name\": \"C\"}"),
    FILE_OF("Public", TAG("A", "", "0", "\"1.2.3.4\" @\"1.2.3.5\"", "null")),
    "{\"cloud\": \"Public\", \"values\": [" TAG("A", "", "0", "", "null") "@",
    FILE_OF("Public", TAG("A", "", "0", "", "null")) " @{}",
};

static void refuses_bad_tag_files(void)
{
    for (size_t i = 0; i < sizeof bad_files / sizeof *bad_files; i++) {
        struct mln_ctx ctx = new_ctx();
        char *text = mln_strdup(ctx.arena, bad_files[i]), *mark = strchr(text, '@');
        size_t at = mark ? (size_t)(mark - text) : 0;
        if (mark)
            memmove(mark, mark + 1, strlen(mark));
        struct mln_tags *tags = read_tags(&ctx, text);
        bool right =
            !tags && ctx.diags->errors == 1 && (!mark || ctx.diags->list.data[0]->span.lo == at);
        if (!right)
            printf("# %s\n", bad_files[i]);
        CU_ASSERT_TRUE(right);
        mln_arena_free(ctx.arena);
    }
}

/* Cut at every byte, a file is refused: never a shorter list. */
static void refuses_a_cut_file(void)
{
    static const char whole[] = FILE_OF(
        "China", TAG("Storage", "", "0", "\"20.0.0.0/15\", \"2603::/16\"", "[\"NSG\"]")) "\n";
    for (size_t length = 0; length < sizeof whole - 2; length++) {
        struct mln_ctx ctx = new_ctx();
        char *text = mln_strndup(ctx.arena, whole, length);
        if (mln_tagfile_read(&ctx, "cut.json", text, length) || ctx.diags->errors != 1)
            CU_FAIL("a part of a file was taken for a whole one");
        mln_arena_free(ctx.arena);
    }
    struct mln_ctx ctx = new_ctx();
    CU_ASSERT_PTR_NOT_NULL(read_tags(&ctx, whole));
    mln_arena_free(ctx.arena);
}

static void reads_a_published_file(const char *path, size_t count, enum mln_cloud cloud)
{
    struct mln_ctx ctx = new_ctx();
    size_t length;
    char *text = mln_file_read(ctx.arena, shared_path(ctx.arena, path), &length);
    if (!text) {
        mln_arena_free(ctx.arena);
        UNIT_SKIP("the published file is not here");
    }
    struct mln_tags *tags = mln_tagfile_read(&ctx, "tags.json", text, length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
    CU_ASSERT_EQUAL(mln_tags_count(tags), count + 6);
    CU_ASSERT_EQUAL(mln_tags_cloud(tags), cloud);
    CU_ASSERT_EQUAL(ctx.diags->list.len, 0);
    for (size_t i = 0; i < mln_tags_count(tags); i++) {
        const struct mln_tag *tag = mln_tags_at(tags, i);
        if (tag->kind == MLN_TAG_SERVICE && (!tag->prefixes[MLN_IPV4] || !tag->prefixes[MLN_IPV6]))
            CU_FAIL("a tag has no prefixes");
    }
    mln_arena_free(ctx.arena);
}

static void reads_the_public_file(void)
{
    reads_a_published_file("data/servicetags/ServiceTags_Public_20260622.json", 3234,
                           MLN_CLOUD_PUBLIC);
}

static void reads_the_usgov_file(void)
{
    reads_a_published_file("data/servicetags/ServiceTags_AzureGovernment_20260720.json", 299,
                           MLN_CLOUD_USGOV);
}

static void reads_the_china_file(void)
{
    reads_a_published_file("data/servicetags/ServiceTags_China_20260720.json", 327,
                           MLN_CLOUD_CHINA);
}

/* The catalogue was made from these files: the same names, regions and features. */
static void the_file_agrees_with_the_catalogue(void)
{
    struct mln_ctx ctx = new_ctx();
    size_t length;
    const char *path = shared_path(ctx.arena, "data/servicetags/ServiceTags_Public_20260622.json");
    char *text = mln_file_read(ctx.arena, path, &length);
    if (!text) {
        mln_arena_free(ctx.arena);
        UNIT_SKIP("the published file is not here");
    }
    struct mln_tags *tags = mln_tagfile_read(&ctx, "tags.json", text, length),
                    *known = public_tags(&ctx);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
    for (size_t i = 0; i < mln_tags_count(tags); i++) {
        const struct mln_tag *tag = mln_tags_at(tags, i), *other = mln_tags_find(known, tag->name);
        if (!other || other->name != tag->name || other->region != tag->region ||
            other->features != tag->features || !other->parent != !tag->parent)
            CU_FAIL("the catalogue says something else about a tag");
    }
    mln_arena_free(ctx.arena);
}

static uint64_t count_ipv4(const struct mln_ipset *set)
{
    uint64_t count = 0;
    for (size_t i = 0; i < set->len; i++)
        count += set->ranges[i].hi.lo - set->ranges[i].lo.lo + 1;
    return count;
}

/* Figures worked out from the file by another program. */
static void the_prefixes_are_all_there(void)
{
    struct mln_ctx ctx = new_ctx();
    size_t length;
    const char *path = shared_path(ctx.arena, "data/servicetags/ServiceTags_Public_20260622.json");
    char *text = mln_file_read(ctx.arena, path, &length);
    if (!text) {
        mln_arena_free(ctx.arena);
        UNIT_SKIP("the published file is not here");
    }
    struct mln_tags *tags = mln_tagfile_read(&ctx, "tags.json", text, length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tags);
    static const struct {
        const char *tag;
        size_t ranges4, ranges6;
        uint64_t addresses4;
    } figures[] = {
        {"AzureCloud", 1021, 1119, 49949043},
        {"Storage.WestEurope", 92, 1, 24080},
        {"Sql", 898, 396, 41725},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        const struct mln_tag *tag = mln_tags_find(tags, figures[i].tag);
        CU_ASSERT_EQUAL(tag->prefixes[MLN_IPV4]->len, figures[i].ranges4);
        CU_ASSERT_EQUAL(tag->prefixes[MLN_IPV6]->len, figures[i].ranges6);
        CU_ASSERT_EQUAL(count_ipv4(tag->prefixes[MLN_IPV4]), figures[i].addresses4);
    }
    mln_arena_free(ctx.arena);
}

/* ---- NSGs ---- */

struct reading {
    struct mln_ctx ctx;
    struct mln_imported_nsg_vec nsgs;
    bool good;
};

static struct reading read_nsgs(const char *text)
{
    struct reading reading = {.ctx = new_ctx()};
    struct mln_tags *tags = public_tags(&reading.ctx);
    reading.good = mln_nsg_read(&reading.ctx, tags, "nsg.json", text, strlen(text), &reading.nsgs);
    return reading;
}

static void side_text(struct mln_buf *out, const struct mln_rule_side *side)
{
    struct mln_prefix *prefixes;
    char text[MLN_IP_TEXT];
    size_t count = side->kind == MLN_SIDE_PREFIXES
                       ? mln_ipset_prefixes(out->arena, side->prefixes, &prefixes)
                       : 0;
    for (size_t i = 0; i < count; i++)
        mln_buf_printf(out, "%s%s", i ? "," : "", mln_prefix_text(&prefixes[i], text));
    if (side->kind == MLN_SIDE_ANY)
        mln_buf_char(out, '*');
    if (side->kind == MLN_SIDE_TAG)
        mln_buf_add(out, side->tag->name);
    if (side->kind == MLN_SIDE_ASG)
        mln_buf_printf(out, "asg %s", side->asg->name);
}

static void port_text(struct mln_buf *out, const struct mln_portset *ports)
{
    if (mln_portset_is_all(ports))
        mln_buf_add(out, ":*");
    else
        for (size_t i = 0; i < ports->len; i++)
            mln_buf_printf(out, "%c%u-%u", i ? ',' : ':', ports->ranges[i].lo, ports->ranges[i].hi);
}

/* "NAME: 100 allow web tcp *:* > 10.0.0.0/8:80-80; ...", inbound first. */
static char *nsg_text(struct mln_arena *arena, const struct mln_imported_nsg *nsg)
{
    struct mln_buf out;
    mln_buf_init(&out, arena);
    mln_buf_printf(&out, "%s:", nsg->name);
    for (int direction = 0; direction < MLN_DIRECTIONS; direction++) {
        for (size_t i = 0; i < nsg->rules[direction].len; i++) {
            const struct mln_rule *rule = nsg->rules[direction].data[i];
            mln_buf_printf(&out, " %s%u %s %s %s ", direction == MLN_OUTBOUND ? "out " : "",
                           rule->priority, mln_azure_access_name(rule->action), rule->name,
                           mln_azure_protocol_name(rule->proto));
            side_text(&out, &rule->src);
            port_text(&out, rule->sport);
            mln_buf_add(&out, " > ");
            side_text(&out, &rule->dst);
            port_text(&out, rule->dport);
            mln_buf_char(&out, ';');
        }
    }
    return out.data;
}

#define RULE(name, priority, rest) \
    "{\"name\": \"" name "\", \"properties\": {\"priority\": " priority \
    ", \"access\": \"Allow\", \"direction\": " \
    "\"Inbound\", \"protocol\": \"Tcp\", " rest "}}"
#define ENDS "\"sourceAddressPrefix\": \"*\", \"destinationAddressPrefix\": \"*\""
#define PORTS "\"sourcePortRange\": \"*\", \"destinationPortRange\": \"22\""
#define NSG(rules) \
    "{\"name\": \"n\", \"type\": \"Microsoft.Network/networkSecurityGroups\", \"location\": " \
    "\"westeurope\", " \
    "\"properties\": {\"securityRules\": [" rules "]}}"

/* Each reads without a diagnostic. */
static const struct {
    const char *json, *text;
} good_nsgs[] = {
    {NSG(""), "n:"},
    {"{\"name\": \"n\", \"location\": \"westus\", \"properties\": {}}", "n:"},
    {"{\"location\": \"westus\"}", ":"},
    {"[]", NULL},
    {"{\"value\": []}", NULL},
    {NSG(RULE("ssh", "100", ENDS ", " PORTS)), "n: 100 Allow ssh Tcp *:* > *:22-22;"},
    {"[" NSG(RULE("ssh", "100", ENDS ", " PORTS)) "]", "n: 100 Allow ssh Tcp *:* > *:22-22;"},
    {"{\"value\": [" NSG(RULE("ssh", "100", ENDS ", " PORTS)) "]}",
     "n: 100 Allow ssh Tcp *:* > *:22-22;"},
    {"{\"NewNSG\": " NSG(RULE("ssh", "100", ENDS ", " PORTS)) "}",
     "n: 100 Allow ssh Tcp *:* > *:22-22;"},
    {NSG(RULE("b", "200", ENDS ", " PORTS) ", " RULE("a", "100", ENDS ", " PORTS)),
     "n: 100 Allow a Tcp *:* > *:22-22; 200 Allow b Tcp *:* > *:22-22;"},
    {NSG(RULE("plural", "100",
              "\"sourceAddressPrefix\": \"\", \"sourceAddressPrefixes\": [\"10.1.0.0/16\", "
              "\"10.0.0.0/16\"], "
              "\"destinationAddressPrefix\": null, \"destinationAddressPrefixes\": [\"10.9.0.4\"], "
              "\"sourcePortRange\": \"*\", \"sourcePortRanges\": [], \"destinationPortRanges\": "
              "[\"443\", \"80-81\"]")),
     "n: 100 Allow plural Tcp 10.0.0.0/15:* > 10.9.0.4:80-81,443-443;"},
    {NSG("{\"name\": \"flat\", \"priority\": \"4096\", \"access\": \"deny\", \"direction\": "
         "\"OUTBOUND\", \"protocol\": "
         "\"udp\", \"sourceAddressPrefix\": \"internet\", \"destinationAddressPrefix\": "
         "\"storage.westeurope\", "
         "\"sourcePortRange\": \"0-65535\", \"destinationPortRange\": 53}"),
     "n: out 4096 Deny flat Udp Internet:* > Storage.WestEurope:53-53;"},
    {NSG(RULE("groups", "100",
              "\"sourceApplicationSecurityGroups\": [{\"id\": \"/x/web\"}, {\"id\": \"/x/app\"}], "
              "\"destinationAddressPrefix\": \"*\", " PORTS)),
     "n: 100 Allow groups Tcp asg web:* > *:22-22; 100 Allow groups Tcp asg app:* > *:22-22;"},
    {NSG(RULE("v6", "100",
              "\"sourceAddressPrefix\": \"::/0\", \"destinationAddressPrefix\": \"*\", " PORTS)),
     "n: 100 Allow v6 Tcp ::/0:* > *:22-22;"},
    {"{\"name\": \"r\", \"id\": \"/s/1/networkSecurityGroups/web/SECURITYRULES/r\", "
     "\"properties\": {\"priority\": 100, "
     "\"access\": \"Allow\", \"direction\": \"Inbound\", \"protocol\": \"*\", " ENDS ", " PORTS
     "}}",
     "web: 100 Allow r * *:* > *:22-22;"},
};

static void reads_nsgs(void)
{
    for (size_t i = 0; i < sizeof good_nsgs / sizeof *good_nsgs; i++) {
        struct reading r = read_nsgs(good_nsgs[i].json);
        const char *text = r.nsgs.len ? nsg_text(r.ctx.arena, r.nsgs.data[0]) : NULL;
        bool right = r.good && r.ctx.diags->list.len == 0 && !text == !good_nsgs[i].text &&
                     (!text || strcmp(text, good_nsgs[i].text) == 0);
        if (!right)
            printf("# %s\n# %s\n", good_nsgs[i].json, text ? text : "nothing");
        CU_ASSERT_TRUE(right);
        mln_arena_free(r.ctx.arena);
    }
}

/* '@' marks where the diagnostic points to. `kept`: how many rules are left. */
static const struct {
    const char *json, *message;
    enum mln_diag_id id;
    size_t kept;
} bad_nsgs[] = {
    {"@7", "not a network security group", MLN_D_NOT_AN_NSG, 0},
    {"@{\"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"v\"}", "not a network",
     MLN_D_NOT_AN_NSG, 0},
    {"[@[]]", "not a network", MLN_D_NOT_AN_NSG, 0},
    {"{\"name\": \"n\", \"properties\": {\"securityRules\": @{}}}", "must be a list",
     MLN_D_JSON_SHAPE, 0},
    {NSG("@7"), "must be an object", MLN_D_JSON_SHAPE, 0},
    {NSG("@{\"properties\": {}}"), "'name'", MLN_D_JSON_SHAPE, 0},
    {NSG("{\"name\": \"a\", \"properties\": @{}}"), "'priority'", MLN_D_JSON_SHAPE, 0},
    {NSG("{\"name\": @\"a b\", \"properties\": {\"priority\": 100, \"access\": \"Allow\", "
         "\"direction\": \"Inbound\", "
         "\"protocol\": \"*\", " ENDS ", " PORTS "}}"),
     "InvalidResourceName", MLN_D_AZURE_REFUSES, 1},
    {NSG(RULE("a", "@99", ENDS ", " PORTS)), "SecurityRuleInvalidPriority", MLN_D_AZURE_REFUSES, 1},
    {NSG(RULE("a", "@4097", ENDS ", " PORTS)), "SecurityRuleInvalidPriority", MLN_D_AZURE_REFUSES,
     1},
    {NSG(RULE("a", "@1.5", ENDS ", " PORTS)), "'priority'", MLN_D_JSON_SHAPE, 0},
    {NSG(RULE("a", "100", ENDS ", " PORTS) ", @" RULE("b", "100", ENDS ", " PORTS)),
     "SecurityRuleConflict", MLN_D_AZURE_REFUSES, 2},
    {NSG(RULE("a", "100", ENDS ", " PORTS) ", @" RULE("A", "101", ENDS ", " PORTS)),
     "two rules are called", MLN_D_AZURE_REFUSES, 2},
    {NSG(RULE("a", "100",
              ENDS ", \"sourcePortRange\": \"*\", \"destinationPortRange\": @\"66600\"")),
     "SecurityRuleInvalidPortRange", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              ENDS ", \"sourcePortRange\": \"*\", \"destinationPortRange\": @\"80,81\"")),
     "SecurityRuleInvalidPortRange", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              ENDS ", \"sourcePortRange\": @\"9-1\", \"destinationPortRange\": \"80\"")),
     "SecurityRuleInvalidPortRange", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              ENDS ", \"sourcePortRange\": \"*\", \"destinationPortRange\": @\"65503-65534 \"")),
     "blanks", MLN_D_IMPORT_ODD, 1},
    {NSG("{\"name\": \"a\", \"properties\": @{\"priority\": 100, \"access\": \"Allow\", "
         "\"direction\": \"Inbound\", "
         "\"protocol\": \"Icmp\", " ENDS ", " PORTS "}}"),
     "its protocol has none", MLN_D_IMPORT_ODD, 1},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @\"any\", \"destinationAddressPrefix\": \"*\", " PORTS)),
     "SecurityRuleInvalidAddressPrefix", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE(
         "a", "100",
         "\"sourceAddressPrefix\": @\"10.0.0.0/42\", \"destinationAddressPrefix\": \"*\", " PORTS)),
     "SecurityRuleInvalidAddressPrefix", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @\"10.0.0.1,10.0.0.2\", \"destinationAddressPrefix\": "
              "\"*\", " PORTS)),
     "SecurityRuleInvalidAddressPrefix", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE(
         "a", "100",
         "\"sourceAddressPrefix\": @\"10.0.0.300\", \"destinationAddressPrefix\": \"*\", " PORTS)),
     "SecurityRuleInvalidAddressPrefix", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @\"10.0.0.1-10.0.0.9\", \"destinationAddressPrefix\": "
              "\"*\", " PORTS)),
     "SecurityRuleInvalidAddressPrefix", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @\"50.206.209.68/27\", \"destinationAddressPrefix\": "
              "\"*\", " PORTS)),
     "50.206.209.64/27", MLN_D_IMPORT_ODD, 1},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @\"VIRTUAL_NETWORK\", \"destinationAddressPrefix\": "
              "\"*\", " PORTS)),
     "no service tag", MLN_D_UNKNOWN_DEPLOYED_TAG, 1},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @\"AzureCloud.norwayeast\", \"destinationAddressPrefix\": "
              "\"*\", " PORTS)),
     "no service tag", MLN_D_UNKNOWN_DEPLOYED_TAG, 1},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @\"789\", \"destinationAddressPrefix\": \"*\", " PORTS)),
     "no service tag", MLN_D_UNKNOWN_DEPLOYED_TAG, 1},
    {NSG(RULE(
         "a", "100",
         "\"sourceAddressPrefixes\": [@\"Storage\"], \"destinationAddressPrefix\": \"*\", " PORTS)),
     "SecurityRuleParameterContainsUnsupportedValue", MLN_D_AZURE_REFUSES, 1},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefixes\": [@\"*\"], \"destinationAddressPrefix\": \"*\", " PORTS)),
     "SecurityRuleParameterContainsUnsupportedValue", MLN_D_AZURE_REFUSES, 1},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefixes\": [@\"10.0.1.0/24\", \"10.0.0.0/16\"], "
              "\"destinationAddressPrefix\": \"*\", " PORTS)),
     "OverlappingSubnetsNotPermittedInSecurityRule", MLN_D_AZURE_REFUSES, 1},
    {NSG("@" RULE("a", "100",
                  "\"sourceAddressPrefix\": \"10.0.0.0/8\", \"destinationAddressPrefix\": "
                  "\"fd00::/8\", " PORTS)),
     "DifferentAddressFamilies", MLN_D_AZURE_REFUSES, 0},
    {NSG("{\"name\": \"a\", \"properties\": @{\"priority\": 100, \"access\": \"Allow\", "
         "\"direction\": \"Inbound\", "
         "\"protocol\": \"*\", \"sourceAddressPrefixes\": [], \"destinationAddressPrefix\": "
         "\"*\", " PORTS "}}"),
     "SecurityRuleParametersMissing", MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": \"*\", \"sourceAddressPrefixes\": @[\"10.0.0.0/8\"], "
              "\"destinationAddressPrefix\": \"*\", " PORTS)),
     "exactly one", MLN_D_AZURE_REFUSES, 2},
    {NSG(RULE("a", "100", ENDS ", " PORTS ", \"destinationPortRanges\": @[\"80\"]")), "exactly one",
     MLN_D_AZURE_REFUSES, 1},
    {NSG(RULE("a", "100",
              "\"sourceApplicationSecurityGroups\": [@{}], \"destinationAddressPrefix\": "
              "\"*\", " PORTS)),
     "'id'", MLN_D_JSON_SHAPE, 0},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @[], \"destinationAddressPrefix\": \"*\", " PORTS)),
     NULL, MLN_D_AZURE_REFUSES, 0},
    {NSG(RULE("a", "100",
              "\"sourceAddressPrefix\": @[1], \"destinationAddressPrefix\": \"*\", " PORTS)),
     "must be a string", MLN_D_JSON_SHAPE, 0},
    {NSG(RULE(
         "a", "100",
         ENDS
         ", " PORTS
         ", \"description\": @\"0123456789012345678901234567890123456789012345678901234567890123"
         "456789012345678901234567890123456789012345678901234567890123456789012345678\\u00e90\"")),
     "SecurityRuleDescriptionTooLong", MLN_D_AZURE_REFUSES, 1},
    {NSG("{\"name\": \"a\", \"properties\": {\"priority\": 100, \"access\": @\"Drop\", "
         "\"direction\": \"Inbound\", "
         "\"protocol\": \"*\", " ENDS ", " PORTS "}}"),
     "Allow or Deny", MLN_D_JSON_SHAPE, 0},
    {NSG("{\"name\": \"a\", \"properties\": {\"priority\": 100, \"access\": \"Deny\", "
         "\"direction\": \"Inbound\", "
         "\"protocol\": @\"Any\", " ENDS ", " PORTS "}}"),
     "'protocol'", MLN_D_JSON_SHAPE, 0},
};

static bool reports(const struct reading *r, size_t at, enum mln_diag_id id, const char *message)
{
    const struct mln_diag *diag = r->ctx.diags->list.len == 1 ? r->ctx.diags->list.data[0] : NULL;
    return diag && diag->id == id &&
           (!message || (diag->span.lo == at && strstr(diag->message, message)));
}

static void reports_what_azure_refuses(void)
{
    for (size_t i = 0; i < sizeof bad_nsgs / sizeof *bad_nsgs; i++) {
        char json[2000], *mark;
        snprintf(json, sizeof json, "%s", bad_nsgs[i].json);
        mark = strchr(json, '@');
        memmove(mark, mark + 1, strlen(mark));
        struct reading r = read_nsgs(json);
        size_t kept = r.nsgs.len ? r.nsgs.data[0]->rules[MLN_INBOUND].len : 0;
        bool right = reports(&r, (size_t)(mark - json), bad_nsgs[i].id, bad_nsgs[i].message) &&
                     kept == bad_nsgs[i].kept;
        if (!right) {
            struct mln_buf out;
            mln_buf_init(&out, r.ctx.arena);
            mln_diags_render(r.ctx.diags, MLN_FORMAT_SHORT, false, &out);
            printf("# %s\n# %zu kept; %s\n", json, kept, out.data ? out.data : "nothing");
        }
        CU_ASSERT_TRUE(right);
        mln_arena_free(r.ctx.arena);
    }
}

static void reports_limits(void)
{
    struct mln_arena *arena = mln_arena_new();
    struct mln_buf json;
    mln_buf_init(&json, arena);
    mln_buf_add(&json, "{\"name\": \"n\", \"properties\": {\"securityRules\": [");
    for (int i = 0; i < 1001; i++)
        mln_buf_printf(&json,
                       "%s{\"name\": \"r%d\", \"priority\": %d, \"access\": \"Deny\", "
                       "\"direction\": \"Inbound\", "
                       "\"protocol\": \"*\", " PORTS
                       ", \"sourceAddressPrefix\": \"*\", \"destinationAddressPrefixes\": "
                       "[\"10.0.0.0/32\", \"10.0.1.0/32\", \"10.0.2.0/32\", \"10.0.3.0/32\"]}",
                       i ? ", " : "", i, 100 + i);
    mln_buf_add(&json, "]}}");
    struct reading r = read_nsgs(json.data);
    CU_ASSERT_EQUAL(r.ctx.diags->errors, 2);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(r.ctx.diags->list.data[0]->message, "SecurityRuleCountLimitReached"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(r.ctx.diags->list.data[1]->message, "AddressesOrPortsPerSecurityGroup"));
    CU_ASSERT_EQUAL(r.nsgs.data[0]->rules[MLN_INBOUND].len, 1001);
    CU_ASSERT_EQUAL(r.nsgs.data[0]->places[MLN_INBOUND].len, 1001);
    mln_arena_free(r.ctx.arena);
    mln_arena_free(arena);
}

static void shares_groups_by_id(void)
{
    struct reading r = read_nsgs(
        NSG(RULE("a", "100",
                 "\"sourceApplicationSecurityGroups\": [{\"id\": \"/Sub/Web\"}], "
                 "\"destinationApplicationSecurityGroups\": [{\"id\": \"/SUB/WEB\"}], " PORTS)));
    CU_ASSERT_TRUE_FATAL(r.good && r.nsgs.data[0]->rules[MLN_INBOUND].len == 1);
    const struct mln_rule *rule = r.nsgs.data[0]->rules[MLN_INBOUND].data[0];
    CU_ASSERT_PTR_EQUAL(rule->src.asg, rule->dst.asg);
    CU_ASSERT_STRING_EQUAL(rule->src.asg->name, "Web");
    mln_arena_free(r.ctx.arena);
}

/* ---- what the service answered ---- */

static char *read_all(struct mln_ctx *ctx, const char *path, bool *good)
{
    size_t length;
    char *text = mln_file_read(ctx->arena, path, &length);
    struct mln_imported_nsg_vec nsgs = {0};
    struct mln_buf out;
    mln_buf_init(&out, ctx->arena);
    *good = text && mln_nsg_read(ctx, public_tags(ctx), "nsg.json", text, length, &nsgs) &&
            ctx->diags->errors == 0;
    for (size_t i = 0; i < nsgs.len; i++)
        mln_buf_printf(&out, "%s %s\n", nsgs.data[i]->location ? nsgs.data[i]->location : "",
                       nsg_text(ctx->arena, nsgs.data[i]));
    return mln_strdup(ctx->arena, out.data ? out.data : "");
}

/* Reads every answer of a folder, and the flattened form of it where there is one: both must say
 * the same. */
static unsigned check_answers(const char *folder)
{
    struct mln_ctx ctx = new_ctx();
    unsigned count = 0;
    DIR *dir =
        opendir(shared_path(ctx.arena, mln_printf(ctx.arena, "corpus/service/%s/get", folder)));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *end = strstr(entry->d_name, ".response.json");
        if (!end)
            continue;
        bool good;
        const char *path = mln_printf(ctx.arena, "corpus/service/%s/get/%s", folder, entry->d_name);
        const char *text = read_all(&ctx, shared_path(ctx.arena, path), &good);
        CU_ASSERT_TRUE(good);
        path = shared_path(ctx.arena,
                           mln_printf(ctx.arena, "corpus/service-flattened/%s/get/%.*s.cli.json",
                                      folder, (int)(end - entry->d_name), entry->d_name));
        if (mln_file_exists(path))
            CU_ASSERT_STRING_EQUAL(read_all(&ctx, path, &good), text);
        CU_ASSERT_TRUE(good);
        count++;
    }
    if (dir)
        closedir(dir);
    mln_arena_free(ctx.arena);
    return count;
}

static void reads_what_the_service_answered(void)
{
    unsigned count = check_answers("cli") + check_answers("xplat");
    if (!count)
        UNIT_SKIP("the recorded answers are not here");
}

/* ---- mutations ---- */

#define SEED UINT64_C(20260622)

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void mutate(char *text, size_t length, uint64_t *state)
{
    static const char bytes[] = "\"{}[]:,\\ 0-9*ae\xc3\x01";
    for (uint64_t i = next_random(state) % 4 + 1; i > 0; i--)
        text[next_random(state) % length] = bytes[next_random(state) % (sizeof bytes - 1)];
}

/* No mutation crashes a reader, and none that is refused goes without an error. */
static void survives_mutations(void)
{
    static const char nsg[] =
        NSG(RULE("a", "100",
                 "\"sourceAddressPrefixes\": [\"10.0.0.0/8\", \"11.0.0.0/8\"], "
                 "\"destinationAddressPrefix\": \"Storage.WestEurope\", " PORTS));
    static const char tags[] =
        FILE_OF("Public", TAG("Storage.WestEurope", "westeurope", "18",
                              "\"20.0.0.0/15\", \"2603::/16\"", "[\"NSG\"]"));
    uint64_t state = SEED;
    for (int i = 0; i < 2000; i++) {
        struct mln_ctx ctx = new_ctx();
        char *text = mln_strdup(ctx.arena, i % 2 ? nsg : tags);
        mutate(text, strlen(text), &state);
        struct mln_imported_nsg_vec out = {0};
        struct mln_tags *none = mln_tags_new(&ctx, MLN_CLOUD_PUBLIC, false);
        mln_tags_finish(none);
        bool good = i % 2 ? mln_nsg_read(&ctx, none, "m.json", text, strlen(text), &out)
                          : mln_tagfile_read(&ctx, "m.json", text, strlen(text)) != NULL;
        if (!good && ctx.diags->errors == 0)
            CU_FAIL("refused without a word");
        mln_arena_free(ctx.arena);
    }
    CU_PASS("2000 mutations");
}

void suite_import(void)
{
    UNIT_SUITE("import");
    UNIT_TEST(accepts_json);
    UNIT_TEST(makes_the_tree_that_cjson_makes);
    UNIT_TEST(refuses_what_is_not_json);
    UNIT_TEST(bounds_depth);
    UNIT_TEST(finds_a_key_among_many);
    UNIT_TEST(values_have_places);
    UNIT_TEST(reads_the_download);
    UNIT_TEST(reads_the_rest_answer);
    UNIT_TEST(reads_prefixes_however_they_are_written);
    UNIT_TEST(finds_the_list_of_tags);
    UNIT_TEST(refuses_bad_tag_files);
    UNIT_TEST(refuses_a_cut_file);
    UNIT_TEST(reads_the_public_file);
    UNIT_TEST(reads_the_usgov_file);
    UNIT_TEST(reads_the_china_file);
    UNIT_TEST(the_file_agrees_with_the_catalogue);
    UNIT_TEST(the_prefixes_are_all_there);
    UNIT_TEST(reads_nsgs);
    UNIT_TEST(reports_what_azure_refuses);
    UNIT_TEST(reports_limits);
    UNIT_TEST(shares_groups_by_id);
    UNIT_TEST(reads_what_the_service_answered);
    UNIT_TEST(survives_mutations);
}
