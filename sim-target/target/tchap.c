/* CHAP with the target as authenticator, and as the one that is authenticated when the initiator wants it
 * (RFC 7143 sections 9.2.1 and 12.1.3, RFC 1994). */
#include "tauth.h"
#include "thash.h"
#include "tlogin.h"

/* The keys of one text, by their distance from CHAP_A in the key table. */
enum { A, I, C, N, R, KEYS };
#define BIT(key) (1u << (key))

typedef struct chap_text {
    unsigned present; /* a bit a key */
    rig_view value[KEYS];
} chap_text;

typedef struct chap_bytes {
    size_t len;
    uint8_t ptr[TGT_CHAP_BYTES_MAX];
} chap_bytes;

static rig_view bytes_of(const chap_bytes *bytes)
{
    return rig_view_of(bytes->ptr, bytes->len);
}

static const char *name_of(unsigned key)
{
    return tgt_key_rows[TGT_KEY_CHAP_A + key].name;
}

/* ---- what we say ---- */

static uint16_t put(tgt_conn *conn, unsigned key, rig_view value)
{
    rig_status status =
        rig_gather_pair(&conn->login->out, conn->target->alloc, name_of(key), value, RIG_TEXT_ANSWER_MAX);
    return status == RIG_OK ? TGT_LOGIN_OK : TGT_LOGIN_RESOURCES;
}

static uint16_t put_number(tgt_conn *conn, unsigned key, uint64_t number)
{
    char text[24];
    rig_text out;
    rig_text_init(&out, text, sizeof(text));
    rig_text_add(&out, "%llu", (unsigned long long)number);
    return put(conn, key, rig_view_of(text, out.len));
}

static void print_base64(rig_text *out, rig_view bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    rig_text_view(out, rig_view_str("0b"));
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (j < have ? bytes.ptr[i + j] : 0u);
        for (unsigned d = 0; d < 4; d++)
            rig_text_add(out, "%c", d <= have ? digits[group >> (18 - 6 * d) & 63] : '=');
    }
}

/* 6.1: the prefix and the digits of hex in either case. */
static void print_upper(rig_text *out, rig_view bytes)
{
    rig_text_view(out, rig_view_str("0X"));
    for (size_t i = 0; i < bytes.len; i++)
        rig_text_add(out, "%02X", bytes.ptr[i]);
}

static uint16_t put_binary(tgt_conn *conn, unsigned key, rig_view bytes)
{
    char text[2 * (TGT_CHAP_BYTES_MAX + 1) + 3];
    rig_text out;
    rig_text_init(&out, text, sizeof(text));
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_BASE64))
        print_base64(&out, bytes);
    else if (tgt_login_fault(conn, RIG_FAULT_CHAP_UPPER_CASE))
        print_upper(&out, bytes);
    else
        rig_binary_print(&out, bytes);
    return put(conn, key, rig_view_of(text, out.len));
}

/* Remembers for those who read the target's events which key is wrong or missing; never its value. */
static uint16_t blame(tgt_conn *conn, unsigned key, uint16_t status)
{
    return tgt_blame_key(conn, (tgt_key)(TGT_KEY_CHAP_A + key), status);
}

static unsigned first_of(unsigned keys)
{
    unsigned key = A;
    while (key < KEYS - 1 && !(keys >> key & 1))
        key++;
    return key;
}

/* ---- the challenge ---- */

/* 12.1.3: the first of the initiator's list that we may use. */
static uint16_t choose(tgt_login *login, rig_view list)
{
    login->chap.algorithm = 0;
    for (rig_view rest = list; rest.ptr;) {
        uint64_t number;
        if (!rig_number_parse(rig_view_split(&rest, ','), &number))
            return TGT_LOGIN_INITIATOR_ERROR;
        bool may = tgt_hash_len(number) > 0 &&
                   login->negotiation.own[TGT_KEY_CHAP_A] >> (number - TGT_CHAP_FIRST) & 1;
        if (may && login->chap.algorithm == 0)
            login->chap.algorithm = (uint8_t)number;
    }
    return login->chap.algorithm ? TGT_LOGIN_OK : TGT_LOGIN_AUTHENTICATION;
}

/* RFC 1994 section 2.3: neither identifier nor challenge is used twice in a row, whoever logs in. */
static void draw(tgt_conn *conn)
{
    rig_target *target = conn->target;
    tgt_chap *chap = &conn->login->chap;
    const rig_draws *draws = &target->config.draws;
    uint64_t attempt = target->num_challenges++;
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_CHALLENGE_REPEATED))
        attempt = 0;
    chap->identifier = (uint8_t)(rig_draw(draws, "target.chap.identifier", 0) + attempt);
    rig_draw_bytes(draws, "target.chap.challenge", attempt * (TGT_CHAP_CHALLENGE / 8), chap->challenge,
                   sizeof(chap->challenge));
}

