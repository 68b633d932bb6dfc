/* SPC-4, SBC-3 and MMC command layouts, in ascending order of opcode, because rig_cdb_row_of searches by
 * halves. */
#include "cdb_rows.h"

#define NUM(name, byte, bytes)                                                                               \
    {                                                                                                        \
        name, byte, bytes, 0, 8 * (bytes), RIG_CDB_PLAIN                                                     \
    }
#define CODE(name, byte, bytes)                                                                              \
    {                                                                                                        \
        name, byte, bytes, 0, 8 * (bytes), RIG_CDB_CODE                                                      \
    }
#define BITS(name, byte, low, bits)                                                                          \
    {                                                                                                        \
        name, byte, 1, low, bits, RIG_CDB_PLAIN                                                              \
    }
#define CODE_BITS(name, byte, low, bits)                                                                     \
    {                                                                                                        \
        name, byte, 1, low, bits, RIG_CDB_CODE                                                               \
    }
#define FLAG(name, byte, bit)                                                                                \
    {                                                                                                        \
        name, byte, 1, bit, 1, RIG_CDB_PLAIN                                                                 \
    }
#define ALLOC(byte, bytes)                                                                                   \
    {                                                                                                        \
        "alloc", byte, bytes, 0, 8 * (bytes), RIG_CDB_BYTES                                                  \
    }
#define LENGTH(byte, bytes)                                                                                  \
    {                                                                                                        \
        "length", byte, bytes, 0, 8 * (bytes), RIG_CDB_BYTES                                                 \
    }
#define COUNT(byte, bytes, unit)                                                                             \
    {                                                                                                        \
        "blocks", byte, bytes, 0, 8 * (bytes), RIG_CDB_##unit                                                \
    }

#define ACTION CODE_BITS("action", 1, 0, 5)
#define PROTECT(byte) BITS("protect", byte, 5, 3)
#define DPO(byte) FLAG("dpo", byte, 4)
#define FUA(byte) FLAG("fua", byte, 3)
#define RARC(byte) FLAG("rarc", byte, 2)
#define BYTCHK(byte) BITS("bytchk", byte, 1, 2)
#define GROUP(byte) BITS("group", byte, 0, 5)
#define IMMED FLAG("immed", 1, 1)
#define PAGE_CONTROL BITS("pc", 2, 6, 2)
#define PAGE_CODE CODE_BITS("page", 2, 0, 6)
#define SUBPAGE CODE("subpage", 3, 1)
#define TAGS CODE("ref-tag", 20, 4), CODE("app-tag", 24, 2), CODE("app-mask", 26, 2)

/* The media-access commands differ in width only: LBA, blocks and group number move along. */
#define AT_10(unit) NUM("lba", 2, 4), COUNT(7, 2, unit), GROUP(6)
#define AT_12(unit) NUM("lba", 2, 4), COUNT(6, 4, unit), GROUP(10)
#define AT_16(unit) NUM("lba", 2, 8), COUNT(10, 4, unit), GROUP(14)
#define AT_32(unit) NUM("lba", 12, 8), COUNT(28, 4, unit), GROUP(6), TAGS
#define READ_BITS(byte) DPO(byte), FUA(byte), RARC(byte), PROTECT(byte)
#define WRITE_BITS(byte) DPO(byte), FUA(byte), PROTECT(byte)
#define VERIFY_BITS(byte) DPO(byte), BYTCHK(byte), PROTECT(byte)
#define SAME_BITS(byte) FLAG("unmap", byte, 3), FLAG("anchor", byte, 4), PROTECT(byte)
#define XDWRITE_BITS(byte) DPO(byte), FUA(byte), FLAG("disable-write", byte, 2), PROTECT(byte)

