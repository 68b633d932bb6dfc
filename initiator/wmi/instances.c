/* Instances as JSON, made from what the service answers. */
#include <inttypes.h>

#include "classes.h"

/* ---- text ---- */

void wmi_put_view(wmi_text *text, rig_view view)
{
    if (!text->status)
        text->status = rig_gather_add(text->out, text->alloc, view, RIG_WMI_TEXT_MAX);
}

void wmi_add(wmi_text *text, const char *format, ...)
{
    char buffer[512];
    rig_text line;
    va_list args;
    rig_text_init(&line, buffer, sizeof buffer);
    va_start(args, format);
    rig_text_vadd(&line, format, args);
    va_end(args);
    if (line.cut && !text->status)
        text->status = RIG_E_LIMIT;
    wmi_put_view(text, rig_view_of(buffer, line.len));
}

/* What is no UTF-8 becomes '?'. */
void wmi_put_string(wmi_text *text, rig_view string)
{
    wmi_add(text, "\"");
    while (string.len) {
        const uint8_t *from = string.ptr;
        uint32_t code = '?';
        if (!rig_utf8_next(&string, &code)) {
            string = rig_view_sub(string, 1, string.len);
            wmi_add(text, "?");
        } else if (code < 0x20) {
            wmi_add(text, "\\u%04" PRIx32, code);
        } else {
            wmi_add(text, "%s", code == '"' || code == '\\' ? "\\" : "");
            wmi_put_view(text, rig_view_of(from, (size_t)(string.ptr - from)));
        }
    }
    wmi_add(text, "\"");
}

/* ---- members ---- */

static const rig_member *member_of(const rig_shape *shape, rig_view word)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (rig_view_is(word, shape->members[i].word))
            return &shape->members[i];
    return NULL;
}

/* "has-portal" beside "portal" says whether that is given. */
static bool is_given(const rig_shape *shape, const void *record, rig_view word)
{
    char name[64];
    rig_text text;
    rig_text_init(&text, name, sizeof name);
    rig_text_add(&text, "has-%.*s", RIG_VIEW_ARG(word));
    const rig_member *has = member_of(shape, rig_view_str(name));
    return !has || *(const bool *)(const void *)((const uint8_t *)record + has->offset);
}

const rig_member *wmi_member(const rig_shape *shape, const void *record, const char *path,
                             const void **out_value)
{
    const rig_member *member = NULL;
    for (rig_view rest = rig_view_str(path); rest.ptr;) {
        const rig_view word = rig_view_split(&rest, '.');
        if (member)
            shape = rig_shape_of(member->record);
        member = member_of(shape, word);
        if (!member || !is_given(shape, record, word))
            return NULL;
        record = (const uint8_t *)record + member->offset;
    }
    *out_value = record;
    return member;
}

/* ---- values ---- */

typedef struct shown {
    const wmi_property *property;
    const wmi_source *source;
    const rig_member *member; /* NULL: it is made of something else */
    const void *at;
} shown;

static void put_object(wmi_text *text, const rig_wmi_class *class, const wmi_source *source)
{
    wmi_add(text, "{");
    for (size_t i = 0; i < class->num_properties; i++) {
        wmi_add(text, "%s\"%s\":", i ? "," : "", class->properties[i].name);
        wmi_value(text, &class->properties[i], source);
    }
    wmi_add(text, "}");
}

static void put_list(wmi_text *text, const rig_wmi_class *class, const wmi_source *source,
                     const wmi_list *list)
{
    wmi_source each = {source->caller, rig_shape_of(class->record), NULL, 0};
    wmi_add(text, "[");
    for (; each.index < list->num; each.index++) {
        each.record = list->ptr + each.index * each.shape->size;
        wmi_add(text, "%s", each.index ? "," : "");
        put_object(text, class, &each);
    }
    wmi_add(text, "]");
}

static void put_bytes(wmi_text *text, rig_view bytes)
{
    wmi_add(text, "[");
    for (size_t i = 0; i < bytes.len; i++)
        wmi_add(text, "%s%u", i ? "," : "", bytes.ptr[i]);
    wmi_add(text, "]");
}

