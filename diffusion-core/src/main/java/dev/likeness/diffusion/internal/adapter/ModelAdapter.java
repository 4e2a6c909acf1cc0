package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** An adapter as the engine sees it: what it adds to the networks, and what guides the sampling. */
@FunctionalInterface
public interface ModelAdapter extends Adapter {
  /** The engine's side of a request's adapter. */
  static ModelAdapter of(Adapter adapter) {
    return (ModelAdapter) adapter;
  }

  /**
   * The change to one network, in the model's dtype and on its device. Called for every request;
   * implementations cache the tensors that they have placed.
   */
  Adaptation adapt(ModelComponent part, Compute compute);

  /**
   * The same for an adapter whose addition depends on the request. Called once for every request;
   * tensors made here belong to the calling scope, which lives as long as the request is sampled.
   */
  default Adaptation adapt(ModelComponent part, Context context) {
    return adapt(part, context.compute());
  }

  /**
   * Refuses a model that this adapts nothing of, or that it was not made for; by default every
   * model is taken. Called once for every request, before anything of it is computed.
   *
   * @throws IllegalArgumentException when this was opened for another base
   */
  default void requireCompatible(ModelComponent.Tensors model) {}

  /** Gradient guidance of one image; none by default. An image has one: its adapters' first. */
  default Optional<GradientGuidance> gradientGuidance(Context context) {
    return Optional.empty();
  }

  /**
   * What stays open while a request that carries this is sampled; nothing by default, and a sum is
   * not asked.
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

    /** The first's, or else the second's. */
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
   * @param usesGuidance whether the network is given each batch twice: first for the negative
   *     prompt, then for the prompt
   * @param width of the images in pixels
   * @param height of the images in pixels
   * @param vaeScaleFactor pixels along one side of a latent
   */
  public record Context(
      Compute compute, boolean usesGuidance, int width, int height, int vaeScaleFactor) {
    public Context {
      if (width < 1 || height < 1 || vaeScaleFactor < 1) {
        throw new IllegalArgumentException(
            "a generation needs a width, a height and a VAE scale factor from 1, given " + width
                + "x" + height + "/" + vaeScaleFactor);
      }
    }
  }
}
