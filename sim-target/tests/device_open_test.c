/* A unit from its text: every option, what is refused, and no memory. */
#include "device_fixture.h"

typedef struct text_row {
    const char *text;
    rig_status status;
    const char *says;
} text_row;

static void texts_that_are_refused(void)
{
    static const text_row rows[] = {
        {"ram:1M,", RIG_E_SYNTAX, "unknown option ''; wanted block=N"},
        {"ram:1M,blok=512", RIG_E_SYNTAX, "did you mean 'block'"},
        {"ram:1M,colour=red", RIG_E_SYNTAX, "unknown option 'colour'; wanted block=N"},
        {"ram:1M,block=700", RIG_E_SYNTAX, "block wants 512, 1024, 2048 or 4096, came 'block=700'"},
        {"ram:1M,block=4294967808", RIG_E_SYNTAX, "block wants"}, /* 2^32 + 512 */
        {"ram:1M,block=", RIG_E_SYNTAX, "block wants"},
        {"ram:1M,block", RIG_E_SYNTAX, "block wants"},
        {"ram:1M,serial=x", RIG_E_SYNTAX, "serial wants a number, came 'serial=x'"},
        {"ram:1M,protection=0", RIG_E_SYNTAX, "protection wants 1, 2 or 3"},
        {"ram:1M,protection=4", RIG_E_SYNTAX, "protection wants 1, 2 or 3"},
        {"ram:1M,protection=257", RIG_E_SYNTAX, "protection wants 1, 2 or 3"},
        {"ram:1M,physical=8192", RIG_E_SYNTAX, "physical wants 512, 1024, 2048 or 4096"},
        {"ram:1M,physical=4294967808", RIG_E_SYNTAX, "physical wants"},
        {"ram:1M,block=4096,physical=512", RIG_E_ARGUMENT, "does not fit its blocks"},
        {"ram:1M,lbprz=2", RIG_E_SYNTAX, "lbprz wants 0 or 1"},
        {"ram:1M,lbpws10=2", RIG_E_SYNTAX, "lbpws10 wants 0 or 1"},
        {"ram:1M,sanitize=6", RIG_E_SYNTAX, "sanitize wants a time up to 24h, as in 500ms, or none"},
        {"ram:1M,sanitize=never", RIG_E_SYNTAX, "sanitize wants a time"},
        {"ram:1M,sanitize=86400000000001ns", RIG_E_SYNTAX, "sanitize wants a time"},
        {"ram:1M,sanitize", RIG_E_SYNTAX, "sanitize wants a time"},
        {"ram:1M,always-on=1", RIG_E_SYNTAX, "always-on has no value"},
        {"ram:1M,removable=yes", RIG_E_SYNTAX, "removable has no value, came 'removable=yes'"},
        {"ram:1M,removable,removable", RIG_E_EXISTS, "removable is given twice"},
        {"ram:1M,block=512,serial=1,block=512", RIG_E_EXISTS, "block is given twice"},
        {"ram:1M,empty", RIG_E_SYNTAX, "empty wants removable"},
        {"ram:512,block=4096", RIG_E_ARGUMENT, "512 bytes does not fit"},
        {"rom:1M,removable", RIG_E_SYNTAX, "did you mean 'ram'"},
        {",removable", RIG_E_SYNTAX, "unknown backing ''"},
        {"file:/nonexistent/a,,b,removable", RIG_E_IO, "/nonexistent/a,b:"},
        {"file:/nonexistent/a,,", RIG_E_IO, "/nonexistent/a,:"},
    };
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_device *device = NULL;
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_device_open(&meter.alloc, rig_view_str(rows[i].text), &device, &err),
                        rows[i].status);
        CU_ASSERT_PTR_NULL(device);
        if (!strstr(err.text, rows[i].says))
            CU_assertImplementation(CU_FALSE, __LINE__, err.text, rows[i].text, "", CU_FALSE);
    }
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void every_option(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,block=4096,serial=0xabc,removable,empty,read-only");
    CU_ASSERT_EQUAL(rig_device_block_len(unit.device), 4096);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x80, 0, 255, 0), 20);
    CU_ASSERT_EQUAL(memcmp(unit.data + 4, "0000000000000abc", 16), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 255, 0), 96);
    CU_ASSERT_EQUAL(unit.data[1], 0x80); /* RMB */
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    BEGIN(&unit, 0x1b, 0, 0, 0, 0x03, 0);
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x07, 0x27, 0x00);
    fixture_close(&unit);
}

