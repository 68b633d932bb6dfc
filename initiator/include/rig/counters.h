/** @file
 * Counters and last failures of nodes, sessions and connections, under the names of the iSCSI MIB (RFC 7147).
 * All objects are defined in its section 7; sections 6.3 to 6.13 say what the tables are for.
 *
 * Nothing here is ever reset while what it belongs to exists. Times are the `now` of the calls in which
 * something happened.
 */
#ifndef RIG_COUNTERS_H
#define RIG_COUNTERS_H

#include <stdint.h>

#include "rig/iname.h"
#include "rig/status.h"
#include "rig/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** rig_session_counters counts what one session did, over all its connections and reconnects
 * (iscsiSessionStatsTable, iscsiSessionCxnErrorStatsTable; RFC 7147 section 6.12). */
typedef struct rig_session_counters {
    uint64_t cmd_pdus;       /**< iscsiSsnCmdPDUs: SCSI Command PDUs sent */
    uint64_t rsp_pdus;       /**< iscsiSsnRspPDUs: SCSI Responses, and Data-In PDUs with status, received */
    uint64_t tx_data_octets; /**< iscsiSsnTxDataOctets: bytes of SCSI data sent */
    uint64_t rx_data_octets; /**< iscsiSsnRxDataOctets: bytes of SCSI data received */
    uint32_t nop_received;   /**< iscsiSsnNopReceivedPDUs: NOP-In PDUs received */
    uint32_t nop_sent;       /**< iscsiSsnNopSentPDUs: NOP-Out PDUs sent */
    uint32_t digest_errors;  /**< iscsiSsnCxnDigestErrors: PDUs with a wrong header or data digest */
    uint32_t cxn_timeout_errors; /**< iscsiSsnCxnTimeoutErrors: connections that ended by a timeout */
    uint32_t format_errors; /**< connections that ended by a PDU that breaks the format or the protocol */
    uint32_t connection_failures; /**< connections that ended without a logout */
    uint32_t recovered;           /**< failed connections whose session went on */
    uint32_t snacks;              /**< SNACK Requests sent */
    uint32_t retries;             /**< commands sent again */
} rig_session_counters;

/** rig_connection_counters counts what one connection did since it was opened. The MIB keeps no statistics
 * of connections (RFC 7147 section 6.13); these mean what those of the session mean. */
typedef struct rig_connection_counters {
    uint64_t tx_pdus;        /**< PDUs of any kind sent, those of the login included */
    uint64_t rx_pdus;        /**< PDUs of any kind received, broken ones included */
    uint64_t cmd_pdus;       /**< of those sent, SCSI Commands */
    uint64_t rsp_pdus;       /**< of those received, SCSI Responses and Data-In PDUs with status */
    uint64_t tx_data_octets; /**< bytes of SCSI data sent */
    uint64_t rx_data_octets; /**< bytes of SCSI data received */
    uint32_t digest_errors;  /**< PDUs received with a wrong header or data digest */
    uint32_t snacks;         /**< SNACK Requests sent */
} rig_connection_counters;

/** rig_node_counters counts what one node did, over all its sessions, those that are gone included
 * (iscsiInitiatorAttributesTable, iscsiInitiatorLoginStatsTable, iscsiInitiatorLogoutStatsTable,
 * iscsiInstanceSsnErrorStatsTable; RFC 7147 sections 6.3 and 6.10). iscsiInstSsnTgtUnmappedErrors has no
 * counter: a target that is unmapped looks to an initiator like any other that closes. */
typedef struct rig_node_counters {
    uint32_t login_failures;    /**< iscsiIntrLoginFailures: attempts to log in that did not end in full
                                   feature phase, whatever stopped them; a redirection is one */
    uint32_t login_accepts;     /**< iscsiIntrLoginAcceptRsps: logins that ended in full feature phase */
    uint32_t login_other_fails; /**< iscsiIntrLoginOtherFailRsps: refused for a reason not counted below */
    uint32_t login_redirects;   /**< iscsiIntrLoginRedirectRsps: answered with class 1 */
    uint32_t login_auth_fails;  /**< iscsiIntrLoginAuthFailRsps: refused with 0201h, authentication failure */
    uint32_t login_authenticate; /**< iscsiIntrLoginAuthenticateFails: the target did not prove who it is */
    uint32_t login_negotiate;    /**< iscsiIntrLoginNegotiateFails: no agreement on the keys */
    uint32_t login_authorize;    /**< iscsiIntrLoginAuthorizeFails: refused with 0202h, forbidden target */
    uint32_t logout_normals;     /**< iscsiIntrLogoutNormals: logouts sent with reason 0, close the session */
    uint32_t logout_others;      /**< iscsiIntrLogoutOthers: logouts sent with another reason */
    uint32_t session_failures;   /**< iscsiInstSsnFailures: sessions that were lost */
    uint32_t session_digest;     /**< iscsiInstSsnDigestErrors: of them, by a wrong digest */
    uint32_t session_timeout;    /**< iscsiInstSsnCxnTimeoutErrors: of them, by a timeout */
    uint32_t session_format;     /**< iscsiInstSsnFormatErrors: of them, by a wrong format */
} rig_node_counters;

