/* The login phase: stages, headers, text over several PDUs, statuses, redirections (RFC 7143
 * sections 6.3, 11.12, 11.13). */
#include "bench.h"

static void first_request(void)
{
    bench *w = bench_new();
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_E_STATE);
    link *l = bench_accept(w);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    CU_ASSERT_EQUAL(s->bhs[0], 0x43); /* the I bit is always there (LOGIN-102) */
    CU_ASSERT_EQUAL(s->bhs[1], 0x81); /* T, CSG 0, NSG 1 */
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_VERSION_MAX), 0);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_VERSION_MIN), 0);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_TSIH), 0);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_CID), 0);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_CMD_SN), 100);
    CU_ASSERT_EQUAL(s->bhs[8] >> 6, 2); /* a random ISID (11.12.5) */
    rig_view text = rig_view_of(s->data, s->len);
    CU_ASSERT(rig_view_is(text_value(text, "InitiatorName"), "iqn.2026-01.org.example:host"));
    CU_ASSERT(rig_view_is(text_value(text, "TargetName"), BENCH_TARGET));
    CU_ASSERT(rig_view_is(text_value(text, "SessionType"), "Normal"));
    CU_ASSERT(rig_view_is(text_value(text, "AuthMethod"), "None"));
    CU_ASSERT_PTR_NULL(text_value(text, "MaxBurstLength").ptr); /* not in the security stage (LOGIN-065) */
    bench_free(w);
}

static void both_stages(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, "TargetAlias=Disk\0TargetPortalGroupTag=3\0");
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    CU_ASSERT_EQUAL(facts.tsih, BENCH_TSIH);
    CU_ASSERT(facts.has_portal_group && facts.portal_group == 3);
    CU_ASSERT(rig_view_is(facts.target_alias, "Disk"));
    CU_ASSERT_EQUAL(facts.connections, 1);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_UP], 1);
    CU_ASSERT(bench_moved(w, "T1") && bench_moved(w, "T4") && bench_moved(w, "T5") && bench_moved(w, "N1"));
    CU_ASSERT(bench_quiet(l));
    bench_free(w);
}

static void operational_only(void)
{
    bench *w = bench_new();
    w->config.start_operational = true;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    CU_ASSERT_EQUAL(s->bhs[1], 0x87); /* T, CSG 1, NSG 3 */
    rig_view text = rig_view_of(s->data, s->len);
    CU_ASSERT(rig_view_is(text_value(text, "TargetName"), BENCH_TARGET));
    CU_ASSERT_PTR_NULL(text_value(text, "AuthMethod").ptr); /* LOGIN-066 */
    CU_ASSERT_PTR_NOT_NULL(text_value(text, "MaxBurstLength").ptr);
    bench_free(w);
}

/* From security straight to full feature phase; the target may send us through the operational stage all the
 * same (LOGIN-024). */
static void full_feature_at_once(void)
{
    for (int detour = 0; detour < 2; detour++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        w->config.ask_full_feature = true;
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        CU_ASSERT_EQUAL(s->bhs[1], 0x83); /* T, CSG 0, NSG 3 */
        bench_first_numbers(l, s);
        bench_login_bhs(l, bhs, s);
        if (detour) {
            rig_set(bhs, RIG_F_NSG, 1);
            rig_set(bhs, RIG_F_TSIH, 0);
        }
        bench_status(l, bhs, "AuthMethod=None", 16);
        if (detour)
            bench_login_answer(l, NULL);
        CU_ASSERT(rig_session_is_up(w->session));
        rig_session_facts facts;
        rig_session_describe(w->session, &facts);
        CU_ASSERT_EQUAL(facts.agreed[RIG_KEY_MAX_BURST].value, detour ? 1048576 : 262144);
        CU_ASSERT_EQUAL(facts.agreed[RIG_KEY_INITIAL_R2T].value, !detour);
        bench_free(w);
    }
}

/* A target that is not ready answers T=0; the request is repeated, empty and with T=1 (LOGIN-025), the offers
 * are not. */
static void stalled_target(void)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    uint8_t text[4096];
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_answer(l, NULL);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    size_t len = bench_answers(s, NULL, text);
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    for (int round = 0; round < 3; round++) {
        bench_login_bhs(l, bhs, s);
        rig_set(bhs, RIG_F_T, 0);
        rig_set(bhs, RIG_F_NSG, 0);
        rig_set(bhs, RIG_F_TSIH, 0);
        bench_status(l, bhs, text, round ? 0 : len);
        s = bench_want(l, RIG_PDU_LOGIN_REQ);
        CU_ASSERT_EQUAL(s->len, 0);
        CU_ASSERT_EQUAL(s->bhs[1], 0x87);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), itt);    /* one tag for the whole phase (LOGIN-008) */
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 100); /* SEQ-004 */
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), l->stat_sn); /* SEQ-036 */
    }
    bench_login_bhs(l, bhs, s);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

