#include "rig/isns_pdu.h"

#include "suite.h"

/* ---- attributes ---- */

/* Typed from the figures of RFC 4171 section 5.3, and 6.3.1 for the address (ISNS-003). */
static const uint8_t typed[] = {
    0,   0, 0, 32, 0, 0, 0, 8,  'i', 'q', 'n', '.', 'a', 'b', 0, 0,                 /* iSCSI name, padded */
    0,   0, 0, 33, 0, 0, 0, 4,  0,   0,   0,   2,                                   /* node type */
    0,   0, 0, 16, 0, 0, 0, 16, 0,   0,   0,   0,   0,   0,   0, 0, 0, 0, 255, 255, /* portal address */
    192, 0, 2, 1,  0, 0, 0, 0,  0,   0,   0,   0,                                   /* …, delimiter */
};

static void attributes_are_written(void)
{
    const rig_alloc *alloc = rig_alloc_libc();
    const rig_ip ip = {.version = 4, .bytes = {192, 0, 2, 1}};
    rig_gather out = {0};
    CU_ASSERT_EQUAL(rig_isns_add_text(&out, alloc, RIG_ISNS_TAG_NODE, rig_view_str("iqn.ab")), RIG_OK);
    CU_ASSERT_EQUAL(rig_isns_add_number(&out, alloc, RIG_ISNS_TAG_NODE_TYPE, 2), RIG_OK);
    CU_ASSERT_EQUAL(rig_isns_add_ip(&out, alloc, RIG_ISNS_TAG_PORTAL_IP, &ip), RIG_OK);
    CU_ASSERT_EQUAL(rig_isns_add(&out, alloc, RIG_ISNS_TAG_DELIMITER, (rig_view){0}), RIG_OK);
    CU_ASSERT(rig_view_eq(rig_view_of(out.ptr, out.len), rig_view_of(typed, sizeof typed)));
    rig_gather_cleanup(&out, alloc);
}

static void attributes_are_read(void)
{
    rig_view rest = rig_view_of(typed, sizeof typed), text;
    rig_isns_attr attr;
    uint32_t number = 0;
    rig_ip ip;
    CU_ASSERT_EQUAL(rig_isns_attr_next(&rest, &attr, NULL), RIG_OK);
    CU_ASSERT(attr.tag == 32 && rig_isns_text(attr.value, &text) && rig_view_is(text, "iqn.ab"));
    CU_ASSERT_EQUAL(rig_isns_attr_next(&rest, &attr, NULL), RIG_OK);
    CU_ASSERT(attr.tag == 33 && rig_isns_number(attr.value, &number) && number == 2);
    CU_ASSERT_EQUAL(rig_isns_attr_next(&rest, &attr, NULL), RIG_OK);
    CU_ASSERT(attr.tag == 16 && rig_isns_ip(attr.value, &ip) && ip.version == 4 && ip.bytes[3] == 1);
    CU_ASSERT_EQUAL(rig_isns_attr_next(&rest, &attr, NULL), RIG_OK);
    CU_ASSERT(attr.tag == 0 && attr.value.len == 0);
    CU_ASSERT_EQUAL(rig_isns_attr_next(&rest, &attr, NULL), RIG_E_NOT_FOUND);
}

static void attributes_that_are_none(void)
{
    static const struct {
        uint8_t bytes[12];
        size_t len;
        rig_status status;
    } rows[] = {
        {{0, 0, 0, 32, 0, 0, 0, 4, 'a', 0, 0, 0}, 12, RIG_OK},
        {{0, 0, 0, 32, 0, 0, 0, 4, 'a', 0, 0}, 11, RIG_E_TRUNCATED},
        {{0, 0, 0, 32, 0, 0, 0, 3, 'a', 0, 0, 0}, 12, RIG_E_FORMAT},
        {{0, 0, 0, 32, 0xff, 0xff, 0xff, 0xfc, 'a', 0, 0, 0}, 12, RIG_E_TRUNCATED},
        {{0, 0, 0, 32, 0, 0, 0}, 7, RIG_E_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_view rest = rig_view_of(rows[i].bytes, rows[i].len);
        rig_isns_attr attr;
        CU_ASSERT_EQUAL(rig_isns_attr_next(&rest, &attr, NULL), rows[i].status);
    }
}

static void texts_end_with_their_nul(void)
{
    rig_view text;
    CU_ASSERT_FALSE(rig_isns_text(rig_view_of("abcd", 4), &text));
    CU_ASSERT_FALSE(rig_isns_text(rig_view_of("\0\0\0", 4), &text));
    CU_ASSERT_FALSE(rig_isns_text(rig_view_of("a\0b", 4), &text));
    CU_ASSERT_FALSE(rig_isns_text((rig_view){0}, &text));
    CU_ASSERT(rig_isns_text(rig_view_of("abc", 4), &text) && text.len == 3);
}

static void ipv6_is_not_mapped(void)
{
    const uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};
    const rig_alloc *alloc = rig_alloc_libc();
    rig_gather out = {0};
    rig_ip ip;
    CU_ASSERT(rig_isns_ip(rig_view_of(bytes, 16), &ip) && ip.version == 6);
    CU_ASSERT_FALSE(rig_isns_ip(rig_view_of(bytes, 12), &ip));
    CU_ASSERT_EQUAL(rig_isns_add_ip(&out, alloc, RIG_ISNS_TAG_PORTAL_IP, &ip), RIG_OK);
    CU_ASSERT(memcmp(out.ptr + 8, bytes, 16) == 0);
    rig_gather_cleanup(&out, alloc);
}

