package dev.likeness.photos.face;

/**
 * How a head is turned, in degrees; all zero looks straight into the camera.
 *
 * @param yaw positive when the nose points to the picture's right side
 * @param pitch positive when the nose points up
 * @param roll positive when the head leans so that the picture's right eye is lower
 */
public record HeadPose(double yaw, double pitch, double roll) {
  public static final HeadPose FRONTAL = new HeadPose(0, 0, 0);
}
