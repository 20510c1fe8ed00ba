// The arithmetic of torch_kernel.py in one walk over each row, which stays in the cache meanwhile.
// Names are those of torch_kernel.py and blend_constants.py. No header of torch is included: so it
// compiles in a second, and cpp_kernel.py calls it with pointers.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace {

constexpr int64_t kLanes = 64;    // that the compiler spreads over vectors
constexpr int64_t kBlock = 1024;  // numbers summed in float before they go to a double

template <class To, class From>
inline To bits(From from) {
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

inline float load(float value) { return value; }
inline void store(float value, float* to) { *to = value; }

struct bfloat16 {
  uint16_t upper;
};
inline float load(bfloat16 value) { return bits<float>(uint32_t(value.upper) << 16); }
inline void store(float value, bfloat16* to) {  // rounds to nearest even, keeps nan
  uint32_t all = bits<uint32_t>(value);
  uint32_t rounded = (all + 0x7fff + ((all >> 16) & 1)) >> 16;
  to->upper = value == value ? uint16_t(rounded) : uint16_t(0x7fc0);
}

// e ** x for x <= 0, to a unit in the last place or two: 2 ** n times a Taylor series.
inline float exp_of(float x) {
  const float shift = 12582912.f;  // 1.5 * 2 ** 23: adding it rounds to an integer
  float shifted = x * 1.44269504f + shift;
  float n = shifted - shift;
  float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;  // ln 2 in two parts
  float series = 1.f / 5040;
  series = series * r + 1.f / 720;
  series = series * r + 1.f / 120;
  series = series * r + 1.f / 24;
  series = series * r + 1.f / 6;
  series = series * r + 0.5f;
  series = series * r + 1.f;
  series = series * r + 1.f;
  float power = bits<float>((bits<uint32_t>(shifted) << 23) + (127u << 23));
  return x < -87.f ? 0.f : series * power;
}

struct BlendConstants {
  double log_blend, epsilon, a, rest, off, b, ratio;
  int64_t factors;
};

// sum log x and sum e / x, with x = 1 + by * e. One logarithm for the row: the exponents of the
// products are put aside before they leave the range of float.
void logs_and_shares(const float* e, int64_t size, float by, int64_t factors, double* logs,
                     double* shares) {
  float product[kLanes], share[kLanes];
  int32_t exponent[kLanes];
  std::fill_n(product, kLanes, 1.f);
  std::fill_n(exponent, kLanes, 0);
  *shares = 0;
  for (int64_t start = 0; start < size;) {
    std::fill_n(share, kLanes, 0.f);
    for (int64_t f = 0; f < factors && start < size; ++f, start += kLanes) {
      const float* at = e + start;
      if (start + kLanes <= size) {
#pragma omp simd
        for (int64_t l = 0; l < kLanes; ++l) {
          float x = 1.f + by * at[l];
          product[l] *= x;
          share[l] += at[l] / x;
        }
      } else {
        for (int64_t l = 0; l < size - start; ++l) {
          float x = 1.f + by * at[l];
          product[l] *= x;
          share[l] += at[l] / x;
        }
      }
    }
    float of_all = 0;
#pragma omp simd reduction(+ : of_all)
    for (int64_t l = 0; l < kLanes; ++l) {
      of_all += share[l];
      uint32_t all = bits<uint32_t>(product[l]);
      exponent[l] += int32_t(all >> 23) - 127;
      product[l] = bits<float>((all & 0x007fffff) | 0x3f800000);
    }
    *shares += of_all;
  }
  double mantissa = 1, exponents = 0;  // of 64 in [1, 2): below 2 ** 64
  for (int64_t l = 0; l < kLanes; ++l) {
    mantissa *= product[l];
    exponents += exponent[l];
  }
  *logs = std::log(mantissa) + exponents * std::log(2.0);
}

template <class T>
void one_row(const T* z, int64_t size, int64_t t, const BlendConstants& d, const float* weight,
             T* grad, float* e, float* to_loss, float* to_nll) {
  float largest = -INFINITY;
#pragma omp simd reduction(max : largest)
  for (int64_t j = 0; j < size; ++j) {
    float value = load(z[j]);
    largest = value > largest ? value : largest;
  }
  double sum = 0, sum_z = 0;
  for (int64_t start = 0; start < size; start += kBlock) {
    int64_t end = std::min(start + kBlock, size);
    float of_block = 0, z_of_block = 0;
#pragma omp simd reduction(+ : of_block, z_of_block)
    for (int64_t j = start; j < end; ++j) {
      float value = load(z[j]);
      e[j] = exp_of(value - largest);
      of_block += e[j];
      z_of_block += value;
    }
    sum += of_block;
    sum_z += z_of_block;
  }
  double z_t = load(z[t]), log_sum = largest + std::log(sum), s_t = std::exp(z_t - log_sum);
  double nll = log_sum - z_t, loss;

  // The gradient is e_j * (near - far / x_j) - slope.
  double pull = 1, pull_t = 1 - d.epsilon, slope = 0, far = 0;
  float by = 0;
  if (d.log_blend == 0) {
    loss = (1 - d.epsilon) * nll;
    if (d.epsilon > 0) {
      slope = d.off;
      double others = (size - 1) * log_sum - (sum_z - z_t);
      loss = std::isinf(nll) ? nll : loss + d.off * others;
    }
  } else {
    double p_t = d.a * s_t + d.rest * (1 - d.epsilon);
    loss = -(1 - d.epsilon) * std::log(p_t);
    pull = pull_t = d.a * (1 - d.epsilon) * s_t / p_t;
    if (d.epsilon > 0) {
      by = float(d.ratio / sum);
      double logs, shares, x_t = 1 + d.ratio * s_t;
      logs_and_shares(e, size, by, d.factors, &logs, &shares);
      loss -= d.off * ((size - 1) * std::log(d.b) + logs - std::log(x_t));
      far = d.off * d.ratio;
      pull += far * (shares / sum - s_t / x_t);
    }
  }
  *to_loss = float(loss);
  *to_nll = float(nll);
  if (!grad) return;
  float near_ = float(*weight * pull / sum), far_ = float(*weight * far / sum);
  float slope_ = float(*weight * slope);
  if (far == 0) {
#pragma omp simd
    for (int64_t j = 0; j < size; ++j) store(e[j] * near_ - slope_, grad + j);
  } else {
#pragma omp simd
    for (int64_t j = 0; j < size; ++j) {
      store(e[j] * (near_ - far_ / (1.f + by * e[j])), grad + j);
    }
  }
  store(float(*weight * (s_t * pull - pull_t)), grad + t);
}

// Asks for large pages for memory that is written for the first time: to get it page by page takes
// longer than to compute what is written there. A hint, which may fail.
void in_large_pages(void* memory, int64_t bytes) {
#ifdef __linux__
  constexpr uintptr_t kPage = 2 << 20;
  uintptr_t start = (uintptr_t(memory) + kPage - 1) / kPage * kPage;
  uintptr_t end = (uintptr_t(memory) + bytes) / kPage * kPage;
  if (end > start) madvise(reinterpret_cast<void*>(start), end - start, MADV_HUGEPAGE);
#endif
}

template <class T>
void all_rows(const T* z, int64_t z_stride, const int64_t* target, const float* weight, T* grad,
              int64_t grad_stride, float* loss, float* nll, int64_t rows, int64_t size,
              const BlendConstants& d, int threads) {
  if (grad && grad_stride == size) in_large_pages(grad, rows * size * sizeof(T));
#pragma omp parallel num_threads(threads)
  {
    std::vector<float> e(size);
#pragma omp for schedule(static)
    for (int64_t i = 0; i < rows; ++i) {
      one_row<T>(z + i * z_stride, size, target[i], d, grad ? weight + i : nullptr,
                 grad ? grad + i * grad_stride : nullptr, e.data(), loss + i, nll + i);
    }
  }
}

}  // namespace

// Rows of logits z with neighbours in memory, z_stride apart; loss and nll take a value a row, grad
// the gradient times the weight of its row. No gradient where grad is null. Strides in numbers.
#define ROWS(NAME, T)                                                                             \
  extern "C" void NAME(const T* z, int64_t z_stride, const int64_t* target, const float* weight,  \
                       T* grad, int64_t grad_stride, float* loss, float* nll, int64_t rows,       \
                       int64_t size, const BlendConstants* d, int threads) {                      \
    all_rows(z, z_stride, target, weight, grad, grad_stride, loss, nll, rows, size, *d, threads); \
  }
ROWS(rows_of_float32, float)
ROWS(rows_of_bfloat16, bfloat16)
