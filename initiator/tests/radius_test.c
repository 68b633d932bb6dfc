/* Targets that RADIUS verifies: what each server is asked, and when the next one is. The target is made of
 * literal texts, the servers of what the tests say. */
#include "service_kit.h"

#define SHARED "twenty-two octets of it"
#define NAME "disk"
#define ASKS_MAX 128

/* ---- servers ---- */

typedef struct desk {
    rig_radius radius;
    uint32_t asked, cancelled;
    char servers[ASKS_MAX][64];
    rig_radius_fn *done; /* of the last question, and … */
    void *done_ctx;
    bool at_once; /* they answer … */
    rig_status verdict;
    bool right; /* the last question is what it should be */
    uint8_t identifier, challenge[RIG_CHAP_CHALLENGE_MIN];
} desk;

static void ask(void *ctx, const rig_radius_question *question, uint64_t now, rig_radius_fn *done,
                void *done_ctx)
{
    desk *d = ctx;
    CU_ASSERT_FATAL(d->asked < ASKS_MAX);
    snprintf(d->servers[d->asked++], sizeof d->servers[0], "%s", question->server);
    d->done = done;
    d->done_ctx = done_ctx;
    d->identifier = question->identifier;
    d->right = rig_view_is(question->secret, SHARED) && rig_view_is(question->user, NAME) &&
               question->response.len == RIG_RADIUS_RESPONSE && question->response.ptr[0] == 0x5a &&
               question->wait == 4 * RIG_SECOND && question->challenge.len == sizeof d->challenge;
    if (d->right)
        memcpy(d->challenge, question->challenge.ptr, sizeof d->challenge);
    if (d->at_once)
        done(done_ctx, d->verdict, now);
}

static void cancel(void *ctx, const void *done_ctx)
{
    desk *d = ctx;
    CU_ASSERT_PTR_EQUAL(done_ctx, d->done_ctx);
    d->cancelled++;
}

static kit *radius_kit(desk *d, uint32_t num_servers)
{
    kit *k = kit_new();
    rig_secret secret = {0};
    d->radius = (rig_radius){ask, cancel, d};
    k->radius = &d->radius;
    kit_start(k);
    rig_octets_set(&secret.secret, rig_view_str(SHARED));
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_SET_RADIUS_SECRET, &secret), RIG_CODE_SUCCESS);
    for (uint32_t i = 0; i < num_servers; i++) {
        char name[32];
        snprintf(name, sizeof name, "radius%u.example", i);
        const rig_label label = kit_label(name);
        CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_ADD_RADIUS_SERVER, &label), RIG_CODE_SUCCESS);
    }
    return k;
}

static const uint8_t response[RIG_RADIUS_RESPONSE] = {0x5a, 1, 2, 3};
static const uint8_t challenge[RIG_CHAP_CHALLENGE_MIN] = {7};

/* A question of a login that nobody waits for any more. */
static void question(kit *k, rig_view name)
{
    const rig_chap_question asked = {.initiator = k->w->initiator,
                                     .number = 1000,
                                     .name = name,
                                     .identifier = 9,
                                     .challenge = rig_view_of(challenge, sizeof challenge),
                                     .response = rig_view_of(response, sizeof response),
                                     .now = k->w->now};
    svc_radius_verify(k->service, &asked);
}

static uint32_t waiting(const kit *k)
{
    return k->service->num_verdicts;
}

static void answer(const kit *k, desk *d, rig_status verdict)
{
    d->done(d->done_ctx, verdict, k->w->now);
}

/* ---- one after the other ---- */

