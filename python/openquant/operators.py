"""The operators, one class each. Written by openquant.generate from the catalogue: do not edit."""

from __future__ import annotations

from typing import ClassVar, Literal

from openquant.operator import Operator

__all__ = [
    "BetSizer",
    "CusumFilter",
    "DollarBars",
    "EwmaVolatility",
    "StrategyReturns",
    "TickBars",
    "TripleBarrier",
    "WinRate",
]


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


class TickBars(Operator):
    """Emits a bar at every n-th trade.

    Inputs:
        continuity: Continuity rows (optional); breaks of the source; set the bar's gap flag.
        trades: Trade rows; trades to count.
    Output:
        Bar rows, each symbol on its own.
    Args:
        ticks_per_bar: trades that close a bar [trades]; >= 1 and <= 1e+15.
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


class CusumFilter(Operator):
    """Emits an event when the log price has drifted by more than the threshold.

    Inputs:
        prices: Price rows; prices to watch: trades or bars.
    Output:
        Event rows, each symbol on its own.
    Args:
        threshold: drift that makes an event; strict [log return]; > 0.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 2.5.2.1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = "Event"
    threshold: float

    def __init__(self, *, threshold: float = 0.01) -> None:
        super().__init__(threshold=threshold)


class EwmaVolatility(Operator):
    """Exponentially weighted standard deviation of simple returns, bias-corrected; one per price.

    Inputs:
        prices: Price rows; prices whose returns are measured.
    Output:
        Volatility rows, each symbol on its own.
    Args:
        span: span of the weights: alpha = 2 / (span + 1) [rows]; >= 1.
        min_periods: returns needed before the first value [returns]; >= 2 and <= 1e+15.
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


class TripleBarrier(Operator):
    """Emits an event's outcome at the price that touches a barrier of it, in event order.

    Inputs:
        prices: Price rows; prices of the path: trades or bars.
        volatility: Volatility rows (optional); target of each event: the last value seen; events before the first value have no target and are refused.
        events: Event rows; events to label.
    Output:
        Label rows, each symbol on its own.
    Args:
        pt: upper barrier, touched when r > pt * target; 0: none [targets]; >= 0.
        sl: lower barrier, touched when r < -sl * target; 0: none [targets]; >= 0.
        target: target where no volatility input is wired [return]; > 0.
        min_ret: events count if their target exceeds this [return]; >= 0.
        max_bars: vertical barrier; 0: none [rows of prices]; >= 0 and <= 1e+15.
        max_time_ns: vertical barrier; 0: none [ns]; >= 0 and <= 1e+15.
        max_open: open labels kept; a further event is refused and counted [labels per symbol]; >= 1 and <= 1e+07.
        use_side: multiply path returns by the event's side.
        vertical_label: label where no price barrier was touched: the sign of the return, or zero; sign, zero.
    Raises:
        ValueError: a parameter is out of its range.
        TypeError: a parameter is of another type.
    Source:
        AFML 3.2 to 3.5.
    """

    inputs: ClassVar[tuple[str, ...]] = ("prices", "events")
    optional_inputs: ClassVar[tuple[str, ...]] = ("volatility",)
    output: ClassVar[str] = "Label"
    pt: float
    sl: float
    target: float
    min_ret: float
    max_bars: int
    max_time_ns: int
    max_open: int
    use_side: bool
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
            vertical_label=vertical_label,
        )


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