static void defaults_hold_without_an_option(void)
{
    rig_error err = {0};
    rig_device_config config = {.alloc = rig_alloc_libc(), .serial = 7, .block_len = 1024};
    CU_ASSERT_EQUAL_FATAL(rig_device_config_read(rig_view_str("null:1M,removable"), &config, &err), RIG_OK);
    CU_ASSERT_EQUAL(config.serial, 7);
    CU_ASSERT_EQUAL(config.block_len, 1024);
    CU_ASSERT_TRUE(config.removable);
    CU_ASSERT_FALSE(config.empty);
    CU_ASSERT_FALSE(config.read_only);
    CU_ASSERT_FALSE(config.always_on);
    CU_ASSERT_FALSE(config.reads_anything);
    CU_ASSERT_FALSE(config.no_sanitize);
    CU_ASSERT_EQUAL(config.sanitize_time, 0);
    CU_ASSERT_FALSE(config.no_unmap_same_10);
    CU_ASSERT_EQUAL(config.physical, 0);
    config.backing->ops->free(config.backing);
}

static void a_sanitize_takes_a_day_at_most(void)
{
    rig_device *device = NULL;
    rig_error err = {0};
    rig_device_config config = {.alloc = rig_alloc_libc(), .err = &err};
    CU_ASSERT_EQUAL_FATAL(rig_device_config_read(rig_view_str("null:1M,sanitize=24h"), &config, &err),
                          RIG_OK);
    CU_ASSERT_EQUAL(config.sanitize_time, RIG_DEVICE_SANITIZE_MAX);
    config.sanitize_time++;
    CU_ASSERT_EQUAL(rig_device_new(&config, &device), RIG_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a day at most"));
    CU_ASSERT_EQUAL_FATAL(rig_device_config_read(rig_view_str("null:1M,sanitize=24h"), &config, &err),
                          RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_device_new(&config, &device), RIG_OK);
    rig_device_free(device);
}

static void a_unit_cannot_be_empty_for_good(void)
{
    rig_device *device = NULL;
    rig_device_config config = {.alloc = rig_alloc_libc(), .empty = true};
    CU_ASSERT_EQUAL_FATAL(rig_backing_null_new(rig_alloc_libc(), 512, &config.backing), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_new(&config, &device), RIG_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(device);
}

/* Whoever makes a unit of a config is told why there is none. */
static void why_there_is_no_unit(void)
{
    static const struct no_unit {
        uint64_t size;
        uint32_t block_len;
        bool empty;
        uint64_t fail_at;
        const char *says;
    } rows[] = {
        {512, 4096, false, 0, "512 bytes does not fit its blocks"},
        {4096, 777, false, 0, "4096 bytes does not fit its blocks"},
        {4096, 512, true, 0, "only a removable unit"},
        {4096, 512, false, 2, "no memory for a unit"},
        {4096, 512, false, 3, "no memory for a unit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_alloc_meter meter;
        rig_device *device = NULL;
        rig_error err = {0};
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        rig_device_config config = {.alloc = &meter.alloc,
                                    .block_len = rows[i].block_len,
                                    .empty = rows[i].empty,
                                    .protection = rows[i].fail_at ? 1 : 0,
                                    .err = &err};
        CU_ASSERT_EQUAL_FATAL(rig_backing_null_new(&meter.alloc, rows[i].size, &config.backing), RIG_OK);
        meter.fail_at = rows[i].fail_at;
        CU_ASSERT_NOT_EQUAL(rig_device_new(&config, &device), RIG_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

RIG_SUITE("device texts", {"texts that are refused", texts_that_are_refused}, {"every option", every_option},
          {"defaults hold without an option", defaults_hold_without_an_option},
          {"why there is no unit", why_there_is_no_unit},
          {"a sanitize takes a day at most", a_sanitize_takes_a_day_at_most},
          {"a unit cannot be empty for good", a_unit_cannot_be_empty_for_good})
