/*
 * A whole target behind hostile bytes. The first byte chooses: logged in or not, the size of pieces, digests,
 * whether the peer reads; then come records of two length bytes and that many bytes of stream, with time
 * passing between.
 */
#include <stdlib.h>

#include "rig/target.h"
#include "rig/text.h"

#define NAME "iqn.2026-01.example.sim:fuzz"
#define PIECE 512

typedef struct fuzz_world {
    rig_transport transport;
    rig_listener listener;
    rig_accept_fn *accept;
    void *accept_ctx;
    rig_stream stream;
    rig_stream_user user;
    bool open, flushing, deaf;
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

static void on_close(rig_stream *stream, rig_close_how how)
{
    (void)stream;
    if (how == RIG_CLOSE_RESET)
        world->open = false;
    else
        world->flushing = true;
}

static void on_ends(const rig_stream *stream, rig_address *out_local, rig_address *out_remote)
{
    (void)stream;
    *out_local = *out_remote = (rig_address){.ip = {.version = 4}, .port = 3260};
}

static const rig_transport_ops ops = {on_connect, on_listen, on_unlisten, on_bound,
                                      on_wake,    on_close,  on_ends};

static void drain(void)
{
    struct iovec iov[RIG_STREAM_IOV];
    int num;
    while (world->open && !world->deaf &&
           (num = world->user.ops->output(world->user.ctx, iov, RIG_STREAM_IOV, world->now)) > 0) {
        size_t total = 0;
        for (int i = 0; i < num; i++)
            total += iov[i].iov_len;
        world->user.ops->sent(world->user.ctx, total, world->now);
    }
    if (!world->open || !world->flushing || world->deaf)
        return;
    world->open = false;
    world->user.ops->event(world->user.ctx, RIG_STREAM_CLOSED, RIG_OK, world->now);
}

static void feed(const uint8_t *bytes, size_t len, size_t step)
{
    while (len > 0 && world->open) {
        struct iovec iov[RIG_STREAM_IOV];
        int num = world->user.ops->space(world->user.ctx, iov, RIG_STREAM_IOV);
        size_t taken = 0;
        for (int i = 0; i < num && taken < len && taken < step; i++) {
            size_t part = iov[i].iov_len < len - taken ? iov[i].iov_len : len - taken;
            part = part < step - taken ? part : step - taken;
            memcpy(iov[i].iov_base, bytes + taken, part);
            taken += part;
        }
        if (taken == 0)
            return;
        world->user.ops->received(world->user.ctx, taken, world->now);
        bytes += taken;
        len -= taken;
        drain();
    }
}

static void log_in(bool digests)
{
    uint8_t pdu[RIG_BHS_LEN + 512] = {0};
    static const char plain[] =
        "InitiatorName=iqn.2026-01.example.host:f\0TargetName=" NAME "\0InitialR2T=No\0";
    static const char with[] = "InitiatorName=iqn.2026-01.example.host:f\0TargetName=" NAME
                               "\0HeaderDigest=CRC32C\0DataDigest=CRC32C\0";
    size_t len = digests ? sizeof(with) - 1 : sizeof(plain) - 1;
    rig_bhs_init(pdu, RIG_PDU_LOGIN_REQ);
    rig_set(pdu, RIG_F_T, 1);
    rig_set(pdu, RIG_F_CSG, 1);
    rig_set(pdu, RIG_F_NSG, 3);
    rig_set(pdu, RIG_F_ITT, 1);
    rig_set(pdu, RIG_F_DATA_LEN, len);
    memcpy(pdu + RIG_BHS_LEN, digests ? with : plain, len);
    feed(pdu, RIG_BHS_LEN + (len + 3) / 4 * 4, SIZE_MAX);
}

static rig_target *make_target(void)
{
    rig_target *target;
    rig_target_node *node;
    rig_address at = {.ip = {.version = 4}, .port = 3260};
    rig_backing *backing;
    rig_device *device;
    rig_target_config config = {
        .alloc = rig_alloc_libc(), .transport = &world->transport, .nop_interval = 10 * RIG_SECOND};
    config.read_ahead = (struct iovec){world->read_ahead, sizeof(world->read_ahead)};
    world->transport = (rig_transport){&ops, NULL};
    world->listener.ops = &ops;
    world->stream.ops = &ops;
    if (rig_target_new(&config, &target) != RIG_OK || rig_target_portal_add(target, &at, 1, NULL) != RIG_OK ||
        rig_target_node_add(target, rig_view_str(NAME), &node, NULL) != RIG_OK ||
        rig_backing_ram_new(config.alloc, 65536, &backing) != RIG_OK ||
        rig_device_new(&(rig_device_config){.alloc = config.alloc, .backing = backing}, &device) != RIG_OK ||
        rig_target_node_lun(node, 0, device) != RIG_OK)
        abort();
    return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t mode = size > 0 ? data[0] : 0;
    size_t at = 1;
    world = calloc(1, sizeof(*world));
    rig_target *target = make_target();
    world->open = world->accept(world->accept_ctx, &world->stream, &world->user, 0);
    if (mode & 1)
        log_in(mode & 2);
    world->deaf = mode & 4;
    while (at + 2 <= size) {
        size_t len = (size_t)(data[at] << 8 | data[at + 1]);
        at += 2;
        len = len < size - at ? len : size - at;
        feed(data + at, len, mode & 8 ? PIECE : SIZE_MAX);
        at += len;
        world->now += RIG_SECOND;
        rig_target_tick(target, world->now);
        drain();
    }
    rig_target_free(target);
    free(world);
    return 0;
}
