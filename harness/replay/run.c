/* Requests of the capture as steps of our initiator. */
#include "replay.h"

rig_status rpl_run(const rig_replay *replay, rig_text *out)
{
    (void)replay;
    (void)out;
    return RIG_E_UNSUPPORTED;
}
