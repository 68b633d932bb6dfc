/* Discovery portals: kept, forgotten, asked again, listed. */
#include "discovery.h"
#include "rig/pdu.h"

/* ---- portals as they are compared ---- */

/* The address stands alone in its member: what has a port or a tag behind it is none. */
rig_code svc_portal_read(const rig_target_portal *portal, rig_portal *out_portal, rig_error *err)
{
    char address[RIG_PORTAL_TEXT];
    rig_text text;
    bool bare = strchr(portal->address, ':') && portal->address[0] != '[';
    rig_text_init(&text, address, sizeof address);
    rig_text_add(&text, bare ? "[%s]:%u" : "%s:%u", portal->address,
                 portal->socket ? portal->socket : RIG_PORT);
    rig_status status = rig_portal_parse(rig_view_of(address, text.len), out_portal, err);
    if (status || out_portal->group >= 0) {
        rig_fail(err, RIG_E_ARGUMENT, "\"%s\" is no IPv4 or IPv6 address and no DNS name", portal->address);
        return RIG_CODE_INVALID_PARAMETER;
    }
    return RIG_CODE_SUCCESS;
}

rig_code svc_portal_tidy(rig_target_portal *portal, rig_error *err)
{
    rig_portal read;
    rig_ip ip;
    rig_text text;
    rig_code code = svc_portal_read(portal, &read, err);
    if (code != RIG_CODE_SUCCESS)
        return code;
    rig_text_init(&text, portal->address, sizeof portal->address);
    if (rig_ip_parse(rig_view_str(read.host), &ip))
        rig_ip_print(&text, &ip);
    else
        rig_text_add(&text, "%s", read.host);
    portal->socket = read.port;
    return RIG_CODE_SUCCESS;
}

bool svc_mechanism(const rig_send_targets_portal *portal, char *out, size_t size)
{
    rig_text text;
    rig_text_init(&text, out, size);
    rig_text_add(&text, "SendTargets:%s %u", portal->portal.address, portal->portal.socket);
    if (portal->initiator[0] && portal->port == RIG_PORT_ANY)
        rig_text_add(&text, " * %s", portal->initiator);
    else if (portal->initiator[0])
        rig_text_add(&text, " %u %s", portal->port, portal->initiator);
    return !text.cut;
}

/* ---- which portal is meant ---- */

static rig_code find_portal(rig_service *service, svc_call *call, svc_row **out_row)
{
    rig_portal_ref *ref = call->request;
    rig_code code = svc_portal_tidy(&ref->portal, &call->error);
    if (code != RIG_CODE_SUCCESS)
        return code;
    rig_send_targets_portal key = {.port = ref->port, .portal = ref->portal};
    memcpy(key.initiator, ref->initiator, sizeof key.initiator);
    *out_row = svc_find(service, SVC_PORTALS, &key);
    if (*out_row)
        return RIG_CODE_SUCCESS;
    code = rig_hba_port(service->config.hba, ref->initiator, ref->port);
    return code == RIG_CODE_SUCCESS ? RIG_CODE_PORTAL_NOT_FOUND : code;
}

/* ---- the calls ---- */

static void portal_told(void *ctx, rig_code code, const rig_error *why, uint64_t now)
{
    svc_call *call = ctx;
    if (why)
        call->error = *why;
    svc_answer(call, code, now);
}

/* Secrets that only IPsec lets through are told by the discovery. */
static rig_code check_portal(rig_service *service, rig_send_targets_portal *portal, rig_error *err)
{
    char mechanism[sizeof((rig_target_instance *)NULL)->mechanism];
    rig_session_config config = service->config.session;
    rig_code code = svc_portal_tidy(&portal->portal, err);
    if (code == RIG_CODE_SUCCESS && !svc_mechanism(portal, mechanism, sizeof mechanism)) {
        rig_fail(err, RIG_E_LIMIT, "address and initiator instance are too long together");
        code = RIG_CODE_INVALID_PARAMETER;
    }
    if (code == RIG_CODE_SUCCESS)
        code = svc_flags_check(portal->security_flags, err);
    if (code == RIG_CODE_SUCCESS)
        code = rig_hba_port(service->config.hba, portal->initiator, portal->port);
    if (code == RIG_CODE_SUCCESS)
        code = svc_session_options(service, &portal->options, true, &config, err);
    return code;
}

/* Flags without VALID say nothing: what was said before goes on. */
static void inherit_flags(const svc_row *row, rig_send_targets_portal *portal)
{
    uint64_t before = row ? ((const rig_send_targets_portal *)row->record)->security_flags : 0;
    if ((before & RIG_SECURITY_VALID) && !(portal->security_flags & RIG_SECURITY_VALID))
        portal->security_flags = before;
}

rig_code svc_add_portal(rig_service *service, svc_call *call)
{
    rig_send_targets_portal *portal = call->request;
    rig_code code = check_portal(service, portal, &call->error);
    if (code != RIG_CODE_SUCCESS)
        return code;
    inherit_flags(svc_find(service, SVC_PORTALS, portal), portal);
    code = svc_put(service, SVC_PORTALS, portal, true);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_discover(service, svc_find(service, SVC_PORTALS, portal), call->now, portal_told, call);
    return SVC_PENDING;
}

rig_code svc_remove_portal(rig_service *service, svc_call *call)
{
    const rig_target_instance_list none = {0};
    char mechanism[sizeof((rig_target_instance *)NULL)->mechanism];
    svc_row *row = NULL;
    rig_code code = find_portal(service, call, &row);
    if (code != RIG_CODE_SUCCESS)
        return code;
    uint64_t id = row->id;
    svc_mechanism(row->record, mechanism, sizeof mechanism);
    code = svc_drop(service, SVC_PORTALS, row);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_discovery_drop(service, id, call->now);
    return svc_instances_replace(service, mechanism, &none, call->now);
}

rig_code svc_refresh_portal(rig_service *service, svc_call *call)
{
    svc_row *row = NULL;
    rig_code code = find_portal(service, call, &row);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_discover(service, row, call->now, portal_told, call);
    return SVC_PENDING;
}

rig_code svc_report_portals(rig_service *service, svc_call *call)
{
    const svc_table *portals = &service->tables[SVC_PORTALS];
    rig_send_targets_portals *reply = call->reply;
    if (rig_list_reserve(service->config.alloc, RIG_SHAPE(send_targets_portal), &reply->portals,
                         portals->num))
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    for (uint32_t i = 0; i < portals->num; i++) {
        rig_send_targets_portal *portal =
            rig_list_add(service->config.alloc, RIG_SHAPE(send_targets_portal), &reply->portals);
        if (!portal)
            return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
        *portal = *(const rig_send_targets_portal *)portals->rows[i]->record;
        rig_record_hide(RIG_SHAPE(send_targets_portal), portal);
    }
    return RIG_CODE_SUCCESS;
}
