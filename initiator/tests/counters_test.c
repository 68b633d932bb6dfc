/* What is counted and kept for the iSCSI MIB (RFC 7147 section 7): connections, sessions, and the last
 * failures of a node. */
#include "bench.h"

#define HOST "a secret of the host"
#define DISK "a secret of the disk"

static uint8_t disk[8192];
static uint8_t buffer[8192];

static link *second(bench *w, const char *answers)
{
    CU_ASSERT_EQUAL_FATAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_on(l, answers);
    return l;
}

static rig_connection_facts facts_of(const bench *w, uint32_t index)
{
    rig_connection_facts facts = {0};
    CU_ASSERT_EQUAL_FATAL(rig_session_connection(w->session, index, &facts), RIG_OK);
    return facts;
}

static bool has_no(const bench *w, uint32_t index)
{
    rig_connection_facts facts;
    return rig_session_connection(w->session, index, &facts) == RIG_E_NOT_FOUND;
}

static rig_session_counters counts_of(const bench *w)
{
    rig_session_counters counters;
    rig_session_count(w->session, &counters);
    return counters;
}

static rig_node_counters node_of(const bench *w)
{
    rig_node_counters node;
    rig_initiator_count(w->initiator, &node);
    return node;
}

static rig_last_failures last_of(const bench *w)
{
    rig_last_failures last;
    rig_initiator_last_failures(w->initiator, &last);
    return last;
}

static bool is_ip4(const rig_address *at, uint8_t last, uint16_t port)
{
    const uint8_t net[] = {192, 0, 2};
    return at->ip.version == 4 && memcmp(at->ip.bytes, net, 3) == 0 && at->ip.bytes[3] == last &&
           at->port == port;
}

/* ---- connections ---- */

/* iscsiCxnState and what is known when: no address before there is a connection, no connection behind its
 * end. */
static void phases(void)
{
    bench *w = bench_new();
    bench_session(w);
    CU_ASSERT(has_no(w, 0));
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    rig_connection_facts f = facts_of(w, 0);
    CU_ASSERT(f.phase == RIG_CONNECTION_OPENING && strcmp(f.state, "S2 XPT_WAIT") == 0);
    CU_ASSERT(f.local.ip.version == 0 && f.remote.ip.version == 0 && f.remote.port == 0);
    CU_ASSERT(strcmp(f.portal.host, "192.0.2.1") == 0 && f.portal.port == RIG_PORT);
    link *l = bench_accept(w);
    f = facts_of(w, 0);
    CU_ASSERT(f.phase == RIG_CONNECTION_LOGIN && f.leading && f.cid == 0);
    CU_ASSERT(f.max_recv == 8192 && f.max_send == 8192); /* until another length is agreed on (13.12) */
    CU_ASSERT(is_ip4(&f.local, 77, 50000) && is_ip4(&f.remote, 1, RIG_PORT));
    bench_login_on(l, NULL);
    CU_ASSERT_EQUAL(facts_of(w, 0).phase, RIG_CONNECTION_FULL);
    CU_ASSERT_STRING_EQUAL(facts_of(w, 0).state, "S5 LOGGED_IN");
    job out;
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT_EQUAL(facts_of(w, 0).phase, RIG_CONNECTION_LOGOUT);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT(has_no(w, 0));
    bench_free(w);
}

/* A connection that the target wants logged out is in full feature phase until the request for it is out. */
static void asked_for_a_logout(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_ASYNC_EVENT, 1);
    rig_set(bhs, RIG_F_PARAMETER3, 10);
    rig_set(bhs, RIG_F_STAT_SN, l->stat_sn++);
    bench_send(l, bhs, NULL, 0);
    CU_ASSERT_EQUAL(facts_of(w, 0).phase, RIG_CONNECTION_FULL);
    CU_ASSERT_STRING_EQUAL(facts_of(w, 0).state, "S7 LOGOUT_REQUESTED");
    bench_want(l, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT_EQUAL(facts_of(w, 0).phase, RIG_CONNECTION_LOGOUT);
    bench_free(w);
}

