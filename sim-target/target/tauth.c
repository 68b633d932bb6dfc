/* The authentication methods, and which of them a login uses (RFC 7143 sections 6.3.2 and 12.1). */
#include "tauth.h"
#include "tlogin.h"

static const tgt_auth auths[] = {
    [TGT_AUTH_NONE] = {NULL, NULL},
    [TGT_AUTH_CHAP] = {tgt_chap_step, tgt_chap_done},
};

const tgt_access *tgt_auth_access(const tgt_conn *conn)
{
    const rig_target_node *node = conn->login->node;
    return node ? &node->access : &conn->target->discovery;
}

/* What the owner offers, else CHAP where identities are configured. */
uint32_t tgt_auth_methods(const tgt_conn *conn)
{
    uint32_t offered = conn->login->negotiation.own[TGT_KEY_AUTH_METHOD];
    if (offered)
        return offered;
    return UINT32_C(1) << (tgt_auth_access(conn)->num > 0 ? TGT_AUTH_CHAP : TGT_AUTH_NONE);
}

bool tgt_auth_optional(const tgt_login *login)
{
    return login->negotiation.methods >> TGT_AUTH_NONE & 1;
}

static bool has_method_keys(const tgt_negotiation *negotiation)
{
    for (unsigned key = TGT_KEY_CHAP_A; key <= TGT_KEY_CHAP_R; key++)
        if (negotiation->outcome[key])
            return true;
    return false;
}

static uint16_t say_method(tgt_conn *conn, const char *method)
{
    rig_status status =
        rig_gather_pair(&conn->login->out, conn->target->alloc, tgt_key_rows[TGT_KEY_AUTH_METHOD].name,
                        rig_view_str(method), RIG_TEXT_ANSWER_MAX);
    return status == RIG_OK ? TGT_LOGIN_OK : TGT_LOGIN_RESOURCES;
}

/* Our proposal is answered by the selection, together with the method's first keys (12.1). */
static uint16_t select_method(tgt_conn *conn)
{
    tgt_login *login = conn->login;
    const tgt_negotiation *negotiation = &login->negotiation;
    uint32_t position = negotiation->value[TGT_KEY_AUTH_METHOD];
    login->auth = &auths[position];
    if (negotiation->proposed >> TGT_KEY_AUTH_METHOD & 1) {
        login->chap.state = TGT_CHAP_ALGORITHM;
        return TGT_LOGIN_OK;
    }
    const char *method = tgt_key_choice(TGT_KEY_AUTH_METHOD, position);
    return say_method(conn, tgt_login_fault(conn, RIG_FAULT_AUTH_METHOD_ALIEN) ? "SPKM1" : method);
}

/* 6.3.2: an initiator that offers nothing and wants to go on is told what there is, once. */
static uint16_t propose(tgt_conn *conn)
{
    tgt_negotiation *negotiation = &conn->login->negotiation;
    if (negotiation->proposed >> TGT_KEY_AUTH_METHOD & 1)
        return tgt_blame_key(conn, TGT_KEY_AUTH_METHOD, TGT_LOGIN_AUTHENTICATION);
    negotiation->proposed |= UINT64_C(1) << TGT_KEY_AUTH_METHOD;
    return say_method(conn, tgt_key_choice(TGT_KEY_AUTH_METHOD, TGT_AUTH_CHAP));
}

uint16_t tgt_auth_step(tgt_conn *conn, rig_view text, bool leaves)
{
    tgt_login *login = conn->login;
    uint16_t status = TGT_LOGIN_OK;
    if (login->negotiation.outcome[TGT_KEY_AUTH_METHOD])
        status = select_method(conn);
    if (status)
        return status;
    if (login->auth && login->auth->step)
        return login->auth->step(conn, text);
    if (has_method_keys(&login->negotiation))
        return TGT_LOGIN_INITIATOR_ERROR;
    return leaves && !login->auth && !tgt_auth_optional(login) ? propose(conn) : TGT_LOGIN_OK;
}

bool tgt_auth_done(const tgt_login *login)
{
    if (!login->auth)
        return tgt_auth_optional(login);
    return !login->auth->done || login->auth->done(login);
}
