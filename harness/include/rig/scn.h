/** @file
 * Scenario files (.scn): from text to data, and back.
 *
 * rig_scn_open reads and checks a file with its includes; rig_scn_case gives one case of it: sweeps
 * substituted, `when` decided, macros expanded, every name looked up, every value converted to what stands on
 * the wire. Runner, matcher, players and reports see only cases. A case is constant, plain data in one block
 * of memory; all views and pointers in it live until rig_scn_free. Nothing here does I/O: file contents come
 * through a callback.
 *
 * The words of the language are rows (rig_scn_words): parser, printer, FORMAT.md and editors read the same
 * rows.
 */
#ifndef RIG_SCN_H
#define RIG_SCN_H

#include "rig/alloc.h"
#include "rig/calls.h"
#include "rig/device.h"
#include "rig/ipsec.h"
#include "rig/pdu.h"
#include "rig/rules.h"
#include "rig/status.h"
#include "rig/trace.h"
#include "rig/view.h"

#define RIG_SCN_FILE_MAX (16u << 20) /**< most bytes of a file */
#define RIG_SCN_LINES_MAX 400000     /**< most lines of a file */
#define RIG_SCN_LINE_MAX 8192        /**< most bytes of a line */
#define RIG_SCN_TOKENS_MAX 4000000   /**< most words of a file */
#define RIG_SCN_INCLUDES_MAX 32      /**< most files of one scenario, the scenario included */
#define RIG_SCN_INCLUDE_DEPTH 8      /**< deepest include in an include */
#define RIG_SCN_PROBLEMS_MAX 20      /**< problems reported of one file; reading stops there */
#define RIG_SCN_CASES_MAX 100000     /**< most cases of all sweeps together */
#define RIG_SCN_SWEEPS_MAX 8         /**< most sweeps of a file */
#define RIG_SCN_VALUES_MAX 4096      /**< most values of one sweep */
#define RIG_SCN_CONDS_MAX                                                                                    \
    (RIG_TRACE_KEYS_MAX + 128)  /**< most conditions of one line: a trace prints that many keys, and fields  \
                                 */
#define RIG_SCN_VARS_MAX 65536  /**< most variables of a case */
#define RIG_SCN_TRACE_MAX 16384 /**< most lines of a case's traces, macros expanded */
#define RIG_SCN_MACRO_DEPTH 8   /**< deepest macro call in a macro */
#define RIG_SCN_ARGS_MAX 16     /**< most argument rows of a word */
#define RIG_SCN_WITHIN (30ull * 1000000000ull) /**< ns: the deadline of a wait that names none */
#define RIG_SCN_STANDARD                                                                                     \
    "login.inc"                   /**< include that is read when macros are called and nothing is included */
#define RIG_SCN_NO_VAR UINT32_MAX /**< no variable */

/* ---- places and values ------------------------------------------------------------------------------------
 */

/** rig_scn_place is where something stands. rig_scn_path gives the file's name. */
typedef struct rig_scn_place {
    uint32_t file; /**< 0 the scenario itself, else one of its includes */
    uint32_t line; /**< 1-based; 0 = made by default, stands nowhere */
    uint32_t col;  /**< 1-based, in bytes */
    uint32_t len;  /**< bytes of the word or statement on that line */
} rig_scn_place;

/** rig_scn_link is one link of the network. */
typedef struct rig_scn_link {
    rig_scn_place place; /**< where it stands */
    rig_view spec;       /**< as rig_link_add takes it */
} rig_scn_link;

/** rig_scn_value is one value: a literal, or a variable with an offset ($x, $x+1, $x-1). */
typedef struct rig_scn_value {
    rig_scn_place place; /**< where it stands */
    rig_view text;  /**< the literal without quotes, sweeps substituted; of a variable, its text with the $ */
    uint32_t var;   /**< index in rig_scn.vars, RIG_SCN_NO_VAR for a literal */
    int64_t offset; /**< added to the variable's number (serial numbers: modulo 2^32) */
    uint64_t number;  /**< the value on the wire when is_number: header fields (named values, LUN, ISID, tags
                         too),  counts, bytes of sizes, ns of times */
    bool is_number;   /**< number counts */
    rig_view bytes;   /**< CDB fields and hex values: the bytes */
    rig_view mask;    /**< CDB fields: bits that count, as many bytes as `bytes`; empty = all */
    uint32_t literal; /**< 1-based index of rig_scn.literals, 0 when no expectation rests on it */
} rig_scn_value;

/** rig_scn_pair is one KEY=VALUE of an offer. */
typedef struct rig_scn_pair {
    rig_scn_place place; /**< of the key */
    rig_view key;        /**< key name */
    rig_view value;      /**< value, sweeps substituted */
} rig_scn_pair;

/** rig_scn_member is one PATH=VALUE of a record (rig/records.def). */
typedef struct rig_scn_member {
    rig_scn_place place; /**< of the path */
    rig_view path;       /**< as rig_scn_record_set takes it */
    rig_view value;      /**< value; of a result, the path in its answer, "" = the result itself */
    uint32_t result;     /**< index in rig_scn.results that the value comes from, else RIG_SCN_NO_VAR */
} rig_scn_member;

/**
 * rig_scn_record_set is rig_record_set in the notation of scenarios: a portal may be given as ADDR:PORT, the
 * name of a session or connection as HEX-HEX, flags and the like by their names. What says that a part or an
 * option is given (has-portal, options.specified) is set with it.
 */
rig_status rig_scn_record_set(const rig_alloc *alloc, const rig_shape *shape, void *record, rig_view path,
                              rig_view value, rig_error *err);

/** rig_scn_record_get prints a member as rig_scn_record_set reads it; a list as the first member of each of
 * its records, joined by blanks. RIG_E_NOT_FOUND. */
rig_status rig_scn_record_get(const rig_shape *shape, const void *record, rig_view path, rig_text *out,
                              rig_error *err);

/** rig_scn_record_init zeroes a record, but for a port, which is any unless one is given. */
void rig_scn_record_init(const rig_shape *shape, void *record);

/** rig_scn_data_kind says how bytes are given. */
typedef enum rig_scn_data_kind {
    RIG_SCN_DATA_NONE,    /**< not given */
    RIG_SCN_DATA_BYTES,   /**< data "text" or data hex:…: `bytes` */
    RIG_SCN_DATA_ZERO,    /**< data zero: zeros, as many as the transfer needs (or len) */
    RIG_SCN_DATA_PATTERN, /**< data pattern SEED: the bytes of rig_scn_pattern_fill */
} rig_scn_data_kind;

