/* Where the members of each record are, from the rows of rig/records.def. */
#include "rig/records.h"

/* One function a record: the type that offsetof() wants has the same name in each. */
#define RIG_RECORD(record, meaning)                                                                          \
    static const rig_shape *shape_of_##record(void)                                                          \
    {                                                                                                        \
        typedef rig_##record self;                                                                           \
        static const char name[] = #record;                                                                  \
        static const rig_member members[] = {
#define ROW(member, word, kind, record, meaning)                                                             \
    {word, kind, offsetof(self, member), sizeof(((self *)NULL)->member), record, meaning},
#define RIG_TEXT(member, word, size, meaning) ROW(member, word, RIG_MEMBER_TEXT, RIG_RECORD_nothing, meaning)
#define RIG_NUMBER(member, word, bits, meaning)                                                              \
    ROW(member, word, RIG_MEMBER_NUMBER, RIG_RECORD_nothing, meaning)
#define RIG_BOOL(member, word, meaning) ROW(member, word, RIG_MEMBER_BOOL, RIG_RECORD_nothing, meaning)
#define RIG_OCTETS(member, word, meaning) ROW(member, word, RIG_MEMBER_OCTETS, RIG_RECORD_nothing, meaning)
#define RIG_SECRET(member, word, meaning) ROW(member, word, RIG_MEMBER_SECRET, RIG_RECORD_nothing, meaning)
#define RIG_BYTES(member, word, meaning) ROW(member, word, RIG_MEMBER_BYTES, RIG_RECORD_nothing, meaning)
#define RIG_PART(member, word, record, meaning)                                                              \
    ROW(member, word, RIG_MEMBER_PART, RIG_RECORD_##record, meaning)
#define RIG_LIST(member, word, record, meaning)                                                              \
    ROW(member, word, RIG_MEMBER_LIST, RIG_RECORD_##record, meaning)
#define RIG_RECORD_END(record)                                                                               \
    }                                                                                                        \
    ;                                                                                                        \
    static const rig_shape shape = {name, sizeof(self), members, sizeof members / sizeof members[0]};        \
    return &shape;                                                                                           \
    }
#include "rig/records.def"
#undef RIG_RECORD
#undef RIG_TEXT
#undef RIG_NUMBER
#undef RIG_BOOL
#undef RIG_OCTETS
#undef RIG_SECRET
#undef RIG_BYTES
#undef RIG_PART
#undef RIG_LIST
#undef RIG_RECORD_END

const rig_shape *rig_shape_of(rig_record_id record)
{
    static const rig_shape *(*const shapes[])(void) = {
#define RIG_RECORD(record, meaning) shape_of_##record,
#define RIG_TEXT(member, word, size, meaning)
#define RIG_NUMBER(member, word, bits, meaning)
#define RIG_BOOL(member, word, meaning)
#define RIG_OCTETS(member, word, meaning)
#define RIG_SECRET(member, word, meaning)
#define RIG_BYTES(member, word, meaning)
#define RIG_PART(member, word, record, meaning)
#define RIG_LIST(member, word, record, meaning)
#define RIG_RECORD_END(record)
#include "rig/records.def"
    };
    return shapes[record]();
}
