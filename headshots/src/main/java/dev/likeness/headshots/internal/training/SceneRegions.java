package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.headshots.internal.generation.EditMask;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.internal.face.PersonMask;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
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

  /**
   * Separates head and hair from clothes and background in a crop of head and shoulders, so that
   * training ignores the latter. Clothes can also get other colours.
   *
   * @param crop the crop
   * @param regions the regions of the crop
   * @param outline white on the person and a little beyond, with a soft edge
   * @param colour L*, a*, b* of the clothes; null if the crop shows none
   */
  record ClothingMask(RgbImage crop, SceneRegions regions, RgbImage outline, double[] colour) {
    // In heights of the face's box, from its top: the chin, the row below which clothes are
    // certain,
    // and the lower edge of the lips.
    private static final double CHIN = 1.1;
    private static final double SHOULDERS = 1.25;
    private static final double LIPS = 0.7;
    private static final double SHADED_DISTANCE = 30;
    private static final double GRAY = 12;
    // FEATHER is in widths of the face's box, MIN_OUTLINE_LEVEL is a level of the outline, 0 to
    // 255.
    private static final double FEATHER = 0.1;
    private static final int MIN_OUTLINE_LEVEL = 40;

    static ClothingMask of(RgbImage crop, SceneRegions regions) {
      RgbImage outline = EditMask.blur(
          PersonMask.of(crop, regions.face()), FEATHER * regions.face().width());
      return new ClothingMask(crop, regions, outline, regions.clothingColour(crop));
    }

    /** The mask of the training loss: white on head and hair. */
    RgbImage mask() {
      boolean[] trained = trainedPixels();
      Mask mask = (x, y) -> trained[y * crop.width() + x] ? 1 : 0;
      return mask.toImage(crop.width(), crop.height());
    }

    /**
     * The crop with clothes of another colour, so that training sees no fixed colour at their edge.
     * The channels red, green and blue change places. Gray clothes get inverted lightness, or
     * become middle gray.
     *
     * @param turn 0 or 1, for two different results
     */
    RgbImage recolour(int turn) {
      if (colour == null) {
        return crop;
      }
      boolean[] worn = clothingPixels(SHADED_DISTANCE);
      boolean[] trained = trainedPixels();
      boolean gray = Math.hypot(colour[1], colour[2]) < GRAY;
      byte[] plain = crop.rgb();
      byte[] rgb = plain.clone();
      for (int i = 0; i < rgb.length; i++) {
        if (worn[i / 3] && !trained[i / 3]) {
          rgb[i] = !gray
              ? plain[i / 3 * 3 + (i + 1 + turn) % 3]
              : (byte) (turn == 0 ? 255 - (plain[i] & 0xff) : 128);
        }
      }
      return RgbImage.of(crop.width(), crop.height(), rgb);
    }

    private boolean[] trainedPixels() {
      boolean[] trained = clothingPixels(SceneRegions.SAME_COLOUR_DISTANCE);
      int side = crop.width();
      for (int i = 0; i < trained.length; i++) {
        trained[i] = !trained[i]
            && regions.isHead(i % side + 0.5, i / side + 0.5)
            && outline.at(i % side, i / side, 0) > MIN_OUTLINE_LEVEL;
      }
      return trained;
    }

    /**
     * Pixels of nearly the clothes' colour. The search starts where clothes are certain and fills
     * connected pixels, so that lips are not included. It ends at the chin, or at the lips if hair,
     * skin and beard have other colours, because the box of a face may be too large.
     */
    private boolean[] clothingPixels(double near) {
      int side = crop.width();
      boolean[] worn = new boolean[side * crop.height()];
      if (colour == null) {
        return worn;
      }
      boolean apart = regions.personColours(crop).stream()
          .allMatch(own -> SceneWords.distance(own, colour) > SHADED_DISTANCE);
      double top = rowBelow(apart ? LIPS : CHIN);
      Deque<Integer> open = new ArrayDeque<>();
      IntStream.range(0, worn.length)
          .filter(i -> i / side > Math.min(rowBelow(SHOULDERS), side - 2))
          .forEach(open::push);
      while (!open.isEmpty()) {
        int at = open.pop();
        boolean cloth = at / side > top
            && SceneWords.distance(FaceTraits.lab(crop, at % side, at / side), colour) < near;
        if (!worn[at] && cloth) {
          worn[at] = true;
          IntStream.of(
                  at - side,
                  at % side == 0 ? at : at - 1,
                  at % side == side - 1 ? at : at + 1,
                  at + side)
              .filter(next -> next >= 0 && next < worn.length && !worn[next])
              .forEach(open::push);
        }
      }
      return worn;
    }

    private double rowBelow(double faces) {
      return regions.face().y() + faces * regions.face().height();
    }
  }
}
