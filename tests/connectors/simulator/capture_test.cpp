#include "openquant/connectors/simulator/capture.hpp"

#include "catch.hpp"

TEST_CASE("x") {}
