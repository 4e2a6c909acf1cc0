package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.OriginalNames;
import dev.likeness.lora.internal.algorithm.ReshapedDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Maps the original layer names of a transformer to diffusers' names. Some original layers are
 * several layers in diffusers: query, key and value are stacked in one matrix.
 *
 * @param names the names of the family
 * @param swappedNorms layers of diffusers whose first half of rows is the original's second half
 */
record OriginalLayerNames(OriginalNames names, Set<String> swappedNorms) {
  /** The layers of diffusers that one original layer consists of, from the first row down. */
  record Split(List<String> paths, boolean halvesSwapped) {}

  private static final Pattern BLOCK = Pattern.compile("([a-z]+(?:_[a-z]+)*)_(\\d+)_(.+)");
  private static final Pattern LAST_NORM =
      Pattern.compile("norm_out\\.linear|.*\\.norm1_context\\.linear");
  private static final Pattern SLICE = Pattern.compile("(.+_qkv|linear1)_(\\d)");
  /** Layers that diffusers fuses on request (fuse_qkv_projections). */
  private static final Map<String, List<String>> FUSED = Map.of(
      "_to_qkv",
      List.of("_to_q", "_to_k", "_to_v"),
      "_to_kv",
      List.of("_to_k", "_to_v"),
      "_to_added_qkv",
      List.of("_add_q_proj", "_add_k_proj", "_add_v_proj"));

  /**
   * Returns the names for LoRAs of a kind on a base with these layers; none for unsupported kinds.
   */
  static OriginalLayerNames of(String kind, LayerTable table) {
    Set<String> exchanged = table.layers().stream()
        .filter(OriginalLayerNames::isSwappedNorm)
        .map(TargetLayer::path)
        .collect(Collectors.toSet());
    return new OriginalLayerNames(
        LoraFamilyDetector.layers(kind).map(LoraLayers::original).orElse(OriginalNames.NONE),
        exchanged);
  }

  /**
   * Returns true for norms before the output of a transformer or at the end of a text stream. The
   * original stores shift and scale, diffusers scale and shift.
   */
  private static boolean isSwappedNorm(TargetLayer layer) {
    return layer.component() == ModelComponent.TRANSFORMER
        && LAST_NORM.matcher(layer.path()).matches()
        && layer.out() == 2 * layer.in();
  }

  /**
   * Returns the layers of diffusers for an original layer; empty if it has another name. Dots may
   * be underscores.
   */
  Optional<Split> of(String path) {
    String flat = path.replace('.', '_');
    Matcher block = BLOCK.matcher(flat);
    if (!block.matches() || !names.blocks().containsKey(block.group(1))) {
      return Optional.ofNullable(names.top().get(flat)).map(this::split);
    }
    String list = names.lists().get(block.group(1)) + block.group(2) + ".";
    return innerPaths(names.blocks().get(block.group(1)), block.group(3))
        .map(paths -> split(paths.stream().map(list::concat).toList()));
  }

  /** Returns true if files may have both a layer and its parts; diffusers uses the parts. */
  boolean hasFusedAndSplit() {
    return names.hasFusedAndSplit();
  }

  private Split split(List<String> paths) {
    return new Split(paths, swappedNorms.containsAll(paths));
  }

  /**
   * Returns the parts of a layer that diffusers fused; empty if it is none. Dots may be
   * underscores.
   */
  static Optional<Split> splitFused(String path) {
    String flat = path.replace('.', '_');
    return FUSED.entrySet().stream()
        .filter(entry -> flat.endsWith(entry.getKey()))
        .findFirst()
        .map(entry -> {
          String attention = flat.substring(0, flat.length() - entry.getKey().length());
          return new Split(entry.getValue().stream().map(attention::concat).toList(), false);
        });
  }

  /**
   * Returns the first original name, with underscores, of a layer of diffusers or of the layer that
   * it is part of. Empty if there is none, or not all of its parts are {@code known}.
   */
  Optional<String> originalName(String path, Predicate<String> known) {
    for (String kind : names.blocks().keySet()) {
      String list = names.lists().get(kind);
      if (path.startsWith(list)) {
        int end = path.indexOf('.', list.length()) + 1;
        String block = path.substring(0, end);
        return findName(
                names.blocks().get(kind), path.substring(end), part -> known.test(block + part))
            .map(inner -> kind + "_" + block.substring(list.length(), end - 1) + "_" + inner);
      }
    }
    return findName(names.top(), path, known);
  }