static void texts_have_a_limit(void)
{
    char long_text[256];
    const rig_alloc *alloc = rig_alloc_libc();
    rig_gather out = {0};
    memset(long_text, 'a', sizeof long_text);
    CU_ASSERT_EQUAL(rig_isns_add_text(&out, alloc, 1, rig_view_of(long_text, 255)), RIG_OK);
    CU_ASSERT_EQUAL(rig_isns_add_text(&out, alloc, 1, rig_view_of(long_text, 256)), RIG_E_LIMIT);
    rig_gather_cleanup(&out, alloc);
}

/* ---- messages ---- */

/* Typed from the figure of section 5 (ISNS-001, ISNS-002). */
static void header_of_the_rfc(void)
{
    static const uint8_t bytes[] = {0, 1, 0x80, 2, 0, 8, 0x4c, 0, 0x12, 0x34, 0, 5};
    uint8_t again[RIG_ISNS_HEADER_LEN];
    rig_isns_header header = rig_isns_header_get(bytes);
    CU_ASSERT_EQUAL(header.version, RIG_ISNS_VERSION);
    CU_ASSERT_EQUAL(header.function, RIG_ISNS_DEV_ATTR_QRY | RIG_ISNS_RESPONSE);
    CU_ASSERT_EQUAL(header.length, 8);
    CU_ASSERT_EQUAL(header.flags, RIG_ISNS_FROM_SERVER | RIG_ISNS_FIRST | RIG_ISNS_LAST);
    CU_ASSERT_EQUAL(header.transaction, 0x1234);
    CU_ASSERT_EQUAL(header.sequence, 5);
    rig_isns_header_put(&header, again);
    CU_ASSERT(memcmp(bytes, again, sizeof bytes) == 0);
}

/* The status of the first commit that is not RIG_OK, or RIG_OK; out_whole counts messages. */
static rig_status feed(rig_isns_framer *framer, rig_view bytes, size_t piece, uint32_t *out_whole)
{
    rig_status status = RIG_OK;
    *out_whole = 0;
    for (size_t at = 0; at < bytes.len && !status;) {
        struct iovec space = rig_isns_framer_space(framer);
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;
        bool whole = false;
        len = len < space.iov_len ? len : space.iov_len;
        memcpy(space.iov_base, bytes.ptr + at, len);
        at += len;
        status = rig_isns_framer_commit(framer, len, &whole, NULL);
        *out_whole += whole;
    }
    return status;
}

static const rig_isns_header like = {
    .function = RIG_ISNS_DEV_ATTR_QRY, .flags = RIG_ISNS_FROM_CLIENT, .transaction = 7};

/* First and last flag, sequence from 0, the same function and transaction (ISNS-010). */
static void pdus_of_a_message(void)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_gather out = {0};
    static const uint16_t flags[] = {RIG_ISNS_FIRST, 0, RIG_ISNS_LAST};
    CU_ASSERT_EQUAL(rig_isns_pack(alloc, &like, rig_view_of(typed, 56), 24, &out), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(out.len, 56 + 3 * 12);
    for (uint16_t i = 0; i < 3; i++) {
        rig_isns_header header = rig_isns_header_get(out.ptr + i * 36);
        CU_ASSERT_EQUAL(header.sequence, i);
        CU_ASSERT_EQUAL(header.flags, RIG_ISNS_FROM_CLIENT | flags[i]);
        CU_ASSERT_EQUAL(header.length, i < 2 ? 24 : 8);
        CU_ASSERT(header.transaction == 7 && header.function == RIG_ISNS_DEV_ATTR_QRY);
    }
    rig_gather_cleanup(&out, alloc);
}

