/* The codec of vici messages. */
#include "rig/vici_message.h"

#define OP_LEN 1

static bool has_name(rig_vici_op op)
{
    return op == RIG_VICI_REQUEST || op == RIG_VICI_REGISTER || op == RIG_VICI_UNREGISTER ||
           op == RIG_VICI_EVENT;
}

/* ---- reading ---- */

/* What each element is made of, and where it may stand. */
static const struct {
    const char *field;
    bool known, has_name, has_value, of_list;
} shapes[] = {
    [RIG_VICI_SECTION_START] = {"section", true, true, false, false},
    [RIG_VICI_SECTION_END] = {"section-end", true, false, false, false},
    [RIG_VICI_KEY_VALUE] = {"key-value", true, true, true, false},
    [RIG_VICI_LIST_START] = {"list", true, true, false, false},
    [RIG_VICI_LIST_ITEM] = {"item", true, false, true, true},
    [RIG_VICI_LIST_END] = {"list-end", true, false, false, true},
};

static rig_status take(rig_vici_reader *reader, size_t len, rig_view *out, const char *field, rig_error *err)
{
    *out = rig_view_sub(reader->message, reader->at, len);
    if (out->len < len)
        return rig_fail_at(err, RIG_E_TRUNCATED, reader->at, field, "%zu bytes wanted, the message has %zu",
                           len, out->len);
    reader->at += len;
    return RIG_OK;
}

static rig_status take_name(rig_vici_reader *reader, rig_view *out, const char *field, rig_error *err)
{
    rig_view len;
    rig_status status = take(reader, 1, &len, field, err);
    if (!status && len.ptr[0] == 0)
        return rig_fail_at(err, RIG_E_FORMAT, reader->at - 1, field, "a name without a byte");
    return status ? status : take(reader, len.ptr[0], out, field, err);
}

static rig_status take_value(rig_vici_reader *reader, rig_view *out, const char *field, rig_error *err)
{
    rig_view len;
    rig_status status = take(reader, 2, &len, field, err);
    return status ? status : take(reader, (size_t)len.ptr[0] << 8 | len.ptr[1], out, field, err);
}

/* An element at a place where it cannot stand. */
static rig_status check_place(const rig_vici_reader *reader, rig_vici_kind kind, rig_error *err)
{
    const char *field = shapes[kind].field;
    if (shapes[kind].of_list != reader->in_list)
        return rig_fail_at(err, RIG_E_FORMAT, reader->at, field, "%s a list",
                           reader->in_list ? "not allowed inside" : "not allowed outside");
    if (kind == RIG_VICI_SECTION_END && reader->depth == 0)
        return rig_fail_at(err, RIG_E_FORMAT, reader->at, field, "no section is open");
    if (kind == RIG_VICI_SECTION_START && reader->depth == RIG_VICI_DEPTH_MAX)
        return rig_fail_at(err, RIG_E_LIMIT, reader->at, field, "more than %d sections inside each other",
                           RIG_VICI_DEPTH_MAX);
    return RIG_OK;
}

static void enter(rig_vici_reader *reader, rig_vici_kind kind)
{
    reader->depth += kind == RIG_VICI_SECTION_START;
    reader->depth -= kind == RIG_VICI_SECTION_END;
    reader->in_list = kind == RIG_VICI_LIST_START || kind == RIG_VICI_LIST_ITEM;
}

static rig_status at_end(const rig_vici_reader *reader, rig_error *err)
{
    if (reader->depth == 0 && !reader->in_list)
        return RIG_OK;
    return rig_fail_at(err, RIG_E_TRUNCATED, reader->at, reader->in_list ? "list" : "section",
                       "the message ends inside it");
}

rig_status rig_vici_next(rig_vici_reader *reader, rig_vici_element *out, rig_error *err)
{
    *out = (rig_vici_element){0};
    if (reader->at >= reader->message.len)
        return at_end(reader, err);
    uint8_t kind = reader->message.ptr[reader->at];
    if (kind >= sizeof shapes / sizeof shapes[0] || !shapes[kind].known)
        return rig_fail_at(err, RIG_E_FORMAT, reader->at, "element", "type %u is none", kind);
    rig_status status = check_place(reader, kind, err);
    if (status)
        return status;
    reader->at++;
    if (shapes[kind].has_name)
        status = take_name(reader, &out->name, shapes[kind].field, err);
    if (!status && shapes[kind].has_value)
        status = take_value(reader, &out->value, shapes[kind].field, err);
    out->kind = kind;
    enter(reader, kind);
    return status;
}

static rig_status check_message(rig_view message, size_t offset, rig_error *err)
{
    rig_vici_reader reader = {.message = message};
    rig_vici_element element = {.kind = RIG_VICI_SECTION_END};
    rig_status status = RIG_OK;
    while (!status && element.kind != RIG_VICI_END)
        status = rig_vici_next(&reader, &element, err);
    if (status && err)
        err->offset += offset;
    return status;
}

