/* Who may do what to a unit with a persistent reservation, and PERSISTENT RESERVE OUT, SPC-4 section 6.16. */
#include "persistent.h"

#include "unit.h"

#define LIST_LEN 24 /* of PERSISTENT RESERVE OUT */

enum out_action {
    OUT_REGISTER = 0,
    OUT_RESERVE = 1,
    OUT_RELEASE = 2,
    OUT_CLEAR = 3,
    OUT_PREEMPT = 4,
    OUT_REGISTER_IGNORE = 6,
};

static bool is_write_exclusive(uint8_t type)
{
    return type == DEV_WRITE_EXCLUSIVE || type == DEV_WRITE_EXCLUSIVE_REGISTRANTS ||
           type == DEV_WRITE_EXCLUSIVE_ALL;
}

bool dev_persistent_all_hold(uint8_t type)
{
    return type == DEV_WRITE_EXCLUSIVE_ALL || type == DEV_EXCLUSIVE_ACCESS_ALL;
}

static bool registrants_pass(uint8_t type)
{
    return type >= DEV_WRITE_EXCLUSIVE_REGISTRANTS;
}

static bool type_is_known(uint8_t type)
{
    return type == DEV_WRITE_EXCLUSIVE || type == DEV_EXCLUSIVE_ACCESS ||
           (type >= DEV_WRITE_EXCLUSIVE_REGISTRANTS && type <= DEV_EXCLUSIVE_ACCESS_ALL);
}

static bool names_match(const dev_registration *row, const rig_scsi *scsi)
{
    rig_view initiator = rig_view_of(row->names, row->initiator_len);
    rig_view port = rig_view_of(row->names ? row->names + row->initiator_len : NULL, row->port_len);
    return row->initiator_len > 0 && rig_view_eq(initiator, scsi->initiator) && rig_view_eq(port, scsi->port);
}

/* The registration of the nexus that asks, NULL when there is none. One that came back is known by its names.
 */
static dev_registration *own_row(const dev_command *cmd)
{
    dev_persistent *state = &cmd->device->persistent;
    for (size_t i = 0; i < state->num; i++)
        if (state->rows[i].nexus == cmd->scsi->nexus)
            return &state->rows[i];
    for (size_t i = 0; i < state->num; i++)
        if (state->rows[i].nexus == 0 && names_match(&state->rows[i], cmd->scsi)) {
            state->rows[i].nexus = cmd->scsi->nexus;
            return &state->rows[i];
        }
    return NULL;
}

bool dev_persistent_holds(const dev_persistent *state, const dev_registration *row)
{
    return row && state->type != DEV_TYPE_NONE &&
           (dev_persistent_all_hold(state->type) || row == &state->rows[state->holder]);
}

bool dev_persistent_allows(const dev_command *cmd)
{
    const dev_persistent *state = &cmd->device->persistent;
    if (state->type == DEV_TYPE_NONE || (cmd->row->flags & (DEV_ANYTIME | DEV_OPEN)))
        return true;
    const dev_registration *row = own_row(cmd);
    return dev_persistent_holds(state, row) || (row && registrants_pass(state->type)) ||
           (is_write_exclusive(state->type) && (cmd->row->flags & DEV_LOOKS));
}

static void free_names(dev_registration *row, const rig_alloc *alloc)
{
    rig_delete(alloc, row->names, row->initiator_len + row->port_len);
}

void dev_persistent_cleanup(dev_persistent *state, const rig_alloc *alloc)
{
    for (size_t i = 0; i < state->num; i++)
        free_names(&state->rows[i], alloc);
    rig_delete(alloc, state->rows, state->size * sizeof *state->rows);
    *state = (dev_persistent){.generation = state->generation};
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

/* Takes one registration away; a reservation it held alone goes with it. */
static void remove_row(rig_device *device, size_t index)
{
    dev_persistent *state = &device->persistent;
    bool ends = state->type != DEV_TYPE_NONE &&
                (dev_persistent_all_hold(state->type) ? state->num == 1 : state->holder == index);
    free_names(&state->rows[index], device->alloc);
    state->num--;
    memmove(&state->rows[index], &state->rows[index + 1], (state->num - index) * sizeof *state->rows);
    if (state->holder > index)
        state->holder--;
    if (ends)
        state->type = DEV_TYPE_NONE;
}

void dev_persistent_lost(rig_device *device, rig_nexus_id nexus)
{
    dev_persistent *state = &device->persistent;
    for (size_t i = state->num; i-- > 0;) {
        if (state->rows[i].nexus != nexus)
            continue;
        state->rows[i].nexus = 0;
        if (state->rows[i].initiator_len == 0)
            remove_row(device, i);
    }
}

static bool make_room(dev_persistent *state, const rig_alloc *alloc)
{
    if (state->num < state->size)
        return true;
    size_t size = state->size ? 2 * state->size : 4;
    if (size > DEV_REGISTRATIONS_MAX)
        return false;
    dev_registration *rows = rig_resize(alloc, state->rows, state->size * sizeof *rows, size * sizeof *rows);
    if (!rows)
        return false;
    state->rows = rows;
    state->size = size;
    return true;
}

static void add_row(dev_command *cmd, uint64_t key)
{
    dev_persistent *state = &cmd->device->persistent;
    const rig_alloc *alloc = cmd->device->alloc;
    rig_view initiator = cmd->scsi->initiator, port = cmd->scsi->port;
    dev_registration row = {.key = key, .nexus = cmd->scsi->nexus};
    if (initiator.len > DEV_NAME_MAX || port.len > DEV_NAME_MAX)
        initiator.len = port.len = 0;
    if (initiator.len > 0) {
        row.initiator_len = initiator.len;
        row.port_len = port.len;
        row.names = rig_new(alloc, initiator.len + port.len);
    }
    if ((initiator.len > 0 && !row.names) || !make_room(state, alloc)) {
        free_names(&row, alloc);
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_RESOURCES);
        return;
    }
    if (row.names)
        memcpy(row.names, initiator.ptr, initiator.len);
    if (row.port_len > 0)
        memcpy(row.names + row.initiator_len, port.ptr, port.len);
    state->rows[state->num++] = row;
    state->generation++;
}

