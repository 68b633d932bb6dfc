#include "soak.h"

#include "disk.h"
#include "rig/initiator.h"
#include "rig/socket.h"

#include <stdlib.h>

#define READ_AHEAD (256u << 10)
#define DEPTH 4                 /* commands of a session under way together */
#define CHUNK 512               /* blocks that belong to one of them alone */
#define LENGTH_MAX 256          /* blocks of the largest command */
#define TRIES_MAX 200           /* times one command is given before it counts as hopeless */
#define WRITES_IN_TEN 4         /* of ten commands */
#define DRAIN (60 * RIG_SECOND) /* for what is under way at the end */
#define CHECK_CONDITION 0x02
#define BUSY 0x08
#define TASK_SET_FULL 0x28
#define TASK_ABORTED 0x40
#define KEY_UNIT_ATTENTION 0x06
#define KEY_ABORTED 0x0b

/* In order: each block is written once, then the mix, then every block is read. */
typedef enum phase { FIRST_WRITES, MIX, LAST_READS, OVER } phase;

typedef struct soak soak;

/* One of the commands of a session, with the blocks only it touches: a block holds the generation it was last
 * written with. */
typedef struct work {
    rig_task task;
    soak *soak;
    rig_session *session;
    uint8_t cdb[10];
    uint64_t *data;
    struct iovec iov;
    uint64_t generations[CHUNK], generation;
    uint64_t first; /* block of the chunk */
    uint32_t at, blocks, tries, swept;
    bool reading, busy, again;
} work;

struct soak {
    const soak_config *config;
    soak_sums *sums;
    rig_loop *loop;
    rig_initiator *initiator;
    rig_session *sessions[SOAK_SESSIONS_MAX];
    work *works;
    uint64_t *words; /* of all works */
    uint8_t ahead[READ_AHEAD];
    rig_draws draws;
    uint64_t num_draws, until, next_sample;
    uint32_t num_works, busy;
    phase phase;
    bool failed;
};

static uint32_t pick(soak *s, uint32_t limit)
{
    return (uint32_t)(rig_draw(&s->draws, "soak", s->num_draws++) % limit);
}

__attribute__((format(printf, 2, 3))) static void fail(soak *s, const char *format, ...)
{
    rig_text text;
    va_list args;
    if (s->failed)
        return;
    s->failed = true;
    rig_text_init(&text, s->sums->why, sizeof s->sums->why);
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
}

/* ---- one command ---- */

static void fill(const work *w)
{
    for (uint32_t i = 0; i < w->blocks; i++)
        disk_fill(w->data + (size_t)i * DISK_WORDS, w->soak->config->seed, w->first + w->at + i,
                  w->generation);
}

static void compare(work *w)
{
    uint64_t right[DISK_WORDS];
    for (uint32_t i = 0; i < w->blocks; i++) {
        const uint64_t *came = w->data + (size_t)i * DISK_WORDS;
        disk_fill(right, w->soak->config->seed, w->first + w->at + i, w->generations[w->at + i]);
        if (memcmp(right, came, sizeof right) != 0)
            fail(w->soak,
                 "block %llu: written last with generation %llu; what came says block %llu, generation %llu",
                 (unsigned long long)(w->first + w->at + i), (unsigned long long)w->generations[w->at + i],
                 (unsigned long long)came[0], (unsigned long long)came[1]);
    }
    w->soak->sums->compared += (uint64_t)w->blocks * DISK_BLOCK;
}

/* What a SCSI layer repeats: the delivery failed, or the status says "again". */
static bool may_repeat(const rig_task *task)
{
    if (task->status == RIG_E_NOMEM || task->status == RIG_E_ARGUMENT || task->status == RIG_E_UNSUPPORTED)
        return false;
    if (task->status || task->response)
        return true;
    uint8_t key = task->sense_len > 2 ? task->sense[2] & 0x0f : 0;
    if (task->scsi_status == CHECK_CONDITION)
        return key == KEY_ABORTED || key == KEY_UNIT_ATTENTION;
    return task->scsi_status == BUSY || task->scsi_status == TASK_SET_FULL ||
           task->scsi_status == TASK_ABORTED;
}

static void went_well(work *w)
{
    w->again = false;
    w->tries = 0;
    if (w->reading) {
        compare(w);
        return;
    }
    for (uint32_t i = 0; i < w->blocks; i++)
        w->generations[w->at + i] = w->generation;
    w->soak->sums->written += (uint64_t)w->blocks * DISK_BLOCK;
}

/* A write that failed may have landed or not: only the next one of the same blocks makes that certain. */
static void went_wrong(work *w)
{
    const rig_task *task = &w->task;
    w->again = true;
    w->soak->sums->repeated++;
    if (!may_repeat(task))
        fail(w->soak,
             "a command ended as no failure of the delivery does: %s, response 0x%02x, status 0x%02x",
             rig_status_name(task->status), task->response, task->scsi_status);
    if (++w->tries > TRIES_MAX)
        fail(w->soak, "a command never succeeds: %s, status 0x%02x", rig_status_name(task->status),
             task->scsi_status);
}

