/* Error recovery level 1 (RFC 7143 sections 7.1.4.1, 7.1.4.2, 7.8, 7.9 and 11.16): what is missing is asked
 * for again on the same connection, and nothing is acknowledged before it is there. */
#include "internal.h"

#define SNACK_DATA 0
#define SNACK_DATA_ACK 2
#define SNACK_R_DATA 3

uint32_t eng_level(const rig_session *session)
{
    return session->agreed[RIG_KEY_RECOVERY_LEVEL].value;
}

void eng_recovery_free(eng_conn *conn)
{
    const rig_alloc *alloc = eng_alloc(conn->session);
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->recovery_timer);
    rig_delete(alloc, conn->open, conn->open ? ENG_OPEN_MAX * sizeof *conn->open : 0);
    rig_delete(alloc, conn->holes, conn->num_holes * sizeof *conn->holes);
    rig_delete(alloc, conn->snacks, conn->snacks ? ENG_SNACKS_MAX * sizeof *conn->snacks : 0);
}

/* ---- SNACK Request ---- */

/* Each A bit gets its DataACK (11.7.2), but when many wait already, one that waits for the same tag says what
 * the new one would: a target that sets the bit aggressively may be ignored (11.16.2). */
static bool is_covered(eng_conn *conn, const eng_snack *snack)
{
    if (snack->type != SNACK_DATA_ACK || conn->num_snacks < ENG_SNACKS_MAX / 2)
        return false;
    for (uint32_t i = conn->num_snacks; i-- > 0;) { /* the newest: the others stay in their order */
        eng_snack *waits = &conn->snacks[(conn->snack_first + i) % ENG_SNACKS_MAX];
        if (waits->type != SNACK_DATA_ACK || waits->ttt != snack->ttt || waits->lun != snack->lun)
            continue;
        waits->beg_run = snack->beg_run;
        return true;
    }
    return false;
}

rig_status eng_snack_push(eng_conn *conn, const eng_snack *snack)
{
    if (!conn->snacks)
        conn->snacks = rig_new(eng_alloc(conn->session), ENG_SNACKS_MAX * sizeof *conn->snacks);
    if (!conn->snacks)
        return rig_fail(&conn->error, RIG_E_NOMEM, "no memory for a SNACK");
    if (is_covered(conn, snack))
        return RIG_OK;
    if (conn->num_snacks == ENG_SNACKS_MAX)
        return rig_fail(&conn->error, RIG_E_LIMIT, "more than %d SNACKs wait to be sent", ENG_SNACKS_MAX);
    conn->snacks[(conn->snack_first + conn->num_snacks++) % ENG_SNACKS_MAX] = *snack;
    return RIG_OK;
}

static bool overlaps(const eng_hole *hole, const eng_snack *snack)
{
    return hole->first - snack->beg_run < snack->run_length || snack->beg_run - hole->first < hole->num;
}

/* What came meanwhile is not asked for: a SNACK has to precede the acknowledgment of the status (11.16.1).
 * Nor is data acknowledged where the status can be (11.7.2). */
static bool is_stale(const eng_conn *conn, const eng_snack *snack)
{
    const rig_task *task = eng_task_find(conn->session, snack->about);
    if (snack->type != SNACK_DATA)
        return snack->type == SNACK_DATA_ACK && !task;
    uint32_t at =
        task && task->engine.conn == conn && task->engine.num_holes ? task->engine.hole : ENG_R2T_NONE;
    while (at != ENG_R2T_NONE && !overlaps(&conn->holes[at], snack))
        at = conn->holes[at].next;
    return at == ENG_R2T_NONE;
}

static void snack_pop(eng_conn *conn)
{
    conn->snack_first = (conn->snack_first + 1) % ENG_SNACKS_MAX;
    conn->num_snacks--;
}

static void drop_stale(eng_conn *conn)
{
    while (conn->num_snacks && is_stale(conn, &conn->snacks[conn->snack_first])) {
        if (conn->snacks[conn->snack_first].type == SNACK_DATA_ACK)
            conn->unacked = ENG_ACK_EVERY; /* at once, with whatever goes next */
        snack_pop(conn);
    }
}

