#include "fault_run.h"

#include "disk.h"
#include "rig/initiator.h"
#include "rig/target.h"

#define READ_AHEAD 65536
#define DEPTH_MAX 16
#define CHUNK_MAX 256                    /* blocks of the largest command */
#define TRIES_MAX 1000                   /* times one command is given before it counts as hopeless */
#define PATIENCE 50                      /* tries after which the queue is ramped down to it alone */
#define EXTRA_EVERY 8                    /* SCSI commands between two other requests */
#define ADD_EVERY (50 * RIG_MILLISECOND) /* between attempts to add a connection */
#define LIFE_MAX (48 * 3600 * RIG_SECOND)
#define STEPS_MAX UINT64_C(200000000)
#define KEY_UNIT_ATTENTION 0x06
#define KEY_ABORTED 0x0b
#define CHECK_CONDITION 0x02
#define BUSY 0x08
#define TASK_SET_FULL 0x28
#define TASK_ABORTED 0x40

#define NAME "iqn.2026-01.example.sim:faults"
#define TARGET_IP "192.0.2.1"
#define HOST_IP "10.0.0.1"

typedef struct run run;

/* One of the commands that are under way together: a chunk is written until that is good, then read. */
typedef struct work {
    rig_task task;
    run *run;
    uint8_t cdb[10];
    uint64_t *data; /* CHUNK_MAX blocks */
    struct iovec iov;
    uint64_t lba, generation;
    uint32_t blocks, tries; /* blocks 0: no chunk */
    bool reading, busy;
} work;

struct run {
    const fault_config *config;
    fault_sums *sums;
    rig_text *why;
    rig_alloc_meter meter;
    rig_draws draws;
    rig_simnet *net;
    rig_simhost *host, *far;
    rig_target *target;
    rig_initiator *initiator;
    rig_session *session;
    rig_portal portal;
    disk *disk;
    uint8_t ahead[2][READ_AHEAD];
    work works[DEPTH_MAX];
    uint64_t *words; /* of all works */
    rig_task extra;
    uint64_t next_lba, end_lba, add_at, since_extra, num_extras, num_draws;
    uint32_t depth, connections, segment, far_segment; /* … MaxRecvDataSegmentLength of both */
    bool any_order;                                    /* Data-In may come in any order */
    bool failed;
};

/* ---- draws and failures ---- */

static uint32_t pick(run *r, uint32_t limit)
{
    return (uint32_t)(rig_draw(&r->draws, "fault-run", r->num_draws++) % limit);
}

static uint32_t pick_of(run *r, const uint32_t *list, uint32_t num)
{
    return list[pick(r, num)];
}

static void fail(run *r, const char *what)
{
    if (!r->failed)
        rig_text_add(r->why, "%s", what);
    r->failed = true;
}

__attribute__((format(printf, 2, 3))) static void trace(const run *r, const char *format, ...)
{
    char line[512] = "";
    rig_text text;
    va_list args;
    if (!r->config->trace)
        return;
    rig_text_init(&text, line, sizeof line);
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    r->config->trace(rig_simnet_now(r->net), line);
}

/* ---- the target and its troubles ---- */

typedef struct trouble {
    rig_pdu_kind on;
    rig_rule_verb verb;
    rig_fault fault;
    uint32_t rarity; /* about each so-manieth PDU of that kind */
    uint32_t level;  /* from this one on */
    bool numbered;   /* one Data-In or R2T of the command */
} trouble;

