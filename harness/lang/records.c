/* Members of records in the notation of scenarios: what calls are given, what answers and the store hold. */
#include "lang.h"

#include "rig/iname.h"

#define PATH_MAX_TEXT 128 /* bytes of a path made here */
#define DECIMAL_TEXT 24
#define FLAT_LUN_MAX 16383

/* ---- values by name ---- */

static const struct {
    const char *member;
    rig_record_id record; /* in which; nothing = in any */
    const char *word;
    uint32_t value;
} value_words[] = {
    {"port", RIG_RECORD_nothing, "any", RIG_PORT_ANY},
    {"auth-type", RIG_RECORD_nothing, "none", 0},
    {"auth-type", RIG_RECORD_nothing, "CHAP", 1},
    {"auth-type", RIG_RECORD_nothing, "mutual-CHAP", 2},
    {"header-digest", RIG_RECORD_nothing, "None", 0},
    {"header-digest", RIG_RECORD_nothing, "CRC32C", 1},
    {"data-digest", RIG_RECORD_nothing, "None", 0},
    {"data-digest", RIG_RECORD_nothing, "CRC32C", 1},
    {"flags", RIG_RECORD_login_options, "require-ipsec", RIG_LOGIN_FLAG_REQUIRE_IPSEC},
    {"flags", RIG_RECORD_login_options, "multipath", RIG_LOGIN_FLAG_MULTIPATH},
    {"flags", RIG_RECORD_login_options, "portal-hopping", RIG_LOGIN_FLAG_PORTAL_HOPPING},
    {"flags", RIG_RECORD_login_options, "radius-response", RIG_LOGIN_FLAG_RADIUS_RESPONSE},
    {"flags", RIG_RECORD_login_options, "radius-verification", RIG_LOGIN_FLAG_RADIUS_VERIFICATION},
    {"flags", RIG_RECORD_static_target, "hide", RIG_TARGET_FLAG_HIDE},
    {"flags", RIG_RECORD_static_target, "merge", RIG_TARGET_FLAG_MERGE},
    {"flags", RIG_RECORD_target_instance, "hide", RIG_TARGET_FLAG_HIDE},
    {"flags", RIG_RECORD_target_instance, "merge", RIG_TARGET_FLAG_MERGE},
};

/* The bits of login_options.specified. */
static const struct {
    const char *member;
    uint32_t bit;
} specified_bits[] = {
    {"header-digest", RIG_LOGIN_HAS_HEADER_DIGEST},
    {"data-digest", RIG_LOGIN_HAS_DATA_DIGEST},
    {"max-connections", RIG_LOGIN_HAS_MAX_CONNECTIONS},
    {"time2wait", RIG_LOGIN_HAS_TIME2WAIT},
    {"time2retain", RIG_LOGIN_HAS_TIME2RETAIN},
    {"username", RIG_LOGIN_HAS_USERNAME},
    {"password", RIG_LOGIN_HAS_PASSWORD},
    {"auth-type", RIG_LOGIN_HAS_AUTH_TYPE},
};

static bool one_word(const lang_spot *spot, rig_view word, uint64_t *out)
{
    for (size_t i = 0; i < sizeof value_words / sizeof value_words[0]; i++) {
        bool here =
            value_words[i].record == RIG_RECORD_nothing || rig_shape_of(value_words[i].record) == spot->owner;
        if (here && strcmp(value_words[i].member, spot->member->word) == 0 &&
            rig_view_is(word, value_words[i].word)) {
            *out = value_words[i].value;
            return true;
        }
    }
    return false;
}

/* All eight bytes, for people the number of a single-level LUN (SAM-5 section 4.7). */
static bool is_lun(const lang_spot *spot)
{
    return spot->member->kind == RIG_MEMBER_NUMBER &&
           (strcmp(spot->member->word, "lun") == 0 || strcmp(spot->member->word, "target-lun") == 0);
}

static bool lun_number(rig_view text, uint64_t *out)
{
    bool number = rig_view_u64(text, out);
    if (number && !rig_view_starts(text, "0x"))
        *out = *out <= FLAT_LUN_MAX ? rig_lun_encode((uint32_t)*out) : *out;
    return number;
}

