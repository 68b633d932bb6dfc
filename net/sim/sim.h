/* What the files of the simulated network share. */
#ifndef SIM_H
#define SIM_H

#include "rig/link_ops.h"
#include "rig/serial.h"
#include "rig/simnet.h"

#define SIM_PACKETS_MAX (1u << 22) /* packets on their way; one more is lost */
#define SIM_STREAMS_MAX (1u << 20) /* streams of one network */
#define SIM_LISTENERS_MAX 65535    /* listening addresses, and UDP users, of one network */
#define SIM_NAMES_MAX 65536        /* DNS names of one network */
#define SIM_PORT_FIRST 32768       /* ephemeral ports run from here to 65535 */
#define SIM_PORTS 32768            /* how many there are */
#define SIM_WINDOW (256u << 10)    /* receive window while the user takes bytes, unless its space is larger */
#define SIM_WINDOW_FIRST 65535u    /* receive window in a SYN, whose window field is not scaled */
#define SIM_WINDOW_SCALE 7         /* our window scale (RFC 7323 section 2) */
#define SIM_SPACE_IOV 8            /* places asked for at once */
#define SIM_RTO_FIRST RIG_SECOND   /* retransmission timeout before the first measurement (RFC 6298 2.1) */
#define SIM_RTO_LEAST                                                                                        \
    (200 * RIG_MILLISECOND)            /* least distance of the timeout from the measured round trip         \
                                        */
#define SIM_RTO_MOST (60 * RIG_SECOND) /* where exponential backoff ends (RFC 6298 2.5) */
#define SIM_SYN_TRIES 6                /* SYNs or SYN-ACKs sent before the connection fails */
#define SIM_DATA_TRIES 12              /* timeouts without progress before the connection fails */
#define SIM_HALVES 3       /* from this timeout in a row on each segment is half as long as the last */
#define SIM_GHOSTS 128     /* closed connections that are remembered, in place of TIME-WAIT's clock */
#define SIM_DUP_ACKS 3     /* duplicate ACKs that mean a loss (RFC 5681 section 3.2) */
#define SIM_LIMIT_MOST 512 /* segments in flight from which recovery ends and only the window counts */
#define SIM_TTL 64         /* time to live and hop limit */
#define SIM_SLAB 32        /* packets allocated at once */
#define SIM_V4_HEADER 20   /* bytes of the IPv4 header we write */
#define SIM_V6_HEADER 40   /* bytes of the IPv6 header we write */

typedef struct sim_stream sim_stream;
typedef struct sim_packet sim_packet;

/* An entry of a hash table, embedded in what is found. */
typedef struct sim_node {
    struct sim_node *next;
    uint32_t hash;
} sim_node;

typedef struct sim_table {
    sim_node **slots;
    uint32_t num_slots; /* a power of two, or 0 */
    uint32_t num;
} sim_table;

typedef enum sim_event_kind { SIM_EVENT_PACKET, SIM_EVENT_STREAM } sim_event_kind;

/* An event of a queue whose times never go back, so that it needs no heap. */
typedef struct sim_event {
    struct sim_event *next;
    uint64_t at;
    uint64_t order;
    uint8_t kind; /* sim_event_kind */
} sim_event;

typedef struct sim_fifo {
    sim_event *first;
    sim_event *last;
} sim_fifo;

typedef enum sim_timer_kind { SIM_TIMER_STREAM, SIM_TIMER_PACKET, SIM_TIMER_LINK } sim_timer_kind;

struct sim_packet {
    rig_packet wire; /* first: a link's rig_packet is this */
    sim_event event; /* delivery behind the last link */
    rig_timer timer; /* a link's delay … */
    rig_link *after; /* … and which link's */
    rig_simhost *from;
    sim_stream
        *owner; /* its user's memory holds the payload; NULL when the memory is ours or there is none */
    sim_packet *flight_next;
    sim_packet *flight_prev;
    sim_packet *next; /* free list, or the stream's bytes without a place */
    uint8_t *owned;
    uint32_t owned_size;
    bool held; /* the receiving stream keeps it */
    bool lost; /* its payload's memory went away and could not be copied */
};

typedef struct sim_slab {
    struct sim_slab *next;
    sim_packet packets[SIM_SLAB];
} sim_slab;

typedef struct sim_address {
    sim_node node;
    rig_ip ip;
    rig_simhost *host;
} sim_address;

typedef struct sim_name {
    sim_node node;
    struct sim_name *next;
    char *text;
    rig_ip ip;
} sim_name;