static const trouble troubles[] = {
    {RIG_PDU_SCSI_CMD, RIG_DO_DROP, 0, 71, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_DELAY, 0, 67, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_RESET, 0, 311, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_CLOSE, 0, 313, 0, false},
    {RIG_PDU_DATA_OUT, RIG_DO_DROP, 0, 97, 0, false},
    {RIG_PDU_DATA_OUT, RIG_DO_RESET, 0, 509, 0, false},
    {RIG_PDU_SNACK, RIG_DO_DROP, 0, 7, 1, false},
    {RIG_PDU_NOP_OUT, RIG_DO_DROP, 0, 11, 0, false},
    {RIG_PDU_TMF_REQ, RIG_DO_DROP, 0, 7, 0, false},
    {RIG_PDU_TEXT_REQ, RIG_DO_DROP, 0, 5, 0, false},
    {RIG_PDU_LOGOUT_REQ, RIG_DO_DROP, 0, 5, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_HEADER_DIGEST_FLIP, 251, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_DATA_DIGEST_FLIP, 103, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_SILENCE, 211, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_STAT_SN_SKIP, 401, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_STATUS_LOST, 61, 0, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_DATA_IN_LOST, 47, 0, true},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_DATA_IN_LATE, 53, 0, true},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_DATA_IN_TWICE, 73, 0, true},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_WRONG_DATA_SN, 79, 0, true},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_R2T_LOST, 43, 0, true},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_R2T_TWICE, 83, 0, true},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_WRONG_R2T_SN, 89, 0, true},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_A_BIT_ALWAYS, 13, 1, false},
    {RIG_PDU_SNACK, RIG_DO_FAULT, RIG_FAULT_SNACK_IGNORED, 9, 1, false},
    {RIG_PDU_SNACK, RIG_DO_FAULT, RIG_FAULT_SNACK_REFUSED, 13, 1, false},
    {RIG_PDU_SNACK, RIG_DO_FAULT, RIG_FAULT_SNACK_WRONG_RUN, 11, 1, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_RESENT_STAT_SN, 19, 1, false},
    {RIG_PDU_SCSI_CMD, RIG_DO_FAULT, RIG_FAULT_SNACK_TAG_MISSING, 17, 1, false},
    {RIG_PDU_TMF_REQ, RIG_DO_FAULT, RIG_FAULT_REASSIGN_REFUSED, 23, 2, false},
    {RIG_PDU_TMF_REQ, RIG_DO_FAULT, RIG_FAULT_REASSIGN_FROM_START, 5, 2, false},
    {RIG_PDU_NOP_OUT, RIG_DO_SEND, 0, 7, 0, false},
};

/* An Async Message that asks for a logout (11.9.1, event 1). */
static void ask_for_logout(rig_rule_action *action)
{
    static const rig_field_id fields[] = {RIG_F_ASYNC_EVENT, RIG_F_PARAMETER3};
    action->pdu = RIG_PDU_ASYNC;
    rig_bhs_init(action->bhs, RIG_PDU_ASYNC);
    rig_set(action->bhs, RIG_F_ASYNC_EVENT, 1);
    rig_set(action->bhs, RIG_F_PARAMETER3, 3);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        action->given[fields[i] / 64] |= UINT64_C(1) << fields[i] % 64;
}

/* A wrong DataSN is a lie, not a loss: it shows by the offset beside it, but only where offsets go up in
 * order. */
static rig_status trouble_target(run *r)
{
    static const uint32_t eighths[] = {1, 2, 4, 8}; /* some seeds are troubled more than others */
    uint32_t part = pick_of(r, eighths, 4);
    rig_status status = RIG_OK;
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0] && !status; i++) {
        const trouble *t = &troubles[i];
        rig_rule rule = {
            .on = t->on, .num_actions = 1, .every = t->rarity * part / 8 + 2 + pick(r, t->rarity)};
        if (t->on == RIG_PDU_DATA_OUT)
            rule.every += t->rarity;
        if (t->on == RIG_PDU_SCSI_CMD) /* what ends a session ends all that is under way */
            rule.every += r->depth * (r->config->level ? 2 : 8);
        rule.actions[0] = (rig_rule_action){.verb = t->verb,
                                            .fault = t->fault,
                                            .bit = pick(r, 32),
                                            .numbered = t->numbered,
                                            .number = pick(r, 3),
                                            .time = RIG_SECOND + pick(r, 1000) * RIG_MILLISECOND};
        if (t->verb == RIG_DO_SEND)
            ask_for_logout(&rule.actions[0]);
        if (t->level <= r->config->level && !(t->fault == RIG_FAULT_WRONG_DATA_SN && r->any_order))
            status = rig_target_rule_add(r->target, &rule);
    }
    return status;
}

