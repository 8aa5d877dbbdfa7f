/* Numbers and names by getaddrinfo(), the first that it finds. */
#include "web/web_place.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "web/web_guard.h"

/* Copies host and port out of "HOST:PORT"; the host may be empty. */
static int split(const char *option, const char *address, char *ret_host, size_t n_host,
                 char *ret_port, size_t n_port)
{
    struct str text = str_of(address), host = web_host_of(text);
    const char *colon = strrchr(address, ':');
    uint64_t port;

    if (!colon || colon != host.p + host.n + (address[0] == '[') ||
        !str_u64(str_of(colon + 1), &port) || port > 65535 || host.n >= n_host)
        return fault(FAULT_EXIT(104),
                     "%s '%s': an address is written as HOST:PORT, such as localhost:6565", option,
                     address);
    snprintf(ret_host, n_host, "%.*s", STR_ARG(host));
    snprintf(ret_port, n_port, "%u", (unsigned)port);
    return 0;
}

int web_place_find(const char *address, const char *option, struct web_place *ret_place)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char host[256], port[8];

    TRY(split(option, address, host, sizeof(host), port, sizeof(port)));
    /* "localhost" is ::1 first on some machines, and clients that try one address try the other. */
    if (!host[0] || strcmp(host, "localhost") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    int r = getaddrinfo(host, port, &hints, &found);

    if (r)
        return fault(FAULT_EXIT(104), "%s '%s': %s", option, address, gai_strerror(r));
    *ret_place = (struct web_place){.address = address, .option = option, .n = found->ai_addrlen};
    memcpy(&ret_place->at, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

bool web_place_is_loopback(const struct web_place *p)
{
    if (p->at.ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)&p->at)->sin_addr.s_addr) >> 24 == 127;
    return p->at.ss_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&p->at)->sin6_addr);
}

int web_place_listen(const struct web_place *p, int backlog, int *ret_fd)
{
    const struct sockaddr *at = (const struct sockaddr *)&p->at;
    int one = 1;
    int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return fault(-errno, "%s: cannot listen at %s: %m", p->option, p->address);
    ignored(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
    if (bind(fd, at, p->n) < 0 || listen(fd, backlog) < 0) {
        int r = fault(-errno, "%s: cannot listen at %s: %m", p->option, p->address);

        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

void web_socket_name(int fd, char ret_name[WEB_ADDRESS_BYTES])
{
    struct sockaddr_storage storage;
    struct sockaddr *sa = (struct sockaddr *)&storage;
    socklen_t n = sizeof(storage);
    char host[INET6_ADDRSTRLEN] = "", port[8] = "";

    if (getsockname(fd, sa, &n) == 0)
        ignored(getnameinfo(sa, n, host, sizeof(host), port, sizeof(port),
                            NI_NUMERICHOST | NI_NUMERICSERV));
    snprintf(ret_name, WEB_ADDRESS_BYTES, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
