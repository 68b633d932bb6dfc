/** @file
 * The initiator engine: RFC 7143 as an initiator, without I/O, clock or copies.
 *
 * An initiator is one iSCSI node with any number of sessions on one transport. Everything is driven by the
 * transport's calls, by rig_initiator_tick, and by the caller's requests; everything that happens comes back
 * as events or as the completion of a task the caller owns.
 */
#ifndef RIG_INITIATOR_H
#define RIG_INITIATOR_H

#include <sys/uio.h>

#include "rig/alloc.h"
#include "rig/counters.h"
#include "rig/draws.h"
#include "rig/keys.h"
#include "rig/pdu.h"
#include "rig/timerq.h"
#include "rig/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_SESSION_CONNECTIONS_MAX 16 /**< most connections of a session */
#define RIG_SESSION_TASKS_MAX 4096     /**< most tasks of a session at once */
#define RIG_SENSE_KEPT 96              /**< bytes of sense data a task keeps */
#define RIG_LOGIN_EXCHANGES_MAX                                                                              \
    64 /**< most request/response pairs of one login (section 6.2 asks for 6 at least) */
#define RIG_READ_AHEAD_MIN 4096 /**< least bytes of the read-ahead scratch */
#define RIG_DATA_OUT_MIN 512    /**< least limit that can be set to the payload of a Data-Out */

/** rig_initiator is an initiator node. Single-threaded. */
typedef struct rig_initiator rig_initiator;

/** rig_session is one session of an initiator, from its creation to rig_session_free, over all its
 * reconnects. */
typedef struct rig_session rig_session;

/** rig_task is a request in the engine's hands; see below. */
typedef struct rig_task rig_task;

/** rig_event_kind is what the engine tells. */
typedef enum rig_event_kind {
    RIG_EVENT_TRANSITION,   /**< a state machine moved: text "conn 0: S4 IN_LOGIN --login-ok--> S5 LOGGED_IN
                               (T5)" */
    RIG_EVENT_SESSION_UP,   /**< full feature phase reached, first time or again */
    RIG_EVENT_SESSION_DOWN, /**< the session is not logged in any more; status tells why */
    RIG_EVENT_LOGIN_FAILED, /**< a login attempt ended; status and login_status tell why */
    RIG_EVENT_CLOSED,       /**< a connection ended; status tells why, by_target who began */
    RIG_EVENT_NEXUS_LOSS,   /**< the I_T nexus was lost: its session was closed (status RIG_OK), will not come
                               back, or has been reinstated (why it was lost); section 6.3.5.1 */
    RIG_EVENT_RECOVERED,    /**< what a failed connection left goes on elsewhere, or is closed; cid = of the
                               failed    one */
    RIG_EVENT_NOP_IN,       /**< an unsolicited NOP-In came; pdu */
    RIG_EVENT_ASYNC,        /**< an Async Message came; pdu */
    RIG_EVENT_REJECT,       /**< a Reject came; pdu */
    RIG_EVENT_IGNORED       /**< a PDU was survived though it should not have come; pdu, error */
} rig_event_kind;

/** rig_event is one event; everything it points to is borrowed for the call. */
typedef struct rig_event {
    rig_event_kind kind;    /**< which */
    rig_session *session;   /**< whose */
    uint64_t now;           /**< when */
    uint16_t cid;           /**< connection id, where one is concerned */
    rig_status status;      /**< reason */
    uint16_t login_status;  /**< LOGIN_FAILED: class << 8 | detail, 0 when the target sent none */
    bool by_target;         /**< CLOSED: the target ended it first */
    bool again;             /**< SESSION_DOWN, LOGIN_FAILED: the engine tries to log in again by itself */
    const rig_pdu *pdu;     /**< the PDU concerned, else NULL */
    const rig_error *error; /**< details with offset and field, else NULL */
    rig_view text;          /**< TRANSITION */
} rig_event;

/** rig_initiator_config is fixed at creation; zeroes take defaults. */
typedef struct rig_initiator_config {
    const rig_alloc *alloc;         /**< all memory */
    rig_draws draws;                /**< ISID qualifier, first CmdSN, tags */
    const rig_transport *transport; /**< for connects */
    struct iovec
        read_ahead; /**< scratch shared by all connections of the thread, at least RIG_READ_AHEAD_MIN */
    rig_view name;  /**< iSCSI name of the node; copied, as rig_iname_prepare gives it */
    rig_view alias; /**< InitiatorAlias, empty = none; copied */
    bool tell_architecture; /**< declare X#NodeArchitecture (section 13.26): what this is, and its version;
                               what a target says of itself is passed over */
    void (*event)(void *ctx, const rig_event *event); /**< may be NULL; may call the engine */
    void *ctx;                                        /**< its first argument */
} rig_initiator_config;

