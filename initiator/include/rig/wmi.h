/** @file
 * The management calls as Windows' management instrumentation shows them: the blocks that its service and a
 * driver hand each other, and the classes with their properties and methods that programs and scripts see.
 */
#ifndef RIG_WMI_H
#define RIG_WMI_H

#include "rig/client.h"

/* ---- blocks of the driver interface ---- */

#define RIG_BLOCK_LUNS_MAX 65536  /**< most LUNs of a mapping in a block */
#define RIG_BLOCK_LOGINS_MAX 4096 /**< most logins of a list in a block */

/** rig_block_id names a structure of iscsidef.h and iscsiop.h. */
typedef enum rig_block_id {
    RIG_BLOCK_ADDRESS,           /**< ISCSI_IP_Address: rig_block_address */
    RIG_BLOCK_PORTAL,            /**< ISCSI_TargetPortal: rig_target_portal */
    RIG_BLOCK_OPTIONS,           /**< ISCSI_LoginOptions: rig_login_options without name and password */
    RIG_BLOCK_LUN,               /**< ISCSI_LUNList: rig_lun_mapping */
    RIG_BLOCK_MAPPING,           /**< ISCSI_TargetMapping: rig_target_mapping */
    RIG_BLOCK_PERSISTENT_LOGIN,  /**< ISCSI_Persistent_Login: rig_login */
    RIG_BLOCK_LOGINS,            /**< MSiSCSI_PersistentLogins: rig_logins */
    RIG_BLOCK_MAPPINGS,          /**< MSiSCSI_TargetMappings: rig_block_mappings */
    RIG_BLOCK_LOGIN,             /**< LoginToTarget_IN: rig_block_login */
    RIG_BLOCK_LOGOUT,            /**< LogoutFromTarget_IN: rig_session_ref, without the adapter's half */
    RIG_BLOCK_ADD_CONNECTION,    /**< AddConnectionToSession_IN: rig_connection_request */
    RIG_BLOCK_REMOVE_CONNECTION, /**< RemoveConnectionFromSession_IN: rig_connection_ref, the same */
    RIG_BLOCK_REMOVE_LOGIN,      /**< RemovePersistentLogin_IN: rig_login_ref */
    RIG_BLOCK_KEY_FOR_ID,        /**< SetPresharedKeyForId_IN: rig_ike_info */
    RIG_BLOCK_GROUP_KEY,         /**< SetGroupPresharedKey_IN: rig_secret */
    RIG_BLOCKS                   /**< how many, not a block */
} rig_block_id;

/** rig_block_address is an address as a block says it. */
typedef struct rig_block_address {
    uint32_t type;  /**< 0 text, 1 IPv4, 2 IPv6, 3 none */
    uint8_t v4[4];  /**< network order */
    uint8_t v6[16]; /**< network order */
    uint32_t scope; /**< zone of an IPv6 address, 0 = none */
    char text[256]; /**< a DNS name, or an address whose zone is no number */
} rig_block_address;

/** rig_block_login is a login with what only a driver is told. */
typedef struct rig_block_login {
    rig_login login;             /**< the login; its initiator is the driver itself, and not in the block */
    char node[RIG_NAME_MAX + 1]; /**< our node name; "" = the driver's own choice */
    char alias[256];             /**< InitiatorAlias */
} rig_block_login;

/** rig_block_mappings is the mappings of one adapter. */
typedef struct rig_block_mappings {
    rig_mappings mappings; /**< they */
    uint64_t adapter;      /**< the adapter's half of the ids of all their sessions */
} rig_block_mappings;

/** rig_block_kind is how a member stands in a block. */
typedef enum rig_block_kind {
    RIG_BLOCK_NUMBER,  /**< little endian */
    RIG_BLOCK_BOOL,    /**< one byte, anything but 0 is yes */
    RIG_BLOCK_BYTES,   /**< as they are */
    RIG_BLOCK_TEXT,    /**< UTF-16 in an array, NUL included */
    RIG_BLOCK_HOST,    /**< an ISCSI_IP_Address that is a text here */
    RIG_BLOCK_SESSION, /**< 1 informational, 2 data */
    RIG_BLOCK_PART,    /**< a structure inside */
    RIG_BLOCK_COUNT,   /**< how much of a tail there is */
    RIG_BLOCK_RESERVED /**< written as 0, not looked at */
} rig_block_kind;

/** rig_block_field is one member of a structure. */
typedef struct rig_block_field {
    const char *name;     /**< as Windows' header has it */
    rig_block_kind kind;  /**< how it stands there */
    uint16_t at;          /**< offset in the block */
    uint16_t size;        /**< its bytes there */
    uint16_t member;      /**< offset in the record */
    uint16_t member_size; /**< its bytes there */
    rig_block_id part;    /**< PART: what it is */
    uint16_t given;       /**< PART with absent: offset of the bool that says whether it is given */
    const void *absent;   /**< PART: the record that stands for one not given; NULL = always given */
} rig_block_field;

/** rig_block_tail is octets or structures behind the fixed part, as many as a member says. */
typedef struct rig_block_tail {
    const char *name;     /**< as Windows' header has it */
    uint16_t at;          /**< offset of its first element in Windows' structure, which has one of each */
    uint16_t size;        /**< bytes of it there */
    uint16_t count_at;    /**< offset of the count */
    uint16_t member;      /**< offset in the record: rig_octets or a list */
    rig_block_id element; /**< of the list; RIG_BLOCKS = octets */
    uint32_t most;        /**< elements taken, at most */
} rig_block_tail;

