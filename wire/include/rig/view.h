/** @file
 * Borrowed byte and text ranges, and a bounded text builder.
 */
#ifndef RIG_VIEW_H
#define RIG_VIEW_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * rig_view is a borrowed range of bytes or UTF-8 text: it never frees, is not NUL-terminated, and lives as
 * long as what it points into. A {NULL, 0} view is empty and valid.
 */
typedef struct rig_view {
    const uint8_t *ptr; /**< first byte; may be NULL when len is 0 */
    size_t len;         /**< bytes */
} rig_view;

/** RIG_VIEW_ARG expands to the two arguments of a printf "%.*s". */
#define RIG_VIEW_ARG(v) (int)(v).len, (const char *)((v).ptr ? (v).ptr : (const uint8_t *)"")

/** rig_view_of makes a view of len bytes at ptr. */
static inline rig_view rig_view_of(const void *ptr, size_t len)
{
    return (rig_view){(const uint8_t *)ptr, len};
}

/** rig_view_str makes a view of a NUL-terminated string, without the NUL; NULL gives an empty view. */
static inline rig_view rig_view_str(const char *text)
{
    return (rig_view){(const uint8_t *)text, text ? strlen(text) : 0};
}

/** rig_view_eq tells whether two views hold the same bytes. */
static inline bool rig_view_eq(rig_view a, rig_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/** rig_view_is compares a view with a NUL-terminated string, byte for byte. */
static inline bool rig_view_is(rig_view a, const char *text)
{
    return rig_view_eq(a, rig_view_str(text));
}

/** rig_view_sub gives at most len bytes from offset on; out-of-range parts are cut off, never read. */
rig_view rig_view_sub(rig_view v, size_t offset, size_t len);

/** rig_view_starts tells whether v begins with the string prefix. */
bool rig_view_starts(rig_view v, const char *prefix);

/** rig_view_find gives the index of the first byte c, or v.len when there is none. */
size_t rig_view_find(rig_view v, uint8_t c);

/**
 * rig_view_split cuts the part of *rest before the first separator off and returns it; *rest moves behind the
 * separator. The last part leaves *rest empty with a NULL pointer, which is how a loop ends:
 * `for (rig_view r = list; r.ptr;) { rig_view part = rig_view_split(&r, ','); … }`.
 */
rig_view rig_view_split(rig_view *rest, uint8_t separator);

/**
 * rig_view_u64 reads a decimal number, or a hexadecimal one behind 0x or 0X, that fills the whole view.
 * Returns false on anything else, on an empty view and on overflow of 64 bits.
 */
bool rig_view_u64(rig_view v, uint64_t *out_value);

/**
 * rig_view_time reads a time: a number with its unit (ns, us, ms, s, m, h), or 0, as nanoseconds. Fractions
 * are written in the smaller unit, so that a time is always exact. Returns false on anything else and above
 * INT64_MAX.
 */
bool rig_view_time(rig_view v, uint64_t *out_ns);

/**
 * rig_utf8_next takes the next character off *rest. Returns false, taking nothing, at the end and where no
 * valid UTF-8 sequence begins (RFC 3629: no overlong forms, no surrogates).
 */
bool rig_utf8_next(rig_view *rest, uint32_t *out_code);

/** rig_text builds text in a caller's buffer; always NUL-terminated, never overruns, remembers that it was
 * cut. */
typedef struct rig_text {
    char *ptr;   /**< the caller's buffer */
    size_t size; /**< its size in bytes, at least 1 */
    size_t len;  /**< bytes written, without the NUL */
    bool cut;    /**< something did not fit */
} rig_text;

/** rig_text_init starts an empty text in buffer. */
void rig_text_init(rig_text *text, char *buffer, size_t size);

/** rig_text_add appends formatted text. */
__attribute__((format(printf, 2, 3))) void rig_text_add(rig_text *text, const char *format, ...);

/** rig_text_vadd is rig_text_add with the arguments as a list. */
__attribute__((format(printf, 2, 0))) void rig_text_vadd(rig_text *text, const char *format, va_list args);

/** rig_text_view appends the bytes of a view as they are. */
void rig_text_view(rig_text *text, rig_view v);

/** rig_text_number appends a number in decimal, as rig_text_add does at many times the cost. */
void rig_text_number(rig_text *text, uint64_t number);

/**
 * rig_text_escaped appends a view so that it prints safely: control characters, quotes, backslashes and what
 * is no UTF-8 become a backslash, x and two hex digits a byte.
 */
void rig_text_escaped(rig_text *text, rig_view v);

/** rig_text_hex appends bytes as lower-case hex digits; separator is put between bytes unless it is 0. */
void rig_text_hex(rig_text *text, rig_view v, char separator);

/** rig_hex_parse reads pairs of hex digits (blanks and ':' between pairs are skipped) into out; returns the
 * number of bytes, or SIZE_MAX when a digit is wrong, a pair is broken or out_size is too small. */
size_t rig_hex_parse(rig_view text, uint8_t *out, size_t out_size);

/**
 * rig_nearest gives the index of the name closest to word by edit distance, for "did you mean"; num_names
 * when none is within a third of the word's length (at least 1). Names longer than 64 bytes are not
 * considered.
 */
size_t rig_nearest(rig_view word, const char *const *names, size_t num_names);

#ifdef __cplusplus
}
#endif

#endif
