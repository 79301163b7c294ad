"""The operators, one class each. Written by openquant.generate from the catalogue: do not edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from openquant.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ActiveSignals",
    "Align",
    "AsOf",
    "BetSizer",
    "CusumFilter",
    "DiscreteSignals",
    "DollarBars",
    "EffectiveSpread",
    "EquityCurve",
    "EwmaMean",
    "EwmaStd",
    "EwmaVolatility",
    "ImbalanceBars",
    "LeeReady",
    "NetReturns",
    "Positions",
    "PriceReturns",
    "QuotedSpread",
    "RangeBars",
    "ResampledBars",
    "ResampledTimeBars",
    "ReturnDiagnostics",
    "RiskMonitor",
    "RiskSummary",
    "RollingAllocator",
    "RollingCorrelation",
    "RollingCovariance",
    "RollingMax",
    "RollingMean",
    "RollingMin",
    "RollingQuantile",
    "RollingStd",
    "RunsBars",
    "SampleWeights",
    "StrategyReturns",
    "TickBars",
    "TimeBars",
    "TripleBarrier",
    "VolumeBars",
    "WinRate",
    "ZScoreFilter",
]


class TickBars(Operator):
    """Emits a bar at every n-th trade.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to count.
    Output:
        Bar rows, each symbol on its own.
    Args:
        ticks_per_bar: trades that close a bar [trades]; >= 1 and <= 9e+15.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.1.2.
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("continuity",)
    output: ClassVar[str] = "Bar"
    ticks_per_bar: int
    partial: bool

    def __init__(self, *, ticks_per_bar: int = 50, partial: bool = False) -> None:
        super().__init__(ticks_per_bar=ticks_per_bar, partial=partial)


class VolumeBars(Operator):
    """Emits a bar at the trade where the running volume reaches the threshold.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to sum.
    Output:
        Bar rows, each symbol on its own.
    Args:
        volume_per_bar: volume that closes a bar [base currency]; > 0.
        remainder: what becomes of the excess: reset drops it from the running sum, carry starts the next bar's running sum with it, split divides the trade over as many bars as it fills; reset, carry, split.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.1.3.
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("continuity",)
    output: ClassVar[str] = "Bar"
    volume_per_bar: float
    remainder: Literal["reset", "carry", "split"]
    partial: bool

    def __init__(
        self,
        *,
        volume_per_bar: float = 100000.0,
        remainder: Literal["reset", "carry", "split"] = "reset",
        partial: bool = False,
    ) -> None:
        super().__init__(volume_per_bar=volume_per_bar, remainder=remainder, partial=partial)


class DollarBars(Operator):
    """Emits a bar at the trade where the running dollar value reaches the threshold.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to sum.
    Output:
        Bar rows, each symbol on its own.
    Args:
        dollar_value_per_bar: dollar value that closes a bar [quote currency]; > 0.
        remainder: what becomes of the excess: reset drops it from the running sum, carry starts the next bar's running sum with it, split divides the trade over as many bars as it fills; reset, carry, split.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.1.4.
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("continuity",)
    output: ClassVar[str] = "Bar"
    dollar_value_per_bar: float
    remainder: Literal["reset", "carry", "split"]
    partial: bool

    def __init__(
        self,
        *,
        dollar_value_per_bar: float = 5000000.0,
        remainder: Literal["reset", "carry", "split"] = "reset",
        partial: bool = False,
    ) -> None:
        super().__init__(dollar_value_per_bar=dollar_value_per_bar, remainder=remainder, partial=partial)


