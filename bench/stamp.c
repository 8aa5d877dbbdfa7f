/*
 * The referee of bench/precision.py: an HTTP server that notes when each request came, the same way
 * for every generator. It belongs to nobody's code base: this file and libc.
 *
 *     stamp FILE    prints its port, serves, writes FILE when it is told to end (SIGTERM)
 *
 * The instant is the kernel's (SO_TIMESTAMPNS): on loopback that is when the sender's system call
 * handed the bytes over, whenever this process gets to read them. FILE holds pairs of little-endian
 * 64-bit numbers: nanoseconds of CLOCK_MONOTONIC, number of the connection.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    STAMPS_MAX = 16 << 20, /* pages of it are there when they are used */
    CONNS_MAX = 65536,     /* highest descriptor */
    EVENTS = 512,
    READ_BYTES = 16 << 10,
};

struct stamp {
    uint64_t at;
    uint64_t conn;
};

struct conn {
    uint64_t number;
    unsigned n_end; /* bytes of "\r\n\r\n" that the input so far ends in */
};

static struct stamp *stamps;
static size_t n_stamps;
static struct conn conns[CONNS_MAX];
static uint64_t n_conns;
static volatile sig_atomic_t must_end;

static void die(const char *what)
{
    fprintf(stderr, "stamp: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void on_signal(int sig)
{
    (void)sig;
    must_end = 1;
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Wall time of the kernel's stamp as monotonic time; now, where there is none. */
static int64_t arrival_of(struct msghdr *msg)
{
    int64_t now = clock_ns(CLOCK_MONOTONIC);

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;

            memcpy(&t, CMSG_DATA(c), sizeof(t));
            return now - (clock_ns(CLOCK_REALTIME) - (t.tv_sec * INT64_C(1000000000) + t.tv_nsec));
        }
    }
    return now;
}

/* How many requests end in these bytes: none has a body. */
static unsigned count_ends(struct conn *c, const char *p, size_t n)
{
    static const char end[] = "\r\n\r\n";
    unsigned found = 0;

    for (size_t i = 0; i < n; i++) {
        c->n_end = p[i] == end[c->n_end] ? c->n_end + 1 : p[i] == '\r';
        if (c->n_end == 4) {
            c->n_end = 0;
            found++;
        }
    }
    return found;
}

/* Answers are small and clients read them: one that does not fit is a broken client's. */
static int answer(int fd, unsigned n)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 2\r\n\r\nok";

    while (n--) {
        if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(text) - 1)
            return -1;
    }
    return 0;
}

/* Reads once; -1 when the connection is over. */
static int serve(int fd)
{
    struct conn *c = &conns[fd];
    char in[READ_BYTES], control[256];
    struct iovec iov = {in, sizeof(in)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &msg, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return -1;
    int64_t at = arrival_of(&msg);
    unsigned n_requests = count_ends(c, in, (size_t)n);

    for (unsigned i = 0; i < n_requests && n_stamps < STAMPS_MAX; i++)
        stamps[n_stamps++] = (struct stamp){(uint64_t)at, c->number};
    return answer(fd, n_requests);
}

static void take_in(int epoll, int listener)
{
    int fd, on = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

        if (fd >= CONNS_MAX) {
            close(fd);
            continue;
        }
        conns[fd] = (struct conn){.number = n_conns++};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
    }
}

static int listen_anywhere(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 8192) ||
        getsockname(fd, (struct sockaddr *)&sa, &n))
        die("cannot listen");
    printf("%d\n", ntohs(sa.sin_port));
    fflush(stdout);
    return fd;
}

static void write_stamps(const char *path)
{
    FILE *f = fopen(path, "we");

    if (!f || fwrite(stamps, sizeof(stamps[0]), n_stamps, f) != n_stamps || fclose(f))
        die(path);
}

static void loop(int listener)
{
    struct epoll_event events[EVENTS], first = {.events = EPOLLIN, .data.fd = listener};
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first))
        die("epoll");
    while (!must_end) {
        int n = epoll_wait(epoll, events, EVENTS, 100);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;

            if (fd == listener) {
                take_in(epoll, listener);
            } else if (serve(fd)) {
                close(fd);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_handler = on_signal};

    if (argc != 2) {
        fprintf(stderr, "usage: stamp FILE\n");
        return 2;
    }
    stamps = mmap(NULL, STAMPS_MAX * sizeof(stamps[0]), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stamps == MAP_FAILED)
        die("no memory");
    sigaction(SIGTERM, &sa, NULL);
    loop(listen_anywhere());
    write_stamps(argv[1]);
    return 0;
}
