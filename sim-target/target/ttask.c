/* Tasks: pools, tags, and the queue of those that have something to send. */
#include "tgt.h"

static size_t size_of(tgt_task_kind kind)
{
    return kind == TGT_TASK_SCSI ? sizeof(tgt_scsi) : sizeof(tgt_task);
}

/* The device's own room at the end of a SCSI task need not be zero. */
static size_t zeroed_of(tgt_task_kind kind)
{
    return kind == TGT_TASK_SCSI ? offsetof(tgt_scsi, scsi.inside) : sizeof(tgt_task);
}

static void *base_of(tgt_task *task)
{
    return task->kind == TGT_TASK_SCSI ? (void *)tgt_scsi_of(task) : (void *)task;
}

static tgt_task *from_pool(rig_target *target, tgt_task_kind kind)
{
    unsigned pool = kind == TGT_TASK_SCSI;
    if (target->num_pool[pool] > 0) {
        tgt_task *task = TGT_OF(target->pool[pool].next, tgt_task, in_conn);
        tgt_list_remove(&task->in_conn);
        target->num_pool[pool]--;
        task->kind = (uint8_t)kind;
        memset(base_of(task), 0, zeroed_of(kind));
        return task;
    }
    void *block = rig_new(target->alloc, size_of(kind));
    if (block && pool)
        return &((tgt_scsi *)block)->task;
    return block;
}

static void to_pool(rig_target *target, tgt_task *task)
{
    unsigned pool = task->kind == TGT_TASK_SCSI;
    if (target->num_pool[pool] >= TGT_POOL_MAX) {
        rig_delete(target->alloc, base_of(task), size_of(task->kind));
        return;
    }
    /* the youngest first: it is still in the cache */
    tgt_list_add(target->pool[pool].next, &task->in_conn);
    target->num_pool[pool]++;
}

void tgt_task_pool_cleanup(rig_target *target)
{
    for (unsigned pool = 0; pool < 2; pool++) {
        while (!tgt_list_empty(&target->pool[pool])) {
            tgt_task *task = TGT_OF(target->pool[pool].next, tgt_task, in_conn);
            tgt_list_remove(&task->in_conn);
            rig_delete(target->alloc, base_of(task), size_of(task->kind));
        }
    }
}

tgt_task *tgt_task_new(tgt_conn *conn, tgt_task_kind kind, const uint8_t *bhs)
{
    tgt_task *task = from_pool(conn->target, kind);
    if (!task)
        return NULL;
    task->conn = conn;
    task->kind = (uint8_t)kind;
    task->timer.kind = TGT_TIMER_TASK;
    task->effects = conn->effects;
    task->waits = conn->effects & conn->target->wait_rules;
    if (bhs)
        memcpy(task->bhs, bhs, RIG_BHS_LEN);
    tgt_list_init(&task->in_ready);
    tgt_list_add(&conn->tasks, &task->in_conn);
    return task;
}

rig_status tgt_task_keep(tgt_task *task, rig_view ahs, rig_view data)
{
    size_t size = ahs.len + data.len;
    if (size == 0)
        return RIG_OK;
    task->data = rig_new(task->conn->target->alloc, size);
    if (!task->data)
        return RIG_E_NOMEM;
    if (ahs.len)
        memcpy(task->data, ahs.ptr, ahs.len);
    if (data.len && data.ptr)
        memcpy(task->data + ahs.len, data.ptr, data.len);
    task->ahs_len = ahs.len;
    task->data_len = data.len;
    return RIG_OK;
}

rig_view tgt_task_ahs(const tgt_task *task)
{
    return rig_view_of(task->data, task->ahs_len);
}

rig_view tgt_task_data(const tgt_task *task)
{
    return rig_view_of(task->data ? task->data + task->ahs_len : NULL, task->data_len);
}

static uint64_t tag_hash(const tgt_session *session, uint32_t itt)
{
    return tgt_mix((uint64_t)(uintptr_t)session, itt);
}

void tgt_task_tag(tgt_task *task)
{
    task->tagged = true;
    rig_map_add(&task->conn->target->tasks, &task->by_tag, tag_hash(task->conn->session, tgt_task_itt(task)));
}

tgt_task *tgt_task_find(const tgt_session *session, uint32_t itt)
{
    rig_map_link *link = rig_map_first(&session->target->tasks, tag_hash(session, itt));
    for (; link; link = rig_map_next(link)) {
        tgt_task *task = TGT_OF(link, tgt_task, by_tag);
        if (task->conn->session == session && tgt_task_itt(task) == itt)
            return task;
    }
    return NULL;
}

/* Counts an immediate request against the limit of its connection. */
void tgt_task_count(tgt_task *task)
{
    if (task->immediate && task->kind == TGT_TASK_TMF)
        task->conn->num_tmf++;
    else if (task->immediate)
        task->conn->num_immediate++;
}

