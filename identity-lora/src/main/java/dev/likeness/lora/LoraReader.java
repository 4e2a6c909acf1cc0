package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.TensorSource;
import dev.likeness.lora.change.Change;
import dev.likeness.lora.change.Layer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Finds the layers that a file's keys speak of, checks their shapes, and reads their changes. */
final class LoraReader {
  private final TensorSource source;
  private final Map<String, String> notes;
  private final LayerTable table;
  private final LoraFamily family;
  private final Map<String, JoinedLayer> joined = new HashMap<>();
  private final Map<Layer, LayerKeys> keys = new LinkedHashMap<>();
  private final List<String> unmatched = new ArrayList<>();
  private final List<String> misshapen = new ArrayList<>();
  private final Set<String> embeddings = new LinkedHashSet<>();
  private int matched;
  private LoraDialect dialect;

  LoraReader(TensorSource file, Map<String, String> notes, LayerTable table) {
    this.notes = notes;
    this.table = table;
    family = LoraFamily.of(file, notes, LoraFamily.of(table));
    boolean numbered = NumberedKeys.are(file);
    Optional<JointNames> names = JointNames.of(family);
    source = numbered ? NumberedKeys.named(file, table) : names.isEmpty() ? file : diffusers(file, names.get());
    source.names().forEach(this::sort);
    dialect = numbered ? LoraDialect.CLONEOFSIMO : dialect;
    keys.values().forEach(this::check);
  }

  private JointKeys diffusers(TensorSource file, JointNames names) {
    JointKeys all = new JointKeys(file, names, path -> table.find(Part.TRANSFORMER, path).isPresent());
    all.joined().forEach((path, split) -> {
      List<Layer> parts = split.paths().stream().flatMap(own -> table.find(Part.TRANSFORMER, own).stream()).toList();
      if (parts.size() == split.paths().size()) {
        joined.put(path, JoinedLayer.of(path, parts, split.halvesSwapped()));
      }
    });
    return all;
  }

  private void sort(String key) {
    Optional<String> token = Embeddings.name(key, source, notes);
    if (token.isPresent()) {
      embeddings.add(token.get());
      matched++;
      return;
    }
    Optional<FactorKey> read = FactorKey.parse(key);
    Optional<Layer> layer = read.flatMap(this::layer);
    if (layer.isEmpty()) {
      unmatched.add(key);
      return;
    }
    matched++;
    dialect = read.get().role() == Role.ALPHA && dialect != null ? dialect : read.get().dialect();
    keys.computeIfAbsent(layer.get(), l -> new LayerKeys(l, source)).put(read.get().role(), key);
  }

  // T5 is FLUX's second text encoder; kohya counts it as the third.
  private Optional<Layer> layer(FactorKey key) {
    boolean t5 = key.part() == Part.TEXT_ENCODER_3 && LoraFamily.of(table) == LoraFamily.FLUX;
    return key.part() == Part.TRANSFORMER && joined.containsKey(key.path()) ? Optional.of(joined.get(key.path()).layer())
        : table.find(t5 ? Part.TEXT_ENCODER_2 : key.part(), key.path());
  }

  private void check(LayerKeys layer) {
    Optional<ChangeKind> kind = ChangeKind.of(layer);
    List<Role> wrong = kind.map(k -> k.misshapen(layer)).orElse(List.of());
    matched -= wrong.size();
    wrong.forEach(role -> misshapen.add(layer.keys().get(role) + " " + Arrays.toString(layer.shape(role))
        + " beside a weight " + layer.layer().shape()));
  }

  /** What fits; {@code alphas} say the scales. */
  LoraReport report(Alphas alphas) {
    Set<ChangeKind> kinds = EnumSet.noneOf(ChangeKind.class);
    List<String> incomplete = new ArrayList<>();
    LoraReport.Scale scale = null;
    long rank = 0;
    for (LayerKeys layer : keys.values()) {
      Optional<ChangeKind> kind = ChangeKind.of(layer);
      kind.ifPresent(kinds::add);
      if (kind.isEmpty() || !kind.get().isWhole(layer) || !biasFits(layer)) {
        incomplete.add(layer.layer().name());
      }
      long own = kind.map(k -> k.rank(layer)).orElse(0L);
      rank = Math.max(rank, own);
      if (own > 0) {
        double factor = alphas.scale(layer.layer(), own, alpha(layer));
        scale = scale == null ? new LoraReport.Scale(factor, factor) : scale.with(factor);
      }
    }
    int layers = keys.keySet().stream().mapToInt(layer -> parts(layer).size()).sum();
    return new LoraReport(dialect, family, kinds, layers, (int) rank, scale == null ? LoraReport.Scale.ONE : scale,
        matched, unmatched, misshapen, incomplete, List.copyOf(embeddings), LoraNotes.of(notes));
  }

  private static double alpha(LayerKeys layer) {
    try (TensorScope scope = TensorScope.open()) {
      return layer.elements(Role.ALPHA) == 1 ? layer.alpha() : Double.NaN;
    }
  }

  private boolean biasFits(LayerKeys layer) {
    return !layer.hasAny(Role.DIFF_B, Role.B_NORM, Role.BIAS_UP) || parts(layer.layer()).stream().allMatch(table::hasBias);
  }

  /** The model's layers that a layer of the file is. */
  private List<Layer> parts(Layer layer) {
    return whole(layer).map(JoinedLayer::parts).orElse(List.of(layer));
  }

  private Optional<JoinedLayer> whole(Layer layer) {
    return Optional.ofNullable(joined.get(layer.path())).filter(all -> all.layer() == layer);
  }

  /**
   * Every layer's change, kept by {@code region}; only after a complete report.
   *
   * @param weight of a layer of the base, f32 on the CPU: some changes of several layers at once want it
   */
  LoraChanges changes(Alphas alphas, TensorRegion region, Function<Layer, Tensor> weight) {
    Map<Layer, Change> weights = new LinkedHashMap<>();
    Map<Layer, Tensor> biases = new LinkedHashMap<>();
    keys.forEach((layer, own) -> {
      try (TensorScope scope = TensorScope.open()) {
        Optional<JoinedLayer> whole = whole(layer);
        Change change = Changes.read(ChangeKind.of(own).orElseThrow(), own, alphas);
        if (change != null) {
          whole.map(all -> all.changes(change, weight)).orElse(Map.of(layer, change))
              .forEach((part, rows) -> weights.put(part, rows.mapped(region::keep)));
        }
        Tensor bias = Changes.bias(own, alphas);
        if (bias != null) {
          whole.map(all -> all.biases(bias)).orElse(Map.of(layer, bias))
              .forEach((part, rows) -> biases.put(part, region.keep(rows)));
        }
      }
    });
    return new LoraChanges(weights, biases, Embeddings.read(source, notes));
  }
}
