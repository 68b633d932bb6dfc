/*
 * The one place where PDUs are queued: numbers, faults (tdeviate.c) and the effects of rules are put on here.
 *
 * A rule that fired for a request shapes every answer of its task. What stands instead of an answer ends the
 * task.
 */
#include "tgt.h"

void tgt_answer_init(tgt_answer *answer, const tgt_task *task, rig_pdu_kind kind)
{
    memset(answer, 0, offsetof(tgt_answer, bhs));
    answer->kind = kind;
    rig_bhs_init(answer->bhs, kind);
    if (kind != RIG_PDU_REJECT && kind != RIG_PDU_ASYNC)
        rig_set(answer->bhs, RIG_F_ITT, tgt_task_itt(task));
}

uint32_t tgt_reply_room(const tgt_conn *conn)
{
    uint32_t room = rig_txq_room(&conn->txq);
    return room > RIG_TXQ_MAX - TGT_QUEUE_MAX ? room - (RIG_TXQ_MAX - TGT_QUEUE_MAX) : 0;
}

/* How a PDU uses StatSN (section 11): takes one, shows the next one, or leaves the field reserved. */
typedef enum sn_use { SN_TAKES, SN_SHOWS, SN_RESERVED } sn_use;

static sn_use sn_of(const uint8_t *bhs, rig_pdu_kind kind)
{
    switch (kind) {
    case RIG_PDU_R2T:
        return SN_SHOWS;
    case RIG_PDU_NOP_IN:
        return rig_get32(bhs, RIG_F_ITT) == RIG_TAG_NONE ? SN_SHOWS : SN_TAKES;
    case RIG_PDU_DATA_IN:
        return rig_get(bhs, RIG_F_S) ? SN_TAKES : SN_RESERVED;
    default:
        return SN_TAKES;
    }
}

bool tgt_takes_stat_sn(const tgt_answer *answer)
{
    return sn_of(answer->bhs, answer->kind) == SN_TAKES;
}

static void stamp(tgt_conn *conn, tgt_answer *answer)
{
    uint32_t exp, max;
    uint8_t *bhs = answer->bhs;
    sn_use use = sn_of(bhs, answer->kind);
    tgt_conn_window(conn, &exp, &max);
    if (use == SN_SHOWS || (use == SN_TAKES && !answer->again))
        rig_set(bhs, RIG_F_STAT_SN, conn->stat_sn);
    if (use == SN_TAKES && !answer->again)
        conn->stat_sn++;
    rig_set(bhs, RIG_F_EXP_CMD_SN, exp);
    rig_set(bhs, RIG_F_MAX_CMD_SN, max);
    if (conn->session)
        conn->session->told_max = max;
}

/* ---- queueing ---- */

static void discard(tgt_conn *conn, tgt_answer *answer)
{
    rig_delete(conn->target->alloc, answer->owned, answer->owned_size);
    answer->owned = NULL;
}

static void fill_tx(rig_tx *tx, tgt_task *task, tgt_answer *answer)
{
    memcpy(tx->bhs, answer->bhs, RIG_BHS_LEN);
    tx->data_len = answer->data_len;
    if (answer->owned) {
        tx->flat = (struct iovec){answer->owned, answer->data_len};
        tx->owned = answer->owned;
        tx->owned_size = answer->owned_size;
    } else {
        tx->iov = answer->iov;
        tx->num_iov = answer->num_iov;
        tx->iov_offset = answer->iov_offset;
    }
    if (answer->refers) {
        tgt_task *holder = answer->holder ? answer->holder : task;
        tx->cookie = holder;
        holder->refs++;
    }
}

/* Numbers, and a place among what can be sent again; false when there is no memory for that. */
static bool number(tgt_task *task, tgt_answer *answer, const uint64_t *given)
{
    tgt_conn *conn = task->conn;
    uint8_t wanted[RIG_BHS_LEN];
    uint32_t stat_sn = conn->stat_sn;
    memcpy(wanted, answer->bhs, RIG_BHS_LEN);
    stamp(conn, answer);
    for (unsigned f = 0; given && f < RIG_FIELDS; f++)
        if (given[f / 64] >> f % 64 & 1 && rig_fields[f].bits > 0)
            rig_set(answer->bhs, (rig_field_id)f, rig_get(wanted, (rig_field_id)f));
    return sn_of(answer->bhs, answer->kind) != SN_TAKES || tgt_retain_status(task, answer, stat_sn);
}

/* The plain way of a PDU, without rules and faults. */
static bool push(tgt_task *task, tgt_answer *answer)
{
    rig_tx *tx = rig_txq_push(&task->conn->txq, answer->kind, NULL);
    if (!tx)
        return false;
    fill_tx(tx, task, answer);
    rig_txq_seal(&task->conn->txq);
    return true;
}

/* ---- PDUs that change places ---- */

