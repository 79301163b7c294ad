"""Live sessions against the simulator: the same bits as a replay, every fault told, hand-over from history, and clean ends."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from conftest import RECORDINGS

import openquant
from openquant import connectors
from openquant.connectors import Connector
from openquant.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_NS = 1_723_161_254_000_000_000


def write_capture(path: Path, trades: int = 3_000, seed: int = 5) -> Path:
    """A capture of Binance's spot trades of three symbols, with other frames between."""
    rng = np.random.default_rng(seed)
    bases = {"BTCUSDT": (61_837.0, 3_735_683_259), "ETHUSDT": (2_683.0, 1_525_000_001), "SOLUSDT": (161.0, 700_000_123)}
    prices, ids = {s: p for s, (p, _) in bases.items()}, {s: i for s, (_, i) in bases.items()}
    lines, ms = [], START_NS // 10**6
    for number in range(trades):
        symbol = str(rng.choice(list(bases), p=[0.6, 0.25, 0.15]))
        ms += int(rng.integers(0, 15))
        prices[symbol] *= 1.0 + float(rng.normal(0.0, 2e-4))
        data = {
            "e": "trade", "E": ms + 1, "s": symbol, "t": ids[symbol], "p": f"{prices[symbol]:.8f}",
            "q": f"{float(rng.exponential(0.3)) + 1e-5:.8f}", "T": ms, "m": bool(rng.integers(0, 2)), "M": True,
        }  # fmt: skip
        ids[symbol] += 1
        frame = {"stream": f"{symbol.lower()}@trade", "data": data}
        lines.append(f"{ms * 10**6 + 5_000_000} {json.dumps(frame, separators=(',', ':'))}")
        if number % 7 == 0:
            book = {
                "stream": f"{symbol.lower()}@bookTicker",
                "data": {"u": number, "s": symbol, "b": "1", "B": "1", "a": "2", "A": "1"},
            }
            lines.append(f"{ms * 10**6 + 5_100_000} {json.dumps(book, separators=(',', ':'))}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_capture(tmp_path_factory.mktemp("capture") / "market.txt")


def trades_of(path: Path) -> pl.DataFrame:
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    graph.replay({"trades": path})
    return table.frame()


NAMES: dict[str, Callable[[str], str]] = {
    "binance": lambda s: s,
    "binance_usdm": lambda s: s,
    "coinbase_advanced": lambda s: f"{s[:-4]}-USDT",
    "kraken": lambda s: f"{s[:-4]}/USDT",
    "bybit_linear": lambda s: s,
    "bybit_spot": lambda s: s,
}


class Built:
    """A graph with bars of every family, and a table of each, of the trades and of the breaks."""

    def __init__(self, *, clock: bool = False) -> None:
        self.graph = openquant.Graph()
        trades = self.graph.source("trades", openquant.Trade)
        ticks = {"clock": self.graph.source("clock", openquant.Clock)} if clock else {}
        nodes = {
            "tick": self.graph.add(openquant.TickBars(ticks_per_bar=50), trades),
            "dollar": self.graph.add(openquant.DollarBars(dollar_value_per_bar=2e5, remainder="split"), trades),
            "time": self.graph.add(openquant.TimeBars(interval_ns=500_000_000), trades, **ticks),
        }
        nodes["events"] = self.graph.add(openquant.CusumFilter(threshold=0.0003), nodes["dollar"])
        nodes["trades"] = trades
        nodes["breaks"] = trades.continuity()
        self.tables = {name: self.graph.collect(port, name=f"{name} table") for name, port in nodes.items()}

    def bits(self, *names: str, without: tuple[str, ...] = ()) -> dict[str, Any]:
        return {
            name: self.tables[name].hash() if not without else self.tables[name].frame().drop(without, strict=False)
            for name in names or self.tables
        }


def until(happened: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def settled(figures: Callable[[], Any], seconds: float = 0.5) -> None:
    """Waits until figures have not changed for so long: all that was sent has come."""
    seen, since = figures(), time.monotonic()
    deadline = since + 30.0
    while time.monotonic() - since < seconds:
        assert time.monotonic() < deadline, "it did not come to rest"
        time.sleep(0.005)
        if (now := figures()) != seen:
            seen, since = now, time.monotonic()


@contextlib.contextmanager
def market(
    path: Path, venue: str, tmp_path: Path, *, tls: bool = False, **options: Any
) -> Iterator[tuple[Simulator, dict[str, Any]]]:
    """A simulator, and what a session needs to trust it."""
    with Simulator(path, venue, tls=tls, speed=options.pop("speed", None), **options) as simulator:
        yield simulator, {"ca_file": simulator.write_ca(tmp_path / "ca.pem")} if tls else {}


def connector_for(venue: str, symbols: list[str], url: str) -> Connector:
    return Connector(venue, tuple((symbol, "") for symbol in symbols), url)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("venue", list(NAMES))
def test_a_session_gives_the_bits_of_a_replay(venue: str, tls: bool, capture: Path, tmp_path: Path) -> None:
    history = trades_of(capture)
    named = history.with_columns(
        symbol=pl.col("symbol").cast(pl.String).replace({s: NAMES[venue](s) for s in history["symbol"].unique()})
    )
    wanted = Built()
    wanted.graph.replay({"trades": named})

    live = Built(clock=True)
    symbols = sorted(named["symbol"].unique())
    with market(capture, venue, tmp_path, tls=tls) as (simulator, trust):
        session = live.graph.live(connector_for(venue, symbols, simulator.url), record=tmp_path / "journal", **trust)
        until(lambda: session.stats()["connections"][0]["trades"] >= history.height)
        session.stop()
    stats = session.stats()
    assert (stats["connections"][0]["malformed"], stats["connections"][0]["disconnects"], stats["failed"]) == (
        0,
        0,
        False,
    )
    assert live.tables["breaks"].frame().filter(pl.col("kind") != "snapshot_end").is_empty()
    opaque = ("id", "first_id", "last_id") if venue.startswith("bybit") else ()
    own = ("ts_publish", "ts_recv", "flags", *opaque)
    for name in ("tick", "dollar", "events"):
        assert (
            live.tables[name]
            .frame()
            .drop(opaque, strict=False)
            .equals(wanted.tables[name].frame().drop(opaque, strict=False))
        ), name
        if not opaque:
            assert live.tables[name].hash() == wanted.tables[name].hash()
    assert (
        live.tables["trades"]
        .frame()
        .drop(own, strict=False)
        .equals(wanted.tables["trades"].frame().drop(own, strict=False))
    )

    again = Built(clock=True)
    again.graph.replay(tmp_path / "journal")
    assert again.bits() == live.bits()


def _ids(rows: pl.DataFrame) -> set[tuple[str, int]]:
    """Every (symbol, id) that rows of first id and count speak of."""
    return {(r["symbol"], r["id"] + k) for r in rows.iter_rows(named=True) for k in range(r["count"])}


@pytest.mark.parametrize("venue", list(NAMES))
def test_every_fault_is_told_and_none_invented(venue: str, capture: Path, tmp_path: Path) -> None:
    faults = "gap:410:3,duplicate:300,reorder:370,corrupt:900,disconnect:1100:7"
    history = trades_of(capture)
    symbols = sorted(NAMES[venue](s) for s in history["symbol"].unique())
    live = Built()
    with market(capture, venue, tmp_path, faults=faults) as (simulator, _):
        with live.graph.live(connector_for(venue, symbols, simulator.url), record=tmp_path / "journal") as session:
            until(lambda: simulator.stats()["position"] >= history.height and simulator.stats()["clients"] == 1)
            settled(lambda: (simulator.stats()["trades_sent"], session.stats()["connections"][0]["frames"]))
        stats, injected = session.stats()["connections"][0], pl.DataFrame(simulator.injected())
    breaks = live.tables["breaks"].frame()
    told = {kind: breaks.filter(pl.col("kind") == kind) for kind in breaks["kind"].unique()}
    count = {kind: injected.filter(pl.col("kind") == kind).height for kind in injected["kind"].unique()}
    assert set(count) >= {"gap", "duplicate", "reorder", "corrupt", "disconnect"}
    assert stats["malformed"] == count["corrupt"]
    assert stats["disconnects"] == count["disconnect"]
    assert told["disconnect"].height == told["reconnect"].height == count["disconnect"] * len(symbols)
    assert told["duplicate"].height == count["duplicate"]
    said = ["ts", "symbol", "price", "size", "side"]
    kept = live.tables["trades"].frame().select(said).with_columns(pl.col("symbol").cast(pl.String))
    whole = history.select(said).with_columns(
        pl.col("symbol").cast(pl.String).replace({s: NAMES[venue](s) for s in history["symbol"].unique()})
    )
    assert kept.height > 0.95 * whole.height and kept.join(whole, on=said, how="anti").is_empty()
    if not venue.startswith("bybit"):  # opaque ids know no holes
        came = set(live.tables["trades"].frame().select("symbol", "id").iter_rows())
        all_of_it = history.select(pl.col("symbol").cast(pl.String), "id").iter_rows()
        gone = {(NAMES[venue](symbol), number) for symbol, number in all_of_it} - came
        lost = _ids(injected.filter(pl.col("kind").is_in(["gap", "missed"])))
        assert gone and gone <= lost
        told_missing, late = _ids(told["gap"]), _ids(told["late"].filter(pl.col("id") > 0))
        assert told_missing - late == gone
        assert late <= came  # swapped with the next trade, or given back by a snapshot
        assert told_missing <= lost | _ids(injected.filter(pl.col("kind") == "reorder"))
    again = Built()
    again.graph.replay(tmp_path / "journal")
    assert again.bits() == live.bits()


@pytest.mark.parametrize("venue", ["binance", "kraken"])
def test_closes_stalls_and_slow_drips_lose_nothing(venue: str, capture: Path, tmp_path: Path) -> None:
    history = trades_of(capture)
    symbols = sorted(NAMES[venue](s) for s in history["symbol"].unique())
    live = Built()
    with market(capture, venue, tmp_path, faults="close:1200,stall:1000:150,drip:1100:100") as (simulator, _):
        with live.graph.live(connector_for(venue, symbols, simulator.url)) as session:
            until(lambda: len(live.tables["trades"]) >= history.height)
        injected = simulator.stats()["injected"]
        stats = session.stats()["connections"][0]
    assert set(injected) == {"close", "stall", "drip"} and stats["disconnects"] == injected["close"]
    assert len(live.tables["trades"]) == history.height and stats["malformed"] == 0
    kinds = set(live.tables["breaks"].frame()["kind"])
    assert kinds - {"snapshot_end"} == {"disconnect", "reconnect"}


@pytest.mark.parametrize("kind", ["frame", "capture", "journal"])
def test_history_hands_over_without_losing_or_doubling_a_trade(kind: str, capture: Path, tmp_path: Path) -> None:
    history = trades_of(capture)
    first = history.head(1_800)
    warm_up: Any = first.drop("flags")
    if kind == "capture":
        lines = capture.read_text().splitlines(keepends=True)
        warm_up = tmp_path / "first.txt"
        warm_up.write_text("".join(lines[: len(lines) // 2]))
    if kind == "journal":
        recorded = openquant.Graph()
        recorded.source("trades", openquant.Trade)
        with recorded.record(tmp_path / "history"):
            recorded.replay({"trades": first})
        warm_up = tmp_path / "history"
    wanted = Built()
    wanted.graph.replay({"trades": history})
    live = Built()
    with (
        market(capture, "binance", tmp_path) as (simulator, _),
        live.graph.live(
            connectors.binance("btcusdt", "ethusdt", "solusdt", url=simulator.url),
            warm_up=warm_up,
            record=tmp_path / "journal",
        ) as session,
    ):
        until(lambda: session.stats()["connections"][0]["trades"] >= history.height)
    assert live.bits("tick", "dollar", "events", "time", "breaks") == wanted.bits(
        "tick", "dollar", "events", "time", "breaks"
    )
    assert live.graph.stats()["sources"][0]["rejected"].keys() == {"overlap"}
    again = Built()
    again.graph.replay(tmp_path / "journal")
    assert again.bits() == live.bits()


def test_history_whose_trades_could_not_be_told_from_the_feed_is_refused(capture: Path, tmp_path: Path) -> None:
    history = trades_of(capture)
    feed = openquant.read_trades(capture)
    graph = openquant.Graph()
    graph.source("trades", openquant.Trade)
    graph.replay({"trades": feed})
    binance = connectors.binance("btcusdt", "ethusdt", url="ws://127.0.0.1:9")
    both = [binance, connectors.bybit("BTCUSDT", url="ws://127.0.0.1:9")]
    for fed, warm_up, message in (
        (binance, history.drop("id"), "no column id"),
        (binance, history.with_columns(symbol=pl.lit("btcusdt")), "none of the feed's symbols, BTCUSDT, ETHUSDT"),
        (both, history, "several kinds.*from a journal"),
        (binance, feed, "replayed once"),
        (binance, {"quotes": history}, "no source 'quotes'"),
    ):
        with pytest.raises(ValueError, match=message):
            graph.live(fed, warm_up=warm_up, record=tmp_path / "journal")
        assert not (tmp_path / "journal").exists()


def test_a_warm_up_that_fails_says_why_and_lets_go(capture: Path, tmp_path: Path) -> None:
    graph = openquant.Graph()

    def fails(row: dict[str, Any]) -> None:
        raise ValueError("no such history")

    graph.add(fails, graph.source("trades", openquant.Trade))
    with market(capture, "binance", tmp_path) as (simulator, _):
        with pytest.raises(RuntimeError, match="no such history"):
            graph.live(connectors.binance("btcusdt", url=simulator.url), warm_up=capture, record=tmp_path / "one")
        # Its rows are taken, so that they are repeats now: nothing fails any more, and nothing is left running or recording.
        graph.live(connectors.binance("btcusdt", url=simulator.url), warm_up=capture, record=tmp_path / "two").stop()
    again = openquant.Graph()
    table = again.collect(again.source("trades", openquant.Trade))
    again.replay(tmp_path / "one")
    assert len(table) > 0


def test_bybit_history_overlaps_the_feed_by_many_trades(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "long.txt", trades=20_000)
    wanted = trades_of(path)
    with market(path, "bybit_linear", tmp_path) as (simulator, _):
        source = connector_for("bybit_linear", sorted(wanted["symbol"].unique()), simulator.url)
        first = Built()
        with first.graph.live(source) as session:
            until(lambda: len(first.tables["trades"]) == wanted.height)
    history = first.tables["trades"].frame().head(18_000)
    with market(path, "bybit_linear", tmp_path) as (simulator, _):
        live = Built()
        with live.graph.live(source.at(simulator.url), warm_up=history) as session:
            until(lambda: session.stats()["connections"][0]["trades"] == wanted.height)
    assert live.graph.stats()["sources"][0]["rejected"] == {"overlap": 18_000}
    assert live.tables["tick"].hash() == first.tables["tick"].hash()
    assert len(live.tables["trades"]) == wanted.height


def test_a_callable_that_asks_its_own_engine_is_told_so(capture: Path, tmp_path: Path) -> None:
    for ask in ("graph.stats()", "graph.stop()", "session.stop()"):
        graph = openquant.Graph()
        known: dict[str, Any] = {"graph": graph}

        def asks(row: dict[str, Any], ask: str = ask, known: dict[str, Any] = known) -> None:
            until(lambda: "session" in known)
            eval(ask, known)

        graph.add(asks, graph.source("trades", openquant.Trade))
        with market(capture, "binance", tmp_path) as (simulator, _):
            session = known["session"] = graph.live(connectors.binance("btcusdt", url=simulator.url))
            with pytest.raises(RuntimeError, match="ask from another thread"):
                session.wait(20)


def test_a_graph_that_others_stopped_ends_its_session(capture: Path, tmp_path: Path) -> None:
    live = Built()
    with market(capture, "binance", tmp_path, speed=1.0) as (simulator, _):
        session = live.graph.live(connectors.binance("btcusdt", url=simulator.url))
        assert session.running
        live.graph.stop()
        assert not session.running
        session.stop()


def test_bars_of_time_end_on_a_silent_market(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "short.txt", trades=20)
    live = Built(clock=True)
    with market(path, "binance", tmp_path) as (simulator, _):
        session = live.graph.live(
            connectors.binance("btcusdt", "ethusdt", "solusdt", url=simulator.url),
            record=tmp_path / "journal",
            clock_ms=20,
        )
        until(lambda: session.stats()["connections"][0]["trades"] >= 20)
        last = trades_of(path)["ts"].max()
        until(lambda: any(bar["ts"] == last for bar in live.tables["time"].tail(3).iter_rows(named=True)))
        session.stop()
    again = Built(clock=True)
    again.graph.replay(tmp_path / "journal")
    assert again.bits() == live.bits()


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_a_feed_of_json_lines(kind: str, tmp_path: Path) -> None:
    rows = [
        {
            "ts": START_NS + i * 10**6,
            "symbol": "AB"[i % 2],
            "price": 100.0 + i,
            "size": 1.5,
            "side": "buy",
            "id": 1 + i // 2,
        }
        for i in range(200)
    ]
    del rows[100]  # of A, id 51: a hole
    lines = [json.dumps(row) for row in rows]
    lines.insert(50, "{not json")
    server = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
    server.bind(str(tmp_path / "feed") if kind == "unix" else ("127.0.0.1", 0))
    server.listen(1)
    url = f"unix://{tmp_path}/feed" if kind == "unix" else f"tcp://127.0.0.1:{server.getsockname()[1]}"
    live = Built()
    with server, live.graph.live(connectors.ndjson(url, ids="dense")) as session:
        peer, _ = server.accept()
        with peer:
            peer.sendall("".join(line + "\n" for line in lines).encode())
            until(lambda: len(live.tables["trades"]) >= len(rows))  # rows of several producers have no common order
            live.graph.push("trades", {**rows[-1], "ts": rows[-1]["ts"] + 1, "id": 101, "symbol": "B"})
    assert session.stats()["connections"][0]["malformed"] == 1
    assert len(live.tables["trades"]) == len(rows) + 1
    breaks = live.tables["breaks"].frame().filter(pl.col("kind") == "gap")
    assert breaks.select("symbol", "id", "count").rows() == [("A", 51, 1)]


def test_two_venues_at_once_name_their_symbols(capture: Path, tmp_path: Path) -> None:
    live = Built()
    with market(capture, "binance", tmp_path) as (one, _), market(capture, "kraken", tmp_path) as (two, _):
        both = [connectors.binance("btcusdt", url=one.url), connectors.kraken("BTC/USDT", url=two.url)]
        with live.graph.live(both) as session:
            wanted = trades_of(capture).filter(pl.col("symbol") == "BTCUSDT").height
            until(lambda: all(c["trades"] >= wanted for c in session.stats()["connections"]))
    counts = live.tables["trades"].frame()["symbol"].value_counts().sort("symbol")
    assert counts.rows() == [("binance:BTCUSDT", wanted), ("kraken:BTC/USDT", wanted)]
    assert live.tables["breaks"].frame().filter(pl.col("kind") != "snapshot_end").is_empty()


def test_a_failing_node_surfaces(capture: Path, tmp_path: Path) -> None:
    graph = openquant.Graph()

    def fails(row: dict[str, Any]) -> None:
        if row["id"] == 3_735_683_300:
            raise ValueError("that trade again")

    graph.add(fails, graph.source("trades", openquant.Trade))
    with market(capture, "binance", tmp_path) as (simulator, _):
        session = graph.live(connectors.binance("btcusdt", url=simulator.url))
        until(lambda: bool(session.stats()["failed"]))
        with pytest.raises(RuntimeError, match="that trade again"):
            session.wait(5)
        session.stop()
        assert not session.running


@pytest.mark.parametrize("end", ["del session, graph; gc.collect()", "sys.exit(0)"])
def test_a_session_that_nobody_stopped_ends_with_its_python(end: str, capture: Path, tmp_path: Path) -> None:
    script = f"""
import gc, sys, time, openquant
from openquant.simulator import Simulator
simulator = Simulator({str(capture)!r}, "binance", speed=200).start()
graph, seen = openquant.Graph(), []
graph.add(lambda row: seen.append(1), graph.source("trades", openquant.Trade))
session = graph.live(openquant.connectors.binance("btcusdt", url=simulator.url), record={str(tmp_path / "journal")!r})
while not seen:
    time.sleep(0.01)
{end}
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    graph = openquant.Graph()
    table = graph.collect(graph.source("trades", openquant.Trade))
    graph.replay(tmp_path / "journal")
    assert len(table) > 0


def test_a_connector_knows_its_symbols() -> None:
    many = [f"S{number}USDT" for number in range(300)]
    assert connectors.binance(*(symbol.lower() for symbol in many)).symbols == many
    assert connectors.kraken("BTC/USD").symbols == ["BTC/USD"]
    assert (connectors.bybit("BTCUSDT").kind_of_ids, connectors.ndjson("tcp://h:1", ids="dense").kind_of_ids) == (
        "opaque",
        "dense",
    )


def test_mistakes(tmp_path: Path) -> None:
    graph = openquant.Graph()
    graph.source("trades", openquant.Trade)
    for wrong, message in (
        (lambda: connectors.parse("nyse:IBM"), "unknown venue 'nyse'"),
        (lambda: connectors.parse("btcusdt"), "is not VENUE:SYMBOL"),
        (lambda: connectors.binance(), "at least one market"),
        (lambda: connectors.binance("btcusdt", "btcusdt"), "twice"),
        (lambda: connectors.binance("btcusdt", channel="depth"), "depth"),  # type: ignore[arg-type]
        (lambda: connectors.kraken("BTCUSD"), "/"),
        (lambda: graph.live([]), "at least one connector"),
        (lambda: graph.live({"quotes": connectors.binance("btcusdt")}), "no source 'quotes'"),
        (lambda: graph.live(connectors.binance("btcusdt", url="http://127.0.0.1")), "http"),
        (lambda: graph.live(connectors.binance("btcusdt"), ca_file=tmp_path / "none.pem"), "none.pem"),
        (lambda: graph.live(connectors.binance("btcusdt"), overflow="spill"), "overflow = 'spill'"),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match=message):
            wrong()
    for name, value in (
        ("capacity", -1),
        ("capacity", 1.5),
        ("spin_us", -1),
        ("spin_us", float("nan")),
        ("clock_ms", 0),
    ):
        with pytest.raises(ValueError, match=f"{name} = "):
            graph.live(connectors.binance("btcusdt"), **{name: value})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="each as a text of its own"):
        connectors.binance(["btcusdt", "ethusdt"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is not a connector"):
        graph.live(["binance:btcusdt"])  # type: ignore[list-item]


def test_recorded_coinbase(tmp_path: Path) -> None:
    path = RECORDINGS / "coinbase_matches_recording.gz"
    if not path.exists():
        pytest.skip(f"no recording {path}")
    history = trades_of(path)
    wanted = Built()
    wanted.graph.replay({"trades": path})
    live = Built()
    followed = sorted(history["symbol"].unique())
    with (
        market(path, "coinbase", tmp_path) as (simulator, _),
        live.graph.live(connectors.coinbase(*followed, url=simulator.url)) as session,
    ):
        until(lambda: session.stats()["connections"][0]["trades"] >= history.height)
    assert live.bits("tick", "dollar", "events") == wanted.bits("tick", "dollar", "events")
