/* Sessions of the service over a target that answers just enough: without memory, ended at every stage, at
 * the limits. */
#include "rig/cdb.h"
#include "service_kit.h"

#define DISK BENCH_TARGET
#define NOT_ANSWERED ((rig_code)-1)

/* ---- a target ---- */

typedef struct disk {
    uint32_t num_luns; /* in REPORT LUNS */
    bool mute;         /* it answers no request in full feature phase */
} disk;

static void answer_login(link *l, const seen *request)
{
    uint8_t bhs[RIG_BHS_LEN], text[8192];
    bench_first_numbers(l, request);
    bench_login_bhs(l, bhs, request);
    size_t len = bench_answers(request, NULL, text);
    bench_status(l, bhs, text, len);
}

static void answer_command(link *l, const disk *d, const seen *command)
{
    static uint8_t data[8 + 8 * 1024];
    uint8_t opcode = command->bhs[32], bhs[RIG_BHS_LEN];
    uint32_t itt = rig_get32(command->bhs, RIG_F_ITT), want = rig_get32(command->bhs, RIG_F_EDTL);
    uint32_t len = opcode == 0xa0 ? 8 + 8 * d->num_luns : 36;
    memset(data, 0, sizeof data);
    if (opcode == 0xa0) {
        rig_be_set(data, 4, 8 * d->num_luns);
        for (uint32_t i = 0; i < d->num_luns; i++)
            rig_be_set(data + 8 + 8 * i, 8, rig_lun_encode(i));
    }
    bench_data_in(l, itt, 0, 0, data, len < want ? len : want, true);
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, itt);
    rig_set(bhs, RIG_F_EXP_DATA_SN, 1);
    rig_set(bhs, len < want ? RIG_F_UNDERFLOW : RIG_F_OVERFLOW, len != want);
    rig_set(bhs, RIG_F_RESIDUAL, len < want ? want - len : len - want);
    bench_status(l, bhs, NULL, 0);
}

static void answer_request(link *l, const disk *d, const seen *request)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t itt = rig_get32(request->bhs, RIG_F_ITT);
    bench_took(l->w, request);
    if (d->mute)
        return;
    if (request->kind == RIG_PDU_SCSI_CMD)
        answer_command(l, d, request);
    if (request->kind == RIG_PDU_LOGOUT_REQ) {
        bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, itt);
        bench_status(l, bhs, NULL, 0);
    }
    if (request->kind == RIG_PDU_NOP_OUT) {
        bench_bhs(l, bhs, RIG_PDU_NOP_IN, itt);
        rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
        bench_status(l, bhs, request->data, request->len);
    }
}

static bool serve_link(link *l, const disk *d)
{
    const seen *s;
    bool any = false;
    if (!l->gone && !l->connected) {
        l->connected = true;
        bench_tell(l, RIG_STREAM_CONNECTED, RIG_OK);
    }
    while (!l->gone && (s = bench_next(l)) != NULL) {
        any = true;
        if (s->kind == RIG_PDU_LOGIN_REQ)
            answer_login(l, s);
        else
            answer_request(l, d, s);
    }
    return any;
}

static void serve(bench *w, const disk *d)
{
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < w->num_links; i++)
            more = serve_link(w->links[i], d) || more;
    }
}

/* ---- calls that are answered later ---- */

typedef struct waiter {
    uint32_t num;
    rig_code code;
    rig_call_id call;
    rig_login_ids ids;
    uint32_t received; /* of a ping */
} waiter;

static void answered(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    waiter *on = ctx;
    (void)why;
    (void)now;
    on->num++;
    on->code = code;
    if (reply && (on->call == RIG_CALL_LOGIN || on->call == RIG_CALL_ADD_CONNECTION))
        on->ids = *(const rig_login_ids *)reply;
    if (reply && on->call == RIG_CALL_PING)
        on->received = ((const rig_ping_answer *)reply)->received;
}

static void begin(kit *k, rig_call_id call, const void *request, waiter *on)
{
    *on = (waiter){.call = call, .code = NOT_ANSWERED};
    rig_service_call(k->service, call, request, k->w->now, answered, on);
}

static rig_login login_of(uint32_t flags)
{
    rig_login login = {.target = DISK, .port = RIG_PORT_ANY, .has_options = true};
    login.options.flags = flags;
    return login;
}

