/* A capture while it is read: where its bytes come from, and which format cuts them into frames. */
#ifndef PCAP_READING_H
#define PCAP_READING_H

#include <endian.h>

#include "rig/capture.h"

#define SRC_CHUNK (256u << 10) /* most bytes asked for at a time; stays in a core's cache */
#define SRC_BUFFER (RIG_CAPTURE_BLOCK_MAX + SRC_CHUNK) /* room for a whole block, and to read behind it */
#define SRC_PACKED (64u << 10)                         /* compressed bytes held at a time */
#define SRC_MAGIC 4                                    /* bytes that tell the format, or the compression */
#define SRC_WAIT_MS 100                                /* between two looks for more, or for stop */

typedef struct src_source src_source;

/* A compression: one row of src_packings. */
typedef struct src_packing {
    const char *name;
    uint8_t magic[SRC_MAGIC];
    uint8_t mask[SRC_MAGIC];
    rig_status (*begin)(src_source *source);
    /* Unpacks what is held into at most room bytes; *out_len may be 0. */
    rig_status (*unpack)(src_source *source, uint8_t *to, size_t room, size_t *out_len, rig_error *err);
    void (*end)(src_source *source);
} src_packing;

struct src_source {
    const rig_capture_config *config;
    int fd;
    bool stopped;
    uint64_t bytes; /* read from fd */
    uint64_t taken; /* of the capture itself, in front of at */
    uint8_t *buffer;
    size_t at, end; /* what of the buffer is not taken yet */
    const src_packing *packing;
    void *unpacker;
    bool inside; /* compressed data began and did not end */
    uint8_t *packed;
    size_t packed_at, packed_end;
};

/* source.c */
rig_status src_open(src_source *source, const rig_capture_config *config, rig_error *err);
void src_close(src_source *source);
/* Makes len bytes stand at source->at: RIG_E_NOT_FOUND at the end, RIG_E_TRUNCATED when there are some, but
 * fewer; else with a text in err. */
rig_status src_fill(src_source *source, size_t len, rig_error *err);
/* Passes len bytes over; as src_fill. */
rig_status src_skip(src_source *source, uint64_t len, rig_error *err);

static inline rig_status src_need(src_source *source, size_t len, rig_error *err)
{
    return source->end - source->at >= len ? RIG_OK : src_fill(source, len, err);
}

static inline void src_take(src_source *source, size_t len)
{
    source->at += len;
    source->taken += len;
}

/* unpack.c */
const src_packing *src_packing_of(const uint8_t magic[SRC_MAGIC]);

typedef struct rdr_frame {
    uint64_t time;
    rig_link_type link;
    rig_view bytes;
    uint32_t wire_len;
} rdr_frame;

typedef struct rdr_format {
    const char *name;
    bool (*is)(const uint8_t magic[SRC_MAGIC]);
    rig_status (*begin)(rig_capture *capture, rig_error *err);
    rig_status (*next)(rig_capture *capture, rdr_frame *out_frame, rig_error *err);
} rdr_format;

typedef struct rdr_interface {
    rig_link_type link;
    uint32_t link_number; /* as the file has it */
    uint32_t snap;        /* 0 = no limit */
    uint64_t offset;      /* ns to add */
    uint8_t binary;       /* times count 2^-binary s; 0: see scale and divide */
    uint64_t scale;       /* ns of one tick */
    uint64_t dropped;     /* as its last statistics have it */
    uint64_t divide;      /* ticks of one ns, 0 = scale counts */
} rdr_interface;

struct rig_capture {
    const rig_alloc *alloc;
    rig_capture_config config;
    const rdr_format *format;
    src_source source;
    rig_capture_report report;
    bool big_endian;
    rdr_interface *interfaces; /* of the section; of pcap the only one */
    uint32_t num_interfaces, size_interfaces;
    bool lengths_swapped; /* pcap: versions before 2.3 */
    bool nanoseconds;     /* pcap */
    uint32_t head_len;    /* pcap: of a record */
    void *pcap;           /* live */
};

extern const rdr_format rdr_classic, rdr_pcapng, rdr_live;

/* live.c */
void rdr_live_told(rig_capture *capture);

/* capture.c */
rig_status rdr_interface_add(rig_capture *capture, const rdr_interface *interface, rig_error *err);
/* What makes no sense; where it stands is added by the caller of the format. */
__attribute__((format(printf, 2, 3))) rig_status rdr_nonsense(rig_error *err, const char *format, ...);
/* The link type of a number of the format, RIG_LINK_OTHER for what is not read. */
rig_link_type rdr_link(uint32_t number);
rig_status rdr_unsupported(uint32_t number, rig_error *err);

static inline uint32_t rdr_u32(const rig_capture *capture, const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return capture->big_endian ? be32toh(value) : le32toh(value);
}

static inline uint16_t rdr_u16(const rig_capture *capture, const uint8_t *bytes)
{
    return (uint16_t)(capture->big_endian ? bytes[0] << 8 | bytes[1] : bytes[1] << 8 | bytes[0]);
}

#endif
