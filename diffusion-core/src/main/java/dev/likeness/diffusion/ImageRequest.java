package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adapter;
import java.util.ArrayList;
import java.util.List;

/**
 * What to draw. Immutable; every {@code with}-like method returns another request.
 *
 * <p>What is not said is the model's own default: see {@link BaseModel#defaults()}.
 *
 * @param prompt what the picture shows
 * @param negative what it must not show; empty for nothing
 * @param steps sampling steps, or 0 for the default
 * @param guidance classifier-free guidance scale, or NaN for the default; 1 and below turn guidance off
 * @param seed image {@code i} of the request draws its noise from {@code seed + i}
 * @param count how many pictures
 * @param width in pixels, or 0 for the default
 * @param height in pixels, or 0 for the default
 * @param scheduler a scheduler's name, or null for the model's own
 * @param adapters who and what adapts the model for this request, summed
 */
public record ImageRequest(String prompt, String negative, int steps, double guidance, long seed, int count, int width,
    int height, String scheduler, List<Adapter> adapters) {

  public ImageRequest {
    if (prompt == null || negative == null) {
      throw new IllegalArgumentException("prompt and negative prompt must not be null; give an empty text");
    }
    if (steps < 0 || count < 1 || width < 0 || height < 0) {
      throw new IllegalArgumentException(
          "steps " + steps + ", count " + count + ", size " + width + "x" + height + ": none may be negative, count not 0");
    }
    adapters = List.copyOf(adapters);
  }

  /** One picture of {@code prompt}, everything else by default, seed 0. */
  public static ImageRequest of(String prompt) {
    return new ImageRequest(prompt, "", 0, Double.NaN, 0, 1, 0, 0, null, List.of());
  }

  public ImageRequest negative(String text) {
    return new ImageRequest(prompt, text, steps, guidance, seed, count, width, height, scheduler, adapters);
  }

  public ImageRequest steps(int n) {
    return new ImageRequest(prompt, negative, n, guidance, seed, count, width, height, scheduler, adapters);
  }

  public ImageRequest guidance(double scale) {
    return new ImageRequest(prompt, negative, steps, scale, seed, count, width, height, scheduler, adapters);
  }

  public ImageRequest seed(long value) {
    return new ImageRequest(prompt, negative, steps, guidance, value, count, width, height, scheduler, adapters);
  }

  public ImageRequest count(int n) {
    return new ImageRequest(prompt, negative, steps, guidance, seed, n, width, height, scheduler, adapters);
  }

  public ImageRequest size(int w, int h) {
    return new ImageRequest(prompt, negative, steps, guidance, seed, count, w, h, scheduler, adapters);
  }

  /** Sampled as this scheduler does, by any name its users type. */
  public ImageRequest scheduler(String name) {
    return new ImageRequest(prompt, negative, steps, guidance, seed, count, width, height, name, adapters);
  }

  /** Adapted by this one too, e.g. a person: {@code as(ada.at(0.8))}. */
  public ImageRequest as(Adapter adapter) {
    List<Adapter> all = new ArrayList<>(adapters);
    all.add(adapter);
    return new ImageRequest(prompt, negative, steps, guidance, seed, count, width, height, scheduler, all);
  }
}
