#include "internal.h"
rig_code svc_add_isns(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_remove_isns(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_refresh_isns(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_isns(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
void svc_isns_free(rig_service *service)
{
    (void)service;
}
void svc_isns_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    (void)service;
    (void)timer;
    (void)now;
}
void svc_isns_query(rig_service *service, svc_row *server, uint64_t now, svc_discovered *done, void *ctx)
{
    (void)service;
    (void)server;
    (void)now;
    (void)done;
    (void)ctx;
}
