/* Which keys go out and are taken in which stage of a login (RFC 7143 sections 6.3, 12 and 13). */
#include "internal.h"

#define ARCHITECTURE "X#NodeArchitecture"

typedef struct text_key {
    const char *name;
    rig_status (*take)(eng_conn *conn, rig_view value);
    bool security;    /* may come in the security stage */
    bool operational; /* may come in the operational stage */
    bool once;        /* a second time is a redeclaration */
    bool leading;     /* only on the leading connection */
    bool answered;    /* it is a proposal: words that only answer cannot stand in it */
    bool told;        /* targets tell it in full feature phase, too, and want no answer (appendix C, 13.6) */
} text_key;

rig_status eng_key_wrong(eng_conn *conn, const char *key, rig_view value, const char *why)
{
    rig_fail_at(&conn->error, RIG_E_NEGOTIATION, conn->error.offset, key, "%s=%.*s: %s", key,
                RIG_VIEW_ARG(value), why);
    return RIG_E_NEGOTIATION;
}

rig_status eng_key_put(eng_conn *conn, const char *key, rig_view value)
{
    return rig_gather_pair(&conn->login->tx, eng_alloc(conn->session), key, value, RIG_TEXT_MAX);
}

static rig_status take_alias(eng_conn *conn, rig_view value)
{
    if (value.len > RIG_VALUE_MAX)
        return eng_key_wrong(conn, "TargetAlias", value, "longer than 255 bytes (section 13.6)");
    conn->login->alias = rig_copy_text(eng_alloc(conn->session), value.ptr, value.len);
    conn->login->alias_len = value.len;
    return conn->login->alias ? RIG_OK : RIG_E_NOMEM;
}

static rig_status take_group(eng_conn *conn, rig_view value)
{
    uint64_t group = 0;
    if (!rig_number_parse(value, &group) || group > UINT16_MAX)
        return eng_key_wrong(conn, "TargetPortalGroupTag", value, "not a number of 16 bits (section 13.9)");
    const rig_session *session = conn->session;
    if (!conn->leading && session->has_portal_group && session->portal_group != group)
        return eng_key_wrong(conn, "TargetPortalGroupTag", value,
                             "another portal group than that of the session (section 4.4.3)");
    conn->login->portal_group = (uint16_t)group;
    conn->login->has_portal_group = true;
    return RIG_OK;
}

static rig_status take_address(eng_conn *conn, rig_view value)
{
    rig_portal portal;
    if (rig_portal_parse(value, &portal, NULL))
        return eng_key_wrong(conn, "TargetAddress", value, "not host[:port][,group] (section 13.8)");
    return RIG_OK;
}

/* What says no more than that nothing comes of a key may be left out where the target waits for nothing more.
 */
static rig_status put_optional(eng_conn *conn, const char *key, const char *word)
{
    size_t before = conn->login->tx.len;
    rig_status status = eng_key_put(conn, key, rig_view_str(word));
    conn->login->optional += conn->login->tx.len - before;
    return status;
}

/* Obsolete keys are answered Reject, never NotUnderstood (section 13.25). */
static rig_status take_if_marker(eng_conn *conn, rig_view value)
{
    (void)value;
    return put_optional(conn, "IFMarker", "Reject");
}

static rig_status take_of_marker(eng_conn *conn, rig_view value)
{
    (void)value;
    return put_optional(conn, "OFMarker", "Reject");
}

static rig_status take_if_mark_int(eng_conn *conn, rig_view value)
{
    (void)value;
    return put_optional(conn, "IFMarkInt", "Reject");
}

static rig_status take_of_mark_int(eng_conn *conn, rig_view value)
{
    (void)value;
    return put_optional(conn, "OFMarkInt", "Reject");
}

/* Nothing may depend on it (section 13.26.2); the word that only answers is one, too. */
static rig_status take_architecture(eng_conn *conn, rig_view value)
{
    (void)conn;
    (void)value;
    return RIG_OK;
}

/* The keys without a row in the table of numbers and lists; those without a function never come from a target
 * during login. */
