/* Blocks of the driver interface: where everything stands, what goes there and back, and what hostile ones
 * come to. Offsets and bytes are typed from the public description of the structures. */
#include "rig/wmi.h"
#include "suite.h"

#include <stdlib.h>

#define NAME "iqn.2001-04.com.example:disk"
#define ROOM 8192

static uint8_t block[ROOM];

static void parse(rig_record_id record, const char *json, void *out)
{
    rig_error error = {0};
    if (rig_record_from_json(rig_alloc_libc(), rig_shape_of(record), rig_view_str(json), out, &error))
        CU_FAIL(json);
}

static void put(size_t at, size_t size, uint64_t number)
{
    for (size_t i = 0; i < size; i++, number >>= 8)
        block[at + i] = (uint8_t)number;
}

static uint64_t get(size_t at, size_t size)
{
    uint64_t number = 0;
    while (size-- > 0)
        number = number << 8 | block[at + size];
    return number;
}

static void put_wide(size_t at, const char *ascii)
{
    for (size_t i = 0; i <= strlen(ascii); i++)
        put(at + 2 * i, 2, (uint8_t)ascii[i]);
}

static void set_text(char *to, size_t size, const char *from)
{
    rig_text text;
    rig_text_init(&text, to, size);
    rig_text_add(&text, "%s", from);
}

static bool has_wide(size_t at, const char *ascii)
{
    size_t i = 0;
    while (i <= strlen(ascii) && get(at + 2 * i, 2) == (uint8_t)ascii[i])
        i++;
    return i > strlen(ascii);
}

/* ---- layout ---- */

static size_t fields[RIG_BLOCKS], tails[RIG_BLOCKS];

static void check_block(rig_block_id id, const char *name, size_t size, size_t align)
{
    const rig_block *row = rig_block_of(id);
    if (strcmp(row->name, name) || row->size != size || row->align != align)
        CU_FAIL(name);
    CU_ASSERT_EQUAL(size % align, 0);
}

static void check_member(rig_block_id id, const char *name, size_t at, size_t size)
{
    const rig_block_field *row = &rig_block_of(id)->fields[fields[id]++];
    if (fields[id] > rig_block_of(id)->num_fields || strcmp(row->name, name) || row->at != at ||
        row->size != size)
        CU_FAIL(name);
}

static void check_tail(rig_block_id id, const char *name, size_t at, size_t size)
{
    const rig_block_tail *row = &rig_block_of(id)->tails[tails[id]++];
    if (tails[id] > rig_block_of(id)->num_tails || strcmp(row->name, name) || row->at != at ||
        row->size != size)
        CU_FAIL(name);
}

static void layout(void)
{
    memset(fields, 0, sizeof fields);
    memset(tails, 0, sizeof tails);
#define WMI_BLOCK(id, name, size, align) check_block(RIG_BLOCK_##id, name, size, align);
#define WMI_MEMBER(id, name, at, size) check_member(RIG_BLOCK_##id, name, at, size);
#define WMI_TAIL(id, name, at, size) check_tail(RIG_BLOCK_##id, name, at, size);
#include "wmi_layout.def"
    for (size_t i = 0; i < RIG_BLOCKS; i++) {
        const rig_block *row = rig_block_of((rig_block_id)i);
        CU_ASSERT_EQUAL(fields[i], row->num_fields);
        CU_ASSERT_EQUAL(tails[i], row->num_tails);
        CU_ASSERT_EQUAL(row->tails_at, row->num_tails ? row->tails[0].at : 0);
    }
}

/* ---- a kept login ---- */

#define KEPT                                                                                                 \
    "{\"target\":\"" NAME "\",\"informational\":true,\"port\":3,\"has-portal\":true,"                        \
    "\"portal\":{\"address\":\"192.0.2.1\",\"socket\":3261},\"security-flags\":\"0x4300000001\","            \
    "\"has-mapping\":true,\"mapping\":{\"target\":\"t\",\"session\":{\"specific\":\"0x7\"},\"os-bus\":1,"    \
    "\"os-target\":2,\"luns\":[{\"os-lun\":5,\"target-lun\":\"0x1000000000000\"},{\"os-lun\":6}]},"          \
    "\"has-options\":true,\"options\":{\"specified\":161,\"flags\":2,\"auth-type\":1,\"header-digest\":1,"   \
    "\"max-connections\":4,\"time2wait\":8,\"time2retain\":9,\"username\":{\"text\":\"me!\"}},"              \
    "\"persistent\":true,\"isid-id\":4660}"

