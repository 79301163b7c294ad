// Law 7: after warm-up an operator's update does not allocate. Counts every operator new of this executable.
#include <atomic>
#include <cstdlib>
#include <new>
#include "catch.hpp"

#include "cases.hpp"
#include "files.hpp"
#include "openquant/replay/journal.hpp"
#include "script.hpp"

namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* p = std::malloc(size ? size : 1)) return p;
    throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace openquant::testing {

TEST_CASE("the counter counts") {
    const std::size_t before = allocations;
    const auto p = std::make_unique<int>(1);
    CHECK(allocations == before + 1);
}

// A copy of the state after one pass is put back after a second, so that the third repeats the second with room to spare.
TEST_CASE("law 7: no allocation in update after warm-up") {
    for_each_operator([]<class Op>() {
        for (const Op& fresh : settings<Op>(2)) {
            INFO(signature(fresh));
            const Script script = script_of<Op>(70, 4'000);
            std::size_t rows = 0;
            const auto count = [&](const auto&) noexcept { ++rows; };
            Op op = fresh;
            drive(op, script, 0, script.size(), count);
            const Op warm = op;
            drive(op, script, 0, script.size(), count);
            op = warm;
            const std::size_t before = allocations;
            drive(op, script, 0, script.size(), count);
            CHECK(allocations - before == 0);
        }
    });
}

TEST_CASE("recording does not allocate once its buffers have their size") {
    const TemporaryFolder folder;
    Graph graph;
    graph.source<Trade>("trades");
    JournalWriter writer(folder.path(), graph);
    Batch batch;
    const auto feed = feed_of(generate(event_type<Trade>(), 1, 10'000));
    REQUIRE(feed->next(batch));
    batch.breaks.push_back({500, every_symbol, {1, Break::disconnect, 0, 0}});
    const auto record = [&](std::size_t chunk) {
        for (std::size_t at = 0; at < batch.rows; at += chunk) {
            writer.taken(0, batch, at, std::min(at + chunk, batch.rows));
            writer.chunk_begins();
        }
    };
    record(10'000);
    const std::size_t before = allocations;
    for (const std::size_t chunk : {1, 7, 4'096, 10'000}) record(chunk);
    CHECK(allocations - before == 0);
}

}  // namespace openquant::testing
