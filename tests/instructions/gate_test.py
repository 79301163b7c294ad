"""The gate can fail: its comparison, what it adds up, and what it says without a baseline."""

import unittest

import gate


BASELINE = {"bars": 1_000_000, "chain": 2_000_000}


class Comparison(unittest.TestCase):
    def wrong(self, **counted: int) -> list[str]:
        return gate.compare(BASELINE, BASELINE | counted)

    def test_within_three_percent_passes(self) -> None:
        self.assertEqual(self.wrong(), [])
        self.assertEqual(self.wrong(bars=1_020_000, chain=2_060_000), [])

    def test_four_percent_fails_and_names_the_replay(self) -> None:
        (told,) = self.wrong(bars=1_040_000)
        self.assertIn("bars: 1,040,000 instructions, +4.0%", told)

    def test_just_above_three_percent_fails(self) -> None:
        self.assertEqual(len(self.wrong(bars=1_030_001)), 1)

    def test_fewer_instructions_pass(self) -> None:
        self.assertEqual(self.wrong(bars=500_000), [])

    def test_a_replay_that_the_baseline_does_not_know_fails(self) -> None:
        self.assertEqual(self.wrong(new=1), ["new: not in the baseline"])

    def test_a_replay_that_is_gone_fails(self) -> None:
        self.assertEqual(gate.compare(BASELINE, {"bars": 1_000_000}), ["chain: in the baseline, but not counted"])


class Costs(unittest.TestCase):
    def test_only_the_program_itself_counts_and_each_line_once_and_nothing_that_the_processor_chose(self) -> None:
        profile = """\
positions: line
events: Ir

ob=/build/program
fl=a.cpp
fn=counted
10 5
cfn=update
calls=3 20
10 700
fn=update
20 600
cob=/lib/libc.so.6
cfn=memcpy
calls=1 0
21 100

ob=/lib/libc.so.6
fn=memcpy
0 100

ob=/build/program
fn=openquant::checks::all_equal(unsigned int const*, unsigned long) [clone .avx2]
30 50

fn=update
* 7
totals: 762
"""
        self.assertEqual(gate.own_cost(profile, "/build/program"), 612)
        self.assertEqual(gate.own_cost(profile, "/other"), 0)


if __name__ == "__main__":
    unittest.main()
