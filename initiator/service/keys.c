/* Pre-shared keys, the identities they are bound to, and the outer addresses of tunnels. */
#include "internal.h"

#define METHOD_PRESHARED_KEY 1
#define IPV4_BYTES 4
#define IPV6_BYTES 16

static rig_code check_change(const rig_service *service, const char *initiator, uint32_t port)
{
    if (service->config.settings.no_security_change_policy)
        return RIG_CODE_RESTRICTED_BY_GROUP_POLICY;
    return rig_hba_port(service->config.hba, initiator, port);
}

rig_code svc_set_group_key(rig_service *service, svc_call *call)
{
    const rig_secret *request = call->request;
    rig_code code = check_change(service, "", RIG_PORT_ANY);
    if (code != RIG_CODE_SUCCESS)
        return code;
    return svc_setting_put(service, SVC_SETTING_GROUP_KEY, &request->secret, request->persist);
}

/* ---- identities ---- */

/* RFC 2407 section 4.6.2: addresses have the length of their family, names are as long as they are and end
 * without a NUL. */
static rig_code check_id(uint8_t type, const rig_octets *id)
{
    switch (type) {
    case SVC_ID_IPV4:
        return id->len == IPV4_BYTES ? RIG_CODE_SUCCESS : RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE;
    case SVC_ID_IPV6:
        return id->len == IPV6_BYTES ? RIG_CODE_SUCCESS : RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE;
    case SVC_ID_FQDN:
    case SVC_ID_USER_FQDN:
        return id->len > 0 && !memchr(id->bytes, 0, id->len) ? RIG_CODE_SUCCESS
                                                             : RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE;
    default:
        return RIG_CODE_IKE_ID_PAYLOAD_TYPE_NOT_SUPPORTED;
    }
}

static rig_code check_ike(const rig_service *service, const rig_ike_info *info)
{
    rig_code code = check_change(service, info->initiator, info->port);
    if (code != RIG_CODE_SUCCESS)
        return code;
    if (info->method != METHOD_PRESHARED_KEY)
        return RIG_CODE_REQUEST_NOT_SUPPORTED;
    if (info->security_flags & ~RIG_SECURITY_KNOWN)
        return RIG_CODE_INVALID_PARAMETER;
    return check_id(info->id_type, &info->id);
}

/* Whether the adapters that are meant can hold the key: all, some (a warning), or none, and then why. */
static rig_code check_room(const rig_service *service, const rig_ike_info *info, const svc_row *old)
{
    const rig_hba *hba = service->config.hba;
    bool had_key = old && ((const rig_ike_info *)old->record)->key.len > 0;
    uint32_t taken = 0, refused = 0;
    rig_code why = RIG_CODE_SUCCESS;
    for (uint32_t i = 0; i < hba->num_adapters; i++) {
        const rig_adapter *adapter = &hba->adapters[i];
        uint32_t held = svc_keys_held(service, adapter, UINT64_MAX) - had_key;
        if (!svc_ike_covers(info, adapter))
            continue;
        rig_code code = rig_adapter_key_room(adapter, held);
        taken += code == RIG_CODE_SUCCESS;
        refused += code != RIG_CODE_SUCCESS;
        why = code != RIG_CODE_SUCCESS ? code : why;
    }
    return refused == 0 ? RIG_CODE_SUCCESS : taken == 0 ? why : RIG_CODE_OPERATION_NOT_ALL_SUCCESS;
}

/* An identity with neither key nor flags says nothing any more, and is forgotten; one with flags alone uses
 * the key of the group. */
rig_code svc_set_ike(rig_service *service, svc_call *call)
{
    const rig_ike_info *info = call->request;
    rig_code code = check_ike(service, info), room = RIG_CODE_SUCCESS;
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_row *row = svc_find(service, SVC_IKE, info);
    if (info->key.len == 0 && info->security_flags == 0)
        return row ? svc_drop(service, SVC_IKE, row) : RIG_CODE_SUCCESS;
    if (info->key.len)
        room = check_room(service, info, row);
    if (room != RIG_CODE_SUCCESS && !rig_code_is_warning(room))
        return room;
    code = svc_put(service, SVC_IKE, info, info->persist);
    return code == RIG_CODE_SUCCESS ? room : code;
}

/* What is set for the port itself, for all ports of its initiator, or for every initiator. */
static const rig_ike_info *find_ike(const rig_service *service, const rig_ike_query *query)
{
    rig_ike_info wanted = {.port = query->port, .id_type = query->id_type, .id = query->id};
    memcpy(wanted.initiator, query->initiator, sizeof wanted.initiator);
    const svc_row *row = svc_find(service, SVC_IKE, &wanted);
    wanted.port = RIG_PORT_ANY;
    row = row ? row : svc_find(service, SVC_IKE, &wanted);
    wanted.initiator[0] = 0;
    row = row ? row : svc_find(service, SVC_IKE, &wanted);
    return row ? row->record : NULL;
}

rig_code svc_get_ike(rig_service *service, svc_call *call)
{
    const rig_ike_query *query = call->request;
    rig_ike_info *reply = call->reply;
    rig_code code = rig_hba_port(service->config.hba, query->initiator, query->port);
    if (code == RIG_CODE_SUCCESS)
        code = check_id(query->id_type, &query->id);
    if (code != RIG_CODE_SUCCESS)
        return code;
    const rig_ike_info *found = find_ike(service, query);
    if (!found)
        return RIG_CODE_NO_AUTH_INFO_AVAILABLE;
    if (found->key.len == 0 && !svc_setting(service, SVC_SETTING_GROUP_KEY))
        return RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE;
    *reply = *found;
    rig_record_hide(RIG_SHAPE(ike_info), reply);
    return RIG_CODE_SUCCESS;
}

/* ---- outer addresses ---- */

/* One spelling an address, so that portals find it. */
bool svc_ip_text(const char *text, char *out, size_t size)
{
    rig_ip ip;
    rig_text to;
    if (!rig_ip_parse(rig_view_str(text), &ip))
        return false;
    rig_text_init(&to, out, size);
    rig_ip_print(&to, &ip);
    return true;
}

/* Both ends are numeric: a name that another server answers for must not lead a tunnel elsewhere. */
rig_code svc_set_tunnel(rig_service *service, svc_call *call)
{
    const rig_tunnel_address *request = call->request;
    rig_tunnel_address tunnel = *request;
    rig_code code = check_change(service, request->initiator, request->port);
    if (code != RIG_CODE_SUCCESS)
        return code;
    if (!svc_ip_text(request->destination, tunnel.destination, sizeof tunnel.destination))
        return RIG_CODE_INVALID_PARAMETER;
    svc_row *row = svc_find(service, SVC_TUNNELS, &tunnel);
    if (request->outer[0] == 0)
        return row ? svc_drop(service, SVC_TUNNELS, row) : RIG_CODE_SUCCESS;
    if (!svc_ip_text(request->outer, tunnel.outer, sizeof tunnel.outer))
        return RIG_CODE_INVALID_PARAMETER;
    return svc_put(service, SVC_TUNNELS, &tunnel, request->persist);
}