static void target_event(void *ctx, const rig_target_event *event)
{
    run *r = ctx;
    rig_fault fault = event->kind == RIG_TARGET_MADE_WRONG ? rig_fault_find(event->text) : RIG_FAULTS;
    if (fault < RIG_FAULTS)
        r->sums->wrong[fault]++;
    if (event->kind == RIG_TARGET_MADE_WRONG)
        trace(r, "target, cid %u: %.*s", event->cid, RIG_VIEW_ARG(event->text));
    if (event->kind == RIG_TARGET_CLOSED)
        trace(r, "target, cid %u: closed, %s %s", event->cid, rig_status_name(event->why),
              event->error ? event->error->text : "");
}

static rig_status offer(run *r, rig_target_node *node, const char *key, uint32_t value)
{
    char number[16];
    rig_text text;
    rig_text_init(&text, number, sizeof number);
    rig_text_add(&text, "%u", value);
    return rig_target_offer(r->target, node, rig_view_str(key), rig_view_str(number), NULL);
}

static rig_status build_target(run *r)
{
    rig_target_node *node;
    rig_address at = {.port = RIG_PORT};
    rig_device *device;
    rig_device_config unit = {.alloc = &r->meter.alloc};
    const rig_target_config config = {.alloc = &r->meter.alloc,
                                      .draws = r->draws,
                                      .transport = rig_simhost_transport(r->far),
                                      .read_ahead = {r->ahead[0], READ_AHEAD},
                                      .event = target_event,
                                      .ctx = r,
                                      .nop_interval = 7 * RIG_SECOND};
    rig_ip_parse(rig_view_str(TARGET_IP), &at.ip);
    if (rig_target_new(&config, &r->target) || rig_target_portal_add(r->target, &at, 1, NULL) ||
        rig_target_node_add(r->target, rig_view_str(NAME), &node, NULL) ||
        offer(r, node, "ErrorRecoveryLevel", 2) || offer(r, node, "MaxConnections", 8) ||
        offer(r, node, "MaxRecvDataSegmentLength", r->far_segment) ||
        disk_new(&r->meter.alloc, r->config->seed, r->end_lba, r->config->lose, &r->disk, &unit.backing) ||
        rig_device_new(&unit, &device) || rig_target_node_lun(node, 0, device))
        return RIG_E_NOMEM;
    if (r->config->fault < RIG_FAULTS)
        rig_target_fault_on(r->target, r->config->fault);
    return trouble_target(r);
}

/* ---- the initiator ---- */

static const char *const event_names[] = {
    [RIG_EVENT_TRANSITION] = "",         [RIG_EVENT_SESSION_UP] = "session up",
    [RIG_EVENT_SESSION_DOWN] = "down",   [RIG_EVENT_LOGIN_FAILED] = "login failed",
    [RIG_EVENT_CLOSED] = "closed",       [RIG_EVENT_NEXUS_LOSS] = "nexus loss",
    [RIG_EVENT_RECOVERED] = "recovered", [RIG_EVENT_NOP_IN] = "nop-in",
    [RIG_EVENT_ASYNC] = "async",         [RIG_EVENT_REJECT] = "reject",
    [RIG_EVENT_IGNORED] = "ignored",
};

static void initiator_event(void *ctx, const rig_event *event)
{
    run *r = ctx;
    trace(r, "cid %u: %s %.*s %s %s", event->cid, event_names[event->kind], RIG_VIEW_ARG(event->text),
          event->status ? rig_status_name(event->status) : "", event->error ? event->error->text : "");
    r->sums->recovered += event->kind == RIG_EVENT_RECOVERED;
    r->sums->nexus_losses += event->kind == RIG_EVENT_NEXUS_LOSS;
    r->sums->closed += event->kind == RIG_EVENT_CLOSED;
    r->sums->logins_failed += event->kind == RIG_EVENT_LOGIN_FAILED;
}

