// The functions, for vectors of any width. `F` says what a vector is: a type V with the operators
// of float, and F::lanes, broadcast, load, store, max, min, absolute, with_sign, where_less,
// scaled. Everything is inlined into the files that include it.
//
// Polynomials are minimax fits (Lawson's algorithm on Chebyshev points), coefficients from the
// constant one up.
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "kernels/function_f32.h"

namespace qrt::kernels {
namespace {

template <class F>
struct Functions {
  using V = typename F::V;

  static QRT_INLINE V of(float x) { return F::broadcast(x); }
  static QRT_INLINE V clamp(V x, float lo, float hi) { return F::min(of(hi), F::max(of(lo), x)); }

  // c[0] + c[1] * x + …, by Horner's rule.
  template <size_t first = 0, size_t n>
  static QRT_INLINE V polynomial(const float (&c)[n], V x) {
    if constexpr (first + 1 == n) {
      return of(c[first]);
    } else {
      return polynomial<first + 1>(c, x) * x + of(c[first]);
    }
  }

  // e^r - 1 for |r| <= log(2) / 2.
  static QRT_INLINE V small_exp_less_1(V r) {
    constexpr float kExp[] = {0.5f, 0x1.55548ep-3f, 0x1.55545ep-5f, 0x1.123be0p-7f,
                              0x1.6db4e4p-10f};
    return r + r * r * polynomial(kExp, r);
  }

  // e^x = 2^n * e^r with r the rest of n * log(2). 0 and infinity where floats end.
  static QRT_INLINE V exponential(V x) {
    constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: what is added to it, it rounds
    const V bounded = clamp(x, -104.0f, 89.0f);
    const V shifted = bounded * of(1.44269504f) + of(kRound);
    const V n = shifted - of(kRound);
    const V r = bounded - n * of(0x1.62e4p-1f) - n * of(0x1.7f7d1cp-20f);
    return F::scaled(of(1) + small_exp_less_1(r), shifted);
  }

  static QRT_INLINE V exp_less_1(V x) {
    return F::where_less(F::absolute(x), of(0.34f), small_exp_less_1(x), exponential(x) - of(1));
  }

  static QRT_INLINE V logistic(V x) {
    const V e = exponential(of(0) - F::absolute(x));
    return F::where_less(x, of(0), e, of(1)) / (of(1) + e);
  }

  static QRT_INLINE V tangent(V x) {  // hyperbolic
    constexpr float kTanh[] = {-0x1.555554p-2f, 0x1.111058p-3f,  -0x1.b9eba8p-5f,
                               0x1.636962p-6f,  -0x1.0b43cep-7f, 0x1.163b6cp-9f};
    const V t = F::absolute(x), square = t * t;
    const V small = t + t * (square * polynomial(kTanh, square));
    const V e = exponential(of(-2) * t);
    const V large = (of(1) - e) / (of(1) + e);
    return F::with_sign(F::where_less(t, of(0.625f), small, large), x);
  }

  // 1 - erf(z) for z >= 0, as e^(-z^2) / (z + 2) times a polynomial of 1 - 4 / (z + 2).
  static QRT_INLINE V erf_complement(V z) {
    constexpr float kRest[] = {0x1.058672p+0f,   -0x1.5fd384p-1f, 0x1.1e2dd0p-2f, -0x1.2a8b0cp-5f,
                               -0x1.60550cp-6f,  0x1.a9158ep-8f,  0x1.91597ap-9f, -0x1.c2c194p-11f,
                               -0x1.3bd450p-11f, 0x1.2dd634p-14f, 0x1.658dd6p-14f};
    const V inverse = of(1) / (z + of(2));
    const V rest = polynomial(kRest, of(1) - of(4) * inverse);
    return exponential(of(0) - z * z) * (inverse * rest);
  }

  static QRT_INLINE V erf(V x) {
    constexpr float kErf[] = {0x1.20dd76p+0f, -0x1.812746p-2f,  0x1.ce2f08p-4f,  -0x1.b829a8p-6f,
                              0x1.5628eep-8f, -0x1.bcbe9ap-11f, 0x1.d82692p-14f, -0x1.438404p-17f};
    const V t = F::absolute(x);
    const V small = t * polynomial(kErf, t * t);
    return F::with_sign(F::where_less(t, of(1), small, of(1) - erf_complement(t)), x);
  }

  // The share of a normal distribution that is below x.
  static QRT_INLINE V normal(V x) {
    const V above = of(0.5f) * erf_complement(F::absolute(x) * of(0.70710678f));
    return F::where_less(x, of(0), above, of(1) - above);
  }

  // tanh(log(1 + e^x)) = n / (n + 2) with n = e^x * (e^x + 2).
  static QRT_INLINE V mish(V x) {
    const V e = exponential(F::min(of(40), x));
    const V n = e * (e + of(2));
    return x * (n / (n + of(2)));
  }

  template <FunctionF32 f>
  static QRT_INLINE V apply(V x, const FunctionF32Args& a) {
    switch (f) {
      case FunctionF32::Exp:
        return exponential(x);
      case FunctionF32::Logistic:
        return logistic(x);
      case FunctionF32::Tanh:
        return tangent(x);
      case FunctionF32::Erf:
        return erf(x);
      case FunctionF32::Silu:
        return x * logistic(x);
      case FunctionF32::Gelu:
        return x * normal(x);
      case FunctionF32::GeluTanh:
        return x * logistic(of(1.5957691f) * (x + of(0.044715f) * (x * x * x)));
      case FunctionF32::Mish:
        return mish(x);
      case FunctionF32::Elu:
        return F::where_less(x, of(0), of(a.alpha) * exp_less_1(of(a.gamma) * x), of(a.beta) * x);
      case FunctionF32::HardSigmoid:
        return clamp(of(a.alpha) * x + of(a.beta), 0, 1);
      case FunctionF32::HardSwish:
        return x * (clamp(x + of(3), 0, 6) / of(6));
      case FunctionF32::LeakyRelu:
        return F::where_less(x, of(0), of(a.alpha) * x, x);
    }
    return x;
  }

