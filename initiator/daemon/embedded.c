/* A service in a thread of the process that wants one. */
#include "rig/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    rig_daemon *daemon; /* until the process ends */
    char *store;
} embedded = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *serve(void *daemon)
{
    rig_error error = {0};
    rig_daemon_run(daemon, false, &error);
    return NULL;
}

/* The signals of the process are its own affair. */
static rig_status start_thread(rig_daemon *daemon)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, NULL, serve, daemon);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return RIG_E_NOMEM;
    pthread_detach(thread);
    return RIG_OK;
}

static rig_status start(const char *store, rig_error *err)
{
    rig_daemon_config config = {.socket = "", .store = store};
    rig_service_settings_init(&config.settings);
    embedded.store = rig_copy_text(rig_alloc_libc(), store, strlen(store));
    config.store = embedded.store;
    rig_status status = embedded.store ? rig_daemon_new(&config, &embedded.daemon, err)
                                       : rig_fail(err, RIG_E_NOMEM, "no memory");
    if (!status)
        status = start_thread(embedded.daemon);
    if (!status)
        return RIG_OK;
    rig_daemon_free(embedded.daemon);
    embedded.daemon = NULL;
    rig_delete(rig_alloc_libc(), embedded.store, embedded.store ? strlen(embedded.store) + 1 : 0);
    embedded.store = NULL;
    return status;
}

rig_status rig_daemon_embed(const char *store, const char **out_name, rig_error *err)
{
    pthread_mutex_lock(&embedded.lock);
    rig_status status = embedded.daemon ? RIG_OK : start(store, err);
    if (!status && strcmp(embedded.store, store) != 0)
        status =
            rig_fail(err, RIG_E_EXISTS, "a service with the store %s runs in this process", embedded.store);
    if (!status)
        *out_name = rig_daemon_name(embedded.daemon);
    pthread_mutex_unlock(&embedded.lock);
    return status;
}
