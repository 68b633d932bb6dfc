/* What the two sides of a login said of the operational keys, and what it came to. */
#include "rig/text.h"

#include "names.h"

#define VALUE_MAX 24 /* bytes of a value; none that can be agreed on is longer */

/* Keys of the operational stage with their defaults (RFC 7143 section 13, RFC 7144 for the last two). */
static const struct {
    const char *name, *otherwise;
    bool leading;  /* of a session, and said in its first login alone */
    bool declared; /* each side has its own */
} rows[] = {{"HeaderDigest", "None", false, false},
            {"DataDigest", "None", false, false},
            {"MaxRecvDataSegmentLength", "8192", false, true},
            {"MaxConnections", "1", true, false},
            {"InitialR2T", "Yes", true, false},
            {"ImmediateData", "Yes", true, false},
            {"MaxBurstLength", "262144", true, false},
            {"FirstBurstLength", "65536", true, false},
            {"DefaultTime2Wait", "2", true, false},
            {"DefaultTime2Retain", "20", true, false},
            {"MaxOutstandingR2T", "1", true, false},
            {"DataPDUInOrder", "Yes", true, false},
            {"DataSequenceInOrder", "Yes", true, false},
            {"ErrorRecoveryLevel", "0", true, false},
            {"TaskReporting", "RFC3720", true, false},
            {"iSCSIProtocolLevel", "1", true, false}};

#define ROWS (sizeof rows / sizeof rows[0])

typedef struct trc_said {
    bool joins;           /* a session that is there */
    bool over;            /* the login ended with the last item */
    uint8_t last[ROWS];   /* by whom it was said last: index of the next, 0 target, 1 initiator */
    uint8_t len[ROWS][2]; /* 0: not said */
    uint8_t value[ROWS][2][VALUE_MAX];
} trc_said;

void trc_said_forget(const rig_trace *trace, trc_connection *connection)
{
    rig_delete(trace->alloc, connection->said, connection->said ? sizeof(trc_said) : 0);
    connection->said = NULL;
}

static bool agrees(rig_view value)
{
    return !rig_view_is(value, "Reject") && !rig_view_is(value, "Irrelevant") &&
           !rig_view_is(value, "NotUnderstood") && value.len && value.len <= VALUE_MAX;
}

static void take_pair(trc_said *said, const rig_pair *pair, bool by_initiator)
{
    size_t row = 0;
    while (row < ROWS && !rig_view_is(pair->key, rows[row].name))
        row++;
    if (row == ROWS)
        return;
    said->last[row] = by_initiator;
    said->len[row][by_initiator] = agrees(pair->value) ? (uint8_t)pair->value.len : 0;
    if (said->len[row][by_initiator])
        memcpy(said->value[row][by_initiator], pair->value.ptr, pair->value.len);
}

static bool comes_up(const rig_item *item)
{
    const uint8_t *bhs = item->pdu.bhs;
    return rig_pdu_kind_of(bhs) == RIG_PDU_LOGIN_RESP && rig_get(bhs, RIG_F_T) &&
           rig_get(bhs, RIG_F_NSG) == 3 && rig_get(bhs, RIG_F_LOGIN_STATUS) >> 8 == 0;
}

rig_status trc_said_take(rig_trace *trace, const rig_item *item, trc_connection *connection)
{
    rig_pdu_kind kind = rig_pdu_kind_of(item->pdu.bhs);
    bool login = kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP;
    rig_pair pair;
    if (!login || (connection->said && connection->said->over))
        trc_said_forget(trace, connection);
    if (kind == RIG_PDU_LOGIN_REQ && !connection->said) {
        connection->said = rig_new(trace->alloc, sizeof(trc_said));
        if (!connection->said)
            return RIG_E_NOMEM;
        connection->said->joins = rig_get(item->pdu.bhs, RIG_F_TSIH) != 0;
    }
    if (!login || !connection->said)
        return RIG_OK;
    rig_view text = rig_item_text(item), rest = text;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK)
        take_pair(connection->said, &pair, item->to_target);
    connection->said->over = comes_up(item);
    return RIG_OK;
}

static void put_value(const trc_said *said, rig_text *out, size_t row, bool of_initiator)
{
    rig_view value = rig_view_of(said->value[row][of_initiator], said->len[row][of_initiator]);
    rig_text_escaped(out, value.len ? value : rig_view_str(rows[row].otherwise));
}

static void put_row(const trc_said *said, rig_text *out, size_t row)
{
    bool answered = said->len[row][0] && said->len[row][1];
    rig_text_add(out, " %s=", rows[row].name);
    if (rows[row].declared) {
        put_value(said, out, row, true);
        rig_text_add(out, "/");
        put_value(said, out, row, false);
    } else if (answered) {
        put_value(said, out, row, said->last[row]);
    } else {
        rig_text_add(out, "%s", rows[row].otherwise);
    }
}

bool rig_trace_agreed(const rig_trace *trace, rig_text *out, const rig_item *item)
{
    const trc_connection *newest = trace->names ? trace->names->newest : NULL;
    const trc_said *said = newest && newest->index == item->connection ? newest->said : NULL;
    if (!said || !said->over || !comes_up(item))
        return false;
    for (size_t row = 0; row < ROWS; row++)
        if (!rows[row].leading || !said->joins)
            put_row(said, out, row);
    return true;
}
