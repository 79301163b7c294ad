"""Journals: a session comes back to the bit; killed writers, full disks, damage and the command line."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from conftest import SAMPLE, market

import openquant
from openquant import cli, journal
from openquant.strategy import strategy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openquant.strategy import Strategy


def built(**options: Any) -> Strategy:
    return strategy(bars=openquant.DollarBars(dollar_value_per_bar=5e3), threshold=0.0005, **options)


def bits(some: Strategy) -> dict[str, str]:
    return {name: table.hash() for name, table in some.tables.items()}


def replayed(folder: Path, **options: Any) -> dict[str, str]:
    again = built()
    again.graph.replay(folder, **options)
    return bits(again)


@pytest.mark.parametrize("overflow", ["block", "drop_oldest", "conflate"])
def test_a_pushed_session_comes_back(overflow: Any, tmp_path: Path) -> None:
    session = built()
    parts = [market(2_000, seed) for seed in (1, 2, 3)]
    with session.graph.record(tmp_path) as recording:
        assert "open" in repr(recording) and recording.folder == tmp_path
        session.graph.start(capacity=500, overflow=overflow)
        threads = [threading.Thread(target=session.graph.push, args=("trades", part)) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for row in market(50, 4).iter_rows(named=True):
            session.graph.push("trades", row)
        session.graph.stop()
    assert recording.closed and "closed" in repr(recording)
    assert replayed(tmp_path) == bits(session)
    assert replayed(tmp_path, chunk=1) == bits(session)
    assert replayed(tmp_path, flush=True) == bits(session)
    if overflow == "block":
        assert len(session.tables["events"]) > 3
        assert replayed(tmp_path, flush=False) != bits(session)


def test_a_replay_comes_back(tmp_path: Path) -> None:
    session = built(model=True)
    trades = market(3_000)
    model = trades.gather_every(100).select("ts", "symbol", prob=pl.lit(0.7), side=pl.lit(1.0))
    with session.graph.record(str(tmp_path)):
        session.graph.replay({"trades": trades, "model": model}, chunk=100)
    again = built(model=True)
    replay = again.graph.open(tmp_path)
    assert replay.step(10) and replay.rows == 10 and 0 < replay.progress < 1 and not replay.done
    replay.pause()
    assert not replay.run_for(5) and replay.paused
    replay.resume()
    replay.run()
    assert (replay.rows, replay.done, replay.closed, replay.torn_bytes, replay.rejected) == (3_030, True, True, 0, {})
    assert bits(again) == bits(session)
    assert journal.sources(tmp_path) == {"model": "Prediction", "trades": "Trade"}


def test_a_recording_may_begin_late_and_a_replay_may_go_on(tmp_path: Path) -> None:
    trades = market(3_000)
    session = built()
    session.graph.replay({"trades": trades[:1_000]}, flush=False)
    for table in session.tables.values():
        table.clear()
    with session.graph.record(tmp_path / "late"):
        session.graph.replay({"trades": trades[1_000:2_000]})
    assert replayed(tmp_path / "late") == bits(session)

    whole, past, going_on = built(), built(), built()
    whole.graph.replay({"trades": trades})
    with past.graph.record(tmp_path / "past"):
        past.graph.replay({"trades": trades[:1_000]})
    going_on.graph.replay(tmp_path / "past", flush=False)
    going_on.graph.replay({"trades": trades[1_000:]})
    assert bits(going_on) == bits(whole)


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
import openquant
from conftest import market
graph = openquant.Graph()
trades = graph.source("trades", openquant.Trade)
graph.add(lambda row: print(row["ts"], flush=True), trades)
graph.record(sys.argv[2])
graph.start()
for rows in market(200_000).iter_slices(7):
    graph.push("trades", rows)
"""


