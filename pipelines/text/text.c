/* text.c - bytes that grow, by half of what there is at a time. */
#include <weir/text.h>

#include <stdlib.h>
#include <string.h>

int weir_text_reserve(weir_text *self, size_t more)
{
    if (self->capacity - self->size >= more)
        return 0;
    if (more > SIZE_MAX / 4 || self->size > SIZE_MAX / 4)
        return -ENOMEM;
    size_t capacity = self->capacity + self->capacity / 2;
    if (capacity < self->size + more)
        capacity = self->size + more;
    if (capacity < 64)
        capacity = 64;
    char *data = realloc(self->data, capacity);
    if (data == NULL)
        return -ENOMEM;
    self->data = data;
    self->capacity = capacity;
    return 0;
}

int weir_text_append(weir_text *self, const void *data, size_t size)
{
    const int error = weir_text_reserve(self, size);
    if (error != 0)
        return error;
    if (size > 0)
        memcpy(self->data + self->size, data, size);
    self->size += size;
    return 0;
}

void weir_text_fini(weir_text *self)
{
    free(self->data);
    *self = (weir_text){ 0 };
}
