/* PERSISTENT RESERVE OUT, SPC-4 section 6.16. */
#include "unit.h"

#define LIST_LEN 24 /* without TransportIDs */
#define IDS_AT 28   /* SPEC_I_PT: where the TransportIDs begin, behind their length */
#define LIST_MAX (IDS_AT + 16 * TRANSPORT_ID) /* sixteen initiator ports with names of full length */
#define TRANSPORT_ID 248
#define ISCSI_PORT_ID 0x45 /* TransportID: initiator port, protocol iSCSI */

#define SPEC_I_PT 0x08
#define ALL_TG_PT 0x04
#define APTPL 0x01
#define MOVE_UNREG 0x02

enum out_action {
    OUT_REGISTER = 0,
    OUT_RESERVE = 1,
    OUT_RELEASE = 2,
    OUT_CLEAR = 3,
    OUT_PREEMPT = 4,
    OUT_PREEMPT_ABORT = 5,
    OUT_REGISTER_IGNORE = 6,
    OUT_MOVE = 7,
};

typedef struct out_list {
    const uint8_t *bytes;
    size_t len;
    uint8_t action;
    uint64_t key;         /* RESERVATION KEY */
    uint64_t service_key; /* SERVICE ACTION RESERVATION KEY */
    uint8_t flags;        /* those that count for the action */
} out_list;

static bool registers(uint8_t action)
{
    return action == OUT_REGISTER || action == OUT_REGISTER_IGNORE;
}

static void conflict(dev_command *cmd)
{
    cmd->scsi->status = DEV_RESERVATION_CONFLICT;
}

static void tell(rig_device *device, const dev_registration *row, uint16_t asc)
{
    rig_device_attention_one(device, row->nexus, (uint8_t)(asc >> 8), (uint8_t)asc);
}

static void tell_others(dev_command *cmd, uint16_t asc)
{
    dev_persistent *state = &cmd->device->persistent;
    for (size_t i = 0; i < state->num; i++)
        if (state->rows[i].nexus != cmd->scsi->nexus)
            tell(cmd->device, &state->rows[i], asc);
}

/* ---- TransportIDs (SPC-4 section 7.6.4.6) ---- */

/* The initiator port a TransportID at offset `at` names; 0 when there is none, else its bytes. The form
 * without an ISID names all ports of an initiator; which those are is not known here, so it is refused. */
static size_t read_transport_id(const out_list *list, size_t at, rig_view *out_name)
{
    const uint8_t *id = list->bytes + at;
    if (list->len - at < 4 || id[0] != ISCSI_PORT_ID)
        return 0;
    size_t len = dev_get16(id + 2);
    const uint8_t *end = len <= list->len - at - 4 ? memchr(id + 4, 0, len) : NULL;
    if (!end || len < 20 || len % 4 != 0)
        return 0;
    *out_name = rig_view_of(id + 4, (size_t)(end - id - 4));
    bool port = rig_view_find(*out_name, ',') < out_name->len;
    return port && out_name->len <= RIG_DEVICE_PORT_NAME_MAX ? 4 + len : 0;
}

/* Every TransportID is sound and of a port that is not registered yet; else the list is refused. */
static bool check_ids(dev_command *cmd, const out_list *list)
{
    size_t at = IDS_AT, part = 1;
    rig_view name;
    if (list->len < IDS_AT || dev_get32(list->bytes + LIST_LEN) != list->len - IDS_AT) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
        return false;
    }
    for (; at < list->len && part > 0; at += part) {
        part = read_transport_id(list, at, &name);
        if (part == 0 || dev_registration_find(&cmd->device->persistent, name, cmd->scsi->port)) {
            dev_fail_list(cmd, (unsigned)at);
            return false;
        }
    }
    return true;
}

/* ---- REGISTER ---- */

static rig_nexus_id nexus_of(const dev_command *cmd, rig_view initiator, rig_view port)
{
    const rig_device *device = cmd->device;
    if (rig_view_eq(initiator, cmd->scsi->initiator) && rig_view_eq(port, cmd->scsi->port))
        return cmd->scsi->nexus;
    return device->target ? device->target->nexus(device->target_ctx, initiator, port) : 0;
}

