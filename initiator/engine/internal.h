/* The engine's private shapes. One session owns connections and tasks; CmdSN belongs to the session, StatSN
 * to the connection (RFC 7143 section 4.2.2); what only a login needs lives in eng_login and is gone after
 * it. */
#ifndef ENG_INTERNAL_H
#define ENG_INTERNAL_H

#include "fsm.h"
#include "rig/framer.h"
#include "rig/initiator.h"
#include "rig/map.h"
#include "rig/serial.h"
#include "rig/text.h"
#include "rig/txq.h"

#define ENG_NOP_ANSWERS_MAX 64  /* pings that wait for an answer until a connection reads no further */
#define ENG_R2T_NONE UINT32_MAX /* end of a list in the R2T pool */
#define ENG_R2T_POOL_MAX 65536  /* waiting R2Ts of one connection */
#define ENG_CHALLENGES_MAX                                                                                   \
    256                        /* newest CHAP challenges of a node that are recognised when they come back   \
                                */
#define ENG_CHAP_KEYS 5        /* CHAP_A, _I, _C, _N, _R */
#define ENG_HASH_MAX 32        /* bytes of the longest digest of CHAP */
#define ENG_AUTH_TEXTS 4       /* names and secrets of an authentication */
#define ENG_OPEN_MAX 64        /* numbered responses of one connection that cannot be acknowledged yet */
#define ENG_HOLES_MAX 1024     /* gaps in the data of all tasks of one connection */
#define ENG_SNACKS_MAX 128     /* SNACKs of one connection that wait to be sent */
#define ENG_ACK_EVERY 16       /* responses after which a silent initiator acknowledges */
#define ENG_RETRIES_MAX 3      /* times one command is retried, or one gap asked for again */
#define ENG_LOOKED_UP_MAX 1024 /* keys of one answer that are looked for in the request */
#define ENG_RESETS_MAX 8       /* resets under way that are told apart */
#define ENG_REDIRECTS_MAX 8    /* addresses one login follows, so that a circle of redirects ends */

/* Default times of the engine, in ns. */
#define ENG_LOGIN_TIMEOUT (15 * RIG_SECOND)
#define ENG_TMF_TIMEOUT (15 * RIG_SECOND)
#define ENG_NOP_TIMEOUT (5 * RIG_SECOND)
#define ENG_RECOVERY_TIMEOUT (5 * RIG_SECOND)
#define ENG_TASKS_MAX (2 * RIG_SESSION_TASKS_MAX) /* the engine's own, of which each aborts one, included */
#define ENG_SAVES_MAX                                                                                        \
    5 /* connections lost one after the other, without an answer to any command, until the session is given  \
         up */

typedef enum eng_timer_kind {
    ENG_TIMER_LOGIN,
    ENG_TIMER_RECONNECT,
    ENG_TIMER_TASK,
    ENG_TIMER_NOP,
    ENG_TIMER_CLOSE,
    ENG_TIMER_RECOVERY,
    ENG_TIMER_SAVE
} eng_timer_kind;

/* AGAIN: it has been sent, and a further copy waits to be (7.2.1). STRANDED: its connection failed, and it
 * waits to be taken to another one (7.2.2). */
typedef enum eng_phase { ENG_IDLE, ENG_QUEUED, ENG_AGAIN, ENG_STRANDED, ENG_SENT, ENG_ANSWERED } eng_phase;

/* Logout reasons (section 11.14.1) and the one task management function that is the engine's own. */
enum { ENG_CLOSE_SESSION, ENG_CLOSE_CONNECTION, ENG_REMOVE_FOR_RECOVERY };
enum { ENG_TASK_REASSIGN = 8 };
enum { ENG_CLASS_REDIRECT = 1 };    /* of login statuses (section 11.13.5) */
enum { ENG_IMMEDIATE_COMMAND = 6 }; /* of Rejects: more immediate requests than the target takes (11.17.1) */

typedef struct eng_slot {
    rig_task *task; /* NULL when free */
    uint32_t next_free;
    uint32_t aborted; /* the last tag of this slot that a task management function has ended */
} eng_slot;

