/* What each reply looks like for people: one layout a record, a row a member. */
#include "cli.h"

#include <inttypes.h>

#define LAYOUT(of, lines)                                                                                    \
    {                                                                                                        \
        RIG_RECORD_##of, lines, sizeof lines / sizeof lines[0]                                               \
    }

static const char *const auth_types[] = {"none", "CHAP", "mutual CHAP", NULL};
static const char *const digests[] = {"none", "CRC32C", NULL};
static const char *const session_types[] = {"discovery", "informational", "data", "boot", NULL};
static const char *const connection_states[] = {"login", "full feature phase", "logout", NULL};
static const char *const id_types[] = {"0", "IPv4", "FQDN", "user FQDN", "4", "IPv6", NULL};
static const char *const methods[] = {"none", "pre-shared key", NULL};
static const char *const protocols[] = {"TCP", NULL};

static const cli_row option_rows[] = {
    {"Login flags", "flags", CLI_AS_BITS, NULL, 0, NULL},
    {"Header digest", "header-digest", CLI_AS_NAME, digests, RIG_LOGIN_HAS_HEADER_DIGEST, NULL},
    {"Data digest", "data-digest", CLI_AS_NAME, digests, RIG_LOGIN_HAS_DATA_DIGEST, NULL},
    {"MaxConnections", "max-connections", CLI_AS_COUNT, NULL, RIG_LOGIN_HAS_MAX_CONNECTIONS, NULL},
    {"DefaultTime2Wait", "time2wait", CLI_AS_COUNT, NULL, RIG_LOGIN_HAS_TIME2WAIT, NULL},
    {"DefaultTime2Retain", "time2retain", CLI_AS_COUNT, NULL, RIG_LOGIN_HAS_TIME2RETAIN, NULL},
    {"User", "username", CLI_AS_OCTETS, "node name", RIG_LOGIN_HAS_USERNAME, NULL},
    {"Authentication", "auth-type", CLI_AS_NAME, auth_types, RIG_LOGIN_HAS_AUTH_TYPE, NULL},
};
static const cli_layout options = LAYOUT(login_options, option_rows);

static const cli_row mapped_rows[] = {
    {"LUN of the system", "os-lun", CLI_AS_COUNT, NULL, 0, NULL},
    {"LUN of the target", "target-lun", CLI_AS_LUN, NULL, 0, NULL},
};
static const cli_layout mapped = LAYOUT(lun_mapping, mapped_rows);

static const cli_row default_mapping_rows[] = {
    {"Mapping to bus", "os-bus", CLI_AS_PORT, NULL, 0, NULL},
    {"Target number", "os-target", CLI_AS_PORT, NULL, 0, NULL},
    {NULL, "luns", CLI_AS_LIST, &mapped, 0, NULL},
};
static const cli_layout default_mapping = LAYOUT(target_mapping, default_mapping_rows);

static const cli_row mapping_rows[] = {
    {"Session", "session", CLI_AS_ID, NULL, 0, NULL},
    {"Target", "target", CLI_AS_TEXT, "-", 0, NULL},
    {"Initiator", "initiator", CLI_AS_TEXT, "any", 0, NULL},
    {"Adapter of the system", "os-device", CLI_AS_TEXT, "-", 0, NULL},
    {"Bus number", "os-bus", CLI_AS_PORT, NULL, 0, NULL},
    {"Target number", "os-target", CLI_AS_PORT, NULL, 0, NULL},
    {NULL, "luns", CLI_AS_LIST, &mapped, 0, NULL},
};
static const cli_layout mapping = LAYOUT(target_mapping, mapping_rows);

static const cli_row address_rows[] = {
    {"Portal", "address", CLI_AS_TEXT, "any", 0, NULL},
    {"Socket", "socket", CLI_AS_COUNT, NULL, 0, NULL},
    {"Symbolic name", "symbolic-name", CLI_AS_TEXT, "-", 0, NULL},
};
static const cli_layout address = LAYOUT(target_portal, address_rows);

static const cli_row discovery_rows[] = {
    {"Portal", "portal", CLI_AS_PORTAL, NULL, 0, NULL},
    {"Initiator", "initiator", CLI_AS_TEXT, "any", 0, NULL},
    {"Port number", "port", CLI_AS_PORT, NULL, 0, NULL},
    {"Security flags", "security-flags", CLI_AS_SECURITY, NULL, 0, NULL},
    {NULL, "options", CLI_AS_LINES, &options, 0, NULL},
};
static const cli_layout discovery = LAYOUT(send_targets_portal, discovery_rows);

static const cli_row group_rows[] = {
    {"Portal group", "tag", CLI_AS_COUNT, NULL, 0, NULL},
    {NULL, "portals", CLI_AS_LIST, &address, 0, NULL},
};
static const cli_layout group = LAYOUT(portal_group, group_rows);

