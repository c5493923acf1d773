/*
 * Makes one disk call of a process fail, wherever in the process it is made. Loaded with LD_PRELOAD.
 *
 *   KVS_FAULT_ROOT  only files below this directory count
 *   KVS_FAULT_LOG   gets a line `call OPERATION PLACE` for each call that counts, and `fault OPERATION PLACE NANOSECONDS`
 *                   (CLOCK_MONOTONIC) for the one that was made to fail
 *   KVS_FAULT_RULE  `OPERATION PLACE NUMBER KIND`, or unset: the NUMBER-th call of OPERATION on PLACE fails with KIND:
 *                   EIO, ENOSPC, EROFS, or short (half of the bytes are written, then ENOSPC)
 *
 * Operations: write, sync (of a file), syncdir, rename, truncate, create. A place is the path below the root with numbers
 * replaced by #, so that all segments of the log are one place.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static int log_fd = -1;
static char rule_operation[16], rule_place[256], rule_kind[16];
static int rule_number, rule_seen;
static __thread int inside;

__attribute__((constructor)) static void start(void) {
  root = getenv("KVS_FAULT_ROOT");
  const char *log = getenv("KVS_FAULT_LOG");
  const char *rule = getenv("KVS_FAULT_RULE");
  if (log != NULL) log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (rule != NULL && sscanf(rule, "%15s %255s %d %15s", rule_operation, rule_place, &rule_number, rule_kind) != 4) {
    rule_number = 0;
  }
}

static int is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/* Runs of 16 hexadecimal digits, and of decimal ones, become #. */
static void name_place(const char *path, char *place, size_t size) {
  size_t out = 0;
  const char *at = path;
  while (*at != '\0' && out + 1 < size) {
    size_t run = 0;
    while (is_hex(at[run])) run++;
    size_t digits = 0;
    while (at[digits] >= '0' && at[digits] <= '9') digits++;
    if (run == 16 || digits > 0) {
      place[out++] = '#';
      at += run == 16 ? run : digits;
    } else {
      place[out++] = *at++;
    }
  }
  place[out] = '\0';
}

/* What is to happen to a call: NULL, or the kind of failure. */
static const char *meet_path(const char *operation, const char *path) {
  if (root == NULL || inside) return NULL;
  size_t length = strlen(root);
  if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0')) return NULL;
  char place[256], line[400];
  name_place(path[length] == '/' ? path + length + 1 : ".", place, sizeof place);
  inside = 1;
  pthread_mutex_lock(&lock);
  int hit = 0;
  if (rule_number > 0 && strcmp(operation, rule_operation) == 0 && strcmp(place, rule_place) == 0) {
    hit = ++rule_seen == rule_number;
  }
  if (log_fd >= 0) {
    int count = snprintf(line, sizeof line, "call %s %s\n", operation, place);
    if (hit) {
      struct timespec now;
      clock_gettime(CLOCK_MONOTONIC, &now);
      long long ns = (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
      count = snprintf(line, sizeof line, "fault %s %s %lld\n", operation, place, ns);
    }
    ssize_t (*real_write)(int, const void *, size_t) = NEXT(write);
    if (real_write(log_fd, line, (size_t)count) < 0) abort();
  }
  pthread_mutex_unlock(&lock);
  inside = 0;
  return hit ? rule_kind : NULL;
}

static const char *meet(const char *operation, int fd) {
  if (root == NULL || inside) return NULL;
  char link[32], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return NULL;
  path[length] = '\0';
  return meet_path(operation, path);
}

static int failure(const char *kind) {
  errno = strcmp(kind, "EIO") == 0 ? EIO : strcmp(kind, "EROFS") == 0 ? EROFS : ENOSPC;
  return -1;
}

#define IS_SHORT(kind) (strcmp(kind, "short") == 0)

ssize_t write(int fd, const void *bytes, size_t count) {
  const char *kind = meet("write", fd);
  if (kind != NULL && IS_SHORT(kind) && NEXT(write)(fd, bytes, count / 2) < 0) return -1;
  return kind != NULL ? failure(kind) : NEXT(write)(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  const char *kind = meet("write", fd);
  if (kind != NULL && IS_SHORT(kind) && NEXT(pwrite)(fd, bytes, count / 2, at) < 0) return -1;
  return kind != NULL ? failure(kind) : NEXT(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  const char *kind = meet("write", fd);
  if (kind != NULL && IS_SHORT(kind) && NEXT(pwrite64)(fd, bytes, count / 2, at) < 0) return -1;
  return kind != NULL ? failure(kind) : NEXT(pwrite64)(fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  const char *kind = meet("write", fd);
  if (kind != NULL && IS_SHORT(kind) && NEXT(write)(fd, pieces[0].iov_base, pieces[0].iov_len / 2) < 0) return -1;
  return kind != NULL ? failure(kind) : NEXT(writev)(fd, pieces, count);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) {
  const char *kind = meet("write", fd);
  if (kind != NULL && IS_SHORT(kind) && NEXT(pwrite)(fd, pieces[0].iov_base, pieces[0].iov_len / 2, at) < 0) return -1;
  return kind != NULL ? failure(kind) : NEXT(pwritev)(fd, pieces, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t at) {
  const char *kind = meet("write", fd);
  if (kind != NULL && IS_SHORT(kind) && NEXT(pwrite)(fd, pieces[0].iov_base, pieces[0].iov_len / 2, at) < 0) return -1;
  return kind != NULL ? failure(kind) : NEXT(pwritev64)(fd, pieces, count, at);
}

static const char *meet_sync(int fd) {
  struct stat info;
  return meet(fstat(fd, &info) == 0 && S_ISDIR(info.st_mode) ? "syncdir" : "sync", fd);
}

int fsync(int fd) {
  const char *kind = meet_sync(fd);
  return kind != NULL ? failure(kind) : NEXT(fsync)(fd);
}

int fdatasync(int fd) {
  const char *kind = meet_sync(fd);
  return kind != NULL ? failure(kind) : NEXT(fdatasync)(fd);
}

int ftruncate(int fd, off_t length) {
  const char *kind = meet("truncate", fd);
  return kind != NULL ? failure(kind) : NEXT(ftruncate)(fd, length);
}

int ftruncate64(int fd, off64_t length) {
  const char *kind = meet("truncate", fd);
  return kind != NULL ? failure(kind) : NEXT(ftruncate64)(fd, length);
}

int rename(const char *from, const char *to) {
  const char *kind = meet_path("rename", from);
  return kind != NULL ? failure(kind) : NEXT(rename)(from, to);
}

static int open_with(__typeof__(&open64) real, const char *path, int flags, mode_t mode) {
  const char *kind = (flags & O_CREAT) != 0 && access(path, F_OK) != 0 ? meet_path("create", path) : NULL;
  return kind != NULL ? failure(kind) : real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_with(NEXT(open), path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_with(NEXT(open64), path, flags, mode);
}
