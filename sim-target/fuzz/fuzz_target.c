/*
 * A whole target behind hostile bytes. The first byte chooses: logged in or not, the size of pieces, digests,
 * whether the peer reads, a session at ErrorRecoveryLevel 2, its second connection; then come records of two
 * length bytes and that many bytes of stream, with time passing between. The highest bit of the length
 * chooses the connection, and a record without bytes loses it.
 */
#include <stdlib.h>

#include "rig/target.h"
#include "rig/text.h"

#define NAME "iqn.2026-01.example.sim:fuzz"
#define PIECE 512
#define CONNECTIONS 2

enum { LOGGED_IN = 1, DIGESTS = 2, DEAF = 4, PIECES = 8, LEVEL_2 = 16, SECOND = 32 };

typedef struct fuzz_stream {
    rig_stream stream;
    rig_stream_user user;
    bool open, flushing;
} fuzz_stream;

typedef struct fuzz_world {
    rig_transport transport;
    rig_listener listener;
    rig_accept_fn *accept;
    void *accept_ctx;
    fuzz_stream streams[CONNECTIONS];
    bool deaf;
    uint16_t tsih;
    uint64_t now;
    uint8_t read_ahead[8192];
} fuzz_world;

static fuzz_world *world;

static rig_status on_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                             const rig_stream_user *user, rig_stream **out_stream)
{
    (void)ctx, (void)local, (void)remote, (void)user, (void)out_stream;
    return RIG_E_UNSUPPORTED;
}

static rig_status on_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                            rig_listener **out_listener)
{
    (void)ctx, (void)at;
    world->accept = accept;
    world->accept_ctx = accept_ctx;
    *out_listener = &world->listener;
    return RIG_OK;
}

static void on_unlisten(rig_listener *listener)
{
    (void)listener;
}

static void on_bound(const rig_listener *listener, rig_address *out_address)
{
    (void)listener;
    *out_address = (rig_address){.ip = {.version = 4}, .port = 3260};
}

static void on_wake(rig_stream *stream)
{
    (void)stream;
}

static void on_close(rig_stream *base, rig_close_how how)
{
    fuzz_stream *stream = (fuzz_stream *)(void *)base;
    if (how == RIG_CLOSE_RESET)
        stream->open = false;
    else
        stream->flushing = true;
}

static void on_ends(const rig_stream *stream, rig_address *out_local, rig_address *out_remote)
{
    (void)stream;
    *out_local = *out_remote = (rig_address){.ip = {.version = 4}, .port = 3260};
}

static const rig_transport_ops ops = {on_connect, on_listen, on_unlisten, on_bound,
                                      on_wake,    on_close,  on_ends};

static void on_event(void *ctx, const rig_target_event *event)
{
    (void)ctx;
    if (event->kind == RIG_TARGET_SESSION_UP)
        world->tsih = event->tsih;
}

static void drain_one(fuzz_stream *stream)
{
    struct iovec iov[RIG_STREAM_IOV];
    int num;
    while (stream->open && !world->deaf &&
           (num = stream->user.ops->output(stream->user.ctx, iov, RIG_STREAM_IOV, world->now)) > 0) {
        size_t total = 0;
        for (int i = 0; i < num; i++)
            total += iov[i].iov_len;
        stream->user.ops->sent(stream->user.ctx, total, world->now);
    }
    if (!stream->open || !stream->flushing || world->deaf)
        return;
    stream->open = false;
    stream->user.ops->event(stream->user.ctx, RIG_STREAM_CLOSED, RIG_OK, world->now);
}

static void drain(void)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        drain_one(&world->streams[i]);
}

static void feed(fuzz_stream *stream, const uint8_t *bytes, size_t len, size_t step)
{
    while (len > 0 && stream->open) {
        struct iovec iov[RIG_STREAM_IOV];
        int num = stream->user.ops->space(stream->user.ctx, iov, RIG_STREAM_IOV);
        size_t taken = 0;
        for (int i = 0; i < num && taken < len && taken < step; i++) {
            size_t part = iov[i].iov_len < len - taken ? iov[i].iov_len : len - taken;
            part = part < step - taken ? part : step - taken;
            memcpy(iov[i].iov_base, bytes + taken, part);
            taken += part;
        }
        if (taken == 0)
            return;
        stream->user.ops->received(stream->user.ctx, taken, world->now);
        bytes += taken;
        len -= taken;
        drain();
    }
}

#define NAMES "InitiatorName=iqn.2026-01.example.host:f\0TargetName=" NAME "\0"

