/* fmt: canonical layout, comments kept, meaning unchanged; and the printers of lines and clauses. */
#include "lang_helper.h"

static const help_file other[] = {
    {"other.inc", "macro pair $x with A B=1\n  > NopOut ITT=$x F=$A\n  < NopIn ITT=$x TTT=$B\n"},
    {NULL, NULL}};

static char *formatted(const char *text)
{
    char *out = NULL;
    size_t len = 0;
    rig_scn_problems problems = {.num = 0};
    rig_status status =
        rig_scn_format(rig_alloc_libc(), rig_view_str("t.scn"), rig_view_str(text), &out, &len, &problems);
    CU_ASSERT_EQUAL(status, RIG_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(strlen(out), len);
    return out;
}

static void drop(char *text)
{
    rig_delete(rig_alloc_libc(), text, text ? strlen(text) + 1 : 0);
}

static void layout(void)
{
    static const char rough[] = "\n\n# top  \nscenario   \"t\"   # named\r\n"
                                "level MUST tags a b # two\n\n\n"
                                "target\n"
                                "     # the node\n"
                                "     node iqn.2026-01.example.sim:a   lun 0 ram 1MiB\n"
                                "             lun 1 ram 1MiB\n"
                                "initiator name iqn.2026-01.example.host:a\n"
                                "trace some\n"
                                " > Login T=1   CSG=0 # first\n"
                                "    InitiatorName=x\n"
                                " < LoginResp T=1\n"
                                " > ScsiCmd\n"
                                "must $a == x; never > Snack\n\n";
    static const char want[] = "# top\nscenario \"t\"            # named\n"
                               "level MUST    tags a b  # two\n\n"
                               "target\n"
                               "  # the node\n"
                               "  node iqn.2026-01.example.sim:a lun 0 ram 1MiB\n"
                               "      lun 1 ram 1MiB\n"
                               "initiator name iqn.2026-01.example.host:a\n"
                               "trace some\n"
                               "  > Login     T=1 CSG=0  # first\n"
                               "      InitiatorName=x\n"
                               "  < LoginResp T=1\n"
                               "  > ScsiCmd\n"
                               "must $a == x ; never > Snack\n";
    char *out = formatted(rough);
    if (strcmp(out, want) != 0)
        printf("\n%s", out);
    CU_ASSERT_STRING_EQUAL(out, want);
    drop(out);
}

static void guarded_blocks_are_nested(void)
{
    static const char rough[] =
        "when $a == 1\n   trace some\n       > Login keys _\n           T=1\n   must ! close\n";
    static const char want[] =
        "when $a == 1\n  trace some\n    > Login     keys _\n        T=1\n  must ! close\n";
    char *out = formatted(rough);
    CU_ASSERT_STRING_EQUAL(out, want);
    drop(out);
}

static void separators_stand_alone(void)
{
    char *once = formatted("must ! close;;,\n"), *twice = formatted(once);
    CU_ASSERT_STRING_EQUAL(once, "must ! close ; ;,\n");
    CU_ASSERT_STRING_EQUAL(once, twice);
    drop(once);
    drop(twice);
}

static void wrong_layout_is_refused(void)
{
    char *out = NULL;
    size_t len = 0;
    rig_scn_problems problems = {.num = 0};
    rig_status status = rig_scn_format(rig_alloc_libc(), rig_view_str("t.scn"),
                                       rig_view_str("run\n    pass 1s\n  pass 1s\n"), &out, &len, &problems);
    CU_ASSERT_EQUAL(status, RIG_E_SYNTAX);
    CU_ASSERT_PTR_NULL(out);
    CU_ASSERT_EQUAL(problems.list[0].line, 3);
    CU_ASSERT_EQUAL(problems.list[0].col, 3);
}

static bool same_cases(const rig_scn_file *a, const rig_scn_file *b)
{
    bool same = rig_scn_cases(a) == rig_scn_cases(b);
    for (uint32_t i = 0; same && i < rig_scn_cases(a); i++) {
        rig_scn *x = NULL, *y = NULL;
        same = rig_scn_case(a, i, &x, NULL) == RIG_OK && rig_scn_case(b, i, &y, NULL) == RIG_OK &&
               rig_scn_equal(x, y);
        rig_scn_free(x);
        rig_scn_free(y);
    }
    return same;
}

static void printing_keeps_the_meaning(void)
{
    static const char *const names[] = {"all.scn", "boot.scn", "digest.scn", "discovery.scn"};
    char *standard = help_read("scenarios/include/login.inc");
    help_file files[] = {{"login.inc", standard}, other[0], {NULL, NULL}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[200];
        snprintf(path, sizeof(path), "harness/fuzz/corpus/scenario/%s", names[i]);
        char *text = help_read(path);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        char *once = formatted(text), *twice = formatted(once);
        CU_ASSERT_STRING_EQUAL(once, twice);
        rig_scn_file *before, *after;
        rig_scn_problems problems;
        CU_ASSERT_EQUAL_FATAL(help_open(text, files, &before, &problems), RIG_OK);
        CU_ASSERT_EQUAL_FATAL(help_open(once, files, &after, &problems), RIG_OK);
        CU_ASSERT_TRUE(same_cases(before, after));
        rig_scn_file_free(before);
        rig_scn_file_free(after);
        drop(once);
        drop(twice);
        free(text);
    }
    free(standard);
}

static void different_cases_are_not_equal(void)
{
    rig_scn_file *first, *second;
    rig_scn *a = help_case(HELP_ALL "never > Login TSIH=0\n", NULL, &first);
    rig_scn *b = help_case(HELP_ALL "never > Login TSIH=1\n", NULL, &second);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_FALSE(rig_scn_equal(a, b));
    CU_ASSERT_TRUE(rig_scn_equal(a, a));
    rig_scn_free(a);
    rig_scn_free(b);
    rig_scn_file_free(first);
    rig_scn_file_free(second);
}

/* What a clause prints reads back as the same clause. */
static void clauses_print_and_read_back(void)
{
    static const char *const all[] = {
        "must exactly 1 ! close reason=header-digest by initiator [DIG-007]",
        "must at-least 2 > _ connection=0 before ! close",
        "never > Snack Type=status after < ScsiResp before ! close [SNACK-003 SNACK-004]",
        "must every > TextReq has SendTargets alone",
        "must every < DataIn F=1 has DataSN=0..3 LUN=0",
        "must > Login TSIH!=0 InitiatorName=\"two words\" \"Odd\"=x HeaderDigest~CRC32C keys _",
        "must > ScsiCmd CDB=read-10(lba=0,blocks=8) CmdSN=$c",
        "must > DataOut data hex:0102 before < R2T !bad-header-digest",
        "must $s == ok",
        "must $s.MaxBurstLength != 16384",
        "must ! connect 192.0.2.10:3260",
        "must +1s..2s ! nexus-loss notice"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char text[600], line[300];
        snprintf(text, sizeof(text), "%s%s\n", HELP_HEAD HELP_TARGET HELP_RUN, all[i]);
        rig_scn_file *file;
        rig_scn *made = help_case(text, NULL, &file);
        CU_ASSERT_PTR_NOT_NULL_FATAL(made);
        rig_text shown;
        rig_text_init(&shown, line, sizeof(line));
        rig_scn_must_print(&shown, &made->musts[0], made);
        CU_ASSERT_STRING_EQUAL(line, all[i]);
        rig_scn_free(made);
        rig_scn_file_free(file);
    }
}

RIG_SUITE("lang_format", {"layout", layout}, {"guarded blocks are nested", guarded_blocks_are_nested},
          {"separators stand alone", separators_stand_alone},
          {"wrong layout is refused", wrong_layout_is_refused},
          {"printing keeps the meaning", printing_keeps_the_meaning},
          {"different cases are not equal", different_cases_are_not_equal},
          {"clauses print and read back", clauses_print_and_read_back})
