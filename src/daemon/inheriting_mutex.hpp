// SPDX-License-Identifier: GPL-3.0-or-later
/// A mutex that a real-time thread may wait for: whoever holds it runs at the priority of who waits for it.
#pragma once

#include <pthread.h>

namespace priorityd::daemon {

/// For std::lock_guard. With std::mutex, an ordinary thread that lost its CPU while holding it would keep the daemon's
/// thread waiting for as long as there are busy loops on all CPUs. Source: pthread_mutexattr_setprotocol(3).
class InheritingMutex {
public:
    InheritingMutex()
    {
        pthread_mutexattr_t attributes;
        ::pthread_mutexattr_init(&attributes);
        ::pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
        // Where the kernel was built without such futexes, an ordinary mutex has to do.
        if (::pthread_mutex_init(&mutex_, &attributes) != 0)
            ::pthread_mutex_init(&mutex_, nullptr);
        ::pthread_mutexattr_destroy(&attributes);
    }
    InheritingMutex(const InheritingMutex&) = delete;
    InheritingMutex& operator=(const InheritingMutex&) = delete;
    ~InheritingMutex() { ::pthread_mutex_destroy(&mutex_); }

    void lock() { ::pthread_mutex_lock(&mutex_); }
    void unlock() { ::pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t mutex_;
};

}  // namespace priorityd::daemon
