#include "openquant/replay/text_file.hpp"

#include <zlib.h>  // reads gzip and, unchanged, plain files

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace openquant {

namespace {
constexpr std::size_t block = 1 << 18, padding = 64, longest_line = 1 << 24;
}

struct TextFile::Handle {
    gzFile file = nullptr;
    ~Handle() {
        if (file) gzclose(file);
    }
};

TextFile::TextFile(const std::string& path) : path_(path), handle_(std::make_unique<Handle>()) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) throw FileMissing("no such file: '" + path + "'");
    if (std::filesystem::is_directory(status)) throw std::invalid_argument("'" + path + "' is a folder, not a file");
    size_ = std::filesystem::is_regular_file(status) ? std::filesystem::file_size(path, error) : 0;
    if (std::filesystem::is_regular_file(status) && size_ == 0) throw std::invalid_argument("'" + path + "' is empty");
    handle_->file = gzopen(path.c_str(), "rb");
    if (!handle_->file) throw std::invalid_argument("cannot read '" + path + "': " + std::strerror(errno));
    gzbuffer(handle_->file, block / 4);  // so small that plain bytes are read straight to where they are wanted
    buffer_.resize(2 * block + padding);
}

TextFile::~TextFile() = default;
TextFile::TextFile(TextFile&&) noexcept = default;

bool TextFile::fill() {
    if (ended_) return false;
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_, begin_ = 0;
    if (end_ > longest_line)
        throw std::invalid_argument("'" + path_ + "': line " + std::to_string(lines_ + 1) + " is longer than 16 MiB; is this a text file?");
    if (buffer_.size() < end_ + block + padding) buffer_.resize(2 * buffer_.size());
    const int n = gzread(handle_->file, buffer_.data() + end_, block);
    int code = Z_OK;
    const std::string_view message = gzerror(handle_->file, &code);
    if (n < 0 || code == Z_BUF_ERROR) {
        const std::string why = code == Z_BUF_ERROR ? "the gzip file is truncated" : "the gzip file is damaged (" + std::string(message) + ")";
        throw std::invalid_argument("'" + path_ + "': " + why + " after line " + std::to_string(lines_));
    }
    ended_ = n == 0;
    end_ += static_cast<std::size_t>(n);
    return n > 0;
}

bool TextFile::next(std::string_view& line) {
    for (std::size_t searched = 0;;) {
        const char* start = buffer_.data() + begin_;
        const auto* stop = static_cast<const char*>(std::memchr(start + searched, '\n', end_ - begin_ - searched));
        if (!stop) {
            searched = end_ - begin_;
            if (fill()) continue;
            if (begin_ == end_) return false;
            start = buffer_.data() + begin_;
            stop = start + (end_ - begin_);
        }
        line = {start, static_cast<std::size_t>(stop - start)};
        begin_ = std::min(end_, begin_ + line.size() + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        ++lines_;
        return true;
    }
}

std::string_view TextFile::peek() {
    std::string_view line;
    while (next(line)) {
        if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
        begin_ = static_cast<std::size_t>(line.data() - buffer_.data());
        --lines_;
        return line;
    }
    throw std::invalid_argument("'" + path_ + "' is empty");
}

std::string_view TextFile::ahead(std::size_t bytes) {
    while (end_ - begin_ < bytes && fill()) {}
    return {buffer_.data() + begin_, end_ - begin_};
}

double TextFile::progress() const {
    if (size_ == 0) return ended_ ? 1.0 : 0.0;
    return std::min(1.0, static_cast<double>(gzoffset(handle_->file)) / static_cast<double>(size_));
}

}  // namespace openquant
