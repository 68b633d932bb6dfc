/* What is kept is carried out when the service starts: logins that an adapter made by itself come first, then
 * the kept ones in the order of keeping, each on its own. One that fails holds up no other, and is tried
 * again after a pause: a target may be there long after its initiator. Then bound devices are waited for. */
#include "internal.h"

#define OWNER(timer) ((boot_login *)(void *)((char *)(timer)-offsetof(boot_login, timer)))

/* One login from its first attempt until there is nothing more to do for it. */
typedef struct boot_login {
    svc_row *row;            /* the kept login, NULL for an adapter's own or a forgotten one */
    uint64_t id;             /* of the row */
    const rig_login *alone;  /* an adapter's own */
    svc_session *session;    /* while an attempt is under way */
    struct boot_login *next; /* that waits for its turn */
    uint32_t attempts;
    bool queued;  /* it waits for its turn */
    bool counted; /* the phase waits for it */
    bool settled; /* up, refused, late or given up: the start waits for it no more */
    bool over;    /* up, refused, given up or forgotten: nothing more is done for it */
    rig_timer timer;
} boot_login;

typedef enum boot_phase { BOOT_ALONE, BOOT_NETWORK, BOOT_LOGINS, BOOT_DEVICES, BOOT_READY } boot_phase;

struct svc_boot {
    boot_phase phase;
    rig_logins alone;   /* what adapters carry out by themselves */
    boot_login *logins; /* theirs first, then the kept ones by id */
    uint32_t num_logins;
    boot_login *first, *last; /* those that wait for their turn */
    uint32_t under_way;       /* attempts */
    uint32_t open;            /* logins of this phase that are not settled */
    uint32_t network_checks;
    uint32_t devices_seen; /* bound devices from the first on that have come */
    rig_timer network, devices;
    bool failed, late; /* refused or given up; late, or a device did not come */
};

static void advance(rig_service *service, uint64_t now);

/* ---- what becomes of an attempt ---- */

/* NULL: the kept login is forgotten. */
static const rig_login *login_of(const boot_login *entry)
{
    return entry->row ? entry->row->record : entry->alone;
}

static void tell(rig_service *service, rig_service_event_kind kind, const boot_login *entry, rig_code code,
                 const rig_error *error, uint64_t now)
{
    const rig_service_event event = {.kind = kind,
                                     .login = login_of(entry),
                                     .session = entry->session ? entry->session->engine : NULL,
                                     .code = code,
                                     .error = error,
                                     .now = now};
    svc_tell(service, &event);
}

static void settle(rig_service *service, boot_login *entry, uint64_t now)
{
    if (entry->settled)
        return;
    entry->settled = true;
    if (entry->counted && --service->boot->open == 0)
        advance(service, now);
}

static void finish(rig_service *service, boot_login *entry, uint64_t now)
{
    entry->over = true;
    settle(service, entry, now);
}

static void end_failed(rig_service *service, boot_login *entry, rig_service_event_kind kind, rig_code code,
                       const rig_error *error, uint64_t now)
{
    service->boot->failed = true;
    tell(service, kind, entry, code, error, now);
    finish(service, entry, now);
}

static void try_again(rig_service *service, boot_login *entry, rig_code code, const rig_error *error,
                      uint64_t now)
{
    const rig_service_settings *settings = &service->config.settings;
    rig_timerq_arm(&service->timers, &entry->timer,
                   now + rig_retry_pause(entry->attempts, settings->login_pause));
    if (entry->attempts < settings->login_attempts || entry->settled)
        return;
    service->boot->late = true;
    tell(service, RIG_SERVICE_LATE, entry, code, error, now);
    settle(service, entry, now);
}

/* ---- attempts, a limited number at a time ---- */

