/* The target's own table of text keys (RFC 7143 sections 12 and 13, RFC 7144) and its negotiator. */
#ifndef TGT_KEYS_H
#define TGT_KEYS_H

#include "rig/text.h"

typedef enum tgt_key_type { TGT_NUMBER, TGT_BOOL, TGT_LIST, TGT_NAME, TGT_UTF8, TGT_OPAQUE } tgt_key_type;

/* How the answer follows from the offer; DECLARE has no answer, REFUSE is always answered Reject (13.25). */
typedef enum tgt_key_rule {
    TGT_MIN,
    TGT_MAX,
    TGT_AND,
    TGT_OR,
    TGT_FIRST,
    TGT_DECLARE,
    TGT_REFUSE
} tgt_key_rule;

/* Where a key may be sent. */
typedef enum tgt_key_use {
    TGT_SECURITY, /* security stage only (section 12) */
    TGT_LO,       /* leading login */
    TGT_IO,       /* any login */
    TGT_FFPO,     /* full feature phase */
    TGT_ALL
} tgt_key_use;

enum {
    TGT_ANY_STAGE = 1,   /* in the security stage too */
    TGT_NOT_DISC = 2,    /* irrelevant in discovery sessions */
    TGT_FROM_TARGET = 4, /* an initiator must not send it */
    TGT_CONN = 8         /* connection scope, else session */
};

/*
 * identifier, name, type, rule, use, flags, default, lowest, highest, what we accept, section. For lists,
 * values are positions in the row of names, "highest" is unused and "what we accept" is a mask of positions;
 * of AuthMethod none set means what follows from the identities configured.
 */
#define TGT_KEY_ROWS(X)                                                                                      \
    X(AUTH_METHOD, "AuthMethod", LIST, FIRST, SECURITY, TGT_CONN, 0, 0, 0, 0, "12.1")                        \
    X(CHAP_A, "CHAP_A", LIST, FIRST, SECURITY, TGT_CONN, 0, 0, 0, 15, "12.1.3")                              \
    X(CHAP_I, "CHAP_I", OPAQUE, DECLARE, SECURITY, TGT_CONN, 0, 0, 0, 0, "12.1.3")                           \
    X(CHAP_C, "CHAP_C", OPAQUE, DECLARE, SECURITY, TGT_CONN, 0, 0, 0, 0, "12.1.3")                           \
    X(CHAP_N, "CHAP_N", OPAQUE, DECLARE, SECURITY, TGT_CONN, 0, 0, 0, 0, "12.1.3")                           \
    X(CHAP_R, "CHAP_R", OPAQUE, DECLARE, SECURITY, TGT_CONN, 0, 0, 0, 0, "12.1.3")                           \
    X(INITIATOR_NAME, "InitiatorName", NAME, DECLARE, IO, TGT_ANY_STAGE, 0, 0, 0, 0, "13.5")                 \
    X(TARGET_NAME, "TargetName", NAME, DECLARE, IO, TGT_ANY_STAGE, 0, 0, 0, 0, "13.4")                       \
    X(SESSION_TYPE, "SessionType", LIST, DECLARE, IO, TGT_ANY_STAGE, 0, 0, 0, 3, "13.21")                    \
    X(INITIATOR_ALIAS, "InitiatorAlias", UTF8, DECLARE, ALL, TGT_ANY_STAGE, 0, 0, 0, 0, "13.7")              \
    X(TARGET_ALIAS, "TargetAlias", UTF8, DECLARE, ALL, TGT_ANY_STAGE | TGT_FROM_TARGET, 0, 0, 0, 0, "13.6")  \
    X(TARGET_ADDRESS, "TargetAddress", OPAQUE, DECLARE, ALL, TGT_ANY_STAGE | TGT_FROM_TARGET, 0, 0, 0, 0,    \
      "13.8")                                                                                                \
    X(PORTAL_GROUP, "TargetPortalGroupTag", NUMBER, DECLARE, IO, TGT_ANY_STAGE | TGT_FROM_TARGET, 0, 0,      \
      65535, 0, "13.9")                                                                                      \
    X(HEADER_DIGEST, "HeaderDigest", LIST, FIRST, IO, TGT_CONN, 0, 0, 0, 3, "13.1")                          \
    X(DATA_DIGEST, "DataDigest", LIST, FIRST, IO, TGT_CONN, 0, 0, 0, 3, "13.1")                              \
    X(MAX_CONNECTIONS, "MaxConnections", NUMBER, MIN, LO, TGT_NOT_DISC, 1, 1, 65535, 1, "13.2")              \
    X(SEND_TARGETS, "SendTargets", OPAQUE, DECLARE, FFPO, 0, 0, 0, 0, 0, "13.3")                             \
    X(INITIAL_R2T, "InitialR2T", BOOL, OR, LO, TGT_NOT_DISC, 1, 0, 1, 0, "13.10")                            \
    X(IMMEDIATE_DATA, "ImmediateData", BOOL, AND, LO, TGT_NOT_DISC, 1, 0, 1, 1, "13.11")                     \
    X(MAX_RECV, "MaxRecvDataSegmentLength", NUMBER, DECLARE, ALL, TGT_CONN, 8192, 512, 16777215, 262144,     \
      "13.12")                                                                                               \
    X(MAX_BURST, "MaxBurstLength", NUMBER, MIN, LO, TGT_NOT_DISC, 262144, 512, 16777215, 1048576, "13.13")   \
    X(FIRST_BURST, "FirstBurstLength", NUMBER, MIN, LO, TGT_NOT_DISC, 65536, 512, 16777215, 262144, "13.14") \
    X(TIME2WAIT, "DefaultTime2Wait", NUMBER, MAX, LO, 0, 2, 0, 3600, 2, "13.15")                             \
    X(TIME2RETAIN, "DefaultTime2Retain", NUMBER, MIN, LO, 0, 20, 0, 3600, 20, "13.16")                       \
    X(MAX_R2T, "MaxOutstandingR2T", NUMBER, MIN, LO, TGT_NOT_DISC, 1, 1, 65535, 8, "13.17")                  \
    X(PDU_IN_ORDER, "DataPDUInOrder", BOOL, OR, LO, TGT_NOT_DISC, 1, 0, 1, 0, "13.18")                       \
    X(SEQ_IN_ORDER, "DataSequenceInOrder", BOOL, OR, LO, TGT_NOT_DISC, 1, 0, 1, 0, "13.19")                  \
    X(RECOVERY_LEVEL, "ErrorRecoveryLevel", NUMBER, MIN, LO, 0, 0, 0, 2, 0, "13.20")                         \
    X(TASK_REPORTING, "TaskReporting", LIST, FIRST, LO, TGT_NOT_DISC, 0, 0, 0, 7, "13.23")                   \
    X(PROTOCOL_LEVEL, "iSCSIProtocolLevel", NUMBER, MIN, LO, TGT_NOT_DISC, 1, 0, 31, 2, "13.24")             \
    X(NODE_ARCHITECTURE, "X#NodeArchitecture", UTF8, DECLARE, LO, 0, 0, 0, 0, 0, "13.26")                    \
    X(IF_MARKER, "IFMarker", OPAQUE, REFUSE, LO, 0, 0, 0, 0, 0, "13.25")                                     \
    X(OF_MARKER, "OFMarker", OPAQUE, REFUSE, LO, 0, 0, 0, 0, 0, "13.25")                                     \
    X(IF_MARK_INT, "IFMarkInt", OPAQUE, REFUSE, LO, 0, 0, 0, 0, 0, "13.25")                                  \
    X(OF_MARK_INT, "OFMarkInt", OPAQUE, REFUSE, LO, 0, 0, 0, 0, 0, "13.25")

