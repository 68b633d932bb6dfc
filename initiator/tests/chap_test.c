/* Authentication by CHAP against a target made of literal texts (RFC 7143 sections 6.3.2, 9.2.1 and 12.1).
 * Digests are those that another program gives for the octets they are made of. */
#include "bench.h"
#include "engine/internal.h"

#define HOST "a secret of the host"
#define DISK "a secret of the disk"
#define CHALLENGE "0x000102030405060708090a0b0c0d0e0f" /* the target's, with identifier 7 */
#define OURS "0x11223344556677881122334455667788"      /* ours, with identifier 42 */
#define STEPS_MAX 5

/* hash(7, HOST, CHALLENGE) and hash(42, DISK, OURS) */
#define HOST_MD5 "0xd100e9c9939b84bff5f6d7c00375a0e7"
#define HOST_SHA1 "0xa5d17151b494d5c6864065a6cbb1a4cc54de6e53"
#define HOST_SHA256 "0xead23ffe48a2f691f9ee742772f0c325c7b49ab53f680e9de586680a10fbde73"
#define HOST_SHA3 "0xa2e2017170f9859d15dccf0f613cbfdae8bd4e0949c6f9ea14a48523b04cc701"
#define DISK_MD5 "0x883e907b4ac5e420ede84b99437aa5b3"
#define DISK_SHA1 "0x477339ef3d0be2a11d9c1b4266a84f64648fd898"
#define DISK_SHA256 "0x87fb804dca4b88c60c24c12aaccf9c5a195ef77f105e65548245679b479a484c"
#define ZEROS_MD5 "0x5cce4f79b4d5bbba39e9c848ced61257" /* hash(7, HOST, 1024 zeros) */
#define DISK_SHA3 "0x5e4d2497f7a70cf896cb1469373778d456a035d62386c9b9511b0c9a1c00882c"

/* ---- a target of texts ---- */

static uint64_t pinned(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    (void)ctx;
    (void)index;
    if (strcmp(name, "chap-id") == 0)
        return 42;
    return strcmp(name, "chap-challenge") == 0 ? UINT64_C(0x1122334455667788) : drawn;
}

static bench *chap_bench(bool mutual, bool pin)
{
    bench *w = bench_new_over(rig_alloc_libc());
    w->draws.pin = pin ? pinned : NULL;
    w->config.auth.user = rig_view_str("host");
    w->config.auth.secret = rig_view_str(HOST);
    if (mutual)
        w->config.auth.target_secret = rig_view_str(DISK);
    CU_ASSERT_EQUAL_FATAL(bench_node(w), RIG_OK);
    return w;
}

static void list_algorithms(bench *w)
{
    static const uint8_t list[] = {8, 7, 6, 5};
    memcpy(w->config.auth.algorithms, list, sizeof list);
    w->config.auth.num_algorithms = sizeof list;
}

/* "T KEY=VALUE KEY=VALUE" to a text of pairs; the T is the T bit. */
static bool text_of(const char *written, uint8_t *out, size_t *out_len)
{
    bool transit = written[0] == 'T' && (written[1] == ' ' || written[1] == 0);
    const char *from = transit ? written + 1 : written;
    size_t len = 0;
    while (*from == ' ')
        from++;
    for (; *from; from++)
        out[len++] = *from == ' ' ? 0 : (uint8_t)*from;
    if (len)
        out[len++] = 0;
    *out_len = len;
    return transit;
}

static bool has_pairs(rig_view text, rig_view pairs)
{
    rig_pair pair;
    for (rig_view rest = pairs; rig_pair_next(pairs.ptr, &rest, &pair, NULL) == RIG_OK;) {
        char key[RIG_KEY_MAX + 1] = {0};
        memcpy(key, pair.key.ptr, pair.key.len);
        rig_view value = text_value(text, key);
        if (!value.ptr || !rig_view_eq(value, pair.value))
            return false;
    }
    return true;
}

/* Whether the next request brings those pairs, and no more of CHAP than they. */
static bool asks(link *l, const char *written, const seen **out_request)
{
    uint8_t pairs[4096];
    size_t len;
    bool transit = text_of(written, pairs, &len);
    const seen *s = bench_next(l);
    *out_request = s;
    if (!s || s->kind != RIG_PDU_LOGIN_REQ)
        return false;
    rig_view text = rig_view_of(s->data, s->len), want = rig_view_of(pairs, len);
    static const char *const keys[] = {"AuthMethod", "CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R"};
    bool right = has_pairs(text, want) && rig_get(s->bhs, RIG_F_T) == transit;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        right = right && (!text_value(text, keys[i]).ptr || text_value(want, keys[i]).ptr);
    if (!right)
        fprintf(stderr, "\nwanted \"%s\", came T=%u %.*s\n", written, (unsigned)rig_get(s->bhs, RIG_F_T),
                (int)s->len, (const char *)s->data);
    return right;
}

static void says(link *l, const seen *request, const char *written)
{
    uint8_t bhs[RIG_BHS_LEN], text[8192];
    size_t len;
    bench_first_numbers(l, request);
    bench_login_bhs(l, bhs, request);
    bool transit = text_of(written, text, &len);
    rig_set(bhs, RIG_F_T, transit);
    rig_set(bhs, RIG_F_NSG, transit ? 1 : 0);
    bench_status(l, bhs, text, len);
}

typedef struct step {
    const char *asks, *says; /* of the engine, of the target; NULL: the login has ended */
} step;

static bool ran(const step *steps, link *l)
{
    for (size_t i = 0; i < STEPS_MAX && steps[i].asks; i++) {
        const seen *request;
        if (!asks(l, steps[i].asks, &request))
            return false;
        says(l, request, steps[i].says);
    }
    return true;
}

static link *begin(bench *w)
{
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    return bench_accept(w);
}

/* The security stage went well, and the rest goes by itself. */
static bool logs_in(bench *w, const step *steps)
{
    link *l = begin(w);
    bool right = ran(steps, l);
    if (right)
        bench_login_answer(l, NULL);
    if (!rig_session_is_up(w->session))
        fprintf(stderr, "\nno session: %s: %s\n", w->field, w->text);
    return right && rig_session_is_up(w->session);
}

