/* Local sockets: the same streams between processes of one machine. */
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct local_name {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
    } address;
    socklen_t len;
} local_name;

/* '@' stands for the NUL that begins a name without a file (unix(7)). */
static bool name_of(const char *path, local_name *out)
{
    size_t len = strlen(path);
    *out = (local_name){.address.un.sun_family = AF_UNIX};
    if (len > RIG_LOCAL_NAME_MAX)
        return false;
    if (len)
        memcpy(out->address.un.sun_path, path, len);
    if (path[0] == '@')
        out->address.un.sun_path[0] = 0;
    bool has_file = len && path[0] != '@';
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (has_file ? 1 : 0));
    return true;
}

static int socket_new(int more)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | more, 0);
}

static rig_status connect_status(int error)
{
    return error == ENOENT ? RIG_E_NOT_FOUND : sock_status(error);
}

rig_status rig_local_connect(const char *name, int *out_fd)
{
    local_name at;
    if (!name_of(name, &at) || !name[0])
        return RIG_E_ARGUMENT;
    int fd = socket_new(0);
    if (fd < 0)
        return sock_status(errno);
    int result = connect(fd, &at.address.any, at.len);
    if (result == 0) {
        *out_fd = fd;
        return RIG_OK;
    }
    rig_status status = connect_status(errno);
    close(fd);
    return status;
}

static rig_status connect_now(sock_stream *stream, const local_name *at)
{
    int fd = socket_new(SOCK_NONBLOCK);
    if (fd < 0)
        return sock_status(errno);
    rig_status status = RIG_OK;
    if (connect(fd, &at->address.any, at->len) != 0)
        status = errno == EAGAIN ? RIG_E_BUSY : connect_status(errno);
    if (!status)
        status = sock_stream_attach(stream, fd);
    if (status) {
        close(fd);
        return status;
    }
    stream->state = SOCK_CONNECTING; /* until the user can be told */
    sock_stream_update(stream);
    return RIG_OK;
}

rig_status rig_connect_local(rig_loop *loop, const char *name, const rig_stream_user *user,
                             rig_stream **out_stream)
{
    local_name at;
    if (!name_of(name, &at) || !name[0])
        return RIG_E_ARGUMENT;
    sock_stream *stream = sock_stream_new(loop);
    if (!stream)
        return RIG_E_NOMEM;
    stream->user = *user;
    rig_status status = connect_now(stream, &at);
    if (status)
        sock_stream_end(stream, false);
    else
        *out_stream = &stream->base;
    return status;
}

/* What a process that died has left behind is removed, anything else is not touched. */
static rig_status make_room(const char *path)
{
    struct stat found;
    int fd = -1;
    if (lstat(path, &found) != 0)
        return errno == ENOENT ? RIG_OK : sock_status(errno);
    if (!S_ISSOCK(found.st_mode))
        return RIG_E_ARGUMENT;
    rig_status status = rig_local_connect(path, &fd);
    if (status == RIG_OK)
        close(fd);
    if (status != RIG_E_REFUSED)
        return status == RIG_OK ? RIG_E_EXISTS : status;
    return unlink(path) == 0 || errno == ENOENT ? RIG_OK : sock_status(errno);
}

static rig_status bind_at(int fd, const local_name *at, const char *path, unsigned mode)
{
    /* Linux gives the file the mode of the socket, less the umask: from the first moment on nobody else may
     * connect */
    bool has_file = path[0] && path[0] != '@';
    if (has_file && fchmod(fd, 0600) != 0)
        return sock_status(errno);
    if (bind(fd, &at->address.any, at->len) != 0)
        return sock_status(errno);
    if (has_file && chmod(path, (mode_t)mode) != 0)
        return sock_status(errno);
    return listen(fd, SOCK_BACKLOG) == 0 ? RIG_OK : sock_status(errno);
}

static void name_told(int fd, const char *path, char *out_name)
{
    local_name at = {.len = sizeof(at.address.un)};
    size_t start = offsetof(struct sockaddr_un, sun_path);
    memset(out_name, 0, RIG_LOCAL_NAME_MAX + 1);
    if (path[0]) {
        memcpy(out_name, path, strlen(path));
    } else if (getsockname(fd, &at.address.any, &at.len) == 0 && at.len > start) {
        memcpy(out_name, at.address.un.sun_path, at.len - start);
        out_name[0] = '@';
    }
}

rig_status rig_listen_local(rig_loop *loop, const char *path, unsigned mode, rig_accept_fn *accept, void *ctx,
                            char *out_name, rig_listener **out_listener)
{
    local_name at;
    const rig_address none = {0};
    if (!name_of(path, &at))
        return RIG_E_ARGUMENT;
    rig_status status = path[0] && path[0] != '@' ? make_room(path) : RIG_OK;
    int fd = status ? -1 : socket_new(SOCK_NONBLOCK);
    if (status || fd < 0)
        return status ? status : sock_status(errno);
    status = bind_at(fd, &at, path, mode);
    if (status) {
        close(fd);
        return status;
    }
    name_told(fd, path, out_name);
    return sock_listen_on(loop, fd, &none, accept, ctx, out_listener);
}

rig_status rig_listen_inherited(rig_loop *loop, int fd, rig_accept_fn *accept, void *ctx,
                                rig_listener **out_listener)
{
    const rig_address none = {0};
    int flags = fcntl(fd, F_GETFL), listens = 0;
    socklen_t len = sizeof(listens);
    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || !listens)
        return RIG_E_ARGUMENT;
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return sock_status(errno);
    return sock_listen_on(loop, fd, &none, accept, ctx, out_listener);
}

rig_status rig_stream_peer_user(const rig_stream *base, uint32_t *out_uid)
{
    const sock_stream *stream = SOCK_OF(const sock_stream, base, base);
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (getsockopt(stream->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.uid == (uid_t)-1)
        return RIG_E_UNSUPPORTED;
    *out_uid = peer.uid;
    return RIG_OK;
}

/* Of a local socket poll() tells POLLHUP when its peer was closed, not when it was shut down for sending. */
bool rig_stream_peer_gone(const rig_stream *base)
{
    const sock_stream *stream = SOCK_OF(const sock_stream, base, base);
    struct pollfd at = {.fd = stream->fd};
    return poll(&at, 1, 0) == 1 && (at.revents & (POLLHUP | POLLERR));
}
