/* Targets: those made known by hand, their names, and what is known of each. */
#include "internal.h"

/* ---- static targets ---- */

/* The portals of a group stand one behind the other from the first on. */
static void take_group(dsc_args *args, const void *group, rig_target_portal_list *portals)
{
    static const size_t first[DSC_SETS] = {offsetof(ISCSI_TARGET_PORTAL_GROUPA, Portals),
                                           offsetof(ISCSI_TARGET_PORTAL_GROUPW, Portals)};
    ULONG count = group ? (ULONG)dsc_get(group, sizeof(ULONG)) : 0;
    if (count > RIG_LIST_MAX)
        dsc_refuse(args, ERROR_INVALID_PARAMETER);
    for (ULONG i = 0; i < count && !args->status; i++) {
        const uint8_t *from = (const uint8_t *)group + first[args->set];
        void *portal = rig_list_add(dsc_alloc(), RIG_SHAPE(target_portal), portals);
        if (portal)
            dsc_take(args, &dsc_portal_layout, from + (size_t)i * dsc_portal_layout.size[args->set], portal);
        else
            dsc_refuse(args, ERROR_NOT_ENOUGH_MEMORY);
    }
}

typedef struct static_args {
    const void *name, *alias, *mapping, *options, *group;
    ULONG flags;
    BOOLEAN persist;
} static_args;

static ISDSC_STATUS add_static(dsc_set set, const static_args *given)
{
    dsc_args args = {.set = set};
    rig_static_target request = {.flags = given->flags, .persist = given->persist != FALSE};
    dsc_need_text(&args, given->name, request.target, sizeof request.target);
    dsc_take_text(&args, given->alias, request.alias, sizeof request.alias);
    request.has_mapping = dsc_take(&args, &dsc_mapping_layout, given->mapping, &request.mapping);
    request.has_options = dsc_take(&args, &dsc_options_layout, given->options, &request.options);
    take_group(&args, given->group, &request.portals);
    return dsc_order(&args, RIG_CALL_ADD_STATIC_TARGET, &request);
}

/* ---- names and portals ---- */

static ISDSC_STATUS report_targets(dsc_set set, BOOLEAN force_update, ULONG *size, void *buffer)
{
    dsc_args args = {.set = set};
    rig_refresh request = {.force_update = force_update != FALSE};
    return dsc_report_labels(&args, RIG_CALL_REPORT_TARGETS, &request, size, buffer);
}

static ISDSC_STATUS report_portals(dsc_set set, const void *initiator, const void *name, const USHORT *tag,
                                   ULONG *count, void *portals)
{
    dsc_args args = {.set = set};
    rig_target_portals_query request = {.has_tag = tag != NULL, .tag = tag ? *tag : 0};
    dsc_take_text(&args, initiator, request.initiator, sizeof request.initiator);
    dsc_need_text(&args, name, request.target, sizeof request.target);
    return dsc_report_elements(&args, RIG_CALL_REPORT_TARGET_PORTALS, &request, &dsc_portal_layout, portals,
                               count);
}

/* ---- one thing about a target ---- */

static void fill_protocol(dsc_block *block, const void *what)
{
    dsc_block_number(block, ((const rig_target_instance *)what)->protocol);
}

static void fill_alias(dsc_block *block, const void *what)
{
    dsc_block_text(block, ((const rig_target_instance *)what)->alias);
}

/* Several initiators may know a target by one mechanism. */
static bool is_repeated(const rig_target_instance_list *targets, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(targets->ptr[i].mechanism, targets->ptr[index].mechanism) == 0)
            return true;
    return false;
}

static void fill_mechanisms(dsc_block *block, const void *what)
{
    const rig_target_instance_list *targets = &((const rig_target_instances *)what)->targets;
    for (uint32_t i = 0; i < targets->num; i++)
        if (!is_repeated(targets, i))
            dsc_block_text(block, targets->ptr[i].mechanism);
    if (!targets->num)
        dsc_block_text(block, "");
    dsc_block_text(block, "");
}

/* Portals have no padding between them, and each group begins at a multiple of 4. */
static void fill_groups(dsc_block *block, const void *what)
{
    const rig_portal_group_list *groups = &((const rig_target_instance *)what)->groups;
    size_t size = dsc_portal_layout.size[block->set];
    dsc_block_number(block, groups->num);
    for (uint32_t i = 0; i < groups->num; i++) {
        const rig_target_portal_list *portals = &groups->ptr[i].portals;
        dsc_block_number(block, portals->num);
        for (uint32_t k = 0; k < portals->num; k++)
            dsc_write(block, &dsc_portal_layout, &portals->ptr[k], dsc_block_take(block, size, 1));
        dsc_block_take(block, 0, sizeof(ULONG));
    }
}

/* The page has a count and then mappings at multiples of 4; a target has one at most. */
static void fill_mappings(dsc_block *block, const void *what)
{
    const rig_target_instance *target = what;
    size_t size = dsc_mapping_layout.size[block->set];
    dsc_block_number(block, target->has_mapping ? 1 : 0);
    if (target->has_mapping)
        dsc_write(block, &dsc_mapping_layout, &target->mapping, dsc_block_take(block, size, sizeof(ULONG)));
}

static void fill_initiator(dsc_block *block, const void *what)
{
    dsc_block_text(block, ((const rig_target_instance *)what)->initiator);
}

static void fill_flags(dsc_block *block, const void *what)
{
    dsc_block_number(block, ((const rig_target_instance *)what)->flags);
}

