#include "target_log.h"

#include "rig/names.h"
#include "rig/pdu.h"
#include "rig/text.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 1024 /* bytes of one value, escaped */
#define LINE_MAX 4096
#define TIME_TEXT 40

static const char *const words[] = {
    [RIG_TARGET_ACCEPTED] = "connected",         [RIG_TARGET_SESSION_UP] = "session up",
    [RIG_TARGET_SESSION_DOWN] = "session down",  [RIG_TARGET_CLOSED] = "closed",
    [RIG_TARGET_MADE_WRONG] = "made wrong",      [RIG_TARGET_REJECTED] = "rejected",
    [RIG_TARGET_LOGIN_REFUSED] = "login refused"};

/* ---- how much ---- */

static uint32_t slot_of(const rig_address *peer)
{
    uint64_t hash = rig_hash64(peer->ip.bytes, sizeof peer->ip.bytes, peer->port);
    return (uint32_t)(hash % TARGET_LOG_PEERS);
}

static void tell_left(target_log *log, target_log_count *count)
{
    char text[TEXT_MAX];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    if (count != &log->all) {
        rig_ip_print(&out, &count->peer.ip);
        rig_text_add(&out, " port %u: ", count->peer.port);
    }
    if (count->left)
        target_log_say(log, "left out", "%s%u lines left out", text, count->left);
    log->num_left -= count->left > 0;
    count->left = 0;
}

static bool fits(target_log *log, target_log_count *count, uint32_t max, uint64_t now)
{
    if (now - count->since >= RIG_SECOND) {
        tell_left(log, count);
        count->since = now;
        count->lines = 0;
    }
    if (count->lines < max) {
        count->lines++;
        return true;
    }
    log->num_left += count->left == 0;
    count->left++;
    return false;
}

static bool may_write(target_log *log, const rig_target_event *event)
{
    target_log_count *count = &log->peers[slot_of(&event->peer)];
    bool same = count->peer.port == event->peer.port &&
                memcmp(&count->peer.ip, &event->peer.ip, sizeof count->peer.ip) == 0;
    if (log->quiet)
        return false;
    if (!event->peer.ip.version) /* of no connection in particular */
        return fits(log, &log->all, TARGET_LOG_LINES_ALL, event->now);
    if (!same) {
        tell_left(log, count);
        *count = (target_log_count){.peer = event->peer, .since = event->now};
    }
    return fits(log, count, TARGET_LOG_LINES, event->now) &&
           fits(log, &log->all, TARGET_LOG_LINES_ALL, event->now);
}

uint64_t target_log_tick(target_log *log, uint64_t now)
{
    uint64_t next = RIG_NEVER;
    for (uint32_t i = 0; log->num_left > 0 && i <= TARGET_LOG_PEERS; i++) {
        target_log_count *count = i < TARGET_LOG_PEERS ? &log->peers[i] : &log->all;
        if (count->left == 0)
            continue;
        if (now - count->since >= RIG_SECOND)
            tell_left(log, count);
        else if (count->since + RIG_SECOND < next)
            next = count->since + RIG_SECOND;
    }
    return next;
}

void target_log_end(target_log *log)
{
    for (uint32_t i = 0; i < TARGET_LOG_PEERS; i++)
        tell_left(log, &log->peers[i]);
    tell_left(log, &log->all);
}

/* ---- what ---- */

static const char *time_text(char out[TIME_TEXT])
{
    struct timespec now;
    struct tm parts;
    char day[TIME_TEXT / 2];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(day, sizeof day, "%FT%T", &parts);
    snprintf(out, TIME_TEXT, "%s.%03ldZ", day, now.tv_nsec / 1000000);
    return out;
}

/* The parts of an event as text, "" for those it does not have. */
typedef struct parts {
    char peer[RIG_HOST_MAX + 16], initiator[TEXT_MAX], target[TEXT_MAX];
    char reason[64], text[TEXT_MAX], field[TEXT_MAX];
    const char *pdu;
    uint32_t itt;
} parts;

static void escaped(char *out, size_t size, rig_view text)
{
    rig_text made;
    rig_text_init(&made, out, size);
    rig_text_escaped(&made, text);
}

/* Quotes of our own words stay; what stands between them is escaped. */
static void escaped_words(char *out, size_t size, rig_view text)
{
    rig_text made;
    rig_text_init(&made, out, size);
    for (size_t i = 0, from = 0; i <= text.len; i++) {
        bool quote = i < text.len && (text.ptr[i] == '\'' || text.ptr[i] == '"');
        if (!quote && i < text.len)
            continue;
        rig_text_escaped(&made, rig_view_sub(text, from, i - from));
        rig_text_view(&made, rig_view_sub(text, i, quote));
        from = i + quote;
    }
}

