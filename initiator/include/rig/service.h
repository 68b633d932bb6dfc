/** @file
 * The initiator service: what the management calls act on. Discovery portals and targets, sessions, logins
 * that are kept and replayed when it starts, identity and secrets.
 *
 * It does no I/O of its own: sessions go through the adapters' engines, what it keeps goes to a store, and
 * time is handed in. Single-threaded. Every event of the adapters' engines has to be passed on to
 * rig_service_engine_event.
 */
#ifndef RIG_SERVICE_H
#define RIG_SERVICE_H

#include "rig/calls.h"
#include "rig/hba.h"
#include "rig/ipsec_provider.h"
#include "rig/radius.h"
#include "rig/store.h"

#define RIG_SERVICE_LOGINS_MAX 16384  /**< most kept logins */
#define RIG_SERVICE_PORTALS_MAX 16384 /**< most discovery portals */
#define RIG_SERVICE_TARGETS_MAX 65536 /**< most target instances */
#define RIG_SERVICE_SERVERS_MAX 64    /**< most iSNS servers, and most RADIUS servers */
#define RIG_SERVICE_CALLS_MAX 1024    /**< most calls that wait for a target or a server */
#define RIG_SERVICE_SESSIONS_MAX 4096 /**< most sessions */
#define RIG_SERVICE_VERDICTS_MAX 1024 /**< most logins that wait for RADIUS at a time */

/** rig_service_event_kind is what a service tells. */
typedef enum rig_service_event_kind {
    RIG_SERVICE_LOGIN_STARTED, /**< a kept login is being carried out; session */
    RIG_SERVICE_REFUSED,       /**< security stood in its way; error */
    RIG_SERVICE_LATE,     /**< the attempts that the start waits for failed: it goes on being tried; error */
    RIG_SERVICE_GIVEN_UP, /**< they failed, and another one would, too; error */
    RIG_SERVICE_READY,    /**< every kept login is up, refused, late or given up, every bound device there
                             or waited for long enough; code */
    RIG_SERVICE_ARRIVED,  /**< the operating system is shown a device; device */
    RIG_SERVICE_REMOVED,  /**< a device is taken from it; device */
    RIG_SERVICE_TARGETS_CHANGED, /**< targets were found, or are gone */
    RIG_SERVICE_SECURITY         /**< one step of a security decision; text */
} rig_service_event_kind;

/** rig_service_event is one event; everything it points to is borrowed for the call. */
typedef struct rig_service_event {
    rig_service_event_kind kind; /**< which */
    const rig_login *login;      /**< the kept login, else NULL */
    rig_session *session;        /**< the session, else NULL */
    const rig_device *device;    /**< ARRIVED, REMOVED */
    rig_code code;               /**< REFUSED, LATE, GIVEN_UP, READY */
    const char *text;            /**< SECURITY: "bitmap-ignored" and the like */
    const rig_portal *portal;    /**< SECURITY: where the connection would go */
    bool last;                   /**< SECURITY: no further step of this decision comes */
    const rig_error *error;      /**< why, else NULL */
    uint64_t now;                /**< when */
} rig_service_event;

/** rig_service_settings is what an administrator tunes; rig_service_settings_init gives the defaults that
 * Windows documents or is known for. */
typedef struct rig_service_settings {
    uint64_t default_security;      /**< bitmap for when nothing else says one */
    uint32_t login_attempts;        /**< attempts of a kept login that the start waits for: 5 */
    uint64_t login_pause;           /**< ns between two of them: 2 s */
    uint32_t network_attempts;      /**< times the start waits for a port with a link: 10 */
    uint64_t network_pause;         /**< ns between two of them: 1 s */
    uint64_t device_wait;           /**< ns the start waits for bound devices behind the last login: 60 s */
    uint32_t boot_parallel;         /**< kept logins under way at a time: 32 */
    uint64_t scsi_timeout;          /**< ns for a command of the service: 30 s */
    uint64_t reconnect_pause;       /**< ns between two attempts to get a lost session back: 5 s */
    uint64_t device_hold;           /**< ns the devices of a lost session stay: 60 s */
    uint64_t radius_wait;           /**< ns a RADIUS server has, then the next one is asked: 4 s */
    const char *host_name;          /**< for the default node name; borrowed */
    const char *node_name;          /**< the default node name itself, NULL = made of host_name; borrowed */
    bool strict_security;           /**< flags that contradict are refused even where they qualify nothing */
    bool no_multipath_policy;       /**< group policy: no login with the multipath flag */
    bool no_security_change_policy; /**< group policy: keys and secrets cannot be changed */
    const struct rig_login_list
        *boot_table; /**< logins that a hardware adapter carries out by itself; borrowed */
} rig_service_settings;