static void endless_target(void)
{
    for (unsigned with_c = 0; with_c < 2; with_c++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        uint32_t rounds = 0;
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        for (const seen *s = bench_next(l); s; s = bench_next(l), rounds++) {
            bench_login_bhs(l, bhs, s);
            rig_set(bhs, RIG_F_T, 0);
            rig_set(bhs, RIG_F_NSG, 0);
            rig_set(bhs, RIG_F_C, with_c);
            bench_status(l, bhs, NULL, 0);
        }
        CU_ASSERT_EQUAL(rounds, RIG_LOGIN_EXCHANGES_MAX);
        CU_ASSERT_EQUAL(w->failed, RIG_E_NEGOTIATION);
        bench_free(w);
    }
}

/* Our own text over several requests: each but the last has C and is answered empty (LOGIN-027, -029). Names
 * and the widest offer do not fill 8192 bytes, so the target's unknown keys are what makes us write more. */
static void long_request(void)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    static uint8_t text[8192];
    size_t len = 0;
    char key[RIG_KEY_MAX + 8];
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_answer(l, NULL);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    for (unsigned i = 0; len < sizeof text - 80; i++) {
        snprintf(key, sizeof key, "X-org.example.a-key-of-many-letters-to-fill-the-segment%05u", i);
        text_pair(text, &len, rig_view_str(key), rig_view_str("1"));
    }
    bench_login_bhs(l, bhs, s);
    rig_set(bhs, RIG_F_T, 0);
    rig_set(bhs, RIG_F_NSG, 0);
    rig_set(bhs, RIG_F_TSIH, 0);
    size_t offers = s->len;
    CU_ASSERT(offers > 200);
    static uint8_t answers[4096];
    size_t answers_len = bench_answers(s, NULL, answers);
    bench_status(l, bhs, text, len);
    size_t came = 0;
    s = bench_want(l, RIG_PDU_LOGIN_REQ);
    while (rig_get(s->bhs, RIG_F_C)) {
        CU_ASSERT_EQUAL(s->len, RIG_LOGIN_DATA_MAX); /* LOGIN-009 */
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_T), 0);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_NSG), 0);
        came += s->len;
        bench_login_bhs(l, bhs, s);
        bench_status(l, bhs, NULL, 0);
        s = bench_want(l, RIG_PDU_LOGIN_REQ);
    }
    came += s->len;
    CU_ASSERT(came > RIG_LOGIN_DATA_MAX);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_T), 1);
    CU_ASSERT_EQUAL(s->data[s->len - 1], 0); /* NEG-002 */
    bench_login_bhs(l, bhs, s);
    bench_status(l, bhs, answers, answers_len);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

/* The answers cut at every byte, keys and values included, over two responses (LOGIN-030). */
static void cut_response(void)
{
    static uint8_t text[4096];
    size_t len = 1;
    for (size_t at = 0; at <= len; at++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        bench_login_answer(l, NULL);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        len = bench_answers(s, "MaxBurstLength=4096\0FirstBurstLength=512\0", text);
        bench_login_bhs(l, bhs, s);
        rig_set(bhs, RIG_F_T, 0);
        rig_set(bhs, RIG_F_NSG, 0);
        rig_set(bhs, RIG_F_TSIH, 0);
        rig_set(bhs, RIG_F_C, 1);
        bench_status(l, bhs, text, at);
        s = bench_want(l, RIG_PDU_LOGIN_REQ);
        CU_ASSERT_EQUAL(s->len, 0);
        CU_ASSERT_EQUAL(s->bhs[1], 0x04); /* neither T nor C, CSG 1 */
        bench_login_bhs(l, bhs, s);
        bench_status(l, bhs, text + at, len - at);
        s = bench_want(l, RIG_PDU_LOGIN_REQ);
        bench_login_bhs(l, bhs, s);
        bench_status(l, bhs, NULL, 0);
        CU_ASSERT(rig_session_is_up(w->session));
        rig_session_facts facts;
        rig_session_describe(w->session, &facts);
        CU_ASSERT_EQUAL(facts.agreed[RIG_KEY_MAX_BURST].value, 4096);
        bench_free(w);
    }
    CU_ASSERT(len > 200);
}

/* One byte at a time, or all at once: it makes no difference (PDU-038). */
static void any_segmentation(void)
{
    static const size_t chunks[] = {1, 3, 47, 49};
    for (size_t i = 0; i < 4; i++) {
        bench *w = bench_new();
        w->chunk = chunks[i];
        bench_up(w, "TargetAlias=any\0");
        bench_free(w);
    }
}

