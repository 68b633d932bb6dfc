/* Kept logins: which there are, and how one is forgotten. */
#include "internal.h"

rig_code svc_report_logins(rig_service *service, svc_call *call)
{
    const svc_table *kept = &service->tables[SVC_LOGINS];
    rig_logins *reply = call->reply;
    if (rig_list_reserve(service->config.alloc, RIG_SHAPE(login), &reply->logins, kept->num))
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
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

/* A walk over the logins that a reference can mean: with a portal those that are kept with it, else all. */
typedef struct walk {
    const rig_service *service;
    const rig_login_ref *ref;
    bool near;
    rig_login key; /* what near ones are found by */
    const svc_row *row;
    uint32_t index;
} walk;

static void walk_init(walk *w, const rig_service *service, const rig_login_ref *ref, bool near)
{
    *w = (walk){.service = service, .ref = ref, .near = near};
    memcpy(w->key.target, ref->target, sizeof w->key.target);
    memcpy(w->key.initiator, ref->initiator, sizeof w->key.initiator);
    w->key.has_portal = true;
    w->key.portal = ref->portal;
}

static svc_row *walk_next(walk *w)
{
    const svc_table *kept = &w->service->tables[SVC_LOGINS];
    if (!w->near)
        return w->index < kept->num ? kept->rows[w->index++] : NULL;
    svc_row *row = svc_find_near(w->service, SVC_LOGINS, &w->key, w->row);
    w->row = row;
    return row;
}

/* changes may be NULL. */
static likeness find_all(walk *w, svc_change *changes, uint32_t *out_num)
{
    likeness best = LIKE_NOTHING;
    *out_num = 0;
    for (svc_row *row = walk_next(w); row; row = walk_next(w)) {
        likeness found = like(w->ref, row->record);
        best = found > best ? found : best;
        if (found == LIKE_ALL && changes)
            changes[*out_num] = (svc_change){.table = SVC_LOGINS, .row = row};
        *out_num += found == LIKE_ALL;
    }
    return best;
}

/* Only when there is none with the portal it takes all of them to tell what is missing. */
static rig_code count_all(const rig_service *service, const rig_login_ref *ref, bool *out_near,
                          uint32_t *out_num)
{
    walk w;
    *out_near = ref->has_portal && ref->portal.address[0];
    walk_init(&w, service, ref, *out_near);
    likeness best = find_all(&w, NULL, out_num);
    if (best != LIKE_ALL && *out_near) {
        walk_init(&w, service, ref, false);
        best = find_all(&w, NULL, out_num);
    }
    return best == LIKE_ALL ? RIG_CODE_SUCCESS : missing(best);
}

static rig_code remove_all(rig_service *service, svc_change *changes, uint64_t *ids, uint32_t num,
                           uint64_t now)
{
    for (uint32_t i = 0; i < num; i++)
        ids[i] = changes[i].row->id;
    rig_code code = svc_apply(service, changes, num, RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
    for (uint32_t i = 0; code == RIG_CODE_SUCCESS && i < num; i++) {
        svc_sessions_let_go(service, changes[i].row);
        svc_boot_forget(service, ids[i], now);
    }
    return code;
}

rig_code svc_remove_login(rig_service *service, svc_call *call)
{
    const rig_alloc *alloc = service->config.alloc;
    bool near;
    walk w;
    uint32_t num;
    rig_code code = count_all(service, call->request, &near, &num);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_change *changes = rig_new(alloc, num * sizeof *changes);
    uint64_t *ids = rig_new(alloc, num * sizeof *ids);
    code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    walk_init(&w, service, call->request, near);
    if (changes && ids) {
        find_all(&w, changes, &num);
        code = remove_all(service, changes, ids, num, call->now);
    }
    rig_delete(alloc, changes, changes ? num * sizeof *changes : 0);
    rig_delete(alloc, ids, ids ? num * sizeof *ids : 0);
    return code;
}
