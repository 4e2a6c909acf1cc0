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
   * What this adds to one network, in the model's type and on its device. Called for every request;
   * implementations keep what they have placed.
   */
  Adaptation adapt(ModelComponent part, Compute compute);

  /**
   * The same for an adapter whose addition depends on the request. Called once for every request;
   * tensors made here belong to the calling scope, which lives as long as the request is sampled.
   */
  default Adaptation adapt(ModelComponent part, Context drawing) {
    return adapt(part, drawing.compute());
  }

  /**
   * Refuses a model that this adapts nothing of, or that it was not made for; by default every
   * model is taken. Called once for every request, before anything of it is computed.
   *
   * @throws IllegalArgumentException when this was opened for another base
   */
  default void requireCompatible(ModelComponent.Tensors model) {}

  /** Gradient guidance of one image; none by default. An image has one: its adapters' first. */
  default Optional<GradientGuidance> gradientGuidance(Context drawing) {
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
    public Adaptation adapt(ModelComponent part, Context drawing) {
      return first.adapt(part, drawing).and(second.adapt(part, drawing));
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
    public Optional<GradientGuidance> gradientGuidance(Context drawing) {
      return first.gradientGuidance(drawing).or(() -> second.gradientGuidance(drawing));
    }
  }

  /** An adapter without its gradient guidance. */
  record Unguided(ModelAdapter adapter) implements ModelAdapter {
    @Override
    public Adaptation adapt(ModelComponent part, Compute compute) {
      return adapter.adapt(part, compute);
    }

    @Override
    public Adaptation adapt(ModelComponent part, Context drawing) {
      return adapter.adapt(part, drawing);
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
   * What is being drawn, as far as an adapter has to know it.
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
        throw new IllegalArgumentException("a drawing needs a size and a factor, given " + width
            + "x" + height + "/" + vaeScaleFactor);
      }
    }
  }
}
