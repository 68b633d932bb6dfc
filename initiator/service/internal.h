/* What the files of the service share: its tables, its calls under way, its sessions. */
#ifndef RIG_SERVICE_INTERNAL_H
#define RIG_SERVICE_INTERNAL_H

#include "rig/map.h"
#include "rig/service.h"

/* ---- tables: what is kept, and what is only known ---- */

typedef enum svc_table_id {
#define RIG_KIND(id, word, record) SVC_##id,
#include "rig/kinds.def"
#undef RIG_KIND
    SVC_TABLES
} svc_table_id;

/* One row; it stays at its address until it is dropped. */
typedef struct svc_row {
    uint64_t id;          /* order of adding; number of the row in the store */
    bool kept;            /* it is in the store */
    uint64_t hash;        /* of what it is found by */
    struct svc_row *next; /* in its bucket */
    void *record;         /* of the table's shape */
} svc_row;

typedef struct svc_table {
    svc_row **rows; /* by id */
    uint32_t num, size;
    svc_row **buckets; /* a power of two, about one row each */
    uint32_t num_buckets;
} svc_table;

#define SVC_KEY_MAX 1024 /* bytes of a key */

/* svc_find looks a row up by a record with the same key. */
svc_row *svc_find(const rig_service *service, svc_table_id table, const void *record);

/* svc_find_near gives, one after the other, the rows that may have what they are found by in common with a
 * record: logins of that target, instance and portal, whatever their port. NULL behind the last. */
svc_row *svc_find_near(const rig_service *service, svc_table_id table, const void *record,
                       const svc_row *after);

/* svc_change is one row to be written or dropped. */
typedef struct svc_change {
    svc_table_id table;
    const void *record; /* put: copied; replaces the row of the same key */
    svc_row *row;       /* drop, when there is no record */
    bool kept;          /* put: into the store, too */
} svc_change;

/* svc_apply makes changes in one transaction, all or none: first the store, then memory. The code says why
 * not (NOT_ENOUGH_MEMORY, OUT_OF_RESOURCES at the limit of a table, unless the store failed: failure). */
rig_code svc_apply(rig_service *service, const svc_change *changes, uint32_t num, rig_code failure);

/* svc_put and svc_drop are a change of one row. */
rig_code svc_put(rig_service *service, svc_table_id table, const void *record, bool kept);
rig_code svc_drop(rig_service *service, svc_table_id table, svc_row *row);

/* svc_setting gives a remembered setting, NULL when there is none. */
const rig_octets *svc_setting(const rig_service *service, const char *name);
rig_code svc_setting_put(rig_service *service, const char *name, const rig_octets *value, bool kept);

#define SVC_SETTING_NODE_NAME "node-name"
#define SVC_SETTING_CHAP_SECRET "chap-secret"
#define SVC_SETTING_RADIUS_SECRET "radius-secret"
#define SVC_SETTING_GROUP_KEY "group-key"

/* svc_report_labels copies a table of labels into the answer of a call. */
rig_code svc_report_labels(const rig_service *service, svc_table_id table, rig_labels *reply);

rig_status svc_tables_load(rig_service *service, rig_error *err);
void svc_tables_free(rig_service *service);

/* ---- calls under way ---- */

/* svc_call is one call from its request to its answer. Handlers get it and either return the code of the
 * answer, or SVC_PENDING and see to svc_answer later. */
typedef struct svc_call {
    struct svc_call *next, *prev;
    rig_service *service;
    const rig_call *row;
    rig_reply_fn *done; /* NULL: cancelled */
    void *ctx;
    void *request;   /* a copy of its own */
    void *reply;     /* zeroed record, to be filled */
    rig_error error; /* why it failed, when there is more to say */
    void *op;        /* what the handler keeps for it, freed by whoever answers */
    uint64_t now;    /* when the call, or what answers it, came */
} svc_call;

#define SVC_PENDING ((rig_code)-1) /* no code of any API */

typedef rig_code svc_handler(rig_service *service, svc_call *call);

/* svc_answer ends a call: its done is called and its memory goes. */
void svc_answer(svc_call *call, rig_code code, uint64_t now);

/* discovery.c, portals.c, targets.c, isns.c */
svc_handler svc_add_portal, svc_remove_portal, svc_refresh_portal, svc_report_portals;
svc_handler svc_add_static, svc_remove_static, svc_report_targets, svc_report_target_portals,
    svc_report_instances;