/** rig_initiator_new makes a node. RIG_E_NOMEM, RIG_E_ARGUMENT, RIG_E_SYNTAX or RIG_E_LIMIT for the name,
 * which is prepared by stringprep first. */
rig_status rig_initiator_new(const rig_initiator_config *config, rig_initiator **out_initiator,
                             rig_error *err);

/** rig_initiator_rename gives a node another name. Sessions that are there go on under the name they began
 * with, reconnects included. RIG_E_SYNTAX or RIG_E_LIMIT for the name, as rig_initiator_new; RIG_E_NOMEM. */
rig_status rig_initiator_rename(rig_initiator *initiator, rig_view name, rig_error *err);

/** rig_initiator_free resets all connections, completes all tasks with RIG_E_ABORTED and frees all sessions.
 * Not from inside an event, a done() or rig_initiator_tick: they still need the node when they return. */
void rig_initiator_free(rig_initiator *initiator);

/** rig_initiator_next_deadline gives the time of the next tick, RIG_NEVER when none is needed. */
uint64_t rig_initiator_next_deadline(const rig_initiator *initiator);

/** rig_initiator_tick does what is due at now. */
void rig_initiator_tick(rig_initiator *initiator, uint64_t now);

/**
 * rig_initiator_verified answers a question of rig_auth_config's verify: RIG_OK, the login goes on;
 * RIG_E_AUTH, the target has not proved itself; anything else, nobody could tell, which ends the login as
 * well. A number whose login has ended meanwhile, or which was answered, is passed over.
 */
void rig_initiator_verified(rig_initiator *initiator, uint64_t number, rig_status verdict, uint64_t now);

#define RIG_CHAP_SECRET_MIN                                                                                  \
    12 /**< octets a secret needs where no IPsec protects it (96 bits, section 9.2.1) */
#define RIG_CHAP_SECRET_MAX 255   /**< most octets of a secret */
#define RIG_CHAP_NAME_MAX 255     /**< most bytes of a CHAP_N */
#define RIG_CHAP_BYTES_MAX 1024   /**< most octets of a CHAP_C or CHAP_R, decoded (section 12.1.3) */
#define RIG_CHAP_CHALLENGE_MIN 16 /**< least octets of a challenge that we send */
#define RIG_CHAP_ALGORITHMS 4     /**< how many there are */

/** rig_auth_method is an authentication method (section 12.1). KRB5 and SRP are never offered nor selected.
 */
typedef enum rig_auth_method {
    RIG_AUTH_NONE,   /**< None */
    RIG_AUTH_CHAP,   /**< CHAP */
    RIG_AUTH_METHODS /**< number of methods, not a method */
} rig_auth_method;

/** rig_chap_algorithm is a hash of CHAP by its number in CHAP_A. */
typedef enum rig_chap_algorithm {
    RIG_CHAP_MD5 = 5,     /**< the one that everybody has */
    RIG_CHAP_SHA1 = 6,    /**< SHA-1 */
    RIG_CHAP_SHA256 = 7,  /**< SHA-256 */
    RIG_CHAP_SHA3_256 = 8 /**< SHA3-256 */
} rig_chap_algorithm;

/** rig_chap_question is what a verifier is asked: whether a response is that of who bears the name (RFC 1994
 * section 4.1; the hash is MD5). Everything it points to is borrowed for the call. */
typedef struct rig_chap_question {
    rig_initiator *initiator; /**< the node to answer to, by rig_initiator_verified … */
    uint64_t number;          /**< … with this number, which it gives once */
    rig_session *session;     /**< whose login waits */
    uint16_t cid;             /**< the connection that is logged in */
    rig_view name;            /**< CHAP_N, at most RIG_CHAP_NAME_MAX bytes */
    uint8_t identifier;       /**< our CHAP_I */
    rig_view challenge;       /**< our CHAP_C */
    rig_view response;        /**< its CHAP_R, 16 octets */
    uint64_t now;             /**< when */
} rig_chap_question;