/* Lengths and digests are each connection's own (13.1, 13.12). */
static void two_connections(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    w->config.offer[RIG_KEY_MAX_RECV_DATA].value = 65536;
    w->config.offer[RIG_KEY_HEADER_DIGEST] = w->config.offer[RIG_KEY_DATA_DIGEST] =
        (rig_key_value){.value = 3, .order = 0x12};
    bench_up(w, "MaxConnections=2\0MaxRecvDataSegmentLength=4096\0DataDigest=CRC32C\0HeaderDigest=None\0");
    second(w, "MaxRecvDataSegmentLength=16384\0HeaderDigest=CRC32C\0DataDigest=None\0");
    rig_connection_facts a = facts_of(w, 0), b = facts_of(w, 1);
    CU_ASSERT(has_no(w, 2));
    CU_ASSERT(a.cid == 0 && a.leading && b.cid == 1 && !b.leading);
    CU_ASSERT(a.max_send == 4096 && b.max_send == 16384);
    CU_ASSERT(a.max_recv == 65536 && b.max_recv == 65536);
    CU_ASSERT(!a.header_digest && a.data_digest);
    CU_ASSERT(b.header_digest && !b.data_digest);
    bench_free(w);
}

/* The index counts those that are not over. */
static void index_moves_up(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    bench_up(w, "MaxConnections=3\0");
    link *gone = second(w, NULL);
    second(w, NULL);
    CU_ASSERT(facts_of(w, 1).cid == 1 && facts_of(w, 2).cid == 2);
    bench_tell(gone, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT(facts_of(w, 0).cid == 0 && facts_of(w, 1).cid == 2 && has_no(w, 2));
    bench_free(w);
}

/* ---- PDUs ---- */

static void nop_in(link *l, uint32_t itt, uint32_t ttt)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, itt);
    rig_set(bhs, RIG_F_TTT, ttt);
    rig_set(bhs, RIG_F_STAT_SN, itt == RIG_TAG_NONE ? l->stat_sn : l->stat_sn++);
    bench_send(l, bhs, NULL, 0);
}

static void read_one(bench *w, link *l, uint32_t len)
{
    job j;
    job_io(&j, w, false, buffer, len);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_data_in(l, j.task.itt, 0, 0, disk, len, false);
    bench_good(l, j.task.itt, 1);
    CU_ASSERT(job_ended(&j, RIG_OK));
}

/* Every PDU of a connection, each kind where it belongs. */
static void all_pdus(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j, ping;
    rig_connection_counters c = facts_of(w, 0).counters;
    CU_ASSERT(c.tx_pdus == 2 && c.rx_pdus == 2 && c.cmd_pdus == 0 && c.rsp_pdus == 0);
    read_one(w, l, 1024);
    job_io(&j, w, true, disk, 512); /* immediate data */
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_good(l, j.task.itt, 0);
    job_init(&ping, w, RIG_TASK_PING);
    job_sent(&ping, l, RIG_PDU_NOP_OUT);
    nop_in(l, ping.task.itt, RIG_TAG_NONE);
    nop_in(l, RIG_TAG_NONE, 77);
    bench_want(l, RIG_PDU_NOP_OUT);
    nop_in(l, RIG_TAG_NONE, RIG_TAG_NONE);
    c = facts_of(w, 0).counters;
    CU_ASSERT(c.cmd_pdus == 2 && c.rsp_pdus == 2 && c.tx_data_octets == 512 && c.rx_data_octets == 1024);
    CU_ASSERT(c.tx_pdus == 6 && c.rx_pdus == 8);
    rig_session_counters s = counts_of(w);
    CU_ASSERT(s.cmd_pdus == 2 && s.rsp_pdus == 2 && s.tx_data_octets == 512 && s.rx_data_octets == 1024);
    CU_ASSERT(s.nop_sent == 2 && s.nop_received == 3 && s.snacks == 0 && s.digest_errors == 0);
    bench_free(w);
}

/* The session adds its connections up, and goes on counting when one of them has gone. */
static void each_for_itself(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    link *a = bench_up(w, "MaxConnections=2\0");
    read_one(w, a, 512);
    link *b = second(w, NULL);
    CU_ASSERT(facts_of(w, 0).counters.cmd_pdus == 1 && facts_of(w, 1).counters.cmd_pdus == 0);
    CU_ASSERT(facts_of(w, 1).counters.tx_pdus == 2 && facts_of(w, 1).counters.rx_pdus == 2);
    bench_tell(a, RIG_STREAM_FAILED, RIG_E_RESET);
    read_one(w, b, 2048);
    CU_ASSERT(facts_of(w, 0).counters.cmd_pdus == 1 && facts_of(w, 0).counters.rx_data_octets == 2048);
    rig_session_counters s = counts_of(w);
    CU_ASSERT(s.cmd_pdus == 2 && s.rsp_pdus == 2 && s.rx_data_octets == 2560);
    CU_ASSERT(s.connection_failures == 1 && s.cxn_timeout_errors == 0 && s.format_errors == 0);
    bench_free(w);
}

