#include "parameter_update.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "solver_access.h"
#include "update_rules.h"

namespace caffe_node {

namespace {

using FloatBlob = caffe::Blob<float>;
using FloatNet = caffe::Net<float>;

// Some of the values of one parameter: few enough for an even share, enough to be worth one.
struct Piece {
  std::size_t parameter;
  std::size_t begin;
  std::size_t end;
};
constexpr std::size_t kPiece = std::size_t{1} << 15;

void AddPieces(std::size_t parameter, std::size_t count, std::vector<Piece>* pieces) {
  for (std::size_t begin = 0; begin < count; begin += kPiece) {
    pieces->push_back({parameter, begin, std::min(begin + kPiece, count)});
  }
}

// The threads are not woken for less than two pieces.
template <typename Body>
void ForEachPiece(const std::vector<Piece>& pieces, const Body& body) {
  const auto count = static_cast<std::ptrdiff_t>(pieces.size());
#pragma omp parallel for schedule(dynamic, 8) if (count > 1)
  for (std::ptrdiff_t i = 0; i < count; ++i) body(static_cast<std::size_t>(i));
}

// Memory that nobody has asked for yet: Caffe takes it, zeroed, when somebody does.
bool IsUntouched(const boost::shared_ptr<caffe::SyncedMemory>& memory) {
  return memory->head() == caffe::SyncedMemory::UNINITIALIZED;
}

struct Parameter {
  float* data;
  float* diff;
  float* first;   // history
  float* second;  // null where the rule has one history
  float rate;
  float decay;
};

enum class Decay { kNone, kL1, kL2 };

template <Decay kind>
float Pull(float value) {
  if (kind == Decay::kL1) return static_cast<float>((value > 0) - (value < 0));
  return value;
}

// `scale` is what clipping and iter_size make of a gradient. What the loop needs is copied first: the compiler cannot know that
// the rule does not lie where a diff is written.
template <Decay kind, typename Rule>
void UpdateValues(const Rule rule, const Parameter parameter, float scale, std::size_t begin, std::size_t end) {
#pragma omp simd
  for (std::size_t i = begin; i < end; ++i) {
    const float value = parameter.data[i];
    float gradient = scale * parameter.diff[i];
    if constexpr (kind != Decay::kNone) gradient += parameter.decay * Pull<kind>(value);
    float first = parameter.first[i];
    float second = Rule::kHistories == 2 ? parameter.second[i] : 0;
    const float update = rule(gradient, parameter.rate, first, second);
    parameter.first[i] = first;
    if constexpr (Rule::kHistories == 2) parameter.second[i] = second;
    parameter.diff[i] = update;
    parameter.data[i] = value - update;
  }
}

double SquaresOf(const float* values, std::size_t begin, std::size_t end) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = begin; i < end; ++i) sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return sum;
}

// The same for any number of threads: the sums of the pieces are added in order.
float NormOfDiffs(const FloatNet& net) {
  const auto& blobs = net.learnable_params();
  std::vector<Piece> pieces;
  std::vector<const float*> diffs(blobs.size());
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (IsUntouched(blobs[i]->diff())) continue;
    diffs[i] = blobs[i]->cpu_diff();
    AddPieces(i, static_cast<std::size_t>(blobs[i]->count()), &pieces);
  }
  std::vector<double> squares(pieces.size());
  ForEachPiece(pieces,
               [&](std::size_t i) { squares[i] = SquaresOf(diffs[pieces[i].parameter], pieces[i].begin, pieces[i].end); });
  return static_cast<float>(std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0)));
}

// What clip_gradients makes of the gradients of all parameters together.
float ClippingScale(const FloatNet& net, float limit) {
  if (limit < 0) return 1;
  const float norm = NormOfDiffs(net);
  if (!(norm > limit)) return 1;
  LOG(INFO) << "Gradient clipping: scaling down gradients (L2 norm " << norm << " > " << limit << ") by scale factor "
            << limit / norm;
  return limit / norm;
}

// One update of all parameters of a solver, by a rule.
class Update {
 public:
  Update(caffe::SGDSolver<float>* solver, float rate)
      : solver_(solver), net_(*solver->net()), rate_(rate), param_(solver->param()) {}

