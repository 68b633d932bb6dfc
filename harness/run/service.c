/* The service under test: its adapters, what its store holds, and its start. */
#include "world.h"

#define KEPT_GROUP_KEY "group-key" /* as the service keeps them */
#define KEPT_NAME "node-name"

/* ---- adapters ---- */

static rig_status build_port(const rig_scn_port *from, rig_adapter_port *out, rig_error *err)
{
    *out = (rig_adapter_port){
        .prefix = from->prefix, .down = from->down, .strict_gateway = from->strict_gateway};
    return rig_ip_parse(from->address, &out->local.ip)
               ? RIG_OK
               : rig_fail(err, RIG_E_SYNTAX, "\"%.*s\" is not a numeric address",
                          RIG_VIEW_ARG(from->address));
}

static rig_status build_adapter(run_world *world, const rig_scn_adapter *from, rig_error *err)
{
    uint32_t at = world->hba.num_adapters++;
    rig_adapter *out = &world->hba.adapters[at];
    rig_text name;
    rig_text_init(&name, world->adapter_names[at], sizeof world->adapter_names[at]);
    rig_text_view(&name, from->name);
    *out = (rig_adapter){.name = world->adapter_names[at],
                         .hardware = from->hardware,
                         .abilities = {from->ipsec, from->aggressive, from->tunnel},
                         .num_ports = from->num_ports};
    if (from->quirk.len)
        out->quirks = *rig_quirks_find(from->quirk);
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < from->num_ports && !status; i++)
        status = build_port(&from->ports[i], &out->ports[i], err);
    return status;
}

/* Links stay as they are when the service begins anew. */
static rig_status build_hba(run_world *world, rig_error *err)
{
    const rig_scn_adapter host = {.name = rig_view_str("host")};
    const rig_scn *scn = world->scn;
    rig_status status = scn->num_adapters ? RIG_OK : build_adapter(world, &host, err);
    for (uint32_t i = 0; i < scn->num_adapters && !status; i++)
        status = build_adapter(world, &scn->adapters[i], err);
    return status;
}

/* ---- what is tuned ---- */

static void tune_flag(const rig_scn_value *value, void *out)
{
    (void)value;
    *(bool *)out = true;
}

static void tune_number(const rig_scn_value *value, void *out)
{
    *(uint32_t *)out = value->number > UINT32_MAX ? UINT32_MAX : (uint32_t)value->number;
}

static void tune_time(const rig_scn_value *value, void *out)
{
    *(uint64_t *)out = value->number;
}

static void tune_security(const rig_scn_value *value, void *out)
{
    rig_security_parse(value->text, out, NULL);
}

static const struct {
    const char *name;
    void (*set)(const rig_scn_value *value, void *out);
    size_t offset;
} tunings[] = {
#define TUNE(name, set, member)                                                                              \
    {                                                                                                        \
        name, set, offsetof(rig_service_settings, member)                                                    \
    }
    TUNE("default-security", tune_security, default_security),
    TUNE("login-attempts", tune_number, login_attempts),
    TUNE("login-pause", tune_time, login_pause),
    TUNE("network-attempts", tune_number, network_attempts),
    TUNE("network-pause", tune_time, network_pause),
    TUNE("device-wait", tune_time, device_wait),
    TUNE("boot-parallel", tune_number, boot_parallel),
    TUNE("scsi-timeout", tune_time, scsi_timeout),
    TUNE("reconnect-pause", tune_time, reconnect_pause),
    TUNE("device-hold", tune_time, device_hold),
    TUNE("radius-wait", tune_time, radius_wait),
    TUNE("no-multipath", tune_flag, no_multipath_policy),
    TUNE("no-security-change", tune_flag, no_security_change_policy),
    TUNE("strict-security", tune_flag, strict_security),
#undef TUNE
};

