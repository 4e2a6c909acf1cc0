package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.stream.Stream;

/** The engine's view of an adapter: its {@link Contribution}, and the models that it fits. */
@FunctionalInterface
public interface ModelAdapter extends Adapter {
  /** Returns the engine's view of a request's adapter, which may be a class of an application. */
  static ModelAdapter of(Adapter adapter) {
    return adapter instanceof ModelAdapter known ? known : new Supported(adapter);
  }

  /** Returns an adapter that changes networks, and nothing else. */
  static ModelAdapter changing(Contribution.Changes changes) {
    return () -> Contribution.of(changes);
  }

  /** Returns what this adapter adds to the generations of requests. */
  Contribution contribution();

  /**
   * Refuses a model that this adapter does not fit or does not change. Called once for every
   * request, before anything is computed. Accepts every model by default.
   *
   * @throws IllegalArgumentException if this was opened for another base
   */
  default void requireCompatible(ModelComponent.Tensors model) {}

  /**
   * Returns the locks of resources that must stay open while a request with this adapter is
   * sampled. Empty by default; never called for joined adapters.
   */
  default List<UsageLock> usageLocks() {
    return List.of();
  }

  /**
   * Returns this adapter without the places that its control images set, for the generation of a
   * part of an image: a control image shows the whole image. An adapter that acts through a
   * ControlNet alone keeps it with a control image that shows no place.
   */
  default ModelAdapter withoutControls() {
    return components().stream().allMatch(one -> one.controlImages().isEmpty())
        ? this
        : new Uncontrolled(this);
  }

  /** Returns the changes to one network for a use without an image, such as training. */
  default Adaptation adapt(ModelComponent component, Compute compute) {
    return contribution().changes().of(component, Generation.withoutImage(compute));
  }

  @Override
  default List<TextualInversion> textualInversions() {
    return contribution().inversions();
  }

  @Override
  default ReferenceImages referenceImages() {
    return contribution().images();
  }

  @Override
  default List<ControlImage> controlImages() {
    return contribution().controls();
  }

  @Override
  default Adapter and(Adapter other) {
    return new Joined(List.of(this, of(other)), true);
  }

  @Override
  default Adapter withoutGradientGuidance() {
    return new Joined(List.of(this), false);
  }

  /**
   * An adapter of an application: it contributes what the supported face has, and the adapters that
   * it consists of.
   */
  record Supported(Adapter adapter) implements ModelAdapter {
    @Override
    public Contribution contribution() {
      return parts()
          .map(ModelAdapter::contribution)
          .reduce(
              Contribution.NONE
                  .withInversions(adapter.textualInversions())
                  .withImages(adapter.referenceImages())
                  .withControls(adapter.controlImages()),
              Contribution::and);
    }

    private Stream<ModelAdapter> parts() {
      return adapter.components().stream().filter(part -> part != adapter).map(ModelAdapter::of);
    }

    @Override
    public void requireCompatible(ModelComponent.Tensors model) {
      parts().forEach(part -> part.requireCompatible(model));
    }

    @Override
    public List<UsageLock> usageLocks() {
      return parts().flatMap(part -> part.usageLocks().stream()).toList();
    }

    @Override
    public boolean isRegional() {
      return adapter.isRegional();
    }

    @Override
    public List<Adapter> components() {
      return adapter.components();
    }

    @Override
    public Adapter withoutGradientGuidance() {
      return adapter.withoutGradientGuidance();
    }
  }

  /** An adapter without its control images and the tokens of their ControlNets. */
  record Uncontrolled(ModelAdapter adapter) implements ModelAdapter {
    @Override
    public Contribution contribution() {
      return adapter
          .contribution()
          .withControls(List.of())
          .withControlTokens(Contribution.TokensOfControls.NONE);
    }

    @Override
    public void requireCompatible(ModelComponent.Tensors model) {
      adapter.requireCompatible(model);
    }

    @Override
    public List<UsageLock> usageLocks() {
      return adapter.usageLocks();
    }

    @Override
    public boolean isRegional() {
      return adapter.isRegional();
    }

    @Override
    public List<Adapter> components() {
      List<Adapter> parts = adapter.components();
      return parts.size() == 1
          ? List.of(this)
          : parts.stream()
              .<Adapter>map(part -> ModelAdapter.of(part).withoutControls())
              .toList();
    }
  }

  /**
   * Several adapters as one.
   *
   * @param isGuided false if their gradient guidance is left out
   */
  record Joined(List<ModelAdapter> adapters, boolean isGuided) implements ModelAdapter {
    @Override
    public Contribution contribution() {
      Contribution all = adapters.stream()
          .map(ModelAdapter::contribution)
          .reduce(Contribution.NONE, Contribution::and);
      return isGuided ? all : all.withoutGuidance();
    }

    @Override
    public ModelAdapter withoutControls() {
      return new Joined(adapters.stream().map(ModelAdapter::withoutControls).toList(), isGuided);
    }

    @Override
    public void requireCompatible(ModelComponent.Tensors model) {
      adapters.forEach(adapter -> adapter.requireCompatible(model));
    }

    @Override
    public boolean isRegional() {
      return adapters.stream().anyMatch(Adapter::isRegional);
    }

    @Override
    public List<Adapter> components() {
      return adapters.stream().flatMap(adapter -> adapter.components().stream()).toList();
    }
  }
}
