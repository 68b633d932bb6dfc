/* Two hosts on a simulated network, and stream users that send a known pattern and check what comes. */
#ifndef WORLD_H
#define WORLD_H

#include "rig/link.h"
#include "rig/simnet.h"
#include "suite.h"

#ifndef WORLD_PEERS
#define WORLD_PEERS 4
#endif
#define WORLD_STEPS 20000000

typedef struct world world;

/* One end of a connection. Sends `size` pattern bytes in pieces, takes bytes into chunks. */
typedef struct peer {
    world *in;
    rig_stream *stream;
    uint8_t *out; /* memory of its own, freed when the stream is gone */
    size_t size;
    size_t sent;
    size_t piece;    /* bytes of one iovec, 0 = all in one */
    uint8_t start;   /* of the pattern */
    uint8_t expect;  /* next byte wanted */
    size_t got;      /* bytes received */
    size_t wrong;    /* bytes that were not as expected */
    size_t reset_at; /* reset the stream from inside received() */
    bool blocked;    /* space() gives nothing */
    bool close_when_sent;
    bool close_on_fin;
    bool connected;
    bool peer_closed;
    bool closed;
    bool failed;
    rig_status why;
    uint64_t ended_at;
    uint8_t place[2][700];
} peer;

struct world {
    rig_alloc_meter meter;
    rig_simnet *net;
    rig_simhost *client;
    rig_simhost *server;
    rig_listener *listener;
    peer a;              /* connects */
    peer b[WORLD_PEERS]; /* accepted, in order */
    size_t num_b;
    peer accepts; /* what an accepted peer starts as */
    bool refuse;
    uint64_t hash; /* of all bytes tapped */
    size_t num_packets;
    size_t num_resets;
    size_t largest; /* payload of the largest packet */
    uint8_t bytes[RIG_SIM_MTU_MAX];
};

static inline uint8_t world_pattern(uint8_t start, size_t at)
{
    return (uint8_t)(start + at * 7 + at / 251);
}

static inline int peer_space(void *ctx, struct iovec *iov, int max)
{
    peer *p = ctx;
    if (p->blocked || max < 2)
        return 0;
    iov[0] = (struct iovec){p->place[0], sizeof(p->place[0])};
    iov[1] = (struct iovec){p->place[1], sizeof(p->place[1])};
    return 2;
}

static inline void peer_end(peer *p)
{
    rig_delete(rig_alloc_libc(), p->out, p->size);
    p->out = NULL;
    p->stream = NULL;
    p->ended_at = rig_simnet_now(p->in->net);
}

static inline void peer_received(void *ctx, size_t len, uint64_t now)
{
    peer *p = ctx;
    (void)now;
    for (size_t i = 0; i < len; i++) {
        uint8_t *place = p->place[i / sizeof(p->place[0])];
        p->wrong += place[i % sizeof(p->place[0])] != world_pattern(p->expect, p->got + i);
    }
    p->got += len;
    if (p->reset_at && p->got >= p->reset_at) {
        rig_close(p->stream, RIG_CLOSE_RESET);
        peer_end(p);
    }
}

static inline int peer_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    peer *p = ctx;
    (void)now;
    size_t at = p->sent;
    int num = 0;
    while (p->out && at < p->size && num < max) {
        size_t piece = p->piece ? p->piece - at % p->piece : p->size;
        piece = piece < p->size - at ? piece : p->size - at;
        iov[num++] = (struct iovec){p->out + at, piece};
        at += piece;
    }
    return num;
}

static inline void peer_sent(void *ctx, size_t len, uint64_t now)
{
    peer *p = ctx;
    (void)now;
    CU_ASSERT(len > 0 && p->sent + len <= p->size);
    memset(p->out + p->sent, 0xEE, len); /* it is ours again */
    p->sent += len;
    if (p->sent == p->size && p->close_when_sent)
        rig_close(p->stream, RIG_CLOSE_FLUSH);
}

static inline void peer_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    peer *p = ctx;
    (void)now;
    CU_ASSERT(!p->closed && !p->failed);
    p->connected |= event == RIG_STREAM_CONNECTED;
    p->peer_closed |= event == RIG_STREAM_PEER_CLOSED;
    p->closed |= event == RIG_STREAM_CLOSED;
    p->failed |= event == RIG_STREAM_FAILED;
    p->why = why;
    if (event == RIG_STREAM_CONNECTED && p->size == 0 && p->close_when_sent)
        rig_close(p->stream, RIG_CLOSE_FLUSH);
    if (event == RIG_STREAM_PEER_CLOSED && p->close_on_fin)
        rig_close(p->stream, RIG_CLOSE_FLUSH);
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        peer_end(p);
}

