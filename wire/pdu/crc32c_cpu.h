#ifndef CRC32C_CPU_H
#define CRC32C_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRC_SHORT                                                                                            \
    192 /* up to here the CPU's own instruction is faster than the library's vectors: headers, padding */

/* Whether this CPU has an instruction for CRC32C. */
bool crc_cpu_has_instruction(void);

/* rig_crc32c_update by that instruction. */
uint32_t crc_cpu_update(uint32_t running, const uint8_t *bytes, size_t len);

/* The library returns with the upper halves of vector registers in use, which makes every SSE instruction
 * after it slow (a memcpy or a structure copy takes about 100 ns more); this clears them. */
void crc_cpu_leave_vectors(void);

#endif