svc_handler svc_add_isns, svc_remove_isns, svc_refresh_isns, svc_report_isns;
/* login.c, sessions.c, connections.c, pass.c, devices.c */
svc_handler svc_login, svc_logout, svc_add_connection, svc_remove_connection, svc_report_sessions,
    svc_report_devices, svc_report_mappings, svc_send_inquiry, svc_send_capacity, svc_send_luns, svc_ping;
/* logins.c, bound.c */
svc_handler svc_report_logins, svc_remove_login, svc_bind_devices, svc_add_device, svc_remove_device,
    svc_clear_devices, svc_report_bound;
/* identity.c, keys.c */
svc_handler svc_report_initiators, svc_get_node_name, svc_set_node_name, svc_set_chap_secret,
    svc_set_radius_secret, svc_add_radius, svc_remove_radius, svc_report_radius, svc_get_version,
    svc_get_info;
svc_handler svc_set_group_key, svc_set_ike, svc_get_ike, svc_set_tunnel;

/* ---- discovery ---- */

/* svc_discovered is told how the discovery of a portal ended. */
typedef void svc_discovered(void *ctx, rig_code code, const rig_error *why, uint64_t now);

/* svc_discover asks one portal for its targets, and replaces what it told before. Who asks while the same
 * question is under way gets its answer. done is told once, before the call returns when nothing could be
 * begun. */
void svc_discover(rig_service *service, svc_row *portal, uint64_t now, svc_discovered *done, void *ctx);

/* svc_discover_all asks every portal and iSNS server; OPERATION_NOT_ALL_SUCCESS when some failed. */
void svc_discover_all(rig_service *service, uint64_t now, svc_discovered *done, void *ctx);

/* svc_isns_query asks one iSNS server, as svc_discover. */
void svc_isns_query(rig_service *service, svc_row *server, uint64_t now, svc_discovered *done, void *ctx);

/* svc_told_flags gives what iSNS servers, and discovery inside IPsec, say of IPsec at a portal; NOT_FOUND
 * when they say nothing, NOMEM. Where they say different things, those that want IPsec count. svc_told_anew:
 * targets are told of anew. */
rig_status svc_told_flags(rig_service *service, const rig_portal *portal, uint64_t *out_flags);
void svc_told_anew(rig_service *service);
void svc_told_free(rig_service *service);

/* svc_instances_replace makes the targets a mechanism has told of those in list, all of them; what else knows
 * them keeps them. OUT_OF_RESOURCES and NOT_ENOUGH_MEMORY: nothing is changed. */
rig_code svc_instances_replace(rig_service *service, const char *mechanism,
                               const rig_target_instance_list *list, uint64_t now);

/* svc_target_known tells whether any mechanism, hidden static targets included, knows a target. */
bool svc_target_known(const rig_service *service, const char *target);

/* svc_target_portal gives a portal of a target: number index over all its instances; false behind the last.
 */
bool svc_target_portal(const rig_service *service, const char *target, uint32_t index,
                       rig_target_portal *out_portal);

/* svc_target_portals shows the portals that all mechanisms tell of a target, with their portal group tag, -1
 * when it was not told, until `see` has seen enough: then it is false. */
typedef bool svc_see_portal(void *ctx, int32_t tag, const rig_target_portal *portal);
bool svc_target_portals(const rig_service *service, const char *target, svc_see_portal *see, void *ctx);

/* ---- security ---- */

/* svc_secure decides about one connection: flags, login flags, where from and where to. SUCCESS: connect, by
 * IPsec where out_decision says so. Every step is told as an event. */
rig_code svc_secure(rig_service *service, const rig_route *route, const rig_portal *portal, uint64_t flags,
                    rig_security_source source, uint32_t login_flags, const rig_octets *key,
                    rig_security_decision *out_decision, rig_error *err, uint64_t now);

/* svc_flags_check looks at security flags that a caller wants kept: INVALID_PARAMETER for those that no
 * decision could ever follow. */
rig_code svc_flags_check(uint64_t flags, rig_error *err);

/* svc_protection is what was asked of who carries IPsec, and is in force once a connection is up. */
typedef struct svc_protection {
    struct svc_protection *next;
    rig_route route;
    rig_portal portal;
    rig_security_policy policy;
    bool in_force; /* but there was no room for it among the policies */
} svc_protection;

