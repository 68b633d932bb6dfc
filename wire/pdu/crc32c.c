#include "rig/crc32c.h"

#include <isa-l/crc.h>

#include "crc32c_cpu.h"

#define CRC_CHUNK ((size_t)1 << 30) /* the library's length is an int */

uint32_t rig_crc32c_update(uint32_t running, const void *data, size_t len)
{
    /* The library does not write through its pointer; its prototype only lacks the const. */
    unsigned char *bytes = (unsigned char *)(uintptr_t)data;
    if (len <= CRC_SHORT && crc_cpu_has_instruction())
        return crc_cpu_update(running, bytes, len);
    while (len) {
        size_t part = len < CRC_CHUNK ? len : CRC_CHUNK;
        running = crc32_iscsi(bytes, (int)part, running);
        bytes += part;
        len -= part;
    }
    crc_cpu_leave_vectors();
    return running;
}

void rig_crc32c_store(uint32_t running, uint8_t out_digest[4])
{
    for (unsigned i = 0; i < 4; i++)
        out_digest[i] = (uint8_t)(~running >> 8 * i);
}
