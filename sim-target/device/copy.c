/* EXTENDED COPY with list identifiers of 8 bits, SPC-4 section 6.4. The copy manager reads and writes with
 * the units' own commands, so that reservations, protection and ranges are theirs to judge. */
#include "unit.h"

#define HEADER_LEN 16
#define USAGE_NONE 3 /* LIST ID USAGE: no list identifier */
#define USAGE_RESERVED 1
#define READ_16 0x88
#define WRITE_16 0x8a
#define NULL_UNIT 0x20 /* NUL of a CSCD descriptor */

typedef struct copy_job {
    dev_command *cmd;
    const uint8_t *list;
    size_t num_units, num_segments;
    rig_device *units[DEV_COPY_UNITS_MAX]; /* NULL: out of reach */
    dev_copy_result result;
} copy_job;

typedef struct extent {
    rig_device *from, *to;
    uint64_t from_lba, to_lba;
    uint64_t len; /* bytes */
} extent;

static const uint8_t *unit_at(const copy_job *job, size_t i)
{
    return job->list + HEADER_LEN + i * DEV_COPY_UNIT_LEN;
}

static const uint8_t *segment_at(const copy_job *job, size_t i)
{
    return unit_at(job, job->num_units) + i * DEV_COPY_SEGMENT_LEN;
}

static unsigned offset_of(const copy_job *job, const uint8_t *field)
{
    return (unsigned)(field - job->list);
}

static bool refuse(dev_command *cmd, uint16_t asc)
{
    dev_fail(cmd, DEV_ILLEGAL_REQUEST, asc);
    return false;
}

/* ---- the list ---- */

void dev_extended_copy(dev_command *cmd)
{
    uint32_t len = dev_get32(cmd->cdb + 10);
    if (len == 0)
        return; /* no error, and nothing to do */
    if (len < HEADER_LEN || len > HEADER_LEN + DEV_COPY_LIST_MAX)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else
        dev_transfer_parameters(cmd, len);
}

static bool read_header(copy_job *job, size_t len)
{
    const uint8_t *list = job->list;
    uint64_t units = dev_get16(list + 2), segments = dev_get32(list + 8), inside = dev_get32(list + 12);
    unsigned usage = list[1] >> 3 & 3;
    if (usage == USAGE_RESERVED || (usage == USAGE_NONE && list[0] != 0)) {
        dev_fail_list(job->cmd, usage == USAGE_NONE ? 0 : 1);
        return false;
    }
    if (units > DEV_COPY_UNITS_MAX * DEV_COPY_UNIT_LEN)
        return refuse(job->cmd, DEV_ASC_TARGET_DESCRIPTORS);
    if (segments > DEV_COPY_SEGMENTS_MAX * DEV_COPY_SEGMENT_LEN)
        return refuse(job->cmd, DEV_ASC_SEGMENTS);
    if (inside > 0)
        return refuse(job->cmd, DEV_ASC_INLINE);
    if (units % DEV_COPY_UNIT_LEN != 0 || HEADER_LEN + units + segments != len)
        return refuse(job->cmd, DEV_ASC_LIST_LENGTH);
    job->num_units = units / DEV_COPY_UNIT_LEN;
    job->num_segments = (segments + DEV_COPY_SEGMENT_LEN - 1) / DEV_COPY_SEGMENT_LEN;
    return true;
}

static rig_device *peer_at(const dev_command *cmd, size_t i)
{
    rig_device *device = cmd->device;
    if (device->target)
        return device->target->peer(device->target_ctx, cmd->scsi, i);
    return i == 0 ? device : NULL;
}

/* The unit a CSCD descriptor names by its NAA designator, NULL when there is none of that name here. */
static rig_device *find_unit(const dev_command *cmd, const uint8_t *descriptor)
{
    bool naa = (descriptor[4] & 0x0f) == 1 && (descriptor[5] & 0x3f) == 3 && descriptor[7] == 8;
    rig_device *found = NULL;
    for (size_t i = 0; naa && i < RIG_DEVICE_LUNS_MAX && (found = peer_at(cmd, i)); i++)
        if (dev_naa(found) == dev_get64(descriptor + 8))
            return found;
    return NULL;
}