/* A PDU with data that one bit of was turned on the way. */
static void spoil(link *l, rig_pdu_kind kind, uint32_t itt, size_t at)
{
    uint8_t bhs[RIG_BHS_LEN];
    size_t size;
    bench_bhs(l, bhs, kind, itt);
    rig_set(bhs, RIG_F_F, 1);
    uint8_t *bytes = bench_encode(l, bhs, disk, 512, &size);
    bytes[at] ^= 1;
    bench_bytes(l, bytes, size);
    free(bytes);
}

/* A wrong data digest at level 1 is counted and asked for again; a wrong header digest is a PDU of which
 * nobody knows what it was. */
static void spoilt(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = 1;
    w->config.offer[RIG_KEY_HEADER_DIGEST] = w->config.offer[RIG_KEY_DATA_DIGEST] =
        (rig_key_value){.value = 3, .order = 0x12};
    link *l = bench_up(w, "ErrorRecoveryLevel=1\0HeaderDigest=CRC32C\0DataDigest=CRC32C\0");
    bench_digests(l, true, true);
    job j;
    job_io(&j, w, false, buffer, 1024);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    spoil(l, RIG_PDU_DATA_IN, j.task.itt, RIG_BHS_LEN + RIG_DIGEST_LEN);
    bench_want(l, RIG_PDU_SNACK);
    rig_connection_counters c = facts_of(w, 0).counters;
    CU_ASSERT(c.digest_errors == 1 && c.snacks == 1 && c.rx_data_octets == 0 && c.rx_pdus == 3);
    CU_ASSERT_EQUAL(c.tx_pdus, 4);
    CU_ASSERT(counts_of(w).digest_errors == 1 && counts_of(w).snacks == 1);
    spoil(l, RIG_PDU_NOP_IN, RIG_TAG_NONE, 40);
    CU_ASSERT_FALSE(rig_session_is_up(w->session));
    CU_ASSERT(counts_of(w).digest_errors == 2 && counts_of(w).nop_received == 0);
    CU_ASSERT(last_of(w).session.type == RIG_SESSION_FAILURE_DIGEST && node_of(w).session_digest == 1);
    bench_free(w);
}

/* ExpStatSN is the first number that is missing, not the one behind the newest (11.16.1). */
static void acknowledged(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = 1;
    link *l = bench_up(w, "ErrorRecoveryLevel=1\0");
    CU_ASSERT_EQUAL(facts_of(w, 0).exp_stat_sn, l->stat_sn);
    uint32_t missing = l->stat_sn++;
    nop_in(l, RIG_TAG_NONE, RIG_TAG_NONE);
    bench_want(l, RIG_PDU_SNACK);
    CU_ASSERT_EQUAL(facts_of(w, 0).exp_stat_sn, missing);
    bench_free(w);
}

/* A command that found no memory on its way out was not sent. */
static void taken_back(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j;
    job_io(&j, w, false, buffer, 512);
    j.task.cdb = rig_view_of(j.cdb, 32); /* takes an additional header, which takes memory */
    job_submit(&j);
    w->meter.fail_at = w->meter.num_calls + 1;
    w->meter.fail_on = true;
    bench_pump(w);
    w->meter.fail_at = 0;
    CU_ASSERT(job_ended(&j, RIG_E_NOMEM));
    read_one(w, l, 512);
    CU_ASSERT_EQUAL(facts_of(w, 0).counters.tx_pdus, 3);
    CU_ASSERT(facts_of(w, 0).counters.cmd_pdus == 1 && counts_of(w).cmd_pdus == 1);
    bench_free(w);
}

/* ---- sessions ---- */