/* Keeps a PDU back until another one has gone. */
static bool made_late(tgt_task *task, tgt_answer *answer)
{
    tgt_conn *conn = task->conn;
    uint32_t bit;
    if (answer->kind != RIG_PDU_DATA_IN || conn->late || answer->owned ||
        !tgt_deviates(task, answer, RIG_FAULT_DATA_IN_LATE, &bit))
        return false;
    conn->late = rig_new(conn->target->alloc, sizeof(*conn->late));
    if (conn->late)
        fill_tx(conn->late, task, answer);
    return conn->late != NULL;
}

static void send_late(tgt_conn *conn)
{
    rig_tx *late = conn->late;
    if (!late)
        return;
    tgt_made_wrong(conn, rig_fault_rows[RIG_FAULT_DATA_IN_LATE].name); /* the one that went before it */
    rig_tx *tx = rig_txq_push(&conn->txq, RIG_PDU_DATA_IN, NULL);
    if (!tx)
        return;
    memcpy(tx->bhs, late->bhs, RIG_BHS_LEN);
    tx->data_len = late->data_len;
    tx->iov = late->iov;
    tx->num_iov = late->num_iov;
    tx->iov_offset = late->iov_offset;
    tx->cookie = late->cookie;
    rig_txq_seal(&conn->txq);
    rig_delete(conn->target->alloc, late, sizeof(*late));
    conn->late = NULL;
    tgt_made_wrong(conn, rig_fault_rows[RIG_FAULT_DATA_IN_LATE].name);
}

/* The way of a PDU that rules or faults may touch. */
static bool push_shaped(tgt_task *task, tgt_answer *answer)
{
    tgt_conn *conn = task->conn;
    if (tgt_deviate_lost(task, answer)) {
        discard(conn, answer);
        return true;
    }
    if (made_late(task, answer))
        return true;
    rig_tx *tx = rig_txq_push(&conn->txq, answer->kind, NULL);
    if (!tx)
        return false;
    tgt_deviate_count(task, answer);
    tgt_deviate_numbers(task, answer);
    tgt_deviate_fields(task, answer);
    tgt_deviate_shape(task, answer);
    tgt_deviate_again(task, answer);
    tgt_deviate_payload(task, answer);
    tgt_deviate_segment(task, answer);
    fill_tx(tx, task, answer);
    tgt_deviate_digests(task, answer, tx);
    tgt_spoil_login(task, answer);
    tgt_spoil(task, answer, tx);
    rig_txq_seal(&conn->txq);
    tgt_deviate_lengths(task, answer, tx);
    tgt_cut_inside(task, answer);
    if (tgt_deviate_twice(task, answer) && !push(task, answer))
        return false;
    send_late(conn);
    return true;
}

/* Queues one PDU with its numbers; false when there is no memory for it. */
static bool queue(tgt_task *task, tgt_answer *answer, const uint64_t *given)
{
    tgt_conn *conn = task->conn;
    bool shaped = task->effects != 0 || conn->target->faulty || conn->late;
    const char *held_back = conn->held_back;
    uint64_t newest = conn->txq.newest;
    if (!number(task, answer, given) || !(shaped ? push_shaped(task, answer) : push(task, answer)))
        return false;
    if (held_back && conn->txq.newest != newest) {
        tgt_made_wrong(conn, held_back);
        conn->held_back = NULL;
    }
    return true;
}

/* ---- PDUs of a rule's own ---- */

/* What a login answer must repeat of its request (11.13), unless the rule says otherwise. */
static void fill_login(const tgt_task *task, const rig_rule_action *action, uint8_t *bhs)
{
    static const rig_field_id fields[] = {RIG_F_ISID, RIG_F_TSIH, RIG_F_CSG};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (!(action->given[fields[i] / 64] >> fields[i] % 64 & 1))
            rig_set(bhs, fields[i], rig_get(task->bhs, fields[i]));
}

static bool queue_made(tgt_task *task, const rig_rule_action *action)
{
    tgt_answer answer;
    tgt_answer_init(&answer, task, action->pdu);
    if (action->pdu == RIG_PDU_LOGIN_RESP)
        fill_login(task, action, answer.bhs);
    for (unsigned f = 0; f < RIG_FIELDS; f++)
        if (action->given[f / 64] >> f % 64 & 1 && rig_fields[f].bits > 0)
            rig_set(answer.bhs, (rig_field_id)f, rig_get(action->bhs, (rig_field_id)f));
    if (action->data.len > 0) {
        answer.owned = rig_new(task->conn->target->alloc, action->data.len);
        if (!answer.owned)
            return false;
        answer.owned_size = action->data.len;
        answer.data_len = (uint32_t)action->data.len;
        memcpy(answer.owned, action->data.ptr, action->data.len);
    }
    if (queue(task, &answer, action->given)) {
        tgt_made_wrong(task->conn, rig_pdu_rows[action->pdu].name);
        return true;
    }
    discard(task->conn, &answer);
    return false;
}