/** rig_service_settings_init fills the defaults. */
void rig_service_settings_init(rig_service_settings *settings);

/** rig_service is a running service. */
typedef struct rig_service rig_service;

/** rig_service_config is fixed at creation. */
typedef struct rig_service_config {
    const rig_alloc *alloc;         /**< all memory */
    rig_draws draws;                /**< unique ids, ISIDs */
    rig_store *store;               /**< what is kept; borrowed; outlives the service */
    rig_hba *hba;                   /**< the adapters with their engines; borrowed */
    const rig_transport *transport; /**< for iSNS; NULL = there is none */
    const rig_ipsec_provider
        *ipsec;                 /**< carries IPsec; NULL = nobody does, what wants it is refused; borrowed */
    const rig_radius *radius;   /**< verifies targets; NULL = there is none; borrowed */
    rig_session_config session; /**< timeouts and the like of every session */
    rig_service_settings settings;                            /**< what is tuned */
    void (*event)(void *ctx, const rig_service_event *event); /**< may be NULL; must not call the service */
    void *ctx;                                                /**< its first argument */
} rig_service_config;

/** rig_service_new makes a service of what the store holds, without starting anything. RIG_E_NOMEM; RIG_E_IO,
 * RIG_E_FORMAT or RIG_E_SYNTAX for a store that cannot be read, with err. */
rig_status rig_service_new(const rig_service_config *config, rig_service **out_service, rig_error *err);

/** rig_service_free answers what is not answered yet with RIG_CODE_SERVICE_NOT_RUNNING, ends all sessions at
 * once and frees it. NULL is fine. */
void rig_service_free(rig_service *service);

/**
 * rig_reply_fn gets the answer to a call, exactly once: its code, and the record of the call's reply,
 * borrowed, NULL where there is none. Codes with a reply: SUCCESS, warnings, and SCSI_REQUEST_FAILED. why
 * says more where more is known, else NULL. It may make further calls.
 */
typedef void rig_reply_fn(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now);

/** rig_service_call makes a call. request is a record as the call's row says, and borrowed for the call. done
 * may be called before this returns. */
void rig_service_call(rig_service *service, rig_call_id call, const void *request, uint64_t now,
                      rig_reply_fn *done, void *ctx);

/** rig_service_cancel drops the answers to all calls made with that ctx: its done is not called any more.
 * What they began goes on. */
void rig_service_cancel(rig_service *service, const void *ctx);

/** rig_service_boot carries the kept logins out, and waits for the bound devices; READY tells the end.
 * RIG_E_STATE when it was done before; RIG_E_NOMEM. */
rig_status rig_service_boot(rig_service *service, uint64_t now);

/** rig_service_link tells that a port of an adapter got or lost its link. */
void rig_service_link(rig_service *service, const char *instance, uint32_t port, bool up, uint64_t now);

/** rig_service_engine_event must be called with every event of the adapters' engines. */
void rig_service_engine_event(rig_service *service, const rig_event *event);

/** rig_service_hold_device marks a device of a session as in use by the operating system, or not any more, by
 * its interface name or short name: a session with such a device is not logged out. The mark goes with the
 * device. RIG_E_NOT_FOUND when no session has the device; RIG_E_NOMEM. */
rig_status rig_service_hold_device(rig_service *service, const char *path, bool held);

/** rig_service_session gives the engine's session behind a name, NULL when there is none. Good until the
 * service is called, told or ticked again. */
rig_session *rig_service_session(const rig_service *service, const rig_unique_id *id);

/** rig_service_owns tells whether a session belongs to a kept login. */
bool rig_service_owns(const rig_service *service, const rig_session *session);

/** rig_service_next_deadline gives the time of the next tick, RIG_NEVER when none is needed. */
uint64_t rig_service_next_deadline(const rig_service *service);

/** rig_service_tick does what is due at now. */
void rig_service_tick(rig_service *service, uint64_t now);

#endif
