/* A connection as the user of a stream: messages in, messages out. */
#include "internal.h"

/* ---- the stream's calls ---- */

static int link_space(void *ctx, struct iovec *iov, int max)
{
    static uint8_t unwanted[512]; /* what comes behind our end */
    isc_link *link = ctx;
    if (max < 1)
        return 0;
    iov[0] = link->closing ? (struct iovec){unwanted, sizeof unwanted} : rig_isns_framer_space(&link->framer);
    return 1;
}

static void end_by_itself(isc_link *link, rig_status why, uint64_t now)
{
    if (link->over)
        link->over(link, why, now);
    else
        isc_link_free(link);
}

static void link_received(void *ctx, size_t len, uint64_t now)
{
    isc_link *link = ctx;
    bool whole = false;
    if (link->closing)
        return;
    rig_status status = rig_isns_framer_commit(&link->framer, len, &whole, &link->error);
    if (status)
        end_by_itself(link, status, now);
    else if (whole && link->taken(link, rig_view_of(link->framer.message, link->framer.len), now))
        rig_isns_framer_next(&link->framer);
}

static int link_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    isc_link *link = ctx;
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
    isc_link *link = ctx;
    (void)now;
    link->sent += len;
}

static void link_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    isc_link *link = ctx;
    if (event == RIG_STREAM_CONNECTED && link->connected && !link->closing)
        link->connected(link, now);
    if (event == RIG_STREAM_CONNECTED || (event == RIG_STREAM_PEER_CLOSED && link->closing))
        return;
    if (event != RIG_STREAM_PEER_CLOSED)
        link->stream = NULL;
    if (event == RIG_STREAM_FAILED)
        rig_fail(&link->error, why, "the connection to the server: %s", rig_status_meaning(why));
    else if (!link->closing)
        rig_fail(&link->error, RIG_E_CLOSED, "the server closed the connection");
    end_by_itself(link, event == RIG_STREAM_FAILED ? why : RIG_E_CLOSED, now);
}

const rig_stream_user_ops isc_link_ops = {link_space, link_received, link_output, link_sent, link_event};

/* ---- the client's ---- */

/* Of those that are being closed the oldest makes room. */
static bool have_room(rig_isns_client *client)
{
    uint32_t num = 0;
    isc_link *oldest = NULL;
    for (isc_link *link = client->links; link; link = link->next) {
        num++;
        if (!oldest && link->closing && !link->over)
            oldest = link;
    }
    if (num >= ISC_LINKS_MAX && oldest)
        isc_link_free(oldest);
    return num < ISC_LINKS_MAX || oldest;
}

isc_link *isc_link_new(rig_isns_client *client, isc_taken *taken, isc_over *over)
{
    isc_link *link = have_room(client) ? rig_new(client->config.alloc, sizeof *link) : NULL;
    isc_link **end = &client->links;
    if (!link)
        return NULL;
    while (*end)
        end = &(*end)->next;
    *end = link;
    link->client = client;
    link->taken = taken;
    link->over = over;
    rig_isns_framer_init(&link->framer, client->config.alloc);
    return link;
}

rig_status isc_link_send(isc_link *link, const rig_isns_header *like, rig_view message)
{
    if (link->more.len > RIG_ISNS_REPLIES_MAX)
        return RIG_E_LIMIT;
    rig_status status = rig_isns_pack(link->client->config.alloc, like, message, 0, &link->more);
    if (!status)
        rig_wake(link->stream);
    return status;
}

void isc_link_close(isc_link *link)
{
    link->closing = true;
    rig_close(link->stream, RIG_CLOSE_FLUSH);
}

void isc_link_free(isc_link *link)
{
    rig_isns_client *client = link->client;
    const rig_alloc *alloc = client->config.alloc;
    isc_link **place = &client->links;
    while (*place != link)
        place = &(*place)->next;
    *place = link->next;
    if (link->stream)
        rig_close(link->stream, RIG_CLOSE_RESET);
    rig_isns_framer_cleanup(&link->framer);
    rig_gather_cleanup(&link->out, alloc);
    rig_gather_cleanup(&link->more, alloc);
    rig_delete(alloc, link, sizeof *link);
}
