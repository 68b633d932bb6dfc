/* The command that repeats a case: words as a shell takes them, and one value of a sweep played alone. */
#include "rig/run.h"
#include "suite.h"

#include <string.h>

static const char text[] = "scenario \"A unit is ready\"\n"
                           "ref RFC7143 4.2\n"
                           "level MUST\n"
                           "target\n"
                           "  node iqn.2026-01.example.sim:disk0\n"
                           "  lun 0 ram 4MiB\n"
                           "sweep who in [first, \"the second\", third]\n"
                           "run\n"
                           "  login iqn.2026-01.example.sim:disk0 -> $in\n"
                           "  logout\n"
                           "must $in == Success\n";

static void words_are_quoted_for_a_shell(void)
{
    static const struct {
        const char *word, *quoted;
    } rows[] = {
        {"plain", "plain"},
        {"iscsi://127.0.0.1:3260/iqn.2026-01.example.sim:disk0/0",
         "iscsi://127.0.0.1:3260/iqn.2026-01.example.sim:disk0/0"},
        {"", "''"},
        {"two words", "'two words'"},
        {"it's", "'it'\\''s'"},
        {"'", "''\\'''"},
        {"$HOME", "'$HOME'"},
        {"a;b", "'a;b'"},
        {"`x`", "'`x`'"},
        {"iscsi://[::1]/x", "'iscsi://[::1]/x'"},
        {"a\nb", "'a\nb'"},
        {"~", "'~'"},
        {"\xc3\xa9", "'\xc3\xa9'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char room[128];
        rig_text out;
        rig_text_init(&out, room, sizeof room);
        rig_run_quote(&out, rig_view_str(rows[i].word));
        CU_ASSERT_STRING_EQUAL(room, rows[i].quoted);
    }
}

static rig_scn_file *open_with(const rig_scn_binding *define)
{
    const rig_scn_config config = {
        .alloc = rig_alloc_libc(), .defines = define, .num_defines = define ? 1 : 0};
    rig_scn_file *file = NULL;
    rig_status status = rig_scn_open(&config, rig_view_str("a b.scn"), rig_view_str(text), &file, NULL);
    CU_ASSERT_EQUAL_FATAL(status, RIG_OK);
    return file;
}

static void play(const rig_run_config *config, rig_scn_file *file, uint32_t index, rig_result *result)
{
    CU_ASSERT_EQUAL_FATAL(rig_run_case(config, file, "a b.scn", index, result), RIG_OK);
    CU_ASSERT_EQUAL(result->verdict, RIG_VERDICT_PASS);
}

static void the_command_names_what_matters(void)
{
    rig_run_config config = {.alloc = rig_alloc_libc(),
                             .has_seed = true,
                             .seed = 7,
                             .link = "split bytes=9",
                             .again = " --strict --timeout 3"};
    rig_result result;
    rig_scn_file *file = open_with(NULL);
    play(&config, file, 1, &result);
    CU_ASSERT_STRING_EQUAL(result.repeat, "iscsirig run 'a b.scn' --seed 7 -D 'who=the second' "
                                          "--link 'split bytes=9' --strict --timeout 3");
    rig_result_cleanup(&result);
    config = (rig_run_config){.alloc = rig_alloc_libc()};
    play(&config, file, 0, &result);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.repeat, " -D who=first"));
    CU_ASSERT_PTR_NULL(strstr(result.repeat, "--link"));
    rig_result_cleanup(&result);
    rig_scn_file_free(file);
}

/* What a value of -D has to be written as, so that it is one value and that one. */
static void values_are_written_as_sweeps_are(void)
{
    static const struct {
        const char *entry, *word;
    } rows[] = {
        {"plain", " -D who=plain"},         {"\"a,b\"", " -D 'who=\"a,b\"'"},
        {"\"1..3\"", " -D 'who=\"1..3\"'"}, {"\"\"", " -D 'who=\"\"'"},
        {"\" x\"", " -D 'who=\" x\"'"},     {"../../etc", " -D 'who=\"../../etc\"'"},
        {"\"it's\"", " -D 'who=it'\\''s'"},
    };
    const rig_run_config config = {.alloc = rig_alloc_libc()};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const rig_scn_binding define = {rig_view_str("who"), rig_view_str(rows[i].entry)};
        rig_result result;
        rig_scn_file *file = open_with(&define);
        CU_ASSERT_EQUAL(rig_scn_cases(file), 1);
        play(&config, file, 0, &result);
        const char *came = strstr(result.repeat, " -D ");
        CU_ASSERT_PTR_NOT_NULL_FATAL(came);
        CU_ASSERT_STRING_EQUAL(came, rows[i].word);
        rig_result_cleanup(&result);
        rig_scn_file_free(file);
    }
}

static bool same_evidence(const rig_result *a, const rig_result *b)
{
    bool same = a->items.num == b->items.num && a->items.num > 0;
    for (size_t i = 0; same && i < a->items.num; i++) {
        const rig_item *left = &a->items.ptr[i], *right = &b->items.ptr[i];
        same = left->kind == right->kind && left->time == right->time;
        if (same && left->kind == RIG_ITEM_PDU)
            same = memcmp(left->pdu.bhs, right->pdu.bhs, RIG_BHS_LEN) == 0;
    }
    return same;
}

/* Alone it is the first case of its file, and yet has to draw what it drew among the others. */
static void a_value_played_alone_draws_the_same(void)
{
    const rig_run_config config = {.alloc = rig_alloc_libc(), .keep_items = true};
    const rig_scn_binding define = {rig_view_str("who"), rig_view_str("third")};
    rig_scn_file *all = open_with(NULL), *one = open_with(&define);
    rig_result other, among, alone;
    CU_ASSERT_EQUAL_FATAL(rig_scn_cases(one), 1);
    play(&config, all, 0, &other);
    play(&config, all, 2, &among);
    play(&config, one, 0, &alone);
    CU_ASSERT_TRUE(same_evidence(&among, &alone));
    CU_ASSERT_FALSE(same_evidence(&other, &alone));
    rig_result_cleanup(&other);
    rig_result_cleanup(&among);
    rig_result_cleanup(&alone);
    rig_scn_file_free(all);
    rig_scn_file_free(one);
}

RIG_SUITE("repeating a case", {"words are quoted for a shell", words_are_quoted_for_a_shell},
          {"the command names what matters", the_command_names_what_matters},
          {"values are written as sweeps are", values_are_written_as_sweeps_are},
          {"a value played alone draws the same", a_value_played_alone_draws_the_same})