static size_t write(rig_block_id id, const void *record)
{
    size_t len = 0;
    rig_error error = {0};
    memset(block, 0xa5, sizeof block);
    CU_ASSERT_EQUAL(rig_block_write(id, record, block, sizeof block, &len, &error), RIG_OK);
    CU_ASSERT_EQUAL(block[len], 0xa5);
    return len;
}

/* The LUNs of the mapping come first, the user's name directly behind them. */
static void kept_written(void)
{
    rig_login login = {0};
    parse(RIG_RECORD_login, KEPT, &login);
    CU_ASSERT_EQUAL(write(RIG_BLOCK_PERSISTENT_LOGIN, &login), 1536 + 2 * 16 + 3);
    CU_ASSERT_TRUE(has_wide(0, NAME));
    CU_ASSERT_EQUAL(get(448, 8), 0x4300000001);
    CU_ASSERT_TRUE(get(456, 4) == 3 && get(460, 4) == 3);
    CU_ASSERT_TRUE(get(464, 1) == 1 && get(466, 2) == 4660);
    CU_ASSERT_TRUE(get(468, 4) == 1 && memcmp(block + 472, "\300\0\2\1", 4) == 0 && get(1020, 2) == 3261);
    CU_ASSERT_TRUE(get(1024, 4) == 161 && get(1028, 4) == 1 && get(1032, 4) == 0 && get(1036, 4) == 4);
    CU_ASSERT_TRUE(get(1040, 4) == 8 && get(1044, 4) == 9 && get(1048, 4) == 2 && get(1052, 4) == 1);
    CU_ASSERT_TRUE(get(1056, 4) == 1 && get(1060, 4) == 2 && get(1064, 8) == 7 && get(1072, 4) == 2);
    CU_ASSERT_TRUE(has_wide(1076, "t") && get(1524, 1) == 1);
    CU_ASSERT_TRUE(get(1536, 8) == 0x1000000000000 && get(1544, 4) == 5 && get(1560, 4) == 6);
    CU_ASSERT_EQUAL(memcmp(block + 1568, "me!", 3), 0);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(login), &login);
}

static void kept_read(void)
{
    rig_login login = {0}, wanted = {0};
    size_t used = 0;
    parse(RIG_RECORD_login, KEPT, &wanted);
    const size_t len = write(RIG_BLOCK_PERSISTENT_LOGIN, &wanted);
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, rig_view_of(block, len + 9),
                                   &login, &used, NULL),
                    RIG_OK);
    CU_ASSERT_EQUAL(used, len);
    CU_ASSERT_TRUE(rig_record_equal(RIG_SHAPE(login), &login, &wanted));
    rig_block_clear(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, &login);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(login), &wanted);
}

/* Without portal, options and mapping: no address, nothing specified, any bus and target. A name is at once
 * behind the fixed part. */
static void kept_bare(void)
{
    rig_login login = {0}, wanted = {.target = NAME, .port = RIG_PORT_ANY, .persistent = true};
    size_t used = 0;
    CU_ASSERT_EQUAL(write(RIG_BLOCK_PERSISTENT_LOGIN, &wanted), 1536);
    CU_ASSERT_TRUE(get(468, 4) == 3 && get(1020, 2) == 0 && get(1024, 4) == 0);
    CU_ASSERT_TRUE(get(1056, 4) == UINT32_MAX && get(1060, 4) == UINT32_MAX && get(1072, 4) == 0);
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, rig_view_of(block, 1536),
                                   &login, &used, NULL),
                    RIG_OK);
    CU_ASSERT_TRUE(rig_record_equal(RIG_SHAPE(login), &login, &wanted));
    put(460, 4, 2);
    memcpy(block + 1536, "us", 2);
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, rig_view_of(block, 1538),
                                   &login, &used, NULL),
                    RIG_OK);
    CU_ASSERT_TRUE(login.has_options && rig_view_is(rig_octets_view(&login.options.username), "us"));
}

/* No password has a place in a kept login's block: one that the record still has does not get there. */
static void kept_secret(void)
{
    rig_login login = {.target = NAME, .has_options = true};
    CU_ASSERT_EQUAL(rig_octets_set(&login.options.password, rig_view_str("hidden secret")), RIG_OK);
    CU_ASSERT_EQUAL(rig_octets_set(&login.key, rig_view_str("hidden key")), RIG_OK);
    const size_t len = write(RIG_BLOCK_PERSISTENT_LOGIN, &login);
    CU_ASSERT_EQUAL(len, 1536);
    CU_ASSERT_PTR_NULL(memmem(block, len, "hidden", 6));
}

