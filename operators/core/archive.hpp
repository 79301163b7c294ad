// Operator state to bytes and back, little-endian. A type is archived member by member: `state(self)`, or an event's fields.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "openquant/operators/core/fields.hpp"
#include "openquant/operators/core/wide.hpp"

namespace openquant {

static_assert(std::endian::native == std::endian::little, "snapshots are written as little-endian memory");

template <class T>
concept Flat = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, Packed>;

/// A type whose fields are described (an event); others give `static auto state(auto& self)`, a tuple of references.
template <class T>
concept Described = requires { T::fields(); };

class Writer {
public:
    std::vector<std::uint8_t> bytes;

    template <class T>
    void put(const T& x) {
        if constexpr (Flat<T>) {
            const auto* p = reinterpret_cast<const std::uint8_t*>(&x);
            bytes.insert(bytes.end(), p, p + sizeof x);
        } else if constexpr (Described<T>) {
            for_each_field<T>([&](auto, auto f) { put(x.*(f.member)); });
        } else {
            std::apply([&](const auto&... part) { (put(part), ...); }, T::state(x));
        }
    }
    void put(const std::string& s) {
        put(static_cast<std::uint64_t>(s.size()));
        bytes.insert(bytes.end(), s.begin(), s.end());
    }
    template <class T>
    void put(const std::optional<T>& x) {
        put(x.has_value());
        if (x) put(*x);
    }
    template <class T>
    void put(const std::vector<T>& xs) {
        put(static_cast<std::uint64_t>(xs.size()));
        for (const T& x : xs) put(x);
    }
    template <class T, std::size_t N>
    void put(const std::array<T, N>& xs) {
        for (const T& x : xs) put(x);
    }
};

class Reader {
public:
    Reader(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
    explicit Reader(const std::vector<std::uint8_t>& bytes) : Reader(bytes.data(), bytes.size()) {}

    std::size_t left() const { return left_; }

    template <class T>
    void get(T& x) {
        if constexpr (std::is_same_v<T, bool>) {
            x = *take(1) != 0;
        } else if constexpr (Flat<T>) {
            std::memcpy(&x, take(sizeof x), sizeof x);
        } else if constexpr (Described<T>) {
            for_each_field<T>([&](auto, auto f) { get(x.*(f.member)); });
        } else {
            std::apply([&](auto&... part) { (get(part), ...); }, T::state(x));
        }
    }
    void get(std::string& s) {
        const auto n = count(1);
        const auto* p = take(n);
        s.assign(reinterpret_cast<const char*>(p), n);
    }
    template <class T>
    void get(std::optional<T>& x) {
        bool has = false;
        get(has);
        x = has ? std::optional<T>(T{}) : std::nullopt;
        if (x) get(*x);
    }
    template <class T>
    void get(std::vector<T>& xs) {
        xs.assign(count(1), T{});
        for (T& x : xs) get(x);
    }
    template <class T, std::size_t N>
    void get(std::array<T, N>& xs) {
        for (T& x : xs) get(x);
    }
    template <class T>
    T get() {
        T x{};
        get(x);
        return x;
    }

private:
    std::size_t count(std::size_t element_bytes) {
        const auto n = get<std::uint64_t>();
        if (n > left_ / element_bytes) throw std::invalid_argument("snapshot is cut short or damaged");
        return static_cast<std::size_t>(n);
    }
    const std::uint8_t* take(std::size_t n) {
        if (n > left_) throw std::invalid_argument("snapshot is cut short or damaged");
        const auto* p = data_;
        data_ += n, left_ -= n;
        return p;
    }
    const std::uint8_t* data_;
    std::size_t left_;
};

}  // namespace openquant
