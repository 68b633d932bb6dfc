/* Discovery sessions: one portal is asked, or all of them. */
#include "answer.h"

static const char send_targets[] = "SendTargets=All"; /* with its NUL (RFC 7143 section 6.1) */

/* Who waits for the end of a discovery. */
typedef struct waiter {
    struct waiter *next;
    svc_discovered *done;
    void *ctx;
} waiter;

typedef struct discovery {
    struct discovery *next;
    rig_service *service;
    uint64_t row;                   /* of the portal */
    rig_send_targets_portal portal; /* as it was when this was asked for */
    waiter *first, **end;
    bool running, over;
    rig_session *session;
    rig_task task;
    struct iovec text;
    rig_code code;    /* what came of the question */
    uint64_t secured; /* flags of the IPsec it is asked inside of, 0 = in the clear */
    rig_error error;
} discovery;

/* A sweep over all portals and servers. */
typedef struct sweep {
    rig_service *service;
    svc_discovered *done;
    void *ctx;
    uint64_t next_portal, next_server; /* rows from here on were not asked yet */
    uint32_t num_open, num_failed;
    bool walking;
    rig_error error; /* of the first that failed */
} sweep;

typedef struct discoveries {
    discovery *first; /* in the order they were asked for */
    uint32_t num_running;
    bool starting;
} discoveries;

static void start_more(rig_service *service, uint64_t now);

/* ---- the end of one ---- */

static void tell_waiters(waiter *first, rig_service *service, rig_code code, const rig_error *error,
                         uint64_t now)
{
    for (waiter *at = first, *next; at; at = next) {
        next = at->next;
        at->done(at->ctx, code, error->status ? error : NULL, now);
        rig_delete(service->config.alloc, at, sizeof *at);
    }
}

static void discovery_unlink(discovery *d)
{
    discoveries *all = d->service->discoveries;
    discovery **link = &all->first;
    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
    all->num_running -= d->running;
}

/* Marked first: freeing the session ends its task, and that comes here again. */
static void discovery_end(discovery *d, rig_code code, bool in_order, uint64_t now)
{
    rig_service *service = d->service;
    const rig_error error = d->error;
    waiter *first = d->first;
    if (d->over)
        return;
    d->over = true;
    discovery_unlink(d);
    if (in_order)
        rig_session_release(d->session);
    else
        rig_session_free(d->session);
    rig_secret_wipe(&d->portal, sizeof d->portal);
    rig_delete(service->config.alloc, d, sizeof *d);
    tell_waiters(first, service, code, &error, now);
    start_more(service, now);
}

/* ---- login, question, logout ---- */

static rig_code text_code(rig_status why)
{
    static const struct {
        rig_status why;
        rig_code code;
    } rows[] = {
        {RIG_E_NOMEM, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY},
        {RIG_E_REFUSED, RIG_CODE_TARGET_ERROR},
        {RIG_E_PROTOCOL, RIG_CODE_INVALID_SENDTARGETS_TEXT},
        {RIG_E_SYNTAX, RIG_CODE_INVALID_SENDTARGETS_TEXT},
        {RIG_E_LIMIT, RIG_CODE_OUT_OF_RESOURCES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].why == why)
            return rows[i].code;
    return RIG_CODE_TRANSPORT_ERROR;
}

/* Where the question was asked in the end, behind redirections, and in which group. */
static rig_portal asked_portal(const discovery *d)
{
    rig_session_facts session;
    rig_connection_facts connection;
    rig_portal portal = {0};
    rig_session_describe(d->session, &session);
    if (rig_session_connection(d->session, 0, &connection) == RIG_OK)
        portal = connection.portal;
    portal.group = session.has_portal_group ? session.portal_group : -1;
    return portal;
}

/* A target that discovery inside IPsec tells of should be reached inside IPsec, too (RFC 7143 section 9.3.3).
 */
static bool secure_portals(const discovery *d, rig_target_instance *instance, const rig_portal_group *group)
{
    const rig_alloc *alloc = d->service->config.alloc;
    for (uint32_t i = 0; i < group->portals.num; i++) {
        rig_portal_security *said = rig_list_add(alloc, RIG_SHAPE(portal_security), &instance->security);
        if (!said)
            return false;
        *said = (rig_portal_security){.portal = group->portals.ptr[i], .security_flags = d->secured};
    }
    return true;
}

