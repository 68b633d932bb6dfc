/* A call as one line of text, and its answer as another. */
#include "rig/message.h"

#define HEAD_MAX 64 /* word of a call, or number of a code, with what stands around it */
#define WHY_MAX (sizeof((rig_error *)NULL)->text + sizeof((rig_error *)NULL)->field + 8)

void rig_line_free(const rig_alloc *alloc, rig_line *line)
{
    rig_secret_wipe(line->ptr, line->len);
    rig_delete(alloc, line->ptr, line->ptr ? line->len : 0);
    *line = (rig_line){0};
}

/* HEAD BODY TAIL and a newline. */
static rig_status join(const rig_alloc *alloc, const rig_text *head, rig_view body, const rig_text *tail,
                       size_t max, rig_line *out)
{
    size_t len = head->len + body.len + tail->len + 1;
    if (len > max)
        return RIG_E_LIMIT;
    char *at = out->ptr = rig_new(alloc, len);
    if (!at)
        return RIG_E_NOMEM;
    out->len = len;
    memcpy(at, head->ptr, head->len);
    memcpy(at + head->len, body.ptr, body.len);
    memcpy(at + head->len + body.len, tail->ptr, tail->len);
    at[len - 1] = '\n';
    return RIG_OK;
}

static rig_status write_line(const rig_alloc *alloc, const rig_text *head, const rig_shape *shape,
                             const void *record, rig_json_secrets secrets, const rig_text *tail, size_t max,
                             rig_line *out)
{
    char *body = NULL;
    size_t len = 0;
    *out = (rig_line){0};
    rig_status status = rig_record_to_json(alloc, shape, record, secrets, &body, &len);
    if (!status)
        status = join(alloc, head, rig_view_of(body, len), tail, max, out);
    rig_secret_wipe(body, body ? len : 0);
    rig_delete(alloc, body, body ? len + 1 : 0);
    return status;
}

rig_status rig_request_write(const rig_alloc *alloc, const rig_call *call, const void *request,
                             rig_line *out_line)
{
    char head_text[HEAD_MAX], none[1];
    rig_text head, tail;
    rig_text_init(&head, head_text, sizeof head_text);
    rig_text_init(&tail, none, sizeof none);
    rig_text_add(&head, "%s ", call->word);
    return write_line(alloc, &head, rig_shape_of(call->request), request, RIG_JSON_KEEP, &tail,
                      RIG_REQUEST_MAX, out_line);
}

rig_status rig_request_read(const rig_alloc *alloc, rig_view line, const rig_call **out_call,
                            void **out_request, rig_error *err)
{
    size_t len = rig_view_find(line, ' ');
    rig_view word = rig_view_sub(line, 0, len);
    *out_call = rig_call_find(word);
    if (!*out_call)
        return rig_fail(err, RIG_E_NOT_FOUND, "there is no management call \"%.*s\"",
                        (int)(word.len < HEAD_MAX ? word.len : HEAD_MAX), (const char *)word.ptr);
    const rig_shape *shape = rig_shape_of((*out_call)->request);
    *out_request = rig_new(alloc, shape->size);
    if (!*out_request)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a request");
    rig_status status =
        rig_record_from_json(alloc, shape, rig_view_sub(line, len + 1, line.len), *out_request, err);
    if (status)
        rig_request_free(alloc, *out_call, *out_request);
    return status;
}

void rig_request_free(const rig_alloc *alloc, const rig_call *call, void *request)
{
    const rig_shape *shape = rig_shape_of(call->request);
    rig_record_clear(alloc, shape, request);
    rig_delete(alloc, request, shape->size);
}

/* The reason stands in a line: what would end it, or has no shape, is shown as an escape. */
static void why_write(rig_text *out, const rig_error *why)
{
    if (!why)
        return;
    rig_text_add(out, "\t");
    if (why->field[0])
        rig_text_add(out, "%s: ", why->field);
    for (const char *at = why->text; *at; at++)
        rig_text_add(out, "%c", (unsigned char)*at < ' ' ? ' ' : *at);
}

rig_status rig_answer_write(const rig_alloc *alloc, const rig_call *call, rig_code code, const void *reply,
                            const rig_error *why, rig_line *out_line)
{
    static const rig_nothing nothing;
    char head_text[HEAD_MAX], tail_text[WHY_MAX];
    rig_text head, tail;
    rig_text_init(&head, head_text, sizeof head_text);
    rig_text_init(&tail, tail_text, sizeof tail_text);
    rig_text_add(&head, "0x%08x ", (unsigned)code);
    why_write(&tail, why);
    const rig_shape *shape = reply ? rig_shape_of(call->reply) : RIG_SHAPE(nothing);
    return write_line(alloc, &head, shape, reply ? reply : &nothing, RIG_JSON_HIDE, &tail, RIG_ANSWER_MAX,
                      out_line);
}

rig_status rig_answer_read(const rig_alloc *alloc, const rig_call *call, rig_view line, rig_code *out_code,
                           void *reply, rig_error *why, rig_error *err)
{
    uint64_t code = 0;
    size_t space = rig_view_find(line, ' '), tab = rig_view_find(line, '\t');
    if (!rig_view_u64(rig_view_sub(line, 0, space), &code) || code > UINT32_MAX || space >= tab)
        return rig_fail(err, RIG_E_SYNTAX, "an answer of the service does not begin with a code");
    *out_code = (rig_code)(int32_t)(uint32_t)code;
    if (tab < line.len)
        rig_fail(why, RIG_E_REFUSED, "%.*s", RIG_VIEW_ARG(rig_view_sub(line, tab + 1, line.len)));
    rig_view body = rig_view_sub(line, space + 1, tab - space - 1);
    return rig_view_is(body, "{}") ? RIG_OK
                                   : rig_record_from_json(alloc, rig_shape_of(call->reply), body, reply, err);
}