/* svc_protection_begin remembers what was asked for; svc_protection_settle puts it in force for every later
 * connection when a session has one to that portal. */
rig_code svc_protection_begin(rig_service *service, const rig_route *route, const rig_portal *portal,
                              const rig_security_decision *decision);
void svc_protection_settle(rig_service *service, const rig_session *engine);
void svc_protection_free(rig_service *service);

/* svc_admits decides about a portal that a redirection leads to, as svc_secure does, with the flags and the
 * key of the login that was redirected: true when it may be connected to, in clear or as somebody protects
 * it. */
bool svc_admits(rig_service *service, const char *instance, uint32_t port, const rig_portal *portal,
                uint64_t flags, const rig_login_options *options, const rig_octets *key, uint64_t now);

/* svc_options_fit asks whether a session with these options may have a connection that is protected as was
 * decided: a short secret is for IPsec only, wherever a redirection, a hop or another connection leads. */
rig_code svc_options_fit(rig_service *service, const rig_login_options *options,
                         const rig_security_decision *decision, rig_error *err);

/* Identities of IKE (RFC 2407 section 4.6.2.1). */
typedef enum svc_id_type {
    SVC_ID_IPV4 = 1,
    SVC_ID_FQDN = 2,
    SVC_ID_USER_FQDN = 3,
    SVC_ID_IPV6 = 5
} svc_id_type;

/* svc_ike_covers tells whether an identity is set for an adapter, or for every one. */
bool svc_ike_covers(const rig_ike_info *info, const rig_adapter *adapter);

/* svc_ip_text gives the one spelling of a numeric address; false for anything else. */
bool svc_ip_text(const char *text, char *out, size_t size);

/* svc_keys_held counts the pre-shared keys for an adapter in rows before that one. */
uint32_t svc_keys_held(const rig_service *service, const rig_adapter *adapter, uint64_t before);

/* ---- sessions ---- */

typedef struct svc_connection {
    rig_unique_id id;
    uint16_t cid;
    bool used;
    bool leaving; /* it is being removed */
} svc_connection;

typedef struct svc_scan svc_scan;
typedef struct svc_path svc_path;
typedef struct svc_numbers svc_numbers;
typedef struct svc_join svc_join;

/* svc_session is one session of ours, discovery sessions not among them. */
typedef struct svc_session {
    struct svc_session *next, *prev; /* in the order they were made */
    rig_map_link by_engine, by_id, by_target;
    rig_map_link by_kept; /* while there is a kept login that it was made from */
    rig_service *service;
    rig_unique_id id;
    rig_route route;
    rig_session *engine;
    rig_login login;   /* as it was asked for, defaults of its target filled in; secrets until it is up */
    rig_portal portal; /* where it is to be opened to, first of all */
    uint32_t hop;      /* portals of its target that were tried instead */
    svc_row *kept;     /* the kept login it was made from, else NULL */
    bool up;           /* it was in full feature phase, and may be again */
    bool leaving;      /* a logout is under way */
    bool ending;       /* svc_session_end is freeing it */
    uint32_t busy;     /* calls that run on it */
    svc_call *call;    /* the login that waits for it, else NULL */
    void *boot;        /* the start's, while an attempt of it is under way; else NULL */
    bool alone;        /* its adapter made it by itself: a boot session */
    rig_target_mapping mapping; /* numbers in force */
    bool mapped;                /* they are taken from the adapter */
    rig_device_list devices;    /* what the operating system was shown */
    svc_path *paths;            /* by which they are found */
    uint32_t copy;              /* tells its devices from those of other sessions with its target */
    svc_connection connections[RIG_SESSION_CONNECTIONS_MAX];
    svc_scan *scan;       /* looking for LUNs, else NULL */
    svc_join *join;       /* a connection that is being added, else NULL */
    rig_timer hold_timer; /* how long its devices outlive its connections */
} svc_session;

/* svc_session_start opens a session for a login: route, security, options, engine; other portals of its
 * target where the login allows it. On SUCCESS the session is in the list and logs in; SESSION_UP or
 * LOGIN_FAILED tells the end. Whether the target is known, or logged in already, is the caller's to look at.
 */
rig_code svc_session_start(rig_service *service, const rig_login *login, svc_row *kept, uint64_t now,
                           svc_session **out_session, rig_error *err);

