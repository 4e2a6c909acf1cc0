package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDelta;
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

/** Finds the layers of a file's keys, checks their shapes, and reads their deltas. */
public final class LoraReader {
  private static final List<ModelComponent> TEXT_ENCODERS = List.of(
      ModelComponent.TEXT_ENCODER, ModelComponent.TEXT_ENCODER_2, ModelComponent.TEXT_ENCODER_3);

  private final TensorSource file;
  private final TensorSource source;
  /** Returns the name in the file of a tensor of the source. */
  private final UnaryOperator<String> fileKey;

  private final Map<String, String> metadata;
  private final LayerTable table;
  private final String family;
  private final ModelComponent network;
  private final Map<String, FusedLayer> fused = new HashMap<>();
  private final Map<TargetLayer, LayerTensors> keys = new LinkedHashMap<>();
  /** True if peft changed an embedding table; it then writes the table itself too. */
  private final boolean hasTableFactors;

  /** The suffix of an incomplete layer whose bias the base lacks. */
  static final String BIAS = ".bias";

  private final Set<String> unmatched = new LinkedHashSet<>();
  /** The layers of the model for keys of a wrong shape. */
  private final Map<String, List<TargetLayer>> shapeMismatches = new LinkedHashMap<>();

  private final Set<String> textualInversions = new LinkedHashSet<>();
  private final Set<String> ignored = new LinkedHashSet<>();
  private final List<String> duplicates = new ArrayList<>();
  private KeyFormat keyFormat;
  /** The text encoder of keys without a component. */
  private ModelComponent textEncoder;

  private LoraReader(
      TensorSource file,
      TensorSource source,
      UnaryOperator<String> fileKey,
      Map<String, String> metadata,
      LayerTable table) {
    this.file = file;
    this.source = source;
    this.fileKey = fileKey;
    this.metadata = metadata;
    this.table = table;
    family = LoraFamilyDetector.of(file, metadata, table.kind());
    network = networkOf(table);
    hasTableFactors = source.names().stream().anyMatch(key -> key.contains("lora_embedding_"));
  }

  private static ModelComponent networkOf(LayerTable table) {
    return table.has(ModelComponent.TRANSFORMER) ? ModelComponent.TRANSFORMER : ModelComponent.UNET;
  }

  /** Finds the layers of all keys of a file. */
  public static LoraReader of(TensorSource file, Map<String, String> metadata, LayerTable table) {
    LoraReader reader;
    if (CloneofsimoKeys.isFormatOf(file)) {
      RenamedSource named = CloneofsimoKeys.rename(file, table);
      reader = new LoraReader(file, named, named::original, metadata, table);
      reader.findLayers();
      reader.keyFormat = KeyFormat.CLONEOFSIMO;
    } else {
      RenamedSource renamed =
          RenamedSource.of(file, key -> KeyEnding.resolveIa3(key, file.names()));
      OriginalLayerNames names =
          OriginalLayerNames.of(LoraFamilyDetector.of(file, metadata, table.kind()), table);
      LoraKeyConversion named = LoraKeyConversion.of(renamed, names, networkOf(table), table);
      reader =
          new LoraReader(file, named, key -> renamed.original(named.fileKey(key)), metadata, table);
      reader.addFused(named.fused());
      for (String key : named.redundantKeys()) {
        reader.ignored.add(renamed.original(key));
      }
      reader.duplicates.addAll(named.duplicates());
      reader.findLayers();
    }
    return reader;
  }

  private void findLayers() {
    textEncoder = textEncoder();
    source.names().forEach(this::assign);
    BundledEmbeddings.unsupportedKeys(source, metadata)
        .forEach(key -> ignored.add(fileKey.apply(key)));
    // No factor of a file for another family is read: the header is enough to refuse it.
    if (LoraFamilyDetector.isCompatible(family, table.kind())) {
      ignored.addAll(IgnoredKeys.of(unmatched, file, table));
    }
    unmatched.removeAll(ignored);
    table
        .narrowInputLayer(network)
        .ifPresent(narrow -> keys.replaceAll((layer, own) -> own.asTrained(narrow)));
    keys.values().forEach(this::checkShapes);
  }

  private void addFused(Map<String, OriginalLayerNames.Split> layers) {
    layers.forEach((path, split) -> {
      List<TargetLayer> parts = split.paths().stream()
          .flatMap(component -> table.find(network, component).stream())
          .toList();
      if (parts.size() == split.paths().size()) {
        fused.put(path, FusedLayer.of(path, parts, split.halvesSwapped()));
      }
    });
  }

