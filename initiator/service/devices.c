/* What the operating system is shown of a data session: its devices, their names and numbers, and how long
 * they outlive its connections. */
#include "internal.h"

#define DEVICE_NUMBERS 65536 /* of one type */
#define NO_PARTITIONS UINT32_MAX

/* Peripheral device types (SPC-4) as Windows calls their classes: the part of a device path, the short name,
 * the device interface. */
typedef struct device_class {
    uint8_t type;
    const char *word, *short_name, *interface;
} device_class;

static const device_class classes[] = {
    {0x00, "disk", "PhysicalDrive", "53f56307-b6bf-11d0-94f2-00a0c91efb8b"},
    {0x01, "sequential", "Tape", "53f5630b-b6bf-11d0-94f2-00a0c91efb8b"},
    {0x05, "cdrom", "CdRom", "53f56308-b6bf-11d0-94f2-00a0c91efb8b"},
    {0x08, "changer", "Changer", "53f56310-b6bf-11d0-94f2-00a0c91efb8b"},
};

static const device_class other_class = {0x1f, "other", NULL, "2accfe60-c130-11d2-b082-00a0c91efb8b"};

static const device_class *class_of(uint32_t type)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (classes[i].type == type)
            return &classes[i];
    return &other_class;
}

/* ---- finding one ---- */

static bool is_path(const rig_device *device, const char *path)
{
    return path[0] && (strcmp(device->interface_name, path) == 0 || strcmp(device->legacy_name, path) == 0);
}

static uint32_t find_lun(const svc_session *session, uint64_t lun)
{
    uint32_t i = 0;
    while (i < session->devices.num && session->devices.ptr[i].target_lun != lun)
        i++;
    return i;
}

/* ---- names ---- */

/* Letters and digits of what INQUIRY data says; blanks at the end say nothing. */
static void add_word(rig_text *out, rig_view field)
{
    while (field.len && (field.ptr[field.len - 1] == ' ' || field.ptr[field.len - 1] == 0))
        field.len--;
    for (size_t i = 0; i < field.len; i++) {
        uint8_t c = field.ptr[i];
        bool upper = c >= 'A' && c <= 'Z';
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        rig_text_add(out, "%c", upper ? c - 'A' + 'a' : plain ? c : '_');
    }
}

/* Sessions with one target that show devices are told apart by a number, each the lowest that was free. */
static uint32_t copy_number(const svc_session *session)
{
    uint8_t used[RIG_SERVICE_SESSIONS_MAX / 8 + 1] = {0};
    uint32_t number = 0;
    if (session->devices.num)
        return session->copy;
    for (const svc_session *other = session->service->sessions; other; other = other->next)
        if (other->devices.num && other->route.adapter == session->route.adapter &&
            strcmp(other->login.target, session->login.target) == 0)
            used[other->copy / 8] |= (uint8_t)(1u << other->copy % 8);
    while (used[number / 8] >> number % 8 & 1)
        number++;
    return number;
}

/* The path is made of what a device is, not of when it came, so that it names the same one behind a restart;
 * further sessions with one target count. Other devices
 * have the same path by accident only. */
static void name_device(svc_session *session, rig_view inquiry, rig_device *device)
{
    const device_class *class = class_of(device->type);
    const char *adapter = session->route.adapter->name;
    rig_text text;
    session->copy = copy_number(session);
    for (uint32_t same = session->copy; same <= RIG_SERVICE_SESSIONS_MAX; same++) {
        uint64_t hash = rig_hash64(adapter, strlen(adapter), same);
        hash = rig_hash64(device->target, strlen(device->target), hash);
        hash = rig_hash64(&(uint64_t){htobe64(device->target_lun)}, 8, hash);
        rig_text_init(&text, device->interface_name, sizeof device->interface_name);
        rig_text_add(&text, "\\\\?\\scsi#%s&ven_", class->word);
        add_word(&text, rig_view_sub(inquiry, 8, 8));
        rig_text_add(&text, "&prod_");
        add_word(&text, rig_view_sub(inquiry, 16, 16));
        rig_text_add(&text, "#%016llx#{%s}", (unsigned long long)hash, class->interface);
        if (!svc_device_named(session->service, device->interface_name, NULL))
            break;
    }
    rig_text_init(&text, device->legacy_name, sizeof device->legacy_name);
    if (class->short_name)
        rig_text_add(&text, "\\\\.\\%s%u", class->short_name, device->number);
}

