/* Methods: parameters become the request of a call, its reply becomes output parameters. */
#include <inttypes.h>

#include "classes.h"

#define PATH_SIZE 128  /* longest path of a member */
#define METHODS_MAX 16 /* most methods of a class that "did you mean" looks at */

typedef struct invocation {
    const rig_alloc *alloc;
    const wmi_method *method;
    const rig_shape *shape; /* of the request */
    void *request;
    rig_error *err;
} invocation;

static rig_status set(invocation *i, const char *path, rig_view value)
{
    return rig_record_set(i->alloc, i->shape, i->request, rig_view_str(path), value, i->err);
}

static bool has_word(const rig_shape *shape, rig_view word)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (rig_view_is(word, shape->members[i].word))
            return true;
    return false;
}

/* Whatever is said of a part, the part is given. */
static rig_status set_given(invocation *i, const char *path)
{
    char name[PATH_SIZE];
    rig_view rest = rig_view_str(path);
    const rig_view word = rig_view_split(&rest, '.');
    rig_text text;
    rig_text_init(&text, name, sizeof name);
    rig_text_add(&text, "has-%.*s", RIG_VIEW_ARG(word));
    return has_word(i->shape, rig_view_str(name)) ? set(i, name, rig_view_str("yes")) : RIG_OK;
}

/* An option that is given counts: its bit says so. */
static rig_status set_specified(invocation *i, const char *path, uint32_t bit)
{
    char name[PATH_SIZE], value[24];
    rig_text text, number;
    uint64_t bits = 0;
    const char *dot = strrchr(path, '.');
    rig_text_init(&text, name, sizeof name);
    rig_text_init(&number, value, sizeof value);
    rig_text_add(&text, "%.*sspecified", dot ? (int)(dot + 1 - path) : 0, path);
    rig_status status = rig_record_get(i->shape, i->request, rig_view_str(name), &number, i->err);
    if (status || !rig_view_u64(rig_view_str(value), &bits))
        return status;
    rig_text_init(&number, value, sizeof value);
    rig_text_number(&number, bits | bit);
    return set(i, name, rig_view_str(value));
}

/* ---- values ---- */

static bool hex_half(rig_view digits, char out[20])
{
    rig_text text;
    uint64_t number;
    rig_text_init(&text, out, 20);
    rig_text_add(&text, "0x%.*s", RIG_VIEW_ARG(digits));
    return digits.len == 16 && rig_view_u64(rig_view_str(out), &number);
}

/* Two halves of 16 hex digits, joined by a hyphen. */
static rig_status set_id(invocation *i, const wmi_property *parameter, const char *path, rig_view value)
{
    char half[20], name[PATH_SIZE];
    static const char *const halves[] = {"adapter", "specific"};
    rig_status status = RIG_OK;
    for (size_t n = 0; n < 2 && !status; n++) {
        const rig_view digits = n == 0 ? wmi_cut(&value, '-') : value;
        rig_text text;
        rig_text_init(&text, name, sizeof name);
        rig_text_add(&text, "%s.%s", path, halves[n]);
        if (!hex_half(digits, half))
            return rig_fail(i->err, RIG_E_SYNTAX, "%s: two halves of 16 hex digits, joined by -, are wanted",
                            parameter->name);
        status = set(i, name, rig_view_str(half));
    }
    return status;
}

static rig_view yes_or_no(rig_view value)
{
    if (wmi_same(value, "true"))
        return rig_view_str("yes");
    return wmi_same(value, "false") ? rig_view_str("no") : value;
}

static rig_status set_value(invocation *i, const wmi_property *property, const char *path, rig_view value)
{
    if (property->type == WMI_OBJECT)
        return rig_fail(i->err, RIG_E_SYNTAX, "%s is an object: \"%s.PROPERTY=VALUE\"", property->name,
                        property->name);
    if (property->flags & (WMI_GIVEN | WMI_OUT) || property->how == WMI_INDEX)
        return rig_fail(i->err, RIG_E_SYNTAX, "%s is only read", property->name);
    if (property->how == WMI_ID)
        return set_id(i, property, path, value);
    if (property->type == WMI_BOOLEAN)
        value = yes_or_no(value);
    rig_status status = set(i, path, value);
    if (!status)
        status = set_given(i, path);
    return !status && property->bit ? set_specified(i, path, property->bit) : status;
}

