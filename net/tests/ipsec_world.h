/* Two hosts with IPsec at their edges, and somebody on the way who sees, loses and repeats packets. */
#ifndef IPSEC_WORLD_H
#define IPSEC_WORLD_H

#include "ipsec/internal.h"
#include "tests/world.h"

#define IPS_KEY "the key of both ends"
#define IPS_NOTICES 512
#define IPS_SEEN 4096

enum { IPS_CLIENT, IPS_SERVER };

/* A packet as it was sent. */
typedef struct ips_packet {
    uint64_t at;
    bool from_server;
    uint8_t protocol, exchange; /* exchange: of IKE */
    bool encrypted;
    uint32_t id, sequence; /* message id, or SPI */
    uint8_t tcp_flags;
    size_t len;
} ips_packet;

typedef struct ips_setting {
    bool aggressive, pfs, tunnel;
    const char *host;  /* of the portal, NULL: 10.0.0.2 */
    const char *outer; /* where a tunnel ends, NULL: there */
    rig_ipsec_profile client, server;
    uint64_t faults, server_faults;
    const char *key; /* of the server, NULL: the same */
} ips_setting;

typedef struct ips_end {
    rig_ipsec *ipsec;
    rig_ipsec_notice notices[IPS_NOTICES];
    unsigned num_notices, num_of[RIG_IPSEC_REFUSED + 1], num_shown[RIG_IPSEC_SHOWN_KINDS];
    rig_error last;
} ips_end;

typedef struct ips_world {
    world w;
    rig_link link;
    ips_end ends[2];
    ips_packet seen[IPS_SEEN];
    unsigned num_seen;
    /* How often a packet goes on; NULL: once. */
    unsigned (*copies)(const ips_packet *packet);
} ips_world;

static ips_world iw;

static inline void ips_tells(void *ctx, const rig_ipsec_notice *notice)
{
    ips_end *e = ctx;
    if (e->num_notices < IPS_NOTICES)
        e->notices[e->num_notices++] = *notice;
    e->num_of[notice->kind]++;
    if (notice->error)
        e->last = *notice->error;
}

static inline void ips_shows(void *ctx, rig_ipsec_shown kind, rig_view line)
{
    ips_end *e = ctx;
    CU_ASSERT(line.len > 0);
    e->num_shown[kind]++;
}

static inline ips_packet ips_look(const rig_packet *packet)
{
    uint8_t bytes[RIG_SIM_MTU_MAX];
    size_t len = rig_packet_bytes(packet, bytes, sizeof bytes), ip = packet->source.version == 4 ? 20 : 40;
    ips_packet seen = {.at = rig_simnet_now(iw.w.net), .protocol = packet->protocol, .len = len};
    seen.from_server = packet->source.bytes[packet->source.version == 4 ? 3 : 15] != 1;
    if (packet->protocol == RIG_PROTOCOL_UDP) {
        const uint8_t *message = bytes + ip + RIG_UDP_HEADER;
        seen.exchange = message[18];
        seen.encrypted = message[19] & 1;
        seen.id = rig_be32(message + 20);
    } else if (packet->protocol == RIG_PROTOCOL_ESP) {
        seen.id = rig_be32(bytes + ip);
        seen.sequence = rig_be32(bytes + ip + 4);
    } else {
        seen.tcp_flags = packet->header[RIG_TCP_FLAGS_AT];
    }
    return seen;
}

static inline void ips_pass(rig_link *link, rig_packet *packet)
{
    ips_packet seen = ips_look(packet);
    if (iw.num_seen < IPS_SEEN)
        iw.seen[iw.num_seen++] = seen;
    unsigned copies = iw.copies ? iw.copies(&seen) : 1;
    for (; copies > 1; copies--) {
        rig_packet *copy = rig_packet_slice(iw.w.net, packet, 0, packet->payload_len);
        if (copy)
            rig_link_forward(link, copy);
    }
    if (copies)
        rig_link_forward(link, packet);
    else
        rig_packet_free(iw.w.net, packet);
}

static inline void ips_link_free(rig_link *link)
{
    CU_ASSERT_PTR_EQUAL(link, &iw.link);
}

static inline rig_status ips_edge(unsigned at, const rig_ipsec_profile *profile, uint64_t faults)
{
    const rig_ipsec_config config = {.alloc = &iw.w.meter.alloc,
                                     .draws = {.seed = 7},
                                     .net = iw.w.net,
                                     .host = at == IPS_CLIENT ? iw.w.client : iw.w.server,
                                     .number = at,
                                     .profile = *profile,
                                     .faults = faults,
                                     .tell = ips_tells,
                                     .show = ips_shows,
                                     .ctx = &iw.ends[at]};
    return rig_ipsec_new(&config, &iw.ends[at].ipsec);
}

static inline const char *ips_portal_host(const ips_setting *s)
{
    return s->host ? s->host : "10.0.0.2";
}

