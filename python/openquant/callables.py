"""Python callables as nodes: rows or frames in, rows of an event type out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openquant import frames
from openquant._lazy import np, pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    from openquant.events import EventType

    Columns = Mapping[str, Any]
    Result = tuple[npt.NDArray[np.int64], list[npt.NDArray[Any]]]


class Driver:
    """What the engine calls once per chunk. The callable is stateless, or an object that can snapshot and restore."""

    def __init__(self, function: Callable[..., Any], given: EventType, output: EventType | None, per: str) -> None:
        self.function, self.given, self.output = function, given, output
        self.name = getattr(function, "__name__", type(function).__name__)
        self.signature = f"{self.name}(per={per}, output={output.name if output else 'none'})"
        self._call = {"row": self._rows, "frame": self._frame}[per]
        self._rows_before = 0

    def run(self, columns: Columns) -> Result | None:
        result = self._call(columns)
        self._rows_before += len(columns["symbol"])
        return result

    def snapshot(self) -> bytes:
        if hasattr(self.function, "snapshot"):
            return bytes(self.function.snapshot())
        if getattr(self.function, "__closure__", None) is None and hasattr(self.function, "__code__"):
            return b""
        raise ValueError(
            f"node {self.name!r} cannot be saved: give its object snapshot() -> bytes and restore(bytes), or make it a "
            "function without state"
        )

    def restore(self, state: bytes) -> None:
        if hasattr(self.function, "restore"):
            self.function.restore(state)

    def _failed(self, columns: Columns, row: int, error: Exception) -> RuntimeError:
        symbol = columns["names"][columns["symbol"][row]]
        place = f"row {self._rows_before + row} (symbol {symbol}, position {columns['position'][row]})"
        return RuntimeError(f"node {self.name!r} failed at {place}: {type(error).__name__}: {error}")

    def _rows(self, columns: Columns) -> Result | None:
        fields = {field.name: columns[field.name].tolist() for field in self.given.fields}
        for field in self.given.fields:
            if field.choices:
                fields[field.name] = [field.choices[i] for i in fields[field.name]]
        fields["symbol"] = [
            columns["names"][i] if i < len(columns["names"]) else None for i in columns["symbol"].tolist()
        ]
        rows: list[int] = []
        out: list[Mapping[str, Any]] = []
        for i, values in enumerate(zip(*fields.values(), strict=True)):
            given = dict(zip(fields, values, strict=True))
            try:
                for emitted in _several(self.function(given)):
                    out.append(self._checked(emitted, given["ts"]))
                    rows.append(i)
            except Exception as error:
                raise self._failed(columns, i, error) from error
        if self.output is None:
            return None
        arrays = [np.array([row[f.name] for row in out], dtype=_dtype(f.kind)) for f in self.output.fields]
        return np.array(rows, dtype=np.int64), arrays

    def _checked(self, emitted: Mapping[str, Any], ts: int) -> dict[str, Any]:
        """One returned row with every field of the output: ts is the input's unless given, what is optional is 0."""
        if self.output is None:
            raise TypeError("a node without an output returns None; name the event type it emits as output=")
        row = {"ts": ts, **{f.name: 0 for f in self.output.fields if not f.required}, **emitted}
        row.pop("symbol", None)
        names = {f.name for f in self.output.fields}
        if row.keys() != names:
            odd = sorted(row.keys() ^ names)[0]
            raise ValueError(f"a {self.output.name} row has {', '.join(sorted(names))}; {odd!r} is missing or unknown")
        for f in self.output.fields:
            if f.choices:
                row[f.name] = f.choices.index(row[f.name])
        return row

    def _frame(self, columns: Columns) -> Result | None:
        given = frames.frame_of(columns, self.given)
        try:
            returned = self.function(given)
            if self.output is None:
                return None
            return self._arrays(returned, given)
        except Exception as error:
            raise self._failed(columns, 0, error) from error

    def _arrays(self, returned: pl.DataFrame, given: pl.DataFrame) -> Result:
        """One returned row per given row, or any number with their given row's number in a column `row`."""
        assert self.output is not None
        if "row" in returned.columns:
            rows = np.ascontiguousarray(returned["row"].cast(pl.Int64).to_numpy())
            if len(rows) and (rows.min() < 0 or rows.max() >= given.height or (np.diff(rows) < 0).any()):
                raise ValueError(f"column 'row' must rise within 0..{given.height - 1}")
            returned = returned.drop("row")
        elif returned.height == given.height:
            rows = np.arange(given.height, dtype=np.int64)
        else:
            raise ValueError(
                f"{returned.height} rows returned for {given.height}: add a column 'row' that says whose they are"
            )
        given_rows = given[rows.tolist()] if len(rows) else given.clear()
        returned = returned.with_columns(symbol=given_rows["symbol"])
        if "ts" not in returned.columns:
            returned = returned.with_columns(ts=given_rows["ts"])
        arrays = frames.arrays(returned, self.output, f"what {self.name!r} returned")
        filled = zip(arrays, self.output.fields, strict=True)
        return rows, [np.zeros(len(rows), _dtype(f.kind)) if array is None else array for array, f in filled]


def _several(result: Any) -> Iterable[Mapping[str, Any]]:
    if result is None:
        return ()
    return (result,) if hasattr(result, "keys") else result


def _dtype(kind: str) -> str:
    return {"f64": "f8", "u64": "u8", "u32": "u4", "i8": "i1", "choice": "i1", "boolean": "?"}.get(kind, "i8")
