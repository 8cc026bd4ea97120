// Functions of one and of two numbers, by the names that the schema gives them.
#pragma once

#include <string>

#include "tests/oracle/matrix.h"

namespace oracle {

double unary(const std::string& kind, double x, double alpha, double beta);

// Arithmetic; comparisons and logic give 0 or 1.
double binary(const std::string& kind, double a, double b);

// f(a, b) for each pair that broadcasting makes.
Tensor broadcast(const Tensor& a, const Tensor& b, const std::function<double(double, double)>& f);

// numpy.where
Tensor select(const Tensor& condition, const Tensor& a, const Tensor& b);

}  // namespace oracle
