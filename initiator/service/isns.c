/* iSNS servers: kept, forgotten, asked, listed; asked again when they tell of a change, and in time so that
 * they do not forget us. */
#include "isns.h"

#define CHANGE_PAUSE RIG_SECOND /* between a notification and the question: changes come in crowds … */
#define PAUSE_MOST (64 * CHANGE_PAUSE)
#define CALM (2 * PAUSE_MOST) /* … and twice as long each time, until there was none for so long */
#define PERIOD_LEAST 30       /* seconds: a server cannot make us ask more often than that */

typedef struct waiter {
    struct waiter *next;
    svc_discovered *done;
    void *ctx;
} waiter;

/* A server that was asked, and may tell of changes; or one that is being left. */
typedef struct server {
    struct server *next;
    rig_service *service;
    rig_isns_client *client;
    char text[sizeof((rig_label *)NULL)->text];
    waiter *first, **end; /* who waits for the answer under way */
    bool asking, again;   /* again: something changed meanwhile */
    bool leaving;
    uint64_t pause, told_at; /* before the next question about a change; when the last change was told */
    uint32_t period;         /* seconds that we may be silent, as it told last; 0 = it did not */
    rig_timer timer;
} server;

typedef struct servers {
    server *first;
} servers;

static servers *servers_of(rig_service *service)
{
    if (!service->isns)
        service->isns = rig_new(service->config.alloc, sizeof(servers));
    return service->isns;
}

/* ---- how a server is written ---- */

static bool is_bare_ipv6(const char *text)
{
    const char *colon = strchr(text, ':');
    return text[0] != '[' && colon && strchr(colon + 1, ':');
}

static bool read_text(const char *text, bool with_port, rig_portal *out)
{
    char whole[RIG_PORTAL_TEXT];
    rig_text to;
    const char *format = is_bare_ipv6(text) ? "[%s]" : "%s";
    rig_text_init(&to, whole, sizeof whole);
    rig_text_add(&to, format, text);
    if (!with_port)
        rig_text_add(&to, ":%u", RIG_ISNS_PORT);
    return !to.cut && rig_portal_parse(rig_view_of(whole, to.len), out, NULL) == RIG_OK && out->group < 0 &&
           out->port;
}

/* A port is not Microsoft's, but a server need not be at the usual one. */
static rig_code server_read(const char *text, rig_portal *out, rig_error *err)
{
    if (text[0] && (read_text(text, false, out) || (!is_bare_ipv6(text) && read_text(text, true, out))))
        return RIG_CODE_SUCCESS;
    rig_fail(err, RIG_E_ARGUMENT, "\"%s\" is no address and no DNS name of a server", text);
    return RIG_CODE_WIN32_INVALID_PARAMETER;
}

/* The one spelling of a server: addresses as RFC 5952 prints them, the port where it is another one. */
static rig_code server_tidy(rig_label *label, rig_error *err)
{
    char whole[RIG_PORTAL_TEXT];
    rig_portal portal;
    rig_ip ip;
    rig_text text, host;
    rig_code code = server_read(label->text, &portal, err);
    if (code != RIG_CODE_SUCCESS)
        return code;
    rig_text_init(&host, whole, sizeof whole);
    if (rig_ip_parse(rig_view_str(portal.host), &ip)) {
        rig_ip_print(&host, &ip);
        memcpy(portal.host, whole, host.len + 1);
    }
    rig_text_init(&text, whole, sizeof whole);
    rig_portal_print(&text, &portal);
    if (portal.port == RIG_ISNS_PORT) {
        rig_text_init(&text, whole, sizeof whole);
        rig_text_add(&text, "%s", portal.host);
    }
    if (text.cut || text.len > SVC_ISNS_TEXT_MAX) {
        rig_fail(err, RIG_E_LIMIT, "the name of a server has at most %d bytes", SVC_ISNS_TEXT_MAX);
        return RIG_CODE_WIN32_INVALID_PARAMETER;
    }
    rig_text_init(&host, label->text, sizeof label->text);
    rig_text_add(&host, "%s", whole);
    return RIG_CODE_SUCCESS;
}

