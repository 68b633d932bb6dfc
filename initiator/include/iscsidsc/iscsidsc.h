/** @file
 * Microsoft's iSCSI initiator API: the same names, structures, codes and rules, answered by the service of
 * this project. A program written for Windows' header compiles with this folder as its include path.
 *
 * Texts of the A functions are UTF-8; of the W functions UTF-16 (see windows.h for WCHAR). Every function
 * returns ERROR_SUCCESS, a code of winerror.h or one of iscsierr.h. Reports are asked for twice: with a
 * buffer that is too small, ERROR_INSUFFICIENT_BUFFER tells how large it has to be, in the unit that each
 * function names. Structures that point to others are returned as one block: what they point to is inside the
 * caller's buffer. Lists of strings end with an empty one. All functions may be called from several threads;
 * they block.
 */
#ifndef ISCSIRIG_ISCSIDSC_H
#define ISCSIRIG_ISCSIDSC_H

#include <windows.h>

#include <iscsierr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MAX_ISCSI_HBANAME_LEN 256          /**< characters of an initiator instance name, NUL included */
#define MAX_ISCSI_NAME_LEN 223             /**< characters of an iSCSI name, without NUL */
#define MAX_ISCSI_ALIAS_LEN 255            /**< characters of an alias */
#define MAX_ISCSI_PORTAL_NAME_LEN 256      /**< characters of a portal's symbolic name, NUL included */
#define MAX_ISCSI_PORTAL_ALIAS_LEN 256     /**< characters of a portal's alias, NUL included */
#define MAX_ISCSI_TEXT_ADDRESS_LEN 256     /**< characters of an address, NUL included */
#define MAX_ISCSI_PORTAL_ADDRESS_LEN 256   /**< characters of a portal's address, NUL included */
#define MAX_ISCSI_DISCOVERY_DOMAIN_LEN 256 /**< characters of a discovery domain, NUL included */
#define MAX_RADIUS_ADDRESS_LEN 41          /**< characters of a RADIUS server's address, two NULs included */

#define ISCSI_ANY_INITIATOR_PORT ((ULONG)-1)  /**< one port, whichever */
#define ISCSI_ALL_INITIATOR_PORTS ((ULONG)-1) /**< every port */

#define ISCSI_SECURITY_FLAG_VALID 0x00000001                    /**< the other bits count */
#define ISCSI_SECURITY_FLAG_IKE_IPSEC_ENABLED 0x00000002        /**< IPsec with IKE */
#define ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED 0x00000004        /**< IKE main mode */
#define ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED 0x00000008  /**< IKE aggressive mode */
#define ISCSI_SECURITY_FLAG_PFS_ENABLED 0x00000010              /**< perfect forward secrecy */
#define ISCSI_SECURITY_FLAG_TRANSPORT_MODE_PREFERRED 0x00000020 /**< ESP transport mode */
#define ISCSI_SECURITY_FLAG_TUNNEL_MODE_PREFERRED 0x00000040    /**< ESP tunnel mode */

#define ISCSI_LOGIN_OPTIONS_VERSION 0x00000000               /**< of ISCSI_LOGIN_OPTIONS */
#define ISCSI_LOGIN_OPTIONS_HEADER_DIGEST 0x00000001         /**< HeaderDigest counts */
#define ISCSI_LOGIN_OPTIONS_DATA_DIGEST 0x00000002           /**< DataDigest counts */
#define ISCSI_LOGIN_OPTIONS_MAXIMUM_CONNECTIONS 0x00000004   /**< MaximumConnections counts */
#define ISCSI_LOGIN_OPTIONS_DEFAULT_TIME_2_WAIT 0x00000008   /**< DefaultTime2Wait counts */
#define ISCSI_LOGIN_OPTIONS_DEFAULT_TIME_2_RETAIN 0x00000010 /**< DefaultTime2Retain counts */
#define ISCSI_LOGIN_OPTIONS_USERNAME 0x00000020              /**< Username counts */
#define ISCSI_LOGIN_OPTIONS_PASSWORD 0x00000040              /**< Password counts */
#define ISCSI_LOGIN_OPTIONS_AUTH_TYPE 0x00000080             /**< AuthType counts */

#define ISCSI_LOGIN_FLAG_REQUIRE_IPSEC 0x00000001           /**< the session must run over IPsec */
#define ISCSI_LOGIN_FLAG_MULTIPATH_ENABLED 0x00000002       /**< several sessions to one target */
#define ISCSI_LOGIN_FLAG_RESERVED1 0x00000004               /**< not to be set */
#define ISCSI_LOGIN_FLAG_ALLOW_PORTAL_HOPPING 0x00000008    /**< other portals of the target may be tried */
#define ISCSI_LOGIN_FLAG_USE_RADIUS_RESPONSE 0x00000010     /**< the CHAP response comes from RADIUS */
#define ISCSI_LOGIN_FLAG_USE_RADIUS_VERIFICATION 0x00000020 /**< RADIUS verifies the target's */

#define ISCSI_TARGET_FLAG_HIDE_STATIC_TARGET 0x00000002       /**< not reported unless found otherwise, too */
#define ISCSI_TARGET_FLAG_MERGE_TARGET_INFORMATION 0x00000004 /**< what is not given anew stays */

#define ID_IPV4_ADDR 1 /**< IKE identity: an IPv4 address, 4 bytes */
#define ID_FQDN 2      /**< IKE identity: a host name, without NUL */
#define ID_USER_FQDN 3 /**< IKE identity: a user at a host, without NUL */
#define ID_IPV6_ADDR 5 /**< IKE identity: an IPv6 address, 16 bytes */

typedef ULONG ISCSI_LOGIN_FLAGS;                  /**< ISCSI_LOGIN_FLAG_* bits */
typedef ULONG ISCSI_LOGIN_OPTIONS_INFO_SPECIFIED; /**< ISCSI_LOGIN_OPTIONS_* bits */
typedef ULONG ISCSI_TARGET_FLAGS;                 /**< ISCSI_TARGET_FLAG_* bits */
typedef ULONGLONG ISCSI_SECURITY_FLAGS;           /**< ISCSI_SECURITY_FLAG_* bits */
typedef UCHAR IKE_IDENTIFICATION_PAYLOAD_TYPE;    /**< ID_* type */

/** ISCSI_AUTH_TYPES is how a login authenticates. */
typedef enum {
    ISCSI_NO_AUTH_TYPE = 0,         /**< not at all */
    ISCSI_CHAP_AUTH_TYPE = 1,       /**< the target authenticates the initiator */
    ISCSI_MUTUAL_CHAP_AUTH_TYPE = 2 /**< each authenticates the other */
} ISCSI_AUTH_TYPES;
typedef ISCSI_AUTH_TYPES *PISCSI_AUTH_TYPES; /**< one of them, or several */

/** ISCSI_DIGEST_TYPES is a digest. */
typedef enum {
    ISCSI_DIGEST_TYPE_NONE = 0,  /**< none */
    ISCSI_DIGEST_TYPE_CRC32C = 1 /**< CRC32C */
} ISCSI_DIGEST_TYPES;
typedef ISCSI_DIGEST_TYPES *PISCSI_DIGEST_TYPES; /**< one of them, or several */

/** IKE_AUTHENTICATION_METHOD is how IKE authenticates. */
typedef enum {
    IKE_AUTHENTICATION_PRESHARED_KEY_METHOD = 1 /**< by a pre-shared key */
} IKE_AUTHENTICATION_METHOD;
typedef IKE_AUTHENTICATION_METHOD *PIKE_AUTHENTICATION_METHOD; /**< one of them, or several */

/** TARGETPROTOCOLTYPE is what a target speaks. */
typedef enum {
    ISCSI_TCP_PROTOCOL_TYPE = 0 /**< iSCSI over TCP */
} TARGETPROTOCOLTYPE;
typedef TARGETPROTOCOLTYPE *PTARGETPROTOCOLTYPE; /**< one of them, or several */

