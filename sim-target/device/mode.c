/* MODE SENSE and MODE SELECT: SPC-4 sections 6.11 to 6.14 and 7.5, SBC-3 section 6.5. */
#include "unit.h"

#define BODY_MAX 28 /* bytes of a page behind its header */
#define SUBPAGE_FORMAT 0x40
#define PAGE_ALL 0x3f
#define SUBPAGE_ALL 0xff
#define LIST_MAX 128 /* bytes of all that MODE SENSE can answer */

enum page_control { PC_CURRENT, PC_CHANGEABLE, PC_DEFAULT, PC_SAVED };

typedef struct mode_page {
    uint8_t code;
    uint8_t subpage; /* not 0: with the four-byte header of the subpage format */
    uint8_t len;
    uint8_t fixed[BODY_MAX];      /* what no MODE SELECT changes */
    uint8_t changeable[BODY_MAX]; /* mask of what it does */
    void (*put)(const rig_device *device, const dev_modes *modes, uint8_t *body);
    void (*take)(dev_modes *modes, const uint8_t *body);
} mode_page;

static void set_bit(uint8_t *byte, uint8_t bit, bool on)
{
    *byte = (uint8_t)(on ? *byte | bit : *byte & ~bit);
}

static void put_caching(const rig_device *device, const dev_modes *modes, uint8_t *body)
{
    (void)device;
    set_bit(&body[0], 0x04, modes->write_cache);
}

static void take_caching(dev_modes *modes, const uint8_t *body)
{
    modes->write_cache = (body[0] & 0x04) != 0;
}

/* ATO: application tags are kept as they come, so they are the initiator's. */
static void put_control(const rig_device *device, const dev_modes *modes, uint8_t *body)
{
    set_bit(&body[3], 0x80, device->protection != 0);
    set_bit(&body[0], 0x04, modes->descriptor_sense);
    set_bit(&body[2], 0x08, modes->write_protect);
}

static void take_control(dev_modes *modes, const uint8_t *body)
{
    modes->descriptor_sense = (body[0] & 0x04) != 0;
    modes->write_protect = (body[2] & 0x08) != 0;
}

static void put_nothing(const rig_device *device, const dev_modes *modes, uint8_t *body)
{
    (void)device, (void)modes, (void)body;
}

static void take_nothing(dev_modes *modes, const uint8_t *body)
{
    (void)modes, (void)body;
}

static const mode_page pages[] = {
    /* read-write error recovery: AWRE, ARRE */
    {0x01, 0, 10, {0xc0}, {0}, put_nothing, take_nothing},
    {0x08, 0, 18, {0}, {0x04}, put_caching, take_caching},
    /* queue algorithm: unrestricted reordering */
    {0x0a, 0, 10, {0, 0x10}, {0x04, 0, 0x08}, put_control, take_control},
    /* control extension: no time stamp, no implicit asymmetric access, no initial priority */
    {0x0a, 1, 28, {0}, {0}, put_nothing, take_nothing},
    /* informational exceptions: DEXCPT, none are reported */
    {0x1c, 0, 10, {0x08}, {0}, put_nothing, take_nothing},
};

#define NUM_PAGES (sizeof pages / sizeof pages[0])

void dev_modes_reset(dev_modes *modes)
{
    *modes = (dev_modes){.write_cache = true};
}

static void page_body(const rig_device *device, const mode_page *page, enum page_control control,
                      const dev_modes *modes, uint8_t *body)
{
    dev_modes defaults;
    dev_modes_reset(&defaults);
    memcpy(body, control == PC_CHANGEABLE ? page->changeable : page->fixed, page->len);
    if (control != PC_CHANGEABLE)
        page->put(device, control == PC_DEFAULT ? &defaults : modes, body);
}

/* SPC-4 table 453: page 3Fh stands for all, subpage FFh for all of a page, subpage 0 for the page itself. */
static bool is_asked_for(const dev_command *cmd, const mode_page *page)
{
    unsigned code = cmd->cdb[2] & 0x3f, subpage = cmd->cdb[3];
    return (code == PAGE_ALL || code == page->code) && (subpage == SUBPAGE_ALL || subpage == page->subpage);
}

static size_t put_header(const mode_page *page, uint8_t *out)
{
    out[0] = page->code;
    out[1] = page->len;
    if (!page->subpage)
        return 2;
    out[0] |= SUBPAGE_FORMAT;
    out[1] = page->subpage;
    dev_put16(out + 2, page->len);
    return 4;
}

