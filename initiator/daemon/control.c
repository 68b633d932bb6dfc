/* Clients: requests in, a line each; answers out. A client's next request is looked at when its last one has
 * its answer, so that one that only asks costs a bounded buffer. */
#include "daemon_internal.h"

#include <unistd.h>

#define FIRST_ROOM 4096

struct daemon_client {
    daemon_client *next, *prev;
    rig_daemon *daemon;
    rig_stream *stream;
    const rig_call *call; /* under way */
    uint8_t *in;
    size_t in_len, in_size;
    size_t seen; /* bytes without a newline among them */
    rig_line out;
    size_t out_sent;
    bool working;     /* inside work() */
    bool peer_closed; /* it sends nothing more */
    bool ending;
};

static const rig_alloc *memory(void)
{
    return rig_alloc_libc();
}

static void client_free(daemon_client *client)
{
    rig_daemon *daemon = client->daemon;
    if (daemon->service)
        rig_service_cancel(daemon->service, client);
    *(client->prev ? &client->prev->next : &daemon->clients) = client->next;
    if (client->next)
        client->next->prev = client->prev;
    daemon->num_clients--;
    rig_secret_wipe(client->in, client->in_size);
    rig_delete(memory(), client->in, client->in_size);
    rig_line_free(memory(), &client->out);
    rig_delete(memory(), client, sizeof *client);
}

void daemon_clients_free(rig_daemon *daemon)
{
    while (daemon->clients) {
        rig_close(daemon->clients->stream, RIG_CLOSE_RESET);
        client_free(daemon->clients);
    }
}

static void end(daemon_client *client)
{
    client->ending = true;
    rig_close(client->stream, RIG_CLOSE_FLUSH);
}

/* ---- requests and answers ---- */

static void answer(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now);

static void answer_with(daemon_client *client, const rig_call *call, rig_code code, const void *reply,
                        const rig_error *why)
{
    rig_status status = rig_answer_write(memory(), call, code, reply, why, &client->out);
    if (status)
        status = rig_answer_write(memory(), call, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY, NULL, NULL, &client->out);
    client->out_sent = 0;
    client->call = NULL;
    if (status)
        end(client);
    rig_wake(client->stream);
}

static rig_code code_of(rig_status status)
{
    return status == RIG_E_NOMEM       ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY
           : status == RIG_E_NOT_FOUND ? RIG_CODE_REQUEST_NOT_SUPPORTED
                                       : RIG_CODE_WIN32_INVALID_PARAMETER;
}

static void take_line(daemon_client *client, rig_view line)
{
    rig_error error = {0};
    void *request = NULL;
    const rig_call *call = NULL;
    rig_status status = rig_request_read(memory(), line, &call, &request, &error);
    if (status) {
        answer_with(client, rig_call_of(RIG_CALL_GET_VERSION), code_of(status), NULL, &error);
        return;
    }
    client->call = call;
    rig_service_call(client->daemon->service, call->id, request, rig_loop_now(client->daemon->loop), answer,
                     client);
    rig_request_free(memory(), call, request);
}

static void consume(daemon_client *client, size_t len)
{
    rig_secret_wipe(client->in, len); /* requests may carry secrets */
    client->in_len -= len;
    client->seen = 0;
    memmove(client->in, client->in + len, client->in_len);
}

static bool is_idle(const daemon_client *client)
{
    return !client->call && !client->out.len && !client->ending;
}

/* The length of the next line, or of what is there of it. */
static size_t line_len(daemon_client *client, bool *out_whole)
{
    rig_view rest = rig_view_of(client->in + client->seen, client->in_len - client->seen);
    size_t at = rest.len ? rig_view_find(rest, '\n') : 0;
    size_t len = client->seen + at;
    *out_whole = at < rest.len;
    client->seen = *out_whole ? client->seen : client->in_len;
    return len;
}

/* Lines that are there already are looked at one by one; an answer that comes at once asks for the next. */
static void work(daemon_client *client)
{
    bool whole = true;
    if (client->working)
        return;
    client->working = true;
    while (is_idle(client) && whole) {
        size_t len = line_len(client, &whole);
        if (len > RIG_REQUEST_MAX) {
            daemon_log(client->daemon, "a client sent a request of more than %u bytes", RIG_REQUEST_MAX);
            end(client);
        } else if (whole) {
            take_line(client, rig_view_of(client->in, len));
            consume(client, len + 1);
        }
    }
    client->working = false;
}