/* The text exchange of one connection; only one may be under way (section 6.2). */
typedef struct eng_text {
    rig_task *task;
    rig_gather request;
    rig_gather answer;
    size_t sent; /* bytes of the request that are out */
    size_t part; /* … when its last part began */
    size_t read; /* bytes of the answer that were looked at */
    uint32_t ttt;
    uint64_t lun;
    uint32_t looked_up; /* keys of the answer, whether we had asked for them */
    bool more_to_send;
    bool go_on; /* the answer is unfinished: the next request is due */
    bool again; /* the last part goes once more, with its number */
} eng_text;

typedef struct eng_r2t {
    uint32_t ttt, offset, len, next;
    bool again; /* a SNACK brought it */
} eng_r2t;

/* A gap in the Data-In or R2T PDUs of a task: numbers first to first+num-1. from and to: where their data
 * lies when sequences come in order. */
typedef struct eng_hole {
    uint32_t first, num, from, to;
    uint32_t asked; /* how often */
    uint32_t next;
} eng_hole;

/* A numbered response that cannot be acknowledged: it is missing, or its command lacks data. */
typedef struct eng_open {
    uint32_t stat_sn;
    uint32_t about; /* tag of the task, none when it is not known */
    bool missing;
} eng_open;

typedef struct eng_snack {
    uint8_t type; /* section 11.16.1 */
    uint64_t lun;
    uint32_t about; /* tag of the task */
    uint32_t itt, ttt, beg_run, run_length;
} eng_snack;

typedef struct eng_queue {
    rig_task *first, *last;
} eng_queue;

typedef struct eng_ping {
    uint64_t lun;
    uint32_t ttt;
} eng_ping;

/* Where the security stage stands: no method on the table, ours offered, one agreed on, or none of the
 * target's taken. */
typedef enum eng_auth_state {
    ENG_AUTH_OPEN,
    ENG_AUTH_OFFERED,
    ENG_AUTH_NONE,
    ENG_AUTH_CHAP,
    ENG_AUTH_REJECTING,
    ENG_AUTH_REJECTED
} eng_auth_state;

typedef struct eng_chap {
    uint8_t state;                  /* of chap.c */
    uint8_t keys;                   /* bits of those in the response that is being read */
    uint8_t algorithm;              /* agreed */
    rig_view came[ENG_CHAP_KEYS];   /* their values, in the text of the response */
    uint8_t given[ENG_HASH_MAX];    /* our response to the target's challenge */
    uint8_t expected[ENG_HASH_MAX]; /* the target's response to our challenge */
    uint8_t own[ENG_HASH_MAX];      /* ours to the same one */
    uint64_t question;              /* what a verifier was asked and has not answered; 0 = nothing */
    bool asking;                    /* it is being asked */
    rig_status verdict;             /* what it answered meanwhile */
    uint8_t identifier;             /* what it is asked about: our identifier, */
    rig_gather challenge;           /* our challenge, */
    rig_gather name;                /* and the target's name */
} eng_chap;

_Static_assert(RIG_KEYS <= 32, "a key is a bit of eng_login's sets");

typedef struct eng_login {
    uint8_t stage;       /* CSG: 0 security, 1 operational */
    bool asked_transit;  /* the outstanding request had T=1 */
    bool more_to_send;   /* it had C=1 */
    bool offered;        /* this stage's own keys are out */
    bool first_response; /* the first response has come */
    uint8_t next_stage;  /* NSG of the outstanding request */
    uint32_t itt;
    uint32_t exchanges;
    uint16_t login_status;
    rig_gather tx;     /* text not sent yet */
    size_t tx_sent;    /* bytes of it that are out */
    size_t optional;   /* bytes of answers in tx that may be left out (6.2.2) */
    rig_gather rx;     /* text of a sequence of responses */
    uint32_t offers;   /* bits of keys we proposed */
    uint32_t answers;  /* bits of keys the target answered or proposed: a second time is a renegotiation */
    uint32_t valued;   /* bits of those it answered with a value */
    uint32_t declared; /* bits of declarations taken, see login_keys.c */
    eng_auth_state auth;
    eng_chap chap;
    uint8_t held[RIG_BHS_LEN]; /* header of the response that waits for a verdict … */
    uint64_t held_at;          /* … and its place in the stream */
    bool redirected;           /* the target named another address, in conn->portal */
    bool has_portal_group;
    uint16_t portal_group;
    char *alias; /* NULL when there is none */
    size_t alias_len;
    rig_key_value result[RIG_KEYS];
} eng_login;

