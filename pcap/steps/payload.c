/* Data segments of lines: text as keys, anything else as bytes. */
#include "rig/text.h"
#include "rig/trace.h"

#include "steps.h"

#define COLUMNS 100                      /* where keys go on in the next line */
#define CHUNK ((size_t)STP_WORD_MAX / 2) /* bytes of one data word */
#define VALUE_MAX 4000                   /* bytes of a value that is written as a key */

static void break_line(rig_text *out)
{
    rig_text_add(out, "\n     ");
}

/* ---- bytes ---- */

static size_t zeros(rig_view bytes)
{
    size_t n = 0;
    while (n < bytes.len && bytes.ptr[n] == 0)
        n++;
    return n;
}

static void put_chunk(rig_text *out, rig_view bytes)
{
    rig_text_add(out, " data hex:");
    for (size_t i = 0; i < bytes.len; i++)
        rig_text_add(out, "%02x", bytes.ptr[i]);
}

static bool put_pattern(const rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    uint64_t seed;
    bool placed = rig_fields[RIG_F_BUFFER_OFFSET].pdus >> stp_kind(step) & 1;
    uint32_t offset = placed ? rig_get32(step->bhs, RIG_F_BUFFER_OFFSET) : 0;
    rig_view data = step->item.pdu.data;
    if (!printer->pattern || data.len != step->item.data_len || !printer->pattern(data, offset, &seed))
        return false;
    rig_text_add(out, " data pattern %llu %zu", (unsigned long long)seed, data.len);
    return true;
}

/* A word of it is short enough for a line; words behind each other are joined when they are sent. */
static void put_bytes(rig_text *out, rig_view bytes, size_t lacking)
{
    while (bytes.len) {
        size_t same = zeros(bytes), len = bytes.len < CHUNK ? bytes.len : CHUNK;
        break_line(out);
        if (same == bytes.len || same >= CHUNK) {
            rig_text_add(out, " data zero %zu", same);
            len = same;
        } else {
            put_chunk(out, rig_view_sub(bytes, 0, len));
        }
        bytes = rig_view_sub(bytes, len, bytes.len);
    }
    if (lacking)
        rig_text_add(out, " data zero %zu", lacking);
}

static void send_bytes(rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    rig_view data = step->item.pdu.data;
    size_t lacking = step->item.data_len > data.len ? step->item.data_len - data.len : 0;
    if (put_pattern(printer, out, step))
        return;
    put_bytes(out, data, lacking);
    if (lacking)
        stp_spoil(printer, "%zu bytes of data that the capture lacks are zeros", lacking);
}

/* What a Reject carries is the header of what was sent, with numbers of this time. */
static void expect_bytes(const rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    rig_view data = step->item.pdu.data;
    bool whole = data.len == step->item.data_len && data.len <= CHUNK;
    if (data.len == 0 || printer->timing == RIG_STEP_LOOSE)
        return;
    if (put_pattern(printer, out, step))
        return;
    if (stp_kind(step) == RIG_PDU_REJECT || !whole)
        rig_text_add(out, " DataLen=%u", step->item.data_len);
    else
        put_bytes(out, data, 0);
}

/* ---- keys ---- */

/* Whether the text is a list of keys and nothing else, each short enough for a line. */
static bool is_list(rig_view text)
{
    rig_pair pair;
    rig_view rest = text;
    rig_status status;
    size_t num = 0;
    if (text.len == 0 || text.ptr[text.len - 1] != 0)
        return false;
    while ((status = rig_pair_next(text.ptr, &rest, &pair, NULL)) == RIG_OK) {
        size_t wanted = pair.key.len + pair.value.len + 2;
        const uint8_t *end = pair.key.ptr + wanted;
        if (pair.value.len > VALUE_MAX || pair.key.len == 0 || ++num > RIG_TRACE_KEYS_MAX || end[-1] != 0)
            return false;
        if (rest.len && rest.ptr != end) /* more than one NUL behind it */
            return false;
    }
    return status == RIG_E_NOT_FOUND;
}

