/* The keys of RFC 7143 sections 12 and 13 and of RFC 7144, and what was said of them. */
#include "lint.h"

#define STAGE_1 LINT_USE_OPERATIONAL
#define ANY_STAGE (LINT_USE_SECURITY | LINT_USE_OPERATIONAL)
#define EITHER (LINT_BY_INITIATOR | LINT_BY_TARGET)
#define LEADING (LINT_USE_OPERATIONAL | LINT_USE_LEADING | EITHER)
#define METHOD(name)                                                                                         \
    {                                                                                                        \
        name, "", LINT_KEY_OTHER, LINT_USE_SECURITY | EITHER, 0, 0, LINT_N_NONE                              \
    }
#define DATA_LIMIT UINT64_C(16777215) /* 2**24 - 1 */

const lint_key lint_keys[] = {
    {"AuthMethod", "", LINT_KEY_LIST, LINT_USE_SECURITY | EITHER, 0, 0, LINT_N_NONE},
    METHOD("CHAP_A"),
    METHOD("CHAP_I"),
    METHOD("CHAP_C"),
    METHOD("CHAP_N"),
    METHOD("CHAP_R"),
    METHOD("SRP_U"),
    METHOD("SRP_GROUP"),
    METHOD("SRP_A"),
    METHOD("SRP_B"),
    METHOD("SRP_M"),
    METHOD("SRP_HM"),
    METHOD("SRP_s"),
    METHOD("KRB_AP_REQ"),
    METHOD("KRB_AP_REP"),
    {"HeaderDigest", "", LINT_KEY_LIST, STAGE_1 | EITHER, 0, 0, LINT_N_NONE},
    {"DataDigest", "", LINT_KEY_LIST, STAGE_1 | EITHER, 0, 0, LINT_N_NONE},
    {"MaxConnections", "KEY-002", LINT_KEY_MIN, LEADING, 1, 65535, LINT_N_CONNECTIONS},
    {"SendTargets", "KEY-004", LINT_KEY_DECLARED, LINT_USE_FULL | LINT_BY_INITIATOR, 0, 0, LINT_N_NONE},
    {"TargetName", "KEY-005", LINT_KEY_DECLARED, ANY_STAGE | LINT_USE_FULL | LINT_BY_INITIATOR, 0, 0,
     LINT_N_NONE},
    {"InitiatorName", "KEY-006", LINT_KEY_DECLARED, ANY_STAGE | LINT_BY_INITIATOR, 0, 0, LINT_N_NONE},
    {"TargetAlias", "KEY-007", LINT_KEY_DECLARED, ANY_STAGE | LINT_USE_FULL | LINT_BY_TARGET, 0, 0,
     LINT_N_NONE},
    {"InitiatorAlias", "KEY-008", LINT_KEY_DECLARED, ANY_STAGE | LINT_USE_FULL | LINT_BY_INITIATOR, 0, 0,
     LINT_N_NONE},
    {"TargetAddress", "KEY-009", LINT_KEY_DECLARED, ANY_STAGE | LINT_USE_FULL | LINT_BY_TARGET, 0, 0,
     LINT_N_NONE},
    {"TargetPortalGroupTag", "KEY-010", LINT_KEY_DECLARED, ANY_STAGE | LINT_BY_TARGET, 0, 65535, LINT_N_NONE},
    {"InitialR2T", "", LINT_KEY_OR, LEADING, 0, 0, LINT_N_INITIAL_R2T},
    {"ImmediateData", "", LINT_KEY_AND, LEADING, 0, 0, LINT_N_IMMEDIATE},
    {"MaxRecvDataSegmentLength", "KEY-013", LINT_KEY_DECLARED, STAGE_1 | LINT_USE_FULL | EITHER, 512,
     DATA_LIMIT, LINT_N_NONE},
    {"MaxBurstLength", "KEY-015", LINT_KEY_MIN, LEADING, 512, DATA_LIMIT, LINT_N_MAX_BURST},
    {"FirstBurstLength", "KEY-017", LINT_KEY_MIN, LEADING, 512, DATA_LIMIT, LINT_N_FIRST_BURST},
    {"DefaultTime2Wait", "KEY-020", LINT_KEY_MAX, LEADING, 0, 3600, LINT_N_NONE},
    {"DefaultTime2Retain", "KEY-021", LINT_KEY_MIN, LEADING, 0, 3600, LINT_N_NONE},
    {"MaxOutstandingR2T", "KEY-022", LINT_KEY_MIN, LEADING, 1, 65535, LINT_N_MAX_R2T},
    {"DataPDUInOrder", "", LINT_KEY_OR, LEADING, 0, 0, LINT_N_PDU_ORDER},
    {"DataSequenceInOrder", "", LINT_KEY_OR, LEADING, 0, 0, LINT_N_SEQUENCE_ORDER},
    {"ErrorRecoveryLevel", "KEY-027", LINT_KEY_MIN, LEADING, 0, 2, LINT_N_ERL},
    {"SessionType", "KEY-029", LINT_KEY_DECLARED, ANY_STAGE | LINT_USE_LEADING | LINT_BY_INITIATOR, 0, 0,
     LINT_N_NONE},
    {"TaskReporting", "", LINT_KEY_LIST, LEADING | LINT_LATER, 0, 0, LINT_N_NONE},
    {"iSCSIProtocolLevel", "KEY-033", LINT_KEY_MIN, LEADING | LINT_LATER, 0, 31, LINT_N_LEVEL},
};

