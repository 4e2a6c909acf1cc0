package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/** Finds the layers that a file's keys speak of, checks their shapes, and reads their changes. */
public final class LoraReader {
  private static final List<ModelComponent> TOWERS = List.of(
      ModelComponent.TEXT_ENCODER, ModelComponent.TEXT_ENCODER_2, ModelComponent.TEXT_ENCODER_3);

  private final TensorSource file;
  private final TensorSource source;
  /** What the file itself calls a tensor of the source. */
  private final UnaryOperator<String> own;

  private final Map<String, String> notes;
  private final LayerTable table;
  private final String family;
  private final ModelComponent network;
  private final ModelComponent tower;
  private final Map<String, FusedLayer> joined = new HashMap<>();
  private final Map<TargetLayer, LayerKeys> keys = new LinkedHashMap<>();
  /** What an incomplete layer's name ends in where it is its bias that the base lacks. */
  static final String BIAS = ".bias";

  private final Set<String> unmatched = new LinkedHashSet<>();
  /** The model's layers beside which a key of the file has another shape. */
  private final Map<String, List<TargetLayer>> misshapen = new LinkedHashMap<>();

  private final Set<String> embeddings = new LinkedHashSet<>();
  private final Set<String> idle = new LinkedHashSet<>();
  private final List<String> twice = new ArrayList<>();
  private KeyFormat dialect;

  public LoraReader(TensorSource file, Map<String, String> notes, LayerTable table) {
    this.file = file;
    this.notes = notes;
    this.table = table;
    family = LoraFamilyDetector.of(file, notes, table.kind());
    network =
        table.has(ModelComponent.TRANSFORMER) ? ModelComponent.TRANSFORMER : ModelComponent.UNET;
    boolean numbered = CloneofsimoKeys.are(file);
    if (numbered) {
      RenamedSource named = CloneofsimoKeys.named(file, table);
      source = named;
      own = named::original;
    } else {
      RenamedSource told = new RenamedSource(file, key -> LoraKey.statedScale(key, file.names()));
      LoraKeyConversion named = diffusers(told);
      source = named;
      own = key -> told.original(named.own(key));
      named.doubled().forEach(key -> idle.add(told.original(key)));
      twice.addAll(named.twice());
    }
    tower = tower();
    source.names().forEach(this::sort);
    BundledEmbeddings.unread(source, notes).forEach(key -> idle.add(own.apply(key)));
    // Of a file for another family no factor is read: it is refused by its header.
    if (LoraFamilyDetector.mayFit(family, table.kind())) {
      idle.addAll(IgnoredKeys.of(unmatched, file, table));
    }
    unmatched.removeAll(idle);
    dialect = numbered ? KeyFormat.CLONEOFSIMO : dialect;
    table
        .trainedBeyond(network)
        .ifPresent(narrow -> keys.replaceAll((layer, own) -> asTrained(own, narrow)));
    keys.values().forEach(this::check);
  }

  private LoraKeyConversion diffusers(TensorSource told) {
    LoraKeyConversion all =
        new LoraKeyConversion(told, OriginalLayerNames.of(family, table), network, table);
    all.joined().forEach((path, split) -> {
      List<TargetLayer> parts = split.paths().stream()
          .flatMap(part -> table.find(network, part).stream())
          .toList();
      if (parts.size() == split.paths().size()) {
        joined.put(path, FusedLayer.of(path, parts, split.halvesSwapped()));
      }
    });
    return all;
  }

  /**
   * The text encoder whose layers most keys fit that say no part, as peft's own files of one model
   * do not.
   */
  private ModelComponent tower() {
    return TOWERS.stream()
        .max(Comparator.comparingLong(
            part -> source.names().stream().filter(key -> fits(key, part)).count()))
        .orElseThrow();
  }

