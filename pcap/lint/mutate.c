/* Mutations: what can be done to one PDU of a list, in a fixed order. */
#include "lint.h"

#include "rig/mutate.h"

#define FAR_AWAY 65536         /* farther than any window of real products */
#define UNUSED_TAG 0x7abc0001u /* no engine counts so far */
#define OTHER_LUN (5ull << 48) /* LUN 5, or five more */
#define TOO_LONG 0xfffffcu     /* a data segment beyond every limit that is declared */
#define RESERVED_BYTES_STEP 5  /* of the bytes with reserved bits every fifth is tried */

typedef struct step_out {
    uint64_t value;
    rig_text how;
} step_out;

/* ---- values of a field, by its form: false = no more of them ---- */

static bool to(step_out *out, uint64_t value, const char *how)
{
    out->value = value;
    rig_text_add(&out->how, "%s", how);
    return true;
}

static bool to_number(step_out *out, uint64_t value)
{
    out->value = value;
    rig_text_add(&out->how, "=%llu", (unsigned long long)value);
    return true;
}

static bool step_serial(uint64_t now, unsigned step, step_out *out)
{
    switch (step) {
    case 0:
        return to(out, now + 1, "+1");
    case 1:
        return to(out, now - 1, "-1");
    case 2:
        return to(out, now + FAR_AWAY, "far");
    default:
        return false;
    }
}

static bool step_count(uint64_t now, unsigned step, step_out *out)
{
    switch (step) {
    case 0:
        return to(out, now + 1, "+1");
    case 1:
        return to(out, now ? now - 1 : now, "-1");
    case 2:
        return to(out, now + FAR_AWAY, "far");
    case 3:
        return to(out, 0, "0");
    default:
        return false;
    }
}

static bool step_tag(uint64_t now, unsigned step, step_out *out)
{
    (void)now;
    return step == 0 ? to(out, RIG_TAG_NONE, "none") : step == 1 && to(out, UNUSED_TAG, "other");
}

/* Every name, and the first value behind them that has none. */
static bool step_named(const rig_field *field, unsigned step, step_out *out)
{
    uint64_t most = (UINT64_C(1) << field->bits) - 1;
    uint32_t value = 0;
    if (step < field->names->num_rows)
        return to_number(out, field->names->rows[step].value);
    if (step > field->names->num_rows)
        return false;
    while (value < most && rig_name(field->names, value))
        value++;
    if (rig_name(field->names, value))
        return false;
    if (value == 0) /* 0 is a code that was never given, others are reserved */
        for (value = field->names->rows[0].value; value < most && rig_name(field->names, value);)
            value++;
    return to(out, value, "reserved");
}

static bool step_small(const rig_field *field, unsigned step, step_out *out)
{
    return step < 1u << field->bits && to_number(out, step);
}

static bool step_length(uint64_t now, unsigned step, step_out *out)
{
    switch (step) {
    case 0:
        return to(out, now + 4, "+4");
    case 1:
        return to(out, now > 4 ? now - 4 : now, "-4");
    case 2:
        return to(out, 0, "0");
    case 3:
        return to(out, TOO_LONG, "over");
    default:
        return false;
    }
}

/* The same number of the other side, and one that nobody has. */
static bool step_opcode(uint64_t now, unsigned step, step_out *out)
{
    if (step == 0)
        return to(out, now ^ 0x20, "other-side");
    return step == 1 && to(out, (now & 0x20) | 0x0b, "reserved");
}

static bool step_other(uint64_t now, uint64_t by, unsigned step, step_out *out)
{
    return step == 0 && to(out, now ^ by, "other");
}

/* A segment more, whose bytes are those of the same row. */
static const struct segment_row {
    const char *how;
    uint8_t words, bytes[8];
} segment_rows[] = {
    {"+1", 1, {0}},
    {"short-cdb", 1, {0, 1, RIG_AHS_CDB}},
    {"short-bidi", 2, {0, 4, RIG_AHS_BIDI}},
    {"cut", 1, {0, 64, RIG_AHS_CDB}},
};

static bool step_segments(rig_pdu_kind kind, uint64_t now, unsigned step, step_out *out)
{
    unsigned num = kind == RIG_PDU_SCSI_CMD ? sizeof segment_rows / sizeof segment_rows[0] : 1;
    return step < num && to(out, now + segment_rows[step].words, segment_rows[step].how);
}

