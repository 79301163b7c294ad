#pragma once

#include "openquant/operators/core/ohlcv_builder.hpp"
#include "openquant/operators/core/schema.hpp"

namespace openquant {

/// Coarser time bars from OHLCV rows (AFML 2.3.1.1): emits a bar when its window [k * interval, (k + 1) * interval) since the epoch
/// is over, which the first row at or after its end tells. No bar for a window without rows.
struct ResampledTimeBars {
    std::int64_t interval_ns = 86'400'000'000'000;
    bool partial = true;

    OhlcvBuilder bar_{};
    std::int64_t start_ = 0;  // of the window under way

    static constexpr auto schema() {
        using Self = ResampledTimeBars;
        return schema_of<Ohlcv>(
            "ResampledTimeBars", "Emits a coarser bar of OHLCV rows when its window of time, aligned to the epoch, is over.", "AFML 2.3.1.1",
            inputs(input<Ohlcv>("rows", "bars to gather: a vendor's rows, or finer bars; one older than its window's bar goes into the open bar")),
            parameters(parameter("interval_ns", &Self::interval_ns, between(1, 1e18), "ns", "length of a window"),
                       parameter("partial", &Self::partial, "emit the unfinished bar when the stream ends")));
    }

    void update(const Ohlcv& row, auto&& emit) noexcept {
        if (row.ts - start_ >= interval_ns) {
            if (!bar_.empty()) emit(bar_.finish());
            start_ = row.ts - row.ts % interval_ns;
        }
        bar_.add(row);
    }
    void flush(auto&& emit) noexcept {
        if (partial && !bar_.empty()) emit(bar_.finish());
    }

    static auto state(auto& self) { return std::tie(self.bar_, self.start_); }
    bool operator==(const ResampledTimeBars&) const = default;
};

}  // namespace openquant