const size_t lint_num_keys = sizeof lint_keys / sizeof lint_keys[0];

void lint_defaults(lint_session *session)
{
    static const uint64_t defaults[LINT_NUMBERS] = {
        [LINT_N_MAX_BURST] = 262144, [LINT_N_FIRST_BURST] = 65536, [LINT_N_MAX_R2T] = 1,
        [LINT_N_INITIAL_R2T] = 1,    [LINT_N_IMMEDIATE] = 1,       [LINT_N_PDU_ORDER] = 1,
        [LINT_N_SEQUENCE_ORDER] = 1, [LINT_N_LEVEL] = 1,           [LINT_N_CONNECTIONS] = 1,
    };
    memcpy(session->numbers, defaults, sizeof defaults);
    session->keys_known = true;
}

void lint_forget_keys(rig_lint *lint, lint_conn *conn)
{
    rig_delete(lint->config.alloc, conn->said, conn->said ? lint_num_keys * sizeof *conn->said : 0);
    conn->said = NULL;
}

static void keep_offer(lint_at *at)
{
    lint_said *said = at->said;
    said->by = at->side;
    said->number_known = lint_parse(at->key, at->pair.value, &said->number);
    said->list_len = UINT16_MAX;
    if (at->pair.value.len <= LINT_OFFER_MAX) {
        said->list_len = (uint16_t)at->pair.value.len;
        memcpy(said->list, at->pair.value.ptr, at->pair.value.len);
    }
}

/* Larger PDUs of before are still on their way while a new limit is told, so the larger one counts. */
static void keep_limit(lint_at *at)
{
    uint64_t number;
    uint32_t *limit = &at->conn->limit[at->side];
    if (!rig_number_parse(at->pair.value, &number) || number > RIG_DATA_MAX || *limit == UINT32_MAX)
        return;
    if (at->conn->phase != LINT_FULL || number > *limit)
        *limit = (uint32_t)number;
}

/* The last value said is the result (section 6.2.2); an offer alone already is one where no answer is
 * needed. */
static void keep_result(lint_at *at, bool answer)
{
    uint64_t number;
    lint_session *session = at->session;
    if (!session || !session->keys_known || !at->conn->login.leading)
        return;
    if (answer && rig_view_is(at->pair.key, "TaskReporting"))
        session->fast_abort = rig_view_is(at->pair.value, "FastAbort");
    if (at->key->number == LINT_N_NONE || !lint_parse(at->key, at->pair.value, &number))
        return;
    bool settled = (at->key->kind == LINT_KEY_AND && !number) || (at->key->kind == LINT_KEY_OR && number);
    if (answer || settled)
        session->numbers[at->key->number] = number;
}

static void keep_names(lint_at *at)
{
    lint_login *login = &at->conn->login;
    uint64_t number;
    if (rig_view_is(at->pair.key, "InitiatorName"))
        login->initiator = lint_hash(LINT_HASH_START, at->pair.value);
    if (rig_view_is(at->pair.key, "TargetName") && at->side == RIG_LINT_INITIATOR) {
        login->target = lint_hash(LINT_HASH_START, at->pair.value);
        login->folded = lint_name_hash(at->pair.value);
        login->names_target = true;
    }
    if (rig_view_is(at->pair.key, "SessionType"))
        login->discovery = rig_view_is(at->pair.value, "Discovery");
    if (rig_view_is(at->pair.key, "TargetPortalGroupTag")) {
        login->group_told = true;
        if (rig_number_parse(at->pair.value, &number) && number <= UINT16_MAX)
            login->group = (uint32_t)number;
    }
}

/* How long the responses of an algorithm are: MD5 (RFC 7143 section 12.1.3), and those of IANA's list. */
static uint8_t response_bytes(rig_view algorithm)
{
    static const uint8_t bytes[] = {[5] = 16, [6] = 20, [7] = 32, [8] = 32};
    uint64_t number;
    return rig_number_parse(algorithm, &number) && number < sizeof bytes ? bytes[number] : 0;
}

static void keep_authentication(lint_at *at, bool answer)
{
    lint_login *login = &at->conn->login;
    if (rig_view_is(at->pair.key, "AuthMethod") && answer)
        login->chap = rig_view_is(at->pair.value, "CHAP");
    if (at->side != RIG_LINT_TARGET)
        return;
    if (rig_view_is(at->pair.key, "CHAP_A"))
        login->chap_bytes = response_bytes(at->pair.value);
    (void)lint_challenge_octets(at, &login->challenge);
}

void lint_follow_key(lint_at *at)
{
    lint_said *said = at->said;
    bool answer = said->said[!at->side];
    bool login = at->kind == RIG_PDU_LOGIN_REQ || at->kind == RIG_PDU_LOGIN_RESP;
    if (login)
        keep_names(at);
    if (login)
        keep_authentication(at, answer);
    if (login)
        lint_follow_challenge(at);
    if (!said->said[0] && !said->said[1])
        keep_offer(at);
    said->said[at->side] = true;
    said->answered |= answer;
    if (rig_view_is(at->pair.key, "MaxRecvDataSegmentLength"))
        keep_limit(at);
    if (login)
        keep_result(at, answer);
}