/* ---- the other blocks ---- */

/* In this order behind the LUNs: key, name, password. */
static void login_tails(void)
{
    rig_block_login in = {.node = "iqn.us", .alias = "we"}, out = {0};
    size_t used = 0;
    parse(RIG_RECORD_login, KEPT, &in.login);
    in.login.persistent = false;
    CU_ASSERT_EQUAL(rig_octets_set(&in.login.key, rig_view_str("kk")), RIG_OK);
    CU_ASSERT_EQUAL(rig_octets_set(&in.login.options.password, rig_view_str("pppp")), RIG_OK);
    const size_t len = write(RIG_BLOCK_LOGIN, &in);
    CU_ASSERT_EQUAL(len, 2512 + 32 + 2 + 3 + 4);
    CU_ASSERT_EQUAL(memcmp(block + 2544, "kkme!pppp", 9), 0);
    CU_ASSERT_TRUE(get(604, 4) == 3 && get(608, 4) == 4 && get(612, 4) == 2);
    CU_ASSERT_TRUE(get(36, 4) == 1 && get(618, 1) == 0 && get(2500, 1) == 0);
    CU_ASSERT_TRUE(has_wide(620, "iqn.us") && has_wide(1068, "we") && has_wide(1580, NAME));
    CU_ASSERT_EQUAL(
        rig_block_read(rig_alloc_libc(), RIG_BLOCK_LOGIN, rig_view_of(block, len), &out, &used, NULL),
        RIG_OK);
    CU_ASSERT_TRUE(rig_record_equal(RIG_SHAPE(login), &in.login, &out.login));
    CU_ASSERT_TRUE(strcmp(out.node, in.node) == 0 && strcmp(out.alias, in.alias) == 0);
    rig_block_clear(rig_alloc_libc(), RIG_BLOCK_LOGIN, &in);
    rig_block_clear(rig_alloc_libc(), RIG_BLOCK_LOGIN, &out);
}

/* Elements of a list are as long as their tails make them, and begin at multiples of eight. */
static void login_list(void)
{
    rig_logins in = {0}, out = {0};
    size_t used = 0;
    parse(RIG_RECORD_logins, "{\"logins\":[" KEPT ",{\"target\":\"b\",\"persistent\":true}]}", &in);
    const size_t len = write(RIG_BLOCK_LOGINS, &in);
    CU_ASSERT_EQUAL(len, 8 + 1576 + 1536);
    CU_ASSERT_TRUE(get(0, 4) == 2 && has_wide(8, NAME) && has_wide(8 + 1576, "b"));
    CU_ASSERT_EQUAL(
        rig_block_read(rig_alloc_libc(), RIG_BLOCK_LOGINS, rig_view_of(block, len), &out, &used, NULL),
        RIG_OK);
    CU_ASSERT_TRUE(rig_record_equal(RIG_SHAPE(logins), &in, &out));
    CU_ASSERT_EQUAL(used, len);
    rig_block_clear(rig_alloc_libc(), RIG_BLOCK_LOGINS, &in);
    rig_block_clear(rig_alloc_libc(), RIG_BLOCK_LOGINS, &out);
}

static void mapping_list(void)
{
    rig_block_mappings in = {.adapter = 9}, out = {0};
    size_t used = 0;
    parse(RIG_RECORD_mappings,
          "{\"mappings\":[{\"target\":\"a\",\"session\":{\"adapter\":\"0x9\",\"specific\":\"0x1\"},"
          "\"luns\":[{\"target-lun\":\"0x2\"}]},{\"session\":{\"adapter\":\"0x9\"},\"os-bus\":1}]}",
          &in.mappings);
    const size_t len = write(RIG_BLOCK_MAPPINGS, &in);
    CU_ASSERT_EQUAL(len, 16 + 496 + 480);
    CU_ASSERT_TRUE(get(0, 8) == 9 && get(8, 4) == 2 && get(16 + 8, 8) == 1 && get(512, 4) == 1);
    CU_ASSERT_EQUAL(
        rig_block_read(rig_alloc_libc(), RIG_BLOCK_MAPPINGS, rig_view_of(block, len), &out, &used, NULL),
        RIG_OK);
    CU_ASSERT_TRUE(rig_record_equal(RIG_SHAPE(mappings), &in.mappings, &out.mappings));
    rig_block_clear(rig_alloc_libc(), RIG_BLOCK_MAPPINGS, &in);
    rig_block_clear(rig_alloc_libc(), RIG_BLOCK_MAPPINGS, &out);
}

