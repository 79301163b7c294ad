// What is made of it: events, labels, bets, weights and risk.
#pragma once

#include "openquant/operators/core/market_events.hpp"

namespace openquant {

/// A moment worth a decision (AFML 2.5).
struct Event {
    std::int64_t ts = 0;
    double side = 0.0;
    double price = 0.0;

    static constexpr std::string_view name = "Event";
    static constexpr std::string_view doc = "A moment worth a decision (AFML 2.5).";
    static constexpr auto fields() {
        return std::tuple{
            timestamp("ts", &Event::ts, "time of the event"),
            field("side", &Event::side, "-1 to 1", "direction of the move or of the bet").within(-1.0, 1.0, Fault::side),
            field("price", &Event::price, "quote currency", "price, or the value that was filtered, at the event").within(-largest, largest, Fault::value)};
    }
    bool operator==(const Event&) const = default;
};

/// When the vertical barrier of the events at its time stands (AFML 3.4).
struct Deadline {
    std::int64_t ts = 0;
    std::int64_t until = 0;

    static constexpr std::string_view name = "Deadline";
    static constexpr std::string_view doc = "When the vertical barrier of the events at its time stands (AFML 3.4).";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Deadline::ts, "time of the events"), timestamp("until", &Deadline::until, "time of their vertical barrier")};
    }
    bool operator==(const Deadline&) const = default;
};

/// Standard deviation of returns, per row of the prices it comes from.
struct Volatility {
    std::int64_t ts = 0;
    double volatility = 0.0;

    using Offers = Types<Value>;
    static constexpr std::string_view name = "Volatility";
    static constexpr std::string_view doc = "Standard deviation of returns, per row of the prices it comes from.";
    static constexpr auto fields() {
        return std::tuple{
            timestamp("ts", &Volatility::ts, "time of the last price in it"),
            field("volatility", &Volatility::volatility, "return per row", "standard deviation").within(0.0, largest, Fault::price).known_as("value")};
    }
    bool operator==(const Volatility&) const = default;
};

/// Which barrier ended a label's path.
enum class Barrier : std::int8_t { upper, lower, vertical, end };
inline constexpr std::string_view barrier_names[] = {"upper", "lower", "vertical", "end"};
constexpr Names names_of(Barrier) { return barrier_names; }

/// The outcome of an event, emitted when its path ends (AFML 3.4).
struct Label {
    std::int64_t ts = 0;
    std::int64_t start_ts = 0;
    double ret = 0.0;
    double trgt = 0.0;
    double side = 0.0;
    std::int8_t label = 0;
    Barrier barrier = Barrier::end;
    double uniqueness = 0.0, attribution = 0.0;

    using Offers = Types<Value>;
    static constexpr std::string_view name = "Label";
    static constexpr std::string_view doc = "The outcome of an event, emitted when its path ends (AFML 3.4).";
    static constexpr auto fields() {
        return std::tuple{
            timestamp("ts", &Label::ts, "time of the price that ended the path (t1)"),
            timestamp("start_ts", &Label::start_ts, "time of the event"),
            field("ret", &Label::ret, "return", "path return, times side where side is used").within(-largest, largest, Fault::price).known_as("value"),
            field("trgt", &Label::trgt, "return", "target that scaled the barriers"),
            field("side", &Label::side, "-1 to 1", "side of the event").within(-1.0, 1.0, Fault::side),
            field("label", &Label::label, "-1, 0, 1", "outcome"),
            field("barrier", &Label::barrier, "", "upper, lower, vertical or end (of the stream)"),
            field("uniqueness", &Label::uniqueness, "0 to 1", "mean over its path of 1 / open labels (AFML 4.4)").within(0.0, 1.0, Fault::value).optional(),
            field("attribution", &Label::attribution, "log return", "sum over its path of log return / open labels (AFML 4.6)")
                .within(-largest, largest, Fault::value)
                .optional()};
    }
    bool operator==(const Label&) const = default;
};

/// The probability that a bet on `side` wins.
struct Prediction {
    std::int64_t ts = 0;
    double prob = 0.0;
    double side = 0.0;

    static constexpr std::string_view name = "Prediction";
    static constexpr std::string_view doc = "The probability that a bet on `side` wins.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Prediction::ts, "time from which it is known"),
                          field("prob", &Prediction::prob, "0 to 1", "probability of a win").within(0.0, 1.0, Fault::probability),
                          field("side", &Prediction::side, "-1 to 1", "direction of the bet").within(-1.0, 1.0, Fault::side)};
    }
    bool operator==(const Prediction&) const = default;
};

/// A price and what a model says at it.
struct Forecast {
    std::int64_t ts = 0;
    double price = 0.0;
    double prob = 0.0;
    double side = 0.0;

