// An image as datasets store it: a JPEG or PNG file, or raw planes of bytes or of floats.
#ifndef CAFFE_NODE_LAYERS_DATUM_IMAGE_H_
#define CAFFE_NODE_LAYERS_DATUM_IMAGE_H_

#include <caffe/proto/caffe.pb.h>

#include "../image_decode.h"
#include "../pixel_transform.h"

namespace caffe_node {

// The channels to make of encoded images; raw ones keep theirs, as in Caffe.
enum class Colour { kAsStored = 0, kGrey = 1, kColour = 3 };

class DatumImage {
 public:
  // Decodes. Throws IMAGE when the datum is damaged. Raw samples stay in the datum, which must live longer.
  DatumImage(const caffe::Datum& datum, Colour colour);

  const ImageSize& size() const { return size_; }
  void Transform(const PixelTransform& transform, const Window& window, float* planes) const;

 private:
  const caffe::Datum& datum_;
  Pixels pixels_;  // of an encoded datum
  ImageSize size_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_DATUM_IMAGE_H_
