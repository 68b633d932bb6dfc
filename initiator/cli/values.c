/* Words of the command line as members of a request: one function a kind of argument. */
#include "cli.h"
#include "rig/hba.h"
#include "rig/iname.h"

#include <inttypes.h>

#define LUN_DIGITS 18        /* "0x" and all eight bytes */
#define LUN_PERIPHERAL 0x100 /* SAM-5 section 4.7.7: smaller numbers stand in the second byte alone, */
#define LUN_FLAT 0x4000      /* and these need the flat method, which marks the first byte with 01b */

enum { ID_IPV4 = 1, ID_IPV6 = 5 }; /* RFC 2407 section 4.6.2.1 */

static rig_status set(const cli_place *at, const char *path, rig_view value, rig_error *err)
{
    return rig_record_set(at->alloc, at->shape, at->record, rig_view_str(path), value, err);
}

static rig_status set_word(const cli_place *at, const char *path, const char *word, const char *value,
                           rig_error *err)
{
    char full[64];
    rig_text text;
    rig_text_init(&text, full, sizeof full);
    rig_text_add(&text, "%s.%s", path, word);
    return set(at, full, rig_view_str(value), err);
}

rig_status cli_set_all(const cli_place *at, const char *assignments, rig_error *err)
{
    rig_status status = RIG_OK;
    for (rig_view rest = rig_view_str(assignments); rest.ptr && !status;) {
        rig_view value = rig_view_split(&rest, ','), path = rig_view_split(&value, '=');
        status = rig_record_set(at->alloc, at->shape, at->record, path, value, err);
    }
    return status;
}

/* ---- kinds ---- */

static bool is_word(rig_view word, char letter)
{
    return word.len == 1 && (word.ptr[0] | 0x20) == letter;
}

static rig_status take_switch(const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    bool yes = is_word(word, 't');
    if (!yes && !is_word(word, 'f'))
        return rig_fail(err, RIG_E_SYNTAX, "T or F is wanted");
    return set(at, arg->path, rig_view_str(yes ? "yes" : "no"), err);
}

static rig_status take_concealed(const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    return set(at, arg->path, rig_view_str(is_word(word, 't') ? "no" : "yes"), err);
}

/* A TCP port counts together with the address in front of it only. */
static bool has_address(const cli_arg *arg, const cli_place *at)
{
    char path[64], address[256];
    rig_text full, found;
    size_t folder = (size_t)(strrchr(arg->path, '.') - arg->path);
    rig_text_init(&full, path, sizeof path);
    rig_text_add(&full, "%.*s.address", (int)folder, arg->path);
    rig_text_init(&found, address, sizeof address);
    return rig_record_get(at->shape, at->record, rig_view_str(path), &found, NULL) == RIG_OK && found.len > 0;
}

static rig_status take_socket(const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    uint64_t number = 0;
    if (!rig_view_u64(word, &number) || number == 0 || number > UINT16_MAX)
        return rig_fail(err, RIG_E_SYNTAX, "a TCP port is wanted");
    return has_address(arg, at) ? set(at, arg->path, word, err) : RIG_OK;
}

static bool hex_half(rig_view half, char out[2 + 16 + 1])
{
    rig_text text;
    uint64_t number;
    if (rig_view_starts(half, "0x") || rig_view_starts(half, "0X"))
        half = rig_view_sub(half, 2, half.len);
    rig_text_init(&text, out, 2 + 16 + 1);
    rig_text_add(&text, "0x");
    rig_text_view(&text, half);
    return !text.cut && rig_view_u64(rig_view_str(out), &number);
}

static rig_status take_id(const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    char adapter[2 + 16 + 1], specific[2 + 16 + 1];
    rig_view rest = word, first = rig_view_split(&rest, '-');
    if (!hex_half(first, adapter) || !hex_half(rest, specific))
        return rig_fail(err, RIG_E_SYNTAX,
                        "two hex numbers with a - between are wanted, as a list shows them");
    rig_status status = set_word(at, arg->path, "adapter", adapter, err);
    return status ? status : set_word(at, arg->path, "specific", specific, err);
}

rig_status cli_lun(rig_view word, uint64_t *out, rig_error *err)
{
    uint64_t number = 0;
    bool all = word.len == LUN_DIGITS && (word.ptr[1] | 0x20) == 'x';
    if (!rig_view_u64(word, &number) || (!all && number >= LUN_FLAT))
        return rig_fail(err, RIG_E_SYNTAX, "a LUN below %d is wanted, or all 16 digits of it behind 0x",
                        LUN_FLAT);
    if (!all)
        number = (number < LUN_PERIPHERAL ? number : number | LUN_FLAT) << 48;
    *out = number;
    return RIG_OK;
}

