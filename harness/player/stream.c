/* Connections: bytes to items, the text of several PDUs joined, digests as the login agreed on them. */
#include "player.h"

#define ARGS_MAX 96 /* bytes of a close event's arguments */

player_conn *player_conn_new(rig_player *player)
{
    if (player->num_conns == player->max_conns)
        return NULL;
    player_conn *conn = rig_new(player->config.alloc, sizeof *conn);
    if (!conn)
        return NULL;
    conn->player = player;
    conn->index = player->config.first_connection + player->num_conns;
    rig_txq_init(&conn->queue, player->config.alloc);
    player->conns[player->num_conns++] = conn;
    return conn;
}

void player_conn_end(player_conn *conn, rig_close_how how)
{
    rig_stream *stream = conn->stream;
    conn->closing = true;
    if (how == RIG_CLOSE_RESET)
        conn->stream = NULL;
    if (stream)
        rig_close(stream, how);
}

void player_conn_free(player_conn *conn)
{
    const rig_alloc *alloc = conn->player->config.alloc;
    player_conn_end(conn, RIG_CLOSE_RESET);
    rig_framer_cleanup(&conn->framer);
    rig_txq_cleanup(&conn->queue);
    rig_gather_cleanup(&conn->text[0].text, alloc);
    rig_gather_cleanup(&conn->text[1].text, alloc);
    rig_delete(alloc, conn, sizeof *conn);
}

/* ---- what the login agreed ---- */

static bool carries_text(rig_pdu_kind kind)
{
    return kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP || kind == RIG_PDU_TEXT_REQ ||
           kind == RIG_PDU_TEXT_RESP;
}

static rig_status join_text(player_conn *conn, rig_item *item)
{
    const rig_alloc *alloc = conn->player->config.alloc;
    player_text *part = &conn->text[item->to_target];
    bool more = rig_get(item->pdu.bhs, RIG_F_C) != 0;
    uint32_t itt = rig_get32(item->pdu.bhs, RIG_F_ITT);
    if (itt != part->itt)
        rig_gather_cleanup(&part->text, alloc);
    part->itt = itt;
    if (!more && part->text.len == 0) {
        item->text = item->pdu.data;
        return RIG_OK;
    }
    rig_status status = rig_gather_add(&part->text, alloc, item->pdu.data, RIG_TEXT_ANSWER_MAX);
    if (!more && !status)
        item->text = rig_view_of(part->text.ptr, part->text.len);
    return status;
}

/* Whoever names the key second answers (sections 6.2 and 13.1). */
static void follow_keys(player_conn *conn, const rig_item *item)
{
    static const char *const keys[PLAYER_KEY_DIGESTS] = {"HeaderDigest", "DataDigest"};
    rig_pair pair;
    rig_view rest = item->text;
    while (rig_pair_next(item->text.ptr, &rest, &pair, NULL) != RIG_E_NOT_FOUND)
        for (unsigned key = 0; key < PLAYER_KEY_DIGESTS; key++) {
            if (!rig_view_is(pair.key, keys[key]))
                continue;
            if (conn->offered[key][!item->to_target])
                conn->agreed[key] = rig_view_is(pair.value, "CRC32C");
            conn->offered[key][item->to_target] = true;
        }
}

static bool ends_login(const rig_item *item)
{
    const uint8_t *bhs = item->pdu.bhs;
    return rig_pdu_kind_of(bhs) == RIG_PDU_LOGIN_RESP && !item->to_target && rig_get(bhs, RIG_F_T) &&
           rig_get(bhs, RIG_F_NSG) == 3 && rig_get(bhs, RIG_F_LOGIN_STATUS) >> 8 == 0;
}

rig_status player_note(player_conn *conn, rig_item *item, size_t *out_index)
{
    rig_pdu_kind kind = rig_pdu_kind_of(item->pdu.bhs);
    rig_status status = carries_text(kind) ? join_text(conn, item) : RIG_OK;
    if (!status)
        status = rig_lines_take(conn->player->lines, item, out_index);
    if (status)
        return status;
    if (carries_text(kind) && !rig_get(item->pdu.bhs, RIG_F_C)) {
        if (kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP)
            follow_keys(conn, item);
        rig_gather_cleanup(&conn->text[item->to_target].text, conn->player->config.alloc);
    }
    if (ends_login(item)) {
        rig_framer_digests(&conn->framer, conn->agreed[0], conn->agreed[1]);
        rig_txq_digests(&conn->queue, conn->agreed[0], conn->agreed[1]);
    }
    return RIG_OK;
}

/* ---- what comes ---- */

static rig_status wait_for_line(player_conn *conn, size_t index)
{
    if (conn->num_pending == RIG_PLAYER_PENDING_MAX)
        return RIG_E_LIMIT;
    conn->pending[(conn->first_pending + conn->num_pending++) % RIG_PLAYER_PENDING_MAX] = index;
    return RIG_OK;
}