  private static Optional<String> findName(
      Map<String, List<String>> names, String path, Predicate<String> known) {
    return names.entrySet().stream()
        .filter(entry ->
            entry.getValue().contains(path) && entry.getValue().stream().allMatch(known))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static Optional<List<String>> innerPaths(Map<String, List<String>> names, String layer) {
    Matcher slice = SLICE.matcher(layer);
    if (slice.matches() && names.containsKey(slice.group(1))) {
      List<String> parts = names.get(slice.group(1));
      int at = Integer.parseInt(slice.group(2));
      return at < parts.size() ? Optional.of(List.of(parts.get(at))) : Optional.empty();
    }
    return Optional.ofNullable(names.get(layer));
  }

  /**
   * The layer names of kohya's programs: diffusers' names for Stable Diffusion 1.x and 2.x, and the
   * original names for all others, where one layer may be several layers in diffusers.
   */
  static final class KohyaNames {
    private static final String NETWORK = "lora_unet_";

    /**
     * A layer in kohya's naming.
     *
     * @param stem the beginning of its keys
     * @param parts the layers of diffusers that it consists of, from the first row down
     * @param halvesSwapped true if its first half of rows is the second half in diffusers
     */
    record KohyaLayer(String stem, List<TargetLayer> parts, boolean halvesSwapped) {}

    private final LayerTable table;
    private final OriginalLayerNames transformerNames;
    private final boolean hasTwoTextEncoders;

    KohyaNames(LayerTable table) {
      this.table = table;
      transformerNames = OriginalLayerNames.of(table.kind(), table);
      hasTwoTextEncoders = table.has(ModelComponent.TEXT_ENCODER_2);
    }

    /** Returns the place of a layer of the base in kohya's naming. */
    KohyaLayer of(TargetLayer layer) {
      return switch (layer.component()) {
        case UNET ->
          singleLayer(
              NETWORK,
              hasTwoTextEncoders ? table.sgmName(layer).orElse(layer.path()) : layer.path(),
              layer);
        case TRANSFORMER ->
          fusedLayer(layer).orElseGet(() -> singleLayer(NETWORK, layer.path(), layer));
        default -> singleLayer(textPrefix(layer), layer.path(), layer);
      };
    }

    private Optional<KohyaLayer> fusedLayer(TargetLayer layer) {
      return transformerNames
          .originalName(
              layer.path(), path -> table.find(ModelComponent.TRANSFORMER, path).isPresent())
          .map(maker -> {
            OriginalLayerNames.Split split = transformerNames.of(maker).orElseThrow();
            List<TargetLayer> parts = split.paths().stream()
                .map(path -> table.find(ModelComponent.TRANSFORMER, path).orElseThrow())
                .toList();
            return new KohyaLayer(NETWORK + maker, parts, split.halvesSwapped());
          });
    }

    /** T5 has number 3 in every model. */
    private String textPrefix(TargetLayer layer) {
      if (layer.component() == ModelComponent.TEXT_ENCODER_3
          || layer.path().startsWith("encoder.block.")) {
        return "lora_te3_";
      }
      return layer.component() == ModelComponent.TEXT_ENCODER_2
          ? "lora_te2_"
          : hasTwoTextEncoders ? "lora_te1_" : "lora_te_";
    }

    private static KohyaLayer singleLayer(String prefix, String path, TargetLayer layer) {
      return new KohyaLayer(prefix + path.replace('.', '_'), List.of(layer), false);
    }
  }

  /**
   * One layer of the original transformer that is several layers in diffusers. Used for deltas
   * whose factors cannot be split by rows.
   *
   * @param layer the fused layer, under its original name
   * @param parts the layers of the model, from the first row down
   * @param halvesSwapped true if its first half of rows is the second half in diffusers
   */
  record FusedLayer(TargetLayer layer, List<TargetLayer> parts, boolean halvesSwapped) {
    static FusedLayer of(String path, List<TargetLayer> parts, boolean halvesSwapped) {
      List<Long> shape = new ArrayList<>(parts.get(0).shape());
      shape.set(0, parts.stream().mapToLong(TargetLayer::out).sum());
      return new FusedLayer(
          new TargetLayer(parts.get(0).component(), path, shape), parts, halvesSwapped);
    }

    /**
     * Returns the delta of each part.
     *
     * @param weight returns the weight of a layer of the model, f32 on the CPU
     */
    Map<TargetLayer, WeightDelta> deltas(WeightDelta whole, Function<TargetLayer, Tensor> weight) {
      Map<TargetLayer, WeightDelta> changes = new LinkedHashMap<>();
      long from = 0;
      for (TargetLayer part : parts) {
        changes.put(
            part,
            ReshapedDelta.RowSlice.of(
                whole, () -> concatWeights(weight), from, part.out(), halvesSwapped));
        from += part.out();
      }
      return changes;
    }

    /** Returns the difference of the bias of each part. */
    Map<TargetLayer, Tensor> biases(Tensor whole) {
      Tensor rows = halvesSwapped ? ReshapedDelta.RowSlice.swapHalves(whole) : whole;
      Map<TargetLayer, Tensor> biases = new LinkedHashMap<>();
      long from = 0;
      for (TargetLayer part : parts) {
        biases.put(part, rows.narrow(0, from, part.out()));
        from += part.out();
      }
      return biases;
    }

    private Tensor concatWeights(Function<TargetLayer, Tensor> weight) {
      TensorVector rows = new TensorVector();
      parts.forEach(part -> rows.push_back(weight.apply(part)));
      Tensor all = torch.cat(rows, 0);
      return halvesSwapped ? ReshapedDelta.RowSlice.swapHalves(all) : all;
    }
  }
}
