/*
 * A hostile block of the driver interface. A byte chooses the structure, the block follows. What is taken is
 * written, read again, and the same; what is refused says so and leaves nothing; all memory comes back.
 */
#include <stdlib.h>
#include <string.h>

#include "rig/wmi.h"

static rig_alloc_meter meter;

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What only structs of blocks have is compared byte by byte: they hold no pointers. */
static bool same(rig_block_id id, const void *a, const void *b)
{
    const rig_block *block = rig_block_of(id);
    const size_t begins = rig_shape_of(block->record)->size;
    if (block->record == RIG_RECORD_nothing)
        return memcmp(a, b, block->record_size) == 0;
    return rig_record_equal(rig_shape_of(block->record), a, b) &&
           memcmp((const uint8_t *)a + begins, (const uint8_t *)b + begins, block->record_size - begins) == 0;
}

static void goes_round(rig_block_id id, const void *record)
{
    const size_t record_size = rig_block_of(id)->record_size;
    size_t len = 0, again = 0, used = 0;
    rig_status status = rig_block_write(id, record, NULL, 0, &len, NULL);
    must(status == RIG_E_LIMIT && len > 0);
    uint8_t *bytes = rig_new(&meter.alloc, len);
    void *read = rig_new(&meter.alloc, record_size);
    must(bytes && read && !rig_block_write(id, record, bytes, len, &again, NULL) && again == len);
    must(!rig_block_read(&meter.alloc, id, rig_view_of(bytes, len), read, &used, NULL) && used == len);
    must(same(id, record, read));
    rig_block_clear(&meter.alloc, id, read);
    rig_delete(&meter.alloc, read, record_size);
    rig_delete(&meter.alloc, bytes, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const rig_block_id id = (rig_block_id)(data[0] % RIG_BLOCKS);
    const rig_view block = rig_view_of(data + 1, size - 1);
    const size_t record_size = rig_block_of(id)->record_size;
    rig_error err = {0};
    size_t used = 0;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    void *record = rig_new(&meter.alloc, record_size);
    must(record != NULL);
    rig_status status = rig_block_read(&meter.alloc, id, block, record, &used, &err);
    must(err.status == status && (status || used <= block.len));
    if (!status)
        goes_round(id, record);
    rig_block_clear(&meter.alloc, id, record);
    rig_delete(&meter.alloc, record, record_size);
    must(meter.num_live == 0);
    return 0;
}