/* ---- the end of a question ---- */

static rig_code answer_code(rig_status why)
{
    static const struct {
        rig_status why;
        rig_code code;
    } rows[] = {
        {RIG_E_NOMEM, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY},
        {RIG_E_UNSUPPORTED, RIG_CODE_INCOMPATIBLE_ISNS_VERSION},
        {RIG_E_LIMIT, RIG_CODE_OUT_OF_RESOURCES},
        {RIG_E_ABORTED, RIG_CODE_SERVICE_NOT_RUNNING},
        {RIG_E_FORMAT, RIG_CODE_NON_SPECIFIC_ERROR},
        {RIG_E_TRUNCATED, RIG_CODE_NON_SPECIFIC_ERROR},
        {RIG_E_SEQUENCE, RIG_CODE_NON_SPECIFIC_ERROR},
        {RIG_E_PROTOCOL, RIG_CODE_NON_SPECIFIC_ERROR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].why == why)
            return rows[i].code;
    return RIG_CODE_ISNS_SERVER_NOT_FOUND;
}

static void tell_waiters(const rig_alloc *alloc, waiter *first, rig_code code, const rig_error *why,
                         uint64_t now)
{
    for (waiter *at = first, *next; at; at = next) {
        next = at->next;
        at->done(at->ctx, code, why && why->status ? why : NULL, now);
        rig_delete(alloc, at, sizeof *at);
    }
}

static waiter *take_waiters(server *s)
{
    waiter *first = s->first;
    s->first = NULL;
    s->end = &s->first;
    s->asking = false;
    return first;
}

static void server_free(server *s)
{
    servers *all = s->service->isns;
    server **place = &all->first;
    while (*place != s)
        place = &(*place)->next;
    *place = s->next;
    rig_timerq_disarm(&s->service->timers, &s->timer);
    rig_isns_client_free(s->client);
    rig_delete(s->service->config.alloc, s, sizeof *s);
}

/* ---- what it told ---- */

static rig_code take_answer(server *s, const rig_isns_answer *answer, rig_error *err, uint64_t now)
{
    rig_service *service = s->service;
    const rig_alloc *alloc = service->config.alloc;
    char mechanism[sizeof((rig_target_instance *)NULL)->mechanism];
    rig_target_instances told = {0};
    rig_text text;
    rig_text_init(&text, mechanism, sizeof mechanism);
    rig_text_add(&text, "iSNS:%s", s->text);
    rig_status status = svc_isns_read(alloc, answer->objects, mechanism, &told.targets, err);
    rig_code code =
        status ? answer_code(status) : svc_instances_replace(service, mechanism, &told.targets, now);
    rig_record_clear(alloc, RIG_SHAPE(target_instances), &told);
    return code;
}

static void arm(server *s, uint64_t at)
{
    if (!s->timer.armed || at < s->timer.at)
        rig_timerq_arm(&s->service->timers, &s->timer, at);
}

/* A question is a sign of life that some servers tell other clients of as a change, whose questions they then
 * tell us of: without longer and longer pauses two clients would keep each other asking. */
static void arm_change(server *s, uint64_t now)
{
    if (!s->pause || now - s->told_at > CALM)
        s->pause = CHANGE_PAUSE;
    bool pending = s->timer.armed && s->timer.at <= now + s->pause;
    s->told_at = now;
    arm(s, now + s->pause);
    if (!pending)
        s->pause = s->pause < PAUSE_MOST ? 2 * s->pause : PAUSE_MOST;
}

/* Half of the time we may be silent: one question that fails does no harm. */
static void plan_next(server *s, uint64_t now)
{
    uint64_t pause = s->period / 2 > PERIOD_LEAST ? s->period / 2 : PERIOD_LEAST;
    if (s->period)
        arm(s, now + pause * RIG_SECOND);
    if (s->again)
        arm_change(s, now);
    s->again = false;
}