/* A record goes into its block and comes back. */
static void goes_round(rig_block_id id, const char *json, size_t bytes)
{
    const rig_block *row = rig_block_of(id);
    void *in = calloc(1, row->record_size), *out = calloc(1, row->record_size);
    size_t used = 0;
    parse(row->record, json, in);
    CU_ASSERT_EQUAL(write(id, in), bytes);
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), id, rig_view_of(block, bytes), out, &used, NULL),
                    RIG_OK);
    if (used != bytes || !rig_record_equal(rig_shape_of(row->record), in, out))
        CU_FAIL(json);
    rig_block_clear(rig_alloc_libc(), id, in);
    rig_block_clear(rig_alloc_libc(), id, out);
    free(in);
    free(out);
}

static void small_blocks(void)
{
    goes_round(
        RIG_BLOCK_ADD_CONNECTION,
        "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"},\"port\":3,\"security-flags\":\"0x7\","
        "\"portal\":{\"address\":\"disk.example\",\"socket\":3260},\"has-options\":true,"
        "\"options\":{\"specified\":96,\"username\":{\"text\":\"u\"},\"password\":{\"text\":\"pw\"}},"
        "\"key\":{\"text\":\"key\"}}",
        628 + 6);
    CU_ASSERT_EQUAL(memcmp(block + 628, "keyupw", 6), 0);
    goes_round(RIG_BLOCK_REMOVE_LOGIN, "{\"port\":1,\"target\":\"" NAME "\"}", 1008);
    CU_ASSERT_EQUAL(get(452, 4), 3);
    goes_round(RIG_BLOCK_REMOVE_LOGIN,
               "{\"target\":\"" NAME "\",\"has-portal\":true,\"portal\":{\"address\":\"::1\",\"socket\":1}}",
               1008);
    goes_round(RIG_BLOCK_KEY_FOR_ID,
               "{\"port\":1,\"method\":1,\"security-flags\":\"0x7\",\"id-type\":2,\"id\":{\"text\":\"me\"},"
               "\"key\":{\"text\":\"abc\"}}",
               28 + 5);
    CU_ASSERT_EQUAL(memcmp(block + 28, "meabc", 5), 0);
    goes_round(RIG_BLOCK_GROUP_KEY, "{\"secret\":{\"text\":\"abc\"}}", 7);
    goes_round(RIG_BLOCK_LOGOUT, "{\"session\":{\"specific\":\"0x102030405060708\"}}", 8);
    goes_round(RIG_BLOCK_REMOVE_CONNECTION,
               "{\"session\":{\"specific\":\"0x1\"},\"connection\":{\"specific\":\"0x2\"}}", 16);
}

/* ---- addresses ---- */

static void addresses(void)
{
    static const struct {
        const char *host;
        uint32_t type;
    } rows[] = {{"", 3},          {"disk.example", 0}, {"192.0.2.255", 1}, {"2001:db8::1", 2},
                {"fe80::1%7", 2}, {"fe80::1%eth0", 0}, {"192.0.2.1%7", 0}, {"fe80::1%0", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_target_portal in = {.socket = 1}, out = {0};
        size_t used = 0;
        set_text(in.address, sizeof in.address, rows[i].host);
        CU_ASSERT_EQUAL(write(RIG_BLOCK_PORTAL, &in), 556);
        CU_ASSERT_EQUAL(get(0, 4), rows[i].type);
        CU_ASSERT_EQUAL(
            rig_block_read(rig_alloc_libc(), RIG_BLOCK_PORTAL, rig_view_of(block, 556), &out, &used, NULL),
            RIG_OK);
        CU_ASSERT_STRING_EQUAL(out.address, rows[i].host);
    }
    CU_ASSERT_EQUAL(get(28, 4), 0);
    rig_target_portal out = {0};
    size_t used = 0;
    put(0, 4, 0);
    put_wide(32, "2001:DB8:0::1");
    CU_ASSERT_EQUAL(
        rig_block_read(rig_alloc_libc(), RIG_BLOCK_PORTAL, rig_view_of(block, 556), &out, &used, NULL),
        RIG_OK);
    CU_ASSERT_STRING_EQUAL(out.address, "2001:db8::1");
}

/* ---- hostile blocks ---- */

static void refused(rig_block_id id, size_t len, rig_status wanted, size_t offset, const char *member)
{
    rig_alloc_meter meter;
    rig_error error = {0};
    size_t used = 0;
    uint8_t *exact = malloc(len ? len : 1);
    uint8_t *record = calloc(1, rig_block_of(id)->record_size);
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    memcpy(exact, block, len);
    CU_ASSERT_EQUAL(rig_block_read(&meter.alloc, id, rig_view_of(exact, len), record, &used, &error), wanted);
    CU_ASSERT_EQUAL(error.status, wanted);
    CU_ASSERT_EQUAL(error.offset, offset);
    CU_ASSERT_STRING_EQUAL(error.field, member);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    for (size_t i = 0; i < rig_block_of(id)->record_size; i++)
        if (record[i])
            CU_FAIL("something is left of what was refused");
    free(record);
    free(exact);
}

static void kept_login_here(void)
{
    rig_login login = {.target = NAME};
    write(RIG_BLOCK_PERSISTENT_LOGIN, &login);
}

/* Every shorter block is one that ended too early. */
static void too_short(void)
{
    kept_login_here();
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 0, RIG_E_TRUNCATED, 0, "ISCSI_Persistent_Login");
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1535, RIG_E_TRUNCATED, 0, "ISCSI_Persistent_Login");
    put(460, 4, 1);
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1536, RIG_E_TRUNCATED, 1536, "Username");
    put(1072, 4, 1);
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1551, RIG_E_TRUNCATED, 1536, "TargetMapping.LUNList");
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1552, RIG_E_TRUNCATED, 1552, "Username");
}