static const cli_row instance_rows[] = {
    {"Mechanism", "mechanism", CLI_AS_TEXT, "-", 0, NULL},
    {"Target", "target", CLI_AS_TEXT, "-", 0, NULL},
    {"Alias", "alias", CLI_AS_TEXT, "-", 0, NULL},
    {"Initiator", "initiator", CLI_AS_TEXT, "any", 0, NULL},
    {"Protocol", "protocol", CLI_AS_NAME, protocols, 0, NULL},
    {"Target flags", "flags", CLI_AS_BITS, NULL, 0, NULL},
    {NULL, "mapping", CLI_AS_LINES, &default_mapping, 0, "has-mapping"},
    {NULL, "options", CLI_AS_LINES, &options, 0, "has-options"},
    {NULL, "groups", CLI_AS_LIST, &group, 0, NULL},
};
static const cli_layout instance = LAYOUT(target_instance, instance_rows);

static const cli_row login_rows[] = {
    {"Target", "target", CLI_AS_TEXT, "-", 0, NULL},
    {"Portal", "portal", CLI_AS_PORTAL, NULL, 0, NULL},
    {"Initiator", "initiator", CLI_AS_TEXT, "any", 0, NULL},
    {"Port number", "port", CLI_AS_PORT, NULL, 0, NULL},
    {"Informational", "informational", CLI_AS_YES, NULL, 0, NULL},
    {"Security flags", "security-flags", CLI_AS_SECURITY, NULL, 0, NULL},
    {NULL, "mapping", CLI_AS_LINES, &default_mapping, 0, "has-mapping"},
    {NULL, "options", CLI_AS_LINES, &options, 0, "has-options"},
};
static const cli_layout login = LAYOUT(login, login_rows);

static const cli_row ids_rows[] = {
    {"Session", "session", CLI_AS_ID, NULL, 0, NULL},
    {"Connection", "connection", CLI_AS_ID, NULL, 0, NULL},
};
static const cli_layout ids = LAYOUT(login_ids, ids_rows);

static const cli_row connection_rows[] = {
    {"Connection", "id", CLI_AS_ID, NULL, 0, NULL},
    {"CID", "cid", CLI_AS_COUNT, NULL, 0, NULL},
    {"State", "state", CLI_AS_NAME, connection_states, 0, NULL},
    {"Our address", "local-address", CLI_AS_TEXT, "-", 0, NULL},
    {"Our socket", "local-port", CLI_AS_COUNT, NULL, 0, NULL},
    {"Portal", "remote-address", CLI_AS_TEXT, "-", 0, NULL},
    {"Socket", "remote-port", CLI_AS_COUNT, NULL, 0, NULL},
    {"IP protocol", "protocol", CLI_AS_COUNT, NULL, 0, NULL},
    {"Header digest", "header-digest", CLI_AS_NAME, digests, 0, NULL},
    {"Data digest", "data-digest", CLI_AS_NAME, digests, 0, NULL},
    {"MaxRecvDataSegmentLength", "max-recv", CLI_AS_COUNT, NULL, 0, NULL},
    {"Authentication", "auth-type", CLI_AS_NAME, auth_types, 0, NULL},
    {"Bytes a second", "throughput", CLI_AS_COUNT, "not known", 0, NULL},
    {"Largest datagram", "max-datagram", CLI_AS_COUNT, "not known", 0, NULL},
};
static const cli_layout connection = LAYOUT(connection_info, connection_rows);

static const cli_row session_rows[] = {
    {"Session", "id", CLI_AS_ID, NULL, 0, NULL},
    {"Target", "target", CLI_AS_TEXT, "-", 0, NULL},
    {"Target in the login", "target-node", CLI_AS_TEXT, "-", 0, NULL},
    {"Initiator node", "initiator-node", CLI_AS_TEXT, "-", 0, NULL},
    {"Initiator", "initiator", CLI_AS_TEXT, "any", 0, NULL},
    {"ISID", "isid", CLI_AS_HEX, NULL, 0, NULL},
    {"TSIH", "tsih", CLI_AS_BITS, NULL, 0, NULL},
    {"Type", "type", CLI_AS_NAME, session_types, 0, NULL},
    {"From a kept login", "persistent", CLI_AS_YES, NULL, 0, NULL},
    {"InitialR2T", "initial-r2t", CLI_AS_YES, NULL, 0, NULL},
    {"ImmediateData", "immediate-data", CLI_AS_YES, NULL, 0, NULL},
    {"DataSequenceInOrder", "data-sequence-in-order", CLI_AS_YES, NULL, 0, NULL},
    {"DataPDUInOrder", "data-pdu-in-order", CLI_AS_YES, NULL, 0, NULL},
    {"ErrorRecoveryLevel", "error-recovery-level", CLI_AS_COUNT, NULL, 0, NULL},
    {"MaxOutstandingR2T", "max-outstanding-r2t", CLI_AS_COUNT, NULL, 0, NULL},
    {"FirstBurstLength", "first-burst", CLI_AS_COUNT, NULL, 0, NULL},
    {"MaxBurstLength", "max-burst", CLI_AS_COUNT, NULL, 0, NULL},
    {"MaxConnections", "max-connections", CLI_AS_COUNT, NULL, 0, NULL},
    {NULL, "connections", CLI_AS_LIST, &connection, 0, NULL},
};
static const cli_layout session = LAYOUT(session_info, session_rows);

