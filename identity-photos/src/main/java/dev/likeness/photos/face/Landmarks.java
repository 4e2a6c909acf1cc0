package dev.likeness.photos.face;

import java.util.List;

/** Five points of a face; left and right are the picture's sides, not the person's. */
public record Landmarks(
    Point leftEye, Point rightEye, Point nose, Point leftMouth, Point rightMouth) {
  /**
   * The points in the order of every five-point template: eyes, nose, corners of the mouth, left
   * before right.
   */
  public List<Point> points() {
    return List.of(leftEye, rightEye, nose, leftMouth, rightMouth);
  }

  /** The landmarks after scaling the picture and then moving by ({@code dx}, {@code dy}). */
  public Landmarks mapped(double factor, double dx, double dy) {
    return new Landmarks(
        leftEye.scaled(factor).moved(dx, dy),
        rightEye.scaled(factor).moved(dx, dy),
        nose.scaled(factor).moved(dx, dy),
        leftMouth.scaled(factor).moved(dx, dy),
        rightMouth.scaled(factor).moved(dx, dy));
  }
}
