/* Peer files: what is read, what is wrong with its place, and the life of a peer. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig/peers.h"
#include "suite.h"

#define PROBLEMS_MAX 8

typedef struct told {
    unsigned num;
    char text[PROBLEMS_MAX][320];
} told;

static void tell(void *ctx, const rig_error *err)
{
    told *t = ctx;
    if (t->num < PROBLEMS_MAX)
        snprintf(t->text[t->num], sizeof t->text[0], "%u:%u: %s", err->line, err->col, err->text);
    t->num++;
}

static rig_peer *opened(const char *path, const char *text)
{
    told t = {0};
    rig_peer *peer = NULL;
    rig_status status = rig_peer_open(rig_alloc_libc(), path, rig_view_str(text), tell, &t, &peer);
    if (status)
        printf("%s\n", t.text[0]);
    CU_ASSERT_EQUAL_FATAL(status, RIG_OK);
    return peer;
}

#define TARGET "peer x \"what it is\"\nkind target\nversion\n  echo x/1\nurl iscsi://{host}:{port}/{iqn}/0\n"
#define INITIATOR "peer x \"what it is\"\nkind initiator\nversion\n  echo x/1\ncommand true {url}\n"

static void whole_file(void)
{
    rig_peer *peer =
        opened("x.peer", "# a comment\n" TARGET "needs sh cat\nurl chap iscsi://{host}:{port}/{iqn}-chap/1\n"
                         "start\n  one\n\n    two\nready 1500ms\n  three\n"
                         "known x/1\n  # of them\n  live/a.scn b=c,d \"goes wrong\" seen \"a PDU\"\n");
    CU_ASSERT(rig_view_is(peer->name, "x"));
    CU_ASSERT_EQUAL(peer->kind, RIG_PEER_TARGET);
    CU_ASSERT_EQUAL(peer->num_needs, 2);
    CU_ASSERT(rig_view_is(peer->sections[RIG_PEER_START], "  one\n\n    two"));
    CU_ASSERT_EQUAL(peer->lines[RIG_PEER_START], 10);
    CU_ASSERT_EQUAL(peer->ready_ns, 1500000000);
    CU_ASSERT(rig_view_is(rig_peer_way_to(peer, RIG_PEER_CHAP)->text, "iscsi://{host}:{port}/{iqn}-chap/1"));
    CU_ASSERT_PTR_NULL(rig_peer_way_to(peer, RIG_PEER_DIGEST));
    CU_ASSERT_EQUAL_FATAL(peer->num_known, 1);
    CU_ASSERT(rig_view_is(peer->known[0].version, "x/1"));
    CU_ASSERT(rig_view_is(peer->known[0].scenario, "live/a.scn b=c,d"));
    CU_ASSERT(rig_view_is(peer->known[0].reason, "goes wrong"));
    CU_ASSERT(rig_view_is(peer->known[0].seen, "a PDU"));
    rig_peer_free(peer);
    peer =
        opened("x.peer", INITIATOR "command digest true {url} { ${host} }\nlacks discovery \"it has none\"");
    CU_ASSERT(rig_peer_way_to(peer, RIG_PEER_DISCOVERY)->lacks);
    rig_peer_free(peer);
}

static const struct {
    const char *text, *problem;
} wrong_files[] = {
    {"", "1:1: wanted a line: peer NAME \"WHAT IT IS\""},
    {TARGET "urls x\n", "6:1: unknown word \"urls\", did you mean url?"},
    {TARGET "  indented\n", NULL},
    {"  indented\n" TARGET, "1:1: indented, but no section stands above it"},
    {"peer X \"what\"\n", "1:6: wanted a name of a-z, 0-9 and -, at most 32"},
    {"peer x what\n", "1:8: wanted what it is in quotes"},
    {"peer x \"what\n", "1:8: wanted what it is in quotes"},
    {TARGET "peer y \"what\"\n", "6:1: one file is one peer, and this is x already"},
    {"peer x \"what\"\nkind both\n", "2:6: wanted target or initiator, came \"both\""},
    {TARGET "needs\n", "6:6: wanted the names of programs"},
    {TARGET "start\n  x\n", "6:1: what is started needs a section: ready"},
    {TARGET "start\nready\n  x\n", "6:1: wanted shell lines below, indented"},
    {TARGET "ready 0s\n  x\n", "6:7: wanted a time up to 10m, came \"0s\""},
    {TARGET "ready soon\n  x\n", "6:7: wanted a time up to 10m, came \"soon\""},
    {TARGET "version\n  x\n", "6:1: the section is there already, in line 3"},
    {TARGET "stop now\n  x\n", "6:6: nothing more was wanted here, came \"now\""},
    {TARGET "url iscsi://x\n", "6:1: line 5 says that already"},
    {TARGET "url chap http://x\n", "6:10: wanted iscsi://HOST:PORT/IQN/LUN, with {host}, {port} and {iqn}"},
    {TARGET "url chap iscsi://{lun}\n", "6:18: {lun} is not filled in"},
    {INITIATOR "command digest\n", "6:15: wanted a command of at most 4095 bytes"},
    {INITIATOR "command digest x {unit}\n",
     "6:16: {unit} is not filled in; there are {host} {port} {iqn} {lun} {url}"},
    {INITIATOR "lacks hope \"none\"\n", "6:7: wanted chap, discovery or digest"},
    {INITIATOR "lacks chap \"none\"\n", "6:1: chap is asked of the other side only"},
    {INITIATOR "start\n  x\nready\n  x\n", "6:1: an initiator is started by its command, for each case"},
    {TARGET "command digest x\n", "6:1: digest is asked of the other side only"},
    {"peer x \"what\"\nkind target\nversion\n  x\ncommand x\n",
     "5:1: a target has url lines, an initiator command lines"},
    {"peer x \"what\"\nkind target\nurl iscsi://x\n", "1:1: wanted a section: version"},
    {"peer x \"what\"\nkind target\nversion\n  x\n", "1:1: wanted a line: url iscsi://…"},
    {TARGET "known\n", "6:6: wanted what the version section prints, as tgt/1.0.85"},
    {TARGET "known x/1\n  \"why\" seen \"what\"\n",
     "7:3: wanted the path of a scenario, its reason in quotes, and seen"},
    {TARGET "known x/1\n  a.scn why\n", "7:12: wanted the reason in quotes"},
    {TARGET "known x/1\n  a.scn \"why\" \"what\"\n", "7:15: wanted seen, and what was seen in quotes"},
    {TARGET "known x/1\n  a.scn \"why\" seen\n", "7:19: wanted what was seen in quotes"},
    {TARGET "start\n\tx\n", "7:1: a control character, 0x09; blanks indent"},
    {TARGET "# \xff\n", "6:3: no UTF-8, 0xff"},
};

static void wrong_file(void)
{
    for (size_t i = 0; i < sizeof wrong_files / sizeof wrong_files[0]; i++) {
        told t = {0};
        rig_peer *peer = NULL;
        rig_status status =
            rig_peer_open(rig_alloc_libc(), "x.peer", rig_view_str(wrong_files[i].text), tell, &t, &peer);
        if (!wrong_files[i].problem) {
            rig_peer_free(peer);
            continue;
        }
        CU_ASSERT_EQUAL(status, RIG_E_SYNTAX);
        CU_ASSERT_PTR_NULL(peer);
        CU_ASSERT_STRING_EQUAL(t.text[0], wrong_files[i].problem);
        if (strcmp(t.text[0], wrong_files[i].problem) != 0)
            printf("%zu: %s\n", i, t.text[0]);
    }
}

#define EVERYTHING                                                                                           \
    TARGET "needs sh\nurl chap iscsi://{host}:{port}/{iqn}-chap/1\ncommon\n  a\nstart\n  b\n\n    c\n"       \
           "ready 1s\n  d\nknown x/1\n  # e\n  a.scn b=c \"why\" seen \"what\"\nlacks digest \"none\"\n"

/* Whatever a byte of a file becomes, the file is read or a place is told. */
static void any_byte(void)
{
    static const char bytes[] = "\n \"{}#\t\xff\0x";
    char text[sizeof EVERYTHING];
    for (size_t at = 0; at + 1 < sizeof text; at++)
        for (size_t b = 0; b < sizeof bytes; b++) {
            told t = {0};
            rig_peer *peer = NULL;
            memcpy(text, EVERYTHING, sizeof text);
            text[at] = bytes[b];
            size_t len = b + 1 < sizeof bytes ? sizeof text - 1 : at; /* the last one cuts the file */
            rig_status status =
                rig_peer_open(rig_alloc_libc(), "x.peer", rig_view_of(text, len), tell, &t, &peer);
            CU_ASSERT_EQUAL(status == RIG_OK, peer != NULL);
            CU_ASSERT_EQUAL(status == RIG_OK, t.num == 0);
            CU_ASSERT(status == RIG_OK || t.text[0][0] != '0');
            rig_peer_free(peer);
        }
}

