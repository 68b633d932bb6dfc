/* iscsirig trace: a capture in the notation of the scenarios, or its fields for other programs. */
#include "cli.h"
#include "evidence.h"
#include "rig/text.h"
#include "rig/trace.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct trace_job {
    rig_trace trace;
    bool fields, ipsec; /* --fields, --ipsec */
    char *line;         /* RIG_TRACE_LINE_MAX bytes */
    uint32_t last_connection;
    uint64_t num_pdus;
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

/* ---- text ---- */

static rig_status take_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    trace_job *job = ctx;
    rig_text text;
    job->num_pdus += item->kind == RIG_ITEM_PDU;
    if (job->ipsec)
        return RIG_OK;
    if (job->fields) {
        if (item->kind == RIG_ITEM_PDU)
            put_fields(item);
        return RIG_OK;
    }
    if (item->connection != job->last_connection) {
        char from[64], to[64];
        rig_text_init(&text, from, sizeof from);
        rig_ip_print(&text, &flow->initiator);
        rig_text_init(&text, to, sizeof to);
        rig_ip_print(&text, &flow->target);
        printf("# connection %u: %s port %u to %s port %u\n", flow->index, from, flow->initiator_port, to,
               flow->target_port);
        job->last_connection = item->connection;
    }
    rig_text_init(&text, job->line, RIG_TRACE_LINE_MAX);
    rig_status status = rig_trace_item(&job->trace, &text, item);
    if (!status)
        printf("%s\n", job->line);
    return status;
}

static rig_status take_event(void *ctx, const rig_ipsec_event *event)
{
    const trace_job *job = ctx;
    char line[RIG_IPSEC_EVENT_LINE_MAX];
    rig_text text;
    if (job->ipsec)
        put_ipsec(event);
    rig_text_init(&text, line, sizeof line);
    rig_ipsec_event_print(event, &text);
    if (text.len && !job->fields && !job->ipsec)
        printf("%s\n", line);
    return RIG_OK;
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
    if (!job->fields && !job->ipsec)
        cli_say_evidence(evidence, status, "# ", stdout);
    rig_streams_free(evidence->streams);
    if (!status)
        return CLI_OK;
    return cli_complain("%s", error.text[0] ? error.text : rig_status_meaning(status));
}

static void usage(void)
{
    printf(
        "usage: iscsirig trace [OPTION…] CAPTURE\n\n"
        "  --plain      the numbers of the wire instead of $names\n"
        "  --fields     one line a PDU: frame, direction, kind, NAME=VALUE …, separated by tabs\n"
        "  --ipsec      one line an IKE message: frame, IKE, exchange type, flag E, message ID, payload\n"
        "               types, encapsulation modes, groups of phase 2, again when it is sent again; or an "
        "ESP\n"
        "               packet: frame, ESP, SPI, sequence number, next header, good or bad for its ICV;\n"
        "               separated by tabs\n"
        "  --port N     TCP port of the target when it is not 3260 and the login is not in the "
        "capture\n" CLI_EVIDENCE_HELP " IKE messages and ESP packets are lines, too; with\n"
        "their keys also what is inside. The last lines say what was read, what the capture lacks and which\n"
        "limits were reached.\n");
}

static bool take_style(trace_job *job, int c)
{
    if (c == 'p')
        job->trace.style = RIG_TRACE_PLAIN;
    else if (c == 'f')
        job->fields = true;
    else if (c == 's')
        job->ipsec = true;
    else
        return false;
    return true;
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
    static const struct option options[] = {{"plain", no_argument, NULL, 'p'},
                                            {"fields", no_argument, NULL, 'f'},
                                            {"ipsec", no_argument, NULL, 's'},
                                            {"port", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            CLI_EVIDENCE_OPTIONS,
                                            {0}};
    trace_job job = {.last_connection = UINT32_MAX, .trace.style = RIG_TRACE_SYMBOLIC};
    cli_evidence evidence = {0};
    uint16_t port = 0;
    opterr = 0;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, CLI_EVIDENCE_SHORT, options, NULL)) != -1;) {
        if (c == 'h') {
            usage();
            return CLI_OK;
        }
        if (c == 'o') {
            if (cli_port(optarg, &port))
                return CLI_USAGE;
        } else if (!take_style(&job, c) && !cli_evidence_option(&evidence, c, optarg))
            return cli_bad_option(c, argv);
    }
    return cli_evidence_place(&evidence, "trace", argc, argv) ? CLI_USAGE : show(&job, &evidence, port);
}
