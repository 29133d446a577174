"""The month's clock: programs that load a small library see the wall clock of the month, and no other bent.

libfaketime 0.9.10 will not do: with it Python's `time.sleep`, which ends at an absolute time, fails or never
ends.
"""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long offset;

__attribute__((constructor)) static void begin(void) {
    char text[32] = {0};
    int file = open(CLOCK, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    if (read(file, text, sizeof text - 1) > 0) offset = atol(text);
    close(file);
}

int clock_gettime(clockid_t id, struct timespec *at) {
    int failed = syscall(SYS_clock_gettime, id, at);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += offset;
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

/* The kernel stamps files with its own time. Of one file the shepherd asks since when it is there. */
#define STAMPED(function, kind)                                                         \
    int function(const char *path, struct kind *status) {                            \
        int (*real)(const char *, struct kind *) = dlsym(RTLD_NEXT, #function);      \
        int failed = real(path, status);                                             \
        if (!failed && strstr(path, "/maintenance.txt")) status->st_mtime += offset; \
        return failed;                                                               \
    }
STAMPED(lstat, stat)
STAMPED(lstat64, stat64)
"""


class Clock:
    """The month's time, in seconds since the epoch. A program keeps the offset that it started with."""

    def __init__(self, folder: Path, start: float) -> None:
        self._file, self._library = folder / "clock", folder / "clock.so"
        define = f'-DCLOCK="{self._file}"'
        compiler = ["cc", "-shared", "-fPIC", "-O1", define, "-x", "c", "-", "-o", str(self._library)]
        subprocess.run(compiler, input=_SOURCE.encode(), check=True)
        self.set(start)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program follow this clock."""
        return {"LD_PRELOAD": str(self._library)}

    @property
    def day(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def set(self, at: float) -> None:
        self.at = at
        self._file.write_text(f"{at - time.time():.0f}\n")