/* svc_session_options turns login options, flags and secrets into a session config; texts are borrowed from
 * options and the service until something else is put into its settings. */
rig_code svc_session_options(rig_service *service, const rig_login_options *options, bool ipsec,
                             rig_session_config *config, rig_error *err);

/* svc_radius_verify has RADIUS verify a target; ctx is the service. */
void svc_radius_verify(void *ctx, const rig_chap_question *question);

svc_session *svc_session_find(const rig_service *service, const rig_unique_id *id);

/* svc_session_use gives a session that was up and is not leaving. INVALID_SESSION_ID, SESSION_BUSY. */
rig_code svc_session_use(const rig_service *service, const rig_unique_id *id, svc_session **out_session);
svc_session *svc_session_of(const rig_service *service, const rig_session *engine);

/* svc_session_with gives, one after the other, the sessions with a target. NULL behind the last. */
svc_session *svc_session_with(const rig_service *service, const char *target, const svc_session *after);

/* svc_sessions_let_go: sessions made from a kept login go on, but are nobody's kept login any more. The row
 * may be gone by then. */
void svc_sessions_let_go(rig_service *service, const svc_row *row);

/* svc_sessions_init makes what sessions are found by. */
rig_status svc_sessions_init(rig_service *service);
void svc_sessions_cleanup(rig_service *service);

/* svc_login_defaults makes a copy of a login with what its target was made known with filled in where it says
 * nothing. NOT_ENOUGH_MEMORY. */
rig_code svc_login_defaults(const rig_service *service, const rig_login *login, rig_login *out_login);

/* svc_session_open connects a session that has no connection; svc_session_hop does so at the next portal of
 * its target, where its login allows it, behind a failure. */
rig_code svc_session_open(svc_session *session, uint64_t now, rig_error *err);
bool svc_session_hop(svc_session *session, rig_status why, uint16_t login_status, uint64_t now);

/* svc_session_link puts a session whose engine is there into the list, and among what
 * sessions are found by; svc_session_unlink takes it out. */
void svc_session_link(svc_session *session);
void svc_session_unlink(svc_session *session);

/* svc_session_end frees a session and takes its devices away; calls that run on it are answered. A login that
 * waits for it is left to the caller. */
void svc_session_end(svc_session *session, uint64_t now);

/* svc_session_event passes an engine event on to a session. */
void svc_session_event(svc_session *session, const rig_event *event);

/* svc_task_code is what a call comes to whose request ended without an answer of the target. */
rig_code svc_task_code(const rig_service *service, rig_status why);

/* svc_connections_sync gives names to the connections there are, svc_connections_event looks whether one that
 * is being added is there, or has failed, svc_connections_end ends the wait for it; svc_connection_id gives
 * the name of one. */
void svc_connections_sync(svc_session *session);
void svc_connections_event(svc_session *session, const rig_event *event);
void svc_connections_end(svc_session *session, uint64_t now);
rig_unique_id svc_connection_id(const svc_session *session, uint16_t cid);

/* svc_login_code is what a failed login comes to, from the engine's status and the login status. */
rig_code svc_login_code(rig_status why, uint16_t login_status);

/* svc_devices_scan looks for the LUNs of a data session and shows them; svc_devices_remove takes them away.
 */
rig_status svc_devices_init(rig_service *service);
void svc_devices_cleanup(rig_service *service);
void svc_devices_scan(svc_session *session, uint64_t now);
void svc_devices_remove(svc_session *session, uint64_t now);

/* svc_device_named finds what the operating system is shown by its path, long or short; NULL when there is
 * none. out_session may be NULL. */
const rig_device *svc_device_named(const rig_service *service, const char *path, svc_session **out_session);

/* svc_devices_event looks for what an Asynchronous Message says of LUNs, svc_devices_sense for what sense
 * data does; svc_devices_lost gives the devices the time to come back. svc_devices_busy tells whether one of
 * them is bound or held. */
void svc_devices_event(svc_session *session, const rig_event *event);
void svc_devices_sense(svc_session *session, rig_view sense, uint64_t now);
void svc_devices_lost(svc_session *session, uint64_t now);
bool svc_devices_busy(const svc_session *session);

/* svc_device_enter has a session show a device, at its place, false without memory; svc_device_leave takes
 * the device at an index away. Nobody is told. */
bool svc_device_enter(svc_session *session, const rig_device *device);
void svc_device_leave(svc_session *session, uint32_t index);