def test_a_killed_process_loses_nothing_that_it_had_worked_on(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path / "journal")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    worked_on = [child.stdout.readline() for _ in range(5_000)]
    child.send_signal(signal.SIGKILL)
    worked_on += [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL

    again = built()  # another graph of the same source
    replay = again.graph.replay(tmp_path / "journal")
    assert not replay.closed
    assert len(worked_on) <= replay.rows <= len(worked_on) + 65_536
    prefix = market(200_000)[: replay.rows]
    assert [int(line) for line in worked_on] == prefix["ts"][: len(worked_on)].to_list()
    wanted = built()
    wanted.graph.replay({"trades": prefix}, flush=False)  # it did not come to an end of its streams
    assert bits(again) == bits(wanted)
    ended = built()
    ended.graph.replay({"trades": prefix}, flush=True)
    assert replayed(tmp_path / "journal", flush=True) == bits(ended)


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # Python ignores the signal
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_the_session_and_leaves_what_was_written(tmp_path: Path) -> None:
    session = built()
    trades = market(20_000)
    with pytest.raises(RuntimeError, match=r"00000001\.oqj' cannot be written: File too large"):  # noqa: SIM117
        with session.graph.record(tmp_path), largest_file(300_001):
            session.graph.replay({"trades": trades}, chunk=100)
    again = built()
    replay = again.graph.replay(tmp_path)
    assert not replay.closed and 0 < replay.torn_bytes < 10_000 and 4_000 < replay.rows < 20_000
    wanted = built()
    wanted.graph.replay({"trades": trades[: replay.rows]}, flush=False)
    assert bits(again) == bits(wanted)


def test_a_session_that_fails_within_with_is_stopped_and_closed(tmp_path: Path) -> None:
    session = built()
    with pytest.raises(KeyError), session.graph.record(tmp_path) as recording:
        session.graph.start()
        session.graph.push("trades", market(100))
        raise KeyError
    assert recording.closed
    assert replayed(tmp_path) == bits(session)


def test_what_is_refused(tmp_path: Path) -> None:
    graph = built().graph
    with graph.record(tmp_path / "a") as recording:
        with pytest.raises(ValueError, match="holds a journal already"):
            built().graph.record(tmp_path / "a")
        with pytest.raises(ValueError, match="recorded already"):
            graph.record(tmp_path / "b")
        graph.start()
        with pytest.raises(ValueError, match="already running"):
            recording.close()
        graph.stop()
    recording.close()
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RuntimeError, match="cannot make the folder"):
        graph.record(tmp_path / "file")
    with pytest.raises(ValueError, match="is a file, and a path alone is the folder of a journal"):
        graph.replay(tmp_path / "file")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        graph.replay(tmp_path / "none")
    with pytest.raises(ValueError, match="speed must be None"):
        graph.replay(tmp_path / "a", speed=1.0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no journal"):
        graph.replay(tmp_path / "empty")
    other = openquant.Graph()
    other.source("prices", openquant.Price)
    with pytest.raises(ValueError, match="another graph: it has a source 'trades' of Trade rows"):
        other.replay(tmp_path / "a")


def test_damage_is_refused_with_its_place(tmp_path: Path) -> None:
    session = built()
    with session.graph.record(tmp_path):
        session.graph.replay({"trades": market(1_000)}, chunk=100)
    path = tmp_path / "00000001.oqj"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"00000001\.oqj', byte \d+: it is damaged"):
        built().graph.replay(tmp_path)


def test_a_graph_may_go_while_it_is_recorded(tmp_path: Path) -> None:
    """The writer outlives the engine, whichever the interpreter drops first."""
    for drop in ("graph", "recording", "both"):
        some: dict[str, Any] = {"graph": openquant.Graph()}
        some["graph"].source("trades", openquant.Trade)
        some["recording"] = some["graph"].record(tmp_path / drop)
        some["graph"].start()
        some["graph"].push("trades", market(100))
        if drop == "recording":
            del some["recording"]
            some["graph"].push("trades", market(100))
            some["graph"].stop()
        elif drop == "graph":
            del some["graph"]
        some.clear()
        again = openquant.Graph()
        again.source("trades", openquant.Trade)
        assert again.replay(tmp_path / drop).rows == (200 if drop == "recording" else 100)


ARGUMENTS = ["--bars", "dollar:2e4", "--cusum", "0.0003", "--labels", "1,1,10", "--json"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], str]:
    assert cli.main(["replay", *arguments, *ARGUMENTS]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_the_command_line_replays_a_journal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    session = strategy(bars=openquant.DollarBars(dollar_value_per_bar=2e4), threshold=0.0003, max_bars=10, clock=True)
    with session.graph.record(folder):
        session.graph.replay({"trades": SAMPLE, "clock": pl.DataFrame({"ts": [10**18], "symbol": ["*"]})})
    from_file, _ = told(capsys, str(SAMPLE))
    recorded, err = told(capsys, str(folder), "--out", str(tmp_path / "out"))
    assert err == ""
    for key in ("trades", "bars", "events", "labels", "signals", "returns", "rejected"):
        assert recorded[key] == from_file[key], key
    for name, table in session.tables.items():
        assert pl.read_parquet(tmp_path / "out" / f"{name}.parquet").equals(table.frame())

    path = folder / "00000001.oqj"
    os.truncate(path, path.stat().st_size - 20)  # what is left of the end: the flush is torn off as well
    torn, err = told(capsys, str(folder))
    assert torn["trades"] == from_file["trades"]
    assert "torn bytes" in err and "was not closed" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "2"], "--speed is for files"),
        (["--symbols", "BTCUSDT"], "a journal is replayed whole"),
        (["--model", "some.csv"], "--model is for files"),
        ([str(SAMPLE)], "replayed alone"),
    ],
)
def test_the_command_line_refuses_what_a_journal_cannot_do(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with built().graph.record(tmp_path):
        pass
    assert cli.main(["replay", str(tmp_path), *arguments]) == 2
    assert message in capsys.readouterr().err