static size_t put_pages(const dev_command *cmd, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < NUM_PAGES; i++) {
        if (!is_asked_for(cmd, &pages[i]))
            continue;
        len += put_header(&pages[i], out + len);
        page_body(cmd->device, &pages[i], cmd->cdb[2] >> 6, &cmd->device->modes, out + len);
        len += pages[i].len;
    }
    return len;
}

static size_t put_block_descriptor(const rig_device *device, uint8_t *out, bool long_lba)
{
    uint64_t blocks = device->unloaded ? 0 : device->num_blocks; /* 0: no medium to count them on */
    if (long_lba) {
        dev_put64(out, blocks);
        dev_put32(out + 12, device->block_len);
        return 16;
    }
    dev_put32(out, blocks < UINT32_MAX ? (uint32_t)blocks : UINT32_MAX);
    dev_put32(out + 4, device->block_len); /* 3 bytes behind a reserved one */
    return 8;
}

static uint8_t device_specific(const rig_device *device)
{
    bool protected = dev_is_read_only(device) || device->modes.write_protect;
    return (uint8_t)(0x10 | (protected ? 0x80 : 0)); /* DPOFUA, WP */
}

static bool check_sense(dev_command *cmd)
{
    unsigned code = cmd->cdb[2] & 0x3f, subpage = cmd->cdb[3];
    bool known = code == PAGE_ALL, whole = known && (subpage == 0 || subpage == SUBPAGE_ALL);
    for (size_t i = 0; i < NUM_PAGES; i++) {
        known = known || pages[i].code == code;
        whole = whole || (code != PAGE_ALL && is_asked_for(cmd, &pages[i]));
    }
    if (!known)
        dev_fail_cdb(cmd, 2, 5);
    else if (!whole)
        dev_fail_cdb(cmd, 3, 7);
    else if (cmd->cdb[2] >> 6 == PC_SAVED)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_NO_SAVING);
    else
        return true;
    return false;
}

/* Block descriptor and pages behind a header of header_len bytes; returns the length of all. */
static size_t put_modes(const dev_command *cmd, uint8_t *out, size_t header_len, bool long_lba,
                        size_t *out_descriptor)
{
    bool no_descriptor = (cmd->cdb[1] & 0x08) != 0;
    *out_descriptor = no_descriptor ? 0 : put_block_descriptor(cmd->device, out + header_len, long_lba);
    return header_len + *out_descriptor + put_pages(cmd, out + header_len + *out_descriptor);
}

static void answer_modes(dev_command *cmd, const uint8_t *list, size_t len, uint64_t allocation)
{
    uint8_t *answer = dev_transfer_answer(cmd, len, allocation);
    if (answer)
        memcpy(answer, list, len);
}

void dev_mode_sense_6(dev_command *cmd)
{
    uint8_t list[LIST_MAX] = {0};
    size_t descriptor;
    if (!check_sense(cmd))
        return;
    size_t len = put_modes(cmd, list, 4, false, &descriptor);
    list[0] = (uint8_t)(len - 1);
    list[2] = device_specific(cmd->device);
    list[3] = (uint8_t)descriptor;
    answer_modes(cmd, list, len, cmd->cdb[4]);
}

void dev_mode_sense_10(dev_command *cmd)
{
    uint8_t list[LIST_MAX] = {0};
    size_t descriptor;
    bool long_lba = (cmd->cdb[1] & 0x10) != 0;
    if (!check_sense(cmd))
        return;
    size_t len = put_modes(cmd, list, 8, long_lba, &descriptor);
    dev_put16(list, (uint16_t)(len - 2));
    list[3] = device_specific(cmd->device);
    list[4] = long_lba && descriptor; /* LONGLBA */
    dev_put16(list + 6, (uint16_t)descriptor);
    answer_modes(cmd, list, len, dev_get16(cmd->cdb + 7));
}

static void begin_select(dev_command *cmd, size_t header_len, size_t len)
{
    if (cmd->cdb[1] & 0x01)
        dev_fail_cdb(cmd, 1, 0); /* SP: nothing is saved */
    else if (len > 0 && !(cmd->cdb[1] & 0x10))
        dev_fail_cdb(cmd, 1, 4); /* PF: there are no vendor-specific pages */
    else if (len > 0 && len < header_len)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else if (len > 0)
        dev_transfer_parameters(cmd, len);
}

void dev_mode_select_6(dev_command *cmd)
{
    begin_select(cmd, 4, cmd->cdb[4]);
}

void dev_mode_select_10(dev_command *cmd)
{
    begin_select(cmd, 8, dev_get16(cmd->cdb + 7));
}

