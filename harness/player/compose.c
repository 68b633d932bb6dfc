/* PDUs from lines: what is given stands as given, the rest as in a PDU without flaw. */
#include "player.h"

#define CHAP_TEXT (2 * RIG_MATCH_HASH_MAX + 3) /* any response in hex, with its NUL */

typedef struct composer {
    player_conn *conn;
    const rig_scn_line *line;
    rig_tx *tx;
    rig_gather data;
    bool has_ahs_len, has_data_len; /* given, right or wrong */
    const rig_scn_cond *unknown;    /* its variable has no value */
    const char *cannot;             /* why it cannot be sent */
} composer;

static rig_status add_data(composer *c, rig_view bytes)
{
    return rig_gather_add(&c->data, c->conn->player->config.alloc, bytes, RIG_DATA_MAX);
}

static rig_status add_field(composer *c, const rig_scn_cond *cond)
{
    uint64_t number;
    const rig_scn_value *value = &cond->pattern.low;
    if (cond->field >= RIG_FIELDS) {
        c->cannot = "it names a field that its header does not have";
        return RIG_OK;
    }
    if (rig_fields[cond->field].form == RIG_FORM_CDB) {
        memcpy(c->tx->bhs + rig_fields[cond->field].byte, value->bytes.ptr, value->bytes.len);
        return RIG_OK;
    }
    if (rig_lines_number(c->conn->player->lines, value, &number))
        rig_set(c->tx->bhs, cond->field, number);
    else
        c->unknown = cond;
    c->has_ahs_len |= cond->field == RIG_F_AHS_WORDS;
    c->has_data_len |= cond->field == RIG_F_DATA_LEN;
    return RIG_OK;
}

static rig_view real_name(const rig_player_config *config, const rig_scn_cond *cond, rig_view value)
{
    bool other = config->real_target.len && rig_view_is(cond->name, "TargetName");
    return other && rig_view_eq(value, config->target) ? config->real_target : value;
}

/* A CHAP response that is to be right is computed, and stands in hex. */
static bool value_text(const composer *c, const rig_scn_cond *cond, char room[CHAP_TEXT], rig_view *out_text)
{
    const rig_lines *lines = c->conn->player->lines;
    uint8_t response[RIG_MATCH_HASH_MAX];
    rig_text text;
    if (cond->pattern.match != RIG_SCN_CALL)
        return rig_lines_text(lines, &cond->pattern.low, out_text);
    size_t len = rig_lines_chap(lines, cond->pattern.call, c->conn->index, response);
    rig_text_init(&text, room, CHAP_TEXT);
    rig_binary_print(&text, rig_view_of(response, len));
    *out_text = rig_view_of(room, text.len);
    return len > 0;
}

/* A portal of the scenario is another address over sockets; its tag behind the comma stays. */
static rig_status add_address(composer *c, rig_view text)
{
    rig_view rest = text, address = rig_view_split(&rest, ',');
    rig_status status = add_data(c, player_address(c->conn->player, address));
    return status ? status : add_data(c, rig_view_sub(text, address.len, text.len));
}

static rig_status add_value(composer *c, const rig_scn_cond *cond, rig_view text)
{
    if (rig_view_is(cond->name, "TargetAddress") && c->conn->player->play->target)
        return add_address(c, text);
    return add_data(c, real_name(&c->conn->player->config, cond, text));
}

static rig_status add_key(composer *c, const rig_scn_cond *cond)
{
    rig_view text;
    char room[CHAP_TEXT];
    if (!value_text(c, cond, room, &text)) {
        c->unknown = cond;
        return RIG_OK;
    }
    rig_status status = add_data(c, cond->name);
    if (!status)
        status = add_data(c, rig_view_of("=", 1));
    if (!status)
        status = add_value(c, cond, text);
    return status ? status : add_data(c, rig_view_of("", 1));
}

/* A length that the line does not give is the one in the header; a pattern goes on where the PDU's data lies
 * in the transfer. */
static rig_status add_bytes(composer *c, const rig_scn_data *data)
{
    uint8_t room[256];
    if (data->kind == RIG_SCN_DATA_BYTES)
        return add_data(c, data->bytes);
    uint64_t len = data->len ? data->len : rig_get(c->tx->bhs, RIG_F_DATA_LEN);
    bool placed = rig_fields[RIG_F_BUFFER_OFFSET].pdus >> c->line->pdu & 1;
    uint64_t offset = placed ? rig_get(c->tx->bhs, RIG_F_BUFFER_OFFSET) : 0;
    rig_status status = RIG_OK;
    if (len == 0)
        c->cannot = "its data has no length: write zero BYTES or pattern SEED BYTES";
    for (uint64_t at = 0; at < len && !status; at += sizeof room) {
        size_t part = len - at < sizeof room ? (size_t)(len - at) : sizeof room;
        memset(room, 0, part);
        if (data->kind == RIG_SCN_DATA_PATTERN)
            rig_scn_pattern_fill(room, part, data->seed, offset + at);
        status = add_data(c, rig_view_of(room, part));
    }
    return status;
}

