// Sessions that are recorded, and what a replay of the recording gives, to the last bit.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "files.hpp"
#include "openquant/replay/journal.hpp"
#include "openquant/replay/journal_replay.hpp"
#include "twin.hpp"

namespace openquant::testing {

/// Everything that can be seen of a graph that has run.
struct Seen {
    Outputs outputs;
    std::vector<Rejections> rejected;
    std::vector<std::string> symbols;  // in the order of their ids
    std::uint64_t position = 0;
};

inline Seen seen(const Twin::Built& built) {
    Seen out{built.outputs(), {}, built.graph.symbols().names(), built.graph.position()};
    for (const auto& source : built.graph.sources()) out.rejected.push_back(source->rejected);
    return out;
}

inline std::string difference(const Seen& a, const Seen& b) {
    if (a.symbols != b.symbols) return "other symbols, or in another order";
    if (a.rejected != b.rejected) return "other rejections";
    if (a.position != b.position) return "position " + std::to_string(a.position) + ", but expected " + std::to_string(b.position);
    return difference(a.outputs, b.outputs);
}

inline Seen replayed(const Twin& twin, const std::string& folder, const JournalReplayOptions& options = {}) {
    const auto built = twin.build();
    JournalReplay(built->graph, folder, options).run();
    return seen(*built);
}

/// The journal gives what the session gave, in whatever chunks.
inline std::string difference_of_replays(const Twin& twin, const std::string& folder, const Seen& session) {
    for (const std::size_t chunk : {0, 1, 7, 1'000'000})
        if (const auto found = difference(replayed(twin, folder, {.chunk = static_cast<std::size_t>(chunk)}), session); !found.empty())
            return "chunk " + std::to_string(chunk) + ": " + found;
    return {};
}

inline std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string segment(const std::string& folder, int number) { return folder + "/0000000" + std::to_string(number) + ".oqj"; }

inline std::size_t segments(const std::string& folder) {
    const std::filesystem::directory_iterator files(folder);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace openquant::testing
