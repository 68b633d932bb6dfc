#include "internal.h"
rig_status rig_store_memory_new(const rig_alloc *alloc, rig_store **out_store)
{
    (void)alloc;
    (void)out_store;
    return RIG_E_UNSUPPORTED;
}
void rig_store_free(rig_store *store)
{
    (void)store;
}
