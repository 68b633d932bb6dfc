/* SCSI Response: service response, status, sense, and how much was moved (section 11.4). */
#include "lint.h"

static bool ends_task(const lint_at *at)
{
    return at->kind == RIG_PDU_SCSI_RESP || LINT_GET(at, S);
}

static bool completed(const lint_at *at)
{
    return at->kind == RIG_PDU_DATA_IN || LINT_GET(at, SCSI_RESPONSE) == 0;
}

void lint_flags_exclusive(lint_at *at)
{
    if (!ends_task(at))
        return;
    if (LINT_GET(at, OVERFLOW) && LINT_GET(at, UNDERFLOW))
        lint_part(at, "O, U", 1, "at most one of them", "both");
    if (at->kind == RIG_PDU_SCSI_RESP && LINT_GET(at, BIDI_OVERFLOW) && LINT_GET(at, BIDI_UNDERFLOW))
        lint_part(at, "o, u", 1, "at most one of them", "both");
}

void lint_flags_bidi(lint_at *at)
{
    bool any = LINT_GET(at, BIDI_OVERFLOW) || LINT_GET(at, BIDI_UNDERFLOW);
    if (lint_scsi(at) && any && !(at->task->read && at->task->write))
        lint_part(at, "o, u", 1, "0, as the command moves data one way only", "1");
}

void lint_flags_failed(lint_at *at)
{
    bool any = LINT_GET(at, OVERFLOW) || LINT_GET(at, UNDERFLOW) || LINT_GET(at, BIDI_OVERFLOW) ||
               LINT_GET(at, BIDI_UNDERFLOW);
    if (!completed(at) && any)
        lint_part(at, "o, u, O, U", 1, "0, as the command did not complete", "1");
}

void lint_response_code(lint_at *at)
{
    uint32_t response = LINT_GET(at, SCSI_RESPONSE);
    if (response > 1 && response < 0x80)
        lint_field_text(at, RIG_F_SCSI_RESPONSE, "0, 1, or 0x80 to 0xff");
}

void lint_status_code(lint_at *at)
{
    uint32_t status = LINT_GET(at, SCSI_STATUS);
    bool linked = status == 0x10 || status == 0x14; /* INTERMEDIATE, as RFC 7143 still knows it */
    if (completed(at) && !linked && !rig_name(&rig_names_scsi_status, status))
        lint_field_text(at, RIG_F_SCSI_STATUS, "a status of SAM");
}

void lint_sense_there(lint_at *at)
{
    rig_view data = at->item->pdu.data;
    if (!completed(at) || LINT_GET(at, SCSI_STATUS) != 2 || at->item->missing)
        return;
    if (at->item->data_len < 2 || (data.len >= 2 && rig_be_get(data.ptr, 2) == 0))
        lint_part(at, "sense data", RIG_BHS_LEN, "sense data behind its length", "none");
}

void lint_sense_length(lint_at *at)
{
    rig_view data = at->item->pdu.data;
    if (data.len >= 2 && rig_be_get(data.ptr, 2) > at->item->data_len - 2)
        lint_part_number(at, "SenseLength", rig_be_get(data.ptr, 2), "at most %u, the bytes behind it",
                         at->item->data_len - 2);
}

/* A response may have crossed the SNACK; of several it may repeat any tag. */
void lint_snack_tag(lint_at *at)
{
    const lint_task *task = at->task;
    uint32_t tag = LINT_GET(at, SNACK_TAG);
    if (lint_scsi(at) && tag)
        lint_field(at, RIG_F_SNACK_TAG, 0);
    else if (lint_full(at) && task && task->r_data == 1 && task->conn == at->conn && tag &&
             tag != task->snack_tag)
        lint_field(at, RIG_F_SNACK_TAG, task->snack_tag);
}

/* Section 11.4.8 counts the Data-In PDUs; those of a bidirectional command share their numbers with R2Ts
 * (section 4.2.2.4), so that both counts are heard of. */
void lint_exp_data_sn(lint_at *at)
{
    uint32_t count = LINT_GET(at, EXP_DATA_SN);
    if (!lint_scsi(at))
        return;
    if (!completed(at) && count)
        lint_field(at, RIG_F_EXP_DATA_SN, 0);
    bool shared = at->task->read && at->task->write && count == at->task->in_sn;
    if (completed(at) && !shared && count != at->task->num_in)
        lint_field(at, RIG_F_EXP_DATA_SN, at->task->num_in);
}