static void unregister(dev_command *cmd, dev_registration *own)
{
    dev_persistent *state = &cmd->device->persistent;
    uint8_t type = state->type;
    remove_row(cmd->device, (size_t)(own - state->rows));
    if (type != state->type && registrants_pass(type))
        tell_others(cmd, DEV_ASC_RESERVATIONS_RELEASED);
    state->generation++;
}

static void do_register(dev_command *cmd, dev_registration *own, uint64_t key)
{
    if (own && key == 0)
        unregister(cmd, own);
    else if (own) {
        own->key = key;
        cmd->device->persistent.generation++;
    } else if (key != 0)
        add_row(cmd, key);
}

static void conflict(dev_command *cmd)
{
    cmd->scsi->status = DEV_RESERVATION_CONFLICT;
}

static void do_reserve(dev_command *cmd, dev_registration *own)
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
static void do_release(dev_command *cmd, dev_registration *own)
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
    if (registrants_pass(type))
        tell_others(cmd, DEV_ASC_RESERVATIONS_RELEASED);
}

static void do_clear(dev_command *cmd)
{
    tell_others(cmd, DEV_ASC_RESERVATIONS_PREEMPTED);
    dev_persistent_cleanup(&cmd->device->persistent, cmd->device->alloc);
    cmd->device->persistent.generation++;
}

/* Removes the registrations of others with that key (any: with whatever key); returns whether there were
 * some. */
static bool remove_others(dev_command *cmd, uint64_t key, bool any)
{
    dev_persistent *state = &cmd->device->persistent;
    bool found = false;
    for (size_t i = state->num; i-- > 0;) {
        dev_registration *row = &state->rows[i];
        if (!any && row->key != key)
            continue;
        found = true;
        if (row->nexus == cmd->scsi->nexus)
            continue;
        tell(cmd->device, row, DEV_ASC_REGISTRATIONS_PREEMPTED);
        remove_row(cmd->device, i);
    }
    return found || any;
}

/* SPC-4 section 5.13.11.4: with the holder's key the reservation is taken over too. */
static void do_preempt(dev_command *cmd, uint64_t key)
{
    dev_persistent *state = &cmd->device->persistent;
    uint8_t old = state->type, type = cmd->cdb[2] & 0x0f;
    bool everybody = dev_persistent_all_hold(old) && key == 0;
    bool takes = everybody || (old != DEV_TYPE_NONE && !dev_persistent_all_hold(old) &&
                               state->rows[state->holder].key == key);
    if (key == 0 && !everybody) {
        dev_fail_list(cmd, 8);
        return;
    }
    if (!remove_others(cmd, key, everybody)) {
        conflict(cmd);
        return;
    }
    state->generation++;
    if (!takes)
        return;
    state->type = type;
    state->holder = (size_t)(own_row(cmd) - state->rows);
    if (type != old && registrants_pass(old))
        tell_others(cmd, DEV_ASC_RESERVATIONS_RELEASED);
}

/* A known type and the whole unit as scope, where the action looks at them. */
static bool check_type(dev_command *cmd)
{
    uint8_t action = cmd->cdb[1] & 0x1f;
    if (action != OUT_RESERVE && action != OUT_RELEASE && action != OUT_PREEMPT)
        return true;
    if ((cmd->cdb[2] >> 4) == 0 && type_is_known(cmd->cdb[2] & 0x0f))
        return true;
    dev_fail_cdb(cmd, 2, (cmd->cdb[2] >> 4) ? 7 : 3);
    return false;
}

void dev_persistent_out(dev_command *cmd)
{
    if (cmd->device->reserved_by)
        conflict(cmd); /* RESERVE(6), by whomever */
    else if (!check_type(cmd))
        return;
    else if (dev_get32(cmd->cdb + 5) != LIST_LEN)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else
        dev_transfer_parameters(cmd, LIST_LEN);
}

static void carry_out(dev_command *cmd, dev_registration *own, uint64_t key)
{
    switch ((enum out_action)(cmd->cdb[1] & 0x1f)) {
    case OUT_REGISTER:
    case OUT_REGISTER_IGNORE:
        do_register(cmd, own, key);
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
        do_preempt(cmd, key);
        break;
    }
}

void dev_persistent_out_done(dev_command *cmd, uint64_t got)
{
    const uint8_t *list = cmd->scsi->iov[0].iov_base;
    uint8_t action = cmd->cdb[1] & 0x1f;
    dev_registration *own = own_row(cmd);
    uint64_t key = dev_get64(list);
    bool may = own ? own->key == key : action == OUT_REGISTER && key == 0;
    if (got < LIST_LEN)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else if (list[20])
        dev_fail_list(cmd, 20); /* SPEC_I_PT, ALL_TG_PT and APTPL are not offered */
    else if (!may && action != OUT_REGISTER_IGNORE)
        conflict(cmd);
    else
        carry_out(cmd, own, dev_get64(list + 8));
}
