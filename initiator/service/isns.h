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

#endif
