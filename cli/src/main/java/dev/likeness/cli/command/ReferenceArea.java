package dev.likeness.cli.command;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.ipadapter.ImagePrompt;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The area of an image in which a person acts: a mask, or a box.
 *
 * @param mask white in the area; null for a box
 * @param edges left, top, width and height of the area, as shares of the image
 */
record ReferenceArea(RgbImage mask, double[] edges) {
  /** The name of the option. */
  static final String OPTION = "--reference-area";

  private static final Pattern BOX = Pattern.compile("[-+.\\d]+(,[-+.\\deE]+)+");
  private static final int WHITE = 128;

  /**
   * Refuses a text that is no area, before any work.
   *
   * @param text a file, or a box
   */
  static void require(Path text) {
    if (isBox(text)) {
      numbers(text);
    } else {
      RgbImage.readMask(text);
    }
  }

  /**
   * Reads an area.
   *
   * @param text a file, or a box
   * @param width width of the image in pixels
   * @param height height of the image in pixels
   */
  static ReferenceArea read(Path text, int width, int height, CommandSpec command) {
    if (!isBox(text)) {
      RgbImage mask = MaskFile.read(text, command);
      return new ReferenceArea(mask, bounds(mask, text));
    }
    double[] edges = numbers(text);
    boolean isInShares =
        text.toString().contains(".") || Arrays.stream(edges).allMatch(edge -> edge <= 1);
    double[] unit = isInShares ? new double[] {1, 1} : new double[] {width, height};
    double[] shares = new double[edges.length];
    for (int i = 0; i < edges.length; i++) {
      shares[i] = edges[i] / unit[i % 2];
    }
    if (shares[0] + shares[2] > 1 + 1e-9 || shares[1] + shares[3] > 1 + 1e-9) {
      throw new IllegalArgumentException(OPTION + " " + text + " is not inside the image of "
          + width + " by " + height + " pixels; give x,y,width,height in pixels, or as shares such"
          + " as 0,0,0.5,1");
    }
    return new ReferenceArea(null, shares);
  }

  private static boolean isBox(Path text) {
    return BOX.matcher(text.toString()).matches();
  }

  private static double[] numbers(Path text) {
    double[] numbers;
    try {
      numbers = Arrays.stream(text.toString().split(","))
          .mapToDouble(Double::parseDouble)
          .toArray();
    } catch (NumberFormatException e) {
      numbers = new double[0];
    }
    if (numbers.length != 4
        || numbers[0] < 0
        || numbers[1] < 0
        || !(numbers[2] > 0 && numbers[3] > 0)) {
      throw new IllegalArgumentException(OPTION + " " + text + " is no box; give a mask, or"
          + " x,y,width,height in pixels, or as shares such as 0,0,0.5,1");
    }
    return numbers;
  }

  private static double[] bounds(RgbImage mask, Path file) {
    int left = mask.width();
    int top = mask.height();
    int right = -1;
    int bottom = -1;
    byte[] rgb = mask.rgb();
    for (int y = 0; y < mask.height(); y++) {
      for (int x = 0; x < mask.width(); x++) {
        if ((rgb[3 * (y * mask.width() + x)] & 0xff) >= WHITE) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = y;
        }
      }
    }
    if (right < 0) {
      throw new IllegalArgumentException(OPTION + " " + Quoted.line(file.toString())
          + " has no white pixels; give a mask that is white where the person acts");
    }
    double width = mask.width();
    double height = mask.height();
    return new double[] {
      left / width, top / height, (right + 1 - left) / width, (bottom + 1 - top) / height
    };
  }

  /** Returns a prompt that acts in this area. */
  ImagePrompt of(ImagePrompt person) {
    return mask == null ? person.box(edges[0], edges[1], edges[2], edges[3]) : person.mask(mask);
  }

  /**
   * Returns keypoints in the smallest box around this area.
   *
   * @param keypoints makes the keypoints for a width and a height in pixels
   */
  RgbImage keypoints(BiFunction<Integer, Integer, RgbImage> keypoints, int width, int height) {
    int x = (int) Math.floor(edges[0] * width);
    int y = (int) Math.floor(edges[1] * height);
    int columns = Math.max(1, Math.min(width - x, (int) Math.round(edges[2] * width)));
    int rows = Math.max(1, Math.min(height - y, (int) Math.round(edges[3] * height)));
    return FaceKeypoints.placed(keypoints.apply(columns, rows), x, y, width, height);
  }
}
