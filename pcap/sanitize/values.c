/* Other values of the same length and form, the same for the same value. */
#include "sanitize.h"

#include "rig/draws.h"
#include "rig/text.h"

#define BINARY_MAX 65536 /* octets of a binary value that are looked at */

static uint64_t hash_of(rig_view value)
{
    return rig_hash64(value.ptr, value.len, 0);
}

san_word *san_word_find(const rig_sanitize *s, san_kind kind, rig_view value)
{
    rig_map_link *link = rig_map_first(&s->words[kind].map, hash_of(value));
    for (; link; link = rig_map_next(link)) {
        san_word *word = RIG_MAP_ITEM(link, san_word, link);
        if (rig_view_eq(rig_view_of(word->bytes, word->len), value))
            return word;
    }
    return NULL;
}

rig_status san_word_add(rig_sanitize *s, san_kind kind, rig_view value, uint32_t number)
{
    san_words *words = &s->words[kind];
    if (words->num >= RIG_SANITIZE_WORDS_MAX || value.len > UINT32_MAX)
        return RIG_E_LIMIT;
    san_word *word = rig_new(s->alloc, sizeof *word + value.len);
    if (!word)
        return RIG_E_NOMEM;
    word->number = number;
    word->len = (uint32_t)value.len;
    memcpy(word->bytes, value.ptr, value.len);
    rig_map_add(&words->map, &word->link, hash_of(value));
    words->num++;
    return RIG_OK;
}

/* From 1 on. */
rig_status san_number(rig_sanitize *s, san_kind kind, rig_view value, uint32_t *out_number)
{
    const san_word *word = san_word_find(s, kind, value);
    *out_number = word ? word->number : s->words[kind].num + 1;
    return word ? RIG_OK : san_word_add(s, kind, value, *out_number);
}

static void free_words(rig_sanitize *s, san_words *words)
{
    for (size_t i = 0; words->map.buckets && i < words->map.num_buckets; i++)
        while (words->map.buckets[i]) {
            san_word *word = RIG_MAP_ITEM(words->map.buckets[i], san_word, link);
            rig_map_remove(&words->map, &word->link);
            rig_delete(s->alloc, word, sizeof *word + word->len);
        }
    rig_map_cleanup(&words->map);
}

void san_words_free(rig_sanitize *s)
{
    for (size_t i = 0; i < SAN_KINDS; i++)
        free_words(s, &s->words[i]);
}

/* ---- forms ---- */

/* Puts the lowest digit of *number in place of a byte; punctuation stays. */
static uint8_t digit_like(uint8_t c, uint32_t *number, bool hex)
{
    unsigned base = c >= '0' && c <= '9' ? 10 : hex ? 6 : 26;
    uint8_t zero = base == 10 ? '0' : c >= 'a' && c <= 'z' ? 'a' : c >= 'A' && c <= 'Z' ? 'A' : 0;
    if (c >= 0x80)
        zero = 'a';
    if (!zero)
        return c;
    c = (uint8_t)(zero + *number % base);
    *number /= base;
    return c;
}

/* Letters and digits become those of a number, the lowest one last, what is no ASCII a letter. */
void san_shape(uint8_t *value, size_t len, uint32_t number)
{
    while (len-- > 0)
        value[len] = digit_like(value[len], &number, false);
}

/* The same with digits of hex numbers. */
void san_digits(uint8_t *value, size_t len, uint32_t number)
{
    while (len-- > 0)
        value[len] = digit_like(value[len], &number, true);
}

/* Octet i of so many that end with a number. */
static unsigned octet_of(uint32_t number, size_t i, size_t octets)
{
    size_t behind = octets - 1 - i;
    return i < octets && behind < 4 ? number >> 8 * behind & 255 : 0;
}

/* The digits of the octets that shape_hex makes: six bits each, the first ones first. */
static void shape_base64(uint8_t *value, size_t len, uint32_t number)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (len && value[len - 1] == '=')
        len--;
    size_t octets = len * 6 / 8;
    for (size_t i = 0; i < len; i++) {
        size_t first = i * 6 / 8;
        unsigned two = octet_of(number, first, octets) << 8 | octet_of(number, first + 1, octets);
        value[i] = (uint8_t)digits[two >> (10 - i * 6 % 8) & 63];
    }
}

/* ---- binary values ---- */

static bool is_binary(const uint8_t *value, size_t len)
{
    return len > 2 && value[0] == '0' &&
           (value[1] == 'x' || value[1] == 'X' || value[1] == 'b' || value[1] == 'B');
}