static void in_order(void)
{
    desk d = {0};
    kit *k = radius_kit(&d, 3);
    question(k, rig_view_str(NAME));
    CU_ASSERT(d.asked == 1 && d.right && d.identifier == 9 && waiting(k) == 1);
    kit_pass(k, 3 * RIG_SECOND);
    CU_ASSERT(d.asked == 1 && d.cancelled == 0);
    kit_pass(k, RIG_SECOND);
    CU_ASSERT(d.asked == 2 && d.cancelled == 1 && d.right);
    answer(k, &d, RIG_E_UNREACHABLE);
    CU_ASSERT(d.asked == 3 && d.cancelled == 1);
    for (uint32_t i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "radius%u.example", i);
        CU_ASSERT_STRING_EQUAL(d.servers[i], name);
    }
    kit_pass(k, 4 * RIG_SECOND);
    CU_ASSERT(d.asked == 3 && d.cancelled == 2 && waiting(k) == 0);
    kit_free(k);
}

/* A refusal is an answer, and ends it as acceptance does. */
static void verdicts_end_it(void)
{
    for (int i = 0; i < 4; i++) {
        desk d = {.at_once = i & 1, .verdict = i & 2 ? RIG_OK : RIG_E_AUTH};
        kit *k = radius_kit(&d, 2);
        question(k, rig_view_str(NAME));
        if (!d.at_once)
            answer(k, &d, d.verdict);
        CU_ASSERT(d.asked == 1 && waiting(k) == 0);
        kit_pass(k, 10 * RIG_SECOND);
        CU_ASSERT(d.asked == 1 && d.cancelled == 0);
        kit_free(k);
    }
}

/* All of them may fail at once. */
static void all_at_once(void)
{
    desk d = {.at_once = true, .verdict = RIG_E_UNREACHABLE};
    kit *k = radius_kit(&d, RIG_SERVICE_SERVERS_MAX);
    question(k, rig_view_str(NAME));
    CU_ASSERT(d.asked == RIG_SERVICE_SERVERS_MAX && waiting(k) == 0);
    kit_free(k);
}

/* What is forgotten meanwhile is not asked, what is added is; without a secret nobody is. */
static void changed_meanwhile(void)
{
    desk d = {0};
    kit *k = radius_kit(&d, 2);
    const rig_label first = kit_label("radius0.example"), second = kit_label("radius1.example"),
                    third = kit_label("192.0.2.3");
    const rig_secret none = {0};
    question(k, rig_view_str(NAME));
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_REMOVE_RADIUS_SERVER, &first), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_REMOVE_RADIUS_SERVER, &second), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_ADD_RADIUS_SERVER, &third), RIG_CODE_SUCCESS);
    answer(k, &d, RIG_E_TIMEOUT);
    CU_ASSERT_STRING_EQUAL(d.servers[1], "192.0.2.3");
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_ADD_RADIUS_SERVER, &first), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_SET_RADIUS_SECRET, &none), RIG_CODE_SUCCESS);
    answer(k, &d, RIG_E_TIMEOUT);
    CU_ASSERT(d.asked == 2 && waiting(k) == 0);
    kit_free(k);
}

/* ---- what cannot be asked ---- */

static void names(void)
{
    static uint8_t longest[RIG_RADIUS_VALUE_MAX + 1];
    static const struct {
        size_t len;
        uint32_t asked;
    } rows[] = {{0, 0}, {1, 1}, {RIG_RADIUS_VALUE_MAX, 1}, {RIG_RADIUS_VALUE_MAX + 1, 0}};
    memset(longest, 'n', sizeof longest);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        desk d = {0};
        kit *k = radius_kit(&d, 1);
        question(k, rig_view_of(longest, rows[i].len));
        CU_ASSERT(d.asked == rows[i].asked && waiting(k) == rows[i].asked);
        kit_free(k);
    }
}

