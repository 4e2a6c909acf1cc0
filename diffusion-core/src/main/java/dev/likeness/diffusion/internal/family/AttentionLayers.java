package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.request.DegradedGuidance;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The attention layers of a denoising network by the names of their modules.
 *
 * @param component the network's component
 * @param names such as {@code transformer_blocks.0.attn}
 * @param blocks the transformer blocks around them, such as {@code transformer_blocks.0}
 */
public record AttentionLayers(ModelComponent component, List<String> names, List<String> blocks) {
  private static final Pattern BLOCK =
      Pattern.compile("((?:.+\\.)?\\w*transformer_blocks\\.\\d+)\\..*");
  private static final String KEYS = ".to_k.weight";
  private static final String CROSS = "attn2";

  /** The attention layers of a component. */
  public static AttentionLayers of(ModelComponent.Tensors tensors, ModelComponent component) {
    return new AttentionLayers(
        component,
        tensors.tensorNames(component).stream()
            .filter(name -> name.endsWith(KEYS))
            .map(name -> name.substring(0, name.length() - KEYS.length()))
            .toList(),
        tensors.tensorNames(component).stream()
            .map(BLOCK::matcher)
            .filter(Matcher::matches)
            .map(block -> block.group(1))
            .distinct()
            .toList());
  }

  /**
   * Returns true if an adaptation adds attention over image tokens to any of the layers, or adds
   * anything behind the block around it.
   */
  public boolean hasBranches(Adaptation adaptation) {
    return names.stream()
            .flatMap(module -> Stream.of(module, module.substring(0, module.lastIndexOf('.'))))
            .anyMatch(module -> !adaptation.branches(module).isEmpty())
        || blocks.stream().anyMatch(block -> !adaptation.additionsBehind(block).isEmpty());
  }

  /**
   * The adaptation of perturbed attention for a degraded guidance.
   *
   * @throws IllegalArgumentException if no self-attention's name contains one of the layers
   */
  public Adaptation perturbed(DegradedGuidance guidance) {
    for (String layer : guidance.layers()) {
      Adaptation.PerturbedAttention one = new Adaptation.PerturbedAttention(List.of(layer));
      if (names.stream()
          .noneMatch(module -> one.isPerturbed(module)
              && !(component == ModelComponent.UNET && module.endsWith(CROSS)))) {
        throw new IllegalArgumentException("perturbed-attention guidance (--pag-layers): no"
            + " self-attention of this model has \"" + layer + "\" in its name; give a part of a"
            + " name such as " + names.stream().sorted().findFirst().orElse("none"));
      }
    }
    return new Adaptation.PerturbedAttention(guidance.layers());
  }
}
