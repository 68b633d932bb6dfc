/* Connections of a session: their names, and the calls that add and remove one (API: AddIScsiConnection,
 * RemoveIScsiConnection). */
#include "internal.h"

/* A connection that is being added: the first one from that CID on, for a redirection begins another. */
struct svc_join {
    svc_call *call;
    uint16_t first;
};

/* ---- names ---- */

static svc_connection *find_cid(const svc_session *session, uint16_t cid)
{
    for (uint32_t i = 0; i < RIG_SESSION_CONNECTIONS_MAX; i++)
        if (session->connections[i].used && session->connections[i].cid == cid)
            return (svc_connection *)(uintptr_t)&session->connections[i];
    return NULL;
}

static bool is_open(const svc_session *session, uint16_t cid, rig_connection_facts *out_facts)
{
    for (uint32_t i = 0; rig_session_connection(session->engine, i, out_facts) == RIG_OK; i++)
        if (out_facts->cid == cid)
            return true;
    return false;
}

static void name_connection(svc_session *session, uint16_t cid)
{
    rig_connection_facts facts;
    svc_connection *place = find_cid(session, cid);
    for (uint32_t i = 0; i < RIG_SESSION_CONNECTIONS_MAX && !place; i++) {
        svc_connection *connection = &session->connections[i];
        if (!connection->used || !is_open(session, connection->cid, &facts))
            place = connection;
    }
    if (!place || (place->used && place->cid == cid))
        return;
    *place = (svc_connection){
        .id = {session->id.adapter, session->service->next_session++}, .cid = cid, .used = true};
}

/* The leading connection keeps its name over all reconnects, as it keeps its CID. */
void svc_connections_sync(svc_session *session)
{
    rig_connection_facts facts;
    for (uint32_t i = 0; rig_session_connection(session->engine, i, &facts) == RIG_OK; i++)
        name_connection(session, facts.cid);
}

rig_unique_id svc_connection_id(const svc_session *session, uint16_t cid)
{
    const svc_connection *connection = find_cid(session, cid);
    return connection ? connection->id : (rig_unique_id){0};
}

/* ---- adding ---- */

static void join_over(svc_session *session, rig_code code, uint64_t now)
{
    svc_join *join = session->join;
    svc_call *call = join->call;
    session->join = NULL;
    session->busy--;
    rig_delete(session->service->config.alloc, join, sizeof *join);
    svc_answer(call, code, now);
}

void svc_connections_end(svc_session *session, uint64_t now)
{
    if (session->join)
        join_over(session, svc_task_code(session->service, RIG_E_ABORTED), now);
}

static bool joined(svc_session *session, uint16_t *out_cid)
{
    rig_connection_facts facts;
    for (uint32_t i = 0; rig_session_connection(session->engine, i, &facts) == RIG_OK; i++) {
        *out_cid = facts.cid;
        if (!facts.leading && facts.cid >= session->join->first && facts.phase == RIG_CONNECTION_FULL)
            return true;
    }
    return false;
}

void svc_connections_event(svc_session *session, const rig_event *event)
{
    uint16_t cid;
    svc_join *join = session->join;
    if (!join)
        return;
    bool failed = event->kind == RIG_EVENT_LOGIN_FAILED && event->cid >= join->first;
    if (failed || event->kind == RIG_EVENT_SESSION_DOWN) {
        if (event->error)
            join->call->error = *event->error;
        join_over(session, svc_login_code(event->status, event->login_status), event->now);
    } else if (joined(session, &cid)) {
        rig_login_ids *ids = join->call->reply;
        svc_connections_sync(session);
        *ids = (rig_login_ids){session->id, svc_connection_id(session, cid)};
        join_over(session, RIG_CODE_SUCCESS, event->now);
    }
}

typedef struct place {
    const rig_target_portal *portal;
    uint16_t group; /* the session's */
    bool known, here;
} place;

static bool see_place(void *ctx, int32_t tag, const rig_target_portal *portal)
{
    place *p = ctx;
    if (strcmp(portal->address, p->portal->address) == 0 && portal->socket == p->portal->socket) {
        p->known = p->known || tag >= 0;
        p->here = p->here || tag == p->group;
    }
    return !p->here;
}

