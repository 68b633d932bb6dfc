/* CHAP as an initiator (RFC 7143 sections 9.2.1 and 12.1.3, RFC 1994 section 4.1): a table of steps, each
 * with the keys that a response has to bring in it, no fewer and no more. */
#include "internal.h"

#define CHALLENGE_TRIES 4 /* draws for a challenge that is not the target's own */
#define HEX_TEXT (2 * RIG_CHAP_BYTES_MAX + 3)

typedef enum chap_key { KEY_A, KEY_I, KEY_C, KEY_N, KEY_R } chap_key;

#define BIT(key) (1u << (key))

static const char *const key_names[ENG_CHAP_KEYS] = {"CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R"};

typedef enum chap_state {
    IDLE,
    CHALLENGE_AWAITED,
    RESPONSE_SENT,
    MUTUAL_AWAITED,
    VERDICT_AWAITED,
    VERIFIED
} chap_state;

/* How the target proves itself. */
typedef enum chap_proof { NO_PROOF, BY_SECRET, BY_VERIFIER, PROOFS } chap_proof;

typedef struct chap_step {
    unsigned keys; /* exactly these */
    rig_status (*take)(eng_conn *conn);
    chap_state next[PROOFS]; /* while it is taken, and from then on */
} chap_step;

static rig_status answer_challenge(eng_conn *conn);
static rig_status check_target(eng_conn *conn);

/* A target that has sent its last key may still take time to go on: empty responses are part of a step
 * without keys (section 6.3.2). */
static const chap_step steps[] = {
    [IDLE] = {0, NULL, {IDLE, IDLE, IDLE}},
    [CHALLENGE_AWAITED] = {BIT(KEY_A) | BIT(KEY_I) | BIT(KEY_C),
                           answer_challenge,
                           {RESPONSE_SENT, MUTUAL_AWAITED, MUTUAL_AWAITED}},
    [RESPONSE_SENT] = {0, NULL, {RESPONSE_SENT, RESPONSE_SENT, RESPONSE_SENT}},
    [MUTUAL_AWAITED] = {BIT(KEY_N) | BIT(KEY_R), check_target, {VERIFIED, VERIFIED, VERDICT_AWAITED}},
    [VERIFIED] = {0, NULL, {VERIFIED, VERIFIED, VERIFIED}},
};

/* Values of C and R stay out of what is said. */
static rig_status wrong(eng_conn *conn, rig_status status, chap_key key, const char *why)
{
    return rig_fail_at(&conn->error, status, conn->error.offset, key_names[key], "%s: %s", key_names[key],
                       why);
}

static chap_proof proof_of(const eng_conn *conn)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    return auth->verify ? BY_VERIFIER : auth->target_secret.len ? BY_SECRET : NO_PROOF;
}

bool eng_chap_waits(const eng_conn *conn)
{
    return conn->login->chap.state == VERDICT_AWAITED;
}

void eng_chap_free(eng_conn *conn)
{
    eng_chap *chap = &conn->login->chap;
    rig_gather_cleanup(&chap->challenge, eng_alloc(conn->session));
    rig_gather_cleanup(&chap->name, eng_alloc(conn->session));
    rig_secret_wipe(chap, sizeof *chap);
}

/* ---- what we say ---- */

static rig_status put_number(eng_conn *conn, chap_key key, unsigned number)
{
    char buffer[16];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_text_add(&text, "%u", number);
    return eng_key_put(conn, key_names[key], rig_view_of(text.ptr, text.len));
}

static rig_status put_binary(eng_conn *conn, chap_key key, rig_view bytes)
{
    char buffer[HEX_TEXT];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_binary_print(&text, bytes);
    return eng_key_put(conn, key_names[key], rig_view_of(text.ptr, text.len));
}

static rig_status respond(uint8_t algorithm, uint8_t id, rig_view secret, rig_view challenge,
                          uint8_t out[ENG_HASH_MAX])
{
    const rig_view parts[] = {rig_view_of(&id, 1), secret, challenge};
    return eng_hash(algorithm, parts, 3, out);
}

/* The engine has chosen or accepted CHAP: the list of algorithms is its first key. */
rig_status eng_chap_begin(eng_conn *conn)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    eng_chap *chap = &conn->login->chap;
    char buffer[4 * RIG_CHAP_ALGORITHMS];
    rig_text text;
    if (chap->state != IDLE)
        return RIG_OK;
    chap->state = CHALLENGE_AWAITED;
    rig_text_init(&text, buffer, sizeof buffer);
    for (uint32_t i = 0; i < auth->num_algorithms; i++)
        rig_text_add(&text, "%s%u", i ? "," : "", auth->algorithms[i]);
    return eng_key_put(conn, key_names[KEY_A], rig_view_of(text.ptr, text.len));
}

