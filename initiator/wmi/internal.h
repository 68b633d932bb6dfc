/* What the files of this room share. */
#ifndef RIG_WMI_INTERNAL_H
#define RIG_WMI_INTERNAL_H

#include "rig/wmi.h"

/* ---- blocks ---- */

#define WMI_UNIT 2u /* bytes of a WCHAR */

/* wmi_list is what every rig_X_list looks like. */
typedef struct wmi_list {
    uint32_t num, size;
    uint8_t *ptr;
} wmi_list;

/* Numbers of 1, 2, 4 or 8 bytes: little endian in a block, as the machine has them in a record. */
uint64_t wmi_get(const uint8_t *from, size_t size);
void wmi_put(uint8_t *to, size_t size, uint64_t number);
uint64_t wmi_member_get(const void *from, size_t size);
bool wmi_member_put(void *to, size_t size, uint64_t number);

/* wmi_text_read reads UTF-16 from an array. RIG_E_FORMAT (no NUL in it, half a pair), RIG_E_LIMIT. */
rig_status wmi_text_read(rig_view array, char *out, size_t size);

/* wmi_text_write writes UTF-16 with its NUL; false when it is no UTF-8 or too long. */
bool wmi_text_write(const char *text, uint8_t *to, size_t bytes);

/* Addresses between their text and what a block says. RIG_E_FORMAT, RIG_E_LIMIT. */
rig_status wmi_host_of(const rig_block_address *address, char *out, size_t size);
void wmi_address_of(const char *host, rig_block_address *out);

/* wmi_block_taken puts right what members of a record say of each other, after all of it was read. */
void wmi_block_taken(const rig_alloc *alloc, rig_block_id id, void *record);

/* wmi_block_written writes what no member says. */
void wmi_block_written(rig_block_id id, const void *record, uint8_t *block);

#endif