/** TARGET_INFORMATION_CLASS is what GetIScsiTargetInformation tells. */
typedef enum {
    ProtocolType = 0,             /**< a TARGETPROTOCOLTYPE */
    TargetAlias = 1,              /**< a string */
    DiscoveryMechanisms = 2,      /**< a list of strings; asked for without a mechanism */
    PortalGroups = 3,             /**< a ULONG count, then that many portal groups, each at a multiple of 4 */
    PersistentTargetMappings = 4, /**< a ULONG count, then that many mappings */
    InitiatorName = 5,            /**< a string */
    TargetFlags = 6,              /**< a ULONG */
    LoginOptions = 7              /**< an ISCSI_LOGIN_OPTIONS */
} TARGET_INFORMATION_CLASS;
typedef TARGET_INFORMATION_CLASS *PTARGET_INFORMATION_CLASS; /**< one of them, or several */

/** ISCSI_LOGIN_OPTIONS is options of a login; a member counts when its bit of InformationSpecified is set,
 * LoginFlags always. */
typedef struct _ISCSI_LOGIN_OPTIONS {
    ULONG Version;                                           /**< ISCSI_LOGIN_OPTIONS_VERSION */
    ISCSI_LOGIN_OPTIONS_INFO_SPECIFIED InformationSpecified; /**< ISCSI_LOGIN_OPTIONS_* bits */
    ISCSI_LOGIN_FLAGS LoginFlags;                            /**< ISCSI_LOGIN_FLAG_* bits */
    ISCSI_AUTH_TYPES AuthType;                               /**< how to authenticate */
    ISCSI_DIGEST_TYPES HeaderDigest;                         /**< digest of headers */
    ISCSI_DIGEST_TYPES DataDigest;                           /**< digest of data */
    ULONG MaximumConnections;                                /**< connections to ask for, 1 to 65535 */
    ULONG DefaultTime2Wait;                                  /**< to offer, in seconds */
    ULONG DefaultTime2Retain;                                /**< to offer, in seconds */
    ULONG UsernameLength;                                    /**< bytes of Username */
    ULONG PasswordLength;                                    /**< bytes of Password */
    PUCHAR Username;                                         /**< CHAP name, bytes; none = the node name */
    PUCHAR Password;                                         /**< CHAP secret, bytes */
} ISCSI_LOGIN_OPTIONS, *PISCSI_LOGIN_OPTIONS;

/** IKE_AUTHENTICATION_PRESHARED_KEY is an IKE identity with its pre-shared key. */
typedef struct _IKE_AUTHENTICATION_PRESHARED_KEY {
    ISCSI_SECURITY_FLAGS SecurityFlags;     /**< ISCSI_SECURITY_FLAG_* bits */
    IKE_IDENTIFICATION_PAYLOAD_TYPE IdType; /**< ID_* type */
    ULONG IdLengthInBytes;                  /**< bytes of Id */
    PUCHAR Id;                              /**< the identity */
    ULONG KeyLengthInBytes;                 /**< bytes of Key */
    PUCHAR Key;                             /**< the key; never given back */
} IKE_AUTHENTICATION_PRESHARED_KEY, *PIKE_AUTHENTICATION_PRESHARED_KEY;

/** IKE_AUTHENTICATION_INFORMATION is how IKE authenticates. */
typedef struct _IKE_AUTHENTICATION_INFORMATION {
    IKE_AUTHENTICATION_METHOD AuthMethod;   /**< the pre-shared key is the only one */
    IKE_AUTHENTICATION_PRESHARED_KEY PsKey; /**< its particulars */
} IKE_AUTHENTICATION_INFORMATION, *PIKE_AUTHENTICATION_INFORMATION;

/** ISCSI_UNIQUE_SESSION_ID is a session, or a connection; not to be made up. */
typedef struct _ISCSI_UNIQUE_SESSION_ID {
    ULONGLONG AdapterUnique;   /**< half of the adapter */
    ULONGLONG AdapterSpecific; /**< half of the session */
} ISCSI_UNIQUE_SESSION_ID, *PISCSI_UNIQUE_SESSION_ID;

/** ISCSI_UNIQUE_CONNECTION_ID names a connection as a session is named. */
typedef ISCSI_UNIQUE_SESSION_ID ISCSI_UNIQUE_CONNECTION_ID;
typedef ISCSI_UNIQUE_CONNECTION_ID *PISCSI_UNIQUE_CONNECTION_ID; /**< one of them, or several */

/** SCSI_LUN_LIST is one LUN under two numbers. */
typedef struct _SCSI_LUN_LIST {
    ULONG OSLUN;         /**< the operating system's */
    ULONGLONG TargetLUN; /**< the target's */
} SCSI_LUN_LIST, *PSCSI_LUN_LIST;

/** ISCSI_TARGET_MAPPINGA is a target's numbers in the operating system, in UTF-8. */
typedef struct _ISCSI_TARGET_MAPPINGA {
    CHAR InitiatorName[MAX_ISCSI_HBANAME_LEN]; /**< initiator instance */
    CHAR TargetName[MAX_ISCSI_NAME_LEN + 1];   /**< target name */
    CHAR OSDeviceName[MAX_PATH];               /**< the operating system's name of the adapter */
    ISCSI_UNIQUE_SESSION_ID SessionId;         /**< session behind it */
    ULONG OSBusNumber;                         /**< bus number */
    ULONG OSTargetNumber;                      /**< target number */
    ULONG LUNCount;                            /**< entries of LUNList */
    PSCSI_LUN_LIST LUNList;                    /**< its LUNs */
} ISCSI_TARGET_MAPPINGA, *PISCSI_TARGET_MAPPINGA;

/** ISCSI_TARGET_MAPPINGW is a target's numbers in the operating system, in UTF-16. */
typedef struct _ISCSI_TARGET_MAPPINGW {
    WCHAR InitiatorName[MAX_ISCSI_HBANAME_LEN]; /**< initiator instance */
    WCHAR TargetName[MAX_ISCSI_NAME_LEN + 1];   /**< target name */
    WCHAR OSDeviceName[MAX_PATH];               /**< the operating system's name of the adapter */
    ISCSI_UNIQUE_SESSION_ID SessionId;          /**< session behind it */
    ULONG OSBusNumber;                          /**< bus number */
    ULONG OSTargetNumber;                       /**< target number */
    ULONG LUNCount;                             /**< entries of LUNList */
    PSCSI_LUN_LIST LUNList;                     /**< its LUNs */
} ISCSI_TARGET_MAPPINGW, *PISCSI_TARGET_MAPPINGW;

/** ISCSI_TARGET_PORTALA is an address of a target, in UTF-8. */
typedef struct _ISCSI_TARGET_PORTALA {
    CHAR SymbolicName[MAX_ISCSI_PORTAL_NAME_LEN]; /**< for people */
    CHAR Address[MAX_ISCSI_PORTAL_ADDRESS_LEN];   /**< DNS name or numeric address */
    USHORT Socket;                                /**< TCP port */
} ISCSI_TARGET_PORTALA, *PISCSI_TARGET_PORTALA;

/** ISCSI_TARGET_PORTALW is an address of a target, in UTF-16. */
typedef struct _ISCSI_TARGET_PORTALW {
    WCHAR SymbolicName[MAX_ISCSI_PORTAL_NAME_LEN]; /**< for people */
    WCHAR Address[MAX_ISCSI_PORTAL_ADDRESS_LEN];   /**< DNS name or numeric address */
    USHORT Socket;                                 /**< TCP port */
} ISCSI_TARGET_PORTALW, *PISCSI_TARGET_PORTALW;

