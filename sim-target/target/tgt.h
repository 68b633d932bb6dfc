/* What the files of the target share: its objects, and who does what with them. */
#ifndef TGT_H
#define TGT_H

#include "rig/framer.h"
#include "rig/serial.h"
#include "rig/target.h"
#include "rig/txq.h"
#include "tauth.h"
#include "tbase.h"
#include "tfsm.h"
#include "tkeys.h"

#define TGT_LOGIN_TIMEOUT (30 * RIG_SECOND)
#define TGT_DATA_TIMEOUT                                                                                     \
    (60 * RIG_SECOND)  /* for the next Data-Out of a write (7.1.4.1: sequence reception timeout) */
#define TGT_WINDOW 128 /* commands a session may queue by default */
#define TGT_CONNECTIONS_MAX 131072 /* open connections of a target in any phase */
#define TGT_LOGIN_EXCHANGES 64     /* complete texts of one login; 6.2 asks for at least 6 */
#define TGT_LOGIN_PDUS 4096        /* Login Requests of one login, the C bit's parts included */
#define TGT_TEXT_PDUS 4096         /* Text Requests with the C bit in one exchange */
#define TGT_IMMEDIATE_MAX 64       /* immediate requests of a connection in progress, TMF counted apart */
#define TGT_WAITING_STOP 64        /* unsent answers of a connection at which no more input is taken */
#define TGT_WAITING_MAX 16384      /* unsent answers of a connection at which it is dropped */
#define TGT_DRAIN_MAX 64           /* aborted writes of a connection whose late data is still swallowed */
#define TGT_QUEUE_MAX 32           /* PDUs of a connection in its queue: what an idle session keeps */
#define TGT_BURSTS 8               /* R2Ts of one task that are outstanding at the same time */
#define TGT_POOL_MAX 1024          /* unused tasks of one size that are kept */
#define TGT_RETAINED_MAX 1024      /* statuses of a connection kept until they are acknowledged */
#define TGT_RUNS 8                 /* runs of Data-In PDUs of one task that can be sent again */
#define TGT_MISSING 32             /* ranges of one write that have not come */
#define TGT_OLD_BURSTS 4           /* R2Ts of one task that a recovery R2T took the place of */
#define TGT_RECOVERY_ATTEMPTS 3    /* recovery R2Ts for data that simply does not come */
#define TGT_RECOVERY_TIMEOUT (10 * RIG_SECOND) /* sequence reception timeout above ErrorRecoveryLevel 0 */
#define TGT_ACK_TIMEOUT (20 * RIG_SECOND)      /* age of a status at which its acknowledgment is asked for */
#define TGT_ACK_PINGS 3                        /* how often */
#define TGT_LATENESS (600 * RIG_SECOND)        /* of a fault's late answers: longer than anybody waits */

typedef struct tgt_session tgt_session;
typedef struct tgt_conn tgt_conn;
typedef struct tgt_login tgt_login;
typedef struct tgt_text tgt_text;
typedef struct tgt_unit tgt_unit;
typedef struct tgt_retention tgt_retention;
typedef struct tgt_history tgt_history;

/* ---- a task: one request and its answers (4.2.2.1) ---- */

typedef enum tgt_task_kind {
    TGT_TASK_NOP,
    TGT_TASK_SCSI,
    TGT_TASK_TMF,
    TGT_TASK_TEXT,
    TGT_TASK_LOGOUT,
    TGT_TASK_LOGIN,
    TGT_TASK_REJECT,
    TGT_TASK_NOTICE, /* a NOP-In or Asynchronous Message of our own */
    TGT_TASK_PLUG,   /* stands for a CmdSN that an abort declared received (7.11) */
    TGT_TASK_RESEND, /* what a SNACK asks for */
    TGT_TASK_KINDS
} tgt_task_kind;

typedef struct tgt_task {
    rig_map_link by_tag; /* target->tasks */
    rig_map_link by_sn;  /* target->pending, while it waits for earlier commands */
    tgt_list in_conn;    /* conn->tasks */
    tgt_list in_ready;
    tgt_conn *conn;   /* allegiance */
    rig_timer timer;  /* a rule's delay, or the device's work */
    uint64_t effects; /* rules that shape its answers, a bit a rule */
    uint64_t waits;   /* of those, the ones whose delay or hold is still to be served */
    uint64_t sent;    /* of those, the ones whose extra PDUs have gone out */
    uint64_t spent;   /* of those, the ones whose fault for one PDU has hit it */
    uint8_t *data;    /* owned copy of AHS and data that outlives the request PDU */
    size_t ahs_len;   /* of that, AHS */
    size_t data_len;  /* of that, data */
    uint32_t refs;    /* queued PDUs and retained statuses that point into its memory */
    uint32_t number;  /* RESEND: next DataSN, R2TSN or StatSN; REJECT: DataSN (11.17.2) */
    uint32_t count;   /* RESEND: how many */
    uint8_t kind;     /* tgt_task_kind */
    uint8_t code;     /* reject reason, TMF response, login class … as the kind needs */
    bool immediate;
    bool numbered;        /* counts against the command window */
    bool tagged;          /* in target->tasks */
    bool pending;         /* in target->pending */
    bool ready;           /* in conn->ready */
    bool held;            /* by a rule, or until the device has done its work */
    bool blocked;         /* in its unit's list, behind an ORDERED task or as one */
    bool done;            /* answered or aborted; only refs keep it */
    bool answered;        /* SCSI: its status was sent and is retained */
    bool draining;        /* aborted; swallows late data */
    bool waiting;         /* a TMF that waits for commands, data or acknowledgments */
    bool fenced;          /* in session->fenced */
    bool late;            /* a fault held it up */
    bool free_known;      /* lazy: free_sn is set */
    uint8_t lazy;         /* tgt_lazy: draining until the initiator says that it has stopped */
    uint8_t step;         /* of a TMF */
    uint32_t free_sn;     /* StatSN whose acknowledgment ends it */
    struct iovec payload; /* for answers that send its data */
    uint8_t bhs[RIG_BHS_LEN];
} tgt_task;

