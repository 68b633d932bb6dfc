/* Kept logins and bound devices: which there are, and how they are forgotten. */
#include "service_kit.h"

/* ---- logins ---- */

#define ONE "iqn.2026-01.org.example:one"
#define TWO "iqn.2026-01.org.example:two"

static void keep(kit *k, const char *target, const char *initiator, uint32_t port, const char *address)
{
    rig_login login = {.port = port, .persistent = true, .has_portal = address[0] != '\0'};
    snprintf(login.target, sizeof login.target, "%s", target);
    snprintf(login.initiator, sizeof login.initiator, "%s", initiator);
    snprintf(login.portal.address, sizeof login.portal.address, "%s", address);
    login.portal.socket = 3260;
    CU_ASSERT_EQUAL(svc_put(k->service, SVC_LOGINS, &login, true), RIG_CODE_SUCCESS);
}

/* Five of one target, one of another. */
static kit *keeper(void)
{
    kit *k = kit_new();
    kit_start(k);
    keep(k, ONE, "host", RIG_PORT_ANY, "192.0.2.1");
    keep(k, ONE, "host", 0, "192.0.2.1");
    keep(k, ONE, "host", 0, "192.0.2.2");
    keep(k, ONE, "", RIG_PORT_ANY, "192.0.2.1");
    keep(k, ONE, "", RIG_PORT_ANY, "");
    keep(k, TWO, "host", 1, "192.0.2.1");
    return k;
}

static rig_code drop(kit *k, const char *target, const char *initiator, uint32_t port, const char *address,
                     uint16_t socket)
{
    rig_login_ref ref = {.port = port, .has_portal = socket != 0, .portal.socket = socket};
    snprintf(ref.target, sizeof ref.target, "%s", target);
    snprintf(ref.initiator, sizeof ref.initiator, "%s", initiator);
    snprintf(ref.portal.address, sizeof ref.portal.address, "%s", address);
    return kit_do(k, RIG_CALL_REMOVE_LOGIN, &ref);
}

static uint32_t num_kept(kit *k)
{
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_REPORT_LOGINS, NULL), RIG_CODE_SUCCESS);
    uint32_t num = k->reply.logins.logins.num;
    kit_forget(k);
    return num;
}