/* A portal that is known of other groups only cannot serve the session (RFC 7143 section 4.1.1). What is not
 * known is the target's to judge. */
static bool is_elsewhere(const svc_session *session, const rig_target_portal *portal)
{
    rig_session_facts facts;
    rig_session_describe(session->engine, &facts);
    place p = {.portal = portal, .group = facts.portal_group};
    if (facts.has_portal_group)
        svc_target_portals(session->service, session->login.target, see_place, &p);
    return p.known && !p.here;
}

/* Digests and authentication are the session's: one connection cannot be given others. */
static rig_code check_options(const svc_session *session, const rig_connection_request *request, bool ipsec,
                              rig_error *err)
{
    const rig_login_options *own = &session->login.options, *options = &request->options;
    rig_session_config config = session->service->config.session;
    if (!request->has_options)
        return RIG_CODE_SUCCESS;
    rig_code code = svc_session_options(session->service, options, ipsec, &config, err);
    if (code != RIG_CODE_SUCCESS)
        return code;
    const struct {
        uint32_t bit, own, asked;
    } same[] = {
        {RIG_LOGIN_HAS_HEADER_DIGEST, own->header_digest, options->header_digest},
        {RIG_LOGIN_HAS_DATA_DIGEST, own->data_digest, options->data_digest},
        {RIG_LOGIN_HAS_AUTH_TYPE, own->auth_type, options->auth_type},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        uint32_t had = own->specified & same[i].bit ? same[i].own : 0;
        if ((options->specified & same[i].bit) && same[i].asked != had) {
            rig_fail(err, RIG_E_UNSUPPORTED,
                     "a connection has the digests and the authentication of its session");
            return RIG_CODE_REQUEST_NOT_SUPPORTED;
        }
    }
    return RIG_CODE_SUCCESS;
}

static uint32_t num_open(const svc_session *session)
{
    rig_connection_facts facts;
    uint32_t num = 0;
    while (rig_session_connection(session->engine, num, &facts) == RIG_OK)
        num++;
    return num;
}

static rig_code check_room(const svc_session *session)
{
    uint32_t most = session->route.adapter->quirks.max_connections;
    if (!rig_session_is_up(session->engine))
        return RIG_CODE_NO_CONNECTION_AVAILABLE;
    if (session->join)
        return RIG_CODE_SESSION_BUSY;
    return most && num_open(session) >= most ? RIG_CODE_TOO_MANY_CONNECTIONS : RIG_CODE_SUCCESS;
}

static rig_code find_way(svc_session *session, const rig_connection_request *request, rig_portal *out_portal,
                         rig_route *out_route, svc_call *call)
{
    rig_service *service = session->service;
    rig_security_decision decision = {0};
    rig_code code = svc_portal_read(&request->portal, out_portal, &call->error);
    if (code == RIG_CODE_SUCCESS && is_elsewhere(session, &request->portal))
        code = RIG_CODE_CANT_INCLUDE_IN_SESSION;
    if (code == RIG_CODE_SUCCESS)
        code = rig_hba_route(service->config.hba, session->route.adapter->name, request->port, out_portal,
                             out_route);
    if (code == RIG_CODE_SUCCESS)
        code = svc_secure(service, out_route, out_portal, request->security_flags, RIG_SECURITY_CALLER,
                          request->has_options ? request->options.flags : session->login.options.flags,
                          request->key.len ? &request->key : NULL, &decision, &call->error, call->now);
    if (code == RIG_CODE_SUCCESS)
        code = svc_options_fit(service, &session->login.options, &decision, &call->error);
    if (code == RIG_CODE_SUCCESS)
        code = check_options(session, request, decision.outcome == RIG_SECURITY_USE_IPSEC, &call->error);
    return code;
}

/* The newest connection stands at the end. */
static uint16_t newest_cid(const svc_session *session)
{
    rig_connection_facts facts = {0};
    rig_session_connection(session->engine, num_open(session) - 1, &facts);
    return facts.cid;
}

