#include "rig/link.h"
#include "rig/simnet.h"
#include "suite.h"

#define STREAMS 10000
#define MESSAGE 48

/* As little as a user can be: sends one message, or answers one, and takes everything. */
typedef struct party {
    rig_stream *stream;
    size_t left;
    size_t got;
    bool closed;
} party;

static party callers[STREAMS], answerers[STREAMS];
static size_t num_answerers;
static uint8_t message[MESSAGE], place[MESSAGE];
static rig_alloc_meter meter;
static rig_simnet *net;
static rig_simhost *hosts[2];

static int party_space(void *ctx, struct iovec *iov, int max)
{
    (void)ctx;
    (void)max;
    iov[0] = (struct iovec){place, sizeof(place)};
    return 1;
}

static void party_received(void *ctx, size_t len, uint64_t now)
{
    party *p = ctx;
    (void)now;
    p->got += len;
    if (p >= answerers && p < answerers + STREAMS) {
        p->left = MESSAGE;
        rig_wake(p->stream);
    }
}

static int party_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    party *p = ctx;
    (void)max;
    (void)now;
    iov[0] = (struct iovec){message, p->left};
    return p->left > 0;
}

static void party_sent(void *ctx, size_t len, uint64_t now)
{
    (void)now;
    ((party *)ctx)->left -= len;
}

static void party_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    party *p = ctx;
    (void)now;
    CU_ASSERT_EQUAL(why, RIG_OK);
    if (event == RIG_STREAM_PEER_CLOSED)
        rig_close(p->stream, RIG_CLOSE_FLUSH);
    p->closed |= event == RIG_STREAM_CLOSED;
}

static const rig_stream_user_ops party_ops = {party_space, party_received, party_output, party_sent,
                                              party_event};

static bool accept_party(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    (void)ctx;
    (void)now;
    party *p = &answerers[num_answerers++];
    p->stream = stream;
    *out_user = (rig_stream_user){&party_ops, p};
    return true;
}

static void run(void)
{
    while (rig_simnet_step(net)) {
    }
}

static void start(void)
{
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_simnet_config config = {.alloc = &meter.alloc, .latency = 1000};
    CU_ASSERT_EQUAL_FATAL(rig_simnet_new(&config, &net), RIG_OK);
    for (uint8_t i = 0; i < 2; i++) {
        rig_ip ip = {.bytes = {10, 0, 0, i}, .version = 4};
        CU_ASSERT_EQUAL_FATAL(rig_simhost_new(net, "host", &hosts[i]), RIG_OK);
        CU_ASSERT_EQUAL_FATAL(rig_simhost_address(hosts[i], &ip), RIG_OK);
    }
    rig_address at = {.port = 3260};
    rig_listener *listener;
    CU_ASSERT_EQUAL(rig_listen(rig_simhost_transport(hosts[1]), &at, accept_party, NULL, &listener), RIG_OK);
}

static void ten_thousand_streams(void)
{
    start();
    rig_portal portal = {.host = "10.0.0.1", .port = 3260};
    for (size_t i = 0; i < STREAMS; i++) {
        rig_stream_user user = {&party_ops, &callers[i]};
        CU_ASSERT_EQUAL(
            rig_connect(rig_simhost_transport(hosts[0]), NULL, &portal, &user, &callers[i].stream), RIG_OK);
    }
    run();
    CU_ASSERT_EQUAL(num_answerers, STREAMS);
    for (size_t i = 0; i < STREAMS; i++) {
        callers[i].left = MESSAGE;
        rig_wake(callers[i].stream);
    }
    run();
    for (size_t i = 0; i < STREAMS; i++)
        CU_ASSERT(callers[i].got == MESSAGE && answerers[i].got == MESSAGE);
    for (size_t i = 0; i < STREAMS; i++)
        rig_close(callers[i].stream, RIG_CLOSE_FLUSH);
    run();
    for (size_t i = 0; i < STREAMS; i++)
        CU_ASSERT(callers[i].closed && answerers[i].closed);
    rig_simnet_free(net);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void an_idle_stream_is_small(void)
{
    start();
    num_answerers = 0;
    rig_portal portal = {.host = "10.0.0.1", .port = 3260};
    rig_stream *stream;
    rig_stream_user user = {&party_ops, &callers[0]};
    rig_connect(rig_simhost_transport(hosts[0]), NULL, &portal, &user, &stream);
    run();
    uint64_t before = meter.bytes_live;
    rig_connect(rig_simhost_transport(hosts[0]), NULL, &portal, &user, &stream);
    CU_ASSERT(meter.bytes_live - before <= 512);
    uint64_t calls = meter.num_calls;
    run();
    CU_ASSERT_EQUAL(meter.num_calls, calls + 1); /* the other end; packets come from the free list */
    callers[0].stream = stream;
    for (int i = 0; i < 100; i++) {
        callers[0].left = MESSAGE;
        rig_wake(stream);
        run();
    }
    CU_ASSERT_EQUAL(meter.num_calls, calls + 1);
    rig_simnet_free(net);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void ports_run_out(void)
{
    start();
    num_answerers = 0;
    rig_portal portal = {.host = "10.0.0.1", .port = 9};
    rig_stream_user user = {&party_ops, &callers[0]};
    rig_stream *stream;
    rig_status status = RIG_OK;
    size_t num = 0;
    while ((status = rig_connect(rig_simhost_transport(hosts[0]), NULL, &portal, &user, &stream)) == RIG_OK)
        num++;
    CU_ASSERT_EQUAL(status, RIG_E_LIMIT);
    CU_ASSERT_EQUAL(num, 32768);
    rig_simnet_free(net);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

RIG_SUITE("net scale", {"ten thousand streams", ten_thousand_streams},
          {"an idle stream is small, and packets cost no memory", an_idle_stream_is_small},
          {"ports run out", ports_run_out})