typedef struct eng_conn {
    rig_session *session;
    struct eng_conn *next; /* in the session, in order of creation */
    rig_stream *stream;    /* NULL when there is none */
    rig_portal portal;
    rig_address from;          /* the source address it is to have */
    rig_address local, remote; /* its ends, unset until it is connected */
    rig_connection_counters counters;
    uint16_t cid;
    uint8_t state;   /* eng_conn_state */
    uint8_t cleanup; /* eng_cleanup_state, of the connection's state machine for cleanup (8.2) */
    bool leading;
    bool by_target;        /* the target ended it first */
    bool saves;            /* it failed, and its session goes on */
    bool logged_out;       /* and another connection has logged it out */
    bool over;             /* it is ending or has ended: only its stream may still be there */
    bool cut;              /* the task of the payload that is coming has ended */
    rig_status failed;     /* why it did */
    uint64_t retain_until; /* of a failed connection: until then the target keeps its tasks (7.5) */
    uint64_t reassign_at;  /* of one that is logged out: not before then may they be reassigned (11.15.3) */
    uint32_t lent;         /* PDUs in the output queue with payload in callers' memory */
    rig_task *placing;     /* the task whose buffer the current payload goes to */
    eng_text *text;
    uint32_t exp_stat_sn; /* of the next numbered response; eng_ack_sn tells what is acknowledged */
    eng_open *open;       /* ENG_OPEN_MAX of them, in order of StatSN; NULL before the first */
    uint32_t num_open;
    eng_hole *holes; /* pool */
    uint32_t num_holes, free_hole;
    uint32_t missing;  /* gaps and responses that were asked for and have not come */
    uint32_t progress; /* counts what came of them; seen is its value when the timer was armed */
    uint32_t progress_seen, exp_cmd_sn_seen;
    eng_snack *snacks; /* ring */
    uint32_t snack_first, num_snacks;
    uint32_t lengths;  /* how often our MaxRecvDataSegmentLength was declared anew */
    uint32_t unacked;  /* numbered responses since we last said something */
    uint32_t max_send; /* the target's MaxRecvDataSegmentLength */
    rig_framer framer;
    rig_txq txq;
    rig_error error; /* why it is failing */
    eng_login *login;
    eng_queue bound;   /* requests that must go on this connection */
    rig_task *senders; /* tasks with Data-Out to send, first come first served (DATA-013) */
    rig_task *last_sender;
    eng_r2t *r2ts;
    uint32_t num_r2ts, free_r2t;
    eng_ping *pings; /* ring of target pings to answer */
    uint32_t ping_size, ping_first, num_pings;
    rig_timer timer;          /* login, or the peer's FIN */
    rig_timer nop_timer;      /* keep-alive */
    rig_timer recovery_timer; /* within-command and within-connection recovery */
    bool pinging;             /* a keep-alive ping is out */
    bool text_wanted;         /* a text request of the engine's own is under way */
    bool asked;               /* one shall tell whether what is sent again and again arrives */
    uint64_t heard;           /* when the target last said something */
} eng_conn;

struct rig_session {
    rig_initiator *initiator;
    rig_session *next, *prev;
    rig_map_link by_port;   /* initiator->ports: its target and ISID */
    rig_map_link by_target; /* initiator->leaders, while it leads the sessions with its target */
    rig_session *peer_next; /* … a ring … */
    rig_session *peer_prev; /* … of those that there are */
    uint64_t num_peers;     /* in the ring; its leader's counts */
    rig_session_config config;
    char *target;
    char *name;    /* it logs in with, once the node has another; else NULL */
    uint8_t state; /* eng_session_state */
    bool was_up;
    bool recovering;
    bool gives_up; /* whatever fails now takes the session with it */
    bool sweep;    /* a connection may be over: look when no call is on the stack */
    bool doomed;   /* rig_session_free was called */
    bool released; /* rig_session_release was called */
    bool has_wait;
    uint16_t wait; /* Time2Wait that the target named, which counts instead of the agreed one (7.5.2) … */
    uint16_t retain;
    uint64_t not_before; /* … and when it is over */
    bool nexus;          /* the SCSI layer has an I_T nexus whose loss it was not told of */
    rig_status lost;     /* why the session went down */
    uint32_t busy;       /* calls on the stack that use the session or its connections */
    uint32_t redirects;  /* followed since the last time it was up */
    uint16_t tsih;
    uint16_t next_cid;
    bool has_portal_group;
    uint16_t portal_group;
    char *target_alias;
    size_t target_alias_len;
    rig_auth_method method; /* what the leading connection authenticated by */
    char *peer;             /* CHAP_N of a target that has proved itself there */
    size_t peer_len;
    uint32_t cmd_sn, exp_cmd_sn, max_cmd_sn;
    rig_key_value agreed[RIG_KEYS];
    rig_session_counters counters;
    uint64_t established;   /* when its leading connection was logged in last */
    rig_status last_status; /* why the last login ended, RIG_OK when it did not */
    uint16_t last_login_status;
    eng_conn *conns;
    eng_slot *slots; /* task table: slot number is the low bits of the ITT */
    uint32_t num_slots, num_tasks, free_slot, generation;
    uint32_t num_spare; /* of the tasks, those that have room however many others there are */
    eng_queue queue;    /* waiting for window and connection */
    eng_queue urgent;   /* immediate requests: no window */
    uint32_t attempts;
    uint32_t turns;      /* requests sent, for their order */
    bool leaving;        /* it ended while the host wanted its end: nothing brings it back but the host */
    bool falling;        /* it is being taken down */
    uint32_t num_resets; /* resets under way */
    bool told_up;        /* its next end is told as one of a session that was up */
    bool tried;          /* it was logged in again, at last … */
    uint64_t last_try;   /* … then */
    uint32_t saves;      /* connections lost without … */
    uint64_t saves_rsp;  /* … more SCSI responses than these */
    rig_timer timer;     /* reconnect */
};

