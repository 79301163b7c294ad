#include "openquant/replay/text_codes.hpp"

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "random.hpp"

namespace openquant::testing {

TEST_CASE("Names are numbered as they first appear, short and long ones") {
    TextCodes codes;
    const std::string at_limit(12, 'x'), beyond(13, 'x'), longer = beyond + "y", other = beyond + "z";
    const std::vector<std::string> given = {"ETH", "", "BTC", "ETH", at_limit, beyond, longer, other, "", longer, at_limit};
    std::vector<std::uint32_t> said;
    for (const std::string& text : given) said.push_back(codes.code(text));
    CHECK(said == std::vector<std::uint32_t>{0, 1, 2, 0, 3, 4, 5, 6, 1, 5, 3});
    CHECK(codes.names() == std::vector<std::string>{"ETH", "", "BTC", at_limit, beyond, longer, other});
    CHECK(codes.code_of_short(TextCodes::short_view("BTC")) == 2);
}

TEST_CASE("Texts with zeros inside, or that begin alike, are different names") {
    TextCodes codes;
    using namespace std::string_literals;
    const std::vector<std::string> texts = {"a"s, "a\0"s, "a\0\0"s, "\0"s, "abcd"s, "abcde"s, "abcdefghijklmnop"s, "abcdefghijklmnop\0"s};
    for (std::uint32_t i = 0; i < texts.size(); ++i) CHECK(codes.code(texts[i]) == i);
    for (std::uint32_t i = 0; i < texts.size(); ++i) CHECK(codes.code(texts[i]) == i);
}

TEST_CASE("As many names as there are rows are told apart as a map tells them") {
    TextCodes codes;
    std::map<std::string, std::uint32_t> known;
    Random random(11);
    for (int row = 0; row < 200'000; ++row) {
        std::string text = std::to_string(random.below(60'000));
        text.append(random.below(4) * 6, 'm');
        const auto [at, fresh] = known.emplace(text, static_cast<std::uint32_t>(known.size()));
        REQUIRE(codes.code(text) == at->second);
        if (fresh) REQUIRE(codes.names().back() == text);
    }
}

}  // namespace openquant::testing