static void propose(run *r, rig_session_config *config)
{
    static const uint32_t bursts[] = {8192, 65536, 262144};
    rig_key_value *keys = config->offer;
    keys[RIG_KEY_HEADER_DIGEST] = keys[RIG_KEY_DATA_DIGEST] = (rig_key_value){.value = 2}; /* CRC32C alone */
    keys[RIG_KEY_RECOVERY_LEVEL].value = r->config->level;
    keys[RIG_KEY_MAX_CONNECTIONS].value = r->connections;
    keys[RIG_KEY_MAX_RECV_DATA].value = r->segment;
    keys[RIG_KEY_MAX_BURST].value = pick_of(r, bursts, 3);
    keys[RIG_KEY_FIRST_BURST].value = pick_of(r, bursts, 3);
    if (keys[RIG_KEY_FIRST_BURST].value > keys[RIG_KEY_MAX_BURST].value)
        keys[RIG_KEY_FIRST_BURST].value = keys[RIG_KEY_MAX_BURST].value;
    keys[RIG_KEY_INITIAL_R2T].value = pick(r, 2);
    keys[RIG_KEY_IMMEDIATE_DATA].value = pick(r, 2);
    keys[RIG_KEY_MAX_R2T].value = 1 + pick(r, 4);
    keys[RIG_KEY_PDU_IN_ORDER].value = keys[RIG_KEY_SEQUENCE_IN_ORDER].value = !r->any_order;
}

static rig_status build_initiator(run *r)
{
    rig_session_config config;
    const rig_initiator_config node = {.alloc = &r->meter.alloc,
                                       .draws = r->draws,
                                       .transport = rig_simhost_transport(r->host),
                                       .read_ahead = {r->ahead[1], READ_AHEAD},
                                       .name = rig_view_str("iqn.2026-01.example.host:faults"),
                                       .event = initiator_event,
                                       .ctx = r};
    rig_session_config_init(&config);
    propose(r, &config);
    config.target = rig_view_str(NAME);
    config.command_timeout = 10 * RIG_SECOND;
    config.tmf_timeout = 5 * RIG_SECOND;
    config.nop_interval = 2 * RIG_SECOND;
    config.recovery_timeout = RIG_SECOND;
    config.reconnect = config.retry_login = true;
    config.reconnect_max = UINT32_MAX;
    rig_status status = rig_portal_parse(rig_view_str(TARGET_IP), &config.portal, NULL);
    r->portal = config.portal;
    if (!status)
        status = rig_initiator_new(&node, &r->initiator, NULL);
    return status ? status : rig_session_new(r->initiator, &config, &r->session, NULL);
}

/* ---- chunks ---- */

static void fill(work *w)
{
    for (uint32_t i = 0; i < w->blocks; i++)
        disk_fill(w->data + (size_t)i * DISK_WORDS, w->run->config->seed, w->lba + i, w->generation);
}

static bool is_landed(const work *w)
{
    for (uint32_t i = 0; i < w->blocks; i++)
        if (disk_generation(w->run->disk, w->lba + i) != w->generation)
            return false;
    return true;
}

static bool is_read_right(const work *w)
{
    uint64_t right[DISK_WORDS];
    for (uint32_t i = 0; i < w->blocks; i++) {
        disk_fill(right, w->run->config->seed, w->lba + i, w->generation);
        if (memcmp(right, w->data + (size_t)i * DISK_WORDS, sizeof right) != 0) {
            trace(w->run, "block %llu is wrong: %u bytes came, it says block %llu, generation %llu",
                  (unsigned long long)w->lba + i, w->task.received,
                  (unsigned long long)w->data[(size_t)i * DISK_WORDS],
                  (unsigned long long)w->data[(size_t)i * DISK_WORDS + 1]);
            return false;
        }
    }
    return true;
}