static const rig_stream_user_ops peer_ops = {peer_space, peer_received, peer_output, peer_sent, peer_event};

static inline void peer_start(peer *p, world *w)
{
    p->in = w;
    p->out = p->size ? rig_new(rig_alloc_libc(), p->size) : NULL;
    for (size_t i = 0; i < p->size; i++)
        p->out[i] = world_pattern(p->start, i);
}

static inline bool world_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    world *w = ctx;
    (void)now;
    if (w->refuse || w->num_b == WORLD_PEERS)
        return false;
    peer *p = &w->b[w->num_b++];
    *p = w->accepts;
    peer_start(p, w);
    p->stream = stream;
    *out_user = (rig_stream_user){&peer_ops, p};
    return true;
}

static inline void world_tap(void *ctx, uint64_t now, const rig_packet *packet)
{
    world *w = ctx;
    size_t len = rig_packet_bytes(packet, w->bytes, sizeof(w->bytes));
    CU_ASSERT(len > 0);
    w->hash = rig_hash64(w->bytes, len, w->hash ^ now);
    w->num_packets++;
    w->num_resets += packet->protocol == 6 && (packet->header[13] & 4) != 0;
    if (packet->payload_len > w->largest)
        w->largest = packet->payload_len;
}

static inline rig_ip world_ip(const char *text)
{
    rig_ip ip = {0};
    CU_ASSERT(rig_ip_parse(rig_view_str(text), &ip));
    return ip;
}

static inline rig_status world_host(world *w, const char *name, const char *v4, const char *v6,
                                    rig_simhost **out)
{
    rig_ip ip4 = world_ip(v4), ip6 = world_ip(v6);
    rig_status status = rig_simhost_new(w->net, name, out);
    if (status == RIG_OK)
        status = rig_simhost_address(*out, &ip4);
    return status == RIG_OK ? rig_simhost_address(*out, &ip6) : status;
}

/* Fails only for want of memory. */
static inline rig_status world_try(world *w, uint64_t seed, uint64_t latency, const char *const *links)
{
    rig_simnet_config config = {.alloc = &w->meter.alloc, .draws = {.seed = seed}, .latency = latency};
    rig_address at = {.port = 3260};
    rig_status status = rig_simnet_new(&config, &w->net);
    if (status == RIG_OK)
        status = world_host(w, "client", "10.0.0.1", "fd00::1", &w->client);
    if (status == RIG_OK)
        status = world_host(w, "server", "10.0.0.2", "fd00::2", &w->server);
    if (status == RIG_OK)
        status = rig_listen(rig_simhost_transport(w->server), &at, world_accept, w, &w->listener);
    for (size_t i = 0; links && links[i] && status == RIG_OK; i++)
        status = rig_link_add(w->net, rig_view_str(links[i]), NULL);
    if (status == RIG_OK)
        rig_tap_set(w->net, world_tap, w);
    return status;
}

static inline void world_start(world *w, uint64_t seed, uint64_t latency, const char *const *links)
{
    memset(w, 0, sizeof(*w));
    rig_alloc_meter_init(&w->meter, rig_alloc_libc());
    CU_ASSERT_FATAL(world_try(w, seed, latency, links) == RIG_OK);
    w->a.expect = w->accepts.start = 100;
    w->a.start = w->accepts.expect = 1;
}

static inline rig_status world_connect_peer(world *w, peer *p, const rig_address *local, const char *host)
{
    rig_portal portal = {.port = 3260, .group = -1};
    rig_text text;
    rig_text_init(&text, portal.host, sizeof(portal.host));
    rig_text_add(&text, "%s", host);
    rig_stream_user user = {&peer_ops, p};
    peer_start(p, w);
    rig_status status = rig_connect(rig_simhost_transport(w->client), local, &portal, &user, &p->stream);
    if (status != RIG_OK)
        peer_end(p);
    return status;
}

static inline rig_status world_connect(world *w, const char *host)
{
    return world_connect_peer(w, &w->a, NULL, host);
}

/* Steps until nothing waits or until the time; false when it never ends. */
static inline bool world_run(world *w, uint64_t until)
{
    for (int i = 0; i < WORLD_STEPS; i++)
        if (rig_simnet_next(w->net) > until || !rig_simnet_step(w->net))
            return true;
    return false;
}

static inline void world_stop(world *w)
{
    rig_simnet_free(w->net);
    CU_ASSERT_EQUAL(w->meter.num_live, 0);
    CU_ASSERT_EQUAL(w->meter.bytes_live, 0);
    rig_delete(rig_alloc_libc(), w->a.out, w->a.size);
    for (size_t i = 0; i < w->num_b; i++)
        rig_delete(rig_alloc_libc(), w->b[i].out, w->b[i].size);
}

#endif
