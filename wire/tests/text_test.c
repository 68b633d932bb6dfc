#include "rig/text.h"

#include "suite.h"

static void pairs(void)
{
    static const char text[] = "InitiatorName=iqn.a\0X-com.b=a=b\0TargetAlias=";
    rig_view rest = rig_view_of(text, sizeof text);
    const uint8_t *base = rest.ptr;
    rig_pair pair;
    CU_ASSERT_EQUAL(rig_pair_next(base, &rest, &pair, NULL), RIG_OK);
    CU_ASSERT(rig_view_is(pair.key, "InitiatorName") && rig_view_is(pair.value, "iqn.a") && pair.offset == 0);
    CU_ASSERT_EQUAL(rig_pair_next(base, &rest, &pair, NULL), RIG_OK);
    CU_ASSERT(rig_view_is(pair.key, "X-com.b") && rig_view_is(pair.value, "a=b") && pair.offset == 20);
    CU_ASSERT_EQUAL(rig_pair_next(base, &rest, &pair, NULL), RIG_OK);
    CU_ASSERT(rig_view_is(pair.key, "TargetAlias") && pair.value.len == 0 && pair.offset == 32);
    CU_ASSERT_EQUAL(rig_pair_next(base, &rest, &pair, NULL), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(rig_pair_next(NULL, &(rig_view){NULL, 0}, &pair, NULL), RIG_E_NOT_FOUND);
}

static void bad_pairs(void)
{
    static const struct {
        const char *text;
        size_t len, offset, left;
    } cases[] = {
        {"Key=value", 9, 9, 0}, {"A=1\0B\0C=2", 10, 5, 4}, {"\0", 1, 0, 0},
        {"=x\0", 3, 0, 0},      {"key=1\0A=2", 10, 0, 4},  {"K y=1\0", 6, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_view rest = rig_view_of(cases[i].text, cases[i].len);
        const uint8_t *base = rest.ptr;
        rig_pair pair;
        rig_error err = {0};
        rig_status status = rig_pair_next(base, &rest, &pair, &err);
        if (status == RIG_OK)
            status = rig_pair_next(base, &rest, &pair, &err);
        CU_ASSERT_EQUAL(status, RIG_E_SYNTAX);
        CU_ASSERT_EQUAL(err.offset, cases[i].offset);
        CU_ASSERT_EQUAL(rest.len, cases[i].left);
    }
}

static void keys(void)
{
    char name[RIG_KEY_MAX + 2];
    memset(name, 'K', sizeof name - 1);
    name[RIG_KEY_MAX + 1] = 0;
    CU_ASSERT(rig_key_valid(rig_view_of(name, RIG_KEY_MAX)));
    CU_ASSERT_FALSE(rig_key_valid(rig_view_of(name, RIG_KEY_MAX + 1)));
    CU_ASSERT(rig_key_valid(rig_view_str("X#NodeArchitecture")));
    CU_ASSERT(rig_key_valid(rig_view_str("X-com.example.a-b+c@d_e9")));
    CU_ASSERT(rig_key_valid(rig_view_str("iSCSIProtocolLevel")));
    CU_ASSERT_FALSE(rig_key_valid(rig_view_str("initiatorName")));
    CU_ASSERT_FALSE(rig_key_valid(rig_view_str("")));
    CU_ASSERT_FALSE(rig_key_valid(rig_view_str("9X")));
    CU_ASSERT_FALSE(rig_key_valid(rig_view_str("A/b")));
    CU_ASSERT_FALSE(rig_key_valid(rig_view_str("X-com.example/what"))); /* private ones, too (NEG-039) */
    CU_ASSERT_FALSE(rig_key_valid(rig_view_of("A\0", 2)));
}

static void gathering(void)
{
    rig_alloc_meter meter;
    rig_gather gather = {0};
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    CU_ASSERT_EQUAL(rig_gather_add(&gather, &meter.alloc, rig_view_str("Ke"), 20), RIG_OK);
    CU_ASSERT_EQUAL(rig_gather_add(&gather, &meter.alloc, rig_view_of("y=1\0", 4), 20), RIG_OK);
    CU_ASSERT_EQUAL(rig_gather_pair(&gather, &meter.alloc, "Other", rig_view_str("value22"), 20), RIG_OK);
    CU_ASSERT_EQUAL(gather.len, 20);
    CU_ASSERT_EQUAL(memcmp(gather.ptr, "Key=1\0Other=value22\0", 20), 0);
    CU_ASSERT_EQUAL(rig_gather_add(&gather, &meter.alloc, rig_view_str("x"), 20), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_gather_pair(&gather, &meter.alloc, "A", rig_view_str(""), 22), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_gather_add(&gather, &meter.alloc, rig_view_of("", SIZE_MAX), 20), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(gather.len, 20);
    rig_gather_cleanup(&gather, &meter.alloc);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    CU_ASSERT_EQUAL(rig_gather_add(&gather, &meter.alloc, rig_view_str("again"), 20), RIG_OK);
    rig_gather_cleanup(&gather, &meter.alloc);
}

static void gathering_to_the_limit(void)
{
    static uint8_t block[1000];
    rig_gather gather = {0};
    for (unsigned i = 0; i < RIG_TEXT_MAX / sizeof block; i++)
        CU_ASSERT_EQUAL(
            rig_gather_add(&gather, rig_alloc_libc(), rig_view_of(block, sizeof block), RIG_TEXT_MAX),
            RIG_OK);
    rig_view last = {block, RIG_TEXT_MAX % sizeof block + 1};
    CU_ASSERT_EQUAL(rig_gather_add(&gather, rig_alloc_libc(), last, RIG_TEXT_MAX), RIG_E_LIMIT);
    last.len--;
    CU_ASSERT_EQUAL(rig_gather_add(&gather, rig_alloc_libc(), last, RIG_TEXT_MAX), RIG_OK);
    CU_ASSERT_EQUAL(gather.len, RIG_TEXT_MAX);
    rig_gather_cleanup(&gather, rig_alloc_libc());
}

static void gathering_without_memory(void)
{
    static uint8_t block[600];
    for (uint64_t fail_at = 1; fail_at <= 2; fail_at++) {
        rig_alloc_meter meter;
        rig_gather gather = {0};
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = fail_at;
        rig_status first = rig_gather_add(&gather, &meter.alloc, rig_view_of(block, 100), 9999);
        rig_status second = rig_gather_add(&gather, &meter.alloc, rig_view_of(block, 600), 9999);
        CU_ASSERT_EQUAL(first, fail_at == 1 ? RIG_E_NOMEM : RIG_OK);
        CU_ASSERT_EQUAL(second, fail_at == 2 ? RIG_E_NOMEM : RIG_OK);
        CU_ASSERT_EQUAL(gather.len, fail_at == 1 ? 600 : 100);
        rig_gather_cleanup(&gather, &meter.alloc);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

static void number_values(void)
{
    static const struct {
        const char *text;
        bool valid;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"262144", true, 262144},
        {"0x40000", true, 262144},
        {"0X40000", true, 262144},
        {"0x0001", true, 1},
        {"01", false, 0},
        {"00", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"", false, 0},
        {"0x", false, 0},
        {"512~1024", false, 0},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 0;
        CU_ASSERT_EQUAL(rig_number_parse(rig_view_str(cases[i].text), &value), cases[i].valid);
        CU_ASSERT_EQUAL(value, cases[i].value);
    }
}

static void bools_and_lists(void)
{
    bool yes = false;
    rig_view list = rig_view_str("CRC32C,None");
    CU_ASSERT(rig_bool_parse(rig_view_str("Yes"), &yes) && yes);
    CU_ASSERT(rig_bool_parse(rig_view_str("No"), &yes) && !yes);
    CU_ASSERT_FALSE(rig_bool_parse(rig_view_str("yes"), &yes));
    CU_ASSERT_FALSE(rig_bool_parse(rig_view_str("True"), &yes));
    CU_ASSERT_FALSE(rig_bool_parse(rig_view_str(""), &yes));
    CU_ASSERT(rig_list_has(list, rig_view_str("None")) && rig_list_has(list, rig_view_str("CRC32C")));
    CU_ASSERT_FALSE(rig_list_has(list, rig_view_str("CRC32")));
    CU_ASSERT_FALSE(rig_list_has(list, rig_view_str("none")));
    CU_ASSERT_FALSE(rig_list_has(list, rig_view_str("")));
    CU_ASSERT_FALSE(rig_list_has(rig_view_str("CRC32C, None"), rig_view_str("None")));
}

/* Base64 values of RFC 4648 section 10; hex byte lengths of RFC 7143 section 6.1. */
static void binary_values(void)
{
    static const struct {
        const char *text;
        const char *bytes;
        size_t len;
    } cases[] = {
        {"0x00ff", "\0\xff", 2},
        {"0XAB", "\xab", 1},
        {"0xabc", "\x0a\xbc", 2},
        {"0x0", "\0", 1},
        {"0bZg==", "f", 1},
        {"0BZm8=", "fo", 2},
        {"0bZm9v", "foo", 3},
        {"0bZm9vYg==", "foob", 4},
        {"0bZm9vYmE=", "fooba", 5},
        {"0bZm9vYmFy", "foobar", 6},
        {"0b+/+/", "\xfb\xff\xbf", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[8];
        size_t len = 99;
        rig_view value = rig_view_str(cases[i].text);
        CU_ASSERT(rig_binary_parse(value, out, cases[i].len, &len));
        CU_ASSERT_EQUAL(len, cases[i].len);
        CU_ASSERT_EQUAL(memcmp(out, cases[i].bytes, cases[i].len), 0);
        CU_ASSERT_FALSE(rig_binary_parse(value, out, cases[i].len - 1, &len));
    }
}

static void bad_binary_values(void)
{
    static const char *const bad[] = {
        "",     "0x",    "0b",     "abc",    "12",     "0xg0",     "0x0g",    "0x00 1", "0x00:11", "0xg",
        "0bZg", "0bZg=", "0bZ===", "0b====", "0bZ=g=", "0bZm9v\n", "0bZm9vY", "0bZm9*", "0b Zm9",  "0d12"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[16];
        size_t len;
        CU_ASSERT_FALSE(rig_binary_parse(rig_view_str(bad[i]), out, sizeof out, &len));
    }
}

static void binary_prints(void)
{
    char buffer[32];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_binary_print(&text, rig_view_of("\0\x9f", 2));
    CU_ASSERT_STRING_EQUAL(buffer, "0x009f");
}

RIG_SUITE("text", {"pairs are split at NUL and the first '='", pairs}, {"bad pairs have a place", bad_pairs},
          {"key names", keys}, {"text over several PDUs", gathering},
          {"64 KiB and one byte more", gathering_to_the_limit},
          {"every failing allocation", gathering_without_memory}, {"numeric values", number_values},
          {"Yes, No and lists", bools_and_lists}, {"binary values", binary_values},
          {"bad binary values", bad_binary_values}, {"binary values print", binary_prints})
