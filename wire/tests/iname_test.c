#include "rig/iname.h"

#include "rig/pdu.h"
#include "rig/text.h"
#include "suite.h"

static void good_names(void)
{
    static const struct {
        const char *name;
        rig_iname_type type;
    } cases[] = {
        {"iqn.2001-04.com.example:storage.disk2.sys1.xyz", RIG_INAME_IQN},
        {"iqn.2001-04.com.example", RIG_INAME_IQN},
        {"iqn.1993-08.org.debian:01:abc-def", RIG_INAME_IQN},
        {"iqn.2001-04.com.example:gr\xc3\xbcn", RIG_INAME_IQN},
        {"eui.02004567A425678D", RIG_INAME_EUI},
        {"eui.02004567a425678d", RIG_INAME_EUI},
        {"naa.52004567BA64678D", RIG_INAME_NAA},
        {"naa.62004567BA64678D0123456789ABCDEF", RIG_INAME_NAA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_iname_type type = RIG_INAME_NAA;
        CU_ASSERT_EQUAL(rig_iname_check(rig_view_str(cases[i].name), &type, NULL), RIG_OK);
        CU_ASSERT_EQUAL(type, cases[i].type);
    }
}

static void bad_names(void)
{
    static const struct {
        const char *name;
        size_t offset;
    } cases[] = {
        {"", 0},
        {"foo.bar", 0},
        {"IQN.2001-04.com.example", 0},
        {"iqn", 0},
        {"iqn.", 4},
        {"iqn.01-01.com", 6},
        {"iqn.2001-13.com.example", 9},
        {"iqn.2001-00.com.example", 9},
        {"iqn.2001-04com.example", 11},
        {"iqn.2001-04", 11},
        {"iqn.2001-04.", 12},
        {"iqn.2001-04.com..example", 16},
        {"iqn.2001-04.com.", 16},
        {"iqn.2001-04.:disk", 12},
        {"iqn.2001-04.com.Example", 16},
        {"iqn.2001-04.com.example:a b", 25},
        {"iqn.2001-04.com.example:a_b", 25},
        {"iqn.2001-04.com.example:\xff", 24},
        {"iqn.2001-04.com.example:\x01", 24},
        {"eui.02004567A425678", 19},
        {"eui.02004567A425678D0", 21},
        {"eui.02004567A425678G", 19},
        {"naa.52004567", 12},
        {"naa.52004567BA64678D01234567", 28},
        {"naa.62004567BA64678D0123456789ABCDEF0", 37},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_iname_type type;
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_iname_check(rig_view_str(cases[i].name), &type, &err), RIG_E_SYNTAX);
        CU_ASSERT_EQUAL(err.offset, cases[i].offset);
    }
}

static void longest_name(void)
{
    char name[RIG_NAME_MAX + 2];
    rig_iname_type type;
    rig_error err = {0};
    memset(name, 'a', sizeof name);
    memcpy(name, "iqn.2001-04.com.example:", 24);
    CU_ASSERT_EQUAL(rig_iname_check(rig_view_of(name, RIG_NAME_MAX), &type, &err), RIG_OK);
    CU_ASSERT_EQUAL(rig_iname_check(rig_view_of(name, RIG_NAME_MAX + 1), &type, &err), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(err.offset, RIG_NAME_MAX);
}

static const char *printed(const rig_portal *portal)
{
    static char buffer[RIG_PORTAL_TEXT];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_portal_print(&text, portal);
    CU_ASSERT_FALSE(text.cut);
    return buffer;
}

static void good_portals(void)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        int32_t group;
        const char *prints;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", RIG_PORT, -1, "192.0.2.1:3260"},
        {"192.0.2.1:860,1", "192.0.2.1", 860, 1, "192.0.2.1:860,1"},
        {"192.0.2.1,65535", "192.0.2.1", RIG_PORT, 65535, "192.0.2.1:3260,65535"},
        {"[2001:db8::1]:5003,0", "2001:db8::1", 5003, 0, "[2001:db8::1]:5003,0"},
        {"[::1]", "::1", RIG_PORT, -1, "[::1]:3260"},
        {"2001:db8::1", "2001:db8::1", RIG_PORT, -1, "[2001:db8::1]:3260"},
        {"2001:db8::1,7", "2001:db8::1", RIG_PORT, 7, "[2001:db8::1]:3260,7"},
        {"disk.example.com:0", "disk.example.com", 0, -1, "disk.example.com:0"},
        {"a_host-1:65535", "a_host-1", 65535, -1, "a_host-1:65535"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_portal portal, again;
        CU_ASSERT_EQUAL(rig_portal_parse(rig_view_str(cases[i].text), &portal, NULL), RIG_OK);
        CU_ASSERT_STRING_EQUAL(portal.host, cases[i].host);
        CU_ASSERT_EQUAL(portal.port, cases[i].port);
        CU_ASSERT_EQUAL(portal.group, cases[i].group);
        CU_ASSERT_STRING_EQUAL(printed(&portal), cases[i].prints);
        CU_ASSERT_EQUAL(rig_portal_parse(rig_view_str(cases[i].prints), &again, NULL), RIG_OK);
        CU_ASSERT(strcmp(again.host, portal.host) == 0 && again.port == portal.port &&
                  again.group == portal.group);
    }
}

