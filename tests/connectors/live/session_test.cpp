// A venue connection through its lives, against a server on loopback that a script drives.
#include "openquant/connectors/live/session.hpp"

#include <future>

#include "catch.hpp"
#include "files.hpp"
#include "refusal.hpp"
#include "test_venue.hpp"

namespace openquant::testing {

using std::chrono::milliseconds;
using Speaks = Loopback::Speaks;
using Ids = std::vector<std::uint64_t>;
using Texts = std::vector<std::string>;

TEST_CASE("what a venue tells comes out of the graph, whatever carries it") {
    const Speaks speaks = GENERATE(Speaks::websocket, Speaks::lines, Speaks::unix_lines);
    Loopback server(speaks, [](Peer& peer) {
        if (peer.receive() != "subscribe") return;
        peer.send("ack");
        peer.send(row(1) + ';' + row(2));
        peer.send("nonsense");
        peer.send(row(3, "Y"));
        peer.hold();
    });
    Fed fed;
    Session& session = fed.feed(server.url(), dense());
    session.start();
    REQUIRE(fed.eventually_trades(3));
    const ConnectionStats stats = fed.stats();
    CHECK(stats.state == "open");
    CHECK(stats.venue == "test");
    CHECK(stats.url == server.url());
    CHECK(stats.frames == 4);
    CHECK(stats.malformed == 1);
    CHECK(stats.bytes == 3 + row(1).size() * 3 + 1 + 8);
    CHECK(stats.connects == 1);
    CHECK(stats.last_event_ts == 1'000'000'003);
    CHECK(stats.lag_ns == stats.last_receive_ts - 1'000'000'003);
    CHECK(end_of(session) == "");
    CHECK((fed.ids() == Ids{1, 2, 3}));
    CHECK(fed.breaks.rows() == 0);
    CHECK(fed.stats().state == "closed");
    CHECK(session.stats().sources.at(0).pushed == 3);
    CHECK(fed.table.as<Trade>()[2].ts_recv == stats.last_receive_ts);
}

TEST_CASE("a lost connection comes back: one disconnect and one reconnect per symbol, and the ids tell what was missed") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        peer.receive();
        if (peer.number == 1) {
            peer.send(row(1) + ';' + row(1, "Y"));
            peer.send(row(2));
            return;
        }
        if (peer.number == 2) return;  // gives nothing: not another loss
        peer.send("ack");
        peer.send(row(5));
        peer.send(row(2, "Y"));
        peer.hold();
    });
    Fed fed;
    Session& session = fed.feed(server.url(), dense(), {"X", "Y"});
    session.start();
    REQUIRE(fed.eventually_trades(5));
    const ConnectionStats stats = fed.stats();
    CHECK(stats.connects == 3);
    CHECK(stats.disconnects == 2);
    CHECK(stats.last_error != "");
    CHECK(end_of(session) == "");
    CHECK((fed.ids() == Ids{1, 1, 2, 5, 2}));
    CHECK((fed.broken(Break::disconnect) == Texts{"X 1000000002 0 0", "Y 1000000002 0 0"}));
    CHECK((fed.broken(Break::reconnect) == Texts{"X 1000000002 0 0", "Y 1000000002 0 0"}));
    CHECK((fed.broken(Break::gap) == Texts{"X 1000000005 3 2"}));
    CHECK(fed.breaks.rows() == 5);
}

TEST_CASE("silence ends a connection, and pings of the server are no silence") {
    Notes lives;
    Loopback server(Speaks::websocket, [&](Peer& peer) {
        lives.add("life");
        peer.receive();
        peer.send(row(static_cast<std::uint64_t>(peer.number)));
        if (peer.number == 1) peer.hold();
        for (int i = 0;; ++i)
            if (peer.ping("life " + std::to_string(i)) != "life " + std::to_string(i)) lives.add("a pong does not echo");
    });
    Fed fed;
    Session& session = fed.feed(server.url(), dense({.silence = milliseconds(300), .ping_every = milliseconds(10)}));
    session.start();
    REQUIRE(fed.eventually_trades(2));
    CHECK(fed.stats().last_error == "nothing was heard for 300 ms");
    const auto later = std::chrono::steady_clock::now() + milliseconds(700);
    REQUIRE(eventually([&] { return std::chrono::steady_clock::now() > later; }));
    CHECK(fed.stats().connects == 2);
    CHECK(lives.size() == 2);
    CHECK(lives.times()[1] - lives.times()[0] >= milliseconds(200));
    CHECK(end_of(session) == "");
    CHECK(fed.broken(Break::disconnect).size() == 1);
    CHECK(fed.broken(Break::reconnect).size() == 1);
}

