/* The security stage of a login (RFC 7143 sections 6.3.2 and 12.1): which method, and what goes out in which
 * step. Other methods than CHAP and None are never offered, and never selected. */
#include "internal.h"

#define LIST_MAX 32 /* holds any list this engine offers */

static const char *const method_names[RIG_AUTH_METHODS] = {
    [RIG_AUTH_NONE] = "None",
    [RIG_AUTH_CHAP] = "CHAP",
};

/* All connections of a session use one method (section 9.2): what the leading one did binds the others. */
static bool accepts(const eng_conn *conn, rig_auth_method method)
{
    const rig_session *session = conn->session;
    if (method == RIG_AUTH_NONE && eng_auth_is_mutual(&session->config.auth))
        return false; /* the target has to prove itself, whatever else was offered */
    return conn->leading ? eng_auth_lists(&session->config.auth, method) : session->method == method;
}

static rig_auth_method find_method(rig_view name)
{
    unsigned i = 0;
    while (i < RIG_AUTH_METHODS && !rig_view_is(name, method_names[i]))
        i++;
    return (rig_auth_method)i;
}

/* ---- what we say ---- */

static rig_status offer_methods(eng_conn *conn)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    char buffer[LIST_MAX];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    for (uint32_t i = 0; i < auth->num_methods; i++)
        if (accepts(conn, auth->methods[i]))
            rig_text_add(&text, "%s%s", text.len ? "," : "", method_names[auth->methods[i]]);
    conn->login->auth = ENG_AUTH_OFFERED;
    return eng_key_put(conn, "AuthMethod", rig_view_of(text.ptr, text.len));
}

rig_status eng_security_offer(eng_conn *conn)
{
    return conn->session->config.auth.target_proposes ? RIG_OK : offer_methods(conn);
}

/* Whether the request that goes out now may ask for the next stage. */
bool eng_security_ready(const eng_conn *conn)
{
    const rig_auth_config *auth = &conn->session->config.auth;
    switch (conn->login->auth) {
    case ENG_AUTH_OPEN:
        return accepts(conn, RIG_AUTH_NONE);
    case ENG_AUTH_OFFERED:
        return accepts(conn, RIG_AUTH_NONE) && (!conn->leading || auth->methods[0] == RIG_AUTH_NONE);
    case ENG_AUTH_NONE:
        return true;
    case ENG_AUTH_CHAP:
        return eng_chap_ready(conn);
    case ENG_AUTH_REJECTING:
    case ENG_AUTH_REJECTED:
        break;
    }
    return false;
}

/* ---- what the target says ---- */

static void select_method(eng_conn *conn, rig_auth_method method)
{
    conn->login->auth = method == RIG_AUTH_CHAP ? ENG_AUTH_CHAP : ENG_AUTH_NONE;
}

static rig_status take_answer(eng_conn *conn, rig_view value)
{
    rig_auth_method method = find_method(value);
    if (method == RIG_AUTH_NONE && !accepts(conn, method))
        return rig_fail_at(&conn->error, RIG_E_AUTH, conn->error.offset, "AuthMethod",
                           "AuthMethod=None: the target wants no authentication, and it was asked for one "
                           "(section 12.1)");
    if (method == RIG_AUTH_METHODS || !accepts(conn, method))
        return eng_key_wrong(conn, "AuthMethod", value, "not among the offered methods (section 12.1)");
    select_method(conn, method);
    return RIG_OK;
}

/* The target's list in its order; one without a method of ours is answered Reject (section 6.2.1). */
static rig_status take_proposal(eng_conn *conn, rig_view value)
{
    if (eng_reserved_word(value))
        return eng_key_wrong(conn, "AuthMethod", value, "cannot be proposed (section 6.2)");
    for (rig_view rest = value; rest.ptr;) {
        rig_auth_method method = find_method(rig_view_split(&rest, ','));
        if (method == RIG_AUTH_METHODS || !accepts(conn, method))
            continue;
        select_method(conn, method);
        return eng_key_put(conn, "AuthMethod", rig_view_str(method_names[method]));
    }
    conn->login->auth = ENG_AUTH_REJECTING;
    return eng_key_put(conn, "AuthMethod", rig_view_str("Reject"));
}

rig_status eng_security_method(eng_conn *conn, rig_view value)
{
    return conn->login->auth == ENG_AUTH_OFFERED ? take_answer(conn, value) : take_proposal(conn, value);
}

static rig_status no_method(eng_conn *conn)
{
    return rig_fail_at(&conn->error, RIG_E_AUTH, conn->error.offset, "AuthMethod",
                       "AuthMethod: the target goes on though no method was agreed on (section 6.3.2)");
}

/* The method's first keys go with its selection, or as soon as the target has made it (section 12.1). */
rig_status eng_security_step(eng_conn *conn, bool transit)
{
    eng_login *login = conn->login;
    if (login->stage != 0)
        return RIG_OK;
    rig_status status = eng_chap_step(conn);
    if (status || eng_chap_waits(conn))
        return status;
    if (login->auth == ENG_AUTH_REJECTED)
        return no_method(conn);
    if (login->auth == ENG_AUTH_REJECTING)
        login->auth = ENG_AUTH_REJECTED;
    if (login->auth == ENG_AUTH_CHAP)
        status = eng_chap_begin(conn);
    return transit && !status && !eng_security_ready(conn) ? no_method(conn) : status;
}

/* What the other connections of the session are held to. */
void eng_security_finish(eng_conn *conn)
{
    if (conn->leading)
        conn->session->method = conn->login->auth == ENG_AUTH_CHAP ? RIG_AUTH_CHAP : RIG_AUTH_NONE;
}