/* Sizes whose sums and products would not fit in 32 bits. */
static void overflowing(void)
{
    static const uint32_t sizes[] = {0x10000000, 0x10000001, 0x7fffffff, 0x80000000, 0xfffffff0, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        kept_login_here();
        put(1072, 4, sizes[i]);
        refused(RIG_BLOCK_PERSISTENT_LOGIN, 4096, RIG_E_TRUNCATED, 1536, "TargetMapping.LUNList");
        kept_login_here();
        put(460, 4, sizes[i]);
        refused(RIG_BLOCK_PERSISTENT_LOGIN, 4096, RIG_E_TRUNCATED, 1536, "Username");
        put(0, 4, sizes[i]);
        refused(RIG_BLOCK_LOGINS, 4096, RIG_E_TRUNCATED, 8, "PersistentLogins");
    }
}

/* A name of 256 bytes is there, and no record holds it. */
static void too_long(void)
{
    rig_login login = {0};
    size_t used = 0;
    kept_login_here();
    put(460, 4, RIG_OCTETS_MAX);
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, rig_view_of(block, ROOM),
                                   &login, &used, NULL),
                    RIG_OK);
    CU_ASSERT_EQUAL(login.options.username.len, RIG_OCTETS_MAX);
    put(460, 4, RIG_OCTETS_MAX + 1);
    refused(RIG_BLOCK_PERSISTENT_LOGIN, ROOM, RIG_E_LIMIT, 1536, "Username");
}

/* An array full of characters has no end; one of 223 and a NUL has. */
static void texts_without_end(void)
{
    kept_login_here();
    for (size_t i = 0; i < 223; i++)
        put(2 * i, 2, 'x');
    rig_login login = {0};
    size_t used = 0;
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, rig_view_of(block, 1536),
                                   &login, &used, NULL),
                    RIG_OK);
    CU_ASSERT_EQUAL(strlen(login.target), 223);
    put(446, 2, 'x');
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1536, RIG_E_FORMAT, 0, "TargetName");
}

/* Half a surrogate pair, the halves the wrong way round, a pair that the array's end cuts. */
static void odd_utf16(void)
{
    static const uint16_t odd[][2] = {{0xd800, 'x'}, {0xdc00, 'x'}, {0xdc00, 0xd800}, {0xd800, 0xd800}};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        kept_login_here();
        put(0, 2, odd[i][0]);
        put(2, 2, odd[i][1]);
        refused(RIG_BLOCK_PERSISTENT_LOGIN, 1536, RIG_E_FORMAT, 0, "TargetName");
    }
    kept_login_here();
    for (size_t i = 0; i < 223; i++)
        put(2 * i, 2, 'x');
    put(446, 2, 0xd800);
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1536, RIG_E_FORMAT, 0, "TargetName");
    for (size_t i = 0; i < 112; i++)
        put(2 * i, 2, 0x20ac); /* three bytes of UTF-8 each, 336 > 223 */
    put(224, 2, 0);
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1536, RIG_E_LIMIT, 0, "TargetName");
}