bool lang_member_number(const lang_spot *spot, rig_view text, uint64_t *out)
{
    uint64_t bits = 0, bit;
    if (!spot->member || spot->member->kind != RIG_MEMBER_NUMBER || text.len == 0)
        return false;
    *out = 0;
    if (is_lun(spot))
        return lun_number(text, out);
    if (strcmp(spot->member->word, "security-flags") == 0)
        return rig_view_is(text, "none") || lang_flags(text, out);
    for (rig_view rest = text; rest.ptr; bits |= bit)
        if (!one_word(spot, rig_view_split(&rest, '+'), &bit))
            return rig_view_u64(text, out);
    *out = bits;
    return true;
}

/* ---- where a path leads ---- */

static const rig_member *member_find(const rig_shape *shape, rig_view word)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (rig_view_is(word, shape->members[i].word))
            return &shape->members[i];
    return NULL;
}

bool lang_spot_find(const rig_shape *shape, rig_view path, lang_spot *out)
{
    uint64_t number;
    *out = (lang_spot){.owner = shape};
    for (rig_view rest = path; rest.ptr;) {
        rig_view word = rig_view_split(&rest, '.');
        bool in_list = out->member && out->member->kind == RIG_MEMBER_LIST && !out->is_entry;
        bool inside = out->member && (out->is_entry || out->member->kind == RIG_MEMBER_PART);
        out->wrong = word;
        if (in_list && rig_view_is(word, "num") && !rest.ptr) {
            out->is_num = true;
            continue;
        }
        if (in_list && rig_view_u64(word, &number)) {
            out->is_entry = true;
            continue;
        }
        if (inside)
            out->owner = rig_shape_of(out->member->record);
        else if (out->member)
            return false;
        out->member = member_find(out->owner, word);
        out->is_entry = false;
        if (!out->member)
            return false;
    }
    return out->member != NULL;
}

/* The shape of the record that a path leads to, NULL when it leads to something else. */
static const rig_shape *record_at(const lang_spot *spot)
{
    bool record = spot->member && (spot->is_entry || spot->member->kind == RIG_MEMBER_PART);
    return record ? rig_shape_of(spot->member->record) : NULL;
}

/* ---- setting ---- */

typedef struct setting {
    const rig_alloc *alloc;
    const rig_shape *shape;
    void *record;
    rig_error *err;
} setting;

static rig_status set_below(const setting *s, rig_view path, const char *word, rig_view value)
{
    char room[PATH_MAX_TEXT];
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    rig_text_view(&text, path);
    rig_text_add(&text, "%s%s", path.len ? "." : "", word);
    if (text.cut)
        return rig_fail(s->err, RIG_E_LIMIT, "a path has at most %d bytes", PATH_MAX_TEXT - 1);
    return rig_record_set(s->alloc, s->shape, s->record, rig_view_of(room, text.len), value, s->err);
}

static rig_status set_number(const setting *s, rig_view path, const char *word, uint64_t number)
{
    char room[DECIMAL_TEXT];
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    rig_text_add(&text, "%llu", (unsigned long long)number);
    return set_below(s, path, word, rig_view_of(room, text.len));
}

static rig_status set_portal(const setting *s, rig_view path, rig_view value)
{
    rig_portal portal;
    rig_status status = rig_portal_parse(value, &portal, s->err);
    if (!status)
        status = set_below(s, path, "address", rig_view_str(portal.host));
    return status ? status : set_number(s, path, "socket", portal.port);
}

