/* What the rules look at. Rules read this state and never change it; follow.c and its companions change it
 * behind the rules of each PDU. */
#ifndef PCAP_LINT_H
#define PCAP_LINT_H

#include "rig/lint.h"
#include "rig/serial.h"
#include "rig/text.h"

#define LINT_BUCKETS 64           /* of a session's tasks; tags of real initiators count up */
#define LINT_CONN_BUCKETS 1024    /* of connections */
#define LINT_PINGS_MAX 8          /* pings of a target that await their answer, per connection */
#define LINT_AHEAD_MAX 64         /* how far CmdSN of several connections may be out of order */
#define LINT_OFFER_MAX 64         /* bytes of an offered list that are kept */
#define LINT_CLOSED_MAX 64        /* closed connections kept, as the other direction may still speak */
#define LINT_SESSION_BUCKETS 1024 /* of sessions */
#define LINT_EVENTS (UINT32_C(1) << RIG_PDU_KINDS) /* beside RIG_IN bits: events of a connection, too */
#define LINT_RULES_MAX 512                         /* rows of rules.def */
#define LINT_LATE UINT64_C(5000000000)             /* ns a PDU may have been on its way behind a deadline */
#define LINT_NO_GROUP UINT32_MAX                   /* no portal group was told */
#define LINT_RARE (LINT_EVENTS << 1) /* beside RIG_IN bits: only where lint.c says that it can matter */
#define LINT_HASH_START 14695981039346656037u

typedef enum lint_phase {
    LINT_MIDSTREAM, /* its beginning was not seen, or bytes are missing */
    LINT_FRESH,     /* connected, nothing said */
    LINT_LOGIN,     /* a Login Request was seen */
    LINT_FULL       /* full feature phase */
} lint_phase;

/* ---- keys ---- */

typedef enum lint_key_kind {
    LINT_KEY_DECLARED, /* said once by one side, not answered */
    LINT_KEY_LIST,
    LINT_KEY_MIN,
    LINT_KEY_MAX,
    LINT_KEY_AND,
    LINT_KEY_OR,
    LINT_KEY_OTHER /* of an authentication method: its own order */
} lint_key_kind;

enum {
    LINT_USE_SECURITY = 1, /* in the security stage */
    LINT_USE_OPERATIONAL = 2,
    LINT_USE_FULL = 4,
    LINT_USE_LEADING = 8, /* of the login only that of a session's first connection */
    LINT_BY_INITIATOR = 16,
    LINT_BY_TARGET = 32,
    LINT_LATER = 64 /* younger than RFC 3720: a peer may say NotUnderstood */
};

typedef enum lint_number {
    LINT_N_NONE,
    LINT_N_MAX_BURST,
    LINT_N_FIRST_BURST,
    LINT_N_MAX_R2T,
    LINT_N_ERL,
    LINT_N_INITIAL_R2T,
    LINT_N_IMMEDIATE,
    LINT_N_PDU_ORDER,
    LINT_N_SEQUENCE_ORDER,
    LINT_N_LEVEL,
    LINT_N_CONNECTIONS,
    LINT_NUMBERS
} lint_number;

typedef struct lint_key {
    const char *name;
    const char *id; /* requirement about its range or sender */
    lint_key_kind kind;
    unsigned use;
    uint64_t low, high; /* of numbers; both 0 = not a number */
    lint_number number; /* what of the session it sets */
} lint_key;

extern const lint_key lint_keys[];
extern const size_t lint_num_keys;

/* What one login or text negotiation said of a key; said[] by rig_lint_side. */
typedef struct lint_said {
    bool said[2];
    rig_lint_side by;  /* who said it first */
    bool answered;     /* the second one to say it answered the first */
    bool number_known; /* of the offer */
    uint64_t number;   /* of the offer; booleans as 0 and 1 */
    uint16_t list_len; /* of the offer, UINT16_MAX = did not fit */
    uint8_t list[LINT_OFFER_MAX];
} lint_said;

/* ---- tasks, connections, sessions ---- */

