/* A target made of a scenario's section: where it listens, what stands behind it, where mistakes are told. */
#include <string.h>

#include "rig/target_build.h"
#include "suite.h"

#define HEAD "scenario \"t\"\nlevel MUST\nneeds peer\n"
#define MUST "must > Login\n"
#define NODE "iqn.2026-01.example.sim:a"

/* A transport that only listens. */
typedef struct ear {
    rig_listener base;
    rig_address at;
} ear;

typedef struct bench {
    rig_transport transport;
    ear ears[4];
    uint32_t num;
    char text[2000]; /* the file borrows it */
    rig_scn_file *file;
    rig_scn *scn;
    rig_target *target;
    uint8_t read_ahead[4096];
    uint16_t placed[4]; /* groups of the portals that were told */
    uint32_t num_placed;
} bench;

static rig_status listen_here(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                              rig_listener **out_listener)
{
    bench *b = ctx;
    (void)accept, (void)accept_ctx;
    b->ears[b->num] = (ear){b->ears[b->num].base, *at};
    b->ears[b->num].base.ops = b->transport.ops;
    *out_listener = &b->ears[b->num++].base;
    return RIG_OK;
}

static void unlisten(rig_listener *listener)
{
    (void)listener;
}

static void bound(const rig_listener *listener, rig_address *out_address)
{
    *out_address = ((const ear *)(const void *)listener)->at;
}

static const rig_transport_ops ops = {.listen = listen_here, .unlisten = unlisten, .bound = bound};

static rig_status place(void *ctx, const rig_scn_portal *portal, rig_address *out_at, rig_error *err)
{
    (void)ctx;
    *out_at = (rig_address){.port = portal->port};
    return rig_ip_parse(portal->address, &out_at->ip) ? RIG_OK : rig_fail(err, RIG_E_SYNTAX, "no address");
}

static void placed(void *ctx, const rig_scn_portal *portal, const rig_address *at)
{
    bench *b = ctx;
    CU_ASSERT_EQUAL(at->port, portal->port);
    b->placed[b->num_placed++] = portal->group;
}

static rig_target_build build_of(bench *b)
{
    return (rig_target_build){
        .alloc = rig_alloc_libc(), .from = &b->scn->target, .place = place, .placed = placed, .ctx = b};
}

static void open_bench(bench *b, const char *section)
{
    const rig_scn_config reading = {.alloc = rig_alloc_libc()};
    *b = (bench){.transport = {&ops, b}};
    snprintf(b->text, sizeof b->text, HEAD "%s" MUST, section);
    CU_ASSERT_FATAL(rig_scn_open(&reading, rig_view_str("t.scn"), rig_view_str(b->text), &b->file, NULL) ==
                    RIG_OK);
    CU_ASSERT_FATAL(rig_scn_case(b->file, 0, &b->scn, NULL) == RIG_OK);
    rig_target_config config = {.alloc = rig_alloc_libc(), .transport = &b->transport};
    config.read_ahead = (struct iovec){b->read_ahead, sizeof b->read_ahead};
    rig_target_build_config(&b->scn->target, &config);
    CU_ASSERT_FATAL(rig_target_new(&config, &b->target) == RIG_OK);
}

static void close_bench(bench *b)
{
    rig_target_free(b->target);
    rig_scn_free(b->scn);
    rig_scn_file_free(b->file);
}

static rig_status make(const char *section, rig_error *err)
{
    bench b;
    open_bench(&b, section);
    const rig_target_build build = build_of(&b);
    rig_status status = rig_target_build_all(b.target, &build, err);
    close_bench(&b);
    return status;
}

static void settings(void)
{
    bench b;
    rig_target_config config = {.read_ahead = {NULL, 7}};
    open_bench(&b, "target\n  window 5\n  no-phase-collapse\n  nexus-loss-attention\n  login-timeout 7s\n"
                   "  nop-interval 9s\n");
    rig_target_build_config(&b.scn->target, &config);
    CU_ASSERT_EQUAL(config.window, 5);
    CU_ASSERT(config.no_data_in_status && config.tell_nexus_loss);
    CU_ASSERT_EQUAL(config.login_timeout, 7 * RIG_SECOND);
    CU_ASSERT_EQUAL(config.nop_interval, 9 * RIG_SECOND);
    CU_ASSERT_EQUAL(config.read_ahead.iov_len, 7);
    close_bench(&b);
}

