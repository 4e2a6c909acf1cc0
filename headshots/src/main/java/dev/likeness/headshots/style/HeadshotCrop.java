package dev.likeness.headshots.style;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.Point;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A crop of a headshot: eyes at one third of the height, room above the hair, face in the middle.
 * Except for {@link #avatar}, the crop is as large as the image allows. If a wide format cannot
 * show both hair and chin, the hair is cut.
 *
 * @param x left edge in pixels
 * @param y top edge in pixels
 * @param width width in pixels
 * @param height height in pixels
 */
public record HeadshotCrop(int x, int y, int width, int height) {
  private static final Pattern SIDES = Pattern.compile("([1-9][0-9]{0,4})[:x]([1-9][0-9]{0,4})");
  // The box of a cascade starts above the eyebrows. Hair and room above it need this share of the
  // box's height.
  private static final double HEADROOM = 0.45;
  // The box ends at the chin or a little above. A headshot shows some neck.
  private static final double NECK = 0.1;
  // The circle cuts the corners of the square. The head, 1.5 times as high as the box, must fit
  // into the circle.
  private static final double AVATAR_SCALE = 1.9;

  private static final int MIN_PIXELS = 64;
  private static final int MAX_PIXELS = 4096;

  /**
   * A size in pixels.
   *
   * @param width the width in pixels
   * @param height the height in pixels
   */
  public record Pixels(int width, int height) {}

  /**
   * The aspect ratio of a format. A format is {@code square}, {@code avatar}, a ratio such as
   * {@code 4:5}, or a size in pixels such as {@code 1200x630}.
   *
   * @param format the format
   * @return width divided by height, 0.25 to 4
   * @throws IllegalArgumentException if the format is unknown, its ratio is outside 1:4 to 4:1, or
   *     it is in pixels and a side is outside 64 to 4096
   */
  public static double ratio(String format) {
    if (format.equals("square") || format.equals("avatar")) {
      return 1;
    }
    Matcher sides = SIDES.matcher(format);
    if (!sides.matches()) {
      throw new IllegalArgumentException("unknown crop " + Quoted.of(format)
          + "; give square, avatar, sides such as 4:5, or pixels such as 1200x630");
    }
    double ratio = Double.parseDouble(sides.group(1)) / Double.parseDouble(sides.group(2));
    if (!isValidRatio(ratio)) {
      throw new IllegalArgumentException(
          "the aspect ratio of a crop must be 1:4 to 4:1, got " + format);
    }
    Pixels pixels = pixels(format).orElse(new Pixels(MIN_PIXELS, MAX_PIXELS));
    if (Math.min(pixels.width, pixels.height) < MIN_PIXELS
        || Math.max(pixels.width, pixels.height) > MAX_PIXELS) {
      throw new IllegalArgumentException(
          "the sides of a crop in pixels must be " + MIN_PIXELS + " to " + MAX_PIXELS + ", got "
              + format + "; for an aspect ratio give " + format.replace('x', ':'));
    }
    return ratio;
  }

  /**
   * The size in pixels of a format.
   *
   * @param format the format, such as {@code 1200x630}
   * @return the size; empty if the format is not in pixels
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
   * Places a crop with the given aspect ratio around a face.
   *
   * @param image the image
   * @param face the face in pixels of the image
   * @param ratio width divided by height, 0.25 to 4
   * @return the crop
   * @throws IllegalArgumentException if the ratio is outside 1:4 to 4:1
   */
  public static HeadshotCrop of(RgbImage image, Face face, double ratio) {
    if (!isValidRatio(ratio)) {
      throw new IllegalArgumentException(
          "the aspect ratio of a crop must be 1:4 to 4:1, got " + ratio);
    }
    double height = Math.min(image.height(), image.width() / ratio);
    return place(image, face, height * ratio, height);
  }

  /**
   * Places a crop for a format. An image that already has the aspect ratio is not cropped, except
   * for {@code avatar}. If the format is in pixels and no face is found, the crop is in the middle.
   *
   * @param image the image
   * @param format a format as in {@link #ratio}
   * @param detector finds the face; the caller closes it
   * @return the crop; empty if it needs a face and no face was found
   * @throws IllegalArgumentException if {@link #ratio} refuses the format
   */
  public static Optional<HeadshotCrop> of(RgbImage image, String format, FaceDetector detector) {
    double ratio = ratio(format);
    boolean avatar = format.equals("avatar");
    if (!avatar && ratio * image.height() == image.width()) {
      return Optional.of(new HeadshotCrop(0, 0, image.width(), image.height()));
    }
    return detector.detect(image).stream()
        .findFirst()
        .map(face -> avatar ? avatar(image, face) : of(image, face, ratio))
        .or(() -> pixels(format).map(exact -> middle(image, ratio)));
  }

  /**
   * Places a square for round avatars: its inscribed circle shows the whole head.
   *
   * @param image the image
   * @param face the face in pixels of the image
   * @return the crop
   */
  public static HeadshotCrop avatar(RgbImage image, Face face) {
    double side = Math.min(
        Math.min(image.width(), image.height()), AVATAR_SCALE * face.box().height());
    return new HeadshotCrop(
        clamp(face.box().center().x() - side / 2, side, image.width()),
        clamp(face.box().center().y() - 0.52 * side, side, image.height()),
        (int) side,
        (int) side);
  }

  /**
   * Crops an image.
   *
   * @param image the image that the crop was placed in, or an image of the same size
   * @return the crop
   * @throws IllegalArgumentException if the crop exceeds the image
   */
  public RgbImage of(RgbImage image) {
    return image.crop(x, y, width, height);
  }

  /**
   * Crops an image and scales it to the pixels of a format. A crop with fewer pixels is enlarged,
   * which adds no detail; {@link dev.likeness.headshots.shoot.Headshot#enlargement} returns the
   * factor.
   *
   * @param image the image that the crop was placed in, or an image of the same size
   * @param format a format as in {@link #ratio}
   * @return the crop; for a format in pixels, it has exactly that size
   * @throws IllegalArgumentException if the crop exceeds the image
   */
  public RgbImage of(RgbImage image, String format) {
    RgbImage crop = of(image);
    return pixels(format)
        .map(wanted -> PillowResampling.LANCZOS.resize(crop, wanted.width, wanted.height))
        .orElse(crop);
  }

  private static HeadshotCrop middle(RgbImage image, double ratio) {
    int width = (int) Math.min(image.width(), image.height() * ratio);
    int height = (int) Math.min(image.height(), image.width() / ratio);
    return new HeadshotCrop(
        (image.width() - width) / 2, (image.height() - height) / 2, width, height);
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
