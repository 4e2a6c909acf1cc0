package dev.likeness.headshots.person;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.internal.quality.PhotoFeatures;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * How photos of a person are chosen and cropped as reference images. The base must edit images.
 * Immutable.
 *
 * @param count the largest number of photos, 1 to 10; if absent, four if the review accepted six or
 *     more photos, otherwise three
 * @param crop how much of each photo is kept
 * @param side the largest side of a square reference image in pixels, 64 to 2048. An image that is
 *     not square has at most the area of this square. Smaller images save time and memory
 */
public record ReferencePhotos(OptionalInt count, Crop crop, int side) {
  /** At most four photos, cropped to head and shoulders, of at most 512 x 512 pixels. */
  public static final ReferencePhotos DEFAULT =
      new ReferencePhotos(OptionalInt.empty(), Crop.HEAD_AND_SHOULDERS, 512);

  private static final int MAX_COUNT = 10;
  private static final int USUAL_COUNT = 4;
  private static final int MIN_SIDE = 64;
  private static final int MAX_SIDE = 2048;

  // Differences that count as much as one another: degrees of the head, shades of 256, stops.
  private static final double POSE_UNIT = 45;
  private static final double HIGHLIGHT_UNIT = 128;
  private static final double LIGHT_UNIT = 2;
  // A sharp face (blur 0) outweighs this much difference, compared with a blurred face (blur 1).
  private static final double SHARPNESS_WEIGHT = 0.5;

  /** How much of a photo a reference image keeps. */
  public enum Crop {
    /** A square with head and shoulders. */
    HEAD_AND_SHOULDERS,
    /** A square with the face alone, from brows to chin. */
    FACE,
    /** The whole photo, with clothes and background. */
    WHOLE
  }

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a value is outside its range
   */
  public ReferencePhotos {
    int most = count.orElse(USUAL_COUNT);
    if (most < 1 || most > MAX_COUNT || side < MIN_SIDE || side > MAX_SIDE) {
      throw new IllegalArgumentException(
          "reference photos need a count of 1 to " + MAX_COUNT + " and a side of " + MIN_SIDE
              + " to " + MAX_SIDE + " pixels, got count " + most + " and side " + side);
    }
  }

  /**
   * {@return a copy of this choice with the given number of photos}
   *
   * @param most the largest number of photos, 1 to 10
   * @throws IllegalArgumentException if the number is outside its range
   */
  public ReferencePhotos count(int most) {
    return new ReferencePhotos(OptionalInt.of(most), crop, side);
  }

  /**
   * {@return a copy of this choice with the given crop}
   *
   * @param other how much of each photo is kept
   */
  public ReferencePhotos crop(Crop other) {
    return new ReferencePhotos(count, other, side);
  }

  /**
   * {@return a copy of this choice with the given size}
   *
   * @param pixels the largest side of a square reference image in pixels, 64 to 2048
   * @throws IllegalArgumentException if the size is outside its range
   */
  public ReferencePhotos side(int pixels) {
    return new ReferencePhotos(count, crop, pixels);
  }

  /**
   * The chosen photos.
   *
   * @param references the photos that become reference images, the best first
   * @param others the photos for measuring likeness, in the order of the review; empty if only one
   *     photo was accepted
   */
  public record Choice(List<AcceptedPhoto> references, List<AcceptedPhoto> others) {}

  /**
   * Chooses the accepted photos that differ most in pose and light, and are sharp. The first one is
   * the best by sharpness and frontal pose together. If several photos were accepted, at least one
   * is left for measuring likeness. The same review always leads to the same choice.
   *
   * @param review the reviewed photos of one person
   * @param base the base; it limits the number of photos
   * @return the photos that become reference images, and the photos for measuring likeness
   * @throws InvalidInputException if the base does not edit images, or if it is
   *     {@linkplain PhotoReview#isPersonUnclear() unclear} whose photos these are
   */
  public Choice choose(PhotoReview review, BaseModel base) {
    return choose(review.requireOnePerson().accepted(), editing(base).maxImages());
  }