static void answered(void *ctx, const rig_isns_answer *answer, uint64_t now)
{
    server *s = ctx;
    const rig_alloc *alloc = s->service->config.alloc;
    rig_error error = {0};
    waiter *waiting = take_waiters(s);
    rig_code code = RIG_CODE_SUCCESS;
    if (answer->status) {
        error = answer->error ? *answer->error : (rig_error){.status = answer->status};
        code = answer->status == RIG_E_REFUSED && answer->code ? RIG_CODE_NON_SPECIFIC_ERROR
                                                               : answer_code(answer->status);
    } else {
        s->period = answer->period;
        code = take_answer(s, answer, &error, now);
    }
    if (!s->leaving)
        plan_next(s, now);
    tell_waiters(alloc, waiting, code, &error, now);
}

static void changed(void *ctx, uint64_t now)
{
    server *s = ctx;
    if (s->asking)
        s->again = true;
    else if (!s->leaving)
        arm_change(s, now);
}

static void left(void *ctx, uint64_t now)
{
    (void)now;
    server_free(ctx);
}

/* ---- the question ---- */

static server *server_find(const servers *all, const char *text, bool leaving)
{
    server *s = all->first;
    while (s && (s->leaving != leaving || strcmp(s->text, text) != 0))
        s = s->next;
    return s;
}

static rig_isns_client *client_of(rig_service *service, server *s, const rig_portal *at)
{
    const rig_isns_client_config config = {.alloc = service->config.alloc,
                                           .transport = service->config.transport,
                                           .timers = &service->timers,
                                           .timer_kind = SVC_TIMER_ISNS,
                                           .server = *at,
                                           .answered = answered,
                                           .changed = changed,
                                           .left = left,
                                           .ctx = s};
    return rig_isns_client_new(&config);
}

/* The registration that goes must not come behind the one that is made now. */
static server *server_of(rig_service *service, servers *all, const rig_label *label)
{
    rig_portal at;
    rig_text text;
    server *s = server_find(all, label->text, true);
    if (s)
        server_free(s);
    s = server_find(all, label->text, false);
    if (s || server_read(label->text, &at, NULL) != RIG_CODE_SUCCESS)
        return s;
    s = rig_new(service->config.alloc, sizeof *s);
    if (!s)
        return NULL;
    s->next = all->first;
    all->first = s;
    s->service = service;
    s->end = &s->first;
    s->timer.kind = SVC_TIMER_ISNS;
    rig_text_init(&text, s->text, sizeof s->text);
    rig_text_add(&text, "%s", label->text);
    s->client = client_of(service, s, &at);
    if (s->client)
        return s;
    server_free(s);
    return NULL;
}

static rig_status ask(server *s, uint64_t now)
{
    rig_timerq_disarm(&s->service->timers, &s->timer);
    rig_status status = rig_isns_ask(s->client, rig_view_str(s->service->node_name), now);
    s->asking = status == RIG_OK;
    if (!s->asking)
        plan_next(s, now);
    return status;
}

/* Who asks while the same question is under way gets its answer. */
static rig_code begin(rig_service *service, const rig_label *label, waiter *added, uint64_t now)
{
    servers *all = servers_of(service);
    server *s = all ? server_of(service, all, label) : NULL;
    if (!s)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    rig_status status = s->asking ? RIG_OK : ask(s, now);
    if (status)
        return answer_code(status);
    *s->end = added;
    s->end = &added->next;
    return SVC_PENDING;
}

