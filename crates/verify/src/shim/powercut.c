/* A disk that forgets at a power cut whatever was not synced, put between a program and libc by LD_PRELOAD.
 *
 * Of every file of the store (name.db, name.db-wal) it keeps a second copy in the folder VERIFY_DISK, which changes
 * only when the program syncs the file. What was written since then stands in a third file beside it, so that after the
 * cut some of it can be put back, as a real disk might have written it. The shared-memory file is not kept: it does
 * not outlive a cut.
 *
 * With VERIFY_COMMITS=lazy the sync that ends a commit does nothing, as with `PRAGMA synchronous=NORMAL`: a
 * sync of the log counts only if nothing was written to it since the one before, which is what a checkpoint does
 * (https://sqlite.org/pragma.html#pragma_synchronous).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A sync takes as long as on a slow disk, so that the power may go while it is under way. */
enum { MAX_FD = 4096, TRUNCATE = -1, SYNC_MICROSECONDS = 3000 };

typedef struct {
    char name[256]; /* empty: not a file of the store */
} kept;

/* What waits for a sync: a head and its bytes, or a length to cut to. */
typedef struct {
    int64_t at, length;
} pending;

static kept files[MAX_FD];
static int dirty_log; /* whether the log was written to since the last sync that was asked for */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open");
    real_close = dlsym(RTLD_NEXT, "close");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
}

/* A disk that cannot keep its copy would prove nothing. */
static void give_up(const char *what) {
    perror(what);
    abort();
}

static const char *store_name(const char *path) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    size_t length = strlen(name);
    int is_data = length > 3 && !strcmp(name + length - 3, ".db");
    int is_log = length > 7 && !strcmp(name + length - 7, ".db-wal");
    return getenv("VERIFY_DISK") && (is_data || is_log) ? name : NULL;
}

static int is_log(const char *name) { return name[strlen(name) - 1] == 'l'; }

/* A file in VERIFY_DISK: the copy, or what waits for a sync. */
static int disk(const char *prefix, const char *name, int flags) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", getenv("VERIFY_DISK"), prefix, name);
    int fd = real_open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) give_up(path);
    return fd;
}

static void put(int fd, const void *bytes, size_t length, off_t at) {
    while (length > 0) {
        ssize_t done = real_pwrite(fd, bytes, length, at);
        if (done <= 0) give_up("the disk's copy");
        bytes = (const char *)bytes + done, length -= done, at += done;
    }
}

static void wait_for_sync(const char *name, int64_t at, int64_t length, const void *bytes) {
    int fd = disk("pending.", name, O_WRONLY | O_CREAT);
    struct stat stat;
    if (fstat(fd, &stat)) give_up("the disk's copy");
    pending head = {at, length};
    put(fd, &head, sizeof head, stat.st_size);
    if (at != TRUNCATE) put(fd, bytes, length, stat.st_size + sizeof head);
    real_close(fd);
}

static void sync_copy(const char *name) {
    int from = disk("pending.", name, O_RDWR | O_CREAT), to = disk("", name, O_WRONLY | O_CREAT);
    pending head;
    off_t at = 0;
    while (pread(from, &head, sizeof head, at) == sizeof head) {
        at += sizeof head;
        if (head.at == TRUNCATE) {
            if (real_ftruncate(to, head.length)) give_up("the disk's copy");
            continue;
        }
        char *bytes = malloc(head.length ? head.length : 1);
        if (!bytes || pread(from, bytes, head.length, at) != head.length) give_up("the disk's copy");
        put(to, bytes, head.length, head.at);
        free(bytes);
        at += head.length;
    }
    if (real_ftruncate(from, 0)) give_up("the disk's copy");
    real_close(from);
    real_close(to);
}

static const char *name_of(int fd) { return fd >= 0 && fd < MAX_FD && *files[fd].name ? files[fd].name : NULL; }

static int opened(int fd, const char *path) {
    const char *name = store_name(path);
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < MAX_FD) {
        snprintf(files[fd].name, sizeof files[fd].name, "%s", name ? name : "");
        if (name) real_close(disk("", name, O_WRONLY | O_CREAT));
    } else if (name && fd >= MAX_FD) {
        give_up("too many files");
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return opened(real_open(path, flags, mode), path);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return opened(real_open(path, flags | O_LARGEFILE, mode), path);
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (name_of(fd)) *files[fd].name = 0;
    pthread_mutex_unlock(&lock);
    return real_close(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(fd, bytes, length, at);
    const char *name = name_of(fd);
    if (name && done > 0) {
        wait_for_sync(name, at, done, bytes);
        dirty_log |= is_log(name);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return pwrite(fd, bytes, length, at); }

int ftruncate(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    int failed = real_ftruncate(fd, length);
    const char *name = name_of(fd);
    if (name && !failed) wait_for_sync(name, TRUNCATE, length, NULL);
    pthread_mutex_unlock(&lock);
    return failed;
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int fsync(int fd) {
    pthread_mutex_lock(&lock);
    const char *name = name_of(fd);
    if (name) usleep(SYNC_MICROSECONDS);
    const char *commits = getenv("VERIFY_COMMITS");
    int lazy = name && is_log(name) && dirty_log && commits && !strcmp(commits, "lazy");
    if (name && is_log(name)) dirty_log = 0;
    if (name && !lazy) sync_copy(name);
    pthread_mutex_unlock(&lock);
    return 0; /* The machine stays up, so the real sync would only take time. */
}

int fdatasync(int fd) { return fsync(fd); }

int unlink(const char *path) {
    const char *name = store_name(path);
    pthread_mutex_lock(&lock);
    if (name) {
        char copy[4096];
        for (int i = 0; i < 2; i++) {
            snprintf(copy, sizeof copy, "%s/%s%s", getenv("VERIFY_DISK"), i ? "pending." : "", name);
            real_unlink(copy);
        }
    }
    pthread_mutex_unlock(&lock);
    return real_unlink(path);
}