typedef enum tgt_key {
#define X(id, name, type, rule, use, flags, def, low, high, own, section) TGT_KEY_##id,
    TGT_KEY_ROWS(X)
#undef X
        TGT_KEYS
} tgt_key;

typedef struct tgt_key_row {
    const char *name;
    const char *section;
    size_t name_len;
    tgt_key_type type;
    tgt_key_rule rule;
    tgt_key_use use;
    unsigned flags;
    uint32_t def, low, high, own;
} tgt_key_row;

extern const tgt_key_row tgt_key_rows[TGT_KEYS];

static inline rig_view tgt_key_name(tgt_key key)
{
    return rig_view_of(tgt_key_rows[key].name, tgt_key_rows[key].name_len);
}

/* The row of a key by name, TGT_KEYS for an unknown one. */
tgt_key tgt_key_find(rig_view name);

/* Name number i of a list key's values, NULL beyond the last. */
const char *tgt_key_choice(tgt_key key, unsigned i);

/* Position of a value among a list key's names, -1 when it is none of them. */
int tgt_key_position(tgt_key key, rig_view value);

/* Reads what an owner wants us to accept for a key into *out. */
rig_status tgt_key_parse_own(tgt_key key, rig_view value, uint32_t *out, rig_error *err);

/* Which part of the table is open. */
typedef enum tgt_phase { TGT_PHASE_SECURITY, TGT_PHASE_OPERATIONAL, TGT_PHASE_FULL } tgt_phase;

_Static_assert(TGT_KEYS <= 64, "a key is a bit of seen");

/* One negotiation: a login, or a text exchange in full feature phase. */
typedef struct tgt_negotiation {
    const uint32_t *own;       /* what we accept, by key */
    uint32_t value[TGT_KEYS];  /* in force, then results */
    uint8_t outcome[TGT_KEYS]; /* of the current text */
    uint64_t seen;             /* a bit a key that was sent in this negotiation */
    uint64_t proposed;         /* a bit a key that we proposed: what comes is the answer */
    uint32_t methods;          /* what we accept of AuthMethod, a bit a position */
    tgt_phase phase;
    bool discovery;
    bool leading;
} tgt_negotiation;

/* Starts with the values in force: the protocol's defaults. */
void tgt_negotiation_init(tgt_negotiation *negotiation, const uint32_t *own);

/*
 * Takes one complete text and appends the answers. Returns 0, or the login status that fits the failure
 * (section 7.12; in full feature phase any of them is a Reject), with err telling which key and why.
 */
uint16_t tgt_negotiate(tgt_negotiation *negotiation, rig_view text, const rig_alloc *alloc,
                       rig_gather *answer, rig_error *err);

#endif
