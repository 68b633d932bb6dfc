/* The call that closes a session (API: LogoutIScsiTarget). */
#include "internal.h"

typedef struct logout_op {
    rig_task task; /* first: done() is given it */
    svc_call *call;
    svc_session *session;
} logout_op;

/* However it ended, and with whatever response: the session is over on our side, which is what was asked
 * for. */
static void logout_done(rig_task *task, uint64_t now)
{
    logout_op *op = (logout_op *)(void *)task;
    svc_call *call = op->call;
    svc_session *session = op->session;
    rig_service *service = session->service;
    bool closing = service->closing;
    rig_delete(service->config.alloc, op, sizeof *op);
    if (!session->ending)
        svc_session_end(session, now);
    svc_answer(call, closing ? RIG_CODE_SERVICE_NOT_RUNNING : RIG_CODE_SUCCESS, now);
}

static rig_code send_logout(svc_session *session, svc_call *call)
{
    const rig_alloc *alloc = session->service->config.alloc;
    logout_op *op = rig_new(alloc, sizeof *op);
    if (!op)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    op->call = call;
    op->session = session;
    op->task.kind = RIG_TASK_LOGOUT;
    op->task.done = logout_done;
    session->leaving = true;
    rig_status status = rig_session_submit(session->engine, &op->task, call->now);
    if (!status)
        return SVC_PENDING;
    session->leaving = false;
    rig_delete(alloc, op, sizeof *op);
    return svc_task_code(session->service, status);
}

rig_code svc_logout(rig_service *service, svc_call *call)
{
    const rig_session_ref *request = call->request;
    svc_session *session = NULL;
    rig_code code = svc_session_use(service, &request->session, &session);
    if (code != RIG_CODE_SUCCESS)
        return code;
    if (session->busy)
        return RIG_CODE_SESSION_BUSY;
    if (svc_devices_busy(session))
        return RIG_CODE_DEVICE_BUSY_ON_SESSION;
    if (rig_session_is_up(session->engine))
        return send_logout(session, call);
    svc_session_end(session, call->now);
    return RIG_CODE_SUCCESS;
}
