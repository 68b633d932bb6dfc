/* Reads and SCSI Responses: placement, numbering, phase collapse, residuals, sense, what cannot be (RFC 7143
 * sections 11.4, 11.7). */
#include "bench.h"

#define MOST 30000

static uint8_t disk[MOST];
static uint8_t buffer[MOST];

/* A read into three pieces of odd lengths. */
static void job_read(job *j, bench *w, uint32_t len, struct iovec pieces[3])
{
    size_t a = len / 5;
    size_t b = len / 2 + 1 < len ? len / 2 + 1 : len;
    memset(buffer, 0xee, sizeof buffer);
    pieces[0] = (struct iovec){buffer, a};
    pieces[1] = (struct iovec){buffer + a, b - a};
    pieces[2] = (struct iovec){buffer + b, len - b};
    job_io(j, w, false, buffer, len);
    j->task.in = pieces;
    j->task.num_in = 3;
}

/* A Data-In with status. */
static void collapsed(link *l, uint32_t itt, uint32_t sn, uint32_t offset, size_t len, uint8_t status,
                      uint32_t under)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_DATA_IN, itt);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_S, 1);
    rig_set(bhs, RIG_F_UNDERFLOW, under > 0);
    rig_set(bhs, RIG_F_RESIDUAL, under);
    rig_set(bhs, RIG_F_SCSI_STATUS, status);
    rig_set(bhs, RIG_F_DATA_SN, sn);
    rig_set(bhs, RIG_F_BUFFER_OFFSET, offset);
    bench_status(l, bhs, disk + offset, len);
}

static void read_and_response(void)
{
    static const size_t chunks[] = {0, 1, 7, 1000};
    fill(disk, sizeof disk, 11);
    for (size_t c = 0; c < 4; c++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        w->chunk = chunks[c];
        struct iovec pieces[3];
        job j;
        job_read(&j, w, 5001, pieces);
        const seen *s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
        CU_ASSERT_EQUAL(s->bhs[1], 0xc0); /* F and R */
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EDTL), 5001);
        CU_ASSERT_EQUAL(s->len, 0);
        bench_data_in(l, j.task.itt, 0, 0, disk, 2048, true);
        bench_data_in(l, j.task.itt, 1, 2048, disk, 0, false); /* empty ones do no harm (PDU-036) */
        bench_data_in(l, j.task.itt, 2, 2048, disk + 2048, 2953, true);
        CU_ASSERT_EQUAL(j.done, 0);
        bench_good(l, j.task.itt, 3);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(j.task.received, 5001);
        CU_ASSERT_EQUAL(memcmp(buffer, disk, 5001), 0);
        CU_ASSERT_EQUAL(buffer[5001], 0xee);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_IGNORED], 0);
        bench_free(w);
    }
}

/* A sequence of more than MaxBurstLength is survived and told once; one of just that is none (DATA-049). */
static void long_sequence(void)
{
    for (uint32_t over = 0; over < 2; over++) {
        bench *w = bench_new();
        w->config.offer[RIG_KEY_MAX_BURST].value = 1024;
        w->config.offer[RIG_KEY_FIRST_BURST].value = 1024;
        link *l = bench_up(w, NULL);
        job j;
        job_io(&j, w, false, buffer, 4096);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        for (uint32_t sn = 0; sn < 4; sn++)
            bench_data_in(l, j.task.itt, sn, sn * 1024, disk + sn * 1024, 1024, !over || sn == 3);
        bench_good(l, j.task.itt, 4);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_IGNORED], over);
        bench_free(w);
    }
}

/* A GOOD in the last Data-In that leaves bytes out without saying so is told, as in a response (11.4.5). */
static void short_read(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    struct iovec pieces[3];
    job j;
    job_read(&j, w, 512, pieces);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    collapsed(l, j.task.itt, 0, 0, 0, 0, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_IGNORED], 1);
    bench_free(w);
}

