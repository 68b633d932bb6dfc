/* Packets of RADIUS: the example of RFC 2865 section 7.2, and others that another program has made. */
#include "daemon/radius_packet.h"
#include "suite.h"

#include <string.h>

#define SECRET "xyzzy5461"

static const uint8_t ours[RADIUS_AUTHENTICATOR] = {0x2a, 0xee, 0x86, 0xf0, 0x8d, 0x0d, 0x55, 0x96,
                                                   0x9c, 0xa5, 0x97, 0x8e, 0x0d, 0x33, 0x67, 0xa2};

/* "0102…" to octets. */
static size_t octets(const char *hex, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++)
        out[i] =
            (uint8_t)((strchr(digits, hex[2 * i]) - digits) << 4 | (strchr(digits, hex[2 * i + 1]) - digits));
    return len;
}

static radius_request request_of(uint8_t identifier)
{
    static const uint8_t password[] = {42,   0x88, 0x3e, 0x90, 0x7b, 0x4a, 0xc5, 0xe4, 0x20,
                                       0xed, 0xe8, 0x4b, 0x99, 0x43, 0x7a, 0xa5, 0xb3};
    static const uint8_t challenge[] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                                        0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
    radius_request request = {.secret = rig_view_str(SECRET),
                              .client = rig_view_str("host"),
                              .user = rig_view_str("disk"),
                              .password = rig_view_of(password, sizeof password),
                              .challenge = rig_view_of(challenge, sizeof challenge),
                              .identifier = identifier};
    memcpy(request.authenticator, ours, sizeof ours);
    return request;
}

/* ---- requests ---- */

static void made(void)
{
    static const char wanted[] = "010700572aee86f08d0d55969ca5978e0d3367a2"
                                 "5012f5ed02e3ec8667a83b488b17c05fa9d5"   /* Message-Authenticator */
                                 "01066469736b"                           /* User-Name */
                                 "03132a883e907b4ac5e420ede84b99437aa5b3" /* CHAP-Password */
                                 "3c1211223344556677881122334455667788"   /* CHAP-Challenge */
                                 "2006686f7374";                          /* NAS-Identifier */
    uint8_t packet[RADIUS_REQUEST_MAX], octet[128];
    const radius_request request = request_of(7);
    size_t len = octets(wanted, octet);
    CU_ASSERT_EQUAL_FATAL(radius_request_make(&request, packet), len);
    CU_ASSERT(memcmp(packet, octet, len) == 0);
}

static void values(void)
{
    static uint8_t longest[RIG_RADIUS_VALUE_MAX + 1];
    static const struct {
        size_t len;
        bool fits;
    } rows[] = {{0, false}, {1, true}, {RIG_RADIUS_VALUE_MAX, true}, {RIG_RADIUS_VALUE_MAX + 1, false}};
    uint8_t packet[RADIUS_REQUEST_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const rig_view value = rig_view_of(longest, rows[i].len);
        radius_request request = request_of(7);
        request.user = value;
        CU_ASSERT_EQUAL(radius_request_make(&request, packet) > 0, rows[i].fits);
        request = request_of(7);
        request.challenge = value;
        CU_ASSERT_EQUAL(radius_request_make(&request, packet) > 0, rows[i].fits);
        request.client = value;
        request.user = value;
        request.password = value;
        CU_ASSERT_EQUAL(radius_request_make(&request, packet) > 0, rows[i].len == 1);
    }
}

/* ---- answers ---- */

static rig_status verdict(uint8_t identifier, const char *hex)
{
    uint8_t packet[256];
    const radius_request request = request_of(identifier);
    return radius_verdict(&request, rig_view_of(packet, octets(hex, packet)));
}

#define EXAMPLE                                                                                              \
    "0201003815efbc7dab26cfa3dc34d9c03c8601a4060600000002070600000001"                                       \
    "0806fffffffe0a06000000020d06000000010c06000005dc"