class TimeBars(Operator):
    """Emits a bar when its window of time, aligned to the epoch, is over.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to gather; one older than its window's bar goes into the open bar, flagged late.
        clock: Clock rows (optional); the time, so that a bar closes on a silent market.
    Output:
        Bar rows, each symbol on its own.
    Args:
        interval_ns: length of a window [ns]; >= 1 and <= 1e+18.
        lateness_ns: the clock closes a window this long after its end [ns]; >= 0 and <= 9e+15.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.1.1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("continuity", "clock")
    output: ClassVar[str] = "Bar"
    interval_ns: int
    lateness_ns: int
    partial: bool

    def __init__(self, *, interval_ns: int = 60000000000, lateness_ns: int = 0, partial: bool = True) -> None:
        super().__init__(interval_ns=interval_ns, lateness_ns=lateness_ns, partial=partial)


class ImbalanceBars(Operator):
    """Emits a bar at the trade where the imbalance of signed flow reaches what is expected.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to weigh; one without a side takes that of the change of price, or of the trade before.
    Output:
        Bar rows, each symbol on its own.
    Args:
        measure: what a trade counts: 1, its size or its dollar value; tick, volume, dollar.
        expectation: ewma: the threshold adapts to bars and trades before; fixed: it is `threshold`; ewma, fixed.
        threshold: fixed imbalance that closes a bar [trades, base or quote currency]; > 0.
        expected_ticks: length of the first bar, and what later ones are drawn back to [trades]; >= 1 and <= 9e+15.
        min_ticks: an adaptive bar is no shorter [trades]; >= 1 and <= 9e+15.
        max_ticks: an adaptive bar is no longer [trades]; >= 1 and <= 9e+15.
        bar_span: span of the average length of bars [bars]; >= 1.
        tick_span: span of the average flow of trades [trades]; >= 1.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.2.1 and 2.3.2.2.
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("continuity",)
    output: ClassVar[str] = "Bar"
    measure: Literal["tick", "volume", "dollar"]
    expectation: Literal["ewma", "fixed"]
    threshold: float
    expected_ticks: int
    min_ticks: int
    max_ticks: int
    bar_span: float
    tick_span: float
    partial: bool

    def __init__(
        self,
        *,
        measure: Literal["tick", "volume", "dollar"] = "tick",
        expectation: Literal["ewma", "fixed"] = "ewma",
        threshold: float = 100.0,
        expected_ticks: int = 100,
        min_ticks: int = 10,
        max_ticks: int = 10000,
        bar_span: float = 20.0,
        tick_span: float = 1000.0,
        partial: bool = False,
    ) -> None:
        super().__init__(
            measure=measure,
            expectation=expectation,
            threshold=threshold,
            expected_ticks=expected_ticks,
            min_ticks=min_ticks,
            max_ticks=max_ticks,
            bar_span=bar_span,
            tick_span=tick_span,
            partial=partial,
        )


class RunsBars(Operator):
    """Emits a bar at the trade where the larger of buy and sell flow reaches what is expected.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to weigh; one without a side takes that of the change of price, or of the trade before.
    Output:
        Bar rows, each symbol on its own.
    Args:
        measure: what a trade counts: 1, its size or its dollar value; tick, volume, dollar.
        expectation: ewma: the threshold adapts to bars and trades before; fixed: it is `threshold`; ewma, fixed.
        threshold: fixed flow of one side that closes a bar [trades, base or quote currency]; > 0.
        expected_ticks: length of the first bar, and what later ones are drawn back to [trades]; >= 1 and <= 9e+15.
        min_ticks: an adaptive bar is no shorter [trades]; >= 1 and <= 9e+15.
        max_ticks: an adaptive bar is no longer [trades]; >= 1 and <= 9e+15.
        bar_span: span of the average length of bars [bars]; >= 1.
        tick_span: span of the average flow of trades [trades]; >= 1.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.2.3 and 2.3.2.4.
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("continuity",)
    output: ClassVar[str] = "Bar"
    measure: Literal["tick", "volume", "dollar"]
    expectation: Literal["ewma", "fixed"]
    threshold: float
    expected_ticks: int
    min_ticks: int
    max_ticks: int
    bar_span: float
    tick_span: float
    partial: bool

    def __init__(
        self,
        *,
        measure: Literal["tick", "volume", "dollar"] = "tick",
        expectation: Literal["ewma", "fixed"] = "ewma",
        threshold: float = 100.0,
        expected_ticks: int = 100,
        min_ticks: int = 10,
        max_ticks: int = 10000,
        bar_span: float = 20.0,
        tick_span: float = 1000.0,
        partial: bool = False,
    ) -> None:
        super().__init__(
            measure=measure,
            expectation=expectation,
            threshold=threshold,
            expected_ticks=expected_ticks,
            min_ticks=min_ticks,
            max_ticks=max_ticks,
            bar_span=bar_span,
            tick_span=tick_span,
            partial=partial,
        )


class RangeBars(Operator):
    """Emits a bar at the trade that takes high - low to the range.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to gather.
    Output:
        Bar rows, each symbol on its own.
    Args:
        range: range that closes a bar [share of the open, or quote currency]; > 0.
        unit: fraction: the range is a share of the bar's open; price: it is in quote currency; fraction, price.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        V. Nicolellis (1995).
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("continuity",)
    output: ClassVar[str] = "Bar"
    range: float
    unit: Literal["fraction", "price"]
    partial: bool

    def __init__(
        self, *, range: float = 0.001, unit: Literal["fraction", "price"] = "fraction", partial: bool = False
    ) -> None:
        super().__init__(range=range, unit=unit, partial=partial)


