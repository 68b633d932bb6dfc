#include "evidence.h"

#include "cli.h"

#include "manual.h"

#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#define KEYS_MAX (16u << 20) /* bytes of one file of keys */

typedef struct reading {
    const cli_evidence *evidence;
    rig_ipsec_reader *ipsec;
    rig_fragments *fragments;
    rig_capture *capture;
} reading;

static rig_status take_event(void *ctx, const rig_ipsec_event *event)
{
    cli_evidence *evidence = ctx;
    const rig_ipsec_guard *guard = event->is.guard;
    if (event->kind == RIG_IPSEC_ESP) {
        evidence->esp_unread += event->is.esp->icv == RIG_IPSEC_UNKNOWN;
        evidence->esp_wrong += event->is.esp->icv == RIG_IPSEC_WRONG;
    }
    if (event->kind == RIG_IPSEC_GUARD)
        rig_streams_guard(evidence->streams, &guard->ends[0], &guard->ends[1], guard->port);
    return evidence->event ? evidence->event(evidence->ctx, event) : RIG_OK;
}

/* ---- keys ---- */

static rig_status add_keys(rig_ipsec_reader *ipsec, const char *path, rig_ipsec_keys kind, rig_error *err)
{
    char *text = NULL;
    size_t len = 0;
    rig_status status = cli_read(path, KEYS_MAX, &text, &len, err);
    if (!status)
        status = rig_ipsec_keys_add(ipsec, kind, rig_view_of(text, len), err);
    if (status && err->line) {
        rig_error said = *err;
        rig_fail(err, status, "%s:%u:%u: %s", path, said.line, said.col, said.text);
    }
    if (text) {
        rig_secret_wipe(text, len);
        rig_delete(rig_alloc_libc(), text, len + 1);
    }
    return status;
}

static rig_status find_keys(rig_ipsec_reader *ipsec, const cli_evidence *evidence, rig_error *err)
{
    static const struct {
        const char *suffix;
        rig_ipsec_keys kind;
    } rows[] = {{"ike", RIG_IPSEC_KEYS_IKE}, {"esp", RIG_IPSEC_KEYS_ESP}, {"keymat", RIG_IPSEC_KEYS_KEYMAT}};
    const char *prefix = evidence->keys ? evidence->keys : evidence->path;
    rig_status status = RIG_OK;
    unsigned found = 0;
    char path[CLI_PATH_SIZE];
    if (evidence->live && !evidence->keys)
        return RIG_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !status; i++) {
        rig_text text;
        rig_text_init(&text, path, sizeof path);
        rig_text_add(&text, "%s.%s", prefix, rows[i].suffix);
        if (text.cut || access(path, F_OK) != 0)
            continue;
        found++;
        status = add_keys(ipsec, path, rows[i].kind, err);
    }
    if (!status && evidence->keys && !found)
        status =
            rig_fail(err, RIG_E_NOT_FOUND, "no keys: neither %s.ike nor .esp nor .keymat is there", prefix);
    return status;
}

/* ---- packets ---- */

static rig_status take_packet(reading *r, rig_error *err)
{
    rig_streams *streams = r->evidence->streams;
    uint64_t time;
    rig_link_type link;
    rig_view bytes, inner;
    uint32_t wire_len;
    rig_status status = rig_capture_next(r->capture, &time, &link, &bytes, &wire_len, err);
    if (!status)
        status = rig_fragments_packet(r->fragments, time, &link, &bytes, &wire_len);
    if (!status)
        status = rig_ipsec_packet(r->ipsec, time, link, bytes, wire_len, &inner);
    if (status)
        return status;
    return inner.len ? rig_streams_inside(streams, time, inner)
                     : rig_streams_packet(streams, time, link, bytes, wire_len);
}