static void every_cut_gives_the_same(void)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_view message = rig_view_of(typed, sizeof typed);
    uint32_t whole;
    for (size_t max = 4; max <= 60; max += 4)
        for (size_t piece = 1; piece < 70; piece++) {
            rig_isns_framer framer;
            rig_gather out = {0};
            rig_isns_framer_init(&framer, alloc);
            CU_ASSERT_EQUAL(rig_isns_pack(alloc, &like, message, max, &out), RIG_OK);
            CU_ASSERT_EQUAL(feed(&framer, rig_view_of(out.ptr, out.len), piece, &whole), RIG_OK);
            CU_ASSERT_EQUAL(whole, 1);
            CU_ASSERT(rig_view_eq(rig_view_of(framer.message, framer.len), message));
            rig_isns_framer_cleanup(&framer);
            rig_gather_cleanup(&out, alloc);
        }
}

static void empty_messages_are_messages(void)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_isns_framer framer;
    rig_gather out = {0};
    uint32_t whole;
    rig_isns_framer_init(&framer, alloc);
    CU_ASSERT_EQUAL(rig_isns_pack(alloc, &like, (rig_view){0}, 0, &out), RIG_OK);
    CU_ASSERT_EQUAL(out.len, 12);
    CU_ASSERT_EQUAL(feed(&framer, rig_view_of(out.ptr, out.len), 12, &whole), RIG_OK);
    CU_ASSERT(whole == 1 && framer.len == 0);
    rig_isns_framer_next(&framer);
    CU_ASSERT_EQUAL(feed(&framer, rig_view_of(out.ptr, out.len), 12, &whole), RIG_OK);
    CU_ASSERT_EQUAL(whole, 1);
    rig_isns_framer_cleanup(&framer);
    rig_gather_cleanup(&out, alloc);
}

/* Each row changes the bytes of the second of two PDUs, or of the first (ISNS-001 to ISNS-004, -010). */
static void pdus_that_make_no_message(void)
{
    static const struct {
        size_t at;
        uint8_t with;
        rig_status status;
    } rows[] = {
        {1, 3, RIG_E_UNSUPPORTED},      {6, 0x20, RIG_E_UNSUPPORTED},
        {5, 2, RIG_E_FORMAT},           {6, 0x04, RIG_E_SEQUENCE},
        {11, 1, RIG_E_SEQUENCE},        {32 + 3, 1, RIG_E_SEQUENCE},
        {32 + 6, 0x04, RIG_E_SEQUENCE}, {32 + 9, 1, RIG_E_SEQUENCE},
        {32 + 11, 1, RIG_E_SEQUENCE},   {40, 0, RIG_OK},
    };
    const rig_alloc *alloc = rig_alloc_libc();
    uint32_t whole;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_isns_framer framer;
        rig_gather out = {0};
        rig_isns_framer_init(&framer, alloc);
        CU_ASSERT_EQUAL(rig_isns_pack(alloc, &like, rig_view_of(typed, 40), 20, &out), RIG_OK);
        out.ptr[rows[i].at] ^= rows[i].with;
        CU_ASSERT_EQUAL(feed(&framer, rig_view_of(out.ptr, out.len), 64, &whole), rows[i].status);
        CU_ASSERT_EQUAL(whole, rows[i].status == RIG_OK);
        rig_isns_framer_cleanup(&framer);
        rig_gather_cleanup(&out, alloc);
    }
}

/* A message that never ends is ended: at the limit it is read, one PDU further it is not. */
static void messages_have_a_limit(void)
{
    static uint8_t pdu[RIG_ISNS_HEADER_LEN + RIG_ISNS_PAYLOAD_MAX];
    const rig_alloc *alloc = rig_alloc_libc();
    rig_isns_framer framer;
    rig_isns_header header = {.version = 1, .function = 2, .flags = RIG_ISNS_FIRST};
    uint32_t whole;
    rig_status status = RIG_OK;
    rig_isns_framer_init(&framer, alloc);
    for (size_t len = 0; !status && len < RIG_ISNS_MESSAGE_MAX; len += header.length) {
        size_t left = RIG_ISNS_MESSAGE_MAX - len;
        header.length = (uint16_t)(left < RIG_ISNS_PAYLOAD_MAX ? left : RIG_ISNS_PAYLOAD_MAX);
        rig_isns_header_put(&header, pdu);
        status = feed(&framer, rig_view_of(pdu, RIG_ISNS_HEADER_LEN + header.length), sizeof pdu, &whole);
        header.flags = 0;
        header.sequence++;
    }
    CU_ASSERT_EQUAL(status, RIG_OK);
    CU_ASSERT_EQUAL(framer.len, RIG_ISNS_MESSAGE_MAX);
    header.length = 4;
    rig_isns_header_put(&header, pdu);
    CU_ASSERT_EQUAL(feed(&framer, rig_view_of(pdu, RIG_ISNS_HEADER_LEN), sizeof pdu, &whole), RIG_E_LIMIT);
    rig_isns_framer_cleanup(&framer);
}

