// Whom a session trusts over TLS.
#include <openssl/ssl.h>

#include "catch.hpp"
#include "files.hpp"
#include "openquant/connectors/live/transport.hpp"
#include "refusal.hpp"
#include "test_venue.hpp"

namespace openquant::testing {

using std::chrono::milliseconds;
using Speaks = Loopback::Speaks;

namespace {

void serve(Peer& peer) {
    peer.receive();
    peer.send(row(1));
    peer.send(row(2) + std::string(100'000, ' '));  // malformed, and of several TLS records
    peer.send(row(2));
    peer.hold();
}

struct Trusting {
    TemporaryFolder folder;
    Certificate authority = make_certificate({.names = {}});
    SessionOptions options = Fed::quick();
    Trusting() { options.ca_file = folder.write("ca.pem", authority.pem); }

    /// Why a session with such a server ends; empty if it gets its trades.
    std::string end(const Certificate& server_certificate, std::string_view host = "127.0.0.1") const {
        Loopback server(Speaks::tls_websocket, serve, server_certificate);
        Fed fed;
        Session& session = fed.feed(server.url({}, host), dense(), {"X"}, options);
        session.start();
        REQUIRE(eventually([&] { return session.failed() || fed.stats().trades == 2; }));
        const bool failed = session.failed();
        const std::string why = end_of(session);
        CHECK(failed == (fed.stats().trades == 0));
        return why;
    }
};

}  // namespace

TEST_CASE_METHOD(Trusting, "a certificate of the authority for the host is trusted") {
    CHECK(end(make_certificate({}, &authority)) == "");
    CHECK(end(make_certificate({}, &authority), "localhost") == "");
    CHECK(end(make_certificate({.names = "IP:127.0.0.1"}, &authority)) == "");
}

TEST_CASE_METHOD(Trusting, "no other certificate is, and the session ends with OpenSSL's reason") {
    const Certificate stranger = make_certificate({.names = {}});
    CHECK(says(end(make_certificate({}, &stranger)), {"is not trusted: unable to get local issuer certificate"}));
    CHECK(says(end(make_certificate({})), {"the certificate of 127.0.0.1 is not trusted: self", "signed certificate"}));
    CHECK(says(end(make_certificate({.to_seconds = -60}, &authority)), {"is not trusted: certificate has expired"}));
    CHECK(says(end(make_certificate({.from_seconds = 600}, &authority)), {"is not trusted: certificate is not yet valid"}));
    CHECK(says(end(make_certificate({.names = "DNS:localhost"}, &authority)), {"is not trusted: IP address mismatch"}));
    CHECK(says(end(make_certificate({.names = "DNS:127.0.0.1"}, &authority)), {"is not trusted: IP address mismatch"}));
    CHECK(says(end(make_certificate({.names = "IP:127.0.0.1,DNS:venue.example"}, &authority), "localhost"), {"is not trusted: hostname mismatch"}));
}

TEST_CASE_METHOD(Trusting, "the system's authorities do not know a test's, and a custom file replaces them") {
    options.ca_file.clear();
    CHECK(says(end(make_certificate({}, &authority)), {"is not trusted: unable to get local issuer certificate"}));
    auto custom = tls_context(folder.path() + "/ca.pem");
    const auto* const known = X509_STORE_get0_objects(SSL_CTX_get_cert_store(custom.native_handle()));
    CHECK(sk_X509_OBJECT_num(known) == 1);
}

TEST_CASE_METHOD(Trusting, "a file without certificates is refused") {
    const std::string path = folder.write("empty.pem", "no certificate\n");
    CHECK(says(refusal([&] { tls_context(path); }), {"ca_file = '" + path, "PEM"}));
}

TEST_CASE("no protocol older than TLS 1.2 is spoken, and verification is on") {
    auto context = tls_context({});
    CHECK(SSL_CTX_get_min_proto_version(context.native_handle()) == TLS1_2_VERSION);
    CHECK(SSL_CTX_get_verify_mode(context.native_handle()) == SSL_VERIFY_PEER);
}

TEST_CASE_METHOD(Trusting, "a server that speaks no TLS is tried again, not trusted") {
    Loopback plain(Speaks::lines, [](Peer& peer) {
        peer.raw("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.hold();
    });
    Fed fed;
    Session& session = fed.feed(plain.url("wss"), dense(), {"X"}, options);
    session.start();
    REQUIRE(eventually([&] { return plain.connections() >= 2; }));
    CHECK(says(fed.stats().last_error, {"TLS handshake: "}));
    CHECK(end_of(session) == "");
}

}  // namespace openquant::testing