/* Any other vendor's identifier, and a type that is reserved. */
static bool step_isid(uint64_t now, unsigned step, step_out *out)
{
    if (step == 0)
        return to(out, now ^ 0x100, "other");
    return step == 1 && to(out, now | UINT64_C(0xc0) << 40, "type-3");
}

static bool step_of(rig_field_id id, rig_pdu_kind kind, uint64_t now, unsigned step, step_out *out)
{
    const rig_field *field = &rig_fields[id];
    if (id == RIG_F_OPCODE)
        return step_opcode(now, step, out);
    if (id == RIG_F_DATA_LEN)
        return step_length(now, step, out);
    if (id == RIG_F_AHS_WORDS)
        return step_segments(kind, now, step, out);
    if (field->names)
        return step_named(field, step, out);
    switch (field->form) {
    case RIG_FORM_SN:
        return step_serial(now, step, out);
    case RIG_FORM_TAG:
        return step_tag(now, step, out);
    case RIG_FORM_LUN:
        return step_other(now, OTHER_LUN, step, out);
    case RIG_FORM_ISID:
        return step_isid(now, step, out);
    case RIG_FORM_CDB: /* its last byte: padding, or control */
        return step == 0 && to(out, 1, "tail");
    default:
        return field->bits <= 2 ? step_small(field, step, out) : step_count(now, step, out);
    }
}

/* ---- walking ---- */

enum {
    PLACE_BYTES = RIG_FIELDS,                                                /* one place a byte */
    PLACE_WAYS = PLACE_BYTES + RIG_BHS_LEN,                                  /* the other ways */
    PLACE_KEYS = PLACE_WAYS + RIG_MUTATE_ELSEWHERE - RIG_MUTATE_PADDING + 1, /* one place for all keys */
    PLACE_SAY,                                                               /* and for all keys besides */
    PLACE_END
};

static bool is_pdu(const rig_item *item)
{
    return item->kind == RIG_ITEM_PDU && item->connection != UINT32_MAX;
}

static uint64_t value_of(const uint8_t *bhs, rig_field_id field)
{
    const rig_field *row = &rig_fields[field];
    if (row->form == RIG_FORM_CDB)
        return bhs[row->byte + row->bytes - 1];
    return rig_get(bhs, field);
}

static uint64_t cut(uint64_t value, rig_field_id field)
{
    unsigned bits = rig_fields[field].bits ? rig_fields[field].bits : 8;
    return bits < 64 ? value & ((UINT64_C(1) << bits) - 1) : value;
}

/* A value it has already is no mutation, nor is one that a step before gave. */
static bool field_place(rig_mutations *all, const rig_item *item, rig_mutation *out)
{
    rig_field_id field = (rig_field_id)all->place;
    step_out next;
    if (!(rig_fields[field].pdus >> out->kind & 1))
        return false;
    uint64_t now = value_of(item->pdu.bhs, field);
    for (;;) {
        rig_text_init(&next.how, out->how, sizeof out->how);
        if (!step_of(field, out->kind, now, all->step++, &next))
            return false;
        out->value = cut(next.value, field);
        bool again = out->value == 0 && now == 1 && rig_view_is(rig_view_str(out->how), "0");
        if (out->value != now && !again)
            break;
    }
    out->way = RIG_MUTATE_FIELD;
    out->what = rig_fields[field].name;
    out->field = field;
    return true;
}

/* The lowest bit of a byte that no field covers. */
static uint8_t reserved_bit(const rig_mutation *m, unsigned byte)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        uint8_t bhs[RIG_BHS_LEN];
        rig_bhs_init(bhs, m->kind);
        bhs[byte] |= (uint8_t)(1u << bit);
        if (byte > 0 && rig_bhs_reserved(bhs, m->kind) == byte)
            return (uint8_t)(1u << bit);
    }
    return 0;
}

static bool byte_place(rig_mutations *all, rig_mutation *out)
{
    unsigned byte = all->place - PLACE_BYTES;
    bool immediate = rig_fields[RIG_F_I].pdus >> out->kind & 1;
    static const uint8_t first[] = {0x80, 0x40};
    rig_text how;
    if (byte % RESERVED_BYTES_STEP && byte > 3)
        return false;
    if (byte == 0 ? all->step > 1 || (all->step == 1 && immediate) : all->step > 0)
        return false;
    out->mask = byte ? reserved_bit(out, byte) : first[all->step];
    all->step++;
    out->way = RIG_MUTATE_BYTE;
    out->what = byte ? "reserved" : "byte0";
    out->value = byte;
    rig_text_init(&how, out->how, sizeof out->how);
    rig_text_add(&how, byte ? "%u" : "0x%x", byte ? byte : out->mask);
    return out->mask != 0;
}

