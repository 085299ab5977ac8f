/* stages_schema.h - the catalogue for programs: a JSON Schema. */
#ifndef STAGES_SCHEMA_H
#define STAGES_SCHEMA_H

#include <stdio.h>

/* An object with a member a stage, whose members are its options: types, ranges, choices, defaults, help. */
void stages_schema(FILE *out);

#endif
