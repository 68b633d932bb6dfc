/*
 * What makes an answer wrong on purpose: faults, and rules that change fields of it. Everything here looks at
 * one answer of one task; PDUs that change places with others are in treply.c.
 */
#include "rig/crc32c.h"
#include "rig/fault_shapes.h"
#include "tgt.h"

/* The action of a rule among effects that switches a fault on, from entry *at on; NULL when there is none. */
static const rig_rule_action *fault_action(const rig_target *target, uint64_t effects, rig_fault fault,
                                           uint32_t *at)
{
    for (; effects >> *at && *at < target->num_rules; ++*at) {
        const rig_rule *rule = &target->rules[*at];
        for (uint32_t j = 0; effects >> *at & 1 && j < rule->num_actions; j++)
            if (rule->actions[j].verb == RIG_DO_FAULT && rule->actions[j].fault == fault)
                return &rule->actions[j];
    }
    return NULL;
}

/* A fault with a number hits the Data-In or R2T of that number, once a task. */
static bool hits(const tgt_answer *answer, uint32_t number)
{
    if (answer->kind == RIG_PDU_DATA_IN)
        return rig_get32(answer->bhs, RIG_F_DATA_SN) == number;
    return answer->kind == RIG_PDU_R2T && rig_get32(answer->bhs, RIG_F_R2T_SN) == number;
}

/* Is a fault on for this answer, by a rule or for the whole target? */
bool tgt_deviates(tgt_task *task, const tgt_answer *answer, rig_fault fault, uint32_t *out_bit)
{
    const rig_target *target = task->conn->target;
    const rig_rule_action *action;
    *out_bit = 0;
    for (uint32_t i = 0; (action = fault_action(target, task->effects & ~task->spent, fault, &i)); i++) {
        if (action->numbered && !hits(answer, action->number))
            continue;
        if (action->numbered)
            task->spent |= UINT64_C(1) << i;
        *out_bit = action->bit;
        return true;
    }
    return rig_fault_has(&target->faults, fault);
}

/* For faults that change the PDU just pushed. */
bool tgt_deviates_said(tgt_task *task, const tgt_answer *answer, rig_fault fault, uint32_t *out_bit)
{
    if (!tgt_deviates(task, answer, fault, out_bit))
        return false;
    tgt_made_wrong(task->conn, rig_fault_rows[fault].name);
    return true;
}

bool tgt_fault_on(const tgt_task *task, rig_fault fault)
{
    const rig_target *target = task->conn->target;
    uint32_t i = 0;
    return fault_action(target, task->effects, fault, &i) || rig_fault_has(&target->faults, fault);
}

bool tgt_fault_now(const tgt_conn *conn, rig_fault fault)
{
    uint32_t i = 0;
    return fault_action(conn->target, conn->effects, fault, &i) ||
           rig_fault_has(&conn->target->faults, fault);
}

bool tgt_fault_on_said(const tgt_task *task, rig_fault fault)
{
    bool on = tgt_fault_on(task, fault);
    if (on)
        tgt_deviated(task->conn, rig_fault_rows[fault].name);
    return on;
}

bool tgt_fault_now_said(tgt_conn *conn, rig_fault fault)
{
    bool on = tgt_fault_now(conn, fault);
    if (on)
        tgt_deviated(conn, rig_fault_rows[fault].name);
    return on;
}

/* ---- shapes: one field or key of one kind of PDU ---- */

/* The kinds that change a text stand behind those that change a header. */
static bool of_text(const rig_fault_shape *shape)
{
    return shape->how >= RIG_SHAPE_VALUE;
}

/* The text as the shape has it, in a block of its own; nothing changes when there is no memory for one. */
static bool reshape_text(tgt_conn *conn, tgt_answer *answer, const rig_fault_shape *shape)
{
    const rig_alloc *alloc = conn->target->alloc;
    size_t size = answer->data_len + (size_t)RIG_SHAPE_GROWTH, len;
    uint8_t *block = of_text(shape) ? rig_new(alloc, size) : NULL;
    if (!block)
        return false;
    if (!rig_fault_shape_text(shape, rig_view_of(answer->owned, answer->data_len), block, &len)) {
        rig_delete(alloc, block, size);
        return false;
    }
    rig_delete(alloc, answer->owned, answer->owned_size);
    answer->owned = block;
    answer->owned_size = size;
    answer->data_len = (uint32_t)len;
    return true;
}

/* A text is in a block of the answer's own, if there is one. */
static bool texts(const tgt_answer *answer)
{
    return answer->kind == RIG_PDU_LOGIN_RESP || answer->kind == RIG_PDU_TEXT_RESP;
}

