package dev.likeness.photos.face;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Heads turned by known angles and seen by a camera: the pose is theirs, signs included. */
class PoseEstimateTest {
  private static final double FAR = 1e6;
  private static final double ARMS_LENGTH = 600;

  /**
   * In millimetres from between the eyes: right in the image, down, towards the camera; eyes, nose,
   * corners of the mouth.
   */
  private static final double[][] MEAN = {
    {-31.5, 0, 0}, {31.5, 0, 0}, {0, 37, 29}, {-25, 68, 4}, {25, 68, 4}
  };

  private static final double[][] OTHER = {
    {-30, 0, 0}, {30, 0, 0}, {0, 39, 31}, {-27, 71, 2}, {27, 71, 2}
  };

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "30, 0, 0",
    "-30, 0, 0",
    "0, 20, 0",
    "0, -20, 0",
    "0, 0, 15",
    "0, 0, -15",
    "30, 0, 15",
    "-30, 0, 15",
    "0, 20, -15",
    "0, -20, -15",
    "60, 0, 0"
  })
  void equalsThePoseOfADistantHead(double yaw, double pitch, double roll) {
    assertPose(yaw, pitch, roll, 0.1, project(MEAN, yaw, pitch, roll, FAR));
  }

  /** What is lost when two turns meet is small. */
  @ParameterizedTest
  @CsvSource({"30, 20", "-30, 20", "30, -20", "-30, -20"})
  void isWithinFiveDegreesForYawAndPitchTogether(double yaw, double pitch) {
    HeadPose pose = HeadPose.PoseEstimate.of(project(MEAN, yaw, pitch, 0, FAR));
    assertEquals(yaw, pose.yaw(), 5, "yaw");
    assertEquals(pitch, pose.pitch(), 5, "pitch");
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 0", "30, 0, 15", "-30, 0, -15", "0, 20, -15", "0, -20, 15"})
  void isWithinTenDegreesForAnotherHeadAtArmsLength(double yaw, double pitch, double roll) {
    assertPose(yaw, pitch, roll, 10, project(OTHER, yaw, pitch, roll, ARMS_LENGTH));
  }

  @Test
  void aNoseNearerTheRightEyeIsTurnedRightAndOneNearerTheMouthDown() {
    Face.Landmarks ahead = project(MEAN, 0, 0, 0, FAR);
    Point nose = ahead.nose();
    assertEquals(
        1,
        Math.signum(HeadPose.PoseEstimate.of(withNose(ahead, nose.moved(8, 0))).yaw()));
    assertEquals(
        1,
        Math.signum(HeadPose.PoseEstimate.of(withNose(ahead, nose.moved(0, -8))).pitch()));
    assertEquals(
        -1,
        Math.signum(HeadPose.PoseEstimate.of(withNose(ahead, nose.moved(0, 8))).pitch()));
  }

  @Test
  void doesNotDependOnWhereOrHowLargeTheFaceIs() {
    Face.Landmarks face = project(MEAN, 25, 0, 10, FAR);
    assertPose(25, 0, 10, 0.1, face.mapped(0.3, 700, -40));
  }

  @Test
  void coincidingLandmarksAreFrontal() {
    Point point = new Point(3, 4);
    assertEquals(
        HeadPose.FRONTAL,
        HeadPose.PoseEstimate.of(new Face.Landmarks(point, point, point, point, point)));
  }

  private static Face.Landmarks withNose(Face.Landmarks face, Point nose) {
    return new Face.Landmarks(
        face.leftEye(), face.rightEye(), nose, face.leftMouth(), face.rightMouth());
  }

  private static void assertPose(
      double yaw, double pitch, double roll, double within, Face.Landmarks seen) {
    HeadPose pose = HeadPose.PoseEstimate.of(seen);
    assertEquals(yaw, pose.yaw(), within, "yaw");
    assertEquals(pitch, pose.pitch(), within, "pitch");
    assertEquals(roll, pose.roll(), within, "roll");
  }

  /**
   * The head after turning its nose right, then up, then leaning it over, as a camera
   * {@code distance} away shows it.
   */
  private static Face.Landmarks project(
      double[][] head, double yaw, double pitch, double roll, double distance) {
    Point[] points = Arrays.stream(head)
        .map(p -> {
          double[] aside = rotate(p[0], p[2], Math.toRadians(yaw));
          double[] up = rotate(aside[1], p[1], Math.toRadians(pitch));
          double[] over = rotate(up[1], aside[0], Math.toRadians(roll));
          double nearer = 1000 / (1 - up[0] / distance);
          return new Point(nearer * over[1] / 1000 + 200, nearer * over[0] / 1000 + 150);
        })
        .toArray(Point[]::new);
    return new Face.Landmarks(points[0], points[1], points[2], points[3], points[4]);
  }

  /** Turns the second axis towards the first's positive side: what lies along b moves along a. */
  private static double[] rotate(double a, double b, double angle) {
    return new double[] {
      a * Math.cos(angle) + b * Math.sin(angle), b * Math.cos(angle) - a * Math.sin(angle)
    };
  }
}
