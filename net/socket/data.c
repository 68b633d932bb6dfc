/* Bytes between a socket and its user: one readv and one sendmsg for as much as both sides can take. */
#include "sock.h"

#include <errno.h>

static size_t total(const struct iovec *iov, int num)
{
    size_t len = 0;
    for (int i = 0; i < num; i++)
        len += iov[i].iov_len;
    return len;
}

static void finish(sock_stream *stream)
{
    sock_stream_tell(stream, RIG_STREAM_CLOSED, RIG_OK);
}

static void peer_closed(sock_stream *stream)
{
    stream->peer_fin = true;
    if (stream->fin_sent)
        finish(stream);
    else if (!stream->closing)
        sock_stream_tell(stream, RIG_STREAM_PEER_CLOSED, RIG_OK);
}

/* False when there is no more to read for now, or no stream any more. */
static bool read_round(sock_stream *stream)
{
    struct iovec iov[SOCK_SPACE_IOV];
    int num = stream->user.ops->space(stream->user.ctx, iov, SOCK_SPACE_IOV);
    if (stream->state != SOCK_OPEN)
        return false;
    size_t space = num > 0 && num <= SOCK_SPACE_IOV ? total(iov, num) : 0;
    stream->paused = space == 0;
    if (stream->paused)
        return false;
    ssize_t len = readv(stream->fd, iov, num);
    if (len < 0 && errno == EINTR)
        return true;
    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return false;
    if (len < 0) {
        sock_stream_tell(stream, RIG_STREAM_FAILED, sock_status(errno));
        return false;
    }
    if (len == 0) {
        peer_closed(stream);
        return false;
    }
    if (stream->fin_sent)
        sock_stream_linger(stream);
    stream->user.ops->received(stream->user.ctx, (size_t)len, rig_loop_now(stream->loop));
    return stream->state == SOCK_OPEN && (size_t)len == space;
}

void sock_read(sock_stream *stream)
{
    for (int i = 0; i < SOCK_ROUNDS && !stream->peer_fin; i++)
        if (!read_round(stream))
            return;
}

/* FIN goes with what is left in the kernel; a close does it without a wait for the other end's. */
static void send_fin(sock_stream *stream)
{
    if (stream->unheard) {
        finish(stream);
        return;
    }
    if (shutdown(stream->fd, SHUT_WR) != 0) {
        sock_stream_tell(stream, RIG_STREAM_FAILED, sock_status(errno));
        return;
    }
    stream->fin_sent = true;
    if (stream->peer_fin)
        finish(stream);
    else
        sock_stream_linger(stream);
}

/* False when there is no more to write for now, or no stream any more. */
static bool write_round(sock_stream *stream)
{
    struct iovec iov[RIG_STREAM_IOV];
    int num = stream->user.ops->output(stream->user.ctx, iov, RIG_STREAM_IOV, rig_loop_now(stream->loop));
    if (stream->state != SOCK_OPEN)
        return false;
    size_t offered = num > 0 && num <= RIG_STREAM_IOV ? total(iov, num) : 0;
    if (offered == 0) {
        if (stream->closing)
            send_fin(stream);
        return false;
    }
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)num};
    /* the last bytes wait for the FIN, which goes with them */
    ssize_t len = sendmsg(stream->fd, &message, MSG_NOSIGNAL | (stream->closing ? MSG_MORE : 0));
    if (len < 0 && errno == EINTR)
        return true;
    stream->blocked = len < 0 ? errno == EAGAIN || errno == EWOULDBLOCK : (size_t)len < offered;
    if (len < 0 && !stream->blocked)
        sock_stream_tell(stream, RIG_STREAM_FAILED, sock_status(errno));
    if (len <= 0)
        return false;
    stream->user.ops->sent(stream->user.ctx, (size_t)len, rig_loop_now(stream->loop));
    return stream->state == SOCK_OPEN && !stream->blocked;
}

void sock_write(sock_stream *stream)
{
    for (int i = 0; i < SOCK_ROUNDS; i++)
        if (stream->blocked || stream->fin_sent || !write_round(stream))
            return;
    sock_stream_ready(stream); /* more to say, after the others */
}
