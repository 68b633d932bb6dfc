/* Discovery of the service: portals and what they tell, over a target made of literal PDUs (RFC 7143 section
 * 4.3, appendix C). */
#include "bench.h"
#include "service/answer.h"

#define PORTAL "192.0.2.1"
#define NAME_A "iqn.2026-01.org.example:a"
#define NAME_B "iqn.2026-01.org.example:b"
#define NAME_C "iqn.2026-01.org.example:c"

/* A service over the engine of a bench. */
typedef struct host {
    bench *w;
    rig_hba hba;
    rig_store *store;
    rig_service *service;
    uint32_t changed; /* TARGETS_CHANGED events */
} host;

/* What a call came to. */
typedef struct reply {
    const rig_shape *shape;
    uint32_t num;
    rig_code code;
    char why[256];
    union {
        rig_labels labels;
        rig_target_portals portals;
        rig_target_instances instances;
        rig_send_targets_portals senders;
    } of;
} reply;

static void service_told(void *ctx, const rig_service_event *event)
{
    host *h = ctx;
    h->changed += event->kind == RIG_SERVICE_TARGETS_CHANGED;
}

static void engine_told(bench *w, const rig_event *event)
{
    host *h = w->user;
    if (h->service)
        rig_service_engine_event(h->service, event);
}

static rig_status host_open(host *h)
{
    const rig_alloc *alloc = &h->w->meter.alloc;
    rig_service_config config = {.alloc = alloc,
                                 .draws = h->w->draws,
                                 .store = h->store,
                                 .hba = &h->hba,
                                 .session = h->w->config,
                                 .event = service_told,
                                 .ctx = h};
    rig_service_settings_init(&config.settings);
    return rig_service_new(&config, &h->service, NULL);
}

static host *host_new(void)
{
    host *h = calloc(1, sizeof *h);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    h->w = bench_new();
    h->w->user = h;
    h->w->on_event = engine_told;
    h->hba.num_adapters = 1;
    h->hba.adapters[0] = (rig_adapter){.name = "Root\\0", .initiator = h->w->initiator};
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(rig_alloc_libc(), &h->store), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(host_open(h), RIG_OK);
    return h;
}

static void host_free(host *h)
{
    rig_service_free(h->service);
    h->service = NULL;
    rig_store_free(h->store);
    bench_free(h->w);
    free(h);
}

static void answered(void *ctx, rig_code code, const void *record, const rig_error *why, uint64_t now)
{
    reply *r = ctx;
    (void)now;
    r->num++;
    r->code = code;
    if (why)
        memcpy(r->why, why->text, sizeof r->why);
    if (record && r->shape)
        CU_ASSERT_EQUAL(rig_record_copy(rig_alloc_libc(), r->shape, record, &r->of), RIG_OK);
}

static void call(host *h, rig_call_id id, const void *request, reply *r)
{
    *r = (reply){.shape = rig_shape_of(rig_call_of(id)->reply)};
    if (r->shape->size > sizeof r->of)
        r->shape = NULL;
    rig_service_call(h->service, id, request, h->w->now, answered, r);
}

static void reply_clear(reply *r)
{
    if (r->shape)
        rig_record_clear(rig_alloc_libc(), r->shape, &r->of);
}

/* A call that is answered at once. */
static rig_code ask_for(host *h, rig_call_id id, const void *request)
{
    reply r;
    call(h, id, request, &r);
    CU_ASSERT_EQUAL(r.num, 1);
    reply_clear(&r);
    return r.code;
}

static void set(char *out, const char *text)
{
    memcpy(out, text, strlen(text) + 1);
}

static rig_send_targets_portal portal_at(const char *address, uint16_t socket)
{
    rig_send_targets_portal portal = {.port = RIG_PORT_ANY, .portal = {.socket = socket}};
    set(portal.portal.address, address);
    return portal;
}

static rig_portal_ref ref_at(const char *address, uint16_t socket)
{
    rig_portal_ref ref = {.port = RIG_PORT_ANY, .portal = {.socket = socket}};
    set(ref.portal.address, address);
    return ref;
}

static rig_static_target static_named(const char *name)
{
    rig_static_target target = {.persist = true};
    set(target.target, name);
    return target;
}

/* ---- the target's part ---- */

/* Logs a discovery session in and gives the question. */
static const seen *asked(link *l)
{
    bench_login_on(l, NULL);
    const seen *s = bench_want(l, RIG_PDU_TEXT_REQ);
    CU_ASSERT_EQUAL(s->len, 16);
    CU_ASSERT_EQUAL(memcmp(s->data, "SendTargets=All", 16), 0);
    bench_took(l->w, s);
    return s;
}

static void tell(link *l, uint32_t itt, const void *text, size_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_TEXT_RESP, itt);
    rig_set(bhs, RIG_F_F, true);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    bench_status(l, bhs, text, len);
}

static void bid_farewell(link *l)
{
    uint8_t bhs[RIG_BHS_LEN];
    const seen *s = bench_want(l, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LOGOUT_REASON), 0);
    bench_took(l->w, s);
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, rig_get32(s->bhs, RIG_F_ITT));
    bench_status(l, bhs, NULL, 0);
    bench_pump(l->w);
}

/* The whole of one discovery, on the link of the newest connect. */
static void serve(host *h, const void *text, size_t len)
{
    link *l = bench_accept(h->w);
    tell(l, rig_get32(asked(l)->bhs, RIG_F_ITT), text, len);
    bid_farewell(l);
    CU_ASSERT(l->fin && !l->reset);
}

#define SERVE(h, text) serve(h, text, sizeof(text))

static void add(host *h, const char *address, const void *text, size_t len)
{
    reply r;
    const rig_send_targets_portal portal = portal_at(address, RIG_PORT);
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
    CU_ASSERT_EQUAL(r.num, 0);
    serve(h, text, len);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_SUCCESS);
}

#define ADD(h, address, text) add(h, address, text, sizeof(text))