struct rig_initiator {
    rig_initiator_config config;
    char *name, *alias;
    rig_timerq timers;
    rig_session *sessions;
    rig_map ports, leaders; /* of sessions: by target and ISID; by target, one of each */
    uint64_t num_cmd_sns, num_tags, num_chap_ids, num_challenge_draws, num_questions;
    uint64_t challenges[ENG_CHALLENGES_MAX]; /* marks of those sent, a ring */
    uint64_t num_challenges;                 /* ever sent */
    rig_node_counters counters;
    rig_last_failures last;
    uint64_t now;
};

/* counters.c: what is counted (RFC 7147), and of the last failures what is kept */
void eng_count_sent(eng_conn *conn, rig_pdu_kind kind);
void eng_count_unsent(eng_conn *conn);
void eng_count_request(eng_conn *conn, const rig_task *task);
void eng_count_received(eng_conn *conn, const rig_pdu *pdu);
void eng_count_response(eng_conn *conn);
void eng_count_data_out(eng_conn *conn, uint32_t len);
void eng_count_data_in(eng_conn *conn, uint32_t len);
void eng_count_connection(rig_session *session, rig_status why);
void eng_count_session(rig_session *session, rig_status why, uint64_t now);
/* A login ended: RIG_OK in full feature phase. */
void eng_count_login(const eng_conn *conn, rig_status why, uint64_t now);

/* conn.c: one connection as user of a stream */
rig_status eng_conn_new(rig_session *session, const rig_portal *portal, bool leading, uint64_t now);
rig_status eng_conn_from(rig_session *session, const rig_address *local, const rig_portal *portal,
                         bool leading, uint64_t now);
rig_status eng_conn_again(rig_session *session, const eng_conn *failed, uint64_t now);
void eng_cleanup_fire(eng_conn *conn, unsigned event, uint64_t now);
void eng_conn_fail(eng_conn *conn, rig_status why, uint64_t now);
void eng_conn_end(eng_conn *conn, unsigned event, rig_status why, uint64_t now);
void eng_conn_lose(eng_conn *conn, rig_status why, uint64_t now);
void eng_conn_timer(eng_conn *conn, uint64_t now);
void eng_conn_wake(eng_conn *conn);
void eng_conn_sweep(rig_session *session);
bool eng_conn_fire(eng_conn *conn, unsigned event, uint64_t now);
rig_status eng_conn_error(eng_conn *conn, rig_status status, const rig_pdu *pdu, rig_field_id field,
                          const char *text);

/* session.c. Every call from outside stands between enter and leave: what a callback ends or frees stays in
 * memory until the outermost leave. */
void eng_enter(rig_session *session);
void eng_leave(rig_session *session);
bool eng_session_fire(rig_session *session, unsigned event, uint64_t now);
void eng_session_wake(rig_session *session);
bool eng_session_up(eng_conn *conn, uint64_t now);
eng_conn *eng_session_conn(const rig_session *session, uint16_t cid);
eng_conn *eng_session_any(const rig_session *session);
/* A wait that may be RIG_NEVER. */
static inline uint64_t eng_after(uint64_t now, uint64_t wait)
{
    return wait > RIG_NEVER - now ? RIG_NEVER : now + wait;
}

