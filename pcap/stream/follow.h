/* What is known of one TCP connection while its segments come in. */
#ifndef CAP_FOLLOW_H
#define CAP_FOLLOW_H

#include "fragments.h"
#include "rig/framer.h"
#include "rig/serial.h"
#include "rig/text.h"
#include "segment.h"

#define CAP_ACKED_PATIENCE                                                                                   \
    32                   /* packets waited for bytes the receiver has acknowledged and the capture lacks */
#define CAP_BUCKETS 4096 /* of the connection table */
#define CAP_PAYLOAD_USUAL 1460         /* payload of one segment on Ethernet */
#define CAP_SHOWN 16                   /* bytes of garbage shown in its event */
#define CAP_ODD_DATA_MAX 65536         /* largest data segment believed of a PDU with an odd header */
#define CAP_RESYNC_DATA_MAX (1u << 20) /* largest data segment believed where PDUs are looked for */
#define CAP_RESYNC_WINDOW (1u << 20)   /* furthest a sequence number may have moved behind a gap */

/* A segment that came before the bytes in front of it. */
typedef struct cap_held {
    uint32_t seq;
    uint32_t len;      /* on the wire */
    uint32_t captured; /* bytes that follow here */
    uint8_t bytes[];
} cap_held;

typedef enum cap_phase {
    CAP_SNIFF, /* not known yet whether this is iSCSI: the first bytes are gathered in keep */
    CAP_FRAME, /* PDUs follow each other */
    CAP_HUNT,  /* looking for the next PDU at the beginning of segments */
    CAP_DONE   /* nothing more is taken */
} cap_phase;

typedef struct cap_direction {
    struct cap_flow *flow;
    bool to_target;

    /* TCP */
    bool synced;        /* next is known */
    bool sums_right;    /* a right checksum was seen: wrong ones are damage, not offload */
    bool fin_known;     /* fin_seq is known */
    bool hole_acked;    /* the receiver acknowledged bytes in front of the held ones */
    uint32_t right_len; /* largest payload under a right checksum */
    uint32_t next;      /* sequence number of the next byte */
    uint32_t from;      /* that of the first byte of those being delivered */
    uint32_t fin_seq;   /* sequence number of the FIN */
    bool acks;          /* ack counts */
    uint32_t ack;       /* what its sender has acknowledged of the other direction */
    uint32_t patience;  /* packets since hole_acked */
    cap_held **held;    /* in order of seq */
    size_t num_held, size_held, held_bytes;

    /* PDUs */
    cap_phase phase;
    bool whole;         /* the current PDU's header is here and has data behind it: pdu_end counts */
    bool garbage;       /* header() saw what cannot be a PDU */
    bool discarding;    /* the current payload is read over, keep holds its beginning */
    bool digests_due;   /* agreed digests begin behind the current PDU */
    bool digests_known; /* from a login, or found by a CRC */
    rig_framer framer;
    uint64_t offset;                  /* stream offset of the next byte */
    uint64_t base;                    /* stream offset where the framer began */
    uint64_t data_at;                 /* stream offset of the current payload */
    uint64_t pdu_end;                 /* stream offset behind the current PDU */
    uint64_t garbage_at;              /* stream offset of the garbage */
    uint64_t hunted;                  /* bytes passed over since the hunt began */
    uint32_t missing;                 /* bytes of the current PDU that are not in the capture */
    uint32_t intact;                  /* bytes of the payload in front of the first missing one */
    uint32_t keep_want;               /* bytes of the payload to keep */
    uint32_t keep_have;               /* kept ones; while sniffing, gathered ones */
    rig_view chunk;                   /* being fed */
    uint64_t chunk_at;                /* its stream offset */
    uint8_t keep[RIG_ITEM_DATA_KEPT]; /* also holds the header of garbage */
    rig_gather text;                  /* parts of a text with C=1 */
    uint32_t text_itt;                /* its task */
    uint32_t text_cmd_sn;             /* of its last part, a request's */
    size_t text_part;                 /* where that one begins */
    bool text_done;                   /* it is whole: only its last part may come again */
    bool text_lost;                   /* a part of it was lost or too much */
} cap_direction;

/* Both directions of a connection that is, or may be, iSCSI; indexed by to_target once that is known. */
typedef struct cap_conn {
    cap_direction direction[2]; /* [0] from the smaller endpoint of the key */
    bool offered[2][2];         /* [digest key][to_target] */
    bool agreed[2];             /* [digest key]: CRC32C answered */
    bool cmd_sn_known, stat_sn_known;
    uint32_t cmd_sn, stat_sn; /* last seen ones, for believing headers behind a gap */
} cap_conn;

typedef enum cap_state {
    CAP_UNDECIDED, /* no bytes yet, or too few */
    CAP_ISCSI,
    CAP_FOREIGN, /* something else: its segments are skipped */
    CAP_ENDED    /* closed both ways or reset: late segments are skipped */
} cap_state;

/* Endpoints in canonical order, so that both directions find the same row. */
typedef struct cap_key {
    uint8_t address[2][16];
    uint16_t port[2];
    uint32_t version;
} cap_key;