static void tune(run_world *world, rig_service_settings *settings)
{
    const rig_scn_tuning *tuning = &world->scn->tuning;
    rig_service_settings_init(settings);
    settings->node_name = world->node_name;
    for (uint32_t i = 0; i < tuning->num_args; i++) {
        const rig_scn_arg *arg = &tuning->args[i];
        for (size_t row = 0; row < sizeof tunings / sizeof tunings[0]; row++)
            if (strcmp(tunings[row].name, arg->row->name) == 0)
                tunings[row].set(&arg->value, (uint8_t *)settings + tunings[row].offset);
        if (strcmp(arg->row->name, "host-name") == 0) {
            settings->node_name = NULL;
            rig_text name;
            rig_text_init(&name, world->host_name, sizeof world->host_name);
            rig_text_view(&name, arg->value.text);
            settings->host_name = world->host_name;
        }
    }
}

/* ---- RADIUS ---- */

/* One verdict a question, whichever server it is for; the last one counts for all behind it. */
static void radius_ask(void *ctx, const rig_radius_question *question, uint64_t now, rig_radius_fn *done,
                       void *done_ctx)
{
    run_world *world = ctx;
    rig_view rest = world->radius_says, verdict = rig_view_split(&rest, '+');
    (void)question;
    for (uint32_t i = 0; i < world->radius_asked && rest.ptr; i++)
        verdict = rig_view_split(&rest, '+');
    world->radius_asked++;
    if (!rig_view_is(verdict, "silent"))
        done(done_ctx, rig_view_is(verdict, "accept") ? RIG_OK : RIG_E_AUTH, now);
}

static void radius_cancel(void *ctx, const void *done_ctx)
{
    (void)ctx; /* who is silent stays so */
    (void)done_ctx;
}

static const rig_radius *radius_of(run_world *world)
{
    const rig_scn_tuning *tuning = &world->scn->tuning;
    for (uint32_t i = 0; i < tuning->num_args; i++)
        if (strcmp(tuning->args[i].row->name, "radius") == 0)
            world->radius_says = tuning->args[i].value.text;
    world->radius = (rig_radius){radius_ask, radius_cancel, world};
    return world->radius_says.len ? &world->radius : NULL;
}

/* ---- the service ---- */

rig_status run_service_start(run_world *world, rig_error *err)
{
    rig_service_config config = {.alloc = world->alloc,
                                 .draws = world->draws,
                                 .store = world->store,
                                 .hba = &world->hba,
                                 .transport = world->host_transport,
                                 .ipsec = run_ipsec_provider(world),
                                 .radius = radius_of(world),
                                 .event = run_service_event,
                                 .ctx = world};
    rig_text name;
    rig_text_init(&name, world->node_name, sizeof world->node_name);
    rig_text_view(&name, world->initiator_names[0]);
    tune(world, &config.settings);
    config.settings.boot_table = &world->boot_table;
    for (uint32_t i = 0; i < world->hba.num_adapters; i++)
        world->hba.adapters[i].initiator = world->initiator;
    rig_status status = run_session_config(world, &config.session, err);
    return status ? status : rig_service_new(&config, &world->service, err);
}

void run_service_free(run_world *world)
{
    const rig_shape *shape = RIG_SHAPE(login);
    rig_service_free(world->service);
    world->service = NULL;
    rig_store_free(world->store);
    rig_policy_db_clear(&world->hba.policies, world->alloc);
    for (uint32_t i = 0; i < world->boot_table.num; i++)
        rig_record_clear(world->alloc, shape, &world->boot_table.ptr[i]);
    rig_delete(world->alloc, world->boot_table.ptr, world->boot_table.size * shape->size);
    world->boot_table = (rig_login_list){0};
}

/* ---- portals ---- */

