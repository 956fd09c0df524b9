// Matrix products with a matrix of few rows, as a batch is in a fully connected layer. BLAS first copies the other matrix, the
// weights, into an order of its own, which takes longer than the product; these read it once, as it lies.
#ifndef CAFFE_NODE_ONEDNN_THIN_PRODUCTS_H_
#define CAFFE_NODE_ONEDNN_THIN_PRODUCTS_H_

namespace caffe_node::onednn {

// Where there are more rows than that, or the processor has no wide vectors, BLAS computes them all the same.
bool IsThin(int count);

// All matrices lie dense, row by row.

// result (count × height) = thin (count × width) · transposed matrix (height × width)
void TimesTransposed(int count, int height, int width, const float* thin, const float* matrix, float* result);
// result (count × width) = thin (count × height) · matrix (height × width)
void Times(int count, int height, int width, const float* thin, const float* matrix, float* result);
// matrix (height × width) = transposed left (count × height) · right (count × width), added to what is there if `add`
void OuterProduct(int count, int height, int width, const float* left, const float* right, bool add, float* matrix);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_THIN_PRODUCTS_H_
