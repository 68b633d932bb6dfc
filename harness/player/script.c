/* The lines of a block in their order: what is ours is done, what is the peer's is waited for. */
#include "player.h"

/* ---- making ---- */

rig_status rig_player_new(const rig_player_config *config, rig_player **out_player)
{
    *out_player = NULL;
    rig_player *player = rig_new(config->alloc, sizeof *player);
    if (!player)
        return RIG_E_NOMEM;
    player->config = *config;
    player->play = config->play;
    player->wake = RIG_NEVER;
    player->max_conns = rig_player_connections(config->play);
    player->conns = rig_new(config->alloc, player->max_conns * sizeof *player->conns);
    rig_status status =
        player->conns ? rig_lines_new(config->match, config->result, &player->lines) : RIG_E_NOMEM;
    if (status)
        rig_player_free(player);
    else
        *out_player = player;
    return status;
}

void rig_player_free(rig_player *player)
{
    if (!player)
        return;
    const rig_alloc *alloc = player->config.alloc;
    player->over = player->failed = true;
    for (uint32_t i = 0; i < player->num_conns; i++)
        player_conn_free(player->conns[i]);
    rig_delete(alloc, player->conns, player->conns ? player->max_conns * sizeof *player->conns : 0);
    rig_lines_free(player->lines);
    rig_delete(alloc, player, sizeof *player);
}

/* ---- ending ---- */

static void reset_all(rig_player *player)
{
    for (uint32_t i = 0; i < player->num_conns; i++)
        player_conn_end(player->conns[i], RIG_CLOSE_RESET);
}

void player_fail(rig_player *player, bool expected, size_t item, const char *text, uint64_t now)
{
    if (player->failed)
        return;
    const rig_lines_failure failure = {
        .play = player->play,
        .line = player->at,
        .expected = expected,
        .item = item,
        .since = player->since,
        .now = now,
        .text = text,
    };
    player->over = player->failed = true;
    player->wake = RIG_NEVER;
    player->status = rig_lines_fail(player->lines, &failure);
    reset_all(player);
}

/* ---- one line ---- */

static const rig_scn_line *line_of(const rig_player *player)
{
    return &player->play->lines[player->at];
}

static bool is_event(const rig_scn_line *line, rig_scn_event_id id)
{
    return line->kind == RIG_SCN_EVENT && line->event->id == id;
}

static uint64_t behind(uint64_t time, uint64_t more)
{
    return more > UINT64_MAX - time ? UINT64_MAX : time + more;
}

/* A line that names its time may take its deadline longer. */
static uint64_t deadline_of(const rig_player *player)
{
    const rig_scn_line *line = line_of(player);
    uint64_t within = line->within ? line->within : RIG_SCN_WITHIN;
    return behind(player->since, behind(within, line->timed ? line->time_high : 0));
}

static player_outcome wait_until(rig_player *player, uint64_t at)
{
    player->wake = at;
    return PLAYER_WAITS;
}

static player_outcome out_of_time(rig_player *player, uint64_t now)
{
    if (now < deadline_of(player))
        return wait_until(player, deadline_of(player));
    player_fail(player, true, RIG_LINES_NOTHING, "nothing came in time", now);
    return PLAYER_FAILED;
}

static player_conn *conn_of(const rig_player *player, const rig_scn_line *line)
{
    for (uint32_t i = 0; i < line->num_conds; i++) {
        if (line->conds[i].kind != RIG_SCN_C_CONNECTION)
            continue;
        uint64_t number = line->conds[i].pattern.low.number - player->config.first_connection;
        return number < player->passed ? player->conns[number] : NULL;
    }
    return player->passed ? player->conns[player->passed - 1] : NULL;
}

static size_t take_pending(player_conn *conn)
{
    size_t item = conn->pending[conn->first_pending];
    conn->first_pending = (conn->first_pending + 1) % RIG_PLAYER_PENDING_MAX;
    conn->num_pending--;
    return item;
}

static player_outcome unexpected(player_conn *conn, const char *text, uint64_t now)
{
    player_fail(conn->player, false, take_pending(conn), text, now);
    return PLAYER_FAILED;
}

/* ---- connections ---- */

static player_outcome no_connection(rig_player *player, rig_status why, uint64_t now)
{
    char text[128];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "the connection was not made: %s", rig_status_meaning(why));
    player_fail(player, true, RIG_LINES_NOTHING, text, now);
    return PLAYER_FAILED;
}

rig_view player_address(const rig_player *player, rig_view address)
{
    const rig_match_config *config = player->config.match;
    for (uint32_t i = 0; i < config->num_aliases; i++)
        if (rig_view_eq(config->aliases[i].written, address))
            return config->aliases[i].actual;
    return address;
}

