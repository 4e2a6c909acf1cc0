package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The engine's view of an adapter: its changes to networks and its gradient guidance. */
@FunctionalInterface
public interface ModelAdapter extends Adapter {
  /** Returns the engine's view of a request's adapter. */
  static ModelAdapter of(Adapter adapter) {
    return (ModelAdapter) adapter;
  }

  /**
   * Returns the changes to one network, in the model's dtype and on its device. Called for every
   * request; implementations cache tensors on the device.
   */
  Adaptation adapt(ModelComponent part, Compute compute);

  /**
   * Returns the changes to one network for an adapter that depends on the request. Called once for
   * every request. New tensors belong to the calling scope, which lives until the request is
   * sampled.
   */
  default Adaptation adapt(ModelComponent part, Context context) {
    return adapt(part, context.compute());
  }

  /**
   * Refuses a model that this adapter does not fit or does not change. Called once for every
   * request, before anything is computed. Accepts every model by default.
   *
   * @throws IllegalArgumentException if this was opened for another base
   */
  default void requireCompatible(ModelComponent.Tensors model) {}

  /**
   * Returns the gradient guidance of one image; empty by default. If several adapters have one, the
   * first is used.
   */
  default Optional<GradientGuidance> gradientGuidance(Context context) {
    return Optional.empty();
  }

  /**
   * Returns the locks of resources that must stay open while a request with this adapter is
   * sampled. Empty by default; never called for a sum.
   */
  default List<UsageLock> usageLocks() {
    return List.of();
  }

  @Override
  default Adapter and(Adapter other) {
    return new Sum(this, of(other));
  }

  @Override
  default Adapter withoutGradientGuidance() {
    return new Unguided(this);
  }

  /** The sum of two adapters. */
  record Sum(ModelAdapter first, ModelAdapter second) implements ModelAdapter {
    @Override
    public Adaptation adapt(ModelComponent part, Compute compute) {
      return first.adapt(part, compute).and(second.adapt(part, compute));
    }

    @Override
    public List<Adapter> components() {
      return Stream.concat(first.components().stream(), second.components().stream())
          .toList();
    }

    @Override
    public Adaptation adapt(ModelComponent part, Context context) {
      return first.adapt(part, context).and(second.adapt(part, context));
    }

    @Override
    public void requireCompatible(ModelComponent.Tensors model) {
      first.requireCompatible(model);
      second.requireCompatible(model);
    }

    @Override
    public boolean isRegional() {
      return first.isRegional() || second.isRegional();
    }

    /** Returns the guidance of the first adapter, or else of the second. */
    @Override
    public Optional<GradientGuidance> gradientGuidance(Context context) {
      return first.gradientGuidance(context).or(() -> second.gradientGuidance(context));
    }
  }

  /** An adapter without its gradient guidance. */
  record Unguided(ModelAdapter adapter) implements ModelAdapter {
    @Override
    public Adaptation adapt(ModelComponent part, Compute compute) {
      return adapter.adapt(part, compute);
    }

    @Override
    public Adaptation adapt(ModelComponent part, Context context) {
      return adapter.adapt(part, context);
    }

    @Override
    public void requireCompatible(ModelComponent.Tensors model) {
      adapter.requireCompatible(model);
    }

    @Override
    public boolean isRegional() {
      return adapter.isRegional();
    }

    @Override
    public List<Adapter> components() {
      return adapter.components();
    }
  }

  /**
   * The generation that an adapter is applied to.
   *
   * @param compute the model's type and device
   * @param usesGuidance true if the network gets each batch twice: first with the negative prompt,
   *     then with the prompt
   * @param width width of the images in pixels
   * @param height height of the images in pixels
   * @param vaeScaleFactor pixels along one side of a latent pixel
   */
  public record Context(
      Compute compute, boolean usesGuidance, int width, int height, int vaeScaleFactor) {
    public Context {
      if (width < 1 || height < 1 || vaeScaleFactor < 1) {
        throw new IllegalArgumentException(
            "width, height and VAE scale factor must be at least 1, got " + width + "x" + height
                + " and scale factor " + vaeScaleFactor);
      }
    }
  }
}
