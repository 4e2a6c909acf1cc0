package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.adapter.SidePath;
import dev.likeness.diffusion.internal.family.Networks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptEncoder;
import dev.likeness.diffusion.internal.text.TextTower;
import dev.likeness.diffusion.internal.training.InitialValues;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraTraining;
import dev.likeness.lora.file.ChangeKind;
import dev.likeness.lora.file.LoraReport;
import dev.likeness.lora.internal.algorithm.Change;
import dev.likeness.lora.internal.algorithm.Layer;
import dev.likeness.lora.internal.algorithm.LoraChanges;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.LoraFamily;
import dev.likeness.lora.training.Subject;
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
public final class TrainableFactors implements Learner, AutoCloseable {
  private final Networks model;
  private final TrainableWeights weights;
  private final NoiseSource random;
  private final Map<Layer, TrainableChange> changes = new LinkedHashMap<>();
  private final double pivot;
  private final LearnedWord word;

  public TrainableFactors(LoraTraining settings, Subject subject, Networks model) {
    this.model = model;
    pivot = settings.options().pivot().until();
    word = settings.options().pivot().vectors() == 0
        ? null
        : new LearnedWord(settings, subject, model);
    Map<String, Layer> layers = new LinkedHashMap<>();
    LayerTable.of(model).layers().stream()
        .filter(settings::includes)
        .forEach(l -> layers.put(l.name(), l));
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "no layer of the base is to learn: targets " + settings.targets()
              + (settings.options().modules().isEmpty()
                  ? ""
                  : ", modules " + settings.options().modules()));
    }
    random = NoiseSource.seeded(settings.seed());
    InitialValues first = (name, shape) -> LearnedWord.isLeaf(name)
        ? word.firstValue(name, shape, random)
        : TrainableChange.firstValue(name, shape, random, layer -> own(layers.get(layer)));
    weights = new TrainableWeights(first.on(model.compute().device()));
    try {
      layers
          .values()
          .forEach(layer -> changes.put(layer, TrainableChange.of(settings, layer, weights)));
      if (word != null) {
        word.join(weights);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
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
    return Weights.of(
        new OwnTensors(model, part), learns(part) ? adaptation(part) : Adaptation.NONE);
  }

  @Override
  public boolean learns(Part part) {
    return word != null && weights.leaves().containsKey(LearnedWord.leaf(part))
        || changes.keySet().stream().anyMatch(layer -> layer.part() == part);
  }

  @Override
  public Map<String, Tensor> moving(double progress) {
    if (word == null || progress < pivot) {
      return weights.leaves();
    }
    Map<String, Tensor> moving = new LinkedHashMap<>(weights.leaves());
    moving.keySet().removeIf(LearnedWord::isLeaf);
    return moving;
  }

  @Override
  public PromptEncoder reading(PromptEncoder plain, TextTower tower) {
    return word == null ? plain : word.in(plain, tower, weights);
  }

  @Override
  public Adapter drawing(Function<String, Tensor> values, TensorRegion region) {
    LoraReport report =
        LoraReport.made(LoraFamily.UNKNOWN, ChangeKind.LORA, changes.size(), 0, Map.of());
    return new Lora(snapshot(region, values), Map.of(), report, region, model).at(1);
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

  /**
   * The changes and the word that {@code values} make, changes in f16 as they are saved, the
   * strength multiplied in.
   */
  LoraChanges snapshot(TensorRegion region, Function<String, Tensor> values) {
    Map<Layer, Change> copies = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      changes.forEach((layer, change) -> copies.put(layer, change.saved(values, region)));
      return new LoraChanges(
          copies, Map.of(), word == null ? List.of() : List.of(word.saved(values)));
    }
  }

  @Override
  public void close() {
    weights.close();
    random.close();
  }
}