/* What a login that could not even begin comes to; whatever is not listed may be otherwise a moment later. */
static const struct {
    rig_code code;
    rig_service_event_kind kind;
} ends[] = {
    {RIG_CODE_IPSEC_NOT_SUPPORTED_ON_OS, RIG_SERVICE_REFUSED},
    {RIG_CODE_FAILED_TO_CONFIGURE_IPSEC, RIG_SERVICE_REFUSED},
    {RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE, RIG_SERVICE_REFUSED},
    {RIG_CODE_NO_AUTH_INFO_AVAILABLE, RIG_SERVICE_REFUSED},
    {RIG_CODE_NO_TUNNEL_OUTER_MODE_ADDRESS, RIG_SERVICE_REFUSED},
    {RIG_CODE_HBA_SECURITY_CACHE_FULL, RIG_SERVICE_REFUSED},
    {RIG_CODE_HBA_SECURITY_CACHE_NOT_SUPPORTED, RIG_SERVICE_REFUSED},
    {RIG_CODE_RESTRICTED_BY_GROUP_POLICY, RIG_SERVICE_REFUSED},
    {RIG_CODE_LOGIN_USER_INFO_BAD, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_PARAMETER, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_WIN32_INVALID_PARAMETER, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_ISCSI_NAME, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_PORT_NUMBER, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_CHAP_SECRET, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_TARGET_CHAP_SECRET, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_INITIATOR_CHAP_SECRET, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_CHAP_USER_NAME, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_LOGON_AUTH_TYPE, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_TARGET_MAPPING, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_INVALID_TARGET_ID, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_TARGET_AUTHINFO_UNAVAILABLE, RIG_SERVICE_GIVEN_UP},
    {RIG_CODE_REQUEST_NOT_SUPPORTED, RIG_SERVICE_GIVEN_UP},
};

/* LOGIN_STARTED stands for: try again. */
static rig_service_event_kind end_of(rig_code code, rig_status why)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends[i].code == code)
            return why == RIG_E_REFUSED ? RIG_SERVICE_REFUSED : ends[i].kind;
    /* the record itself is wrong */
    return why == RIG_E_ARGUMENT || why == RIG_E_LIMIT ? RIG_SERVICE_GIVEN_UP : RIG_SERVICE_LOGIN_STARTED;
}

static void not_begun(rig_service *service, boot_login *entry, rig_code code, rig_error *error, uint64_t now)
{
    rig_service_event_kind kind = end_of(code, error->status);
    if (!error->status)
        rig_fail(error, RIG_E_UNREACHABLE, "%s", rig_code_meaning(code));
    if (kind == RIG_SERVICE_LOGIN_STARTED)
        try_again(service, entry, code, error, now);
    else
        end_failed(service, entry, kind, code, error, now);
}

static void attempt(rig_service *service, boot_login *entry, uint64_t now)
{
    rig_error error = {0};
    svc_session *session = NULL;
    entry->attempts += entry->attempts < UINT32_MAX;
    rig_code code = svc_session_start(service, login_of(entry), entry->row, now, &session, &error);
    if (code != RIG_CODE_SUCCESS) {
        not_begun(service, entry, code, &error, now);
        return;
    }
    session->boot = entry;
    session->alone = entry->alone != NULL;
    entry->session = session;
    service->boot->under_way++;
    tell(service, RIG_SERVICE_LOGIN_STARTED, entry, RIG_CODE_SUCCESS, NULL, now);
}

static void enqueue(svc_boot *boot, boot_login *entry)
{
    if (entry->queued || entry->over)
        return;
    entry->queued = true;
    entry->next = NULL;
    if (boot->last)
        boot->last->next = entry;
    else
        boot->first = entry;
    boot->last = entry;
}

static boot_login *dequeue(svc_boot *boot)
{
    boot_login *entry = boot->first;
    boot->first = entry->next;
    if (!boot->first)
        boot->last = NULL;
    entry->queued = false;
    return entry;
}

/* An attempt holds its place while it is under way, not while it pauses: portals that are silent make others
 * wait for one attempt at most. */
static void pump(rig_service *service, uint64_t now)
{
    svc_boot *boot = service->boot;
    uint32_t most = service->config.settings.boot_parallel ? service->config.settings.boot_parallel : 1;
    while (boot->first && boot->under_way < most) {
        boot_login *entry = dequeue(boot);
        if (!entry->over)
            attempt(service, entry, now);
    }
}

