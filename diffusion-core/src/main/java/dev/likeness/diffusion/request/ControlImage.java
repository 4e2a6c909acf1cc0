package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A control image for a ControlNet: edges, a pose or a depth map, of the kind that the ControlNet
 * was trained on.
 *
 * @param controlNet the ControlNet; the caller keeps ownership
 * @param image the image; it is resized to the request's size
 * @param scale the conditioning scale; 1 is the trained scale (diffusers:
 *     {@code controlnet_conditioning_scale})
 * @param start the share of the steps after which the ControlNet starts, 0..1 (diffusers:
 *     {@code control_guidance_start})
 * @param end the share of the steps after which the ControlNet ends, {@code start}..1 (diffusers:
 *     {@code control_guidance_end})
 * @param mode the control mode of the image for a union ControlNet, from 0; empty if the ControlNet
 *     has no modes
 * @param mask the mask for a ControlNet that was trained for inpainting. White marks the part to
 *     generate. The mask is resized to the request's size
 * @param isGuess true for guess mode, in which the ControlNet acts only on the prediction for the
 *     prompt (diffusers: {@code guess_mode})
 */
public record ControlImage(
    ControlNet controlNet,
    RgbImage image,
    double scale,
    double start,
    double end,
    OptionalInt mode,
    Optional<RgbImage> mask,
    boolean isGuess) {
  /**
   * Checks the interval and the control mode.
   *
   * @throws IllegalArgumentException if {@code 0 <= start <= end <= 1} does not hold, if the scale
   *     is NaN, infinite or beyond 3.4e38, or if the ControlNet has no such mode
   */
  public ControlImage {
    GuidanceOptions.requireFloat("the scale of a ControlNet", scale);
    if (!(start >= 0 && start <= end && end <= 1)) {
      throw new IllegalArgumentException(
          "start and end of a ControlNet must be in 0..1 and in this order, got " + start + " and "
              + end);
    }
    if (mode.isPresent() && (mode.getAsInt() < 0 || mode.getAsInt() >= controlNet.modeCount())) {
      throw new IllegalArgumentException("ControlNet " + controlNet.name() + " has no control mode "
          + mode.getAsInt() + "; number of its control modes, counted from 0: "
          + controlNet.modeCount());
    }
  }

  /**
   * {@return a control image that acts in every step, at scale 1}
   *
   * @param net the ControlNet; the caller keeps ownership
   * @param image the image; it is resized to the request's size
   */
  public static ControlImage of(ControlNet net, RgbImage image) {
    return new ControlImage(net, image, 1, 0, 1, OptionalInt.empty(), Optional.empty(), false);
  }

  /**
   * {@return a copy of this control image with the given image}
   *
   * @param other the image; it is resized to the request's size
   */
  public ControlImage image(RgbImage other) {
    return new ControlImage(controlNet, other, scale, start, end, mode, mask, isGuess);
  }

  /**
   * {@return a copy of this control image with the given conditioning scale}
   *
   * @param factor the conditioning scale; 1 is the trained scale, 0 turns the control image off
   * @throws IllegalArgumentException if the scale is NaN, infinite or beyond 3.4e38
   */
  public ControlImage scale(double factor) {
    return new ControlImage(controlNet, image, factor, start, end, mode, mask, isGuess);
  }

  /**
   * {@return this control image limited to an interval of the steps}
   *
   * @param start the share of the steps after which the ControlNet starts, 0..1
   * @param end the share of the steps after which the ControlNet ends, {@code start}..1
   * @throws IllegalArgumentException if {@code 0 <= start <= end <= 1} does not hold
   */
  public ControlImage between(double start, double end) {
    return new ControlImage(controlNet, image, scale, start, end, mode, mask, isGuess);
  }

  /**
   * {@return this control image with a control mode of a union ControlNet}
   *
   * @param number the control mode, from 0
   * @throws IllegalArgumentException if the ControlNet has no such mode
   */
  public ControlImage mode(int number) {
    return new ControlImage(
        controlNet, image, scale, start, end, OptionalInt.of(number), mask, isGuess);
  }

  /**
   * {@return this control image with the control mode of the given name} If a request has several
   * control images for the same union ControlNet, the ControlNet is evaluated once for all of them.
   *
   * @param name a name such as {@code canny}, or a number; see {@link ControlNet#mode}
   * @throws IllegalArgumentException if the ControlNet has no such mode
   */
  public ControlImage mode(String name) {
    return mode(controlNet.mode(name));
  }

  /**
   * {@return this control image with a mask, for Stable Diffusion ControlNets that were trained for
   * inpainting, such as control_v11p_sd15_inpaint}
   *
   * <p>In the ControlNet's input, pixels under white parts of the mask are set to -1. In mode
   * {@code repaint} of a union ControlNet, these pixels are set to 0.
   *
   * @param white the mask, in which white marks the part to generate. The mask is resized to the
   *     request's size
   */
  public ControlImage mask(RgbImage white) {
    return new ControlImage(
        controlNet, image, scale, start, end, mode, Optional.of(white), isGuess);
  }

  /**
   * {@return this control image in guess mode} The ControlNet then acts only on the prediction for
   * the prompt, not on the prediction for the negative prompt. The scale of the ControlNet's
   * residuals grows from a tenth of {@link #scale()} for the first residual to {@link #scale()} for
   * the last one. The generated image follows the control image even with an empty prompt. A
   * guidance scale of 3 to 5 is usual.
   *
   * <p>Only ControlNets of Stable Diffusion 1.x, 2.x and XL support guess mode (diffusers:
   * {@code guess_mode}).
   */
  public ControlImage guessMode() {
    return new ControlImage(controlNet, image, scale, start, end, mode, mask, true);
  }

  /**
   * {@return true if the control image acts in a row of the sampling plan} A row is one call of the
   * network. As in diffusers, {@code row / rows >= start} and {@code (row + 1) / rows <= end} must
   * hold. A control image of scale 0 never acts.
   *
   * @param row the row of the sampling plan, from 0
   * @param rows the number of rows
   */
  public boolean isActive(int row, int rows) {
    return scale != 0 && (double) row / rows >= start && (double) (row + 1) / rows <= end;
  }
}
