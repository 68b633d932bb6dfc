/* iscsirig trace: a capture in the notation of the scenarios, or its fields for other programs. */
#include "cli.h"
#include "evidence.h"
#include "rig/text.h"
#include "rig/trace.h"
#include "trace_filter.h"
#include "trace_forms.h"

#include "manual.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGREED_MAX 1024 /* bytes of what a login came to */

typedef enum trace_form { FORM_TEXT, FORM_LADDER, FORM_JSON, FORM_FIELDS, FORM_IPSEC } trace_form;

typedef struct trace_job {
    rig_trace trace;
    trace_form form;
    trace_filter *filter;
    char *line; /* RIG_TRACE_LINE_MAX bytes */
    uint32_t last_connection, last_session;
    bool begun;     /* first counts */
    uint64_t first; /* time of the first item */
} trace_job;

/* ---- --fields: frame, direction, kind, then NAME=VALUE ---- */

static void put_bytes(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
}

static void put_field(const uint8_t *bhs, rig_field_id id)
{
    const rig_field *field = &rig_fields[id];
    printf("\t%s=", field->name);
    if (field->form == RIG_FORM_CDB || field->form == RIG_FORM_ISID)
        put_bytes(bhs + field->byte, field->bytes);
    else
        printf("%llx", (unsigned long long)rig_get(bhs, id));
}

static void put_digest(const char *name, bool has, bool bad, const uint8_t *digest)
{
    if (!has)
        return;
    printf("\t%s=%s,", name, bad ? "bad" : "good");
    put_bytes(digest, RIG_DIGEST_LEN);
}

static void put_escaped(rig_view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' || text.ptr[i] > '~' || text.ptr[i] == '\\')
            printf("\\x%02X", text.ptr[i]);
        else
            putchar(text.ptr[i]);
}

static void put_keys(const rig_item *item, rig_pdu_kind kind)
{
    if (!rig_trace_reads(kind) || item->data_len == 0)
        return;
    rig_view rest = rig_item_text(item);
    if (rest.len != item->data_len) {
        printf("\t+...");
        return;
    }
    const uint8_t *base = rest.ptr;
    rig_pair pair;
    while (rig_pair_next(base, &rest, &pair, NULL) == RIG_OK) {
        printf("\t+");
        put_escaped(pair.key);
        printf("=");
        put_escaped(pair.value);
    }
}

static void put_fields(const rig_item *item)
{
    const uint8_t *bhs = item->pdu.bhs;
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    printf("%u\t%c\t%s", item->frame, item->to_target ? '>' : '<', rig_pdu_rows[kind].name);
    for (unsigned f = 0; f < RIG_FIELDS; f++)
        if (rig_fields[f].pdus >> kind & 1)
            put_field(bhs, (rig_field_id)f);
    put_digest("HeaderDigest", item->pdu.has_header_digest, item->pdu.bad_header_digest,
               item->pdu.header_digest);
    put_digest("DataDigest", item->pdu.has_data_digest, item->pdu.bad_data_digest, item->pdu.data_digest);
    put_keys(item, kind);
    printf("\n");
}

/* ---- --ipsec: what each IKE message and each ESP packet says ---- */

static void put_transforms(const rig_ike_message *ike, bool group)
{
    const char *comma = "";
    for (uint32_t i = 0; i < ike->num_transforms; i++) {
        const rig_ike_transform *transform = &ike->transforms[i];
        unsigned value = group ? transform->group : transform->encapsulation;
        if (transform->protocol == 1 || value == 0)
            continue;
        printf("%s%u", comma, value);
        comma = ",";
    }
}

static void put_ike(const rig_ike_message *ike)
{
    printf("%u\t%u\t0x%08x\t", ike->exchange, ike->encrypted, ike->id);
    for (uint32_t i = 0; i < ike->num_payloads; i++)
        printf("%s%u", i ? "," : "", ike->payloads[i]);
    printf("\t");
    put_transforms(ike, false);
    printf("\t");
    put_transforms(ike, true);
    printf("%s\n", ike->again ? "\tagain" : "");
}

static void put_esp(const rig_esp_packet *esp)
{
    printf("0x%08x\t%u\t", esp->spi, esp->sequence);
    if (esp->read)
        printf("%u", esp->next_header);
    printf("\t%s\n", esp->icv == RIG_IPSEC_RIGHT ? "good" : esp->icv == RIG_IPSEC_WRONG ? "bad" : "");
}

static void put_ipsec(const rig_ipsec_event *event)
{
    if (event->kind != RIG_IPSEC_IKE && event->kind != RIG_IPSEC_ESP)
        return;
    printf("%u\t%s\t", event->frame, event->kind == RIG_IPSEC_IKE ? "IKE" : "ESP");
    if (event->kind == RIG_IPSEC_IKE)
        put_ike(event->is.ike);
    else
        put_esp(event->is.esp);
}