/** rig_scn_data is bytes to send, or to compare with. */
typedef struct rig_scn_data {
    rig_scn_place place;    /**< where it stands */
    rig_scn_data_kind kind; /**< how */
    rig_view bytes;         /**< BYTES */
    uint64_t seed;          /**< PATTERN */
    uint64_t len; /**< ZERO, PATTERN: bytes when the text says so, else 0 = as many as the transfer needs */
    uint32_t literal; /**< as in rig_scn_value */
} rig_scn_data;

/** rig_scn_pattern_fill writes len bytes of the pattern of seed from byte `offset` of it on: each 8-byte word
 * (big-endian) is a mix of seed and its index, so a shifted, repeated or swapped block shows. */
void rig_scn_pattern_fill(uint8_t *out, size_t len, uint64_t seed, uint64_t offset);

/* ---- rows: the words of the language ----------------------------------------------------------------------
 */

/** rig_scn_type is what an argument's value must be. */
typedef enum rig_scn_type {
    RIG_SCN_T_FLAG,    /**< the word alone */
    RIG_SCN_T_NUMBER,  /**< a number, decimal or 0x */
    RIG_SCN_T_SIZE,    /**< bytes with K, M, G, T, KiB, MiB, GiB, TiB; value.number is bytes */
    RIG_SCN_T_TIME,    /**< ns, us, ms, s, m, h; value.number is ns */
    RIG_SCN_T_YES_NO,  /**< yes or no; value.number 1 or 0 */
    RIG_SCN_T_WORD,    /**< any word or "text" */
    RIG_SCN_T_CHOICE,  /**< one of the words of `choices`; value.number is its index */
    RIG_SCN_T_NAME,    /**< an iSCSI name */
    RIG_SCN_T_PORTAL,  /**< address[:port], IPv6 in brackets */
    RIG_SCN_T_PAIRS,   /**< KEY=VALUE …: arg.pairs */
    RIG_SCN_T_HEX,     /**< hex digits: value.bytes */
    RIG_SCN_T_CDB,     /**< a command with its fields: value.bytes is the whole CDB */
    RIG_SCN_T_DATA,    /**< arg.data */
    RIG_SCN_T_RESULT,  /**< $name of an earlier step's result: value.var is the result's index in
                          rig_scn.results */
    RIG_SCN_T_FAULT,   /**< a fault's name: value.number is the rig_fault */
    RIG_SCN_T_NAMED,   /**< a name of the argument's `names`, or a number */
    RIG_SCN_T_EVENTS,  /**< EVENT [arguments] [| EVENT …]: step.events */
    RIG_SCN_T_REST,    /**< the rest of the statement as text */
    RIG_SCN_T_OUTCOME, /**< a status or reason: a row of RIG_SCN_G_OUTCOME, a rig_status name, or a name of a
                          SCSI, task management, login or logout status or a reject reason; case does not
                          matter */
    RIG_SCN_T_TEXT,    /**< what is said for people; ~ asks for a part of it, where others hold lists */
    RIG_SCN_T_CALL,    /**< a management call's word: value.number is the rig_call_id */
    RIG_SCN_T_KIND,    /**< a kind of the store's rows: value.number is the rig_record_id */
    RIG_SCN_T_MEMBERS, /**< PATH=VALUE … of the call or kind before: arg.members */
    RIG_SCN_T_PATH,    /**< a member of the last call's answer: value.text */
    RIG_SCN_T_CODE,    /**< what a management call comes to: a word of rig/codes.def */
    RIG_SCN_T_VALUE,   /**< a word, or the value that an earlier step left: arg.members[0], without a path */
    RIG_SCN_T_PREFIX,  /**< ADDRESS/BITS: value.number is the bits, value.text the address */
} rig_scn_type;

/** rig_scn_arg_form is how an argument is written. */
typedef enum rig_scn_arg_form {
    RIG_SCN_BARE,  /**< VALUE */
    RIG_SCN_WORD,  /**< name VALUE (or the name alone for a flag) */
    RIG_SCN_EQUAL, /**< name=VALUE */
} rig_scn_arg_form;

/** rig_scn_arg_row describes one argument of a word. */
typedef struct rig_scn_arg_row {
    const char *name;      /**< "lun"; for BARE what people call it: "IQN" */
    rig_scn_type type;     /**< what its value is */
    rig_scn_arg_form form; /**< how it is written */
    bool required;         /**< must be there */
    const char
        *choices; /**< CHOICE: "ram|pattern|null"; a display name of the value for other types, or NULL */
    const rig_names *names; /**< NAMED: the set */
} rig_scn_arg_row;

/** rig_scn_group tells where a word belongs. */
typedef enum rig_scn_group {
    RIG_SCN_G_HEAD,      /**< scenario, ref, level, tags … and the sections */
    RIG_SCN_G_NETWORK,   /**< in `network` (or on a line of its own) */
    RIG_SCN_G_TARGET,    /**< in `target` */
    RIG_SCN_G_ACTION,    /**< after `do` in a rule */
    RIG_SCN_G_INITIATOR, /**< in `initiator` */
    RIG_SCN_G_HBA,       /**< in `hba` */
    RIG_SCN_G_PERSIST,   /**< in `persist` */
    RIG_SCN_G_IPSEC,     /**< in `ipsec` */
    RIG_SCN_G_ISNS,      /**< in `isns` */
    RIG_SCN_G_STEP,      /**< in `run` */
    RIG_SCN_G_EVENT,     /**< after ! */
    RIG_SCN_G_MEMBER,    /**< after the dot of a result */
    RIG_SCN_G_OUTCOME,   /**< what a result's status can be */
    RIG_SCN_G_VIRTUAL,   /**< DataLen, sense and the like in a PDU line: facts no header field holds */
    RIG_SCN_G_MARK,      /**< !bad-header-digest and the like in a PDU line */
    RIG_SCN_GROUPS       /**< number of groups */
} rig_scn_group;

/** rig_scn_word is one row: a word of the language. */
typedef struct rig_scn_word {
    const char *name;  /**< as written; events and steps may have two words ("session up", "hba load") */
    const char *alias; /**< another spelling that is read, never printed; or NULL */
    const char
        *who; /**< who performs or reports it: "engine", "hba", "target", "network", "runner", "matcher" */
    const char *what; /**< one sentence */
    uint32_t id;      /**< steps: rig_scn_step_id; events: rig_scn_event_id; others: private */
    rig_scn_arg_row args[RIG_SCN_ARGS_MAX]; /**< ended by a NULL name when shorter */
} rig_scn_word;

/** rig_scn_words gives the rows of a group and their number. Static storage. */
const rig_scn_word *rig_scn_words(rig_scn_group group, size_t *out_num);

/** rig_scn_word_grammar appends a row as FORMAT.md writes it: "login IQN [at ADDR:PORT] [offer KEY=VALUE…]
 * [-> $x]". */
