/* The kinds of sinks there are. */
#include "sink/sink.h"

const struct sink_class *const sink_classes[] = {
#define SINK(name) &sink_##name##_class,
#include "sink/sink_classes.def"
#undef SINK
};

const size_t n_sink_classes = countof(sink_classes);