void eng_emit(rig_session *session, rig_event *event, rig_event_kind kind, uint64_t now);

/* isid.c: the ISID of a session, and whether another session that lives has it at the same portal group */
void eng_isid_take(rig_session *session);
void eng_isid_release(rig_session *session);
bool eng_isid_busy(const rig_session *session);

/* recovery_session.c: error recovery level 0 */
void eng_recover(rig_session *session, rig_status why, uint64_t now);
/* Nothing is under way: neither a connection nor a login to come. */
bool eng_is_idle(const rig_session *session);
void eng_reconnect(rig_session *session, uint64_t now);
void eng_session_end(rig_session *session, bool comes_back, uint64_t now);
rig_status eng_first_login(rig_session *session, uint64_t now);
/* The target named the time until the next login or logout. */
void eng_note_wait(rig_session *session, uint16_t wait, uint16_t retain, uint64_t now);
/* The I_T nexus is lost when its session has ended and is not logged in again, or is reinstated (6.3.5.1):
 * told once. */
void eng_nexus_lost(rig_session *session, uint64_t now);
void eng_nexus_over(rig_session *session, uint64_t now);
void eng_login_failed(eng_conn *conn, rig_status why, uint64_t now);

/* login.c and its stages */
rig_status eng_login_start(eng_conn *conn, uint64_t now);
rig_status eng_login_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
void eng_login_free(eng_conn *conn);
rig_status eng_login_send(eng_conn *conn);
rig_status eng_login_verified(eng_conn *conn, uint64_t now); /* goes on with the response that was held */

/* login_keys.c: which text is sent and taken in which stage */
rig_status eng_keys_first(eng_conn *conn);
rig_status eng_keys_stage(eng_conn *conn);
rig_status eng_keys_take(eng_conn *conn, const rig_pdu *pdu);
rig_status eng_keys_finish(eng_conn *conn);
bool eng_keys_redirect(eng_conn *conn, rig_view text);

rig_status eng_key_put(eng_conn *conn, const char *key, rig_view value);
/* The answer to a key that a target proposes in full feature phase, where hardly one can be negotiated (6.4);
 * NULL when it wants none. */
const char *eng_key_word(const rig_pair *pair);
rig_status eng_key_wrong(eng_conn *conn, const char *key, rig_view value, const char *why);

/* auth_config.c: what a session authenticates with */
rig_status eng_auth_check(const rig_initiator *initiator, rig_session_config *config, rig_error *err);
rig_status eng_auth_copy(rig_session *session);
void eng_auth_free(rig_session *session);
bool eng_auth_lists(const rig_auth_config *auth, rig_auth_method method);
bool eng_auth_is_mutual(const rig_auth_config *auth); /* the target has to prove itself, too */

/* login_security.c: the method, and what goes when */
rig_status eng_security_offer(eng_conn *conn);
bool eng_security_ready(const eng_conn *conn);
rig_status eng_security_method(eng_conn *conn, rig_view value);
rig_status eng_security_step(eng_conn *conn, bool transit);
void eng_security_finish(eng_conn *conn);

/* chap.c */
rig_status eng_chap_begin(eng_conn *conn);
bool eng_chap_ready(const eng_conn *conn);
bool eng_chap_find(rig_view name, unsigned *out_key);
rig_status eng_chap_take(eng_conn *conn, unsigned key, rig_view value);
rig_status eng_chap_step(eng_conn *conn);
bool eng_chap_waits(const eng_conn *conn); /* for the verdict on the target */
void eng_chap_free(eng_conn *conn);

/* hash.c: the only file that knows libcrypto. Digest bytes of an algorithm, 0 for an unknown one;
 * RIG_E_NOMEM, RIG_E_UNSUPPORTED; comparing takes the same time wherever the difference is. */
size_t eng_hash_len(uint8_t algorithm);
rig_status eng_hash(uint8_t algorithm, const rig_view *parts, unsigned num, uint8_t out[ENG_HASH_MAX]);
bool eng_hash_same(rig_view a, rig_view b);

/* keys.c: the entries of a proposed list that are known here; others are passed over (6.2.1) */
rig_status eng_list_known(rig_key_id key, rig_view text, rig_key_value *out_value, rig_error *err);