static void pdus_have_a_number(void)
{
    uint8_t pdu[RIG_ISNS_HEADER_LEN];
    rig_isns_framer framer;
    rig_isns_header header = {.version = 1, .function = 2, .flags = RIG_ISNS_FIRST};
    uint32_t whole, taken = 0;
    rig_status status = RIG_OK;
    rig_isns_framer_init(&framer, rig_alloc_libc());
    while (!status && taken < 70000) {
        rig_isns_header_put(&header, pdu);
        status = feed(&framer, rig_view_of(pdu, sizeof pdu), sizeof pdu, &whole);
        header.flags = 0;
        header.sequence++;
        taken += !status;
    }
    CU_ASSERT_EQUAL(status, RIG_E_SEQUENCE);
    CU_ASSERT_EQUAL(taken, 65536);
    rig_isns_framer_cleanup(&framer);
}

static void no_memory_is_told(void)
{
    rig_alloc_meter meter;
    rig_isns_framer framer;
    rig_gather out = {0};
    uint32_t whole;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    CU_ASSERT_EQUAL(rig_isns_pack(rig_alloc_libc(), &like, rig_view_of(typed, 40), 0, &out), RIG_OK);
    meter.fail_at = 1;
    rig_isns_framer_init(&framer, &meter.alloc);
    CU_ASSERT_EQUAL(feed(&framer, rig_view_of(out.ptr, out.len), 64, &whole), RIG_E_NOMEM);
    rig_isns_framer_cleanup(&framer);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    rig_gather_cleanup(&out, rig_alloc_libc());
}

/* ---- names and lines ---- */

static void printed_lines(void)
{
    char line[256];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_isns_print(&text, &like, rig_view_of(typed, sizeof typed));
    CU_ASSERT_STRING_EQUAL(line, "DevAttrQry transaction=7 iscsi-name=iqn.ab node-type=2 portal-ip=192.0.2.1 "
                                 "delimiter");
    const rig_isns_header answer = {.function = RIG_ISNS_SCN_REG | RIG_ISNS_RESPONSE, .transaction = 1};
    rig_text_init(&text, line, sizeof line);
    rig_isns_print(&text, &answer, rig_view_of("\0\0\0\21\0\0\0", 8));
    CU_ASSERT_STRING_EQUAL(line,
                           "SCNRegRsp transaction=1 status=scn-registration-rejected and then 4 bytes are "
                           "no attribute");
    rig_text_init(&text, line, sizeof line);
    rig_isns_print(&text, &answer, (rig_view){0});
    CU_ASSERT_STRING_EQUAL(line, "SCNRegRsp transaction=1 without a status");
}

/* Spot values of sections 4.1.3, 5.4 and 6.1. */
static void names_of_the_rfc(void)
{
    CU_ASSERT_STRING_EQUAL(rig_name(&rig_names_isns_function, 0x800d), "ESIRsp");
    CU_ASSERT_STRING_EQUAL(rig_name(&rig_names_isns_status, 10), "version-not-supported");
    CU_ASSERT_STRING_EQUAL(rig_name(&rig_names_isns_tag, 27), "portal-security-bitmap");
    CU_ASSERT_STRING_EQUAL(rig_name(&rig_names_isns_tag, 51), "group-tag");
    CU_ASSERT_PTR_NULL(rig_name(&rig_names_isns_status, 4));
}

RIG_SUITE("isns pdu", {"attributes are written", attributes_are_written},
          {"attributes are read", attributes_are_read},
          {"attributes that are none", attributes_that_are_none},
          {"texts end with their NUL", texts_end_with_their_nul}, {"IPv6 is not mapped", ipv6_is_not_mapped},
          {"texts have a limit", texts_have_a_limit}, {"header of the RFC", header_of_the_rfc},
          {"PDUs of a message", pdus_of_a_message}, {"every cut gives the same", every_cut_gives_the_same},
          {"empty messages are messages", empty_messages_are_messages},
          {"PDUs that make no message", pdus_that_make_no_message},
          {"messages have a limit", messages_have_a_limit}, {"PDUs have a number", pdus_have_a_number},
          {"no memory is told", no_memory_is_told}, {"printed lines", printed_lines},
          {"names of the RFC", names_of_the_rfc})
