// Lines of a text file, plain or gzip.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace openquant {

struct FileMissing : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class TextFile {
public:
    /// Throws FileMissing, or std::invalid_argument for a folder, an unreadable or an empty file.
    explicit TextFile(const std::string& path);
    ~TextFile();
    TextFile(TextFile&&) noexcept;

    /// The next line without its end; 64 bytes behind it are readable. False at the end of the file. Throws
    /// std::invalid_argument where the gzip is cut short or damaged, or a line is longer than any sound one.
    bool next(std::string_view& line);
    /// The first line that is not empty, which `next` will give again.
    std::string_view peek();
    /// What `next` will give, about so many bytes of it.
    std::string_view ahead(std::size_t bytes);

    double progress() const;
    const std::string& path() const { return path_; }

private:
    bool fill();

    struct Handle;
    std::string path_;
    std::unique_ptr<Handle> handle_;
    std::string buffer_;
    std::size_t begin_ = 0, end_ = 0;  // what is read and not yet given
    std::uint64_t size_ = 0, lines_ = 0;
    bool ended_ = false;
};

}  // namespace openquant