static rig_status secure_all(const discovery *d, rig_target_instance_list *told)
{
    bool whole = true;
    for (uint32_t i = 0; whole && d->secured && i < told->num; i++)
        for (uint32_t g = 0; whole && g < told->ptr[i].groups.num; g++)
            whole = secure_portals(d, &told->ptr[i], &told->ptr[i].groups.ptr[g]);
    return whole ? RIG_OK : RIG_E_NOMEM;
}

static rig_code take_answer(discovery *d, rig_view text, uint64_t now)
{
    const rig_alloc *alloc = d->service->config.alloc;
    rig_target_instance like = {0};
    rig_target_instances told = {0};
    const rig_portal asked = asked_portal(d);
    rig_error error = {0};
    svc_mechanism(&d->portal, like.mechanism, sizeof like.mechanism);
    memcpy(like.initiator, d->portal.initiator, sizeof like.initiator);
    rig_status status = svc_answer_read(alloc, text, &like, &asked, &told.targets, &error);
    if (!status)
        status = secure_all(d, &told.targets);
    else
        d->error = error;
    rig_code code =
        status ? text_code(status) : svc_instances_replace(d->service, like.mechanism, &told.targets, now);
    rig_record_clear(alloc, RIG_SHAPE(target_instances), &told);
    return code;
}

static void ask(discovery *d, rig_task_kind kind, uint64_t now);

/* The targets count as soon as they are told; the logout that follows changes nothing about them. */
static void task_done(rig_task *task, uint64_t now)
{
    discovery *d = task->user;
    if (d->over)
        return;
    if (task->kind == RIG_TASK_LOGOUT) {
        discovery_end(d, d->code, task->status == RIG_OK && task->response == 0, now);
        return;
    }
    if (task->status) {
        rig_fail(&d->error, task->status, "SendTargets: %s", rig_status_meaning(task->status));
        d->code = text_code(task->status);
    } else {
        d->code = take_answer(d, task->text, now);
    }
    ask(d, RIG_TASK_LOGOUT, now);
}

/* A session that takes no request has fallen, and has told so or will. */
static void ask(discovery *d, rig_task_kind kind, uint64_t now)
{
    d->task = (rig_task){.kind = kind, .done = task_done, .user = d};
    if (kind == RIG_TASK_TEXT) {
        d->text = (struct iovec){(void *)(uintptr_t)send_targets, sizeof send_targets};
        d->task.out = &d->text;
        d->task.num_out = 1;
    }
    rig_status status = rig_session_submit(d->session, &d->task, now);
    if (!status)
        return;
    if (d->code == RIG_CODE_SUCCESS && kind == RIG_TASK_TEXT)
        d->code = text_code(status);
    discovery_end(d, d->code, false, now);
}

static discovery *discovery_of(const rig_service *service, const rig_session *session)
{
    const discoveries *all = service->discoveries;
    discovery *d = all ? all->first : NULL;
    while (d && (!session || d->session != session))
        d = d->next;
    return d;
}

bool svc_discovery_event(rig_service *service, const rig_event *event)
{
    discovery *d = discovery_of(service, event->session);
    if (!d)
        return false;
    if (event->kind == RIG_EVENT_SESSION_UP) {
        ask(d, RIG_TASK_TEXT, event->now);
    } else if (event->kind == RIG_EVENT_LOGIN_FAILED && !event->again) {
        if (event->error)
            d->error = *event->error;
        discovery_end(d, svc_login_code(event->status, event->login_status), true, event->now);
    } else if (event->kind == RIG_EVENT_SESSION_DOWN) {
        discovery_end(d, d->code, true, event->now);
    }
    return true;
}

/* ---- the beginning of one ---- */

static bool admit(void *ctx, const rig_session *engine, const rig_portal *portal, uint64_t now)
{
    const discovery *d = ctx;
    (void)engine;
    return svc_admits(d->service, d->portal.initiator, d->portal.port, portal, d->portal.security_flags,
                      &d->portal.options, NULL, now);
}

