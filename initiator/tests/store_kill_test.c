/*
 * A service that is killed while it changes what it keeps. A child makes changes drawn from a seed, one to
 * three rows each, and acknowledges each over a pipe once it counts; it is killed at no particular place. The
 * store then holds every acknowledged change, or one more as a whole, and nothing else: round after round, on
 * one store.
 */
#include "store_files.h"

#include <signal.h>
#include <sys/wait.h>

#include "service/internal.h"

#define ROUNDS 500
#define ROUNDS_A_STORE 5 /* then it begins with no file, so that making one is cut off, too */
#define TABLES 3
#define KEYS 6
#define STEPS 3
#define REOPENED 16     /* changes between closing the store, which empties its log, and opening it */
#define ACKNOWLEDGED 12 /* most that a round waits for, none in half of them */
#define LONG_ROUND 20   /* every so many, one that fills the log more than once */
#define LONG_ACKNOWLEDGED 2000
#define SPINS 1000000 /* most that the parent goes on for */

static const svc_table_id tables[TABLES] = {SVC_PORTALS, SVC_LOGINS, SVC_SETTINGS};

/* What is kept, as a number for each key: 0 nothing. */
typedef struct model {
    uint32_t value[TABLES][KEYS];
} model;

typedef struct change {
    uint32_t num;
    struct {
        uint32_t table, key, value;
    } steps[STEPS];
} change;

typedef union kept {
    rig_send_targets_portal portal;
    rig_login login;
    rig_setting setting;
} kept;

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

/* ---- changes ---- */

/* Each step is about another table. */
static change change_draw(uint64_t *seed)
{
    change c = {.num = 1 + draw(seed, STEPS)};
    uint32_t first = draw(seed, TABLES);
    for (uint32_t i = 0; i < c.num; i++) {
        c.steps[i].table = (first + i) % TABLES;
        c.steps[i].key = draw(seed, KEYS);
        c.steps[i].value = draw(seed, 3) ? 1 + draw(seed, 1000000) : 0;
    }
    return c;
}

static void model_change(model *m, const change *c)
{
    for (uint32_t i = 0; i < c->num; i++)
        m->value[c->steps[i].table][c->steps[i].key] = c->steps[i].value;
}

static void print(char *out, size_t size, const char *before, uint32_t number)
{
    rig_text text;
    rig_text_init(&text, out, size);
    rig_text_add(&text, "%s%u", before, number);
}

/* The record of a key with a value; long ones now and then, so that rows do not fit in a page. */
static void kept_make(kept *k, uint32_t table, uint32_t key, uint32_t value)
{
    *k = (kept){0};
    if (tables[table] == SVC_PORTALS) {
        print(k->portal.portal.address, sizeof k->portal.portal.address, "10.0.0.", key);
        k->portal.security_flags = value;
    } else if (tables[table] == SVC_LOGINS) {
        print(k->login.target, sizeof k->login.target, "iqn.2026-01.org.example:", key);
        k->login.security_flags = value;
        memset(k->login.options.username.bytes, (int)(value & 0xff), RIG_OCTETS_MAX);
        k->login.options.username.len = value % 2 ? RIG_OCTETS_MAX : 0;
        if (value % 2 == 0)
            memset(k->login.options.username.bytes, 0, RIG_OCTETS_MAX);
    } else {
        print(k->setting.setting, sizeof k->setting.setting, "setting-", key);
        memcpy(k->setting.value.bytes, &value, sizeof value);
        k->setting.value.len = sizeof value;
    }
}

static rig_code change_apply(rig_service *service, const change *c)
{
    static kept records[STEPS];
    svc_change changes[STEPS];
    uint32_t num = 0;
    for (uint32_t i = 0; i < c->num; i++) {
        const svc_table_id table = tables[c->steps[i].table];
        kept_make(&records[i], c->steps[i].table, c->steps[i].key, c->steps[i].value);
        svc_row *row = svc_find(service, table, &records[i]);
        if (c->steps[i].value)
            changes[num++] = (svc_change){.table = table, .record = &records[i], .kept = true};
        else if (row)
            changes[num++] = (svc_change){.table = table, .row = row};
    }
    return svc_apply(service, changes, num, RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
}

/* ---- the child ---- */

static void live_open(rig_service *service, const char *path)
{
    if (rig_store_sqlite_open(service->config.alloc, path, &service->config.store, NULL))
        _exit(1);
}

/* Acknowledges with a byte each, until it is killed. */
static void live(const char *path, uint64_t seed, int acknowledged)
{
    rig_service service = {.config = {.alloc = rig_alloc_libc()}};
    rig_error err = {0};
    const bool reopens = seed % 2 == 0;
    live_open(&service, path);
    if (svc_tables_load(&service, &err))
        _exit(1);
    for (uint32_t num = 1;; num++) {
        const change c = change_draw(&seed);
        if (reopens && num % REOPENED == 0) {
            rig_store_free(service.config.store);
            live_open(&service, path);
        }
        if (change_apply(&service, &c) != RIG_CODE_SUCCESS || write(acknowledged, "+", 1) != 1)
            _exit(1);
    }
}

static uint32_t read_acknowledged(int from, size_t most)
{
    char bytes[64];
    ssize_t got = read(from, bytes, most < sizeof bytes ? most : sizeof bytes);
    return got > 0 ? (uint32_t)got : 0;
}

static uint32_t wanted_draw(uint64_t *chance, uint32_t round)
{
    if (round % LONG_ROUND == LONG_ROUND - 1)
        return draw(chance, LONG_ACKNOWLEDGED);
    return draw(chance, 2) ? draw(chance, ACKNOWLEDGED) + 1 : 0;
}

/* The number of changes that were acknowledged before the child was dead. */
static uint32_t run_and_kill(const char *path, uint32_t round, uint64_t *chance)
{
    int ends[2], status = 0;
    uint32_t acknowledged = 0;
    const uint32_t wanted = wanted_draw(chance, round);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0)
        live(path, round, ends[1]);
    close(ends[1]);
    for (uint32_t got = 1; acknowledged < wanted && got; acknowledged += got)
        got = read_acknowledged(ends[0], wanted - acknowledged);
    for (volatile uint32_t spins = draw(chance, SPINS); spins; spins = spins - 1)
        continue;
    CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    for (uint32_t got = 1; got; acknowledged += got)
        got = read_acknowledged(ends[0], SIZE_MAX);
    close(ends[0]);
    return acknowledged;
}