/* The names that are reported, joined by blanks. */
static const char *names(host *h)
{
    static char joined[2048];
    rig_text text;
    reply r;
    const rig_refresh refresh = {0};
    rig_text_init(&text, joined, sizeof joined);
    call(h, RIG_CALL_REPORT_TARGETS, &refresh, &r);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_SUCCESS);
    for (uint32_t i = 0; i < r.of.labels.labels.num; i++)
        rig_text_add(&text, "%s%s", i ? " " : "", r.of.labels.labels.ptr[i].text);
    reply_clear(&r);
    return joined;
}

/* The portals of a target that are reported, joined by blanks. */
static const char *portals(host *h, const char *target, int32_t tag)
{
    static char joined[8192];
    rig_text text;
    reply r;
    rig_target_portals_query query = {.has_tag = tag >= 0, .tag = (uint16_t)tag};
    set(query.target, target);
    rig_text_init(&text, joined, sizeof joined);
    call(h, RIG_CALL_REPORT_TARGET_PORTALS, &query, &r);
    CU_ASSERT_EQUAL(r.num, 1);
    if (r.code != RIG_CODE_SUCCESS)
        rig_text_add(&text, "%s", rig_code_name(r.code));
    for (uint32_t i = 0; i < r.of.portals.portals.num; i++)
        rig_text_add(&text, "%s%s:%u", i ? " " : "", r.of.portals.portals.ptr[i].address,
                     r.of.portals.portals.ptr[i].socket);
    reply_clear(&r);
    return joined;
}

/* ---- one portal ---- */

/* Asked at once, logged out in order; the answer comes behind the logout. */
static void added(void)
{
    host *h = host_new();
    reply r;
    const rig_send_targets_portal portal = portal_at(PORTAL, 0);
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
    link *l = bench_accept(h->w);
    CU_ASSERT_EQUAL(l->to.port, 3260);
    static const char text[] = "TargetName=" NAME_A "\0TargetAddress=192.0.2.7:3261,3";
    tell(l, rig_get32(asked(l)->bhs, RIG_F_ITT), text, sizeof text);
    CU_ASSERT_EQUAL(h->changed, 1);
    CU_ASSERT_EQUAL(r.num, 0);
    bid_farewell(l);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_SUCCESS);
    CU_ASSERT(l->fin && !l->reset);
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A);
    CU_ASSERT_STRING_EQUAL(portals(h, NAME_A, -1), "192.0.2.7:3261");
    host_free(h);
}

/* A login that fails leaves the portal, and what it told before. */
static void failed(void)
{
    static const char text[] = "TargetName=" NAME_A;
    const rig_portal_ref ref = ref_at(PORTAL, RIG_PORT);
    host *h = host_new();
    reply r;
    ADD(h, PORTAL, text);
    for (int how = 0; how < 2; how++) {
        call(h, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref, &r);
        link *l = h->w->links[h->w->num_links - 1];
        if (how == 0) {
            bench_tell(l, RIG_STREAM_FAILED, RIG_E_REFUSED);
        } else {
            uint8_t bhs[RIG_BHS_LEN];
            bench_accept(h->w);
            const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
            bench_first_numbers(l, s);
            bench_login_bhs(l, bhs, s);
            rig_set(bhs, RIG_F_LOGIN_STATUS, 0x0201);
            bench_status(l, bhs, NULL, 0);
            bench_pump(h->w);
        }
        CU_ASSERT_EQUAL(r.num, 1);
        CU_ASSERT_EQUAL(r.code, how ? RIG_CODE_AUTHENTICATION_FAILURE : RIG_CODE_CONNECTION_FAILED);
        CU_ASSERT_STRING_EQUAL(names(h), NAME_A);
        CU_ASSERT_EQUAL(h->changed, 1);
    }
    host_free(h);
}

/* An answer that breaks appendix C is none; the session is logged out all the same. */
static void broken_answer(void)
{
    static const char text[] = "TargetName=" NAME_A, broken[] = "TargetAddress=192.0.2.7:3261,3";
    const rig_portal_ref ref = ref_at(PORTAL, RIG_PORT);
    host *h = host_new();
    reply r;
    ADD(h, PORTAL, text);
    call(h, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref, &r);
    SERVE(h, broken);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_INVALID_SENDTARGETS_TEXT);
    CU_ASSERT(strstr(r.why, "appendix C") != NULL);
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A);
    host_free(h);
}

/* The connection falls while the question is open. */
static void lost(void)
{
    const rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
    host *h = host_new();
    reply r;
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
    link *l = bench_accept(h->w);
    asked(l);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_TRANSPORT_ERROR);
    host_free(h);
}

/* Silence behind the login: one error, in bounded time, and no second attempt. */
static void silent(void)
{
    const rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
    host *h = host_new();
    reply r;
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
    asked(bench_accept(h->w));
    bench_tick_to(h->w, h->w->now + 60 * RIG_SECOND);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_TRANSPORT_ERROR);
    CU_ASSERT_EQUAL(h->w->num_links, 1);
    CU_ASSERT_EQUAL(rig_initiator_next_deadline(h->w->initiator), RIG_NEVER);
    host_free(h);
}