void rig_scn_word_grammar(rig_text *out, const rig_scn_word *word);

/**
 * RIG_SCN_EVENT_ROWS: identifier, name. Arguments and help stand in the rows of RIG_SCN_G_EVENT. Who reports
 * an event writes its arguments in the same notation ("192.0.2.10:3260", "reason=header-digest by
 * initiator").
 */
#define RIG_SCN_EVENT_ROWS(X)                                                                                \
    X(CONNECT, "connect")                                                                                    \
    X(MIDSTREAM, "midstream")                                                                                \
    X(CLOSE, "close")                                                                                        \
    X(SESSION_UP, "session up")                                                                              \
    X(SESSION_DOWN, "session down")                                                                          \
    X(COMPLETE, "complete")                                                                                  \
    X(NEXUS_LOSS, "nexus-loss notice")                                                                       \
    X(LOGIN_FAILED, "login-failed")                                                                          \
    X(REFUSED, "refused")                                                                                    \
    X(TARGET_FOUND, "target-found")                                                                          \
    X(NOP_IN, "nop-in")                                                                                      \
    X(ASYNC, "async")                                                                                        \
    X(REJECT, "reject")                                                                                      \
    X(RECOVERED, "recovered")                                                                                \
    X(IGNORED, "ignored")                                                                                    \
    X(TRANSITION, "transition")                                                                              \
    X(GAP, "gap")                                                                                            \
    X(RESYNC, "resync")                                                                                      \
    X(GARBAGE, "garbage")                                                                                    \
    X(TRUNCATED, "truncated")                                                                                \
    X(FRAGMENT, "fragment")                                                                                  \
    X(IPSEC_REQUEST, "ipsec-request")                                                                        \
    X(IPSEC_UP, "ipsec-up")                                                                                  \
    X(IPSEC_FAILED, "ipsec-failed")                                                                          \
    X(IPSEC_DELETED, "ipsec-deleted")                                                                        \
    X(IPSEC_FINDING, "ipsec-finding")                                                                        \
    X(IPSEC_REFUSED, "ipsec-refused")                                                                        \
    X(IKE, "ike")                                                                                            \
    X(ESP, "esp")                                                                                            \
    X(BREACH, "breach")                                                                                      \
    X(ARRIVED, "device arrived")                                                                             \
    X(REMOVED, "device removed")                                                                             \
    X(READY, "service ready")                                                                                \
    X(LOGIN_LATE, "login-late")                                                                              \
    X(LOGIN_GIVEN_UP, "login-given-up")                                                                      \
    X(TARGETS_CHANGED, "targets-changed")                                                                    \
    X(SECURITY, "security")                                                                                  \
    X(ISNS, "isns")

/** rig_scn_event_id names an event. */
typedef enum rig_scn_event_id {
#define X(id, name) RIG_SCN_EV_##id,
    RIG_SCN_EVENT_ROWS(X)
#undef X
        RIG_SCN_EVENTS /**< number of events, not an event */
} rig_scn_event_id;

/** rig_scn_event_find gives the row of an event name as it stands in rig_item.event; NULL when there is none.
 */
const rig_scn_word *rig_scn_event_find(rig_view name);

/**
 * rig_scn_event_arg finds argument arg of row in the argument text of an event ("reason=header-digest by
 * initiator"). False when the text does not give it. The value is borrowed from args, without quotes.
 */
bool rig_scn_event_arg(const rig_scn_word *row, const rig_scn_arg_row *arg, rig_view args,
                       rig_view *out_value);

/** rig_scn_event_plain gives the argument text without what the engine said in its own words (error="…",
 * which stands last). */
rig_view rig_scn_event_plain(rig_view args);

/** rig_scn_text_has tells whether a text, escaped as events write it, has a part. */
bool rig_scn_text_has(rig_view said, rig_view part);

/* ---- lines: what may be seen on the wire ------------------------------------------------------------------
 */

/** rig_scn_match says how a pattern compares. */
typedef enum rig_scn_match {
    RIG_SCN_ANY,          /**< _ : present, any value */
    RIG_SCN_IS,           /**< value or $x (binds on first use, then compares), $x+1 */
    RIG_SCN_DIFFERS,      /**< !=value or !=$x */
    RIG_SCN_RANGE,        /**< low..high, both included; an open end has text "" and is_number false */
    RIG_SCN_HAS,          /**< ~value: the comma-separated list contains it */
    RIG_SCN_BIND_DIFFERS, /**< $x!=value: low is the variable (binds or compares), high what it must not be */
    RIG_SCN_CALL,         /**< chap($i,"secret",$c): the value computed from args */
} rig_scn_match;

/** RIG_SCN_CALL_ARGS is the most arguments of a function in a pattern. */
#define RIG_SCN_CALL_ARGS 4

/** rig_scn_function is a fixed function usable in patterns. */
typedef enum rig_scn_function {
    RIG_SCN_FN_CHAP, /**< chap(identifier, secret, challenge): the CHAP response of the algorithm in CHAP_A */
} rig_scn_function;

/** rig_scn_call is a function call in a pattern. */
typedef struct rig_scn_call {
    rig_scn_function function;             /**< which */
    rig_scn_value args[RIG_SCN_CALL_ARGS]; /**< literals and variables bound before */
    uint32_t num_args;                     /**< entries */
} rig_scn_call;

/** rig_scn_pattern is what a value is compared with. */
typedef struct rig_scn_pattern {
    rig_scn_place place;      /**< of the whole pattern */
    rig_scn_match match;      /**< how */
    rig_scn_value low;        /**< the value; lower end of a RANGE; the variable of BIND_DIFFERS */
    rig_scn_value high;       /**< upper end of a RANGE; what BIND_DIFFERS must not be */
    const rig_scn_call *call; /**< CALL, else NULL */
} rig_scn_pattern;

/** rig_scn_cond_kind is what a condition looks at. */
typedef enum rig_scn_cond_kind {
    RIG_SCN_C_FIELD,      /**< header field `field` */
    RIG_SCN_C_VIRTUAL,    /**< virtual field `fact`, a number */
    RIG_SCN_C_KEY,        /**< text key `name` (the next one of that name behind the last that matched) */
    RIG_SCN_C_ARG,        /**< argument `arg` of the event */
    RIG_SCN_C_DATA,       /**< the data segment is exactly `data` */
    RIG_SCN_C_CONNECTION, /**< connection=N: 0-based index of the TCP connection */
    RIG_SCN_C_MARK,       /**< !bad-header-digest and the like: the PDU has the flaw `mark` */
} rig_scn_cond_kind;

