/* Packets of the connection to charon. */
#include "internal.h"

static int talk_space(void *ctx, struct iovec *iov, int max)
{
    vci_talk *talk = ctx;
    if (max < 1)
        return 0;
    if (talk->have < RIG_VICI_HEADER_LEN)
        iov[0] = (struct iovec){talk->length + talk->have, RIG_VICI_HEADER_LEN - talk->have};
    else
        iov[0] = (struct iovec){talk->body + (talk->have - RIG_VICI_HEADER_LEN),
                                talk->body_len - (talk->have - RIG_VICI_HEADER_LEN)};
    return 1;
}

/* The length is there: a packet has at least its type. */
static rig_status make_room(vci_talk *talk)
{
    size_t len = 0;
    for (size_t i = 0; i < RIG_VICI_HEADER_LEN; i++)
        len = len << 8 | talk->length[i];
    if (len == 0)
        return RIG_E_FORMAT;
    if (len > RIG_VICI_PACKET_MAX)
        return RIG_E_LIMIT;
    talk->body = rig_new(talk->pair->vici->config.alloc, len);
    talk->body_len = talk->body ? len : 0;
    return talk->body ? RIG_OK : RIG_E_NOMEM;
}

/* The talk may be gone when this returns; the packet's bytes are its own. */
static void whole(vci_talk *talk, uint64_t now)
{
    vci_pair *pair = talk->pair;
    const rig_alloc *alloc = pair->vici->config.alloc;
    uint8_t *body = talk->body;
    size_t len = talk->body_len;
    rig_vici_packet packet;
    rig_error error = {0};
    talk->body = NULL;
    talk->body_len = talk->have = 0;
    if (rig_vici_packet_get(rig_view_of(body, len), &packet, &error) == RIG_OK) {
        vci_answered(pair, &packet, now);
    } else {
        char why[VCI_TEXT_MAX];
        rig_text text;
        rig_text_init(&text, why, sizeof why);
        rig_text_add(&text, "charon's message is none: byte %llu, %s: %s", (unsigned long long)error.offset,
                     error.field, error.text);
        vci_lost(pair, why, now);
    }
    rig_delete(alloc, body, len);
}

static void talk_received(void *ctx, size_t len, uint64_t now)
{
    vci_talk *talk = ctx;
    talk->have += len;
    if (talk->have < RIG_VICI_HEADER_LEN)
        return;
    rig_status status = talk->body ? RIG_OK : make_room(talk);
    if (status)
        vci_lost(talk->pair, status == RIG_E_NOMEM ? "no memory" : "charon's message has no possible length",
                 now);
    else if (talk->have == RIG_VICI_HEADER_LEN + talk->body_len)
        whole(talk, now);
}

static int talk_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    vci_talk *talk = ctx;
    (void)now;
    if (max < 1 || talk->sent == talk->request_len)
        return 0;
    iov[0] = (struct iovec){talk->request + talk->sent, talk->request_len - talk->sent};
    return 1;
}

/* A request may have had the key in it. */
static void talk_sent(void *ctx, size_t len, uint64_t now)
{
    vci_talk *talk = ctx;
    (void)now;
    rig_secret_wipe(talk->request + talk->sent, len);
    talk->sent += len;
}

static void talk_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    vci_talk *talk = ctx;
    if (event == RIG_STREAM_CONNECTED) {
        talk->open = true;
        vci_opened(talk->pair, now);
        return;
    }
    if (event != RIG_STREAM_PEER_CLOSED)
        talk->stream = NULL;
    vci_lost(talk->pair,
             event == RIG_STREAM_FAILED ? rig_status_meaning(why) : "charon has closed the connection to it",
             now);
}

static const rig_stream_user_ops talk_ops = {talk_space, talk_received, talk_output, talk_sent, talk_event};

rig_status vci_talk_open(vci_pair *pair)
{
    rig_vici *vici = pair->vici;
    vci_talk *talk = rig_new(vici->config.alloc, sizeof *talk);
    if (!talk)
        return RIG_E_NOMEM;
    const rig_stream_user user = {&talk_ops, talk};
    talk->pair = pair;
    rig_status status = vici->config.dial(vici->config.ctx, &user, &talk->stream);
    if (status) {
        rig_delete(vici->config.alloc, talk, sizeof *talk);
        return status;
    }
    pair->talk = talk;
    vici->num_talks++;
    return RIG_OK;
}

void vci_talk_close(vci_pair *pair)
{
    rig_vici *vici = pair->vici;
    vci_talk *talk = pair->talk;
    if (!talk)
        return;
    pair->talk = NULL;
    vici->num_talks--;
    vici->pending = true;
    rig_timerq_disarm(&vici->timers, &pair->timer);
    if (talk->stream)
        rig_close(talk->stream, RIG_CLOSE_RESET);
    rig_delete(vici->config.alloc, talk->body, talk->body_len);
    rig_secret_wipe(talk, sizeof *talk);
    rig_delete(vici->config.alloc, talk, sizeof *talk);
}

/* What stands in talk->request is to be answered by the deadline. */
void vci_talk_send(vci_talk *talk, size_t len, uint64_t deadline)
{
    talk->request_len = len;
    talk->sent = 0;
    rig_timerq_arm(&talk->pair->vici->timers, &talk->pair->timer, deadline);
    rig_wake(talk->stream);
}
