/* PERSISTENT RESERVE IN, SPC-4 section 6.15. */
#include "unit.h"

#define ISCSI_NAME_FORMAT 0x45 /* TransportID: initiator port, protocol iSCSI */

static uint64_t in_allocation(const dev_command *cmd)
{
    return dev_get16(cmd->cdb + 7);
}

/* Starts an answer: generation and the length of what follows. */
static uint8_t *start_answer(dev_command *cmd, size_t len)
{
    uint8_t *answer = dev_transfer_answer(cmd, 8 + len, in_allocation(cmd));
    if (!answer)
        return NULL;
    dev_put32(answer, cmd->device->persistent.generation);
    dev_put32(answer + 4, (uint32_t)len);
    return answer + 8;
}

static void read_keys(dev_command *cmd)
{
    const dev_persistent *state = &cmd->device->persistent;
    uint8_t *keys = start_answer(cmd, 8 * state->num);
    for (size_t i = 0; keys && i < state->num; i++)
        dev_put64(keys + 8 * i, state->rows[i].key);
}

static void read_reservation(dev_command *cmd)
{
    const dev_persistent *state = &cmd->device->persistent;
    uint8_t *row = start_answer(cmd, state->type != DEV_TYPE_NONE ? 16 : 0);
    if (!row || state->type == DEV_TYPE_NONE)
        return;
    dev_put64(row, dev_persistent_all_hold(state->type) ? 0 : state->rows[state->holder].key);
    row[13] = state->type;
}

static void report_capabilities(dev_command *cmd)
{
    uint8_t *answer = dev_transfer_answer(cmd, 8, in_allocation(cmd));
    if (!answer)
        return;
    bool can_keep = dev_persistent_can_keep(cmd->device);
    dev_put16(answer, 8);
    answer[2] = 0x08 | 0x04 | (can_keep ? 0x01 : 0);              /* SIP_C, ATP_C, PTPL_C */
    answer[3] = 0x80 | (cmd->device->persistent.kept ? 0x01 : 0); /* TMV: the types follow; PTPL_A */
    answer[4] = 0x80 | 0x40 | 0x20 | 0x08 | 0x02;                 /* all of them */
    answer[5] = 0x01;
}

/* Bytes of a TransportID: the name, a NUL, padded to 4 and to 20 at least (SPC-4 section 7.6.4.6). */
static size_t transport_id_len(const dev_registration *row)
{
    size_t len = (row->initiator_len + 4) / 4 * 4;
    return 4 + (len < 20 ? 20 : len);
}

static size_t put_transport_id(uint8_t *out, const dev_registration *row)
{
    size_t len = transport_id_len(row);
    out[0] = ISCSI_NAME_FORMAT;
    dev_put16(out + 2, (uint16_t)(len - 4));
    if (row->initiator_len > 0)
        memcpy(out + 4, row->names, row->initiator_len);
    return len;
}

static void read_full_status(dev_command *cmd)
{
    const dev_persistent *state = &cmd->device->persistent;
    size_t len = 0;
    for (size_t i = 0; i < state->num; i++)
        len += 24 + transport_id_len(&state->rows[i]);
    uint8_t *out = start_answer(cmd, len);
    for (size_t i = 0; out && i < state->num; i++) {
        const dev_registration *row = &state->rows[i];
        dev_put64(out, row->key);
        out[12] = dev_persistent_holds(state, row);
        out[13] = dev_persistent_holds(state, row) ? state->type : 0;
        dev_put16(out + 18, dev_port_id(cmd, dev_registration_port(row)));
        size_t id_len = put_transport_id(out + 24, row);
        dev_put32(out + 20, (uint32_t)id_len);
        out += 24 + id_len;
    }
}

void dev_persistent_in(dev_command *cmd)
{
    static void (*const actions[])(dev_command * cmd) = {read_keys, read_reservation, report_capabilities,
                                                         read_full_status};
    if (cmd->device->reserved_by)
        cmd->scsi->status = DEV_RESERVATION_CONFLICT;
    else
        actions[cmd->row->service](cmd);
}
