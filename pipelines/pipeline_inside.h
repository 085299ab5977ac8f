/* pipeline_inside.h - what a weir_pipeline is made of, for the files that are its functions. */
#ifndef WP_PIPELINE_INSIDE_H
#define WP_PIPELINE_INSIDE_H

#include <weir/pipeline.h>

#include "document/document.h"
#include "plan/plan.h"
#include "run/run.h"

struct weir_pipeline {
    char *name, *data;
    weir_pipeline_language language;
    struct document document; /* of one in YAML or JSON */
    struct source source;
    struct syntax syntax;
    struct plan plan;
    struct run *run;
    struct journal *journal; /* or NULL */
    char *error;             /* in words */
    struct trial *trials;    /* that didn't end well; pushed with compare-and-swap */
};

#endif
