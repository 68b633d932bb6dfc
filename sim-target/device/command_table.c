/* The command set: one row a command, with the CDB bits it knows. */
#include "unit.h"

#define ANY (-1) /* no service action */
#define FREE (DEV_MEDIUM | DEV_OPEN)
#define LOOKS (DEV_MEDIUM | DEV_LOOKS)
#define CHANGES (DEV_MEDIUM | DEV_WRITES)
#define READS (DEV_MEDIUM | DEV_BLOCKS)
#define MOVES (DEV_MEDIUM | DEV_BLOCKS | DEV_TRANSFER | DEV_LOOKS)
#define PUTS (DEV_MEDIUM | DEV_BLOCKS | DEV_TRANSFER | DEV_WRITES)
#define THIN (DEV_MEDIUM | DEV_WRITES | DEV_THIN)
#define SAME (DEV_MEDIUM | DEV_WRITES | DEV_BLOCKS)
#define ERASES (DEV_MEDIUM | DEV_WRITES | DEV_SANITIZES)
#define THIN_SAME (SAME | DEV_THIN | DEV_GUARDED)
#define THICK_SAME (SAME | DEV_THICK | DEV_GUARDED)

#define LBA4 0xff, 0xff, 0xff, 0xff
#define LBA8 LBA4, LBA4
#define COUNT2 0xff, 0xff
#define COUNT4 0xff, 0xff, 0xff, 0xff
#define LONG (DEV_MEDIUM | DEV_BLOCKS | DEV_TRANSFER | DEV_GUARDED | DEV_TYPE_2)
#define LONG_HEAD(service, flags)                                                                            \
    0, 0, 0, 0, 0, GROUP, 0x18, 0, service, flags, 0, LBA8, COUNT4, 0xff, 0xff, 0xff, 0xff, COUNT4
#define WRITE_SAME_10 0x41
#define UNMAP 0x08
#define GROUP 0x1f /* there are no groups: the number is taken and of no effect */

/* By opcode; the rows of one opcode stand together. Usage maps follow SPC-4 and SBC-3; bits of features this
 * unit does not have (NACA) are not in them, and those of protection are where the medium has it. */
