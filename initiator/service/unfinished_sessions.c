#include "internal.h"
rig_code svc_login(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_logout(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_add_connection(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_remove_connection(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_sessions(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_devices(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_report_mappings(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_send_inquiry(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_send_capacity(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_send_luns(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_ping(rig_service *service, svc_call *call)
{
    (void)service;
    (void)call;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_session_start(rig_service *service, const rig_login *login, svc_row *kept, uint64_t now,
                           svc_session **out_session, rig_error *err)
{
    (void)service;
    (void)login;
    (void)kept;
    (void)now;
    (void)out_session;
    (void)err;
    return RIG_CODE_REQUEST_NOT_SUPPORTED;
}
rig_code svc_session_options(rig_service *service, const rig_login_options *options, bool ipsec,
                             rig_session_config *config, rig_error *err)
{
    (void)service;
    (void)options;
    (void)ipsec;
    (void)config;
    (void)err;
    return RIG_CODE_SUCCESS;
}
svc_session *svc_session_find(const rig_service *service, const rig_unique_id *id)
{
    (void)service;
    (void)id;
    return NULL;
}
svc_session *svc_session_of(const rig_service *service, const rig_session *engine)
{
    (void)service;
    (void)engine;
    return NULL;
}
void svc_session_end(svc_session *session, uint64_t now)
{
    (void)session;
    (void)now;
}
rig_code svc_login_code(rig_status why, uint16_t login_status)
{
    (void)why;
    (void)login_status;
    return RIG_CODE_LOGIN_FAILED;
}
void svc_session_event(svc_session *session, const rig_event *event)
{
    (void)session;
    (void)event;
}
void svc_devices_scan(svc_session *session, uint64_t now)
{
    (void)session;
    (void)now;
}
void svc_devices_remove(svc_session *session, uint64_t now)
{
    (void)session;
    (void)now;
}
void svc_pass_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    (void)service;
    (void)timer;
    (void)now;
}
rig_code rig_hba_route(rig_hba *hba, const char *instance, uint32_t port, const rig_portal *portal,
                       rig_route *out_route)
{
    (void)hba;
    (void)instance;
    (void)port;
    (void)portal;
    (void)out_route;
    return RIG_CODE_SUCCESS;
}
