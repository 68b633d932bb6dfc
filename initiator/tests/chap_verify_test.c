/* A target that proves itself to somebody who is asked for it (RFC 7143 section 12.1.3, RFC 2865
 * section 5.3): the login waits for the verdict, whatever happens meanwhile. Digests are those that another
 * program gives. */
#include "bench.h"
#include "engine/internal.h"

#define HOST "a secret of the host"
#define DISK_MD5 "0x883e907b4ac5e420ede84b99437aa5b3" /* MD5(42, "a secret of the disk", OURS) */
#define HOST_MD5 "0xd100e9c9939b84bff5f6d7c00375a0e7" /* MD5(7, HOST, CHALLENGE), which we have sent */
#define OWN_MD5 "0xbda3b0a6655210e1f3b2925585d5dc06"  /* MD5(42, HOST, OURS), which we would have sent */
#define CHALLENGE "0x000102030405060708090a0b0c0d0e0f"
#define CHALLENGED "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE
#define PROOF "CHAP_N=disk CHAP_R=" DISK_MD5
#define LINKS_MAX 4

static const uint8_t ours[16] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                                 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
static const uint8_t proof[16] = {0x88, 0x3e, 0x90, 0x7b, 0x4a, 0xc5, 0xe4, 0x20,
                                  0xed, 0xe8, 0x4b, 0x99, 0x43, 0x7a, 0xa5, 0xb3};

/* ---- who is asked ---- */

typedef struct verifier {
    uint32_t asked;
    uint64_t numbers[LINKS_MAX];
    uint16_t cids[LINKS_MAX];
    bool at_once; /* it answers while it is asked */
    rig_status verdict;
    bool right; /* what it was asked about is what went over the wire */
} verifier;

static void on_question(void *ctx, const rig_chap_question *question)
{
    verifier *v = ctx;
    CU_ASSERT_FATAL(v->asked < LINKS_MAX);
    v->numbers[v->asked] = question->number;
    v->cids[v->asked++] = question->cid;
    v->right = rig_view_is(question->name, "disk") && question->identifier == 42 &&
               rig_view_eq(question->challenge, rig_view_of(ours, sizeof ours)) &&
               rig_view_eq(question->response, rig_view_of(proof, sizeof proof));
    if (v->at_once)
        rig_initiator_verified(question->initiator, question->number, v->verdict, question->now);
}

static void answer(bench *w, const verifier *v, uint32_t index, rig_status verdict)
{
    rig_initiator_verified(w->initiator, v->numbers[index], verdict, w->now);
}

/* ---- a target of texts ---- */

static uint64_t pinned(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    (void)ctx;
    (void)index;
    if (strcmp(name, "chap-id") == 0)
        return 42;
    return strcmp(name, "chap-challenge") == 0 ? UINT64_C(0x1122334455667788) : drawn;
}

static uint64_t numbered(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    (void)ctx;
    return strcmp(name, "chap-challenge") == 0 ? UINT64_C(0x1122334455667788) + index : drawn;
}

static void ask_for(rig_session_config *config, verifier *v)
{
    config->auth.user = rig_view_str("host");
    config->auth.secret = rig_view_str(HOST);
    config->auth.verify = on_question;
    config->auth.verify_ctx = v;
}

static bench *bench_drawing(verifier *v, uint64_t (*pin)(void *, const char *, uint64_t, uint64_t))
{
    bench *w = bench_new_over(rig_alloc_libc());
    w->draws.pin = pin;
    ask_for(&w->config, v);
    CU_ASSERT_EQUAL_FATAL(bench_node(w), RIG_OK);
    return w;
}

static bench *verify_bench(verifier *v)
{
    return bench_drawing(v, pinned);
}

/* Answers the next request, "T KEY=VALUE …"; false when there is none. */
static bool says(link *l, const char *written)
{
    uint8_t bhs[RIG_BHS_LEN], text[512];
    size_t len = 0;
    bool transit = written[0] == 'T';
    const seen *request = bench_next(l);
    if (!request)
        return false;
    for (const char *from = transit ? written + 1 : written; *from; from++)
        if (len > 0 || *from != ' ')
            text[len++] = *from == ' ' ? 0 : (uint8_t)*from;
    if (len)
        text[len++] = 0;
    bench_first_numbers(l, request);
    bench_login_bhs(l, bhs, request);
    rig_set(bhs, RIG_F_T, transit);
    rig_set(bhs, RIG_F_NSG, transit ? 1 : 0);
    bench_status(l, bhs, text, len);
    return true;
}

