/* What SCSI commands brought, read as SPC-4, SBC-3 and SAM-5 lay it out. */
#include "cli.h"
#include "rig/names.h"

#include <inttypes.h>

#define DUMP_COLUMNS 16
#define LUN_BYTES 8

static uint64_t big_endian(rig_view v, size_t at, size_t len)
{
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++)
        number = number << 8 | v.ptr[at + i];
    return number;
}

static void show_count(FILE *out, const char *label, uint64_t number)
{
    char line[24];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "%" PRIu64, number);
    cli_show_line(out, 0, label, line);
}

static void show_text(FILE *out, const char *label, rig_view value)
{
    char line[64];
    rig_text text;
    while (value.len && value.ptr[value.len - 1] == ' ')
        value.len--;
    rig_text_init(&text, line, sizeof line);
    cli_safe(&text, value);
    cli_show_line(out, 0, label, line);
}

static void dump(FILE *out, rig_view data)
{
    for (size_t at = 0; at < data.len; at += DUMP_COLUMNS) {
        rig_view row = rig_view_sub(data, at, DUMP_COLUMNS);
        char digits[DUMP_COLUMNS * 3], letters[DUMP_COLUMNS + 1];
        rig_text text;
        rig_text_init(&text, digits, sizeof digits);
        rig_text_hex(&text, row, ' ');
        rig_text_init(&text, letters, sizeof letters);
        for (size_t i = 0; i < row.len; i++)
            rig_text_add(&text, "%c", row.ptr[i] >= 0x20 && row.ptr[i] < 0x7f ? row.ptr[i] : '.');
        fprintf(out, "  %04zx  %-*s  %s\n", at, DUMP_COLUMNS * 3 - 1, digits, letters);
    }
}

/* ---- LUNs ---- */

static void print_number_of(rig_text *out, uint64_t lun)
{
    unsigned first = (unsigned)(lun >> 48) & 0xffff;
    if (lun << 16)
        return; /* more than one level */
    if (first < 0x100)
        rig_text_add(out, "  (%u)", first);
    else if (first >> 14 == 1)
        rig_text_add(out, "  (%u)", first & 0x3fff);
}

/* All eight bytes, and the number where SAM-5 section 4.7.7 has one for them. */
void cli_lun_print(rig_text *out, uint64_t lun)
{
    rig_text_add(out, "0x%016" PRIx64, lun);
    print_number_of(out, lun);
}

/* SPC-4 section 6.33: the length of the list in bytes, 4 reserved ones, the LUNs. */
static void show_luns(FILE *out, rig_view data)
{
    size_t num = data.len < LUN_BYTES ? 0 : (size_t)big_endian(data, 0, 4) / LUN_BYTES;
    show_count(out, "LUNs", num);
    for (size_t i = 0; i < num && (i + 2) * LUN_BYTES <= data.len; i++) {
        char line[40];
        rig_text text;
        rig_text_init(&text, line, sizeof line);
        cli_lun_print(&text, big_endian(data, (i + 1) * LUN_BYTES, LUN_BYTES));
        fprintf(out, "  %s\n", line);
    }
}

/* ---- capacity: SBC-3 sections 5.15 and 5.16 ---- */

static void show_capacity(FILE *out, rig_view data)
{
    size_t wide = data.len >= 12 ? 8 : 4;
    if (data.len < 8) {
        dump(out, data);
        return;
    }
    uint64_t last = big_endian(data, 0, wide), bytes = big_endian(data, wide, 4);
    show_count(out, "Last block", last);
    show_count(out, "Bytes of a block", bytes);
    if (bytes == 0 || last < UINT64_MAX / bytes)
        show_count(out, "Bytes", (last + 1) * bytes);
}

/* ---- INQUIRY: SPC-4 section 6.6.2 ---- */

static const char *const device_types[] = {"direct access block device",
                                           "sequential access device",
                                           "printer",
                                           "processor",
                                           "write-once device",
                                           "CD or DVD device",
                                           "scanner",
                                           "optical memory device",
                                           "media changer",
                                           "communications device",
                                           "obsolete",
                                           "obsolete",
                                           "storage array controller",
                                           "enclosure services device",
                                           "simplified direct access device"};

static void show_inquiry(FILE *out, const rig_inquiry_request *request, rig_view data)
{
    if (!request->evpd && !request->page && data.len >= 36) {
        size_t type = data.ptr[0] & 0x1f;
        show_count(out, "Peripheral qualifier", data.ptr[0] >> 5);
        if (type < sizeof device_types / sizeof device_types[0])
            cli_show_line(out, 0, "Device type", device_types[type]);
        else
            show_count(out, "Device type", type);
        show_text(out, "Vendor", rig_view_sub(data, 8, 8));
        show_text(out, "Product", rig_view_sub(data, 16, 16));
        show_text(out, "Revision", rig_view_sub(data, 32, 4));
    }
    show_count(out, "Bytes", data.len);
    dump(out, data);
}

void cli_show_scsi(FILE *out, const cli_request *request, const rig_scsi_answer *answer)
{
    rig_view data = rig_view_of(answer->data.ptr, answer->data.len);
    if (request->call->id == RIG_CALL_SEND_REPORT_LUNS)
        show_luns(out, data);
    else if (request->call->id == RIG_CALL_SEND_READ_CAPACITY)
        show_capacity(out, data);
    else
        show_inquiry(out, request->place.record, data);
}

/* ---- failures ---- */

/* Fixed and descriptor format keep key and codes at different places (SPC-4 section 4.5). */
static void show_sense(FILE *out, rig_view sense)
{
    size_t descriptor = (sense.ptr[0] & 0x7f) >= 0x72;
    size_t key_at = descriptor ? 1 : 2, code_at = descriptor ? 2 : 12;
    char line[64];
    rig_text text;
    if (sense.len <= key_at)
        return;
    rig_text_init(&text, line, sizeof line);
    rig_name_print(&text, &rig_names_sense_key, sense.ptr[key_at] & 0xf);
    if (sense.len > code_at + 1)
        rig_text_add(&text, ", ASC/ASCQ 0x%02x/0x%02x", sense.ptr[code_at], sense.ptr[code_at + 1]);
    cli_show_line(out, 0, "Sense", line);
}

void cli_show_scsi_failure(FILE *out, const rig_scsi_answer *answer)
{
    char line[64];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_name_print(&text, &rig_names_scsi_status, answer->status);
    cli_show_line(out, 0, "SCSI status", line);
    if (answer->sense.len)
        show_sense(out, rig_view_of(answer->sense.ptr, answer->sense.len));
    dump(out, rig_view_of(answer->sense.ptr, answer->sense.len));
}