static void answer(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    daemon_client *client = ctx;
    (void)now;
    answer_with(client, client->call, code, reply, why);
}

/* ---- the stream ---- */

static bool grow(daemon_client *client)
{
    size_t size = client->in_size ? client->in_size * 2 : FIRST_ROOM;
    uint8_t *more = rig_new(memory(), size);
    if (!more)
        return false;
    if (client->in_len)
        memcpy(more, client->in, client->in_len);
    rig_secret_wipe(client->in, client->in_size);
    rig_delete(memory(), client->in, client->in_size);
    client->in = more;
    client->in_size = size;
    return true;
}

static int client_space(void *ctx, struct iovec *iov, int max)
{
    daemon_client *client = ctx;
    (void)max;
    if (!is_idle(client))
        return 0;
    if (client->in_len == client->in_size && !grow(client)) {
        end(client);
        return 0;
    }
    iov[0] = (struct iovec){client->in + client->in_len, client->in_size - client->in_len};
    return 1;
}

static void client_received(void *ctx, size_t len, uint64_t now)
{
    daemon_client *client = ctx;
    (void)now;
    client->in_len += len;
    work(client);
}

static int client_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    const daemon_client *client = ctx;
    (void)max;
    (void)now;
    if (client->out_sent == client->out.len)
        return 0;
    iov[0] = (struct iovec){client->out.ptr + client->out_sent, client->out.len - client->out_sent};
    return 1;
}

static void client_sent(void *ctx, size_t len, uint64_t now)
{
    daemon_client *client = ctx;
    (void)now;
    client->out_sent += len;
    if (client->out_sent < client->out.len)
        return;
    rig_line_free(memory(), &client->out);
    client->out_sent = 0;
    work(client);
    if (client->peer_closed && is_idle(client))
        end(client);
    else
        rig_wake(client->stream);
}

/* A client that closes its side may still wait for an answer: `socat`, and scripts, do. */
static void client_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    daemon_client *client = ctx;
    (void)why;
    (void)now;
    if (event == RIG_STREAM_PEER_CLOSED) {
        client->peer_closed = true;
        if (is_idle(client))
            end(client);
    } else if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED) {
        client_free(client);
    }
}

static bool may_connect(const rig_daemon *daemon, const rig_stream *stream)
{
    uint32_t user = 0;
    if (rig_stream_peer_user(stream, &user) != RIG_OK)
        return false;
    bool may = user == 0 || user == geteuid();
    for (uint32_t i = 0; i < daemon->config.num_users && !may; i++)
        may = user == daemon->config.users[i];
    if (!may)
        daemon_log(daemon, "user %u may not use the service", user);
    return may;
}

/* Who went away while its call is under way is not noticed by reading. Its call goes on; its place is
 * somebody else's. */
static void drop_gone(rig_daemon *daemon)
{
    for (daemon_client *client = daemon->clients, *next; client; client = next) {
        next = client->next;
        if (!client->call || !rig_stream_peer_gone(client->stream))
            continue;
        rig_close(client->stream, RIG_CLOSE_RESET);
        client_free(client);
    }
}

bool daemon_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    static const rig_stream_user_ops ops = {client_space, client_received, client_output, client_sent,
                                            client_event};
    rig_daemon *daemon = ctx;
    (void)now;
    if (daemon->num_clients >= RIG_DAEMON_CLIENTS_MAX)
        drop_gone(daemon);
    bool full = daemon->num_clients >= RIG_DAEMON_CLIENTS_MAX;
    if (full)
        daemon_log(daemon, "more than %d clients at a time", RIG_DAEMON_CLIENTS_MAX);
    daemon_client *client = full || !may_connect(daemon, stream) ? NULL : rig_new(memory(), sizeof *client);
    if (!client)
        return false;
    client->daemon = daemon;
    client->stream = stream;
    client->next = daemon->clients;
    if (client->next)
        client->next->prev = client;
    daemon->clients = client;
    daemon->num_clients++;
    *out_user = (rig_stream_user){&ops, client};
    return true;
}