static rig_status set_unique_id(const setting *s, rig_view path, rig_view value)
{
    char room[2][DECIMAL_TEXT];
    rig_view rest = value;
    for (unsigned half = 0; half < 2; half++) {
        uint64_t number;
        rig_text text;
        rig_text_init(&text, room[half], sizeof room[half]);
        rig_text_add(&text, "0x");
        rig_text_view(&text, rig_view_split(&rest, '-'));
        if (text.cut || !rig_view_u64(rig_view_of(room[half], text.len), &number))
            return rig_fail(s->err, RIG_E_SYNTAX, "a session or connection is named HEX-HEX");
        rig_status status = set_number(s, path, half ? "specific" : "adapter", number);
        if (status)
            return status;
    }
    return rest.ptr ? rig_fail(s->err, RIG_E_SYNTAX, "a session or connection is named HEX-HEX") : RIG_OK;
}

/* The path without its last word, "" when it has one only. */
static rig_view parent(rig_view path)
{
    size_t end = path.len;
    while (end > 0 && path.ptr[end - 1] != '.')
        end--;
    return rig_view_sub(path, 0, end ? end - 1 : 0);
}

static rig_status add_specified(const setting *s, rig_view options, uint32_t bit)
{
    char room[DECIMAL_TEXT], path[PATH_MAX_TEXT];
    uint64_t bits = 0;
    rig_text text, name;
    rig_text_init(&text, room, sizeof room);
    rig_text_init(&name, path, sizeof path);
    rig_text_view(&name, options);
    rig_text_add(&name, "%sspecified", options.len ? "." : "");
    rig_status status = rig_record_get(s->shape, s->record, rig_view_of(path, name.len), &text, s->err);
    rig_view_u64(rig_view_of(room, text.len), &bits);
    return status ? status : set_number(s, options, "specified", bits | bit);
}

static rig_status specify(const setting *s, rig_view path, const lang_spot *spot)
{
    for (size_t i = 0; i < sizeof specified_bits / sizeof specified_bits[0]; i++)
        if (spot->owner == RIG_SHAPE(login_options) &&
            strcmp(spot->member->word, specified_bits[i].member) == 0)
            return add_specified(s, parent(path), specified_bits[i].bit);
    return RIG_OK;
}

/* has-portal for "portal.socket", has-tag for "tag". */
static rig_status say_given(const setting *s, rig_view path)
{
    char room[PATH_MAX_TEXT];
    rig_text text;
    rig_view word = rig_view_sub(path, 0, rig_view_find(path, '.'));
    rig_text_init(&text, room, sizeof room);
    rig_text_add(&text, "has-");
    rig_text_view(&text, word);
    if (text.cut || !member_find(s->shape, rig_view_of(room, text.len)))
        return RIG_OK;
    return set_below(s, (rig_view){0}, room, rig_view_str("yes"));
}

static rig_status set_value(const setting *s, const lang_spot *spot, rig_view path, rig_view value)
{
    uint64_t number;
    const rig_shape *inner = record_at(spot);
    if (inner == RIG_SHAPE(target_portal))
        return set_portal(s, path, value);
    if (inner == RIG_SHAPE(unique_id))
        return set_unique_id(s, path, value);
    if (spot->member && lang_member_number(spot, value, &number)) {
        char room[DECIMAL_TEXT];
        rig_text text;
        rig_text_init(&text, room, sizeof room);
        rig_text_add(&text, "%llu", (unsigned long long)number);
        return rig_record_set(s->alloc, s->shape, s->record, path, rig_view_of(room, text.len), s->err);
    }
    return rig_record_set(s->alloc, s->shape, s->record, path, value, s->err);
}

rig_status rig_scn_record_set(const rig_alloc *alloc, const rig_shape *shape, void *record, rig_view path,
                              rig_view value, rig_error *err)
{
    const setting s = {alloc, shape, record, err};
    lang_spot spot;
    bool found = lang_spot_find(shape, path, &spot);
    rig_status status = set_value(&s, &spot, path, value);
    if (!status && found)
        status = specify(&s, path, &spot);
    return status || !found ? status : say_given(&s, path);
}

void rig_scn_record_init(const rig_shape *shape, void *record)
{
    const rig_member *port = member_find(shape, rig_view_str("port"));
    const uint32_t any = RIG_PORT_ANY;
    memset(record, 0, shape->size);
    if (port && port->kind == RIG_MEMBER_NUMBER && port->size == sizeof any)
        memcpy((uint8_t *)record + port->offset, &any, sizeof any);
}

