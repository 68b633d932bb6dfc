/** @file
 * Status codes of the initiator service: severity in the two top bits, then its facility and the code. 0 is
 * success.
 */
#ifndef ISCSIRIG_ISCSIERR_H
#define ISCSIRIG_ISCSIERR_H

#include <windows.h>

typedef ULONG ISDSC_STATUS; /**< 0, a code of these, or one of winerror.h */

#define ISDSC_NON_SPECIFIC_ERROR ((ISDSC_STATUS)0xEFFF0001U) /**< unspecified failure */
#define ISDSC_LOGIN_FAILED ((ISDSC_STATUS)0xEFFF0002U)       /**< login did not succeed */
#define ISDSC_CONNECTION_FAILED ((ISDSC_STATUS)0xEFFF0003U)  /**< TCP/iSCSI connection could not be made */
#define ISDSC_INITIATOR_NODE_ALREADY_EXISTS ((ISDSC_STATUS)0xEFFF0004U) /**< initiator node is there */
#define ISDSC_INITIATOR_NODE_NOT_FOUND ((ISDSC_STATUS)0xEFFF0005U)      /**< initiator node unknown */
#define ISDSC_TARGET_MOVED_TEMPORARILY                                                                       \
    ((ISDSC_STATUS)0xEFFF0006U) /**< login redirect, temporary (status class 1) */
#define ISDSC_TARGET_MOVED_PERMANENTLY ((ISDSC_STATUS)0xEFFF0007U) /**< login redirect, permanent */
#define ISDSC_INITIATOR_ERROR                                                                                \
    ((ISDSC_STATUS)0xEFFF0008U) /**< initiator-side fault reported in login status */
#define ISDSC_AUTHENTICATION_FAILURE                                                                         \
    ((ISDSC_STATUS)0xEFFF0009U) /**< target/initiator authentication failed */
#define ISDSC_AUTHORIZATION_FAILURE                                                                          \
    ((ISDSC_STATUS)0xEFFF000AU)                                /**< initiator not authorised for the target */
#define ISDSC_NOT_FOUND ((ISDSC_STATUS)0xEFFF000BU)            /**< target not found (login status) */
#define ISDSC_TARGET_REMOVED ((ISDSC_STATUS)0xEFFF000CU)       /**< target was removed */
#define ISDSC_UNSUPPORTED_VERSION ((ISDSC_STATUS)0xEFFF000DU)  /**< iSCSI version not supported */
#define ISDSC_TOO_MANY_CONNECTIONS ((ISDSC_STATUS)0xEFFF000EU) /**< limit of connections reached */
#define ISDSC_MISSING_PARAMETER ((ISDSC_STATUS)0xEFFF000FU)    /**< required login parameter absent */
#define ISDSC_CANT_INCLUDE_IN_SESSION ((ISDSC_STATUS)0xEFFF0010U)    /**< connection cannot join it */
#define ISDSC_SESSION_TYPE_NOT_SUPPORTED ((ISDSC_STATUS)0xEFFF0011U) /**< session type refused by target */
#define ISDSC_TARGET_ERROR ((ISDSC_STATUS)0xEFFF0012U)               /**< target-side fault */
#define ISDSC_SERVICE_UNAVAILABLE ((ISDSC_STATUS)0xEFFF0013U) /**< target service temporarily unavailable */
#define ISDSC_OUT_OF_RESOURCES ((ISDSC_STATUS)0xEFFF0014U)    /**< target or initiator out of resources */
#define ISDSC_CONNECTION_ALREADY_EXISTS ((ISDSC_STATUS)0xEFFF0015U)    /**< node already has connections */
#define ISDSC_SESSION_ALREADY_EXISTS ((ISDSC_STATUS)0xEFFF0016U)       /**< session already present */
#define ISDSC_INITIATOR_INSTANCE_NOT_FOUND ((ISDSC_STATUS)0xEFFF0017U) /**< initiator instance unknown */
#define ISDSC_TARGET_ALREADY_EXISTS ((ISDSC_STATUS)0xEFFF0018U)        /**< target already present */
#define ISDSC_DRIVER_BUG ((ISDSC_STATUS)0xEFFF0019U)                   /**< miniport violated the contract */
#define ISDSC_INVALID_TEXT_KEY ((ISDSC_STATUS)0xEFFF001AU)             /**< bad key=value text */
#define ISDSC_INVALID_SENDTARGETS_TEXT ((ISDSC_STATUS)0xEFFF001BU)     /**< bad SendTargets answer */
#define ISDSC_INVALID_SESSION_ID ((ISDSC_STATUS)0xEFFF001CU)           /**< session id unknown or dead */
#define ISDSC_SCSI_REQUEST_FAILED                                                                            \
    ((ISDSC_STATUS)0xEFFF001DU) /**< CDB ended in SCSI error; status and sense returned */