/**
 * rig_auth_config says how every connection of a session authenticates. Zeroes take defaults: CHAP and
 * nothing else when there is a secret, else None. Texts are copied and wiped with the session, and appear in
 * no error or event.
 *
 * Our identifiers and challenges are the draws "chap-id" and "chap-challenge": they are as unpredictable as
 * the rig_draws of the node. Outside a simulation its pin has to give random values for these names.
 */
typedef struct rig_auth_config {
    rig_auth_method methods[RIG_AUTH_METHODS]; /**< in order of preference */
    uint32_t num_methods;                      /**< entries, 0 = default */
    bool
        target_proposes; /**< AuthMethod is not offered: the target proposes, and we select (section 6.3.2) */
    rig_view user;       /**< our CHAP_N; may be empty, as some targets want it */
    rig_view secret;     /**< our secret, any octets */
    rig_view target_user;   /**< the CHAP_N a target has to have; empty = any */
    rig_view target_secret; /**< the target's secret; not empty = the target has to prove itself, too */
    /** Verifies the responses of targets in the place of target_secret, NULL = nobody: the target has to
     * prove itself, by MD5, which is then the only algorithm. It answers by rig_initiator_verified, from
     * inside this call or later, while the login timeout goes on; it must not call anything else of the
     * engine. */
    void (*verify)(void *ctx, const rig_chap_question *question);
    void *verify_ctx; /**< its first argument */
    uint8_t
        algorithms[RIG_CHAP_ALGORITHMS]; /**< CHAP_A in order of preference, 5 among them (section 12.1.3) */
    uint32_t num_algorithms; /**< entries, 0 = 5 alone, because there are targets that know no list */
    uint32_t challenge_len;  /**< octets of our challenges, RIG_CHAP_CHALLENGE_MIN to _BYTES_MAX; 0 = 16 */
    bool hold_transit; /**< ask for the next stage only when the target's response is verified, else together
                          with the request for it, as appendix B does */
    bool ipsec;        /**< IPsec encrypts the link: shorter secrets may be used (section 9.2.1) */
} rig_auth_config;

/** rig_session_config says how a session is to be. rig_session_config_init fills the defaults. */
typedef struct rig_session_config {
    bool discovery;    /**< a discovery session */
    rig_view target;   /**< TargetName; may be empty for discovery; copied */
    rig_portal portal; /**< where to log in */
    rig_address local; /**< source address, version 0 = any */
    /**
     * All zero = the n-th session of the node to one target gets the n-th of its ISIDs, named draws of type
     * 10b, random (sections 10.1.1 and 11.12.5). Whoever wants the same initiator port behind a restart keeps
     * what rig_session_facts says, and gives it here.
     */
    uint8_t isid[6];
    bool take_over;  /**< its login may end another session of the node that has the same ISID at that portal
                        group (session reinstatement, section 6.3.5) */
    bool has_cmd_sn; /**< cmd_sn is given */
    uint32_t cmd_sn; /**< first CmdSN; else a named draw */
    rig_key_value offer[RIG_KEYS]; /**< what to propose for each key, see rig/keys.h */
    rig_auth_config auth;          /**< how to authenticate */
    bool start_operational; /**< start the login in the operational stage (CSG 1) when no authentication is
                               wanted */
    bool ask_full_feature;  /**< try to go from the security stage straight to full feature phase; not with a
                               verifier, whose answer would come behind the end of the login */
    uint64_t login_timeout; /**< ns for connect and login together, 0 = 15 s */
    uint64_t command_timeout;  /**< ns for a SCSI command before ABORT TASK, 0 = never */
    uint64_t tmf_timeout;      /**< ns for all other requests, 0 = 15 s; one that was sent and is not answered
                                  in time ends its connection */
    uint64_t nop_interval;     /**< ns of silence from the target after which it is pinged, 0 = never */
    uint64_t nop_timeout;      /**< ns for the answer to such a ping, 0 = 5 s */
    uint64_t recovery_timeout; /**< level 1: ns for what a SNACK asks for, and until a command that was not
                                  acknowledged is sent again, 0 = 5 s */
    bool reconnect;            /**< after a loss, log in again with the same ISID (session reinstatement); not
                                  when the host has asked for a logout */
    uint32_t reconnect_max;    /**< attempts in a row before giving up, 0 = RIG_RECONNECT_DEFAULT,
                                  RIG_RECONNECT_ENDLESS = never */
    uint64_t reconnect_pause;  /**< ns from one attempt to the next, 0 = from 1 s, growing as rig_retry_pause
                                  says; what a target named goes before the first one */
    bool retry_login; /**< retry the first login, too, on class 3 and connection failures, that it cannot
                         even begin included */
    bool no_redirect; /**< a redirection ends the login instead of being followed (section 11.13.5) */
    /** Asked before a redirection is followed to a portal, NULL = any may be connected to: false ends the
     * login with the redirection. It must not call the engine. */
    bool (*admit)(void *ctx, const rig_session *session, const rig_portal *portal, uint64_t now);
    void *admit_ctx;       /**< its first argument */
    uint32_t max_tasks;    /**< requests at once, 0 = RIG_SESSION_TASKS_MAX; above that counts as that */
    uint32_t max_data_out; /**< most payload of a Data-Out, RIG_DATA_OUT_MIN and up, 0 = as negotiated */
    void *user;            /**< the caller's, see rig_session_user */
} rig_session_config;

