// What a transport makes of the bytes on the wire, hostile ones included.
#include "openquant/connectors/live/transport.hpp"

#include <future>

#include "catch.hpp"
#include "loopback.hpp"
#include "openquant/connectors/json.hpp"
#include "refusal.hpp"

namespace openquant::testing {

using std::chrono::milliseconds;
using Speaks = Loopback::Speaks;
using Texts = std::vector<std::string>;

namespace {

struct Heard final : Listener {
    explicit Heard(const std::string& url, TransportLimits limits = {}) : transport(make_transport(io, parse_url(url), nullptr, *this, limits)) {
        transport->open();
    }
    void opened() override { ++opens; }
    void frame(std::string_view frame, std::int64_t at) override {
        for (std::size_t i = 0; i < json::padding; ++i) padding_sum += frame.data()[frame.size() + i];  // readable, whatever it says
        frames.emplace_back(frame);
        received = at;
        idle_last = false;
        if (on_frame) on_frame();
    }
    void pinged() override { ++pings; }
    void idle() override { idle_last = true; }
    void closed(const std::string& reason, bool is_hopeless) override { why.push_back(reason), hopeless = is_hopeless; }

    /// Runs until the condition holds; false if it does not within 10 s.
    bool run_until(auto&& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < deadline) io.run_one_for(milliseconds(10));
        return condition();
    }
    bool run_until_frames(std::size_t n) {
        return run_until([&] { return frames.size() >= n || !why.empty(); }) && frames.size() >= n;
    }
    std::string run_until_closed() {
        run_until([&] { return !why.empty(); });
        return why.size() == 1 ? why[0] : std::to_string(why.size()) + " farewells";
    }

    boost::asio::io_context io{1};
    std::shared_ptr<Transport> transport;
    Texts frames, why;
    std::function<void()> on_frame;
    int opens = 0, pings = 0, padding_sum = 0;
    bool hopeless = false, idle_last = false;
    std::int64_t received = 0;
};

Loopback::Script sends(std::string raw) {
    return [raw = std::move(raw)](Peer& peer) {
        peer.raw(raw);
        peer.hold();
    };
}

std::string numbered(int n, std::string (*as)(std::string_view)) {
    std::string out;
    for (int i = 0; i < n; ++i) out += as("frame " + std::to_string(i));
    return out;
}

}  // namespace

TEST_CASE("a handshake names us, the host and the target") {
    std::promise<Texts> told;
    Loopback server(Speaks::websocket, [&](Peer& peer) {
        told.set_value({peer.user_agent, peer.host, peer.target});
        peer.hold();
    });
    Heard heard(server.url() + "/stream?streams=a/b");
    REQUIRE(heard.run_until([&] { return heard.opens == 1; }));
    CHECK((told.get_future().get() == Texts{"openquant", "127.0.0.1:" + std::to_string(server.port()), "/stream?streams=a/b"}));
}