    using Offers = Types<Price, Prediction, Value>;
    static constexpr std::string_view name = "Forecast";
    static constexpr std::string_view doc = "A price and what a model says at it.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Forecast::ts, "time of the price"),
                          field("price", &Forecast::price, "quote currency", "the price").within(smallest, largest, Fault::price).known_as("value"),
                          field("prob", &Forecast::prob, "0 to 1", "probability that a bet made here wins").within(0.0, 1.0, Fault::probability),
                          field("side", &Forecast::side, "-1 to 1", "direction of the bet").within(-1.0, 1.0, Fault::side)};
    }
    bool operator==(const Forecast&) const = default;
};

/// A sized bet: the position to hold from here on (AFML 10.3).
struct Signal {
    std::int64_t ts = 0;
    double prob = 0.0;
    double side = 0.0;
    double size = 0.0;

    static constexpr std::string_view name = "Signal";
    static constexpr std::string_view doc = "A sized bet: the position to hold from here on (AFML 10.3).";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Signal::ts, "time of the event"),
                          field("prob", &Signal::prob, "0 to 1", "probability of a win").within(0.0, 1.0, Fault::probability),
                          field("side", &Signal::side, "-1 to 1", "direction of the bet").within(-1.0, 1.0, Fault::side),
                          field("size", &Signal::size, "-1 to 1", "signed size of the bet").within(-1.0, 1.0, Fault::size)};
    }
    bool operator==(const Signal&) const = default;
};

/// What holding the position over one step of the price earned.
struct Return {
    std::int64_t ts = 0;
    double position = 0.0;
    double price_return = 0.0;
    double strategy_return = 0.0;

    using Offers = Types<Value>;
    static constexpr std::string_view name = "Return";
    static constexpr std::string_view doc = "What holding the position over one step of the price earned.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Return::ts, "time of the price at the end of the step"),
                          field("position", &Return::position, "-1 to 1", "position held over the step").within(-largest, largest, Fault::value),
                          field("price_return", &Return::price_return, "return", "simple return of the price").within(-largest, largest, Fault::value),
                          field("strategy_return", &Return::strategy_return, "return", "position times price_return")
                              .within(-largest, largest, Fault::price)
                              .known_as("value")};
    }
    bool operator==(const Return&) const = default;
};

/// What is left of a Return once the change of position that it took is paid.
struct NetReturn {
    std::int64_t ts = 0;
    double net_return = 0.0;
    double cost = 0.0;
    double turnover = 0.0, total_turnover = 0.0;

    using Offers = Types<Value>;
    static constexpr std::string_view name = "NetReturn";
    static constexpr std::string_view doc = "What is left of a return once the change of position that it took is paid.";
    static constexpr auto fields() {
        return std::tuple{
            timestamp("ts", &NetReturn::ts, "time of the return"),
            field("net_return", &NetReturn::net_return, "return", "strategy_return - cost").within(-largest, largest, Fault::price).known_as("value"),
            field("cost", &NetReturn::cost, "return", "cost_rate times turnover"),
            field("turnover", &NetReturn::turnover, "position", "change of position paid here"),
            field("total_turnover", &NetReturn::total_turnover, "position", "sum of the changes so far")};
    }
    bool operator==(const NetReturn&) const = default;
};

/// Equity of a strategy that starts from 1, and how far below its high it lies.
struct Equity {
    std::int64_t ts = 0;
    double equity = 0.0;
    double drawdown = 0.0, max_drawdown = 0.0;
    std::int64_t high_ts = 0, longest_under_water_ns = 0;

    using Offers = Types<Value>;
    static constexpr std::string_view name = "Equity";
    static constexpr std::string_view doc = "Equity of a strategy that starts from 1, and how far below its high it lies.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Equity::ts, "time of the return that led to it"),
                          field("equity", &Equity::equity, "of the start", "the equity").within(-largest, largest, Fault::value).known_as("value"),
                          field("drawdown", &Equity::drawdown, "of the high, or the start",
                                "1 - equity / its high, the start included; high - equity where returns are added up"),
                          field("max_drawdown", &Equity::max_drawdown, "of the high, or the start", "the deepest so far"),
                          timestamp("high_ts", &Equity::high_ts, "time of the last high"),
                          field("longest_under_water_ns", &Equity::longest_under_water_ns, "ns", "longest time from a high to its recovery, or until now")};
    }
    bool operator==(const Equity&) const = default;
};

/// How returns of one or several symbols are distributed; pooled, pairs never crossing symbols. A figure that is not
/// defined (too few returns, or no variance) is 0, and the flag beside it is not set.
struct Diagnostics {
    std::int64_t ts = 0;
    std::int64_t n_prices = 0, n_returns = 0;
    double return_std = 0.0, lag1_return_autocorr = 0.0, lag1_sq_return_autocorr = 0.0, jarque_bera = 0.0;
    bool has_std = false, has_autocorr = false, has_sq_autocorr = false, has_jarque_bera = false;

