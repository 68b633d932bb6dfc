/* One socket as a stream: its handle, its turn in the loop, its end. */
#include "sock.h"

#include <errno.h>
#include <unistd.h>

sock_stream *sock_stream_new(rig_loop *loop)
{
    sock_stream *stream = rig_new(loop->alloc, sizeof(*stream));
    if (!stream)
        return NULL;
    stream->base.ops = &sock_transport_ops;
    stream->loop = loop;
    stream->fd = -1;
    stream->timer.kind = SOCK_TIMER_LINGER;
    stream->next = loop->streams;
    if (loop->streams)
        loop->streams->prev = stream;
    loop->streams = stream;
    return stream;
}

static void free_stream(sock_stream *stream)
{
    rig_loop *loop = stream->loop;
    *(stream->prev ? &stream->prev->next : &loop->streams) = stream->next;
    if (stream->next)
        stream->next->prev = stream->prev;
    rig_delete(loop->alloc, stream, sizeof(*stream));
}

/* Somebody who needed the stream's memory (libuv, the resolver, a call) is done with it. */
void sock_stream_release(sock_stream *stream)
{
    if (--stream->uses == 0 && stream->state == SOCK_DEAD)
        free_stream(stream);
}

void sock_stream_ready(sock_stream *stream)
{
    rig_loop *loop = stream->loop;
    if (stream->ready)
        return;
    stream->ready = true;
    loop->num_ready++;
    stream->ready_next = NULL;
    stream->ready_prev = loop->ready_last;
    *(loop->ready_last ? &loop->ready_last->ready_next : &loop->ready_first) = stream;
    loop->ready_last = stream;
}

void sock_stream_unready(sock_stream *stream)
{
    rig_loop *loop = stream->loop;
    if (!stream->ready)
        return;
    stream->ready = false;
    loop->num_ready--;
    *(stream->ready_prev ? &stream->ready_prev->ready_next : &loop->ready_first) = stream->ready_next;
    *(stream->ready_next ? &stream->ready_next->ready_prev : &loop->ready_last) = stream->ready_prev;
}

/* The error a socket reports once. */
int sock_error(const sock_stream *stream)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}

/* libuv has stopped the handle. What had arrived before the error is still there to read. */
static void broken(sock_stream *stream)
{
    stream->events = 0;
    sock_read(stream);
    if (stream->state != SOCK_OPEN)
        return;
    int error = sock_error(stream);
    if (error)
        sock_stream_tell(stream, RIG_STREAM_FAILED, sock_status(error));
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    sock_stream *stream = SOCK_OF(sock_stream, poll, poll);
    stream->loop->handled = true;
    if (stream->state == SOCK_CONNECTING) {
        stream->events = status < 0 ? 0 : stream->events;
        sock_connect_check(stream);
        return;
    }
    if (status < 0)
        broken(stream);
    else if (events & UV_READABLE)
        sock_read(stream);
    if (stream->state != SOCK_OPEN)
        return;
    stream->blocked = stream->blocked && !(events & UV_WRITABLE);
    sock_stream_unready(stream);
    sock_write(stream);
    if (stream->state == SOCK_OPEN)
        sock_stream_update(stream);
}

static void on_closed(uv_handle_t *handle)
{
    sock_stream *stream = SOCK_OF(sock_stream, poll, handle);
    if (stream->state == SOCK_CONNECTING)
        sock_connect_next(stream);
    sock_stream_release(stream);
}

rig_status sock_stream_attach(sock_stream *stream, int fd)
{
    int result = uv_poll_init_socket(&stream->loop->uv, &stream->poll, fd);
    if (result < 0)
        return sock_status(-result);
    stream->fd = fd;
    stream->events = 0;
    stream->uses++;
    return RIG_OK;
}

/* Closes the socket, by RST when the other end shall not believe that all is well. */
void sock_stream_detach(sock_stream *stream, bool reset)
{
    struct linger at_once = {.l_onoff = 1};
    if (stream->fd < 0)
        return;
    uv_close((uv_handle_t *)&stream->poll, on_closed);
    if (reset)
        setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(stream->fd);
    stream->fd = -1;
}

/* Nothing refers to the user any more; the memory goes when nobody needs it. */
void sock_stream_end(sock_stream *stream, bool reset)
{
    stream->uses++;
    stream->state = SOCK_DEAD;
    sock_stream_unready(stream);
    rig_timerq_disarm(&stream->loop->timers, &stream->timer);
    sock_stream_detach(stream, reset);
    sock_lookup_drop(stream);
    sock_stream_release(stream);
}

void sock_stream_tell(sock_stream *stream, rig_stream_event event, rig_status why)
{
    stream->uses++;
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        sock_stream_end(stream, event == RIG_STREAM_FAILED && why != RIG_E_RESET);
    stream->user.ops->event(stream->user.ctx, event, why, rig_loop_now(stream->loop));
    sock_stream_release(stream);
}

/* Tells libuv what to wait for; it is asked only when that has changed. */
void sock_stream_update(sock_stream *stream)
{
    int events = 0;
    if (stream->state == SOCK_CONNECTING || stream->blocked)
        events |= UV_WRITABLE;
    if (stream->state == SOCK_OPEN && !stream->peer_fin && !stream->paused)
        events |= UV_READABLE;
    if (events == stream->events)
        return;
    int result = events ? uv_poll_start(&stream->poll, events, on_poll) : uv_poll_stop(&stream->poll);
    stream->events = events;
    if (result < 0) {
        stream->why = sock_status(-result);
        sock_stream_ready(stream);
    }
}

/* What a stream does when it was woken. */
void sock_stream_turn(sock_stream *stream)
{
    if (stream->why != RIG_OK) {
        sock_stream_tell(stream, RIG_STREAM_FAILED, stream->why);
        return;
    }
    if (stream->state == SOCK_CONNECTING) {
        sock_connect_check(stream);
        return;
    }
    if (stream->state != SOCK_OPEN)
        return;
    if (stream->paused)
        sock_read(stream);
    if (stream->state == SOCK_OPEN)
        sock_write(stream);
    if (stream->state == SOCK_OPEN)
        sock_stream_update(stream);
}

void sock_wake(rig_stream *base)
{
    sock_stream *stream = SOCK_OF(sock_stream, base, base);
    if (stream->state == SOCK_OPEN)
        sock_stream_ready(stream);
}

void sock_close(rig_stream *base, rig_close_how how)
{
    sock_stream *stream = SOCK_OF(sock_stream, base, base);
    if (stream->state == SOCK_DEAD)
        return;
    if (how == RIG_CLOSE_RESET) {
        sock_stream_end(stream, true);
        return;
    }
    stream->closing = true;
    stream->unheard = how == RIG_CLOSE_DONE;
    sock_wake(base);
}

/* The wait for the peer's FIN starts, or starts anew with each byte that comes. */
void sock_stream_linger(sock_stream *stream)
{
    sock_loop_arm(stream->loop, &stream->timer, RIG_STREAM_LINGER);
}

void sock_stream_ends(const rig_stream *base, rig_address *out_local, rig_address *out_remote)
{
    const sock_stream *stream = SOCK_OF(const sock_stream, base, base);
    *out_local = stream->local;
    *out_remote = stream->remote;
}
