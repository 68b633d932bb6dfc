/* Bless: what of a file is rewritten, and what stays. */
#include "match_items.h"

#include "rig/bless.h"

#define HEAD "scenario \"t\"\n# trace is no block here\nmust ! close # trace\n"

/* The text with its lines from first to last (a trace block) blessed with a body. */
static bool rewritten(const char *text, uint32_t first, uint32_t last, const char *body, const char *wanted)
{
    char *out = NULL;
    size_t len = 0, size = 0;
    const rig_bless_block block = {first, last, rig_view_str(body)};
    rig_status status = rig_bless_rewrite(rig_alloc_libc(), rig_view_str(text), &block, 1, &out, &len, &size);
    bool same = status == RIG_OK && rig_view_eq(rig_view_of(out, len), rig_view_str(wanted));
    if (!same)
        printf("\n    %s\n%.*s", rig_status_name(status), (int)len, out ? out : "");
    rig_delete(rig_alloc_libc(), out, size);
    return same;
}

static void only_the_body_changes(void)
{
    CU_ASSERT(rewritten(HEAD "trace some\n  > NopOut    F=0\nmust  ! connect\n", 4, 5, "> NopOut    F=1\n",
                        HEAD "trace some\n  > NopOut    F=1\nmust  ! connect\n"));
    CU_ASSERT(rewritten(HEAD "when $a == 1\n  trace\n      ! close\n\n\nnever ! close\n", 5, 6,
                        "! connect\n> Login     T=1\n      A=B\n",
                        HEAD
                        "when $a == 1\n  trace\n      ! connect\n      > Login     T=1\n            A=B\n\n\n"
                        "never ! close\n"));
    CU_ASSERT(rewritten(HEAD "trace\n  ! close", 4, 5, "! connect\n", HEAD "trace\n  ! connect\n"));
}

static void comments_stay(void)
{
    CU_ASSERT(rewritten("trace\n  # first\n  > NopOut    F=0   # a \"ping\"\n  # second\n\n  < NopIn     "
                        "data \"# none\"\n  # last\n",
                        1, 7, "! connect\n> NopOut    F=1\n< NopIn     F=1\n",
                        "trace\n  ! connect\n  # first\n  > NopOut    F=1   # a \"ping\"\n  # second\n\n"
                        "  < NopIn     F=1\n  # last\n"));
    /* of what did not come again, too */
    CU_ASSERT(rewritten("trace\n  # why\n  > Snack     F=1 # that\n  +1s..2s > NopOut    F=0 # kept\n", 1, 4,
                        "> NopOut    F=1\n", "trace\n  # why\n  # that\n  > NopOut    F=1 # kept\n"));
}

static void blocks_that_are_not_there(void)
{
    char *out = NULL;
    size_t len, size;
    const rig_bless_block twice[] = {{1, 2, rig_view_str("! close\n")}, {1, 2, rig_view_str("! close\n")}};
    const rig_bless_block beyond = {7, 9, rig_view_str("! close\n")};
    rig_view text = rig_view_str("trace\n  ! connect\n");
    CU_ASSERT_EQUAL(rig_bless_rewrite(rig_alloc_libc(), text, twice, 2, &out, &len, &size), RIG_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(out);
    CU_ASSERT_EQUAL(rig_bless_rewrite(rig_alloc_libc(), text, &beyond, 1, &out, &len, &size), RIG_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(out);
}

static void target_sections(void)
{
    static const char base[] =
        "scenario \"t\"\ntarget\n  node a lun 0 ram 1MiB\n  on NopOut do drop\nrun\n  ping 1\n";
    static const struct {
        const char *text;
        bool same;
    } rows[] = {
        {base, true},
        {"scenario \"u\"\n\ntarget   # ours\n\n    node a lun 0 ram 1MiB # big\n    on NopOut do drop\nrun\n "
         " "
         "ping 2\ntrace\n  ! close\n",
         true},
        {"scenario \"t\"\ntarget\n  node a lun 0 ram 2MiB\n  on NopOut do drop\nrun\n  ping 1\n", false},
        {"scenario \"t\"\ntarget\n  node a lun 0 ram 1MiB\nrun\n  ping 1\n", false},
        {"scenario \"t\"\ntarget\n  node a lun 0 ram 1MiB\n  on NopOut do drop\n  on NopOut do close\nrun\n",
         false},
        {"scenario \"t\"\nrun\n  ping 1\n", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(rig_bless_same_target(rig_view_str(base), rig_view_str(rows[i].text)), rows[i].same);
}

/* What the block of the text says of the items, "" when there is nothing. */
static bool says(const char *block, const char *wanted)
{
    bench b;
    char *out = NULL;
    size_t len = 0, size = 0;
    bench_open(&b, block,
               LINES("! connect 192.0.2.10:3260", "> NopOut ITT=0x5 CmdSN=7 ExpStatSN=3",
                     "< NopIn ITT=0x5 StatSN=3 ExpCmdSN=8 MaxCmdSN=9", "! nop-in",
                     "! close by initiator error=\"StatSN: not the next one\""));
    rig_status status =
        rig_bless_body(rig_alloc_libc(), &b.result.scn->traces[0], &b.result.items, &out, &len, &size);
    bool good = status == (wanted[0] ? RIG_OK : RIG_E_NOT_FOUND) &&
                rig_view_eq(rig_view_of(out, out ? len : 0), rig_view_str(wanted));
    if (!good)
        printf("\n    %s\n%.*s", rig_status_name(status), (int)len, out ? out : "");
    rig_delete(rig_alloc_libc(), out, size);
    bench_close(&b);
    return good;
}

static void what_is_recorded(void)
{
    CU_ASSERT(says(
        "trace\n  > NopOut\n",
        "! connect 192.0.2.10:3260\n> NopOut    ITT=$t1 TTT=none CmdSN=$c1 ExpStatSN=$s1\n"
        "< NopIn     ITT=$t1 TTT=none StatSN=$s1 ExpCmdSN=$c1+1 MaxCmdSN=$c1+2\n! close by initiator\n"));
    CU_ASSERT(says("trace some\n  ! nop-in\n  ! close\n", "! nop-in\n! close by initiator\n"));
    CU_ASSERT(says("trace some\n  < NopOut\n", ""));
    CU_ASSERT(
        says("trace some\n  ! close error~x\n", "! close by initiator error=\"StatSN: not the next one\"\n"));
}

RIG_SUITE("bless", {"only the body changes", only_the_body_changes}, {"comments stay", comments_stay},
          {"blocks that are not there", blocks_that_are_not_there}, {"target sections", target_sections},
          {"what is recorded", what_is_recorded})
