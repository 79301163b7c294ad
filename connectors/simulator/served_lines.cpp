// No venue: trades as lines of JSON over plain TCP, all of them to whoever connects.
#include "openquant/connectors/simulator/served_venue.hpp"

namespace openquant {

namespace {

class LinesDialogue final : public Dialogue {
public:
    using Dialogue::Dialogue;

    bool open(std::string_view, std::string_view) override {
        for (std::uint32_t stream = 0; stream < tape_.streams.size(); ++stream) follow(stream);
        return true;
    }
    void hear(std::string_view) override {}
    void tell(const TapeItem& item) override { say(item.text); }

private:
    std::string message(const TapeItem& item) override { return item.text; }
};

class Lines final : public ServedVenue {
public:
    void add(Tape& tape, const CaptureLine& frame, const std::optional<CapturedTrade>& trade) const override {
        if (!trade) return;
        tape.add(rendered(frame, *trade,
                          R"({"ts":)" + std::to_string(trade->ts_ns) + R"(,"symbol":)" + json_text(trade->symbol) + R"(,"price":)" + trade->price +
                              R"(,"size":)" + trade->size + R"(,"side":")" + (trade->side > 0 ? "buy" : "sell") + R"(","id":)" + std::to_string(trade->id) +
                              R"(,"ts_publish":)" + std::to_string(trade->publish_ns) + "}"),
                 trade->symbol, trade->symbol);
    }
    std::unique_ptr<Dialogue> dialogue(const Market& market, Outlet& out, std::size_t batch) const override {
        return std::make_unique<LinesDialogue>(market, out, batch);
    }
};

}  // namespace

std::unique_ptr<ServedVenue> serve_lines() {
    auto out = std::make_unique<Lines>();
    out->lines = true;
    return out;
}

}  // namespace openquant
