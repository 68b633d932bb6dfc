/* Stored logins are carried out when the service starts: all at once, each on its own. One that fails does
 * not hold up the others, and is tried again after a delay: a target may be there long after its initiator.
 */
#include "rig/service.h"

#define OWNER(timer) ((boot_login *)(void *)((char *)(timer)-offsetof(boot_login, timer)))

typedef struct boot_login {
    rig_persistent_login login;
    rig_session *session;
    uint32_t attempts;
    bool settled; /* up, refused, late or given up: the boot waits for it no more */
    bool over;    /* up, refused or given up: the service has nothing more to do for it */
    rig_timer timer;
} boot_login;

struct rig_service {
    rig_service_config config;
    boot_login *logins;
    uint32_t num_logins;
    uint32_t open; /* logins that are not settled */
    bool booted;
    rig_timerq timers;
};

static void tell(rig_service *service, rig_service_event_kind kind, boot_login *entry, const rig_error *error,
                 uint64_t now)
{
    const rig_service_event event = {.kind = kind,
                                     .login = entry ? &entry->login : NULL,
                                     .session = entry ? entry->session : NULL,
                                     .error = error,
                                     .now = now};
    if (service->config.event)
        service->config.event(service->config.ctx, &event);
}

static void settle(rig_service *service, boot_login *entry, uint64_t now)
{
    if (entry->settled)
        return;
    entry->settled = true;
    if (--service->open == 0)
        tell(service, RIG_SERVICE_READY, NULL, NULL, now);
}

static void give_up(rig_service *service, boot_login *entry, const rig_error *error, uint64_t now)
{
    tell(service, RIG_SERVICE_GIVEN_UP, entry, error, now);
    entry->over = true;
    settle(service, entry, now);
}

static void try_again(rig_service *service, boot_login *entry, const rig_error *error, uint64_t now)
{
    rig_timerq_arm(&service->timers, &entry->timer,
                   now + rig_retry_pause(entry->attempts, RIG_PERSISTENT_DELAY));
    if (entry->attempts < RIG_PERSISTENT_RETRIES || entry->settled)
        return;
    tell(service, RIG_SERVICE_LATE, entry, error, now);
    settle(service, entry, now);
}

static rig_status attempt(rig_service *service, boot_login *entry, rig_error *err, uint64_t now)
{
    entry->attempts += entry->attempts < UINT32_MAX;
    if (entry->session)
        return rig_session_login(entry->session, now);
    rig_session_config config = service->config.session;
    config.target = rig_view_str(entry->login.target);
    config.portal = entry->login.portal;
    config.reconnect_max = RIG_RECONNECT_ENDLESS; /* what is stored is wanted as long as the service runs */
    memcpy(config.offer, entry->login.offer, sizeof config.offer);
    if (entry->login.auth.given)
        config.auth = rig_stored_auth_use(&entry->login.auth);
    return rig_adapter_login(service->config.adapter, &config, entry->login.flags, entry->login.require_ipsec,
                             now, &entry->session, err);
}

static void start_login(rig_service *service, boot_login *entry, uint64_t now)
{
    rig_error error = {0};
    rig_status status = attempt(service, entry, &error, now);
    if (!status) {
        tell(service, RIG_SERVICE_LOGIN_STARTED, entry, NULL, now);
    } else if (status == RIG_E_REFUSED) {
        tell(service, RIG_SERVICE_REFUSED, entry, &error, now);
        entry->over = true;
        settle(service, entry, now);
    } else if (status == RIG_E_ARGUMENT || status == RIG_E_LIMIT) { /* the record itself is wrong */
        give_up(service, entry, &error, now);
    } else {
        try_again(service, entry, &error, now);
    }
}

rig_status rig_service_new(const rig_service_config *config, rig_service **out_service)
{
    rig_service *service = rig_new(config->alloc, sizeof *service);
    if (!service)
        return RIG_E_NOMEM;
    service->config = *config;
    *out_service = service;
    return RIG_OK;
}

void rig_service_free(rig_service *service)
{
    if (!service)
        return;
    const rig_alloc *alloc = service->config.alloc;
    service->config.event = NULL;
    for (uint32_t i = 0; i < service->num_logins; i++)
        rig_session_free(service->logins[i].session);
    rig_secret_wipe(service->logins, service->num_logins * sizeof *service->logins);
    rig_delete(alloc, service->logins, service->num_logins * sizeof *service->logins);
    rig_delete(alloc, service, sizeof *service);
}

static rig_status load(rig_service *service)
{
    rig_store *store = service->config.store;
    rig_persistent_login login;
    uint32_t num = 0;
    while (store->ops->get(store, num, &login) == RIG_OK)
        num++;
    rig_secret_wipe(&login, sizeof login);
    if (num == 0)
        return RIG_OK;
    service->logins = rig_new(service->config.alloc, num * sizeof *service->logins);
    if (!service->logins)
        return RIG_E_NOMEM;
    service->num_logins = service->open = num;
    for (uint32_t i = 0; i < num; i++) {
        rig_status status = store->ops->get(store, i, &service->logins[i].login);
        if (status)
            return status;
    }
    return RIG_OK;
}

rig_status rig_service_boot(rig_service *service, uint64_t now)
{
    if (service->booted)
        return RIG_E_STATE;
    service->booted = true;
    rig_status status = load(service);
    if (status)
        return status;
    if (service->num_logins == 0)
        tell(service, RIG_SERVICE_READY, NULL, NULL, now);
    for (uint32_t i = 0; i < service->num_logins; i++)
        start_login(service, &service->logins[i], now);
    return RIG_OK;
}

static boot_login *login_of(const rig_service *service, const rig_session *session)
{
    for (uint32_t i = 0; i < service->num_logins; i++)
        if (service->logins[i].session == session)
            return &service->logins[i];
    return NULL;
}

bool rig_service_owns(const rig_service *service, const rig_session *session)
{
    return service && login_of(service, session) != NULL;
}

void rig_service_engine_event(rig_service *service, const rig_event *event)
{
    boot_login *entry = login_of(service, event->session);
    if (!entry)
        return;
    if (event->kind == RIG_EVENT_SESSION_UP) {
        entry->over = true;
        settle(service, entry, event->now);
    } else if (event->kind == RIG_EVENT_LOGIN_FAILED && !entry->over) {
        if (rig_login_is_final(event->status, event->login_status))
            give_up(service, entry, event->error, event->now);
        else
            try_again(service, entry, event->error, event->now);
    }
}

uint64_t rig_service_next_deadline(const rig_service *service)
{
    return rig_timerq_next(&service->timers);
}

void rig_service_tick(rig_service *service, uint64_t now)
{
    rig_timer *timer;
    while ((timer = rig_timerq_pop(&service->timers, now)) != NULL)
        start_login(service, OWNER(timer), now);
}
