// What ThreadSanitizer is told about the order in which things happen. It sees none in pthreadpool,
// which comes compiled without it, and would take every loop for a race. Nothing in other builds.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define QRT_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define QRT_THREAD_SANITIZER 1
#endif
#endif

#ifdef QRT_THREAD_SANITIZER
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace qrt::rt {

// What this thread did before happens before what another does after happens_after(address).
inline void happens_before([[maybe_unused]] void* address) {
#ifdef QRT_THREAD_SANITIZER
  __tsan_release(address);
#endif
}
inline void happens_after([[maybe_unused]] void* address) {
#ifdef QRT_THREAD_SANITIZER
  __tsan_acquire(address);
#endif
}

}  // namespace qrt::rt
