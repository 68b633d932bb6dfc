/* The transport: what belongs to no protected pair goes straight to the one below, the rest waits until its
 * pair has what was wished. */
#include "internal.h"

static vci_stream *stream_of(const rig_stream *base)
{
    return (vci_stream *)(void *)((char *)(uintptr_t)base - offsetof(vci_stream, base));
}

static void list_add(vci_list *list, vci_stream *stream)
{
    stream->next = NULL;
    stream->prev = list->last;
    *(list->last ? &list->last->next : &list->first) = stream;
    list->last = stream;
}

static void list_remove(vci_list *list, vci_stream *stream)
{
    *(stream->prev ? &stream->prev->next : &list->first) = stream->next;
    *(stream->next ? &stream->next->prev : &list->last) = stream->prev;
}

static void stream_free(vci_stream *stream)
{
    vci_pair *pair = stream->pair;
    rig_vici *vici = pair->vici;
    list_remove(stream->below ? &pair->inside : &pair->waiting, stream);
    vici->num_streams--;
    vici->pending = vici->pending || pair->retired;
    rig_delete(vici->config.alloc, stream, sizeof *stream);
}

/* The stream is gone when this returns. */
static void fail(vci_stream *stream, rig_status why, uint64_t now)
{
    rig_stream_user user = stream->user;
    stream_free(stream);
    user.ops->event(user.ctx, RIG_STREAM_FAILED, why, now);
}

/* ---- the user of the stream below: ours hands everything on ---- */

static int guard_space(void *ctx, struct iovec *iov, int max)
{
    const vci_stream *stream = ctx;
    return stream->user.ops->space(stream->user.ctx, iov, max);
}

static void guard_received(void *ctx, size_t len, uint64_t now)
{
    const vci_stream *stream = ctx;
    stream->user.ops->received(stream->user.ctx, len, now);
}

static int guard_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    const vci_stream *stream = ctx;
    return stream->user.ops->output(stream->user.ctx, iov, max, now);
}

static void guard_sent(void *ctx, size_t len, uint64_t now)
{
    const vci_stream *stream = ctx;
    stream->user.ops->sent(stream->user.ctx, len, now);
}

static void guard_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    vci_stream *stream = ctx;
    rig_stream_user user = stream->user;
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        stream_free(stream);
    user.ops->event(user.ctx, event, why, now);
}

static const rig_stream_user_ops below_ops = {guard_space, guard_received, guard_output, guard_sent,
                                              guard_event};

/* ---- once the pair has been asked about ---- */

static bool is_own_lack(rig_status status)
{
    return status == RIG_E_NOMEM || status == RIG_E_LIMIT || status == RIG_E_EXISTS;
}

/* From the address that is protected to that of the portal, and through the device of userspace ESP. */
static void connect_inside(vci_stream *stream, uint64_t now)
{
    vci_pair *pair = stream->pair;
    const rig_vici_config *config = &pair->vici->config;
    const rig_stream_user user = {&below_ops, stream};
    rig_portal portal = {.port = pair->portal.port, .group = pair->portal.group};
    rig_text text;
    rig_text_init(&text, portal.host, sizeof portal.host);
    rig_ip_print(&text, &pair->ip);
    stream->local.ip = pair->source;
    stream->remote = (rig_address){pair->ip, portal.port};
    rig_stream *below = NULL;
    rig_status status =
        rig_connect(config->device ? config->device : config->below, &stream->local, &portal, &user, &below);
    if (status) {
        vci_log(pair, "no way through the protection: %s", rig_status_meaning(status));
        fail(stream, config->device && !is_own_lack(status) ? RIG_E_SECURITY : status, now);
        return;
    }
    list_remove(&pair->waiting, stream);
    stream->below = below;
    list_add(&pair->inside, stream);
    pair->kept = true;
    if (stream->closing)
        rig_close(below, RIG_CLOSE_FLUSH);
}

/* Those who have waited until now. Who is told may close others, and make new ones, which wait for the next
 * negotiation. */
void vci_guard_agreed(vci_pair *pair, uint64_t now)
{
    pair->round++;
    while (pair->waiting.first && pair->waiting.first->round < pair->round)
        connect_inside(pair->waiting.first, now);
}

void vci_guard_refused(vci_pair *pair, uint64_t now)
{
    pair->round++;
    while (pair->waiting.first && pair->waiting.first->round < pair->round)
        fail(pair->waiting.first, RIG_E_SECURITY, now);
}

/* Nobody is told any more. */
void vci_guard_drop(vci_pair *pair)
{
    for (vci_stream *stream; (stream = pair->inside.first) != NULL;) {
        rig_close(stream->below, RIG_CLOSE_RESET);
        stream_free(stream);
    }
    while (pair->waiting.first)
        stream_free(pair->waiting.first);
}

/* ---- the transport's calls ---- */

static rig_status guard_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                                const rig_stream_user *user, rig_stream **out_stream)
{
    rig_vici *vici = ctx;
    vci_pair *pair = vci_pair_for(vici, local, remote);
    if (!pair)
        return rig_connect(vici->config.below, local, remote, user, out_stream);
    if (vici->num_streams == RIG_VICI_STREAMS_MAX)
        return RIG_E_LIMIT;
    vci_stream *stream = rig_new(vici->config.alloc, sizeof *stream);
    if (!stream)
        return RIG_E_NOMEM;
    stream->base.ops = &vci_guard_ops;
    stream->pair = pair;
    stream->user = *user;
    stream->local = local ? *local : (rig_address){0};
    stream->remote = (rig_address){pair->ip, remote->port};
    stream->round = pair->round;
    list_add(&pair->waiting, stream);
    vici->num_streams++;
    vici->pending = true;
    *out_stream = &stream->base;
    return RIG_OK;
}

static rig_status guard_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                               rig_listener **out_listener)
{
    const rig_vici *vici = ctx;
    return rig_listen(vici->config.below, at, accept, accept_ctx, out_listener);
}

static void guard_wake(rig_stream *base)
{
    const vci_stream *stream = stream_of(base);
    if (stream->below)
        rig_wake(stream->below);
}

static void guard_close(rig_stream *base, rig_close_how how)
{
    vci_stream *stream = stream_of(base);
    stream->closing = true;
    if (stream->below)
        rig_close(stream->below, how);
    if (how == RIG_CLOSE_RESET)
        stream_free(stream);
}

static void guard_ends(const rig_stream *base, rig_address *out_local, rig_address *out_remote)
{
    const vci_stream *stream = stream_of(base);
    *out_local = stream->local;
    *out_remote = stream->remote;
    if (stream->below)
        rig_ends(stream->below, out_local, out_remote);
}

/* A listener has the calls of the transport below. */
const rig_transport_ops vci_guard_ops = {guard_connect, guard_listen, NULL,      NULL,
                                         guard_wake,    guard_close,  guard_ends};
