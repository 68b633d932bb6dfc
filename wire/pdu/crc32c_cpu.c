#include "crc32c_cpu.h"

#if defined(__x86_64__)

#include <string.h>

#define CPU_KNOWN 1u
#define CPU_CRC 2u
#define CPU_VECTORS 4u

/* CPUID leaf 1, register ECX */
#define ECX_SSE4_2 (1u << 20)
#define ECX_OSXSAVE (1u << 27)
#define ECX_AVX (1u << 28)
#define XCR0_AVX 6u /* the operating system saves SSE and AVX state */

__attribute__((target("xsave"))) static bool system_saves_vectors(void)
{
    return (__builtin_ia32_xgetbv(0) & XCR0_AVX) == XCR0_AVX;
}

static unsigned detect(void)
{
    unsigned a = 1, b, c = 0, d, found = CPU_KNOWN;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (c & ECX_SSE4_2)
        found |= CPU_CRC;
    if ((c & ECX_OSXSAVE) && (c & ECX_AVX) && system_saves_vectors())
        found |= CPU_VECTORS;
    return found;
}

/* CPUID traps in virtual machines, so it is asked once; a second thread at the same time finds the same
 * answer. */
static inline unsigned features(void)
{
    static unsigned known;
    unsigned found = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!found) {
        found = detect();
        __atomic_store_n(&known, found, __ATOMIC_RELAXED);
    }
    return found;
}

bool crc_cpu_has_instruction(void)
{
    return features() & CPU_CRC;
}

__attribute__((target("sse4.2"))) uint32_t crc_cpu_update(uint32_t running, const uint8_t *bytes, size_t len)
{
    uint64_t crc = running;
    for (; len >= 8; len -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    uint32_t rest = (uint32_t)crc;
    for (; len; len--)
        rest = __builtin_ia32_crc32qi(rest, *bytes++);
    return rest;
}

__attribute__((target("avx"))) static void zero_upper(void)
{
    __builtin_ia32_vzeroupper();
}

void crc_cpu_leave_vectors(void)
{
    if (features() & CPU_VECTORS)
        zero_upper();
}

#else

bool crc_cpu_has_instruction(void)
{
    return false;
}

uint32_t crc_cpu_update(uint32_t running, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return running;
}

void crc_cpu_leave_vectors(void)
{
}

#endif
