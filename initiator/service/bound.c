/* Bound devices: what the next start waits for. */
#include "internal.h"

static bool is_named(const rig_device *device, const char *path)
{
    return strcmp(device->interface_name, path) == 0 || strcmp(device->legacy_name, path) == 0;
}

const rig_device *svc_device_named(const rig_service *service, const char *path, svc_session **out_session)
{
    for (svc_session *session = service->sessions; session; session = session->next)
        for (uint32_t i = 0; i < session->devices.num; i++)
            if (is_named(&session->devices.ptr[i], path)) {
                if (out_session)
                    *out_session = session;
                return &session->devices.ptr[i];
            }
    return NULL;
}

/* A device comes back at the next start when a login of its target is kept, whoever made the session that it
 * is seen through now. */
static bool comes_back(const rig_service *service, const svc_session *session)
{
    const svc_table *logins = &service->tables[SVC_LOGINS];
    if (session->kept || session->alone)
        return !session->login.informational;
    for (uint32_t i = 0; i < logins->num; i++) {
        const rig_login *login = logins->rows[i]->record;
        if (!login->informational && strcmp(login->target, session->login.target) == 0)
            return true;
    }
    return false;
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

static bool has_label(const rig_label_list *list, const char *text)
{
    for (uint32_t i = 0; i < list->num; i++)
        if (strcmp(list->ptr[i].text, text) == 0)
            return true;
    return false;
}

static rig_status collect_of(const rig_service *service, const svc_session *session, rig_label_list *out)
{
    for (uint32_t i = 0; i < session->devices.num; i++) {
        rig_label label = label_of(session->devices.ptr[i].interface_name);
        rig_label *place =
            has_label(out, label.text) ? &label : rig_list_add(service->config.alloc, RIG_SHAPE(label), out);
        if (!place)
            return RIG_E_NOMEM;
        *place = label;
    }
    return RIG_OK;
}

/* The paths of all devices that come back, each once. */
static rig_status collect(const rig_service *service, rig_label_list *out)
{
    rig_status status = RIG_OK;
    for (svc_session *session = service->sessions; session && !status; session = session->next)
        if (comes_back(service, session))
            status = collect_of(service, session, out);
    return status;
}

/* One change for each bound device that is not in the list, and one for each that is. */
static uint32_t plan(const rig_service *service, const rig_label_list *wanted, svc_change *changes)
{
    const svc_table *bound = &service->tables[SVC_DEVICES];
    uint32_t num = 0;
    for (uint32_t i = 0; i < bound->num; i++)
        if (!has_label(wanted, ((const rig_label *)bound->rows[i]->record)->text))
            changes[num++] = (svc_change){.table = SVC_DEVICES, .row = bound->rows[i]};
    for (uint32_t i = 0; i < wanted->num; i++)
        if (!svc_find(service, SVC_DEVICES, &wanted->ptr[i]))
            changes[num++] = (svc_change){.table = SVC_DEVICES, .record = &wanted->ptr[i], .kept = true};
    return num;
}

static rig_code replace_bound(rig_service *service, const rig_label_list *wanted, rig_code failure)
{
    const rig_alloc *alloc = service->config.alloc;
    size_t size = (wanted->num + service->tables[SVC_DEVICES].num + 1) * sizeof(svc_change);
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
    rig_labels wanted = {0};
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    if (collect(service, &wanted.labels) == RIG_OK)
        code = replace_bound(service, &wanted.labels, RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
    rig_record_clear(alloc, RIG_SHAPE(labels), &wanted);
    svc_boot_bound(service, call->now);
    return code;
}

rig_code svc_clear_devices(rig_service *service, svc_call *call)
{
    const rig_label_list none = {0};
    rig_code code = replace_bound(service, &none, RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
    svc_boot_bound(service, call->now);
    return code;
}

/* ---- one by one ---- */

/* The long path is kept: the short one may be another device's at the next start. */
rig_code svc_add_device(rig_service *service, svc_call *call)
{
    const rig_label *path = call->request;
    svc_session *session = NULL;
    const rig_device *device = path->text[0] ? svc_device_named(service, path->text, &session) : NULL;
    rig_label label = label_of(device ? device->interface_name : path->text);
    if (svc_find(service, SVC_DEVICES, &label))
        return RIG_CODE_DEVICE_ALREADY_PERSISTENTLY_BOUND;
    if (!device || !comes_back(service, session))
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