/* Registers the pair of ports; changes: one that is registered gets the key, too. */
static bool enter(dev_command *cmd, rig_view initiator, rig_view port, uint64_t key, bool changes)
{
    dev_registration *row = dev_registration_find(&cmd->device->persistent, initiator, port);
    rig_nexus_id nexus = nexus_of(cmd, initiator, port);
    if (!row && nexus == cmd->scsi->nexus)
        row = dev_registration_own(cmd); /* one without a name */
    if (!row)
        return dev_registration_add(cmd->device, key, nexus, initiator, port);
    if (changes)
        row->key = key;
    return true;
}

/* The same for the command's port, or with ALL_TG_PT for each. */
static bool enter_ports(dev_command *cmd, rig_view initiator, const out_list *list, bool changes)
{
    rig_device_port port;
    bool good = enter(cmd, initiator, cmd->scsi->port, list->service_key, changes);
    for (size_t i = 0; good && (list->flags & ALL_TG_PT) && dev_port_at(cmd, i, &port); i++)
        good = enter(cmd, initiator, rig_view_of(port.name, port.len), list->service_key, changes);
    return good;
}

static bool enter_initiators(dev_command *cmd, const out_list *list, bool changes)
{
    rig_view name;
    bool good = enter_ports(cmd, cmd->scsi->initiator, list, changes);
    for (size_t at = IDS_AT; good && (list->flags & SPEC_I_PT) && at < list->len;) {
        at += read_transport_id(list, at, &name);
        good = enter_ports(cmd, name, list, changes);
    }
    return good;
}

static bool of_initiator(const dev_command *cmd, const dev_registration *row, const out_list *list)
{
    return row->nexus == cmd->scsi->nexus ||
           ((list->flags & ALL_TG_PT) && row->initiator_len > 0 &&
            rig_view_eq(dev_registration_initiator(row), cmd->scsi->initiator));
}

static void unregister(dev_command *cmd, const out_list *list)
{
    dev_persistent *state = &cmd->device->persistent;
    uint8_t type = state->type;
    for (size_t i = state->num; i-- > 0;)
        if (of_initiator(cmd, &state->rows[i], list))
            dev_registration_remove(cmd->device, i);
    if (type != state->type && dev_type_registrants_pass(type))
        tell_others(cmd, DEV_ASC_RESERVATIONS_RELEASED);
    state->generation++;
}

/* All registrations of one command come to be, or none: keys change once what is new has found room. */
static void do_register(dev_command *cmd, dev_registration *own, const out_list *list)
{
    dev_persistent *state = &cmd->device->persistent;
    size_t before = state->num;
    if (own && list->service_key == 0) {
        unregister(cmd, list);
        return;
    }
    if (list->service_key == 0)
        return;
    if (!enter_initiators(cmd, list, false)) {
        while (state->num > before)
            dev_registration_remove(cmd->device, state->num - 1);
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_RESOURCES);
        return;
    }
    enter_initiators(cmd, list, true);
    state->generation++;
}

/* ---- the reservation ---- */

static void do_reserve(dev_command *cmd, const dev_registration *own)
{
    dev_persistent *state = &cmd->device->persistent;
    uint8_t type = cmd->cdb[2] & 0x0f;
    if (state->type != DEV_TYPE_NONE && (!dev_persistent_holds(state, own) || state->type != type)) {
        conflict(cmd);
        return;
    }
    state->type = type;
    state->holder = (size_t)(own - state->rows);
}

/* SPC-4 section 5.13.11.2: releasing what one does not hold has no effect. */
static void do_release(dev_command *cmd, const dev_registration *own)
{
    dev_persistent *state = &cmd->device->persistent;
    uint8_t type = state->type;
    if (!dev_persistent_holds(state, own))
        return;
    if (cmd->cdb[2] != type) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_RELEASE);
        return;
    }
    state->type = DEV_TYPE_NONE;
    if (dev_type_registrants_pass(type))
        tell_others(cmd, DEV_ASC_RESERVATIONS_RELEASED);
}

static void do_clear(dev_command *cmd)
{
    tell_others(cmd, DEV_ASC_RESERVATIONS_PREEMPTED);
    dev_persistent_cleanup(&cmd->device->persistent, cmd->device->alloc);
    cmd->device->persistent.generation++;
}

static void preempt_one(dev_command *cmd, size_t index, bool abort)
{
    rig_device *device = cmd->device;
    const dev_registration *row = &device->persistent.rows[index];
    if (abort && device->target && row->nexus != 0)
        device->target->end_tasks(device->target_ctx, cmd->scsi, row->nexus);
    dev_nexus *nexus = dev_nexus_find(&device->nexuses, row->nexus);
    if (abort && nexus)
        nexus->prevents = false; /* SPC-4 section 6.14: as if it had allowed the removal of the medium */
    tell(device, row, DEV_ASC_REGISTRATIONS_PREEMPTED);
    dev_registration_remove(device, index);
}

