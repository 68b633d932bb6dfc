/* Reject (section 11.17). */
#include "lint.h"

/* Reject and Asynchronous Message both carry the reserved tag. */
void lint_no_tag(lint_at *at)
{
    if (LINT_GET(at, ITT) != RIG_TAG_NONE)
        lint_field(at, RIG_F_ITT, RIG_TAG_NONE);
}

void lint_reject_header(lint_at *at)
{
    rig_view data = at->item->pdu.data;
    if (at->item->data_len < RIG_BHS_LEN) {
        lint_field_text(at, RIG_F_DATA_LEN, "at least 48, the header of the rejected PDU");
        return;
    }
    if (data.len < RIG_BHS_LEN)
        return;
    uint32_t expected = RIG_BHS_LEN + 4 * rig_get32(data.ptr, RIG_F_AHS_WORDS);
    if (at->item->data_len != expected)
        lint_field(at, RIG_F_DATA_LEN, expected);
}

void lint_reject_reason(lint_at *at)
{
    if (LINT_GET(at, REJECT_REASON) == 0x0b)
        lint_field_text(at, RIG_F_REJECT_REASON, "another reason than the deprecated 0xb");
}

void lint_reject_code(lint_at *at)
{
    if (!rig_name(&rig_names_reject_reason, LINT_GET(at, REJECT_REASON)))
        lint_field_text(at, RIG_F_REJECT_REASON, "0x2 to 0xc");
}

void lint_reject_data_sn(lint_at *at)
{
    rig_view data = at->item->pdu.data;
    bool snack = data.len >= RIG_BHS_LEN && rig_pdu_kind_of(data.ptr) == RIG_PDU_SNACK;
    if (LINT_GET(at, DATA_SN) && !(snack && LINT_GET(at, REJECT_REASON) == 0x04))
        lint_field(at, RIG_F_DATA_SN, 0);
}

/* What a reason can be about. */
static bool is_snack(const lint_at *at, const uint8_t *quoted)
{
    (void)at;
    return rig_pdu_kind_of(quoted) == RIG_PDU_SNACK;
}

static bool is_data_ack(const lint_at *at, const uint8_t *quoted)
{
    return is_snack(at, quoted) && rig_get32(quoted, RIG_F_SNACK_TYPE) == 2;
}

static bool is_immediate(const lint_at *at, const uint8_t *quoted)
{
    (void)at;
    return quoted[0] & 0x40;
}

static bool has_data(const lint_at *at, const uint8_t *quoted)
{
    (void)at;
    return rig_get32(quoted, RIG_F_DATA_LEN) > 0;
}

/* A Logout was asked for, or is under way. */
static bool may_wait(const lint_at *at, const uint8_t *quoted)
{
    (void)quoted;
    return !lint_full(at) || at->conn->logout_due.set || at->conn->logging_out || at->conn->logged_out;
}

/* Functions 9 to 12 have their own response where a target does not support them. */
static bool may_be_unsupported(const lint_at *at, const uint8_t *quoted)
{
    uint32_t function = rig_get32(quoted, RIG_F_FUNCTION);
    return rig_pdu_kind_of(quoted) != RIG_PDU_TMF_REQ || function < 9 || function > 12 ||
           !lint_keys_known(at) || lint_of(at, LINT_N_LEVEL) < 2;
}

static const struct reason_row {
    const char *id;
    uint32_t reason;
    bool (*fits)(const lint_at *at, const uint8_t *quoted);
    const char *wanted;
} reason_rows[] = {
    {"REJ-003", 0x02, has_data, "another reason, as the rejected PDU has no data"},
    {"REJ-004", 0x03, is_snack, "another reason, as the rejected PDU is no SNACK"},
    {"REJ-007", 0x06, is_immediate, "another reason, as the rejected PDU is not immediate"},
    {"REJ-009", 0x08, is_data_ack, "another reason, as the rejected PDU is no DataACK"},
    {"REJ-013", 0x0c, may_wait, "another reason, as no Logout was asked for"},
    {"P44-008", 0x05, may_be_unsupported, "a response, as iSCSIProtocolLevel 2 knows the function"},
};

/* One rule a reason. */
void lint_reject_fits(lint_at *at)
{
    rig_view data = at->item->pdu.data;
    for (size_t i = 0; i < sizeof reason_rows / sizeof reason_rows[0] && data.len >= RIG_BHS_LEN; i++) {
        const struct reason_row *row = &reason_rows[i];
        if (strcmp(row->id, at->rule->id) == 0 && LINT_GET(at, REJECT_REASON) == row->reason &&
            !row->fits(at, data.ptr))
            lint_field_text(at, RIG_F_REJECT_REASON, "%s", row->wanted);
    }
}