static rig_status read_packets(reading *r, rig_error *err)
{
    rig_status status = RIG_OK;
    while (!status)
        status = take_packet(r, err);
    rig_status end = rig_streams_end(r->evidence->streams);
    return status == RIG_E_NOT_FOUND ? end : status;
}

/* ---- the end of what has none ---- */

static volatile sig_atomic_t interrupts;

static void on_signal(int number)
{
    interrupts = interrupts + (number == SIGINT ? 1 : 2);
}

/* Also called before every wait: what is known so far is shown. Ctrl-C reaches the sender of a pipe, too,
 * whose last bytes are worth reading: there it takes two. */
static bool stop(void *ctx)
{
    const cli_evidence *evidence = ctx;
    bool pipe = !evidence->live && strcmp(evidence->path, "-") == 0;
    fflush(stdout);
    return interrupts > (pipe ? 1 : 0);
}

static bool endless(const cli_evidence *evidence)
{
    return evidence->live || evidence->follow || strcmp(evidence->path, "-") == 0;
}

static void listen_to_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static rig_status open_capture(cli_evidence *evidence, rig_capture **out, rig_error *err)
{
    const rig_capture_config config = {.alloc = rig_alloc_libc(),
                                       .path = evidence->path,
                                       .follow = evidence->follow,
                                       .live = evidence->live,
                                       .stop = endless(evidence) ? stop : NULL,
                                       .ctx = evidence};
    rig_status status = evidence->live ? RIG_OK : cli_check_capture(evidence->path, err);
    if (config.stop)
        listen_to_signals();
    return status ? status : rig_capture_begin(&config, out, err);
}

rig_status cli_read_evidence(cli_evidence *evidence, rig_error *err)
{
    reading r = {.evidence = evidence};
    const rig_ipsec_reader_config config = {.alloc = rig_alloc_libc(), .event = take_event, .ctx = evidence};
    rig_status status = open_capture(evidence, &r.capture, err);
    if (!status)
        status = rig_ipsec_reader_new(&config, &r.ipsec);
    if (!status)
        status = rig_fragments_new(rig_alloc_libc(), &r.fragments);
    if (!status)
        status = find_keys(r.ipsec, evidence, err);
    evidence->begun = !status;
    if (!status)
        status = read_packets(&r, err);
    if (r.capture)
        rig_capture_told(r.capture, &evidence->report);
    if (r.fragments)
        evidence->unjoined = rig_fragments_lost(r.fragments);
    rig_fragments_free(r.fragments);
    rig_ipsec_reader_free(r.ipsec);
    rig_capture_close(r.capture);
    return status;
}

/* ---- what is said of it ---- */

static void say_read(const cli_evidence *evidence, rig_status status, const char *lead, FILE *out)
{
    const rig_capture_report *report = &evidence->report;
    fprintf(out, "%sread %llu frames", lead, (unsigned long long)report->frames);
    if (evidence->live)
        fprintf(out, " of interface %s", evidence->path);
    else
        fprintf(out, ", %llu bytes of %s%s%s", (unsigned long long)report->bytes, report->format,
                report->packing ? " in " : "", report->packing ? report->packing : "");
    fprintf(out, ", %s\n",
            status            ? "and then no further"
            : report->stopped ? "until it was stopped"
                              : "to its end");
}

typedef struct told_row {
    uint64_t num;
    const char *what;
} told_row;

static void say_rows(const told_row *rows, size_t num, const char *lead, const char *head, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < num; i++)
        if (rows[i].num) {
            if (any)
                fprintf(out, ", %llu %s", (unsigned long long)rows[i].num, rows[i].what);
            else
                fprintf(out, "%s%s %llu %s", lead, head, (unsigned long long)rows[i].num, rows[i].what);
            any = true;
        }
    if (any)
        fprintf(out, "\n");
}

