#include "rig/serial.h"

#include "suite.h"

static void order(void)
{
    CU_ASSERT(rig_sn_lt(0, 1));
    CU_ASSERT_FALSE(rig_sn_lt(1, 0));
    CU_ASSERT_FALSE(rig_sn_lt(1, 1));
    CU_ASSERT(rig_sn_le(1, 1));
    CU_ASSERT(rig_sn_lt(0xffffffff, 0));
    CU_ASSERT(rig_sn_lt(0xfffffff0, 0x10));
    CU_ASSERT_FALSE(rig_sn_lt(0x10, 0xfffffff0));
    CU_ASSERT(rig_sn_lt(0, 0x7fffffff));
    CU_ASSERT_FALSE(rig_sn_lt(0, 0x80000000));
    CU_ASSERT_FALSE(rig_sn_lt(0x80000000, 0));
    CU_ASSERT_FALSE(rig_sn_le(0, 0x80000000));
    CU_ASSERT(rig_sn_lt(0x80000001, 0));
}

static void window(void)
{
    static const uint32_t bases[] = {0, 5, 0x7ffffffe, 0x80000000, 0xfffffffc, 0xffffffff};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        uint32_t first = bases[i], last = first + 7;
        for (uint32_t at = 0; at < 24; at++)
            CU_ASSERT_EQUAL(rig_sn_in(first - 8 + at, first, last), at >= 8 && at <= 15);
        CU_ASSERT_FALSE(rig_sn_in(first, first, first - 1));
        CU_ASSERT_FALSE(rig_sn_in(first - 1, first, first - 1));
        CU_ASSERT(rig_sn_in(first, first, first));
    }
}

RIG_SUITE("serial", {"order, also across zero and half the circle", order},
          {"windows, also empty ones", window})
