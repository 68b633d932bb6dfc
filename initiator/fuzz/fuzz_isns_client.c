/*
 * The client of an iSNS server in front of a hostile one. Records of two bytes of control and length, then so
 * many bytes: raw stream on the question's connection or on one for notifications, or a message whose header
 * is right; between records time passes, the connection closes, or something is asked. Whatever comes, each
 * question is answered once and all memory comes back. What an answer says is read to its end.
 */
#include <stdlib.h>

#include "rig/isns_client.h"

#define STREAMS 64
#define RECORDS_MAX 512
#define NODE "iqn.2026-01.example.host:initiator"

/* Control: the low four bits choose what is done. */
enum { RAW, RIGHT, NOTICE_RAW, NOTICE_RIGHT, CLOSE, WAIT, ASK, LEAVE, ACCEPT, ANSWER_ALL };

typedef struct fuzz_stream {
    rig_stream stream;
    rig_stream_user user;
    bool open, flushing, ours;
    uint8_t request[RIG_ISNS_HEADER_LEN];
    uint32_t have, skip;
} fuzz_stream;

typedef struct fuzz_world {
    rig_transport transport;
    rig_listener listener;
    rig_accept_fn *accept;
    void *accept_ctx;
    rig_alloc_meter meter;
    rig_timerq timers;
    rig_isns_client *client;
    fuzz_stream streams[STREAMS];
    uint32_t num_streams, asked, answered;
    uint64_t now;
} fuzz_world;

static fuzz_world *world;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the transport ---- */

static fuzz_stream *stream_new(const rig_stream_user *user, bool is_ours)
{
    if (world->num_streams == STREAMS)
        return NULL;
    fuzz_stream *s = &world->streams[world->num_streams++];
    *s = (fuzz_stream){.stream = {world->transport.ops}, .open = true, .ours = is_ours};
    if (user)
        s->user = *user;
    return s;
}

static rig_status on_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                             const rig_stream_user *user, rig_stream **out_stream)
{
    (void)ctx, (void)local, (void)remote;
    fuzz_stream *s = stream_new(user, true);
    if (!s)
        return RIG_E_LIMIT;
    *out_stream = &s->stream;
    return RIG_OK;
}

static rig_status on_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                            rig_listener **out_listener)
{
    (void)ctx, (void)at;
    world->accept = accept;
    world->accept_ctx = accept_ctx;
    world->listener.ops = world->transport.ops;
    *out_listener = &world->listener;
    return RIG_OK;
}

static void on_unlisten(rig_listener *listener)
{
    (void)listener;
    world->accept = NULL;
}

static void on_bound(const rig_listener *listener, rig_address *out_address)
{
    (void)listener;
    *out_address = (rig_address){.ip = {.version = 4}, .port = 4000};
}

static void on_wake(rig_stream *stream)
{
    (void)stream;
}

static void on_close(rig_stream *stream, rig_close_how how)
{
    fuzz_stream *s = (fuzz_stream *)stream;
    if (how == RIG_CLOSE_RESET)
        s->open = false;
    else
        s->flushing = true;
}

static void on_ends(const rig_stream *stream, rig_address *out_local, rig_address *out_remote)
{
    (void)stream;
    *out_local = *out_remote = (rig_address){.ip = {.version = 4}, .port = RIG_ISNS_PORT};
}

static const rig_transport_ops ops = {on_connect, on_listen, on_unlisten, on_bound,
                                      on_wake,    on_close,  on_ends};

/* ---- the client's calls ---- */

static void on_answered(void *ctx, const rig_isns_answer *answer, uint64_t now)
{
    rig_isns_object object;
    rig_view rest = answer->objects;
    size_t before = rest.len + 1;
    (void)ctx, (void)now;
    world->answered++;
    while (answer->status == RIG_OK && rig_isns_object_next(&rest, &object, NULL) == RIG_OK) {
        require(rest.len < before);
        before = rest.len;
    }
}

static void on_changed(void *ctx, uint64_t now)
{
    (void)ctx;
    world->asked += rig_isns_ask(world->client, rig_view_str(NODE), now) == RIG_OK;
}

static void on_left(void *ctx, uint64_t now)
{
    (void)ctx, (void)now;
}

/* ---- moving bytes ---- */

static fuzz_stream *last(bool is_ours)
{
    for (uint32_t i = world->num_streams; i-- > 0;)
        if (world->streams[i].open && world->streams[i].ours == is_ours)
            return &world->streams[i];
    return NULL;
}

/* Keeps the header of the last message that the client began. */
static void note(fuzz_stream *s, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s->skip) {
            s->skip--;
            continue;
        }
        s->request[s->have++] = bytes[i];
        if (s->have < RIG_ISNS_HEADER_LEN)
            continue;
        s->have = 0;
        s->skip = rig_isns_header_get(s->request).length;
    }
}