static const rig_step_secret *secret_of(const rig_steps_printer *printer, rig_view text)
{
    rig_pair pair;
    rig_view rest = text;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK)
        for (uint32_t i = 0; i < printer->num_secrets && rig_view_is(pair.key, "CHAP_N"); i++)
            if (rig_view_eq(printer->secrets[i].name, pair.value))
                return &printer->secrets[i];
    return NULL;
}

static stp_chap *chap_of(const rig_steps_printer *printer, const rig_step *step)
{
    return &printer->names->chaps[step->connection];
}

static void put_asked(rig_steps_printer *printer, rig_text *out, const rig_step *step, char letter)
{
    stp_chap *chap = chap_of(printer, step);
    uint32_t *number = letter == 'i' ? &chap->identifier : &chap->challenge;
    *number = ++printer->names->next_chap;
    rig_text_add(out, "$%c%u", letter, *number);
}

/* The response to what the other side asks this time, as far as the secret is known. */
static void put_response(rig_steps_printer *printer, rig_text *out, const rig_step *step,
                         const rig_pair *pair)
{
    const rig_step_secret *secret = secret_of(printer, rig_step_item(step).text);
    const stp_chap *chap = chap_of(printer, step);
    if (!secret || !chap->identifier || !chap->challenge) {
        stp_spoil(printer, "the CHAP response is that of the capture: the secret is not known");
        rig_trace_word(out, pair->value);
        return;
    }
    rig_text_add(out, "chap($i%u,", chap->identifier);
    rig_trace_quoted(out, secret->secret);
    rig_text_add(out, ",$k%u)", chap->challenge);
}

/* Values that are the other side's own, and may be others next time. */
static bool is_its_own(const rig_steps_printer *printer, rig_view key)
{
    static const char *const always[] = {"TargetAddress", "CHAP_R", "InitiatorAlias", "TargetAlias"};
    static const char *const loosely[] = {"InitiatorName", "TargetPortalGroupTag", "TargetName"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (rig_view_is(key, always[i]))
            return true;
    for (size_t i = 0; i < sizeof loosely / sizeof loosely[0]; i++)
        if (printer->timing == RIG_STEP_LOOSE && rig_view_is(key, loosely[i]))
            return true;
    return false;
}

static void put_value(rig_steps_printer *printer, rig_text *out, const rig_step *step, const rig_pair *pair)
{
    bool expected = stp_expected(printer, step);
    if (expected && is_its_own(printer, pair->key))
        rig_text_add(out, "_");
    else if (expected && rig_view_is(pair->key, "CHAP_I"))
        put_asked(printer, out, step, 'i');
    else if (expected && rig_view_is(pair->key, "CHAP_C"))
        put_asked(printer, out, step, 'k');
    else if (!expected && rig_view_is(pair->key, "CHAP_R"))
        put_response(printer, out, step, pair);
    else
        rig_trace_word(out, pair->value);
}

static void put_keys(rig_steps_printer *printer, rig_text *out, const rig_step *step, rig_view text)
{
    rig_pair pair;
    rig_view rest = text;
    size_t column = COLUMNS;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK) {
        size_t width = pair.key.len + pair.value.len + 2;
        const char *quote = rig_key_known(pair.key) ? "" : "\"";
        if (column + width > COLUMNS) {
            break_line(out);
            column = 5;
        }
        rig_text_add(out, " %s", quote);
        rig_text_escaped(out, pair.key);
        rig_text_add(out, "%s=", quote);
        put_value(printer, out, step, &pair);
        column += width;
    }
}

/* A text in several PDUs, or one that is no list, is sent as its bytes; what came in parts is looked at whole
 * when it ends. */
void stp_payload(rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    const rig_item *item = &step->item;
    if (!rig_trace_reads(stp_kind(step))) {
        if (stp_expected(printer, step))
            expect_bytes(printer, out, step);
        else
            send_bytes(printer, out, step);
        return;
    }
    bool list = is_list(item->pdu.data) && !rig_get(step->bhs, RIG_F_C);
    if (stp_expected(printer, step)) {
        rig_view text = rig_item_text(item);
        if (is_list(text))
            put_keys(printer, out, step, text);
    } else if (list && item->text.len == item->pdu.data.len) {
        put_keys(printer, out, step, item->pdu.data);
    } else {
        send_bytes(printer, out, step);
    }
}
