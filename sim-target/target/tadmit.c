/* Whom a node admits (RFC 7143 section 11.13.5), and where it sends others: access lists, limits,
 * redirections. */
#include "tlogin.h"

static rig_view initiator_of(const tgt_login *login)
{
    return rig_view_of(login->initiator, login->initiator_len);
}

/* ---- access lists ---- */

rig_status rig_target_node_allow(rig_target_node *node, rig_view initiator, rig_error *err)
{
    const rig_alloc *alloc = node->target->alloc;
    tgt_admission *admission = &node->admission;
    if (rig_iname_check(initiator, NULL, err) != RIG_OK)
        return RIG_E_SYNTAX;
    if (admission->num_allowed >= RIG_TARGET_ACCOUNTS_MAX)
        return rig_fail(err, RIG_E_LIMIT, "an access list has at most %d names", RIG_TARGET_ACCOUNTS_MAX);
    size_t num = admission->num_allowed, size = sizeof(*admission->allowed);
    tgt_name *names = rig_resize(alloc, admission->allowed, num * size, (num + 1) * size);
    if (!names)
        return rig_fail(err, RIG_E_NOMEM, "no memory for an access list");
    admission->allowed = names;
    names[num].text = rig_copy_text(alloc, initiator.ptr, initiator.len);
    names[num].len = initiator.len;
    if (!names[num].text)
        return rig_fail(err, RIG_E_NOMEM, "no memory for an access list");
    admission->num_allowed++;
    return RIG_OK;
}

bool tgt_admits(const rig_target_node *node, rig_view initiator)
{
    const tgt_admission *admission = &node->admission;
    for (uint32_t i = 0; i < admission->num_allowed; i++)
        if (rig_view_eq(initiator, rig_view_of(admission->allowed[i].text, admission->allowed[i].len)))
            return true;
    return admission->num_allowed == 0;
}

/* ---- limits ---- */

void rig_target_node_limit(rig_target_node *node, uint32_t initiators, uint16_t login_status)
{
    node->admission.max_initiators = initiators;
    node->admission.full_status = login_status ? login_status : TGT_LOGIN_RESOURCES;
}

static rig_view name_of(const tgt_session *session)
{
    return rig_view_of(session->initiator, session->initiator_len);
}

/* Is this the first session of its initiator at the node? */
static bool counts(const rig_target *target, const tgt_session *session)
{
    for (tgt_list *at = target->sessions.next; at != &session->in_target; at = at->next) {
        const tgt_session *other = TGT_OF(at, tgt_session, in_target);
        if (tgt_node_head(other->node) == tgt_node_head(session->node) && !other->discovery &&
            rig_view_eq(name_of(other), name_of(session)))
            return false;
    }
    return true;
}

/* Do as many other initiators have sessions as there may be? */
static bool crowded(const rig_target *target, const rig_target_node *node, rig_view initiator)
{
    uint32_t num = 0;
    for (tgt_list *at = target->sessions.next; at != &target->sessions; at = at->next) {
        const tgt_session *session = TGT_OF(at, tgt_session, in_target);
        if (tgt_node_head(session->node) != node || session->discovery ||
            rig_view_eq(name_of(session), initiator))
            continue;
        if (counts(target, session) && ++num >= node->admission.max_initiators)
            return true;
    }
    return false;
}

/* ---- redirections ---- */

rig_status rig_target_node_redirect(rig_target_node *node, rig_view address, int32_t group, bool permanent,
                                    rig_error *err)
{
    const rig_alloc *alloc = node->target->alloc;
    tgt_admission *admission = &node->admission;
    rig_portal parsed;
    if (rig_portal_parse(address, &parsed, err) != RIG_OK)
        return RIG_E_SYNTAX;
    if (admission->num_redirects >= RIG_TARGET_REDIRECTS_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a node redirects to at most %d addresses",
                        RIG_TARGET_REDIRECTS_MAX);
    size_t num = admission->num_redirects, size = sizeof(*admission->redirects);
    tgt_redirect *redirects = rig_resize(alloc, admission->redirects, num * size, (num + 1) * size);
    if (!redirects)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a redirection");
    admission->redirects = redirects;
    redirects[num] = (tgt_redirect){.group = group, .permanent = permanent, .to = parsed};
    redirects[num].to.group = -1; /* 13.8: the tag is left out of a redirection */
    admission->num_redirects++;
    return RIG_OK;
}

static bool redirects_here(const tgt_redirect *redirect, const tgt_conn *conn)
{
    return redirect->group < 0 || redirect->group == conn->portal->group;
}

const tgt_redirect *tgt_redirect_of(const tgt_conn *conn, rig_target_node *node)
{
    tgt_admission *admission = &node->admission;
    for (uint32_t i = 0; i < admission->num_redirects; i++) {
        const tgt_redirect *redirect = &admission->redirects[admission->turn++ % admission->num_redirects];
        if (redirects_here(redirect, conn))
            return redirect;
    }
    return NULL;
}

/* ---- the verdict ---- */

void rig_target_node_refuse(rig_target_node *node, uint16_t login_status)
{
    node->admission.refuse = login_status;
}

bool tgt_listed(const rig_target_node *node, rig_view initiator)
{
    uint16_t refuse = node->admission.refuse;
    return refuse != TGT_LOGIN_NOT_ALLOWED && refuse != TGT_LOGIN_NOT_FOUND && refuse != TGT_LOGIN_REMOVED &&
           tgt_admits(node, initiator);
}

uint16_t tgt_admit(tgt_conn *conn, rig_target_node *node)
{
    tgt_login *login = conn->login;
    const tgt_admission *admission = &node->admission;
    if (admission->refuse)
        return admission->refuse;
    if (!tgt_admits(node, initiator_of(login)))
        return TGT_LOGIN_NOT_ALLOWED;
    if (login->tsih || login->discovery) /* a session that is there goes on where it is */
        return TGT_LOGIN_OK;
    if (admission->max_initiators && crowded(conn->target, node, initiator_of(login)))
        return admission->full_status;
    login->redirect = tgt_redirect_of(conn, node);
    if (!login->redirect)
        return TGT_LOGIN_OK;
    return login->redirect->permanent ? TGT_LOGIN_MOVED_PERMANENTLY : TGT_LOGIN_MOVED_TEMPORARILY;
}

void tgt_admission_cleanup(tgt_admission *admission, const rig_alloc *alloc)
{
    for (uint32_t i = 0; i < admission->num_allowed; i++)
        rig_delete(alloc, admission->allowed[i].text, admission->allowed[i].len + 1);
    rig_delete(alloc, admission->allowed, admission->num_allowed * sizeof(*admission->allowed));
    rig_delete(alloc, admission->redirects, admission->num_redirects * sizeof(*admission->redirects));
}
