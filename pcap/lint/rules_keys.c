/* Keys one by one: who may say them, when, how often, and which values answer which (sections 6.2, 12, 13).
 * Each rule sees a key before it counts as said. */
#include "lint.h"

static bool login(const lint_at *at)
{
    return at->kind == RIG_PDU_LOGIN_REQ || at->kind == RIG_PDU_LOGIN_RESP;
}

static bool special(const lint_at *at)
{
    return lint_special(at->pair.value);
}

/* The other side said it first, and this is what it is told. */
static bool is_answer(const lint_at *at)
{
    return at->key && at->said->said[!at->side] && !at->said->said[at->side];
}

static bool is_offer(const lint_at *at)
{
    return at->key && !at->said->said[0] && !at->said->said[1];
}

/* An offer for certain: no text is missing that might have had another one. */
static bool is_first_word(const lint_at *at)
{
    return is_offer(at) && at->conn->keys_known;
}

void lint_key_again(lint_at *at)
{
    bool may = rig_view_is(at->pair.key, "TargetAddress");
    if (login(at) && at->key && !may && at->said->said[at->side])
        lint_value(at, "no second time in one login");
}

void lint_key_again_full(lint_at *at)
{
    bool counts = at->key && (lint_key_has_result(at->key) || at->key->high > 0);
    if (!login(at) && counts && at->said->said[at->side])
        lint_value(at, "no second time in one negotiation");
}

void lint_key_understood(lint_at *at)
{
    if (at->key && !(at->key->use & LINT_LATER) && rig_view_is(at->pair.value, "NotUnderstood"))
        lint_value(at, "a value, as RFC 7143 defines this key");
}

