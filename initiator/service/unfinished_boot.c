#include "internal.h"
rig_code svc_report_logins(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_remove_login(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_bind_devices(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_add_device(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_remove_device(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_clear_devices(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_bound(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_initiators(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_get_node_name(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_set_node_name(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_set_chap_secret(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_set_radius_secret(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_add_radius(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_remove_radius(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_radius(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_get_version(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_get_info(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
void svc_boot_event(svc_session *session, const rig_event *event)
{
    (void)session;
    (void)event;
}
void svc_boot_device(rig_service *service, uint64_t now)
{
    (void)service;
    (void)now;
}
void svc_boot_link(rig_service *service, uint64_t now)
{
    (void)service;
    (void)now;
}
void svc_boot_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    (void)service;
    (void)timer;
    (void)now;
}
void svc_boot_free(rig_service *service)
{
    (void)service;
}
void svc_identity_load(rig_service *service)
{
    (void)service;
}
rig_status rig_service_boot(rig_service *service, uint64_t now)
{
    (void)service;
    (void)now;
    return RIG_OK;
}
void rig_service_link(rig_service *service, const char *instance, uint32_t port, bool up, uint64_t now)
{
    (void)service;
    (void)instance;
    (void)port;
    (void)up;
    (void)now;
}
