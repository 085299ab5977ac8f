/* park.h - drivers for a runtime without io. */
#ifndef WI_PARK_H
#define WI_PARK_H

#include <weir/driver.h>

extern const weir_driver_factory wi_park_drivers;

#endif
