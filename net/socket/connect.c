/* Connecting: the resolver's addresses one after the other, until one answers. */
#include "sock.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

struct sock_lookup {
    uv_getaddrinfo_t request;
    sock_stream *stream;
    struct addrinfo *all;
    struct addrinfo *next; /* to be tried */
    bool running;
    char port[8];
};

static void free_lookup(rig_loop *loop, sock_lookup *lookup)
{
    uv_freeaddrinfo(lookup->all);
    rig_delete(loop->alloc, lookup, sizeof(*lookup));
}

/* The stream needs no (more) addresses. A lookup that runs frees itself when it is done. */
void sock_lookup_drop(sock_stream *stream)
{
    sock_lookup *lookup = stream->lookup;
    stream->lookup = NULL;
    if (!lookup)
        return;
    if (lookup->running)
        uv_cancel((uv_req_t *)&lookup->request);
    else
        free_lookup(stream->loop, lookup);
}

static int bind_local(const sock_stream *stream, int fd)
{
    struct sockaddr_storage name;
    rig_address local = stream->local;
    int on = 1;
    if (local.ip.version == 0 && local.port == 0)
        return 0;
    if (local.ip.version == 0)
        local.ip.version = stream->remote.ip.version;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    socklen_t len = sock_address_out(&local, &name);
    return bind(fd, (struct sockaddr *)&name, len);
}

static int bind_device(const sock_stream *stream, int fd)
{
    const char *device = stream->loop->device;
    return stream->via ? setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) : 0;
}

/* Starts a connection on fd; false with errno set when it failed at once. */
static bool start(sock_stream *stream, int fd)
{
    struct sockaddr_storage name;
    socklen_t len = sock_address_out(&stream->remote, &name);
    if (fd < 0 || bind_device(stream, fd) != 0 || bind_local(stream, fd) != 0)
        return false;
    return connect(fd, (struct sockaddr *)&name, len) == 0 || errno == EINPROGRESS;
}

/* On a host that is near the handshake ends within the call. */
static bool is_through(int fd)
{
    struct pollfd asked = {.fd = fd, .events = POLLOUT};
    return poll(&asked, 1, 0) == 1;
}

static rig_status attempt(sock_stream *stream)
{
    int fd = sock_open(stream->remote.ip.version == 4 ? AF_INET : AF_INET6);
    bool started = start(stream, fd);
    rig_status status = started ? sock_stream_attach(stream, fd) : sock_status(errno);
    if (status != RIG_OK) {
        if (fd >= 0)
            close(fd);
        return status == RIG_E_ARGUMENT ? RIG_E_UNREACHABLE : status;
    }
    stream->state = SOCK_CONNECTING;
    if (is_through(fd))
        sock_stream_ready(stream);
    else
        sock_stream_update(stream);
    return RIG_OK;
}

static void give_up(sock_stream *stream, rig_status status)
{
    stream->why = status;
    sock_stream_ready(stream);
}

/* Tries the next address that was found. stream->why is what the last one ended with. */
void sock_connect_next(sock_stream *stream)
{
    rig_status status = stream->why == RIG_OK ? RIG_E_UNREACHABLE : stream->why;
    while (stream->lookup && stream->lookup->next) {
        const struct addrinfo *found = stream->lookup->next;
        stream->lookup->next = found->ai_next;
        if (!sock_address_in(found->ai_addr, &stream->remote))
            continue;
        status = attempt(stream);
        if (status == RIG_OK) {
            stream->why = RIG_OK;
            return;
        }
    }
    give_up(stream, status);
}

static void connected(sock_stream *stream)
{
    stream->state = SOCK_OPEN;
    sock_lookup_drop(stream);
    sock_local(stream->fd, &stream->local);
    sock_stream_tell(stream, RIG_STREAM_CONNECTED, RIG_OK);
}

/* The socket has become writable, or failed. */
void sock_connect_check(sock_stream *stream)
{
    int error = sock_error(stream);
    stream->uses++;
    if (error == 0) {
        connected(stream);
        if (stream->state == SOCK_OPEN)
            sock_stream_update(stream);
        if (stream->state == SOCK_OPEN)
            sock_stream_ready(stream);
    } else if (stream->lookup && stream->lookup->next) {
        stream->why = sock_status(error);
        sock_stream_detach(stream, false); /* on_closed goes on */
    } else {
        sock_stream_tell(stream, RIG_STREAM_FAILED, sock_status(error));
    }
    sock_stream_release(stream);
}

static void on_lookup(uv_getaddrinfo_t *request, int result, struct addrinfo *found)
{
    sock_lookup *lookup = SOCK_OF(sock_lookup, request, request);
    sock_stream *stream = lookup->stream;
    lookup->running = false;
    lookup->all = found;
    lookup->next = found;
    stream->loop->handled = true;
    if (stream->state == SOCK_DEAD)
        free_lookup(stream->loop, lookup);
    else if (result < 0)
        give_up(stream, RIG_E_UNREACHABLE);
    else
        sock_connect_next(stream);
    sock_stream_release(stream);
}

static rig_status look_up(sock_stream *stream, const rig_portal *remote)
{
    rig_loop *loop = stream->loop;
    sock_lookup *lookup = rig_new(loop->alloc, sizeof(*lookup));
    if (!lookup)
        return RIG_E_NOMEM;
    uint8_t version = stream->local.ip.version;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    hints.ai_family = version == 4 ? AF_INET : version == 6 ? AF_INET6 : AF_UNSPEC;
    rig_text text;
    rig_text_init(&text, lookup->port, sizeof(lookup->port));
    rig_text_add(&text, "%u", remote->port);
    lookup->stream = stream;
    int result = uv_getaddrinfo(&loop->uv, &lookup->request, on_lookup, remote->host, lookup->port, &hints);
    if (result < 0) {
        rig_delete(loop->alloc, lookup, sizeof(*lookup));
        return result == UV_ENOMEM ? RIG_E_NOMEM : RIG_E_UNREACHABLE;
    }
    lookup->running = true;
    stream->lookup = lookup;
    stream->uses++;
    return RIG_OK;
}

static rig_status begin(sock_stream *stream, const rig_portal *remote)
{
    stream->remote.port = remote->port;
    if (!rig_ip_parse(rig_view_str(remote->host), &stream->remote.ip))
        return look_up(stream, remote);
    uint8_t version = stream->local.ip.version;
    if (version && version != stream->remote.ip.version)
        return RIG_E_UNREACHABLE;
    return attempt(stream);
}

static rig_status connect_stream(rig_loop *loop, bool via, const rig_address *local, const rig_portal *remote,
                                 const rig_stream_user *user, rig_stream **out_stream)
{
    sock_stream *stream = sock_stream_new(loop);
    if (!stream)
        return RIG_E_NOMEM;
    stream->user = *user;
    stream->via = via;
    if (local)
        stream->local = *local;
    rig_status status = begin(stream, remote);
    if (status == RIG_E_REFUSED || status == RIG_E_RESET || status == RIG_E_TIMEOUT) {
        give_up(stream, status); /* the user's event tells, as it does elsewhere */
        status = RIG_OK;
    }
    if (status == RIG_OK)
        *out_stream = &stream->base;
    else
        sock_stream_end(stream, false);
    return status;
}

rig_status sock_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                        const rig_stream_user *user, rig_stream **out_stream)
{
    return connect_stream(ctx, false, local, remote, user, out_stream);
}

rig_status sock_connect_via(void *ctx, const rig_address *local, const rig_portal *remote,
                            const rig_stream_user *user, rig_stream **out_stream)
{
    return connect_stream(ctx, true, local, remote, user, out_stream);
}