/* ---- paths ---- */

/* Takes the number off the path of an array's element. Where one is taken it is the first. */
static rig_status take_index(invocation *i, const wmi_property *property, rig_view *rest, rig_text *path)
{
    const rig_view index = wmi_cut(rest, '.');
    uint64_t number;
    if (!rig_view_u64(index, &number))
        return rig_fail(i->err, RIG_E_SYNTAX, "%s is an array: \"%s.0.PROPERTY=VALUE\"", property->name,
                        property->name);
    if (!(property->flags & WMI_ONE))
        rig_text_add(path, ".%" PRIu64, number);
    else if (number)
        return rig_fail(i->err, RIG_E_LIMIT, "%s: one is taken, number 0", property->name);
    return RIG_OK;
}

/* Follows "Mappings.0.LUNList.1.TargetLun" through the classes, and says where the record has it. */
static rig_status resolve(invocation *i, rig_view name, rig_text *path, const wmi_property **out_property)
{
    const wmi_property *row = NULL, *rows = i->method->parameters;
    size_t num = i->method->num_parameters;
    while (name.len) {
        row = wmi_property_find(rows, num, wmi_cut(&name, '.'), i->err);
        if (!row)
            return RIG_E_NOT_FOUND;
        if (row->path && row->path[0])
            rig_text_add(path, "%s%s", path->len ? "." : "", row->path);
        const bool object = row->type == WMI_OBJECT && name.len;
        rig_status status = object && row->flags & WMI_ARRAY ? take_index(i, row, &name, path) : RIG_OK;
        if (status)
            return status;
        rows = object ? row->class->properties : NULL;
        num = object ? row->class->num_properties : 0;
    }
    *out_property = row;
    return row && !path->cut ? RIG_OK : rig_fail(i->err, RIG_E_NOT_FOUND, "a parameter is wanted before =");
}

static rig_status set_argument(invocation *i, rig_view argument)
{
    char path[PATH_SIZE];
    rig_text text;
    const wmi_property *property = NULL;
    rig_view value = argument;
    const rig_view name = wmi_cut(&value, '=');
    rig_text_init(&text, path, sizeof path);
    if (name.len == argument.len)
        return rig_fail(i->err, RIG_E_SYNTAX, "\"%.*s\": PARAMETER=VALUE is wanted", RIG_VIEW_ARG(argument));
    rig_status status = resolve(i, name, &text, &property);
    return status ? status : set_value(i, property, path, value);
}

/* ---- the call ---- */

static rig_status set_binding(invocation *i, const wmi_binding *binding, const wmi_source *source)
{
    char value[512];
    rig_text text;
    if (!binding->from)
        return set(i, binding->to, rig_view_str(binding->value));
    rig_text_init(&text, value, sizeof value);
    rig_status status =
        rig_record_get(source->shape, source->record, rig_view_str(binding->from), &text, i->err);
    return status ? status : set(i, binding->to, rig_view_of(value, text.len));
}

static rig_status fill(invocation *i, const rig_wmi_request *request, const wmi_source *source)
{
    const wmi_method *method = i->method;
    rig_status status = RIG_OK;
    for (size_t n = 0; n < method->num_parameters && !status; n++)
        if (method->parameters[n].preset)
            status = set(i, method->parameters[n].path, rig_view_str(method->parameters[n].preset));
    for (size_t n = 0; n < method->num_bindings && !status; n++)
        status = set_binding(i, &method->bindings[n], source);
    for (size_t n = 0; n < request->num_arguments && !status; n++)
        status = set_argument(i, request->arguments[n]);
    return status;
}

static rig_status put_output(invocation *i, const rig_wmi_request *request, rig_code code, const void *reply,
                             rig_gather *out)
{
    const wmi_source source = {request->caller, rig_shape_of(rig_call_of(i->method->call)->reply), reply, 0};
    wmi_text text = {i->alloc, out, RIG_OK};
    wmi_add(&text, "{\"ReturnValue\":%" PRIu32, (uint32_t)code);
    for (size_t n = 0; n < i->method->num_parameters; n++) {
        const wmi_property *parameter = &i->method->parameters[n];
        if (!(parameter->flags & WMI_OUT))
            continue;
        wmi_add(&text, ",\"%s\":", parameter->name);
        wmi_value(&text, parameter, &source);
    }
    wmi_add(&text, "}\n");
    return text.status;
}

