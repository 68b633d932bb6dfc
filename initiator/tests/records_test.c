/* Records in memory, and their members by path. */
#include <stdlib.h>

#include "pattern.h"
#include "rig/calls.h"

static rig_alloc_meter meter;

static void begin(void)
{
    rig_alloc_meter_init(&meter, rig_alloc_libc());
}

/* ---- copies ---- */

static void every_shape_is_copied(void)
{
    begin();
    for (rig_record_id id = 0; id < RIG_RECORDS; id++) {
        const rig_shape *shape = rig_shape_of(id);
        void *record = pattern_new(&meter.alloc, shape, id), *copy = rig_new(&meter.alloc, shape->size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        CU_ASSERT_EQUAL(rig_record_copy(&meter.alloc, shape, record, copy), RIG_OK);
        CU_ASSERT(rig_record_equal(shape, record, copy));
        pattern_free(&meter.alloc, shape, record);
        void *again = pattern_new(&meter.alloc, shape, id);
        CU_ASSERT(rig_record_equal(shape, again, copy));
        pattern_free(&meter.alloc, shape, again);
        pattern_free(&meter.alloc, shape, copy);
    }
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* Each member counts: one that is cleared makes another record. */
static void every_member_is_compared(void)
{
    begin();
    for (rig_record_id id = 0; id < RIG_RECORDS; id++)
        for (size_t i = 0; i < rig_shape_of(id)->num_members; i++) {
            const rig_shape *shape = rig_shape_of(id);
            const rig_shape one = {shape->name, shape->size, &shape->members[i], 1};
            const rig_member *member = &shape->members[i];
            void *left = pattern_new(&meter.alloc, shape, 1), *right = rig_new(&meter.alloc, shape->size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(right);
            CU_ASSERT_EQUAL(rig_record_copy(&meter.alloc, shape, left, right), RIG_OK);
            void *lone = rig_new(&meter.alloc, shape->size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(lone);
            memcpy(pattern_at(lone, member), pattern_at(right, member), member->size);
            memset(pattern_at(right, member), 0, member->size);
            CU_ASSERT(!rig_record_equal(shape, left, right));
            CU_ASSERT(rig_record_equal(&one, left, lone));
            pattern_free(&meter.alloc, &one, lone);
            pattern_free(&meter.alloc, shape, right);
            pattern_free(&meter.alloc, shape, left);
        }
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static bool holds(const void *memory, size_t size, const char *text)
{
    const uint8_t *at = memory;
    bool found = false;
    for (size_t i = 0; i + strlen(text) <= size && !found; i++)
        found = memcmp(at + i, text, strlen(text)) == 0;
    return found;
}

static void secrets_are_wiped(void)
{
    begin();
    rig_logins *logins = pattern_new(&meter.alloc, RIG_SHAPE(logins), 0);
    CU_ASSERT_EQUAL_FATAL(logins->logins.num, PATTERN_ENTRIES);
    CU_ASSERT(holds(&logins->logins.ptr[1], sizeof logins->logins.ptr[1], PATTERN_SECRET));
    rig_record_hide(RIG_SHAPE(logins), logins);
    CU_ASSERT(!holds(logins->logins.ptr, PATTERN_ENTRIES * sizeof logins->logins.ptr[0], PATTERN_SECRET));
    CU_ASSERT_EQUAL(logins->logins.ptr[0].key.len, 0);
    CU_ASSERT_EQUAL(logins->logins.ptr[0].options.username.len, RIG_OCTETS_MAX);
    pattern_free(&meter.alloc, RIG_SHAPE(logins), logins);
    rig_secret *secret = pattern_new(&meter.alloc, RIG_SHAPE(secret), 0);
    CU_ASSERT(holds(secret, sizeof *secret, PATTERN_SECRET));
    rig_record_clear(&meter.alloc, RIG_SHAPE(secret), secret);
    CU_ASSERT(!holds(secret, sizeof *secret, PATTERN_SECRET));
    rig_delete(&meter.alloc, secret, sizeof *secret);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* ---- lists, bytes and octets ---- */

static void lists_keep_order(void)
{
    rig_lun_mapping_list luns = {0};
    begin();
    for (uint32_t i = 0; i < 5; i++) {
        rig_lun_mapping *lun = rig_list_add(&meter.alloc, RIG_SHAPE(lun_mapping), &luns);
        CU_ASSERT_PTR_NOT_NULL_FATAL(lun);
        CU_ASSERT_EQUAL(lun->os_lun, 0);
        lun->os_lun = i + 10;
    }
    rig_list_remove(&meter.alloc, RIG_SHAPE(lun_mapping), &luns, 4);
    rig_list_remove(&meter.alloc, RIG_SHAPE(lun_mapping), &luns, 1);
    rig_list_remove(&meter.alloc, RIG_SHAPE(lun_mapping), &luns, 0);
    CU_ASSERT_EQUAL_FATAL(luns.num, 2);
    CU_ASSERT_EQUAL(luns.ptr[0].os_lun, 12);
    CU_ASSERT_EQUAL(luns.ptr[1].os_lun, 13);
    rig_lun_mapping *last = rig_list_add(&meter.alloc, RIG_SHAPE(lun_mapping), &luns);
    CU_ASSERT_PTR_NOT_NULL_FATAL(last);
    CU_ASSERT_EQUAL(last->os_lun, 0);
    rig_delete(&meter.alloc, luns.ptr, luns.size * sizeof *luns.ptr);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void lists_have_a_limit(void)
{
    rig_target_mapping mapping = {0};
    begin();
    for (uint32_t i = 0; i < RIG_LIST_MAX; i++)
        if (!rig_list_add(&meter.alloc, RIG_SHAPE(lun_mapping), &mapping.luns))
            break;
    CU_ASSERT_EQUAL(mapping.luns.num, RIG_LIST_MAX);
    CU_ASSERT_PTR_NULL(rig_list_add(&meter.alloc, RIG_SHAPE(lun_mapping), &mapping.luns));
    CU_ASSERT_EQUAL(mapping.luns.num, RIG_LIST_MAX);
    rig_record_clear(&meter.alloc, RIG_SHAPE(target_mapping), &mapping);
    CU_ASSERT_EQUAL(mapping.luns.num, 0);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void bytes_have_a_limit(void)
{
    static uint8_t many[RIG_BYTES_MAX + 1];
    rig_scsi_answer answer = {0};
    rig_octets octets = {0};
    begin();
    CU_ASSERT_EQUAL(rig_bytes_set(&meter.alloc, &answer.data, rig_view_of(many, RIG_BYTES_MAX)), RIG_OK);
    CU_ASSERT_EQUAL(rig_bytes_set(&meter.alloc, &answer.data, rig_view_of(many, RIG_BYTES_MAX + 1)),
                    RIG_E_LIMIT);
    CU_ASSERT_EQUAL(answer.data.len, RIG_BYTES_MAX);
    CU_ASSERT_EQUAL(rig_bytes_set(&meter.alloc, &answer.data, rig_view_str("ab")), RIG_OK);
    CU_ASSERT_EQUAL(meter.bytes_live, 2);
    CU_ASSERT_EQUAL(rig_bytes_set(&meter.alloc, &answer.data, rig_view_str("")), RIG_OK);
    CU_ASSERT_PTR_NULL(answer.data.ptr);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    memset(many, 'x', RIG_OCTETS_MAX + 1);
    CU_ASSERT_EQUAL(rig_octets_set(&octets, rig_view_of(many, RIG_OCTETS_MAX)), RIG_OK);
    CU_ASSERT_EQUAL(rig_octets_set(&octets, rig_view_of(many, RIG_OCTETS_MAX + 1)), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(octets.len, RIG_OCTETS_MAX);
    CU_ASSERT_EQUAL(rig_octets_set(&octets, rig_view_str("y")), RIG_OK);
    CU_ASSERT_EQUAL(octets.bytes[1], 0);
}

static void memory_runs_out(void)
{
    const rig_shape *shape = RIG_SHAPE(sessions);
    bool done = false;
    begin();
    void *record = pattern_new(&meter.alloc, shape, 1), *copy = rig_new(&meter.alloc, shape->size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    const uint64_t live = meter.num_live;
    for (uint64_t n = 1; n < 100 && !done; n++) {
        meter.fail_at = meter.num_calls + n;
        rig_status status = rig_record_copy(&meter.alloc, shape, record, copy);
        done = status == RIG_OK;
        CU_ASSERT(done || (status == RIG_E_NOMEM && meter.num_live == live));
        CU_ASSERT_EQUAL(rig_record_equal(shape, record, copy), done);
    }
    CU_ASSERT(done);
    meter.fail_at = 0;
    pattern_free(&meter.alloc, shape, copy);
    pattern_free(&meter.alloc, shape, record);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* ---- paths ---- */

typedef struct setting {
    const char *path, *value;
    rig_status status;
    const char *reads; /* what is there then, NULL: nothing can be asked for */
    const char *says;  /* words of the error */
} setting;

/* On one login, one after the other. */
static const setting login_settings[] = {
    {"target", "iqn.2026-01.org.example:d", RIG_OK, "iqn.2026-01.org.example:d", ""},
    {"target", "", RIG_OK, "", ""},
    {"target", "J\xc3\xbcrgen", RIG_OK, "J\xc3\xbcrgen", ""},
    {"target", "\xff", RIG_E_SYNTAX, "J\xc3\xbcrgen", "UTF-8"},
    {"informational", "yes", RIG_OK, "yes", ""},
    {"informational", "true", RIG_E_SYNTAX, "yes", "yes or no"},
    {"informational", "no", RIG_OK, "no", ""},
    {"port", "4294967295", RIG_OK, "4294967295", ""},
    {"port", "4294967296", RIG_E_LIMIT, "4294967295", "32 bits"},
    {"port", "0x10", RIG_OK, "16", ""},
    {"port", "", RIG_E_SYNTAX, "16", "a number"},
    {"port", "-1", RIG_E_SYNTAX, "16", "a number"},
    {"portal.socket", "65535", RIG_OK, "65535", ""},
    {"portal.socket", "65536", RIG_E_LIMIT, "65535", "16 bits"},
    {"security-flags", "0xffffffffffffffff", RIG_OK, "0xffffffffffffffff", ""},
    {"security-flags", "0x10000000000000000", RIG_E_SYNTAX, "0xffffffffffffffff", "a number"},
    {"security-flags", "2", RIG_OK, "0x2", ""},
    {"isid-id", "65536", RIG_E_LIMIT, "0", "16 bits"},
    {"mapping.luns.num", "1", RIG_E_SYNTAX, "0", "luns is a list"},
    {"mapping.luns.1.os-lun", "1", RIG_E_NOT_FOUND, NULL, "the next is number 0"},
    {"mapping.luns.0.os-lun", "7", RIG_OK, "7", ""},
    {"mapping.luns.1.target-lun", "0x4001000000000000", RIG_OK, "0x4001000000000000", ""},
    {"mapping.luns.1.os-lun", "9", RIG_OK, "9", ""},
    {"mapping.luns.2.os-lun", "x", RIG_E_SYNTAX, NULL, "a number"},
    {"mapping.luns.2.os-luns", "1", RIG_E_NOT_FOUND, NULL, "did you mean \"os-lun\"?"},
    {"mapping.luns.2", "1", RIG_E_SYNTAX, NULL, "which of its members?"},
    {"mapping.luns.num", "", RIG_E_SYNTAX, "2", "list"},
    {"mapping.luns", "", RIG_E_SYNTAX, NULL, "list"},
    {"options.username", "user", RIG_OK, "user", ""},
    {"options.username", "0x00ff", RIG_OK, "0x00ff", ""},
    {"options.username", "0x3078", RIG_OK, "0x3078", ""},
    {"options.username", "0x75736572", RIG_OK, "user", ""},
    {"options.username", "0x", RIG_E_SYNTAX, "user", "hex digits"},
    {"options.username", "0x0", RIG_E_SYNTAX, "user", "hex digits"},
    {"options.username", "0x0g", RIG_E_SYNTAX, "user", "hex digits"},
    {"options.username", "0x00 11", RIG_E_SYNTAX, "user", "hex digits"},
    {"options.password", "open sesame", RIG_OK, "(secret)", ""},
    {"options.password", "", RIG_OK, "", ""},
    {"portal", "10.0.0.1", RIG_E_SYNTAX, NULL, "which of its members?"},
    {"portal.sockt", "1", RIG_E_NOT_FOUND, NULL, "did you mean \"socket\"?"},
    {"portal.socket.x", "1", RIG_E_NOT_FOUND, NULL, "socket has no members"},
    {"pörtal", "1", RIG_E_NOT_FOUND, NULL, "login has no "},
    {"", "1", RIG_E_NOT_FOUND, NULL, "login has no \"\""},
    {".", "1", RIG_E_NOT_FOUND, NULL, "login has no \"\""},
};

static void play(const rig_shape *shape, void *record, const setting *row)
{
    char read[600];
    rig_text text;
    rig_error err = {0};
    CU_ASSERT_EQUAL(
        rig_record_set(&meter.alloc, shape, record, rig_view_str(row->path), rig_view_str(row->value), &err),
        row->status);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, row->says));
    CU_ASSERT_EQUAL(err.text[0] == '\0', row->status == RIG_OK);
    rig_text_init(&text, read, sizeof read);
    rig_status status = rig_record_get(shape, record, rig_view_str(row->path), &text, NULL);
    CU_ASSERT_EQUAL(status, row->reads ? RIG_OK : RIG_E_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(read, row->reads ? row->reads : "");
}

static void members_have_paths(void)
{
    rig_login login = {0};
    begin();
    for (size_t i = 0; i < sizeof login_settings / sizeof login_settings[0]; i++)
        play(RIG_SHAPE(login), &login, &login_settings[i]);
    CU_ASSERT_EQUAL(login.mapping.luns.num, 2);
    CU_ASSERT_EQUAL(login.mapping.luns.ptr[1].target_lun, 0x4001000000000000);
    CU_ASSERT_EQUAL(login.portal.socket, 65535);
    rig_record_clear(&meter.alloc, RIG_SHAPE(login), &login);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void bytes_have_paths(void)
{
    static const setting rows[] = {
        {"status", "255", RIG_OK, "255", ""},
        {"status", "256", RIG_E_LIMIT, "255", "8 bits"},
        {"data", "0x0001fe", RIG_OK, "0x0001fe", ""},
        {"data", "0x0001f", RIG_E_SYNTAX, "0x0001fe", "hex digits"},
        {"data", "as it is", RIG_OK, "as it is", ""},
        {"sense", "0x70", RIG_OK, "p", ""},
        {"data", "", RIG_OK, "", ""},
    };
    rig_scsi_answer answer = {0};
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        play(RIG_SHAPE(scsi_answer), &answer, &rows[i]);
    rig_record_clear(&meter.alloc, RIG_SHAPE(scsi_answer), &answer);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static rig_status set_long(const char *path, size_t len)
{
    static char value[RIG_BYTES_MAX * 2 + 8];
    rig_ike_info info = {0};
    rig_error err = {0};
    memset(value, 'a', sizeof value);
    rig_status status = rig_record_set(&meter.alloc, RIG_SHAPE(ike_info), &info, rig_view_str(path),
                                       rig_view_of(value, len), &err);
    CU_ASSERT_EQUAL(err.status, status);
    return status;
}

static void set_has_limits(void)
{
    char path[64];
    rig_text text;
    rig_target_mapping mapping = {0};
    begin();
    CU_ASSERT_EQUAL(set_long("initiator", 255), RIG_OK);
    CU_ASSERT_EQUAL(set_long("initiator", 256), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(set_long("key", RIG_OCTETS_MAX), RIG_OK);
    CU_ASSERT_EQUAL(set_long("key", RIG_OCTETS_MAX + 1), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_record_set(&meter.alloc, RIG_SHAPE(ike_info), &mapping, rig_view_str("initiator"),
                                   rig_view_of("a\0b", 3), NULL),
                    RIG_E_SYNTAX);
    for (uint32_t i = 0; i < RIG_LIST_MAX; i++)
        rig_list_add(&meter.alloc, RIG_SHAPE(lun_mapping), &mapping.luns);
    rig_text_init(&text, path, sizeof path);
    rig_text_add(&text, "luns.%d.os-lun", RIG_LIST_MAX);
    CU_ASSERT_EQUAL(rig_record_set(&meter.alloc, RIG_SHAPE(target_mapping), &mapping, rig_view_str(path),
                                   rig_view_str("1"), NULL),
                    RIG_E_LIMIT);
    rig_record_clear(&meter.alloc, RIG_SHAPE(target_mapping), &mapping);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* Whatever get prints, set reads as the same: every single value of every shape but the secrets. */
static void get_and_set_agree(void)
{
    static char read[PATTERN_BYTES * 2 + 8];
    size_t num = 0;
    begin();
    for (rig_record_id id = 0; id < RIG_RECORDS; id++)
        for (size_t i = 0; i < rig_shape_of(id)->num_members; i++) {
            const rig_shape *shape = rig_shape_of(id);
            const rig_member *member = &shape->members[i];
            if (member->kind == RIG_MEMBER_PART || member->kind == RIG_MEMBER_LIST ||
                member->kind == RIG_MEMBER_SECRET)
                continue;
            const rig_shape one = {shape->name, shape->size, member, 1};
            void *record = pattern_new(&meter.alloc, &one, (uint32_t)i),
                 *other = rig_new(&meter.alloc, shape->size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(other);
            rig_text text;
            rig_text_init(&text, read, sizeof read);
            CU_ASSERT_EQUAL(rig_record_get(shape, record, rig_view_str(member->word), &text, NULL), RIG_OK);
            CU_ASSERT_EQUAL(rig_record_set(&meter.alloc, shape, other, rig_view_str(member->word),
                                           rig_view_of(read, text.len), NULL),
                            RIG_OK);
            CU_ASSERT(rig_record_equal(&one, record, other));
            pattern_free(&meter.alloc, &one, record);
            pattern_free(&meter.alloc, &one, other);
            num++;
        }
    CU_ASSERT(num > 100);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void set_runs_out_of_memory(void)
{
    static const char *const paths[][2] = {{"data", "0x0102"}, {"data", "text"}};
    rig_scsi_answer answer = {0};
    rig_target_mapping mapping = {0};
    begin();
    meter.fail_at = 1;
    meter.fail_on = true;
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(rig_record_set(&meter.alloc, RIG_SHAPE(scsi_answer), &answer,
                                       rig_view_str(paths[i][0]), rig_view_str(paths[i][1]), NULL),
                        RIG_E_NOMEM);
    CU_ASSERT_EQUAL(rig_record_set(&meter.alloc, RIG_SHAPE(target_mapping), &mapping,
                                   rig_view_str("luns.0.os-lun"), rig_view_str("1"), NULL),
                    RIG_E_NOMEM);
    CU_ASSERT_EQUAL(answer.data.len, 0);
    CU_ASSERT_EQUAL(mapping.luns.num, 0);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* ---- the tables ---- */

/* Room that was asked for is asked for once; there is none beyond the limit, and none without memory. */
static void room_is_made_at_once(void)
{
    rig_alloc_meter counted;
    rig_lun_mapping_list luns = {0};
    rig_target_mapping mapping = {0};
    rig_alloc_meter_init(&counted, rig_alloc_libc());
    counted.fail_at = 1;
    CU_ASSERT_EQUAL(rig_list_reserve(&counted.alloc, RIG_SHAPE(lun_mapping), &luns, 100), RIG_E_NOMEM);
    CU_ASSERT_EQUAL(rig_list_reserve(&counted.alloc, RIG_SHAPE(lun_mapping), &luns, 100), RIG_OK);
    for (uint32_t i = 0; i < 100; i++) {
        rig_lun_mapping *lun = rig_list_add(&counted.alloc, RIG_SHAPE(lun_mapping), &luns);
        CU_ASSERT_PTR_EQUAL(lun, &luns.ptr[i]);
    }
    CU_ASSERT_EQUAL(counted.num_calls, 2);
    CU_ASSERT_EQUAL(rig_list_reserve(&counted.alloc, RIG_SHAPE(lun_mapping), &luns, RIG_LIST_MAX - 99),
                    RIG_E_LIMIT);
    CU_ASSERT_EQUAL(luns.size, 100);
    mapping.luns = luns;
    rig_record_clear(&counted.alloc, RIG_SHAPE(target_mapping), &mapping);
    CU_ASSERT_EQUAL(counted.num_live, 0);
}

static void calls_and_codes_are_found(void)
{
    rig_code code;
    for (rig_call_id id = 0; id < RIG_CALLS; id++)
        CU_ASSERT_PTR_EQUAL(rig_call_find(rig_view_str(rig_call_of(id)->word)), rig_call_of(id));
    CU_ASSERT_PTR_NULL(rig_call_find(rig_view_str("log-in")));
    CU_ASSERT_EQUAL(rig_code_parse(rig_view_str("target-not-found"), &code), RIG_OK);
    CU_ASSERT_EQUAL((uint32_t)code, 0xEFFF0029);
    CU_ASSERT_EQUAL(rig_code_parse(rig_view_str("0xEFFF0068"), &code), RIG_OK);
    CU_ASSERT_STRING_EQUAL(rig_code_name(code), "invalid-host");
    CU_ASSERT_EQUAL(rig_code_parse(rig_view_str("0xEFFF0069"), &code), RIG_E_NOT_FOUND);
    CU_ASSERT(rig_code_is_warning(RIG_CODE_SHORT_CHAP_SECRET));
    CU_ASSERT(!rig_code_is_warning(RIG_CODE_INVALID_HOST));
    CU_ASSERT(!rig_code_is_warning(RIG_CODE_SUCCESS));
}

RIG_SUITE("management: records", {"every shape is copied", every_shape_is_copied},
          {"every member is compared", every_member_is_compared}, {"secrets are wiped", secrets_are_wiped},
          {"lists keep their order", lists_keep_order}, {"lists have a limit", lists_have_a_limit},
          {"bytes and octets have a limit", bytes_have_a_limit}, {"memory runs out", memory_runs_out},
          {"members have paths", members_have_paths}, {"bytes have paths", bytes_have_paths},
          {"limits of set", set_has_limits}, {"what get prints, set reads", get_and_set_agree},
          {"set runs out of memory", set_runs_out_of_memory}, {"room is made at once", room_is_made_at_once},
          {"calls and codes are found", calls_and_codes_are_found})
