/* Records with something in every member, so that none is forgotten on the way. */
#ifndef TESTS_PATTERN_H
#define TESTS_PATTERN_H

#include "rig/records.h"
#include "suite.h"

#define PATTERN_SECRET "Losungswort"
#define PATTERN_SECRET_HEX "4c6f73756e6773776f7274"
#define PATTERN_ENTRIES 2
#define PATTERN_BYTES 300

/* What every rig_X_list looks like. */
typedef struct pattern_list {
    uint32_t num, size;
    uint8_t *ptr;
} pattern_list;

static inline void *pattern_at(const void *record, const rig_member *member)
{
    return (uint8_t *)(uintptr_t)record + member->offset;
}

static inline void pattern_text(char *text, size_t size, uint32_t turn)
{
    static const char odd[] = "\"\\\n\t\x01/\x7f";
    for (size_t i = 0; i + 1 < size; i++)
        text[i] = i % 5 == 0 ? odd[(i / 5 + turn) % (sizeof odd - 1)] : (char)('a' + (i + turn) % 26);
    /* One character of three bytes, where there is room. */
    if (size > 12)
        memcpy(text + size - 4, "\xe2\x82\xac", 3);
    text[size - 1] = '\0';
}

/* By turns bytes that can be read and bytes that cannot. */
static inline void pattern_octets(uint8_t *bytes, size_t len, uint32_t turn)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(turn % 2 ? i + turn : '0' + (i + turn) % 70);
}

static inline void pattern_secret(rig_octets *secret, uint32_t turn)
{
    secret->len = RIG_OCTETS_MAX;
    pattern_octets(secret->bytes, secret->len, turn);
    memcpy(secret->bytes + 20, PATTERN_SECRET, sizeof PATTERN_SECRET - 1);
}

static inline void pattern_fill(const rig_alloc *alloc, const rig_shape *shape, void *record, uint32_t *turn);

static inline void pattern_member(const rig_alloc *alloc, const rig_member *member, void *value,
                                  uint32_t *turn)
{
    uint8_t bytes[PATTERN_BYTES];
    ++*turn;
    switch (member->kind) {
    case RIG_MEMBER_TEXT:
        pattern_text(value, member->size, *turn);
        break;
    case RIG_MEMBER_NUMBER:
        memset(value, *turn % 3 ? 0xff - (int)(*turn % 3) : 0xff, member->size);
        break;
    case RIG_MEMBER_BOOL:
        *(bool *)value = true;
        break;
    case RIG_MEMBER_OCTETS:
        ((rig_octets *)value)->len = RIG_OCTETS_MAX;
        pattern_octets(((rig_octets *)value)->bytes, RIG_OCTETS_MAX, *turn);
        break;
    case RIG_MEMBER_SECRET:
        pattern_secret(value, *turn);
        break;
    case RIG_MEMBER_BYTES:
        pattern_octets(bytes, sizeof bytes, *turn);
        CU_ASSERT_EQUAL(rig_bytes_set(alloc, value, rig_view_of(bytes, sizeof bytes)), RIG_OK);
        break;
    case RIG_MEMBER_PART:
        pattern_fill(alloc, rig_shape_of(member->record), value, turn);
        break;
    case RIG_MEMBER_LIST:
        for (uint32_t i = 0; i < PATTERN_ENTRIES; i++)
            pattern_fill(alloc, rig_shape_of(member->record),
                         rig_list_add(alloc, rig_shape_of(member->record), value), turn);
        break;
    }
}

/* pattern_fill gives every member a value that is not empty, as long and as large as can be. */
static inline void pattern_fill(const rig_alloc *alloc, const rig_shape *shape, void *record, uint32_t *turn)
{
    for (size_t i = 0; i < shape->num_members; i++)
        pattern_member(alloc, &shape->members[i], pattern_at(record, &shape->members[i]), turn);
}

/* pattern_new is a filled record; it is given back by pattern_free. */
static inline void *pattern_new(const rig_alloc *alloc, const rig_shape *shape, uint32_t turn)
{
    void *record = rig_new(alloc, shape->size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    pattern_fill(alloc, shape, record, &turn);
    return record;
}

static inline void pattern_free(const rig_alloc *alloc, const rig_shape *shape, void *record)
{
    rig_record_clear(alloc, shape, record);
    rig_delete(alloc, record, shape->size);
}

#endif