/* ---- getting ---- */

static void put_portal(const rig_target_portal *from, rig_text *out)
{
    rig_portal portal = {.port = from->socket, .group = -1};
    rig_text host;
    rig_text_init(&host, portal.host, sizeof portal.host);
    rig_text_add(&host, "%s", from->address);
    rig_portal_print(out, &portal);
}

static void put_record(const rig_shape *shape, const uint8_t *record, rig_text *out)
{
    const rig_member *first = &shape->members[0];
    if (shape == RIG_SHAPE(target_portal)) {
        put_portal((const void *)record, out);
    } else if (shape == RIG_SHAPE(unique_id)) {
        const rig_unique_id *id = (const void *)record;
        rig_text_add(out, "%llx-%llx", (unsigned long long)id->adapter, (unsigned long long)id->specific);
    } else if (first->kind == RIG_MEMBER_PART) {
        put_record(rig_shape_of(first->record), record + first->offset, out);
    } else {
        rig_record_get(shape, record, rig_view_str(first->word), out, NULL);
    }
}

/* What every rig_X_list looks like. */
typedef struct any_list {
    uint32_t num, size;
    const uint8_t *ptr;
} any_list;

static void put_list(const rig_shape *shape, const any_list *list, rig_text *out)
{
    for (uint32_t i = 0; i < list->num; i++) {
        rig_text_add(out, "%s", i ? " " : "");
        put_record(shape, list->ptr + i * shape->size, out);
    }
}

/* The bytes that a path of parts and entries leads to; NULL when there is no such entry. */
static const uint8_t *bytes_at(const rig_shape *shape, const void *record, rig_view path)
{
    const uint8_t *at = record;
    const any_list *list = NULL;
    uint64_t index;
    for (rig_view rest = path; rest.ptr && at;) {
        rig_view word = rig_view_split(&rest, '.');
        if (list) {
            at = rig_view_u64(word, &index) && index < list->num ? list->ptr + index * shape->size : NULL;
            list = NULL;
            continue;
        }
        const rig_member *member = member_find(shape, word);
        if (!member)
            return NULL;
        at += member->offset;
        list = member->kind == RIG_MEMBER_LIST ? (const void *)at : NULL;
        if (list || member->kind == RIG_MEMBER_PART)
            shape = rig_shape_of(member->record);
    }
    return at;
}

static rig_status put_lun(const rig_shape *shape, const void *record, rig_view path, rig_text *out,
                          rig_error *err)
{
    char room[DECIMAL_TEXT];
    uint64_t number = 0;
    uint32_t lun;
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    rig_status status = rig_record_get(shape, record, path, &text, err);
    if (!status && rig_view_u64(rig_view_of(room, text.len), &number) && rig_lun_decode(number, &lun))
        rig_text_add(out, "%u", lun);
    else
        rig_text_view(out, rig_view_of(room, text.len));
    return status;
}

rig_status rig_scn_record_get(const rig_shape *shape, const void *record, rig_view path, rig_text *out,
                              rig_error *err)
{
    lang_spot spot;
    if (!lang_spot_find(shape, path, &spot))
        return rig_fail(err, RIG_E_NOT_FOUND, "%s has no \"%.*s\"", shape->name, RIG_VIEW_ARG(spot.wrong));
    const rig_shape *inner = record_at(&spot);
    bool list = spot.member->kind == RIG_MEMBER_LIST && !spot.is_entry && !spot.is_num;
    if (!inner && !list && !spot.is_num && is_lun(&spot))
        return put_lun(shape, record, path, out, err);
    if (!inner && !list)
        return rig_record_get(shape, record, path, out, err);
    const uint8_t *at = bytes_at(shape, record, path);
    if (!at)
        return rig_fail(err, RIG_E_NOT_FOUND, "there is no %.*s", RIG_VIEW_ARG(path));
    if (inner)
        put_record(inner, at, out);
    else
        put_list(rig_shape_of(spot.member->record), (const void *)at, out);
    return RIG_OK;
}
