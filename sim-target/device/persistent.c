/* Persistent registrations, and who may do what to a unit with a persistent reservation, SPC-4 section 5.13.
 */
#include "persistent.h"

#include "unit.h"

static bool is_write_exclusive(uint8_t type)
{
    return type == DEV_WRITE_EXCLUSIVE || type == DEV_WRITE_EXCLUSIVE_REGISTRANTS ||
           type == DEV_WRITE_EXCLUSIVE_ALL;
}

bool dev_persistent_all_hold(uint8_t type)
{
    return type == DEV_WRITE_EXCLUSIVE_ALL || type == DEV_EXCLUSIVE_ACCESS_ALL;
}

bool dev_type_registrants_pass(uint8_t type)
{
    return type >= DEV_WRITE_EXCLUSIVE_REGISTRANTS;
}

bool dev_type_known(uint8_t type)
{
    return type == DEV_WRITE_EXCLUSIVE || type == DEV_EXCLUSIVE_ACCESS ||
           (type >= DEV_WRITE_EXCLUSIVE_REGISTRANTS && type <= DEV_EXCLUSIVE_ACCESS_ALL);
}

dev_registration *dev_registration_find(const dev_persistent *state, rig_view initiator, rig_view port)
{
    for (size_t i = 0; i < state->num && initiator.len > 0; i++)
        if (rig_view_eq(dev_registration_initiator(&state->rows[i]), initiator) &&
            rig_view_eq(dev_registration_port(&state->rows[i]), port))
            return &state->rows[i];
    return NULL;
}

dev_registration *dev_registration_own(const dev_command *cmd)
{
    dev_persistent *state = &cmd->device->persistent;
    for (size_t i = 0; i < state->num; i++)
        if (state->rows[i].nexus == cmd->scsi->nexus)
            return &state->rows[i];
    dev_registration *row = dev_registration_find(state, cmd->scsi->initiator, cmd->scsi->port);
    if (!row || row->nexus != 0)
        return NULL;
    row->nexus = cmd->scsi->nexus;
    return row;
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
    const dev_registration *row = dev_registration_own(cmd);
    return dev_persistent_holds(state, row) || (row && dev_type_registrants_pass(state->type)) ||
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
    *state = (dev_persistent){.generation = state->generation, .kept = state->kept};
}

void dev_registration_remove(rig_device *device, size_t index)
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
            dev_registration_remove(device, i);
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

static bool copy_names(dev_registration *row, const rig_alloc *alloc, rig_view initiator, rig_view port)
{
    if (initiator.len == 0 || initiator.len > RIG_DEVICE_PORT_NAME_MAX || port.len > RIG_DEVICE_PORT_NAME_MAX)
        return true;
    row->names = rig_new(alloc, initiator.len + port.len);
    if (!row->names)
        return false;
    row->initiator_len = initiator.len;
    row->port_len = port.len;
    memcpy(row->names, initiator.ptr, initiator.len);
    if (port.len > 0)
        memcpy(row->names + initiator.len, port.ptr, port.len);
    return true;
}

bool dev_registration_add(rig_device *device, uint64_t key, rig_nexus_id nexus, rig_view initiator,
                          rig_view port)
{
    dev_persistent *state = &device->persistent;
    dev_registration row = {.key = key, .nexus = nexus};
    if (!copy_names(&row, device->alloc, initiator, port))
        return false;
    if (!make_room(state, device->alloc)) {
        free_names(&row, device->alloc);
        return false;
    }
    state->rows[state->num++] = row;
    return true;
}
