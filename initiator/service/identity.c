/* Who we are and what we prove it with: node name, secrets, RADIUS servers, version. */
#include "internal.h"

#define CHAP_SECRET_MOST 16 /* octets that the API takes of a CHAP secret */
#define RADIUS_SECRET_LEAST 22
#define RADIUS_SECRET_MOST 26
#define RADIUS_ADDRESS_MOST 39 /* bytes: MAX_RADIUS_ADDRESS_LEN of the API without its two NULs */

/* The authority is the project's page: RFC 7143 section 4.2.7.4 wants a domain that is one's own. */
#define DEFAULT_NAME_AUTHORITY "iqn.2026-09.io.github.iscsirig:"

/* ---- lists ---- */

static rig_code add_label(const rig_service *service, rig_labels *reply, const char *text)
{
    rig_label *label = rig_list_add(service->config.alloc, RIG_SHAPE(label), &reply->labels);
    if (!label)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    rig_text out;
    rig_text_init(&out, label->text, sizeof label->text);
    rig_text_add(&out, "%s", text);
    return RIG_CODE_SUCCESS;
}

rig_code svc_report_labels(const rig_service *service, svc_table_id id, rig_labels *reply)
{
    const svc_table *table = &service->tables[id];
    rig_code code = RIG_CODE_SUCCESS;
    for (uint32_t i = 0; i < table->num && code == RIG_CODE_SUCCESS; i++)
        code = add_label(service, reply, ((const rig_label *)table->rows[i]->record)->text);
    return code;
}

rig_code svc_report_initiators(rig_service *service, svc_call *call)
{
    const rig_hba *hba = service->config.hba;
    rig_code code = RIG_CODE_SUCCESS;
    for (uint32_t i = 0; i < hba->num_adapters && code == RIG_CODE_SUCCESS; i++)
        code = add_label(service, call->reply, hba->adapters[i].name);
    return code;
}

/* ---- node name ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/* The host's name with what no iSCSI name may have replaced (4.2.7.2). */
static void default_name(const rig_service *service, char out[RIG_INAME_TEXT])
{
    const rig_service_settings *settings = &service->config.settings;
    rig_text text;
    rig_text_init(&text, out, RIG_INAME_TEXT);
    if (settings->node_name) {
        rig_text_add(&text, "%s", settings->node_name);
        return;
    }
    rig_text_add(&text, "%s", DEFAULT_NAME_AUTHORITY);
    for (const char *c = settings->host_name; c && *c; c++)
        rig_text_add(&text, "%c", is_letter_or_digit(*c) || *c == '.' ? lower(*c) : '-');
}

static rig_status rename_all(rig_service *service, const char *name, rig_error *err)
{
    rig_hba *hba = service->config.hba;
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < hba->num_adapters && !status; i++)
        if (hba->adapters[i].initiator)
            status = rig_initiator_rename(hba->adapters[i].initiator, rig_view_str(name), err);
    return status;
}

/* A default name that its engines do not take leaves them with the one they were made with; a kept one was
 * taken once, or the store is damaged. */
rig_status svc_identity_load(rig_service *service, rig_error *err)
{
    const rig_octets *kept = svc_setting(service, SVC_SETTING_NODE_NAME);
    rig_text text;
    if (kept && rig_iname_check(rig_octets_view(kept), NULL, NULL))
        return rig_fail(err, RIG_E_FORMAT, "the node name that the store holds is no iSCSI name");
    if (kept) {
        rig_text_init(&text, service->node_name, sizeof service->node_name);
        rig_text_view(&text, rig_octets_view(kept));
    } else {
        default_name(service, service->node_name);
    }
    rename_all(service, service->node_name, NULL);
    return RIG_OK;
}

rig_code svc_get_node_name(rig_service *service, svc_call *call)
{
    rig_label *reply = call->reply;
    rig_text out;
    rig_text_init(&out, reply->text, sizeof reply->text);
    rig_text_add(&out, "%s", service->node_name);
    return RIG_CODE_SUCCESS;
}

static rig_code use_name(rig_service *service, const char *name, const rig_octets *kept, rig_error *err)
{
    rig_status status = rename_all(service, name, err);
    rig_code code = status ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY
                           : svc_setting_put(service, SVC_SETTING_NODE_NAME, kept, true);
    if (code != RIG_CODE_SUCCESS) {
        rename_all(service, service->node_name, NULL);
        return code;
    }
    memcpy(service->node_name, name, RIG_INAME_TEXT);
    return RIG_CODE_SUCCESS;
}