/** ISCSI_TARGET_PORTAL_INFOA is a discovery portal, in UTF-8. */
typedef struct _ISCSI_TARGET_PORTAL_INFOA {
    CHAR InitiatorName[MAX_ISCSI_HBANAME_LEN];    /**< initiator instance, empty = any */
    ULONG InitiatorPortNumber;                    /**< port of it */
    CHAR SymbolicName[MAX_ISCSI_PORTAL_NAME_LEN]; /**< for people */
    CHAR Address[MAX_ISCSI_PORTAL_ADDRESS_LEN];   /**< DNS name or numeric address */
    USHORT Socket;                                /**< TCP port */
} ISCSI_TARGET_PORTAL_INFOA, *PISCSI_TARGET_PORTAL_INFOA;

/** ISCSI_TARGET_PORTAL_INFOW is a discovery portal, in UTF-16. */
typedef struct _ISCSI_TARGET_PORTAL_INFOW {
    WCHAR InitiatorName[MAX_ISCSI_HBANAME_LEN];    /**< initiator instance, empty = any */
    ULONG InitiatorPortNumber;                     /**< port of it */
    WCHAR SymbolicName[MAX_ISCSI_PORTAL_NAME_LEN]; /**< for people */
    WCHAR Address[MAX_ISCSI_PORTAL_ADDRESS_LEN];   /**< DNS name or numeric address */
    USHORT Socket;                                 /**< TCP port */
} ISCSI_TARGET_PORTAL_INFOW, *PISCSI_TARGET_PORTAL_INFOW;

/** ISCSI_TARGET_PORTAL_INFO_EXA is a discovery portal with flags and options, in UTF-8. */
typedef struct _ISCSI_TARGET_PORTAL_INFO_EXA {
    CHAR InitiatorName[MAX_ISCSI_HBANAME_LEN];    /**< initiator instance, empty = any */
    ULONG InitiatorPortNumber;                    /**< port of it */
    CHAR SymbolicName[MAX_ISCSI_PORTAL_NAME_LEN]; /**< for people */
    CHAR Address[MAX_ISCSI_PORTAL_ADDRESS_LEN];   /**< DNS name or numeric address */
    USHORT Socket;                                /**< TCP port */
    ISCSI_SECURITY_FLAGS SecurityFlags;           /**< as they were given */
    ISCSI_LOGIN_OPTIONS LoginOptions;             /**< as they were given, without the password */
} ISCSI_TARGET_PORTAL_INFO_EXA, *PISCSI_TARGET_PORTAL_INFO_EXA;

/** ISCSI_TARGET_PORTAL_INFO_EXW is a discovery portal with flags and options, in UTF-16. */
typedef struct _ISCSI_TARGET_PORTAL_INFO_EXW {
    WCHAR InitiatorName[MAX_ISCSI_HBANAME_LEN];    /**< initiator instance, empty = any */
    ULONG InitiatorPortNumber;                     /**< port of it */
    WCHAR SymbolicName[MAX_ISCSI_PORTAL_NAME_LEN]; /**< for people */
    WCHAR Address[MAX_ISCSI_PORTAL_ADDRESS_LEN];   /**< DNS name or numeric address */
    USHORT Socket;                                 /**< TCP port */
    ISCSI_SECURITY_FLAGS SecurityFlags;            /**< as they were given */
    ISCSI_LOGIN_OPTIONS LoginOptions;              /**< as they were given, without the password */
} ISCSI_TARGET_PORTAL_INFO_EXW, *PISCSI_TARGET_PORTAL_INFO_EXW;

/** ISCSI_TARGET_PORTAL_GROUPA is the portals of one portal group; Count of them stand one behind the other,
 * in UTF-8. */
typedef struct _ISCSI_TARGET_PORTAL_GROUPA {
    ULONG Count;                     /**< entries of Portals */
    ISCSI_TARGET_PORTALA Portals[1]; /**< the first */
} ISCSI_TARGET_PORTAL_GROUPA, *PISCSI_TARGET_PORTAL_GROUPA;

/** ISCSI_TARGET_PORTAL_GROUPW is the portals of one portal group; Count of them stand one behind the other,
 * in UTF-16. */
typedef struct _ISCSI_TARGET_PORTAL_GROUPW {
    ULONG Count;                     /**< entries of Portals */
    ISCSI_TARGET_PORTALW Portals[1]; /**< the first */
} ISCSI_TARGET_PORTAL_GROUPW, *PISCSI_TARGET_PORTAL_GROUPW;

/** ISCSI_CONNECTION_INFOA is a connection of a session, in UTF-8. */
typedef struct _ISCSI_CONNECTION_INFOA {
    ISCSI_UNIQUE_CONNECTION_ID ConnectionId; /**< its name */
    PSTR InitiatorAddress;                   /**< our end */
    PSTR TargetAddress;                      /**< the target's end */
    USHORT InitiatorSocket;                  /**< our TCP port */
    USHORT TargetSocket;                     /**< its TCP port */
    UCHAR CID[2];                            /**< CID, high byte first */
} ISCSI_CONNECTION_INFOA, *PISCSI_CONNECTION_INFOA;

/** ISCSI_CONNECTION_INFOW is a connection of a session, in UTF-16. */
typedef struct _ISCSI_CONNECTION_INFOW {
    ISCSI_UNIQUE_CONNECTION_ID ConnectionId; /**< its name */
    PWSTR InitiatorAddress;                  /**< our end */
    PWSTR TargetAddress;                     /**< the target's end */
    USHORT InitiatorSocket;                  /**< our TCP port */
    USHORT TargetSocket;                     /**< its TCP port */
    UCHAR CID[2];                            /**< CID, high byte first */
} ISCSI_CONNECTION_INFOW, *PISCSI_CONNECTION_INFOW;

/** ISCSI_SESSION_INFOA is a session, in UTF-8. */
typedef struct _ISCSI_SESSION_INFOA {
    ISCSI_UNIQUE_SESSION_ID SessionId;   /**< its name */
    PSTR InitiatorName;                  /**< our node name */
    PSTR TargetNodeName;                 /**< name in the login */
    PSTR TargetName;                     /**< target name */
    UCHAR ISID[6];                       /**< six bytes */
    UCHAR TSID[2];                       /**< TSIH, high byte first */
    ULONG ConnectionCount;               /**< entries of Connections; 0 while it is disconnected */
    PISCSI_CONNECTION_INFOA Connections; /**< its connections */
} ISCSI_SESSION_INFOA, *PISCSI_SESSION_INFOA;

/** ISCSI_SESSION_INFOW is a session, in UTF-16. */
typedef struct _ISCSI_SESSION_INFOW {
    ISCSI_UNIQUE_SESSION_ID SessionId;   /**< its name */
    PWSTR InitiatorName;                 /**< our node name */
    PWSTR TargetNodeName;                /**< name in the login */
    PWSTR TargetName;                    /**< target name */
    UCHAR ISID[6];                       /**< six bytes */
    UCHAR TSID[2];                       /**< TSIH, high byte first */
    ULONG ConnectionCount;               /**< entries of Connections; 0 while it is disconnected */
    PISCSI_CONNECTION_INFOW Connections; /**< its connections */
} ISCSI_SESSION_INFOW, *PISCSI_SESSION_INFOW;

/** ISCSI_CONNECTION_INFO_EX is what was negotiated for a connection. */
typedef struct _ISCSI_CONNECTION_INFO_EX {
    ISCSI_UNIQUE_CONNECTION_ID ConnectionId; /**< its name */
    UCHAR State;                             /**< 0 login, 1 full feature phase, 2 logout */
    UCHAR Protocol;                          /**< 6 = TCP */
    UCHAR HeaderDigest;                      /**< 0 none, 1 CRC32C */
    UCHAR DataDigest;                        /**< 0 none, 1 CRC32C */
    ULONG MaxRecvDataSegmentLength;          /**< ours */
    ISCSI_AUTH_TYPES AuthType;               /**< how it authenticated */
    ULONGLONG EstimatedThroughput;           /**< bytes per second, 0 = not known */
    ULONG MaxDatagramSize;                   /**< 0 = not known */
} ISCSI_CONNECTION_INFO_EX, *PISCSI_CONNECTION_INFO_EX;

