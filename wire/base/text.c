#include <stdarg.h>
#include <stdio.h>

#include "rig/view.h"

void rig_text_init(rig_text *text, char *buffer, size_t size)
{
    *text = (rig_text){.ptr = buffer, .size = size};
    buffer[0] = '\0';
}

void rig_text_vadd(rig_text *text, const char *format, va_list args)
{
    size_t room = text->size - text->len;
    int wanted = vsnprintf(text->ptr + text->len, room, format, args);
    if (wanted < 0 || (size_t)wanted >= room) {
        text->len = text->size - 1;
        text->cut = true;
        if (wanted < 0)
            text->ptr[text->len] = '\0';
    } else {
        text->len += (size_t)wanted;
    }
}

void rig_text_add(rig_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    rig_text_vadd(text, format, args);
    va_end(args);
}

void rig_text_view(rig_text *text, rig_view v)
{
    size_t room = text->size - 1 - text->len;
    if (v.len > room) {
        v.len = room;
        text->cut = true;
    }
    if (v.len)
        memcpy(text->ptr + text->len, v.ptr, v.len);
    text->len += v.len;
    text->ptr[text->len] = '\0';
}

void rig_text_number(rig_text *text, uint64_t number)
{
    char decimal[20]; /* of 2^64 - 1 */
    size_t at = sizeof decimal;
    do
        decimal[--at] = (char)('0' + number % 10);
    while (number /= 10);
    rig_text_view(text, rig_view_of(decimal + at, sizeof decimal - at));
}

static const char digits[] = "0123456789abcdef";

static void add_escape(rig_text *text, uint8_t c)
{
    const uint8_t out[4] = {'\\', 'x', (uint8_t)digits[c >> 4], (uint8_t)digits[c & 15]};
    rig_text_view(text, rig_view_of(out, sizeof out));
}

static bool prints_safely(uint32_t code)
{
    return code >= 0x20 && code != '"' && code != '\'' && code != '\\' && !(code >= 0x7f && code < 0xa0);
}

void rig_text_escaped(rig_text *text, rig_view v)
{
    while (v.len) {
        uint32_t code;
        rig_view rest = v;
        bool valid = rig_utf8_next(&rest, &code);
        rig_view bytes = {v.ptr, valid ? v.len - rest.len : 1};
        if (valid && prints_safely(code))
            rig_text_view(text, bytes);
        else
            for (size_t i = 0; i < bytes.len; i++)
                add_escape(text, bytes.ptr[i]);
        v = rig_view_sub(v, bytes.len, v.len);
    }
}

void rig_text_hex(rig_text *text, rig_view v, char separator)
{
    for (size_t i = 0; i < v.len && !text->cut; i++) {
        if (i && separator)
            rig_text_view(text, rig_view_of(&separator, 1));
        rig_text_view(text, rig_view_of((char[]){digits[v.ptr[i] >> 4], digits[v.ptr[i] & 15]}, 2));
    }
}
