#include "segment.h"

/* The one's complement sum (RFC 1071) does not care for the order of bytes within words, so words are added
 * as the machine loads them and only the folded results are compared. */
typedef uint64_t two_lanes __attribute__((vector_size(16)));

static uint64_t add_words(uint64_t sum, rig_view v)
{
    static const two_lanes low = {UINT32_MAX, UINT32_MAX};
    size_t at = 0;
    two_lanes words[2], sums[2] = {{0, 0}, {0, 0}};
    for (; at + sizeof words <= v.len; at += sizeof words) {
        memcpy(words, v.ptr + at, sizeof words);
        for (size_t i = 0; i < 2; i++)
            sums[i] += (words[i] & low) + (words[i] >> 32);
    }
    for (; at < v.len; at += 2) {
        uint16_t word = 0;
        memcpy(&word, v.ptr + at, v.len - at < 2 ? 1 : 2);
        sum += word;
    }
    two_lanes both = sums[0] + sums[1];
    return sum + (both[0] & UINT32_MAX) + (both[0] >> 32) + both[1];
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

cap_sum cap_checksum(const cap_segment *segment)
{
    uint8_t pseudo[8] = {0};
    uint16_t field;
    if (segment->tcp.len != segment->tcp_len)
        return CAP_SUM_UNKNOWN;
    rig_be_set(pseudo, 4, segment->tcp_len);
    pseudo[7] = 6;
    uint64_t head = add_words(add_words(0, segment->addresses), rig_view_of(pseudo, sizeof pseudo));
    memcpy(&field, segment->tcp.ptr + 16, sizeof field);
    if (field == fold(head))
        return CAP_SUM_PARTIAL;
    return fold(add_words(head, segment->tcp)) == 0xffff ? CAP_SUM_RIGHT : CAP_SUM_WRONG;
}
