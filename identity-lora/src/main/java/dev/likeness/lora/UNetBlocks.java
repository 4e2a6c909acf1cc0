package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The blocks of a UNet that weights of a LoRA may differ between, by diffusers' short names
 * ({@code set_adapters}, {@code _maybe_expand_lora_scales}).
 *
 * @param attentions short names of the attentions, such as {@code down.0.1}: down blocks, mid block
 *     and up blocks in their order; empty for a base without a UNet
 * @param modules the names of its layers down to their number in the block, such as
 *     {@code down_blocks.0.resnets.1}
 * @param textEncoders the components of the base that encode text
 */
record UNetBlocks(List<String> attentions, Set<String> modules, List<String> textEncoders) {
  private static final Pattern SHORT_NAME = Pattern.compile("(down|mid|up)(\\.\\d+){0,2}");
  private static final Pattern MODULE =
      Pattern.compile("((?:down|up)_blocks\\.\\d+|mid_block)\\.[a-z]+\\.\\d+");
  private static final Pattern ATTENTION =
      Pattern.compile("(down|mid|up)_blocks?(?:\\.(\\d+))?\\.attentions\\.(\\d+)");

  /** The blocks of a model. */
  static UNetBlocks of(ModelComponent.Tensors model) {
    Set<String> modules = model.tensorNames(ModelComponent.UNET).stream()
        .map(MODULE::matcher)
        .filter(Matcher::lookingAt)
        .map(Matcher::group)
        .collect(Collectors.toSet());
    ToIntFunction<MatchResult> side = m -> List.of("down", "mid", "up").indexOf(m.group(1));
    List<String> attentions = modules.stream()
        .map(ATTENTION::matcher)
        .filter(Matcher::matches)
        .map(Matcher::toMatchResult)
        .sorted(Comparator.comparingInt(side)
            .thenComparingInt(m -> m.group(2) == null ? 0 : Integer.parseInt(m.group(2)))
            .thenComparingInt(m -> Integer.parseInt(m.group(3))))
        .map(m -> m.group(1) + (m.group(2) == null ? "" : "." + m.group(2)) + "." + m.group(3))
        .toList();
    List<String> text = Stream.of(ModelComponent.values())
        .filter(component -> component.folder().startsWith(ModelComponent.TEXT_ENCODER.folder()))
        .filter(component -> !model.tensorNames(component).isEmpty())
        .map(ModelComponent::folder)
        .toList();
    return new UNetBlocks(attentions, modules, text);
  }

  /** Returns true for a short name, such as {@code up.1}, of whatever base. */
  static boolean isShortName(String name) {
    return SHORT_NAME.matcher(name).matches();
  }

  /**
   * The layer names of a short name.
   *
   * @param others the beginnings of the base's layer names, for a message
   * @throws IllegalArgumentException if the base has no attention in this block
   */
  List<String> layers(String name, String others) {
    requireUnet("the block \"" + name + "\"", others);
    List<String> own = attentions.stream()
        .filter(one -> one.equals(name) || one.startsWith(name + "."))
        .toList();
    if (own.isEmpty()) {
      throw new IllegalArgumentException("this base has no attention in the block \"" + name
          + "\"; the blocks with attention are " + String.join(", ", attentions));
    }
    return own.stream().flatMap(this::layersOf).toList();
  }

  /**
   * Weights by layer name for a list: the text encoders' weight, then one for each attention.
   *
   * @param others the beginnings of the base's layer names, for a message
   * @throws IllegalArgumentException if the list has another size
   */
  Map<String, Double> layerWeights(List<Double> list, String others) {
    requireUnet("a list of block weights", others);
    if (list.size() != attentions.size() + 1) {
      throw new IllegalArgumentException("this base needs " + (attentions.size() + 1)
          + " block weights, got " + list.size()
          + "; give one for the text encoders and then one for each of "
          + String.join(", ", attentions));
    }
    Map<String, Double> weights = new LinkedHashMap<>();
    textEncoders.forEach(part -> weights.put(part, list.get(0)));
    for (int i = 0; i < attentions.size(); i++) {
      double own = list.get(i + 1);
      layersOf(attentions.get(i)).forEach(layer -> weights.put(layer, own));
    }
    return weights;
  }

  private void requireUnet(String given, String others) {
    if (attentions.isEmpty()) {
      throw new IllegalArgumentException(given
          + " needs a base with a UNet; for this base, give layer names, which begin with "
          + others);
    }
  }

  /**
   * An attention; in down and up blocks also the residual block of the same number, and with the
   * first attention the block's sampler (diffusers' {@code get_module_weight}).
   */
  private Stream<String> layersOf(String attention) {
    String[] parts = attention.split("\\.");
    Stream<String> names = parts.length == 2
        ? Stream.of("mid_block.attentions." + parts[1])
        : Stream.of("attentions", "resnets", "downsamplers", "upsamplers")
            .map(kind -> parts[0] + "_blocks." + parts[1] + "." + kind + "." + parts[2]);
    return names.filter(modules::contains).map(layer -> ModelComponent.UNET.folder() + "." + layer);
  }
}