typedef void spoil_fn(uint8_t *bhs);

static void spoil_opcode(uint8_t *bhs)
{
    bhs[0] = 0x20;
}

static void spoil_itt(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_ITT, rig_get(bhs, RIG_F_ITT) + 1);
}

static void spoil_isid(uint8_t *bhs)
{
    bhs[13] ^= 1;
}

static void spoil_csg(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_CSG, 0);
}

static void spoil_csg_reserved(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_CSG, 2);
}

static void spoil_nsg(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_NSG, 2);
}

static void spoil_nsg_back(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_NSG, 1);
}

static void spoil_c(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_C, 1);
}

static void spoil_version(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_VERSION_ACTIVE, 1);
}

static void spoil_tsih(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_TSIH, 0);
}

static void spoil_stat_sn(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_STAT_SN, rig_get(bhs, RIG_F_STAT_SN) + 1);
}

/* Every field of the final response that can be wrong ends the login at that field. */
static void wrong_fields(void)
{
    static const struct {
        spoil_fn *spoil;
        const char *field;
        rig_status status;
    } rows[] = {
        {spoil_opcode, "Opcode", RIG_E_PROTOCOL},
        {spoil_itt, "ITT", RIG_E_PROTOCOL},
        {spoil_isid, "ISID", RIG_E_PROTOCOL},
        {spoil_csg, "CSG", RIG_E_PROTOCOL},
        {spoil_csg_reserved, "CSG", RIG_E_PROTOCOL},
        {spoil_nsg, "NSG", RIG_E_PROTOCOL},
        {spoil_nsg_back, "NSG", RIG_E_PROTOCOL},
        {spoil_c, "C", RIG_E_PROTOCOL},
        {spoil_version, "VersionActive", RIG_E_PROTOCOL},
        {spoil_tsih, "TSIH", RIG_E_PROTOCOL},
        {spoil_stat_sn, "StatSN", RIG_E_SEQUENCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        uint8_t text[4096];
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        bench_login_answer(l, NULL);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        size_t len = bench_answers(s, NULL, text);
        bench_login_bhs(l, bhs, s);
        rig_set(bhs, RIG_F_STAT_SN, l->stat_sn);
        rows[i].spoil(bhs);
        bench_send(l, bhs, text, len);
        bench_pump(w);
        CU_ASSERT_EQUAL(w->failed, rows[i].status);
        CU_ASSERT_STRING_EQUAL(w->field, rows[i].field);
        CU_ASSERT(l->gone && !rig_session_is_up(w->session));
        CU_ASSERT(bench_moved(w, "T7"));
        bench_free(w);
    }
}

/* T=1 to a request with T=0 (LOGIN-020), and NSG beyond the one asked for (LOGIN-022). */
static void wrong_transitions(void)
{
    for (int beyond = 0; beyond < 2; beyond++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        bench_login_bhs(l, bhs, s);
        if (!beyond) {
            rig_set(bhs, RIG_F_T, 0);
            rig_set(bhs, RIG_F_NSG, 0);
            rig_set(bhs, RIG_F_C, 1);
            bench_status(l, bhs, "Auth", 4);
            s = bench_want(l, RIG_PDU_LOGIN_REQ);
            bench_login_bhs(l, bhs, s);
            rig_set(bhs, RIG_F_T, 1);
        }
        rig_set(bhs, RIG_F_NSG, beyond ? 3 : 1);
        bench_status(l, bhs, beyond ? "AuthMethod=None" : "Method=None", beyond ? 16 : 12);
        bench_pump(w);
        CU_ASSERT_EQUAL(w->failed, RIG_E_PROTOCOL);
        CU_ASSERT_STRING_EQUAL(w->field, beyond ? "NSG" : "T");
        bench_free(w);
    }
}

/* Reserved bits and a meaningless NSG are nothing to mind (PDU-012, LOGIN-018). */
static void reserved_bits(void)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_first_numbers(l, s);
    bench_login_bhs(l, bhs, s);
    rig_set(bhs, RIG_F_T, 0);
    rig_set(bhs, RIG_F_NSG, 3);
    bhs[0] |= 0xc0;
    bhs[1] |= 0x30;
    bhs[20] = bhs[38] = bhs[47] = 0xff;
    bench_status(l, bhs, "AuthMethod=None", 16);
    bench_login_answer(l, NULL);
    bench_login_answer(l, NULL);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

/* Class 1 without an address, 2, 3 and unassigned ones; unknown details count as their class (LOGIN-086,
 * -087). The numbers of such a response mean nothing (SEQ-050). */
static void statuses(void)
{
    static const uint16_t codes[] = {0x0101, 0x01fe, 0x0200, 0x0201, 0x0202, 0x0206, 0x0207, 0x020b,
                                     0x02fe, 0x0300, 0x0301, 0x0302, 0x03fe, 0x0500, 0xff00};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        bench_login_answer(l, NULL);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        bench_login_bhs(l, bhs, s);
        rig_set(bhs, RIG_F_T, 0);
        rig_set(bhs, RIG_F_STAT_SN, 0xdeadbeef);
        rig_set(bhs, RIG_F_LOGIN_STATUS, codes[i]);
        bench_send(l, bhs, NULL, 0);
        bench_pump(w);
        CU_ASSERT_EQUAL(w->failed, RIG_E_REFUSED);
        CU_ASSERT_EQUAL(w->login_status, codes[i]);
        CU_ASSERT_STRING_EQUAL(w->field, "Status");
        CU_ASSERT(l->fin && !l->reset); /* both sides close (LOGIN-073) */
        CU_ASSERT_EQUAL(rig_initiator_next_deadline(w->initiator), RIG_NEVER);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        bench_login_on(bench_accept(w), NULL);
        CU_ASSERT(rig_session_is_up(w->session));
        bench_free(w);
    }
}

