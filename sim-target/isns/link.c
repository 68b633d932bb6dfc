/* Connections: those of clients, and ours to clients that want to be told. */
#include "iss.h"

static int link_space(void *ctx, struct iovec *iov, int max)
{
    static uint8_t unwanted[512];
    iss_link *link = ctx;
    if (max < 1)
        return 0;
    iov[0] = link->closing ? (struct iovec){unwanted, sizeof unwanted} : rig_isns_framer_space(&link->framer);
    return 1;
}

/* A version that is not ours gets its answer (RFC 4171 section 5.1.1); then nothing can be read any more. */
static void refuse_version(iss_link *link)
{
    const rig_isns_header asked = rig_isns_header_get(link->framer.head);
    const uint8_t status[4] = {[3] = RIG_ISNS_ST_VERSION_NOT_SUPPORTED};
    const rig_isns_header like = {.function = asked.function | RIG_ISNS_RESPONSE,
                                  .flags = RIG_ISNS_FROM_SERVER,
                                  .transaction = asked.transaction};
    if (!(asked.function & RIG_ISNS_RESPONSE))
        iss_link_send(link, &like, rig_view_of(status, sizeof status), RIG_ISNS_FAULT_NONE);
}

static void link_received(void *ctx, size_t len, uint64_t now)
{
    iss_link *link = ctx;
    bool whole = false;
    if (link->closing)
        return;
    rig_status status = rig_isns_framer_commit(&link->framer, len, &whole, NULL);
    if (status) {
        if (status == RIG_E_UNSUPPORTED)
            refuse_version(link);
        iss_link_close(link);
        return;
    }
    if (!whole)
        return;
    rig_view message = rig_view_of(link->framer.message, link->framer.len);
    if (link->framer.header.function & RIG_ISNS_RESPONSE)
        iss_take_answer(link, message, now);
    else
        iss_take_request(link, message, now);
}

static int link_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    iss_link *link = ctx;
    (void)now;
    if (link->sent == link->out.len) {
        rig_gather done = link->out;
        link->out = link->more;
        link->more = (rig_gather){.ptr = done.ptr, .size = done.size};
        link->sent = 0;
    }
    if (max < 1 || link->sent == link->out.len)
        return 0;
    iov[0] = (struct iovec){link->out.ptr + link->sent, link->out.len - link->sent};
    return 1;
}

static void link_sent(void *ctx, size_t len, uint64_t now)
{
    iss_link *link = ctx;
    (void)now;
    link->sent += len;
}

static void link_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    iss_link *link = ctx;
    (void)why;
    if (event == RIG_STREAM_PEER_CLOSED && !link->closing)
        iss_link_close(link);
    if (event != RIG_STREAM_CLOSED && event != RIG_STREAM_FAILED)
        return;
    link->stream = NULL;
    if (link->ours && link->function)
        iss_gave_up(link, now);
    else
        iss_link_free(link);
}

const rig_stream_user_ops iss_link_ops = {link_space, link_received, link_output, link_sent, link_event};

iss_link *iss_link_new(rig_isns_server *server)
{
    const rig_alloc *alloc = server->config.alloc;
    iss_link *link = server->num_links < RIG_ISNS_SERVER_LINKS_MAX ? rig_new(alloc, sizeof *link) : NULL;
    if (!link)
        return NULL;
    link->server = server;
    link->until = RIG_NEVER;
    link->next = server->links;
    server->links = link;
    server->num_links++;
    rig_isns_framer_init(&link->framer, alloc);
    return link;
}

void iss_link_free(iss_link *link)
{
    rig_isns_server *server = link->server;
    const rig_alloc *alloc = server->config.alloc;
    iss_link **place = &server->links;
    while (*place != link)
        place = &(*place)->next;
    *place = link->next;
    server->num_links--;
    if (link->stream)
        rig_close(link->stream, RIG_CLOSE_RESET);
    rig_isns_framer_cleanup(&link->framer);
    rig_gather_cleanup(&link->out, alloc);
    rig_gather_cleanup(&link->more, alloc);
    rig_delete(alloc, link, sizeof *link);
}

void iss_link_close(iss_link *link)
{
    link->closing = true;
    if (link->stream)
        rig_close(link->stream, RIG_CLOSE_FLUSH);
}

bool iss_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    iss_link *link = iss_link_new(ctx);
    (void)now;
    if (!link)
        return false;
    link->stream = stream;
    *out_user = (rig_stream_user){&iss_link_ops, link};
    return true;
}
