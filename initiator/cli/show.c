/* Records as lines of label and value, all values in one column. What targets say is not trusted. */
#include "cli.h"
#include "rig/hba.h"

#include <inttypes.h>

#define STEP 2          /* columns an indent is wide */
#define VALUE_COLUMN 32 /* where values begin */
#define VALUE_MAX 2048  /* most bytes of a value: octets in hex are the longest */

/* Every rig_X_list begins so. */
typedef struct any_list {
    uint32_t num, size;
    const uint8_t *ptr;
} any_list;

static any_list list_at(const void *list)
{
    any_list out;
    memcpy(&out, list, sizeof out);
    return out;
}

uint32_t cli_list_num(const void *list)
{
    return list_at(list).num;
}

void cli_show_line(FILE *out, int indent, const char *label, const char *value)
{
    int width = VALUE_COLUMN - indent * STEP;
    fprintf(out, "%*s%-*s%s\n", indent * STEP, "", width, label, value);
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void cli_safe(rig_text *out, rig_view text)
{
    while (text.len) {
        rig_view before = text;
        uint32_t code = 0;
        if (rig_utf8_next(&text, &code) && !is_control(code)) {
            rig_text_view(out, rig_view_sub(before, 0, before.len - text.len));
            continue;
        }
        rig_text_add(out, "?");
        if (text.len == before.len)
            text = rig_view_sub(text, 1, text.len);
    }
}

static const rig_member *member_of(const rig_shape *shape, const char *word)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (strcmp(shape->members[i].word, word) == 0)
            return &shape->members[i];
    return NULL;
}

static uint64_t number_at(const rig_member *member, const void *value)
{
    uint64_t wide = 0;
    uint32_t half = 0;
    uint16_t quarter = 0;
    switch (member->size) {
    case 1:
        return *(const uint8_t *)value;
    case 2:
        memcpy(&quarter, value, sizeof quarter);
        return quarter;
    case 4:
        memcpy(&half, value, sizeof half);
        return half;
    default:
        memcpy(&wide, value, sizeof wide);
        return wide;
    }
}

/* ---- values ---- */

static void print_bits(rig_text *out, const rig_member *member, const void *value)
{
    rig_text_add(out, "0x%0*" PRIx64, (int)(member->size * 2), number_at(member, value));
}

static void print_count(rig_text *out, const cli_row *row, uint64_t number)
{
    if (number == 0 && row->of)
        rig_text_add(out, "%s", (const char *)row->of);
    else
        rig_text_add(out, "%" PRIu64, number);
}

static void print_name(rig_text *out, const cli_row *row, uint64_t number)
{
    const char *const *names = row->of;
    uint64_t i = 0;
    while (names[i] && i < number)
        i++;
    if (names[i])
        rig_text_add(out, "%s", names[i]);
    else
        rig_text_add(out, "%" PRIu64, number);
}

static void print_octets(rig_text *out, const cli_row *row, rig_view octets)
{
    rig_view rest = octets;
    uint32_t code = 0;
    while (rig_utf8_next(&rest, &code) && !is_control(code)) {
    }
    if (octets.len == 0 && row->of) {
        rig_text_add(out, "%s", (const char *)row->of);
    } else if (rest.len == 0 && !rig_view_starts(octets, "0x")) {
        rig_text_view(out, octets);
    } else {
        rig_text_add(out, "0x");
        rig_text_hex(out, octets, 0);
    }
}

static void print_text(rig_text *out, const cli_row *row, const char *text)
{
    if (!text[0] && row->of)
        rig_text_add(out, "%s", (const char *)row->of);
    else
        cli_safe(out, rig_view_str(text));
}

static void print_id(rig_text *out, const rig_unique_id *id)
{
    rig_text_add(out, "%016" PRIx64 "-%016" PRIx64, id->adapter, id->specific);
}

