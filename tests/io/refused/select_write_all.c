/*
 * How much a dropped write_all had written nobody knows, so select doesn't take it; a single write it does.
 * REFUSED: dropping this future loses data
 */
#include <weir/select.h>
#include <weir/stream.h>

int refused_write_all(weir_stream_io *write_one, weir_stream_all *write_all, weir_yield *step);
int refused_write_all(weir_stream_io *write_one, weir_stream_all *write_all, weir_yield *step)
{
#ifdef REFUSE
    weir_select_future first = weir_select(*step, *write_all);
    return first.output;
#else
    weir_select_future first = weir_select(*step, *write_one);
    weir_lossy_select_future lossy = weir_select_lossy(*step, *write_all);
    return first.output + lossy.output;
#endif
}