/* ---- text, ladder, JSON ---- */

static void put_end(rig_text *out, const rig_ip *ip, uint16_t port)
{
    rig_ip_print(out, ip);
    rig_text_add(out, " port %u", port);
}

/* Whenever another connection goes on, or its session becomes known. */
static void put_connection(trace_job *job, const rig_flow *flow, const rig_item *item, uint32_t session)
{
    char ends[160];
    rig_text text;
    bool same = item->connection == job->last_connection;
    if (same && (session == job->last_session || job->last_session))
        return;
    rig_text_init(&text, ends, sizeof ends);
    put_end(&text, &flow->initiator, flow->initiator_port);
    rig_text_add(&text, " to ");
    put_end(&text, &flow->target, flow->target_port);
    if (session && same)
        printf("# connection %u: session %u\n", flow->index, session);
    else if (session)
        printf("# connection %u: %s, session %u\n", flow->index, ends, session);
    else
        printf("# connection %u: %s\n", flow->index, ends);
    job->last_connection = item->connection;
    job->last_session = session;
}

static rig_status put_item(trace_job *job, const rig_flow *flow, const rig_item *item, uint32_t session)
{
    char room[AGREED_MAX];
    rig_text agreed;
    rig_view line = rig_view_str(job->line);
    rig_text_init(&agreed, room, sizeof room);
    bool came_up = item->kind == RIG_ITEM_PDU && rig_trace_agreed(&job->trace, &agreed, item);
    if (job->form == FORM_JSON)
        return trace_json(item, session, line, rig_view_of(room, agreed.len)) ? RIG_OK : RIG_E_NOMEM;
    put_connection(job, flow, item, session);
    if (job->form == FORM_LADDER)
        trace_ladder(item, line, job->first);
    else
        printf("%s\n", job->line);
    if (came_up)
        printf("# connection %u: agreed:%s\n", flow->index, room);
    return RIG_OK;
}

static rig_status take_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    trace_job *job = ctx;
    rig_text text;
    bool bare = job->form == FORM_FIELDS;
    if (job->form == FORM_IPSEC || (bare && item->kind != RIG_ITEM_PDU))
        return RIG_OK;
    if (!job->begun)
        job->first = item->time;
    job->begun = true;
    rig_text_init(&text, job->line, RIG_TRACE_LINE_MAX);
    bool filtered = trace_filter_any(job->filter);
    rig_status status = bare && !filtered ? RIG_OK : rig_trace_item(&job->trace, &text, item);
    uint32_t session = rig_trace_session(&job->trace, item->connection);
    if (status || (filtered && !trace_filter_passes(job->filter, item, session)))
        return status;
    if (!bare)
        return put_item(job, flow, item, session);
    put_fields(item);
    return RIG_OK;
}

static rig_status take_event(void *ctx, const rig_ipsec_event *event)
{
    const trace_job *job = ctx;
    char line[RIG_IPSEC_EVENT_LINE_MAX];
    rig_text text;
    if (job->form == FORM_IPSEC)
        put_ipsec(event);
    rig_text_init(&text, line, sizeof line);
    rig_ipsec_event_print(event, &text);
    if (text.len && job->form <= FORM_LADDER && !trace_filter_any(job->filter))
        printf("%s\n", line);
    return RIG_OK;
}

static void say_read(const trace_job *job, const cli_evidence *evidence, rig_status status)
{
    char *lines = NULL;
    size_t len = 0;
    if (job->form <= FORM_LADDER)
        cli_say_evidence(evidence, status, "# ", stdout);
    FILE *file = job->form == FORM_JSON ? open_memstream(&lines, &len) : NULL;
    if (!file)
        return;
    cli_say_evidence(evidence, status, "", file);
    if (fclose(file) == 0 && len) /* without the last newline */
        trace_json_read(rig_view_of(lines, len - 1));
    free(lines);
}

static int read_all(trace_job *job, cli_evidence *evidence, uint16_t port)
{
    const rig_streams_config config = {
        .alloc = rig_alloc_libc(), .port = port, .item = take_item, .ctx = job};
    rig_error error = {0};
    evidence->event = take_event;
    evidence->ctx = job;
    rig_status status = rig_streams_new(&config, &evidence->streams);
    if (!status)
        status = cli_read_evidence(evidence, &error);
    say_read(job, evidence, status);
    rig_streams_free(evidence->streams);
    if (!status)
        return CLI_OK;
    return cli_complain("%s", error.text[0] ? error.text : rig_status_meaning(status));
}

