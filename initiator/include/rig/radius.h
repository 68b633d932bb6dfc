/** @file
 * RADIUS as the service uses it: one server is asked whether a target's CHAP response is right. Who carries
 * the question across the network, or makes an answer up, is whoever starts the service.
 */
#ifndef RIG_RADIUS_H
#define RIG_RADIUS_H

#include "rig/status.h"
#include "rig/view.h"

#define RIG_RADIUS_VALUE_MAX 253 /**< most octets of an attribute's value (RFC 2865 section 5) */
#define RIG_RADIUS_RESPONSE 16   /**< octets of a CHAP response: MD5 is the only hash (section 5.3) */

/** rig_radius_question is what an Access-Request is made of; everything it points to is borrowed for the
 * call.
 */
typedef struct rig_radius_question {
    const char *server; /**< address or name of the server */
    rig_view secret;    /**< shared with it; stands in no error or log */
    rig_view user;      /**< User-Name: 1 to RIG_RADIUS_VALUE_MAX octets */
    uint8_t identifier; /**< first octet of CHAP-Password … */
    rig_view response;  /**< … and the RIG_RADIUS_RESPONSE behind it */
    rig_view challenge; /**< CHAP-Challenge: 1 to RIG_RADIUS_VALUE_MAX octets */
    uint64_t wait;      /**< ns for all attempts together; whoever asks stops waiting by itself */
} rig_radius_question;

/** rig_radius_fn gets the answer to a question, at most once: RIG_OK for Access-Accept, RIG_E_AUTH for
 * Access-Reject, anything else when that server gave none. */
typedef void rig_radius_fn(void *ctx, rig_status verdict, uint64_t now);

/** rig_radius is somebody who can ask. */
typedef struct rig_radius {
    /** Asks; done may be called before it returns. */
    void (*ask)(void *ctx, const rig_radius_question *question, uint64_t now, rig_radius_fn *done,
                void *done_ctx);
    /** Drops the answer to the question asked with that done_ctx: its done is not called any more. */
    void (*cancel)(void *ctx, const void *done_ctx);
    void *ctx; /**< first argument of both */
} rig_radius;

#endif
