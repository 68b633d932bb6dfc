/* Task management (sections 11.5, 11.6). */
#include "lint.h"

enum { ABORT_TASK = 1, TARGET_WARM_RESET = 6, TASK_REASSIGN = 8, QUERY_TASK = 9, QUERY_ASYNC_EVENT = 12 };

static uint32_t function(const lint_at *at)
{
    return LINT_GET(at, FUNCTION);
}

void lint_function_known(lint_at *at)
{
    if (function(at) == 0 || function(at) > QUERY_ASYNC_EVENT)
        lint_field_text(at, RIG_F_FUNCTION, "1 to 12");
}

/* 7 is of RFC 7144 section 6.2. */
void lint_function_response(lint_at *at)
{
    uint32_t response = LINT_GET(at, TMF_RESPONSE);
    if (!rig_name(&rig_names_tmf_response, response))
        lint_field_text(at, RIG_F_TMF_RESPONSE, "0 to 7, or 255");
    else if (response == 7 && lint_keys_known(at) && lint_of(at, LINT_N_LEVEL) < 2)
        lint_field_text(at, RIG_F_TMF_RESPONSE, "0 to 6, or 255, as iSCSIProtocolLevel is below 2");
}

void lint_function_level(lint_at *at)
{
    if (lint_keys_known(at) && function(at) >= QUERY_TASK && function(at) <= QUERY_ASYNC_EVENT &&
        lint_of(at, LINT_N_LEVEL) < 2)
        lint_field_text(at, RIG_F_FUNCTION, "1 to 8, as iSCSIProtocolLevel is below 2");
}

void lint_referenced_tag(lint_at *at)
{
    uint32_t f = function(at);
    bool one = f == ABORT_TASK || f == TASK_REASSIGN || f == QUERY_TASK;
    if (!one && f >= 1 && f < QUERY_TASK && LINT_GET(at, REF_TAG) != RIG_TAG_NONE)
        lint_field(at, RIG_F_REF_TAG, RIG_TAG_NONE);
}

void lint_referenced_tag_later(lint_at *at)
{
    if (function(at) > QUERY_TASK && function(at) <= QUERY_ASYNC_EVENT &&
        LINT_GET(at, REF_TAG) != RIG_TAG_NONE)
        lint_field(at, RIG_F_REF_TAG, RIG_TAG_NONE);
}

/* The task that a function names, when all of it is known. */
static const lint_task *referenced(const lint_at *at)
{
    const lint_task *task = lint_full(at) ? lint_task_find(at->session, LINT_GET(at, REF_TAG)) : NULL;
    return task && task->sure && !task->refused && !task->aborted ? task : NULL;
}

/* One row for ABORT TASK, one for QUERY TASK, which RFC 7144 has added. */
static bool own_function(const lint_at *at)
{
    bool later = rig_view_starts(rig_view_str(at->rule->section), "7144:");
    return function(at) == (later ? QUERY_TASK : ABORT_TASK);
}

void lint_referenced_sn(lint_at *at)
{
    const lint_task *task = referenced(at);
    if (!task || !own_function(at))
        return;
    uint32_t expected = task->immediate ? LINT_GET(at, CMD_SN) : task->cmd_sn;
    if (LINT_GET(at, REF_CMD_SN) != expected)
        lint_field(at, RIG_F_REF_CMD_SN, expected);
}

void lint_referenced_lun(lint_at *at)
{
    const lint_task *task = referenced(at);
    if (task && function(at) == ABORT_TASK && LINT_GET64(at, LUN) != task->lun)
        lint_field(at, RIG_F_LUN, task->lun);
    if (function(at) >= TARGET_WARM_RESET && function(at) <= TASK_REASSIGN && LINT_GET64(at, LUN))
        lint_field(at, RIG_F_LUN, 0);
}

void lint_abort_connection(lint_at *at)
{
    const lint_task *task = referenced(at);
    if (task && own_function(at) && task->conn != at->conn)
        lint_part_number(at, "connection", at->conn->index, "%u, that of the task", task->conn->index);
}

void lint_reassign_immediate(lint_at *at)
{
    if (function(at) == TASK_REASSIGN && !LINT_GET(at, I))
        lint_field(at, RIG_F_I, 1);
}

static bool ended_is_answered(const lint_at *at, bool by_abort)
{
    return lint_full(at) && at->task && at->task->aborted && at->task->by_abort == by_abort &&
           lint_carries_status(at);
}

void lint_ended_by_function(lint_at *at)
{
    if (ended_is_answered(at, false))
        lint_field_text(at, RIG_F_ITT, "no task that a task management function ended");
}

void lint_ended_by_abort(lint_at *at)
{
    if (ended_is_answered(at, true))
        lint_field_text(at, RIG_F_ITT, "no task that was aborted");
}

/* A discovery session takes SendTargets and the Logout that ends it (section 4.3); a response that says no
 * is a refusal, too. */
void lint_tmf_in_discovery(lint_at *at)
{
    if (lint_full(at) && at->session->discovery && LINT_GET(at, TMF_RESPONSE) == 0)
        lint_part(at, "PDU", 0, "a Reject in a discovery session", "TmfResp");
}
