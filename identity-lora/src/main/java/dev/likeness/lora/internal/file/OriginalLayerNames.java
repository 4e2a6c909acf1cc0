package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LayerNames;
import dev.likeness.diffusion.internal.family.LayerNames.Part;
import dev.likeness.diffusion.internal.family.LayerNames.Row;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Maps the original layer names of a transformer to diffusers' names, and back. LoRA files may have
 * underscores for the dots of both. Some original layers are several layers in diffusers: query,
 * key and value are stacked in one matrix.
 */
final class OriginalLayerNames {
  /**
   * The layers of diffusers that one original layer consists of.
   *
   * @param parts the layers, from the first row down
   * @param halvesSwapped true if its first half of rows is the second half in diffusers
   */
  record Split(List<Part> parts, boolean halvesSwapped) {
    /** Returns a layer that is one layer in diffusers too. */
    static Split single(String path) {
      return equalParts(List.of(path));
    }

    /** Returns a layer that consists of layers of equal size. */
    static Split equalParts(List<String> paths) {
      return new Split(paths.stream().map(path -> new Part(path, 1)).toList(), false);
    }

    List<String> paths() {
      return parts.stream().map(Part::path).toList();
    }
  }

  private static final Pattern BLOCK = Pattern.compile("([a-z]+(?:_[a-z]+)*)_(\\d+)_(.+)");
  private static final Pattern SLICE = Pattern.compile("(.+_qkv|linear1)_(\\d)");
  /** Layers that diffusers fuses on request (fuse_qkv_projections). */
  private static final Map<String, List<String>> FUSED = Map.of(
      "_to_qkv",
      List.of("_to_q", "_to_k", "_to_v"),
      "_to_kv",
      List.of("_to_k", "_to_v"),
      "_to_added_qkv",
      List.of("_add_q_proj", "_add_k_proj", "_add_v_proj"));

  /** The rows of a list of blocks by their original names with underscores. */
  private record Block(String diffusers, Map<String, Row> rows) {}

  private final LayerNames names;
  private final LayerTable table;
  private final Map<String, Row> outer;
  private final Map<String, Block> blocks = new LinkedHashMap<>();

  private OriginalLayerNames(LayerNames names, LayerTable table) {
    this.names = names;
    this.table = table;
    outer = byFlatName(names.outer());
    names
        .lists()
        .forEach(list -> blocks.put(
            flatten(list.original().substring(0, list.original().length() - 1)),
            new Block(list.diffusers(), byFlatName(list.rows()))));
  }

  /**
   * Returns the names for LoRAs of a kind on a base with these layers; none for unsupported kinds.
   */
  static OriginalLayerNames of(String kind, LayerTable table) {
    return new OriginalLayerNames(
        LoraFamilyDetector.layers(kind).map(LoraLayers::names).orElse(LayerNames.NONE), table);
  }

  private static Map<String, Row> byFlatName(List<Row> rows) {
    Map<String, Row> named = new LinkedHashMap<>();
    rows.stream().filter(Row::isLayer).forEach(row -> named.put(flatten(row.original()), row));
    return named;
  }

  private static String flatten(String path) {
    return path.replace('.', '_');
  }

  /**
   * Returns the layers of diffusers for an original layer; empty if it has another name. Dots may
   * be underscores.
   */
  Optional<Split> of(String path) {
    String flat = flatten(path);
    Matcher block = BLOCK.matcher(flat);
    if (!block.matches() || !blocks.containsKey(block.group(1))) {
      return Optional.ofNullable(outer.get(flat)).map(row -> split("", row));
    }
    Block list = blocks.get(block.group(1));
    return find(list, list.diffusers() + block.group(2) + ".", block.group(3));
  }

  private Optional<Split> find(Block list, String before, String layer) {
    Matcher slice = SLICE.matcher(layer);
    if (slice.matches() && list.rows().containsKey(slice.group(1))) {
      List<Part> parts = list.rows().get(slice.group(1)).parts();
      int at = Integer.parseInt(slice.group(2));
      return at < parts.size()
          ? Optional.of(Split.single(before + parts.get(at).path()))
          : Optional.empty();
    }
    return Optional.ofNullable(list.rows().get(layer)).map(row -> split(before, row));
  }

  private Split split(String before, Row row) {
    List<Part> parts = row.parts().stream()
        .map(part -> new Part(before + part.path(), part.share()))
        .toList();
    boolean swapped = row.maySwapHalves()
        && parts.stream()
            .allMatch(part -> table
                .find(ModelComponent.TRANSFORMER, part.path())
                .filter(OriginalLayerNames::isScaleAndShift)
                .isPresent());
    return new Split(parts, swapped);
  }

  /** Returns true for a layer of one scale and one shift: no gates are among its rows. */
  private static boolean isScaleAndShift(TargetLayer layer) {
    return layer.out() == 2 * layer.in();
  }

  /** Returns true if files may have both a layer and its parts; diffusers uses the parts. */
  boolean hasFusedAndSplit() {
    return names.hasFusedAndSplit();
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
          return Split.equalParts(
              entry.getValue().stream().map(attention::concat).toList());
        });
  }

  /**
   * Returns the first original name, with underscores, of a layer of diffusers or of the layer that
   * it is part of. Empty if there is none, or not all of its parts are {@code known}.
   */
  Optional<String> originalName(String path, Predicate<String> known) {
    for (Map.Entry<String, Block> list : blocks.entrySet()) {
      String before = list.getValue().diffusers();
      if (path.startsWith(before)) {
        int end = path.indexOf('.', before.length()) + 1;
        String block = path.substring(0, end);
        String number = block.substring(before.length(), end - 1);
        return findName(
                list.getValue().rows(), path.substring(end), part -> known.test(block + part))
            .map(inner -> list.getKey() + "_" + number + "_" + inner);
      }
    }
    return findName(outer, path, known);
  }

  private static Optional<String> findName(
      Map<String, Row> rows, String path, Predicate<String> known) {
    return rows.entrySet().stream()
        .filter(entry -> {
          List<String> paths = entry.getValue().parts().stream().map(Part::path).toList();
          return paths.contains(path) && paths.stream().allMatch(known);
        })
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
