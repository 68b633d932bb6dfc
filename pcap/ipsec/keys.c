/* The three texts of keys that lie beside a capture. */
#include "read.h"

#define FIELDS_MAX 9

typedef struct line {
    rig_view text;
    uint32_t number;
    rig_view fields[FIELDS_MAX];
    size_t num;
    rig_error *err;
} line;

/* What the fields of a kind of line are, of which the last may be left out. */
typedef struct layout {
    const char *names[FIELDS_MAX];
    size_t num, least;
} layout;

static const layout ike_line = {{"COOKIE", "KEY"}, 2, 2};
static const layout esp_line = {
    {"IP version", "source", "destination", "SPI", "cipher", "cipher key", "integrity", "integrity key"},
    8,
    8};
static const layout phase1_line = {{"phase1", "COOKIE", "SKEYID_a", "SKEYID_d", "SKEYID"}, 5, 4};
static const layout quick_line = {{"quick", "COOKIE", "MESSAGE-ID", "SECRET"}, 4, 4};

static void place(const line *at, const uint8_t *where)
{
    if (!at->err)
        return;
    at->err->line = at->number;
    at->err->col = (uint32_t)(where - at->text.ptr) + 1;
}

/* Says which field of a line is wrong, and how long it is, never what it is: it may be a secret. */
__attribute__((format(printf, 5, 6))) static rig_status wrong(const line *at, const layout *of, size_t index,
                                                              rig_status status, const char *wanted, ...)
{
    char text[128];
    rig_text out;
    va_list args;
    rig_text_init(&out, text, sizeof text);
    va_start(args, wanted);
    rig_text_vadd(&out, wanted, args);
    va_end(args);
    place(at, at->fields[index].ptr);
    bool last = index + 1 == at->num;
    return rig_fail(at->err, status, "field %zu (%s): wanted %s, came %zu characters%s", index + 1,
                    of->names[index], text, at->fields[index].len, last ? "; is the line cut?" : "");
}

static rig_status too_few(const line *at, const layout *of)
{
    char text[128];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    for (size_t i = 0; i < of->num; i++)
        rig_text_add(&out, "%s%s", i ? "," : "", of->names[i]);
    place(at, at->text.ptr + at->text.len);
    return rig_fail(at->err, RIG_E_SYNTAX, "field %zu (%s) is not there: wanted %s; is the line cut?",
                    at->num + 1, of->names[at->num], text);
}

static rig_status fits(const line *at, const layout *of)
{
    if (at->num < of->least)
        return too_few(at, of);
    if (at->num <= of->num)
        return RIG_OK;
    place(at, at->fields[of->num].ptr);
    return rig_fail(at->err, RIG_E_SYNTAX, "field %zu: wanted no more than %zu", of->num + 1, of->num);
}

static rig_view unquoted(rig_view field)
{
    bool quoted = field.len >= 2 && field.ptr[0] == '"' && field.ptr[field.len - 1] == '"';
    return quoted ? rig_view_sub(field, 1, field.len - 2) : field;
}

static rig_view without_0x(rig_view field)
{
    return rig_view_starts(field, "0x") ? rig_view_sub(field, 2, field.len) : field;
}

/* Exactly len bytes, or with len 0 as many as there are. */
static bool hex(rig_view field, size_t len, uint8_t *out, size_t size, size_t *out_len)
{
    *out_len = rig_hex_parse(field, out, size);
    return *out_len != SIZE_MAX && (len == 0 || *out_len == len);
}

/* Each ended by 0. SKEYID is of the hash of phase 1; a shared secret is of the group: MODP 1, 2, 5, 14 to 18
 * (RFC 2409, RFC 3526), the x of an elliptic curve (RFC 5903), or nothing without PFS. */
static const size_t hash_lengths[] = {20, 32, 48, 64, 0};
static const size_t group_lengths[] = {96, 128, 192, 256, 384, 512, 768, 1024, 32, 48, 66, 0};

static bool is_length(size_t len, const size_t *lengths)
{
    while (*lengths && *lengths != len)
        lengths++;
    return *lengths == len;
}

static bool number_of(rig_view field, uint32_t *out)
{
    uint8_t bytes[4];
    size_t len;
    if (!hex(field, 4, bytes, sizeof bytes, &len))
        return false;
    *out = (uint32_t)rig_be_get(bytes, 4);
    return true;
}