/* Queues what the rules of verb ask for, once a rule; false when there is no memory. */
static bool queue_all_made(tgt_task *task, rig_rule_verb verb)
{
    const rig_target *target = task->conn->target;
    for (uint32_t i = 0; task->effects >> i && i < target->num_rules; i++) {
        const rig_rule *rule = &target->rules[i];
        if (!(task->effects >> i & 1) || task->sent >> i & 1)
            continue;
        for (uint32_t j = 0; j < rule->num_actions; j++)
            if (rule->actions[j].verb == verb && !queue_made(task, &rule->actions[j]))
                return false;
    }
    return true;
}

static tgt_pushed end_task(tgt_task *task)
{
    tgt_task_finish(task);
    return TGT_OVER;
}

static tgt_pushed out_of_memory(tgt_conn *conn)
{
    tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory to answer");
    return TGT_OVER;
}

/* The conversation cannot go on behind something that replaced the end of a login. */
static tgt_pushed close_instead(tgt_task *task, bool flush, const char *what)
{
    tgt_deviated(task->conn, what);
    tgt_conn_end(task->conn, TGT_TRANSPORT_LOST, flush, RIG_E_ABORTED, what);
    return TGT_OVER;
}

/* Is there something instead of the answer? TGT_PUSHED: no, go on. */
static tgt_pushed instead(tgt_task *task, const tgt_answer *answer)
{
    tgt_conn *conn = task->conn;
    const rig_rule_action *action;
    uint32_t bit;
    if (tgt_deviates(task, answer, RIG_FAULT_RESET, &bit) || tgt_rule_action(task, RIG_DO_RESET))
        return close_instead(task, false, "reset");
    if (tgt_deviates(task, answer, RIG_FAULT_SILENCE, &bit)) {
        tgt_deviated(conn, rig_fault_rows[RIG_FAULT_SILENCE].name);
        return end_task(task);
    }
    if (tgt_rule_action(task, RIG_DO_REPLY))
        return queue_all_made(task, RIG_DO_REPLY) ? end_task(task) : out_of_memory(conn);
    if ((action = tgt_rule_action(task, RIG_DO_RAW))) {
        conn->raw = action->data;
        conn->txq.newest = conn->txq.sealed;
        conn->txq.sealed += action->data.len;
        tgt_made_wrong(conn, "raw");
        return end_task(task);
    }
    if (tgt_rule_action(task, RIG_DO_CLOSE))
        return close_instead(task, true, "close");
    return TGT_PUSHED;
}

static bool queue_alien(tgt_task *task, const tgt_answer *answer)
{
    tgt_answer alien;
    if (!tgt_deviate_alien(task, answer, &alien))
        return true;
    bool queued = queue(task, &alien, NULL);
    if (queued)
        tgt_made_wrong(task->conn, "a PDU of the other direction");
    return queued;
}

/* Effects of rules and faults that are not in the PDU itself. */
static tgt_pushed shape(tgt_task *task, tgt_answer *answer, const rig_rule_action **out_corrupt)
{
    if (tgt_reply_room(task->conn) < 1 + RIG_RULE_ACTIONS)
        return TGT_FULL;
    tgt_pushed result = instead(task, answer);
    if (result != TGT_PUSHED)
        return result;
    if (!queue_all_made(task, RIG_DO_SEND) || !queue_alien(task, answer))
        return out_of_memory(task->conn);
    task->sent = task->effects;
    *out_corrupt = tgt_rule_action(task, RIG_DO_CORRUPT);
    if (*out_corrupt && !answer->owned)
        tgt_own_payload(task->conn->target, answer);
    return TGT_PUSHED;
}

static void corrupt(tgt_conn *conn, const rig_rule_action *action, const tgt_answer *answer)
{
    if (!answer->owned || answer->data_len == 0)
        return;
    uint8_t *byte = (uint8_t *)answer->owned + action->bit % answer->data_len;
    *byte = (uint8_t) ~*byte;
    tgt_made_wrong(conn, "corrupt");
}

tgt_pushed tgt_reply(tgt_task *task, tgt_answer *answer)
{
    tgt_conn *conn = task->conn;
    const rig_rule_action *spoil = NULL;
    tgt_pushed result = tgt_reply_room(conn) == 0 ? TGT_FULL : TGT_PUSHED;
    if (result == TGT_PUSHED && (task->effects || conn->target->faulty))
        result = shape(task, answer, &spoil);
    if (result != TGT_PUSHED) {
        discard(conn, answer);
        return result;
    }
    if (answer->last && task->numbered) {
        conn->session->num_active--;
        task->numbered = false;
    }
    if (!queue(task, answer, NULL)) {
        discard(conn, answer);
        return out_of_memory(conn);
    }
    if (spoil)
        corrupt(conn, spoil, answer);
    if (answer->last && task->kind == TGT_TASK_SCSI && tgt_scsi_of(task)->history)
        tgt_task_answered(task);
    else if (answer->last)
        tgt_task_finish(task);
    return TGT_PUSHED;
}
