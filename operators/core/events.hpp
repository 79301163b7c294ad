// The event types. A new one goes into the list.
#pragma once

#include "openquant/operators/core/market_events.hpp"
#include "openquant/operators/core/research_events.hpp"

namespace openquant {

using EventTypes = Types<Trade, Continuity, Price, Bar, Event, Volatility, Label, Prediction, Signal, Return, Value, Quote, QuotedTrade, Spread, Clock,
                         AlignedPrice, Weight, Risk, SampleWeight, Ohlcv, Forecast, Deadline, NetReturn, Equity, Diagnostics>;

}  // namespace openquant
