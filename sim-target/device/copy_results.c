/* What became of copies: RECEIVE COPY RESULTS (SPC-4 sections 6.20 to 6.24), and what a copy may ask for,
 * there and in VPD page 8Fh (section 7.8.17). */
#include "unit.h"

#define STATUS_LEN 12
#define STATUS_DONE 0x01
#define STATUS_FAILED 0x02
#define DATA_DISCARDED 0x80
#define PARAMETERS_LEN 46
#define BLOCK_BITS 9 /* what is copied comes in multiples of 512 bytes */

static void remove_result(dev_copies *copies, size_t index)
{
    copies->num--;
    memmove(&copies->rows[index], &copies->rows[index + 1], (copies->num - index) * sizeof copies->rows[0]);
}

static dev_copy_result *find_result(dev_copies *copies, rig_nexus_id nexus, uint8_t list)
{
    for (size_t i = 0; i < copies->num; i++)
        if (copies->rows[i].nexus == nexus && copies->rows[i].list == list)
            return &copies->rows[i];
    return NULL;
}

void dev_copies_add(dev_copies *copies, const dev_copy_result *result)
{
    dev_copy_result *old = find_result(copies, result->nexus, result->list);
    if (old)
        remove_result(copies, (size_t)(old - copies->rows));
    else if (copies->num == DEV_COPY_RESULTS_MAX)
        remove_result(copies, 0);
    copies->rows[copies->num++] = *result;
}

void dev_copies_lost(rig_device *device, rig_nexus_id nexus)
{
    dev_copies *copies = &device->copies;
    for (size_t i = copies->num; i-- > 0;)
        if (copies->rows[i].nexus == nexus)
            remove_result(copies, i);
}

/* A result that was told is forgotten. */
void dev_copy_status(dev_command *cmd)
{
    dev_copies *copies = &cmd->device->copies;
    dev_copy_result *result = find_result(copies, cmd->scsi->nexus, cmd->cdb[2]);
    if (!result) {
        dev_fail_cdb(cmd, 2, 7);
        return;
    }
    uint8_t *answer = dev_transfer_answer(cmd, STATUS_LEN, dev_get32(cmd->cdb + 10));
    if (!answer)
        return;
    dev_put32(answer, STATUS_LEN - 4);
    answer[4] = DATA_DISCARDED | (result->failed ? STATUS_FAILED : STATUS_DONE);
    dev_put16(answer + 5, result->segments);
    dev_put32(answer + 8, (uint32_t)result->bytes);
    remove_result(copies, (size_t)(result - copies->rows));
}

void dev_copy_parameters(dev_command *cmd)
{
    uint8_t *answer = dev_transfer_answer(cmd, PARAMETERS_LEN, dev_get32(cmd->cdb + 10));
    if (!answer)
        return;
    dev_put32(answer, PARAMETERS_LEN - 4);
    answer[4] = 0x01; /* SNLID: a list identifier can be left out */
    dev_put16(answer + 8, DEV_COPY_UNITS_MAX);
    dev_put16(answer + 10, DEV_COPY_SEGMENTS_MAX);
    dev_put32(answer + 12, DEV_COPY_LIST_MAX);
    dev_put32(answer + 16, DEV_COPY_SEGMENT_MAX);
    dev_put16(answer + 34, 1); /* a copy is over before the next command begins */
    answer[36] = 1;
    answer[37] = BLOCK_BITS;
    answer[43] = 2;
    answer[44] = DEV_COPY_SEGMENT_CODE;
    answer[45] = DEV_COPY_UNIT_CODE;
}

/* ---- VPD page 8Fh: a list of descriptors, each with kind, length and padding to four bytes ---- */

static uint8_t *put_descriptor(uint8_t *out, uint16_t kind, const uint8_t *data, size_t len)
{
    size_t padded = (len + 3) / 4 * 4;
    dev_put16(out, kind);
    dev_put16(out + 2, (uint16_t)padded);
    memcpy(out + 4, data, len);
    return out + 4 + padded;
}

size_t dev_copy_page(uint8_t *body)
{
    static const uint8_t commands[] = {7, 0x83, 1, 0x00, 0x84, 2, 0x00, 0x03};
    static const uint8_t descriptors[] = {2, DEV_COPY_SEGMENT_CODE, DEV_COPY_UNIT_CODE};
    static const uint8_t ids[] = {0, 2, DEV_COPY_SELF >> 8, DEV_COPY_SELF & 0xff};
    uint8_t limits[28] = {0}, operations[32] = {0}, *at = body;
    dev_put16(limits + 4, DEV_COPY_UNITS_MAX);
    dev_put16(limits + 6, DEV_COPY_SEGMENTS_MAX);
    dev_put32(limits + 8, DEV_COPY_LIST_MAX);
    dev_put32(operations, 1);
    dev_put32(operations + 4, 1);
    dev_put32(operations + 8, DEV_COPY_SEGMENT_MAX);
    operations[12] = BLOCK_BITS;
    at = put_descriptor(at, 0x0001, commands, sizeof commands);
    at = put_descriptor(at, 0x0004, limits, sizeof limits);
    at = put_descriptor(at, 0x0008, descriptors, sizeof descriptors);
    at = put_descriptor(at, 0x000c, ids, sizeof ids);
    at = put_descriptor(at, 0x8001, operations, sizeof operations);
    return (size_t)(at - body);
}