static kit *kit_with_target(void)
{
    kit *k = kit_new();
    rig_static_target target = {.target = DISK};
    kit_start(k);
    rig_target_portal *portal = rig_list_add(rig_alloc_libc(), RIG_SHAPE(target_portal), &target.portals);
    CU_ASSERT_PTR_NOT_NULL_FATAL(portal);
    *portal = (rig_target_portal){.address = "192.0.2.1", .socket = 3260};
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_SUCCESS);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(static_target), &target);
    return k;
}

static rig_unique_id log_in(kit *k, const rig_login *login, const disk *d)
{
    waiter on;
    begin(k, RIG_CALL_LOGIN, login, &on);
    serve(k->w, d);
    CU_ASSERT_EQUAL_FATAL(on.code, RIG_CODE_SUCCESS);
    return on.ids.session;
}

/* ---- ended at every stage ---- */

static void stop_and_check(kit *k, const waiter *on)
{
    CU_ASSERT_EQUAL(on->num, 0);
    kit_stop(k);
    CU_ASSERT_EQUAL(on->num, 1);
    CU_ASSERT_EQUAL(on->code, RIG_CODE_SERVICE_NOT_RUNNING);
    kit_free(k);
}

static void ended_while_logging_in(void)
{
    kit *k = kit_with_target();
    const rig_login login = login_of(0);
    waiter on;
    begin(k, RIG_CALL_LOGIN, &login, &on);
    stop_and_check(k, &on);
}

static void begin_one(kit *k, rig_call_id call, const rig_unique_id *session, waiter *on)
{
    const rig_session_ref ref = {*session};
    const rig_lun_ref lun = {.session = *session};
    const rig_ping_request ping = {.address = "192.0.2.1"};
    const rig_connection_request more = {
        .session = *session, .port = RIG_PORT_ANY, .portal = {.address = "192.0.2.1", .socket = 3260}};
    const void *request = call == RIG_CALL_PING                 ? (const void *)&ping
                          : call == RIG_CALL_ADD_CONNECTION     ? (const void *)&more
                          : call == RIG_CALL_SEND_READ_CAPACITY ? (const void *)&lun
                                                                : (const void *)&ref;
    begin(k, call, request, on);
}

static const rig_call_id long_calls[] = {RIG_CALL_LOGOUT, RIG_CALL_SEND_REPORT_LUNS,
                                         RIG_CALL_SEND_READ_CAPACITY, RIG_CALL_PING, RIG_CALL_ADD_CONNECTION};

static void ended_while_a_call_runs(void)
{
    for (size_t i = 0; i < sizeof long_calls / sizeof long_calls[0]; i++) {
        const disk d = {.num_luns = 1};
        kit *k = kit_with_target();
        rig_login login = login_of(0);
        login.options.specified = RIG_LOGIN_HAS_MAX_CONNECTIONS;
        login.options.max_connections = 2;
        waiter on;
        rig_unique_id session = log_in(k, &login, &d);
        begin_one(k, long_calls[i], &session, &on);
        stop_and_check(k, &on);
    }
}

/* The session is lost under the call: what it came to is told, once. */
static void lost_while_a_call_runs(void)
{
    for (size_t i = 0; i < sizeof long_calls / sizeof long_calls[0]; i++) {
        disk d = {.num_luns = 1};
        kit *k = kit_with_target();
        rig_login login = login_of(0);
        login.options.specified = RIG_LOGIN_HAS_MAX_CONNECTIONS;
        login.options.max_connections = 2;
        waiter on;
        rig_unique_id session = log_in(k, &login, &d);
        d.mute = true;
        begin_one(k, long_calls[i], &session, &on);
        bench_drain(k->w->links[0]);
        CU_ASSERT_EQUAL(on.num, 0);
        bench_tell(k->w->links[0], RIG_STREAM_FAILED, RIG_E_RESET);
        kit_pass(k, RIG_SECOND);
        CU_ASSERT_EQUAL(on.num, 1);
        CU_ASSERT_EQUAL(on.code == RIG_CODE_SUCCESS, long_calls[i] == RIG_CALL_LOGOUT);
        kit_free(k);
    }
}

/* ---- without memory ---- */

