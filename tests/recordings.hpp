// The real recordings, where they are there.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace openquant::testing {

/// Path of a recording, or nothing and a message that the test is skipped.
inline std::optional<std::string> recording(const std::string& name) {
    const char* given = std::getenv("OPENQUANT_RECORDINGS");
    const std::string path = std::string(given ? given : OPENQUANT_RECORDINGS) + "/" + name;
    if (std::filesystem::exists(path)) return path;
    std::cout << "skipped: no recording at " << path << "; OPENQUANT_RECORDINGS names the folder\n";
    return {};
}

}  // namespace openquant::testing
