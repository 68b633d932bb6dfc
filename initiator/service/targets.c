/* Static targets, and what is reported of all targets. */
#include "discovery.h"

#define STATIC_MECHANISM "Static:"

/* ---- static targets ---- */

/* Names as people write them are brought into the form they have on the wire (RFC 3722). */
static rig_code tidy_name(char name[RIG_INAME_TEXT], rig_error *err)
{
    char prepared[RIG_INAME_TEXT];
    if (rig_iname_prepare(rig_view_str(name), prepared, err) ||
        rig_iname_check(rig_view_str(prepared), NULL, err))
        return RIG_CODE_INVALID_ISCSI_NAME;
    memcpy(name, prepared, sizeof prepared);
    return RIG_CODE_SUCCESS;
}

static rig_code bad_static(rig_error *err, rig_code code, const char *why)
{
    rig_fail(err, RIG_E_ARGUMENT, "%s", why);
    return code;
}

static bool same_portal(const void *entries, uint32_t index, const void *key)
{
    const rig_target_portal *a = (const rig_target_portal *)entries + index, *b = key;
    return a->socket == b->socket && strcmp(a->address, b->address) == 0;
}

static uint64_t portal_hash(const rig_target_portal *portal)
{
    return rig_hash64(portal->address, strlen(portal->address), portal->socket);
}

/* Adds a portal unless it is in the list. The list is what places are entries of. */
static bool add_portal(const rig_alloc *alloc, svc_places *places, rig_target_portal_list *list,
                       const rig_target_portal *portal)
{
    uint32_t place =
        svc_places_take(places, alloc, portal_hash(portal), same_portal, list->ptr, portal, list->num);
    if (place == UINT32_MAX)
        return false;
    if (place < list->num)
        return true;
    rig_target_portal *added = rig_list_add(alloc, RIG_SHAPE(target_portal), list);
    if (added)
        *added = *portal;
    return added != NULL;
}

static rig_code check_portals(rig_service *service, rig_static_target *target, rig_error *err)
{
    const rig_alloc *alloc = service->config.alloc;
    rig_target_portal_list tidy = {0};
    svc_places places = {0};
    rig_code code = RIG_CODE_SUCCESS;
    for (uint32_t i = 0; i < target->portals.num && code == RIG_CODE_SUCCESS; i++) {
        code = svc_portal_tidy(&target->portals.ptr[i], err);
        if (code == RIG_CODE_SUCCESS && !add_portal(alloc, &places, &tidy, &target->portals.ptr[i]))
            code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    }
    if (code == RIG_CODE_SUCCESS && tidy.num > SVC_TARGET_PORTALS_MAX)
        code = RIG_CODE_OUT_OF_RESOURCES;
    rig_static_target old = {.portals = target->portals};
    rig_record_clear(alloc, RIG_SHAPE(static_target), &old);
    target->portals = tidy;
    svc_places_free(&places, alloc);
    return code;
}

static rig_code check_static(rig_service *service, rig_static_target *target, rig_error *err)
{
    rig_session_config config = service->config.session;
    rig_code code = tidy_name(target->target, err);
    if (code != RIG_CODE_SUCCESS)
        return code;
    if (target->flags & ~(RIG_TARGET_FLAG_HIDE | RIG_TARGET_FLAG_MERGE))
        return bad_static(err, RIG_CODE_INVALID_PARAMETER, "target flags that nobody knows");
    if (target->has_mapping && target->mapping.target[0] &&
        strcmp(target->mapping.target, target->target) != 0)
        return bad_static(err, RIG_CODE_INVALID_TARGET_MAPPING, "the mapping is of another target");
    if (target->has_mapping)
        code = rig_lun_map_check(&target->mapping);
    if (code == RIG_CODE_SUCCESS && target->has_options)
        code = svc_session_options(service, &target->options, true, &config, err);
    return code == RIG_CODE_SUCCESS ? check_portals(service, target, err) : code;
}

/* ---- MERGE: what is stored and not given anew stays ---- */

