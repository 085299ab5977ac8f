/* pipelines_empty.c - goes away with the first file of this folder. */
extern int weir_pipelines_empty;
int weir_pipelines_empty;
