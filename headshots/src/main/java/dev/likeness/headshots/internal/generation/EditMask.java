package dev.likeness.headshots.internal.generation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.face.PersonMask;
import java.util.Arrays;
import java.util.Set;

/** Masks for the parts of a headshot: white on the part, with soft edges to black elsewhere. */
public final class EditMask {
  // In face widths: the generated region extends this far over the edge, because other clothes have
  // another outline.
  private static final double OVERLAP = 0.12;
  // In heights of the face's region, from its top: the chin, and the jaw's corners, beside which
  // collars may stand.
  private static final double CHIN = 1.08;
  private static final double JAW = 0.85;
  // Half of the jaw's width in face widths, and the soft edge below it in face heights. The whole
  // neckline is generated again, so that no old collar stays.
  private static final double JAW_HALF_WIDTH = 0.45;
  private static final double JAW_EDGE = 0.06;
  // A smaller face, between which and the jaw only clothes are generated again: pixels whose a* and
  // b* differ from the skin's by more than SKIN_DISTANCE.
  private static final double SMALL_CHIN = 1.03;
  private static final double SMALL_JAW = 0.8;
  private static final double SMALL_HALF_WIDTH = 0.36;
  private static final double SKIN_DISTANCE = 12;
  private static final int SKIN_SAMPLES = 12;
  // Half-axes of the ellipse for expressions, in halves of the face's box.
  private static final double FACE_SCALE = 1.1;
  // Half-axes of the ellipse around eyes, nose and mouth, which a new backdrop never covers. Its
  // soft edge ends there.
  private static final double FEATURES_SCALE = 0.8;

  private EditMask() {}

  static RgbImage of(RgbImage image, Face face, Set<Style.Part> parts) {
    int w = image.width();
    int h = image.height();
    if (parts.contains(Style.Part.LIGHT)) {
      Mask everything = (x, y) -> 1;
      return everything.toImage(w, h);
    }
    BoundingBox box = face.box();
    RgbImage outline = PersonMask.of(image, box);
    RgbImage person = blur(outline, 0.5 * OVERLAP * box.width());
    Mask backdrop = parts.contains(Style.Part.BACKDROP)
        ? backdrop(person, blur(outline, OVERLAP * box.width()), box)
        : (x, y) -> 0;
    Mask expression = (x, y) -> changesFace(parts) ? ellipse(box, x, y) : 0;
    Mask outfit = parts.contains(Style.Part.OUTFIT)
        ? neckline(blur(image, 0.02 * box.width()), face.region())
        : (x, y) -> 0;
    Mask changed = (x, y) -> {
      double body = person.at(x, y, 0) / 255.0;
      // Clothes extend over the outline, so that they can get another outline.
      double worn = outfit.at(x, y) * ramp(3 * body);
      return Math.max(Math.max(worn, backdrop.at(x, y)), expression.at(x, y));
    };
    return changed.toImage(w, h);
  }

  /**
   * Everything below the jaw, and beside the chin what is no skin: a collar.
   *
   * @param region the face from above the brows to the chin
   */
  private static Mask neckline(RgbImage image, BoundingBox region) {
    double[] skin = skin(image, region);
    double edge = JAW_EDGE * region.height();
    return (x, y) -> {
      double beside = (x + 0.5 - region.center().x()) / region.width();
      double jaw = JAW + (CHIN - JAW) * arc(beside / JAW_HALF_WIDTH);
      double small = Math.max(SMALL_JAW, 0.5 + (SMALL_CHIN - 0.5) * arc(beside / SMALL_HALF_WIDTH));
      double below = ramp((y + 0.5 - region.y() - jaw * region.height()) / edge);
      double around = ramp((y + 0.5 - region.y() - small * region.height()) / edge);
      if (below == 1 || around == 0) {
        return below;
      }
      double[] lab = FaceTraits.lab(image, x, y);
      double apart = Math.hypot(lab[1] - skin[1], lab[2] - skin[2]);
      return Math.max(below, around * ramp(apart / SKIN_DISTANCE - 1));
    };
  }