/* Whether our part is done. The text has both ways to ask a target for its response: its examples set the T
 * bit with the request for it (appendix B), and the target's response may then bring the transition; or the T
 * bit follows when that response has been verified (section 6.3.2: "ready to conclude"). tgt knows only the
 * first, some releases of LIO leave the stage without a response. In no case does a target pass without. */
bool eng_chap_ready(const eng_conn *conn)
{
    uint8_t state = conn->login->chap.state;
    if (state == MUTUAL_AWAITED)
        return !conn->session->config.auth.hold_transit;
    return state == RESPONSE_SENT || state == VERIFIED;
}

/* ---- challenges: ours, and those that come back ---- */

static uint64_t mark_of(rig_view challenge)
{
    return rig_hash64(challenge.ptr, challenge.len, 0);
}

static void remember(rig_initiator *initiator, rig_view challenge)
{
    initiator->challenges[initiator->num_challenges++ % ENG_CHALLENGES_MAX] = mark_of(challenge);
}

/* One of ours on any connection: somebody would like to have it answered (section 9.2.1, the attack of
 * Rogue).
 */
static bool is_ours(const rig_initiator *initiator, rig_view challenge)
{
    uint64_t mark = mark_of(challenge);
    for (uint64_t i = 0; i < initiator->num_challenges && i < ENG_CHALLENGES_MAX; i++)
        if (initiator->challenges[i] == mark)
            return true;
    return false;
}

/* Nodes that share their draws must not share challenges: each begins at a place of its own. */
static void draw_challenge(rig_initiator *initiator, uint8_t *out, size_t len)
{
    uint64_t place = rig_hash_text(initiator->name);
    rig_draw_bytes(&initiator->config.draws, "chap-challenge", place + initiator->num_challenge_draws, out,
                   len);
    initiator->num_challenge_draws += (len + 7) / 8;
}

/* Never the target's own challenge of this exchange (section 9.2.1), nor one that is under way. */
static rig_status make_challenge(eng_conn *conn, rig_view theirs, uint8_t *out)
{
    rig_initiator *initiator = conn->session->initiator;
    const rig_view made = rig_view_of(out, conn->session->config.auth.challenge_len);
    for (unsigned i = 0; i < CHALLENGE_TRIES; i++) {
        draw_challenge(initiator, out, made.len);
        if (rig_view_eq(made, theirs) || is_ours(initiator, made))
            continue;
        remember(initiator, made);
        return RIG_OK;
    }
    return wrong(conn, RIG_E_AUTH, KEY_C, "the draws give no challenge of our own (section 9.2.1)");
}

/* A verifier has to be told what was asked. */
static rig_status keep_question(eng_conn *conn, uint8_t id, rig_view challenge)
{
    eng_chap *chap = &conn->login->chap;
    chap->identifier = id;
    return rig_gather_add(&chap->challenge, eng_alloc(conn->session), challenge, RIG_CHAP_BYTES_MAX);
}

/* Both digests are made at once, so that nothing but them is kept where there is no verifier: the one that
 * the target has to send, and the one that it would get by having us answer our own challenge. */
static rig_status ask_target(eng_conn *conn, rig_view theirs)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    rig_initiator *initiator = conn->session->initiator;
    eng_chap *chap = &conn->login->chap;
    uint8_t bytes[RIG_CHAP_BYTES_MAX];
    const rig_view challenge = rig_view_of(bytes, auth->challenge_len);
    uint8_t id = (uint8_t)rig_draw(&initiator->config.draws, "chap-id", initiator->num_chap_ids++);
    rig_status status = make_challenge(conn, theirs, bytes);
    if (!status)
        status = proof_of(conn) == BY_VERIFIER
                     ? keep_question(conn, id, challenge)
                     : respond(chap->algorithm, id, auth->target_secret, challenge, chap->expected);
    if (!status)
        status = respond(chap->algorithm, id, auth->secret, challenge, chap->own);
    if (!status)
        status = put_number(conn, KEY_I, id);
    return status ? status : put_binary(conn, KEY_C, challenge);
}

/* ---- the steps ---- */

static rig_status take_algorithm(eng_conn *conn)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    eng_chap *chap = &conn->login->chap;
    uint64_t number = 0;
    bool offered = false;
    if (rig_number_parse(chap->came[KEY_A], &number))
        for (uint32_t i = 0; i < auth->num_algorithms; i++)
            offered = offered || auth->algorithms[i] == number;
    if (!offered)
        return wrong(conn, RIG_E_NEGOTIATION, KEY_A, "not one of the offered algorithms (section 12.1.3)");
    chap->algorithm = (uint8_t)number;
    return RIG_OK;
}

