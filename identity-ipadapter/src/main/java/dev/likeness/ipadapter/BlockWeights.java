package dev.likeness.ipadapter;

import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.schedulers.internal.ClosestNames;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;

/**
 * The weights of an image prompt in the blocks of a network. A block is named by its path, such as
 * {@code up_blocks.0.attentions.1} or {@code transformer_blocks.3}. InstantStyle shows which UNet
 * blocks control style and layout (Wang et al. 2024, arXiv:2404.02733, section 3.2). On a base
 * without a UNet, only {@link #LINEAR}, {@link #EASE_IN}, {@link #EASE_OUT} and weights by path can
 * be used; generation with the other presets throws {@link IllegalArgumentException}.
 */
public final class BlockWeights {
  /** Weight 1 for all blocks. */
  public static final BlockWeights LINEAR = new BlockWeights("linear", (base, t) -> 1);
  /**
   * Transfers only the style. On SDXL, the image prompt applies only to
   * {@code up_blocks.0.attentions.1}. On smaller UNets, it applies to all blocks except
   * {@code down_blocks.2} and {@code up_blocks.1}.
   */
  public static final BlockWeights STYLE = unet(
      "style",
      (base, t) -> isXl(base)
          ? weightIn(base, t, "up_blocks.0.attentions.1")
          : 1 - Math.max(weightIn(base, t, "down_blocks.2"), weightIn(base, t, "up_blocks.1")));
  /**
   * Transfers only the composition. On SDXL, the image prompt applies only to the last attention of
   * {@code down_blocks.2}. On smaller UNets, it applies to all attentions of {@code down_blocks.2}:
   * weight 1 for the last attention, 0.25 for the others.
   */
  public static final BlockWeights COMPOSITION = unet(
      "composition",
      (base, t) -> isXl(base)
          ? weightIn(base, t, lastAttention(base, "down_blocks.2"))
          : Math.max(
              weightIn(base, t, "down_blocks.2") / 4,
              weightIn(base, t, lastAttention(base, "down_blocks.2"))));
  /**
   * Transfers style and composition. Each block has the larger of its weights in {@link #STYLE} and
   * {@link #COMPOSITION}.
   */
  public static final BlockWeights STYLE_AND_COMPOSITION = new BlockWeights(
      "style-and-composition", (base, t) -> Math.max(STYLE.of(base, t), COMPOSITION.of(base, t)));
  /** Weight 0.2 for the down blocks, 1 for the other blocks. */
  public static final BlockWeights WEAK_INPUT = weak("weak-input", "down");
  /** Weight 0.2 for the middle block, 1 for the other blocks. */
  public static final BlockWeights WEAK_MIDDLE = weak("weak-middle", "mid");
  /** Weight 0.2 for the up blocks, 1 for the other blocks. */
  public static final BlockWeights WEAK_OUTPUT = weak("weak-output", "up");
  /** Weights that fall evenly from 1 for the first block to 0.05 for the last. */
  public static final BlockWeights EASE_IN =
      new BlockWeights("ease-in", (base, t) -> 0.05 + 0.95 * (1 - depth(base, t)));
  /** Weights that rise evenly from 0.05 for the first block to 1 for the last. */
  public static final BlockWeights EASE_OUT =
      new BlockWeights("ease-out", (base, t) -> 0.05 + 0.95 * depth(base, t));

  private static final Map<String, BlockWeights> PRESETS = Map.of(
      LINEAR.name,
      LINEAR,
      STYLE.name,
      STYLE,
      COMPOSITION.name,
      COMPOSITION,
      STYLE_AND_COMPOSITION.name,
      STYLE_AND_COMPOSITION,
      WEAK_INPUT.name,
      WEAK_INPUT,
      WEAK_MIDDLE.name,
      WEAK_MIDDLE,
      WEAK_OUTPUT.name,
      WEAK_OUTPUT,
      EASE_IN.name,
      EASE_IN,
      EASE_OUT.name,
      EASE_OUT);

  private final String name;
  private final ToDoubleBiFunction<AdapterSites, Integer> weight;

  private BlockWeights(String name, ToDoubleBiFunction<AdapterSites, Integer> weight) {
    this.name = name;
    this.weight = weight;
  }

