#include "rig/cdb.h"

#include "suite.h"

static const char *printed(rig_view cdb)
{
    static char buffer[1024];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_cdb_print(&text, cdb);
    return buffer;
}

/* Layouts of SPC-4 and SBC-3, typed by hand; transfer is for blocks of 512 bytes. */
static const struct {
    const char *text;
    uint64_t transfer;
    uint8_t len;
    uint8_t cdb[32];
} vectors[] = {
    {"test-unit-ready", 0, 6, {0}},
    {"request-sense(desc=1,alloc=252)", 252, 6, {0x03, 1, 0, 0, 252}},
    {"read-6(lba=2097151,blocks=1)", 512, 6, {0x08, 0x1f, 0xff, 0xff, 1}},
    {"read-6(lba=1)", 256 * 512, 6, {0x08, 0, 0, 1, 0}},
    {"write-6(blocks=2)", 1024, 6, {0x0a, 0, 0, 0, 2}},
    {"inquiry(evpd=1,page=0x83,alloc=1020)", 1020, 6, {0x12, 1, 0x83, 3, 0xfc}},
    {"mode-sense-6(dbd=1,pc=2,page=0x8,subpage=0xff,alloc=192)", 192, 6, {0x1a, 8, 0x88, 0xff, 192}},
    {"mode-select-6(pf=1,sp=1,length=24)", 24, 6, {0x15, 0x11, 0, 0, 24}},
    {"start-stop-unit(immed=1,loej=1,start=1)", 0, 6, {0x1b, 1, 0, 0, 3}},
    {"send-diagnostic(selftest=1)", 0, 6, {0x1d, 4}},
    {"prevent-allow(prevent=1)", 0, 6, {0x1e, 0, 0, 0, 1}},
    {"reserve-6", 0, 6, {0x16}},
    {"release-6", 0, 6, {0x17}},
    {"format-unit(fmtdata=1)", 0, 6, {0x04, 0x10}},
    {"read-capacity-10", 8, 10, {0x25}},
    {"read-10(lba=305419896,blocks=258,group=3,dpo=1,fua=1,rarc=1,protect=1,control=0x4)",
     258 * 512,
     10,
     {0x28, 0x3c, 0x12, 0x34, 0x56, 0x78, 3, 1, 2, 4}},
    {"write-10(lba=1,blocks=1,fua=1)", 512, 10, {0x2a, 8, 0, 0, 0, 1, 0, 0, 1}},
    {"write-and-verify-10(blocks=3,bytchk=1)", 3 * 512, 10, {0x2e, 2, 0, 0, 0, 0, 0, 0, 3}},
    {"verify-10(blocks=3)", 0, 10, {0x2f, 0, 0, 0, 0, 0, 0, 0, 3}},
    {"verify-10(blocks=3,bytchk=1)", 3 * 512, 10, {0x2f, 2, 0, 0, 0, 0, 0, 0, 3}},
    {"verify-10(blocks=3,bytchk=3)", 512, 10, {0x2f, 6, 0, 0, 0, 0, 0, 0, 3}},
    {"pre-fetch-10(lba=9,blocks=3,immed=1)", 0, 10, {0x34, 2, 0, 0, 0, 9, 0, 0, 3}},
    {"synchronize-cache-10(immed=1)", 0, 10, {0x35, 2}},
    {"read-defect-data-10(plist=1,glist=1,format=5,alloc=8)", 8, 10, {0x37, 0, 0x1d, 0, 0, 0, 0, 0, 8}},
    {"write-same-10(lba=7,blocks=100,unmap=1)", 512, 10, {0x41, 8, 0, 0, 0, 7, 0, 0, 100}},
    {"unmap(anchor=1,length=24)", 24, 10, {0x42, 1, 0, 0, 0, 0, 0, 0, 24}},
    {"sanitize(action=0x3)", 0, 10, {0x48, 3}},
    {"mode-sense-10(llbaa=1,page=0x3f,alloc=65535)", 65535, 10, {0x5a, 0x10, 0x3f, 0, 0, 0, 0, 0xff, 0xff}},
    {"persistent-reserve-in(action=0x1,alloc=8192)", 8192, 10, {0x5e, 1, 0, 0, 0, 0, 0, 0x20}},
    {"persistent-reserve-out(action=0x6,type=0x5,length=24)", 24, 10, {0x5f, 6, 5, 0, 0, 0, 0, 0, 24}},
    {"xdwriteread-10(lba=1,blocks=2)", 1024, 10, {0x53, 0, 0, 0, 0, 1, 0, 0, 2}},
    {"report-luns(select=0x2,alloc=16)", 16, 12, {0xa0, 0, 2, 0, 0, 0, 0, 0, 0, 16}},
    {"report-supported-opcodes(rctd=1,options=1,opcode=0x28,alloc=512)",
     512,
     12,
     {0xa3, 0x0c, 0x81, 0x28, 0, 0, 0, 0, 2, 0}},
    {"report-target-port-groups(alloc=256)", 256, 12, {0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0}},
    {"read-12(lba=1,blocks=65536)", 65536 * 512, 12, {0xa8, 0, 0, 0, 0, 1, 0, 1, 0, 0}},
    {"write-12(blocks=1,group=31)", 512, 12, {0xaa, 0, 0, 0, 0, 0, 0, 0, 0, 1, 31}},
    {"verify-12(blocks=1,bytchk=1)", 512, 12, {0xaf, 2, 0, 0, 0, 0, 0, 0, 0, 1}},
    {"read-defect-data-12(plist=1,index=2,alloc=4)", 4, 12, {0xb7, 0x10, 0, 0, 0, 2, 0, 0, 0, 4}},
    {"extended-copy(length=32)", 32, 16, {0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}},
    {"receive-copy-results(action=0x3,alloc=1024)", 1024, 16, {0x84, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4}},
    {"read-16(lba=72623859790382856,blocks=4294967295)",
     UINT64_C(4294967295) * 512,
     16,
     {0x88, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xff, 0xff, 0xff}},
    {"compare-and-write(lba=1,blocks=2)", 4 * 512, 16, {0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2}},
    {"write-16(blocks=1,fua=1)", 512, 16, {0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    {"orwrite-16(blocks=1)", 512, 16, {0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    {"write-and-verify-16(blocks=1)", 512, 16, {0x8e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    {"verify-16(blocks=1)", 0, 16, {0x8f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    {"pre-fetch-16(blocks=1)", 0, 16, {0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    {"synchronize-cache-16(lba=1,blocks=1)", 0, 16, {0x91, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}},
    {"write-same-16(blocks=9,unmap=1,ndob=1)", 0, 16, {0x93, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}},
    {"write-same-16(blocks=9,anchor=1)", 512, 16, {0x93, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}},
    {"write-atomic-16(boundary=8,blocks=8)", 8 * 512, 16, {0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 8}},
    {"read-capacity-16(alloc=32)", 32, 16, {0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}},
    {"get-lba-status(lba=4,alloc=24)", 24, 16, {0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 24}},
    {"read-32(lba=5,blocks=2,ref-tag=0x11223344,app-tag=0x5566,app-mask=0x7788,fua=1)",
     1024,
     32,
     {0x7f, 0, 0, 0, 0,    0,    0,    0x18, 0,    0x09, 8,    0,    0, 0, 0, 0,
      0,    0, 0, 5, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 0, 0, 2}},
    {"write-32(blocks=1,control=0x1)", 512, 32, {0x7f, 1, 0, 0, 0, 0, 0, 0x18, 0, 0x0b, [31] = 1}},
};

#define NUM_VECTORS (sizeof vectors / sizeof vectors[0])

static void printing(void)
{
    for (size_t i = 0; i < NUM_VECTORS; i++) {
        CU_ASSERT_STRING_EQUAL(printed(rig_view_of(vectors[i].cdb, vectors[i].len)), vectors[i].text);
        if (vectors[i].len <= 16)
            CU_ASSERT_STRING_EQUAL(printed(rig_view_of(vectors[i].cdb, 16)), vectors[i].text);
    }
}

static void parsing(void)
{
    for (size_t i = 0; i < NUM_VECTORS; i++) {
        uint8_t cdb[RIG_CDB_MAX], mask[RIG_CDB_MAX];
        size_t len;
        CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str(vectors[i].text), cdb, mask, &len, NULL), RIG_OK);
        CU_ASSERT_EQUAL(len, vectors[i].len);
        CU_ASSERT_EQUAL(memcmp(cdb, vectors[i].cdb, len), 0);
        for (size_t at = 0; at < RIG_CDB_MAX; at++)
            CU_ASSERT_EQUAL(cdb[at] & (uint8_t)~mask[at], 0);
        CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str(vectors[i].text), cdb, NULL, &len, NULL), RIG_OK);
    }
}

static void transfer_lengths(void)
{
    for (size_t i = 0; i < NUM_VECTORS; i++)
        CU_ASSERT_EQUAL(rig_cdb_transfer(rig_view_of(vectors[i].cdb, vectors[i].len), 512),
                        vectors[i].transfer);
    CU_ASSERT_EQUAL(rig_cdb_transfer(rig_view_of("\x28\0\0\0\0\0\0\0\1", 9), 512), 0);
    CU_ASSERT_EQUAL(rig_cdb_transfer(rig_view_of("\xff\0\0\0\0\0", 6), 512), 0);
    CU_ASSERT_EQUAL(rig_cdb_transfer(rig_view_of("", 0), 512), 0);
}

/* Every row with every field at its extremes, alone and all together: print and parse agree, nothing
 * overlaps. */
static void check_row(const rig_cdb_row *row, uint64_t (*value_of)(const rig_cdb_field *, size_t, size_t),
                      size_t pick)
{
    uint8_t cdb[RIG_CDB_MAX], again[RIG_CDB_MAX];
    size_t len;
    rig_cdb_init(cdb, row);
    for (size_t i = 0; i < RIG_CDB_FIELDS_MAX && row->fields[i].name; i++)
        CU_ASSERT(rig_cdb_set(cdb, &row->fields[i], value_of(&row->fields[i], i, pick)));
    for (size_t i = 0; i < RIG_CDB_FIELDS_MAX && row->fields[i].name; i++)
        CU_ASSERT_EQUAL(rig_cdb_get(cdb, &row->fields[i]), value_of(&row->fields[i], i, pick));
    const char *text = printed(rig_view_of(cdb, row->len));
    CU_ASSERT(rig_view_starts(rig_view_str(text), row->name));
    CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str(text), again, NULL, &len, NULL), RIG_OK);
    CU_ASSERT_EQUAL(len, row->len);
    CU_ASSERT_EQUAL(memcmp(cdb, again, len), 0);
    CU_ASSERT_PTR_EQUAL(rig_cdb_row_of(rig_view_of(cdb, row->len)), row);
    CU_ASSERT_PTR_EQUAL(rig_cdb_find(rig_view_str(row->name)), row);
}

static uint64_t one_at_maximum(const rig_cdb_field *field, size_t i, size_t pick)
{
    uint64_t max = field->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1;
    return i == pick || pick == RIG_CDB_FIELDS_MAX ? max : 0;
}

static void every_row(void)
{
    CU_ASSERT(rig_cdb_rows_count() > 70);
    for (size_t r = 0; r < rig_cdb_rows_count(); r++) {
        const rig_cdb_row *row = rig_cdb_row_at(r);
        CU_ASSERT(r == 0 || rig_cdb_row_at(r - 1)->opcode <= row->opcode);
        for (size_t pick = 0; pick <= RIG_CDB_FIELDS_MAX; pick++)
            check_row(row, one_at_maximum, pick);
        for (size_t i = 0; i < RIG_CDB_FIELDS_MAX && row->fields[i].name; i++)
            CU_ASSERT(row->fields[i].byte + row->fields[i].bytes <= row->len);
        CU_ASSERT_PTR_NOT_NULL(rig_cdb_field_find(row, rig_view_str("control")));
    }
    CU_ASSERT_PTR_NULL(rig_cdb_row_at(rig_cdb_rows_count()));
}

static void values_that_do_not_fit(void)
{
    uint8_t cdb[RIG_CDB_MAX];
    const rig_cdb_row *row = rig_cdb_find(rig_view_str("read-6"));
    const rig_cdb_field *lba = rig_cdb_field_find(row, rig_view_str("lba"));
    rig_cdb_init(cdb, row);
    CU_ASSERT(rig_cdb_set(cdb, lba, 0x1fffff));
    CU_ASSERT_FALSE(rig_cdb_set(cdb, lba, 0x200000));
    CU_ASSERT_EQUAL(rig_cdb_get(cdb, lba), 0x1fffff);
}

static void hex_form(void)
{
    uint8_t cdb[RIG_CDB_MAX], mask[RIG_CDB_MAX];
    size_t len;
    CU_ASSERT_STRING_EQUAL(printed(rig_view_of("\xc1\x02\x03\x04\x05\x06", 6)), "hex:c10203040506");
    CU_ASSERT_STRING_EQUAL(printed(rig_view_of("\x28\0\0\0\0\0\x80\0\0\0", 10)), "hex:28000000000080000000");
    CU_ASSERT_STRING_EQUAL(printed(rig_view_of("\x28\0\0\0\0\0\0\0\0", 9)), "hex:280000000000000000");
    CU_ASSERT_STRING_EQUAL(printed(rig_view_of("\0\0\0\0\0\0\1", 7)), "hex:00000000000001");
    CU_ASSERT_STRING_EQUAL(printed(rig_view_of("", 0)), "hex:");
    CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str("hex:28 00:01"), cdb, mask, &len, NULL), RIG_OK);
    CU_ASSERT(len == 3 && cdb[2] == 1 && mask[2] == 0xff && mask[3] == 0);
}

static void text_refused(void)
{
    static const struct {
        const char *text;
        rig_status status;
        const char *says;
    } cases[] = {
        {"", RIG_E_SYNTAX, "no SCSI command"},
        {"raed-10", RIG_E_SYNTAX, "did you mean read-10?"},
        {"read-10(", RIG_E_SYNTAX, "not closed"},
        {"read-10(lba=1", RIG_E_SYNTAX, "not closed"},
        {"read-10(lba)", RIG_E_SYNTAX, "wants a number"},
        {"read-10(lba=)", RIG_E_SYNTAX, "wants a number"},
        {"read-10(lba=x)", RIG_E_SYNTAX, "wants a number"},
        {"read-10(lbs=1)", RIG_E_SYNTAX, "did you mean lba?"},
        {"read-10(lba=1,)", RIG_E_SYNTAX, "no field"},
        {"read-10(blocks=65535)", RIG_OK, ""},
        {"read-10(blocks=65536)", RIG_E_LIMIT, "16 bits"},
        {"read-10( lba = 0x10 , fua = 1 )", RIG_OK, ""},
        {"read-10()", RIG_OK, ""},
        {"hex:", RIG_E_SYNTAX, "pairs"},
        {"hex:1", RIG_E_SYNTAX, "pairs"},
        {"hex:zz", RIG_E_SYNTAX, "pairs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t cdb[RIG_CDB_MAX];
        size_t len;
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str(cases[i].text), cdb, NULL, &len, &err), cases[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
    }
}

static void longest_hex(void)
{
    static char text[4 + 2 * (RIG_CDB_MAX + 1) + 1];
    uint8_t cdb[RIG_CDB_MAX];
    size_t len;
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "hex:", 4);
    CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_of(text, 4 + 2 * RIG_CDB_MAX), cdb, NULL, &len, NULL), RIG_OK);
    CU_ASSERT_EQUAL(len, RIG_CDB_MAX);
    CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str(text), cdb, NULL, &len, NULL), RIG_E_SYNTAX);
}

static void mask_covers_what_is_named(void)
{
    uint8_t cdb[RIG_CDB_MAX], mask[RIG_CDB_MAX];
    size_t len;
    CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str("read-10(lba=0,fua=0)"), cdb, mask, &len, NULL), RIG_OK);
    CU_ASSERT_EQUAL(memcmp(mask, "\xff\x08\xff\xff\xff\xff\0\0\0\0\0", 11), 0);
    CU_ASSERT_EQUAL(rig_cdb_parse(rig_view_str("get-lba-status"), cdb, mask, &len, NULL), RIG_OK);
    CU_ASSERT_EQUAL(memcmp(mask, "\xff\x1f\0", 3), 0);
}

RIG_SUITE("cdb", {"commands typed from the standards print", printing}, {"and parse", parsing},
          {"transfer lengths", transfer_lengths}, {"every row with every field", every_row},
          {"values that do not fit", values_that_do_not_fit}, {"unknown commands as hex", hex_form},
          {"text that is refused says why", text_refused}, {"the longest CDB and one byte more", longest_hex},
          {"the mask of a pattern", mask_covers_what_is_named})