/* Removes the registrations of others with that key (any: with whatever key); returns whether there were
 * some. */
static bool remove_others(dev_command *cmd, const out_list *list, bool any)
{
    dev_persistent *state = &cmd->device->persistent;
    bool found = any;
    for (size_t i = state->num; i-- > 0;) {
        if (!any && state->rows[i].key != list->service_key)
            continue;
        found = true;
        if (state->rows[i].nexus != cmd->scsi->nexus)
            preempt_one(cmd, i, list->action == OUT_PREEMPT_ABORT);
    }
    return found;
}

/* A known type, and the whole unit as scope. */
static bool type_is_sound(dev_command *cmd)
{
    if ((cmd->cdb[2] >> 4) == 0 && dev_type_known(cmd->cdb[2] & 0x0f))
        return true;
    dev_fail_cdb(cmd, 2, (cmd->cdb[2] >> 4) ? 7 : 3);
    return false;
}

/* SPC-4 section 5.13.11.4: with the holder's key the reservation is taken over too. */
static void do_preempt(dev_command *cmd, const out_list *list)
{
    dev_persistent *state = &cmd->device->persistent;
    uint8_t old = state->type, type = cmd->cdb[2] & 0x0f;
    bool everybody = dev_persistent_all_hold(old) && list->service_key == 0;
    bool takes = everybody || (old != DEV_TYPE_NONE && !dev_persistent_all_hold(old) &&
                               state->rows[state->holder].key == list->service_key);
    if (list->service_key == 0 && !everybody) {
        dev_fail_list(cmd, 8);
        return;
    }
    if (takes && !type_is_sound(cmd)) /* else they are ignored, section 5.13.11.2.3 */
        return;
    if (!remove_others(cmd, list, everybody)) {
        conflict(cmd);
        return;
    }
    state->generation++;
    if (!takes)
        return;
    state->type = type;
    state->holder = (size_t)(dev_registration_own(cmd) - state->rows);
    if (type != old && dev_type_registrants_pass(old))
        tell_others(cmd, DEV_ASC_RESERVATIONS_RELEASED);
}

/* ---- REGISTER AND MOVE (SPC-4 section 5.13.8) ---- */

/* Where the reservation goes; false with the list refused when that is nowhere, or where it is. */
static bool read_destination(dev_command *cmd, const out_list *list, rig_view *out_initiator,
                             rig_device_port *out_port)
{
    size_t id_len = read_transport_id(list, LIST_LEN, out_initiator);
    if (list->service_key == 0)
        dev_fail_list(cmd, 8);
    else if (!dev_port_by_id(cmd, dev_get16(list->bytes + 18), out_port))
        dev_fail_list(cmd, 18);
    else if (id_len == 0 || LIST_LEN + id_len != list->len || dev_get32(list->bytes + 20) != id_len)
        dev_fail_list(cmd, LIST_LEN);
    else if (rig_view_eq(*out_initiator, cmd->scsi->initiator) &&
             rig_view_eq(rig_view_of(out_port->name, out_port->len), cmd->scsi->port))
        dev_fail_list(cmd, LIST_LEN);
    else
        return true;
    return false;
}

static void do_move(dev_command *cmd, const dev_registration *own, const out_list *list)
{
    dev_persistent *state = &cmd->device->persistent;
    rig_view initiator;
    rig_device_port port;
    if (!dev_persistent_holds(state, own) || dev_persistent_all_hold(state->type)) {
        conflict(cmd);
        return;
    }
    if (!read_destination(cmd, list, &initiator, &port))
        return;
    rig_view name = rig_view_of(port.name, port.len);
    if (!enter(cmd, initiator, name, list->service_key, true)) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_RESOURCES);
        return;
    }
    state->holder = (size_t)(dev_registration_find(state, initiator, name) - state->rows);
    if (list->bytes[17] & MOVE_UNREG)
        dev_registration_remove(cmd->device, (size_t)(dev_registration_own(cmd) - state->rows));
    state->generation++;
}

/* ---- the command ---- */