/* Those that pause are tried at once: all, or those that name no portal. */
static void hurry(rig_service *service, bool all, uint64_t now)
{
    svc_boot *boot = service->boot;
    for (uint32_t i = 0; i < boot->num_logins; i++) {
        boot_login *entry = &boot->logins[i];
        if (!entry->timer.armed || (!all && login_of(entry)->has_portal))
            continue;
        rig_timerq_disarm(&service->timers, &entry->timer);
        enqueue(boot, entry);
    }
    pump(service, now);
}

/* ---- the phases ---- */

static bool adapter_has_link(const rig_adapter *adapter)
{
    bool link = adapter->num_ports == 0;
    for (uint32_t i = 0; i < adapter->num_ports; i++)
        link = link || !adapter->ports[i].down;
    return link;
}

static bool has_link(const rig_service *service)
{
    const rig_hba *hba = service->config.hba;
    bool link = false;
    for (uint32_t i = 0; i < hba->num_adapters; i++)
        link = link || adapter_has_link(&hba->adapters[i]);
    return link;
}

/* Without a network for that long the logins begin all the same: each fails by itself then, and is tried
 * again when the link comes. */
static void check_network(rig_service *service, uint64_t now)
{
    svc_boot *boot = service->boot;
    const rig_service_settings *settings = &service->config.settings;
    if (has_link(service) || boot->network_checks >= settings->network_attempts) {
        advance(service, now);
        return;
    }
    boot->network_checks++;
    rig_timerq_arm(&service->timers, &boot->network, now + settings->network_pause);
}

/* A login without a portal has to wait for what discovery finds. */
static void discovered(void *ctx, rig_code code, const rig_error *why, uint64_t now)
{
    rig_service *service = ctx;
    (void)code;
    (void)why;
    if (service->boot)
        hurry(service, false, now);
}

static void begin_logins(rig_service *service, uint32_t from, uint32_t to, uint64_t now)
{
    svc_boot *boot = service->boot;
    boot->open = 0;
    for (uint32_t i = from; i < to; i++) {
        boot_login *entry = &boot->logins[i];
        entry->counted = !entry->settled;
        boot->open += entry->counted;
        enqueue(boot, entry);
    }
    bool none = boot->open == 0;
    pump(service, now);
    if (none)
        advance(service, now);
}

static void begin_kept(rig_service *service, uint64_t now)
{
    bool asks = service->tables[SVC_PORTALS].num || service->tables[SVC_ISNS].num;
    begin_logins(service, service->boot->alone.logins.num, service->boot->num_logins, now);
    if (asks)
        svc_discover_all(service, now, discovered, service);
}

static void ready(rig_service *service, uint64_t now)
{
    const svc_boot *boot = service->boot;
    service->ready = true;
    service->boot_code = boot->late     ? RIG_CODE_PERSISTENT_LOGIN_TIMEOUT
                         : boot->failed ? RIG_CODE_OPERATION_NOT_ALL_SUCCESS
                                        : RIG_CODE_SUCCESS;
    svc_tell(service, &(rig_service_event){RIG_SERVICE_READY, .code = service->boot_code, .now = now});
}

static bool devices_are_there(rig_service *service)
{
    const svc_table *bound = &service->tables[SVC_DEVICES];
    uint32_t *seen = &service->boot->devices_seen;
    while (*seen < bound->num &&
           svc_device_named(service, ((const rig_label *)bound->rows[*seen]->record)->text, NULL))
        ++*seen;
    return *seen >= bound->num;
}

static void wait_for_devices(rig_service *service, uint64_t now)
{
    if (devices_are_there(service))
        advance(service, now);
    else
        rig_timerq_arm(&service->timers, &service->boot->devices, now + service->config.settings.device_wait);
}

