/*
 * A daemon that is killed under a storm of calls over its socket. Threads keep, change and forget logins and
 * static targets of their own, one call after the other, until nobody answers any more. Started again, the
 * service holds everything that was answered with success and nothing else; of each thread's last call, which
 * has no answer, all or nothing.
 */
#include <pthread.h>

#include "daemon_kit.h"

#define ROUNDS 20
#define THREADS 4
#define KEYS 8 /* of a thread: even ones are logins, odd ones are static targets */
#define VALUES 3600
#define ANSWERED 200 /* most answers that a round waits for */
#define ANCHOR "iqn.2026-01.example:storm"

/* One thread with what the service has to hold for it: a value for each key, 0 nothing. */
typedef struct storm {
    const char *where;
    uint32_t number;
    int told; /* a byte for each answer goes there, another one for the end */
    uint64_t chance;
    uint32_t value[KEYS];
    uint32_t open_key, open_value; /* of the call that was not answered */
    uint32_t refused;              /* answers that were not to be */
} storm;

static uint32_t draw(uint64_t *chance, uint32_t below)
{
    *chance = *chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*chance >> 33) % below;
}

/* ---- calls ---- */

static void address_of(rig_target_portal *portal, uint32_t thread, uint32_t key)
{
    portal->socket = 1; /* nobody listens there: refused at once, so that a start is over soon */
    snprintf(portal->address, sizeof portal->address, "127.1.%u.%u", thread, key);
}

static rig_code login_call(const storm *s, uint32_t key, uint32_t value)
{
    rig_nothing nothing = {0};
    rig_login_ids ids = {0};
    rig_login_ref ref = {.target = ANCHOR, .port = RIG_PORT_ANY, .has_portal = true};
    rig_login login = {
        .target = ANCHOR, .port = RIG_PORT_ANY, .has_portal = true, .has_options = true, .persistent = true};
    address_of(&ref.portal, s->number, key);
    if (!value)
        return server_call(s->where, RIG_CALL_REMOVE_LOGIN, &ref, &nothing);
    login.portal = ref.portal;
    login.options.specified = RIG_LOGIN_HAS_TIME2WAIT;
    login.options.time2wait = value;
    return server_call(s->where, RIG_CALL_LOGIN, &login, &ids);
}

static rig_code target_call(const storm *s, uint32_t key, uint32_t value)
{
    rig_nothing nothing = {0};
    rig_label name = {.text = ""};
    rig_static_target target = {.persist = true};
    snprintf(target.target, sizeof target.target, ANCHOR "-%u-%u", s->number, key);
    snprintf(target.alias, sizeof target.alias, "%u", value);
    snprintf(name.text, sizeof name.text, "%s", target.target);
    return value ? server_call(s->where, RIG_CALL_ADD_STATIC_TARGET, &target, &nothing)
                 : server_call(s->where, RIG_CALL_REMOVE_STATIC_TARGET, &name, &nothing);
}

/* What is not there cannot be forgotten: then it is kept. */
static bool one_call(storm *s)
{
    s->open_key = draw(&s->chance, KEYS);
    bool drops = s->value[s->open_key] && draw(&s->chance, 3) == 0;
    s->open_value = drops ? 0 : 1 + draw(&s->chance, VALUES);
    rig_code code = s->open_key % 2 ? target_call(s, s->open_key, s->open_value)
                                    : login_call(s, s->open_key, s->open_value);
    if (code == RIG_CODE_SERVICE_NOT_RUNNING)
        return false;
    if (code == RIG_CODE_SUCCESS)
        s->value[s->open_key] = s->open_value;
    s->refused += code != RIG_CODE_SUCCESS;
    return write(s->told, "+", 1) == 1;
}

static void *rage(void *ctx)
{
    storm *s = ctx;
    while (one_call(ctx))
        continue;
    s->refused += write(s->told, ".", 1) != 1;
    return NULL;
}

/* ---- one round ---- */

/* Killed when so many answers came, wherever the calls stand then; no thread gives up before. */
static void kill_behind(const server *d, int answers, uint32_t wanted)
{
    char byte = '+';
    uint32_t over = 0;
    for (uint32_t i = 0; i < wanted && over < THREADS; i++) {
        CU_ASSERT_EQUAL(read(answers, &byte, 1), 1);
        over += byte != '+';
    }
    CU_ASSERT_EQUAL(over, 0);
    CU_ASSERT_TRUE(WIFSIGNALED(server_end(d, SIGKILL)));
}

static void rage_all(const server *d, storm storms[THREADS], uint32_t wanted)
{
    pthread_t threads[THREADS];
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        storms[i].told = ends[1];
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, rage, &storms[i]), 0);
    }
    kill_behind(d, ends[0], wanted);
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(storms[i].refused, 0);
    }
    close(ends[0]);
    close(ends[1]);
}

/* ---- what is held ---- */

typedef struct held {
    uint32_t value[THREADS][KEYS];
    uint32_t strangers;
} held;