static rig_portal portal_of(const rig_player *player, const rig_scn_line *line)
{
    rig_portal portal = player->config.portal;
    const rig_scn_cond *where = is_event(line, RIG_SCN_EV_CONNECT) ? player_arg(line, "ADDR:PORT") : NULL;
    if (where && !player->config.only_portal)
        rig_portal_parse(player_address(player, where->pattern.low.text), &portal, NULL);
    return portal;
}

static player_outcome open_conn(rig_player *player, const rig_scn_line *line, uint64_t now)
{
    if (player->num_conns == player->passed) {
        rig_portal portal = portal_of(player, line);
        rig_status status = player_connect(player, &portal);
        if (status)
            return no_connection(player, status, now);
    }
    player_conn *conn = player->conns[player->passed];
    if (!conn->connected && conn->why_not)
        return no_connection(player, conn->why_not, now);
    if (!conn->connected)
        return out_of_time(player, now);
    player->passed++;
    return PLAYER_DONE;
}

/* When the initiator under test comes is the steps' affair: only `within` limits it. */
static player_outcome take_conn(rig_player *player, const rig_scn_line *line, uint64_t now)
{
    if (player->num_conns == player->passed)
        return line->within ? out_of_time(player, now) : wait_until(player, RIG_NEVER);
    player->passed++;
    return PLAYER_DONE;
}

static player_outcome join(rig_player *player, const rig_scn_line *line, uint64_t now)
{
    return player->play->target ? take_conn(player, line, now) : open_conn(player, line, now);
}

/* ---- ours ---- */

static player_outcome close_conn(player_conn *conn, const rig_scn_line *line, uint64_t now)
{
    if (conn->num_pending)
        return unexpected(conn, "this came where the play closes the connection", now);
    if (player_resets(line) && conn->queue.num)
        return PLAYER_WAITS; /* what the play has sent before is not lost */
    player_conn_end(conn, player_resets(line) ? RIG_CLOSE_RESET : RIG_CLOSE_FLUSH);
    return PLAYER_DONE;
}

static player_outcome gone(rig_player *player, player_conn *conn, uint64_t now)
{
    if (conn && conn->num_pending)
        return unexpected(conn, "this came first, and the connection is gone", now);
    player_fail(player, true, RIG_LINES_NOTHING, "there is no connection for it", now);
    return PLAYER_FAILED;
}

/* While a line waits for its time, nothing may come. */
static player_outcome act(rig_player *player, const rig_scn_line *line, uint64_t now)
{
    player_conn *conn = conn_of(player, line);
    uint64_t at = behind(player->since, line->timed ? line->time_low : 0);
    if (is_event(line, RIG_SCN_EV_CONNECT))
        return now < at ? wait_until(player, at) : join(player, line, now);
    if (!conn || !conn->stream || conn->closing)
        return gone(player, conn, now);
    if (line->timed && conn->num_pending && !player->play->loose)
        return unexpected(conn, "this came before the play went on", now);
    if (now < at)
        return wait_until(player, at);
    return line->kind == RIG_SCN_EVENT ? close_conn(conn, line, now) : player_send(conn, line, now);
}

/* ---- the peer's ---- */

static player_outcome compare(player_conn *conn, const rig_scn_line *line, uint64_t now)
{
    rig_player *player = conn->player;
    size_t item = conn->pending[conn->first_pending];
    bool fits = rig_lines_fits(player->lines, line, item, player->since);
    if (!fits && line->maybe)
        return PLAYER_LEFT_OUT;
    take_pending(conn);
    if (!fits) {
        player_fail(player, true, item, "", now);
        return PLAYER_FAILED;
    }
    if (is_event(line, RIG_SCN_EV_CLOSE))
        player_conn_end(conn, RIG_CLOSE_FLUSH);
    return PLAYER_DONE;
}

static void put_first(player_conn *conn, uint32_t at)
{
    size_t *pending = conn->pending;
    size_t item = pending[(conn->first_pending + at) % RIG_PLAYER_PENDING_MAX];
    for (; at > 0; at--)
        pending[(conn->first_pending + at) % RIG_PLAYER_PENDING_MAX] =
            pending[(conn->first_pending + at - 1) % RIG_PLAYER_PENDING_MAX];
    pending[conn->first_pending] = item;
}

