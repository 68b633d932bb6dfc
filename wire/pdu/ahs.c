#include "rig/pdu.h"

#define AHS_HEAD 4      /* AHSLength, AHSType and the byte that AHSLength counts already (11.2.2) */
#define AHS_UNCOUNTED 3 /* AHSLength and AHSType themselves */
#define AHS_TYPE_MASK 0x3f

rig_status rig_ahs_next(rig_view *rest, rig_ahs *out_ahs, rig_error *err)
{
    if (rest->len == 0)
        return RIG_E_NOT_FOUND;
    if (rest->len < AHS_HEAD)
        return rig_fail_at(err, RIG_E_FORMAT, 0, "AHSLength", "%zu bytes left are no header segment",
                           rest->len);
    size_t len = (size_t)rig_be_get(rest->ptr, 2);
    size_t padded = (AHS_UNCOUNTED + len + 3) & ~(size_t)3;
    if (padded > rest->len)
        return rig_fail_at(err, RIG_E_FORMAT, 0, "AHSLength", "AHSLength %zu overruns the %zu bytes left",
                           len, rest->len);
    out_ahs->type = rest->ptr[2] & AHS_TYPE_MASK;
    out_ahs->data = len ? rig_view_of(rest->ptr + AHS_HEAD, len - 1) : (rig_view){NULL, 0};
    *rest = rig_view_sub(*rest, padded, rest->len);
    return RIG_OK;
}

size_t rig_ahs_put(uint8_t *out, size_t size, uint8_t type, rig_view data)
{
    if (data.len > RIG_AHS_MAX - AHS_HEAD)
        return 0;
    size_t padded = (AHS_HEAD + data.len + 3) & ~(size_t)3;
    if (padded > size)
        return 0;
    memset(out, 0, padded);
    rig_be_set(out, 2, data.len + 1);
    out[2] = type;
    if (data.len)
        memcpy(out + AHS_HEAD, data.ptr, data.len);
    return padded;
}
