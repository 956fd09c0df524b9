// The same Caffe, driven from C++: what the addon is compared with. Started by bench/overhead.js.
//   driver forward NET WEIGHTS THREADS    a net's forward passes
//   driver step SOLVER WEIGHTS THREADS    a solver's iterations
// For each number that comes in on a line, so many are run; the answer is `milliseconds checksum`.
#include <omp.h>

#include <caffe/caffe.hpp>
#include <caffe/util/upgrade_proto.hpp>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <string>

namespace {

double Checksum(const caffe::Net<float>& net) {
  double sum = 0;
  for (const caffe::Blob<float>* blob : net.output_blobs()) {
    for (int i = 0; i < blob->count(); ++i) sum += std::abs(blob->cpu_data()[i]);
  }
  return sum;
}

// The bench's input, as bench/overhead.js makes it.
void FillWave(caffe::Blob<float>* blob) {
  for (int i = 0; i < blob->count(); ++i) blob->mutable_cpu_data()[i] = static_cast<float>(100 * std::sin(0.1 * (i + 1)));
}

template <typename Body>
void Serve(const caffe::Net<float>& net, Body body) {
  for (int count; std::cin >> count;) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) body();
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    std::cout << elapsed.count() << ' ' << Checksum(net) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: driver forward|step FILE WEIGHTS THREADS\n";
    return 2;
  }
  const std::string file = argv[2];
  caffe::Caffe::set_mode(caffe::Caffe::CPU);
  omp_set_num_threads(std::stoi(argv[4]));
  if (std::string(argv[1]) == "forward") {
    caffe::Net<float> net(file, caffe::TEST);
    net.CopyTrainedLayersFrom(std::string(argv[3]));
    FillWave(net.blob_by_name("data").get());
    Serve(net, [&] { net.Forward(); });
  } else {
    caffe::SolverParameter param;
    caffe::ReadSolverParamsFromTextFileOrDie(file, &param);
    const std::unique_ptr<caffe::Solver<float>> solver(caffe::SolverRegistry<float>::CreateSolver(param));
    solver->net()->CopyTrainedLayersFrom(std::string(argv[3]));
    FillWave(solver->net()->blob_by_name("data").get());
    Serve(*solver->net(), [&] { solver->Step(1); });
  }
  return 0;
}
