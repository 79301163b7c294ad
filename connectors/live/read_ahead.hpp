// A stream layer that asks the network for much at once and gives it out in the small pieces that the layer above wants.
#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <functional>
#include <vector>

#include "openquant/connectors/live/stream_transport.hpp"

namespace openquant::live {

/// Runs what it is given at once. For handlers of an object used by one thread, where a turn through the queue of the io_context
/// would cost more than what the handler does.
struct AtOnce {
    template <class F>
    void execute(F&& f) const {
        std::forward<F>(f)();
    }
    AtOnce require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
    bool operator==(const AtOnce&) const noexcept = default;
};

/// Bytes at hand complete a read within its call: Beast's operations end with the start of a read, so that nothing of theirs is
/// used behind it. They ask for at least 512 bytes or the rest of a message at a time: the buffer bounds how deep that nests.
template <class Next>
class ReadAhead {
public:
    using next_layer_type = Next;
    using executor_type = Executor;

    template <class... Args>
    explicit ReadAhead(Args&&... args) : next_(std::forward<Args>(args)...), bytes_(read_size) {}

    Next& next_layer() { return next_; }
    const Next& next_layer() const { return next_; }
    executor_type get_executor() { return next_.get_executor(); }

    /// When the last read from the network returned.
    std::int64_t received() const { return received_; }
    /// Called before each read from the network.
    std::function<void()> used_up;

    template <class Buffers, class Handler>
    auto async_read_some(const Buffers& buffers, Handler&& handler) {
        return asio::async_initiate<Handler, void(error_code, std::size_t)>(
            [this](auto&& done, const Buffers& into) {
                if (begin_ < end_) return done(error_code(), take(into));
                if (used_up) used_up();
                using Done = std::decay_t<decltype(done)>;
                next_.async_read_some(asio::buffer(bytes_), Came<Buffers, Done>{*this, into, std::forward<decltype(done)>(done)});
            },
            handler, buffers);
    }
    template <class Buffers, class Handler>
    auto async_write_some(const Buffers& buffers, Handler&& handler) {
        return next_.async_write_some(buffers, std::forward<Handler>(handler));
    }

private:
    template <class Buffers, class Done>
    struct Came {
        using allocator_type = asio::associated_allocator_t<Done>;
        using executor_type = asio::associated_executor_t<Done, Executor>;

        ReadAhead& layer;
        Buffers into;
        Done done;

        allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(done); }
        executor_type get_executor() const noexcept { return asio::get_associated_executor(done, layer.next_.get_executor()); }
        void operator()(error_code error, std::size_t bytes) {
            layer.received_ = utc_now();
            layer.begin_ = 0, layer.end_ = bytes;
            const std::size_t taken = layer.take(into);
            done(error, taken);
        }
    };

    template <class Buffers>
    std::size_t take(const Buffers& into) {
        const std::size_t n = asio::buffer_copy(into, asio::buffer(bytes_.data() + begin_, end_ - begin_));
        begin_ += n;
        return n;
    }

    Next next_;
    std::vector<char> bytes_;
    std::size_t begin_ = 0, end_ = 0;  // of what came and was not taken
    std::int64_t received_ = 0;
};

template <class Next>
void teardown(boost::beast::role_type role, ReadAhead<Next>& layer, error_code& error) {
    using boost::beast::websocket::teardown;
    teardown(role, layer.next_layer(), error);
}
template <class Next, class Handler>
void async_teardown(boost::beast::role_type role, ReadAhead<Next>& layer, Handler&& handler) {
    using boost::beast::websocket::async_teardown;
    async_teardown(role, layer.next_layer(), std::forward<Handler>(handler));
}

}  // namespace openquant::live