/** ISCSI_SESSION_INFO_EX is what was negotiated for a session. */
typedef struct _ISCSI_SESSION_INFO_EX {
    ISCSI_UNIQUE_SESSION_ID SessionId;     /**< its name */
    BOOLEAN InitialR2t;                    /**< InitialR2T */
    BOOLEAN ImmediateData;                 /**< ImmediateData */
    UCHAR Type;                            /**< 0 discovery, 1 informational, 2 data, 3 boot */
    BOOLEAN DataSequenceInOrder;           /**< DataSequenceInOrder */
    BOOLEAN DataPduInOrder;                /**< DataPDUInOrder */
    UCHAR ErrorRecoveryLevel;              /**< ErrorRecoveryLevel */
    ULONG MaxOutstandingR2t;               /**< MaxOutstandingR2T */
    ULONG FirstBurstLength;                /**< FirstBurstLength */
    ULONG MaxBurstLength;                  /**< MaxBurstLength */
    ULONG MaximumConnections;              /**< MaxConnections */
    ULONG ConnectionCount;                 /**< entries of Connections */
    PISCSI_CONNECTION_INFO_EX Connections; /**< its connections */
} ISCSI_SESSION_INFO_EX, *PISCSI_SESSION_INFO_EX;

/** SCSI_ADDRESS is where a device is. */
typedef struct _SCSI_ADDRESS {
    ULONG Length;     /**< of this structure */
    UCHAR PortNumber; /**< number of the adapter */
    UCHAR PathId;     /**< bus */
    UCHAR TargetId;   /**< target */
    UCHAR Lun;        /**< LUN */
} SCSI_ADDRESS, *PSCSI_ADDRESS;

/** STORAGE_DEVICE_NUMBER is number of a device. */
typedef struct _STORAGE_DEVICE_NUMBER {
    ULONG DeviceType;      /**< FILE_DEVICE_* type */
    ULONG DeviceNumber;    /**< number among those */
    ULONG PartitionNumber; /**< all ones: it has no partitions */
} STORAGE_DEVICE_NUMBER, *PSTORAGE_DEVICE_NUMBER;

/** ISCSI_DEVICE_ON_SESSIONA is a device of a session, in UTF-8. */
typedef struct _ISCSI_DEVICE_ON_SESSIONA {
    CHAR InitiatorName[MAX_ISCSI_HBANAME_LEN]; /**< initiator instance */
    CHAR TargetName[MAX_ISCSI_NAME_LEN + 1];   /**< target name */
    SCSI_ADDRESS ScsiAddress;                  /**< where it is */
    GUID DeviceInterfaceType;                  /**< class of the device */
    CHAR DeviceInterfaceName[MAX_PATH];        /**< device path */
    CHAR LegacyName[MAX_PATH];                 /**< short name */
    STORAGE_DEVICE_NUMBER StorageDeviceNumber; /**< its number */
    ULONG DeviceInstance;                      /**< its instance */
} ISCSI_DEVICE_ON_SESSIONA, *PISCSI_DEVICE_ON_SESSIONA;

/** ISCSI_DEVICE_ON_SESSIONW is a device of a session, in UTF-16. */
typedef struct _ISCSI_DEVICE_ON_SESSIONW {
    WCHAR InitiatorName[MAX_ISCSI_HBANAME_LEN]; /**< initiator instance */
    WCHAR TargetName[MAX_ISCSI_NAME_LEN + 1];   /**< target name */
    SCSI_ADDRESS ScsiAddress;                   /**< where it is */
    GUID DeviceInterfaceType;                   /**< class of the device */
    WCHAR DeviceInterfaceName[MAX_PATH];        /**< device path */
    WCHAR LegacyName[MAX_PATH];                 /**< short name */
    STORAGE_DEVICE_NUMBER StorageDeviceNumber;  /**< its number */
    ULONG DeviceInstance;                       /**< its instance */
} ISCSI_DEVICE_ON_SESSIONW, *PISCSI_DEVICE_ON_SESSIONW;

/** PERSISTENT_ISCSI_LOGIN_INFOA is a login that every start of the service repeats, in UTF-8. */
typedef struct _PERSISTENT_ISCSI_LOGIN_INFOA {
    CHAR TargetName[MAX_ISCSI_NAME_LEN + 1]; /**< target to log in to */
    BOOLEAN IsInformationalSession;          /**< TRUE: its LUNs are not shown to the operating system */
    CHAR InitiatorInstance[MAX_ISCSI_HBANAME_LEN]; /**< initiator used */
    ULONG InitiatorPortNumber;                     /**< its port, ISCSI_ANY_INITIATOR_PORT = not specified */
    ISCSI_TARGET_PORTALA TargetPortal;             /**< portal used */
    ISCSI_SECURITY_FLAGS SecurityFlags;            /**< ISCSI_SECURITY_FLAG_* bits */
    PISCSI_TARGET_MAPPINGA Mappings;               /**< numbers for its LUNs, or NULL */
    ISCSI_LOGIN_OPTIONS LoginOptions;              /**< options of the login, without the password */
} PERSISTENT_ISCSI_LOGIN_INFOA, *PPERSISTENT_ISCSI_LOGIN_INFOA;

/** PERSISTENT_ISCSI_LOGIN_INFOW is a login that every start of the service repeats, in UTF-16. */
typedef struct _PERSISTENT_ISCSI_LOGIN_INFOW {
    WCHAR TargetName[MAX_ISCSI_NAME_LEN + 1]; /**< target to log in to */
    BOOLEAN IsInformationalSession;           /**< TRUE: its LUNs are not shown to the operating system */
    WCHAR InitiatorInstance[MAX_ISCSI_HBANAME_LEN]; /**< initiator used */
    ULONG InitiatorPortNumber;                      /**< its port, ISCSI_ANY_INITIATOR_PORT = not specified */
    ISCSI_TARGET_PORTALW TargetPortal;              /**< portal used */
    ISCSI_SECURITY_FLAGS SecurityFlags;             /**< ISCSI_SECURITY_FLAG_* bits */
    PISCSI_TARGET_MAPPINGW Mappings;                /**< numbers for its LUNs, or NULL */
    ISCSI_LOGIN_OPTIONS LoginOptions;               /**< options of the login, without the password */
} PERSISTENT_ISCSI_LOGIN_INFOW, *PPERSISTENT_ISCSI_LOGIN_INFOW;

/** ISCSI_VERSION_INFO is version of the initiator. */
typedef struct _ISCSI_VERSION_INFO {
    ULONG MajorVersion; /**< major */
    ULONG MinorVersion; /**< minor */
    ULONG BuildNumber;  /**< build */
} ISCSI_VERSION_INFO, *PISCSI_VERSION_INFO;