bool tgt_length_field(rig_field_id field)
{
    return field == RIG_F_DATA_LEN || field == RIG_F_AHS_WORDS;
}

void tgt_deviate_shape(tgt_task *task, tgt_answer *answer)
{
    const rig_fault_shape *shape = rig_fault_shape_first(answer->kind);
    uint32_t bit;
    for (; shape; shape = rig_fault_shape_next(shape)) {
        if (tgt_length_field(shape->field) || !rig_fault_shape_fits(shape, answer->bhs) ||
            !tgt_deviates(task, answer, shape->fault, &bit))
            continue;
        bool text = texts(answer) && reshape_text(task->conn, answer, shape);
        if (rig_fault_shape_header(shape, answer->bhs) || text)
            tgt_made_wrong(task->conn, rig_fault_rows[shape->fault].name);
    }
}

/* ---- faults of their own ---- */

static void one_more(tgt_answer *answer, rig_field_id field)
{
    rig_set(answer->bhs, field, rig_get32(answer->bhs, field) + 1);
}

/* As Data-Out counts: sequences lie at multiples of MaxBurstLength. */
static uint32_t sn_in_sequence(const tgt_conn *conn, const uint8_t *bhs)
{
    return rig_get32(bhs, RIG_F_BUFFER_OFFSET) % conn->session->max_burst / (conn->max_send & ~UINT32_C(3));
}

static void lacks_more_than_all(const tgt_task *task, tgt_answer *answer)
{
    rig_set(answer->bhs, RIG_F_UNDERFLOW, 1);
    rig_set(answer->bhs, RIG_F_RESIDUAL, rig_get32(task->bhs, RIG_F_EDTL) + 1);
}

void tgt_deviate_numbers(tgt_task *task, tgt_answer *answer)
{
    uint32_t bit;
    bool status = tgt_takes_stat_sn(answer);
    bool residual = answer->kind == RIG_PDU_SCSI_RESP || (answer->kind == RIG_PDU_DATA_IN && status);
    if (status && tgt_deviates_said(task, answer, RIG_FAULT_STAT_SN_SKIP, &bit))
        one_more(answer, RIG_F_STAT_SN);
    if (residual && tgt_deviates_said(task, answer, RIG_FAULT_RESIDUAL_WRONG, &bit))
        one_more(answer, RIG_F_RESIDUAL);
    if (answer->kind == RIG_PDU_DATA_IN && tgt_deviates_said(task, answer, RIG_FAULT_WRONG_DATA_SN, &bit))
        one_more(answer, RIG_F_DATA_SN);
    if (answer->kind == RIG_PDU_R2T && tgt_deviates_said(task, answer, RIG_FAULT_WRONG_R2T_SN, &bit))
        one_more(answer, RIG_F_R2T_SN);
    if (answer->kind == RIG_PDU_DATA_IN &&
        tgt_deviates_said(task, answer, RIG_FAULT_DATA_SN_PER_SEQUENCE, &bit))
        rig_set(answer->bhs, RIG_F_DATA_SN, sn_in_sequence(task->conn, answer->bhs));
    if (answer->kind == RIG_PDU_SCSI_RESP && rig_get(task->bhs, RIG_F_W) &&
        tgt_deviates_said(task, answer, RIG_FAULT_WRITE_RESIDUAL_LARGE, &bit))
        lacks_more_than_all(task, answer);
}

void tgt_deviate_digests(tgt_task *task, const tgt_answer *answer, rig_tx *tx)
{
    const rig_txq *txq = &task->conn->txq;
    uint32_t bit;
    if (txq->header_digest && tgt_deviates_said(task, answer, RIG_FAULT_HEADER_DIGEST_FLIP, &bit))
        tx->flip_header = (uint8_t)(1 + bit % 32);
    if (txq->data_digest && tx->data_len > 0 &&
        tgt_deviates_said(task, answer, RIG_FAULT_DATA_DIGEST_FLIP, &bit))
        tx->flip_data = (uint8_t)(1 + bit % 32);
}

static rig_fault loss_of(const tgt_answer *answer)
{
    if (answer->kind == RIG_PDU_R2T)
        return RIG_FAULT_R2T_LOST;
    return answer->kind == RIG_PDU_DATA_IN ? RIG_FAULT_DATA_IN_LOST : RIG_FAULTS;
}

