/* A GPIO chip for LD_PRELOAD: /dev/gpiochip* as the kernel's character device (ABI v2, linux/gpio.h) with a matrix
 * keypad on it. Whatever opens it in this process talks to these lines. One line a request.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINES 54
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static struct { int fd, event_fd, value, level; __u64 flags; } lines[LINES]; /* fd 0: free */
static char contacts[LINES][LINES];
static char is_chip[1024];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

unsigned long gpio_chip_requests, gpio_chip_driven_high;

static int is_driven_low(int n) { return lines[n].fd && (lines[n].flags & GPIO_V2_LINE_FLAG_OUTPUT) && !lines[n].value; }

static int is_driven_high(int n) {
    return lines[n].fd && lines[n].value && (lines[n].flags & GPIO_V2_LINE_FLAG_OUTPUT)
        && !(lines[n].flags & GPIO_V2_LINE_FLAG_OPEN_DRAIN);
}

static int level_of(int column) {
    int level = !!(lines[column].flags & GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
    for (int row = 0; row < LINES; row++) {
        gpio_chip_driven_high += contacts[row][column] && is_driven_high(row);
        if (contacts[row][column] && is_driven_low(row)) level = 0;
    }
    return level;
}

static void settle(void) {
    for (int n = 0; n < LINES; n++) {
        int level = level_of(n), was = lines[n].level;
        lines[n].level = level;
        __u64 edge = level ? GPIO_V2_LINE_FLAG_EDGE_RISING : GPIO_V2_LINE_FLAG_EDGE_FALLING;
        if (level == was || !lines[n].fd || !(lines[n].flags & edge)) continue;
        struct gpio_v2_line_event event = {.id = level ? 1 : 2, .offset = n};
        if (write(lines[n].event_fd, &event, sizeof event) < 0) continue; /* full, as the kernel's buffer would be */
    }
}

void gpio_chip_touch(int row, int column, int closed) {
    pthread_mutex_lock(&mutex);
    contacts[row][column] = closed;
    settle();
    pthread_mutex_unlock(&mutex);
}

static int request_line(struct gpio_v2_line_request *request) {
    int n = request->offsets[0], pipes[2];
    gpio_chip_requests++;
    if (request->num_lines != 1 || n >= LINES || lines[n].fd) { errno = n < LINES && lines[n].fd ? EBUSY : EINVAL; return -1; }
    if (pipe2(pipes, O_CLOEXEC)) return -1;
    fcntl(pipes[1], F_SETFL, O_NONBLOCK);
    lines[n].fd = request->fd = pipes[0];
    lines[n].event_fd = pipes[1];
    lines[n].flags = request->config.flags;
    lines[n].value = request->config.num_attrs ? request->config.attrs[0].attr.values & 1 : 0;
    lines[n].level = level_of(n);
    settle();
    return 0;
}

static int chip_ioctl(unsigned long command, void *arg) {
    if (command == GPIO_GET_CHIPINFO_IOCTL) {
        memset(arg, 0, sizeof(struct gpiochip_info));
        strcpy(((struct gpiochip_info *)arg)->name, "gpiochip0");
        ((struct gpiochip_info *)arg)->lines = LINES;
    } else if (command == GPIO_V2_GET_LINEINFO_IOCTL) {
        struct gpio_v2_line_info *info = arg;
        info->flags = lines[info->offset].fd ? lines[info->offset].flags | GPIO_V2_LINE_FLAG_USED : GPIO_V2_LINE_FLAG_INPUT;
    } else if (command == GPIO_V2_GET_LINE_IOCTL) {
        return request_line(arg);
    } else {
        errno = ENOTTY;
        return -1;
    }
    return 0;
}

static int line_ioctl(int n, unsigned long command, struct gpio_v2_line_values *values) {
    if (command == GPIO_V2_LINE_GET_VALUES_IOCTL) {
        values->bits = lines[n].flags & GPIO_V2_LINE_FLAG_OUTPUT ? lines[n].value : lines[n].level;
    } else if (command == GPIO_V2_LINE_SET_VALUES_IOCTL) {
        lines[n].value = values->bits & 1;
        settle();
    } else {
        errno = ENOTTY;
        return -1;
    }
    return 0;
}

static int line_of(int fd) {
    for (int n = 0; n < LINES; n++) if (fd > 0 && lines[n].fd == fd) return n;
    return -1;
}

int ioctl(int fd, unsigned long command, ...) {
    va_list list;
    va_start(list, command);
    void *arg = va_arg(list, void *);
    va_end(list);
    pthread_mutex_lock(&mutex);
    int n = line_of(fd), of_chip = fd >= 0 && fd < (int)sizeof is_chip && is_chip[fd];
    int is_gpio = _IOC_TYPE(command) == 0xB4 && (of_chip || n >= 0);
    int result = !is_gpio ? 0 : of_chip ? chip_ioctl(command, arg) : line_ioctl(n, command, arg);
    pthread_mutex_unlock(&mutex);
    return is_gpio ? result : REAL(ioctl)(fd, command, arg);
}

static int open_any(const char *path, int flags, int mode) {
    if (strncmp(path, "/dev/gpiochip", 13)) return REAL(open)(path, flags, mode);
    int fd = REAL(open)("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0 && fd < (int)sizeof is_chip) is_chip[fd] = 1;
    return fd;
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list list; va_start(list, flags); int mode = va_arg(list, int); va_end(list); return open_any(path, flags, mode); }
OPEN(open)
OPEN(open64)

int close(int fd) {
    pthread_mutex_lock(&mutex);
    int n = line_of(fd);
    if (fd >= 0 && fd < (int)sizeof is_chip) is_chip[fd] = 0;
    if (n >= 0) {
        REAL(close)(lines[n].event_fd);
        memset(&lines[n], 0, sizeof lines[n]);
        settle();
    }
    pthread_mutex_unlock(&mutex);
    return REAL(close)(fd);
}
