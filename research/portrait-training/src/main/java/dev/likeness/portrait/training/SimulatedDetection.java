package dev.likeness.portrait.training;

import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.Optional;
import java.util.Random;

/** The face of a render with the errors that detectors make in the places of the eyes. */
final class SimulatedDetection {
  // Mean and spread of the error of the cascades, as a share of the distance of the eyes.
  private static final double ABOVE = 0.048;
  private static final double SPREAD_X = 0.045;
  private static final double SPREAD_Y = 0.032;

  private SimulatedDetection() {}

  /**
   * Simulates a detection.
   *
   * @param points a portrait's landmarks
   */
  static Face of(float[] points, Random random) {
    double apart = Math.hypot(points[2] - points[0], points[3] - points[1]);
    Point[] eyes = new Point[2];
    for (int i = 0; i < 2; i++) {
      eyes[i] = new Point(
          points[2 * i] + SPREAD_X * apart * random.nextGaussian(),
          points[2 * i + 1] + apart * (SPREAD_Y * random.nextGaussian() - ABOVE));
    }
    BoundingBox box =
        new BoundingBox(eyes[0].x() - apart / 2, eyes[0].y() - apart / 2, 2 * apart, 2 * apart);
    return new Face(
        box, 1, HeadPose.FRONTAL, Optional.of(new Face.Eyes(eyes[0], eyes[1])), Optional.empty());
  }
}
