#include "internal.h"
rig_code svc_set_group_key(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_set_ike(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_get_ike(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_set_tunnel(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_secure(rig_service *service, const rig_route *route, const rig_portal *portal, uint64_t flags,
                    rig_security_source source, uint32_t login_flags, const rig_octets *key,
                    rig_security_decision *out_decision, rig_error *err, uint64_t now)
{
    (void)service;
    (void)route;
    (void)portal;
    (void)flags;
    (void)source;
    (void)login_flags;
    (void)key;
    (void)out_decision;
    (void)err;
    (void)now;
    return RIG_CODE_SUCCESS;
}