/** RIG_RECONNECT_ENDLESS as reconnect_max: a lost session is tried until it is back, refused for good (but
 * for "target not found", which may change) or freed. */
#define RIG_RECONNECT_ENDLESS UINT32_MAX

#define RIG_RECONNECT_DEFAULT 5 /**< attempts in a row, where nothing else is wanted */

/** rig_login_is_final tells whether a login that ended like that would end so again however often it is
 * tried: the target refused the request for what it is (status class 2 but for "target not found"), or did
 * not prove itself. login_status: class << 8 | detail, 0 when the target sent none. */
bool rig_login_is_final(rig_status why, uint16_t login_status);

/** rig_retry_pause gives the ns to wait behind that many attempts to log in: least at first; behind the fifth
 * it doubles each time, up to 32 s. */
uint64_t rig_retry_pause(uint32_t attempts, uint64_t least);

/** rig_session_config_init gives defaults: a normal session, every key's own default offer, all timeouts
 * default. */
void rig_session_config_init(rig_session_config *config);

/**
 * rig_session_new makes a session without connecting. RIG_E_NOMEM; RIG_E_ARGUMENT or RIG_E_LIMIT for a target
 * name, ISID or offer that cannot be (err->field names the key). A FirstBurstLength above the MaxBurstLength
 * of the same offer is lowered to it (section 13.14). A target name with other letters than ASCII is prepared
 * by rig_iname_prepare: RIG_E_SYNTAX.
 *
 * RIG_E_ARGUMENT, too, for credentials that must not be used (section 9.2.1): a secret under 96 bits without
 * IPsec, one secret for both directions, here or in another session of the initiator, CHAP with
 * start_operational.
 */
rig_status rig_session_new(rig_initiator *initiator, const rig_session_config *config,
                           rig_session **out_session, rig_error *err);

/**
 * rig_session_free resets the session's connections, completes its tasks with RIG_E_ABORTED and frees it. May
 * be called from inside an event or a done() of the session: its memory then goes when that call has
 * returned. No event tells of it, nor of anything behind it. NULL is fine.
 */
void rig_session_free(rig_session *session);

/**
 * rig_session_release frees a session whose login has failed, or which was logged out, once its connections
 * have closed in order: rig_session_free would reset what is still closing. May be called from inside an
 * event or a done() of the session, which the caller must not touch from then on. NULL is fine.
 */
void rig_session_release(rig_session *session);

/** rig_session_login starts to connect and log in; SESSION_UP or LOGIN_FAILED follows. A lost session that
 * waits for its next attempt is tried at once, unless the target named the time to wait. A session whose
 * logout failed begins when the time is over that the target named (section 11.15.3). RIG_E_STATE;
 * RIG_E_EXISTS when a session of the node is logged in with that ISID and target, to a portal group that is
 * not known to be another one, and take_over is not set; without retry_login also what the transport says at
 * once of an address that it cannot reach, and then neither an event nor a further attempt follows. */
rig_status rig_session_login(rig_session *session, uint64_t now);

/** rig_session_aim changes where the session logs in, and from which address, from its next login on.
 * RIG_E_STATE while it has a connection or waits for an attempt. */
rig_status rig_session_aim(rig_session *session, const rig_portal *portal, const rig_address *local);

/** rig_session_give_up ends the attempts of a session that waits for the next one: NEXUS_LOSS follows when it
 * was up before. RIG_E_STATE when it does not wait. */
rig_status rig_session_give_up(rig_session *session, uint64_t now);

