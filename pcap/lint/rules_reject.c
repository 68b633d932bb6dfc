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