/* Each row forgets what it says of the six, here and behind a restart. */
static void forgotten(void)
{
    static const struct {
        const char *initiator, *address;
        uint32_t port;
        uint16_t socket;
        uint32_t left;
    } rows[] = {
        {"host", "", RIG_PORT_ANY, 0, 3},    /* every port and portal of the instance */
        {"host", "", RIG_PORT_ANY, 3260, 3}, /* an empty address is every portal, too */
        {"host", "192.0.2.1", RIG_PORT_ANY, 3260, 4},
        {"host", "", 0, 0, 4},
        {"host", "192.0.2.2", 0, 3260, 5},
        {"", "", RIG_PORT_ANY, 0, 4},
        {"", "192.0.2.1", RIG_PORT_ANY, 3260, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kit *k = keeper();
        CU_ASSERT_EQUAL(drop(k, ONE, rows[i].initiator, rows[i].port, rows[i].address, rows[i].socket),
                        RIG_CODE_SUCCESS);
        CU_ASSERT_EQUAL(num_kept(k), rows[i].left);
        kit_restart(k);
        CU_ASSERT_EQUAL(num_kept(k), rows[i].left);
        kit_free(k);
    }
}

/* The code says what of the four is not there. */
static void not_there(void)
{
    kit *k = keeper();
    CU_ASSERT_EQUAL(drop(k, "iqn.2026-01.org.example:three", "host", RIG_PORT_ANY, "", 0),
                    RIG_CODE_TARGET_NOT_FOUND);
    CU_ASSERT_EQUAL(drop(k, TWO, "", RIG_PORT_ANY, "", 0), RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND);
    CU_ASSERT_EQUAL(drop(k, ONE, "card", RIG_PORT_ANY, "", 0), RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND);
    CU_ASSERT_EQUAL(drop(k, ONE, "host", 1, "", 0), RIG_CODE_INVALID_PORT_NUMBER);
    CU_ASSERT_EQUAL(drop(k, TWO, "host", 1, "192.0.2.2", 3260), RIG_CODE_PORTAL_NOT_FOUND);
    CU_ASSERT_EQUAL(drop(k, TWO, "host", 1, "192.0.2.1", 3261), RIG_CODE_PORTAL_NOT_FOUND);
    CU_ASSERT_EQUAL(num_kept(k), 6);
    CU_ASSERT_EQUAL(drop(k, TWO, "host", 1, "192.0.2.1", 3260), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(drop(k, TWO, "host", 1, "192.0.2.1", 3260), RIG_CODE_TARGET_NOT_FOUND);
    kit_free(k);
}

static void all_or_none(void)
{
    kit *k = keeper();
    kit_break_store(k);
    CU_ASSERT_EQUAL(drop(k, ONE, "host", RIG_PORT_ANY, "", 0),
                    RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
    CU_ASSERT_EQUAL(num_kept(k), 6);
    kit_free(k);
}

/* In the order of keeping, with everything but what is secret. */
static void reported(void)
{
    kit *k = kit_new();
    kit_start(k);
    CU_ASSERT_EQUAL(kit_login(k, TWO, "192.0.2.2"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_login(k, ONE, "192.0.2.1"), RIG_CODE_SUCCESS);
    kit_restart(k);
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_REPORT_LOGINS, NULL), RIG_CODE_SUCCESS);
    const rig_login_list *list = &k->reply.logins.logins;
    CU_ASSERT_EQUAL_FATAL(list->num, 2);
    CU_ASSERT_STRING_EQUAL(list->ptr[0].target, TWO);
    CU_ASSERT_STRING_EQUAL(list->ptr[1].target, ONE);
    CU_ASSERT_STRING_EQUAL(list->ptr[1].portal.address, "192.0.2.1");
    CU_ASSERT_EQUAL(list->ptr[1].options.specified, RIG_LOGIN_HAS_PASSWORD);
    CU_ASSERT_EQUAL(list->ptr[1].options.password.len, 0);
    CU_ASSERT_EQUAL(list->ptr[1].key.len, 0);
    const rig_login *kept = k->service->tables[SVC_LOGINS].rows[1]->record;
    CU_ASSERT_EQUAL(kept->options.password.len, 13); /* the row itself has them still */
    CU_ASSERT_EQUAL(kept->key.len, 5);
    kit_forget(k);
    kit_free(k);
}

/* A session whose login is forgotten goes on, as nobody's. */
static void sessions_go_on(void)
{
    kit *k = keeper();
    svc_session session = {.kept = k->service->tables[SVC_LOGINS].rows[0]};
    svc_session other = {.kept = k->service->tables[SVC_LOGINS].rows[5]};
    kit_session(k, &session, ONE);
    kit_session(k, &other, ONE);
    CU_ASSERT_EQUAL(drop(k, ONE, "host", RIG_PORT_ANY, "", 0), RIG_CODE_SUCCESS);
    CU_ASSERT_PTR_NULL(session.kept);
    CU_ASSERT_PTR_NOT_NULL(other.kept);
    kit_sessions_end(k);
    kit_free(k);
}

/* Others point to rows: one that gets another record stays where it is. */
static void rows_stay(void)
{
    kit *k = keeper();
    const svc_row *row = k->service->tables[SVC_LOGINS].rows[1];
    rig_login login = *(const rig_login *)row->record;
    login.security_flags = RIG_SECURITY_VALID;
    CU_ASSERT_EQUAL(svc_put(k->service, SVC_LOGINS, &login, true), RIG_CODE_SUCCESS);
    CU_ASSERT_PTR_EQUAL(k->service->tables[SVC_LOGINS].rows[1], row);
    CU_ASSERT_PTR_EQUAL(svc_find(k->service, SVC_LOGINS, &login), row);
    CU_ASSERT_EQUAL(((const rig_login *)row->record)->security_flags, RIG_SECURITY_VALID);
    CU_ASSERT_EQUAL(num_kept(k), 6);
    kit_free(k);
}

/* ---- devices ---- */

/* Sessions as if they were there: two targets with kept logins, of which one is informational, and one that
 * nobody has kept. */
typedef struct show {
    kit *k;
    svc_session sessions[4];
} show;

static void show_device(show *s, uint32_t i, const char *target, const char *path, const char *name)
{
    kit_session(s->k, &s->sessions[i], target);
    kit_device(&s->sessions[i], path, name);
}

static void show_begin(show *s)
{
    *s = (show){.k = keeper()};
    s->sessions[0].kept = s->k->service->tables[SVC_LOGINS].rows[0];
    s->sessions[3].kept = s->k->service->tables[SVC_LOGINS].rows[1];
    s->sessions[3].login.informational = true;
    show_device(s, 0, ONE, "path-1", "disk-1");
    show_device(s, 1, TWO, "path-2", "disk-2");
    show_device(s, 2, "iqn.2026-01.org.example:three", "path-3", "disk-3");
    show_device(s, 3, ONE, "path-4", "disk-4");
}

static void show_end(show *s)
{
    kit_sessions_end(s->k);
    kit_free(s->k);
}

static rig_code device(kit *k, rig_call_id call, const char *path)
{
    rig_label label = kit_label(path);
    return kit_do(k, call, &label);
}

/* Only what comes back is bound: by a kept login, or one to the same target. */
static void all_are_bound(void)
{
    show s;
    show_begin(&s);
    const rig_label stale = kit_label("path-9");
    CU_ASSERT_EQUAL(svc_put(s.k->service, SVC_DEVICES, &stale, true), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_do(s.k, RIG_CALL_BIND_DEVICES, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_do(s.k, RIG_CALL_BIND_DEVICES, NULL), RIG_CODE_SUCCESS);
    const rig_label *labels = kit_labels(s.k, RIG_CALL_REPORT_BOUND_DEVICES, 2);
    CU_ASSERT_STRING_EQUAL(labels[0].text, "path-1");
    CU_ASSERT_STRING_EQUAL(labels[1].text, "path-2");
    kit_forget(s.k);
    kit_sessions_end(s.k);
    kit_restart(s.k);
    kit_labels(s.k, RIG_CALL_REPORT_BOUND_DEVICES, 2);
    kit_forget(s.k);
    CU_ASSERT_EQUAL(kit_do(s.k, RIG_CALL_CLEAR_DEVICES, NULL), RIG_CODE_SUCCESS);
    kit_restart(s.k);
    kit_labels(s.k, RIG_CALL_REPORT_BOUND_DEVICES, 0);
    kit_forget(s.k);
    show_end(&s);
}

static void one_is_bound(void)
{
    show s;
    show_begin(&s);
    rig_login login = {.informational = true, .port = RIG_PORT_ANY}; /* brings no device back */
    snprintf(login.target, sizeof login.target, "%s", s.sessions[2].login.target);
    CU_ASSERT_EQUAL(svc_put(s.k->service, SVC_LOGINS, &login, true), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "disk-1"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "path-1"), RIG_CODE_DEVICE_ALREADY_PERSISTENTLY_BOUND);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "path-2"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "path-3"), RIG_CODE_DEVICE_NOT_ISCSI_OR_PERSISTENT);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "path-4"), RIG_CODE_DEVICE_NOT_ISCSI_OR_PERSISTENT);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "path-5"), RIG_CODE_DEVICE_NOT_ISCSI_OR_PERSISTENT);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, ""), RIG_CODE_DEVICE_NOT_ISCSI_OR_PERSISTENT);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_REMOVE_DEVICE, "path-3"), RIG_CODE_DEVICE_NOT_FOUND);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_REMOVE_DEVICE, "disk-2"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_REMOVE_DEVICE, "path-2"), RIG_CODE_DEVICE_NOT_FOUND);
    const rig_label *labels = kit_labels(s.k, RIG_CALL_REPORT_BOUND_DEVICES, 1);
    CU_ASSERT_STRING_EQUAL(labels[0].text, "path-1"); /* the path that stays */
    kit_forget(s.k);
    show_end(&s);
}

