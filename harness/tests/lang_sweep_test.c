/* Sweeps, -D, when; includes and macros; altered literals; memory that runs out. */
#include "lang_helper.h"

#define SWEPT(sweeps, rest) HELP_HEAD sweeps HELP_TARGET HELP_RUN HELP_MUST rest

static rig_status open_status(const char *text, const help_file *files, rig_scn_problems *problems)
{
    rig_scn_file *file;
    rig_status status = help_open(text, files, &file, problems);
    rig_scn_file_free(file);
    return status;
}

static void cross_product_with_the_last_fastest(void)
{
    static const char *const want[][2] = {{"1", "x"},   {"1", "y z"}, {"2", "x"},
                                          {"2", "y z"}, {"9", "x"},   {"9", "y z"}};
    rig_scn_file *file;
    rig_scn_problems problems;
    const char *text = SWEPT("sweep a in [1..2, 9]\nsweep b in [x, \"y z\"]\n", "choice \"$a and $b\"\n");
    CU_ASSERT_EQUAL_FATAL(help_open(text, NULL, &file, &problems), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_scn_cases(file), 6);
    for (uint32_t i = 0; i < 6; i++) {
        rig_scn *made;
        char choice[32];
        snprintf(choice, sizeof(choice), "%s and %s", want[i][0], want[i][1]);
        CU_ASSERT_EQUAL_FATAL(rig_scn_case(file, i, &made, &problems), RIG_OK);
        CU_ASSERT_TRUE(rig_view_is(made->bindings[0].value, want[i][0]));
        CU_ASSERT_TRUE(rig_view_is(made->bindings[1].value, want[i][1]));
        CU_ASSERT_TRUE(rig_view_is(made->choices[0], choice));
        rig_scn_free(made);
    }
    rig_scn *beyond;
    CU_ASSERT_EQUAL(rig_scn_case(file, 6, &beyond, &problems), RIG_E_ARGUMENT);
    rig_scn_file_free(file);
}

static void values_stand_anywhere(void)
{
    rig_scn_file *file;
    rig_scn *made =
        help_case(HELP_HEAD "sweep len in [512, 70000]\nsweep pdu in [Snack]\nsweep f in [LUN]\n" HELP_TARGET
                            "  offer MaxBurstLength=$len\nrun\n  login iqn.2026-01.example.sim:a\n"
                            "  scsi lun 0 read-10 blocks=1 edtl $len\nnever > $pdu $f=1\n",
                  NULL, &file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    CU_ASSERT_TRUE(rig_view_is(made->target.nodes[0].offers[0].value, "512"));
    CU_ASSERT_EQUAL(rig_scn_step_arg(&made->steps[1], "edtl")->value.number, 512);
    CU_ASSERT_EQUAL(made->musts[0].line->pdu, RIG_PDU_SNACK);
    CU_ASSERT_EQUAL(made->musts[0].line->conds[0].field, RIG_F_LUN);
    rig_scn_free(made);
    rig_scn_file_free(file);
}

static void defines_replace_values(void)
{
    static const rig_scn_binding define = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"7,8", 3}};
    rig_scn_config config = {.alloc = rig_alloc_libc(), .defines = &define, .num_defines = 1};
    rig_scn_file *file;
    rig_scn *made;
    rig_view text = rig_view_str(SWEPT("sweep a in [1..5]\n", "when $a == 1\n  never > Snack\n"));
    CU_ASSERT_EQUAL_FATAL(rig_scn_open(&config, rig_view_str("t.scn"), text, &file, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_scn_cases(file), 2);
    CU_ASSERT_TRUE(rig_scn_sweeps(file, rig_view_str("a")));
    CU_ASSERT_FALSE(rig_scn_sweeps(file, rig_view_str("b")));
    CU_ASSERT_EQUAL_FATAL(rig_scn_case(file, 1, &made, NULL), RIG_OK);
    CU_ASSERT_TRUE(rig_view_is(made->bindings[0].value, "8"));
    rig_scn_free(made);
    rig_scn_file_free(file);
}

typedef struct held {
    const char *condition;
    uint32_t clauses; /* with a = 5, b = X+Y */
} held;

