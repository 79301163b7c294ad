#include "openquant/connectors/live/url.hpp"

#include "catch.hpp"
#include "refusal.hpp"

namespace openquant::testing {

using Kind = Endpoint::Kind;

TEST_CASE("a url is taken apart") {
    CHECK((parse_url("wss://stream.example:9443/stream?streams=a/b") == Endpoint{Kind::websocket, true, "stream.example", 9443, "/stream?streams=a/b"}));
    CHECK((parse_url("wss://stream.example") == Endpoint{Kind::websocket, true, "stream.example", 443, "/"}));
    CHECK((parse_url("ws://127.0.0.1?a=1") == Endpoint{Kind::websocket, false, "127.0.0.1", 80, "/?a=1"}));
    CHECK((parse_url("ws://[::1]:8080/ws") == Endpoint{Kind::websocket, false, "::1", 8080, "/ws"}));
    CHECK((parse_url("wss://[2001:db8::1]/") == Endpoint{Kind::websocket, true, "2001:db8::1", 443, "/"}));
    CHECK((parse_url("tcp://localhost:7000") == Endpoint{Kind::tcp_lines, false, "localhost", 7000, ""}));
    CHECK((parse_url("unix:///run/a feed.sock") == Endpoint{Kind::unix_lines, false, "", 0, "/run/a feed.sock"}));
}

TEST_CASE("a url that is none is refused with what is wrong with it") {
    const auto refused = [](const std::string& url, std::string_view why) {
        INFO(url);
        return says(refusal([&] { parse_url(url); }), {url, why});
    };
    for (const char* url : {"", "stream.example", "http://a", "ws:/a", "WSS://a"}) CHECK(refused(url, "write ws://, wss://"));
    for (const char* url : {"ws://", "ws:///a", "ws://:80", "ws://[]:80"}) CHECK(refused(url, "no host"));
    for (const char* url : {"ws://a:0", "ws://a:65536", "ws://a:", "ws://a:8x", "tcp://a:-1", "ws://[::1]:"}) CHECK(refused(url, "from 1 to 65535"));
    CHECK(refused("tcp://a", "no port"));
    CHECK(refused("tcp://a:1/b", "without a path"));
    CHECK(refused("ws://::1/", "brackets"));
    CHECK(refused("ws://[::1/", "not closed"));
    CHECK(refused("ws://[::1]80/", "a colon and a port"));
    CHECK(refused("ws://me@a/", "user name"));
    CHECK(refused("ws://a/b#c", "fragment"));
    for (const char* url : {"ws://a/b c", "ws://a/\r\nHost: b", "ws://a/\xc3\xa4"}) CHECK(refused(url, "percent-encoded"));
    CHECK(refused("unix://relative", "absolute path"));
    CHECK(refused("unix:///" + std::string(107, 'x'), "107 bytes"));
}

}  // namespace openquant::testing