static void limit(void)
{
    desk d = {0};
    kit *k = radius_kit(&d, 1);
    for (uint32_t i = 0; i < RIG_SERVICE_VERDICTS_MAX; i++) {
        d.asked = 0;
        question(k, rig_view_str(NAME));
        CU_ASSERT_EQUAL_FATAL(d.asked, 1);
    }
    question(k, rig_view_str(NAME));
    CU_ASSERT(d.asked == 1 && waiting(k) == RIG_SERVICE_VERDICTS_MAX);
    answer(k, &d, RIG_OK);
    question(k, rig_view_str(NAME));
    CU_ASSERT(d.asked == 2 && waiting(k) == RIG_SERVICE_VERDICTS_MAX);
    while (waiting(k)) {
        d.done_ctx = k->service->verdicts;
        answer(k, &d, RIG_OK);
    }
    kit_free(k);
}

/* ---- logins ---- */

typedef struct waiter {
    uint32_t num;
    rig_code code;
    char why[256];
} waiter;

static void told(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    waiter *on = ctx;
    (void)reply;
    (void)now;
    on->num++;
    on->code = code;
    if (why)
        snprintf(on->why, sizeof on->why, "%s", why->text);
}

static rig_login mutual_login(void)
{
    rig_login login = {.target = BENCH_TARGET,
                       .port = RIG_PORT_ANY,
                       .has_portal = true,
                       .portal = {.address = "192.0.2.1", .socket = 3260},
                       .informational = true,
                       .has_options = true};
    login.options.flags = RIG_LOGIN_FLAG_RADIUS_VERIFICATION;
    login.options.specified = RIG_LOGIN_HAS_AUTH_TYPE | RIG_LOGIN_HAS_PASSWORD;
    login.options.auth_type = 2;
    rig_octets_set(&login.options.password, rig_view_str("a secret of us"));
    return login;
}

static void says(link *l, const char *text, size_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    const seen *request = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_first_numbers(l, request);
    bench_login_bhs(l, bhs, request);
    rig_set(bhs, RIG_F_T, 0);
    rig_set(bhs, RIG_F_NSG, 0);
    bench_status(l, bhs, text, len);
}

#define SAYS(l, text) says(l, text, sizeof(text))

/* A login up to the question. */
static void log_in(kit *k, waiter *on)
{
    const rig_static_target target = {.target = BENCH_TARGET};
    const rig_login login = mutual_login();
    *on = (waiter){0};
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_SUCCESS);
    rig_service_call(k->service, RIG_CALL_LOGIN, &login, k->w->now, told, on);
    CU_ASSERT_FATAL(on->num == 0 && k->w->num_links == 1);
    link *l = k->w->links[0];
    l->connected = true;
    bench_tell(l, RIG_STREAM_CONNECTED, RIG_OK);
    SAYS(l, "AuthMethod=CHAP");
    SAYS(l, "CHAP_A=5\0CHAP_I=7\0CHAP_C=0x000102030405060708090a0b0c0d0e0f");
    SAYS(l, "CHAP_N=" NAME "\0CHAP_R=0x5a010203000000000000000000000000");
}