  /**
   * Returns the text encoder that fits most keys without a component, as in peft's own files of a
   * single model.
   */
  private ModelComponent textEncoder() {
    return TEXT_ENCODERS.stream()
        .max(Comparator.comparingLong(component -> source.names().stream()
            .filter(key -> matchesComponent(key, component))
            .count()))
        .orElseThrow();
  }

  private boolean matchesComponent(String key, ModelComponent component) {
    return LoraKey.parse(key)
        .filter(read -> read.component() == null)
        .flatMap(read -> locate(component, read).map(layer -> {
          LayerTensors alone = new LayerTensors(layer, source);
          alone.put(read.role(), key, key);
          return FactorCheck.matchesShape(alone, read.role());
        }))
        .orElse(false);
  }

  private void assign(String key) {
    CurrentWork.throwIfCancelled();
    Optional<String> token = BundledEmbeddings.tokenOf(key, source, metadata);
    if (token.isPresent()) {
      textualInversions.add(token.get());
      return;
    }
    Optional<LoraKey> read = LoraKey.parse(key);
    Optional<TargetLayer> layer = read.flatMap(this::findLayer);
    if (layer.isEmpty()) {
      unmatched.add(fileKey.apply(key));
      return;
    }
    keyFormat = read.get().role() == LoraRole.ALPHA && keyFormat != null
        ? keyFormat
        : LoraKeyConversion.keyFormat(fileKey.apply(key));
    LayerTensors all = keys.computeIfAbsent(layer.get(), l -> new LayerTensors(l, source));
    if (!all.put(read.get().role(), key, fileKey.apply(key))) {
      duplicates.add(
          Quoted.of(all.fileKey(read.get().role())) + " and " + Quoted.of(fileKey.apply(key)));
    }
  }

  // kohya numbers T5 as the third text encoder even where it is the second.
  private Optional<TargetLayer> findLayer(LoraKey key) {
    if (key.component() == null) {
      return locate(network, key).or(() -> locate(textEncoder, key));
    }
    boolean t5 = key.component() == ModelComponent.TEXT_ENCODER_3
        && table.hasT5(ModelComponent.TEXT_ENCODER_2);
    return key.component() == network && fused.containsKey(key.path())
        ? Optional.of(fused.get(key.path()).layer())
        : locate(t5 ? ModelComponent.TEXT_ENCODER_2 : key.component(), key);
  }

  /** Returns a layer, or an embedding table for the keys that peft has for tables. */
  private Optional<TargetLayer> locate(ModelComponent component, LoraKey key) {
    boolean ofTable = key.role() == LoraRole.EMBEDDING_A || key.role() == LoraRole.EMBEDDING_B;
    Optional<TargetLayer> layer = ofTable ? Optional.empty() : table.find(component, key.path());
    return ofTable || hasTableFactors && key.role() == LoraRole.SET
        ? layer.or(() -> table.findEmbedding(component, key.path()))
        : layer;
  }

  private void checkShapes(LayerTensors layer) {
    layer
        .misshapen()
        .forEach(role -> shapeMismatches
            .computeIfAbsent(layer.fileKey(role), key -> new ArrayList<>())
            .add(layer.layer()));
  }

  private String describeMismatch(String key, List<TargetLayer> layers) {
    return Quoted.of(key) + " " + Arrays.toString(file.shape(key)) + " beside a weight "
        + FusedLayer.of(key, layers, false).layer().shape();
  }

  /** Refuses a control LoRA, which needs a second image as input. */
  public void refuseControlLora(String base) {
    keys.values().forEach(own -> FactorCheck.refuseWiderInput(own, file.describe(), base));
  }