/** rig_scn_cond is one condition of a line. */
typedef struct rig_scn_cond {
    rig_scn_cond_kind kind;     /**< which members count */
    rig_scn_place place;        /**< of the whole condition, "TSIH=0" */
    rig_view name;              /**< field, key or argument name as written */
    rig_field_id field;         /**< FIELD; 48-bit ISID and LUN are numbers, CDB has bytes and mask */
    const rig_virtual *fact;    /**< VIRTUAL: its row */
    const rig_mark *mark;       /**< MARK: its row */
    const rig_scn_arg_row *arg; /**< ARG: row in the event's word */
    rig_scn_pattern pattern;    /**< what it must be; not for DATA and MARK */
    rig_scn_data data;          /**< DATA */
} rig_scn_cond;

/** rig_scn_line_kind says what a line shows. */
typedef enum rig_scn_line_kind {
    RIG_SCN_TO_TARGET,    /**< > PDU */
    RIG_SCN_TO_INITIATOR, /**< < PDU */
    RIG_SCN_EVENT,        /**< ! event */
} rig_scn_line_kind;

/** RIG_SCN_ANY_PDU in rig_scn_line.pdu: `> _`, any PDU of that direction. */
#define RIG_SCN_ANY_PDU RIG_PDU_KINDS

/** rig_scn_line is one line of a trace, of a play, or in a must or never. */
typedef struct rig_scn_line {
    rig_scn_place place;    /**< in the file it was written in (a macro's body for a macro's lines) */
    rig_scn_place call;     /**< where the macro was called; line 0 when written in place */
    rig_scn_line_kind kind; /**< what it shows */
    rig_pdu_kind pdu;       /**< PDU lines: kind; RIG_SCN_ANY_PDU; RIG_PDU_UNKNOWN for `Unknown` and `raw` */
    const rig_scn_word *event; /**< EVENT: row; its id is a rig_scn_event_id */
    const rig_scn_cond *conds; /**< conditions, all must hold */
    uint32_t num_conds;        /**< entries */
    bool timed;                /**< +T or +T..T stands before: time since the line above matched */
    uint64_t time_low;         /**< ns, timed */
    uint64_t time_high;        /**< ns, timed; equal to time_low for a single time */
    bool keys_open;            /**< `keys _`: keys that are not listed may be there */
    bool has_keys;             /**< a key is listed */
    rig_view raw;              /**< play: `raw HEX`: these bytes are sent as they are */
    bool is_raw;               /**< raw counts */
    uint64_t within;           /**< play: ns the expectation may take, 0 = RIG_SCN_WITHIN */
    bool maybe; /**< play: the peer may leave it out; it does when what comes fits the next line instead */
} rig_scn_line;

/** rig_scn_trace is one `trace` block: what was recorded. */
typedef struct rig_scn_trace {
    rig_scn_place place; /**< of the word trace */
    bool some; /**< `trace some`: unlisted PDUs may stand between; else every PDU is listed. Unlisted
                    events may always stand between */
    const rig_scn_line *lines; /**< in order, macros expanded */
    uint32_t num_lines;        /**< entries */
    uint32_t first_line;       /**< line of the file where the block begins: what bless rewrites */
    uint32_t last_line;        /**< and ends, included */
} rig_scn_trace;

/** rig_scn_play is one literal script, either side. */
typedef struct rig_scn_play {
    rig_scn_place place; /**< of the word play */
    bool target; /**< the player is the target: sends `<` lines and expects `>` lines; else the reverse */
    bool loose;  /**< PDUs of the other side may come in another order */
    const rig_scn_line *lines; /**< in order */
    uint32_t num_lines;        /**< entries */
} rig_scn_play;

/* ---- must and never ---------------------------------------------------------------------------------------
 */

/** rig_scn_must_kind is the form of a normative line. */
typedef enum rig_scn_must_kind {
    RIG_SCN_M_SEEN,   /**< must [exactly|at-least|at-most N] LINE [after LINE] [before LINE] */
    RIG_SCN_M_NEVER,  /**< never LINE [after LINE] [before LINE] */
    RIG_SCN_M_EVERY,  /**< must every LINE has CONDITIONS [alone] */
    RIG_SCN_M_COUNT,  /**< must count $x OP N: entries of a list result */
    RIG_SCN_M_RESULT, /**< must $x[.member] OP value */
} rig_scn_must_kind;

/** rig_scn_quantity limits how many items a `must LINE` matches. */
typedef enum rig_scn_quantity {
    RIG_SCN_Q_SOME,     /**< at least one: nothing was said */
    RIG_SCN_Q_EXACTLY,  /**< exactly `number` */
    RIG_SCN_Q_AT_LEAST, /**< `number` or more */
    RIG_SCN_Q_AT_MOST,  /**< `number` or fewer */
} rig_scn_quantity;

/** rig_scn_op compares. */
typedef enum rig_scn_op {
    RIG_SCN_OP_EQ,  /**< == */
    RIG_SCN_OP_NE,  /**< != */
    RIG_SCN_OP_LT,  /**< < */
    RIG_SCN_OP_LE,  /**< <= */
    RIG_SCN_OP_GT,  /**< > */
    RIG_SCN_OP_GE,  /**< >= */
    RIG_SCN_OP_HAS, /**< has: a list holds it */
} rig_scn_op;

/** rig_scn_op_text gives "==", "has" … Static storage. */
const char *rig_scn_op_text(rig_scn_op op);

/** rig_scn_must is one normative clause. Variables in its lines are its own: they bind inside the clause. */
typedef struct rig_scn_must {
    rig_scn_place place;       /**< of the word must or never; len is the clause's bytes on that line */
    rig_scn_must_kind kind;    /**< which members count */
    rig_scn_quantity quantity; /**< SEEN */
    rig_scn_value number;      /**< SEEN with a quantity: how many */
    const rig_scn_line *line;  /**< SEEN, NEVER, EVERY: what is looked for */
    const rig_scn_line *after; /**< SEEN, NEVER: only items behind the first match of this; NULL = all. never
                                  … after a line that is not there holds; must … after fails */
    const rig_scn_line
        *before; /**< SEEN: the first match stands before the first match of this (which must be there);
                      NEVER: only items before its first match, all when it is not there */
    const rig_scn_cond
        *has;         /**< EVERY: what each matching PDU must have; a pattern ANY asks only for presence */
    uint32_t num_has; /**< entries */
    bool alone;       /**< EVERY: the keys of `has` are the only ones */
    uint32_t result;  /**< COUNT, RESULT: index in rig_scn.results */
    rig_view member;  /**< RESULT: member name, or a negotiated key of a session; "" = status */
    const rig_scn_word *member_row; /**< RESULT: the member's row, NULL for a key */
    rig_scn_op op;                  /**< COUNT, RESULT */
    rig_scn_value value;            /**< COUNT, RESULT: compared with; result statuses as their text */
    const rig_view *ids;            /**< requirement ids in brackets */
    uint32_t num_ids;               /**< entries */
} rig_scn_must;

