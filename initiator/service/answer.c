/* The answer to SendTargets (RFC 7143 appendix C) as instances: each target once, its portals by group. */
#include "answer.h"

typedef struct reading {
    const rig_alloc *alloc;
    const rig_target_instance *like; /* what is the same of every instance */
    const rig_portal *asked;         /* whose portal a target without addresses has, with its group */
    rig_target_instance_list *out;
    svc_places names;
    uint32_t num_portals; /* of the target that was read last … */
    uint32_t last;        /* … which is this one */
} reading;

/* The instance of a name, made when it is the first time. */
static rig_target_instance *instance_of(reading *at, rig_view name)
{
    uint64_t hash = rig_hash64(name.ptr, name.len, 0);
    uint32_t index =
        svc_places_take(&at->names, at->alloc, hash, svc_same_name, at->out->ptr, &name, at->out->num);
    if (index == UINT32_MAX)
        return NULL;
    if (index == at->out->num) {
        rig_target_instance *fresh = rig_list_add(at->alloc, RIG_SHAPE(target_instance), at->out);
        if (!fresh)
            return NULL;
        memcpy(fresh->initiator, at->like->initiator, sizeof fresh->initiator);
        memcpy(fresh->mechanism, at->like->mechanism, sizeof fresh->mechanism);
        memcpy(fresh->target, name.ptr, name.len); /* at most RIG_NAME_MAX bytes, in memory that is zero */
    }
    if (index != at->last)
        at->num_portals = svc_count_portals(&at->out->ptr[index]);
    at->last = index;
    return &at->out->ptr[index];
}

static rig_portal_group *group_of(reading *at, rig_target_instance *instance, uint16_t tag)
{
    for (uint32_t i = 0; i < instance->groups.num; i++)
        if (instance->groups.ptr[i].tag == tag)
            return &instance->groups.ptr[i];
    rig_portal_group *group = rig_list_add(at->alloc, RIG_SHAPE(portal_group), &instance->groups);
    if (group)
        group->tag = tag;
    return group;
}

/* A tag that was not told is 0. What is beyond the limit is passed over. */
static rig_status take_portal(reading *at, rig_target_instance *instance, const rig_portal *portal)
{
    rig_target_portal told = {.socket = portal->port};
    if (at->num_portals >= SVC_TARGET_PORTALS_MAX)
        return RIG_OK;
    memcpy(told.address, portal->host, sizeof told.address);
    if (svc_portal_tidy(&told, NULL) != RIG_CODE_SUCCESS)
        return RIG_OK;
    rig_portal_group *group = group_of(at, instance, (uint16_t)(portal->group < 0 ? 0 : portal->group));
    if (!group)
        return RIG_E_NOMEM;
    for (uint32_t i = 0; i < group->portals.num; i++)
        if (group->portals.ptr[i].socket == told.socket &&
            strcmp(group->portals.ptr[i].address, told.address) == 0)
            return RIG_OK;
    rig_target_portal *added = rig_list_add(at->alloc, RIG_SHAPE(target_portal), &group->portals);
    if (!added)
        return RIG_E_NOMEM;
    *added = told;
    at->num_portals++;
    return RIG_OK;
}

static rig_status take_record(reading *at, const rig_target_record *record)
{
    if (!svc_is_printable(record->name))
        return RIG_OK;
    rig_target_instance *instance = instance_of(at, record->name);
    if (!instance)
        return at->out->num >= RIG_LIST_MAX ? RIG_E_LIMIT : RIG_E_NOMEM;
    return take_portal(at, instance, record->has_portal ? &record->portal : at->asked);
}

rig_status svc_answer_read(const rig_alloc *alloc, rig_view text, const rig_target_instance *like,
                           const rig_portal *asked, rig_target_instance_list *out, rig_error *err)
{
    reading at = {.alloc = alloc, .like = like, .asked = asked, .out = out, .last = UINT32_MAX};
    rig_view name = {0};
    rig_target_record record;
    rig_status status = RIG_OK;
    while (status == RIG_OK) {
        status = rig_sendtargets_next(&text, &name, &record, err);
        if (status == RIG_E_UNSUPPORTED)
            status = RIG_OK; /* an address or a name that cannot be used: the rest of the list counts */
        else if (status == RIG_OK)
            status = take_record(&at, &record);
    }
    svc_places_free(&at.names, alloc);
    return status == RIG_E_NOT_FOUND ? RIG_OK : status;
}