/* NOLINTBEGIN(misc-redundant-expression): that they are equal is what is asked */
_Static_assert(RIG_STREAM_SEGMENTS_MAX == 4096 && RIG_STREAM_BUFFER_MAX == 16u << 20 &&
                   RIG_STREAM_HELD_MAX == 256u << 20 && RIG_STREAM_CONNECTIONS_MAX == 65536 &&
                   RIG_STREAM_FRAGMENTED_MAX == 64,
               "the limits as they are named below");
/* NOLINTEND(misc-redundant-expression) */

bool cli_say_unread(const cli_evidence *evidence, const char *lead, FILE *out)
{
    const char *prefix = evidence->keys ? evidence->keys : evidence->live ? NULL : evidence->path;
    bool named = prefix && strcmp(prefix, "-") != 0;
    if (!evidence->esp_unread)
        return false;
    fprintf(out,
            "%s%llu ESP packets were not read, and nothing is said of what is inside: wanted their keys in "
            "%s.esp "
            "(esp_sa of tshark; of IKE in .ike and .keymat)%s\n",
            lead, (unsigned long long)evidence->esp_unread, named ? prefix : "PATH",
            named ? ", or in PATH.esp with --keys PATH" : ", with --keys PATH");
    return true;
}

void cli_say_evidence(const cli_evidence *evidence, rig_status status, const char *lead, FILE *out)
{
    rig_streams_report told;
    if (!evidence->begun)
        return;
    rig_streams_told(evidence->streams, &told);
    const told_row lacking[] = {{told.gaps, "gaps"},
                                {told.gap_bytes, "bytes in them"},
                                {told.midstream, "connections without their beginning"},
                                {told.unjoined + evidence->unjoined, "IP packets left in fragments"},
                                {evidence->report.cut_frames, "frames that are not whole"},
                                {evidence->report.dropped, "frames that were dropped where it was made"},
                                {evidence->report.other_frames, "frames of link types that are not read"}};
    const told_row limits[] = {
        {told.held_full, "gaps not waited for (4096 segments or 16 MiB of a direction, 256 MiB of all)"},
        {told.forgotten - told.displaced, "connections forgotten (65536 at a time)"},
        {told.displaced, "connections forgotten before their end (65536 at a time)"},
        {told.fragments_crowded, "IP packets given up (64 in fragments at a time)"}};
    say_read(evidence, status, lead, out);
    cli_say_unread(evidence, lead, out);
    if (evidence->esp_wrong)
        fprintf(out,
                "%s%llu ESP packets have a wrong ICV, and were not read: altered, or not of these keys\n",
                lead, (unsigned long long)evidence->esp_wrong);
    say_rows(lacking, sizeof lacking / sizeof lacking[0], lead, "the capture lacks", out);
    say_rows(limits, sizeof limits / sizeof limits[0], lead, "limits reached:", out);
}

const cli_option cli_evidence_rows[] = {
    {'k', "keys", "PATH", "keys of IPsec from PATH.ike, PATH.esp, PATH.keymat instead of CAPTURE.ike …", 0},
    {'F', "follow", NULL, "wait for more at the end of the file, until Ctrl-C", 0},
    {'i', "interface", "NAME", "capture on an interface, until Ctrl-C, instead of reading CAPTURE", 'i'},
    {0}};

bool cli_evidence_option(cli_evidence *evidence, int c, const char *value)
{
    if (c == 'k')
        evidence->keys = value;
    else if (c == 'F')
        evidence->follow = true;
    else if (c == 'i') {
        evidence->live = true;
        evidence->path = value;
    } else
        return false;
    return true;
}

int cli_evidence_place(cli_evidence *evidence, const char *command, int argc, char **argv)
{
    int wanted = evidence->live ? 0 : 1;
    if (optind + wanted != argc)
        return cli_complain("%s: wanted one capture, or an interface; see `iscsirig %s --help`", command,
                            command);
    if (evidence->live && evidence->follow)
        return cli_complain("%s: --follow is for files", command);
    if (!evidence->live)
        evidence->path = argv[optind];
    return CLI_OK;
}
