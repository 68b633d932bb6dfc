/* What labels ask about a clean list. It shares nothing with the state that rules look at, so that a mistake
 * there is not one here, too. */
#include "facts.h"

#define CONNECTIONS_MAX 1024 /* of a list; items of others have no facts of a session */

typedef struct facts_conn {
    bool seen[2]; /* by direction: something was sent */
    bool full, succeeds;
    bool leading, discovery, any_order, no_initial_r2t;
    uint16_t tsih;
    uint64_t isid;
    uint64_t level, most, protocol; /* ErrorRecoveryLevel, MaxConnections, iSCSIProtocolLevel, as said last */
    uint32_t cmd_sn;                /* of the login */
    uint32_t session;               /* index of the connection that led it */
} facts_conn;

typedef struct facts_pass {
    const rig_items *items;
    rig_mutation_fact *facts;
    facts_conn *conns;
    uint32_t num_conns;
} facts_pass;

static bool pdu(const rig_item *item)
{
    return item->kind == RIG_ITEM_PDU && item->connection < CONNECTIONS_MAX;
}

static uint32_t get(const rig_item *item, rig_field_id field)
{
    return rig_get32(item->pdu.bhs, field);
}

static rig_pdu_kind kind_of(const rig_item *item)
{
    return rig_pdu_kind_of(item->pdu.bhs);
}

bool facts_numbered(const rig_item *item)
{
    rig_pdu_kind kind = kind_of(item);
    return (rig_fields[RIG_F_I].pdus >> kind & 1) && kind != RIG_PDU_LOGIN_REQ && !get(item, RIG_F_I);
}

bool facts_has_status(const rig_item *item)
{
    switch (kind_of(item)) {
    case RIG_PDU_DATA_IN:
        return get(item, RIG_F_S) != 0;
    case RIG_PDU_NOP_IN:
        return get(item, RIG_F_ITT) != RIG_TAG_NONE;
    case RIG_PDU_R2T:
    case RIG_PDU_LOGIN_RESP:
        return false;
    default:
        return !item->to_target;
    }
}

/* ---- logins ---- */

static void take_number(rig_view text, const char *key, uint64_t *out)
{
    rig_view value;
    uint64_t number;
    if (lint_has_key(text, key, &value) && rig_number_parse(value, &number))
        *out = number;
}

/* A target that says No to a Yes or No has agreed to it. */
static bool said_no(const rig_item *item, const char *key)
{
    rig_view value;
    return !item->to_target && lint_has_key(item->text, key, &value) && rig_view_is(value, "No");
}

static void take_login(facts_pass *pass, const rig_item *item)
{
    facts_conn *conn = &pass->conns[item->connection];
    rig_view value;
    take_number(item->text, "ErrorRecoveryLevel", &conn->level);
    take_number(item->text, "MaxConnections", &conn->most);
    take_number(item->text, "iSCSIProtocolLevel", &conn->protocol);
    conn->any_order |= said_no(item, "DataPDUInOrder") || said_no(item, "DataSequenceInOrder");
    conn->no_initial_r2t |= said_no(item, "InitialR2T");
    if (lint_has_key(item->text, "SessionType", &value))
        conn->discovery = rig_view_is(value, "Discovery");
    conn->isid = rig_get(item->pdu.bhs, RIG_F_ISID);
    if (item->to_target) {
        conn->leading = get(item, RIG_F_TSIH) == 0;
        conn->cmd_sn = get(item, RIG_F_CMD_SN);
    }
    if (item->to_target || get(item, RIG_F_LOGIN_STATUS) >> 8 || !get(item, RIG_F_T) ||
        get(item, RIG_F_NSG) != 3)
        return;
    conn->full = conn->succeeds = true;
    conn->tsih = (uint16_t)get(item, RIG_F_TSIH);
    conn->session = item->connection;
    for (uint32_t i = 0; i < item->connection && !conn->leading; i++)
        if (pass->conns[i].full && pass->conns[i].tsih == conn->tsih && pass->conns[i].isid == conn->isid)
            conn->session = pass->conns[i].session;
}

/* ---- one item ---- */

static const facts_conn *leader(const facts_pass *pass, uint32_t connection)
{
    return &pass->conns[pass->conns[connection].session];
}