static void went_well(work *w)
{
    run *r = w->run;
    r->sums->outcomes[RIG_OK]++;
    w->tries = 0;
    if (!w->reading && !is_landed(w))
        fail(r, "a write ended with GOOD and is lost");
    if (w->reading && !is_read_right(w))
        fail(r, "what was read is not what was written");
    if (w->reading)
        w->blocks = 0;
    w->reading = !w->reading;
}

/* What a SCSI layer repeats: no answer by a named failure of the delivery, or a status that says "again". */
static bool may_repeat(const rig_task *task)
{
    static const rig_status never[] = {RIG_E_NOMEM, RIG_E_ARGUMENT, RIG_E_STATE, RIG_E_LIMIT,
                                       RIG_E_UNSUPPORTED};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (task->status == never[i])
            return false;
    if (task->status != RIG_OK || task->response != 0)
        return true;
    uint8_t key = task->sense_len > 2 ? task->sense[2] & 0x0f : 0;
    if (task->scsi_status == CHECK_CONDITION)
        return key == KEY_ABORTED || key == KEY_UNIT_ATTENTION;
    return task->scsi_status == BUSY || task->scsi_status == TASK_SET_FULL ||
           task->scsi_status == TASK_ABORTED;
}

static void went_wrong(work *w)
{
    run *r = w->run;
    const rig_task *task = &w->task;
    if (task->status)
        r->sums->outcomes[task->status]++;
    else
        r->sums->conditions++;
    r->sums->repeated++;
    if (!r->failed && !may_repeat(task)) {
        fail(r, "a command ended in a way no delivery failure has: ");
        rig_text_add(r->why, "%s, response 0x%02x, status 0x%02x, key %x", rig_status_name(task->status),
                     task->response, task->scsi_status, task->sense_len > 2 ? task->sense[2] & 15 : 0);
    }
    if (++w->tries > TRIES_MAX)
        fail(r, "a command never succeeds");
    if (!w->reading)
        w->generation++;
}

static void work_done(rig_task *task, uint64_t now)
{
    work *w = task->user;
    bool good = task->status == RIG_OK && task->response == 0 && task->scsi_status == 0;
    (void)now;
    w->busy = false;
    w->run->since_extra++;
    trace(w->run, "%s of %u blocks at %llu, generation %llu, tag 0x%x: %s, scsi %x",
          w->reading ? "read" : "write", w->blocks, (unsigned long long)w->lba,
          (unsigned long long)w->generation, task->itt, rig_status_name(task->status), task->scsi_status);
    if (good)
        went_well(w);
    else
        went_wrong(w);
}

/* False when all chunks are taken. */
static bool take_chunk(work *w)
{
    run *r = w->run;
    static const uint32_t sizes[] = {1, 8, 16, 64, 128, CHUNK_MAX};
    uint32_t size = pick_of(r, sizes, 6);
    if (r->next_lba == r->end_lba)
        return false;
    w->lba = r->next_lba;
    w->blocks = r->end_lba - w->lba < size ? (uint32_t)(r->end_lba - w->lba) : size;
    w->generation = 1;
    w->reading = false;
    r->next_lba += w->blocks;
    return true;
}

/* READ (10) and WRITE (10), SBC-3 sections 5.8 and 5.25. */
static void make_task(work *w)
{
    uint32_t bytes = w->blocks * DISK_BLOCK;
    memset(w->cdb, 0, sizeof w->cdb);
    w->cdb[0] = w->reading ? 0x28 : 0x2a;
    rig_be_set(w->cdb + 2, 4, w->lba);
    rig_be_set(w->cdb + 7, 2, w->blocks);
    w->iov = (struct iovec){w->data, bytes};
    w->task = (rig_task){.kind = RIG_TASK_SCSI,
                         .cdb = rig_view_of(w->cdb, sizeof w->cdb),
                         .attr = 1,
                         .edtl = bytes,
                         .read = w->reading,
                         .write = !w->reading,
                         .done = work_done,
                         .user = w};
    if (w->reading) {
        memset(w->data, 0, bytes);
        w->task.in = &w->iov;
        w->task.num_in = 1;
    } else {
        fill(w);
        w->task.out = &w->iov;
        w->task.num_out = 1;
    }
}