class ResampledBars(Operator):
    """Emits a coarser bar at the OHLCV row where the running count, volume or dollar value reaches the threshold.

    Inputs:
        rows: Ohlcv rows; bars to gather: a vendor's rows, or finer bars.
    Output:
        Ohlcv rows, each symbol on its own.
    Args:
        measure: what is counted: tick (rows), volume, or dollar (close times volume); tick, volume, dollar.
        per_bar: amount that closes a bar [rows, base or quote currency]; > 0.
        remainder: what becomes of the excess: reset drops it from the running sum, carry starts the next bar's running sum with it, split divides the trade over as many bars as it fills; reset, carry, split.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.1.2 to 2.3.1.4.
    """

    inputs: ClassVar[tuple[str, ...]] = ("rows",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Ohlcv"
    measure: Literal["tick", "volume", "dollar"]
    per_bar: float
    remainder: Literal["reset", "carry", "split"]
    partial: bool

    def __init__(
        self,
        *,
        measure: Literal["tick", "volume", "dollar"] = "tick",
        per_bar: float = 50.0,
        remainder: Literal["reset", "carry", "split"] = "reset",
        partial: bool = False,
    ) -> None:
        super().__init__(measure=measure, per_bar=per_bar, remainder=remainder, partial=partial)


class ResampledTimeBars(Operator):
    """Emits a coarser bar of OHLCV rows when its window of time, aligned to the epoch, is over.

    Inputs:
        rows: Ohlcv rows; bars to gather: a vendor's rows, or finer bars; one older than its window's bar goes into the open bar.
    Output:
        Ohlcv rows, each symbol on its own.
    Args:
        interval_ns: length of a window [ns]; >= 1 and <= 1e+18.
        partial: emit the unfinished bar when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.3.1.1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("rows",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Ohlcv"
    interval_ns: int
    partial: bool

    def __init__(self, *, interval_ns: int = 86400000000000, partial: bool = True) -> None:
        super().__init__(interval_ns=interval_ns, partial=partial)


class CusumFilter(Operator):
    """Emits an event when the log price has drifted by more than the threshold.

    Inputs:
        thresholds: Value rows (optional); log return; the last one, times `multiple`, is the threshold from the price of its own row on. Drift counts once there is one; one that is not above 0 is refused and counted.
        prices: Price rows; prices to watch: trades or bars.
    Output:
        Event rows, each symbol on its own.
    Args:
        threshold: drift that makes an event, strict; where no thresholds are wired [log return]; > 0.
        multiple: what the thresholds are multiplied by; > 0.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.5.2.1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("thresholds",)
    output: ClassVar[str] = "Event"
    threshold: float
    multiple: float

    def __init__(self, *, threshold: float = 0.01, multiple: float = 1.0) -> None:
        super().__init__(threshold=threshold, multiple=multiple)


class ZScoreFilter(Operator):
    """Emits an event at a value that many rolling deviations from its rolling mean.

    Inputs:
        values: Value rows; what to watch: prices of trades or bars, or a spread, which may be negative.
    Output:
        Event rows, each symbol on its own.
    Args:
        mean_window: rows in the mean [rows]; >= 1 and <= 1e+07.
        std_window: rows in the standard deviation [rows]; >= 2 and <= 1e+07.
        threshold: distance that makes an event [standard deviations]; > 0.
        side: upper: above the mean, an event of side +1; lower: below it, side -1; both; upper, lower, both.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        z = (p - mean) / std; at most (w - 1) / sqrt(w) in a window of w (Shiffler 1988).
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Event"
    mean_window: int
    std_window: int
    threshold: float
    side: Literal["upper", "lower", "both"]

    def __init__(
        self,
        *,
        mean_window: int = 100,
        std_window: int = 100,
        threshold: float = 2.0,
        side: Literal["upper", "lower", "both"] = "upper",
    ) -> None:
        super().__init__(mean_window=mean_window, std_window=std_window, threshold=threshold, side=side)


class PriceReturns(Operator):
    """Emits, at each price, its return over a number of rows or a time.

    Inputs:
        prices: Price rows; prices to measure: trades or bars.
    Output:
        Value rows, each symbol on its own.
    Args:
        kind: simple: p / p0 - 1; log: ln(p / p0); simple, log.
        rows: p0 is the price this many rows before [rows]; >= 1 and <= 1048576.
        time_ns: p0 is the last price at least this old instead; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        p / p0 - 1, or ln(p / p0).
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    kind: Literal["simple", "log"]
    rows: int
    time_ns: int

    def __init__(self, *, kind: Literal["simple", "log"] = "simple", rows: int = 1, time_ns: int = 0) -> None:
        super().__init__(kind=kind, rows=rows, time_ns=time_ns)


class RollingMean(Operator):
    """Emits, at each value, the mean of the window that ends with it.

    Inputs:
        values: Value rows; numbers to gather.
    Output:
        Value rows, each symbol on its own.
    Args:
        window: rows in the window; nothing comes out before it is full [rows]; >= 1 and <= 1e+07.
        window_ns: a window of this time instead, (now - window_ns, now]; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        the arithmetic mean.
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    window: int
    window_ns: int

    def __init__(self, *, window: int = 100, window_ns: int = 0) -> None:
        super().__init__(window=window, window_ns=window_ns)


class RollingStd(Operator):
    """Emits, at each value, the sample standard deviation of the window that ends with it.

    Inputs:
        values: Value rows; numbers to gather.
    Output:
        Value rows, each symbol on its own.
    Args:
        window: rows in the window; nothing comes out before it is full [rows]; >= 2 and <= 1e+07.
        window_ns: a window of this time instead, (now - window_ns, now]; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        ddof 1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    window: int
    window_ns: int

    def __init__(self, *, window: int = 100, window_ns: int = 0) -> None:
        super().__init__(window=window, window_ns=window_ns)


class RollingMin(Operator):
    """Emits, at each value, the smallest value of the window that ends with it.

    Inputs:
        values: Value rows; numbers to gather.
    Output:
        Value rows, each symbol on its own.
    Args:
        window: rows in the window; nothing comes out before it is full [rows]; >= 1 and <= 1e+07.
        window_ns: a window of this time instead, (now - window_ns, now]; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        the minimum.
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    window: int
    window_ns: int

    def __init__(self, *, window: int = 100, window_ns: int = 0) -> None:
        super().__init__(window=window, window_ns=window_ns)


class RollingMax(Operator):
    """Emits, at each value, the largest value of the window that ends with it.

    Inputs:
        values: Value rows; numbers to gather.
    Output:
        Value rows, each symbol on its own.
    Args:
        window: rows in the window; nothing comes out before it is full [rows]; >= 1 and <= 1e+07.
        window_ns: a window of this time instead, (now - window_ns, now]; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        the maximum.
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    window: int
    window_ns: int

    def __init__(self, *, window: int = 100, window_ns: int = 0) -> None:
        super().__init__(window=window, window_ns=window_ns)


class RollingQuantile(Operator):
    """Emits, at each value, a quantile of the window that ends with it.

    Inputs:
        values: Value rows; numbers to gather.
    Output:
        Value rows, each symbol on its own.
    Args:
        quantile: share of values below it; 0.5: the median [share]; >= 0 and <= 1.
        window: rows in the window; nothing comes out before it is full [rows]; >= 1 and <= 1e+07.
        window_ns: a window of this time instead, (now - window_ns, now]; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        Hyndman and Fan (1996), type 7: numpy's default.
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    quantile: float
    window: int
    window_ns: int

    def __init__(self, *, quantile: float = 0.5, window: int = 100, window_ns: int = 0) -> None:
        super().__init__(quantile=quantile, window=window, window_ns=window_ns)


class RollingCovariance(Operator):
    """Emits, at each y, the sample covariance of the window of pairs that ends with it.

    Inputs:
        x: Value rows; first series; its last value is the pair's.
        y: Value rows; second series; each value makes a pair.
    Output:
        Value rows, each symbol on its own.
    Args:
        window: rows in the window; nothing comes out before it is full [rows]; >= 2 and <= 1e+07.
        window_ns: a window of this time instead, (now - window_ns, now]; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        ddof 1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x", "y")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    window: int
    window_ns: int

    def __init__(self, *, window: int = 100, window_ns: int = 0) -> None:
        super().__init__(window=window, window_ns=window_ns)


class RollingCorrelation(Operator):
    """Emits, at each y, the correlation of the window of pairs that ends with it; nothing while x or y is constant.

    Inputs:
        x: Value rows; first series; its last value is the pair's.
        y: Value rows; second series; each value makes a pair.
    Output:
        Value rows, each symbol on its own.
    Args:
        window: rows in the window; nothing comes out before it is full [rows]; >= 2 and <= 1e+07.
        window_ns: a window of this time instead, (now - window_ns, now]; 0: by rows [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        Pearson (1895).
    """

    inputs: ClassVar[tuple[str, ...]] = ("x", "y")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    window: int
    window_ns: int

    def __init__(self, *, window: int = 100, window_ns: int = 0) -> None:
        super().__init__(window=window, window_ns=window_ns)


class EwmaMean(Operator):
    """Emits, at each value, the exponentially weighted mean of all so far.

    Inputs:
        values: Value rows; numbers to average.
    Output:
        Value rows, each symbol on its own.
    Args:
        span: span of the weights: alpha = 2 / (span + 1) [rows]; >= 1.
        half_life_ns: a weight halves in this time instead; 0: by rows [ns]; >= 0 and <= 9e+15.
        min_periods: values needed before the first row [rows]; >= 1 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        pandas: ewm(span=span).mean(), ewm(halflife=half_life, times=ts).mean().
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    span: float
    half_life_ns: int
    min_periods: int

    def __init__(self, *, span: float = 100.0, half_life_ns: int = 0, min_periods: int = 1) -> None:
        super().__init__(span=span, half_life_ns=half_life_ns, min_periods=min_periods)


class EwmaStd(Operator):
    """Emits, at each value, the exponentially weighted standard deviation of all so far.

    Inputs:
        values: Value rows; numbers to average.
    Output:
        Value rows, each symbol on its own.
    Args:
        span: span of the weights: alpha = 2 / (span + 1) [rows]; >= 1.
        half_life_ns: a weight halves in this time instead; 0: by rows [ns]; >= 0 and <= 9e+15.
        min_periods: values needed before the first row [rows]; >= 2 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        pandas: ewm(span=span).std().
    """

    inputs: ClassVar[tuple[str, ...]] = ("values",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"
    span: float
    half_life_ns: int
    min_periods: int

    def __init__(self, *, span: float = 100.0, half_life_ns: int = 0, min_periods: int = 2) -> None:
        super().__init__(span=span, half_life_ns=half_life_ns, min_periods=min_periods)


class EwmaVolatility(Operator):
    """Exponentially weighted standard deviation of simple returns, bias-corrected; one per price.

    Inputs:
        prices: Price rows; prices whose returns are measured.
    Output:
        Volatility rows, each symbol on its own.
    Args:
        span: span of the weights: alpha = 2 / (span + 1) [rows]; >= 1.
        min_periods: returns needed before the first value [returns]; >= 2 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML snippet 3.1 (returns.ewm(span=span).std()).
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Volatility"
    span: float
    min_periods: int

    def __init__(self, *, span: float = 100.0, min_periods: int = 2) -> None:
        super().__init__(span=span, min_periods=min_periods)


class AsOf(Operator):
    """Emits every trade beside the last quote before it.

    Inputs:
        quotes: Quote rows; best bid and ask.
        trades: Trade rows; trades to join; one before the first quote, or after too old a one, is refused and counted.
    Output:
        QuotedTrade rows, each symbol on its own.
    Args:
        max_age_ns: a quote older than this does not stand any more; 0: it always does [ns]; >= 0 and <= 9e+15.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        as-of join.
    """

    inputs: ClassVar[tuple[str, ...]] = ("quotes", "trades")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "QuotedTrade"
    max_age_ns: int

    def __init__(self, *, max_age_ns: int = 0) -> None:
        super().__init__(max_age_ns=max_age_ns)


class LeeReady(Operator):
    """Emits each trade with the side that its quote and the last change of price tell.

    Inputs:
        trades: QuotedTrade rows; trades beside their quotes, as AsOf emits them.
    Output:
        Trade rows, each symbol on its own.
    Args:
        keep_known: keep a side that the venue tells, infer only unknown ones.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        Lee and Ready (1991).
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Trade"
    keep_known: bool

    def __init__(self, *, keep_known: bool = False) -> None:
        super().__init__(keep_known=keep_known)


class QuotedSpread(Operator):
    """Emits ask - bid at each quote.

    Inputs:
        quotes: Quote rows; best bid and ask.
    Output:
        Spread rows, each symbol on its own.
    Source:
        Huang and Stoll (1996), equation 1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("quotes",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Spread"

    def __init__(self) -> None:
        super().__init__()


class EffectiveSpread(Operator):
    """Emits, at each trade, twice its distance from the midpoint, in the direction of its side.

    Inputs:
        trades: QuotedTrade rows; trades beside their quotes, as AsOf emits them.
    Output:
        Spread rows, each symbol on its own.
    Source:
        Huang and Stoll (1996), equation 2.
    """

    inputs: ClassVar[tuple[str, ...]] = ("trades",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Spread"

    def __init__(self) -> None:
        super().__init__()


class TripleBarrier(Operator):
    """Emits an event's outcome at the price that touches a barrier of it, in event order.

    Inputs:
        prices: Price rows; prices of the path: trades or bars.
        volatility: Volatility rows (optional); target of each event: the last value seen; events before the first value have no target and are refused.
        deadlines: Deadline rows (optional); vertical barrier of the events of the very same time: met at the first price after the event at or after it; one before its event is refused and counted.
        events: Event rows; events to label.
    Output:
        Label rows, each symbol on its own.
    Args:
        pt: upper barrier, touched when r > pt * target; 0: none [targets]; >= 0.
        sl: lower barrier, touched when r < -sl * target; 0: none [targets]; >= 0.
        target: target where no volatility input is wired [return]; > 0.
        min_ret: events count if their target exceeds this [return]; >= 0.
        max_bars: vertical barrier; 0: none [rows of prices]; >= 0 and <= 9e+15.
        max_time_ns: vertical barrier; 0: none [ns]; >= 0 and <= 9e+15.
        max_open: open labels kept; a further event is refused and counted [labels per symbol]; >= 1 and <= 1e+07.
        use_side: multiply path returns by the event's side.
        meta_label: label whether the bet earned: 1 if its return is above 0, else 0 (AFML 3.6).
        match_times: an event counts only at the time of a price, and with a target of that very time; else the last price and target count.
        vertical_label: label where no price barrier was touched: the sign of the return, or zero; sign, zero.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 3.2 to 3.5.
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices", "events")
    optional_inputs: ClassVar[tuple[str, ...]] = ("volatility", "deadlines")
    output: ClassVar[str] = "Label"
    pt: float
    sl: float
    target: float
    min_ret: float
    max_bars: int
    max_time_ns: int
    max_open: int
    use_side: bool
    meta_label: bool
    match_times: bool
    vertical_label: Literal["sign", "zero"]

    def __init__(
        self,
        *,
        pt: float = 1.0,
        sl: float = 1.0,
        target: float = 0.01,
        min_ret: float = 0.0,
        max_bars: int = 0,
        max_time_ns: int = 0,
        max_open: int = 100000,
        use_side: bool = False,
        meta_label: bool = False,
        match_times: bool = False,
        vertical_label: Literal["sign", "zero"] = "sign",
    ) -> None:
        super().__init__(
            pt=pt,
            sl=sl,
            target=target,
            min_ret=min_ret,
            max_bars=max_bars,
            max_time_ns=max_time_ns,
            max_open=max_open,
            use_side=use_side,
            meta_label=meta_label,
            match_times=match_times,
            vertical_label=vertical_label,
        )


class SampleWeights(Operator):
    """Emits, when the stream ends, what each label should count for when a model is fitted.

    Inputs:
        labels: Label rows; closed labels with their uniqueness and attribution, as TripleBarrier emits them.
    Output:
        SampleWeight rows, each symbol on its own.
    Args:
        source: attribution: size of the sum of log return / open labels; uniqueness: mean of 1 / open labels; attribution, uniqueness.
        oldest: factor that the oldest label approaches, linear in cumulative uniqueness; below 0 that share of the oldest count nothing [share]; > -1 and <= 1.
        max_labels: labels kept; a further one is refused and counted [labels]; >= 1 and <= 1e+09.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML snippets 4.10 and 4.11.
    """

    inputs: ClassVar[tuple[str, ...]] = ("labels",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "SampleWeight"
    source: Literal["attribution", "uniqueness"]
    oldest: float
    max_labels: int

    def __init__(
        self,
        *,
        source: Literal["attribution", "uniqueness"] = "attribution",
        oldest: float = 1.0,
        max_labels: int = 10000000,
    ) -> None:
        super().__init__(source=source, oldest=oldest, max_labels=max_labels)


class WinRate(Operator):
    """Emits (1 + wins) / (2 + closed) at each event, over the labels of its side that have closed by then.

    Inputs:
        labels: Label rows; closed labels that carry a side; others are refused and counted.
        events: Event rows; events to bet on; one without a side is refused and counted.
    Output:
        Prediction rows, each symbol on its own.
    Source:
        Laplace's rule of succession; a win is a label of +1 (AFML 3.6).
    """

    inputs: ClassVar[tuple[str, ...]] = ("labels", "events")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Prediction"

    def __init__(self) -> None:
        super().__init__()


class BetSizer(Operator):
    """Emits, at each event, the size of a bet on the last prediction known by then.

    Inputs:
        predictions: Prediction rows; probabilities of winning.
        events: Event rows; events to bet on; those before the first prediction are refused and counted.
    Output:
        Signal rows, each symbol on its own.
    Args:
        num_classes: outcomes the model chooses from [classes]; >= 2 and <= 1e+06.
        step_size: sizes are rounded to multiples of this; 0: not rounded [size]; >= 0 and <= 1.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 10.3, snippets 10.1 and 10.3.
    """

    inputs: ClassVar[tuple[str, ...]] = ("predictions", "events")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Signal"
    num_classes: int
    step_size: float

    def __init__(self, *, num_classes: int = 2, step_size: float = 0.1) -> None:
        super().__init__(num_classes=num_classes, step_size=step_size)


class ActiveSignals(Operator):
    """Emits, whenever a bet begins or its label closes, the mean size of those under way.

    Inputs:
        labels: Label rows; labels that close: each ends the bet that began at its event.
        signals: Signal rows; bets that begin.
    Output:
        Signal rows, each symbol on its own.
    Args:
        step_size: the mean is rounded to multiples of this; 0: not rounded [size]; >= 0 and <= 1.
        max_age_ns: a bet ends after this time at the latest, such as one whose event was refused a label; 0: never [ns]; >= 0 and <= 9e+15.
        max_active: bets under way; a further one is refused and counted [bets per symbol]; >= 1 and <= 1e+07.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 10.2, snippet 10.2.
    """

    inputs: ClassVar[tuple[str, ...]] = ("labels", "signals")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Signal"
    step_size: float
    max_age_ns: int
    max_active: int

    def __init__(self, *, step_size: float = 0.0, max_age_ns: int = 0, max_active: int = 100000) -> None:
        super().__init__(step_size=step_size, max_age_ns=max_age_ns, max_active=max_active)


class DiscreteSignals(Operator):
    """Emits each bet with its size rounded to a multiple of a step.

    Inputs:
        signals: Signal rows; bets to round.
    Output:
        Signal rows, each symbol on its own.
    Args:
        step_size: step; ties go to the even multiple [size]; > 0 and <= 1.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 10.3, snippet 10.3.
    """

    inputs: ClassVar[tuple[str, ...]] = ("signals",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Signal"
    step_size: float

    def __init__(self, *, step_size: float = 0.1) -> None:
        super().__init__(step_size=step_size)


class Positions(Operator):
    """Emits, at each price, the position held from it on.

    Inputs:
        signals: Signal rows; positions to hold from here on; one at a price counts from that price on.
        prices: Price rows; prices at which the position is told: trades or bars.
    Output:
        Value rows, each symbol on its own.
    Source:
        the last signal's size, carried forward.
    """

    inputs: ClassVar[tuple[str, ...]] = ("signals", "prices")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Value"

    def __init__(self) -> None:
        super().__init__()


class StrategyReturns(Operator):
    """Emits, at each price after the first, what the position held since the price before earned.

    Inputs:
        prices: Price rows; prices to be held over: trades or bars.
        signals: Signal rows; positions to hold from here on.
    Output:
        Return rows, each symbol on its own.
    Source:
        position[i-1] * (p[i] / p[i-1] - 1); a signal sets the position from its own price on.
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices", "signals")
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Return"

    def __init__(self) -> None:
        super().__init__()


class NetReturns(Operator):
    """Emits each return less what the change into its position cost; the last one pays the exit too.

    Inputs:
        returns: Return rows; what positions earned, before costs.
    Output:
        NetReturn rows, each symbol on its own.
    Args:
        cost_rate: what a change of position by 1 costs [return per unit of turnover]; >= 0 and <= 1e+100.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        strategy_return - cost_rate |position - position before|.
    """

    inputs: ClassVar[tuple[str, ...]] = ("returns",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "NetReturn"
    cost_rate: float

    def __init__(self, *, cost_rate: float = 0.0) -> None:
        super().__init__(cost_rate=cost_rate)


class EquityCurve(Operator):
    """Emits, at each return, the equity that it leads to, its drawdown and its longest time under water.

    Inputs:
        prices: Price rows (optional); the first of them dates the start; without, the first return does.
        returns: Value rows; simple returns, such as a strategy's.
    Output:
        Equity rows, each symbol on its own.
    Args:
        compounded: compound the returns; else add them up.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        drawdown 1 - E / max E (Chekhlov et al. 2005); time under water (AFML 14.5.3).
    """

    inputs: ClassVar[tuple[str, ...]] = ("returns",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("prices",)
    output: ClassVar[str] = "Equity"
    compounded: bool

    def __init__(self, *, compounded: bool = True) -> None:
        super().__init__(compounded=compounded)


class ReturnDiagnostics(Operator):
    """Emits, when the stream ends, deviation, autocorrelations and Jarque-Bera statistic of all returns.

    Inputs:
        prices: Price rows; prices of all symbols, such as bars.
    Output:
        Diagnostics rows.
    Source:
        AFML 2.3 exercises; Jarque and Bera (1987); moments: Pebay (2008).
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Diagnostics"

    def __init__(self) -> None:
        super().__init__()


class RiskMonitor(Operator):
    """Emits tail risk, drawdowns, volatility and Sharpe ratio of the last returns.

    Inputs:
        returns: Value rows; simple returns, such as a strategy's.
    Output:
        Risk rows, each symbol on its own.
    Args:
        window: returns in the window; nothing comes out before it is full [returns]; >= 2 and <= 1e+06.
        every: returns from one row to the next [returns]; >= 1 and <= 9e+15.
        confidence_level: of the lower tail; 0.05: the worst 5 % [probability]; >= 0 and <= 1.
        risk_free_rate: return that the Sharpe ratio is measured from [per year]; >= -1 and <= 10.
        periods_per_year: returns in a year [returns]; > 0 and < 1e+15.
        compounded: drawdowns of the compounded equity; else of the sum of returns.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        Rockafellar and Uryasev (2002); Chekhlov, Uryasev and Zabarankin (2005).
    """

    inputs: ClassVar[tuple[str, ...]] = ("returns",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Risk"
    window: int
    every: int
    confidence_level: float
    risk_free_rate: float
    periods_per_year: float
    compounded: bool

    def __init__(
        self,
        *,
        window: int = 250,
        every: int = 1,
        confidence_level: float = 0.05,
        risk_free_rate: float = 0.0,
        periods_per_year: float = 252.0,
        compounded: bool = True,
    ) -> None:
        super().__init__(
            window=window,
            every=every,
            confidence_level=confidence_level,
            risk_free_rate=risk_free_rate,
            periods_per_year=periods_per_year,
            compounded=compounded,
        )


class RiskSummary(Operator):
    """Emits, when the stream ends, tail risk, drawdowns, volatility and Sharpe ratio of all returns.

    Inputs:
        returns: Value rows; simple returns, such as a strategy's.
    Output:
        Risk rows, each symbol on its own.
    Args:
        confidence_level: of the lower tail; 0.05: the worst 5 % [probability]; >= 0 and <= 1.
        risk_free_rate: return that the Sharpe ratio is measured from [per year]; >= -1 and <= 10.
        periods_per_year: returns in a year [returns]; > 0 and < 1e+15.
        compounded: drawdowns of the compounded equity; else of the sum of returns.
        tail_only: value at risk and expected shortfall alone, which cost least; the other figures are 0.
        max_returns: returns kept; a further one is refused and counted [returns]; >= 1 and <= 1e+09.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        Rockafellar and Uryasev (2002); Chekhlov, Uryasev and Zabarankin (2005).
    """

    inputs: ClassVar[tuple[str, ...]] = ("returns",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Risk"
    confidence_level: float
    risk_free_rate: float
    periods_per_year: float
    compounded: bool
    tail_only: bool
    max_returns: int

    def __init__(
        self,
        *,
        confidence_level: float = 0.05,
        risk_free_rate: float = 0.0,
        periods_per_year: float = 252.0,
        compounded: bool = True,
        tail_only: bool = False,
        max_returns: int = 100000000,
    ) -> None:
        super().__init__(
            confidence_level=confidence_level,
            risk_free_rate=risk_free_rate,
            periods_per_year=periods_per_year,
            compounded=compounded,
            tail_only=tail_only,
            max_returns=max_returns,
        )


class Align(Operator):
    """Emits, when an interval is over, the last price of each listed symbol.

    Inputs:
        prices: Price rows; prices of all symbols: trades or bars; those of symbols not listed are left out.
        clock: Clock rows (optional); the time, so that an interval ends on a silent market.
    Output:
        AlignedPrice rows.
    Args:
        symbols: the symbols, in the order in which their rows follow each other [symbols].
        interval_ns: length of an interval [ns]; >= 1 and <= 9e+15.
        lateness_ns: the clock ends an interval this long after its end [ns]; >= 0 and <= 9e+15.
        partial: emit the unfinished interval when the stream ends.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        last price by time (previous-tick, Dacorogna et al. 2001, 3.2.1).
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("clock",)
    output: ClassVar[str] = "AlignedPrice"
    symbols: Sequence[str]
    interval_ns: int
    lateness_ns: int
    partial: bool

    def __init__(
        self, *, symbols: Sequence[str], interval_ns: int = 60000000000, lateness_ns: int = 0, partial: bool = False
    ) -> None:
        super().__init__(symbols=symbols, interval_ns=interval_ns, lateness_ns=lateness_ns, partial=partial)


class RollingAllocator(Operator):
    """Emits a weight per symbol when the window of aligned prices is full, and again every so many rows.

    Inputs:
        prices: AlignedPrice rows; rows of all symbols, as Align emits them; an incomplete row is refused and counted, and so is a window that no portfolio answers: infeasible bounds, or constant prices.
    Output:
        Weight rows.
    Args:
        method: inverse_variance, min_vol (least variance) or max_sharpe; inverse_variance, min_vol, max_sharpe.
        window: rows whose returns are measured [rows of prices]; >= 3 and <= 1e+07.
        every: rows from one rebalance to the next [rows of prices]; >= 1 and <= 9e+15.
        lower: least weight of an asset [share]; >= -10 and <= 1.
        upper: largest weight of an asset [share]; >= 0 and <= 10.
        returns: simple or log returns; simple, log.
        risk_free_rate: return that excess is measured from [per year]; >= -1 and <= 10.
        periods_per_year: rows in a year: scales risk, return and Sharpe ratio [rows]; > 0.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        Markowitz (1952); max Sharpe: Sharpe (1966).
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Weight"
    method: Literal["inverse_variance", "min_vol", "max_sharpe"]
    window: int
    every: int
    lower: float
    upper: float
    returns: Literal["simple", "log"]
    risk_free_rate: float
    periods_per_year: float

    def __init__(
        self,
        *,
        method: Literal["inverse_variance", "min_vol", "max_sharpe"] = "max_sharpe",
        window: int = 60,
        every: int = 1,
        lower: float = 0.0,
        upper: float = 1.0,
        returns: Literal["simple", "log"] = "simple",
        risk_free_rate: float = 0.0,
        periods_per_year: float = 252.0,
    ) -> None:
        super().__init__(
            method=method,
            window=window,
            every=every,
            lower=lower,
            upper=upper,
            returns=returns,
            risk_free_rate=risk_free_rate,
            periods_per_year=periods_per_year,
        )
