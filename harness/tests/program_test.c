/* A program of Microsoft's API under virtual time: each function blocks, and meanwhile the simulated network
 * goes on between the service that answers it and the simulated target. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rig/iscsidsc_use.h"
#include "rig/run.h"
#include "session_program.h"
#include "suite.h"

#define NODE "iqn.2026-01.example.ci:disk"
#define CASE(node)                                                                                           \
    "scenario \"a program\"\nref HBA service\nlevel MUST\n"                                                  \
    "target\n  node " node "\n  lun 0 ram 1MiB\n"
#define HEAD CASE(NODE)
#define STRANGER CASE("iqn.2026-01.example.ci:stranger")
#define OFFER "  offer MaxConnections=2\n"
#define RUN                                                                                                  \
    "hba\n  adapter host kind software\n"                                                                    \
    "run\n  hba load\n  wait service ready within 10s\n"
#define ANY "must > Login\n"
#define SAID_MAX 65536

static volatile int stop;

typedef struct played {
    bool stops; /* the run is interrupted when the program begins */
    int (*program)(int argc, char **argv);
    int status;          /* of the program */
    rig_verdict verdict; /* of the case */
    char finding[128];   /* the first */
    uint64_t virtual_ns;
    uint64_t capture_len;
    uint8_t *capture;
    char said[SAID_MAX]; /* what the program printed */
} played;

/* ---- the program ---- */

static void run_program(played *p)
{
    char name[] = "session", address[] = "192.0.2.1", port[] = "3260", node[] = NODE;
    char *argv[] = {name, address, port, node, NULL};
    FILE *said = tmpfile();
    fflush(stdout);
    int out = dup(STDOUT_FILENO);
    CU_ASSERT_FATAL(said != NULL && out >= 0 && dup2(fileno(said), STDOUT_FILENO) >= 0);
    p->status = p->program(4, argv);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    rewind(said);
    p->said[fread(p->said, 1, sizeof p->said - 1, said)] = 0;
    fclose(said);
}

static void host(void *ctx, const rig_caller *caller)
{
    played *p = ctx;
    stop = p->stops;
    rig_iscsidsc_use(caller);
    run_program(p);
    rig_iscsidsc_use(NULL);
}

/* ---- the case around it ---- */

static void keep_capture(played *p, const char *path)
{
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, 0, SEEK_END);
    p->capture_len = (uint64_t)ftell(file);
    rewind(file);
    p->capture = malloc(p->capture_len + 1);
    CU_ASSERT_FATAL(p->capture && fread(p->capture, 1, p->capture_len, file) == p->capture_len);
    fclose(file);
    unlink(path);
}

static void play_file(played *p, const char *text, const rig_run_config *config)
{
    const rig_scn_config reading = {.alloc = rig_alloc_libc()};
    rig_scn_file *file = NULL;
    rig_result result;
    CU_ASSERT_FATAL(rig_scn_open(&reading, rig_view_str("p.scn"), rig_view_str(text), &file, NULL) == RIG_OK);
    CU_ASSERT_FATAL(rig_run_case(config, file, "p.scn", 0, &result) == RIG_OK);
    p->verdict = result.verdict;
    p->virtual_ns = result.virtual_ns;
    snprintf(p->finding, sizeof p->finding, "%s", result.num_findings ? result.findings[0].text : "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(result.capture);
    keep_capture(p, result.capture);
    rig_result_cleanup(&result);
    rig_scn_file_free(file);
}

static played *play_as(const char *text, const played *how)
{
    char dir[] = "/tmp/rig-program-XXXXXX";
    played *p = malloc(sizeof *p);
    CU_ASSERT_FATAL(p && mkdtemp(dir));
    *p = *how;
    const rig_run_config config = {
        .alloc = rig_alloc_libc(), .pcap_dir = dir, .stop = &stop, .host = host, .host_ctx = p};
    play_file(p, text, &config);
    stop = 0;
    rmdir(dir);
    return p;
}

static played *play(const char *text, int (*program)(int argc, char **argv))
{
    return play_as(text, &(played){.program = program});
}

static void played_free(played *p)
{
    free(p->capture);
    free(p);
}

/* ---- what is shown ---- */

/* The wire is judged by the case: three sessions and discovery, a connection more, and all of them logged
 * out. */
static void the_whole_flow(void)
{
    played *p = play(HEAD OFFER RUN "must exactly 1 > Login SessionType=Discovery\n"
                                    "must exactly 3 > Login SessionType=Normal\n"
                                    "must exactly 1 > Logout Reason=close-connection CID=1\n"
                                    "must exactly 5 > Logout\n"
                                    "must > TextReq\n"
                                    "must exactly 2 > ScsiCmd CDB=read-capacity-10\n",
                     session_narrow);
    CU_ASSERT_EQUAL(p->verdict, RIG_VERDICT_PASS);
    CU_ASSERT_EQUAL(p->status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "ok LoginIScsiTarget: 0x00000000\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "\n1048576 bytes\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "allows two connections"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "ok LogoutIScsiTarget once more: 0xefff001c\n"));
    played_free(p);
}