TEST_CASE("frames are told whole and in order, however they are cut") {
    SECTION("many in one segment, then idle") {
        Loopback server(Speaks::websocket, sends(numbered(3'000, text_frame)));
        Heard heard(server.url());
        REQUIRE(heard.run_until_frames(3'000));
        for (int i = 0; i < 3'000; ++i) REQUIRE(heard.frames[static_cast<std::size_t>(i)] == "frame " + std::to_string(i));
        CHECK(heard.run_until([&] { return heard.idle_last; }));
        CHECK(heard.received > 1'600'000'000'000'000'000);
    }
    SECTION("byte by byte") {
        Loopback server(Speaks::websocket, [](Peer& peer) {
            for (const char c : numbered(20, text_frame)) peer.raw({&c, 1});
            peer.hold();
        });
        Heard heard(server.url());
        REQUIRE(heard.run_until_frames(20));
        CHECK(heard.frames[19] == "frame 19");
    }
    SECTION("in fragments, a ping between two of them") {
        const std::string text(5'000, 'x');
        Loopback server(Speaks::websocket, [&](Peer& peer) {
            peer.send_in_fragments(text, 7);
            peer.raw(std::string("\x01\x02", 2) + "ab" + std::string("\x89\x01!", 3) + std::string("\x80\x02", 2) + "cd");
            peer.hold();
        });
        Heard heard(server.url());
        REQUIRE(heard.run_until_frames(2));
        CHECK((heard.frames == Texts{text, "abcd"}));
        CHECK(heard.pings == 1);
    }
    SECTION("of every size near a limit of the protocol or of a buffer") {
        const std::size_t sizes[] = {0, 1, 125, 126, 1'535, 1'536, 1'537, 65'535, 65'536, 131'071, 131'072, 131'073, 3'000'000, 5};
        Loopback server(Speaks::websocket, [&](Peer& peer) {
            for (const std::size_t size : sizes) peer.send(std::string(size, 'y'));
            peer.hold();
        });
        Heard heard(server.url());
        REQUIRE(heard.run_until_frames(std::size(sizes)));
        for (std::size_t i = 0; i < std::size(sizes); ++i) CHECK(heard.frames[i].size() == sizes[i]);
    }
}

TEST_CASE("texts are sent whole and in order, those given too early included") {
    std::promise<Texts> told;
    const std::string large(1'000'000, 'z');
    Loopback server(Speaks::websocket, [&](Peer& peer) {
        Texts got;
        for (int i = 0; i < 3; ++i) got.push_back(peer.receive());
        told.set_value(got);
        peer.send("thanks");
        peer.hold();
    });
    Heard heard(server.url());
    for (const std::string& text : {large, std::string("b"), std::string("c")}) heard.transport->send(text);
    REQUIRE(heard.run_until_frames(1));
    CHECK((told.get_future().get() == Texts{large, "b", "c"}));
}

TEST_CASE("a connection that ends says why, once") {
    const auto end_of = [](Speaks speaks, Loopback::Script script, std::string_view scheme = {}, TransportLimits limits = {}) {
        Loopback server(speaks, std::move(script));
        Heard heard(server.url(scheme), limits);
        const std::string why = heard.run_until_closed();
        heard.io.run();  // nothing is left that keeps it busy
        CHECK(heard.why.size() == 1);
        CHECK_FALSE(heard.hopeless);
        return why;
    };
    const auto websocket = [&](std::string raw, TransportLimits limits = {}) { return end_of(Speaks::websocket, sends(std::move(raw)), {}, limits); };
    const auto answer = [&](std::string raw) { return end_of(Speaks::lines, sends(std::move(raw)), "ws"); };
    CHECK(end_of(Speaks::websocket, [](Peer& peer) { peer.close(1001, "going away"); }) == "the server closed the connection, code 1001: going away");
    CHECK(says(end_of(Speaks::websocket, [](Peer&) {}), {"receive: "}));
    CHECK(says(websocket(text_frame(std::string(1'001, 'x')), {.message = 1'000}), {"receive: ", "exceeded the locally configured limit"}));
    CHECK(says(websocket(std::string("\x81\x7f\x00\x00\x00\x01\x00\x00\x00\x00", 10)), {"receive: ", "exceeded the locally configured limit"}));  // 4 GiB
    CHECK(says(websocket(text_frame("\xff\xfe")), {"receive: "}));                                                                                // no UTF-8
    CHECK(says(websocket(std::string("\x81\x81") + "abcdx"), {"receive: "}));                                                                     // masked
    CHECK(says(websocket("\xc1\x01x"), {"receive: "}));  // compressed, unasked
    CHECK(says(answer("what?\r\n\r\n"), {"websocket handshake: "}));
    CHECK(answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") == "websocket handshake: the server answered 403 Forbidden");
    CHECK(says(answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"),
               {"websocket handshake: ", "Sec-WebSocket-Accept"}));
    CHECK(says(answer(std::string(100'000, 'h')), {"websocket handshake: "}));
    CHECK(end_of(Speaks::lines, [](Peer& peer) { peer.hold(); }, "ws", {.to_open = milliseconds(30)}) == "no answer within 30 ms");
    CHECK(end_of(Speaks::lines, [](Peer& peer) {
              peer.close(0, {});
              peer.hold();
          }) == "the other side closed the connection");
}

TEST_CASE("a host without an address is named") {
    Heard heard("ws://no-such-host.invalid:80");
    CHECK(says(heard.run_until_closed(), {"look up 'no-such-host.invalid': "}));
}

TEST_CASE("nothing is told after close or abort, even within a call") {
    const bool politely = GENERATE(true, false);
    const Speaks speaks = GENERATE(Speaks::websocket, Speaks::lines);
    Loopback server(speaks, sends(numbered(
                                1'000, speaks == Speaks::websocket ? text_frame : [](std::string_view text) { return std::string(text) + '\n'; })));
    Heard heard(server.url());
    heard.on_frame = [&] {
        if (heard.frames.size() < 10) return;
        politely ? heard.transport->close() : heard.transport->cut();
        heard.transport.reset();
    };
    heard.run_until([&] { return heard.frames.size() >= 10; });
    heard.io.run();
    CHECK(heard.frames.size() == 10);
    CHECK(heard.why.empty());
}

TEST_CASE("a goodbye waits only so long for its answer") {
    std::promise<void> end;
    Loopback deaf(Speaks::websocket, [&](Peer&) { end.get_future().wait(); });
    Heard heard(deaf.url(), {.to_close = milliseconds(30)});
    REQUIRE(heard.run_until([&] { return heard.opens == 1; }));
    heard.transport->close();
    heard.io.run();
    CHECK(heard.why.empty());
    end.set_value();
}

TEST_CASE("lines end in a newline, and the last one need not") {
    Loopback server(Speaks::lines, [](Peer& peer) {
        peer.send_in_fragments("a\r\n\n\r\nbc\n" + std::string(200'000, 'x') + "\nlast", 5'001);
        peer.close(0, {});
        peer.hold();
    });
    Heard heard(server.url());
    CHECK(heard.run_until_closed() == "the other side closed the connection");
    CHECK((heard.frames == Texts{"a", "bc", std::string(200'000, 'x'), "last"}));
    CHECK(heard.idle_last);
}

TEST_CASE("a line may be as long as the limit and no longer") {
    const bool ends = GENERATE(true, false);
    const auto script = [&](std::size_t size) {
        return [size, ends](Peer& peer) {
            peer.raw(std::string(size, 'x') + (ends ? "\n" : ""));
            peer.hold();
        };
    };
    const std::size_t limit = TransportLimits{}.line;
    if (ends) {
        Loopback server(Speaks::lines, script(limit));
        Heard heard(server.url());
        REQUIRE(heard.run_until_frames(1));
        CHECK(heard.frames[0].size() == limit);
    }
    Loopback server(Speaks::lines, script(limit + 1));
    Heard heard(server.url());
    CHECK(heard.run_until_closed() == "a line of more than 1048576 bytes");
    CHECK(heard.frames.empty());
}

}  // namespace openquant::testing
