/* Memory of a file or a case: taken piece by piece, given back at once. */
#include "lang.h"

#define BLOCK_SIZE 16384
#define ALIGN 16

void *lang_take(lang_arena *arena, size_t size)
{
    size_t head = (sizeof(lang_block) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    lang_block *block = arena->head;
    if (!block || block->size - block->used < size) {
        size_t whole = size > BLOCK_SIZE - head ? size + head : BLOCK_SIZE;
        arena->full = arena->full || size > LANG_MEMORY_MAX || arena->total + whole > LANG_MEMORY_MAX;
        if (arena->full)
            return NULL;
        block = rig_new(arena->alloc, whole);
        if (!block)
            return NULL;
        *block = (lang_block){.next = arena->head, .size = whole, .used = head};
        arena->head = block;
        arena->total += whole;
    }
    void *ptr = (uint8_t *)block + block->used;
    block->used += size;
    return ptr;
}

void lang_arena_cleanup(lang_arena *arena)
{
    while (arena->head) {
        lang_block *block = arena->head;
        arena->head = block->next;
        rig_delete(arena->alloc, block, block->size);
    }
    arena->total = 0;
}

void *lang_vec_add(lang_arena *arena, lang_vec *vec, size_t item)
{
    if (vec->num == vec->size) {
        uint32_t size = vec->size ? vec->size * 2 : 4;
        uint8_t *grown = lang_take(arena, size * item);
        if (!grown)
            return NULL;
        if (vec->num)
            memcpy(grown, vec->ptr, vec->num * item);
        vec->ptr = grown;
        vec->size = size;
    }
    return (uint8_t *)vec->ptr + item * vec->num++;
}
