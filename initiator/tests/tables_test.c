/* The service's tables: changes of many rows at once, their limits, and stores that fail. */
#include "service_kit.h"
#include "suite.h"

static void label_set(rig_label *label, unsigned number)
{
    rig_text text;
    *label = (rig_label){0};
    rig_text_init(&text, label->text, sizeof label->text);
    rig_text_add(&text, "192.0.2.%u", number);
}

static rig_code put_many(kit *k, unsigned first, uint32_t num)
{
    static rig_label labels[RIG_SERVICE_SERVERS_MAX + 1];
    static svc_change changes[RIG_SERVICE_SERVERS_MAX + 1];
    for (uint32_t i = 0; i < num; i++) {
        label_set(&labels[i], first + i);
        changes[i] = (svc_change){.table = SVC_RADIUS, .record = &labels[i], .kept = true};
    }
    return svc_apply(k->service, changes, num, RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
}

static uint32_t rows(const kit *k)
{
    return k->service->tables[SVC_RADIUS].num;
}

static bool finds(const kit *k, unsigned number)
{
    rig_label label;
    label_set(&label, number);
    const svc_row *row = svc_find(k->service, SVC_RADIUS, &label);
    return row && strcmp(((const rig_label *)row->record)->text, label.text) == 0;
}

/* A batch may be larger than what a table grows by, and may fill it; not one more. */
static void many_at_once(void)
{
    kit *k = kit_new();
    kit_start(k);
    CU_ASSERT_EQUAL(put_many(k, 0, 3), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(put_many(k, 3, RIG_SERVICE_SERVERS_MAX - 2), RIG_CODE_OUT_OF_RESOURCES);
    CU_ASSERT_EQUAL(rows(k), 3);
    CU_ASSERT_EQUAL(put_many(k, 3, RIG_SERVICE_SERVERS_MAX - 3), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(put_many(k, 0, RIG_SERVICE_SERVERS_MAX), RIG_CODE_SUCCESS); /* the same rows again */
    CU_ASSERT_EQUAL(rows(k), RIG_SERVICE_SERVERS_MAX);
    kit_restart(k);
    CU_ASSERT_EQUAL(rows(k), RIG_SERVICE_SERVERS_MAX);
    for (unsigned i = 0; i < RIG_SERVICE_SERVERS_MAX; i++)
        CU_ASSERT_TRUE(finds(k, i));
    kit_free(k);
}

/* What the store did not take is not there, and what it held is. */
static void store_fails(void)
{
    kit *k = kit_new();
    kit_start(k);
    CU_ASSERT_EQUAL(put_many(k, 0, 5), RIG_CODE_SUCCESS);
    kit_break_store(k);
    CU_ASSERT_EQUAL(put_many(k, 3, 20), RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
    CU_ASSERT_EQUAL(svc_drop(k->service, SVC_RADIUS, k->service->tables[SVC_RADIUS].rows[2]),
                    RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
    CU_ASSERT_EQUAL(rows(k), 5);
    CU_ASSERT_TRUE(finds(k, 2) && finds(k, 4) && !finds(k, 5));
    k->store->ops = k->whole;
    kit_restart(k);
    CU_ASSERT_EQUAL(rows(k), 5);
    kit_free(k);
}

/* Each allocation of a batch fails once: all of it or nothing. */
static void no_memory(void)
{
    kit *k = kit_new();
    kit_start(k);
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    for (uint64_t n = 1; code != RIG_CODE_SUCCESS && n < 1000; n++) {
        k->w->meter.fail_at = k->w->meter.num_calls + n;
        code = put_many(k, 0, 20);
        k->w->meter.fail_at = 0;
        CU_ASSERT_EQUAL(rows(k), code == RIG_CODE_SUCCESS ? 20 : 0);
        CU_ASSERT_EQUAL(finds(k, 19), code == RIG_CODE_SUCCESS);
    }
    CU_ASSERT_EQUAL(code, RIG_CODE_SUCCESS);
    kit_free(k);
}

RIG_SUITE("tables of the service", {"many rows in one change, up to the limit", many_at_once},
          {"a store that fails changes nothing", store_fails}, {"no memory changes nothing", no_memory})