static inline rig_status ips_protect(const ips_setting *s)
{
    static const rig_ipsec_wish nothing;
    const rig_ipsec_provider *provider = rig_ipsec_provide(iw.ends[IPS_CLIENT].ipsec);
    rig_ipsec_wish wish = nothing;
    wish.aggressive = s->aggressive;
    wish.pfs = s->pfs;
    wish.tunnel = s->tunnel;
    wish.key = rig_view_str(IPS_KEY);
    wish.portal.port = 3260;
    if (s->outer)
        wish.outer = world_ip(s->outer);
    snprintf(wish.portal.host, sizeof wish.portal.host, "%s", ips_portal_host(s));
    return provider->protect(provider->ctx, &wish, NULL);
}

/* Fails only for want of memory. */
static inline rig_status ips_try(const ips_setting *s)
{
    static const rig_link_ops link_ops = {ips_pass, NULL, ips_link_free};
    rig_address portal = {.ip = world_ip(ips_portal_host(s)), .port = 3260};
    rig_view key = rig_view_str(s->key ? s->key : IPS_KEY);
    iw.link = (rig_link){.ops = &link_ops, .net = iw.w.net};
    rig_status status = rig_simnet_link(iw.w.net, &iw.link);
    if (status == RIG_OK && s->outer) {
        rig_ip outer = world_ip(s->outer);
        status = rig_simhost_address(iw.w.server, &outer);
    }
    if (status == RIG_OK)
        status = ips_edge(IPS_CLIENT, &s->client, s->faults);
    if (status == RIG_OK)
        status = ips_edge(IPS_SERVER, &s->server, s->server_faults);
    if (status == RIG_OK)
        status = ips_protect(s);
    if (status == RIG_OK)
        status = rig_ipsec_serve(iw.ends[IPS_SERVER].ipsec, &portal, true);
    return status ? status : rig_ipsec_key(iw.ends[IPS_SERVER].ipsec, RIG_IPSEC_ID_NONE, (rig_view){0}, key);
}

static inline void ips_begin(const ips_setting *s)
{
    memset(&iw, 0, sizeof iw);
    world_start(&iw.w, 5, 1000, NULL);
    CU_ASSERT_EQUAL_FATAL(ips_try(s), RIG_OK);
}

/* One event of both edges and the network; false when none waits until that time. */
static inline bool ips_step(uint64_t until)
{
    rig_ipsec *a = iw.ends[IPS_CLIENT].ipsec, *b = iw.ends[IPS_SERVER].ipsec;
    uint64_t at_a = a ? rig_ipsec_next_deadline(a) : RIG_NEVER,
             at_b = b ? rig_ipsec_next_deadline(b) : RIG_NEVER;
    uint64_t edges = at_a < at_b ? at_a : at_b, net = rig_simnet_next(iw.w.net);
    if ((edges < net ? edges : net) > until || (edges == RIG_NEVER && net == RIG_NEVER))
        return false;
    if (net <= edges) {
        rig_simnet_step(iw.w.net);
        return true;
    }
    rig_simnet_advance(iw.w.net, edges);
    if (a)
        rig_ipsec_tick(a, edges);
    if (b)
        rig_ipsec_tick(b, edges);
    return true;
}

static inline void ips_run(uint64_t until)
{
    for (int i = 0; i < WORLD_STEPS; i++)
        if (!ips_step(until)) {
            if (rig_simnet_now(iw.w.net) < until && until != RIG_NEVER)
                rig_simnet_advance(iw.w.net, until);
            return;
        }
    CU_FAIL("it never ends");
}

static inline void ips_start_transfer(const ips_setting *s, size_t there, size_t back)
{
    iw.w.a.size = there;
    iw.w.accepts.size = back;
    iw.w.a.close_when_sent = iw.w.accepts.close_on_fin = true;
    CU_ASSERT_EQUAL(world_connect(&iw.w, ips_portal_host(s)), RIG_OK);
}

static inline void ips_transfer(const ips_setting *s, size_t there, size_t back, uint64_t until)
{
    ips_begin(s);
    ips_start_transfer(s, there, back);
    ips_run(until);
}

static inline void ips_stop(void)
{
    rig_ipsec_free(iw.ends[IPS_CLIENT].ipsec);
    rig_ipsec_free(iw.ends[IPS_SERVER].ipsec);
    world_stop(&iw.w);
}

static inline unsigned ips_count(unsigned end, rig_ipsec_notice_kind kind)
{
    return iw.ends[end].num_of[kind];
}

/* Packets of a protocol from an end (2: from both), of IKE those of an exchange (0: all). */
static inline unsigned ips_packets(unsigned end, uint8_t protocol, uint8_t exchange)
{
    unsigned num = 0;
    for (unsigned i = 0; i < iw.num_seen; i++)
        num += iw.seen[i].protocol == protocol && (end == 2 || iw.seen[i].from_server == end) &&
               (!exchange || iw.seen[i].exchange == exchange);
    return num;
}

static inline bool ips_arrived(size_t there, size_t back)
{
    const world *w = &iw.w;
    return w->a.closed && w->num_b == 1 && w->b[0].closed && w->b[0].got == there && w->a.got == back &&
           w->a.wrong + w->b[0].wrong == 0 && ips_packets(2, RIG_PROTOCOL_TCP, 0) == 0;
}

#endif