#ifdef UNICODE
typedef ISCSI_TARGET_MAPPINGW ISCSI_TARGET_MAPPING;                 /**< by UNICODE */
typedef PISCSI_TARGET_MAPPINGW PISCSI_TARGET_MAPPING;               /**< by UNICODE */
typedef ISCSI_TARGET_PORTALW ISCSI_TARGET_PORTAL;                   /**< by UNICODE */
typedef PISCSI_TARGET_PORTALW PISCSI_TARGET_PORTAL;                 /**< by UNICODE */
typedef ISCSI_TARGET_PORTAL_INFOW ISCSI_TARGET_PORTAL_INFO;         /**< by UNICODE */
typedef PISCSI_TARGET_PORTAL_INFOW PISCSI_TARGET_PORTAL_INFO;       /**< by UNICODE */
typedef ISCSI_TARGET_PORTAL_INFO_EXW ISCSI_TARGET_PORTAL_INFO_EX;   /**< by UNICODE */
typedef PISCSI_TARGET_PORTAL_INFO_EXW PISCSI_TARGET_PORTAL_INFO_EX; /**< by UNICODE */
typedef ISCSI_TARGET_PORTAL_GROUPW ISCSI_TARGET_PORTAL_GROUP;       /**< by UNICODE */
typedef PISCSI_TARGET_PORTAL_GROUPW PISCSI_TARGET_PORTAL_GROUP;     /**< by UNICODE */
typedef ISCSI_CONNECTION_INFOW ISCSI_CONNECTION_INFO;               /**< by UNICODE */
typedef PISCSI_CONNECTION_INFOW PISCSI_CONNECTION_INFO;             /**< by UNICODE */
typedef ISCSI_SESSION_INFOW ISCSI_SESSION_INFO;                     /**< by UNICODE */
typedef PISCSI_SESSION_INFOW PISCSI_SESSION_INFO;                   /**< by UNICODE */
typedef ISCSI_DEVICE_ON_SESSIONW ISCSI_DEVICE_ON_SESSION;           /**< by UNICODE */
typedef PISCSI_DEVICE_ON_SESSIONW PISCSI_DEVICE_ON_SESSION;         /**< by UNICODE */
typedef PERSISTENT_ISCSI_LOGIN_INFOW PERSISTENT_ISCSI_LOGIN_INFO;   /**< by UNICODE */
typedef PPERSISTENT_ISCSI_LOGIN_INFOW PPERSISTENT_ISCSI_LOGIN_INFO; /**< by UNICODE */
#else
typedef ISCSI_TARGET_MAPPINGA ISCSI_TARGET_MAPPING;                 /**< by UNICODE */
typedef PISCSI_TARGET_MAPPINGA PISCSI_TARGET_MAPPING;               /**< by UNICODE */
typedef ISCSI_TARGET_PORTALA ISCSI_TARGET_PORTAL;                   /**< by UNICODE */
typedef PISCSI_TARGET_PORTALA PISCSI_TARGET_PORTAL;                 /**< by UNICODE */
typedef ISCSI_TARGET_PORTAL_INFOA ISCSI_TARGET_PORTAL_INFO;         /**< by UNICODE */
typedef PISCSI_TARGET_PORTAL_INFOA PISCSI_TARGET_PORTAL_INFO;       /**< by UNICODE */
typedef ISCSI_TARGET_PORTAL_INFO_EXA ISCSI_TARGET_PORTAL_INFO_EX;   /**< by UNICODE */
typedef PISCSI_TARGET_PORTAL_INFO_EXA PISCSI_TARGET_PORTAL_INFO_EX; /**< by UNICODE */
typedef ISCSI_TARGET_PORTAL_GROUPA ISCSI_TARGET_PORTAL_GROUP;       /**< by UNICODE */
typedef PISCSI_TARGET_PORTAL_GROUPA PISCSI_TARGET_PORTAL_GROUP;     /**< by UNICODE */
typedef ISCSI_CONNECTION_INFOA ISCSI_CONNECTION_INFO;               /**< by UNICODE */
typedef PISCSI_CONNECTION_INFOA PISCSI_CONNECTION_INFO;             /**< by UNICODE */
typedef ISCSI_SESSION_INFOA ISCSI_SESSION_INFO;                     /**< by UNICODE */
typedef PISCSI_SESSION_INFOA PISCSI_SESSION_INFO;                   /**< by UNICODE */
typedef ISCSI_DEVICE_ON_SESSIONA ISCSI_DEVICE_ON_SESSION;           /**< by UNICODE */
typedef PISCSI_DEVICE_ON_SESSIONA PISCSI_DEVICE_ON_SESSION;         /**< by UNICODE */
typedef PERSISTENT_ISCSI_LOGIN_INFOA PERSISTENT_ISCSI_LOGIN_INFO;   /**< by UNICODE */
typedef PPERSISTENT_ISCSI_LOGIN_INFOA PPERSISTENT_ISCSI_LOGIN_INFO; /**< by UNICODE */
#endif

/** GetIScsiVersionInformation tells the version of the initiator. */
ISDSC_STATUS WINAPI GetIScsiVersionInformation(PISCSI_VERSION_INFO VersionInfo);

/** GetIScsiTargetInformationA tells one thing about a target; BufferSize in bytes. */
ISDSC_STATUS WINAPI GetIScsiTargetInformationA(PSTR TargetName, PSTR DiscoveryMechanism,
                                               TARGET_INFORMATION_CLASS InfoClass, PULONG BufferSize,
                                               PVOID Buffer);

/** GetIScsiTargetInformationW tells one thing about a target; BufferSize in bytes. */
ISDSC_STATUS WINAPI GetIScsiTargetInformationW(PWSTR TargetName, PWSTR DiscoveryMechanism,
                                               TARGET_INFORMATION_CLASS InfoClass, PULONG BufferSize,
                                               PVOID Buffer);

/** AddIScsiConnectionA adds a connection to a session. */
ISDSC_STATUS WINAPI AddIScsiConnectionA(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PVOID Reserved,
                                        ULONG InitiatorPortNumber, PISCSI_TARGET_PORTALA TargetPortal,
                                        ISCSI_SECURITY_FLAGS SecurityFlags, PISCSI_LOGIN_OPTIONS LoginOptions,
                                        ULONG KeySize, PCHAR Key, PISCSI_UNIQUE_SESSION_ID ConnectionId);

/** AddIScsiConnectionW adds a connection to a session. */
ISDSC_STATUS WINAPI AddIScsiConnectionW(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PVOID Reserved,
                                        ULONG InitiatorPortNumber, PISCSI_TARGET_PORTALW TargetPortal,
                                        ISCSI_SECURITY_FLAGS SecurityFlags, PISCSI_LOGIN_OPTIONS LoginOptions,
                                        ULONG KeySize, PCHAR Key, PISCSI_UNIQUE_SESSION_ID ConnectionId);

/** RemoveIScsiConnection removes a connection from a session. */
ISDSC_STATUS WINAPI RemoveIScsiConnection(PISCSI_UNIQUE_SESSION_ID UniqueSessionId,
                                          PISCSI_UNIQUE_SESSION_ID ConnectionId);

/** ReportIScsiTargetsA lists the names of the targets that are known; BufferSize in characters. */
ISDSC_STATUS WINAPI ReportIScsiTargetsA(BOOLEAN ForceUpdate, PULONG BufferSize, PCHAR Buffer);

/** ReportIScsiTargetsW lists the names of the targets that are known; BufferSize in characters. */
ISDSC_STATUS WINAPI ReportIScsiTargetsW(BOOLEAN ForceUpdate, PULONG BufferSize, PWCHAR Buffer);

/** AddIScsiStaticTargetA makes a target known. */
ISDSC_STATUS WINAPI AddIScsiStaticTargetA(PSTR TargetName, PSTR TargetAlias, ISCSI_TARGET_FLAGS TargetFlags,
                                          BOOLEAN Persist, PISCSI_TARGET_MAPPINGA Mappings,
                                          PISCSI_LOGIN_OPTIONS LoginOptions,
                                          PISCSI_TARGET_PORTAL_GROUPA PortalGroup);

/** AddIScsiStaticTargetW makes a target known. */
ISDSC_STATUS WINAPI AddIScsiStaticTargetW(PWSTR TargetName, PWSTR TargetAlias, ISCSI_TARGET_FLAGS TargetFlags,
                                          BOOLEAN Persist, PISCSI_TARGET_MAPPINGW Mappings,
                                          PISCSI_LOGIN_OPTIONS LoginOptions,
                                          PISCSI_TARGET_PORTAL_GROUPW PortalGroup);

/** RemoveIScsiStaticTargetA forgets a target that was made known. */
ISDSC_STATUS WINAPI RemoveIScsiStaticTargetA(PSTR TargetName);

/** RemoveIScsiStaticTargetW forgets a target that was made known. */
ISDSC_STATUS WINAPI RemoveIScsiStaticTargetW(PWSTR TargetName);

