package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.QualityLimits.Band;
import dev.likeness.photos.quality.ReasonCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Painted photos of several people. An embedder tells them apart by the corner of a photo. */
public final class MixedPhotos {
  // The painted photos are alike.
  static final ReviewOptions OPTIONS = ReviewOptions.defaults()
      .withQualityLimits(QualityLimits.DEFAULT.with(ReasonCode.NEAR_DUPLICATE, new Band(-1, -2)));

  /** The corner's red is the person, its green is the photo. */
  private static final class CornerEmbedder implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      byte[] rgb = image.rgb();
      float[] vector = new float[512];
      vector[rgb[0] & 0xff] = (float) Math.sqrt(0.6);
      vector[256 + (rgb[1] & 0xff)] = (float) Math.sqrt(0.4);
      return vector;
    }

    @Override
    public String name() {
      return "corner";
    }

    @Override
    public double samePersonThreshold() {
      return 0.35;
    }

    @Override
    public void close() {}
  }

  /** Finds the painted face, but none on a wall, which has a red corner, also if it is turned. */
  static final class FixedDetector implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage image) {
      Face face = new Face(
          new BoundingBox(45, 40, 110, 110),
          1,
          HeadPose.FRONTAL,
          Optional.of(new Face.Eyes(new Point(77, 77), new Point(123, 77))),
          Optional.empty());
      byte[] rgb = image.rgb();
      int row = 3 * image.width();
      return IntStream.of(0, row - 3, rgb.length - row, rgb.length - 3)
              .anyMatch(corner -> rgb[corner] == (byte) WALL)
          ? List.of()
          : List.of(face);
    }

    @Override
    public String name() {
      return "fixed";
    }

    @Override
    public void close() {}
  }

  static final int WALL = 255;

  static Photo photo(int person, int index) {
    return Photo.of("person" + person + "-" + index + ".png", file(person, index));
  }

  /** The PNG file of a photo of a person. */
  public static byte[] file(int person, int index) {
    byte[] rgb = PaintedFace.image(200, 200, 100, 95, 115).rgb();
    rgb[0] = (byte) person;
    rgb[1] = (byte) index;
    return RgbImage.of(200, 200, rgb).toPng();
  }

  static List<Photo> set(int... counts) {
    List<Photo> photos = new ArrayList<>();
    for (int person = 0; person < counts.length; person++) {
      for (int i = 0; i < counts[person]; i++) {
        photos.add(photo(person, photos.size()));
      }
    }
    return photos;
  }

  /** The tools that tell the people apart. */
  public static ReviewTools tools() {
    return ReviewTools.of(new FixedDetector()).withEmbedder(new CornerEmbedder());
  }

  private MixedPhotos() {}

  /** A review of a set with this many photos of each person. */
  public static PhotoReview review(int... counts) {
    try (ReviewTools tools = tools()) {
      return PhotoReview.of(PhotoSet.of(set(counts)), tools, OPTIONS);
    }
  }
}