static void one_round(kit *k, const disk *d, waiter *in, waiter *capacity, waiter *out)
{
    const rig_login login = login_of(0);
    begin(k, RIG_CALL_LOGIN, &login, in);
    serve(k->w, d);
    if (in->code != RIG_CODE_SUCCESS)
        return;
    const rig_session_ref ref = {in->ids.session};
    begin_one(k, RIG_CALL_SEND_READ_CAPACITY, &in->ids.session, capacity);
    serve(k->w, d);
    begin(k, RIG_CALL_LOGOUT, &ref, out);
    serve(k->w, d);
}

/* Each allocation fails in turn, then all from there on: every call is answered once, and nothing is left. */
static void without_memory(void)
{
    for (int all = 0; all < 2; all++) {
        bool failed = true;
        for (uint64_t n = 1; failed; n++) {
            const disk d = {.num_luns = 3};
            waiter in = {0}, capacity = {.num = 1}, out = {.num = 1};
            kit *k = kit_with_target();
            rig_alloc_meter *meter = &k->w->meter;
            meter->fail_at = meter->num_calls + n;
            meter->fail_on = all;
            one_round(k, &d, &in, &capacity, &out);
            failed = meter->num_calls >= meter->fail_at;
            meter->fail_at = 0;
            kit_pass(k, 100 * RIG_SECOND); /* what could not be answered runs into its time limit */
            CU_ASSERT_EQUAL(in.num, 1);
            CU_ASSERT_EQUAL(capacity.num, 1);
            CU_ASSERT_EQUAL(out.num, 1);
            kit_free(k);
            CU_ASSERT_FATAL(n < 1000);
        }
    }
}

/* ---- limits ---- */

static void lun_limit(void)
{
    static const uint32_t luns[] = {0, 255, 256, 257};
    for (size_t i = 0; i < sizeof luns / sizeof luns[0]; i++) {
        const disk d = {.num_luns = luns[i]};
        const rig_login login = login_of(0);
        kit *k = kit_with_target();
        log_in(k, &login, &d);
        CU_ASSERT_EQUAL(k->service->sessions->devices.num, luns[i] < 256 ? luns[i] : 256);
        CU_ASSERT_EQUAL(k->service->sessions->mapping.luns.num, k->service->sessions->devices.num);
        kit_free(k);
    }
}

static void few_sessions(void)
{
    const disk d = {.num_luns = 1};
    const rig_login login = login_of(RIG_LOGIN_FLAG_MULTIPATH);
    kit *k = kit_with_target();
    k->hba.adapters[0].quirks = *rig_quirks_find(rig_view_str("few-sessions"));
    rig_unique_id first = log_in(k, &login, &d);
    rig_unique_id second = log_in(k, &login, &d);
    CU_ASSERT(first.adapter == second.adapter && first.specific != second.specific);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_LOGIN, &login), RIG_CODE_TOO_MANY_SESSIONS);
    CU_ASSERT_EQUAL(k->w->num_links, 2);
    kit_free(k);
}

static void one_connection(void)
{
    const disk d = {.num_luns = 1};
    rig_login login = login_of(0);
    login.options.specified = RIG_LOGIN_HAS_MAX_CONNECTIONS;
    login.options.max_connections = 8;
    kit *k = kit_with_target();
    k->hba.adapters[0].quirks = *rig_quirks_find(rig_view_str("one-connection"));
    waiter on;
    rig_unique_id session = log_in(k, &login, &d);
    begin_one(k, RIG_CALL_ADD_CONNECTION, &session, &on);
    CU_ASSERT_EQUAL(on.code, RIG_CODE_TOO_MANY_CONNECTIONS);
    kit_free(k);
}

/* ---- what else ---- */

static void device_in_use(void)
{
    const disk d = {.num_luns = 2};
    const rig_login login = login_of(0);
    kit *k = kit_with_target();
    const rig_session_ref ref = {log_in(k, &login, &d)};
    waiter on;
    const rig_device *device = &k->service->sessions->devices.ptr[1];
    CU_ASSERT_STRING_EQUAL(device->legacy_name, "\\\\.\\PhysicalDrive1");
    CU_ASSERT_EQUAL(rig_service_hold_device(k->service, "", true), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(rig_service_hold_device(k->service, "no such device", true), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(rig_service_hold_device(k->service, device->legacy_name, true), RIG_OK);
    CU_ASSERT_EQUAL(rig_service_hold_device(k->service, device->interface_name, true), RIG_OK);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_LOGOUT, &ref), RIG_CODE_DEVICE_BUSY_ON_SESSION);
    CU_ASSERT_EQUAL(rig_service_hold_device(k->service, device->interface_name, false), RIG_OK);
    begin(k, RIG_CALL_LOGOUT, &ref, &on);
    serve(k->w, &d);
    CU_ASSERT_EQUAL(on.code, RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->service->num_sessions, 0);
    CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_ARRIVED), 2);
    CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_REMOVED), 2);
    kit_free(k);
}

