package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.internal.algorithm.AttachedDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The strength of a LoRA: one number, optional factors for blocks and layers, and an optional
 * schedule over the sampling steps. Immutable; setters return a changed copy.
 *
 * <p>A prompt is encoded once, so text encoders use the weight of the first step.
 */
public final class LoraWeight {
  private static final DoubleUnaryOperator CONSTANT = progress -> 1;
  /** Matches a component and the first word after it. */
  private static final Pattern BLOCK_PREFIX = Pattern.compile("^([^.]+\\.[^.]+).*");

  private final double weight;
  private final Map<String, Double> blocks;
  /** Weights of the text encoders and of each attention of a UNet, or empty. */
  private final List<Double> list;

  private final DoubleUnaryOperator schedule;

  private LoraWeight(
      double whole, Map<String, Double> blocks, List<Double> list, DoubleUnaryOperator schedule) {
    this.weight = requireFinite(whole);
    this.blocks = blocks;
    this.list = list;
    this.schedule = schedule;
  }

  /**
   * Returns a weight that is the same for all blocks and steps.
   *
   * @param weight 1 for the trained strength, 0 for no effect; negative values invert the delta
   * @return the weight
   * @throws IllegalArgumentException if the weight is not finite as a {@code float}
   */
  public static LoraWeight of(double weight) {
    return new LoraWeight(weight, Map.of(), List.of(), CONSTANT);
  }

  /**
   * Multiplies the weight of all layers whose name has the given prefix, such as {@code unet},
   * {@code unet.up_blocks.1} or {@code text_encoder}. {@link Lora#at} refuses a prefix that matches
   * no layer of its base.
   *
   * <p>The blocks of a UNet also have the short names of diffusers' {@code set_adapters}.
   * {@code down}, {@code mid} and {@code up} each stand for all blocks of one kind. {@code up.1}
   * stands for the second up block, {@code up.1.0} for the first attention of this block. The short
   * name of an attention in a down or up block also stands for the residual block of the same
   * number. The short name of the first attention also stands for the downsampler or upsampler of
   * the block. As in diffusers, short names do not include blocks without attention.
   *
   * <p>If several prefixes match a layer, only the longest prefix applies. A short name counts as
   * the prefixes that it stands for, such as {@code unet.up_blocks.1.attentions.0}. Because these
   * prefixes are longer than {@code unet.up_blocks.1}, the factor of {@code up} replaces the factor
   * of {@code unet.up_blocks.1}. Of two short names, the longer one applies: {@code up.1} replaces
   * the factor of {@code up}.
   *
   * @param name a short name, or a prefix: a whole layer name or its beginning up to a dot
   * @param factor a number that is finite as a {@code float}
   * @return a weight with this factor
   * @throws IllegalArgumentException if the factor is not finite as a {@code float}
   */
  public LoraWeight block(String name, double factor) {
    Map<String, Double> more = new LinkedHashMap<>(blocks);
    more.put(name, requireFinite(factor));
    return new LoraWeight(weight, more, list, schedule);
  }

  /**
   * Multiplies the weights of blocks by the factors that a text lists. The text has one of two
   * forms.
   *
   * <ul>
   *   <li>{@code down=0.5,mid=1,up.1=0.8,text_encoder=0.3}: short names or prefixes of layer names,
   *       with their factors;
   *   <li>{@code 1,0,0,0,0,1,1,1,1,1,1,1}: the numbers of the web UI's LoRA block weights. The
   *       first is for the text encoders. The others are for the attentions of a UNet's down
   *       blocks, mid block and up blocks. In total, there are 17 numbers for Stable Diffusion 1.x
   *       and 2.x, and 12 for XL.
   * </ul>
   *
   * <p>{@link Lora#at} refuses names and numbers that do not fit its base.
   *
   * @param text the factors, separated by commas
   * @return a weight with these factors
   * @throws IllegalArgumentException if the text has neither form, or a factor is not finite as a
   *     {@code float}
   */
  public LoraWeight blocks(String text) {
    String[] parts = text.trim().split("\\s*,\\s*", -1);
    if (text.indexOf('=') < 0) {
      List<Double> numbers =
          Arrays.stream(parts).map(part -> number(part, text)).toList();
      return new LoraWeight(weight, blocks, numbers, schedule);
    }
    LoraWeight all = this;
    for (String part : parts) {
      int end = part.indexOf('=');
      if (end < 1) {
        throw malformed(part, text);
      }
      all = all.block(part.substring(0, end).trim(), number(part.substring(end + 1), text));
    }
    return all;
  }

  private static double number(String part, String text) {
    try {
      return requireFinite(Double.parseDouble(part));
    } catch (NumberFormatException e) {
      throw malformed(part, text);
    }
  }

  private static IllegalArgumentException malformed(String part, String text) {
    return new IllegalArgumentException("\"" + part + "\" in the block weights \"" + text
        + "\" is not a weight; give names, such as down=0.5,mid=1,up.1=0.8, or numbers alone");
  }