/* The lowest number that no device of the same class has. */
static uint32_t free_number(const rig_service *service, uint32_t type)
{
    uint8_t used[DEVICE_NUMBERS / 8] = {0};
    uint32_t number = 0;
    for (const svc_session *session = service->sessions; session; session = session->next)
        for (uint32_t i = 0; i < session->devices.num; i++) {
            const rig_device *device = &session->devices.ptr[i];
            if (class_of(device->type) == class_of(type) && device->number < DEVICE_NUMBERS)
                used[device->number / 8] |= (uint8_t)(1u << device->number % 8);
        }
    while (number < DEVICE_NUMBERS && used[number / 8] >> number % 8 & 1)
        number++;
    return number;
}

/* ---- showing and taking away ---- */

static void tell(const svc_session *session, rig_service_event_kind kind, const rig_device *device,
                 uint64_t now)
{
    const rig_service_event event = {.kind = kind, .session = session->engine, .device = device, .now = now};
    svc_tell(session->service, &event);
}

static void fill_device(svc_session *session, uint64_t lun, uint32_t os_lun, rig_view inquiry,
                        rig_device *device)
{
    rig_service *service = session->service;
    rig_text text;
    rig_text_init(&text, device->initiator, sizeof device->initiator);
    rig_text_add(&text, "%s", session->route.adapter->name);
    memcpy(device->target, session->login.target, sizeof device->target);
    device->scsi_port = (uint8_t)(session->route.adapter - service->config.hba->adapters);
    device->scsi_path = (uint8_t)session->mapping.os_bus;
    device->scsi_target = (uint8_t)session->mapping.os_target;
    device->scsi_lun = (uint8_t)os_lun;
    device->target_lun = lun;
    device->type = inquiry.ptr[0] & 0x1f;
    device->number = free_number(service, device->type);
    device->partition = device->type == 0 ? 0 : NO_PARTITIONS;
    device->instance = ++service->next_device;
    name_device(session, inquiry, device);
}

/* In order of the operating system's LUN. */
static void add_device(svc_session *session, const rig_device *device)
{
    uint32_t at = session->devices.num - 1;
    rig_device *all = session->devices.ptr;
    while (at > 0 && all[at - 1].scsi_lun > device->scsi_lun) {
        all[at] = all[at - 1];
        at--;
    }
    all[at] = *device;
}

bool svc_device_show(svc_session *session, uint64_t lun, rig_view inquiry, uint64_t now)
{
    const rig_alloc *alloc = session->service->config.alloc;
    const rig_lun_mapping_list *wanted = session->login.has_mapping ? &session->login.mapping.luns : NULL;
    rig_device device = {0};
    uint32_t os_lun;
    if (find_lun(session, lun) < session->devices.num ||
        !rig_lun_map_number(wanted, &session->mapping.luns, lun, &os_lun))
        return true;
    rig_lun_mapping *mapping = rig_list_add(alloc, RIG_SHAPE(lun_mapping), &session->mapping.luns);
    if (!mapping)
        return false;
    *mapping = (rig_lun_mapping){os_lun, lun};
    fill_device(session, lun, os_lun, inquiry, &device);
    if (!rig_list_add(alloc, RIG_SHAPE(device), &session->devices)) {
        rig_list_remove(alloc, RIG_SHAPE(lun_mapping), &session->mapping.luns, session->mapping.luns.num - 1);
        return false;
    }
    add_device(session, &device);
    tell(session, RIG_SERVICE_ARRIVED, &device, now);
    svc_boot_device(session->service, now);
    return true;
}

static void forget_held(rig_service *service, const rig_device *device)
{
    rig_label_list *held = &service->held.labels;
    for (uint32_t i = held->num; i-- > 0;)
        if (is_path(device, held->ptr[i].text))
            rig_list_remove(service->config.alloc, RIG_SHAPE(label), held, i);
}