  template <typename Rule>
  void Run(const Rule& rule) const {
    const float scale = ClippingScale(net_, param_.clip_gradients()) / static_cast<float>(param_.iter_size());
    const bool l1 = param_.regularization_type() == "L1";
    std::vector<Parameter> parameters(net_.learnable_params().size());
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (IsFrozen<Rule>(i)) continue;
      parameters[i] = Gather(i, Rule::kHistories);
      AddPieces(i, static_cast<std::size_t>(net_.learnable_params()[i]->count()), &pieces);
    }
    ForEachPiece(pieces, [&](std::size_t i) {
      const Piece& piece = pieces[i];
      const Parameter& parameter = parameters[piece.parameter];
      if (parameter.decay == 0) return UpdateValues<Decay::kNone>(rule, parameter, scale, piece.begin, piece.end);
      if (l1) return UpdateValues<Decay::kL1>(rule, parameter, scale, piece.begin, piece.end);
      UpdateValues<Decay::kL2>(rule, parameter, scale, piece.begin, piece.end);
    });
  }

 private:
  float RateOf(std::size_t i) const { return rate_ * net_.params_lr()[i]; }
  float DecayOf(std::size_t i) const { return param_.weight_decay() * net_.params_weight_decay()[i]; }
  FloatBlob& History(std::size_t i) const { return *solver_->history()[i]; }

  // A parameter with lr_mult 0 has no gradient, and momentum finds nothing to go on with: its update is 0, whatever its decay. So
  // neither its diff nor its history ever takes memory.
  template <typename Rule>
  bool IsFrozen(std::size_t i) const {
    return Rule::kMovesByRate && RateOf(i) == 0 && IsUntouched(net_.learnable_params()[i]->diff()) &&
           IsUntouched(History(i).data());
  }

  Parameter Gather(std::size_t i, int histories) const {
    FloatBlob& blob = *net_.learnable_params()[i];
    float* const second = histories == 2 ? History(i + net_.learnable_params().size()).mutable_cpu_data() : nullptr;
    return {blob.mutable_cpu_data(), blob.mutable_cpu_diff(), History(i).mutable_cpu_data(), second, RateOf(i), DecayOf(i)};
  }

  caffe::SGDSolver<float>* const solver_;
  const FloatNet& net_;
  const float rate_;
  const caffe::SolverParameter& param_;
};

float AdamCorrection(const caffe::SolverParameter& param, int iteration) {
  const double steps = iteration + 1.0;
  return static_cast<float>(std::sqrt(1 - std::pow(static_cast<double>(param.momentum2()), steps)) /
                            (1 - std::pow(static_cast<double>(param.momentum()), steps)));
}

using Runner = void (*)(const Update& update, const caffe::SolverParameter& param, int iteration);

const std::map<std::string, Runner>& Runners() {
  using Param = caffe::SolverParameter;
  static const std::map<std::string, Runner> runners{
      {"SGD", [](const Update& update, const Param& param, int) { update.Run(SgdRule{param.momentum()}); }},
      {"Nesterov", [](const Update& update, const Param& param, int) { update.Run(NesterovRule{param.momentum()}); }},
      {"AdaGrad", [](const Update& update, const Param& param, int) { update.Run(AdaGradRule{param.delta()}); }},
      {"RMSProp",
       [](const Update& update, const Param& param, int) {
         update.Run(RmsPropRule{param.rms_decay(), param.delta()});
       }},
      {"AdaDelta",
       [](const Update& update, const Param& param, int) {
         update.Run(AdaDeltaRule{param.momentum(), param.delta()});
       }},
      {"Adam",
       [](const Update& update, const Param& param, int iteration) {
         update.Run(AdamRule{param.momentum(), param.momentum2(), param.delta(), AdamCorrection(param, iteration)});
       }},
  };
  return runners;
}

}  // namespace

void UpdateParameters(caffe::SGDSolver<float>* solver) {
  const auto runner = Runners().find(solver->type());
  if (runner == Runners().end() || caffe::Caffe::mode() != caffe::Caffe::CPU) return solver->ApplyUpdate();
  const caffe::SolverParameter& param = solver->param();
  int& iteration = SolverAccess::Iteration(*solver);
  const float rate = solver->GetLearningRate();
  if (param.display() > 0 && iteration % param.display() == 0) LOG(INFO) << "Iteration " << iteration << ", lr = " << rate;
  runner->second(Update(solver, rate), param, iteration);
  ++iteration;
}

void ClearDiffs(FloatNet* net) {
  if (caffe::Caffe::mode() != caffe::Caffe::CPU) return net->ClearParamDiffs();
  ClearDiffs(net->learnable_params());
}

void ClearDiffs(const std::vector<FloatBlob*>& parameters) {
  std::vector<Piece> pieces;
  std::vector<float*> diffs(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (IsUntouched(parameters[i]->diff())) continue;
    diffs[i] = parameters[i]->mutable_cpu_diff();
    AddPieces(i, static_cast<std::size_t>(parameters[i]->count()), &pieces);
  }
  ForEachPiece(pieces, [&](std::size_t i) {
    const Piece& piece = pieces[i];
    std::fill(diffs[piece.parameter] + piece.begin, diffs[piece.parameter] + piece.end, 0.0f);
  });
}

}  // namespace caffe_node