/* What a portal tells replaces what it told, and nothing else; only what is different is told. */
static void replaced(void)
{
    static const char both[] = "TargetName=" NAME_A "\0TargetAddress=192.0.2.1:3260,1\0TargetName=" NAME_B
                               "\0TargetAddress=192.0.2.1:3260,1",
                      moved[] = "TargetName=" NAME_B "\0TargetAddress=192.0.2.1:3260,2\0TargetName=" NAME_C
                                "\0TargetAddress=192.0.2.1:3260,1",
                      of_other[] = "TargetName=" NAME_A "\0TargetAddress=192.0.2.2:3260,1";
    const rig_portal_ref ref = ref_at(PORTAL, RIG_PORT);
    host *h = host_new();
    reply r;
    ADD(h, PORTAL, both);
    ADD(h, "192.0.2.2", of_other);
    CU_ASSERT_EQUAL(h->changed, 2);
    for (int again = 0; again < 2; again++) {
        call(h, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref, &r);
        SERVE(h, moved);
        CU_ASSERT(r.num == 1 && r.code == RIG_CODE_SUCCESS);
        CU_ASSERT_EQUAL(h->changed, 3);
        CU_ASSERT_STRING_EQUAL(names(h), NAME_A " " NAME_B " " NAME_C);
    }
    CU_ASSERT_STRING_EQUAL(portals(h, NAME_A, -1), "192.0.2.2:3260");
    CU_ASSERT_STRING_EQUAL(portals(h, NAME_B, 1), "");
    CU_ASSERT_STRING_EQUAL(portals(h, NAME_B, 2), "192.0.2.1:3260");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &ref), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A);
    CU_ASSERT_EQUAL(h->changed, 4);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &ref), RIG_CODE_PORTAL_NOT_FOUND);
    host_free(h);
}

/* ---- several at a time ---- */

/* The same question is asked once; with other options it is asked behind the first. */
static void shared(void)
{
    static const char text[] = "TargetName=" NAME_A;
    rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
    const rig_portal_ref ref = ref_at(PORTAL, RIG_PORT);
    host *h = host_new();
    reply first, second, other;
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &first);
    call(h, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref, &second);
    portal.security_flags = RIG_SECURITY_VALID;
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &other);
    CU_ASSERT_EQUAL(h->w->num_links, 1);
    SERVE(h, text);
    CU_ASSERT(first.num == 1 && second.num == 1 && other.num == 0);
    CU_ASSERT_EQUAL(h->w->num_links, 2);
    SERVE(h, text);
    CU_ASSERT(other.num == 1 && other.code == RIG_CODE_SUCCESS);
    host_free(h);
}

static void removed_meanwhile(void)
{
    const rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
    const rig_portal_ref ref = ref_at(PORTAL, RIG_PORT);
    host *h = host_new();
    reply r;
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
    link *l = bench_accept(h->w);
    asked(l);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &ref), RIG_CODE_SUCCESS);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_PORTAL_NOT_FOUND);
    CU_ASSERT(l->gone);
    CU_ASSERT_STRING_EQUAL(names(h), "");
    host_free(h);
}

/* The service ends while one is asked and others wait. */
static void ended_meanwhile(void)
{
    const rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
    const rig_refresh refresh = {.force_update = true};
    host *h = host_new();
    reply adding, sweeping;
    call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &adding);
    call(h, RIG_CALL_REPORT_TARGETS, &refresh, &sweeping);
    asked(bench_accept(h->w));
    rig_service_free(h->service);
    h->service = NULL;
    CU_ASSERT(adding.num == 1 && adding.code == RIG_CODE_SERVICE_NOT_RUNNING);
    CU_ASSERT_EQUAL(sweeping.num, 1);
    CU_ASSERT_NOT_EQUAL(sweeping.code, RIG_CODE_SUCCESS);
    reply_clear(&sweeping);
    host_free(h);
}

#define MANY (SVC_DISCOVERIES_MAX + 8)

static void keep(host *h, uint16_t num)
{
    for (uint16_t i = 0; i < num; i++) {
        const rig_send_targets_portal portal = portal_at(PORTAL, (uint16_t)(1000 + i));
        CU_ASSERT_EQUAL(svc_put(h->service, SVC_PORTALS, &portal, true), RIG_CODE_SUCCESS);
    }
}

/* A sweep: so many at a time and no more; a dead portal costs only what it would have told. */
static void swept(void)
{
    static const char text[] = "TargetName=" NAME_A;
    const rig_refresh refresh = {.force_update = true};
    host *h = host_new();
    reply r;
    keep(h, MANY);
    call(h, RIG_CALL_REPORT_TARGETS, &refresh, &r);
    CU_ASSERT_EQUAL(h->w->num_links, SVC_DISCOVERIES_MAX);
    bench_tell(h->w->links[3], RIG_STREAM_FAILED, RIG_E_TIMEOUT);
    CU_ASSERT_EQUAL(h->w->num_links, SVC_DISCOVERIES_MAX + 1);
    for (uint32_t i = 0; i < h->w->num_links; i++) {
        link *l = h->w->links[i];
        if (i == 3)
            continue;
        l->connected = true;
        bench_tell(l, RIG_STREAM_CONNECTED, RIG_OK);
        tell(l, rig_get32(asked(l)->bhs, RIG_F_ITT), text, sizeof text);
        bid_farewell(l);
    }
    CU_ASSERT_EQUAL(h->w->num_links, MANY);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_OPERATION_NOT_ALL_SUCCESS);
    CU_ASSERT_EQUAL(r.of.labels.labels.num, 1);
    reply_clear(&r);
    host_free(h);
}

/* As many sessions at a time as there may be, and one past it: that one waits for an end. */
static void queued(void)
{
    host *h = host_new();
    reply replies[SVC_DISCOVERIES_MAX + 1];
    keep(h, SVC_DISCOVERIES_MAX + 1);
    for (uint16_t i = 0; i <= SVC_DISCOVERIES_MAX; i++) {
        const rig_portal_ref ref = ref_at(PORTAL, (uint16_t)(1000 + i));
        call(h, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref, &replies[i]);
    }
    CU_ASSERT_EQUAL(h->w->num_links, SVC_DISCOVERIES_MAX);
    bench_tell(h->w->links[1], RIG_STREAM_FAILED, RIG_E_REFUSED);
    CU_ASSERT(replies[1].num == 1 && replies[1].code == RIG_CODE_CONNECTION_FAILED);
    CU_ASSERT_EQUAL(h->w->num_links, SVC_DISCOVERIES_MAX + 1);
    CU_ASSERT_EQUAL(h->w->links[SVC_DISCOVERIES_MAX]->to.port, 1000 + SVC_DISCOVERIES_MAX);
    rig_service_free(h->service);
    h->service = NULL;
    for (uint32_t i = 0; i <= SVC_DISCOVERIES_MAX; i++)
        CU_ASSERT_EQUAL(replies[i].num, 1);
    host_free(h);
}

