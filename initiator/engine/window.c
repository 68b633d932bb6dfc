/* The command window and StatSN (RFC 7143 sections 4.2.2.1 and 4.2.2.2). */
#include "internal.h"

rig_status eng_window_take(eng_conn *conn, const rig_pdu *pdu)
{
    rig_session *session = conn->session;
    uint32_t exp = rig_get32(pdu->bhs, RIG_F_EXP_CMD_SN);
    uint32_t max = rig_get32(pdu->bhs, RIG_F_MAX_CMD_SN);
    if (rig_sn_lt(max, exp - 1))
        return RIG_OK;
    if (rig_sn_lt(session->cmd_sn, exp))
        return eng_conn_error(conn, RIG_E_SEQUENCE, pdu, RIG_F_EXP_CMD_SN,
                              "acknowledges what was never sent (4.2.2.1)");
    if (rig_sn_lt(session->exp_cmd_sn, exp))
        session->exp_cmd_sn = exp;
    if (rig_sn_lt(session->max_cmd_sn, max))
        session->max_cmd_sn = max;
    return RIG_OK;
}

bool eng_window_open(const rig_session *session)
{
    return rig_sn_le(session->cmd_sn, session->max_cmd_sn);
}

/* ---- StatSN ---- */

/* How a PDU uses StatSN (section 11): takes one, shows the next one, or leaves the field reserved. */
typedef enum sn_use { SN_RESERVED, SN_TAKES, SN_SHOWS } sn_use;

static sn_use use_of(const uint8_t *bhs)
{
    switch (rig_pdu_kind_of(bhs)) {
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

/* ExpStatSN: everything before it has been dealt with, its data included (11.16.1). */
uint32_t eng_ack_sn(const eng_conn *conn)
{
    return conn->num_open ? conn->open[0].stat_sn : conn->exp_stat_sn;
}

static eng_open *open_find(const eng_conn *conn, uint32_t stat_sn)
{
    for (uint32_t i = 0; i < conn->num_open; i++)
        if (conn->open[i].stat_sn == stat_sn)
            return &conn->open[i];
    return NULL;
}

static rig_status open_add(eng_conn *conn, uint32_t about, uint32_t stat_sn, bool missing)
{
    const rig_alloc *alloc = eng_alloc(conn->session);
    if (!conn->open)
        conn->open = rig_new(alloc, ENG_OPEN_MAX * sizeof *conn->open);
    if (!conn->open)
        return rig_fail(&conn->error, RIG_E_NOMEM, "no memory for a response that waits");
    if (conn->num_open == ENG_OPEN_MAX)
        return rig_fail(&conn->error, RIG_E_LIMIT, "more than %d responses wait for others", ENG_OPEN_MAX);
    uint32_t at = conn->num_open++;
    for (; at > 0 && rig_sn_lt(stat_sn, conn->open[at - 1].stat_sn); at--)
        conn->open[at] = conn->open[at - 1];
    conn->open[at] = (eng_open){stat_sn, about, missing};
    conn->missing += missing;
    return RIG_OK;
}

rig_status eng_status_hold(eng_conn *conn, const rig_task *task, uint32_t stat_sn, bool missing)
{
    eng_open *open = open_find(conn, stat_sn);
    uint32_t about = task ? task->itt : RIG_TAG_NONE;
    if (!open)
        return open_add(conn, about, stat_sn, missing);
    open->about = about;
    conn->missing += missing && !open->missing;
    conn->missing -= !missing && open->missing;
    open->missing = missing;
    return RIG_OK;
}

void eng_status_release(eng_conn *conn, uint32_t stat_sn)
{
    eng_open *open = open_find(conn, stat_sn);
    if (!open)
        return;
    conn->missing -= open->missing;
    conn->progress++;
    eng_open *end = conn->open + --conn->num_open;
    memmove(open, open + 1, (size_t)(end - open) * sizeof *open);
}

void eng_status_forget(eng_conn *conn, const rig_task *task)
{
    for (uint32_t i = conn->num_open; i-- > 0;)
        if (conn->open[i].about == task->itt)
            eng_status_release(conn, conn->open[i].stat_sn);
}

bool eng_is_replay(const eng_conn *conn, const rig_pdu *pdu)
{
    return eng_level(conn->session) > 0 &&
           rig_sn_lt(rig_get32(pdu->bhs, RIG_F_STAT_SN) + 1, conn->exp_stat_sn);
}

static rig_status ask(eng_conn *conn, uint32_t first, uint32_t num)
{
    const eng_snack snack = {
        .type = 1, .itt = RIG_TAG_NONE, .ttt = RIG_TAG_NONE, .beg_run = first, .run_length = num};
    return eng_snack_push(conn, &snack);
}

rig_status eng_status_ask(eng_conn *conn, const rig_task *task)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < conn->num_open && !status; i++)
        if (conn->open[i].about == task->itt && conn->open[i].missing)
            status = ask(conn, conn->open[i].stat_sn, 1);
    return status;
}

