package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.adapt.SidePath;
import dev.likeness.diffusion.model.Networks;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.lora.change.Change;
import dev.likeness.lora.change.Layer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** The factors being learned: f32 leaves whose change is nothing at first, so that training starts at the base. */
final class TrainableFactors implements Learner, AutoCloseable {
  private final Networks model;
  private final TrainableWeights weights;
  private final NoiseSource random;
  private final Map<Layer, TrainableChange> changes = new LinkedHashMap<>();

  TrainableFactors(LoraTraining settings, Networks model) {
    this.model = model;
    Map<String, Layer> layers = new LinkedHashMap<>();
    LayerTable.of(model).layers().stream().filter(settings::includes).forEach(l -> layers.put(l.name(), l));
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("no layer of the base is to learn: targets " + settings.targets()
          + (settings.options().modules().isEmpty() ? "" : ", modules " + settings.options().modules()));
    }
    random = NoiseSource.seeded(settings.seed());
    weights = new TrainableWeights((name, shape) ->
        TrainableChange.firstValue(name, shape, random, layer -> own(layers.get(layer))));
    layers.values().forEach(layer -> changes.put(layer, TrainableChange.of(settings, layer, weights)));
  }

  private Tensor own(Layer layer) {
    return model.tensor(layer.part(), layer.weight());
  }

  @Override
  public TrainableWeights weights() {
    return weights;
  }

  @Override
  public Weights network(Part part) {
    return Weights.of(new OwnTensors(model, part), learns(part) ? adaptation(part) : Adaptation.NONE);
  }

  @Override
  public boolean learns(Part part) {
    return changes.keySet().stream().anyMatch(layer -> layer.part() == part);
  }

  private Adaptation adaptation(Part part) {
    Map<String, List<SidePath>> paths = new LinkedHashMap<>();
    changes.forEach((layer, change) -> {
      if (layer.part() == part) {
        paths.put(layer.path(), List.of(change.path(own(layer))));
      }
    });
    return new Adaptation() {
      @Override
      public List<SidePath> sidePaths(String module) {
        return paths.getOrDefault(module, List.of());
      }
    };
  }

  /** The changes that {@code values} make, in f16 as they are saved, the strength multiplied in. */
  Map<Layer, Change> snapshot(TensorRegion region, Function<String, Tensor> values) {
    Map<Layer, Change> copies = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      changes.forEach((layer, change) -> copies.put(layer, change.saved(values, region)));
    }
    return copies;
  }

  @Override
  public void close() {
    weights.close();
    random.close();
  }
}
