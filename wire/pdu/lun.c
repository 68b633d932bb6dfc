#include "rig/pdu.h"

/* SAM-5 single-level forms: address method in the two top bits, 00 = peripheral device, 01 = flat space. */
#define LUN_FLAT UINT64_C(0x4000)

uint64_t rig_lun_encode(uint32_t lun)
{
    uint64_t first_level = lun < 256 ? lun : LUN_FLAT | (lun & RIG_LUN_MAX);
    return first_level << 48;
}

bool rig_lun_decode(uint64_t sam, uint32_t *out_lun)
{
    uint32_t first_level = (uint32_t)(sam >> 48);
    if (sam << 16)
        return false;
    if (first_level < 256) {
        *out_lun = first_level;
        return true;
    }
    if ((first_level & 0xc000) != LUN_FLAT)
        return false;
    *out_lun = first_level & RIG_LUN_MAX;
    return true;
}
