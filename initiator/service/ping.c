/* The ping of the API (PingIPAddress), made of NOP-Outs on a session that goes to the address. */
#include "internal.h"

#define PINGS_MAX 64     /* echoes of one call */
#define PING_BYTES 65536 /* most bytes each carries */
#define COUNT_DEFAULT 4
#define SIZE_DEFAULT 32
#define TIMEOUT_DEFAULT 4000 /* ms */

typedef struct ping_op ping_op;

typedef struct ping_echo {
    rig_task task; /* first: done() is given it */
    ping_op *op;
} ping_echo;

/* It outlives its call while echoes are in the engine's hands. */
struct ping_op {
    rig_service *service;
    svc_call *call; /* NULL once it is answered */
    svc_session *session;
    rig_timer timer;
    uint64_t timeout;
    uint32_t count, sent, out, received, size;
    struct iovec data;
    ping_echo *echoes;
};

static void op_free(ping_op *op)
{
    const rig_alloc *alloc = op->service->config.alloc;
    rig_delete(alloc, op->data.iov_base, op->data.iov_base ? op->size : 0);
    rig_delete(alloc, op->echoes, op->echoes ? op->count * sizeof *op->echoes : 0);
    rig_delete(alloc, op, sizeof *op);
}

static void finish(ping_op *op, rig_code code, uint64_t now)
{
    svc_call *call = op->call;
    ((rig_ping_answer *)call->reply)->received = op->received;
    rig_timerq_disarm(&op->service->timers, &op->timer);
    op->session->busy--;
    op->call = NULL;
    if (op->out == 0)
        op_free(op);
    svc_answer(call, code, now);
}

static void ping_done(rig_task *task, uint64_t now);

static rig_status send_echo(ping_op *op, uint64_t now)
{
    ping_echo *echo = &op->echoes[op->sent];
    echo->op = op;
    echo->task = (rig_task){.kind = RIG_TASK_PING, .out = &op->data, .num_out = 1, .done = ping_done};
    rig_status status = rig_session_submit(op->session->engine, &echo->task, now);
    if (status)
        return status;
    op->sent++;
    op->out++;
    rig_timerq_arm(&op->service->timers, &op->timer, now + op->timeout);
    return RIG_OK;
}

static void go_on(ping_op *op, uint64_t now)
{
    rig_status status = op->sent < op->count ? send_echo(op, now) : RIG_OK;
    if (status)
        finish(op, svc_task_code(op->service, status), now);
    else if (!op->timer.armed)
        finish(op, RIG_CODE_SUCCESS, now);
}

/* The answer that counts is that to the last echo, while it is waited for. */
static void ping_done(rig_task *task, uint64_t now)
{
    ping_echo *echo = (ping_echo *)(void *)task;
    ping_op *op = echo->op;
    op->out--;
    if (!op->call) {
        if (op->out == 0)
            op_free(op);
        return;
    }
    if (task->status && task->status != RIG_E_TIMEOUT) {
        bool too_long = task->status == RIG_E_LIMIT;
        finish(op, too_long ? RIG_CODE_INVALID_PARAMETER : svc_task_code(op->service, task->status), now);
        return;
    }
    if (echo != &op->echoes[op->sent - 1] || !op->timer.armed)
        return;
    op->received += task->status == RIG_OK && task->received == op->size;
    rig_timerq_disarm(&op->service->timers, &op->timer);
    go_on(op, now);
}

void svc_pass_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    (void)service;
    go_on((ping_op *)(void *)((char *)timer - offsetof(ping_op, timer)), now);
}

/* ---- which session ---- */

static bool goes_to(const svc_session *session, const char *address)
{
    rig_connection_facts facts;
    rig_ip wanted = {0};
    bool numeric = rig_ip_parse(rig_view_str(address), &wanted);
    for (uint32_t i = 0; rig_session_connection(session->engine, i, &facts) == RIG_OK; i++)
        if (strcmp(facts.portal.host, address) == 0 || (numeric && rig_ip_eq(&facts.remote.ip, &wanted)))
            return true;
    return false;
}

static svc_session *find_session(const rig_service *service, const rig_ping_request *request)
{
    for (svc_session *session = service->sessions; session; session = session->next) {
        bool meant =
            request->initiator[0] == 0 || strcmp(session->route.adapter->name, request->initiator) == 0;
        bool usable = session->up && !session->leaving && rig_session_is_up(session->engine);
        if (meant && usable && goes_to(session, request->address))
            return session;
    }
    return NULL;
}

static ping_op *op_new(rig_service *service, const rig_ping_request *request)
{
    const rig_alloc *alloc = service->config.alloc;
    ping_op *op = rig_new(alloc, sizeof *op);
    if (!op)
        return NULL;
    op->service = service;
    op->count = request->count ? request->count : COUNT_DEFAULT;
    op->size = request->size ? request->size : SIZE_DEFAULT;
    op->timeout = (request->timeout ? request->timeout : TIMEOUT_DEFAULT) * RIG_MILLISECOND;
    op->timer.kind = SVC_TIMER_PASS;
    op->data = (struct iovec){rig_new(alloc, op->size), op->size};
    op->echoes = rig_new(alloc, op->count * sizeof *op->echoes);
    for (uint32_t i = 0; op->data.iov_base && i < op->size; i++)
        ((uint8_t *)op->data.iov_base)[i] = (uint8_t)('a' + i % 23);
    if (op->data.iov_base && op->echoes)
        return op;
    op_free(op);
    return NULL;
}

rig_code svc_ping(rig_service *service, svc_call *call)
{
    const rig_ping_request *request = call->request;
    rig_code code = rig_hba_port(service->config.hba, request->initiator, RIG_PORT_ANY);
    if (code != RIG_CODE_SUCCESS)
        return code;
    if (request->count > PINGS_MAX || request->size > PING_BYTES)
        return RIG_CODE_INVALID_PARAMETER;
    svc_session *session = find_session(service, request);
    if (!session)
        return RIG_CODE_WIN32_HOST_NOT_FOUND;
    ping_op *op = op_new(service, request);
    if (!op)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    op->call = call;
    op->session = session;
    rig_status status = send_echo(op, call->now);
    if (status) {
        op_free(op);
        return svc_task_code(service, status);
    }
    session->busy++;
    return SVC_PENDING;
}
