/** @file
 * The management calls: which there are, what they carry, and what they come to.
 *
 * The service carries them out; its daemon, the client library, iscsidsc, iscsicli, the WMI views and
 * scenarios are readers of this one table.
 */
#ifndef RIG_CALLS_H
#define RIG_CALLS_H

#include "rig/records.h"

#define RIG_PORT_ANY UINT32_MAX /**< any port, or all of them, as the call means it */

#define RIG_LOGIN_HAS_HEADER_DIGEST 0x01u   /**< login_options.header_digest counts */
#define RIG_LOGIN_HAS_DATA_DIGEST 0x02u     /**< login_options.data_digest counts */
#define RIG_LOGIN_HAS_MAX_CONNECTIONS 0x04u /**< login_options.max_connections counts */
#define RIG_LOGIN_HAS_TIME2WAIT 0x08u       /**< login_options.time2wait counts */
#define RIG_LOGIN_HAS_TIME2RETAIN 0x10u     /**< login_options.time2retain counts */
#define RIG_LOGIN_HAS_USERNAME 0x20u        /**< login_options.username counts */
#define RIG_LOGIN_HAS_PASSWORD 0x40u        /**< login_options.password counts */
#define RIG_LOGIN_HAS_AUTH_TYPE 0x80u       /**< login_options.auth_type counts */
#define RIG_LOGIN_HAS_ALL 0xffu             /**< all of them */

#define RIG_LOGIN_FLAG_REQUIRE_IPSEC 0x01u       /**< the session must run over IPsec */
#define RIG_LOGIN_FLAG_MULTIPATH 0x02u           /**< another session to the target may exist */
#define RIG_LOGIN_FLAG_PORTAL_HOPPING 0x08u      /**< other portals of the target may be tried */
#define RIG_LOGIN_FLAG_RADIUS_RESPONSE 0x10u     /**< our CHAP response is asked from RADIUS */
#define RIG_LOGIN_FLAG_RADIUS_VERIFICATION 0x20u /**< the target's CHAP response is verified by RADIUS */
#define RIG_LOGIN_FLAG_ALL 0x3fu                 /**< all that are defined, 0x04 reserved among them */

#define RIG_TARGET_FLAG_HIDE 0x2u  /**< not reported unless found by other means, too */
#define RIG_TARGET_FLAG_MERGE 0x4u /**< keep what is stored and not given anew */

/** rig_code is what a call came to: 0 done, else a Windows or a service code; (uint32_t) gives their number,
 * for an enum has no room above INT_MAX. */
typedef enum rig_code {
#define RIG_CODE(id, word, value, meaning) RIG_CODE_##id = (int32_t)(value),
#include "rig/codes.def"
#undef RIG_CODE
} rig_code;

/** rig_code_name gives a code's word ("target-not-found"), "?" for an unknown one. Static storage. */
const char *rig_code_name(rig_code code);

/** rig_code_meaning gives one sentence for people. Static storage. */
const char *rig_code_meaning(rig_code code);

/** rig_code_parse reads a code's word, or its number. RIG_E_NOT_FOUND. */
rig_status rig_code_parse(rig_view text, rig_code *out_code);

/** rig_code_is_warning tells whether the call was carried out all the same (severity 2 of the code). */
bool rig_code_is_warning(rig_code code);

/** rig_call_id names a call. */
typedef enum rig_call_id {
#define RIG_CALL(id, word, request, reply, meaning) RIG_CALL_##id,
#include "rig/calls.def"
#undef RIG_CALL
    RIG_CALLS /**< how many, not a call */
} rig_call_id;

/** rig_call is one row of the table. */
typedef struct rig_call {
    rig_call_id id;        /**< which */
    const char *word;      /**< its name in text */
    rig_record_id request; /**< record of its arguments */
    rig_record_id reply;   /**< record of its answer */
    const char *meaning;   /**< for people */
} rig_call;

/** rig_call_of gives the row of a call. Static storage. */
const rig_call *rig_call_of(rig_call_id id);

/** rig_call_find looks a call up by its word; NULL when there is none. */
const rig_call *rig_call_find(rig_view word);

#endif
