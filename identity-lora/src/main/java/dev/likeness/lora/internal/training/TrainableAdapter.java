package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.internal.algorithm.AttachedDeltas;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.PersonToken;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * The factors being learned: f32 leaves where the base computes, whose change is nothing at first,
 * so that training starts at the base.
 */
public final class TrainableAdapter implements TrainableNetworks, AutoCloseable {
  private final OpenModel model;
  private final TrainableWeights weights;
  private final NoiseSource random;
  private final Map<TargetLayer, TrainableDelta> deltas = new LinkedHashMap<>();
  private final double pivot;
  private final TrainableTextualInversion word;

  public TrainableAdapter(LoraTraining settings, PersonToken subject, BaseModel base) {
    model = base.unwrap(OpenModel.class);
    pivot = settings.options().pivot().until();
    word = settings.options().pivot().vectors() == 0
        ? null
        : new TrainableTextualInversion(settings, subject, base);
    Map<String, TargetLayer> layers = new LinkedHashMap<>();
    LayerTable.of(model).layers().stream()
        .filter(layer -> TrainableDelta.isTrained(settings, layer))
        .forEach(l -> layers.put(l.name(), l));
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "no layer of the base is to learn: targets " + settings.targets()
              + (settings.options().modules().isEmpty()
                  ? ""
                  : ", modules " + settings.options().modules()));
    }
    random = NoiseSource.seeded(settings.seed());
    WeightInitializer first = (name, shape) -> TrainableTextualInversion.isLeaf(name)
        ? word.firstValue(name, shape, random)
        : TrainableDelta.firstValue(name, shape, random, layer -> own(layers.get(layer)));
    weights = new TrainableWeights(first.onDevice(model.compute().device()));
    try {
      layers
          .values()
          .forEach(layer -> deltas.put(layer, TrainableDelta.of(settings, layer, weights)));
      if (word != null) {
        word.join(weights);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Tensor own(TargetLayer layer) {
    return model.tensor(layer.part(), layer.weight());
  }

  @Override
  public TrainableWeights weights() {
    return weights;
  }

  @Override
  public Weights network(ModelComponent part) {
    return Weights.of(
        new TrainableNetworks.OwnTensors(model, part),
        isTrained(part) ? adaptation(part) : Adaptation.NONE);
  }

  @Override
  public boolean isTrained(ModelComponent part) {
    return word != null && weights.leaves().containsKey(TrainableTextualInversion.leaf(part))
        || deltas.keySet().stream().anyMatch(layer -> layer.part() == part);
  }

  @Override
  public Map<String, Tensor> moving(double progress) {
    if (word == null || progress < pivot) {
      return weights.leaves();
    }
    Map<String, Tensor> moving = new LinkedHashMap<>(weights.leaves());
    moving.keySet().removeIf(TrainableTextualInversion::isLeaf);
    return moving;
  }

  @Override
  public ClipPromptEncoder promptEncoder(ClipPromptEncoder plain, LoadedClip textEncoder) {
    return word == null ? plain : word.in(plain, textEncoder, weights);
  }

  @Override
  public Adapter adapterFor(Function<String, Tensor> values, TensorRegion region) {
    LoraDeltas now = snapshot(region, values);
    AttachedDeltas placed = new AttachedDeltas(now, model, model.compute(), region);
    return new ModelAdapter() {
      @Override
      public Adaptation adapt(ModelComponent part, Compute compute) {
        return new AttachedDeltas.LoraAdaptation(placed, part, AttachedDeltas.LayerWeights.ONE);
      }

      @Override
      public List<TextualInversion> textualInversions() {
        return now.words();
      }
    };
  }

  private Adaptation adaptation(ModelComponent part) {
    Map<String, List<AdapterLayer>> paths = new LinkedHashMap<>();
    deltas.forEach((layer, change) -> {
      if (layer.part() == part) {
        paths.put(layer.path(), List.of(change.path(own(layer))));
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
   * The changes and the word that {@code values} make, changes in f16 as they are saved, the
   * strength multiplied in.
   */
  public LoraDeltas snapshot(TensorRegion region, Function<String, Tensor> values) {
    Map<TargetLayer, WeightDelta> copies = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      deltas.forEach((layer, change) -> copies.put(layer, change.saved(values, region)));
      return new LoraDeltas(
          copies, Map.of(), word == null ? List.of() : List.of(word.saved(values)));
    }
  }

  @Override
  public void close() {
    weights.close();
    random.close();
  }
}
