// Asks for an operator's memory before it is needed. What a state keeps outside itself is known to its parts, which offer `fetch`.
#pragma once

#include <cstddef>
#include <tuple>

namespace openquant {

template <class T>
[[gnu::always_inline]] inline void fetch(const T* object) {
    for (std::size_t byte = 0; byte < sizeof(T); byte += 64) __builtin_prefetch(reinterpret_cast<const std::byte*>(object) + byte);
}

/// Walks a state as it is archived; to be called when the state itself is there.
template <class T>
[[gnu::always_inline]] inline void fetch_kept(const T& part) {
    if constexpr (requires { part.fetch(); }) part.fetch();
    else if constexpr (requires { T::state(part); })
        std::apply(
            [](const auto&... parts) __attribute__((always_inline)) { (fetch_kept(parts), ...); }, T::state(part));
}

}  // namespace openquant