TEST_CASE("subscriptions and pings keep the least time between two messages") {
    Notes notes;
    Loopback server(Speaks::websocket, [&](Peer& peer) {
        for (;;) notes.add(peer.receive());
    });
    Fed fed;
    Session& session = fed.feed(server.url(), {.ping_every = milliseconds(5), .between_messages = milliseconds(30)}, {"X"}, Fed::quick(), {"a", "b", "c"});
    session.start();
    REQUIRE(eventually([&] { return notes.size() >= 5; }));
    const Texts all = notes.all();
    CHECK((Texts(all.begin(), all.begin() + 5) == Texts{"a", "b", "c", "ping 0", "ping 1"}));
    // Sent no nearer, received perhaps a little.
    CHECK(notes.times()[4] - notes.times()[0] >= milliseconds(60));
    CHECK(end_of(session) == "");
}

TEST_CASE("a connection is renewed before its lifetime ends, without a wait") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        peer.receive();
        peer.send(row(static_cast<std::uint64_t>(peer.number)));
        peer.hold();
    });
    SessionOptions slow = Fed::quick();
    slow.backoff_first = slow.backoff_cap = std::chrono::hours(1);
    Fed fed;
    Session& session = fed.feed(server.url(), dense({.lifetime = milliseconds(50)}), {"X"}, slow);
    session.start();
    REQUIRE(fed.eventually_trades(3));
    CHECK(fed.stats().last_error == "renewed after its lifetime");
    CHECK(end_of(session) == "");
    const std::size_t lives = fed.ids().size();
    CHECK(fed.broken(Break::disconnect).size() == fed.broken(Break::reconnect).size() + (fed.broken(Break::disconnect).size() > lives - 1));
    CHECK(fed.broken(Break::gap).empty());
}

TEST_CASE("a restart that the venue announces is followed at once") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        peer.receive();
        peer.send(row(static_cast<std::uint64_t>(peer.number)));
        if (peer.number == 1) peer.send("restart");
        peer.hold();
    });
    SessionOptions slow = Fed::quick();
    slow.backoff_first = slow.backoff_cap = std::chrono::hours(1);
    Fed fed;
    Session& session = fed.feed(server.url(), dense(), {"X"}, slow);
    session.start();
    REQUIRE(fed.eventually_trades(2));
    CHECK(end_of(session) == "");
    CHECK(fed.broken(Break::reconnect).size() == 1);
}

TEST_CASE("a farewell, or nonsense, ends a connection whose line the other side keeps open") {
    const std::string farewell = std::string("\x88\x04\x03\xf0", 4) + "go", nonsense = std::string("\xc1\x01x", 3);  // code 1008; a reserved bit
    for (const std::string& bytes : {farewell, nonsense}) {
        Loopback server(Speaks::websocket, [&](Peer& peer) {
            peer.receive();
            peer.send(row(static_cast<std::uint64_t>(peer.number)));
            if (peer.number == 1) peer.raw(bytes);
            peer.hold();
        });
        Fed fed;
        Session& session = fed.feed(server.url(), dense({.silence = std::chrono::hours(1)}));
        session.start();
        REQUIRE(fed.eventually_trades(2));
        if (bytes == farewell) CHECK(says(fed.stats().last_error, {"1008", "go"}));
        CHECK(end_of(session) == "");
        CHECK(fed.broken(Break::disconnect).size() == 1);
    }
}

