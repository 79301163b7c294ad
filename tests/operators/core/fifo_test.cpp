#include "openquant/operators/core/fifo.hpp"

#include <deque>
#include <utility>
#include "catch.hpp"

#include "openquant/operators/core/archive.hpp"
#include "random.hpp"

namespace openquant::testing {

TEST_CASE("a fifo behaves as a queue, through growth and around its end") {
    for (const double more : {0.4, 0.5, 0.6}) {
        Random random(1);
        Fifo<std::int64_t> fifo;
        std::deque<std::int64_t> model;
        for (std::int64_t i = 0; i < 20'000; ++i) {
            if (model.empty() || random.chance(more)) {
                fifo.push(i), model.push_back(i);
            } else {
                REQUIRE(fifo.pop() == model.front());
                model.pop_front();
            }
            if (random.chance(0.001)) fifo.clear(), model.clear();
            REQUIRE((fifo.size() == model.size() && fifo.empty() == model.empty()));
            if (model.empty()) continue;
            const std::size_t k = random.below(model.size());
            if (fifo.front() != model.front() || fifo[k] != model[k] || std::as_const(fifo)[k] != model[k]) FAIL("step " << i << ", k " << k);
        }
        fifo[fifo.size() - 1] = -1;
        Writer writer;
        writer.put(fifo);
        Fifo<std::int64_t> copy;
        Reader(writer.bytes).get(copy);
        CHECK((copy == fifo));
        CHECK(copy[copy.size() - 1] == -1);
    }
}

TEST_CASE("a fifo grows to what it has to hold and then stays") {
    Fifo<int> fifo;
    for (int i = 0; i < 100; ++i) fifo.push(i);
    const int* first = &fifo[0];
    for (int i = 0; i < 128; ++i) {  // once around a ring of 128
        CHECK(fifo.pop() == i);
        fifo.push(100 + i);
    }
    CHECK(&fifo[0] == first);
}

}  // namespace openquant::testing
