package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;

/**
 * A picture that a ControlNet holds a request to: edges, a pose, a depth map, as the network was
 * trained for.
 *
 * @param net the network, which stays the caller's
 * @param picture resized to the request's size
 * @param scale how much it counts; 1 as trained
 * @param from the share of the run at which it begins to count, 0..1
 * @param until the share at which it ends
 * @param mode which kind of picture it is, for networks trained for several that are told; -1
 *     unsaid
 * @param mask white where the picture is to be drawn anew, resized as it is, for networks trained
 *     for inpainting; null for none
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

  /** All the way, as trained. */
  public static ControlImage of(ControlNet net, RgbImage picture) {
    return new ControlImage(net, picture, 1, 0, 1, -1, null);
  }

  /** Counting so much. */
  public ControlImage scale(double factor) {
    return new ControlImage(net, picture, factor, from, until, mode, mask);
  }

  /** Counting between two shares of the run only. */
  public ControlImage between(double start, double end) {
    return new ControlImage(net, picture, scale, start, end, mode, mask);
  }

  /** A picture of this kind. */
  public ControlImage mode(int kind) {
    return new ControlImage(net, picture, scale, from, until, kind, mask);
  }

  /**
   * A picture of the kind of this name or number, e.g. {@code canny}: {@link ControlNet#mode}. A
   * union ControlNet looks at all pictures that a request has for it at once.
   *
   * @throws IllegalArgumentException naming those that the network knows
   */
  public ControlImage mode(String kind) {
    return mode(net.mode(kind));
  }

  /**
   * A photo that is to be drawn anew where {@code white} is white, for ControlNets of Stable
   * Diffusion that were trained for inpainting (e.g. control_v11p_sd15_inpaint): they look at -1
   * there, a union that is told {@code repaint} at black.
   */
  public ControlImage masked(RgbImage white) {
    return new ControlImage(net, picture, scale, from, until, mode, white);
  }

  /**
   * Whether it counts in a row of so many: rows that lie wholly between its two shares, as in
   * diffusers.
   */
  public boolean at(int row, int rows) {
    return scale != 0 && (double) row / rows >= from && (double) (row + 1) / rows <= until;
  }
}