/* Over sockets a portal of the scenario is another address. */
static void portal_swap(const run_world *world, rig_target_portal *portal, bool actual)
{
    char text[RIG_PORTAL_TEXT];
    rig_portal at = {.port = portal->socket, .group = -1};
    rig_text out;
    rig_text_init(&out, at.host, sizeof at.host);
    rig_text_add(&out, "%s", portal->address);
    rig_text_init(&out, text, sizeof text);
    rig_portal_print(&out, &at);
    for (uint32_t i = 0; i < world->num_aliases; i++) {
        const rig_match_alias *alias = &world->aliases[i];
        if (!rig_view_eq(actual ? alias->written : alias->actual, rig_view_of(text, out.len)) ||
            rig_portal_parse(actual ? alias->actual : alias->written, &at, NULL) != RIG_OK)
            continue;
        rig_text_init(&out, portal->address, sizeof portal->address);
        rig_text_add(&out, "%s", at.host);
        portal->socket = at.port;
        return;
    }
}

/* What every rig_X_list looks like. */
typedef struct any_list {
    uint32_t num, size;
    uint8_t *ptr;
} any_list;

void run_portals_swap(const run_world *world, const rig_shape *shape, void *record, bool actual)
{
    if (shape == RIG_SHAPE(target_portal))
        portal_swap(world, record, actual);
    for (size_t i = 0; i < shape->num_members; i++) {
        const rig_member *member = &shape->members[i];
        void *at = (uint8_t *)record + member->offset;
        if (member->kind == RIG_MEMBER_PART)
            run_portals_swap(world, rig_shape_of(member->record), at, actual);
        const any_list *list = member->kind == RIG_MEMBER_LIST ? at : NULL;
        for (uint32_t entry = 0; list && entry < list->num; entry++)
            run_portals_swap(world, rig_shape_of(member->record),
                             list->ptr + entry * rig_shape_of(member->record)->size, actual);
    }
}

/* ---- policies in force ---- */

static rig_status build_policy(run_world *world, const rig_scn_policy *from, rig_error *err)
{
    rig_portal portal;
    rig_target_portal at = {0};
    rig_text host;
    const rig_security_policy policy = {.ipsec = from->ipsec,
                                        .aggressive = from->aggressive,
                                        .pfs = from->pfs,
                                        .tunnel = from->tunnel,
                                        .administered = true};
    rig_status status = rig_portal_parse(from->portal, &portal, err);
    if (status)
        return status;
    rig_text_init(&host, at.address, sizeof at.address);
    rig_text_add(&host, "%s", portal.host);
    at.socket = portal.port;
    portal_swap(world, &at, true);
    portal.port = at.socket;
    rig_text_init(&host, portal.host, sizeof portal.host);
    rig_text_add(&host, "%s", at.address);
    return rig_policy_db_put(&world->hba.policies, world->alloc, world->hba.adapters[from->adapter].name,
                             from->port, &portal, &policy);
}

/* ---- rows ---- */

static rig_status put_row(run_world *world, const rig_scn_row *row, uint64_t id, const void *record,
                          rig_error *err)
{
    char kind[RIG_STORE_KIND_MAX + 1], *body = NULL;
    size_t len = 0;
    rig_text text;
    rig_store *store = world->store;
    rig_text_init(&text, kind, sizeof kind);
    rig_text_view(&text, row->kind);
    rig_status status =
        rig_record_to_json(world->alloc, rig_shape_of(row->record), record, RIG_JSON_KEEP, &body, &len);
    if (!status)
        status = store->ops->begin(store, err);
    if (!status)
        status = store->ops->put(store, kind, id, rig_view_of(body, len), err);
    if (!status)
        status = store->ops->commit(store, err);
    rig_secret_wipe(body, body ? len : 0);
    rig_delete(world->alloc, body, body ? len + 1 : 0);
    return status;
}

static rig_status fill(run_world *world, const rig_scn_row *row, void *record, rig_error *err)
{
    const rig_shape *shape = rig_shape_of(row->record);
    rig_status status = RIG_OK;
    rig_scn_record_init(shape, record);
    for (uint32_t i = 0; i < row->num_members && !status; i++)
        status =
            rig_scn_record_set(world->alloc, shape, record, row->members[i].path, row->members[i].value, err);
    run_portals_swap(world, shape, record, true);
    return status;
}

