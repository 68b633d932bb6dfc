/*
 * A record from hostile JSON. A byte chooses the record; JSON follows, up to a NUL; then pairs of a path and
 * a value, each ended by a NUL, that are set in what was read. What was taken goes to JSON and back and is
 * the same, what get prints set reads, and whatever comes, all memory comes back.
 */
#include <stdlib.h>

#include "rig/records.h"

#define PRINTED_MAX (2 * RIG_BYTES_MAX + 8)

static rig_alloc_meter meter;
static char printed[PRINTED_MAX];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void goes_round(const rig_shape *shape, const void *record)
{
    char *text = NULL, *again = NULL;
    size_t len = 0, again_len = 0;
    void *read = rig_new(&meter.alloc, shape->size);
    must(read && !rig_record_to_json(&meter.alloc, shape, record, RIG_JSON_KEEP, &text, &len));
    must(!rig_record_from_json(&meter.alloc, shape, rig_view_of(text, len), read, NULL));
    must(rig_record_equal(shape, record, read));
    must(!rig_record_to_json(&meter.alloc, shape, read, RIG_JSON_KEEP, &again, &again_len));
    must(len == again_len && memcmp(text, again, len) == 0);
    rig_delete(&meter.alloc, again, again_len + 1);
    rig_delete(&meter.alloc, text, len + 1);
    rig_record_hide(shape, read);
    must(!rig_record_to_json(&meter.alloc, shape, read, RIG_JSON_KEEP, &text, &len));
    must(!rig_record_to_json(&meter.alloc, shape, record, RIG_JSON_HIDE, &again, &again_len));
    must(len == again_len && memcmp(text, again, len) == 0);
    rig_delete(&meter.alloc, again, again_len + 1);
    rig_delete(&meter.alloc, text, len + 1);
    rig_record_clear(&meter.alloc, shape, read);
    rig_delete(&meter.alloc, read, shape->size);
}

/* A secret is not printed, and what would be read as hex is printed as such. */
static void set(const rig_shape *shape, void *record, rig_view path, rig_view value)
{
    rig_error err = {0};
    rig_text text;
    rig_status status = rig_record_set(&meter.alloc, shape, record, path, value, &err);
    must(err.status == status);
    rig_text_init(&text, printed, sizeof printed);
    if (status)
        return;
    must(!rig_record_get(shape, record, path, &text, NULL) && !text.cut);
    if (strcmp(printed, "(secret)") == 0)
        return;
    void *copy = rig_new(&meter.alloc, shape->size);
    must(copy && !rig_record_copy(&meter.alloc, shape, record, copy));
    must(!rig_record_set(&meter.alloc, shape, copy, path, rig_view_of(printed, text.len), NULL));
    must(rig_record_equal(shape, record, copy));
    rig_record_clear(&meter.alloc, shape, copy);
    rig_delete(&meter.alloc, copy, shape->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const rig_shape *shape = rig_shape_of((rig_record_id)(data[0] % RIG_RECORDS));
    rig_view rest = rig_view_of(data + 1, size - 1);
    rig_error err = {0};
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    void *record = rig_new(&meter.alloc, shape->size);
    must(record != NULL);
    rig_status status = rig_record_from_json(&meter.alloc, shape, rig_view_split(&rest, 0), record, &err);
    must(err.status == status && (err.text[0] == '\0') == (status == RIG_OK));
    while (rest.ptr) {
        rig_view path = rig_view_split(&rest, 0);
        set(shape, record, path, rig_view_split(&rest, 0));
    }
    goes_round(shape, record);
    rig_record_clear(&meter.alloc, shape, record);
    rig_delete(&meter.alloc, record, shape->size);
    must(meter.num_live == 0);
    return 0;
}