bool eng_snack_send(eng_conn *conn)
{
    drop_stale(conn);
    rig_tx *tx = conn->num_snacks ? eng_push(conn, RIG_PDU_SNACK) : NULL;
    if (!tx)
        return false;
    const eng_snack *snack = &conn->snacks[conn->snack_first];
    rig_set(tx->bhs, RIG_F_SNACK_TYPE, snack->type);
    rig_set(tx->bhs, RIG_F_LUN, snack->lun);
    rig_set(tx->bhs, RIG_F_ITT, snack->itt);
    rig_set(tx->bhs, RIG_F_SNACK_TAG, snack->ttt);
    rig_set(tx->bhs, RIG_F_BEG_RUN, snack->beg_run);
    rig_set(tx->bhs, RIG_F_RUN_LENGTH, snack->run_length);
    rig_txq_seal(&conn->txq);
    snack_pop(conn);
    return true;
}

/* An initiator with nothing to say acknowledges all the same: the target keeps every response until then. */
bool eng_ack_send(eng_conn *conn)
{
    if (eng_level(conn->session) == 0 || conn->unacked < ENG_ACK_EVERY)
        return false;
    rig_tx *tx = eng_push(conn, RIG_PDU_NOP_OUT);
    if (!tx)
        return false;
    rig_set(tx->bhs, RIG_F_I, 1);
    rig_set(tx->bhs, RIG_F_CMD_SN, conn->session->cmd_sn);
    rig_txq_seal(&conn->txq);
    return true;
}

/* ---- gaps ---- */

static rig_status grow_pool(eng_conn *conn)
{
    uint32_t more = conn->num_holes ? conn->num_holes * 2 : 8;
    if (more > ENG_HOLES_MAX)
        return rig_fail(&conn->error, RIG_E_LIMIT, "more than %d gaps in the data of a connection",
                        ENG_HOLES_MAX);
    eng_hole *pool = rig_resize(eng_alloc(conn->session), conn->holes, conn->num_holes * sizeof *pool,
                                more * sizeof *pool);
    if (!pool)
        return rig_fail(&conn->error, RIG_E_NOMEM, "no memory for a gap");
    for (uint32_t i = conn->num_holes; i < more; i++)
        pool[i].next = i + 1 < more ? i + 1 : ENG_R2T_NONE;
    conn->free_hole = conn->num_holes;
    conn->holes = pool;
    conn->num_holes = more;
    return RIG_OK;
}

/* The newest gap of a task stands first. */
static rig_status hole_add(eng_conn *conn, rig_task *task, eng_hole hole)
{
    rig_status status = conn->free_hole == ENG_R2T_NONE ? grow_pool(conn) : RIG_OK;
    if (status)
        return status;
    uint32_t at = conn->free_hole;
    conn->free_hole = conn->holes[at].next;
    hole.next = task->engine.num_holes ? task->engine.hole : ENG_R2T_NONE;
    conn->holes[at] = hole;
    task->engine.hole = at;
    task->engine.num_holes++;
    conn->missing++;
    return RIG_OK;
}

static void hole_remove(eng_conn *conn, rig_task *task, uint32_t at)
{
    uint32_t *place = &task->engine.hole;
    while (*place != at)
        place = &conn->holes[*place].next;
    *place = conn->holes[at].next;
    conn->holes[at].next = conn->free_hole;
    conn->free_hole = at;
    task->engine.num_holes--;
    conn->missing--;
    conn->progress++;
}

static uint32_t hole_of(const eng_conn *conn, const rig_task *task, uint32_t sn)
{
    uint32_t at = task->engine.num_holes ? task->engine.hole : ENG_R2T_NONE;
    while (at != ENG_R2T_NONE && sn - conn->holes[at].first >= conn->holes[at].num)
        at = conn->holes[at].next;
    return at;
}

