#include "rig/records.h"
rig_status rig_record_to_json(const rig_alloc *alloc, const rig_shape *shape, const void *record,
                              rig_json_secrets secrets, char **out_text, size_t *out_len)
{
    (void)alloc;
    (void)shape;
    (void)record;
    (void)secrets;
    (void)out_text;
    (void)out_len;
    return RIG_E_UNSUPPORTED;
}
rig_status rig_record_from_json(const rig_alloc *alloc, const rig_shape *shape, rig_view text,
                                void *out_record, rig_error *err)
{
    (void)alloc;
    (void)shape;
    (void)text;
    (void)out_record;
    (void)err;
    return RIG_E_UNSUPPORTED;
}