#define ISDSC_TOO_MANY_SESSIONS ((ISDSC_STATUS)0xEFFF001EU) /**< session limit of the initiator exceeded */
#define ISDSC_SESSION_BUSY ((ISDSC_STATUS)0xEFFF001FU)      /**< another request is running on the session */
#define ISDSC_TARGET_MAPPING_UNAVAILABLE ((ISDSC_STATUS)0xEFFF0020U) /**< wanted bus/target/LUN not free */
#define ISDSC_ADDRESS_TYPE_NOT_SUPPORTED                                                                     \
    ((ISDSC_STATUS)0xEFFF0021U)                        /**< address type (text/v4/v6) unsupported */
#define ISDSC_LOGON_FAILED ((ISDSC_STATUS)0xEFFF0022U) /**< logon did not succeed (second, distinct code) */
#define ISDSC_SEND_FAILED ((ISDSC_STATUS)0xEFFF0023U)  /**< TCP send error */
#define ISDSC_TRANSPORT_ERROR ((ISDSC_STATUS)0xEFFF0024U)  /**< TCP transport fault */
#define ISDSC_VERSION_MISMATCH ((ISDSC_STATUS)0xEFFF0025U) /**< iSCSI version mismatch */
#define ISDSC_TARGET_MAPPING_OUT_OF_RANGE                                                                    \
    ((ISDSC_STATUS)0xEFFF0026U) /**< mapping numbers outside the adapter's range */
#define ISDSC_TARGET_PRESHAREDKEY_UNAVAILABLE                                                                \
    ((ISDSC_STATUS)0xEFFF0027U) /**< no preshared key for the target or IKE id */
#define ISDSC_TARGET_AUTHINFO_UNAVAILABLE                                                                    \
    ((ISDSC_STATUS)0xEFFF0028U)                               /**< no authentication data for the target */
#define ISDSC_TARGET_NOT_FOUND ((ISDSC_STATUS)0xEFFF0029U)    /**< target name unknown or hidden from login */
#define ISDSC_LOGIN_USER_INFO_BAD ((ISDSC_STATUS)0xEFFF002AU) /**< a field of LoginToTarget_IN is invalid */
#define ISDSC_TARGET_MAPPING_EXISTS ((ISDSC_STATUS)0xEFFF002BU)   /**< mapping already exists */
#define ISDSC_HBA_SECURITY_CACHE_FULL ((ISDSC_STATUS)0xEFFF002CU) /**< HBA security cache full */
#define ISDSC_INVALID_PORT_NUMBER ((ISDSC_STATUS)0xEFFF002DU) /**< port number not valid on the initiator */
#define ISDSC_OPERATION_NOT_ALL_SUCCESS                                                                      \
    ((ISDSC_STATUS)0xAFFF002EU) /**< warning: not all initiators or discovery methods succeeded */
#define ISDSC_HBA_SECURITY_CACHE_NOT_SUPPORTED                                                               \
    ((ISDSC_STATUS)0xEFFF002FU) /**< adapter has no security cache */
#define ISDSC_IKE_ID_PAYLOAD_TYPE_NOT_SUPPORTED ((ISDSC_STATUS)0xEFFF0030U) /**< IKE id type unsupported */
#define ISDSC_IKE_ID_PAYLOAD_INCORRECT_SIZE ((ISDSC_STATUS)0xEFFF0031U)     /**< IKE id length wrong */
#define ISDSC_TARGET_PORTAL_ALREADY_EXISTS ((ISDSC_STATUS)0xEFFF0032U)      /**< portal already in the list */
#define ISDSC_TARGET_ADDRESS_ALREADY_EXISTS ((ISDSC_STATUS)0xEFFF0033U) /**< address already in the list */
#define ISDSC_NO_AUTH_INFO_AVAILABLE ((ISDSC_STATUS)0xEFFF0034U)        /**< no IKE data stored */
#define ISDSC_NO_TUNNEL_OUTER_MODE_ADDRESS ((ISDSC_STATUS)0xEFFF0035U)  /**< no tunnel outer address set */
#define ISDSC_CACHE_CORRUPTED ((ISDSC_STATUS)0xEFFF0036U)               /**< auth/tunnel cache corrupted */
#define ISDSC_REQUEST_NOT_SUPPORTED ((ISDSC_STATUS)0xEFFF0037U)         /**< request unsupported */
#define ISDSC_TARGET_OUT_OF_RESORCES                                                                         \
    ((ISDSC_STATUS)0xEFFF0038U) /**< target short of resources for the request; spelt like that */