static void logins(void)
{
    static const struct {
        rig_status verdict;
        rig_code code;
    } rows[] = {{RIG_OK, RIG_CODE_SUCCESS}, {RIG_E_AUTH, RIG_CODE_AUTHENTICATION_FAILURE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        desk d = {0};
        kit *k = radius_kit(&d, 1);
        waiter on;
        log_in(k, &on);
        CU_ASSERT(d.asked == 1 && d.right && on.num == 0);
        answer(k, &d, rows[i].verdict);
        if (rows[i].verdict == RIG_OK)
            bench_login_on(k->w->links[0], NULL);
        CU_ASSERT(on.num == 1 && on.code == rows[i].code);
        CU_ASSERT(strstr(on.why, SHARED) == NULL && strstr(on.why, "5a0102") == NULL);
        kit_free(k);
    }
}

/* Whoever is silent has no time beyond that of the login, and late answers find nobody. */
static void silence(void)
{
    desk d = {0};
    kit *k = radius_kit(&d, 5);
    waiter on;
    log_in(k, &on);
    kit_pass(k, 14 * RIG_SECOND);
    CU_ASSERT(d.asked == 4 && on.num == 0);
    kit_pass(k, RIG_SECOND);
    CU_ASSERT(on.num == 1 && on.code == RIG_CODE_CONNECTION_FAILED);
    answer(k, &d, RIG_OK);
    CU_ASSERT(on.num == 1 && waiting(k) == 0);
    kit_free(k);
}

static void ended_while_asking(void)
{
    desk d = {0};
    kit *k = radius_kit(&d, 1);
    waiter on;
    log_in(k, &on);
    kit_stop(k);
    CU_ASSERT(d.cancelled == 1 && on.num == 1 && on.code == RIG_CODE_SERVICE_NOT_RUNNING);
    kit_free(k);
}

static void without_memory(void)
{
    desk d = {0};
    kit *k = radius_kit(&d, 1);
    k->w->meter.fail_at = k->w->meter.num_calls + 1;
    question(k, rig_view_str(NAME));
    k->w->meter.fail_at = 0;
    CU_ASSERT(d.asked == 0 && waiting(k) == 0);
    kit_free(k);
}

/* ---- options ---- */

static rig_code options(kit *k, const rig_login *login, rig_session_config *config)
{
    rig_error err = {0};
    *config = (rig_session_config){0};
    return svc_session_options(k->service, &login->options, false, config, &err);
}

static void what_it_takes(void)
{
    desk d = {0};
    rig_session_config config;
    rig_login login = mutual_login();
    kit *k = radius_kit(&d, 1);
    CU_ASSERT_EQUAL(options(k, &login, &config), RIG_CODE_SUCCESS);
    CU_ASSERT(config.auth.verify == svc_radius_verify && config.auth.target_secret.len == 0);
    CU_ASSERT(config.auth.num_algorithms == 1 && config.auth.algorithms[0] == RIG_CHAP_MD5);
    login.options.auth_type = 1;
    CU_ASSERT_EQUAL(options(k, &login, &config), RIG_CODE_INVALID_LOGON_AUTH_TYPE);
    login = mutual_login();
    login.options.specified = 0;
    CU_ASSERT_EQUAL(options(k, &login, &config), RIG_CODE_INVALID_LOGON_AUTH_TYPE);
    login = mutual_login();
    login.options.flags |= RIG_LOGIN_FLAG_RADIUS_RESPONSE;
    CU_ASSERT_EQUAL(options(k, &login, &config), RIG_CODE_REQUEST_NOT_SUPPORTED);
    kit_free(k);
}

static void what_is_missing(void)
{
    desk d = {0};
    rig_session_config config;
    const rig_login login = mutual_login();
    const rig_secret none = {0};
    kit *k = radius_kit(&d, 0);
    CU_ASSERT_EQUAL(options(k, &login, &config), RIG_CODE_TARGET_AUTHINFO_UNAVAILABLE);
    kit_free(k);
    k = radius_kit(&d, 1);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_SET_RADIUS_SECRET, &none), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(options(k, &login, &config), RIG_CODE_TARGET_AUTHINFO_UNAVAILABLE);
    k->radius = NULL;
    kit_restart(k);
    CU_ASSERT_EQUAL(options(k, &login, &config), RIG_CODE_REQUEST_NOT_SUPPORTED);
    kit_free(k);
}

RIG_SUITE("service: RADIUS", {"servers are asked one after the other", in_order},
          {"a verdict ends it", verdicts_end_it}, {"all servers may fail at once", all_at_once},
          {"servers and secret may change meanwhile", changed_meanwhile},
          {"names that are no User-Name are not asked", names}, {"so many at a time and not one more", limit},
          {"the login ends as RADIUS says", logins}, {"silence ends with the login", silence},
          {"the service ends while it asks", ended_while_asking},
          {"no memory for a question", without_memory}, {"what it takes", what_it_takes},
          {"what is missing", what_is_missing})