static uint64_t flags_of(const rig_security_decision *decision)
{
    if (decision->outcome != RIG_SECURITY_USE_IPSEC)
        return 0;
    return RIG_SECURITY_VALID | RIG_SECURITY_IKE_IPSEC | (decision->pfs ? RIG_SECURITY_PFS : 0) |
           (decision->aggressive ? RIG_SECURITY_AGGRESSIVE_MODE : RIG_SECURITY_MAIN_MODE) |
           (decision->tunnel ? RIG_SECURITY_TUNNEL_MODE : RIG_SECURITY_TRANSPORT_MODE);
}

/* Security is decided before anything of the session is there. */
static rig_code configure(discovery *d, rig_session_config *config, rig_route *route, uint64_t now)
{
    rig_service *service = d->service;
    const rig_send_targets_portal *portal = &d->portal;
    rig_security_decision decision = {0};
    *config = service->config.session;
    config->discovery = true;
    config->target = (rig_view){0};
    config->reconnect = config->retry_login = false;
    rig_code code = svc_portal_read(&portal->portal, &config->portal, &d->error);
    if (code == RIG_CODE_SUCCESS)
        code = rig_hba_route(service->config.hba, portal->initiator, portal->port, &config->portal, route);
    if (code == RIG_CODE_SUCCESS)
        code = svc_secure(service, route, &config->portal, portal->security_flags, RIG_SECURITY_CALLER,
                          portal->options.flags, NULL, &decision, &d->error, now);
    if (code == RIG_CODE_SUCCESS)
        code = svc_session_options(service, &portal->options, decision.outcome == RIG_SECURITY_USE_IPSEC,
                                   config, &d->error);
    d->secured = flags_of(&decision);
    config->local = route->local;
    config->admit = admit;
    config->admit_ctx = d;
    return code;
}

static rig_code begin(discovery *d, uint64_t now)
{
    rig_session_config config;
    rig_route route = {0};
    rig_code code = configure(d, &config, &route, now);
    if (code != RIG_CODE_SUCCESS)
        return code;
    rig_status status = rig_session_new(route.adapter->initiator, &config, &d->session, &d->error);
    if (status)
        return status == RIG_E_NOMEM ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY : RIG_CODE_INVALID_PARAMETER;
    status = rig_session_login(d->session, now);
    return status ? svc_login_code(status, 0) : RIG_CODE_SUCCESS;
}

/* Two questions to one portal, with other options each, go one after the other. */
static bool may_start(const discoveries *all, const discovery *d)
{
    for (const discovery *other = all->first; other != d; other = other->next)
        if (other->row == d->row)
            return false;
    return !d->running;
}

static discovery *next_to_start(const discoveries *all)
{
    discovery *d = all->num_running < SVC_DISCOVERIES_MAX ? all->first : NULL;
    while (d && !may_start(all, d))
        d = d->next;
    return d;
}

/* What cannot even begin ends here; its end must not begin the next one a second time. */
static void start_more(rig_service *service, uint64_t now)
{
    discoveries *all = service->discoveries;
    discovery *d;
    if (all->starting || service->closing)
        return;
    all->starting = true;
    while ((d = next_to_start(all)) != NULL) {
        d->running = true;
        all->num_running++;
        rig_code code = begin(d, now);
        if (code != RIG_CODE_SUCCESS)
            discovery_end(d, code, false, now);
    }
    all->starting = false;
}

static discoveries *discoveries_of(rig_service *service)
{
    if (!service->discoveries)
        service->discoveries = rig_new(service->config.alloc, sizeof(discoveries));
    return service->discoveries;
}

static discovery *discovery_new(rig_service *service, discoveries *all, const svc_row *portal)
{
    discovery *d = rig_new(service->config.alloc, sizeof *d);
    if (!d)
        return NULL;
    discovery **end = &all->first;
    while (*end)
        end = &(*end)->next;
    *end = d;
    d->service = service;
    d->row = portal->id;
    d->portal = *(const rig_send_targets_portal *)portal->record;
    d->end = &d->first;
    return d;
}

/* The same question, not answered yet. */
static discovery *discovery_like(const discoveries *all, const svc_row *portal)
{
    discovery *d = all->first;
    while (d && (d->row != portal->id ||
                 !rig_record_equal(RIG_SHAPE(send_targets_portal), &d->portal, portal->record)))
        d = d->next;
    return d;
}

