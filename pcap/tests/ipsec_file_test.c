/*
 * Captures with their keys beside them, written and read back. In the folder that RIG_IPSEC_SAMPLES names
 * they stay, so that other programs can read them.
 */
#include "ipsec_talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SAMPLES 35 /* two of the last with every message sent again, the last with a SYN in the clear */
#define PATH_SIZE 512

static talk wrote, got;
static const char *const suffixes[] = {"ike", "esp", "keymat"};

static const char *folder_of(char *made)
{
    const char *named = getenv("RIG_IPSEC_SAMPLES");
    return named ? named : mkdtemp(made);
}

static void path_of(rig_text *out, char path[PATH_SIZE], const char *folder, unsigned i, const char *suffix)
{
    rig_text_init(out, path, PATH_SIZE);
    rig_text_add(out, "%s/%02u.pcapng%s%s", folder, i, suffix ? "." : "", suffix ? suffix : "");
    CU_ASSERT_FALSE_FATAL(out->cut);
}

static void write_keys(const char *folder, unsigned i)
{
    for (unsigned k = 0; k < 3; k++) {
        char path[PATH_SIZE];
        rig_text text;
        path_of(&text, path, folder, i, suffixes[k]);
        FILE *file = fopen(path, "we");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_EQUAL(fwrite(wrote.keys[k].ptr, 1, wrote.keys[k].len, file), wrote.keys[k].len);
        CU_ASSERT_EQUAL(fclose(file), 0);
    }
}

static void write_sample(const char *folder, unsigned i)
{
    char path[PATH_SIZE];
    rig_text text;
    rig_error err = {0};
    const talk_plan plan = {.aggressive = i & 1,
                            .pfs = i & 2,
                            .tunnel = i & 4,
                            .ip6 = i & 8,
                            .null = (i & 16) && (i & 1),
                            .sha1 = (i & 16) && (i & 2),
                            .nat_t = (i & 16) && (i & 4),
                            .fault = i < 32   ? F_NONE
                                     : i < 34 ? F_MESSAGE_AGAIN
                                              : F_CLEAR};
    talk_begin(&wrote, plan);
    path_of(&text, path, folder, i, NULL);
    CU_ASSERT_EQUAL_FATAL(rig_pcapng_open(rig_alloc_libc(), path, (rig_view){NULL, 0}, &wrote.file, &err),
                          RIG_OK);
    talk_all(&wrote);
    CU_ASSERT_EQUAL(rig_pcapng_close(wrote.file), RIG_OK);
    write_keys(folder, i);
}

static void read_keys(const char *folder, unsigned i)
{
    for (unsigned k = 0; k < 3; k++) {
        char path[PATH_SIZE];
        rig_text text;
        static char bytes[SECRETS_MAX];
        path_of(&text, path, folder, i, suffixes[k]);
        FILE *file = fopen(path, "re");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        size_t len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        CU_ASSERT_EQUAL(rig_ipsec_keys_add(got.reader, (rig_ipsec_keys)k, rig_view_of(bytes, len), NULL),
                        RIG_OK);
    }
}

static void read_frames(const char *folder, unsigned i)
{
    char path[PATH_SIZE];
    rig_text text;
    rig_capture *capture;
    rig_error err = {0};
    uint64_t time;
    rig_link_type link;
    rig_view bytes, inner;
    uint32_t wire_len;
    path_of(&text, path, folder, i, NULL);
    CU_ASSERT_EQUAL_FATAL(rig_capture_open(rig_alloc_libc(), path, &capture, &err), RIG_OK);
    while (rig_capture_next(capture, &time, &link, &bytes, &wire_len, &err) == RIG_OK) {
        CU_ASSERT_EQUAL(rig_ipsec_packet(got.reader, time, link, bytes, wire_len, &inner), RIG_OK);
        if (inner.len)
            CU_ASSERT_EQUAL(rig_streams_inside(got.p.streams, time, inner), RIG_OK);
    }
    rig_capture_close(capture);
}

static void remove_sample(const char *folder, unsigned i)
{
    for (unsigned k = 0; k <= 3; k++) {
        char path[PATH_SIZE];
        rig_text text;
        path_of(&text, path, folder, i, k < 3 ? suffixes[k] : NULL);
        CU_ASSERT_EQUAL(remove(path), 0);
    }
}

static void read_back(void)
{
    char made[] = "/tmp/rig-ipsec-XXXXXX";
    const char *folder = folder_of(made);
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    for (unsigned i = 0; i < SAMPLES; i++) {
        write_sample(folder, i);
        talk_begin(&got, (talk_plan){.fault = F_NO_KEYS});
        read_keys(folder, i);
        read_frames(folder, i);
        CU_ASSERT(wrote.lines.len > 0 && strstr(wrote.lines.ptr, " ?") == NULL);
        CU_ASSERT_STRING_EQUAL(got.lines.ptr, wrote.lines.ptr);
        CU_ASSERT(is_pdu(&got.p, 1, RIG_PDU_LOGIN_REQ, true));
        talk_end(&got);
        talk_end(&wrote);
        if (folder == made)
            remove_sample(folder, i);
    }
    if (folder == made)
        CU_ASSERT_EQUAL(rmdir(folder), 0);
}

RIG_SUITE("ipsec files", {"captures with keys beside them", read_back})