static void give(work *w, uint64_t now)
{
    make_task(w);
    rig_status status = rig_session_submit(w->run->session, &w->task, now);
    w->busy = status == RIG_OK;
    w->run->sums->commands += w->busy;
    if (status && status != RIG_E_STATE)
        fail(w->run, "a command is not taken");
}

/* ---- requests of other kinds, whose answers do not matter ---- */

static void extra_done(rig_task *task, uint64_t now)
{
    (void)now;
    task->user = NULL;
}

static void give_extra(run *r, uint64_t now)
{
    static char all[] = "SendTargets=";
    static const struct iovec text = {all, sizeof all};
    static const uint8_t functions[] = {2, 5}; /* ABORT TASK SET, LOGICAL UNIT RESET */
    static const rig_task_kind kinds[] = {RIG_TASK_TEXT, RIG_TASK_PING, RIG_TASK_TEXT, RIG_TASK_TMF};
    rig_task_kind kind = kinds[r->num_extras % 4];
    r->extra = (rig_task){.kind = kind, .done = extra_done, .user = r};
    r->extra.function = functions[r->num_extras / 4 % 2];
    if (kind != RIG_TASK_TMF) {
        r->extra.out = &text;
        r->extra.num_out = 1;
    }
    if (rig_session_submit(r->session, &r->extra, now) != RIG_OK) {
        r->extra.user = NULL;
        return;
    }
    r->sums->extras++;
    r->num_extras++;
    r->since_extra = 0;
}

/* ---- the loop ---- */

/* A SCSI layer whose commands fail together makes its queue shorter: the command that was tried most goes
 * alone. */
static const work *alone(const run *r)
{
    const work *most = &r->works[0];
    for (uint32_t i = 1; i < r->depth; i++)
        if (r->works[i].tries > most->tries)
            most = &r->works[i];
    return most->tries > PATIENCE ? most : NULL;
}