/* negotiate.c: the rules of the key table */
rig_status eng_offers_check(rig_session_config *config, rig_error *err);
rig_status eng_offer(eng_login *login, const rig_alloc *alloc, const rig_session_config *config,
                     bool leading);
rig_status eng_answer(eng_login *login, const rig_session_config *config, rig_key_id key, rig_view value,
                      rig_error *err);
rig_status eng_proposal(eng_login *login, const rig_alloc *alloc, const rig_session_config *config,
                        rig_key_id key, rig_view value, rig_error *err);
rig_status eng_negotiated(const eng_login *login, const rig_session_config *config, rig_error *err);
bool eng_reserved_word(rig_view value);

/* window.c: the command window (4.2.2.1) and StatSN (4.2.2.2) */
rig_status eng_window_take(eng_conn *conn, const rig_pdu *pdu);
bool eng_window_open(const rig_session *session);
/* Takes the PDU's StatSN, if it has one. out_again: the PDU was dealt with before and is to be passed over.
 */
rig_status eng_stat_sn(eng_conn *conn, const rig_pdu *pdu, bool *out_again);

/* The end of a connection whose target counts otherwise: `want` is what had to stand in the field. */
rig_status eng_sn_error(eng_conn *conn, const rig_pdu *pdu, rig_field_id field, uint32_t want,
                        const char *section);
uint32_t eng_ack_sn(const eng_conn *conn);
/* A response that came but cannot be acknowledged yet, or has to come again; and its end. */
rig_status eng_status_hold(eng_conn *conn, const rig_task *task, uint32_t stat_sn, bool missing);
/* The command has ended: what came of it, or was still to come, counts as dealt with. */
void eng_status_forget(eng_conn *conn, const rig_task *task);
/* A response from before, which was asked for again. */
bool eng_is_replay(const eng_conn *conn, const rig_pdu *pdu);
void eng_status_release(eng_conn *conn, uint32_t stat_sn);
/* A response was lost whose StatSN is known; its replay is asked for elsewhere, or by a Status SNACK. */
rig_status eng_status_lost(eng_conn *conn, const rig_task *task, const rig_pdu *pdu, bool ask);
/* Asks for the statuses of the task that are missing. */
rig_status eng_status_ask(eng_conn *conn, const rig_task *task);

