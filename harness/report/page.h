/* The page of the HTML report: files of page/, and what is written into them. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stddef.h>

#include "record.h"

/* ---- page/, embedded by the build ---- */

extern const unsigned char page_page_html[], page_report_css[], page_report_js[];
extern const size_t page_page_html_len, page_report_css_len, page_report_js_len;

/* ---- page.c ---- */

/* Everything in front of the cases; false without memory. */
bool page_begin(FILE *file, const rep_base *base);
void page_end(FILE *file);
/* A script element of that class or id that holds JSON. False without memory. */
bool page_put_json(FILE *file, const char *attribute, const json_t *value);
/* The same, deflated, for what is unpacked when somebody looks at it. */
bool page_put_packed(FILE *file, const char *attribute, const json_t *value);

/* ---- pack.c: text that holds bytes, from malloc; NULL without memory ---- */

char *page_base64(const void *bytes, size_t len);
/* Deflated, then base64. */
char *page_pack(const void *bytes, size_t len);

/* ---- page_files.c ---- */

/* The capture of a case and the keys beside it: name, size, and how the page in `folder` leads to each, or
 * its bytes while *room, which it lessens, lasts and the case failed. An empty list when there are none. */
json_t *page_files(const rep_base *base, const json_t *record, const char *folder, size_t *room);

#endif