static void uncount(tgt_task *task)
{
    if (task->immediate && task->kind == TGT_TASK_TMF)
        task->conn->num_tmf--;
    else if (task->immediate)
        task->conn->num_immediate--;
    task->immediate = false;
}

static const rig_rule_action *wait_action(const rig_rule *rule, rig_rule_verb verb)
{
    for (uint32_t i = 0; i < rule->num_actions; i++)
        if (rule->actions[i].verb == verb)
            return &rule->actions[i];
    return NULL;
}

/* A hold comes before a delay; a rule with both only holds. */
static bool must_wait(tgt_task *task)
{
    rig_target *target = task->conn->target;
    uint64_t time = 0;
    for (uint32_t i = 0; i < target->num_rules; i++) {
        if (!(task->waits >> i & 1))
            continue;
        if (wait_action(&target->rules[i], RIG_DO_HOLD))
            return true;
        time += wait_action(&target->rules[i], RIG_DO_DELAY)->time;
    }
    rig_timerq_arm(&target->timers, &task->timer, target->now + time);
    return true;
}

/* The status is there, and to be told once the device has done what it says (rig_scsi.until). */
static bool device_works(tgt_task *task)
{
    rig_target *target = task->conn->target;
    if (task->kind != TGT_TASK_SCSI || tgt_scsi_of(task)->scsi.until <= target->now)
        return false;
    rig_timerq_arm(&target->timers, &task->timer, tgt_scsi_of(task)->scsi.until);
    return true;
}

void tgt_task_ready(tgt_task *task)
{
    if (task->done || task->ready || task->held || task->fenced)
        return;
    if (task->conn->keeps && task->kind == TGT_TASK_SCSI)
        return; /* its new connection goes on with it */
    if ((task->waits && must_wait(task)) || device_works(task) || tgt_made_late(task)) {
        task->held = true;
        return;
    }
    task->ready = true;
    task->conn->num_waiting++;
    tgt_list_add(&task->conn->ready, &task->in_ready);
    tgt_conn_kick(task->conn);
}

void tgt_task_timer(tgt_task *task)
{
    task->waits = 0;
    task->held = false;
    tgt_task_ready(task);
}

void tgt_task_unready(tgt_task *task)
{
    if (!task->ready)
        return;
    task->ready = false;
    task->conn->num_waiting--;
    tgt_list_remove(&task->in_ready);
}

void tgt_task_untag(tgt_task *task)
{
    if (task->tagged)
        rig_map_remove(&task->conn->target->tasks, &task->by_tag);
    task->tagged = false;
}

void tgt_task_answered(tgt_task *task)
{
    tgt_task_unready(task);
    tgt_fence_forget(task);
    uncount(task);
    task->answered = true;
}

void tgt_task_move(tgt_task *task, tgt_conn *to)
{
    tgt_task_unready(task);
    tgt_list_remove(&task->in_conn);
    tgt_list_add(&to->tasks, &task->in_conn);
    task->conn = to;
}

/* Takes a task out of everything but its connection's list. */
static void settle(tgt_task *task)
{
    rig_target *target = task->conn->target;
    tgt_task_unready(task);
    tgt_fence_forget(task);
    tgt_task_untag(task);
    if (task->pending)
        rig_map_remove(&target->pending, &task->by_sn);
    if (task->numbered && task->conn->session)
        task->conn->session->num_active--;
    rig_timerq_disarm(&target->timers, &task->timer);
    if (task->blocked) {
        tgt_list_remove(&task->in_ready);
        tgt_unit_stir(tgt_scsi_of(task)->unit);
    }
    task->blocked = false;
    if (task->draining)
        task->conn->num_draining--;
    if (task->lazy)
        task->conn->num_lazy--;
    task->lazy = TGT_NOT_LAZY;
    if (task->waiting && task->conn->session)
        task->conn->session->num_tmf_waiting--;
    task->waiting = false;
    task->pending = task->numbered = task->held = task->draining = false;
    uncount(task);
    task->done = true;
}

void tgt_task_free(tgt_task *task)
{
    rig_target *target = task->conn->target;
    settle(task);
    if (task->kind == TGT_TASK_SCSI)
        tgt_scsi_free(tgt_scsi_of(task));
    rig_delete(target->alloc, task->data, task->ahs_len + task->data_len);
    tgt_list_remove(&task->in_conn);
    to_pool(target, task);
}

void tgt_task_finish(tgt_task *task)
{
    settle(task);
    if (task->refs == 0)
        tgt_task_free(task);
}

void tgt_task_unref(tgt_task *task)
{
    if (--task->refs == 0 && task->done)
        tgt_task_free(task);
}

void tgt_task_drain(tgt_task *task)
{
    tgt_conn *conn = task->conn;
    bool tagged = task->tagged;
    settle(task);
    if (!tagged || conn->keeps || conn->num_draining >= TGT_DRAIN_MAX) {
        tgt_task_finish(task);
        return;
    }
    task->done = false;
    task->draining = true;
    conn->num_draining++;
    tgt_task_tag(task);
}