/* ---- actors -----------------------------------------------------------------------------------------------
 */

/** rig_scn_portal is a portal of the target. */
typedef struct rig_scn_portal {
    rig_scn_place place; /**< where it stands */
    rig_view address;    /**< numeric host without port and brackets */
    uint16_t port;       /**< TCP port */
    uint16_t group;      /**< portal group tag */
    rig_view name;       /**< DNS name of its address, empty without one */
    rig_view advertised; /**< HOST:PORT that discovery tells instead, empty: its own */
    bool absent;         /**< discovery tells of it, and nobody listens */
} rig_scn_portal;

/** rig_scn_lun is a LUN of a node. */
typedef struct rig_scn_lun {
    rig_scn_place place;            /**< where it stands */
    uint32_t lun;                   /**< number */
    rig_view kind;                  /**< "ram", "pattern", "null" */
    uint64_t size;                  /**< bytes */
    uint32_t block;                 /**< bytes of a block, 0 = the default */
    bool removable;                 /**< its medium can be taken out */
    bool empty;                     /**< begins without a medium */
    bool read_only;                 /**< write protected */
    uint8_t protection;             /**< protection type, 0 = none */
    uint64_t sanitize;              /**< time a SANITIZE takes */
    bool has_serial;                /**< serial is given; else it follows from the number */
    uint64_t serial;                /**< unit serial number */
    const rig_device_error *errors; /**< what goes wrong in it */
    uint32_t num_errors;            /**< entries */
    rig_view same;                  /**< `share`: the node whose unit it is, empty for one of its own */
    uint32_t same_lun;              /**< its LUN there */
} rig_scn_lun;

/** rig_scn_lun_print appends the unit as rig_device_config_read takes it: "ram:1048576,block=4096". */
void rig_scn_lun_print(rig_text *out, const rig_scn_lun *lun);

/** rig_scn_auth is CHAP credentials. */
typedef struct rig_scn_auth {
    rig_view method;        /**< "" none, "CHAP" */
    rig_view user;          /**< name */
    rig_view secret;        /**< secret */
    rig_view target_user;   /**< mutual CHAP: the target's name, "" none */
    rig_view target_secret; /**< mutual CHAP: the target's secret */
    rig_view algorithms;    /**< CHAP_A as on the wire, "" = the side's own */
    uint32_t challenge_len; /**< initiator: octets of its challenges, 0 = its own choice */
    bool hold_transit;      /**< initiator: asks for the next stage once the target has proved itself */
    bool ipsec;             /**< initiator: IPsec protects the link, so secrets may be short */
} rig_scn_auth;

/** rig_scn_host is an identity that one initiator may use at a node. */
typedef struct rig_scn_host {
    rig_scn_place place; /**< where it stands */
    rig_view name;       /**< the initiator's iSCSI name */
    rig_scn_auth auth;   /**< its identity */
} rig_scn_host;

/** rig_scn_redirect is an address that a node sends logins to. */
typedef struct rig_scn_redirect {
    rig_scn_place place; /**< where it stands */
    rig_view to;         /**< HOST:PORT */
    int32_t group;       /**< portal group whose portals do that, -1 all */
    bool permanent;      /**< status 01/02, else 01/01 */
} rig_scn_redirect;

/** rig_scn_node is a target node. */
typedef struct rig_scn_node {
    rig_scn_place place;               /**< where it stands */
    rig_view name;                     /**< iSCSI name */
    rig_view alias;                    /**< TargetAlias, "" none */
    rig_scn_auth auth;                 /**< who may log in */
    const rig_scn_host *hosts;         /**< who may, from one initiator each */
    uint32_t num_hosts;                /**< entries */
    const rig_scn_lun *luns;           /**< its LUNs */
    uint32_t num_luns;                 /**< entries */
    const rig_scn_pair *offers;        /**< keys of this node, the ones for all nodes first */
    uint32_t num_offers;               /**< entries */
    uint16_t refuse;                   /**< login status (class << 8 | detail), 0 = accepts */
    const rig_view *allows;            /**< initiators that may use it; none = all */
    uint32_t num_allows;               /**< entries */
    uint32_t max_initiators;           /**< that have sessions at the same time, 0 = any number */
    uint16_t full_status;              /**< login status of one more, 0 = 03/02 */
    const rig_scn_redirect *redirects; /**< where logins are sent */
    uint32_t num_redirects;            /**< entries */
    const uint16_t *groups;            /**< portal group tags it is shown on; none = all */
    uint32_t num_groups;               /**< entries */
    uint32_t count; /**< `nodes COUNT prefix IQN`: this entry stands for IQN0 … IQN(count-1); else 1 */
    bool numbered;  /**< made by `nodes`: name is the prefix */
} rig_scn_node;

/** rig_scn_target is what the `target` section says. */
typedef struct rig_scn_target {
    rig_scn_place place;              /**< of the section; line 0 = the file has none */
    const rig_scn_portal *portals;    /**< none = the runner gives one */
    uint32_t num_portals;             /**< entries */
    const rig_scn_node *nodes;        /**< nodes */
    uint32_t num_nodes;               /**< entries */
    rig_scn_auth discovery;           /**< who may log in for discovery */
    const rig_scn_pair *offers;       /**< keys for all nodes and discovery */
    uint32_t num_offers;              /**< entries */
    rig_fault_set faults;             /**< on from the start */
    const rig_rule *rules;            /**< ready for rig_target_rule_add */
    const rig_scn_place *rule_places; /**< of each rule */
    uint32_t num_rules;               /**< entries */
    uint32_t window;                  /**< 0 = default */
    bool no_phase_collapse;           /**< status never in the last Data-In */
    bool tell_nexus_loss;             /**< a reinstated session begins with a unit attention 29/07 */
    uint64_t login_timeout;           /**< ns, 0 = default */
    uint64_t nop_interval;            /**< ns, 0 = never */
} rig_scn_target;

/** rig_scn_stage is where the initiator starts its login. */
typedef enum rig_scn_stage {
    RIG_SCN_STAGE_DEFAULT,     /**< nothing said */
    RIG_SCN_STAGE_SECURITY,    /**< security negotiation first */
    RIG_SCN_STAGE_OPERATIONAL, /**< operational negotiation at once */
} rig_scn_stage;