  /**
   * Returns a preset by name.
   *
   * @param name {@code linear}, {@code style}, {@code composition}, {@code style-and-composition},
   *     {@code weak-input}, {@code weak-middle}, {@code weak-output}, {@code ease-in} or
   *     {@code ease-out}, in upper or lower case
   * @return the preset
   * @throws IllegalArgumentException if there is no preset of this name
   */
  public static BlockWeights parse(String name) {
    BlockWeights preset =
        PRESETS.get(name.toLowerCase(Locale.ROOT).replace('_', '-').replace(' ', '-'));
    if (preset == null) {
      throw new IllegalArgumentException("unknown block weights \"" + name + "\"; known: "
          + String.join(", ", PRESETS.keySet().stream().sorted().toList()));
    }
    return preset;
  }

  /**
   * Returns weights by block path. A key of the map is a block path or a prefix of block paths,
   * such as {@code up_blocks.0}. If several keys match a block, the longest key applies. Blocks
   * without a matching key have weight 0.
   *
   * @param byPath weights by block path or prefix; each weight is finite as a {@code float}
   * @return the weights
   * @throws IllegalArgumentException if a weight is not finite as a {@code float}. Generation
   *     throws the same exception if the base has no block with a given path
   */
  public static BlockWeights of(Map<String, Double> byPath) {
    Map<String, Double> own = Map.copyOf(byPath);
    own.forEach((path, weight) -> {
      if (!Float.isFinite(weight.floatValue())) {
        throw new IllegalArgumentException("the weight of block \"" + path
            + "\" must be a number from -3.4e38 to 3.4e38, got " + weight);
      }
    });
    return new BlockWeights(own.toString(), (base, t) -> {
      for (String path : own.keySet()) {
        if (base.paths().stream().noneMatch(block -> startsWith(block, path))) {
          throw new IllegalArgumentException("the base " + base.name() + " has no block \"" + path
              + "\" with cross-attention; closest: "
              + ClosestNames.of(path, base.paths().stream(), 3));
        }
      }
      return own.entrySet().stream()
          .filter(e -> startsWith(base.paths().get(t), e.getKey()))
          .max(Map.Entry.comparingByKey((a, b) -> Integer.compare(a.length(), b.length())))
          .map(Map.Entry::getValue)
          .orElse(0.0);
    });
  }

  /** Returns the weight of block {@code t} of a base. */
  double of(AdapterSites base, int t) {
    return weight.applyAsDouble(base, t);
  }

  private static BlockWeights weak(String name, String part) {
    return unet(name, (base, t) -> 1 - 0.8 * weightIn(base, t, part));
  }

  /** Makes a preset for UNets only. */
  private static BlockWeights unet(String name, ToDoubleBiFunction<AdapterSites, Integer> weight) {
    return new BlockWeights(name, (base, t) -> {
      if (!base.isUnet()) {
        throw new IllegalArgumentException(
            "the block weights \"" + name + "\" are for UNets, but the base " + base.name()
                + " is " + base.baseDescription()
                + "; give linear, ease-in, ease-out, or weights by path");
      }
      return weight.applyAsDouble(base, t);
    });
  }

  private static boolean isXl(AdapterSites base) {
    return base.paths().stream()
            .noneMatch(
                path -> path.startsWith("down_blocks.0.") || path.startsWith("down_blocks.3."))
        && base.paths().stream().anyMatch(path -> path.startsWith("up_blocks.0."));
  }

  /** Returns the path of the last attention of a block; a base with fewer layers has only one. */
  private static String lastAttention(AdapterSites base, String block) {
    String attentions = block + ".attentions.";
    int last = base.paths().stream()
        .filter(path -> path.startsWith(attentions))
        .mapToInt(path -> Integer.parseInt(path.substring(attentions.length()).split("\\.")[0]))
        .max()
        .orElse(0);
    return attentions + last;
  }

  private static double weightIn(AdapterSites base, int t, String start) {
    String path = base.paths().get(t);
    return startsWith(path, start) || !start.contains(".") && path.startsWith(start + "_") ? 1 : 0;
  }

  private static boolean startsWith(String path, String start) {
    return path.equals(start) || path.startsWith(start + ".");
  }

  /**
   * Returns the depth of a block: 0 for the first, 1 for the last. The middle block lies between
   * down and up blocks.
   */
  private static double depth(AdapterSites base, int t) {
    int down =
        (int) base.paths().stream().filter(path -> path.startsWith("down")).count();
    int middle =
        (int) base.paths().stream().filter(path -> path.startsWith("mid")).count();
    int count = base.paths().size();
    int order = t < down ? t : t < count - middle ? t + middle : t - (count - middle) + down;
    return count == 1 ? 0 : (double) order / (count - 1);
  }

  @Override
  public String toString() {
    return name;
  }
}
