/* The target ports of a unit, and REPORT TARGET PORT GROUPS (SPC-4 section 6.37). All ports are one group in
 * the state active/optimized: a block lies as near to the one as to the other. */
#include "unit.h"

#define EXTENDED_HEADER 1 /* PARAMETER DATA FORMAT */
#define GROUP_LEN 8
#define PORT_LEN 4
#define SUPPORTS_OPTIMIZED 0x01

/* A unit without a target around it has the port its commands come through. */
static bool only_port(const dev_command *cmd, size_t i, rig_device_port *out_port)
{
    rig_view name = cmd->scsi->port;
    if (i > 0 || name.len > RIG_DEVICE_PORT_NAME_MAX)
        return false;
    out_port->id = 1;
    out_port->len = (uint16_t)name.len;
    if (name.len > 0)
        memcpy(out_port->name, name.ptr, name.len);
    return true;
}

bool dev_port_at(const dev_command *cmd, size_t i, rig_device_port *out_port)
{
    const rig_device *device = cmd->device;
    if (!device->target)
        return only_port(cmd, i, out_port);
    return i < RIG_DEVICE_PORTS_MAX && device->target->port(device->target_ctx, i, out_port);
}

bool dev_port_by_id(const dev_command *cmd, uint16_t id, rig_device_port *out_port)
{
    for (size_t i = 0; dev_port_at(cmd, i, out_port); i++)
        if (out_port->id == id)
            return true;
    return false;
}

uint16_t dev_port_id(const dev_command *cmd, rig_view name)
{
    rig_device_port port;
    for (size_t i = 0; dev_port_at(cmd, i, &port); i++)
        if (rig_view_eq(rig_view_of(port.name, port.len), name))
            return port.id;
    return 1;
}

void dev_report_port_groups(dev_command *cmd)
{
    size_t header = cmd->cdb[1] >> 5 == EXTENDED_HEADER ? 8 : 4, num = 0;
    rig_device_port port;
    while (dev_port_at(cmd, num, &port))
        num++;
    size_t len = header + GROUP_LEN + PORT_LEN * num;
    uint8_t *answer = dev_transfer_answer(cmd, len, dev_get32(cmd->cdb + 6));
    if (!answer)
        return;
    uint8_t *group = answer + header;
    dev_put32(answer, (uint32_t)(len - 4));
    if (header == 8)
        answer[4] = EXTENDED_HEADER << 4;
    group[1] = SUPPORTS_OPTIMIZED;
    dev_put16(group + 2, DEV_PORT_GROUP);
    group[7] = (uint8_t)num;
    for (size_t i = 0; i < num && dev_port_at(cmd, i, &port); i++)
        dev_put16(group + GROUP_LEN + PORT_LEN * i + 2, port.id);
}
