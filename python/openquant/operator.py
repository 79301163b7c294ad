"""What every operator class shares; the classes themselves are generated into `operators.py`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

from openquant import _core

if TYPE_CHECKING:
    from collections.abc import Mapping


_AS_IT_IS = frozenset((bool, float, str))


class Operator:
    """A value: its parameters, checked when it is made. It does nothing before it is added to a graph."""

    inputs: ClassVar[tuple[str, ...]]
    optional_inputs: ClassVar[tuple[str, ...]]
    output: ClassVar[str]
    parameters: Mapping[str, Any]
    _core: _core.Operator

    def __init__(self, **parameters: Any) -> None:
        for name, value in parameters.items():
            if type(value) in _AS_IT_IS:
                continue
            if isinstance(value, (list, tuple)):
                if not all(isinstance(item, str) for item in value):
                    raise TypeError(f"{type(self).__name__}: {name} = {value!r} must be a list of names")
                parameters[name] = tuple(value)
            elif not isinstance(value, (bool, int, float, str)):
                as_number = getattr(value, "item", None)  # a numpy scalar
                if as_number is None:
                    raise TypeError(f"{type(self).__name__}: {name} = {value!r} must be a number, a bool or a name")
                parameters[name] = as_number()
            elif isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise ValueError(f"{type(self).__name__}: {name} = {value} is out of range")
        self.__dict__.update(parameters, parameters=parameters, _core=_core.Operator(type(self).__name__, parameters))

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), **self.parameters), ()

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is a value: make another with {name}={value!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.parameters.items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Operator) and self.parameters == other.parameters

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.parameters.items())))