/* One sequence of Data-Out PDUs we wait for. */
typedef struct tgt_burst {
    uint32_t ttt;
    uint32_t offset;
    uint32_t len;
    uint32_t got; /* bytes; with DataPDUInOrder=Yes lost ones count, so that it is a position */
    uint32_t data_sn;
    uint32_t r2t_sn;
    bool lossy; /* PDUs of it were lost: what is missing is asked for again */
} tgt_burst;

typedef struct tgt_scsi {
    tgt_task task;
    tgt_unit *unit;    /* NULL for a LUN that does not exist */
    uint32_t out_edtl; /* what the initiator expects to move each way */
    uint32_t in_edtl;
    uint32_t out_len; /* what is really moved each way */
    uint32_t in_len;
    uint64_t presented; /* what the command itself moves: SPDTL (11.4.5.2) */
    uint32_t next;      /* next byte to send, or to ask for */
    uint32_t got;       /* bytes written */
    uint32_t data_sn;   /* Data-In PDUs sent */
    uint32_t r2t_sn;    /* R2Ts sent */
    uint32_t iov_index; /* where the last seek ended */
    uint64_t iov_base;
    uint64_t waits_since; /* last progress of data from the initiator */
    tgt_burst bursts[TGT_BURSTS];
    tgt_burst first;      /* unsolicited data */
    uint8_t num_bursts;   /* in bursts */
    bool first_open;      /* unsolicited data is still to come */
    bool parked;          /* it waited for its turn, and its header was read then */
    bool started;         /* the device was asked */
    bool begun;           /* the device knows it */
    bool taking;          /* the device waits for data */
    bool responding;      /* status is final, only the response is missing */
    tgt_history *history; /* NULL at ErrorRecoveryLevel 0 */
    uint32_t cdb_size;    /* of a CDB that needed memory of its own */
    uint8_t *cdb;
    rig_scsi scsi;
} tgt_scsi;

/* ---- objects ---- */

typedef struct tgt_portal {
    rig_target *target;
    rig_listener *listener;
    rig_address at;         /* as bound */
    rig_portal *advertised; /* what is told of it, NULL: at */
    uint16_t group;
    uint8_t index;
    bool absent; /* told of, and nobody listens there */
} tgt_portal;

typedef struct tgt_name {
    char *text;
    size_t len;
} tgt_name;

typedef struct tgt_redirect {
    rig_portal to;
    int32_t group; /* of the portals it is for, -1: all */
    bool permanent;
} tgt_redirect;

/* Whom a node admits. */
typedef struct tgt_admission {
    tgt_name *allowed; /* initiators; none: everybody */
    tgt_redirect *redirects;
    uint32_t num_allowed, num_redirects;
    uint32_t turn;           /* of the redirections */
    uint32_t max_initiators; /* with sessions at the same time, 0: no limit */
    uint16_t full_status;    /* login status beyond that */
    uint16_t refuse;         /* login status, 0 = welcome */
} tgt_admission;

struct tgt_unit {
    rig_target *target;
    rig_device *device;
    rig_target_node *nodes[RIG_TARGET_PATHS_MAX]; /* that show it */
    uint32_t num_nodes;
    uint32_t num_views;   /* lists it stands in, besides that of its first node */
    uint32_t num_taking;  /* tasks that take data */
    uint32_t num_ordered; /* of those, ORDERED ones */
    tgt_list blocked;     /* tasks that may not start yet, in order */
    tgt_list in_stirred;
};

struct rig_target_node {
    rig_map_link by_name;
    rig_target *target;
    rig_target_node *head;   /* of a view: the node it is one of; else NULL */
    rig_target_node *former; /* next in target->formers */
    char *name;
    char *alias;   /* NULL when it has none */
    uint32_t *own; /* TGT_KEYS values it accepts; NULL: the target's */
    uint64_t portals;
    tgt_unit **units;   /* by number */
    uint64_t *sam_luns; /* their numbers in SAM form, ascending as the numbers are */
    uint32_t num_luns, size_luns;
    uint16_t name_len, alias_len;
    tgt_admission admission;
    tgt_access access;
};

struct tgt_session {
    rig_map_link by_tsih;
    rig_map_link by_name;
    rig_target *target;
    rig_target_node *node;      /* NULL for an unnamed discovery session */
    const tgt_portal *portal;   /* of the leading login */
    const tgt_account *account; /* who its initiator turned out to be, NULL without authentication */
    char *initiator;
    uint16_t initiator_len;
    uint16_t tsih;
    uint8_t isid[6];
    uint8_t state; /* tgt_session_state */
    bool discovery;
    bool listed; /* in the target's maps */
    bool immediate_data, initial_r2t, pdu_in_order, seq_in_order;
    uint8_t recovery_level;
    uint8_t reporting;      /* tgt_reports: TaskReporting */
    uint8_t protocol_level; /* iSCSIProtocolLevel */
    uint16_t max_connections, max_r2t, time2wait, time2retain;
    uint32_t max_burst, first_burst;
    uint32_t exp_cmd_sn;
    uint32_t window;     /* commands it may queue */
    uint32_t num_active; /* numbered commands without an answer */
    uint32_t told_max;   /* last MaxCmdSN sent on any connection */
    rig_nexus_id nexus;
    char *ports; /* SCSI names of the initiator port, then of the target port */
    uint16_t initiator_port_len, target_port_len;
    tgt_list conns;
    tgt_list ghosts; /* connections logged out for recovery whose tasks wait for a new allegiance */
    uint32_t num_conns;
    uint32_t num_ghosts;
    uint32_t num_tmf_waiting; /* task management functions that wait for something */
    uint8_t fence;            /* tgt_fence, of responses (4.2.2.3) */
    bool fence_all;           /* it is about all units */
    uint64_t fence_lun;
    tgt_task *fence_task; /* whose response it is, until that is queued */
    tgt_conn *fence_conn; /* where it went */
    uint32_t fence_behind;
    tgt_list fenced; /* tasks whose responses it holds up */
    tgt_list in_target;
};

