package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.KeyMapping.Location;
import dev.likeness.diffusion.internal.file.KeyMapping.Location.Form;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The layer names of a transformer: its authors' names beside diffusers'. Single files and LoRA
 * files of the authors' key format are both read by this one table.
 *
 * @param outer the layers outside of blocks
 * @param lists the lists of blocks
 * @param hasFusedAndSplit true if LoRA files may have both a layer and its parts; the parts have
 *     precedence
 */
public record LayerNames(List<Row> outer, List<BlockList> lists, boolean hasFusedAndSplit) {
  /** No names of authors. */
  public static final LayerNames NONE = new LayerNames(List.of(), List.of(), false);

  /** Creates a table of a family whose LoRA files have a layer or its parts, and not both. */
  public LayerNames(List<Row> outer, List<BlockList> lists) {
    this(outer, lists, false);
  }

  /** The tensors of a row in single files. */
  private enum Tensors {
    /** A weight and a bias. */
    LAYER,
    /** A weight only, of the same name. */
    WEIGHT,
    /** The weight of a norm, which the authors call {@code scale}. */
    SCALE,
    /** The row names a tensor and no layer. */
    TENSOR,
    /** None: only LoRA files have this name. */
    NONE
  }

  /** Layers whose rows the authors store in another order than diffusers. */
  private enum Swap {
    NEVER,
    ALWAYS,
    IN_LAST_BLOCK
  }

  /**
   * A layer of the authors, which may be several layers in diffusers: a matrix of queries, keys and
   * values, for example. Names within blocks begin behind the block's number.
   */
  public static final class Row {
    private final String original;
    private final List<Part> parts;
    private final Tensors tensors;
    private final Swap swap;

    private Row(String original, List<Part> parts, Tensors tensors, Swap swap) {
      this.original = original;
      this.parts = List.copyOf(parts);
      this.tensors = tensors;
      this.swap = swap;
    }

    /** A layer with a weight and possibly a bias. */
    public static Row layer(String original, String diffusers) {
      return new Row(original, List.of(new Part(diffusers, 1)), Tensors.LAYER, Swap.NEVER);
    }

    /** A layer with the same name in both. */
    public static Row same(String name) {
      return layer(name, name);
    }

    /** A norm with a weight only. */
    public static Row norm(String original, String diffusers) {
      return new Row(original, List.of(new Part(diffusers, 1)), Tensors.WEIGHT, Swap.NEVER);
    }

    /** A norm whose weight the authors call {@code scale}. */
    public static Row scaledNorm(String original, String diffusers) {
      return new Row(original, List.of(new Part(diffusers, 1)), Tensors.SCALE, Swap.NEVER);
    }

    /** A tensor that is no layer. LoRA files do not have it. */
    public static Row tensor(String original, String diffusers) {
      return new Row(original, List.of(new Part(diffusers, 1)), Tensors.TENSOR, Swap.NEVER);
    }

    /** Layers of equal size that the authors stack in one, from the first row down. */
    public static Row fused(String original, String... diffusers) {
      return fused(original, Stream.of(diffusers).map(path -> new Part(path, 1)).toList());
    }

    /** Layers that the authors stack in one, from the first row down. */
    public static Row fused(String original, List<Part> parts) {
      return new Row(original, parts, Tensors.LAYER, Swap.NEVER);
    }

    /** Another name that only LoRA files have. */
    public static Row inLoraFiles(String original, String... diffusers) {
      List<Part> parts = Stream.of(diffusers).map(path -> new Part(path, 1)).toList();
      return new Row(original, parts, Tensors.NONE, Swap.NEVER);
    }

    /**
     * Returns this layer of scales and shifts for a norm. The authors store shift and scale,
     * diffusers scale and shift.
     */
    public Row swapped() {
      return new Row(original, parts, tensors, Swap.ALWAYS);
    }

    /** Returns this layer, {@linkplain #swapped() swapped} in the last block only. */
    public Row swappedInLastBlock() {
      return new Row(original, parts, tensors, Swap.IN_LAST_BLOCK);
    }

    /** Returns the authors' name. */
    public String original() {
      return original;
    }

    /** Returns diffusers' layers, from the first row down. */
    public List<Part> parts() {
      return parts;
    }

    /** Returns true if LoRA files may have this name. */
    public boolean isLayer() {
      return tensors != Tensors.TENSOR;
    }

    /** Returns true if the authors may store the two halves of its rows in the other order. */
    public boolean maySwapHalves() {
      return swap != Swap.NEVER;
    }

    private void addTo(TensorTable table, String here, String there, boolean last) {
      boolean swaps = swap == Swap.ALWAYS || swap == Swap.IN_LAST_BLOCK && last;
      Form form = swaps ? Form.HALVES_SWAPPED : Form.AS_STORED;
      String diffusers = here + parts.get(0).path();
      switch (tensors) {
        case LAYER -> {
          if (parts.size() == 1) {
            table.addLayer(diffusers, there + original, form);
          } else {
            table.addFused(
                there + original,
                parts.stream().map(part -> here + part.path()).toList(),
                parts.stream().map(Part::share).toList());
          }
        }
        case WEIGHT ->
          table.addTensor(diffusers + ".weight", Location.whole(there + original + ".weight"));
        case SCALE ->
          table.addTensor(diffusers + ".weight", Location.whole(there + original + ".scale"));
        case TENSOR -> table.addTensor(diffusers, Location.whole(there + original));
        case NONE -> {}
      }
    }
  }

  /**
   * A layer of diffusers in a row.
   *
   * @param path its name
   * @param share the number of equal slices of the authors' layer that it has
   */
  public record Part(String path, int share) {}

  /**
   * A list of equal blocks.
   *
   * @param original the authors' name with its dot, such as {@code double_blocks.}
   * @param diffusers diffusers' name with its dot, such as {@code transformer_blocks.}
   * @param rows the layers of a block
   */
  public record BlockList(String original, String diffusers, List<Row> rows) {}

  /**
   * Returns the key mapping of single files, without a prefix.
   *
   * @param blocks the number of blocks by the authors' name of a list
   */
  public KeyMapping keyMapping(ToIntFunction<String> blocks) {
    TensorTable table = new TensorTable();
    outer.forEach(row -> row.addTo(table, "", "", false));
    for (BlockList list : lists) {
      int count = blocks.applyAsInt(list.original());
      for (int i = 0; i < count; i++) {
        for (Row row : list.rows()) {
          row.addTo(table, list.diffusers() + i + ".", list.original() + i + ".", i == count - 1);
        }
      }
    }
    return table;
  }

  /** Returns the key mapping of a file's transformer, whose keys begin with {@code prefix}. */
  public KeyMapping keyMapping(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    return keyMapping(shapes::count).withPrefix(prefix);
  }

  /** Returns true if this table has all lists of blocks of another. */
  public boolean hasListsOf(LayerNames other) {
    Set<String> own = lists.stream().map(BlockList::original).collect(Collectors.toSet());
    return other.lists().stream().allMatch(list -> own.contains(list.original()));
  }
}