/* Ten thousand, none of which can even begin: no recursion, one answer. */
static void swept_in_vain(void)
{
    const rig_refresh refresh = {.force_update = true};
    host *h = host_new();
    reply r;
    keep(h, 10000);
    h->w->refuse = RIG_E_UNREACHABLE;
    call(h, RIG_CALL_REPORT_TARGETS, &refresh, &r);
    CU_ASSERT(r.num == 1 && r.code == RIG_CODE_OPERATION_NOT_ALL_SUCCESS);
    CU_ASSERT_EQUAL(h->w->num_links, 0);
    reply_clear(&r);
    host_free(h);
}

/* ---- arguments ---- */

static void refused(void)
{
    static const struct {
        const char *address, *initiator;
        uint32_t port;
        uint64_t flags;
        rig_code code;
    } rows[] = {
        {"", "", RIG_PORT_ANY, 0, RIG_CODE_INVALID_PARAMETER},
        {"192.0.2.1:3260", "", RIG_PORT_ANY, 0, RIG_CODE_INVALID_PARAMETER},
        {"192.0.2.1,1", "", RIG_PORT_ANY, 0, RIG_CODE_INVALID_PARAMETER},
        {"[2001:db8::1]:3260", "", RIG_PORT_ANY, 0, RIG_CODE_INVALID_PARAMETER},
        {"fe80::1%eth0", "", RIG_PORT_ANY, 0, RIG_CODE_INVALID_PARAMETER},
        {"a b", "", RIG_PORT_ANY, 0, RIG_CODE_INVALID_PARAMETER},
        {PORTAL, "nobody", RIG_PORT_ANY, 0, RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND},
        {PORTAL, "Root\\0", 7, 0, RIG_CODE_INVALID_PORT_NUMBER},
        {PORTAL, "", 0, 0, RIG_CODE_INVALID_PORT_NUMBER},
        {PORTAL, "", RIG_PORT_ANY, 0x80, RIG_CODE_INVALID_PARAMETER},
        {PORTAL, "", RIG_PORT_ANY, 0x03, RIG_CODE_INVALID_PARAMETER}, /* neither exchange */
        {PORTAL, "", RIG_PORT_ANY, 0x0f, RIG_CODE_INVALID_PARAMETER}, /* both */
        {PORTAL, "", RIG_PORT_ANY, 0x67, RIG_CODE_INVALID_PARAMETER}, /* both encapsulations */
    };
    host *h = host_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_send_targets_portal portal = portal_at(rows[i].address, RIG_PORT);
        set(portal.initiator, rows[i].initiator);
        portal.port = rows[i].port;
        portal.security_flags = rows[i].flags;
        CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal), rows[i].code);
    }
    CU_ASSERT_EQUAL(h->w->num_links, 0);
    CU_ASSERT_EQUAL(h->service->tables[SVC_PORTALS].num, 0);
    host_free(h);
}

/* Contradictions that qualify nothing are stored as they are (ipsec: VALID or IKE clear). */
static void idle_flags(void)
{
    static const uint64_t flags[] = {0x0e, 0x6c, 0x6d};
    static const char text[] = "TargetName=" NAME_A;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        host *h = host_new();
        reply r;
        rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
        portal.security_flags = flags[i];
        portal.options.specified = RIG_LOGIN_HAS_PASSWORD;
        rig_octets_set(&portal.options.password, rig_view_str("secret of the host"));
        call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
        SERVE(h, text);
        const rig_nothing nothing = {0};
        call(h, RIG_CALL_REPORT_SEND_TARGETS_PORTALS, &nothing, &r);
        CU_ASSERT_EQUAL_FATAL(r.of.senders.portals.num, 1);
        CU_ASSERT_EQUAL(r.of.senders.portals.ptr[0].security_flags, flags[i]);
        CU_ASSERT_EQUAL(r.of.senders.portals.ptr[0].options.specified, RIG_LOGIN_HAS_PASSWORD);
        CU_ASSERT_EQUAL(r.of.senders.portals.ptr[0].options.password.len, 0);
        reply_clear(&r);
        host_free(h);
    }
}

/* One portal however it is spelled; flags without VALID leave those that were stored. */
static void the_same_portal(void)
{
    static const char text[] = "TargetName=" NAME_A;
    static const char *const spelled[] = {"2001:db8::1", "2001:DB8:0::1", "[2001:db8::1]"};
    host *h = host_new();
    for (size_t i = 0; i < sizeof spelled / sizeof spelled[0]; i++) {
        reply r;
        rig_send_targets_portal portal = portal_at(spelled[i], (uint16_t)(i ? RIG_PORT : 0));
        portal.security_flags = i ? 0 : RIG_SECURITY_VALID;
        call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
        SERVE(h, text);
        CU_ASSERT(r.num == 1 && r.code == RIG_CODE_SUCCESS);
    }
    const svc_table *table = &h->service->tables[SVC_PORTALS];
    CU_ASSERT_EQUAL_FATAL(table->num, 1);
    CU_ASSERT_EQUAL(((rig_send_targets_portal *)table->rows[0]->record)->security_flags, RIG_SECURITY_VALID);
    const rig_portal_ref ref = ref_at("2001:db8:0:0::1", 0);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &ref), RIG_CODE_SUCCESS);
    host_free(h);
}

static void unknown_ones(void)
{
    host *h = host_new();
    rig_portal_ref ref = ref_at(PORTAL, RIG_PORT);
    rig_target_query query = {.target = NAME_A};
    rig_target_portals_query of = {.target = NAME_A, .initiator = "nobody"};
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref), RIG_CODE_PORTAL_NOT_FOUND);
    set(ref.initiator, "nobody");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &ref),
                    RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND);
    ref = ref_at(PORTAL, RIG_PORT);
    ref.port = 1;
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &ref), RIG_CODE_INVALID_PORT_NUMBER);
    ref = ref_at("a b", RIG_PORT);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &ref), RIG_CODE_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REPORT_TARGET_INSTANCES, &query), RIG_CODE_TARGET_NOT_FOUND);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REPORT_TARGET_PORTALS, &of), RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(portals(h, NAME_A, -1), "target-not-found");
    host_free(h);
}

