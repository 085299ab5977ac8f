/* web_metrics.h - a running pipeline as metrics for Prometheus. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "live.h"

/* The text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
/* Opens what is read for it. Once. */
void web_metrics_warm_up(void);
void web_metrics(FILE *out, const struct live *live);

#endif
