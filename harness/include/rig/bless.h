/** @file
 * Bless: trace blocks of a scenario file rewritten from what a run recorded, and nothing else of it.
 */
#ifndef RIG_BLESS_H
#define RIG_BLESS_H

#include "rig/item.h"
#include "rig/scn.h"

#define RIG_BLESS_BLOCKS_MAX 256 /**< most blocks of one file that are rewritten at a time */

/** rig_bless_block is a trace block that gets another body. */
typedef struct rig_bless_block {
    uint32_t first_line; /**< of the file: the line of the word trace */
    uint32_t last_line;  /**< of the block, included */
    rig_view body;       /**< its lines without their indent, each with a newline */
} rig_bless_block;

/**
 * rig_bless_body prints what a block would say of these items: a `trace` block every PDU, connect and close;
 * a `trace some` block PDUs and events of the kinds it lists now; other events only when it lists them. Names
 * ($t1, $s1+1) as `iscsirig trace` gives them. *out_text (*out_len bytes) is freed with rig_delete(alloc,
 * *out_text, *out_size). RIG_E_NOMEM, RIG_E_LIMIT (more than a scenario file may hold), RIG_E_NOT_FOUND
 * (nothing of that kind was seen).
 */
rig_status rig_bless_body(const rig_alloc *alloc, const rig_scn_trace *trace, const rig_items *items,
                          char **out_text, size_t *out_len, size_t *out_size);

/**
 * rig_bless_rewrite puts bodies in the place of those of the blocks, which stand in the order of the file and
 * do not overlap. Comments inside a block stay, before or behind the line that shows the same kind of PDU;
 * every byte outside the bodies stays as it is. *out_text (*out_len bytes) is freed with rig_delete(alloc,
 * *out_text, *out_size). RIG_E_NOMEM, RIG_E_LIMIT, RIG_E_ARGUMENT (a block that is not there).
 */
rig_status rig_bless_rewrite(const rig_alloc *alloc, rig_view text, const rig_bless_block *blocks,
                             uint32_t num_blocks, char **out_text, size_t *out_len, size_t *out_size);

/** rig_bless_same_target tells whether the target sections of two versions of a file say the same; comments,
 * blanks and indents do not count. */
bool rig_bless_same_target(rig_view before, rig_view after);

#endif