/* TaskReporting (13.23), by position among its values. */
typedef enum tgt_reports {
    TGT_REPORTS_RFC3720,
    TGT_REPORTS_RESPONSE_FENCE,
    TGT_REPORTS_FAST_ABORT
} tgt_reports;

typedef enum tgt_fence {
    TGT_FENCE_OPEN,
    TGT_FENCE_GATHERS, /* what was sent before has to be acknowledged */
    TGT_FENCE_SENDS,   /* it was; the response may go */
    TGT_FENCE_SENT     /* the response itself has to be acknowledged */
} tgt_fence;

/* What says that no more data of an aborted write will come (4.2.3.4). */
typedef enum tgt_lazy { TGT_NOT_LAZY, TGT_LAZY_ACK, TGT_LAZY_NOP_OUT } tgt_lazy;

typedef enum tgt_close_how { TGT_OPEN, TGT_FLUSHING, TGT_GONE } tgt_close_how;

struct tgt_conn {
    rig_target *target;
    const tgt_portal *portal;
    tgt_session *session; /* from the login's success on */
    rig_stream *stream;   /* NULL once it is gone */
    rig_framer framer;
    rig_txq txq;
    uint8_t state;    /* tgt_conn_state */
    uint8_t cleanup;  /* tgt_cleanup_state, in S8 */
    uint8_t closing;  /* tgt_close_how */
    bool dirty;       /* in target->dirty */
    bool peer_closed; /* the peer's FIN is here */
    bool rules_done;  /* for the PDU being received */
    bool dropped;     /* a rule drops the PDU being received */
    bool keeps;       /* out of service; its tasks wait for a new allegiance (7.1.4.3) */
    bool ghost;       /* in session->ghosts */
    bool digested;    /* something was sent behind its login, as far as faults look */
    bool logged_out;  /* on another connection, or by a reinstatement */
    uint16_t cid;
    rig_address peer;
    uint32_t stat_sn;     /* next */
    uint32_t exp_stat_sn; /* the initiator's */
    uint32_t max_send;    /* initiator's MaxRecvDataSegmentLength */
    uint32_t max_recv;    /* ours */
    uint32_t num_pings;   /* NOP-Ins that wait for their NOP-Out */
    uint32_t fence_sn;    /* StatSN the initiator has to acknowledge before a waiting TMF is answered */
    uint32_t num_waiting; /* tasks with answers to send */
    uint32_t num_immediate, num_tmf, num_draining;
    uint32_t num_lazy; /* of the draining ones */
    uint64_t effects;  /* rules that fired for the PDU being received */
    /* Fault that kept a PDU back: the next one shows it. NULL = none. */
    const char *held_back;
    uint64_t last_rx;
    tgt_list in_target;
    tgt_list in_session;
    tgt_list in_dirty;
    tgt_list tasks;    /* all of them, oldest first */
    tgt_list ready;    /* with answers to send, in order */
    tgt_scsi *early;   /* command whose immediate data is arriving */
    tgt_scsi *placing; /* write whose Data-Out is arriving in its buffer */
    tgt_login *login;
    tgt_text *text;
    tgt_retention *retention; /* NULL at ErrorRecoveryLevel 0 */
    rig_tx *late;             /* a fault's: goes out behind the next PDU */
    rig_view raw;             /* rest of a rule's raw bytes, behind the queue */
    uint64_t cut_at;          /* a fault's: bytes of the stream that leave */
    rig_fault cut;            /* which one, when cut_at is not 0 */
    rig_timer timer;
    rig_timer data_timer;
    rig_timer logout_timer; /* the logout that was asked for is overdue */
    uint32_t asked_sn;      /* StatSN behind the request for a logout */
    bool asked;             /* it went out */
    rig_status why;
    const char *reason;     /* static text */
    const uint8_t *reading; /* header of the PDU being received, NULL between PDUs */
    const char *blame;      /* what is wrong with it: a field or key, NULL when nothing was found */
};

struct rig_target {
    const rig_alloc *alloc;
    rig_target_config config;
    rig_timerq timers;
    uint64_t now;
    tgt_portal portals[RIG_TARGET_PORTALS_MAX];
    uint32_t num_portals;
    rig_target_node **nodes;
    uint32_t num_nodes, size_nodes;
    rig_target_node *formers; /* retired nodes, and views of nodes, that sessions may still be on */
    rig_map node_map, tsih_map, name_map, tasks, pending;
    tgt_list conns, dirty, dead, sessions;
    uint32_t num_conns, num_sessions, num_up;
    tgt_list buried;  /* sessions to free */
    tgt_list stirred; /* units whose blocked tasks may start */
    uint32_t depth;   /* calls in progress; objects are freed when it is back at 0 */
    tgt_list pool[2]; /* unused tasks: plain, SCSI */
    uint32_t num_pool[2];
    rig_rule *rules;
    uint32_t num_rules;
    uint64_t wait_rules; /* rules with a delay or a hold */
    rig_fault_set faults;
    bool faulty;
    uint32_t own[TGT_KEYS];
    uint32_t next_ttt;
    uint64_t tsih_draws, stat_draws;
    uint64_t num_challenges;
    tgt_access discovery; /* for sessions without a target name */
    uint64_t num_commands;
};

/* Kinds of timers by rig_timer.kind. */
enum { TGT_TIMER_CONN, TGT_TIMER_DATA, TGT_TIMER_TASK, TGT_TIMER_RETENTION, TGT_TIMER_LOGOUT };

