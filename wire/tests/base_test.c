#include <string.h>

#include "rig/alloc.h"
#include "rig/draws.h"
#include "rig/status.h"
#include "suite.h"

static void status_names(void)
{
    for (unsigned i = 0; i < RIG_STATUS_COUNT; i++) {
        rig_status back = RIG_STATUS_COUNT;
        CU_ASSERT_EQUAL(rig_status_parse(rig_view_str(rig_status_name((rig_status)i)), &back), RIG_OK);
        CU_ASSERT_EQUAL(back, i);
        CU_ASSERT(strlen(rig_status_meaning((rig_status)i)) > 3);
    }
    rig_status kept = RIG_E_IO;
    CU_ASSERT_EQUAL(rig_status_parse(rig_view_str("?"), &kept), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(kept, RIG_E_IO);
    CU_ASSERT_STRING_EQUAL(rig_status_name(RIG_STATUS_COUNT), "?");
    CU_ASSERT_STRING_EQUAL(rig_status_name(RIG_E_HEADER_DIGEST), "header-digest");
}

static void errors(void)
{
    rig_error err = {.line = 3, .col = 4};
    CU_ASSERT_EQUAL(rig_fail(&err, RIG_E_SYNTAX, "want %d", 5), RIG_E_SYNTAX);
    CU_ASSERT(err.status == RIG_E_SYNTAX && err.line == 3 && err.col == 4);
    CU_ASSERT_STRING_EQUAL(err.text, "want 5");
    CU_ASSERT_EQUAL(rig_fail_at(&err, RIG_E_FORMAT, 99, "LUN", "bad"), RIG_E_FORMAT);
    CU_ASSERT(err.offset == 99 && strcmp(err.field, "LUN") == 0);
    CU_ASSERT_EQUAL(rig_fail_at(&err, RIG_E_FORMAT, 1, NULL, "bad"), RIG_E_FORMAT);
    CU_ASSERT_STRING_EQUAL(err.field, "");
    CU_ASSERT_EQUAL(rig_fail(NULL, RIG_E_IO, "x"), RIG_E_IO);
    CU_ASSERT_EQUAL(rig_fail_at(NULL, RIG_E_IO, 0, "x", "x"), RIG_E_IO);
}

static void long_errors_are_cut(void)
{
    char longer[400];
    rig_error err = {0};
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    rig_fail_at(&err, RIG_E_SYNTAX, 0, longer, "%s", longer);
    CU_ASSERT_EQUAL(strlen(err.text), sizeof err.text - 1);
    CU_ASSERT_EQUAL(strlen(err.field), sizeof err.field - 1);
}

static void allocator_zeroes(void)
{
    const rig_alloc *alloc = rig_alloc_libc();
    uint8_t *block = rig_new(alloc, 8);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    if (!block)
        return;
    CU_ASSERT_EQUAL(memcmp(block, "\0\0\0\0\0\0\0\0", 8), 0);
    memset(block, 1, 8);
    block = rig_resize(alloc, block, 8, 16);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    if (!block)
        return;
    CU_ASSERT_EQUAL(memcmp(block, "\1\1\1\1\1\1\1\1\0\0\0\0\0\0\0\0", 16), 0);
    rig_delete(alloc, block, 16);
    rig_delete(alloc, NULL, 16);
    char *text = rig_copy_text(alloc, "abc", 2);
    CU_ASSERT_STRING_EQUAL(text, "ab");
    rig_delete(alloc, text, 3);
    text = rig_copy_text(alloc, NULL, 0);
    CU_ASSERT_STRING_EQUAL(text, "");
    rig_delete(alloc, text, 1);
    CU_ASSERT_PTR_NULL(rig_copy_text(alloc, "", SIZE_MAX));
}

static void meter_counts(void)
{
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    void *a = rig_new(&meter.alloc, 100);
    void *b = rig_new(&meter.alloc, 10);
    a = rig_resize(&meter.alloc, a, 100, 50);
    CU_ASSERT(meter.num_calls == 3 && meter.num_live == 2);
    CU_ASSERT(meter.bytes_live == 60 && meter.bytes_peak == 110);
    rig_delete(&meter.alloc, a, 50);
    rig_delete(&meter.alloc, b, 10);
    CU_ASSERT(meter.num_calls == 3 && meter.num_live == 0 && meter.bytes_live == 0);
}

static void meter_refuses(void)
{
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    meter.fail_at = 2;
    void *a = rig_new(&meter.alloc, 10);
    CU_ASSERT_PTR_NOT_NULL(a);
    CU_ASSERT_PTR_NULL(rig_resize(&meter.alloc, a, 10, 20));
    void *b = rig_new(&meter.alloc, 10);
    CU_ASSERT_PTR_NOT_NULL(b);
    meter.fail_on = true;
    CU_ASSERT_PTR_NULL(rig_new(&meter.alloc, 10));
    CU_ASSERT_EQUAL(meter.bytes_live, 20);
    rig_delete(&meter.alloc, a, 10);
    rig_delete(&meter.alloc, b, 10);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void draws_are_pure(void)
{
    rig_draws a = {.seed = 1}, b = {.seed = 2};
    uint64_t first = rig_draw(&a, "isid", 0);
    CU_ASSERT_EQUAL(rig_draw(&a, "isid", 0), first);
    CU_ASSERT_NOT_EQUAL(rig_draw(&a, "isid", 1), first);
    CU_ASSERT_NOT_EQUAL(rig_draw(&a, "itt", 0), first);
    CU_ASSERT_NOT_EQUAL(rig_draw(&b, "isid", 0), first);
}

/* Each of 64 bits is near half ones over 4096 draws: 6 standard deviations are 192. */
static void draws_are_uniform(void)
{
    uint64_t ones[64] = {0};
    rig_draws draws = {.seed = 42};
    for (uint64_t i = 0; i < 4096; i++) {
        uint64_t drawn = rig_draw(&draws, "bits", i);
        for (unsigned bit = 0; bit < 64; bit++)
            ones[bit] += drawn >> bit & 1;
    }
    for (unsigned bit = 0; bit < 64; bit++)
        CU_ASSERT(ones[bit] > 2048 - 192 && ones[bit] < 2048 + 192);
}

static uint64_t pin_second(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    (void)name;
    const uint64_t *pinned = ctx;
    return index == 1 ? *pinned : drawn;
}

static void draws_pin_and_bytes(void)
{
    uint64_t pinned = UINT64_C(0x0102030405060708);
    uint8_t bytes[20], again[20];
    rig_draws draws = {.seed = 7, .pin = pin_second, .ctx = &pinned};
    rig_draw_bytes(&draws, "challenge", 0, bytes, sizeof bytes);
    CU_ASSERT_EQUAL(memcmp(bytes + 8, "\1\2\3\4\5\6\7\10", 8), 0);
    rig_draw_bytes(&draws, "challenge", 0, again, 13);
    CU_ASSERT_EQUAL(memcmp(bytes, again, 13), 0);
}

static void hashes(void)
{
    CU_ASSERT_NOT_EQUAL(rig_hash64("a", 1, 0), rig_hash64("b", 1, 0));
    CU_ASSERT_NOT_EQUAL(rig_hash64("a", 1, 0), rig_hash64("a", 1, 1));
    CU_ASSERT_NOT_EQUAL(rig_hash64("a\0", 2, 0), rig_hash64("a", 1, 0));
    CU_ASSERT_EQUAL(rig_hash64(NULL, 0, 5), rig_hash64("", 0, 5));
}

RIG_SUITE("base", {"every status has a name and a meaning", status_names}, {"error records", errors},
          {"long messages are cut", long_errors_are_cut}, {"new memory is zero", allocator_zeroes},
          {"the meter counts", meter_counts}, {"the meter refuses", meter_refuses},
          {"draws depend on seed, name and index alone", draws_are_pure},
          {"draws are uniform", draws_are_uniform}, {"pinned draws and bytes", draws_pin_and_bytes},
          {"hashes", hashes})
