// Copies of a buffer share its memory: none may ever see what another does.
#include <atomic>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>
#include "catch.hpp"

#include "openquant/engine/buffer.hpp"

using openquant::Buffer;
using Numbers = Buffer<std::uint64_t>;

namespace {

void count_on(Numbers& buffer, std::size_t n) {
    const std::size_t from = buffer.size();
    std::uint64_t* const out = buffer.extend(n);
    std::iota(out, out + n, from);
}

bool counts(const Numbers& buffer, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        if (buffer[i] != i) return false;
    return buffer.size() == n;
}

}  // namespace

TEST_CASE("A copy of a buffer shares its memory until either has to change") {
    Numbers grows;
    count_on(grows, 10);
    const Numbers ten = grows;
    CHECK(ten.data() == grows.data());
    SECTION("What is appended behind a copy is not the copy's") {
        count_on(grows, 20);
        CHECK(ten.data() == grows.data());
        CHECK((counts(ten, 10) && counts(grows, 30)));
    }
    SECTION("One that outgrows its memory leaves the copy there") {
        for (std::size_t n = 0; n < 5'000; n += 50) count_on(grows, 50);
        CHECK(ten.data() != grows.data());
        CHECK((counts(ten, 10) && counts(grows, 5'010)));
    }
    SECTION("A copy that grows leaves what the other wrote behind it") {
        Numbers copy = ten;
        count_on(grows, 5);
        copy.append(std::vector<std::uint64_t>(5, 99));
        CHECK((counts(grows, 15) && copy.size() == 15 && copy[9] == 9 && copy[14] == 99));
    }
    SECTION("One that is cleared begins elsewhere") {
        grows.clear();
        grows.append(std::vector<std::uint64_t>(10, 7));
        CHECK((counts(ten, 10) && grows[0] == 7));
    }
    SECTION("To be changed it must be one's own") {
        grows.own()[0] = 7;
        CHECK((counts(ten, 10) && grows[0] == 7 && grows[9] == 9));
        const std::uint64_t* const mine = grows.data();
        CHECK(grows.own() == mine);
    }
    SECTION("A copy outlives what it was made of") {
        const Numbers more = [&] {
            Numbers gone;
            count_on(gone, 1'000);
            return Numbers(gone);
        }();
        grows = Numbers();
        CHECK((counts(ten, 10) && counts(more, 1'000) && grows.size() == 0 && grows.data() == nullptr));
    }
}

TEST_CASE("A buffer without values can be copied, cleared and owned") {
    Numbers empty;
    Numbers copy = empty;
    copy.clear();
    CHECK((copy.own() == nullptr && copy.size() == 0 && copy.begin() == copy.end()));
    count_on(copy, 3);
    CHECK((counts(copy, 3) && empty.size() == 0));
}

TEST_CASE("Readers look at copies while the buffer grows") {
    constexpr std::size_t rows = 20'000;
    Numbers buffer;
    std::mutex mutex;
    std::atomic<bool> done{false}, wrong{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
        readers.emplace_back([&] {
            std::vector<Numbers> kept;
            while (!done) {
                Numbers now = [&] {
                    const std::scoped_lock lock(mutex);
                    return buffer;
                }();
                if (kept.size() < 50) kept.push_back(now);
                if (!counts(now, now.size())) wrong = true;
            }
            for (const Numbers& old : kept)
                if (!counts(old, old.size())) wrong = true;
        });
    for (std::size_t n = 0; n < rows; ++n) {
        const std::scoped_lock lock(mutex);
        count_on(buffer, 1);
    }
    done = true;
    for (std::thread& reader : readers) reader.join();
    CHECK_FALSE(wrong);
    CHECK(counts(buffer, rows));
}
