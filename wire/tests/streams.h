/* A plain second encoder for framing tests: appends PDUs byte by byte, without the field tables or the queue.
 */
#ifndef TESTS_STREAMS_H
#define TESTS_STREAMS_H

#include "rig/crc32c.h"
#include "rig/pdu.h"

#define STREAM_MAX 200000

typedef struct stream {
    uint8_t bytes[STREAM_MAX];
    size_t len;
    bool header_digest, data_digest;
} stream;

static inline void stream_add(stream *s, const void *bytes, size_t len)
{
    if (len)
        memcpy(s->bytes + s->len, bytes, len);
    s->len += len;
}

static inline void stream_digest(stream *s, size_t from)
{
    uint8_t digest[4];
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, s->bytes + from, s->len - from), digest);
    stream_add(s, digest, sizeof digest);
}

/* A NOP-In (0x20) with ahs_len (whole words) and data_len bytes that count up from seed. Returns where it
 * begins. */
static inline size_t stream_pdu(stream *s, size_t ahs_len, size_t data_len, uint8_t seed)
{
    uint8_t head[48] = {0x20, 0x80, 0, 0, (uint8_t)(ahs_len / 4)};
    size_t begin = s->len;
    head[5] = (uint8_t)(data_len >> 16);
    head[6] = (uint8_t)(data_len >> 8);
    head[7] = (uint8_t)data_len;
    head[19] = seed;
    stream_add(s, head, sizeof head);
    for (size_t i = 0; i < ahs_len; i++)
        s->bytes[s->len++] = (uint8_t)(0x55 + i);
    if (s->header_digest)
        stream_digest(s, begin);
    size_t data = s->len;
    for (size_t i = 0; i < data_len; i++)
        s->bytes[s->len++] = (uint8_t)(seed + i);
    while ((s->len - data) % 4)
        s->bytes[s->len++] = 0;
    if (s->data_digest && data_len)
        stream_digest(s, data);
    return begin;
}

#endif
