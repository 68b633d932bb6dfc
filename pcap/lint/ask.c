/* Questions that several rules ask. */
#include "lint.h"

bool lint_full(const lint_at *at)
{
    return at->conn->phase == LINT_FULL && !at->conn->muted && at->session;
}

bool lint_keys_known(const lint_at *at)
{
    return lint_full(at) && at->conn->keys_known && at->session && at->session->keys_known;
}

uint64_t lint_of(const lint_at *at, lint_number number)
{
    return at->session->numbers[number];
}

bool lint_several(const lint_at *at)
{
    const lint_session *session = at->session;
    return session &&
           (session->joined > 1 || !session->keys_known || session->numbers[LINT_N_CONNECTIONS] > 1);
}

bool lint_all_seen(const lint_at *at)
{
    const lint_session *session = at->session;
    return session && session->keys_known && session->live >= session->numbers[LINT_N_CONNECTIONS];
}

bool lint_numbered(const lint_at *at)
{
    return (rig_fields[RIG_F_I].pdus >> at->kind & 1) && at->kind != RIG_PDU_LOGIN_REQ && !LINT_GET(at, I);
}

bool lint_carries_status(const lint_at *at)
{
    const uint32_t always = RIG_IN(SCSI_RESP) | RIG_IN(TMF_RESP) | RIG_IN(TEXT_RESP) | RIG_IN(LOGOUT_RESP) |
                            RIG_IN(ASYNC) | RIG_IN(REJECT);
    if (at->kind == RIG_PDU_DATA_IN)
        return LINT_GET(at, S) != 0;
    if (at->kind == RIG_PDU_NOP_IN) /* a ping of the target does not advance it (11.19.2) */
        return LINT_GET(at, ITT) != RIG_TAG_NONE;
    return always >> at->kind & 1;
}

/* Retransmissions keep their number (sections 7.2.1 and 11.16), which only recovery levels above 0 know. */
bool lint_recovers(const lint_at *at)
{
    return !at->session || !at->session->keys_known || lint_of(at, LINT_N_ERL) > 0;
}

bool lint_data_again(const lint_at *at)
{
    uint32_t sn = at->kind == RIG_PDU_R2T ? LINT_GET(at, R2T_SN) : LINT_GET(at, DATA_SN);
    return lint_recovers(at) && at->task && rig_sn_lt(sn, at->task->in_sn);
}

bool lint_scsi(const lint_at *at)
{
    return at->task && at->task->kind == RIG_PDU_SCSI_CMD && at->task->sure && !at->task->refused &&
           lint_full(at);
}

bool lint_retry(const lint_at *at)
{
    const lint_task *task = at->task;
    bool text = at->kind == RIG_PDU_TEXT_REQ;
    uint32_t cmd_sn = text ? at->conn->text.cmd_sn : task ? task->cmd_sn : 0;
    return task && task->kind == at->kind && !LINT_GET(at, I) && cmd_sn == LINT_GET(at, CMD_SN) &&
           (!lint_keys_known(at) || lint_of(at, LINT_N_ERL) > 0);
}

rig_view lint_text_of(const lint_at *at)
{
    return at->item->text;
}

bool lint_text_complete(const lint_at *at)
{
    return !LINT_GET(at, C) && !at->item->missing && at->item->text.len >= at->item->data_len;
}

bool lint_has_key(rig_view text, const char *key, rig_view *out_value)
{
    const uint8_t *base = text.ptr;
    rig_pair pair;
    while (rig_pair_next(base, &text, &pair, NULL) == RIG_OK)
        if (rig_view_is(pair.key, key)) {
            if (out_value)
                *out_value = pair.value;
            return true;
        }
    return false;
}

bool lint_special(rig_view value)
{
    return rig_view_is(value, "Reject") || rig_view_is(value, "Irrelevant") ||
           rig_view_is(value, "NotUnderstood");
}

bool lint_parse(const lint_key *key, rig_view value, uint64_t *out_number)
{
    bool yes;
    if (key->kind == LINT_KEY_AND || key->kind == LINT_KEY_OR) {
        if (!rig_bool_parse(value, &yes))
            return false;
        *out_number = yes;
        return true;
    }
    return key->high > 0 && rig_number_parse(value, out_number);
}

bool lint_key_has_result(const lint_key *key)
{
    return key->kind != LINT_KEY_DECLARED && key->kind != LINT_KEY_OTHER;
}

uint32_t lint_unsolicited_max(const lint_at *at)
{
    uint64_t burst = lint_of(at, LINT_N_FIRST_BURST);
    return at->task->edtl < burst ? at->task->edtl : (uint32_t)burst;
}

/* FNV-1a: names and pings are compared, not kept. */
uint64_t lint_hash(uint64_t hash, rig_view bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.ptr[i]) * 1099511628211u;
    return hash;
}

uint64_t lint_name_hash(rig_view name)
{
    uint64_t hash = LINT_HASH_START;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        c = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        hash = lint_hash(hash, rig_view_of(&c, 1));
    }
    return hash;
}

const lint_said *lint_said_of(const lint_at *at, const char *key)
{
    for (size_t k = 0; k < lint_num_keys && at->conn->said; k++)
        if (strcmp(lint_keys[k].name, key) == 0)
            return &at->conn->said[k];
    return NULL;
}

/* Flags, LUN, tag, EDTL and CDB (section 7.2.1). */
uint64_t lint_retry_mark(const uint8_t *bhs)
{
    uint64_t mark = lint_hash(LINT_HASH_START, rig_view_of(bhs + 1, 1));
    mark = lint_hash(mark, rig_view_of(bhs + 8, 16));
    return lint_hash(mark, rig_view_of(bhs + 32, 16)) | 1;
}

bool lint_bad_key(rig_view text, const rig_pair *pair)
{
    const uint8_t *end = text.ptr + text.len, *sign = pair->key.ptr + pair->key.len;
    return sign < end && *sign == '=' && pair->value.ptr + pair->value.len < end && !rig_key_valid(pair->key);
}