  private boolean fits(String key, ModelComponent part) {
    return LoraKey.FactorKey.parse(key)
        .filter(read -> read.part() == null)
        .flatMap(read -> table.find(part, read.path()).map(layer -> {
          LayerKeys alone = new LayerKeys(layer, source);
          alone.put(read.role(), key, key);
          return FactorCheck.of(alone, read.role());
        }))
        .orElse(false);
  }

  private void sort(String key) {
    Optional<String> token = BundledEmbeddings.name(key, source, notes);
    if (token.isPresent()) {
      embeddings.add(token.get());
      return;
    }
    Optional<LoraKey.FactorKey> read = LoraKey.FactorKey.parse(key);
    Optional<TargetLayer> layer = read.flatMap(this::layer);
    if (layer.isEmpty()) {
      unmatched.add(own.apply(key));
      return;
    }
    dialect =
        read.get().role() == LoraKey.ALPHA && dialect != null ? dialect : dialect(own.apply(key));
    LayerKeys all = keys.computeIfAbsent(layer.get(), l -> new LayerKeys(l, source));
    if (!all.put(read.get().role(), key, own.apply(key))) {
      twice.add(all.own(read.get().role()) + " and " + own.apply(key));
    }
  }

  private static KeyFormat dialect(String key) {
    return LoraKeyConversion.isXlabs(key)
        ? KeyFormat.XLABS
        : LoraKey.FactorKey.parse(key).map(LoraKey.FactorKey::dialect).orElse(null);
  }

  // Where T5 is the second text encoder, kohya counts it as the third all the same.
  private Optional<TargetLayer> layer(LoraKey.FactorKey key) {
    if (key.part() == null) {
      return table.find(network, key.path()).or(() -> table.find(tower, key.path()));
    }
    boolean t5 =
        key.part() == ModelComponent.TEXT_ENCODER_3 && table.hasT5(ModelComponent.TEXT_ENCODER_2);
    return key.part() == network && joined.containsKey(key.path())
        ? Optional.of(joined.get(key.path()).layer())
        : table.find(t5 ? ModelComponent.TEXT_ENCODER_2 : key.part(), key.path());
  }

  /**
   * The keys of the network's first layer, where they fit that alone, as of one that is shown no
   * more than is drawn.
   */
  private static LayerKeys asTrained(LayerKeys own, TargetLayer narrow) {
    return own.layer().name().equals(narrow.name())
            && !own.fit()
            && own.of(narrow).fit()
        ? own.of(narrow)
        : own;
  }

  private void check(LayerKeys layer) {
    layer
        .misshapen()
        .forEach(role -> misshapen
            .computeIfAbsent(layer.own(role), key -> new ArrayList<>())
            .add(layer.layer()));
  }

  private String misfit(String key, List<TargetLayer> layers) {
    return key + " " + Arrays.toString(file.shape(key)) + " beside a weight "
        + FusedLayer.of(key, layers, false).layer().shape();
  }

  /** Fails for a control LoRA, which is shown a second image beside the one that is drawn. */
  public void refuseControl(String base) {
    keys.forEach((layer, own) -> {
      if (layer.name().equals("transformer.x_embedder") && own.size(LoraKey.DOWN, 1) > layer.in()) {
        throw new InvalidInputException(file.describe()
            + " is a control LoRA: it widens the network for a second image, which is not done here ("
            + own.own(LoraKey.DOWN) + " takes " + own.size(LoraKey.DOWN, 1)
            + " numbers of a place, "
            + base + " has " + layer.in()
            + "); give a ControlNet in its place");
      }
    });
  }