/** AddIScsiSendTargetPortalA remembers a portal and asks it for its targets. */
ISDSC_STATUS WINAPI AddIScsiSendTargetPortalA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                              PISCSI_LOGIN_OPTIONS LoginOptions,
                                              ISCSI_SECURITY_FLAGS SecurityFlags,
                                              PISCSI_TARGET_PORTALA Portal);

/** AddIScsiSendTargetPortalW remembers a portal and asks it for its targets. */
ISDSC_STATUS WINAPI AddIScsiSendTargetPortalW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                              PISCSI_LOGIN_OPTIONS LoginOptions,
                                              ISCSI_SECURITY_FLAGS SecurityFlags,
                                              PISCSI_TARGET_PORTALW Portal);

/** RemoveIScsiSendTargetPortalA forgets a portal. */
ISDSC_STATUS WINAPI RemoveIScsiSendTargetPortalA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PISCSI_TARGET_PORTALA Portal);

/** RemoveIScsiSendTargetPortalW forgets a portal. */
ISDSC_STATUS WINAPI RemoveIScsiSendTargetPortalW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PISCSI_TARGET_PORTALW Portal);

/** RefreshIScsiSendTargetPortalA asks a portal again. */
ISDSC_STATUS WINAPI RefreshIScsiSendTargetPortalA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                  PISCSI_TARGET_PORTALA Portal);

/** RefreshIScsiSendTargetPortalW asks a portal again. */
ISDSC_STATUS WINAPI RefreshIScsiSendTargetPortalW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                  PISCSI_TARGET_PORTALW Portal);

/** ReportIScsiSendTargetPortalsA lists the portals; PortalCount in structures. */
ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsA(PULONG PortalCount, PISCSI_TARGET_PORTAL_INFOA PortalInfo);

/** ReportIScsiSendTargetPortalsW lists the portals; PortalCount in structures. */
ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsW(PULONG PortalCount, PISCSI_TARGET_PORTAL_INFOW PortalInfo);

/** ReportIScsiSendTargetPortalsExA lists the portals with flags and options; PortalInfoSize in bytes. */
ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsExA(PULONG PortalCount, PULONG PortalInfoSize,
                                                    PISCSI_TARGET_PORTAL_INFO_EXA PortalInfo);

/** ReportIScsiSendTargetPortalsExW lists the portals with flags and options; PortalInfoSize in bytes. */
ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsExW(PULONG PortalCount, PULONG PortalInfoSize,
                                                    PISCSI_TARGET_PORTAL_INFO_EXW PortalInfo);

/** LoginIScsiTargetA logs in, or keeps a login for every start of the service. */
ISDSC_STATUS WINAPI LoginIScsiTargetA(PSTR TargetName, BOOLEAN IsInformationalSession, PSTR InitiatorInstance,
                                      ULONG InitiatorPortNumber, PISCSI_TARGET_PORTALA TargetPortal,
                                      ISCSI_SECURITY_FLAGS SecurityFlags, PISCSI_TARGET_MAPPINGA Mappings,
                                      PISCSI_LOGIN_OPTIONS LoginOptions, ULONG KeySize, PCHAR Key,
                                      BOOLEAN IsPersistent, PISCSI_UNIQUE_SESSION_ID UniqueSessionId,
                                      PISCSI_UNIQUE_CONNECTION_ID UniqueConnectionId);

/** LoginIScsiTargetW logs in, or keeps a login for every start of the service. */
ISDSC_STATUS WINAPI LoginIScsiTargetW(PWSTR TargetName, BOOLEAN IsInformationalSession,
                                      PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                      PISCSI_TARGET_PORTALW TargetPortal, ISCSI_SECURITY_FLAGS SecurityFlags,
                                      PISCSI_TARGET_MAPPINGW Mappings, PISCSI_LOGIN_OPTIONS LoginOptions,
                                      ULONG KeySize, PCHAR Key, BOOLEAN IsPersistent,
                                      PISCSI_UNIQUE_SESSION_ID UniqueSessionId,
                                      PISCSI_UNIQUE_CONNECTION_ID UniqueConnectionId);

/** ReportIScsiPersistentLoginsA lists the kept logins. */
ISDSC_STATUS WINAPI ReportIScsiPersistentLoginsA(ULONG *Count,
                                                 PPERSISTENT_ISCSI_LOGIN_INFOA PersistentLoginInfo,
                                                 PULONG BufferSizeInBytes);

/** ReportIScsiPersistentLoginsW lists the kept logins. */
ISDSC_STATUS WINAPI ReportIScsiPersistentLoginsW(ULONG *Count,
                                                 PPERSISTENT_ISCSI_LOGIN_INFOW PersistentLoginInfo,
                                                 PULONG BufferSizeInBytes);

/** LogoutIScsiTarget closes a session. */
ISDSC_STATUS WINAPI LogoutIScsiTarget(PISCSI_UNIQUE_SESSION_ID UniqueSessionId);

/** RemoveIScsiPersistentTargetA forgets a kept login. */
ISDSC_STATUS WINAPI RemoveIScsiPersistentTargetA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PSTR TargetName, PISCSI_TARGET_PORTALA Portal);

/** RemoveIScsiPersistentTargetW forgets a kept login. */
ISDSC_STATUS WINAPI RemoveIScsiPersistentTargetW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PWSTR TargetName, PISCSI_TARGET_PORTALW Portal);

/** SendScsiInquiry sends INQUIRY; sizes in bytes. */
ISDSC_STATUS WINAPI SendScsiInquiry(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, ULONGLONG Lun, UCHAR EvpdCmddt,
                                    UCHAR PageCode, PUCHAR ScsiStatus, PULONG ResponseSize,
                                    PUCHAR ResponseBuffer, PULONG SenseSize, PUCHAR SenseBuffer);

/** SendScsiReadCapacity sends READ CAPACITY; sizes in bytes. */
ISDSC_STATUS WINAPI SendScsiReadCapacity(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, ULONGLONG Lun,
                                         PUCHAR ScsiStatus, PULONG ResponseSize, PUCHAR ResponseBuffer,
                                         PULONG SenseSize, PUCHAR SenseBuffer);

/** SendScsiReportLuns sends REPORT LUNS; sizes in bytes. */
ISDSC_STATUS WINAPI SendScsiReportLuns(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PUCHAR ScsiStatus,
                                       PULONG ResponseSize, PUCHAR ResponseBuffer, PULONG SenseSize,
                                       PUCHAR SenseBuffer);

/** ReportIScsiInitiatorListA lists the initiator instances; BufferSize in characters. */
ISDSC_STATUS WINAPI ReportIScsiInitiatorListA(ULONG *BufferSize, PCHAR Buffer);

/** ReportIScsiInitiatorListW lists the initiator instances; BufferSize in characters. */
ISDSC_STATUS WINAPI ReportIScsiInitiatorListW(ULONG *BufferSize, PWCHAR Buffer);

/** ReportActiveIScsiTargetMappingsA lists the mappings in force; BufferSize in bytes. */
ISDSC_STATUS WINAPI ReportActiveIScsiTargetMappingsA(PULONG BufferSize, PULONG MappingCount,
                                                     PISCSI_TARGET_MAPPINGA Mappings);

/** ReportActiveIScsiTargetMappingsW lists the mappings in force; BufferSize in bytes. */
ISDSC_STATUS WINAPI ReportActiveIScsiTargetMappingsW(PULONG BufferSize, PULONG MappingCount,
                                                     PISCSI_TARGET_MAPPINGW Mappings);

/** SetIScsiTunnelModeOuterAddressA sets the outer address of tunnels to a destination. */
ISDSC_STATUS WINAPI SetIScsiTunnelModeOuterAddressA(PSTR InitiatorName, ULONG InitiatorPortNumber,
                                                    PSTR DestinationAddress, PSTR OuterModeAddress,
                                                    BOOLEAN Persist);