  /**
   * Multiplies the weight by a factor that depends on sampling progress.
   *
   * @param factor maps progress to a factor; in step i of n, counted from 0, the progress is i / n
   * @return a weight with this schedule, which replaces an earlier schedule
   */
  public LoraWeight overSteps(DoubleUnaryOperator factor) {
    return new LoraWeight(weight, blocks, list, factor);
  }

  /** {@return true if the weight has a schedule over the steps} */
  public boolean isVarying() {
    return schedule != CONSTANT;
  }

  /**
   * Returns the weight at a given progress of sampling, as a constant weight.
   *
   * @param progress share of the finished steps, 0 to 1
   * @return the weight without a schedule
   * @throws IllegalArgumentException if the schedule returns a number that is not finite as a
   *     {@code float}
   */
  public LoraWeight at(double progress) {
    return isVarying()
        ? new LoraWeight(
            weight * requireFinite(schedule.applyAsDouble(progress)), blocks, list, CONSTANT)
        : this;
  }

  /** {@return true if the number that multiplies all factors is 0} */
  boolean isZero() {
    return weight == 0;
  }

  /**
   * Returns true if none of these layers changes at any step: the number that multiplies all
   * factors is 0, or the factor of every layer is.
   */
  boolean isZeroFor(Collection<TargetLayer> layers) {
    return isZero()
        || !layers.isEmpty() && layers.stream().allMatch(layer -> block(layer.name()) == 0);
  }

  /** {@return this weight in the form that {@link AttachedDeltas} uses} */
  AttachedDeltas.LayerWeights ofLayers() {
    return new OfLayers(this);
  }

  private record OfLayers(LoraWeight weight) implements AttachedDeltas.LayerWeights {
    @Override
    public double of(ModelComponent component, String module) {
      return weight.of(component, module);
    }

    @Override
    public AttachedDeltas.LayerWeights at(double progress) {
      return weight.at(progress).ofLayers();
    }

    @Override
    public boolean isNothing() {
      return weight.isZero();
    }
  }

  /** {@return the weight of a layer at the first step} */
  double of(ModelComponent component, String module) {
    return at(0).weight * block(component.folder() + "." + module);
  }

  private double block(String name) {
    double factor = 1;
    int longest = -1;
    for (Map.Entry<String, Double> block : blocks.entrySet()) {
      String start = block.getKey();
      if (startsWith(name, start) && start.length() > longest) {
        factor = block.getValue();
        longest = start.length();
      }
    }
    return factor;
  }

  private static boolean startsWith(String name, String start) {
    return name.equals(start) || name.startsWith(start + ".");
  }

  /**
   * Returns this weight with layer names instead of short names and numbers.
   *
   * @throws IllegalArgumentException if they do not fit the model's UNet, or it has none
   */
  LoraWeight resolvedFor(ModelComponent.Tensors model) {
    UNetBlocks unet = UNetBlocks.of(model);
    Map<String, Double> resolved =
        new LinkedHashMap<>(list.isEmpty() ? Map.of() : unet.layerWeights(list, blockNames(model)));
    // A block before its layers, whose own factors replace the block's.
    blocks.keySet().stream()
        .filter(UNetBlocks::isShortName)
        .sorted(Comparator.comparing(String::length))
        .forEach(name -> unet.layers(name, blockNames(model))
            .forEach(layer -> resolved.put(layer, blocks.get(name))));
    blocks.forEach((name, factor) -> {
      if (!UNetBlocks.isShortName(name)) {
        resolved.put(name, factor);
      }
    });
    return new LoraWeight(weight, resolved, List.of(), schedule);
  }

  /**
   * Refuses blocks that the model does not have.
   *
   * @throws IllegalArgumentException if there is such a block; the message lists the model's blocks
   */
  void requireBlocksOf(ModelComponent.Tensors model) {
    for (String block : blocks.keySet()) {
      if (layerNames(model).noneMatch(name -> startsWith(name, block))) {
        throw new IllegalArgumentException("no layer name of this base begins with \"" + block
            + "\"; names begin with " + blockNames(model));
      }
    }
  }

  private static String blockNames(ModelComponent.Tensors model) {
    return layerNames(model)
        .map(name -> BLOCK_PREFIX.matcher(name).replaceAll("$1"))
        .distinct()
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private static Stream<String> layerNames(ModelComponent.Tensors model) {
    return Stream.of(ModelComponent.values())
        .flatMap(component ->
            model.tensorNames(component).stream().map(name -> component.folder() + "." + name));
  }

  private static double requireFinite(double weight) {
    if (!Float.isFinite((float) weight)) {
      throw new IllegalArgumentException(
          "a LoRA's weight must be a number from -3.4e38 to 3.4e38, got " + weight);
    }
    return weight;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LoraWeight w
        && weight == w.weight
        && blocks.equals(w.blocks)
        && list.equals(w.list)
        && schedule == w.schedule;
  }

  @Override
  public int hashCode() {
    return Objects.hash(weight, blocks, list, schedule);
  }

  @Override
  public String toString() {
    return weight
        + (blocks.isEmpty() ? "" : " " + blocks)
        + (list.isEmpty() ? "" : " " + list)
        + (isVarying() ? ", changing over the steps" : "");
  }
}