static rig_status take_identifier(eng_conn *conn, uint8_t *out_id)
{
    uint64_t number = 0;
    if (!rig_number_parse(conn->login->chap.came[KEY_I], &number) || number > UINT8_MAX)
        return wrong(conn, RIG_E_NEGOTIATION, KEY_I, "an identifier is one octet (RFC 1994 section 4.1)");
    *out_id = (uint8_t)number;
    return RIG_OK;
}

static rig_status take_binary(eng_conn *conn, chap_key key, uint8_t room[RIG_CHAP_BYTES_MAX],
                              rig_view *out_bytes)
{
    size_t len = 0;
    if (!rig_binary_parse(conn->login->chap.came[key], room, RIG_CHAP_BYTES_MAX, &len))
        return wrong(conn, RIG_E_NEGOTIATION, key, "not 1 to 1024 octets in hex or base64 (section 12.1.3)");
    *out_bytes = rig_view_of(room, len);
    return RIG_OK;
}

static rig_status answer_challenge(eng_conn *conn)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    eng_chap *chap = &conn->login->chap;
    uint8_t id = 0, room[RIG_CHAP_BYTES_MAX];
    rig_view challenge = {0};
    rig_status status = take_algorithm(conn);
    if (!status)
        status = take_identifier(conn, &id);
    if (!status)
        status = take_binary(conn, KEY_C, room, &challenge);
    if (!status && is_ours(conn->session->initiator, challenge))
        status = wrong(conn, RIG_E_AUTH, KEY_C, "a challenge of our own comes back (section 9.2.1)");
    if (!status)
        status = respond(chap->algorithm, id, auth->secret, challenge, chap->given);
    if (status)
        return status;
    status = eng_key_put(conn, key_names[KEY_N], auth->user);
    if (!status)
        status = put_binary(conn, KEY_R, rig_view_of(chap->given, eng_hash_len(chap->algorithm)));
    return status || proof_of(conn) == NO_PROOF ? status : ask_target(conn, challenge);
}

/* One identity on all connections of a session (section 9.2). */
static rig_status same_peer(eng_conn *conn, rig_view name)
{
    rig_session *session = conn->session;
    if (!conn->leading)
        return eng_hash_same(name, rig_view_of(session->peer, session->peer_len))
                   ? RIG_OK
                   : wrong(conn, RIG_E_AUTH, KEY_N,
                           "another target than on the first connection (section 9.2)");
    char *copy = rig_copy_text(eng_alloc(session), name.ptr, name.len);
    if (!copy)
        return RIG_E_NOMEM;
    rig_delete(eng_alloc(session), session->peer, session->peer ? session->peer_len + 1 : 0);
    session->peer = copy;
    session->peer_len = name.len;
    return RIG_OK;
}

static rig_status check_name(eng_conn *conn)
{
    const rig_view name = conn->login->chap.came[KEY_N];
    const rig_view wanted = conn->session->config.auth.target_user;
    if (name.len > RIG_CHAP_NAME_MAX)
        return wrong(conn, RIG_E_NEGOTIATION, KEY_N, "longer than 255 bytes (section 6.1)");
    if (wanted.len && !eng_hash_same(name, wanted))
        return wrong(conn, RIG_E_AUTH, KEY_N, "not the name that the target has here (section 9.2)");
    return RIG_OK;
}

/* ---- a verifier ---- */

static rig_status settle(eng_conn *conn, rig_status verdict)
{
    eng_chap *chap = &conn->login->chap;
    if (verdict == RIG_E_AUTH)
        return wrong(conn, verdict, KEY_R,
                     "not verified to be the response to our challenge (section 12.1.3)");
    if (verdict)
        return wrong(conn, verdict, KEY_R, "nobody could verify it");
    chap->state = VERIFIED;
    return same_peer(conn, rig_view_of(chap->name.ptr, chap->name.len));
}

/* It may answer while it is being asked. */
static rig_status ask_verifier(eng_conn *conn, rig_view response)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    rig_initiator *initiator = conn->session->initiator;
    eng_chap *chap = &conn->login->chap;
    rig_status status =
        rig_gather_add(&chap->name, eng_alloc(conn->session), chap->came[KEY_N], RIG_CHAP_NAME_MAX);
    if (status)
        return status;
    const rig_chap_question question = {.initiator = initiator,
                                        .number = ++initiator->num_questions,
                                        .session = conn->session,
                                        .cid = conn->cid,
                                        .name = chap->came[KEY_N],
                                        .identifier = chap->identifier,
                                        .challenge = rig_view_of(chap->challenge.ptr, chap->challenge.len),
                                        .response = response,
                                        .now = initiator->now};
    chap->question = question.number;
    chap->asking = true;
    auth->verify(auth->verify_ctx, &question);
    chap->asking = false;
    return chap->question ? RIG_OK : settle(conn, chap->verdict);
}