#define ISDSC_SERVICE_DID_NOT_RESPOND ((ISDSC_STATUS)0xEFFF0039U) /**< service did not answer the driver */
#define ISDSC_ISNS_SERVER_NOT_FOUND ((ISDSC_STATUS)0xEFFF003AU)   /**< iSNS server unknown or unreachable */
#define ISDSC_OPERATION_REQUIRES_REBOOT                                                                      \
    ((ISDSC_STATUS)0xAFFF003BU) /**< warning: done, but needs driver reload or reboot */
#define ISDSC_NO_PORTAL_SPECIFIED ((ISDSC_STATUS)0xEFFF003CU) /**< no portal to log in through */
#define ISDSC_CANT_REMOVE_LAST_CONNECTION                                                                    \
    ((ISDSC_STATUS)0xEFFF003DU)                               /**< last connection cannot be removed */
#define ISDSC_SERVICE_NOT_RUNNING ((ISDSC_STATUS)0xEFFF003EU) /**< initiator service not running */
#define ISDSC_TARGET_ALREADY_LOGGED_IN                                                                       \
    ((ISDSC_STATUS)0xEFFF003FU) /**< target already has a session (no multipath flag) */
#define ISDSC_DEVICE_BUSY_ON_SESSION ((ISDSC_STATUS)0xEFFF0040U) /**< logout refused, a device is in use */
#define ISDSC_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA                                                           \
    ((ISDSC_STATUS)0xEFFF0041U) /**< persistent login could not be saved */
#define ISDSC_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA                                                         \
    ((ISDSC_STATUS)0xEFFF0042U)                               /**< persistent login could not be removed */
#define ISDSC_PORTAL_NOT_FOUND ((ISDSC_STATUS)0xEFFF0043U)    /**< portal unknown */
#define ISDSC_INITIATOR_NOT_FOUND ((ISDSC_STATUS)0xEFFF0044U) /**< initiator name unknown */
#define ISDSC_DISCOVERY_MECHANISM_NOT_FOUND ((ISDSC_STATUS)0xEFFF0045U) /**< discovery mechanism unknown */
#define ISDSC_IPSEC_NOT_SUPPORTED_ON_OS                                                                      \
    ((ISDSC_STATUS)0xEFFF0046U) /**< IPsec not available on this OS version */
#define ISDSC_PERSISTENT_LOGIN_TIMEOUT                                                                       \
    ((ISDSC_STATUS)0xEFFF0047U) /**< service gave up waiting for persistent logins */
#define ISDSC_SHORT_CHAP_SECRET                                                                              \
    ((ISDSC_STATUS)0xAFFF0048U) /**< warning: CHAP secret under 96 bits, unusable without IPsec */
#define ISDSC_EVALUATION_PEROID_EXPIRED                                                                      \
    ((ISDSC_STATUS)0xEFFF0049U) /**< evaluation period over; spelt like that */
#define ISDSC_INVALID_CHAP_SECRET                                                                            \
    ((ISDSC_STATUS)0xEFFF004AU) /**< CHAP secret not conforming, see event log */
#define ISDSC_INVALID_TARGET_CHAP_SECRET                                                                     \
    ((ISDSC_STATUS)0xEFFF004BU) /**< target CHAP secret: max 16 bytes, min 12 without IPsec */
#define ISDSC_INVALID_INITIATOR_CHAP_SECRET                                                                  \
    ((ISDSC_STATUS)0xEFFF004CU) /**< initiator CHAP secret: max 16 bytes, min 12 without IPsec */