  /** The height of a half circle of radius 1 above a place. */
  private static double arc(double place) {
    return Math.sqrt(Math.max(0, 1 - place * place));
  }

  /** The median L*, a*, b* around nose and mouth. */
  private static double[] skin(RgbImage image, BoundingBox region) {
    double[][] values = new double[3][SKIN_SAMPLES * SKIN_SAMPLES];
    for (int i = 0; i < values[0].length; i++) {
      double x = region.x() + (0.3 + 0.4 * (i % SKIN_SAMPLES) / SKIN_SAMPLES) * region.width();
      double y = region.y() + (0.45 + 0.35 * (i / SKIN_SAMPLES) / SKIN_SAMPLES) * region.height();
      double[] lab = FaceTraits.lab(image, (int) Math.max(0, Math.min(image.width() - 1, x)), (int)
          Math.max(0, Math.min(image.height() - 1, y)));
      for (int c = 0; c < 3; c++) {
        values[c][i] = lab[c];
      }
    }
    return Arrays.stream(values)
        .mapToDouble(channel -> Arrays.stream(channel).sorted().toArray()[channel.length / 2])
        .toArray();
  }

  /**
   * Everything around the person, and the person's outline: the old backdrop is visible through the
   * edge of hair, and outlines are a little too wide.
   *
   * @param around the outline, blurred twice as far as {@code person}
   */
  private static Mask backdrop(RgbImage person, RgbImage around, BoundingBox box) {
    return (x, y) -> Math.max(
        ramp(2 - 3 * person.at(x, y, 0) / 255.0),
        ramp(4 - 4 * around.at(x, y, 0) / 255.0) * (1 - ellipse(box, FEATURES_SCALE, x, y)));
  }

  /** Returns true if the expression of the face changes. */
  static boolean changesFace(Set<Style.Part> parts) {
    return parts.contains(Style.Part.EXPRESSION) || parts.contains(Style.Part.SMILE);
  }

  /** The union of two masks. */
  static RgbImage union(RgbImage one, RgbImage other) {
    Mask either = (x, y) -> Math.max(Mask.of(one).at(x, y), Mask.of(other).at(x, y));
    return either.toImage(one.width(), one.height());
  }

  /** 1 inside the ellipse of the face, 0 outside, with a soft edge. */
  static double ellipse(BoundingBox box, int x, int y) {
    return ellipse(box, FACE_SCALE, x, y);
  }

  private static double ellipse(BoundingBox box, double size, int x, int y) {
    double radius = Math.hypot(
        (x + 0.5 - box.center().x()) / (box.width() / 2),
        (y + 0.5 - box.center().y()) / (box.height() / 2));
    return ramp((size - radius) / 0.25);
  }

  /** White in the new margins and a little inside the old image, so that no edge is visible. */
  static RgbImage margins(RgbImage before, HeadshotEdit.Margins margins, int width, int height) {
    double soft = Math.max(2, 0.02 * Math.max(before.width(), before.height()));
    Mask added = (x, y) -> {
      double left = margins.left() == 0 ? soft : x - margins.left();
      double top = margins.top() == 0 ? soft : y - margins.top();
      double right = margins.right() == 0 ? soft : width - margins.right() - 1 - x;
      double bottom = margins.bottom() == 0 ? soft : height - margins.bottom() - 1 - y;
      return 1 - ramp(Math.min(Math.min(left, top), Math.min(right, bottom)) / soft);
    };
    return added.toImage(width, height);
  }

  /** The mean over squares that extend about {@code reach} pixels to each side. */
  public static RgbImage blur(RgbImage image, double reach) {
    int factor = (int) Math.max(1, Math.round(reach));
    RgbImage small = Resampler.AREA.resize(
        image, Math.max(1, image.width() / factor), Math.max(1, image.height() / factor));
    return Resampler.CUBIC.resize(small, image.width(), image.height());
  }

  private static double ramp(double share) {
    return Math.max(0, Math.min(1, share));
  }
}
