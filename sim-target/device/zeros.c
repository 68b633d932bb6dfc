#include "zeros.h"

#include <stdint.h>

/* Not const: it then costs address space only, no bytes of the program file. */
static uint8_t zeros[DEV_ZEROS_LEN] __attribute__((aligned(4096)));

void *dev_zeros(void)
{
    return zeros;
}
