#pragma once
/*
 * How functions fail. Four kinds, never mixed:
 *
 *   bug        assert(); never on anything that came from a network, a file, a script or a clock
 *   fault      what we need is broken: a negative errno, put in words once with fault() where it
 *              arises, passed up unchanged by TRY, printed once by cli
 *   condition  a documented small positive code that the direct caller must handle
 *   outcome    what the target did; a measurement (metric/outcome.h), never a return code
 *
 * The words of the latest fault belong to the thread, or to the coroutine where one runs: a switch
 * saves and restores the pointer (fault_record_swap).
 */
#include <stddef.h>

#define MUST_USE                __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define UNUSED                  __attribute__((unused))
#define COLD                    __attribute__((cold, noinline))
#define HOT_INLINE              __attribute__((always_inline)) static inline
#define likely(x)               __builtin_expect(!!(x), 1)
#define unlikely(x)             __builtin_expect(!!(x), 0)

/* Runs fn(&variable) when the variable leaves its scope. */
#define scoped(fn) __attribute__((cleanup(fn)))

/* Moves a scoped pointer to its next owner, so that its cleanup finds NULL. */
#define take(p)                 \
    ({                          \
        typeof(p) taken_ = (p); \
        (p) = NULL;             \
        taken_;                 \
    })

/* Leaves the calling function with the fault in `expr`, if there is one. */
#define TRY(expr)                                                    \
    do {                                                             \
        int try_r_ = (expr);                                         \
        if (__builtin_expect(try_r_ != 0, 0))                        \
            return fault_pass(try_r_, __func__, __FILE__, __LINE__); \
    } while (0)

/* Drops a MUST_USE result on purpose; a cast to void does not satisfy gcc. */
#define ignored(expr) ((void)!(expr))

/* Records what went wrong, in words for the user, and gives back `code` (a negative errno). */
#define fault(code, ...) fault_raise((code), __func__, __FILE__, __LINE__, __VA_ARGS__)

/* The object of type `type` whose member `member` is at `ptr`. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/*
 * A fault that ends the program with a documented exit code of its own (docs/reference/exit-codes):
 * fault(FAULT_EXIT(107), "..."). cli turns it back; any plain negative errno means exit code 255.
 */
#define FAULT_EXIT(exit_code) (-(2000 + (exit_code)))

static inline int fault_exit_code(int code)
{
    return code <= -2000 && code >= -2255 ? -code - 2000 : 255;
}

#define countof(array) (sizeof(array) / sizeof((array)[0]))

struct fault_record;

int fault_raise(int code, const char *func, const char *file, int line, const char *fmt, ...)
    COLD PRINTF_LIKE(5, 6);

/*
 * Adds a line to the trace kept for --debug and returns `code`; a positive code becomes
 * -ENOTRECOVERABLE, because a condition that nobody handled is a bug of ours.
 */
int fault_pass(int code, const char *func, const char *file, int line) COLD;

/* The words of the latest fault of this thread or coroutine, never NULL; valid until the next. */
const char *fault_text(void);

/* Where it arose and through what it passed, a line each; never NULL. */
const char *fault_trace(void);

/* Forgets the latest fault. */
void fault_clear(void);

/* For the coroutine switch only: installs `next` (NULL = none yet) and returns the old record. */
struct fault_record *fault_record_swap(struct fault_record *next);

/* Frees a record that a coroutine leaves behind; accepts NULL. */
void fault_record_free(struct fault_record *record);
