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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** Finds the layers that a file's keys speak of, checks their shapes, and reads their changes. */
final class LoraReader {
  private final TensorSource source;
  private final Map<String, String> notes;
  private final LayerTable table;
  private final LoraFamily family;
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
    source = numbered ? NumberedKeys.named(file, table) : names.isEmpty() ? file
        : new JointKeys(file, names.get(), path -> table.find(Part.TRANSFORMER, path).isPresent());
    source.names().forEach(this::sort);
    dialect = numbered ? LoraDialect.CLONEOFSIMO : dialect;
    keys.values().forEach(this::check);
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
    return table.find(t5 ? Part.TEXT_ENCODER_2 : key.part(), key.path());
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
    return new LoraReport(dialect, family, kinds, keys.size(), (int) rank, scale == null ? LoraReport.Scale.ONE : scale,
        matched, unmatched, misshapen, incomplete, List.copyOf(embeddings), LoraNotes.of(notes));
  }

  private static double alpha(LayerKeys layer) {
    try (TensorScope scope = TensorScope.open()) {
      return layer.elements(Role.ALPHA) == 1 ? layer.alpha() : Double.NaN;
    }
  }

  private boolean biasFits(LayerKeys layer) {
    return !layer.hasAny(Role.DIFF_B, Role.B_NORM, Role.BIAS_UP) || table.hasBias(layer.layer());
  }

  /** Every layer's change, kept by {@code region}; only after a complete report. */
  LoraChanges changes(Alphas alphas, TensorRegion region) {
    Map<Layer, Change> weights = new LinkedHashMap<>();
    Map<Layer, Tensor> biases = new LinkedHashMap<>();
    keys.forEach((layer, own) -> {
      try (TensorScope scope = TensorScope.open()) {
        Change change = Changes.read(ChangeKind.of(own).orElseThrow(), own, alphas);
        if (change != null) {
          weights.put(layer, change.mapped(region::keep));
        }
        Tensor bias = Changes.bias(own);
        if (bias != null) {
          biases.put(layer, region.keep(bias));
        }
      }
    });
    return new LoraChanges(weights, biases, Embeddings.read(source, notes));
  }
}
