/* Data segments that are wrong on purpose: of pings, Rejects and events, and where there should be none. */
#include "tgt.h"

#define BEYOND_LIMIT INT32_MAX /* as much as grow that it is more than the initiator takes */
#define DATA_MAX UINT32_C(0xffffff)
#define QUOTED_TAG 19 /* a byte of the tag of a rejected request */

typedef enum segment_where { ANYWHERE, WITH_DATA, WITHOUT_TAG } segment_where;

typedef struct segment {
    rig_fault fault;
    rig_pdu_kind pdu;
    segment_where where;
    int32_t grow; /* bytes more, zeros */
    uint8_t at;   /* byte in which bits are inverted */
    uint8_t bits;
} segment;

static const segment rows[] = {
    {RIG_FAULT_ECHO_DIFFERENT, RIG_PDU_NOP_IN, WITH_DATA, 0, 0, 1},
    {RIG_FAULT_ECHO_SHORT, RIG_PDU_NOP_IN, WITH_DATA, -1, 0, 0},
    {RIG_FAULT_ECHO_LONG, RIG_PDU_NOP_IN, WITH_DATA, BEYOND_LIMIT, 0, 0},
    {RIG_FAULT_NOP_IN_DATA, RIG_PDU_NOP_IN, WITHOUT_TAG, 4, 0, 0},
    {RIG_FAULT_TMF_DATA, RIG_PDU_TMF_RESP, ANYWHERE, 4, 0, 0},
    {RIG_FAULT_LOGOUT_DATA, RIG_PDU_LOGOUT_RESP, ANYWHERE, 4, 0, 0},
    {RIG_FAULT_ASYNC_SENSE, RIG_PDU_ASYNC, ANYWHERE, 4, 1, 2},
    {RIG_FAULT_REJECT_SHORT, RIG_PDU_REJECT, WITH_DATA, -4, 0, 0},
    {RIG_FAULT_REJECT_LONG, RIG_PDU_REJECT, WITH_DATA, 4, 0, 0},
    {RIG_FAULT_REJECT_ALIEN, RIG_PDU_REJECT, WITH_DATA, 0, QUOTED_TAG, 0x80},
};

static bool fits(const segment *row, const tgt_answer *answer)
{
    if (row->pdu != answer->kind || (row->where == WITH_DATA && answer->data_len == 0))
        return false;
    return row->where != WITHOUT_TAG || rig_get32(answer->bhs, RIG_F_ITT) == RIG_TAG_NONE;
}

static uint32_t new_length(const segment *row, const tgt_conn *conn, uint32_t len)
{
    if (row->grow != BEYOND_LIMIT)
        return (uint32_t)((int32_t)len + row->grow);
    return conn->max_send < DATA_MAX ? conn->max_send + 1 : len;
}

/* The payload in a block of that length at least; false when there is no memory for one. */
static bool own(rig_target *target, tgt_answer *answer, uint32_t len)
{
    if (!answer->owned && answer->data_len > 0)
        tgt_own_payload(target, answer);
    if (!answer->owned && answer->data_len > 0)
        return false;
    if (len <= answer->owned_size)
        return true;
    void *block = rig_resize(target->alloc, answer->owned, answer->owned_size, len);
    if (!block)
        return false;
    answer->owned = block;
    answer->owned_size = len;
    return true;
}

void tgt_deviate_segment(tgt_task *task, tgt_answer *answer)
{
    uint32_t bit;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t len = new_length(&rows[i], task->conn, answer->data_len);
        if (!fits(&rows[i], answer) || !tgt_deviates(task, answer, rows[i].fault, &bit) ||
            !own(task->conn->target, answer, len))
            continue;
        uint8_t *byte = (uint8_t *)answer->owned + rows[i].at;
        answer->data_len = len;
        *byte = (uint8_t)(*byte ^ rows[i].bits);
        tgt_made_wrong(task->conn, rig_fault_rows[rows[i].fault].name);
    }
}
