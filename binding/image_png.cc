#include "image_png.h"

#include <png.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "failure_exception.h"

namespace caffe_node {

namespace {

// libpng's state, and the way back from its errors. It reports them by longjmp into the method that called it, so these methods
// hold nothing with a destructor and return false, and the exception is thrown above them.
class PngReader {
 public:
  explicit PngReader(std::string_view file) : rest_(file) {
    const auto on_error = [](png_structp png, png_const_charp text) {
      PngReader& reader = *static_cast<PngReader*>(png_get_error_ptr(png));
      std::snprintf(reader.text_, sizeof reader.text_, "%s", text);
      png_longjmp(png, 1);
    };
    const auto on_warning = [](png_structp, png_const_charp) {};
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // After it, height(), width() and channels() are known: grey, grey and alpha, RGB or RGBA, 8 bits each.
  bool Start() {
    if (info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, [](png_structp png, png_bytep into, png_size_t count) {
      if (!static_cast<PngReader*>(png_get_io_ptr(png))->Take(into, count)) png_error(png, "the file ends too early");
    });
    png_read_info(png_, info_);
    png_set_expand(png_);  // palettes, fewer than 8 bits, a transparent colour
    png_set_scale_16(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  // `rows` point to width() × channels() samples each. Reads to the end of the file, whose checksums tell of damage.
  bool Read(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  std::uint32_t height() const { return png_get_image_height(png_, info_); }
  std::uint32_t width() const { return png_get_image_width(png_, info_); }
  int channels() const { return png_get_channels(png_, info_); }
  Failure failure() const { return Failure("IMAGE", std::string("The PNG cannot be decoded: ") + text_ + "."); }

 private:
  bool Take(png_bytep into, std::size_t count) {
    if (count > rest_.size()) return false;
    std::memcpy(into, rest_.data(), count);
    rest_.remove_prefix(count);
    return true;
  }

  std::string_view rest_;  // what is not read yet
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char text_[128] = "out of memory";
};

// Blends in the stored values, not in linear light: what sharp and browsers do.
std::uint8_t OnWhite(int value, int alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

Pixels WithoutAlpha(const Pixels& image) {
  const std::size_t given = static_cast<std::size_t>(image.channels);
  const std::size_t kept = given - 1;
  Pixels opaque = AllocatePixels(static_cast<std::uint64_t>(image.height), static_cast<std::uint64_t>(image.width),
                                 static_cast<int>(kept), "PNG");
  for (std::size_t i = 0, count = image.data.size() / given; i < count; ++i) {
    const std::uint8_t* pixel = &image.data[given * i];
    for (std::size_t c = 0; c < kept; ++c) opaque.data[kept * i + c] = OnWhite(pixel[c], pixel[kept]);
  }
  return opaque;
}

}  // namespace

Pixels DecodePng(std::string_view file) {
  PngReader reader(file);
  if (!reader.Start()) throw reader.failure();
  Pixels image = AllocatePixels(reader.height(), reader.width(), reader.channels(), "PNG");
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.height));
  const std::size_t row_size = image.data.size() / rows.size();
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = &image.data[row * row_size];
  if (!reader.Read(rows.data())) throw reader.failure();
  return image.channels % 2 == 0 ? WithoutAlpha(image) : image;
}

}  // namespace caffe_node
