"""Checks that sources include only what their layer may know, and that nothing in them would differ between machines."""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1) if len(sys.argv) > 1 else __file__).resolve()
ROOT = ROOT if ROOT.is_dir() else ROOT.parent.parent

# Folders of openquant that each folder may include; `operators/core` without the concrete operators.
MAY_KNOW = {
    "operators": {"operators"},
    "engine": {"engine", "operators/core"},
    "connectors": {"connectors", "engine", "operators/core"},
    "replay": {"replay", "connectors", "engine", "operators/core"},
}
# Libraries and the only places that may include them.
LIBRARIES = {
    r"concurrentqueue": {"engine/inlet.hpp"},
    r"simdjson": {"connectors/", "replay/"},
    r"boost/(asio|beast)|asio": {"connectors/"},
    r"pybind11|Python\.h": {"python/"},
    r"zlib": {"engine/snapshot.cpp", "replay/"},
    r"Eigen": {"operators/"},
}
# glibc's elementary functions differ with the processor's FMA, std:: distributions with the library, unordered
# containers with the run.
NOT_DETERMINISTIC = re.compile(
    r"std::(log|log2|log10|log1p|exp|exp2|expm1|pow|erfc?|[tl]gamma|sinh?|cosh?|tanh?)\b(?!\w)"
    r"|(?<![\w:.>])(log|log2|log10|log1p|exp|exp2|expm1|pow|erfc?|tgamma|lgamma)\s*\("
    r"|std::\w+_distribution\b|std::unordered_\w+|std::random_device|std::default_random_engine"
)
CLOCKS = re.compile(r"\b(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday)\b")
DETERMINISTIC_DEFINITIONS = {"operators/core/math.hpp"}


def sources(folder: str) -> list[Path]:
    return sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in {".hpp", ".cpp", ".h"})


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code(path: Path) -> str:
    """The text without comments and without what stands in quotes."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), flags=re.M)


def layer_of(included: str) -> str:
    inner = included.removeprefix("openquant/")
    if inner == "operators.hpp":
        return "operators"
    return "operators/core" if inner.startswith("operators/core/") else inner.split("/")[0]


class Layering(unittest.TestCase):
    def test_includes_go_one_way(self) -> None:
        for folder, known in MAY_KNOW.items():
            self.assertTrue(sources(folder), f"no sources in {folder}")
            for path in sources(folder):
                for included in includes(path):
                    if not included.startswith("openquant/"):
                        continue
                    layer = layer_of(included)
                    allowed = layer in known or (layer == "operators/core" and "operators" in known)
                    self.assertTrue(allowed, f"{name(path)} includes {included}")

    def test_core_knows_no_operator(self) -> None:
        for path in sources("operators/core"):
            for included in includes(path):
                if included.startswith("openquant/"):
                    self.assertEqual(layer_of(included), "operators/core", f"{name(path)} includes {included}")

    def test_own_headers_by_their_full_name(self) -> None:
        for folder in MAY_KNOW:
            for path in sources(folder):
                for line in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), flags=re.M):
                    self.assertTrue(line.startswith("openquant/"), f"{name(path)} includes {line}")

    def test_libraries_stay_where_they_belong(self) -> None:
        for folder in [*MAY_KNOW, "python/bindings", "bench"]:
            for path in sources(folder):
                for included in includes(path):
                    for library, places in LIBRARIES.items():
                        if re.match(library, included) and not folder.startswith("bench"):
                            at_home = any(name(path).startswith(place) for place in places)
                            self.assertTrue(at_home, f"{name(path)} includes {included}")

    def test_operators_know_the_standard_library_and_eigen(self) -> None:
        for path in sources("operators"):
            for included in includes(path):
                plain = re.fullmatch(r"[a-z_]+", included) or included.startswith(("openquant/operators", "Eigen/"))
                self.assertTrue(plain, f"{name(path)} includes {included}")

    def test_nothing_differs_between_machines(self) -> None:
        for folder in MAY_KNOW:
            for path in sources(folder):
                if name(path) in DETERMINISTIC_DEFINITIONS:
                    continue
                for number, line in enumerate(code(path).splitlines(), 1):
                    found = NOT_DETERMINISTIC.search(line)
                    self.assertIsNone(found, f"{name(path)}:{number}: {line.strip()}")

    def test_operators_read_no_clock(self) -> None:
        for path in sources("operators"):
            self.assertIsNone(CLOCKS.search(code(path)), name(path))

    def test_nothing_prints_or_exits(self) -> None:
        forbidden = re.compile(r"std::(cout|cerr|clog|printf|puts|exit|abort|terminate)\b|\b(printf|fprintf|exit|abort)\s*\(")
        for folder in MAY_KNOW:
            for path in sources(folder):
                self.assertIsNone(forbidden.search(code(path)), name(path))


class Completeness(unittest.TestCase):
    """Law 9: every header in operators/ is in the catalogue, and every entry has a test."""

    def test_every_header_is_in_the_catalogue_and_has_a_test(self) -> None:
        catalogue = (ROOT / "operators/catalogue.hpp").read_text()
        entries = re.search(r"using Catalogue = Types<(.*?)>;", catalogue, flags=re.S).group(1)
        listed = {entry.strip() for entry in entries.split(",")}
        found = set()
        for header in sorted((ROOT / "operators").glob("*.hpp")):
            if header.name == "catalogue.hpp":
                continue
            type_name = "".join(part.capitalize() for part in header.stem.split("_"))
            found.add(type_name)
            self.assertIn(type_name, listed, f"{name(header)} has no line in the catalogue")
            self.assertRegex(header.read_text(), rf"\bstruct {type_name}\b", f"{name(header)} does not define {type_name}")
            test = ROOT / "tests/operators" / f"{header.stem}_test.cpp"
            self.assertTrue(test.exists(), f"{name(header)} has no {name(test)}")
            self.assertIn("TEST_CASE", test.read_text())
        self.assertEqual(found, listed)


class Checks(unittest.TestCase):
    """The patterns above find what they are meant to find."""

    def test_patterns(self) -> None:
        for bad in ["std::log(x)", "y = exp(x);", "std::pow (a, b)", "pow(x, 2)", "std::normal_distribution<> d;", "std::unordered_map<int, int> m;"]:
            self.assertRegex(bad, NOT_DETERMINISTIC)
        for good in ["det::log(x)", "det::erf(z)", "x.log()", "std::logical_and<>", "expired(o)", "export_rows(x)", "power(x)"]:
            self.assertNotRegex(good, NOT_DETERMINISTIC)


if __name__ == "__main__":
    unittest.main()