static void conditions(void)
{
    static const held all[] = {{"$a == 5", 2},
                               {"$a != 5", 1},
                               {"$a < 5", 1},
                               {"$a <= 5", 2},
                               {"$a > 4 and $a >= 5", 2},
                               {"X in $b", 2},
                               {"Z in $b", 1},
                               {"Z not in $b", 2},
                               {"$a in 4,5", 2},
                               {"$a == 1 or X in $b", 2},
                               {"$a == 1 and X in $b or $b == X+Y", 2},
                               {"$b == X", 1},
                               {"0x5 == $a", 2}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char text[600];
        snprintf(text, sizeof(text),
                 SWEPT("sweep a in [5, 6, 1]\nsweep b in [X+Y, X, Z]\n", "when %s\n  never > Snack\n"),
                 all[i].condition);
        rig_scn_file *file;
        rig_scn *made = help_case(text, NULL, &file);
        CU_ASSERT_PTR_NOT_NULL_FATAL(made);
        CU_ASSERT_EQUAL(made->num_musts, all[i].clauses);
        rig_scn_free(made);
        rig_scn_file_free(file);
    }
}

typedef struct wrong {
    const char *text;
    uint32_t line, col;
    const char *says;
} wrong;

static void wrong_sweeps(void)
{
    static const wrong all[] = {
        {SWEPT("sweep a [1]\n", ""), 3, 9, "write sweep NAME in"},
        {SWEPT("sweep a in 1\n", ""), 3, 12, "write sweep NAME in"},
        {SWEPT("sweep a in [1,,2]\n", ""), 3, 12, "empty"},
        {SWEPT("sweep a in [4..1]\n", ""), 3, 12, "the range is empty"},
        {SWEPT("sweep a in [1]\nsweep a in [2]\n", ""), 4, 7, "there already, in line 3"},
        {SWEPT("sweep a-b in [1]\n", ""), 3, 7, "letters, digits"},
        {SWEPT("sweep a in [1..5000]\n", ""), 3, 12, "more than 4096 values"},
        {SWEPT("sweep a in [1..400]\nsweep b in [1..400]\n", ""), 4, 7, "more than 100000 cases"},
        {SWEPT("sweep a in [1]\n", "when $b == 1\n  never > Snack\n"), 9, 6,
         "unknown sweep \"b\"; the nearest known is \"a\""},
        {SWEPT("sweep a in [1]\n", "when $a is 1\n  never > Snack\n"), 9, 9, "one of == !="},
        {SWEPT("sweep a in [x]\n", "when $a < 1\n  never > Snack\n"), 9, 11, "compares numbers"},
        {SWEPT("sweep a in [x]\n", "when $a == y\n  never > Snack\n"), 9, 1, "no case of the sweeps"},
        {SWEPT("sweep a in [x]\n", "when $a == x\n"), 9, 13, "nothing stands under"},
        {SWEPT("sweep a in [x]\n", "when $a == x\n  tags b\n"), 10, 3, "when guards"},
        {SWEPT("sweep a in [1, 65536]\n", "never > Login TSIH=$a\n"), 9, 15, "TSIH"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        rig_scn_problems problems;
        rig_status status = open_status(all[i].text, NULL, &problems);
        const rig_scn_problem *got = &problems.list[0];
        bool ok = status != RIG_OK && got->line == all[i].line && got->col == all[i].col &&
                  strstr(got->text, all[i].says);
        if (!ok)
            printf("\n  %zu: want %u:%u %s, got %u:%u %s\n", i, all[i].line, all[i].col, all[i].says,
                   got->line, got->col, got->text);
        CU_ASSERT_TRUE(ok);
    }
}

/* ---- macros ---- */

#define CALLS(call) HELP_HEAD "include \"m.inc\"\n" HELP_TARGET HELP_RUN HELP_MUST "trace\n" call

static void macros_have_names_of_their_own(void)
{
    static const help_file files[] = {
        {"m.inc", "macro one $tag with SN=5 Status\n  > ScsiCmd ITT=$tag CmdSN=$SN ExpStatSN=$own\n"
                  "  < ScsiResp ITT=$tag StatSN=$own Status=$Status\n"
                  "macro two $tag\n  one $tag with SN=$own\n"},
        {NULL, NULL}};
    rig_scn_file *file;
    rig_scn *made =
        help_case(CALLS("  two $a\n  one $b with Status=GOOD\n  > ScsiCmd ITT=$own\n"), files, &file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    static const char *const want[] = {"> ScsiCmd   ITT=$a CmdSN=$two.1.own ExpStatSN=$own",
                                       "< ScsiResp  ITT=$a StatSN=$own",
                                       "> ScsiCmd   ITT=$b CmdSN=5 ExpStatSN=$own",
                                       "< ScsiResp  ITT=$b StatSN=$own Status=GOOD", "> ScsiCmd   ITT=$own"};
    CU_ASSERT_EQUAL_FATAL(made->traces[0].num_lines, 5);
    for (uint32_t i = 0; i < 5; i++) {
        char line[200];
        rig_text text;
        rig_text_init(&text, line, sizeof(line));
        rig_scn_line_print(&text, &made->traces[0].lines[i]);
        CU_ASSERT_STRING_EQUAL(line, want[i]);
    }
    uint32_t inner = made->traces[0].lines[0].conds[2].pattern.low.var;
    uint32_t again = made->traces[0].lines[2].conds[2].pattern.low.var;
    uint32_t outer = made->traces[0].lines[4].conds[0].pattern.low.var;
    CU_ASSERT_NOT_EQUAL(inner, again);
    CU_ASSERT_NOT_EQUAL(again, outer);
    CU_ASSERT_EQUAL(made->traces[0].lines[0].call.line, 10);
    rig_scn_free(made);
    rig_scn_file_free(file);
}

static void wrong_macros(void)
{
    static const struct {
        const char *include, *call, *path;
        uint32_t line, col;
        const char *says;
    } all[] = {{"tags a\n", "  ! close\n", "m.inc", 1, 1, "macros, a target section and includes only"},
               {"include \"m.inc\"\n", "  ! close\n", "m.inc", 1, 9, "includes itself"},
               {"include \"t.scn\"\n", "  ! close\n", "m.inc", 1, 9, "cannot be read"},
               {"macro a\n", "  ! close\n", "m.inc", 1, 8, "no lines"},
               {"macro a\n  ! close\nmacro a\n  ! close\n", "  ! close\n", "m.inc", 3, 7,
                "there already, in line 1 of m.inc"},
               {"macro a $x $x\n  ! close\n", "  ! close\n", "m.inc", 1, 12, "twice"},
               {"macro a\n  ! clsoe\n", "  ! close\n", "m.inc", 2, 5, "the nearest known is \"close\""},
               {"macro a\n  ! close\n", "  b\n", "t.scn", 10, 3, "unknown macro"},
               {"macro abc\n  ! close\n", "  acb\n", "t.scn", 10, 3, "the nearest known is \"abc\""},
               {"macro a $x\n  > NopOut ITT=$x\n", "  a\n", "t.scn", 10, 4, "wants x here"},
               {"macro a with Lun=0\n  > NopOut LUN=$Lun\n", "  a with lun=1\n", "t.scn", 10, 10,
                "the nearest known is \"Lun\""},
               {"macro a with L=0\n  > NopOut LUN=$L\n", "  a with L\n", "t.scn", 10, 10, "write L=PATTERN"},
               {"macro a\n  ! close\n", "  a $x\n", "t.scn", 10, 5, "one word too many"},
               {"macro a\n  a\n", "  a\n", "m.inc", 2, 3, "more than 8 deep"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        help_file files[] = {{"m.inc", all[i].include}, {NULL, NULL}};
        char text[600];
        snprintf(text, sizeof(text), "%s%s", CALLS(""), all[i].call);
        rig_scn_problems problems;
        rig_status status = open_status(text, files, &problems);
        const rig_scn_problem *got = &problems.list[0];
        bool ok = status != RIG_OK && !strcmp(got->path, all[i].path) && got->line == all[i].line &&
                  got->col == all[i].col && strstr(got->text, all[i].says);
        if (!ok)
            printf("\n  %zu: want %s:%u:%u %s, got %s:%u:%u %s\n", i, all[i].path, all[i].line, all[i].col,
                   all[i].says, got->path, got->line, got->col, got->text);
        CU_ASSERT_TRUE(ok);
    }
}

static void includes_nest_to_a_limit(void)
{
    static const help_file files[] = {
        {"m.inc", "include \"1\"\n"}, {"1", "include \"2\"\n"},      {"2", "include \"3\"\n"},
        {"3", "include \"4\"\n"},     {"4", "include \"5\"\n"},      {"5", "include \"6\"\n"},
        {"6", "include \"7\"\n"},     {"7", "macro a\n  ! close\n"}, {NULL, NULL}};
    static const help_file deeper[] = {{"m.inc", "include \"0\"\n"},  {"0", "include \"1\"\n"},
                                       {"1", "include \"2\"\n"},      {"2", "include \"3\"\n"},
                                       {"3", "include \"4\"\n"},      {"4", "include \"5\"\n"},
                                       {"5", "include \"6\"\n"},      {"6", "include \"7\"\n"},
                                       {"7", "macro a\n  ! close\n"}, {NULL, NULL}};
    rig_scn_problems problems;
    CU_ASSERT_EQUAL(open_status(CALLS("  a\n"), files, &problems), RIG_OK);
    CU_ASSERT_EQUAL(open_status(CALLS("  a\n"), deeper, &problems), RIG_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(problems.list[0].path, "6");
}

/* ---- target sections of includes ---- */

static void includes_bring_targets(void)
{
    static const help_file files[] = {
        {"t.inc", "include \"below.inc\"\ntarget\n  node iqn.2026-01.example.sim:b\n  on NopOut do drop\n"},
        {"below.inc", "target\n  window 3\n  offer MaxBurstLength=$size\n  node iqn.2026-01.example.sim:a\n"},
        {NULL, NULL}};
    rig_scn_file *file;
    rig_scn *made = help_case(HELP_HEAD "include \"t.inc\"\nsweep size in [4096, 8192]\n"
                                        "target\n  lun 3 ram 1MiB\n" HELP_RUN HELP_MUST,
                              files, &file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    CU_ASSERT_EQUAL(made->target.window, 3);
    CU_ASSERT_EQUAL_FATAL(made->target.num_nodes, 2);
    CU_ASSERT(rig_view_is(made->target.nodes[0].name, "iqn.2026-01.example.sim:a"));
    CU_ASSERT(rig_view_is(made->target.nodes[1].name, "iqn.2026-01.example.sim:b"));
    CU_ASSERT_EQUAL(made->target.nodes[0].num_luns, 0);
    CU_ASSERT_EQUAL_FATAL(made->target.nodes[1].num_luns, 1);
    CU_ASSERT_EQUAL(made->target.nodes[1].luns[0].lun, 3);
    CU_ASSERT_EQUAL(made->target.nodes[1].luns[0].place.file, 0);
    CU_ASSERT(rig_view_is(made->target.nodes[1].offers[0].value, "4096"));
    CU_ASSERT_EQUAL_FATAL(made->target.num_rules, 1);
    CU_ASSERT(rig_view_is(rig_scn_path(file, made->target.rule_places[0].file), "t.inc"));
    CU_ASSERT_EQUAL(made->target.rule_places[0].line, 4);
    rig_scn_free(made);
    rig_scn_file_free(file);
}

/* A target of an include is another side; what is wrong in it is told with its own place. */
static void wrong_targets_of_includes(void)
{
    static const struct {
        const char *include, *own, *path;
        uint32_t line, col;
        const char *says;
    } all[] = {{"target\n  node iqn.2026-01.example.sim:a\n  lun 0 rom 1MiB\n", "", "t.inc", 3, 9, "ram"},
               {"target\n  lun 0 ram 1MiB\n", "", "t.inc", 2, 3, "wants a node above it"},
               {"target\n  node iqn.2026-01.example.sim:a\n", "target\n  node iqn.2026-01.example.sim:a\n",
                "t.scn", 5, 3, "in line 2 of t.inc"},
               {"initiator\n  cmdsn 3\n", "", "t.inc", 1, 1, "macros, a target section and includes only"},
               {"sweep x in [1]\n", "", "t.inc", 1, 1, "macros, a target section and includes only"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        help_file files[] = {{"t.inc", all[i].include}, {NULL, NULL}};
        char text[600];
        snprintf(text, sizeof(text), HELP_HEAD "include \"t.inc\"\n%s" HELP_RUN HELP_MUST, all[i].own);
        rig_scn_problems problems;
        rig_status status = open_status(text, files, &problems);
        const rig_scn_problem *got = &problems.list[0];
        bool ok = status != RIG_OK && !strcmp(got->path, all[i].path) && got->line == all[i].line &&
                  got->col == all[i].col && strstr(got->text, all[i].says);
        if (!ok)
            printf("\n  %zu: want %s:%u:%u %s, got %s:%u:%u %s\n", i, all[i].path, all[i].line, all[i].col,
                   all[i].says, got->path, got->line, got->col, got->text);
        CU_ASSERT_TRUE(ok);
    }
}

/* ---- literals ---- */

static char *everything(void)
{
    return help_read("harness/fuzz/corpus/scenario/all.scn");
}

static const help_file other[] = {
    {"other.inc", "macro pair $x with A B=1\n  > NopOut ITT=$x F=$A\n  < NopIn ITT=$x TTT=$B\n"},
    {NULL, NULL}};

static void every_literal_can_be_altered(void)
{
    char *text = everything();
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    rig_scn_file *file;
    rig_scn *made = help_case(text, other, &file), *altered;
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    CU_ASSERT_TRUE(made->num_literals > 30);
    for (uint32_t i = 1; i <= made->num_literals; i++) {
        CU_ASSERT_EQUAL_FATAL(rig_scn_case_altered(file, 0, i, &altered, NULL), RIG_OK);
        bool changed = !rig_scn_equal(made, altered);
        if (!changed)
            printf("\n  literal %u of line %u does not change\n", i, made->literals[i - 1].place.line);
        CU_ASSERT_TRUE(changed);
        CU_ASSERT_EQUAL(altered->num_literals, made->num_literals);
        rig_scn_free(altered);
    }
    CU_ASSERT_EQUAL(rig_scn_case_altered(file, 0, made->num_literals + 1, &altered, NULL), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(rig_scn_case_altered(file, 0, 0, &altered, NULL), RIG_E_NOT_FOUND);
    rig_scn_free(made);
    rig_scn_file_free(file);
    free(text);
}

typedef struct alteration {
    const char *clause;
    const char *becomes;
} alteration;

static void alterations_contradict(void)
{
    static const alteration all[] = {
        {"must > Login TSIH=0", "must > Login TSIH=1"},
        {"must > Login T=1", "must > Login T=0"},
        {"must > Login TSIH!=0", "must > Login TSIH=0"},
        {"must > Login TSIH=1..4", "must > Login TSIH=5"},
        {"must > Login HeaderDigest=None", "must > Login HeaderDigest=CRC32C"},
        {"must > Login TargetName=abc", "must > Login TargetName=abcx"},
        {"must > Login InitialR2T=Yes", "must > Login InitialR2T=No"},
        {"must < ScsiResp Status=GOOD", "must < ScsiResp Status=CHECK-CONDITION"},
        {"must at-least 2 > Login", "must at-most 1 > Login"},
        {"must at-most 2 > Login", "must at-least 3 > Login"},
        {"must exactly 2 > Login", "must exactly 3 > Login"},
        {"must $s == ok", "must $s == delivery-failure"},
        {"must $s != ok", "must $s == ok"},
        {"must $s.tsih < 9", "must $s.tsih >= 9"},
        {"must $s.data-equal == yes", "must $s.data-equal == no"},
        {"must ! close by target", "must ! close by initiator"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char text[500], line[200];
        snprintf(text, sizeof(text), "%s%s\n", HELP_HEAD HELP_TARGET HELP_RUN, all[i].clause);
        rig_scn_file *file;
        rig_scn_problems problems;
        rig_scn *altered;
        CU_ASSERT_EQUAL_FATAL(help_open(text, NULL, &file, &problems), RIG_OK);
        CU_ASSERT_EQUAL_FATAL(rig_scn_case_altered(file, 0, 1, &altered, NULL), RIG_OK);
        rig_text shown;
        rig_text_init(&shown, line, sizeof(line));
        rig_scn_must_print(&shown, &altered->musts[0], altered);
        CU_ASSERT_STRING_EQUAL(line, all[i].becomes);
        rig_scn_free(altered);
        rig_scn_file_free(file);
    }
}

/* ---- memory ---- */

static void any_allocation_may_fail(void)
{
    char *text = everything();
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    rig_status status = RIG_E_NOMEM;
    uint64_t tries = 0;
    for (uint64_t at = 1; status != RIG_OK && at < 100000; at++) {
        rig_alloc_meter meter;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = at;
        rig_scn_config config = {.alloc = &meter.alloc, .load = help_load, .ctx = (void *)(uintptr_t)other};
        rig_scn_file *file;
        rig_scn *made = NULL;
        status = rig_scn_open(&config, rig_view_str("t.scn"), rig_view_str(text), &file, NULL);
        if (status == RIG_OK)
            status = rig_scn_case(file, 0, &made, NULL);
        CU_ASSERT_TRUE(status == RIG_OK || status == RIG_E_NOMEM);
        rig_scn_free(made);
        rig_scn_file_free(file);
        CU_ASSERT_EQUAL(meter.num_live, 0);
        tries = at;
    }
    CU_ASSERT_EQUAL(status, RIG_OK);
    CU_ASSERT_TRUE(tries > 10);
    free(text);
}

RIG_SUITE("lang_sweep", {"cross product with the last fastest", cross_product_with_the_last_fastest},
          {"values stand anywhere", values_stand_anywhere},
          {"defines replace values", defines_replace_values}, {"conditions", conditions},
          {"wrong sweeps", wrong_sweeps}, {"macros have names of their own", macros_have_names_of_their_own},
          {"wrong macros", wrong_macros}, {"includes nest to a limit", includes_nest_to_a_limit},
          {"includes bring targets", includes_bring_targets},
          {"wrong targets of includes", wrong_targets_of_includes},
          {"every literal can be altered", every_literal_can_be_altered},
          {"alterations contradict", alterations_contradict},
          {"any allocation may fail", any_allocation_may_fail})
