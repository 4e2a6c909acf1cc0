package dev.likeness.headshots.internal.generation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.face.PersonMask;
import dev.likeness.photos.internal.image.Resampler;
import java.util.Set;

/** Masks for the parts of a headshot: white on the part, with soft edges to black elsewhere. */
public final class EditMask {
  // In face widths: the generated region extends this far over the edge, because other clothes have
  // another outline.
  private static final double OVERLAP = 0.12;
  // In heights of the face's box: the neck starts this far below the box.
  private static final double NECK = 0.1;
  // Half of the neck's width in face widths. Beside the neck, collars and shoulders start higher,
  // by SHOULDER_DEPTH in face heights.
  private static final double NECK_HALF_WIDTH = 0.35;
  private static final double SHOULDER_DEPTH = 0.25;
  // Half-axes of the ellipse for expressions, in halves of the face's box.
  private static final double FACE_SCALE = 1.1;
  // Half-axes of the ellipse around eyes, nose and mouth, which a new backdrop never covers. Its
  // soft edge ends there.
  private static final double FEATURES_SCALE = 0.8;

  private interface Share {
    /** The value of the mask at a pixel, 0 to 1. */
    double at(int x, int y);
  }

  private EditMask() {}

  static RgbImage of(RgbImage image, Face face, Set<Style.Part> parts) {
    int w = image.width();
    int h = image.height();
    if (parts.contains(Style.Part.LIGHT)) {
      return render(w, h, (x, y) -> 1);
    }
    BoundingBox box = face.box();
    RgbImage outline = PersonMask.of(image, box);
    RgbImage person = blur(outline, 0.5 * OVERLAP * box.width());
    Share backdrop = parts.contains(Style.Part.BACKDROP)
        ? backdrop(person, blur(outline, OVERLAP * box.width()), box)
        : (x, y) -> 0;
    Share expression = (x, y) -> changesFace(parts) ? ellipse(box, x, y) : 0;
    double neck = box.y() + (1 + NECK) * box.height();
    return render(w, h, (x, y) -> {
      double body = person.at(x, y, 0) / 255.0;
      double beside =
          ramp((Math.abs(x + 0.5 - box.center().x()) / box.width() - NECK_HALF_WIDTH) / OVERLAP);
      double collar = neck - SHOULDER_DEPTH * beside * box.height();
      // Clothes extend over the outline, so that they can get another outline.
      double outfit = parts.contains(Style.Part.OUTFIT)
          ? ramp((y - collar) / (OVERLAP * box.height())) * ramp(3 * body)
          : 0;
      return Math.max(Math.max(outfit, backdrop.at(x, y)), expression.at(x, y));
    });
  }

  /**
   * Everything around the person, and the person's outline: the old backdrop is visible through the
   * edge of hair, and outlines are a little too wide.
   *
   * @param around the outline, blurred twice as far as {@code person}
   */
  private static Share backdrop(RgbImage person, RgbImage around, BoundingBox box) {
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
    return render(
        one.width(), one.height(), (x, y) -> Math.max(one.at(x, y, 0), other.at(x, y, 0)) / 255.0);
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
    return render(width, height, (x, y) -> {
      double left = margins.left() == 0 ? soft : x - margins.left();
      double top = margins.top() == 0 ? soft : y - margins.top();
      double right = margins.right() == 0 ? soft : width - margins.right() - 1 - x;
      double bottom = margins.bottom() == 0 ? soft : height - margins.bottom() - 1 - y;
      return 1 - ramp(Math.min(Math.min(left, top), Math.min(right, bottom)) / soft);
    });
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

  private static RgbImage render(int w, int h, Share share) {
    byte[] mask = new byte[w * h * 3];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % 3 == 0 ? (byte) Math.round(255 * share.at(i / 3 % w, i / 3 / w)) : mask[i - 1];
    }
    return RgbImage.of(w, h, mask);
  }
}