/* A block descriptor may say only what is so already; 0 and all ones blocks mean no change. */
static bool descriptor_agrees(const rig_device *device, const uint8_t *row, size_t len)
{
    uint64_t blocks = len == 16 ? dev_get64(row) : dev_get32(row);
    uint32_t block_len = len == 16 ? dev_get32(row + 12) : dev_get32(row + 4) & 0xffffff;
    bool all_ones = blocks == (len == 16 ? UINT64_MAX : UINT32_MAX);
    return block_len == device->block_len && (blocks == 0 || all_ones || blocks == device->num_blocks);
}

static const mode_page *find_page(uint8_t code, uint8_t subpage)
{
    for (size_t i = 0; i < NUM_PAGES; i++)
        if (pages[i].code == code && pages[i].subpage == subpage)
            return &pages[i];
    return NULL;
}

/* Bits outside the mask must be what they are (SPC-4 section 6.11). Returns the index of the first wrong
 * byte, or the page's length. */
static size_t first_wrong(const rig_device *device, const mode_page *page, const dev_modes *modes,
                          const uint8_t *body)
{
    uint8_t current[BODY_MAX];
    size_t i = 0;
    page_body(device, page, PC_CURRENT, modes, current);
    while (i < page->len && !((body[i] ^ current[i]) & ~page->changeable[i]))
        i++;
    return i;
}

/* The header of a page of len bytes: NULL with the command failed when it is unknown, cut or of another
 * length. */
static const mode_page *read_header(dev_command *cmd, const uint8_t *list, size_t at, size_t len,
                                    size_t *out_header)
{
    bool sub = (list[at] & SUBPAGE_FORMAT) != 0;
    *out_header = sub ? 4 : 2;
    if (len - at < *out_header) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
        return NULL;
    }
    const mode_page *page = find_page(list[at] & 0x3f, sub ? list[at + 1] : 0);
    size_t said = sub ? dev_get16(list + at + 2) : list[at + 1];
    if (!page || (sub && !page->subpage))
        dev_fail_list(cmd, (unsigned)at);
    else if (len - at < *out_header + page->len)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else if (said != page->len)
        dev_fail_list(cmd, (unsigned)(at + *out_header - (sub ? 2 : 1)));
    else
        return page;
    return NULL;
}

/* One page at list[at]; returns its length, or 0 with the command failed. */
static size_t take_page(dev_command *cmd, dev_modes *modes, const uint8_t *list, size_t at, size_t len)
{
    size_t header;
    const mode_page *page = read_header(cmd, list, at, len, &header);
    if (!page)
        return 0;
    size_t wrong = first_wrong(cmd->device, page, modes, list + at + header);
    if (wrong < page->len) {
        dev_fail_list(cmd, (unsigned)(at + header + wrong));
        return 0;
    }
    page->take(modes, list + at + header);
    return header + page->len;
}

/* All pages are checked before the first one takes effect. */
static void take_list(dev_command *cmd, const uint8_t *list, size_t len, size_t header_len, size_t descriptor,
                      bool long_lba)
{
    dev_modes modes = cmd->device->modes;
    size_t wanted = long_lba ? 16 : 8;
    size_t at = header_len + descriptor;
    if (at > len) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
        return;
    }
    if (descriptor &&
        (descriptor != wanted || !descriptor_agrees(cmd->device, list + header_len, descriptor))) {
        dev_fail_list(cmd, (unsigned)header_len);
        return;
    }
    while (at < len) {
        size_t step = take_page(cmd, &modes, list, at, len);
        if (step == 0)
            return;
        at += step;
    }
    if (memcmp(&modes, &cmd->device->modes, sizeof modes) != 0)
        rig_device_attention(cmd->device, cmd->scsi->nexus, DEV_ASC_MODES_CHANGED >> 8,
                             DEV_ASC_MODES_CHANGED & 0xff);
    cmd->device->modes = modes;
}

static bool all_came(dev_command *cmd, uint64_t got)
{
    if (got < cmd->scsi->length)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    return got == cmd->scsi->length;
}

void dev_mode_select_6_done(dev_command *cmd, uint64_t got)
{
    const uint8_t *list = cmd->scsi->iov[0].iov_base;
    if (all_came(cmd, got))
        take_list(cmd, list, (size_t)got, 4, list[3], false);
}

void dev_mode_select_10_done(dev_command *cmd, uint64_t got)
{
    const uint8_t *list = cmd->scsi->iov[0].iov_base;
    if (all_came(cmd, got))
        take_list(cmd, list, (size_t)got, 8, dev_get16(list + 6), (list[4] & 0x01) != 0);
}
