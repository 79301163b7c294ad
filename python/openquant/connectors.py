"""Where live trades come from: one venue's markets over one connection, or a feed of one's own.

    graph.live(openquant.connectors.binance("btcusdt", "ethusdt"))

A connector says which markets to follow; `Graph.live` connects. Every venue's page in docs/venues says how markets are named,
what trade ids tell, and which rules of the venue are kept. Trades carry the aggressor's side, whatever side the venue reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from openquant import _core

IdKind = Literal["unknown", "opaque", "monotonic", "dense"]


@dataclass(frozen=True)
class Connector:
    """Markets of a venue to follow over one connection.

    Args:
        venue: Such as ``binance``; ``connectors.VENUES`` lists them. ``ndjson`` is a feed of one's own.
        markets: (symbol, channel) pairs; an empty channel is the venue's own for trades.
        url: Where to connect instead of the venue's address, such as a simulator's.
        ids: Of an ndjson feed, what its trade ids tell; venues know.

    Raises:
        ValueError: the venue, a channel or a symbol is unknown or of the wrong form.
    """

    venue: str
    markets: tuple[tuple[str, str], ...] = ()
    url: str = ""
    ids: IdKind = "unknown"

    def __post_init__(self) -> None:
        for symbol, _ in self.markets:
            if not isinstance(symbol, str):
                raise TypeError(
                    f"{self.venue}: {symbol!r} is not a symbol: give each as a text of its own, such as binance('btcusdt', 'ethusdt')"
                )
        _core.Feeder("trades", self.venue, list(self.markets), self.url, "", self.ids)  # refuses what it cannot be

    @property
    def symbols(self) -> list[str]:
        """The symbols of its trades, as the venue writes them; none for a feed that announces none."""
        return _core.Feeder("trades", self.venue, list(self.markets), self.url, "", self.ids).symbols

    @property
    def kind_of_ids(self) -> IdKind:
        """What its trade ids tell."""
        kind: IdKind = _core.Feeder("trades", self.venue, list(self.markets), self.url, "", self.ids).ids  # type: ignore[assignment]
        return kind

    def at(self, url: str) -> Connector:
        """The same markets at another address."""
        return Connector(self.venue, self.markets, url, self.ids)


VENUES: tuple[str, ...] = tuple(_core.venue_names())


def parse(text: str) -> Connector:
    """Reads ``venue:symbol[,symbol...][@channel]``, such as ``binance:btcusdt@trade``, or the URL of an ndjson feed.

    Raises:
        ValueError: it is neither, or names an unknown venue or channel.
    """
    if text.startswith(("tcp://", "unix://")):
        return ndjson(text)
    venue, colon, rest = text.partition(":")
    symbols, _, channel = rest.partition("@")
    names = [name.strip() for name in symbols.split(",")]
    if not colon or not all(names):
        raise ValueError(
            f"{text!r} is not VENUE:SYMBOL[,SYMBOL...][@CHANNEL] such as binance:btcusdt@trade, nor tcp://HOST:PORT or "
            f"unix://PATH of a feed of JSON lines; the venues are {', '.join(VENUES)}"
        )
    return Connector(venue, tuple((name, channel) for name in names))


def binance(
    *symbols: str,
    channel: Literal["trade", "aggTrade"] = "trade",
    market: Literal["spot", "usdm", "coinm"] = "spot",
    url: str = "",
) -> Connector:
    """Binance: ``binance("btcusdt")``. On its futures `aggTrade` is the documented channel."""
    if market not in ("spot", "usdm", "coinm"):
        raise ValueError(f"market = {market!r} must be one of spot, usdm, coinm")
    return _connector("binance" if market == "spot" else f"binance_{market}", symbols, channel, url)


def coinbase(*symbols: str, url: str = "") -> Connector:
    """Coinbase Exchange, its matches: ``coinbase("BTC-USD")``."""
    return _connector("coinbase", symbols, "", url)


def coinbase_advanced(*symbols: str, url: str = "") -> Connector:
    """Coinbase Advanced Trade, its market trades: ``coinbase_advanced("BTC-USD")``."""
    return _connector("coinbase_advanced", symbols, "", url)


def kraken(*symbols: str, url: str = "") -> Connector:
    """Kraken spot, version 2: ``kraken("BTC/USD")``."""
    return _connector("kraken", symbols, "", url)


def bybit(
    *symbols: str, category: Literal["spot", "linear", "inverse", "option"] = "linear", url: str = ""
) -> Connector:
    """Bybit, version 5: ``bybit("BTCUSDT")``."""
    if category not in ("spot", "linear", "inverse", "option"):
        raise ValueError(f"category = {category!r} must be one of spot, linear, inverse, option")
    return _connector(f"bybit_{category}", symbols, "", url)


def ndjson(url: str, *symbols: str, ids: IdKind = "unknown") -> Connector:
    """A feed of one's own: a JSON object per line over TCP or a Unix socket.

    Args:
        url: ``tcp://host:port`` or ``unix:///path``.
        symbols: Those to keep; all by default.
        ids: What its trade ids tell.
    """
    return Connector("ndjson", tuple((symbol, "") for symbol in symbols), url, ids)


def _connector(venue: str, symbols: tuple[str, ...], channel: str, url: str) -> Connector:
    return Connector(venue, tuple((symbol, channel) for symbol in symbols), url)