static void a_target_that_allows_one_connection(void)
{
    played *p = play(HEAD RUN "never > Login CID=1\n", session_narrow);
    CU_ASSERT_EQUAL(p->verdict, RIG_VERDICT_PASS);
    CU_ASSERT_EQUAL(p->status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "ok AddIScsiConnection: 0xefff000e\n"));
    played_free(p);
}

static bool are_equal(const played *a, const played *b)
{
    return a->capture_len == b->capture_len && memcmp(a->capture, b->capture, a->capture_len) == 0 &&
           a->virtual_ns == b->virtual_ns && strcmp(a->said, b->said) == 0;
}

/* The same bytes in the capture twice, and for a program in UTF-16, too; not for another case. */
static void two_runs_are_the_same(void)
{
    played *first = play(HEAD OFFER RUN ANY, session_narrow),
           *again = play(HEAD OFFER RUN ANY, session_narrow);
    played *wide = play(HEAD OFFER RUN ANY, session_wide), *other = play(HEAD RUN ANY, session_narrow);
    CU_ASSERT_TRUE(first->capture_len > 10000);
    CU_ASSERT_TRUE(are_equal(first, again));
    CU_ASSERT_TRUE(are_equal(first, wide));
    CU_ASSERT_FALSE(are_equal(first, other));
    CU_ASSERT_EQUAL(wide->status, 0);
    played_free(first);
    played_free(again);
    played_free(wide);
    played_free(other);
}

/* The program is told, and so is whoever asks for its status. */
static void a_target_that_is_not_there(void)
{
    played *p = play(STRANGER RUN ANY, session_narrow);
    CU_ASSERT_EQUAL(p->status, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "WRONG ReportIScsiTargets has the target\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "WRONG LoginIScsiTarget: 0xefff0029\n"));
    played_free(p);
}

/* Its first call waits for the network, which does not go on any more. */
static void a_run_that_is_stopped(void)
{
    played *p = play_as(HEAD RUN "never > ScsiCmd\n", &(played){.program = session_wide, .stops = true});
    CU_ASSERT_EQUAL(p->status, 1);
    CU_ASSERT_EQUAL(p->verdict, RIG_VERDICT_FAIL);
    CU_ASSERT_STRING_EQUAL(
        p->finding, "the program's call add-send-targets-portal was not answered: the run was interrupted");
    CU_ASSERT_PTR_NOT_NULL(strstr(p->said, "WRONG AddIScsiSendTargetPortal: 0xefff0039\n"));
    played_free(p);
}

RIG_SUITE("a program of Microsoft's API in the simulator", {"the whole flow", the_whole_flow},
          {"a target that allows one connection", a_target_that_allows_one_connection},
          {"two runs are the same", two_runs_are_the_same},
          {"a target that is not there", a_target_that_is_not_there},
          {"a run that is stopped", a_run_that_is_stopped})
