#include "thin_products.h"

#include <algorithm>
#include <caffe/util/math_functions.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "instructions.h"
#include "wide_vectors.h"

namespace caffe_node::onednn {

namespace {

constexpr std::int64_t kLanes = kWideLanes;
using Vector = WideVector;

// A column of the thin matrix: a value of each of its rows. A product is then one value of the great matrix times a column, and
// no sum goes across a vector.
struct Column {
  Vector rows;
};
class Columns {
 public:
  // Zeros.
  explicit Columns(std::int64_t count) : memory_(static_cast<std::size_t>(count + 1) * sizeof(Column)), count_(count) {
    void* begin = memory_.data();
    std::size_t room = memory_.size();
    // Not alignof: outside of the functions for wide vectors the compiler knows none.
    first_ = static_cast<Column*>(std::align(sizeof(Column), room - sizeof(Column), begin, room));
  }
  Columns(Columns&&) = default;
  std::int64_t count() const { return count_; }
  Column* At(std::int64_t index) const { return first_ + index; }

 private:
  // Not of aligned_alloc, whose memory glibc is slow to use again, in every run.
  std::vector<char> memory_;
  Column* first_ = nullptr;
  std::int64_t count_;
};

// Rows from `first` on, zeros where there are none left.
Columns ColumnsOf(const float* thin, std::int64_t count, std::int64_t width, std::int64_t first) {
  Columns columns(width);
  const std::int64_t rows = std::min(kLanes, count - first);
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < width; ++i) {
    for (std::int64_t row = 0; row < rows; ++row) columns.At(i)->rows[row] = thin[(first + row) * width + i];
  }
  return columns;
}

void PutColumns(const Columns& columns, std::int64_t count, std::int64_t first, float* thin) {
  const auto width = columns.count();
  const std::int64_t rows = std::min(kLanes, count - first);
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < width; ++i) thin[(first + row) * width + i] = columns.At(i)->rows[row];
  }
}

// As many sums at a time as hide how long an addition takes, and as rows of a matrix can be read at full speed.
constexpr std::int64_t kSums = 8;

// result[j] = row j of the matrix · columns
template <std::int64_t kCount>
IN_WIDE_VECTORS void SumRows(const float* matrix, std::int64_t width, const Column* columns, Column* result) {
  Vector sums[kCount] = {};
  for (std::int64_t i = 0; i < width; ++i) {
    const Vector column = columns[i].rows;
#pragma GCC unroll 8
    for (std::int64_t j = 0; j < kCount; ++j) sums[j] += matrix[j * width + i] * column;
  }
#pragma GCC unroll 8
  for (std::int64_t j = 0; j < kCount; ++j) result[j].rows = sums[j];
}

// result[j] += column j of these rows of the matrix · columns
template <std::int64_t kCount>
IN_WIDE_VECTORS void SumColumns(const float* matrix, std::int64_t rows, std::int64_t width, const Column* columns,
                                Column* result) {
  Vector sums[kCount];
#pragma GCC unroll 8
  for (std::int64_t j = 0; j < kCount; ++j) sums[j] = result[j].rows;
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const values = matrix + row * width;
    __builtin_prefetch(values + 4 * kLanes);  // the processor does not see so many rows coming
    const Vector column = columns[row].rows;
#pragma GCC unroll 8
    for (std::int64_t j = 0; j < kCount; ++j) sums[j] += values[j] * column;
  }
#pragma GCC unroll 8
  for (std::int64_t j = 0; j < kCount; ++j) result[j].rows = sums[j];
}

// Rows of the outer product, kVectors vectors of each. Every loop over the sums is unrolled: they are to stay in registers.
template <std::int64_t kRows, std::int64_t kVectors>
IN_WIDE_VECTORS void SumOuter(std::int64_t count, std::int64_t height, std::int64_t width, const float* left, const float* right,
                              bool add, float* matrix) {
  Vector sums[kRows * kVectors] = {};
  for (std::int64_t i = 0; i < count; ++i) {
    const auto* const values = reinterpret_cast<const LooseVector*>(right + i * width);
#pragma GCC unroll 24
    for (std::int64_t j = 0; j < kRows * kVectors; ++j) sums[j] += left[i * height + j / kVectors] * values[j % kVectors];
  }
#pragma GCC unroll 24
  for (std::int64_t j = 0; j < kRows * kVectors; ++j) {
    auto* const to = reinterpret_cast<LooseVector*>(matrix + j / kVectors * width) + j % kVectors;
    *to = add ? *to + sums[j] : sums[j];
  }
}

