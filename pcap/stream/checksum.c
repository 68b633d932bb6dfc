#include "segment.h"

/* The one's complement sum (RFC 1071) does not care for the order of bytes within words, so words are added
 * as the machine loads them and only the folded results are compared. */
static uint64_t add_words(uint64_t sum, rig_view v)
{
    size_t at = 0;
    uint64_t lanes[4] = {0};
    uint32_t words[8];
    for (; at + sizeof words <= v.len; at += sizeof words) {
        memcpy(words, v.ptr + at, sizeof words);
        for (size_t i = 0; i < 4; i++)
            lanes[i] += (uint64_t)words[i] + words[i + 4];
    }
    for (; at < v.len; at += 2) {
        uint16_t word = 0;
        memcpy(&word, v.ptr + at, v.len - at < 2 ? 1 : 2);
        sum += word;
    }
    return sum + (lanes[0] & UINT32_MAX) + (lanes[0] >> 32) + lanes[1] + lanes[2] + lanes[3];
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
