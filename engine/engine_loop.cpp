#include "openquant/engine/engine_loop.hpp"

#include <stdexcept>

#include "openquant/engine/graph.hpp"

namespace openquant {

EngineLoop::~EngineLoop() {
    if (!running()) return;
    try {
        stop(false);
    } catch (...) {  // nobody is left to tell
    }
}

void EngineLoop::open(const InletOptions& options) {
    if (running()) throw std::invalid_argument("the graph is already running: stop it first");
    if (options.capacity == 0) throw std::invalid_argument("start: capacity = 0 is out of range; it must be >= 1 (rows)");
    for (const auto& source : graph_.sources()) source->inlet().open(options, &bell_);
    open_ = true;
}

void EngineLoop::close_inlets() {
    for (const auto& source : graph_.sources()) source->inlet().close();
    open_ = false;
}

void EngineLoop::start(std::chrono::nanoseconds spin) {
    if (running()) throw std::invalid_argument("the graph is already running: stop it first");
    if (!open_) open();
    spin_ = spin;
    std::promise<void> ready;
    auto started = ready.get_future();
    batches_.assign(graph_.sources().size(), {});
    stopping_ = failed_ = false;
    error_ = nullptr;
    thread_ = std::thread([this, &ready] {
        engine_ = std::this_thread::get_id();
        std::optional<Graph::Running> hold;
        try {
            hold.emplace(graph_);
        } catch (...) {
            engine_ = std::thread::id();
            return ready.set_exception(std::current_exception());
        }
        {
            const std::scoped_lock lock(tasks_mutex_);
            taking_tasks_ = true;
        }
        ready.set_value();
        run();
    });
    try {
        started.get();
    } catch (...) {
        thread_.join();
        close_inlets();
        throw;
    }
}

void EngineLoop::refuse_to_node(const char* asked) const {
    if (engine_.load() == std::this_thread::get_id())
        throw std::logic_error(std::string("a node of the graph asked for ") + asked + " while the graph works on its rows: ask from another thread");
}

void EngineLoop::stop(bool flush) {
    refuse_to_node("its end");
    const std::scoped_lock lock(stop_mutex_);
    close_inlets();
    if (!running()) return;
    flush_ = flush;
    stopping_.store(true, std::memory_order_release);
    bell_.ring();
    thread_.join();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void EngineLoop::between_chunks(std::function<void()> task) {
    refuse_to_node("its figures or its state");
    std::packaged_task<void()> packaged(std::move(task));
    auto done = packaged.get_future();
    {
        std::unique_lock lock(tasks_mutex_);
        if (taking_tasks_) {
            tasks_.push_back(std::move(packaged));
            lock.unlock();
            bell_.ring();
        } else {
            lock.unlock();
            packaged();
        }
    }
    done.get();
}

void EngineLoop::run() {
    try {
        for (bool last = false; !last;) {
            const auto rings = bell_.rings();
            last = stopping_.load(std::memory_order_acquire);  // then one more round takes what came before
            run_tasks();
            if (!drain() && !last) await(rings);
        }
        if (flush_) graph_.flush();
    } catch (...) {
        error_ = std::current_exception();
        failed_.store(true, std::memory_order_release);
        for (const auto& source : graph_.sources()) source->inlet().close();
    }
    {
        const std::scoped_lock lock(tasks_mutex_);
        taking_tasks_ = false;
    }
    run_tasks();
    engine_ = std::thread::id();
}

/// Until the bell rings: first awake, then asleep.
void EngineLoop::await(std::uint32_t rings) {
    if (spin_.count() > 0) {
        const auto until = std::chrono::steady_clock::now() + spin_;
        do {
            for (int i = 0; i < 64; ++i) {
                if (bell_.rings() != rings) return;
                __builtin_ia32_pause();
            }
        } while (std::chrono::steady_clock::now() < until);
    }
    bell_.wait_beyond(rings);
}

/// Everything that waits in the inlets, as chunks; source after source is the order of arrival.
bool EngineLoop::drain() {
    bool any = false;
    for (bool more = true; more;) {
        more = false;
        graph_.begin_chunk();
        for (std::size_t i = 0; i < batches_.size(); ++i) {
            Source& source = *graph_.sources()[i];
            if (!source.inlet().drain(source, largest_chunk, batches_[i])) continue;
            graph_.borrow(i, 0, batches_[i].rows);
            more = any = true;
        }
        if (more) graph_.run_chunk();
        run_tasks();
    }
    return any;
}

void EngineLoop::run_tasks() {
    std::vector<std::packaged_task<void()>> tasks;
    {
        const std::scoped_lock lock(tasks_mutex_);
        tasks.swap(tasks_);
    }
    for (auto& task : tasks) task();
}

}  // namespace openquant
