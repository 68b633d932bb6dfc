#include "rig/status.h"

static const struct {
    const char *name, *meaning;
} status_rows[RIG_STATUS_COUNT] = {
#define X(id, name, meaning) {name, meaning},
    RIG_STATUS_ROWS(X)
#undef X
};

const char *rig_status_name(rig_status status)
{
    return (unsigned)status < RIG_STATUS_COUNT ? status_rows[status].name : "?";
}

const char *rig_status_meaning(rig_status status)
{
    return (unsigned)status < RIG_STATUS_COUNT ? status_rows[status].meaning : "no such status";
}

rig_status rig_status_parse(rig_view name, rig_status *out_status)
{
    for (unsigned i = 0; i < RIG_STATUS_COUNT; i++)
        if (rig_view_is(name, status_rows[i].name)) {
            *out_status = (rig_status)i;
            return RIG_OK;
        }
    return RIG_E_NOT_FOUND;
}

static void fill(rig_error *err, rig_status status, const char *format, va_list args)
{
    rig_text text;
    err->status = status;
    rig_text_init(&text, err->text, sizeof err->text);
    rig_text_vadd(&text, format, args);
}

rig_status rig_fail(rig_error *err, rig_status status, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        fill(err, status, format, args);
        va_end(args);
    }
    return status;
}

rig_status rig_fail_at(rig_error *err, rig_status status, uint64_t offset, const char *field,
                       const char *format, ...)
{
    if (err) {
        va_list args;
        rig_text name;
        va_start(args, format);
        fill(err, status, format, args);
        va_end(args);
        err->offset = offset;
        rig_text_init(&name, err->field, sizeof err->field);
        rig_text_view(&name, rig_view_str(field));
    }
    return status;
}