/* Each problem of a file is told. */
static void all_problems(void)
{
    told t = {0};
    rig_peer *peer = NULL;
    rig_peer_open(rig_alloc_libc(), "x.peer", rig_view_str("kind both\nurls x\nneeds\n"), tell, &t, &peer);
    CU_ASSERT_EQUAL(t.num, 5);
}

static void no_memory(void)
{
    for (uint64_t at = 1; at < 4; at++) {
        rig_alloc_meter meter;
        rig_peer *peer = NULL;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = at;
        CU_ASSERT_EQUAL(rig_peer_open(&meter.alloc, "x.peer", rig_view_str(TARGET), NULL, NULL, &peer),
                        RIG_E_NOMEM);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

static void limits(void)
{
    told t = {0};
    rig_peer *peer = NULL;
    char *text = malloc(RIG_PEER_FILE_MAX + 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, '\n', RIG_PEER_FILE_MAX + 1);
    memcpy(text, TARGET, sizeof TARGET - 1);
    text[RIG_PEER_FILE_MAX + 1] = 0;
    CU_ASSERT_EQUAL(
        rig_peer_open(rig_alloc_libc(), "x.peer", rig_view_of(text, RIG_PEER_FILE_MAX), tell, &t, &peer),
        RIG_OK);
    rig_peer_free(peer);
    CU_ASSERT_EQUAL(
        rig_peer_open(rig_alloc_libc(), "x.peer", rig_view_of(text, RIG_PEER_FILE_MAX + 1), tell, &t, &peer),
        RIG_E_LIMIT);
    free(text);
}

/* ---- life ---- */

typedef struct bench {
    char folder[64], path[96];
    rig_peer *peer;
    rig_peer_run *run;
} bench;

static void bench_open(bench *b, const char *text)
{
    rig_error err = {0};
    snprintf(b->folder, sizeof b->folder, "/tmp/rig-peers-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->folder));
    snprintf(b->path, sizeof b->path, "%s/x.peer", b->folder);
    FILE *file = fopen(b->path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
    b->peer = opened(b->path, text);
    static const rig_peer_setting settings[] = {{"own_secret", "it's"}};
    const rig_peer_config config = {.alloc = rig_alloc_libc(),
                                    .folder = b->folder,
                                    .cache = b->folder,
                                    .settings = settings,
                                    .num_settings = 1};
    CU_ASSERT_EQUAL_FATAL(rig_peer_new(b->peer, &config, &b->run, &err), RIG_OK);
}

static int take_away(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about;
    (void)type;
    (void)at;
    return remove(path);
}

static void bench_close(bench *b)
{
    rig_peer_down(b->run);
    rig_peer_free(b->peer);
    CU_ASSERT_EQUAL(nftw(b->folder, take_away, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* What is started runs until it is ended, with its variables; the end is asked for by its stop section. */
static void life(void)
{
    bench b;
    rig_error err = {0};
    char version[RIG_PEER_VERSION_MAX], url[256];
    int status = 0;
    bench_open(&b, TARGET
               "common\n  say() { echo \"$*\"; }\n"
               "start\n  say \"$own_secret on $port\" >\"$folder/started\"\n  exec sleep 60\n"
               "ready\n  grep -q \"it's on $port\" \"$folder/started\"\n  kill -0 $pid\n"
               "set-up\n  : >\"$folder/set-up\"\nstop\n  test -e \"$folder/set-up\"\n  kill -KILL $pid\n");
    CU_ASSERT_EQUAL(rig_peer_lacking(b.run, &err), RIG_OK);
    CU_ASSERT_EQUAL(rig_peer_version(b.run, version, sizeof version, &err), RIG_OK);
    CU_ASSERT_STRING_EQUAL(version, "x/1");
    CU_ASSERT_EQUAL(rig_peer_up(b.run, &err), RIG_OK);
    CU_ASSERT(rig_peer_runs(b.run, &status));
    CU_ASSERT(rig_peer_pid(b.run) > 0);
    CU_ASSERT_EQUAL(rig_peer_fill(b.run, rig_peer_way_to(b.peer, RIG_PEER_PLAIN), url, sizeof url), RIG_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(url, "iscsi://127.0.0.1:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(url, "/iqn.2026-01.example.ci:disk/0"));
    CU_ASSERT_EQUAL(rig_peer_fill(b.run, rig_peer_way_to(b.peer, RIG_PEER_PLAIN), url, 8), RIG_E_LIMIT);
    bench_close(&b);
}

static const struct {
    const char *text, *said, *output;
} failures[] = {
    {TARGET "start\n  echo no disk\n  exit 3\nready\n  false\n",
     "x did not come up: its section start ended with exit status 3", "  no disk\n"},
    {TARGET "start\n  exec sleep 60\nready 200ms\n  echo not yet\n  false\n",
     "x did not come up: its section ready did not succeed in time", "  not yet\n"},
    {TARGET "start\n  exec sleep 60\nready\n  true\nset-up\n  echo no room\n  exit 1\n",
     "x did not come up: its section set-up ended with exit status 1", "  no room\n"},
    {TARGET "start\n  kill -ABRT $$\nready\n  false\n",
     "x did not come up: its section start was ended by signal 6", ""},
};

static void not_started(void)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        bench b;
        rig_error err = {0};
        char said[4096];
        rig_text text;
        bench_open(&b, failures[i].text);
        CU_ASSERT_EQUAL(rig_peer_up(b.run, &err), RIG_E_IO);
        CU_ASSERT_STRING_EQUAL(err.text, failures[i].said);
        CU_ASSERT(err.line >= 6);
        rig_text_init(&text, said, sizeof said);
        rig_peer_said(b.run, &text);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, failures[i].output));
        bench_close(&b);
    }
}

/* What the shell complains of has the line of the peer file. */
static void lines_of_the_file(void)
{
    bench b;
    rig_error err = {0};
    char said[4096];
    rig_text text;
    bench_open(&b, TARGET "start\n  no-such-program-at-all\nready\n  false\n");
    CU_ASSERT_EQUAL(rig_peer_up(b.run, &err), RIG_E_IO);
    rig_text_init(&text, said, sizeof said);
    rig_peer_said(b.run, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "x.peer.start: 7: no-such-program-at-all"));
    bench_close(&b);
}

static void not_here(void)
{
    bench b;
    rig_error err = {0};
    bench_open(&b, TARGET "needs no-such-program-at-all\n");
    CU_ASSERT_EQUAL(rig_peer_lacking(b.run, &err), RIG_E_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(err.text, "no no-such-program-at-all here");
    bench_close(&b);
    bench_open(&b, TARGET "have\n  echo first\n  echo nothing to run it on\n  exit 1\n");
    CU_ASSERT_EQUAL(rig_peer_lacking(b.run, &err), RIG_E_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(err.text, "nothing to run it on");
    bench_close(&b);
}

RIG_SUITE("peers", {"a whole file", whole_file}, {"files that are wrong", wrong_file}, {"any byte", any_byte},
          {"all problems", all_problems}, {"no memory", no_memory}, {"limits", limits}, {"life", life},
          {"not started", not_started}, {"lines of the file", lines_of_the_file}, {"not here", not_here})