/* recovery_within.c: error recovery level 1 */
uint32_t eng_level(const rig_session *session);
rig_status eng_snack_push(eng_conn *conn, const eng_snack *snack);
bool eng_snack_send(eng_conn *conn);
bool eng_ack_send(eng_conn *conn);
/* How a number of Data-In or R2T stands to those that came before. */
typedef enum eng_place { ENG_PLACE_NEXT, ENG_PLACE_AHEAD, ENG_PLACE_FILLS, ENG_PLACE_AGAIN } eng_place;
eng_place eng_place_of(const eng_conn *conn, const rig_task *task, uint32_t sn, const eng_hole **out_hole);
/* Numbers up to sn, without it, are missing; the data of sn begins at offset. */
rig_status eng_gap(eng_conn *conn, rig_task *task, uint32_t sn, uint32_t offset, uint64_t now);
rig_status eng_gap_filled(eng_conn *conn, rig_task *task, uint32_t sn, uint32_t offset, uint32_t len);
void eng_gaps_forget(eng_conn *conn, rig_task *task);
/* The gap with the lowest number, NULL when there is none. */
const eng_hole *eng_gap_first(const eng_conn *conn, const rig_task *task);
rig_status eng_data_lost(eng_conn *conn, rig_task *task, const rig_pdu *pdu, uint64_t now);
rig_status eng_digest_error(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
rig_status eng_data_ack(eng_conn *conn, rig_task *task, const rig_pdu *pdu);
void eng_status_came(eng_conn *conn, rig_task *task, uint32_t stat_sn, uint64_t now);
rig_status eng_data_whole(eng_conn *conn, rig_task *task, uint64_t now);
void eng_snack_refused(eng_conn *conn, const uint8_t *bhs, uint64_t now);
bool eng_retry(eng_conn *conn, rig_task *task);
rig_status eng_plug_holes(eng_conn *conn, uint64_t now);
void eng_recovery_arm(eng_conn *conn, uint64_t now);
void eng_recovery_due(eng_conn *conn, uint64_t now);
void eng_recovery_free(eng_conn *conn);

/* recovery_conn.c: a connection failed and its session goes on: at level 2 its commands are taken elsewhere,
 * below it they end when another connection can log the failed one out. */
bool eng_can_save(const eng_conn *conn);
void eng_save(eng_conn *conn, rig_status why, uint64_t now);
void eng_save_due(eng_conn *conn, uint64_t now);
void eng_save_end(eng_conn *conn);
bool eng_is_failed(const eng_conn *conn);
eng_conn *eng_session_failed(const rig_session *session, uint16_t cid);
/* A login with its CID succeeded, or not. */
void eng_save_login(eng_conn *conn, uint64_t now);
void eng_save_logged_out(const rig_task *logout, const rig_pdu *pdu, uint64_t now);
bool eng_save_login_failed(const eng_conn *conn, uint16_t login_status, uint64_t now);
/* TASK REASSIGN was answered. */
void eng_reassigned(eng_conn *conn, const rig_task *tmf, uint64_t now);
bool eng_any_failed(const rig_session *session);
/* One in full feature phase, of which no logout is asked for; but: not that one. NULL when there is none. */
eng_conn *eng_session_ready(const rig_session *session, const eng_conn *but);

/* task.c: the task table and life of a request. Requests of the engine's own are freed when they end. */
rig_task *eng_task_find(const rig_session *session, uint32_t itt);
/* It has been sent, and no answer has come. */
static inline bool eng_is_out(const rig_task *task)
{
    return task->engine.phase == ENG_SENT || task->engine.phase == ENG_AGAIN;
}
static inline bool eng_is_queued(const rig_task *task)
{
    return task->engine.phase == ENG_QUEUED || task->engine.phase == ENG_AGAIN;
}
static inline bool eng_is_keep_alive(const rig_task *task)
{
    return task->kind == RIG_TASK_PING && task->engine.internal && !task->engine.plug;
}
/* The request of that kind which a PDU of the connection answers, NULL when there is none; no copy of it goes
 * any more. */
rig_task *eng_task_answered(eng_conn *conn, const rig_pdu *pdu, rig_task_kind kind);
/* The same for what commands are sent; one that has ended while its data still leaves counts, too. */
rig_task *eng_command_of(eng_conn *conn, const rig_pdu *pdu);
/* A task management function has ended it: what still comes is thrown away (4.2.3.4). */
void eng_note_aborted(rig_session *session, const rig_task *task);
bool eng_was_aborted(const rig_session *session, uint32_t itt);
void eng_task_done(rig_task *task, rig_status status, uint64_t now);
/* The same when its connection is over: nothing waits for output. */
void eng_task_lost(rig_task *task, rig_status status, uint64_t now);
void eng_tasks_abort(rig_session *session, const eng_conn *conn, rig_status why, uint64_t now);
/* Ends a request that is on no connection: what it leaves of the command numbers is filled. */
void eng_task_withdraw(rig_task *task, rig_status status, uint64_t now);
void eng_task_timeout(rig_task *task, uint64_t now);
void eng_task_sent(void *ctx, void *cookie);
void eng_task_renumber(rig_task *task);
void eng_task_bind(rig_task *task, eng_conn *conn);
void eng_task_requeue(rig_task *task, eng_conn *conn);
void eng_queue_remove(eng_queue *queue, rig_task *task);
rig_task *eng_own_task(rig_session *session, rig_task_kind kind);
rig_status eng_own_submit(eng_conn *conn, rig_task *task, uint64_t now);
void eng_own_done(rig_task *task, uint64_t now);

/* send.c: output, produced when the driver asks for it */
void eng_send(eng_conn *conn, uint64_t now);
rig_tx *eng_push(eng_conn *conn, rig_pdu_kind kind);
void eng_push_cancel(eng_conn *conn);
void eng_lend(eng_conn *conn, rig_tx *tx, rig_task *task, size_t offset, uint32_t len);

/* receive.c: input of the full feature phase */
rig_status eng_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink);
rig_status eng_complete(void *ctx, const rig_pdu *pdu);

/* One file a kind of exchange. The send calls queue one PDU: RIG_E_BUSY when there is no room for it now, any
 * other failure ends the task. They call nobody back. */