/* As scripts get them: 64 bits are a text of decimal digits. */
static void put_number(wmi_text *text, wmi_type type, uint64_t number)
{
    wmi_add(text, type == WMI_UINT64 ? "\"%" PRIu64 "\"" : "%" PRIu64, number);
}

static void put_id(wmi_text *text, const shown *v)
{
    const rig_unique_id *id = v->at;
    if (id->adapter || id->specific)
        wmi_add(text, "\"%016" PRIx64 "-%016" PRIx64 "\"", id->adapter, id->specific);
    else
        wmi_add(text, "null");
}

static void put_network(wmi_text *text, const shown *v)
{
    const uint64_t number = wmi_member_get(v->at, v->member->size);
    uint8_t bytes[sizeof number];
    for (size_t i = 0; i < v->member->size; i++)
        bytes[i] = (uint8_t)(number >> 8 * (v->member->size - 1 - i));
    put_bytes(text, rig_view_of(bytes, v->member->size));
}

static void put_index(wmi_text *text, const shown *v)
{
    wmi_add(text, "%" PRIu32, v->source->index);
}

/* The text that targets found by the portal have as their DiscoveryMechanism. */
static void put_mechanism(wmi_text *text, const shown *v)
{
    const rig_send_targets_portal *portal = v->source->record;
    char name[sizeof((rig_target_instance *)NULL)->mechanism * 2];
    rig_text out;
    rig_text_init(&out, name, sizeof name);
    rig_text_add(&out, "SendTargets:%s %u", portal->portal.address, portal->portal.socket);
    if (portal->initiator[0] && portal->port == RIG_PORT_ANY)
        rig_text_add(&out, " * %s", portal->initiator);
    else if (portal->initiator[0])
        rig_text_add(&out, " %" PRIu32 " %s", portal->port, portal->initiator);
    wmi_put_string(text, rig_view_of(name, out.len));
}

/* Windows' classes of devices by the peripheral device type of SPC-4 table 139. */
static const struct {
    uint32_t peripheral, type;
    const char *guid;
} device_classes[] = {
    {0, 0x07, "{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"},
    {1, 0x1f, "{53f5630b-b6bf-11d0-94f2-00a0c91efb8b}"},
    {5, 0x02, "{53f56308-b6bf-11d0-94f2-00a0c91efb8b}"},
    {8, 0x30, "{53f56310-b6bf-11d0-94f2-00a0c91efb8b}"},
};
#define NUM_DEVICE_CLASSES (sizeof device_classes / sizeof device_classes[0])
#define FILE_DEVICE_UNKNOWN 0x22u

/* Nobody gives the others a class. */
static void put_device_guid(wmi_text *text, const shown *v)
{
    const uint64_t peripheral = wmi_member_get(v->at, v->member->size);
    for (size_t i = 0; i < NUM_DEVICE_CLASSES; i++) {
        if (device_classes[i].peripheral == peripheral) {
            wmi_add(text, "\"%s\"", device_classes[i].guid);
            return;
        }
    }
    wmi_add(text, "null");
}

static void put_device_type(wmi_text *text, const shown *v)
{
    const uint64_t peripheral = wmi_member_get(v->at, v->member->size);
    uint32_t type = FILE_DEVICE_UNKNOWN;
    for (size_t i = 0; i < NUM_DEVICE_CLASSES; i++)
        if (device_classes[i].peripheral == peripheral)
            type = device_classes[i].type;
    wmi_add(text, "%" PRIu32, type);
}

/* A session that ends meanwhile has none. */
static void put_devices(wmi_text *text, const shown *v)
{
    const wmi_source *source = v->source;
    const rig_session_ref which = {.session = ((const rig_session_info *)source->record)->id};
    rig_devices devices = {0};
    const rig_code code =
        source->caller->call(source->caller->ctx, RIG_CALL_REPORT_DEVICES, &which, &devices, NULL);
    if (code == RIG_CODE_SUCCESS)
        put_list(text, v->property->class, source, (const wmi_list *)(const void *)&devices.devices);
    else
        wmi_add(text, "null");
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(devices), &devices);
}

