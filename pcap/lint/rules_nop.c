/* NOP-Out and NOP-In (sections 11.18, 11.19). */
#include "lint.h"

void lint_nop_immediate(lint_at *at)
{
    if (LINT_GET(at, ITT) == RIG_TAG_NONE && !LINT_GET(at, I))
        lint_field(at, RIG_F_I, 1);
}

static const uint64_t *pinged_lun(const lint_at *at)
{
    for (uint32_t i = 0; i < at->conn->num_pings; i++)
        if (at->conn->pings[i].ttt == LINT_GET(at, TTT))
            return &at->conn->pings[i].lun;
    return NULL;
}

/* Each ping is answered once; an answer takes it off the list. */
void lint_nop_tag(lint_at *at)
{
    if (lint_full(at) && !at->conn->pings_lost && LINT_GET(at, TTT) != RIG_TAG_NONE && !pinged_lun(at))
        lint_field_text(at, RIG_F_TTT, "none, or the tag of a ping that awaits its answer");
}

void lint_nop_answer(lint_at *at)
{
    if (LINT_GET(at, TTT) != RIG_TAG_NONE && LINT_GET(at, ITT) != RIG_TAG_NONE)
        lint_field(at, RIG_F_ITT, RIG_TAG_NONE);
}

void lint_nop_lun(lint_at *at)
{
    const uint64_t *lun = lint_full(at) ? pinged_lun(at) : NULL;
    if (lun && LINT_GET64(at, LUN) != *lun)
        lint_field(at, RIG_F_LUN, *lun);
}

void lint_nop_in_data(lint_at *at)
{
    if (LINT_GET(at, ITT) == RIG_TAG_NONE && at->item->data_len > 0)
        lint_field(at, RIG_F_DATA_LEN, 0);
}

void lint_nop_in_tag(lint_at *at)
{
    if (LINT_GET(at, ITT) != RIG_TAG_NONE && LINT_GET(at, TTT) != RIG_TAG_NONE)
        lint_field(at, RIG_F_TTT, RIG_TAG_NONE);
}

void lint_nop_echo(lint_at *at)
{
    const lint_task *task = at->task;
    uint32_t len = at->item->data_len, limit = at->conn->limit[RIG_LINT_INITIATOR];
    if (!lint_full(at) || !task || task->kind != RIG_PDU_NOP_OUT || !task->sure || limit == UINT32_MAX)
        return;
    uint32_t expected = task->ping_len < limit ? task->ping_len : limit;
    if (len != expected)
        lint_field(at, RIG_F_DATA_LEN, expected);
    else if (len == task->ping_len && at->item->pdu.data.len == len &&
             lint_hash(LINT_HASH_START, at->item->pdu.data) != task->ping_hash)
        lint_part(at, "ping data", RIG_BHS_LEN, "what the ping carried", "other bytes");
}

void lint_nop_in_discovery(lint_at *at)
{
    if (lint_full(at) && at->session->discovery && LINT_GET(at, ITT) != RIG_TAG_NONE)
        lint_part(at, "PDU", 0, "a Reject in a discovery session", "NopIn");
}