/* What the transport refuses at once is tried again where the first login is to be retried, until the host
 * gives it up. */
static void first_login_retried(void)
{
    bench *w = bench_new();
    rig_session_facts facts;
    w->refuse = RIG_E_UNREACHABLE;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(rig_session_give_up(w->session, w->now), RIG_E_STATE);
    rig_session_free(w->session);
    w->config.retry_login = true;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], 1);
    rig_session_describe(w->session, &facts);
    CU_ASSERT(facts.waits && w->failed == RIG_E_UNREACHABLE);
    w->refuse = RIG_OK;
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    CU_ASSERT_EQUAL_FATAL(w->num_links, 1);
    bench_tell(w->links[0], RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], 2);
    CU_ASSERT_EQUAL(rig_session_give_up(w->session, w->now), RIG_OK);
    bench_tick_to(w, w->now + 600 * RIG_SECOND);
    CU_ASSERT(w->num_links == 1 && w->events[RIG_EVENT_NEXUS_LOSS] == 0);
    bench_free(w);
}

/* A lost session whose host wants it no more: its nexus is lost at once. */
static void given_up(void)
{
    bench *w = bench_new();
    w->config.reconnect = true;
    link *l = bench_up(w, NULL);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT(w->events[RIG_EVENT_SESSION_DOWN] == 1 && w->events[RIG_EVENT_NEXUS_LOSS] == 0);
    CU_ASSERT_EQUAL(rig_session_give_up(w->session, w->now), RIG_OK);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_NEXUS_LOSS], 1);
    bench_tick_to(w, w->now + 600 * RIG_SECOND);
    CU_ASSERT_EQUAL(w->num_links, 1);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    CU_ASSERT(w->num_links == 2 && w->events[RIG_EVENT_NEXUS_LOSS] == 1);
    bench_free(w);
}

static uint32_t count_attempts(uint16_t code)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    w->config.retry_login = true;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    for (uint32_t done = 0; done < w->num_links;) {
        link *l = bench_accept(w);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        bench_login_bhs(l, bhs, s);
        rig_set(bhs, RIG_F_LOGIN_STATUS, code);
        bench_send(l, bhs, NULL, 0);
        done = w->num_links;
        bench_tick_to(w, w->now + 10 * RIG_SECOND);
    }
    uint32_t attempts = w->num_links;
    bench_free(w);
    return attempts;
}

/* The same request is not repeated when it was refused for what it is, but later when the target is to blame
 * (LOGIN-081), and not for ever. */
static void retries(void)
{
    CU_ASSERT_EQUAL(count_attempts(0x0201), 1);
    CU_ASSERT_EQUAL(count_attempts(0x0301), 6);
}

static bench *redirected(uint16_t code, const char *address, bool late)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    char text[300];
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    if (late)
        bench_login_answer(l, NULL); /* behind the security stage (LOGIN-077) */
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_login_bhs(l, bhs, s);
    rig_set(bhs, RIG_F_T, 0);
    rig_set(bhs, RIG_F_LOGIN_STATUS, code);
    int len = snprintf(text, sizeof text, "TargetAddress=%s", address);
    bench_send(l, bhs, text, (size_t)len + 1);
    bench_pump(w);
    return w;
}