static void drain(fuzz_stream *s)
{
    struct iovec iov[4];
    int num;
    while (s->open && (num = s->user.ops->output(s->user.ctx, iov, 4, world->now)) > 0) {
        size_t len = 0;
        for (int i = 0; i < num; i++) {
            note(s, iov[i].iov_base, iov[i].iov_len);
            len += iov[i].iov_len;
        }
        s->user.ops->sent(s->user.ctx, len, world->now);
    }
}

static void feed(fuzz_stream *s, rig_view bytes)
{
    while (s && s->open && bytes.len) {
        struct iovec iov;
        if (s->user.ops->space(s->user.ctx, &iov, 1) < 1)
            return;
        size_t len = bytes.len < iov.iov_len ? bytes.len : iov.iov_len;
        memcpy(iov.iov_base, bytes.ptr, len);
        bytes = rig_view_sub(bytes, len, bytes.len);
        s->user.ops->received(s->user.ctx, len, world->now);
        if (s->open)
            drain(s);
    }
}

/* A message whose header fits the last request, or makes a notification of it. */
static void feed_right(fuzz_stream *s, rig_view bytes)
{
    rig_isns_header like = {.flags = RIG_ISNS_FROM_SERVER, .function = RIG_ISNS_SCN};
    rig_gather out = {0};
    if (!s)
        return;
    if (s->ours) {
        rig_isns_header asked = rig_isns_header_get(s->request);
        like.function = asked.function | RIG_ISNS_RESPONSE;
        like.transaction = asked.transaction;
    }
    require(rig_isns_pack(rig_alloc_libc(), &like, bytes, 0, &out) == RIG_OK);
    feed(s, rig_view_of(out.ptr, out.len));
    rig_gather_cleanup(&out, rig_alloc_libc());
}

static void end_stream(fuzz_stream *s, rig_stream_event event)
{
    if (!s)
        return;
    if (event != RIG_STREAM_PEER_CLOSED)
        s->open = false;
    s->user.ops->event(s->user.ctx, event, event == RIG_STREAM_FAILED ? RIG_E_RESET : RIG_OK, world->now);
}

static void pass(uint64_t ns)
{
    const rig_timer *timer;
    world->now += ns;
    while ((timer = rig_timerq_pop(&world->timers, world->now)) != NULL)
        require(rig_isns_client_tick(world->client, timer, world->now));
}

static void accept_one(void)
{
    fuzz_stream *s = world->accept ? stream_new(NULL, false) : NULL;
    if (s && !world->accept(world->accept_ctx, &s->stream, &s->user, world->now))
        s->open = false;
}

static void ask(void)
{
    fuzz_stream *s;
    if (rig_isns_ask(world->client, rig_view_str(NODE), world->now) != RIG_OK)
        return;
    world->asked++;
    s = last(true);
    s->user.ops->event(s->user.ctx, RIG_STREAM_CONNECTED, RIG_OK, world->now);
    if (s->open)
        drain(s);
}

static void record(uint8_t what, rig_view bytes)
{
    switch (what & 15) {
    case RAW:
        feed(last(true), bytes);
        break;
    case RIGHT:
        feed_right(last(true), bytes);
        break;
    case NOTICE_RAW:
        feed(last(false), bytes);
        break;
    case NOTICE_RIGHT:
        feed_right(last(false), bytes);
        break;
    case CLOSE:
        end_stream(last(what & 16), what & 32   ? RIG_STREAM_FAILED
                                    : what & 64 ? RIG_STREAM_CLOSED
                                                : RIG_STREAM_PEER_CLOSED);
        break;
    case WAIT:
        pass((uint64_t)bytes.len * RIG_SECOND);
        break;
    case ASK:
        ask();
        break;
    case LEAVE:
        rig_isns_leave(world->client, world->now);
        break;
    case ACCEPT:
        accept_one();
        break;
    default:
        for (unsigned i = 0; i < 3; i++)
            feed_right(last(true), rig_view_of("\0\0\0\0", 4));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_world room;
    rig_view rest = rig_view_of(data, size);
    world = &room;
    room = (fuzz_world){.transport = {&ops, NULL}};
    rig_alloc_meter_init(&room.meter, rig_alloc_libc());
    const rig_isns_client_config config = {
        .alloc = &room.meter.alloc,
        .transport = &room.transport,
        .timers = &room.timers,
        .server = {.host = "192.0.2.9", .port = RIG_ISNS_PORT, .group = -1},
        .answered = on_answered,
        .changed = on_changed,
        .left = on_left};
    room.client = rig_isns_client_new(&config);
    ask();
    for (unsigned i = 0; i < RECORDS_MAX && rest.len >= 2; i++) {
        uint8_t what = rest.ptr[0];
        size_t len = rest.ptr[1];
        rest = rig_view_sub(rest, 2, rest.len);
        rig_view bytes = rig_view_sub(rest, 0, len);
        record(what, bytes);
        rest = rig_view_sub(rest, bytes.len, rest.len);
    }
    pass(100 * RIG_SECOND);
    require(room.asked == room.answered);
    rig_isns_client_free(room.client);
    require(room.meter.num_live == 0 && room.timers.num_armed == 0);
    return 0;
}
