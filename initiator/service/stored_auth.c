/* Names and secrets as a store keeps them: inside the record. */
#include "rig/service.h"

static bool keep(rig_stored_text *out, rig_view text)
{
    if (text.len > sizeof out->bytes)
        return false;
    out->len = (uint8_t)text.len;
    if (text.len)
        memcpy(out->bytes, text.ptr, text.len);
    return true;
}

rig_status rig_stored_auth_keep(const rig_auth_config *auth, rig_stored_auth *out_stored)
{
    *out_stored = (rig_stored_auth){.given = true, .how = *auth};
    rig_auth_config *how = &out_stored->how;
    how->user = how->secret = how->target_user = how->target_secret = (rig_view){0};
    bool fits = keep(&out_stored->user, auth->user) && keep(&out_stored->secret, auth->secret) &&
                keep(&out_stored->target_user, auth->target_user) &&
                keep(&out_stored->target_secret, auth->target_secret);
    return fits ? RIG_OK : RIG_E_LIMIT;
}

static rig_view view_of(const rig_stored_text *text)
{
    return text->len ? rig_view_of(text->bytes, text->len) : (rig_view){0};
}

rig_auth_config rig_stored_auth_use(const rig_stored_auth *stored)
{
    rig_auth_config auth = stored->how;
    auth.user = view_of(&stored->user);
    auth.secret = view_of(&stored->secret);
    auth.target_user = view_of(&stored->target_user);
    auth.target_secret = view_of(&stored->target_secret);
    return auth;
}
