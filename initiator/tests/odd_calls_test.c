/* Calls that say more than they may, or too much at a time: they are refused with nothing changed, or what
 * counts for nothing is passed over, and no memory is left behind. */
#include "service_kit.h"

#define ONE "iqn.2026-01.org.example:one"
#define LUNS 8

static void add_luns(rig_target_mapping *mapping, uint32_t step)
{
    for (uint32_t i = 0; i < LUNS; i++) {
        rig_lun_mapping *lun = rig_list_add(rig_alloc_libc(), RIG_SHAPE(lun_mapping), &mapping->luns);
        CU_ASSERT_PTR_NOT_NULL_FATAL(lun);
        *lun = (rig_lun_mapping){.os_lun = i * step, .target_lun = i};
    }
}

static rig_code make_known(kit *k, rig_static_target *target)
{
    rig_code code = kit_do(k, RIG_CALL_ADD_STATIC_TARGET, target);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(static_target), target);
    return code;
}

static rig_static_target mapped_target(uint32_t bus, uint32_t target, uint32_t step)
{
    rig_static_target known = {
        .target = ONE, .has_mapping = true, .mapping = {.os_bus = bus, .os_target = target}};
    add_luns(&known.mapping, step);
    return known;
}

static kit *kit_with_target(void)
{
    kit *k = kit_new();
    rig_static_target target = mapped_target(1, 2, 1);
    kit_start(k);
    CU_ASSERT_EQUAL_FATAL(make_known(k, &target), RIG_CODE_SUCCESS);
    return k;
}

static rig_login login_to_keep(void)
{
    return (rig_login){.target = ONE, .port = RIG_PORT_ANY, .persistent = true};
}

static uint32_t num_kept(const kit *k)
{
    return k->service->tables[SVC_LOGINS].num;
}

static const rig_login *kept(const kit *k)
{
    CU_ASSERT_EQUAL_FATAL(num_kept(k), 1);
    return k->service->tables[SVC_LOGINS].rows[0]->record;
}

/* ---- what is not given ---- */

static void login_says_too_much(void)
{
    kit *k = kit_with_target();
    rig_login login = login_to_keep();
    login.isid_id = 77;
    login.options.flags = UINT32_MAX;
    login.options.specified = RIG_LOGIN_HAS_PASSWORD;
    add_luns(&login.mapping, 1);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_LOGIN, &login), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kept(k)->options.flags, 0);
    CU_ASSERT_EQUAL(kept(k)->options.specified, 0);
    CU_ASSERT_EQUAL(kept(k)->mapping.luns.num, 0);
    CU_ASSERT_EQUAL(kept(k)->isid_id, 1);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(login), &login);
    kit_free(k);
}

/* The ISID of a kept login is for its own sessions: another one would take their place at the target. */
static void isid_of_another(void)
{
    kit *k = kit_with_target();
    rig_login login = login_to_keep();
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_LOGIN, &login), RIG_CODE_SUCCESS);
    login.persistent = false;
    login.has_portal = true;
    login.portal = (rig_target_portal){.address = "192.0.2.1", .socket = 3260};
    login.isid_id = kept(k)->isid_id;
    rig_service_call(k->service, RIG_CALL_LOGIN, &login, k->w->now, kit_answered, k);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k->service->sessions);
    CU_ASSERT_EQUAL(k->service->sessions->login.isid_id, 0);
    kit_free(k);
}

/* A row of a store is not tidied by a call: what it has instead of a mapping must not be left behind. */
static void row_says_too_much(void)
{
    kit *k = kit_with_target();
    rig_login row = login_to_keep(), full;
    add_luns(&row.mapping, 1);
    rig_login mine = {0};
    CU_ASSERT_EQUAL_FATAL(rig_record_copy(&k->w->meter.alloc, RIG_SHAPE(login), &row, &mine), RIG_OK);
    CU_ASSERT_EQUAL(svc_login_defaults(k->service, &mine, &full), RIG_CODE_SUCCESS);
    CU_ASSERT_TRUE(full.has_mapping);
    CU_ASSERT_EQUAL(full.mapping.os_target, 2);
    rig_record_clear(&k->w->meter.alloc, RIG_SHAPE(login), &full);
    rig_record_clear(&k->w->meter.alloc, RIG_SHAPE(login), &mine);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(login), &row);
    kit_free(k);
}

static const rig_static_target *known(const kit *k)
{
    const rig_static_target key = {.target = ONE};
    const svc_row *row = svc_find(k->service, SVC_STATICS, &key);
    return row ? row->record : NULL;
}