typedef struct lint_r2t {
    uint32_t ttt, offset, len;
    uint32_t sent, data_sn; /* what came for it so far, and how many PDUs */
} lint_r2t;

typedef struct lint_task {
    struct lint_task *next;                  /* of its bucket */
    struct lint_task *open_prev, *open_next; /* of the tasks whose unsolicited data is due, in order */
    struct lint_conn *conn;                  /* NULL = gone */
    rig_pdu_kind kind;                       /* of the request */
    uint32_t itt, cmd_sn;
    uint64_t lun;
    bool immediate, read, write;
    bool sure;          /* everything that belongs to it was seen and was in order */
    bool ending;        /* a task management function that may end it was sent */
    bool stopped;       /* with FastAbort, on its connection: no more data is sent for it */
    bool aborted;       /* and did end it */
    bool by_abort;      /* it was ABORT TASK, of this one */
    bool refused;       /* a Reject quoted its request */
    bool twin;          /* another task has its tag, and no answer to either was seen */
    bool lost;          /* it may have ended unseen: bytes are missing, or its tag was used twice */
    bool asked;         /* a SNACK asked for its data or R2Ts again */
    uint32_t r_data;    /* R-Data SNACKs that were sent for it */
    uint32_t snack_tag; /* of the last one */
    bool open;          /* more unsolicited data is due */
    bool ack_asked;     /* a Data-In of it had A=1 */
    bool ack_early;     /* the last Data-In had, and sooner than it may be, unless it is the last of all */
    uint32_t ack_bytes; /* of Data-In since the last one with A=1 */
    uint32_t cdb_bytes; /* what its CDB moves at most, UINT32_MAX = the CDB does not tell in bytes */
    uint64_t mark;      /* of what a retry repeats, 0 = not kept */
    uint32_t edtl, read_len;
    uint32_t in_sn;             /* next number of R2T and Data-In */
    uint32_t num_in, in_bytes;  /* Data-In PDUs, and their data */
    uint32_t in_next, in_burst; /* offset behind the last Data-In, bytes of its sequence */
    uint32_t out_bytes;         /* immediate, unsolicited and solicited data */
    uint32_t unsolicited;       /* immediate data and unsolicited Data-Outs */
    uint32_t out_sn;            /* next DataSN of the unsolicited sequence */
    uint32_t r2t_next;          /* offset behind the last R2T */
    uint32_t num_r2ts;          /* outstanding ones */
    bool any_r2t;
    lint_r2t r2ts[RIG_LINT_R2TS_MAX];
    uint8_t function;    /* of a task management function; of a Logout its reason */
    uint32_t referenced; /* its Referenced Task Tag */
    uint32_t ping_len;   /* of a ping */
    uint64_t ping_hash;
} lint_task;

typedef struct lint_login {
    bool leading, pending; /* pending: a request without its response */
    bool any_text;         /* a complete text was seen */
    bool group_told;       /* the target named its portal group */
    bool asks_t, asks_c, says_c, any_response;
    bool disturbed; /* responses came that nobody asked for */
    bool names_target;
    bool refused;       /* a response said so */
    bool chap;          /* CHAP was chosen */
    uint8_t chap_bytes; /* of a CHAP_R, 0 = not known */
    uint32_t group;     /* as told by the target */
    uint64_t challenge; /* hash of the target's, 0 = none */
    uint64_t folded;    /* hash of the target's name, with small letters */
    uint8_t csg, nsg, stage;
    uint8_t version_max, version_active;
    uint16_t tsih, cid;
    uint32_t itt, cmd_sn;
    uint64_t isid, initiator, target; /* hashes of the names */
    bool discovery;
    uint32_t requests; /* of this login */
} lint_login;

typedef struct lint_exchange { /* of Text Requests and Responses */
    bool pending;              /* a request without its response */
    bool going_on;             /* a response with F=0 was the last PDU */
    bool asks_f, asks_c, says_c, immediate;
    bool send_targets;
    bool asks_all, asks_one; /* SendTargets=All, SendTargets=NAME */
    uint64_t asked;          /* hash of that name, with small letters */
    uint32_t itt, ttt;
    uint32_t cmd_sn; /* of the last request */
    uint64_t lun;
} lint_exchange;