/* Status within the last Data-In, for every status that is no exception (11.7.3, DATA-047). */
static void phase_collapse(void)
{
    static const uint8_t statuses[] = {0x00, 0x04, 0x10, 0x14};
    for (size_t i = 0; i < 4; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        struct iovec pieces[3];
        job j;
        job_read(&j, w, 4096, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_data_in(l, j.task.itt, 0, 0, disk, 1000, false);
        collapsed(l, j.task.itt, 1, 1000, 3000, statuses[i], 96);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(j.task.scsi_status, statuses[i]);
        CU_ASSERT(j.task.underflow && j.task.residual == 96 && j.task.received == 4000);
        CU_ASSERT_EQUAL(memcmp(buffer, disk, 4000), 0);
        job_read(&j, w, 64, pieces); /* the StatSN in it counts */
        const seen *s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), l->stat_sn);
        bench_free(w);
    }
}

/* Exceptions cannot come that way, nor status before the end, nor both residuals. */
static void bad_collapse(void)
{
    static const struct {
        rig_field_id which;
        uint64_t value;
        const char *field;
        rig_status status;
    } rows[] = {
        {RIG_F_SCSI_STATUS, 0x02, "Status", RIG_E_FORMAT},
        {RIG_F_SCSI_STATUS, 0x08, "Status", RIG_E_FORMAT},
        {RIG_F_SCSI_STATUS, 0x28, "Status", RIG_E_FORMAT},
        {RIG_F_F, 0, "S", RIG_E_FORMAT},
        {RIG_F_OVERFLOW, 1, "O", RIG_E_FORMAT},
        {RIG_F_STAT_SN, 0x1000, "StatSN", RIG_E_SEQUENCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        struct iovec pieces[3];
        uint8_t bhs[RIG_BHS_LEN];
        job j;
        job_read(&j, w, 512, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
        rig_set(bhs, RIG_F_F, 1);
        rig_set(bhs, RIG_F_S, 1);
        rig_set(bhs, RIG_F_UNDERFLOW, 1);
        rig_set(bhs, rows[i].which, rows[i].value);
        bench_send(l, bhs, disk, 512);
        CU_ASSERT(bench_fell(w, rows[i].status, rows[i].field));
        CU_ASSERT(job_ended(&j, rows[i].status));
        bench_free(w);
    }
}

static void bad_data(void)
{
    static const struct {
        rig_field_id which;
        uint64_t value;
        size_t len;
        const char *field;
        rig_status status;
    } rows[] = {
        {RIG_F_ITT, 0x00abc123, 512, "ITT", RIG_E_PROTOCOL},
        {RIG_F_ITT, 0xffffffff, 512, "ITT", RIG_E_PROTOCOL},
        {RIG_F_DATA_SN, 1, 512, "DataSN", RIG_E_SEQUENCE},
        {RIG_F_DATA_SN, 0xffffffff, 512, "DataSN", RIG_E_SEQUENCE},
        {RIG_F_DATA_SN, 1, 0, "DataSN", RIG_E_SEQUENCE},
        {RIG_F_BUFFER_OFFSET, 513, 512, "BufferOffset", RIG_E_PROTOCOL},
        {RIG_F_BUFFER_OFFSET, 0xffffff00, 512, "BufferOffset", RIG_E_PROTOCOL}, /* DATA-040 */
        {RIG_F_BUFFER_OFFSET, 8, 512, "BufferOffset", RIG_E_PROTOCOL},
        {RIG_F_DATA_LEN, 0, 1025, "BufferOffset", RIG_E_PROTOCOL},
        {RIG_F_DATA_LEN, 0, 262145, "DataSegmentLength",
         RIG_E_FORMAT}, /* beyond what we declared (PDU-033) */
    };
    static uint8_t much[262145];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        struct iovec pieces[3];
        uint8_t bhs[RIG_BHS_LEN];
        job j;
        job_read(&j, w, 1024, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
        rig_set(bhs, rows[i].which, rows[i].value);
        bench_send(l, bhs, much, rows[i].len);
        CU_ASSERT(bench_fell(w, rows[i].status, rows[i].field));
        CU_ASSERT(job_ended(&j, rows[i].status));
        CU_ASSERT_EQUAL(buffer[1024], 0xee);
        bench_free(w);
    }
}

/* Data for a write, and for a request of another kind. */
static void data_for_others(void)
{
    for (int kind = 0; kind < 2; kind++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j;
        if (kind)
            job_init(&j, w, RIG_TASK_PING);
        else
            job_io(&j, w, true, disk, 512);
        job_sent(&j, l, kind ? RIG_PDU_NOP_OUT : RIG_PDU_SCSI_CMD);
        bench_data_in(l, j.task.itt, 0, 0, disk, 512, true);
        CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "ITT"));
        CU_ASSERT_EQUAL(j.done, 1);
        bench_free(w);
    }
}

