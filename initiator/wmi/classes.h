/* Classes as tables: which property is which member of which record, which method is which call. */
#ifndef RIG_WMI_CLASSES_H
#define RIG_WMI_CLASSES_H

#include "internal.h"

/* wmi_type is a type of the Common Information Model. */
typedef enum wmi_type {
    WMI_STRING,
    WMI_BOOLEAN,
    WMI_UINT8,
    WMI_UINT16,
    WMI_UINT32,
    WMI_UINT64,
    WMI_OBJECT,
    WMI_TYPES
} wmi_type;

/* wmi_how is where a value comes from. */
typedef enum wmi_how {
    WMI_MEMBER,      /* from a member of the record; without a path there is none, and the value is null */
    WMI_ID,          /* a unique_id: its halves as 16 hex digits each, joined by a hyphen */
    WMI_NETWORK,     /* a number as bytes, high one first */
    WMI_INDEX,       /* the number of the record in its list */
    WMI_MECHANISM,   /* the name that targets of a discovery portal have it by */
    WMI_DEVICE_GUID, /* by the peripheral device type */
    WMI_DEVICE_TYPE, /* by it, too */
    WMI_DEVICES      /* the devices of a session, which are asked for */
} wmi_how;

enum {
    WMI_KEY = 1,    /* identifies an instance */
    WMI_WRITE = 2,  /* may be written, too */
    WMI_ARRAY = 4,  /* any number of them */
    WMI_BITMAP = 8, /* security flags */
    WMI_GIVEN = 16, /* what is said by the other members: a caller does not say it */
    WMI_OUT = 32,   /* parameter: comes back */
    WMI_ONE = 64    /* parameter: an array of which one is taken */
};

/* wmi_property is a property of a class, or a parameter of a method. */
typedef struct wmi_property {
    const char *name;
    wmi_type type;
    uint8_t flags;
    wmi_how how;
    const char *path;           /* words of the record's members, joined by '.' */
    const rig_wmi_class *class; /* WMI_OBJECT: of which class */
    uint32_t bit;               /* of "specified" beside it, which says that it counts */
    const char *preset;         /* parameter: its value when none is given */
} wmi_property;

/* wmi_binding is what a method takes from its instance, or always says. */
typedef struct wmi_binding {
    const char *from; /* path in the instance; NULL: value */
    const char *to;   /* path in the request */
    const char *value;
} wmi_binding;

typedef struct wmi_method {
    const char *name;
    rig_call_id call;
    const wmi_property *parameters;
    size_t num_parameters;
    const wmi_binding *bindings;
    size_t num_bindings;
} wmi_method;

struct rig_wmi_class {
    const char *name, *meaning;
    rig_record_id record; /* of one instance */
    rig_call_id call;     /* that tells of all instances; RIG_CALLS = it occurs only inside others */
    const char *list;     /* member of the reply that holds them; NULL: the reply is the one instance */
    const wmi_property *properties;
    size_t num_properties;
    const wmi_method *methods;
    size_t num_methods;
};

/* ---- members ---- */

/* wmi_member finds a member through parts; NULL when there is none, or when a part says it is not given. */
const rig_member *wmi_member(const rig_shape *shape, const void *record, const char *path,
                             const void **out_value);

/* ---- writing ---- */

/* wmi_text is a text being made; from the first failure on, nothing is added. */
typedef struct wmi_text {
    const rig_alloc *alloc;
    rig_gather *out;
    rig_status status;
} wmi_text;

void wmi_put_view(wmi_text *text, rig_view view);
__attribute__((format(printf, 2, 3))) void wmi_add(wmi_text *text, const char *format, ...);
void wmi_put_string(wmi_text *text, rig_view string);

/* wmi_source is where values come from. */
typedef struct wmi_source {
    const rig_caller *caller;
    const rig_shape *shape;
    const void *record;
    uint32_t index; /* of the record in its list */
} wmi_source;

/* wmi_value writes a property's value as JSON. */
void wmi_value(wmi_text *text, const wmi_property *property, const wmi_source *source);

/* wmi_fetched is the reply that holds all instances of a class. */
typedef struct wmi_fetched {
    const rig_shape *reply_shape, *shape;
    void *reply;
    const uint8_t *first;
    uint32_t num;
} wmi_fetched;

rig_status wmi_fetch(const rig_alloc *alloc, const rig_wmi_request *request, wmi_fetched *out,
                     rig_code *out_code, rig_error *err);
void wmi_fetched_clear(const rig_alloc *alloc, wmi_fetched *fetched);

/* wmi_matches tells whether an instance has every value that the request's where asks for. RIG_E_NOT_FOUND
 * for a property that the class does not have. */
rig_status wmi_matches(const rig_alloc *alloc, const rig_wmi_request *request, const wmi_source *source,
                       bool *out_matches, rig_error *err);

/* wmi_property_find looks a property up, in upper or lower case; NULL with the nearest name in err. */
const wmi_property *wmi_property_find(const wmi_property *properties, size_t num, rig_view name,
                                      rig_error *err);

/* wmi_same compares names as WMI does: without case. */
bool wmi_same(rig_view a, const char *b);

/* wmi_cut takes what stands before the separator off *rest; all of it when there is none. */
rig_view wmi_cut(rig_view *rest, char separator);

#endif