static rig_status take_lun(const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    uint64_t lun = 0;
    char digits[24];
    rig_text text;
    rig_status status = cli_lun(word, &lun, err);
    rig_text_init(&text, digits, sizeof digits);
    rig_text_add(&text, "0x%016" PRIx64, lun);
    return status ? status : set(at, arg->path, rig_view_str(digits), err);
}

static rig_status take_security(const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    uint64_t flags = 0;
    char digits[24];
    rig_text text;
    rig_status status = rig_security_parse(word, &flags, err);
    rig_text_init(&text, digits, sizeof digits);
    rig_text_add(&text, "0x%" PRIx64, flags);
    return status ? status : set(at, arg->path, rig_view_str(digits), err);
}

/* An address is text here and bytes in the payload; what is written 0x is bytes already. */
static rig_status take_identity(const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    char type[8], bytes[2 + 2 * 16 + 1];
    rig_text out;
    rig_ip ip;
    rig_text_init(&out, type, sizeof type);
    rig_status status = rig_record_get(at->shape, at->record, rig_view_str("id-type"), &out, err);
    uint64_t number = 0;
    if (status || !rig_view_u64(rig_view_str(type), &number) || (number != ID_IPV4 && number != ID_IPV6) ||
        rig_view_starts(word, "0x"))
        return status ? status : set(at, arg->path, word, err);
    uint8_t version = number == ID_IPV4 ? 4 : 6;
    if (!rig_ip_parse(word, &ip) || ip.version != version)
        return rig_fail(err, RIG_E_SYNTAX, "an IPv%d address is wanted with that type", version);
    rig_text_init(&out, bytes, sizeof bytes);
    rig_text_add(&out, "0x");
    rig_text_hex(&out, rig_view_of(ip.bytes, version == 4 ? 4 : 16), 0);
    return set(at, arg->path, rig_view_str(bytes), err);
}

static rig_status take_secret(const cli *c, const cli_arg *arg, const cli_place *at, rig_view word,
                              rig_error *err)
{
    char line[CLI_SECRET_LINE_MAX + 1];
    rig_view secret = word;
    rig_status status = cli_secret(c, word, line, &secret, err);
    if (!status)
        status = set(at, arg->path, secret, err);
    rig_secret_wipe(line, sizeof line);
    return status;
}

/* ---- what is set along ---- */

static const rig_member *options_of(const rig_shape *shape)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (shape->members[i].kind == RIG_MEMBER_PART && shape->members[i].record == RIG_RECORD_login_options)
            return &shape->members[i];
    return NULL;
}

static void specify(const cli_place *at, uint32_t bit)
{
    const rig_member *member = options_of(at->shape);
    if (!member || !bit)
        return;
    rig_login_options *options = (rig_login_options *)((uint8_t *)at->record + member->offset);
    options->specified |= bit;
}

static rig_status take(const cli *c, const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    switch (arg->kind) {
    case CLI_SWITCH:
        return take_switch(arg, at, word, err);
    case CLI_CONCEALED:
        return take_concealed(arg, at, word, err);
    case CLI_SOCKET:
        return take_socket(arg, at, word, err);
    case CLI_UNIQUE_ID:
        return take_id(arg, at, word, err);
    case CLI_LUN:
        return take_lun(arg, at, word, err);
    case CLI_SECURITY:
        return take_security(arg, at, word, err);
    case CLI_IDENTITY:
        return take_identity(arg, at, word, err);
    case CLI_SECRET:
        return take_secret(c, arg, at, word, err);
    default: /* as the record reads it */
        return arg->path ? set(at, arg->path, word, err) : RIG_OK;
    }
}

rig_status cli_value(const cli *c, const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err)
{
    rig_status status = take(c, arg, at, word, err);
    if (!status)
        status = cli_set_all(at, arg->also, err);
    if (!status)
        specify(at, arg->bit);
    return status;
}

rig_status cli_star(const cli_arg *arg, const cli_place *at, rig_error *err)
{
    if (arg->given == CLI_NEEDED)
        return rig_fail(err, RIG_E_SYNTAX, "it has to be given, * is not enough");
    if (arg->kind == CLI_PORT)
        return set(at, arg->path, rig_view_str("0xffffffff"), err);
    if (arg->kind == CLI_SOCKET)
        return take_socket(arg, at, rig_view_str(CLI_PORTAL_PORT), err);
    if (arg->kind == CLI_CONCEALED)
        return set(at, arg->path, rig_view_str("yes"), err);
    return RIG_OK;
}