// The outer product from row 0 on: kRows rows of it.
template <std::int64_t kRows>
void OuterRows(std::int64_t count, std::int64_t height, std::int64_t width, const float* left, const float* right, bool add,
               float* matrix) {
  constexpr std::int64_t kVectors = 4;
  std::int64_t i = 0;
  for (; i + kVectors * kLanes <= width; i += kVectors * kLanes) {
    SumOuter<kRows, kVectors>(count, height, width, left, right + i, add, matrix + i);
  }
  for (; i + kLanes <= width; i += kLanes) SumOuter<kRows, 1>(count, height, width, left, right + i, add, matrix + i);
  for (; i < width; ++i) {
    for (std::int64_t row = 0; row < kRows; ++row) {
      float sum = 0;
      for (std::int64_t k = 0; k < count; ++k) sum += left[k * height + row] * right[k * width + i];
      matrix[row * width + i] = add ? matrix[row * width + i] + sum : sum;
    }
  }
}

void ThinTimesTransposed(std::int64_t height, std::int64_t width, const Columns& columns, const float* matrix,
                         const Columns& result) {
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < height; row += kSums) {
    const float* const rows = matrix + row * width;
    Column* const sums = result.At(row);
    if (row + kSums <= height) {
      SumRows<kSums>(rows, width, columns.At(0), sums);
    } else {
      for (std::int64_t j = 0; j < height - row; ++j) SumRows<1>(rows + j * width, width, columns.At(0), sums + j);
    }
  }
}

// Few rows at a time: where they are a multiple of 4096 bytes long, as in AlexNet, all of them are after the same places of the
// cache, of which there are 12.
void ThinTimes(std::int64_t height, std::int64_t width, const Columns& columns, const float* matrix, const Columns& result) {
  constexpr std::int64_t kRows = 8;
  constexpr std::int64_t kBand = 512;
#pragma omp parallel for schedule(static)
  for (std::int64_t band = 0; band < width; band += kBand) {
    const std::int64_t end = std::min(band + kBand, width);
    for (std::int64_t row = 0; row < height; row += kRows) {
      const std::int64_t rows = std::min(kRows, height - row);
      const Column* const from = columns.At(row);
      std::int64_t i = band;
      for (; i + kSums <= end; i += kSums) {
        SumColumns<kSums>(matrix + row * width + i, rows, width, from, result.At(i));
      }
      for (; i < end; ++i) SumColumns<1>(matrix + row * width + i, rows, width, from, result.At(i));
    }
  }
}

// result (count × result_width), as many rows at a time as columns have: what `multiply` makes of these columns.
template <typename Multiply>
void ByColumns(std::int64_t count, std::int64_t width, const float* thin, std::int64_t result_width, float* result,
               const Multiply& multiply) {
  for (std::int64_t first = 0; first < count; first += kLanes) {
    const Columns sums(result_width);
    multiply(ColumnsOf(thin, count, width, first), sums);
    PutColumns(sums, count, first, result);
  }
}

}  // namespace

// Measured: with more rows BLAS has made up for its copy.
bool IsThin(int count) { return count <= 4 * kLanes && HasWideVectors(); }

void TimesTransposed(int count, int height, int width, const float* thin, const float* matrix, float* result) {
  if (!IsThin(count)) {
    return caffe::caffe_cpu_gemm(CblasNoTrans, CblasTrans, count, height, width, 1.0f, thin, matrix, 0.0f, result);
  }
  ByColumns(count, width, thin, height, result,
            [&](const Columns& columns, const Columns& sums) { ThinTimesTransposed(height, width, columns, matrix, sums); });
}

void Times(int count, int height, int width, const float* thin, const float* matrix, float* result) {
  if (!IsThin(count)) {
    return caffe::caffe_cpu_gemm(CblasNoTrans, CblasNoTrans, count, width, height, 1.0f, thin, matrix, 0.0f, result);
  }
  ByColumns(count, height, thin, width, result,
            [&](const Columns& columns, const Columns& sums) { ThinTimes(height, width, columns, matrix, sums); });
}

void OuterProduct(int count, int height, int width, const float* left, const float* right, bool add, float* matrix) {
  if (!IsThin(count)) {
    return caffe::caffe_cpu_gemm(CblasTrans, CblasNoTrans, height, width, count, 1.0f, left, right, add ? 1.0f : 0.0f, matrix);
  }
  constexpr std::int64_t kRows = 6;
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < height; row += kRows) {
    float* const rows = matrix + row * width;
    if (row + kRows <= height) {
      OuterRows<kRows>(count, height, width, left + row, right, add, rows);
    } else {
      for (std::int64_t j = 0; j < height - row; ++j) {
        OuterRows<1>(count, height, width, left + row + j, right, add, rows + j * width);
      }
    }
  }
}

}  // namespace caffe_node::onednn