/** rig_block is one structure. */
typedef struct rig_block {
    const char *name;              /**< as Windows' header has it */
    rig_record_id record;          /**< what its struct here begins with */
    uint16_t record_size;          /**< of that struct */
    uint16_t size;                 /**< of Windows' structure */
    uint16_t align;                /**< of it */
    uint16_t tails_at;             /**< where the first tail begins; 0 = there is none */
    const rig_block_field *fields; /**< in order */
    size_t num_fields;             /**< entries */
    const rig_block_tail *tails;   /**< in order, each directly behind the last but for its alignment */
    size_t num_tails;              /**< entries */
} rig_block;

/** rig_block_of gives the row of a structure. Static storage. */
const rig_block *rig_block_of(rig_block_id id);

/**
 * rig_block_read reads the structure at the beginning of bytes into record, a struct as rig_block_id says,
 * zeroed; *out_used hears its bytes, what is behind them is not looked at. RIG_E_TRUNCATED (it says more than
 * there is), RIG_E_LIMIT (more than a record holds), RIG_E_FORMAT (a text without NUL or with half a
 * surrogate pair, an address of no type), RIG_E_UNSUPPORTED (a discovery session), RIG_E_NOMEM: err has
 * offset and member, and record is zero again.
 */
rig_status rig_block_read(const rig_alloc *alloc, rig_block_id id, rig_view bytes, void *record,
                          size_t *out_used, rig_error *err);

/** rig_block_clear frees and wipes what rig_block_read made. */
void rig_block_clear(const rig_alloc *alloc, rig_block_id id, void *record);

/**
 * rig_block_write writes record at `to`, size bytes; *out_len hears how many it takes, too, when RIG_E_LIMIT
 * says that they are too few (nothing is written then). RIG_E_ARGUMENT: a text that is no UTF-8 or too long
 * for its array, more LUNs, logins or octets than fit a block.
 */
rig_status rig_block_write(rig_block_id id, const void *record, uint8_t *to, size_t size, size_t *out_len,
                           rig_error *err);

/* ---- classes ---- */

#define RIG_WMI_PREFIX "MSIscsiInitiator_" /**< before the name of each class */
#define RIG_WMI_NAMESPACE "root\\WMI"      /**< where the classes are */
#define RIG_WMI_FILE "Iscsidsc.mof"        /**< the file that declares them */
#define RIG_WMI_TEXT_MAX (64u << 20)       /**< most bytes of instances or MOF text */

/** rig_wmi_class is a class: how it looks, and where its instances come from. */
typedef struct rig_wmi_class rig_wmi_class;

/** rig_wmi_classes gives how many classes there are. */
size_t rig_wmi_classes(void);

/** rig_wmi_class_at gives a class by its number. */
const rig_wmi_class *rig_wmi_class_at(size_t index);

/** rig_wmi_class_find looks a class up by its name, with RIG_WMI_PREFIX or without, in upper or lower case;
 * NULL with the nearest name in err. */
const rig_wmi_class *rig_wmi_class_find(rig_view name, rig_error *err);

/** rig_wmi_class_name gives a class's name without the prefix. */
const char *rig_wmi_class_name(const rig_wmi_class *class);

/** rig_wmi_class_meaning says what an instance is, for people. */
const char *rig_wmi_class_meaning(const rig_wmi_class *class);

/** rig_wmi_class_has_instances tells whether the class can be asked for, or only occurs inside others. */
bool rig_wmi_class_has_instances(const rig_wmi_class *class);

/** rig_wmi_mof appends the declaration of a class in the Managed Object Format (DSP0004). RIG_E_NOMEM. */
rig_status rig_wmi_mof(const rig_alloc *alloc, const rig_wmi_class *class, rig_gather *out);

/** rig_wmi_request is what is asked of a class. Texts are borrowed. */
typedef struct rig_wmi_request {
    const rig_caller *caller;   /**< who answers */
    const rig_wmi_class *class; /**< of which class */
    const rig_view *where;      /**< "PROPERTY=VALUE" each, all of which an instance must have */
    size_t num_where;           /**< entries */
    rig_view method;            /**< rig_wmi_invoke: its name */
    const rig_view *arguments; /**< rig_wmi_invoke: "PARAMETER=VALUE" each, PARAMETER.PROPERTY=VALUE inside */
    size_t num_arguments;      /**< entries */
} rig_wmi_request;

/**
 * rig_wmi_instances appends the instances as a JSON array, one a line. Properties that are not there are
 * null, uint64 are texts of decimal digits as scripts get them, uint8 arrays arrays of numbers; secrets are
 * null. *out_code is what the calls came to. RIG_E_UNSUPPORTED (a class that only occurs inside others),
 * RIG_E_NOT_FOUND (no such property), RIG_E_REFUSED (*out_code is why), RIG_E_NOMEM, RIG_E_LIMIT.
 */
rig_status rig_wmi_instances(const rig_alloc *alloc, const rig_wmi_request *request, rig_gather *out,
                             rig_code *out_code, rig_error *err);

/**
 * rig_wmi_invoke calls a method of the one instance that is meant, and appends its output parameters as a
 * JSON object, ReturnValue first; the call was made when it returns RIG_OK, and *out_code is what it came to.
 * RIG_E_NOT_FOUND (no such method, parameter or instance, with the nearest name), RIG_E_BUSY (several
 * instances), RIG_E_SYNTAX (a value that cannot be, or a parameter that is only read), RIG_E_REFUSED (the
 * instances cannot be had), RIG_E_NOMEM, RIG_E_LIMIT.
 */
rig_status rig_wmi_invoke(const rig_alloc *alloc, const rig_wmi_request *request, rig_gather *out,
                          rig_code *out_code, rig_error *err);

#endif