/* Two ends with IPsec between them. */
typedef struct cap_guard {
    rig_ip ends[2];
    uint16_t port; /* of one of them, 0 = not known */
} cap_guard;

typedef struct cap_flow {
    cap_key key;
    uint32_t bucket;
    cap_state state;
    bool syn_seen;
    bool role_known; /* initiator_side counts */
    bool close_said;
    bool inside;            /* a segment came inside ESP */
    bool guarded;           /* its first segment should have */
    bool bare;              /* one came in the clear while nothing told of IPsec … */
    uint8_t bare_side;      /* … from there */
    bool leak_said;         /* an item told that one did not */
    uint8_t initiator_side; /* index in key of the initiator */
    uint32_t isn;           /* of the SYN */
    rig_flow flow;          /* what the user sees */
    cap_conn *conn;         /* while UNDECIDED or ISCSI */
    rig_streams *streams;
    struct cap_flow *bucket_next;
    struct cap_flow *prev, *next;   /* in one of the two lists of rig_streams */
    struct cap_flow *newer, *older; /* ISCSI: by their last segments */
} cap_flow;

typedef struct cap_list {
    cap_flow *first, *last;
} cap_list;

struct rig_streams {
    rig_streams_config config;
    cap_list live;              /* iSCSI connections, in order of index */
    cap_list spare;             /* others and ended ones: the oldest makes room */
    cap_flow *newest, *stalest; /* of the live ones: the stalest makes room when there is no spare one */
    cap_flow *recent;
    uint32_t num_flows;
    uint32_t num_iscsi;
    uint32_t frames;
    uint64_t now;
    bool inside;         /* the current packet came inside ESP */
    bool leaked;         /* the current segment should have */
    uint64_t held_bytes; /* of all directions */
    rig_streams_report report;
    cap_fragments fragments;
    uint64_t num_guards;
    cap_guard guards[RIG_STREAM_GUARDS_MAX]; /* the newest */
    cap_flow *buckets[CAP_BUCKETS];
};

/* flow.c */
void cap_key_of(const cap_segment *segment, cap_key *out_key, unsigned *out_side);
cap_flow *cap_flow_find(rig_streams *streams, const cap_key *key);
rig_status cap_flow_new(rig_streams *streams, const cap_key *key, cap_flow **out_flow); /* RIG_E_NOMEM */
void cap_flow_iscsi(cap_flow *flow);
void cap_flow_roles(cap_flow *flow, unsigned initiator_side);
void cap_flow_retire(cap_flow *flow, cap_state state);
void cap_flow_free(cap_flow *flow);
void cap_flow_used(cap_flow *flow);
/* What has to make room for another connection: NULL as long as nothing has to. */
cap_flow *cap_flow_spare(const rig_streams *streams);

/* event.c */
__attribute__((format(printf, 3, 4))) rig_status cap_say(cap_flow *flow, const char *event,
                                                         const char *format, ...);
rig_status cap_say_begin(cap_flow *flow);
rig_status cap_say_fragment(void *ctx, const rig_ip *from, const rig_ip *to);
rig_status cap_say_close(cap_flow *flow, bool by_initiator, bool reset);
rig_status cap_show(cap_flow *flow, rig_item *item);

/* guard.c */
void cap_guard_judge(cap_flow *flow, const cap_segment *segment, bool begins);
rig_status cap_guard_say(cap_flow *flow, unsigned side);

/* tcp.c: segments in, bytes in order out */
rig_status cap_tcp_segment(cap_direction *direction, const cap_segment *segment);
rig_status cap_tcp_acked(cap_direction *direction, uint32_t ack);
rig_status cap_tcp_flush(cap_direction *direction);
bool cap_tcp_out_of_turn(const cap_direction *direction, const cap_direction *other);
void cap_tcp_cleanup(cap_direction *direction);

/* bytes.c: bytes in order in, PDUs out */
void cap_bytes_init(cap_direction *direction, cap_phase phase);
rig_status cap_bytes(cap_direction *direction, rig_view bytes, bool segment_start);
rig_status cap_bytes_gap(cap_direction *direction, uint32_t len, bool lost);
rig_status cap_bytes_end(cap_direction *direction);
void cap_bytes_cleanup(cap_direction *direction);
void cap_bytes_restart(cap_direction *direction);
extern const rig_framer_ops cap_framer_ops;

/* pdu.c: what is done with a whole PDU */
rig_status cap_pdu_complete(cap_direction *direction, const rig_pdu *pdu);

/* login.c */
rig_status cap_login_text(cap_direction *direction, rig_item *item);
void cap_login_follow(cap_direction *direction, const rig_item *item);

/* believe.c: is this a header? */
bool cap_login_like(const uint8_t bhs[RIG_BHS_LEN]);
bool cap_header_impossible(const cap_direction *direction, const uint8_t bhs[RIG_BHS_LEN]);
bool cap_header_likely(const cap_direction *direction, rig_view bytes);
void cap_find_digests(cap_direction *direction, rig_view bytes);

#endif