static rig_status whole_pdu(void *ctx, const rig_pdu *pdu)
{
    player_conn *conn = ctx;
    size_t index;
    rig_item item = {
        .kind = RIG_ITEM_PDU,
        .time = conn->now,
        .connection = conn->index,
        .to_target = conn->player->play->target,
        .pdu = *pdu,
        .data_len = (uint32_t)pdu->data.len,
    };
    rig_status status = player_note(conn, &item, &index);
    return status ? status : wait_for_line(conn, index);
}

static rig_status any_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    (void)ctx;
    (void)pdu;
    (void)out_sink;
    return RIG_OK;
}

static int conn_space(void *ctx, struct iovec *iov, int max)
{
    player_conn *conn = ctx;
    struct iovec places[RIG_SPACE_IOV];
    if (conn->closing) {
        iov[0] = conn->player->config.read_ahead;
        return max < 1 ? 0 : 1;
    }
    int num = rig_framer_space(&conn->framer, conn->player->config.read_ahead, places);
    num = num < max ? num : max;
    memcpy(iov, places, (size_t)num * sizeof *iov);
    return num;
}

static void conn_received(void *ctx, size_t len, uint64_t now)
{
    player_conn *conn = ctx;
    if (conn->closing)
        return;
    conn->now = now;
    rig_error error = {0};
    rig_status status = rig_framer_commit(&conn->framer, conn->player->config.read_ahead, len, &error);
    const char *text = error.text[0] ? error.text : rig_status_meaning(status);
    if (status)
        player_fail(conn->player, false, RIG_LINES_NOTHING, text, now);
    player_go_on(conn->player, now);
}

static int conn_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    player_conn *conn = ctx;
    return rig_txq_iov(&conn->queue, iov, max, now, NULL);
}

static void conn_sent(void *ctx, size_t len, uint64_t now)
{
    player_conn *conn = ctx;
    rig_txq_sent(&conn->queue, len, NULL, NULL);
    player_go_on(conn->player, now);
}

static rig_status note_close(player_conn *conn, rig_status why, uint64_t now)
{
    char args[ARGS_MAX];
    rig_text text;
    size_t index;
    const char *peer = conn->player->play->target ? "initiator" : "target";
    bool by_peer = why == RIG_OK || why == RIG_E_RESET || why == RIG_E_CLOSED;
    rig_text_init(&text, args, sizeof args);
    rig_text_add(&text, "by %s", by_peer ? peer : "network");
    if (why)
        rig_text_add(&text, " reason=%s", rig_status_name(why));
    rig_item item = {.kind = RIG_ITEM_EVENT, .time = now, .connection = conn->index};
    item.event = rig_view_str("close");
    item.args = rig_view_of(args, text.len);
    rig_status status = rig_lines_take(conn->player->lines, &item, &index);
    return status ? status : wait_for_line(conn, index);
}

static void conn_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    player_conn *conn = ctx;
    rig_status status = RIG_OK;
    bool failed = event == RIG_STREAM_FAILED;
    if (event == RIG_STREAM_CLOSED || failed)
        conn->stream = NULL;
    if (event == RIG_STREAM_CONNECTED)
        conn->connected = true;
    else if (failed && !conn->connected)
        conn->why_not = why;
    else if (!conn->closing && !conn->peer_closed && event != RIG_STREAM_CLOSED)
        status = note_close(conn, failed ? why : RIG_OK, now);
    conn->peer_closed |= event == RIG_STREAM_PEER_CLOSED;
    if (status)
        player_fail(conn->player, false, RIG_LINES_NOTHING, rig_status_meaning(status), now);
    player_go_on(conn->player, now);
}

const rig_stream_user_ops player_stream_ops = {conn_space, conn_received, conn_output, conn_sent, conn_event};

static void begin(player_conn *conn)
{
    static const rig_framer_ops ops = {any_header, whole_pdu};
    const rig_framer_config config = {
        .alloc = conn->player->config.alloc, .ops = &ops, .ctx = conn, .trust_bad_header = true};
    rig_framer_init(&conn->framer, &config);
    conn->framer.max_data = RIG_DATA_MAX;
}

rig_status player_connect(rig_player *player, const rig_portal *portal)
{
    player_conn *conn = player_conn_new(player);
    if (!conn)
        return RIG_E_NOMEM;
    const rig_stream_user user = {&player_stream_ops, conn};
    begin(conn);
    rig_status status = rig_connect(player->config.transport, NULL, portal, &user, &conn->stream);
    if (status)
        conn->stream = NULL;
    return status;
}

bool rig_player_accept(rig_player *player, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    player_conn *conn = player->failed ? NULL : player_conn_new(player);
    if (!conn)
        return false;
    begin(conn);
    conn->stream = stream;
    conn->connected = true;
    *out_user = (rig_stream_user){&player_stream_ops, conn};
    player_go_on(player, now);
    return true;
}
