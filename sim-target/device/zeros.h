/** @file
 * One area of zeros that every hole of every backing is read from.
 */
#ifndef DEV_ZEROS_H
#define DEV_ZEROS_H

#define DEV_ZEROS_LEN (1u << 20)

/* DEV_ZEROS_LEN zero bytes; never written. */
void *dev_zeros(void);

#endif
