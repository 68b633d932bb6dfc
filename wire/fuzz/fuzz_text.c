/* Hostile text: the same bytes as key=value pairs, values, names, addresses and commands. */
#include <stdlib.h>

#include "rig/cdb.h"
#include "rig/iname.h"
#include "rig/text.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void values(rig_view value)
{
    uint8_t bytes[64];
    char buffer[512];
    uint64_t number;
    size_t len;
    bool yes;
    rig_text text;
    rig_number_parse(value, &number);
    rig_bool_parse(value, &yes);
    rig_list_has(value, rig_view_str("None"));
    rig_text_init(&text, buffer, sizeof buffer);
    rig_text_escaped(&text, value);
    if (!rig_binary_parse(value, bytes, sizeof bytes, &len))
        return;
    require(len <= sizeof bytes);
    rig_text_init(&text, buffer, sizeof buffer);
    rig_binary_print(&text, rig_view_of(bytes, len));
    uint8_t again[64];
    size_t again_len = 0;
    require(rig_binary_parse(rig_view_str(buffer), again, sizeof again, &again_len));
    require(again_len == len && memcmp(bytes, again, len) == 0);
}

static void pairs(rig_view segment)
{
    rig_view rest = segment;
    rig_pair pair;
    rig_error err = {0};
    size_t before = SIZE_MAX;
    while (rig_pair_next(segment.ptr, &rest, &pair, &err) != RIG_E_NOT_FOUND) {
        require(rest.len < before && err.offset <= segment.len);
        before = rest.len;
        values(pair.value);
    }
}

static void names(rig_view name)
{
    rig_iname_type type;
    rig_portal portal, again;
    rig_error err = {0};
    char buffer[RIG_PORTAL_TEXT];
    rig_text text;
    rig_iname_check(name, &type, &err);
    require(err.offset <= name.len);
    if (rig_portal_parse(name, &portal, &err) != RIG_OK) {
        require(err.offset <= name.len);
        return;
    }
    rig_text_init(&text, buffer, sizeof buffer);
    rig_portal_print(&text, &portal);
    require(!text.cut && rig_portal_parse(rig_view_str(buffer), &again, NULL) == RIG_OK);
    require(strcmp(portal.host, again.host) == 0 && portal.port == again.port && portal.group == again.group);
}

static void addresses(rig_view name)
{
    rig_ip ip = {0}, again = {0};
    char buffer[64];
    rig_text text;
    if (!rig_ip_parse(name, &ip))
        return;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_ip_print(&text, &ip);
    require(rig_ip_parse(rig_view_str(buffer), &again) && rig_ip_eq(&ip, &again));
}

static void commands(rig_view name)
{
    uint8_t cdb[RIG_CDB_MAX], mask[RIG_CDB_MAX], again[RIG_CDB_MAX];
    char buffer[1024];
    rig_text text;
    size_t len, again_len = 0;
    if (rig_cdb_parse(name, cdb, mask, &len, NULL) != RIG_OK)
        return;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_cdb_print(&text, rig_view_of(cdb, len));
    require(!text.cut && rig_cdb_parse(rig_view_str(buffer), again, NULL, &again_len, NULL) == RIG_OK);
    require(again_len <= len && memcmp(cdb, again, again_len) == 0);
    rig_cdb_transfer(rig_view_of(cdb, len), 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig_view whole = rig_view_of(data, size);
    pairs(whole);
    names(whole);
    addresses(whole);
    commands(whole);
    return 0;
}