static void portals(void)
{
    bench b;
    open_bench(&b,
               "target\n  portal 192.0.2.7:4000 group 5\n  portal [2001:db8::1]:4001 group 9\n  node " NODE
               "\n");
    const rig_target_build build = build_of(&b);
    CU_ASSERT_EQUAL(rig_target_build_all(b.target, &build, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(b.num, 2);
    CU_ASSERT_EQUAL(b.ears[0].at.port, 4000);
    CU_ASSERT_EQUAL(b.ears[1].at.ip.version, 6);
    CU_ASSERT_EQUAL_FATAL(b.num_placed, 2);
    CU_ASSERT(b.placed[0] == 5 && b.placed[1] == 9);
    close_bench(&b);
}

static void portal_of_nobody(void)
{
    bench b;
    open_bench(&b, "target\n  node " NODE "\n");
    const rig_target_build build = build_of(&b);
    CU_ASSERT_EQUAL(rig_target_build_all(b.target, &build, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(b.num, 1);
    rig_ip standard;
    rig_ip_parse(rig_view_str(RIG_TARGET_ADDRESS), &standard);
    CU_ASSERT_EQUAL(memcmp(&b.ears[0].at.ip, &standard, sizeof standard), 0);
    CU_ASSERT_EQUAL(b.ears[0].at.port, RIG_PORT);
    close_bench(&b);
}

static void portals_of_the_caller(void)
{
    bench b;
    open_bench(&b, "target\n  portal 192.0.2.7:4000 group 5\n  node " NODE "\n");
    rig_target_build build = build_of(&b);
    build.place = NULL;
    CU_ASSERT_EQUAL(rig_target_build_all(b.target, &build, NULL), RIG_OK);
    CU_ASSERT_EQUAL(b.num, 0);
    close_bench(&b);
}

static void mistakes_have_places(void)
{
    static const struct {
        const char *section;
        rig_status status;
        uint32_t line, col;
    } all[] = {
        {"target\n  node " NODE "\n  lun 0 ram 1000\n", RIG_E_SYNTAX, 6, 3},
        {"target\n  node " NODE "\n  lun 300 ram 1MiB\n  offer MaxBurstLength=5\n", RIG_E_LIMIT, 7, 9},
        {"target\n  offer MaxBurstLength=5\n", RIG_E_LIMIT, 5, 9},
        {"target\n  node " NODE " chap user=u secret=s\n  node \"IQN.Wrong\"\n", RIG_E_SYNTAX, 6, 3},
        {"target\n  node " NODE
         " chap user=u secret=s\n  host iqn.2026-01.example.h:x chap user=\"\" secret=s\n",
         RIG_E_ARGUMENT, 6, 3},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        rig_error err = {0};
        rig_status status = make(all[i].section, &err);
        bool ok = status == all[i].status && err.line == all[i].line && err.col == all[i].col && err.text[0];
        if (!ok)
            printf("\n  %zu: %s at %u:%u: %s\n", i, rig_status_name(status), err.line, err.col, err.text);
        CU_ASSERT(ok);
    }
}

static void luns_that_stay(void)
{
    bench a, b;
    open_bench(&a, "target\n  nodes 2 prefix iqn.2026-01.example.sim:n\n  lun 0 ram 1MiB\n  lun 1 ram 1MiB\n"
                   "  lun 2 ram 1MiB\n  lun 3 ram 1MiB\n");
    open_bench(&b, "target\n  node iqn.2026-01.example.sim:n1\n  lun 0 ram 1MiB\n  lun 1 ram 2MiB\n"
                   "  lun 2 pattern 1MiB\n  lun 3 ram 1MiB block 4096\n");
    rig_view node = rig_view_str("iqn.2026-01.example.sim:n1");
    const rig_scn_target *first = &a.scn->target, *second = &b.scn->target;
    CU_ASSERT_TRUE(rig_target_lun_same(first, second, node, 0));
    for (uint32_t lun = 1; lun < 5; lun++)
        CU_ASSERT_FALSE(rig_target_lun_same(first, second, node, lun));
    CU_ASSERT_FALSE(rig_target_lun_same(first, second, rig_view_str("iqn.2026-01.example.sim:n0"), 0));
    close_bench(&a);
    close_bench(&b);
}

RIG_SUITE("a target from a section", {"settings", settings}, {"portals", portals},
          {"a section without portals has one", portal_of_nobody},
          {"a caller may open portals of its own", portals_of_the_caller},
          {"mistakes have places", mistakes_have_places}, {"luns that stay", luns_that_stay})
