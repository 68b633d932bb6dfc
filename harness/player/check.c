/* Whether a block can be played at all: found before anything is sent. */
#include "player.h"

#include "rig/cdb.h"

const rig_scn_cond *player_arg(const rig_scn_line *line, const char *name)
{
    for (uint32_t i = 0; i < line->num_conds; i++)
        if (line->conds[i].kind == RIG_SCN_C_ARG && rig_view_is(line->conds[i].name, name))
            return &line->conds[i];
    return NULL;
}

/* Who closes: the player itself, unless the line names somebody else. */
bool player_sends(const rig_scn_play *play, const rig_scn_line *line)
{
    if (line->kind != RIG_SCN_EVENT)
        return (line->kind == RIG_SCN_TO_TARGET) != play->target;
    if (line->event->id == RIG_SCN_EV_CONNECT)
        return !play->target;
    const rig_scn_cond *by = player_arg(line, "by");
    return !by || rig_view_is(by->pattern.low.text, play->target ? "target" : "initiator");
}

bool player_resets(const rig_scn_line *line)
{
    const rig_scn_cond *reason = player_arg(line, "reason");
    return reason && rig_view_is(reason->pattern.low.text, "reset");
}

uint32_t rig_player_connections(const rig_scn_play *play)
{
    uint32_t num = 0;
    for (uint32_t i = 0; i < play->num_lines; i++) {
        const rig_scn_line *line = &play->lines[i];
        bool connect = line->kind == RIG_SCN_EVENT && line->event->id == RIG_SCN_EV_CONNECT;
        num += connect || i == 0;
    }
    return num;
}

static rig_status bad(rig_error *err, rig_scn_place place, rig_status status, const char *text, rig_view name)
{
    rig_fail(err, status, text, RIG_VIEW_ARG(name));
    if (err) {
        err->line = place.line;
        err->col = place.col;
    }
    return status;
}

static rig_status check_connection(const rig_scn_play *play, const rig_scn_cond *cond, uint32_t first,
                                   rig_error *err)
{
    uint64_t number = cond->pattern.low.number;
    bool plain = cond->pattern.match == RIG_SCN_IS && cond->pattern.low.is_number;
    if (plain && number >= first && number - first < rig_player_connections(play))
        return RIG_OK;
    return bad(err, cond->place, RIG_E_SYNTAX,
               "%.*s=N in a play names one of the connections that the play opens or accepts", cond->name);
}

/* What can be said of a PDU that came, and not be given to one that is sent. */
static rig_status check_sent(const rig_scn_cond *cond, rig_error *err)
{
    rig_item flawed = {.kind = RIG_ITEM_PDU};
    if (cond->kind == RIG_SCN_C_VIRTUAL)
        return bad(err, cond->place, RIG_E_SYNTAX, "%.*s follows from the data that is sent: write that",
                   cond->name);
    if (cond->kind == RIG_SCN_C_MARK)
        cond->mark->make(&flawed);
    if (flawed.pdu.bad_padding)
        return bad(err, cond->place, RIG_E_SYNTAX, "!%.*s can be expected, not sent: write raw HEX",
                   cond->name);
    bool cdb = cond->kind == RIG_SCN_C_FIELD && cond->field == RIG_F_CDB;
    if (cdb && cond->pattern.low.bytes.len > rig_fields[RIG_F_CDB].bytes)
        return bad(err, cond->place, RIG_E_LIMIT,
                   "%.*s: a header holds 16 bytes of it; write raw HEX for an extended one", cond->name);
    return RIG_OK;
}

static bool plain_value(const rig_scn_cond *cond)
{
    if (cond->kind != RIG_SCN_C_FIELD && cond->kind != RIG_SCN_C_KEY)
        return true;
    return cond->pattern.match == RIG_SCN_IS || cond->pattern.match == RIG_SCN_CALL;
}

static rig_status check_pdu(const rig_scn_play *play, const rig_scn_line *line, uint32_t first,
                            rig_error *err)
{
    bool sends = player_sends(play, line);
    if (sends && (unsigned)line->pdu == RIG_SCN_ANY_PDU)
        return bad(err, line->place, RIG_E_SYNTAX, "what is sent has to be named: > _ is any PDU%.*s",
                   (rig_view){0});
    if (!sends && line->is_raw)
        return bad(err, line->place, RIG_E_SYNTAX, "raw bytes can be sent, not expected%.*s", (rig_view){0});
    for (uint32_t i = 0; i < line->num_conds; i++) {
        const rig_scn_cond *cond = &line->conds[i];
        if (sends && !plain_value(cond))
            return bad(err, cond->place, RIG_E_SYNTAX, "%.*s is sent: write one value, or a $variable",
                       cond->name);
        rig_status status = sends ? check_sent(cond, err) : RIG_OK;
        if (!status && cond->kind == RIG_SCN_C_CONNECTION)
            status = check_connection(play, cond, first, err);
        if (status)
            return status;
    }
    return RIG_OK;
}