static void add_mark(composer *c, const rig_mark *mark)
{
    rig_item flawed = {.kind = RIG_ITEM_PDU};
    mark->make(&flawed);
    c->tx->flip_header |= flawed.pdu.bad_header_digest;
    c->tx->flip_data |= flawed.pdu.bad_data_digest;
    if (flawed.pdu.bad_header_digest && !c->conn->queue.header_digest)
        c->cannot = "there is no header digest to be wrong: none was agreed";
    if (flawed.pdu.bad_data_digest && !c->conn->queue.data_digest)
        c->cannot = "there is no data digest to be wrong: none was agreed";
}

/* Bytes and padding of a data segment cannot be counted before all fields are there: they come second. */
static rig_status add_cond(composer *c, const rig_scn_cond *cond, bool fields)
{
    switch (cond->kind) {
    case RIG_SCN_C_FIELD:
        return fields ? add_field(c, cond) : RIG_OK;
    case RIG_SCN_C_KEY:
        return fields ? RIG_OK : add_key(c, cond);
    case RIG_SCN_C_DATA:
        return fields ? RIG_OK : add_bytes(c, &cond->data);
    case RIG_SCN_C_MARK:
        add_mark(c, cond->mark);
        return RIG_OK;
    default:
        return RIG_OK;
    }
}

static rig_status add_conds(composer *c)
{
    rig_status status = RIG_OK;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < c->line->num_conds && !status; i++)
            status = add_cond(c, &c->line->conds[i], pass == 0);
    return status;
}

/* LUN 0 of the scenario is another one at a stranger's target. */
static void set_real_lun(composer *c)
{
    static const uint32_t kinds = RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(DATA_OUT);
    uint32_t lun = c->conn->player->config.real_lun;
    if (lun && (kinds >> c->line->pdu & 1) && rig_get(c->tx->bhs, RIG_F_LUN) == 0)
        rig_set(c->tx->bhs, RIG_F_LUN, rig_lun_encode(lun));
}

static void set_lengths(composer *c)
{
    rig_tx *tx = c->tx;
    tx->keep_lengths = c->has_ahs_len || c->has_data_len;
    if (!c->has_data_len)
        rig_set(tx->bhs, RIG_F_DATA_LEN, c->data.len);
    tx->data_len = (uint32_t)c->data.len;
    tx->flat = (struct iovec){c->data.ptr, c->data.len};
    tx->owned = c->data.ptr;
    tx->owned_size = c->data.size;
    c->data = (rig_gather){0};
}

/* ---- sending ---- */

static player_outcome refuse(composer *c, rig_status status, uint64_t now)
{
    char text[160];
    rig_text out;
    rig_player *player = c->conn->player;
    rig_text_init(&out, text, sizeof text);
    if (c->unknown && c->unknown->pattern.match == RIG_SCN_CALL)
        rig_text_add(&out, "it cannot be sent: nothing computes %.*s", RIG_VIEW_ARG(c->unknown->name));
    else if (c->unknown)
        rig_text_add(&out, "it cannot be sent: %.*s has no value",
                     RIG_VIEW_ARG(c->unknown->pattern.low.text));
    else
        rig_text_add(&out, "it cannot be sent: %s", status ? rig_status_meaning(status) : c->cannot);
    rig_txq_cancel(&c->conn->queue);
    rig_gather_cleanup(&c->data, player->config.alloc);
    player_fail(player, true, RIG_LINES_NOTHING, text, now);
    return PLAYER_FAILED;
}

/* What was sent is an item as well: login keys and CHAP challenges are looked up in it. */
static rig_status note(composer *c, uint64_t now)
{
    size_t index;
    player_conn *conn = c->conn;
    const rig_tx *tx = c->tx;
    rig_item item = {
        .kind = RIG_ITEM_PDU,
        .time = now,
        .connection = conn->index,
        .to_target = !conn->player->play->target,
        .pdu = {.bhs = tx->bhs,
                .data = rig_view_of(tx->flat.iov_base, tx->data_len),
                .offset = conn->queue.newest},
        .data_len = tx->data_len,
    };
    return tx->raw ? RIG_OK : player_note(conn, &item, &index);
}

static player_outcome seal(composer *c, uint64_t now)
{
    rig_txq_seal(&c->conn->queue);
    rig_status status = note(c, now);
    if (status)
        return refuse(c, status, now);
    rig_wake(c->conn->stream);
    return PLAYER_DONE;
}

player_outcome player_send(player_conn *conn, const rig_scn_line *line, uint64_t now)
{
    composer c = {.conn = conn, .line = line};
    rig_status status;
    c.tx = rig_txq_push(&conn->queue, line->pdu, &status);
    if (status == RIG_E_BUSY)
        return PLAYER_WAITS;
    if (!c.tx)
        return refuse(&c, status, now);
    if (line->is_raw) {
        c.tx->raw = true;
        c.tx->flat = (struct iovec){(void *)(uintptr_t)line->raw.ptr, line->raw.len};
        c.tx->data_len = (uint32_t)line->raw.len;
        return seal(&c, now);
    }
    status = add_conds(&c);
    if (status || c.unknown || c.cannot)
        return refuse(&c, status, now);
    set_real_lun(&c);
    set_lengths(&c);
    return seal(&c, now);
}