static link *proves(link *l, const char *written)
{
    CU_ASSERT(says(l, "AuthMethod=CHAP") && says(l, CHALLENGED) && says(l, written));
    return l;
}

static link *begin(bench *w)
{
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    return bench_accept(w);
}

/* The login of a session up to the target's proof. */
static link *asked(bench *w, const char *written)
{
    bench_session(w);
    return proves(begin(w), written);
}

static rig_view peer_of(const bench *w)
{
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    return facts.peer;
}

/* ---- verdicts ---- */

/* The transition may come with the proof or behind it, the verdict at once or later. */
static void accepted(void)
{
    for (int i = 0; i < 4; i++) {
        bool at_once = i & 1, together = i & 2;
        verifier v = {.at_once = at_once};
        bench *w = verify_bench(&v);
        link *l = asked(w, together ? "T " PROOF : PROOF);
        CU_ASSERT(v.asked == 1 && v.right && v.cids[0] == 0);
        CU_ASSERT_EQUAL(bench_quiet(l), !at_once);
        CU_ASSERT(!rig_session_is_up(w->session));
        if (!at_once)
            answer(w, &v, 0, RIG_OK);
        if (!together)
            CU_ASSERT(says(l, "T"));
        bench_login_answer(l, NULL);
        CU_ASSERT(rig_session_is_up(w->session));
        CU_ASSERT(rig_view_is(peer_of(w), "disk"));
        bench_free(w);
    }
}

/* Only who was told that the target is another one leaves it at that. */
static void not_accepted(void)
{
    static const struct {
        rig_status verdict;
        bool again;
    } rows[] = {{RIG_E_AUTH, false}, {RIG_E_TIMEOUT, true}, {RIG_E_NOMEM, true}};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        verifier v = {.at_once = i & 1, .verdict = rows[i / 2].verdict};
        bench *w = verify_bench(&v);
        w->config.retry_login = rows[i / 2].verdict != RIG_E_NOMEM;
        const link *l = asked(w, PROOF);
        if (!v.at_once)
            answer(w, &v, 0, v.verdict);
        bench_pump(w);
        CU_ASSERT(w->failed == v.verdict && strcmp(w->field, "CHAP_R") == 0);
        CU_ASSERT(l->gone && w->events[RIG_EVENT_SESSION_UP] == 0 && peer_of(w).len == 0);
        CU_ASSERT_PTR_NULL(strstr(w->text, "883e907b"));
        bench_tick_to(w, w->now + 10 * RIG_SECOND);
        CU_ASSERT_EQUAL(w->num_links, rows[i / 2].again && w->config.retry_login ? 2 : 1);
        bench_free(w);
    }
}

/* The time limit of the login goes on, and is not that of the verdict. */
static void never(void)
{
    verifier v = {0};
    bench *w = verify_bench(&v);
    const link *l = asked(w, PROOF);
    bench_tick_to(w, w->now + 14 * RIG_SECOND);
    CU_ASSERT(!l->gone && w->events[RIG_EVENT_LOGIN_FAILED] == 0);
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    CU_ASSERT(l->gone && w->failed == RIG_E_TIMEOUT && w->events[RIG_EVENT_LOGIN_FAILED] == 1);
    answer(w, &v, 0, RIG_OK);
    CU_ASSERT(w->events[RIG_EVENT_SESSION_UP] == 0 && w->events[RIG_EVENT_LOGIN_FAILED] == 1);
    bench_free(w);
}

