/* How a rule says what it found. */
#include "lint.h"

static void tell(lint_at *at, rig_lint_finding *finding, uint32_t byte)
{
    rig_lint *lint = at->lint;
    finding->rule = at->rule;
    finding->side = at->side;
    finding->connection = at->item->connection;
    finding->frame = at->item->frame;
    finding->offset = at->item->pdu.offset + byte;
    lint->totals.findings++;
    at->broken |= at->rule->breaks;
    if (lint->status == RIG_OK)
        lint->status = lint->config.finding(lint->config.ctx, finding);
}

static void print_field(char *out, const uint8_t *bhs, rig_field_id field)
{
    rig_text text;
    rig_text_init(&text, out, RIG_LINT_VALUE_MAX);
    rig_field_print(&text, bhs, field);
}

void lint_field(lint_at *at, rig_field_id field, uint64_t expected)
{
    uint8_t right[RIG_BHS_LEN];
    rig_lint_finding finding = {.field = rig_fields[field].name};
    memcpy(right, at->bhs, sizeof right);
    rig_set(right, field, expected);
    print_field(finding.expected, right, field);
    print_field(finding.seen, at->bhs, field);
    tell(at, &finding, rig_fields[field].byte);
}

static void vprint(char *out, const char *format, va_list args)
{
    rig_text text;
    rig_text_init(&text, out, RIG_LINT_VALUE_MAX);
    rig_text_vadd(&text, format, args);
}

void lint_field_text(lint_at *at, rig_field_id field, const char *expected, ...)
{
    rig_lint_finding finding = {.field = rig_fields[field].name};
    va_list args;
    va_start(args, expected);
    vprint(finding.expected, expected, args);
    va_end(args);
    print_field(finding.seen, at->bhs, field);
    tell(at, &finding, rig_fields[field].byte);
}

void lint_part(lint_at *at, const char *part, uint32_t byte, const char *expected, const char *seen)
{
    rig_lint_finding finding = {.field = part};
    rig_text text;
    rig_text_init(&text, finding.expected, RIG_LINT_VALUE_MAX);
    rig_text_add(&text, "%s", expected);
    rig_text_init(&text, finding.seen, RIG_LINT_VALUE_MAX);
    rig_text_add(&text, "%s", seen);
    tell(at, &finding, byte);
}

void lint_part_number(lint_at *at, const char *part, uint64_t seen, const char *expected, ...)
{
    rig_lint_finding finding = {.field = part};
    rig_text text;
    va_list args;
    va_start(args, expected);
    vprint(finding.expected, expected, args);
    va_end(args);
    rig_text_init(&text, finding.seen, RIG_LINT_VALUE_MAX);
    rig_text_add(&text, "%llu", (unsigned long long)seen);
    tell(at, &finding, RIG_BHS_LEN);
}

/* What CHAP exchanges is nobody's business. */
static bool secret(rig_view key)
{
    return rig_view_starts(key, "CHAP_") || rig_view_starts(key, "SRP_") || rig_view_starts(key, "KRB_");
}

/* Of the key in this PDU. A text of several PDUs ends in this one; then it is where this PDU's data begins.
 */
static uint32_t key_byte(const lint_at *at)
{
    uint32_t data = RIG_BHS_LEN + (uint32_t)at->item->pdu.ahs.len;
    bool whole = at->item->text.ptr && at->item->text.len == at->item->data_len;
    return whole ? data + (uint32_t)(at->pair.key.ptr - at->item->text.ptr) : data;
}

void lint_value(lint_at *at, const char *expected, ...)
{
    char name[RIG_KEY_MAX + 1];
    rig_lint_finding finding = {.field = at->pair.key.len ? name : "key"};
    rig_text text;
    va_list args;
    va_start(args, expected);
    vprint(finding.expected, expected, args);
    va_end(args);
    rig_text_init(&text, name, sizeof name);
    rig_text_escaped(&text, at->pair.key);
    rig_text_init(&text, finding.seen, RIG_LINT_VALUE_MAX);
    if (secret(at->pair.key))
        rig_text_add(&text, "_");
    else
        rig_text_escaped(&text, at->pair.value);
    tell(at, &finding, key_byte(at));
}