void lint_key_marker(lint_at *at)
{
    static const char *const names[] = {"IFMarker", "OFMarker", "IFMarkInt", "OFMarkInt"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (rig_view_is(at->pair.key, names[i]) && rig_view_is(at->pair.value, "NotUnderstood"))
            lint_value(at, "Reject");
}

void lint_key_offer_special(lint_at *at)
{
    if (is_offer(at) && special(at))
        lint_value(at, "a value of the key, as nothing was offered");
}

/* One rule a key: the row's id is that of the key's requirement. */
static bool own_key(const lint_at *at)
{
    return at->key && strcmp(at->key->id, at->rule->id) == 0;
}

void lint_key_range(lint_at *at)
{
    uint64_t number;
    if (own_key(at) && rig_number_parse(at->pair.value, &number) &&
        (number < at->key->low || number > at->key->high))
        lint_value(at, "%u to %u", (unsigned)at->key->low, (unsigned)at->key->high);
}

void lint_group_range(lint_at *at)
{
    rig_view rest = at->pair.value;
    uint64_t group;
    if (rig_view_is(at->pair.key, "TargetAddress"))
        rig_view_split(&rest, ',');
    else if (!rig_view_is(at->pair.key, "TargetPortalGroupTag"))
        return;
    bool number = rest.ptr && rig_number_parse(rest, &group);
    if (number && group > UINT16_MAX)
        lint_value(at, "a portal group tag of at most 65535");
    else if (rest.ptr && !number && rig_view_is(at->pair.key, "TargetAddress"))
        lint_value(at, "a portal group tag behind the comma, 0 to 65535");
}

void lint_key_sender(lint_at *at)
{
    unsigned by = at->side == RIG_LINT_INITIATOR ? LINT_BY_INITIATOR : LINT_BY_TARGET;
    bool listing = (at->conn->text.send_targets || at->conn->text_lost) && !login(at) &&
                   rig_view_is(at->pair.key, "TargetName");
    if (own_key(at) && !(at->key->use & by) && !special(at) && !listing)
        lint_value(at, "not said by the %s", rig_lint_side_word(at->side));
}

void lint_key_number(lint_at *at)
{
    uint64_t number;
    if (at->key && at->key->high > 0 && !special(at) && !rig_number_parse(at->pair.value, &number))
        lint_value(at, "a number: decimal without leading zero, or 0x");
}

void lint_key_boolean(lint_at *at)
{
    uint64_t yes;
    bool boolean = at->key && (at->key->kind == LINT_KEY_AND || at->key->kind == LINT_KEY_OR);
    if (boolean && !special(at) && !lint_parse(at->key, at->pair.value, &yes))
        lint_value(at, "Yes or No");
}

void lint_key_selected(lint_at *at)
{
    if (!is_answer(at) || at->key->kind != LINT_KEY_LIST || special(at) || at->said->list_len == UINT16_MAX)
        return;
    if (!rig_list_has(rig_view_of(at->said->list, at->said->list_len), at->pair.value))
        lint_value(at, "one of %.*s", (int)at->said->list_len, (const char *)at->said->list);
}

/* An item of a list that is empty, or has a blank in it. */
void lint_key_list(lint_at *at)
{
    rig_view rest = at->pair.value;
    bool wrong = rig_view_find(rest, ' ') < rest.len;
    if (!is_first_word(at) || at->key->kind != LINT_KEY_LIST)
        return;
    while (rest.ptr && !wrong)
        wrong = rig_view_split(&rest, ',').len == 0;
    if (wrong)
        lint_value(at, "values with one comma between them");
}

static const char architecture[] = "X#NodeArchitecture";

void lint_key_prefix(lint_at *at)
{
    if (rig_view_starts(at->pair.key, "X#") && !rig_view_is(at->pair.key, architecture) && !special(at))
        lint_value(at, "no such key, as X# was for keys that are registered");
}

void lint_key_architecture(lint_at *at)
{
    if (rig_view_is(at->pair.key, architecture) && at->pair.value.len > 255)
        lint_value(at, "at most 255 bytes");
}

void lint_key_reporting(lint_at *at)
{
    if (is_first_word(at) && rig_view_is(at->pair.key, "TaskReporting") && !special(at) &&
        (!rig_list_has(at->pair.value, rig_view_str("RFC3720")) ||
         !rig_list_has(at->pair.value, rig_view_str("ResponseFence"))))
        lint_value(at, "RFC3720 and ResponseFence among the values");
}

/* An old product may offer more. */
void lint_discovery_level(lint_at *at)
{
    uint64_t level;
    if (at->conn->login.discovery && is_answer(at) && rig_view_is(at->pair.key, "ErrorRecoveryLevel") &&
        rig_number_parse(at->pair.value, &level) && level > 0)
        lint_value(at, "0 in a discovery session");
}

/* Section 6.2.2: the answer never goes to the other side of the offer. */
void lint_key_result(lint_at *at)
{
    uint64_t number, offer;
    if (!is_answer(at) || !at->said->number_known || special(at) ||
        !lint_parse(at->key, at->pair.value, &number))
        return;
    offer = at->said->number;
    bool low = at->key->kind == LINT_KEY_MIN || at->key->kind == LINT_KEY_AND;
    bool high = at->key->kind == LINT_KEY_MAX || at->key->kind == LINT_KEY_OR;
    if (low && number > offer)
        lint_value(at, "at most %u, as offered", (unsigned)offer);
    if (high && number < offer)
        lint_value(at, "at least %u, as offered", (unsigned)offer);
}

void lint_session_type_first(lint_at *at)
{
    if (rig_view_is(at->pair.key, "SessionType") && at->conn->phase == LINT_LOGIN && at->conn->login.any_text)
        lint_value(at, "in the first request of the login");
}

void lint_key_stage_security(lint_at *at)
{
    if (login(at) && at->key && LINT_GET(at, CSG) == 0 && !(at->key->use & LINT_USE_SECURITY) &&
        (at->key->use & LINT_USE_OPERATIONAL))
        lint_value(at, "not in the security stage");
}

void lint_key_stage_operational(lint_at *at)
{
    if (login(at) && at->key && LINT_GET(at, CSG) == 1 && !(at->key->use & LINT_USE_OPERATIONAL) &&
        (at->key->use & LINT_USE_SECURITY))
        lint_value(at, "only in the security stage");
}

void lint_key_leading(lint_at *at)
{
    bool later = at->kind == RIG_PDU_LOGIN_REQ && LINT_GET(at, TSIH) != 0;
    if (later && at->key && (at->key->use & LINT_USE_LEADING))
        lint_value(at, "only on the first connection of a session");
}

void lint_key_login_only(lint_at *at)
{
    if (!login(at) && at->key && !(at->key->use & LINT_USE_FULL) && !special(at))
        lint_value(at, "only during login");
}

void lint_send_targets_login(lint_at *at)
{
    if (login(at) && rig_view_is(at->pair.key, "SendTargets"))
        lint_value(at, "only in full feature phase");
}

/* The first pair of the first answer: what follows it may be the rest of a record. */
static bool begins_list(const lint_at *at)
{
    return !at->conn->text.going_on && at->pair.key.ptr == lint_text_of(at).ptr;
}

void lint_send_targets_keys(lint_at *at)
{
    bool name = rig_view_is(at->pair.key, "TargetName"), address = rig_view_is(at->pair.key, "TargetAddress");
    if (at->kind != RIG_PDU_TEXT_RESP || !lint_full(at) || !at->conn->text.send_targets || name)
        return;
    if (!address && !special(at))
        lint_value(at, "only TargetName and TargetAddress");
    if (address && begins_list(at))
        lint_value(at, "TargetName in front of its addresses");
}

void lint_address_group(lint_at *at)
{
    if (at->kind == RIG_PDU_TEXT_RESP && rig_view_is(at->pair.key, "TargetAddress") &&
        rig_view_find(at->pair.value, ',') == at->pair.value.len)
        lint_value(at, "an address with its portal group tag behind a comma");
}

void lint_key_private_discovery(lint_at *at)
{
    static const char prefix[] = "X-";
    rig_view begin = rig_view_sub(at->pair.key, 0, sizeof prefix - 1);
    if (at->conn->login.discovery && rig_view_is(begin, prefix) && !special(at))
        lint_value(at, "no private key in a discovery session");
}

/* A name and an IPv4 address have no colon but that of the port. */
void lint_address_brackets(lint_at *at)
{
    rig_view rest = at->pair.value;
    if (!rig_view_is(at->pair.key, "TargetAddress") || rest.len == 0 || rest.ptr[0] == '[')
        return;
    rig_view_split(&rest, ':');
    if (rest.ptr && rig_view_find(rest, ':') < rest.len)
        lint_value(at, "an IPv6 address in brackets");
}

/* Whole names are matched; a name may be that of the requirement alone when the row is of a special key. */
static size_t num_digits(rig_view text, bool hex)
{
    size_t num = 0;
    for (; num < text.len; num++) {
        uint8_t c = text.ptr[num];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
        if (!(c >= '0' && c <= '9') && !(hex && letter))
            break;
    }
    return num;
}

/* iqn.yyyy-mm.domain */
static bool is_iqn(rig_view rest)
{
    rig_view year = rig_view_split(&rest, '-');
    rig_view month = rest.ptr ? rig_view_split(&rest, '.') : rest;
    uint64_t number;
    return year.len == 4 && num_digits(year, false) == 4 && month.len == 2 && num_digits(month, false) == 2 &&
           rest.len > 0 && rig_view_u64(month, &number) && number >= 1 && number <= 12;
}

static bool has_form(rig_view name, rig_view type)
{
    rig_view rest = rig_view_sub(name, type.len, name.len);
    bool digits = num_digits(rest, true) == rest.len;
    if (rig_view_is(type, "iqn."))
        return is_iqn(rest);
    return digits && (rest.len == 16 || (rest.len == 32 && rig_view_is(type, "naa.")));
}

/* Each type of name has its own row. */
void lint_name_form(lint_at *at)
{
    static const struct {
        const char *id, *type;
    } types[] = {{"NAME-003", "iqn."}, {"NAME-004", "eui."}, {"NAME-005", "naa."}};
    bool name = rig_view_is(at->pair.key, "InitiatorName") || rig_view_is(at->pair.key, "TargetName");
    for (size_t i = 0; i < sizeof types / sizeof types[0] && name; i++)
        if (strcmp(at->rule->id, types[i].id) == 0 && rig_view_starts(at->pair.value, types[i].type) &&
            !has_form(at->pair.value, rig_view_str(types[i].type)))
            lint_value(at, "a name of type %s", types[i].type);
}

void lint_iname(lint_at *at)
{
    bool name = rig_view_is(at->pair.key, "InitiatorName") || rig_view_is(at->pair.key, "TargetName");
    if (name && !special(at) && at->pair.value.len > RIG_NAME_MAX)
        lint_value(at, "at most %d bytes", RIG_NAME_MAX);
}

/* Whose it is, and that it is at most 255 bytes of text (sections 13.6 and 13.7). */
void lint_key_alias(lint_at *at)
{
    lint_key_sender(at);
    if (own_key(at) && at->pair.value.len > 255)
        lint_value(at, "at most 255 bytes");
}

/* What stringprep leaves of ASCII (section 4.2.7.2); the digits of eui. and naa. are hexadecimal. */
static bool name_byte(uint8_t c, bool digits)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' ||
           c >= 0x80 || (digits && c >= 'A' && c <= 'F');
}