static void merge_says_too_much(void)
{
    kit *k = kit_with_target();
    rig_static_target target = {.target = ONE, .flags = RIG_TARGET_FLAG_MERGE};
    add_luns(&target.mapping, 0);
    CU_ASSERT_EQUAL(make_known(k, &target), RIG_CODE_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(known(k));
    CU_ASSERT_EQUAL(known(k)->mapping.os_target, 2);
    CU_ASSERT_EQUAL(known(k)->mapping.luns.num, LUNS);
    kit_free(k);
}

/* ---- what no login could ever follow ---- */

static void flags_that_cannot_be(void)
{
    static const uint64_t wrong[] = {
        UINT64_MAX,
        RIG_SECURITY_VALID | RIG_SECURITY_IKE_IPSEC | RIG_SECURITY_MAIN_MODE | RIG_SECURITY_AGGRESSIVE_MODE,
    };
    kit *k = kit_with_target();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rig_login login = login_to_keep();
        login.security_flags = wrong[i];
        CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_LOGIN, &login), RIG_CODE_INVALID_PARAMETER);
        CU_ASSERT_EQUAL(num_kept(k), 0);
    }
    kit_free(k);
}

static void mappings_that_cannot_be(void)
{
    static const struct {
        uint32_t bus, target, step;
        rig_code code;
    } rows[] = {
        {RIG_OS_BUSES, 0, 1, RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE},
        {0, RIG_OS_TARGETS, 1, RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE},
        {0, 0, RIG_OS_LUNS, RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE},
        {0, 0, 0, RIG_CODE_INVALID_TARGET_MAPPING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_static_target target = mapped_target(rows[i].bus, rows[i].target, rows[i].step);
        kit *k = kit_new();
        kit_start(k);
        CU_ASSERT_EQUAL(make_known(k, &target), rows[i].code);
        CU_ASSERT_PTR_NULL(known(k));
        kit_free(k);
    }
}

/* ---- too much at a time ---- */

typedef struct count {
    uint32_t refused;
} count;

static void count_refused(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    count *on = ctx;
    (void)reply;
    (void)why;
    (void)now;
    on->refused += code == RIG_CODE_OUT_OF_RESOURCES;
}

/* However many calls wait, those that wait for nothing are answered. */
static void calls_at_the_limit(void)
{
    const rig_send_targets_portal portal = {.port = RIG_PORT_ANY,
                                            .portal = {.address = "192.0.2.1", .socket = 3260}};
    count on = {0};
    kit *k = kit_with_target();
    for (uint32_t i = 0; i < RIG_SERVICE_CALLS_MAX; i++)
        rig_service_call(k->service, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, k->w->now, count_refused,
                         &on);
    CU_ASSERT_EQUAL(on.refused, 0);
    CU_ASSERT_EQUAL(k->service->num_calls, RIG_SERVICE_CALLS_MAX);
    rig_service_call(k->service, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal, k->w->now, count_refused, &on);
    CU_ASSERT_EQUAL(on.refused, 1);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_GET_SERVICE_INFO, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_REPORT_SESSIONS, NULL), RIG_CODE_SUCCESS);
    kit_free(k);
}

/* ---- a store that fails, or was tampered with ---- */

static void keep_reason(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    rig_error *reason = ctx;
    (void)reply;
    (void)now;
    CU_ASSERT_EQUAL(code, RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    *reason = *why;
}

/* Whoever hears that nothing could be kept hears why. */
static void store_says_why(void)
{
    const rig_label name = kit_label("iqn.2026-01.org.example:new");
    rig_error reason = {0};
    kit *k = kit_with_target();
    kit_break_store(k);
    rig_service_call(k->service, RIG_CALL_SET_NODE_NAME, &name, k->w->now, keep_reason, &reason);
    CU_ASSERT_STRING_EQUAL(reason.text, "the disk is full");
    kit_free(k);
}

static void node_name_of_a_damaged_store(void)
{
    static const char *const names[] = {"\x01\x02", "no-name", "iqn.2026-01.org.example:\x1b[31m"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        rig_octets name = {0};
        rig_error err = {0};
        kit *k = kit_new();
        kit_start(k);
        CU_ASSERT_EQUAL(rig_octets_set(&name, rig_view_str(names[i])), RIG_OK);
        CU_ASSERT_EQUAL(svc_setting_put(k->service, SVC_SETTING_NODE_NAME, &name, true), RIG_CODE_SUCCESS);
        const rig_service_config config = k->service->config;
        kit_stop(k);
        CU_ASSERT_EQUAL(rig_service_new(&config, &k->service, &err), RIG_E_FORMAT);
        CU_ASSERT_PTR_NULL(k->service);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "node name"));
        kit_free(k);
    }
}

RIG_SUITE("service: odd calls", {"a login with what it does not give", login_says_too_much},
          {"a login with the ISID of another", isid_of_another},
          {"a kept login with what it does not give", row_says_too_much},
          {"a merged target with what it does not give", merge_says_too_much},
          {"flags that no login can follow", flags_that_cannot_be},
          {"mappings that no adapter has", mappings_that_cannot_be},
          {"as many calls as can wait", calls_at_the_limit}, {"a store that says why", store_says_why},
          {"a node name that is none in the store", node_name_of_a_damaged_store})