static const dev_row rows[] = {
    {0x00, ANY, 6, FREE, dev_test_ready, NULL, {0x00}},
    {0x03, ANY, 6, DEV_ANYTIME, dev_request_sense, NULL, {0x03, 0x01, 0, 0, 0xff}},
    {0x04, ANY, 6, CHANGES, dev_format, dev_format_done, {0x04, 0xff}},
    {0x08, ANY, 6, MOVES, dev_read, NULL, {0x08, 0x1f, 0xff, 0xff, 0xff}},
    {0x0a, ANY, 6, PUTS, dev_write, dev_write_done, {0x0a, 0x1f, 0xff, 0xff, 0xff}},
    {0x12, ANY, 6, DEV_ANYTIME, dev_inquiry, NULL, {0x12, 0x01, 0xff, 0xff, 0xff}},
    {0x15, ANY, 6, 0, dev_mode_select_6, dev_mode_select_6_done, {0x15, 0x11, 0, 0, 0xff}},
    {0x16, ANY, 6, 0, dev_reserve, NULL, {0x16}},
    {0x17, ANY, 6, DEV_SHARED, dev_release, NULL, {0x17}},
    {0x1a, ANY, 6, DEV_LOOKS, dev_mode_sense_6, NULL, {0x1a, 0x08, 0xff, 0xff, 0xff}},
    {0x1b, ANY, 6, DEV_LETS_GO, dev_start_stop, NULL, {0x1b, 0x01, 0, 0x0f, 0xf7}},
    {0x1d, ANY, 6, 0, dev_self_test, NULL, {0x1d, 0x04}},
    {0x1e, ANY, 6, DEV_LETS_GO, dev_prevent_allow, NULL, {0x1e, 0, 0, 0, 0x03}},
    {0x25, ANY, 10, FREE, dev_read_capacity_10, NULL, {0x25}},
    {0x28, ANY, 10, MOVES | DEV_GUARDED, dev_read, NULL, {0x28, 0x18, LBA4, GROUP, COUNT2}},
    {0x2a, ANY, 10, PUTS | DEV_GUARDED, dev_write, dev_write_done, {0x2a, 0x18, LBA4, GROUP, COUNT2}},
    {0x2e,
     ANY,
     10,
     PUTS | DEV_GUARDED,
     dev_write_verify,
     dev_write_verify_done,
     {0x2e, 0x16, LBA4, GROUP, COUNT2}},
    {0x2f, ANY, 10, MOVES | DEV_GUARDED, dev_verify, dev_verify_done, {0x2f, 0x16, LBA4, GROUP, COUNT2}},
    {0x34, ANY, 10, READS | DEV_LOOKS, dev_prefetch, NULL, {0x34, 0x02, LBA4, GROUP, COUNT2}},
    {0x35, ANY, 10, READS, dev_synchronize, NULL, {0x35, 0x06, LBA4, GROUP, COUNT2}},
    {0x37, ANY, 10, LOOKS, dev_defects_10, NULL, {0x37, 0, 0x1f, 0, 0, 0, 0, COUNT2}},
    {0x41, ANY, 10, THIN_SAME, dev_write_same, dev_write_same_done, {0x41, 0x08, LBA4, GROUP, COUNT2}},
    {0x41, ANY, 10, THICK_SAME, dev_write_same, dev_write_same_done, {0x41, 0x00, LBA4, GROUP, COUNT2}},
    {0x42, ANY, 10, THIN, dev_unmap, dev_unmap_done, {0x42, 0, 0, 0, 0, 0, GROUP, COUNT2}},
    {0x48,
     0x01,
     10,
     ERASES,
     dev_sanitize_overwrite,
     dev_sanitize_overwrite_done,
     {0x48, 0xbf, 0, 0, 0, 0, 0, COUNT2}},
    {0x48, 0x02, 10, ERASES | DEV_THIN, dev_sanitize_erase, NULL, {0x48, 0xbf, 0, 0, 0, 0, 0, COUNT2}},
    {0x48, 0x03, 10, ERASES | DEV_THIN, dev_sanitize_erase, NULL, {0x48, 0xbf, 0, 0, 0, 0, 0, COUNT2}},
    {0x48, 0x1f, 10, ERASES, dev_sanitize_exit, NULL, {0x48, 0xbf, 0, 0, 0, 0, 0, COUNT2}},
    {0x53,
     ANY,
     10,
     PUTS | DEV_BOTH,
     dev_xor_write_read,
     dev_xor_write_read_done,
     {0x53, 0x1c, LBA4, GROUP, COUNT2}},
    {0x55, ANY, 10, 0, dev_mode_select_10, dev_mode_select_10_done, {0x55, 0x11, 0, 0, 0, 0, 0, COUNT2}},
    {0x5a, ANY, 10, DEV_LOOKS, dev_mode_sense_10, NULL, {0x5a, 0x18, 0xff, 0xff, 0, 0, 0, COUNT2}},
    {0x5e, 0, 10, DEV_OPEN, dev_persistent_in, NULL, {0x5e, 0x1f, 0, 0, 0, 0, 0, COUNT2}},
    {0x5e, 1, 10, DEV_OPEN, dev_persistent_in, NULL, {0x5e, 0x1f, 0, 0, 0, 0, 0, COUNT2}},
    {0x5e, 2, 10, DEV_OPEN, dev_persistent_in, NULL, {0x5e, 0x1f, 0, 0, 0, 0, 0, COUNT2}},
    {0x5e, 3, 10, DEV_OPEN, dev_persistent_in, NULL, {0x5e, 0x1f, 0, 0, 0, 0, 0, COUNT2}},
    {0x5f, 0, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x5f, 1, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x5f, 2, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x5f, 3, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x5f, 4, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x5f, 5, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x5f, 6, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x5f, 7, 10, DEV_OPEN, dev_persistent_out, dev_persistent_out_done, {0x5f, 0x1f, 0xff, 0, 0, COUNT4}},
    {0x83, 0, 16, 0, dev_extended_copy, dev_extended_copy_done, {0x83, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, COUNT4}},
    {0x84, 0, 16, 0, dev_copy_status, NULL, {0x84, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, COUNT4}},
    {0x84, 3, 16, 0, dev_copy_parameters, NULL, {0x84, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, COUNT4}},
    {0x7f, 0x09, 32, LONG | DEV_LOOKS, dev_read, NULL, {0x7f, LONG_HEAD(0x09, 0xf8)}},
    {0x7f, 0x0a, 32, LONG | DEV_LOOKS, dev_verify, dev_verify_done, {0x7f, LONG_HEAD(0x0a, 0xf6)}},
    {0x7f, 0x0b, 32, LONG | DEV_WRITES, dev_write, dev_write_done, {0x7f, LONG_HEAD(0x0b, 0xf8)}},
    {0x7f,
     0x0c,
     32,
     LONG | DEV_WRITES,
     dev_write_verify,
     dev_write_verify_done,
     {0x7f, LONG_HEAD(0x0c, 0xf6)}},
    {0x88, ANY, 16, MOVES | DEV_GUARDED, dev_read, NULL, {0x88, 0x18, LBA8, COUNT4, GROUP}},
    {0x89, ANY, 16, PUTS, dev_compare, dev_compare_done, {0x89, 0x18, LBA8, 0, 0, 0, 0xff, GROUP}},
    {0x8a, ANY, 16, PUTS | DEV_GUARDED, dev_write, dev_write_done, {0x8a, 0x18, LBA8, COUNT4, GROUP}},
    {0x8b, ANY, 16, PUTS, dev_or_write, dev_or_write_done, {0x8b, 0x18, LBA8, COUNT4, GROUP}},
    {0x8e,
     ANY,
     16,
     PUTS | DEV_GUARDED,
     dev_write_verify,
     dev_write_verify_done,
     {0x8e, 0x16, LBA8, COUNT4, GROUP}},
    {0x8f, ANY, 16, MOVES | DEV_GUARDED, dev_verify, dev_verify_done, {0x8f, 0x16, LBA8, COUNT4, GROUP}},
    {0x90, ANY, 16, READS | DEV_LOOKS, dev_prefetch, NULL, {0x90, 0x02, LBA8, COUNT4, GROUP}},
    {0x91, ANY, 16, READS, dev_synchronize, NULL, {0x91, 0x06, LBA8, COUNT4, GROUP}},
    {0x93, ANY, 16, THIN_SAME, dev_write_same, dev_write_same_done, {0x93, 0x09, LBA8, COUNT4, GROUP}},
    {0x93, ANY, 16, THICK_SAME, dev_write_same, dev_write_same_done, {0x93, 0x01, LBA8, COUNT4, GROUP}},
    {0x9c, ANY, 16, SAME, dev_write_atomic, dev_write_atomic_done, {0x9c, 0x18, LBA8, COUNT4, GROUP}},
    {0x9e, 0x10, 16, FREE, dev_read_capacity_16, NULL, {0x9e, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, COUNT4}},
    {0x9e, 0x12, 16, LOOKS, dev_lba_status, NULL, {0x9e, 0x1f, LBA8, COUNT4}},
    {0xa0, ANY, 12, DEV_ANYTIME, dev_report_luns, NULL, {0xa0, 0, 0xff, 0, 0, 0, COUNT4}},
    {0xa3, 0x0a, 12, DEV_OPEN, dev_report_port_groups, NULL, {0xa3, 0x3f, 0, 0, 0, 0, COUNT4}},
    {0xa3, 0x0c, 12, DEV_LOOKS, dev_report_opcodes, NULL, {0xa3, 0x1f, 0x87, 0xff, 0xff, 0xff, COUNT4}},
    {0xa8, ANY, 12, MOVES | DEV_GUARDED, dev_read, NULL, {0xa8, 0x18, LBA4, COUNT4, GROUP}},
    {0xaa, ANY, 12, PUTS | DEV_GUARDED, dev_write, dev_write_done, {0xaa, 0x18, LBA4, COUNT4, GROUP}},
    {0xae,
     ANY,
     12,
     PUTS | DEV_GUARDED,
     dev_write_verify,
     dev_write_verify_done,
     {0xae, 0x16, LBA4, COUNT4, GROUP}},
    {0xaf, ANY, 12, MOVES | DEV_GUARDED, dev_verify, dev_verify_done, {0xaf, 0x16, LBA4, COUNT4, GROUP}},
    {0xb7, ANY, 12, LOOKS, dev_defects_12, NULL, {0xb7, 0x1f, 0, 0, 0, 0, COUNT4}},
};

