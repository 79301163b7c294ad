// The engine's own thread: drains the inlets into chunks and runs the graph on them until it is stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "openquant/engine/inlet.hpp"

namespace openquant {

class Graph;

class EngineLoop {
public:
    static constexpr std::size_t largest_chunk = 4096;

    explicit EngineLoop(Graph& graph) : graph_(graph) {}
    ~EngineLoop();

    /// Opens an inlet on every source, so that rows may be pushed; they wait for `start`.
    void open(const InletOptions& options = {});
    /// Starts the thread, on inlets opened before or now. Before it sleeps for want of rows it looks for them during `spin`:
    /// waking up costs microseconds, spinning costs a core.
    void start(std::chrono::nanoseconds spin = {});
    void start(const InletOptions& options, std::chrono::nanoseconds spin = {}) { open(options), start(spin); }
    /// Not from a node of the graph. Drains what was pushed, ends the streams if `flush`, joins the thread; throws what stopped it, if something did.
    void stop(bool flush = true);
    bool running() const { return thread_.joinable(); }
    bool opened() const { return open_; }
    /// True once a node has failed: pushes are refused, `stop` throws the reason.
    bool failed() const { return failed_.load(std::memory_order_acquire); }

    /// Throws std::logic_error on the engine's thread: a node that waits for its own engine would wait for ever.
    void refuse_to_node(const char* asked) const;

    /// Runs `task` on the engine thread between two chunks and waits for it; at once if the engine is not running.
    void between_chunks(std::function<void()> task);

private:
    void run();
    bool drain();
    void run_tasks();
    void await(std::uint32_t rings);
    void close_inlets();

    Graph& graph_;
    Doorbell bell_;
    std::mutex stop_mutex_;
    std::thread thread_;
    std::atomic<std::thread::id> engine_{};  // while it runs
    std::atomic<bool> stopping_{false}, failed_{false};
    std::chrono::nanoseconds spin_{};
    bool open_ = false, flush_ = true;
    std::exception_ptr error_;
    std::mutex tasks_mutex_;
    bool taking_tasks_ = false;
    std::vector<std::packaged_task<void()>> tasks_;
    std::vector<Batch> batches_;
};

}  // namespace openquant