/* ---- target.c ---- */
void tgt_enter(rig_target *target, uint64_t now);
void tgt_leave(rig_target *target);
void tgt_event(rig_target *target, rig_target_event *event, const tgt_conn *conn, const tgt_session *session);
void tgt_made_wrong(tgt_conn *conn, const char *what); /* of the newest PDU */
void tgt_deviated(tgt_conn *conn, const char *what);   /* of behaviour, not of a PDU */
uint32_t tgt_new_ttt(rig_target *target);
/* Remembers which field of the PDU being received is wrong, for those who read the target's events. */
uint8_t tgt_blame(tgt_conn *conn, rig_field_id field, uint8_t reason);
uint16_t tgt_blame_key(tgt_conn *conn, tgt_key key, uint16_t status);
rig_target_node *tgt_node_find(const rig_target *target, rig_view name);
bool tgt_node_at(const rig_target_node *node, const tgt_portal *portal);
void tgt_node_free(rig_target *target, rig_target_node *node);

/* ---- treload.c: another configuration under living sessions ---- */
/* Sessions that were there keep the LUNs they had: they are on a view of their node then. */
static inline const rig_target_node *tgt_node_head(const rig_target_node *node)
{
    return node && node->head ? node->head : node;
}
void tgt_formers_free(rig_target *target);

/* ---- tportal.c ---- */
void tgt_portals_cleanup(rig_target *target);
/* HOST:PORT, with its portal group tag when tag says so, as this initiator may use it. */
size_t tgt_portal_text(const tgt_conn *conn, const tgt_portal *portal, bool tag, char out[RIG_PORTAL_TEXT]);

/* ---- tadmit.c ---- */
/* 0, or the login status with which the node turns this login away. */
uint16_t tgt_admit(tgt_conn *conn, rig_target_node *node);
bool tgt_admits(const rig_target_node *node, rig_view initiator);
/* Does the initiator see the node in discovery? */
bool tgt_listed(const rig_target_node *node, rig_view initiator);
const tgt_redirect *tgt_redirect_of(const tgt_conn *conn, rig_target_node *node);
void tgt_admission_cleanup(tgt_admission *admission, const rig_alloc *alloc);

/* ---- tconn.c: life of a connection ---- */
bool tgt_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now);
/* Ends a connection by an event of its state machine. flush: what is queued still leaves, then FIN; else RST.
 */
void tgt_conn_end(tgt_conn *conn, tgt_conn_event event, bool flush, rig_status why, const char *reason);
/* A protocol or format error: every connection of the session goes (7.7). */
void tgt_conn_fail(tgt_conn *conn, rig_status why, const char *reason);
/* Ends what it does for its session, which goes on without it or ends. */
void tgt_conn_leave_session(tgt_conn *conn);
/* Answers may have become sendable: looked at before the outermost call returns. */
void tgt_conn_kick(tgt_conn *conn);
void tgt_conn_pump(tgt_conn *conn);
void tgt_conn_free(tgt_conn *conn);
void tgt_conn_timer(tgt_conn *conn);
void tgt_conn_data_timer(tgt_conn *conn);
void tgt_conn_watch_data(tgt_conn *conn);
/* Resets a stream that is being closed in order. */
void tgt_conn_cut(tgt_conn *conn);
/* The transport has nothing of it any more. */
void tgt_conn_stream_gone(tgt_conn *conn);
/* Frees what a connection without a stream no longer needs, and it itself unless it waits for cleanup. */
void tgt_conn_bury(tgt_conn *conn);
void tgt_conn_alive(tgt_conn *conn);
bool tgt_conn_full_feature(const tgt_conn *conn);
/* The cleanup of a connection in S8 is over (M1 or M4): it is freed. */
void tgt_conn_cleaned(tgt_conn *conn, tgt_cleanup_event event);
void tgt_conn_window(const tgt_conn *conn, uint32_t *out_exp, uint32_t *out_max);
/* ExpStatSN of a PDU that speaks about the connection. */
void tgt_conn_acknowledged(tgt_conn *conn, uint32_t exp_stat_sn);
/* A ghost nobody needs any more leaves its session. */
void tgt_conn_exorcise(tgt_conn *conn);

/* ---- tstream.c ---- */
extern const rig_stream_user_ops tgt_stream_ops;
extern const rig_framer_ops tgt_framer_ops;

/* ---- tsession.c ---- */
tgt_session *tgt_session_new(rig_target *target);
/* Gives it a handle and its places in the target's maps; RIG_E_LIMIT, RIG_E_NOMEM. */
rig_status tgt_session_list(tgt_session *session);
void tgt_session_free(tgt_session *session);
/* Raises the unit attention of a lost nexus for the session that took its place. */
void tgt_session_nexus_lost(const tgt_session *session);
void tgt_session_attach(tgt_session *session, tgt_conn *conn);
void tgt_session_detach(tgt_session *session, tgt_conn *conn);
/* Moves a connection that was logged out for recovery to the ghosts. */
void tgt_session_haunt(tgt_session *session, tgt_conn *conn);
/* Lets go what only waited for the session's return. */
void tgt_session_continued(tgt_session *session);
/* A connection in full feature phase, NULL when there is none. */
tgt_conn *tgt_session_live(const tgt_session *session);
uint32_t tgt_session_num_live(const tgt_session *session);
/* Takes the transition if the state lists one; false when it does not. */
bool tgt_session_step(tgt_session *session, tgt_session_event event);
/* Ends all its connections and frees the session, once the outermost call is over. Fine for one that has
 * ended. */
void tgt_session_end(tgt_session *session, tgt_session_event event, rig_status why);
void tgt_session_lost_conn(tgt_session *session);
tgt_session *tgt_session_by_tsih(const rig_target *target, uint16_t tsih);
tgt_session *tgt_session_by_name(const rig_target *target, rig_view initiator, const uint8_t isid[6],
                                 const rig_target_node *node, const tgt_portal *portal);
tgt_conn *tgt_session_conn(const tgt_session *session, uint16_t cid);
uint32_t tgt_session_max_cmd_sn(const tgt_session *session);
/* Its commands on a LUN were cleared; the nexus is told so by its next command. */
void tgt_session_cleared(tgt_session *session, const tgt_scsi *scsi);
/* Says a window that opened without an answer to carry it (11.4.11). */
void tgt_session_tell_window(tgt_session *session);