/* Of a loose play whatever came and fits is taken; what does not waits for its own line. */
static player_outcome compare_loosely(player_conn *conn, const rig_scn_line *line, uint64_t now)
{
    rig_player *player = conn->player;
    for (uint32_t i = 0; i < conn->num_pending; i++) {
        size_t item = conn->pending[(conn->first_pending + i) % RIG_PLAYER_PENDING_MAX];
        if (!rig_lines_fits(player->lines, line, item, player->since))
            continue;
        put_first(conn, i);
        return compare(conn, line, now);
    }
    bool more = !line->maybe && conn->stream && !conn->peer_closed && now < deadline_of(player);
    return more ? wait_until(player, deadline_of(player)) : compare(conn, line, now);
}

static bool has_closed(const rig_player *player, const player_conn *conn)
{
    return conn->num_pending &&
           rig_lines_item(player->lines, conn->pending[conn->first_pending])->kind == RIG_ITEM_EVENT;
}

/* A close can be any connection's, unless its line names one. */
static player_conn *closed_conn(const rig_player *player)
{
    const rig_scn_line *line = line_of(player);
    for (uint32_t i = 0; i < line->num_conds; i++)
        if (line->conds[i].kind == RIG_SCN_C_CONNECTION)
            return conn_of(player, line);
    for (uint32_t i = player->passed; i-- > 0;)
        if (has_closed(player, player->conns[i]))
            return player->conns[i];
    return conn_of(player, line);
}

static player_outcome expect(rig_player *player, const rig_scn_line *line, uint64_t now)
{
    if (is_event(line, RIG_SCN_EV_CONNECT))
        return join(player, line, now);
    player_conn *conn = is_event(line, RIG_SCN_EV_CLOSE) ? closed_conn(player) : conn_of(player, line);
    if (conn && conn->num_pending)
        return player->play->loose ? compare_loosely(conn, line, now) : compare(conn, line, now);
    if (!conn || !conn->stream || conn->closing)
        return gone(player, NULL, now);
    return out_of_time(player, now);
}

/* ---- going on ---- */

/* A block that does not begin with ! connect begins with one that nobody wrote. */
static player_outcome one_line(rig_player *player, uint64_t now)
{
    const rig_scn_line *line = line_of(player);
    if (player->passed == 0 && !is_event(line, RIG_SCN_EV_CONNECT)) {
        player_outcome outcome = join(player, line, now);
        if (outcome != PLAYER_DONE)
            return outcome;
        player->since = now;
    }
    return player_sends(player->play, line) ? act(player, line, now) : expect(player, line, now);
}

/* PDUs behind the last line are nobody's; that connections end then is no surprise. */
static void look_behind(rig_player *player, uint64_t now)
{
    for (uint32_t i = 0; i < player->num_conns && !player->failed; i++) {
        player_conn *conn = player->conns[i];
        while (conn->num_pending && !player->failed) {
            size_t item = take_pending(conn);
            if (rig_lines_item(player->lines, item)->kind == RIG_ITEM_PDU)
                player_fail(player, false, item, "this came behind the last line", now);
        }
        if (conn->peer_closed && !conn->closing)
            player_conn_end(conn, RIG_CLOSE_FLUSH);
    }
}

static void go_through(rig_player *player, uint64_t now)
{
    while (!player->over) {
        player->wake = RIG_NEVER;
        player_outcome outcome = one_line(player, now);
        if (outcome == PLAYER_WAITS || outcome == PLAYER_FAILED)
            return;
        if (outcome == PLAYER_DONE)
            player->since = now;
        player->over = ++player->at == player->play->num_lines;
    }
    if (!player->failed)
        look_behind(player, now);
}

/* A transport may call back while a line is being done: then it is looked at again afterwards. */
void player_go_on(rig_player *player, uint64_t now)
{
    player->again = true;
    if (!player->started || player->busy)
        return;
    player->busy = true;
    while (player->again) {
        player->again = false;
        go_through(player, now);
    }
    player->busy = false;
}

void rig_player_start(rig_player *player, uint64_t now)
{
    player->started = true;
    player->since = now;
    player_go_on(player, now);
}

uint64_t rig_player_next_deadline(const rig_player *player)
{
    return player->over ? RIG_NEVER : player->wake;
}

void rig_player_tick(rig_player *player, uint64_t now)
{
    if (rig_player_next_deadline(player) <= now)
        player_go_on(player, now);
}

bool rig_player_over(const rig_player *player)
{
    return player->over;
}

bool rig_player_failed(const rig_player *player)
{
    return player->failed;
}

rig_status rig_player_status(const rig_player *player)
{
    return player->status;
}

void rig_player_finish(rig_player *player, const char *why, uint64_t now)
{
    if (!player->over)
        player_fail(player, true, RIG_LINES_NOTHING, why, now);
}