#define ACCEPT "02070014c3347abfc2f48a16b99d04d7b4d5bdd6"
#define SIGNED "0207002bd21576ed0bd3d6f455ab982f6b957fbe5012999694b76271d1a4552e88431dcb56071205796573"

static void verdicts(void)
{
    static const struct {
        uint8_t identifier;
        const char *packet;
        rig_status verdict;
    } rows[] = {
        {1, EXAMPLE, RIG_OK},
        {7, ACCEPT, RIG_OK},
        {7, ACCEPT "00000000", RIG_OK}, /* octets behind the length are padding */
        {7, SIGNED, RIG_OK},
        {7, "03070018195ce5201c2687e60bf047de59de2d0b12046e6f",
         RIG_E_AUTH},                                                  /* Access-Reject with a message */
        {7, "0b07001459e095ecc51f68b982fff0158bce606a", RIG_E_AUTH},   /* Access-Challenge */
        {7, "05070014d836c81b0d48175c43181e1d954cb943", RIG_E_FORMAT}, /* Accounting-Response */
        {2, EXAMPLE, RIG_E_FORMAT},                                    /* to another request */
        {8, ACCEPT, RIG_E_FORMAT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(verdict(rows[i].identifier, rows[i].packet), rows[i].verdict);
}

/* Made with the secret, but not as packets are. */
static void malformed(void)
{
    static const char *const packets[] = {
        "020700261e24565637fa1b9fa3f1db930f0f54be50125a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", /* signed otherwise */
        "0207002558560de7b09dba05d11c271ba2345d5250115a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",   /* with 15 octets */
        "02070016602f50e93519f75845ae6d971f4e2bbb1201", /* an attribute shorter than its header */
        "0207001607b271df5c4d4c9edce2c17eb9bc237e1203", /* longer than the packet */
        "020700154eb19444ba59177be2ecf1abd558dc2812",   /* half a header */
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        CU_ASSERT_EQUAL(verdict(7, packets[i]), RIG_E_FORMAT);
}

/* Not one bit can be another, nor an octet be missing. */
static void altered(void)
{
    static const char *const packets[] = {ACCEPT, SIGNED};
    const radius_request request = request_of(7);
    for (size_t which = 0; which < 2; which++) {
        uint8_t packet[64];
        size_t len = octets(packets[which], packet);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, len)), RIG_E_FORMAT);
            packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t cut = 0; cut < len; cut++)
            CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, cut)), RIG_E_FORMAT);
        CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, len)), RIG_OK);
    }
}

/* Neither another secret nor another request makes it right. */
static void of_others(void)
{
    uint8_t packet[64];
    size_t len = octets(ACCEPT, packet);
    radius_request request = request_of(7);
    request.secret = rig_view_str("xyzzy5462");
    CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, len)), RIG_E_FORMAT);
    request = request_of(7);
    request.authenticator[15] ^= 1;
    CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, len)), RIG_E_FORMAT);
    static uint8_t octets_256[256];
    request = request_of(7);
    request.secret = rig_view_of(octets_256, sizeof octets_256);
    CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, len)), RIG_E_FORMAT);
}

/* The length that a packet names counts up to the most it may be. */
static void longest(void)
{
    static uint8_t packet[RADIUS_PACKET_MAX + 16];
    const radius_request request = request_of(7);
    packet[0] = 2;
    packet[1] = 7;
    packet[2] = (RADIUS_PACKET_MAX + 1) >> 8;
    packet[3] = (RADIUS_PACKET_MAX + 1) & 0xff;
    CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, sizeof packet)), RIG_E_FORMAT);
    packet[3] = RADIUS_PACKET_MAX & 0xff;
    CU_ASSERT_EQUAL(radius_verdict(&request, rig_view_of(packet, sizeof packet)), RIG_E_FORMAT);
}

RIG_SUITE("RADIUS packets", {"a request, octet by octet", made}, {"values that fit into attributes", values},
          {"what answers say", verdicts}, {"packets that are none", malformed},
          {"no bit can be another", altered}, {"what others have made", of_others}, {"the longest", longest})
