#include "image_jpeg.h"

#include <cstdio>  // jpeglib.h uses FILE and size_t and trusts others to have declared them
//
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <string>

#include "failure_exception.h"

namespace caffe_node {

namespace {

// Warnings after which libjpeg goes on with made-up pixels. The others (foreign markers, bytes between segments) do no harm.
bool DamagesPixels(int warning) {
  switch (warning) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
      return true;
    default:
      return false;
  }
}

// libjpeg's state, and the way back from its errors. It reports them by longjmp into the method that called it, so these methods
// hold nothing with a destructor and return false, and the exception is thrown above them.
class JpegReader {
 public:
  explicit JpegReader(std::string_view file) : file_(file) {
    state_.err = jpeg_std_error(&errors_);
    state_.client_data = this;
    errors_.error_exit = [](j_common_ptr state) { Of(state).GiveUp(state); };
    errors_.emit_message = [](j_common_ptr state, int level) {
      if (level < 0 && DamagesPixels(state->err->msg_code)) Of(state).GiveUp(state);
    };
  }
  ~JpegReader() { jpeg_destroy_decompress(&state_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // After it, height(), width() and channels() are known.
  bool Start() {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_decompress(&state_);
    jpeg_mem_src(&state_, reinterpret_cast<const unsigned char*>(file_.data()), static_cast<unsigned long>(file_.size()));
    jpeg_read_header(&state_, TRUE);
    switch (state_.jpeg_color_space) {
      case JCS_GRAYSCALE:
        state_.out_color_space = JCS_GRAYSCALE;
        break;
      case JCS_CMYK:
      case JCS_YCCK:
        state_.out_color_space = JCS_CMYK;
        break;
      default:
        state_.out_color_space = JCS_RGB;
    }
    jpeg_calc_output_dimensions(&state_);
    return true;
  }

  // `rows` has room for height() rows of width() × channels() samples.
  bool Read(std::uint8_t* rows) {
    if (setjmp(escape_) != 0) return false;
    jpeg_start_decompress(&state_);
    while (state_.output_scanline < state_.output_height) {
      JSAMPROW row = rows + static_cast<std::size_t>(state_.output_scanline) * state_.output_width *
                                static_cast<std::size_t>(state_.out_color_components);
      jpeg_read_scanlines(&state_, &row, 1);
    }
    jpeg_finish_decompress(&state_);
    return true;
  }

  unsigned height() const { return state_.output_height; }
  unsigned width() const { return state_.output_width; }
  int channels() const { return state_.out_color_components; }
  // Adobe's programs store the complement of the ink.
  bool inverted() const { return state_.saw_Adobe_marker != 0; }
  Failure failure() const { return Failure("IMAGE", std::string("The JPEG cannot be decoded: ") + text_ + "."); }

 private:
  static JpegReader& Of(j_common_ptr state) { return *static_cast<JpegReader*>(state->client_data); }

  [[noreturn]] void GiveUp(j_common_ptr state) {
    errors_.format_message(state, text_);
    std::longjmp(escape_, 1);
  }

  const std::string_view file_;
  jpeg_decompress_struct state_ = {};  // zero: jpeg_destroy_decompress does nothing before jpeg_create_decompress
  jpeg_error_mgr errors_ = {};
  std::jmp_buf escape_;
  char text_[JMSG_LENGTH_MAX] = "";
};

// Without the colour profile of the print, light is what all inks let through.
Pixels RgbOfCmyk(const Pixels& cmyk, bool inverted) {
  Pixels rgb = AllocatePixels(static_cast<std::uint64_t>(cmyk.height), static_cast<std::uint64_t>(cmyk.width), 3, "JPEG");
  const int flip = inverted ? 0 : 255;
  const std::size_t count = cmyk.data.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* inks = &cmyk.data[4 * i];
    const int black = inks[3] ^ flip;
    for (std::size_t c = 0; c < 3; ++c) {
      rgb.data[3 * i + c] = static_cast<std::uint8_t>(((inks[c] ^ flip) * black + 127) / 255);
    }
  }
  return rgb;
}

}  // namespace

Pixels DecodeJpeg(std::string_view file) {
  JpegReader reader(file);
  if (!reader.Start()) throw reader.failure();
  Pixels image = AllocatePixels(reader.height(), reader.width(), reader.channels(), "JPEG");
  if (!reader.Read(image.data.data())) throw reader.failure();
  return image.channels == 4 ? RgbOfCmyk(image, reader.inverted()) : image;
}

}  // namespace caffe_node