static void put_octets(wmi_text *text, rig_view bytes)
{
    if (bytes.len)
        put_bytes(text, bytes);
    else
        wmi_add(text, "null");
}

static void put_text(wmi_text *text, const char *is)
{
    if (*is)
        wmi_put_string(text, rig_view_str(is));
    else
        wmi_add(text, "null");
}

static void put_part(wmi_text *text, const shown *v)
{
    const wmi_source part = {v->source->caller, rig_shape_of(v->member->record), v->at, 0};
    put_object(text, v->property->class, &part);
}

static void put_member(wmi_text *text, const shown *v)
{
    const rig_bytes *bytes = v->at;
    switch (v->member->kind) {
    case RIG_MEMBER_TEXT:
        put_text(text, v->at);
        break;
    case RIG_MEMBER_NUMBER:
        put_number(text, v->property->type, wmi_member_get(v->at, v->member->size));
        break;
    case RIG_MEMBER_BOOL:
        wmi_add(text, "%s", *(const bool *)v->at ? "true" : "false");
        break;
    case RIG_MEMBER_OCTETS:
        put_octets(text, rig_octets_view(v->at));
        break;
    case RIG_MEMBER_BYTES:
        put_octets(text, rig_view_of(bytes->ptr, bytes->len));
        break;
    case RIG_MEMBER_SECRET:
        wmi_add(text, "null");
        break;
    case RIG_MEMBER_PART:
        put_part(text, v);
        break;
    case RIG_MEMBER_LIST:
        put_list(text, v->property->class, v->source, v->at);
        break;
    }
}

/* How each is written, and whether it needs a member of the record. */
static const struct {
    void (*put)(wmi_text *text, const shown *v);
    bool needs_member;
} makers[] = {
    [WMI_MEMBER] = {put_member, true},           [WMI_ID] = {put_id, true},
    [WMI_NETWORK] = {put_network, true},         [WMI_INDEX] = {put_index, false},
    [WMI_MECHANISM] = {put_mechanism, false},    [WMI_DEVICE_GUID] = {put_device_guid, true},
    [WMI_DEVICE_TYPE] = {put_device_type, true}, [WMI_DEVICES] = {put_devices, false},
};

void wmi_value(wmi_text *text, const wmi_property *property, const wmi_source *source)
{
    shown v = {property, source, NULL, NULL};
    if (makers[property->how].needs_member)
        v.member = wmi_member(source->shape, source->record, property->path, &v.at);
    if (makers[property->how].needs_member && !v.member)
        wmi_add(text, "null");
    else
        makers[property->how].put(text, &v);
}

/* ---- instances ---- */

void wmi_fetched_clear(const rig_alloc *alloc, wmi_fetched *fetched)
{
    if (fetched->reply)
        rig_record_clear(rig_alloc_libc(), fetched->reply_shape, fetched->reply);
    rig_delete(alloc, fetched->reply, fetched->reply_shape->size);
    fetched->reply = NULL;
}

static rig_code make_call(const rig_alloc *alloc, const rig_wmi_request *request, wmi_fetched *out,
                          rig_error *err)
{
    const rig_shape *shape = rig_shape_of(rig_call_of(request->class->call)->request);
    void *nothing = rig_new(alloc, shape->size);
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    if (nothing && out->reply)
        code = request->caller->call(request->caller->ctx, request->class->call, nothing, out->reply, err);
    rig_delete(alloc, nothing, shape->size);
    return code;
}

rig_status wmi_fetch(const rig_alloc *alloc, const rig_wmi_request *request, wmi_fetched *out,
                     rig_code *out_code, rig_error *err)
{
    const rig_wmi_class *class = request->class;
    const void *value = NULL;
    *out_code = RIG_CODE_SUCCESS;
    if (!rig_wmi_class_has_instances(class))
        return rig_fail(err, RIG_E_UNSUPPORTED, "%s only occurs inside other classes", class->name);
    out->reply_shape = rig_shape_of(rig_call_of(class->call)->reply);
    out->shape = rig_shape_of(class->record);
    out->reply = rig_new(alloc, out->reply_shape->size);
    rig_error why = {0};
    *out_code = make_call(alloc, request, out, &why);
    if (*out_code != RIG_CODE_SUCCESS && !rig_code_is_warning(*out_code)) {
        wmi_fetched_clear(alloc, out);
        return rig_fail(err, RIG_E_REFUSED, "%s", why.text[0] ? why.text : rig_code_meaning(*out_code));
    }
    if (class->list)
        wmi_member(out->reply_shape, out->reply, class->list, &value);
    out->first = value ? ((const wmi_list *)value)->ptr : out->reply;
    out->num = value ? ((const wmi_list *)value)->num : 1;
    return RIG_OK;
}

