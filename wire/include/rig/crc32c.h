/** @file
 * CRC32C, the digest of RFC 7143 section 13.1, computed by ISA-L.
 */
#ifndef RIG_CRC32C_H
#define RIG_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** RIG_CRC32C_START is the running value before the first byte. */
#define RIG_CRC32C_START UINT32_C(0xffffffff)

/** rig_crc32c_update runs the CRC over len more bytes; running starts as RIG_CRC32C_START. */
uint32_t rig_crc32c_update(uint32_t running, const void *data, size_t len);

/** rig_crc32c_store finishes a running value and writes the four digest bytes in wire order (appendix A.4).
 */
void rig_crc32c_store(uint32_t running, uint8_t out_digest[4]);

#ifdef __cplusplus
}
#endif

#endif