TEST_CASE("the venue's refusal ends the session with its text") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        peer.receive();
        peer.send("refuse no such symbol XYZ");
        peer.hold();
    });
    Fed fed;
    Session& session = fed.feed(server.url(), dense());
    session.start();
    REQUIRE(eventually([&] { return session.failed(); }));
    CHECK(says(end_of(session), {"test at " + server.url(), "refused: no such symbol XYZ"}));
    CHECK(fed.stats().refusals == 1);
    CHECK(fed.stats().state == "closed");
}

TEST_CASE("a refusal in a later life is counted, and the connection tries again") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        peer.receive();
        if (peer.number == 2) peer.send("refuse too many requests");
        if (peer.number == 2) peer.hold();
        peer.send(row(static_cast<std::uint64_t>(peer.number)));
        if (peer.number == 1) return;
        peer.hold();
    });
    Fed fed;
    Session& session = fed.feed(server.url(), dense());
    session.start();
    REQUIRE(fed.eventually_trades(2));
    CHECK(fed.stats().refusals == 1);
    CHECK(fed.stats().last_error == "refused: too many requests");
    CHECK_FALSE(session.failed());
    CHECK(end_of(session) == "");
}

TEST_CASE("waits between attempts grow to the cap, and shrink again after sound data") {
    Notes lives;
    Loopback server(Speaks::websocket, [&](Peer& peer) {
        lives.add("life");
        if (peer.number != 8) return;
        peer.receive();
        peer.send(row(1));
    });
    SessionOptions options = Fed::quick();
    options.backoff_first = milliseconds(20), options.backoff_cap = milliseconds(640);
    Fed fed;
    Session& session = fed.feed(server.url(), dense(), {"X"}, options);
    session.start();
    REQUIRE(eventually([&] { return lives.size() >= 9; }));
    const auto times = lives.times();
    const int least[] = {10, 20, 40, 80, 160, 320, 320, 10};
    for (std::size_t i = 0; i < 8; ++i) {
        INFO(i);
        CHECK(times[i + 1] - times[i] >= milliseconds(least[i] / 2));  // the server may have noticed the one before late
    }
    CHECK(times[8] - times[7] < milliseconds(250));  // an eighth wait in a row would be at least 320
    CHECK(end_of(session) == "");
}

TEST_CASE("a server that is not there yet is waited for") {
    std::string url;
    {
        Loopback gone(Speaks::lines, [](Peer&) {});
        url = gone.url();
    }
    Fed fed;
    Session& session = fed.feed(url, dense());
    session.start();
    REQUIRE(eventually([&] { return fed.stats().last_error != ""; }));
    CHECK(says(fed.stats().last_error, {"connect: Connection refused"}));
    CHECK(fed.stats().connects == 0);
    CHECK_FALSE(session.failed());
    CHECK(end_of(session) == "");
}

TEST_CASE("what can never work is refused when the session is made") {
    const auto refused = [](const std::string& source, const std::string& url, SessionOptions options = {}) {
        Graph graph;
        graph.source<Trade>("trades");
        graph.source<Quote>("quotes");
        std::vector<Feeder> feeders;
        feeders.push_back({source, std::make_unique<TestVenue>(VenueRules{}, Texts{"X"}), url, {}});
        return refusal([&] { Session(graph, std::move(feeders), std::move(options)); });
    };
    CHECK(says(refused("ticks", ""), {"no source 'ticks'"}));
    CHECK(says(refused("quotes", ""), {"'quotes' is of Quote"}));
    CHECK(says(refused("trades", "http://a"), {"http://a", "wss://"}));
    CHECK(says(refused("trades", "wss://a", {.ca_file = "/nonexistent/ca.pem"}), {"ca_file = '/nonexistent/ca.pem'"}));
    CHECK(says(refused("trades", "", {.clock_every = milliseconds(0)}), {"clock_every"}));
    CHECK(says(refused("trades", "", {.backoff_first = milliseconds(0)}), {"backoff_first"}));
    CHECK(refused("trades", "wss://a") == "");
    Graph graph;
    CHECK(says(refusal([&] { Session(graph, {}); }), {"at least one venue"}));
}

