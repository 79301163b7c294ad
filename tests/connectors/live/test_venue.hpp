// A venue whose frames a test writes by hand, and a graph to feed.
#pragma once

#include <charconv>
#include <functional>
#include <mutex>

#include "loopback.hpp"
#include "openquant/connectors/live/session.hpp"
#include "openquant/engine/engine_loop.hpp"
#include "openquant/engine/graph.hpp"

namespace openquant::testing {

/// A frame is trades "SYMBOL id price size ts" with semicolons between, or: ack, refuse WHY, restart. All else is malformed.
class TestVenue final : public Venue {
public:
    TestVenue(VenueRules rules, std::vector<std::string> symbols, std::vector<std::string> texts = {"subscribe"}) : rules_(rules), texts_(std::move(texts)) {
        for (const std::string& symbol : symbols) symbols_.add(symbol);
    }
    std::string_view name() const override { return "test"; }
    VenueRules rules() const override { return rules_; }
    std::string url() const override { return "ws://127.0.0.1:1"; }
    std::vector<std::string> subscriptions() const override { return texts_; }
    std::string ping(std::uint64_t number) const override { return "ping " + std::to_string(number); }

    Frame decode(std::string_view frame, std::int64_t received, Told& told) override {
        if (frame == "ack") return Frame::control;
        if (frame == "restart") return Frame::restart;
        if (frame == "throw") throw std::runtime_error("the venue threw");
        if (frame.starts_with("refuse ")) return said_ = frame.substr(7), Frame::refusal;
        for (bool more = true; more;) {
            const std::size_t end = frame.find(';');
            if (!read(frame.substr(0, end), received, told)) return Frame::malformed;
            if ((more = end != std::string_view::npos)) frame.remove_prefix(end + 1);
        }
        return Frame::trades;
    }

private:
    bool read(std::string_view row, std::int64_t received, Told& told) {
        const std::size_t space = row.find(' ');
        if (space == std::string_view::npos) return false;
        Told::Row out{symbols_.add(row.substr(0, space)), {}};
        out.trade.ts_recv = received;
        const char* at = row.data() + space;
        const char* const end = row.data() + row.size();
        const auto next = [&](auto& value) {
            if (at == end || *at != ' ') return false;
            const auto [stop, error] = std::from_chars(at + 1, end, value);
            at = stop;
            return error == std::errc();
        };
        if (!next(out.trade.id) || !next(out.trade.price) || !next(out.trade.size) || !next(out.trade.ts) || at != end) return false;
        told.trades.push_back(out);
        return true;
    }
    VenueRules rules_;
    std::vector<std::string> texts_;
};

inline VenueRules dense(VenueRules rules = {}) {
    rules.ids = IdKind::dense;
    return rules;
}

/// A trade as TestVenue reads it.
inline std::string row(std::uint64_t id, std::string_view symbol = "X") {
    return std::string(symbol) + ' ' + std::to_string(id) + " 100 1 " + std::to_string(1'000'000'000 + id);
}

/// A graph of one source of trades, and a session that feeds it.
struct Fed {
    Graph graph;
    Port port = graph.source<Trade>("trades");
    Table& table = graph.collect(port);
    Table& breaks = graph.collect(port.continuity());
    std::unique_ptr<Session> session;

    static SessionOptions quick() {
        SessionOptions options;
        options.backoff_first = std::chrono::milliseconds(5), options.backoff_cap = std::chrono::milliseconds(40);
        return options;
    }
    Session& feed(const std::string& url, VenueRules rules, std::vector<std::string> symbols = {"X"}, SessionOptions options = quick(),
                  std::vector<std::string> texts = {"subscribe"}) {
        std::vector<Feeder> feeders;
        feeders.push_back({"trades", std::make_unique<TestVenue>(rules, std::move(symbols), std::move(texts)), url, {}});
        session = std::make_unique<Session>(graph, std::move(feeders), std::move(options));
        return *session;
    }
    ConnectionStats stats() const { return session->stats().connections.at(0); }
    bool eventually_trades(std::uint64_t n) const {
        return eventually([&] { return stats().trades >= n; });
    }
    std::vector<std::uint64_t> ids() const {
        std::vector<std::uint64_t> out;
        for (const Trade& trade : table.as<Trade>()) out.push_back(trade.id);
        return out;
    }
    /// Breaks of one kind as "SYMBOL ts id count".
    std::vector<std::string> broken(Break kind) const {
        std::vector<std::string> out;
        const auto rows = breaks.as<Continuity>();
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (rows[i].kind == kind)
                out.push_back(graph.symbols().name(breaks.contents().symbols[i]) + ' ' + std::to_string(rows[i].ts) + ' ' + std::to_string(rows[i].id) + ' ' +
                              std::to_string(rows[i].count));
        return out;
    }
};

/// What stop() throws; empty if it does not.
inline std::string end_of(Session& session) {
    try {
        session.stop();
    } catch (const std::exception& error) { return error.what(); }
    return {};
}

/// Seconds that `work` takes.
inline double seconds(auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Texts that a server's scripts note, from their threads.
class Notes {
public:
    void add(std::string text) {
        const std::scoped_lock lock(mutex_);
        notes_.push_back(std::move(text));
        times_.push_back(std::chrono::steady_clock::now());
    }
    std::vector<std::string> all() const {
        const std::scoped_lock lock(mutex_);
        return notes_;
    }
    std::vector<std::chrono::steady_clock::time_point> times() const {
        const std::scoped_lock lock(mutex_);
        return times_;
    }
    std::size_t size() const { return all().size(); }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> notes_;
    std::vector<std::chrono::steady_clock::time_point> times_;
};

}  // namespace openquant::testing
