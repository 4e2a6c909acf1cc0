package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** A ControlNet of FLUX.1. */
public final class FluxControlNet extends LoadedControlNet {
  private final FluxControlNetModel.Config config;

  FluxControlNet(
      String name, Compute compute, LoadedWeights weights, FluxControlNetModel.Config config) {
    super(name, compute, weights, new Modes(config.modes(), List.of()));
    this.config = config;
  }

  @Override
  public String baseKind() {
    return "FLUX";
  }

  @Override
  public boolean takesLatents() {
    return config.conditioningChannels() == 0;
  }

  @Override
  public boolean isUnion() {
    return false;
  }

  /** The ControlNet of control images, with its network for a transformer of this shape. */
  static Attached attach(List<ControlImage> controls, FluxConfig base) {
    LoadedControlNet net = LoadedControlNet.of(controls.get(0).controlNet());
    FluxControlNet own = Optional.of(net)
        .filter(FluxControlNet.class::isInstance)
        .map(FluxControlNet.class::cast)
        .orElseThrow(() -> new IllegalArgumentException("ControlNet " + net.name() + " is for "
            + net.baseKind() + ", but the base is FLUX of width " + base.width()
            + "; use a ControlNet for this base"));
    return new Attached(own, own.network(base));
  }

  /**
   * The network for a transformer of this shape.
   *
   * @throws IllegalArgumentException if the ControlNet is for another
   */
  public FluxControlNetModel network(FluxConfig base) {
    if (config.backbone().width() != base.width()
        || config.backbone().textWidth() != base.textWidth()
        || config.backbone().inChannels() != base.outChannels()) {
      throw new IllegalArgumentException("ControlNet " + name() + " is for a transformer of width "
          + config.backbone().width() + ", text width " + config.backbone().textWidth() + " and "
          + config.backbone().inChannels() + " channels, but the base is FLUX of width "
          + base.width() + ", text width " + base.textWidth() + " and " + base.outChannels()
          + " channels; use a ControlNet for this base");
    }
    return new FluxControlNetModel(config, Weights.of(weights()));
  }

  /** A ControlNet with its network. */
  record Attached(FluxControlNet net, FluxControlNetModel network) {
    Input input(List<ControlImage> controls, int rows, Function<ControlImage, Tensor> input) {
      ControlImage control = controls.get(0);
      if (control.mask().isPresent()) {
        throw new IllegalArgumentException("ControlNet " + net.name()
            + " is for FLUX and does not support a mask; give the control image without one");
      }
      net.requireMode(control);
      return new Input(
          controls, rows, network, List.of(network.conditioningEmbedding(input.apply(control))));
    }
  }

  /** An encoded control image and its network. */
  record Input(
      List<ControlImage> controls, int rows, FluxControlNetModel network, List<Tensor> embeddings)
      implements ControlInput {
    FluxControlNetModel.Residuals residuals(
        Tensor tokens,
        Tensor time,
        FluxTransformer2DModel.Inputs conditioning,
        RotaryEmbedding rotation) {
      return network
          .forward(
              tokens,
              time,
              conditioning,
              rotation,
              embeddings.get(0),
              controls.get(0).mode().orElse(-1))
          .scale(scale());
    }
  }
}