static const cli_option options[] = {
    {'p', "plain", NULL, "the numbers of the wire instead of $names, which count from where they began", 0},
    {'l', "ladder", NULL, "between the two sides, with the time since the first line", 0},
    {'j', "json", NULL,
     "an object a line: PDUs with all their fields, keys and the text of the trace, and events", 0},
    {'f', "fields", NULL, "one line a PDU: frame, direction, kind, NAME=VALUE …, separated by tabs", 0},
    {'s', "ipsec", NULL,
     "one line an IKE message: frame, IKE, exchange type, flag E, message ID, payload types, "
     "encapsulation modes, groups of phase 2, again when it is sent again; or an ESP packet: "
     "frame, ESP, SPI, sequence number, next header, good or bad for its ICV; separated by tabs",
     0},
    {'x', "filter", "NAME=VALUE[,VALUE]",
     "only session=N, connection=N, opcode=ScsiCmd or 0x01, itt=0x1a2b, lun=N: one of the values of each "
     "name; "
     "answers belong to the logical unit of their command; $names stay those of the whole trace",
     0},
    {'o', "port", "N", "TCP port of the target when it is not 3260 and the login is not in the capture", 0},
    {0}};

const cli_manual cmd_trace_manual = {
    .synopsis = "[OPTION…] CAPTURE",
    .about =
        (const char *const[]){
            CLI_EVIDENCE_PLACE,
            "IKE messages and ESP packets are lines, too; with their keys also what is inside. The "
            "last lines say what was read, what the capture lacks and which limits were reached.",
            NULL},
    .more =
        (const char *const[]){
            "Keys of IPsec are taken from CAPTURE.ike, CAPTURE.esp and CAPTURE.keymat, or from where --keys "
            "says; the "
            "first two are tables of tshark. With them what is inside ESP is shown like anything else.",
            "Connections are named when they begin to speak, with the session they belong to, and with what "
            "their "
            "login came to: keys that both sides spoke of have the answer, the others their default, and a "
            "declared one the initiator's value and the target's. Task tags, target tags, CmdSN, StatSN and "
            "TSIH "
            "are $names that count from where they began.",
            "The names of 65536 connections are remembered; the one longest unused makes room, and is "
            "another "
            "session when it goes on.",
            "Capture on an interface takes root or CAP_NET_RAW. It goes on until SIGINT, and so does "
            "--follow.",
            "IP packets that came in fragments are put together when all of them come within 30 seconds of "
            "the capture, "
            "of at most 64 packets at a time. Segments out of order wait for those that are missing, at most "
            "4096 of "
            "them or 16 MiB in one direction of a connection and 256 MiB in all; at most 65536 connections "
            "are followed at a time: those that have ended make room for others, then the one that was "
            "longest silent.",
            NULL},
    .options = {options, cli_evidence_rows},
    .status = (const cli_status[]){{0, "shown to its end"}, {2, "the capture cannot be used"}, {0}},
    .examples = (const char *const[]){"capture.pcapng", "--plain -i eth0", NULL},
    .takes = "capture"};

static bool take_form(trace_job *job, int c)
{
    static const struct {
        int option;
        trace_form form;
    } rows[] = {{'f', FORM_FIELDS}, {'s', FORM_IPSEC}, {'l', FORM_LADDER}, {'j', FORM_JSON}};
    if (c == 'p')
        job->trace.style = RIG_TRACE_PLAIN;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (c == rows[i].option) {
            job->form = rows[i].form;
            return true;
        }
    return c == 'p';
}

/* What has an argument of its own kind. */
static int take_option(trace_job *job, cli_evidence *evidence, uint16_t *port, int c)
{
    if (c == 'o')
        return cli_port(optarg, port);
    if (c == 'x')
        return trace_filter_add(job->filter, optarg);
    if (!take_form(job, c))
        cli_evidence_option(evidence, c, optarg);
    return CLI_OK;
}

static int show(trace_job *job, cli_evidence *evidence, uint16_t port)
{
    job->line = malloc(RIG_TRACE_LINE_MAX);
    if (!job->line)
        return cli_complain("no memory");
    rig_trace_init(&job->trace, rig_alloc_libc(), job->trace.style);
    int end = read_all(job, evidence, port);
    rig_trace_cleanup(&job->trace);
    free(job->line);
    return end;
}

int cmd_trace(int argc, char **argv)
{
    cli_args args;
    static trace_filter filter; /* large */
    trace_job job = {.filter = &filter, .last_connection = UINT32_MAX, .trace.style = RIG_TRACE_SYMBOLIC};
    cli_evidence evidence = {0};
    uint16_t port = 0;
    cli_args_begin(&args, "trace", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end;
        if (take_option(&job, &evidence, &port, c))
            return CLI_USAGE;
    }
    return cli_evidence_place(&evidence, "trace", argc, argv) ? CLI_USAGE : show(&job, &evidence, port);
}
