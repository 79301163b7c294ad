"""Event types: what the rows of a stream hold.

Each is a value such as ``openquant.Trade`` with a name, fields and the polars schema of its frames; pass it to
``Graph.source`` and to ``Graph.add`` as the output of a callable.

>>> import openquant
>>> openquant.Trade.fields[1]
Field(name='price', kind='f64', unit='quote currency', required=True, doc='price of the match')
>>> openquant.Price in openquant.Bar.offers
True
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from openquant import _core
from openquant._lazy import pl

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Field:
    """One column of an event type. `kind` is f64, i64, u64, u32, i8, boolean, timestamp (int64 ns UTC) or choice."""

    name: str
    kind: str
    unit: str
    required: bool
    doc: str
    choices: tuple[str, ...] = ()

    def __repr__(self) -> str:
        choices = f", choices={self.choices}" if self.choices else ""
        return (
            f"Field(name={self.name!r}, kind={self.kind!r}, unit={self.unit!r}, required={self.required}, "
            f"doc={self.doc!r}{choices})"
        )

    @property
    def dtype(self) -> pl.DataType:
        """The polars dtype of this column in a frame."""
        if self.kind == "choice":
            return pl.Enum(list(self.choices))
        plain = {"f64": pl.Float64, "i64": pl.Int64, "u64": pl.UInt64, "u32": pl.UInt32, "i8": pl.Int8}
        return pl.Datetime("ns") if self.kind == "timestamp" else plain.get(self.kind, pl.Boolean)()


@dataclass(frozen=True, eq=False)
class EventType:
    """An event type. `offers` are the types that its rows can also be read as, such as a bar as its closing price."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    offer_names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"openquant.{self.name}"

    @property
    def offers(self) -> tuple[EventType, ...]:
        return tuple(by_name[name] for name in self.offer_names)

    @cached_property
    def schema(self) -> Mapping[str, pl.DataType]:
        """Columns of a frame of these rows: ts, symbol, then the other fields."""
        dtypes = {field.name: field.dtype for field in self.fields}
        return {"ts": dtypes.pop("ts"), "symbol": pl.String(), **dtypes}


def _event_type(spec: _core.EventTypeSpec) -> EventType:
    fields = tuple(
        Field(f["name"], f["kind"], f["unit"], f["required"], f["doc"], tuple(f["choices"])) for f in spec["fields"]
    )
    return EventType(spec["name"], spec["doc"], fields, tuple(spec["offers"]))


by_name: dict[str, EventType] = {spec["name"]: _event_type(spec) for spec in _core.event_types()}

Trade = by_name["Trade"]
Quote = by_name["Quote"]
QuotedTrade = by_name["QuotedTrade"]
Spread = by_name["Spread"]
Continuity = by_name["Continuity"]
Clock = by_name["Clock"]
Price = by_name["Price"]
Value = by_name["Value"]
Bar = by_name["Bar"]
AlignedPrice = by_name["AlignedPrice"]
Event = by_name["Event"]
Volatility = by_name["Volatility"]
Label = by_name["Label"]
SampleWeight = by_name["SampleWeight"]
Prediction = by_name["Prediction"]
Signal = by_name["Signal"]
Return = by_name["Return"]
Weight = by_name["Weight"]
Risk = by_name["Risk"]
Ohlcv = by_name["Ohlcv"]
Forecast = by_name["Forecast"]
Deadline = by_name["Deadline"]
NetReturn = by_name["NetReturn"]
Equity = by_name["Equity"]
Diagnostics = by_name["Diagnostics"]