static void advance(rig_service *service, uint64_t now)
{
    svc_boot *boot = service->boot;
    rig_timerq_disarm(&service->timers, &boot->network);
    rig_timerq_disarm(&service->timers, &boot->devices);
    switch (++boot->phase) {
    case BOOT_ALONE:
    case BOOT_NETWORK:
        check_network(service, now);
        break;
    case BOOT_LOGINS:
        begin_kept(service, now);
        break;
    case BOOT_DEVICES:
        wait_for_devices(service, now);
        break;
    case BOOT_READY:
        ready(service, now);
        break;
    }
}

/* ---- beginning and end ---- */

static const rig_adapter *alone_adapter(const rig_service *service, const char *name)
{
    const rig_hba *hba = service->config.hba;
    for (uint32_t i = 0; i < hba->num_adapters; i++) {
        const rig_adapter *adapter = &hba->adapters[i];
        if (adapter->quirks.boots_alone && (!name[0] || strcmp(name, adapter->name) == 0))
            return adapter;
    }
    return NULL;
}

/* The table of an adapter that boots alone: its logins go through it, and no other. */
static rig_status load_alone(rig_service *service, svc_boot *boot)
{
    const rig_login_list *table = service->config.settings.boot_table;
    for (uint32_t i = 0; table && i < table->num; i++) {
        const rig_adapter *adapter = alone_adapter(service, table->ptr[i].initiator);
        if (!adapter)
            continue;
        rig_login *login = rig_list_add(service->config.alloc, RIG_SHAPE(login), &boot->alone.logins);
        if (!login || rig_record_copy(service->config.alloc, RIG_SHAPE(login), &table->ptr[i], login))
            return RIG_E_NOMEM;
        rig_text name;
        rig_text_init(&name, login->initiator, sizeof login->initiator);
        rig_text_add(&name, "%s", adapter->name);
    }
    return RIG_OK;
}

static rig_status load(rig_service *service, svc_boot *boot)
{
    const svc_table *kept = &service->tables[SVC_LOGINS];
    rig_status status = load_alone(service, boot);
    uint32_t num = boot->alone.logins.num + kept->num;
    if (status || num == 0)
        return status;
    boot->logins = rig_new(service->config.alloc, num * sizeof *boot->logins);
    if (!boot->logins)
        return RIG_E_NOMEM;
    boot->num_logins = num;
    for (uint32_t i = 0; i < num; i++) {
        boot_login *entry = &boot->logins[i];
        entry->row = i < boot->alone.logins.num ? NULL : kept->rows[i - boot->alone.logins.num];
        entry->id = entry->row ? entry->row->id : 0;
        entry->alone = entry->row ? NULL : &boot->alone.logins.ptr[i];
        entry->timer.kind = SVC_TIMER_BOOT;
    }
    return RIG_OK;
}

rig_status rig_service_boot(rig_service *service, uint64_t now)
{
    if (service->boot)
        return RIG_E_STATE;
    svc_boot *boot = rig_new(service->config.alloc, sizeof *boot);
    if (!boot)
        return RIG_E_NOMEM;
    service->boot = boot;
    boot->network.kind = boot->devices.kind = SVC_TIMER_BOOT;
    rig_status status = load(service, boot);
    if (status)
        svc_boot_free(service);
    else
        begin_logins(service, 0, boot->alone.logins.num, now);
    return status;
}

void svc_boot_free(rig_service *service)
{
    const rig_alloc *alloc = service->config.alloc;
    svc_boot *boot = service->boot;
    if (!boot)
        return;
    for (svc_session *session = service->sessions; session; session = session->next)
        session->boot = NULL;
    for (uint32_t i = 0; i < boot->num_logins; i++)
        rig_timerq_disarm(&service->timers, &boot->logins[i].timer);
    rig_timerq_disarm(&service->timers, &boot->network);
    rig_timerq_disarm(&service->timers, &boot->devices);
    rig_delete(alloc, boot->logins, boot->num_logins * sizeof *boot->logins);
    rig_record_clear(alloc, RIG_SHAPE(logins), &boot->alone);
    rig_delete(alloc, boot, sizeof *boot);
    service->boot = NULL;
}

/* ---- what happens meanwhile ---- */

/* The attempt is over: what its session is from now on is not the start's affair. */
static void detach(rig_service *service, boot_login *entry)
{
    entry->session->boot = NULL;
    entry->session = NULL;
    service->boot->under_way--;
}