/* A name that cannot be is refused here: no target would take a login with it. Sessions that are there keep
 * the name they have, which is half of their nexus (4.4.3). */
rig_code svc_set_node_name(rig_service *service, svc_call *call)
{
    const rig_label *wanted = call->request;
    char name[RIG_INAME_TEXT] = "";
    rig_octets kept = {0};
    if (!wanted->text[0]) {
        default_name(service, name);
        return use_name(service, name, NULL, &call->error);
    }
    if (rig_iname_prepare(rig_view_str(wanted->text), name, &call->error) ||
        rig_iname_check(rig_view_str(name), NULL, &call->error) || rig_octets_set(&kept, rig_view_str(name)))
        return RIG_CODE_INVALID_ISCSI_NAME;
    return use_name(service, name, &kept, &call->error);
}

/* ---- secrets ---- */

static bool can_ipsec(const rig_service *service)
{
    const rig_hba *hba = service->config.hba;
    bool can = false;
    for (uint32_t i = 0; i < hba->num_adapters; i++)
        can = can || hba->adapters[i].abilities.ipsec;
    return can;
}

static rig_code keep_secret(rig_service *service, const char *setting, const rig_octets *secret)
{
    if (service->config.settings.no_security_change_policy)
        return RIG_CODE_RESTRICTED_BY_GROUP_POLICY;
    return svc_setting_put(service, setting, secret, true);
}

/* Below 96 bits a secret needs IPsec around it (9.2.1): kept with a warning where an adapter has it, useless
 * where none has. */
rig_code svc_set_chap_secret(rig_service *service, svc_call *call)
{
    const rig_octets *secret = &((const rig_secret *)call->request)->secret;
    bool is_short = secret->len > 0 && secret->len < RIG_CHAP_SECRET_MIN;
    if (secret->len > CHAP_SECRET_MOST || (is_short && !can_ipsec(service)))
        return RIG_CODE_INVALID_INITIATOR_CHAP_SECRET;
    rig_code code = keep_secret(service, SVC_SETTING_CHAP_SECRET, secret);
    return code == RIG_CODE_SUCCESS && is_short ? RIG_CODE_SHORT_CHAP_SECRET : code;
}

rig_code svc_set_radius_secret(rig_service *service, svc_call *call)
{
    const rig_octets *secret = &((const rig_secret *)call->request)->secret;
    if (secret->len > 0 && (secret->len < RADIUS_SECRET_LEAST || secret->len > RADIUS_SECRET_MOST))
        return RIG_CODE_WIN32_INVALID_PARAMETER;
    return keep_secret(service, SVC_SETTING_RADIUS_SECRET, secret);
}

/* ---- RADIUS servers ---- */

/* An address or a DNS name; whether it resolves shows when the server is asked. */
static bool is_host(const char *text)
{
    rig_ip ip;
    if (rig_ip_parse(rig_view_str(text), &ip))
        return true;
    for (const char *c = text; *c; c++)
        if (!is_letter_or_digit(*c) && *c != '-' && *c != '.')
            return false;
    return text[0] != '\0' && text[0] != '-' && text[0] != '.';
}

rig_code svc_add_radius(rig_service *service, svc_call *call)
{
    const rig_label *server = call->request;
    if (strlen(server->text) > RADIUS_ADDRESS_MOST || !is_host(server->text))
        return RIG_CODE_WIN32_INVALID_PARAMETER;
    return svc_put(service, SVC_RADIUS, server, true);
}

rig_code svc_remove_radius(rig_service *service, svc_call *call)
{
    svc_row *row = svc_find(service, SVC_RADIUS, call->request);
    return row ? svc_drop(service, SVC_RADIUS, row) : RIG_CODE_WIN32_HOST_NOT_FOUND;
}

rig_code svc_report_radius(rig_service *service, svc_call *call)
{
    return svc_report_labels(service, SVC_RADIUS, call->reply);
}

/* ---- the program ---- */

rig_code svc_get_version(rig_service *service, svc_call *call)
{
    (void)service;
    *(rig_version *)call->reply = (rig_version){SVC_VERSION_MAJOR, SVC_VERSION_MINOR, SVC_VERSION_BUILD};
    return RIG_CODE_SUCCESS;
}

rig_code svc_get_info(rig_service *service, svc_call *call)
{
    *(rig_service_info *)call->reply = (rig_service_info){
        .ready = service->ready, .boot = (uint32_t)service->boot_code, .sessions = service->num_sessions};
    return RIG_CODE_SUCCESS;
}
