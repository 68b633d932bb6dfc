/** @file
 * The initiator service: persistent logins in a store, and their replay when the service starts.
 */
#ifndef RIG_SERVICE_H
#define RIG_SERVICE_H

#include "rig/hba.h"
#include "rig/text.h"

#define RIG_PERSISTENT_MAX 256 /**< most persistent logins of a store */
#define RIG_PERSISTENT_RETRIES                                                                               \
    RIG_RECONNECT_DEFAULT                     /**< attempts that the boot waits for; then the pauses grow */
#define RIG_PERSISTENT_DELAY (2 * RIG_SECOND) /**< ns between two of them */

/** rig_stored_text is a name or secret of a stored login. */
typedef struct rig_stored_text {
    uint8_t len;                        /**< octets */
    uint8_t bytes[RIG_CHAP_SECRET_MAX]; /**< as many as a name or secret has at most */
} rig_stored_text;

/** rig_stored_auth is an authentication with its texts inside. rig_secret_wipe what is not needed any more.
 */
typedef struct rig_stored_auth {
    bool given;                    /**< else the service's own counts */
    rig_auth_config how;           /**< without its texts */
    rig_stored_text user;          /**< of it */
    rig_stored_text secret;        /**< of it */
    rig_stored_text target_user;   /**< of it */
    rig_stored_text target_secret; /**< of it */
} rig_stored_auth;

/** rig_stored_auth_keep copies an authentication with its texts. RIG_E_LIMIT for one of more than 255 octets.
 */
rig_status rig_stored_auth_keep(const rig_auth_config *auth, rig_stored_auth *out_stored);

/** rig_stored_auth_use gives it back, borrowed from stored. */
rig_auth_config rig_stored_auth_use(const rig_stored_auth *stored);

/** rig_persistent_login is one stored login. Plain data: texts are inside. */
typedef struct rig_persistent_login {
    char target[RIG_NAME_MAX + 1]; /**< target name */
    rig_portal portal;             /**< where to log in */
    uint64_t flags;                /**< security flags */
    bool require_ipsec;            /**< login flag REQUIRE_IPSEC */
    bool informational;            /**< its LUNs are not shown to the operating system */
    rig_key_value offer[RIG_KEYS]; /**< login options as offers */
    rig_stored_auth auth;          /**< credentials */
} rig_persistent_login;

/** rig_store keeps persistent logins; the service's only memory over a restart. */
typedef struct rig_store {
    const struct rig_store_ops *ops; /**< its calls */
} rig_store;

/** rig_store_ops are the calls of a store. */
typedef struct rig_store_ops {
    /** Adds a login behind the others. RIG_E_LIMIT, RIG_E_EXISTS (same target, portal and flags),
     * RIG_E_NOMEM, RIG_E_IO. */
    rig_status (*add)(rig_store *store, const rig_persistent_login *login);
    /** Removes login number index. RIG_E_NOT_FOUND, RIG_E_IO. */
    rig_status (*remove)(rig_store *store, uint32_t index);
    /** Reads login number index, in the order they were added. RIG_E_NOT_FOUND behind the last, RIG_E_IO. */
    rig_status (*get)(rig_store *store, uint32_t index, rig_persistent_login *out_login);
    void (*free)(rig_store *store); /**< ends it */
} rig_store_ops;

/** rig_store_memory_new makes a store that lives as long as the process. RIG_E_NOMEM. */
rig_status rig_store_memory_new(const rig_alloc *alloc, rig_store **out_store);

/** rig_store_free ends a store. NULL is fine. */
void rig_store_free(rig_store *store);

/** rig_service_event_kind is what a service tells. */
typedef enum rig_service_event_kind {
    RIG_SERVICE_LOGIN_STARTED, /**< a stored login is being carried out; session */
    RIG_SERVICE_REFUSED,       /**< security stood in its way; error */
    RIG_SERVICE_LATE,     /**< the attempts that the boot waits for failed: it goes on being tried; error */
    RIG_SERVICE_GIVEN_UP, /**< they failed, and another one would, too; error */
    RIG_SERVICE_READY     /**< every stored login is up, refused, late or given up */
} rig_service_event_kind;

/** rig_service_event is one event; everything it points to is borrowed for the call. */
typedef struct rig_service_event {
    rig_service_event_kind kind;       /**< which */
    const rig_persistent_login *login; /**< NULL for READY */
    rig_session *session;              /**< LOGIN_STARTED */
    const rig_error *error;            /**< why */
    uint64_t now;                      /**< when */
} rig_service_event;

/** rig_service is a running service. */
typedef struct rig_service rig_service;

/** rig_service_config is fixed at creation. */
typedef struct rig_service_config {
    const rig_alloc *alloc;     /**< all memory */
    rig_store *store;           /**< borrowed; outlives the service */
    rig_adapter *adapter;       /**< where stored logins go; borrowed */
    rig_session_config session; /**< timeouts and the like of every stored login */
    void (*event)(void *ctx, const rig_service_event *event); /**< may be NULL */
    void *ctx;                                                /**< its first argument */
} rig_service_config;

/** rig_service_new makes a service without starting anything. RIG_E_NOMEM. */
rig_status rig_service_new(const rig_service_config *config, rig_service **out_service);

/** rig_service_free ends it with its sessions. NULL is fine. */
void rig_service_free(rig_service *service);

/** rig_service_boot carries the stored logins out, all at once; READY waits for RIG_PERSISTENT_RETRIES
 * attempts of each. One whose target says that the fault is the initiator's is given up at once, unless the
 * target is just not there yet. RIG_E_STATE when it was done before; RIG_E_NOMEM. */
rig_status rig_service_boot(rig_service *service, uint64_t now);

/** rig_service_engine_event must be called with every event of the adapter's engine. */
void rig_service_engine_event(rig_service *service, const rig_event *event);

/** rig_service_owns tells whether a session belongs to a stored login. */
bool rig_service_owns(const rig_service *service, const rig_session *session);

/** rig_service_next_deadline gives the time of the next tick, RIG_NEVER when none is needed. */
uint64_t rig_service_next_deadline(const rig_service *service);

/** rig_service_tick does what is due at now. */
void rig_service_tick(rig_service *service, uint64_t now);

#endif
