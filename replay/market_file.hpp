// A feed of trades or quotes from the lines of a file: a format only says what one line is.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "openquant/engine/stream.hpp"
#include "openquant/replay/feed.hpp"
#include "openquant/replay/text_file.hpp"

namespace openquant {

template <class E>
class MarketFile : public Feed {
public:
    MarketFile(TextFile file, IdKind ids, std::vector<std::string> only) : file_(std::move(file)), ids_(ids), only_(std::move(only)) {}

    const EventType& type() const override { return event_type<E>(); }
    double progress() const override { return file_.progress(); }

    bool next(Batch& batch) override {
        rows_.clear();
        batch.breaks.clear();
        std::string_view line;
        bool more = true;
        while (rows_.size() < rows_per_batch && (more = file_.next(line))) read(line, batch);
        batch.offer(rows_, names_, dictionary_);
        batch.ids = ids_;
        return more || batch.rows > 0 || !batch.breaks.empty();
    }

protected:
    /// What one line says: a row, a break, nothing of interest (`skip`), or nonsense.
    enum class Line { row, gap, skip, malformed };
    struct Row {
        E event;
        std::string_view symbol;
        Continuity broken;
    };
    virtual Line parse(std::string_view line, Row& row) = 0;

private:
    static constexpr std::size_t rows_per_batch = 8192;

    void read(std::string_view line, Batch& batch) {
        if (blank(line)) return;
        row_.event = {}, row_.symbol = {};
        switch (parse(line, row_)) {
            case Line::row:
                if (wanted(row_.symbol)) rows_.append(code(row_.symbol), row_.event);
                break;
            case Line::gap: batch.breaks.push_back({rows_.size(), every_symbol, row_.broken}); break;
            case Line::skip: break;
            case Line::malformed: ++rejected[static_cast<std::size_t>(Fault::malformed)]; break;
        }
    }
    static bool blank(std::string_view line) {
        return line.empty() || ((line[0] == ' ' || line[0] == '\t') && line.find_first_not_of(" \t") == std::string_view::npos);
    }
    bool wanted(std::string_view symbol) const { return only_.empty() || std::find(only_.begin(), only_.end(), symbol) != only_.end(); }
    std::uint32_t code(std::string_view symbol) {
        if (last_ < names_.size() && names_[last_] == symbol) return last_;
        const auto at = codes_.find(symbol);
        if (at != codes_.end()) return last_ = at->second;
        last_ = static_cast<std::uint32_t>(names_.size());
        names_.emplace_back(symbol);
        codes_.emplace(symbol, last_);
        return last_;
    }

    TextFile file_;
    IdKind ids_;
    std::vector<std::string> only_;
    Row row_;  // of the line at hand
    Rows<E> rows_;
    std::vector<std::string> names_;
    std::map<std::string, std::uint32_t, std::less<>> codes_;
    std::uint32_t last_ = 0;
    const std::uint64_t dictionary_ = new_dictionary();
};

std::unique_ptr<Feed> open_csv(TextFile file, const OpenOptions& options);
/// Whether a file with this first line is a raw websocket capture.
bool is_capture(std::string_view first);
/// Of Trade or Quote rows.
template <class E>
std::unique_ptr<Feed> open_capture(TextFile file, const OpenOptions& options);

}  // namespace openquant
