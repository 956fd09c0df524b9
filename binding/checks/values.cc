#include "values.h"

#include <string>
#include <utility>
#include <vector>

#include "../failure.h"

namespace caffe_node {

namespace {

void Require(const caffe::Net<float>& net, const std::vector<int>& blobs, const char* what) {
  for (const int blob : blobs) {
    if (net.blobs()[blob]->count() > 0) continue;
    const std::string& name = net.blob_names()[blob];
    FailureDetails details;
    details.blob = name;
    details.hint = "A Filter that selects nothing, or an Input without a shape, hands on no values.";
    throw Failure("SHAPE", std::string("Its ") + what + " '" + name + "' is empty.", std::move(details));
  }
}

}  // namespace

void RequireBottoms(const caffe::Net<float>& net, int layer) { Require(net, net.bottom_ids(layer), "bottom"); }

void RequireTops(const caffe::Net<float>& net, int layer) { Require(net, net.top_ids(layer), "top"); }

}  // namespace caffe_node