/** rig_session_add_connection logs one more connection in; its number is limited by MaxConnections.
 * RIG_E_STATE, _LIMIT. */
rig_status rig_session_add_connection(rig_session *session, const rig_portal *portal, uint64_t now);

/** rig_session_add_connection_from is rig_session_add_connection from another source address than the
 * session's. */
rig_status rig_session_add_connection_from(rig_session *session, const rig_address *local,
                                           const rig_portal *portal, uint64_t now);

/** rig_session_user gives the user pointer of the config. */
void *rig_session_user(const rig_session *session);

/** rig_session_is_up tells whether requests can be sent. */
bool rig_session_is_up(const rig_session *session);

/**
 * rig_session_facts is what is known of a session (iscsiSessionAttributesTable, RFC 7147 section 6.12).
 *
 * What is the same for every session of an initiator has no member: iscsiSsnDirection is outbound, and
 * iscsiSsnInitiatorName therefore empty. The other objects of that table are keys: iscsiSsnInitialR2T,
 * ImmediateData, MaxOutstandingR2T, FirstBurstLength, MaxBurstLength, DataSequenceInOrder, DataPDUInOrder,
 * ErrorRecoveryLevel, ProtocolLevel and TaskReporting are in agreed.
 */
typedef struct rig_session_facts {
    rig_view node;                  /**< InitiatorName */
    rig_view target;                /**< TargetName (iscsiSsnTargetName) */
    uint8_t isid[6];                /**< ISID in use (iscsiSsnISID) */
    uint16_t tsih;                  /**< 0 before the first login (iscsiSsnTSIH) */
    uint16_t portal_group;          /**< TargetPortalGroupTag, valid with has_portal_group */
    bool has_portal_group;          /**< the target declared it */
    rig_view target_alias;          /**< TargetAlias, empty when not declared (iscsiSsnTargetAlias) */
    uint32_t connections;           /**< logged-in connections (iscsiSsnConnectionNumber) */
    uint32_t cmd_sn;                /**< next CmdSN */
    uint32_t exp_cmd_sn;            /**< last ExpCmdSN taken */
    uint32_t max_cmd_sn;            /**< last MaxCmdSN taken */
    uint32_t tasks;                 /**< tasks in the engine's hands */
    rig_status login_result;        /**< why the last login attempt ended, RIG_OK when it succeeded */
    uint16_t login_status;          /**< of that attempt: class << 8 | detail, 0 when the target sent none */
    bool waits;                     /**< for its next attempt to log in */
    rig_key_value agreed[RIG_KEYS]; /**< values in force, session-wide and of the leading connection */
    bool discovery;                 /**< a discovery session (iscsiSsnType) */
    rig_view alias;                 /**< InitiatorAlias, empty = none (iscsiSsnInitiatorAlias) */
    rig_auth_method method;         /**< what the leading connection authenticated by last */
    /** With CHAP the identity we authenticated as, our CHAP_N; else empty (iscsiSsnAuthIdentity). */
    rig_view user;
    /** With CHAP that of a target that has proved itself, its CHAP_N; else empty. */
    rig_view peer;
    /** When the leading connection was logged in last, in ns; 0 = never (iscsiSsnDiscontinuityTime: the
     * counters run on over reconnects and suffer no other discontinuity). */
    uint64_t established;
} rig_session_facts;

/** rig_session_describe fills facts; views are valid until the next call on the session. */
void rig_session_describe(const rig_session *session, rig_session_facts *out_facts);

/** rig_connection_phase is where a connection is, as iscsiCxnState has it (RFC 7147 section 7). */
typedef enum rig_connection_phase {
    RIG_CONNECTION_OPENING = 0, /**< no transport connection yet: not in the MIB's table */
    RIG_CONNECTION_LOGIN = 1,   /**< login: no final Login Response yet */
    RIG_CONNECTION_FULL = 2,    /**< full: in full feature phase */
    RIG_CONNECTION_LOGOUT = 3   /**< logout: a Logout Request for it, or for its session, was sent */
} rig_connection_phase;

/**
 * rig_connection_facts is what is known of a connection (iscsiConnectionAttributesTable, RFC 7147 section
 * 6.13).
 *
 * What is the same for every connection has no member: iscsiCxnProtocol is TCP; iscsiCxnVersionActive is 0,
 * as a target that answers with another version is refused; iscsiCxnRecvMarker and iscsiCxnSendMarker are
 * false, as RFC 7143 has no markers (section 13.25).
 */
