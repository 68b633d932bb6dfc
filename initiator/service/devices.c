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
    {0x1f, "other", NULL, "2accfe60-c130-11d2-b082-00a0c91efb8b"}, /* and all that is not named above */
};

#define CLASSES (sizeof classes / sizeof classes[0])

static const device_class *class_of(uint32_t type)
{
    const device_class *class = classes;
    while (class->type != type && class != &classes[CLASSES - 1])
        class ++;
    return class;
}

/* ---- finding one ---- */

static bool is_path(const rig_device *device, const char *path)
{
    return path[0] && (strcmp(device->interface_name, path) == 0 || strcmp(device->legacy_name, path) == 0);
}

/* What a device is found by: an entry of service->paths for each of its names. */
struct svc_path {
    svc_path *next; /* of its session */
    svc_session *session;
    rig_map_link link;
    char text[sizeof((rig_device *)NULL)->interface_name];
};

const rig_device *svc_device_named(const rig_service *service, const char *path, svc_session **out_session)
{
    rig_map_link *link = rig_map_first(&service->paths, rig_hash_text(path));
    for (; link; link = rig_map_next(link)) {
        svc_session *session = RIG_MAP_ITEM(link, svc_path, link)->session;
        for (uint32_t i = 0; i < session->devices.num; i++) {
            if (!is_path(&session->devices.ptr[i], path))
                continue;
            if (out_session)
                *out_session = session;
            return &session->devices.ptr[i];
        }
    }
    return NULL;
}

static bool path_add(svc_session *session, const char *text)
{
    rig_service *service = session->service;
    svc_path *path = text[0] ? rig_new(service->config.alloc, sizeof *path) : NULL;
    if (!path)
        return !text[0];
    memcpy(path->text, text, strnlen(text, sizeof path->text - 1));
    path->session = session;
    path->next = session->paths;
    session->paths = path;
    rig_map_add(&service->paths, &path->link, rig_hash_text(path->text));
    return true;
}

static void path_remove(svc_session *session, const char *text)
{
    rig_service *service = session->service;
    svc_path **place = &session->paths;
    while (*place && strcmp((*place)->text, text) != 0)
        place = &(*place)->next;
    svc_path *path = *place;
    if (!path)
        return;
    *place = path->next;
    rig_map_remove(&service->paths, &path->link);
    rig_delete(service->config.alloc, path, sizeof *path);
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
    const svc_session *other = svc_session_with(session->service, session->login.target, NULL);
    for (; other; other = svc_session_with(session->service, session->login.target, other))
        if (other->devices.num && other->route.adapter == session->route.adapter)
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

/* ---- numbers ---- */

/* Of each class, those that a device has. */
struct svc_numbers {
    uint8_t taken[CLASSES][DEVICE_NUMBERS / 8];
    uint32_t lowest[CLASSES]; /* below it all are taken */
};

rig_status svc_devices_init(rig_service *service)
{
    service->numbers = rig_new(service->config.alloc, sizeof *service->numbers);
    return service->numbers ? rig_map_init(&service->paths, service->config.alloc) : RIG_E_NOMEM;
}

void svc_devices_cleanup(rig_service *service)
{
    rig_delete(service->config.alloc, service->numbers, service->numbers ? sizeof *service->numbers : 0);
    rig_map_cleanup(&service->paths);
}

/* The lowest number that no device of the same class has. */
static uint32_t take_number(svc_numbers *numbers, uint32_t type)
{
    size_t class = (size_t)(class_of(type) - classes);
    uint8_t *taken = numbers->taken[class];
    uint32_t number = numbers->lowest[class];
    while (number < DEVICE_NUMBERS && taken[number / 8] >> number % 8 & 1)
        number++;
    numbers->lowest[class] = number;
    if (number < DEVICE_NUMBERS)
        taken[number / 8] |= (uint8_t)(1u << number % 8);
    return number;
}

static void give_number(svc_numbers *numbers, const rig_device *device)
{
    size_t class = (size_t)(class_of(device->type) - classes);
    if (device->number >= DEVICE_NUMBERS)
        return;
    numbers->taken[class][device->number / 8] &= (uint8_t) ~(1u << device->number % 8);
    if (device->number < numbers->lowest[class])
        numbers->lowest[class] = device->number;
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
    device->number = take_number(service->numbers, device->type);
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

static void forget_paths(svc_session *session, const rig_device *device)
{
    path_remove(session, device->interface_name);
    path_remove(session, device->legacy_name);
}

bool svc_device_enter(svc_session *session, const rig_device *device)
{
    if (path_add(session, device->interface_name) && path_add(session, device->legacy_name) &&
        rig_list_add(session->service->config.alloc, RIG_SHAPE(device), &session->devices)) {
        add_device(session, device);
        return true;
    }
    forget_paths(session, device);
    return false;
}

void svc_device_leave(svc_session *session, uint32_t index)
{
    const rig_device *device = &session->devices.ptr[index];
    forget_paths(session, device);
    give_number(session->service->numbers, device);
    rig_list_remove(session->service->config.alloc, RIG_SHAPE(device), &session->devices, index);
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
    if (!svc_device_enter(session, &device)) {
        give_number(session->service->numbers, &device);
        rig_list_remove(alloc, RIG_SHAPE(lun_mapping), &session->mapping.luns, session->mapping.luns.num - 1);
        return false;
    }
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
    svc_device_leave(session, index);
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
