/* Evidence of socket runs. A transport over another one that sees every byte where it passes into or out of
 * our own side, and hands it to the recorder as the packets it would have been: the bytes and their order are
 * the evidence, the segments are not, so such runs write no capture file from here. */
#include "world.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define CHUNK 32768 /* bytes of one made-up segment */

typedef struct run_tee run_tee;

typedef struct tee_stream {
    rig_stream base;
    run_tee *tee;
    rig_stream *inner;
    rig_stream_user user;
    rig_address local, remote;
    uint32_t seq[2]; /* next sequence number: [0] ours, [1] theirs */
    struct iovec in[RIG_STREAM_IOV], out[RIG_STREAM_IOV];
    int num_in, num_out;
    uint32_t busy;
    bool told, gone;
    bool closing; /* the end was asked for and is shown behind what is still to be sent */
    struct tee_stream *next;
} tee_stream;

typedef struct tee_listener {
    rig_listener base;
    run_tee *tee;
    rig_listener *inner;
    rig_accept_fn *accept;
    void *ctx;
    struct tee_listener *next;
} tee_listener;

struct run_tee {
    run_world *world;
    rig_transport above, below;
    bool target_side;
    tee_stream *streams;
    tee_listener *listeners;
};

static void show(tee_stream *stream, bool ours, uint8_t flags, const struct iovec *piece)
{
    const rig_address *from = ours ? &stream->local : &stream->remote;
    const rig_address *to = ours ? &stream->remote : &stream->local;
    run_world *world = stream->tee->world;
    rig_packet packet = {.source = from->ip, .destination = to->ip, .protocol = 6, .header_len = 20};
    rig_be_set(packet.header, 2, from->port);
    rig_be_set(packet.header + 2, 2, to->port);
    rig_be_set(packet.header + 4, 4, stream->seq[!ours]);
    rig_be_set(packet.header + 8, 4, flags & ACK ? stream->seq[ours] : 0);
    packet.header[12] = 5 << 4;
    packet.header[13] = flags;
    rig_be_set(packet.header + 14, 2, 0xffff);
    if (piece) {
        packet.iov[0] = *piece;
        packet.num_iov = 1;
        packet.payload_len = (uint32_t)piece->iov_len;
    }
    stream->seq[!ours] += packet.payload_len + ((flags & (SYN | FIN)) != 0);
    if (!world->tearing_down)
        run_tap(world, run_now(world), &packet);
}

static void show_bytes(tee_stream *stream, bool ours, const struct iovec *iov, int num, size_t len)
{
    for (int i = 0; i < num && len > 0; i++) {
        size_t part = iov[i].iov_len < len ? iov[i].iov_len : len;
        len -= part;
        for (size_t at = 0; at < part; at += CHUNK) {
            struct iovec piece = {(uint8_t *)iov[i].iov_base + at, part - at < CHUNK ? part - at : CHUNK};
            show(stream, ours, PSH | ACK, &piece);
        }
    }
}

static void show_start(tee_stream *stream)
{
    bool ours = !stream->tee->target_side;
    if (stream->told)
        return;
    stream->told = true;
    rig_ends(stream->inner, &stream->local, &stream->remote);
    show(stream, ours, SYN, NULL);
    show(stream, !ours, SYN | ACK, NULL);
    show(stream, ours, ACK, NULL);
}

static void stream_put(tee_stream *stream)
{
    if (!stream->gone || stream->busy)
        return;
    tee_stream **place = &stream->tee->streams;
    while (*place != stream)
        place = &(*place)->next;
    *place = stream->next;
    rig_delete(stream->tee->world->alloc, stream, sizeof *stream);
}

static int tee_space(void *ctx, struct iovec *iov, int max)
{
    tee_stream *stream = ctx;
    if (stream->gone)
        return 0;
    stream->num_in =
        stream->user.ops->space(stream->user.ctx, iov, max < RIG_STREAM_IOV ? max : RIG_STREAM_IOV);
    memcpy(stream->in, iov, (size_t)stream->num_in * sizeof *iov);
    return stream->num_in;
}

static void tee_received(void *ctx, size_t len, uint64_t now)
{
    tee_stream *stream = ctx;
    if (stream->gone)
        return;
    stream->busy++;
    show_bytes(stream, false, stream->in, stream->num_in, len);
    stream->user.ops->received(stream->user.ctx, len, now);
    stream->busy--;
    stream_put(stream);
}

static void show_end(tee_stream *stream)
{
    if (stream->closing && stream->told)
        show(stream, true, FIN | ACK, NULL);
    stream->closing = false;
}

static int tee_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    tee_stream *stream = ctx;
    if (stream->gone)
        return 0;
    stream->num_out =
        stream->user.ops->output(stream->user.ctx, iov, max < RIG_STREAM_IOV ? max : RIG_STREAM_IOV, now);
    memcpy(stream->out, iov, (size_t)stream->num_out * sizeof *iov);
    if (stream->num_out == 0)
        show_end(stream);
    return stream->num_out;
}

static void tee_sent(void *ctx, size_t len, uint64_t now)
{
    tee_stream *stream = ctx;
    if (stream->gone)
        return;
    stream->busy++;
    show_bytes(stream, true, stream->out, stream->num_out, len);
    stream->user.ops->sent(stream->user.ctx, len, now);
    stream->busy--;
    stream_put(stream);
}

