#include "files.hpp"

#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace openquant::testing {

TemporaryFolder::TemporaryFolder() {
    static std::atomic<int> number{0};
    const auto name = "openquant-test-" + std::to_string(getpid()) + "-" + std::to_string(number++);
    path_ = (std::filesystem::temp_directory_path() / name).string();
    std::filesystem::create_directories(path_);
}
TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, const std::string& content) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

std::string TemporaryFolder::write_gzip(const std::string& name, const std::string& content) const { return write(name, gzip(content)); }

std::string gzip(const std::string& content) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, content.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::vector<Trade> ReadFile::trades() const {
    std::vector<Trade> out;
    for (const Tick& tick : rows) out.push_back(std::get<Trade>(tick.row));
    return out;
}

OpenOptions with_symbol(std::string symbol) {
    OpenOptions out;
    out.symbol = std::move(symbol);
    return out;
}
OpenOptions with_instruments(std::vector<std::string> names) {
    OpenOptions out;
    out.instruments = std::move(names);
    return out;
}

std::string mutated(std::string text, Random& random) {
    for (std::size_t edits = 1 + random.below(4); edits > 0 && !text.empty(); --edits) {
        const std::size_t at = random.below(text.size());
        switch (random.below(4)) {
            case 0: text[at] = static_cast<char>(1 + random.below(255)); break;
            case 1: text.erase(at, 1 + random.below(10)); break;
            case 2: text.insert(at, 1, "{}[]\":,\\0e"[random.below(10)]); break;
            default: text.insert(at, text.substr(random.below(text.size()), random.below(30)));
        }
    }
    return text;
}

namespace {

template <class E>
ReadFile read_all(const std::unique_ptr<Feed>& feed) {
    ReadFile out;
    const FieldInfo* fields = feed->type().fields.data();
    Batch batch;
    while (feed->next(batch)) {
        const std::size_t before = out.rows.size();
        for (std::size_t row = 0; row < batch.rows; ++row) {
            E t;
            for_each_field<E>([&](auto index, auto f) {
                std::memcpy(&(t.*(f.member)), batch.columns[index.value].data + row * width(fields[index.value].kind), sizeof(t.*(f.member)));
            });
            out.rows.push_back({(*batch.names)[batch.codes[row]], t});
        }
        for (const BatchBreak& b : batch.breaks) out.breaks.push_back({before + b.before, b.code == every_symbol ? every_name : (*batch.names)[b.code], b.row});
        out.ids = batch.ids;
    }
    out.rejected = feed->rejected;
    return out;
}

}  // namespace

ReadFile read_trades(const std::string& path, const OpenOptions& options) { return read_all<Trade>(open_trades(path, options)); }
ReadFile read_quotes(const std::string& path, const OpenOptions& options) { return read_all<Quote>(open_quotes(path, options)); }

}  // namespace openquant::testing
