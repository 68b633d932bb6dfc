#include "read.h"

const char *ipr_payload_name(uint8_t type)
{
    static const struct {
        uint8_t type;
        const char *name;
    } rows[] = {
        {1, "SA"},
        {2, "P"},
        {3, "T"},
        {4, "KE"},
        {5, "ID"},
        {6, "CERT"},
        {7, "CR"},
        {8, "HASH"},
        {9, "SIG"},
        {10, "NONCE"},
        {11, "N"},
        {12, "D"},
        {13, "VID"},
        {20, "NAT-D"},
        {21, "NAT-OA"},
        {130, "NAT-D-DRAFT"},
        {131, "NAT-OA-DRAFT"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == type)
            return rows[i].name;
    return "payload";
}