/* A character of two units goes there and back. */
static void surrogates(void)
{
    rig_login in = {.target = "a\360\237\230\200b", .persistent = true}, out = {0};
    size_t used = 0;
    CU_ASSERT_EQUAL(write(RIG_BLOCK_PERSISTENT_LOGIN, &in), 1536);
    CU_ASSERT_TRUE(get(2, 2) == 0xd83d && get(4, 2) == 0xde00 && get(6, 2) == 'b');
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, rig_view_of(block, 1536),
                                   &out, &used, NULL),
                    RIG_OK);
    CU_ASSERT_STRING_EQUAL(out.target, in.target);
}

static void bad_types(void)
{
    kept_login_here();
    put(468, 4, 4);
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1536, RIG_E_FORMAT, 468, "Address");
    put(468, 4, 0);
    refused(RIG_BLOCK_PERSISTENT_LOGIN, 1536, RIG_E_FORMAT, 468, "Address");
    put_wide(468 + 32, "host");
    rig_login login = {0};
    size_t used = 0;
    CU_ASSERT_EQUAL(rig_block_read(rig_alloc_libc(), RIG_BLOCK_PERSISTENT_LOGIN, rig_view_of(block, 1536),
                                   &login, &used, NULL),
                    RIG_OK);
    CU_ASSERT_TRUE(login.has_portal && strcmp(login.portal.address, "host") == 0);
    rig_block_login in = {.login = {.target = NAME}};
    write(RIG_BLOCK_LOGIN, &in);
    put(36, 4, 0);
    refused(RIG_BLOCK_LOGIN, 2512, RIG_E_UNSUPPORTED, 36, "SessionType");
    put(36, 4, 3);
    refused(RIG_BLOCK_LOGIN, 2512, RIG_E_FORMAT, 36, "SessionType");
}

/* What cannot be written is refused, and a buffer that is too small stays as it is. */
static void not_written(void)
{
    rig_login login = {.target = "no \377 UTF-8"};
    rig_error error = {0};
    size_t len = 0;
    CU_ASSERT_EQUAL(rig_block_write(RIG_BLOCK_PERSISTENT_LOGIN, &login, block, sizeof block, &len, &error),
                    RIG_E_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(error.field, "TargetName");
    set_text(login.target, sizeof login.target, NAME);
    memset(block, 0xa5, sizeof block);
    CU_ASSERT_EQUAL(rig_block_write(RIG_BLOCK_PERSISTENT_LOGIN, &login, block, 1535, &len, &error),
                    RIG_E_LIMIT);
    CU_ASSERT_TRUE(len == 1536 && block[0] == 0xa5);
}

/* Whichever allocation fails, the list is refused as a whole and nothing is lost. */
static void without_memory(void)
{
    rig_logins in = {0}, out = {0};
    parse(RIG_RECORD_logins, "{\"logins\":[" KEPT "," KEPT "]}", &in);
    const size_t len = write(RIG_BLOCK_LOGINS, &in);
    rig_status status = RIG_E_NOMEM;
    size_t used = 0, failed = 0;
    for (uint64_t at = 1; status && at < 16; at++, failed++) {
        rig_alloc_meter meter;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = at;
        status = rig_block_read(&meter.alloc, RIG_BLOCK_LOGINS, rig_view_of(block, len), &out, &used, NULL);
        if (status)
            CU_ASSERT_EQUAL(meter.num_live, 0);
        rig_block_clear(&meter.alloc, RIG_BLOCK_LOGINS, &out);
    }
    CU_ASSERT_TRUE(status == RIG_OK && failed > 2);
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(logins), &in);
}

RIG_SUITE("wmi blocks", {"members stand where Windows has them", layout},
          {"a kept login is written", kept_written}, {"a kept login is read", kept_read},
          {"a kept login without portal, options and mapping", kept_bare},
          {"a kept login has no secret", kept_secret}, {"tails of a login in their order", login_tails},
          {"a list of kept logins", login_list}, {"a list of mappings", mapping_list},
          {"the other blocks", small_blocks}, {"addresses", addresses}, {"blocks that end early", too_short},
          {"sizes that overflow", overflowing}, {"a name that is too long", too_long},
          {"texts without end", texts_without_end}, {"odd UTF-16", odd_utf16},
          {"surrogate pairs", surrogates}, {"types that do not exist", bad_types},
          {"what cannot be written", not_written}, {"without memory", without_memory})