/* Without DataPDUInOrder the pieces come as they like, but no more of them than were asked for (DATA-032). */
static void out_of_order(void)
{
    for (int twice = 0; twice < 2; twice++) {
        bench *w = bench_new();
        w->config.offer[RIG_KEY_PDU_IN_ORDER].value = 0;
        w->config.offer[RIG_KEY_SEQUENCE_IN_ORDER].value = 0;
        link *l = bench_up(w, "DataPDUInOrder=No\0DataSequenceInOrder=No\0");
        struct iovec pieces[3];
        job j;
        job_read(&j, w, 1536, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_data_in(l, j.task.itt, 0, 1024, disk + 1024, 512, false);
        bench_data_in(l, j.task.itt, 1, 0, disk, 512, false);
        bench_data_in(l, j.task.itt, 2, 512, disk + 512, 512, true);
        if (twice) {
            bench_data_in(l, j.task.itt, 3, 512, disk + 512, 512, true);
            CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "BufferOffset"));
        } else {
            bench_good(l, j.task.itt, 3);
            CU_ASSERT(job_ended(&j, RIG_OK));
            CU_ASSERT_EQUAL(memcmp(buffer, disk, 1536), 0);
        }
        bench_free(w);
    }
}

/* The A bit, reserved bits and a LUN where none is due are nothing at level 0 (DATA-052, PDU-012). */
static void ignored_bits(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    struct iovec pieces[3];
    uint8_t bhs[RIG_BHS_LEN];
    job j;
    job_read(&j, w, 512, pieces);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
    bhs[0] |= 0xc0;
    bhs[1] |= 0x78; /* A, reserved and the residual flags that need S */
    bhs[2] = 0xff;
    rig_set(bhs, RIG_F_LUN, 0x1234);
    rig_set(bhs, RIG_F_TTT, 77);
    bench_send(l, bhs, disk, 512);
    CU_ASSERT(bench_quiet(l)); /* no SNACK */
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
    rig_set(bhs, RIG_F_EXP_DATA_SN, 1);
    bhs[0] |= 0xc0;
    bhs[1] |= 0x61;
    rig_set(bhs, RIG_F_SNACK_TAG, 0);
    rig_set(bhs, RIG_F_RESIDUAL, 99); /* without O and U */
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(j.task.residual, 0);
    bench_free(w);
}

/* Residuals are passed on (CMD-025); amounts that do not add up are told, and nothing else. */
static void residuals(void)
{
    static const struct {
        bool over, under;
        uint32_t residual;
        size_t len;
        bool odd;
    } rows[] = {{false, false, 0, 512, false},  {false, true, 12, 500, false}, {false, true, 512, 0, false},
                {true, false, 100, 512, false}, {false, false, 0, 500, true},  {false, true, 10, 500, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        struct iovec pieces[3];
        uint8_t bhs[RIG_BHS_LEN];
        job j;
        job_read(&j, w, 512, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        if (rows[i].len)
            bench_data_in(l, j.task.itt, 0, 0, disk, rows[i].len, true);
        bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
        rig_set(bhs, RIG_F_EXP_DATA_SN, rows[i].len > 0);
        rig_set(bhs, RIG_F_OVERFLOW, rows[i].over);
        rig_set(bhs, RIG_F_UNDERFLOW, rows[i].under);
        rig_set(bhs, RIG_F_RESIDUAL, rows[i].residual);
        bench_status(l, bhs, NULL, 0);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(j.task.overflow, rows[i].over);
        CU_ASSERT_EQUAL(j.task.underflow, rows[i].under);
        CU_ASSERT_EQUAL(j.task.residual, rows[i].residual);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_IGNORED], rows[i].odd);
        bench_free(w);
    }
}