static void peer_text(char *out, size_t size, const rig_address *peer)
{
    rig_text made;
    rig_text_init(&made, out, size);
    rig_text_add(&made, "%s", peer->ip.version == 6 ? "[" : "");
    if (peer->ip.version)
        rig_ip_print(&made, &peer->ip);
    rig_text_add(&made, peer->ip.version ? "%s:%u" : "-", peer->ip.version == 6 ? "]" : "", peer->port);
}

static void reason_text(char *out, size_t size, const rig_target_event *event)
{
    rig_text made;
    rig_text_init(&made, out, size);
    if (event->kind == RIG_TARGET_REJECTED)
        rig_name_print(&made, &rig_names_reject_reason, event->code);
    else if (event->kind == RIG_TARGET_LOGIN_REFUSED)
        rig_name_print(&made, &rig_names_login_status, event->code);
    else if (event->why)
        rig_text_add(&made, "%s", rig_status_name(event->why));
}

static void take_parts(const rig_target_event *event, parts *out)
{
    rig_view said = event->text;
    *out = (parts){.pdu = NULL};
    if (event->error && event->error->text[0])
        said = rig_view_str(event->error->text);
    peer_text(out->peer, sizeof out->peer, &event->peer);
    reason_text(out->reason, sizeof out->reason, event);
    escaped(out->initiator, sizeof out->initiator, event->initiator);
    escaped(out->target, sizeof out->target, event->target);
    escaped_words(out->text, sizeof out->text, said);
    if (!event->bhs)
        return;
    out->pdu = rig_pdu_rows[rig_pdu_kind_of(event->bhs)].name;
    out->itt = rig_get32(event->bhs, RIG_F_ITT);
    escaped(out->field, sizeof out->field, rig_view_str(event->field));
}

/* ---- how ---- */

/* TIME PEER INITIATOR > TARGET: WHAT PDU ITT=…: REASON, FIELD (TEXT) */
static void write_text(const rig_target_event *event, const parts *p)
{
    char line[LINE_MAX], when[TIME_TEXT];
    rig_text out;
    rig_text_init(&out, line, sizeof line);
    rig_text_add(&out, "%s %s", time_text(when), p->peer);
    if (p->initiator[0])
        rig_text_add(&out, " %s", p->initiator);
    if (p->target[0])
        rig_text_add(&out, " > %s", p->target);
    rig_text_add(&out, ": %s", words[event->kind]);
    if (p->pdu)
        rig_text_add(&out, " %s ITT=0x%x", p->pdu, p->itt);
    if (p->reason[0])
        rig_text_add(&out, ": %s", p->reason);
    if (p->field[0])
        rig_text_add(&out, ", %s", p->field);
    if (p->text[0])
        rig_text_add(&out, " (%s)", p->text);
    fprintf(stderr, "%s\n", line);
}

static void set(json_t *object, const char *name, const char *value)
{
    if (value && value[0])
        json_object_set_new(object, name, json_string(value));
}

static void write_object(json_t *object)
{
    if (object && json_dumpf(object, stderr, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0)
        fputc('\n', stderr);
    json_decref(object);
}

static void write_json(const rig_target_event *event, const parts *p)
{
    char when[TIME_TEXT];
    json_t *object = json_object();
    set(object, "time", time_text(when));
    set(object, "event", words[event->kind]);
    set(object, "peer", p->peer);
    set(object, "initiator", p->initiator);
    set(object, "target", p->target);
    if (event->tsih)
        json_object_set_new(object, "tsih", json_integer(event->tsih));
    set(object, "pdu", p->pdu);
    if (p->pdu)
        json_object_set_new(object, "itt", json_integer(p->itt));
    set(object, "reason", p->reason);
    set(object, "field", p->field);
    set(object, "text", p->text);
    write_object(object);
}

void target_log_event(void *ctx, const rig_target_event *event)
{
    target_log *log = ctx;
    parts p;
    if (!may_write(log, event))
        return;
    take_parts(event, &p);
    (log->json ? write_json : write_text)(event, &p);
}

void target_log_say(target_log *log, const char *event, const char *format, ...)
{
    char text[LINE_MAX], when[TIME_TEXT];
    rig_text out;
    va_list args;
    if (log->quiet)
        return;
    rig_text_init(&out, text, sizeof text);
    va_start(args, format);
    rig_text_vadd(&out, format, args);
    va_end(args);
    if (!log->json) {
        fprintf(stderr, "%s %s\n", time_text(when), text);
        return;
    }
    json_t *object = json_object();
    set(object, "time", time_text(when));
    set(object, "event", event);
    set(object, "text", text);
    write_object(object);
}