static rig_status take_ike(rig_ipsec_reader *reader, const line *at)
{
    ipr_ike_key key = {0};
    size_t len;
    rig_status status = fits(at, &ike_line);
    if (status)
        return status;
    if (!hex(at->fields[0], 8, key.cookie, sizeof key.cookie, &len))
        return wrong(at, &ike_line, 0, RIG_E_SYNTAX, "16 hex digits");
    if (!hex(at->fields[1], 0, key.key, sizeof key.key, &key.len) || key.len < 16 || key.len % 8)
        return wrong(at, &ike_line, 1, RIG_E_SYNTAX, "32, 48 or 64 hex digits");
    ipr_ike_key *kept = ipr_ring_new(reader, &reader->ike_keys);
    if (kept)
        *kept = key;
    rig_secret_wipe(&key, sizeof key);
    return kept ? RIG_OK : RIG_E_NOMEM;
}

/* Names as tshark spells them. */
static const struct {
    const char *name;
    uint16_t hash;
    size_t icv_len, key_len;
} icv_rows[] = {
    {"HMAC-SHA-1-96 [RFC2404]", 2, 12, 20},
    {"HMAC-SHA-256-128 [RFC4868]", 4, 16, 32},
};

static bool find_icv(rig_view name, ipr_esp_key *out, size_t *out_key_len)
{
    for (size_t i = 0; i < sizeof icv_rows / sizeof icv_rows[0]; i++)
        if (rig_view_is(name, icv_rows[i].name)) {
            out->hash = icv_rows[i].hash;
            out->icv_len = icv_rows[i].icv_len;
            *out_key_len = icv_rows[i].key_len;
            return true;
        }
    return false;
}

static rig_status read_esp(const line *at, ipr_esp_key *key)
{
    const rig_view *fields = at->fields;
    size_t auth_len;
    rig_status status = fits(at, &esp_line);
    if (status)
        return status;
    key->version = rig_view_is(fields[0], "IPv4") ? 4 : rig_view_is(fields[0], "IPv6") ? 6 : 0;
    key->null = rig_view_is(fields[4], "NULL");
    if (!key->version)
        return wrong(at, &esp_line, 0, RIG_E_SYNTAX, "\"IPv4\" or \"IPv6\"");
    if (!number_of(without_0x(fields[3]), &key->spi))
        return wrong(at, &esp_line, 3, RIG_E_SYNTAX, "0x and eight hex digits");
    if (!key->null && !rig_view_is(fields[4], "AES-CBC [RFC3602]"))
        return wrong(at, &esp_line, 4, RIG_E_UNSUPPORTED, "\"AES-CBC [RFC3602]\" or \"NULL\"");
    if (!hex(without_0x(fields[5]), 0, key->cipher, sizeof key->cipher, &key->cipher_len) ||
        (!key->null && (key->cipher_len < 16 || key->cipher_len % 8)))
        return wrong(at, &esp_line, 5, RIG_E_SYNTAX, "0x and 32, 48 or 64 hex digits");
    if (!find_icv(fields[6], key, &auth_len))
        return wrong(at, &esp_line, 6, RIG_E_UNSUPPORTED,
                     "\"HMAC-SHA-256-128 [RFC4868]\" or \"HMAC-SHA-1-96 [RFC2404]\"");
    if (!hex(without_0x(fields[7]), auth_len, key->auth, sizeof key->auth, &key->auth_len))
        return wrong(at, &esp_line, 7, RIG_E_SYNTAX, "0x and %zu hex digits", 2 * auth_len);
    return RIG_OK;
}

static rig_status take_esp(rig_ipsec_reader *reader, const line *at)
{
    ipr_esp_key key = {0};
    rig_status status = read_esp(at, &key);
    ipr_esp_key *kept = status ? NULL : ipr_ring_new(reader, &reader->esp_keys);
    if (kept)
        *kept = key;
    rig_secret_wipe(&key, sizeof key);
    return status || kept ? status : RIG_E_NOMEM;
}

static rig_status take_phase1(rig_ipsec_reader *reader, const line *at)
{
    ipr_phase1_secret secret = {0};
    size_t len;
    rig_status status = fits(at, &phase1_line);
    if (status)
        return status;
    if (!hex(at->fields[1], 8, secret.cookie, sizeof secret.cookie, &len))
        return wrong(at, &phase1_line, 1, RIG_E_SYNTAX, "16 hex digits");
    for (size_t i = 0; i + 2 < at->num && !status; i++)
        if (!hex(at->fields[i + 2], i ? secret.len[0] : 0, secret.skeyid[i], IPR_HASH_MAX, &secret.len[i]) ||
            !secret.len[i] || !is_length(secret.len[i], hash_lengths))
            status = i ? wrong(at, &phase1_line, i + 2, RIG_E_SYNTAX, "%zu hex digits, as SKEYID_a has",
                               2 * secret.len[0])
                       : wrong(at, &phase1_line, i + 2, RIG_E_SYNTAX, "40, 64, 96 or 128 hex digits");
    ipr_phase1_secret *kept = status ? NULL : ipr_ring_new(reader, &reader->phase1_secrets);
    if (kept)
        *kept = secret;
    rig_secret_wipe(&secret, sizeof secret);
    return status || kept ? status : RIG_E_NOMEM;
}