/* Address and instance have to fit the name of the mechanism: at its limit and one past it. */
static void long_names(void)
{
    char longest[256] = {0}, instance[256] = {0};
    host *h = host_new();
    h->w->refuse = RIG_E_UNREACHABLE;
    memset(longest, 'a', 200);
    /* "SendTargets:" + 200 + " 3260" + " * " leaves 35 bytes of 255 */
    memset(instance, 'i', 36);
    h->hba.adapters[0].name = instance;
    for (size_t past = 0; past < 2; past++) {
        rig_send_targets_portal portal = portal_at(longest, RIG_PORT);
        instance[35 + past] = 0;
        if (past)
            instance[35] = 'i';
        set(portal.initiator, instance);
        CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal),
                        past ? RIG_CODE_INVALID_PARAMETER : RIG_CODE_CONNECTION_FAILED);
    }
    CU_ASSERT_EQUAL(h->service->tables[SVC_PORTALS].num, 1);
    host_free(h);
}

/* ---- answers ---- */

static rig_status read_answer(const char *text, size_t len, rig_target_instances *out)
{
    rig_target_instance like = {.mechanism = "SendTargets:192.0.2.1 3260"};
    const rig_portal asked_at = {.host = "192.0.2.1", .port = 3260, .group = 5};
    *out = (rig_target_instances){0};
    return svc_answer_read(rig_alloc_libc(), rig_view_of(text, len), &like, &asked_at, &out->targets, NULL);
}

static const rig_target_portal *portal_of(const rig_target_instances *all, uint32_t target, uint32_t group,
                                          uint32_t index)
{
    CU_ASSERT_FATAL(target < all->targets.num && group < all->targets.ptr[target].groups.num);
    const rig_portal_group *in = &all->targets.ptr[target].groups.ptr[group];
    CU_ASSERT_FATAL(index < in->portals.num);
    return &in->portals.ptr[index];
}

/* Groups by tag, each portal once, IPv4, IPv6 and names; no address means the portal asked.
 */
static void answer_in_groups(void)
{
    static const char text[] =
        "TargetName=" NAME_A "\0TargetAddress=192.0.2.1:3260,1"
        "\0TargetAddress=[2001:DB8::1]:3261,2\0TargetAddress=192.0.2.2,1"
        "\0TargetAddress=192.0.2.1:3260,1\0TargetAddress=storage.example:3262,2"
        "\0TargetAddress=[fe80::1%eth0]:3260,1"
        "\0TargetName=" NAME_B "\0TargetName=" NAME_A "\0TargetAddress=192.0.2.3:3260,1";
    rig_target_instances all;
    CU_ASSERT_EQUAL(read_answer(text, sizeof text, &all), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(all.targets.num, 2);
    CU_ASSERT_EQUAL(all.targets.ptr[0].groups.num, 2);
    CU_ASSERT_EQUAL(all.targets.ptr[0].groups.ptr[0].tag, 1);
    CU_ASSERT_EQUAL(all.targets.ptr[0].groups.ptr[0].portals.num, 3);
    CU_ASSERT_STRING_EQUAL(portal_of(&all, 0, 0, 1)->address, "192.0.2.2");
    CU_ASSERT_EQUAL(portal_of(&all, 0, 0, 1)->socket, 3260);
    CU_ASSERT_STRING_EQUAL(portal_of(&all, 0, 0, 2)->address, "192.0.2.3");
    CU_ASSERT_STRING_EQUAL(portal_of(&all, 0, 1, 0)->address, "2001:db8::1");
    CU_ASSERT_EQUAL(portal_of(&all, 0, 1, 0)->socket, 3261);
    CU_ASSERT_STRING_EQUAL(portal_of(&all, 0, 1, 1)->address, "storage.example");
    CU_ASSERT_EQUAL(all.targets.ptr[1].groups.ptr[0].tag, 5);
    CU_ASSERT_STRING_EQUAL(portal_of(&all, 1, 0, 0)->address, "192.0.2.1");
    CU_ASSERT_STRING_EQUAL(all.targets.ptr[1].mechanism, "SendTargets:192.0.2.1 3260");
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(target_instances), &all);
}

/* Names that no store and no terminal takes are passed over, others are the target's affair. */
static void answer_with_odd_names(void)
{
    static const char text[] =
        "TargetName=a\tb\0TargetName=\xff\xfe\0TargetName=IQN.Strange_1\0TargetName=" NAME_A;
    rig_target_instances all;
    CU_ASSERT_EQUAL(read_answer(text, sizeof text, &all), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(all.targets.num, 2);
    CU_ASSERT_STRING_EQUAL(all.targets.ptr[0].target, "IQN.Strange_1");
    CU_ASSERT_STRING_EQUAL(all.targets.ptr[1].target, NAME_A);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(target_instances), &all);
}

static void answer_with_many_portals(void)
{
    static char text[48 * (SVC_TARGET_PORTALS_MAX + 4)];
    for (uint32_t num = SVC_TARGET_PORTALS_MAX; num <= SVC_TARGET_PORTALS_MAX + 1; num++) {
        size_t len = (size_t)snprintf(text, sizeof text, "TargetName=%s", NAME_A) + 1;
        for (uint32_t i = 0; i < num; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "TargetAddress=192.0.2.%u:%u,%u", i % 250,
                                    3260 + i / 250, i % 3) +
                   1;
        rig_target_instances all;
        uint32_t found = 0;
        CU_ASSERT_EQUAL(read_answer(text, len, &all), RIG_OK);
        for (uint32_t i = 0; i < all.targets.ptr[0].groups.num; i++)
            found += all.targets.ptr[0].groups.ptr[i].portals.num;
        CU_ASSERT_EQUAL(found, SVC_TARGET_PORTALS_MAX);
        rig_record_clear(rig_alloc_libc(), RIG_SHAPE(target_instances), &all);
    }
}

