/* habits.h - what people write who come from other tools, and what they find here in its place. */
#ifndef WP_HABITS_H
#define WP_HABITS_H

/* A hint for who wrote this as the name of a stage; NULL: none. */
const char *wp_habit_stage(const char *name);
/* The same for who wrote this behind the beginning of an expression. */
const char *wp_habit_operator(const char *text);

#endif
