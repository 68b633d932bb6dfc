/** @file
 * Serial number arithmetic over 32 bits (RFC 1982), as RFC 7143 section 4.2.2.1 asks for all its counters.
 */
#ifndef RIG_SERIAL_H
#define RIG_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** rig_sn_lt tells whether a comes before b. Values exactly 2^31 apart are unordered: false both ways. */
static inline bool rig_sn_lt(uint32_t a, uint32_t b)
{
    return a != b && (uint32_t)(b - a) < UINT32_C(0x80000000);
}

/** rig_sn_le tells whether a is b or comes before it. */
static inline bool rig_sn_le(uint32_t a, uint32_t b)
{
    return a == b || rig_sn_lt(a, b);
}

/** rig_sn_in tells whether first <= value <= last; an empty window (last = first - 1) holds nothing. */
static inline bool rig_sn_in(uint32_t value, uint32_t first, uint32_t last)
{
    return (uint32_t)(value - first) < UINT32_C(0x80000000) && rig_sn_le(value, last) &&
           rig_sn_le(first, last);
}

#ifdef __cplusplus
}
#endif

#endif