    static constexpr std::string_view name = "Diagnostics";
    static constexpr std::string_view doc = "How returns of one or several symbols are distributed; a figure without its flag is not defined.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Diagnostics::ts, "time of the last price"),
                          field("n_prices", &Diagnostics::n_prices, "prices", "prices in it"),
                          field("n_returns", &Diagnostics::n_returns, "returns", "returns in it"),
                          field("return_std", &Diagnostics::return_std, "return", "sample standard deviation (ddof 1)"),
                          field("lag1_return_autocorr", &Diagnostics::lag1_return_autocorr, "", "correlation of pairs (r[t-1], r[t])"),
                          field("lag1_sq_return_autocorr", &Diagnostics::lag1_sq_return_autocorr, "", "the same of squared returns"),
                          field("jarque_bera", &Diagnostics::jarque_bera, "", "n / 6 (skewness^2 + excess kurtosis^2 / 4), population moments"),
                          field("has_std", &Diagnostics::has_std, "", "return_std is defined"),
                          field("has_autocorr", &Diagnostics::has_autocorr, "", "lag1_return_autocorr is defined"),
                          field("has_sq_autocorr", &Diagnostics::has_sq_autocorr, "", "lag1_sq_return_autocorr is defined"),
                          field("has_jarque_bera", &Diagnostics::has_jarque_bera, "", "jarque_bera is defined")};
    }
    bool operator==(const Diagnostics&) const = default;
};

/// One asset's share of a portfolio, and what the portfolio's past says of it.
struct Weight {
    std::int64_t ts = 0;
    double weight = 0.0;
    double portfolio_risk = 0.0, portfolio_return = 0.0, portfolio_sharpe = 0.0;
    bool riskless = false;

    static constexpr std::string_view name = "Weight";
    static constexpr std::string_view doc = "One asset's share of a portfolio; the rows of one rebalance follow each other.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Weight::ts, "time of the rebalance"),
                          field("weight", &Weight::weight, "share", "share of the asset").within(-largest, largest, Fault::value),
                          field("portfolio_risk", &Weight::portfolio_risk, "per year", "annualised standard deviation of the portfolio"),
                          field("portfolio_return", &Weight::portfolio_return, "per year", "annualised mean return of the portfolio"),
                          field("portfolio_sharpe", &Weight::portfolio_sharpe, "", "Sharpe ratio; 0 without risk, where it has no value"),
                          field("riskless", &Weight::riskless, "", "the portfolio has no risk: its Sharpe ratio is unbounded")};
    }
    bool operator==(const Weight&) const = default;
};

/// Risk of a series of returns.
struct Risk {
    std::int64_t ts = 0;
    double value_at_risk = 0.0, expected_shortfall = 0.0, conditional_drawdown = 0.0;
    double drawdown = 0.0, max_drawdown = 0.0;
    double volatility = 0.0, sharpe = 0.0;
    std::int64_t n_obs = 0;

    static constexpr std::string_view name = "Risk";
    static constexpr std::string_view doc = "Risk of a series of returns.";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &Risk::ts, "time of the last return"),
                          field("value_at_risk", &Risk::value_at_risk, "return", "the return at the lower tail's edge; a loss is negative"),
                          field("expected_shortfall", &Risk::expected_shortfall, "return", "mean of the tail (Rockafellar and Uryasev 2000)"),
                          field("conditional_drawdown", &Risk::conditional_drawdown, "share of the high", "mean of the worst drawdowns (Chekhlov et al. 2005)"),
                          field("drawdown", &Risk::drawdown, "share of the high", "1 - equity / its high, now"),
                          field("max_drawdown", &Risk::max_drawdown, "share of the high", "the deepest"),
                          field("volatility", &Risk::volatility, "per year", "annualised standard deviation (ddof 1)"),
                          field("sharpe", &Risk::sharpe, "", "annualised Sharpe ratio; 0 where the deviation is 0"),
                          field("n_obs", &Risk::n_obs, "returns", "returns in it")};
    }
    bool operator==(const Risk&) const = default;
};

/// What a label should count for when a model is fitted (AFML chapter 4).
struct SampleWeight {
    std::int64_t ts = 0;
    std::int64_t start_ts = 0;
    double uniqueness = 0.0;
    double decay = 0.0;
    double weight = 0.0;

    static constexpr std::string_view name = "SampleWeight";
    static constexpr std::string_view doc = "What a label should count for when a model is fitted (AFML chapter 4).";
    static constexpr auto fields() {
        return std::tuple{timestamp("ts", &SampleWeight::ts, "time at which the label closed (t1)"),
                          timestamp("start_ts", &SampleWeight::start_ts, "time of its event"),
                          field("uniqueness", &SampleWeight::uniqueness, "0 to 1", "mean over its path of 1 / open labels"),
                          field("decay", &SampleWeight::decay, "0 to 1", "factor for its age"),
                          field("weight", &SampleWeight::weight, "", "weight; the mean over all labels is 1")};
    }
    bool operator==(const SampleWeight&) const = default;
};

}  // namespace openquant