/* ---- ttask.c ---- */
tgt_task *tgt_task_new(tgt_conn *conn, tgt_task_kind kind, const uint8_t *bhs);
rig_status tgt_task_keep(tgt_task *task, rig_view ahs, rig_view data);
void tgt_task_tag(tgt_task *task);
tgt_task *tgt_task_find(const tgt_session *session, uint32_t itt);
/* It has something to send, after its rules' delays. */
void tgt_task_ready(tgt_task *task);
void tgt_task_unready(tgt_task *task);
/* Its last answer is queued, or it ends without one. Frees it unless queued PDUs point into its memory. */
void tgt_task_finish(tgt_task *task);
/* An aborted write stays to swallow the data that is on its way. */
void tgt_task_drain(tgt_task *task);
void tgt_task_unref(tgt_task *task);
/* Its status is queued and retained: only SNACK and reassignment still want it. */
void tgt_task_answered(tgt_task *task);
/* Its tag is the initiator's to use again. */
void tgt_task_untag(tgt_task *task);
/* Gives it to another connection. */
void tgt_task_move(tgt_task *task, tgt_conn *to);
/* Frees it whatever still refers to it: the stream is gone. */
void tgt_task_free(tgt_task *task);
void tgt_task_pool_cleanup(rig_target *target);
void tgt_task_timer(tgt_task *task);
void tgt_task_count(tgt_task *task);
rig_view tgt_task_ahs(const tgt_task *task);
rig_view tgt_task_data(const tgt_task *task);

static inline uint32_t tgt_task_itt(const tgt_task *task)
{
    return rig_get32(task->bhs, RIG_F_ITT);
}

static inline tgt_scsi *tgt_scsi_of(tgt_task *task)
{
    return TGT_OF(task, tgt_scsi, task);
}

/* Does data come for it, if any moves? */
static inline bool tgt_scsi_writes(const tgt_scsi *scsi)
{
    return rig_get(scsi->task.bhs, RIG_F_W) && scsi->scsi.direction != RIG_CDB_IN;
}

/* ---- treply.c: the one place where PDUs are queued ---- */
typedef enum tgt_pushed {
    TGT_PUSHED,
    TGT_FULL, /* no room: try again when something was sent */
    TGT_OVER  /* the task, or the whole connection, ended instead; do not touch the task */
} tgt_pushed;

typedef struct tgt_answer {
    rig_pdu_kind kind;
    bool last;        /* the task is over once it is queued, and must not be touched */
    bool refers;      /* the payload is the task's or the device's memory */
    bool again;       /* sent once more with the numbers it has */
    tgt_task *holder; /* whose memory the payload is, NULL: the answering task's */
    const struct iovec *iov;
    uint32_t num_iov;
    size_t iov_offset;
    uint32_t data_len;
    void *owned; /* payload in a block of its own, given away whatever comes */
    size_t owned_size;
    uint8_t bhs[RIG_BHS_LEN];
} tgt_answer;

/* How many more PDUs may be queued. */
uint32_t tgt_reply_room(const tgt_conn *conn);
void tgt_answer_init(tgt_answer *answer, const tgt_task *task, rig_pdu_kind kind);
tgt_pushed tgt_reply(tgt_task *task, tgt_answer *answer);
/* Does it use up a StatSN? */
bool tgt_takes_stat_sn(const tgt_answer *answer);

/* ---- tdeviate.c: what makes an answer wrong on purpose ---- */
/* Is a fault on for the answers of this task; or for the PDU being received? Every place that deviates asks
 * here, or in tgt_login_fault. */
bool tgt_fault_on(const tgt_task *task, rig_fault fault);
bool tgt_fault_now(const tgt_conn *conn, rig_fault fault);
/* The same, and tells what was done: for behaviour that is in no PDU. */
bool tgt_fault_on_said(const tgt_task *task, rig_fault fault);
bool tgt_fault_now_said(tgt_conn *conn, rig_fault fault);
/* Is it on for this one of its answers? out_bit: the bit the rule names, 0. */
bool tgt_deviates(tgt_task *task, const tgt_answer *answer, rig_fault fault, uint32_t *out_bit);
bool tgt_deviates_said(tgt_task *task, const tgt_answer *answer, rig_fault fault, uint32_t *out_bit);
/* The action of a rule that shapes this task. */
const rig_rule_action *tgt_rule_action(const tgt_task *task, rig_rule_verb verb);
/* In the order in which push does them; those that say so look at a PDU that is in the queue already. */
bool tgt_deviate_lost(tgt_task *task, const tgt_answer *answer);
void tgt_deviate_numbers(tgt_task *task, tgt_answer *answer);
void tgt_deviate_fields(const tgt_task *task, tgt_answer *answer);
void tgt_deviate_shape(tgt_task *task, tgt_answer *answer);
void tgt_deviate_digests(tgt_task *task, const tgt_answer *answer, rig_tx *tx);
void tgt_deviate_lengths(tgt_task *task, const tgt_answer *answer, rig_tx *tx);
bool tgt_deviate_twice(tgt_task *task, const tgt_answer *answer);
bool tgt_length_field(rig_field_id field);

/* Where nothing of the kind belongs (talien.c); an alien goes in front of the answer. */
void tgt_deviate_count(tgt_task *task, const tgt_answer *answer);
void tgt_deviate_payload(tgt_task *task, tgt_answer *answer);
bool tgt_deviate_alien(tgt_task *task, const tgt_answer *answer, tgt_answer *out_alien);
uint32_t tgt_deviate_piece(const tgt_task *task, uint32_t piece);

/* Data segments of their own (tpayload.c). */
void tgt_deviate_segment(tgt_task *task, tgt_answer *answer);

/* Answers out of time: sent again, or too late (tlate.c). */
void tgt_deviate_again(tgt_task *task, tgt_answer *answer);
bool tgt_made_late(tgt_task *task);