/** rig_scn_initiator is what the `initiator` section says; zero and "" take the engine's defaults. */
typedef struct rig_scn_initiator {
    rig_scn_place place;        /**< of the section; line 0 = the file has none */
    rig_view name;              /**< iSCSI name */
    rig_view alias;             /**< InitiatorAlias */
    const rig_scn_pair *offers; /**< keys */
    uint32_t num_offers;        /**< entries */
    uint64_t isid;              /**< 48 bits */
    bool has_isid;              /**< isid counts */
    uint32_t cmdsn;             /**< first CmdSN */
    bool has_cmdsn;             /**< cmdsn counts */
    uint64_t login_timeout;     /**< ns */
    uint64_t command_timeout;   /**< ns */
    uint64_t noop_interval;     /**< ns; 0 with has_noop_interval = never */
    bool has_noop_interval;     /**< noop_interval counts */
    uint64_t noop_timeout;      /**< ns */
    uint64_t recovery_timeout;  /**< ns */
    bool reconnect;             /**< a lost session is logged in again; default true */
    bool tell_architecture;     /**< X#NodeArchitecture is declared; default false */
    rig_scn_stage stage;        /**< first login stage */
    rig_scn_auth auth;          /**< CHAP */
} rig_scn_initiator;

/** rig_scn_port is one network port of an adapter. */
typedef struct rig_scn_port {
    rig_scn_place place; /**< where it stands */
    rig_view address;    /**< its address */
    uint8_t prefix;      /**< bits of its network */
    bool down;           /**< it has no link */
    bool strict_gateway; /**< its tunnels end at a gateway, nowhere else */
} rig_scn_port;

/** rig_scn_adapter is one adapter of the `hba` section. */
typedef struct rig_scn_adapter {
    rig_scn_place place;       /**< where it stands */
    rig_view name;             /**< its name */
    rig_view quirk;            /**< row of the table of quirks, "" none */
    bool hardware;             /**< hardware initiator; else the software initiator */
    bool ipsec;                /**< it has an IPsec engine */
    bool aggressive;           /**< IKE aggressive mode */
    bool tunnel;               /**< ESP tunnel mode */
    const rig_scn_port *ports; /**< none = one, without an address of its own */
    uint32_t num_ports;        /**< entries */
} rig_scn_adapter;

/** rig_scn_policy is what is in force between a port and a portal before anything is asked for. */
typedef struct rig_scn_policy {
    rig_scn_place place; /**< where it stands */
    uint32_t adapter;    /**< index of the adapter */
    uint32_t port;       /**< its port */
    rig_view portal;     /**< ADDR:PORT */
    bool ipsec;          /**< only inside IPsec, else plain */
    bool aggressive;     /**< IKE aggressive mode, else main mode */
    bool pfs;            /**< perfect forward secrecy */
    bool tunnel;         /**< ESP tunnel mode, else transport mode */
} rig_scn_policy;

/** rig_scn_tuning is what an administrator tuned of the service: an argument of the word `tune` each, NULL =
 * the default. */
typedef struct rig_scn_tuning {
    const struct rig_scn_arg *args; /**< given, by their rows */
    uint32_t num_args;              /**< entries */
} rig_scn_tuning;

/** rig_scn_row is one row of the store as the `persist` section gives it. */
typedef struct rig_scn_row {
    rig_scn_place place;           /**< where it stands */
    rig_view kind;                 /**< in the store: "login" */
    rig_record_id record;          /**< what such a row is */
    const rig_scn_member *members; /**< what it says */
    uint32_t num_members;          /**< entries */
} rig_scn_row;

/** rig_scn_isns_node is a node that the iSNS server hands out, at one portal. */
typedef struct rig_scn_isns_node {
    rig_scn_place place; /**< where it stands */
    rig_view name;       /**< iSCSI name; the same name again = one more portal of it */
    rig_view alias;      /**< alias, "" none */
    rig_view portal;     /**< ADDR:PORT, "" none */
    int32_t group;       /**< portal group tag, -1 = null */
    bool has_flags;      /**< there is a security bitmap */
    uint64_t flags;      /**< it */
    rig_view only;       /**< the one initiator that sees it, "" = all */
    bool hidden;         /**< not there until it is shown */
} rig_scn_isns_node;

/** rig_scn_isns_refusal is a function that the server refuses. */
typedef struct rig_scn_isns_refusal {
    uint16_t function; /**< rig_isns_function */
    uint32_t status;   /**< rig_isns_status */
} rig_scn_isns_refusal;

/** rig_scn_isns is the `isns` section: the simulated iSNS server. */
typedef struct rig_scn_isns {
    rig_scn_place place;                  /**< of its address; line 0 = there is no server */
    rig_view portal;                      /**< ADDR:PORT */
    uint32_t split;                       /**< most payload of a PDU, 0 = no limit */
    uint32_t period;                      /**< seconds a registration lasts, 0 = as the server likes */
    uint32_t fault;                       /**< rig_isns_fault */
    const rig_scn_isns_node *nodes;       /**< in the order they are handed out */
    uint32_t num_nodes;                   /**< entries */
    const rig_scn_isns_refusal *refusals; /**< what it refuses */
    uint32_t num_refusals;                /**< entries */
} rig_scn_isns;

/** rig_scn_ipsec_key is one pre-shared key of the `ipsec` section. */
typedef struct rig_scn_ipsec_key {
    rig_scn_place place; /**< where it stands */
    rig_view key;        /**< its octets */
    rig_view id;         /**< the identity it is bound to, "" = for all others */
} rig_scn_ipsec_key;

/** rig_scn_ipsec is the `ipsec` section: the peer of security negotiations, and how both ends carry them out.
 */
typedef struct rig_scn_ipsec {
    bool said;                     /**< there is such a section */
    bool required;                 /**< portals of the target drop what comes in the clear */
    bool keyless;                  /**< the service is not given the peer's key */
    rig_ipsec_profile profile[2];  /**< of the initiator's host, of the target's */
    uint64_t faults[2];            /**< sets of rig_ipsec_fault, as there */
    rig_view gateway;              /**< an address of the target's host at which tunnels end, "" none */
    const rig_scn_ipsec_key *keys; /**< of the peer; none = one of the runner's */
    uint32_t num_keys;             /**< entries */
} rig_scn_ipsec;

/* ---- steps ------------------------------------------------------------------------------------------------
 */

/** rig_scn_step_id names a host step; the rows are in scn_steps.def. */
typedef enum rig_scn_step_id {
/** Reads the rows. */
#define RIG_SCN_STEP(id, function, name, who, leaves, needs, what, ...) RIG_SCN_STEP_##id,
#include "rig/scn_steps.def"
    RIG_SCN_STEPS /**< number of steps, not a step */
} rig_scn_step_id;

/** rig_scn_arg is one argument as given. */
typedef struct rig_scn_arg {
    const rig_scn_arg_row *row;    /**< its row */
    rig_scn_value value;           /**< by row->type; a RESULT's index is value.var */
    const rig_scn_pair *pairs;     /**< PAIRS */
    uint32_t num_pairs;            /**< entries */
    rig_scn_data data;             /**< DATA */
    const rig_scn_member *members; /**< MEMBERS, VALUE */
    uint32_t num_members;          /**< entries */
} rig_scn_arg;

