#include "rig/view.h"

#include "suite.h"

static void sub_and_find(void)
{
    rig_view v = rig_view_str("abcdef");
    CU_ASSERT(rig_view_is(rig_view_sub(v, 2, 3), "cde"));
    CU_ASSERT(rig_view_is(rig_view_sub(v, 4, 9), "ef"));
    CU_ASSERT(rig_view_is(rig_view_sub(v, 6, 1), ""));
    CU_ASSERT(rig_view_is(rig_view_sub(v, SIZE_MAX, SIZE_MAX), ""));
    CU_ASSERT(rig_view_is(rig_view_sub((rig_view){NULL, 0}, 1, 1), ""));
    CU_ASSERT_EQUAL(rig_view_find(v, 'c'), 2);
    CU_ASSERT_EQUAL(rig_view_find(v, 'z'), 6);
    CU_ASSERT_EQUAL(rig_view_find((rig_view){NULL, 0}, 'z'), 0);
    CU_ASSERT(rig_view_starts(v, "abc") && rig_view_starts(v, "") && !rig_view_starts(v, "abcdefg"));
    CU_ASSERT(rig_view_eq((rig_view){NULL, 0}, rig_view_str("")));
}

static unsigned count_parts(const char *list, size_t *out_bytes)
{
    unsigned num = 0;
    *out_bytes = 0;
    for (rig_view rest = rig_view_str(list); rest.ptr; num++)
        *out_bytes += rig_view_split(&rest, ',').len;
    return num;
}

static void split(void)
{
    size_t bytes;
    CU_ASSERT(count_parts("a,bc,,d", &bytes) == 4 && bytes == 4);
    CU_ASSERT(count_parts("", &bytes) == 1 && bytes == 0);
    CU_ASSERT(count_parts(",", &bytes) == 2 && bytes == 0);
    CU_ASSERT(count_parts("a,", &bytes) == 2 && bytes == 1);
    CU_ASSERT(count_parts(NULL, &bytes) == 0 && bytes == 0);
}

static void numbers(void)
{
    static const struct {
        const char *text;
        bool valid;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"0xffffffffffffffff", true, UINT64_MAX},
        {"0x10000000000000000", false, 0},
        {"0XaB", true, 0xab},
        {"0x", false, 0},
        {"x1", false, 0},
        {"", false, 0},
        {"1a", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"99999999999999999999999999", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 0;
        CU_ASSERT_EQUAL(rig_view_u64(rig_view_str(cases[i].text), &value), cases[i].valid);
        CU_ASSERT_EQUAL(value, cases[i].value);
    }
}

