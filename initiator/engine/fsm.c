#include "fsm.h"

#include <stddef.h>

const eng_move *eng_fsm_find(const eng_fsm *fsm, uint8_t state, uint8_t event)
{
    for (uint32_t i = 0; i < fsm->num_rows; i++)
        if (fsm->rows[i].from == state && fsm->rows[i].event == event)
            return &fsm->rows[i];
    return NULL;
}