/* A PDU that has its numbers and its place in what can be sent again, and that never leaves. */
bool tgt_deviate_lost(tgt_task *task, const tgt_answer *answer)
{
    uint32_t bit;
    rig_fault loss = loss_of(answer);
    bool status = tgt_takes_stat_sn(answer) && answer->kind != RIG_PDU_LOGIN_RESP;
    if (loss == RIG_FAULTS || !tgt_deviates(task, answer, loss, &bit))
        loss = status && tgt_deviates(task, answer, RIG_FAULT_STATUS_LOST, &bit) ? RIG_FAULT_STATUS_LOST
                                                                                 : RIG_FAULTS;
    if (loss != RIG_FAULTS) {
        tgt_deviated(task->conn, rig_fault_rows[loss].name);
        task->conn->held_back = rig_fault_rows[loss].name;
    }
    return loss != RIG_FAULTS;
}

static const struct {
    rig_pdu_kind pdu;
    rig_fault fault;
} twins[] = {
    {RIG_PDU_R2T, RIG_FAULT_R2T_TWICE},         {RIG_PDU_SCSI_RESP, RIG_FAULT_RESPONSE_TWICE},
    {RIG_PDU_DATA_IN, RIG_FAULT_DATA_IN_TWICE}, {RIG_PDU_TMF_RESP, RIG_FAULT_TMF_TWICE},
    {RIG_PDU_NOP_IN, RIG_FAULT_NOP_IN_TWICE},   {RIG_PDU_LOGOUT_RESP, RIG_FAULT_LOGOUT_TWICE},
};

bool tgt_deviate_twice(tgt_task *task, const tgt_answer *answer)
{
    uint32_t bit;
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        if (twins[i].pdu == answer->kind)
            return !answer->owned && tgt_deviates_said(task, answer, twins[i].fault, &bit);
    return false;
}

/* ---- rules that change an answer ---- */

static bool sets(const rig_rule_action *action, rig_pdu_kind kind)
{
    return action->verb == RIG_DO_SET && (action->pdu == RIG_PDU_UNKNOWN || action->pdu == kind) &&
           rig_fields[action->field].pdus >> kind & 1 && rig_fields[action->field].bits > 0;
}

static void set_fields(const tgt_task *task, uint8_t *bhs, rig_pdu_kind kind, bool lengths)
{
    const rig_target *target = task->conn->target;
    for (uint32_t i = 0; task->effects >> i && i < target->num_rules; i++) {
        const rig_rule *rule = &target->rules[i];
        for (uint32_t j = 0; task->effects >> i & 1 && j < rule->num_actions; j++) {
            const rig_rule_action *action = &rule->actions[j];
            if (!sets(action, kind) || tgt_length_field(action->field) != lengths)
                continue;
            rig_set(bhs, action->field, action->value);
            tgt_made_wrong(task->conn, rig_fields[action->field].name);
        }
    }
}

void tgt_deviate_fields(const tgt_task *task, tgt_answer *answer)
{
    set_fields(task, answer->bhs, answer->kind, false);
}

/* Lengths are final only behind the seal; the digest then is made over what is sent. */
void tgt_deviate_lengths(tgt_task *task, const tgt_answer *answer, rig_tx *tx)
{
    uint8_t before[RIG_BHS_LEN];
    memcpy(before, tx->bhs, RIG_BHS_LEN);
    set_fields(task, tx->bhs, answer->kind, true);
    tgt_spoil_lengths(task, answer, tx);
    if (memcmp(before, tx->bhs, RIG_BHS_LEN) != 0 && task->conn->txq.header_digest)
        rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, tx->bhs, RIG_BHS_LEN), tx->bhs + RIG_BHS_LEN);
}

const rig_rule_action *tgt_rule_action(const tgt_task *task, rig_rule_verb verb)
{
    const rig_target *target = task->conn->target;
    for (uint32_t i = 0; task->effects >> i && i < target->num_rules; i++) {
        const rig_rule *rule = &target->rules[i];
        for (uint32_t j = 0; task->effects >> i & 1 && j < rule->num_actions; j++)
            if (rule->actions[j].verb == verb)
                return &rule->actions[j];
    }
    return NULL;
}

void tgt_own_payload(rig_target *target, tgt_answer *answer)
{
    uint8_t *copy = answer->data_len ? rig_new(target->alloc, answer->data_len) : NULL;
    if (!copy)
        return;
    size_t skip = answer->iov_offset, have = 0;
    for (uint32_t i = 0; i < answer->num_iov && have < answer->data_len; i++) {
        size_t len = answer->iov[i].iov_len;
        if (skip >= len) {
            skip -= len;
            continue;
        }
        len -= skip;
        if (len > answer->data_len - have)
            len = answer->data_len - have;
        memcpy(copy + have, (const uint8_t *)answer->iov[i].iov_base + skip, len);
        have += len;
        skip = 0;
    }
    answer->owned = copy;
    answer->owned_size = answer->data_len;
    answer->refers = false;
}