void lint_name_bytes(lint_at *at)
{
    rig_view value = at->pair.value;
    bool name = rig_view_is(at->pair.key, "InitiatorName") || rig_view_is(at->pair.key, "TargetName");
    bool digits = rig_view_starts(value, "eui.") || rig_view_starts(value, "naa.");
    for (size_t i = 0; name && !special(at) && i < value.len; i++)
        if (!name_byte(value.ptr[i], digits)) {
            lint_value(at, "a name of small letters, digits, '-', '.' and ':'");
            return;
        }
}

/* RFC 7143 section 15 and IANA: not any more. */
void lint_key_obsolete_method(lint_at *at)
{
    if (is_first_word(at) && rig_view_is(at->pair.key, "AuthMethod") &&
        (rig_list_has(at->pair.value, rig_view_str("SPKM1")) ||
         rig_list_has(at->pair.value, rig_view_str("SPKM2"))))
        lint_value(at, "methods that are not obsolete");
}

/* A name in the answer to SendTargets, in a session of which the login was seen. */
static bool listed_name(const lint_at *at, bool discovery)
{
    return lint_keys_known(at) && at->session->discovery == discovery && !at->conn->text_lost &&
           at->conn->text.send_targets && rig_view_is(at->pair.key, "TargetName") && !special(at);
}

void lint_send_targets_all(lint_at *at)
{
    if (listed_name(at, false) && at->conn->text.asks_all)
        lint_value(at, "no list, as All is for discovery sessions");
}

void lint_send_targets_own(lint_at *at)
{
    if (listed_name(at, false) && !at->conn->text.asks_all && at->session->folded &&
        lint_name_hash(at->pair.value) != at->session->folded)
        lint_value(at, "the target of the session alone");
}

void lint_send_targets_one(lint_at *at)
{
    if (listed_name(at, true) && at->conn->text.asks_one &&
        lint_name_hash(at->pair.value) != at->conn->text.asked)
        lint_value(at, "the target that was asked for alone");
}
