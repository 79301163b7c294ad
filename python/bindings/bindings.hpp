// The parts of openquant._core, each bound in its own file.
#pragma once

#include <pybind11/pybind11.h>

namespace openquant {

void bind_arguments(pybind11::module_& m);       // _core.arguments: times as text, and what a column may hold
void bind_category_codes(pybind11::module_& m);  // _core.category_feed: a column of codes and the names that they stand for
void bind_data(pybind11::module_ m);             // _core.data: cleaning, report and calendar of OHLCV rows
void bind_journal(pybind11::module_& m);         // _core.Recording, _core.JournalReplay: what a graph took in, in order
void bind_kernels(pybind11::module_ m);          // _core.kernels: bet sizes, portfolios, drawdowns
void bind_live(pybind11::module_& m);            // _core.Session, _core.Simulator: connections to venues, and a venue on this machine
void bind_sampling(pybind11::module_ m);         // _core.sampling: uniqueness and the sequential bootstrap
void bind_signal_buffer(pybind11::module_& m);   // _core.SignalBuffer: signals for a reader beside a live engine
void bind_text_codes(pybind11::module_& m);      // _core.text_codes: a column of names as codes

}  // namespace openquant
