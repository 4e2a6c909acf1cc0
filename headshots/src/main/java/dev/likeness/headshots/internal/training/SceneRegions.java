package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.HeadCrop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Approximate regions of clothes, backdrop, hair, skin and beard in a crop of head and shoulders,
 * computed from the face's box alone.
 *
 * @param face the face in pixels of the crop
 * @param side side of the crop in pixels
 */
record SceneRegions(BoundingBox face, int side) {
  /** A part of the crop. */
  enum Part {
    CLOTHES,
    BACKDROP,
    HAIR,
    SKIN,
    BEARD,
    ALL
  }

  /** Colours within this {@link SceneWords#distance} count as the same. */
  static final double SAME_COLOUR_DISTANCE = 20;
  // If less of the clothes has other colours than hair, skin and beard, the clothes are taken to
  // have such a colour.
  private static final double MIN_SHARE = 0.15;

  static SceneRegions of(AcceptedPhoto photo, int side) {
    BoundingBox box = photo.face().box();
    HeadCrop crop = HeadCrop.of(
        box,
        HeadCrop.Framing.HEAD_AND_SHOULDERS,
        photo.image().width(),
        photo.image().height(),
        side);
    double scale = (double) side / crop.side();
    return new SceneRegions(
        new BoundingBox(
            (box.x() - crop.x()) * scale,
            (box.y() - crop.y()) * scale,
            box.width() * scale,
            box.height() * scale),
        side);
  }

  boolean contains(Part part, double x, double y) {
    double across = Math.abs(x - face.center().x()) / face.width();
    double below = (y - face.y() - face.height()) / face.height();
    return switch (part) {
      case ALL -> true;
      // Excludes the neck and beards in the middle, and the backdrop beside the shoulders.
      case CLOTHES -> below > shoulders() && across > 0.3 && across < 0.5 + 0.6 * below;
      case HAIR -> below > -1.3 && below < -1.1 && across < 0.25;
      case BEARD -> below > -0.2 && below < -0.06 && across < 0.12;
      case SKIN -> Math.hypot(across / 0.35, (below + 0.4) / 0.25) < 1;
      case BACKDROP -> !isHead(x, y) && (below < 0.1 || across > 0.9 + 1.1 * below);
    };
  }

  /**
   * The top of the shoulders, in face heights below the box. Boxes of faces differ in size: below a
   * large box, the shoulders start at once.
   */
  private double shoulders() {
    double left = (side - face.y() - face.height()) / face.height();
    return Math.max(0, Math.min(0.55, left - 0.2));
  }

  boolean isHead(double x, double y) {
    double across = (x - face.center().x()) / face.width();
    double below = (y - face.y() - face.height()) / face.height();
    return Math.hypot(across / 0.85, (below + 0.5) / 1.3) < 1;
  }

  /**
   * The mean of a square map of the whole crop, in rows, over one part; 0 if the crop does not show
   * the part.
   */
  double mean(Part part, float... map) {
    int n = (int) Math.round(Math.sqrt(map.length));
    double scale = (double) side / n;
    double sum = 0;
    int count = 0;
    for (int i = 0; i < map.length; i++) {
      if (contains(part, (i % n + 0.5) * scale, (i / n + 0.5) * scale)) {
        sum += map[i];
        count++;
      }
    }
    return count == 0 ? 0 : sum / count;
  }

  /**
   * The median colour of the clothes, without hair that hangs over them; null if the crop shows
   * none.
   */
  double[] clothingColour(RgbImage crop) {
    List<double[]> worn = colours(crop, Part.CLOTHES);
    List<double[]> others = new ArrayList<>(worn);
    for (double[] own : personColours(crop)) {
      others.removeIf(colour -> SceneWords.distance(colour, own) < SAME_COLOUR_DISTANCE);
    }
    return worn.isEmpty() ? null : median(others.size() > MIN_SHARE * worn.size() ? others : worn);
  }

  /** The colours of hair, skin and beard, if the crop shows them. */
  List<double[]> personColours(RgbImage crop) {
    return Stream.of(Part.HAIR, Part.SKIN, Part.BEARD)
        .map(part -> colours(crop, part))
        .filter(colours -> !colours.isEmpty())
        .map(SceneRegions::median)
        .toList();
  }

  /** The colours of a part as L*, a*, b*, of every second pixel in every second row. */
  List<double[]> colours(RgbImage crop, Part part) {
    List<double[]> colours = new ArrayList<>();
    for (int y = 0; y < side; y += 2) {
      for (int x = 0; x < side; x += 2) {
        if (contains(part, x + 0.5, y + 0.5)) {
          colours.add(FaceTraits.lab(crop, x, y));
        }
      }
    }
    return colours;
  }

  /** The median of each coordinate; {@code colours} must not be empty. */
  static double[] median(List<double[]> colours) {
    return new double[] {
      median(colours, c -> c[0]), median(colours, c -> c[1]), median(colours, c -> c[2])
    };
  }

  private static double median(List<double[]> colours, ToDoubleFunction<double[]> number) {
    double[] sorted = colours.stream().mapToDouble(number).toArray();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
