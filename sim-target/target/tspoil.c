/* Padding, digests and lengths that are wrong on purpose (RFC 7143 sections 11.2 and 13.1). */
#include "rig/fault_shapes.h"
#include "tgt.h"
#include "tlogin.h"

/* An additional header segment of one word (11.2.2): two bytes of length, the type, and what it holds. */
static const uint8_t segment[] = {0, 1, 1, 0};

typedef enum spoilt_where {
    IN_HEADER_DIGEST,
    IN_DATA_DIGEST,
    IN_DIGEST_OF_PAD,
    IN_PAD,
    IN_NOTHING,
    AT_FIRST
} spoilt_where;

typedef struct spoilt {
    rig_fault fault;
    rig_tx_wrong how;
    spoilt_where where;
} spoilt;

static const spoilt rows[] = {
    {RIG_FAULT_HEADER_DIGEST_TURNED, RIG_TX_HEADER_TURNED, IN_HEADER_DIGEST},
    {RIG_FAULT_DATA_DIGEST_PLAIN, RIG_TX_DATA_PLAIN, IN_DATA_DIGEST},
    {RIG_FAULT_DIGEST_WITHOUT_PAD, RIG_TX_PAD_LEFT_OUT, IN_DIGEST_OF_PAD},
    {RIG_FAULT_PADDING_SET, RIG_TX_PAD_SET, IN_PAD},
    {RIG_FAULT_DIGEST_OF_NOTHING, RIG_TX_EMPTY_DIGEST, IN_NOTHING},
    {RIG_FAULT_DIGESTS_LATE, RIG_TX_NO_DIGESTS, AT_FIRST},
};

/* Has the PDU what the row spoils? */
static bool applies(const spoilt *row, const tgt_conn *conn, const rig_tx *tx)
{
    const rig_txq *txq = &conn->txq;
    switch (row->where) {
    case IN_HEADER_DIGEST:
        return txq->header_digest;
    case IN_DATA_DIGEST:
        return txq->data_digest && tx->data_len > 0;
    case IN_DIGEST_OF_PAD:
        return txq->data_digest && tx->data_len % 4;
    case IN_PAD:
        return tx->data_len % 4;
    case IN_NOTHING:
        return txq->data_digest && tx->data_len == 0;
    case AT_FIRST:
        return (txq->header_digest || txq->data_digest) && !conn->digested;
    }
    return false;
}

/* Before the seal: what the queue is to make wrong when it makes padding and digests. */
void tgt_spoil(tgt_task *task, const tgt_answer *answer, rig_tx *tx)
{
    tgt_conn *conn = task->conn;
    uint32_t bit;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (applies(&rows[i], conn, tx) && tgt_deviates_said(task, answer, rows[i].fault, &bit))
            tx->wrong |= (uint8_t)rows[i].how;
    if (answer->kind == RIG_PDU_SCSI_RESP && tgt_deviates_said(task, answer, RIG_FAULT_AHS_ALIEN, &bit))
        tx->ahs = rig_view_of(segment, sizeof segment);
    conn->digested = answer->kind != RIG_PDU_LOGIN_RESP;
}

/* The digests of the login begin with its last response instead of behind it. */
void tgt_spoil_login(tgt_task *task, const tgt_answer *answer)
{
    uint32_t bit;
    const tgt_login *login = task->conn->login;
    if (answer->kind != RIG_PDU_LOGIN_RESP || !login || !login->up ||
        !tgt_deviates_said(task, answer, RIG_FAULT_DIGESTS_EARLY, &bit))
        return;
    const uint32_t *value = login->negotiation.value;
    rig_txq_digests(&task->conn->txq, value[TGT_KEY_HEADER_DIGEST], value[TGT_KEY_DATA_DIGEST]);
}

/* Behind the seal, when lengths are final; a digest is made over what is sent. */
void tgt_spoil_lengths(tgt_task *task, const tgt_answer *answer, rig_tx *tx)
{
    uint32_t bit;
    const rig_fault_shape *shape = rig_fault_shape_first(answer->kind);
    for (; shape; shape = rig_fault_shape_next(shape))
        if (tgt_length_field(shape->field) && rig_fault_shape_fits(shape, tx->bhs) &&
            tgt_deviates_said(task, answer, shape->fault, &bit))
            rig_fault_shape_header(shape, tx->bhs);
    if (tx->pad && tgt_deviates_said(task, answer, RIG_FAULT_PADDING_COUNTED, &bit))
        rig_set(tx->bhs, RIG_F_DATA_LEN, tx->data_len + tx->pad);
}
