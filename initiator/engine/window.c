/* The command window and StatSN (RFC 7143 sections 4.2.2.1 and 4.2.2.2). */
#include "internal.h"

void eng_window_take(rig_session *session, const uint8_t *bhs)
{
    uint32_t exp = rig_get32(bhs, RIG_F_EXP_CMD_SN);
    uint32_t max = rig_get32(bhs, RIG_F_MAX_CMD_SN);
    if (rig_sn_lt(max, exp - 1))
        return;
    if (rig_sn_lt(session->exp_cmd_sn, exp))
        session->exp_cmd_sn = exp;
    if (rig_sn_lt(session->max_cmd_sn, max))
        session->max_cmd_sn = max;
}

bool eng_window_open(const rig_session *session)
{
    return rig_sn_le(session->cmd_sn, session->max_cmd_sn);
}

/* At error recovery level 0 a gap can only be answered by session recovery (section 7.9). */
rig_status eng_stat_sn(eng_conn *conn, const rig_pdu *pdu)
{
    uint32_t stat_sn = rig_get32(pdu->bhs, RIG_F_STAT_SN);
    if (stat_sn != conn->exp_stat_sn) {
        char text[96];
        rig_text out;
        rig_text_init(&out, text, sizeof text);
        rig_text_add(&out, "want %u, got %u (4.2.2.2)", conn->exp_stat_sn, stat_sn);
        return eng_conn_error(conn, RIG_E_SEQUENCE, pdu, RIG_F_STAT_SN, text);
    }
    conn->exp_stat_sn = stat_sn + 1;
    return RIG_OK;
}
