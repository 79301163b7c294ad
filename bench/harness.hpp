// Contenders in turn, A B A B, and their figures as the JSON that bench/run.py reads.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openquant::bench {

inline double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
inline double cpu_seconds() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }
inline double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }

/// Several runs of one thing.
struct Runs {
    std::vector<double> values;

    double best() const { return *std::min_element(values.begin(), values.end()); }
    double median() const {
        auto sorted = values;
        std::sort(sorted.begin(), sorted.end());
        const std::size_t n = sorted.size();
        return 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]);
    }
};

inline constexpr char ours[] = "openquant";

/// Best and median by figure and contender.
class Report {
public:
    void add(const std::string& figure, const std::string& contender, const Runs& runs) {
        told_[figure][contender] = {runs.best(), runs.median(), runs.values.size()};
    }
    /// What `more` takes above `less`, by `parts`: a difference of bests, since a best of differences would be noise.
    void add_difference(const std::string& figure, const Runs& more, const Runs& less, double parts) {
        told_[figure][ours] = {(more.best() - less.best()) / parts, (more.median() - less.median()) / parts, more.values.size()};
    }
    void print() const {
        std::printf("{");
        const char* next = "";
        for (const auto& [figure, contenders] : told_) {
            std::printf("%s\n \"%s\": {", std::exchange(next, ","), figure.c_str());
            const char* comma = "";
            for (const auto& [name, told] : contenders)
                std::printf("%s\"%s\": {\"best\": %.6g, \"median\": %.6g, \"runs\": %zu}", std::exchange(comma, ", "), name.c_str(), told.best, told.median,
                            told.runs);
            std::printf("}");
        }
        std::printf("\n}\n");
    }

private:
    struct Told {
        double best = 0.0, median = 0.0;
        std::size_t runs = 0;
    };
    std::map<std::string, std::map<std::string, Told>> told_;
};

struct Contender {
    std::string name;
    std::function<void()> run;
};

/// Nanoseconds per event of every contender in turn, `rounds` times, after a turn that does not count.
inline std::map<std::string, Runs> alternate(const std::vector<Contender>& contenders, std::size_t events, int rounds, double (*clock)() = cpu_seconds) {
    std::map<std::string, Runs> out;
    for (int round = 0; round <= rounds; ++round)
        for (const auto& [name, run] : contenders) {
            const double before = clock();
            run();
            if (round > 0) out[name].values.push_back(1e9 * (clock() - before) / static_cast<double>(events));
        }
    return out;
}

/// Ends the program where contenders that should do the same do not.
inline void require(bool same, std::string_view what) {
    if (same) return;
    std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
    std::exit(1);
}

}  // namespace openquant::bench