static void bad_portals(void)
{
    static const char *const bad[] = {
        "",
        ":3260",
        "[]:3260",
        "[::1",
        "[::1]x",
        "[192.0.2.1]:1",
        "[host]:1",
        "[",
        "host:",
        "host:65536",
        "host:-1",
        "host:0x10",
        "host:1x",
        "host,",
        "host,65536",
        "host,1,2",
        "300.1.1.1",
        "192.0.2.1.5",
        "1.2.3",
        "ho st",
        "ho/st",
        "1::2::3",
        "fe80::1%eth0",
        "::1]:3",
        "host:123456",
        "a:b:c",
        ",1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_portal portal;
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_portal_parse(rig_view_str(bad[i]), &portal, &err), RIG_E_SYNTAX);
        CU_ASSERT(err.offset <= strlen(bad[i]));
    }
}

static void longest_host(void)
{
    char host[RIG_HOST_MAX + 2];
    rig_portal portal;
    memset(host, 'h', sizeof host);
    CU_ASSERT_EQUAL(rig_portal_parse(rig_view_of(host, RIG_HOST_MAX), &portal, NULL), RIG_OK);
    portal.group = 65535;
    CU_ASSERT_EQUAL(strlen(printed(&portal)), RIG_HOST_MAX + strlen(":3260,65535"));
    CU_ASSERT_EQUAL(rig_portal_parse(rig_view_of(host, RIG_HOST_MAX + 1), &portal, NULL), RIG_E_LIMIT);
}

/* RFC 5952 section 4 and 5, RFC 4291 section 2.2. */
static void addresses(void)
{
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"2001:0DB8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"::ffff:192.0.2.128", "::ffff:192.0.2.128"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buffer[64];
        rig_ip ip = {0}, again = {0};
        rig_text text;
        rig_text_init(&text, buffer, sizeof buffer);
        CU_ASSERT(rig_ip_parse(rig_view_str(cases[i][0]), &ip));
        rig_ip_print(&text, &ip);
        CU_ASSERT_STRING_EQUAL(buffer, cases[i][1]);
        CU_ASSERT(rig_ip_parse(rig_view_str(buffer), &again));
        CU_ASSERT(rig_ip_eq(&ip, &again));
    }
}

static void bad_addresses(void)
{
    static const char *const bad[] = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1..2.3",
        "1.2.3.a",
        ":",
        ":::",
        "1:2",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8:9",
        "1::2::3",
        "12345::",
        "g::",
        "1.2.3.4::",
        "::1.2.3",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        ":1:2:3:4:5:6:7:8",
        "::1 ",
        "[::1]",
        "1:2:3:4:5:6:7:",
        "::%1",
        "0x1.2.3.4",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_ip ip;
        CU_ASSERT_FALSE(rig_ip_parse(rig_view_str(bad[i]), &ip));
    }
}

