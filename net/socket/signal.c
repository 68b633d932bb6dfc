/* Signals as calls from the loop. */
#include "sock.h"

struct sock_signal {
    uv_signal_t handle;
    sock_signal *next;
    rig_loop *loop;
    void (*fn)(void *ctx, int signum);
    void *ctx;
};

static void on_signal(uv_signal_t *handle, int signum)
{
    sock_signal *signal = SOCK_OF(sock_signal, handle, handle);
    signal->loop->handled = true;
    signal->fn(signal->ctx, signum);
}

static void on_closed(uv_handle_t *handle)
{
    sock_signal *signal = SOCK_OF(sock_signal, handle, handle);
    rig_delete(signal->loop->alloc, signal, sizeof(*signal));
}

rig_status rig_loop_on_signal(rig_loop *loop, int signum, void (*fn)(void *ctx, int signum), void *ctx)
{
    sock_signal *signal = rig_new(loop->alloc, sizeof(*signal));
    if (!signal)
        return RIG_E_NOMEM;
    if (uv_signal_init(&loop->uv, &signal->handle) < 0) {
        rig_delete(loop->alloc, signal, sizeof(*signal));
        return RIG_E_IO;
    }
    signal->loop = loop;
    signal->fn = fn;
    signal->ctx = ctx;
    if (uv_signal_start(&signal->handle, on_signal, signum) < 0) {
        uv_close((uv_handle_t *)&signal->handle, on_closed);
        return RIG_E_IO;
    }
    signal->next = loop->signals;
    loop->signals = signal;
    return RIG_OK;
}

void sock_signals_free(rig_loop *loop)
{
    while (loop->signals) {
        sock_signal *signal = loop->signals;
        loop->signals = signal->next;
        uv_close((uv_handle_t *)&signal->handle, on_closed);
    }
}