static rig_code join(svc_session *session, const rig_address *local, const rig_portal *portal, svc_call *call)
{
    const rig_alloc *alloc = session->service->config.alloc;
    svc_join *op = rig_new(alloc, sizeof *op);
    if (!op)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    rig_status status = rig_session_add_connection_from(session->engine, local, portal, call->now);
    if (status) {
        rig_delete(alloc, op, sizeof *op);
        return status == RIG_E_LIMIT ? RIG_CODE_TOO_MANY_CONNECTIONS : svc_login_code(status, 0);
    }
    op->call = call;
    op->first = newest_cid(session);
    session->join = op;
    session->busy++;
    return SVC_PENDING;
}

rig_code svc_add_connection(rig_service *service, svc_call *call)
{
    const rig_connection_request *request = call->request;
    svc_session *session = NULL;
    rig_portal portal;
    rig_route route = {0};
    rig_code code = svc_session_use(service, &request->session, &session);
    if (code == RIG_CODE_SUCCESS)
        code = check_room(session);
    if (code == RIG_CODE_SUCCESS)
        code = find_way(session, request, &portal, &route, call);
    return code == RIG_CODE_SUCCESS ? join(session, &route.local, &portal, call) : code;
}

/* ---- removing ---- */

enum { CLOSE_CONNECTION = 1 }; /* logout reason (RFC 7143 section 11.14.1) */
enum { NO_SUCH_CID = 1 };      /* logout response (section 11.15.1) */

typedef struct leave_op {
    rig_task task; /* first: done() is given it */
    svc_call *call;
    svc_session *session;
    uint16_t cid;
} leave_op;

static void leave_done(rig_task *task, uint64_t now)
{
    leave_op *op = (leave_op *)(void *)task;
    svc_call *call = op->call;
    svc_session *session = op->session;
    rig_code code = RIG_CODE_SUCCESS;
    if (task->status)
        code = svc_task_code(session->service, task->status);
    else if (task->response == NO_SUCH_CID)
        code = RIG_CODE_INVALID_CONNECTION_ID;
    else if (task->response)
        code = RIG_CODE_TARGET_ERROR;
    svc_connection *connection = find_cid(session, op->cid);
    if (connection)
        *connection =
            (svc_connection){.id = connection->id, .cid = op->cid, .used = code != RIG_CODE_SUCCESS};
    session->busy--;
    rig_delete(session->service->config.alloc, op, sizeof *op);
    svc_answer(call, code, now);
}

static rig_code leave(svc_session *session, svc_connection *connection, svc_call *call)
{
    const rig_alloc *alloc = session->service->config.alloc;
    leave_op *op = rig_new(alloc, sizeof *op);
    if (!op)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    op->call = call;
    op->session = session;
    op->cid = op->task.cid = connection->cid;
    op->task.kind = RIG_TASK_LOGOUT;
    op->task.reason = CLOSE_CONNECTION;
    op->task.done = leave_done;
    rig_status status = rig_session_submit(session->engine, &op->task, call->now);
    if (!status) {
        connection->leaving = true;
        session->busy++;
        return SVC_PENDING;
    }
    rig_delete(alloc, op, sizeof *op);
    return svc_task_code(session->service, status);
}

static svc_connection *find_id(svc_session *session, const rig_unique_id *id)
{
    for (uint32_t i = 0; i < RIG_SESSION_CONNECTIONS_MAX; i++) {
        svc_connection *connection = &session->connections[i];
        if (connection->used && connection->id.adapter == id->adapter &&
            connection->id.specific == id->specific)
            return connection;
    }
    return NULL;
}

rig_code svc_remove_connection(rig_service *service, svc_call *call)
{
    const rig_connection_ref *request = call->request;
    rig_connection_facts facts;
    svc_session *session = NULL;
    rig_code code = svc_session_use(service, &request->session, &session);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_connection *connection = find_id(session, &request->connection);
    if (!connection || !is_open(session, connection->cid, &facts))
        return RIG_CODE_INVALID_CONNECTION_ID;
    if (connection->leaving)
        return RIG_CODE_REMOVE_CONNECTION_IN_PROGRESS;
    if (num_open(session) == 1)
        return RIG_CODE_CANT_REMOVE_LAST_CONNECTION;
    if (facts.leading)
        return RIG_CODE_CANNOT_REMOVE_LEADING_CONNECTION;
    return leave(session, connection, call);
}