static void redirections(void)
{
    static const struct {
        const char *address, *host;
        uint16_t port;
    } rows[] = {
        {"192.0.2.9", "192.0.2.9", 3260},
        {"192.0.2.9:3261", "192.0.2.9", 3261},
        {"[2001:db8::9]:3261", "2001:db8::9", 3261},
        {"[2001:db8::9]", "2001:db8::9", 3260},
        {"disk.example.org", "disk.example.org", 3260},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = redirected(0x0101, rows[i].address, i & 1);
        CU_ASSERT_EQUAL_FATAL(w->num_links, 2);
        CU_ASSERT(w->links[0]->fin);
        CU_ASSERT_STRING_EQUAL(w->links[1]->to.host, rows[i].host);
        CU_ASSERT_EQUAL(w->links[1]->to.port, rows[i].port);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], 0);
        bench_login_on(bench_accept(w), NULL);
        CU_ASSERT(rig_session_is_up(w->session));
        bench_free(w);
    }
}

/* After a temporary redirection the next login begins at the first address again, after a permanent one at
 * the new address (LOGIN-079). */
static void redirections_remembered(void)
{
    for (int permanent = 0; permanent < 2; permanent++) {
        bench *w = redirected(permanent ? 0x0102 : 0x0101, "192.0.2.9", false);
        bench_login_on(bench_accept(w), NULL);
        rig_session_drop(w->session, true, w->now);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        CU_ASSERT_STRING_EQUAL(w->links[2]->to.host, permanent ? "192.0.2.9" : "192.0.2.1");
        bench_free(w);
    }
}

static void redirections_end(void)
{
    bench *w = redirected(0x0101, "not an address", false);
    CU_ASSERT_EQUAL(w->num_links, 1);
    CU_ASSERT_EQUAL(w->login_status, 0x0101);
    bench_free(w);

    w = redirected(0x0101, "192.0.2.9", false);
    uint8_t bhs[RIG_BHS_LEN];
    while (w->events[RIG_EVENT_LOGIN_FAILED] == 0 && w->num_links < 100) {
        link *l = bench_accept(w);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        bench_login_bhs(l, bhs, s);
        rig_set(bhs, RIG_F_LOGIN_STATUS, 0x0101);
        bench_send(l, bhs, "TargetAddress=192.0.2.1", 24);
        bench_pump(w);
    }
    CU_ASSERT_EQUAL(w->num_links, 9); /* a circle is left in the end (LOGIN-080) */
    bench_free(w);

    w = bench_new();
    w->config.no_redirect = true;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_login_bhs(l, bhs, s);
    rig_set(bhs, RIG_F_LOGIN_STATUS, 0x0102);
    bench_send(l, bhs, "TargetAddress=192.0.2.1", 24);
    bench_pump(w);
    CU_ASSERT_EQUAL(w->num_links, 1);
    CU_ASSERT_EQUAL(w->login_status, 0x0102);
    bench_free(w);
}

/* Whoever set the session up is asked about the portal of a redirection before anything is sent to it. */
static bool admit_port(void *ctx, const rig_session *session, const rig_portal *portal, uint64_t now)
{
    bench *w = ctx;
    CU_ASSERT_PTR_EQUAL(session, w->session);
    CU_ASSERT_EQUAL(now, w->now);
    CU_ASSERT_STRING_EQUAL(portal->host, "192.0.2.9");
    return portal->port == 3261;
}

static void redirections_admitted(void)
{
    for (int admitted = 0; admitted < 2; admitted++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        w->config.admit = admit_port;
        w->config.admit_ctx = w;
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        bench_login_bhs(l, bhs, s);
        rig_set(bhs, RIG_F_LOGIN_STATUS, 0x0101);
        bench_send(l, bhs, admitted ? "TargetAddress=192.0.2.9:3261" : "TargetAddress=192.0.2.9:3262", 29);
        bench_pump(w);
        CU_ASSERT_EQUAL(w->num_links, 1u + (unsigned)admitted);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], 1u - (unsigned)admitted);
        bench_free(w);
    }
}

/* Connect and login together have one time limit (LOGIN-088, STATE-002, STATE-003). */
static void timeouts(void)
{
    for (int accepted = 0; accepted < 2; accepted++) {
        bench *w = bench_new();
        w->config.login_timeout = 3 * RIG_SECOND;
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        if (accepted)
            bench_login_answer(bench_accept(w), NULL);
        uint64_t begin = w->now;
        bench_tick_to(w, begin + 3 * RIG_SECOND - 1);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], 0);
        bench_tick_to(w, begin + 3 * RIG_SECOND);
        CU_ASSERT_EQUAL(w->failed, RIG_E_TIMEOUT);
        CU_ASSERT(bench_moved(w, accepted ? "T7" : "T2"));
        CU_ASSERT(w->links[0]->reset);
        bench_free(w);
    }
}