/** rig_scn_step is one line of `run`. */
typedef struct rig_scn_step {
    rig_scn_place place;        /**< where it stands; its place.line is what reports show */
    rig_view text;              /**< the statement as written, for reports and capture comments */
    rig_scn_step_id id;         /**< which */
    const rig_scn_word *word;   /**< its row */
    bool async;                 /**< started, not waited for */
    uint32_t result;            /**< index in rig_scn.results it sets, RIG_SCN_NO_VAR none */
    const rig_scn_arg *args;    /**< given arguments, in order of the rows */
    uint32_t num_args;          /**< entries */
    const rig_scn_line *events; /**< wait, until: any of these events ends it (kind RIG_SCN_EVENT) */
    uint32_t num_events;        /**< entries */
    bool again;      /**< wait … again: only an event after the wait began counts; without it, one that came
                          since the run began and that no earlier wait took counts too */
    uint64_t within; /**< ns until the step fails with a timeout; RIG_SCN_WITHIN when not given. For
                          `pass` it does not count */
} rig_scn_step;

/** rig_scn_step_arg gives the argument with that row name ("lun", "at", "IQN"), NULL when it was not given.
 */
const rig_scn_arg *rig_scn_step_arg(const rig_scn_step *step, const char *name);

/** rig_scn_result_kind is what a step leaves in its $variable. */
typedef enum rig_scn_result_kind {
    RIG_SCN_R_LIST,    /**< discover: targets found */
    RIG_SCN_R_SESSION, /**< login */
    RIG_SCN_R_TASK,    /**< a status with members */
    RIG_SCN_R_CALL,    /**< call: its code, and the members of its answer */
    RIG_SCN_R_ANSWER,  /**< answer: one of them */
    RIG_SCN_R_NOTHING, /**< the step leaves nothing */
} rig_scn_result_kind;

/** rig_scn_result is one result variable. Results and the variables of lines are different name spaces. */
typedef struct rig_scn_result {
    rig_view name;            /**< without the $ */
    rig_scn_result_kind kind; /**< what it holds */
    const rig_call *call;     /**< CALL: which */
    uint32_t step;            /**< index of the step that sets it (the last one when several do) */
    rig_scn_place place;      /**< of its first -> $name */
} rig_scn_result;

/** rig_scn_var is one variable of lines. */
typedef struct rig_scn_var {
    rig_view name;  /**< without the $; of a macro's own variables "macro.N.name" */
    uint32_t scope; /**< variables with the same scope belong to the same block or clause */
    bool is_text;   /**< holds text (a key's or argument's value); else a number */
} rig_scn_var;

/* ---- the case ---------------------------------------------------------------------------------------------
 */

/** rig_scn_level is how binding a scenario is. */
typedef enum rig_scn_level {
    RIG_SCN_MUST,   /**< failure is a failure */
    RIG_SCN_SHOULD, /**< failure is "loose" */
    RIG_SCN_MAY,    /**< failure is "loose" */
    RIG_SCN_CHOICE, /**< our own decision where the text leaves room */
} rig_scn_level;

/** rig_scn_needs are things a scenario cannot do without, as bits. */
typedef enum rig_scn_needs {
    RIG_SCN_NEEDS_SIM = 1,            /**< needs sim: virtual time or the simulated network */
    RIG_SCN_NEEDS_TCP = 2,            /**< needs tcp: real sockets */
    RIG_SCN_NEEDS_PEER = 4,           /**< needs peer: somebody else's product */
    RIG_SCN_NEEDS_OUR_TARGET = 8,     /**< needs our-target; also set by rules and faults */
    RIG_SCN_NEEDS_OUR_INITIATOR = 16, /**< needs our-initiator */
    RIG_SCN_NEEDS_WRITES = 32, /**< needs writes; also set by steps that write: a real target must allow it */
    RIG_SCN_NEEDS_IPSEC = 64,  /**< set by an ipsec section */
    RIG_SCN_NEEDS_HBA = 128,   /**< set by hba and persist sections and hba steps */
} rig_scn_needs;

/** rig_scn_ref is one reference to a section of a document. */
typedef struct rig_scn_ref {
    rig_view document; /**< "RFC7143", "HBA" */
    rig_view section;  /**< "11.10", "appendix-C" */
} rig_scn_ref;

/** rig_scn_literal is one literal that an expectation rests on (must, never, trace, play). */
typedef struct rig_scn_literal {
    rig_scn_place place;      /**< where it stands */
    rig_view text;            /**< as written */
    const rig_scn_must *must; /**< the clause it stands in, NULL in a trace or play */
} rig_scn_literal;

/** rig_scn_binding is one sweep's value in a case. */
typedef struct rig_scn_binding {
    rig_view name;  /**< sweep name without the $ */
    rig_view value; /**< its value here */
} rig_scn_binding;

/** rig_scn is one case of a scenario, ready to run. */
typedef struct rig_scn {
    rig_view title;                  /**< scenario "…" */
    rig_scn_level level;             /**< level */
    const rig_scn_ref *refs;         /**< ref */
    uint32_t num_refs;               /**< entries */
    const rig_view *tags;            /**< tags */
    uint32_t num_tags;               /**< entries */
    const rig_view *choices;         /**< choice "…" */
    uint32_t num_choices;            /**< entries */
    const uint64_t *seeds;           /**< seed N …: run with these too */
    uint32_t num_seeds;              /**< entries */
    uint32_t needs;                  /**< rig_scn_needs bits */
    const rig_scn_binding *bindings; /**< this case's sweep values */
    uint32_t num_bindings;           /**< entries */
    const rig_scn_link *links;       /**< links of the network */
    uint32_t num_links;              /**< entries */
    uint64_t latency;                /**< ns one way */
    rig_scn_target target;           /**< target section */
    rig_scn_initiator initiator;     /**< initiator section */
    const rig_scn_adapter *adapters; /**< hba section */
    uint32_t num_adapters;           /**< entries */
    rig_scn_tuning tuning;           /**< hba section: what an administrator tuned */
    const rig_scn_policy *policies;  /**< hba section: policies in force */
    uint32_t num_policies;           /**< entries */
    const rig_scn_row *boots;        /**< hba section: logins that adapters carry out by themselves */
    uint32_t num_boots;              /**< entries */
    const rig_scn_row *rows;         /**< persist section */
    uint32_t num_rows;               /**< entries */
    rig_scn_isns isns;               /**< isns section */
    rig_scn_ipsec ipsec;             /**< ipsec section */
    const rig_scn_step *steps;       /**< run */
    uint32_t num_steps;              /**< entries */
    const rig_scn_play *plays;       /**< play blocks, in order */
    uint32_t num_plays;              /**< entries */
    const rig_scn_must *musts;       /**< must and never, in order */
    uint32_t num_musts;              /**< entries */
    const rig_scn_trace *traces;     /**< trace blocks whose `when` holds */
    uint32_t num_traces;             /**< entries */
    const rig_scn_result *results;   /**< $variables of steps */
    uint32_t num_results;            /**< entries */
    const rig_scn_var *vars;         /**< $variables of lines */
    uint32_t num_vars;               /**< entries */
    const rig_scn_literal *literals; /**< literals in must, never, trace and play, for prove */
    uint32_t num_literals;           /**< entries */
    struct rig_scn_memory *memory;   /**< private */
} rig_scn;

