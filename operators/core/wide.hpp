// What works on several numbers at once.
#pragma once

namespace openquant {

/// Two doubles in one register.
using Packed = double __attribute__((vector_size(16)));

}  // namespace openquant

// A function whose loops are built twice on x86-64, for AVX2 too, and chosen where it runs. For sums that are told apart by their place
// and for whole numbers: then both say the same to the last bit.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(OPENQUANT_ONE_TARGET)
#define OPENQUANT_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define OPENQUANT_WIDE
#endif
