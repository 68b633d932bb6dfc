/* What a session is to authenticate with: checked and copied before anything is sent (RFC 7143
 * section 9.2.1).
 */
#include "internal.h"

#define CHALLENGE_DEFAULT RIG_CHAP_CHALLENGE_MIN

static rig_status bad(rig_error *err, const char *field, const char *why)
{
    return rig_fail_at(err, RIG_E_ARGUMENT, 0, field, "%s: %s", field, why);
}

static void fill_methods(rig_auth_config *auth)
{
    if (auth->num_methods == 0)
        auth->methods[auth->num_methods++] = auth->secret.len ? RIG_AUTH_CHAP : RIG_AUTH_NONE;
    if (auth->num_algorithms == 0)
        auth->algorithms[auth->num_algorithms++] = RIG_CHAP_MD5;
    if (auth->challenge_len == 0)
        auth->challenge_len = CHALLENGE_DEFAULT;
}

bool eng_auth_lists(const rig_auth_config *auth, rig_auth_method method)
{
    for (uint32_t i = 0; i < auth->num_methods; i++)
        if (auth->methods[i] == method)
            return true;
    return false;
}

bool eng_auth_is_mutual(const rig_auth_config *auth)
{
    return auth->target_secret.len > 0 || auth->verify;
}

static rig_status check_methods(const rig_auth_config *auth, rig_error *err)
{
    if (auth->num_methods > RIG_AUTH_METHODS)
        return bad(err, "AuthMethod", "CHAP and None are all there is");
    for (uint32_t i = 0; i < auth->num_methods; i++) {
        if (auth->methods[i] != RIG_AUTH_NONE && auth->methods[i] != RIG_AUTH_CHAP)
            return bad(err, "AuthMethod", "no method of this engine (section 12.1)");
        if (i > 0 && auth->methods[i] == auth->methods[0])
            return bad(err, "AuthMethod", "a method stands in the list twice");
    }
    return RIG_OK;
}

static rig_status check_algorithms(const rig_auth_config *auth, rig_error *err)
{
    uint32_t seen = 0;
    if (auth->num_algorithms > RIG_CHAP_ALGORITHMS)
        return bad(err, "CHAP_A", "more algorithms than there are");
    for (uint32_t i = 0; i < auth->num_algorithms; i++) {
        uint32_t bit = eng_hash_len(auth->algorithms[i]) ? UINT32_C(1) << auth->algorithms[i] : 0;
        if (bit == 0 || (seen & bit))
            return bad(err, "CHAP_A", "an unknown or repeated algorithm");
        seen |= bit;
    }
    if (!(seen >> RIG_CHAP_MD5 & 1))
        return bad(err, "CHAP_A", "5 is always offered (section 12.1.3)");
    return RIG_OK;
}

static rig_status check_name(rig_view name, const char *field, rig_error *err)
{
    if (name.len > RIG_CHAP_NAME_MAX || rig_view_find(name, 0) < name.len)
        return bad(err, field, "a name has at most 255 bytes and no NUL");
    return RIG_OK;
}

/* 96 bits, unless somebody knows that the link is encrypted (section 9.2.1). */
static rig_status check_secret(rig_view secret, bool ipsec, const char *field, rig_error *err)
{
    if (secret.len > RIG_CHAP_SECRET_MAX)
        return bad(err, field, "longer than 255 octets");
    if (secret.len == 0 || (!ipsec && secret.len < RIG_CHAP_SECRET_MIN))
        return bad(err, field, "without IPsec a secret has at least 12 octets (section 9.2.1)");
    return RIG_OK;
}

/* RADIUS, which a verifier stands for, knows the hash of PPP alone (RFC 2865 section 5.3). */
static rig_status check_verifier(const rig_auth_config *auth, rig_error *err)
{
    if (auth->target_secret.len)
        return bad(err, "target-secret", "a verifier stands in its place");
    if (auth->num_algorithms > 1)
        return bad(err, "CHAP_A", "what a verifier is asked is MD5 alone");
    return RIG_OK;
}