/* Reads the numbers in "PREFIX1X2", X between them. */
static bool two_numbers(const char *text, const char *prefix, char between, uint64_t *a, uint64_t *b)
{
    rig_view rest = rig_view_str(text);
    size_t len = strlen(prefix);
    if (strncmp(text, prefix, len) != 0)
        return false;
    rest = rig_view_sub(rest, len, rest.len);
    size_t at = rig_view_find(rest, (uint8_t)between);
    return rig_view_u64(rig_view_sub(rest, 0, at), a) &&
           rig_view_u64(rig_view_sub(rest, at + 1, rest.len), b);
}

static void hold(held *h, const char *text, const char *prefix, char between, uint64_t value)
{
    uint64_t thread = THREADS, key = KEYS;
    bool ours = two_numbers(text, prefix, between, &thread, &key) && thread < THREADS && key < KEYS;
    h->strangers += !ours || value == 0;
    if (ours)
        h->value[thread][key] = (uint32_t)value;
}

static void hold_target(held *h, const rig_target_instance *target)
{
    uint64_t value = 0;
    if (strcmp(target->target, ANCHOR) == 0)
        return;
    rig_view_u64(rig_view_str(target->alias), &value);
    hold(h, target->target, ANCHOR "-", '-', value);
}

static void ask_held(const char *where, held *h)
{
    const rig_nothing nothing = {0};
    const rig_target_query every = {.target = ""};
    rig_logins logins = {0};
    rig_target_instances targets = {0};
    *h = (held){.strangers = 0};
    CU_ASSERT_EQUAL(server_call(where, RIG_CALL_REPORT_LOGINS, &nothing, &logins), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(server_call(where, RIG_CALL_REPORT_TARGET_INSTANCES, &every, &targets), RIG_CODE_SUCCESS);
    for (uint32_t i = 0; i < logins.logins.num; i++)
        hold(h, logins.logins.ptr[i].portal.address, "127.1.", '.', logins.logins.ptr[i].options.time2wait);
    for (uint32_t i = 0; i < targets.targets.num; i++)
        hold_target(h, &targets.targets.ptr[i]);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(logins), &logins);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(target_instances), &targets);
}

/* How many keys are held otherwise than answered; the call without an answer counts from now on, if it did.
 */
static uint32_t compare(storm *s, const held *h)
{
    uint32_t wrong = 0;
    const uint32_t *is = h->value[s->number];
    if (is[s->open_key] == s->open_value)
        s->value[s->open_key] = s->open_value;
    for (uint32_t key = 0; key < KEYS; key++)
        wrong += is[key] != s->value[key];
    return wrong;
}

/* ---- the whole ---- */

/* What the kept logins log in to. */
static void add_anchor(const char *where)
{
    rig_nothing nothing = {0};
    rig_static_target target = {.target = ANCHOR, .persist = true};
    CU_ASSERT_EQUAL(server_call(where, RIG_CALL_ADD_STATIC_TARGET, &target, &nothing), RIG_CODE_SUCCESS);
}

static void killed_under_calls(void)
{
    storm storms[THREADS] = {{.where = NULL}};
    uint64_t chance = 20260102;
    uint32_t wrong = 0, num = 0;
    held h;
    server d;
    /* Death of a process asks nothing of a disk, so a file system in memory does. */
    server_new_in(&d, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    d.login_attempts = 1;
    add_anchor(d.socket);
    for (uint32_t i = 0; i < THREADS; i++)
        storms[i] = (storm){.where = d.socket, .number = i, .chance = i};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        rage_all(&d, storms, 1 + draw(&chance, ANSWERED));
        server_start(&d);
        ask_held(d.socket, &h);
        for (uint32_t i = 0; i < THREADS; i++)
            wrong += compare(&storms[i], &h);
        wrong += h.strangers;
    }
    for (uint32_t i = 0; i < THREADS; i++)
        for (uint32_t key = 0; key < KEYS; key++)
            num += storms[i].value[key] != 0;
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(num > KEYS);
    CU_ASSERT_EQUAL(server_end(&d, SIGTERM), 0);
    server_clean(&d);
}

/* The comparison sees a value that is missing, one that is another, and what nobody kept. */
static void loss_is_seen(void)
{
    storm s = {.number = 1, .value = {0, 7, 9}, .open_key = 3, .open_value = 5};
    held h = {.value[1] = {0, 7, 9, 5}};
    CU_ASSERT_EQUAL(compare(&s, &h), 0);
    CU_ASSERT_EQUAL(s.value[3], 5);
    h.value[1][2] = 8;
    CU_ASSERT_EQUAL(compare(&s, &h), 1);
    h.value[1][1] = 0;
    CU_ASSERT_EQUAL(compare(&s, &h), 2);
    hold(&h, "127.1.9.1", "127.1.", '.', 1);
    CU_ASSERT_EQUAL(h.strangers, 1);
    hold(&h, "127.1.1.1", "127.1.", '.', 7);
    CU_ASSERT_EQUAL(compare(&s, &h), 1);
}

RIG_SUITE("management: a storm of calls", {"a loss is seen", loss_is_seen},
          {"20 kills lose nothing that was answered", killed_under_calls})
