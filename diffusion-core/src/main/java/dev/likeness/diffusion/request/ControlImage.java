package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;

/**
 * A control image for a ControlNet: edges, a pose, a depth map, as the network was trained for.
 *
 * @param net the ControlNet, which stays the caller's
 * @param picture the image, resized to the request's size
 * @param scale conditioning scale; 1 as trained
 * @param from the share of the steps at which it begins to count, 0..1
 * @param until the share at which it ends
 * @param mode control mode of the image, for union ControlNets; -1 if the ControlNet has none
 * @param mask white where the image is to be generated anew, resized likewise, for ControlNets
 *     trained for inpainting; null for none
 */
public record ControlImage(
    ControlNet net,
    RgbImage picture,
    double scale,
    double from,
    double until,
    int mode,
    RgbImage mask) {
  public ControlImage {
    if (!(from >= 0 && from <= until && until <= 1)) {
      throw new IllegalArgumentException(
          "a ControlNet must begin and end in 0..1, got " + from + " to " + until);
    }
    if (net.modes() > 0 ? mode >= net.modes() : mode >= 0) {
      throw new IllegalArgumentException("ControlNet " + net.name() + " knows " + net.modes()
          + " kinds of pictures, counted from 0; given " + mode);
    }
  }

  /** In every step, at scale 1. */
  public static ControlImage of(ControlNet net, RgbImage picture) {
    return new ControlImage(net, picture, 1, 0, 1, -1, null);
  }

  /** At this conditioning scale. */
  public ControlImage scale(double factor) {
    return new ControlImage(net, picture, factor, from, until, mode, mask);
  }

  /** Between two shares of the steps only. */
  public ControlImage between(double start, double end) {
    return new ControlImage(net, picture, scale, start, end, mode, mask);
  }

  /** Of this control mode. */
  public ControlImage mode(int number) {
    return new ControlImage(net, picture, scale, from, until, number, mask);
  }

  /**
   * Of the control mode of this name or number, e.g. {@code canny}: {@link ControlNet#mode}. A
   * union ControlNet takes all control images that a request has for it at once.
   *
   * @throws IllegalArgumentException naming the modes that the ControlNet has
   */
  public ControlImage mode(String name) {
    return mode(net.mode(name));
  }

  /**
   * A photo that is to be generated anew where {@code white} is white, for ControlNets of Stable
   * Diffusion that were trained for inpainting (e.g. control_v11p_sd15_inpaint). They are given -1
   * there, a union in mode {@code repaint} 0.
   */
  public ControlImage masked(RgbImage white) {
    return new ControlImage(net, picture, scale, from, until, mode, white);
  }

  /**
   * Whether it counts in a row of so many: in rows that lie wholly between its two shares, as in
   * diffusers.
   */
  public boolean at(int row, int rows) {
    return scale != 0 && (double) row / rows >= from && (double) (row + 1) / rows <= until;
  }
}