/* What an Asynchronous Message asks the initiator to do (section 11.9.1). */
typedef struct lint_due {
    bool set;
    uint32_t stat_sn;  /* of the message */
    uint64_t deadline; /* ns */
} lint_due;

typedef struct lint_conn {
    struct lint_conn *next; /* of its bucket */
    struct lint_conn *age_prev, *age_next;
    struct lint_session *session; /* NULL = not known */
    uint32_t index;
    lint_phase phase;
    bool closed, muted; /* muted: closed, or its session is over */
    bool text_lost;     /* a text exchange may be going on that was not seen from its beginning */
    lint_login login;
    lint_exchange text;
    bool keys_known;   /* all text since its beginning was seen */
    lint_said *said;   /* by row of lint_keys, while something is negotiated */
    uint32_t limit[2]; /* MaxRecvDataSegmentLength, by the rig_lint_side that said it */
    bool stat_known, ack_known, cmd_known, exp_known;
    uint32_t stat_sn;    /* next one of the target */
    uint32_t ack;        /* last ExpStatSN */
    uint32_t cmd_sn;     /* last one on this connection */
    uint32_t exp_cmd_sn; /* last ExpCmdSN on this connection */
    bool logging_out, logged_out;
    lint_due logout_due, text_due;
    bool digest_fits; /* a data digest was right */
    uint64_t born;    /* PDUs of the capture before its first packet */
    lint_task *open_first, *open_last;
    struct {
        uint32_t ttt;
        uint64_t lun;
    } pings[LINT_PINGS_MAX];
    uint32_t num_pings;
    bool pings_lost; /* there were more */
} lint_conn;

typedef struct lint_session {
    struct lint_session *next; /* of its bucket, with listed */
    uint64_t isid, initiator, target;
    uint16_t tsih;
    bool discovery;
    bool listed;     /* its login succeeded: further ones may find it */
    bool keys_known; /* its leading login was seen */
    bool blind;      /* tasks may exist that were not seen */
    bool loose;      /* a command ended before all its data had come, which may still follow */
    uint32_t live;   /* connections that point here */
    uint32_t joined; /* connections it ever had */
    bool cmd_known, max_known, sent_known;
    uint32_t cmd_sn;  /* next one */
    uint32_t sent_sn; /* behind the highest one sent */
    uint64_t ahead;   /* several connections: bit n = cmd_sn + n was seen already */
    uint32_t max_cmd_sn;
    uint32_t exp_cmd_sn;   /* highest one told */
    uint64_t exp_at;       /* PDUs of the capture when it was told, 0 = never */
    uint32_t group;        /* portal group its leading login was told */
    uint64_t folded;       /* hash of the target's name, with small letters */
    bool window_lost;      /* a larger MaxCmdSN may have been told before, unseen */
    bool connections_lost; /* some may have ended unseen: a Logout or an event named another one */
    uint64_t numbers[LINT_NUMBERS];
    bool fast_abort;
    lint_task *buckets[LINT_BUCKETS];
    uint32_t num_tasks;
} lint_session;

typedef struct lint_challenge {
    uint64_t mark; /* hash of who said it, and of its octets */
    uint32_t frame;
} lint_challenge;

struct rig_lint {
    rig_lint_config config;
    rig_status status; /* of the first failure in the current item */
    lint_conn *conns[LINT_CONN_BUCKETS];
    lint_conn *oldest, *newest, *last;
    lint_conn *closed[LINT_CLOSED_MAX]; /* in turn */
    uint32_t next_closed;
    lint_session *sessions[LINT_SESSION_BUCKETS];
    uint32_t num_conns, num_tasks;
    lint_task *spare;
    lint_challenge *challenges; /* a ring, made for the first one */
    uint64_t num_challenges;    /* that ever were put into it */
    rig_lint_totals totals;
    uint8_t reserved[RIG_PDU_KINDS][RIG_BHS_LEN];    /* bits of a kind's header */
    uint16_t by_kind[RIG_PDU_KINDS][LINT_RULES_MAX]; /* rules of a kind, by index, ended by UINT16_MAX */
    uint16_t by_key[LINT_RULES_MAX];                 /* rules of keys */
    uint16_t by_rare[LINT_RULES_MAX];                /* rules of rare situations, of any kind */
    uint16_t by_event[LINT_RULES_MAX];               /* rules of events */
};