static bool abort_copy(copy_job *job, uint16_t asc, const uint8_t *field)
{
    dev_sense sense = {.key = DEV_COPY_ABORTED, .asc = asc, .command = job->result.segments};
    if (field) {
        sense.specific[0] = 0x80;
        dev_put16(sense.specific + 1, (uint16_t)offset_of(job, field));
    }
    dev_fail_sense(job->cmd, &sense);
    return false;
}

/* LU ID TYPE belongs to descriptors with a LU IDENTIFIER, which this one has not. */
static bool read_unit(copy_job *job, size_t i)
{
    const uint8_t *at = unit_at(job, i);
    if (at[0] != DEV_COPY_UNIT_CODE)
        return refuse(job->cmd, DEV_ASC_TARGET_DESCRIPTOR);
    if (at[1] & NULL_UNIT)
        return abort_copy(job, DEV_ASC_UNREACHABLE, at + 1);
    if (at[1] & 0x1f)
        return abort_copy(job, DEV_ASC_COPY_TYPE, at + 1);
    job->units[i] = find_unit(job->cmd, at);
    uint32_t block_len = dev_get32(at + 28) & 0xffffff;
    if (!job->units[i] || block_len == job->units[i]->block_len)
        return true;
    dev_fail_list(job->cmd, offset_of(job, at + 29));
    return false;
}

static bool read_units(copy_job *job)
{
    bool good = true;
    for (size_t i = 0; i < job->num_units && good; i++)
        good = read_unit(job, i);
    return good;
}

/* ---- segments ---- */

/* Its kind and its length, before anything is copied. */
static bool check_segment(copy_job *job, size_t i, size_t left)
{
    const uint8_t *at = segment_at(job, i);
    if (at[0] != DEV_COPY_SEGMENT_CODE)
        return refuse(job->cmd, DEV_ASC_SEGMENT);
    if (left < DEV_COPY_SEGMENT_LEN)
        return refuse(job->cmd, DEV_ASC_LIST_LENGTH);
    if (dev_get16(at + 2) == DEV_COPY_SEGMENT_LEN - 4)
        return true;
    dev_fail_list(job->cmd, offset_of(job, at + 2));
    return false;
}

static bool check_segments(copy_job *job)
{
    size_t len = dev_get32(job->list + 8);
    bool good = true;
    for (size_t i = 0; i < job->num_segments && good; i++)
        good = check_segment(job, i, len - i * DEV_COPY_SEGMENT_LEN);
    return good;
}

/* The unit at a descriptor index of a segment. */
static bool unit_of(copy_job *job, const uint8_t *field, rig_device **out_unit)
{
    unsigned index = dev_get16(field);
    if (index != DEV_COPY_SELF && index >= job->num_units)
        return abort_copy(job, DEV_ASC_UNREACHABLE, field);
    *out_unit = index == DEV_COPY_SELF ? job->cmd->device : job->units[index];
    return *out_unit || abort_copy(job, DEV_ASC_COPY_DEVICE, field);
}

static bool read_segment(copy_job *job, const uint8_t *at, extent *out)
{
    if (!unit_of(job, at + 4, &out->from) || !unit_of(job, at + 6, &out->to))
        return false;
    bool counts_destination = (at[1] & 0x02) != 0; /* DC */
    out->len = (uint64_t)dev_get16(at + 10) * (counts_destination ? out->to : out->from)->block_len;
    out->from_lba = dev_get64(at + 12);
    out->to_lba = dev_get64(at + 20);
    if (out->len > DEV_COPY_SEGMENT_MAX)
        return abort_copy(job, DEV_ASC_LIST_FIELD, at + 10);
    if (out->len % out->from->block_len || out->len % out->to->block_len)
        return abort_copy(job, DEV_ASC_INEXACT, at + 10);
    return true;
}