static uint16_t put_algorithm(tgt_conn *conn, rig_view offered)
{
    char text[24];
    uint64_t number = conn->login->chap.algorithm;
    if (!tgt_login_fault(conn, RIG_FAULT_CHAP_ALGORITHM_ALIEN))
        return put_number(conn, A, number);
    for (number = TGT_CHAP_FIRST;; number++) {
        rig_text out;
        rig_text_init(&out, text, sizeof(text));
        rig_text_add(&out, "%llu", (unsigned long long)number);
        if (!rig_list_has(offered, rig_view_of(text, out.len)))
            return put(conn, A, rig_view_of(text, out.len));
    }
}

static uint16_t put_identifier(tgt_conn *conn)
{
    uint64_t number = conn->login->chap.identifier;
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_IDENTIFIER_LARGE))
        number += TGT_CHAP_ID_MAX + 1;
    return put_number(conn, I, number);
}

static uint16_t put_challenge(tgt_conn *conn)
{
    static const uint8_t too_long[TGT_CHAP_BYTES_MAX + 1] = {1};
    const tgt_chap *chap = &conn->login->chap;
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_CHALLENGE_MISSING))
        return TGT_LOGIN_OK;
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_CHALLENGE_LONG))
        return put_binary(conn, C, rig_view_of(too_long, sizeof(too_long)));
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_CHALLENGE_DECIMAL))
        return put_number(conn, C, rig_be_get(chap->challenge, 8));
    return put_binary(conn, C, rig_view_of(chap->challenge, sizeof(chap->challenge)));
}

static uint16_t challenge(tgt_conn *conn, const chap_text *text)
{
    rig_view list = text->value[A];
    bool unread = rig_view_find(list, ',') < list.len && tgt_login_fault(conn, RIG_FAULT_CHAP_LIST_NOT_READ);
    uint16_t status = unread ? TGT_LOGIN_AUTHENTICATION : choose(conn->login, list);
    if (status)
        return blame(conn, A, status);
    if (tgt_login_fault(conn, RIG_FAULT_AUTH_SKIPPED))
        return TGT_LOGIN_OK;
    draw(conn);
    status = put_algorithm(conn, text->value[A]);
    if (!status)
        status = put_identifier(conn);
    return status ? status : put_challenge(conn);
}

/* ---- the response ---- */

static bool parse(rig_view value, chap_bytes *out)
{
    return rig_binary_parse(value, out->ptr, sizeof(out->ptr), &out->len);
}

/* Is this what the hash of a secret and our challenge gives? */
static bool answers(const tgt_chap *chap, rig_view secret, rig_view response)
{
    uint8_t want[TGT_HASH_MAX];
    size_t len = tgt_hash_response(chap->algorithm, chap->identifier, secret,
                                   rig_view_of(chap->challenge, sizeof(chap->challenge)), want);
    bool same = len > 0 && tgt_hash_equal(rig_view_of(want, len), response);
    tgt_wipe(want, sizeof(want));
    return same;
}

/* 9.2.1: a response that we would have given ourselves shows one secret in both directions. */
static bool own_answer(tgt_conn *conn, const tgt_account *account, rig_view response)
{
    return account->target_secret.len > 0 && answers(&conn->login->chap, account->target_secret, response) &&
           !tgt_login_fault(conn, RIG_FAULT_CHAP_SECRET_SHARED);
}

/* An unknown name costs as much time as a wrong secret. */
static uint16_t verify(tgt_conn *conn, const chap_text *text)
{
    static const uint8_t nothing[TGT_CHAP_SECRET_MIN];
    tgt_login *login = conn->login;
    chap_bytes response;
    if (!parse(text->value[R], &response) || text->value[N].len > RIG_VALUE_MAX)
        return blame(conn, text->value[N].len > RIG_VALUE_MAX ? N : R, TGT_LOGIN_INITIATOR_ERROR);
    const tgt_account *account = tgt_account_find(tgt_auth_access(conn), text->value[N],
                                                  rig_view_of(login->initiator, login->initiator_len));
    rig_view secret = account ? account->secret : rig_view_of(nothing, sizeof(nothing));
    bool right = answers(&login->chap, secret, bytes_of(&response));
    if (!account || !right || own_answer(conn, account, bytes_of(&response)))
        return blame(conn, account ? R : N, TGT_LOGIN_AUTHENTICATION);
    login->account = account;
    return TGT_LOGIN_OK;
}

/* ---- our own response ---- */

static uint16_t put_response(tgt_conn *conn, const chap_text *text, uint8_t *response, size_t len)
{
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_RESPONSE_REFLECTED))
        return put(conn, R, text->value[R]);
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_RESPONSE_WRONG))
        response[0] ^= 1;
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_RESPONSE_SHORT))
        len--;
    return put_binary(conn, R, rig_view_of(response, len));
}