/* The stream below the PDUs (tbytes.c): where it is cut, and what is offered of num pieces. */
void tgt_cut_inside(tgt_task *task, const tgt_answer *answer);
int tgt_cut_output(const tgt_conn *conn, struct iovec *iov, int num);
void tgt_cut_sent(tgt_conn *conn);

/* Padding, digests and lengths (tspoil.c). */
void tgt_spoil(tgt_task *task, const tgt_answer *answer, rig_tx *tx);
void tgt_spoil_login(tgt_task *task, const tgt_answer *answer);
void tgt_spoil_lengths(tgt_task *task, const tgt_answer *answer, rig_tx *tx);
/* Copies the payload into a block of the queue's, so that a byte of it can be spoiled after the digest was
 * made. */
void tgt_own_payload(rig_target *target, tgt_answer *answer);

/* ---- trules.c: rules at the receiving end ---- */
/* Looks at a received header once; sets conn->effects and conn->dropped. */
void tgt_rules_receive(tgt_conn *conn, const uint8_t *bhs);
void tgt_rules_received(tgt_conn *conn);
/* Is a fault on, by one of the rules in effects or for the whole target? */
bool tgt_rules_fault(const rig_target *target, uint64_t effects, rig_fault fault, uint32_t *out_bit);

/* ---- tcommand.c: the command window, and who serves what ---- */
rig_status tgt_command(tgt_conn *conn, const rig_pdu *pdu);
/* The header of a SCSI command with immediate data. */
rig_status tgt_command_header(tgt_conn *conn, const rig_pdu *pdu, rig_sink *out_sink);
void tgt_command_advance(tgt_session *session);
void tgt_command_plug(tgt_session *session, tgt_conn *conn, uint32_t cmd_sn);
/* What counts as received does so for the session: another connection keeps it when this one ends. */
void tgt_command_keep_plugs(tgt_conn *conn);

/* ---- one file a request ---- */
typedef bool tgt_answer_fn(tgt_task *task); /* false: no room, call again */
tgt_answer_fn tgt_nop_answer, tgt_scsi_answer, tgt_tmf_answer, tgt_text_answer, tgt_logout_answer,
    tgt_login_answer, tgt_reject_answer, tgt_notice_answer, tgt_resend_answer;
typedef void tgt_begin_fn(tgt_task *task, rig_view ahs, rig_view data);
tgt_begin_fn tgt_nop_begin, tgt_scsi_begin, tgt_tmf_begin, tgt_text_begin, tgt_logout_begin;
typedef uint8_t tgt_check_fn(tgt_conn *conn,
                             const rig_pdu *pdu); /* a reject reason, 0 when the header is fine */
tgt_check_fn tgt_scsi_check, tgt_text_check, tgt_logout_check;

/* ---- treject.c ---- */
/* Reasons (11.17.1). */
enum {
    TGT_REJECT_DATA_DIGEST = 0x02,
    TGT_REJECT_SNACK = 0x03,
    TGT_REJECT_PROTOCOL = 0x04,
    TGT_REJECT_UNSUPPORTED = 0x05,
    TGT_REJECT_IMMEDIATE = 0x06,
    TGT_REJECT_IN_PROGRESS = 0x07,
    TGT_REJECT_DATA_ACK = 0x08,
    TGT_REJECT_FIELD = 0x09,
    TGT_REJECT_LONG = 0x0a,
    TGT_REJECT_WAITING = 0x0c
};
rig_status tgt_reject(tgt_conn *conn, const rig_pdu *pdu, uint8_t reason);
/* Of a Data/R2T SNACK: with the number that comes next (11.17.2). */
rig_status tgt_reject_snack(tgt_conn *conn, const rig_pdu *pdu, uint8_t reason, uint32_t next_sn);

/* ---- tlogin.c ---- */
rig_status tgt_login_request(tgt_conn *conn, const rig_pdu *pdu);
/* Ends the login with a status; RIG_OK, input is ignored from now on. */
rig_status tgt_login_refuse(tgt_conn *conn, const uint8_t *bhs, uint16_t status);
void tgt_login_free(tgt_conn *conn);

/* ---- ttext.c ---- */
void tgt_text_free(tgt_conn *conn);
uint32_t tgt_text_itt(const tgt_text *text);

/* ---- tnop.c ---- */
/* A NOP-Out that wants no answer. */
rig_status tgt_nop_reply(tgt_conn *conn, const rig_pdu *pdu);
void tgt_ping(tgt_conn *conn);
/* A NOP-In that only carries the window. */
void tgt_notice(tgt_conn *conn);
/* Asynchronous events (11.9.1). */
enum {
    TGT_EVENT_LOGOUT_REQUEST = 1,
    TGT_EVENT_CONNECTION_DROPPED = 2,
    TGT_EVENT_NEGOTIATION = 4,
    TGT_EVENT_TASKS_TERMINATED = 5,
    TGT_EVENT_VENDOR = 248 /* and above */
};
/* A PDU of our own, which no rule shapes, with nothing in its header yet; it goes by tgt_task_ready. NULL
 * when there is no memory. */
tgt_task *tgt_notice_new(tgt_conn *conn, rig_pdu_kind kind);
tgt_task *tgt_event_new(tgt_conn *conn, uint32_t event);
/* 11.9.1, event 5: the tasks of a unit on this connection were ended. */
void tgt_say_terminated(tgt_conn *conn, uint64_t lun);
/* 7.1.4.3: tells the rest of the session that a connection is lost. */
void tgt_say_dropped(tgt_conn *conn, const tgt_conn *dropped);

/* ---- tlogout.c: logouts the target asks for ---- */
/* The request for it has just gone out. */
void tgt_logout_asked(tgt_conn *conn);
/* Does the initiator begin something though it knows of the request? */
bool tgt_logout_ignored(const tgt_conn *conn, const rig_pdu *pdu);
void tgt_logout_overdue(tgt_conn *conn);