/** SetIScsiTunnelModeOuterAddressW sets the outer address of tunnels to a destination. */
ISDSC_STATUS WINAPI SetIScsiTunnelModeOuterAddressW(PWSTR InitiatorName, ULONG InitiatorPortNumber,
                                                    PWSTR DestinationAddress, PWSTR OuterModeAddress,
                                                    BOOLEAN Persist);

/** SetIScsiIKEInfoA sets the pre-shared key of an IKE identity. */
ISDSC_STATUS WINAPI SetIScsiIKEInfoA(PSTR InitiatorName, ULONG InitiatorPortNumber,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo, BOOLEAN Persist);

/** SetIScsiIKEInfoW sets the pre-shared key of an IKE identity. */
ISDSC_STATUS WINAPI SetIScsiIKEInfoW(PWSTR InitiatorName, ULONG InitiatorPortNumber,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo, BOOLEAN Persist);

/** GetIScsiIKEInfoA tells what is known of the IKE identity in AuthInfo, but for the key. */
ISDSC_STATUS WINAPI GetIScsiIKEInfoA(PSTR InitiatorName, ULONG InitiatorPortNumber, PULONG Reserved,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo);

/** GetIScsiIKEInfoW tells what is known of the IKE identity in AuthInfo, but for the key. */
ISDSC_STATUS WINAPI GetIScsiIKEInfoW(PWSTR InitiatorName, ULONG InitiatorPortNumber, PULONG Reserved,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo);

/** SetIScsiGroupPresharedKey sets the pre-shared key of those without their own. */
ISDSC_STATUS WINAPI SetIScsiGroupPresharedKey(ULONG KeyLength, PUCHAR Key, BOOLEAN Persist);

/** SetIScsiInitiatorCHAPSharedSecret sets the secret that targets prove themselves with. */
ISDSC_STATUS WINAPI SetIScsiInitiatorCHAPSharedSecret(ULONG SharedSecretLength, PUCHAR SharedSecret);

/** SetIScsiInitiatorRADIUSSharedSecret sets the secret shared with the RADIUS servers. */
ISDSC_STATUS WINAPI SetIScsiInitiatorRADIUSSharedSecret(ULONG SharedSecretLength, PUCHAR SharedSecret);

/** SetIScsiInitiatorNodeNameA sets the node name; NULL = the default one. */
ISDSC_STATUS WINAPI SetIScsiInitiatorNodeNameA(PSTR InitiatorNodeName);

/** SetIScsiInitiatorNodeNameW sets the node name; NULL = the default one. */
ISDSC_STATUS WINAPI SetIScsiInitiatorNodeNameW(PWSTR InitiatorNodeName);

/** GetIScsiInitiatorNodeNameA tells the node name, in MAX_ISCSI_NAME_LEN + 1 characters. */
ISDSC_STATUS WINAPI GetIScsiInitiatorNodeNameA(PSTR InitiatorNodeName);

/** GetIScsiInitiatorNodeNameW tells the node name, in MAX_ISCSI_NAME_LEN + 1 characters. */
ISDSC_STATUS WINAPI GetIScsiInitiatorNodeNameW(PWSTR InitiatorNodeName);

/** AddISNSServerA remembers an iSNS server and asks it. */
ISDSC_STATUS WINAPI AddISNSServerA(PSTR Address);

/** AddISNSServerW remembers an iSNS server and asks it. */
ISDSC_STATUS WINAPI AddISNSServerW(PWSTR Address);

/** RemoveISNSServerA forgets an iSNS server. */
ISDSC_STATUS WINAPI RemoveISNSServerA(PSTR Address);

/** RemoveISNSServerW forgets an iSNS server. */
ISDSC_STATUS WINAPI RemoveISNSServerW(PWSTR Address);

/** RefreshISNSServerA asks an iSNS server again. */
ISDSC_STATUS WINAPI RefreshISNSServerA(PSTR Address);

/** RefreshISNSServerW asks an iSNS server again. */
ISDSC_STATUS WINAPI RefreshISNSServerW(PWSTR Address);

/** ReportISNSServerListA lists the iSNS servers; size in characters. */
ISDSC_STATUS WINAPI ReportISNSServerListA(PULONG BufferSizeInChar, PCHAR Buffer);

/** ReportISNSServerListW lists the iSNS servers; size in characters. */
ISDSC_STATUS WINAPI ReportISNSServerListW(PULONG BufferSizeInChar, PWCHAR Buffer);

/** GetIScsiSessionListA lists the sessions; BufferSize in bytes. */
ISDSC_STATUS WINAPI GetIScsiSessionListA(PULONG BufferSize, PULONG SessionCount,
                                         PISCSI_SESSION_INFOA SessionInfo);

/** GetIScsiSessionListW lists the sessions; BufferSize in bytes. */
ISDSC_STATUS WINAPI GetIScsiSessionListW(PULONG BufferSize, PULONG SessionCount,
                                         PISCSI_SESSION_INFOW SessionInfo);

/** GetIScsiSessionListEx lists what the sessions have negotiated; BufferSize in bytes. */
ISDSC_STATUS WINAPI GetIScsiSessionListEx(PULONG BufferSize, PULONG SessionCountPtr,
                                          PISCSI_SESSION_INFO_EX SessionInfo);

/** GetDevicesForIScsiSessionA lists the devices of a session; DeviceCount in structures. */
ISDSC_STATUS WINAPI GetDevicesForIScsiSessionA(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PULONG DeviceCount,
                                               PISCSI_DEVICE_ON_SESSIONA Devices);

/** GetDevicesForIScsiSessionW lists the devices of a session; DeviceCount in structures. */
ISDSC_STATUS WINAPI GetDevicesForIScsiSessionW(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PULONG DeviceCount,
                                               PISCSI_DEVICE_ON_SESSIONW Devices);

/** SetupPersistentIScsiVolumes binds every device there is; the older name of SetupPersistentIScsiDevices. */
ISDSC_STATUS WINAPI SetupPersistentIScsiVolumes(VOID);

/** SetupPersistentIScsiDevices binds every device there is. */
ISDSC_STATUS WINAPI SetupPersistentIScsiDevices(VOID);

/** AddPersistentIScsiDeviceA binds one device. */
ISDSC_STATUS WINAPI AddPersistentIScsiDeviceA(PSTR DevicePath);

/** AddPersistentIScsiDeviceW binds one device. */
ISDSC_STATUS WINAPI AddPersistentIScsiDeviceW(PWSTR DevicePath);

/** RemovePersistentIScsiDeviceA unbinds one device. */
ISDSC_STATUS WINAPI RemovePersistentIScsiDeviceA(PSTR DevicePath);

/** RemovePersistentIScsiDeviceW unbinds one device. */
ISDSC_STATUS WINAPI RemovePersistentIScsiDeviceW(PWSTR DevicePath);

/** ClearPersistentIScsiDevices unbinds all devices. */
ISDSC_STATUS WINAPI ClearPersistentIScsiDevices(VOID);

/** ReportPersistentIScsiDevicesA lists the bound devices; size in characters. */
ISDSC_STATUS WINAPI ReportPersistentIScsiDevicesA(PULONG BufferSizeInChar, PCHAR Buffer);

/** ReportPersistentIScsiDevicesW lists the bound devices; size in characters. */
ISDSC_STATUS WINAPI ReportPersistentIScsiDevicesW(PULONG BufferSizeInChar, PWCHAR Buffer);

/** ReportIScsiTargetPortalsA lists the portals of a target; ElementCount in structures. */
ISDSC_STATUS WINAPI ReportIScsiTargetPortalsA(PSTR InitiatorName, PSTR TargetName, PUSHORT TargetPortalTag,
                                              PULONG ElementCount, PISCSI_TARGET_PORTALA Portals);

/** ReportIScsiTargetPortalsW lists the portals of a target; ElementCount in structures. */
ISDSC_STATUS WINAPI ReportIScsiTargetPortalsW(PWSTR InitiatorName, PWSTR TargetName, PUSHORT TargetPortalTag,
                                              PULONG ElementCount, PISCSI_TARGET_PORTALW Portals);

