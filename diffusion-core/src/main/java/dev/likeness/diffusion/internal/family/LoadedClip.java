package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Set;

/**
 * One of a model's text encoders with its own tokenizer. Immutable and shared by threads; closed by
 * its model.
 */
public final class LoadedClip implements OpenComponent {
  private final ModelComponent component;
  private final Compute compute;
  private final int skippedLayers;
  private final ClipTextConfig config;
  private final ClipTokenizer tokenizer;
  private final LoadedWeights weights;

  private LoadedClip(
      ModelComponent component,
      Compute compute,
      int skippedLayers,
      ClipTextConfig config,
      ClipTokenizer tokenizer,
      LoadedWeights weights) {
    this.component = component;
    this.compute = compute;
    this.skippedLayers = skippedLayers;
    this.config = config;
    this.tokenizer = tokenizer;
    this.weights = weights;
  }

  /** Opens a text encoder and checks every tensor of it. */
  public static LoadedClip open(
      ModelComponents files, ModelComponent component, Compute compute, int layersLeftOut) {
    ClipTextConfig config = ClipTextConfig.of(
        files.config(component.folder()), List.of(files.componentClass(component.folder())));
    ClipTokenizer tokenizer =
        files.tokenizer(component.folder().replace("text_encoder", "tokenizer"));
    LoadedWeights weights = null;
    try {
      requirePositions(files, component, config, tokenizer);
      weights = files.load(component.folder(), compute, ClipTextEncoder.BLOCKS);
      // Merged files keep a projection that the text encoder does not use.
      weights.check(
          tensors -> new ClipTextEncoder(config, tensors),
          config.projection() == 0 ? Set.of("text_projection.weight") : Set.of());
      return new LoadedClip(component, compute, layersLeftOut, config, tokenizer, weights);
    } catch (RuntimeException e) {
      tokenizer.close();
      if (weights != null) {
        weights.close();
      }
      throw e;
    }
  }

  // A text encoder may have more positions than the tokenizer has ids.
  private static void requirePositions(
      ModelComponents files,
      ModelComponent component,
      ClipTextConfig config,
      ClipTokenizer tokenizer) {
    if (tokenizer.maxLength() > config.positions()) {
      throw new InvalidInputException(files.describe() + ": the model_max_length of the tokenizer"
          + " of " + component.folder() + " is " + tokenizer.maxLength()
          + ", but the text encoder has " + config.positions()
          + " positions; give the tokenizer that the text encoder was trained with");
    }
  }

  /** Returns the component of this text encoder. */
  @Override
  public ModelComponent component() {
    return component;
  }

  /**
   * The number of last layers that the family skips: 1 for SDXL, without the final norm; else 0.
   */
  public int skippedLayers() {
    return skippedLayers;
  }

  public ClipTextConfig config() {
    return config;
  }

  public ClipTokenizer tokenizer() {
    return tokenizer;
  }

  /** The adapted encoder. */
  public ClipTextEncoder encoder(Adaptation adaptation) {
    return new ClipTextEncoder(config, Weights.of(weights, adaptation));
  }

  /** The tokenizer with the adapted encoder. */
  public ClipPromptEncoder promptEncoder(Adaptation adaptation) {
    return new ClipPromptEncoder(tokenizer, encoder(adaptation), compute);
  }

  /** The truncated part of a plain prompt, which may name textual inversions of several vectors. */
  public TruncatedPrompt truncated(String prompt, List<TextualInversion> words) {
    return new TruncatedPrompt(
        component, tokenizer.maxLength(), tokenizer.truncatedText(prompt, words));
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