static void log_in(fuzz_stream *stream, uint8_t mode, uint16_t tsih)
{
    static const char plain[] = NAMES "InitialR2T=No\0";
    static const char with[] = NAMES "HeaderDigest=CRC32C\0DataDigest=CRC32C\0";
    static const char recovery[] =
        NAMES "InitialR2T=No\0ErrorRecoveryLevel=2\0MaxConnections=2\0MaxRecvDataSegmentLength=512\0";
    static const char joining[] = NAMES "MaxRecvDataSegmentLength=512\0";
    uint8_t pdu[RIG_BHS_LEN + 512] = {0};
    const char *text = mode & DIGESTS ? with : plain;
    size_t len = mode & DIGESTS ? sizeof(with) - 1 : sizeof(plain) - 1;
    if (mode & LEVEL_2) {
        text = tsih ? joining : recovery;
        len = tsih ? sizeof(joining) - 1 : sizeof(recovery) - 1;
    }
    rig_bhs_init(pdu, RIG_PDU_LOGIN_REQ);
    rig_set(pdu, RIG_F_T, 1);
    rig_set(pdu, RIG_F_CSG, 1);
    rig_set(pdu, RIG_F_NSG, 3);
    rig_set(pdu, RIG_F_ITT, 1);
    rig_set(pdu, RIG_F_TSIH, tsih);
    rig_set(pdu, RIG_F_CID, (uint64_t)(stream - world->streams));
    rig_set(pdu, RIG_F_DATA_LEN, len);
    memcpy(pdu + RIG_BHS_LEN, text, len);
    feed(stream, pdu, RIG_BHS_LEN + (len + 3) / 4 * 4, SIZE_MAX);
}

static void open_stream(fuzz_stream *stream)
{
    stream->stream.ops = &ops;
    stream->flushing = false;
    stream->open = world->accept(world->accept_ctx, &stream->stream, &stream->user, world->now);
}

static void lose(fuzz_stream *stream)
{
    if (!stream->open)
        return;
    stream->open = false;
    stream->user.ops->event(stream->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET, world->now);
}

/* Small tags, handles and numbers, which inputs can meet. */
static uint64_t pinned(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    (void)ctx, (void)name, (void)drawn;
    return index + 1;
}

static rig_target *make_target(void)
{
    rig_target *target;
    rig_target_node *node;
    rig_address at = {.ip = {.version = 4}, .port = 3260};
    rig_backing *backing;
    rig_device *device;
    rig_target_config config = {.alloc = rig_alloc_libc(),
                                .transport = &world->transport,
                                .nop_interval = 10 * RIG_SECOND,
                                .event = on_event,
                                .draws = {.pin = pinned}};
    config.read_ahead = (struct iovec){world->read_ahead, sizeof(world->read_ahead)};
    world->transport = (rig_transport){&ops, NULL};
    world->listener.ops = &ops;
    static const char *const offers[][2] = {{"ErrorRecoveryLevel", "2"}, {"MaxConnections", "2"}};
    if (rig_target_new(&config, &target) != RIG_OK || rig_target_portal_add(target, &at, 1, NULL) != RIG_OK ||
        rig_target_node_add(target, rig_view_str(NAME), &node, NULL) != RIG_OK ||
        rig_backing_ram_new(config.alloc, 65536, &backing) != RIG_OK ||
        rig_device_new(&(rig_device_config){.alloc = config.alloc, .backing = backing}, &device) != RIG_OK ||
        rig_target_node_lun(node, 0, device) != RIG_OK)
        abort();
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
        rig_target_offer(target, node, rig_view_str(offers[i][0]), rig_view_str(offers[i][1]), NULL);
    return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* One record: bytes for a connection, or its loss. At level 2 a connection that was lost is reinstated. */
static size_t play(const uint8_t *data, size_t size, uint8_t mode)
{
    size_t len = (size_t)(data[0] << 8 | data[1]);
    fuzz_stream *stream = &world->streams[len >> 15 & (mode & SECOND ? 1u : 0u)];
    len &= 0x7fff;
    len = len < size - 2 ? len : size - 2;
    if (len == 0) {
        lose(stream);
        open_stream(stream);
        if (mode & LEVEL_2)
            log_in(stream, mode, world->tsih);
    }
    feed(stream, data + 2, len, mode & PIECES ? PIECE : SIZE_MAX);
    return 2 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t mode = size > 0 ? data[0] : 0;
    size_t at = 1;
    world = calloc(1, sizeof(*world));
    rig_target *target = make_target();
    open_stream(&world->streams[0]);
    if (mode & LOGGED_IN)
        log_in(&world->streams[0], mode, 0);
    if (mode & SECOND)
        open_stream(&world->streams[1]);
    if (mode & LOGGED_IN && mode & SECOND)
        log_in(&world->streams[1], mode, world->tsih);
    world->deaf = mode & DEAF;
    while (at + 2 <= size) {
        at += play(data + at, size - at, mode);
        world->now += RIG_SECOND;
        rig_target_tick(target, world->now);
        drain();
    }
    rig_target_free(target);
    free(world);
    return 0;
}
