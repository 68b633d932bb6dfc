/* Persistent reservations that outlive a loss of power (APTPL, SPC-4 section 5.13.5), as the backing keeps
 * them: a header with the unit's serial number and the reservation, then the registrations that have names.
 * PRgeneration is not among them: it begins at 0 with power on. */
#include <inttypes.h>

#include "unit.h"

#define VERSION 1
#define HEADER_LEN 16
#define ROW_LEN 12           /* key and the lengths of the names, which follow */
#define NO_HOLDER UINT16_MAX /* of a type that all hold */

_Static_assert(HEADER_LEN + DEV_REGISTRATIONS_MAX * (ROW_LEN + 2 * RIG_DEVICE_PORT_NAME_MAX) <=
                       RIG_BACKING_STATE_MAX &&
                   RIG_BACKING_STATE_MAX <= DEV_POOL_PIECE,
               "a full table fits into what a backing keeps, and into one buffer");

bool dev_persistent_can_keep(const rig_device *device)
{
    return device->backing->ops->save && !device->backing->read_only;
}

static size_t row_len(const dev_registration *row)
{
    return row->initiator_len > 0 ? ROW_LEN + row->initiator_len + row->port_len : 0;
}

static uint8_t *put_row(uint8_t *out, const dev_registration *row)
{
    dev_put64(out, row->key);
    dev_put16(out + 8, (uint16_t)row->initiator_len);
    dev_put16(out + 10, (uint16_t)row->port_len);
    memcpy(out + ROW_LEN, row->names, row->initiator_len + row->port_len);
    return out + row_len(row);
}

static void put_state(uint8_t *out, const rig_device *device)
{
    const dev_persistent *state = &device->persistent;
    bool held = state->type != DEV_TYPE_NONE && !dev_persistent_all_hold(state->type);
    uint16_t num = 0, holder = NO_HOLDER;
    uint8_t *at = out + HEADER_LEN;
    for (size_t i = 0; i < state->num; i++) {
        if (row_len(&state->rows[i]) == 0)
            continue;
        if (held && i == state->holder)
            holder = num;
        at = put_row(at, &state->rows[i]);
        num++;
    }
    out[0] = VERSION;
    out[1] = held && holder == NO_HOLDER ? DEV_TYPE_NONE : state->type;
    dev_put16(out + 2, num);
    dev_put16(out + 4, holder);
    dev_put16(out + 6, 0);
    dev_put64(out + 8, device->serial);
}

rig_status dev_persistent_save(rig_device *device)
{
    const dev_persistent *state = &device->persistent;
    size_t len = HEADER_LEN;
    if (!state->kept)
        return device->backing->ops->save(device->backing, NULL, 0);
    for (size_t i = 0; i < state->num; i++)
        len += row_len(&state->rows[i]);
    uint8_t *bytes = dev_pool_take(&device->pool, len);
    if (!bytes)
        return RIG_E_NOMEM;
    put_state(bytes, device);
    rig_status status = device->backing->ops->save(device->backing, bytes, len);
    dev_pool_give(&device->pool, bytes, len);
    return status;
}

/* ---- at power on ---- */

static rig_status damaged(rig_error *err, size_t at)
{
    return rig_fail(err, RIG_E_SYNTAX, "saved reservations: damaged at byte %zu", at);
}

/* Takes one registration off the front; its bytes, 0 when it is damaged. */
static size_t take_row(rig_device *device, const uint8_t *at, size_t left, rig_status *out_status)
{
    size_t initiator = left >= ROW_LEN ? dev_get16(at + 8) : 0,
           port = left >= ROW_LEN ? dev_get16(at + 10) : 0;
    const uint8_t *names = at + ROW_LEN;
    if (initiator == 0 || initiator > RIG_DEVICE_PORT_NAME_MAX || port > RIG_DEVICE_PORT_NAME_MAX ||
        initiator + port > left - ROW_LEN || dev_get64(at) == 0)
        return 0;
    if (!dev_registration_add(device, dev_get64(at), 0, rig_view_of(names, initiator),
                              rig_view_of(names + initiator, port)))
        *out_status = RIG_E_NOMEM;
    return ROW_LEN + initiator + port;
}

static bool holder_is_sound(uint8_t type, uint16_t holder, uint16_t num)
{
    if (type == DEV_TYPE_NONE || dev_persistent_all_hold(type))
        return holder == NO_HOLDER && (type == DEV_TYPE_NONE || num > 0);
    return dev_type_known(type) && holder < num;
}

static rig_status take_state(rig_device *device, const uint8_t *bytes, size_t len, rig_error *err)
{
    dev_persistent *state = &device->persistent;
    rig_status status = RIG_OK;
    size_t at = HEADER_LEN;
    if (len < HEADER_LEN || bytes[0] != VERSION || dev_get16(bytes + 2) > DEV_REGISTRATIONS_MAX ||
        !holder_is_sound(bytes[1], dev_get16(bytes + 4), dev_get16(bytes + 2)))
        return damaged(err, 0);
    if (dev_get64(bytes + 8) != device->serial)
        return rig_fail(err, RIG_E_SYNTAX,
                        "saved reservations: of the unit with serial number %016" PRIx64
                        ", not of this one, %016" PRIx64,
                        dev_get64(bytes + 8), device->serial);
    for (size_t i = dev_get16(bytes + 2), part = 1; i > 0 && status == RIG_OK; i--, at += part) {
        part = take_row(device, bytes + at, len - at, &status);
        if (part == 0)
            return damaged(err, at);
    }
    if (status == RIG_OK && at != len)
        return damaged(err, at);
    state->type = bytes[1];
    state->holder = dev_get16(bytes + 4) == NO_HOLDER ? 0 : dev_get16(bytes + 4);
    state->kept = true;
    return status == RIG_OK ? status : rig_fail(err, status, "no memory for saved reservations");
}

rig_status dev_persistent_load(rig_device *device, rig_error *err)
{
    rig_backing *backing = device->backing;
    size_t len = 0;
    if (!backing->ops->load)
        return RIG_OK;
    uint8_t *bytes = dev_pool_take(&device->pool, RIG_BACKING_STATE_MAX);
    if (!bytes)
        return rig_fail(err, RIG_E_NOMEM, "no memory for saved reservations");
    rig_status status = backing->ops->load(backing, bytes, RIG_BACKING_STATE_MAX, &len, err);
    if (status == RIG_OK && len > 0)
        status = take_state(device, bytes, len, err);
    dev_pool_give(&device->pool, bytes, RIG_BACKING_STATE_MAX);
    return status;
}