void eng_gaps_forget(eng_conn *conn, rig_task *task)
{
    while (task->engine.num_holes)
        hole_remove(conn, task, task->engine.hole);
}

const eng_hole *eng_gap_first(const eng_conn *conn, const rig_task *task)
{
    const eng_hole *first = NULL;
    for (uint32_t at = task->engine.num_holes ? task->engine.hole : ENG_R2T_NONE; at != ENG_R2T_NONE;
         at = conn->holes[at].next)
        if (!first || rig_sn_lt(conn->holes[at].first, first->first))
            first = &conn->holes[at];
    return first;
}

eng_place eng_place_of(const eng_conn *conn, const rig_task *task, uint32_t sn, const eng_hole **out_hole)
{
    *out_hole = NULL;
    if (sn == task->engine.data_sn)
        return ENG_PLACE_NEXT;
    if (task->read && task->engine.snack_tag && task->engine.data_sn == task->engine.ack_sn)
        return ENG_PLACE_AGAIN; /* sent before the R-Data SNACK was read */
    if (eng_level(conn->session) == 0 || rig_sn_lt(task->engine.data_sn, sn))
        return ENG_PLACE_AHEAD;
    uint32_t at = hole_of(conn, task, sn);
    if (at == ENG_R2T_NONE)
        return ENG_PLACE_AGAIN;
    *out_hole = &conn->holes[at];
    return ENG_PLACE_FILLS;
}

/* ---- asking again ---- */

/* All that was not acknowledged is thrown away and sent anew, as the length declared meanwhile asks
 * (11.16.3). A status that came before is not the last one. */
static rig_status ask_r_data(eng_conn *conn, rig_task *task)
{
    rig_status status = RIG_OK;
    eng_gaps_forget(conn, task);
    eng_data_in_restart(task);
    task->engine.snack_tag++;
    task->engine.lengths = conn->lengths;
    if (task->engine.held)
        status = eng_status_hold(conn, task, task->engine.held_sn, true);
    task->engine.held = task->engine.ack_wanted = false;
    const eng_snack snack = {.type = SNACK_R_DATA,
                             .lun = task->lun,
                             .about = task->itt,
                             .itt = task->itt,
                             .ttt = task->engine.snack_tag};
    return status ? status : eng_snack_push(conn, &snack);
}

static rig_status ask_data(eng_conn *conn, rig_task *task, uint32_t first, uint32_t num)
{
    if (task->read && task->engine.lengths != conn->lengths)
        return ask_r_data(conn, task);
    const eng_snack snack = {.type = SNACK_DATA,
                             .lun = task->lun,
                             .about = task->itt,
                             .itt = task->itt,
                             .ttt = RIG_TAG_NONE,
                             .beg_run = first,
                             .run_length = num};
    return eng_snack_push(conn, &snack);
}

rig_status eng_gap(eng_conn *conn, rig_task *task, uint32_t sn, uint32_t offset, uint64_t now)
{
    uint32_t first = task->engine.data_sn;
    const eng_hole hole = {
        .first = first, .num = sn - first, .from = task->engine.in_offset, .to = offset, .asked = 1};
    rig_status status = hole_add(conn, task, hole);
    task->engine.data_sn = sn;
    task->engine.in_offset = offset;
    eng_recovery_arm(conn, now);
    return status ? status : ask_data(conn, task, first, hole.num);
}

/* A gap shrinks from its first number on, or is split. */
rig_status eng_gap_filled(eng_conn *conn, rig_task *task, uint32_t sn, uint32_t offset, uint32_t len)
{
    uint32_t at = hole_of(conn, task, sn);
    eng_hole *hole = &conn->holes[at];
    uint32_t behind = hole->first + hole->num - (sn + 1);
    eng_hole rest = {sn + 1, behind, offset + len, hole->to, hole->asked, 0};
    conn->progress++;
    hole->num = sn - hole->first;
    hole->to = offset;
    if (hole->num == 0)
        hole_remove(conn, task, at);
    return behind ? hole_add(conn, task, rest) : RIG_OK;
}

