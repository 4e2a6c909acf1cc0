package dev.likeness.diffusion.internal.adapter;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Self-attentions in which every token sees itself alone (Ahn et al. 2024, arXiv:2403.17377).
 *
 * @param layers regular expressions to be found in the names of the attentions
 */
public record PerturbedAttention(List<String> layers) implements Adaptation {
  @Override
  public boolean perturbs(String module) {
    return layers.stream()
        .anyMatch(layer -> Pattern.compile(layer).matcher(module).find());
  }
}
