/* Runs in real time: commands of a product's initiator, limits, and what is skipped before anything is waited
 * for. */
#include <string.h>

#include "rig/run.h"
#include "suite.h"

#define HEAD "scenario \"a test\"\nref RFC7143 6.3\nlevel MUST\n"
#define TARGET "target\n  node iqn.2026-01.example:t\n  lun 0 ram 1MiB\n"
#define PEER HEAD "needs peer\n" TARGET "never > Snack\n"
#define MS UINT64_C(1000000)

typedef struct played {
    rig_scn_file *file;
    rig_result result;
} played;

static void play(played *p, const char *text, rig_run_config config)
{
    const rig_scn_config reading = {.alloc = rig_alloc_libc()};
    *p = (played){0};
    config.alloc = rig_alloc_libc();
    CU_ASSERT_FATAL(rig_scn_open(&reading, rig_view_str("t.scn"), rig_view_str(text), &p->file, NULL) ==
                    RIG_OK);
    CU_ASSERT(rig_run_case(&config, p->file, "t.scn", 0, &p->result) == RIG_OK);
}

static void played_free(played *p)
{
    rig_result_cleanup(&p->result);
    rig_scn_file_free(p->file);
}

static bool skipped(const char *text, rig_run_config config, const char *why)
{
    played p;
    play(&p, text, config);
    bool ok = p.result.verdict == RIG_VERDICT_SKIP && strstr(p.result.reason, why) && p.result.real_ns == 0;
    if (!ok)
        printf("\n    %s: %s\n", rig_verdict_word(p.result.verdict), p.result.reason ? p.result.reason : "-");
    played_free(&p);
    return ok;
}

/* ---- the command of a product's initiator ---- */

static void ends_of_a_command(void)
{
    static const struct {
        const char *command;
        rig_verdict verdict;
        bool unsupported;
    } ends[] = {
        {"true", RIG_VERDICT_PASS, false},
        {"exit 3", RIG_VERDICT_FAIL, false},
        {"exit 127", RIG_VERDICT_SKIP, true},
        {"no-such-program-of-ours {url}", RIG_VERDICT_ERROR, false},
        {"/no/such/program", RIG_VERDICT_ERROR, false},
        {"test {url} = iscsi://{host}:{port}/{iqn}/{lun}", RIG_VERDICT_PASS, false},
        {"x=y; test \"${x}\" = y", RIG_VERDICT_PASS, false},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        played p;
        play(&p, PEER, (rig_run_config){.mode = RIG_RUN_INITIATOR, .command = ends[i].command});
        CU_ASSERT_EQUAL(p.result.verdict, ends[i].verdict);
        CU_ASSERT_EQUAL(p.result.unsupported, ends[i].unsupported);
        CU_ASSERT_FALSE(p.result.timed_out);
        played_free(&p);
    }
}

static void a_command_that_hangs(void)
{
    played p;
    play(&p, PEER, (rig_run_config){.mode = RIG_RUN_INITIATOR, .command = "sleep 20", .timeout = 200 * MS});
    CU_ASSERT_EQUAL(p.result.verdict, RIG_VERDICT_FAIL);
    CU_ASSERT(p.result.timed_out);
    CU_ASSERT(p.result.real_ns >= 200 * MS && p.result.real_ns < 2000 * MS);
    played_free(&p);
}

static void a_run_that_is_stopped(void)
{
    played p;
    static const volatile int stop = 1;
    play(&p, PEER, (rig_run_config){.mode = RIG_RUN_INITIATOR, .command = "sleep 20", .stop = &stop});
    CU_ASSERT_EQUAL(p.result.verdict, RIG_VERDICT_FAIL);
    CU_ASSERT_FALSE(p.result.timed_out);
    CU_ASSERT(p.result.real_ns < 2000 * MS);
    played_free(&p);
}

static bool command_is_good(const char *command, const char *says)
{
    rig_error error = {0};
    rig_status status = rig_run_command_check(command, &error);
    return says ? status == RIG_E_NOT_FOUND && strstr(error.text, says) : status == RIG_OK;
}

static void fillings(void)
{
    CU_ASSERT(command_is_good("x {host} {port} {iqn} {lun} {url}", NULL));
    CU_ASSERT(command_is_good("x ${url} {a,b} { y; } awk '{print $1}' {} {", NULL));
    CU_ASSERT(command_is_good("x {ur}", "{ur}"));
    CU_ASSERT(command_is_good("x {url}{target-name}", "{target-name}"));
}

/* ---- skips ---- */

static void what_needs_our_initiator(void)
{
    const rig_run_config config = {.mode = RIG_RUN_INITIATOR, .command = "true"};
    CU_ASSERT(skipped(HEAD TARGET "run\n  login iqn.2026-01.example:t -> $s\nmust $s == Success\n", config,
                      "needs our initiator"));
    CU_ASSERT(skipped(HEAD TARGET "run\n  login iqn.2026-01.example:t\nmust ! session up\n", config,
                      "needs our initiator"));
    CU_ASSERT(skipped(HEAD TARGET "run\n  login iqn.2026-01.example:t\n  pass 1s\nmust > Login\n", config,
                      "needs our initiator"));
    CU_ASSERT(skipped(HEAD TARGET "initiator cmdsn 5\nrun\n  login iqn.2026-01.example:t\nmust > Login\n",
                      config, "needs our initiator"));
}

