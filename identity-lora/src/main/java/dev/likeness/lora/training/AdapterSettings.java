package dev.likeness.lora.training;

import static dev.likeness.lora.training.SettingRange.require;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What a training trains: layers, and the form of their weight change (delta).
 *
 * @param rank rank of each layer's delta, from 1
 * @param alpha strength, above 0: each delta is scaled by alpha / rank
 * @param rankStabilised true to scale a delta by alpha / sqrt(rank) (rsLoRA, arXiv:2312.03732)
 *     instead of alpha / rank
 * @param algorithm the form of each delta
 * @param targets the layers that are trained
 * @param targetModules a regular expression for names of layers to train, such as
 *     {@code unet.down_blocks.0….to_q}; empty to train the layers of {@link #targets()}
 * @param trainTextEncoder true to train text encoders too. The targets include layers of CLIP, but
 *     not of T5. T5 is trained only if {@link #targetModules()} matches its layers
 * @param pivotalTuning the settings of a placeholder token that is trained with the LoRA
 */
public record AdapterSettings(
    int rank,
    double alpha,
    boolean rankStabilised,
    AdapterAlgorithm algorithm,
    LoraTargets targets,
    String targetModules,
    boolean trainTextEncoder,
    PivotalTuning pivotalTuning) {
  /**
   * Checks the ranges of the settings.
   *
   * @throws IllegalArgumentException if a value is out of its range, or the pattern of target
   *     modules is not a regular expression
   */
  public AdapterSettings {
    require(rank >= 1, "rank", "at least 1", rank);
    require(alpha > 0, "alpha", "above 0", alpha);
    try {
      Pattern.compile(targetModules);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "the target modules \"" + targetModules + "\" are not a regular expression: "
              + e.getDescription(),
          e);
    }
  }
}
