/* The stream below the PDUs, wrong on purpose: cut where a reader may not expect it, or ended in the middle
 * of a PDU. */
#include "tgt.h"

static const rig_fault cuts[] = {RIG_FAULT_FIN_IN_PDU, RIG_FAULT_RST_IN_PDU, RIG_FAULT_STALL_IN_PDU};

/* The stream is to end in the header of the response just queued. */
void tgt_cut_inside(tgt_task *task, const tgt_answer *answer)
{
    tgt_conn *conn = task->conn;
    uint32_t bit;
    for (size_t i = 0; answer->kind == RIG_PDU_SCSI_RESP && i < sizeof cuts / sizeof cuts[0]; i++) {
        if (conn->cut_at || !tgt_deviates(task, answer, cuts[i], &bit))
            continue;
        conn->cut_at = conn->txq.newest + RIG_BHS_LEN / 2;
        conn->cut = cuts[i];
        tgt_made_wrong(conn, rig_fault_rows[cuts[i]].name);
    }
}

/* The first bytes of what is offered, at most that many. */
static int first_of(struct iovec *iov, int num, uint64_t most)
{
    for (int i = 0; i < num; i++) {
        if (iov[i].iov_len >= most) {
            iov[i].iov_len = (size_t)most;
            return most > 0 ? i + 1 : i;
        }
        most -= iov[i].iov_len;
    }
    return num;
}

int tgt_cut_output(const tgt_conn *conn, struct iovec *iov, int num)
{
    if (conn->cut_at)
        return first_of(iov, num, conn->cut_at - conn->txq.left);
    bool single = conn->closing == TGT_OPEN && rig_fault_has(&conn->target->faults, RIG_FAULT_SINGLE_BYTES);
    return single ? first_of(iov, num, 1) : num;
}

/* What was to leave has left. */
void tgt_cut_sent(tgt_conn *conn)
{
    if (!conn->cut_at || conn->txq.left < conn->cut_at || conn->cut == RIG_FAULT_STALL_IN_PDU)
        return;
    tgt_conn_end(conn, TGT_TRANSPORT_LOST, conn->cut == RIG_FAULT_FIN_IN_PDU, RIG_E_ABORTED,
                 "ended in the middle of a PDU");
}
