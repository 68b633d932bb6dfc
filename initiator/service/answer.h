/* From the text of a SendTargets answer to instances. */
#ifndef RIG_SERVICE_ANSWER_H
#define RIG_SERVICE_ANSWER_H

#include "discovery.h"

/* svc_answer_read adds the targets of an answer to a list, mechanism and initiator as in `like`. A target
 * without an address is at the portal that was asked (appendix C), in that one's group. RIG_E_PROTOCOL,
 * RIG_E_SYNTAX, RIG_E_LIMIT, RIG_E_NOMEM; the list is the caller's to clear all the same. */
rig_status svc_answer_read(const rig_alloc *alloc, rig_view text, const rig_target_instance *like,
                           const rig_portal *asked, rig_target_instance_list *out, rig_error *err);

#endif