  template <FunctionF32 f>
  static void each(const FunctionF32Args& a, const float* in, size_t n, float* out) {
    size_t i = 0;
    for (; i + F::lanes <= n; i += F::lanes) {
      F::store(out + i, clamp(apply<f>(F::load(in + i), a), a.min, a.max));
    }
    if (i == n) return;
    float rest[F::lanes] = {};
    memcpy(rest, in + i, (n - i) * sizeof(float));
    F::store(rest, clamp(apply<f>(F::load(rest), a), a.min, a.max));
    memcpy(out + i, rest, (n - i) * sizeof(float));
  }

  static void run(const FunctionF32Args& a, const float* in, size_t n, float* out) {
    switch (a.function) {
      case FunctionF32::Exp:
        return each<FunctionF32::Exp>(a, in, n, out);
      case FunctionF32::Logistic:
        return each<FunctionF32::Logistic>(a, in, n, out);
      case FunctionF32::Tanh:
        return each<FunctionF32::Tanh>(a, in, n, out);
      case FunctionF32::Erf:
        return each<FunctionF32::Erf>(a, in, n, out);
      case FunctionF32::Silu:
        return each<FunctionF32::Silu>(a, in, n, out);
      case FunctionF32::Gelu:
        return each<FunctionF32::Gelu>(a, in, n, out);
      case FunctionF32::GeluTanh:
        return each<FunctionF32::GeluTanh>(a, in, n, out);
      case FunctionF32::Mish:
        return each<FunctionF32::Mish>(a, in, n, out);
      case FunctionF32::Elu:
        return each<FunctionF32::Elu>(a, in, n, out);
      case FunctionF32::HardSigmoid:
        return each<FunctionF32::HardSigmoid>(a, in, n, out);
      case FunctionF32::HardSwish:
        return each<FunctionF32::HardSwish>(a, in, n, out);
      case FunctionF32::LeakyRelu:
        return each<FunctionF32::LeakyRelu>(a, in, n, out);
    }
  }

  static constexpr size_t kParts = 16, kVectors = kParts / F::lanes;

  static float largest(const float* in, size_t n) {
    V most[kVectors];
    float parts[kParts];
    for (size_t v = 0; v < kVectors; ++v) most[v] = of(-INFINITY);
    size_t i = 0;
    for (; i + kParts <= n; i += kParts) {
      for (size_t v = 0; v < kVectors; ++v) {
        most[v] = F::max(F::load(in + i + v * F::lanes), most[v]);
      }
    }
    for (size_t v = 0; v < kVectors; ++v) F::store(parts + v * F::lanes, most[v]);
    for (size_t k = 0; i < n; ++i, ++k) parts[k] = in[i] > parts[k] ? in[i] : parts[k];
    for (size_t k = 1; k < kParts; ++k) parts[0] = parts[k] > parts[0] ? parts[k] : parts[0];
    return parts[0];
  }

  // out = e^(beta * (in - max)), and its sum. Without `out`, the sum alone.
  static float sum_of_exponentials(const float* in, size_t n, float beta, float max, float* out) {
    V sums[kVectors];
    float parts[kParts];
    for (size_t v = 0; v < kVectors; ++v) sums[v] = of(0);
    const auto add = [&](const float* from, float* to, size_t count) {
      for (size_t v = 0; v < kVectors; ++v) {
        const V e = exponential(of(beta) * (F::load(from + v * F::lanes) - of(max)));
        if (to != nullptr) F::store(to + v * F::lanes, e);
        if (count == kParts) sums[v] = sums[v] + e;
      }
    };
    size_t i = 0;
    for (; i + kParts <= n; i += kParts) add(in + i, out == nullptr ? nullptr : out + i, kParts);
    const size_t rest = n - i;
    if (rest > 0) {
      float last[kParts] = {};
      memcpy(last, in + i, rest * sizeof(float));
      add(last, last, rest);
      for (size_t k = rest; k < kParts; ++k) last[k] = 0;
      for (size_t v = 0; v < kVectors; ++v) sums[v] = sums[v] + F::load(last + v * F::lanes);
      if (out != nullptr) memcpy(out + i, last, rest * sizeof(float));
    }
    for (size_t v = 0; v < kVectors; ++v) F::store(parts + v * F::lanes, sums[v]);
    for (size_t half = kParts / 2; half > 0; half /= 2) {
      for (size_t k = 0; k < half; ++k) parts[k] += parts[k + half];
    }
    return parts[0];
  }

  static void softmax(const float* in, size_t rows, size_t n, float beta, bool log, float* out) {
    for (size_t r = 0; r < rows; ++r, in += n, out += n) {
      const float max = largest(in, n);
      const float sum = sum_of_exponentials(in, n, beta, max, log ? nullptr : out);
      if (log) {
        const float less = static_cast<float>(::log(static_cast<double>(sum)));
        for (size_t i = 0; i < n; ++i) out[i] = beta * (in[i] - max) - less;
      } else {
        const float inverse = 1.0f / sum;
        for (size_t i = 0; i < n; ++i) out[i] *= inverse;
      }
    }
  }

  static constexpr FunctionF32Kernel row(const char* name, QrtFeatures needs, int preference) {
    return {name, needs, preference, run, softmax};
  }
};

}  // namespace
}  // namespace qrt::kernels