/* What a rule sees: one PDU, and all that came before it. */
typedef struct lint_at {
    rig_lint *lint;
    const rig_lint_rule *rule;
    const rig_item *item;
    const uint8_t *bhs;
    const struct rig_cdb_row *cdb; /* of a SCSI Command; NULL = none */
    rig_pdu_kind kind;             /* UNKNOWN also for a PDU that the other side alone may send */
    rig_lint_side side;
    lint_conn *conn;
    lint_session *session; /* may be NULL */
    lint_task *task;       /* of its ITT; may be NULL */
    rig_pair pair;         /* rules of keys */
    const lint_key *key;   /* its row, NULL = none */
    lint_said *said;       /* with key */
    bool broken;           /* a rule was broken that what follows depends on */
} lint_at;

/* ---- telling, for rules ---- */

/* The field had to have that value. */
void lint_field(lint_at *at, rig_field_id field, uint64_t expected);

/* The field has to be something that is not one value. */
__attribute__((format(printf, 3, 4))) void lint_field_text(lint_at *at, rig_field_id field,
                                                           const char *expected, ...);

/* Anything else: where in the PDU, what it is called. seen has no format. */
void lint_part(lint_at *at, const char *part, uint32_t byte, const char *expected, const char *seen);

__attribute__((format(printf, 4, 5))) void lint_part_number(lint_at *at, const char *part, uint64_t seen,
                                                            const char *expected, ...);

/* A key's value is wrong. */
__attribute__((format(printf, 2, 3))) void lint_value(lint_at *at, const char *expected, ...);

#define LINT_GET(at, name) rig_get32((at)->bhs, RIG_F_##name)
#define LINT_GET64(at, name) rig_get((at)->bhs, RIG_F_##name)

/* ---- asking, for rules ---- */

bool lint_full(const lint_at *at);                       /* in full feature phase, all of it seen */
bool lint_keys_known(const lint_at *at);                 /* and what was negotiated is known */
uint64_t lint_of(const lint_at *at, lint_number number); /* with lint_keys_known */
bool lint_several(const lint_at *at);        /* the session has, or may have, several connections */
bool lint_all_seen(const lint_at *at);       /* and it has no connection that was not seen */
bool lint_numbered(const lint_at *at);       /* a non-immediate request with a CmdSN */
bool lint_carries_status(const lint_at *at); /* consumes a StatSN */
bool lint_recovers(const lint_at *at);       /* PDUs may come again: above level 0, or level not known */
bool lint_data_again(const lint_at *at);     /* of the task: a Data-In or R2T that a SNACK brings again */
bool lint_scsi(const lint_at *at);           /* of a SCSI task that is known in full */
bool lint_retry(const lint_at *at);          /* sent before, with that CmdSN (7.2.1) */
bool lint_text_complete(const lint_at *at);
rig_view lint_text_of(const lint_at *at);
bool lint_has_key(rig_view text, const char *key, rig_view *out_value);
bool lint_special(rig_view value); /* Reject, Irrelevant, NotUnderstood */
bool lint_parse(const lint_key *key, rig_view value, uint64_t *out_number);
bool lint_key_has_result(const lint_key *key);
uint32_t lint_unsolicited_max(const lint_at *at); /* of the task, in bytes */
uint64_t lint_hash(uint64_t hash, rig_view bytes);
uint64_t lint_name_hash(rig_view name);                            /* with small letters */
const lint_said *lint_said_of(const lint_at *at, const char *key); /* NULL = nothing is negotiated */
uint64_t lint_retry_mark(const uint8_t *bhs);                      /* never 0 */
bool lint_bad_key(rig_view text, const rig_pair *pair);            /* a pair, but its key is none */

