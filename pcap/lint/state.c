/* Connections, sessions and their tasks, found by number. */
#include "lint.h"

/* ---- tasks ---- */

static lint_task **task_place(lint_session *session, uint32_t itt)
{
    lint_task **place = &session->buckets[(itt ^ itt >> 8 ^ itt >> 16) % LINT_BUCKETS];
    while (*place && (*place)->itt != itt)
        place = &(*place)->next;
    return place;
}

lint_task *lint_task_find(const lint_session *session, uint32_t itt)
{
    return *task_place((lint_session *)session, itt);
}

void lint_task_open(lint_task *task)
{
    lint_conn *conn = task->conn;
    task->open = true;
    task->open_prev = conn->open_last;
    *(conn->open_last ? &conn->open_last->open_next : &conn->open_first) = task;
    conn->open_last = task;
}

void lint_task_shut(lint_task *task)
{
    lint_conn *conn = task->conn;
    if (!task->open)
        return;
    *(task->open_prev ? &task->open_prev->open_next : &conn->open_first) = task->open_next;
    *(task->open_next ? &task->open_next->open_prev : &conn->open_last) = task->open_prev;
    task->open = false;
    task->open_prev = task->open_next = NULL;
}

lint_task *lint_task_new(rig_lint *lint, lint_conn *conn, uint32_t itt)
{
    lint_session *session = conn->session;
    lint_task *task = lint->spare;
    if (lint->num_tasks >= RIG_LINT_TASKS_MAX) {
        session->blind = true;
        return NULL;
    }
    if (task)
        lint->spare = task->next;
    else
        task = rig_new(lint->config.alloc, sizeof *task);
    if (!task) {
        lint->status = RIG_E_NOMEM;
        return NULL;
    }
    lint_task **place = task_place(session, itt);
    *task = (lint_task){.conn = conn, .itt = itt, .sure = true};
    *place = task;
    lint->num_tasks++;
    session->num_tasks++;
    return task;
}

void lint_task_end(rig_lint *lint, lint_session *session, lint_task *task)
{
    session->loose |= task->open || task->num_r2ts > 0 || task->aborted || task->refused || task->ending;
    lint_task_shut(task);
    *task_place(session, task->itt) = task->next;
    task->next = lint->spare;
    lint->spare = task;
    lint->num_tasks--;
    session->num_tasks--;
}

/* ---- sessions ---- */

lint_session *lint_session_new(rig_lint *lint)
{
    lint_session *session = rig_new(lint->config.alloc, sizeof *session);
    if (!session)
        lint->status = RIG_E_NOMEM;
    return session;
}

static lint_session **session_bucket(const rig_lint *lint, uint64_t isid)
{
    return (lint_session **)&lint->sessions[(isid ^ isid >> 16 ^ isid >> 32) % LINT_SESSION_BUCKETS];
}

static bool may_be(uint64_t name, uint64_t other)
{
    return name == other || name == 0 || other == 0;
}

/* Two logins are of one nexus when both names and the ISID are the same (section 4.4.3). */
lint_session *lint_session_find(const rig_lint *lint, const lint_login *login, bool any_tsih)
{
    lint_session *session = *session_bucket(lint, login->isid);
    while (session && !(session->isid == login->isid && may_be(session->initiator, login->initiator) &&
                        may_be(session->target, login->target) && (any_tsih || session->tsih == login->tsih)))
        session = session->next;
    return session;
}

void lint_session_list(rig_lint *lint, lint_session *session, const lint_login *login)
{
    lint_session **bucket = session_bucket(lint, login->isid);
    session->isid = login->isid;
    session->initiator = login->initiator;
    session->target = login->target;
    session->discovery = login->discovery;
    session->tsih = login->tsih;
    session->listed = true;
    session->next = *bucket;
    *bucket = session;
}

static void unlist(rig_lint *lint, lint_session *session)
{
    lint_session **place = session_bucket(lint, session->isid);
    if (!session->listed)
        return;
    while (*place != session)
        place = &(*place)->next;
    *place = session->next;
    session->listed = false;
}

void lint_session_join(lint_conn *conn, lint_session *session)
{
    conn->session = session;
    session->live++;
    session->joined++;
}

/* conn NULL: all of them */
static void end_tasks(rig_lint *lint, lint_session *session, const lint_conn *conn)
{
    for (unsigned b = 0; b < LINT_BUCKETS; b++)
        for (lint_task *task = session->buckets[b], *next; task; task = next) {
            next = task->next;
            if (!conn || task->conn == conn)
                lint_task_end(lint, session, task);
        }
}

/* At level 2 another connection goes on with what one that was not logged out has left (section 7.2.2), and a
 * function that aborts it brings its status, too (section 11.5.1). */
static bool may_be_taken_over(const lint_session *session, const lint_conn *conn)
{
    return !conn->logged_out && (!session->keys_known || session->numbers[LINT_N_ERL] == 2);
}

void lint_conn_leave(rig_lint *lint, lint_conn *conn)
{
    lint_session *session = conn->session;
    if (!session)
        return;
    conn->session = NULL;
    end_tasks(lint, session, conn);
    if (--session->live > 0) {
        session->blind |= may_be_taken_over(session, conn);
        return;
    }
    unlist(lint, session);
    end_tasks(lint, session, NULL);
    rig_delete(lint->config.alloc, session, sizeof *session);
}

/* Whatever still comes on its connections is on its way out. */
void lint_session_end(rig_lint *lint, lint_session *session)
{
    unlist(lint, session);
    for (lint_conn *conn = lint->oldest, *next; conn; conn = next) {
        next = conn->age_next;
        if (conn->session != session)
            continue;
        conn->muted = true;
        bool last = session->live == 1;
        lint_conn_leave(lint, conn);
        if (last)
            return;
    }
}

