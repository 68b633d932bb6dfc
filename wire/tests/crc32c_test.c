#include "rig/crc32c.h"

#include <string.h>

#include "suite.h"

static void check(const uint8_t *data, size_t len, const char *wanted)
{
    for (size_t split = 0; split <= len; split++) {
        uint8_t digest[4];
        uint32_t crc = rig_crc32c_update(RIG_CRC32C_START, data, split);
        rig_crc32c_store(rig_crc32c_update(crc, data + split, len - split), digest);
        CU_ASSERT_EQUAL(memcmp(digest, wanted, 4), 0);
    }
}

/* RFC 7143 appendix A.4, digests in wire order. */
static void appendix(void)
{
    static const uint8_t read_10[48] = {
        0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};
    uint8_t bytes[32] = {0};
    check(bytes, 32, "\xaa\x36\x91\x8a");
    memset(bytes, 0xff, sizeof bytes);
    check(bytes, 32, "\x43\xab\xa8\x62");
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    check(bytes, 32, "\x4e\x79\xdd\x46");
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    check(bytes, 32, "\x5c\xdb\x3f\x11");
    check(read_10, 48, "\x56\x3a\x96\xd9");
}

/* The polynomial of section 13.1, bit by bit, on every length and alignment the library treats apart. */
static uint32_t bitwise(const uint8_t *data, size_t len)
{
    uint32_t crc = RIG_CRC32C_START;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
    }
    return crc;
}

static void every_length(void)
{
    static uint8_t data[1100];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * i + 3 * i);
    for (size_t start = 0; start < 9; start++)
        for (size_t len = 0; len < 1050; len += len < 300 ? 1 : 37)
            CU_ASSERT_EQUAL(rig_crc32c_update(RIG_CRC32C_START, data + start, len),
                            bitwise(data + start, len));
}

RIG_SUITE("crc32c", {"vectors of appendix A.4, split everywhere", appendix},
          {"against the polynomial, every length and alignment", every_length})