struct rig_simhost {
    rig_simnet *net;
    rig_simhost *next;
    char *name;
    rig_transport transport;
    sim_address addresses[RIG_SIM_HOST_ADDRESSES];
    uint32_t num_addresses;
    uint32_t number;
    uint32_t num_ports; /* ephemeral ports given out so far */
    uint32_t num_listeners;
    uint16_t first_port;
    uint16_t ip_id;
    bool down;
    rig_packet_filter_fn *leaving;
    rig_packet_filter_fn *arriving;
    void *filter_ctx;
};

/* A listening address, or a UDP port with its user. */
typedef struct sim_port {
    rig_listener base; /* first: the transport's listener is this */
    sim_node node;
    struct sim_port *next;
    struct sim_port *prev;
    rig_simhost *host;
    rig_address at;
    rig_accept_fn *accept;
    rig_datagram_fn *receive;
    void *ctx;
} sim_port;

typedef enum sim_state { SIM_SYN_SENT, SIM_SYN_RCVD, SIM_OPEN, SIM_DEAD } sim_state;

struct sim_stream {
    rig_stream base; /* first: the transport's stream is this */
    sim_node node;
    sim_stream *next;
    sim_stream *prev;
    rig_simhost *host;
    rig_stream_user user;
    sim_event event;
    rig_timer timer;
    uint64_t deadline;  /* the timer may fire earlier: a deadline that moves on does not touch the heap */
    rig_status refused; /* why the edge of the host lets it not connect */
    uint64_t rtt_at;    /* when the measured segment was sent */
    sim_packet *flight_first;
    sim_packet *flight_last;
    sim_packet *held_first;
    sim_packet *held_last;
    rig_address local;
    rig_address remote;
    uint32_t held_len;    /* bytes that wait for a place */
    uint32_t held_offset; /* bytes of the first waiting packet that have found one */
    uint32_t iss;
    uint32_t snd_una;
    uint32_t snd_nxt;
    uint32_t snd_max; /* snd_nxt before it went back */
    uint32_t snd_wnd;
    uint32_t snd_wl1;
    uint32_t snd_wl2;
    uint32_t fin_seq;
    uint32_t recover; /* snd_max at the last loss */
    uint32_t rcv_nxt;
    uint32_t rcv_adv;  /* right edge of what the peer may send; never goes back */
    uint32_t rcv_told; /* the edge of the last packet we sent */
    uint32_t rtt_seq;
    uint32_t srtt;    /* microseconds (RFC 6298) */
    uint32_t rttvar;  /* microseconds */
    uint16_t own_mss; /* what fits our MTU … */
    uint16_t mss;     /* … and the peer's */
    uint16_t limit;   /* segments in flight while recovering, 0 = the window alone */
    uint8_t state;    /* sim_state */
    uint8_t tries;
    uint8_t dup_acks;
    uint8_t peer_scale; /* UINT8_MAX: the peer does not scale, so neither side does */
    bool passive;
    bool ready;     /* in the queue of streams with something to do */
    bool measured;  /* srtt is there */
    bool measuring; /* rtt_seq is on its way */
    bool again;     /* bytes were sent twice: copies may be in flight when they are acknowledged */
    bool waiting;   /* output has not gone out entirely */
    bool ack_now;
    bool closing; /* the user closed with FLUSH */
    bool fin_sent;
    bool fin_acked;
    bool peer_fin;
    bool peer_told; /* of the peer's FIN */
};

/* What is left of a connection that closed in order: enough to acknowledge again what its peer sends again.
 */
typedef struct sim_ghost {
    rig_address local;
    rig_address remote;
    uint32_t snd_nxt;
    uint32_t rcv_nxt;
} sim_ghost;

struct rig_simnet {
    rig_simnet_config config;
    uint64_t now;
    rig_timerq timers;
    sim_fifo soon; /* streams with something to do, at the time they were made */
    sim_fifo line; /* packets behind the last link, one latency later */
    rig_link *links;
    rig_link *last_link;
    uint32_t num_links;
    rig_tap_fn *tap;
    void *tap_ctx;
    bool tap_moved;
    bool stepping;
    sim_table connections;
    sim_table listeners;
    sim_table datagrams;
    sim_table addresses;
    sim_table names;
    sim_stream *streams;
    sim_port *ports;
    sim_name *all_names;
    rig_simhost *hosts;
    rig_simhost *last_host;
    uint32_t num_hosts;
    uint64_t num_isn;
    sim_ghost ghosts[SIM_GHOSTS]; /* a ring */
    uint32_t num_ghosts;          /* ever */
    sim_slab *slabs;
    sim_packet *free_packets;
    uint32_t num_packets;
};