static void times(void)
{
    static const struct {
        const char *text;
        bool valid;
        uint64_t ns;
    } cases[] = {
        {"0", true, 0},
        {"0s", true, 0},
        {"7ns", true, 7},
        {"3us", true, 3000},
        {"500ms", true, UINT64_C(500000000)},
        {"6s", true, UINT64_C(6000000000)},
        {"2m", true, UINT64_C(120000000000)},
        {"24h", true, UINT64_C(86400000000000)},
        {"9223372036854775807ns", true, INT64_MAX},
        {"9223372036854775808ns", false, 0},
        {"9223372037s", false, 0},
        {"6", false, 0},
        {"00", false, 0},
        {"s", false, 0},
        {"0.5s", false, 0},
        {"6S", false, 0},
        {"6 s", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t ns = 0;
        CU_ASSERT_EQUAL(rig_view_time(rig_view_str(cases[i].text), &ns), cases[i].valid);
        if (cases[i].valid)
            CU_ASSERT_EQUAL(ns, cases[i].ns);
    }
}

static void text_never_overruns(void)
{
    for (size_t size = 1; size < 12; size++) {
        char buffer[16];
        rig_text text;
        memset(buffer, 'x', sizeof buffer);
        rig_text_init(&text, buffer, size);
        rig_text_add(&text, "%d-", 12);
        rig_text_view(&text, rig_view_str("abc"));
        rig_text_hex(&text, rig_view_of("\x01\xff", 2), ':');
        CU_ASSERT_EQUAL(text.cut, size < 12);
        CU_ASSERT_EQUAL(strlen(buffer), text.len);
        CU_ASSERT_EQUAL(memcmp(buffer, "12-abc01:ff", text.len), 0);
        CU_ASSERT(text.len < size);
        for (size_t i = size; i < sizeof buffer; i++)
            CU_ASSERT_EQUAL(buffer[i], 'x');
    }
}

static void numbers_out(void)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {{0, "0"}, {9, "9"}, {10, "10"}, {262144, "262144"}, {UINT64_MAX, "18446744073709551615"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buffer[21];
        rig_text text;
        rig_text_init(&text, buffer, sizeof buffer);
        rig_text_number(&text, cases[i].number);
        CU_ASSERT_STRING_EQUAL(buffer, cases[i].text);
        CU_ASSERT_FALSE(text.cut);
    }
}

static const char *escaped(rig_view v)
{
    static char buffer[128];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_text_escaped(&text, v);
    return buffer;
}

static void escapes(void)
{
    CU_ASSERT_STRING_EQUAL(escaped(rig_view_str("a b~")), "a b~");
    CU_ASSERT_STRING_EQUAL(escaped(rig_view_of("\0\n\x1b\x7f", 4)), "\\x00\\x0a\\x1b\\x7f");
    CU_ASSERT_STRING_EQUAL(escaped(rig_view_str("\"'\\")), "\\x22\\x27\\x5c");
    CU_ASSERT_STRING_EQUAL(escaped(rig_view_str("gr\xc3\xbc\xc3\x9f")), "gr\xc3\xbc\xc3\x9f");
    CU_ASSERT_STRING_EQUAL(escaped(rig_view_str("\xc3")), "\\xc3");
    CU_ASSERT_STRING_EQUAL(escaped(rig_view_str("\xc2\x9b\xff")), "\\xc2\\x9b\\xff");
}

static void utf8(void)
{
    static const struct {
        const char *bytes;
        uint32_t code;
    } cases[] = {
        {"A", 0x41},
        {"\xc2\x80", 0x80},
        {"\xdf\xbf", 0x7ff},
        {"\xe0\xa0\x80", 0x800},
        {"\xef\xbf\xbf", 0xffff},
        {"\xf0\x90\x80\x80", 0x10000},
        {"\xf4\x8f\xbf\xbf", 0x10ffff},
        {"\xc0\x80", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\x80", 0},
        {"\xff", 0},
        {"\xe2\x82", 0},
        {"\xe2\x82z", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t code = 0;
        rig_view rest = rig_view_str(cases[i].bytes);
        size_t len = rest.len;
        CU_ASSERT_EQUAL(rig_utf8_next(&rest, &code), cases[i].code != 0);
        CU_ASSERT_EQUAL(code, cases[i].code);
        CU_ASSERT_EQUAL(rest.len, cases[i].code ? 0 : len);
    }
}

static void hex(void)
{
    uint8_t out[4];
    CU_ASSERT_EQUAL(rig_hex_parse(rig_view_str("0a:FF 10\n\t00"), out, 4), 4);
    CU_ASSERT_EQUAL(memcmp(out, "\x0a\xff\x10\0", 4), 0);
    CU_ASSERT_EQUAL(rig_hex_parse(rig_view_str(""), out, 4), 0);
    CU_ASSERT_EQUAL(rig_hex_parse(rig_view_str("0a:FF 10 00 00"), out, 4), SIZE_MAX);
    CU_ASSERT_EQUAL(rig_hex_parse(rig_view_str("0 a"), out, 4), SIZE_MAX);
    CU_ASSERT_EQUAL(rig_hex_parse(rig_view_str("0"), out, 4), SIZE_MAX);
    CU_ASSERT_EQUAL(rig_hex_parse(rig_view_str("0g"), out, 4), SIZE_MAX);
}

static void nearest(void)
{
    static const char *const names[] = {"login", "logout", "text", "nop"};
    char longest[66];
    CU_ASSERT_EQUAL(rig_nearest(rig_view_str("lgin"), names, 4), 0);
    CU_ASSERT_EQUAL(rig_nearest(rig_view_str("logut"), names, 4), 1);
    CU_ASSERT_EQUAL(rig_nearest(rig_view_str("noop"), names, 4), 3);
    CU_ASSERT_EQUAL(rig_nearest(rig_view_str("text"), names, 4), 2);
    CU_ASSERT_EQUAL(rig_nearest(rig_view_str("banana"), names, 4), 4);
    CU_ASSERT_EQUAL(rig_nearest(rig_view_str(""), names, 4), 4);
    memset(longest, 'a', sizeof longest - 1);
    longest[65] = 0;
    const char *const only[] = {longest};
    CU_ASSERT_EQUAL(rig_nearest(rig_view_of(longest, 64), only, 1), 1);
    CU_ASSERT_EQUAL(rig_nearest(rig_view_of(longest, 65), only, 1), 1);
    longest[64] = 0;
    CU_ASSERT_EQUAL(rig_nearest(rig_view_of(longest, 64), only, 1), 0);
}

RIG_SUITE("view", {"parts and searches", sub_and_find}, {"splitting lists", split}, {"numbers", numbers},
          {"times", times}, {"text stays in its buffer", text_never_overruns},
          {"numbers as text", numbers_out}, {"escapes print safely", escapes}, {"UTF-8, valid and not", utf8},
          {"hex digits", hex}, {"the nearest name", nearest})
