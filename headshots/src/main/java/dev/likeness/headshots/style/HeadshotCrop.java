package dev.likeness.headshots.style;

import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.Point;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a headshot that a format shows: the eyes on the upper third, room above the hair, the
 * face in the middle; as large as the image allows. Where a wide one cannot show hair and chin,
 * hair is cut off before the chin is.
 *
 * @param x left edge in pixels
 * @param y top edge in pixels
 * @param width in pixels
 * @param height in pixels
 */
public record HeadshotCrop(int x, int y, int width, int height) {
  private static final Pattern SIDES = Pattern.compile("([1-9][0-9]{0,4})[:x]([1-9][0-9]{0,4})");
  // A cascade's box begins above the brows; hair and some room need this much of its height above
  // it.
  private static final double HEADROOM = 0.45;
  // It ends at the chin, or a little above; some neck belongs to a headshot.
  private static final double NECK = 0.1;
  // A circle in a square loses its corners: the head, half as high again as the box, has to lie
  // within.
  private static final double AVATAR_SCALE = 1.9;

  private static final int MIN_PIXELS = 64;
  private static final int MAX_PIXELS = 4096;

  /** A size in pixels. */
  public record Pixels(int width, int height) {}

  /**
   * Width over height of {@code square}, {@code avatar}, sides such as {@code 4:5}, and pixels such
   * as {@code 1200x630}.
   *
   * @throws IllegalArgumentException for anything else, for sides outside 1:4 to 4:1, and for
   *     pixels outside 64 to 4096
   */
  public static double ratio(String format) {
    if (format.equals("square") || format.equals("avatar")) {
      return 1;
    }
    Matcher sides = SIDES.matcher(format);
    if (!sides.matches()) {
      throw new IllegalArgumentException(
          "the crop \"" + format + "\" is unknown; give square, avatar, sides such as 4:5, or "
              + "pixels such as 1200x630");
    }
    double ratio = Double.parseDouble(sides.group(1)) / Double.parseDouble(sides.group(2));
    if (!isValidRatio(ratio)) {
      throw new IllegalArgumentException(
          "the crop " + format + " is too narrow; give sides of 1:4 to 4:1");
    }
    Pixels pixels = pixels(format).orElse(new Pixels(MIN_PIXELS, MAX_PIXELS));
    if (Math.min(pixels.width, pixels.height) < MIN_PIXELS
        || Math.max(pixels.width, pixels.height) > MAX_PIXELS) {
      throw new IllegalArgumentException(
          "the crop " + format + " is in pixels, of which a side has " + MIN_PIXELS + " to "
              + MAX_PIXELS + "; for sides give " + format.replace('x', ':'));
    }
    return ratio;
  }

  /**
   * The pixels that a format such as {@code 1200x630} asks for; empty for one that leaves them
   * open.
   */
  public static Optional<Pixels> pixels(String format) {
    Matcher sides = SIDES.matcher(format);
    return sides.matches() && format.contains("x")
        ? Optional.of(
            new Pixels(Integer.parseInt(sides.group(1)), Integer.parseInt(sides.group(2))))
        : Optional.empty();
  }

  private static boolean isValidRatio(double ratio) {
    return ratio >= 0.25 && ratio <= 4;
  }

  /**
   * The crop of an image with sides in {@code ratio}, width over height.
   *
   * @throws IllegalArgumentException for a ratio outside 1:4 to 4:1
   */
  public static HeadshotCrop of(RgbImage image, Face face, double ratio) {
    if (!isValidRatio(ratio)) {
      throw new IllegalArgumentException("a headshot's sides may be 1:4 to 4:1, given " + ratio);
    }
    double height = Math.min(image.height(), image.width() / ratio);
    return place(image, face, height * ratio, height);
  }

  /**
   * The crop that {@code format} asks for; empty where that goes by a face and none is seen. A
   * square image is square as it is.
   */
  public static Optional<HeadshotCrop> of(RgbImage image, String format, FaceDetector detector) {
    double ratio = ratio(format);
    boolean avatar = format.equals("avatar");
    if (!avatar && ratio * image.height() == image.width()) {
      return Optional.of(new HeadshotCrop(0, 0, image.width(), image.height()));
    }
    return detector.detect(image).stream()
        .findFirst()
        .map(face -> avatar ? avatar(image, face) : of(image, face, ratio));
  }

  /** A square whose inscribed circle shows the whole head, as round avatars do. */
  public static HeadshotCrop avatar(RgbImage image, Face face) {
    double side = Math.min(
        Math.min(image.width(), image.height()), AVATAR_SCALE * face.box().height());
    return new HeadshotCrop(
        clamp(face.box().center().x() - side / 2, side, image.width()),
        clamp(face.box().center().y() - 0.52 * side, side, image.height()),
        (int) side,
        (int) side);
  }

  /** The crop of {@code image}. */
  public RgbImage of(RgbImage image) {
    return image.crop(x, y, width, height);
  }

  /**
   * The crop of {@code image}, reduced to the pixels that {@code format} asks for where it has as
   * many; never enlarged.
   */
  public RgbImage of(RgbImage image, String format) {
    RgbImage shown = of(image);
    // Sides are cut off to whole pixels: less than one more is made up.
    return pixels(format)
        .filter(asked -> asked.width <= width + 1 && asked.height <= height + 1)
        .map(asked -> Lanczos.resize(shown, asked.width, asked.height))
        .orElse(shown);
  }

  private static HeadshotCrop place(RgbImage image, Face face, double width, double height) {
    BoundingBox box = face.box();
    Point eyes = face.eyes()
        .map(two -> two.left().midpoint(two.right()))
        .orElse(new Point(box.center().x(), box.y() + 0.4 * box.height()));
    double hair = box.y() - HEADROOM * box.height();
    double neck = box.y() + (1 + NECK) * box.height();
    double top = Math.min(eyes.y() - height / 3, Math.max(hair, neck - height));
    return new HeadshotCrop(
        clamp(eyes.x() - width / 2, width, image.width()),
        clamp(top, height, image.height()),
        (int) width,
        (int) height);
  }

  private static int clamp(double from, double length, int whole) {
    return (int) Math.max(0, Math.min(whole - (int) length, Math.round(from)));
  }
}
