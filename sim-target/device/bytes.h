/** @file
 * Big-endian numbers of CDBs and parameter data.
 */
#ifndef DEV_BYTES_H
#define DEV_BYTES_H

#include <stdint.h>

static inline uint16_t dev_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t dev_get32(const uint8_t *p)
{
    return (uint32_t)dev_get16(p) << 16 | dev_get16(p + 2);
}

static inline uint64_t dev_get64(const uint8_t *p)
{
    return (uint64_t)dev_get32(p) << 32 | dev_get32(p + 4);
}

static inline void dev_put16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void dev_put32(uint8_t *p, uint32_t value)
{
    dev_put16(p, (uint16_t)(value >> 16));
    dev_put16(p + 2, (uint16_t)value);
}

static inline void dev_put64(uint8_t *p, uint64_t value)
{
    dev_put32(p, (uint32_t)(value >> 32));
    dev_put32(p + 4, (uint32_t)value);
}

#endif
