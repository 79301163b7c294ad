#include "openquant/connectors/simulator/market.hpp"

#include <algorithm>

namespace openquant {

Market::Market(const Tape& tape, const std::vector<Step>& steps, double speed, std::chrono::milliseconds settle, Book& book)
    : tape_(tape),
      steps_(steps),
      speed_(speed),
      settle_(settle),
      book_(book),
      heard_(tape.streams.size()),
      told_(tape.streams.size()),
      lost_(tape.streams.size()) {}

std::int64_t Market::now_ns() const {
    const std::size_t at = slot();
    return tape_.items[at > 0 ? at - 1 : 0].received_ns;
}

bool Market::anyone() const {
    return std::any_of(listeners_.begin(), listeners_.end(), [](const Listener* l) { return l->listening(); });
}

void Market::leave(Listener& listener) {
    if (std::erase(listeners_, &listener) == 0) return;
    for (std::uint32_t stream = 0; stream < heard_.size(); ++stream) heard_[stream] |= listener.hears(stream);
}

Clock::time_point Market::due(const Step& step) const {
    if (speed_ == 0) return Clock::time_point::min();
    const auto after = static_cast<double>(tape_.items[step.slot].received_ns - tape_.items.front().received_ns) / speed_;
    constexpr double a_year = 365.0 * 86'400e9;
    return *started_ + std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(after, a_year)));
}

void Market::catch_up(Clock::time_point now) {
    if (!started_ || speed_ == 0 || anyone()) return;
    while (position_ < steps_.size() && due(steps_[position_]) <= now) skip(steps_[position_++]);
}

void Market::subscribed(const Listener& listener, Clock::time_point now) {
    for (std::uint32_t stream = 0; stream < heard_.size(); ++stream)
        if (listener.hears(stream)) heard_[stream] = false;
    const bool sole = std::count_if(listeners_.begin(), listeners_.end(), [](const Listener* l) { return l->listening(); }) == 1;
    if (started_ && speed_ > 0 && *started_ <= now) return;  // its clock runs
    if (started_ && !sole && now >= hold_until_) return;     // it is moving for others
    hold_until_ = std::max(hold_until_, now + settle_);
    if (!started_ || *started_ > now) started_ = hold_until_;
}

Clock::time_point Market::advance(Clock::time_point now) {
    if (!started_ || !anyone()) return never;
    if (now < hold_until_) return hold_until_;
    const auto waiting = [](const Listener* l) { return !l->drained(); };
    for (std::size_t n = 0; n < 4'096 && position_ < steps_.size(); ++n) {
        if (drip_.count() > 0 || dripping_) {
            if (finish(), std::any_of(listeners_.begin(), listeners_.end(), waiting)) return never;
            dripping_ = drip_.count() > 0;
            for (Listener* l : listeners_) l->drip(drip_);
            drip_ = {};
        }
        if (std::any_of(listeners_.begin(), listeners_.end(), [](const Listener* l) { return l->full(); })) return finish(), never;
        const Step& step = steps_[position_];
        if (const auto at = due(step); at > now) return finish(), at;
        ++position_;
        if (!play(step, now)) return finish(), anyone() ? std::max(now, hold_until_) : never;
    }
    finish();
    return position_ < steps_.size() ? now : never;
}

void Market::finish() {
    const auto all = listeners_;  // one whose connection is found broken leaves
    for (Listener* l : all) l->finish();
    book_.count([&](SimulatorStats& s) { s.position = position_; });
}

/// False if nothing may follow for now.
bool Market::play(const Step& step, Clock::time_point now) {
    if (step.fault >= FaultKind::disconnect) return connections(step, now), step.fault == FaultKind::drip;
    return !tell(step) || !dripping_;
}

bool Market::tell(const Step& step) {
    const TapeItem& item = tape_.items[step.item];
    const bool lose = step.fault == FaultKind::gap || step.fault == FaultKind::corrupt;
    bool heard = false;
    for (Listener* l : listeners_) {
        if (!l->hears(item.stream)) continue;
        heard = true;
        if (step.fault == FaultKind::gap) l->lose(item);
        else if (step.fault == FaultKind::corrupt) l->garble(item);
        else l->tell(item);
    }
    if (!heard) return false;
    const std::string& symbol = tape_.symbols[item.stream];
    if (lose) {
        if (step.fault == FaultKind::corrupt) book_.note(FaultKind::corrupt, symbol, item.id, 1);
        lost(item, false);
    } else if (item.kind != TapeItem::Kind::other) {
        if (Lost& gone = lost_[item.stream]; gone.count > 0)
            book_.note(gone.missed ? FaultKind::missed : FaultKind::gap, symbol, gone.first, gone.count), gone = {};
        if (step.fault != FaultKind::none) book_.note(step.fault, symbol, item.id, 1);
        told_[item.stream] = true;
    }
    return step.fault != FaultKind::gap;
}

void Market::lost(const TapeItem& item, bool missed) {
    if (!told_[item.stream]) return;
    Lost& gone = lost_[item.stream];
    if (gone.count++ == 0) gone.first = item.id;
    gone.missed |= missed;
}

/// A step that nobody hears. A repeated trade passes once.
void Market::skip(const Step& step) {
    const TapeItem& item = tape_.items[step.item];
    if (step.fault >= FaultKind::disconnect || step.fault == FaultKind::duplicate) return;
    if (item.kind == TapeItem::Kind::trade && heard_[item.stream]) lost(item, true);
}

void Market::connections(const Step& step, Clock::time_point now) {
    const std::int64_t id = tape_.items[step.item].id;
    const auto all = listeners_;
    switch (step.fault) {
        case FaultKind::stall:
            hold_until_ = now + std::chrono::milliseconds(step.n);
            for (Listener* l : all) l->fall_silent(hold_until_);
            book_.note(step.fault, "", id, step.n);
            break;
        case FaultKind::drip:
            drip_ = std::chrono::milliseconds(step.n);
            book_.note(step.fault, "", id, step.n);
            break;
        default:
            book_.note(step.fault, "", id, all.size());
            for (Listener* l : all) step.fault == FaultKind::close ? l->close() : l->cut();
            for (std::uint64_t skipped = 0; skipped < step.n && position_ < steps_.size(); skip(steps_[position_++])) {
                const Step& next = steps_[position_];
                skipped += next.fault < FaultKind::disconnect && next.fault != FaultKind::duplicate && tape_.items[next.item].kind == TapeItem::Kind::trade;
            }
    }
}

}  // namespace openquant
