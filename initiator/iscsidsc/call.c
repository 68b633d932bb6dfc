/* Which service answers, and the ways a function uses it. */
#include "internal.h"

#include <stdatomic.h>

static _Atomic(const rig_caller *) other_caller;
static _Atomic(const rig_alloc *) other_alloc;

void rig_iscsidsc_use(const rig_caller *caller)
{
    atomic_store(&other_caller, caller);
}

void rig_iscsidsc_use_alloc(const rig_alloc *alloc)
{
    atomic_store(&other_alloc, alloc);
}

const rig_alloc *dsc_alloc(void)
{
    const rig_alloc *alloc = atomic_load(&other_alloc);
    return alloc ? alloc : rig_alloc_libc();
}

static rig_code make_call(rig_call_id id, const void *request, void *reply)
{
    const rig_caller *other = atomic_load(&other_caller);
    rig_caller caller = other ? *other : rig_client_caller(NULL);
    return caller.call(caller.ctx, id, request, reply, NULL);
}

static bool has_reply(rig_code code)
{
    return code == RIG_CODE_SUCCESS || code == RIG_CODE_SCSI_REQUEST_FAILED || rig_code_is_warning(code);
}

bool dsc_ask(dsc_args *args, rig_call_id id, void *request, void *reply)
{
    rig_code code = RIG_CODE_NON_SPECIFIC_ERROR;
    bool allowed = !args->status;
    if (allowed) {
        code = make_call(id, request, reply);
        args->status = (ISDSC_STATUS)code;
    }
    rig_record_clear(dsc_alloc(), rig_shape_of(rig_call_of(id)->request), request);
    return allowed && has_reply(code);
}

ISDSC_STATUS dsc_done(const dsc_args *args, rig_call_id id, void *reply, ISDSC_STATUS delivered)
{
    rig_record_clear(rig_alloc_libc(), rig_shape_of(rig_call_of(id)->reply), reply);
    return delivered ? delivered : args->status;
}

ISDSC_STATUS dsc_order(dsc_args *args, rig_call_id call, void *request)
{
    rig_nothing reply = {0};
    dsc_ask(args, call, request, &reply);
    return args->status;
}

ISDSC_STATUS dsc_report_labels(dsc_args *args, rig_call_id call, void *request, ULONG *size, void *buffer)
{
    rig_labels reply = {0};
    ISDSC_STATUS delivered = ERROR_SUCCESS;
    dsc_must(args, size);
    if (dsc_ask(args, call, request, &reply))
        delivered = dsc_deliver(args->set, dsc_fill_labels, &reply, buffer, size, dsc_unit(args->set));
    return dsc_done(args, call, &reply, delivered);
}

ISDSC_STATUS dsc_report_bytes(dsc_args *args, rig_call_id call, void *request, const dsc_layout *layout,
                              void *buffer, ULONG *bytes, ULONG *count)
{
    dsc_list reply = {0};
    ISDSC_STATUS delivered = ERROR_SUCCESS;
    dsc_must(args, bytes);
    dsc_must(args, count);
    if (dsc_ask(args, call, request, &reply)) {
        dsc_array array = {layout, &reply};
        delivered = dsc_deliver(args->set, dsc_fill_array, &array, buffer, bytes, 1);
        if (delivered == ERROR_SUCCESS || delivered == ERROR_INSUFFICIENT_BUFFER)
            *count = reply.num;
    }
    return dsc_done(args, call, &reply, delivered);
}

ISDSC_STATUS dsc_report_elements(dsc_args *args, rig_call_id call, void *request, const dsc_layout *layout,
                                 void *buffer, ULONG *count)
{
    dsc_list reply = {0};
    ISDSC_STATUS delivered = ERROR_SUCCESS;
    dsc_must(args, count);
    if (dsc_ask(args, call, request, &reply)) {
        dsc_array array = {layout, &reply};
        delivered = dsc_deliver(args->set, dsc_fill_array, &array, buffer, count, layout->size[args->set]);
    }
    return dsc_done(args, call, &reply, delivered);
}

ISDSC_STATUS dsc_order_label(dsc_set set, rig_call_id call, const void *text, size_t room)
{
    dsc_args args = {.set = set};
    rig_label request = {0};
    dsc_need_text(&args, text, request.text, room);
    return dsc_order(&args, call, &request);
}
