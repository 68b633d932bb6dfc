/** @file
 * The service as a process, or inside one: event loop, adapters, store and socket put together.
 */
#ifndef RIG_DAEMON_H
#define RIG_DAEMON_H

#include "rig/service.h"

#define RIG_DAEMON_CLIENTS_MAX 256 /**< most clients at a time */
#define RIG_DAEMON_USERS_MAX 16    /**< most users that may connect besides root and the daemon's own */

/** rig_daemon is a running service with its loop. */
typedef struct rig_daemon rig_daemon;

/** rig_daemon_config is fixed at creation. Zeroes take defaults. */
typedef struct rig_daemon_config {
    const char *socket; /**< path of the socket; "" = a name without a file; NULL: inherited counts */
    int inherited;      /**< descriptor of a listening socket, when socket is NULL */
    const char *store;  /**< path of the store; NULL = nothing outlives the process */
    rig_hba hba;        /**< the adapters, without engines; none = one software initiator */
    rig_service_settings settings;            /**< from rig_service_settings_init */
    uint32_t users[RIG_DAEMON_USERS_MAX];     /**< user ids that may connect, too */
    uint32_t num_users;                       /**< entries */
    uint16_t radius_port;                     /**< UDP port of RADIUS servers, 0 = 1812 */
    const char *vici;                         /**< charon's vici socket; NULL = nobody carries IPsec */
    const char *vici_device;                  /**< device of its userspace ESP; NULL = the kernel's ESP */
    void (*log)(void *ctx, const char *text); /**< one line for people, without newline; may be NULL */
    void (*ready)(void *ctx);                 /**< the service's start is over; may be NULL */
    void *ctx;                                /**< first argument of both */
} rig_daemon_config;

/** rig_daemon_set reads text, NAME=VALUE, into settings. RIG_E_NOT_FOUND for a name that is none,
 * RIG_E_SYNTAX for a value that it cannot have, and nothing is changed; err says which there are. */
rig_status rig_daemon_set(rig_service_settings *settings, rig_view text, rig_error *err);

/** rig_daemon_setting_at gives the name of setting index, NULL behind the last. Static storage. */
const char *rig_daemon_setting_at(size_t index);

/** rig_daemon_new opens store and socket, and makes the service, without starting it. RIG_E_BUSY when another
 * process owns the store, RIG_E_EXISTS when one answers at the socket; what rig_store_sqlite_open and
 * rig_listen_local say else; err says what to do. */
rig_status rig_daemon_new(const rig_daemon_config *config, rig_daemon **out_daemon, rig_error *err);

/** rig_daemon_name gives what rig_local_connect takes to reach it; "" for an inherited socket. */
const char *rig_daemon_name(const rig_daemon *daemon);

/** rig_daemon_run starts the service and serves until rig_daemon_stop, or a SIGTERM or SIGINT when signals is
 * true. RIG_OK, or what ended it. */
rig_status rig_daemon_run(rig_daemon *daemon, bool signals, rig_error *err);

/** rig_daemon_stop ends rig_daemon_run soon. From its own thread only. */
void rig_daemon_stop(rig_daemon *daemon);

/** rig_daemon_free ends sessions and clients at once and frees it. NULL is fine. */
void rig_daemon_free(rig_daemon *daemon);

/** rig_daemon_embed starts a service in a thread of this process, once for a store and for as long as the
 * process lives; later calls with the same store find the same one. *out_name is what rig_local_connect
 * takes. RIG_E_EXISTS when one with another store runs, RIG_E_NOMEM, and as rig_daemon_new. */
rig_status rig_daemon_embed(const char *store, const char **out_name, rig_error *err);

#endif
