#include "cases.hpp"

#include "twin.hpp"

namespace openquant::testing {

const std::vector<OperatorCase>& catalogue_cases() {
    static const auto cases = [] {
        std::vector<OperatorCase> out;
        for_each_operator([&]<class Op>() {
            for (const Op& op : settings<Op>()) out.push_back(operator_case(op));
        });
        return out;
    }();
    return cases;
}

}  // namespace openquant::testing