TEST_CASE("a session stops at once, whatever its connection is waiting for") {
    std::atomic<bool> silent{false};
    Loopback websocket(Speaks::websocket, [](Peer& peer) { peer.hold(); });
    Loopback mute(Speaks::lines, [&](Peer& peer) {
        silent = true;
        peer.hold();
    });
    SessionOptions slow = Fed::quick();
    slow.backoff_first = slow.backoff_cap = std::chrono::hours(1);
    SECTION("data") {
        Fed fed;
        Session& session = fed.feed(websocket.url(), dense());
        session.start();
        REQUIRE(eventually([&] { return fed.stats().state == "open"; }));
        CHECK(seconds([&] { session.stop(); }) < 1.0);
    }
    SECTION("a handshake") {
        Fed fed;
        Session& session = fed.feed(mute.url("ws"), dense());
        session.start();
        REQUIRE(eventually([&] { return silent.load(); }));
        CHECK(seconds([&] { session.stop(); }) < 1.0);
    }
    SECTION("its next attempt") {
        Fed fed;
        Session& session = fed.feed("tcp://127.0.0.1:1", dense(), {"X"}, slow);
        session.start();
        REQUIRE(eventually([&] { return fed.stats().state == "waiting"; }));
        CHECK(seconds([&] { session.stop(); }) < 1.0);
    }
    SECTION("a goodbye that never comes") {
        std::promise<void> end;
        Loopback deaf(Speaks::websocket, [&](Peer&) { end.get_future().wait(); });
        Fed fed;
        Session& session = fed.feed(deaf.url(), dense());
        session.start();
        REQUIRE(eventually([&] { return fed.stats().state == "open"; }));
        CHECK(seconds([&] { session.stop(); }) < 1.0);
        end.set_value();
    }
    SECTION("room in a full inlet that nobody empties") {
        Loopback busy(Speaks::websocket, [](Peer& peer) {
            for (std::uint64_t id = 1;; ++id) peer.send(row(id));
        });
        SessionOptions small = Fed::quick();
        small.inlet.capacity = 10;
        Fed fed;
        Session& session = fed.feed(busy.url(), dense(), {"X"}, small);
        session.open();
        REQUIRE(eventually([&] { return session.stats().sources[0].queued == 10; }));
        CHECK(seconds([&] { session.stop(); }) < 1.5);
        CHECK(session.stats().sources[0].pushed == 10);
    }
}

TEST_CASE("rows wait in the inlet until the engine takes over") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        for (std::uint64_t id = 1; id <= 100; ++id) peer.send(row(id));
        peer.hold();
    });
    Fed fed;
    Session& session = fed.feed(server.url(), dense());
    session.open();
    REQUIRE(fed.eventually_trades(100));
    CHECK(session.stats().sources[0].queued == 100);
    CHECK(refusal([&] { session.open(); }) != "");
    session.start();
    CHECK(end_of(session) == "");
    CHECK(fed.ids().size() == 100);
}

TEST_CASE("a small inlet holds up the venue, not the engine, and loses nothing") {
    constexpr std::uint64_t n = 50'000;
    Loopback server(Speaks::websocket, [](Peer& peer) {
        for (std::uint64_t id = 1; id <= n; ++id) peer.send(row(id));
        peer.hold();
    });
    SessionOptions small = Fed::quick();
    small.inlet.capacity = 16;
    Fed fed;
    Session& session = fed.feed(server.url(), dense(), {"X"}, small);
    session.start();
    REQUIRE(fed.eventually_trades(n));
    CHECK(end_of(session) == "");
    CHECK(fed.ids().size() == n);
    CHECK(fed.breaks.rows() == 0);
}

