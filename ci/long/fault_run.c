/* The fault run: data written and verified through our engine and our target while the network loses, damages
 * and resets, and the target forgets, at every error recovery level. Nothing may be lost, nothing carried out
 * twice. */
#include "fault_run.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEDS_MAX 1000000
#define MIB_MAX 1024
#define RARITY 80

typedef struct request {
    uint64_t first, last;         /* seeds */
    uint32_t low, high;           /* levels */
    bool cover;                   /* every kind of PDU has to meet every damage */
    uint64_t passed, failed, mib; /* so far */
    fault_config config;
} request;

static const char usage[] =
    "usage: fault_run [--seeds A[-B]] [--level 0|1|2|all] [--mib N] [--rarity N] [--fault NAME] [--lose N] "
    "[--cover] [--trace]\n"
    "  --seeds   plays these seeds (1)\n"
    "  --level   at this ErrorRecoveryLevel (all)\n"
    "  --mib     writes and verifies so much with each (1)\n"
    "  --rarity  damages about one PDU of so many on the wire\n"
    "  --fault   a fault of the target that is always on\n"
    "  --lose    the disk forgets its n-th write\n"
    "  --cover   fails, too, when a kind of PDU was not dropped, not reset or not corrupted\n"
    "  --trace   tells what happens\n";

static bool number(const char *text, uint64_t most, uint64_t *out)
{
    return text && rig_view_u64(rig_view_str(text), out) && *out <= most;
}

static bool take_seeds(request *q, const char *text)
{
    rig_view rest = rig_view_str(text);
    rig_view first = rig_view_split(&rest, '-');
    if (!rig_view_u64(first, &q->first))
        return false;
    q->last = q->first;
    return (!rest.ptr || rig_view_u64(rest, &q->last)) && q->first <= q->last && q->last <= SEEDS_MAX;
}

static bool take_level(request *q, const char *text)
{
    uint64_t level;
    if (strcmp(text, "all") == 0)
        return true;
    if (!number(text, FAULT_LEVELS - 1, &level))
        return false;
    q->low = q->high = (uint32_t)level;
    return true;
}

static bool take_number(const char *text, uint64_t most, uint32_t *out)
{
    uint64_t value;
    bool good = number(text, most, &value) && value > 0;
    *out = good ? (uint32_t)value : *out;
    return good;
}

static bool take_option(request *q, const char *name, const char *value)
{
    if (strcmp(name, "--seeds") == 0)
        return take_seeds(q, value);
    if (strcmp(name, "--level") == 0)
        return take_level(q, value);
    if (strcmp(name, "--mib") == 0)
        return take_number(value, MIB_MAX, &q->config.mib);
    if (strcmp(name, "--rarity") == 0)
        return take_number(value, UINT32_MAX, &q->config.rarity);
    if (strcmp(name, "--lose") == 0)
        return take_number(value, UINT32_MAX, &q->config.lose);
    q->config.fault = rig_fault_find(rig_view_str(value));
    return strcmp(name, "--fault") == 0 && q->config.fault < RIG_FAULTS;
}

static void trace(uint64_t now, const char *line)
{
    printf("%llu.%06llu %s\n", (unsigned long long)(now / RIG_SECOND),
           (unsigned long long)(now % RIG_SECOND / 1000), line);
}

static bool take_options(request *q, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--cover") == 0) {
            q->cover = true;
            continue;
        }
        if (strcmp(argv[i], "--trace") == 0) {
            q->config.trace = trace;
            continue;
        }
        if (i + 1 >= argc || !take_option(q, argv[i], argv[i + 1]))
            return false;
        i++;
    }
    return true;
}

static void tell_failure(const request *q, const char *program, const char *why)
{
    const fault_config *c = &q->config;
    printf("FAILED: seed %llu, level %u: %s\n  again: %s --seeds %llu --level %u --mib %u --rarity %u",
           (unsigned long long)c->seed, c->level, why, program, (unsigned long long)c->seed, c->level, c->mib,
           c->rarity);
    if (c->fault < RIG_FAULTS)
        printf(" --fault %s", rig_fault_rows[c->fault].name);
    if (c->lose)
        printf(" --lose %u", c->lose);
    printf("\n");
}

static void play(request *q, const char *program, fault_sums *sums)
{
    char reason[256] = "";
    rig_text why;
    rig_text_init(&why, reason, sizeof reason);
    if (fault_play(&q->config, sums, &why)) {
        q->passed++;
    } else {
        q->failed++;
        tell_failure(q, program, reason);
    }
    q->mib += q->config.mib;
    fflush(stdout);
}

/* Login PDUs carry no digest, so that a corrupt one is TCP's to notice. */
static uint64_t show_damage(const aim_counts *aim)
{
    uint64_t missed = 0;
    printf("%-14s %10s", "PDU", "sent");
    for (int d = 0; d < AIM_DAMAGES; d++)
        printf(" %8s", aim_damage_names[d]);
    printf("\n");
    for (int kind = 0; kind < RIG_PDU_UNKNOWN; kind++) {
        printf("%-14s %10llu", rig_pdu_rows[kind].name, (unsigned long long)aim->pdus[kind]);
        for (int d = 0; d < AIM_DAMAGES; d++) {
            printf(" %8llu", (unsigned long long)aim->hits[kind][d]);
            missed += aim->hits[kind][d] == 0;
        }
        printf("\n");
    }
    return missed;
}

static void show_outcomes(const fault_sums *sums)
{
    printf("commands: %llu, %llu repeated; ended with:", (unsigned long long)sums->commands,
           (unsigned long long)sums->repeated);
    for (int i = 0; i < RIG_STATUS_COUNT; i++)
        if (sums->outcomes[i])
            printf(" %s %llu", rig_status_name((rig_status)i), (unsigned long long)sums->outcomes[i]);
    printf(" scsi-status %llu\n", (unsigned long long)sums->conditions);
    printf("other requests %llu; commands sent again by the engine %llu, SNACKs %llu, connections recovered "
           "%llu, "
           "nexus losses %llu, connections ended %llu, logins failed %llu\n",
           (unsigned long long)sums->extras, (unsigned long long)sums->retries,
           (unsigned long long)sums->snacks, (unsigned long long)sums->recovered,
           (unsigned long long)sums->nexus_losses, (unsigned long long)sums->closed,
           (unsigned long long)sums->logins_failed);
}

static void show_wrong(const fault_sums *sums)
{
    printf("made wrong by the target:");
    for (int i = 0; i < RIG_FAULTS; i++)
        if (sums->wrong[i])
            printf(" %s %llu", rig_fault_rows[i].name, (unsigned long long)sums->wrong[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    static fault_sums sums;
    request q = {.first = 1, .last = 1, .high = FAULT_LEVELS - 1};
    q.config = (fault_config){.mib = 1, .rarity = RARITY, .fault = RIG_FAULTS};
    if (!take_options(&q, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    for (uint64_t seed = q.first; seed <= q.last; seed++)
        for (uint32_t level = q.low; level <= q.high; level++) {
            q.config.seed = seed;
            q.config.level = level;
            play(&q, argv[0], &sums);
        }
    uint64_t missed = show_damage(&sums.aim);
    show_outcomes(&sums);
    show_wrong(&sums);
    if (q.cover && missed)
        printf("FAILED: %llu pairs of PDU and damage never met\n", (unsigned long long)missed);
    q.failed += q.cover && missed;
    printf("fault run: %llu passed, %llu failed, %llu MiB\n", (unsigned long long)q.passed,
           (unsigned long long)q.failed, (unsigned long long)q.mib);
    return q.failed > 0;
}
