package dev.likeness.photos.face;

/**
 * How a head is turned, in degrees; all zero looks straight into the camera.
 *
 * @param yaw positive when the nose points to the picture's right side
 * @param pitch positive when the nose points up
 * @param roll positive when the head leans so that the picture's right eye is lower
 */
public record Pose(double yaw, double pitch, double roll) {
  public static final Pose FRONTAL = new Pose(0, 0, 0);
}
