/* Hostile iSNS: the bytes as a stream in pieces, as attributes, and what came whole once more through
 * packing. */
#include <stdlib.h>

#include "rig/isns_pdu.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void attributes(rig_view rest)
{
    rig_isns_attr attr;
    rig_view text;
    rig_ip ip;
    uint32_t number;
    rig_gather out = {0};
    size_t before = rest.len + 1;
    while (rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK) {
        require(rest.len < before && attr.value.len % 4 == 0);
        before = rest.len;
        rig_isns_number(attr.value, &number);
        require(!rig_isns_text(attr.value, &text) || (text.len > 0 && text.len < attr.value.len));
        if (!rig_isns_ip(attr.value, &ip))
            continue;
        out.len = 0;
        require(rig_isns_add_ip(&out, rig_alloc_libc(), attr.tag, &ip) == RIG_OK);
        require(memcmp(out.ptr + 8, attr.value.ptr, 16) == 0);
    }
    rig_gather_cleanup(&out, rig_alloc_libc());
}

/* A message that was read reads the same when it is packed into smaller PDUs. */
static void again(const rig_isns_header *header, rig_view message)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_gather packed = {0};
    rig_isns_framer framer;
    bool whole = false;
    require(rig_isns_pack(alloc, header, message, 64, &packed) == RIG_OK);
    rig_isns_framer_init(&framer, alloc);
    for (size_t at = 0; at < packed.len;) {
        struct iovec space = rig_isns_framer_space(&framer);
        size_t len = packed.len - at < space.iov_len ? packed.len - at : space.iov_len;
        memcpy(space.iov_base, packed.ptr + at, len);
        at += len;
        require(rig_isns_framer_commit(&framer, len, &whole, NULL) == RIG_OK);
        require(whole == (at == packed.len));
    }
    require(rig_view_eq(rig_view_of(framer.message, framer.len), message));
    rig_isns_framer_cleanup(&framer);
    rig_gather_cleanup(&packed, alloc);
}

static void one_message(rig_isns_framer *framer)
{
    char line[256];
    rig_text text;
    rig_view message = rig_view_of(framer->message, framer->len);
    rig_text_init(&text, line, sizeof line);
    rig_isns_print(&text, &framer->header, message);
    require(text.len < sizeof line);
    attributes(message);
    if (message.len < 65536)
        again(&framer->header, message);
    rig_isns_framer_next(framer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig_isns_framer framer;
    rig_status status = RIG_OK;
    rig_isns_framer_init(&framer, rig_alloc_libc());
    for (size_t at = 1; size && at < size && !status;) {
        struct iovec space = rig_isns_framer_space(&framer);
        size_t most = 1 + data[0], len = size - at < most ? size - at : most;
        bool whole = false;
        require(space.iov_len > 0);
        len = len < space.iov_len ? len : space.iov_len;
        memcpy(space.iov_base, data + at, len);
        at += len;
        status = rig_isns_framer_commit(&framer, len, &whole, NULL);
        if (!status && whole)
            one_message(&framer);
    }
    rig_isns_framer_cleanup(&framer);
    attributes(rig_view_of(data, size));
    return 0;
}