static bool same_session(const facts_pass *pass, const rig_item *a, const rig_item *b)
{
    return pass->conns[a->connection].session == pass->conns[b->connection].session;
}

static void of_session(const facts_pass *pass, const rig_item *item, rig_mutation_fact *fact)
{
    const facts_conn *lead = leader(pass, item->connection);
    fact->bits |= lead->level > 0 ? FACT_RECOVERS : 0;
    fact->bits |= lead->level > 1 ? FACT_LEVEL_2 : 0;
    fact->bits |= lead->discovery ? FACT_DISCOVERY : 0;
    fact->bits |= lead->most > 1 ? FACT_SEVERAL : 0;
    fact->bits |= lead->protocol > 1 ? FACT_PROTOCOL_2 : 0;
    fact->bits |= lead->any_order ? FACT_ANY_ORDER : 0;
    fact->bits |= lead->no_initial_r2t ? FACT_FIRST_IMMEDIATE_DATA : 0;
    fact->bits |= pass->conns[item->connection].leading ? FACT_LEADING : 0;
    fact->bits |= pass->conns[item->connection].succeeds ? 0 : FACT_REFUSED;
}

static bool begins(const rig_item *item)
{
    return item->to_target && (rig_fields[RIG_F_I].pdus >> kind_of(item) & 1);
}

/* The request with the tag of item, the last one in front of it; NULL = none. */
static const rig_item *request_of(const facts_pass *pass, size_t index)
{
    const rig_item *item = &pass->items->ptr[index];
    if (get(item, RIG_F_ITT) == RIG_TAG_NONE)
        return NULL;
    for (size_t i = index; i-- > 0;) {
        const rig_item *before = &pass->items->ptr[i];
        if (pdu(before) && before->connection == item->connection && begins(before) &&
            get(before, RIG_F_ITT) == get(item, RIG_F_ITT))
            return before;
    }
    return NULL;
}

static void of_task(const facts_pass *pass, size_t index, rig_mutation_fact *fact)
{
    const rig_item *item = &pass->items->ptr[index];
    const rig_item *request = begins(item) ? item : request_of(pass, index);
    if (!request)
        return;
    fact->of = kind_of(request);
    if (fact->of != RIG_PDU_SCSI_CMD)
        return;
    fact->bits |= get(request, RIG_F_R) ? FACT_READ : 0;
    fact->bits |= get(request, RIG_F_W) ? FACT_WRITE : 0;
    fact->bits |= get(request, RIG_F_I) ? FACT_IMMEDIATE : 0;
    if (item != request && facts_has_status(item) && !get(request, RIG_F_I) &&
        get(item, RIG_F_EXP_CMD_SN) == get(request, RIG_F_CMD_SN) + 1)
        fact->bits |= FACT_ACKS_OWN;
    uint8_t operation = request->pdu.bhs[rig_fields[RIG_F_CDB].byte];
    fact->bits |= operation >> 5 == 4 || operation == 0x7f ? FACT_CDB_16 : 0;
}

/* ---- the window ---- */

static bool of_target(const rig_item *item)
{
    return pdu(item) && !item->to_target && kind_of(item) != RIG_PDU_UNKNOWN;
}

static uint32_t most(const rig_item *item)
{
    return get(item, RIG_F_MAX_CMD_SN);
}

/* No PDU of the session in front of it, nor one behind it before the request, allows as much. */
static bool opens_alone(const facts_pass *pass, size_t index)
{
    const rig_item *item = &pass->items->ptr[index];
    for (size_t i = 0; i < index; i++) {
        const rig_item *before = &pass->items->ptr[i];
        if (of_target(before) && same_session(pass, before, item) && rig_sn_le(most(item), most(before)))
            return false;
    }
    for (size_t i = index + 1; i < pass->items->num; i++) {
        const rig_item *later = &pass->items->ptr[i];
        if (!pdu(later) || !same_session(pass, later, item))
            continue;
        if (of_target(later) && rig_sn_le(most(item), most(later)))
            return false;
        if (later->to_target && facts_numbered(later) && get(later, RIG_F_CMD_SN) == most(item))
            return true;
    }
    return false;
}