/* ---- mechanisms ---- */

static rig_target_instance_list list_of(rig_target_instances *all, uint32_t from, uint32_t num)
{
    *all = (rig_target_instances){0};
    for (uint32_t i = from; i < from + num; i++) {
        rig_target_instance *at = rig_list_add(rig_alloc_libc(), RIG_SHAPE(target_instance), &all->targets);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        snprintf(at->target, sizeof at->target, "iqn.2026-01.org.example:%u", i);
    }
    return all->targets;
}

static rig_code told_by(host *h, const char *mechanism, uint32_t from, uint32_t num)
{
    rig_target_instances all;
    const rig_target_instance_list list = list_of(&all, from, num);
    rig_code code = svc_instances_replace(h->service, mechanism, &list, h->w->now);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(target_instances), &all);
    return code;
}

/* A name told twice by one mechanism is one instance. */
static void told_twice(void)
{
    host *h = host_new();
    rig_target_instances all;
    reply r;
    rig_target_query query = {.target = "iqn.2026-01.org.example:0"};
    list_of(&all, 0, 2);
    set(all.targets.ptr[1].target, all.targets.ptr[0].target);
    for (int again = 0; again < 2; again++)
        CU_ASSERT_EQUAL(svc_instances_replace(h->service, "iSNS:x", &all.targets, 0), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h->changed, 1);
    call(h, RIG_CALL_REPORT_TARGET_INSTANCES, &query, &r);
    CU_ASSERT_EQUAL(r.of.instances.targets.num, 1);
    reply_clear(&r);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(target_instances), &all);
    host_free(h);
}

/* A target goes with the last mechanism that knows it, and keeps its place until then. */
static void several_mechanisms(void)
{
    host *h = host_new();
    reply r;
    rig_target_query query = {.target = "iqn.2026-01.org.example:1", .mechanism = "B"};
    CU_ASSERT_EQUAL(told_by(h, "A", 0, 2), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(told_by(h, "B", 1, 2), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(names(h),
                           "iqn.2026-01.org.example:0 iqn.2026-01.org.example:1 iqn.2026-01.org.example:2");
    call(h, RIG_CALL_REPORT_TARGET_INSTANCES, &query, &r);
    CU_ASSERT_EQUAL_FATAL(r.of.instances.targets.num, 1);
    CU_ASSERT_STRING_EQUAL(r.of.instances.targets.ptr[0].mechanism, "B");
    reply_clear(&r);
    set(query.mechanism, "C");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REPORT_TARGET_INSTANCES, &query),
                    RIG_CODE_DISCOVERY_MECHANISM_NOT_FOUND);
    CU_ASSERT_EQUAL(told_by(h, "A", 0, 0), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(names(h), "iqn.2026-01.org.example:1 iqn.2026-01.org.example:2");
    CU_ASSERT(svc_target_known(h->service, "iqn.2026-01.org.example:1"));
    CU_ASSERT(!svc_target_known(h->service, "iqn.2026-01.org.example:0"));
    host_free(h);
}

#define PORTION 4096

/* The limit of all instances, and one past it: what was known stays. */
static void most_instances(void)
{
    host *h = host_new();
    char mechanism[16];
    for (uint32_t i = 0; i < RIG_SERVICE_TARGETS_MAX / PORTION; i++) {
        snprintf(mechanism, sizeof mechanism, "m%u", i);
        CU_ASSERT_EQUAL(told_by(h, mechanism, i * PORTION, PORTION), RIG_CODE_SUCCESS);
    }
    const rig_static_target one_more = static_named(NAME_A);
    CU_ASSERT_EQUAL(told_by(h, "one more", 0, 1), RIG_CODE_OUT_OF_RESOURCES);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &one_more), RIG_CODE_OUT_OF_RESOURCES);
    CU_ASSERT_EQUAL(told_by(h, "m0", 0, PORTION), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(told_by(h, "m0", 0, PORTION - 1), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(told_by(h, "one more", 0, 1), RIG_CODE_SUCCESS);
    CU_ASSERT(svc_target_known(h->service, "iqn.2026-01.org.example:65535"));
    host_free(h);
}

/* ---- static targets ---- */

static void add_portal_to(rig_static_target *target, const char *address)
{
    rig_target_portal *portal = rig_list_add(rig_alloc_libc(), RIG_SHAPE(target_portal), &target->portals);
    CU_ASSERT_PTR_NOT_NULL_FATAL(portal);
    set(portal->address, address);
}

static void static_clear(rig_static_target *target)
{
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(static_target), target);
}

/* Without MERGE everything is overwritten, with it what is not given anew stays. */
static void merged(void)
{
    for (int merging = 0; merging < 2; merging++) {
        host *h = host_new();
        rig_static_target first = static_named(NAME_A), second = static_named(NAME_A);
        set(first.alias, "the disk");
        add_portal_to(&first, "192.0.2.1");
        add_portal_to(&first, "192.0.2.2");
        first.has_options = second.has_options = true;
        first.options =
            (rig_login_options){.specified = RIG_LOGIN_HAS_HEADER_DIGEST | RIG_LOGIN_HAS_TIME2WAIT,
                                .header_digest = 1,
                                .time2wait = 5};
        second.options = (rig_login_options){.specified = RIG_LOGIN_HAS_TIME2WAIT, .time2wait = 9};
        second.flags = merging ? RIG_TARGET_FLAG_MERGE : 0;
        second.persist = false;
        add_portal_to(&second, "192.0.2.2");
        add_portal_to(&second, "192.0.2.3");
        CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &first), RIG_CODE_SUCCESS);
        CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &second), RIG_CODE_SUCCESS);
        const svc_row *row = svc_find(h->service, SVC_STATICS, &first);
        const rig_static_target *kept = row->record;
        CU_ASSERT_STRING_EQUAL(kept->alias, merging ? "the disk" : "");
        CU_ASSERT_EQUAL(kept->options.header_digest, merging ? 1u : 0u);
        CU_ASSERT_EQUAL(kept->options.time2wait, 9);
        CU_ASSERT_EQUAL(kept->flags, 0);
        CU_ASSERT_EQUAL(row->kept, merging == 1);
        CU_ASSERT_STRING_EQUAL(portals(h, NAME_A, -1), merging
                                                           ? "192.0.2.1:3260 192.0.2.2:3260 192.0.2.3:3260"
                                                           : "192.0.2.2:3260 192.0.2.3:3260");
        static_clear(&first);
        static_clear(&second);
        host_free(h);
    }
}

