/* The event loop: real time, sockets that have something to do, deadlines. */
#include "sock.h"

const rig_transport_ops sock_transport_ops = {sock_connect, sock_listen, sock_unlisten,   sock_bound,
                                              sock_wake,    sock_close,  sock_stream_ends};

const rig_transport_ops sock_via_ops = {sock_connect_via, sock_listen, sock_unlisten,   sock_bound,
                                        sock_wake,        sock_close,  sock_stream_ends};

static void on_alarm(uv_timer_t *timer)
{
    (void)timer; /* it only ends the wait */
}

rig_status rig_loop_new(const rig_alloc *alloc, rig_loop **out_loop)
{
    rig_loop *loop = rig_new(alloc, sizeof(*loop));
    if (!loop)
        return RIG_E_NOMEM;
    int result = uv_loop_init(&loop->uv);
    if (result < 0) {
        rig_delete(alloc, loop, sizeof(*loop));
        return result == UV_ENOMEM ? RIG_E_NOMEM : RIG_E_IO;
    }
    uv_timer_init(&loop->uv, &loop->alarm);
    loop->alloc = alloc;
    loop->transport = (rig_transport){&sock_transport_ops, loop};
    loop->start = uv_hrtime();
    *out_loop = loop;
    return RIG_OK;
}

void rig_loop_free(rig_loop *loop)
{
    if (!loop)
        return;
    for (sock_stream *stream = loop->streams, *next; stream; stream = next) {
        next = stream->next;
        if (stream->state != SOCK_DEAD)
            sock_stream_end(stream, true);
    }
    while (loop->listeners)
        sock_unlisten(&loop->listeners->base);
    sock_signals_free(loop);
    sock_children_free(loop);
    sock_works_end(loop);
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    rig_delete(loop->alloc, loop, sizeof(*loop));
}

const rig_transport *rig_loop_transport(rig_loop *loop)
{
    return &loop->transport;
}

const rig_transport *rig_loop_transport_via(rig_loop *loop, const char *device)
{
    size_t len = strlen(device);
    if (len == 0 || len > RIG_DEVICE_NAME_MAX)
        return NULL;
    memcpy(loop->device, device, len + 1);
    loop->via = (rig_transport){&sock_via_ops, loop};
    return &loop->via;
}

uint64_t rig_loop_now(rig_loop *loop)
{
    return uv_hrtime() - loop->start;
}

void sock_loop_arm(rig_loop *loop, rig_timer *timer, uint64_t delay)
{
    rig_timerq_arm(&loop->timers, timer, rig_loop_now(loop) + delay);
}

static void run_timers(rig_loop *loop)
{
    uint64_t now = rig_loop_now(loop);
    for (rig_timer *timer; (timer = rig_timerq_pop(&loop->timers, now));) {
        loop->handled = true;
        if (timer->kind == SOCK_TIMER_PAUSE)
            sock_listener_resume(SOCK_OF(sock_listener, timer, timer));
        else
            sock_stream_tell(SOCK_OF(sock_stream, timer, timer), RIG_STREAM_FAILED, RIG_E_TIMEOUT);
    }
}

/* Streams woken until now; those woken meanwhile have their turn the next time, so that sockets are looked
 * at. */
static void run_ready(rig_loop *loop)
{
    for (uint32_t i = loop->num_ready; i > 0 && loop->ready_first; i--) {
        sock_stream *stream = loop->ready_first;
        loop->handled = true;
        sock_stream_unready(stream);
        sock_stream_turn(stream);
    }
}

/* Waits for sockets until the deadline, not at all when streams are ready. False when there is nothing to
 * wait for. */
static bool poll(rig_loop *loop, uint64_t deadline)
{
    uint64_t now = rig_loop_now(loop);
    uint64_t timers = rig_timerq_next(&loop->timers);
    loop->turn++;
    uint64_t until = timers < deadline ? timers : deadline;
    if (loop->ready_first || until <= now) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
        return true;
    }
    uv_update_time(&loop->uv);
    if (until != RIG_NEVER)
        uv_timer_start(&loop->alarm, on_alarm, (until - now + RIG_MILLISECOND - 1) / RIG_MILLISECOND, 0);
    else if (!uv_loop_alive(&loop->uv))
        return false;
    uv_run(&loop->uv, UV_RUN_ONCE);
    uv_timer_stop(&loop->alarm);
    return true;
}

static rig_status run(rig_loop *loop, uint64_t deadline)
{
    loop->handled = false;
    run_ready(loop);
    do {
        if (!poll(loop, loop->handled ? 0 : deadline))
            return RIG_E_STATE;
        run_timers(loop);
        run_ready(loop);
    } while (!loop->handled && rig_loop_now(loop) < deadline);
    return RIG_OK;
}

rig_status rig_loop_run_once(rig_loop *loop, uint64_t deadline)
{
    if (loop->running)
        return RIG_E_STATE;
    loop->running = true;
    rig_status status = run(loop, deadline);
    loop->running = false;
    return status;
}
