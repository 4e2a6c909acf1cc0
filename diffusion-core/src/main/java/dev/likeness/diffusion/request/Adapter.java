package dev.likeness.diffusion.request;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Drawing;
import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.adapter.SummedAdapter;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;

/**
 * Something a request may carry that adapts the base model for it: a LoRA at a weight, an image
 * prompt, both.
 */
@FunctionalInterface
public interface Adapter {
  /**
   * What this adds to one network, in the model's type and on its device. Called for every request;
   * implementations keep what they have placed.
   */
  Adaptation adapt(ModelComponent part, Compute compute);

  /**
   * The same for an adapter whose addition depends on what is drawn. Called once for every request;
   * tensors made here belong to the calling scope, which lives as long as the request is drawn.
   */
  default Adaptation adapt(ModelComponent part, Drawing drawing) {
    return adapt(part, drawing.compute());
  }

  /**
   * Refuses a model that this adapts nothing of, or that it was not made for; every model is taken
   * unless said. Called once for every request, before anything of it is drawn.
   *
   * @throws IllegalArgumentException when this was opened for another base
   */
  default void requireFor(ModelComponent.Tensors model) {}

  /**
   * Whether this acts in places of the picture that is asked for, so that no window or crop of it
   * can be drawn by itself.
   */
  default boolean isPlaced() {
    return false;
  }

  /**
   * What leads one picture that carries this on its way; nothing unless said. A picture follows
   * one: its adapters' first.
   */
  default Optional<GradientGuidance> steering(Drawing drawing) {
    return Optional.empty();
  }

  /**
   * What stays open while a request that carries this is drawn; nothing unless said, and a sum is
   * not asked.
   */
  default List<UsageLock> uses() {
    return List.of();
  }

  /** The adapters that this is the sum of; itself where it is none. */
  default List<Adapter> summands() {
    return List.of(this);
  }

  /** This adapter and {@code other}, summed. */
  default Adapter and(Adapter other) {
    return new SummedAdapter(this, other);
  }

  /** Something a request carries that brings words of its own. */
  @FunctionalInterface
  public interface WordSource {
    /** The words that prompts may name while this is carried. */
    List<TextualInversion> words();
  }
}