static void work_done(rig_task *task, uint64_t now)
{
    work *w = task->user;
    (void)now;
    w->busy = false;
    w->soak->busy--;
    w->soak->sums->commands++;
    if (task->status == RIG_OK && task->response == 0 && task->scsi_status == 0)
        went_well(w);
    else
        went_wrong(w);
}

/* READ (10) and WRITE (10), SBC-3 sections 5.8 and 5.25. */
static void make_task(work *w)
{
    uint32_t bytes = w->blocks * DISK_BLOCK;
    memset(w->cdb, 0, sizeof w->cdb);
    w->cdb[0] = w->reading ? 0x28 : 0x2a;
    rig_be_set(w->cdb + 2, 4, w->first + w->at);
    rig_be_set(w->cdb + 7, 2, w->blocks);
    w->iov = (struct iovec){w->data, bytes};
    w->task = (rig_task){.kind = RIG_TASK_SCSI,
                         .lun = rig_lun_encode(w->soak->config->where.lun),
                         .cdb = rig_view_of(w->cdb, sizeof w->cdb),
                         .attr = 1,
                         .edtl = bytes,
                         .read = w->reading,
                         .write = !w->reading,
                         .in = &w->iov,
                         .num_in = 1,
                         .out = &w->iov,
                         .num_out = 1,
                         .done = work_done,
                         .user = w};
    if (w->reading) {
        memset(w->data, 0xff, bytes);
        return;
    }
    w->generation++;
    fill(w);
}

/* The next blocks in order; false behind the last. */
static bool sweep(work *w)
{
    w->at = w->swept;
    w->blocks = CHUNK - w->at < LENGTH_MAX ? CHUNK - w->at : LENGTH_MAX;
    w->swept += w->blocks;
    return w->blocks > 0;
}

static bool choose(work *w)
{
    static const uint32_t lengths[] = {1, 8, 8, 32, 128, LENGTH_MAX};
    soak *s = w->soak;
    if (w->again)
        return true;
    if (s->phase != MIX) {
        w->reading = s->phase == LAST_READS;
        return sweep(w);
    }
    w->reading = pick(s, 10) >= WRITES_IN_TEN;
    w->blocks = lengths[pick(s, sizeof lengths / sizeof lengths[0])];
    w->at = pick(s, CHUNK - w->blocks + 1);
    return true;
}

static void give(work *w, uint64_t now)
{
    soak *s = w->soak;
    if (w->busy || s->failed || !rig_session_is_up(w->session) || !choose(w))
        return;
    make_task(w);
    rig_status status = rig_session_submit(w->session, &w->task, now);
    w->busy = status == RIG_OK;
    s->busy += w->busy;
    w->again = w->again || !w->busy;
    if (status && status != RIG_E_STATE)
        fail(s, "a command is not taken: %s", rig_status_name(status));
}

/* ---- sessions ---- */

static void on_event(void *ctx, const rig_event *event)
{
    soak *s = ctx;
    s->sums->closed += event->kind == RIG_EVENT_CLOSED;
    s->sums->recovered += event->kind == RIG_EVENT_RECOVERED;
    s->sums->nexus_losses += event->kind == RIG_EVENT_NEXUS_LOSS;
    if ((event->kind == RIG_EVENT_LOGIN_FAILED || event->kind == RIG_EVENT_SESSION_DOWN) && !event->again &&
        s->phase != OVER)
        fail(s, "a session ended for good: %s %s", rig_status_name(event->status),
             event->error ? event->error->text : "");
}

static void propose(const soak *s, uint32_t number, rig_session_config *config)
{
    static const uint32_t segments[] = {8192, 65536, 262144};
    rig_key_value *keys = config->offer;
    keys[RIG_KEY_HEADER_DIGEST] = keys[RIG_KEY_DATA_DIGEST] = (rig_key_value){.value = 2}; /* CRC32C alone */
    keys[RIG_KEY_RECOVERY_LEVEL].value = number % 3;
    keys[RIG_KEY_MAX_RECV_DATA].value = segments[number % 4 % 3];
    keys[RIG_KEY_INITIAL_R2T].value = number / 3 % 2;
    keys[RIG_KEY_IMMEDIATE_DATA].value = number / 6 % 2;
    keys[RIG_KEY_TIME2WAIT].value = 0;
    config->target = rig_view_str(s->config->where.target);
    config->portal = s->config->where.portal;
    config->command_timeout = 4 * RIG_SECOND;
    config->tmf_timeout = 2 * RIG_SECOND;
    config->nop_interval = 2 * RIG_SECOND;
    config->nop_timeout = 2 * RIG_SECOND;
    config->recovery_timeout = RIG_SECOND / 2;
    config->reconnect = config->retry_login = true;
    config->reconnect_max = RIG_RECONNECT_ENDLESS;
}