static uint32_t next_cmd_sn(const facts_pass *pass, size_t index)
{
    const rig_item *item = &pass->items->ptr[index];
    uint32_t next = leader(pass, item->connection)->cmd_sn;
    for (size_t i = 0; i < index; i++) {
        const rig_item *before = &pass->items->ptr[i];
        if (pdu(before) && before->to_target && same_session(pass, before, item) && facts_numbered(before) &&
            rig_sn_le(next, get(before, RIG_F_CMD_SN)))
            next = get(before, RIG_F_CMD_SN) + 1;
    }
    return next;
}

static void of_window(const facts_pass *pass, size_t index, rig_mutation_fact *fact)
{
    const rig_item *item = &pass->items->ptr[index];
    uint32_t expected = get(item, RIG_F_EXP_CMD_SN);
    if (!of_target(item))
        return;
    fact->bits |= opens_alone(pass, index) ? FACT_EDGE : 0;
    fact->bits |= most(item) == expected - 1 ? FACT_SHUT : 0;
    fact->bits |= expected == next_cmd_sn(pass, index) ? FACT_ACKS_ALL : 0;
}

/* Of one kind; Data-Outs also for one R2T, or for none. */
static bool same_sequence(const rig_item *a, const rig_item *b)
{
    return kind_of(a) == kind_of(b) &&
           (kind_of(a) != RIG_PDU_DATA_OUT || get(a, RIG_F_TTT) == get(b, RIG_F_TTT));
}

/* A later item of the same connection and sender counts for order, one of the session for CmdSN. */
static void look_ahead(const facts_pass *pass, const rig_item *item, const rig_item *later,
                       rig_mutation_fact *fact)
{
    bool same = later->connection == item->connection, own = later->to_target == item->to_target;
    bool tag = get(later, RIG_F_ITT) == get(item, RIG_F_ITT);
    if (same && own && fact->next_own == RIG_PDU_UNKNOWN)
        fact->next_own = kind_of(later);
    if (same && own)
        fact->bits &= ~(uint32_t)FACT_LAST;
    if (same && facts_has_status(later))
        fact->bits &= ~(uint32_t)FACT_LAST_STATUS;
    if (same_session(pass, item, later) && facts_numbered(later))
        fact->bits &= ~(uint32_t)FACT_LAST_NUMBERED;
    if (same && !own && tag)
        fact->bits |= FACT_ANSWERED;
    if (same && own && tag && same_sequence(item, later))
        fact->bits |= FACT_MORE;
    if (same && !own)
        fact->bits |= FACT_HEARD;
    if (same && kind_of(item) == RIG_PDU_NOP_IN && kind_of(later) == RIG_PDU_NOP_OUT &&
        get(item, RIG_F_TTT) == get(later, RIG_F_TTT) && get(item, RIG_F_TTT) != RIG_TAG_NONE)
        fact->bits |= FACT_PING_ANSWERED;
}

/* How its command goes on, on whatever connection of the session. */
static void look_at_task(const facts_pass *pass, const rig_item *item, const rig_item *later,
                         rig_mutation_fact *fact)
{
    rig_pdu_kind kind = kind_of(later);
    if (kind == RIG_PDU_TMF_REQ && get(later, RIG_F_REF_TAG) == get(item, RIG_F_ITT))
        fact->bits |= FACT_NAMED;
    bool ends = kind == RIG_PDU_SCSI_RESP || (kind == RIG_PDU_DATA_IN && get(later, RIG_F_S));
    if (!same_session(pass, item, later) || get(later, RIG_F_ITT) != get(item, RIG_F_ITT) ||
        get(item, RIG_F_ITT) == RIG_TAG_NONE)
        return;
    fact->bits |= kind == RIG_PDU_R2T ? FACT_R2T : 0;
    if (ends && get(later, RIG_F_SCSI_STATUS) == 0 &&
        (kind == RIG_PDU_DATA_IN || !get(later, RIG_F_SCSI_RESPONSE)))
        fact->bits |= FACT_GOOD;
}

static bool sends_request(const rig_item *item)
{
    return item->to_target && (rig_fields[RIG_F_I].pdus >> kind_of(item) & 1) &&
           kind_of(item) != RIG_PDU_LOGIN_REQ;
}

