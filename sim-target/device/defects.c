/* READ DEFECT DATA(10) and (12), SBC-3 sections 5.17 and 5.18: there are lists, and they are empty. */
#include "unit.h"

#define LISTS_AND_FORMAT 0x1f /* PLISTV or REQ_PLIST, GLISTV or REQ_GLIST, format */

void dev_defects_10(dev_command *cmd)
{
    uint8_t *answer = dev_transfer_answer(cmd, 4, dev_get16(cmd->cdb + 7));
    if (answer)
        answer[1] = cmd->cdb[2] & LISTS_AND_FORMAT;
}

void dev_defects_12(dev_command *cmd)
{
    uint8_t *answer = dev_transfer_answer(cmd, 8, dev_get32(cmd->cdb + 6));
    if (answer)
        answer[1] = cmd->cdb[1] & LISTS_AND_FORMAT;
}
