#include "print.h"

typedef bool shown_fn(const uint8_t *bhs, rig_field_id field);

static bool never(const uint8_t *bhs, rig_field_id field)
{
    (void)bhs;
    (void)field;
    return false;
}

static bool always(const uint8_t *bhs, rig_field_id field)
{
    (void)bhs;
    (void)field;
    return true;
}

static bool when_set(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, field) != 0;
}

static bool when_clear(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, field) == 0;
}

static bool when_given(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, field) != RIG_TAG_NONE;
}

static bool not_simple(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, field) != 1;
}

static bool with_transit(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, RIG_F_T) || rig_get(bhs, field);
}

static bool with_transfer(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, RIG_F_R) || rig_get(bhs, RIG_F_W) || rig_get(bhs, field);
}

static bool with_status(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, RIG_F_S) || rig_get(bhs, field);
}

static bool with_acknowledge(const uint8_t *bhs, rig_field_id field)
{
    return rig_get(bhs, RIG_F_A) || (when_set(bhs, field) && when_given(bhs, field));
}

static bool tag_in_use(const uint8_t *bhs, rig_field_id field)
{
    return when_set(bhs, field) && when_given(bhs, field);
}

#define EVERY UINT32_MAX
#define FIXED_FINAL                                                                                          \
    (RIG_IN(NOP_OUT) | RIG_IN(TMF_REQ) | RIG_IN(LOGOUT_REQ) | RIG_IN(SNACK) | RIG_IN(NOP_IN) |               \
     RIG_IN(SCSI_RESP) | RIG_IN(TMF_RESP) | RIG_IN(LOGOUT_RESP) | RIG_IN(R2T) | RIG_IN(ASYNC) |              \
     RIG_IN(REJECT))

/* The first row of field and kind decides; a field without one is shown as its form says. */
static const struct {
    rig_field_id field;
    uint32_t pdus;
    shown_fn *shown;
} shown_rows[] = {
    {RIG_F_I, RIG_IN(LOGIN_REQ), when_clear},
    {RIG_F_OPCODE, RIG_IN(UNKNOWN), always},
    {RIG_F_OPCODE, EVERY, never},
    {RIG_F_T, EVERY, always},
    {RIG_F_F, FIXED_FINAL, when_clear},
    {RIG_F_F, EVERY, always},
    {RIG_F_CSG, EVERY, always},
    {RIG_F_NSG, EVERY, with_transit},
    {RIG_F_ATTR, EVERY, not_simple},
    {RIG_F_SCSI_RESPONSE, EVERY, when_set},
    {RIG_F_SCSI_STATUS, RIG_IN(DATA_IN), with_status},
    {RIG_F_AHS_WORDS, EVERY, never},
    {RIG_F_DATA_LEN, EVERY, never},
    {RIG_F_LUN, RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ), always},
    {RIG_F_TSIH, RIG_IN(LOGIN_REQ), always},
    {RIG_F_ITT, RIG_IN(ASYNC) | RIG_IN(REJECT), when_given},
    {RIG_F_ITT, EVERY, always},
    {RIG_F_TTT, RIG_IN(DATA_IN), with_acknowledge},
    {RIG_F_TTT, EVERY, always},
    {RIG_F_EDTL, EVERY, with_transfer},
    {RIG_F_SNACK_TAG, EVERY, tag_in_use},
    {RIG_F_STAT_SN, RIG_IN(DATA_IN), with_status},
    {RIG_F_REF_CMD_SN, EVERY, when_set},
    {RIG_F_DATA_SN, RIG_IN(DATA_IN) | RIG_IN(DATA_OUT), always},
    {RIG_F_R2T_SN, EVERY, always},
    {RIG_F_BUFFER_OFFSET, EVERY, always},
    {RIG_F_DESIRED_LEN, EVERY, always},
    {RIG_F_BEG_RUN, EVERY, always},
    {RIG_F_RUN_LENGTH, EVERY, always},
};

static shown_fn *const shown_by_form[] = {
    [RIG_FORM_FLAG] = when_set, [RIG_FORM_DEC] = when_set,   [RIG_FORM_HEX] = when_set,
    [RIG_FORM_SN] = always,     [RIG_FORM_TAG] = when_given, [RIG_FORM_LUN] = when_set,
    [RIG_FORM_ISID] = always,   [RIG_FORM_CDB] = always,     [RIG_FORM_NAMED] = always,
};

bool trc_field_shown(const rig_item *item, rig_pdu_kind kind, rig_field_id field)
{
    const uint8_t *bhs = item->pdu.bhs;
    for (size_t i = 0; i < sizeof shown_rows / sizeof shown_rows[0]; i++)
        if (shown_rows[i].field == field && (shown_rows[i].pdus >> kind & 1))
            return shown_rows[i].shown(bhs, field);
    return shown_by_form[rig_fields[field].form](bhs, field);
}
