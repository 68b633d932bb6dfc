/* Calls over the service's socket: connect, one line out, one line in. */
#include "rig/client.h"
#include "rig/daemon.h"
#include "rig/message.h"
#include "rig/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_ROOM 4096

static rig_status send_all(int fd, const rig_line *line)
{
    for (size_t at = 0; at < line->len;) {
        ssize_t sent = send(fd, line->ptr + at, line->len - at, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return RIG_E_CLOSED;
        at += sent > 0 ? (size_t)sent : 0;
    }
    return RIG_OK;
}

/* One more piece of the answer; the room for it doubles. */
static rig_status receive_more(int fd, rig_line *line, size_t *size)
{
    if (line->len == *size) {
        size_t more = *size ? *size * 2 : FIRST_ROOM;
        char *ptr = more <= RIG_ANSWER_MAX ? rig_resize(rig_alloc_libc(), line->ptr, *size, more) : NULL;
        if (!ptr)
            return more <= RIG_ANSWER_MAX ? RIG_E_NOMEM : RIG_E_LIMIT;
        line->ptr = ptr;
        *size = more;
    }
    ssize_t got = recv(fd, line->ptr + line->len, *size - line->len, 0);
    if (got == 0 || (got < 0 && errno != EINTR))
        return RIG_E_CLOSED;
    line->len += got > 0 ? (size_t)got : 0;
    return RIG_OK;
}

static rig_status receive_line(int fd, rig_line *line, size_t *size)
{
    rig_status status = RIG_OK;
    size_t seen = 0;
    while (!status) {
        status = receive_more(fd, line, size);
        if (!status && memchr(line->ptr + seen, '\n', line->len - seen))
            return RIG_OK;
        seen = line->len;
    }
    return status;
}

static rig_code code_of(rig_status status)
{
    return status == RIG_E_NOMEM ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY : RIG_CODE_SERVICE_NOT_RUNNING;
}

/* Status: what kept the answer from coming. */
static rig_status exchange(int fd, const rig_call *call, const void *request, rig_code *out_code, void *reply,
                           rig_error *why)
{
    rig_line line = {0};
    size_t size = 0;
    rig_status status = rig_request_write(rig_alloc_libc(), call, request, &line);
    if (!status)
        status = send_all(fd, &line);
    rig_line_free(rig_alloc_libc(), &line);
    if (!status)
        status = receive_line(fd, &line, &size);
    rig_error error = {0};
    if (!status)
        status = rig_answer_read(rig_alloc_libc(), call, rig_view_of(line.ptr, line.len - 1), out_code, reply,
                                 why, &error);
    rig_delete(rig_alloc_libc(), line.ptr, size);
    return status;
}

static rig_status connect_to(const char *where, int *out_fd, rig_error *why)
{
    const char *name = where ? where : getenv(RIG_SOCKET_VARIABLE);
    size_t prefix = strlen(RIG_SOCKET_EMBEDDED);
    name = name && name[0] ? name : RIG_SOCKET_DEFAULT;
    if (strncmp(name, RIG_SOCKET_EMBEDDED, prefix) == 0) {
        rig_status status = rig_daemon_embed(name + prefix, &name, why);
        if (status)
            return status;
    }
    rig_status status = rig_local_connect(name, out_fd);
    return status ? rig_fail(why, status, "no service answers at %s: %s", name, rig_status_meaning(status))
                  : RIG_OK;
}

static rig_code client_call(void *ctx, rig_call_id id, const void *request, void *reply, rig_error *err)
{
    const char *where = ctx;
    rig_error unused = {0}, *why = err ? err : &unused;
    rig_code code = RIG_CODE_SERVICE_NOT_RUNNING;
    int fd = -1;
    rig_status status = connect_to(where, &fd, why);
    if (status)
        return code_of(status);
    status = exchange(fd, rig_call_of(id), request, &code, reply, why);
    close(fd);
    if (!status)
        return code;
    rig_fail(why, status, "the service did not answer: %s", rig_status_meaning(status));
    return code_of(status);
}

rig_caller rig_client_caller(const char *where)
{
    return (rig_caller){client_call, (void *)(uintptr_t)where};
}