static const cli_row identity_rows[] = {
    {"Initiator", "initiator", CLI_AS_TEXT, "every one", 0, NULL},
    {"Port number", "port", CLI_AS_PORT, NULL, 0, NULL},
    {"Method", "method", CLI_AS_NAME, methods, 0, NULL},
    {"Security flags", "security-flags", CLI_AS_SECURITY, NULL, 0, NULL},
    {"Type of identity", "id-type", CLI_AS_NAME, id_types, 0, NULL},
    {"Identity", "id", CLI_AS_OCTETS, "-", 0, NULL},
    {"Kept over a restart", "persist", CLI_AS_YES, NULL, 0, NULL},
};
static const cli_layout identity = LAYOUT(ike_info, identity_rows);

static const cli_row pong_rows[] = {{"Answers", "received", CLI_AS_COUNT, NULL, 0, NULL}};
static const cli_layout pong = LAYOUT(ping_answer, pong_rows);

/* ---- lists ---- */

static void show_number(FILE *out, const char *what, const void *list)
{
    char number[16];
    rig_text text;
    rig_text_init(&text, number, sizeof number);
    rig_text_add(&text, "%" PRIu32, cli_list_num(list));
    cli_show_line(out, 0, what, number);
}

static void show_labels(FILE *out, const rig_labels *labels)
{
    for (uint32_t i = 0; i < labels->labels.num; i++) {
        char line[sizeof labels->labels.ptr[i].text];
        rig_text text;
        rig_text_init(&text, line, sizeof line);
        cli_safe(&text, rig_view_str(labels->labels.ptr[i].text));
        fprintf(out, "  %s\n", line);
    }
}

/* One line a session. */
static void show_brief(FILE *out, const rig_sessions *sessions)
{
    for (uint32_t i = 0; i < sessions->sessions.num; i++) {
        const rig_session_info *info = &sessions->sessions.ptr[i];
        char line[sizeof info->target];
        rig_text text;
        rig_text_init(&text, line, sizeof line);
        cli_safe(&text, rig_view_str(info->target));
        fprintf(out, "  %016" PRIx64 "-%016" PRIx64 "  %s\n", info->id.adapter, info->id.specific, line);
    }
}

static const struct {
    rig_record_id reply;
    bool is_list; /* the reply is nothing but a list of what the layout shows */
    const cli_layout *layout;
} replies[] = {
    {RIG_RECORD_send_targets_portals, true, &discovery},
    {RIG_RECORD_target_instances, true, &instance},
    {RIG_RECORD_sessions, true, &session},
    {RIG_RECORD_mappings, true, &mapping},
    {RIG_RECORD_logins, true, &login},
    {RIG_RECORD_login_ids, false, &ids},
    {RIG_RECORD_ike_info, false, &identity},
    {RIG_RECORD_ping_answer, false, &pong},
};

static void show_laid_out(const cli *c, const cli_request *request, const void *reply)
{
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        if (replies[i].reply != request->call->reply)
            continue;
        if (replies[i].is_list)
            cli_show_list(c->out, 1, replies[i].layout, reply);
        else
            cli_show_layout(c->out, 0, replies[i].layout, reply);
    }
}

static void show_label(FILE *out, const rig_label *label)
{
    char line[sizeof label->text];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    cli_safe(&text, rig_view_str(label->text));
    fprintf(out, "%s\n", line);
}

/* Nothing was made that ids could name: the call was done, and that is all there is to say. */
static bool is_said(const cli_request *request, const void *reply)
{
    const rig_login_ids *made = reply;
    rig_record_id record = request->call->reply;
    return record != RIG_RECORD_nothing &&
           (record != RIG_RECORD_login_ids || made->session.adapter || made->session.specific);
}

void cli_show(const cli *c, const cli_request *request, const void *reply)
{
    if (request->verb->what)
        show_number(c->out, request->verb->what, reply);
    if (!is_said(request, reply)) {
        fprintf(c->out, "%s\n", rig_code_meaning(RIG_CODE_SUCCESS));
        return;
    }
    switch (request->call->reply) {
    case RIG_RECORD_labels:
        show_labels(c->out, reply);
        break;
    case RIG_RECORD_label:
        show_label(c->out, reply);
        break;
    case RIG_RECORD_scsi_answer:
        cli_show_scsi(c->out, request, reply);
        break;
    default:
        if (request->brief)
            show_brief(c->out, reply);
        else
            show_laid_out(c, request, reply);
    }
}
