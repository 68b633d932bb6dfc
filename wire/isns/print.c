/* Names of functions, status codes and attributes, and a message in one line. */
#include "rig/isns_pdu.h"
#include "rig/pdu.h"

static const rig_name_row functions[] = {
#define X(id, value, name) {value, name},
    RIG_ISNS_FUNCTIONS(X)
#undef X
#define X(id, value, name) {value | RIG_ISNS_RESPONSE, name "Rsp"},
        RIG_ISNS_FUNCTIONS(X)
#undef X
};

static const rig_name_row statuses[] = {
#define X(id, value, name) {value, name},
    RIG_ISNS_STATUSES(X)
#undef X
};

static const rig_name_row tags[] = {
#define X(id, value, name, kind) {value, name},
    RIG_ISNS_TAGS(X)
#undef X
};

static const rig_isns_kind kinds[] = {
#define X(id, value, name, kind) kind,
    RIG_ISNS_TAGS(X)
#undef X
};

#define NUM(rows) (sizeof(rows) / sizeof((rows)[0]))

const rig_names rig_names_isns_function = {"iSNS function", functions, NUM(functions)};
const rig_names rig_names_isns_status = {"iSNS status", statuses, NUM(statuses)};
const rig_names rig_names_isns_tag = {"iSNS attribute", tags, NUM(tags)};

static rig_isns_kind kind_of(uint32_t tag)
{
    for (size_t i = 0; i < NUM(tags); i++)
        if (tags[i].value == tag)
            return kinds[i];
    return RIG_ISNS_IS_BYTES;
}

/* What does not read as it should is shown as bytes. */
static void print_value(rig_text *out, const rig_isns_attr *attr)
{
    rig_isns_kind kind = kind_of(attr->tag);
    uint32_t number;
    rig_view text;
    rig_ip ip;
    if (kind == RIG_ISNS_IS_NUMBER && rig_isns_number(attr->value, &number))
        rig_text_add(out, "=%u", number);
    else if (kind == RIG_ISNS_IS_TEXT && rig_isns_text(attr->value, &text)) {
        rig_text_add(out, "=");
        rig_text_escaped(out, text);
    } else if (kind == RIG_ISNS_IS_IP && rig_isns_ip(attr->value, &ip)) {
        rig_text_add(out, "=");
        rig_ip_print(out, &ip);
    } else if (attr->value.len) {
        rig_text_add(out, "=hex:");
        rig_text_hex(out, attr->value, 0);
    }
}

void rig_isns_print(rig_text *out, const rig_isns_header *header, rig_view message)
{
    rig_isns_attr attr;
    rig_error err = {0};
    rig_name_print(out, &rig_names_isns_function, header->function);
    rig_text_add(out, " transaction=%u", header->transaction);
    if (header->function & RIG_ISNS_RESPONSE) {
        if (message.len < 4) {
            rig_text_add(out, " without a status");
            return;
        }
        rig_text_add(out, " status=");
        rig_name_print(out, &rig_names_isns_status, rig_be_get32(message.ptr));
        message = rig_view_of(message.ptr + 4, message.len - 4);
    }
    rig_status status;
    while ((status = rig_isns_attr_next(&message, &attr, &err)) == RIG_OK) {
        rig_text_add(out, " ");
        rig_name_print(out, &rig_names_isns_tag, attr.tag);
        print_value(out, &attr);
    }
    if (status != RIG_E_NOT_FOUND)
        rig_text_add(out, " and then %s", err.text);
}
