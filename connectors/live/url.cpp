#include "openquant/connectors/live/url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace openquant {

namespace {

[[noreturn]] void refuse(std::string_view url, const std::string& why) { throw std::invalid_argument("url '" + std::string(url) + "': " + why); }

std::uint16_t port_of(std::string_view text, std::string_view url) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) refuse(url, "the port must be a number from 1 to 65535");
    return port;
}

/// host, host:port, [address] or [address]:port; `usual` is the port if none is given, 0 if one must be.
void read_authority(std::string_view text, std::uint16_t usual, std::string_view url, Endpoint& out) {
    if (text.find('@') != std::string_view::npos) refuse(url, "a user name has no place in it");
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) refuse(url, "the bracket of the address is not closed");
        out.host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        if (!text.empty() && !text.starts_with(':')) refuse(url, "a colon and a port may follow the address, nothing else");
        if ((has_port = !text.empty())) port = text.substr(1);
    } else {
        const std::size_t colon = text.find(':');
        if (colon != text.rfind(':')) refuse(url, "an IPv6 address stands in brackets");
        out.host = text.substr(0, colon);
        if ((has_port = colon != std::string_view::npos)) port = text.substr(colon + 1);
    }
    if (out.host.empty()) refuse(url, "it names no host");
    if (!has_port && usual == 0) refuse(url, "it names no port");
    out.port = has_port ? port_of(port, url) : usual;
}

}  // namespace

Endpoint parse_url(std::string_view url) {
    const std::size_t colon = url.find("://");
    const std::string_view scheme = url.substr(0, colon), rest = colon == std::string_view::npos ? std::string_view() : url.substr(colon + 3);
    const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != 0x7f; });
    if (scheme != "unix" && !printable) refuse(url, "spaces, control characters and bytes beyond ASCII must be percent-encoded");
    Endpoint out;
    if (scheme == "unix") {
        out.kind = Endpoint::Kind::unix_lines;
        out.target = rest;
        if (!rest.starts_with('/')) refuse(url, "write unix:///path with an absolute path");
        if (out.target.size() > 107) refuse(url, "the path of a Unix socket has at most 107 bytes");
    } else if (scheme == "tcp") {
        out.kind = Endpoint::Kind::tcp_lines;
        if (rest.find('/') != std::string_view::npos) refuse(url, "write tcp://host:port, without a path");
        read_authority(rest, 0, url, out);
    } else if (scheme == "ws" || scheme == "wss") {
        out.tls = scheme == "wss";
        const std::size_t target = std::min(rest.find_first_of("/?"), rest.size());
        out.target = rest.substr(target);
        if (!out.target.starts_with('/')) out.target.insert(out.target.begin(), '/');
        if (out.target.find('#') != std::string::npos) refuse(url, "a fragment has no place in it");
        read_authority(rest.substr(0, target), out.tls ? 443 : 80, url, out);
    } else {
        refuse(url, "write ws://, wss://, tcp://host:port or unix:///path");
    }
    return out;
}

}  // namespace openquant
