package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.head.MeanHead;
import dev.likeness.photos.internal.head.MeanHead.Position;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Named head poses for methods that take keypoints (InstantID, InfiniteYou). The keypoints are
 * those of a mean head, turned and projected in parallel. Left and right are the sides of the
 * image.
 */
public enum KeypointPose {
  FRONT(0, 0, 0),
  LEFT(-35, 0, 0),
  RIGHT(35, 0, 0),
  SLIGHTLY_LEFT(-18, 0, 0),
  SLIGHTLY_RIGHT(18, 0, 0),
  UP(0, 20, 0),
  DOWN(0, -20, 0),
  UP_LEFT(-25, 15, 0),
  UP_RIGHT(25, 15, 0),
  TILTED_LEFT(0, 0, -15),
  TILTED_RIGHT(0, 0, 15);

  /** Where the middle of the head is, as a share of the image's height: a portrait's. */
  private static final double HEAD_HEIGHT = 0.42;

  private final HeadPose angles;

  KeypointPose(double yaw, double pitch, double roll) {
    angles = new HeadPose(yaw, pitch, roll);
  }

  /** Returns its angles. */
  public HeadPose angles() {
    return angles;
  }

  /** Returns its name for users, such as {@code slightly-left}. */
  public String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Returns the pose of a name.
   *
   * @throws InvalidInputException if there is no such pose; the message lists all
   */
  public static KeypointPose parse(String name) {
    return Arrays.stream(values())
        .filter(pose -> pose.title().equals(name))
        .findFirst()
        .orElseThrow(() -> new InvalidInputException("unknown head pose " + Quoted.of(name)
            + ", expected one of "
            + Arrays.stream(values()).map(KeypointPose::title).collect(Collectors.joining(", "))));
  }

  /**
   * Returns the keypoints in an image of {@code width} by {@code height} pixels. The head turns
   * about its middle, which is at 50 % of the width and 42 % of the height.
   *
   * @param eyeDistance distance of the eyes of a head that looks into the camera, as a share of the
   *     shorter side, above 0 and at most 1
   * @throws IllegalArgumentException if the image is empty or the share out of its range
   */
  public Face.Landmarks keypoints(int width, int height, double eyeDistance) {
    if (width < 1 || height < 1 || !(eyeDistance > 0 && eyeDistance <= 1)) {
      throw new IllegalArgumentException(
          "keypoints need an image of at least 1x1 and an eye distance above 0 and at most 1, got "
              + width + "x" + height + " and " + eyeDistance);
    }
    double scale = eyeDistance * Math.min(width, height) / MeanHead.EYE_DISTANCE;
    List<Point> at = MeanHead.LANDMARKS.stream()
        .map(this::turned)
        .map(p -> p.scaled(scale).moved(width / 2.0, HEAD_HEIGHT * height))
        .toList();
    return new Face.Landmarks(at.get(0), at.get(1), at.get(2), at.get(3), at.get(4));
  }

  /**
   * Returns the keypoints of a face in a photo, for an image of another size: the whole photo is
   * scaled to fit into the image, and centred.
   */
  public static Face.Landmarks asInPhoto(
      Face.Landmarks face, int photoWidth, int photoHeight, int width, int height) {
    double scale = Math.min((double) width / photoWidth, (double) height / photoHeight);
    return face.mapped(scale, (width - scale * photoWidth) / 2, (height - scale * photoHeight) / 2);
  }

  /** Turns a point about the middle of the head by yaw, then pitch, then roll. */
  private Point turned(Position p) {
    double x = p.x() - MeanHead.PIVOT.x();
    double y = p.y() - MeanHead.PIVOT.y();
    double z = p.z() - MeanHead.PIVOT.z();
    double yaw = Math.toRadians(angles.yaw());
    double aside = Math.cos(yaw) * x + Math.sin(yaw) * z;
    double ahead = Math.cos(yaw) * z - Math.sin(yaw) * x;
    double pitch = Math.toRadians(angles.pitch());
    double below = Math.cos(pitch) * y - Math.sin(pitch) * ahead;
    double roll = Math.toRadians(angles.roll());
    return new Point(
        Math.cos(roll) * aside - Math.sin(roll) * below,
        Math.sin(roll) * aside + Math.cos(roll) * below);
  }
}