static eng_conn *conn_that_asked(const rig_initiator *initiator, uint64_t number)
{
    for (const rig_session *session = initiator->sessions; session; session = session->next)
        for (eng_conn *conn = session->conns; conn; conn = conn->next)
            if (!conn->over && conn->login && conn->login->chap.question == number)
                return conn;
    return NULL;
}

void rig_initiator_verified(rig_initiator *initiator, uint64_t number, rig_status verdict, uint64_t now)
{
    eng_conn *conn = number ? conn_that_asked(initiator, number) : NULL;
    if (!conn)
        return;
    rig_session *session = conn->session;
    eng_chap *chap = &conn->login->chap;
    chap->question = 0;
    chap->verdict = verdict;
    if (chap->asking)
        return;
    eng_enter(session);
    initiator->now = now;
    rig_status status = settle(conn, verdict);
    if (!status)
        status = eng_login_verified(conn, now);
    if (status)
        eng_conn_fail(conn, status, now);
    eng_leave(session);
}

/* ---- the target's response ---- */

static rig_status check_target(eng_conn *conn)
{
    eng_chap *chap = &conn->login->chap;
    uint8_t room[RIG_CHAP_BYTES_MAX];
    rig_view response = {0};
    const size_t len = eng_hash_len(chap->algorithm);
    rig_status status = take_binary(conn, KEY_R, room, &response);
    if (status)
        return status;
    if (eng_hash_same(response, rig_view_of(chap->given, len)))
        return wrong(conn, RIG_E_AUTH, KEY_R, "our own response comes back (section 9.2.1)");
    if (eng_hash_same(response, rig_view_of(chap->own, len)))
        return wrong(conn, RIG_E_AUTH, KEY_R, "what this side would have answered itself (section 9.2.1)");
    bool verified = proof_of(conn) == BY_VERIFIER;
    if (verified ? response.len != len : !eng_hash_same(response, rig_view_of(chap->expected, len)))
        return wrong(conn, RIG_E_AUTH, KEY_R, "not the response to our challenge (section 12.1.3)");
    status = check_name(conn);
    if (status)
        return status;
    return verified ? ask_verifier(conn, response) : same_peer(conn, chap->came[KEY_N]);
}

/* ---- a response ---- */

bool eng_chap_find(rig_view name, unsigned *out_key)
{
    unsigned i = 0;
    while (i < ENG_CHAP_KEYS && !rig_view_is(name, key_names[i]))
        i++;
    *out_key = i;
    return i < ENG_CHAP_KEYS;
}

/* Values are looked at when the whole response is here; until then they stay where they came. */
rig_status eng_chap_take(eng_conn *conn, unsigned key, rig_view value)
{
    eng_chap *chap = &conn->login->chap;
    if (conn->login->stage != 0)
        return wrong(conn, RIG_E_NEGOTIATION, key, "not allowed in this stage (section 6.3)");
    if (chap->keys & BIT(key))
        return wrong(conn, RIG_E_NEGOTIATION, key, "sent twice in one response (section 6.3)");
    chap->keys |= (uint8_t)BIT(key);
    chap->came[key] = value;
    return RIG_OK;
}

/* Keys that are not those of the step abort the connection (section 9.2). A target that gives no response of
 * its own has failed to authenticate itself. */
static rig_status check_keys(eng_conn *conn)
{
    const eng_chap *chap = &conn->login->chap;
    const unsigned wanted = steps[chap->state].keys;
    for (unsigned key = 0; key < ENG_CHAP_KEYS; key++) {
        bool came = chap->keys & BIT(key);
        if (came && !(wanted & BIT(key)))
            return wrong(conn, RIG_E_NEGOTIATION, key, "a key that is out of step (section 9.2)");
    }
    for (unsigned key = 0; key < ENG_CHAP_KEYS; key++) {
        bool missing = (wanted & BIT(key)) && !(chap->keys & BIT(key));
        if (missing)
            return wrong(conn, chap->state == MUTUAL_AWAITED ? RIG_E_AUTH : RIG_E_NEGOTIATION, key,
                         "the step wants it, and it is missing (section 9.2)");
    }
    return RIG_OK;
}

rig_status eng_chap_step(eng_conn *conn)
{
    eng_chap *chap = &conn->login->chap;
    const chap_step *step = &steps[chap->state];
    rig_status status = check_keys(conn);
    if (!status)
        chap->state = (uint8_t)step->next[proof_of(conn)];
    if (!status && step->take)
        status = step->take(conn);
    chap->keys = 0;
    memset(chap->came, 0, sizeof chap->came);
    return status;
}