void svc_discover(rig_service *service, svc_row *portal, uint64_t now, svc_discovered *done, void *ctx)
{
    discoveries *all = service->closing ? NULL : discoveries_of(service);
    waiter *added = all ? rig_new(service->config.alloc, sizeof *added) : NULL;
    discovery *d = added ? discovery_like(all, portal) : NULL;
    if (added && !d)
        d = discovery_new(service, all, portal);
    if (!d) {
        rig_delete(service->config.alloc, added, added ? sizeof *added : 0);
        done(ctx, service->closing ? RIG_CODE_SERVICE_NOT_RUNNING : RIG_CODE_WIN32_NOT_ENOUGH_MEMORY, NULL,
             now);
        return;
    }
    *added = (waiter){NULL, done, ctx};
    *d->end = added;
    d->end = &added->next;
    start_more(service, now);
}

/* ---- all of them ---- */

/* The first row whose id is not below that one; rows stand by id. */
static svc_row *row_from(const svc_table *table, uint64_t id)
{
    uint32_t low = 0, high = table->num;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->rows[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->num ? table->rows[low] : NULL;
}

static void sweep_told(void *ctx, rig_code code, const rig_error *why, uint64_t now);

/* Asks the next one. False: there is none, or nobody is asked any more. */
static bool sweep_step(sweep *s, uint64_t now)
{
    svc_row *portal = row_from(&s->service->tables[SVC_PORTALS], s->next_portal);
    svc_row *server = portal ? NULL : row_from(&s->service->tables[SVC_ISNS], s->next_server);
    if ((!portal && !server) || s->service->closing)
        return false;
    *(portal ? &s->next_portal : &s->next_server) = (portal ? portal : server)->id + 1;
    s->num_open++;
    if (portal)
        svc_discover(s->service, portal, now, sweep_told, s);
    else
        svc_isns_query(s->service, server, now, sweep_told, s);
    return true;
}

static void sweep_on(sweep *s, uint64_t now)
{
    if (s->walking)
        return;
    s->walking = true;
    while (s->num_open < SVC_DISCOVERIES_MAX && sweep_step(s, now))
        continue;
    s->walking = false;
    if (s->num_open)
        return;
    s->done(s->ctx, s->num_failed ? RIG_CODE_OPERATION_NOT_ALL_SUCCESS : RIG_CODE_SUCCESS,
            s->error.status ? &s->error : NULL, now);
    rig_delete(s->service->config.alloc, s, sizeof *s);
}

static void sweep_told(void *ctx, rig_code code, const rig_error *why, uint64_t now)
{
    sweep *s = ctx;
    s->num_open--;
    bool failed = code != RIG_CODE_SUCCESS && code != RIG_CODE_PORTAL_NOT_FOUND; /* removed meanwhile */
    if (failed && s->num_failed++ == 0 && why)
        s->error = *why;
    sweep_on(s, now);
}

void svc_discover_all(rig_service *service, uint64_t now, svc_discovered *done, void *ctx)
{
    sweep *s = rig_new(service->config.alloc, sizeof *s);
    if (!s) {
        done(ctx, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY, NULL, now);
        return;
    }
    s->service = service;
    s->done = done;
    s->ctx = ctx;
    sweep_on(s, now);
}

/* ---- ended from outside ---- */

void svc_discovery_drop(rig_service *service, uint64_t row, uint64_t now)
{
    const discoveries *all = service->discoveries;
    for (discovery *d = all ? all->first : NULL; d;) {
        if (d->row != row) {
            d = d->next;
            continue;
        }
        rig_fail(&d->error, RIG_E_ABORTED, "the portal was removed meanwhile");
        discovery_end(d, RIG_CODE_PORTAL_NOT_FOUND, false, now);
        d = all->first; /* whoever was told may have done anything */
    }
}

void svc_discovery_free(rig_service *service)
{
    discoveries *all = service->discoveries;
    while (all && all->first) {
        rig_fail(&all->first->error, RIG_E_ABORTED, "the service ends");
        discovery_end(all->first, RIG_CODE_SERVICE_NOT_RUNNING, false, 0);
    }
    service->discoveries = NULL;
    rig_delete(service->config.alloc, all, all ? sizeof *all : 0);
}
