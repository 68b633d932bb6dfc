/* CHAP, as far as one who knows no secret can judge it (sections 9.2.1 and 12.1.3, RFC 1994). */
#include "lint.h"

/* RFC 1994 section 2.3: a challenge that comes again can be answered with the response somebody overheard
 * before. */
void lint_challenge_once(lint_at *at)
{
    uint64_t mark;
    const lint_challenge *before = NULL;
    if (lint_challenge_mark(at, &mark))
        before = lint_challenge_find(at->lint, mark);
    if (before)
        lint_value(at, "another challenge than in frame %u", before->frame);
}

static bool login(const lint_at *at)
{
    return at->kind == RIG_PDU_LOGIN_REQ || at->kind == RIG_PDU_LOGIN_RESP;
}

static bool binary_key(const lint_at *at)
{
    return login(at) && (rig_view_is(at->pair.key, "CHAP_C") || rig_view_is(at->pair.key, "CHAP_R"));
}

/* Section 6.1: hex or base64; a number stands for itself. */
void lint_binary_form(lint_at *at)
{
    uint8_t octets[4096];
    size_t len;
    uint64_t number;
    if (binary_key(at) && !lint_special(at->pair.value) && !rig_number_parse(at->pair.value, &number) &&
        at->pair.value.len <= sizeof octets && !rig_binary_parse(at->pair.value, octets, sizeof octets, &len))
        lint_value(at, "a binary value: 0x and hex digits, or 0b and base64");
}

/* Octets, whatever they are written in. False: none, or too many for one PDU of a login. */
static bool octets_of(const lint_at *at, size_t *out_len)
{
    uint8_t octets[RIG_LOGIN_DATA_MAX];
    return binary_key(at) && rig_binary_parse(at->pair.value, octets, sizeof octets, out_len);
}

void lint_binary_length(lint_at *at)
{
    size_t len;
    if (octets_of(at, &len) && len > 1024)
        lint_value(at, "at most 1024 bytes");
}

void lint_chap_response(lint_at *at)
{
    size_t len;
    uint8_t wanted = at->conn->login.chap_bytes;
    if (rig_view_is(at->pair.key, "CHAP_R") && wanted && octets_of(at, &len) && len != wanted)
        lint_value(at, "%u bytes, as the algorithm gives", (unsigned)wanted);
}

/* One octet (RFC 1994 section 4.1). */
void lint_chap_identifier(lint_at *at)
{
    uint64_t number;
    if (login(at) && rig_view_is(at->pair.key, "CHAP_I") && rig_number_parse(at->pair.value, &number) &&
        number > UINT8_MAX)
        lint_value(at, "0 to 255");
}

/* Algorithms are numbers, decimal or not. */
static bool list_has_number(rig_view list, rig_view value)
{
    uint64_t number, item;
    bool is_number = rig_number_parse(value, &number);
    while (list.ptr) {
        rig_view word = rig_view_split(&list, ',');
        if (rig_view_eq(word, value) || (is_number && rig_number_parse(word, &item) && item == number))
            return true;
    }
    return false;
}

void lint_chap_algorithm(lint_at *at)
{
    const lint_said *said = at->said;
    if (!login(at) || !rig_view_is(at->pair.key, "CHAP_A") || !said->said[RIG_LINT_INITIATOR] ||
        said->list_len == UINT16_MAX || lint_special(at->pair.value))
        return;
    if (!list_has_number(rig_view_of(said->list, said->list_len), at->pair.value))
        lint_value(at, "one of those the initiator proposed");
}

/* Section 9.2.1: what the target chose is not turned on itself. */
void lint_chap_reflected(lint_at *at)
{
    uint64_t hash;
    if (login(at) && at->conn->login.challenge && lint_challenge_octets(at, &hash) &&
        hash == at->conn->login.challenge)
        lint_value(at, "a challenge of its own");
}

static bool says(const lint_at *at, const char *key, rig_lint_side side)
{
    const lint_said *said = lint_said_of(at, key);
    return said && said->said[side];
}

/* The target lets the initiator out of the security stage: CHAP was chosen, and all text of it was seen. */
static bool leaves_chap(const lint_at *at)
{
    const lint_conn *conn = at->conn;
    return conn->phase == LINT_LOGIN && !conn->muted && conn->keys_known && conn->login.chap &&
           lint_text_complete(at) && LINT_GET(at, LOGIN_STATUS) >> 8 == 0 && LINT_GET(at, T) &&
           conn->login.asks_t && LINT_GET(at, CSG) == 0;
}

void lint_chap_unproved(lint_at *at)
{
    if (leaves_chap(at) && !says(at, "CHAP_R", RIG_LINT_INITIATOR))
        lint_part(at, "T", 1, "0, as the initiator has not proved who it is", "1");
}

void lint_chap_mutual(lint_at *at)
{
    if (leaves_chap(at) && says(at, "CHAP_C", RIG_LINT_INITIATOR) && !says(at, "CHAP_R", RIG_LINT_TARGET))
        lint_part(at, "CHAP_R", RIG_BHS_LEN, "the response to the initiator's challenge", "no such key");
}