/* Once it is up nobody needs its secrets any more. */
static void secrets_are_forgotten(void)
{
    const disk d = {.num_luns = 0};
    rig_login login = login_of(0);
    kit *k = kit_with_target();
    rig_octets_set(&login.options.password, rig_view_str("a good secret"));
    rig_octets_set(&login.key, rig_view_str("a key"));
    log_in(k, &login, &d);
    CU_ASSERT_EQUAL(k->service->sessions->login.options.password.len, 0);
    CU_ASSERT_EQUAL(k->service->sessions->login.key.len, 0);
    kit_free(k);
}

static uint16_t keep(kit *k, const char *target)
{
    rig_static_target known = {0};
    rig_login login = {.port = RIG_PORT_ANY, .persistent = true};
    snprintf(known.target, sizeof known.target, "%s", target);
    snprintf(login.target, sizeof login.target, "%s", target);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_ADD_STATIC_TARGET, &known), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_LOGIN, &login), RIG_CODE_SUCCESS);
    const svc_row *row = svc_find(k->service, SVC_LOGINS, &login);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    return ((const rig_login *)row->record)->isid_id;
}

/* One after the other, whichever number is in use far behind them. */
static void numbers_of_kept_logins(void)
{
    rig_login last = {.target = "iqn.2026-01.org.example:last", .port = RIG_PORT_ANY, .isid_id = UINT16_MAX};
    kit *k = kit_with_target();
    CU_ASSERT_EQUAL(keep(k, "iqn.2026-01.org.example:a"), 1);
    CU_ASSERT_EQUAL(keep(k, "iqn.2026-01.org.example:b"), 2);
    CU_ASSERT_EQUAL(keep(k, "iqn.2026-01.org.example:a"), 1);
    CU_ASSERT_EQUAL(svc_put(k->service, SVC_LOGINS, &last, true), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(keep(k, "iqn.2026-01.org.example:c"), 3);
    kit_break_store(k);
    CU_ASSERT_EQUAL(
        kit_do(k, RIG_CALL_LOGIN, &(rig_login){.target = DISK, .port = RIG_PORT_ANY, .persistent = true}),
        RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
    kit_free(k);
}

/* Details that nobody knows are what their class is (RFC 7143 section 11.13.5). */
static void codes_of_logins(void)
{
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_REFUSED, 0x0201), RIG_CODE_AUTHENTICATION_FAILURE);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_REFUSED, 0x01ff), RIG_CODE_TARGET_MOVED_TEMPORARILY);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_REFUSED, 0x02ff), RIG_CODE_INITIATOR_ERROR);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_REFUSED, 0x03ff), RIG_CODE_TARGET_ERROR);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_REFUSED, 0x0400), RIG_CODE_CONNECTION_FAILED);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_AUTH, 0), RIG_CODE_AUTHENTICATION_FAILURE);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_NEGOTIATION, 0), RIG_CODE_LOGIN_FAILED);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_NOMEM, 0), RIG_CODE_WIN32_NOT_ENOUGH_MEMORY);
    CU_ASSERT_EQUAL(svc_login_code(RIG_E_NOT_FOUND, 0), RIG_CODE_LOGIN_FAILED);
}

RIG_SUITE("service: sessions", {"ended while logging in", ended_while_logging_in},
          {"ended while a call runs", ended_while_a_call_runs},
          {"lost while a call runs", lost_while_a_call_runs}, {"without memory", without_memory},
          {"limit of LUNs", lun_limit}, {"an adapter of few sessions", few_sessions},
          {"an adapter of one connection", one_connection}, {"a device in use", device_in_use},
          {"secrets are forgotten", secrets_are_forgotten},
          {"numbers of kept logins", numbers_of_kept_logins}, {"codes of logins", codes_of_logins})