static void equal_addresses(void)
{
    rig_ip a = {.bytes = {1, 2, 3, 4, 9}, .version = 4}, b = {.bytes = {1, 2, 3, 4, 8}, .version = 4};
    CU_ASSERT(rig_ip_eq(&a, &b));
    a.version = b.version = 6;
    CU_ASSERT_FALSE(rig_ip_eq(&a, &b));
    b = a;
    CU_ASSERT(rig_ip_eq(&a, &b));
    b.version = 4;
    CU_ASSERT_FALSE(rig_ip_eq(&a, &b));
    CU_ASSERT(rig_ip_eq(&(rig_ip){0}, &(rig_ip){0}));
}

static rig_portal written(const char *text)
{
    rig_portal portal = {0};
    CU_ASSERT_EQUAL(rig_portal_parse(rig_view_str(text), &portal, NULL), RIG_OK);
    return portal;
}

static void same_portals(void)
{
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        {"192.0.2.1:3260", "192.0.2.1,7", true},
        {"192.0.2.1:3260", "192.0.2.1:3261", false},
        {"192.0.2.1", "192.0.2.10", false},
        {"[2001:db8::10]:3260", "[2001:DB8:0:0::0010]:3260", true},
        {"[2001:db8::10]:3260", "[2001:db8::11]:3260", false},
        {"[2001:db8::10]:3260", "[2001:db8::10]:3261", false},
        {"[::ffff:192.0.2.1]:3260", "192.0.2.1:3260", false},
        {"disk.example:3260", "Disk.EXAMPLE:3260", true},
        {"disk.example:3260", "disk.example.org:3260", false},
        {"disk.example:3260", "192.0.2.1:3260", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_portal one = written(rows[i].one), other = written(rows[i].other);
        CU_ASSERT_EQUAL(rig_portal_same(&one, &other), rows[i].same);
        CU_ASSERT_EQUAL(rig_portal_same(&other, &one), rows[i].same);
    }
}

/* RFC 3722 and the tables of RFC 3454 it names; what comes out is what the wire has. */
static void prepared_names(void)
{
    static const struct {
        const char *written, *prepared;
    } rows[] = {
        {"iqn.2026-01.org.example:disk", "iqn.2026-01.org.example:disk"},
        {"IQN.2026-01.ORG.Example:Disk", "iqn.2026-01.org.example:disk"}, /* B.2: case */
        {"iqn.2026-01.org.example:\xc3\x9c"
         "bung",
         "iqn.2026-01.org.example:\xc3\xbc"
         "bung"},
        {"iqn.2026-01.org.example:stra\xc3\x9f"
         "e",
         "iqn.2026-01.org.example:strasse"},
        {"iqn.2026-01.org.example:u\xcc\x88", "iqn.2026-01.org.example:\xc3\xbc"}, /* form KC composes … */
        {"iqn.2026-01.org.example:\xef\xbc\xa1\xef\xbc\x91",
         "iqn.2026-01.org.example:a1"}, /* … and replaces wide letters */
        {"iqn.2026-01.org.example:\xef\xac\x81le", "iqn.2026-01.org.example:file"}, /* a ligature */
        {"iqn.2026-01.org.example:a\xc2\xad"
         "b",
         "iqn.2026-01.org.example:ab"}, /* B.1: a soft hyphen is nothing */
        {"iqn.2026-01.org.example:a\xe2\x80\x8d"
         "b",
         "iqn.2026-01.org.example:ab"},
        {"iqn.2026-01.org.example:\xce\xa3\xcf\x82",
         "iqn.2026-01.org.example:\xcf\x83\xcf\x83"}, /* final sigma */
        {"iqn.2026-01.org.example:\xe7\xa3\x81\xe7\x9b\xa4",
         "iqn.2026-01.org.example:\xe7\xa3\x81\xe7\x9b\xa4"},
        {"eui.02004567A425678D", "eui.02004567A425678D"}, /* digits, not letters */
        {"naa.52004567ba64678D", "naa.52004567ba64678D"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[RIG_INAME_TEXT];
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_iname_prepare(rig_view_str(rows[i].written), out, &err), RIG_OK);
        CU_ASSERT_STRING_EQUAL(out, rows[i].prepared);
        CU_ASSERT_EQUAL(rig_iname_check(rig_view_str(out), NULL, &err), RIG_OK);
        bool same = strcmp(rows[i].written, rows[i].prepared) == 0;
        CU_ASSERT_EQUAL(rig_iname_check(rig_view_str(rows[i].written), NULL, &err) == RIG_OK, same);
    }
}

