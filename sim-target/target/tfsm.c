#include "tfsm.h"

const tgt_fsm_row *tgt_fsm_find(const tgt_fsm *fsm, uint8_t state, uint8_t event)
{
    for (size_t i = 0; i < fsm->num_rows; i++)
        if (fsm->rows[i].from == state && fsm->rows[i].event == event)
            return &fsm->rows[i];
    return NULL;
}

rig_status tgt_fsm_step(const tgt_fsm *fsm, uint8_t *state, uint8_t event, rig_error *err)
{
    const tgt_fsm_row *row = tgt_fsm_find(fsm, *state, event);
    if (!row)
        return rig_fail(err, RIG_E_PROTOCOL, "%s in %s has no transition for %s", fsm->what,
                        fsm->states[*state], fsm->events[event]);
    *state = row->to;
    return RIG_OK;
}
