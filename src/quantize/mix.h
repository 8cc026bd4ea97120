// Mixed precision: which operators compute in s8, which in s16 and which in floats, so that the
// model is as fast as it can be within a loss that the caller allows.
//
// What each part of the network adds to the output's noise is measured with that part quantized and
// all others float, and what it takes is measured on this machine. Both are taken to add up: the
// fastest assignment of a given noise is then a multiple-choice knapsack, solved exactly (to a
// thousandth of the noise) by dynamic programming. Assignments along that curve are judged as whole
// models, by the caller's loss.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "src/quantize/quantizer.h"
#include "src/quantize/reference.h"

namespace qrt::quantize {

// A product with what follows it up to the next: operators that had better compute alike.
struct Part {
  std::string name;           // its product's
  std::vector<size_t> nodes;  // of the float graph
};
std::vector<Part> parts_of(const graph::Graph& graph, const Plan& plan);

// What a part costs in a scheme.
struct PartCost {
  Scheme scheme = Scheme::Float;
  double noise = 0;  // of the output, relative to its signal, if only this part is quantized
  double us = 0;     // it takes
};
struct PartCosts {
  std::string name;
  std::vector<PartCost> costs;  // by scheme
};

// An assignment, judged.
struct Mix {
  std::vector<Scheme> schemes;  // by part
  double us = 0;                // of the whole model, measured
  double loss = 0;              // by the caller's measure
  std::string label;            // "3 of 20 parts in s16"
};

struct MixOptions {
  std::vector<Scheme> schemes = {Scheme::S8, Scheme::S16, Scheme::Float};
  double most_loss = 0;
  // Of a whole model: smaller is better.
  std::function<rt::Result<double>(const std::shared_ptr<const rt::Model>&)> loss;
  size_t threads = 1;
  // Noises that are known from a search before, by key; those measured are put in, and `keep` is
  // called then: a search that was stopped can go on.
  std::map<std::string, double> known;
  std::function<void(const std::string& key, double noise)> keep;
  Progress progress;
};

struct MixResult {
  std::vector<PartCosts> costs;
  std::vector<Mix> curve;  // by time
  size_t chosen = 0;       // of the curve
  bool within = false;     // whether its loss is within what was allowed
  Wishes wishes;           // that give it
  Quantized quantized;
};

rt::Result<MixResult> search_mix(const Prepared& prepared, const Statistics& statistics,
                                 const Reference& reference, const Wishes& wishes,
                                 const MixOptions& options);

}  // namespace qrt::quantize
