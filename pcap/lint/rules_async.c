/* Asynchronous Message (section 11.9). */
#include "lint.h"

enum { SCSI_EVENT = 0, TASK_TERMINATION = 5 };

void lint_async_lun(lint_at *at)
{
    uint32_t event = LINT_GET(at, ASYNC_EVENT);
    if (event != SCSI_EVENT && event != TASK_TERMINATION && LINT_GET64(at, LUN))
        lint_field(at, RIG_F_LUN, 0);
}

void lint_async_fast_abort(lint_at *at)
{
    if (lint_keys_known(at) && LINT_GET(at, ASYNC_EVENT) == TASK_TERMINATION && !at->session->fast_abort)
        lint_field_text(at, RIG_F_ASYNC_EVENT, "another event, as FastAbort was not agreed on");
}

void lint_async_sense(lint_at *at)
{
    rig_view data = at->item->pdu.data;
    if (LINT_GET(at, ASYNC_EVENT) != SCSI_EVENT && data.len >= 2 && rig_be_get(data.ptr, 2) != 0)
        lint_part_number(at, "SenseLength", rig_be_get(data.ptr, 2), "0, as the event has no sense data");
}

/* NOP-In and Asynchronous Message. */
void lint_unasked_in_discovery(lint_at *at)
{
    if (lint_full(at) && at->session->discovery && LINT_GET(at, ITT) == RIG_TAG_NONE)
        lint_part(at, "PDU", 0, "nothing unasked in a discovery session", rig_pdu_rows[at->kind].name);
}

void lint_async_event(lint_at *at)
{
    uint32_t event = LINT_GET(at, ASYNC_EVENT);
    if (event > TASK_TERMINATION && event < 248)
        lint_field_text(at, RIG_F_ASYNC_EVENT, "0 to 5, or 248 to 255");
}

/* Acknowledged, so the initiator had seen the message when it sent this. */
static bool knows(const lint_at *at, const lint_due *due)
{
    return lint_full(at) && due->set && rig_sn_lt(due->stat_sn, LINT_GET(at, EXP_STAT_SN));
}

void lint_async_no_commands(lint_at *at)
{
    if (knows(at, &at->conn->logout_due) && !lint_retry(at))
        lint_part(at, "PDU", 0, "no new command, as the target has asked for a Logout", "ScsiCmd");
}

static void late(lint_at *at, const lint_due *due, const char *wanted)
{
    if (knows(at, due) && at->item->time > due->deadline + LINT_LATE)
        lint_part_number(at, "seconds", (at->item->time - due->deadline) / 1000000000,
                         "%s before the time of the Asynchronous Message was over", wanted);
}

void lint_async_logout_late(lint_at *at)
{
    late(at, &at->conn->logout_due, "a Logout");
}

void lint_async_text_late(lint_at *at)
{
    late(at, &at->conn->text_due, "a Text Request or Logout");
}