/* The same octets are the same value in any notation. */
static rig_status number_binary(rig_sanitize *s, rig_view value, uint32_t *out_number, bool *out_valid)
{
    size_t len;
    uint8_t *octets = rig_resize(s->alloc, NULL, 0, BINARY_MAX);
    if (!octets)
        return RIG_E_NOMEM;
    *out_valid = rig_binary_parse(value, octets, BINARY_MAX, &len);
    bool parsed = *out_valid && len;
    rig_status status = san_number(s, SAN_BINARY, parsed ? rig_view_of(octets, len) : value, out_number);
    rig_delete(s->alloc, octets, BINARY_MAX);
    return status;
}

/* Nothing of the digits stays, not even whether they are letters: it would tell wrong guesses of a secret. */
static void shape_hex(uint8_t *value, size_t len, uint32_t number)
{
    for (; len-- > 0; number /= 16)
        value[len] = (uint8_t) "0123456789abcdef"[number % 16];
}

/* What is no binary value does not become one. */
static rig_status change_binary(rig_sanitize *s, uint8_t *value, size_t len)
{
    uint32_t number = 0;
    bool valid = true;
    rig_status status = number_binary(s, rig_view_of(value, len), &number, &valid);
    if (!valid)
        memset(value + 2, '-', len - 2);
    else if (value[1] == 'b' || value[1] == 'B')
        shape_base64(value + 2, len - 2, number);
    else
        shape_hex(value + 2, len - 2, number);
    return status;
}

/* ---- names ---- */

#define IQN_DATE 11 /* bytes in front of the dot behind the date */

static const char iqn_start[] = "iqn.2001-04.com.example:";

static bool has_format(const uint8_t *name, size_t len)
{
    rig_view v = rig_view_of(name, len);
    return rig_view_starts(v, "iqn.") || rig_view_starts(v, "eui.") || rig_view_starts(v, "naa.");
}

/* What may be a hex digit becomes a letter that is none. */
static void spoil_digit(uint8_t *c)
{
    if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z'))
        *c = 'g';
    else if (*c >= 'A' && *c <= 'Z')
        *c = 'G';
}

/* "iqn.", a date and a dot, whatever follows. */
static bool has_date(const uint8_t *name, size_t len)
{
    uint8_t head[IQN_DATE + 2];
    if (len <= IQN_DATE)
        return false;
    memcpy(head, name, IQN_DATE + 1);
    head[IQN_DATE + 1] = 'a';
    rig_iname_type type;
    return rig_iname_check(rig_view_of(head, sizeof head), &type, NULL) == RIG_OK && type == RIG_INAME_IQN;
}

/* The prefix says the format (4.2.7.2); what is no name does not become one, nor wrong in another place. */
static void change_name(uint8_t *name, size_t len, uint32_t number)
{
    rig_iname_type type = RIG_INAME_EUI;
    size_t start = sizeof iqn_start - 1;
    bool valid = rig_iname_check(rig_view_of(name, len), &type, NULL) == RIG_OK;
    bool iqn = valid && type == RIG_INAME_IQN;
    bool dated = iqn || has_date(name, len);
    size_t kept = iqn && len > start + 1 ? start : dated ? IQN_DATE : has_format(name, len) ? 4 : 0;
    if (kept == start)
        memset(name + start, 'a', len - start);
    if (dated)
        memcpy(name, iqn_start, kept); /* of a short one the date and the dot in front of it */
    (valid && !iqn ? san_digits : san_shape)(name + kept, len - kept, number);
    if (!valid && kept && !dated && len > kept)
        spoil_digit(&name[len - 1]);
}

rig_status san_value(rig_sanitize *s, san_kind kind, uint8_t *value, size_t len)
{
    uint32_t number = 0;
    if (len == 0)
        return RIG_OK;
    if (is_binary(value, len) && (kind == SAN_BINARY || kind == SAN_OTHER))
        return change_binary(s, value, len);
    bool decimal = kind == SAN_BINARY && value[0] >= '1' && value[0] <= '9';
    rig_status status = san_number(s, kind, rig_view_of(value, len), &number);
    if (kind == SAN_NAME)
        change_name(value, len, number);
    else
        san_shape(value, len, number);
    if (decimal && value[0] == '0') /* which no decimal constant begins with (6.1) */
        value[0] = '1';
    return status;
}
