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
 * One of a model's CLIP text encoders with its own tokenizer. Immutable and shared by threads;
 * closed by its model.
 */
public final class LoadedClip extends LoadedTextEncoder<ClipTokenizer> {
  private final int skippedLayers;
  private final ClipTextConfig config;

  private LoadedClip(
      ModelComponent component,
      Compute compute,
      int skippedLayers,
      ClipTextConfig config,
      ClipTokenizer tokenizer,
      LoadedWeights weights) {
    super(component, compute, tokenizer, weights);
    this.skippedLayers = skippedLayers;
    this.config = config;
  }

  /** Opens a text encoder and checks every tensor of it. */
  public static LoadedClip open(
      ModelComponents files, ModelComponent component, Compute compute, int layersLeftOut) {
    ClipTextConfig config = ClipTextConfig.of(
        files.config(component.folder()), List.of(files.componentClass(component.folder())));
    ClipTokenizer tokenizer =
        files.tokenizer(component.folder().replace("text_encoder", "tokenizer"));
    LoadedWeights weights = load(
        tokenizer,
        () -> {
          requirePositions(files, component, config, tokenizer);
          return files.load(component.folder(), compute, ClipTextEncoder.BLOCKS);
        },
        // Merged files keep a projection that the text encoder does not use.
        loaded -> loaded.check(
            tensors -> new ClipTextEncoder(config, tensors),
            config.projection() == 0 ? Set.of("text_projection.weight") : Set.of()));
    return new LoadedClip(component, compute, layersLeftOut, config, tokenizer, weights);
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
        component(), tokenizer.maxLength(), tokenizer.truncatedText(prompt, words));
  }
}
