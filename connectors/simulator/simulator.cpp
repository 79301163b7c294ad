#include "openquant/connectors/simulator/simulator.hpp"

#include <boost/asio/post.hpp>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "openquant/connectors/simulator/certificate.hpp"
#include "openquant/connectors/simulator/connection.hpp"

namespace openquant {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

void check(const SimulatorOptions& options) {
    const auto refuse = [](const std::string& why) { throw std::invalid_argument("simulator: " + why); };
    if (!(options.speed >= 0) || std::isinf(options.speed))
        refuse("speed " + std::to_string(options.speed) + " must be a number above 0, or 0 for as fast as it goes");
    for (const auto time : {options.settle, options.ping_every, options.subscribe_within})
        if (time.count() < 0) refuse("no time may be negative");
    if (options.heartbeat_every.count() <= 0 || options.patience.count() <= 0) refuse("heartbeat_every and patience must be above 0");
    if (options.certificate_file.empty() != options.key_file.empty()) refuse("a certificate file needs its key file, and the other way round");
    if (!options.tls && !options.certificate_file.empty()) refuse("a certificate is of use with TLS only: set tls");
}

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string out{std::istreambuf_iterator<char>(in), {}};
    if (!in || out.empty()) throw std::runtime_error("'" + path + "' cannot be read, or is empty");
    return out;
}

Tape read_tape(const std::string& capture, const NextLine& next, const ServedVenue& venue, const std::string& name, std::uint64_t& skipped) {
    Tape tape;
    TradeReader reader;
    for (std::string_view line; next(line);) {
        if (const auto frame = capture_line(line)) venue.add(tape, *frame, reader.read(frame->frame));
        else if (!line.empty()) ++skipped;
    }
    std::vector<char> plain(tape.streams.size());  // streams with single matches: their aggregates would be the same trades again
    for (const TapeItem& item : tape.items) plain[item.stream] |= item.kind == TapeItem::Kind::trade && !item.aggregate;
    std::erase_if(tape.items, [&](const TapeItem& item) { return item.aggregate && plain[item.stream]; });
    if (std::none_of(tape.items.begin(), tape.items.end(), [](const TapeItem& item) { return item.kind == TapeItem::Kind::trade; }))
        throw std::invalid_argument("'" + capture + "' holds no trade that " + name +
                                    " could serve; a capture has lines such as `1723161254087896568 {frame}` with a venue's raw frames");
    tape.close();
    return tape;
}

}  // namespace

struct Simulator::Server {
    asio::io_context io{1};  // first, for it goes last: handlers that were never called hold connections
    const SimulatorOptions options;
    std::unique_ptr<ServedVenue> venue;
    Tape tape;
    std::vector<Step> steps;
    Book book;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    std::string ca_pem;
    tcp::acceptor acceptor{io};
    asio::steady_timer retry{io};
    std::uint16_t port = 0;
    std::shared_ptr<Stage> stage;
    std::unique_ptr<Host> host;
    std::thread thread;

    Server(const std::string& capture, const NextLine& next, const SimulatorOptions& given) : options(given), venue(make_served_venue(given.venue)) {
        check(options);
        const auto rules = parse_faults(options.faults);
        if (options.ping_every.count() > 0) venue->ping_every = options.ping_every;
        if (options.subscribe_within.count() > 0) venue->subscribe_within = options.subscribe_within;
        if (options.tls) certify();
        listen();
        std::uint64_t skipped = 0, trades = 0;
        tape = read_tape(capture, next, *venue, options.venue, skipped);
        for (const TapeItem& item : tape.items) trades += item.kind == TapeItem::Kind::trade;
        steps = script(tape, rules);
        book.count([&](SimulatorStats& s) { s.trades = trades, s.skipped_lines = skipped, s.steps = steps.size(); });
        host = std::make_unique<Host>(Host{options, *venue, io, book, {}});
        stage = new_stage();
    }

    std::shared_ptr<Stage> new_stage() { return std::make_shared<Stage>(io, tape, steps, options, book); }

    void certify() {
        const bool own = options.certificate_file.empty();
        const Certificate made = own ? make_certificate() : Certificate{content(options.certificate_file), content(options.key_file)};
        ca_pem = made.certificate_pem;
        error_code error;
        SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
        tls.use_certificate_chain(asio::buffer(made.certificate_pem), error);
        if (!error) tls.use_private_key(asio::buffer(made.key_pem), asio::ssl::context::pem, error);
        if (error) throw std::runtime_error("the certificate '" + options.certificate_file + "' and its key cannot be used: " + error.message());
    }

    void listen() {
        const tcp::endpoint here(asio::ip::address_v4::loopback(), options.port);
        error_code error;
        acceptor.open(here.protocol());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind(here, error);
        if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error)
            throw std::runtime_error("127.0.0.1:" + std::to_string(options.port) + " cannot be listened on (" + error.message() +
                                     "); choose another port, or 0 for any that is free");
        port = acceptor.local_endpoint().port();
    }

    void accept() {
        acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
            if (!acceptor.is_open()) return;
            if (error) {  // no more descriptors, perhaps: later there may be
                retry.expires_after(std::chrono::milliseconds(50));
                return retry.async_wait([this](const error_code& stopped) {
                    if (!stopped) accept();
                });
            }
            auto wire = options.tls ? tls_wire(std::move(socket), tls) : plain_wire(std::move(socket));
            const auto connection = std::make_shared<Connection>(std::move(wire), options.restart_per_connection ? new_stage() : stage, *host);
            host->connections.insert(connection);
            connection->start();
            accept();
        });
    }

    void stop() {
        if (!thread.joinable()) return;
        asio::post(io, [this] {
            acceptor.close();
            const auto all = host->connections;
            for (const auto& connection : all) connection->drop();
            io.stop();
        });
        thread.join();
    }
};

Simulator::Simulator(const std::string& capture, const NextLine& next, const SimulatorOptions& options)
    : server_(std::make_unique<Server>(capture, next, options)) {}
Simulator::~Simulator() {
    if (server_) stop();
}
Simulator::Simulator(Simulator&&) noexcept = default;

std::uint16_t Simulator::port() const { return server_->port; }
std::string Simulator::url() const {
    const std::string scheme = server_->venue->lines ? (server_->options.tls ? "tls" : "tcp") : server_->options.tls ? "wss" : "ws";
    return scheme + "://127.0.0.1:" + std::to_string(server_->port);
}
const std::string& Simulator::ca_pem() const { return server_->ca_pem; }

void Simulator::start() {
    if (server_->thread.joinable() || server_->io.stopped()) return;
    server_->accept();
    server_->thread = std::thread([server = server_.get()] { server->io.run(); });
}
void Simulator::stop() { server_->stop(); }

SimulatorStats Simulator::stats() const { return server_->book.stats(); }
std::vector<Injected> Simulator::injected() const { return server_->book.injected(); }

}  // namespace openquant