/* ---- tunit.c ---- */
/* The unit is shown by another node in place of the one that did. */
void tgt_unit_moved(tgt_unit *unit, const rig_target_node *from, rig_target_node *to);
/* The unit of a LUN in SAM form, NULL when there is none. */
tgt_unit *tgt_unit_find(const rig_target_node *node, uint64_t sam);
void tgt_units_free(rig_target_node *node);
/* Its LUN at a node, in SAM form. */
uint64_t tgt_unit_lun(const rig_target_node *node, const tgt_unit *unit);
static inline tgt_unit *tgt_unit_of(tgt_task *task)
{
    return tgt_scsi_of(task)->unit;
}
/* Must a command with this header wait for others of the unit? */
bool tgt_unit_blocks(const tgt_unit *unit, const uint8_t *bhs);
void tgt_unit_wait(tgt_unit *unit, tgt_task *task);
/* The command takes data from now on, and has it all, or gives it up. */
void tgt_unit_taking(tgt_scsi *scsi);
void tgt_unit_taken(tgt_scsi *scsi, uint64_t got, bool abandon);
/* Something left the way of those that wait. */
void tgt_unit_stir(tgt_unit *unit);
void tgt_units_go_on(rig_target *target);

/* ---- tscsi.c ---- */
/* Sense keys and additional sense codes that more than one file asks for (11.4.7.2, SPC-4 annex F). */
enum {
    TGT_KEY_ABORTED_COMMAND = 0x0b,
    TGT_ASC_WRITE_ERROR = 0x0c,
    TGT_ASCQ_DATA_AMOUNT = 0x0d,
    TGT_ASC_RESET = 0x29,
    TGT_ASC_CLEARED_BY_OTHER = 0x2f
};
/* Its turn on the unit has come. */
void tgt_scsi_go_on(tgt_scsi *scsi);
void tgt_scsi_free(tgt_scsi *scsi);
/* Ends the device's part with sense data; the response waits for data that is still on its way (11.4.2). */
void tgt_scsi_fail(tgt_scsi *scsi, uint8_t key, uint8_t asc, uint8_t ascq);
/* All data is here, or none is wanted: on to the response. */
void tgt_scsi_respond(tgt_scsi *scsi);
/* A write that waits for its turn while its unsolicited data is arriving already. */
rig_status tgt_scsi_park(tgt_scsi *scsi, rig_view ahs);
bool tgt_scsi_early(tgt_conn *conn, const rig_pdu *pdu, rig_sink *out_sink);
/* Data-Out PDUs are on their way. */
bool tgt_scsi_expects_data(const tgt_scsi *scsi);
void tgt_scsi_seek(tgt_scsi *scsi, uint32_t offset, const struct iovec **out_iov, uint32_t *out_num,
                   size_t *out_offset);

/* ---- tdata_out.c ---- */
rig_status tgt_data_out_header(tgt_conn *conn, const rig_pdu *pdu, rig_sink *out_sink);
rig_status tgt_data_out(tgt_conn *conn, const rig_pdu *pdu);
/* The next step of a write whose bursts are all in. */
void tgt_data_out_next(tgt_scsi *scsi);
bool tgt_r2t_answer(tgt_scsi *scsi);
rig_status tgt_data_out_store(tgt_scsi *scsi, uint32_t offset, rig_view data);
void tgt_r2t_fill(const tgt_scsi *scsi, const tgt_burst *burst, tgt_answer *answer);

/* ---- trecover.c: data of a write that was lost (7.8, 7.9), above ErrorRecoveryLevel 0 ---- */
/* The range is on its way from now on; false when there are too many. */
bool tgt_missing_add(tgt_scsi *scsi, uint32_t offset, uint32_t len);
/* It has come, or is not wanted any more; false when it would leave too many pieces. */
bool tgt_missing_remove(tgt_scsi *scsi, uint32_t offset, uint32_t len);
/* Is all of it still wanted? */
bool tgt_missing_all(const tgt_scsi *scsi, uint32_t offset, uint32_t len);
/* Where a lost range begins that no R2T in force asks for. */
bool tgt_recover_next(const tgt_scsi *scsi, uint32_t *out_offset, uint32_t *out_len);
bool tgt_recover_fits(const tgt_scsi *scsi, const tgt_burst *burst, const uint8_t *bhs);
/* One Data-Out; a reject reason, 0 when its bytes count. */
uint8_t tgt_recover_take(tgt_scsi *scsi, tgt_burst *burst, const rig_pdu *pdu);
/* The burst ends, by its F bit or because the rest is given up: is the sequence short without a loss? */
bool tgt_recover_close(tgt_scsi *scsi, tgt_burst *burst);
/* Data did not come: false when it was asked for often enough. */
bool tgt_recover_timeout(tgt_scsi *scsi);
/* Gives up what was asked for; keep: late data, and SNACK for the R2Ts, may still come. */
void tgt_recover_abandon(tgt_scsi *scsi, bool keep);
tgt_burst *tgt_recover_old(const tgt_scsi *scsi, uint32_t ttt);
/* The first outstanding R2T from that number on, NULL when there is none. */
const tgt_burst *tgt_recover_r2t(const tgt_scsi *scsi, uint32_t r2t_sn);

/* ---- tdata_in.c, tresponse.c ---- */
bool tgt_data_in_answer(tgt_scsi *scsi);
/* Length of the Data-In PDU at an offset when none is longer than piece. */
uint32_t tgt_data_in_len(const tgt_scsi *scsi, uint32_t offset, uint32_t piece);
void tgt_data_in_fill(tgt_scsi *scsi, tgt_answer *answer, uint32_t sn, uint32_t offset, uint32_t len);
/* Goes back to the first number that is not acknowledged. */
void tgt_data_in_rewind(tgt_scsi *scsi);
bool tgt_response_answer(tgt_scsi *scsi);
void tgt_residuals(const tgt_scsi *scsi, tgt_answer *answer);

/* ---- tretain.c: what can be sent again; at ErrorRecoveryLevel 0 there is nothing, and nothing happens ----
 */
typedef struct tgt_range {
    uint32_t offset, len;
} tgt_range;