rig_view wmi_cut(rig_view *rest, char separator)
{
    const size_t at = rig_view_find(*rest, (uint8_t)separator);
    const rig_view part = rig_view_sub(*rest, 0, at);
    *rest = rig_view_sub(*rest, at + 1, rest->len);
    return part;
}

/* A value is meant as it is, or as the text that it is in JSON. */
static rig_status is_value(const rig_alloc *alloc, const wmi_property *property, const wmi_source *source,
                           rig_view wanted, bool *out_is)
{
    rig_gather value = {0}, quoted = {0};
    wmi_text value_text = {alloc, &value, RIG_OK}, quoted_text = {alloc, &quoted, RIG_OK};
    wmi_value(&value_text, property, source);
    wmi_put_string(&quoted_text, wanted);
    const rig_view is = rig_view_of(value.ptr, value.len);
    *out_is = rig_view_eq(is, wanted) || rig_view_eq(is, rig_view_of(quoted.ptr, quoted.len));
    rig_gather_cleanup(&value, alloc);
    rig_gather_cleanup(&quoted, alloc);
    return value_text.status ? value_text.status : quoted_text.status;
}

rig_status wmi_matches(const rig_alloc *alloc, const rig_wmi_request *request, const wmi_source *source,
                       bool *out_matches, rig_error *err)
{
    const rig_wmi_class *class = request->class;
    rig_status status = RIG_OK;
    *out_matches = true;
    for (size_t i = 0; i < request->num_where && *out_matches && !status; i++) {
        rig_view value = request->where[i];
        const rig_view name = wmi_cut(&value, '=');
        const wmi_property *property = wmi_property_find(class->properties, class->num_properties, name, err);
        status = property ? is_value(alloc, property, source, value, out_matches) : RIG_E_NOT_FOUND;
    }
    return status;
}

/* Names are wrong whether there are instances or not. */
static rig_status check_where(const rig_wmi_request *request, rig_error *err)
{
    for (size_t i = 0; i < request->num_where; i++) {
        rig_view value = request->where[i];
        const rig_view name = wmi_cut(&value, '=');
        if (!wmi_property_find(request->class->properties, request->class->num_properties, name, err))
            return RIG_E_NOT_FOUND;
    }
    return RIG_OK;
}

rig_status rig_wmi_instances(const rig_alloc *alloc, const rig_wmi_request *request, rig_gather *out,
                             rig_code *out_code, rig_error *err)
{
    wmi_fetched fetched = {0};
    wmi_text text = {alloc, out, RIG_OK};
    bool any = false;
    *out_code = RIG_CODE_SUCCESS;
    rig_status status = check_where(request, err);
    if (!status)
        status = wmi_fetch(alloc, request, &fetched, out_code, err);
    if (status)
        return status;
    wmi_source source = {request->caller, fetched.shape, NULL, 0};
    wmi_add(&text, "[");
    for (; source.index < fetched.num && !status; source.index++) {
        bool matches = false;
        source.record = fetched.first + source.index * fetched.shape->size;
        status = wmi_matches(alloc, request, &source, &matches, err);
        if (!matches)
            continue;
        wmi_add(&text, "%s\n", any ? "," : "");
        put_object(&text, request->class, &source);
        any = true;
    }
    wmi_add(&text, "%s]\n", any ? "\n" : "");
    wmi_fetched_clear(alloc, &fetched);
    if (!status && text.status)
        status = rig_fail(err, text.status, "the instances: %s", rig_status_meaning(text.status));
    return status;
}