/* What an adapter boots by itself comes back, too. */
static void adapters_own_is_bound(void)
{
    show s;
    show_begin(&s);
    s.sessions[2].alone = true;
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "path-3"), RIG_CODE_SUCCESS);
    show_end(&s);
}

static void binding_fails(void)
{
    show s;
    show_begin(&s);
    CU_ASSERT_EQUAL(device(s.k, RIG_CALL_ADD_DEVICE, "path-2"), RIG_CODE_SUCCESS);
    kit_break_store(s.k);
    CU_ASSERT_EQUAL(kit_do(s.k, RIG_CALL_BIND_DEVICES, NULL), RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
    CU_ASSERT_EQUAL(kit_do(s.k, RIG_CALL_CLEAR_DEVICES, NULL),
                    RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
    const rig_label *labels = kit_labels(s.k, RIG_CALL_REPORT_BOUND_DEVICES, 1);
    CU_ASSERT_STRING_EQUAL(labels[0].text, "path-2");
    kit_forget(s.k);
    show_end(&s);
}

RIG_SUITE("service: what is kept", {"logins are forgotten by what they were kept with", forgotten},
          {"the code says what is not there", not_there}, {"all of them or none", all_or_none},
          {"reports show no secrets", reported}, {"sessions outlive their kept login", sessions_go_on},
          {"rows stay where they are", rows_stay}, {"all devices that come back are bound", all_are_bound},
          {"one device is bound", one_is_bound},
          {"and one of an adapter that boots alone", adapters_own_is_bound},
          {"what cannot be kept is not bound", binding_fails})