static rig_status check_chap(const rig_auth_config *auth, rig_error *err)
{
    rig_status status = check_name(auth->user, "user", err);
    if (!status)
        status = check_secret(auth->secret, auth->ipsec, "secret", err);
    if (status)
        return status;
    if (auth->challenge_len < RIG_CHAP_CHALLENGE_MIN || auth->challenge_len > RIG_CHAP_BYTES_MAX)
        return bad(err, "CHAP_C", "a challenge of ours has 16 to 1024 octets");
    if (!eng_auth_is_mutual(auth))
        return auth->target_user.len ? bad(err, "target-user", "without a secret it proves nothing") : RIG_OK;
    status = check_name(auth->target_user, "target-user", err);
    if (!status && auth->verify)
        return check_verifier(auth, err);
    return status ? status : check_secret(auth->target_secret, auth->ipsec, "target-secret", err);
}

/* A secret of one direction is never one of the other, whatever session it is for (section 9.2.1). */
static bool crossed(const rig_auth_config *a, const rig_auth_config *b)
{
    return (a->secret.len && eng_hash_same(a->secret, b->target_secret)) ||
           (b->secret.len && eng_hash_same(b->secret, a->target_secret));
}

static rig_status check_secrets_differ(const rig_initiator *initiator, const rig_auth_config *auth,
                                       rig_error *err)
{
    bool same = crossed(auth, auth);
    for (const rig_session *other = initiator->sessions; other && !same; other = other->next)
        same = crossed(auth, &other->config.auth);
    return same ? bad(err, "target-secret", "one secret for both directions (section 9.2.1)") : RIG_OK;
}

rig_status eng_auth_check(const rig_initiator *initiator, rig_session_config *config, rig_error *err)
{
    rig_auth_config *auth = &config->auth;
    fill_methods(auth);
    rig_status status = check_methods(auth, err);
    if (!status)
        status = check_algorithms(auth, err);
    bool chap = !status && eng_auth_lists(auth, RIG_AUTH_CHAP);
    if (chap)
        status = check_chap(auth, err);
    if (chap && !status)
        status = check_secrets_differ(initiator, auth, err);
    if (chap && !status && config->start_operational)
        status = bad(err, "AuthMethod", "the operational stage is behind authentication (section 6.3)");
    if (!chap) {
        auth->user = auth->secret = auth->target_user = auth->target_secret = (rig_view){0};
        auth->verify = NULL;
    }
    if (auth->verify)
        config->ask_full_feature = false;
    return status;
}

static bool copy(const rig_alloc *alloc, rig_view *text)
{
    if (text->len == 0) {
        *text = (rig_view){0};
        return true;
    }
    *text = rig_view_of(rig_copy_text(alloc, text->ptr, text->len), text->len);
    return text->ptr != NULL;
}

static rig_view *const *texts_of(rig_auth_config *auth, rig_view *list[ENG_AUTH_TEXTS])
{
    list[0] = &auth->user;
    list[1] = &auth->secret;
    list[2] = &auth->target_user;
    list[3] = &auth->target_secret;
    return list;
}

/* The session's own copies. After a failure what was copied is freed by eng_auth_free. */
rig_status eng_auth_copy(rig_session *session)
{
    rig_view *list[ENG_AUTH_TEXTS];
    rig_view *const *texts = texts_of(&session->config.auth, list);
    bool right = true;
    for (unsigned i = 0; i < ENG_AUTH_TEXTS; i++) {
        if (right)
            right = copy(eng_alloc(session), texts[i]);
        else
            *texts[i] = (rig_view){0};
    }
    return right ? RIG_OK : RIG_E_NOMEM;
}

void eng_auth_free(rig_session *session)
{
    rig_view *list[ENG_AUTH_TEXTS];
    rig_view *const *texts = texts_of(&session->config.auth, list);
    for (unsigned i = 0; i < ENG_AUTH_TEXTS; i++) {
        void *text = (void *)(uintptr_t)texts[i]->ptr;
        if (!text)
            continue;
        rig_secret_wipe(text, texts[i]->len);
        rig_delete(eng_alloc(session), text, texts[i]->len + 1);
        *texts[i] = (rig_view){0};
    }
    rig_delete(eng_alloc(session), session->peer, session->peer ? session->peer_len + 1 : 0);
    session->peer = NULL;
}