static void print_portal(rig_text *out, const rig_target_portal *portal)
{
    bool is_ipv6 = strchr(portal->address, ':') != NULL;
    if (!portal->address[0]) {
        rig_text_add(out, "any");
        return;
    }
    rig_text_add(out, is_ipv6 ? "[" : "");
    cli_safe(out, rig_view_str(portal->address));
    rig_text_add(out, "%s:%d", is_ipv6 ? "]" : "", portal->socket);
    if (portal->symbolic_name[0]) {
        rig_text_add(out, "  ");
        cli_safe(out, rig_view_str(portal->symbolic_name));
    }
}

static void print_port(rig_text *out, uint64_t port)
{
    if (port == RIG_PORT_ANY)
        rig_text_add(out, "any");
    else
        rig_text_add(out, "%" PRIu64, port);
}

static void print_value(rig_text *out, const cli_row *row, const rig_member *member, const void *value)
{
    switch (row->form) {
    case CLI_AS_TEXT:
        print_text(out, row, value);
        break;
    case CLI_AS_OCTETS:
        print_octets(out, row, rig_octets_view(value));
        break;
    case CLI_AS_HEX:
        rig_text_add(out, "0x");
        rig_text_hex(out, rig_octets_view(value), 0);
        break;
    case CLI_AS_COUNT:
        print_count(out, row, number_at(member, value));
        break;
    case CLI_AS_BITS:
        print_bits(out, member, value);
        break;
    case CLI_AS_YES:
        rig_text_add(out, *(const bool *)value ? "yes" : "no");
        break;
    case CLI_AS_NAME:
        print_name(out, row, number_at(member, value));
        break;
    case CLI_AS_PORT:
        print_port(out, number_at(member, value));
        break;
    case CLI_AS_ID:
        print_id(out, value);
        break;
    case CLI_AS_PORTAL:
        print_portal(out, value);
        break;
    case CLI_AS_SECURITY:
        rig_security_print(out, number_at(member, value));
        break;
    case CLI_AS_LUN:
        cli_lun_print(out, number_at(member, value));
        break;
    case CLI_AS_LINES:
    case CLI_AS_LIST:
        break;
    }
}

/* ---- lines ---- */

static bool is_wanted(const cli_row *row, const rig_shape *shape, const uint8_t *record)
{
    const rig_member *specified = row->bit ? member_of(shape, "specified") : NULL;
    const rig_member *with = row->with ? member_of(shape, row->with) : NULL;
    return (!specified || number_at(specified, record + specified->offset) & row->bit) &&
           (!with || *(const bool *)(record + with->offset));
}

static void show_row(FILE *out, int indent, const cli_row *row, const rig_shape *shape, const uint8_t *record)
{
    char line[VALUE_MAX];
    rig_text text;
    const rig_member *member = member_of(shape, row->word);
    if (!member || !is_wanted(row, shape, record))
        return;
    const void *value = record + member->offset;
    if (row->form == CLI_AS_LINES) {
        cli_show_layout(out, indent, row->of, value);
        return;
    }
    if (row->form == CLI_AS_LIST) {
        cli_show_list(out, indent, row->of, value);
        return;
    }
    rig_text_init(&text, line, sizeof line);
    print_value(&text, row, member, value);
    cli_show_line(out, indent, row->label, line);
}

void cli_show_layout(FILE *out, int indent, const cli_layout *layout, const void *record)
{
    const rig_shape *shape = rig_shape_of(layout->record);
    for (size_t i = 0; i < layout->num_rows; i++)
        show_row(out, indent + (i > 0), &layout->rows[i], shape, record);
}

void cli_show_list(FILE *out, int indent, const cli_layout *layout, const void *list)
{
    const any_list entries = list_at(list);
    const size_t size = rig_shape_of(layout->record)->size;
    for (uint32_t i = 0; i < entries.num; i++)
        cli_show_layout(out, indent, layout, entries.ptr + i * size);
}
