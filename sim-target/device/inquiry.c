/* INQUIRY and its vital product data pages: SPC-4 sections 6.6 and 7.8, SBC-3 section 6.6. */
#include <inttypes.h>

#include "unit.h"

#define VENDOR "ISCSIRIG" /* 8 bytes, as the field */
#define PRODUCT_LEN 16
#define SERIAL_LEN 16
#define THIN_PROVISIONED 2
#define ISCSI_NO_LEVEL 0x0960 /* SPC-4: iSCSI, no version claimed */

static void put_text(uint8_t *out, size_t len, const char *text)
{
    size_t have = strlen(text);
    memset(out, ' ', len);
    memcpy(out, text, have < len ? have : len);
}

void dev_inquiry_fill(uint8_t *out, const char *product, uint8_t protocol_level)
{
    /* SAM-5, SPC-4, SBC-3, iSCSI */
    const uint16_t versions[] = {0x00a0, 0x0460, 0x04c0, (uint16_t)(ISCSI_NO_LEVEL + protocol_level)};
    out[2] = 0x06; /* SPC-4 */
    out[3] = 0x12; /* HISUP, response data format 2 */
    out[4] = DEV_INQUIRY_LEN - 5;
    out[7] = 0x02; /* CMDQUE */
    put_text(out + 8, 8, VENDOR);
    put_text(out + 16, PRODUCT_LEN, product);
    put_text(out + 32, 4, "1");
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        dev_put16(out + 58 + 2 * i, versions[i]);
}

static void put_serial(const rig_device *device, uint8_t *out)
{
    char serial[SERIAL_LEN + 1];
    rig_text text;
    rig_text_init(&text, serial, sizeof serial);
    rig_text_add(&text, "%016" PRIx64, device->serial);
    memcpy(out, serial, SERIAL_LEN);
}

static size_t page_serial(const dev_command *cmd, uint8_t *body)
{
    put_serial(cmd->device, body);
    return SERIAL_LEN;
}

/* Designation descriptor header: code set, association and type, length. */
static uint8_t *put_designator(uint8_t **at, uint8_t code_set, uint8_t kind, size_t len)
{
    uint8_t *out = *at;
    out[0] = code_set;
    out[1] = kind;
    out[3] = (uint8_t)len;
    *at += 4 + len;
    return out + 4;
}

#define CODE_BINARY 0x01
#define CODE_ASCII 0x02
#define CODE_ISCSI 0x51      /* binary, protocol identifier iSCSI */
#define CODE_UTF8_ISCSI 0x53 /* UTF-8, protocol identifier iSCSI */
#define UNIT_T10 0x01
#define UNIT_NAA 0x03
#define PORT_NAME 0x98     /* PIV, target port, SCSI name string */
#define DEVICE_NAME 0xa8   /* PIV, target device, SCSI name string */
#define RELATIVE_PORT 0x94 /* PIV, target port, relative identifier */
#define PORT_GROUP 0x95    /* PIV, target port, port group */
#define PAGE_MAX (28 + 12 + 8 + 8 + 2 * (4 + RIG_DEVICE_PORT_NAME_MAX + 4)) /* page 83h is the longest */

/* SCSI name strings end in a NUL and are padded to a multiple of four (SPC-4 section 7.8.6.11). */
static void put_name(uint8_t **at, uint8_t kind, rig_view name)
{
    size_t len = (name.len + 4) / 4 * 4;
    if (name.len > 0 && name.len <= RIG_DEVICE_PORT_NAME_MAX)
        memcpy(put_designator(at, CODE_UTF8_ISCSI, kind, len), name.ptr, name.len);
}

/* The port's name is the device's with ",t,0x" and the portal group tag behind it (RFC 7143 section 4.4.2).
 */
static rig_view device_name(rig_view port)
{
    return rig_view_sub(port, 0, rig_view_find(port, ','));
}

/* NAA 3h: locally assigned, as there is no IEEE company id behind it. */
uint64_t dev_naa(const rig_device *device)
{
    return UINT64_C(3) << 60 | (device->serial & ~(UINT64_C(0xf) << 60));
}

static size_t page_identification(const dev_command *cmd, uint8_t *body)
{
    uint8_t *at = body;
    uint8_t *t10 = put_designator(&at, CODE_ASCII, UNIT_T10, 8 + SERIAL_LEN);
    put_text(t10, 8, VENDOR);
    put_serial(cmd->device, t10 + 8);
    dev_put64(put_designator(&at, CODE_BINARY, UNIT_NAA, 8), dev_naa(cmd->device));
    dev_put32(put_designator(&at, CODE_ISCSI, RELATIVE_PORT, 4), dev_port_id(cmd, cmd->scsi->port));
    dev_put32(put_designator(&at, CODE_ISCSI, PORT_GROUP, 4), DEV_PORT_GROUP);
    put_name(&at, PORT_NAME, cmd->scsi->port);
    put_name(&at, DEVICE_NAME, device_name(cmd->scsi->port));
    return (size_t)(at - body);
}

uint32_t dev_unmap_granularity(const rig_device *device)
{
    return 4096 / device->block_len;
}

uint32_t dev_physical_blocks(const rig_device *device)
{
    return device->physical / device->block_len;
}

