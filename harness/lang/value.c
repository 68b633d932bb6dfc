/* Words to values: sizes, times, names, keys, flags. */
#include "lang.h"

#include "rig/text.h"

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit;

static const unit sizes[] = {{"", 1},
                             {"B", 1},
                             {"K", 1u << 10},
                             {"k", 1u << 10},
                             {"KiB", 1u << 10},
                             {"M", 1u << 20},
                             {"MiB", 1u << 20},
                             {"G", 1u << 30},
                             {"GiB", 1u << 30},
                             {"T", UINT64_C(1) << 40},
                             {"TiB", UINT64_C(1) << 40}};

static bool scaled(rig_view text, const unit *units, size_t num, uint64_t *out)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    uint64_t value;
    if (!rig_view_u64(rig_view_sub(text, 0, digits), &value))
        return false;
    rig_view rest = rig_view_sub(text, digits, text.len);
    for (size_t i = 0; i < num; i++) {
        if (!rig_view_is(rest, units[i].name))
            continue;
        *out = value * units[i].factor;
        return value <= UINT64_MAX / units[i].factor;
    }
    return false;
}

bool lang_size(rig_view text, uint64_t *out_bytes)
{
    return rig_view_u64(text, out_bytes) || scaled(text, sizes, sizeof(sizes) / sizeof(sizes[0]), out_bytes);
}

bool lang_time(rig_view text, uint64_t *out_ns)
{
    return rig_view_time(text, out_ns);
}

static bool name_byte(uint8_t c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && c >= '0' && c <= '9');
}

size_t lang_name_len(rig_view text)
{
    size_t len = 0;
    while (len < text.len && name_byte(text.ptr[len], len == 0))
        len++;
    return len;
}

bool lang_name_ok(rig_view name)
{
    return name.len > 0 && name.len <= LANG_NAME_MAX && lang_name_len(name) == name.len;
}

bool lang_hex(lang_parser *p, rig_view text, rig_view *out_bytes)
{
    if (rig_view_starts(text, "0x") || rig_view_starts(text, "0X"))
        text = rig_view_sub(text, 2, text.len);
    uint8_t *bytes = lang_take(p->arena, text.len / 2 + 1);
    if (!bytes)
        return lang_nomem(p->report);
    size_t len = rig_hex_parse(text, bytes, text.len / 2 + 1);
    *out_bytes = rig_view_of(bytes, len == SIZE_MAX ? 0 : len);
    return len != SIZE_MAX && len > 0;
}

size_t lang_split_pair(rig_view raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] == '=')
            return i;
        if (raw.ptr[i] == '"')
            for (i++; i < raw.len && raw.ptr[i] != '"'; i++)
                i += raw.ptr[i] == '\\';
    }
    return raw.len;
}

void lang_known_keys(lang_known *known)
{
    for (size_t i = 0; rig_key_names[i]; i++)
        lang_known_add(known, rig_key_names[i]);
}

/* ---- outcomes: what a status or a reason can be ---- */

static const rig_names *const outcome_sets[] = {&rig_names_scsi_status,     &rig_names_scsi_response,
                                                &rig_names_tmf_response,    &rig_names_login_status,
                                                &rig_names_logout_response, &rig_names_reject_reason};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool same_word(rig_view a, const char *b)
{
    size_t len = strlen(b);
    if (a.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(a.ptr[i]) != lower((uint8_t)b[i]))
            return false;
    return true;
}

static bool in_set(const rig_names *set, rig_view text)
{
    for (uint32_t i = 0; i < set->num_rows; i++)
        if (same_word(text, set->rows[i].name))
            return true;
    return false;
}

bool lang_outcome(rig_view text)
{
    rig_status status;
    uint64_t number;
    if (lang_word_find(RIG_SCN_G_OUTCOME, text) || rig_status_parse(text, &status) == RIG_OK ||
        rig_view_u64(text, &number))
        return true;
    for (size_t i = 0; i < sizeof(outcome_sets) / sizeof(outcome_sets[0]); i++)
        if (in_set(outcome_sets[i], text))
            return true;
    return false;
}

void lang_known_outcomes(lang_known *known)
{
    lang_known_words(known, RIG_SCN_G_OUTCOME);
    for (unsigned i = 0; i < RIG_STATUS_COUNT; i++)
        lang_known_add(known, rig_status_name((rig_status)i));
    for (size_t i = 0; i < sizeof(outcome_sets) / sizeof(outcome_sets[0]); i++)
        for (uint32_t j = 0; j < outcome_sets[i]->num_rows; j++)
            lang_known_add(known, outcome_sets[i]->rows[j].name);
}

/* ---- security flags by name: what a login block stores in its flags word ---- */

typedef struct flag {
    const char *name;
    uint64_t bit;
    const char *member; /* $flags.member gives `value` when the flag is there */
    const char *value;
} flag;

static const flag flags[] = {{"VALID", 0x01, "valid", "yes"},   {"IKE", 0x02, "ike", "yes"},
                             {"MAIN", 0x04, "phase1", "main"},  {"AGGRESSIVE", 0x08, "phase1", "aggressive"},
                             {"PFS", 0x10, "pfs", "yes"},       {"TRANSPORT", 0x20, "mode", "transport"},
                             {"TUNNEL", 0x40, "mode", "tunnel"}};

#define NUM_FLAGS (sizeof(flags) / sizeof(flags[0]))

const char *lang_flags_members(void)
{
    return "VALID, IKE, MAIN, AGGRESSIVE, PFS, TRANSPORT, TUNNEL";
}

static const flag *flag_find(rig_view name)
{
    for (size_t i = 0; i < NUM_FLAGS; i++)
        if (rig_view_is(name, flags[i].name))
            return &flags[i];
    return NULL;
}

bool lang_flags(rig_view text, uint64_t *out_bits)
{
    if (rig_view_u64(text, out_bits))
        return true;
    *out_bits = 0;
    for (rig_view rest = text; rest.ptr;) {
        const flag *found = flag_find(rig_view_split(&rest, '+'));
        if (!found)
            return false;
        *out_bits |= found->bit;
    }
    return text.len > 0;
}

rig_view lang_flags_member(rig_view text, rig_view member)
{
    uint64_t bits;
    if (!lang_flags(text, &bits))
        return (rig_view){NULL, 0};
    rig_view value = {NULL, 0};
    for (size_t i = 0; i < NUM_FLAGS; i++) {
        if (!rig_view_is(member, flags[i].member))
            continue;
        if (!value.ptr)
            value = rig_view_str(rig_view_is(member, "phase1") || rig_view_is(member, "mode") ? "-" : "no");
        if (bits & flags[i].bit)
            value = rig_view_str(flags[i].value);
    }
    return value;
}
