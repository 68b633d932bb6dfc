/* What is remembered of a capture between its two readings. */
#ifndef SAN_SANITIZE_H
#define SAN_SANITIZE_H

#include "rig/map.h"
#include "rig/sanitize.h"
#include "rig/tcp_segment.h"

#define SAN_PARTS_MAX 4096 /* most PDUs of one text; more are not rewritten but emptied */
#define SAN_SENSE_KEPT 20  /* SenseLength and fixed format sense data (11.4.7) */
#define SAN_IP4_SHORTEST 7 /* 0.0.0.0 */
#define SAN_IP4_LONGEST 15 /* 255.255.255.255 */

#define SAN_AS_IT_IS SIZE_MAX /* the bytes of the packets stay */

/* Values of one kind are numbered in the order in which they are seen first. */
typedef enum san_kind {
    SAN_NAME,
    SAN_ALIAS,
    SAN_USER,
    SAN_BINARY,
    SAN_HOST,
    SAN_PING,
    SAN_OTHER,
    SAN_ADDRESS, /* of IP: the number is the address, of IPv6 what differs in it */
    SAN_KINDS
} san_kind;

/* A value and its number. */
typedef struct san_word {
    rig_map_link link;
    uint32_t number;
    uint32_t len;
    uint8_t bytes[];
} san_word;

typedef struct san_words {
    rig_map map;
    uint32_t num;
} san_words;

/* Bytes that stay in a stream, or take the place of others; those of no patch become zeros. */
typedef struct san_patch {
    uint64_t at;  /* offset in the stream */
    size_t place; /* in what is kept, or SAN_AS_IT_IS */
    uint32_t len;
} san_patch;

/* The data segment of a PDU, which becomes known when the text it is a part of is whole. */
typedef struct san_part {
    size_t data;    /* place of its beginning in what is kept */
    size_t tail;    /* that of its padding and digest */
    uint32_t len;   /* bytes there; zeros follow, up to */
    uint32_t all;   /* this */
    size_t text_at; /* where in the text it begins */
    bool bad_padding;
    bool digest, bad_digest;
} san_part;

/* One direction of a connection. */
typedef struct san_side {
    bool synced;        /* first is known */
    uint32_t first;     /* sequence number of the first byte */
    uint64_t top;       /* offset behind the last byte seen */
    san_patch *patches; /* in order, without overlaps */
    size_t num_patches, size_patches;
    san_part *parts; /* of the text that goes on */
    size_t num_parts, size_parts;
    uint32_t text_itt, text_cmd_sn;
} san_side;

/* Both ends, the smaller one first, so that both directions have the same. */
typedef struct san_key {
    uint8_t address[2][16];
    uint16_t port[2];
    uint32_t version;
} san_key;

/* A TCP connection. */
typedef struct san_conn {
    rig_map_link link;
    bool mapped; /* in the map */
    san_key key;
    bool syn_seen;
    bool iscsi;
    uint8_t initiator_side; /* index in key */
    uint32_t isn;           /* of the SYN */
    san_side side[2];       /* as key has them */
    rig_ip shown[2];        /* addresses that take the place of those in key, when iscsi */
} san_conn;

struct rig_sanitize {
    const rig_alloc *alloc;
    rig_streams *streams;       /* first reading */
    bool again;                 /* second reading */
    rig_tcp_segments *segments; /* of this reading */
    rig_map map;                /* of connections that can still go on */
    san_conn **conns;           /* in order of appearance */
    size_t num_conns, size_conns;
    size_t next_conn; /* second reading */
    san_conn **flows; /* by rig_flow.index */
    size_t num_flows, size_flows;
    san_conn *current; /* of the frame being read */
    uint8_t *kept;
    size_t num_kept, size_kept;
    san_words words[SAN_KINDS];
    uint32_t ip4_next[SAN_IP4_LONGEST + 1]; /* by length of text: the next candidate */
    uint32_t ip6_num;
    uint8_t *frame;
    size_t size_frame;
    rig_sanitize_report report;
};

/* Makes room for one more member of an array. */
rig_status san_room(const rig_alloc *alloc, void **array, size_t num, size_t *size, size_t member);

/* connections.c */
rig_status san_track(rig_sanitize *s, const rig_tcp_segment *segment, san_conn **out_conn,
                     unsigned *out_side);
int64_t san_offset(san_side *side, const rig_tcp_segment *segment);
rig_status san_conn_iscsi(rig_sanitize *s, san_conn *conn, const rig_flow *flow);
void san_conns_again(rig_sanitize *s);
void san_conns_free(rig_sanitize *s);

/* patches.c */
rig_status san_keep(rig_sanitize *s, const void *bytes, size_t len, size_t *out_place);
rig_status san_patch_add(rig_sanitize *s, san_side *side, uint64_t at, size_t place, size_t len);
void san_patch_apply(const rig_sanitize *s, const san_side *side, int64_t at, rig_view bytes, uint8_t *out);

/* pdus.c */
rig_status san_item(void *ctx, const rig_flow *flow, const rig_item *item);

/* text.c: other values of the same length, in place */
rig_status san_text(rig_sanitize *s, uint8_t *text, size_t len);

/* values.c */
rig_status san_number(rig_sanitize *s, san_kind kind, rig_view value, uint32_t *out_number);
san_word *san_word_find(const rig_sanitize *s, san_kind kind, rig_view value);
rig_status san_word_add(rig_sanitize *s, san_kind kind, rig_view value, uint32_t number);
rig_status san_value(rig_sanitize *s, san_kind kind, uint8_t *value, size_t len);
void san_shape(uint8_t *value, size_t len, uint32_t number);
void san_digits(uint8_t *value, size_t len, uint32_t number);
void san_words_free(rig_sanitize *s);

/* addresses.c */
rig_status san_ip(rig_sanitize *s, const rig_ip *ip, rig_ip *out_ip);
rig_status san_host(rig_sanitize *s, uint8_t *host, size_t len);

/* packet.c */
rig_status san_frame(rig_sanitize *s, const rig_tcp_segment *segment, const san_conn *conn, unsigned side,
                     int64_t at, rig_view *out_frame, uint32_t *out_wire_len);
rig_status san_frame_empty(rig_sanitize *s, rig_view *out_frame, uint32_t *out_wire_len);

#endif
