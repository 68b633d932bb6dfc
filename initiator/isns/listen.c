/* What the server asks of us: notifications of changes, inquiries whether we are still there (RFC 4171
 * sections 5.6.5.8 and 5.6.5.13). */
#include "internal.h"
#include "rig/pdu.h"

/* ---- answers ---- */

static rig_status add_status(const rig_isns_client *client, rig_gather *out, uint32_t code)
{
    uint8_t bytes[4];
    rig_be_set(bytes, sizeof bytes, code);
    return rig_gather_add(out, client->config.alloc, rig_view_of(bytes, sizeof bytes), RIG_ISNS_MESSAGE_MAX);
}

static bool is_us(const rig_isns_client *client, rig_view value)
{
    rig_view name;
    return rig_isns_text(value, &name) && client->known[0] && rig_view_is(name, client->known);
}

/* A change counts when it is of somebody else: that we were registered is no news, and must not make us
 * register again. The first name says whom the notification is for. */
static uint32_t read_change(const rig_isns_client *client, rig_view rest, rig_view *out_destination,
                            bool *out_changed)
{
    rig_isns_attr attr;
    rig_status status;
    *out_destination = (rig_view){0};
    while ((status = rig_isns_attr_next(&rest, &attr, NULL)) == RIG_OK) {
        if (attr.tag == RIG_ISNS_TAG_NODE && !out_destination->ptr)
            *out_destination = attr.value;
        else if (attr.tag == RIG_ISNS_TAG_NODE && !is_us(client, attr.value))
            *out_changed = true;
    }
    bool read = status == RIG_E_NOT_FOUND && out_destination->ptr;
    if (read && is_us(client, *out_destination))
        return RIG_ISNS_ST_SUCCESSFUL;
    *out_changed = false;
    return read ? RIG_ISNS_ST_SOURCE_UNKNOWN : RIG_ISNS_ST_FORMAT_ERROR;
}

static rig_status answer_change(isc_link *link, rig_view message, rig_gather *out, bool *out_changed)
{
    const rig_isns_client *client = link->client;
    rig_view destination;
    rig_status status = add_status(client, out, read_change(client, message, &destination, out_changed));
    if (!status && destination.ptr)
        status = rig_isns_add(out, client->config.alloc, RIG_ISNS_TAG_NODE, destination);
    return status;
}

static rig_status answer_inquiry(isc_link *link, rig_view message, rig_gather *out)
{
    const rig_isns_client *client = link->client;
    rig_status status = add_status(client, out, RIG_ISNS_ST_SUCCESSFUL);
    return status ? status : rig_gather_add(out, client->config.alloc, message, RIG_ISNS_MESSAGE_MAX);
}

bool isc_serve(isc_link *link, rig_view message, bool *out_changed)
{
    const rig_isns_header *header = &link->framer.header;
    const rig_isns_header like = {.function = header->function | RIG_ISNS_RESPONSE,
                                  .flags = RIG_ISNS_FROM_CLIENT,
                                  .transaction = header->transaction};
    rig_gather out = {0};
    rig_status status;
    *out_changed = false;
    if (header->function == RIG_ISNS_SCN)
        status = answer_change(link, message, &out, out_changed);
    else if (header->function == RIG_ISNS_ESI)
        status = answer_inquiry(link, message, &out);
    else
        status = add_status(link->client, &out, RIG_ISNS_ST_NOT_SUPPORTED);
    if (!status)
        status = isc_link_send(link, &like, rig_view_of(out.ptr, out.len));
    rig_gather_cleanup(&out, link->client->config.alloc);
    return status == RIG_OK;
}

/* ---- connections of the server ---- */

static void notice_over(isc_link *link, rig_status why, uint64_t now)
{
    (void)now;
    link->client->num_notices--;
    link->over = NULL;
    if (why == RIG_E_CLOSED && link->stream)
        isc_link_close(link);
    else
        isc_link_free(link);
}

static bool notice_taken(isc_link *link, rig_view message, uint64_t now)
{
    rig_isns_client *client = link->client;
    bool changed = false;
    if (!isc_serve(link, message, &changed)) {
        notice_over(link, RIG_E_LIMIT, now);
        return false;
    }
    rig_isns_framer_next(&link->framer);
    if (changed)
        client->config.changed(client->config.ctx, now);
    return false;
}

static bool notice_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    rig_isns_client *client = ctx;
    rig_address local, remote;
    (void)now;
    rig_ends(stream, &local, &remote);
    if (client->num_notices >= RIG_ISNS_NOTICES_MAX || !rig_ip_eq(&remote.ip, &client->server))
        return false;
    isc_link *link = isc_link_new(client, notice_taken, notice_over);
    if (!link)
        return false;
    link->stream = stream;
    client->num_notices++;
    *out_user = (rig_stream_user){&isc_link_ops, link};
    return true;
}

/* The port is the transport's choice; it stays as long as our address does. */
bool isc_listen(rig_isns_client *client)
{
    const rig_address at = {.ip = client->local.ip};
    if (client->listener && rig_ip_eq(&client->listening.ip, &client->local.ip))
        return true;
    isc_unlisten(client);
    if (rig_listen(client->config.transport, &at, notice_accept, client, &client->listener) != RIG_OK) {
        client->listener = NULL;
        return false;
    }
    rig_bound(client->listener, &client->listening);
    client->listening.ip = client->local.ip;
    return true;
}

void isc_unlisten(rig_isns_client *client)
{
    if (client->listener)
        rig_unlisten(client->listener);
    client->listener = NULL;
    for (isc_link *link = client->links, *next; link; link = next) {
        next = link->next;
        if (link->taken == notice_taken && link->over) {
            client->num_notices--;
            isc_link_free(link);
        }
    }
}