/* ---- what is left ---- */

static bool holds_key(const rig_service *service, const model *m, uint32_t table, uint32_t key)
{
    static kept wanted;
    const uint32_t value = m->value[table][key];
    kept_make(&wanted, table, key, value);
    const svc_row *row = svc_find(service, tables[table], &wanted);
    const rig_shape *shapes[TABLES] = {RIG_SHAPE(send_targets_portal), RIG_SHAPE(login), RIG_SHAPE(setting)};
    return value ? row && rig_record_equal(shapes[table], row->record, &wanted) : !row;
}

static bool holds(const rig_service *service, const model *m)
{
    bool same = true;
    for (uint32_t table = 0; table < TABLES; table++) {
        uint32_t num = 0;
        for (uint32_t key = 0; key < KEYS; key++) {
            num += m->value[table][key] != 0;
            same = same && holds_key(service, m, table, key);
        }
        same = same && service->tables[tables[table]].num == num;
    }
    return same;
}

/* Takes the model to what the store holds: 0 exactly what was acknowledged, 1 one more; 2 neither. */
static int compare(const char *path, model *m, uint64_t seed, uint32_t acknowledged)
{
    rig_service service = {.config = {.alloc = rig_alloc_libc()}};
    rig_error err = {0};
    int found = 0;
    for (uint32_t i = 0; i < acknowledged; i++) {
        const change c = change_draw(&seed);
        model_change(m, &c);
    }
    service.config.store = store_open(path);
    CU_ASSERT_EQUAL_FATAL(svc_tables_load(&service, &err), RIG_OK);
    if (!holds(&service, m)) {
        const change unacknowledged = change_draw(&seed);
        model_change(m, &unacknowledged);
        found = holds(&service, m) ? 1 : 2;
    }
    svc_tables_free(&service);
    rig_store_free(service.config.store);
    return found;
}

static void nothing_is_lost(void)
{
    store_folder f;
    model m = {0};
    uint64_t chance = 20260101;
    uint32_t total = 0, wrong = 0;
    /* Death of a process asks nothing of a disk, so a file system in memory does. */
    folder_new_in(&f, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    for (uint32_t round = 0; round < ROUNDS; round++) {
        if (round % ROUNDS_A_STORE == 0) {
            folder_empty(&f);
            m = (model){0};
        }
        uint32_t acknowledged = run_and_kill(f.file, round, &chance);
        wrong += compare(f.file, &m, round, acknowledged) == 2;
        total += acknowledged;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(total > ROUNDS);
    folder_free(&f);
}

/* The comparison sees what it is for: a change that is missing, one that is there as a part. */
static void loss_is_seen(void)
{
    rig_service service = {.config = {.alloc = rig_alloc_libc()}};
    model m = {0};
    uint64_t seed = 4; /* three rows, all of them put */
    const change c = change_draw(&seed);
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(service.config.alloc, &service.config.store), RIG_OK);
    CU_ASSERT(holds(&service, &m));
    model_change(&m, &c);
    CU_ASSERT_EQUAL(c.num, 3);
    CU_ASSERT(!holds(&service, &m));
    change part = c;
    part.num = 1;
    CU_ASSERT_EQUAL(change_apply(&service, &part), RIG_CODE_SUCCESS);
    CU_ASSERT(!holds(&service, &m));
    CU_ASSERT_EQUAL(change_apply(&service, &c), RIG_CODE_SUCCESS);
    CU_ASSERT(holds(&service, &m));
    svc_tables_free(&service);
    rig_store_free(service.config.store);
}

RIG_SUITE("management: killed", {"a loss is seen", loss_is_seen},
          {"500 kills lose nothing that was acknowledged", nothing_is_lost})
