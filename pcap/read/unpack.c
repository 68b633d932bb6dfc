/* Compressed captures: gzip (RFC 1952) and zstd (RFC 8878), any number of members or frames behind each
 * other. */
#include "reading.h"

#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#define GZIP_ONLY (16 + MAX_WBITS) /* zlib's word for a gzip header, and nothing else */

static rig_status spoilt(src_source *source, const char *why, rig_error *err)
{
    return rig_fail(err, RIG_E_FORMAT, "the %s data of %s are damaged within byte %llu: %s",
                    source->packing->name, source->config->path, (unsigned long long)source->bytes, why);
}

static rig_status gzip_begin(src_source *source)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return RIG_E_NOMEM;
    if (inflateInit2(stream, GZIP_ONLY) != Z_OK) {
        free(stream);
        return RIG_E_NOMEM;
    }
    source->unpacker = stream;
    return RIG_OK;
}

static void gzip_end(src_source *source)
{
    inflateEnd(source->unpacker);
    free(source->unpacker);
}

/* Also called without input: what was unpacked and found no room may wait inside. */
static rig_status gzip_unpack(src_source *source, uint8_t *to, size_t room, size_t *out_len, rig_error *err)
{
    z_stream *stream = source->unpacker;
    stream->next_in = source->packed + source->packed_at;
    stream->avail_in = (uInt)(source->packed_end - source->packed_at);
    stream->next_out = to;
    stream->avail_out = (uInt)room;
    source->inside |= stream->avail_in > 0;
    int result = inflate(stream, Z_NO_FLUSH);
    source->packed_at = source->packed_end - stream->avail_in;
    *out_len = room - stream->avail_out;
    if (result == Z_STREAM_END) {
        source->inside = false;
        return inflateReset(stream) == Z_OK ? RIG_OK : RIG_E_NOMEM;
    }
    if (result == Z_MEM_ERROR)
        return rig_fail(err, RIG_E_NOMEM, "no memory to unpack %s", source->config->path);
    if (result == Z_OK || result == Z_BUF_ERROR)
        return RIG_OK;
    return spoilt(source, stream->msg ? stream->msg : "a dictionary is wanted", err);
}

static rig_status zstd_begin(src_source *source)
{
    source->unpacker = ZSTD_createDStream();
    return source->unpacker ? RIG_OK : RIG_E_NOMEM;
}

static void zstd_end(src_source *source)
{
    ZSTD_freeDStream(source->unpacker);
}

static rig_status zstd_unpack(src_source *source, uint8_t *to, size_t room, size_t *out_len, rig_error *err)
{
    ZSTD_inBuffer in = {source->packed, source->packed_end, source->packed_at};
    ZSTD_outBuffer out = {to, room, 0};
    if (in.pos == in.size && !source->inside)
        return RIG_OK;
    size_t result = ZSTD_decompressStream(source->unpacker, &out, &in);
    source->packed_at = in.pos;
    *out_len = out.pos;
    source->inside = result != 0;
    return ZSTD_isError(result) ? spoilt(source, ZSTD_getErrorName(result), err) : RIG_OK;
}

/* zstd also begins with a frame to be skipped when several programs packed at once: 0x184D2A50 to …5F. */
static const src_packing packings[] = {
    {"gzip", {0x1f, 0x8b}, {0xff, 0xff}, gzip_begin, gzip_unpack, gzip_end},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, {0xff, 0xff, 0xff, 0xff}, zstd_begin, zstd_unpack, zstd_end},
    {"zstd", {0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}, zstd_begin, zstd_unpack, zstd_end},
};

const src_packing *src_packing_of(const uint8_t magic[SRC_MAGIC])
{
    for (size_t i = 0; i < sizeof packings / sizeof packings[0]; i++) {
        const src_packing *row = &packings[i];
        size_t byte = 0;
        while (byte < SRC_MAGIC && (magic[byte] & row->mask[byte]) == row->magic[byte])
            byte++;
        if (byte == SRC_MAGIC)
            return row;
    }
    return NULL;
}