/* Hidden: known for logins, reported once something else finds it. */
static void hidden(void)
{
    static const char text[] = "TargetName=" NAME_A;
    host *h = host_new();
    reply r;
    const rig_target_query all = {0};
    rig_static_target target = static_named(NAME_A);
    target.flags = RIG_TARGET_FLAG_HIDE;
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(names(h), "");
    CU_ASSERT(svc_target_known(h->service, NAME_A));
    call(h, RIG_CALL_REPORT_TARGET_INSTANCES, &all, &r);
    CU_ASSERT_EQUAL(r.of.instances.targets.num, 0);
    ADD(h, PORTAL, text);
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A);
    call(h, RIG_CALL_REPORT_TARGET_INSTANCES, &all, &r);
    CU_ASSERT_EQUAL_FATAL(r.of.instances.targets.num, 2);
    CU_ASSERT_STRING_EQUAL(r.of.instances.targets.ptr[0].mechanism, "Static:");
    CU_ASSERT_STRING_EQUAL(r.of.instances.targets.ptr[1].mechanism, "SendTargets:192.0.2.1 3260");
    reply_clear(&r);
    host_free(h);
}

static void static_arguments(void)
{
    host *h = host_new();
    rig_label label = {.text = NAME_B};
    rig_static_target target = static_named("no name at all");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_INVALID_ISCSI_NAME);
    target = static_named(NAME_A);
    target.flags = 1;
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_INVALID_PARAMETER);
    target = static_named(NAME_A);
    target.has_mapping = true;
    set(target.mapping.target, NAME_B);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_INVALID_TARGET_MAPPING);
    target = static_named(NAME_A);
    add_portal_to(&target, "a b");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_INVALID_PARAMETER);
    static_clear(&target);
    CU_ASSERT_EQUAL(h->changed, 0);
    target = static_named("IQN.2026-01.Org.Example:A");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h->changed, 1);
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_STATIC_TARGET, &label), RIG_CODE_TARGET_NOT_FOUND);
    set(label.text, "IQN.2026-01.Org.Example:A");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_REMOVE_STATIC_TARGET, &label), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h->changed, 2);
    CU_ASSERT_STRING_EQUAL(names(h), "");
    host_free(h);
}

static void static_portals_at_the_limit(void)
{
    host *h = host_new();
    for (uint32_t num = SVC_TARGET_PORTALS_MAX; num <= SVC_TARGET_PORTALS_MAX + 1; num++) {
        rig_static_target target = static_named(NAME_A);
        for (uint32_t i = 0; i < num; i++) {
            char address[32];
            snprintf(address, sizeof address, "192.0.%u.%u", 2 + i / 250, i % 250);
            add_portal_to(&target, address);
        }
        CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target),
                        num > SVC_TARGET_PORTALS_MAX ? RIG_CODE_OUT_OF_RESOURCES : RIG_CODE_SUCCESS);
        static_clear(&target);
    }
    rig_target_portal last;
    CU_ASSERT(svc_target_portal(h->service, NAME_A, SVC_TARGET_PORTALS_MAX - 1, &last));
    CU_ASSERT_STRING_EQUAL(last.address, "192.0.3.5");
    CU_ASSERT(!svc_target_portal(h->service, NAME_A, SVC_TARGET_PORTALS_MAX, &last));
    host_free(h);
}

/* A restart of the service: persistent ones are back, the others and all that was only found are not. */
static void after_a_restart(void)
{
    static const char text[] = "TargetName=" NAME_C;
    host *h = host_new();
    rig_static_target kept = static_named(NAME_A), lost_one = static_named(NAME_B);
    lost_one.persist = false;
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &kept), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &lost_one), RIG_CODE_SUCCESS);
    ADD(h, PORTAL, text);
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A " " NAME_B " " NAME_C);
    rig_service_free(h->service);
    h->service = NULL;
    CU_ASSERT_EQUAL_FATAL(host_open(h), RIG_OK);
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A);
    CU_ASSERT_EQUAL(h->service->tables[SVC_PORTALS].num, 1);
    host_free(h);
}

/* ---- memory ---- */

/* A target that answers whatever comes. */
static void serve_any(link *l, const void *text, size_t len)
{
    const seen *s;
    while ((s = l->gone ? NULL : bench_next(l)) != NULL) {
        uint8_t bhs[RIG_BHS_LEN];
        uint8_t keys[8192];
        uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
        if (s->kind == RIG_PDU_LOGIN_REQ) {
            bench_first_numbers(l, s);
            bench_login_bhs(l, bhs, s);
            bench_status(l, bhs, keys, bench_answers(s, NULL, keys));
        } else if (s->kind == RIG_PDU_TEXT_REQ) {
            bench_took(l->w, s);
            tell(l, itt, text, len);
        } else {
            bench_took(l->w, s);
            bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, itt);
            bench_status(l, bhs, NULL, 0);
        }
    }
}

