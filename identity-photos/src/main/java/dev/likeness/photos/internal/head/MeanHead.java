package dev.likeness.photos.internal.head;

import java.util.List;

/**
 * The five landmarks of a mean adult head, in millimetres. The origin is between the eyes; the axes
 * point right in the image, down, and towards the camera. The figures are rounded means of adults,
 * chosen for this library.
 */
public final class MeanHead {
  /** The eyes, the tip of the nose, and the corners of the mouth; left is the side of the image. */
  public static final List<Position> LANDMARKS = List.of(
      new Position(-31.5, 0, 0),
      new Position(31.5, 0, 0),
      new Position(0, 37, 29),
      new Position(-25, 68, 4),
      new Position(25, 68, 4));

  /** The point about which a head turns: between the ears, behind the root of the nose. */
  public static final Position PIVOT = new Position(0, 30, -80);

  /** The distance between the eyes. */
  public static final double EYE_DISTANCE = 63;

  private MeanHead() {}

  /**
   * A position.
   *
   * @param x to the right of the image
   * @param y downwards
   * @param z towards the camera
   */
  public record Position(double x, double y, double z) {}
}
