// Lines that end in a newline, over TCP or a Unix socket.
#include <array>
#include <boost/asio/write.hpp>
#include <cstring>
#include <type_traits>
#include <vector>

#include "openquant/connectors/json.hpp"
#include "openquant/connectors/live/stream_transport.hpp"

namespace openquant::live {

namespace {

template <class Socket>
class Lines final : public StreamTransport {
public:
    Lines(asio::io_context& io, const Endpoint& endpoint, Listener& listener, const TransportLimits& limits)
        : StreamTransport(io, endpoint, listener, limits), socket_(io.get_executor()), buffer_(read_size + json::padding) {}

private:
    std::shared_ptr<Lines> self() { return std::static_pointer_cast<Lines>(shared_from_this()); }

    void dial() override {
        const auto connected = [this](error_code error) {
            if (over()) return;
            if (error) return failed("connect", error);
            opened();
            if (!over()) read();
        };
        if constexpr (std::is_same_v<Socket, TcpSocket>) {
            connect(socket_, connected);
        } else {
            socket_.async_connect({endpoint_.target}, [held = self(), connected](error_code error) { connected(error); });
        }
    }
    void write(const std::string& text, Done done) override {
        const std::array both{asio::buffer(text), asio::buffer("\n", 1)};
        asio::async_write(socket_, both, [done = std::move(done)](error_code error, std::size_t) { done(error); });
    }
    void say_goodbye(Done done) override {
        error_code ignored;
        socket_.shutdown(Socket::shutdown_both, ignored);
        done({});
    }
    void drop() override {
        error_code ignored;
        socket_.close(ignored);
    }

    void read() {
        listener_->idle();
        if (over()) return;
        make_room();
        socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - json::padding - end_),
                                [held = self()](error_code error, std::size_t bytes) { held->came(error, bytes); });
    }
    void came(error_code error, std::size_t bytes) {
        if (over()) return;
        const std::int64_t received = utc_now();
        end_ += bytes;
        tell_lines(received);
        if (over()) return;
        if (end_ - begin_ > limits_.line) return finish("a line of more than " + std::to_string(limits_.line) + " bytes");
        if (!error) return read();
        if (error == asio::error::eof) {
            tell({buffer_.data() + begin_, end_ - begin_}, received);  // the last line may lack its newline
            if (!over()) listener_->idle();
            return finish("the other side closed the connection");
        }
        failed("receive", error);
    }
    void tell_lines(std::int64_t received) {
        while (!over() && searched_ < end_) {
            const char* const from = buffer_.data() + searched_;
            const void* const newline = std::memchr(from, '\n', end_ - searched_);
            if (!newline) return void(searched_ = end_);
            const auto stop = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data());
            const std::size_t start = std::exchange(begin_, stop + 1);
            searched_ = begin_;
            if (stop - start > limits_.line) return finish("a line of more than " + std::to_string(limits_.line) + " bytes");
            tell({buffer_.data() + start, stop - start}, received);
        }
    }
    void tell(std::string_view line, std::int64_t received) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) listener_->frame(line, received);
    }
    /// What is left of a line moves to the front; the buffer grows only for a line longer than it.
    void make_room() {
        if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_, searched_ -= begin_, begin_ = 0;
        if (buffer_.size() - json::padding - end_ < read_size / 4) buffer_.resize(buffer_.size() * 2);
    }

    Socket socket_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, searched_ = 0, end_ = 0;  // of what was received and not told
};

}  // namespace

std::shared_ptr<Transport> make_lines(asio::io_context& io, const Endpoint& endpoint, Listener& listener, const TransportLimits& limits) {
    if (endpoint.kind == Endpoint::Kind::tcp_lines) return std::make_shared<Lines<TcpSocket>>(io, endpoint, listener, limits);
    return std::make_shared<Lines<UnixSocket>>(io, endpoint, listener, limits);
}

}  // namespace openquant::live
