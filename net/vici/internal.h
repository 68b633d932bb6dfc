/* What the files of the provider share: pairs, their connections, and the talk with charon about them. */
#ifndef VICI_INTERNAL_H
#define VICI_INTERNAL_H

#include "rig/vici.h"
#include "rig/vici_message.h"

#define VCI_TALKS_MAX 8             /* with charon at a time; each can hold one of its threads */
#define VCI_ANSWER (5 * RIG_SECOND) /* charon's time for an answer, besides that of a negotiation */
#define VCI_OLD_MAX 4096            /* removed of what an earlier service has left */
#define VCI_REQUEST_MAX 4096        /* bytes of a request */
#define VCI_NAME_MAX 32             /* bytes of a connection's name in charon, with NUL */
#define VCI_TEXT_MAX 160            /* of what charon says, with NUL */
#define VCI_PREFIX "iscsirig-"      /* of those names */

typedef struct vci_stream vci_stream;
typedef struct vci_pair vci_pair;
typedef struct vci_talk vci_talk;

typedef struct vci_list {
    vci_stream *first, *last;
} vci_list;

/* One connection of a protected pair. */
struct vci_stream {
    rig_stream base; /* first: the transport's stream is this */
    vci_stream *next, *prev;
    vci_pair *pair;
    rig_stream_user user;
    rig_stream *below; /* NULL: it waits */
    rig_address local, remote;
    uint32_t round; /* negotiations of the pair that were over when it came */
    bool closing;
};

typedef enum vci_phase { VCI_IDLE, VCI_ASKING, VCI_CLEANING } vci_phase;

/* What charon says of the association. */
typedef enum vci_found { VCI_NOTHING, VCI_AGREED, VCI_DOUBT } vci_found;

/* A wish, and what became of it. */
struct vci_pair {
    vci_pair *next, *prev;
    rig_vici *vici;
    rig_address local;
    rig_portal portal;
    rig_ip ip; /* the portal's; version 0: a name that was not looked up yet */
    rig_ip outer;
    bool aggressive, pfs, tunnel;
    rig_ipsec_id_type id_type;
    uint8_t id[RIG_IPSEC_ID_MAX], key[RIG_IPSEC_KEY_MAX];
    size_t id_len, key_len;
    char name[VCI_NAME_MAX]; /* of connection, child and key in charon */
    vci_list waiting, inside;
    uint32_t round; /* negotiations that are over */
    uint8_t phase;
    bool retired;   /* another wish has taken its place, or it was released */
    bool kept;      /* something went through it, or what it replaced: it is not released */
    bool at_charon; /* something of it may be loaded there */
    rig_ip source;  /* the address that is protected, once agreed */
    vci_talk *talk;
    rig_timer timer; /* of the answer that is waited for */
};

/* A connection to charon while something is asked about a pair. */
struct vci_talk {
    vci_pair *pair;
    rig_stream *stream;
    uint8_t step;
    bool open;    /* the connection is there */
    bool finding; /* behind the negotiation: there has to be something now */
    uint8_t found;
    uint32_t num_old;
    uint8_t length[RIG_VICI_HEADER_LEN];
    size_t have; /* bytes of length and body */
    uint8_t *body;
    size_t body_len;
    uint8_t request[VCI_REQUEST_MAX];
    size_t request_len, sent;
    rig_ip source, peer;
    char old[RIG_VICI_NAME_MAX + 1]; /* name of what an earlier service has left */
    char said[VCI_TEXT_MAX];         /* charon's last line about the negotiation */
    char why[VCI_TEXT_MAX];          /* what is in doubt */
};

struct rig_vici {
    rig_vici_config config;
    rig_transport transport;
    rig_ipsec_provider provider;
    rig_timerq timers;
    vci_pair *pairs, *last; /* in the order they were wished for */
    uint32_t num_pairs, num_streams, num_talks;
    uint64_t num_names;
    char version[VCI_TEXT_MAX];
    bool swept;   /* what an earlier service has left is removed */
    bool pending; /* the next tick looks at the pairs */
};

/* pairs.c */
vci_pair *vci_pair_for(const rig_vici *vici, const rig_address *local, const rig_portal *portal);
const rig_ip *vci_pair_peer(const vci_pair *pair);
rig_status vci_protect(void *ctx, const rig_ipsec_wish *wish, rig_error *err);
void vci_release(void *ctx, const rig_address *local, const rig_portal *portal);
void vci_pair_free(vci_pair *pair);

__attribute__((format(printf, 2, 3))) void vci_log(const vci_pair *pair, const char *format, ...);

/* talk.c: packets to and from charon. */
rig_status vci_talk_open(vci_pair *pair);
void vci_talk_close(vci_pair *pair);
void vci_talk_send(vci_talk *talk, size_t len, uint64_t deadline);

/* agree.c: what is asked, step by step. */
void vci_begin(vci_pair *pair, uint64_t now);
void vci_clean(vci_pair *pair, uint64_t now);
void vci_opened(vci_pair *pair, uint64_t now);
void vci_answered(vci_pair *pair, const rig_vici_packet *packet, uint64_t now);
void vci_refuse(vci_pair *pair, const char *why, uint64_t now);
void vci_lost(vci_pair *pair, const char *why, uint64_t now);

/* load.c: the requests. */
typedef void vci_fill(const vci_pair *pair, rig_vici_writer *writer);
vci_fill vci_fill_key, vci_fill_conn, vci_fill_initiate, vci_fill_ike, vci_fill_end, vci_fill_policies,
    vci_fill_name, vci_fill_id;
vci_fill vci_fill_old_end, vci_fill_old_name, vci_fill_old_id;

/* compare.c: what is installed against what was wished. */
void vci_compare(vci_pair *pair, rig_view message);
void vci_compare_policy(vci_pair *pair, rig_view message);
bool vci_able(const vci_pair *pair, rig_view stats, rig_text *why);

/* guard.c: the transport. */
extern const rig_transport_ops vci_guard_ops;
void vci_guard_agreed(vci_pair *pair, uint64_t now);
void vci_guard_refused(vci_pair *pair, uint64_t now);
void vci_guard_drop(vci_pair *pair);

#endif