/* ---- reading ----------------------------------------------------------------------------------------------
 */

/** rig_scn_problem is one thing wrong in a file. */
typedef struct rig_scn_problem {
    char path[256];    /**< file */
    uint32_t line;     /**< 1-based, 0 when the whole file is meant */
    uint32_t col;      /**< 1-based, in bytes */
    rig_status status; /**< RIG_E_SYNTAX, RIG_E_LIMIT, RIG_E_NOT_FOUND … */
    char text[256];    /**< what is wrong, and the nearest known word */
} rig_scn_problem;

/** rig_scn_problems collects what is wrong; the caller's, plain data. Zero it before use. */
typedef struct rig_scn_problems {
    rig_scn_problem list[RIG_SCN_PROBLEMS_MAX]; /**< in order of the text */
    uint32_t num;                               /**< entries */
} rig_scn_problems;

/** rig_scn_problem_print appends "path:line:col: text". */
void rig_scn_problem_print(rig_text *out, const rig_scn_problem *problem);

/** rig_scn_config is what reading needs. */
typedef struct rig_scn_config {
    const rig_alloc *alloc; /**< all memory */
    /**
     * Gives the content of a file: the scenario's path as passed to rig_scn_open, or the name in an include
     * with the path of the including file in `from`. *out_path (borrowed like the text) names it in messages
     * and detects cycles. The text is borrowed until rig_scn_file_free. NULL: there are no includes.
     */
    rig_status (*load)(void *ctx, rig_view name, rig_view from, rig_view *out_path, rig_view *out_text);
    void *ctx; /**< first argument of load */
    const rig_scn_binding
        *defines;          /**< -D NAME=VALUE: replaces the values of that sweep; values split at commas */
    uint32_t num_defines;  /**< entries */
    rig_view requirements; /**< docs/requirements.tsv; ids in brackets are checked when it is not empty */
} rig_scn_config;

/** rig_scn_file is a scenario file that was read, with its sweeps open. */
typedef struct rig_scn_file rig_scn_file;

/**
 * rig_scn_open reads and checks the scenario at path, whose content is text (borrowed until
 * rig_scn_file_free). Everything that can be wrong is found here; each value of each sweep is tried. On
 * failure *out_file is NULL and problems (NULL allowed) says why. config is copied; what it points to must
 * outlive the file.
 */
rig_status rig_scn_open(const rig_scn_config *config, rig_view path, rig_view text, rig_scn_file **out_file,
                        rig_scn_problems *problems);

/** rig_scn_file_free frees a file; cases made from it stay valid until rig_scn_free but must be freed before
 * the texts it borrowed. NULL is fine. */
void rig_scn_file_free(rig_scn_file *file);

/** rig_scn_cases gives the number of cases: the product of the sweeps, 1 without. */
uint32_t rig_scn_cases(const rig_scn_file *file);

/** rig_scn_sweeps tells whether the file has a sweep of that name (so a -D concerns it). */
bool rig_scn_sweeps(const rig_scn_file *file, rig_view name);

/** rig_scn_path gives the name of file number `file` of a place. */
rig_view rig_scn_path(const rig_scn_file *file, uint32_t file_number);

/** rig_scn_case makes case number index (the last sweep varies fastest). Memory from the file's allocator.
 * Not for several threads at once on one file. */
rig_status rig_scn_case(const rig_scn_file *file, uint32_t index, rig_scn **out_case,
                        rig_scn_problems *problems);

/**
 * rig_scn_case_altered makes the same case with one literal (1-based index in rig_scn.literals of the
 * unaltered case) changed to another legal value of its kind: a number plus one, a name or text changed, a
 * flag inverted; !=v becomes =v, a range the value above it, quantities and comparisons are turned around. A
 * must, trace or play that still passes with it tests nothing; a never holds anyway (literals[].must tells).
 * RIG_E_NOT_FOUND for an index out of range, RIG_E_UNSUPPORTED for a literal without another legal value.
 */
rig_status rig_scn_case_altered(const rig_scn_file *file, uint32_t index, uint32_t literal,
                                rig_scn **out_case, rig_scn_problems *problems);

/** rig_scn_free frees a case. NULL is fine. */
void rig_scn_free(rig_scn *scn);

/* ---- printing ---------------------------------------------------------------------------------------------
 */

/** rig_scn_line_print appends a line in canonical notation, on one line: "> Login     I=1 TSIH=0 keys _". */
void rig_scn_line_print(rig_text *out, const rig_scn_line *line);

/** rig_scn_cond_print appends one condition: "TSIH=0". */
void rig_scn_cond_print(rig_text *out, const rig_scn_cond *cond);

/** rig_scn_pattern_print appends a pattern: "$x+1", "1..4", "!=0". */
void rig_scn_pattern_print(rig_text *out, const rig_scn_pattern *pattern);

/** rig_scn_must_print appends a clause in canonical notation, ids included. */
void rig_scn_must_print(rig_text *out, const rig_scn_must *must, const rig_scn *scn);

/**
 * rig_scn_format writes the canonical form of a file's text, comments kept, into a new block (*out_text,
 * *out_len bytes, freed with rig_delete(alloc, *out_text, *out_len + 1)). The text must be a scenario or an
 * include without problems of notation; names are not looked up. The canonical form of a canonical form is
 * itself.
 */
rig_status rig_scn_format(const rig_alloc *alloc, rig_view path, rig_view text, char **out_text,
                          size_t *out_len, rig_scn_problems *problems);

/** rig_scn_equal tells whether two cases mean the same: everything but places and literal numbers is
 * compared. */
bool rig_scn_equal(const rig_scn *a, const rig_scn *b);

/** rig_scn_selected tells whether an address names the scenario: a tag, a document section ("RFC7143/7.8",
 * which also selects 7.8.1), or a requirement id. */
bool rig_scn_selected(const rig_scn *scn, rig_view address);

#endif
