/* What was told of IPsec at portals, found by portal. */
#ifndef RIG_SERVICE_TOLD_H
#define RIG_SERVICE_TOLD_H

#include "discovery.h"

/* svc_security is what was said of IPsec at portals. */
typedef struct svc_security {
    svc_places places;
    rig_portal_security_list rows;
    bool fresh; /* it is what the targets say */
} svc_security;

/* svc_security_same: both have the same address and TCP port. */
bool svc_security_same(const rig_target_portal *a, const rig_target_portal *b);

/* svc_security_add enters what was said; of two the one that wants IPsec stays. False without memory. */
bool svc_security_add(svc_security *told, const rig_alloc *alloc, const rig_portal_security *said);
const rig_portal_security *svc_security_find(const svc_security *told, const rig_target_portal *portal);
void svc_security_clear(svc_security *told, const rig_alloc *alloc);

#endif