static void failed(rig_service *service, boot_login *entry, const rig_event *event)
{
    svc_session *session = entry->session;
    rig_code code = svc_login_code(event->status, event->login_status);
    if (event->status == RIG_E_SECURITY && login_of(entry)) /* and the peer may think better of it */
        tell(service, RIG_SERVICE_REFUSED, entry, code, event->error, event->now);
    if (!login_of(entry))
        finish(service, entry, event->now);
    else if (rig_login_is_final(event->status, event->login_status))
        end_failed(service, entry, RIG_SERVICE_GIVEN_UP, code, event->error, event->now);
    else
        try_again(service, entry, code, event->error, event->now);
    detach(service, entry);
    svc_session_end(session, event->now);
}

void svc_boot_event(svc_session *session, const rig_event *event)
{
    rig_service *service = session->service;
    boot_login *entry = session->boot;
    if (!entry || event->again)
        return;
    if (event->kind == RIG_EVENT_SESSION_UP) {
        detach(service, entry);
        finish(service, entry, event->now);
    } else if (event->kind == RIG_EVENT_LOGIN_FAILED) {
        failed(service, entry, event);
    } else {
        return;
    }
    pump(service, event->now);
}

void svc_boot_ended(svc_session *session, uint64_t now)
{
    rig_service *service = session->service;
    boot_login *entry = session->boot;
    if (!entry)
        return;
    detach(service, entry);
    finish(service, entry, now);
    pump(service, now);
}

void svc_boot_device(rig_service *service, uint64_t now)
{
    if (service->boot && service->boot->phase == BOOT_DEVICES && devices_are_there(service))
        advance(service, now);
}

void svc_boot_bound(rig_service *service, uint64_t now)
{
    if (service->boot)
        service->boot->devices_seen = 0;
    svc_boot_device(service, now);
}

void svc_boot_link(rig_service *service, uint64_t now)
{
    if (!service->boot)
        return;
    if (service->boot->phase == BOOT_NETWORK)
        advance(service, now);
    else
        hurry(service, true, now);
}

void svc_boot_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    svc_boot *boot = service->boot;
    if (timer == &boot->network) {
        check_network(service, now);
    } else if (timer == &boot->devices) {
        boot->late = true;
        advance(service, now);
    } else {
        enqueue(boot, OWNER(timer));
        pump(service, now);
    }
}

static boot_login *entry_of(const svc_boot *boot, uint64_t id)
{
    uint32_t low = boot->alone.logins.num, high = boot->num_logins;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (boot->logins[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < boot->num_logins && boot->logins[low].id == id ? &boot->logins[low] : NULL;
}

void svc_boot_forget(rig_service *service, uint64_t id, uint64_t now)
{
    boot_login *entry = service->boot ? entry_of(service->boot, id) : NULL;
    if (!entry)
        return;
    entry->row = NULL;
    rig_timerq_disarm(&service->timers, &entry->timer);
    if (!entry->session && !entry->over)
        finish(service, entry, now);
}

bool svc_boot_tries(const rig_service *service, const char *target)
{
    const svc_boot *boot = service->boot;
    for (uint32_t i = 0; boot && i < boot->num_logins; i++) {
        const rig_login *login = boot->logins[i].over ? NULL : login_of(&boot->logins[i]);
        if (login && strcmp(login->target, target) == 0)
            return true;
    }
    return false;
}

/* ---- links ---- */

void rig_service_link(rig_service *service, const char *instance, uint32_t port, bool up, uint64_t now)
{
    rig_hba *hba = service->config.hba;
    for (uint32_t i = 0; i < hba->num_adapters; i++) {
        rig_adapter *adapter = &hba->adapters[i];
        uint32_t num = adapter->num_ports ? adapter->num_ports : 1;
        if (strcmp(adapter->name, instance) != 0 || port >= num)
            continue;
        adapter->num_ports = num;
        adapter->ports[port].down = !up;
        if (up)
            svc_boot_link(service, now);
    }
}