#define ROW(name, opcode, service, len, data, ...)                                                           \
    {                                                                                                        \
        name, opcode, service, len, 0, RIG_CDB_##data,                                                       \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define BARE(name, opcode, len)                                                                              \
    {                                                                                                        \
        name, opcode, -1, len, 0, RIG_CDB_NONE,                                                              \
        {                                                                                                    \
            {                                                                                                \
                0                                                                                            \
            }                                                                                                \
        }                                                                                                    \
    }

const rig_cdb_row cdb_rows[] = {
    BARE("test-unit-ready", 0x00, 6),
    ROW("request-sense", 0x03, -1, 6, IN, FLAG("desc", 1, 0), ALLOC(4, 1)),
    ROW("format-unit", 0x04, -1, 6, OUT, BITS("fmtpinfo", 1, 6, 2), FLAG("longlist", 1, 5),
        FLAG("fmtdata", 1, 4), FLAG("cmplst", 1, 3), BITS("format", 1, 0, 3)),
    ROW("reassign-blocks", 0x07, -1, 6, OUT, FLAG("longlba", 1, 1), FLAG("longlist", 1, 0)),
    ROW("read-6", 0x08, -1, 6, IN, {"lba", 1, 3, 0, 21, RIG_CDB_PLAIN}, COUNT(4, 1, BLOCKS_256)),
    ROW("write-6", 0x0a, -1, 6, OUT, {"lba", 1, 3, 0, 21, RIG_CDB_PLAIN}, COUNT(4, 1, BLOCKS_256)),
    ROW("inquiry", 0x12, -1, 6, IN, FLAG("evpd", 1, 0), CODE("page", 2, 1), ALLOC(3, 2)),
    ROW("mode-select-6", 0x15, -1, 6, OUT, FLAG("pf", 1, 4), FLAG("sp", 1, 0), LENGTH(4, 1)),
    BARE("reserve-6", 0x16, 6),
    BARE("release-6", 0x17, 6),
    ROW("mode-sense-6", 0x1a, -1, 6, IN, FLAG("dbd", 1, 3), PAGE_CONTROL, PAGE_CODE, SUBPAGE, ALLOC(4, 1)),
    ROW("start-stop-unit", 0x1b, -1, 6, NONE, FLAG("immed", 1, 0), BITS("modifier", 3, 0, 4),
        BITS("condition", 4, 4, 4), FLAG("no-flush", 4, 2), FLAG("loej", 4, 1), FLAG("start", 4, 0)),
    ROW("receive-diagnostic", 0x1c, -1, 6, IN, FLAG("pcv", 1, 0), CODE("page", 2, 1), ALLOC(3, 2)),
    ROW("send-diagnostic", 0x1d, -1, 6, OUT, BITS("code", 1, 5, 3), FLAG("pf", 1, 4), FLAG("selftest", 1, 2),
        FLAG("devoffl", 1, 1), FLAG("unitoffl", 1, 0), LENGTH(3, 2)),
    ROW("prevent-allow", 0x1e, -1, 6, NONE, BITS("prevent", 4, 0, 2)),
    {"read-capacity-10", 0x25, -1, 10, 8, RIG_CDB_IN, {NUM("lba", 2, 4), FLAG("pmi", 8, 0)}},
    ROW("read-10", 0x28, -1, 10, IN, AT_10(BLOCKS), READ_BITS(1)),
    ROW("write-10", 0x2a, -1, 10, OUT, AT_10(BLOCKS), WRITE_BITS(1)),
    ROW("write-and-verify-10", 0x2e, -1, 10, OUT, AT_10(BLOCKS), VERIFY_BITS(1)),
    ROW("verify-10", 0x2f, -1, 10, OUT, AT_10(BLOCKS_BYTCHK), VERIFY_BITS(1)),
    ROW("pre-fetch-10", 0x34, -1, 10, NONE, AT_10(PLAIN), IMMED),
    ROW("synchronize-cache-10", 0x35, -1, 10, NONE, AT_10(PLAIN), IMMED),
    ROW("read-defect-data-10", 0x37, -1, 10, IN, FLAG("plist", 2, 4), FLAG("glist", 2, 3),
        BITS("format", 2, 0, 3), ALLOC(7, 2)),
    ROW("write-buffer", 0x3b, -1, 10, OUT, CODE_BITS("mode", 1, 0, 5), BITS("specific", 1, 5, 3),
        NUM("buffer", 2, 1), NUM("offset", 3, 3), LENGTH(6, 3)),
    ROW("read-buffer", 0x3c, -1, 10, IN, CODE_BITS("mode", 1, 0, 5), BITS("specific", 1, 5, 3),
        NUM("buffer", 2, 1), NUM("offset", 3, 3), ALLOC(6, 3)),
    ROW("read-long-10", 0x3e, -1, 10, IN, FLAG("pblock", 1, 2), FLAG("correct", 1, 1), NUM("lba", 2, 4),
        LENGTH(7, 2)),
    ROW("write-long-10", 0x3f, -1, 10, OUT, FLAG("cor-dis", 1, 7), FLAG("wr-uncor", 1, 6),
        FLAG("pblock", 1, 5), NUM("lba", 2, 4), LENGTH(7, 2)),
    ROW("write-same-10", 0x41, -1, 10, OUT, AT_10(BLOCKS_ONE), SAME_BITS(1)),
    ROW("unmap", 0x42, -1, 10, OUT, FLAG("anchor", 1, 0), GROUP(6), LENGTH(7, 2)),
    ROW("read-toc", 0x43, -1, 10, IN, FLAG("msf", 1, 1), BITS("format", 2, 0, 4), NUM("track", 6, 1),
        ALLOC(7, 2)),
    ROW("get-configuration", 0x46, -1, 10, IN, BITS("rt", 1, 0, 2), CODE("feature", 2, 2), ALLOC(7, 2)),
    ROW("sanitize", 0x48, -1, 10, OUT, ACTION, FLAG("ause", 1, 5), FLAG("immed", 1, 7), LENGTH(7, 2)),
    ROW("get-event-status", 0x4a, -1, 10, IN, FLAG("polled", 1, 0), CODE("classes", 4, 1), ALLOC(7, 2)),
    ROW("log-select", 0x4c, -1, 10, OUT, FLAG("pcr", 1, 1), FLAG("sp", 1, 0), PAGE_CONTROL, PAGE_CODE,
        SUBPAGE, LENGTH(7, 2)),
    ROW("log-sense", 0x4d, -1, 10, IN, FLAG("sp", 1, 0), PAGE_CONTROL, PAGE_CODE, SUBPAGE,
        NUM("pointer", 5, 2), ALLOC(7, 2)),
    ROW("xpwrite-10", 0x51, -1, 10, OUT, AT_10(BLOCKS), DPO(1), FUA(1), FLAG("xorpinfo", 1, 0)),
    ROW("xdread-10", 0x52, -1, 10, IN, AT_10(BLOCKS), FLAG("xorpinfo", 1, 0)),
    ROW("xdwriteread-10", 0x53, -1, 10, BIDI, AT_10(BLOCKS), XDWRITE_BITS(1), FLAG("xorpinfo", 1, 0)),
    ROW("mode-select-10", 0x55, -1, 10, OUT, FLAG("pf", 1, 4), FLAG("sp", 1, 0), LENGTH(7, 2)),
    BARE("reserve-10", 0x56, 10),
    BARE("release-10", 0x57, 10),
    ROW("mode-sense-10", 0x5a, -1, 10, IN, FLAG("llbaa", 1, 4), FLAG("dbd", 1, 3), PAGE_CONTROL, PAGE_CODE,
        SUBPAGE, ALLOC(7, 2)),
    ROW("persistent-reserve-in", 0x5e, -1, 10, IN, ACTION, ALLOC(7, 2)),
    ROW("persistent-reserve-out", 0x5f, -1, 10, OUT, ACTION, CODE_BITS("scope", 2, 4, 4),
        CODE_BITS("type", 2, 0, 4), LENGTH(5, 4)),
    ROW("xdwriteread-32", 0x7f, 0x07, 32, BIDI, NUM("lba", 12, 8), COUNT(28, 4, BLOCKS), GROUP(6),
        XDWRITE_BITS(10), FLAG("xorpinfo", 10, 0)),
    ROW("read-32", 0x7f, 0x09, 32, IN, AT_32(BLOCKS), READ_BITS(10)),
    ROW("verify-32", 0x7f, 0x0a, 32, OUT, AT_32(BLOCKS_BYTCHK), VERIFY_BITS(10)),
    ROW("write-32", 0x7f, 0x0b, 32, OUT, AT_32(BLOCKS), WRITE_BITS(10)),
    ROW("write-and-verify-32", 0x7f, 0x0c, 32, OUT, AT_32(BLOCKS), VERIFY_BITS(10)),
    ROW("write-same-32", 0x7f, 0x0d, 32, OUT, AT_32(BLOCKS_ONE), SAME_BITS(10), FLAG("ndob", 10, 0)),
    ROW("orwrite-32", 0x7f, 0x0e, 32, OUT, NUM("lba", 12, 8), COUNT(28, 4, BLOCKS), GROUP(6), WRITE_BITS(10)),
    ROW("extended-copy", 0x83, -1, 16, OUT, ACTION, LENGTH(10, 4)),
    ROW("receive-copy-results", 0x84, -1, 16, IN, ACTION, NUM("list", 2, 1), ALLOC(10, 4)),
    ROW("read-16", 0x88, -1, 16, IN, AT_16(BLOCKS), READ_BITS(1)),
    ROW("compare-and-write", 0x89, -1, 16, OUT, NUM("lba", 2, 8), COUNT(13, 1, BLOCKS_TWICE), GROUP(14),
        WRITE_BITS(1)),
    ROW("write-16", 0x8a, -1, 16, OUT, AT_16(BLOCKS), WRITE_BITS(1)),
    ROW("orwrite-16", 0x8b, -1, 16, OUT, AT_16(BLOCKS), WRITE_BITS(1)),
    ROW("write-and-verify-16", 0x8e, -1, 16, OUT, AT_16(BLOCKS), VERIFY_BITS(1)),
    ROW("verify-16", 0x8f, -1, 16, OUT, AT_16(BLOCKS_BYTCHK), VERIFY_BITS(1)),
    ROW("pre-fetch-16", 0x90, -1, 16, NONE, AT_16(PLAIN), IMMED),
    ROW("synchronize-cache-16", 0x91, -1, 16, NONE, AT_16(PLAIN), IMMED),
    ROW("write-same-16", 0x93, -1, 16, OUT, AT_16(BLOCKS_ONE), SAME_BITS(1), FLAG("ndob", 1, 0)),
    ROW("write-atomic-16", 0x9c, -1, 16, OUT, NUM("lba", 2, 8), NUM("boundary", 10, 2), COUNT(12, 2, BLOCKS),
        GROUP(14), WRITE_BITS(1)),
    ROW("read-capacity-16", 0x9e, 0x10, 16, IN, NUM("lba", 2, 8), ALLOC(10, 4), FLAG("pmi", 14, 0)),
    ROW("read-long-16", 0x9e, 0x11, 16, IN, NUM("lba", 2, 8), LENGTH(12, 2), FLAG("pblock", 14, 1),
        FLAG("correct", 14, 0)),
    ROW("get-lba-status", 0x9e, 0x12, 16, IN, NUM("lba", 2, 8), ALLOC(10, 4)),
    ROW("report-referrals", 0x9e, 0x13, 16, IN, NUM("lba", 2, 8), ALLOC(10, 4), FLAG("one-seg", 14, 0)),
    ROW("write-long-16", 0x9f, 0x11, 16, OUT, FLAG("cor-dis", 1, 7), FLAG("wr-uncor", 1, 6),
        FLAG("pblock", 1, 5), NUM("lba", 2, 8), LENGTH(12, 2)),
    ROW("report-luns", 0xa0, -1, 12, IN, CODE("select", 2, 1), ALLOC(6, 4)),
    ROW("security-protocol-in", 0xa2, -1, 12, IN, CODE("protocol", 1, 1), CODE("specific", 2, 2),
        FLAG("inc512", 4, 7), ALLOC(6, 4)),
    ROW("report-identifying-information", 0xa3, 0x05, 12, IN, ALLOC(6, 4), BITS("type", 10, 1, 7)),
    ROW("report-target-port-groups", 0xa3, 0x0a, 12, IN, BITS("format", 1, 5, 3), ALLOC(6, 4)),
    ROW("report-supported-opcodes", 0xa3, 0x0c, 12, IN, FLAG("rctd", 2, 7), BITS("options", 2, 0, 3),
        CODE("opcode", 3, 1), CODE("service", 4, 2), ALLOC(6, 4)),
    ROW("report-supported-tmf", 0xa3, 0x0d, 12, IN, FLAG("repd", 2, 7), ALLOC(6, 4)),
    ROW("report-priority", 0xa3, 0x0e, 12, IN, BITS("reported", 2, 6, 2), ALLOC(6, 4)),
    ROW("report-timestamp", 0xa3, 0x0f, 12, IN, ALLOC(6, 4)),
    ROW("set-identifying-information", 0xa4, 0x06, 12, OUT, LENGTH(6, 4), BITS("type", 10, 1, 7)),
    ROW("set-target-port-groups", 0xa4, 0x0a, 12, OUT, LENGTH(6, 4)),
    ROW("set-priority", 0xa4, 0x0e, 12, OUT, BITS("set", 2, 6, 2), LENGTH(6, 4)),
    ROW("set-timestamp", 0xa4, 0x0f, 12, OUT, LENGTH(6, 4)),
    ROW("read-12", 0xa8, -1, 12, IN, AT_12(BLOCKS), READ_BITS(1)),
    ROW("write-12", 0xaa, -1, 12, OUT, AT_12(BLOCKS), WRITE_BITS(1)),
    ROW("write-and-verify-12", 0xae, -1, 12, OUT, AT_12(BLOCKS), VERIFY_BITS(1)),
    ROW("verify-12", 0xaf, -1, 12, OUT, AT_12(BLOCKS_BYTCHK), VERIFY_BITS(1)),
    ROW("security-protocol-out", 0xb5, -1, 12, OUT, CODE("protocol", 1, 1), CODE("specific", 2, 2),
        FLAG("inc512", 4, 7), LENGTH(6, 4)),
    ROW("read-defect-data-12", 0xb7, -1, 12, IN, FLAG("plist", 1, 4), FLAG("glist", 1, 3),
        BITS("format", 1, 0, 3), NUM("index", 2, 4), ALLOC(6, 4)),
};

const size_t cdb_num_rows = sizeof cdb_rows / sizeof cdb_rows[0];

_Static_assert(sizeof cdb_rows / sizeof cdb_rows[0] <= CDB_ROWS_MAX, "messages list all rows in one array");