/* Sense data comes behind its length; what stands behind it is not part of it (CMD-031). */
static void sense(void)
{
    static const struct {
        uint16_t length; /* as it says */
        size_t segment;  /* as it is */
        uint8_t kept;
    } rows[] = {{18, 20, 18},   {18, 30, 18},  {0, 2, 0},     {96, 98, 96},
                {252, 254, 96}, {252, 20, 18}, {0xffff, 2, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        uint8_t bhs[RIG_BHS_LEN];
        uint8_t data[300];
        job j;
        fill(data, sizeof data, 5);
        rig_be_set(data, 2, rows[i].length);
        job_io(&j, w, false, NULL, 0);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
        rig_set(bhs, RIG_F_SCSI_STATUS, 0x02);
        bench_status(l, bhs, data, rows[i].segment);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(j.task.scsi_status, 0x02);
        CU_ASSERT_EQUAL(j.task.sense_len, rows[i].kept);
        CU_ASSERT_EQUAL(memcmp(j.task.sense, data + 2, rows[i].kept), 0);
        bench_free(w);
    }
}

static void bad_responses(void)
{
    static const struct {
        rig_field_id which;
        uint64_t value;
        const char *field;
        rig_status status;
    } rows[] = {
        {RIG_F_SCSI_STATUS, 0x02, "DataSegmentLength",
         RIG_E_FORMAT}, /* CHECK CONDITION without sense (PDU-045) */
        {RIG_F_F, 0, "F", RIG_E_FORMAT},
        {RIG_F_OVERFLOW, 1, "O", RIG_E_FORMAT},
        {RIG_F_EXP_DATA_SN, 2, "ExpDataSN", RIG_E_SEQUENCE}, /* DIG-030 */
        {RIG_F_ITT, 0x1000, "ITT", RIG_E_PROTOCOL},
        {RIG_F_ITT, 0xffffffff, "ITT", RIG_E_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        struct iovec pieces[3];
        uint8_t bhs[RIG_BHS_LEN];
        job j;
        job_read(&j, w, 512, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_data_in(l, j.task.itt, 0, 0, disk, 512, true);
        bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
        rig_set(bhs, RIG_F_EXP_DATA_SN, 1);
        rig_set(bhs, RIG_F_UNDERFLOW, rows[i].which == RIG_F_OVERFLOW);
        rig_set(bhs, rows[i].which, rows[i].value);
        bench_status(l, bhs, NULL, 0);
        CU_ASSERT(bench_fell(w, rows[i].status, rows[i].field));
        CU_ASSERT(job_ended(&j, rows[i].status));
        bench_free(w);
    }
}

/* A response code other than 0: the target could not carry the command out; status and flags mean nothing
 * (CMD-018). */
static void target_failure(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t bhs[RIG_BHS_LEN];
    job j;
    job_io(&j, w, false, buffer, 512);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
    rig_set(bhs, RIG_F_SCSI_RESPONSE, 0x01);
    rig_set(bhs, RIG_F_SCSI_STATUS, 0x08);
    rig_set(bhs, RIG_F_UNDERFLOW, 1);
    rig_set(bhs, RIG_F_RESIDUAL, 5);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(j.task.response, 1);
    CU_ASSERT_EQUAL(j.task.scsi_status, 0);
    CU_ASSERT(!j.task.underflow && j.task.residual == 0);
    bench_free(w);
}

/* Opcodes of the initiator's, of nobody's, and of the login (PDU-018). */
static void wrong_opcodes(void)
{
    static const uint8_t opcodes[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10,
                                      0x07, 0x1c, 0x23, 0x27, 0x30, 0x33, 0x3c, 0x3e};
    for (size_t i = 0; i < sizeof opcodes; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        uint8_t bhs[RIG_BHS_LEN];
        bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
        bhs[0] = opcodes[i];
        bench_send(l, bhs, NULL, 0);
        CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "Opcode"));
        bench_free(w);
    }
}

RIG_SUITE("initiator: reads", {"data, then a response", read_and_response},
          {"status within the last data", phase_collapse}, {"a long sequence", long_sequence},
          {"a short read", short_read}, {"status that cannot come that way", bad_collapse},
          {"data that cannot be", bad_data}, {"data for no read", data_for_others},
          {"data in any order", out_of_order}, {"bits that mean nothing", ignored_bits},
          {"residuals", residuals}, {"sense data", sense}, {"responses that cannot be", bad_responses},
          {"failures of the target", target_failure}, {"PDUs no target sends", wrong_opcodes})