/* A close may be that of an earlier connection; what is opened is always the next one. */
static rig_status check_which(const rig_scn_play *play, const rig_scn_line *line, uint32_t first,
                              rig_error *err)
{
    for (uint32_t i = 0; i < line->num_conds; i++) {
        const rig_scn_cond *cond = &line->conds[i];
        if (cond->kind != RIG_SCN_C_CONNECTION)
            continue;
        if (line->event->id == RIG_SCN_EV_CONNECT)
            return bad(err, cond->place, RIG_E_SYNTAX, "%.*s=N: what connects is the next one", cond->name);
        return check_connection(play, cond, first, err);
    }
    return RIG_OK;
}

static rig_status check_event(const rig_scn_play *play, const rig_scn_line *line, uint32_t first,
                              rig_error *err)
{
    uint32_t id = line->event->id;
    if (id != RIG_SCN_EV_CONNECT && id != RIG_SCN_EV_CLOSE)
        return bad(err, line->place, RIG_E_SYNTAX, "a play knows ! connect and ! close, not %.*s",
                   rig_view_str(line->event->name));
    const rig_scn_cond *reason = player_arg(line, "reason");
    if (id == RIG_SCN_EV_CLOSE && player_sends(play, line) && reason && !player_resets(line))
        return bad(err, reason->place, RIG_E_SYNTAX,
                   "a connection is closed in order or with %.*s=reset, for no other reason", reason->name);
    const rig_scn_cond *where = player_arg(line, "ADDR:PORT");
    rig_portal portal;
    if (where && player_sends(play, line) && rig_portal_parse(where->pattern.low.text, &portal, NULL))
        return bad(err, where->place, RIG_E_SYNTAX, "\"%.*s\" is no address", where->pattern.low.text);
    return check_which(play, line, first, err);
}

/* What comes next decides whether it was left out, so there has to be a line for that. */
static bool may_be_left_out(const rig_scn_play *play, uint32_t at)
{
    const rig_scn_line *line = &play->lines[at];
    return line->kind != RIG_SCN_EVENT && !player_sends(play, line) && at + 1 < play->num_lines &&
           !player_sends(play, line + 1);
}

rig_status rig_player_check(const rig_scn_play *play, uint32_t first_connection, rig_error *err)
{
    rig_status status = RIG_OK;
    if (rig_player_connections(play) > RIG_PLAYER_CONNECTIONS_MAX)
        return bad(err, play->place, RIG_E_LIMIT, "the play has too many connections%.*s", (rig_view){0});
    for (uint32_t i = 0; i < play->num_lines && !status; i++) {
        const rig_scn_line *line = &play->lines[i];
        status = line->kind == RIG_SCN_EVENT ? check_event(play, line, first_connection, err)
                                             : check_pdu(play, line, first_connection, err);
        if (!status && line->maybe && !may_be_left_out(play, i))
            status = bad(err, line->place, RIG_E_SYNTAX,
                         "maybe stands before a PDU of the peer, and something else of it comes next%.*s",
                         (rig_view){0});
    }
    return status;
}

/* ---- what a stranger's logical unit must not get unasked ---- */

static bool harmless_command(const rig_scn_cond *cond)
{
    const rig_cdb_row *row = rig_cdb_row_of(cond->pattern.low.bytes);
    return row && (row->data == RIG_CDB_IN || strcmp(row->name, "test-unit-ready") == 0);
}

static bool command_writes(const rig_scn_line *line)
{
    for (uint32_t i = 0; i < line->num_conds; i++) {
        const rig_scn_cond *cond = &line->conds[i];
        if (cond->kind != RIG_SCN_C_FIELD)
            continue;
        if (cond->field == RIG_F_W && cond->pattern.low.number)
            return true;
        if (cond->field == RIG_F_CDB && !harmless_command(cond))
            return true;
    }
    return false;
}

bool rig_player_writes(const rig_scn_play *play)
{
    for (uint32_t i = 0; i < play->num_lines; i++) {
        const rig_scn_line *line = &play->lines[i];
        if (line->kind == RIG_SCN_EVENT || !player_sends(play, line))
            continue;
        if (line->is_raw || line->pdu == RIG_PDU_DATA_OUT || line->pdu == RIG_PDU_TMF_REQ)
            return true;
        if (line->pdu == RIG_PDU_SCSI_CMD && command_writes(line))
            return true;
    }
    return false;
}
