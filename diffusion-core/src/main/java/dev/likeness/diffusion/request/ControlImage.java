package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;

/**
 * A control image for a ControlNet: edges, a pose, a depth map, as the network was trained for.
 *
 * @param controlNet the ControlNet, which stays the caller's
 * @param image the image, resized to the request's size
 * @param scale conditioning scale; 1 as trained
 * @param start the share of the steps at which it begins to count, 0..1
 * @param end the share at which it ends
 * @param mode control mode of the image, for union ControlNets; -1 if the ControlNet has none
 * @param mask white where the image is to be generated anew, resized likewise, for ControlNets
 *     trained for inpainting; null for none
 */
public record ControlImage(
    ControlNet controlNet,
    RgbImage image,
    double scale,
    double start,
    double end,
    int mode,
    RgbImage mask) {
  public ControlImage {
    if (!(start >= 0 && start <= end && end <= 1)) {
      throw new IllegalArgumentException(
          "a ControlNet must begin and end in 0..1, got " + start + " to " + end);
    }
    if (controlNet.modeCount() > 0 ? mode >= controlNet.modeCount() : mode >= 0) {
      throw new IllegalArgumentException("ControlNet " + controlNet.name() + " knows "
          + controlNet.modeCount() + " kinds of images, counted from 0; given " + mode);
    }
  }

  /** In every step, at scale 1. */
  public static ControlImage of(ControlNet net, RgbImage image) {
    return new ControlImage(net, image, 1, 0, 1, -1, null);
  }

  /** At this conditioning scale. */
  public ControlImage scale(double factor) {
    return new ControlImage(controlNet, image, factor, start, end, mode, mask);
  }

  /** Between two shares of the steps only. */
  public ControlImage between(double start, double end) {
    return new ControlImage(controlNet, image, scale, start, end, mode, mask);
  }

  /** Of this control mode. */
  public ControlImage mode(int number) {
    return new ControlImage(controlNet, image, scale, start, end, number, mask);
  }

  /**
   * Of the control mode of this name or number, e.g. {@code canny}: {@link ControlNet#mode}. A
   * union ControlNet takes all control images that a request has for it at once.
   *
   * @throws IllegalArgumentException naming the modes that the ControlNet has
   */
  public ControlImage mode(String name) {
    return mode(controlNet.mode(name));
  }

  /**
   * A photo that is to be generated anew where {@code white} is white, for ControlNets of Stable
   * Diffusion that were trained for inpainting (e.g. control_v11p_sd15_inpaint). They are given -1
   * there, a union in mode {@code repaint} 0.
   */
  public ControlImage mask(RgbImage white) {
    return new ControlImage(controlNet, image, scale, start, end, mode, white);
  }

  /**
   * Whether it counts in a row of so many: in rows that lie wholly between its two shares, as in
   * diffusers.
   */
  public boolean isActive(int row, int rows) {
    return scale != 0 && (double) row / rows >= start && (double) (row + 1) / rows <= end;
  }
}
