/* The cache of pre-shared keys that hardware initiators have, or have not. */
#include "rig/hba.h"

rig_code rig_adapter_key_room(const rig_adapter *adapter, uint32_t held)
{
    if (!adapter->hardware)
        return RIG_CODE_SUCCESS;
    if (adapter->quirks.security_cache == 0)
        return RIG_CODE_HBA_SECURITY_CACHE_NOT_SUPPORTED;
    return held < adapter->quirks.security_cache ? RIG_CODE_SUCCESS : RIG_CODE_HBA_SECURITY_CACHE_FULL;
}
