/* Coroutines of a user beside the one inside the script. */
#include "vu/vu.h"
#include "vu/vu_user_testing.h"

static struct {
    struct fake_vu *user;
    struct coro *parked;
    int parked_result, slept_result, batch_result;
    int disturbed_result, after_result; /* of a disturbed sleep, and of the next */
    size_t n_alive, n_posted;
} strands;

static void strand_parks(void *arg)
{
    struct script_host *h = strands.user->host;

    strands.parked = h->ops->strand(h);
    strands.parked_result = h->ops->park(h, 0);
    if (h->ops->park(h, h->ops->now(h) + NS_PER_MS) != SCRIPT_E_TIMEOUT)
        strands.parked_result = -1;
    --*(size_t *)arg;
}

static void strand_sleeps(void *arg)
{
    strands.slept_result = strands.user->host->ops->sleep(strands.user->host, INT64_MAX);
    --*(size_t *)arg;
}

static void strand_batches(void *arg)
{
    strands.batch_result = own_batch(strands.user);
    --*(size_t *)arg;
}

static void strand_disturbs(void *arg)
{
    strands.user->host->ops->disturb(strands.user->host, arg);
    strands.n_alive--;
}

static void posted(void *arg)
{
    ++*(size_t *)arg;
}

/* Ends while all of its strands are under way. */
static int own_strands(struct fake_vu *vu)
{
    static script_strand_fn *const lives[] = {strand_parks, strand_sleeps, strand_batches};
    struct script_host *h = vu->host;

    strands.user = vu;
    for (size_t i = 0; i < countof(lives); i++) {
        assert_int_equal(h->ops->spawn(h, lives[i], &strands.n_alive), 0);
        strands.n_alive++;
    }
    h->ops->post(h, posted, &strands.n_posted);
    assert_int_equal(h->ops->sleep(h, NS_PER_MS / 2), 0);
    h->ops->wake(h, strands.parked);
    /* One of them ends a wait of ours, and no more than that. */
    assert_int_equal(h->ops->spawn(h, strand_disturbs, h->ops->strand(h)), 0);
    strands.n_alive++;
    strands.disturbed_result = h->ops->sleep(h, INT64_MAX);
    h->ops->settle(h);
    strands.after_result = h->ops->sleep(h, NS_PER_MS / 4);
    return 0;
}

static void body_strands(void)
{
    memset(&strands, 0, sizeof(strands));
    fake.own = own_strands;
    activate(FAKE_OWN);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(strands.disturbed_result, SCRIPT_E_INTERRUPTED);
    assert_int_equal(strands.after_result, 0);
    assert_int_equal(strands.n_posted, 1);
    assert_int_equal(strands.n_alive, 3);
    /* They live on beside the next iteration, and end with the scenario. */
    activate(FAKE_SLEEP);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    assert_int_equal(strands.n_alive, 1);
    assert_int_equal(strands.parked_result, 0);
    assert_int_equal(strands.batch_result, 0);
    vu_leave(f.vu);
    assert_int_equal(strands.n_alive, 0);
    assert_int_equal(strands.slept_result, SCRIPT_E_INTERRUPTED);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
}

static void strand_writes(void *arg)
{
    struct script_host *h = strands.user->host;
    int fd = *(int *)arg;

    /* The one that waits to read it is not in the way. */
    assert_int_equal(h->ops->wait_fd(h, fd, SCRIPT_FD_WRITE, 0), 0);
    assert_int_equal(h->ops->sleep(h, NS_PER_MS), 0);
    close(fd);
}

static int own_fd(struct fake_vu *vu)
{
    struct script_host *h = vu->host;
    int fds[2];

    strands.user = vu;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(h->ops->wait_fd(h, fds[0], SCRIPT_FD_READ, h->ops->now(h) + NS_PER_MS),
                     SCRIPT_E_TIMEOUT);
    assert_int_equal(h->ops->spawn(h, strand_writes, &fds[1]), 0);
    assert_int_equal(h->ops->wait_fd(h, fds[0], SCRIPT_FD_READ, 0), 0);
    close(fds[0]);
    assert_true(h->ops->wait_fd(h, fds[0], SCRIPT_FD_READ, 0) < 0);
    return 0;
}

static void body_fd(void)
{
    fake.own = own_fd;
    activate(FAKE_OWN);
    assert_int_equal(vu_iterate(f.vu, 0, 0), VU_COMPLETE);
    vu_leave(f.vu);
}

static void test_strands(void **s UNUSED)
{
    run_with("{}", body_strands);
    run_with("{}", body_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_strands, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