static rig_status make_call(invocation *i, const rig_wmi_request *request, rig_gather *out,
                            rig_code *out_code)
{
    const rig_shape *shape = rig_shape_of(rig_call_of(i->method->call)->reply);
    const rig_caller *caller = request->caller;
    void *reply = rig_new(i->alloc, shape->size);
    rig_status status = RIG_E_NOMEM;
    if (reply) {
        *out_code = caller->call(caller->ctx, i->method->call, i->request, reply, i->err);
        status = put_output(i, request, *out_code, reply, out);
        rig_record_clear(rig_alloc_libc(), shape, reply);
    }
    rig_delete(i->alloc, reply, shape->size);
    return status;
}

static rig_status invoke(invocation *i, const rig_wmi_request *request, const wmi_source *source,
                         rig_gather *out, rig_code *out_code)
{
    i->shape = rig_shape_of(rig_call_of(i->method->call)->request);
    i->request = rig_new(i->alloc, i->shape->size);
    if (!i->request)
        return RIG_E_NOMEM;
    rig_status status = fill(i, request, source);
    if (!status)
        status = make_call(i, request, out, out_code);
    rig_record_clear(i->alloc, i->shape, i->request);
    rig_delete(i->alloc, i->request, i->shape->size);
    return status;
}

/* ---- which instance ---- */

static const wmi_method *method_find(const rig_wmi_class *class, rig_view name, rig_error *err)
{
    const char *names[METHODS_MAX] = {NULL};
    size_t known = 0;
    for (size_t i = 0; i < class->num_methods; i++) {
        if (wmi_same(name, class->methods[i].name))
            return &class->methods[i];
        if (known < METHODS_MAX)
            names[known++] = class->methods[i].name;
    }
    const size_t near = rig_nearest(name, names, known);
    rig_fail(err, RIG_E_NOT_FOUND, "%s has no method \"%.*s\"%s%s%s", class->name, RIG_VIEW_ARG(name),
             near < known ? ", did you mean " : "", near < known ? names[near] : "", near < known ? "?" : "");
    return NULL;
}

static rig_status one_instance(const rig_alloc *alloc, const rig_wmi_request *request, wmi_source *source,
                               const wmi_fetched *fetched, rig_error *err)
{
    uint32_t found = 0, last = 0;
    rig_status status = RIG_OK;
    for (source->index = 0; source->index < fetched->num && !status; source->index++) {
        bool matches = false;
        source->record = fetched->first + source->index * fetched->shape->size;
        status = wmi_matches(alloc, request, source, &matches, err);
        found += matches;
        last = matches ? source->index : last;
    }
    source->record = fetched->first + last * fetched->shape->size;
    if (status || found == 1)
        return status;
    if (found == 0)
        return rig_fail(err, RIG_E_NOT_FOUND, "no such instance of %s", request->class->name);
    return rig_fail(err, RIG_E_BUSY, "%" PRIu32 " instances of %s: say which is meant", found,
                    request->class->name);
}

rig_status rig_wmi_invoke(const rig_alloc *alloc, const rig_wmi_request *request, rig_gather *out,
                          rig_code *out_code, rig_error *err)
{
    invocation i = {alloc, method_find(request->class, request->method, err), NULL, NULL, err};
    wmi_fetched fetched = {0};
    *out_code = RIG_CODE_SUCCESS;
    if (!i.method)
        return RIG_E_NOT_FOUND;
    rig_status status = wmi_fetch(alloc, request, &fetched, out_code, err);
    if (status)
        return status;
    wmi_source source = {request->caller, fetched.shape, NULL, 0};
    status = one_instance(alloc, request, &source, &fetched, err);
    if (!status)
        status = invoke(&i, request, &source, out, out_code);
    wmi_fetched_clear(alloc, &fetched);
    if (status == RIG_E_NOMEM)
        rig_fail(err, status, "%s: no memory", request->class->name);
    return status;
}
