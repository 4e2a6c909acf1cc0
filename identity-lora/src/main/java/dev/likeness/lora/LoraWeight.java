package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.internal.algorithm.AttachedDeltas;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The strength of a LoRA: one number, numbers per block and module, and a schedule over the
 * sampling steps. Immutable; setters return a changed copy.
 *
 * <p>Text is encoded once, so text encoders use the value of the first step.
 */
public final class LoraWeight {
  private static final DoubleUnaryOperator ALWAYS = progress -> 1;
  /** A part and the first of the words behind it. */
  private static final Pattern BEGINNING = Pattern.compile("^([^.]+\\.[^.]+).*");

  private final double whole;
  private final Map<String, Double> blocks;
  private final DoubleUnaryOperator course;

  private LoraWeight(double whole, Map<String, Double> blocks, DoubleUnaryOperator course) {
    this.whole = requireFinite(whole);
    this.blocks = blocks;
    this.course = course;
  }

  /**
   * The same everywhere and always: 1 as it was made, 0 for nothing at all, negative for its
   * opposite.
   */
  public static LoraWeight of(double weight) {
    return new LoraWeight(weight, Map.of(), ALWAYS);
  }

  /**
   * Times {@code factor} in everything whose name begins so: {@code unet},
   * {@code unet.up_blocks.1}, {@code text_encoder}, a module's whole name. Where several begin a
   * name, the longest counts. {@link Lora#at} refuses what begins no name of its base.
   */
  public LoraWeight block(String name, double factor) {
    Map<String, Double> more = new LinkedHashMap<>(blocks);
    more.put(name, requireFinite(factor));
    return new LoraWeight(whole, more, course);
  }

  /**
   * Times {@code factor}'s value for the share of the steps that lie behind: 0 at the first of n,
   * i/n at the one after i.
   */
  public LoraWeight overSteps(DoubleUnaryOperator factor) {
    return new LoraWeight(whole, blocks, factor);
  }

  /** Whether it changes over the steps. */
  public boolean varies() {
    return course != ALWAYS;
  }

  /** The weight that this has, everywhere constant, when that share of the steps is taken. */
  public LoraWeight at(double progress) {
    return varies()
        ? new LoraWeight(whole * requireFinite(course.applyAsDouble(progress)), blocks, ALWAYS)
        : this;
  }

  public boolean isZero() {
    return whole == 0;
  }

  /** This weight as the engine asks for it. */
  AttachedDeltas.LayerWeights ofLayers() {
    return new OfLayers(this);
  }

  private record OfLayers(LoraWeight weight) implements AttachedDeltas.LayerWeights {
    @Override
    public double of(ModelComponent part, String module) {
      return weight.of(part, module);
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

  /** The weight at a module at the first step. */
  double of(ModelComponent part, String module) {
    return at(0).whole * block(part.folder() + "." + module);
  }

  private double block(String name) {
    double factor = 1;
    int longest = -1;
    for (Map.Entry<String, Double> block : blocks.entrySet()) {
      String start = block.getKey();
      if (begins(name, start) && start.length() > longest) {
        factor = block.getValue();
        longest = start.length();
      }
    }
    return factor;
  }

  private static boolean begins(String name, String start) {
    return name.equals(start) || name.startsWith(start + ".");
  }

  /**
   * Refuses blocks that {@code model} has not, whether a LoRA changes something there or not.
   *
   * @throws IllegalArgumentException naming the first such block, and what there is
   */
  void requireBlocksOf(ModelComponent.Tensors model) {
    for (String block : blocks.keySet()) {
      if (names(model).noneMatch(name -> begins(name, block))) {
        throw new IllegalArgumentException(
            "no layer's name begins with \"" + block + "\" in this base; names begin with "
                + names(model)
                    .map(name -> BEGINNING.matcher(name).replaceAll("$1"))
                    .distinct()
                    .sorted()
                    .collect(Collectors.joining(", ")));
      }
    }
  }

  private static Stream<String> names(ModelComponent.Tensors model) {
    return Stream.of(ModelComponent.values())
        .flatMap(part -> model.tensorNames(part).stream().map(name -> part.folder() + "." + name));
  }

  private static double requireFinite(double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("a LoRA's weight must be a finite number, not " + weight);
    }
    return weight;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LoraWeight w
        && whole == w.whole
        && blocks.equals(w.blocks)
        && course == w.course;
  }

  @Override
  public int hashCode() {
    return Objects.hash(whole, blocks, course);
  }

  @Override
  public String toString() {
    return whole
        + (blocks.isEmpty() ? "" : " " + blocks)
        + (varies() ? ", changing over the steps" : "");
  }
}