static void look_at_next_request(const facts_pass *pass, size_t index, rig_mutation_fact *fact)
{
    const rig_item *item = &pass->items->ptr[index];
    for (size_t i = index + 1; i < pass->items->num; i++) {
        const rig_item *later = &pass->items->ptr[i];
        if (!pdu(later) || !same_session(pass, item, later) || !sends_request(later))
            continue;
        fact->bits |= get(later, RIG_F_I) ? FACT_NEXT_IMMEDIATE : 0;
        return;
    }
}

static bool is_again(const rig_item *item, const rig_item *other)
{
    return other != item && pdu(other) && other->connection == item->connection &&
           other->to_target == item->to_target && kind_of(other) == kind_of(item) &&
           get(other, RIG_F_ITT) == get(item, RIG_F_ITT) &&
           get(other, RIG_F_CMD_SN) == get(item, RIG_F_CMD_SN);
}

static void look_for_retry(const facts_pass *pass, const rig_item *item, rig_mutation_fact *fact)
{
    for (size_t i = 0; i < pass->items->num && facts_numbered(item); i++)
        fact->bits |= is_again(item, &pass->items->ptr[i]) ? FACT_AGAIN : 0;
}

static void of_item(facts_pass *pass, size_t index)
{
    const rig_item *item = &pass->items->ptr[index];
    rig_mutation_fact *fact = &pass->facts[index];
    facts_conn *conn = &pass->conns[item->connection];
    fact->bits = FACT_LAST | FACT_LAST_STATUS | FACT_LAST_NUMBERED;
    fact->bits |= conn->full ? FACT_FULL : 0;
    fact->bits |= conn->seen[item->to_target] ? 0 : FACT_FIRST;
    conn->seen[item->to_target] = true;
    of_session(pass, item, fact);
    of_task(pass, index, fact);
    of_window(pass, index, fact);
    look_at_next_request(pass, index, fact);
    look_for_retry(pass, item, fact);
    look_at_task(pass, item, item, fact);
    for (size_t i = index + 1; i < pass->items->num; i++)
        if (pdu(&pass->items->ptr[i])) {
            look_ahead(pass, item, &pass->items->ptr[i], fact);
            look_at_task(pass, item, &pass->items->ptr[i], fact);
        }
    if (kind_of(item) == RIG_PDU_LOGIN_REQ || kind_of(item) == RIG_PDU_LOGIN_RESP)
        take_login(pass, item);
}

/* Sessions are known only when the logins were read, so the list is read twice. */
static void read_logins(facts_pass *pass)
{
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++)
        pass->conns[i].session = i;
    for (size_t i = 0; i < pass->items->num; i++) {
        const rig_item *item = &pass->items->ptr[i];
        rig_pdu_kind kind = pdu(item) ? kind_of(item) : RIG_PDU_UNKNOWN;
        if (kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP)
            take_login(pass, item);
    }
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++)
        pass->conns[i].full = false;
}

rig_status rig_mutation_facts(const rig_alloc *alloc, const rig_items *items, rig_mutation_fact **out_facts)
{
    facts_pass pass = {.items = items};
    size_t size = CONNECTIONS_MAX * sizeof *pass.conns;
    pass.facts = rig_new(alloc, (items->num + 1) * sizeof *pass.facts);
    pass.conns = rig_new(alloc, size);
    *out_facts = pass.facts;
    for (size_t i = 0; i < items->num && pass.facts; i++)
        pass.facts[i] = (rig_mutation_fact){.of = RIG_PDU_UNKNOWN, .next_own = RIG_PDU_UNKNOWN};
    if (pass.conns && pass.facts) {
        read_logins(&pass);
        for (size_t i = 0; i < items->num; i++)
            if (pdu(&items->ptr[i]))
                of_item(&pass, i);
    }
    rig_delete(alloc, pass.conns, pass.conns ? size : 0);
    if (pass.conns && pass.facts)
        return RIG_OK;
    rig_delete(alloc, pass.facts, pass.facts ? (items->num + 1) * sizeof *pass.facts : 0);
    *out_facts = NULL;
    return RIG_E_NOMEM;
}