/* Its payload is spoilt; its number and place are known (7.8). */
rig_status eng_data_lost(eng_conn *conn, rig_task *task, const rig_pdu *pdu, uint64_t now)
{
    const eng_hole *hole;
    uint32_t sn = rig_get32(pdu->bhs, RIG_F_DATA_SN);
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    uint32_t len = rig_get32(pdu->bhs, RIG_F_DATA_LEN);
    rig_status status = RIG_OK;
    switch (eng_place_of(conn, task, sn, &hole)) {
    case ENG_PLACE_AGAIN:
        return RIG_OK;
    case ENG_PLACE_FILLS:
        eng_recovery_arm(conn, now);
        return hole->asked > ENG_RETRIES_MAX
                   ? eng_conn_error(conn, RIG_E_DATA_DIGEST, pdu, RIG_F_DATA_SN,
                                    "spoilt as often as it came (7.8)")
                   : (conn->holes[hole_of(conn, task, sn)].asked++, ask_data(conn, task, sn, 1));
    case ENG_PLACE_AHEAD:
        status = eng_gap(conn, task, sn, offset, now);
        break;
    case ENG_PLACE_NEXT:
        break;
    }
    return status ? status : eng_gap(conn, task, sn + 1, offset + len, now);
}

static rig_status data_in_lost(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_task *task = eng_task_find(conn->session, rig_get32(pdu->bhs, RIG_F_ITT));
    if (!task || task != conn->placing)
        return RIG_OK;
    rig_status status = eng_data_lost(conn, task, pdu, now);
    if (status || !rig_get(pdu->bhs, RIG_F_S))
        return status;
    return eng_status_lost(conn, task, pdu, false);
}

/* A wrong data digest: the PDU is thrown away, and what it was is asked for again if it had a number (7.8).
 */
rig_status eng_digest_error(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_status status = rig_pdu_kind_of(pdu->bhs) == RIG_PDU_DATA_IN ? data_in_lost(conn, pdu, now)
                                                                     : eng_status_lost(conn, NULL, pdu, true);
    eng_recovery_arm(conn, now);
    return status;
}

/* ---- acknowledging data (11.16.2) ---- */

static rig_status send_ack(eng_conn *conn, rig_task *task)
{
    const eng_snack snack = {.type = SNACK_DATA_ACK,
                             .lun = task->engine.ack_lun,
                             .about = task->itt,
                             .itt = RIG_TAG_NONE,
                             .ttt = task->engine.ack_ttt,
                             .beg_run = task->engine.data_sn};
    task->engine.ack_wanted = false;
    task->engine.ack_sn = task->engine.data_sn;
    task->engine.ack_offset = task->engine.in_offset;
    task->engine.ack_received = task->received;
    return eng_snack_push(conn, &snack);
}

/* The A bit asks for an acknowledgment, which has to wait until there are no gaps. It repeats the tag that
 * comes with the bit (11.16.5): without one there is nothing that a target could know it by. */
rig_status eng_data_ack(eng_conn *conn, rig_task *task, const rig_pdu *pdu)
{
    if (rig_get32(pdu->bhs, RIG_F_TTT) == RIG_TAG_NONE)
        return RIG_OK;
    task->engine.ack_wanted = true;
    task->engine.ack_ttt = rig_get32(pdu->bhs, RIG_F_TTT);
    task->engine.ack_lun = rig_get(pdu->bhs, RIG_F_LUN);
    return task->engine.num_holes ? RIG_OK : send_ack(conn, task);
}

/* ---- the end of a command ---- */

/* The status counts once all data is here; until then it is not acknowledged either (11.16.1). */
void eng_status_came(eng_conn *conn, rig_task *task, uint32_t stat_sn, uint64_t now)
{
    if (task->engine.num_holes == 0 || task->engine.spoilt) {
        eng_task_done(task, task->engine.spoilt ? RIG_E_DATA_DIGEST : RIG_OK, now);
        return;
    }
    task->engine.held = true;
    task->engine.held_sn = stat_sn;
    rig_status status = eng_status_hold(conn, task, stat_sn, false);
    if (status)
        eng_conn_fail(conn, status, now);
}