static uint16_t respond(tgt_conn *conn, const chap_text *text, uint8_t identifier, rig_view bytes)
{
    uint8_t response[TGT_HASH_MAX];
    const tgt_login *login = conn->login;
    const tgt_account *account = login->account;
    uint16_t status = TGT_LOGIN_OK;
    /* 9.2.1: nothing is answered with a secret below 96 bits. */
    if (account->target_secret.len < TGT_CHAP_SECRET_MIN)
        return TGT_LOGIN_AUTHENTICATION;
    size_t len =
        tgt_hash_response(login->chap.algorithm, identifier, account->target_secret, bytes, response);
    if (len == 0)
        return TGT_LOGIN_TARGET_ERROR;
    if (tgt_login_fault(conn, RIG_FAULT_CHAP_NO_RESPONSE))
        return TGT_LOGIN_OK;
    if (!tgt_login_fault(conn, RIG_FAULT_CHAP_NAME_MISSING))
        status = put(conn, N, account->target_user);
    return status ? status : put_response(conn, text, response, len);
}

/* 9.2.1: the initiator must not send our challenge back. */
static uint16_t verify_and_respond(tgt_conn *conn, const chap_text *text)
{
    const tgt_chap *chap = &conn->login->chap;
    uint64_t identifier;
    chap_bytes bytes;
    if (!rig_number_parse(text->value[I], &identifier) || identifier > TGT_CHAP_ID_MAX)
        return blame(conn, I, TGT_LOGIN_INITIATOR_ERROR);
    if (!parse(text->value[C], &bytes))
        return blame(conn, C, TGT_LOGIN_INITIATOR_ERROR);
    uint16_t status = verify(conn, text);
    if (status)
        return status;
    if (rig_view_eq(bytes_of(&bytes), rig_view_of(chap->challenge, sizeof(chap->challenge))))
        return blame(conn, C, TGT_LOGIN_AUTHENTICATION);
    return respond(conn, text, (uint8_t)identifier, bytes_of(&bytes));
}

/* ---- the exchange ---- */

typedef uint16_t act_fn(tgt_conn *conn, const chap_text *text);

/* 12.1.3: which keys a step consists of, and what follows. */
static const struct row {
    tgt_chap_state from;
    unsigned keys; /* exactly these */
    act_fn *act;   /* NULL: nothing to do */
    tgt_chap_state to;
} rows[] = {
    {TGT_CHAP_SELECTED, 0, NULL, TGT_CHAP_ALGORITHM},
    {TGT_CHAP_ALGORITHM, BIT(A), challenge, TGT_CHAP_RESPONSE},
    {TGT_CHAP_RESPONSE, BIT(N) | BIT(R), verify, TGT_CHAP_DONE},
    {TGT_CHAP_RESPONSE, BIT(N) | BIT(R) | BIT(I) | BIT(C), verify_and_respond, TGT_CHAP_DONE},
    {TGT_CHAP_DONE, 0, NULL, TGT_CHAP_DONE},
};

static void read_text(rig_view text, chap_text *out)
{
    rig_pair pair;
    *out = (chap_text){0};
    for (rig_view rest = text; rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK;) {
        tgt_key key = tgt_key_find(pair.key);
        if (key < TGT_KEY_CHAP_A || key > TGT_KEY_CHAP_R)
            continue;
        out->present |= BIT(key - TGT_KEY_CHAP_A);
        out->value[key - TGT_KEY_CHAP_A] = pair.value;
    }
}

/* 9.2: a step that lacks a key misses a parameter; one with a key out of order is an error. */
static uint16_t unfit(tgt_conn *conn, unsigned present)
{
    unsigned extra = present;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].from != conn->login->chap.state)
            continue;
        if ((present & ~rows[i].keys) == 0)
            return blame(conn, first_of(rows[i].keys & ~present), TGT_LOGIN_MISSING);
        extra &= ~rows[i].keys;
    }
    return blame(conn, first_of(extra), TGT_LOGIN_INITIATOR_ERROR);
}

uint16_t tgt_chap_step(tgt_conn *conn, rig_view text)
{
    tgt_chap *chap = &conn->login->chap;
    chap_text keys;
    read_text(text, &keys);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        if (row->from != chap->state || row->keys != keys.present)
            continue;
        uint16_t status = row->act ? row->act(conn, &keys) : TGT_LOGIN_OK;
        if (!status)
            chap->state = (uint8_t)row->to;
        return status;
    }
    return unfit(conn, keys.present);
}

bool tgt_chap_done(const tgt_login *login)
{
    return login->chap.state == TGT_CHAP_DONE;
}