static bool open_session(soak *s, uint32_t number)
{
    rig_session_config config;
    rig_session_config_init(&config);
    propose(s, number, &config);
    if (rig_session_new(s->initiator, &config, &s->sessions[number], NULL) ||
        rig_session_login(s->sessions[number], rig_loop_now(s->loop)))
        return false;
    for (uint32_t i = number * DEPTH; i < (number + 1) * DEPTH; i++)
        s->works[i] = (work){.soak = s,
                             .session = s->sessions[number],
                             .data = s->words + (size_t)i * LENGTH_MAX * DISK_WORDS,
                             .first = (uint64_t)i * CHUNK};
    return true;
}

static bool build(soak *s)
{
    rig_initiator_config node = {.alloc = rig_alloc_libc(),
                                 .draws = s->draws,
                                 .read_ahead = {s->ahead, sizeof s->ahead},
                                 .name = rig_view_str("iqn.2026-01.example.host:soak"),
                                 .event = on_event,
                                 .ctx = s};
    s->num_works = s->config->sessions * DEPTH;
    s->works = calloc(s->num_works, sizeof *s->works);
    s->words = calloc((size_t)s->num_works * LENGTH_MAX, DISK_BLOCK);
    if (!s->works || !s->words || rig_loop_new(rig_alloc_libc(), &s->loop))
        return false;
    node.transport = rig_loop_transport(s->loop);
    if (rig_initiator_new(&node, &s->initiator, NULL))
        return false;
    for (uint32_t i = 0; i < s->config->sessions; i++)
        if (!open_session(s, i))
            return false;
    return true;
}

/* ---- the loop ---- */

static void turn(soak *s, uint64_t deadline)
{
    uint64_t due = rig_initiator_next_deadline(s->initiator);
    if (rig_loop_run_once(s->loop, due < deadline ? due : deadline))
        fail(s, "the event loop ended");
    uint64_t now = rig_loop_now(s->loop);
    if (rig_initiator_next_deadline(s->initiator) <= now)
        rig_initiator_tick(s->initiator, now);
    if (now < s->next_sample)
        return;
    if (s->phase == MIX)
        soak_sample(s->sums->memory, s->config->watched);
    s->next_sample = now + RIG_SECOND;
}

static bool all_swept(const soak *s)
{
    for (uint32_t i = 0; i < s->num_works; i++)
        if (s->works[i].swept < CHUNK || s->works[i].busy || s->works[i].again)
            return false;
    return true;
}

/* Nothing is under way, and each write is certain. */
static bool all_settled(const soak *s)
{
    for (uint32_t i = 0; i < s->num_works; i++)
        if (s->works[i].busy || s->works[i].again)
            return false;
    return true;
}

static void go_on(soak *s, bool settle)
{
    uint64_t now = rig_loop_now(s->loop);
    for (uint32_t i = 0; i < s->num_works; i++)
        if (!settle || s->works[i].again)
            give(&s->works[i], now);
    turn(s, now + RIG_SECOND);
}

static void all_in_order(soak *s, phase which, const char *late)
{
    uint64_t until = rig_loop_now(s->loop) + DRAIN;
    s->phase = which;
    for (uint32_t i = 0; i < s->num_works; i++)
        s->works[i].swept = 0;
    while (!s->failed && !all_swept(s)) {
        go_on(s, false);
        if (rig_loop_now(s->loop) > until)
            fail(s, "%s", late);
    }
}

static void mix(soak *s)
{
    s->phase = MIX;
    s->until = rig_loop_now(s->loop) + s->config->seconds * RIG_SECOND;
    while (!s->failed && rig_loop_now(s->loop) < s->until)
        go_on(s, false);
    while (!s->failed && !all_settled(s)) {
        go_on(s, true);
        if (rig_loop_now(s->loop) > s->until + DRAIN)
            fail(s, "a command has no end");
    }
}

static void count(soak *s)
{
    for (uint32_t i = 0; i < s->config->sessions; i++) {
        rig_session_counters counters;
        rig_session_count(s->sessions[i], &counters);
        s->sums->retries += counters.retries;
        s->sums->snacks += counters.snacks;
    }
}

bool soak_play(const soak_config *config, soak_sums *sums)
{
    static soak s;
    s.config = config;
    s.sums = sums;
    s.draws.seed = config->seed;
    if (!build(&s))
        fail(&s, "it cannot be set up");
    if (!s.failed)
        all_in_order(&s, FIRST_WRITES, "the first writes do not end");
    if (!s.failed)
        mix(&s);
    if (!s.failed)
        all_in_order(&s, LAST_READS, "the last reads do not end");
    s.phase = OVER;
    if (s.sessions[config->sessions - 1])
        count(&s);
    rig_initiator_free(s.initiator);
    if (s.busy)
        fail(&s, "a command is not ended with its session");
    rig_loop_free(s.loop);
    free(s.works);
    free(s.words);
    return !s.failed;
}
