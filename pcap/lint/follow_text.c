/* Text Requests and Responses: one exchange a connection at a time. */
#include "lint.h"

static void follow_send_targets(lint_at *at, lint_exchange *text)
{
    rig_view value;
    if (!lint_has_key(lint_text_of(at), "SendTargets", &value))
        return;
    text->send_targets = true;
    text->asks_all = rig_view_is(value, "All");
    text->asks_one = value.len > 0 && !text->asks_all;
    text->asked = lint_name_hash(value);
}

static void follow_request(lint_at *at)
{
    lint_exchange *text = &at->conn->text;
    bool begins = LINT_GET(at, TTT) == RIG_TAG_NONE;
    at->conn->text_due.set = false;
    if (text->pending && lint_retry(at))
        return;
    if (begins) {
        *text = (lint_exchange){.ttt = RIG_TAG_NONE};
        at->conn->text_lost = false;
    }
    text->pending = true;
    text->itt = LINT_GET(at, ITT);
    text->cmd_sn = LINT_GET(at, CMD_SN);
    text->immediate = LINT_GET(at, I) != 0;
    text->asks_f = LINT_GET(at, F) != 0;
    text->asks_c = LINT_GET(at, C) != 0;
    if (!LINT_GET(at, C) && !lint_text_complete(at))
        at->conn->text_lost = true;
    follow_send_targets(at, text);
}

static void follow_response(lint_at *at)
{
    lint_exchange *text = &at->conn->text;
    text->pending = false;
    text->going_on = !LINT_GET(at, F);
    text->says_c = LINT_GET(at, C) != 0;
    text->ttt = LINT_GET(at, TTT);
    text->lun = LINT_GET64(at, LUN);
    if (!text->going_on)
        lint_forget_keys(at->lint, at->conn);
}

void lint_follow_text(lint_at *at)
{
    if (at->kind == RIG_PDU_TEXT_REQ)
        follow_request(at);
    else if (at->kind == RIG_PDU_TEXT_RESP)
        follow_response(at);
}