static void names_that_cannot_be_prepared(void)
{
    static const struct {
        const char *written, *why;
    } rows[] = {
        {"iqn.2026-01.org.example:a b", "prohibited"}, /* 6.2: ASCII */
        {"iqn.2026-01.org.example:a_b", "prohibited"},
        {"iqn.2026-01.org.example:a/b", "prohibited"},
        {"iqn.2026-01.org.example:\xe3\x80\x82", "prohibited"}, /* 6.1: ideographic full stop */
        {"iqn.2026-01.org.example:\xc2\xa0", "prohibited"},     /* a space becomes one that is prohibited */
        {"iqn.2026-01.org.example:\xee\x80\x80", "prohibited"}, /* C.3: private use */
        {"iqn.2026-01.org.example:\xef\xbf\xbd", "prohibited"}, /* C.6 */
        {"iqn.2026-01.org.example:\xc8\xa1", "Unicode 3.2"},    /* A.1: assigned later */
        {"iqn.2026-01.org.example:\xd7\x90", "from the right"}, /* Hebrew beside Latin letters */
        {"iqn.2026-01.org.example:\xc3", "UTF-8"},
        {"iqn.2026-01.org.example:\xed\xa0\x80", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[RIG_INAME_TEXT];
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_iname_prepare(rig_view_str(rows[i].written), out, &err), RIG_E_SYNTAX);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].why));
    }
    char out[RIG_INAME_TEXT];
    CU_ASSERT_EQUAL(rig_iname_prepare(rig_view_of("iqn\0x", 5), out, NULL), RIG_E_SYNTAX);
}

/* The limit is that of the prepared name, and a wider one of what is taken at all. */
static void longest_prepared_name(void)
{
    char out[RIG_INAME_TEXT];
    static uint8_t name[4 * RIG_NAME_MAX + 1];
    memset(name, 'A', sizeof name);
    CU_ASSERT_EQUAL(rig_iname_prepare(rig_view_of(name, RIG_NAME_MAX), out, NULL), RIG_OK);
    CU_ASSERT_EQUAL(strlen(out), RIG_NAME_MAX);
    CU_ASSERT_EQUAL(rig_iname_prepare(rig_view_of(name, RIG_NAME_MAX + 1), out, NULL), RIG_E_LIMIT);
    for (size_t i = 0; i + 1 < 2 * (sizeof name / 2); i += 2)
        memcpy(name + i, "\xc2\xad", 2); /* all of it vanishes */
    CU_ASSERT_EQUAL(rig_iname_prepare(rig_view_of(name, sizeof name - 1), out, NULL), RIG_OK);
    CU_ASSERT_EQUAL(strlen(out), 0);
    CU_ASSERT_EQUAL(rig_iname_prepare(rig_view_of(name, sizeof name), out, NULL), RIG_E_LIMIT);
}

RIG_SUITE("iname", {"names of all three formats", good_names}, {"bad names have a place", bad_names},
          {"223 bytes and one more", longest_name}, {"names are prepared by stringprep", prepared_names},
          {"names that stringprep refuses have a reason", names_that_cannot_be_prepared},
          {"the limits of a name that is prepared", longest_prepared_name},
          {"portals with IPv4, IPv6 and DNS names", good_portals}, {"bad portals", bad_portals},
          {"the longest host and one byte more", longest_host}, {"addresses in canonical text", addresses},
          {"bad addresses", bad_addresses}, {"equal addresses", equal_addresses},
          {"the same portal", same_portals})
