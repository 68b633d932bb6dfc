/** @file
 * The allocator every object is given, with a counting and a failing one for tests.
 */
#ifndef RIG_ALLOC_H
#define RIG_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** rig_alloc is the source of all memory of an object. It must outlive the object. Not thread-safe by itself.
 */
typedef struct rig_alloc {
    /**
     * Grows, shrinks, makes (ptr NULL, old_size 0) or frees (new_size 0, returns NULL) a block. Returns NULL
     * when there is no memory; the old block then stays valid. Bytes beyond old_size are not initialised.
     */
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void *ctx; /**< first argument of resize */
} rig_alloc;

/** rig_alloc_libc is the process's malloc family. Static storage. */
const rig_alloc *rig_alloc_libc(void);

/** rig_new gives size zeroed bytes, or NULL. */
void *rig_new(const rig_alloc *alloc, size_t size);

/** rig_resize changes a block's size; new bytes are zeroed. NULL on failure, the old block then stays valid.
 */
void *rig_resize(const rig_alloc *alloc, void *ptr, size_t old_size, size_t new_size);

/** rig_delete frees a block of the given size; NULL is fine. */
void rig_delete(const rig_alloc *alloc, void *ptr, size_t size);

/** rig_copy_text duplicates len bytes and adds a NUL; freed with rig_delete(…, len + 1). NULL on failure. */
char *rig_copy_text(const rig_alloc *alloc, const void *text, size_t len);

/** rig_secret_wipe overwrites a secret in a way that no compiler leaves out. NULL is fine. */
void rig_secret_wipe(void *secret, size_t len);

/** rig_alloc_meter counts what goes through it, and can refuse: for memory figures and for allocation-failure
 * runs. */
typedef struct rig_alloc_meter {
    rig_alloc alloc;        /**< pass &meter.alloc on */
    const rig_alloc *below; /**< where the memory really comes from */
    uint64_t num_calls;     /**< calls that asked for memory */
    uint64_t num_live;      /**< blocks not freed yet */
    uint64_t bytes_live;    /**< their bytes */
    uint64_t bytes_peak;    /**< highest bytes_live */
    uint64_t fail_at; /**< the call with this 1-based number fails, and all after it when fail_on is set; 0 =
                         never */
    bool fail_on;     /**< keep failing from fail_at on */
} rig_alloc_meter;

/** rig_alloc_meter_init puts a meter over below. */
void rig_alloc_meter_init(rig_alloc_meter *meter, const rig_alloc *below);

#ifdef __cplusplus
}
#endif

#endif