typedef struct rig_connection_facts {
    uint16_t cid;               /**< iscsiCxnCid; 0 for the one that logged the session in */
    bool leading;               /**< it logged the session in, or is about to */
    rig_connection_phase phase; /**< iscsiCxnState */
    const char *state;          /**< state of RFC 7143 section 8.1.3, such as "S5 LOGGED_IN" */
    rig_portal portal;          /**< where it was opened to */
    rig_address local;          /**< iscsiCxnAddrType, LocalAddr, LocalPort; unset while opening */
    rig_address remote;         /**< iscsiCxnRemoteAddr, RemotePort; unset while opening */
    uint32_t max_recv;          /**< iscsiCxnMaxRecvDataSegLength: our MaxRecvDataSegmentLength in force */
    uint32_t max_send;          /**< iscsiCxnMaxXmitDataSegLength: the target's in force */
    bool header_digest;         /**< iscsiCxnHeaderIntegrity: CRC32C, else None */
    bool data_digest;           /**< iscsiCxnDataIntegrity: CRC32C, else None */
    uint32_t exp_stat_sn;       /**< ExpStatSN as the next PDU tells it */
    rig_connection_counters counters; /**< what it did */
} rig_connection_facts;

/**
 * rig_session_connection fills facts of the connection with that index: 0 and up over those that are not
 * over, in order of their creation. RIG_E_NOT_FOUND behind the last. An index belongs to another connection
 * once one before it has ended.
 */
rig_status rig_session_connection(const rig_session *session, uint32_t index,
                                  rig_connection_facts *out_facts);

/** rig_session_count gives the counters of a session. */
void rig_session_count(const rig_session *session, rig_session_counters *out_counters);

/** rig_initiator_count gives the counters of a node. */
void rig_initiator_count(const rig_initiator *initiator, rig_node_counters *out_counters);

/** rig_initiator_last_failures gives the last failed login and the last lost session of a node, all zero
 * while there was none. */
void rig_initiator_last_failures(const rig_initiator *initiator, rig_last_failures *out_failures);

/** rig_task_kind is what a task asks for. */
typedef enum rig_task_kind {
    RIG_TASK_SCSI,  /**< a SCSI command */
    RIG_TASK_TMF,   /**< a task management function */
    RIG_TASK_TEXT,  /**< a text negotiation or SendTargets */
    RIG_TASK_PING,  /**< NOP-Out that wants an answer */
    RIG_TASK_LOGOUT /**< logout */
} rig_task_kind;

/** rig_task is one request: the caller's memory, zeroed, filled, submitted; it must stay in place until
 * done() is called. Nothing is allocated for it. */
struct rig_task {
    rig_task_kind kind;                         /**< in: what */
    bool immediate;                             /**< in: send with the I bit; out, LOGOUT: it had to, the
                                                   command window being closed all of its time */
    uint64_t lun;                               /**< in: SAM LUN (rig_lun_encode) */
    uint64_t timeout;                           /**< in: ns, 0 = the session's */
    void (*done)(rig_task *task, uint64_t now); /**< in: called once when it ended; may submit it again */
    void *user;                                 /**< in: the caller's */

    rig_view cdb;     /**< in, SCSI: CDB, up to RIG_CDB_MAX bytes, borrowed until done */
    uint8_t attr;     /**< in, SCSI: task attribute (section 11.3.1.1) */
    uint8_t priority; /**< in, SCSI: command priority 0 to 15, above 0 with iSCSIProtocolLevel 2 (RFC 7144) */
    bool read;        /**< in, SCSI: R bit */
    bool write;       /**< in, SCSI: W bit */
    uint32_t edtl; /**< in, SCSI: expected data transfer length in bytes; of a bidirectional command that of
                      Data-Out */
    uint32_t bidi_len; /**< in, SCSI: bidirectional commands (R and W): expected length of Data-In in bytes */
    const struct iovec
        *in;         /**< in, SCSI: where Data-In goes; at least edtl bytes (bidi_len for bidirectional) */
    uint32_t num_in; /**< in: pieces, at most RIG_SINK_IOV_MAX of rig/framer.h */
    const struct iovec *out; /**< in, SCSI: Data-Out, at least edtl bytes; PING, TEXT: the data segment */
    uint32_t num_out;        /**< in: pieces; more in a PING than the target's MaxRecvDataSegmentLength end it
                                with RIG_E_LIMIT */
    uint8_t function;        /**< in, TMF: section 11.5.1 */
    /**
     * in, TMF: the SCSI task ABORT TASK or QUERY TASK is about; its LUN counts. One that has not been sent
     * yet is withdrawn without a word to the target.
     */
    rig_task *reference;
    uint8_t reason; /**< in, LOGOUT: section 11.14.1 */
    uint16_t cid;   /**< in, LOGOUT: connection for reasons 1 and 2 */