/* Called when data of a task has come: what waited for it goes on. */
rig_status eng_data_whole(eng_conn *conn, rig_task *task, uint64_t now)
{
    rig_status status = RIG_OK;
    if (task->engine.num_holes)
        return RIG_OK;
    if (task->engine.ack_wanted)
        status = send_ack(conn, task);
    if (status || !task->engine.held)
        return status;
    task->engine.held = false;
    eng_status_release(conn, task->engine.held_sn);
    eng_task_done(task, task->engine.spoilt ? RIG_E_DATA_DIGEST : RIG_OK, now);
    return RIG_OK;
}

/* The target will not send it again: the command ends with an error, after its status (7.8, 11.17.1). A
 * refused Status SNACK leaves a hole in StatSN that nothing can fill. */
void eng_snack_refused(eng_conn *conn, const uint8_t *bhs, uint64_t now)
{
    rig_task *task = eng_task_find(conn->session, rig_get32(bhs, RIG_F_ITT));
    uint64_t type = rig_get(bhs, RIG_F_SNACK_TYPE);
    if (type == SNACK_DATA_ACK)
        return;
    if (type != SNACK_DATA && type != SNACK_R_DATA) {
        rig_fail(&conn->error, RIG_E_SEQUENCE, "the target does not send a lost response again (11.17.1)");
        eng_conn_fail(conn, RIG_E_SEQUENCE, now);
        return;
    }
    if (!task || task->engine.conn != conn || task->kind != RIG_TASK_SCSI)
        return;
    task->engine.spoilt = true;
    eng_gaps_forget(conn, task);
    if (eng_status_ask(conn, task) || eng_data_whole(conn, task, now))
        eng_conn_fail(conn, RIG_E_DATA_DIGEST, now);
}

/* ---- retry (7.2.1) ---- */

/* Sends a request again that the target seems not to have received: same tag, number and content. */
bool eng_retry(eng_conn *conn, rig_task *task)
{
    if (task->engine.phase == ENG_AGAIN)
        return true;
    if (task->engine.retries >= ENG_RETRIES_MAX || task->engine.num_tx)
        return false;
    task->engine.retries++;
    conn->session->counters.retries++;
    if (task->kind == RIG_TASK_TEXT) {
        eng_text_again(conn);
        return true;
    }
    eng_data_out_forget(conn, task);
    eng_gaps_forget(conn, task);
    eng_task_requeue(task, conn);
    return true;
}

/* What has data on its way, in or out, is no sign of anything. */
static bool is_unreceived(const eng_conn *conn, const rig_task *task)
{
    return task && task->engine.conn == conn && task->engine.phase == ENG_SENT && !task->immediate &&
           !task->engine.sending && !task->engine.num_tx && conn->placing != task &&
           rig_sn_le(conn->session->exp_cmd_sn, task->cmd_sn);
}

/* Behind a Logout a command would not get far: it ends as it would with the logout (11.14.1), and a ping
 * takes its number. */
static rig_status replace(eng_conn *conn, rig_task *task, uint64_t now)
{
    uint32_t cmd_sn = task->cmd_sn;
    eng_task_done(task, RIG_E_ABORTED, now);
    return conn->over ? RIG_OK : eng_plug(conn, cmd_sn, now);
}

static rig_status retry_unreceived(eng_conn *conn, uint64_t now)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < conn->session->num_slots && !status && !conn->over; i++) {
        rig_task *task = conn->session->slots[i].task;
        if (!is_unreceived(conn, task))
            continue;
        if (conn->state == ENG_S6_IN_LOGOUT && task->kind == RIG_TASK_SCSI)
            status = replace(conn, task, now);
        else if (eng_retry(conn, task))
            eng_conn_wake(conn);
    }
    return status;
}

