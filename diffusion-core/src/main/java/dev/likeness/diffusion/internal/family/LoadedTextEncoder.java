package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.text.PromptTokenizer;
import dev.likeness.diffusion.tensor.Compute;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A text encoder of a model with its tokenizer, which are opened and closed together. Immutable and
 * shared by threads; closed by its model.
 */
abstract class LoadedTextEncoder<T extends PromptTokenizer> implements OpenComponent {
  final Compute compute;
  final T tokenizer;
  final LoadedWeights weights;
  private final ModelComponent component;

  LoadedTextEncoder(ModelComponent component, Compute compute, T tokenizer, LoadedWeights weights) {
    this.component = component;
    this.compute = compute;
    this.tokenizer = tokenizer;
    this.weights = weights;
  }

  /** Loads and checks weights. If that fails, closes them and {@code tokenizer}. */
  static LoadedWeights load(
      PromptTokenizer tokenizer, Supplier<LoadedWeights> loader, Consumer<LoadedWeights> check) {
    LoadedWeights weights = null;
    try {
      weights = loader.get();
      check.accept(weights);
      return weights;
    } catch (RuntimeException e) {
      tokenizer.close();
      if (weights != null) {
        weights.close();
      }
      throw e;
    }
  }

  @Override
  public ModelComponent component() {
    return component;
  }

  @Override
  public LoadedWeights weights() {
    return weights;
  }

  @Override
  public void close() {
    tokenizer.close();
    weights.close();
  }
}