static void connection_losses(void)
{
    static const struct {
        rig_stream_event event;
        rig_status why, status;
    } rows[] = {{RIG_STREAM_FAILED, RIG_E_REFUSED, RIG_E_REFUSED},
                {RIG_STREAM_FAILED, RIG_E_RESET, RIG_E_RESET},
                {RIG_STREAM_PEER_CLOSED, RIG_OK, RIG_E_CLOSED},
                {RIG_STREAM_CLOSED, RIG_OK, RIG_E_CLOSED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int accepted = 0; accepted < 2; accepted++) {
            bench *w = bench_new();
            bench_session(w);
            CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
            if (accepted)
                bench_login_answer(bench_accept(w), NULL);
            bench_tell(w->links[0], rows[i].event, rows[i].why);
            bench_pump(w);
            CU_ASSERT_EQUAL(w->failed, rows[i].status);
            CU_ASSERT(w->by_target);
            CU_ASSERT(w->links[0]->gone);
            bench_free(w);
        }
}

static void refused_at_once(void)
{
    bench *w = bench_new();
    bench_session(w);
    w->refuse = RIG_E_UNREACHABLE;
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_E_UNREACHABLE);
    w->refuse = RIG_OK;
    bench_login(w, NULL);
    bench_free(w);
}

static void bad_configurations(void)
{
    static const char with_nul[] = "iqn.2026-01.org\0x";
    bench *w = bench_new();
    rig_error err = {0};
    const rig_session_config good = w->config;
    w->config.target = (rig_view){0};
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_E_ARGUMENT);
    w->config.target = rig_view_of(with_nul, sizeof with_nul - 1);
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_E_ARGUMENT);
    static uint8_t longest[RIG_NAME_MAX + 1];
    memset(longest, 'a', sizeof longest);
    w->config.target = rig_view_of(longest, sizeof longest);
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_E_LIMIT);
    w->config.target = rig_view_of(longest, sizeof longest - 1);
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_OK);
    w->config = good;
    w->config.isid[0] = 0xc0; /* type 11b is reserved (LOGIN-039) */
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_E_ARGUMENT);
    w->config = good;
    w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = 3;
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_E_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(err.field, "ErrorRecoveryLevel");
    w->config = good;
    w->config.offer[RIG_KEY_MAX_BURST].value = 511;
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_E_ARGUMENT);
    w->config = good;
    w->config.offer[RIG_KEY_HEADER_DIGEST].value = 0;
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, &err), RIG_E_ARGUMENT);
    bench_free(w);
}

/* Names enter as people write them and go out as stringprep has them (NAME-002, NAME-007, RFC 3722). */
static void prepared_names(void)
{
    bench *w = bench_new();
    rig_initiator *other = NULL;
    rig_error err = {0};
    rig_initiator_config config = {.alloc = &w->meter.alloc,
                                   .transport = &w->transport,
                                   .read_ahead = {w->read_ahead, sizeof w->read_ahead},
                                   .name = rig_view_str("iqn.2026-01.org.example:a b")};
    CU_ASSERT_EQUAL(rig_initiator_new(&config, &other, &err), RIG_E_SYNTAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "RFC 3722"));
    rig_initiator_free(w->initiator);
    config.name = rig_view_str("iqn.2026-01.ORG.Example:\xc3\x9c"); /* U with two dots */
    CU_ASSERT_EQUAL_FATAL(rig_initiator_new(&config, &w->initiator, &err), RIG_OK);
    w->config.target = rig_view_str("iqn.2026-01.org.example:u\xcc\x88"); /* u, and two dots over it */
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    const seen *s = bench_want(bench_accept(w), RIG_PDU_LOGIN_REQ);
    rig_view text = rig_view_of(s->data, s->len);
    CU_ASSERT(rig_view_is(text_value(text, "InitiatorName"), "iqn.2026-01.org.example:\xc3\xbc"));
    CU_ASSERT(rig_view_is(text_value(text, "TargetName"), "iqn.2026-01.org.example:\xc3\xbc"));
    rig_session *refused = NULL;
    w->config.target = rig_view_str("iqn.2026-01.org.example:\xe3\x80\x82"); /* ideographic full stop */
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &refused, &err), RIG_E_SYNTAX);
    w->config.target = rig_view_str("Disk 0"); /* ASCII is what its owner says */
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &refused, &err), RIG_OK);
    bench_free(w);
}

