/* Bound devices: what the next start waits for. */
#include "discovery.h"

/* ---- targets that are logged in to at each start ---- */

static bool leads_to(const void *rows, uint32_t index, const void *target)
{
    const svc_row *const *logins = rows;
    return strcmp(((const rig_login *)logins[index]->record)->target, target) == 0;
}

/* The kept logins that show devices, one of each target. */
static rig_status kept_targets(const rig_service *service, svc_places *out)
{
    const svc_table *logins = &service->tables[SVC_LOGINS];
    for (uint32_t i = 0; i < logins->num; i++) {
        const rig_login *login = logins->rows[i]->record;
        if (!login->informational && svc_places_take(out, service->config.alloc, rig_hash_text(login->target),
                                                     leads_to, logins->rows, login->target, i) == UINT32_MAX)
            return RIG_E_NOMEM;
    }
    return RIG_OK;
}

/* A device comes back at the next start when a login of its target is kept, whoever made the session that it
 * is seen through now. */
static bool comes_back(const rig_service *service, const svc_places *targets, const svc_session *session)
{
    const char *target = session->login.target;
    if (session->kept || session->alone)
        return !session->login.informational;
    return svc_places_find(targets, rig_hash_text(target), leads_to, service->tables[SVC_LOGINS].rows,
                           target) != UINT32_MAX;
}

static rig_label label_of(const char *path)
{
    rig_label label = {0};
    rig_text text;
    rig_text_init(&text, label.text, sizeof label.text);
    rig_text_add(&text, "%s", path);
    return label;
}

/* ---- all at once ---- */

/* What shall be bound: each path once. */
typedef struct wish {
    rig_labels all;
    svc_places places;
} wish;

static bool is_label(const void *labels, uint32_t index, const void *text)
{
    return strcmp(((const rig_label *)labels)[index].text, text) == 0;
}

static bool has_label(const wish *wanted, const char *text)
{
    return svc_places_find(&wanted->places, rig_hash_text(text), is_label, wanted->all.labels.ptr, text) !=
           UINT32_MAX;
}

static rig_status wish_for(const rig_service *service, const svc_session *session, wish *out)
{
    const rig_alloc *alloc = service->config.alloc;
    rig_label_list *list = &out->all.labels;
    for (uint32_t i = 0; i < session->devices.num; i++) {
        const rig_label label = label_of(session->devices.ptr[i].interface_name);
        uint32_t at = svc_places_take(&out->places, alloc, rig_hash_text(label.text), is_label, list->ptr,
                                      label.text, list->num);
        rig_label *place = at == list->num ? rig_list_add(alloc, RIG_SHAPE(label), list) : NULL;
        if (at == UINT32_MAX || (at == list->num && !place))
            return RIG_E_NOMEM;
        if (place)
            *place = label;
    }
    return RIG_OK;
}

/* The paths of all devices that come back. */
static rig_status collect(const rig_service *service, wish *out)
{
    svc_places targets = {0};
    rig_status status = kept_targets(service, &targets);
    for (svc_session *session = service->sessions; session && !status; session = session->next)
        if (comes_back(service, &targets, session))
            status = wish_for(service, session, out);
    svc_places_free(&targets, service->config.alloc);
    return status;
}

/* One change for each bound device that is not wanted, and one for each that is. */
static uint32_t plan(const rig_service *service, const wish *wanted, svc_change *changes)
{
    const svc_table *bound = &service->tables[SVC_DEVICES];
    const rig_label_list *list = &wanted->all.labels;
    uint32_t num = 0;
    for (uint32_t i = 0; i < bound->num; i++)
        if (!has_label(wanted, ((const rig_label *)bound->rows[i]->record)->text))
            changes[num++] = (svc_change){.table = SVC_DEVICES, .row = bound->rows[i]};
    for (uint32_t i = 0; i < list->num; i++)
        if (!svc_find(service, SVC_DEVICES, &list->ptr[i]))
            changes[num++] = (svc_change){.table = SVC_DEVICES, .record = &list->ptr[i], .kept = true};
    return num;
}

static rig_code replace_bound(rig_service *service, const wish *wanted, rig_code failure)
{
    const rig_alloc *alloc = service->config.alloc;
    size_t size = (wanted->all.labels.num + service->tables[SVC_DEVICES].num + 1) * sizeof(svc_change);
    svc_change *changes = rig_new(alloc, size);
    if (!changes)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    rig_code code = svc_apply(service, changes, plan(service, wanted, changes), failure);
    rig_delete(alloc, changes, size);
    return code;
}

rig_code svc_bind_devices(rig_service *service, svc_call *call)
{
    const rig_alloc *alloc = service->config.alloc;
    wish wanted = {0};
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    if (collect(service, &wanted) == RIG_OK)
        code = replace_bound(service, &wanted, RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
    rig_record_clear(alloc, RIG_SHAPE(labels), &wanted.all);
    svc_places_free(&wanted.places, alloc);
    svc_boot_bound(service, call->now);
    return code;
}

rig_code svc_clear_devices(rig_service *service, svc_call *call)
{
    const wish none = {0};
    rig_code code = replace_bound(service, &none, RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
    svc_boot_bound(service, call->now);
    return code;
}

/* ---- one by one ---- */

static bool is_kept(const rig_service *service, const svc_session *session)
{
    svc_places targets = {0};
    bool kept = kept_targets(service, &targets) == RIG_OK && comes_back(service, &targets, session);
    svc_places_free(&targets, service->config.alloc);
    return kept;
}

/* The long path is kept: the short one may be another device's at the next start. */
rig_code svc_add_device(rig_service *service, svc_call *call)
{
    const rig_label *path = call->request;
    svc_session *session = NULL;
    const rig_device *device = path->text[0] ? svc_device_named(service, path->text, &session) : NULL;
    rig_label label = label_of(device ? device->interface_name : path->text);
    if (svc_find(service, SVC_DEVICES, &label))
        return RIG_CODE_DEVICE_ALREADY_PERSISTENTLY_BOUND;
    if (!device || !is_kept(service, session))
        return RIG_CODE_DEVICE_NOT_ISCSI_OR_PERSISTENT;
    return svc_put(service, SVC_DEVICES, &label, true);
}

rig_code svc_remove_device(rig_service *service, svc_call *call)
{
    const rig_label *path = call->request;
    svc_row *row = svc_find(service, SVC_DEVICES, path);
    const rig_device *device = row || !path->text[0] ? NULL : svc_device_named(service, path->text, NULL);
    if (device) {
        rig_label label = label_of(device->interface_name);
        row = svc_find(service, SVC_DEVICES, &label);
    }
    if (!row)
        return RIG_CODE_DEVICE_NOT_FOUND;
    rig_code code = svc_drop(service, SVC_DEVICES, row);
    svc_boot_bound(service, call->now);
    return code;
}

rig_code svc_report_bound(rig_service *service, svc_call *call)
{
    return svc_report_labels(service, SVC_DEVICES, call->reply);
}