TEST_CASE("what a node or a venue throws is thrown by stop") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        peer.send(row(1));
        peer.receive();
        peer.receive();
        peer.send("throw");
        peer.hold();
    });
    SECTION("a node") {
        struct Failing final : Recorder {
            void taken(std::size_t, const Batch&, std::size_t, std::size_t) override { throw std::runtime_error("the disk is full"); }
            void chunk_begins() override {}
            void flushed() override {}
            void handed_over() override {}
            void restored(const std::vector<std::uint8_t>&) override {}
        } failing;
        Fed fed;
        fed.graph.record(&failing);
        Session& session = fed.feed(server.url(), dense());
        session.start();
        REQUIRE(eventually([&] { return session.failed(); }));
        CHECK(end_of(session) == "the disk is full");
    }
    SECTION("a venue") {
        Fed fed;
        Session& session = fed.feed(server.url(), dense({.ping_every = milliseconds(20)}));
        session.start();
        REQUIRE(eventually([&] { return session.failed(); }));
        CHECK(end_of(session) == "the venue threw");
        CHECK((fed.ids() == Ids{1}));
    }
}

TEST_CASE("connections of a session share a source under their own prefixes") {
    Loopback server(Speaks::websocket, [](Peer& peer) {
        peer.send(row(1));
        peer.hold();
    });
    Fed fed;
    std::vector<Feeder> feeders;
    for (const char* prefix : {"a:", "b:"}) feeders.push_back({"trades", std::make_unique<TestVenue>(dense(), Texts{"X"}), server.url(), prefix});
    fed.session = std::make_unique<Session>(fed.graph, std::move(feeders), Fed::quick());
    fed.session->start();
    REQUIRE(eventually([&] { return fed.session->stats().sources[0].pushed == 2; }));
    CHECK(end_of(*fed.session) == "");
    std::vector<std::string> names = fed.graph.symbols().names();
    std::sort(names.begin(), names.end());
    CHECK((names == Texts{"a:X", "b:X"}));
}

TEST_CASE("a clock source is told the time, behind the trades it follows, wherever it stands") {
    const bool first = GENERATE(true, false);
    constexpr std::uint64_t n = 30'000;
    constexpr std::int64_t hour = 3'600'000'000'000;
    Loopback server(Speaks::websocket, [](Peer& peer) {
        for (std::uint64_t id = 1; id <= n; ++id) peer.send("X " + std::to_string(id) + " 1 1 " + std::to_string(hour * static_cast<std::int64_t>(id)));
        peer.hold();
    });
    Graph graph;
    std::optional<Port> clock;
    if (first) clock = graph.source<Clock>("clock");
    const Port trades = graph.source<Trade>("trades");
    if (!first) clock = graph.source<Clock>("clock");
    const Table& told = graph.collect(*clock, "told", Table::default_capacity, true);
    const Table& table = graph.collect(trades, "table", Table::default_capacity, true);
    std::vector<Feeder> feeders;
    feeders.push_back({"trades", std::make_unique<TestVenue>(dense(), Texts{"X"}), server.url(), {}});
    SessionOptions options = Fed::quick();
    options.clock_every = milliseconds(1);
    Session session(graph, std::move(feeders), options);
    session.start();
    REQUIRE(eventually([&] {
        const auto sources = session.stats().sources;
        return sources[first ? 1 : 0].pushed == n && sources[first ? 0 : 1].pushed >= 20 &&
               session.stats().connections[0].last_event_ts == hour * static_cast<std::int64_t>(n);
    }));
    const std::uint64_t ticks = session.stats().sources[first ? 0 : 1].pushed;
    REQUIRE(eventually([&] { return session.stats().sources[first ? 0 : 1].pushed > ticks; }));
    session.stop();

    const auto times = told.as<Clock>();
    CHECK(std::is_sorted(times.begin(), times.end(), [](const Clock& a, const Clock& b) { return a.ts < b.ts; }));
    CHECK(times.back().ts > hour * static_cast<std::int64_t>(n));
    // An hour of market time lies between two trades: a tick tells which trade was the latest when it was made.
    const auto tick_positions = told.contents().positions, trade_positions = table.contents().positions;
    std::size_t overtaken = 0;
    for (std::size_t i = 0; i < times.size(); ++i) overtaken += trade_positions[static_cast<std::size_t>(times[i].ts / hour) - 1] > tick_positions[i];
    CHECK(overtaken == 0);
}

}  // namespace openquant::testing