/* A configured ISID and a configured CmdSN go out as they are; without, the draws give them. */
static void identity(void)
{
    bench *w = bench_new();
    static const uint8_t isid[6] = {0x00, 0x02, 0x3d, 0x00, 0x00, 0x01};
    memcpy(w->config.isid, isid, 6);
    w->config.cmd_sn = 0xfffffff0;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    const seen *s = bench_want(bench_accept(w), RIG_PDU_LOGIN_REQ);
    CU_ASSERT_EQUAL(memcmp(s->bhs + 8, isid, 6), 0);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 0xfffffff0);
    rig_session_facts a, b;
    memset(w->config.isid, 0, 6);
    rig_session_describe(bench_session(w), &a);
    rig_session_describe(bench_session(w), &b);
    CU_ASSERT_NOT_EQUAL(memcmp(a.isid, b.isid, 6), 0); /* the ISID rule (LOGIN-041) */
    bench_free(w);
}

static rig_session *to(bench *w, const char *target)
{
    w->config.target = rig_view_str(target);
    return bench_session(w);
}

static bool same_port(const rig_session *a, const rig_session *b)
{
    rig_session_facts of_a, of_b;
    rig_session_describe(a, &of_a);
    rig_session_describe(b, &of_b);
    return memcmp(of_a.isid, of_b.isid, 6) == 0;
}

/* Other targets are shown the same initiator ports, in the same order; one that is free is taken again
 * (10.1.1). */
static void conservative_reuse(void)
{
    bench *w = bench_new();
    rig_session *a[3], *b[3];
    for (int i = 0; i < 3; i++)
        a[i] = to(w, "iqn.2026-01.example.sim:a");
    for (int i = 0; i < 3; i++)
        b[i] = to(w, "iqn.2026-01.example.sim:b");
    for (int i = 0; i < 3; i++)
        CU_ASSERT(same_port(a[i], b[i]) && !same_port(a[i], a[(i + 1) % 3]));
    rig_session_free(a[0]);
    CU_ASSERT(same_port(to(w, "iqn.2026-01.example.sim:a"), b[0]));
    CU_ASSERT(!same_port(to(w, "iqn.2026-01.example.sim:a"), b[0]));
    bench_free(w);
}

/* Two sessions with one ISID to one target, where the second is to replace the first, and where it is not. */
static void same_isid_twice(void)
{
    for (int take_over = 0; take_over < 2; take_over++) {
        bench *w = bench_new();
        memcpy(w->config.isid, "\x80\0\0\0\0\x7", 6);
        w->config.take_over = take_over;
        bench_up(w, "TargetPortalGroupTag=1\0");
        rig_session *second = bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(second, w->now), take_over ? RIG_OK : RIG_E_EXISTS);
        w->config.portal.group = 9; /* the first one is in another group */
        CU_ASSERT_EQUAL(rig_session_login(bench_session(w), w->now), RIG_OK);
        bench_free(w);
    }
}

/* A discovery session says so, with or without a target name, and offers nothing that has no meaning there
 * (LOGIN-012, DISC-023). */
static void discovery(void)
{
    for (int named = 0; named < 2; named++) {
        bench *w = bench_new();
        w->config.discovery = true;
        if (!named)
            w->config.target = (rig_view){0};
        bench_session(w);
        CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        bench_pump(w);
        rig_view text = rig_view_of(l->first->data, l->first->len);
        CU_ASSERT(rig_view_is(text_value(text, "SessionType"), "Discovery"));
        CU_ASSERT_EQUAL(text_value(text, "TargetName").ptr != NULL, named);
        bench_login_answer(l, NULL);
        bench_pump(w);
        text = rig_view_of(l->first->data, l->first->len);
        CU_ASSERT_PTR_NULL(text_value(text, "MaxBurstLength").ptr);
        CU_ASSERT_PTR_NULL(text_value(text, "MaxConnections").ptr);
        CU_ASSERT_PTR_NOT_NULL(text_value(text, "MaxRecvDataSegmentLength").ptr);
        bench_login_answer(l, NULL);
        CU_ASSERT(rig_session_is_up(w->session));
        CU_ASSERT_EQUAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_E_LIMIT);
        bench_free(w);
    }
}

