package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * All weights of the denoising network, and optionally of the CLIP text encoders, copied from the
 * base, on its device.
 */
public final class TrainableFullWeights implements TrainableNetworks, AutoCloseable {
  /** Tensors that networks compute once and never train. */
  private static final String FIXED_TENSOR = "pos_embed.pos_embed";

  private final OpenModel model;
  private final Set<ModelComponent> components;
  private final ScalarType type;
  private final ModelAdapter added;
  private final TrainableWeights weights = new TrainableWeights(this::initialValue);

  /** @param type the dtype of the weights: f32, or bf16 with stochastic rounding */
  public TrainableFullWeights(OpenModel model, boolean textEncoder, ScalarType type) {
    this(model, trainedComponents(TrainingTarget.of(model), textEncoder), type, null);
  }

  /**
   * Creates the weights.
   *
   * @param added the training adapter, which networks in training have too; or null
   */
  public TrainableFullWeights(
      OpenModel model, boolean textEncoder, ScalarType type, ModelAdapter added) {
    this(model, trainedComponents(TrainingTarget.of(model), textEncoder), type, added);
  }

  public TrainableFullWeights(
      OpenModel model, Set<ModelComponent> components, ScalarType type, ModelAdapter added) {
    this.model = model;
    this.type = type;
    this.components = components;
    this.added = added;
    try {
      components.forEach(component -> model.tensorNames(component).stream()
          .filter(name -> !name.equals(FIXED_TENSOR))
          .sorted()
          .forEach(name ->
              weights.get(component.folder() + "." + name, model.tensorShape(component, name))));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static Set<ModelComponent> trainedComponents(TrainingTarget model, boolean textEncoder) {
    Set<ModelComponent> components = EnumSet.of(model.component());
    if (textEncoder) {
      model.clipTextEncoders().forEach(tower -> components.add(tower.component()));
    }
    return components;
  }

  private Tensor initialValue(String name, long... shape) {
    int end = name.indexOf('.');
    ModelComponent component =
        ModelComponent.valueOf(name.substring(0, end).toUpperCase(Locale.ROOT));
    return model
        .read(component, name.substring(end + 1))
        .to(new Device(model.compute().device()), type)
        .clone();
  }

  /** Returns the fixed tensors of the trained components, by component and name. */
  public Map<String, Tensor> fixed() {
    Map<String, Tensor> fixed = new LinkedHashMap<>();
    components.stream()
        .filter(component -> model.tensorNames(component).contains(FIXED_TENSOR))
        .forEach(component -> fixed.put(
            component.folder() + "." + FIXED_TENSOR, model.tensor(component, FIXED_TENSOR)));
    return fixed;
  }

  @Override
  public TrainableWeights weights() {
    return weights;
  }

  @Override
  public TrainableNetworks untrained() {
    return new ConsistencyDistillation.FrozenBase(model, this::added);
  }

  @Override
  public boolean trainsAllWeights() {
    return true;
  }

  @Override
  public Weights network(ModelComponent component) {
    TrainableNetworks.BaseTensors base = new TrainableNetworks.BaseTensors(model, component);
    return Weights.of(
        isTrained(component) ? trainedParameters(component, base) : base, added(component));
  }

  private Adaptation added(ModelComponent component) {
    return added == null ? Adaptation.NONE : added.adapt(component, model.compute());
  }

  @Override
  public ModelAdapter adapterFor(Function<String, Tensor> values, TensorRegion region) {
    return ModelAdapter.changing((component, generation) -> isTrained(component)
        ? new Adaptation() {
          @Override
          public Tensor tensor(String name, Tensor own) {
            return name.equals(FIXED_TENSOR)
                ? own
                : region.keep(Tensors.place(
                    generation.compute(),
                    values.apply(component.folder() + "." + name).detach()));
          }

          @Override
          public boolean replaces(String name) {
            return !name.equals(FIXED_TENSOR);
          }
        }
        : Adaptation.NONE);
  }

  @Override
  public boolean isTrained(ModelComponent component) {
    return components.contains(component);
  }

  private Parameters trainedParameters(ModelComponent component, Parameters base) {
    Parameters own = new Parameters() {
      @Override
      public boolean has(String name) {
        return base.has(name);
      }

      @Override
      public Tensor get(String name, long... shape) {
        return name.equals(FIXED_TENSOR)
            ? base.get(name, shape)
            : weights.get(component.folder() + "." + name, shape);
      }
    };
    ScalarType computed = Tensors.scalarType(model.compute().dtype());
    return computed == type ? own : new Parameters.CastParameters(own, computed);
  }

  @Override
  public void close() {
    weights.close();
  }
}
