/* Items made from lines, to prove that what must never come is noticed when it comes. */
#ifndef MATCH_CRAFT_H
#define MATCH_CRAFT_H

#include "matching.h"

#define CRAFT_TEXT_MAX 8192 /* bytes of a made item's keys, data or arguments */

/* A made item and its memory: it must not be moved. */
typedef struct craft {
    rig_item item;
    uint8_t bhs[RIG_BHS_LEN];
    uint8_t ahs[RIG_DRAFT_AHS_MAX];
    char text[CRAFT_TEXT_MAX];
    rig_text out;
} craft;

/* Makes an item that fits the line. Variables without a value get one. False when the line cannot be
 * fulfilled by hand (a function, too much text). */
bool match_craft(match_run *run, const rig_scn_line *line, craft *out);
/* Makes the item break one of the conditions; false when it cannot. */
bool match_craft_break(match_run *run, const rig_scn_line *line, craft *made);

#endif
