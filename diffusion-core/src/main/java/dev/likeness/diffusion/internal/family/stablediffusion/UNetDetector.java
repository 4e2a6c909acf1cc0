package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.NetworkPrefix;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Detects the {@code config.json} of a single file's UNet from names and shapes: all options but
 * the heads.
 */
final class UNetDetector {
  /** One resolution: {@code transformers} is 0 without attention. */
  private record Level(int channels, int layers, int transformers) {}

  private final TensorNames keys;
  private final String prefix;
  private final List<Level> levels = new ArrayList<>();

  private UNetDetector(TensorNames keys, String prefix) {
    this.keys = keys;
    this.prefix = prefix;
  }

  /**
   * The options under diffusers' names.
   *
   * @param prefix the prefix of {@code input_blocks}, with its dot
   * @throws InvalidInputException if the names are not those of such a UNet
   */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    return new UNetDetector(keys, prefix).config();
  }

  /**
   * The options of a ControlNet, which is such a UNet's encoder with an embedding of control
   * images.
   */
  public static Map<String, Object> controlNetConfig(TensorNames keys, String prefix) {
    UNetDetector shape = new UNetDetector(keys, prefix);
    Map<String, Object> config = shape.downOptions();
    int last = ShapeReader.Numbered.countWithGaps(keys, prefix + "input_hint_block.") - 1;
    List<Integer> widths = new ArrayList<>();
    for (int i = 0; i < last; i += 4) {
      widths.add(shape.size("input_hint_block." + i + ".weight", 0));
    }
    config.put("conditioning_channels", shape.size("input_hint_block.0.weight", 1));
    config.put("conditioning_embedding_out_channels", widths);
    return config;
  }

  private Map<String, Object> config() {
    Map<String, Object> config = downOptions();
    config.put("out_channels", size("out.2.weight", 0));
    config.put("up_block_types", upTypes());
    config.putAll(guidanceOptions(keys, prefix));
    return config;
  }

  /** The additional options of a UNet that takes a guidance scale. */
  public static Map<String, Object> guidanceOptions(TensorNames keys, String prefix) {
    UNetDetector shape = new UNetDetector(keys, prefix);
    String name = "time_embedding.cond_proj.weight";
    return shape.has(name) ? Map.of("time_cond_proj_dim", shape.size(name, 1)) : Map.of();
  }

  private Map<String, Object> downOptions() {
    readLevels();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("in_channels", size("input_blocks.0.0.weight", 1));
    config.put("block_out_channels", levels.stream().map(Level::channels).toList());
    config.put(
        "layers_per_block", singleOrList(levels.stream().map(Level::layers).toList()));
    config.put(
        "down_block_types",
        levels.stream()
            .map(level -> level.transformers == 0 ? "DownBlock2D" : "CrossAttnDownBlock2D")
            .toList());
    config.put("transformer_layers_per_block", singleOrList(transformers()));
    config.put("cross_attention_dim", contextWidth());
    config.put("use_linear_projection", usesLinearProjection());
    if (!keys.hasModule(prefix + "middle_block.0")) {
      config.put("mid_block_type", null);
    }
    if (keys.hasModule(prefix + "label_emb")) {
      config.put("addition_embed_type", "text_time");
      config.put("addition_time_embed_dim", 256);
      config.put("projection_class_embeddings_input_dim", size("label_emb.0.0.weight", 1));
    }
    return config;
  }

  private void readLevels() {
    int blocks = ShapeReader.Numbered.count(keys, prefix + "input_blocks.");
    int channels = 0;
    int layers = 0;
    int transformers = 0;
    for (int i = 1; i < blocks; i++) {
      String block = "input_blocks." + i + ".";
      if (keys.hasModule(prefix + block + "0.op")) {
        levels.add(new Level(channels, layers, transformers));
        layers = 0;
        transformers = 0;
      } else {
        channels = size(block + "0.in_layers.2.weight", 0);
        layers++;
        transformers = ShapeReader.Numbered.count(keys, prefix + block + "1.transformer_blocks.");
      }
    }
    levels.add(new Level(channels, layers, transformers));
  }

  private List<String> upTypes() {
    List<String> types = new ArrayList<>();
    int at = 0;
    for (int i = levels.size() - 1; i >= 0; i--) {
      types.add(
          keys.hasModule(prefix + "output_blocks." + at + ".1.transformer_blocks")
              ? "CrossAttnUpBlock2D"
              : "UpBlock2D");
      at += levels.get(i).layers + 1;
    }
    return types;
  }

  // The mid block has as many transformer layers as the last level, with or without attention.
  private List<Integer> transformers() {
    List<Integer> counts = new ArrayList<>(
        levels.stream().map(level -> Math.max(1, level.transformers)).toList());
    int bottom = ShapeReader.Numbered.count(keys, prefix + "middle_block.1.transformer_blocks.");
    if (bottom > 0) {
      counts.set(counts.size() - 1, bottom);
    }
    // A level without attention gets the number of the other levels, if these agree.
    List<Integer> said = new ArrayList<>(
        levels.stream().map(Level::transformers).filter(count -> count > 0).toList());
    said.add(counts.get(counts.size() - 1));
    return said.stream().distinct().count() == 1
        ? Collections.nCopies(counts.size(), said.get(0))
        : counts;
  }

  private int contextWidth() {
    return keys.names().stream()
        .filter(name -> name.startsWith(prefix) && name.endsWith(".attn2.to_k.weight"))
        .findFirst()
        .map(name -> (int) keys.shape(name)[1])
        .orElseThrow(() -> missing("attn2.to_k.weight"));
  }

  private boolean usesLinearProjection() {
    return keys.names().stream()
        .filter(name -> name.startsWith(prefix) && name.endsWith(".proj_in.weight"))
        .findFirst()
        .map(name -> keys.shape(name).length == 2)
        .orElse(false);
  }

  private boolean has(String name) {
    return keys.has(prefix + name);
  }

  private int size(String name, int dimension) {
    if (!has(name) || keys.shape(prefix + name).length <= dimension) {
      throw missing(name);
    }
    return (int) keys.shape(prefix + name)[dimension];
  }

  private InvalidInputException missing(String name) {
    return new InvalidInputException(
        keys.describe() + ": the UNet has no usable tensor \"" + prefix + name
            + "\"; the file may be of a kind that is not supported, or incomplete: give another"
            + " file, or download it again");
  }

  private static Object singleOrList(List<Integer> values) {
    return values.stream().distinct().count() == 1 ? values.get(0) : values;
  }

  /** Rules that detect the variant of a single file's UNet from names and shapes. */
  record UNetKeys(TensorNames keys, String prefix) {
    private static final long REFINER_TEXT = 1280;
    static final long SD2_TEXT = 1024;

    /** The UNet in latent diffusion's names; null if there is none. */
    static UNetKeys of(TensorNames keys) {
      return NetworkPrefix.ALL.stream()
          .filter(prefix -> keys.has(prefix + "input_blocks.0.0.weight")
              && keys.has(prefix + "out.2.weight")
              && keys.shape(prefix + "input_blocks.0.0.weight").length == 4)
          .map(prefix -> new UNetKeys(keys, prefix))
          .findFirst()
          .orElse(null);
    }

    long inChannels() {
      return keys.shape(prefix + "input_blocks.0.0.weight")[1];
    }

    boolean isSd1() {
      return !hasSizeConditioning() && !usesLinearProjection();
    }

    /**
     * Returns true for SD 2.x: the projections are linear (convolutions in 1.x), or its text is
     * wider.
     */
    boolean isSd2() {
      return !hasSizeConditioning() && (usesLinearProjection() || textWidth() == SD2_TEXT);
    }

    boolean isSdxl() {
      return hasSizeConditioning() && !isRefiner();
    }

    /**
     * Returns true for the refiner: the only text encoder is OpenCLIP's. A UNet alone is detected
     * by the width of its text.
     */
    boolean isRefiner() {
      boolean onlyOpen = keys.has("conditioner.embedders.0.model.token_embedding.weight")
          && keys.names().stream().noneMatch(name -> name.startsWith("conditioner.embedders.1."));
      return hasSizeConditioning() && (onlyOpen || textWidth() == REFINER_TEXT);
    }

    private boolean hasSizeConditioning() {
      return keys.hasModule(prefix + "label_emb");
    }

    private boolean usesLinearProjection() {
      return dimension(".proj_in.weight", 2) == 0;
    }

    private long textWidth() {
      return dimension(".attn2.to_k.weight", 1);
    }

    /** A size of the first matching tensor; 0 if it has fewer dimensions, -1 if there is none. */
    private long dimension(String ending, int dimension) {
      return keys.names().stream()
          .filter(name -> name.startsWith(prefix) && name.endsWith(ending))
          .findFirst()
          .map(keys::shape)
          .map(shape -> shape.length <= dimension ? 0 : shape[dimension])
          .orElse(-1L);
    }
  }
}
