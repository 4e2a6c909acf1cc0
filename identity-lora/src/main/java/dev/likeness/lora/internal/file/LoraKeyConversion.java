package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LayerNames.Part;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.internal.algorithm.RowSliceDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/**
 * Converts a LoRA of a denoising network to diffusers' names, from the original names or those of
 * kohya, XLabs and OneTrainer. If an original layer is several layers in diffusers, the second
 * factor is split by rows and the first is shared. A delta whose factors cannot be split keeps the
 * name of the original layer.
 */
final class LoraKeyConversion implements TensorSource {
  /** Tensors that are split by the rows of a layer. */
  private static final Set<LoraRole> SPLIT_BY_ROW = EnumSet.of(
      LoraRole.UP,
      LoraRole.DIFF,
      LoraRole.DIFF_B,
      LoraRole.BIAS_UP,
      LoraRole.SET,
      LoraRole.SET_B,
      LoraRole.MAGNITUDE,
      LoraRole.HADA_W1_A,
      LoraRole.HADA_W2_A);
  /** Tensors that all rows share. */
  private static final Set<LoraRole> SHARED = EnumSet.of(
      LoraRole.DOWN,
      LoraRole.MID,
      LoraRole.ALPHA,
      LoraRole.HADA_W1_B,
      LoraRole.HADA_W2_B,
      LoraRole.OFT_R,
      LoraRole.OFT_SCALED,
      LoraRole.RESHAPE);

  private static final Pattern XLABS = Pattern.compile(
      "(double|single)_blocks\\.(\\d+)\\.processor\\.(qkv|proj)_lora([12]?)\\.(down|up)\\.weight");
  /** kohya's OFT blocks of a fused layer: one tensor for each of its parts. */
  private static final Pattern OFT_SLICE =
      Pattern.compile("(.+_(?:qkv|linear1))\\.oft_blocks\\.(\\d)");

  /** A range of rows of a tensor in the file; all rows if {@code count} is 0. */
  private record Slice(String key, long start, long count, boolean halvesSwapped) {}

  /** A key whose layer has another name in diffusers, or the same. */
  private record ParsedKey(
      String normalized, String stem, KeyEnding splitKey, OriginalLayerNames.Split split) {}

  private final TensorSource file;
  private final OriginalLayerNames names;
  private final ModelComponent component;
  private final LayerTable table;
  private final Map<String, Slice> slices = new LinkedHashMap<>();
  private final Map<String, OriginalLayerNames.Split> fused = new LinkedHashMap<>();
  private final Set<String> redundantKeys = new LinkedHashSet<>();
  private final List<String> duplicates = new ArrayList<>();

  private LoraKeyConversion(
      TensorSource file, OriginalLayerNames names, ModelComponent component, LayerTable table) {
    this.file = file;
    this.names = names;
    this.component = component;
    this.table = table;
  }

  /**
   * Converts the keys of a file.
   *
   * @param component the component of the denoising network
   * @param table the layers of the base
   */
  static LoraKeyConversion of(
      TensorSource file, OriginalLayerNames names, ModelComponent component, LayerTable table) {
    LoraKeyConversion conversion = new LoraKeyConversion(file, names, component, table);
    conversion.convert();
    return conversion;
  }

  private void convert() {
    if (names.hasFusedAndSplit()) {
      redundantKeys.addAll(findFusedDuplicates());
    }
    RepeatedNetworks formats = new RepeatedNetworks();
    file.names().stream()
        .filter(key -> !redundantKeys.contains(key))
        .forEach(
            key -> parse(key).ifPresent(n -> formats.put(component, key, n.stem, layerRoles(n))));
    redundantKeys.addAll(formats.droppedKeys());
    List<String> keys =
        file.names().stream().filter(key -> !redundantKeys.contains(key)).toList();
    keys.forEach(key ->
        parse(key).filter(n -> !isSplittable(key, n)).ifPresent(n -> fused.put(n.stem, n.split)));
    keys.forEach(this::add);
  }

  private Set<String> findFusedDuplicates() {
    Map<String, ParsedKey> all = new LinkedHashMap<>();
    file.names().forEach(key -> parse(key).ifPresent(n -> all.put(key, n)));
    Set<String> said =
        all.values().stream().map(n -> n.stem.replace('.', '_')).collect(Collectors.toSet());
    all.values().removeIf(n -> {
      List<String> paths =
          n.split.paths().stream().map(path -> path.replace('.', '_')).toList();
      return paths.equals(List.of(n.stem.replace('.', '_'))) || !said.containsAll(paths);
    });
    return all.keySet();
  }

  private Set<String> layerRoles(ParsedKey named) {
    return named.split.paths().stream()
        .map(path -> table.find(component, path).map(TargetLayer::path).orElse(path) + " "
            + named.splitKey.role())
        .collect(Collectors.toSet());
  }

  /**
   * Returns keys of the file that are ignored: those of a fused layer whose parts the file also
   * has, and those in a key format beside a better one.
   */
  Set<String> redundantKeys() {
    return redundantKeys;
  }

  /** Returns pairs of keys that mean the same tensor. */
  List<String> duplicates() {
    return duplicates;
  }