static void tee_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    tee_stream *stream = ctx;
    if (stream->gone)
        return;
    stream->busy++;
    if (event == RIG_STREAM_CONNECTED)
        show_start(stream);
    if (event == RIG_STREAM_PEER_CLOSED)
        show(stream, false, FIN | ACK, NULL);
    if (event == RIG_STREAM_FAILED && stream->told)
        show(stream, false, RST, NULL);
    if (event == RIG_STREAM_CLOSED)
        show_end(stream);
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        stream->gone = true;
    stream->user.ops->event(stream->user.ctx, event, why, now);
    stream->busy--;
    stream_put(stream);
}

static const rig_stream_user_ops tee_user_ops = {tee_space, tee_received, tee_output, tee_sent, tee_event};

static void tee_wake(rig_stream *base)
{
    tee_stream *stream = (tee_stream *)base;
    if (!stream->gone)
        rig_wake(stream->inner);
}

static void tee_close(rig_stream *base, rig_close_how how)
{
    tee_stream *stream = (tee_stream *)base;
    if (stream->gone)
        return;
    stream->closing = how != RIG_CLOSE_RESET;
    if (stream->told && !stream->closing)
        show(stream, true, RST, NULL);
    if (how == RIG_CLOSE_RESET)
        stream->gone = true;
    rig_close(stream->inner, how);
    stream_put(stream);
}

static void tee_ends(const rig_stream *base, rig_address *out_local, rig_address *out_remote)
{
    rig_ends(((const tee_stream *)base)->inner, out_local, out_remote);
}

static const rig_transport_ops tee_ops;

static tee_stream *stream_new(run_tee *tee)
{
    tee_stream *stream = rig_new(tee->world->alloc, sizeof *stream);
    if (!stream)
        return NULL;
    stream->base.ops = &tee_ops;
    stream->tee = tee;
    stream->next = tee->streams;
    tee->streams = stream;
    return stream;
}

static rig_status tee_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                              const rig_stream_user *user, rig_stream **out_stream)
{
    run_tee *tee = ctx;
    tee_stream *stream = stream_new(tee);
    if (!stream)
        return RIG_E_NOMEM;
    stream->user = *user;
    const rig_stream_user mine = {&tee_user_ops, stream};
    rig_status status = rig_connect(&tee->below, local, remote, &mine, &stream->inner);
    *out_stream = &stream->base;
    if (status) {
        stream->gone = true;
        stream_put(stream);
    }
    return status;
}

static bool tee_accept(void *ctx, rig_stream *inner, rig_stream_user *out_user, uint64_t now)
{
    tee_listener *listener = ctx;
    tee_stream *stream = stream_new(listener->tee);
    if (!stream)
        return false;
    stream->inner = inner;
    stream->busy++;
    show_start(stream);
    bool taken = listener->accept(listener->ctx, &stream->base, &stream->user, now);
    stream->busy--;
    if (!taken) {
        stream->gone = true;
        stream_put(stream);
    }
    *out_user = (rig_stream_user){&tee_user_ops, stream};
    return taken;
}

static rig_status tee_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                             rig_listener **out_listener)
{
    run_tee *tee = ctx;
    tee_listener *listener = rig_new(tee->world->alloc, sizeof *listener);
    if (!listener)
        return RIG_E_NOMEM;
    *listener = (tee_listener){{&tee_ops}, tee, NULL, accept, accept_ctx, tee->listeners};
    rig_status status = rig_listen(&tee->below, at, tee_accept, listener, &listener->inner);
    if (status) {
        rig_delete(tee->world->alloc, listener, sizeof *listener);
        return status;
    }
    tee->listeners = listener;
    *out_listener = &listener->base;
    return RIG_OK;
}

static void tee_unlisten(rig_listener *base)
{
    tee_listener *listener = (tee_listener *)base;
    if (listener->inner)
        rig_unlisten(listener->inner);
    listener->inner = NULL;
}

static void tee_bound(const rig_listener *base, rig_address *out_address)
{
    rig_bound(((const tee_listener *)base)->inner, out_address);
}

static const rig_transport_ops tee_ops = {tee_connect, tee_listen, tee_unlisten, tee_bound,
                                          tee_wake,    tee_close,  tee_ends};

rig_status run_tee_new(run_world *world, const rig_transport *below, bool target_side, run_tee **out_tee)
{
    run_tee *tee = rig_new(world->alloc, sizeof *tee);
    if (!tee)
        return RIG_E_NOMEM;
    *tee = (run_tee){.world = world, .above = {&tee_ops, tee}, .below = *below, .target_side = target_side};
    *out_tee = tee;
    return RIG_OK;
}

void run_tee_free(run_tee *tee)
{
    if (!tee)
        return;
    const rig_alloc *alloc = tee->world->alloc;
    for (tee_stream *stream = tee->streams, *next; stream; stream = next) {
        next = stream->next;
        rig_delete(alloc, stream, sizeof *stream);
    }
    for (tee_listener *listener = tee->listeners, *next; listener; listener = next) {
        next = listener->next;
        rig_delete(alloc, listener, sizeof *listener);
    }
    rig_delete(alloc, tee, sizeof *tee);
}

const rig_transport *run_tee_transport(run_tee *tee)
{
    return &tee->above;
}
