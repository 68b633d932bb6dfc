#include "internal.h"
rig_code svc_add_portal(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_remove_portal(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_refresh_portal(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_portals(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_add_static(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_remove_static(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_targets(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_target_portals(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_instances(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
bool svc_discovery_event(rig_service *service, const rig_event *event)
{
    (void)service;
    (void)event;
    return false;
}
void svc_discovery_free(rig_service *service)
{
    (void)service;
}
bool svc_target_known(const rig_service *service, const char *target)
{
    (void)service;
    (void)target;
    return true;
}
bool svc_target_portal(const rig_service *service, const char *target, uint32_t index, rig_target_portal *out)
{
    (void)service;
    (void)target;
    (void)index;
    (void)out;
    return false;
}
rig_code svc_instances_replace(rig_service *service, const char *mechanism,
                               const rig_target_instance_list *list, uint64_t now)
{
    (void)service;
    (void)mechanism;
    (void)list;
    (void)now;
    return RIG_CODE_SUCCESS;
}
void svc_discover(rig_service *service, svc_row *portal, uint64_t now, svc_discovered *done, void *ctx)
{
    (void)service;
    (void)portal;
    (void)now;
    (void)done;
    (void)ctx;
}
void svc_discover_all(rig_service *service, uint64_t now, svc_discovered *done, void *ctx)
{
    (void)service;
    (void)now;
    (void)done;
    (void)ctx;
}
