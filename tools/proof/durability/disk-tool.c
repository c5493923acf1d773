/*
 * What a proof needs of the disk and Node does not offer.
 *
 *   disk-tool cut DIR           ext4 shutdown without flushing its journal (EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH):
 *                               from here on nothing reaches the device, and every call on the file system fails.
 *   disk-tool scatter DIR SEED  until it is killed: picks random page ranges of random files below DIR and has the kernel
 *                               write them out (sync_file_range), so that what was not synced reaches the device out of order.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define EXT4_GOING_FLAGS_NOLOGFLUSH 0x2
#define FILES_MAX 256
#define PAGE 4096

static char files[FILES_MAX][512];
static int file_count;

static void collect(const char *dir) {
  DIR *open_dir = opendir(dir);
  if (open_dir == NULL) return;
  struct dirent *entry;
  while ((entry = readdir(open_dir)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    char path[512];
    if (snprintf(path, sizeof path, "%s/%s", dir, entry->d_name) >= (int)sizeof path) continue;
    struct stat info;
    if (lstat(path, &info) != 0) continue;
    if (S_ISDIR(info.st_mode)) collect(path);
    else if (S_ISREG(info.st_mode) && file_count < FILES_MAX) strcpy(files[file_count++], path);
  }
  closedir(open_dir);
}

static uint64_t state;

static uint32_t random_below(uint32_t bound) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (uint32_t)((state >> 33) % bound);
}

static _Noreturn void scatter(const char *dir, const char *seed) {
  state = strtoull(seed, NULL, 10) * 2654435761u + 1;
  for (int round = 0;; round++) {
    if (round % 16 == 0) {
      file_count = 0;
      collect(dir);
    }
    usleep(1000 + random_below(4000));
    if (file_count == 0) continue;
    int fd = open(files[random_below(file_count)], O_RDONLY);
    if (fd < 0) continue;
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_size > 0) {
      uint32_t pages = (uint32_t)(info.st_size / PAGE) + 1;
      off_t from = (off_t)random_below(pages) * PAGE;
      off_t length = (off_t)(1 + random_below(8)) * PAGE;
      sync_file_range(fd, from, length, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
    }
    close(fd);
  }
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "cut") == 0) {
    uint32_t flags = EXT4_GOING_FLAGS_NOLOGFLUSH;
    int fd = open(arguments[2], O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && ioctl(fd, EXT4_IOC_SHUTDOWN, &flags) == 0) return 0;
    perror("disk-tool: cut");
    return 1;
  }
  if (count == 4 && strcmp(arguments[1], "scatter") == 0) scatter(arguments[2], arguments[3]);
  fprintf(stderr, "usage: disk-tool cut DIR | scatter DIR SEED\n");
  return 2;
}