void svc_isns_query(rig_service *service, svc_row *row, uint64_t now, svc_discovered *done, void *ctx)
{
    waiter *added = NULL;
    rig_code code = RIG_CODE_SUCCESS;
    if (service->closing)
        code = RIG_CODE_SERVICE_NOT_RUNNING;
    else if (!service->config.transport)
        code = RIG_CODE_REQUEST_NOT_SUPPORTED;
    else if (!(added = rig_new(service->config.alloc, sizeof *added)))
        code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    if (added) {
        *added = (waiter){NULL, done, ctx};
        code = begin(service, row->record, added, now);
    }
    if (code == SVC_PENDING)
        return;
    rig_delete(service->config.alloc, added, added ? sizeof *added : 0);
    done(ctx, code, NULL, now);
}

/* ---- the calls ---- */

static void server_told(void *ctx, rig_code code, const rig_error *why, uint64_t now)
{
    svc_call *call = ctx;
    if (why)
        call->error = *why;
    svc_answer(call, code, now);
}

/* It is kept whether it answers or not, as a portal is. */
rig_code svc_add_isns(rig_service *service, svc_call *call)
{
    rig_label *label = call->request;
    rig_code code = server_tidy(label, &call->error);
    if (code == RIG_CODE_SUCCESS)
        code = svc_put(service, SVC_ISNS, label, true);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_isns_query(service, svc_find(service, SVC_ISNS, label), call->now, server_told, call);
    return SVC_PENDING;
}

static rig_code find_server(rig_service *service, svc_call *call, svc_row **out_row)
{
    rig_code code = server_tidy(call->request, &call->error);
    if (code != RIG_CODE_SUCCESS)
        return code;
    *out_row = svc_find(service, SVC_ISNS, call->request);
    return *out_row ? RIG_CODE_SUCCESS : RIG_CODE_ISNS_SERVER_NOT_FOUND;
}

/* Whoever waits for it is told last: they may add it once more. */
static void leave(server *s, uint64_t now)
{
    const rig_alloc *alloc = s->service->config.alloc;
    waiter *waiting = take_waiters(s);
    s->leaving = true;
    rig_timerq_disarm(&s->service->timers, &s->timer);
    rig_isns_leave(s->client, now);
    tell_waiters(alloc, waiting, RIG_CODE_ISNS_SERVER_NOT_FOUND, NULL, now);
}

/* What it has told stays known, as the page of RemoveISNSServer says. */
rig_code svc_remove_isns(rig_service *service, svc_call *call)
{
    const rig_label *label = call->request;
    svc_row *row = NULL;
    rig_code code = find_server(service, call, &row);
    if (code == RIG_CODE_SUCCESS)
        code = svc_drop(service, SVC_ISNS, row);
    if (code != RIG_CODE_SUCCESS)
        return code;
    const servers *all = service->isns;
    server *s = all ? server_find(all, label->text, false) : NULL;
    if (s)
        leave(s, call->now);
    return RIG_CODE_SUCCESS;
}

rig_code svc_refresh_isns(rig_service *service, svc_call *call)
{
    svc_row *row = NULL;
    rig_code code = find_server(service, call, &row);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_isns_query(service, row, call->now, server_told, call);
    return SVC_PENDING;
}

rig_code svc_report_isns(rig_service *service, svc_call *call)
{
    return svc_report_labels(service, SVC_ISNS, call->reply);
}

/* ---- time, and the end ---- */

void svc_isns_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    const servers *all = service->isns;
    for (server *s = all->first; s; s = s->next) {
        if (timer == &s->timer) {
            ask(s, now);
            return;
        }
        if (rig_isns_client_tick(s->client, timer, now))
            return; /* it may be gone */
    }
}

void svc_isns_free(rig_service *service)
{
    const rig_alloc *alloc = service->config.alloc;
    servers *all = service->isns;
    while (all && all->first) {
        const rig_error ended = {.status = RIG_E_ABORTED, .text = "the service ends"};
        waiter *waiting = take_waiters(all->first);
        server_free(all->first);
        tell_waiters(alloc, waiting, RIG_CODE_SERVICE_NOT_RUNNING, &ended, 0);
    }
    service->isns = NULL;
    rig_delete(alloc, all, all ? sizeof *all : 0);
}