static void retry_pauses(void)
{
    static const struct {
        uint32_t attempts;
        uint64_t least, pause;
    } rows[] = {{0, 0, 0},   {1, 2, 2},   {5, 2, 2},   {6, 2, 4},           {7, 2, 8},  {9, 2, 32},
                {10, 2, 32}, {6, 20, 32}, {6, 60, 60}, {UINT32_MAX, 1, 32}, {9, 1, 16}, {UINT32_MAX, 60, 60}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(rig_retry_pause(rows[i].attempts, rows[i].least * RIG_SECOND),
                        rows[i].pause * RIG_SECOND);
}

/* A lost session that is tried without end outlives what gives another one up. */
static void endless_wish(void)
{
    for (int endless = 0; endless < 2; endless++) {
        bench *w = bench_new();
        w->config.reconnect = true;
        w->config.reconnect_max = endless ? RIG_RECONNECT_ENDLESS : 0;
        link *l = bench_up(w, "");
        bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
        bench_pump(w);
        for (int i = 0; i < 600; i++)
            bench_tick_to(w, w->now + RIG_SECOND);
        CU_ASSERT(endless ? w->num_links > 12 && w->num_links < 30 : w->num_links == 6);
        bench_free(w);
    }
}

/* Whoever knows that the target is back dials at once, but not when the target named the time. */
static void dialled_at_once(void)
{
    bench *w = bench_new();
    w->config.reconnect = true;
    link *l = bench_up(w, "DefaultTime2Wait=50\0");
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_E_STATE);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    bench_pump(w);
    CU_ASSERT_EQUAL(w->num_links, 1);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    CU_ASSERT_EQUAL(w->num_links, 2);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_E_STATE);
    bench_login_on(bench_accept(w), "DefaultTime2Wait=50\0");
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

/* A session that waits for its next attempt still has its ISID, which another one may take on purpose only.
 */
static void same_isid_as_one_that_waits(void)
{
    for (int take_over = 0; take_over < 2; take_over++) {
        bench *w = bench_new();
        rig_session_facts facts;
        memcpy(w->config.isid, "\x80\0\0\0\0\x7", 6);
        w->config.reconnect = true;
        link *l = bench_up(w, "TargetPortalGroupTag=1\0");
        bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
        bench_tick_to(w, w->now + 3 * RIG_SECOND);
        CU_ASSERT_EQUAL_FATAL(w->num_links, 2);
        bench_tell(w->links[1], RIG_STREAM_FAILED, RIG_E_REFUSED); /* the first attempt fails */
        rig_session_describe(w->session, &facts);
        CU_ASSERT(facts.waits);
        w->config.take_over = take_over;
        CU_ASSERT_EQUAL(rig_session_login(bench_session(w), w->now), take_over ? RIG_OK : RIG_E_EXISTS);
        bench_free(w);
    }
}

static rig_status last_result(const bench *w)
{
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    return facts.login_result;
}

/* What cannot even begin is the last attempt like any other, in a reconnect and in a first login. */
static void result_of_what_cannot_begin(void)
{
    bench *w = bench_new();
    w->config.reconnect = true;
    link *l = bench_up(w, NULL);
    CU_ASSERT_EQUAL(last_result(w), RIG_OK);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    w->refuse = RIG_E_UNREACHABLE;
    bench_tick_to(w, w->now + 60 * RIG_SECOND);
    CU_ASSERT(w->events[RIG_EVENT_LOGIN_FAILED] > 0 && last_result(w) == RIG_E_UNREACHABLE);
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(last_result(w), RIG_E_UNREACHABLE);
    w->refuse = RIG_OK;
    bench_login(w, NULL);
    CU_ASSERT_EQUAL(last_result(w), RIG_OK);
    bench_free(w);
}

RIG_SUITE("initiator: login", {"the first request says who, where to and how", first_request},
          {"security and operational stage, one after the other", both_stages},
          {"a login may begin in the operational stage", operational_only},
          {"from security to full feature phase, with and without a detour", full_feature_at_once},
          {"a target that is not ready is asked again", stalled_target},
          {"a target that never agrees is left", endless_target},
          {"our text goes over several requests", long_request},
          {"a response may be cut at any byte", cut_response},
          {"bytes may come one by one", any_segmentation},
          {"each wrong field of a response is named", wrong_fields},
          {"transitions nobody asked for end the login", wrong_transitions},
          {"reserved bits are ignored", reserved_bits},
          {"each class of status ends the login, in order", statuses},
          {"only what may pass is tried again", retries},
          {"pauses grow behind the fifth attempt", retry_pauses},
          {"a lost session may be tried without end", endless_wish},
          {"a lost session can be dialled at once", dialled_at_once},
          {"redirections are followed to all forms of address", redirections},
          {"only permanent redirections are remembered", redirections_remembered},
          {"circles, nonsense and unwanted redirections end", redirections_end},
          {"redirections lead where they may", redirections_admitted},
          {"connect and login have one time limit", timeouts},
          {"a lost connection fails the login", connection_losses},
          {"a transport may refuse at once", refused_at_once}, {"and be asked again", first_login_retried},
          {"which is told", result_of_what_cannot_begin}, {"a host gives up", given_up},
          {"configurations that cannot be are refused", bad_configurations},
          {"names go out as stringprep has them", prepared_names},
          {"ISID and CmdSN are those configured, or drawn", identity},
          {"few ISIDs for all targets", conservative_reuse}, {"one ISID twice", same_isid_twice},
          {"and where one waits", same_isid_as_one_that_waits}, {"a discovery session says so", discovery})