rig_status rig_vici_packet_get(rig_view packet, rig_vici_packet *out, rig_error *err)
{
    rig_vici_reader reader = {.message = packet};
    rig_view op;
    *out = (rig_vici_packet){0};
    if (packet.len > RIG_VICI_PACKET_MAX)
        return rig_fail_at(err, RIG_E_LIMIT, 0, "length", "a packet of more than %d bytes",
                           RIG_VICI_PACKET_MAX);
    rig_status status = take(&reader, OP_LEN, &op, "type", err);
    if (status)
        return status;
    if (op.ptr[0] >= RIG_VICI_OPS)
        return rig_fail_at(err, RIG_E_FORMAT, 0, "type", "packet type %u is none", op.ptr[0]);
    out->op = op.ptr[0];
    if (has_name(out->op))
        status = take_name(&reader, &out->name, "name", err);
    out->message = rig_view_sub(packet, reader.at, packet.len);
    return status ? status : check_message(out->message, reader.at, err);
}

/* ---- looking for something in a message that was found well-formed ---- */

static bool next_of(rig_vici_reader *reader, rig_vici_element *out)
{
    return rig_vici_next(reader, out, NULL) == RIG_OK && out->kind != RIG_VICI_END;
}

rig_view rig_vici_value(rig_view message, const char *key)
{
    rig_vici_reader reader = {.message = message};
    rig_vici_element element;
    while (next_of(&reader, &element))
        if (reader.depth == 0 && element.kind == RIG_VICI_KEY_VALUE && rig_view_is(element.name, key))
            return element.value;
    return (rig_view){0};
}

bool rig_vici_section(rig_view *rest, rig_view *out_name, rig_view *out_inside)
{
    rig_vici_reader reader = {.message = *rest};
    rig_vici_element element;
    size_t from = 0;
    while (next_of(&reader, &element)) {
        if (element.kind == RIG_VICI_SECTION_START && reader.depth == 1) {
            *out_name = element.name;
            from = reader.at;
        }
        if (element.kind != RIG_VICI_SECTION_END || reader.depth > 0)
            continue;
        *out_inside = rig_view_sub(*rest, from, reader.at - 1 - from);
        *rest = rig_view_sub(*rest, reader.at, rest->len);
        return true;
    }
    return false;
}

bool rig_vici_item(rig_view message, const char *list, uint32_t index, rig_view *out_value)
{
    rig_vici_reader reader = {.message = message};
    rig_vici_element element;
    bool inside = false;
    uint32_t at = 0;
    while (next_of(&reader, &element)) {
        if (element.kind == RIG_VICI_LIST_START)
            inside = reader.depth == 0 && rig_view_is(element.name, list);
        if (!inside || element.kind != RIG_VICI_LIST_ITEM || at++ != index)
            continue;
        *out_value = element.value;
        return true;
    }
    return false;
}

/* ---- making ---- */

static void add(rig_vici_writer *writer, rig_view bytes)
{
    if (writer->cut || bytes.len > writer->size - writer->len) {
        writer->cut = true;
        return;
    }
    if (bytes.len)
        memcpy(writer->ptr + writer->len, bytes.ptr, bytes.len);
    writer->len += bytes.len;
}

static void add_byte(rig_vici_writer *writer, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    add(writer, rig_view_of(&byte, 1));
}

static void add_name(rig_vici_writer *writer, const char *name)
{
    rig_view text = rig_view_str(name);
    writer->cut = writer->cut || text.len == 0 || text.len > RIG_VICI_NAME_MAX;
    add_byte(writer, (unsigned)text.len);
    add(writer, text);
}

static void add_value(rig_vici_writer *writer, rig_view value)
{
    writer->cut = writer->cut || value.len > RIG_VICI_VALUE_MAX;
    add_byte(writer, (unsigned)(value.len >> 8));
    add_byte(writer, (unsigned)value.len);
    add(writer, value);
}

void rig_vici_begin(rig_vici_writer *writer, void *buffer, size_t size, rig_vici_op op, const char *name)
{
    static const uint8_t length[RIG_VICI_HEADER_LEN] = {0};
    *writer = (rig_vici_writer){.ptr = buffer, .size = size};
    add(writer, rig_view_of(length, sizeof length));
    add_byte(writer, op);
    if (has_name(op))
        add_name(writer, name);
}

void rig_vici_open(rig_vici_writer *writer, const char *name)
{
    add_byte(writer, RIG_VICI_SECTION_START);
    add_name(writer, name);
}

void rig_vici_close(rig_vici_writer *writer)
{
    add_byte(writer, RIG_VICI_SECTION_END);
}

void rig_vici_put(rig_vici_writer *writer, const char *key, rig_view value)
{
    add_byte(writer, RIG_VICI_KEY_VALUE);
    add_name(writer, key);
    add_value(writer, value);
}

void rig_vici_put_text(rig_vici_writer *writer, const char *key, const char *value)
{
    rig_vici_put(writer, key, rig_view_str(value));
}

void rig_vici_put_list(rig_vici_writer *writer, const char *key, const char *const *values, size_t num)
{
    add_byte(writer, RIG_VICI_LIST_START);
    add_name(writer, key);
    for (size_t i = 0; i < num; i++) {
        add_byte(writer, RIG_VICI_LIST_ITEM);
        add_value(writer, rig_view_str(values[i]));
    }
    add_byte(writer, RIG_VICI_LIST_END);
}

size_t rig_vici_finish(rig_vici_writer *writer)
{
    size_t len = writer->len - RIG_VICI_HEADER_LEN;
    if (writer->cut || len > RIG_VICI_PACKET_MAX)
        return 0;
    for (size_t i = 0; i < RIG_VICI_HEADER_LEN; i++)
        writer->ptr[i] = (uint8_t)(len >> (8 * (RIG_VICI_HEADER_LEN - 1 - i)));
    return writer->len;
}
