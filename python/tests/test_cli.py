"""The command line: what it prints, writes and returns."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import SAMPLE, recording

from openquant import cli, demo

ARGUMENTS = ["--bars", "dollar:2e4", "--cusum", "0.0003", "--labels", "1,1,10"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["replay", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)  # type: ignore[no-any-return]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    summary = told(capsys, str(SAMPLE), *ARGUMENTS)
    counts = {
        key: summary[key] for key in ("trades", "symbols", "bars", "events", "labels", "signals", "returns", "rejected")
    }
    assert counts == {
        "trades": 11_032,
        "symbols": 3,
        "bars": 276,
        "events": 20,
        "labels": 19,
        "signals": 20,
        "returns": 273,
        "rejected": {},
    }
    assert summary["ts_first"] == "2025-03-25T23:07:00.715000000Z" and summary["ts_last"] > summary["ts_first"]
    assert summary["ticks_per_second"] > 0
    node = summary["nodes"][0]
    assert node["name"] == "bars" and node["rows_in"] == 11_032
    assert 0 < node["latency_ns_p50"] <= node["latency_ns_p99"] <= node["latency_ns_p999"] <= node["latency_ns_max"]


def test_recording_counts(capsys: pytest.CaptureFixture[str]) -> None:
    summary = told(capsys, str(recording("binance_usdm_btcusdt_20240808.gz")))
    assert (summary["trades"], summary["bars"], summary["rejected"]) == (21_313, 136, {})


def test_out_writes_parquet(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    summary = told(capsys, str(SAMPLE), *ARGUMENTS, "--out", str(tmp_path / "new" / "folder"))
    for name in ("bars", "events", "labels", "signals", "returns"):
        assert pl.read_parquet(tmp_path / "new" / "folder" / f"{name}.parquet").height == summary[name] > 0


def test_tables(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(SAMPLE), *ARGUMENTS)
    assert code == 0
    for text in (
        "bars (276)",
        "events (20)",
        "labels (19)",
        "signals (20)",
        "returns (273)",
        "11,032 trades of 3 symbols",
    ):
        assert text in out


@pytest.mark.parametrize(
    ("bars", "most"),
    [
        ("tick:500", 22),
        ("volume:50", 11_032),
        ("dollar:1e6", 60),
        ("time:1m", 12),
        ("time:500ms", 1_110),
        ("range:0.001", 200),
        ("imbalance:200", 400),
        ("imbalance:dollar:200", 400),
        ("runs:volume:200", 400),
    ],
)
def test_every_kind_of_bar(capsys: pytest.CaptureFixture[str], bars: str, most: int) -> None:
    summary = told(capsys, str(SAMPLE), "--bars", bars)
    assert 2 <= summary["bars"] <= most and summary["rejected"] == {}


def test_portfolio_and_risk(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    symbols = "BTCUSDT,ETHUSDT,SOLUSDT"
    options = ["--symbols", symbols, "--allocate", "max_sharpe,60,10,1s", "--risk", "20"]
    summary = told(capsys, str(SAMPLE), *ARGUMENTS, *options, "--out", str(tmp_path))
    assert list(summary["last_weights"]) == symbols.split(",")
    assert sum(summary["last_weights"].values()) == pytest.approx(1.0, abs=1e-12)
    weights = pl.read_parquet(tmp_path / "weights.parquet")
    assert (summary["weights"], summary["total_risk"]) == (len(weights), 3) and summary["risk"] > 100
    code, out, _ = run(capsys, str(SAMPLE), *ARGUMENTS, *options)
    assert code == 0
    assert out.index("weights (") < out.index("risk (") < out.index("total_risk (3)")
    code, _, err = run(capsys, str(SAMPLE), "--allocate", "min_vol,60,10,1s")
    assert code == 2 and "--allocate needs --symbols" in err and err.count("\n") == 1


def test_symbols_select(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, str(SAMPLE), *ARGUMENTS, "--symbols", "ETHUSDT,SOLUSDT")["trades"] == 1805 + 2457
    code, _, err = run(capsys, str(SAMPLE), "--symbols", "DOGE")
    assert code == 2 and err == f"openquant: no trades of DOGE in {SAMPLE}\n"


def test_a_model_replaces_the_probabilities(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, str(SAMPLE), *ARGUMENTS, "--out", str(tmp_path))
    events = pl.read_parquet(tmp_path / "events.parquet")
    model = events.select("ts", "symbol", prob=pl.lit(0.9), side=-pl.col("side"))
    for path in (tmp_path / "model.csv", tmp_path / "model.parquet"):
        (model.write_csv if path.suffix == ".csv" else model.write_parquet)(path)
        summary = told(capsys, str(SAMPLE), *ARGUMENTS, "--model", str(path), "--out", str(tmp_path / path.suffix))
        signals = pl.read_parquet(tmp_path / path.suffix / "signals.parquet")
        assert summary["signals"] == events.height
        assert signals["prob"].unique().to_list() == [0.9]
        assert signals["side"].to_list() == (-events["side"]).to_list()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"what is this\n", "no known format"),
        (gzip.compress(b"ts,price,size\n" * 9999)[:60], "truncated"),
    ],
)
def test_one_clear_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "trades.csv"
    if content is not None:
        path.write_bytes(content)
    code, out, err = run(capsys, str(path))
    assert code == 2 and out == "" and message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bars", "dollar:-1"],
        ["--bars", "minutes:3"],
        ["--labels", "1,1"],
        ["--speed", "fast"],
        ["--symbols", ","],
        ["--bars", "dollar:x"],
        ["--bars", "time:1"],
        ["--bars", "time:0s"],
        ["--bars", "tick:1.5"],
        ["--bars", "imbalance:euro:5"],
        ["--bars", "runs:0"],
        ["--allocate", "max_sharpe,60,10"],
        ["--allocate", "best,60,10,1s"],
        ["--allocate", "min_vol,2,10,1s"],
        ["--allocate", "min_vol,60,10,1x"],
        ["--allocate", "min_vol,60,10,0s"],
        ["--risk", "1"],
        ["--risk", "many"],
    ],
)
def test_bad_options_are_usage_errors(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["replay", str(SAMPLE), *arguments])
    assert caught.value.code == 2 and arguments[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--cusum", "-1"], "threshold = -1"), (["--speed", "-2"], "speed"), (["--model", "/none.csv"], "no such file")],
)
def test_bad_values_are_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    code, _, err = run(capsys, str(SAMPLE), *arguments)
    assert code == 2 and message in err and err.count("\n") == 1


def test_demo(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["demo", str(SAMPLE)])
    assert demo.main() == 0
    out = capsys.readouterr().out
    assert "Every sink is the same to the last bit." in out
    last = out[out.index("weights (") :]  # the demo ends with the portfolio and the risk of all three
    assert all(last.count(symbol) == 3 for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"))