#define ISDSC_INVALID_CHAP_USER_NAME ((ISDSC_STATUS)0xEFFF004DU)  /**< CHAP user name invalid */
#define ISDSC_INVALID_LOGON_AUTH_TYPE ((ISDSC_STATUS)0xEFFF004EU) /**< authentication type invalid */
#define ISDSC_INVALID_TARGET_MAPPING ((ISDSC_STATUS)0xEFFF004FU)  /**< mapping data invalid */
#define ISDSC_INVALID_TARGET_ID ((ISDSC_STATUS)0xEFFF0050U)       /**< target id in mapping invalid */
#define ISDSC_INVALID_ISCSI_NAME                                                                             \
    ((ISDSC_STATUS)0xEFFF0051U) /**< iSCSI name has bad characters or is too long */
#define ISDSC_INCOMPATIBLE_ISNS_VERSION ((ISDSC_STATUS)0xEFFF0052U) /**< iSNS protocol version mismatch */
#define ISDSC_FAILED_TO_CONFIGURE_IPSEC                                                                      \
    ((ISDSC_STATUS)0xEFFF0053U)                            /**< IPsec setup for the connection failed */
#define ISDSC_BUFFER_TOO_SMALL ((ISDSC_STATUS)0xEFFF0054U) /**< buffer too small for the request */
#define ISDSC_INVALID_LOAD_BALANCE_POLICY ((ISDSC_STATUS)0xEFFF0055U) /**< load-balance policy unknown */
#define ISDSC_INVALID_PARAMETER ((ISDSC_STATUS)0xEFFF0056U)           /**< parameter invalid */
#define ISDSC_DUPLICATE_PATH_SPECIFIED ((ISDSC_STATUS)0xEFFF0057U)    /**< path id given twice in LB policy */
#define ISDSC_PATH_COUNT_MISMATCH                                                                            \
    ((ISDSC_STATUS)0xEFFF0058U)                           /**< number of paths differs from the target's */
#define ISDSC_INVALID_PATH_ID ((ISDSC_STATUS)0xEFFF0059U) /**< path id invalid */
#define ISDSC_MULTIPLE_PRIMARY_PATHS_SPECIFIED ((ISDSC_STATUS)0xEFFF005AU) /**< several primary paths */
#define ISDSC_NO_PRIMARY_PATH_SPECIFIED ((ISDSC_STATUS)0xEFFF005BU)        /**< no primary path given */
#define ISDSC_DEVICE_ALREADY_PERSISTENTLY_BOUND                                                              \
    ((ISDSC_STATUS)0xEFFF005CU)                            /**< device already bound persistently */
#define ISDSC_DEVICE_NOT_FOUND ((ISDSC_STATUS)0xEFFF005DU) /**< device unknown */
#define ISDSC_DEVICE_NOT_ISCSI_OR_PERSISTENT                                                                 \
    ((ISDSC_STATUS)0xEFFF005EU) /**< device not on iSCSI or not on a persistent login */
#define ISDSC_DNS_NAME_UNRESOLVED ((ISDSC_STATUS)0xEFFF005FU)     /**< DNS name not resolved */
#define ISDSC_NO_CONNECTION_AVAILABLE ((ISDSC_STATUS)0xEFFF0060U) /**< no usable connection in it */
#define ISDSC_LB_POLICY_NOT_SUPPORTED ((ISDSC_STATUS)0xEFFF0061U) /**< LB policy unsupported */
#define ISDSC_REMOVE_CONNECTION_IN_PROGRESS                                                                  \
    ((ISDSC_STATUS)0xEFFF0062U)                                 /**< connection removal already running */
#define ISDSC_INVALID_CONNECTION_ID ((ISDSC_STATUS)0xEFFF0063U) /**< connection not in this session */
#define ISDSC_CANNOT_REMOVE_LEADING_CONNECTION                                                               \
    ((ISDSC_STATUS)0xEFFF0064U) /**< leading connection cannot be removed */
#define ISDSC_RESTRICTED_BY_GROUP_POLICY ((ISDSC_STATUS)0xEFFF0065U) /**< blocked by group policy */
#define ISDSC_ISNS_FIREWALL_BLOCKED ((ISDSC_STATUS)0xEFFF0066U)      /**< iSNS firewall exception missing */
#define ISDSC_FAILURE_TO_PERSIST_LB_POLICY                                                                   \
    ((ISDSC_STATUS)0xEFFF0067U)                        /**< LB policy could not be persisted */
#define ISDSC_INVALID_HOST ((ISDSC_STATUS)0xEFFF0068U) /**< host name gives no IP address */

#endif