static size_t next_of(const rig_mutations *all, bool own)
{
    const rig_items *items = all->items;
    const rig_item *item = &items->ptr[all->item];
    for (size_t i = all->item + 1; i < items->num; i++) {
        const rig_item *next = &items->ptr[i];
        if (!is_pdu(next) || next->connection != item->connection)
            continue;
        if (own ? next->to_target == item->to_target : true)
            return !own && next->to_target == item->to_target ? SIZE_MAX : i;
    }
    return SIZE_MAX;
}

/* A PDU of another connection of the session, which is up: its last login before this PDU has that handle,
 * and it goes on behind it. */
static bool joins(const rig_item *login, const rig_item *other)
{
    return rig_pdu_kind_of(other->pdu.bhs) == RIG_PDU_LOGIN_RESP && other->connection != login->connection &&
           rig_get32(other->pdu.bhs, RIG_F_TSIH) == rig_get32(login->pdu.bhs, RIG_F_TSIH) &&
           rig_get(other->pdu.bhs, RIG_F_ISID) == rig_get(login->pdu.bhs, RIG_F_ISID) &&
           rig_get32(other->pdu.bhs, RIG_F_LOGIN_STATUS) == 0 && rig_get32(other->pdu.bhs, RIG_F_NSG) == 3;
}

static const rig_item *own_login(const rig_mutations *all, const rig_item *item)
{
    const rig_item *login = NULL;
    for (size_t i = 0; i < all->item; i++) {
        const rig_item *before = &all->items->ptr[i];
        if (is_pdu(before) && before->connection == item->connection &&
            rig_pdu_kind_of(before->pdu.bhs) == RIG_PDU_LOGIN_RESP && rig_get32(before->pdu.bhs, RIG_F_TSIH))
            login = before;
    }
    return login;
}

static bool goes_on(const rig_mutations *all, uint32_t connection)
{
    for (size_t i = all->item + 1; i < all->items->num; i++)
        if (is_pdu(&all->items->ptr[i]) && all->items->ptr[i].connection == connection)
            return true;
    return false;
}

static size_t elsewhere(const rig_mutations *all)
{
    const rig_item *item = &all->items->ptr[all->item], *login = own_login(all, item);
    rig_pdu_kind kind = rig_pdu_kind_of(item->pdu.bhs);
    bool in_login = kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP;
    for (size_t i = 0; login && !in_login && i < all->item; i++) {
        const rig_item *other = &all->items->ptr[i];
        if (is_pdu(other) && joins(login, other) && goes_on(all, other->connection))
            return i;
    }
    return SIZE_MAX;
}

static bool possible(const rig_mutations *all, const rig_item *item, rig_mutation *out)
{
    switch (out->way) {
    case RIG_MUTATE_PADDING:
        return item->data_len % 4 != 0;
    case RIG_MUTATE_HEADER_DIGEST:
        return item->pdu.has_header_digest;
    case RIG_MUTATE_DATA_DIGEST:
        return item->pdu.has_data_digest;
    case RIG_MUTATE_ELSEWHERE:
        out->partner = elsewhere(all);
        return out->partner != SIZE_MAX;
    case RIG_MUTATE_SWAP:
    case RIG_MUTATE_CROSS:
        out->partner = next_of(all, out->way == RIG_MUTATE_SWAP);
        return out->partner != SIZE_MAX;
    default:
        return true;
    }
}

static bool way_place(rig_mutations *all, const rig_item *item, rig_mutation *out)
{
    static const char *const names[] = {
        [RIG_MUTATE_PADDING] = "padding",
        [RIG_MUTATE_HEADER_DIGEST] = "header-digest",
        [RIG_MUTATE_DATA_DIGEST] = "data-digest",
        [RIG_MUTATE_DROP] = "drop",
        [RIG_MUTATE_TWICE] = "twice",
        [RIG_MUTATE_SWAP] = "swap",
        [RIG_MUTATE_CROSS] = "cross",
        [RIG_MUTATE_ELSEWHERE] = "elsewhere",
    };
    if (all->step++ > 0)
        return false;
    out->way = (rig_mutation_way)(all->place - PLACE_WAYS + RIG_MUTATE_PADDING);
    out->what = names[out->way];
    memcpy(out->how, "-", 2);
    return possible(all, item, out);
}