/* svc_device_show shows one LUN by its INQUIRY data, false without memory; svc_device_hide takes it away.
 * Both are fine with what is done already. */
bool svc_device_show(svc_session *session, uint64_t lun, rig_view inquiry, uint64_t now);
void svc_device_hide(svc_session *session, uint64_t lun, uint64_t now);

/* ---- boot ---- */

/* svc_boot is the start under way; boot.c. */
typedef struct svc_boot svc_boot;

/* svc_boot_event passes an engine event of a session on whose boot is not NULL; when it returns, the session
 * may be gone. */
void svc_boot_event(svc_session *session, const rig_event *event);
void svc_boot_ended(svc_session *session, uint64_t now);               /* somebody else ends such a session */
void svc_boot_device(rig_service *service, uint64_t now);              /* a device came */
void svc_boot_bound(rig_service *service, uint64_t now);               /* the bound devices are others */
void svc_boot_forget(rig_service *service, uint64_t id, uint64_t now); /* that kept login is gone */
void svc_boot_link(rig_service *service, uint64_t now);                /* a port got its link */
bool svc_boot_tries(const rig_service *service, const char *target);   /* a kept login of it goes on */
void svc_boot_timer(rig_service *service, rig_timer *timer, uint64_t now);
void svc_boot_free(rig_service *service);

/* ---- the service ---- */

typedef enum svc_timer_kind {
    SVC_TIMER_BOOT,
    SVC_TIMER_ISNS,
    SVC_TIMER_PASS,
    SVC_TIMER_DEVICES,
    SVC_TIMER_RADIUS
} svc_timer_kind;

struct rig_service {
    rig_service_config config;
    svc_table tables[SVC_TABLES];
    uint64_t next_row;     /* id of the next row */
    uint64_t next_session; /* for unique ids */
    uint32_t next_device;  /* instance numbers */
    uint32_t next_isid_id; /* for kept logins; from it on up to … */
    uint32_t end_isid_id;  /* … this one none is in use */
    svc_call *calls;       /* under way */
    uint32_t num_calls;
    svc_session *sessions, *last_session;
    uint32_t num_sessions;
    rig_map by_engine, by_id, by_target, by_kept; /* sessions, by those members of theirs */
    rig_map paths;                                /* devices.c: what was shown, by path */
    svc_numbers *numbers;                         /* devices.c: those that are taken */
    rig_labels held;                              /* devices in use, by path */
    bool closing;                                 /* rig_service_free is under way */
    svc_protection *asked;                        /* of who carries IPsec */
    uint32_t num_asked;
    void *targets;             /* instances.c: what is known of targets */
    void *discoveries;         /* discovery.c: sessions under way */
    struct svc_security *told; /* told.c: flags of portals */
    void *isns;                /* isns.c: connections under way */
    void *verdicts;            /* radius.c: logins that wait for RADIUS */
    uint32_t num_verdicts;
    svc_boot *boot; /* NULL before it */
    bool ready;
    rig_code boot_code;
    rig_timerq timers;
    rig_error store_error; /* why the last change that could not be kept was not */
    char node_name[RIG_INAME_TEXT];
};

void svc_tell(rig_service *service, const rig_service_event *event);

/* Events of engines that are not of a svc_session: true when it was taken. */
bool svc_discovery_event(rig_service *service, const rig_event *event);
void svc_discovery_free(
    rig_service *service); /* ends discoveries under way; their done is told SERVICE_NOT_RUNNING */
rig_status svc_targets_load(rig_service *service, rig_error *err); /* of the static targets in the tables */
void svc_targets_free(rig_service *service);
void svc_isns_free(rig_service *service);
void svc_isns_timer(rig_service *service, rig_timer *timer, uint64_t now);
void svc_pass_timer(rig_service *service, rig_timer *timer, uint64_t now);
void svc_devices_timer(rig_service *service, rig_timer *timer, uint64_t now);
void svc_radius_timer(rig_service *service, rig_timer *timer, uint64_t now);
void svc_radius_free(rig_service *service);
rig_status svc_identity_load(rig_service *service, rig_error *err); /* node name, told to the engines */

/* svc_portal_read makes an engine's portal of a record's. INVALID_PARAMETER, with why. */
rig_code svc_portal_read(const rig_target_portal *portal, rig_portal *out_portal, rig_error *err);

#endif
