/* The fixed parts of the HTML report. */
#ifndef REPORT_HTML_PAGE_H
#define REPORT_HTML_PAGE_H

extern const char rep_html_head[]; /* up to the title's text */
extern const char rep_html_body[]; /* behind it, up to the first case */
extern const char rep_html_tail[]; /* behind the summary */

#endif