static void what_needs_our_target(void)
{
    static const char *const own[] = {
        "target\n  node iqn.2026-01.example:t\n  node iqn.2026-01.example:u\n",
        "target\n  nodes 3 prefix iqn.2026-01.example:t\n",
        "target\n  portal 192.0.2.1:3260\n  portal 192.0.2.2:3260\n  node iqn.2026-01.example:t\n",
        "target\n  node iqn.2026-01.example:t\n  refuse not-found\n",
        "target\n  offer MaxBurstLength=512\n  node iqn.2026-01.example:t\n",
        "target\n  node iqn.2026-01.example:t\n  lun 0 pattern 1MiB\n",
        "target\n  window 2\n  node iqn.2026-01.example:t\n",
    };
    rig_run_url url;
    CU_ASSERT(rig_run_url_parse(rig_view_str("iscsi://127.0.0.1:1/iqn.x/0"), &url, NULL) == RIG_OK);
    const rig_run_config config = {.mode = RIG_RUN_TARGET, .url = &url, .timeout = 500 * MS};
    char text[512];
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        snprintf(text, sizeof text, HEAD "%srun\n  login iqn.2026-01.example:t -> $s\nmust > Login\n",
                 own[i]);
        CU_ASSERT(skipped(text, config, "needs our target"));
    }
    CU_ASSERT(skipped(HEAD TARGET "run\n  discover 192.0.2.1:3260 -> $l\nmust count $l == 1\n", config,
                      "needs our target"));
}

static void what_would_take_long(void)
{
    const rig_run_config config = {.mode = RIG_RUN_TCP};
    CU_ASSERT(skipped(HEAD TARGET "run\n  login iqn.2026-01.example:t\n  pass 60s\nmust > Login\n", config,
                      "would wait 60 s of real time"));
    CU_ASSERT(skipped(HEAD TARGET "  on ScsiCmd do drop\ninitiator command-timeout 7s\nrun\n"
                                  "  login iqn.2026-01.example:t\n"
                                  "  scsi lun 0 test-unit-ready -> $r\nmust > TmfReq\n",
                      config, "s of real time"));
    CU_ASSERT(skipped(HEAD "network latency 1ms\n" TARGET
                           "run\n  login iqn.2026-01.example:t\nmust > Login\n",
                      config, "needs the simulated network"));
}

static void short_ones_are_played(void)
{
    played p;
    play(&p, HEAD TARGET "run\n  login iqn.2026-01.example:t\n  pass 50ms\n  logout\nmust < LogoutResp\n",
         (rig_run_config){.mode = RIG_RUN_TCP});
    CU_ASSERT_EQUAL(p.result.verdict, RIG_VERDICT_PASS);
    CU_ASSERT(p.result.real_ns >= 50 * MS && p.result.real_ns < 1000 * MS);
    played_free(&p);
}

/* ---- seeds, set-up ---- */

static void seeds_follow_from_the_pack(void)
{
    uint64_t seed = rig_run_seed("scenarios/login/x.scn");
    CU_ASSERT_EQUAL(rig_run_seed("/a/b/scenarios/login/x.scn"), seed);
    CU_ASSERT_EQUAL(rig_run_seed("/scenarios/old/scenarios/login/x.scn"), seed);
    CU_ASSERT_NOT_EQUAL(rig_run_seed("/a/b/my-scenarios/login/x.scn"), seed);
    CU_ASSERT_NOT_EQUAL(rig_run_seed("scenarios/login/y.scn"), seed);
    CU_ASSERT_EQUAL(rig_run_seed("/a/x.scn"), rig_run_seed("x.scn"));
    CU_ASSERT_EQUAL(rig_run_seed(RIG_SOURCE_DIR "/scenarios/login/../login/one-pdu.scn"),
                    rig_run_seed("/elsewhere/scenarios/login/one-pdu.scn"));
}

static void set_up_that_fails_has_a_place(void)
{
    const rig_scn_config reading = {.alloc = rig_alloc_libc()};
    const rig_run_config config = {.alloc = rig_alloc_libc()};
    rig_scn_file *file = NULL;
    rig_error error = {0};
    static const char text[] = HEAD "target\n  node iqn.2026-01.example:t\n    lun 0 ram 1MiB\n"
                                    "    lun 0 ram 2MiB\nrun\n  login iqn.2026-01.example:t\nmust > Login\n";
    rig_status status = rig_scn_open(&reading, rig_view_str("t.scn"), rig_view_str(text), &file, NULL);
    if (!status)
        status = rig_run_check(&config, file, "t.scn", 0, &error);
    CU_ASSERT(status != RIG_OK);
    if (file)
        CU_ASSERT(error.line == 7 && error.col == 5);
    rig_scn_file_free(file);
}

RIG_SUITE("run real", {"ends of a command", ends_of_a_command},
          {"a command that hangs", a_command_that_hangs}, {"a run that is stopped", a_run_that_is_stopped},
          {"names to fill in", fillings}, {"what needs our initiator", what_needs_our_initiator},
          {"what needs our target", what_needs_our_target}, {"what would take long", what_would_take_long},
          {"short ones are played", short_ones_are_played},
          {"seeds follow from the pack", seeds_follow_from_the_pack},
          {"set-up that fails has a place", set_up_that_fails_has_a_place})
