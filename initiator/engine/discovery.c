/* The answer to SendTargets (RFC 7143 appendix C): names, each followed by its addresses. */
#include "internal.h"

static rig_status take_name(rig_pair *pair, rig_view *rest, rig_view *name, rig_target_record *out_record,
                            bool *out_found, rig_error *err)
{
    *name = pair->value;
    if (name->len == 0)
        return rig_fail(err, RIG_E_SYNTAX, "TargetName: a name has 1 to %d bytes (section 4.2.7.1)",
                        RIG_NAME_MAX);
    if (name->len > RIG_NAME_MAX)
        return rig_fail(err, RIG_E_UNSUPPORTED, "TargetName: more than %d bytes (section 4.2.7.1)",
                        RIG_NAME_MAX);
    rig_view ahead = *rest;
    rig_pair next;
    rig_status status = rig_pair_next(rest->ptr, &ahead, &next, NULL);
    *out_found = status != RIG_OK || rig_view_is(next.key, "TargetName");
    out_record->name = *name;
    return RIG_OK;
}

/* Targets list what they have, such as link-local addresses with the zone of their own interface (13.8 knows
 * no zones): an address that is none costs that portal, not the list. */
static rig_status take_address(rig_pair *pair, rig_view name, rig_target_record *out_record, bool *out_found,
                               rig_error *err)
{
    if (name.len > RIG_NAME_MAX)
        return RIG_OK; /* told with its name */
    out_record->name = name;
    *out_found = out_record->has_portal = rig_portal_parse(pair->value, &out_record->portal, err) == RIG_OK;
    if (*out_found)
        return RIG_OK;
    if (err)
        err->status = RIG_E_UNSUPPORTED;
    return RIG_E_UNSUPPORTED;
}

rig_status rig_sendtargets_next(rig_view *rest, rig_view *name, rig_target_record *out_record, rig_error *err)
{
    for (;;) {
        rig_pair pair;
        bool found = false;
        *out_record = (rig_target_record){0};
        rig_status status = rig_pair_next(rest->ptr, rest, &pair, err);
        if (status)
            return status;
        if (rig_view_is(pair.key, "TargetName"))
            status = take_name(&pair, rest, name, out_record, &found, err);
        else if (!rig_view_is(pair.key, "TargetAddress") || name->len == 0)
            return rig_fail(err, RIG_E_PROTOCOL,
                            "%.*s: a record is TargetName and then its TargetAddresses (appendix C)",
                            RIG_VIEW_ARG(pair.key));
        else
            status = take_address(&pair, *name, out_record, &found, err);
        if (status || found)
            return status;
    }
}