void lint_residual_zero(lint_at *at)
{
    if (ends_task(at) && completed(at) && !LINT_GET(at, OVERFLOW) && !LINT_GET(at, UNDERFLOW) &&
        LINT_GET(at, RESIDUAL))
        lint_field(at, RIG_F_RESIDUAL, 0);
}

/* What came of a command that ended well is what its data PDUs carried. */
static bool moved(const lint_at *at, bool write, uint32_t *out_bytes, uint32_t *out_wanted)
{
    if (!ends_task(at) || !lint_scsi(at) || !completed(at) || LINT_GET(at, SCSI_STATUS) != 0 ||
        !(write ? at->task->write : at->task->read && !at->task->write))
        return false;
    *out_bytes = write ? at->task->out_bytes : at->task->in_bytes;
    if (at->kind == RIG_PDU_DATA_IN)
        *out_bytes += at->item->data_len;
    *out_wanted = write ? at->task->edtl : at->task->read_len;
    return *out_bytes <= *out_wanted;
}

void lint_underflow(lint_at *at)
{
    uint32_t bytes, wanted;
    if (!moved(at, false, &bytes, &wanted) || LINT_GET(at, OVERFLOW))
        return;
    if (LINT_GET(at, UNDERFLOW) && LINT_GET(at, RESIDUAL) != wanted - bytes)
        lint_field(at, RIG_F_RESIDUAL, wanted - bytes);
    if (!LINT_GET(at, UNDERFLOW) && bytes < wanted)
        lint_field_text(at, RIG_F_UNDERFLOW, "1 and a residual of %u", wanted - bytes);
}

void lint_bidi_underflow(lint_at *at)
{
    const lint_task *task = at->task;
    if (!lint_scsi(at) || !completed(at) || LINT_GET(at, SCSI_STATUS) != 0 || !task->read || !task->write ||
        LINT_GET(at, BIDI_OVERFLOW) || task->in_bytes > task->read_len)
        return;
    uint32_t missing = task->read_len - task->in_bytes;
    if (LINT_GET(at, BIDI_UNDERFLOW) && LINT_GET(at, BIDI_RESIDUAL) != missing)
        lint_field(at, RIG_F_BIDI_RESIDUAL, missing);
    if (!LINT_GET(at, BIDI_UNDERFLOW) && missing)
        lint_field_text(at, RIG_F_BIDI_UNDERFLOW, "1 and a residual of %u", missing);
}

void lint_overflow(lint_at *at)
{
    uint32_t bytes, wanted;
    if (moved(at, false, &bytes, &wanted) && LINT_GET(at, OVERFLOW) && bytes != wanted)
        lint_part_number(at, "bytes read", bytes, "%u, as O=1 says that there was more", wanted);
}

/* A target may take less than it was sent, but not complete what it never asked for. */
void lint_write_residual(lint_at *at)
{
    uint32_t bytes, wanted;
    if (!moved(at, true, &bytes, &wanted) || LINT_GET(at, OVERFLOW))
        return;
    if (LINT_GET(at, UNDERFLOW) && LINT_GET(at, RESIDUAL) > wanted)
        lint_field_text(at, RIG_F_RESIDUAL, "at most %u, the EDTL", wanted);
    if (LINT_GET(at, UNDERFLOW) && LINT_GET(at, RESIDUAL) < wanted - bytes)
        lint_field_text(at, RIG_F_RESIDUAL, "at least %u, what was not sent", wanted - bytes);
    if (!LINT_GET(at, UNDERFLOW) && bytes < wanted)
        lint_field_text(at, RIG_F_UNDERFLOW, "1 and a residual of at least %u", wanted - bytes);
}

/* SPC: a device sends no more than the allocation length. An overflow is what of it EDTL had no room for. */
void lint_cdb_length(lint_at *at)
{
    uint32_t bytes, wanted, most = at->task ? at->task->cdb_bytes : UINT32_MAX;
    if (!moved(at, false, &bytes, &wanted) || most == UINT32_MAX)
        return;
    if (bytes > most)
        lint_part_number(at, "bytes read", bytes, "at most %u, the allocation length", most);
    uint32_t room = most > wanted ? most - wanted : 0;
    if (LINT_GET(at, OVERFLOW) && LINT_GET(at, RESIDUAL) > room)
        lint_field_text(at, RIG_F_RESIDUAL, "at most %u, as the allocation length is %u", room, most);
}