/** rig_login_failure_type is iscsiIntrLastFailureType: the counter of iscsiInitiatorLoginStatsTable that the
 * last failed login was counted by (RFC 7147 section 7). */
typedef enum rig_login_failure_type {
    RIG_LOGIN_FAILURE_NONE,         /**< { 0.0 }: none has failed, or by what no counter stands for */
    RIG_LOGIN_FAILURE_OTHER,        /**< iscsiIntrLoginOtherFailRsps */
    RIG_LOGIN_FAILURE_REDIRECT,     /**< iscsiIntrLoginRedirectRsps */
    RIG_LOGIN_FAILURE_AUTH,         /**< iscsiIntrLoginAuthFailRsps */
    RIG_LOGIN_FAILURE_AUTHENTICATE, /**< iscsiIntrLoginAuthenticateFails */
    RIG_LOGIN_FAILURE_NEGOTIATE,    /**< iscsiIntrLoginNegotiateFails */
    RIG_LOGIN_FAILURE_AUTHORIZE     /**< iscsiIntrLoginAuthorizeFails */
} rig_login_failure_type;

/** rig_session_failure_type is iscsiInstLastSsnFailureType: the counter of iscsiInstanceSsnErrorStatsTable
 * that the last lost session was counted by (RFC 7147 section 7). */
typedef enum rig_session_failure_type {
    RIG_SESSION_FAILURE_NONE,    /**< { 0.0 }: none was lost, or by what no counter stands for */
    RIG_SESSION_FAILURE_DIGEST,  /**< iscsiInstSsnDigestErrors */
    RIG_SESSION_FAILURE_TIMEOUT, /**< iscsiInstSsnCxnTimeoutErrors */
    RIG_SESSION_FAILURE_FORMAT   /**< iscsiInstSsnFormatErrors */
} rig_session_failure_type;

/** rig_login_failure is the last attempt of a node to log in that failed (iscsiInitiatorAttributesTable, RFC
 * 7147 section 6.10; what its notification iscsiIntrLoginFailure carries, section 6.16). */
typedef struct rig_login_failure {
    uint64_t time;               /**< iscsiIntrLastFailureTime: when, in ns */
    rig_login_failure_type type; /**< iscsiIntrLastFailureType */
    rig_status status;           /**< why, RIG_OK = none has failed */
    uint16_t login_status;       /**< class << 8 | detail, 0 when the target sent none */
    /** iscsiIntrLastTgtFailureName: the target asked for, empty in discovery without a name */
    char target[RIG_NAME_MAX + 1];
    /** iscsiIntrLastTgtFailureAddr, with its type and Port: numeric when there was a connection; else as it
     * was asked for, which may be a DNS name. */
    rig_portal portal;
} rig_login_failure;

/** rig_session_failure is the last session of a node that was lost (iscsiInstanceAttributesTable, RFC 7147
 * section 6.3; what its notification iscsiInstSessionFailure carries, section 6.16). */
typedef struct rig_session_failure {
    uint64_t time;                 /**< when, in ns */
    rig_session_failure_type type; /**< iscsiInstLastSsnFailureType */
    rig_status status;             /**< why, RIG_OK = none was lost */
    char target[RIG_NAME_MAX + 1]; /**< iscsiInstLastSsnRmtNodeName */
} rig_session_failure;

/** rig_last_failures is what a node keeps of its failures, those of sessions that are gone included. */
typedef struct rig_last_failures {
    rig_login_failure login;     /**< the last login */
    rig_session_failure session; /**< the last session */
} rig_last_failures;

#ifdef __cplusplus
}
#endif

#endif
