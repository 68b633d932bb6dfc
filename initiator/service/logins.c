/* Kept logins: which there are, and how one is forgotten. */
#include "internal.h"

rig_code svc_report_logins(rig_service *service, svc_call *call)
{
    const svc_table *kept = &service->tables[SVC_LOGINS];
    rig_logins *reply = call->reply;
    for (uint32_t i = 0; i < kept->num; i++) {
        rig_login *login = rig_list_add(service->config.alloc, RIG_SHAPE(login), &reply->logins);
        if (!login ||
            rig_record_copy(service->config.alloc, RIG_SHAPE(login), kept->rows[i]->record, login) != RIG_OK)
            return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
        rig_record_hide(RIG_SHAPE(login), login);
    }
    return RIG_CODE_SUCCESS;
}

/* What of a reference a login answers to: the further one gets, the more it has in common. */
typedef enum likeness { LIKE_NOTHING, LIKE_TARGET, LIKE_INITIATOR, LIKE_PORT, LIKE_ALL } likeness;

static bool same_portal(const rig_login_ref *ref, const rig_login *login)
{
    bool any = !ref->has_portal || ref->portal.address[0] == '\0';
    return any || (login->has_portal && strcmp(ref->portal.address, login->portal.address) == 0 &&
                   ref->portal.socket == login->portal.socket);
}

static likeness like(const rig_login_ref *ref, const rig_login *login)
{
    if (strcmp(ref->target, login->target) != 0)
        return LIKE_NOTHING;
    if (strcmp(ref->initiator, login->initiator) != 0)
        return LIKE_TARGET;
    if (ref->port != RIG_PORT_ANY && ref->port != login->port)
        return LIKE_INITIATOR;
    return same_portal(ref, login) ? LIKE_ALL : LIKE_PORT;
}

/* What is missing, when the best that there is has no more in common with the reference than that. */
static rig_code missing(likeness best)
{
    static const rig_code codes[] = {[LIKE_NOTHING] = RIG_CODE_TARGET_NOT_FOUND,
                                     [LIKE_TARGET] = RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND,
                                     [LIKE_INITIATOR] = RIG_CODE_INVALID_PORT_NUMBER,
                                     [LIKE_PORT] = RIG_CODE_PORTAL_NOT_FOUND};
    return codes[best];
}

static likeness find_all(const rig_service *service, const rig_login_ref *ref, svc_change *changes,
                         uint32_t *out_num)
{
    const svc_table *kept = &service->tables[SVC_LOGINS];
    likeness best = LIKE_NOTHING;
    *out_num = 0;
    for (uint32_t i = 0; i < kept->num; i++) {
        likeness found = like(ref, kept->rows[i]->record);
        if (found > best)
            best = found;
        if (found == LIKE_ALL)
            changes[(*out_num)++] = (svc_change){.table = SVC_LOGINS, .row = kept->rows[i]};
    }
    return best;
}

/* Sessions that were made from it go on, but are nobody's kept login any more. Before the rows go: what has
 * none to lean on must not look at them. */
static void let_go(rig_service *service, const svc_row *row)
{
    for (svc_session *session = service->sessions; session; session = session->next)
        if (session->kept == row)
            session->kept = NULL;
}

static rig_code remove_all(rig_service *service, const rig_login_ref *ref, svc_change *changes, uint64_t *ids,
                           uint64_t now)
{
    uint32_t num;
    likeness best = find_all(service, ref, changes, &num);
    if (best != LIKE_ALL)
        return missing(best);
    for (uint32_t i = 0; i < num; i++)
        ids[i] = changes[i].row->id;
    rig_code code = svc_apply(service, changes, num, RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
    for (uint32_t i = 0; code == RIG_CODE_SUCCESS && i < num; i++) {
        let_go(service, changes[i].row);
        svc_boot_forget(service, ids[i], now);
    }
    return code;
}

rig_code svc_remove_login(rig_service *service, svc_call *call)
{
    const rig_alloc *alloc = service->config.alloc;
    uint32_t num = service->tables[SVC_LOGINS].num + 1;
    svc_change *changes = rig_new(alloc, num * sizeof *changes);
    uint64_t *ids = rig_new(alloc, num * sizeof *ids);
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    if (changes && ids)
        code = remove_all(service, call->request, changes, ids, call->now);
    rig_delete(alloc, changes, changes ? num * sizeof *changes : 0);
    rig_delete(alloc, ids, ids ? num * sizeof *ids : 0);
    return code;
}