  /** Returns true if a key is in the format of XLabs. */
  static boolean isXlabs(String key) {
    return XLABS.matcher(KeyPrefix.withoutNetwork(key)).matches();
  }

  /** Returns the key format of a key; null if it is not that of a LoRA. */
  static KeyFormat keyFormat(String key) {
    return isXlabs(key)
        ? KeyFormat.XLABS
        : LoraKey.parse(key).map(LoraKey::keyFormat).orElse(null);
  }

  /** Returns the name in the file of a tensor of {@link #names()}. */
  String fileKey(String name) {
    return slices.get(name).key;
  }

  /**
   * Returns the fused layers of the file that are not split, by their path, with their layers in
   * diffusers.
   */
  Map<String, OriginalLayerNames.Split> fused() {
    return fused;
  }

  private Optional<ParsedKey> parse(String key) {
    String spelled = normalize(key);
    return KeyEnding.split(spelled).flatMap(cut -> {
      String stem = stem(cut.stem());
      return names
          .of(stem)
          .or(() -> table.find(component, stem).isPresent()
              ? Optional.of(OriginalLayerNames.Split.single(stem))
              : OriginalLayerNames.splitFused(stem))
          .map(split -> new ParsedKey(spelled, stem, cut, split));
    });
  }

  /** Returns true if the tensor can be split by the rows of the layer, or is shared by all rows. */
  private boolean isSplittable(String key, ParsedKey named) {
    if (named.split.paths().size() == 1 && !named.split.halvesSwapped()) {
      return true;
    }
    LoraRole role = named.splitKey.role();
    long[] shape = file.shape(key);
    boolean ofColumns = role == LoraRole.MAGNITUDE && shape.length > 1 && shape[0] == 1;
    return !ofColumns && (SPLIT_BY_ROW.contains(role) || SHARED.contains(role));
  }

  private void add(String key) {
    Optional<ParsedKey> named = parse(key);
    if (named.isEmpty()) {
      put(normalize(key), new Slice(key, 0, 0, false));
      return;
    }
    KeyEnding cut = named.get().splitKey;
    OriginalLayerNames.Split split = named.get().split;
    String before = component.folder() + ".";
    String ending = cut.suffix(named.get().normalized);
    if (fused.containsKey(named.get().stem)) {
      put(before + named.get().stem + ending, new Slice(key, 0, 0, false));
      return;
    }
    List<Part> parts = split.parts();
    boolean byRow = SPLIT_BY_ROW.contains(cut.role());
    long[] shape = file.shape(key);
    long rows = byRow && parts.size() > 1 && shape.length > 0 ? shape[0] : 0;
    int shares = parts.stream().mapToInt(Part::share).sum();
    long start = 0;
    for (int i = 0; i < parts.size(); i++) {
      // The last part gets what is left, so that rows that do not divide are found by their shape.
      long count =
          i == parts.size() - 1 ? rows - start : rows / shares * parts.get(i).share();
      put(
          before + parts.get(i).path() + ending,
          new Slice(key, start, count, byRow && split.halvesSwapped()));
      start += count;
    }
  }

  private void put(String name, Slice slice) {
    Slice before = slices.putIfAbsent(name, slice);
    if (before != null) {
      duplicates.add(Quoted.of(before.key) + " and " + Quoted.of(slice.key));
    }
  }

  /** Returns a layer's name without the prefix of a program. */
  static String stem(String stem) {
    String bare = KeyPrefix.withoutNetwork(stem);
    // Some exports of FLUX.2 have truncated names.
    return bare.startsWith("sformer_blocks.") ? "tran" + bare : bare;
  }

  /** Converts a key of a rare spelling to the usual one. */
  private static String normalize(String key) {
    Matcher turned = OFT_SLICE.matcher(key);
    if (turned.matches()) {
      return turned.group(1) + "_" + turned.group(2) + ".oft_blocks";
    }
    Matcher m = XLABS.matcher(KeyPrefix.withoutNetwork(key));
    if (!m.matches()) {
      return key;
    }
    String side = m.group(4).isEmpty() ? "" : m.group(4).equals("1") ? "img_attn." : "txt_attn.";
    return m.group(1) + "_blocks." + m.group(2) + "." + side + m.group(3) + ".lora_" + m.group(5)
        + ".weight";
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(slices.keySet());
  }

  @Override
  public long[] shape(String name) {
    Slice r = slices.get(name);
    long[] shape = file.shape(r.key).clone();
    if (r.count > 0) {
      shape[0] = r.count;
    }
    return shape;
  }

  @Override
  public DType dtype(String name) {
    return file.dtype(slices.get(name).key);
  }

  @Override
  public Tensor read(String name) {
    Slice r = slices.get(name);
    Tensor whole = file.read(r.key);
    if (r.halvesSwapped) {
      return RowSliceDelta.swapHalves(whole);
    }
    return r.count == 0 ? whole : whole.narrow(0, r.start, r.count);
  }

  @Override
  public String describe() {
    return file.describe();
  }

  @Override
  public void close() {
    file.close();
  }
}