static rig_status build_row(run_world *world, const rig_scn_row *row, uint64_t id, rig_error *err)
{
    const rig_shape *shape = rig_shape_of(row->record);
    void *record = rig_new(world->alloc, shape->size);
    if (!record)
        return RIG_E_NOMEM;
    rig_status status = fill(world, row, record, err);
    if (!status)
        status = put_row(world, row, id, record, err);
    rig_record_clear(world->alloc, shape, record);
    rig_delete(world->alloc, record, shape->size);
    return status;
}

static rig_status build_boot(run_world *world, const rig_scn_row *row, rig_error *err)
{
    rig_login *login = rig_list_add(world->alloc, RIG_SHAPE(login), &world->boot_table);
    return login ? fill(world, row, login, err) : RIG_E_NOMEM;
}

static rig_status build_rows(run_world *world, rig_error *err)
{
    const rig_scn *scn = world->scn;
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < scn->num_rows + scn->num_boots && !status; i++) {
        const rig_scn_row *row = i < scn->num_rows ? &scn->rows[i] : &scn->boots[i - scn->num_rows];
        status = i < scn->num_rows ? build_row(world, row, i + 1, err) : build_boot(world, row, err);
        if (status && !err->text[0])
            rig_fail(err, status, "the row cannot be kept: %s", rig_status_meaning(status));
        status = rig_scn_error(err, row->place, status);
    }
    return status;
}

static bool has_setting(const rig_scn *scn, const char *name)
{
    for (uint32_t i = 0; i < scn->num_rows; i++)
        for (uint32_t j = 0; j < scn->rows[i].num_members; j++)
            if (scn->rows[i].record == RIG_RECORD_setting && rig_view_is(scn->rows[i].members[j].value, name))
                return true;
    return false;
}

/* Something the service remembers of itself, unless the rows say it. */
static rig_status build_setting(run_world *world, const char *name, rig_view value, rig_error *err)
{
    const rig_scn_row row = {.kind = rig_view_str("setting"), .record = RIG_RECORD_setting};
    rig_setting setting = {0};
    rig_text text;
    if (value.len == 0 || value.len > RIG_OCTETS_MAX || has_setting(world->scn, name))
        return RIG_OK;
    rig_text_init(&text, setting.setting, sizeof setting.setting);
    rig_text_add(&text, "%s", name);
    setting.value.len = (uint16_t)value.len;
    memcpy(setting.value.bytes, value.ptr, value.len);
    return put_row(world, &row, (uint64_t)world->scn->num_rows + 1, &setting, err);
}

/* With the name that the logins were made by, as if SetIScsiInitiatorNodeName had kept it. */
rig_status rig_run_keep_rows(const rig_alloc *alloc, const rig_scn *scn, rig_store *store, rig_error *err)
{
    rig_scn rows = *scn;
    run_world world = {.alloc = alloc, .scn = &rows, .store = store};
    rows.num_boots = 0; /* those are an adapter's own */
    rig_status status = build_rows(&world, err);
    return status ? status : build_setting(&world, KEPT_NAME, scn->initiator.name, err);
}

rig_status run_build_service(run_world *world, rig_error *err)
{
    if (!(world->scn->needs & RIG_SCN_NEEDS_HBA))
        return RIG_OK;
    rig_status status = rig_store_memory_new(world->alloc, &world->store);
    if (!status)
        status = build_rows(world, err);
    if (!status)
        status = build_setting(world, KEPT_GROUP_KEY, run_ipsec_group_key(world),
                               err); /* as SetIScsiGroupPresharedKey */
    if (!status)
        status = build_hba(world, err);
    for (uint32_t i = 0; i < world->scn->num_policies && !status; i++)
        status = build_policy(world, &world->scn->policies[i], err);
    return status ? status : run_service_start(world, err);
}
