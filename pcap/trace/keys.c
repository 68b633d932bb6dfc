#include "rig/text.h"

#include "print.h"

static void print_key(rig_text *out, rig_view key)
{
    const char *quote = rig_key_known(key) ? "" : "\"";
    rig_text_add(out, "%s", quote);
    rig_text_escaped(out, key);
    rig_text_add(out, "%s=", quote);
}

/* Characters that mean nothing to the scenario language inside a word. */
static bool plain(uint8_t c)
{
    static const char marks[] = ".-_:,/+@[]=*%^";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           memchr(marks, c, sizeof marks - 1);
}

/* A word may not look like a pattern: _ alone is any value, a..b a range, + - = would begin an offset or
 * comparison; nor like requirement ids, which stand in brackets without a colon. */
static bool plain_word(rig_view value)
{
    static const char never_first[] = "+=*%^,";
    if (value.len == 0 || rig_view_is(value, "_") ||
        memchr(never_first, value.ptr[0], sizeof never_first - 1) || value.ptr[value.len - 1] == ',' ||
        (value.ptr[0] == '[' && rig_view_find(value, ':') == value.len))
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (!plain(value.ptr[i]) || (value.ptr[i] == '.' && i + 1 < value.len && value.ptr[i + 1] == '.'))
            return false;
    return true;
}

/* A $ would be a variable even in quotes. */
void rig_trace_quoted(rig_text *out, rig_view value)
{
    rig_text_add(out, "\"");
    for (rig_view rest = value; rest.ptr;) {
        rig_text_escaped(out, rig_view_split(&rest, '$'));
        rig_text_add(out, "%s", rest.ptr ? "\\x24" : "");
    }
    rig_text_add(out, "\"");
}

void rig_trace_word(rig_text *out, rig_view text)
{
    if (plain_word(text))
        rig_text_view(out, text);
    else
        rig_trace_quoted(out, text);
}

static void print_value(rig_text *out, const rig_pair *pair)
{
    size_t before = out->len;
    bool cut = out->cut;
    if (!rig_view_is(pair->key, "CHAP_R")) {
        rig_trace_word(out, pair->value);
        if (out->len - before <= RIG_TRACE_VALUE_MAX)
            return;
        out->len = before;
        out->cut = cut;
    }
    rig_text_add(out, "_");
}

#define MORE "keys _"

/* Room for MORE is left, so that a line that does not fit still says so. */
static bool add_pair(rig_text *out, const rig_pair *pair, size_t *column)
{
    static const char more[] = "\n      " MORE;
    rig_text part = {out->ptr + out->len, out->size - out->len, 0, false};
    bool fits = part.size > sizeof more;
    if (fits) {
        part.size -= sizeof more;
        print_key(&part, pair->key);
        print_value(&part, pair);
        fits = !part.cut;
    }
    if (!fits) {
        out->ptr[out->len] = '\0';
        return false;
    }
    *column += part.len + 1;
    out->len += part.len;
    return true;
}

static size_t width(const rig_pair *pair)
{
    return pair->key.len + pair->value.len + 2;
}

static void break_line(rig_text *out, size_t *column)
{
    rig_text_add(out, "\n     ");
    *column = 5;
}

void trc_keys(rig_text *out, rig_view text)
{
    rig_pair pair;
    rig_status status;
    size_t column = TRC_COLUMNS, num = 0;
    while ((status = rig_pair_next(text.ptr, &text, &pair, NULL)) == RIG_OK && num < RIG_TRACE_KEYS_MAX) {
        if (column + width(&pair) > TRC_COLUMNS)
            break_line(out, &column);
        rig_text_add(out, " ");
        if (!add_pair(out, &pair, &column)) {
            rig_text_add(out, MORE);
            return;
        }
        num++;
    }
    if (num == 0 || status == RIG_E_NOT_FOUND)
        return;
    if (column + sizeof MORE > TRC_COLUMNS)
        break_line(out, &column);
    rig_text_add(out, " " MORE);
}
