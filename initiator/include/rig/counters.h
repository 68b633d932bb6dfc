/** @file
 * Counters of nodes and sessions, under the names of the iSCSI MIB (RFC 7147).
 */
#ifndef RIG_COUNTERS_H
#define RIG_COUNTERS_H

#include <stdint.h>

/** rig_session_counters counts what one session did, over all its connections and reconnects. */
typedef struct rig_session_counters {
    uint64_t cmd_pdus;       /**< iscsiSsnCmdPDUs: SCSI Command PDUs sent */
    uint64_t rsp_pdus;       /**< iscsiSsnRspPDUs: SCSI Responses, and Data-In PDUs with status, received */
    uint64_t tx_data_octets; /**< iscsiSsnTxDataOctets: bytes of SCSI data sent */
    uint64_t rx_data_octets; /**< iscsiSsnRxDataOctets: bytes of SCSI data received */
    uint32_t digest_errors;  /**< iscsiSsnDigestErrors: PDUs with a wrong header or data digest */
    uint32_t cxn_timeout_errors;  /**< iscsiSsnCxnTimeoutErrors: connections that ended by a timeout */
    uint32_t format_errors;       /**< iscsiSsnFormatErrors: PDUs that break the format or the protocol */
    uint32_t connection_failures; /**< connections that ended without a logout */
    uint32_t recovered;           /**< failed connections whose session went on */
    uint32_t snacks;              /**< SNACK Requests sent */
    uint32_t retries;             /**< commands sent again */
} rig_session_counters;

/** rig_node_counters counts what one node did, over all its sessions, those that are gone included. */
typedef struct rig_node_counters {
    uint32_t login_accepts;      /**< iscsiIntrLoginAcceptRsps: logins that ended in full feature phase */
    uint32_t login_other_fails;  /**< iscsiIntrLoginOtherFailRsps: refused for a reason not counted below */
    uint32_t login_redirects;    /**< iscsiIntrLoginRedirectRsps: answered with class 1 */
    uint32_t login_auth_fails;   /**< iscsiIntrLoginAuthFailRsps: class 2, detail 1 and 2 */
    uint32_t login_authenticate; /**< iscsiIntrLoginAuthenticateFails: the target did not prove who it is */
    uint32_t login_negotiate;    /**< iscsiIntrLoginNegotiateFails: no agreement on the keys */
    uint32_t logout_normals;     /**< iscsiIntrLogoutNormals: logouts answered with success */
    uint32_t logout_others;      /**< iscsiIntrLogoutOtherCodes: logouts answered otherwise */
    uint32_t session_failures;   /**< iscsiInstSsnFailures: sessions that were lost */
    uint32_t session_digest;     /**< iscsiInstSsnDigestErrors: of them, by a wrong digest */
    uint32_t session_timeout;    /**< iscsiInstSsnCxnTimeoutErrors: of them, by a timeout */
    uint32_t session_format;     /**< iscsiInstSsnFormatErrors: of them, by a wrong format */
} rig_node_counters;

#endif
