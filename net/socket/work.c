/* Work that may block, in another thread. */
#include "sock.h"

struct sock_work {
    uv_work_t request;
    sock_work *next;
    sock_work *prev;
    rig_loop *loop;
    void (*work)(void *ctx);
    void (*done)(void *ctx, rig_status status);
    void *ctx;
};

static void on_work(uv_work_t *request)
{
    const sock_work *work = SOCK_OF(sock_work, request, request);
    work->work(work->ctx);
}

static void on_done(uv_work_t *request, int status)
{
    sock_work *work = SOCK_OF(sock_work, request, request);
    rig_loop *loop = work->loop;
    void (*done)(void *, rig_status) = work->done;
    void *ctx = work->ctx;
    bool aborted = loop->closing || status == UV_ECANCELED;
    *(work->prev ? &work->prev->next : &loop->works) = work->next;
    if (work->next)
        work->next->prev = work->prev;
    rig_delete(loop->alloc, work, sizeof(*work));
    loop->handled = true;
    done(ctx, aborted ? RIG_E_ABORTED : RIG_OK);
}

rig_status rig_loop_work(rig_loop *loop, void (*work)(void *ctx), void (*done)(void *ctx, rig_status status),
                         void *ctx)
{
    if (loop->closing)
        return RIG_E_STATE;
    sock_work *out = rig_new(loop->alloc, sizeof(*out));
    if (!out)
        return RIG_E_NOMEM;
    out->loop = loop;
    out->work = work;
    out->done = done;
    out->ctx = ctx;
    if (uv_queue_work(&loop->uv, &out->request, on_work, on_done) < 0) {
        rig_delete(loop->alloc, out, sizeof(*out));
        return RIG_E_IO;
    }
    out->next = loop->works;
    if (loop->works)
        loop->works->prev = out;
    loop->works = out;
    return RIG_OK;
}

/* What has not begun never does; the rest is waited for by the last turn of the loop. */
void sock_works_end(rig_loop *loop)
{
    loop->closing = true;
    for (sock_work *work = loop->works; work; work = work->next)
        uv_cancel((uv_req_t *)&work->request);
}
