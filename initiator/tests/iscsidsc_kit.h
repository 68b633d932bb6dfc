/* A service that answers what a test says, and remembers what it was asked. Requests and answers are written
 * as JSON. The tests are built twice, for the A and for the W functions: TEXT("…") is a string of theirs. */
#ifndef ISCSIDSC_KIT_H
#define ISCSIDSC_KIT_H

#include "iscsidsc/internal.h"
#include "suite.h"

#include <stdlib.h>

#define KIT_NAME "iqn.2001-04.com.example:disk"
#define KIT_NAME_T TEXT("iqn.2001-04.com.example:disk")
#define KIT_CODE RIG_CODE_TARGET_NOT_FOUND /* of an answer that says no */

static struct {
    uint32_t calls;
    rig_call_id call;   /* the last one */
    const char *wanted; /* what its request was to be */
    bool equal;
    rig_code code;
    const char *reply; /* NULL = none */
} kit;

static inline void kit_parse(rig_record_id record, const char *json, void *out)
{
    rig_error error = {0};
    if (rig_record_from_json(rig_alloc_libc(), rig_shape_of(record), rig_view_str(json), out, &error))
        CU_FAIL(json);
}

static inline void kit_compare(const rig_call *row, const void *request)
{
    const rig_shape *shape = rig_shape_of(row->request);
    void *wanted = rig_new(rig_alloc_libc(), shape->size);
    kit_parse(row->request, kit.wanted, wanted);
    kit.equal = rig_record_equal(shape, request, wanted);
    rig_record_clear(rig_alloc_libc(), shape, wanted);
    rig_delete(rig_alloc_libc(), wanted, shape->size);
}

static inline rig_code kit_answer_call(void *ctx, rig_call_id id, const void *request, void *reply,
                                       rig_error *err)
{
    (void)ctx;
    (void)err;
    kit.calls++;
    kit.call = id;
    if (kit.wanted)
        kit_compare(rig_call_of(id), request);
    if (kit.reply)
        kit_parse(rig_call_of(id)->reply, kit.reply, reply);
    return kit.code;
}

/* From now on the service answers so; wanted = what it has to be asked, NULL = anything. */
static inline void kit_answer(rig_code code, const char *reply, const char *wanted)
{
    static const rig_caller caller = {kit_answer_call, NULL};
    kit.calls = 0;
    kit.equal = false;
    kit.code = code;
    kit.reply = reply;
    kit.wanted = wanted;
    rig_iscsidsc_use(&caller);
}

/* One call was made, that one, and it carried what it had to. */
#define KIT_ASKED(id)                                                                                        \
    CU_ASSERT_EQUAL(kit.calls, 1);                                                                           \
    CU_ASSERT_EQUAL(kit.call, id);                                                                           \
    CU_ASSERT_TRUE(kit.equal)

/* The function refuses by itself: nothing was asked. */
#define KIT_REFUSED(expression, status)                                                                      \
    kit_answer(RIG_CODE_SUCCESS, NULL, NULL);                                                                \
    CU_ASSERT_EQUAL(expression, (ISDSC_STATUS)(status));                                                     \
    CU_ASSERT_EQUAL(kit.calls, 0)

static inline size_t kit_len(const TCHAR *text)
{
    size_t len = 0;
    while (text[len])
        len++;
    return len;
}

static inline void kit_put(TCHAR *to, const TCHAR *text)
{
    memcpy(to, text, (kit_len(text) + 1) * sizeof *text);
}

static inline bool kit_same(const TCHAR *a, const TCHAR *b)
{
    return kit_len(a) == kit_len(b) && memcmp(a, b, kit_len(a) * sizeof *a) == 0;
}

static inline ISCSI_TARGET_PORTAL kit_portal(void)
{
    ISCSI_TARGET_PORTAL portal = {.Socket = 3260};
    kit_put(portal.SymbolicName, TEXT("east"));
    kit_put(portal.Address, TEXT("192.0.2.1"));
    return portal;
}

#define KIT_PORTAL "{\"symbolic-name\":\"east\",\"address\":\"192.0.2.1\",\"socket\":3260}"

#endif