static rig_status take_quick(rig_ipsec_reader *reader, const line *at)
{
    ipr_quick_secret secret = {0};
    size_t len;
    rig_status status = fits(at, &quick_line);
    if (status)
        return status;
    if (!hex(at->fields[1], 8, secret.cookie, sizeof secret.cookie, &len))
        return wrong(at, &quick_line, 1, RIG_E_SYNTAX, "16 hex digits");
    if (!number_of(at->fields[2], &secret.id))
        return wrong(at, &quick_line, 2, RIG_E_SYNTAX, "eight hex digits");
    if (!hex(at->fields[3], 0, secret.shared.bytes, sizeof secret.shared.bytes, &secret.shared.len) ||
        !is_length(secret.shared.len, group_lengths))
        return wrong(at, &quick_line, 3, RIG_E_SYNTAX,
                     "as many hex digits as a value of a Diffie-Hellman group, or none");
    ipr_quick_secret *kept = ipr_ring_new(reader, &reader->quick_secrets);
    if (kept)
        *kept = secret;
    rig_secret_wipe(&secret, sizeof secret);
    return kept ? RIG_OK : RIG_E_NOMEM;
}

static rig_status take_keymat(rig_ipsec_reader *reader, const line *at)
{
    if (rig_view_is(at->fields[0], "phase1"))
        return take_phase1(reader, at);
    if (rig_view_is(at->fields[0], "quick"))
        return take_quick(reader, at);
    place(at, at->text.ptr);
    return rig_fail(at->err, RIG_E_SYNTAX, "field 1: wanted phase1 or quick");
}

static rig_status split(line *at)
{
    rig_view rest = at->text;
    at->num = 0;
    while (rest.ptr && at->num < FIELDS_MAX && at->text.len <= RIG_IPSEC_LINE_MAX)
        at->fields[at->num++] = unquoted(rig_view_split(&rest, ','));
    if (!rest.ptr)
        return RIG_OK;
    place(at, at->text.ptr);
    return at->num ? rig_fail(at->err, RIG_E_SYNTAX, "wanted fewer than %d fields", FIELDS_MAX + 1)
                   : rig_fail(at->err, RIG_E_SYNTAX, "wanted a shorter line, of %d bytes at most",
                              RIG_IPSEC_LINE_MAX);
}

rig_status rig_ipsec_keys_add(rig_ipsec_reader *reader, rig_ipsec_keys kind, rig_view text, rig_error *err)
{
    static rig_status (*const takes[])(rig_ipsec_reader *, const line *) = {take_ike, take_esp, take_keymat};
    line at = {.err = err};
    rig_status status = RIG_OK;
    while (text.len > 0 && !status) {
        at.text = rig_view_split(&text, '\n');
        at.number++;
        if (at.text.len && at.text.ptr[at.text.len - 1] == '\r')
            at.text.len--;
        if (at.text.len == 0 || at.text.ptr[0] == '#')
            continue;
        status = split(&at);
        if (!status)
            status = takes[kind](reader, &at);
    }
    return status;
}

/* ---- finding ---- */

const ipr_ike_key *ipr_ike_key_find(const rig_ipsec_reader *reader, const uint8_t cookie[8])
{
    const ipr_ike_key *key;
    for (uint64_t i = 0; (key = ipr_ring_at(&reader->ike_keys, i)); i++)
        if (memcmp(key->cookie, cookie, 8) == 0)
            return key;
    return NULL;
}

const ipr_esp_key *ipr_esp_key_find(const rig_ipsec_reader *reader, uint8_t version, uint32_t spi)
{
    const ipr_esp_key *key;
    for (uint64_t i = 0; (key = ipr_ring_at(&reader->esp_keys, i)); i++)
        if (key->spi == spi && key->version == version)
            return key;
    return NULL;
}

const ipr_phase1_secret *ipr_phase1_secret_find(const rig_ipsec_reader *reader, const uint8_t cookie[8])
{
    const ipr_phase1_secret *secret;
    for (uint64_t i = 0; (secret = ipr_ring_at(&reader->phase1_secrets, i)); i++)
        if (memcmp(secret->cookie, cookie, 8) == 0)
            return secret;
    return NULL;
}

const ipr_quick_secret *ipr_quick_secret_find(const rig_ipsec_reader *reader, const uint8_t cookie[8],
                                              uint32_t id)
{
    const ipr_quick_secret *secret;
    for (uint64_t i = 0; (secret = ipr_ring_at(&reader->quick_secrets, i)); i++)
        if (secret->id == id && memcmp(secret->cookie, cookie, 8) == 0)
            return secret;
    return NULL;
}