/* ---- state ---- */

lint_conn *lint_conn_find(const rig_lint *lint, uint32_t index);
lint_conn *lint_conn_get(rig_lint *lint, uint32_t index); /* NULL without memory */
void lint_conn_begin(rig_lint *lint, lint_conn *conn);    /* its first packet was seen */
void lint_conn_close(rig_lint *lint, lint_conn *conn);
/* Bytes are missing that one side sent, or both: what it knew of them is unknown. */
void lint_conn_lose(lint_conn *conn, rig_lint_side side);
void lint_conn_leave(rig_lint *lint, lint_conn *conn); /* its session, where its tasks end */
lint_session *lint_session_new(rig_lint *lint);
/* Of the same nexus, with that handle or with any; names that were not seen may be any. */
lint_session *lint_session_find(const rig_lint *lint, const lint_login *login, bool any_tsih);
void lint_session_list(rig_lint *lint, lint_session *session, const lint_login *login);
void lint_session_join(lint_conn *conn, lint_session *session);
void lint_session_end(rig_lint *lint, lint_session *session); /* another login took its place */
lint_task *lint_task_find(const lint_session *session, uint32_t itt);
lint_task *lint_task_new(rig_lint *lint, lint_conn *conn, uint32_t itt); /* NULL: not followed */
void lint_task_end(rig_lint *lint, lint_session *session, lint_task *task);
void lint_task_open(lint_task *task);
void lint_task_shut(lint_task *task);
void lint_state_free(rig_lint *lint);

/* ---- challenges of the whole capture ---- */

/* Of the CHAP_C that at->pair is, by whoever says it. False: no challenge, or nobody knows who speaks. */
bool lint_challenge_mark(const lint_at *at, uint64_t *out_mark);
const lint_challenge *lint_challenge_find(const rig_lint *lint, uint64_t mark); /* NULL = not remembered */
void lint_challenges_free(rig_lint *lint);
bool lint_challenge_octets(const lint_at *at, uint64_t *out_hash); /* whoever says it */

/* ---- following: called behind the rules ---- */

void lint_follow(lint_at *at);
void lint_begin_login(lint_at *at);
void lint_follow_login(lint_at *at);
void lint_follow_text(lint_at *at);
void lint_follow_key(lint_at *at);
void lint_follow_challenge(lint_at *at);
void lint_follow_request(lint_at *at);
void lint_follow_data(lint_at *at);
void lint_follow_answer(lint_at *at);
void lint_defaults(lint_session *session);
void lint_forget_keys(rig_lint *lint, lint_conn *conn);

/* ---- changes, for proofs and mutations ---- */

void lint_change_begin(rig_lint_changed *out, const rig_item *item);
/* The length, and the data with it as far as there is some. */
void lint_change_len(rig_lint_changed *out, uint64_t len);
/* ++KEY=VALUE, --KEY, ~~KEY=VALUE */
rig_status lint_change_key(rig_lint_changed *out, rig_view word);
/* FIELD=VALUE, FIELD!=VALUE, data>N, data<N, has:KEY. False when it is none of them. */
bool lint_change_holds(const rig_item *item, rig_pdu_kind kind, rig_view text, bool *out_holds);

/* ---- mutations of text ---- */

struct rig_mutations;
struct rig_mutation;
bool lint_key_place(struct rig_mutations *all, const rig_item *item, struct rig_mutation *out);
bool lint_say_place(struct rig_mutations *all, const rig_item *item, struct rig_mutation *out);
void lint_mutate_text(const struct rig_mutation *m, rig_lint_changed *out);

/* ---- rules: their rows are in rules.def ---- */

#define RULE(function, id, name, level, side, section, pdus, keys, what, change) void function(lint_at *at);
#define BREAK RULE
#include "rules.def"
#undef BREAK
#undef RULE

#endif
