/* Text Request and Response, and the form of all text (sections 6.1, 6.4, 11.10, 11.11). */
#include "lint.h"

void lint_text_form(lint_at *at)
{
    rig_view rest = lint_text_of(at);
    const uint8_t *base = rest.ptr;
    rig_pair pair;
    rig_error error = {0};
    rig_status status;
    if (!lint_text_complete(at))
        return;
    do
        status = rig_pair_next(base, &rest, &pair, &error);
    while (status == RIG_OK || (status == RIG_E_SYNTAX && lint_bad_key(lint_text_of(at), &pair)));
    if (status == RIG_E_SYNTAX)
        lint_part(at, "text", RIG_BHS_LEN, "key=value pairs, each with a NUL behind it", error.text);
}

/* Who answers NotUnderstood to such a key repeats it. Private keys have their own row (section 13.22). */
void lint_text_keys(lint_at *at)
{
    rig_view text = lint_text_of(at), rest = text;
    bool own = strcmp(at->rule->id, "NEG-039") == 0;
    rig_pair pair;
    rig_status status = lint_text_complete(at) ? RIG_OK : RIG_E_NOT_FOUND;
    while (status != RIG_E_NOT_FOUND) {
        status = rig_pair_next(text.ptr, &rest, &pair, NULL);
        if (status == RIG_E_SYNTAX && lint_bad_key(text, &pair) && !lint_special(pair.value) &&
            rig_view_starts(pair.key, "X-") == own) {
            at->pair = pair;
            lint_value(at, "a key: a capital letter, then letters, digits and . - + @ _, at most 63 in all");
        }
    }
}

void lint_text_continues(lint_at *at)
{
    if (LINT_GET(at, C) && LINT_GET(at, F))
        lint_field(at, RIG_F_F, 0);
}

void lint_text_turns(lint_at *at)
{
    if (lint_full(at) && at->conn->text.pending && !lint_retry(at))
        lint_part(at, "PDU", 0, "the response to the last request first", "TextReq");
}

static bool seen_whole(const lint_at *at)
{
    return lint_full(at) && !at->conn->text_lost;
}

void lint_text_end_asked(lint_at *at)
{
    if (seen_whole(at) && at->conn->text.pending && LINT_GET(at, F) && !at->conn->text.asks_f)
        lint_field(at, RIG_F_F, 0);
}

/* 6.4: an initiator may take it for the end of a negotiation that has none. */
void lint_text_end_empty(lint_at *at)
{
    const lint_exchange *text = &at->conn->text;
    if (seen_whole(at) && text->pending && text->asks_f && !text->asks_c && !LINT_GET(at, F) &&
        at->item->data_len == 0)
        lint_part(at, "text", RIG_BHS_LEN, "keys, or F=1", "none");
}

void lint_text_end_tag(lint_at *at)
{
    if (LINT_GET(at, F) && LINT_GET(at, TTT) != RIG_TAG_NONE)
        lint_field(at, RIG_F_TTT, RIG_TAG_NONE);
}

void lint_text_more_tag(lint_at *at)
{
    if (!LINT_GET(at, F) && LINT_GET(at, TTT) == RIG_TAG_NONE)
        lint_field_text(at, RIG_F_TTT, "a tag, as F=0");
}

static bool goes_on(const lint_at *at)
{
    return seen_whole(at) && LINT_GET(at, TTT) != RIG_TAG_NONE;
}

void lint_text_tag_copied(lint_at *at)
{
    const lint_exchange *text = &at->conn->text;
    if (!goes_on(at))
        return;
    if (!text->going_on)
        lint_field(at, RIG_F_TTT, RIG_TAG_NONE);
    else if (LINT_GET(at, TTT) != text->ttt)
        lint_field(at, RIG_F_TTT, text->ttt);
    else if (LINT_GET64(at, LUN) != text->lun)
        lint_field(at, RIG_F_LUN, text->lun);
}

void lint_text_same(lint_at *at)
{
    const lint_exchange *text = &at->conn->text;
    if (!goes_on(at) || !text->going_on)
        return;
    if (LINT_GET(at, ITT) != text->itt)
        lint_field(at, RIG_F_ITT, text->itt);
    else if (LINT_GET(at, I) != text->immediate)
        lint_field(at, RIG_F_I, text->immediate);
}

void lint_text_part_answer(lint_at *at)
{
    bool asked = at->kind == RIG_PDU_TEXT_RESP ? at->conn->text.asks_c : goes_on(at) && at->conn->text.says_c;
    if (seen_whole(at) && asked && at->item->data_len > 0)
        lint_field(at, RIG_F_DATA_LEN, 0);
}

void lint_send_targets_alone(lint_at *at)
{
    rig_view text = lint_text_of(at), rest = text;
    rig_pair pair;
    unsigned num = 0;
    if (!lint_text_complete(at) || !lint_has_key(text, "SendTargets", NULL))
        return;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK)
        num++;
    if (num > 1)
        lint_part_number(at, "keys beside SendTargets", num - 1, "0");
}
