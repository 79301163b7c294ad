// The market's clock, several clients, TLS, hostile clients, and how a simulator starts and stops.
#include <fstream>

#include "captures.hpp"
#include "catch.hpp"
#include "files.hpp"
#include "openquant/connectors/simulator/certificate.hpp"
#include "refusal.hpp"

namespace openquant::testing {

namespace {

constexpr const char* btc = "/stream?streams=btcusdt@trade";

}  // namespace

TEST_CASE("What cannot be served is refused") {
    const auto refused = [](const SimulatorOptions& options) { return refusal([&] { simulate(some_trades(3), options); }); };
    CHECK(says(refused(fast("nasdaq")), {"unknown venue 'nasdaq'", "kraken"}));
    CHECK(says(refused(fast("binance", "gap:x")), {"gap:x"}));
    SimulatorOptions options = fast("binance");
    options.speed = -1;
    CHECK(says(refused(options), {"speed"}));
    options = fast("binance"), options.certificate_file = "a";
    CHECK(says(refused(options), {"key file"}));
    CHECK(says(refusal([] { Simulator("empty.txt", lines_of("1723161256322 {}\nx\n"), fast("binance")); }), {"'empty.txt'", "no trade", "binance"}));
    options = fast("binance"), options.tls = true, options.certificate_file = "/nowhere/a", options.key_file = "/nowhere/b";
    CHECK_THROWS_WITH(simulate(some_trades(3), options), Catch::Contains("/nowhere/a"));
    const Simulator first = simulate(some_trades(3), fast("binance"));
    options = fast("binance"), options.port = first.port();
    CHECK_THROWS_WITH(simulate(some_trades(3), options), Catch::Contains("127.0.0.1:" + std::to_string(first.port())) && Catch::Contains("another port"));
}

TEST_CASE("TLS, verified: with a certificate of its own, and with one from files") {
    SimulatorOptions options = fast("binance");
    options.tls = true;
    options.restart_per_connection = true;
    const auto trades = some_trades(500);
    const TemporaryFolder folder;
    if (GENERATE(false, true)) {
        const Certificate made = make_certificate();
        options.certificate_file = folder.write("certificate.pem", made.certificate_pem);
        options.key_file = folder.write("key.pem", made.key_pem);
    }
    Simulator simulator = simulate(trades, options);
    simulator.start();
    CHECK(simulator.url() == "wss://127.0.0.1:" + std::to_string(simulator.port()));
    for (const char* host : {"127.0.0.1", "localhost"}) {
        Client client(simulator.port(), btc, simulator.ca_pem(), host);
        for (const Traded& t : trades)
            if (client.read() != combined(t)) FAIL_CHECK("trade " << t.id);
    }
    CHECK_THROWS(Client(simulator.port(), btc, make_certificate().certificate_pem));
    CHECK_THROWS(Client(simulator.port(), btc, simulator.ca_pem(), "example.com"));
    CHECK_THROWS(Client(simulator.port(), btc));
}

TEST_CASE("A market at its own speed: nothing early, and further on after a silence") {
    auto trades = some_trades(1'001);  // a second
    SimulatorOptions options = fast("binance");
    options.speed = 5;
    Simulator simulator = simulate(trades, options);
    simulator.start();
    const auto begun = std::chrono::steady_clock::now();
    std::size_t seen = 0;
    {
        Client client(simulator.port(), btc);
        for (; seen < 300; ++seen) CHECK(client.read() == combined(trades[seen]));
        CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(60));
    }
    REQUIRE(eventually([&] { return std::chrono::steady_clock::now() - begun > std::chrono::milliseconds(110) && simulator.stats().clients == 0; }));
    Client client(simulator.port(), btc);
    const std::string next = client.read().value();
    CHECK(next > combined(trades[seen]));
    const auto injected = simulator.injected();
    REQUIRE(injected.size() == 1);
    CHECK(injected[0].kind == FaultKind::missed);
    const auto first = static_cast<std::size_t>(injected[0].id - 1'000), back = first + injected[0].count;
    CHECK(first >= seen);  // what was on its way to the client counts as told
    CHECK(next == combined(trades[back]));
    for (std::size_t i = back + 1; i < trades.size(); ++i) CHECK(client.read() == combined(trades[i]));
}

TEST_CASE("At full speed the market stands still without listeners") {
    const auto trades = some_trades(50'000);
    Simulator simulator = simulate(trades, fast("binance"));
    simulator.start();
    {
        Client client(simulator.port(), btc);
        CHECK(client.read() == combined(trades[0]));
    }
    REQUIRE(eventually([&] { return simulator.stats().clients == 0; }));
    const auto position = simulator.stats().position;
    CHECK(position < simulator.stats().steps);  // a client that does not read is not run away from
    Client client(simulator.port(), btc);
    CHECK(client.read() == combined(trades[position - 1]));  // the first step is of another channel
    CHECK(simulator.injected().empty());
}

TEST_CASE("Two clients of one market, and two markets") {
    const auto trades = some_trades(20'000, {"BTCUSDT", "ETHUSDT"});
    SimulatorOptions options = fast("binance");
    options.settle = std::chrono::milliseconds(300);
    options.restart_per_connection = GENERATE(false, true);
    Simulator simulator = simulate(trades, options);
    simulator.start();
    Client both(simulator.port(), "/stream?streams=btcusdt@trade/ethusdt@trade"), one(simulator.port(), "/ws/ethusdt@trade");
    std::size_t wrong = 0;
    std::thread other([&] {
        for (std::size_t i = 1; i < trades.size(); i += 2) wrong += one.read() != payload(trades[i]);
    });
    for (const Traded& t : trades)
        if (both.read() != combined(t)) FAIL_CHECK("trade " << t.id);
    other.join();
    CHECK(wrong == 0);
    const SimulatorStats stats = simulator.stats();
    CHECK(stats.clients == 2);
    CHECK(stats.sent_trades == 30'000);
    CHECK(stats.sent_messages == 30'000);
    CHECK(stats.trades == 20'000);
}

TEST_CASE("Hostile clients hurt nobody") {
    const auto trades = some_trades(3'000);
    SimulatorOptions options = fast("binance");
    options.restart_per_connection = true;
    options.heartbeat_every = std::chrono::milliseconds(20);
    options.patience = std::chrono::milliseconds(400);
    Simulator simulator = simulate(trades, options);
    simulator.start();
    const std::string upgrade =
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const auto answer = [&](const std::string& bytes) {
        RawClient client(simulator.port());
        client.send(bytes);
        return client.read_all();
    };
    SECTION("no handshake") {
        CHECK_THAT(answer("garbage\r\n\r\n"), Catch::Contains("400 Bad Request"));
        CHECK_THAT(answer("GET /ws HTTP/1.1\r\n\r\n"), Catch::Contains("400 Bad Request"));
        CHECK_THAT(answer("POST" + upgrade.substr(3)), Catch::Contains("400 Bad Request"));
        CHECK_THAT(answer(std::string(9'000, 'x')), Catch::Contains("431"));
        CHECK(answer("").empty());  // waited for, then cut
    }
    SECTION("the answer to the key of RFC 6455") {
        RawClient client(simulator.port());
        client.send(upgrade);
        CHECK_THAT(client.read_while([](const std::string& s) { return s.find("\r\n\r\n") == std::string::npos; }),
                   Catch::Contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }
    SECTION("frames of no sense are answered by a close") {
        const auto closed = [&](const std::string& frame) {
            const std::string all = answer(upgrade + frame);
            const std::string end = all.substr(all.find("\r\n\r\n") + 4);
            return end.size() == 4 && end[0] == '\x88' ? static_cast<unsigned char>(end[2]) << 8 | static_cast<unsigned char>(end[3]) : 0;
        };
        using namespace std::string_literals;
        CHECK(closed("\x81\x01x") == 1002);                            // not masked
        CHECK(closed("\xc1\x81\0\0\0\0x"s) == 1002);                   // an extension
        CHECK(closed("\x83\x81\0\0\0\0x"s) == 1002);                   // no such opcode
        CHECK(closed("\x80\x81\0\0\0\0x"s) == 1002);                   // goes on with nothing
        CHECK(closed("\x09\x80\0\0\0\0"s) == 1002);                    // a ping in parts
        CHECK(closed("\x81\xff\x7f\0\0\0\0\0\0\0\0\0\0\0"s) == 1009);  // 2^63 bytes
        CHECK(closed("\x81\x81\0\0\0\0\xff"s) == 1007);                // not UTF-8
        CHECK(closed("\x88\x80\0\0\0\0"s) == 1000);                    // a sound close
    }
    SECTION("huge messages and many subscriptions") {
        Client client(simulator.port(), "/ws");
        std::string streams;
        for (int i = 0; i < 10'000; ++i) streams += (i ? ",\"s" : "\"s") + std::to_string(i) + "@trade\"";
        client.send(R"({"method":"SUBSCRIBE","params":[)" + streams + R"(],"id":1})");
        CHECK_THAT(client.read().value(), Catch::Contains("too many streams"));
        client.send(std::string(300'000, 'x'));
        CHECK_FALSE(client.read());
        CHECK(client.close_code() == 1009);
    }
    SECTION("closing in the middle of a frame") {
        {
            RawClient client(simulator.port());
            client.send(upgrade + "\x81\xfe");
        }
        {
            RawClient client(simulator.port());
            client.send(upgrade.substr(0, 40));
        }
        CHECK(eventually([&] { return simulator.stats().connections == 2 && simulator.stats().clients == 0; }));
    }
    Client sound(simulator.port(), btc);
    for (const Traded& t : trades)
        if (sound.read() != combined(t)) FAIL_CHECK("trade " << t.id);
}

TEST_CASE("A client that never reads is cut, and its questions are not answered without end") {
    SimulatorOptions options = fast("binance");
    options.patience = std::chrono::milliseconds(200);
    Simulator simulator = simulate(some_trades(200'000), options);
    simulator.start();
    RawClient silent(simulator.port());
    silent.send(
        "GET /ws/btcusdt@trade HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        "eA==\r\n\r\n");
    CHECK(eventually([&] { return simulator.stats().slow == 1; }));
    CHECK(simulator.stats().position < simulator.stats().steps);
    CHECK(eventually([&] { return simulator.stats().clients == 0; }));
}

TEST_CASE("Stopping does not wait for clients") {
    auto simulator = std::make_unique<Simulator>(simulate(some_trades(100'000), fast("binance")));
    simulator->start();
    Client reading(simulator->port(), btc), idle(simulator->port(), "/ws");
    RawClient half(simulator->port());
    REQUIRE(reading.read());
    const auto before = std::chrono::steady_clock::now();
    SECTION("stop") { simulator->stop(), simulator->stop(), simulator->start(); }
    SECTION("destroy") { simulator.reset(); }
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
    CHECK_FALSE(idle.read());
}

}  // namespace openquant::testing
