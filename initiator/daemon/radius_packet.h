/* Packets of RADIUS (RFC 2865), as far as a verification of CHAP needs them. Nothing in here does I/O. */
#ifndef DAEMON_RADIUS_PACKET_H
#define DAEMON_RADIUS_PACKET_H

#include "rig/radius.h"

#define RADIUS_PACKET_MAX 4096 /* section 3 */
#define RADIUS_AUTHENTICATOR 16
#define RADIUS_REQUEST_MAX 1024 /* holds five attributes of any length */

/* What an Access-Request says, and what it is made with. */
typedef struct radius_request {
    rig_view secret;
    rig_view client; /* NAS-Identifier */
    rig_view user;
    rig_view password; /* CHAP-Password: identifier and response */
    rig_view challenge;
    uint8_t identifier;                          /* of the packet */
    uint8_t authenticator[RADIUS_AUTHENTICATOR]; /* nobody can foresee it */
} radius_request;

/* radius_request_make gives the bytes of a request, 0 when a value has no room in an attribute or there is no
 * MD5. */
size_t radius_request_make(const radius_request *request, uint8_t out[RADIUS_REQUEST_MAX]);

/* radius_verdict looks at what may be the answer: RIG_OK for Access-Accept, RIG_E_AUTH for Access-Reject and
 * Access-Challenge (which counts as one, section 4.4), RIG_E_FORMAT for what whoever knows the secret did not
 * answer to that request. */
rig_status radius_verdict(const radius_request *request, rig_view packet);

#endif
