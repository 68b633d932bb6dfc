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