typedef struct tgt_run {
    uint32_t sn; /* of the first Data-In PDU */
    uint32_t num;
    uint32_t offset;
    uint32_t piece; /* most bytes of one */
} tgt_run;

/* A status PDU that is not acknowledged yet. */
typedef struct tgt_status {
    tgt_list in_conn;
    tgt_task *task; /* whose memory is kept for it, may be NULL */
    uint32_t stat_sn;
    uint32_t data_len;
    uint64_t since;
    const struct iovec *iov; /* of a Data-In; other data is copied to own */
    uint32_t num_iov;
    size_t iov_offset;
    uint8_t *own;
    uint8_t bhs[RIG_BHS_LEN];
} tgt_status;

struct tgt_retention {
    tgt_conn *conn;
    tgt_list statuses; /* by StatSN */
    uint32_t num;
    uint8_t pings; /* sent since something was acknowledged */
    rig_timer timer;
};

struct tgt_history {
    tgt_status *status; /* sent and not acknowledged, else NULL */
    uint32_t acked_sn;  /* data acknowledgment reference number (11.5.6) */
    uint32_t acked_offset;
    uint32_t ack_ttt; /* of PDUs with the A bit, while asks */
    uint32_t snack_tag;
    bool asks;
    uint8_t attempts;
    uint8_t num_runs, num_missing, num_old;
    tgt_run runs[TGT_RUNS];
    tgt_range missing[TGT_MISSING];
    tgt_burst old[TGT_OLD_BURSTS];
};

bool tgt_retain_open(tgt_conn *conn);
void tgt_retain_close(tgt_conn *conn);
bool tgt_retain_begin(tgt_scsi *scsi);
/* A PDU that took a StatSN; false when there is no memory for it. */
bool tgt_retain_status(tgt_task *task, const tgt_answer *answer, uint32_t stat_sn);
/* A Data-In PDU. */
void tgt_retain_data(tgt_scsi *scsi, uint32_t sn, uint32_t offset, uint32_t piece);
void tgt_retain_acknowledged(tgt_conn *conn);
/* Forgets the status of a task that goes on. */
void tgt_retain_reopen(tgt_scsi *scsi);
/* Forgets statuses whose tasks do not outlive the transport connection. */
void tgt_retain_lost(tgt_conn *conn);
void tgt_retain_timer(tgt_retention *retention);
tgt_status *tgt_retained(const tgt_conn *conn, uint32_t stat_sn);
bool tgt_retained_all(const tgt_conn *conn, uint32_t begin, uint32_t count);
/* The oldest StatSN that can be had again. */
uint32_t tgt_retained_first(const tgt_conn *conn);
const tgt_run *tgt_retained_run(const tgt_scsi *scsi, uint32_t sn);
/* Where the Data-In PDU of that number lies. */
bool tgt_retained_data(const tgt_scsi *scsi, uint32_t sn, uint32_t *out_offset, uint32_t *out_piece);
/* Everything before that number has arrived; false for a number that cannot be. */
bool tgt_retain_data_acknowledged(tgt_scsi *scsi, uint32_t exp_data_sn);

/* ---- tsnack.c ---- */
rig_status tgt_snack(tgt_conn *conn, const rig_pdu *pdu);

/* ---- treassign.c: tasks without a connection (7.2.2) ---- */
bool tgt_session_recovers(const tgt_session *session);
/* Ends what does not outlive a connection, and stops the rest. */
void tgt_suspend(tgt_conn *conn, const tgt_task *but);
/* What a TASK REASSIGN gets as response. */
uint8_t tgt_reassign_verdict(const tgt_task *tmf);
/* Behind the response: the task goes on, on the connection of the request. */
void tgt_reassign(const tgt_task *tmf);
/* A QUERY TASK about a command whose connection was logged out gives it a new allegiance (RFC 7144
 * section 6.3). */
void tgt_take_over(const tgt_task *query);
bool tgt_allegiance_free(tgt_task *task);
void tgt_allegiance(tgt_scsi *scsi, tgt_conn *to);

/* ---- tpaths.c ---- */
extern const rig_device_target_ops tgt_device_ops;

/* ---- tabort.c ---- */
/* Ends the tasks of a nexus on the unit of a command, but not that command: PREEMPT AND ABORT. */
void tgt_abort_preempted(tgt_scsi *by, rig_nexus_id nexus);
/* Something a waiting task management function, or a fence, may wait for has happened. */
void tgt_tmf_progress(tgt_session *session);
/* What says that data of aborted writes has stopped gets the next StatSN; and it is acknowledged. */
void tgt_lazy_said(tgt_conn *conn, tgt_lazy how, uint64_t lun);
void tgt_lazy_acknowledged(tgt_conn *conn, tgt_lazy how, uint64_t lun);

/* ---- tfence.c: responses that keep their order over several connections (4.2.2.3) ---- */
/* Asks for the acknowledgment of all that was sent in the session so far; and has it come? */
void tgt_fence_ask(const tgt_session *session);
bool tgt_fence_acknowledged(const tgt_session *session);
/* Has the response of a SCSI task to wait? It is called again when it may go. */
bool tgt_fence_stops(tgt_task *task);
/* The response just queued is one that none may overtake. */
void tgt_fence_behind(tgt_conn *conn, uint64_t lun, bool all);
void tgt_fence_progress(tgt_session *session);
/* A task ends or is answered; a connection leaves. */
void tgt_fence_forget(tgt_task *task);
void tgt_fence_leave(tgt_session *session, const tgt_conn *conn);

/* ---- tdiscovery.c ---- */
typedef struct tgt_listing {
    uint32_t node;   /* next node */
    uint32_t portal; /* next portal of it, when its name is out */
    bool named;
    bool all;                    /* else only one */
    const rig_target_node *only; /* may be NULL: none */
} tgt_listing;
/* Appends records while they fit in size bytes; false when something is left. */
bool tgt_listing_fill(const tgt_conn *conn, tgt_listing *listing, uint8_t *out, size_t size, size_t *out_len);

#endif
