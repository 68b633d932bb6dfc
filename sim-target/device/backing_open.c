/* Backings from their text: KIND:SIZE or file:PATH. */
#include <inttypes.h>

#include "rig/device.h"

typedef struct sized_kind {
    const char *name;
    rig_status (*make)(const rig_alloc *alloc, uint64_t size, rig_backing **out_backing);
    uint64_t max;
} sized_kind;

static const sized_kind kinds[] = {
    {"ram", rig_backing_ram_new, RIG_BACKING_RAM_MAX},
    {"pattern", rig_backing_pattern_new, RIG_BACKING_SIZE_MAX},
    {"null", rig_backing_null_new, RIG_BACKING_SIZE_MAX},
};

#define NUM_KINDS (sizeof kinds / sizeof kinds[0])

/* Takes a suffix off *text and gives its power of two; -1 when what stands there is no suffix. */
static int take_suffix(rig_view *text)
{
    static const char letters[] = "KMGTP";
    rig_view number = *text;
    if (number.len > 2 && number.ptr[number.len - 2] == 'i' && number.ptr[number.len - 1] == 'B')
        number.len -= 2;
    bool binary = number.len < text->len;
    const char *letter = number.len ? memchr(letters, number.ptr[number.len - 1], sizeof letters - 1) : NULL;
    if (!letter)
        return binary ? -1 : 0;
    *text = (rig_view){number.ptr, number.len - 1};
    return 10 * (int)(letter - letters + 1);
}

static rig_status parse_size(rig_view text, uint64_t max, uint64_t *out_size, rig_error *err)
{
    rig_view number = text;
    int shift = take_suffix(&number);
    uint64_t value = 0;
    if (shift < 0 || !rig_view_u64(number, &value))
        return rig_fail(err, RIG_E_SYNTAX,
                        "'%.*s' is not a size; wanted a number, or one with K, M, G, T or P",
                        RIG_VIEW_ARG(text));
    if (value > max >> shift)
        return rig_fail(err, RIG_E_LIMIT, "size %.*s is above the limit of %" PRIu64 " bytes",
                        RIG_VIEW_ARG(text), max);
    *out_size = value << shift;
    if (*out_size == 0 || *out_size % RIG_DEVICE_BLOCK != 0)
        return rig_fail(err, RIG_E_SYNTAX, "size %.*s is not a positive multiple of %d bytes",
                        RIG_VIEW_ARG(text), RIG_DEVICE_BLOCK);
    return RIG_OK;
}

static rig_status open_sized(const rig_alloc *alloc, const sized_kind *kind, rig_view text,
                             rig_backing **out_backing, rig_error *err)
{
    uint64_t size = 0;
    rig_status status = parse_size(text, kind->max, &size, err);
    if (status != RIG_OK)
        return status;
    status = kind->make(alloc, size, out_backing);
    return status == RIG_OK ? status : rig_fail(err, status, "no memory for a %s backing", kind->name);
}

static rig_status open_path(const rig_alloc *alloc, rig_view path, rig_backing **out_backing, rig_error *err)
{
    if (path.len == 0 || memchr(path.ptr, 0, path.len))
        return rig_fail(err, RIG_E_SYNTAX, "file: wants a path");
    char *name = rig_copy_text(alloc, path.ptr, path.len);
    if (!name)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a file backing");
    rig_status status = rig_backing_file_new(alloc, name, out_backing, err);
    rig_delete(alloc, name, path.len + 1);
    return status;
}

static rig_status unknown_kind(rig_view word, rig_error *err)
{
    static const char *const names[] = {"ram", "pattern", "null", "file"};
    size_t near = rig_nearest(word, names, sizeof names / sizeof names[0]);
    if (near < sizeof names / sizeof names[0])
        return rig_fail(err, RIG_E_SYNTAX, "unknown backing '%.*s', did you mean '%s'?", RIG_VIEW_ARG(word),
                        names[near]);
    return rig_fail(err, RIG_E_SYNTAX,
                    "unknown backing '%.*s'; wanted ram:SIZE, pattern:SIZE, null:SIZE or file:PATH",
                    RIG_VIEW_ARG(word));
}

rig_status rig_backing_open(const rig_alloc *alloc, rig_view text, rig_backing **out_backing, rig_error *err)
{
    size_t colon = rig_view_find(text, ':');
    rig_view kind = rig_view_sub(text, 0, colon);
    rig_view rest = rig_view_sub(text, colon + 1, text.len);
    for (size_t i = 0; i < NUM_KINDS; i++)
        if (rig_view_is(kind, kinds[i].name))
            return open_sized(alloc, &kinds[i], rest, out_backing, err);
    if (rig_view_is(kind, "file"))
        return open_path(alloc, rest, out_backing, err);
    return unknown_kind(kind, err);
}
