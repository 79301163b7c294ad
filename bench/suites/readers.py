"""Files of trades into the graph: what bench/readers tells, in millions of rows or in MB a second."""

from __future__ import annotations

from collections import defaultdict

from measuring import OURS, Figures, built, printed, quick, show, told

FIGURES = {
    "named.jsonl": "NDJSON",
    "items.jsonl": "NDJSON, items",
    "BTCUSDT-trades.csv": "Binance CSV, trades",
    "BTCUSDT-aggTrades.csv": "Binance CSV, aggTrades",
    "BTCUSDT-futures-trades.csv": "Binance CSV, futures",
    "named.csv": "CSV with named columns",
    "binance_spot_btcusdt_20240808.gz": "mixed capture, spot",
    "binance_usdm_btcusdt_20240808.gz": "mixed capture, USD-M",
    "binance_spot_trades_l1_btcusdt_ethusdt_solusdt.json.gz": "mixed capture, items",
}


def main() -> None:
    command = [built("readers"), "--benchmark_format=json", f"--benchmark_repetitions={quick(7, 2)}"]
    speeds = defaultdict(list)
    for run in printed(command)["benchmarks"]:
        name = run["run_name"].split("/")[0]
        if run["run_type"] == "iteration" and name in FIGURES and not run.get("error_occurred"):
            speeds[FIGURES[name]].append(
                run["bytes_per_second" if "capture" in FIGURES[name] else "items_per_second"] / 1e6
            )
    figures: Figures = {f"read trades/{name}": {OURS: told(values, max)} for name, values in speeds.items()}
    show(figures)


if __name__ == "__main__":
    main()