static const text_key text_keys[] = {
    {.name = "TargetAlias",
     .take = take_alias,
     .security = true,
     .operational = true,
     .once = true,
     .told = true},
    {.name = "TargetPortalGroupTag",
     .take = take_group,
     .security = true,
     .operational = true,
     .once = true,
     .told = true},
    {.name = "TargetAddress", .take = take_address, .security = true, .operational = true, .told = true},
    {.name = "AuthMethod", .take = eng_security_method, .security = true, .once = true},
    {.name = "IFMarker", .take = take_if_marker, .operational = true, .once = true, .answered = true},
    {.name = "OFMarker", .take = take_of_marker, .operational = true, .once = true, .answered = true},
    {.name = "IFMarkInt", .take = take_if_mark_int, .operational = true, .once = true, .answered = true},
    {.name = "OFMarkInt", .take = take_of_mark_int, .operational = true, .once = true, .answered = true},
    {.name = ARCHITECTURE, .take = take_architecture, .operational = true, .once = true, .leading = true},
    {.name = "InitiatorName"},
    {.name = "InitiatorAlias"},
    {.name = "TargetName", .told = true},
    {.name = "SessionType"},
    {.name = "SendTargets"},
};

#define NUM_TEXT_KEYS (sizeof text_keys / sizeof text_keys[0])

const char *eng_key_word(const rig_pair *pair)
{
    unsigned chap;
    if (eng_reserved_word(pair->value))
        return NULL;
    for (unsigned i = 0; i < NUM_TEXT_KEYS; i++)
        if (rig_view_is(pair->key, text_keys[i].name))
            return text_keys[i].told ? NULL : "Reject";
    rig_key_id key = rig_key_find(pair->key);
    if (key == RIG_KEY_MAX_RECV_DATA)
        return NULL;
    return key != RIG_KEYS || eng_chap_find(pair->key, &chap) ? "Reject" : "NotUnderstood";
}

static rig_status put_names(eng_conn *conn)
{
    rig_session *session = conn->session;
    const rig_initiator *initiator = session->initiator;
    rig_status status =
        eng_key_put(conn, "InitiatorName", rig_view_str(session->name ? session->name : initiator->name));
    if (!status && initiator->alias)
        status = eng_key_put(conn, "InitiatorAlias", rig_view_str(initiator->alias));
    if (!status && session->target)
        status = eng_key_put(conn, "TargetName", rig_view_str(session->target));
    if (!status && conn->leading)
        status = eng_key_put(conn, "SessionType",
                             rig_view_str(session->config.discovery ? "Discovery" : "Normal"));
    return status;
}

rig_status eng_keys_first(eng_conn *conn)
{
    return put_names(conn);
}

rig_status eng_keys_stage(eng_conn *conn)
{
    eng_login *login = conn->login;
    if (login->offered)
        return RIG_OK;
    login->offered = true;
    if (login->stage == 0)
        return eng_security_offer(conn);
    rig_status status = eng_offer(login, eng_alloc(conn->session), &conn->session->config, conn->leading);
    if (!status && conn->leading && conn->session->initiator->config.tell_architecture)
        status = eng_key_put(conn, ARCHITECTURE, rig_view_str("iscsirig/" ENG_VERSION));
    return status;
}

static rig_status take_text_key(eng_conn *conn, unsigned i, rig_view value)
{
    const text_key *key = &text_keys[i];
    eng_login *login = conn->login;
    bool allowed = login->stage == 0 ? key->security : key->operational;
    if (!allowed)
        return eng_key_wrong(conn, key->name, value, "not allowed from a target in this stage (section 6.3)");
    if (key->once && (login->declared >> i & 1))
        return eng_key_wrong(conn, key->name, value, "sent twice in one login (section 6.3)");
    if (key->leading && !conn->leading)
        return eng_key_wrong(conn, key->name, value, "a leading-only key on another connection (section 13)");
    if (key->answered && eng_reserved_word(value))
        return eng_key_wrong(conn, key->name, value, "cannot be proposed (section 6.2)");
    login->declared |= UINT32_C(1) << i;
    return key->take(conn, value);
}

static rig_status take_negotiated(eng_conn *conn, rig_key_id key, rig_view value)
{
    eng_login *login = conn->login;
    const char *name = rig_key_rows[key].name;
    if (login->stage == 0)
        return eng_key_wrong(conn, name, value, "an operational key in the security stage (section 6.3)");
    if (rig_key_rows[key].leading && !conn->leading)
        return eng_key_wrong(conn, name, value, "a leading-only key on another connection (section 13)");
    if (login->answers >> key & 1)
        return eng_key_wrong(conn, name, value, "negotiated twice in one login (section 6.3)");
    login->answers |= UINT32_C(1) << key;
    const rig_session_config *config = &conn->session->config;
    if (rig_key_rows[key].rule == RIG_BY_DECLARE || (login->offers >> key & 1))
        return eng_answer(login, config, key, value, &conn->error);
    return eng_proposal(login, eng_alloc(conn->session), config, key, value, &conn->error);
}