/* A verdict that comes when its connection is lost says nothing about the next one. */
static void lost(void)
{
    verifier v = {0};
    bench *w = bench_drawing(&v, numbered);
    bench_tell(asked(w, PROOF), RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT(w->failed == RIG_E_RESET && w->events[RIG_EVENT_LOGIN_FAILED] == 1);
    answer(w, &v, 0, RIG_OK);
    link *l = proves(begin(w), PROOF);
    CU_ASSERT_EQUAL_FATAL(v.asked, 2);
    CU_ASSERT_NOT_EQUAL(v.numbers[0], v.numbers[1]);
    answer(w, &v, 0, RIG_OK);
    CU_ASSERT(bench_quiet(l));
    answer(w, &v, 0, RIG_E_AUTH);
    CU_ASSERT(!l->gone);
    answer(w, &v, 1, RIG_OK);
    CU_ASSERT(says(l, "T"));
    bench_login_answer(l, NULL);
    answer(w, &v, 1, RIG_E_AUTH);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

static void freed(void)
{
    verifier v = {0};
    bench *w = verify_bench(&v);
    asked(w, PROOF);
    rig_session_free(w->session);
    w->session = NULL;
    answer(w, &v, 0, RIG_OK);
    rig_initiator_verified(w->initiator, 0, RIG_OK, w->now);
    CU_ASSERT(w->events[RIG_EVENT_SESSION_UP] == 0 && w->events[RIG_EVENT_LOGIN_FAILED] == 0);
    bench_free(w);
}

/* Each connection has its verdict, in any order, and all of them lead to one identity (section 9.2). */
static void connections(void)
{
    verifier v = {0};
    bench *w = bench_drawing(&v, numbered);
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    link *l = asked(w, PROOF), *more[3];
    answer(w, &v, 0, RIG_OK);
    CU_ASSERT(says(l, "T"));
    bench_login_answer(l, NULL);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
        more[i] = proves(bench_accept(w), i == 2 ? "CHAP_N=dish CHAP_R=" DISK_MD5 : PROOF);
    }
    CU_ASSERT_FATAL(v.asked == 4);
    CU_ASSERT(v.cids[1] == 1 && v.cids[2] == 2 && v.cids[3] == 3);
    answer(w, &v, 3, RIG_OK);
    bench_pump(w);
    CU_ASSERT(more[2]->gone && w->failed == RIG_E_AUTH && strcmp(w->field, "CHAP_N") == 0);
    answer(w, &v, 2, RIG_OK);
    answer(w, &v, 1, RIG_E_AUTH);
    bench_pump(w);
    CU_ASSERT(more[0]->gone && strcmp(w->field, "CHAP_R") == 0);
    CU_ASSERT(says(more[1], "T"));
    bench_login_answer(more[1], NULL);
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    CU_ASSERT(facts.connections == 2 && rig_view_is(facts.peer, "disk"));
    bench_free(w);
}

/* ---- what is not asked ---- */

static void not_asked(void)
{
    static const struct {
        const char *says, *field;
    } rows[] = {{"CHAP_N=dish CHAP_R=" DISK_MD5, "CHAP_N"},
                {"CHAP_N=disk CHAP_R=" HOST_MD5, "CHAP_R"},
                {"CHAP_N=disk CHAP_R=" OWN_MD5, "CHAP_R"},
                {"CHAP_N=disk CHAP_R=" DISK_MD5 "00", "CHAP_R"},
                {"CHAP_N=disk CHAP_R=0x883e907b", "CHAP_R"},
                {"CHAP_N=disk", "CHAP_R"},
                {"CHAP_R=" DISK_MD5, "CHAP_N"},
                {"T", "CHAP_N"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        verifier v = {.at_once = true};
        bench *w = verify_bench(&v);
        w->config.auth.target_user = rig_view_str("disk");
        const link *l = asked(w, rows[i].says);
        bench_pump(w);
        CU_ASSERT(v.asked == 0 && l->gone && w->failed == RIG_E_AUTH);
        CU_ASSERT_STRING_EQUAL(w->field, rows[i].field);
        bench_free(w);
    }
}

/* None is no way round it. */
static void without_chap(void)
{
    verifier v = {.at_once = true};
    bench *w = verify_bench(&v);
    w->config.auth.methods[0] = RIG_AUTH_CHAP;
    w->config.auth.methods[1] = RIG_AUTH_NONE;
    w->config.auth.num_methods = 2;
    bench_session(w);
    link *l = begin(w);
    CU_ASSERT(says(l, "AuthMethod=None"));
    bench_pump(w);
    CU_ASSERT(l->gone && w->failed == RIG_E_AUTH && strcmp(w->field, "AuthMethod") == 0);
    bench_free(w);
}

/* Nothing was asked for while the verdict is awaited (section 6.3). */
static void response_meanwhile(void)
{
    verifier v = {0};
    bench *w = verify_bench(&v);
    bench_session(w);
    link *l = begin(w);
    CU_ASSERT(says(l, "AuthMethod=CHAP") && says(l, CHALLENGED));
    const seen *request = bench_want(l, RIG_PDU_LOGIN_REQ);
    uint8_t bhs[RIG_BHS_LEN];
    static const char keys[] = "CHAP_N=disk\0CHAP_R=" DISK_MD5;
    bench_login_bhs(l, bhs, request);
    bench_status(l, bhs, keys, sizeof keys);
    CU_ASSERT(v.asked == 1 && !l->gone);
    bench_status(l, bhs, NULL, 0);
    bench_pump(w);
    CU_ASSERT(l->gone && w->failed == RIG_E_PROTOCOL);
    answer(w, &v, 0, RIG_OK);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_UP], 0);
    bench_free(w);
}

