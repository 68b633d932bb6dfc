/** @file
 * Protection information: eight bytes that belong to each block, SBC-3 section 4.22.
 */
#ifndef DEV_PROTECT_H
#define DEV_PROTECT_H

#include <stdbool.h>
#include <stdint.h>

#include "rig/status.h"

#define DEV_TAGS_LEN 8 /* guard, application tag, reference tag */

struct dev_command;
struct rig_device;

/* Makes the store of a medium that is formatted with it; RIG_E_ARGUMENT when the disk is too big for one. */
rig_status dev_protect_new(struct rig_device *device);
void dev_protect_cleanup(struct rig_device *device);

/* RDPROTECT, WRPROTECT or VRPROTECT of the command; 0 when its row has none. */
unsigned dev_protect_field(const struct dev_command *cmd);
/* A gate: whether the unit's type goes with what the CDB asks for. */
bool dev_protect_allows(struct dev_command *cmd);
/* Bytes of a block as the command moves it. */
uint32_t dev_protect_block(const struct dev_command *cmd);

/* Each is true, or false with a status set; true at once for a unit without protection. */

/* Content of these bytes is new and came without: what a device server makes for it. */
bool dev_protect_renew(struct dev_command *cmd, uint64_t offset, uint64_t len);
/* Content of these bytes is gone: all ones, which nothing checks. */
bool dev_protect_forget(struct dev_command *cmd, uint64_t offset, uint64_t len);
/* Checks what is stored with the command's blocks. */
bool dev_protect_check(struct dev_command *cmd);

/* protect_io.c: commands that move it, got bytes having come */
void dev_protect_read(struct dev_command *cmd);
bool dev_protect_store(struct dev_command *cmd, uint64_t got);
bool dev_protect_compare(struct dev_command *cmd, uint64_t got);
/* WRITE SAME of one block with its information. */
bool dev_protect_repeat(struct dev_command *cmd, const uint8_t *block, uint64_t blocks);

/* Shared by the two files. */

/* Why tags do not go with the i-th block of the command, an ASC; 0 when they do. On the medium all ones mean
 * that nothing is checked. */
uint16_t dev_tags_wrong(const struct dev_command *cmd, const uint8_t *data, const uint8_t *tags, uint64_t i,
                        bool on_medium);
void dev_tags_fail(struct dev_command *cmd, uint16_t asc, uint64_t i);
bool dev_tags_get(struct dev_command *cmd, uint64_t lba, uint8_t tags[DEV_TAGS_LEN]);
bool dev_tags_put(struct dev_command *cmd, uint64_t lba, const uint8_t tags[DEV_TAGS_LEN]);

#endif