    rig_status status; /**< out: RIG_OK when the target answered, else why it could not */
    uint8_t
        response; /**< out: iSCSI response code (SCSI, TMF, LOGOUT), reject reason when status says REFUSED */
    uint8_t scsi_status;       /**< out, SCSI: SAM status, valid with status RIG_OK and response 0 */
    bool overflow;             /**< out, SCSI: residual counts what the device wanted beyond edtl */
    bool underflow;            /**< out, SCSI: residual counts what the device left of edtl */
    uint32_t residual;         /**< out, SCSI */
    bool bidi_overflow;        /**< out, SCSI: as overflow, for the Data-In of a bidirectional command */
    bool bidi_underflow;       /**< out, SCSI: as underflow, for that */
    uint32_t bidi_residual;    /**< out, SCSI */
    uint16_t status_qualifier; /**< out, SCSI: with iSCSIProtocolLevel 2 (RFC 7144) */
    uint32_t additional; /**< out, TMF: additional response information of functions 9 to 12 (RFC 7144) */
    uint32_t received;   /**< out, SCSI: bytes of Data-In that arrived; PING: bytes echoed right */
    uint8_t sense_len;   /**< out, SCSI: bytes of sense */
    uint8_t sense[RIG_SENSE_KEPT]; /**< out, SCSI: sense data */
    rig_view text;                 /**< out, TEXT: the whole answer, borrowed for the done call */

    uint32_t itt;    /**< out: initiator task tag, valid once sent */
    uint32_t cmd_sn; /**< out: CmdSN, valid once sent */
    struct {
        struct rig_session *session; /**< owner while in the engine's hands */
        struct eng_conn *conn;       /**< allegiance */
        rig_task *next, *prev;       /**< list of its phase */
        rig_timer timer;             /**< timeout */
        rig_task *next_sender;       /**< list of tasks with data to send */
        uint32_t data_sn;            /**< next DataSN or R2TSN expected */
        uint32_t in_burst;           /**< bytes of Data-In since the last F bit */
        uint32_t in_offset;          /**< next in-order byte of Data-In */
        uint32_t out_sn;             /**< next DataSN to send in the current sequence */
        uint32_t out_offset;         /**< next byte to send */
        uint32_t out_end;            /**< end of the current sequence */
        uint32_t out_ttt;            /**< its target transfer tag */
        uint32_t r2t_offset;         /**< where the next R2T has to start when sequences are in order */
        uint32_t hole;               /**< first gap in the connection's pool, num_holes of them */
        uint32_t num_holes;          /**< gaps in its Data-In or R2T PDUs */
        uint32_t ack_sn;             /**< DataSN up to which data was acknowledged (DataACK) */
        uint32_t ack_offset;         /**< in_offset at that point */
        uint32_t ack_received;       /**< received at that point */
        uint32_t ack_ttt;            /**< tag of a DataACK that waits for gaps to be filled */
        uint64_t ack_lun;            /**< its LUN */
        uint32_t snack_tag;          /**< of the last R-Data SNACK, 0 = none */
        uint32_t lengths;            /**< the connection's count of declarations when it was sent */
        uint32_t held_sn;            /**< StatSN of the status that waits for missing data */
        uint32_t retries;            /**< times it was sent again */
        uint32_t r2t_first;          /**< oldest waiting R2T in the connection's pool */
        uint32_t r2t_last;           /**< newest one */
        uint32_t num_r2t;            /**< waiting R2Ts … */
        uint32_t num_again;          /**< … of which a SNACK brought that many */
        uint32_t slot;               /**< place in the session's task table */
        uint32_t turn;               /**< its place among the session's requests */
        uint32_t num_tx;             /**< PDUs with its data that have not left yet */
        uint32_t ref_itt;            /**< TMF: tag of the task it is about */
        uint32_t stopper;     /**< tag of the function that stopped its data; none when the target did */
        uint32_t ref_cmd_sn;  /**< TMF: its CmdSN, valid with ref_numbered */
        rig_status aborting;  /**< what it ends with when the ABORT TASK of the engine's own that is about
                                 it has its answer; RIG_OK when there is none */
        rig_status verdict;   /**< result that waits for num_tx to become 0 */
        uint32_t ref_data_sn; /**< TASK REASSIGN: its ExpDataSN */
        struct rig_session *saves; /**< request of a clean-up: the session, else NULL */
        uint16_t failed_cid;       /**< TASK REASSIGN and logout for recovery: the failed connection */
        uint8_t phase;             /**< where it is */
        bool sending;              /**< it stands in the connection's list of senders */
        bool out_again;            /**< a SNACK brought the R2T of the current sequence */
        bool internal;             /**< the engine's own request */
        bool plug;                 /**< PING: fills a hole in CmdSN */
        bool numbered;             /**< it has its CmdSN already: it is sent again, or plugs a hole */
        bool held;                 /**< its status came before all of its data */
        bool ack_wanted;           /**< a DataACK waits for gaps to be filled */
        bool spoilt;               /**< its data cannot be had again: it ends with a digest error */
        bool cancels;              /**< TMF of the engine: the caller wanted it */
        bool paused;               /**< a sequence of its data waits until that is decided */
        bool stopped;              /**< no more Data-Out: its task set is being aborted (4.2.3.4) */
        bool resets;               /**< TMF: a reset that is under way */
        bool leaves;               /**< LOGOUT: the host wants the end of the session by it */
        bool reassigning;          /**< a TASK REASSIGN for it is out */
        bool moved;                /**< it was reassigned: R2Ts may begin with a number again */
        bool ref_numbered;         /**< TMF: the task it is about has a CmdSN of its own */
        bool ref_waits;            /**< TMF: the task it is about was not sent yet */
    } engine;                      /**< private */
};

