package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.lora.internal.algorithm.AttachedDeltas;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The adapter weights that are trained: f32 leaves on the device of the base. Their initial delta
 * is zero, so that training starts at the base.
 */
public final class TrainableAdapter implements TrainableNetworks, AutoCloseable {
  private final OpenModel model;
  private final TrainableWeights weights;
  private final NoiseSource random;
  private final Map<TargetLayer, TrainableDelta> deltas;
  private final double pivotEnd;
  private final @Nullable TrainableTextualInversion textualInversion;
  private final @Nullable ModelAdapter added;

  private TrainableAdapter(
      OpenModel model,
      TrainableWeights weights,
      NoiseSource random,
      Map<TargetLayer, TrainableDelta> deltas,
      double pivotEnd,
      @Nullable TrainableTextualInversion textualInversion,
      @Nullable ModelAdapter added) {
    this.model = model;
    this.weights = weights;
    this.random = random;
    this.deltas = deltas;
    this.pivotEnd = pivotEnd;
    this.textualInversion = textualInversion;
    this.added = added;
  }

  /** Creates the weights of a base without a training adapter. */
  public static TrainableAdapter of(
      TrainingSettings settings, PersonToken subject, BaseModel base) {
    return of(settings, subject, base, null);
  }

  /**
   * Creates the weights.
   *
   * @param added the training adapter, which networks in training have too; or null
   * @throws IllegalArgumentException if the settings train no layer of the base
   */
  public static TrainableAdapter of(
      TrainingSettings settings,
      PersonToken subject,
      BaseModel base,
      @Nullable ModelAdapter added) {
    OpenModel model = EngineAccess.model(base);
    TrainableTextualInversion textualInversion = settings.pivotalTuning().vectors() == 0
        ? null
        : new TrainableTextualInversion(settings, subject, base);
    TrainingTarget target = TrainingTarget.of(model);
    Map<String, TargetLayer> layers = trainedLayers(settings, model, target);
    NoiseSource random = NoiseSource.seeded(settings.seed());
    WeightInitializer first = (name, shape) -> TrainableTextualInversion.isLeaf(name)
        ? textualInversion.initialValue(name, shape, random)
        : TrainableDelta.initialValue(
            name,
            shape,
            random,
            target.recipe().initialByRank(),
            layer -> baseWeight(model, layers.get(layer)).tensor());
    TrainableWeights weights =
        new TrainableWeights(first.onDevice(model.compute().device()));
    try {
      Map<TargetLayer, TrainableDelta> deltas = new LinkedHashMap<>();
      layers
          .values()
          .forEach(layer -> deltas.put(layer, TrainableDelta.of(settings, layer, weights)));
      if (textualInversion != null) {
        textualInversion.register(weights);
      }
      double pivotEnd = settings.pivotalTuning().endFraction();
      return new TrainableAdapter(
          model, weights, random, deltas, pivotEnd, textualInversion, added);
    } catch (RuntimeException e) {
      weights.close();
      random.close();
      throw e;
    }
  }

  /** Returns the layers that the settings train, by name. */
  private static Map<String, TargetLayer> trainedLayers(
      TrainingSettings settings, OpenModel model, TrainingTarget target) {
    Map<String, TargetLayer> layers = new LinkedHashMap<>();
    LayerTable.of(model).layers().stream()
        .filter(TrainableDelta.trainedLayers(settings, target))
        .forEach(l -> layers.put(l.name(), l));
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "the settings train no layer of the base: targets " + settings.targets()
              + (settings.targetModules().isEmpty() ? "" : ", modules " + settings.targetModules())
              + "; choose other targets or modules");
    }
    return layers;
  }

  private static LayerWeight baseWeight(OpenModel model, TargetLayer layer) {
    return new TrainableNetworks.BaseTensors(model, layer.component()).matrix(layer.weight());
  }

  /**
   * Checks that images can be generated with the deltas. Some are as large as weights, which a base
   * in 8 bits does not keep in memory.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException if a delta is too large
   */
  public void requireRoomToGenerate() {
    deltas.forEach((layer, delta) -> {
      if (delta.isFull()) {
        AttachedDeltas.requireRoom(model, layer);
      }
    });
  }

  @Override
  public TrainableWeights weights() {
    return weights;
  }

  @Override
  public Weights network(ModelComponent component) {
    return Weights.of(
        new TrainableNetworks.BaseTensors(model, component),
        added(component).and(isTrained(component) ? adaptation(component) : Adaptation.NONE));
  }

  private Adaptation added(ModelComponent component) {
    return added == null ? Adaptation.NONE : added.adapt(component, model.compute());
  }

  @Override
  public TrainableNetworks untrained() {
    return new ConsistencyDistillation.FrozenBase(model, this::added);
  }

  @Override
  public boolean isTrained(ModelComponent component) {
    return textualInversion != null
            && weights.leaves().containsKey(TrainableTextualInversion.leafName(component))
        || deltas.keySet().stream().anyMatch(layer -> layer.component() == component);
  }

  @Override
  public Map<String, Tensor> activeWeights(double progress) {
    if (textualInversion == null || progress < pivotEnd) {
      return weights.leaves();
    }
    Map<String, Tensor> moving = new LinkedHashMap<>(weights.leaves());
    moving.keySet().removeIf(TrainableTextualInversion::isLeaf);
    return moving;
  }

  @Override
  public ClipPromptEncoder promptEncoder(ClipPromptEncoder plain, LoadedClip textEncoder) {
    return textualInversion == null
        ? plain
        : textualInversion.promptEncoder(plain, textEncoder, weights);
  }

  @Override
  public Adapter adapterFor(Function<String, Tensor> values, TensorRegion region) {
    LoraDeltas now = snapshot(region, values);
    AttachedDeltas placed = AttachedDeltas.place(now, model, model.compute(), region);
    Contribution trained = Contribution.of((component, generation) ->
            new AttachedDeltas.LoraAdaptation(placed, component, AttachedDeltas.LayerWeights.ONE))
        .withInversions(now.textualInversions());
    return (ModelAdapter) () -> trained;
  }

  private Adaptation adaptation(ModelComponent component) {
    Map<String, List<AdapterLayer>> paths = new LinkedHashMap<>();
    deltas.forEach((layer, change) -> {
      if (layer.component() == component) {
        paths.put(layer.path(), List.of(change.adapterLayer(() -> baseWeight(model, layer))));
      }
    });
    return new Adaptation() {
      @Override
      public List<AdapterLayer> adapterLayers(String module) {
        return paths.getOrDefault(module, List.of());
      }
    };
  }

  /**
   * Returns the deltas and the textual inversion for these values. Deltas are in f16, as they are
   * saved, with the scale multiplied in.
   */
  public LoraDeltas snapshot(TensorRegion region, Function<String, Tensor> values) {
    Map<TargetLayer, WeightDelta> copies = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      deltas.forEach((layer, change) -> copies.put(layer, change.toDelta(values, region)));
      return new LoraDeltas(
          copies,
          Map.of(),
          textualInversion == null
              ? List.of()
              : List.of(textualInversion.toTextualInversion(values)));
    }
  }

  @Override
  public void close() {
    weights.close();
    random.close();
  }
}