/* Requests that ended without an answer may have left numbers that nobody answers for: as long as one is
 * missing, the target takes none behind it (4.2.2.1). */
rig_status eng_plug_holes(eng_conn *conn, uint64_t now)
{
    const rig_session *session = conn->session;
    uint8_t owned[ENG_TASKS_MAX / 8] = {0};
    uint32_t first = session->exp_cmd_sn;
    uint32_t num = session->cmd_sn - first;
    if (num > ENG_TASKS_MAX)
        return rig_fail(&conn->error, RIG_E_LIMIT, "%u requests are not acknowledged", num);
    for (uint32_t i = 0; i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        uint32_t at = task && !task->immediate && task->engine.numbered ? task->cmd_sn - first : num;
        if (at < num)
            owned[at / 8] |= (uint8_t)(1 << at % 8);
    }
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < num && !status && !conn->over; i++)
        if (!(owned[i / 8] >> i % 8 & 1))
            status = eng_plug(conn, first + i, now);
    return status;
}

static const rig_task *oldest_unreceived(const eng_conn *conn)
{
    const rig_session *session = conn->session;
    for (uint32_t i = 0; i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        if (is_unreceived(conn, task) && task->cmd_sn == session->exp_cmd_sn)
            return task;
    }
    return NULL;
}

/* Nothing was acknowledged all this time. What is sent in vain again and again shows that the connection does
 * not carry it any more, if the target still does not acknowledge it when it is asked: a silent one may just
 * be at work. */
static rig_status unstick(eng_conn *conn, uint64_t now)
{
    rig_status status = eng_plug_holes(conn, now);
    const rig_task *oldest = oldest_unreceived(conn);
    if (status)
        return status;
    if (!oldest || oldest->engine.retries < ENG_RETRIES_MAX) {
        conn->asked = false;
        return retry_unreceived(conn, now);
    }
    if (conn->asked && !conn->pinging)
        return rig_fail(&conn->error, RIG_E_TIMEOUT,
                        "the request with tag 0x%x was sent %d times and never received (7.2.1)", oldest->itt,
                        ENG_RETRIES_MAX + 1);
    eng_nop_ask(conn, now);
    conn->asked = conn->pinging;
    return RIG_OK;
}

/* ---- time ---- */

static uint64_t recovery_timeout(const rig_session *session)
{
    return session->config.recovery_timeout ? session->config.recovery_timeout : ENG_RECOVERY_TIMEOUT;
}

/* Called whenever something was asked for, and whenever a command was sent. */
void eng_recovery_arm(eng_conn *conn, uint64_t now)
{
    if (eng_level(conn->session) == 0 || conn->recovery_timer.armed)
        return;
    conn->progress_seen = conn->progress;
    conn->exp_cmd_sn_seen = conn->session->exp_cmd_sn;
    rig_timerq_arm(&conn->session->initiator->timers, &conn->recovery_timer,
                   eng_after(now, recovery_timeout(conn->session)));
}

/* What was asked for has to come; a request that was not acknowledged all this time is sent again (7.1.4.2).
 */
void eng_recovery_due(eng_conn *conn, uint64_t now)
{
    const rig_session *session = conn->session;
    if (conn->over)
        return;
    if (conn->missing && conn->progress == conn->progress_seen) {
        rig_fail(&conn->error, RIG_E_TIMEOUT, "what a SNACK asked for did not come");
        eng_conn_fail(conn, RIG_E_TIMEOUT, now);
        return;
    }
    bool waits = session->exp_cmd_sn != session->cmd_sn;
    bool stuck = waits && session->exp_cmd_sn == conn->exp_cmd_sn_seen;
    conn->asked = conn->asked && stuck;
    rig_status status = stuck ? unstick(conn, now) : RIG_OK;
    if (status)
        eng_conn_fail(conn, status, now);
    if (!conn->over && (conn->missing || waits))
        eng_recovery_arm(conn, now);
}