/* Every failing allocation: one answer in the end, all of the targets or none, and nothing left. */
static void without_memory(void)
{
    static const char text[] = "TargetName=" NAME_A "\0TargetAddress=192.0.2.1:3260,1\0TargetName=" NAME_B;
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    uint64_t fail = 0;
    while (code != RIG_CODE_SUCCESS && fail++ < 400) {
        host *h = host_new();
        reply r;
        const rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
        h->w->meter.fail_at = h->w->meter.num_calls + fail;
        call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
        if (h->w->num_links && !h->w->links[0]->gone)
            serve_any(bench_accept(h->w), text, sizeof text);
        bench_tick_to(h->w, h->w->now + 60 * RIG_SECOND);
        CU_ASSERT_EQUAL(r.num, 1);
        code = r.code;
        h->w->meter.fail_at = 0;
        bool all = strcmp(names(h), NAME_A " " NAME_B) == 0;
        CU_ASSERT(all || (code != RIG_CODE_SUCCESS && strcmp(names(h), "") == 0));
        host_free(h);
    }
    CU_ASSERT_EQUAL(code, RIG_CODE_SUCCESS);
    CU_ASSERT(fail > 20); /* it did fail on the way */
}

static void static_without_memory(void)
{
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    for (uint64_t fail = 1; code != RIG_CODE_SUCCESS && fail < 200; fail++) {
        host *h = host_new();
        rig_static_target target = static_named(NAME_A), more = static_named(NAME_A);
        more.flags = RIG_TARGET_FLAG_MERGE;
        add_portal_to(&target, "192.0.2.1");
        add_portal_to(&more, "192.0.2.2");
        CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_SUCCESS);
        h->w->meter.fail_at = h->w->meter.num_calls + fail;
        code = ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &more);
        h->w->meter.fail_at = 0;
        CU_ASSERT_STRING_EQUAL(portals(h, NAME_A, -1),
                               code == RIG_CODE_SUCCESS ? "192.0.2.1:3260 192.0.2.2:3260" : "192.0.2.1:3260");
        static_clear(&target);
        static_clear(&more);
        host_free(h);
    }
    CU_ASSERT_EQUAL(code, RIG_CODE_SUCCESS);
}

/* Reports without memory: all of it or that code, and what is known stays. */
static void reports_without_memory(void)
{
    static const char text[] = "TargetName=" NAME_B "\0TargetAddress=192.0.2.1:3260,1";
    static const rig_call_id reports[] = {RIG_CALL_REPORT_TARGETS, RIG_CALL_REPORT_TARGET_PORTALS,
                                          RIG_CALL_REPORT_TARGET_INSTANCES,
                                          RIG_CALL_REPORT_SEND_TARGETS_PORTALS};
    static const rig_target_portals_query query = {.target = NAME_B};
    static const rig_refresh refresh;
    static const rig_target_query all;
    static const rig_nothing nothing;
    const void *const requests[] = {&refresh, &query, &all, &nothing};
    host *h = host_new();
    rig_static_target target = static_named(NAME_A);
    add_portal_to(&target, "192.0.2.9");
    CU_ASSERT_EQUAL(ask_for(h, RIG_CALL_ADD_STATIC_TARGET, &target), RIG_CODE_SUCCESS);
    ADD(h, PORTAL, text);
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        uint32_t failed_calls = 0;
        rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
        while (code == RIG_CODE_WIN32_NOT_ENOUGH_MEMORY && failed_calls < 100) {
            h->w->meter.fail_at = h->w->meter.num_calls + ++failed_calls;
            code = ask_for(h, reports[i], requests[i]);
        }
        h->w->meter.fail_at = 0;
        CU_ASSERT_EQUAL(code, RIG_CODE_SUCCESS);
        CU_ASSERT(failed_calls > 3); /* call, request, reply at least did fail */
    }
    CU_ASSERT_STRING_EQUAL(names(h), NAME_A " " NAME_B);
    static_clear(&target);
    host_free(h);
}

/* What is left of a session whose login failed, or which was logged out, goes when the target has closed,
 * too, or is cut off when it does not. */
static void released(void)
{
    static const char text[] = "TargetName=" NAME_A;
    for (int held = 0; held < 2; held++) {
        const rig_send_targets_portal portal = portal_at(PORTAL, RIG_PORT);
        const rig_portal_ref ref = ref_at(PORTAL, RIG_PORT);
        host *h = host_new();
        reply r;
        call(h, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, &r);
        SERVE(h, text);
        uint64_t live = h->w->meter.num_live;
        h->w->hold_fin = held;
        call(h, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref, &r);
        SERVE(h, text);
        CU_ASSERT(r.num == 1 && r.code == RIG_CODE_SUCCESS);
        CU_ASSERT_EQUAL(h->w->meter.num_live > live, held == 1);
        bench_tick_to(h->w, h->w->now + 10 * RIG_SECOND);
        CU_ASSERT_EQUAL(h->w->meter.num_live, live);
        CU_ASSERT_EQUAL(h->w->links[1]->reset, held == 1);
        host_free(h);
    }
}

RIG_SUITE("discovery", {"a portal is asked when it is added", added},
          {"a refused login leaves what was known", failed}, {"an answer that is none", broken_answer},
          {"the connection is lost", lost}, {"silence", silent},
          {"an answer replaces the one before", replaced}, {"one question for several", shared},
          {"removed meanwhile", removed_meanwhile}, {"the service ends meanwhile", ended_meanwhile},
          {"all portals, so many at a time", swept}, {"as many as may be", queued},
          {"none can begin", swept_in_vain}, {"arguments that cannot be", refused},
          {"flags that say nothing", idle_flags}, {"one portal in several spellings", the_same_portal},
          {"what is not there", unknown_ones}, {"long names", long_names},
          {"an answer in groups", answer_in_groups}, {"odd names", answer_with_odd_names},
          {"many portals", answer_with_many_portals}, {"a name told twice", told_twice},
          {"several mechanisms", several_mechanisms}, {"the most instances", most_instances},
          {"static: MERGE", merged}, {"static: HIDE", hidden}, {"static: arguments", static_arguments},
          {"static: portals at the limit", static_portals_at_the_limit}, {"restart", after_a_restart},
          {"without memory", without_memory}, {"static without memory", static_without_memory},
          {"reports without memory", reports_without_memory}, {"a session is released", released})
