package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.face.BoundingBox;
import java.util.Random;

/** Images made worse on purpose, by a known amount. */
public final class Degraded {
  private Degraded() {}

  /** Gaussian blur of {@code sigma} pixels. */
  public static RgbImage blurred(RgbImage image, double sigma) {
    int reach = (int) Math.ceil(3 * sigma);
    double[] kernel = new double[2 * reach + 1];
    double sum = 0;
    for (int k = -reach; k <= reach; k++) {
      sum += kernel[k + reach] = Math.exp(-k * k / (2 * sigma * sigma));
    }
    RgbImage once = convolved(image, kernel, sum, 1, 0);
    return convolved(once, kernel, sum, 0, 1);
  }

  private static RgbImage convolved(RgbImage image, double[] kernel, double sum, int dx, int dy) {
    int reach = kernel.length / 2;
    return map(image, (x, y, c) -> {
      double value = 0;
      for (int k = -reach; k <= reach; k++) {
        int px = Math.max(0, Math.min(image.width() - 1, x + k * dx));
        int py = Math.max(0, Math.min(image.height() - 1, y + k * dy));
        value += kernel[k + reach] * image.at(px, py, c);
      }
      return value / sum;
    });
  }

  /** The light of the scene times {@code factor}, in linear light, clipped as a sensor clips. */
  public static RgbImage exposed(RgbImage image, double factor) {
    double[] levels = new double[256];
    for (int level = 0; level < levels.length; level++) {
      levels[level] = 255 * Math.pow(Math.pow(level / 255.0, 2.2) * factor, 1 / 2.2);
    }
    return map(image, (x, y, c) -> levels[image.at(x, y, c)]);
  }

  /** Everything left of the middle of {@code face} {@code stops} darker. */
  public static RgbImage sideLit(RgbImage image, BoundingBox face, double stops) {
    RgbImage shade = exposed(image, Math.pow(2, -stops));
    return map(image, (x, y, c) -> (x < face.center().x() ? shade : image).at(x, y, c));
  }

  /** Black glasses on {@code face}. */
  public static RgbImage behindSunglasses(RgbImage image, BoundingBox face) {
    return map(image, (x, y, c) -> {
      double u = Math.abs((x - face.center().x()) / face.width()) - 0.2;
      double v = (y - face.y()) / face.height() - 0.38;
      boolean lens = u * u / (0.17 * 0.17) + v * v / (0.11 * 0.11) <= 1;
      boolean bridge = Math.abs(v + 0.03) < 0.02 && u < 0.2;
      return lens || bridge ? 18 : image.at(x, y, c);
    });
  }

  /** A cap of one colour on the head of {@code face}, down to the brows. */
  public static RgbImage capped(RgbImage image, BoundingBox face, int red, int green, int blue) {
    int[] colour = {red, green, blue};
    return map(image, (x, y, c) -> {
      double u = (x - face.center().x()) / face.width();
      double v = (y - face.y()) / face.height();
      boolean cap = v < 0.1 && u * u / (0.62 * 0.62) + (v - 0.1) * (v - 0.1) / (0.6 * 0.6) <= 1;
      return cap ? (int) (colour[c] * (1 - 0.5 * Math.abs(u))) : image.at(x, y, c);
    });
  }

  /** A blue cloth over the lower {@code share} of {@code face}. */
  public static RgbImage covered(RgbImage image, BoundingBox face, double share) {
    double from = face.y() + (1 - share) * face.height();
    return map(
        image,
        (x, y, c) -> y >= from
                && y < face.y() + 1.1 * face.height()
                && x >= face.x()
                && x < face.x() + face.width()
            ? c == 2 ? 190 : 110
            : image.at(x, y, c));
  }

  /** Saved as JPEG of {@code quality} 1 to 100 and read again. */
  public static RgbImage compressed(RgbImage image, int quality) {
    byte[] file = Encoded.jpeg(image.toBufferedImage(), quality / 100f);
    return new PhotoDecoder(DecodeLimits.DEFAULT.withMaxLongSide(10_000))
        .decode("compressed", file)
        .image();
  }

  /** Sensor noise of {@code sigma} levels. */
  public static RgbImage noisy(RgbImage image, double sigma) {
    Random random = new Random(1);
    return map(image, (x, y, c) -> image.at(x, y, c) + sigma * random.nextGaussian());
  }

  /** A share of {@code tone} (0 to 1) mixed in that has the brightness alone, tinted as sepia. */
  public static RgbImage toned(RgbImage image, double tone, boolean sepia) {
    double[] tint = sepia ? new double[] {1.08, 0.95, 0.75} : new double[] {1, 1, 1};
    return map(image, (x, y, c) -> {
      double grey =
          0.299 * image.at(x, y, 0) + 0.587 * image.at(x, y, 1) + 0.114 * image.at(x, y, 2);
      return (1 - tone) * image.at(x, y, c) + tone * tint[c] * grey;
    });
  }

  /** The part of the image {@code dx}, {@code dy} further, without its last columns and rows. */
  public static RgbImage shifted(RgbImage image, int dx, int dy) {
    return image.crop(dx, dy, image.width() - dx, image.height() - dy);
  }

  private interface Value {
    double at(int x, int y, int channel);
  }

  private static RgbImage map(RgbImage image, Value value) {
    byte[] rgb = new byte[image.width() * image.height() * 3];
    for (int y = 0, at = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        for (int c = 0; c < 3; c++) {
          rgb[at++] = (byte) Math.max(0, Math.min(255, Math.round(value.at(x, y, c))));
        }
      }
    }
    return RgbImage.of(image.width(), image.height(), rgb);
  }
}
