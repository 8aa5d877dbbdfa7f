#include "sink/snappy.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>

#include "base/varint.h"
#include "sink/protobuf.h"

/* The C interface of libsnappy 1.x (snappy-c.h); its status is an enum, 0 for success. */
static struct {
    int (*compress)(const char *in, size_t n_in, char *out, size_t *n_out);
    size_t (*max_length)(size_t n_in);
} library;

/* ISO C has no conversion from an object's pointer to a function's; POSIX says that it works. */
static bool find(void *handle, const char *name, void *ret_function)
{
    void *p = dlsym(handle, name);

    memcpy(ret_function, &p, sizeof(p));
    return p != NULL;
}

static void load(void)
{
    void *handle = dlopen("libsnappy.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!handle || !find(handle, "snappy_max_compressed_length", &library.max_length) ||
        !find(handle, "snappy_compress", &library.compress))
        library.compress = NULL;
}

bool snappy_compresses(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    return library.compress != NULL;
}

/* A literal's tag has its length - 1 in the six high bits; 62 there means: in the next 3 bytes. */
static void put_literal(struct str part, struct buf *out)
{
    uint32_t n = (uint32_t)part.n - 1;
    unsigned char tag[4] = {62 << 2, (unsigned char)n, (unsigned char)(n >> 8),
                            (unsigned char)(n >> 16)};

    if (n < 60) {
        buf_putc(out, (char)(n << 2));
    } else {
        buf_put(out, tag, sizeof(tag));
    }
    buf_putstr(out, part);
}

void snappy_block_literal(struct str in, struct buf *out)
{
    enum {
        LITERAL_MAX = 1 << 24
    };

    assert(in.n <= UINT32_MAX);
    varint_put(out, in.n);
    while (in.n) {
        size_t n = in.n < LITERAL_MAX ? in.n : LITERAL_MAX;

        put_literal(str_from(in.p, n), out);
        in = str_from_index(in, n);
    }
}

void snappy_block(struct str in, struct buf *out)
{
    assert(in.n <= UINT32_MAX);
    size_t n = snappy_compresses() ? library.max_length(in.n) : 0;

    if (n && in.n && buf_reserve(out, n) == 0 &&
        library.compress(in.p, in.n, out->data + out->len, &n) == 0) {
        out->len += n;
    } else {
        snappy_block_literal(in, out);
    }
}