/* Responses up to stat_sn, without it, are missing (7.1.4.2). */
static rig_status gap(eng_conn *conn, uint32_t stat_sn)
{
    uint32_t first = conn->exp_stat_sn;
    uint32_t num = stat_sn - first;
    if (num > ENG_OPEN_MAX)
        return rig_fail(&conn->error, RIG_E_SEQUENCE, "%u responses are missing (4.2.2.2)", num);
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < num && !status; i++)
        status = open_add(conn, RIG_TAG_NONE, first + i, true);
    return status ? status : ask(conn, first, num);
}

/* At error recovery level 0 a gap can only be answered by session recovery (section 7.9). A number that came
 * before is no gap: then nothing is missing, the target counts wrong or sends twice. */
rig_status eng_sn_error(eng_conn *conn, const rig_pdu *pdu, rig_field_id field, uint32_t want,
                        const char *section)
{
    char text[96];
    rig_text out;
    uint32_t got = rig_get32(pdu->bhs, field);
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "want %u, got %u%s (%s)", want, got, rig_sn_lt(got, want) ? " again" : "", section);
    return eng_conn_error(conn, RIG_E_SEQUENCE, pdu, field, text);
}

/* One from before: it was asked for again, or is the last response of a command whose data was (11.16.3), or
 * was dealt with. */
static bool was_open(eng_conn *conn, uint32_t stat_sn)
{
    const eng_open *open = open_find(conn, stat_sn);
    if (!open)
        return false;
    if (open->missing)
        eng_status_release(conn, stat_sn);
    return true;
}

rig_status eng_stat_sn(eng_conn *conn, const rig_pdu *pdu, bool *out_again)
{
    sn_use use = use_of(pdu->bhs);
    uint32_t stat_sn = rig_get32(pdu->bhs, RIG_F_STAT_SN);
    rig_status status = RIG_OK;
    *out_again = false;
    if (use == SN_RESERVED ||
        (use == SN_SHOWS && rig_pdu_kind_of(pdu->bhs) == RIG_PDU_R2T && eng_level(conn->session) == 0))
        return RIG_OK;
    if (eng_level(conn->session) == 0 && stat_sn != conn->exp_stat_sn)
        return eng_sn_error(conn, pdu, RIG_F_STAT_SN, conn->exp_stat_sn, "4.2.2.2");
    if (rig_sn_lt(stat_sn, conn->exp_stat_sn)) {
        *out_again = use == SN_TAKES && !was_open(conn, stat_sn);
        return RIG_OK;
    }
    if (stat_sn != conn->exp_stat_sn)
        status = gap(conn, stat_sn);
    conn->exp_stat_sn = stat_sn + (use == SN_TAKES);
    conn->unacked += use == SN_TAKES;
    return status;
}

/* The PDU's payload is spoilt, its header is not: its number is known (7.8). */
rig_status eng_status_lost(eng_conn *conn, const rig_task *task, const rig_pdu *pdu, bool to_ask)
{
    uint32_t stat_sn = rig_get32(pdu->bhs, RIG_F_STAT_SN);
    bool again;
    if (use_of(pdu->bhs) != SN_TAKES)
        return RIG_OK;
    rig_status status = eng_stat_sn(conn, pdu, &again);
    if (status || again)
        return status;
    status = eng_status_hold(conn, task, stat_sn, true);
    return status || !to_ask ? status : ask(conn, stat_sn, 1);
}