/**
 * rig_session_submit hands a task over. It is sent as soon as the command window and the connection allow;
 * done() tells the end, never before the call returns. RIG_E_STATE (session not up), RIG_E_BUSY (the task has
 * not ended yet; the reference has lost its connection), RIG_E_LIMIT (RIG_SESSION_TASKS_MAX open requests,
 * beyond which only task management and logouts are taken; num_in), RIG_E_ARGUMENT, RIG_E_NOT_FOUND (the
 * reference is no task of this session), RIG_E_UNSUPPORTED (TASK REASSIGN, which is the engine's own; what
 * RFC 7144 added, without iSCSIProtocolLevel 2), RIG_E_NOMEM.
 */
rig_status rig_session_submit(rig_session *session, rig_task *task, uint64_t now);

/**
 * rig_session_cancel asks for the end of a task: one that was not sent yet, or whose connection is lost, ends
 * at once, a SCSI command under way when the target has aborted it or its connection is lost, both with
 * RIG_E_ABORTED; a command that ends meanwhile ends as it does. To ask twice is no error, and asks the target
 * once. done() tells either way. RIG_E_NOT_FOUND (no task of this session), RIG_E_UNSUPPORTED (under way, and
 * no SCSI command),
 * RIG_E_LIMIT, RIG_E_NOMEM.
 */
rig_status rig_session_cancel(rig_session *session, rig_task *task, uint64_t now);

/** rig_session_drop closes all connections at once without a logout, as a failing host does: by RST, or by
 * FIN where no caller's memory is on its way out. */
void rig_session_drop(rig_session *session, bool reset, uint64_t now);

/** rig_target_record is one target of a SendTargets answer. */
typedef struct rig_target_record {
    rig_view name;     /**< TargetName */
    rig_portal portal; /**< one of its addresses */
    bool has_portal;   /**< false: the answer gave no address, the discovery portal is meant (appendix C) */
} rig_target_record;

/**
 * rig_sendtargets_next takes the next (target, address) pair off the text of an answer: *rest and *name start
 * as the whole text and an empty view. A target without address gives one record with has_portal false.
 * RIG_E_NOT_FOUND at the end; RIG_E_UNSUPPORTED with err for an address, or a target by its name, that cannot
 * be used: what is behind it can, and the next call gives it; RIG_E_PROTOCOL or RIG_E_SYNTAX with err for an
 * answer that breaks appendix C.
 */
rig_status rig_sendtargets_next(rig_view *rest, rig_view *name, rig_target_record *out_record,
                                rig_error *err);

#ifdef __cplusplus
}
#endif

#endif
