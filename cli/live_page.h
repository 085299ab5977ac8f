/* live_page.h - live.html, which is in the program: cli/CMakeLists.txt makes bytes of it. */
#ifndef LIVE_PAGE_H
#define LIVE_PAGE_H

#include <stddef.h>

extern const unsigned char live_page[];
extern const size_t live_page_size;

#endif