/* ---- connections ---- */

lint_conn *lint_conn_find(const rig_lint *lint, uint32_t index)
{
    lint_conn *conn = lint->conns[index % LINT_CONN_BUCKETS];
    while (conn && conn->index != index)
        conn = conn->next;
    return conn;
}

static void conn_free(rig_lint *lint, lint_conn *conn)
{
    lint_conn **place = &lint->conns[conn->index % LINT_CONN_BUCKETS];
    lint_conn_leave(lint, conn);
    lint_forget_keys(lint, conn);
    while (*place != conn)
        place = &(*place)->next;
    *place = conn->next;
    *(conn->age_prev ? &conn->age_prev->age_next : &lint->oldest) = conn->age_next;
    *(conn->age_next ? &conn->age_next->age_prev : &lint->newest) = conn->age_prev;
    for (unsigned i = 0; i < LINT_CLOSED_MAX && conn->closed; i++)
        if (lint->closed[i] == conn)
            lint->closed[i] = NULL;
    if (lint->last == conn)
        lint->last = NULL;
    lint->num_conns--;
    rig_delete(lint->config.alloc, conn, sizeof *conn);
}

static lint_conn *conn_new(rig_lint *lint, uint32_t index)
{
    if (lint->num_conns >= RIG_LINT_CONNECTIONS_MAX)
        conn_free(lint, lint->oldest);
    lint_conn *conn = rig_new(lint->config.alloc, sizeof *conn);
    if (!conn)
        return NULL;
    conn->index = index;
    conn->phase = LINT_MIDSTREAM;
    conn->text_lost = conn->pings_lost = true;
    conn->limit[0] = conn->limit[1] = UINT32_MAX;
    conn->next = lint->conns[index % LINT_CONN_BUCKETS];
    lint->conns[index % LINT_CONN_BUCKETS] = conn;
    conn->age_prev = lint->newest;
    *(lint->newest ? &lint->newest->age_next : &lint->oldest) = conn;
    lint->newest = conn;
    lint->num_conns++;
    lint->totals.connections++;
    return conn;
}

lint_conn *lint_conn_get(rig_lint *lint, uint32_t index)
{
    if (!lint->last || lint->last->index != index) {
        lint_conn *conn = lint_conn_find(lint, index);
        lint->last = conn ? conn : conn_new(lint, index);
    }
    return lint->last;
}

void lint_conn_begin(rig_lint *lint, lint_conn *conn)
{
    if (conn->closed)
        return;
    lint_conn_leave(lint, conn);
    lint_forget_keys(lint, conn);
    *conn = (lint_conn){.next = conn->next,
                        .age_prev = conn->age_prev,
                        .age_next = conn->age_next,
                        .index = conn->index,
                        .phase = LINT_FRESH,
                        .born = lint->totals.pdus,
                        .limit = {UINT32_MAX, UINT32_MAX}};
}

/* The other direction may still speak for a while: nothing is known of what it then answers. */
void lint_conn_close(rig_lint *lint, lint_conn *conn)
{
    if (conn->closed)
        return;
    lint_conn_leave(lint, conn);
    lint_forget_keys(lint, conn);
    conn->closed = conn->muted = true;
    lint_conn **slot = &lint->closed[lint->next_closed++ % LINT_CLOSED_MAX];
    if (*slot)
        conn_free(lint, *slot);
    *slot = conn;
}

static void lose_tasks(lint_session *session, const lint_conn *conn)
{
    for (unsigned b = 0; b < LINT_BUCKETS; b++)
        for (lint_task *task = session->buckets[b]; task; task = task->next)
            if (task->conn == conn) {
                task->sure = false;
                task->lost = true;
            }
}

/* Each side says its own limit; a login is what both say. */
static void lose_limits(lint_conn *conn, rig_lint_side side)
{
    if (side != RIG_LINT_TARGET)
        conn->limit[RIG_LINT_INITIATOR] = UINT32_MAX;
    if (side != RIG_LINT_INITIATOR)
        conn->limit[RIG_LINT_TARGET] = UINT32_MAX;
}

void lint_conn_lose(lint_conn *conn, rig_lint_side side)
{
    if (conn->phase != LINT_FULL) {
        side = RIG_LINT_BOTH;
        conn->keys_known = false;
    }
    if (conn->phase != LINT_FULL && conn->session)
        conn->session->keys_known = false;
    conn->phase = LINT_MIDSTREAM;
    conn->stat_known = conn->ack_known = conn->cmd_known = conn->exp_known = false;
    lose_limits(conn, side);
    conn->text = (lint_exchange){.ttt = RIG_TAG_NONE};
    conn->text_lost = conn->pings_lost = true;
    conn->logging_out = conn->logged_out = false;
    conn->logout_due.set = conn->text_due.set = false;
    if (!conn->session)
        return;
    conn->session->cmd_known = conn->session->max_known = conn->session->sent_known = false;
    conn->session->connections_lost = true;
    conn->session->window_lost |= side != RIG_LINT_INITIATOR;
    conn->session->exp_at = 0;
    conn->session->blind |= side != RIG_LINT_TARGET; /* requests of the other side were all seen */
    lose_tasks(conn->session, conn);
}

void lint_state_free(rig_lint *lint)
{
    while (lint->oldest)
        conn_free(lint, lint->oldest);
    while (lint->spare) {
        lint_task *next = lint->spare->next;
        rig_delete(lint->config.alloc, lint->spare, sizeof *lint->spare);
        lint->spare = next;
    }
}
