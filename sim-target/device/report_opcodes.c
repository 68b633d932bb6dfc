/* REPORT SUPPORTED OPERATION CODES, SPC-4 section 6.35, out of the command table itself. */
#include "unit.h"

enum reporting_options {
    REPORT_ALL = 0,
    REPORT_OPCODE = 1,  /* one without service actions */
    REPORT_SERVICE = 2, /* one with */
    REPORT_EITHER = 3,
};

#define LONG_CDB 32
#define TIMEOUTS_LEN 12

static bool wants_timeouts(const dev_command *cmd)
{
    return (cmd->cdb[2] & 0x80) != 0;
}

/* Command timeouts descriptor: the length is that of what follows; no time is promised. */
static void put_timeouts(uint8_t *out)
{
    dev_put16(out, TIMEOUTS_LEN - 2);
}

static void put_row(uint8_t *out, const dev_row *row, bool timeouts)
{
    out[0] = row->opcode;
    if (row->service >= 0)
        dev_put16(out + 2, (uint16_t)row->service);
    out[5] = (uint8_t)((timeouts ? 0x02 : 0) | (row->service >= 0 ? 0x01 : 0));
    dev_put16(out + 6, row->len);
    if (timeouts)
        put_timeouts(out + 8);
}

static void report_all(dev_command *cmd)
{
    size_t row_len = wants_timeouts(cmd) ? 8 + TIMEOUTS_LEN : 8;
    size_t num = 0;
    for (size_t i = 0; i < dev_rows_count(); i++)
        num += dev_row_available(cmd->device, dev_row_at(i));
    uint8_t *answer = dev_transfer_answer(cmd, 4 + num * row_len, dev_get32(cmd->cdb + 6));
    if (!answer)
        return;
    dev_put32(answer, (uint32_t)(num * row_len));
    answer += 4;
    for (size_t i = 0; i < dev_rows_count(); i++) {
        if (!dev_row_available(cmd->device, dev_row_at(i)))
            continue;
        put_row(answer, dev_row_at(i), wants_timeouts(cmd));
        answer += row_len;
    }
}

static void report_one(dev_command *cmd, const dev_row *row)
{
    size_t cdb_len = row ? row->len : 0;
    bool timeouts = row && wants_timeouts(cmd);
    uint8_t *answer =
        dev_transfer_answer(cmd, 4 + cdb_len + (timeouts ? TIMEOUTS_LEN : 0), dev_get32(cmd->cdb + 6));
    if (!answer)
        return;
    answer[1] = (uint8_t)((timeouts ? 0x80 : 0) | (row ? 0x03 : 0x01));
    if (!row)
        return;
    dev_put16(answer + 2, row->len);
    for (size_t i = 0; i < cdb_len; i++)
        answer[4 + i] = dev_row_usage(cmd->device, row, i);
    if (row->service >= 0)
        answer[4 + (cdb_len == LONG_CDB ? 9 : 1)] = (uint8_t)row->service;
    if (timeouts)
        put_timeouts(answer + 4 + cdb_len);
}

void dev_report_opcodes(dev_command *cmd)
{
    unsigned options = cmd->cdb[2] & 0x07;
    uint16_t service = dev_get16(cmd->cdb + 4);
    const dev_row *row = dev_row_find(cmd->device, cmd->cdb[3], service);
    bool has_services = row ? row->service >= 0 : dev_opcode_known(cmd->device, cmd->cdb[3]);
    if (options == REPORT_ALL)
        report_all(cmd);
    else if (options > REPORT_EITHER)
        dev_fail_cdb(cmd, 2, 2);
    else if ((options == REPORT_OPCODE && has_services) ||
             (options == REPORT_SERVICE && row && !has_services))
        dev_fail_cdb(cmd, 3, 7);
    else if (options == REPORT_EITHER && row && !has_services && service != 0)
        report_one(cmd, NULL);
    else
        report_one(cmd, row);
}
