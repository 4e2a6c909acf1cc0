package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.adapt.SidePath;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.InitialValues;
import dev.likeness.diffusion.training.TrainableWeights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The factors being learned: f32 leaves, the first random, the second zero, so that training starts at the base. */
final class TrainableFactors implements AutoCloseable {
  private final TrainableWeights weights;
  private final NoiseSource random;
  private final List<Layer> layers;
  private final LoraTraining settings;

  TrainableFactors(LoraTraining settings, LayerTable table) {
    this.settings = settings;
    random = NoiseSource.seeded(settings.seed());
    weights = new TrainableWeights(firstValues(random));
    layers = table.layers().stream().filter(settings.targets()::includes)
        .filter(layer -> layer.part() == Part.UNET || settings.textEncoder()).toList();
    layers.forEach(this::factors);
  }

  // Normal with variance 1 / fan-in, so that the change's size does not depend on the layer's width.
  private static InitialValues firstValues(NoiseSource random) {
    return (name, shape) -> {
      if (name.endsWith("lora_B.weight")) {
        return torch.zeros(shape);
      }
      long fanIn = 1;
      for (int i = 1; i < shape.length; i++) {
        fanIn *= shape[i];
      }
      return random.next(shape).squeeze(0).mul(new Scalar(1 / Math.sqrt(fanIn)));
    };
  }

  TrainableWeights weights() {
    return weights;
  }

  List<Layer> layers() {
    return layers;
  }

  /** What one network learns with. */
  Adaptation adaptation(Part part) {
    Map<String, List<SidePath>> paths = new LinkedHashMap<>();
    layers.stream().filter(layer -> layer.part() == part)
        .forEach(layer -> paths.put(layer.path(), List.of(new LowRankPath(factors(layer), 1))));
    return new Adaptation() {
      @Override
      public List<SidePath> sidePaths(String module) {
        return paths.getOrDefault(module, List.of());
      }
    };
  }

  /** The factors as they are now, in f16 as they are saved, the strength multiplied in. */
  Map<Layer, LowRank> snapshot(TensorRegion region) {
    Map<Layer, LowRank> copies = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      for (Layer layer : layers) {
        LowRank now = factors(layer);
        Tensor down = region.keep(now.down().detach().cpu().to(ScalarType.Half));
        Tensor up = region.keep(now.up().detach().cpu().mul(new Scalar(now.scale())).to(ScalarType.Half));
        copies.put(layer, new LowRank(down, null, up, 1));
      }
    }
    return copies;
  }

  private LowRank factors(Layer layer) {
    long rank = settings.rank();
    double scale = settings.alpha() / rank;
    if (layer.isConvolution()) {
      Tensor down = leaf(layer, "lora_A", rank, layer.in(), layer.kernel(), layer.kernel());
      return new LowRank(down, null, leaf(layer, "lora_B", layer.out(), rank, 1, 1), scale);
    }
    Tensor down = leaf(layer, "lora_A", rank, layer.in());
    return new LowRank(down, null, leaf(layer, "lora_B", layer.out(), rank), scale);
  }

  private Tensor leaf(Layer layer, String factor, long... shape) {
    return weights.get(layer.name() + "." + factor + ".weight", shape);
  }

  @Override
  public void close() {
    weights.close();
    random.close();
  }
}
