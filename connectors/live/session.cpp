#include "openquant/connectors/live/session.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "openquant/connectors/live/connection.hpp"
#include "openquant/engine/engine_loop.hpp"
#include "openquant/engine/graph.hpp"

namespace openquant {

using live::Connection;
using std::chrono::steady_clock;

namespace {

/// Tells a source of type Clock the time, which never goes back.
class Ticker {
public:
    explicit Ticker(Inlet<Clock>& inlet) : producer_(inlet), code_(inlet.code("*")) {}
    void tell(std::int64_t now) {
        if (now > told_) producer_.push(code_, Clock{told_ = now});
    }

private:
    Inlet<Clock>::Producer producer_;
    std::uint32_t code_;
    std::int64_t told_ = 0;
};

Inlet<Trade>& trades_of(Graph& graph, const std::string& name) {
    Source& source = *graph.sources()[graph.source_index(name)];
    if (source.rows.type != &event_type<Trade>())
        throw std::invalid_argument("source '" + name + "' is of " + std::string(source.rows.type->name) + "; a venue's trades enter a source of Trade");
    return static_cast<Inlet<Trade>&>(source.inlet());
}

}  // namespace

class Session::Body {
public:
    Body(Graph& graph, std::vector<Feeder> feeders, SessionOptions options);
    ~Body();

    void open();
    void start();
    void stop(bool flush);
    SessionStats stats() const;
    bool failed() const { return failed_.load(std::memory_order_acquire) || graph_.live().failed(); }

private:
    void run();
    void fail(const std::string& why);
    void close_connections();
    void end_thread();
    void tick();
    void tell_time();

    Graph& graph_;
    const SessionOptions options_;
    boost::asio::io_context io_{1};  // one thread runs it
    std::optional<boost::asio::ssl::context> tls_;
    live::Timer clock_{io_.get_executor()};
    std::vector<InletBase*> inlets_;  // those that the connections feed
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Ticker>> tickers_;
    std::thread thread_;
    std::future<void> ended_;
    bool opened_ = false, closing_ = false;
    std::atomic<bool> failed_{false};
    mutable std::mutex failure_mutex_;
    std::string failure_;  // the first
};

Session::Body::Body(Graph& graph, std::vector<Feeder> feeders, SessionOptions options) : graph_(graph), options_(std::move(options)) {
    if (feeders.empty()) throw std::invalid_argument("a live session needs at least one venue");
    if (options_.clock_every.count() <= 0) throw std::invalid_argument("clock_every must be > 0 (ms)");
    if (options_.backoff_first.count() <= 0 || options_.backoff_cap < options_.backoff_first)
        throw std::invalid_argument("backoff_first must be > 0 and backoff_cap not less (ms)");
    Xoshiro seeds(options_.seed);
    for (Feeder& feeder : feeders) {
        Inlet<Trade>& inlet = trades_of(graph, feeder.source);
        const Endpoint endpoint = parse_url(feeder.url.empty() ? feeder.venue->url() : feeder.url);
        if (endpoint.tls && !tls_) tls_ = tls_context(options_.ca_file);
        connections_.push_back(std::make_unique<Connection>(io_, tls_ ? &*tls_ : nullptr, std::move(feeder), endpoint, inlet,
                                                            Connection::Waits{options_.backoff_first, options_.backoff_cap}, seeds.bits(),
                                                            [this](const std::string& why) { fail(why); }));
        inlets_.push_back(&inlet);
    }
    if (!options_.ca_file.empty() && !tls_) tls_ = tls_context(options_.ca_file);  // a file that cannot be read is a mistake anyway
    for (const auto& source : graph.sources())
        if (source->rows.type == &event_type<Clock>()) tickers_.push_back(std::make_unique<Ticker>(static_cast<Inlet<Clock>&>(source->inlet())));
}

void Session::Body::open() {
    if (opened_) throw std::invalid_argument("the session has been opened before: make another one");
    graph_.live().open(options_.inlet);
    opened_ = true;
    std::promise<void> ended;
    ended_ = ended.get_future();
    thread_ = std::thread([this, done = std::move(ended)]() mutable {
        run();
        done.set_value();
    });
}

void Session::Body::start() {
    if (!opened_) open();
    graph_.live().start(options_.spin);
}

void Session::Body::run() {
    const auto guarded = [this](const auto& work) {
        try {
            work();
            return true;
        } catch (const std::exception& error) { return fail(error.what()), false; }
    };
    bool done = guarded([this] {
        for (const auto& connection : connections_) connection->open();
        if (!tickers_.empty()) tick();
        io_.run();
    });
    while (!done) {  // the goodbyes
        io_.restart();
        done = guarded([this] { io_.run(); });
    }
}

void Session::Body::fail(const std::string& why) {
    {
        const std::scoped_lock lock(failure_mutex_);
        if (failure_.empty()) failure_ = why;
    }
    failed_.store(true, std::memory_order_release);
    boost::asio::post(io_, [this] { close_connections(); });
}

void Session::Body::close_connections() {
    closing_ = true;
    clock_.cancel();
    for (const auto& connection : connections_) {
        try {
            connection->close();
        } catch (const std::exception&) { connection->shut(); }  // what it still holds is what failed
    }
}

/// Waits for the connections' goodbyes, but not for an engine that takes nothing: closing the inlets sets their thread free.
void Session::Body::stop(bool flush) {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this] { close_connections(); });
    ended_.wait_for(std::chrono::milliseconds(500));
    std::exception_ptr error;
    try {
        graph_.live().stop(flush);
    } catch (...) { error = std::current_exception(); }
    end_thread();
    if (error) std::rethrow_exception(error);
    const std::scoped_lock lock(failure_mutex_);
    if (!failure_.empty()) throw std::runtime_error(failure_);
}

Session::Body::~Body() {
    try {
        stop(false);
    } catch (...) {  // nobody is left to tell
    }
}

void Session::Body::end_thread() {
    if (ended_.wait_for(std::chrono::milliseconds(500)) == std::future_status::timeout) io_.stop();
    thread_.join();
}

void Session::Body::tick() {
    if (closing_) return;
    clock_.expires_after(options_.clock_every);
    clock_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        tell_time();
        tick();
    });
}

/// Not while rows wait that the time would overtake.
void Session::Body::tell_time() {
    live::EventTime latest;
    for (const auto& connection : connections_)
        if (connection->latest().ts > latest.ts) latest = connection->latest();
    const bool all_taken = std::all_of(inlets_.begin(), inlets_.end(), [](const InletBase* inlet) { return inlet->depth() == 0; });
    if (latest.ts == 0 || !all_taken) return;
    const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now() - latest.at);
    for (const auto& ticker : tickers_) ticker->tell(latest.ts + passed.count());
}

SessionStats Session::Body::stats() const {
    SessionStats out;
    for (const auto& connection : connections_) out.connections.push_back(connection->stats());
    for (const auto& source : graph_.sources()) {
        const InletBase& inlet = source->inlet();
        out.sources.push_back({source->name, inlet.depth(), inlet.pushed(), inlet.dropped()});
    }
    return out;
}

Session::Session(Graph& graph, std::vector<Feeder> feeders, SessionOptions options)
    : body_(std::make_unique<Body>(graph, std::move(feeders), std::move(options))) {}
Session::~Session() = default;
void Session::open() { body_->open(); }
void Session::start() { body_->start(); }
void Session::stop(bool flush) { body_->stop(flush); }
SessionStats Session::stats() const { return body_->stats(); }
bool Session::failed() const { return body_->failed(); }

}  // namespace openquant
