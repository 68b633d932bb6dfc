/* Logout (sections 11.14, 11.15). */
#include "lint.h"

void lint_logout_reason(lint_at *at)
{
    if (LINT_GET(at, LOGOUT_REASON) > 2)
        lint_field_text(at, RIG_F_LOGOUT_REASON, "0 to 2");
}

void lint_logout_response(lint_at *at)
{
    if (LINT_GET(at, LOGOUT_RESPONSE) > 3)
        lint_field_text(at, RIG_F_LOGOUT_RESPONSE, "0 to 3");
}

/* What answers a ping of the target, or acknowledges, begins no task; what was lost is not new (7.2.1). */
void lint_logout_quiet(lint_at *at)
{
    bool over = at->conn->logging_out || at->conn->logged_out;
    if (lint_full(at) && over && LINT_GET(at, ITT) != RIG_TAG_NONE && !lint_retry(at))
        lint_part(at, "PDU", 0, "no new request behind the Logout", rig_pdu_rows[at->kind].name);
}

void lint_logout_last(lint_at *at)
{
    if (lint_full(at) && at->conn->logged_out)
        lint_part(at, "PDU", 0, "none behind the Logout Response", rig_pdu_rows[at->kind].name);
}

void lint_logout_in_discovery(lint_at *at)
{
    const lint_conn *conn = at->conn;
    if (lint_full(at) && at->session->discovery && at->task && at->task->kind == RIG_PDU_LOGOUT_REQ &&
        at->task->function != 0 && at->task->sure && conn == at->task->conn &&
        LINT_GET(at, LOGOUT_RESPONSE) == 0)
        lint_field_text(at, RIG_F_LOGOUT_RESPONSE, "a Reject, as a discovery session is closed as a whole");
}