/** AddRadiusServerA remembers a RADIUS server. */
ISDSC_STATUS WINAPI AddRadiusServerA(PSTR Address);

/** AddRadiusServerW remembers a RADIUS server. */
ISDSC_STATUS WINAPI AddRadiusServerW(PWSTR Address);

/** RemoveRadiusServerA forgets a RADIUS server. */
ISDSC_STATUS WINAPI RemoveRadiusServerA(PSTR Address);

/** RemoveRadiusServerW forgets a RADIUS server. */
ISDSC_STATUS WINAPI RemoveRadiusServerW(PWSTR Address);

/** ReportRadiusServerListA lists the RADIUS servers; size in characters. */
ISDSC_STATUS WINAPI ReportRadiusServerListA(PULONG BufferSizeInChar, PCHAR Buffer);

/** ReportRadiusServerListW lists the RADIUS servers; size in characters. */
ISDSC_STATUS WINAPI ReportRadiusServerListW(PULONG BufferSizeInChar, PWCHAR Buffer);

#ifdef UNICODE
#define GetIScsiTargetInformation GetIScsiTargetInformationW             /**< by UNICODE */
#define AddIScsiConnection AddIScsiConnectionW                           /**< by UNICODE */
#define ReportIScsiTargets ReportIScsiTargetsW                           /**< by UNICODE */
#define AddIScsiStaticTarget AddIScsiStaticTargetW                       /**< by UNICODE */
#define RemoveIScsiStaticTarget RemoveIScsiStaticTargetW                 /**< by UNICODE */
#define AddIScsiSendTargetPortal AddIScsiSendTargetPortalW               /**< by UNICODE */
#define RemoveIScsiSendTargetPortal RemoveIScsiSendTargetPortalW         /**< by UNICODE */
#define RefreshIScsiSendTargetPortal RefreshIScsiSendTargetPortalW       /**< by UNICODE */
#define ReportIScsiSendTargetPortals ReportIScsiSendTargetPortalsW       /**< by UNICODE */
#define ReportIScsiSendTargetPortalsEx ReportIScsiSendTargetPortalsExW   /**< by UNICODE */
#define LoginIScsiTarget LoginIScsiTargetW                               /**< by UNICODE */
#define ReportIScsiPersistentLogins ReportIScsiPersistentLoginsW         /**< by UNICODE */
#define RemoveIScsiPersistentTarget RemoveIScsiPersistentTargetW         /**< by UNICODE */
#define ReportIScsiInitiatorList ReportIScsiInitiatorListW               /**< by UNICODE */
#define ReportActiveIScsiTargetMappings ReportActiveIScsiTargetMappingsW /**< by UNICODE */
#define SetIScsiTunnelModeOuterAddress SetIScsiTunnelModeOuterAddressW   /**< by UNICODE */
#define SetIScsiIKEInfo SetIScsiIKEInfoW                                 /**< by UNICODE */
#define GetIScsiIKEInfo GetIScsiIKEInfoW                                 /**< by UNICODE */
#define SetIScsiInitiatorNodeName SetIScsiInitiatorNodeNameW             /**< by UNICODE */
#define GetIScsiInitiatorNodeName GetIScsiInitiatorNodeNameW             /**< by UNICODE */
#define AddISNSServer AddISNSServerW                                     /**< by UNICODE */
#define RemoveISNSServer RemoveISNSServerW                               /**< by UNICODE */
#define RefreshISNSServer RefreshISNSServerW                             /**< by UNICODE */
#define ReportISNSServerList ReportISNSServerListW                       /**< by UNICODE */
#define GetIScsiSessionList GetIScsiSessionListW                         /**< by UNICODE */
#define GetDevicesForIScsiSession GetDevicesForIScsiSessionW             /**< by UNICODE */
#define AddPersistentIScsiDevice AddPersistentIScsiDeviceW               /**< by UNICODE */
#define RemovePersistentIScsiDevice RemovePersistentIScsiDeviceW         /**< by UNICODE */
#define ReportPersistentIScsiDevices ReportPersistentIScsiDevicesW       /**< by UNICODE */
#define ReportIScsiTargetPortals ReportIScsiTargetPortalsW               /**< by UNICODE */
#define AddRadiusServer AddRadiusServerW                                 /**< by UNICODE */
#define RemoveRadiusServer RemoveRadiusServerW                           /**< by UNICODE */
#define ReportRadiusServerList ReportRadiusServerListW                   /**< by UNICODE */
#else
#define GetIScsiTargetInformation GetIScsiTargetInformationA             /**< by UNICODE */
#define AddIScsiConnection AddIScsiConnectionA                           /**< by UNICODE */
#define ReportIScsiTargets ReportIScsiTargetsA                           /**< by UNICODE */
#define AddIScsiStaticTarget AddIScsiStaticTargetA                       /**< by UNICODE */
#define RemoveIScsiStaticTarget RemoveIScsiStaticTargetA                 /**< by UNICODE */
#define AddIScsiSendTargetPortal AddIScsiSendTargetPortalA               /**< by UNICODE */
#define RemoveIScsiSendTargetPortal RemoveIScsiSendTargetPortalA         /**< by UNICODE */
#define RefreshIScsiSendTargetPortal RefreshIScsiSendTargetPortalA       /**< by UNICODE */
#define ReportIScsiSendTargetPortals ReportIScsiSendTargetPortalsA       /**< by UNICODE */
#define ReportIScsiSendTargetPortalsEx ReportIScsiSendTargetPortalsExA   /**< by UNICODE */
#define LoginIScsiTarget LoginIScsiTargetA                               /**< by UNICODE */
#define ReportIScsiPersistentLogins ReportIScsiPersistentLoginsA         /**< by UNICODE */
#define RemoveIScsiPersistentTarget RemoveIScsiPersistentTargetA         /**< by UNICODE */
#define ReportIScsiInitiatorList ReportIScsiInitiatorListA               /**< by UNICODE */
#define ReportActiveIScsiTargetMappings ReportActiveIScsiTargetMappingsA /**< by UNICODE */
#define SetIScsiTunnelModeOuterAddress SetIScsiTunnelModeOuterAddressA   /**< by UNICODE */
#define SetIScsiIKEInfo SetIScsiIKEInfoA                                 /**< by UNICODE */
#define GetIScsiIKEInfo GetIScsiIKEInfoA                                 /**< by UNICODE */
#define SetIScsiInitiatorNodeName SetIScsiInitiatorNodeNameA             /**< by UNICODE */
#define GetIScsiInitiatorNodeName GetIScsiInitiatorNodeNameA             /**< by UNICODE */
#define AddISNSServer AddISNSServerA                                     /**< by UNICODE */
#define RemoveISNSServer RemoveISNSServerA                               /**< by UNICODE */
#define RefreshISNSServer RefreshISNSServerA                             /**< by UNICODE */
#define ReportISNSServerList ReportISNSServerListA                       /**< by UNICODE */
#define GetIScsiSessionList GetIScsiSessionListA                         /**< by UNICODE */
#define GetDevicesForIScsiSession GetDevicesForIScsiSessionA             /**< by UNICODE */
#define AddPersistentIScsiDevice AddPersistentIScsiDeviceA               /**< by UNICODE */
#define RemovePersistentIScsiDevice RemovePersistentIScsiDeviceA         /**< by UNICODE */
#define ReportPersistentIScsiDevices ReportPersistentIScsiDevicesA       /**< by UNICODE */
#define ReportIScsiTargetPortals ReportIScsiTargetPortalsA               /**< by UNICODE */
#define AddRadiusServer AddRadiusServerA                                 /**< by UNICODE */
#define RemoveRadiusServer RemoveRadiusServerA                           /**< by UNICODE */
#define ReportRadiusServerList ReportRadiusServerListA                   /**< by UNICODE */
#endif

#ifdef __cplusplus
}
#endif

#endif
