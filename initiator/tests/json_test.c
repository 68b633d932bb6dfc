/* Records as JSON: every member of every shape comes back, nothing else gets in, secrets stay out. */
#include <stdlib.h>

#include "pattern.h"
#include "rig/calls.h"

static rig_alloc_meter meter;

static void begin(void)
{
    rig_alloc_meter_init(&meter, rig_alloc_libc());
}

static char *json_of(const rig_shape *shape, const void *record, rig_json_secrets secrets, size_t *out_len)
{
    char *text = NULL;
    CU_ASSERT_EQUAL_FATAL(rig_record_to_json(&meter.alloc, shape, record, secrets, &text, out_len), RIG_OK);
    CU_ASSERT_EQUAL(strlen(text), *out_len);
    CU_ASSERT_PTR_NULL(strchr(text, '\n'));
    return text;
}

/* What is written with those secrets is read as the record wanted. */
static void goes_round(const rig_shape *shape, const void *record, rig_json_secrets secrets,
                       const void *wanted)
{
    size_t len;
    rig_error err = {0};
    char *text = json_of(shape, record, secrets, &len);
    void *read = rig_new(&meter.alloc, shape->size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    CU_ASSERT_EQUAL(rig_record_from_json(&meter.alloc, shape, rig_view_of(text, len), read, &err), RIG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT(rig_record_equal(shape, read, wanted));
    pattern_free(&meter.alloc, shape, read);
    rig_delete(&meter.alloc, text, len + 1);
}

static void every_shape_goes_round(void)
{
    begin();
    for (rig_record_id id = 0; id < RIG_RECORDS; id++)
        for (uint32_t turn = 0; turn < 4; turn++) {
            const rig_shape *shape = rig_shape_of(id);
            void *record = pattern_new(&meter.alloc, shape, turn), *none = rig_new(&meter.alloc, shape->size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(none);
            CU_ASSERT(!rig_record_equal(shape, record, none));
            goes_round(shape, record, RIG_JSON_KEEP, record);
            goes_round(shape, none, RIG_JSON_KEEP, none);
            pattern_free(&meter.alloc, shape, none);
            pattern_free(&meter.alloc, shape, record);
        }
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static bool has_secret(const rig_shape *shape)
{
    bool secret = false;
    for (size_t i = 0; i < shape->num_members && !secret; i++) {
        const rig_member *member = &shape->members[i];
        secret = member->kind == RIG_MEMBER_SECRET;
        if (member->kind == RIG_MEMBER_PART || member->kind == RIG_MEMBER_LIST)
            secret = has_secret(rig_shape_of(member->record));
    }
    return secret;
}

static bool shows_secret(const char *text)
{
    return strstr(text, PATTERN_SECRET) || strstr(text, PATTERN_SECRET_HEX);
}

static void secrets_are_left_out(void)
{
    size_t len, num = 0;
    begin();
    for (rig_record_id id = 0; id < RIG_RECORDS; id++)
        for (uint32_t turn = 0; turn < 2; turn++) {
            const rig_shape *shape = rig_shape_of(id);
            void *record = pattern_new(&meter.alloc, shape, turn),
                 *hidden = rig_new(&meter.alloc, shape->size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(hidden);
            char *text = json_of(shape, record, RIG_JSON_KEEP, &len);
            CU_ASSERT_EQUAL(shows_secret(text), has_secret(shape));
            num += has_secret(shape);
            rig_delete(&meter.alloc, text, len + 1);
            text = json_of(shape, record, RIG_JSON_HIDE, &len);
            CU_ASSERT(!shows_secret(text));
            rig_delete(&meter.alloc, text, len + 1);
            CU_ASSERT_EQUAL(rig_record_copy(&meter.alloc, shape, record, hidden), RIG_OK);
            rig_record_hide(shape, hidden);
            goes_round(shape, record, RIG_JSON_HIDE, hidden);
            pattern_free(&meter.alloc, shape, hidden);
            pattern_free(&meter.alloc, shape, record);
        }
    CU_ASSERT(num >= 10);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* The form that others rely on, typed by hand. */
static void form_is_as_written(void)
{
    static const char wanted[] =
        "{\"target\":\"iqn.2026-01.org.example:\\\"d\\u000a\\\\\",\"port\":4294967295,\"has-portal\":true,"
        "\"portal\":{\"address\":\"fe80::1\",\"socket\":3260},\"security-flags\":\"0x8000000000000001\","
        "\"mapping\":{\"luns\":[{},{\"os-lun\":7}]},"
        "\"options\":{\"username\":{\"text\":\"J\xc3\xbcrgen\"},\"password\":{\"hex\":\"00ff\"}}}";
    size_t len;
    rig_login login = {.target = "iqn.2026-01.org.example:\"d\n\\",
                       .port = RIG_PORT_ANY,
                       .has_portal = true,
                       .portal = {.address = "fe80::1", .socket = 3260},
                       .security_flags = 0x8000000000000001};
    begin();
    rig_octets_set(&login.options.username, rig_view_str("J\xc3\xbcrgen"));
    rig_octets_set(&login.options.password, rig_view_of("\x00\xff", 2));
    CU_ASSERT_PTR_NOT_NULL(rig_list_add(&meter.alloc, RIG_SHAPE(lun_mapping), &login.mapping.luns));
    rig_lun_mapping *lun = rig_list_add(&meter.alloc, RIG_SHAPE(lun_mapping), &login.mapping.luns);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lun);
    lun->os_lun = 7;
    char *text = json_of(RIG_SHAPE(login), &login, RIG_JSON_KEEP, &len);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    rig_delete(&meter.alloc, text, len + 1);
    rig_octets_set(&login.options.username, rig_view_str(""));
    rig_list_remove(&meter.alloc, RIG_SHAPE(lun_mapping), &login.mapping.luns, 1);
    rig_list_remove(&meter.alloc, RIG_SHAPE(lun_mapping), &login.mapping.luns, 0);
    login.port = 0;
    login.security_flags = 0;
    text = json_of(RIG_SHAPE(login), &login, RIG_JSON_HIDE, &len);
    CU_ASSERT_STRING_EQUAL(text,
                           "{\"target\":\"iqn.2026-01.org.example:\\\"d\\u000a\\\\\",\"has-portal\":true,"
                           "\"portal\":{\"address\":\"fe80::1\",\"socket\":3260}}");
    rig_delete(&meter.alloc, text, len + 1);
    rig_record_clear(&meter.alloc, RIG_SHAPE(login), &login);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* A peer's text may be anything; JSON may not, and no text may grow beyond its member. */
static void no_utf8_is_written(void)
{
    size_t len;
    rig_label label = {.text = "a\xff\xc3"}, read;
    begin();
    char *text = json_of(RIG_SHAPE(label), &label, RIG_JSON_KEEP, &len);
    CU_ASSERT_STRING_EQUAL(text, "{\"text\":\"a??\"}");
    rig_delete(&meter.alloc, text, len + 1);
    memset(label.text, 0x80, sizeof label.text - 1);
    text = json_of(RIG_SHAPE(label), &label, RIG_JSON_KEEP, &len);
    CU_ASSERT_EQUAL(rig_record_from_json(&meter.alloc, RIG_SHAPE(label), rig_view_of(text, len), &read, NULL),
                    RIG_OK);
    CU_ASSERT_EQUAL(strlen(read.text), sizeof label.text - 1);
    rig_delete(&meter.alloc, text, len + 1);
}

typedef struct hostile {
    rig_record_id record;
    const char *text;
    rig_status status;
    const char *field;
} hostile;

#define LOGIN RIG_RECORD_login
#define DEVICE RIG_RECORD_device
#define ANSWER RIG_RECORD_scsi_answer

static const hostile refused[] = {
    {LOGIN, "", RIG_E_SYNTAX, ""},
    {LOGIN, "{", RIG_E_SYNTAX, ""},
    {LOGIN, "null", RIG_E_SYNTAX, ""},
    {LOGIN, "[]", RIG_E_SYNTAX, ""},
    {LOGIN, "{} {}", RIG_E_SYNTAX, ""},
    {LOGIN, "{'target':'a'}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"target\":\"a\",}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"targat\":\"a\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"portal\":{\"port\":1}}", RIG_E_SYNTAX, "portal"},
    {LOGIN, "{\"mapping\":{\"luns\":[{},{},{\"lun\":1}]}}", RIG_E_SYNTAX, "mapping.luns.2"},
    {LOGIN, "{\"target\":\"a\",\"target\":\"a\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"target\":null}", RIG_E_SYNTAX, "target"},
    {LOGIN, "{\"target\":1}", RIG_E_SYNTAX, "target"},
    {LOGIN, "{\"target\":\"a\\u0000b\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"target\":\"\xff\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"target\":\"\xc0\xaf\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"target\":\"\xed\xa0\x80\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"target\":\"\\ud800\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"tar\xff\":\"a\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"tar\\u0000get\":\"a\"}", RIG_E_SYNTAX, ""},
    {LOGIN, "{\"informational\":1}", RIG_E_SYNTAX, "informational"},
    {LOGIN, "{\"informational\":\"yes\"}", RIG_E_SYNTAX, "informational"},
    {LOGIN, "{\"port\":\"1\"}", RIG_E_SYNTAX, "port"},
    {LOGIN, "{\"port\":1.0}", RIG_E_SYNTAX, "port"},
    {LOGIN, "{\"port\":true}", RIG_E_SYNTAX, "port"},
    {LOGIN, "{\"port\":-1}", RIG_E_LIMIT, "port"},
    {LOGIN, "{\"port\":4294967296}", RIG_E_LIMIT, "port"},
    {LOGIN, "{\"port\":9223372036854775807}", RIG_E_LIMIT, "port"},
    {LOGIN, "{\"port\":9223372036854775808}", RIG_E_LIMIT, ""},
    {LOGIN, "{\"port\":100000000000000000000000000000000000000000000000000000}", RIG_E_LIMIT, ""},
    {LOGIN, "{\"port\":1e999}", RIG_E_LIMIT, ""},
    {LOGIN, "{\"portal\":{\"socket\":65536}}", RIG_E_LIMIT, "portal.socket"},
    {LOGIN, "{\"portal\":{\"socket\":-65535}}", RIG_E_LIMIT, "portal.socket"},
    {DEVICE, "{\"scsi-lun\":256}", RIG_E_LIMIT, "scsi-lun"},
    {LOGIN, "{\"security-flags\":1}", RIG_E_SYNTAX, "security-flags"},
    {LOGIN, "{\"security-flags\":\"\"}", RIG_E_SYNTAX, "security-flags"},
    {LOGIN, "{\"security-flags\":\"0x\"}", RIG_E_SYNTAX, "security-flags"},
    {LOGIN, "{\"security-flags\":\"-1\"}", RIG_E_SYNTAX, "security-flags"},
    {LOGIN, "{\"security-flags\":\"0x10000000000000000\"}", RIG_E_SYNTAX, "security-flags"},
    {LOGIN, "{\"portal\":[]}", RIG_E_SYNTAX, "portal"},
    {LOGIN, "{\"portal\":\"10.0.0.1\"}", RIG_E_SYNTAX, "portal"},
    {LOGIN, "{\"mapping\":{\"luns\":{}}}", RIG_E_SYNTAX, "mapping.luns"},
    {LOGIN, "{\"mapping\":{\"luns\":[1]}}", RIG_E_SYNTAX, "mapping.luns.0"},
    {LOGIN, "{\"key\":\"a\"}", RIG_E_SYNTAX, "key"},
    {LOGIN, "{\"key\":{}}", RIG_E_SYNTAX, "key"},
    {LOGIN, "{\"key\":{\"text\":1}}", RIG_E_SYNTAX, "key"},
    {LOGIN, "{\"key\":{\"text\":\"a\",\"hex\":\"61\"}}", RIG_E_SYNTAX, "key"},
    {LOGIN, "{\"key\":{\"base64\":\"YQ==\"}}", RIG_E_SYNTAX, "key"},
    {LOGIN, "{\"key\":{\"hex\":\"0\"}}", RIG_E_SYNTAX, "key"},
    {LOGIN, "{\"key\":{\"hex\":\"0g\"}}", RIG_E_SYNTAX, "key"},
    {LOGIN, "{\"key\":{\"hex\":\"00  11\"}}", RIG_E_SYNTAX, "key"},
    {ANSWER, "{\"data\":{\"hex\":\"00  11\"}}", RIG_E_SYNTAX, "data"},
    {ANSWER, "{\"data\":{\"hex\":\"000\"}}", RIG_E_SYNTAX, "data"},
    {ANSWER, "{\"data\":[0,1]}", RIG_E_SYNTAX, "data"},
};

/* What is refused leaves an empty record, and says why without a word of what was wrong. */
static void refuse(rig_record_id id, rig_view text, rig_status status, const char *field)
{
    const rig_shape *shape = rig_shape_of(id);
    rig_error err = {0};
    void *record = rig_new(&meter.alloc, shape->size), *none = rig_new(&meter.alloc, shape->size);
    CU_ASSERT_FATAL(record && none);
    memset(record, 0xa5, shape->size);
    CU_ASSERT_EQUAL(rig_record_from_json(&meter.alloc, shape, text, record, &err), status);
    CU_ASSERT_EQUAL(err.status, status);
    CU_ASSERT_STRING_EQUAL(err.field, field);
    CU_ASSERT_STRING_NOT_EQUAL(err.text, "");
    CU_ASSERT(rig_record_equal(shape, record, none));
    memset(record, 0xa5, shape->size);
    CU_ASSERT_EQUAL(rig_record_from_json(&meter.alloc, shape, text, record, NULL), status);
    rig_delete(&meter.alloc, record, shape->size);
    rig_delete(&meter.alloc, none, shape->size);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void hostile_json_is_refused(void)
{
    begin();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        refuse(refused[i].record, rig_view_str(refused[i].text), refused[i].status, refused[i].field);
    refuse(LOGIN, (rig_view){0}, RIG_E_SYNTAX, "");
    refuse(LOGIN, rig_view_of("{}\0", 3), RIG_E_SYNTAX, "");
    refuse(LOGIN, rig_view_of("{\"target\":\"a\0b\"}", 16), RIG_E_SYNTAX, "");
}

/* One bracket more than RIG_RECORD_DEPTH records need; brackets in texts do not count. */
static void depth_has_a_limit(void)
{
    static char text[100000];
    begin();
    memset(text, '[', sizeof text);
    refuse(LOGIN, rig_view_of(text, 2 * RIG_RECORD_DEPTH + 1), RIG_E_SYNTAX, "");
    refuse(LOGIN, rig_view_of(text, 2 * RIG_RECORD_DEPTH + 2), RIG_E_LIMIT, "");
    refuse(LOGIN, rig_view_of(text, sizeof text), RIG_E_LIMIT, "");
    static const char quoted[] = "{\"target\":\"\\\"[[[[[[[[[[[[[[[[[[[[\"}";
    rig_login login;
    CU_ASSERT_EQUAL(rig_record_from_json(&meter.alloc, RIG_SHAPE(login), rig_view_str(quoted), &login, NULL),
                    RIG_OK);
    CU_ASSERT_STRING_EQUAL(login.target, "\"[[[[[[[[[[[[[[[[[[[[");
}

static uint32_t depth_of(const rig_shape *shape)
{
    uint32_t depth = 0;
    for (size_t i = 0; i < shape->num_members; i++) {
        const rig_member *member = &shape->members[i];
        if (member->kind != RIG_MEMBER_PART && member->kind != RIG_MEMBER_LIST)
            continue;
        uint32_t inner = depth_of(rig_shape_of(member->record));
        depth = inner > depth ? inner : depth;
    }
    return depth + 1;
}

static void no_shape_is_too_deep(void)
{
    uint32_t deepest = 0;
    for (rig_record_id id = 0; id < RIG_RECORDS; id++)
        deepest = depth_of(rig_shape_of(id)) > deepest ? depth_of(rig_shape_of(id)) : deepest;
    CU_ASSERT(deepest >= 3);
    CU_ASSERT(deepest <= RIG_RECORD_DEPTH);
}

/* before, num times what is repeated, behind. */
static char *build(const char *before, const char *repeated, size_t num, const char *behind, size_t *out_len)
{
    size_t size = strlen(before) + strlen(repeated) * num + strlen(behind) + 1;
    rig_text text;
    char *built = malloc(size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(built);
    rig_text_init(&text, built, size);
    rig_text_add(&text, "%s", before);
    for (size_t i = 0; i < num; i++)
        rig_text_view(&text, rig_view_str(repeated));
    rig_text_add(&text, "%s", behind);
    CU_ASSERT(!text.cut);
    *out_len = text.len;
    return built;
}

static void limit_at(rig_record_id id, const char *before, const char *repeated, size_t num,
                     const char *behind, const char *field)
{
    const rig_shape *shape = rig_shape_of(id);
    void *record = rig_new(&meter.alloc, shape->size);
    rig_error err = {0};
    size_t len;
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    char *text = build(before, repeated, num, behind, &len);
    CU_ASSERT_EQUAL(rig_record_from_json(&meter.alloc, shape, rig_view_of(text, len), record, &err), RIG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    pattern_free(&meter.alloc, shape, record);
    free(text);
    text = build(before, repeated, num + 1, behind, &len);
    refuse(id, rig_view_of(text, len), RIG_E_LIMIT, field);
    free(text);
}

static void limits_hold(void)
{
    begin();
    limit_at(LOGIN, "{\"target\":\"", "a", RIG_NAME_MAX, "\"}", "target");
    limit_at(RIG_RECORD_label, "{\"text\":\"", "a", 255, "\"}", "text");
    limit_at(LOGIN, "{\"key\":{\"text\":\"", "a", RIG_OCTETS_MAX, "\"}}", "key");
    limit_at(LOGIN, "{\"key\":{\"hex\":\"", "0a", RIG_OCTETS_MAX, "\"}}", "key");
    limit_at(LOGIN, "{\"options\":{\"username\":{\"hex\":\"", "A0", RIG_OCTETS_MAX, "\"}}}",
             "options.username");
    limit_at(ANSWER, "{\"data\":{\"text\":\"", "a", RIG_BYTES_MAX, "\"}}", "data");
    limit_at(ANSWER, "{\"sense\":{\"hex\":\"", "70", RIG_BYTES_MAX, "\"}}", "sense");
    limit_at(LOGIN, "{\"mapping\":{\"luns\":[{}", ",{}", RIG_LIST_MAX - 1, "]}}", "mapping.luns");
    rig_device device;
    const char *largest = "{\"scsi-lun\":255,\"number\":4294967295,\"target-lun\":\"0xffffffffffffffff\"}";
    CU_ASSERT_EQUAL(
        rig_record_from_json(&meter.alloc, RIG_SHAPE(device), rig_view_str(largest), &device, NULL), RIG_OK);
    CU_ASSERT_EQUAL(device.scsi_lun, 255);
    CU_ASSERT_EQUAL(device.number, UINT32_MAX);
    CU_ASSERT_EQUAL(device.target_lun, UINT64_MAX);
}

/* The n-th allocation fails: a status, nothing left, no half record. */
static void memory_runs_out(void)
{
    const rig_shape *shape = RIG_SHAPE(target_instances);
    bool done = false;
    size_t len, size;
    begin();
    void *record = pattern_new(&meter.alloc, shape, 1), *read = rig_new(&meter.alloc, shape->size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    char *text = json_of(shape, record, RIG_JSON_KEEP, &len), *again = NULL;
    const uint64_t live = meter.num_live;
    meter.fail_at = meter.num_calls + 1;
    CU_ASSERT_EQUAL(rig_record_to_json(&meter.alloc, shape, record, RIG_JSON_KEEP, &again, &size),
                    RIG_E_NOMEM);
    CU_ASSERT_PTR_NULL(again);
    for (uint64_t n = 1; n < 100 && !done; n++) {
        rig_error err = {0};
        meter.fail_at = meter.num_calls + n;
        rig_status status = rig_record_from_json(&meter.alloc, shape, rig_view_of(text, len), read, &err);
        done = status == RIG_OK;
        CU_ASSERT(done || (status == RIG_E_NOMEM && meter.num_live == live && err.field[0] != '\0'));
        CU_ASSERT_EQUAL(rig_record_equal(shape, read, record), done);
    }
    CU_ASSERT(done);
    meter.fail_at = 0;
    rig_delete(&meter.alloc, text, len + 1);
    pattern_free(&meter.alloc, shape, read);
    pattern_free(&meter.alloc, shape, record);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

RIG_SUITE("management: JSON", {"every member of every shape goes round", every_shape_goes_round},
          {"secrets are left out", secrets_are_left_out}, {"the form is as written", form_is_as_written},
          {"a text that is no UTF-8 is written", no_utf8_is_written},
          {"hostile JSON is refused", hostile_json_is_refused}, {"depth has a limit", depth_has_a_limit},
          {"no shape is too deep", no_shape_is_too_deep}, {"limits hold, and one past them", limits_hold},
          {"memory runs out", memory_runs_out})