/* SPC-4 section 7.8.7: the types a unit can be formatted with are the one it is formatted with. */
static size_t page_extended(const dev_command *cmd, uint8_t *body)
{
    static const uint8_t types[] = {0, 0, 2, 4}; /* SPT: type 1, 2, 3 only */
    uint8_t type = cmd->device->protection;
    if (type)
        body[0] = (uint8_t)(types[type] << 3 | 0x04 | (type < 3 ? 0x01 : 0)); /* GRD_CHK, REF_CHK */
    if (type == 2)
        body[0] |= 0x02; /* APP_CHK: 32-byte commands bring it */
    body[1] = 0x07;      /* HEADSUP, ORDSUP, SIMPSUP */
    body[2] = 0x01;      /* V_SUP */
    return 60;
}

static size_t page_block_limits(const dev_command *cmd, uint8_t *body)
{
    const rig_device *device = cmd->device;
    uint32_t transfer = RIG_DEVICE_TRANSFER_MAX / device->block_len;
    uint8_t *page = body - 4; /* offsets as in SBC-3 table 143 */
    page[5] = DEV_COMPARE_BLOCKS_MAX;
    dev_put16(page + 6, (uint16_t)dev_unmap_granularity(device));
    dev_put32(page + 8, transfer);
    dev_put32(page + 12, DEV_POOL_PIECE / device->block_len);
    dev_put64(page + 36, transfer);
    dev_put32(page + 44, DEV_ATOMIC_MAX / device->block_len);
    dev_put32(page + 48, dev_physical_blocks(device)); /* alignment and granularity */
    dev_put32(page + 52, dev_physical_blocks(device));
    if (device->backing->ops->discard) {
        dev_put32(page + 20, DEV_UNMAP_BLOCKS_MAX);
        dev_put32(page + 24, DEV_UNMAP_DESCRIPTORS_MAX);
        dev_put32(page + 28, dev_unmap_granularity(device));
        page[32] = 0x80; /* UGAVALID, alignment 0 */
    }
    return 60;
}

static size_t page_characteristics(const dev_command *cmd, uint8_t *body)
{
    dev_put16(body, 1); /* does not rotate */
    if (cmd->device->backing->ops->discard && !cmd->device->no_sanitize)
        body[3] = 0x40 | 0x10; /* WABEREQ, WACEREQ: what was erased can be read at once */
    return 60;
}

static size_t page_provisioning(const dev_command *cmd, uint8_t *body)
{
    if (cmd->device->backing->ops->discard) {
        uint8_t same_10 = cmd->device->no_unmap_same_10 ? 0 : 0x20;
        uint8_t zeros = cmd->device->reads_anything ? 0 : 0x04;
        body[1] = (uint8_t)(0x80 | 0x40 | same_10 | zeros); /* LBPU, LBPWS, LBPWS10, LBPRZ */
        body[2] = THIN_PROVISIONED;
    }
    return 4;
}

static size_t page_third_party(const dev_command *cmd, uint8_t *body)
{
    (void)cmd;
    return dev_copy_page(body);
}

static size_t page_supported(const dev_command *cmd, uint8_t *body);

typedef struct vpd_page {
    uint8_t code;
    size_t (*fill)(const dev_command *cmd, uint8_t *body);
} vpd_page;

static const vpd_page pages[] = {
    {0x00, page_supported},       {0x80, page_serial},       {0x83, page_identification},
    {0x86, page_extended},        {0x8f, page_third_party},  {0xb0, page_block_limits},
    {0xb1, page_characteristics}, {0xb2, page_provisioning},
};

#define NUM_PAGES (sizeof pages / sizeof pages[0])

static size_t page_supported(const dev_command *cmd, uint8_t *body)
{
    (void)cmd;
    for (size_t i = 0; i < NUM_PAGES; i++)
        body[i] = pages[i].code;
    return NUM_PAGES;
}

static void answer_page(dev_command *cmd, const vpd_page *page)
{
    uint8_t bytes[4 + PAGE_MAX] = {0};
    size_t len = page->fill(cmd, bytes + 4);
    bytes[1] = page->code;
    dev_put16(bytes + 2, (uint16_t)len);
    uint8_t *answer = dev_transfer_answer(cmd, 4 + len, dev_get16(cmd->cdb + 3));
    if (answer)
        memcpy(answer, bytes, 4 + len);
}

static void answer_standard(dev_command *cmd)
{
    char product[PRODUCT_LEN + 1];
    rig_device_port second;
    rig_text text;
    uint8_t *answer = dev_transfer_answer(cmd, DEV_INQUIRY_LEN, dev_get16(cmd->cdb + 3));
    rig_text_init(&text, product, sizeof product);
    rig_text_add(&text, "%s disk", cmd->device->backing->ops->kind);
    if (!answer)
        return;
    dev_inquiry_fill(answer, product, cmd->scsi->protocol_level);
    answer[1] = cmd->device->removable ? 0x80 : 0;       /* RMB */
    answer[6] = dev_port_at(cmd, 1, &second) ? 0x10 : 0; /* MULTIP */
    answer[5] =
        (uint8_t)(0x10 | 0x08 |
                  (cmd->device->protection ? 0x01 : 0)); /* TPGS: implicit access states, 3PC, PROTECT */
}

void dev_inquiry(dev_command *cmd)
{
    bool vital = (cmd->cdb[1] & 0x01) != 0;
    if (!vital && cmd->cdb[2] == 0) {
        answer_standard(cmd);
        return;
    }
    for (size_t i = 0; vital && i < NUM_PAGES; i++)
        if (pages[i].code == cmd->cdb[2]) {
            answer_page(cmd, &pages[i]);
            return;
        }
    dev_fail_cdb(cmd, 2, 7);
}