/* Members of the options count by their bits, one by one. */
static void merge_options(const rig_login_options *old, rig_login_options *options)
{
    const rig_login_options given = *options;
    *options = *old;
    options->specified |= given.specified;
    options->flags |= given.flags;
#define MERGE(bit, member)                                                                                   \
    if (given.specified & RIG_LOGIN_HAS_##bit)                                                               \
    options->member = given.member
    MERGE(HEADER_DIGEST, header_digest);
    MERGE(DATA_DIGEST, data_digest);
    MERGE(MAX_CONNECTIONS, max_connections);
    MERGE(TIME2WAIT, time2wait);
    MERGE(TIME2RETAIN, time2retain);
    MERGE(USERNAME, username);
    MERGE(PASSWORD, password);
    MERGE(AUTH_TYPE, auth_type);
#undef MERGE
}

static rig_code merge_portals(const rig_alloc *alloc, const rig_static_target *old, rig_static_target *target)
{
    rig_target_portal_list both = {0};
    svc_places places = {0};
    bool added = true;
    for (uint32_t i = 0; i < old->portals.num && added; i++)
        added = add_portal(alloc, &places, &both, &old->portals.ptr[i]);
    for (uint32_t i = 0; i < target->portals.num && added; i++)
        added = add_portal(alloc, &places, &both, &target->portals.ptr[i]);
    rig_static_target mine = {.portals = target->portals};
    rig_record_clear(alloc, RIG_SHAPE(static_target), &mine);
    target->portals = both;
    svc_places_free(&places, alloc);
    return !added                              ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY
           : both.num > SVC_TARGET_PORTALS_MAX ? RIG_CODE_OUT_OF_RESOURCES
                                               : RIG_CODE_SUCCESS;
}

static rig_code merge(const rig_alloc *alloc, const rig_static_target *old, rig_static_target *target)
{
    if (!target->alias[0])
        memcpy(target->alias, old->alias, sizeof target->alias);
    target->flags |= old->flags;
    target->persist = target->persist || old->persist;
    if (old->has_options && target->has_options)
        merge_options(&old->options, &target->options);
    else if (old->has_options)
        target->options = old->options;
    target->has_options = target->has_options || old->has_options;
    if (old->has_mapping && !target->has_mapping) {
        rig_record_clear(alloc, RIG_SHAPE(target_mapping), &target->mapping);
        if (rig_record_copy(alloc, RIG_SHAPE(target_mapping), &old->mapping, &target->mapping) != RIG_OK)
            return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
        target->has_mapping = true;
    }
    return merge_portals(alloc, old, target);
}

/* ---- the calls about static targets ---- */

static rig_code keep_static(rig_service *service, const rig_static_target *target, const svc_row *row,
                            uint64_t now)
{
    bool changed = !row || !rig_record_equal(RIG_SHAPE(static_target), row->record, target);
    bool fresh = !row;
    rig_code code = svc_static_known(service, target->target);
    if (code != RIG_CODE_SUCCESS)
        return code;
    code = svc_put(service, SVC_STATICS, target, target->persist);
    if (code != RIG_CODE_SUCCESS && fresh)
        svc_static_forgotten(service, target->target);
    if (code == RIG_CODE_SUCCESS && changed)
        svc_tell(service, &(rig_service_event){.kind = RIG_SERVICE_TARGETS_CHANGED, .now = now});
    return code;
}

rig_code svc_add_static(rig_service *service, svc_call *call)
{
    rig_static_target *target = call->request;
    rig_code code = check_static(service, target, &call->error);
    if (code != RIG_CODE_SUCCESS)
        return code;
    bool wants_merge = target->flags & RIG_TARGET_FLAG_MERGE;
    const svc_row *row = svc_find(service, SVC_STATICS, target);
    target->flags &= ~RIG_TARGET_FLAG_MERGE;
    if (row && wants_merge)
        code = merge(service->config.alloc, row->record, target);
    return code == RIG_CODE_SUCCESS ? keep_static(service, target, row, call->now) : code;
}

rig_code svc_remove_static(rig_service *service, svc_call *call)
{
    const rig_label *label = call->request;
    rig_static_target key = {0};
    if (rig_iname_prepare(rig_view_str(label->text), key.target, NULL) != RIG_OK)
        return RIG_CODE_TARGET_NOT_FOUND;
    svc_row *row = svc_find(service, SVC_STATICS, &key);
    if (!row)
        return RIG_CODE_TARGET_NOT_FOUND;
    rig_code code = svc_drop(service, SVC_STATICS, row);
    if (code != RIG_CODE_SUCCESS)
        return code;
    svc_static_forgotten(service, key.target);
    svc_tell(service, &(rig_service_event){.kind = RIG_SERVICE_TARGETS_CHANGED, .now = call->now});
    return RIG_CODE_SUCCESS;
}

/* ---- names ---- */

/* A hidden static target is there for logins; only what finds it by other means shows it. */
static bool is_shown(const rig_service *service, const svc_target *target)
{
    if (!target->by_hand || target->first != target->last)
        return true;
    const rig_static_target *by_hand = svc_static_of(service, target->by_hand);
    return !by_hand || !(by_hand->flags & RIG_TARGET_FLAG_HIDE);
}

static rig_code list_names(rig_service *service, rig_labels *reply)
{
    for (const svc_target *target = svc_targets_first(service); target; target = target->next) {
        rig_text text;
        if (!is_shown(service, target))
            continue;
        rig_label *label = rig_list_add(service->config.alloc, RIG_SHAPE(label), &reply->labels);
        if (!label)
            return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
        rig_text_init(&text, label->text, sizeof label->text);
        rig_text_add(&text, "%s", target->name);
    }
    return RIG_CODE_SUCCESS;
}

static void all_told(void *ctx, rig_code code, const rig_error *why, uint64_t now)
{
    svc_call *call = ctx;
    rig_code listed = list_names(call->service, call->reply);
    if (why)
        call->error = *why;
    svc_answer(call, listed == RIG_CODE_SUCCESS ? code : listed, now);
}

rig_code svc_report_targets(rig_service *service, svc_call *call)
{
    const rig_refresh *refresh = call->request;
    if (!refresh->force_update)
        return list_names(service, call->reply);
    svc_discover_all(service, call->now, all_told, call);
    return SVC_PENDING;
}

/* ---- portals of a target ---- */

typedef struct portal_search {
    const rig_alloc *alloc;
    const rig_target_portals_query *query;
    rig_target_portal_list *out;
    svc_places places;
    bool failed;
} portal_search;

static bool take_portal(void *ctx, int32_t tag, const rig_target_portal *portal)
{
    portal_search *search = ctx;
    if (search->query->has_tag && search->query->tag != tag)
        return true;
    search->failed = !add_portal(search->alloc, &search->places, search->out, portal);
    return !search->failed;
}

/* What nobody in particular has found may be used by every instance. */
static bool is_of_instance(const svc_instance *instance, const char *initiator)
{
    const char *finder = instance->record ? instance->record->initiator : "";
    return !initiator[0] || !finder[0] || strcmp(finder, initiator) == 0;
}

rig_code svc_report_target_portals(rig_service *service, svc_call *call)
{
    const rig_target_portals_query *query = call->request;
    rig_target_portals *reply = call->reply;
    portal_search search = {.alloc = service->config.alloc, .query = query, .out = &reply->portals};
    const svc_target *target = svc_target_find(service, query->target);
    rig_code code = rig_hba_port(service->config.hba, query->initiator, RIG_PORT_ANY);
    if (code != RIG_CODE_SUCCESS)
        return code;
    if (!target)
        return RIG_CODE_TARGET_NOT_FOUND;
    for (const svc_instance *at = target->first; at && !search.failed; at = at->next)
        if (is_of_instance(at, query->initiator))
            svc_instance_portals(service, at, take_portal, &search);
    svc_places_free(&search.places, search.alloc);
    return search.failed ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY : RIG_CODE_SUCCESS;
}

/* ---- instances ---- */

static bool read_static(const rig_alloc *alloc, const rig_static_target *by_hand, rig_target_instance *out)
{
    rig_text text;
    rig_text_init(&text, out->mechanism, sizeof out->mechanism);
    rig_text_add(&text, STATIC_MECHANISM);
    memcpy(out->target, by_hand->target, sizeof out->target);
    memcpy(out->alias, by_hand->alias, sizeof out->alias);
    out->flags = by_hand->flags;
    out->has_mapping = by_hand->has_mapping;
    out->has_options = by_hand->has_options;
    out->options = by_hand->options;
    if (rig_record_copy(alloc, RIG_SHAPE(target_mapping), &by_hand->mapping, &out->mapping) != RIG_OK)
        return false;
    if (!by_hand->portals.num)
        return true;
    rig_portal_group *group = rig_list_add(alloc, RIG_SHAPE(portal_group), &out->groups);
    const rig_portal_group all = {.portals = by_hand->portals};
    return group && rig_record_copy(alloc, RIG_SHAPE(portal_group), &all, group) == RIG_OK;
}

static rig_code list_instance(rig_service *service, const svc_instance *instance,
                              rig_target_instance_list *out)
{
    const rig_alloc *alloc = service->config.alloc;
    const rig_static_target *by_hand = instance->record ? NULL : svc_static_of(service, instance);
    rig_target_instance *entry = rig_list_add(alloc, RIG_SHAPE(target_instance), out);
    bool read = false;
    if (entry && by_hand)
        read = read_static(alloc, by_hand, entry);
    else if (entry && instance->record)
        read = rig_record_copy(alloc, RIG_SHAPE(target_instance), instance->record, entry) == RIG_OK;
    if (read)
        rig_record_hide(RIG_SHAPE(target_instance), entry);
    return read ? RIG_CODE_SUCCESS : RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
}

static rig_code list_instances(rig_service *service, const svc_target *target, const char *mechanism,
                               rig_target_instance_list *out)
{
    rig_code code = RIG_CODE_SUCCESS;
    for (const svc_instance *at = target->first; at && code == RIG_CODE_SUCCESS; at = at->next) {
        const char *name = at->record ? at->record->mechanism : STATIC_MECHANISM;
        if (!mechanism[0] || strcmp(mechanism, name) == 0)
            code = list_instance(service, at, out);
    }
    return code;
}

rig_code svc_report_instances(rig_service *service, svc_call *call)
{
    const rig_target_query *query = call->request;
    rig_target_instances *reply = call->reply;
    const svc_target *one = svc_target_find(service, query->target);
    rig_code code = RIG_CODE_SUCCESS;
    if (query->target[0] && !one)
        return RIG_CODE_TARGET_NOT_FOUND;
    if (one)
        code = list_instances(service, one, query->mechanism, &reply->targets);
    for (const svc_target *at = one ? NULL : svc_targets_first(service); at && code == RIG_CODE_SUCCESS;
         at = at->next)
        if (is_shown(service, at))
            code = list_instances(service, at, query->mechanism, &reply->targets);
    bool missed = query->mechanism[0] && reply->targets.num == 0;
    return code == RIG_CODE_SUCCESS && missed ? RIG_CODE_DISCOVERY_MECHANISM_NOT_FOUND : code;
}