/* Of preempting, the registrations there are tell whether it looks at scope and type. */
static bool check_type(dev_command *cmd)
{
    uint8_t action = cmd->cdb[1] & 0x1f;
    return (action != OUT_RESERVE && action != OUT_RELEASE) || type_is_sound(cmd);
}

void dev_persistent_out(dev_command *cmd)
{
    uint8_t action = cmd->cdb[1] & 0x1f;
    uint32_t len = dev_get32(cmd->cdb + 5);
    bool longer = action == OUT_REGISTER || action == OUT_MOVE;
    if (cmd->device->reserved_by)
        conflict(cmd); /* RESERVE(6), by whomever */
    else if (!check_type(cmd))
        return;
    else if (len < LIST_LEN || len > LIST_MAX || (len > LIST_LEN && !longer))
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else
        dev_transfer_parameters(cmd, len);
}

/* Byte 20, which REGISTER AND MOVE has at 17: bits an action does not know are refused where they are
 * reserved, or SPEC_I_PT; the others do not count for it. */
static bool read_flags(dev_command *cmd, out_list *list)
{
    unsigned at = list->action == OUT_MOVE ? 17 : 20;
    uint8_t bits = list->bytes[at];
    uint8_t known = list->action == OUT_MOVE       ? APTPL | MOVE_UNREG
                    : list->action == OUT_REGISTER ? SPEC_I_PT | ALL_TG_PT | APTPL
                                                   : ALL_TG_PT | APTPL;
    list->flags = registers(list->action) ? bits : list->action == OUT_MOVE ? bits & APTPL : 0;
    if (!(bits & ~known) && (!(list->flags & APTPL) || dev_persistent_can_keep(cmd->device)))
        return true;
    dev_fail_list(cmd, at);
    return false;
}

static bool check_list(dev_command *cmd, const dev_registration *own, out_list *list)
{
    if (!read_flags(cmd, list))
        return false;
    if (list->flags & SPEC_I_PT) {
        if (!own)
            return check_ids(cmd, list);
        dev_fail_cdb(cmd, 1, 4); /* section 5.13.7.1: only together with the first registration */
        return false;
    }
    if (list->action == OUT_MOVE || list->len == LIST_LEN)
        return true;
    dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    return false;
}

static void carry_out(dev_command *cmd, dev_registration *own, const out_list *list)
{
    switch ((enum out_action)list->action) {
    case OUT_REGISTER:
    case OUT_REGISTER_IGNORE:
        do_register(cmd, own, list);
        break;
    case OUT_RESERVE:
        do_reserve(cmd, own);
        break;
    case OUT_RELEASE:
        do_release(cmd, own);
        break;
    case OUT_CLEAR:
        do_clear(cmd);
        break;
    case OUT_PREEMPT:
    case OUT_PREEMPT_ABORT:
        do_preempt(cmd, list);
        break;
    case OUT_MOVE:
        do_move(cmd, own, list);
        break;
    }
}

/* The last registration decides whether the state outlives a loss of power; what cannot be kept then is told
 * as an error of the medium. */
static void keep(dev_command *cmd, const out_list *list)
{
    dev_persistent *state = &cmd->device->persistent;
    bool was_kept = state->kept;
    if (cmd->scsi->status != DEV_GOOD)
        return;
    if (registers(list->action) || list->action == OUT_MOVE)
        state->kept = (list->flags & APTPL) != 0;
    rig_status status = was_kept || state->kept ? dev_persistent_save(cmd->device) : RIG_OK;
    if (status != RIG_OK)
        dev_fail_backing(cmd, status, true);
}

void dev_persistent_out_done(dev_command *cmd, uint64_t got)
{
    const uint8_t *bytes = cmd->scsi->iov[0].iov_base;
    dev_registration *own = dev_registration_own(cmd);
    out_list list = {.bytes = bytes, .len = (size_t)got, .action = cmd->cdb[1] & 0x1f};
    if (got < cmd->scsi->length) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
        return;
    }
    if (cmd->device->reserved_by) {
        conflict(cmd); /* RESERVE(6) went ahead while the list was on its way */
        return;
    }
    list.key = dev_get64(bytes);
    list.service_key = dev_get64(bytes + 8);
    bool may = own ? own->key == list.key : list.action == OUT_REGISTER && list.key == 0;
    if (!check_list(cmd, own, &list))
        return;
    if (!may && list.action != OUT_REGISTER_IGNORE) {
        conflict(cmd);
        return;
    }
    carry_out(cmd, own, &list);
    keep(cmd, &list);
}