  /** Compares the file with the base; {@code alphas} has the scales. */
  public LoraInspection inspect(AdapterConfig alphas) {
    Set<LoraAlgorithm> kinds = EnumSet.noneOf(LoraAlgorithm.class);
    List<String> incomplete = new ArrayList<>();
    LoraInspection.Scale scale = null;
    long rank = 0;
    for (LayerTensors layer : keys.values()) {
      CurrentWork.throwIfCancelled();
      layer.algorithm().ifPresent(kinds::add);
      if (!layer.isWhole()) {
        incomplete.add(layer.layer().name());
      } else if (!hasMatchingBias(layer)) {
        incomplete.add(layer.layer().name() + BIAS);
      }
      long own = layer.rank();
      rank = Math.max(rank, own);
      if (own > 0) {
        double factor = alphas.scale(layer, own, layer.ownAlpha());
        scale = scale == null ? new LoraInspection.Scale(factor, factor) : scale.including(factor);
      }
    }
    int layers =
        keys.keySet().stream().mapToInt(layer -> layersOf(layer).size()).sum();
    List<String> misfits = new ArrayList<>();
    shapeMismatches.forEach((key, beside) -> misfits.add(describeMismatch(key, beside)));
    Set<String> unused = new HashSet<>(unmatched);
    unused.addAll(shapeMismatches.keySet());
    return new LoraInspection(
        Optional.ofNullable(keyFormat),
        family,
        kinds,
        layers,
        (int) rank,
        scale == null ? LoraInspection.Scale.ONE : scale,
        new LoraInspection.Keys(
            file.names().size() - ignored.size() - unused.size(),
            List.copyOf(unmatched),
            List.copyOf(ignored),
            misfits,
            incomplete,
            duplicates),
        List.copyOf(textualInversions),
        LoraMetadata.read(metadata));
  }

  private boolean hasMatchingBias(LayerTensors layer) {
    // A bias of peft's second factor needs no bias of the base, as in peft.
    return layer.isPairWithBias() && fusedLayer(layer.layer()).isEmpty()
        || !layer.hasAny(LoraRole.DIFF_B, LoraRole.B_NORM, LoraRole.BIAS_UP, LoraRole.SET_B)
        || layersOf(layer.layer()).stream().allMatch(table::hasBias);
  }

  /** Returns the layers of the model for a layer of the file. */
  private List<TargetLayer> layersOf(TargetLayer layer) {
    return fusedLayer(layer).map(FusedLayer::parts).orElse(List.of(layer));
  }

  private Optional<FusedLayer> fusedLayer(TargetLayer layer) {
    return Optional.ofNullable(fused.get(layer.path())).filter(all -> all.layer() == layer);
  }

  /**
   * Reads the deltas of all layers; call it only after a complete report. {@code region} keeps the
   * tensors.
   *
   * @param base returns a tensor of a layer of the base by name, f32 on the CPU, or empty; some
   *     biases and some fused layers need it
   */
  public LoraDeltas readDeltas(
      AdapterConfig alphas,
      TensorRegion region,
      BiFunction<TargetLayer, String, Optional<Tensor>> base) {
    Map<TargetLayer, WeightDelta> weights = new LinkedHashMap<>();
    Map<TargetLayer, Tensor> biases = new LinkedHashMap<>();
    keys.values().forEach(LayerTensors::requireFloats);
    keys.forEach((layer, own) -> {
      CurrentWork.throwIfCancelled();
      try (TensorScope scope = TensorScope.open()) {
        Optional<FusedLayer> whole = fusedLayer(layer);
        WeightDelta read = DeltaReader.readDelta(own, layer, alphas);
        Tensor bias = DeltaReader.readBias(own, alphas);
        boolean alone = bias != null && read instanceof LoraDelta && !table.hasBias(layer);
        WeightDelta change = alone ? new LoraDelta.Biased((LoraDelta) read, bias) : read;
        if (change != null) {
          whole
              .map(all -> all.deltas(
                  change, component -> base.apply(component, component.weight()).orElseThrow()))
              .orElse(Map.of(layer, change))
              .forEach((component, rows) -> weights.put(component, rows.map(region::keep)));
        }
        if (bias != null && !alone) {
          whole
              .map(all -> all.biases(bias))
              .orElse(Map.of(layer, bias))
              .forEach((component, rows) -> DeltaReader.biasDifference(
                      own, rows, () -> base.apply(component, component.bias()), source.describe())
                  .ifPresent(moved -> biases.put(component, region.keep(moved))));
        }
      }
    });
    Set<TargetLayer> ownBiases = keys.entrySet().stream()
        .filter(layer -> layer.getValue().hasAny(LoraRole.SET_B, LoraRole.CHANNEL_FACTOR))
        .flatMap(layer -> layersOf(layer.getKey()).stream())
        .filter(biases::containsKey)
        .collect(Collectors.toSet());
    return new LoraDeltas(weights, biases, BundledEmbeddings.read(source, metadata), ownBiases);
  }
}