/* False when all is written and read. */
static bool feed(run *r)
{
    const work *only = alone(r);
    uint64_t now = rig_simnet_now(r->net);
    bool any = false;
    if (!rig_session_is_up(r->session))
        rig_session_login(r->session, now);
    if (r->add_at <= now && rig_session_is_up(r->session)) {
        rig_session_add_connection(r->session, &r->portal, now);
        r->add_at = now + ADD_EVERY;
    }
    for (uint32_t i = 0; i < r->depth; i++) {
        work *w = &r->works[i];
        bool mine = !w->busy && (!only || only == w) && (w->blocks || take_chunk(w));
        if (mine && rig_session_is_up(r->session))
            give(w, now);
        any = any || w->blocks;
    }
    if (any && !r->extra.user && r->since_extra >= EXTRA_EVERY)
        give_extra(r, now);
    return any;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool step(run *r)
{
    uint64_t timer = lesser(rig_initiator_next_deadline(r->initiator), rig_target_next_deadline(r->target));
    uint64_t net = rig_simnet_next(r->net);
    if (net <= timer && net != RIG_NEVER)
        return rig_simnet_step(r->net);
    if (timer > LIFE_MAX)
        return false;
    rig_simnet_advance(r->net, timer > rig_simnet_now(r->net) ? timer : rig_simnet_now(r->net));
    rig_initiator_tick(r->initiator, rig_simnet_now(r->net));
    rig_target_tick(r->target, rig_simnet_now(r->net));
    return true;
}

static void work_off(run *r)
{
    uint64_t steps = 0;
    while (!r->failed && feed(r)) {
        if (!step(r))
            fail(r, "it hangs: nothing more will happen");
        if (++steps > STEPS_MAX)
            fail(r, "it runs in circles");
        if (disk_broken(r->disk)[0])
            fail(r, disk_broken(r->disk));
    }
}

/* ---- from the first to the last ---- */

/* Data PDUs on their way together: without recovery within a connection one hit spoils them all. */
static uint32_t in_flight(const run *r)
{
    uint32_t least = r->segment < r->far_segment ? r->segment : r->far_segment;
    return r->depth * CHUNK_MAX * DISK_BLOCK / least;
}

static rig_status build_net(run *r)
{
    static const uint32_t mtus[] = {1500, 9000, RIG_SIM_MTU_MAX};
    rig_ip ip, far;
    const rig_simnet_config config = {
        .alloc = &r->meter.alloc, .draws = r->draws, .mtu = pick_of(r, mtus, 3), .latency = 50000};
    rig_ip_parse(rig_view_str(HOST_IP), &ip);
    rig_ip_parse(rig_view_str(TARGET_IP), &far);
    if (rig_simnet_new(&config, &r->net) || rig_simhost_new(r->net, "i", &r->host) ||
        rig_simhost_new(r->net, "t", &r->far) || rig_simhost_address(r->host, &ip) ||
        rig_simhost_address(r->far, &far))
        return RIG_E_NOMEM;
    return aim_add(r->net, r->config->rarity * (1 + in_flight(r) / 128), &r->sums->aim);
}

static rig_status build(run *r)
{
    static const uint32_t depths[] = {1, 4, 8, DEPTH_MAX};
    static const uint32_t segments[] = {2048, 8192, 65536, 262144};
    const size_t words = (size_t)CHUNK_MAX * DISK_WORDS;
    r->end_lba = (uint64_t)r->config->mib << 11;
    r->depth = pick_of(r, depths, 4);
    r->connections = 1 + pick(r, 3);
    r->segment = pick_of(r, segments, 4);
    r->far_segment = pick_of(r, segments, 4);
    r->any_order = pick(r, 3) == 0;
    r->words = rig_new(&r->meter.alloc, DEPTH_MAX * words * sizeof *r->words);
    rig_status status = r->words ? build_net(r) : RIG_E_NOMEM;
    for (uint32_t i = 0; i < DEPTH_MAX && !status; i++)
        r->works[i] = (work){.run = r, .data = r->words + i * words};
    if (!status)
        status = build_target(r);
    return status ? status : build_initiator(r);
}

static void count(run *r)
{
    rig_session_counters counters;
    rig_session_count(r->session, &counters);
    r->sums->retries += counters.retries;
    r->sums->snacks += counters.snacks;
}

static void tear_down(run *r)
{
    rig_initiator_free(r->initiator);
    for (uint32_t i = 0; i < DEPTH_MAX; i++)
        if (r->works[i].busy)
            fail(r, "a command has no end");
    rig_target_free(r->target);
    rig_simnet_free(r->net);
    rig_delete(&r->meter.alloc, r->words, DEPTH_MAX * (size_t)CHUNK_MAX * DISK_BLOCK);
    if (r->meter.num_live)
        fail(r, "memory is not given back");
}

bool fault_play(const fault_config *config, fault_sums *sums, rig_text *out_why)
{
    run *r = rig_new(rig_alloc_libc(), sizeof *r);
    if (!r)
        return false;
    r->config = config;
    r->sums = sums;
    r->why = out_why;
    r->draws.seed = config->seed * FAULT_LEVELS + config->level;
    rig_alloc_meter_init(&r->meter, rig_alloc_libc());
    if (build(r) == RIG_OK) {
        work_off(r);
        count(r);
    } else {
        fail(r, "it cannot be set up");
    }
    tear_down(r);
    bool good = !r->failed;
    rig_delete(rig_alloc_libc(), r, sizeof *r);
    return good;
}