/* ---- all of them ---- */

static bool at_this_place(rig_mutations *all, const rig_item *item, rig_mutation *out)
{
    if (all->place < PLACE_BYTES)
        return field_place(all, item, out);
    if (all->place < PLACE_WAYS)
        return byte_place(all, out);
    if (all->place == PLACE_SAY)
        return lint_say_place(all, item, out);
    return all->place == PLACE_KEYS ? lint_key_place(all, item, out) : way_place(all, item, out);
}

bool rig_mutations_next(rig_mutations *all, rig_mutation *out)
{
    for (; all->item < all->items->num; all->item++, all->place = all->step = 0) {
        const rig_item *item = &all->items->ptr[all->item];
        for (; is_pdu(item) && all->place < PLACE_END; all->place++, all->step = 0) {
            *out = (rig_mutation){.item = all->item, .kind = rig_pdu_kind_of(item->pdu.bhs)};
            if (at_this_place(all, item, out))
                return true;
        }
    }
    return false;
}

/* ---- judging ---- */

static void add_segment(const rig_mutation *m, rig_lint_changed *out)
{
    size_t len = out->item.pdu.ahs.len;
    const struct segment_row *row = segment_rows;
    while (!rig_view_is(rig_view_str(m->how), row->how))
        row++;
    if (len + sizeof row->bytes > sizeof out->ahs)
        return;
    if (len)
        memcpy(out->ahs, out->item.pdu.ahs.ptr, len);
    memcpy(out->ahs + len, row->bytes, 4u * row->words);
    out->item.pdu.ahs = rig_view_of(out->ahs, len + 4u * row->words);
}

static void change_field(const rig_mutation *m, rig_lint_changed *out)
{
    const rig_field *field = &rig_fields[m->field];
    if (m->field == RIG_F_DATA_LEN) {
        lint_change_len(out, m->value);
        return;
    }
    if (m->field == RIG_F_AHS_WORDS)
        add_segment(m, out);
    if (field->form == RIG_FORM_CDB)
        out->bhs[field->byte + field->bytes - 1] = (uint8_t)m->value;
    else
        rig_set(out->bhs, m->field, m->value);
}

static void change(const rig_mutation *m, const rig_items *items, rig_lint_changed *out)
{
    lint_change_begin(out, &items->ptr[m->item]);
    if (m->way == RIG_MUTATE_FIELD)
        change_field(m, out);
    if (m->way == RIG_MUTATE_KEY || m->way == RIG_MUTATE_SAY)
        lint_mutate_text(m, out);
    if (m->way == RIG_MUTATE_ELSEWHERE)
        out->item.connection = items->ptr[m->partner].connection;
    if (m->way == RIG_MUTATE_BYTE)
        out->bhs[m->value] |= m->mask;
    out->item.pdu.bad_padding |= m->way == RIG_MUTATE_PADDING;
    out->item.pdu.bad_header_digest |= m->way == RIG_MUTATE_HEADER_DIGEST;
    out->item.pdu.bad_data_digest |= m->way == RIG_MUTATE_DATA_DIGEST;
}

/* What stands at place i of the mutated list; NULL = nothing. */
static const rig_item *at_place(const rig_items *items, const rig_mutation *m, size_t i,
                                const rig_lint_changed *changed)
{
    bool moves = m && (m->way == RIG_MUTATE_SWAP || m->way == RIG_MUTATE_CROSS);
    if (!m || (i != m->item && !(moves && i == m->partner)))
        return &items->ptr[i];
    if (moves)
        return &items->ptr[i == m->item ? m->partner : m->item];
    return m->way == RIG_MUTATE_DROP ? NULL : &changed->item;
}

rig_status rig_mutation_judge(const rig_lint_config *config, const rig_items *items, const rig_mutation *m,
                              rig_lint_changed *scratch)
{
    rig_lint *lint = NULL;
    rig_status status = rig_lint_new(config, &lint);
    if (m)
        change(m, items, scratch);
    for (size_t i = 0; i < items->num && !status; i++) {
        const rig_item *item = at_place(items, m, i, scratch);
        if (item)
            status = rig_lint_item(lint, item);
        if (item && !status && m && m->way == RIG_MUTATE_TWICE && i == m->item)
            status = rig_lint_item(lint, item);
    }
    rig_lint_free(lint);
    return status;
}