rig_status eng_scsi_send(eng_conn *conn, rig_task *task);
rig_status eng_scsi_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
/* Bytes of Data-In a command expects. */
uint32_t eng_read_len(const rig_task *task);
void eng_check_amount(eng_conn *conn, const rig_pdu *pdu, const rig_task *task, uint64_t now);
rig_status eng_data_in_place(eng_conn *conn, const rig_pdu *pdu, rig_sink *out_sink);
rig_status eng_data_in(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
/* Back to what was acknowledged, or to what came without a gap: the rest comes anew. */
void eng_data_in_restart(rig_task *task);
void eng_data_in_rewind(const eng_conn *conn, rig_task *task);
rig_status eng_r2t_take(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
bool eng_data_out_send(eng_conn *conn);
void eng_data_out_start(eng_conn *conn, rig_task *task);
void eng_data_out_forget(eng_conn *conn, rig_task *task);
void eng_data_out_pause(eng_conn *conn, rig_task *task, uint32_t stopper);
void eng_data_out_resume(eng_conn *conn, rig_task *task);
rig_status eng_tmf_check(const rig_session *session, const rig_task *task);
rig_status eng_task_termination(eng_conn *conn, const rig_pdu *pdu);
void eng_tmf_refer(rig_task *task);
bool eng_tmf_must_wait(const rig_task *task);
bool eng_tmf_moot(rig_task *task, const eng_conn *conn, uint64_t now);
rig_status eng_tmf_send(eng_conn *conn, rig_task *task);
rig_status eng_tmf_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
/* The target does not carry it out: the data of what it was about goes on. */
void eng_tmf_refused(eng_conn *conn, const rig_task *task);
/* Resets that are under way: new commands for what they reset would be ended by some targets, and not by
 * others (4.2.3.2). */
typedef struct eng_resets {
    uint64_t luns[ENG_RESETS_MAX];
    uint32_t num;
    bool all; /* of all units, or of more than there is room for */
} eng_resets;
void eng_resets_find(const rig_session *session, eng_resets *out_resets);
bool eng_resets_hold(const eng_resets *resets, const rig_task *task);
void eng_abort_late(rig_task *task, uint64_t now);
void eng_abort_resumed(rig_task *task, uint64_t now);
rig_status eng_text_send(eng_conn *conn, rig_task *task);
rig_status eng_text_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
eng_text *eng_text_detach(eng_conn *conn, const rig_task *task);
void eng_text_free(rig_session *session, eng_text *text);
bool eng_text_continue(eng_conn *conn, uint64_t now);
void eng_text_again(eng_conn *conn);
rig_status eng_text_wanted(eng_conn *conn, uint64_t now);
rig_status eng_ping_send(eng_conn *conn, rig_task *task);
bool eng_ping_answers(eng_conn *conn);
bool eng_leaves_hole(const rig_session *session, const rig_task *task);
void eng_hole_left(rig_session *session, uint32_t cmd_sn, uint64_t now);
rig_status eng_plug(eng_conn *conn, uint32_t cmd_sn, uint64_t now);
rig_status eng_nop_in(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
rig_status eng_nop_answer(eng_conn *conn, const rig_pdu *pdu, uint32_t ttt);
void eng_nop_due(eng_conn *conn, uint64_t now);
void eng_nop_arm(eng_conn *conn, uint64_t now);
void eng_nop_ask(eng_conn *conn, uint64_t now);
rig_status eng_logout_send(eng_conn *conn, rig_task *task);
void eng_logout_sent(rig_session *session, const rig_task *task, uint64_t now);
rig_status eng_logout_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
rig_status eng_logout_asked(eng_conn *conn, uint64_t now);
/* The end of a connection that a session-closing logout elsewhere accounts for; false: it is a loss. */
bool eng_logout_closes(eng_conn *conn, uint64_t now);
/* A connection that lives is logged out on itself (8.1.2); NULL when it does not. */
eng_conn *eng_logout_carrier(const rig_session *session, const rig_task *task);
/* That logout ends the session. */
bool eng_logout_is_end(const rig_session *session, const rig_task *task);
/* Looks whether the host has asked for such a one. */
void eng_note_leaving(rig_session *session);
/* A logout of the whole session is out. */
bool eng_logout_of_all(const rig_session *session);
rig_status eng_async(eng_conn *conn, const rig_pdu *pdu, uint64_t now);
rig_status eng_reject(eng_conn *conn, const rig_pdu *pdu, uint64_t now);

static inline const rig_alloc *eng_alloc(const rig_session *session)
{
    return session->initiator->config.alloc;
}

#endif
