// Temporary files, plain or gzip, and everything that a reader makes of one.
#pragma once

#include <string>
#include <vector>

#include "openquant/replay/feed.hpp"
#include "streams.hpp"

namespace openquant::testing {

/// A folder of its own, removed with everything in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string write(const std::string& name, const std::string& content) const;
    std::string write_gzip(const std::string& name, const std::string& content) const;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::string gzip(const std::string& content);

struct ReadFile {
    std::vector<Tick> rows;
    std::vector<ReportedBreak> breaks;  // `before` counts all rows of the file
    Rejections rejected{};
    IdKind ids = IdKind::unknown;

    std::vector<Trade> trades() const;
    std::uint64_t malformed() const { return rejected[static_cast<std::size_t>(Fault::malformed)]; }
};

OpenOptions with_symbol(std::string symbol);
OpenOptions with_instruments(std::vector<std::string> names);
ReadFile read_trades(const std::string& path, const OpenOptions& options = {});
ReadFile read_quotes(const std::string& path, const OpenOptions& options = {});

/// The text with a few bytes changed, lost, doubled or put in.
std::string mutated(std::string text, Random& random);

}  // namespace openquant::testing