static bool ends(bench *w, const step *steps, rig_status status, const char *field)
{
    link *l = begin(w);
    bool right = ran(steps, l) && bench_quiet(l) && w->failed == status && strcmp(w->field, field) == 0 &&
                 l->gone && !l->reset && w->events[RIG_EVENT_SESSION_UP] == 0;
    if (!right)
        fprintf(stderr, "\nwanted %s at %s, came %s at %s: %s\n", rig_status_name(status), field,
                rig_status_name(w->failed), w->field, w->text);
    return right;
}

/* ---- digests ---- */

static void digests(void)
{
    static const struct {
        uint8_t algorithm;
        size_t len;
        const char *abc; /* FIPS 180-4, FIPS 202, RFC 1321 */
    } rows[] = {
        {5, 16, "900150983cd24fb0d6963f7d28e17f72"},
        {6, 20, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {7, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {8, 32, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    };
    const rig_view parts[] = {rig_view_str("a"), {0}, rig_view_str("bc")};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t got[ENG_HASH_MAX], want[ENG_HASH_MAX];
        CU_ASSERT_EQUAL(eng_hash_len(rows[i].algorithm), rows[i].len);
        CU_ASSERT_EQUAL(eng_hash(rows[i].algorithm, parts, 3, got), RIG_OK);
        CU_ASSERT_EQUAL(rig_hex_parse(rig_view_str(rows[i].abc), want, sizeof want), rows[i].len);
        CU_ASSERT(eng_hash_same(rig_view_of(got, rows[i].len), rig_view_of(want, rows[i].len)));
        CU_ASSERT_FALSE(eng_hash_same(rig_view_of(got, rows[i].len), rig_view_of(want, rows[i].len - 1)));
        want[rows[i].len - 1] ^= 1;
        CU_ASSERT_FALSE(eng_hash_same(rig_view_of(got, rows[i].len), rig_view_of(want, rows[i].len)));
    }
    uint8_t out[ENG_HASH_MAX];
    CU_ASSERT_EQUAL(eng_hash(4, parts, 3, out), RIG_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(eng_hash_len(9), 0);
}

/* ---- right exchanges ---- */

static void one_way(void)
{
    static const struct {
        const char *challenge, *response;
    } rows[] = {
        {"CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE, HOST_MD5},
        {"CHAP_A=5 CHAP_I=0x7 CHAP_C=0X000102030405060708090A0B0C0D0E0F", HOST_MD5},
        {"CHAP_C=0bAAECAwQFBgcICQoLDA0ODw== CHAP_A=0x05 CHAP_I=7", HOST_MD5},
        {"CHAP_I=7 CHAP_C=0BAAECAwQFBgcICQoLDA0ODw== CHAP_A=5", HOST_MD5},
        {"CHAP_A=6 CHAP_I=7 CHAP_C=" CHALLENGE, HOST_SHA1},
        {"CHAP_A=7 CHAP_I=7 CHAP_C=" CHALLENGE, HOST_SHA256},
        {"CHAP_A=8 CHAP_I=7 CHAP_C=" CHALLENGE " TargetAlias=x", HOST_SHA3},
        {"CHAP_A=5 CHAP_I=255 CHAP_C=0xff", "0xef560d9a8dfb08c1d2c6514eb28e3d8a"},
        {"CHAP_A=5 CHAP_I=255 CHAP_C=0b/w==", "0xef560d9a8dfb08c1d2c6514eb28e3d8a"},
        {"CHAP_A=5 CHAP_I=255 CHAP_C=0xff TargetPortalGroupTag=1", "0xef560d9a8dfb08c1d2c6514eb28e3d8a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char answer[256];
        rig_text text;
        rig_text_init(&text, answer, sizeof answer);
        rig_text_add(&text, "T CHAP_N=host CHAP_R=%s", rows[i].response);
        bench *w = chap_bench(false, true);
        list_algorithms(w);
        const step steps[STEPS_MAX] = {
            {"AuthMethod=CHAP", "AuthMethod=CHAP"}, {"CHAP_A=8,7,6,5", rows[i].challenge}, {answer, "T"}};
        CU_ASSERT(logs_in(w, steps));
        bench_free(w);
    }
}

#define MUTUAL_HEAD                                                                                          \
    {"AuthMethod=CHAP", "AuthMethod=CHAP"},                                                                  \
    {                                                                                                        \
        "CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE                                                    \
    }
#define MUTUAL_ASKS "T CHAP_N=host CHAP_R=" HOST_MD5 " CHAP_I=42 CHAP_C=" OURS

static void mutual(void)
{
    static const struct {
        const char *challenge, *asks, *response, *peer;
    } rows[] = {
        {"CHAP_A=5", "CHAP_N=host CHAP_R=" HOST_MD5, "CHAP_N=disk CHAP_R=" DISK_MD5, "disk"},
        {"CHAP_A=5", "CHAP_N=host CHAP_R=" HOST_MD5, "CHAP_R=0X883E907B4AC5E420EDE84B99437AA5B3 CHAP_N=", ""},
        {"CHAP_A=5", "CHAP_N=host CHAP_R=" HOST_MD5, "CHAP_N=0x64 CHAP_R=0biD6Qe0rF5CDt6EuZQ3qlsw==", "0x64"},
        {"CHAP_A=5", "CHAP_N=host CHAP_R=" HOST_MD5,
         "CHAP_N=0bdisk CHAP_R=0BiD6Qe0rF5CDt6EuZQ3qlsw==", "0bdisk"},
        {"CHAP_A=6", "CHAP_N=host CHAP_R=" HOST_SHA1, "CHAP_N=disk CHAP_R=" DISK_SHA1, "disk"},
        {"CHAP_A=6", "CHAP_N=host CHAP_R=" HOST_SHA1,
         "CHAP_N=disk CHAP_R=0bR3M57z0L4qEdnBtCZqhPZGSP2Jg=", "disk"},
        {"CHAP_A=7", "CHAP_N=host CHAP_R=" HOST_SHA256, "CHAP_N=disk CHAP_R=" DISK_SHA256, "disk"},
        {"CHAP_A=8", "CHAP_N=host CHAP_R=" HOST_SHA3, "CHAP_N=disk CHAP_R=" DISK_SHA3, "disk"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char challenge[128], request[256];
        rig_text text;
        rig_text_init(&text, challenge, sizeof challenge);
        rig_text_add(&text, "%s CHAP_I=7 CHAP_C=%s", rows[i].challenge, CHALLENGE);
        rig_text_init(&text, request, sizeof request);
        rig_text_add(&text, "T %s CHAP_I=42 CHAP_C=%s", rows[i].asks, OURS);
        bench *w = chap_bench(true, true);
        list_algorithms(w);
        const step steps[STEPS_MAX] = {{"AuthMethod=CHAP", "AuthMethod=CHAP"},
                                       {"CHAP_A=8,7,6,5", challenge},
                                       {request, rows[i].response},
                                       {"T", "T"}};
        CU_ASSERT(logs_in(w, steps));
        rig_session_facts facts;
        rig_session_describe(w->session, &facts);
        CU_ASSERT(facts.method == RIG_AUTH_CHAP && rig_view_is(facts.user, "host"));
        CU_ASSERT(rig_view_is(facts.peer, rows[i].peer));
        bench_free(w);
    }
}

/* The transition may come with the response, behind it, and only behind it where the T bit is held back. */
static void transitions(void)
{
    static const step together[STEPS_MAX] = {MUTUAL_HEAD, {MUTUAL_ASKS, "T CHAP_N=disk CHAP_R=" DISK_MD5}};
    static const step held[STEPS_MAX] = {
        MUTUAL_HEAD,
        {"CHAP_N=host CHAP_R=" HOST_MD5 " CHAP_I=42 CHAP_C=" OURS, "CHAP_N=disk CHAP_R=" DISK_MD5},
        {"T", ""},
        {"T", "T"}};
    static const step early[STEPS_MAX] = {
        MUTUAL_HEAD,
        {"CHAP_N=host CHAP_R=" HOST_MD5 " CHAP_I=42 CHAP_C=" OURS, "T CHAP_N=disk CHAP_R=" DISK_MD5}};
    for (int hold = 0; hold < 2; hold++) {
        bench *w = chap_bench(true, true);
        w->config.auth.hold_transit = hold;
        CU_ASSERT(logs_in(w, hold ? held : together));
        bench_free(w);
    }
    bench *w = chap_bench(true, true);
    w->config.auth.hold_transit = true;
    CU_ASSERT(ends(w, early, RIG_E_PROTOCOL, "T"));
    bench_free(w);
}

/* Secrets are octets: NUL and those above 0x7f count like others (AUTH-029). */
static void octets(void)
{
    static const uint8_t secret[16] = {0x80, 0x00, 0xff, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const step steps[STEPS_MAX] = {{"AuthMethod=CHAP", "AuthMethod=CHAP"},
                                          {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE},
                                          {"T CHAP_N= CHAP_R=0x71df6a8950826a9426a46eaabd3a0bd1", "T"}};
    bench *w = chap_bench(false, true);
    w->config.auth.user = (rig_view){0};
    w->config.auth.secret = rig_view_of(secret, sizeof secret);
    CU_ASSERT(logs_in(w, steps));
    bench_free(w);
}

static void methods(void)
{
    static const struct {
        rig_auth_method methods[2];
        uint32_t num;
        bool target_proposes;
        step steps[STEPS_MAX];
    } rows[] = {
        /* credentials alone switch nothing on where None is asked for */
        {{RIG_AUTH_NONE}, 1, false, {{"T AuthMethod=None", "T AuthMethod=None"}}},
        {{RIG_AUTH_NONE, RIG_AUTH_CHAP}, 2, false, {{"T AuthMethod=None,CHAP", "T AuthMethod=None"}}},
        {{RIG_AUTH_CHAP, RIG_AUTH_NONE}, 2, false, {{"AuthMethod=CHAP,None", "AuthMethod=None"}, {"T", "T"}}},
        {{RIG_AUTH_NONE, RIG_AUTH_CHAP},
         2,
         false,
         {{"T AuthMethod=None,CHAP", "AuthMethod=CHAP"},
          {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE},
          {"T CHAP_N=host CHAP_R=" HOST_MD5, "T"}}},
        /* the target proposes: the selection goes with the first key (AUTH-006) */
        {{RIG_AUTH_CHAP},
         1,
         true,
         {{"", "AuthMethod=KRB5,CHAP,None"},
          {"AuthMethod=CHAP CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE},
          {"T CHAP_N=host CHAP_R=" HOST_MD5, "T"}}},
        {{RIG_AUTH_CHAP, RIG_AUTH_NONE},
         2,
         true,
         {{"T", "AuthMethod=None,CHAP"}, {"T AuthMethod=None", "T"}}},
        {{RIG_AUTH_CHAP, RIG_AUTH_NONE}, 2, true, {{"T", "T"}}},
        {{RIG_AUTH_NONE}, 1, true, {{"T", ""}, {"T", "T"}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = chap_bench(false, true);
        memcpy(w->config.auth.methods, rows[i].methods, sizeof rows[i].methods);
        w->config.auth.num_methods = rows[i].num;
        w->config.auth.target_proposes = rows[i].target_proposes;
        CU_ASSERT(logs_in(w, rows[i].steps));
        bench_free(w);
    }
}

/* ---- wrong ones ---- */

#define METHOD                                                                                               \
    {                                                                                                        \
        "AuthMethod=CHAP", "AuthMethod=CHAP"                                                                 \
    }
#define ONE_WAY_HEAD                                                                                         \
    METHOD,                                                                                                  \
    {                                                                                                        \
        "CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE                                                    \
    }

typedef struct wrong_row {
    bool mutual;
    rig_status status;
    const char *field;
    step steps[STEPS_MAX];
} wrong_row;

static const wrong_row wrongs[] = {
    /* the method (AUTH-002) */
    {false, RIG_E_AUTH, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=None"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=Reject"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=NotUnderstood"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=Irrelevant"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=KRB5"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=SRP"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=CHAP,None"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {{"AuthMethod=CHAP", "AuthMethod=CHAP AuthMethod=CHAP"}}},
    {false, RIG_E_NEGOTIATION, "AuthMethod", {METHOD, {"CHAP_A=5", "AuthMethod=CHAP"}}},
    {false, RIG_E_PROTOCOL, "T", {{"AuthMethod=CHAP", "T AuthMethod=CHAP"}}},
    {false, RIG_E_PROTOCOL, "T", {{"AuthMethod=CHAP", "T"}}},
    /* the challenge: algorithm (AUTH-010), identifier (AUTH-013), octets (AUTH-014, AUTH-015), all three
       (AUTH-020) */
    {false, RIG_E_NEGOTIATION, "CHAP_A", {METHOD, {"CHAP_A=5", "CHAP_A=6 CHAP_I=7 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_A", {METHOD, {"CHAP_A=5", "CHAP_A=5,5 CHAP_I=7 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_A", {METHOD, {"CHAP_A=5", "CHAP_A=261 CHAP_I=7 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_A", {METHOD, {"CHAP_A=5", "CHAP_A= CHAP_I=7 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_A", {METHOD, {"CHAP_A=5", "CHAP_A=Reject CHAP_I=7 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_A", {METHOD, {"CHAP_A=5", "CHAP_I=7 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_A", {METHOD, {"CHAP_A=5", ""}}},
    {false, RIG_E_NEGOTIATION, "CHAP_I", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=256 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_I", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=-1 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_I", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_C", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_C", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C="}}},
    {false, RIG_E_NEGOTIATION, "CHAP_C", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=0x"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_C", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=12"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_C", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=0bA"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_C", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=0x0 CHAP_C=0x0"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_N", {METHOD, {"CHAP_A=5", "CHAP_N=disk"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_R", {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=0x0 CHAP_R=0x0"}}},
    {false,
     RIG_E_NEGOTIATION,
     "CHAP_A",
     {{"AuthMethod=CHAP", "AuthMethod=CHAP CHAP_A=5 CHAP_I=7 CHAP_C=0x00"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_C", {{"AuthMethod=CHAP", "CHAP_C=0x00"}}},
    /* behind our response */
    {false, RIG_E_NEGOTIATION, "CHAP_N", {ONE_WAY_HEAD, {"T CHAP_N=host CHAP_R=" HOST_MD5, "T CHAP_N=disk"}}},
    {false, RIG_E_NEGOTIATION, "CHAP_A", {ONE_WAY_HEAD, {"T CHAP_N=host CHAP_R=" HOST_MD5, "CHAP_A=5"}}},
    /* the target's response (AUTH-017, AUTH-020, AUTH-023, AUTH-024, AUTH-027) */
    {true, RIG_E_AUTH, "CHAP_N", {MUTUAL_HEAD, {MUTUAL_ASKS, "T"}}},
    {true, RIG_E_AUTH, "CHAP_R", {MUTUAL_HEAD, {MUTUAL_ASKS, "T CHAP_N=disk CHAP_R=" DISK_SHA1}}},
    {true, RIG_E_AUTH, "CHAP_N", {MUTUAL_HEAD, {MUTUAL_ASKS, ""}}},
    {true, RIG_E_AUTH, "CHAP_R", {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk"}}},
    {true, RIG_E_AUTH, "CHAP_N", {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_R=" DISK_MD5}}},
    {true, RIG_E_AUTH, "CHAP_R", {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=" HOST_MD5}}},
    {true, RIG_E_AUTH, "CHAP_R", {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=" DISK_SHA1}}},
    {true, RIG_E_AUTH, "CHAP_R", {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=" DISK_MD5 "00"}}},
    {true,
     RIG_E_AUTH,
     "CHAP_R",
     {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=0x883e907b4ac5e420ede84b99437aa5"}}},
    {true,
     RIG_E_AUTH,
     "CHAP_R",
     {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=0x883e907b4ac5e420ede84b99437aa5b2"}}},
    {true,
     RIG_E_AUTH,
     "CHAP_R",
     {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=0x083e907b4ac5e420ede84b99437aa5b3"}}},
    /* hash(42, HOST, OURS): what we would have answered */
    {true,
     RIG_E_AUTH,
     "CHAP_R",
     {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=0xbda3b0a6655210e1f3b2925585d5dc06"}}},
    {true, RIG_E_NEGOTIATION, "CHAP_R", {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=disk"}}},
    {true,
     RIG_E_NEGOTIATION,
     "CHAP_I",
     {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_I=1 CHAP_R=" DISK_MD5}}},
    {true,
     RIG_E_NEGOTIATION,
     "CHAP_R",
     {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_R=0x0 CHAP_N=disk CHAP_R=" DISK_MD5}}},
    {true,
     RIG_E_NEGOTIATION,
     "CHAP_N",
     {MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=" DISK_MD5}, {"T", "T CHAP_N=disk"}}},
};

static void wrong_exchanges(void)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        bench *w = chap_bench(wrongs[i].mutual, true);
        bool right = ends(w, wrongs[i].steps, wrongs[i].status, wrongs[i].field);
        if (!right)
            fprintf(stderr, "row %zu\n", i);
        CU_ASSERT(right);
        CU_ASSERT_PTR_NULL(strstr(w->text, HOST));
        CU_ASSERT_PTR_NULL(strstr(w->text, DISK));
        bench_free(w);
    }
}

static void zeros(size_t len, bool base64, char *out, size_t size)
{
    rig_text text;
    rig_text_init(&text, out, size);
    rig_text_add(&text, "CHAP_A=5 CHAP_I=7 CHAP_C=%s", base64 ? "0b" : "0x");
    for (size_t i = 0; i < len * 2 && !base64; i++)
        rig_text_add(&text, "0");
    for (size_t i = 0; i < (len + 2) / 3 * 4 && base64; i++)
        rig_text_add(&text, "%s", i < (len * 4 + 2) / 3 ? "A" : "=");
}

/* AUTH-014 */
static void longest_challenge(void)
{
    for (size_t len = 1024; len <= 1025; len++)
        for (int base64 = 0; base64 < 2; base64++) {
            char say[4096];
            zeros(len, base64, say, sizeof say);
            const step steps[STEPS_MAX] = {METHOD, {"CHAP_A=5", say}};
            bench *w = chap_bench(false, true);
            if (len > 1024) {
                CU_ASSERT(ends(w, steps, RIG_E_NEGOTIATION, "CHAP_C"));
            } else {
                link *l = begin(w);
                CU_ASSERT(ran(steps, l));
                const seen *request;
                CU_ASSERT(asks(l, "T CHAP_N=host CHAP_R=" ZEROS_MD5, &request));
            }
            bench_free(w);
        }
}

static void target_names(void)
{
    static const struct {
        const char *configured, *came;
        bool right;
    } rows[] = {{"disk", "disk", true},   {"disk", "Disk", false}, {"disk", "dis", false},
                {"disk", "disks", false}, {"disk", "", false},     {"0x64", "0x64", true},
                {"d", "0x64", false},     {"0x64", "d", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char say[128];
        rig_text text;
        rig_text_init(&text, say, sizeof say);
        rig_text_add(&text, "CHAP_N=%s CHAP_R=%s", rows[i].came, DISK_MD5);
        bench *w = chap_bench(true, true);
        w->config.auth.target_user = rig_view_str(rows[i].configured);
        const step good[STEPS_MAX] = {MUTUAL_HEAD, {MUTUAL_ASKS, say}, {"T", "T"}};
        const step bad[STEPS_MAX] = {MUTUAL_HEAD, {MUTUAL_ASKS, say}};
        if (rows[i].right)
            CU_ASSERT(logs_in(w, good));
        if (!rows[i].right)
            CU_ASSERT(ends(w, bad, RIG_E_AUTH, "CHAP_N"));
        bench_free(w);
    }
}

static void proposals_without_a_method(void)
{
    static const char *const lists[] = {"AuthMethod=KRB5", "AuthMethod=SRP,KRB5", "AuthMethod=None",
                                        "AuthMethod="};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const step steps[STEPS_MAX] = {{"", lists[i]}, {"AuthMethod=Reject", ""}};
        bench *w = chap_bench(false, true);
        w->config.auth.target_proposes = true;
        CU_ASSERT(ends(w, steps, RIG_E_AUTH, "AuthMethod"));
        bench_free(w);
    }
    static const step reserved[STEPS_MAX] = {{"", "AuthMethod=Reject"}};
    bench *w = chap_bench(false, true);
    w->config.auth.target_proposes = true;
    CU_ASSERT(ends(w, reserved, RIG_E_NEGOTIATION, "AuthMethod"));
    bench_free(w);
}

/* ---- pieces ---- */

/* A response of the security stage over two PDUs, cut at every byte. */
static void cut_anywhere(void)
{
    static const step steps[STEPS_MAX] = {
        MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=" DISK_MD5}, {"T", "T"}};
    for (size_t which = 0; which < 3; which++) {
        uint8_t text[512], bhs[RIG_BHS_LEN];
        size_t len;
        text_of(steps[which].says, text, &len);
        for (size_t at = 0; at <= len; at++) {
            bench *w = chap_bench(true, true);
            link *l = begin(w);
            const seen *request;
            for (size_t i = 0; i < which; i++) {
                CU_ASSERT_FATAL(asks(l, steps[i].asks, &request));
                says(l, request, steps[i].says);
            }
            CU_ASSERT_FATAL(asks(l, steps[which].asks, &request));
            bench_first_numbers(l, request);
            bench_login_bhs(l, bhs, request);
            rig_set(bhs, RIG_F_C, 1);
            rig_set(bhs, RIG_F_T, 0);
            rig_set(bhs, RIG_F_NSG, 0);
            bench_status(l, bhs, text, at);
            CU_ASSERT_FATAL(asks(l, "", &request));
            bench_login_bhs(l, bhs, request);
            bench_status(l, bhs, text + at, len - at);
            CU_ASSERT(ran(steps + which + 1, l));
            bench_login_answer(l, NULL);
            CU_ASSERT(rig_session_is_up(w->session));
            bench_free(w);
        }
    }
}

static void bytes_one_by_one(void)
{
    static const step steps[STEPS_MAX] = {
        MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=" DISK_MD5}, {"T", "T"}};
    for (size_t chunk = 1; chunk < 160; chunk++) {
        bench *w = chap_bench(true, true);
        w->chunk = chunk;
        CU_ASSERT(logs_in(w, steps));
        bench_free(w);
    }
}

/* ---- configurations ---- */

typedef struct config_row {
    const char *field; /* at fault; NULL: fine */
    void (*set)(rig_session_config *config);
} config_row;

static uint8_t octets_300[300];

#define SET(name, ...)                                                                                       \
    static void set_##name(rig_session_config *config)                                                       \
    {                                                                                                        \
        rig_auth_config *auth = &config->auth;                                                               \
        __VA_ARGS__;                                                                                         \
    }

SET(plain, auth->secret = rig_view_str(HOST))
SET(twelve, auth->secret = rig_view_str("twelve bytes"))
SET(eleven, auth->secret = rig_view_str("eleven byte"))
SET(eleven_ipsec, auth->secret = rig_view_str("eleven byte"); auth->ipsec = true)
SET(none_ipsec, auth->secret = (rig_view){0}; auth->ipsec = true; auth->methods[0] = RIG_AUTH_CHAP;
    auth->num_methods = 1)
SET(longest, auth->secret = rig_view_of(octets_300, 255))
SET(too_long, auth->secret = rig_view_of(octets_300, 256))
SET(short_target, auth->target_secret = rig_view_str("eleven byte"))
SET(same, auth->target_secret = rig_view_str(HOST))
SET(name_only, auth->target_user = rig_view_str("disk"))
SET(user_nul, auth->user = rig_view_of("a\0b", 3))
SET(user_longest, auth->user = rig_view_of(memset(octets_300, 'a', 255), 255))
SET(user_too_long, auth->user = rig_view_of(memset(octets_300, 'a', 256), 256))
SET(target_user_nul, auth->target_secret = rig_view_str(DISK); auth->target_user = rig_view_of("\0", 1))
SET(no_md5, auth->algorithms[0] = 7; auth->num_algorithms = 1)
SET(unknown_hash, auth->algorithms[0] = 5; auth->algorithms[1] = 9; auth->num_algorithms = 2)
SET(hash_twice, auth->algorithms[0] = 5; auth->algorithms[1] = 5; auth->num_algorithms = 2)
SET(too_many_hashes, auth->num_algorithms = RIG_CHAP_ALGORITHMS + 1)
SET(method_twice, auth->methods[0] = auth->methods[1] = RIG_AUTH_CHAP; auth->num_methods = 2)
SET(unknown_method, auth->methods[0] = RIG_AUTH_METHODS; auth->num_methods = 1)
SET(too_many_methods, auth->num_methods = RIG_AUTH_METHODS + 1)
SET(challenge_least, auth->challenge_len = 16)
SET(challenge_most, auth->challenge_len = 1024)
SET(challenge_short, auth->challenge_len = 15)
SET(challenge_long, auth->challenge_len = 1025)
SET(operational, (void)auth; config->start_operational = true)
SET(none_operational, auth->methods[0] = RIG_AUTH_NONE; auth->num_methods = 1;
    config->start_operational = true)
SET(none_short, auth->methods[0] = RIG_AUTH_NONE; auth->num_methods = 1; auth->secret = rig_view_str("x"))

static void configurations(void)
{
    static const config_row rows[] = {
        {NULL, set_plain},
        {NULL, set_twelve},
        {"secret", set_eleven}, /* AUTH-030 */
        {NULL, set_eleven_ipsec},
        {"secret", set_none_ipsec},
        {NULL, set_longest},
        {"secret", set_too_long},
        {"target-secret", set_short_target},
        {"target-secret", set_same}, /* AUTH-028 */
        {"target-user", set_name_only},
        {"user", set_user_nul},
        {NULL, set_user_longest},
        {"user", set_user_too_long},
        {"target-user", set_target_user_nul},
        {"CHAP_A", set_no_md5}, /* AUTH-008 */
        {"CHAP_A", set_unknown_hash},
        {"CHAP_A", set_hash_twice},
        {"CHAP_A", set_too_many_hashes},
        {"AuthMethod", set_method_twice},
        {"AuthMethod", set_unknown_method},
        {"AuthMethod", set_too_many_methods},
        {NULL, set_challenge_least},
        {NULL, set_challenge_most},
        {"CHAP_C", set_challenge_short},
        {"CHAP_C", set_challenge_long},
        {"AuthMethod", set_operational},
        {NULL, set_none_operational},
        {NULL, set_none_short},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = chap_bench(false, true);
        rig_error err = {0};
        rig_session *session = NULL;
        rows[i].set(&w->config);
        rig_status status = rig_session_new(w->initiator, &w->config, &session, &err);
        CU_ASSERT_EQUAL(status, rows[i].field ? RIG_E_ARGUMENT : RIG_OK);
        CU_ASSERT_STRING_EQUAL(err.field, rows[i].field ? rows[i].field : "");
        CU_ASSERT_PTR_NULL(strstr(err.text, HOST));
        bench_free(w);
    }
}

/* A secret of one direction in one session is not one of the other direction in another (AUTH-028). */
static void secrets_across_sessions(void)
{
    bench *w = chap_bench(true, true);
    rig_error err = {0};
    rig_session *other = NULL;
    bench_session(w);
    w->config.auth.secret = rig_view_str(DISK);
    w->config.auth.target_secret = (rig_view){0};
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &other, &err), RIG_E_ARGUMENT);
    w->config.auth.secret = rig_view_str("a third secret, used once");
    w->config.auth.target_secret = rig_view_str(HOST);
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &other, &err), RIG_E_ARGUMENT);
    w->config.auth.secret = rig_view_str(HOST); /* one secret of ours at several targets is allowed */
    w->config.auth.target_secret = rig_view_str(DISK);
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &other, &err), RIG_OK);
    rig_session_free(w->session);
    rig_session_free(other);
    w->config.auth.secret = rig_view_str(DISK); /* and a secret that nobody has any more is free again */
    w->config.auth.target_secret = (rig_view){0};
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &other, &err), RIG_OK);
    bench_free(w);
}

/* ---- challenges of ours ---- */

/* Logs in as far as our challenge, and gives it as text. */
static link *challenged(bench *w, const char *theirs, char out[2100])
{
    char say[4096];
    rig_text text;
    rig_text_init(&text, say, sizeof say);
    rig_text_add(&text, "CHAP_A=5 CHAP_I=7 CHAP_C=%s", theirs);
    const step steps[STEPS_MAX] = {METHOD, {"CHAP_A=5", say}};
    link *l = begin(w);
    CU_ASSERT_FATAL(ran(steps, l));
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    rig_view value = text_value(rig_view_of(s->data, s->len), "CHAP_C");
    rig_text_init(&text, out, 2100);
    rig_text_view(&text, value);
    return l;
}

static void challenge_lengths(void)
{
    static const uint32_t lens[] = {0, 16, 17, 255, 1024};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        char made[2100];
        bench *w = chap_bench(true, false);
        w->config.auth.challenge_len = lens[i];
        challenged(w, CHALLENGE, made);
        CU_ASSERT_EQUAL(strlen(made), 2 + 2 * (lens[i] ? lens[i] : 16));
        bench_free(w);
    }
}

/* Neither one twice, nor the same at two nodes that share their draws (AUTH-033). */
static void challenges_differ(void)
{
    char all[101][2100];
    bench *w = chap_bench(true, false);
    for (size_t i = 0; i < 100; i++) {
        challenged(w, CHALLENGE, all[i]);
        rig_session_free(w->session);
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(all[i], all[j]);
    }
    bench_free(w);
    w = bench_new_over(rig_alloc_libc());
    const rig_initiator_config other = {.alloc = &w->meter.alloc,
                                        .draws = w->draws,
                                        .transport = &w->transport,
                                        .read_ahead = {w->read_ahead, sizeof w->read_ahead},
                                        .name = rig_view_str("iqn.2026-01.org.example:other"),
                                        .event = bench_event,
                                        .ctx = w};
    CU_ASSERT_EQUAL_FATAL(rig_initiator_new(&other, &w->initiator, NULL), RIG_OK);
    w->config.auth.secret = rig_view_str(HOST);
    w->config.auth.target_secret = rig_view_str(DISK);
    challenged(w, CHALLENGE, all[100]);
    for (size_t j = 0; j < 100; j++)
        CU_ASSERT_STRING_NOT_EQUAL(all[100], all[j]);
    bench_free(w);
}

/* A challenge of ours that comes back on another connection, while the first one waits and after it has
 * ended, is not answered; what is older than the memory for them is (ENG_CHALLENGES_MAX). */
static void challenges_that_come_back(void)
{
    static const struct {
        uint32_t later;
        bool ended, known;
    } rows[] = {{0, false, true},
                {0, true, true},
                {ENG_CHALLENGES_MAX - 1, true, true},
                {ENG_CHALLENGES_MAX, true, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char ours[2100], more[2100], say[4096];
        bench *w = chap_bench(true, false);
        challenged(w, CHALLENGE, ours);
        if (rows[i].ended)
            rig_session_free(w->session);
        for (uint32_t j = 0; j < rows[i].later; j++) {
            challenged(w, CHALLENGE, more);
            rig_session_free(w->session);
        }
        rig_text text;
        rig_text_init(&text, say, sizeof say);
        rig_text_add(&text, "CHAP_A=5 CHAP_I=7 CHAP_C=%s", ours);
        const step steps[STEPS_MAX] = {METHOD, {"CHAP_A=5", say}};
        link *l = begin(w);
        CU_ASSERT(ran(steps, l));
        CU_ASSERT_EQUAL(bench_quiet(l), rows[i].known);
        CU_ASSERT_EQUAL(w->failed, rows[i].known ? RIG_E_AUTH : RIG_OK);
        if (rows[i].known)
            CU_ASSERT_STRING_EQUAL(w->field, "CHAP_C");
        bench_free(w);
    }
}

/* Draws that give the target's own challenge, or one of ours a second time, are not used (AUTH-025). */
static void draws_that_repeat(void)
{
    static const step reused[STEPS_MAX] = {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" OURS}};
    bench *w = chap_bench(true, true);
    CU_ASSERT(ends(w, reused, RIG_E_AUTH, "CHAP_C"));
    bench_free(w);
    char made[2100];
    static const step again[STEPS_MAX] = {METHOD, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE}};
    w = chap_bench(true, true);
    challenged(w, CHALLENGE, made);
    CU_ASSERT_STRING_EQUAL(made, OURS);
    CU_ASSERT(ends(w, again, RIG_E_AUTH, "CHAP_C"));
    bench_free(w);
}

/* ---- sessions ---- */

static const step right_mutual[STEPS_MAX] = {
    MUTUAL_HEAD, {MUTUAL_ASKS, "CHAP_N=disk CHAP_R=" DISK_MD5}, {"T", "T"}};

/* What the target has to answer to the engine's challenge in this request. */
static void prove(const seen *request, const char *name, char *out, size_t size)
{
    uint8_t challenge[64], digest[ENG_HASH_MAX];
    uint64_t id = 0;
    size_t len = 0;
    rig_text text;
    rig_view keys = rig_view_of(request->data, request->len);
    CU_ASSERT(rig_binary_parse(text_value(keys, "CHAP_C"), challenge, sizeof challenge, &len));
    CU_ASSERT(rig_number_parse(text_value(keys, "CHAP_I"), &id));
    const uint8_t octet = (uint8_t)id;
    const rig_view parts[] = {rig_view_of(&octet, 1), rig_view_str(DISK), rig_view_of(challenge, len)};
    CU_ASSERT_EQUAL(eng_hash(RIG_CHAP_MD5, parts, 3, digest), RIG_OK);
    rig_text_init(&text, out, size);
    rig_text_add(&text, "CHAP_N=%s CHAP_R=", name);
    rig_binary_print(&text, rig_view_of(digest, 16));
}

/* One connection logs in as that target; false when the engine has left before the end. */
static bool joins(link *l, const char *offer, const char *method, const char *name)
{
    char say[256];
    const step head[STEPS_MAX] = {{offer, method}, {"CHAP_A=5", "CHAP_A=5 CHAP_I=7 CHAP_C=" CHALLENGE}};
    const step method_only[STEPS_MAX] = {{offer, method}};
    if (!ran(name ? head : method_only, l))
        return false;
    const seen *request = bench_next(l);
    if (!request)
        return false;
    prove(request, name, say, sizeof say);
    says(l, request, say);
    request = bench_next(l);
    if (!request)
        return false;
    says(l, request, "T");
    bench_login_answer(l, NULL);
    return true;
}

/* All connections of a session authenticate by one method and one identity (AUTH-038, AUTH-039). */
static void further_connections(void)
{
    static const struct {
        const char *answer, *name, *field;
        rig_status status;
    } rows[] = {{"AuthMethod=CHAP", "disk", NULL, RIG_OK},
                {"AuthMethod=CHAP", "dish", "CHAP_N", RIG_E_AUTH},
                {"AuthMethod=None", NULL, "AuthMethod", RIG_E_AUTH}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_session_facts facts;
        bench *w = chap_bench(true, false);
        w->config.auth.methods[0] = RIG_AUTH_CHAP;
        w->config.auth.methods[1] = RIG_AUTH_NONE;
        w->config.auth.num_methods = 2;
        w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 2;
        CU_ASSERT(joins(begin(w), "AuthMethod=CHAP", "AuthMethod=CHAP", "disk"));
        CU_ASSERT_FATAL(rig_session_is_up(w->session));
        CU_ASSERT_EQUAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
        bool joined = joins(bench_accept(w), "AuthMethod=CHAP", rows[i].answer, rows[i].name);
        CU_ASSERT_EQUAL(joined, rows[i].status == RIG_OK);
        rig_session_describe(w->session, &facts);
        CU_ASSERT_EQUAL(w->failed, rows[i].status);
        CU_ASSERT_EQUAL(facts.connections, joined ? 2 : 1);
        if (rows[i].field)
            CU_ASSERT_STRING_EQUAL(w->field, rows[i].field);
        bench_free(w);
    }
}

/* Who fails to prove itself gets no second attempt; a target that is just out of order does. */
static void attempts(void)
{
    static const struct {
        const char *says;
        rig_status status;
        bool again;
    } rows[] = {{"AuthMethod=None", RIG_E_AUTH, false}, {"AuthMethod=Reject", RIG_E_NEGOTIATION, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const step steps[STEPS_MAX] = {{"AuthMethod=CHAP", rows[i].says}};
        bench *w = chap_bench(false, true);
        w->config.retry_login = true;
        CU_ASSERT(ends(w, steps, rows[i].status, "AuthMethod"));
        bench_tick_to(w, w->now + 10 * RIG_SECOND);
        CU_ASSERT_EQUAL(w->num_links, rows[i].again ? 2 : 1);
        bench_free(w);
    }
}

/* A second login on the same session begins afresh. */
static void login_again(void)
{
    bench *w = chap_bench(true, false);
    char made[2100], second[2100];
    link *l = challenged(w, CHALLENGE, made);
    rig_session_drop(w->session, true, w->now);
    CU_ASSERT(l->gone);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    const step steps[STEPS_MAX] = {ONE_WAY_HEAD};
    l = bench_accept(w);
    CU_ASSERT(ran(steps, l));
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    rig_text text;
    rig_text_init(&text, second, sizeof second);
    rig_text_view(&text, text_value(rig_view_of(s->data, s->len), "CHAP_C"));
    CU_ASSERT(strlen(second) == 34 && strcmp(made, second) != 0);
    bench_free(w);
}

/* ---- memory ---- */

/* Looks into every block that is given back. */
typedef struct watcher {
    rig_alloc alloc;
    uint32_t secrets, blocks;
} watcher;

static void *watch(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    watcher *watching = ctx;
    if (ptr && new_size == 0) {
        watching->blocks++;
        watching->secrets += memmem(ptr, old_size, HOST, strlen(HOST)) != NULL;
        watching->secrets += memmem(ptr, old_size, DISK, strlen(DISK)) != NULL;
    }
    return rig_alloc_libc()->resize(rig_alloc_libc()->ctx, ptr, old_size, new_size);
}

static void secrets_are_wiped(void)
{
    watcher watching = {.alloc = {watch, &watching}};
    bench *w = bench_new_over(&watching.alloc);
    w->draws.pin = pinned;
    w->config.auth.user = rig_view_str("host");
    w->config.auth.secret = rig_view_str(HOST);
    w->config.auth.target_secret = rig_view_str(DISK);
    CU_ASSERT_EQUAL_FATAL(bench_node(w), RIG_OK);
    CU_ASSERT(logs_in(w, right_mutual));
    bench_free(w);
    CU_ASSERT(watching.blocks > 5);
    CU_ASSERT_EQUAL(watching.secrets, 0);
}

static rig_status try_all(bench *w)
{
    rig_status status = bench_node(w);
    if (!status)
        status = rig_session_new(w->initiator, &w->config, &w->session, NULL);
    if (!status)
        status = rig_session_login(w->session, w->now);
    if (status)
        return status;
    link *l = bench_accept(w);
    for (size_t i = 0; i < 4; i++) {
        const seen *request = bench_next(l);
        if (!request)
            return RIG_E_NOMEM;
        says(l, request, right_mutual[i].says);
    }
    if (bench_next(l) == NULL)
        return RIG_E_NOMEM;
    return RIG_OK;
}

static void memory_runs_out(void)
{
    uint32_t failures = 0;
    for (uint64_t at = 1; at < 200; at++) {
        bench *w = bench_new_over(rig_alloc_libc());
        w->draws.pin = pinned;
        w->config.auth.user = rig_view_str("host");
        w->config.auth.secret = rig_view_str(HOST);
        w->config.auth.target_user = rig_view_str("disk");
        w->config.auth.target_secret = rig_view_str(DISK);
        w->meter.fail_at = at;
        rig_status status = try_all(w);
        bool reached = w->meter.num_calls >= at;
        CU_ASSERT_EQUAL(status, reached ? RIG_E_NOMEM : RIG_OK);
        failures += reached;
        bench_free(w);
        if (!reached)
            break;
    }
    CU_ASSERT(failures > 8 && failures < 199);
}

RIG_SUITE("initiator: authentication", {"digests of four algorithms", digests},
          {"a challenge in any notation is answered by any algorithm", one_way},
          {"a target proves itself in any notation", mutual}, {"secrets are octets", octets},
          {"the next stage comes with the target's response or behind it", transitions},
          {"methods as both sides may choose them", methods},
          {"each wrong exchange ends at the key at fault", wrong_exchanges},
          {"1024 octets of a challenge, and one more", longest_challenge},
          {"the target's name is compared as it stands", target_names},
          {"a proposal without a method of ours is answered Reject", proposals_without_a_method},
          {"a response may be cut at any byte", cut_anywhere},
          {"bytes may come in any pieces", bytes_one_by_one},
          {"configurations that cannot be are refused", configurations},
          {"no secret serves both directions", secrets_across_sessions},
          {"our challenges are as long as configured", challenge_lengths},
          {"our challenges differ", challenges_differ},
          {"our challenges are not answered when they come back", challenges_that_come_back},
          {"draws that repeat are not used", draws_that_repeat},
          {"further connections are held to method and identity", further_connections},
          {"a failed authentication is not tried again", attempts},
          {"a second login begins afresh", login_again}, {"secrets are wiped", secrets_are_wiped},
          {"memory runs out", memory_runs_out})