  Choice choose(List<AcceptedPhoto> accepted, int most) {
    int usual = accepted.size() > USUAL_COUNT + 1 ? USUAL_COUNT : USUAL_COUNT - 1;
    int wanted = Math.min(most, count.orElse(usual));
    int number = Math.min(wanted, Math.max(1, accepted.size() - 1));
    List<Measured> left = new ArrayList<>(accepted.stream().map(Measured::of).toList());
    List<Measured> chosen = new ArrayList<>();
    while (chosen.size() < number) {
      Measured best = left.get(0);
      for (Measured photo : left) {
        best = photo.score(chosen) > best.score(chosen) ? photo : best;
      }
      left.remove(best);
      chosen.add(best);
    }
    return new Choice(
        chosen.stream().map(Measured::photo).toList(),
        left.stream().map(Measured::photo).toList());
  }

  /**
   * Checks that a base accepts reference images.
   *
   * @param base the base
   * @throws InvalidInputException if the base does not edit images; the message names the base
   */
  public static void requireEditing(BaseModel base) {
    editing(base);
  }

  /**
   * {@return true if a base edits images, so that it accepts reference images}
   *
   * @param base the base
   */
  public static boolean isEditing(BaseModel base) {
    return EngineAccess.model(base).capability(Editing.class).isPresent();
  }

  /**
   * {@return true if this choice, made again from the reviewed photos, results in exactly the
   * person's reference images}
   *
   * @param person the person
   * @param review the reviewed photos
   * @param base the base
   * @throws InvalidInputException if the base does not edit images, or if it is
   *     {@linkplain PhotoReview#isPersonUnclear() unclear} whose photos these are
   */
  public boolean matches(ReferenceImagesPerson person, PhotoReview review, BaseModel base) {
    return images(choose(review, base).references(), base).equals(person.images());
  }

  static Editing editing(BaseModel base) {
    OpenModel model = EngineAccess.model(base);
    return model
        .capability(Editing.class)
        .orElseThrow(() -> new InvalidInputException(
            "the base " + base.name() + " of the family " + model.family().id()
                + " does not edit images, so it accepts no reference images of a person; use a base"
                + " that edits images, or train the person"));
  }

  /**
   * {@return the reference images of photos} An image is enlarged only if a side has fewer than 64
   * pixels. The sides of square images are multiples of the base's size multiple.
   *
   * @param photos the photos
   * @param base the base that edits the images
   */
  public List<RgbImage> images(List<AcceptedPhoto> photos, BaseModel base) {
    return photos.stream().map(photo -> image(photo, base.sizeMultiple())).toList();
  }

  private RgbImage image(AcceptedPhoto photo, int multiple) {
    RgbImage whole = photo.image();
    if (crop == Crop.WHOLE) {
      double scale = Math.min(1, side / Math.sqrt((double) whole.width() * whole.height()));
      return PillowResampling.LANCZOS.resize(
          whole, Math.max(MIN_SIDE, (int) (scale * whole.width())), Math.max(MIN_SIDE, (int)
              (scale * whole.height())));
    }
    HeadCrop.Framing framing =
        crop == Crop.FACE ? HeadCrop.Framing.FACE : HeadCrop.Framing.HEAD_AND_SHOULDERS;
    HeadCrop square = HeadCrop.of(photo.face().box(), framing, whole.width(), whole.height(), side);
    int pixels = Math.max(MIN_SIDE, Math.min(side, square.side()) / multiple * multiple);
    return square.of(whole, pixels);
  }

  /** A photo with the features by which the choice compares photos. */
  private record Measured(AcceptedPhoto photo, PhotoFeatures features) {
    static Measured of(AcceptedPhoto photo) {
      return new Measured(photo, PhotoFeatures.of(photo.image(), photo.face()));
    }

    double score(List<Measured> chosen) {
      HeadPose pose = photo.face().pose();
      double difference = chosen.stream()
          .mapToDouble(this::difference)
          .min()
          .orElse(-(Math.abs(pose.yaw()) + Math.abs(pose.pitch())) / POSE_UNIT);
      return difference - SHARPNESS_WEIGHT * features.blur();
    }

    private double difference(Measured other) {
      HeadPose mine = photo.face().pose();
      HeadPose theirs = other.photo.face().pose();
      double pose = Math.hypot(mine.yaw() - theirs.yaw(), mine.pitch() - theirs.pitch());
      double brightness = Math.abs(features.highlight() - other.features.highlight());
      double side = Math.abs(features.lightDifference() - other.features.lightDifference());
      return pose / POSE_UNIT
          + brightness / HIGHLIGHT_UNIT
          + side / LIGHT_UNIT
          + photo.distance(other.photo);
    }
  }
}
