/* SCSI Command (section 11.3). */
#include "lint.h"

#include "rig/cdb.h"

void lint_f_or_w(lint_at *at)
{
    if (!LINT_GET(at, F) && !LINT_GET(at, W))
        lint_field(at, RIG_F_F, 1);
}

void lint_f_promise(lint_at *at)
{
    if (lint_keys_known(at) && !LINT_GET(at, F) && lint_of(at, LINT_N_INITIAL_R2T))
        lint_field(at, RIG_F_F, 1);
}

void lint_f_immediate(lint_at *at)
{
    if (LINT_GET(at, W) && !LINT_GET(at, F) && at->item->data_len >= LINT_GET(at, EDTL))
        lint_field(at, RIG_F_F, 1);
}

void lint_direction(lint_at *at)
{
    if (LINT_GET(at, EDTL) > 0 && !LINT_GET(at, R) && !LINT_GET(at, W))
        lint_field_text(at, RIG_F_EDTL, "0, as neither R nor W is set");
}

void lint_cdb_direction(lint_at *at)
{
    const rig_cdb_row *row = at->cdb;
    bool read = LINT_GET(at, R), write = LINT_GET(at, W);
    if (!row || LINT_GET(at, EDTL) == 0 || (!read && !write))
        return;
    if (row->data == RIG_CDB_IN && (!read || write))
        lint_part(at, "R, W", 1, "R=1 W=0, as the CDB reads", write && read ? "R=1 W=1" : "R=0 W=1");
    if (row->data == RIG_CDB_OUT && (read || !write))
        lint_part(at, "R, W", 1, "R=0 W=1, as the CDB writes", write && read ? "R=1 W=1" : "R=1 W=0");
}

void lint_cdb_padding(lint_at *at)
{
    const rig_cdb_row *row = at->cdb;
    const uint8_t *cdb = at->bhs + rig_fields[RIG_F_CDB].byte;
    for (unsigned i = row ? row->len : 16; i < 16; i++)
        if (cdb[i]) {
            char seen[16];
            rig_text text;
            rig_text_init(&text, seen, sizeof seen);
            rig_text_add(&text, "0x%02x", cdb[i]);
            lint_part(at, "CDB padding", rig_fields[RIG_F_CDB].byte + i, "0", seen);
            return;
        }
}

void lint_attribute(lint_at *at)
{
    if (LINT_GET(at, ATTR) > 4)
        lint_field_text(at, RIG_F_ATTR, "0 to 4");
}

void lint_priority(lint_at *at)
{
    if (lint_keys_known(at) && LINT_GET(at, PRIORITY) && lint_of(at, LINT_N_LEVEL) < 2)
        lint_field(at, RIG_F_PRIORITY, 0);
}

void lint_bidi_segment(lint_at *at)
{
    rig_view rest = at->item->pdu.ahs;
    rig_ahs ahs;
    if (!LINT_GET(at, R) || !LINT_GET(at, W))
        return;
    while (rig_ahs_next(&rest, &ahs, NULL) == RIG_OK)
        if (ahs.type == RIG_AHS_BIDI)
            return;
    lint_part(at, "AHSType", RIG_BHS_LEN, "2, the length of what is read", "no such segment");
}

void lint_immediate_write(lint_at *at)
{
    if (at->item->data_len > 0 && !LINT_GET(at, W))
        lint_field(at, RIG_F_DATA_LEN, 0);
}

void lint_immediate_allowed(lint_at *at)
{
    if (lint_keys_known(at) && at->item->data_len > 0 && LINT_GET(at, W) && !lint_of(at, LINT_N_IMMEDIATE))
        lint_field(at, RIG_F_DATA_LEN, 0);
}

void lint_immediate_size(lint_at *at)
{
    uint64_t burst, edtl = LINT_GET(at, EDTL);
    if (!lint_keys_known(at) || !LINT_GET(at, W))
        return;
    burst = lint_of(at, LINT_N_FIRST_BURST);
    if (at->item->data_len > edtl)
        lint_field_text(at, RIG_F_DATA_LEN, "at most %u, the EDTL", (unsigned)edtl);
    else if (at->item->data_len > burst)
        lint_field_text(at, RIG_F_DATA_LEN, "at most %u, the FirstBurstLength", (unsigned)burst);
}

void lint_status_qualifier(lint_at *at)
{
    if (lint_keys_known(at) && lint_of(at, LINT_N_LEVEL) < 2 && LINT_GET(at, STATUS_QUALIFIER))
        lint_field(at, RIG_F_STATUS_QUALIFIER, 0);
}

/* REJECT is what a command of a discovery session gets (section 4.3); a status that says no is a refusal,
 * too.
 */
void lint_command_in_discovery(lint_at *at)
{
    bool refuses =
        at->kind == RIG_PDU_SCSI_RESP && (LINT_GET(at, SCSI_RESPONSE) || LINT_GET(at, SCSI_STATUS));
    if (lint_full(at) && at->session->discovery && !refuses)
        lint_part(at, "PDU", 0, "a Reject in a discovery session", rig_pdu_rows[at->kind].name);
}

/* Section 7.2.1: a retry is the same command. */
void lint_retry_same(lint_at *at)
{
    const lint_task *task = at->task;
    if (lint_full(at) && task && task->sure && !task->refused && !task->aborted && task->mark &&
        lint_retry(at) && lint_retry_mark(at->bhs) != task->mark)
        lint_part(at, "header", 1, "the flags, LUN, EDTL and CDB of the command that is sent again",
                  "others");
}