/* Unknown keys are answered NotUnderstood, except an answer that is NotUnderstood itself (section 6.2). */
static rig_status take_unknown(eng_conn *conn, const rig_pair *pair)
{
    char name[RIG_KEY_MAX + 1];
    if (rig_view_is(pair->value, "NotUnderstood"))
        return RIG_OK;
    memcpy(name, pair->key.ptr, pair->key.len);
    name[pair->key.len] = 0;
    return put_optional(conn, name, "NotUnderstood");
}

static rig_status take_pair(eng_conn *conn, const rig_pair *pair)
{
    unsigned chap;
    if (eng_chap_find(pair->key, &chap))
        return eng_chap_take(conn, chap, pair->value);
    for (unsigned i = 0; i < NUM_TEXT_KEYS; i++)
        if (rig_view_is(pair->key, text_keys[i].name))
            return take_text_key(conn, i, pair->value);
    rig_key_id key = rig_key_find(pair->key);
    if (key != RIG_KEYS)
        return take_negotiated(conn, key, pair->value);
    return take_unknown(conn, pair);
}

rig_status eng_keys_take(eng_conn *conn, const rig_pdu *pdu)
{
    const rig_gather *rx = &conn->login->rx;
    rig_view rest = rig_view_of(rx->ptr, rx->len);
    rig_pair pair;
    conn->error.offset = pdu->offset;
    for (;;) {
        rig_status status = rig_pair_next(rx->ptr, &rest, &pair, &conn->error);
        if (status == RIG_E_NOT_FOUND)
            return eng_security_step(conn, rig_get(pdu->bhs, RIG_F_T));
        if (!status)
            status = take_pair(conn, &pair);
        if (status)
            return status == RIG_E_SYNTAX ? RIG_E_NEGOTIATION : status;
    }
}

static void settle_open(eng_login *login, const rig_session_config *config)
{
    for (unsigned i = 0; i < RIG_KEYS; i++) {
        rig_key_rule rule = rig_key_rows[i].rule;
        bool open = (login->offers & ~login->answers) >> i & 1;
        if (open && (rule == RIG_BY_AND || rule == RIG_BY_OR))
            login->result[i].value = config->offer[i].value;
    }
}

/* Where a redirection points to: the first TargetAddress, which becomes the connection's portal. */
bool eng_keys_redirect(eng_conn *conn, rig_view text)
{
    rig_view rest = text;
    rig_pair pair;
    rig_portal portal;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK) {
        if (!rig_view_is(pair.key, "TargetAddress") || rig_portal_parse(pair.value, &portal, NULL))
            continue;
        conn->portal = portal;
        return true;
    }
    return false;
}

/* What a target says of itself counts once the login has succeeded. */
static void take_declarations(eng_conn *conn)
{
    eng_login *login = conn->login;
    rig_session *session = conn->session;
    if (login->has_portal_group) {
        session->portal_group = login->portal_group;
        session->has_portal_group = true;
    }
    if (!login->alias)
        return;
    rig_delete(eng_alloc(session), session->target_alias,
               session->target_alias ? session->target_alias_len + 1 : 0);
    session->target_alias = login->alias;
    session->target_alias_len = login->alias_len;
    login->alias = NULL;
}

/* Keys of connection scope that others than the leading connection agree on concern that connection alone. */
rig_status eng_keys_finish(eng_conn *conn)
{
    eng_login *login = conn->login;
    rig_session *session = conn->session;
    rig_status status = eng_negotiated(login, &session->config, &conn->error);
    if (status)
        return status;
    settle_open(login, &session->config);
    take_declarations(conn);
    if (login->result[RIG_KEY_FIRST_BURST].value > login->result[RIG_KEY_MAX_BURST].value)
        login->result[RIG_KEY_FIRST_BURST].value = login->result[RIG_KEY_MAX_BURST].value;
    if (conn->leading)
        memcpy(session->agreed, login->result, sizeof session->agreed);
    conn->max_send = login->result[RIG_KEY_MAX_RECV_DATA].value;
    bool header = login->result[RIG_KEY_HEADER_DIGEST].value == 2;
    bool data = login->result[RIG_KEY_DATA_DIGEST].value == 2;
    rig_framer_digests(&conn->framer, header, data);
    rig_txq_digests(&conn->txq, header, data);
    bool declared = login->offers >> RIG_KEY_MAX_RECV_DATA & 1;
    conn->framer.max_data = declared ? session->config.offer[RIG_KEY_MAX_RECV_DATA].value
                                     : rig_key_rows[RIG_KEY_MAX_RECV_DATA].in_force;
    return RIG_OK;
}