/* ---- configurations ---- */

static rig_status configured(bench *w, rig_error *err)
{
    rig_session *session = NULL;
    rig_status status = rig_session_new(w->initiator, &w->config, &session, err);
    rig_session_free(session);
    return status;
}

static void configurations(void)
{
    verifier v = {0};
    bench *w = verify_bench(&v);
    rig_error err = {0};
    CU_ASSERT_EQUAL(configured(w, &err), RIG_OK);
    w->config.auth.target_secret = rig_view_str("a secret of the disk");
    CU_ASSERT_EQUAL(configured(w, &err), RIG_E_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(err.field, "target-secret");
    w->config.auth.target_secret = (rig_view){0};
    w->config.auth.algorithms[0] = RIG_CHAP_MD5;
    w->config.auth.algorithms[1] = RIG_CHAP_SHA1;
    w->config.auth.num_algorithms = 1;
    CU_ASSERT_EQUAL(configured(w, &err), RIG_OK);
    w->config.auth.num_algorithms = 2;
    CU_ASSERT_EQUAL(configured(w, &err), RIG_E_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(err.field, "CHAP_A");
    bench_free(w);
}

/* The end of the login would come with the proof: another stage lies between them, whatever was asked for. */
static void full_feature(void)
{
    verifier v = {0};
    bench *w = verify_bench(&v);
    w->config.ask_full_feature = true;
    bench_session(w);
    link *l = begin(w);
    CU_ASSERT(says(l, "AuthMethod=CHAP") && says(l, CHALLENGED));
    const seen *request = bench_want(l, RIG_PDU_LOGIN_REQ);
    CU_ASSERT(rig_get(request->bhs, RIG_F_T) == 1 && rig_get(request->bhs, RIG_F_NSG) == 1);
    bench_free(w);
}

/* Without a method that asks it the verifier counts for nothing. */
static void no_method(void)
{
    verifier v = {0};
    bench *w = verify_bench(&v);
    w->config.auth.methods[0] = RIG_AUTH_NONE;
    w->config.auth.num_methods = 1;
    bench_session(w);
    bench_login_on(begin(w), NULL);
    CU_ASSERT(rig_session_is_up(w->session) && v.asked == 0);
    bench_free(w);
}

/* ---- memory ---- */

static rig_status try_all(bench *w, verifier *v)
{
    rig_status status = bench_node(w);
    if (!status)
        status = rig_session_new(w->initiator, &w->config, &w->session, NULL);
    if (!status)
        status = rig_session_login(w->session, w->now);
    if (status)
        return status;
    link *l = bench_accept(w);
    if (!says(l, "AuthMethod=CHAP") || !says(l, CHALLENGED) || !says(l, PROOF))
        return RIG_E_NOMEM;
    if (v->asked)
        answer(w, v, 0, RIG_OK);
    return says(l, "T") && bench_next(l) ? RIG_OK : RIG_E_NOMEM;
}

static void memory_runs_out(void)
{
    uint32_t failures = 0;
    for (uint64_t at = 1; at < 200; at++) {
        verifier v = {0};
        bench *w = bench_new_over(rig_alloc_libc());
        w->draws.pin = pinned;
        ask_for(&w->config, &v);
        w->meter.fail_at = at;
        rig_status status = try_all(w, &v);
        bool reached = w->meter.num_calls >= at;
        CU_ASSERT_EQUAL(status, reached ? RIG_E_NOMEM : RIG_OK);
        failures += reached;
        bench_free(w);
        if (!reached)
            break;
    }
    CU_ASSERT(failures > 8 && failures < 199);
}

RIG_SUITE("initiator: verified authentication", {"a verified target is logged in to", accepted},
          {"one that nobody has verified is not", not_accepted},
          {"the login's time limit goes on meanwhile", never},
          {"a verdict on a lost connection is passed over", lost},
          {"a verdict on a freed session is passed over", freed},
          {"each connection has its verdict", connections}, {"what is wrong already is not asked", not_asked},
          {"None is no way round it", without_chap},
          {"a response while it is awaited is one too many", response_meanwhile},
          {"configurations that cannot be are refused", configurations},
          {"the login's end never comes with the proof", full_feature},
          {"without CHAP there is no question", no_method}, {"memory runs out", memory_runs_out})
