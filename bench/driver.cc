// The same Caffe, driven from C++ with nothing of ours in the process: what the addon is compared with.
//   driver forward NET WEIGHTS INPUT OUTPUT THREADS      a net's forward passes
//   driver train SOLVER WEIGHTS INPUT OUTPUT THREADS     a solver's iterations
//   driver multiply SIDE THREADS                         BLAS alone: the product of two square matrices of this side
// It speaks as every process of the benchmark does (bench/suite/engine-process.js). INPUT has the floats of the net's inputs, one after
// the other; `-` where it has none. OUTPUT is written: the outputs of the first forward pass, or for each of the first two iterations the
// loss and the length of each parameter's update.
#include <omp.h>

#include <caffe/caffe.hpp>
#include <caffe/util/math_functions.hpp>
#include <caffe/util/upgrade_proto.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

double MillisecondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count();
}

void FillInputs(const caffe::Net<float>& net, const std::string& path) {
  if (path == "-") return;
  std::ifstream file(path, std::ios::binary);
  for (caffe::Blob<float>* blob : net.input_blobs()) {
    const auto size = static_cast<std::streamsize>(sizeof(float)) * blob->count();
    if (!file.read(reinterpret_cast<char*>(blob->mutable_cpu_data()), size)) throw std::runtime_error(path + " is too short");
  }
}

void Write(const std::string& path, const std::vector<float>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(sizeof(float) * values.size()));
  if (!file.flush()) throw std::runtime_error(path + " cannot be written");
}

std::vector<float> OutputsOf(const caffe::Net<float>& net) {
  std::vector<float> values;
  for (const caffe::Blob<float>* blob : net.output_blobs()) {
    values.insert(values.end(), blob->cpu_data(), blob->cpu_data() + blob->count());
  }
  return values;
}

void AppendStep(const caffe::Net<float>& net, std::vector<float>* values) {
  values->push_back(net.output_blobs()[0]->cpu_data()[0]);
  for (const caffe::Blob<float>* parameter : net.learnable_params()) {
    values->push_back(static_cast<float>(std::sqrt(parameter->sumsq_diff())));
  }
}

// Waits for `load`, loads, and answers what it cost; then, for each line with two numbers, runs as often as the first says unmeasured and
// as often as the second says measured.
void Serve(const std::function<void()>& load, const std::function<void()>& first, const std::function<void()>& run) {
  std::cout << "{\"ready\":true}" << std::endl;
  std::string word;
  std::cin >> word;
  const double load_time = MillisecondsOf(load);
  std::cout << "{\"loadMs\":" << load_time << ",\"firstMs\":" << MillisecondsOf(first) << "}" << std::endl;
  for (int warm_ups, count; std::cin >> warm_ups >> count;) {
    for (int i = 0; i < warm_ups; ++i) run();
    const double milliseconds = MillisecondsOf([&] {
      for (int i = 0; i < count; ++i) run();
    });
    std::cout << "{\"ms\":" << milliseconds << "}" << std::endl;
  }
}

void ServeForward(const std::vector<std::string>& arguments) {
  std::unique_ptr<caffe::Net<float>> net;
  const auto load = [&] {
    net = std::make_unique<caffe::Net<float>>(arguments[0], caffe::TEST);
    net->CopyTrainedLayersFrom(arguments[1]);
  };
  const auto first = [&] {
    FillInputs(*net, arguments[2]);
    net->Forward();
    Write(arguments[3], OutputsOf(*net));
  };
  Serve(load, first, [&] { net->Forward(); });
}

void ServeTraining(const std::vector<std::string>& arguments) {
  std::unique_ptr<caffe::Solver<float>> solver;
  const auto load = [&] {
    caffe::SolverParameter param;
    caffe::ReadSolverParamsFromTextFileOrDie(arguments[0], &param);
    solver.reset(caffe::SolverRegistry<float>::CreateSolver(param));
    solver->net()->CopyTrainedLayersFrom(arguments[1]);
  };
  const auto first = [&] {
    FillInputs(*solver->net(), arguments[2]);
    std::vector<float> values;
    for (int i = 0; i < 2; ++i) {
      solver->Step(1);
      AppendStep(*solver->net(), &values);
    }
    Write(arguments[3], values);
  };
  Serve(load, first, [&] { solver->Step(1); });
}

void ServeMultiplication(int side) {
  const std::size_t count = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  const std::vector<float> a(count, 0.5F);
  const std::vector<float> b(count, 0.25F);
  std::vector<float> c(count);
  const auto multiply = [&] {
    caffe::caffe_cpu_gemm<float>(CblasNoTrans, CblasNoTrans, side, side, side, 1, a.data(), b.data(), 0, c.data());
  };
  Serve([] {}, multiply, multiply);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string task = arguments.empty() ? "" : arguments[0];
  if (!((task == "multiply" && argc == 4) || ((task == "forward" || task == "train") && argc == 7))) {
    std::cerr << "usage: driver forward|train FILE WEIGHTS INPUT OUTPUT THREADS\n       driver multiply SIDE THREADS\n";
    return 2;
  }
  caffe::Caffe::set_mode(caffe::Caffe::CPU);
  omp_set_num_threads(std::stoi(arguments.back()));
  const std::vector<std::string> files(arguments.begin() + 1, arguments.end() - 1);
  if (task == "forward") ServeForward(files);
  if (task == "train") ServeTraining(files);
  if (task == "multiply") ServeMultiplication(std::stoi(files[0]));
  return 0;
}