static void take_away(svc_session *session, uint32_t index, uint64_t now)
{
    const rig_alloc *alloc = session->service->config.alloc;
    const rig_device device = session->devices.ptr[index];
    rig_lun_mapping_list *luns = &session->mapping.luns;
    forget_held(session->service, &device);
    rig_list_remove(alloc, RIG_SHAPE(device), &session->devices, index);
    for (uint32_t i = luns->num; i-- > 0;)
        if (luns->ptr[i].target_lun == device.target_lun)
            rig_list_remove(alloc, RIG_SHAPE(lun_mapping), luns, i);
    tell(session, RIG_SERVICE_REMOVED, &device, now);
}

void svc_device_hide(svc_session *session, uint64_t lun, uint64_t now)
{
    uint32_t index = find_lun(session, lun);
    if (index < session->devices.num)
        take_away(session, index, now);
}

void svc_devices_remove(svc_session *session, uint64_t now)
{
    while (session->devices.num)
        take_away(session, 0, now);
}

/* ---- without a connection ---- */

void svc_devices_lost(svc_session *session, uint64_t now)
{
    rig_service *service = session->service;
    if (session->devices.num)
        rig_timerq_arm(&service->timers, &session->hold_timer, now + service->config.settings.device_hold);
}

void svc_devices_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    (void)service;
    svc_devices_remove((svc_session *)(void *)((char *)timer - offsetof(svc_session, hold_timer)), now);
}

/* ---- in use ---- */

static bool is_bound(const rig_service *service, const char *path)
{
    rig_label label = {0};
    memcpy(label.text, path, strnlen(path, sizeof label.text - 1));
    return path[0] && svc_find(service, SVC_DEVICES, &label) != NULL;
}

static bool is_held(const rig_service *service, const rig_device *device)
{
    const rig_label_list *held = &service->held.labels;
    for (uint32_t i = 0; i < held->num; i++)
        if (is_path(device, held->ptr[i].text))
            return true;
    return false;
}

bool svc_devices_busy(const svc_session *session)
{
    const rig_service *service = session->service;
    for (uint32_t i = 0; i < session->devices.num; i++) {
        const rig_device *device = &session->devices.ptr[i];
        if (is_bound(service, device->interface_name) || is_bound(service, device->legacy_name) ||
            is_held(service, device))
            return true;
    }
    return false;
}

rig_status rig_service_hold_device(rig_service *service, const char *path, bool held)
{
    const rig_device *device = path[0] ? svc_device_named(service, path, NULL) : NULL;
    if (!device)
        return RIG_E_NOT_FOUND;
    if (!held)
        forget_held(service, device);
    if (!held || is_held(service, device))
        return RIG_OK;
    rig_label *label = rig_list_add(service->config.alloc, RIG_SHAPE(label), &service->held.labels);
    if (!label)
        return RIG_E_NOMEM;
    memcpy(label->text, path, strnlen(path, sizeof label->text - 1));
    return RIG_OK;
}

/* ---- reports (API: GetDevicesForIScsiSession, ReportActiveIScsiTargetMappings) ---- */

rig_code svc_report_devices(rig_service *service, svc_call *call)
{
    const rig_session_ref *request = call->request;
    svc_session *session = NULL;
    rig_code code = svc_session_use(service, &request->session, &session);
    if (code != RIG_CODE_SUCCESS)
        return code;
    const rig_devices devices = {session->devices};
    return rig_record_copy(service->config.alloc, RIG_SHAPE(devices), &devices, call->reply)
               ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY
               : RIG_CODE_SUCCESS;
}

rig_code svc_report_mappings(rig_service *service, svc_call *call)
{
    const rig_alloc *alloc = service->config.alloc;
    rig_mappings *reply = call->reply;
    for (const svc_session *session = service->sessions; session; session = session->next) {
        if (!session->up || !session->mapped)
            continue;
        rig_target_mapping *mapping = rig_list_add(alloc, RIG_SHAPE(target_mapping), &reply->mappings);
        if (!mapping || rig_record_copy(alloc, RIG_SHAPE(target_mapping), &session->mapping, mapping))
            return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    }
    return RIG_CODE_SUCCESS;
}