  /** What fits; {@code alphas} say the scales. */
  public LoraInspection report(AdapterConfig alphas) {
    Set<LoraAlgorithm> kinds = EnumSet.noneOf(LoraAlgorithm.class);
    List<String> incomplete = new ArrayList<>();
    LoraInspection.Scale scale = null;
    long rank = 0;
    for (LayerKeys layer : keys.values()) {
      layer.algorithm().ifPresent(kinds::add);
      if (!layer.isWhole()) {
        incomplete.add(layer.layer().name());
      } else if (!biasFits(layer)) {
        incomplete.add(layer.layer().name() + BIAS);
      }
      long own = layer.rank();
      rank = Math.max(rank, own);
      if (own > 0) {
        double factor = alphas.scale(layer, own, alpha(layer));
        scale = scale == null ? new LoraInspection.Scale(factor, factor) : scale.with(factor);
      }
    }
    int layers = keys.keySet().stream().mapToInt(layer -> parts(layer).size()).sum();
    List<String> misfits = new ArrayList<>();
    misshapen.forEach((key, beside) -> misfits.add(misfit(key, beside)));
    Set<String> unused = new HashSet<>(unmatched);
    unused.addAll(misshapen.keySet());
    return new LoraInspection(
        dialect,
        family,
        kinds,
        layers,
        (int) rank,
        scale == null ? LoraInspection.Scale.ONE : scale,
        file.names().size() - idle.size() - unused.size(),
        List.copyOf(unmatched),
        List.copyOf(idle),
        misfits,
        incomplete,
        twice,
        List.copyOf(embeddings),
        LoraMetadata.notes(notes));
  }

  private static double alpha(LayerKeys layer) {
    try (TensorScope scope = TensorScope.open()) {
      return layer.elements(LoraKey.ALPHA) == 1 ? layer.alpha() : Double.NaN;
    }
  }

  private boolean biasFits(LayerKeys layer) {
    return !layer.hasAny(LoraKey.DIFF_B, LoraKey.B_NORM, LoraKey.BIAS_UP, LoraKey.SET_B)
        || parts(layer.layer()).stream().allMatch(table::hasBias);
  }

  /** The model's layers that a layer of the file is. */
  private List<TargetLayer> parts(TargetLayer layer) {
    return whole(layer).map(FusedLayer::parts).orElse(List.of(layer));
  }

  private Optional<FusedLayer> whole(TargetLayer layer) {
    return Optional.ofNullable(joined.get(layer.path())).filter(all -> all.layer() == layer);
  }

  /**
   * Every layer's change, kept by {@code region}; only after a complete report.
   *
   * @param base a layer's tensor of that name in the base, f32 on the CPU, where it has one: some
   *     biases want theirs, and some changes of several layers at once their weights
   */
  public LoraDeltas deltas(
      AdapterConfig alphas,
      TensorRegion region,
      BiFunction<TargetLayer, String, Optional<Tensor>> base) {
    Map<TargetLayer, WeightDelta> weights = new LinkedHashMap<>();
    Map<TargetLayer, Tensor> biases = new LinkedHashMap<>();
    keys.forEach((layer, own) -> {
      try (TensorScope scope = TensorScope.open()) {
        Optional<FusedLayer> whole = whole(layer);
        WeightDelta change = DeltaReader.delta(own, layer, alphas);
        if (change != null) {
          whole
              .map(all ->
                  all.deltas(change, part -> base.apply(part, part.weight()).orElseThrow()))
              .orElse(Map.of(layer, change))
              .forEach((part, rows) -> weights.put(part, rows.mapped(region::keep)));
        }
        Tensor bias = DeltaReader.bias(own, alphas);
        if (bias != null) {
          whole
              .map(all -> all.biases(bias))
              .orElse(Map.of(layer, bias))
              .forEach((part, rows) -> DeltaReader.biasDifference(
                      own, rows, () -> base.apply(part, part.bias()), source.describe())
                  .ifPresent(moved -> biases.put(part, region.keep(moved))));
        }
      }
    });
    Set<TargetLayer> ownBiases = keys.entrySet().stream()
        .filter(layer -> layer.getValue().hasAny(LoraKey.SET_B, LoraKey.CHANNEL_FACTOR))
        .flatMap(layer -> parts(layer.getKey()).stream())
        .filter(biases::containsKey)
        .collect(Collectors.toSet());
    return new LoraDeltas(weights, biases, BundledEmbeddings.read(source, notes), ownBiases);
  }
}
