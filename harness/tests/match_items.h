/* Items and cases from text, for the tests of matcher and reports. */
#ifndef MATCH_ITEMS_H
#define MATCH_ITEMS_H

#include "suite.h"

#include <stdio.h>

#include "rig/cdb.h"
#include "rig/match.h"

#define ITEMS_TEXT_MAX 4096

/* A scenario, its case and the items it is compared with. */
typedef struct bench {
    rig_alloc_meter meter;
    rig_scn_file *file;
    rig_result result;
    rig_match_config config;
    rig_facts facts;
} bench;

static inline void add_word(rig_item *item, uint8_t *bhs, rig_view word, rig_text *text)
{
    rig_view name = rig_view_sub(word, 0, rig_view_find(word, '='));
    rig_view value = rig_view_sub(word, name.len + 1, word.len);
    rig_field_id field = rig_field_find(rig_pdu_kind_of(bhs), name);
    rig_error err = {.status = RIG_OK};
    if (word.ptr[0] == '@') {
        uint64_t ms = 0;
        CU_ASSERT(rig_view_u64(rig_view_sub(word, 1, word.len), &ms));
        item->time = ms * 1000000;
    } else if (rig_view_is(name, "connection")) {
        item->connection = value.ptr[0] - (uint32_t)'0';
    } else if (rig_view_is(name, "data")) {
        rig_text_view(text, value);
    } else if (word.ptr[0] == '!') {
        item->pdu.bad_header_digest |= rig_view_is(word, "!bad-header-digest");
        item->pdu.bad_data_digest |= rig_view_is(word, "!bad-data-digest");
    } else if (field < RIG_FIELDS) {
        CU_ASSERT(rig_field_parse(bhs, field, value, &err) == RIG_OK);
    } else {
        rig_text_view(text, word);
        rig_text_view(text, (rig_view){(const uint8_t *)"", 1});
    }
}

static inline void add_pdu(rig_items *items, rig_item *item, rig_view line)
{
    char data[ITEMS_TEXT_MAX];
    uint8_t bhs[RIG_BHS_LEN];
    rig_text text;
    rig_text_init(&text, data, sizeof data);
    item->to_target = rig_view_split(&line, ' ').ptr[0] == '>';
    rig_view kind = rig_view_split(&line, ' ');
    rig_bhs_init(bhs, rig_pdu_find(kind));
    while (line.ptr) {
        rig_view word = rig_view_split(&line, ' ');
        if (word.len)
            add_word(item, bhs, word, &text);
    }
    item->data_len = (uint32_t)text.len;
    rig_set(bhs, RIG_F_DATA_LEN, text.len);
    item->pdu.bhs = bhs;
    item->pdu.data = rig_view_of(data, text.len);
    CU_ASSERT(rig_items_add(items, item) == RIG_OK);
}

/* "> Login T=1 CSG=0 AuthMethod=None", "! close by target"; a word @N is the time in ms. */
static inline void add_item(rig_items *items, const char *line)
{
    size_t num = items->num;
    rig_item item = {.kind = RIG_ITEM_PDU, .frame = (uint32_t)num + 1, .time = num * 1000000};
    rig_view text = rig_view_str(line);
    if (line[0] != '!') {
        add_pdu(items, &item, text);
        return;
    }
    item.kind = RIG_ITEM_EVENT;
    item.event = rig_view_sub(text, 2, text.len);
    rig_view at = rig_view_sub(text, rig_view_find(text, '@'), text.len);
    if (at.len) {
        uint64_t ms = 0;
        CU_ASSERT(rig_view_u64(rig_view_sub(at, 1, at.len), &ms));
        item.time = ms * 1000000;
        item.event.len -= at.len + 1;
    }
    size_t words = rig_view_find(item.event, ' ');
    if (rig_view_starts(item.event, "session ") || rig_view_starts(item.event, "nexus-loss "))
        words += 1 + rig_view_find(rig_view_sub(item.event, words + 1, item.event.len), ' ');
    item.args = rig_view_sub(item.event, words + 1, item.event.len);
    item.event.len = words < item.event.len ? words : item.event.len;
    CU_ASSERT(rig_items_add(items, &item) == RIG_OK);
}

static inline void bench_case(bench *b, uint32_t index)
{
    rig_scn_free(b->result.scn);
    b->result.scn = NULL;
    b->result.case_index = index;
    CU_ASSERT_FATAL(rig_scn_case(b->file, index, &b->result.scn, NULL) == RIG_OK);
}

/* The scenario's head is put before `text`; items are lines ended by NULL. */
static inline void bench_open(bench *b, const char *text, const char *const *items)
{
    static const char head[] = "scenario \"a test\"\nref RFC7143 11.12\nlevel CHOICE\n"
                               "target\n  node iqn.2026-01.example:t\nrun\n"
                               "  discover 192.0.2.10:3260 -> $list\n"
                               "  login iqn.2026-01.example:t -> $s\n"
                               "  scsi lun 0 test-unit-ready -> $r\n";
    static char whole[16384];
    rig_text out;
    rig_scn_problems problems = {.num = 0};
    memset(b, 0, sizeof *b);
    rig_alloc_meter_init(&b->meter, rig_alloc_libc());
    rig_text_init(&out, whole, sizeof whole);
    rig_text_add(&out, "%s%s", head, text);
    rig_scn_config config = {.alloc = &b->meter.alloc};
    rig_status status =
        rig_scn_open(&config, rig_view_str("t.scn"), rig_view_of(whole, out.len), &b->file, &problems);
    if (status != RIG_OK)
        printf("\n%s:%u:%u: %s\n", problems.list[0].path, problems.list[0].line, problems.list[0].col,
               problems.list[0].text);
    CU_ASSERT_FATAL(status == RIG_OK);
    b->result.alloc = b->result.items.alloc = &b->meter.alloc;
    b->result.file = b->file;
    bench_case(b, 0);
    for (; items && *items; items++)
        add_item(&b->result.items, *items);
}

static inline void bench_close(bench *b)
{
    rig_result_cleanup(&b->result);
    rig_scn_file_free(b->file);
    CU_ASSERT_EQUAL(b->meter.num_live, 0);
}

static inline bool bench_match(bench *b)
{
    CU_ASSERT(rig_match(&b->config, &b->facts, &b->result) == RIG_OK);
    return b->result.num_findings == 0;
}

/* Whether the scenario's expectations hold for the items. */
static inline bool holds(const char *text, const char *const *items)
{
    bench b;
    bench_open(&b, text, items);
    bool held = bench_match(&b);
    bench_close(&b);
    return held;
}

/* Whether exactly one finding names this field and says this. */
static inline bool fails(const char *text, const char *const *items, const char *field, const char *says)
{
    bench b;
    bench_open(&b, text, items);
    bool held = bench_match(&b);
    const rig_finding *f = b.result.findings;
    bool as_said =
        !held && b.result.num_findings == 1 && strcmp(f->field, field) == 0 && strstr(f->text, says);
    if (!as_said && held)
        printf("\n    held: %s", text);
    else if (!as_said)
        printf("\n    %u findings, field \"%s\": %s\n    E %s\n    A %s\n", b.result.num_findings, f->field,
               f->text, f->expected ? f->expected : "-", f->actual ? f->actual : "-");
    bench_close(&b);
    return as_said;
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
