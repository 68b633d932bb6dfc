/* READ CAPACITY(10) and (16): SBC-3 sections 5.15 and 5.16. */
#include "unit.h"

void dev_read_capacity_10(dev_command *cmd)
{
    uint64_t last = cmd->device->num_blocks - 1;
    uint8_t *answer = dev_transfer_answer(cmd, 8, 8);
    if (!answer)
        return;
    dev_put32(answer, last < UINT32_MAX ? (uint32_t)last : UINT32_MAX);
    dev_put32(answer + 4, cmd->device->block_len);
}

/* How many logical blocks are a physical one, as a power of two. */
static uint8_t physical_exponent(const rig_device *device)
{
    uint8_t exponent = 0;
    while (device->block_len << exponent < device->physical)
        exponent++;
    return exponent;
}

void dev_read_capacity_16(dev_command *cmd)
{
    uint8_t *answer = dev_transfer_answer(cmd, 32, dev_get32(cmd->cdb + 10));
    if (!answer)
        return;
    dev_put64(answer, cmd->device->num_blocks - 1);
    dev_put32(answer + 8, cmd->device->block_len);
    if (cmd->device->protection) /* P_TYPE counts from 0, P_I_EXPONENT is 0: one interval a block */
        answer[12] = (uint8_t)((cmd->device->protection - 1) << 1 | 0x01);
    answer[13] = physical_exponent(cmd->device);
    if (cmd->device->backing->ops->discard)
        answer[14] = cmd->device->reads_anything ? 0x80 : 0x80 | 0x40; /* LBPME, LBPRZ */
}
