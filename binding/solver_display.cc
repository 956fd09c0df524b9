#include "solver_display.h"

#include <caffe/caffe.hpp>
#include <sstream>
#include <string>

namespace caffe_node {

namespace {

std::string LossText(float weight, float value) {
  if (weight == 0) return {};
  std::ostringstream text;
  text << " (* " << weight << " = " << weight * value << " loss)";
  return text.str();
}

void LogOutputs(const caffe::Net<float>& net) {
  int number = 0;
  for (const int index : net.output_blob_indices()) {
    const float weight = net.blob_loss_weights()[index];
    const caffe::Blob<float>& blob = *net.blobs()[index];
    for (int i = 0; i < blob.count(); ++i) {
      const float value = blob.cpu_data()[i];
      LOG(INFO) << "    Train net output #" << number++ << ": " << net.blob_names()[index] << " = " << value
                << LossText(weight, value);
    }
  }
}

}  // namespace

void SolverDisplay::Begin(int iteration) {
  since_ = std::chrono::steady_clock::now();
  from_ = iteration;
}

void SolverDisplay::Log(const caffe::Net<float>& net, int iteration, int interval, float smoothed_loss) {
  const std::chrono::duration<float> lapse = std::chrono::steady_clock::now() - since_;
  LOG(INFO) << "Iteration " << iteration << " (" << static_cast<float>(iteration - from_) / lapse.count() << " iter/s, "
            << lapse.count() << "s/" << interval << " iters), loss = " << smoothed_loss;
  Begin(iteration);
  LogOutputs(net);
}

}  // namespace caffe_node