/* A command of the copy manager: the initiator's rights, and no unit attentions, which are the initiator's to
 * hear. */
static rig_scsi inner_command(const dev_command *cmd, uint8_t cdb[16], uint64_t lba, uint64_t blocks)
{
    dev_put64(cdb + 2, lba);
    dev_put32(cdb + 10, (uint32_t)blocks);
    return (rig_scsi){.nexus = cmd->scsi->nexus,
                      .cdb = rig_view_of(cdb, 16),
                      .initiator = cmd->scsi->initiator,
                      .port = cmd->scsi->port,
                      .now = cmd->scsi->now,
                      .inner = true};
}

/* Both have the same number of bytes; memory of one unit may overlap with itself. */
static void pour(const rig_scsi *from, const rig_scsi *to)
{
    uint32_t f = 0, t = 0;
    size_t f_at = 0, t_at = 0;
    while (f < from->num_iov && t < to->num_iov) {
        size_t f_left = from->iov[f].iov_len - f_at, t_left = to->iov[t].iov_len - t_at;
        size_t part = f_left < t_left ? f_left : t_left;
        memmove((uint8_t *)to->iov[t].iov_base + t_at, (const uint8_t *)from->iov[f].iov_base + f_at, part);
        f_at = part == f_left ? 0 : f_at + part;
        t_at = part == t_left ? 0 : t_at + part;
        f += part == f_left;
        t += part == t_left;
    }
}

static bool copy_piece(const dev_command *cmd, const extent *segment, uint64_t at, size_t len)
{
    uint8_t get_cdb[16] = {READ_16}, put_cdb[16] = {WRITE_16};
    uint32_t from_block = segment->from->block_len, to_block = segment->to->block_len;
    rig_scsi get = inner_command(cmd, get_cdb, segment->from_lba + at / from_block, len / from_block);
    rig_scsi put = inner_command(cmd, put_cdb, segment->to_lba + at / to_block, len / to_block);
    rig_device_begin(segment->from, &get);
    if (get.status == DEV_GOOD)
        rig_device_begin(segment->to, &put);
    bool good = get.status == DEV_GOOD && put.status == DEV_GOOD;
    if (good)
        pour(&get, &put);
    rig_device_finish(segment->to, &put, len, !good);
    rig_device_release(segment->from, &get);
    return good && put.status == DEV_GOOD;
}

static bool copy_segment(copy_job *job, const uint8_t *at)
{
    extent segment;
    bool good = read_segment(job, at, &segment);
    for (uint64_t done = 0, part; good && done < segment.len; done += part) {
        part = segment.len - done < DEV_COPY_PIECE ? segment.len - done : DEV_COPY_PIECE;
        if (!copy_piece(job->cmd, &segment, done, (size_t)part))
            good = abort_copy(job, DEV_ASC_NONE, NULL);
        else
            job->result.bytes += part;
    }
    return good;
}

static void copy_all(copy_job *job)
{
    bool good = true;
    for (size_t i = 0; i < job->num_segments && good; i++) {
        good = copy_segment(job, segment_at(job, i));
        job->result.segments += good;
    }
    job->result.failed = !good;
    if ((job->list[1] >> 3 & 3) != USAGE_NONE)
        dev_copies_add(&job->cmd->device->copies, &job->result);
}

void dev_extended_copy_done(dev_command *cmd, uint64_t got)
{
    copy_job job = {.cmd = cmd, .list = cmd->scsi->iov[0].iov_base};
    if (got < cmd->scsi->length) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
        return;
    }
    job.result.nexus = cmd->scsi->nexus;
    job.result.list = job.list[0];
    if (read_header(&job, (size_t)got) && read_units(&job) && check_segments(&job))
        copy_all(&job);
}
