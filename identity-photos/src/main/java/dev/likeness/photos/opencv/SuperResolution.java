package dev.likeness.photos.opencv;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import dev.likeness.photos.internal.upscale.RrdbNet;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * A super-resolution network such as Real-ESRGAN, from an ONNX file or from weights of an RRDBNet.
 * Its input is an RGB image with values from 0 to 1, and its output is a larger RGB image. Images
 * of any size are processed in overlapping tiles. Thread-safe; one tile is processed at a time. A
 * closed network throws {@link IllegalStateException}.
 */
public final class SuperResolution implements AutoCloseable {
  // Tile size in pixels, used if the file has no fixed input size. OVERLAP pixels on each edge of a
  // tile are computed and discarded.
  private static final int TILE = 128;
  private static final int OVERLAP = 8;
  private static final int MAX_FACTOR = 8;
  private static final List<String> WEIGHTS = List.of(".safetensors", ".pth", ".pt", ".ckpt");
  private static final String LABEL = "the super-resolution network";

  private final Function<RgbImage, float[]> network;
  private final Runnable closing;
  private final int tile;
  private final int factor;
  private boolean closed;

  private SuperResolution(
      Function<RgbImage, float[]> network, Runnable closing, int tile, int factor) {
    this.network = network;
    this.closing = closing;
    this.tile = tile;
    this.factor = factor;
  }

  /**
   * Opens a file and runs the network once, to check that it works.
   *
   * @param file an ONNX file of a network with an RGB input [1, 3, height, width] and an RGB output
   *     of 2 to 8 times the height and width; or the weights of an RRDBNet, such as
   *     {@code RealESRGAN_x4plus} and {@code RealESRGAN_x2plus}, as safetensors or
   *     {@code torch.save}
   * @return the network; the caller closes it
   * @throws InvalidInputException if the file is not such a network, or OpenCV cannot run it
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static SuperResolution open(Path file) {
    return isOnnx(file) ? openOnnx(file) : openWeights(file);
  }

  private static boolean isOnnx(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return WEIGHTS.stream().noneMatch(name::endsWith);
  }

  private static SuperResolution openWeights(Path file) {
    RrdbNet network = RrdbNet.open(file);
    try {
      requireFinite(file, network.forward(RgbImage.of(2, 2, new byte[2 * 2 * 3])));
      return new SuperResolution(network::forward, network::close, TILE, network.factor());
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private static void requireFinite(Path file, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new InvalidInputException(
            LABEL + " " + file + " returns NaN or infinite values; download it again");
      }
    }
  }

  private static SuperResolution openOnnx(Path file) {
    OnnxFile input = OnnxFile.read(file, LABEL);
    int tile = input.inputSize() < 0 ? TILE : input.inputSize();
    if (input.shape().size() != 4 || input.shape().get(1) != 3 || tile <= 2 * OVERLAP) {
      throw new InvalidInputException(LABEL + " " + file + " has the input shape " + input.shape()
          + ", expected [1, 3, height, width] with more than " + 2 * OVERLAP
          + " pixels on a side; give a file such as Real-ESRGAN's");
    }
    Map<String, long[]> outputs = input.outputs(tile, OnnxFile.IMAGE_WORK);
    long[] out = outputs.values().iterator().next();
    long factor = out.length == 4 ? out[2] / tile : 0;
    if (outputs.size() > 1
        || factor < 2
        || factor > MAX_FACTOR
        || !Arrays.equals(out, new long[] {1, 3, factor * tile, factor * tile})) {
      String returned = outputs.size() > 1 ? outputs.size() + " outputs" : Arrays.toString(out);
      throw new InvalidInputException(
          LABEL + " " + file + " returns " + returned + " for " + tile + "x" + tile
              + " pixels, expected one output of 2 to 8 times the height and width; give a file"
              + " such as Real-ESRGAN's");
    }
    OpenCvNetwork network = OpenCvNetwork.open(input, tile, OnnxFile.IMAGE_WORK);
    return new SuperResolution(
        seen -> network.forward(seen, true, 0, 1 / 255.0), network::close, tile, (int) factor);
  }

  /** {@return the enlargement factor of width and height, 2 to 8} */
  public int factor() {
    return factor;
  }

  /**
   * Enlarges an image to the given size. The method applies the network as often as needed and then
   * reduces the result by area averaging.
   *
   * @param image an image of any size
   * @param width width of the result in pixels, at least the width of {@code image}
   * @param height height of the result in pixels, at least the height of {@code image}
   * @return the enlarged image
   * @throws ResourceLimitException if an enlarged image would have more than 2 GiB
   */
  public RgbImage upscale(RgbImage image, int width, int height) {
    RgbImage larger = image;
    while (larger.width() < width || larger.height() < height) {
      larger = upscale(larger);
    }
    return larger.width() == width && larger.height() == height
        ? larger
        : Resampler.AREA.resize(larger, width, height);
  }

  /**
   * Enlarges an image by {@link #factor()}.
   *
   * @param image an image of any size
   * @return the enlarged image
   * @throws ResourceLimitException if the enlarged image would have more than 2 GiB
   */
  public RgbImage upscale(RgbImage image) {
    int width = factor * image.width();
    if (3L * width * factor * image.height() > Integer.MAX_VALUE) {
      throw new ResourceLimitException("the enlarged image would have " + width + "x"
          + (long) factor * image.height() + " pixels, which is more than 2 GiB; give a smaller"
          + " image");
    }
    byte[] out = new byte[3 * width * factor * image.height()];
    int step = tile - 2 * OVERLAP;
    for (int y = 0; y < image.height(); y += step) {
      for (int x = 0; x < image.width(); x += step) {
        // Pixels outside the image repeat its edge.
        RgbImage seen =
            Resampler.AREA.resize(image, x - OVERLAP, y - OVERLAP, tile, tile, tile, tile);
        copyTile(forward(seen), x * factor, y * factor, width, out);
      }
    }
    return RgbImage.of(width, factor * image.height(), out);
  }

  private synchronized float[] forward(RgbImage seen) {
    if (closed) {
      throw new IllegalStateException(LABEL + " is closed; open it again");
    }
    return network.apply(seen);
  }

  private void copyTile(float[] values, int left, int top, int width, byte[] out) {
    int side = factor * tile;
    int edge = factor * OVERLAP;
    int height = out.length / 3 / width;
    for (int y = edge; y < side - edge && top + y - edge < height; y++) {
      for (int x = edge; x < side - edge && left + x - edge < width; x++) {
        for (int c = 0; c < 3; c++) {
          float value = values[(c * side + y) * side + x];
          out[((top + y - edge) * width + left + x - edge) * 3 + c] =
              (byte) Math.round(255 * Math.max(0, Math.min(1, value)));
        }
      }
    }
  }

  /** Frees the network. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      closing.run();
    }
  }
}
