/* What the files of iSNS share. */
#ifndef RIG_SERVICE_ISNS_H
#define RIG_SERVICE_ISNS_H

#include "discovery.h"
#include "rig/isns_client.h"

#define SVC_ISNS_TEXT_MAX 250 /* bytes of a server's text: "iSNS:" has to go in front of it */

/* svc_isns_read makes instances of an answer: each target once, its portals by group, what is said of their
 * security. */
rig_status svc_isns_read(const rig_alloc *alloc, rig_view objects, const char *mechanism,
                         rig_target_instance_list *out, rig_error *err);

/* svc_security is what was said of IPsec at portals, found by portal. */
typedef struct svc_security {
    svc_places places;
    rig_portal_security_list rows;
    bool fresh; /* it is what the targets say */
} svc_security;

/* svc_security_add enters what was said; of two the one that wants IPsec stays. False without memory. */
bool svc_security_add(svc_security *security, const rig_alloc *alloc, const rig_portal_security *said);
const rig_portal_security *svc_security_find(svc_security *security, const rig_alloc *alloc,
                                             const rig_target_portal *portal);
void svc_security_clear(svc_security *security, const rig_alloc *alloc);

#endif
