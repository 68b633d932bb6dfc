/* Bytes inside a page. */
#include "page.h"

#include <stdlib.h>
#include <zlib.h>

char *page_base64(const void *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    char *text = malloc((len + 2) / 3 * 4 + 1), *out = text;
    if (!text)
        return NULL;
    for (size_t i = 0; i < len; i += 3) {
        unsigned left = (unsigned)(len - i);
        unsigned three = (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
                         (left > 2 ? (unsigned)in[i + 2] : 0);
        *out++ = digits[three >> 18];
        *out++ = digits[three >> 12 & 63];
        *out++ = left > 1 ? digits[three >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[three & 63] : '=';
    }
    *out = '\0';
    return text;
}

char *page_pack(const void *bytes, size_t len)
{
    uLongf size = compressBound((uLong)len);
    unsigned char *room = malloc(size);
    char *text = NULL;
    if (room && compress2(room, &size, bytes, (uLong)len, Z_DEFAULT_COMPRESSION) == Z_OK)
        text = page_base64(room, size);
    free(room);
    return text;
}