/* The fields of a received TCP segment. */
typedef struct sim_segment {
    uint32_t seq;
    uint32_t ack;
    uint32_t len;
    uint32_t window; /* not scaled yet */
    uint8_t flags;
} sim_segment;

#define SIM_OF(type, member, pointer) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* table.c */
bool sim_table_add(sim_table *table, const rig_alloc *alloc, sim_node *node, uint32_t hash);
void sim_table_remove(sim_table *table, const sim_node *node);
sim_node *sim_table_find(const sim_table *table, uint32_t hash, bool (*same)(const sim_node *, const void *),
                         const void *key);
void sim_table_cleanup(sim_table *table, const rig_alloc *alloc);

static inline uint32_t sim_mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ (b * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)((x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

uint64_t sim_ip_hash(const rig_ip *ip);

static inline bool sim_ip_same(const rig_ip *a, const rig_ip *b)
{
    return a->version == b->version && memcmp(a->bytes, b->bytes, a->version == 4 ? 4 : 16) == 0;
}

/* packet.c */
sim_packet *sim_packet_new(rig_simnet *net);
void sim_packet_free(rig_simnet *net, sim_packet *packet);
void sim_packet_cleanup(rig_simnet *net);
void sim_flight_add(sim_stream *stream, sim_packet *packet);
void sim_flight_settle(sim_stream *stream, uint32_t below);
void sim_flight_settle_all(sim_stream *stream);

/* simnet.c */
void sim_post(rig_simnet *net, sim_stream *stream);
void sim_deliver(rig_simnet *net, sim_packet *packet);

/* host.c */
rig_simhost *sim_host_of(const rig_simnet *net, const rig_ip *ip);
const rig_ip *sim_host_source(const rig_simhost *host, uint8_t version);
bool sim_host_has(const rig_simhost *host, const rig_ip *ip);
uint16_t sim_host_port(rig_simhost *host);
bool sim_resolve(const rig_simnet *net, const char *text, rig_ip *out_ip);
void sim_send(rig_simhost *host, sim_packet *packet);
void sim_hosts_cleanup(rig_simnet *net);

/* port.c */
sim_port *sim_port_find(const sim_table *table, const rig_simhost *host, const rig_address *at);
rig_status sim_port_open(rig_simhost *host, sim_table *table, rig_address *at, sim_port **out_port);
void sim_port_close(sim_table *table, sim_port *port);

/* udp.c */
void sim_udp_input(rig_simhost *host, sim_packet *packet);

/* stream.c */
extern const rig_transport_ops sim_transport_ops;
sim_stream *sim_stream_new(rig_simhost *host, const rig_address *local, const rig_address *remote);
void sim_stream_end(sim_stream *stream);
void sim_stream_tell(sim_stream *stream, rig_stream_event event, rig_status why);
void sim_stream_free(sim_stream *stream);
bool sim_stream_exists(const rig_simnet *net, const rig_address *local, const rig_address *remote);
sim_stream *sim_stream_find(const rig_simnet *net, const rig_address *local, const rig_address *remote);

/* tcp_in.c */
void sim_tcp_input(rig_simhost *host, sim_packet *packet);

/* tcp_stray.c */
void sim_tcp_stray(rig_simhost *host, const sim_packet *packet, const sim_segment *segment);
void sim_tcp_bury(const sim_stream *stream);
void sim_tcp_options(sim_stream *stream, const rig_packet *packet);

/* tcp_place.c */
void sim_tcp_take(sim_stream *stream, sim_packet *packet, uint32_t seq);
void sim_tcp_drain(sim_stream *stream);
void sim_tcp_held_free(sim_stream *stream);

/* tcp_out.c */
void sim_tcp_ready(sim_stream *stream);
void sim_tcp_ack(sim_stream *stream);
void sim_tcp_reset(sim_stream *stream);
void sim_tcp_probe(sim_stream *stream);
void sim_tcp_reply(rig_simhost *host, const rig_packet *packet, uint32_t seq, uint32_t ack, uint8_t flags);
void sim_tcp_reply_reset(rig_simhost *host, const rig_packet *packet, const sim_segment *segment);

/* tcp_timer.c */
void sim_tcp_timer(sim_stream *stream);
void sim_tcp_rearm(sim_stream *stream);
void sim_tcp_measure(sim_stream *stream);
void sim_tcp_go_back(sim_stream *stream, uint16_t limit);

/* ip.c */
uint16_t sim_checksum(const uint8_t *pseudo, size_t pseudo_len, const uint8_t *bytes, size_t len);

#endif