static void established(void)
{
    bench *w = bench_new();
    w->config.reconnect = true;
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    bench_session(w);
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    CU_ASSERT(facts.established == 0 && !facts.discovery && facts.alias.len == 0);
    uint64_t first = w->now;
    link *l = bench_login(w, NULL);
    read_one(w, l, 512);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    rig_session_describe(w->session, &facts);
    CU_ASSERT_EQUAL(facts.established, first);
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    bench_login_on(bench_accept(w), NULL);
    rig_session_describe(w->session, &facts);
    CU_ASSERT_EQUAL(facts.established, first + 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(counts_of(w).cmd_pdus, 1); /* they run on */
    w->now += RIG_SECOND;
    second(w, NULL);
    rig_session_describe(w->session, &facts);
    CU_ASSERT(facts.connections == 2 && facts.established == first + 2 * RIG_SECOND);
    CU_ASSERT(facts.method == RIG_AUTH_NONE && facts.user.len == 0 && facts.peer.len == 0);
    bench_free(w);
}

static void discovery(void)
{
    bench *w = bench_new_over(rig_alloc_libc());
    const rig_initiator_config config = {.alloc = &w->meter.alloc,
                                         .draws = w->draws,
                                         .transport = &w->transport,
                                         .read_ahead = {w->read_ahead, sizeof w->read_ahead},
                                         .name = rig_view_str("iqn.2026-01.org.example:host"),
                                         .alias = rig_view_str("the host"),
                                         .event = bench_event,
                                         .ctx = w};
    CU_ASSERT_EQUAL_FATAL(rig_initiator_new(&config, &w->initiator, NULL), RIG_OK);
    w->config.discovery = true;
    bench_session(w);
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    CU_ASSERT(facts.discovery && rig_view_is(facts.alias, "the host"));
    bench_free(w);
}

/* Who has an identity and was not asked for it used none. */
static void no_identity(void)
{
    bench *w = bench_new();
    w->config.auth.user = rig_view_str("host");
    w->config.auth.secret = rig_view_str(HOST);
    w->config.auth.methods[0] = RIG_AUTH_CHAP;
    w->config.auth.methods[1] = RIG_AUTH_NONE;
    w->config.auth.num_methods = 2;
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_answer(l, "AuthMethod=None\0");
    bench_login_answer(l, NULL);
    bench_login_answer(l, NULL);
    CU_ASSERT(rig_session_is_up(w->session));
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    CU_ASSERT(facts.method == RIG_AUTH_NONE && facts.user.len == 0 && facts.peer.len == 0);
    bench_free(w);
}

/* ---- logins that fail ---- */

static void refuse(link *l, uint16_t code, const char *address)
{
    uint8_t bhs[RIG_BHS_LEN];
    char text[128];
    int len = address ? snprintf(text, sizeof text, "TargetAddress=%s", address) + 1 : 0;
    const seen *request = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_first_numbers(l, request);
    bench_login_bhs(l, bhs, request);
    rig_set(bhs, RIG_F_LOGIN_STATUS, code);
    bench_status(l, bhs, text, (size_t)len);
}

/* Each refusal by the counter of its status (RFC 7143 section 11.13.5), all of them by LoginFailures. */
static void refusals(void)
{
    static const struct {
        uint16_t code;
        rig_login_failure_type type;
        rig_node_counters want;
    } rows[] = {
        {0x0101, RIG_LOGIN_FAILURE_REDIRECT, {.login_failures = 1, .login_redirects = 1}},
        {0x0102, RIG_LOGIN_FAILURE_REDIRECT, {.login_failures = 1, .login_redirects = 1}},
        {0x0200, RIG_LOGIN_FAILURE_OTHER, {.login_failures = 1, .login_other_fails = 1}},
        {0x0201, RIG_LOGIN_FAILURE_AUTH, {.login_failures = 1, .login_auth_fails = 1}},
        {0x0202, RIG_LOGIN_FAILURE_AUTHORIZE, {.login_failures = 1, .login_authorize = 1}},
        {0x0203, RIG_LOGIN_FAILURE_OTHER, {.login_failures = 1, .login_other_fails = 1}},
        {0x0301, RIG_LOGIN_FAILURE_OTHER, {.login_failures = 1, .login_other_fails = 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        bench_session(w);
        CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
        refuse(bench_accept(w), rows[i].code, NULL);
        rig_session_free(w->session); /* the node still knows */
        rig_node_counters node = node_of(w);
        rig_login_failure last = last_of(w).login;
        CU_ASSERT_EQUAL(memcmp(&node, &rows[i].want, sizeof node), 0);
        CU_ASSERT(last.type == rows[i].type && last.login_status == rows[i].code);
        CU_ASSERT(last.status == RIG_E_REFUSED && last.time == w->now);
        CU_ASSERT(strcmp(last.target, BENCH_TARGET) == 0);
        CU_ASSERT(strcmp(last.portal.host, "192.0.2.1") == 0 && last.portal.port == RIG_PORT);
        bench_free(w);
    }
}

/* A redirection that is followed was a failed login of the address that gave it, not of the one it gave. */
static void redirected(void)
{
    bench *w = bench_new();
    memcpy(w->config.portal.host, "disk.example", 13);
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    refuse(bench_accept(w), 0x0101, "192.0.2.44:3999");
    rig_login_failure last = last_of(w).login;
    CU_ASSERT_STRING_EQUAL(last.portal.host, "192.0.2.9"); /* what that name turned out to be */
    CU_ASSERT_EQUAL(last.portal.port, RIG_PORT);
    bench_login_on(bench_accept(w), NULL);
    CU_ASSERT(node_of(w).login_failures == 1 && node_of(w).login_accepts == 1);
    CU_ASSERT_EQUAL(last_of(w).login.type, RIG_LOGIN_FAILURE_REDIRECT);
    bench_free(w);
}

static void says(link *l, const char *key, const char *value)
{
    uint8_t bhs[RIG_BHS_LEN], text[128];
    size_t len = 0;
    const seen *request = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_first_numbers(l, request);
    bench_login_bhs(l, bhs, request);
    text_pair(text, &len, rig_view_str(key), rig_view_str(value));
    bench_status(l, bhs, text, len);
}

/* Those that we break off: no agreement, no proof of the target. */
static void broken_off(void)
{
    bench *w = bench_new();
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_answer(l, NULL);
    says(l, "MaxBurstLength", "many");
    CU_ASSERT(last_of(w).login.type == RIG_LOGIN_FAILURE_NEGOTIATE && node_of(w).login_negotiate == 1);
    CU_ASSERT(last_of(w).login.status == RIG_E_NEGOTIATION && last_of(w).login.login_status == 0);
    bench_free(w);
    w = bench_new();
    w->config.auth.user = rig_view_str("host");
    w->config.auth.secret = rig_view_str(HOST);
    w->config.auth.target_secret = rig_view_str(DISK);
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    says(bench_accept(w), "AuthMethod", "None");
    CU_ASSERT(last_of(w).login.type == RIG_LOGIN_FAILURE_AUTHENTICATE);
    CU_ASSERT(node_of(w).login_authenticate == 1 && node_of(w).login_failures == 1);
    bench_free(w);
}

/* No answer, no connection, no way there: failures that no counter of the MIB but LoginFailures counts. The
 * address is then the one that was asked for. */
static void never_answered(void)
{
    bench *w = bench_new();
    memcpy(w->config.portal.host, "disk.example", 13);
    w->config.portal.port = 3261;
    bench_session(w);
    w->refuse = RIG_E_UNREACHABLE;
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_E_UNREACHABLE);
    rig_login_failure last = last_of(w).login;
    CU_ASSERT(last.type == RIG_LOGIN_FAILURE_NONE && last.status == RIG_E_UNREACHABLE);
    CU_ASSERT(strcmp(last.portal.host, "disk.example") == 0 && last.portal.port == 3261);
    w->refuse = RIG_OK;
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    bench_tell(w->links[0], RIG_STREAM_FAILED, RIG_E_REFUSED);
    last = last_of(w).login;
    CU_ASSERT(last.status == RIG_E_REFUSED && strcmp(last.portal.host, "disk.example") == 0);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    bench_accept(w);
    uint64_t begun = w->now;
    bench_tick_to(w, w->now + 20 * RIG_SECOND);
    last = last_of(w).login;
    CU_ASSERT(last.status == RIG_E_TIMEOUT && last.type == RIG_LOGIN_FAILURE_NONE);
    CU_ASSERT(last.time == begun + 15 * RIG_SECOND && strcmp(last.portal.host, "192.0.2.9") == 0);
    const rig_node_counters want = {.login_failures = 3};
    rig_node_counters node = node_of(w);
    CU_ASSERT_EQUAL(memcmp(&node, &want, sizeof node), 0);
    bench_free(w);
}

/* ---- sessions that are lost ---- */

static void times_out(bench *w, link *l)
{
    (void)l;
    bench_tick_to(w, w->now + 20 * RIG_SECOND);
}

static void breaks_the_format(bench *w, link *l)
{
    uint8_t bhs[RIG_BHS_LEN];
    (void)w;
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, 12345);
    bench_status(l, bhs, NULL, 0);
}

static void is_reset(bench *w, link *l)
{
    (void)w;
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
}

static void lost_sessions(void)
{
    static const struct {
        void (*ends)(bench *w, link *l);
        rig_session_failure_type type;
        rig_status status;
        rig_node_counters want;
    } rows[] = {
        {times_out,
         RIG_SESSION_FAILURE_TIMEOUT,
         RIG_E_TIMEOUT,
         {.login_accepts = 1, .session_failures = 1, .session_timeout = 1}},
        {breaks_the_format,
         RIG_SESSION_FAILURE_FORMAT,
         RIG_E_PROTOCOL,
         {.login_accepts = 1, .session_failures = 1, .session_format = 1}},
        {is_reset, RIG_SESSION_FAILURE_NONE, RIG_E_RESET, {.login_accepts = 1, .session_failures = 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        w->config.nop_interval = 3 * RIG_SECOND;
        link *l = bench_up(w, NULL);
        uint64_t before = w->now;
        CU_ASSERT_EQUAL(last_of(w).session.status, RIG_OK);
        rows[i].ends(w, l);
        rig_session_failure last = last_of(w).session;
        rig_node_counters node = node_of(w);
        CU_ASSERT(last.type == rows[i].type && last.status == rows[i].status);
        CU_ASSERT_EQUAL(last.time, rows[i].status == RIG_E_TIMEOUT ? before + 8 * RIG_SECOND : before);
        CU_ASSERT_STRING_EQUAL(last.target, BENCH_TARGET);
        CU_ASSERT_EQUAL(memcmp(&node, &rows[i].want, sizeof node), 0);
        CU_ASSERT_EQUAL(last_of(w).login.status, RIG_OK);
        bench_free(w);
    }
}

/* ---- logouts ---- */

/* The objects count requests by their reason, whatever is answered, though the table they stand in speaks of
 * responses. */
static void logouts(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    link *l = bench_up(w, "MaxConnections=2\0");
    second(w, NULL);
    job one, all;
    job_init(&one, w, RIG_TASK_LOGOUT);
    one.task.reason = 1;
    one.task.cid = 1;
    one.task.immediate = true;
    job_sent(&one, w->links[1], RIG_PDU_LOGOUT_REQ);
    CU_ASSERT(node_of(w).logout_others == 1 && node_of(w).logout_normals == 0);
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(w->links[1], bhs, RIG_PDU_LOGOUT_RESP, one.task.itt);
    rig_set(bhs, RIG_F_LOGOUT_RESPONSE, 0);
    bench_status(w->links[1], bhs, NULL, 0);
    CU_ASSERT(job_ended(&one, RIG_OK));
    job_init(&all, w, RIG_TASK_LOGOUT);
    job_sent(&all, l, RIG_PDU_LOGOUT_REQ);
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, all.task.itt);
    rig_set(bhs, RIG_F_LOGOUT_RESPONSE, 3);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(node_of(w).logout_others == 1 && node_of(w).logout_normals == 1);
    bench_free(w);
}

RIG_SUITE("initiator: counters and last failures", {"a connection from opening to its end", phases},
          {"asked for a logout", asked_for_a_logout}, {"two connections, each with its own", two_connections},
          {"the index moves up", index_moves_up}, {"every PDU is counted once", all_pdus},
          {"connections add up", each_for_itself}, {"digests and SNACKs", spoilt},
          {"what is acknowledged", acknowledged}, {"what was taken back was not sent", taken_back},
          {"when it was established", established}, {"discovery and the alias", discovery},
          {"an identity nobody asked for", no_identity}, {"refusals by their status", refusals},
          {"who redirected", redirected}, {"logins we break off", broken_off},
          {"logins nobody answered", never_answered}, {"lost sessions by their reason", lost_sessions},
          {"logouts by their reason", logouts})