#define NUM_ROWS (sizeof rows / sizeof rows[0])

size_t dev_rows_count(void)
{
    return NUM_ROWS;
}

const dev_row *dev_row_at(size_t i)
{
    return &rows[i];
}

void dev_rows_index(uint8_t first_row[256])
{
    for (size_t i = NUM_ROWS; i-- > 0;)
        first_row[rows[i].opcode] = (uint8_t)(i + 1);
}

bool dev_row_available(const rig_device *device, const dev_row *row)
{
    bool thin = device->backing->ops->discard != NULL;
    if ((row->flags & DEV_TYPE_2) && device->protection != 2)
        return false;
    if ((row->flags & DEV_SANITIZES) && device->no_sanitize)
        return false;
    return !(row->flags & (thin ? DEV_THICK : DEV_THIN));
}

uint8_t dev_row_usage(const rig_device *device, const dev_row *row, size_t i)
{
    bool guarded = i == 1 && device->protection && (row->flags & DEV_GUARDED) && row->len < 32;
    bool writes_all = i == 1 && device->no_unmap_same_10 && row->opcode == WRITE_SAME_10;
    return (uint8_t)((row->usage[i] | (guarded ? 0xe0 : 0)) & (writes_all ? ~UNMAP : 0xff));
}

const dev_row *dev_row_find(const rig_device *device, uint8_t opcode, uint16_t service)
{
    unsigned first = device->first_row[opcode];
    for (size_t i = first - 1u; first && i < NUM_ROWS && rows[i].opcode == opcode; i++)
        if (dev_row_available(device, &rows[i]) && (rows[i].service < 0 || rows[i].service == service))
            return &rows[i];
    return NULL;
}

bool dev_opcode_known(const rig_device *device, uint8_t opcode)
{
    unsigned first = device->first_row[opcode];
    for (size_t i = first - 1u; first && i < NUM_ROWS && rows[i].opcode == opcode; i++)
        if (dev_row_available(device, &rows[i]))
            return true;
    return false;
}