static void fill_options(dsc_block *block, const void *what)
{
    const rig_target_instance *target = what;
    size_t size = dsc_options_layout.size[block->set];
    dsc_write(block, &dsc_options_layout, &target->options,
              dsc_block_take(block, size, dsc_options_layout.align));
}

/* All but the list of mechanisms are about the instance of one mechanism. */
static dsc_fill *const classes[] = {
    [ProtocolType] = fill_protocol,
    [TargetAlias] = fill_alias,
    [DiscoveryMechanisms] = fill_mechanisms,
    [PortalGroups] = fill_groups,
    [PersistentTargetMappings] = fill_mappings,
    [InitiatorName] = fill_initiator,
    [TargetFlags] = fill_flags,
    [LoginOptions] = fill_options,
};

static ISDSC_STATUS get_information(dsc_set set, const void *name, const void *mechanism, ULONG class,
                                    ULONG *size, void *buffer)
{
    dsc_args args = {.set = set};
    rig_target_query request = {0};
    rig_target_instances reply = {0};
    ISDSC_STATUS delivered = ERROR_SUCCESS;
    dsc_must(&args, size);
    if (class >= sizeof classes / sizeof classes[0])
        dsc_refuse(&args, ERROR_INVALID_PARAMETER);
    dsc_need_text(&args, name, request.target, sizeof request.target);
    if (class != DiscoveryMechanisms)
        dsc_need_text(&args, mechanism, request.mechanism, sizeof request.mechanism);
    if (dsc_ask(&args, RIG_CALL_REPORT_TARGET_INSTANCES, &request, &reply)) {
        const void *what = class == DiscoveryMechanisms ? (const void *)&reply : reply.targets.ptr;
        delivered = what ? dsc_deliver(set, classes[class], what, buffer, size, 1)
                         : ISDSC_DISCOVERY_MECHANISM_NOT_FOUND;
    }
    return dsc_done(&args, RIG_CALL_REPORT_TARGET_INSTANCES, &reply, delivered);
}

ISDSC_STATUS WINAPI AddIScsiStaticTargetA(PSTR TargetName, PSTR Alias, ISCSI_TARGET_FLAGS Flags,
                                          BOOLEAN Persist, PISCSI_TARGET_MAPPINGA Mappings,
                                          PISCSI_LOGIN_OPTIONS Options,
                                          PISCSI_TARGET_PORTAL_GROUPA PortalGroup)
{
    return add_static(DSC_A,
                      &(static_args){TargetName, Alias, Mappings, Options, PortalGroup, Flags, Persist});
}

ISDSC_STATUS WINAPI AddIScsiStaticTargetW(PWSTR TargetName, PWSTR Alias, ISCSI_TARGET_FLAGS Flags,
                                          BOOLEAN Persist, PISCSI_TARGET_MAPPINGW Mappings,
                                          PISCSI_LOGIN_OPTIONS Options,
                                          PISCSI_TARGET_PORTAL_GROUPW PortalGroup)
{
    return add_static(DSC_W,
                      &(static_args){TargetName, Alias, Mappings, Options, PortalGroup, Flags, Persist});
}

ISDSC_STATUS WINAPI RemoveIScsiStaticTargetA(PSTR TargetName)
{
    return dsc_order_label(DSC_A, RIG_CALL_REMOVE_STATIC_TARGET, TargetName, DSC_NAME_ROOM);
}

ISDSC_STATUS WINAPI RemoveIScsiStaticTargetW(PWSTR TargetName)
{
    return dsc_order_label(DSC_W, RIG_CALL_REMOVE_STATIC_TARGET, TargetName, DSC_NAME_ROOM);
}

ISDSC_STATUS WINAPI ReportIScsiTargetsA(BOOLEAN ForceUpdate, PULONG BufferSize, PCHAR Buffer)
{
    return report_targets(DSC_A, ForceUpdate, BufferSize, Buffer);
}

ISDSC_STATUS WINAPI ReportIScsiTargetsW(BOOLEAN ForceUpdate, PULONG BufferSize, PWCHAR Buffer)
{
    return report_targets(DSC_W, ForceUpdate, BufferSize, Buffer);
}

ISDSC_STATUS WINAPI ReportIScsiTargetPortalsA(PSTR Initiator, PSTR TargetName, PUSHORT TargetPortalTag,
                                              PULONG ElementCount, PISCSI_TARGET_PORTALA Portals)
{
    return report_portals(DSC_A, Initiator, TargetName, TargetPortalTag, ElementCount, Portals);
}

ISDSC_STATUS WINAPI ReportIScsiTargetPortalsW(PWSTR Initiator, PWSTR TargetName, PUSHORT TargetPortalTag,
                                              PULONG ElementCount, PISCSI_TARGET_PORTALW Portals)
{
    return report_portals(DSC_W, Initiator, TargetName, TargetPortalTag, ElementCount, Portals);
}

ISDSC_STATUS WINAPI GetIScsiTargetInformationA(PSTR TargetName, PSTR DiscoveryMechanism,
                                               TARGET_INFORMATION_CLASS InfoClass, PULONG BufferSize,
                                               PVOID Buffer)
{
    return get_information(DSC_A, TargetName, DiscoveryMechanism, InfoClass, BufferSize, Buffer);
}

ISDSC_STATUS WINAPI GetIScsiTargetInformationW(PWSTR TargetName, PWSTR DiscoveryMechanism,
                                               TARGET_INFORMATION_CLASS InfoClass, PULONG BufferSize,
                                               PVOID Buffer)
{
    return get_information(DSC_W, TargetName, DiscoveryMechanism, InfoClass, BufferSize, Buffer);
}
