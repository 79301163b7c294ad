// Once every symbol is known, frames cost no allocation. Counts every operator new of this executable.
#include <atomic>
#include <cstdlib>
#include <future>
#include <new>

#include "catch.hpp"
#include "files.hpp"
#include "openquant/connectors/live/transport.hpp"
#include "test_venue.hpp"

namespace {
thread_local std::size_t allocations = 0;  // of this thread: the server's are not counted

void* counted(std::size_t size) {
    ++allocations;
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

using Speaks = Loopback::Speaks;

namespace {

struct Counting final : Listener {
    void opened() override {}
    void frame(std::string_view, std::int64_t) override {
        if (++frames == warm_up) before = allocations;
        if (frames == last) after = allocations;
    }
    void pinged() override {}
    void idle() override {}
    void closed(const std::string&, bool) override { closed_early = frames < last; }
    static constexpr std::uint64_t warm_up = 2'000, last = 20'000;
    std::uint64_t frames = 0;
    std::size_t before = 0, after = 0;
    bool closed_early = false;
};

}  // namespace

TEST_CASE("a transport allocates nothing per message") {
    const Speaks speaks = GENERATE(Speaks::websocket, Speaks::tls_websocket, Speaks::lines);
    const bool in_bursts = GENERATE(true, false);  // else each frame is a read of its own
    const TemporaryFolder folder;
    const Certificate authority = make_certificate({.names = {}});
    auto tls = tls_context(folder.write("ca.pem", authority.pem));
    std::string burst;
    for (int i = 0; i < 100; ++i) burst += speaks == Speaks::lines ? row(1) + '\n' : text_frame(row(1));
    Loopback server(
        speaks,
        [&](Peer& peer) {
            for (std::uint64_t i = 0; i < Counting::last; i += in_bursts && speaks != Speaks::tls_websocket ? 100 : 1)
                in_bursts&& speaks != Speaks::tls_websocket ? peer.raw(burst) : peer.send(row(1));
            peer.hold();
        },
        make_certificate({}, &authority));
    boost::asio::io_context io(1);
    Counting counting;
    const auto transport = make_transport(io, parse_url(server.url()), &tls, counting);
    transport->open();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (counting.frames < Counting::last && !counting.closed_early && std::chrono::steady_clock::now() < deadline)
        io.run_one_for(std::chrono::milliseconds(100));
    transport->cut();
    io.run();
    REQUIRE(counting.frames == Counting::last);
    CHECK(counting.after - counting.before == 0);
}

TEST_CASE("a connection allocates nothing per frame, from the socket to the inlet") {
    static std::atomic<std::size_t> of_io_thread{0};  // what decode last saw
    struct Watching final : Venue {
        std::string_view name() const override { return "watching"; }
        VenueRules rules() const override { return dense(); }
        std::string url() const override { return {}; }
        std::vector<std::string> subscriptions() const override { return {}; }
        Frame decode(std::string_view frame, std::int64_t received, Told& told) override {
            of_io_thread.store(allocations, std::memory_order_relaxed);
            return inner.decode(frame, received, told);
        }
        Watching() { symbols_.add("X"); }
        TestVenue inner{dense(), {"X"}};
    };
    std::promise<void> measure;
    constexpr std::uint64_t warm_up = 50'000, more = 50'000;
    Loopback server(Speaks::websocket, [&](Peer& peer) {
        for (std::uint64_t id = 1; id <= warm_up; ++id) peer.send(row(id));
        measure.get_future().wait();
        for (std::uint64_t id = warm_up + 1; id <= warm_up + more; ++id) peer.send(row(id));
        peer.hold();
    });
    Fed fed;
    std::vector<Feeder> feeders;
    feeders.push_back({"trades", std::make_unique<Watching>(), server.url(), {}});
    fed.session = std::make_unique<Session>(fed.graph, std::move(feeders), Fed::quick());
    fed.session->start();
    REQUIRE(fed.eventually_trades(warm_up));
    const std::size_t before = of_io_thread;
    measure.set_value();
    REQUIRE(fed.eventually_trades(warm_up + more));
    const std::size_t after = of_io_thread;
    fed.session->stop();
    // The queue of the inlet takes a block of memory when a burst is longer than any before; frames take none.
    INFO(before << ' ' << after);
    CHECK(after - before <= 20);
    CHECK(fed.ids().size() == warm_up + more);
}

}  // namespace openquant::testing
