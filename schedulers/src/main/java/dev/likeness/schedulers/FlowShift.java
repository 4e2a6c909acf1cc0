package dev.likeness.schedulers;

/**
 * How far the levels of a flow network are moved towards noise: by a number, or with the resolution
 * of the picture.
 */
public final class FlowShift {
  private FlowShift() {}

  /**
   * The factor that the options hold ({@code shift}, or {@code flow_shift} where the class calls it
   * so); 1 moves nothing.
   */
  public static double of(Options options) {
    return options.number(options.has("shift") ? "shift" : "flow_shift", 1);
  }

  /**
   * The factor for a request, which {@link Sigmas#shifted} takes.
   *
   * @throws IllegalArgumentException when levels move with the resolution
   *     ({@code use_dynamic_shifting}) and the request does not say how far
   */
  public static double of(Options options, PlanRequest request) {
    if (!options.flag("use_dynamic_shifting")) {
      return of(options);
    }
    if (Double.isNaN(request.mu())) {
      throw new IllegalArgumentException(options.owner()
          + " shifts by resolution (use_dynamic_shifting) and needs mu in the request; give PlanRequest.mu, for FLUX.1 0.5 at 256"
          + " tokens to 1.15 at 4096, or draw through ImageRequest, which knows it");
    }
    boolean linear = "linear".equals(options.oneOf("time_shift_type", "exponential", "linear"));
    return linear ? request.mu() : Math.exp(request.mu());
  }
}
