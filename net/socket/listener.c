/* Listening sockets. */
#include "sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

static void on_closed(uv_handle_t *handle)
{
    sock_listener *listener = SOCK_OF(sock_listener, poll, handle);
    rig_delete(listener->loop->alloc, listener, sizeof(*listener));
}

static void start_user(sock_listener *listener, sock_stream *stream)
{
    rig_stream_user user = {0};
    stream->uses++;
    stream->state = SOCK_CONNECTING; /* woken only when it has a user */
    bool wanted = listener->accept(listener->ctx, &stream->base, &user, rig_loop_now(stream->loop));
    if (stream->state != SOCK_DEAD && !wanted) {
        sock_stream_end(stream, true);
    } else if (stream->state != SOCK_DEAD) {
        stream->user = user;
        stream->state = SOCK_OPEN;
        sock_stream_update(stream);
        sock_stream_ready(stream);
    }
    sock_stream_release(stream);
}

/* It does not wait for more output, which it has from the listener. */
static void take(sock_listener *listener, int fd, const struct sockaddr *peer)
{
    sock_stream *stream = sock_stream_new(listener->loop);
    if (!stream) {
        close(fd);
        return;
    }
    if (sock_stream_attach(stream, fd) != RIG_OK) {
        close(fd);
        sock_stream_end(stream, false);
        return;
    }
    sock_address_in(peer, &stream->remote);
    stream->local = listener->at;
    if (listener->at.ip.version == 0)
        sock_local(fd, &stream->local);
    start_user(listener, stream);
}

static bool out_of_resources(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

uint64_t rig_loop_starved(const rig_loop *loop)
{
    return loop->num_starved;
}

/* Taking a connection that is not there costs the kernel nearly as much as taking one, so that only a crowd
 * is taken many at once: as long as each wait ends with more of them. */
static uint32_t how_many(sock_listener *listener)
{
    bool crowd = listener->burst > 0 && listener->turn + 1 == listener->loop->turn;
    listener->turn = listener->loop->turn;
    if (!crowd)
        listener->burst = 1;
    else if (listener->burst < SOCK_ACCEPTS)
        listener->burst *= 2;
    return listener->burst;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    sock_listener *listener = SOCK_OF(sock_listener, poll, poll);
    (void)status;
    (void)events;
    listener->loop->handled = true;
    for (uint32_t i = how_many(listener); i > 0 && listener->fd >= 0; i--) {
        union {
            struct sockaddr any;
            struct sockaddr_storage storage;
        } peer;
        socklen_t len = sizeof(peer);
        int fd = accept4(listener->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(listener, fd, &peer.any);
        } else if (out_of_resources(errno)) {
            /* the connection stays in the kernel's queue, where it would wake us for ever */
            uv_poll_stop(&listener->poll);
            listener->loop->num_starved++;
            sock_loop_arm(listener->loop, &listener->timer, SOCK_PAUSE);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        }
    }
}

void sock_listener_resume(sock_listener *listener)
{
    if (uv_poll_start(&listener->poll, UV_READABLE, on_poll) < 0)
        sock_loop_arm(listener->loop, &listener->timer, SOCK_PAUSE);
}

/* A socket that listens at the address; -1 with errno set. Any address means both versions where there are
 * two. */
static int open_at(const rig_address *at)
{
    struct sockaddr_storage name;
    socklen_t len = sock_address_out(at, &name);
    int on = 1, only_v6 = at->ip.version == 6;
    int fd = sock_open(name.ss_family);
    if (fd < 0)
        return -1;
    bool set = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
    if (set && name.ss_family == AF_INET6)
        set = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6)) == 0;
    if (set && bind(fd, (struct sockaddr *)&name, len) == 0 && listen(fd, SOCK_BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_any(const rig_address *at)
{
    int fd = open_at(at);
    bool no_v6 = fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
    rig_address v4 = {.ip.version = 4, .port = at->port};
    return at->ip.version == 0 && no_v6 ? open_at(&v4) : fd;
}

static void link_listener(sock_listener *listener, int fd, const rig_address *at)
{
    rig_loop *loop = listener->loop;
    listener->base.ops = &sock_transport_ops;
    listener->fd = fd;
    listener->timer.kind = SOCK_TIMER_PAUSE;
    sock_local(fd, &listener->at);
    if (at->ip.version == 0)
        listener->at.ip = at->ip;
    listener->next = loop->listeners;
    if (loop->listeners)
        loop->listeners->prev = listener;
    loop->listeners = listener;
}

/* A listener of a socket that listens already; the socket is closed on failure. */
rig_status sock_listen_on(rig_loop *loop, int fd, const rig_address *at, rig_accept_fn *accept,
                          void *accept_ctx, rig_listener **out_listener)
{
    sock_listener *listener = rig_new(loop->alloc, sizeof(*listener));
    int result = listener ? uv_poll_init_socket(&loop->uv, &listener->poll, fd) : -ENOMEM;
    if (result < 0) {
        close(fd);
        rig_delete(loop->alloc, listener, listener ? sizeof(*listener) : 0);
        return sock_status(-result);
    }
    listener->loop = loop;
    listener->accept = accept;
    listener->ctx = accept_ctx;
    link_listener(listener, fd, at);
    sock_listener_resume(listener);
    *out_listener = &listener->base;
    return RIG_OK;
}

rig_status sock_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                       rig_listener **out_listener)
{
    int fd = open_any(at);
    return fd < 0 ? sock_status(errno) : sock_listen_on(ctx, fd, at, accept, accept_ctx, out_listener);
}

void sock_unlisten(rig_listener *base)
{
    sock_listener *listener = SOCK_OF(sock_listener, base, base);
    *(listener->prev ? &listener->prev->next : &listener->loop->listeners) = listener->next;
    if (listener->next)
        listener->next->prev = listener->prev;
    rig_timerq_disarm(&listener->loop->timers, &listener->timer);
    uv_close((uv_handle_t *)&listener->poll, on_closed);
    close(listener->fd);
    listener->fd = -1;
}

void sock_bound(const rig_listener *base, rig_address *out_address)
{
    *out_address = SOCK_OF(const sock_listener, base, base)->at;
}
